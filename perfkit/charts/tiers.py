"""Tiers: what share of the customers brings what share of the value?"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.labels import joined, labels_of
from perfkit.charts.lettering import SIZE, SMALL, length, longest
from perfkit.charts.sheets import Sheet, chart, panel
from perfkit.charts.spots import Spots
from perfkit.customers import ValueTiers
from perfkit.languages import percent, text

_HEIGHT = 240.0  # points
_RIGHT, _FOOT, _HEAD = 12.0, 32.0, 26.0  # points around the curve, for the words of the axes
_POINTS = 200
_LINE = 13.0  # points that a label is high


@chart
def value_tiers(result: ValueTiers, sheet: Sheet) -> None:
    """Draw the value cumulated over the customers, the best first, and name the part of the top 1, 10 and 20 %.

    In shares of the total, or in money where that is not positive. The thin line is what it would be if all customers
    were equal, the steps of the tiers stand below.

    See Also
    --------
    customers.segments.value_tiers : the figures.
    """
    view = result.views()[0]
    in_shares, unit = result.total > 0, result.currency or "quantity"
    total = float(result.total)
    xs, values = _curve(result)
    if not any(values):
        return sheet.say(view, text("No customer has brought anything."))
    shown, scale = labels_of([] if in_shares else [*result.tops["value"], result.total], unit)
    ys = [each / total for each in values] if in_shares else values
    end = 1.0 if in_shares else total
    low, high = min(0.0, *ys), max(end, 0.0, *ys)
    if high == low:
        high = low + 1.0
    ticks = [each for each in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high) if low <= each <= high]
    write = (lambda each: percent(each, 0)) if in_shares else (lambda each: shown(each))
    ax = sheet.open(view.title, joined(view.subtitle, scale), _HEIGHT)
    left = longest([write(each) for each in ticks], SMALL) + 8
    across, up = sheet.width - left - _RIGHT, _HEIGHT - _FOOT - _HEAD
    each_ = (high - low) / up  # of the scale, a point
    part = panel(ax, 0, 1, (low - _FOOT * each_, high + _HEAD * each_))
    part.set_xlim(-left / across, 1 + _RIGHT / across)

    look: dict[str, Any] = {"fontsize": SMALL, "color": style.QUIET}
    _axes(part, result, ticks, write, low, look)
    style.words(part, 1, low, text("share of customers, the best first"), dy=-23, dx=_RIGHT, ha="right", **look)
    top = text("share of value") if in_shares else text("value")
    style.words(part, -left / across, high, top, dy=_HEAD - 7, ha="left", **look)

    part.plot(xs, ys, color=style.ACTUAL, linewidth=2.2, zorder=4)
    part.plot([0, 1], [0, end], color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 3)), zorder=2)
    room = Spots(across + _RIGHT - 2, up + _HEAD - 14)
    room.take_line([(x * across, (y - low) / each_) for x, y in zip(xs, ys, strict=True)])
    room.take_line([(0, -low / each_), (across, (end - low) / each_)], clear=1.5)
    room.take_line([(0, -low / each_), (across, -low / each_)], clear=1.0)
    marks = [(k / len(result.customers), float(v) / total if in_shares else float(v)) for k, v in
             zip(result.tops["n"], result.tops["value"], strict=True)]  # fmt: skip
    room.take_marks([(x * across, (y - low) / each_) for x, y in marks])
    part.plot(*zip(*marks, strict=True), marker="o", markersize=5.5, linestyle="none", color=style.ACTUAL, zorder=6)
    for (x, y), words in zip(marks, _said(result, shown, sheet.narrow), strict=True):
        spot = room.place(x * across, (y - low) / each_, length(words, SIZE, "bold") + 2, _LINE, reach=90)
        if spot is not None:
            style.words(part, spot[0] / across, low + spot[1] * each_, words, ha="left", halo=True, fontweight="bold")
    equal = text("if all were equal")
    spot = room.place(0.7 * across, (0.7 * end - low) / each_ - 9, length(equal, SMALL) + 2, _LINE, reach=120)
    if spot is not None:
        style.words(part, spot[0] / across, low + spot[1] * each_, equal, ha="left", **look)
    sheet.describe(*[f"{words}." for words in _said(result, lambda v: languages.show(v, unit), False)])


def _axes(part: Axes, result: ValueTiers, ticks: list[float], write: Any, low: float, look: dict[str, Any]) -> None:
    """Draw the line of zero, the ticks, and where each tier ends."""
    part.plot([0, 1], [0, 0], color=style.INK, linewidth=0.8, zorder=2)
    for tick in ticks:
        part.plot([0, 0.008], [tick, tick], color=style.RULE, linewidth=0.8, zorder=1)
        style.words(part, 0, tick, write(tick), dx=-5, ha="right", **look)
    for x in (0.0, *np.cumsum(result.tiers["share"].to_numpy(np.float64))):
        part.plot([x, x], [low, ticks[-1]], color=style.RULE, linewidth=0.6, linestyle=(0, (1, 2)), zorder=1)
    for x in (0.0, 0.5, 1.0):
        label, align = percent(x, 0), "right" if x == 1 else "center"
        style.words(part, x, low, label, dy=-9, dx=_RIGHT if x == 1 else 0, ha=align, **look)


def _curve(result: ValueTiers) -> tuple[list[float], list[float]]:
    """The cumulated value, thinned: so many points, closer together at the start, where it rises most."""
    n = len(result.customers)
    places = {round(n * (place / _POINTS) ** 2) for place in range(1, _POINTS + 1)} | {*result.tops["n"]}
    kept = sorted(each for each in places if each)
    cumulative = result.customers["cumulative"]
    return [0.0, *(each / n for each in kept)], [0.0, *(float(cumulative.iloc[each - 1]) for each in kept)]


def _said(result: ValueTiers, shown: Any, narrow: bool) -> list[str]:
    """What is written at the top 1, 10 and 20 % of the customers."""
    found = []
    for row in result.tops.to_dict("records"):
        part = shown(row["value"]) if languages.missing(row["share_of_value"]) else percent(row["share_of_value"])
        whole = text("top {share} of customers: {part}", share=percent(row["share"], 0), part=part)
        found.append(text("top {share}: {part}", share=percent(row["share"], 0), part=part) if narrow else whole)
    return found
