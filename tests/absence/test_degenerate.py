"""Companies that are hardly one: a month, a customer, no names, nothing but returns. Their reports make sense.

They are executed here rather than published, the French ones with every chart drawn, and read as a reader would.
"""

import datetime as dt
import re
from decimal import Decimal

import pandas as pd
import pytest

from perfkit import reports
from tests.absence import story
from tests.absence.companies import made
from tests.absence.executing import Memory, execute

PERIOD = "2025-06"
START, END = dt.date(2025, 6, 1), dt.date(2025, 6, 30)
SETTINGS = 'observed_until = "2025-06-30"'


def whole():
    """The small company without its books, which have tests of their own and take as long as all the rest."""
    return {name: frame for name, frame in story.tables().items() if name != "ledger"}


def one_month():
    tables = story.tables()
    sales = tables["sales"]
    month = sales[(sales["date"] >= START) & (sales["date"] <= END)].reset_index(drop=True)
    month.loc[0, "date"] = START  # data that start later in the month are refused: a part of it is no month
    return tables | {"sales": month}


def one_customer():
    tables = whole()
    return tables | {"sales": tables["sales"].assign(customer_id="C001")}


def no_customer_named():
    tables = whole()
    return tables | {"sales": tables["sales"].assign(customer_id=pd.Series([None] * len(tables["sales"]), dtype="str"))}


def only_returns():
    return _times(-1, where=lambda sales: sales["net_revenue"] > 0)


def zero_revenue():
    return _times(0)


def one_line():
    tables = one_month()
    sales = tables["sales"]
    return tables | {"sales": sales[sales["net_revenue"] > 0].head(1).assign(date=START)}


def only_the_year_before():
    """Nothing in the period itself but one free line: all that was sold is a year old."""
    tables = whole()
    sales = tables["sales"]
    old = sales[(sales["date"] >= dt.date(2024, 6, 1)) & (sales["date"] <= dt.date(2024, 6, 30))]
    free = old.head(1).assign(date=START, net_revenue=Decimal(0), list_revenue=Decimal(0), cost=Decimal(0))
    return tables | {"sales": pd.concat([old, free])}


def one_day():
    tables = whole()
    return tables | {"sales": tables["sales"].assign(date=START)}


def lists_without_a_match():
    tables = whole()
    customers = tables["customers"].assign(customer_id="X" + tables["customers"]["customer_id"])
    return tables | {"customers": customers}


def targets_of_zero():
    tables = whole()
    return tables | {"targets": tables["targets"].assign(value=Decimal(0))}


def everything_given_away():
    tables = whole()
    sales = tables["sales"]
    return tables | {"sales": sales.assign(net_revenue=sales["net_revenue"] * 0, discount=sales["list_revenue"])}


def sales_alone():
    sales = whole()["sales"]
    return {"sales": sales[["date", "net_revenue"]]}


def _times(factor, where=None):
    tables = whole()
    sales = tables["sales"] if where is None else tables["sales"][where(tables["sales"])]
    money = ["net_revenue", "list_revenue", "discount", "cost", "quantity"]
    return tables | {"sales": sales.assign(**{name: sales[name] * factor for name in money})}


COMPANIES = {
    each.__name__: each
    for each in (
        one_month, one_customer, no_customer_named, only_returns, zero_revenue, one_line, only_the_year_before, one_day,
        lists_without_a_match, targets_of_zero, everything_given_away, sales_alone,
    )
}  # fmt: skip

NONSENSE = re.compile(
    r"\b(nan|NaN|None|NaT|inf|Infinity|NULL)\b"  # a value that leaked
    r"|(?<![\d.,])[−-]0([.,]0+)?(?![\d.,])\s*(%|pt|€|×)?"  # a minus before nothing
    r"|\{\w*\}"  # a message that was not filled in
    r"|<\w+ object"  # a thing that was printed
)


@pytest.fixture(scope="module")
def audits_of(tmp_path_factory):
    """Return a function that gives a degenerate company's audits by language, executed once."""
    done = {}

    def executed(company):
        if company not in done:
            acme = made(tmp_path_factory.mktemp(company) / "acme", COMPANIES[company](), SETTINGS)
            memory = Memory()
            done[company] = {
                language: execute(acme, period=PERIOD, language=language, memory=memory, charts=language == "fr")
                for language in ("fr", "en")
            }
        return done[company]

    return executed


FIRST = ("one_month", "one_customer", "no_customer_named", "only_returns", "zero_revenue")
"""Those that `make test` reads; the others are read by `make slow`."""


@pytest.fixture(
    params=[pytest.param(name, marks=() if name in FIRST else pytest.mark.slow) for name in COMPANIES],
    ids=[name.replace("_", " ") for name in COMPANIES],
)
def audits(request, audits_of):
    return audits_of(request.param)


def test_its_words_are_words(audits):
    for language, audit in audits.items():
        found = [
            f"{language} {each.cell}: {line}"
            for each in audit.shown
            for line in each.text.splitlines()
            if NONSENSE.search(line)
        ]
        assert found == []


def test_no_title_is_empty_and_every_chart_says_something(audits):
    for audit in audits.values():
        shown = [each for each in audit.shown if each.kind != "Scope"]  # the scope of the run is for machines
        assert [each.cell for each in shown if not each.text.strip() or not each.text.splitlines()[0].strip()] == []


def test_no_figure_is_not_a_number(audits):
    for audit in audits.values():
        for each in audit.shown:
            for figure in each.figures:
                assert str(figure["estimate"]).lower() not in ("nan", "inf", "-inf"), figure
                if figure["status"] == "not available":
                    assert figure["estimate"] is None and figure["reason"], figure


def test_both_languages_show_the_same_figures(audits):
    assert list(audits["en"].figures) == list(audits["fr"].figures)


@pytest.mark.parametrize(
    "company, kind, said",
    [
        ("one_month", "Scorecard", "the data start on"),
        ("no_customer_named", "Scorecard", "no sale of the period has a customer."),
        ("only_returns", "Scorecard", "There are no sales in the period."),
        ("zero_revenue", "Breakdown", "Revenue is not positive, so it has no shares"),
        pytest.param(
            "lists_without_a_match",
            "Coverage",
            "customer numbers that are written alike in sales and in the list of customers",
            marks=pytest.mark.slow,
        ),
        ("sales_alone", "Coverage", "The data answer 2 of"),
    ],
)
def test_what_is_odd_is_said(company, kind, said, audits_of):
    assert said in audits_of(company)["en"].section(kind)


@pytest.mark.slow
@pytest.mark.parametrize("company", ["only_returns", "one_line"])
def test_it_is_published_for_good(company, tmp_path):
    acme = made(tmp_path / "acme", COMPANIES[company](), SETTINGS)
    published = reports.publish("commercial_audit", acme.path, period=PERIOD, language="fr")
    assert published.html.exists()
