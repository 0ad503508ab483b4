"""What was read is what was accepted, left out and set aside: in lines and in money, to the last digit."""

from decimal import Decimal

import pytest

import perfkit as pk
from perfkit import languages
from perfkit.results import plain

SETTINGS = """
name = "Acme"
currency = "EUR"
observed_until = "2026-01"

[tables.sales]
files = "sales.csv"
exclude = [
    { column = "product_id", equals = "POST", because = "postage <b>" },
    { column = "product_id", equals = "GIFT", because = "gift vouchers" },
]

[tables.products]
files = "products.csv"
"""
SALES = """order_id,date,customer_id,product_id,net_revenue
1,2026-01-05,C1,P1,40.001
2,2026-01-06,C2,POST,5.50
3,2026-01-32,C2,P1,20.00
4,2026-01-07,C2,P1,twelve
5,2026-02-01,C1,P1,7.25
"""


@pytest.fixture
def reconciliation(tmp_path):
    languages.use("en")
    (tmp_path / "exports").mkdir()
    (tmp_path / "company.toml").write_text(SETTINGS)
    (tmp_path / "exports" / "sales.csv").write_text(SALES)
    (tmp_path / "exports" / "products.csv").write_text("product_id,name\nP1,Lamp\n")
    return pk.load(tmp_path).reconciliation()


def test_the_parts_add_up_to_what_was_read(reconciliation):
    sales = reconciliation.rows[reconciliation.rows["table"] == "sales"]
    parts, read = sales[sales["part"] != "read"], sales[sales["part"] == "read"].iloc[0]
    assert parts["lines"].sum() == read["lines"] == 5
    assert sum(parts["money"], Decimal(0)) == read["money"] == Decimal("72.751")
    assert reconciliation.ties_to()["net_revenue"] == Decimal("72.751")


def test_each_rule_has_its_reason_and_the_unreadable_is_counted(reconciliation):
    rows = reconciliation.rows.query("table == 'sales'").set_index(["part", "because"])
    assert rows.loc[("excluded", "postage <b>"), ["lines", "money"]].tolist() == [1, Decimal("5.5")]
    assert rows.loc[("quarantined", ""), ["lines", "money", "unreadable"]].tolist() == [2, Decimal(20), 1]


def test_lines_after_the_last_complete_day_are_accounted_for(reconciliation):
    assert reconciliation.after == (1, Decimal("7.25"))


def test_the_table_shows_every_digit_and_ends_on_what_was_read(reconciliation):
    shown = plain(reconciliation.views()[0])
    assert "2 of 5 lines count, €47.25 of €72.75" in shown
    assert "€72.751" in shown and "€5.500" in shown
    assert "The amount of 1 line cannot be read" in shown
    assert "gift vouchers" not in shown  # a rule that left nothing out
    assert "&lt;b&gt;" in reconciliation.html()


def test_other_tables_and_the_reasons_have_tables_of_their_own(reconciliation):
    _, others, reasons = reconciliation.views()
    assert others.rows.to_dict("records") == [
        {"table": "products", "read": 1, "accepted": 1, "excluded": 0, "quarantined": 0}
    ]
    assert reasons.rows["lines"].sum() == 2


def test_the_figures_hold_every_part(reconciliation):
    figures = reconciliation.figures()
    assert figures["figure_id"].is_unique
    sales = figures[figures["kpi"].str.startswith("sales_")]
    assert sum(sales.loc[sales["kpi"] != "sales_read", "estimate"]) == Decimal("72.751")


def test_a_side_table_with_rows_left_out_stands_beside_one_without(tmp_path):
    customers = '\n[tables.customers]\nfiles = "customers.csv"\nkeep = "last"\n'
    (tmp_path / "exports").mkdir()
    (tmp_path / "company.toml").write_text(SETTINGS + customers)
    (tmp_path / "exports" / "sales.csv").write_text(SALES)
    (tmp_path / "exports" / "products.csv").write_text("product_id,name\nP1,Lamp\n")
    (tmp_path / "exports" / "customers.csv").write_text("customer_id,name\nC1,Old\nC1,New\n")
    others = pk.load(tmp_path).reconciliation().views()[1].rows.set_index("table")
    assert others.loc["customers"].tolist() == [2, 1, 1, 0]
    assert others.loc["products"].tolist() == [1, 1, 0, 0]


def test_lines_that_could_not_be_read_are_told_on_the_cover(reconciliation):
    assert reconciliation.warning() == "2 lines of sales (40.00% of those read) could not be read and are in no figure."
