"""Every table and every optional column is taken away from the demo company, one by one.

The audit is still there, its section says what is missing, and no other figure moves.
"""

import json
import re

import pandas as pd
import pytest

from perfkit import demo, questions, reports, schema
from perfkit.errors import DataError
from tests.absence.companies import made, without
from tests.absence.dependencies import FAMILIES, may_change
from tests.absence.executing import Memory, execute

PERIOD = "2026-Q3"
TABLES = [name for name in schema.TABLES if name != "sales"]
COLUMNS = [
    (table.name, column.name) for table in schema.TABLES.values() for column in table.columns if not column.required
]
BEHIND = set().union(*FAMILIES.values())
READ = [(table, column) for table, column in COLUMNS if f"{table}.{column}" in BEHIND]
"""Columns that some figure is made from."""

UNREAD = [each for each in COLUMNS if each not in READ]
"""Columns that no figure is made from."""

SHORT = 8
"""`make test` takes away every eighth of the columns that figures are made from, `make slow` each of all."""

pytestmark = pytest.mark.timeout(900)  # the first test waits for the whole audit


@pytest.fixture(scope="module")
def story():
    return demo.simulate(scale=0.2)


@pytest.fixture(scope="module")
def acme(story, tmp_path_factory):
    """The demo company as it is before any fault of an export: every table, every column."""
    settings = f'observed_until = "{story.observed_until}"'
    return made(tmp_path_factory.mktemp("absence") / "acme", story.tables, settings)


@pytest.fixture(scope="module")
def memory():
    return Memory()


@pytest.fixture(scope="module")
def full(acme, memory):
    return execute(acme, period=PERIOD, memory=memory)


@pytest.fixture(scope="module")
def audit_without(acme, memory):
    """Return a function that gives the audit without a table or a column, executed once."""
    done = {}

    def executed(table, column=""):
        if (table, column) not in done:
            done[table, column] = execute(without(acme, table, column), period=PERIOD, memory=memory)
        return done[table, column]

    return executed


def moved(full, less):
    """The ids of the figures that two executions do not share."""
    one, other = full.figures, less.figures
    return [name for name in one | other if one.get(name) != other.get(name)]


def test_the_whole_demo_company_has_every_table_and_column_and_answers_everything(acme, full):
    for name, table in schema.TABLES.items():
        assert set(table.names) <= set(acme.table(name).columns)
    found = acme.coverage()
    assert found.rows["answered"].all() and len(found.rows) == len(questions.QUESTIONS)
    assert len(full.figures) > 300


@pytest.mark.parametrize("table", TABLES)
def test_without_a_table_no_other_figure_moves(audit_without, full, table):
    less = audit_without(table)
    assert [name for name in moved(full, less) if not may_change(name, table)] == []


@pytest.mark.parametrize("table, column", READ[::SHORT], ids=[".".join(each) for each in READ[::SHORT]])
def test_without_a_column_no_other_figure_moves(audit_without, full, table, column):
    less = audit_without(table, column)
    assert [name for name in moved(full, less) if not may_change(name, table, column)] == []


def test_without_all_columns_that_no_figure_is_made_from_none_moves(acme, memory, full):
    less = acme
    for table, column in UNREAD:
        less = without(less, table, column)
    assert moved(full, execute(less, period=PERIOD, memory=memory)) == []


@pytest.mark.slow
@pytest.mark.parametrize("table, column", COLUMNS, ids=[".".join(each) for each in COLUMNS])
def test_one_by_one_no_column_moves_a_figure_that_is_not_made_from_it(audit_without, full, table, column):
    less = audit_without(table, column)
    assert [name for name in moved(full, less) if not may_change(name, table, column)] == []


def test_without_sales_there_is_no_report_and_a_sentence_that_says_why(acme):
    with pytest.raises(DataError, match=r"sales: .* has not given this table .*\[tables.sales\]"):
        execute(without(acme, "sales"), period=PERIOD)


MISSING = [
    ("sales", "order_id", "Scorecard", "Ask for the order or invoice number of each line"),
    ("sales", "customer_id", "Scorecard", "Ask for the customer number of each line"),
    ("sales", "customer_id", "RevenueWalk", "Ask for the customer number of each line"),
    ("sales", "customer_id", "Concentration", "Ask for the customer number of each line"),
    ("sales", "product_id", "Movers", "Ask for the product number of each line"),
    ("sales", "channel", "Breakdown", "Ask for the sales channel of each line"),
    ("sales", "list_revenue", "Scorecard", "Ask for"),
    ("customers", "", "Breakdown", "Ask for the country of each customer or line"),
    ("customers", "segment", "Breakdown", "Ask for the customer list with each customer's segment"),
    ("products", "category", "Breakdown", "Ask for the product list with each product's family"),
    ("ledger", "", "LedgerTie", "FEC"),
    ("targets", "", "Coverage", "Ask for the monthly budget or targets, at least for revenue."),
    ("sales", "channel", "Coverage", "ask first for the sales channel of each line"),
]
"""What is taken away, and the kind of result that says in which words that it is missing."""


@pytest.mark.parametrize(
    "table, column, kind, said", MISSING, ids=[f"{table}.{column} {kind}" for table, column, kind, _ in MISSING]
)
def test_the_section_says_what_is_missing(audit_without, table, column, kind, said):
    assert said in audit_without(table, column).section(kind)


def test_without_any_cost_no_margin_is_told(acme, memory):
    both = without(without(acme, "sales", "cost"), "products", "unit_cost")
    less = execute(both, period=PERIOD, memory=memory)
    assert "Ask for the cost of goods of each line, or the unit cost of each product" in less.section("Scorecard")
    margins = re.compile("finding:.*:(margin_rate|low_margin|below_cost|cost_missing).*")
    assert [name for name in less.figures if margins.fullmatch(name)] == []
    assert "of revenue in the period" in less.section("Findings")  # a gap in volume is worth no profit that is known


def test_every_family_of_figures_is_one_that_the_audit_shows(full):
    """A pattern that fits nothing would be an excuse kept for a figure that is gone."""
    fits = {pattern for pattern in FAMILIES if any(re.fullmatch(pattern, name) for name in full.figures)}
    unused = [pattern for pattern in FAMILIES if pattern not in fits and not pattern.startswith("finding:")]
    assert unused == []


@pytest.mark.parametrize(
    "table, column",
    [
        pytest.param("customers", "", id="customers"),
        pytest.param("sales", "order_id", id="sales.order_id", marks=pytest.mark.slow),
        pytest.param("targets", "", id="targets", marks=pytest.mark.slow),
    ],
)
def test_a_table_or_column_that_was_really_never_exported_gives_the_same_figures(
    story, acme, tmp_path, table, column, memory
):
    """Published for good: a kernel, a page, a file of figures; they are those of the executions above."""
    tables = {name: frame for name, frame in story.tables.items() if column or name != table}
    if column:
        tables[table] = tables[table].drop(columns=column)
    real = made(tmp_path / "acme", tables, f'observed_until = "{story.observed_until}"')
    run = reports.publish("commercial_audit", real.path, period=PERIOD)
    published = pd.read_parquet(run.folder / "figures.parquet").drop_duplicates("figure_id").set_index("figure_id")
    expected = execute(without(acme, table, column), period=PERIOD, memory=memory).figures
    numbers = {name: json.loads(figure)["estimate"] for name, figure in expected.items()}
    assert set(published.index) == set(numbers)
    for name, number in published["estimate"].items():
        assert (None if pd.isna(number) else number) == (None if numbers[name] is None else float(numbers[name])), name
