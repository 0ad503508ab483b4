"""The revenue tree: effects that sum to the change exactly, and flip with the periods."""

from decimal import Decimal
from math import log

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from perfkit import kpis, periods

JANUARY = periods.parse("2024-01")


def tree(lines, period=JANUARY):
    return kpis.revenue_tree(lines, period=period, currency="EUR")


def effects(result):
    return dict(zip(result.rows["factor"], result.rows["effect"], strict=True))


def test_january_split_by_hand(two_years):
    # Identified: 200 - 70 = 130 a year before, 220 - 90 = 130 now; 70 and 90 without a customer.
    result = tree(two_years)
    rows = result.rows.set_index("factor")
    assert rows["now"].to_dict() == {"customers": 2, "frequency": 1.0, "order_value": 65.0, "unknown": 90}
    assert rows["before"].to_dict() == {"customers": 2, "frequency": 1.0, "order_value": 65.0, "unknown": 70}
    assert effects(result) == {"customers": 0, "frequency": 0, "order_value": 0, "unknown": 20}
    assert (result.revenue, result.previous_revenue, result.change) == (220, 200, 20)


def test_more_customers_with_smaller_orders(sales):
    lines = sales(
        [("2022-12-01", 1), ("2023-01-05", 100), ("2024-01-05", 60), ("2024-01-06", 60)],
        customer_id=["z", "a", "a", "b"], order_id=["o", "1", "2", "3"],
    )  # fmt: skip
    split = effects(tree(lines))
    assert float(split["customers"]) == pytest.approx(20 * log(2) / log(1.2), abs=1e-4)
    assert float(split["order_value"]) == pytest.approx(20 * log(0.6) / log(1.2), abs=1e-4)
    assert sum(split.values()) == 20


def test_fewer_columns_make_a_shorter_tree(sales):
    lines = sales(
        [("2022-12-01", 1), ("2023-01-05", 100), ("2024-01-05", 60)],
        customer_id=["z", "a", "b"],
        order_id=["o", "1", "2"],
    )
    assert list(effects(tree(lines.drop(columns="order_id")))) == ["customers", "customer_value"]
    assert list(effects(tree(lines.drop(columns="customer_id")))) == ["orders", "order_value"]
    assert "customer_id" in tree(lines.drop(columns=["customer_id", "order_id"])).reason


@pytest.mark.parametrize(
    ("before", "now", "reason"), [(-5, 5, "no customers"), (5, -5, "no customers"), (None, 5, "The data start")]
)
def test_what_cannot_be_split_says_why(sales, before, now, reason):
    rows = [("2024-01-01", now)] if before is None else [("2022-12-01", 1), ("2023-01-05", before), ("2024-01-05", now)]
    result = tree(sales(rows, customer_id=["a"] * len(rows), order_id=[f"{n}" for n in range(len(rows))]))
    assert reason in result.reason
    result._repr_mimebundle_()


purchases = st.lists(
    st.tuples(
        st.decimals("0.01", 500, places=2),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["1", "2", "3", "4"]),
    ),
    min_size=1,
    max_size=8,
)


def ledger(sales, before, now):
    rows = [
        ("2021-01-04", 1, "z", "0"),
        *(("2023-01-10", *row) for row in before),
        *(("2024-01-10", *row) for row in now),
    ]
    return sales(
        [row[:2] for row in rows], customer_id=[row[2] for row in rows], order_id=[row[0] + row[3] for row in rows]
    )


@settings(max_examples=20)
@given(purchases, purchases)
def test_the_effects_sum_to_the_change_and_flip_when_the_periods_swap(sales, before, now):
    result, swapped = tree(ledger(sales, before, now)), tree(ledger(sales, now, before))
    assert bool(result.reason) == bool(swapped.reason)
    assume(not result.reason)
    split, back = effects(result), effects(swapped)
    assert sum(split.values(), Decimal(0)) == result.change
    for factor, effect in split.items():
        assert float(effect) == pytest.approx(-float(back[factor]), abs=1e-3)
