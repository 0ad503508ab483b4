"""Findings: what every rule has in common: ids, results that it may read, actions, escaping, languages."""

import ast
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from perfkit import improve, kpis, languages, periods
from perfkit.errors import ParameterError
from perfkit.improve.findings import cards_of
from perfkit.improve.rules import RULES

JANUARY = periods.parse("2024-01")
OPTIONS = {"period": JANUARY, "currency": "EUR"}
NAMES = [rule.__name__ for rule in RULES]


@pytest.fixture
def falling(sales):
    """A fall of 120 in all, 80 of it in France, with a return more, a line without a customer, and costs."""
    return sales(
        ("2023-01-05", 100, "a", "1"), ("2023-01-06", -5, "a", "2"), ("2023-01-07", 50, "b", "3"),
        ("2024-01-05", 60, "a", "4"), ("2024-01-06", -20, "a", "5"), ("2024-01-07", 10, None, "6"),
        cost=[50, -2, 20, 40, -10, 5], country=["fr", "fr", "de", "fr", "fr", None],
    )  # fmt: skip


@pytest.fixture
def named(falling):
    """The same fall, with a customer on every line: so that customers may be compared."""
    return falling.assign(customer_id=falling["customer_id"].fillna("a"))


def names_of_tests():
    """Every test in this folder, by name."""
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                yield node.name


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_has_a_test_where_it_must_speak_and_one_where_it_must_be_silent(name):
    tests = set(names_of_tests())
    assert any(test.startswith(f"test_{name}_speaks") for test in tests)
    assert any(test.startswith(f"test_{name}_is_silent") for test in tests)


def test_there_are_more_than_fifteen_rules_each_of_its_own_name():
    assert len(set(NAMES)) == len(NAMES) >= 18


@pytest.mark.usefixtures("few_will_do")
def test_every_finding_ends_in_an_action_and_names_its_topic_basis_and_reference(falling, found):
    result = found(falling, dimensions=("country",))
    assert len(result.items) >= 6
    assert all(item.topic and item.action.what and item.basis and item.reference for item in result.items)
    assert all(item.figure_ids for item in result.items)
    assert {item.id.split(":")[0] for item in result.items} <= set(NAMES)
    assert result.figures()["figure_id"].is_unique
    assert [card["rank"] for card in cards_of(result.items, "EUR")] == [str(n + 1) for n in range(len(result.items))]


def test_the_figures_that_findings_quote_are_published(falling, results):
    computed = results(falling, dimensions=("country",))
    published = {id for result in computed for id in result.figures()["figure_id"]}
    quoted = {id for item in improve.findings(*computed).items for id in item.figure_ids}
    assert quoted <= published


def test_the_most_at_stake_comes_first_and_the_good_last(falling, found):
    items = found(falling, dimensions=("country",)).items
    assert [item.amount for item in items] == sorted((item.amount for item in items), reverse=True)
    tones = [item.tone for item in items if not item.amount]
    assert tones == sorted(tones, key=["bad", None, "good"].index)


def test_findings_of_the_same_money_say_what_they_add_to_the_total(sales, found):
    lines = sales(("2023-01-05", 100, "a", "1"), ("2023-01-06", 70, "b", "2"), ("2024-01-05", 20, "a", "3"))
    result = found(lines)
    cards = {card["id"]: card for card in cards_of(result.items, "EUR")}
    assert [(item.id, item.amount) for item in result.items[:2]] == [
        ("revenue_against_year_before", 150),
        ("customers_lost", 70),
    ]
    assert cards["revenue_against_year_before"]["overlap"] == ""
    assert cards["customers_lost"]["overlap"] == "Included in finding 1: adds nothing to the total."
    assert result.total == {("period", "revenue"): 150}
    assert "Total at stake, each amount counted once: €150 of revenue in the period." in result.html()


def test_the_total_is_a_figure(falling, found):
    result = found(falling)
    figures = result.figures().set_index("figure_id")
    assert figures.loc["findings:2024-01:total:period", "estimate"] == result.total["period", "profit"]


def test_what_the_company_decided_stands_in_the_finding(named, found):
    due = dt.date(2024, 6, 30)
    decided = {"owner": "Anna", "due": due, "done": True, "note": "begun", "cost": 2.5, "achievable": 0.5}
    plain = found(named).find("customers_lost")
    result = found(named, actions={"customers_lost": decided})
    item = result.find("customers_lost")
    assert item.action == improve.Action(plain.action.what, "Anna", due, True, "begun")
    assert item.stake.gap == plain.stake.gap == 50
    assert item.amount == 5  # 50 x a margin rate of 30 % / 2, less 2.50
    card = next(card for card in cards_of(result.items, "EUR") if card["id"] == "customers_lost")
    assert (card["owner"], card["due"], card["done"]) == ("Anna", "30 June 2024", "done")
    assert "The company can reach 50% of it, for an action that costs €3." in card["stake_basis"]


@pytest.mark.usefixtures("few_will_do")
def test_an_action_of_a_rule_counts_for_each_of_its_dimensions(falling, found):
    result = found(falling, dimensions=("country",), actions={"largest_loss": {"owner": "Ben"}})
    assert result.find("largest_loss:country").action.owner == "Ben"


def test_an_action_that_names_no_rule_is_refused_with_the_nearest(falling, found):
    with pytest.raises(ParameterError, match="customers_lots.*customers_lost"):
        found(falling, actions={"customers_lots": {"owner": "Anna"}})


def test_results_of_another_period_or_kind_are_refused(falling):
    card = kpis.scorecard(falling, **OPTIONS)
    with pytest.raises(ParameterError, match="2023-01"):
        improve.findings(card, kpis.trend(falling, period=periods.parse("2023-01"), currency="EUR"))
    with pytest.raises(ParameterError, match="DataFrame"):
        improve.findings(card, falling)


