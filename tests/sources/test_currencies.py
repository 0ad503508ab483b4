"""Two currencies are never added: what stands in another one is told in it, and is in no sum."""

from decimal import Decimal

import pytest

import perfkit as pk
from perfkit import languages, periods, terminal
from perfkit.errors import DataError
from perfkit.results import plain

SETTINGS = """
name = "Acme"
currency = "EUR"
[tables.sales]
files = "sales.csv"
exclude = [{ column = "product_id", equals = "POST", because = "postage" }]
"""
SALES = """order_id,date,customer_id,product_id,net_revenue,quantity,currency
1,2026-01-05,C1,P1,40.50,1,EUR
2,2026-01-06,C2,P1,15000,2,JPY
3,2026-01-06,C2,P1,25000.25,3,jpy
4,2026-01-07,C2,P1,7,4,USD
5,2026-01-08,C2,POST,900,5,JPY
6,2026-01-09,C2,P1,twelve,6,EUR
7,2026-01-32,C2,P1,8000,7,JPY
"""


@pytest.fixture
def acme(tmp_path):
    languages.use("en")
    (tmp_path / "exports").mkdir()
    (tmp_path / "company.toml").write_text(SETTINGS)
    (tmp_path / "exports" / "sales.csv").write_text(SALES)
    yield pk.load(tmp_path)
    languages.use("en")


def test_no_sum_holds_an_amount_of_another_currency(acme):
    report = acme.snapshot.report["tables"]["sales"]
    sums = [report["sums"], *(report[part]["sums"] for part in ("accepted", "excluded", "quarantined"))]
    assert [Decimal(each["net_revenue"]) for each in sums] == [Decimal("40.50"), Decimal("40.50"), 0, 0]
    assert report["sums"]["quantity"] == "28", "a quantity has no currency"
    assert report["excluded"]["unreadable"]["net_revenue"] == 1
    assert report["quarantined"]["unreadable"]["net_revenue"] == 5


def test_a_sign_and_small_letters_are_the_company_s_currency(tmp_path):
    (tmp_path / "exports").mkdir()
    (tmp_path / "company.toml").write_text(SETTINGS)
    rows = [
        "0,2025-12-01,C1,P1,1,1,EUR",
        "1,2026-01-05,C1,P1,40.50,1,EUR",
        "2,2026-01-06,C2,P1,10,1, eur ",
        "3,2026-01-07,C2,P1,10,1,€",
    ]
    (tmp_path / "exports" / "sales.csv").write_text("\n".join([SALES.split("\n")[0], *rows]) + "\n")
    acme = pk.load(tmp_path)
    assert acme.frame("sales")["currency"].tolist() == ["EUR"] * 4
    card = pk.kpis.scorecard(acme.lines(), period=periods.parse("2026-01"), currency="EUR")
    assert card.row("revenue")["actual"] == Decimal("60.50")


def test_what_is_set_aside_for_its_currency_is_told_in_it(acme):
    reasons = acme.snapshot.report["tables"]["sales"]["quarantined"]["reasons"]
    assert reasons["other currency"]["currencies"] == [
        {"currency": "JPY", "rows": 2, "money": "40000.25"},
        {"currency": "USD", "rows": 1, "money": "7"},
    ]
    assert acme.snapshot.quarantine().amount.notnull().sum().to_pyarrow().as_py() == 0


def test_the_appendix_says_na_and_names_each_currency(acme):
    found = acme.reconciliation()
    parts = found.rows.set_index("part")
    assert parts.loc["other_currency", ["lines", "money", "unreadable"]].tolist() == [3, None, 3]
    assert parts.loc["quarantined", ["lines", "money", "unreadable"]].tolist() == [2, None, 2]
    assert parts.loc["excluded", ["lines", "money"]].tolist() == [1, None]
    assert parts.loc["read", "money"] == Decimal("40.50")
    shown = plain(found.views()[0])
    assert "Set aside, in another currency      3     n/a" in shown
    assert "3 lines of sales are in another currency (¥40,000.25 and US$7) and in no sum" in shown.replace("JP¥", "¥")
    figures = found.figures().set_index("kpi")
    aside = figures.loc["sales_other_currency"]
    assert (aside["estimate"], aside["n"], aside["status"]) == (None, 3, "not available")
    assert figures.loc["sales_quarantined", "reason"] == "None of the amounts can be read."


def test_the_first_page_warns_of_it_in_both_languages(acme):
    assert "3 lines of sales (42.86% of those read) are in another currency" in acme.reconciliation().warning()
    languages.use("fr")
    assert "sont dans une autre devise" in acme.reconciliation().warning()


def test_a_load_and_the_quarantine_say_it_with_its_own_currency(acme, capsys):
    terminal.tell(acme, None)
    assert "in another currency (JPY 40,000.25, USD 7.00), in no sum); net_revenue 40.50 EUR" in capsys.readouterr().out
    terminal.show_quarantine(acme)
    assert "sales: 3 rows, net_revenue in no sum (JPY 40,000.25, USD 7.00)" in capsys.readouterr().out


def test_a_snapshot_of_before_they_were_told_apart_adds_them_to_nothing(acme):
    report = acme.snapshot.report["tables"]["sales"]
    old = report["quarantined"]["reasons"]["other currency"]
    del old["currencies"]
    old["sums"]["net_revenue"] = "40007.25"
    for sums in (report["sums"], report["quarantined"]["sums"]):
        sums["net_revenue"] = str(Decimal(sums["net_revenue"]) + Decimal("40007.25"))
    report["quarantined"]["unreadable"]["net_revenue"] = 1
    parts = acme.reconciliation().rows.set_index("part")
    assert parts.loc["read", "money"] == Decimal("40.50") and parts.loc["quarantined", "money"] == 0
    assert parts.loc["other_currency", "money"] is None or parts.loc["other_currency", "unreadable"] == 3


def test_a_table_that_is_all_in_another_currency_is_refused_for_that_and_not_for_its_format(desk):
    with pytest.raises(DataError, match="Amounts of two currencies are never added: ask for them in EUR"):
        desk.load("date,net_revenue,currency\n2024-01-01,1,USD\n2024-01-01,2,USD\n")
