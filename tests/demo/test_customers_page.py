"""docs/customers.md runs as it is written, from its first line to its last, and shows every public call."""

import ast
import inspect
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from perfkit.customers import clv, cohorts, contracts, segments
from perfkit.results import Result

PAGE = (Path(__file__).parents[2] / "docs" / "customers.md").read_text(encoding="utf-8")
CODE = "".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture(scope="module")
def run(loaded, tmp_path_factory):
    """The names that the page leaves, and what each line that shows something gave."""
    home = tmp_path_factory.mktemp("home")
    (home / "perfkit-demo").symlink_to(loaded.path, target_is_directory=True)
    names, shown = {}, []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        for statement in ast.parse(CODE).body:
            if isinstance(statement, ast.Expr):
                found = eval(compile(ast.Expression(statement.value), "customers.md", "eval"), names)
                shown.append((ast.unparse(statement), found))
            else:
                exec(compile(ast.Module([statement], []), "customers.md", "exec"), names)
    plt.close("all")
    return names, shown


def test_every_line_of_the_page_runs_and_shows_something(run):
    _, shown = run
    assert len(shown) > 30
    for line, found in shown:
        assert not isinstance(found, pd.DataFrame) or len(found), line
        assert not isinstance(found, Result) or (repr(found) and len(found.figures())), line
        assert found is not None, line


def test_the_page_calls_every_public_function_of_customers():
    for module in (clv, cohorts, contracts, segments):
        name = module.__name__.rpartition(".")[2]
        functions = [each for each in module.__all__ if inspect.isfunction(getattr(module, each))]
        assert functions and [each for each in functions if f"{name}.{each}(" not in CODE] == []


def test_the_customers_of_the_page_are_those_of_whom_it_tells(run):
    names, _ = run
    assert len(names["history"].customers) > 300 and names["history"].margin_rate is not None
    assert names["counted"].contracts > 100 and names["kept"].notes == []
    assert names["stages"].customers["stage"].nunique() >= 3
