"""The summary: three figures, one sentence, three findings, and what is at stake in all."""

from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest

from perfkit import improve, kpis, periods
from perfkit.improve.findings import Action, Finding, Findings
from perfkit.improve.stakes import MARGIN, PLAN, REVENUE, Stake

OPTIONS = {"period": periods.parse("2024-01"), "currency": "EUR"}
READING = ("customers", "tree")


@pytest.fixture
def lines(sales):
    return sales(
        ("2023-01-05", 100, "a", "1"), ("2023-01-06", 100, "b", "2"),
        ("2024-01-05", 80, "a", "3"), ("2024-01-05", 40, None, "4"),
    )  # fmt: skip


@pytest.fixture
def covered(results):
    def summary(lines, targets=None, **more):
        computed = results(lines, targets, reading=READING)
        return improve.summary(computed[0], improve.findings(*computed), **more)

    return summary


def finding(id, amount, *pools, tone="bad", value=0):
    stake = Stake(Decimal(amount), Decimal(1), "", "") if amount else None
    return Finding(
        id, f"topic of {id}", f"{id} says it.", value, "EUR", "", "", Action(""), stake=stake, pools=pools, tone=tone
    )


def chosen(lines, *items):
    card = kpis.scorecard(lines, **OPTIONS)
    ranked = tuple(sorted(items, key=lambda item: -item.amount))
    return improve.summary(card, Findings(ranked, card.period, "EUR"))


def test_the_conclusion_is_revenue_s_finding_and_is_not_told_twice(lines, covered):
    result = covered(lines.assign(customer_id=lines["customer_id"].fillna("a")))
    assert result.conclusion == (
        "Revenue fell by €80 (−40.0%) against January 2023, mostly through active customers (−€109)."
    )
    assert result.headlines["kpi"].tolist() == ["revenue", "customers", "orders"]
    assert result.items
    assert result.conclusion not in [item.claim for item in result.items]


def test_no_customer_is_told_as_lost_where_sales_lost_their_customer_number(lines, covered):
    assert covered(lines).conclusion == "Revenue fell by €80 (−40.0%) against January 2023."


def test_a_finding_of_other_money_with_more_at_stake_stands_in_the_conclusion(lines):
    told = finding("revenue_against_year_before", 80, REVENUE, value=-80)
    result = chosen(lines, told, finding("discounts", 200, MARGIN))
    assert result.conclusion == (
        "revenue_against_year_before says it; most is at stake in topic of discounts: "
        "€200 of gross profit in the period."
    )
    assert [item.id for item in result.items] == ["discounts"]


def test_revenue_s_own_stake_stands_in_the_conclusion_where_it_is_not_the_gap_itself(lines):
    result = chosen(lines, finding("revenue_against_year_before", 30, REVENUE, value=-80))
    assert result.conclusion == "revenue_against_year_before says it: €30 of gross profit in the period at stake."


def test_the_three_findings_are_of_different_money_where_there_are_such(lines):
    lost, kept = (*REVENUE, ("customers", "lost and come")), (*REVENUE, ("customers", "kept"))
    items = [
        finding("margin_rate", 100, MARGIN),
        finding("below_cost", 90, (*MARGIN, ("below cost", "all"))),
        finding("customers_lost", 50, lost),
        finding("customers_shrank", 40, kept),
    ]
    assert [item.id for item in chosen(lines, *items).items] == ["margin_rate", "customers_lost", "customers_shrank"]
    assert [item.id for item in chosen(lines, *items[:3]).items] == ["margin_rate", "below_cost", "customers_lost"]


def test_a_stake_that_is_nothing_beside_the_first_takes_no_place(lines):
    items = [
        finding("margin_rate", 1000, MARGIN),
        finding("below_cost", 900, (*MARGIN, ("below cost", "all"))),
        finding("low_margin", 800, (*MARGIN, ("by channel", "Web"))),
        finding("customers_lost", 1, REVENUE),
    ]
    assert [item.id for item in chosen(lines, *items).items] == ["margin_rate", "below_cost", "low_margin"]


def test_what_is_at_stake_in_all_counts_each_amount_once(lines):
    items = [finding("margin_rate", 100, MARGIN), finding("low_margin", 90, MARGIN), finding("discounts", 7)]
    result = chosen(lines, *items)
    assert result.total == "At stake in all, each amount counted once: €107 of gross profit in the period."
    assert result.total in result.html()
    card = kpis.scorecard(lines, **OPTIONS)
    assert improve.summary(card, Findings(tuple(items), card.period, "EUR"), total=False).total == ""


