"""Workbooks: sheets, types, formulas, errors, both epochs, hidden things, and files that only look like workbooks."""

import io
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter

from tests.corpus.books import FILE, SHEET, at, book, by_xlsxwriter, rows_of, ventes, ventes_rows
from tests.corpus.cases import (
    HEAD,
    MAPPED,
    Case,
    Draw,
    aside,
    company,
    notes,
    ok,
    plain,
    refuse,
)


def cases(seed: int) -> Iterator[Case]:
    for part in (_plain, _sheets, _layout, _dates, _texts, _odd_cells, _formulas, _hidden):
        for name, content, toml, *rest in part(lambda name: Draw(seed, name)):
            *outcomes, last = rest
            columns = last if isinstance(last, dict) else {}
            outcomes = tuple(outcomes if columns else rest)
            files = content if isinstance(content, dict) else {FILE: content}
            yield Case("workbooks", name, files, toml, outcomes, None, columns)


def _plain(draw):
    sales = draw("openpyxl").sales()
    days = {"date": [s.day for s in sales], "customer_id": [s.customer for s in sales]}
    yield "written by openpyxl", ventes(sales), company(FILE), ok(sales), days
    yield "written by xlsxwriter", by_xlsxwriter([HEAD, *rows_of(sales)]), company(FILE), ok(sales), days
    yield (
        "texts in the cells",
        by_xlsxwriter([HEAD, *rows_of(sales)], constant_memory=True),
        company(FILE),
        ok(sales),
        days,
    )
    yield "a workbook by its bytes", {"ventes.csv": ventes(sales)}, company("ventes.csv"), ok(sales)
    yield "with macros", {"ventes.xlsm": ventes(sales)}, company("ventes.xlsm"), ok(sales)
    d = draw("two workbooks")
    other = d.sales()
    files = {"a.xlsx": ventes(sales), "b.xlsx": ventes(other)}
    yield "two workbooks", files, company("*.xlsx"), ok(sales + other)
    files = {"a.xlsx": ventes(sales), "b.csv": plain(other)}
    yield "a workbook and a CSV file", files, company("*"), ok(sales + other)
    content = book({SHEET: [list(MAPPED.values()), *rows_of(sales)]})
    yield "French headings", content, company(FILE, columns=MAPPED), ok(sales)
    amounts = [
        Decimal("0.1"),
        Decimal("0.2"),
        Decimal("1.005"),
        Decimal("1234567.89"),
        Decimal("-0.01"),
        Decimal("99999999999.99"),
    ]
    rows = [[f"A{n}", date(2024, 1, 31), float(a)] for n, a in enumerate(amounts)]
    yield (
        "amounts that floats hold badly",
        book({SHEET: [["order_id", "date", "net_revenue"], *rows]}),
        company(FILE),
        ok(amounts),
    )


def _sheets(draw):
    d = draw("sheets")
    one, two = d.sales(), d.sales()
    both = {"Janvier": [HEAD, *rows_of(one)], "Février": [HEAD, *rows_of(two)]}
    content = book({"Lisez-moi": [["Export du 5 février"], ["Zoé"]], SHEET: [HEAD, *rows_of(one)], "Vide": []})
    yield "one sheet of three holds the table", content, company(FILE), ok(one)
    content = book({"Lisez-moi": [["Bonjour"]], SHEET: [HEAD, *rows_of(one), ["X1", "hier", "C1", "P1", 1, 5.0]]})
    yield "a bad row in the second sheet", content, company(FILE), aside(one, at(len(one) + 2, "date"))
    content = book(both)
    yield "two sheets hold tables, not said which", content, company(FILE), refuse(FILE, "Janvier", "Février", "sheet")
    yield "one of two sheets", content, company(FILE, sheet="Février"), ok(two)
    yield "both sheets by their names", content, company(FILE, sheet=["Janvier", "Février"]), ok(one + two)
    yield "all sheets", content, company(FILE, sheet="*"), ok(one + two)
    yield "a sheet that is not there", content, company(FILE, sheet="Mars"), refuse(FILE, "Mars", "Janvier")
    bad = {name: [*rows, ["X1", "hier", "C1", "P1", 1, 5.0]] for name, rows in both.items()}
    places = (at(len(one) + 2, "date", "Janvier"), at(len(two) + 2, "date", "Février"))
    yield "bad rows in two sheets", book(bad), company(FILE, sheet="*"), aside(one + two, *places)
    changed = {"Janvier": [HEAD, *rows_of(one)], "Février": [HEAD[::-1], *(row[::-1] for row in rows_of(two))]}
    yield "columns in another order on each sheet", book(changed), company(FILE, sheet="*"), ok(one + two)
    twice = {"Janvier": [HEAD, *rows_of(one)], "Copie": [HEAD, *rows_of(one)]}
    yield "the same sheet twice", book(twice), company(FILE, sheet="*"), refuse(FILE, "Copie")

    def with_chart(made):
        made.create_chartsheet("Graphique")

    yield "a sheet of a chart", ventes(one, with_chart), company(FILE), ok(one)
    yield "a sheet's name with signs", book({"T1 & <b>'été'": [HEAD, *rows_of(one)]}), company(FILE), ok(one)


