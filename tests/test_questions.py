"""Coverage: which questions the data can answer, of how much of sales, and the one thing to ask for."""

import datetime as dt
from decimal import Decimal

import ibis
import pandas as pd
import pytest

from perfkit import languages, schema
from perfkit.questions import ASKS, QUESTIONS, carried, coverage

EVERYTHING = {f"{name}.{column}": 1.0 for name, table in schema.TABLES.items() for column in table.names} | {
    "sales.a_year_before": 1.0
}
BESIDE = {"sales.country", "sales.category", "sales.segment"}  # kept beside the schema's own
NO_TARGETS = pd.DataFrame(columns=["kpi", "period", "value", "dimension", "member", "version"])


def without(*columns):
    return coverage({column: share for column, share in EVERYTHING.items() if column not in columns})


def answered(found):
    return found.rows.loc[found.rows["answered"], "id"].tolist()


def lines(rows, *columns):
    frame = pd.DataFrame(rows, columns=["date", "net_revenue", *columns])
    frame["net_revenue"] = [Decimal(amount) for amount in frame["net_revenue"]]
    table = ibis.memtable(frame.assign(date=pd.to_datetime(frame["date"])))
    return table.mutate(date=table.date.cast("date"), net_revenue=table.net_revenue.cast("decimal(18, 4)"))


def targets(*rows):
    made = pd.DataFrame(rows, columns=["kpi", "period", "value", "dimension", "member"])
    return made.assign(period=[dt.date.fromisoformat(day) for day in made["period"]], version=None)


def test_every_question_asks_for_columns_that_the_schema_knows():
    for question in QUESTIONS:
        for choices in question.needs:
            assert set(choices) <= set(EVERYTHING) | BESIDE, question.id
    assert {column for ask in ASKS for column in ask.gives} <= set(EVERYTHING) | BESIDE


def test_dates_and_amounts_alone_answer_one_question_and_ask_for_the_rest():
    found = coverage({"sales.date": 1.0, "sales.net_revenue": 1.0})
    assert answered(found) == ["revenue"]
    assert found.rows.set_index("id").loc["walk", "lacking"] == "sales.customer_id, sales.a_year_before"
    assert (found.views()[0].rows["ask"] != "").sum() == len(QUESTIONS) - 1


def test_a_column_that_is_there_but_empty_answers_nothing():
    rows = coverage({**EVERYTHING, "sales.customer_id": 0.0}).rows.set_index("id")
    assert not rows.loc["customers", "answered"]


def test_one_line_in_a_million_answers_nothing():
    assert "channels" not in answered(coverage({**EVERYTHING, "sales.channel": 1e-6}))


def test_the_share_is_that_of_the_scarcest_column_needed():
    rows = coverage({**EVERYTHING, "sales.customer_id": 0.75}).rows.set_index("id")
    assert rows.loc["walk", "share"] == 0.75


def test_an_answer_about_half_of_sales_is_an_answer_in_part():
    shown = coverage({**EVERYTHING, "sales.channel": 0.5}).views()[0]
    assert shown.rows.set_index("question").loc["Which sales channels grow and decline?", "answer"] == "in part"
    assert any("In part" in note for note in shown.notes)


def test_a_question_without_an_answer_has_no_share():
    found = coverage({**EVERYTHING, "sales.channel": 0.0}, {"sales.channel": 0.0})
    row = found.rows.set_index("id").loc["channels"]
    assert row["share"] is None and row["money"] is None
    assert "coverage:channels:money" not in set(found.figures()["figure_id"])


def test_everything_answers_everything_and_asks_for_nothing():
    found = coverage(EVERYTHING)
    assert len(answered(found)) == len(QUESTIONS) and not found.ask_first
    assert found.views()[0].title == f"The data answer all {len(QUESTIONS)} questions"


def test_an_answer_in_part_is_said_in_the_title_and_why_beside_it():
    some = {f"ledger.{name}": 0.4 for name in ("account", "debit", "credit")}
    shown = coverage(EVERYTHING | some).views()[0]
    assert shown.title == f"The data answer all {len(QUESTIONS)} questions, 1 of them in part"
    row = shown.rows.set_index("question").loc["Do sales tie to the books?"]
    assert row["answer"] == "in part" and "no entry of revenue (accounts 70)" in row["ask"]
    assert set(shown.rows["ask"]) == {"", row["ask"]}


# ---- The one thing to ask for


