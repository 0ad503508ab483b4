"""Rows: the panels that horizontal charts are put together from: names, amounts, changes, relative changes.

One row of data is one unit of height, the first on top; a panel's heading stands above it. On a narrow
sheet each row has two lines: its name, then its bars. Panels of amounts share one scale.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from matplotlib.axes import Axes

from perfkit import languages
from perfkit.charts import lettering, style
from perfkit.charts.labels import counts, percentages
from perfkit.charts.lettering import SMALL
from perfkit.charts.panels import BETWEEN, Panel, beside, between, fitting, layout
from perfkit.charts.sheets import Sheet, panel

_PITCH, _PITCH_NARROW = 19.0, 37.0  # points a row
_THICK = 10.5  # points a bar
_HEAD = 17.0  # points of the line of headings
_FAR = 2.0  # a relative change beyond this share is drawn as far as the panel goes, with an arrow


class Rows:
    """A sheet of rows.

    Parameters
    ----------
    sheet : Sheet
    names : sequence of str
        What each row is called.
    total : bool
        The last row is a total: ruled off, bold, and without bars.
    quiet : sequence of int
        Rows whose names stand back.
    heads : int
        Lines of headings above.
    """

    def __init__(
        self,
        sheet: Sheet,
        names: Sequence[str],
        *,
        total: bool = False,
        quiet: Sequence[int] = (),
        heads: int = 1,
    ) -> None:
        self.sheet, self.names, self.total, self.quiet = sheet, [lettering.clean(name) for name in names], total, quiet
        self.heads, self.body = heads, len(names) - total
        self.pitch = _PITCH_NARROW if sheet.narrow else _PITCH
        self.thick = _THICK / self.pitch
        top = _HEAD * heads / self.pitch
        self.limits = (len(names) + (0.3 if total else 0.0), -top)

    @property
    def height(self) -> float:
        """Points that the sheet takes."""
        return (self.limits[0] - self.limits[1]) * self.pitch

    @property
    def longest_name(self) -> float:
        """Points that the longest name takes."""
        return self._longest(
            [lettering.fit(name, 400, weight=self._weight(row)) for row, name in enumerate(self.names)]
        )

    def place(self, ax: Axes, panels: Sequence[Panel], *, names: float = 0) -> None:
        """Draw the names and the panels side by side, the room that labels leave shared out among the bars.

        `names` is the room that names should have, where it is not that of the longest.
        """
        width, narrow = self.sheet.width, self.sheet.narrow
        wanted = 0.0 if narrow else names or self.longest_name
        panels = fitting(self.sheet, panels, min(wanted, 0.28 * width))
        there = beside(self.sheet, panels)
        least = sum(each.least for each in there)
        spare = width - between(self.sheet, there) - least
        room_for_names = min(wanted, max(spare, 0.2 * width), 0.42 * width)
        self._write_names(panel(ax, 0, 1, self.limits), room_for_names or width, [p for p in panels if p not in there])
        wide, units = layout(there, width - room_for_names - between(self.sheet, there))
        left, ends = room_for_names - (BETWEEN if narrow else 0.0), list[tuple[float, float]]()
        for each, across, unit in zip(there, wide, units, strict=True):
            left += BETWEEN
            part = panel(ax, left / width, across / width, self.limits)
            start = each.low - each.before * unit
            part.set_xlim(start, start + across * unit)
            each.draw(part)
            self._head(part, each, across)
            left += across
            ends.append((left - across, left))
        self._head_groups(panel(ax, 0, 1, self.limits), there, ends)
        if self.total:
            bottom, top = self.limits
            height = (bottom - (self.body + 0.12)) / (bottom - top)
            ax.plot([0, 1], [height, height], color=style.INK, linewidth=0.8, clip_on=False)

    def amounts(
        self,
        heading: str,
        values: Sequence[Any],
        before: Sequence[Any],
        shown: Callable[..., str],
        targets: Sequence[Any] | None = None,
    ) -> Panel:
        """Amounts as dark bars, those of the year before as light ones behind, targets as outlines around."""
        labels = [shown(value) for value in values]
        wanted = targets if targets is not None else [None] * len(values)
        all_ = [[_number(value) for value in each] for each in (values, before, wanted)]
        drawn = [value for each in all_ for value in each[: self.body]]
        shift = 0.13 * self.thick if any(value is not None for value in all_[1][: self.body]) else 0.0

        def draw(part: Axes) -> None:
            for row, (value, previous, target, label) in enumerate(zip(*all_, labels, strict=True)):
                y, thick = self._y(row), self.thick
                ends = [0.0]
                if row < self.body:
                    if target is not None:
                        style.bar(part, 0, y - 0.75 * thick, target, 1.5 * thick, "target")
                    if previous is not None:
                        style.bar(part, 0, y - thick / 2 - 2 * shift, previous, thick, "previous")
                    if value is not None:
                        style.bar(part, 0, y - thick / 2 + shift, value, thick, "actual")
                    ends += [each for each in (value, previous, target) if each is not None]
                negative = (value or 0) < 0 and row < self.body
                self._at_end(part, row, min(ends) if negative else max(ends), label, negative)

        below = any(value is not None and value < 0 for value in drawn)
        gap = self._longest(labels) + 6
        return Panel(heading, drawn, gap if below else 0, gap, "amounts", draw)

    def changes(
        self,
        heading: str,
        values: Sequence[Any],
        tones: Sequence[Any],
        shown: Callable[..., str],
        *,
        labelled: bool = True,
        rank: int = 0,
    ) -> Panel:
        """Changes as bars from a common zero, with sign; a total is written only."""
        labels = ["" if languages.missing(value) else shown(value, signed=True) for value in values]
        numbers = [None if languages.missing(value) else float(value) for value in values]

        def draw(part: Axes) -> None:
            for row, (value, tone, label) in enumerate(zip(numbers, tones, labels, strict=True)):
                if value is None:
                    continue
                if row < self.body:
                    look = style.scenario(tone if counts(label) else None)
                    style.bar(part, 0, self._y(row) - self.thick / 2, value, self.thick, look)
                if labelled:
                    self._at_end(part, row, value if row < self.body else 0.0, label, value < 0)
                elif counts(label) and tone in style.TONES:
                    style.mark(part, value, self._y(row), tone)

        gaps = self._gaps(labels, numbers, 6) if labelled else (13.0, 13.0)
        return Panel(heading, numbers[: self.body], *gaps, "amounts", draw, rank)

    def pins(
        self, heading: str, values: Sequence[Any], tones: Sequence[Any], *, labelled: bool = True, rank: int = 0
    ) -> Panel:
        """Relative changes as pins: a thin needle, a round head where it is good and a diamond where bad."""
        labels = percentages(values)
        far = _FAR if any(not languages.missing(v) and abs(v) <= _FAR for v in values) else float("inf")
        numbers = [None if languages.missing(v) else max(-far, min(far, float(v))) for v in values]

        def draw(part: Axes) -> None:
            for row, (value, tone, label) in enumerate(zip(numbers, tones, labels, strict=True)):
                if value is None:
                    continue
                tone = tone if counts(label) else None
                style.pin(part, value, self._y(row), tone, beyond=abs(float(values[row])) > far)
                if labelled:
                    self._at_end(part, row, value, label, value < 0, gap=6)

        gaps = self._gaps(labels, numbers, 9) if labelled else (13.0, 13.0)
        return Panel(heading, numbers, *gaps, "relative", draw, rank)

    def written(
        self,
        heading: str,
        labels: Sequence[str],
        *,
        quiet: bool = False,
        tones: Sequence[Any] = (),
        upper: bool = False,
        rank: int = 0,
    ) -> Panel:
        """Figures in words, aligned to the right; `upper` ones stand beside the names of a narrow sheet."""
        above = upper and self.sheet.narrow

        def draw(part: Axes) -> None:
            right = part.get_xlim()[1]
            for row, label in enumerate(labels):
                tone = tones[row] if tones and counts(label) else None
                colour = style.TONES.get(tone or "", style.QUIET if quiet else style.INK)
                y = self._name_y(row) if above else self._y(row)
                look: dict[str, Any] = {"ha": "right", "fontweight": self._weight(row), "color": colour}
                if above:  # a line of a bridge may pass behind it
                    look["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
                style.words(part, right, y, label, **look)

        return Panel(heading, [], self._longest(labels), 0.0, "upper" if upper else "written", draw, rank)

    def bridge(
        self,
        heading: str,
        start: Any,
        steps: Sequence[Any],
        tones: Sequence[Any],
        end: Any,
        shown: Callable[..., str],
        base: str = "previous",
    ) -> Panel:
        """A bar to start from, floating bars for each step, and the dark bar that they lead to.

        `base` is the scenario of the first: light for the year before, outlined for a target.
        """
        scenarios = [base, *(style.scenario(tone) for tone in tones), "actual"]
        return self.waterfall(heading, [start, *steps, end], [0, len(steps) + 1], scenarios, shown)

    def waterfall(
        self,
        heading: str,
        values: Sequence[Any],
        wholes: Sequence[int],
        scenarios: Sequence[str],
        shown: Callable[..., str],
    ) -> Panel:
        """Bars that each go on from where the last one ended, and the rows of `wholes`, which stand on zero."""
        labels = [shown(value, signed=row not in wholes) for row, value in enumerate(values)]
        spans: list[tuple[float, float]] = []
        for row, value in enumerate(values):
            left = 0.0 if row in wholes else spans[-1][1]
            spans.append((left, left + float(value)))
        thick = self.thick

        def draw(part: Axes) -> None:
            for row, ((left, right), scenario, label) in enumerate(zip(spans, scenarios, labels, strict=True)):
                style.bar(part, left, self._y(row) - thick / 2, right - left, thick, scenario)
                falls = right < left
                near_zero = falls and 0 <= right < near  # beyond its end its label would lie on the line of zero
                self._at_end(part, row, left if near_zero else right, label, falls and not near_zero)
                if row < len(spans) - 1:  # the line that leads to the next bar; on a phone names stand in its way
                    ends = [self._y(row) - thick / 2, self._y(row + 1) + thick / 2]
                    stub = thick / 2 + 0.06
                    broken = [ends[0], self._y(row) + stub, None, self._y(row + 1) - stub, ends[1]]
                    ys: list[Any] = broken if self.sheet.narrow else ends
                    part.plot([right] * len(ys), ys, color=style.QUIET, linewidth=0.7, zorder=1)
            self._zero(part, [0, self.body] if self.sheet.narrow else range(len(spans)))

        gap = self._longest(labels) + 6
        reached = [right for _left, right in spans]
        near = 0.3 * max(reached)
        below = any(right < left and right < 0 for left, right in spans)
        return Panel(heading, reached, gap if below else 0, gap, "amounts", draw, own_zero=True)

    def _y(self, row: int) -> float:
        """The middle of a row's bars, below its name on a narrow sheet."""
        return row + (0.7 if self.sheet.narrow else 0.5) + (0.25 if row == self.body else 0)

    def _name_y(self, row: int) -> float:
        return self._y(row) - (0.41 if self.sheet.narrow else 0)

    def _weight(self, row: int) -> str:
        return "bold" if row == self.body else "normal"

    def _longest(self, labels: Sequence[str]) -> float:
        return max((lettering.length(label, weight=self._weight(row)) for row, label in enumerate(labels)), default=0.0)

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

    def _write_names(self, part: Axes, width: float, above: Sequence[Panel]) -> None:
        """Write the names; on a narrow sheet, what stands beside them leaves them less room."""
        right = self.sheet.width
        for each in above:
            part.set_xlim(0, right)
            each.draw(part)
            right -= each.before + 10
        part.set_xlim(0, self.sheet.width)
        for row, name in enumerate(self.names):
            style.words(
                part,
                0,
                self._name_y(row),
                lettering.fit(name, min(width, right), weight=self._weight(row)),
                fontweight=self._weight(row),
                color=style.QUIET if row in self.quiet else style.INK,
            )

    def _head(self, part: Axes, panel: Panel, across: float) -> None:
        """Write the heading above zero, in the middle of it where there is room on both sides."""
        low, high = part.get_xlim()
        sides = (across * -low / (high - low), across * high / (high - low))  # points left and right of zero
        heading = lettering.capitalised(panel.heading)
        half = lettering.length(heading, SMALL) / 2
        centred = panel.bars and panel.before > 0 and min(sides) > half
        where = "center" if centred else "left" if panel.bars and sides[1] > 2 * half else "right"
        x = high if where == "right" else 0.0
        look: dict[str, Any] = {"fontsize": SMALL, "color": style.QUIET}
        style.words(part, x, -0.6 * _HEAD / self.pitch, heading, ha=where, **look)
        if panel.bars and not panel.own_zero:
            self._zero(part, range(self.body))

    def _head_groups(self, part: Axes, panels: Sequence[Panel], ends: Sequence[tuple[float, float]]) -> None:
        """Write the heading that neighbours share above a rule as wide as they are."""
        part.set_xlim(0, self.sheet.width)
        for name, members in groupby(zip(panels, ends, strict=True), key=lambda each: each[0].group):
            spans = [span for _, span in members]
            if name:
                left, right = spans[0][0], spans[-1][1]
                y = -_HEAD / self.pitch
                shown = lettering.fit(name, right - left, SMALL)
                style.words(part, (left + right) / 2, 1.55 * y, shown, ha="center", fontsize=SMALL)
                part.plot([left, right], [1.1 * y, 1.1 * y], color=style.RULE, linewidth=0.8, clip_on=False)

    def _zero(self, part: Axes, rows: Sequence[int]) -> None:
        """Draw the line that bars start from; on a narrow sheet not through the names between them."""
        if self.sheet.narrow:
            lines = [(self._y(row) - 0.8 * self.thick, self._y(row) + 0.8 * self.thick) for row in rows]
        else:
            lines = [(0.04, self._y(rows[-1]) + 0.46)]
        for ends in lines:
            part.plot([0, 0], ends, color=style.INK, linewidth=0.8, zorder=5, clip_on=False)

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


def _number(value: Any) -> float | None:
    return None if languages.missing(value) else float(value)