def _layout(draw):
    sales = draw("layout").sales()
    rows = rows_of(sales)
    bad = ["X1", "hier", "C1", "P1", 1, 5.0]
    above = [["Société Essai"], [], ["Ventes 2024"], []]
    content = book({SHEET: [*above, HEAD, *rows, bad]})
    yield "a block of titles", content, company(FILE), aside(sales, at(len(sales) + 6, "date"))
    shifted = [[None, None, *row] for row in [[], HEAD, *rows]]
    yield "a table that does not start at A1", book({SHEET: shifted}), company(FILE), ok(sales)

    def merged_title(made):
        made[SHEET].insert_rows(1)
        made[SHEET]["A1"] = "Ventes"
        made[SHEET].merge_cells("A1:F1")

    yield "a merged title", ventes(sales, merged_title), company(FILE), ok(sales)

    def grouped_head(made):
        page = made[SHEET]
        page.insert_rows(1)
        page["A1"], page["D1"] = "Document", "Ligne"
        page.merge_cells("A1:C1")
        page.merge_cells("D1:F1")

    yield "headings under merged groups", ventes(sales, grouped_head), company(FILE), ok(sales)

    def tall_head(made):
        page = made[SHEET]
        page.insert_rows(1)
        for column in "ABCDEF":
            page[f"{column}1"], page[f"{column}2"] = page[f"{column}2"].value, None
            page.merge_cells(f"{column}1:{column}2")

    yield "headings merged over two rows", ventes(sales, tall_head), company(FILE), ok(sales)

    def merged_customers(made):
        page = made[SHEET]
        page["C3"], page["C4"] = None, None
        page.merge_cells("C2:C4")

    yield "a customer merged over three rows", ventes(sales, merged_customers), company(FILE), ok(sales), refuse(FILE)
    spaced = [HEAD, *rows[:2], [], [None] * 6, *rows[2:], [], bad]
    yield "empty rows between", book({SHEET: spaced}), company(FILE), aside(sales, at(len(sales) + 5, "date"))
    whole = float(sum((s.amount for s in sales), Decimal(0)))
    content = book({SHEET: [HEAD, *rows, ["Total", None, None, None, None, whole]]})
    yield "a row of totals", content, company(FILE), notes(sales, 1)
    content = book({SHEET: [HEAD, *rows, [], [None, None, None, "Total général", None, whole]]})
    yield "a row of totals below an empty one", content, company(FILE), notes(sales, 1)
    content = book({SHEET: [HEAD, *rows[:3], HEAD, *rows[3:]]})
    yield "headings repeated", content, company(FILE), notes(sales, 1)
    yield "headings and no row", book({SHEET: [HEAD]}), company(FILE), refuse(FILE)
    yield "an empty sheet", book({SHEET: []}), company(FILE), refuse(FILE)
    content = book({SHEET: [[*HEAD, "net_revenue"], *([*row, 1] for row in rows)]})
    yield "two columns of one name", content, company(FILE), refuse(FILE, "net_revenue")
    content = book({SHEET: [HEAD[:5], *(row[:5] for row in rows)]})
    yield "no column of amounts", content, company(FILE), refuse(FILE, "net_revenue")
    content = book({SHEET: [["order_id", "date", "CA (k€)"], *([row[0], row[1], row[5]] for row in rows)]})
    columns = {"order_id": "order_id", "date": "date", "net_revenue": "CA (k€)"}
    yield "a heading in thousands", content, company(FILE, columns=columns), refuse(FILE, "CA (k€)")


