"""Dialects: what a delimited file is, is proven from the file; where two answers are as good, it is asked."""

import csv
import io
import re
import tempfile
from pathlib import Path

import duckdb
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

from perfkit.errors import DataError
from perfkit.sources.delimited.read_csv import CsvExport
from perfkit.sources.files import examine
from perfkit.sources.settings import Format, checked

ENGINE = duckdb.connect()
WANTED = (("Date",), ("Montant HT", "Montant"))
HEAD = "Date;Client;Montant\n"
BODY = "26/01/2024;Lefèvre;12,50\n27/01/2024;Cœur;3,20\n"
ROWS = [("26/01/2024", "Lefèvre", "12,50"), ("27/01/2024", "Cœur", "3,20")]


def opened(folder, content, wanted=WANTED, **format):
    path = Path(folder) / "ventes.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return CsvExport(examine(path, path.parent), "sales", checked(Format, format), wanted)


def read(export):
    """The whole rows as the engine reads them, held against those fetched one by one; and their lines."""
    with tempfile.TemporaryDirectory() as work:
        rows = ENGINE.sql(f"FROM {export.relation(Path(work))}").fetchall()
    count = export.records - len(export.broken)
    assert len(rows) == count
    again, lines, records = [], [], []
    for some in export.rows(np.arange(count)):
        again += zip(*some.values.to_pydict().values(), strict=True)
        lines += some.lines.tolist()
        records += some.records
    assert again == rows
    return rows, lines, records


@pytest.fixture
def ventes(tmp_path):
    return lambda content, wanted=WANTED, **format: opened(tmp_path, content, wanted, **format)


def proven(export):
    return (export.format.encoding, export.format.delimiter, export.format.skip)


def test_a_plain_file_says_nothing(ventes):
    export = ventes("Date,Client,Montant\n2024-01-26,A,1.00\n")
    assert (proven(export), export.notices, export.records) == (("utf-8", ",", 0), [], 1)
    assert read(export) == ([("2024-01-26", "A", "1.00")], [2], ["2024-01-26,A,1.00"])


# Delimiters


@pytest.mark.parametrize(("sign", "said"), [(";", ";-separated"), ("\t", "tab-separated"), ("|", "|-separated")])
def test_the_delimiter_is_the_one_under_which_the_headings_stand(ventes, sign, said):
    export = ventes((HEAD + BODY).replace(";", sign))
    assert proven(export) == ("utf-8", sign, 0)
    assert export.notices == [f"ventes.csv: read {said}."]
    assert read(export)[:2] == (ROWS, [2, 3])


@pytest.mark.parametrize(
    "first", ["sep=;\n", "SEP=;\n", '"sep=;"\n', "sep=;\r\n", "sep=;\r", "sep=;;;\n"]
)  # fmt: skip
def test_a_sep_line_is_followed_and_is_no_record(ventes, first):
    export = ventes(first + HEAD + BODY)
    assert (proven(export), export.records) == (("utf-8", ";", 1), 2)
    assert read(export)[:2] == (ROWS, [3, 4])
    assert export.notices == ["ventes.csv: read ;-separated."]


@pytest.mark.parametrize("sign", ["\t", "\\t"])
def test_a_sep_line_may_say_tab(ventes, sign):
    export = ventes(f"sep={sign}\n" + (HEAD + BODY).replace(";", "\t"))
    assert (proven(export), export.records) == (("utf-8", "\t", 1), 2)


def test_a_sep_line_may_say_any_sign(ventes):
    assert read(ventes("sep=^\n" + (HEAD + BODY).replace(";", "^")))[0] == ROWS


def test_a_declared_delimiter_is_stronger_than_a_sep_line(ventes):
    assert read(ventes("sep=,\n" + HEAD + BODY, delimiter=";"))[0] == ROWS


@pytest.mark.parametrize(("skip", "line"), [(0, 3), (1, 3)])
def test_a_sep_line_is_skipped_however_many_lines_are(ventes, skip, line):
    export = ventes("sep=;\n" + HEAD + BODY, skip=skip)
    assert (export.source.names, read(export)[1][0]) == (("Date", "Client", "Montant"), line)


def test_a_heading_that_begins_with_sep_is_a_heading(ventes):
    export = ventes("sep=a;Date\n1;2\n", (("Date",),))
    assert export.source.names == ("sep=a", "Date")


def test_decimal_commas_do_not_make_a_comma_the_delimiter(ventes):
    export = ventes("1,5;2,5;x\n3,25;4,5;y\n", (), header=False)
    assert (proven(export), read(export)[0]) == (("utf-8", ";", 0), [("1,5", "2,5", "x"), ("3,25", "4,5", "y")])


