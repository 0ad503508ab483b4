"""Losses: over random small companies, what falls are told to be worth is never more than what was really lost."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfkit import improve
from perfkit.improve.findings import claims_of
from perfkit.improve.stakes import totals

PARTS = ("breakdowns", "customers", "tree")

lines_of_a_company = st.lists(
    st.tuples(
        st.sampled_from(["2023-01-05", "2023-01-18", "2024-01-05", "2024-01-18"]),
        st.integers(-40, 400),
        st.sampled_from("abc"),
        st.sampled_from("pqr"),
        st.sampled_from(["Web", "Shop"]),
        st.integers(20, 95),
    ),
    min_size=4,
    max_size=14,
)


@pytest.mark.usefixtures("few_will_do")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines_of_a_company, st.booleans())
def test_falls_are_worth_no_more_than_the_company_lost(sales, results, rows, costed):
    columns = {"product_id": [row[3] for row in rows], "channel": [row[4] for row in rows]}
    if costed:
        columns["cost"] = [Decimal(row[1] * row[5]) / 100 for row in rows]
    lines = sales(*((day, money, who, f"{n}") for n, (day, money, who, *_) in enumerate(rows)), **columns)
    card, *read = results(lines, dimensions=("channel", "product_id"), reading=PARTS)
    found = improve.findings(card, *read)
    falls = [item for item in found.items if item.stake is not None and item.stake.most is not None]
    said = sum(totals(claims_of(falls)).values(), Decimal(0))
    assert said <= max(lost(rows, costed and margins_known(card)), 0) + Decimal("0.01")
    assert all(item.amount <= said for item in falls)


def lost(rows, costed):
    """What gross profit fell by, or revenue where no margin is known."""
    now, before = (
        sum(money * (Decimal(100 - cost) / 100 if costed else 1) for day, money, *_, cost in rows if day[:4] == year)
        for year in ("2024", "2023")
    )
    return before - now


def margins_known(card):
    row = card.row("margin_rate")
    return row["status"] == row["previous_status"] == "observed"


@pytest.mark.usefixtures("few_will_do")
def test_many_falls_and_rises_at_margins_of_their_own_are_told_as_what_was_lost(sales, results):
    # a lost 100 at 60 %, b gained 60 at 20 %, c lost 60 at 50 %: gross profit fell by 60 + 30 - 12 = 78.
    lines = sales(
        ("2023-01-05", 200, "a", "1"), ("2023-01-05", 100, "b", "2"), ("2023-01-05", 160, "c", "3"),
        ("2024-01-05", 100, "a", "4"), ("2024-01-05", 160, "b", "5"), ("2024-01-05", 100, "c", "6"),
        cost=[80, 80, 80, 40, 128, 50], channel=["Web", "Shop", "Fair", "Web", "Shop", "Fair"],
    )  # fmt: skip
    found = improve.findings(
        *results(lines, dimensions=("channel", "customer_id"), reading=("breakdowns", "customers"))
    )
    assert found.find("largest_loss:channel").value == -100
    assert max(item.amount for item in found.items) <= 78
    assert all(amount <= 78 for amount in found.total.values())


def test_what_is_lost_in_revenue_and_in_profit_are_two_totals(sales, many, found):
    lines = sales(*many(40, "2023-01-05", 100), *many(40, "2024-01-05", 80), list_revenue=[Decimal(100)] * 80)
    result = found(lines, reading=())
    assert {(item.id, item.stake.measure) for item in result.items if item.stake} >= {
        ("discounts", "profit"),
        ("revenue_against_year_before", "revenue"),
    }
    assert result.total == {("period", "profit"): 800, ("period", "revenue"): 800}
    assert result.total_in_words() == "€800 of gross profit in the period and €800 of revenue in the period"
    assert result.total_caveat() == "Do not add these amounts to one another: they may be the same money."
    figures = result.figures().set_index("figure_id")["estimate"]
    assert figures["findings:2024-01:total:period"] == figures["findings:2024-01:total:period:revenue"] == 800
