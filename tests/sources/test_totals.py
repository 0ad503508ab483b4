"""Totals: rows that an export adds for its readers are left out, counted, and their totals compared."""

from decimal import Decimal

import pytest

from perfkit.errors import DataError

FRENCH = {
    "format": {"delimiter": ";", "decimal": ",", "date": "%d/%m/%Y"},
    "columns": {"date": "Date", "customer_id": "Client", "product_id": "Article", "net_revenue": "Montant"},
}
HEAD = "Date;Client;Article;Montant\n"
ROWS = "05/01/2024;C1;A;10,50\n06/01/2024;C2;B;20,00\n"


def rules(snapshot, table="sales"):
    found = snapshot.report["tables"][table]["excluded"]["rules"]
    return {rule["because"]: rule["rows"] for rule in found}


def stated(snapshot):
    return [(each["stated"], each["read"], each["ties"]) for each in snapshot.report["tables"]["sales"]["totals"]]


@pytest.mark.parametrize(
    "label",
    [
        "Total",
        "TOTAL",
        "Total général",
        "TOTAL GENERAL",
        "Totaux",
        "Grand total",
        "Total :",
        "Total HT",
        "Sous-total C2",
    ],
)
def test_a_totals_row_is_left_out_and_its_total_compared(desk, label):
    snapshot = desk.load(f"{HEAD}{ROWS}{label};;;30,50\n", **FRENCH)
    assert desk.counts(snapshot) == (2, 1, 0) and desk.revenue(snapshot) == Decimal("30.50")
    assert rules(snapshot) == {"totals row": 1} and desk.revenue(snapshot, "read") == Decimal("30.50")
    assert stated(snapshot) == [("30.5", "30.5", True)]


def test_a_label_in_another_column_is_seen_too(desk):
    snapshot = desk.load(f"{HEAD}{ROWS};;Total;30,50\n", **FRENCH)
    assert desk.counts(snapshot) == (2, 1, 0) and desk.revenue(snapshot) == Decimal("30.50")


def test_subtotals_and_a_grand_total_tie_together(desk):
    text = f"{HEAD}05/01/2024;C1;A;10,50\nSous-total C1;;;10,50\n06/01/2024;C2;B;20\nSous-total C2;;;20\nTotal;;;30,5\n"
    snapshot = desk.load(text, **FRENCH)
    assert desk.counts(snapshot) == (2, 3, 0) and desk.revenue(snapshot) == Decimal("30.50")
    assert stated(snapshot) == [("30.5", "30.5", True)]


def test_a_total_that_the_rows_miss_is_told(desk):
    snapshot = desk.load(f"{HEAD}{ROWS}Total;;;99,00\n", **FRENCH)
    assert desk.revenue(snapshot) == Decimal("30.50") and stated(snapshot) == [("99", "30.5", False)]
    assert any("99" in notice and "30.5" in notice for notice in snapshot.report["tables"]["sales"]["notices"])


def test_a_row_set_aside_is_part_of_what_the_total_is_compared_with(desk):
    snapshot = desk.load(f"{HEAD}{ROWS}31/02/2024;C3;C;1,00\nTotal;;;31,50\n", **FRENCH)
    assert desk.counts(snapshot) == (2, 1, 1) and stated(snapshot) == [("31.5", "31.5", True)]


def test_amounts_that_cannot_be_read_are_counted_where_the_total_is_missed(desk):
    text = f"{HEAD}{ROWS}07/01/2024;C3;C;deux\n08/01/2024;C3;C;trois\nTotal;;;35,50\n"
    snapshot = desk.load(text, **FRENCH)
    assert desk.counts(snapshot) == (2, 1, 2) and stated(snapshot) == [("35.5", "30.5", False)]
    assert snapshot.report["tables"]["sales"]["totals"][0]["unreadable"] == 2
    assert snapshot.report["tables"]["sales"]["notices"] == [
        "sales.csv: its totals row says net_revenue 35.5, but the rows add up to 30.5, and the amount of 2 rows is in "
        "no sum. If that does not explain the difference of 5, the export is not complete."
    ]


def test_unreadable_amounts_are_those_of_their_own_file(desk):
    desk.write("a.csv", f"{HEAD}{ROWS}07/01/2024;C3;C;deux\nTotal;;;32,50\n")
    desk.write("b.csv", f"{HEAD}{ROWS.replace('2024', '2023')}Total;;;99,00\n")
    snapshot = desk.load(name="*.csv", **FRENCH)
    found = snapshot.report["tables"]["sales"]["totals"]
    assert [(each["file"], each["unreadable"]) for each in found] == [("a.csv", 1), ("b.csv", 0)]
    assert snapshot.report["tables"]["sales"]["notices"][1].endswith("add up to 30.5. Is the export complete?")


def test_what_is_said_alike_of_many_files_is_said_once(desk):
    for month in range(1, 11):
        rows = ROWS.replace("/01/", f"/{month:02}/")
        head = HEAD.replace("Client", "Canal;Client") if month == 1 else HEAD
        rows = rows.replace("2024;", "2024;web;") if month == 1 else rows
        desk.write(f"2024-{month:02}.csv", f"{head}{rows}" + ("\n" if month == 3 else ""))
    columns = {**FRENCH["columns"], "channel": {"column": "Canal", "optional": True}}
    snapshot = desk.load(name="2024-*.csv", format={"decimal": ",", "date": "%d/%m/%Y"}, columns=columns)
    assert snapshot.report["tables"]["sales"]["notices"] == [
        "10 files, first 2024-01.csv: read ;-separated.",
        "2024-03.csv: 1 blank line holds no record.",
        "9 files, first 2024-02.csv, have no column for channel: their rows have no value there.",
    ]


