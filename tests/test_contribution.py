"""Contribution: goods cost their quantity times their product's unit cost, to the last decimal."""

import math
from decimal import Decimal
from fractions import Fraction

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import perfkit as pk
from perfkit import contribution, kpis, margins, periods
from perfkit.customers import clv, worth
from perfkit.lines import checked

STEP = Fraction(1, 10_000)


def rounded(exact):
    """An exact number to four decimals, half away from zero."""
    steps = math.floor(abs(exact) / STEP + Fraction(1, 2))
    return steps * STEP * (1 if exact >= 0 else -1)


def of_six(least, most):
    """Numbers of up to six decimals."""
    return st.integers(least * 10**6, most * 10**6).map(lambda millionths: Decimal(millionths) / 10**6)


def costs(pairs):
    """What lines of these quantities and unit costs cost, as the engine reckons it."""
    stored = {name: pa.decimal128(18, 6) for name in ("quantity", "unit_cost")}
    columns = dict(zip(stored, zip(*pairs, strict=True), strict=True))
    lines = pa.table({name: pa.array(values, type=stored[name]) for name, values in columns.items()})
    return checked(ibis.memtable(lines).mutate(date=ibis.date("2026-01-05"), net_revenue=ibis.literal(1)))


def test_goods_by_weight_cost_what_is_reckoned_by_hand():
    lines = costs([(Decimal("0.549"), Decimal("9.97")), (Decimal("-1.198"), Decimal("15.72"))])
    assert lines.cost.type() == ibis.dtype(contribution.MONEY)
    # 0.549 times 9.97 is 5.47353, -1.198 times 15.72 is -18.83256
    assert lines.to_pyarrow()["cost"].to_pylist() == [Decimal("5.4735"), Decimal("-18.8326")]
    assert lines.cost.sum().to_pyarrow().as_py() == Decimal("-13.3591")


@given(st.lists(st.tuples(of_six(-10_000, 10_000), of_six(0, 10_000)), min_size=1, max_size=20))
def test_costs_are_exact_products_rounded_line_by_line(pairs):
    lines = costs(pairs)
    exact = [rounded(rounded(Fraction(quantity)) * rounded(Fraction(cost))) for quantity, cost in pairs]
    assert [Fraction(each) for each in lines.to_pyarrow()["cost"].to_pylist()] == exact
    assert Fraction(lines.cost.sum().to_pyarrow().as_py()) == sum(exact)


SETTINGS = """
name = "Roaster"
currency = "EUR"
observed_until = "2026-02"
[tables.sales]
files = "sales.csv"
[tables.products]
files = "products.csv"
"""
ROWS = [
    ("1", "2026-01-01", "A", "0.549", "13.73"),
    ("2", "2026-01-20", "B", "1.198", "29.95"),
    ("3", "2026-02-03", "A", "0.693", "17.33"),
    ("4", "2026-02-04", "C", "2.001", "50.03"),
    ("5", "2026-02-10", "C", "-0.251", "-6.28"),
]


@pytest.fixture
def roaster(tmp_path):
    (tmp_path / "exports").mkdir()
    (tmp_path / "company.toml").write_text(SETTINGS, encoding="utf-8")
    rows = "".join(f"{order},{day},{who},COFFEE,{weight},{amount}\n" for order, day, who, weight, amount in ROWS)
    (tmp_path / "exports" / "sales.csv").write_text(
        "order_id,date,customer_id,product_id,quantity,net_revenue\n" + rows, encoding="utf-8"
    )
    (tmp_path / "exports" / "products.csv").write_text("product_id,unit_cost\nCOFFEE,9.97\n", encoding="utf-8")
    return pk.load(tmp_path)


def test_margins_bridges_and_worths_take_goods_by_weight(roaster):
    lines = roaster.lines()
    cost = {"2026-01": Decimal(0), "2026-02": Decimal(0)}
    for _, day, _, weight, _ in ROWS:
        cost[day[:7]] += (Decimal(weight) * Decimal("9.97")).quantize(Decimal("0.0001"), "ROUND_HALF_UP")
    january, february = (periods.parse(month) for month in cost)
    of_february = {"period": february, "currency": "EUR"}
    stated = margins.statement.statement(lines, **of_february).rows.set_index("line")
    assert stated.loc["goods", "amount"] == -cost["2026-02"]
    earned = margins.profitability.by(lines, dimensions=["product_id"], **of_february)
    assert earned.rows["cost_of_goods"].tolist() == [cost["2026-02"]]
    bridged = margins.bridge.price_volume_mix(
        lines, base=january, current=february, currency="EUR", margin=True, least=0
    )
    sold = {month: sum(Decimal(row[4]) for row in ROWS if row[1].startswith(month)) for month in cost}
    assert (bridged.start, bridged.end) == tuple(sold[month] - cost[month] for month in cost)
    assert isinstance(kpis.scorecard(lines, **of_february).figures(), pd.DataFrame)
    until = roaster.observed_until
    summary = clv.summarise(lines, observed_until=until, value="margin")
    revenue, margin = summary.margins[["revenue", "margin"]].sum()
    back = Decimal("2.5025")  # a return is no purchase: 0.251 times 9.97
    assert revenue - margin == pytest.approx(float(sum(cost.values()) + back), abs=1e-9)
    worth.base(lines, until=until, data_from=roaster.first_day, currency="EUR")
