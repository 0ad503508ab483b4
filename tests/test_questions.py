"""Coverage: which questions the data can answer, and the one thing to ask for."""

from perfkit import schema
from perfkit.questions import QUESTIONS, coverage

EVERYTHING = {f"{name}.{column}": 1.0 for name, table in schema.TABLES.items() for column in table.names}


def test_every_question_asks_for_columns_that_the_schema_knows():
    dimensions = {"sales.country", "sales.category", "sales.segment"}  # kept beside the schema's own
    for question in QUESTIONS:
        for choices in question.needs:
            assert set(choices) <= set(EVERYTHING) | dimensions, question.id


def test_dates_and_amounts_alone_answer_one_question_and_ask_for_the_rest():
    rows = coverage({"sales.date": 1.0, "sales.net_revenue": 1.0}).rows.set_index("id")
    assert rows.index[rows["answered"]].tolist() == ["revenue"]
    assert rows.loc["repeat", "lacking"] == "sales.customer_id, sales.order_id"
    shown = coverage({"sales.date": 1.0, "sales.net_revenue": 1.0}).views()[0].rows
    assert (shown["ask"] != "").sum() == len(QUESTIONS) - 1


def test_a_column_that_is_there_but_empty_answers_nothing():
    rows = coverage({**EVERYTHING, "sales.customer_id": 0.0}).rows.set_index("id")
    assert not rows.loc["customers", "answered"]


def test_the_share_is_that_of_the_scarcest_column_needed():
    rows = coverage({**EVERYTHING, "sales.customer_id": 0.75}).rows.set_index("id")
    assert rows.loc["repeat", "share"] == 0.75
