"""Rules on targets: where each must speak and where it must be silent, counted by hand."""

import pandas as pd
import pytest

from perfkit import contribution, improve, margins, periods

JANUARY = periods.parse("2024-01")


@pytest.fixture
def level(sales):
    """The same hundred in both years, at a margin rate of 40 %."""
    return sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 100, "a", "3"), cost=[60, 60])


def test_revenue_against_target_speaks_of_what_is_short_and_of_what_is_above(level, found, targets):
    short = found(level, targets(("revenue", "2024-01-01", 150)), reading=()).find("revenue_against_target")
    assert short.claim == "Revenue is €50 short of its target of €150 (66.7% of it)."
    assert (short.tone, short.value, short.amount) == ("bad", -50, 20)
    above = found(level, targets(("revenue", "2024-01-01", 80)), reading=()).find("revenue_against_target")
    assert above.claim == "Revenue is €20 above its target of €80 (125.0% of it)."
    assert (above.tone, above.stake) == ("good", None)


def test_revenue_against_target_is_silent_without_a_target_or_a_gap(level, found, targets):
    assert found(level, reading=()).find("revenue_against_target") is None
    assert found(level, targets(("revenue", "2024-01-01", 100.4)), reading=()).find("revenue_against_target") is None


def test_target_missed_speaks_of_a_margin_rate_below_it(level, found, targets):
    missed = found(level, targets(("margin_rate", "2024-01-01", 0.45)), reading=()).find("target_missed:margin_rate")
    assert missed.claim == "Gross margin rate: 40.0%, against a target of 45.0%."
    assert missed.value == pytest.approx(-0.05)
    assert float(missed.amount) == pytest.approx(5)  # 5 points of 100


def test_target_missed_speaks_of_a_rate_of_returns_above_it(sales, found, targets):
    lines = sales(("2024-01-05", 100, "a", "1"), ("2024-01-06", -10, "a", "2"))
    missed = found(lines, targets(("return_rate", "2024-01-01", 0.04)), reading=()).find("target_missed:return_rate")
    assert missed.claim == "Return rate: 10.0%, against a target of 4.0%."
    assert missed.stake is None


def test_target_missed_speaks_of_gross_profit_as_money_of_every_kind(level, found, targets):
    missed = found(level, targets(("gross_profit", "2024-01-01", 50)), reading=())
    assert missed.find("target_missed:gross_profit").amount == 10
    assert missed.total == {("period", "profit"): 10}


def test_a_gap_in_gross_profit_is_worth_what_other_variable_costs_leave_of_it(level, results, targets):
    """A revenue gap of 25 is the gross profit gap of 10 at 40 %: both are worth the same."""
    planned = targets(("gross_profit", "2024-01-01", 50), ("revenue", "2024-01-01", 125))
    for freight, worth in ((10, 7.5), (50, None)):  # of 40, 30 is left; then nothing
        booked = pd.DataFrame(
            {"period": pd.to_datetime(["2024-01-01"]), "kind": "Freight", "level": "cm1", "amount": [float(freight)]}
        )
        deeper = margins.statement.statement(level, contribution.costs(booked), period=JANUARY, currency="EUR")
        told = improve.findings(*results(level, planned, reading=()), deeper)
        missed = [told.find(id) for id in ("target_missed:gross_profit", "revenue_against_target")]
        assert [item.stake and float(item.amount) for item in missed] == [worth, worth]
        if worth:
            assert {item.stake.measure for item in missed} == {"contribution"}
            assert missed[0].stake.basis == "€10 of gross profit × the 75.0% of it that other variable costs leave."


def test_target_missed_is_silent_where_it_is_reached_or_nearly(level, found, targets):
    planned = targets(("margin_rate", "2024-01-01", 0.402), ("orders", "2024-01-01", 1), ("aov", "2024-01-01", 101))
    assert not [item for item in found(level, planned, reading=()).items if item.id.startswith("target_missed")]


def by_channel(sales, now):
    return sales(
        *(("2023-01-05", 100, name, f"before {name}") for name in now),
        *(("2024-01-05", amount, name, name) for name, amount in now.items()),
        channel=[*now, *now],
    )


def test_member_target_speaks_of_the_member_furthest_short(sales, found, targets):
    planned = targets(
        ("revenue", "2024-01-01", 120, "channel", "Web"), ("revenue", "2024-01-01", 130, "channel", "Shop")
    )
    result = found(by_channel(sales, {"Web": 110, "Shop": 100}), planned, ("channel",), reading=("breakdowns",))
    short = result.find("member_target:channel")
    assert short.claim == "By channel, Shop is furthest from its target: €30 short of €130 (76.9%)."
    assert (short.value, short.amount, short.stake.reference) == (-30, 30, "Target: €130")


def test_member_target_is_silent_where_each_who_sells_reached_its_own(sales, found, targets):
    planned = targets(
        ("revenue", "2024-01-01", 100, "channel", "Web"), ("revenue", "2024-01-01", 500, "channel", "All shops")
    )
    result = found(by_channel(sales, {"Web": 110, "Shop": 50}), planned, ("channel",), reading=("breakdowns",))
    assert result.find("member_target:channel") is None


