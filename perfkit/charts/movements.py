"""Movements: which members made revenue change?"""

from matplotlib.axes import Axes

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.rows import Rows
from perfkit.charts.style import Key
from perfkit.kpis import Movers
from perfkit.languages import text


def movers(result: Movers, ax: Axes | None = None) -> Axes:
    """Draw the members that moved revenue most, gains to the right and losses to the left, and their sum.

    See Also
    --------
    kpis.movers : the figures.
    """
    with style.drawing():
        return _draw(result, ax)


def _draw(result: Movers, ax: Axes | None) -> Axes:
    view = result.views()[0]
    drawn = view.rows.to_dict("records")
    if len(drawn) < 2:  # a total alone, or nothing
        return style.empty(ax, view, result.reason or text("No revenue in either period."))
    column = {name: list(view.rows[name]) for name in ("label", "change", "tone")}
    shown, scale = style.labels_of(column["change"], result.currency)
    quiet = [i for i, row in enumerate(drawn[:-1]) if languages.missing(row["member"])]
    rows = Rows(column["label"], total=True, quiet=quiet)
    panels = [rows.changes(text("Change"), column["change"], column["tone"], shown)]
    came = [row["shown_kind"] if row["kind"] in ("new", "lost") else "" for row in drawn]  # the others show their sign
    if any(came):
        panels = [rows.written("", came, quiet=True), *panels]
    keys = [Key(text("Better"), "good"), Key(text("Worse"), "bad")]
    ax, width = style.sheet(ax, view.title, style.joined(view.subtitle, scale), rows.height, keys)
    rows.place(ax, width, panels)
    largest = [f"{row['label']} {languages.show(row['change'], result.currency, signed=True)}" for row in drawn[:3]]
    figures = text("Largest: {members}.", members=languages.listing(largest))
    ax.figure.set_label(style.sentences(view.title, figures))
    return ax
