"""Thin data: one month, one customer, nobody named, only returns, nothing sold, no year before: sense, no absurdity."""

import re

import pandas as pd
import pytest

from perfkit import improve, kpis, languages, margins, periods
from perfkit.improve.findings import cards_of
from perfkit.kpis.walks import revenue_walk
from perfkit.kpis.years import year_to_date

MINUS = "\N{MINUS SIGN}"
ABSURD = [
    rf"[{MINUS}+-]0[.,]0+(\D|$)",  # a signed zero
    rf"{MINUS}100[.,]0\W?%",  # all lost: say so, or say that there is nothing
    r"\bnan\b|\binf\b|None|NaT",
    r"10 largest|10 premiers",  # of fewer
    r"\d{4,}[.,]\d\W?%|\d,\d{3}[.,]\d%",  # a percentage in thousands
    r"[{}]",  # a value that was not filled in
    r"  ",
]
LEDGERS = {
    "one month of data": [("2024-01-01", 100, "a", "1"), ("2024-01-20", 60, "b", "2"), ("2024-01-21", -5, "b", "3")],
    "one customer": [("2023-01-02", 100, "a", "1"), ("2023-06-05", 90, "a", "2"), ("2024-01-05", 80, "a", "3")],
    "no customer named": [("2023-01-02", 100, None, "1"), ("2024-01-05", 80, None, "2")],
    "only returns": [("2023-01-02", -100, "a", "1"), ("2024-01-05", -80, "a", "2")],
    "only returns now": [("2023-01-02", 100, "a", "1"), ("2024-01-05", -80, "a", "2")],
    "zero revenue": [("2023-01-02", 100, "a", "1"), ("2024-01-05", 80, "a", "2"), ("2024-01-06", -80, "a", "3")],
    "zero a year before": [("2023-01-02", 5, "a", "1"), ("2023-01-03", -5, "a", "2"), ("2024-01-05", 80, "a", "3")],
    "next to nothing before": [("2023-01-02", 1, "a", "1"), ("2024-01-05", 90_000, "b", "2")],
    "free lines only": [("2023-01-02", 0, "a", "1"), ("2024-01-05", 0, "a", "2")],
    "the same as before": [("2023-01-02", 100, "a", "1"), ("2024-01-05", 100, "a", "2")],
    "a cent less": [("2023-01-02", 100, "a", "1"), ("2024-01-05", 99.99, "a", "2")],
    "no line in the period": [("2023-01-02", 100, "a", "1"), ("2024-02-05", 80, "a", "2")],
    "three customers": [
        (f"{year}-01-0{day}", 10 * day, f"c{day}", f"{year}{day}") for year in (2023, 2024) for day in (2, 3, 4)
    ],
}


def frame(rows, columns=("date", "net_revenue", "customer_id", "order_id"), **more):
    lines = pd.DataFrame(rows, columns=["date", "net_revenue", "customer_id", "order_id"])[list(columns)]
    return lines.assign(date=pd.to_datetime(lines["date"]), **more)


def told(lines, targets=None, dimensions=("channel",)):
    """Every sentence that findings, answers and the summary say of lines."""
    options = {"period": periods.parse("2024-01"), "currency": "EUR"}
    card = kpis.scorecard(lines, targets=targets, **options)
    trend, tree = kpis.trend(lines, targets=targets, **options), kpis.revenue_tree(lines, **options)
    walk, year = revenue_walk(lines, **options), year_to_date(lines, targets=targets, **options)
    parts = [kpis.breakdown(lines, by=by, targets=targets, **options) for by in dimensions]
    movers = [kpis.movers(lines, by=by, **options) for by in ("customer_id", "product_id")]
    tie = margins.ledger.tie(lines, None, **options)
    findings = improve.findings(
        card, trend, tree, walk, year, *parts, *movers, kpis.concentration(lines, **options), tie
    )
    summary = improve.summary(card, findings)
    shown = (
        improve.standing(card, trend, year),
        improve.causes(tree, walk, *parts, *movers),
        improve.worth(findings),
        summary,
        findings,
    )
    for result in shown:
        result._repr_mimebundle_()
    sentences = [sentence for answer in shown[:3] for sentence in (*answer.sentences, answer.caveat)]
    sentences += [summary.conclusion, summary.total, summary.days]
    sentences += [value for card_ in summary._cards() for value in card_.values()]
    sentences += [str(value) for card_ in cards_of(findings.items, "EUR") for value in card_.values()]
    return findings, summary, [sentence for sentence in sentences if sentence]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", LEDGERS)
