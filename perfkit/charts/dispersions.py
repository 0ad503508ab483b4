"""Dispersions: who gets more off the list price than others on the same, how surely, and what is it worth?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from matplotlib.axes import Axes

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.labels import joined, labels_of
from perfkit.charts.panels import Panel
from perfkit.charts.rows import Rows
from perfkit.charts.sheets import Sheet, chart
from perfkit.charts.style import Key
from perfkit.languages import percent, points, text
from perfkit.margins import DiscountDispersion
from perfkit.margins.prices.dispersion_views import largest, stake

_TONES = {"above": "bad", "below": "good"}
_CAP = 0.16  # of a row, half the end of a whisker


@chart
def discount_dispersion(result: DiscountDispersion, sheet: Sheet) -> None:
    """Draw the members unlike their peers: the gap of each as a dot with its interval, and what it is worth.

    Zero is what others get on the same products in orders of the same size.

    See Also
    --------
    margins.prices.discount_dispersion : the figures.
    """
    view = result.views()[0]
    drawn = [] if result.reason else largest(result).to_dict("records")
    if not drawn:
        return sheet.say(view, result.reason or text("No discount can be compared."))
    names = [text("(unknown)") if languages.missing(row["name"]) else row["name"] for row in drawn]
    tones = [_TONES.get(row["status"]) for row in drawn]
    stakes = [stake(row) for row in drawn]
    shown, scale = labels_of(stakes, result.currency)
    rows = Rows(sheet, names)
    actual, others = ([percent(row[name]) for row in drawn] for name in ("actual", "expected"))
    gaps = [points(row["estimate"]) for row in drawn]
    keys = {"bad": text("More off than others"), "good": text("Less off than others")}
    panels = [
        rows.written(text("Discount"), actual, rank=2),
        rows.written(text("Others on the same"), others, quiet=True, rank=1),
        _dots(rows, text("Beyond others, points"), drawn, tones),
        *([rows.written("", gaps, tones=tones, upper=True)] if sheet.narrow else []),
        replace(rows.changes(text("On the period"), stakes, tones, shown), kind="relative"),
    ]
    ax = sheet.open(
        view.title,
        joined(view.subtitle, scale),
        rows.height,
        [Key(keys[tone], f"{tone} pin") for tone in keys if tone in tones],
    )
    rows.place(ax, panels)
    money = [languages.show(each, result.currency, signed=True) for each in stakes]
    said = [f"{name} {gap}, {amount}" for name, gap, amount in zip(names[:3], gaps, money, strict=False)]
    sheet.describe(f"{languages.listing(said)}.")


def _dots(rows: Rows, heading: str, drawn: Sequence[Any], tones: Sequence[Any]) -> Panel:
    """Each gap as a dot whose shape is its tone's, with its interval around it."""

    def draw(part: Axes) -> None:
        for place, (row, tone) in enumerate(zip(drawn, tones, strict=True)):
            y = rows._y(place)
            part.plot([row["low"], row["high"]], [y, y], color=style.INK, linewidth=1.2, zorder=3)
            for end in (row["low"], row["high"]):
                part.plot([end, end], [y - _CAP, y + _CAP], color=style.INK, linewidth=1.2, zorder=3)
            style.head(part, row["estimate"], y, tone)

    ends = [float(row[name]) for row in drawn for name in ("low", "high")]
    return Panel(heading, ends, 6.0, 6.0, "relative", draw)
