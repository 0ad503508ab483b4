"""Columns: what charts over time are put together from: columns of months, their changes above, their labels below.

A panel has one unit of width a month and one unit of height a point. Columns and changes share one scale, so
that a bar of one euro is as long in all panels.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.labels import counts
from perfkit.charts.lettering import SMALL, length, longest
from perfkit.charts.sheets import Sheet, panel
from perfkit.languages import text

_BARS = 185.0  # points that columns and changes share
_FOOT = 27.0  # points that the months and the years below them take
_LINE = 13.0  # points a line of labels
_WIDEST = 66.0  # points a month at most: a single month is no poster
_APART = 0.45  # of a month, between the months and the landing
_SHAPES = {"target": (-0.44, 0.88), "previous": (-0.37, 0.52)}  # left edge and width, in months
_ACTUAL = (-0.2, 0.57)
_MIDDLE = 0.085  # of an actual column


@dataclass(frozen=True)
class Column:
    """A month: what was, a year before, as planned; or the landing of a year, an estimate with its interval.

    Attributes
    ----------
    month : date or None
        None for the landing.
    actual, previous, target : Decimal or None
    low, high : Decimal or None
        Interval of a landing.
    awaited : bool
        The month is not over: a dotted outline stands for what is not known.
    judged : bool
        Whether its changes are good or bad; not where a month that they hold may be missing.
    """

    month: dt.date | None
    actual: Any = None
    previous: Any = None
    target: Any = None
    low: Any = None
    high: Any = None
    awaited: bool = False
    judged: bool = True

    def numbers(self) -> list[float]:
        """Return the values that the column draws."""
        values = (self.actual, self.previous, self.target, self.low, self.high)
        return [float(value) for value in values if not languages.missing(value)]

    def less(self, other: str) -> Any:
        """Return actual less another scenario, None where one is missing."""
        value = getattr(self, other)
        return None if languages.missing(value) or languages.missing(self.actual) else self.actual - value


class Timeline:
    """Columns of months, the changes against a year before and the target above them.

    Parameters
    ----------
    sheet : Sheet
    columns : sequence of Column
        The landing last, where there is one.
    shown : callable
        Writes a value as its label.
    """

    def __init__(self, sheet: Sheet, columns: Sequence[Column], shown: Callable[..., str]) -> None:
        self.sheet, self.columns, self.shown = sheet, columns, shown
        headings = (("target", text("Gap to target")), ("previous", text("Gap to a year before")))
        variances = [(heading, [column.less(other) for column in columns]) for other, heading in headings]
        self.variances = [(heading, gaps) for heading, gaps in variances if any(gap is not None for gap in gaps)]
        numbers = [0.0, *(number for column in columns for number in column.numbers())]
        self.low, self.high = min(numbers), max(numbers)
        self.spans = [(min([0.0, *_floats(gaps)]), max([0.0, *_floats(gaps)])) for _, gaps in self.variances]
        self.point = (self.high - self.low + sum(high - low for low, high in self.spans)) / _BARS or 1.0
        foot, lines = _FOOT + _LINE, 3 if sheet.narrow else 2
        self.height = _BARS + foot + 8 + len(self.spans) * lines * _LINE

    def scenarios(self) -> set[str]:
        """Return what the columns draw, for the keys."""
        there = {"actual": "actual", "previous": "previous", "target": "target"}
        found = {
            scenario
            for column in self.columns
            for name, scenario in there.items()
            if not languages.missing(getattr(column, name)) and not (name == "actual" and column.month is None)
        }
        found |= {"forecast" for column in self.columns if column.month is None}
        found |= {"not observed" for column in self.columns if column.awaited}
        moved = [
            gap
            for _, gaps in self.variances
            for gap, column in zip(gaps, self.columns, strict=True)
            if gap is not None and column.judged
        ]
        return found | {"good" for gap in moved if gap > 0} | {"bad" for gap in moved if gap < 0}

    def draw(self, ax: Axes) -> None:
        """Draw the columns, their names and labels below, the changes above."""
        landing = self.columns[-1] if self.columns[-1].month is None else None
        headings = [text("Actual"), *(heading for heading, _ in self.variances)]
        gutter = 0.0 if self.sheet.narrow else longest(headings, SMALL) + 12
        limits = [self.shown(end) for end in (landing.low, landing.high)] if landing and landing.low is not None else []
        right = longest(limits, SMALL) + 7 if limits else 0.0
        count = len(self.columns) + (_APART if landing else 0.0)
        self.pitch = min((self.sheet.width - gutter - right) / count, _WIDEST)
        part = panel(ax, gutter / self.sheet.width, 1 - gutter / self.sheet.width, (0, self.height))
        part.set_xlim(-0.5, (self.sheet.width - gutter) / self.pitch - 0.5)
        self.places = [place + (_APART if column.month is None else 0) for place, column in enumerate(self.columns)]
        foot = _FOOT + _LINE
        self._columns(part, foot - self.low / self.point)
        self._name(part, foot)
        self._label(part)
        self._head(part, gutter, _LINE / 2, headings[0])
        floor = foot + (self.high - self.low) / self.point + 8
        for (heading, gaps), (low, high) in zip(self.variances, self.spans, strict=True):
            zero = floor + _LINE - low / self.point
            self._changes(part, gaps, zero)
            floor += 2 * _LINE + (high - low) / self.point + (_LINE if self.sheet.narrow else 0)
            self._head(part, gutter, zero if gutter else floor - _LINE / 2, heading, always=True)

    def _columns(self, part: Axes, base: float) -> None:
        for place, column in zip(self.places, self.columns, strict=True):
            for scenario, (left, wide) in _SHAPES.items():
                value = getattr(column, scenario)
                if not languages.missing(value):
                    style.bar(part, place + left, base, wide, float(value) / self.point, scenario)
            left, wide = _ACTUAL
            if column.awaited:
                style.bar(part, place + left, base, wide, self.high / self.point, "not observed")
            elif not languages.missing(column.actual):
                scenario = "forecast" if column.month is None else "actual"
                style.bar(part, place + left, base, wide, float(column.actual) / self.point, scenario)
            if not languages.missing(column.low) and not languages.missing(column.high):
                self._whisker(part, place + _MIDDLE, column, base)
        self._axis(part, base)

    def _whisker(self, part: Axes, x: float, column: Column, base: float) -> None:
        """Draw the interval of an estimate, its ends named where they are apart."""
        low, high = (base + float(end) / self.point for end in (column.low, column.high))
        style.whisker(part, x, low, high, 3.5 / self.pitch)
        apart = high - low >= _LINE - 2
        for y, end in ((low, column.low), (high, column.high)) if apart else ():
            edge = x - _MIDDLE + 0.5
            style.words(part, edge, y, self.shown(end), dx=2, ha="left", fontsize=SMALL, color=style.QUIET)

    def _axis(self, part: Axes, base: float) -> None:
        """Draw the line that columns stand on."""
        months = sum(column.month is not None for column in self.columns)
        part.plot([-0.5, months - 0.5], [base, base], color=style.INK, linewidth=0.8, zorder=5, clip_on=False)
        for place in self.places[months:]:
            part.plot([place - 0.5, place + 0.5], [base, base], color=style.INK, linewidth=0.8, zorder=5, clip_on=False)

    def _changes(self, part: Axes, gaps: Sequence[Any], base: float) -> None:
        """Draw changes from a line of zero, with as many signed labels as fit: the last and the largest first."""
        self._axis(part, base)
        labels = ["" if gap is None else self.shown(gap, signed=True) for gap in gaps]
        there = [place for place, gap in enumerate(gaps) if gap is not None]
        by_size = sorted(there, key=lambda place: -abs(gaps[place]))
        chosen = self._fitting(labels, there, [*there[-1:], *by_size])
        for place in there:
            height, tone = float(gaps[place]) / self.point, "neutral"
            if counts(labels[place]) and self.columns[place].judged:
                tone = "good" if height > 0 else "bad"
            forecast = " forecast" if self.columns[place].month is None and tone != "neutral" else ""
            style.bar(part, self.places[place] + _ACTUAL[0], base, _ACTUAL[1], height, tone + forecast)
            if place in chosen:
                y = base + self._beyond(gaps, place, labels[place])
                self._write(part, place, y, labels[place], dy=7.5 if height >= 0 else -7.5)

    def _beyond(self, gaps: Sequence[Any], place: int, label: str) -> float:
        """Where a change's label stands: past its bar, and past those beside it that it is wide enough to meet."""
        reach = length(label, SMALL) / self.pitch + 0.6  # a label at the edge is pushed inwards by half its width
        met = [
            float(gap) / self.point
            for at, gap in zip(self.places, gaps, strict=True)
            if gap is not None and abs(at - self.places[place]) < (reach if reach > 1.5 else 0.5)
        ]
        return max([0.0, *met]) if gaps[place] >= 0 else min([0.0, *met])

    def _label(self, part: Axes) -> None:
        """Write the actual values in a line of their own below the months, where no bar can lie under them."""
        known = [place for place, column in enumerate(self.columns) if not languages.missing(column.actual)]
        labels = ["" if languages.missing(column.actual) else self.shown(column.actual) for column in self.columns]
        by_value = sorted(known, key=lambda place: self.columns[place].actual)
        last = [place for place in known if self.columns[place].month is not None][-1:]
        wanted = [*known[-1:], *last, *by_value[-1:], *by_value[:1]]
        for place in self._fitting(labels, known, wanted):
            bold = "bold" if place in (*known[-1:], *last) else "normal"
            self._write(part, place, _LINE / 2, labels[place], fontweight=bold)

    def _write(self, part: Axes, place: int, y: float, label: str, *, dy: float = 0.0, **look: Any) -> None:
        """Write a label in the middle of a column, kept within the panel."""
        half = length(label, SMALL, look.get("fontweight", "normal")) / 2 / self.pitch
        low, high = part.get_xlim()
        x = min(max(self.places[place] + _MIDDLE, low + half), high - half)
        style.words(part, x, y, label, dy=dy, ha="center", fontsize=SMALL, **look)

    def _fitting(self, labels: Sequence[str], there: Sequence[int], wanted: Sequence[int]) -> set[int]:
        """Return whose labels are written: all where they fit side by side, else those wanted, the first ones first."""
        apart = longest([labels[place] for place in there], SMALL, "bold") + 5
        if apart <= self.pitch:
            return set(there)
        chosen: set[int] = set()
        low, high = -0.5, self.places[-1] + 0.5
        half = apart / 2 / self.pitch

        def middle(place: int) -> float:
            return min(max(self.places[place], low + half), high - half)

        for place in wanted:
            if all(abs(middle(place) - middle(other)) * self.pitch >= apart for other in chosen):
                chosen.add(place)
            if len(chosen) == 4:
                break
        return chosen

    def _name(self, part: Axes, y: float) -> None:
        """Write the months below the columns, as many as fit, each year once below its first, and the landing."""
        months = [column.month for column in self.columns if column.month is not None]
        end = part.get_xlim()[1]
        if len(months) < len(self.columns):
            name = text("Landing")
            half = length(name, SMALL, "bold") / 2 / self.pitch
            x = min(self.places[-1] + _MIDDLE, end - half)
            style.words(part, x, y, name, dy=-8, ha="center", fontsize=SMALL, fontweight="bold")
            end = x - half - 3 / self.pitch
        name_months(part, months, y, self.pitch, end)

    def _head(self, part: Axes, gutter: float, y: float, heading: str, *, always: bool = False) -> None:
        """Write what a line of the chart shows, beside it; above it where the sheet is narrow."""
        if gutter or always:
            style.words(part, -0.5, y, heading, dx=-gutter, fontsize=SMALL, color=style.QUIET)


