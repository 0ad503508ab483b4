"""Breakdowns: which members of a dimension make the revenue, and how did each change?"""

from typing import Any

from matplotlib.axes import Axes

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.rows import Rows
from perfkit.charts.style import Key
from perfkit.kpis import Breakdown
from perfkit.languages import text


def breakdown(result: Breakdown, ax: Axes | None = None) -> Axes:
    """Draw the members of a dimension as the table has them: revenue, its change, its relative change.

    The year before is the light bar behind the dark one; the change is a bar with its sign, and the
    relative change a pin.

    See Also
    --------
    kpis.breakdown : the figures.
    """
    with style.drawing():
        return _draw(result, ax)


def _draw(result: Breakdown, ax: Axes | None) -> Axes:
    view = result.views()[0]
    drawn = view.rows.to_dict("records")
    if len(drawn) < 2:  # a total alone
        return style.empty(ax, view, getattr(result, "reason", "") or text("No revenue in this period to break down."))
    column = {name: list(view.rows[name]) for name in ("label", "revenue", "previous", "variance", "growth", "tone")}
    compared = not languages.missing(result.previous_total)
    shown, scale = style.labels_of([*column["revenue"], *column["variance"]], result.currency)
    rows = Rows(
        column["label"], total=True, quiet=[i for i, row in enumerate(drawn[:-1]) if languages.missing(row["member"])]
    )
    panels = [rows.amounts(text("Net revenue"), column["revenue"], column["previous"], shown, part=5)]
    keys = []
    if compared:
        panels.append(rows.changes(text("Change"), column["variance"], column["tone"], shown, part=3))
        if not all(languages.missing(growth) for growth in column["growth"]):
            panels.append(rows.pins(text("Change, %"), column["growth"], column["tone"], part=2))
        keys = [
            Key(result.period.name(), "actual"),
            Key(result.period.year_before().name(), "previous"),
            Key(text("Better"), "good"),
            Key(text("Worse"), "bad"),
        ]
    ax, width = style.sheet(ax, view.title, style.joined(view.subtitle, scale), rows.height, keys)
    rows.place(ax, width, panels)
    ax.figure.set_label(_alt(view.title, drawn[:-1], result.currency))
    return ax


def _alt(title: str, members: list[dict[str, Any]], currency: str) -> str:
    largest = [f"{row['label']} {languages.show(row['revenue'], currency)}" for row in members[:3]]
    return style.sentences(title, text("Largest: {members}.", members=languages.listing(largest)))
