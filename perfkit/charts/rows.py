"""Rows: the panels that horizontal charts are put together from: names, amounts, changes, relative changes.

One row of data is one unit of height, the first on top; a panel's heading stands above it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from matplotlib.axes import Axes

from perfkit import languages
from perfkit.charts import style

_HEIGHT = 17.5  # points a row
_THICK = 0.58
_FAR = 2.0  # a relative change beyond this share is drawn as far as the panel goes, with an arrow
_BETWEEN = 14.0  # points between panels
_LEAST = 48.0  # points that the bars of a panel need: names give way to them


@dataclass(frozen=True)
class Panel:
    """One panel: what its labels need on each side of the bars, its part of the room for bars, how to draw it."""

    heading: str
    labels: Sequence[str]
    values: Sequence[float | None]
    before: float
    after: float
    part: float
    draw: Callable[[Axes], None]

    @property
    def need(self) -> float:
        """Points that it takes whatever the length of its bars."""
        return self.before + self.after


class Rows:
    """A sheet of rows.

    Parameters
    ----------
    names : sequence of str
        What each row is called.
    total : bool
        The last row is a total: ruled off, bold, and without bars.
    quiet : sequence of int
        Rows whose names stand back.
    """

    def __init__(self, names: Sequence[str], *, total: bool = False, quiet: Sequence[int] = ()) -> None:
        self.names, self.total, self.quiet = [style.clean(name) for name in names], total, quiet
        self.body = len(names) - total
        self.limits = (len(names) - 0.4 + 0.25 * total, -1.45)

    @property
    def height(self) -> float:
        """Points that the sheet takes."""
        return (self.limits[0] - self.limits[1]) * _HEIGHT

    @property
    def longest_name(self) -> float:
        """Points that the longest name takes."""
        return self._longest([style.fit(name, 400, weight=self._weight(row)) for row, name in enumerate(self.names)])

    def place(self, ax: Axes, width: float, panels: Sequence[Panel], *, names: float = 0) -> None:
        """Draw the names and the panels side by side, the room that labels leave shared out among the bars.

        `names` is the room that names should have, where it is not that of the longest.
        """
        taken = sum(panel.need for panel in panels) + _BETWEEN * len(panels)
        spare = width - taken - _LEAST * sum(panel.part > 0 for panel in panels)
        names = min(names or self.longest_name, max(spare, 0.2 * width), 0.45 * width)
        free, parts = max(width - taken - names, 30.0), sum(panel.part for panel in panels) or 1.0
        self._write_names(style.panel(ax, 0, names / width, self.limits), names)
        left = names
        for panel in panels:
            left += _BETWEEN
            across = panel.need + free * panel.part / parts
            part = style.panel(ax, left / width, across / width, self.limits)
            drawn = [value for value in panel.values if value is not None]
            style.room(part, min([0.0, *drawn]), max([0.0, *drawn]), across, panel.before, panel.after)
            panel.draw(part)
            self._head(part, panel, across)
            left += across
        if self.total:
            bottom, top = self.limits
            height = (bottom - (self._y(self.body) - 0.6)) / (bottom - top)
            ax.plot([0, 1], [height, height], color=style.INK, linewidth=0.8, clip_on=False)

    def amounts(
        self, heading: str, values: Sequence[Any], before: Sequence[Any], shown: Callable[..., str], part: float = 1
    ) -> Panel:
        """Amounts as dark bars, those of the year before as light ones behind, on the same scale."""
        labels = [shown(value) for value in values]
        both = [[None if languages.missing(v) else float(v) for v in each] for each in (values, before)]
        drawn = [value for each in both for value in each[: self.body]]
        shift = 0.08 if any(value is not None for value in both[1][: self.body]) else 0.0

        def draw(part: Axes) -> None:
            for row, (value, previous, label) in enumerate(zip(*both, labels, strict=True)):
                y, end = self._y(row), 0.0
                if row < self.body:
                    if previous is not None:
                        style.bar(part, 0, y - 0.42, previous, _THICK, "previous")
                    if value is not None:
                        style.bar(part, 0, y - _THICK / 2 + shift, value, _THICK, "actual")
                        end = value
                    if previous is not None and (previous > end >= 0 or previous < end <= 0):
                        end = previous
                self._at_end(part, row, end, label, (value or 0) < 0 and row < self.body)

        below = any(value is not None and value < 0 for value in drawn)
        gap = self._longest(labels) + 6
        return Panel(heading, labels, drawn, gap if below else 0, gap, part, draw)

    def changes(
        self, heading: str, values: Sequence[Any], tones: Sequence[Any], shown: Callable[..., str], part: float = 1
    ) -> Panel:
        """Changes as bars from a common zero, with sign; a total is written only."""
        labels = ["" if languages.missing(value) else shown(value, signed=True) for value in values]
        numbers = [None if languages.missing(value) else float(value) for value in values]

        def draw(part: Axes) -> None:
            for row, (value, tone, label) in enumerate(zip(numbers, tones, labels, strict=True)):
                if value is None:
                    continue
                if row < self.body:
                    style.bar(part, 0, self._y(row) - _THICK / 2, value, _THICK, style.scenario(tone))
                self._at_end(part, row, value if row < self.body else 0.0, label, value < 0)

        return Panel(heading, labels, numbers[: self.body], *self._gaps(labels, numbers, 6), part, draw)

    def pins(
        self, heading: str, values: Sequence[Any], tones: Sequence[Any], unit: str = "share", part: float = 1
    ) -> Panel:
        """Relative changes as pins: a thin needle, a round head where it is good and a diamond where bad."""
        labels = ["" if languages.missing(v) else languages.show(v, unit, signed=True) for v in values]
        far = _FAR if any(not languages.missing(v) and abs(v) <= _FAR for v in values) else float("inf")
        numbers = [None if languages.missing(v) else max(-far, min(far, float(v))) for v in values]

        def draw(part: Axes) -> None:
            for row, (value, tone, label) in enumerate(zip(numbers, tones, labels, strict=True)):
                if value is None:
                    continue
                style.pin(part, value, self._y(row), tone, beyond=abs(float(values[row])) > far)
                self._at_end(part, row, value, label, value < 0, gap=6)

        return Panel(heading, labels, numbers, *self._gaps(labels, numbers, 9), part, draw)

    def written(self, heading: str, labels: Sequence[str], *, quiet: bool = False, least: float = 0) -> Panel:
        """Figures in words, aligned to the right, in a panel at least so many points wide."""
        colour = style.QUIET if quiet else style.INK

        def draw(part: Axes) -> None:
            for row, label in enumerate(labels):
                style.words(part, 0, self._y(row), label, ha="right", fontweight=self._weight(row), color=colour)

        width = max(self._longest(labels), style.length(heading, style.SMALL), least)
        return Panel(heading, labels, [], width, 0.01, 0, draw)

    def bridge(
        self,
        heading: str,
        start: Any,
        steps: Sequence[Any],
        tones: Sequence[Any],
        end: Any,
        shown: Callable[..., str],
    ) -> Panel:
        """A light bar to start from, floating bars for each step, and the dark bar that they lead to."""
        labels = [shown(start), *(shown(step, signed=True) for step in steps), shown(end)]
        reached = [float(each) for each in accumulate(steps, initial=start)]

        def draw(part: Axes) -> None:
            rows = [(0.0, reached[0]), *pairwise(reached), (0.0, float(end))]
            scenarios = ["previous", *(style.scenario(tone) for tone in tones), "actual"]
            for row, ((left, right), scenario, label) in enumerate(zip(rows, scenarios, labels, strict=True)):
                style.bar(part, left, self._y(row) - _THICK / 2, right - left, _THICK, scenario)
                self._at_end(part, row, right, label, right < left)
                if row <= len(steps):  # the line that leads to the next bar
                    ends = [self._y(row) - _THICK / 2, self._y(row + 1) + _THICK / 2]
                    part.plot([right, right], ends, color=style.QUIET, linewidth=0.7, zorder=1)

            part.plot([0, 0], [-0.5, self._y(self.body) + 0.5], color=style.INK, linewidth=0.8, zorder=5, clip_on=False)

        gap = self._longest(labels) + 6
        return Panel(heading, labels, [*reached, float(end)], gap if min(reached) < 0 else 0, gap, 1, draw)

    def _y(self, row: int) -> float:
        return row + (0.25 if row == self.body else 0)

    def _weight(self, row: int) -> str:
        return "bold" if row == self.body else "normal"

    def _longest(self, labels: Sequence[str]) -> float:
        return max((style.length(label, weight=self._weight(row)) for row, label in enumerate(labels)), default=0.0)

    def _gaps(self, labels: Sequence[str], numbers: Sequence[float | None], gap: float) -> tuple[float, float]:
        """Return the room that the labels left and right of zero need."""
        sides = []
        for negative in (True, False):
            own = [
                label if number is not None and (number < 0) is negative else ""
                for label, number in zip(labels, numbers, strict=True)
            ]
            sides.append(self._longest(own) + gap if any(own) else 0.0)
        return sides[0], sides[1]

    def _write_names(self, part: Axes, width: float) -> None:
        for row, name in enumerate(self.names):
            shown = style.fit(name, width, weight=self._weight(row))
            style.words(
                part,
                0,
                self._y(row),
                shown,
                fontweight=self._weight(row),
                color=style.QUIET if row in self.quiet else style.INK,
            )

    def _head(self, part: Axes, panel: Panel, across: float) -> None:
        """Write the heading above zero, in the middle of it where there is room on both sides."""
        drawn = panel.part > 0
        low, high = part.get_xlim()
        sides = (across * -low / (high - low), across * high / (high - low))  # points left and right of zero
        half = style.length(panel.heading, style.SMALL) / 2
        centred = drawn and panel.before > 0 and min(sides) > half
        where = "center" if centred else "left" if drawn and sides[1] > 2 * half else "right"
        style.words(part, 0, -0.95, panel.heading, ha=where, fontsize=style.SMALL, color=style.QUIET)
        if drawn:
            part.plot([0, 0], [self.body - 0.5, -0.5], color=style.INK, linewidth=0.8, zorder=5, clip_on=False)

    def _at_end(self, part: Axes, row: int, x: float, label: str, negative: bool, gap: float = 4) -> None:
        """Write a label beyond the end of its bar."""
        style.words(
            part,
            x,
            self._y(row),
            label,
            dx=-gap if negative else gap,
            ha="right" if negative else "left",
            fontweight=self._weight(row),
        )
