"""Decisions, briefs and answers on margins: what is chosen and what is left out, and what a section opens with."""

from decimal import Decimal

import pandas as pd
import pytest

from perfkit import contribution, improve, kpis, languages, margins, periods
from perfkit.improve.findings import Action, Finding, Findings
from perfkit.improve.stakes import MARGIN, PLAN, Stake

JANUARY = periods.parse("2024-01")
BASE = JANUARY.year_before()
OPTIONS = {"period": JANUARY, "currency": "EUR"}


def finding(id, amount=0, pool=None, owner=""):
    stake = Stake(Decimal(amount), Decimal(1), "then", "all of it") if amount else None
    pools = ((*MARGIN, pool),) if pool else ()
    return Finding(id, f"about {id}", f"{id} says it.", 1, "count", "counted", "then", Action(f"do {id}", owner),
                   stake=stake, pools=pools)  # fmt: skip


def of(*items):
    return Findings(items, JANUARY, "EUR")


def test_decisions_are_the_findings_worth_most_with_an_owner_to_be_named():
    result = improve.decisions(of(finding("a", 50, owner="Anna"), finding("b", 20), finding("c")))
    [view] = result.views()
    assert view.title == "2 decisions are worth up to €70 of gross profit in the period, each amount counted once"
    assert view.rows[["rank", "action", "stake", "owner"]].to_numpy().tolist() == [
        ["1", "do a", 50, "Anna"], ["2", "do b", 20, "to be named"],
    ]  # fmt: skip
    assert "Left out: 1 finding that has no stake." in view.notes
    assert result.figures().iloc[0]["estimate"] == 70


def test_decisions_repeat_no_message_and_take_no_gap_to_a_plan_and_are_ten_at_most():
    plan = finding("target_missed:revenue", 90)
    plan = Finding(**(vars(plan) | {"pools": (PLAN,)}))
    many = [finding(f"r{n}", 20 - n) for n in range(12)]
    result = improve.decisions(of(plan, finding("x:channel", 50), finding("x:segment", 40), *many))
    assert [item.id for item in result.items] == ["x:channel", *(f"r{n}" for n in range(9))]
    assert result.priced == 5 and result.unpriced == 0
    assert any(note.startswith("Left out: 5 findings with a stake") for note in result.views()[0].notes)


def test_decisions_on_the_same_money_say_what_each_adds():
    result = improve.decisions(of(finding("a", 50, ("by", "a")), finding("b", 30, ("from", "b"))))
    assert result.added == [50, 0]
    assert result.views()[0].title.startswith("2 decisions are worth up to €50 of gross profit")


def test_without_a_stake_nothing_can_be_priced_in_both_languages():
    for language, title in (("en", "Nothing to decide can be priced"), ("fr", "Aucune décision ne peut être chiffrée")):
        languages.use(language)
        [view] = improve.decisions(of(finding("a"))).views()
        assert (view.title, len(view.rows)) == (title, 0)
        assert view.subtitle.endswith(".") and not view.notes  # what is left out, with no list before it
    assert improve.decisions(of()).html()


@pytest.fixture
def lines(sales):
    """Two channels, one of which sells at a loss once it is served; two products of both years."""
    rows = [
        ("2023-01-05", 100, "a", "1"),
        ("2023-01-06", 50, "b", "2"),
        ("2024-01-05", 120, "a", "3"),
        ("2024-01-06", 50, "b", "4"),
    ]
    columns = {"channel": ["Web", "Shop"] * 2, "product_id": ["tea", "jam"] * 2, "quantity": [10, 10] * 2}
    return sales(*rows, **columns, cost=[50, 45, 70, 45])


@pytest.fixture
def booked():
    frame = pd.DataFrame({"kind": "Freight", "level": "cm2", "amount": [10.0, 10.0], "channel": "Shop"})
    return contribution.costs(frame.assign(period=pd.to_datetime(["2023-01-01", "2024-01-01"])))


def test_a_brief_is_the_first_table_with_every_figure(lines, booked):
    whole = margins.profitability.by(lines, dimensions=["channel"], costs=booked, **OPTIONS)
    short = improve.brief(whole)
    assert [view.title for view in short.views()] == [whole.views()[0].title]
    assert short.figures().equals(whole.figures()) and short.ties_to() == whole.ties_to()


def test_an_answer_says_what_is_left_and_what_moved_most(lines, booked):
    found = improve.left(margins.statement.statement(lines, booked, **OPTIONS))
    assert found.sentences == (
        "Contribution margin 2: €45, 26.5% of net revenue against 30.0% a year before.",
        "Against the year before, most moved: goods of the lines sold −€20.",
    )


def test_an_answer_says_what_prices_and_costs_did_or_what_to_ask_for(lines):
    options = {"base": BASE, "current": JANUARY, "currency": "EUR"}
    both = [margins.bridge.price_volume_mix(lines, margin=margin, **options) for margin in (False, True)]
    of_revenue, of_profit = improve.moved(*both).sentences
    assert of_revenue == "Revenue rose by €20: price +€20, volume €0, mix €0."
    assert "price +€20" in of_profit and "unit costs −€20" in of_profit
    without = margins.bridge.price_volume_mix(lines.drop(columns="product_id"), **options)
    assert "product number" in improve.moved(without).caveat


def test_an_answer_says_who_earns_and_who_takes_it_back(lines, booked):
    members = margins.profitability.by(lines, dimensions=["channel"], costs=booked, **OPTIONS)
    curve = margins.profitability.whale_curve(lines, by="channel", costs=booked, **OPTIONS)
    found = improve.earned(members, curve).sentences
    assert found[0] == (
        "By channel, Web brings 111.1% of contribution margin 2 (€50); Shop keeps least of what it sells, −10.0%."
    )
    assert found[1].startswith("By channel, 1 of 2 loses money and takes back €5")
    none = margins.profitability.by(lines.drop(columns="channel"), dimensions=["channel"], **OPTIONS)
    assert "sales channel" in improve.earned(none).caveat


def test_an_answer_tells_no_difference_that_may_be_chance(sales, many):
    web, shop = many(10, "2024-01-05", 100), many(10, "2024-01-06", 100, start=10)
    costs = [50 + n % 3 for n in range(10)] + [70 + n % 3 for n in range(10)]
    lines = sales(*web, *shop, channel=["Web"] * 10 + ["Shop"] * 10, cost=costs)
    sure = margins.profitability.differences(lines, by="channel", period=JANUARY)
    assert improve.differ(sure).sentences == (
        "By channel, the margin rate of Web stands above the rest beyond chance, that of Shop below.",
    )
    alike = margins.profitability.differences(lines.assign(cost=50 + lines.index % 7), by="channel", period=JANUARY)
    assert improve.differ(alike).sentences == ("By channel, no margin rate differs from the rest beyond chance.",)


def test_the_page_that_stands_alone_may_begin_with_what_is_left(lines, booked):
    card, statement = kpis.scorecard(lines, **OPTIONS), margins.statement.statement(lines, booked, **OPTIONS)
    found = improve.findings(card, statement)
    page = improve.summary(card, found, lead=statement.message(), headlines=["gross_profit", "margin_rate"])
    assert page.conclusion.startswith("Contribution margin 2: €45, 26.5% of net revenue")
    assert page.headlines["kpi"].tolist() == ["gross_profit", "margin_rate"]


def test_a_ranking_is_not_said_of_findings_without_any_stake():
    assert of(finding("a"), finding("b")).views()[0].subtitle == "January 2024, EUR, no money at stake in any"
    assert of(finding("a", 50), finding("b")).views()[0].subtitle == "January 2024, the most at stake first, EUR"
