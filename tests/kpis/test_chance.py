"""Is a change more than who happened to buy explains?"""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from perfkit.kpis import chance, scorecard
from perfkit.lines import checked
from perfkit.periods import parse

NOW = parse("2024")
BEFORE = NOW.year_before()


def lines(*rows):
    """(year, customer, order, net, list price, cost), each in March."""
    frame = pd.DataFrame(rows, columns=["date", "customer_id", "order_id", "net_revenue", "list_revenue", "cost"])
    return checked(frame.assign(date=[dt.date(year, 3, 5) for year in frame["date"]]))


def drawn(seed, customers=40, shift=0.0):
    """Customers with one to four orders in each of two years."""
    random = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        for year in (2023, 2024):
            for order in range(random.integers(1, 5)):
                listed = round(float(random.lognormal(4, 0.8)), 2)
                net = round(listed * (1 - random.uniform(0, 0.3)) * (1 - (shift if year == 2024 else 0)), 2)
                rows.append((year, f"c{customer}", f"{customer}-{year}-{order}", net, listed, round(listed / 2, 2)))
    return rows


def by_hand(rows, above, below):
    """The linearised change of a ratio, customer by customer, with numpy alone."""
    frame = pd.DataFrame(rows, columns=["year", "customer", "order", "net", "listed", "cost"]).astype(
        {"net": float, "listed": float, "cost": float}
    )
    customers = sorted(frame["customer"].unique())
    adds, values = np.zeros(len(customers)), []
    for sign, year in ((1, 2024), (-1, 2023)):
        of_year = frame[frame["year"] == year].groupby("customer")
        a, b = (part(of_year).reindex(customers).fillna(0).to_numpy(float) for part in (above, below))
        values.append(a.sum() / b.sum())
        adds += sign * (a - values[-1] * b) / b.sum()
    n = len(customers)
    freedom = (adds**2).sum() ** 2 / (adds**4).sum() - 1
    half = stats.t.ppf(0.95, freedom) * np.sqrt((adds**2).sum() * n / (n - 1))
    return values[0] - values[1] - half, values[0] - values[1] + half


PARTS = {
    "aov": (lambda of: of["net"].sum(), lambda of: of["order"].nunique()),
    "orders_per_customer": (lambda of: of["order"].nunique(), lambda of: of["order"].nunique().clip(upper=1)),
    "discount_rate": (lambda of: of["listed"].sum() - of["net"].sum(), lambda of: of["listed"].sum()),
    "margin_rate": (lambda of: of["net"].sum() - of["cost"].sum(), lambda of: of["net"].sum()),
}


@pytest.mark.parametrize("kpi", PARTS)
def test_the_interval_is_that_of_the_customers_contributions(kpi):
    rows = drawn(1)
    change = chance.of_ratios(lines(*rows), NOW, BEFORE)[None, kpi]
    assert change.interval() == pytest.approx(by_hand(rows, *PARTS[kpi]), rel=1e-7)
    assert change.n == 40


def test_each_member_has_the_interval_of_its_own_lines():
    rows = drawn(2)
    frame = pd.DataFrame(rows, columns=["date", "customer_id", "order_id", "net_revenue", "list_revenue", "cost"])
    frame = frame.assign(
        date=[dt.date(year, 3, 5) for year in frame["date"]],
        channel=["Web" if int(name[1:]) % 2 else "Shop" for name in frame["customer_id"]],
    )
    found = chance.of_ratios(checked(frame), NOW, BEFORE, by="channel")
    assert {kpi for _, kpi in found} == {"margin_rate"}
    for name, odd in (("Web", 1), ("Shop", 0)):
        own = [row for row in rows if int(row[1][1:]) % 2 == odd]
        assert found[name, "margin_rate"].interval() == pytest.approx(by_hand(own, *PARTS["margin_rate"]), rel=1e-7)


def test_a_change_that_all_share_is_sure():
    rows = [(year, f"c{n}", f"{year}-{n}", net, 100, 50) for year, net in ((2023, 90), (2024, 80)) for n in range(5)]
    change = chance.of_ratios(lines(*rows), NOW, BEFORE)[None, "discount_rate"]
    assert change.interval() == pytest.approx((0.1, 0.1))


