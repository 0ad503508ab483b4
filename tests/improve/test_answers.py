"""Answers: what a section says in one or two sentences, and what to bear in mind."""

from decimal import Decimal

import pytest

from perfkit import improve, kpis, languages, periods
from perfkit.improve.findings import Action, Finding, Findings
from perfkit.improve.stakes import MARGIN, REVENUE, Stake
from perfkit.kpis.walks import revenue_walk
from perfkit.kpis.years import year_to_date

OPTIONS = {"period": periods.parse("2024-01"), "currency": "EUR"}


@pytest.fixture
def lines(sales):
    """A fall from 200 to 150: b left, c came; the Web fell."""
    return sales(
        ("2023-01-05", 100, "a", "1"), ("2023-01-06", 100, "b", "2"),
        ("2024-01-05", 110, "a", "3"), ("2024-01-05", 40, "c", "4"),
        channel=["Shop", "Web", "Shop", "Web"],
    )  # fmt: skip


def standing(lines, targets=None, **more):
    return improve.standing(
        kpis.scorecard(lines, targets=targets, **OPTIONS), kpis.trend(lines, targets=targets, **OPTIONS), **more
    )


def test_standing_says_value_growth_and_attainment(lines, targets):
    answer = standing(lines, targets(("revenue", "2024-01-01", 200)))
    assert answer.sentences == (
        "Revenue in January 2024 was €150, −25.0% on January 2023 and 75.0% of the target of €200.",
        "It was above the year before in 0 of the last 12 months.",
    )
    assert answer.caveat.startswith("Working days: 23 in January 2024, 22 in January 2023")


@pytest.mark.parametrize(
    "before, now, told",
    [
        (200, 150, "Revenue in January 2024 was €150, −25.0% on January 2023."),
        (150, 150, "Revenue in January 2024 was €150, about as much as in January 2023 (€150)."),
        (1, 150, "Revenue in January 2024 was €150, after January 2023 (€1)."),
        (-10, 150, "Revenue in January 2024 was €150, after January 2023 (−€10)."),
    ],
    ids=["a fall", "the same", "from next to nothing", "from less than nothing"],
)
def test_standing_says_what_can_be_said_of_the_change(sales, before, now, told):
    assert standing(sales(("2023-01-05", before, "a", "1"), ("2024-01-05", now, "a", "2"))).sentences[0] == told


def test_standing_counts_the_months_above_the_year_before(sales):
    rows = [(f"{year}-{month:02}-05", 100, "a", f"{year}{month}") for year in (2022, 2023) for month in range(1, 13)]
    answer = standing(sales(*rows, ("2024-01-05", 120, "a", "x")))
    assert answer.sentences[1] == "It was above the year before in 1 of the last 12 months."


def test_standing_says_where_the_year_lands(sales, targets):
    rows = [
        (f"{year}-{month:02}-05", 100, "a", f"{year}{month}") for year in (2021, 2022, 2023) for month in range(1, 13)
    ]
    lines = sales(*rows, *((f"2024-{month:02}-05", 90, "a", f"{month}") for month in range(1, 7)))
    options = {"period": periods.parse("2024-06"), "currency": "EUR"}
    planned = targets(*(("revenue", f"2024-{month:02}-01", 100) for month in range(1, 13)))
    card = kpis.scorecard(lines, **options)
    answer = improve.standing(card, None, year_to_date(lines, targets=planned, **options))
    assert answer.sentences[1] == (
        "At this pace 2024 lands at €1,080 (between €1,026 and €1,136), for a target of €1,200."
    )


def test_causes_says_factors_customers_and_places(lines):
    answer = improve.causes(
        kpis.revenue_tree(lines, **OPTIONS),
        revenue_walk(lines, **OPTIONS),
        kpis.breakdown(lines, by="channel", **OPTIONS),
    )
    assert answer.sentences == (
        "Revenue fell by €50: revenue per order −€50.",
        "Behind it: customers who did not buy again −€100, who came +€40, who stayed +€10; by channel, Web −€60.",
    )
    assert answer.caveat.startswith("This says where the change is, not why")


def test_causes_says_what_no_customer_who_bought_accounts_for(sales):
    """What is said of customers sums to the change: 65 less 200 is -100 + 0 + 10 - 25 - 20."""
    lines = sales(
        ("2023-01-05", 100, "a", "1"), ("2023-01-06", 100, "b", "2"), ("2024-01-05", 110, "a", "3"),
        ("2024-01-06", -25, "d", "4"), ("2024-01-07", -20, None, "5"),
    )  # fmt: skip
    answer = improve.causes(kpis.revenue_tree(lines, **OPTIONS), revenue_walk(lines, **OPTIONS))
    assert answer.sentences[1] == (
        "Behind it: customers who did not buy again −€100, who came €0, who stayed +€10, "
        "credit notes of customers without a purchase −€25, revenue without a customer −€20."
    )