def test_blank_rows_and_repeated_headings_are_left_out(desk):
    snapshot = desk.load(f"{HEAD}{ROWS};;;\n{HEAD}07/01/2024;C3;C;1,00\n;;;\n", **FRENCH)
    assert desk.counts(snapshot) == (3, 3, 0) and desk.aside(snapshot) == []
    assert rules(snapshot) == {"blank row": 2, "the headings again": 1}


def test_a_customer_called_total_with_a_day_is_a_sale(desk):
    snapshot = desk.load(f"{HEAD}{ROWS}07/01/2024;Total SA;C;5,00\n07/01/2024;TOTAL;C;6,00\n", **FRENCH)
    assert desk.counts(snapshot) == (4, 0, 0) and desk.revenue(snapshot) == Decimal("41.50")


def test_a_row_with_a_day_but_else_only_a_totals_label_is_set_aside(desk):
    snapshot = desk.load(f"{HEAD}{ROWS}31/01/2024;Total;;30,50\n", **FRENCH)
    assert desk.counts(snapshot) == (2, 0, 1) and desk.aside(snapshot)[0][3] == "looks like a total"
    kept = desk.load(**FRENCH, totals="keep")
    assert desk.counts(kept) == (3, 0, 0)


def test_a_totals_row_with_fewer_fields_is_a_total_still(desk):
    snapshot = desk.load(f"{HEAD}{ROWS}Total;30,50\n", **FRENCH)
    assert desk.counts(snapshot) == (2, 1, 0) and desk.aside(snapshot) == []


def test_a_control_total_counts_no_totals_row(desk):
    snapshot = desk.load(f"{HEAD}{ROWS}Total;;;30,50\n", control={"rows": 2, "net_revenue": "30.50"}, **FRENCH)
    assert snapshot.report["tables"]["sales"]["control"] == {"rows": 2, "net_revenue": "30.5"}


def test_a_file_of_headings_and_totals_alone_is_refused(desk):
    with pytest.raises(DataError, match="no row of data"):
        desk.load(f"{HEAD}Total;;;0,00\n", **FRENCH)


WHOLE = {
    "format": {"delimiter": ";", "decimal": ",", "date": "%d/%m/%Y"},
    "columns": {
        "date": "Date", "order_id": "N°", "customer_id": "Client", "product_id": "Article", "quantity": "Qté",
        "net_revenue": "Montant HT",
    },
}  # fmt: skip
LINES = "05/01/2024;F1;Dupont;A1;2;100,00\n15/01/2024;F2;Martin;A2;3;200,00\n"


@pytest.mark.parametrize(
    "row", ["31/01/2024;Sous-total;;;5;300,00", "31/01/2024;;Total janvier;;5;300,00", "31/01/2024;;Total;;;300,00"]
)
def test_a_dated_subtotal_with_a_quantity_is_no_sale(desk, row):
    text = f"Date;N°;Client;Article;Qté;Montant HT\n{LINES}{row}\n15/02/2024;F3;Martin;A2;1;50,00\n"
    snapshot = desk.load(text, **WHOLE)
    assert desk.revenue(snapshot) == 350 and desk.aside(snapshot)[0][3] == "looks like a total"


def test_a_dated_total_beside_day_and_amount_alone_is_no_sale(desk):
    text = "Libellé;Date;Montant\nVentes;05/01/2024;300,00\nTotal général;31/01/2024;300,00\n"
    columns = {"date": "Date", "net_revenue": "Montant"}
    assert desk.revenue(desk.load(text, format=FRENCH["format"], columns=columns)) == 300


@pytest.mark.parametrize(
    "row", ["31/13/2024;F3;Total France;A1;5;300,00", ";F3;Somme Conseil;A1;5;300,00", "31/13/2024;;Total SA;;5;300,00"]
)
def test_a_sale_without_a_day_to_a_customer_whose_name_begins_so_is_set_aside(desk, row):
    snapshot = desk.load(f"Date;N°;Client;Article;Qté;Montant HT\n{LINES}{row}\n", **WHOLE)
    assert desk.counts(snapshot) == (2, 0, 1) and desk.aside(snapshot)[0][0] == 4


def test_a_broken_record_of_a_customer_whose_name_begins_so_is_set_aside(desk):
    text = "Client;Date;Montant\nA;05/01/2024;1,00\nTotalEnergies;06/01/2024;5000,00;x\n"
    columns = {"date": "Date", "customer_id": "Client", "net_revenue": "Montant"}
    snapshot = desk.load(text, format=FRENCH["format"], columns=columns)
    assert desk.counts(snapshot) == (1, 0, 1)


def test_a_total_among_spend_and_in_a_list_is_set_aside(desk):
    text = "date,channel,amount\n2024-01-01,web,100\n2024-01-01,shop,50\n2024-01-01,Total,150\n"
    snapshot = desk.load(text, table="spend")
    assert desk.counts(snapshot, "spend") == (2, 0, 1)
    snapshot = desk.load("customer_id,name\nC1,A\nTotal,\nC2,Total\n", table="customers")
    assert desk.column(snapshot, "customer_id", "customers") == ["C1", "C2"]
