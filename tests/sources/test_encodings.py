"""Encodings: text is read in the encoding it is in, or refused with the one that works."""

import codecs
from pathlib import Path

import pytest

from perfkit.errors import DataError, ParameterError
from perfkit.sources.delimited import encodings
from perfkit.sources.delimited.codepages import SIZE, survey
from perfkit.sources.delimited.encodings import proven, utf8_blocks

TEXT = "order_id,date,net_revenue\nété,2024-01-01,1\nœuf €,2024-01-02,2\nx,no,3\n"
FRENCH = (
    "N° facture;Date;Client;Montant HT\n"
    "F1;26/01/2024;Société André Lefèvre;12,50\n"
    "F2;27/01/2024;Hôtel du Château, Mâcon;3,20\n"
    "F3;28/01/2024;Garçon & Naïve, août;1,00\n"
)


def file(folder, content):
    path = Path(folder) / "ventes.csv"
    path.write_bytes(content)
    return path


@pytest.fixture
def told(tmp_path):
    """The encoding that a file is told to be in."""
    return lambda content: proven(file(tmp_path, content), name="ventes.csv", table="sales")


@pytest.fixture
def refused(told):
    def refused(content):
        with pytest.raises(DataError) as caught:
            told(content)
        return str(caught.value)

    return refused


def text(path, encoding, **how):
    return b"".join(utf8_blocks(path, encoding, name="ventes.csv", table="sales", **how)).decode()


# What is declared


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8-sig"),
        (TEXT.encode("cp1252"), "cp1252"),
        (TEXT.encode("cp1252"), "windows-1252"),
        (TEXT.encode("iso-8859-15"), "iso-8859-15"),
        (TEXT.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-32"), "utf-32"),
        (TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-32-le"), "utf-32"),
        (TEXT.encode("mac-roman"), "mac-roman"),
    ],
)
def test_declared_encodings_give_the_same_text_and_lines(desk, content, encoding):
    snapshot = desk.load(content, format={"encoding": encoding, "date": "%Y-%m-%d"})
    assert desk.column(snapshot, "order_id") == ["été", "œuf €"]
    assert desk.aside(snapshot) == [(4, "date", "no", "not a date")]


@pytest.mark.parametrize("encoding", ["cp850", "mac-roman", "iso-8859-15"])
def test_what_is_declared_is_not_doubted(tmp_path, encoding):
    assert text(file(tmp_path, FRENCH.encode("cp850")), "cp850") == FRENCH
    path = file(tmp_path, FRENCH.encode(encoding))
    assert text(path, encoding) == FRENCH


def test_a_byte_that_is_not_utf8_is_named_with_the_encoding_that_works(desk):
    with pytest.raises(DataError) as refused:
        desk.load(
            "order_id,date,net_revenue\nA,2024-01-01,1\nété,2024-01-01,1\n".encode("cp1252"),
            format={"encoding": "utf-8"},
        )
    assert str(refused.value) == (
        "sales.csv, line 3, byte 41 (0xE9): not utf-8, so its letters cannot be trusted. The file reads as cp1252: "
        '[tables.sales] format = { encoding = "cp1252" }'
    )


def test_a_bad_byte_beyond_the_first_block_is_named(desk):
    rows = b"A,2024-01-01,1\n" * 1_200_000
    with pytest.raises(DataError, match=rf"line 1200002, byte {26 + len(rows)} \(0xE9\)"):
        desk.load(b"order_id,date,net_revenue\n" + rows + b"\xe9,2024-01-01,1\n", format={"encoding": "utf-8"})


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp850"])
def test_utf8_declared_as_something_else_is_refused(desk, encoding):
    with pytest.raises(DataError, match=r"UTF-8 all through.*encoding = \"utf-8\""):
        desk.load(TEXT.encode(), format={"encoding": encoding})