def _dates(draw):
    sales = draw("dates").sales()
    rows = rows_of(sales)
    days = {"date": [s.day for s in sales]}
    yield "the epoch of 1904", by_xlsxwriter([HEAD, *rows], date_1904=True), company(FILE), ok(sales), days
    timed = [[row[0], datetime(row[1].year, row[1].month, row[1].day, 23, 59, 30), *row[2:]] for row in rows]
    yield "days with times", ventes_rows(timed), company(FILE), ok(sales), days
    for shape in ("%d/%m/%Y", "%Y-%m-%d"):
        typed = [[row[0], row[1].strftime(shape), *row[2:]] for row in rows]
        yield f"days as texts {shape}", ventes_rows(typed), company(FILE), ok(sales), days
    serials = [[row[0], (row[1] - date(1899, 12, 30)).days, *row[2:]] for row in rows]
    yield "serials without a format", ventes_rows(serials), company(FILE), refuse(FILE, "date", "excel")
    yield (
        "serials without a format, declared",
        ventes_rows(serials),
        company(FILE, format={"date": "excel"}),
        ok(sales),
        days,
    )
    early = [[row[0], f"0{n % 9 + 1}/0{n % 7 + 1}/2024", *row[2:]] for n, row in enumerate(rows)]
    yield "days as texts, undecidable", ventes_rows(early), company(FILE), refuse(FILE, "date")
    for name, odd in (
        ("a word", "hier"),
        ("a day that is none", "31/02/2024"),
        ("nothing", None),
        ("a quarter", "T1 2024"),
        ("a boolean", True),
    ):
        mixed = [*rows, ["X1", odd, "C1", "P1", 1, 5.0]]
        yield f"one day is {name}", ventes_rows(mixed), company(FILE), aside(sales, at(len(sales) + 2, "date"))
    mixed = [*rows, ["X1", 45000, "C1", "P1", 1, 5.0]]
    place = aside(sales, at(len(sales) + 2, "date"))
    yield "one day lost its format", ventes_rows(mixed), company(FILE), place, refuse(FILE, "date")


def _texts(draw):
    d = draw("texts")
    sales = d.sales(8)
    for name, ids in (
        ("leading zeros", ["00123", "0123", "123", "00007"]),
        ("spaces", [" C1", "C1 ", "C1", "C  1"]),
        ("words of nothing", ["NA", "null", "#N/A", "None"]),
        ("numbers and texts", ["1E5", "1.0", "17850.0", "100000"]),
        ("formulas as texts", ["'=1+1", "+33 1", "-5", "@SUM(A1)"]),
        ("newlines", ["a\nb", "a\tb", "é\nœ", "x"]),
        ("escapes", ["_x000D_", "_x0041_", "&amp;", "<b>"]),
    ):
        rows = rows_of(sales)
        for n, row in enumerate(rows):
            row[2] = ids[n % 4]
        content = by_xlsxwriter(
            [HEAD, *rows], strings_to_numbers=False, strings_to_formulas=False, strings_to_urls=False
        )
        yield f"ids as texts: {name}", content, company(FILE), ok(sales), {"customer_id": [row[2] for row in rows]}
    rows = rows_of(sales)
    for n, row in enumerate(rows):
        row[2] = 17850 + n
    yield (
        "ids as numbers",
        ventes_rows(rows),
        company(FILE),
        ok(sales),
        {"customer_id": [str(17850 + n) for n in range(8)]},
    )
    rows = rows_of(sales)
    for row, sale in zip(rows, sales, strict=True):
        row[5] = f"{sale.amount * 1000:,}".replace(",", "\xa0").replace(".", ",") + " €"
    yield "amounts as texts", ventes_rows(rows), company(FILE), ok([s.amount * 1000 for s in sales])
    rows = rows_of(sales)
    for n, (row, sale) in enumerate(zip(rows, sales, strict=True)):
        row[5] = str(sale.amount).replace(".", ",") if n % 2 else row[5]
    yield "some amounts as texts", ventes_rows(rows), company(FILE), ok(sales)
    rows = rows_of(sales)
    for n, row in enumerate(rows):
        row[5] = f"{n + 1}.234"
    yield "amounts as texts, ambiguous", ventes_rows(rows), company(FILE), refuse(FILE, "net_revenue")


