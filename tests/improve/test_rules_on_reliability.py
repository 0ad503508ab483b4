"""Rules on reliability: where each must speak and where it must be silent; none of them has a stake."""

from decimal import Decimal

import pandas as pd
import pytest

from perfkit import improve, kpis, margins, periods
from perfkit.results import Result, figure_frame

JANUARY = periods.parse("2024-01")


def test_no_revenue_speaks_of_a_period_of_returns_alone_or_of_nothing(sales, found):
    below = found(sales(("2024-01-05", -30, "a", "1")), reading=()).find("no_revenue")
    assert below.claim == "Returns and credit notes exceed the sales of January 2024: revenue is −€30."
    zero = found(sales(("2024-01-05", 30, "a", "1"), ("2024-01-05", -30, "a", "1")), reading=()).find("no_revenue")
    assert zero.claim.startswith("The lines of January 2024 sum to zero")
    assert (zero.stake, zero.tone) == (None, None)


def test_no_revenue_is_silent_where_there_is_some(sales, found):
    assert found(sales(("2024-01-05", 30, "a", "1")), reading=()).find("no_revenue") is None


class Reconciliation(Result):
    """What the company's reconciliation publishes: lines and money of sales, set aside and read."""

    def __init__(self, lines, money):
        self._rows = [("sales_quarantined", lines, money), ("sales_read", 1000, 5000), ("customers_read", 9, None)]

    def figures(self):
        return figure_frame(
            {"figure_id": f"reconciliation:{kpi}", "kpi": kpi, "n": n, "estimate": money}
            for kpi, n, money in self._rows
        )


def set_aside(sales, lines, money):
    card = kpis.scorecard(sales(("2024-01-05", 30, "a", "1")), period=JANUARY, currency="EUR")
    return improve.findings(card, Reconciliation(lines, money)).find("lines_set_aside")


def test_lines_set_aside_speaks_of_their_number_and_money(sales):
    aside = set_aside(sales, 20, Decimal(150))
    assert aside.claim == "20 lines of sales could not be read, 2.0% of them: €150 is in no figure."
    assert (aside.value, aside.stake) == (150, None)


@pytest.mark.parametrize("lines", [0, 0.9], ids=["none", "less than one in a thousand"])
def test_lines_set_aside_is_silent_where_all_was_read(sales, lines):
    assert set_aside(sales, lines, Decimal(0)) is None


def tied(sales, booked):
    """Sales of a thousand that name no document, and what the books hold of them."""
    lines = sales(("2024-01-05", 1000, "a", "1"))[["date", "net_revenue", "customer_id"]]
    ledger = pd.DataFrame(
        {
            "journal": "VE", "entry_id": "1", "date": pd.Timestamp("2024-01-05"), "account": ["411", "707"],
            "debit": [Decimal(booked), Decimal(0)], "credit": [Decimal(0), Decimal(booked)],
        }
    )  # fmt: skip
    tie = margins.ledger.tie(lines, ledger, period=JANUARY, currency="EUR")
    card = kpis.scorecard(lines, period=JANUARY, currency="EUR")
    return improve.findings(card, tie).find("books_do_not_tie")


def test_books_do_not_tie_speaks_of_what_no_cause_explains(sales):
    gap = tied(sales, 1300)
    assert gap.claim == "Sales and the books differ by €300, of which nothing explains €300."
    assert (gap.value, gap.stake, gap.tone) == (300, None, None)
    assert gap.figure_ids == ("ledger:residual:all",)


@pytest.mark.parametrize("booked", [1000, 1004], ids=["to the cent", "but for four in a thousand"])
def test_books_do_not_tie_is_silent_where_they_do(sales, booked):
    assert tied(sales, booked) is None


def half_costed(sales, cost):
    return sales(("2024-01-05", 60, "a", "1"), ("2024-01-05", 40, "a", "2"), cost=[30, cost])


def test_cost_missing_speaks_of_the_part_whose_cost_is_known(sales, found):
    missing = found(half_costed(sales, None), reading=()).find("cost_missing")
    assert missing.claim.startswith("The cost is known for 60.0% of the amounts only")
    assert (missing.value, missing.stake) == (0.6, None)


