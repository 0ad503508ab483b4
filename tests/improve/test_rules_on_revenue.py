"""Rules on revenue: where each must speak and where it must be silent, counted by hand."""

from decimal import Decimal

import pandas as pd
import pytest

from perfkit import periods

BY = {"dimensions": ("channel",), "reading": ("breakdowns",)}


def test_revenue_against_year_before_speaks_of_a_fall_its_driver_and_the_margin_it_cost(sales, found):
    lines = sales(
        ("2023-01-05", 100, "a", "1"), ("2023-01-06", 100, "b", "2"), ("2024-01-05", 100, "a", "3"), cost=[60, 60, 60]
    )
    fall = found(lines, reading=("tree",)).find("revenue_against_year_before")
    assert fall.claim == (
        "Revenue fell by €100 (−50.0%) against January 2023, mostly through active customers (−€100)."
    )
    assert (fall.amount, fall.stake.gap) == (40, 100)  # 100 of revenue at a margin rate of 40 %
    assert fall.stake.basis == "€100 of revenue × gross margin rate of 40.0%."
    assert (fall.stake.kind, fall.stake.measure, fall.stake.low) == ("period", "profit", None)
    assert (fall.tone, fall.value, fall.unit) == ("bad", -100, "EUR")
    assert fall.figure_ids == ("scorecard:2024-01:revenue", "scorecard:2023-01:revenue")


def test_revenue_against_year_before_names_no_factor_whose_change_chance_may_explain(sales, many, found):
    """One customer of forty orders forty times more: the report claims nothing of orders per customer."""
    one = many(40, "2024-01-06", 100, "c0")
    result = found(sales(*many(40, "2023-01-05", 100), *many(40, "2024-01-05", 100), *one), reading=("tree",))
    assert "orders_per_customer" in result.within_chance
    rise = result.find("revenue_against_year_before")
    assert (rise.claim, rise.caveat) == ("Revenue rose by €4,000 (+100.0%) against January 2023.", "")
    all_of_them = sales(*many(40, "2023-01-05", 100), *many(40, "2024-01-05", 100), *many(40, "2024-01-06", 100))
    sure = found(all_of_them, reading=("tree",)).find("revenue_against_year_before")
    assert sure.claim.endswith("mostly through orders per customer (+€4,000).")


def test_revenue_against_year_before_names_the_next_factor_where_chance_may_explain_the_first(sales, many, found):
    rows = [*many(40, "2023-01-05", 100), *many(64, "2024-01-05", 100), *many(80, "2024-01-06", 10, "c0")]
    result = found(sales(*rows), reading=("tree",))
    assert "orders_per_customer" in result.within_chance
    # Of a rise of 3,200: customers x 1.6, orders per customer x 2.25, revenue per order x 0.5.
    claim = result.find("revenue_against_year_before").claim
    assert claim.endswith("mostly through active customers (+€2,559).")


def test_revenue_against_year_before_speaks_of_revenue_where_the_margin_is_not_known(sales, found):
    lines = sales(("2023-01-05", 200, "a", "1"), ("2024-01-05", 100, "a", "3"))
    fall = found(lines, reading=()).find("revenue_against_year_before")
    assert (fall.amount, fall.stake.measure) == (100, "revenue")
    assert fall.stake.basis == "Revenue, not profit: the margin is not known."


def test_revenue_against_year_before_speaks_of_a_rise_without_a_stake(sales, found):
    lines = sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 300, "a", "3"))
    rise = found(lines, reading=()).find("revenue_against_year_before")
    assert (rise.tone, rise.stake, rise.claim) == (
        "good",
        None,
        "Revenue rose by €200 (+200.0%) against January 2023.",
    )


@pytest.mark.parametrize(
    "rows",
    [
        [("2024-01-05", 80, "a", "1")],
        [("2023-01-05", 10_000, "a", "1"), ("2024-01-05", 9_960, "a", "2")],
        [("2023-01-05", 100, "a", "1"), ("2024-01-05", 100, "a", "2")],
    ],
    ids=["nothing a year before", "a change of 0.4 per cent", "no change"],
)
def test_revenue_against_year_before_is_silent_where_there_is_nothing_to_tell(sales, found, rows):
    lines = sales(*rows)
    if len(rows) == 1:  # the data start with the period
        lines = lines.iloc[1:].assign(date=pd.Timestamp("2024-01-01"))
    assert found(lines, reading=()).find("revenue_against_year_before") is None