def test_working_days_are_stated_where_they_differ(lines, covered, sales):
    assert covered(lines).days == (
        "Working days: 23 in January 2024, 22 in January 2023 (Monday to Friday, public holidays not left out)."
    )
    february = {"period": periods.parse("2023-02"), "currency": "EUR"}
    card = kpis.scorecard(sales(("2022-02-03", 9, "a", "1"), ("2023-02-03", 9, "a", "2")), **february)
    assert improve.summary(card, improve.findings(card)).days == ""


def test_the_headlines_are_figures_of_the_scorecard(lines, covered):
    card = kpis.scorecard(lines, **OPTIONS).figures().set_index("figure_id")
    for row in covered(lines).figures().to_dict("records"):
        assert card.loc[row["figure_id"], "estimate"] == row["estimate"]


def test_the_cover_says_value_change_and_target(lines, covered, targets):
    html = covered(lines, targets(("revenue", "2024-01-01", 160))).html()
    assert "€120" in html
    assert "−40.0%" in html
    assert "75.0% of target (€160)" in html


def test_a_rate_s_target_says_that_it_is_one(sales, covered, targets):
    lines = sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 100, "a", "2"), cost=[50, 60])
    made = covered(lines, targets(("margin_rate", "2024-01-01", 0.45)))
    assert made._cards()[1]["target"] == "Target: 45.0%"
    assert made._cards()[1]["tone"] == "bad"


def test_without_a_year_before_it_says_so_and_why(sales, covered):
    result = covered(sales(("2024-01-01", 80, "a", "3")).iloc[1:])
    assert result.conclusion == "Revenue in January 2024 was €80; there is no year before to set it against."
    assert result.days == "The data start on 1 January 2024."
    assert {card["previous"] for card in result._cards()} == {""}
    result._repr_mimebundle_()


def test_revenue_about_as_high_as_before_is_told_as_that(sales, covered):
    lines = sales(("2023-01-05", 10_000, "a", "1"), ("2024-01-05", 10_010, "a", "2"))
    assert covered(lines).conclusion == (
        "Revenue in January 2024 was €10,010, about as much as in January 2023 (€10,000)."
    )


def test_revenue_alone_makes_a_cover(lines, covered):
    result = covered(lines[["date", "net_revenue"]])
    assert result.headlines["kpi"].tolist() == ["revenue"]
    assert result.conclusion == "Revenue fell by €80 (−40.0%) against January 2023."


def test_the_cover_says_first_what_could_not_be_read():
    lines = pd.DataFrame({"date": ["2024-01-01"], "net_revenue": [10]})
    card = kpis.scorecard(lines, **OPTIONS)
    made = improve.summary(card, improve.findings(card), warning="2 lines <b> could not be read.")
    assert made.views()[0].notes[0] == "2 lines <b> could not be read."
    assert "2 lines &lt;b&gt; could not be read." in made.html()
    assert "pk-warning" not in improve.summary(card, improve.findings(card)).html().split("</style>")[1]


def test_what_is_shown_bears_the_numbers_and_the_overlaps_of_the_whole_list(lines):
    lost = (*REVENUE, ("customers", "lost and come"))
    told = finding("revenue_against_year_before", 100, REVENUE, value=-100)
    html = chosen(lines, told, finding("customers_lost", 50, lost)).html()
    assert "Included in finding 1: adds nothing to the total." in html
    assert '<p class="pk-rank">2</p>' in html


def test_numbers_that_leave_some_out_say_that_one_of_each_kind_is_shown(lines):
    items = [
        replace(finding("target_missed:gross_profit", 100, PLAN), subject="margin_rate"),
        replace(finding("margin_rate", 90, MARGIN), subject="margin_rate"),
        finding("discounts", 10, (*REVENUE, ("lever", "discount"))),
    ]
    why = "One finding of each kind, with its number among all 3, which stand in the section Improve."
    result = chosen(lines, *items)
    assert why in result.html() and why in result.views()[0].notes
    assert "One finding of each kind" not in chosen(lines, *items[:1]).html()


