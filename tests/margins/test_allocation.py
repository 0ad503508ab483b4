"""Allocation: each cost reaches who causes it, to the cent, and what reaches nobody says why."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import margins, periods
from perfkit.errors import DataError
from perfkit.margins.profitability.allocation import in_cents

YEAR = periods.parse("2024")
ORDERS = [  # order, day, customer, channel, product, document, quantity, net, cost
    ("o1", "2024-01-05", "a", "web", "p", "order", 1, 10, 4),
    ("o1", "2024-01-05", "a", "web", "q", "order", 2, 20, 8),
    ("o2", "2024-01-09", "b", "web", "p", "order", 1, 10, 4),
    ("o3", "2024-01-20", "b", "shop", "p", "delivery", 5, 50, 20),
    ("o4", "2024-02-02", "a", "shop", "q", "delivery", 1, 10, 4),
    ("r1", "2024-02-20", "a", "web", "p", "credit", -1, -10, -4),
]


def sales(rows=ORDERS):
    columns = [
        "order_id",
        "date",
        "customer_id",
        "channel",
        "product_id",
        "document",
        "quantity",
        "net_revenue",
        "cost",
    ]
    before = ("o", "2023-12-01", "a", "web", "p", "order", 1, 7, 1)  # so that the data hold the whole year
    frame = pd.DataFrame([before, *rows], columns=columns)
    return frame.assign(
        date=pd.to_datetime(frame["date"]),
        net_revenue=[Decimal(str(each)) for each in frame["net_revenue"]],
        cost=[Decimal(str(each)) for each in frame["cost"]],
    )


def cost(amount, day="2024-01-31", level="cm1", *, customer=None, channel=None, driver=None, kind="kind"):
    return (pd.Timestamp(day), Decimal(str(amount)), kind, level, customer, channel, driver)


def booked(*rows):
    columns = ["period", "amount", "kind", "level", "customer_id", "channel", "driver"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype(dict.fromkeys(("customer_id", "channel", "driver"), "object"))


def spread(by, *rows, level="cm1", lines=None, drivers=None):
    """Each member's part of the costs, those with none left out, and the reasons of the rest; proven to the cent."""
    by = [by] if isinstance(by, str) else by
    costs = booked(*rows)
    found = margins.profitability.by(
        sales() if lines is None else lines, dimensions=by, period=YEAR, currency="EUR", costs=costs, drivers=drivers
    )
    names = [f"{each}_costs" for each in ("cogs", "cm1", "cm2", "cm3")]
    reached = sum((sum(found.rows[name], Decimal(0)) for name in names), Decimal(0))
    here = costs[(costs["period"] >= "2024-01-01") & (costs["period"] < "2025-01-01")]["amount"]
    assert reached + sum(found.unallocated["amount"], Decimal(0)) == found.costs_total == sum(here, Decimal(0))
    members = (
        found.rows["member"] if len(by) == 1 else list(zip(found.rows["member"], found.rows["member_2"], strict=True))
    )
    parts = {member: float(part) for member, part in zip(members, found.rows[f"{level}_costs"], strict=True) if part}
    return parts, list(found.unallocated["why"])


@pytest.mark.parametrize(
    "by, row, parts",
    [
        ("customer_id", cost(30, driver="orders"), {"a": 10, "b": 20}),
        ("customer_id", cost(30, driver="Commandes"), {"a": 10, "b": 20}),
        ("customer_id", cost(30, driver="commandes", channel="web"), {"a": 15, "b": 15}),
        ("product_id", cost(30, driver="commandes", channel="web"), {"p": 22.5, "q": 7.5}),  # half an order each
        ("customer_id", cost(30, driver="livraisons", day="2024-02-01"), {"a": 30}),
        ("customer_id", cost(30, driver="livraisons", channel="web"), {"a": 15, "b": 15}),  # none said: orders
        ("customer_id", cost(8, driver="retours", day="2024-02-29"), {"a": 8}),
        ("channel", cost(8, driver="lignes"), {"web": 6, "shop": 2}),
        ("channel", cost(9, driver="Quantités"), {"web": 4, "shop": 5}),
        ("customer_id", cost(9, driver="chiffre d’affaires"), {"a": 3, "b": 6}),
        ("customer_id", cost(5, customer="b"), {"b": 5}),
        ("customer_id", cost(5, customer="b", driver="visites", day="2024-12-01"), {"b": 5}),
        ("channel", cost(5, channel="web"), {"web": 5}),
        ("channel", cost(5, customer="b", driver="orders"), {"web": 2.5, "shop": 2.5}),
        (["customer_id", "channel"], cost(9, driver="orders"), {("a", "web"): 3, ("b", "web"): 3, ("b", "shop"): 3}),
        ("customer_id", cost(5, customer="new"), {"new": 5}),  # sold nothing: a row of its own
        ("customer_id", cost(-30, driver="orders"), {"a": -10, "b": -20}),  # a cost that was refunded
    ],
)  # fmt: skip
def test_a_cost_reaches_its_members_counted_by_hand(by, row, parts):
    assert spread(by, row) == (parts, [])


