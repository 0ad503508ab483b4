"""Tracks: week by week, have customers bought as often as was expected?"""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.labels import joined
from perfkit.charts.lettering import SMALL, fit, length, longest
from perfkit.charts.sheets import Sheet, chart
from perfkit.customers import Tracking
from perfkit.languages import number, text

_EACH, _ALL = 86.0, 130.0  # points of the panel of the steps, and of the one of their sums
_HEAD, _FOOT = 18.0, 20.0  # points above a panel for its name, below it for the months
_SHADE, _BAND = "#eceff2", "#cfd5dc"
_ABOVE = 1.15  # a scale ends so far above its highest value that no number touches the name of its panel
_DASHED = (0, (4, 2.4))


@chart
def tracking(result: Tracking, sheet: Sheet) -> None:
    """Draw repeat purchases by step and cumulated, actual solid and expected dashed, the holdout shaded.

    In the holdout the sums have a band: where the actual number was to fall.

    See Also
    --------
    customers.clv.tracking : the figures.
    """
    view, steps = result.views()[0], result.steps
    height = 2 * (_HEAD + _FOOT) + _EACH + _ALL
    key = text("solid: actual, dashed: expected, band: where the actual number was to fall")
    ax = sheet.open(view.title, joined(view.subtitle, key), height)
    ax.set(xlim=(0, sheet.width), ylim=(0, height))
    ends = [number(steps[f"cumulative_{each}"].iloc[-1]) for each in ("actual", "expected")]
    scales = [
        _scale(steps["actual"], steps["expected"]),
        _scale(steps["cumulative_actual"], steps["cumulative_expected"], steps["high"]),
    ]
    left = longest([label for _, ticks in scales for _, label in ticks], SMALL) + 10
    right = longest(ends, SMALL, "bold") + 8
    room = _Room(steps, left, sheet.width - right)
    each = {"day": text("each week"), "week": text("each week"), "month": text("each month"),
            "year": text("each year")}[result.time_unit]  # fmt: skip
    boxes = ((_FOOT * 2 + _HEAD + _ALL, _EACH, text("purchases, {each}", each=each)), (_FOOT, _ALL, text("cumulated")))
    for (bottom, tall, name), (most, ticks), kind in zip(boxes, scales, ("", "cumulative_"), strict=True):
        top = bottom + tall
        shade = (room.x(steps["end"][~steps["held_out"]].iloc[-1]), sheet.width - right)
        ax.add_patch(Rectangle((shade[0], bottom), shade[1] - shade[0], tall, facecolor=_SHADE, linewidth=0, zorder=0))
        style.words(ax, 0, top, name, dy=8, ha="left", fontsize=SMALL, fontweight="bold")
        if not kind:
            words, free = text("holdout: unknown to the model"), sheet.width - right - length(name, SMALL, "bold") - 10
            words = words if length(words, SMALL) < free else fit(text("holdout"), free, SMALL)
            style.words(ax, sheet.width - right, top, words, dy=8, ha="right", fontsize=SMALL, color=style.QUIET)
        _panel(ax, room, steps, kind, (bottom, tall, most), ticks)
        if kind:
            _name_ends(ax, steps, sheet.width - right, (bottom, tall, most), ends)
    held = steps[steps["held_out"]]
    sheet.describe(
        text("Cumulated until {day}: {actual}, expected {expected}.", day=languages.date(held["end"].iloc[-1]),
             actual=ends[0], expected=ends[1])
    )  # fmt: skip


