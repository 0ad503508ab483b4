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
