"""Concentrations: how much of the revenue hangs on few customers?"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.lettering import SIZE, SMALL, length
from perfkit.charts.sheets import Sheet, chart, panel
from perfkit.kpis import Concentration
from perfkit.languages import plural, text

_HEIGHT = 215.0  # points
_LEFT, _RIGHT, _FOOT, _HEAD = 36.0, 16.0, 32.0, 16.0  # points around the curve, for the words of the axes


@chart
def concentration(result: Concentration, sheet: Sheet) -> None:
    """Draw the share of revenue that the largest customers bring together, from the largest on.

    The thin line is what it would be if all customers were equal.

    See Also
    --------
    kpis.concentration : the figures.
    """
    view = result.views()[0]
    if result.reason or result.curve.empty:
        return sheet.say(view, result.reason or text("There is no revenue of identified customers."))
    ax = sheet.open(view.title, view.subtitle, _HEIGHT)
    curve, high = result.curve, max(1.0, float(result.curve["share_of_revenue"].max()))
    across, up = sheet.width - _LEFT - _RIGHT, _HEIGHT - _FOOT - _HEAD
    part = panel(ax, 0, 1, (-_FOOT / up * high, (1 + _HEAD / up) * high))
    part.set_xlim(-_LEFT / across, 1 + _RIGHT / across)

    part.plot([0, 1], [0, 0], color=style.INK, linewidth=0.8)
    look: dict[str, Any] = {"fontsize": SMALL, "color": style.QUIET}
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        label = languages.percent(tick, 0)
        part.plot([0, 0.008], [tick, tick], color=style.RULE, linewidth=0.8, zorder=1)
        style.words(part, 0, tick, label, dx=-5, ha="right", **look)
        style.words(part, tick, 0, label, dy=-9, ha="center", **look)
    style.words(part, 1, 0, text("share of customers, largest first"), dy=-23, dx=_RIGHT, ha="right", **look)
    style.words(part, 0, high, text("share of revenue"), dx=-_LEFT, dy=_HEAD - 5, ha="left", **look)

    part.plot(curve["share_of_customers"], curve["share_of_revenue"], color=style.ACTUAL, linewidth=2.2, zorder=3)
    said, placed = _name_tops(part, result, across, up / high, sheet.narrow)
    line = np.linspace(0, 1, 400)
    hidden = [  # the line of equal shares stops before words and goes on behind them
        any(left - 4 < at * across < right + 4 and abs(at * up / high - y) < 9 for left, right, y in placed)
        for at in line
    ]
    part.plot(line, np.where(hidden, np.nan, line), color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 3)), zorder=2)
    equal = text("if all were equal")
    wide = length(equal, SMALL) + 8
    free = [
        x
        for x in (0.7, 0.78, 0.6, 0.5, 0.4, 0.3, 0.2)
        if x * across + wide <= across + _RIGHT
        and all(abs(x * up / high - 13 - y) >= 13 or x * across > right for _left, right, y in placed)
    ]
    if free:
        style.words(part, free[0], free[0], equal, dx=8, dy=-13, ha="left", **look)
    sheet.describe(*said)


def _name_tops(
    part: Axes, result: Concentration, across: float, each: float, narrow: bool
) -> tuple[list[str], list[tuple[float, float, float]]]:
    """Mark the largest customers on the curve, those that matter first, where there is room.

    Returns the sentences, and where the words stand: from and to which point to the right, and how far above the axes.
    """
    tops, placed, said = result.tops.to_dict("records"), list[tuple[float, float, float]](), list[str]()
    for top in sorted(tops, key=lambda top: (top["customers"] != 10, -top["customers"])):
        x, y = float(top["share_of_customers"]), float(top["share"])
        label = plural(
            "the largest customer: {share}",
            "the {n} largest customers: {share}",
            int(top["customers"]),
            share=languages.percent(y),
        )
        said.append(label + ".")
        if narrow:
            label = plural("largest: {share}", "top {n}: {share}", int(top["customers"]), share=languages.percent(y))
        weight = "bold" if top["customers"] == 10 else "normal"
        fits = x * across + 9 + length(label, SIZE, weight) <= across + _RIGHT
        if not fits or any(abs(y * each - 3 - other) < 14 for _, _, other in placed) or x > 0.6 or y * each < 8:
            continue
        right = x * across + 9 + length(label, SIZE, weight)
        risen = np.interp(right / across, result.curve["share_of_customers"], result.curve["share_of_revenue"])
        down = -3 if (risen - y) * each > 14 else -11  # below a flat curve, which would run through the words
        placed.append((x * across + 9, right, y * each + down))
        part.plot([x], [y], marker="o", markersize=5.5, color=style.ACTUAL, zorder=5)
        style.words(part, x, y, label, dx=9, dy=down, ha="left", halo=True, fontweight=weight)
    return said, placed
