"""Paybacks: at which age has a customer brought back what acquiring one cost?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.labels import joined
from perfkit.charts.lettering import SIZE, SMALL, fit, length, longest, wrap
from perfkit.charts.sheets import Sheet, chart
from perfkit.charts.spots import Spots
from perfkit.customers import Payback
from perfkit.customers.cohorts import payback_views, words
from perfkit.languages import number, opening, text

_TALL, _LOW = 190.0, 96.0  # points of the only panel, and of one among several
_FOOT, _APART, _ACROSS = 28.0, 12.0, 22.0  # points below a panel for its axis, and between panels
_LINE = 12.0  # points a line of words takes
_BAND = "#dfe3e8"
MOST = 9
"""Panels at most: all customers, and the members with the most."""


@dataclass(frozen=True)
class _Panel:
    """One panel: whose, what it says of payback, its curve, and what a customer costs."""

    name: str
    said: str
    ages: np.ndarray
    values: np.ndarray
    lows: np.ndarray
    highs: np.ndarray
    cost: float
    payback: int | None


@chart
def payback(result: Payback, sheet: Sheet) -> None:
    """Draw what a customer has brought by each age, with its interval, against what one cost; payback is marked.

    All customers first, then each member that has a cost, on one scale.

    See Also
    --------
    customers.cohorts.payback : the figures.
    """
    view = result.views()[0]
    panels = _panels(result)
    if payback_views.reason(result) or not panels:
        return sheet.say(view, payback_views.reason(result) or text("No cohort has a cost and a value to show."))
    alone = len(panels) == 1
    across = 1 if alone else 2 if sheet.narrow else 3
    wide = (sheet.width - _ACROSS * (across - 1)) / across
    titles = [[] if alone else wrap(each.name, wide, SIZE, "bold", most=2) for each in panels]
    said = [[] if alone else wrap(each.said, wide, SMALL, most=2) for each in panels]
    body = _TALL if alone else _LOW
    lines = [list(range(start, min(start + across, len(panels)))) for start in range(0, len(panels), across)]
    heads = [
        _LINE * max(len(titles[each]) + len(said[each]) for each in line) + (6 if not alone else 0) for line in lines
    ]
    height = sum(heads) + len(lines) * (body + _FOOT) + _APART * (len(lines) - 1)
    ends = [float(np.nanmax([each.cost, *each.values, *each.highs])) for each in panels]
    low = min([0.0, *(float(np.nanmin([0.0, *each.values, *each.lows])) for each in panels)])
    scale = (low, max(ends) * 1.04)
    ticks = [each for each in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(*scale) if low <= each <= scale[1]]
    shown = [_amount(each, max(ends)) for each in ticks]
    unit = result.currency or text("amount")
    key = text(
        "line: what a customer has brought, {unit}, band: its interval; dashed: cost of acquiring one", unit=unit
    )
    one = "" if alone else text("one scale in all panels")
    ax = sheet.open(view.title, joined(view.subtitle, key, one), height)
    left = longest(shown, SMALL) + 8
    top = height
    for line, head in zip(lines, heads, strict=True):
        for place, each in enumerate(line):
            x = place * (wide + _ACROSS)
            rows: list[tuple[str, dict[str, Any]]] = [(row, {"fontweight": "bold"}) for row in titles[each]]
            rows += [(row, {"fontsize": SMALL, "color": style.QUIET}) for row in said[each]]
            y = top - 7
            for words_, look in rows:
                style.words(ax, x / sheet.width, y / height, words_, ha="left", **look)
                y -= _LINE
            box = (x / sheet.width, (top - head - body - _FOOT) / height, wide / sheet.width, (body + _FOOT) / height)
            part = ax.inset_axes(box)
            part.set_axis_off()
            _draw(part, panels[each], result, wide, body, left, scale, list(zip(ticks, shown, strict=True)), alone)
        top -= head + body + _FOOT + _APART
    sheet.describe(*[f"{each.name}: {each.said}." for each in panels])


def _panels(result: Payback) -> list[_Panel]:
    found: list[_Panel] = []
    for row in result.together.to_dict("records"):
        member = row["member"]
        unknown = languages.missing(member)
        curves = result.curves
        curve = curves[curves["member"].isna() if unknown else curves["member"] == member]
        if languages.missing(row["ratio"]) or len(found) == MOST:
            continue
        name = payback_views.label(result, row)
        when = opening(payback_views.when(row, result.by))
        value, low, high = (curve[each].to_numpy(np.float64) for each in ("estimate", "low", "high"))
        reached = None if languages.missing(row["payback"]) else int(row["payback"])
        found.append(_Panel(name, when, curve["age"].to_numpy(), value, low, high, float(row["cac"]), reached))
    return found


def _amount(value: float, most: float) -> str:
    return number(value, 2 if most < 10 else 0)


def _draw(
    part: Axes,
    panel: _Panel,
    result: Payback,
    wide: float,
    body: float,
    left: float,
    scale: tuple[float, float],
    ticks: list[tuple[float, str]],
    alone: bool,
) -> None:
    """Draw one panel in points, its axes, the band, the line, the cost and the mark of payback."""
    part.set(xlim=(0, wide), ylim=(0, body + _FOOT))
    room, last = wide - left - 10, max(int(panel.ages[-1]), 1)

    def x(age: Any) -> Any:
        return left + room * np.asarray(age, dtype=float) / last

    def y(value: Any) -> Any:
        return _FOOT + body * (np.asarray(value, dtype=float) - scale[0]) / (scale[1] - scale[0])

    look: dict[str, Any] = {"fontsize": SMALL, "color": style.QUIET}
    part.plot([left, wide - 10], [y(0), y(0)], color=style.INK, linewidth=0.8, zorder=2)
    for tick, written in ticks:
        part.plot([left - 3, left], [y(tick), y(tick)], color=style.RULE, linewidth=0.8)
        style.words(part, left, float(y(tick)), written, dx=-5, ha="right", **look)
    for age in _ages(panel.ages, room):
        style.words(part, float(x(age)), _FOOT, str(age), dy=-9, ha="center", **look)
    axis = text("age in {unit}", unit=words.unit(result.by))
    style.words(part, wide, 0, fit(axis, wide - 4, SMALL), dy=6, ha="right", **look)
    known = ~np.isnan(panel.lows)
    part.fill_between(
        x(panel.ages[known]), y(panel.lows[known]), y(panel.highs[known]), color=_BAND, linewidth=0, zorder=1
    )
    part.plot(x(panel.ages), y(panel.values), color=style.ACTUAL, linewidth=2.0, zorder=4)
    part.plot([left, wide - 10], [y(panel.cost)] * 2, color=style.INK, linewidth=1.0, linestyle=(0, (4, 3)), zorder=3)
    spots = Spots(wide, body)
    points = [(float(x(age)), float(y(value)) - _FOOT) for age, value in zip(panel.ages, panel.values, strict=True)]
    level = float(y(panel.cost)) - _FOOT
    spots.take([(0, 0, left, body)])
    spots.take_line([(left, level), (wide, level)], clear=2.0)
    if len(points) > 1:
        spots.take_line(points)
    if panel.payback is not None:
        at = (float(x(panel.payback)), float(y(panel.values[panel.payback])))
        part.plot([at[0], at[0]], [y(0), at[1]], color=style.QUIET, linewidth=0.8, linestyle=(0, (1, 2)), zorder=2)
        part.plot(*at, marker="o", markersize=6, color=style.ACTUAL, zorder=6)
        spots.take_marks([(at[0], at[1] - _FOOT)])
    most = max(panel.cost, float(panel.values[-1]))
    cost = _amount(panel.cost, most)
    labels = [(text("cost {amount}", amount=cost), wide - 10, level, "normal")]
    labels.append((_amount(float(panel.values[-1]), most), wide - 10, points[-1][1], "bold"))
    if alone:
        labels.append((panel.said, *((at[0], at[1] - _FOOT) if panel.payback is not None else points[-1]), "bold"))
    for written, near, up, weight in labels:
        spot = spots.place(near, up, length(written, SMALL, weight) + 2, _LINE)
        if spot is not None:
            style.words(part, spot[0], spot[1] + _FOOT, written, halo=True, fontsize=SMALL, fontweight=weight)


def _ages(ages: np.ndarray, room: float) -> list[int]:
    """The ages that are written below the axis: as many as stand apart."""
    last = int(ages[-1])
    step = next((each for each in (1, 2, 3, 6, 12, 24, 60) if room / max(last, 1) * each >= 18), 120)
    return list(range(0, last + 1, step))