@pytest.mark.parametrize(
    "by, row, why",
    [
        ("customer_id", cost(9), "no driver"),
        ("customer_id", cost(9, level="fixed", driver="orders"), "common fixed costs"),
        ("customer_id", cost(9, level="fixed", customer="a"), "common fixed costs"),
        ("customer_id", cost(9, driver="visites"), "do not count its driver"),
        ("customer_id", cost(9, driver="orders", day="2024-07-01"), "no unit in the month"),
        ("product_id", cost(9, channel="web", driver="returns"), "no unit in the month"),
        ("product_id", cost(9, channel="nobody", driver="orders"), "no unit in the month"),
    ],
)
def test_what_reaches_nobody_says_why(by, row, why):
    parts, whys = spread(by, row)
    assert parts == {}
    assert len(whys) == 1 and why in whys[0]


def test_without_order_numbers_or_channels_it_is_said_what_to_ask_for():
    bare = sales().drop(columns=["order_id", "channel"])
    costs = booked(cost(5, driver="orders"), cost(6, channel="web", driver="lines"))
    found = margins.profitability.by(bare, dimensions=["customer_id"], period=YEAR, currency="EUR", costs=costs)
    asks = " ".join(found.unallocated["ask"])
    assert "order_id" in asks and "channel" in asks


def test_visits_that_are_given_spread_a_cost_and_win_over_what_is_counted():
    visits = pd.DataFrame(
        [("visites", "2024-01-08", "a", 1), ("Visites", "2024-01-09", "b", 3), ("commandes", "2024-01-09", "b", 1)],
        columns=["driver", "date", "customer_id", "units"],
    )
    assert spread("customer_id", cost(8, driver="visites"), drivers=visits) == ({"a": 2, "b": 6}, [])
    assert spread("customer_id", cost(8, driver="commandes"), drivers=visits) == ({"b": 8}, [])
    # b's four-fold: one line on the web, one in the shop
    assert spread("channel", cost(8, driver="visites"), drivers=visits)[0] == pytest.approx(
        {"web": 8 * (1 * 3 / 4 + 3 / 2) / 4, "shop": 8 * (1 / 4 + 3 / 2) / 4}, abs=0.01
    )


def test_drivers_without_units_are_refused():
    with pytest.raises(DataError, match="no column 'units'.*Give columns driver, date, customer_id or channel, units"):
        spread("customer_id", cost(8, driver="x"), drivers=pd.DataFrame({"driver": ["x"], "date": ["2024-01-01"]}))
    wrong = pd.DataFrame({"driver": ["x"], "date": ["2024-01-01"], "customer_id": ["a"], "units": [-1]})
    with pytest.raises(DataError, match="1 of 1 rows have no units, or fewer than zero"):
        spread("customer_id", cost(8, driver="x"), drivers=wrong)


parts_ = st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=30)


@given(parts_.filter(lambda parts: sum(parts) > 0), st.integers(-(10**9), 10**9))
def test_rounded_parts_sum_to_the_total_and_miss_their_share_by_less_than_a_cent(weights, total):
    exact = total * (np.array(weights) / sum(weights))
    rounded = in_cents(exact, total)
    assert rounded.sum() == total
    step = 100 if total % 100 == 0 else 1
    assert (np.abs(rounded - exact) < step + 1e-3).all()
    assert (rounded % step == 0).all()


amounts = st.integers(-50_000, 50_000)
rows_ = st.lists(
    st.tuples(
        st.sampled_from(["o1", "o2", "o3", None]), st.sampled_from(["2024-01-05", "2024-02-05", "2024-03-05"]),
        st.sampled_from(["a", "b", None]), st.sampled_from(["web", "shop", None]), st.sampled_from(["p", "q", None]),
        st.sampled_from(["order", "delivery", "credit"]), st.integers(-3, 9), amounts, amounts,
    ),
    min_size=1, max_size=12,
)  # fmt: skip
costs_ = st.lists(
    st.builds(
        cost,
        st.integers(-9_999, 99_999).map(lambda cents: Decimal(cents) / 100),
        st.sampled_from(["2024-01-31", "2024-02-01", "2024-06-30"]),
        st.sampled_from(["cogs", "cm1", "cm2", "cm3", "fixed"]),
        customer=st.sampled_from(["a", "b", "z", None]),
        channel=st.sampled_from(["web", "shop", None]),
        driver=st.sampled_from(["orders", "livraisons", "retours", "lines", "quantity", "revenue", "visits", None]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=8)
@given(rows_, costs_, st.sampled_from(["customer_id", "channel", "product_id", ["channel", "product_id"]]))
def test_whatever_the_data_rows_and_what_is_left_sum_to_the_costs_in_cents(rows, costs, by):
    lines = sales([("o0", "2024-01-01", "a", "web", "p", "order", 1, 1, 1), *rows])
    in_order = spread(by, *costs, lines=lines)
    assert spread(by, *reversed(costs), lines=lines[::-1].reset_index(drop=True)) == in_order


def test_a_period_without_any_cost_leaves_every_margin_as_it_is():
    lines = pd.DataFrame(
        {"date": ["2023-05-01", "2024-05-04"], "net_revenue": [10, 20], "cost": [4, 5], "channel": "web"}
    )
    booked = pd.DataFrame(
        {"period": ["2024-05-01"], "amount": [3], "kind": "freight", "level": "cm1", "channel": "web"}
    )
    for year, left in (("2023-05", 6), ("2024-05", 12)):
        found = margins.profitability.by(
            lines, dimensions=["channel"], period=periods.parse(year), currency="EUR", costs=booked
        )
        assert found.rows["cm1" if year == "2024-05" else "gross_profit"].tolist() == [left]