def name_months(part: Axes, months: Sequence[dt.date], y: float, pitch: float, end: float) -> None:
    """Write months below their columns, as many as fit before `end`, and each year once below its first."""
    names = [languages.month(day, short=True).removesuffix(f" {day.year}") for day in months]
    widest = longest(names, SMALL)
    step = next((each for each in (1, 2, 3, 6, 12) if widest + 5 <= pitch * each), 0)
    first = next((place for place, day in enumerate(months) if step and (day.month - 1) % step == 0), 0)
    for place, name in enumerate(names):
        half = length(name, SMALL) / 2 / pitch
        inside = place - half >= part.get_xlim()[0] - 0.02 and place + half <= end + 0.02
        if inside and (len(months) == 1 or (step and (place - first) % step == 0)):
            style.words(part, place, y, name, dy=-8, ha="center", fontsize=SMALL)
    starts = [place for place, day in enumerate(months) if place == 0 or day.year != months[place - 1].year]
    placed = float("inf")
    for place in reversed(starts):  # from the last: where two years stand too close, the full one keeps its label
        year = str(months[place].year)
        if (placed - place) * pitch > length(year, SMALL) + 4:
            dx = min(0.0, (part.get_xlim()[1] - place + 0.45) * pitch - length(year, SMALL))
            style.words(part, place - 0.45, y, year, dx=dx, dy=-20, ha="left", fontsize=SMALL, color=style.QUIET)
            placed = place


def months_of(days: Sequence[Any]) -> list[dt.date]:
    """Return days as dates, whatever pandas made of them."""
    return [day.date() if isinstance(day, dt.datetime) else day for day in days]


def _floats(values: Sequence[Any]) -> list[float]:
    return [float(value) for value in values if value is not None]
