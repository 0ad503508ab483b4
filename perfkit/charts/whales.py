"""Whale curves: how high does profit rise with those that earn, and how much do the others take back?"""

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
from perfkit.languages import number, plural, show, text
from perfkit.margins import WhaleCurve

_HEIGHT = 240.0  # points
_RIGHT, _FOOT, _HEAD = 12.0, 32.0, 26.0  # points around the curve, for the words of the axes
_POINTS = 200
_LINE = 13.0  # points that a label is high


@chart
def whale_curve(result: WhaleCurve, sheet: Sheet) -> None:
    """Draw profit cumulated over the members, the best first: up to the peak, and down to what is left.

    In shares of the total, or in money where that is not positive.

    See Also
    --------
    margins.profitability.whale_curve : the figures.
    """
    view = result.views()[0]
    if result.reason:
        return sheet.say(view, result.reason)
    share, unit = result.peak is not None, "share" if result.peak is not None else result.currency
    total = 1.0 if result.peak is not None else float(result.total)
    peak = float(result.peak_amount) if result.peak is None else result.peak
    shown, scale = labels_of([] if share else [result.peak_amount, result.total], unit)
    ax = sheet.open(view.title, joined(view.subtitle, scale), _HEIGHT)
    low, high = min(0.0, total), max(peak, total, 0.0)
    if high == low:
        high = low + 1.0
    ticks = [each for each in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high) if low <= each <= high]
    write = (lambda each: languages.percent(each, 0)) if share else (lambda each: shown(each))
    left = longest([write(each) for each in ticks], SMALL) + 8
    across, up = sheet.width - left - _RIGHT, _HEIGHT - _FOOT - _HEAD
    each = (high - low) / up  # of the scale, a point
    part = panel(ax, 0, 1, (low - _FOOT * each, high + _HEAD * each))
    part.set_xlim(-left / across, 1 + _RIGHT / across)

    look: dict[str, Any] = {"fontsize": SMALL, "color": style.QUIET}
    _axes(part, ticks, write, low, look)
    for x in (0.0, 0.5, 1.0):
        label, align = languages.percent(x, 0), "right" if x == 1 else "center"
        style.words(part, x, low, label, dy=-9, dx=_RIGHT if x == 1 else 0, ha=align, **look)
    foot, top = text("share of members, the best first"), text("share of profit") if share else text("profit")
    style.words(part, 1, low, foot, dy=-23, dx=_RIGHT, ha="right", **look)
    style.words(part, -left / across, high, top, dy=_HEAD - 7, ha="left", **look)

    xs, ys = _curve(result, total if share else 1.0)
    part.plot(xs, ys, color=style.ACTUAL, linewidth=2.2, zorder=4)
    if total < peak:
        part.plot([0, 1], [total, total], color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 3)), zorder=2)
        part.plot([1, 1], [total, peak], color=style.BAD, linewidth=3.0, zorder=5)
    at = result.earners / len(result.cells)
    part.plot([at], [peak], marker="o", markersize=6, color=style.ACTUAL, zorder=6)
    room = Spots(across + _RIGHT - 2, up + _HEAD - 14)
    room.take_line([(x * across, (y - low) / each) for x, y in zip(xs, ys, strict=True)])
    room.take_line([(0, (total - low) / each), (across, (total - low) / each)], clear=1.5)
    room.take_line([(across, (total - low) / each), (across, (peak - low) / each)], clear=2.5)
    room.take_marks([(at * across, (peak - low) / each)])
    room.take_line([(0, -low / each), (across, -low / each)], clear=1.0)
    said = _said(result, sheet.narrow, shown)
    for (words, colour), (x, y) in zip(said, ((at, peak), (1.0, (total + peak) / 2)), strict=False):
        spot = room.place(x * across, (y - low) / each, length(words, SIZE, "bold") + 2, _LINE)
        if spot is not None:
            place = (spot[0] / across, low + spot[1] * each)
            style.words(part, *place, words, ha="left", halo=True, color=colour, fontweight="bold")
    sheet.describe(*[f"{words}." for words, _ in _said(result, False, lambda each: show(each, result.currency))])


def _axes(part: Axes, ticks: list[float], write: Any, low: float, look: dict[str, Any]) -> None:
    part.plot([0, 1], [0, 0], color=style.INK, linewidth=0.8, zorder=2)
    for tick in ticks:
        part.plot([0, 0.008], [tick, tick], color=style.RULE, linewidth=0.8, zorder=1)
        style.words(part, 0, tick, write(tick), dx=-5, ha="right", **look)


def _curve(result: WhaleCurve, total: float) -> tuple[list[float], list[float]]:
    """The cumulated profits, thinned: its ends, its peak, and so many points between."""
    members = len(result.cells)
    places = {round(place) for place in np.linspace(0, members - 1, min(members, _POINTS))}
    places |= {result.earners - 1} if result.earners else set()
    cumulated = result.cells["cumulative"]
    ordered = sorted(places)
    xs = [0.0, *((place + 1) / members for place in ordered)]
    whole = float(result.total) if result.peak is not None else 1.0
    return xs, [0.0, *(float(cumulated.iloc[place]) / whole for place in ordered)]


def _said(result: WhaleCurve, narrow: bool, shown: Any) -> list[tuple[str, str]]:
    """What is written at the peak and at the end, with their colours."""
    peak = languages.percent(result.peak) if result.peak is not None else show(result.peak_amount, result.currency)
    if narrow:
        words = text("peak: {peak}", peak=peak)
    else:
        words = plural(
            "peak: {peak}, with the {n} that earns", "peak: {peak}, with the {n} that earn", result.earners, peak=peak
        )
    found = [(words, style.INK)]
    if result.destroyed < 0:
        amount = show(result.destroyed, result.currency)
        lost = (
            text("{amount} by {n}", amount=amount, n=number(result.losers))
            if narrow
            else plural("{amount} by the {n} that loses", "{amount} by the {n} that lose", result.losers, amount=amount)
        )
        found.append((lost, style.BAD))
    return found
