"""Workbooks: every cell is what stands in it, the table is found by proof, and a damaged file is refused."""

import datetime as dt
import io
import json
import random
import re
import zipfile
from decimal import Decimal

import duckdb
import numpy as np
import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from perfkit.errors import DataError, PerfkitError
from perfkit.sources.files import examine
from perfkit.sources.settings import Format
from perfkit.sources.xlsx import cells as cells_of
from perfkit.sources.xlsx import shared_texts
from perfkit.sources.xlsx.cell_values import fifteen_digits
from perfkit.sources.xlsx.read_xlsx import XlsxExport
from perfkit.sources.xlsx.workbooks import DATE, NUMBER, SPAN, TIME, ZEROS, Package, Workbook, made_of

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def opened(desk, name="ventes.xlsx", *wanted, sheet=None, **form):
    file = examine(desk.exports / name, desk.exports)
    return XlsxExport(file, "sales", Format(**form), tuple((each,) for each in wanted), sheet)


def saved(desk, book, name="ventes.xlsx"):
    book.save(desk.exports / name)
    return name


def sheet_of(*rows, title="Ventes"):
    """A workbook of one sheet, and the sheet."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = title
    for row in rows:
        page.append(row)
    return book, page


def table(export, tmp_path):
    """Rows as the engine reads them."""
    return [list(row) for row in duckdb.sql(f"SELECT * FROM {export.relation(tmp_path)}").fetchall()]


def places(export):
    """(sheet, line, record) of every row."""
    rows = list(export.rows(np.arange(export.records)))
    assert [number for each in rows for number in each.numbers] == list(range(export.records))
    return [
        (sheet, int(line), json.loads(record))
        for each in rows
        for sheet, line, record in zip(each.sheets, each.lines, each.records, strict=True)
    ]


def by_hand(desk, rows, *, name="ventes.xlsx", strings="", styles="", head="", tail="", root="", book="", more=()):
    """Write a workbook part by part; `rows` is what stands in sheetData."""
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="a" Type="{OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{book}<sheets>'
        '<sheet name="Ventes" sheetId="1" r:id="b"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        f'<Relationship Id="b" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="c" Type="{OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
        f'<Relationship Id="d" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{strings}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>',
        "xl/worksheets/sheet1.xml": root
        or f'<worksheet xmlns="{MAIN}">{head}<sheetData>{rows}</sheetData>{tail}</worksheet>',
    }
    with zipfile.ZipFile(desk.exports / name, "w", zipfile.ZIP_DEFLATED) as packed:
        for part, content in [*parts.items(), *more]:
            packed.writestr(part, content)
    return name


def text(address, value):
    return f'<c r="{address}" t="inlineStr"><is><t>{value}</t></is></c>'


HEAD = f"<row r='1'>{text('A1', 'id')}{text('B1', 'montant')}</row>"


# Values


def test_each_type_of_cell_keeps_its_type(desk, tmp_path):
    book, page = sheet_of(["texte", "nombre", "jour", "heure", "vrai", "erreur", "vide"])
    page.append(["Café ☕ & Cie <SA>", 1234.5, dt.datetime(2024, 1, 31, 14, 5, 6), dt.time(9, 30), True, None, None])
    page["F2"].value, page["F2"].data_type = "#DIV/0!", "e"
    page.append(["12", -7, dt.date(2023, 12, 1), dt.time(0, 0, 1), False, None, None])
    export = opened(desk, saved(desk, book))
    assert export.source.names == ("texte", "nombre", "jour", "heure", "vrai", "erreur", "vide")
    assert set(export.source.kinds) == {"cell"}
    assert table(export, tmp_path) == [
        [
            "Café ☕ & Cie <SA>",
            "\x01n1234.5",
            "\x01d2024-01-31 14:05:06",
            "\x01d09:30:00",
            "\x01btrue",
            "\x01e#DIV/0!",
            None,
        ],
        ["12", "\x01n-7", "\x01d2023-12-01 00:00:00", "\x01d00:00:01", "\x01bfalse", None, None],
    ]
    assert export.notices == []


def test_an_id_typed_as_text_keeps_its_zeros_and_one_shown_with_zeros_gets_them(desk, tmp_path):
    book, page = sheet_of(["code", "code affiché", "prix"], ["00123", 123, 1.5], ["9" * 20, 1234567, 2])
    for cell in page["B"][1:]:
        cell.number_format = "00000"
    for cell in page["C"][1:]:
        cell.number_format = "00"
    assert table(opened(desk, saved(desk, book)), tmp_path) == [
        ["00123", "00123", "\x01n1.5"],
        ["9" * 20, "1234567", "02"],
    ]


def test_a_percentage_keeps_its_stored_value(desk, tmp_path):
    book, page = sheet_of(["taux"], [0.125])
    page["A2"].number_format = "0.0%"
    assert table(opened(desk, saved(desk, book)), tmp_path) == [["\x01n0.125"]]


@pytest.mark.parametrize(
    "stored, said",
    [
        ("0.30000000000000004", "0.3"),
        ("1234.5600000000001", "1234.56"),
        ("1E3", "1000"),
        ("1.5E-7", "0.00000015"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("1.50", "1.5"),
        ("100.0", "100"),
        ("123456789012345.67", "123456789012346"),
        ("4012345678901234", "4012345678901234"),
        ("1.2345678901234501E+17", "123456789012345000"),
        (".5", "0.5"),
        ("+7", "7"),
        (" 12 ", "12"),
        ("nan", "\x01enan"),
        ("1e999", "\x01e1e999"),
        ("1,5", "\x01e1,5"),
        ("0x10", "\x01e0x10"),
    ],
)
def test_a_number_has_fifteen_digits_and_no_exponent(stored, said):
    assert fifteen_digits(stored) == said


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_its_nearest_of_fifteen_digits(value):
    assert Decimal(fifteen_digits(repr(value))) == Decimal(format(value, ".15g"))


def test_days_count_from_1900_with_the_day_that_never_was(desk, tmp_path):
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    serials = ["1", "59", "60", "61", "45322", "45322.5", "45322.99999999", "2958465", "2958466", "-1", "0", "0.25"]
    rows = "".join(f'<row r="{n}"><c r="A{n}" s="1"><v>{each}</v></c></row>' for n, each in enumerate(serials, 2))
    by_hand(desk, f'<row r="1">{text("A1", "jour")}</row>{rows}', styles=styles)
    assert [row[0] for row in table(opened(desk), tmp_path)] == [
        "\x01d1900-01-01 00:00:00",
        "\x01d1900-02-28 00:00:00",
        "\x01d1900-02-29 00:00:00",
        "\x01d1900-03-01 00:00:00",
        "\x01d2024-01-31 00:00:00",
        "\x01d2024-01-31 12:00:00",
        "\x01d2024-01-31 23:59:59.999",
        "\x01d9999-12-31 00:00:00",
        "\x01n2958466",
        "\x01n-1",
        "\x01d00:00:00",
        "\x01d06:00:00",
    ]


def test_days_count_from_1904_where_the_workbook_says_so(desk, tmp_path):
    book = xlsxwriter.Workbook(desk.exports / "mac.xlsx", {"date_1904": True})
    page = book.add_worksheet("Ventes")
    page.write_row(0, 0, ["jour"])
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for row, when in enumerate((dt.date(2024, 1, 31), dt.date(1904, 1, 1), dt.date(1999, 12, 31)), 1):
        page.write_datetime(row, 0, when, day)
    book.close()
    assert [row[0] for row in table(opened(desk, "mac.xlsx"), tmp_path)] == [
        "\x01d2024-01-31 00:00:00",
        "\x01d1904-01-01 00:00:00",
        "\x01d1999-12-31 00:00:00",
    ]


@pytest.mark.parametrize(
    "code, makes",
    [
        ("General", NUMBER),
        ("0.00", NUMBER),
        ("#,##0.00\\ [$€-40C]", NUMBER),
        ('#,##0 "jours"', NUMBER),
        ("\\d0", NUMBER),
        ("[Red]0.00", NUMBER),
        ("0.00E+00", NUMBER),
        ("_-* #,##0.00_-;-* #,##0.00_-", NUMBER),
        ("@", NUMBER),
        ("0;[Red]-0", NUMBER),
        ("dd/mm/yyyy", DATE),
        ("[$-40C]d mmmm yyyy;@", DATE),
        ("jj/mm/aaaa", DATE),
        ("mmm-yy", DATE),
        ("yyyy-mm-dd hh:mm:ss.000", DATE),
        ("mmmm", DATE),
        ("h:mm AM/PM", TIME),
        ("mm:ss.0", TIME),
        ("[h]:mm:ss", SPAN),
        ("00000", ZEROS),
        ("0", NUMBER),
        ("00.0", NUMBER),
    ],
)
def test_a_number_format_tells_what_a_number_is(code, makes):
    assert made_of(code)[0] == makes


def test_amounts_shown_in_two_currencies_are_refused_where_they_are_needed(desk):
    book, page = sheet_of(["id", "CA", "prix"], ["a", 1, 1], ["b", 2, 2], ["c", 3, 3])
    for column in "BC":
        page[f"{column}2"].number_format = "#,##0.00\\ [$€-40C]"
        page[f"{column}3"].number_format = '#,##0.00 "€"'
    page["C4"].number_format = "[$$-409]#,##0.00"
    name = saved(desk, book)
    assert opened(desk, name, "CA").records == 3
    with pytest.raises(
        DataError, match="the amounts of 'prix' are shown in EUR and in USD; added up they would be of no"
    ):
        opened(desk, name, "prix")


@pytest.mark.parametrize(
    "code, currency",
    [
        ("#,##0.00\\ [$€-40C]", "EUR"),
        ("[$EUR] 0", "EUR"),
        ('"$"#,##0', "USD"),
        ("[$$-409]0", "USD"),
        ("[$MAD] 0", "MAD"),
        ('#,##0.00 "DH"', "MAD"),
        ('0 "kr"', "kr"),
        ('0 "kg"', ""),
        ('0 "k€"', "EUR"),
        ("[$-40C]0.00", ""),
        ("[Red]0.0%", ""),
    ],
)
def test_a_number_format_tells_its_currency(code, currency):
    assert made_of(code).currency == currency


@pytest.mark.parametrize(
    "code, scale",
    [
        ('#,##0.00 "k€"', 1000),
        ('#,##0.00\\ "K€"', 1000),
        ("#,##0\\ \\k\\€", 1000),
        ("#,##0.00\\ [$k€-40C]", 1000),
        ('0.0 "M€"', 1_000_000),
        ('0 "milliers"', 1000),
        ('#,##0, "k€"', 1),  # it divides by a thousand itself
        ('#,##0.0,, "M€"', 1),
        ('#,##0, "M€"', 1000),
        ('0 "kg"', 1),
        ('0 "m"', 1),
        ("[$kr-41D] 0", 1),
        ("#,##0.00\\ [$€-40C]", 1),
        ("_-* #,##0.00_-;-* #,##0.00_-", 1),
        ("0.00E+00", 1),
    ],
)
def test_a_number_format_tells_of_thousands_and_millions(code, scale):
    assert made_of(code).scale == scale


def shown_as(desk, *codes):
    """A workbook of sales whose amounts of 2 and 3 are shown so."""
    book, page = sheet_of(["date", "CA"], [dt.date(2024, 1, 31), 2], [dt.date(2024, 1, 30), 3])
    for row, code in enumerate(codes, start=2):
        page[f"B{row}"].number_format = code
    return saved(desk, book)


OF_SALES = {"date": "date", "net_revenue": "CA"}


def test_amounts_shown_in_another_currency_than_the_company_s_are_refused(desk):
    name = shown_as(desk, '"$"#,##0', '"$"#,##0')
    with pytest.raises(DataError) as refused:
        desk.load(name=name, columns=OF_SALES)
    assert str(refused.value).startswith(
        "ventes.xlsx, sheet 'Ventes': the amounts of 'CA' are shown in USD, and the company's currency is EUR;"
    )
    assert '[tables.sales.columns] net_revenue = { column = "CA", times = "0.92" }' in str(refused.value)
    assert desk.revenue(desk.load(name=name, columns=OF_SALES, currency="USD")) == 5
    assert desk.revenue(desk.load(name=name, columns=OF_SALES, currency="CAD")) == 5  # a dollar is also its sign
    assert desk.revenue(desk.load(name=name, columns={**OF_SALES, "currency": {"value": "EUR"}})) == 5
    half = {**OF_SALES, "net_revenue": {"column": "CA", "times": "0.5"}}
    assert desk.revenue(desk.load(name=name, columns=half)) == Decimal("2.5")


def test_the_currency_of_an_optional_amount_is_looked_at_and_that_of_another_column_is_not(desk):
    book, page = sheet_of(["date", "CA", "Coût", "Note"], [dt.date(2024, 1, 31), 2, 1, 7])
    page["C2"].number_format = page["D2"].number_format = "[$£-809]#,##0"
    name = saved(desk, book)
    assert desk.revenue(desk.load(name=name, columns=OF_SALES)) == 2
    with pytest.raises(DataError, match="the amounts of 'Coût' are shown in GBP"):
        desk.load(name=name, columns={**OF_SALES, "cost": {"column": "Coût", "optional": True}})


def test_a_unit_beside_the_amounts_that_is_no_currency_is_none(desk):
    assert desk.revenue(desk.load(name=shown_as(desk, "0 [$pcs]", "0 [$pcs]"), columns=OF_SALES)) == 5


@pytest.mark.parametrize("fill", [None, ["date"]])
def test_amounts_shown_in_thousands_are_asked_about_and_times_says(desk, fill):
    name = shown_as(desk, '#,##0.00 "k€"', '#,##0.00 "k€"')
    with pytest.raises(DataError) as refused:
        desk.load(name=name, columns=OF_SALES, fill_down=fill)
    assert str(refused.value) == (
        "ventes.xlsx, sheet 'Ventes': the amounts of 'CA' are shown in 1,000s, by their number format; taken as they "
        "stand, they would be that much too small. Write: [tables.sales.columns] net_revenue = "
        '{ column = "CA", times = 1000 }, or times = 1 if they are whole amounts after all.'
    )
    for times in (1, 1000):
        said = {**OF_SALES, "net_revenue": {"column": "CA", "times": times}}
        assert desk.revenue(desk.load(name=name, columns=said, fill_down=fill)) == 5 * times


def test_amounts_of_which_some_are_shown_in_thousands_are_refused(desk):
    with pytest.raises(DataError, match="are shown in 1,000s and in units, by their number formats; added up"):
        desk.load(name=shown_as(desk, '0 "k€"', "0"), columns=OF_SALES)


def test_a_text_under_another_type_is_never_lost(desk, tmp_path):
    rows = f'{HEAD}<row r="2"><c r="A2" t="inlineStr"><v>a</v></c><c r="B2"><is><t>b</t></is></c></row>'
    assert table(opened(desk, by_hand(desk, rows)), tmp_path) == [["a", "b"]]


def test_a_length_of_time_is_its_number_of_days(desk, tmp_path):
    book, page = sheet_of(["durée"], [dt.timedelta(hours=30)])
    page["A2"].number_format = "[h]:mm:ss"
    assert table(opened(desk, saved(desk, book)), tmp_path) == [["\x01n1.25"]]


def test_a_day_written_in_iso_is_a_day(desk, tmp_path):
    rows = (
        f'<row r="1">{text("A1", "jour")}</row><row r="2"><c r="A2" t="d"><v>2024-01-31</v></c></row>'
        '<row r="3"><c r="A3" t="d"><v>2024-01-31T08:09:10Z</v></c></row>'
        '<row r="4"><c r="A4" t="d"><v>demain</v></c></row>'
    )
    by_hand(desk, rows)
    assert [row[0] for row in table(opened(desk), tmp_path)] == [
        "\x01d2024-01-31 00:00:00",
        "\x01d2024-01-31 08:09:10",
        "\x01ddemain",
    ]


def test_escapes_are_read_as_excel_means_them(desk, tmp_path):
    values = [
        ("a_x000D_b", "a\rb"),
        ("a_x005F_x000D_b", "a_x000D_b"),
        ("_x00e9_t_x00E9_", "été"),
        ("_x0001_n999", "_x0001_n999"),
        ("_xD83D__xDE00_", "_xD83D__xDE00_"),
        ("A&amp;B &lt;c&gt; &#233;&#xE9; &apos;&quot;", "A&B <c> éé '\""),
        ("a\r\nb\rc&#13;d", "a\nb\nc\rd"),
        ("_x12_", "_x12_"),
        ("a > b", "a > b"),
    ]
    rows = "".join(f'<row r="{n}">{text(f"A{n}", each)}</row>' for n, (each, _) in enumerate(values, 2))
    strings = "".join(f"<si><t>{each}</t></si>" for each, _ in values)
    shared = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>{n - 12}</v></c></row>' for n in range(12, 12 + len(values)))
    by_hand(desk, f'<row r="1">{text("A1", "texte")}</row>{rows}{shared}', strings=strings)
    meant = [each for _, each in values]
    assert [row[0] for row in table(opened(desk), tmp_path)] == meant + meant


def test_a_text_that_imitates_a_mark_stays_a_text(desk, tmp_path):
    by_hand(desk, f'{HEAD}<row r="2">{text("A2", "x")}{text("B2", "_x0001_n999")}</row>')
    assert table(opened(desk), tmp_path) == [["x", "_x0001_n999"]]


def test_rich_text_is_its_runs_joined_without_phonetic_signs(desk, tmp_path):
    book, page = sheet_of(["texte"])
    page["A2"] = CellRichText("Du ", TextBlock(InlineFont(b=True), "gras"), " & plus")
    strings = (
        "<si><r><rPr><b/><sz val='11'/></rPr><t xml:space='preserve'>Du </t></r><r><t>gras</t></r></si>"
        "<si><t>課</t><rPh sb='0' eb='1'><t>カ</t></rPh></si><si><t/></si><si/>"
        '<si><t xml:space="preserve"> a </t></si>'
    )
    assert table(opened(desk, saved(desk, book)), tmp_path) == [["Du gras & plus"]]
    cells = "".join(f'<row r="{n + 2}"><c r="A{n + 2}" t="s"><v>{n}</v></c></row>' for n in range(5))
    by_hand(desk, f'<row r="1">{text("A1", "texte")}</row>{cells}', strings=strings, name="main.xlsx")
    export = opened(desk, "main.xlsx")
    assert table(export, tmp_path) == [["Du gras"], ["課"], [" a "]]
    assert [line for _, line, _ in places(export)] == [2, 3, 6]


def test_shared_inline_and_formula_texts_are_the_same(desk, tmp_path):
    rows = (
        f'<row r="1">{text("A1", "texte")}</row><row r="2">{text("A2", "Été")}</row>'
        '<row r="3"><c r="A3" t="s"><v>0</v></c></row><row r="4"><c r="A4" t="str"><f>B4</f><v>Été</v></c></row>'
    )
    by_hand(desk, rows, strings="<si><t>Été</t></si>")
    assert table(opened(desk), tmp_path) == [["Été"]] * 3


# Formulas


def test_a_formula_is_its_stored_value_and_its_count_is_told(desk, tmp_path):
    book = xlsxwriter.Workbook(desk.exports / "ventes.xlsx")
    page = book.add_worksheet("Ventes")
    page.write_row(0, 0, ["id", "montant", "texte", "autre"])
    for row in (1, 2):
        page.write_string(row, 0, f"C{row}")
        page.write_formula(row, 1, "=2*3.25", value=6.5)
        page.write_formula(row, 2, '=A1&"x"', value="idx")
        page.write_formula(row, 3, "=1/0", value="#DIV/0!")
    book.close()
    export = opened(desk, "ventes.xlsx", "id", "montant")
    assert table(export, tmp_path) == [[f"C{row}", "\x01n6.5", "idx", "\x01e#DIV/0!"] for row in (1, 2)]
    assert export.notices == [
        "ventes.xlsx, sheet 'Ventes': 2 cells of 'montant' are formulas; the stored values are read. The workbook asks "
        "to be calculated anew when it is opened, so they may be old."
    ]


def test_a_formula_that_was_never_calculated_is_marked_not_missing(desk, tmp_path):
    book, _ = sheet_of(["id", "montant"], ["a", '=A1*B1&"<x>"'], ["b", 2], ["c", "=SUM(B2:B3)"])
    export = opened(desk, saved(desk, book))
    assert table(export, tmp_path) == [["a", '\x01f=A1*B1&"<x>"'], ["b", "\x01n2"], ["c", "\x01f=SUM(B2:B3)"]]
    assert export.notices == [
        "ventes.xlsx, sheet 'Ventes': 2 formulas of 'montant' have no stored value (first: B2). Open the workbook in "
        "Excel and save it."
    ]


def test_a_zero_that_a_program_left_to_be_calculated_is_no_value(desk, tmp_path):
    book = xlsxwriter.Workbook(desk.exports / "ventes.xlsx")
    page = book.add_worksheet()
    page.write_row(0, 0, ["id", "montant"])
    page.write_row(1, 0, ["a", 0])
    page.write_formula(1, 1, "=2*3")
    book.close()
    assert table(opened(desk), tmp_path) == [["a", "\x01f=2*3"]]
    row = f'{HEAD}<row r="2">{text("A2", "a")}<c r="B2"><f>1-1</f><v>0</v></c></row>'
    assert table(opened(desk, by_hand(desk, row, name="excel.xlsx")), tmp_path) == [["a", "\x01n0"]]


def test_a_formula_that_returns_an_empty_text_fills_no_row(desk, tmp_path):
    rows = (
        HEAD
        + f'<row r="2">{text("A2", "a")}<c r="B2"><f>1</f><v>1</v></c></row>'
        + "".join(
            f'<row r="{n}"><c r="A{n}" t="str"><f>IF(C{n}="","",C{n})</f><v></v></c></row>' for n in range(3, 900)
        )
    )
    export = opened(desk, by_hand(desk, rows))
    assert (export.records, table(export, tmp_path)) == (1, [["a", "\x01n1"]])


# Where the table is


def test_the_only_filled_sheet_is_read_and_the_others_are_listed(desk, tmp_path):
    book, _ = sheet_of(["id", "montant"], ["a", 1])
    book.create_sheet("Vide")
    export = opened(desk, saved(desk, book))
    assert places(export) == [("Ventes", 2, {"id": "a", "montant": 1})]
    assert export.notices == [
        "ventes.xlsx: 'Ventes' is read, its only filled sheet. It holds: 'Ventes' (2 rows, 2 columns), 'Vide' (empty)."
    ]


def three_sheets(desk):
    book, _ = sheet_of(["Notes"], ["version 2"], title="Lisez-moi")
    ventes = book.create_sheet("Ventes")
    for row in (["Id", "Montant"], ["a", 1], ["b", 2]):
        ventes.append(row)
    hidden = book.create_sheet("Param")
    hidden.append(["Id", "Libellé"])
    hidden.sheet_state = "veryHidden"
    book.create_chartsheet("Graphe")
    return saved(desk, book)


def test_the_sheet_with_the_wanted_headings_is_chosen_and_all_are_listed(desk):
    export = opened(desk, three_sheets(desk), "ID", "montant")
    assert places(export) == [("Ventes", 2, {"Id": "a", "Montant": 1}), ("Ventes", 3, {"Id": "b", "Montant": 2})]
    assert export.notices == [
        "ventes.xlsx: 'Ventes' is read, the only sheet with the headings of sales. It holds: 'Lisez-moi' (2 rows, "
        "1 column), 'Ventes' (3 rows, 2 columns), 'Param' (1 row, 2 columns, hidden), 'Graphe' (no cells)."
    ]


def test_the_sheets_of_a_workbook_are_named_without_reading_them(desk):
    name = three_sheets(desk)
    assert XlsxExport.sheets_of(examine(desk.exports / name, desk.exports)) == ["Lisez-moi", "Ventes", "Param"]


def test_several_sheets_without_proof_are_listed_and_asked_about(desk):
    with pytest.raises(DataError) as refused:
        opened(desk, three_sheets(desk), "Montant TTC")
    assert str(refused.value) == (
        "ventes.xlsx: which of its sheets is sales is not certain, for none has them all. It holds: 'Lisez-moi' (2 "
        "rows, 1 column), 'Ventes' (3 rows, 2 columns), 'Param' (1 row, 2 columns, hidden), 'Graphe' (no cells). "
        'Write: [tables.sales] sheet = "Lisez-moi", or sheet = ["Lisez-moi", "Ventes", "Param"] if they are one table.'
    )


def months(desk, *, third=("Id", "Montant")):
    book, page = sheet_of(["Id", "Montant"], ["a", 1], title="Janv")
    for title, head, row in (("Févr", ("Montant", "Id"), [2, "b"]), ("Mars", third, ["c", 3])):
        page = book.create_sheet(title)
        page.append(["Rapport du mois"])
        page.append(head)
        page.append(row)
    return saved(desk, book)


def test_two_sheets_with_the_headings_are_asked_about(desk):
    with pytest.raises(DataError, match=r"'Janv' and 'Févr' and 'Mars' have its headings") as refused:
        opened(desk, months(desk), "Id", "Montant")
    assert str(refused.value).endswith(
        'Write: [tables.sales] sheet = "Janv", or sheet = ["Janv", "Févr", "Mars"] if they are one table.'
    )


@pytest.mark.parametrize("sheet", ["*", ("Janv", "Févr", "mars")])
def test_several_sheets_that_are_one_table_are_read_one_after_the_other(desk, sheet, tmp_path):
    export = opened(desk, months(desk), "Id", "Montant", sheet=sheet)
    assert export.notices[0] == (
        "ventes.xlsx: read one after the other as one table: 'Janv' (2 rows, 2 columns), 'Févr' (3 rows, 2 columns), "
        "'Mars' (3 rows, 2 columns)."
    )
    assert table(export, tmp_path) == [["a", "\x01n1"], ["b", "\x01n2"], ["c", "\x01n3"]]
    assert places(export) == [
        ("Janv", 2, {"Id": "a", "Montant": 1}),
        ("Févr", 3, {"Id": "b", "Montant": 2}),
        ("Mars", 3, {"Id": "c", "Montant": 3}),
    ]


def test_sheets_with_different_headings_are_not_one_table(desk):
    with pytest.raises(DataError, match="'Mars' has the heading 'Remise' and 'Janv' has not"):
        opened(desk, months(desk, third=("Id", "Montant", "Remise")), "Id", "Montant", sheet="*")
    with pytest.raises(DataError) as refused:
        opened(desk, months(desk, third=("Id", "CA")), "Id", "Montant", sheet="*")
    assert str(refused.value) == (
        "ventes.xlsx: the sheet 'Mars' has not the headings of sales; it has: Id, CA. Name the sheets that are the "
        'table: [tables.sales] sheet = ["Janv", "Févr"]'
    )


def test_a_declared_sheet_is_read_and_those_left_are_named(desk):
    export = opened(desk, months(desk), "Id", sheet="févr")
    assert places(export) == [("Févr", 3, {"Montant": 2, "Id": "b"})]
    assert export.notices == [
        "ventes.xlsx: not read, for it is not named: 'Janv', 'Mars'.",
        "ventes.xlsx, sheet 'Févr': 1 row above the header holds no record; the first says 'Rapport du mois'.",
    ]


def test_a_sheet_that_is_not_there_or_named_twice_is_refused(desk):
    name = months(desk)
    with pytest.raises(DataError, match=r"no sheet 'Janvier'. Did you mean 'Janv'\? There are: Janv, Févr, Mars."):
        opened(desk, name, sheet="Janvier")
    with pytest.raises(DataError, match="names a sheet of ventes.xlsx twice"):
        opened(desk, name, sheet=("Janv", "janv"))


def test_a_hidden_sheet_that_is_read_is_told(desk):
    export = opened(desk, three_sheets(desk), sheet="Param")
    assert export.notices[1] == "ventes.xlsx, sheet 'Param': the sheet is hidden, and read."


# The header


def test_rows_of_title_above_the_header_are_told_and_no_records(desk):
    book, _ = sheet_of(
        ["Rapport des ventes"], [], ["Société :", "ACME"], ["Date", dt.date(2024, 2, 1)], [], ["Id", "Montant", "Ville"]
    )
    book.active.append(["a", 1, "Lyon"])
    saved(desk, book)
    said = ["ventes.xlsx, sheet 'Ventes': 3 rows above the header hold no record; the first says 'Rapport des ventes'."]
    for wanted in ((), ("montant",)):
        export = opened(desk, "ventes.xlsx", *wanted)
        assert places(export) == [("Ventes", 7, {"Id": "a", "Montant": 1, "Ville": "Lyon"})]
        assert export.notices == said


def test_a_declared_number_of_rows_above_the_header_is_held_to(desk):
    book, _ = sheet_of(["Id", "Montant"], ["Code", "Valeur"], ["a", 1])
    saved(desk, book)
    assert places(opened(desk, "ventes.xlsx", "Id", skip=1)) == [("Ventes", 3, {"Code": "a", "Valeur": 1})]
    deep, _ = sheet_of(*([f"titre {n}"] for n in range(200)), ["Id", "Montant"], ["a", 1])
    assert places(opened(desk, saved(desk, deep), skip=200)) == [("Ventes", 202, {"Id": "a", "Montant": 1})]


def test_without_a_header_columns_are_numbered(desk, tmp_path):
    book, _ = sheet_of([None, "a", 1], [None, "b", None, 2])
    export = opened(desk, saved(desk, book), header=False)
    assert export.source.names == ("1", "2", "3")
    assert table(export, tmp_path) == [["a", "\x01n1", None], ["b", None, "\x01n2"]]
    assert [line for _, line, _ in places(export)] == [1, 2]


def test_a_sheet_of_numbers_alone_has_no_header_and_is_asked_about(desk):
    book, _ = sheet_of([1, 2], [3, 4])
    with pytest.raises(DataError, match=r"format = \{ skip = 3 \}, or \{ header = false \}"):
        opened(desk, saved(desk, book))


def test_merged_headings_in_two_rows_name_their_columns(desk, tmp_path):
    book, page = sheet_of(["Client", "Ventes", None, "Ville"], [None, "Quantité", "CA"], ["a", 2, 3.5, "Lyon"])
    for area in ("A1:A2", "B1:C1", "D1:D2"):
        page.merge_cells(area)
    saved(desk, book)
    for wanted in ((), ("CA", "Client"), ("Client",), ("CA",)):
        export = opened(desk, "ventes.xlsx", *wanted)
        assert export.source.names == ("Client", "Quantité", "CA", "Ville")
        assert table(export, tmp_path) == [["a", "\x01n2", "\x01n3.5", "Lyon"]]
        assert places(export)[0][1] == 3


def test_sub_headings_that_repeat_take_the_name_above_them(desk):
    book, page = sheet_of(["Client", 2023, None, "2024", None, "Note"], [None, "CA", "Marge", "CA", "Marge", "Avis"])
    page.append(["a", 1, 2, 3, 4, "ok"])
    for area in ("A1:A2", "B1:C1", "D1:E1"):
        page.merge_cells(area)
    export = opened(desk, saved(desk, book), "Client")
    assert export.source.names == ("Client", "2023 / CA", "2023 / Marge", "2024 / CA", "2024 / Marge", "Avis")


def test_sub_headings_under_merged_ones_alone_are_found(desk):
    book, page = sheet_of(["Janvier", None, "Février", None], ["CA", "Marge", "CA", "Marge"], [1, 2, 3, 4])
    page.merge_cells("A1:B1")
    page.merge_cells("C1:D1")
    export = opened(desk, saved(desk, book))
    assert export.source.names == ("Janvier / CA", "Janvier / Marge", "Février / CA", "Février / Marge")
    assert export.records == 1


def test_a_merged_title_is_no_heading(desk):
    book, page = sheet_of(["Rapport"], ["Id", "Montant"], ["a", 1])
    page.merge_cells("A1:B1")
    export = opened(desk, saved(desk, book), "Montant")
    assert export.source.names == ("Id", "Montant") and export.records == 1


def test_headings_are_one_line_and_numbers_and_days_are_headings(desk):
    book, _ = sheet_of([" Id ", "CA\nHT", 2024, dt.date(2024, 1, 1)], ["a", 1, 2, 3])
    export = opened(desk, saved(desk, book), "Id")
    assert export.source.names == ("Id", "CA HT", "2024", "2024-01-01")


def test_values_without_a_heading_are_kept_under_their_letter_and_told(desk):
    book, _ = sheet_of(["Id", None, "Montant"], ["a", "x", 1], ["b", None, 2, None, "reste"])
    export = opened(desk, saved(desk, book))
    assert export.source.names == ("Id", "column B", "Montant", "column E")
    assert export.notices == ["ventes.xlsx, sheet 'Ventes': values without a heading stand in column B, E."]


def test_a_table_that_starts_further_in_is_found_there(desk):
    book, page = sheet_of()
    for row, values in enumerate((["Id", "Montant"], ["a", 1]), 5):
        for column, value in enumerate(values, 3):
            page.cell(row, column, value)
    assert places(opened(desk, saved(desk, book))) == [("Ventes", 6, {"Id": "a", "Montant": 1})]


# What a person sees and the sheet does not say


def test_hidden_rows_columns_and_a_filter_are_read_and_told(desk):
    book, page = sheet_of(["Id", "Montant", "Note"], *(["a", n, "x"] for n in range(1, 6)))
    page.auto_filter.ref = "A1:C6"
    page.row_dimensions[3].hidden = page.row_dimensions[5].hidden = page.row_dimensions[90].hidden = True
    page.column_dimensions["C"].hidden = True
    export = opened(desk, saved(desk, book))
    assert export.records == 5
    assert export.notices == [
        "ventes.xlsx, sheet 'Ventes': 2 hidden rows (first: row 3, as a filter leaves them) are read.",
        "ventes.xlsx, sheet 'Ventes': 1 hidden column ('Note') is read.",
    ]


def test_merged_cells_among_the_records_are_told_with_what_fills_them(desk, tmp_path):
    book, page = sheet_of(["Région", "Ville", "CA"], ["Nord", "Lille", 1], [None, "Lens", 2], ["Sud", "Nice", 3])
    page.merge_cells("A2:A3")
    export = opened(desk, saved(desk, book))
    assert table(export, tmp_path)[1] == [None, "Lens", "\x01n2"]
    assert export.notices == [
        "ventes.xlsx, sheet 'Ventes': 1 merged area among the records (first: A2:A3): only the first cell of each "
        'holds its value. If it counts for all of them, write: [tables.sales] fill_down = ["Région"]'
    ]


def test_blank_rows_hold_no_record_and_keep_the_lines_of_the_others(desk):
    book, page = sheet_of(["Id", "Montant"], ["a", 1], [], [None, None], ["b", 2])
    page.append(["", None])
    page["A9"].number_format = "0.00"
    export = opened(desk, saved(desk, book))
    assert [(line, record["Id"]) for _, line, record in places(export)] == [(2, "a"), (5, "b")]
    assert export.notices == ["ventes.xlsx, sheet 'Ventes': 2 blank rows hold no record."]


def test_a_million_formatted_empty_rows_are_none(desk):
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="4"/></cellXfs>'
    empty = "".join(f'<row r="{n}" s="1" customFormat="1"><c r="B{n}" s="1"/></row>' for n in range(3, 1_048_577))
    by_hand(desk, f'{HEAD}<row r="2">{text("A2", "a")}</row>{empty}', styles=styles)
    export = opened(desk)
    assert (export.records, export.notices) == (1, [])


def test_two_cells_in_far_corners_cost_nothing(desk, tmp_path):
    book, page = sheet_of(["Id", "Montant"], ["a", 1])
    page.cell(1_048_576, 16_384, "égaré")
    export = opened(desk, saved(desk, book))
    assert table(export, tmp_path) == [["a", "\x01n1", None], [None, None, "égaré"]]
    assert [line for _, line, _ in places(export)] == [2, 1_048_576]


def test_declared_texts_stand_for_missing_values_and_the_record_keeps_them(desk, tmp_path):
    book, _ = sheet_of(["Id", "Montant"], ["a", "n.c."], ["-", 2])
    export = opened(desk, saved(desk, book), null=("", "n.c.", "-"))
    assert table(export, tmp_path) == [["a", None], [None, "\x01n2"]]
    assert [record for _, _, record in places(export)] == [{"Id": "a", "Montant": "n.c."}, {"Id": "-", "Montant": 2}]
    assert [each.values.column("c1").to_pylist() for each in export.rows(np.array([0]))] == [[None]]


def test_a_record_says_what_stands_in_its_cells_whatever_the_headings(desk):
    book, page = sheet_of(["a", "a", 'b"'], [1.5, True, "=1+1"], ["1.5", None, dt.date(2024, 1, 2)])
    page["A3"].number_format = "@"
    export = opened(desk, saved(desk, book), "a")
    assert [record for _, _, record in places(export)] == [
        {"a (1)": 1.5, "a (2)": True, 'b"': "=1+1"},
        {"a (1)": "1.5", "a (2)": None, 'b"': "2024-01-02 00:00:00"},
    ]


def test_some_rows_are_fetched_again_before_and_after_they_were_written(desk, tmp_path):
    book, _ = sheet_of(["Id", "n"], *([f"C{n}", n] for n in range(5000)))
    export = opened(desk, saved(desk, book))
    wanted = np.array([0, 17, 4999])
    before = [(each.values.to_pylist(), each.lines.tolist(), each.records) for each in export.rows(wanted)]
    assert len(table(export, tmp_path)) == 5000
    after = [(each.values.to_pylist(), each.lines.tolist(), each.records) for each in export.rows(wanted)]
    assert before == after
    assert after[0][1] == [2, 19, 5001] and after[0][0][1] == {"c0": "C17", "c1": "\x01n17"}


# Ways to write the same sheet

ODDLY = {
    "a prefix for every name": lambda xml: (
        xml.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:").replace("xmlns=", "xmlns:x=")
    ),
    "no addresses": lambda xml: re.sub(r' r="[A-Z]*[0-9]+"', "", xml),
    "attributes in another order": lambda xml: xml.replace('<c r="A2" s="1">', '<c s="1" r="A2">'),
    "single quotes around the tags of rows and merges": lambda xml: re.sub(
        "<(row|mergeCell|col) [^>]*>", lambda match: match[0].replace('"', "'"), xml
    ),
    "single quotes": lambda xml: xml.replace('"', "'"),
    "comments": lambda xml: xml.replace("<v>", "<!-- <c r='Z9'><v>9</v></c> --><v>").replace("</row>", "<!----></row>"),
    "CDATA": lambda xml: xml.replace("<v>45322</v>", "<v><![CDATA[45322]]></v>"),
    "lines and spaces": lambda xml: xml.replace("<c ", "\n  <c ").replace("<row", "\n <row").replace("<v>", "\n<v>"),
    "other namespaces": lambda xml: xml.replace("</c>", '<z:e xmlns:z="z"><z:v>1</z:v></z:e></c>'),
    "more attributes": lambda xml: xml.replace(' t="inlineStr"', ' cm="1" t="inlineStr" vm="2"'),
    "extensions in a row": lambda xml: xml.replace("</row>", "<extLst><ext uri='x'><c/></ext></extLst></row>"),
}

PLAINLY = (
    f'<worksheet xmlns="{MAIN}"><cols><col min="2" max="2" hidden="1"/></cols><sheetData>'
    f'<row r="1">{text("A1", "jour")}{text("B1", "texte")}</row>'
    f'<row r="2" hidden="1"><c r="A2" s="1"><v>45322</v></c>{text("B2", "a &amp; b")}</row>'
    '<row r="3"><c r="A3"><f>1+1</f><v>2</v></c><c r="B3" t="s"><v>0</v></c></row></sheetData>'
    '<mergeCells><mergeCell ref="A2:A3"/></mergeCells></worksheet>'
)


@pytest.mark.parametrize("way", ODDLY)
def test_a_sheet_reads_the_same_however_its_xml_is_written(desk, tmp_path, way):
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    assert ODDLY[way](PLAINLY) != PLAINLY
    by_hand(desk, "", root=ODDLY[way](PLAINLY), styles=styles, strings="<si><t>été</t></si>")
    export = opened(desk)
    assert table(export, tmp_path) == [["\x01d2024-01-31 00:00:00", "a & b"], ["\x01n2", "été"]]
    assert [each.partition(": ")[2] for each in export.notices] == [
        "1 hidden row (first: row 2) is read.",
        "1 hidden column ('texte') is read.",
        "1 cell of 'jour' is a formula; the stored values are read.",
        "1 merged area among the records (first: A2:A3): only the first cell of each holds its value. If it counts for "
        'all of them, write: [tables.sales] fill_down = ["jour"]',
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-15", "utf-8-sig"])
def test_a_sheet_in_another_encoding_reads_the_same(desk, tmp_path, encoding):
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    said = f'<?xml version="1.0" encoding="{declared}"?>'
    root = said + PLAINLY.replace("a &amp; b", "été œ")
    by_hand(desk, "", root=root.encode(encoding), strings="<si><t>x</t></si>")
    assert table(opened(desk), tmp_path)[0][1] == "été œ"


def test_rows_longer_than_a_block_and_blocks_without_a_row_are_whole(desk, tmp_path, monkeypatch):
    book, _ = sheet_of(["Id", "Texte"], *([f"C{n}", f"{n} " * 40] for n in range(300)))
    name = saved(desk, book)
    whole = table(opened(desk, name), tmp_path)
    monkeypatch.setattr("perfkit.sources.xlsx.workbooks.CHUNK", 37)
    assert table(opened(desk, name), tmp_path) == whole and len(whole) == 300


def test_strict_workbooks_and_macros_are_read_like_others(desk, tmp_path):
    root = PLAINLY.replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")
    by_hand(
        desk, "", root=root, strings="<si><t>été</t></si>", name="macro.xlsm", more=[("xl/vbaProject.bin", b"\0\1")]
    )
    assert table(opened(desk, "macro.xlsm"), tmp_path)[1] == ["\x01n2", "été"]


# Damage and attacks


def refusal(desk, name="ventes.xlsx"):
    with pytest.raises(DataError) as refused:
        opened(desk, name)
    assert name in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    "declared",
    [
        "<!DOCTYPE worksheet>",
        '<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE w SYSTEM "http://example.invalid/x.dtd">',
    ],
)
@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"]
)
def test_a_declaration_of_types_or_entities_is_refused_in_every_part(desk, declared, part):
    by_hand(desk, HEAD)
    content = {}
    with zipfile.ZipFile(desk.exports / "ventes.xlsx") as packed:
        content = {name: packed.read(name).decode() for name in packed.namelist()}
    with zipfile.ZipFile(desk.exports / "ventes.xlsx", "w") as packed:
        for name, xml in content.items():
            packed.writestr(name, declared + xml if name == part else xml)
    assert f"{part} declares a document type" in refusal(desk)


def test_a_declaration_in_another_encoding_is_refused(desk):
    by_hand(desk, "", root=('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a>' + PLAINLY).encode("utf-16"))
    assert "declares a document type" in refusal(desk)


def test_a_bomb_is_refused_before_it_is_parsed(desk):
    by_hand(desk, HEAD + "<row/>" * 40_000_000)
    assert "times its size: it is no ordinary workbook" in refusal(desk)


def test_a_part_that_would_inflate_beyond_all_limits_is_refused(desk, monkeypatch):
    by_hand(desk, HEAD)
    monkeypatch.setattr("perfkit.sources.xlsx.workbooks.MOST_INFLATED", 1000)
    assert "would inflate to" in refusal(desk)


def test_a_member_that_stands_twice_is_refused(desk):
    with pytest.warns(UserWarning, match="Duplicate name"):
        by_hand(desk, HEAD, more=[("xl/worksheets/sheet1.xml", "<worksheet/>")])
    assert "holds 'xl/worksheets/sheet1.xml' twice" in refusal(desk)
    by_hand(desk, HEAD, more=[("XL/Worksheets/sheet1.XML", "<worksheet/>")])
    assert "twice" in refusal(desk)


def test_what_is_no_workbook_is_refused_in_words(desk):
    def zipped(*parts):
        with zipfile.ZipFile(desk.exports / "ventes.xlsx", "w") as packed:
            for name, content in parts:
                packed.writestr(name, content)
        return refusal(desk)

    assert "is a zip file, but no workbook" in zipped(("ventes.csv", "id;montant"))
    assert "OpenDocument" in zipped(("mimetype", "application/x"), ("content.xml", "<a/>"))
    relation = f'<Relationship Id="a" Type="{OFFICE}/officeDocument" Target="%s"/>'
    rels = f'<Relationships xmlns="{PACKAGE}">{relation}</Relationships>'
    assert "(.xlsb)" in zipped(("_rels/.rels", rels % "xl/workbook.bin"), ("xl/workbook.bin", b"\0"))
    assert "another kind" in zipped(("_rels/.rels", rels % "word/document.xml"), ("word/document.xml", "<a/>"))
    assert "no workbook" in zipped(("_rels/.rels", rels % "xl/workbook.xml"))
    desk.write("ventes.xlsx", b"id;montant\na;1\n")
    assert "damaged or cut" in refusal(desk)


def test_a_workbook_without_a_sheet_of_cells_or_a_filled_cell_is_refused(desk):
    by_hand(desk, "")
    assert "no cell of 'Ventes' holds anything" in refusal(desk)
    book, page = sheet_of(["a"])
    chart = book.create_chartsheet("Graphe")
    book.remove(page)
    book._sheets = [chart]
    book.active = 0
    saved(desk, book)
    assert "has no sheet of cells" in refusal(desk)


def outcome(desk, work):
    """Whether a file is read, all of it, or refused by its name; anything else is an error."""
    try:
        export = opened(desk)
        work.mkdir(exist_ok=True)
        assert len(table(export, work)) == export.records == len(places(export))
    except PerfkitError as error:
        return "refused" if "ventes.xlsx" in str(error) else str(error)
    return "read"


@pytest.mark.parametrize(
    "rows, said",
    [
        ('<row r="2"><c r="A2"><v>1</v></row>', "mismatched tag"),
        ('<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>', "the cell A2 stands twice"),
        ('<row r="3"><c r="A3"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>', ""),
        ('<row r="2"><c r="A2" t="s"><v>7</v></c></row>', "asks for shared text 7 of 0"),
        ('<row r="2"><c r="A2" t="s"><v>sept</v></c></row>', "shared text"),
        ('<row r="2"><c r="A2" t="magic"><v>7</v></c></row>', "not built as a workbook's"),
        ('<row r="2"><c r="A0"><v>7</v></c></row>', "outside the sheet"),
        ('<row r="2"><c r="XFE2"><v>7</v></c></row>', "outside the sheet"),
        ('<row r="2"><c r="a2"><v>7</v></c></row>', "'a2' is no cell"),
        ('<row r="2"><c r="$A$2"><v>7</v></c></row>', "is no cell"),
        ('<row r="deux"><c><v>7</v></c></row>', "is no row number"),
        ('<row r="2"><c r="A2"><v>a<b/>c</v></c></row>', ""),
        ('<row r="2"><c r="A2"><v>1</v><v>2</v></c></row>', "not built as a workbook's"),
        ('<row r="2"><c r="A2" t="str"><v>1</v><is><t>2</t></is></c></row>', "both a value and a text"),
        ("<row>" * 200 + "</row>" * 200, ""),
        ("<z>" * 200 + "</z>" * 200, "nested"),
    ],
)
def test_a_sheet_that_no_workbook_has_is_refused_or_read_without_harm(desk, rows, said):
    by_hand(desk, HEAD + rows)
    if said:
        assert said in refusal(desk)
    else:
        assert outcome(desk, desk.folder) in ("read", "refused")


def test_rows_out_of_order_across_blocks_are_refused(desk, monkeypatch):
    monkeypatch.setattr("perfkit.sources.xlsx.workbooks.CHUNK", 64)
    by_hand(desk, HEAD + "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in (5, 6, 7, 2, 3)))
    assert "its rows are out of order (row 2 after row" in refusal(desk)


def test_an_external_sheet_is_never_followed(desk):
    by_hand(desk, HEAD)
    with zipfile.ZipFile(desk.exports / "ventes.xlsx") as packed:
        content = {name: packed.read(name).decode() for name in packed.namelist()}
    with zipfile.ZipFile(desk.exports / "ventes.xlsx", "w") as packed:
        for name, xml in content.items():
            outside = 'TargetMode="External" Target="file:///etc/passwd"'
            packed.writestr(name, xml.replace('Target="worksheets/sheet1.xml"', outside))
    assert "the sheet 'Ventes' is not in the file" in refusal(desk)


def small_workbook():
    book, page = sheet_of(["Id", "Jour", "CA"], *([f"C{n}", dt.date(2024, 1, n), n / 4] for n in range(1, 9)))
    page["D1"], page["D2"] = "Formule", "=C2*2"
    page.merge_cells("A10:B10")
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


@pytest.mark.parametrize("stored", [False, True], ids=["bytes of the file", "bytes of a part"])
def test_300_mutations_are_refused_or_read_without_a_traceback(desk, tmp_path, stored):
    chance, whole = random.Random(20261122), small_workbook()
    with zipfile.ZipFile(io.BytesIO(whole)) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    outcomes = {"read": 0, "refused": 0}
    for number in range(300):
        if stored:
            changed = dict(parts)
            name = chance.choice(sorted(parts))
            changed[name] = mutated(chance, parts[name])
            made = io.BytesIO()
            with zipfile.ZipFile(made, "w") as packed:
                for each, content in changed.items():
                    packed.writestr(each, content)
            data = made.getvalue()
        else:
            data = mutated(chance, whole)
        desk.write("ventes.xlsx", data or b"P")
        work = tmp_path / str(number)
        work.mkdir()
        outcomes[outcome(desk, work)] += 1
    assert min(outcomes.values()) > 10


def mutated(chance, data):
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5))):
        how, at = chance.randrange(5), chance.randrange(max(len(data), 1))
        if how == 0:
            data[at : at + 1] = bytes([data[at] ^ (1 << chance.randrange(8))])
        elif how == 1:
            del data[at:]
        elif how == 2:
            del data[at : at + chance.randrange(1, 40)]
        elif how == 3:
            data[at:at] = data[at : at + chance.randrange(1, 60)]
        else:
            data[at : at + 1] = bytes([chance.choice(b'<>"&/0129\x00\xff')])
        if not data:
            break
    return bytes(data)


# Round trips

SIGNS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
TEXTS = st.text(SIGNS, min_size=1, max_size=20)
NUMBERS = st.decimals(-(10**11), 10**11, places=4, allow_nan=False)
DAYS = st.datetimes(dt.datetime(1900, 3, 1), dt.datetime(2199, 12, 31)).map(lambda each: each.replace(microsecond=0))
ROWS = st.lists(st.tuples(TEXTS, NUMBERS, DAYS, st.booleans(), st.one_of(st.none(), TEXTS)), min_size=1, max_size=8)


@settings(max_examples=100)
@given(rows=ROWS, shared=st.booleans(), from_1904=st.booleans())
def test_what_is_written_is_read_back_exactly(tmp_path_factory, rows, shared, from_1904):
    folder = tmp_path_factory.mktemp("round")
    options = {"constant_memory": not shared, "date_1904": from_1904, "strings_to_formulas": False}
    book = xlsxwriter.Workbook(
        folder / "ventes.xlsx", {**options, "strings_to_urls": False, "strings_to_numbers": False}
    )
    page = book.add_worksheet()
    page.write_row(0, 0, ["texte", "nombre", "jour", "vrai", "autre"])
    day = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    meant = []
    for number, (word, amount, when, true, other) in enumerate(rows, 1):
        when = max(when, dt.datetime(1904, 1, 2)) if from_1904 else when
        page.write_string(number, 0, word)
        page.write_number(number, 1, float(amount))
        page.write_datetime(number, 2, when, day)
        page.write_boolean(number, 3, true)
        if other is not None:
            page.write_string(number, 4, other)
        said = format(amount.normalize() if amount else Decimal(0), "f")
        meant.append([word, f"\x01n{said}", f"\x01d{when}", f"\x01b{str(true).lower()}", other])
    book.close()
    file = examine(folder / "ventes.xlsx", folder)
    export = XlsxExport(file, "sales", Format(), ())
    assert table(export, folder) == meant
    assert [line for _, line, _ in places(export)] == list(range(2, len(rows) + 2))


@settings(max_examples=40)
@given(rows=ROWS)
def test_the_plain_and_the_rewritten_way_read_the_same(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("ways")
    book, _ = sheet_of(["texte", "nombre", "jour", "vrai", "autre"], *([*row] for row in rows))
    try:
        book.save(folder / "ventes.xlsx")
    except openpyxl.utils.exceptions.IllegalCharacterError:
        return
    workbook = Workbook(Package(examine(folder / "ventes.xlsx", folder)))
    strings = shared_texts.shared(workbook)
    if workbook.strings:
        assert strings.equals(shared_texts._shared(workbook, plain=False))
    both = []
    for plain in (True, False):
        reader = cells_of._Reader(workbook, workbook.sheets[0], strings, cells_of.Cells())
        cells = reader.read(plain=plain)
        both.append((cells.head, cells.rows, cells.columns, [each[2].to_pylist() for each in cells.batches()]))
    assert both[0] == both[1]