def test_one_customers_change_is_nobodys_rule():
    alone = [(2023, "a", "1", 90, 100, 50), (2024, "a", "2", 80, 100, 50)]
    assert (None, "discount_rate") not in chance.of_ratios(lines(*alone), NOW, BEFORE)
    large = [(year, f"c{n}", f"{year}-{n}", 9, 10, 5) for year in (2023, 2024) for n in range(40)]
    large += [(2023, "big", "b1", 9000, 10000, 5000), (2024, "big", "b2", 5000, 10000, 5000)]
    assert (None, "discount_rate") not in chance.of_ratios(lines(*large), NOW, BEFORE)


def test_a_ratio_that_one_period_lacks_has_no_interval():
    now_only = [(2024, f"c{n}", f"{n}", 80 + n, 100, 50) for n in range(5)]
    assert not [kpi for _, kpi in chance.of_ratios(lines(*now_only), NOW, BEFORE) if kpi != "return_rate"]


def test_a_sum_of_changes_is_told_from_zero_by_how_far_they_lie_apart():
    changes = [Decimal(value) for value in (-12, -9, -11, -8, -10, -7)]
    change = chance.of_sum(changes)
    low, high = change.interval()
    assert change.estimate == -57 and low < -57 < high < 0
    low, high = chance.of_sum([*changes, Decimal(90)]).interval() if chance.of_sum([*changes, Decimal(90)]) else (0, 0)
    assert low <= 0 <= high
    assert chance.of_sum([Decimal(-5)]) is None
    assert chance.of_sum([Decimal(-5)] * 4).interval() == (-20, -20)


def test_what_does_not_change_is_told_to_change_as_often_as_the_level_says():
    """At most; benchmarks/chance.py counts it over 400 companies, and over uneven ones."""
    found = [chance.of_ratios(lines(*drawn(seed)), NOW, BEFORE) for seed in range(30)]
    for kpi in PARTS:
        intervals = [each[None, kpi].interval() for each in found if (None, kpi) in each]
        assert sum(low > 0 or high < 0 for low, high in intervals) <= stats.binom.ppf(0.995, 30, 0.1)


def test_a_change_beyond_chance_is_told():
    told = [chance.of_ratios(lines(*drawn(seed, shift=0.1)), NOW, BEFORE) for seed in range(5)]
    assert all(each[None, "discount_rate"].interval()[0] > 0 for each in told)


def test_a_line_without_a_customer_is_of_its_order_and_that_of_one_customer():
    rows = drawn(5)
    nameless = [(year, None, order, 10.0, 10.0, 5.0) for year, customer, order, *_ in rows if customer == "c3"]
    named = [(year, "c3", order, 10.0, 10.0, 5.0) for year, _, order, *_ in nameless]
    found = chance.of_ratios(lines(*rows, *nameless), NOW, BEFORE)[None, "aov"]
    wanted = chance.of_ratios(lines(*rows, *named), NOW, BEFORE)[None, "aov"]
    assert (found.n, found.estimate) == (40, pytest.approx(wanted.estimate))
    assert found.interval() == pytest.approx(wanted.interval())


def test_an_order_is_counted_once_whoever_its_lines_name():
    """Order 1 is of two customers, of whom one only returned something, and of a line that names nobody."""
    rows = [
        *drawn(6), (2022, "z", "z", 1.0, 1.0, 0.5),
        (2024, "a", "1", -5.0, 5.0, 1.0), (2024, "b", "1", 20.0, 20.0, 9.0), (2024, None, "1", 30.0, 30.0, 9.0),
        (2023, None, "1", 7.0, 7.0, 3.0), (2024, None, None, 9.0, 9.0, 3.0),
    ]  # fmt: skip
    table = lines(*rows)
    row = scorecard(table, period=NOW, currency="EUR").row("aov")
    found = chance.of_ratios(table, NOW, BEFORE)[None, "aov"]
    assert found.estimate == pytest.approx(float(row["actual"]) - float(row["previous"]))
    assert found.n == 40 + 2 + 2  # a, b, the line of no order, and last year's order 1, which names nobody
