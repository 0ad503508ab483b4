"""Concentration, counted by hand and held to its invariants."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import kpis, periods

JANUARY = periods.parse("2024-01")


def spread(lines):
    return kpis.concentration(lines, period=JANUARY, currency="EUR")


def test_six_customers_counted_by_hand(sales):
    lines = sales(
        [("2023-12-01", 99), *(("2024-01-05", amount) for amount in (50, 20, 10, 10, 5, 5)), ("2024-01-06", 40)],
        customer_id=["x", *"abcdef", None],
    )
    result = spread(lines)
    assert result.tops["customers"].tolist() == [1, 2, 5]  # a fifth of six is two; ten there are not
    assert result.tops["revenue"].tolist() == [50, 70, 95]
    assert result.tops["share"].tolist() == [0.5, 0.7, 0.95]
    assert result.hhi == pytest.approx(0.25 + 0.04 + 0.01 + 0.01 + 0.0025 + 0.0025)
    assert result.largest["customer_id"].tolist() == list("abcdef")
    assert result.left_out.iloc[0][["lines", "net_revenue"]].tolist() == [1, 40]
    assert (result.customers, result.identified) == (6, 100)
    assert "Left out: 1 line without a customer, €40." in result.views()[0].notes


def test_what_the_largest_bring_is_of_the_revenue_that_has_a_customer_and_how_much_that_is(sales):
    lines = sales([("2024-01-01", 30), ("2024-01-05", 10), ("2024-01-06", 60)], customer_id=["a", "b", None])
    result = spread(lines)
    assert result.identified_share() == 0.4
    view = result.views()[0]
    assert view.title == "The largest customer brings 75.0% of the revenue of identified customers"
    assert view.notes[0] == "Identified customers bring 40.0% of the revenue of the period."
    whole = spread(lines.dropna(subset="customer_id")).views()[0]
    assert whole.title == "The largest customer brings 75.0% of revenue" and not whole.notes


def test_one_customer_is_all_of_it(sales):
    result = spread(sales([("2024-01-01", 5), ("2024-01-05", 5)], customer_id=["a", "a"]))
    assert (result.hhi, result.tops["share"].tolist()) == (1.0, [1.0])
    result._repr_mimebundle_()


@pytest.mark.parametrize(
    ("money", "customer", "reason"),
    [
        (5, None, "No sale of the period has a customer. Ask for the customer number of each line."),
        (-5, "a", "brought no revenue"),
    ],
)
def test_what_cannot_be_ranked_says_why(sales, money, customer, reason):
    result = spread(sales([("2024-01-01", money)], customer_id=[customer]))
    assert reason in result.reason
    result._repr_mimebundle_()


def test_customers_are_asked_for_where_no_column_holds_them(sales):
    assert "Ask for the customer number" in spread(sales([("2024-01-01", 1)])).reason


amounts = st.lists(st.decimals(-50, 100, places=2), min_size=1, max_size=40)


@settings(max_examples=25)
@given(amounts)
def test_the_curve_runs_from_nothing_to_everything(sales, money):
    lines = sales(
        [("2024-01-01", 1), *(("2024-01-05", each) for each in money)],
        customer_id=["first", *(f"c{number}" for number in range(len(money)))],
    )
    result = spread(lines)
    if result.reason:
        assert sum(money, Decimal(1)) <= 0
        return
    curve = result.curve.to_numpy()
    assert curve[0].tolist() == [0, 0]
    assert curve[-1] == pytest.approx([1, 1])
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(curve)]
    assert all(one >= next_ - 1e-9 for one, next_ in itertools.pairwise(slopes))  # the largest first
    assert result.identified + result.left_out["net_revenue"].iloc[0] == sum(money, Decimal(1))