class _Room:
    """Where days stand across, and which of them are named."""

    def __init__(self, steps: pd.DataFrame, left: float, right: float) -> None:
        self.left, self.right = left, right
        self.first, self.last = steps["end"].iloc[0], steps["end"].iloc[-1]
        self.days = max((self.last - self.first).days, 1)

    def x(self, day: dt.date) -> float:
        return self.left + (self.right - self.left) * (day - self.first).days / self.days

    def months(self) -> list[tuple[float, str]]:
        """The months that are named, as many as stand apart."""
        every = pd.period_range(self.first, self.last, freq="M")
        starts = [(each, each.start_time.date()) for each in every if each.start_time.date() >= self.first]
        wide = longest([languages.month(day, short=True) for _, day in starts], SMALL) + 12
        a_month = (self.right - self.left) / self.days * 30.4
        step = next((n for n in (1, 2, 3, 6, 12, 24, 60) if a_month * n >= wide), 120)
        found = []
        for month, day in starts:
            label = languages.month(day, short=True)
            if (month.year * 12 + month.month - 1) % step == 0 and self.x(day) + length(label, SMALL) / 2 <= self.right:
                found.append((self.x(day), label))
        return found


def _scale(*columns: pd.Series) -> tuple[float, list[tuple[float, str]]]:
    """The end of a scale, and its ticks with their labels."""
    most = max(float(np.nanmax(each.to_numpy(np.float64))) for each in columns if each.notna().any()) or 1.0
    ticks = [each for each in MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]).tick_values(0, most) if 0 <= each <= most]
    decimals = 0 if all(each == round(each) for each in ticks) else 1
    return most * _ABOVE, [(each, number(each, decimals)) for each in ticks]


def _panel(
    ax: Axes, room: _Room, steps: pd.DataFrame, kind: str, box: tuple[float, float, float], ticks: list[Any]
) -> None:
    """Draw one panel: its axes, the band, expected and actual."""
    bottom, tall, most = box
    look: dict[str, Any] = {"fontsize": SMALL, "color": style.QUIET}

    def y(value: Any) -> Any:
        return bottom + tall * np.asarray(value, dtype=np.float64) / most

    x = np.array([room.x(day) for day in steps["end"]])
    ax.plot([room.left, room.right], [bottom, bottom], color=style.INK, linewidth=0.8, zorder=2)
    for tick, label in ticks:
        ax.plot([room.left - 3, room.left], [y(tick)] * 2, color=style.RULE, linewidth=0.8)
        style.words(ax, room.left, float(y(tick)), label, dx=-5, ha="right", **look)
    for at, label in room.months():
        ax.plot([at, at], [bottom - 3, bottom], color=style.RULE, linewidth=0.8)
        style.words(ax, at, bottom, label, dy=-10, ha="center", **look)
    held = steps["held_out"].to_numpy(dtype=bool)
    if kind:
        low, high = (steps[name].to_numpy(np.float64)[held] for name in ("low", "high"))
        ax.fill_between(x[held], y(low), y(high), color=_BAND, linewidth=0, zorder=1)
    for part in (~held, held):
        expected = steps[f"{kind}expected"].to_numpy(np.float64)[part]
        ax.plot(x[part], y(expected), color=style.INK, linewidth=1.2, linestyle=_DASHED, zorder=5)
    ax.plot(x, y(steps[f"{kind}actual"]), color=style.ACTUAL, linewidth=1.2 if not kind else 2.0, zorder=4)


def _name_ends(ax: Axes, steps: pd.DataFrame, right: float, box: tuple[float, float, float], ends: list[str]) -> None:
    """Write the sums at the end of their lines, apart from each other."""
    bottom, tall, most = box
    at = [bottom + tall * float(steps[f"cumulative_{each}"].iloc[-1]) / most for each in ("actual", "expected")]
    close = 12.0 - abs(at[0] - at[1])
    if close > 0:
        up = 1 if at[0] >= at[1] else -1
        at = [at[0] + up * close / 2, at[1] - up * close / 2]
    at = [each - max(max(at) - (bottom + tall), 0.0) for each in at]
    for y, label, weight in zip(at, ends, ("bold", "normal"), strict=True):
        style.words(ax, right, y, label, dx=5, ha="left", fontsize=SMALL, fontweight=weight)
