"""Scatters: whose prices moved, and what did their quantities do?"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from perfkit.charts import style
from perfkit.charts.labels import joined
from perfkit.charts.lettering import SIZE, SMALL, fit, length, longest
from perfkit.charts.sheets import Sheet, chart, panel
from perfkit.charts.spots import Spots
from perfkit.charts.style import Key
from perfkit.languages import percent, plural, show, text
from perfkit.margins import PriceChanges

_HEIGHT = 290.0  # points
_RIGHT, _FOOT, _HEAD = 16.0, 32.0, 26.0
_MOST, _NAMED, _NAMED_NARROW = 500, 14, 6
_WIDEST, _WIDEST_NARROW = 170.0, 120.0  # points that a name may take
_SMALLEST, _LARGEST = 4.0, 17.0  # points across a mark; its area is the item's revenue
_LINE = 13.0
_BEYOND = 0.98  # the share of the items that the axes reach; those farther out stand at the edge
_LEAST = 0.02
_ALL = -1.0  # as far as a quantity can fall


@chart
def price_changes(result: PriceChanges, sheet: Sheet) -> None:
    """Draw each item by the change of its price and of its quantity; the area of a mark is the item's revenue.

    See Also
    --------
    margins.prices.price_changes : the figures.
    """
    view = result.views()[0]
    if result.reason:
        return sheet.say(view, result.reason)
    rows = result.largest(_MOST).to_dict("records")
    without = len(result.cells) - len(rows)
    left_out = plural("{n} small one not drawn", "{n} small ones not drawn", without) if without else ""
    area = text("area of a mark: revenue")
    effects = [row["price"] + row["quantity"] for row in rows]
    tones = ["good" if each > 0 else "bad" if each < 0 else None for each in effects]
    words_of = {"good": text("More, by price and quantity together"), "bad": text("Less")}
    keys = [Key(words_of[tone], f"{tone} pin") for tone in ("good", "bad") if tone in tones]
    ax = sheet.open(view.title, joined(view.subtitle, area, left_out), _HEIGHT, keys)

    xs, ys = (np.array([float(row[name]) for row in rows]) for name in ("price_change", "quantity_change"))
    across_ticks, up_ticks = _ticks(xs), _ticks(ys)
    left = longest([percent(each, _places(up_ticks), signed=True) for each in up_ticks], SMALL) + 10
    across, up = sheet.width - left - _RIGHT, _HEIGHT - _FOOT - _HEAD
    part = panel(ax, 0, 1, (-_FOOT, up + _HEAD))
    part.set_xlim(-left, across + _RIGHT)
    px, py = _placed(xs, across_ticks, across), _placed(ys, up_ticks, up)
    zero = _placed(np.array([0.0]), across_ticks, across)[0], _placed(np.array([0.0]), up_ticks, up)[0]
    part.plot([zero[0], zero[0]], [0, up], color=style.INK, linewidth=0.8, zorder=2)
    part.plot([0, across], [zero[1], zero[1]], color=style.INK, linewidth=0.8, zorder=2)
    _axes(part, across_ticks, up_ticks, across, up, left)

    revenue = np.array([max(float(row["now"]), 0.0) for row in rows])
    wide = np.clip(_LARGEST * np.sqrt(revenue / max(revenue.max(), 1e-300)), _SMALLEST, _LARGEST)
    room = Spots(across + _RIGHT, up + _HEAD - 16)
    room.take_line([(zero[0], 0), (zero[0], up)], clear=1.0)
    room.take_line([(0, zero[1]), (across, zero[1])], clear=1.0)
    room.take(
        (x - w / 2 - 1, y - w / 2 - 1, x + w / 2 + 1, y + w / 2 + 1) for x, y, w in zip(px, py, wide, strict=True)
    )
    for place, (x, y, size) in enumerate(zip(px, py, wide, strict=True)):
        shape = _beyond(xs[place], across_ticks, "<", ">") or _beyond(ys[place], up_ticks, "v", "^")
        tone = tones[place]
        look: dict[str, Any] = {"color": style.TONES.get(tone or "", style.NEUTRAL), "linestyle": "", "alpha": 0.75}
        mark = shape or style.HEADS.get(tone or "", "s")
        part.plot(
            [x], [y], marker=mark, markersize=size, zorder=4, markeredgecolor="white", markeredgewidth=0.6, **look
        )
    most, widest = (_NAMED_NARROW, _WIDEST_NARROW) if sheet.narrow else (_NAMED, _WIDEST)
    for place, row in enumerate(rows[:most]):
        shown = fit(row["item"], widest, SIZE)
        spot = room.place(px[place], py[place], length(shown, SIZE) + 2, _LINE, reach=wide[place] / 2 + 14)
        if spot is not None:
            style.words(part, spot[0], spot[1], shown, ha="left", halo=True)
    currency = result.bridge.currency
    sheet.describe(
        *[
            text(
                "{item}: price {price}, quantity {quantity}; {money} by price.",
                item=row["item"],
                price=percent(row["price_change"], signed=True),
                quantity=percent(row["quantity_change"], signed=True),
                money=show(row["price"], currency, signed=True),
            )
            for row in rows[:3]
        ]
    )


def _axes(part: Axes, across_ticks: list[float], up_ticks: list[float], across: float, up: float, left: float) -> None:
    look: dict[str, Any] = {"fontsize": SMALL, "color": style.QUIET}
    end = -1.0e9
    for tick, x in zip(across_ticks, _placed(np.array(across_ticks), across_ticks, across), strict=True):
        name = percent(tick, _places(across_ticks), signed=True)
        wide = length(name, SMALL)
        if x - wide / 2 > end + 6 and x + wide / 2 <= across + _RIGHT and x - wide / 2 >= -left:
            style.words(part, x, 0, name, dy=-11, ha="center", **look)
            end = x + wide / 2
    for tick, y in zip(up_ticks, _placed(np.array(up_ticks), up_ticks, up), strict=True):
        style.words(part, 0, y, percent(tick, _places(up_ticks), signed=True), dx=-6, ha="right", **look)
    style.words(part, across, 0, text("change of price"), dy=-24, dx=_RIGHT, ha="right", **look)
    style.words(part, -left, up, text("change of quantity"), dy=_HEAD - 7, ha="left", **look)


def _ticks(values: np.ndarray) -> list[float]:
    """Return round marks from below most values to above them, zero among them."""
    reach = max(float(np.quantile(np.abs(values), _BEYOND)), _LEAST)
    low = min(0.0, float(values[values >= -reach].min(initial=0.0)))
    high = max(0.0, float(values[values <= reach].max(initial=0.0)))
    low, high = (low, high) if high - low >= _LEAST else (low - _LEAST / 2, high + _LEAST / 2)
    ticks = [float(each) for each in MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]
    return [_ALL, *(each for each in ticks if each > _ALL)] if ticks[0] < _ALL <= low else ticks


def _places(ticks: list[float]) -> int:
    return 0 if all(abs(each * 100 - round(each * 100)) < 1e-6 for each in ticks) else 1


def _placed(values: np.ndarray, ticks: list[float], points: float) -> np.ndarray:
    """Return where values stand on an axis so many points long; what lies beyond it at its edge."""
    inside: np.ndarray = (np.clip(values, ticks[0], ticks[-1]) - ticks[0]) / (ticks[-1] - ticks[0]) * points
    return inside


def _beyond(value: float, ticks: list[float], below: str, above: str) -> str:
    return below if value < ticks[0] else above if value > ticks[-1] else ""
