"""Two periods that say different things of their lines: what is not compared, and why."""

import pytest

from perfkit import kpis, languages, periods
from perfkit.kpis.behind import lines_behind

JANUARY = periods.parse("2024-01")
OPTIONS = {"period": JANUARY, "currency": "EUR"}


@pytest.fixture(scope="module")
def one_in_five(sales):
    """Five customers of 10 in either January; a year before, one of them is known, and one order number."""
    days = [("2021-12-01", 1), *[("2023-01-05", 10)] * 5, *[("2024-01-05", 10)] * 4, ("2024-01-05", 12)]
    return sales(
        days,
        customer_id=["z", "a", None, None, None, None, "a", "b", "c", "d", "e"],
        order_id=["o", "1", None, None, None, None, "2", "3", "4", "5", "6"],
    )


def test_counts_of_customers_are_not_compared(one_in_five):
    card = kpis.scorecard(one_in_five, **OPTIONS)
    row = card.row("customers")
    assert (row["actual"], row["previous"], row["variance_previous"], row["unlike"]) == (5, 1, None, True)
    for kpi in ("new_customers", "returning_customers", "orders", "orders_per_customer", "concentration"):
        assert card.row(kpi)["variance_previous"] is None, kpi
        assert card.row(kpi)["tone_previous"] is None, kpi


def test_neither_tree_nor_walk_is_told_and_the_change_is(one_in_five):
    everyone = one_in_five.assign(customer_id=["z", *"abcde", *"abcde"])
    tree, walk = kpis.revenue_tree(everyone, **OPTIONS), kpis.revenue_walk(one_in_five, **OPTIONS)
    assert (tree.change, walk.change, len(tree.rows), len(walk.rows)) == (2, 2, 0, 0)
    assert "an order number is 100.0% in January 2024, 20.0% in January 2023" in tree.reason
    assert "100.0% of the sales have a customer in January 2024, 20.0% in January 2023" in walk.reason
    for result in (tree, walk):
        assert result.views()[0].notes == [result.reason]
        assert result.views()[0].rows["change"].tolist() == [2]


def test_retention_lies_between_0_and_1_and_is_what_its_lines_say(sales):
    # a: 60 of 100; b had a credit only; c owes 20 of its 50 now: 60 of 150.
    lines = sales(
        [("2022-12-01", 1), ("2023-01-05", 100), ("2023-01-06", -80), ("2023-01-07", 50), ("2024-01-05", 60),
         ("2024-01-06", -20)],
        customer_id=["z", "a", "b", "c", "a", "c"],
    )  # fmt: skip
    walk = kpis.revenue_walk(lines, **OPTIONS)
    assert walk.gross_retention() == pytest.approx(60 / 150)
    behind = lines_behind("revenue_walk:2024-01:gross_retention", lines, currency="EUR")
    assert behind.value(behind.lines.execute()) == pytest.approx(60 / 150)


def test_who_never_bought_did_not_come_back(sales):
    lines = sales([("2023-01-01", 1), ("2024-01-05", 8), ("2024-01-06", -5)], customer_id=["a", "a", "b"])
    rows = kpis.revenue_walk(lines, **OPTIONS).rows.set_index("step")
    assert (rows.loc["new", "effect"], rows.loc["credited", "effect"]) == (0, -5)
    assert "reactivated" not in rows.index  # the data start with the year before: nobody is known of before it


def test_a_year_before_without_credit_notes_has_no_return_rate(sales):
    lines = sales([("2022-01-01", 1), ("2023-01-05", 100), ("2024-01-05", 100), ("2024-01-06", -9)])
    row = kpis.scorecard(lines, **OPTIONS).row("return_rate")
    assert (row["actual"], row["previous"], row["variance_previous"]) == (0.09, None, None)
    assert "twelve months to 31 January 2023" in row["previous_reason"]


@pytest.mark.parametrize(("credit", "rate"), [(-2, 0.1), (-90, None)], ids=["few", "many"])
def test_a_credit_with_an_unsigned_list_price_is_no_discount(sales, credit, rate):
    lines = sales([("2022-01-01", 1), ("2024-01-05", 90), ("2024-01-06", credit)], list_revenue=[None, 100, 100])
    row = kpis.scorecard(lines, **OPTIONS).row("discount_rate")
    assert row["actual"] == (rate if rate is None else pytest.approx(rate))
    assert row["reason"].startswith("1 line whose list price and revenue have opposite signs is left out")


def test_french_elides_nothing_before_a_month(sales):
    lines = sales([("2022-01-01", 1), ("2024-10-05", 8)])
    languages.use("fr")
    try:
        row = kpis.scorecard(lines, period=periods.parse("2024-10"), currency="EUR").row("revenue")
    finally:
        languages.use("en")
    assert "sur la période (octobre 2023)" in row["previous_reason"]