def test_cost_missing_is_silent_where_all_costs_are_known_or_none(sales, found):
    assert found(half_costed(sales, 20), reading=()).find("cost_missing") is None
    assert found(sales(("2024-01-05", 60, "a", "1")), reading=()).find("cost_missing") is None


def test_anonymous_revenue_speaks_of_what_no_customer_figure_sees(sales, found):
    blind = found(sales(("2024-01-05", 90, "a", "1"), ("2024-01-05", 10, None, "2")), reading=())
    assert blind.find("anonymous_revenue").claim.startswith("10.0% of revenue has no customer")
    nobody = found(sales(("2024-01-05", 90, None, "1")), reading=()).find("anonymous_revenue")
    assert nobody.claim == "No line of the period names its customer: no customer figure can be given."


def test_anonymous_revenue_is_silent_of_a_small_part(sales, found):
    lines = sales(("2024-01-05", 96, "a", "1"), ("2024-01-05", 4, None, "2"))
    assert found(lines, reading=()).find("anonymous_revenue") is None


def year_of_months(sales, without=()):
    """A line on the fifth of each month of 2022 and 2023, a tenth more in 2023, but for some months."""
    return sales(
        *(
            (f"{year}-{month:02}-05", 100 + 10 * (year - 2022), "a", f"{year}{month}")
            for year in (2022, 2023)
            for month in range(1, 13)
            if f"{year}-{month:02}" not in without
        )
    )


YEAR = {"period": periods.parse("2023"), "reading": ("trend",)}


def test_silent_months_speaks_of_a_month_that_has_no_line_in_one_year_only(sales, found):
    result = found(year_of_months(sales, without=["2023-08", "2022-03"]), **YEAR)
    silent = result.find("silent_months")
    assert silent.claim == (
        "No line is dated in March 2022 and August 2023: either nothing was sold, or an export is missing."
    )
    assert silent.figure_ids == ("trend:2023-03:revenue_before", "trend:2023-08:revenue")
    assert (silent.value, silent.stake, silent.tone) == (2, None, None)
    assert silent.action.what.startswith("Ask which")


@pytest.mark.parametrize(
    "without",
    [[], ["2022-08", "2023-08"], [f"2023-{month:02}" for month in range(1, 13)] + ["2022-01"]],
    ids=["all have lines", "closed every August", "sales are rare"],
)
def test_silent_months_is_silent_where_both_years_have_lines_or_neither(sales, found, without):
    assert found(year_of_months(sales, without), **YEAR).find("silent_months") is None


def test_what_a_silent_month_touches_has_no_stake_and_says_why(sales, found):
    lines = year_of_months(sales, without=["2023-08", "2023-09"])
    fall = found(lines, **YEAR).find("revenue_against_year_before")
    assert (fall.value, fall.stake) == (-100, None)
    assert fall.caveat.endswith(
        "No line is dated in August 2023 and September 2023: no stake, and no conclusion before it is known why."
    )


def test_the_conclusion_says_that_a_month_it_stands_on_has_no_line(sales, found, results):
    lines = year_of_months(sales, without=["2022-08"])
    card, trend = results(lines, period=periods.parse("2023-08"), reading=("trend",))
    said = improve.summary(card, improve.findings(card, trend)).conclusion
    assert "no line is dated in August 2022" in said
    whole, trend = results(year_of_months(sales), period=periods.parse("2023-08"), reading=("trend",))
    assert "no line is dated" not in improve.summary(whole, improve.findings(whole, trend)).conclusion


def test_no_run_of_months_and_no_count_of_them_reaches_over_a_silent_month(sales, found, results):
    rows = [(f"2022-{month:02}-05", 100, "a", f"b{month}") for month in range(1, 13)]
    rows += [(f"2023-{month:02}-05", 90, "a", f"n{month}") for month in (*range(1, 11), 12)]
    card, trend = results(sales(*rows), period=periods.parse("2023-12"), reading=("trend",))
    assert improve.findings(card, trend).find("months_below") is None  # December alone, not October to December
    assert improve.standing(card, trend).sentences[1] == (
        "It was above the year before in 0 of the 11 months that can be compared."
    )