def test_the_three_findings_are_three_messages(lines):
    items = [
        replace(finding("target_missed:gross_profit", 100, PLAN), subject="margin_rate"),
        replace(finding("margin_rate", 90, MARGIN), subject="margin_rate"),
        finding("low_margin", 80, (*MARGIN, ("below cost", "all"))),
        finding("low_margin:channel", 70, (*MARGIN, ("by channel", "Web"))),
        finding("discounts", 10, (*REVENUE, ("lever", "discount"))),
    ]
    result = chosen(lines, *items)
    assert [item.id for item in result.items] == ["target_missed:gross_profit", "low_margin", "discounts"]
    assert [item.id for item in result.ranking] == [item.id for item in items]  # the others stay in the list


def test_what_stands_on_a_silent_month_gives_way_and_says_so_and_so_does_a_headline_s_change(lines):
    solid = [replace(finding(f"solid{n}", 0), subject=f"s{n}") for n in (1, 2)]
    shaky = [replace(finding(f"a{n}", 0), subject=f"a{n}", gaps="August 2023") for n in (1, 2)]
    result = chosen(lines, *shaky, *solid)
    assert [item.id for item in result.items] == ["a1", "solid1", "solid2"]
    why = "Nothing can be concluded from it yet: no line is dated in August 2023."
    for shown in (result.html(), " ".join(result.views()[0].notes)):
        assert f"a1 says it. {why}" in shown and shown.count(why) == 1
    unjudged = "The change cannot be judged: no line is dated in August 2023."
    assert unjudged not in result.html()
    held = replace(result, gaps="August 2023")
    assert unjudged in held.html() and unjudged in held.views()[0].notes


def test_a_month_missing_a_year_before_holds_back_no_finding_of_the_period_alone(sales, found):
    rows = [(f"{year}-{month:02}-05", 100, "a", f"{year}-{month}") for year in (2022, 2023) for month in range(1, 13)]
    rows = [row for row in rows if not row[0].startswith("2022-08")]
    august = found(sales(*rows), period=periods.parse("2023-Q3"), reading=("trend", "concentration"))
    assert august.find("single_customer").gaps == ""
    assert august.find("revenue_against_year_before").gaps == "August 2022"


def test_returns_of_twelve_months_stand_on_a_silent_month_outside_the_period(sales, found):
    months = [f"{year}-{month:02}" for year in (2022, 2023) for month in range(1, 13)] + ["2024-01"]
    rows = [(f"{month}-05", 100, f"c{n}", f"{month}-{n}") for month in months for n in range(30)]
    rows += [
        (f"{month}-20", -40 if month > "2023-01" else -1, f"c{n}", f"back {month} {n}")
        for month in months
        for n in range(10)
    ]
    for without, gaps in (("2023-05", "May 2023"), ("none", "")):
        lines = sales(*(row for row in rows if not row[0].startswith(without)))
        assert found(lines, reading=("trend",)).find("returns").gaps == gaps


def test_a_margin_under_its_target_and_under_last_year_s_is_one_message(sales, many, covered, targets):
    lines = sales(
        *many(60, "2023-01-05", 100), *many(60, "2024-01-05", 100), cost=[50] * 60 + [60] * 60, list_revenue=[110] * 120
    )
    planned = targets(("gross_profit", "2024-01-01", 3000), ("margin_rate", "2024-01-01", 0.5))
    result = covered(lines, planned)
    ids = {item.id for item in result.ranking}
    assert ids >= {"target_missed:gross_profit", "target_missed:margin_rate", "margin_rate"}
    assert [item.message for item in result.items] == ["margin_rate", "calendar"]


def test_a_missed_target_with_most_at_stake_stands_on_the_page_with_its_number(sales, covered, targets):
    lines = sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 120, "a", "2"))
    page = covered(lines, targets(("revenue", "2024-01-01", 150)))
    assert page.ranking[0].id == "revenue_against_target" and page.items[0] is page.ranking[0]


def test_the_conclusion_names_the_target_that_is_missed(sales, covered, targets):
    lines = sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 120, "a", "2"))
    short = covered(lines, targets(("revenue", "2024-01-01", 150))).conclusion
    assert short.startswith("Revenue rose by €20 (+20.0%) against January 2023, mostly through ")
    assert ", but is €30 short of its target; most is at stake in " in short
    fallen = covered(lines.assign(net_revenue=[1, 100, 80]), targets(("revenue", "2024-01-01", 150))).conclusion
    assert ", and is €70 short of its target" in fallen
    orders = covered(lines, targets(("revenue", "2024-01-01", 110), ("orders", "2024-01-01", 5))).conclusion
    assert orders.endswith("; missed: the target for orders.")
    reached = covered(lines, targets(("revenue", "2024-01-01", 110))).conclusion
    assert "target" not in reached
