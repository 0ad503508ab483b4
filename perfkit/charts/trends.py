"""Trends: how did revenue run, month by month, against a year before and the target?"""

import datetime as dt
from typing import Any

from matplotlib.axes import Axes

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.style import Key
from perfkit.kpis import Trend
from perfkit.languages import text

_HEIGHT = 150.0  # points


def trend(result: Trend, ax: Axes | None = None) -> Axes:
    """Draw revenue by month: actual dark, the year before light, the target outlined.

    A month that is not over yet is an empty dotted outline: it is neither zero nor a forecast.

    See Also
    --------
    kpis.trend : the figures.
    """
    with style.drawing():
        return _draw(result, ax)


def _draw(result: Trend, ax: Axes | None) -> Axes:
    view, cells = result.views()[0], result.cells
    shown, scale = style.labels_of([*cells["revenue"], *cells["previous"], *cells["target"]], result.currency)
    known = {column: ~cells[column].isna() for column in ("revenue", "previous", "target")}
    if not any(each.any() for each in known.values()):
        return style.empty(ax, view, text("No month has revenue to show."))
    keys = [
        Key(label, scenario)
        for label, scenario, there in (
            (text("Actual"), "actual", known["revenue"].any()),
            (text("A year before"), "previous", known["previous"].any()),
            (text("Target"), "target", known["target"].any()),
            (text("Not observed yet"), "not observed", len(cells) > 0 and not known["revenue"].all()),
        )
        if there
    ]
    ax, width = style.sheet(ax, view.title, style.joined(view.subtitle, scale), _HEIGHT, keys)
    months = [day.date() if isinstance(day, dt.datetime) else day for day in cells["month"]]
    values = [float(value) for column in known for value in cells.loc[known[column], column]]
    high, low = max(*values, 0.0), min(*values, 0.0)
    span = (high - low) or 1.0
    below = 30 / _HEIGHT * span  # room for the months under the columns
    part = style.panel(ax, 0, 1, (low - below - (0.08 * span if low < 0 else 0), high + 0.12 * span))
    part.set_xlim(-0.55, len(cells) - 0.45)

    rows = list(cells.to_dict("records"))
    pitch = width / len(rows)
    observed = [index for index, row in enumerate(rows) if not languages.missing(row["revenue"])]
    labelled = _labelled([shown(rows[i]["revenue"]) for i in observed], observed, rows, pitch)
    for index, row in enumerate(rows):
        if not languages.missing(row["target"]):
            style.bar(part, index - 0.42, 0, 0.84, float(row["target"]), "target")
        if not languages.missing(row["previous"]):
            style.bar(part, index - 0.35, 0, 0.5, float(row["previous"]), "previous")
        if languages.missing(row["revenue"]):
            style.bar(part, index - 0.15, 0, 0.5, high, "not observed")
            continue
        value = float(row["revenue"])
        style.bar(part, index - 0.15, 0, 0.5, value, "actual")
        if index in labelled:
            up = value >= 0
            label, weight = shown(row["revenue"]), "bold" if index == observed[-1] else "normal"
            half = style.length(label, style.SMALL, weight) / 2 / pitch
            style.words(
                part,
                min(max(index + 0.1, half - 0.55), len(rows) - 0.45 - half),
                _clear_of(row["target"], value, 0.12 * span),
                label,
                dy=2.5 if up else -2.5,
                halo=True,
                ha="center",
                va="bottom" if up else "top",
                fontsize=style.SMALL,
                fontweight=weight,
            )
    part.axhline(0, color=style.INK, linewidth=0.8, zorder=5)
    _name_months(part, months, low - (0.08 * span if low < 0 else 0), pitch)
    ax.figure.set_label(_alt(result, view.title, months, rows, observed))
    return ax


def _clear_of(target: Any, value: float, room: float) -> float:
    """Where a column's label stands: above its target's outline where that would strike it through."""
    struck = not languages.missing(target) and 0 <= value <= float(target) <= value + room
    return float(target) if struck else value


def _labelled(texts: list[str], observed: list[int], rows: list[dict], pitch: float) -> set[int]:
    """Every month where the labels fit side by side; else the last, the highest and the lowest."""
    if not observed or style.longest(texts, style.SMALL) + 4 <= pitch:
        return set(observed)
    apart = (style.longest(texts, style.SMALL, "bold") + 4) / pitch
    chosen: set[int] = set()
    by_value = sorted(observed, key=lambda index: rows[index]["revenue"])
    for index in (observed[-1], by_value[-1], by_value[0]):
        if all(abs(index - other) >= apart for other in chosen):
            chosen.add(index)
    return chosen


def _name_months(part: Axes, months: list[dt.date], y: float, pitch: float) -> None:
    """Write the months below the columns, as many as fit, and each year once below its first."""
    names = [languages.month(day, short=True).removesuffix(f" {day.year}") for day in months]
    widest = style.longest(names, style.SMALL)
    step = next((each for each in (1, 3, 6, 12) if widest + 5 <= pitch * each), 0)
    for index, (day, name) in enumerate(zip(months, names, strict=True)):
        if step and (day.month - 1) % step == 0:
            style.words(part, index, y, name, dy=-4, ha="center", va="top", fontsize=style.SMALL)
    starts = [index for index, day in enumerate(months) if index == 0 or day.year != months[index - 1].year]
    placed = float("inf")
    for index in reversed(starts):  # from the last: where two years stand too close, the full one keeps its label
        if (placed - index) * pitch > 30:
            label = str(months[index].year)
            style.words(part, index - 0.4, y, label, dy=-17, va="top", fontsize=style.SMALL, color=style.QUIET)
            placed = index


def _alt(result: Trend, title: str, months: list[dt.date], rows: list[dict], observed: list[int]) -> str:
    if not observed:
        return style.sentences(title)

    def at(index: int) -> dict[str, str]:
        return {
            "month": languages.month(months[index]),
            "value": languages.show(rows[index]["revenue"], result.currency),
        }

    by_value = sorted(observed, key=lambda index: rows[index]["revenue"])
    figures = [
        text("Last month, {month}: {value}.", **at(observed[-1])),
        text("Highest, {month}: {value}.", **at(by_value[-1])),
        text("Lowest, {month}: {value}.", **at(by_value[0])),
    ]
    return style.sentences(title, *figures)