def test_causes_leaves_out_a_member_that_did_next_to_nothing_of_it(sales, many):
    rows = [*many(20, "2023-01-05", 10), *many(20, "2024-01-05", 5)]
    lines = sales(*rows)
    answer = improve.causes(kpis.revenue_tree(lines, **OPTIONS), None, kpis.movers(lines, by="customer_id", **OPTIONS))
    assert answer.sentences == ("Revenue fell by €100: revenue per order −€100.",)


def test_causes_without_a_year_before_says_why(sales):
    lines = sales(("2024-01-01", 80, "a", "3")).iloc[1:]
    answer = improve.causes(kpis.revenue_tree(lines, **OPTIONS), revenue_walk(lines, **OPTIONS))
    assert answer.sentences == ("These data do not say yet what made revenue move.",)
    assert answer.caveat == "The data start on 1 January 2024."


def finding(id, amount, *pools, measure="profit"):
    stake = Stake(Decimal(amount), Decimal(1), "", "", measure=measure)
    return Finding(id, f"topic of {id}", f"{id}.", 0, "EUR", "", "", Action(""), stake=stake, pools=pools)


def test_worth_says_the_total_where_most_of_it_lies_and_its_largest_part():
    items = (
        finding("target", 100, REVENUE),
        finding("lost", 60, (*REVENUE, ("customers", "lost"))),
        finding("margin", 30, MARGIN),
    )
    answer = improve.worth(Findings(items, OPTIONS["period"], "EUR"))
    assert answer.sentences == (
        "3 findings put €100 of gross profit in the period at stake, each amount counted once.",
        "Most lies in topic of target (€100); within the first, topic of lost (€60) weighs most.",
    )
    assert answer.caveat.startswith("A stake is a whole gap")


def test_worth_says_that_revenue_is_no_profit():
    items = (finding("target", 100, REVENUE, measure="revenue"),)
    answer = improve.worth(Findings(items, OPTIONS["period"], "EUR"))
    assert answer.sentences[0] == "One finding puts €100 of revenue in the period at stake."
    assert answer.caveat.startswith("Where the margin is not known a stake is revenue")


def test_worth_without_a_stake_does_not_say_that_all_is_well():
    answer = improve.worth(Findings((), OPTIONS["period"], "EUR"))
    assert answer.sentences == ("No finding can be priced.",)
    assert answer.caveat


def test_an_answer_shows_itself_escaped_and_publishes_no_figure_of_its_own():
    answer = improve.Answer(("<b>One</b>.", "Two."), "But.")
    html = answer.html().split("</style>")[1]
    assert html.count("<p") == 3
    assert "&lt;b&gt;One" in html
    assert answer.figures().empty
    text = answer._repr_mimebundle_()[0]["text/plain"]
    assert text == "<b>One</b>.\nTwo.\n\nBut."


def test_answers_speak_french(lines):
    languages.use("fr")
    answer = improve.causes(
        kpis.revenue_tree(lines, **OPTIONS),
        revenue_walk(lines, **OPTIONS),
        kpis.breakdown(lines, by="channel", **OPTIONS),
    )
    assert answer.sentences[0] == "Le CA recule de 50\xa0€\xa0: CA par commande −50\xa0€."
    assert (
        "clients sans nouvel achat −100\xa0€, sans achat un an plus tôt +40\xa0€, "
        "présents les deux années +10\xa0€\N{NARROW NO-BREAK SPACE}; par canal" in answer.sentences[1]
    )


def test_standing_judges_no_period_that_a_month_without_a_line_may_have_cut(sales, targets):
    """Neither against the year before nor against the target: both amounts stand there, and why."""
    months = [f"{year}-{month:02}" for year in (2022, 2023) for month in range(1, 13)] + ["2024-01", "2024-03"]
    lines = sales(*((f"{month}-05", 100, "a", month) for month in months))
    quarter = periods.parse("2024-Q1")
    plan = targets(*(("revenue", f"2024-0{month}-01", 300) for month in (1, 2, 3)))
    answer = improve.standing(kpis.scorecard(lines, period=quarter, currency="EUR", targets=plan))
    assert answer.sentences == ("Revenue in Q1 2024 was €200, after Q1 2023 (€300).",)
    assert "February 2024" in answer.caveat
