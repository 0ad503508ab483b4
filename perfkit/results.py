"""Results: how a frozen result shows itself: as text, as a table in HTML, and as figures in JSON.

The three stand in one notebook output, so a report, a workbook and a comparison that are made from
the executed notebook agree by construction.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from perfkit import assets, languages

MIME = "application/vnd.perfkit.v1+json"
SCHEMA = "perfkit.figures/1"
FIGURE_COLUMNS = (
    "figure_id",
    "kpi",
    "period",
    "dimensions",
    "estimate",
    "low",
    "high",
    "level",
    "n",
    "unit",
    "basis",
    "status",
    "reason",
)
STATUSES = ("observed", "estimated", "not available", "not observed yet", "upper bound", "partial")


def figure_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as figures: every column there, in order, values as they are (Decimal stays Decimal)."""
    frame = pd.DataFrame([{column: row.get(column) for column in FIGURE_COLUMNS} for row in rows], dtype="object")
    return frame.reindex(columns=list(FIGURE_COLUMNS))


@dataclass(frozen=True)
class Field:
    """One column of a displayed table.

    Attributes
    ----------
    key : str
        Column of the view's rows.
    heading : str
        Shown heading, in the language of the run, with the unit where all rows share it.
    unit : str or None
        Unit of every row (see `languages.show`); None is text.
    unit_from : str or None
        Column that holds each row's own unit; wins over `unit`.
    signed : bool
        Show a plus before gains.
    tone_from : str or None
        Column that holds "good", "bad" or None: how the value bears on the company.
    bar : bool
        Draw a bar in the cell, in proportion to the largest value of the column.
    decimals : int or None
        Decimals shown; None leaves it to the unit.
    decimals_from : str or None
        Column that holds each row's own decimals; wins over `decimals` where it says any.
    """

    key: str
    heading: str
    unit: str | None = None
    unit_from: str | None = None
    signed: bool = False
    tone_from: str | None = None
    bar: bool = False
    decimals: int | None = None
    decimals_from: str | None = None


@dataclass(frozen=True, eq=False)
class View:
    """A table as a reader sees it: the message, what it shows, its fields and its rows.

    Attributes
    ----------
    title : str
        The message, written from the figures.
    subtitle : str
        What, unit, period, scope.
    fields : sequence of Field
    rows : DataFrame
        Raw values, one column a field's key (and the columns that `unit_from` and `tone_from` name).
    total : bool
        The last row is the total of the others.
    notes : sequence of str
        Caveats and definitions below the table.
    """

    title: str
    subtitle: str
    fields: Sequence[Field]
    rows: pd.DataFrame
    total: bool = False
    notes: Sequence[str] = ()

    def cells(self) -> list[list[dict[str, Any]]]:
        """Return the shown rows: a dict a cell with text, numeric, tone and bar (-1 to 1, or None)."""
        largest = {field.key: self._largest(field) for field in self.fields if field.bar}
        body = len(self.rows) - (1 if self.total else 0)
        return [
            [self._cell(field, row, largest.get(field.key, 0.0) if index < body else 0.0) for field in self.fields]
            for index, row in enumerate(self.rows.to_dict("records"))
        ]

    def _largest(self, field: Field) -> float:
        body = self.rows[field.key].iloc[:-1] if self.total else self.rows[field.key]
        return max((abs(float(value)) for value in body if not languages.missing(value)), default=0.0)

    def _cell(self, field: Field, row: Mapping[Any, Any], largest: float) -> dict[str, Any]:
        value, unit = row[field.key], row[field.unit_from] if field.unit_from else field.unit
        tone = row[field.tone_from] if field.tone_from else None
        own: Any = row[field.decimals_from] if field.decimals_from else None
        decimals = field.decimals if languages.missing(own) else int(own)
        absent = languages.missing(value)
        shown = (
            ""
            if absent and unit in (None, "text")
            else languages.show(value, unit, signed=field.signed, decimals=decimals)
        )
        return {
            "text": shown,
            # An empty cell of a column of figures is no text: as one it would take a column of sentences' room.
            "numeric": unit != "text" and (unit is not None or field.unit_from is not None),
            "tone": None if languages.missing(tone) else tone,
            "bar": float(value) / largest if largest and not absent else None,
        }


