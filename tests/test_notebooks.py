"""The shipped notebooks are parameterised, hold no output, and only say in which order."""

import ast
import json
from pathlib import Path

import pytest

from perfkit.errors import ParameterError
from perfkit.reports import notebooks
from perfkit.reports.parameters import checked, declared

SHIPPED = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=SHIPPED, ids=lambda path: path.stem)
def notebook(request):
    return json.loads(request.param.read_text(encoding="utf-8"))


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_there_is_a_notebook():
    assert SHIPPED


def test_no_output_is_stored(notebook):
    assert [cell["id"] for cell in code_cells(notebook) if cell["outputs"] or cell["execution_count"]] == []


def test_one_cell_holds_the_parameters_as_typed_literals(notebook):
    (cell,) = [cell for cell in code_cells(notebook) if "parameters" in cell["metadata"].get("tags", [])]
    for statement in ast.parse("".join(cell["source"])).body:
        assert isinstance(statement, ast.AnnAssign)
        assert type(ast.literal_eval(statement.value)).__name__ == statement.annotation.id


def test_it_defines_nothing_loops_over_nothing_and_catches_nothing(notebook):
    forbidden = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try, ast.Lambda)
    for cell in code_cells(notebook):
        nodes = list(ast.walk(ast.parse("".join(cell["source"]))))
        assert not [node for node in nodes if isinstance(node, forbidden)], cell["id"]
        assert len("".join(cell["source"]).splitlines()) <= 8, cell["id"]


def test_no_number_is_typed_into_its_prose(notebook):
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            assert not any(character.isdigit() for character in "".join(cell["source"])), cell["id"]


def test_every_section_that_is_shown_has_an_id_of_its_own(notebook):
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_parameter_that_it_does_not_take_is_refused(path, tmp_path):
    shipped = notebooks.find(path.stem, tmp_path)
    takes = declared(shipped.node, shipped.name)
    with pytest.raises(ParameterError, match="Did you mean 'period'"):
        checked(takes, {"perod": "2026-10"})