def test_thin_data_are_told_with_sense(name, language):
    languages.use(language)
    findings, summary, sentences = told(frame(LEDGERS[name], channel="Web"))
    for sentence in sentences:
        for absurd in ABSURD:
            assert not re.search(absurd, sentence), f"{sentence!r} matches {absurd!r}"
    assert summary.conclusion.endswith(".")
    assert len(summary.items) <= 3
    assert all(0 <= item.value <= 1 for item in findings.items if item.unit == "share")


@pytest.mark.parametrize("name", ["one month of data", "only returns now", "zero revenue", "next to nothing before"])
def test_thin_data_of_two_columns_are_told_too(name):
    _findings, summary, sentences = told(frame(LEDGERS[name], ("date", "net_revenue")))
    assert summary.conclusion
    assert not [sentence for sentence in sentences for absurd in ABSURD if re.search(absurd, sentence)]


def test_one_month_claims_no_change(found):
    lines = frame(LEDGERS["one month of data"])
    ids = {item.id for item in found(lines).items}
    assert ids == {"single_customer"}
    assert told(lines)[1].conclusion == ("Revenue in January 2024 was €155; there is no year before to set it against.")


def test_one_customer_is_called_the_only_one(found):
    claim = found(frame(LEDGERS["one customer"])).find("single_customer").claim
    assert claim == "All identified revenue comes from one customer, a: €80."


def test_without_names_no_customer_is_spoken_of_but_that_they_lack(found):
    items = found(frame(LEDGERS["no customer named"])).items
    assert {item.id for item in items} == {"revenue_against_year_before", "anonymous_revenue", "calendar"}


@pytest.mark.parametrize("name", ["only returns", "only returns now", "zero revenue", "free lines only"])
def test_a_period_that_sold_nothing_says_so_first(name):
    conclusion = told(frame(LEDGERS[name]))[1].conclusion
    assert conclusion.startswith(("Returns and credit notes exceed the sales", "The lines of January 2024 sum to zero"))


def test_a_period_without_a_line_is_not_a_fall_of_all(found):
    lines = frame(LEDGERS["no line in the period"])
    assert told(lines)[1].conclusion.startswith("The lines of January 2024 sum to zero")


def test_targets_of_zero_or_for_other_months_claim_nothing(targets, found):
    lines = frame(LEDGERS["one customer"])
    planned = targets(("revenue", "2024-01-01", 0), ("orders", "2024-02-01", 5))
    assert not [item for item in found(lines, planned).items if "target" in item.id]
    told(lines, planned)


def nobody(rows, **columns):
    """Lines that name neither an order nor a customer."""
    lines = pd.DataFrame([("2022-01-05", 1), *rows], columns=["date", "net_revenue"])
    return lines.assign(date=pd.to_datetime(lines["date"]), **{name: [None, *of] for name, of in columns.items()})


@pytest.mark.parametrize(("n", "ids"), [(29, set()), (30, {"largest_loss:channel"})])
def test_where_neither_orders_nor_customers_are_named_lines_are_the_cases(found, n, ids):
    lines = nobody(
        [("2023-01-05", 100)] * n + [("2024-01-05", 80)] * n,
        channel=["Web", *["Shop"] * (n - 1)] * 2,
        cost=[50] * 2 * n,
        list_revenue=[100] * 2 * n,
    )
    told_ = {item.id for item in found(lines, dimensions=("channel",), reading=("breakdowns",)).items}
    assert told_ & {"largest_loss:channel", "margin_rate", "discounts"} == ids


def test_of_lines_that_name_neither_the_change_of_a_rate_has_no_interval_and_no_claim():
    lines = nobody(
        [("2023-01-05", 90 + n % 2) for n in range(40)] + [("2024-01-05", 80 + n % 2) for n in range(40)],
        list_revenue=[100] * 80,
    )
    card = kpis.scorecard(lines, period=periods.parse("2024-01"), currency="EUR")
    assert card.row("discount_rate")["change_low"] is None


def test_of_a_member_whose_cases_nothing_counts_no_margin_is_told(found):
    lines = nobody([("2024-01-05", 100)] * 100, channel=["Web", "Shop"] * 50, cost=[90, 10] * 50)
    assert found(lines, dimensions=("channel",), reading=("breakdowns",)).find("low_margin:channel") is None


def test_less_than_nothing_is_no_share_of_a_target(targets, found):
    lines = frame(LEDGERS["only returns now"])
    planned = targets(("revenue", "2024-01-01", 100))
    assert found(lines, planned).find("revenue_against_target").claim == "Revenue is €180 short of its target of €100."
    assert not [sentence for sentence in told(lines, planned)[2] if MINUS in sentence and "% of" in sentence]
