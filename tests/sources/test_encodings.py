"""Encodings: text is read in the encoding it is in, or refused with the one that works."""

import codecs

import pytest

from perfkit.errors import DataError, ParameterError

TEXT = "order_id,date,net_revenue\nété,2024-01-01,1\nœuf €,2024-01-02,2\nx,no,3\n"


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
    ],
)
def test_declared_encodings_give_the_same_text_and_lines(desk, content, encoding):
    snapshot = desk.load(content, format={"encoding": encoding})
    assert desk.column(snapshot, "order_id") == ["été", "œuf €"]
    assert desk.aside(snapshot) == [(4, "date", "no", "not a date")]


def test_a_byte_that_is_not_utf8_is_named_with_the_encoding_that_works(desk):
    with pytest.raises(DataError) as refused:
        desk.load("order_id,date,net_revenue\nA,2024-01-01,1\nété,2024-01-01,1\n".encode("cp1252"))
    assert str(refused.value) == (
        "sales.csv, line 3, byte 41 (0xE9): not utf-8, so its letters cannot be trusted. The file reads as cp1252: "
        '[tables.sales] format = { encoding = "cp1252" }'
    )


def test_a_bad_byte_beyond_the_first_block_is_named(desk):
    rows = b"A,2024-01-01,1\n" * 1_200_000
    with pytest.raises(DataError, match=rf"line 1200002, byte {26 + len(rows)} \(0xE9\)"):
        desk.load(b"order_id,date,net_revenue\n" + rows + b"\xe9,2024-01-01,1\n")


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_utf8_declared_as_something_else_is_refused(desk, encoding):
    with pytest.raises(DataError, match=r"UTF-8 all through.*encoding = \"utf-8\""):
        desk.load(TEXT.encode(), format={"encoding": encoding})


@pytest.mark.parametrize(
    ("content", "encoding", "said"),
    [
        (codecs.BOM_UTF8 + TEXT.encode(), "cp1252", "byte order mark says utf-8"),
        (TEXT.encode("utf-16"), "utf-8", "byte order mark says utf-16"),
        (TEXT.encode("utf-16-le"), "utf-8", 'encoding = "utf-16-le"'),
        (b"date,net_revenue\n2024-01-01,1\n\x81,1\n", "cp1252", r"line 3, byte 30 \(0x81\)"),
        (b"date,net_revenue\n2024-01-01,\xc3", "utf-8", "byte 28"),
        (TEXT.encode("utf-16-le")[:-1], "utf-16-le", "not utf-16-le"),
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
