"""The report on margins: it says what is left at each level, and of data without costs what to ask for."""

import pandas as pd
import pytest

from perfkit.margins.statement.statements import Statement
from tests.absence import story
from tests.absence.companies import made, without
from tests.absence.executing import execute
from tests.absence.test_degenerate import NONSENSE

QUARTER = "2025-Q2"
SETTINGS = 'observed_until = "2025-06-30"\n[levels]\n"Card fees" = "cm1"'


@pytest.fixture(scope="module")
def acme(tmp_path_factory):
    """The small company with costs of every level, some of them a channel's."""
    months = pd.date_range("2024-01-01", "2025-06-01", freq="MS").date
    kinds = [
        ("Inbound", "cogs", None, None), ("Freight", "cm1", "Web", "orders"), ("Card fees", "cm2", None, "revenue"),
        ("Calls", "cm2", None, "visits"), ("Reps", "cm3", "Wholesale", None), ("Rent", "fixed", None, None),
    ]  # fmt: skip
    rows = [
        (month, 10 + place, kind, level, channel, driver)
        for month in months
        for place, (kind, level, channel, driver) in enumerate(kinds)
    ]
    costs = pd.DataFrame(rows, columns=["period", "amount", "kind", "level", "channel", "driver"])
    costs["amount"] = costs["amount"].astype("float64")
    return made(tmp_path_factory.mktemp("margins") / "acme", story.tables() | {"costs": costs}, SETTINGS)


def run(acme, language="en", charts=False):
    return execute(acme, period=QUARTER, language=language, charts=charts, report="segment_profitability")


def nonsense(audit):
    return [line for each in audit.shown for line in each.text.splitlines() if NONSENSE.search(line)]


def test_both_languages_show_the_same_figures_and_words_that_are_words(acme):
    english, french = run(acme), run(acme, "fr", charts=True)
    assert list(english.figures) == list(french.figures) and len(english.figures) > 100
    assert nonsense(english) == nonsense(french) == []
    shown = english.section("Statement")
    assert "= Management result" in shown and "Card fees" in shown.split("= Contribution margin 1")[0]
    assert "= Résultat analytique" in french.section("Statement")


@pytest.mark.parametrize(
    ("away", "kind", "said"),
    [
        (("costs", ""), "Statement", "the data hold no other variable costs"),
        pytest.param(
            ("sales", "channel"), "Profitability", "Ask for the sales channel of each line", marks=pytest.mark.slow
        ),
        pytest.param(
            ("sales", "product_id"), "PriceVolumeMix", "Ask for the product number of each line", marks=pytest.mark.slow
        ),
        (("sales", "customer_id"), "WhaleCurve", "Ask for the customer number of each line"),
        (("ledger", ""), "Statement", "The data have no ledger."),
    ],
    ids=["no costs", "no channel", "no product", "no customer", "no ledger"],
)
def test_what_is_missing_is_said_and_the_rest_stands(acme, away, kind, said):
    less = run(without(acme, *away), charts=True)
    assert said in less.section(kind)
    assert nonsense(less) == []
    assert Statement.__name__ in [each.kind for each in less.shown]


def test_without_any_cost_it_ends_at_net_revenue(acme):
    bare = without(without(without(acme, "costs"), "sales", "cost"), "products", "unit_cost")
    less = run(bare, charts=True)
    assert "no cost is known" in less.section("Statement") and nonsense(less) == []