def test_more_commas_than_semicolons_do_not_make_a_comma_the_delimiter(ventes):
    body = "".join(f"2024-01-{n:02},0;1,00;2,00\n" for n in range(1, 29))
    export = ventes("Date;Montant;Montant HT\n" + body)
    assert (export.format.delimiter, export.records, export.broken) == (";", 28, [])


def test_without_wanted_names_the_delimiter_is_what_the_records_share(ventes):
    export = ventes("a;b\n1;x, y\n2;z\n3;u, v, w\n", ())
    assert (export.format.delimiter, export.source.names) == (";", ("a", "b"))


def test_delimiters_inside_quotes_are_no_evidence(ventes):
    export = ventes('a|b\n"1;2;3"|"x;y;z"\n"4;5;6"|"u;v;w"\n', ())
    assert (export.format.delimiter, export.records) == ("|", 2)


def test_two_delimiters_that_are_as_good_are_asked_about(ventes):
    with pytest.raises(DataError) as asked:
        ventes("a;b, c\nd;e, f\n", (), header=False)
    assert str(asked.value) == (
        'ventes.csv: its delimiter cannot be told: of the first records, "," makes 2 of 2 records 2 fields, ";" makes '
        '2 of 2 records 2 fields. Write the one that is right: [tables.sales] format = { delimiter = "," }'
    )
    assert read(ventes("a;b, c\nd;e, f\n", (), header=False, delimiter=";"))[0] == [("a", "b, c"), ("d", "e, f")]


def test_a_file_of_one_column_is_fine_if_its_heading_is_wanted(ventes):
    export = ventes("Montant\n12,50\n3,20\n\n4\n", (("Montant",),))
    assert read(export)[:2] == ([("12,50",), ("3,20",), ("4",)], [2, 3, 5])
    assert export.notices == ["ventes.csv: 1 blank line holds no record."]


def test_a_wanted_heading_may_hold_a_delimiter(ventes):
    export = ventes("Nom; prénom\nLe Goff\n", (("Nom; prénom",),), delimiter=",")
    assert export.source.names == ("Nom; prénom",)


@pytest.mark.parametrize(("sign", "written"), [(";", ";"), ("\t", "\\t"), ("|", "|"), (",", ",")])
def test_a_delimiter_declared_wrongly_is_refused_with_the_right_one(ventes, sign, written):
    wrong = "|" if sign == ";" else ";"
    with pytest.raises(DataError) as refused:
        ventes(HEAD.replace(";", sign) + "1\n", delimiter=wrong)
    assert f'Write: [tables.sales] format = {{ delimiter = "{written}" }}' in str(refused.value)


@pytest.mark.parametrize("sign", ["^", "~", ":", "\x1f"])
def test_a_rare_delimiter_is_named(ventes, sign):
    with pytest.raises(DataError, match=r"its header is one column.*format = \{ delimiter = "):
        ventes((HEAD + BODY).replace(";", sign))


def test_lines_that_are_quoted_as_a_whole_are_refused_in_words(ventes):
    with pytest.raises(DataError, match="each of its lines stands in quotes as a whole, so that it is one column"):
        ventes('"Date;Client;Montant"\n"26/01/2024;A;12"\n')


# Titles and headers


@pytest.mark.parametrize(
    ("titles", "count"),
    [
        ("Rapport des ventes\n", 1),
        ("Rapport des ventes\n\n", 2),
        ("\nRapport;;\n;;\n", 3),
        ('Rapport "des ventes\n', 1),
        ('"Rapport des ventes\n', 1),
        ('"Rapport\ndes ventes";;\n', 2),
        ("Client;Acme\nPériode;janvier\nEdité le;02/02/2024;par;Zoé;;;\n\n", 4),
        ("#titre\n", 1),
        ("Date;31/01/2024\n", 1),
        ("Titre\r\nSous-titre\rEncore\n", 3),
        ("Rapport\0\n", 1),
        ("x" * 300_000 + "\n", 1),
        ("ligne\n" * 49, 49),
    ],
)
def test_titles_above_the_header_are_noted_and_counted_as_lines(ventes, titles, count):
    export = ventes(titles + HEAD + BODY)
    lines = "1 title line" if count == 1 else f"{count} title lines"
    assert export.notices[0] == f"ventes.csv: read ;-separated, {lines} above the header."
    assert read(export)[:2] == (ROWS, [count + 2, count + 3])
    assert (export.source.names, export.records, export.format.skip) == (("Date", "Client", "Montant"), 2, count)