def test_calendar_speaks_of_what_working_days_alone_would_have_changed(sales, found):
    lines = sales(("2023-04-03", 180, "a", "1"), ("2024-04-03", 220, "a", "2"))
    april = found(lines, period=periods.parse("2024-04"), calendar="FR", reading=()).find("calendar")
    # Without Easter Monday: 19 working days in April 2023, 21 in April 2024.
    assert april.claim == ("April 2024 has 21 working days, April 2023 has 19: at equal revenue a day, that adds €19.")
    assert float(april.value) == pytest.approx(180 * 2 / 19)
    assert (april.stake, april.tone) == (None, None)


def test_calendar_is_silent_where_working_days_are_equal(sales, found):
    lines = sales(("2023-02-03", 100, "a", "1"), ("2025-02-03", 100, "a", "2"), ("2022-02-03", 80, "a", "3"))
    assert found(lines, period=periods.parse("2023-02"), reading=()).find("calendar") is None


def months(now, before):
    """Lines of the months that end with January 2024, and of those a year before."""
    return [
        (f"{month.year - year}-{month.month:02}-05", amount, "a", f"{year}-{month.month}")
        for year, amounts in ((0, now), (1, before))
        for month, amount in zip(pd.period_range(end="2024-01", periods=len(now), freq="M"), amounts, strict=True)
    ]


def test_months_below_speaks_of_three_in_a_row(sales, found):
    run = found(sales(*months([110, 90, 95, 80], [100, 100, 100, 100])), reading=("trend",)).find("months_below")
    assert run.claim == "Revenue has been below the year before for 3 months in a row: €35 less."
    assert (run.value, run.stake) == (3, None)  # its money is that of the change of revenue
    assert run.figure_ids == ("trend:2023-11:revenue", "trend:2023-12:revenue", "trend:2024-01:revenue")


@pytest.mark.parametrize("now", [[90, 90, 110, 90, 90], [90, 90, 90, 90, 110]], ids=["two", "over"])
def test_months_below_is_silent_where_the_run_is_short_or_over(sales, found, now):
    assert found(sales(*months(now, [100] * 5)), reading=("trend",)).find("months_below") is None


def test_member_months_below_speaks_of_the_member_with_the_largest_gap(sales, found):
    web, shop = months([90, 80, 70], [100, 100, 100]), months([99, 99, 99], [100, 100, 100])
    lines = sales(*web, *shop, channel=["Web"] * 6 + ["Shop"] * 6)
    run = found(lines, dimensions=("channel",), reading=("months",)).find("member_months_below:channel")
    assert run.claim == "By channel, Web has been below the year before for 3 months in a row: €60 less."
    assert run.figure_ids[-1] == "trend_by:channel:2024-01:=Web"


def test_member_months_below_is_silent_where_a_month_was_above(sales, found):
    lines = sales(*months([90, 110, 70], [100, 100, 100]), channel=["Web"] * 6)
    result = found(lines, dimensions=("channel",), reading=("months",))
    assert result.find("member_months_below:channel") is None


def test_order_value_speaks_of_thirty_orders_that_are_worth_less(sales, many, found):
    lines = sales(*many(40, "2023-01-05", 100), *many(30, "2024-01-05", 80), cost=[50] * 40 + [40] * 30)
    order = found(lines, reading=()).find("order_value")
    assert order.claim == "An average order is worth €80.00, against €100.00 in January 2023."
    assert order.stake.gap == pytest.approx(600)  # 20 less x 30 orders
    assert float(order.amount) == pytest.approx(300)  # at a margin rate of 50 %
    # A fall in price would have cost all of the 600.
    assert (float(order.stake.low), float(order.stake.high)) == (pytest.approx(300), pytest.approx(600))
    assert "of a fall in price each amount is profit" in order.stake.basis
    assert order.tone == "bad"


def test_order_value_speaks_of_a_fall_in_price_whose_cost_lies_within_its_interval(sales, many, found):
    lines = sales(*many(30, "2023-01-05", 100), *many(30, "2024-01-05", 90), cost=[60] * 60)
    order = found(lines, reading=()).find("order_value")
    lost = 300  # ten less for each of thirty orders, at an unchanged cost
    assert float(order.stake.low) == pytest.approx(100) and float(order.stake.high) == pytest.approx(lost)


def test_order_value_speaks_without_a_stake_where_more_orders_made_it_up(sales, many, found):
    lines = sales(*many(30, "2023-01-05", 100), *many(50, "2024-01-05", 80), cost=[50] * 30 + [40] * 50)
    order = found(lines, reading=()).find("order_value")
    assert (order.stake, order.tone) == (None, None)


def test_order_value_speaks_of_a_gain_without_a_stake(sales, many, found):
    lines = sales(*many(30, "2023-01-05", 80), *many(30, "2024-01-05", 100))
    order = found(lines, reading=()).find("order_value")
    assert (order.tone, order.stake) == ("good", None)