def two_years(sales, factor):
    """Each month of 2022 and 2023 alike, and of 2024 until June times a factor."""
    return sales(
        *(
            (f"{year}-{month:02}-05", 100, "a", f"{year}{month}")
            for year in (2021, 2022, 2023)
            for month in range(1, 13)
        ),
        *((f"2024-{month:02}-05", 100 * factor, "a", f"2024{month}") for month in range(1, 7)),
    )


def planned_year(targets, value):
    return targets(*(("revenue", f"2024-{month:02}-01", value) for month in range(1, 13)))


def test_landing_speaks_of_a_year_that_lands_short_whatever_its_interval(sales, found, targets):
    june = periods.parse("2024-06")
    short = found(two_years(sales, 0.8), planned_year(targets, 100), period=june, reading=("year",)).find("landing")
    assert short.claim == "At this pace 2024 lands at €960, €240 short of its target of €1,200."
    assert (short.stake.kind, short.stake.gap, short.tone) == ("annual", 240, "bad")
    assert short.low <= 960 <= short.high < 1200
    assert short.stake.low <= short.amount <= short.stake.high


def test_landing_is_silent_without_a_target_and_where_its_interval_holds_the_target(sales, found, targets):
    june = periods.parse("2024-06")
    assert found(two_years(sales, 0.8), period=june, reading=("year",)).find("landing") is None
    close = found(two_years(sales, 0.8), planned_year(targets, 80), period=june, reading=("year",))
    assert close.find("landing") is None


def test_member_target_speaks_without_a_stake_where_the_others_make_it_up_and_of_no_more_than_all_are_short(
    sales, found, targets
):
    members = [("revenue", "2024-01-01", 100, "channel", "Web"), ("revenue", "2024-01-01", 100, "channel", "Shop")]
    lines = by_channel(sales, {"Web": 150, "Shop": 50})
    short = found(lines, targets(*members), ("channel",), reading=("breakdowns",)).find("member_target:channel")
    assert (short.value, short.stake, short.tone) == (-50, None, None)
    planned = targets(*members, ("revenue", "2024-01-01", 220))
    part = found(lines, planned, ("channel",), reading=("breakdowns",)).find("member_target:channel")
    assert part.amount == 20


def test_target_missed_speaks_of_an_order_value_whose_gap_more_orders_made_up_without_a_stake(level, found, targets):
    value = ("aov", "2024-01-01", 150)
    alone = found(level, targets(value), reading=()).find("target_missed:aov")
    assert (alone.stake.gap, alone.amount) == (50, 20)
    part = found(level, targets(value, ("revenue", "2024-01-01", 130)), reading=()).find("target_missed:aov")
    assert part.stake.gap == 30
    made_up = found(level, targets(value, ("revenue", "2024-01-01", 90)), reading=()).find("target_missed:aov")
    assert made_up.stake is None


def test_member_target_speaks_of_no_more_than_all_are_short_of_at_the_company_s_margin(sales, found, targets):
    lines = by_channel(sales, {"Web": 50, "Shop": 150}).assign(cost=[None, 50, 50, 5, 115])
    planned = targets(("revenue", "2024-01-01", 100, "channel", "Web"), ("revenue", "2024-01-01", 250))
    result = found(lines, planned, ("channel",), reading=("breakdowns",))
    assert result.find("revenue_against_target").amount == 20  # 50 at 40 %
    assert result.find("member_target:channel").amount == 20  # not 45, at the Web's 90 %


def a_quarter_without_february(sales):
    """Two years of a hundred a month, at a margin rate of 40 %, but for February 2024."""
    days = [f"{year}-{month:02}-05" for year in (2022, 2023) for month in range(1, 13)] + ["2024-01-05", "2024-03-05"]
    return sales(*((day, 100, "a", day) for day in days), cost=[60] * 26, channel=["Web"] * 26)


def test_a_target_of_a_quarter_with_a_silent_month_is_not_told_as_missed(sales, found, results, targets):
    lines, quarter = a_quarter_without_february(sales), periods.parse("2024-Q1")
    months = [f"2024-0{month}-01" for month in (1, 2, 3)]
    planned = targets(
        *(("revenue", month, 110) for month in months), *(("orders", month, 2) for month in months),
        *(("revenue", month, 110, "channel", "Web") for month in months),
    )  # fmt: skip
    of = {"dimensions": ("channel",), "period": quarter, "reading": ("breakdowns",)}
    result = found(lines, planned, **of)
    short = result.find("revenue_against_target")
    assert (
        short.claim == "Whether revenue reaches its target of €330 cannot be told: no line is dated in February 2024."
    )
    assert (short.value, short.tone, short.stake) == (-130, None, None)
    assert result.find("target_missed:orders") is None
    assert result.find("member_target:channel") is None
    card = results(lines, planned, period=quarter, reading=())[0]
    cover = improve.summary(card, result)
    assert cover._cards()[0]["target"] == ("Target: €330; cannot be judged before February 2024 is there")
    assert cover._cards()[0]["tone"] == ""
    assert "no line is dated in February 2024" in cover.conclusion
    assert "short of its target" not in cover.conclusion
    assert improve.standing(card).caveat.startswith("No line is dated in February 2024")
