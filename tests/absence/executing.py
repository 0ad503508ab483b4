"""An audit executed here, without a kernel: the code cells of the notebook in one namespace, and what each displays.

Publishing takes seconds, most of them a kernel's and a page's; what a report says is computed in fewer. So every table
and column can be taken away, one by one, in the time of a test. With a `Memory`, what was computed of the same tables
before is not computed again, for the same function of the same arguments gives the same result; nor is a chart drawn
again of a result that reads the same.
"""

import ast
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, wraps
from pathlib import Path
from types import FunctionType
from typing import Any

import ibis
import pandas as pd
import pytest
from matplotlib import pyplot as plt

import perfkit as pk
from perfkit import aggregations, improve, kpis, languages, margins
from perfkit.results import MIME, Result, plain

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
_ANALYSES = (kpis, improve, margins.ledger, margins.statement, margins.bridge, margins.profitability)


@dataclass(frozen=True)
class Shown:
    """What one cell displayed: the cell's id, its text, its markup (without a memory), and the figures of a result."""

    cell: str
    kind: str
    text: str
    html: str
    figures: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Executed:
    """An executed audit."""

    shown: tuple[Shown, ...]

    @cached_property
    def figures(self) -> dict[str, str]:
        """Every figure as JSON, by its id: two are the same if and only if their texts are."""
        return {
            figure["figure_id"]: json.dumps(figure, sort_keys=True, default=str)
            for each in self.shown
            for figure in each.figures
        }

    def words(self) -> str:
        """Every word that a reader sees of results and charts."""
        return "\n".join(each.text for each in self.shown)

    def section(self, kind: str) -> str:
        """The text of the results of a kind, such as Scorecard."""
        return "\n".join(each.text for each in self.shown if each.kind == kind)


@dataclass
class Memory:
    """What earlier executions computed, by what it was computed from; what they showed; of what they drew charts."""

    computed: dict[Any, Any] = field(default_factory=dict)
    shown: dict[int, tuple[Any, str]] = field(default_factory=dict)
    drawn: set[Any] = field(default_factory=set)

    def remembering(self, name: str, function: Callable[..., Any], *, words: bool = True) -> Callable[..., Any]:
        """Return the function, which computes once what it is asked again; in each language, where it has words."""

        @wraps(function)
        def recalled(*args: Any, **options: Any) -> Any:
            key = (
                name,
                languages.current() if words else "",
                *map(_identity, args),
                *((option, _identity(value)) for option, value in options.items()),
            )
            if key not in self.computed:
                kept = [*args, *options.values()]  # alive, so that no other object takes its id
                self.computed[key] = (function(*args, **options), kept)
            return self.computed[key][0]

        return recalled

    def text(self, result: Any) -> str:
        """Return a result as text."""
        if id(result) not in self.shown:
            self.shown[id(result)] = (result, "\n\n".join(plain(view) for view in result.views()))
        return self.shown[id(result)][1]


def _identity(argument: Any) -> Any:
    """What an argument is, for a computation: a table its expression, a frame its cells, a result itself."""
    if isinstance(argument, ibis.Table):
        return argument.op()
    if isinstance(argument, pd.DataFrame):
        return argument.to_json(default_handler=str, date_format="iso")
    if isinstance(argument, dict):
        return json.dumps(argument, sort_keys=True, default=str)
    if isinstance(argument, list | tuple):
        return tuple(_identity(each) for each in argument)
    return id(argument) if isinstance(argument, Result) else argument


def execute(
    acme: pk.Company,
    *,
    period: str,
    language: str = "en",
    memory: Memory | None = None,
    charts: bool = True,
    report: str = "commercial_audit",
) -> Executed:
    """Execute a report on a company that is open.

    Parameters
    ----------
    acme : Company
    period, language : str
    memory : Memory, optional
        Of earlier executions; it grows. Without one everything is computed, shown and drawn.
    charts : bool
        Whether charts are drawn at all.
    report : str
        The notebook's name.
    """
    given = {"company": str(acme.path), "period": period, "language": language}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pk, "open_company", lambda *_args, **_options: acme)
        if memory is not None:
            patch.setattr(aggregations, "fetch", memory.remembering("fetch", aggregations.fetch, words=False))
            for module in _ANALYSES:
                for name in dir(module):
                    function = getattr(module, name)
                    if isinstance(function, FunctionType) and not name.startswith("_"):
                        patch.setattr(module, name, memory.remembering(f"{module.__name__}.{name}", function))
        try:
            return Executed(tuple(_cells(report, given, memory, charts)))
        finally:
            languages.use("en")
            plt.close("all")


@cache
def _notebook(report: str) -> dict[str, Any]:
    """The audit's notebook, read once: two executions that are compared are of one notebook."""
    read: dict[str, Any] = json.loads((NOTEBOOKS / f"{report}.ipynb").read_text(encoding="utf-8"))
    return read


def _cells(report: str, given: dict[str, str], memory: Memory | None, charts: bool) -> Iterator[Shown]:
    names: dict[str, Any] = {}
    for cell in _notebook(report)["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = ast.parse("".join(cell["source"]))
        if "parameters" in cell["metadata"].get("tags", []):
            exec(compile(source, cell["id"], "exec"), names)
            names |= given
        elif _shows_charts(source) and (not charts or (memory is not None and _drawn(source, names, memory))):
            continue
        else:
            yield from _executed(cell["id"], source, names, memory)


def _executed(cell: str, source: ast.Module, names: dict[str, Any], memory: Memory | None) -> Iterator[Shown]:
    """Run a cell: what its last line is worth is displayed, and so is each chart that it shows."""
    last = source.body[-1] if source.body else None
    body = source.body[:-1] if isinstance(last, ast.Expr) else source.body
    charts: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("IPython.display.display", lambda data, **_options: charts.append(data))
        exec(compile(ast.Module(body, type_ignores=[]), cell, "exec"), names)
        value = eval(compile(ast.Expression(last.value), cell, "eval"), names) if isinstance(last, ast.Expr) else None
    yield from (Shown(cell, "chart", str(data["text/plain"]), "", ()) for data in charts)
    if value is not None and memory is None:
        data, _metadata = value._repr_mimebundle_()
        payload = data[MIME]
        yield Shown(cell, payload["kind"], data["text/plain"], data["text/html"], tuple(payload["figures"]))
    elif value is not None and memory is not None:
        figures = tuple(value.figures().to_dict("records"))
        yield Shown(cell, type(value).__name__, memory.text(value), "", figures)


def _drawn(source: ast.Module, names: dict[str, Any], memory: Memory) -> bool:
    """Say whether the charts of results that read the same were drawn before, and note them."""
    used = [names.get(node.id) for node in ast.walk(source) if isinstance(node, ast.Name)]
    key = (ast.dump(source), *(memory.text(value) for value in used if isinstance(value, Result)))
    if key in memory.drawn:
        return True
    memory.drawn.add(key)
    return False


def _shows_charts(source: ast.Module) -> bool:
    """Say whether a cell does nothing else."""
    calls = [statement.value for statement in source.body if isinstance(statement, ast.Expr)]
    names = [call.func.id for call in calls if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)]
    return bool(names) and names == ["show_chart"] * len(source.body)
