"""Acquisitions: what is a new customer of each channel worth, against what one costs?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.labels import joined
from perfkit.charts.panels import Panel
from perfkit.charts.rows import Rows
from perfkit.charts.sheets import Sheet, chart
from perfkit.charts.style import Key
from perfkit.customers import AcquiredValue
from perfkit.customers.worth.acquisition_views import label
from perfkit.languages import money, show, text

MOST = 14
"""Channels at most, those with the most customers; all of them stand in the table."""
_CAP, _TALL = 0.16, 0.30  # of a row: half the ends of an interval, and half the outline of a cost


@chart
def acquired_value(result: AcquiredValue, sheet: Sheet) -> None:
    """Draw the value of a new customer of each channel as a dot with its interval, and what one costs as an outline.

    Amounts stand on a logarithmic scale: a business customer is worth many times as much as another one.

    See Also
    --------
    customers.worth.acquired : the figures.
    """
    view = result.views()[0]
    each = result.each.sort_values("n", ascending=False, kind="stable").head(MOST)
    drawn = [row for row in result.each.to_dict("records") if row["member"] in set(each["member"])]
    drawn = [row for row in drawn if row["estimate"] > 0]
    if not drawn:
        return sheet.say(view, text("No channel brings a value above zero."))
    currency = result.base.currency or "quantity"
    rows = Rows(sheet, [label(row["member"]) for row in drawn])
    values = [show(row["estimate"], currency) for row in drawn]
    between = [f"{show(row['low'], currency)} \N{EN DASH} {show(row['high'], currency)}" for row in drawn]
    costed = any(not languages.missing(row["cac"]) for row in drawn)
    ratios = ["" if languages.missing(row["ratio"]) else show(row["ratio"], "ratio", decimals=1) for row in drawn]
    panels = [
        _dots(rows, text("Value and cost, logarithmic"), drawn),
        rows.written(text("Value"), values, upper=sheet.narrow),
        rows.written(text("Interval"), between, quiet=True, rank=2),
    ]
    if costed:
        costs = ["" if languages.missing(row["cac"]) else show(row["cac"], currency) for row in drawn]
        panels += [rows.written(text("Cost"), costs, rank=1), rows.written(text("Value / cost"), ratios, rank=1)]
    left_out = len(result.each) - len(drawn)
    rest = text("small channels not drawn") if left_out else ""
    keys = [Key(text("Cost of acquiring one"), "target")] if costed else []
    ax = sheet.open(view.title, joined(view.subtitle, rest), rows.height, keys)
    rows.place(ax, panels)
    said = [f"{label(row['member'])} {money(row['estimate'], result.base.currency)}" for row in drawn[:5]]
    sheet.describe(f"{languages.listing(said)}.")


def _dots(rows: Rows, heading: str, drawn: Sequence[dict[Any, Any]]) -> Panel:
    """Each value as a dot with its interval, on the logarithm of the amount; each cost as an outline."""

    def at(amount: float) -> float:
        return float(np.log10(max(amount, 1.0)))

    def draw(part: Axes) -> None:
        for place, row in enumerate(drawn):
            y = rows._y(place)
            low, high = at(row["low"]), at(row["high"])
            part.plot([0, at(row["estimate"])], [y, y], color=style.RULE, linewidth=0.6, zorder=1)
            part.plot([low, high], [y, y], color=style.INK, linewidth=1.2, zorder=3)
            for end in (low, high):
                part.plot([end, end], [y - _CAP, y + _CAP], color=style.INK, linewidth=1.2, zorder=3)
            style.head(part, at(row["estimate"]), y, None, "o")
            if not languages.missing(row["cac"]):
                cost = at(row["cac"])
                part.plot([cost, cost], [y - _TALL, y + _TALL], color=style.INK, linewidth=0.9, zorder=4)
                part.plot(
                    [cost], [y], marker="s", markersize=5.5, markerfacecolor="white", markeredgecolor=style.INK,
                    markeredgewidth=0.9, zorder=5, clip_on=False,
                )  # fmt: skip

    amounts = [row[name] for row in drawn for name in ("high", "cac") if not languages.missing(row[name])]
    return Panel(heading, [at(float(each)) for each in amounts], 6.0, 6.0, "relative", draw)
