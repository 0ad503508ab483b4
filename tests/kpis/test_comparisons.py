"""What is set against the year before: like with like, and nothing that a reader cannot see."""

from decimal import Decimal

import pytest

from perfkit import kpis, periods

JANUARY = periods.parse("2024-01")


def card(lines):
    return kpis.scorecard(lines, period=JANUARY, currency="EUR")


def test_a_change_that_is_shown_as_zero_has_no_colour(sales):
    lines = sales([("2022-12-01", 1), ("2023-01-05", 100_000), ("2024-01-05", Decimal("100000.40"))])
    result = card(lines)
    row = result.row("revenue")
    assert (row["variance_previous"], row["tone_previous"]) == (Decimal("0.40"), None)
    large = card(sales([("2022-12-01", 1), ("2023-01-05", 100_000), ("2024-01-05", 100_002)]))
    assert large.row("revenue")["tone_previous"] == "good"  # +€2 shows
    cells = large.views()[0].cells()[0]
    assert [cell["tone"] for cell in cells if cell["text"] in ("+€2", "0.0%")] == ["good", None]


@pytest.mark.parametrize(("before", "compared"), [((90, 10), True), ((20, 80), False)], ids=["90% both", "90% and 20%"])
def test_gross_profit_is_compared_where_as_much_of_the_cost_is_known(sales, before, compared):
    known, rest = before
    lines = sales(
        [("2022-12-30", 1), ("2023-01-05", known), ("2023-01-06", rest), ("2024-01-05", 90), ("2024-01-06", 10)],
        cost=[None, known / 2, None, 40, None],
    )
    result = card(lines)
    for kpi in ("gross_profit", "margin_rate"):
        assert (result.row(kpi)["variance_previous"] is not None) is compared, kpi
    said = any("do not cover the same share of the business" in note for note in result.views()[0].notes)
    assert said is not compared


def test_a_year_before_without_a_line_is_said_and_not_silently_zero(sales):
    lines = sales([("2022-12-31", 5), ("2024-01-05", 8)], customer_id=["a", "a"], country=["fr", "fr"])
    why = "No line is dated in January 2023: nothing was sold, or an export is missing."
    row = card(lines).row("revenue")
    assert (row["previous"], row["previous_reason"], row["tone_previous"]) == (0, why, None)
    options = {"period": JANUARY, "currency": "EUR"}
    for result in (
        kpis.breakdown(lines, by="country", **options),
        kpis.movers(lines, by="country", **options),
        kpis.trend(lines, months=1, **options),
    ):
        assert why in result.views()[0].notes
    assert kpis.revenue_walk(lines, **options).reason == why


def test_orders_that_returns_outweigh_have_no_average(sales):
    lines = sales(
        [("2023-01-01", 1), ("2024-01-05", 10), ("2024-01-06", -30), ("2024-01-07", 12), ("2024-01-08", -20)],
        order_id=["o", "a", "a", "b", "b"],
    )
    result = card(lines)
    assert result.row("orders")["actual"] == 2
    for kpi in ("aov", "median_order"):
        assert result.row(kpi)["actual"] is None
        assert result.row(kpi)["reason"] == "Returns and credit notes of the period outweigh its orders."


def test_the_ten_largest_of_fewer_are_counted(sales):
    lines = sales([("2024-01-01", 5), ("2024-01-05", 5), ("2024-01-06", -1)], customer_id=["a", "b", "c"])
    assert card(lines).row("concentration")["reason"] == "3 customers are identified."
    result = kpis.concentration(lines, period=JANUARY, currency="EUR")
    assert (result.customers, result.buyers) == (3, 2)
    assert card(lines).row("customers")["actual"] == result.buyers
    assert result.views()[1].title == "All 3 customers"
    assert result.views()[0].notes[0].startswith("1 customer has only returns or free lines in the period")


def test_discounts_are_weighted_and_say_how_much_they_cover(sales):
    lines = sales(
        [("2023-01-01", 1), ("2024-01-05", 90), ("2024-01-05", 5), ("2024-01-06", 105), ("2024-01-07", -9)],
        list_revenue=[None, 100, 10, None, -10],
    )
    row = card(lines).row("discount_rate")
    assert row["actual"] == pytest.approx(15 / 110)  # not the mean of 10 % and 50 %; the return is no sale
    assert (row["status"], row["reason"]) == ("partial", "The list price is known for 47.5% of the sales.")
    assert row["direction"] == -1


def test_customers_of_one_name_are_told_apart(sales):
    lines = sales(
        [("2022-12-01", 1), ("2024-01-05", 7), ("2024-01-05", 5), ("2024-01-05", 3), ("2024-01-05", 1)],
        customer_id=["c1", "c1", "c2", "c3", "c4"],
        customer_name=["Dupont", "Dupont", "Dupont", "Martin", None],
    )
    options = {"period": JANUARY, "currency": "EUR"}
    distinct = ["Dupont (c1)", "Dupont (c2)", "Martin", "c4"]
    assert kpis.breakdown(lines, by="customer_id", **options).rows["name"].tolist() == distinct
    assert kpis.movers(lines, by="customer_id", **options).rows["name"].tolist() == distinct
    assert kpis.concentration(lines, **options).largest["name"].tolist() == distinct
    assert set(kpis.trend_by(lines, by="customer_id", **options).cells["name"]) == set(distinct)
