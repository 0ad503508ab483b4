import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from perfkit.errors import DataError
from perfkit.reports import figures, record
from perfkit.reports.record import Plain, Prose, Section


def read(*cells):
    return record.read(new_notebook(cells=list(cells), metadata={"perfkit": {"run": {"report": "audit"}}}))


def shown(data, metadata=None):
    return new_code_cell("x", outputs=[new_output("display_data", data=data, metadata=metadata or {})])


def test_headings_make_the_title_and_the_sections():
    source = "# Title\nIntro.\n\n## First\nOne\n\n### Deeper\n\n```\n## no heading\n```\n## Second"
    found = read(new_markdown_cell(source))
    assert found.title == "Title"
    assert found.sections == [
        Section("", [Prose("Intro.")]),
        Section("First", [Prose("One\n\n### Deeper\n\n```\n## no heading\n```")]),
        Section("Second"),
    ]


def test_a_notebook_without_a_title_is_called_by_its_report():
    assert read(new_markdown_cell("words")).title == "audit"


@pytest.mark.parametrize(
    "data",
    [
        {"text/html": "<b>x</b>", "text/plain": "x"},
        {"text/markdown": "**x**", "text/plain": "x"},
        {"application/javascript": "alert(1)", "text/plain": "x"},
        {"text/latex": "$x$", "text/plain": "x"},
        {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "x"},
        {"image/svg+xml": "<svg/>", "text/plain": "x"},
        {"image/png": "AAAA", "text/plain": "x"},
        {"image/jpeg": "AAAA", "text/plain": "x"},
        {"text/plain": "x"},
    ],
    ids=lambda data: next(iter(data)),
)
def test_only_results_and_charts_with_an_alternative_text_are_taken_over(data):
    found = read(shown(data))
    assert found.sections == [Section("", [Plain("x")])]
    assert len(found.notices) == 1


def test_html_without_a_text_beside_it_is_shown_as_its_source():
    assert read(shown({"text/html": "<script>x</script>"})).sections[0].items == [Plain("<script>x</script>")]


VIEW = {
    "title": "T",
    "subtitle": "",
    "fields": [{"key": "amount", "heading": "Amount", "unit": "EUR", "unit_from": None}],
    "rows": [{"amount": "1.00"}],
    "total": False,
    "notes": [],
}


def payload(**changed):
    view = VIEW | changed
    return {
        "schema": "perfkit.figures/1",
        "kind": "Table",
        "language": "en",
        "views": [view],
        "figures": [],
        "ties_to": None,
    }


def test_a_payload_that_is_none_is_shown_as_text():
    assert read(shown({record.PAYLOAD: "a text", "text/plain": "x"})).sections == [Section("", [Plain("x")])]


@pytest.mark.parametrize(
    "rows, message",
    [([{"amount": "twelve"}], "holds 'twelve' where a number of EUR"), ([{"sum": "1"}], "has a row without 'amount'")],
)
def test_a_table_that_does_not_hold_its_fields_is_refused_in_words(rows, message):
    figures.validate(read(shown({record.PAYLOAD: payload()})))
    with pytest.raises(DataError, match=message):
        figures.validate(read(shown({record.PAYLOAD: payload(rows=rows)})))