class Result:
    """Mixin of every result: it gives its figures and views, and shows itself in a notebook and a terminal."""

    def __init_subclass__(cls) -> None:
        cls.__repr__ = Result.__repr__  # type: ignore[method-assign]  # else its dataclass would print its frames raw

    def __repr__(self) -> str:
        return "\n\n".join(plain(view) for view in self.views()) or f"<{type(self).__name__}: nothing to show>"

    def figures(self) -> pd.DataFrame:
        """Return the result as published figures, one a row (columns: FIGURE_COLUMNS)."""
        raise NotImplementedError

    def views(self) -> list[View]:
        """Return the tables that show the result, in the language in use."""
        raise NotImplementedError

    def ties_to(self) -> dict[str, Any] | None:
        """Return the totals of the source that the figures add up to, or None where there are none."""
        return None

    def html(self) -> str:
        """Return the result as safe HTML: every text escaped by the template."""
        return "".join(_template("table.html.j2").render(view=view, cells=view.cells()) for view in self.views())

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        return {
            "text/plain": "\n\n".join(plain(view) for view in self.views()),
            "text/html": self.html(),
            MIME: self.payload(),
        }, {}

    def payload(self) -> dict[str, Any]:
        """Return what the executed notebook records: the figures, the tables and the total they tie to."""
        return {
            "schema": SCHEMA,
            "kind": type(self).__name__,
            "language": languages.current(),
            "views": [_view_json(view) for view in self.views()],
            "figures": [
                {str(key): jsonable(value) for key, value in row.items()} for row in self.figures().to_dict("records")
            ],
            "ties_to": jsonable(self.ties_to()),
        }


def plain(view: View) -> str:
    """Return a view as text for terminals: rounded to the unit, so that it compares from run to run."""
    cells = view.cells()
    table = [[field.heading for field in view.fields]] + [[cell["text"] for cell in row] for row in cells]
    widths = [max(len(row[column]) for row in table) for column in range(len(view.fields))]
    numeric = [cell["numeric"] for cell in cells[0]] if cells else [False] * len(widths)
    lines = [
        "  ".join(
            value.rjust(width) if right else value.ljust(width)
            for value, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in table
    ]
    return "\n".join([view.title, view.subtitle, *lines, *view.notes]).strip()


def jsonable(value: Any) -> Any:
    """Return a value for JSON: money as a decimal string, a missing value as null, NumPy scalars as Python's."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(each) for each in value]
    if languages.missing(value) or value in (float("inf"), float("-inf")):
        return None
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.date | pd.Period):
        return str(value)
    return value.item() if hasattr(value, "item") else value


def _view_json(view: View) -> dict[str, Any]:
    named = [name for field in view.fields for name in (field.unit_from, field.decimals_from) if name]
    keys = list(dict.fromkeys([*(field.key for field in view.fields), *named]))
    return {
        "title": view.title,
        "subtitle": view.subtitle,
        "fields": [asdict(field) for field in view.fields],
        "rows": [{key: jsonable(row[key]) for key in keys} for row in view.rows.to_dict("records")],
        "total": view.total,
        "notes": list(view.notes),
    }


@cache
def environment() -> jinja2.Environment:
    """Return the templates of what is displayed: autoescaped, so that no cell of the data is ever markup."""
    loader = jinja2.FileSystemLoader(assets.path("templates/report"))
    made = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    made.globals["text"] = languages.text
    made.filters["breakable"] = _breakable
    return made


def _breakable(heading: str) -> Markup:
    """Return a column's heading that breaks within a word only where one is too long for any column."""
    return Markup("<wbr>").join(re.sub(r"(\S{16})(?=\S{4})", r"\1\n", heading).split("\n"))


def _template(name: str) -> jinja2.Template:
    return environment().get_template(name)
