"""541,909 real invoice lines: the KPIs against SQL and pandas written apart from them."""

from decimal import Decimal

import duckdb
import ibis
import pandas as pd
import pytest

from perfkit import kpis, periods

PERIOD = periods.parse("2011-11")
OPTIONS = {"period": PERIOD, "currency": "GBP"}


@pytest.fixture(scope="module")
def source(shared_data):
    """Return the lines as pandas reads them, and as the KPIs do."""
    path = shared_data / "online_retail" / "online_retail.parquet"
    con = ibis.duckdb.connect()
    con.raw_sql(
        f"""
        create table sales as select
            InvoiceNo as order_id, cast(InvoiceDate as date) as date, StockCode as product_id,
            cast(cast(CustomerID as bigint) as varchar) as customer_id, Country as country,
            cast(Quantity * UnitPrice as decimal(18, 4)) as net_revenue
        from '{path}'
        """
    )
    return con.table("sales"), con.table("sales").to_pandas()


def month(frame, label="2011-11"):
    return frame[pd.to_datetime(frame["date"]).dt.strftime("%Y-%m") == label]


def test_the_ledger_is_all_there(source):
    assert sum(source[1]["net_revenue"], Decimal(0)) == Decimal("9747747.9340")


def test_the_scorecard_agrees_with_pandas(source):
    lines, frame = source
    card = kpis.scorecard(lines, **OPTIONS)
    november = month(frame)
    bought = november[november["net_revenue"] > 0]
    assert card.row("revenue")["actual"] == sum(november["net_revenue"], Decimal(0))
    assert card.row("orders")["actual"] == bought["order_id"].nunique()
    assert card.row("customers")["actual"] == bought["customer_id"].nunique()
    first = frame[frame["net_revenue"] > 0].groupby("customer_id")["date"].min()
    assert card.row("new_customers")["actual"] == (pd.to_datetime(first).dt.strftime("%Y-%m") == "2011-11").sum()
    values = november[november["order_id"].isin(bought["order_id"])].assign(
        net_revenue=lambda rows: rows["net_revenue"].astype(float)
    )
    assert card.row("median_order")["actual"] == pytest.approx(values.groupby("order_id")["net_revenue"].sum().median())
    top = november.groupby("customer_id")["net_revenue"].sum().astype(float).nlargest(10).sum()
    identified = november.loc[november["customer_id"].notna(), "net_revenue"].astype(float).sum()
    assert card.row("concentration")["actual"] == pytest.approx(top / identified)


def test_the_repeat_rate_agrees_with_sql_written_apart(source, shared_data):
    path = shared_data / "online_retail" / "online_retail.parquet"
    again, n = duckdb.sql(
        f"""
        with days as (
            select distinct CustomerID as customer, cast(InvoiceDate as date) as day from '{path}'
            where Quantity * UnitPrice > 0 and CustomerID is not null and InvoiceDate < '2011-12-01'
        ), numbered as (
            select customer, day, row_number() over (partition by customer order by day) as nth from days
        ), firsts as (
            select one.day, two.day - one.day as gap
            from numbered one left join numbered two on two.customer = one.customer and two.nth = 2 where one.nth = 1
        )
        select count(*) filter (gap <= 90), count(*) from firsts
        where day >= date '2010-09-02' and day < date '2011-09-02'
        """
    ).fetchall()[0]
    row = kpis.scorecard(source[0], **OPTIONS).row("repeat_rate")
    assert (row["actual"], row["n"]) == (pytest.approx(again / n), n)
    assert row["status"] == "upper bound"  # the data start within the twelve months


@pytest.mark.parametrize("by", ["country", "product_id", "customer_id"])
def test_every_breakdown_sums_to_the_ledger(source, by):
    lines, frame = source
    result = kpis.breakdown(lines, by=by, **OPTIONS)
    expected = month(frame).groupby(by, dropna=False)["net_revenue"].sum()
    assert sum(result.rows["revenue"], Decimal(0)) == sum(expected, Decimal(0))
    found = result.rows.set_index("member")["revenue"]
    assert (found[found.index.notna()] == expected[expected.index.notna()].loc[found.index[found.index.notna()]]).all()


def test_the_trend_sums_to_the_ledger_of_its_months(source):
    lines, frame = source
    result = kpis.trend(lines, **OPTIONS)
    in_december = sum(month(frame, "2011-12")["net_revenue"], Decimal(0))
    assert sum(result.cells["revenue"], Decimal(0)) + in_december == Decimal("9747747.9340")


def test_concentration_leaves_the_anonymous_out_and_says_how_much(source):
    lines, frame = source
    result = kpis.concentration(lines, **OPTIONS)
    anonymous = month(frame)[lambda rows: rows["customer_id"].isna()]
    assert result.left_out.iloc[0][["lines", "net_revenue"]].tolist() == [
        len(anonymous), sum(anonymous["net_revenue"], Decimal(0)),
    ]  # fmt: skip
    assert result.tops["customers"].iloc[-1] == -(-result.customers // 5)