@pytest.mark.parametrize(
    "lacking, what",
    [
        (("sales.customer_id",), "the customer number of each line"),
        (("sales.customer_id", "sales.order_id"), "the customer and order numbers of each line"),
        (("sales.channel", "targets.value"), "the monthly budget or targets, at least for revenue"),
        (
            ("customers.segment", "customers.country", "sales.channel"),
            "the customer list, with each customer's segment and country",
        ),
        (("customers.segment", "sales.channel"), "the customer list with each customer's segment"),
        (
            ("products.category", "products.unit_cost", "sales.cost"),
            "the product list, with each product's family and unit cost",
        ),
        (("products.unit_cost", "sales.cost"), "the cost of goods of each line, or the unit cost of each product"),
        (("sales.a_year_before", "sales.cost", "products.unit_cost"), "the lines of the year before as well"),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
def test_the_first_thing_to_ask_for_answers_most(lacking, what):
    found = without(*lacking)
    assert found.ask_first == what and what in found.views()[0].title


def test_a_list_is_not_asked_for_where_no_line_could_be_joined_to_it():
    found = without("sales.product_id", "products.category", "products.unit_cost", "sales.cost", "sales.list_revenue")
    assert "product list" not in found.ask_first
    assert found.rows.set_index("id").loc["categories", "lacking"] == "products.category, sales.product_id"


def test_what_is_asked_for_first_answers_the_questions_that_it_names():
    found = without("sales.customer_id", "sales.channel")
    more = coverage({**EVERYTHING, "sales.channel": 0.0})
    opened = {question.words for question in QUESTIONS if question.id in set(answered(more)) - set(answered(found))}
    assert set(found.opens) == opened


def test_the_coverage_page_reads_in_french():
    languages.use("fr")
    try:
        view = without("sales.customer_id").views()[0]
    finally:
        languages.use("en")
    assert view.title.endswith("à demander en premier\u00a0: le numéro de client de chaque ligne")


# ---- What tables carry


def test_shares_are_counted_by_hand_in_lines_and_money():
    table = lines(
        [("2025-01-10", 60, "c1", None), ("2025-01-11", -20, None, "web"), ("2025-01-12", 20, None, "web")],
        "customer_id", "channel",
    )  # fmt: skip
    share, money = carried(table, targets=NO_TARGETS)
    assert (share["sales.customer_id"], money["sales.customer_id"]) == (1 / 3, 0.6)
    assert (share["sales.channel"], money["sales.channel"]) == (2 / 3, 0.4)
    assert share["sales.date"] == money["sales.net_revenue"] == 1


def test_a_list_without_a_match_answers_nothing():
    table = lines([("2025-01-10", 60, "c1", None)], "customer_id", "segment")
    found = coverage(*carried(table, targets=NO_TARGETS))
    assert "segments" not in answered(found) and "customers" in answered(found)


def test_a_cost_is_the_lines_own_or_its_products():
    table = lines(
        [("2025-01-10", 60, 1, None, 30), ("2025-01-10", 30, 1, 20, None), ("2025-01-10", 10, None, 5, None)],
        "quantity", "unit_cost", "cost",
    )  # fmt: skip
    share, money = carried(table, targets=NO_TARGETS)
    assert share["products.unit_cost"] == 2 / 3 and money["products.unit_cost"] == 0.9


@pytest.mark.parametrize(
    "days, until, share",
    [
        (["2024-01-10", "2025-01-10"], None, 0),
        (["2024-01-10", "2025-01-31"], None, 1),
        (["2024-01-10", "2025-01-10"], dt.date(2025, 1, 31), 1),
        (["2024-01-10", "2024-02-10", "2025-01-31"], None, 2 / 3),
        (["2024-01-10", "2024-12-31"], None, 0),
    ],
    ids=["a part of a month is none", "last day there", "month said to be over", "february alone", "one year"],
)
def test_a_year_before_is_the_same_month_complete(days, until, share):
    found, _ = carried(lines([(day, 1) for day in days]), targets=NO_TARGETS, observed_until=until)
    assert found["sales.a_year_before"] == share


def test_targets_of_other_months_or_other_figures_are_no_plan_of_these_sales():
    table = lines([("2025-01-10", 60, "web"), ("2025-02-10", 60, "shop")], "channel")
    for row, share in (
        (("revenue", "2025-01-01", 5, None, None), 0.5),
        (("revenue", "2030-01-01", 5, None, None), 0),
        (("orders", "2025-01-01", 5, None, None), 0),
        (("revenue", "2025-01-01", 5, "channel", "web"), 0),
    ):
        assert carried(table, targets=targets(row))[0]["targets.value"] == share


def test_targets_of_members_count_where_lines_name_the_member():
    table = lines([("2025-01-10", 60, "web"), ("2025-01-11", 20, "shop"), ("2025-02-10", 20, "web")], "channel")
    given = targets(
        ("revenue", "2025-01-01", 5, "channel", "web"),
        ("revenue", "2025-01-01", 5, "channel", "Web"),
        ("revenue", "2025-01-01", 5, "planet", "web"),
    )
    share, money = carried(table, targets=given)
    assert share["targets.member"] == 1 / 3 and money["targets.member"] == 0.6


def test_books_answer_for_the_months_in_which_they_hold_revenue():
    books = ibis.memtable(
        pd.DataFrame(
            {
                "date": [dt.date(2025, 1, 31), dt.date(2025, 2, 28)],
                "account": ["707000", "601000"],
                "debit": [Decimal(0), Decimal(1)],
                "credit": [Decimal(60), Decimal(0)],
            }
        )
    )
    table = lines([("2025-01-10", 60), ("2025-02-10", 60)])
    assert carried(table, targets=NO_TARGETS, books=books)[0]["ledger.account"] == 0.5


@pytest.mark.parametrize("rows", [[], [("2025-01-10", 0)]], ids=["no line", "no money"])
def test_nothing_is_divided_by_nothing(rows):
    found = coverage(*carried(lines(rows), targets=NO_TARGETS))
    assert found.rows["money"].isna().all()
    assert answered(found) == (["revenue"] if rows else [])
    assert found.views()[0].title and found.figures()["figure_id"].is_unique