def test_titles_below_a_sep_line_are_titles(ventes):
    export = ventes("sep=;\nRapport\n" + HEAD + BODY)
    assert export.notices == ["ventes.csv: read ;-separated, 1 title line above the header."]
    assert read(export)[1] == [4, 5]


def test_titles_beyond_fifty_records_are_not_searched(ventes):
    assert ventes("ligne\n" * 50 + HEAD + BODY).source.names == ("ligne",)


def test_blank_lines_above_the_header_are_no_titles(ventes):
    export = ventes("\n\n" + HEAD + BODY)
    assert export.notices == ["ventes.csv: read ;-separated.", "ventes.csv: 2 blank lines hold no record."]
    assert read(export)[1] == [4, 5]


@pytest.mark.parametrize(
    "header",
    [
        "DATE;CLIENT;MONTANT",
        " Date ; Client ; Montant ",
        "\u00a0Date\u00a0;Client;\u202fMontant",
        "Date;Client;MONTANT  HT",
        "Daté;Client;montant",
        '"Date";"Client";"Montant"',
        "\ufeffDate;Client;Montant",
        "Date;\ufeffClient;Mon\ufefftant",
        "Date *;Client;Montant:",
    ],
)
def test_headings_are_known_in_any_spelling(ventes, header):
    export = ventes("Rapport\n" + header + "\n" + BODY)
    assert export.format.skip == 1
    assert len(export.source.names) == 3 and not any("\ufeff" in name for name in export.source.names)


def test_an_alternate_name_is_a_heading_too(ventes):
    assert ventes("Titre\nDate;Montant HT\n1;2\n").format.skip == 1


def test_the_record_with_most_of_the_headings_is_the_header_if_they_are_half(ventes):
    export = ventes("Titre\n\nDate;Client;Total\n1;2;3\n")
    assert (export.source.names, export.format.skip) == (("Date", "Client", "Total"), 2)


def test_without_half_of_the_headings_the_first_record_is_the_header(ventes):
    wanted = (("Date",), ("Montant",), ("Client",))
    assert ventes("Titre;x;y\nDate;Mt;Cl\n1;2;3\n", wanted).source.names == ("Titre", "x", "y")


def test_declared_lines_above_the_header_are_held_to(ventes):
    export = ventes("Rapport\n" + HEAD + BODY, skip=0)
    assert export.source.names == ("Rapport",)
    export = ventes("Rapport\n" + HEAD + BODY, skip=2)
    assert export.source.names == ROWS[0]


def test_a_header_over_two_lines_below_a_title_is_one_record(ventes):
    export = ventes('Rapport\nDate;"Montant\nHT"\n1;2\n3\n')
    assert export.source.names == ("Date", "Montant\nHT")
    assert [(each.line, each.reason, each.column) for each in export.broken] == [(5, "too few fields", "Montant\nHT")]
    assert read(export)[:2] == ([("1", "2")], [4])


def test_names_may_be_empty_or_stand_twice(ventes):
    export = ventes(";Date;Montant;Montant;;x\na;1;2;3;b;c\n")
    assert export.source.names == ("", "Date", "Montant", "Montant", "", "x")
    assert read(export)[0] == [("a", "1", "2", "3", "b", "c")]


def test_a_name_may_be_very_long(ventes):
    name = "n" * 10_000
    assert ventes(f"Date;Montant;{name}\n1;2;3\n").source.names == ("Date", "Montant", name)


def test_a_first_record_with_a_hash_is_a_record(ventes):
    assert ventes("#Date;Montant\n#1;2\n", (("#Date",),)).source.names == ("#Date", "Montant")


def test_without_a_header_columns_are_numbered(ventes):
    export = ventes(BODY, (("1",), ("3",)), header=False)
    assert (export.source.names, read(export)[:2]) == (("1", "2", "3"), (ROWS, [1, 2]))


@pytest.mark.parametrize("content", [HEAD, HEAD.rstrip("\n"), "\n" + HEAD + "\n"])
def test_a_header_alone_has_no_record(ventes, content):
    assert ventes(content).records == 0


# Records