@pytest.mark.parametrize("orders, value", [(29, 80), (30, 99)], ids=["fewer than thirty orders", "one per cent"])
def test_order_value_is_silent_of_few_orders_and_small_changes(sales, many, found, orders, value):
    lines = sales(*many(30, "2023-01-05", 100), *many(orders, "2024-01-05", value))
    assert found(lines, reading=()).find("order_value") is None


def test_order_frequency_speaks_of_customers_who_order_less_often(sales, many, found):
    twice = [*many(30, "2023-01-05", 10), *many(30, "2023-01-15", 10)]
    lines = sales(*twice, *many(30, "2024-01-05", 10), *many(15, "2024-01-15", 10))
    often = found(lines, reading=("tree",)).find("order_frequency")
    assert often.claim == "A customer orders 1.50 times, against 2.00 in January 2023."
    assert often.stake.gap == 150  # half an order x 30 customers x 10 an order
    assert often.value == -0.5


def test_order_frequency_is_silent_of_fewer_than_thirty_customers(sales, many, found):
    lines = sales(*many(29, "2023-01-05", 10), *many(29, "2023-01-15", 10), *many(29, "2024-01-05", 10))
    assert found(lines, reading=("tree",)).find("order_frequency") is None


def two_channels(sales, web, shop, **columns):
    """What two channels sold a year before and now."""
    rows = [("2023-01-05", web[0], "a", "1"), ("2024-01-05", web[1], "a", "2")]
    rows += [("2023-01-05", shop[0], "b", "3"), ("2024-01-05", shop[1], "b", "4")]
    return sales(*rows, channel=["Web", "Web", "Shop", "Shop"], **columns)


@pytest.mark.usefixtures("few_will_do")
def test_largest_loss_speaks_of_the_member_that_fell_most_at_its_own_margin(sales, found):
    lines = two_channels(sales, (100, 20), (70, 60), cost=[50, 15, 35, 20])
    loss = found(lines, **BY).find("largest_loss:channel")
    assert loss.claim == "By channel, Web lost most: −€80 (−80.0%) against January 2023."
    assert (loss.stake.gap, loss.amount) == (80, 20)  # the Web's own margin rate is 25 %
    assert loss.stake.basis == "€80 of revenue × own gross margin rate of 25.0%."
    assert loss.topic == "the fall of Web"


@pytest.mark.usefixtures("few_will_do")
def test_largest_loss_speaks_of_no_more_than_was_lost_in_all(sales, found):
    lines = two_channels(sales, (200, 50), (100, 150), cost=[100, 20, 50, 100])
    result = found(lines, **BY)
    whole, loss = result.find("revenue_against_year_before"), result.find("largest_loss:channel")
    assert (loss.value, whole.amount) == (-150, 40)  # 100 in all at 40 %; gross profit fell by 70
    assert (loss.stake.gap, loss.amount) == (100, 40)  # not 150 at the Web's 60 %: the Shop made 50 up
    assert loss.stake.basis.endswith("No more than the fall of revenue is worth in all: €40.")
    assert result.total["period", "profit"] <= 70


@pytest.mark.usefixtures("few_will_do")
def test_largest_loss_speaks_without_a_stake_where_others_made_it_up(sales, found):
    loss = found(two_channels(sales, (100, 20), (70, 150)), **BY).find("largest_loss:channel")
    assert (loss.value, loss.stake, loss.tone) == (-80, None, None)
    assert loss.caveat.endswith("No stake: others made it up, so that revenue held in all.")


def test_revenue_against_year_before_speaks_of_no_more_than_gross_profit_fell_by(sales, found):
    lines = sales(("2023-01-05", 200, "a", "1"), ("2024-01-05", 100, "a", "2"), cost=[150, 60])
    fall = found(lines, reading=()).find("revenue_against_year_before")
    assert fall.amount == 10  # from 50 to 40, though 100 of revenue at 40 % are 40
    assert fall.stake.basis.endswith("No more than gross profit fell by in all: €10.")
    lines["cost"] = [None, 150, 40]
    richer = found(lines, reading=()).find("revenue_against_year_before")
    assert (richer.stake, richer.tone) == (None, "bad")
    assert richer.caveat.endswith("No stake: gross profit did not fall in all.")


@pytest.mark.usefixtures("few_will_do")
def test_largest_loss_speaks_of_a_member_that_sells_nothing_any_more(sales, found):
    lines = sales(
        ("2023-01-05", 100, "a", "1"), ("2023-01-05", 70, "b", "2"), ("2024-01-05", 90, "b", "3"),
        channel=["Web", "Shop", "Shop"],
    )  # fmt: skip
    loss = found(lines, **BY).find("largest_loss:channel")
    assert loss.claim == "By channel, Web has no revenue any more: −€100 against January 2023."
    assert loss.amount == 80  # the Shop took 20 over
    lines.loc[lines["channel"] == "Shop", "net_revenue"] = [70, 200]
    taken_over = found(lines, **BY).find("largest_loss:channel")
    assert (taken_over.stake, taken_over.tone) == (None, None)


