"""Documents in another currency are kept apart with their number, so that the books may be read beside them."""

from decimal import Decimal

import pandas as pd
import pytest

import perfkit as pk
from perfkit import margins, periods
from perfkit.sources import set_aside

SALES = """order_id,date,customer_id,net_revenue,currency
F1,2026-01-05,C1,100,EUR
F2,2026-01-06,C2,200,USD
F2,2026-01-06,C2,50.5,usd
F3,2026-01-07,C3,10,
F4,2026-02-07,C3,ten,CHF
"""
LEDGER = """journal,entry_id,date,account,piece,debit,credit
VE,1,2026-01-05,411000,F1,100,
VE,1,2026-01-05,707000,F1,,100
VE,2,2026-01-06,411000,F2,231.20,
VE,2,2026-01-06,707000,F2,,231.20
"""


@pytest.fixture
def acme(tmp_path):
    (tmp_path / "exports").mkdir()
    for name, text in (("sales", SALES), ("ledger", LEDGER)):
        (tmp_path / "exports" / f"{name}.csv").write_text(text)
    tables = "".join(f'[tables.{name}]\nfiles = "{name}.csv"\n' for name in ("sales", "ledger"))
    (tmp_path / "company.toml").write_text(f'name = "Acme"\ncurrency = "EUR"\n{tables}max_quarantined = 1.0\n')
    return pk.load(tmp_path)


def test_each_document_stands_with_its_number_customer_day_and_money_in_its_currency(acme):
    found = set_aside.documents(acme.snapshot)
    rows = [row[:2] + row[3:] for row in found.itertuples(index=False, name=None)]
    assert ("F2", "C2", "USD", Decimal("250.5"), 2, True) in rows
    assert found["date"].dropna().min() == pd.Timestamp("2026-01-06")
    assert len(found) == found["lines"].sum() - 1


def test_where_nothing_is_set_aside_there_is_none(acme, tmp_path):
    (tmp_path / "exports" / "sales.csv").write_text("\n".join(SALES.split("\n")[:2]))
    found = set_aside.documents(pk.load(tmp_path).snapshot)
    assert found.empty and list(found.columns) == list(set_aside.documents(acme.snapshot).columns)


def test_the_books_tell_them_as_foreign_and_not_as_absent_from_sales(acme):
    options = {"period": periods.parse("2026-01"), "currency": "EUR"}
    plain = margins.ledger.tie(acme.table("sales"), acme.books(), **options)
    assert plain.totals["cause"].tolist() == ["not_in_sales"]
    told = margins.ledger.tie(acme.table("sales"), acme.books(), set_aside=acme.set_aside(), **options)
    assert told.totals[["cause", "amount"]].to_numpy().tolist() == [["foreign", Decimal("231.20")]]
    assert told.total("residual") == 0
    assert told.abroad.set_index("currency")["amount"]["USD"] == Decimal("250.5")


def test_a_line_whose_date_cannot_be_read_explains_what_its_document_lacks(acme, tmp_path):
    lines = "F1,2026-01-05,C1,60,EUR\nF1,20260-1-05,C1,40,EUR\nF2,2026-01-06,C2,231.20,EUR\n"
    (tmp_path / "exports" / "sales.csv").write_text(SALES.split("\n")[0] + "\n" + lines)
    loaded = pk.load(tmp_path)
    [row] = set_aside.documents(loaded.snapshot).to_dict("records")
    assert (row["order_id"], row["net_revenue"], row["currency"], row["abroad"]) == ("F1", Decimal(40), "", False)
    options = {"period": periods.parse("2026-01"), "currency": "EUR", "set_aside": loaded.set_aside()}
    told = margins.ledger.tie(loaded.table("sales"), loaded.books(), **options)
    assert told.totals[["cause", "amount"]].to_numpy().tolist() == [["set_aside", Decimal(40)]]