@pytest.mark.parametrize(
    ("record", "reason", "column"),
    [
        ("1;2", "too few fields", "Montant"),
        ("1", "too few fields", "Client"),
        ("   ", "too few fields", "Client"),
        ("1;2;3;4", "too many fields", ""),
        ("1;2;3;;4", "too many fields", ""),
        ("1;2;3; ", "too many fields", ""),
        ('1;2;3;" "', "too many fields", ""),
        ('1;"2;3', "misplaced quote", ""),
        ('1;2";3', "misplaced quote", ""),
        ('1;"2"x;3', "misplaced quote", ""),
        ('1;"a \\"b\\" c";3', "misplaced quote", ""),
        ("1;2\0;3", "nul byte", ""),
        ("1;2;3;\0", "nul byte", ""),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_broken_record_is_told_with_its_line(ventes, record, reason, column, end):
    export = ventes(("Titre\n" + HEAD + BODY + record + "\n\n" + BODY).replace("\n", end))
    assert [(each.line, each.reason, each.column) for each in export.broken] == [(5, reason, column)]
    assert export.broken[0].record == record
    assert export.records == 5
    assert read(export)[:2] == (ROWS * 2, [3, 4, 7, 8])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("beyond", [";", ";;;", ';""', ';;"";'])
def test_empty_fields_beyond_the_header_are_no_fault(ventes, beyond, end):
    content = (HEAD + BODY.replace("\n", beyond + "\n") + BODY).replace("\n", end)
    export = ventes(content)
    assert (export.records, export.broken) == (4, [])
    rows, lines, records = read(export)
    assert (rows, lines) == (ROWS * 2, [2, 3, 4, 5])
    assert records[0] == "26/01/2024;Lefèvre;12,50" + beyond
    assert (
        export.notices[1]
        == "ventes.csv: 2 records are whole with more or fewer empty fields at the end than the header."
    )


def test_columns_without_a_name_at_the_end_may_be_absent_or_filled(ventes):
    export = ventes("Date;Montant;;\n1;2\n3;4;;\n5;6;voir Paul;\n7\n8;9;;;\n10;11;;;x\n")
    assert export.source.names == ("Date", "Montant", "", "")
    assert [(each.line, each.reason) for each in export.broken] == [(5, "too few fields"), (7, "too many fields")]
    none = (None, None)
    assert read(export)[:2] == (
        [("1", "2", *none), ("3", "4", *none), ("5", "6", "voir Paul", None), ("8", "9", *none)],
        [2, 3, 4, 6],
    )


def test_a_file_of_dos_ends_before_its_ctrl_z(ventes):
    for end in ("\n\x1a", "\x1a\x1a\x1a", "\x1a"):
        export = ventes((HEAD + BODY.rstrip("\n")).replace("\n", "\r\n") + end)
        assert (export.records, export.broken, read(export)[0]) == (2, [], ROWS)
        assert export.notices[-1] == "ventes.csv: the Ctrl-Z at its end is no record."


def test_a_ctrl_z_in_the_middle_is_a_letter(ventes):
    export = ventes("Date;Montant\n1;\x1a\n2;3\n")
    assert read(export)[0] == [("1", "\x1a"), ("2", "3")]


@pytest.mark.parametrize("letter", ["\v", "\f", "\x1c", "\x85", "\u2028"])
def test_what_is_a_line_end_elsewhere_is_none_here(ventes, letter):
    export = ventes(f"Date;Montant\na{letter}b;3\n")
    assert read(export)[0] == [(f"a{letter}b", "3")]


@pytest.mark.parametrize("sign", [" ", "\x01", "n", ";"])
@pytest.mark.parametrize("null", [[], ["n; x"], ["", "n/a"], ["-", 'a"b']])
def test_any_delimiter_goes_with_any_text_for_missing(ventes, sign, null):
    out = io.StringIO(newline="")
    cells = ["", "n; x", "n/a", "-", 'a"b']
    csv.writer(out, delimiter=sign, lineterminator="\n").writerows(
        [["Date", "Montant"], *([cell, "1"] for cell in cells)]
    )
    export = ventes(out.getvalue(), delimiter=sign, null=null)
    assert [first for first, _ in read(export)[0]] == [None if cell in null else cell for cell in cells]


def test_the_mark_of_a_file_pasted_to_another_is_no_text(ventes):
    export = ventes("\ufeff" + HEAD + BODY + '\ufeff"1";\ufeff2;3\n\ufeff\ufeff4;5;6\n')
    assert read(export)[:2] == ([*ROWS, ("1", "\ufeff2", "3"), ("4", "5", "6")], [2, 3, 4, 5])


def test_a_one_column_record_of_delimiters_is_not_lost(ventes):
    export = ventes('Date\na\n;\n""\nb\n', (("Date",),), delimiter=";", null=[])
    assert [(each.line, each.reason) for each in export.broken] == [(3, "too many fields")]
    assert read(export)[:2] == ([("a",), ("",), ("b",)], [2, 4, 5])


def test_a_quote_may_be_an_apostrophe(ventes):
    export = ventes("Date;Client;Montant\n1;'a;\nb';2\n3;'l''été';4\n5;\";6\n", quote="'")
    assert read(export)[:2] == ([("1", "a;\nb", "2"), ("3", "l'été", "4"), ("5", '"', "6")], [2, 4, 5])


def test_a_record_that_is_too_long_is_refused_with_its_line(ventes):
    with pytest.raises(DataError, match=r"ventes\.csv, line 3: a record is longer than 2,097,152 bytes"):
        ventes(HEAD + "1;2;3\n" + "x" * 3_000_000 + "\n1;2;3\n")


def test_letters_made_utf8_twice_are_noted_and_kept(ventes):
    export = ventes((HEAD + "1;x;2\n" + BODY).encode().decode("cp1252").encode())
    assert export.notices[1] == (
        "ventes.csv, line 3: 'Ã¨' looks like a letter that was made UTF-8 twice (2 such). They are kept as they stand; "
        "export it again to mend them."
    )
    assert read(export)[0][1][1] == "LefÃ¨vre"


def test_a_portuguese_text_is_not_taken_for_one_made_twice(ventes):
    assert len(ventes(HEAD + "1;SÃO JOÃO, MAÇÃ;2\n").notices) == 1


# Everything at once, against Python's own csv

ENDS = re.compile("\r\n|\r|\n")
NAMES = ["Date", "Client", "Montant HT", "Réf.", "Qté"]
TITLES = ['Rapport "des ventes', "Édité le 3 mai; par Zoé", "", "a,b|c", "\t", '"Total"', "Date"]
WORDS = st.text(st.sampled_from("ab1 é,;|\t\"'\nœ-.€"), max_size=6)


@st.composite
def written(draw):
    """A table that Python's csv wrote, and in which dialect."""
    width = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(WORDS, min_size=width, max_size=width), min_size=1, max_size=8))
    sign = draw(st.sampled_from(",;\t|"))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quoting = csv.QUOTE_ALL if end == "\r" or draw(st.booleans()) else csv.QUOTE_MINIMAL
    above = (f"sep={sign}{end}" if draw(st.booleans()) else "") + "".join(
        title + end for title in draw(st.lists(st.sampled_from(TITLES), max_size=3))
    )
    records, at = [], []
    for row in [NAMES[:width], *rows]:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=sign, lineterminator=end, quoting=quoting).writerow(row)
        at.append(1 + len(ENDS.findall(above + "".join(records))))
        records.append(out.getvalue())
    text = above + "".join(records)
    if draw(st.booleans()):
        text = text.removesuffix(end)
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]))
    return text.encode(encoding), [tuple(field or None for field in row) for row in rows], at[1:], width