def _odd_cells(draw):
    for name, odd in (
        ("#DIV/0!", "#DIV/0!"),
        ("#N/A", "#N/A"),
        ("#REF!", "#REF!"),
        ("#VALUE!", "#VALUE!"),
        ("a boolean", True),
        ("a word", "n.c."),
        ("nothing", None),
        ("a day", date(2024, 1, 5)),
        ("too many decimals", 1.00005),
        ("too large", 1e17),
    ):
        d = draw(name)
        sales = d.sales()
        rows = rows_of(sales)
        where = d.randrange(len(rows) + 1)
        rows.insert(where, ["X1", date(2024, 5, 5), "C1", "P1", 1, odd])
        yield f"one amount is {name}", ventes_rows(rows), company(FILE), aside(sales, at(where + 2, "net_revenue"))
    sales = draw("errors elsewhere").sales()
    rows = [[*row, "#N/A" if n == 2 else "x"] for n, row in enumerate(rows_of(sales))]
    yield "an error in a column that nobody needs", book({SHEET: [[*HEAD, "note"], *rows]}), company(FILE), ok(sales)
    rows = rows_of(sales)
    rows[1][4] = "#DIV/0!"
    yield "an error in a quantity", ventes_rows(rows), company(FILE), aside(sales[:1] + sales[2:], at(3, "quantity"))
    rows = rows_of(sales)
    rows[3][2] = "#REF!"
    yield "an error in a customer", ventes_rows(rows), company(FILE), aside(sales[:3] + sales[4:], at(5, "customer_id"))

    def in_euros(made):
        for row in made[SHEET].iter_rows(min_row=2, min_col=6, max_col=6):
            row[0].number_format = '#,##0.00 "€";[Red]-#,##0.00 "€"'

    yield "amounts with a format in euros", ventes(sales, in_euros), company(FILE), ok(sales)


def _formulas(draw):
    sales = draw("formulas").sales()
    rows = rows_of(sales)
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    page = made.add_worksheet(SHEET)
    for n, row in enumerate([HEAD, *rows]):
        for column, cell in enumerate(row):
            if n and column == 5:
                page.write_formula(n, column, f"=E{n + 1}*2", None, cell)
            elif n and column == 2:
                page.write_formula(n, column, f'="C"&{n}', None, cell)
            else:
                page.write(n, column, cell)
    page.write(len(rows) + 1, 3, "Total")
    page.write_formula(len(rows) + 1, 5, f"=SUM(F2:F{len(rows) + 1})", None, float(sum(s.amount for s in sales)))
    made.close()
    kept = {"customer_id": [s.customer for s in sales]}
    yield "formulas with their values, and a total", out.getvalue(), company(FILE), notes(sales, 1), kept
    some = rows_of(sales)
    some[2][5] = "=E4*12.5"
    content = ventes_rows(some)
    yield (
        "a formula that was never computed",
        content,
        company(FILE),
        aside(sales[:2] + sales[3:], at(4, "net_revenue")),
    )
    none = rows_of(sales)
    for n, row in enumerate(none):
        row[5] = f"=E{n + 2}*12.5"
    yield "no formula was computed", ventes_rows(none), company(FILE), refuse(FILE, "net_revenue")
    noted = [[*row, "=1+1"] for row in rows_of(sales)]
    yield "formulas in a column that nobody needs", book({SHEET: [[*HEAD, "note"], *noted]}), company(FILE), ok(sales)


def _hidden(draw):
    sales = draw("hidden").sales(9)

    def rows_away(made):
        for line in (3, 6):
            made[SHEET].row_dimensions[line].hidden = True

    yield "hidden rows are read, and told", ventes(sales, rows_away), company(FILE), notes(sales)

    def filtered(made):
        made[SHEET].auto_filter.ref = "A1:F10"
        made[SHEET].auto_filter.add_filter_column(2, [sales[0].customer])
        for line in range(3, 11):
            made[SHEET].row_dimensions[line].hidden = True

    yield "rows that a filter hides", ventes(sales, filtered), company(FILE), notes(sales)

    def column_away(made):
        made[SHEET].column_dimensions["F"].hidden = True

    yield "a hidden column of amounts", ventes(sales, column_away), company(FILE), ok(sales)
    old = {SHEET: [HEAD, *rows_of(sales)], "Ancien": [HEAD, *rows_of(draw("old").sales())]}
    for state in ("hidden", "veryHidden"):

        def sheet_away(made, state=state):
            made["Ancien"].sheet_state = state

        outcomes = (notes(sales), refuse(FILE, "Ancien"))
        yield f"a table on a sheet that is {state}", book(old, sheet_away), company(FILE), *outcomes
        yield f"the other named, beside a {state} one", book(old, sheet_away), company(FILE, sheet=SHEET), ok(sales)