@pytest.mark.parametrize(
    ("content", "encoding", "said"),
    [
        (codecs.BOM_UTF8 + TEXT.encode(), "cp1252", "byte order mark says utf-8"),
        (TEXT.encode("utf-16"), "utf-8", "byte order mark says utf-16"),
        (TEXT.encode("utf-32"), "utf-16", "byte order mark says utf-32"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16-le", "byte order mark says utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-8", 'encoding = "utf-16-le"'),
        (TEXT.encode(), "utf-16", r"a NUL byte, and there is none.*encoding = \"utf-8\""),
        (b"date,net_revenue\n2024-01-01,1\n\x81,1\n", "cp1252", r"line 3, byte 30 \(0x81\).*cp850 or mac-roman"),
        (
            "date,net_revenue\nété,1\n".encode("cp1252") + b"\x81,1\n",
            "cp1252",
            "line 3.*the rest of the file reads well",
        ),
        (b"date,net_revenue\n2024-01-01,\xc3", "utf-8", "byte 28"),
        (TEXT.encode() + b"\xe9,1\n", "utf-8", "line 5.*other letters of the file are"),
        (TEXT.encode("utf-16-le")[:-1], "utf-16-le", "line 4.*not utf-16-le: a letter is cut in two"),
        (codecs.BOM_UTF16_LE + b"a\x00\x00\xd8b\x00", "utf-16", "line 1.*a letter is cut in two"),
    ],
)
def test_text_in_another_encoding_is_refused(desk, content, encoding, said):
    with pytest.raises(DataError, match=said):
        desk.load(content, format={"encoding": encoding})


def test_plain_ascii_is_right_in_any_encoding(desk):
    snapshot = desk.load("date,net_revenue\n2024-01-01,1\n", format={"encoding": "cp1252"})
    assert desk.counts(snapshot) == (1, 0, 0)


def test_an_unknown_encoding_is_refused_with_the_nearest(desk):
    with pytest.raises(ParameterError, match=r"no encoding 'cp1525'; did you mean 'cp1252'\?"):
        desk.load(TEXT, format={"encoding": "cp1525"})


def test_letters_cut_by_a_block_are_whole(desk):
    name = "é" * 1001
    rows = "".join(f"{name},2024-01-01,1\n" for _ in range(18_000))
    snapshot = desk.load("order_id,date,net_revenue\n" + rows + "x,no,1\n")
    assert set(desk.column(snapshot, "order_id")) == {name}
    assert desk.counts(snapshot) == (18_000, 0, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252", "utf-32-be"])
@pytest.mark.parametrize("size", [4, 5, 7, 64])
def test_the_text_is_the_same_in_blocks_of_any_size(tmp_path, encoding, size):
    path = file(tmp_path, (FRENCH + "\x1a\n€\x1a\x1a").encode(encoding))
    assert text(path, encoding, size=size) == FRENCH + "\x1a\n€"


def test_byte_order_marks_at_the_start_are_no_text(tmp_path):
    assert text(file(tmp_path, codecs.BOM_UTF8 * 2 + b"a"), "utf-8") == "a"
    assert text(file(tmp_path, codecs.BOM_UTF16_LE * 2 + b"a\0"), "utf-16") == "a"


# What is not declared


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"Date;Montant\n1;2\n", "utf-8"),
        (FRENCH.encode(), "utf-8"),
        (codecs.BOM_UTF8 + FRENCH.encode(), "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (FRENCH.encode("utf-16-le"), "utf-16-le"),
        (FRENCH.encode("utf-16-be"), "utf-16-be"),
        (FRENCH.encode("utf-32-le"), "utf-32-le"),
        (FRENCH.encode("utf-32-be"), "utf-32-be"),
        (codecs.BOM_UTF16_LE + FRENCH.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + FRENCH.encode("utf-16-be"), "utf-16-be"),
        (codecs.BOM_UTF32_LE + FRENCH.encode("utf-32-le"), "utf-32-le"),
        (codecs.BOM_UTF32_BE + FRENCH.encode("utf-32-be"), "utf-32-be"),
        (FRENCH.encode("cp1252"), "cp1252"),
        ("Client;CA (k€)\nŒuvre;5 €\n".encode("cp1252"), "cp1252"),
        ("Client;Montant\nl’été – « L’Hôte »…;5\u00a0€\n".encode("cp1252"), "cp1252"),
        ("Client;Montant\nCAFÉ® «\u00a0ÉTÉ\u00a0»;5\n".encode("cp1252"), "cp1252"),
        ("Client;Montant\nn°\u00a03, 12\u00a0m², 1ᵉʳ, 5\u00a0½\n".replace("ᵉʳ", "er").encode("cp1252"), "cp1252"),
        ("Client;Montant\nAndré".encode("cp1252"), "cp1252"),
        ("Client;Montant\nSø Ægir Ørsted Müller Señor Ação;1\n".encode("cp1252"), "cp1252"),
        (("Créée;1\n" * 30 + "Dušan;1\n").encode("cp1252"), "cp1252"),
    ],
)
def test_an_encoding_that_proves_itself_is_told(told, content, encoding):
    assert told(content) == encoding


def test_an_accent_late_in_a_file_decides_for_all_of_it(desk):
    rows = b"A,2024-01-31,1\n" * 1_200_000
    snapshot = desk.load(b"order_id,date,net_revenue\n" + rows + b"\xe9t\xe9,2024-01-31,1\n")
    assert desk.counts(snapshot) == (1_200_001, 0, 0)
    assert desk.column(snapshot, "order_id")[-1] == "été"
    assert "sales.csv: read as cp1252." in snapshot.report["tables"]["sales"]["notices"]