def test_a_margin_known_for_a_part_only_is_not_used(sales, found):
    lines = sales(
        ("2023-01-05", 200, "a", "1"), ("2024-01-05", 50, "a", "3"), ("2024-01-06", 50, "a", "4"), cost=[100, 25, None]
    )
    stake = found(lines).find("revenue_against_year_before").stake
    assert (stake.amount, stake.measure) == (100, "revenue")


def test_at_a_negative_margin_more_revenue_is_no_stake_and_the_finding_says_so(sales, found):
    lines = sales(("2023-01-05", 200, "a", "1"), ("2024-01-05", 100, "a", "3"), cost=[100, 120])
    fall = found(lines).find("revenue_against_year_before")
    assert fall.stake is None
    assert fall.caveat.endswith("No stake: at a margin of zero or less, more revenue earns nothing.")


def test_two_columns_of_data_make_findings_too(sales, found):
    lines = sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 80, "a", "2"))[["date", "net_revenue"]]
    result = found(lines)
    assert [item.id for item in result.items] == ["revenue_against_year_before", "calendar"]
    assert result.items[0].claim == "Revenue fell by €20 (−20.0%) against January 2023."


@pytest.mark.usefixtures("few_will_do")
def test_names_from_the_data_are_escaped(sales, found, results):
    lines = sales(
        ("2023-01-05", 100, "a", "1"), ("2023-01-06", 70, "b", "2"),
        ("2024-01-05", 20, "a", "3"), ("2024-01-05", 70, "b", "4"),
        country=["<img onerror=x>", "de", "<img onerror=x>", "de"],
    )  # fmt: skip
    computed = results(lines, dimensions=("country",))
    result = improve.findings(*computed)
    tree, country = computed[-2], next(each for each in computed if isinstance(each, kpis.Breakdown))
    html = (
        result.html()
        + improve.summary(computed[0], result).html()
        + improve.causes(tree, None, country).html()
        + improve.worth(result).html()
    )
    assert "<img" not in html
    assert html.count("&lt;img onerror=x&gt;") >= 3


def test_findings_speak_the_language_in_use(named, found):
    languages.use("fr")
    french = found(named, dimensions=("country",))
    words = str(cards_of(french.items, "EUR")) + french.total_in_words() + str(french.views())
    languages.use("en")
    english = found(named, dimensions=("country",))
    assert [item.id for item in french.items] == [item.id for item in english.items]
    assert french.find("customers_lost").claim.startswith("1 client actif un an plus tôt")
    assert " customers" not in words
    assert english.total == french.total


def test_names_with_commas_are_told_apart(sales, found):
    lines = sales(
        ("2023-01-05", 60, "a", "1"), ("2023-01-06", 50, "a", "2"), ("2024-01-05", 100, "a", "3"),
        product_id=["p", "q", "r"], product_name=["Frame, 48", "Frame, 52", "Wheel"],
    )  # fmt: skip
    assert "first Frame, 48; Frame, 52;" in found(lines).find("products_vanished").claim


def test_an_amount_is_exact_to_the_cent_where_it_is_small(sales, found):
    lines = sales(("2023-01-05", Decimal("3.50"), "a", "1"), ("2024-01-05", Decimal("2.25"), "a", "2"))
    assert found(lines).items[0].claim.startswith("Revenue fell by €1.25 (−35.7%)")


def test_a_growth_without_sense_is_left_out(sales, found):
    lines = sales(("2023-01-05", 1, "a", "1"), ("2024-01-05", 1000, "a", "2"))
    assert (
        found(lines).find("revenue_against_year_before").claim.startswith("Revenue rose by €999 against January 2023")
    )


def test_findings_without_any_say_so(sales, results):
    lines = pd.DataFrame({"date": pd.to_datetime(["2024-01-01"]), "net_revenue": [10]})
    result = improve.findings(*results(lines))
    assert result.items == ()
    assert result.views()[0].title == "No finding: nothing in these figures calls for action"
    result._repr_mimebundle_()


def test_what_is_not_claimed_because_there_are_too_few_cases_is_said(sales, found):
    def sold(n):
        return sales(
            *((f"{year}-01-0{1 + at % 9}", 10, "a", f"{year}-{at}") for year in (2023, 2024) for at in range(n))
        )

    few, many = found(sold(29)), found(sold(30))
    assert "aov" in few.thin and "aov" not in many.thin
    [note] = [each for each in few.views()[0].notes if each.startswith("Fewer than 30 cases")]
    assert "average order value" in note and note in few.html()


def test_a_decision_on_what_is_no_finding_this_time_is_told_apart_from_a_mistyped_one(named, found):
    decided = {name: {"owner": "Anna"} for name in ("customers_lost", "returns", "largest_loss:contry", "landing")}
    result = found(named, dimensions=("country",), actions=decided)
    assert result.unspoken == ("returns", "landing")
    assert result.unread == ("largest_loss:contry",)
    assert "Decided upon, and no finding this time: returns, landing." in result.html()
    assert (
        "Decided upon, and no dimension or figure of this report: largest_loss:contry. Mistyped?"
        in result.views()[0].notes
    )
    assert found(named, actions={"customers_lost": {"owner": "Anna"}}).unspoken == ()


def test_a_decision_on_what_another_report_tells_is_no_silence_here(named, results):
    ids = ["customers_lost", "landing", "target_missed:revenue", "costs_rose", "loses_money:channel"]
    decided = {id: {"owner": "Anna"} for id in [*ids, "largest_loss:channel"]}
    result = improve.findings(*results(named, dimensions=("country",), reading=("breakdowns",)), actions=decided)
    assert (result.unspoken, result.unread) == ((), ())