def test_largest_loss_is_silent_where_nobody_fell_or_there_is_one_member_only(sales, found):
    assert found(two_channels(sales, (100, 110), (70, 70)), **BY).find("largest_loss:channel") is None
    alone = sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 50, "a", "2"), channel=["Web", "Web"])
    assert found(alone, **BY).find("largest_loss:channel") is None


def test_largest_gain_speaks_of_the_member_that_gained_most_to_secure_it(sales, found):
    gain = found(two_channels(sales, (100, 150), (70, 90)), **BY).find("largest_gain:channel")
    assert gain.claim == "By channel, Web gained most: +€50 (+50.0%) against January 2023."
    assert (gain.tone, gain.stake, gain.value) == ("good", None, 50)


def test_largest_gain_is_silent_where_nobody_gained(sales, found):
    assert found(two_channels(sales, (100, 100), (70, 60)), **BY).find("largest_gain:channel") is None


PRICES = {"dimensions": ("product_id", "channel"), "reading": ("breakdowns",)}


def ten_each(sales, many, price, **columns):
    """Forty orders of one piece: ten a piece a year before, then at another price; it cost six."""
    rows = [*many(40, "2023-01-05", 10), *many(40, "2024-01-05", price)]
    both = {"quantity": [1] * 80, "cost": [6] * 80} | columns
    return sales(*rows, product_id=["p"] * 80, channel=["Web"] * 80, **both)


def test_revenue_against_year_before_speaks_of_a_pure_fall_in_price_that_is_all_profit(sales, many, found):
    result = found(ten_each(sales, many, price=9), **PRICES)
    fall = result.find("revenue_against_year_before")
    assert (fall.value, fall.amount, fall.stake.flow_through) == (-40, 40, 1)
    assert fall.stake.basis == "€40 of lower prices, by product at this period's quantities: all of it is profit."
    order = result.find("order_value")
    assert (order.amount, order.stake.low) == (40, None)  # nothing is left for an interval to be of
    assert result.total["period", "profit"] == 40


def test_revenue_against_year_before_speaks_of_price_and_volume_each_at_its_own_worth(sales, many, found):
    lines = sales(
        *many(40, "2023-01-05", 100), *many(40, "2024-01-05", 72),
        quantity=[10] * 40 + [8] * 40, product_id=["p"] * 80, channel=["Web"] * 80, cost=[50] * 40 + [40] * 40,
    )  # fmt: skip
    fall = found(lines, **PRICES).find("revenue_against_year_before")
    assert fall.value == -1120
    # Price: 1 less x 320 pieces; the rest, two pieces of ten each, at a margin rate of 32 / 72.
    assert float(fall.amount) == pytest.approx(320 + 800 * 32 / 72, abs=0.001)
    assert fall.stake.basis.startswith("€320 of lower prices")
    assert "€800 of revenue × gross margin rate of 44.4%." in fall.stake.basis


@pytest.mark.parametrize(
    "columns",
    [{"quantity": [None] * 80}, {"unit": ["piece"] * 40 + ["box"] * 40}, {"cost": [None] * 80}],
    ids=["no quantity", "another unit", "no cost"],
)
def test_a_fall_whose_prices_are_not_known_is_staked_as_before(sales, many, found, columns):
    fall = found(ten_each(sales, many, price=9, **columns), **PRICES).find("revenue_against_year_before")
    assert "lower prices" not in fall.stake.basis
    assert fall.stake.flow_through == (1 if "cost" in columns else Decimal(str(1 / 3)))


def test_largest_loss_speaks_of_a_member_whose_price_fell_whole(sales, many, found):
    both = ten_each(sales, many, price=9)
    rest = both.assign(channel="Shop", net_revenue=10, order_id=both["order_id"] + "s")[1:]
    lines = pd.concat([both, rest], ignore_index=True)
    loss = found(lines, **PRICES).find("largest_loss:channel")
    assert (loss.value, loss.amount, loss.stake.flow_through) == (-40, 40, 1)


def test_what_others_made_up_all_but_a_little_of_is_not_said_to_be_held(sales, many, found):
    rows = [*many(40, "2023-01-05", 1000), *many(40, "2024-01-05", 900), *many(40, "2023-01-05", 1000, start=40)]
    rows += many(40, "2024-01-05", 1095, start=40)
    loss = found(sales(*rows, channel=["Web"] * 80 + ["Shop"] * 80), **BY).find("largest_loss:channel")
    assert loss.caveat.endswith("No stake: others made up all but €200 of revenue.")