@pytest.mark.parametrize("filler", [0, encodings.HEAD - 40, SIZE - 30])
@pytest.mark.parametrize("encoding", ["cp850", "cp437", "mac-roman"])
def test_text_of_dos_and_of_old_macs_is_asked_about(told, tmp_path, encoding, filler):
    content = "a,b\n" * (filler // 4) + FRENCH
    with pytest.raises(DataError) as caught:
        proven(file(tmp_path, content.encode(encoding)), name="ventes.csv", table="sales", refuted=True)
    said = str(caught.value)
    right = "cp850" if encoding == "cp437" else encoding
    assert f"ventes.csv, line {filler // 4 + 2}, byte" in said
    assert f"as {right}" in said and f'[tables.sales] format = {{ encoding = "{right}" }}' in said


def test_the_question_shows_how_a_word_reads_in_each(refused):
    assert refused("Client;Montant\nAndré Lefèvre;5\n".encode("cp850")) == (
        "ventes.csv, line 2, byte 19 (0x82): not UTF-8, and it is not certain in which encoding it is. This reads "
        "'Andr‚ LefŠvre' as cp1252, 'André Lefèvre' as cp850, 'AndrÇ Lefävre' as mac-roman. Write the one that is "
        'right: [tables.sales] format = { encoding = "cp850" }'
    )


@pytest.mark.parametrize(
    ("content", "place", "reading"),
    [
        ("Client;Montant (€)\nZoé;5\n", "line 1, byte 16 (0xA4)", "'Montant (¤)' as cp1252, 'Montant (€)'"),
        ("Client;Montant\nSœur Zoé;5\n", "line 2, byte 16 (0xBD)", "'S½ur Zoé' as cp1252, 'Sœur Zoé'"),
        ("Client;Montant\nŒuvre;5\n", "line 2, byte 15 (0xBC)", "'¼uvre' as cp1252, 'Œuvre'"),
    ],
)
def test_latin_9_is_asked_about_where_it_matters(refused, content, place, reading):
    said = refused(content.encode("iso-8859-15"))
    assert place in said and reading + " as iso-8859-15" in said
    assert '[tables.sales] format = { encoding = "iso-8859-15" }' in said


def test_hundreds_of_well_read_accents_do_not_hide_the_euro_of_latin_9(refused):
    assert "0xA4" in refused(("Zoé;1\n" * 500 + "CA ¤;1\n").encode("iso-8859-1"))


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("Привет мир", "cp1251"),
        ("Żółć Łódź", "cp1250"),
        ("李雷公司", "gbk"),
        ("Ελληνικά", "cp1253"),
        ("日本語の株式会社", "shift-jis"),
    ],
)
def test_other_scripts_are_asked_about(refused, content, encoding):
    said = refused(f"Client;Montant\n{content};5\n".encode(encoding))
    assert "ventes.csv, line 2, byte" in said and "format = { encoding = " in said


def test_a_byte_that_cp1252_has_not_is_named_among_letters_that_it_has(refused):
    assert refused(FRENCH.encode("cp1252") + b"F4;29/01/2024;\x81;2\n") == (
        "ventes.csv, line 5, byte 173 (0x81): not UTF-8, nor cp1252, in which the rest of the file reads well. Mend "
        "that line, or export it again."
    )


def test_a_cp1252_line_in_a_utf8_file_is_named(refused):
    assert refused(FRENCH.encode() + "F4;29/01/2024;Zoé;2\n".encode("cp1252")) == (
        "ventes.csv, line 5, byte 186 (0xE9): not UTF-8, though other letters of the file are (11). Two encodings "
        "stand in it, and no setting reads it whole. Mend that line, or export it again."
    )


def test_a_utf8_line_in_a_cp1252_file_is_named(refused):
    assert refused(FRENCH.encode("cp1252") + "F4;29/01/2024;Zoé;2\n".encode()) == (
        "ventes.csv, line 5, byte 175 (0xC3): this letter is UTF-8 ('Zoé'), though 11 others of the file are not. Two "
        "encodings stand in it. Mend that line, or write what most of it is, by which this reads 'ZoÃ©': "
        '[tables.sales] format = { encoding = "cp1252" }'
    )


def test_a_mark_of_utf8_before_other_bytes_is_refused(tmp_path, refused):
    content = codecs.BOM_UTF8 + FRENCH.encode("cp1252")
    with pytest.raises(DataError, match=r"line 1, byte 4 \(0xB0\): not UTF-8, though its byte order mark says so"):
        proven(file(tmp_path, content), name="ventes.csv", table="sales", refuted=True)


@pytest.mark.parametrize("content", [FRENCH.encode() + "Zoé".encode()[:-1], b"Client\n\xc3"])
def test_a_file_that_ends_within_a_letter_is_refused(refused, content):
    assert "(0xC3): the file ends within a letter, so it is not whole. Export it again." in refused(content)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_the_line_of_a_bad_byte_is_counted_by_any_line_end(refused, end):
    assert "line 5," in refused((FRENCH + "Zo\udce9\n").replace("\n", end).encode(errors="surrogateescape"))


@pytest.mark.parametrize("distance", range(-4, 5))
def test_letters_are_surveyed_once_wherever_the_blocks_end(tmp_path, distance):
    path = file(tmp_path, b"x" * (SIZE + distance) + "éé ‚t‚ ".encode("cp1252") + b"\xc3\xa9 \x81")
    found = survey(path)
    assert (found.utf8, found.undefined, found.other) == (1, 1, 5)
    assert found.places["undefined"] == [path.stat().st_size - 1]
    assert found.places["utf8"] == [path.stat().st_size - 4]


@pytest.mark.parametrize("content", [b"", b"\xe9", b"\xe9\xe9", b"\xe9\xe9\xe9", b"a\xe9"])
def test_the_shortest_texts_are_surveyed_too(tmp_path, content):
    assert survey(file(tmp_path, content)).other == content.count(b"\xe9")