@settings(max_examples=200)
@given(written())
def test_a_table_of_any_dialect_is_read_back_exactly_or_asked_about(table):
    content, rows, lines, width = table
    with tempfile.TemporaryDirectory() as folder:
        try:
            export = opened(folder, content, tuple((name,) for name in NAMES[:width]))
        except DataError as asked:
            if "not certain in which encoding" in str(asked):
                return
            raise
        assert (export.source.names, export.broken) == (tuple(NAMES[:width]), [])
        assert read(export)[:2] == (rows, lines)


@settings(max_examples=150)
@given(
    st.lists(st.lists(st.sampled_from(["", "a", '""', '"b;\n"']), min_size=1, max_size=6), min_size=1, max_size=12),
    st.sampled_from(["\n", "\r\n"]),
)
@example([["a"], ["a", "", "", ""], ["a", "a", "a"]], "\n")
def test_ragged_records_are_whole_if_nothing_but_empty_fields_is_beyond(rows, end):
    rows = [row for row in rows if row != [""]]
    content = "Date;Montant" + end + "".join(";".join(row) + end for row in rows)
    whole, broken, line = [], [], 2
    for row in rows:
        beyond = [field for field in row[2:] if field not in ("", '""')]
        if len(row) >= 2 and not beyond:
            whole.append((tuple(field.strip('"') or None for field in row[:2]), line))
        else:
            broken.append((line, "too few fields" if len(row) < 2 else "too many fields"))
        line += 1 + sum(field.count("\n") for field in row)
    with tempfile.TemporaryDirectory() as folder:
        export = opened(folder, content, (("Date",), ("Montant",)), delimiter=";", skip=0)
        assert [(each.line, each.reason) for each in export.broken] == broken
        assert read(export)[:2] == ([row for row, _ in whole], [line for _, line in whole])
