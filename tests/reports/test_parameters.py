import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from papermill.translators import PythonTranslator

from perfkit.errors import ParameterError
from perfkit.reports.parameters import Parameter, checked, declared


def of(source):
    return declared(new_notebook(cells=[new_code_cell(source, metadata={"tags": ["parameters"]})]), "audit")


PERIOD = {"period": Parameter("period", str, "2026-10")}
ALL = of("""
a: str = "x"
b: int = 1
c: float = 2
d: bool = False
e = "text"
""")


def test_types_and_defaults_are_read_without_running_the_cell():
    assert [(p.name, p.type, p.default) for p in ALL.values()] == [
        ("a", str, "x"),
        ("b", int, 1),
        ("c", float, 2.0),
        ("d", bool, False),
        ("e", str, "text"),
    ]


@pytest.mark.parametrize(
    "source",
    [
        "a = open('x')",
        "a: str = b",
        "import os",
        "a: int = 'x'",
        "a: list = []",
        "a: str",
        "a = None",
        "a, b = 1, 2",
        "f()",
    ],
)
def test_a_parameters_cell_holds_literals_only(source):
    with pytest.raises(ParameterError, match="literals only"):
        of(source)


def test_a_report_has_exactly_one_parameters_cell():
    with pytest.raises(ParameterError, match="0 cells are tagged 'parameters'"):
        declared(new_notebook(cells=[new_markdown_cell("# x")]), "audit")


def test_a_cell_that_is_no_python_is_refused_in_words():
    with pytest.raises(ParameterError, match="not Python"):
        of("a: str = ")


@pytest.mark.parametrize("name", ["password", "db_password", "API_KEY", "token", "client_secret", "dsn", "private_key"])
def test_no_parameter_is_named_like_a_secret(name):
    with pytest.raises(ParameterError, match="looks like a secret"):
        of(f'{name}: str = ""')


@pytest.mark.parametrize("name", ["keyword", "monkey", "passengers", "top_keys", "tokens_a_day"])
def test_a_name_that_only_contains_such_a_word_is_no_secret(name):
    assert name in of(f'{name}: str = ""')


def test_a_value_with_a_password_in_it_is_refused_and_not_repeated():
    with pytest.raises(ParameterError, match="address with a password") as refusal:
        checked(PERIOD, {"period": "postgresql://me:hunter2@db/sales"})
    assert "hunter2" not in str(refusal.value)


def test_a_misspelt_name_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match=re.escape("no parameter 'peroid'. Did you mean 'period'?")):
        checked(PERIOD, {"peroid": "2026-10"})


def test_texts_are_read_as_the_declared_type():
    read = checked(ALL, {"a": "7", "b": "-7", "c": "1e3", "d": "yes"})
    assert read == {"a": "7", "b": -7, "c": 1000.0, "d": True}
    assert [type(value) for value in read.values()] == [str, int, float, bool]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("b", "1.5"),
        ("b", True),
        ("b", "1_000"),
        ("b", 1.0),
        ("c", "nan"),
        ("c", float("inf")),
        ("c", "1e999"),
        ("c", "x"),
        ("d", "perhaps"),
        ("d", 1),
        ("a", 1),
        ("a", None),
        ("b", "٣"),
    ],
)
def test_a_value_of_another_type_is_refused(name, value):
    with pytest.raises(ParameterError, match=f"parameter {name} takes"):
        checked(ALL, {name: value})


@given(st.text())
def test_any_text_is_injected_as_a_literal_and_nothing_else(value):
    written = PythonTranslator.codify({"a": value})
    assignment = ast.parse(written).body
    assert len(assignment) == 1
    assert ast.literal_eval(assignment[0].value) == value
