"""The whale curve: it peaks with the last that earns, ends at the total, and says what it leaves out."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import languages, margins, periods
from perfkit.errors import ParameterError
from perfkit.results import plain
from tests.margins.test_allocation import booked, cost
from tests.margins.test_profitability import line, lines

YEAR = periods.parse("2024")


def curve(rows, **options):
    return margins.profitability.whale_curve(rows, period=YEAR, currency="EUR", **options)


FOUR = (line("a", 100, 20), line("b", 50, 20), line("c", 20, 40), line("d", 10, 10))


def test_a_curve_counted_by_hand():
    found = curve(lines(*FOUR))
    assert found.cells["member"].tolist() == ["a", "b", "d", "c"]
    assert found.cells["profit"].tolist() == [80, 30, 0, -20]
    assert found.cells["cumulative"].tolist() == [80, 110, 110, 90]
    assert found.cells["share"].tolist() == [80 / 90, 110 / 90, 110 / 90, 1]
    assert (found.total, found.peak_amount, found.destroyed) == (90, 110, -20)
    assert found.peak == pytest.approx(110 / 90) and found.top_share == pytest.approx(80 / 90)
    assert found.hhi == pytest.approx((80 / 110) ** 2 + (30 / 110) ** 2)
    assert found.gini == pytest.approx((80 - 30) / (2 * 110))
    assert (found.earners, found.losers, found.profit) == (2, 1, "gross_profit")
    assert found.views()[0].title == "1 of 4 loses money and takes back €20: profit peaks at 122.2% of what is left"


def test_with_costs_profit_is_what_is_left_after_serving():
    found = curve(
        lines(*FOUR),
        costs=booked(cost(95, level="cm2", customer="a"), cost(3, level="cm2"), cost(9, level="cm3", customer="b")),
    )
    assert found.profit == "cm2" and found.cells["profit"].tolist() == [30, 0, -15, -20]
    assert found.left_out.to_dict("records") == [
        {"reason": "costs that reach none", "lines": 0, "net_revenue": 0, "profit": -3}
    ]


def test_revenue_without_a_cost_is_no_profit_and_costs_that_reach_it_are_told():
    costs = booked(cost(30, level="cm2", customer="a"), cost(60, level="cm2", customer="b"))
    found = curve(lines(line("a", 100, 50), line(None, 30, None), line("b", 20, None)), costs=costs)
    assert found.total + sum(row["profit"] or 0 for row in found.left_out.to_dict("records")) == 50 - 90
    shown = plain(found.views()[0])
    assert "1 line without a customer, whose cost is not known, €30 of net revenue" in shown
    assert "€60 of costs to this level that reach nobody whose profit is known" in shown


def test_no_customer_and_no_cost_are_in_no_rank_and_are_shown():
    found = curve(lines(*FOUR, line(None, 30, 10), line("e", 7, None), line("a", 3, None)))
    assert found.total == 90 and "e" not in set(found.cells["member"])
    assert found.left_out.to_dict("records") == [
        {"reason": "no member", "lines": 1, "net_revenue": 30, "profit": 20},
        {"reason": "no known cost", "lines": 2, "net_revenue": 10, "profit": None},
    ]
    shown = plain(found.views()[0])
    assert (
        "1 line without a customer, with a profit of €20" in shown and "2 lines whose cost is not known, €10" in shown
    )


def test_where_nothing_is_earned_everything_is_in_money():
    found = curve(lines(line("a", 10, 5), line("b", 10, 30)))
    assert found.peak is None and found.top_share is None and found.cells["share"].isna().all()
    assert (found.total, found.peak_amount, found.destroyed) == (-15, 5, -20)
    assert found.views()[0].title == "In all, nothing is earned: −€15, of which €20 lost by 1 of 2"
    statuses = found.figures().set_index("kpi")["status"]
    assert statuses["whale_peak"] == "not available" and statuses["whale_destroyed"] == "observed"


@pytest.mark.parametrize(
    "rows", [[line("a", 5, 2)], [line("a", 5, 9)], [line("a", 0, 0)]], ids=["earns", "loses", "zero"]
)
def test_one_customer_is_a_curve(rows):
    found = curve(lines(*rows))
    assert len(found.cells) == 1 and found.html()


def test_without_cost_or_customer_it_says_what_to_ask_for():
    assert "cost of goods" in curve(lines(*FOUR).drop(columns="cost")).reason
    assert "customer number" in curve(lines(*FOUR).drop(columns="customer_id")).reason
    assert (
        "Ask for the missing ones"
        in curve(lines(line("a", 5, None)).iloc[1:].assign(date=pd.Timestamp("2024-01-01"))).reason
    )


def test_losers_are_set_against_the_year_before_and_drawn_to_the_mean():
    before = [line(f"c{n}", 100, 100 - (n - 10), day="2023-03-01") for n in range(21)]
    # Each keeps half of what it made: the slope is a half, the mean zero.
    now = [line(f"c{n}", 100, Decimal(100) - Decimal(n - 10) / 2, day="2024-03-01") for n in range(21)]
    table = pd.DataFrame([line("z", 1, 1, day="2023-01-01"), *before, *now])
    found = curve(table, previous=periods.parse("2023"))
    told = found.before
    assert (told.losers, told.lost, told.earned_then) == (10, Decimal("-27.5"), -55)
    assert (told.earlier_losers, told.earlier_lost, told.earlier_now) == (10, -55, Decimal("-27.5"))
    assert told.pairs == 12 and told.slope == pytest.approx(0.5, abs=0.05)  # c5 to c15, and z
    assert Decimal(-16) < told.expected < Decimal(-12)
    assert "regression to the mean" in plain(found.views()[2])
    with pytest.raises(ParameterError, match="the curves differ"):
        found.versus(curve(table, by="order_id"))


@pytest.mark.parametrize(
    "later, word",
    [(lambda n: Decimal(n - 10) * Decimal("1.2"), "multiplied"), (lambda n: Decimal(n - 10) / 2 - 8, "fell")],
    ids=["losses grew", "all fell"],
)
def test_where_nothing_draws_nearer_to_the_mean_losses_are_taken_as_they_are(later, word):
    before = [line(f"c{n}", 100, 100 - (n - 10), day="2023-03-01") for n in range(21)]
    now = [line(f"c{n}", 100, 100 - later(n), day="2024-03-01") for n in range(21)]
    found = curve(pd.DataFrame([line("z", 1, 1, day="2023-01-01"), *before, *now]), previous=periods.parse("2023"))
    told = found.before
    assert told.expected is None and told.slope is not None and told.slope_low <= told.slope <= told.slope_high
    assert told.holds is (word == "multiplied")
    assert "No regression to the mean to speak of" in plain(found.views()[2]) and word in plain(found.views()[2])


profits = st.lists(st.integers(-9_999, 9_999), min_size=1, max_size=25)


@settings(max_examples=8)
@given(profits)
def test_a_curve_rises_to_its_peak_falls_to_its_total_and_order_does_not_matter(cents):
    rows = [line(f"c{n % 7}", 1, 1 - Decimal(each) / 100, order=f"{n}") for n, each in enumerate(cents)]
    found = curve(lines(*rows))
    cumulated = found.cells["cumulative"].tolist()
    assert found.total == found.peak_amount + found.destroyed == cumulated[-1] == sum(cents) / Decimal(100)
    assert max([Decimal(0), *cumulated]) == found.peak_amount and found.destroyed <= 0
    again = curve(lines(*rows[::-1]))
    pd.testing.assert_frame_equal(found.cells, again.cells)
    by_member = margins.profitability.by(lines(*rows), dimensions=["customer_id"], period=YEAR, currency="EUR").rows
    assert dict(zip(by_member["member"], by_member["gross_profit"], strict=True)) == dict(
        zip(found.cells["member"], found.cells["profit"], strict=True)
    )


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_it_shows_itself_in_both_languages(language):
    languages.use(language)
    assert curve(lines(*FOUR), costs=booked(cost(3, level="cm2"))).payload()["views"]


def test_a_year_before_that_the_data_do_not_hold_is_no_year_before():
    found = curve(lines(*FOUR), previous=periods.parse("2020"))
    assert found.before is None and len(found.views()) == 2


def test_where_nobody_loses_now_there_is_no_table_of_what_losers_made_a_year_before():
    before = [line(f"c{n}", 100, 110 if n < 3 else 60, day="2023-03-01") for n in range(10)]
    now = [line(f"c{n}", 100, 60) for n in range(10)]
    found = curve(pd.DataFrame([line("z", 1, 1, day="2023-01-01"), *before, *now]), previous=periods.parse("2023"))
    assert found.before is not None and found.before.earlier_losers == 3 and not found.losers
    assert len(found.views()) == 2


def test_whose_cost_is_known_of_a_part_alone_is_in_no_rank_once_costs_to_serve_are_taken_off():
    rows = lines(line("big", 1000, None), line("big", 30, 20), line("a", 100, 20), line("b", 100, 40))
    serving = booked(cost(50, level="cm2", customer="big"), cost(10, level="cm2", customer="a"))
    found = curve(rows, costs=serving)
    assert found.cells["member"].tolist() == ["a", "b"] and found.losers == 0
    assert found.left_out.to_dict("records") == [
        {"reason": "cost known of a part", "lines": 2, "net_revenue": 1030, "profit": None},
        {"reason": "costs that reach none", "lines": 0, "net_revenue": 0, "profit": -50},
    ]
    assert "In no rank: those whose cost is known of less than 95% of the amounts, €1,030 of net revenue." in plain(
        found.views()[0]
    )
    assert "big" in curve(rows).cells["member"].tolist()  # its gross margin is of the line whose cost is known


def test_where_no_line_names_a_customer_costs_that_name_one_make_no_curve():
    found = curve(lines(line(None, 100, 20)), costs=booked(cost(30, level="cm2", customer="C1")))
    assert found.cells.empty and found.reason.startswith("No line of the period has both a customer and a known cost.")
