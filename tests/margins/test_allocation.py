"""Allocation: each cost reaches who causes it, to the cent, and what reaches nobody says why."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import contribution, margins, periods
from perfkit.errors import DataError, ParameterError
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


# ---- What could go wrong silently


def visits(*rows):
    """Units of a driver: (driver, day, customer, units)."""
    return pd.DataFrame(rows, columns=["driver", "date", "customer_id", "units"])


def told(*rows, by="customer_id", lines=None, drivers=None):
    """What is said of how costs were spread, in the result and under its table."""
    given_ = {"period": YEAR, "currency": "EUR", "costs": booked(*rows), "drivers": drivers}
    lines = sales() if lines is None else lines
    found = margins.profitability.by(lines, dimensions=[by], **given_)
    assert all(each in found.views()[0].notes for each in found.cautions)
    curve = margins.profitability.whale_curve(lines, by=by, **given_)
    assert curve.cautions == found.cautions and all(each in curve.views()[0].notes for each in curve.cautions)
    return " ".join(found.cautions)


@pytest.mark.parametrize(
    ("named", "given_"),
    [("orders", "Commandes"), ("commandes", "ORDER"), ("visites", "Visits"), ("livraison", "shipments")],
)
def test_a_driver_that_is_given_is_known_by_any_of_its_names(named, given_):
    units = visits((given_, "2024-01-08", "a", 1), (given_, "2024-01-09", "b", 3))
    assert spread("customer_id", cost(8, driver=named), drivers=units) == ({"a": 2, "b": 6}, [])
    assert told(cost(8, driver=named), drivers=units) == ""


def test_a_driver_that_is_given_and_spreads_nothing_is_named():
    units = visits(("Tickets", "2024-01-08", "a", 1), ("visits", "2024-01-09", "b", 3))
    said = "Units of Tickets are given and spread no cost of the period: its costs name visites as drivers."
    assert told(cost(8, driver="visites"), drivers=units) == said
    assert "Units of Tickets and visits are given" in told(cost(8), drivers=units)
    assert "no cost names a driver" in told(cost(8), drivers=units)
    earlier = visits(("visits", "2023-12-31", "b", 3))
    assert told(cost(8, driver="visites"), drivers=earlier) == "Units of visits are given, but none dated in 2024."


def test_drivers_without_costs_are_refused():
    for asked, by in ((margins.profitability.by, {"dimensions": ["channel"]}), (margins.profitability.whale_curve, {})):
        with pytest.raises(ParameterError, match="they spread costs, and no costs are given.*Give the costs as well"):
            asked(sales(), period=YEAR, currency="EUR", drivers=visits(("visits", "2024-01-08", "a", 1)), **by)


def test_a_quantity_below_zero_of_what_was_sold_takes_no_cost_off_anybody_and_is_named():
    rows = [*ORDERS, ("o5", "2024-01-21", "c", "web", "p", "order", -4, 10, 4)]
    assert spread("customer_id", cost(16, driver="quantity"), lines=sales(rows)) == ({"a": 5.33, "b": 10.67}, [])
    said = told(cost(16, driver="quantity"), lines=sales(rows))
    assert said.startswith("1 line has an amount above zero and a quantity below: it counts as no quantity")
    assert told(cost(16, driver="orders"), lines=sales(rows)) == ""
    assert told(cost(16, driver="quantity"), lines=sales(rows).drop(columns="quantity")) == ""


def test_a_month_of_returns_alone_keeps_no_cost_from_the_others():
    rows = [*ORDERS, ("r2", "2024-01-21", "c", "web", "p", "credit", -1, -10, -4)]
    for driver in ("quantity", "revenue"):
        assert spread("customer_id", cost(16, driver=driver), lines=sales(rows))[1] == []


def test_ids_that_differ_in_their_writing_alone_are_named_with_their_money():
    lines = sales([(order, day, {"a": "12", "b": "Ab"}[who], *rest) for order, day, who, *rest in ORDERS])
    said = told(cost(7, customer="12.0"), cost(5, customer="AB"), cost(9, customer="other"), lines=lines)
    assert said == (
        "2 ids of the costs (customer) are on no line, and differ from some that are by their writing alone (first "
        "“12.0” in the costs, “12” in the sales): €12 of costs do not reach who sold. Have both written alike, as text."
    )
    assert "“WEB” in the costs, “web” in the sales): €7" in told(cost(7, channel="WEB"), by="channel")
    assert "“WEB” in the costs, “web” in the sales): €7" in told(cost(7, channel="WEB", driver="lines"))
    assert "“A ” in the costs, “a” in the sales" in told(cost(7, customer="A ", driver="lines"), by="channel")
    strange = visits(("visits", "2024-01-09", "AB", 3), ("visits", "2024-01-09", "12", 1))
    said = told(cost(7, driver="visits"), lines=lines, drivers=strange)
    assert said.startswith("1 id of the drivers (customer) is on no line")
    assert "(“AB” in the drivers, “Ab” in the sales): 3 units draw costs away" in said


def test_numbers_that_a_gap_has_made_floats_are_the_same_customers():
    lines = sales([(order, day, {"a": "12", "b": "13"}[who], *rest) for order, day, who, *rest in ORDERS])
    costs = booked(cost(7, customer=12), cost(8, driver="visits"))
    costs["customer_id"] = costs["customer_id"].astype("float64")
    units = visits(("visits", "2024-01-09", 13, 3), ("visits", "2024-01-09", None, 0)).astype(
        {"customer_id": "float64"}
    )
    found = margins.profitability.by(
        lines, dimensions=["customer_id"], period=YEAR, currency="EUR", costs=costs, drivers=units
    )
    assert dict(zip(found.rows["member"], found.rows["cm1_costs"], strict=True)) == {"12": 7, "13": 8}


def test_fixed_costs_that_name_nobody_are_not_its_own_of_the_only_member():
    lines = sales().assign(channel="web")
    rows = [cost(100, level="cm3"), cost(3, level="cm3", channel="web")]
    found = margins.profitability.by(lines, dimensions=["channel"], period=YEAR, currency="EUR", costs=booked(*rows))
    row = found.rows.iloc[0]
    assert (row["cm3_costs"], row["own_fixed"], row["advice"]) == (103, 3, "")


def test_a_line_that_names_no_customer_is_of_the_order_of_its_number():
    rows = [row if place != 1 else (*row[:2], None, *row[3:]) for place, row in enumerate(ORDERS)]
    assert spread("channel", cost(30, driver="orders"), lines=sales(rows)) == ({"web": 20, "shop": 10}, [])


def test_an_order_number_that_two_customers_have_is_two_orders():
    rows = [(order.replace("o2", "o1"), *rest) for order, *rest in ORDERS]
    assert spread("customer_id", cost(30, driver="orders"), lines=sales(rows)) == ({"a": 10, "b": 20}, [])


def spent(*rows):
    frame = pd.DataFrame(rows, columns=["channel", "amount"])
    return frame.assign(date=pd.Timestamp("2024-01-31"), amount=[Decimal(each) for each in frame["amount"]])


def earned(*dimensions, costs):
    return margins.profitability.by(sales(), dimensions=dimensions, period=YEAR, currency="EUR", costs=costs)


def test_what_is_spent_in_a_channel_that_sells_is_in_its_margin_once_and_a_note_says_so():
    costs = contribution.costs(None, spent(("web", 9), ("search", 5), (None, 2)))
    found = earned("channel", costs=costs)
    parts = dict(zip(found.rows["member"], found.rows["cm2_costs"], strict=True))
    assert parts == {"shop": 0, "web": 9}
    left = dict(zip(found.unallocated["why"], found.unallocated["amount"], strict=True))
    assert left == {
        "spend of a channel through which nothing is sold": 5, "nothing says how to spread it: no driver": 2,
    }  # fmt: skip
    assert found.costs_total == 16 and "€9 of spend is in the margin of the channel of the same name (web)" in str(
        found.cautions
    )
    crossed = earned("channel", "customer_id", costs=costs)
    assert sum(crossed.rows["cm2_costs"]) + sum(crossed.unallocated["amount"]) == 16


def test_spend_of_a_selling_channel_is_no_customers():
    found = earned("customer_id", costs=contribution.costs(None, spent(("web", 9))))
    assert not any(found.rows["cm2_costs"]) and not found.cautions
    assert list(found.unallocated["amount"]) == [9]


def test_spend_of_a_channel_that_sales_write_otherwise_is_named_with_its_money():
    found = earned("channel", costs=contribution.costs(None, spent(("Web ", 9), ("search", 5))))
    assert not any(found.rows["cm2_costs"])
    assert found.cautions == (
        "1 id of the costs (channel) is on no line, and differs from one that is by its writing alone (“Web ” in the "
        "costs, “web” in the sales): €9 of costs do not reach who sold. Have both written alike, as text.",
    )
    assert earned("channel", costs=contribution.costs(None, spent(("search", 5)))).cautions == ()
