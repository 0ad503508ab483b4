"""Profit maps: which members bring much revenue at a good margin rate, and which bring it at none?"""

from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.labels import joined
from perfkit.charts.lettering import SIZE, SMALL, fit, length, longest
from perfkit.charts.sheets import Sheet, chart, panel
from perfkit.charts.spots import Spots
from perfkit.languages import plural, text
from perfkit.margins import Profitability
from perfkit.margins.profitability.views import label, margin_name

_HEIGHT = 270.0  # points
_RIGHT, _FOOT, _HEAD = 14.0, 32.0, 26.0
_MOST, _NAMED, _NAMED_NARROW = 1_000, 14, 6
_WIDEST, _WIDEST_NARROW = 170.0, 130.0  # points that a name may take
_LINE = 13.0
_SPREAD = 20  # times as much revenue as the smallest, from which the scale is logarithmic
_FLOOR, _CEILING = -0.5, 1.0  # of the rates drawn: beyond lie oddities, marked at the edge


@chart
def profitability(result: Profitability, sheet: Sheet) -> None:
    """Draw each member by its net revenue and its margin rate; the largest are named.

    See Also
    --------
    margins.profitability.by : the figures.
    """
    view, margin = result.views()[0], result.deepest
    rate = f"{margin}_rate"
    known = [] if margin == "net_revenue" else [row for row in result.rows.to_dict("records") if row[rate] is not None]
    rows = sorted(known, key=lambda row: -row["net_revenue"])[:_MOST]
    if not rows:
        return sheet.say(view, result.reason or text("No member has both revenue and a known margin rate."))
    revenue = np.array([float(row["net_revenue"]) for row in rows])
    rates = np.array([row[rate] for row in rows])
    without = len(result.rows) - len(rows)
    left_out = plural("{n} without a rate or small, not drawn", "{n} without a rate or small, not drawn", without)
    ax = sheet.open(view.title, joined(view.subtitle, left_out if without else ""), _HEIGHT)

    low, high = max(min(0.0, rates.min()), _FLOOR), min(max(0.0, rates.max()), _CEILING)
    if high - low < 0.02:
        high = low + 0.02
    ticks = [each for each in MaxNLocator(5).tick_values(low, high) if low - 1e-9 <= each <= high + 1e-9]
    left = longest([languages.percent(each, 0) for each in ticks], SMALL) + 10
    across, up = sheet.width - left - _RIGHT, _HEIGHT - _FOOT - _HEAD
    each = (high - low) / up
    part = panel(ax, 0, 1, (low - _FOOT * each, high + _HEAD * each))
    part.set_xlim(-left, across + _RIGHT)
    place, marks = _scale(revenue, across)

    look: dict[str, Any] = {"fontsize": SMALL, "color": style.QUIET}
    for tick in ticks:
        zero = abs(tick) < 1e-9
        part.plot([0, across], [tick, tick], color=style.INK if zero else style.RULE, linewidth=0.8, zorder=1)
        style.words(part, 0, tick, languages.percent(tick, 0), dx=-6, ha="right", **look)
    end = -1.0e9
    for value in marks:
        name, x = languages.number(value), float(place(np.array([value]))[0])
        wide = length(name, SMALL)
        if x - wide / 2 > end + 6 and x + wide / 2 <= across + _RIGHT:
            part.plot([x, x], [low, low - 3 * each], color=style.QUIET, linewidth=0.8)
            style.words(part, x, low, name, dy=-11, ha="center", **look)
            end = x + wide / 2
    along = text("net revenue, {currency}", currency=result.currency)
    if _is_log(revenue) and not sheet.narrow:
        along = text("net revenue, {currency}: ten times as much is everywhere as far", currency=result.currency)
    style.words(part, across, low, along, dy=-24, dx=_RIGHT, ha="right", **look)
    style.words(part, -left, high, _of(margin), dy=_HEAD - 7, ha="left", **look)

    room = Spots(across + _RIGHT, up + _HEAD - 16)
    if low <= 0 <= high:
        room.take_line([(0, -low / each), (across, -low / each)], clear=0.5)
    whole = result.whole()[rate]
    if whole is not None and low <= whole <= high:
        part.plot([0, across], [whole, whole], color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 3)), zorder=2)
        room.take_line([(0, (whole - low) / each), (across, (whole - low) / each)], clear=0.5)
    xs, ys = place(revenue), (np.clip(rates, low, high) - low) / each
    room.take_marks(zip(xs, ys, strict=True))
    for x, y, value in zip(xs, ys, rates, strict=True):
        beyond = "v" if value < low else "^" if value > high else ""
        tone = "bad" if value < 0 else None
        shape = beyond or ("D" if tone else "o")
        colour = style.BAD if tone else style.ACTUAL
        faint = 0.85 if len(rows) <= 60 else 0.5
        part.plot([x], [low + y * each], marker=shape, markersize=5, color=colour, alpha=faint, linestyle="", zorder=4)
    if whole is not None and low <= whole <= high:
        words = text("all: {rate}", rate=languages.percent(whole))
        spot = room.place(across, (whole - low) / each, length(words, SMALL) + 2, _LINE, reach=150)
        if spot is not None:
            style.words(part, spot[0], low + spot[1] * each, words, ha="left", halo=True, **look)
    _name(part, rows, xs, ys, room, sheet.narrow, low, each)
    sheet.describe(
        *[
            f"{label(row)}: {languages.show(row['net_revenue'], result.currency)}, {languages.percent(row[rate])}."
            for row in rows[:3]
        ]
    )


def _name(part: Any, rows: list[Any], xs: Any, ys: Any, room: Spots, narrow: bool, low: float, each: float) -> None:
    """Write the names of the largest and of those that lose most, where there is room beside their marks."""
    worst = sorted((row["cm2"], place) for place, row in enumerate(rows) if row["advice"] and row["cm2"] < 0)[:2]
    most, widest = (_NAMED_NARROW, _WIDEST_NARROW) if narrow else (_NAMED, _WIDEST)
    chosen = list(dict.fromkeys([*range(min(most, len(rows))), *(place for _, place in worst)]))
    for place in chosen:
        words = fit(label(rows[place]), widest, SIZE)
        spot = room.place(xs[place], ys[place], length(words, SIZE) + 2, _LINE, reach=12.0)
        if spot is not None:
            style.words(part, spot[0], low + spot[1] * each, words, ha="left", halo=True)


def _of(margin: str) -> str:
    return text("{margin} / net revenue", margin=margin_name(margin))


def _is_log(revenue: np.ndarray) -> bool:
    return bool(revenue.min() > 0 and revenue.max() / revenue.min() >= _SPREAD)


def _scale(revenue: np.ndarray, across: float) -> tuple[Any, list[float]]:
    """Return how revenue is placed, in points from the left, and the values that the axis names."""
    if _is_log(revenue):
        start, end = np.log10(revenue.min()), np.log10(revenue.max())
        room = 0.04 * (end - start)
        start, end = start - room, end + room
        steps = (1, 2, 5) if end - start < 2.5 else (1,)
        powers = range(int(np.floor(start)), int(np.floor(end)) + 1)
        marks = [step * 10.0**power for power in powers for step in steps if start <= np.log10(step) + power <= end]
        return lambda values: (np.log10(values) - start) / (end - start) * across, marks
    low, high = min(0.0, float(revenue.min())), float(revenue.max()) * 1.04 or 1.0
    marks = [float(m) for m in MaxNLocator(5).tick_values(low, high) if low <= m <= high]
    return lambda values: (values - low) / (high - low) * across, marks
