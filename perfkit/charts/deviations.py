"""Deviations: figures of all units against what they are set against: relative as pins, shares in points as bars.

Relative changes share one scale, points have theirs. Each figure stands with its value, so that a small change
of a large figure is not mistaken for a large one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from perfkit import languages
from perfkit.charts.labels import percentage
from perfkit.charts.lettering import SMALL, fit
from perfkit.charts.panels import Panel
from perfkit.charts.rows import Rows
from perfkit.charts.sheets import Sheet
from perfkit.languages import text

_HEADING = 120.0  # points that the name of a period or a part may take above its column


@dataclass(frozen=True)
class Deviation:
    """One figure's deviation.

    Attributes
    ----------
    value, change : str
        What it is set against, and the change in the figure's unit; "" where there is none.
    relative : float or None
        The relative change; of a share, the change in points.
    tone : str or None
    """

    value: str
    change: str
    relative: Any
    tone: str | None

    @property
    def known(self) -> bool:
        """Whether the figure can be set against this."""
        return not languages.missing(self.relative)


@dataclass(frozen=True)
class Figure:
    """One row: the figure's name, its value, its deviations in the order of the headings."""

    name: str
    value: str
    points: bool
    deviations: Sequence[Deviation]

    def label(self, nth: int) -> str:
        """Return a relative deviation in words, "" where there is none."""
        each = self.deviations[nth]
        if not each.known:
            return ""
        return languages.points(each.relative) if self.points else percentage(each.relative)


def shown(value: Any, unit: str, decimals: Any, *, signed: bool = False) -> str:
    """Return a figure's value as a label, "" where there is none."""
    return "" if languages.missing(value) else languages.show(value, unit, decimals=decimals, signed=signed)


class Deviations:
    """Rows of figures, those in points below the others.

    Parameters
    ----------
    sheet : Sheet
    figures : sequence of Figure
    actual : str
        What the values are of.
    headings : sequence of str
        What the deviations are set against.
    """

    def __init__(self, sheet: Sheet, figures: Sequence[Figure], actual: str, headings: Sequence[str]) -> None:
        self.actual, self.headings = fit(actual, _HEADING, SMALL), headings
        groups = [[each for each in figures if each.points is points] for points in (False, True)]
        self._groups = [group for group in groups if group]
        self.rows = [
            Rows(sheet, [each.name for each in group], heads=1 if nth else 2) for nth, group in enumerate(self._groups)
        ]

    @property
    def longest_name(self) -> float:
        """Points that the longest name takes."""
        return max(rows.longest_name for rows in self.rows)

    def panels(self) -> list[list[Panel]]:
        """Return the panels of each group of rows, their zeros below each other."""
        return _aligned([self._of(*pair) for pair in zip(self.rows, self._groups, strict=True)])

    def _of(self, rows: Rows, group: Sequence[Figure]) -> list[Panel]:
        """What there is, then for each of what it is set against: what it was, the change in its unit and relative."""
        points, first = group[0].points, rows.heads == 2
        period = "" if rows.sheet.narrow or not first else self.actual
        panels = [rows.written(period, [each.value for each in group], upper=True)]
        for nth, name in enumerate(self.headings):
            each = [figure.deviations[nth] for figure in group]
            tones = [deviation.tone for deviation in each]
            values = [deviation.relative for deviation in each]
            labels = [figure.label(nth) for figure in group]
            members = [
                rows.written(text("Value") if first else "", [other.value for other in each], quiet=True, rank=3),
                rows.written(text("Change") if first else "", [other.change for other in each], tones=tones, rank=2),
                rows.written(text("Points") if points else "%", labels, tones=tones),
                rows.changes("", values, tones, _points, labelled=False)
                if points
                else rows.pins("", values, tones, labelled=False),
            ]
            panels += [replace(member, group=name if first else "") for member in members]
        return panels


def _points(value: Any, *, signed: bool = True) -> str:
    """A change in points, which always has a sign."""
    return languages.points(value)


def _aligned(groups: list[list[Panel]]) -> list[list[Panel]]:
    """Make the panels of all groups as wide as each other, with their zeros below each other.

    Relative changes against last year and against the target share one scale within a group.
    """
    largest = [max([*(abs(v) for each in group for v in each.values if v is not None), 0.0]) or 1.0 for group in groups]
    parts = [
        v / most
        for group, most in zip(groups, largest, strict=True)
        for each in group
        for v in each.values
        if v is not None
    ]
    low, high = min([*parts, 0.0]), max([*parts, 0.0])
    aligned = []
    for column in zip(*groups, strict=True):
        wide = max(each.least_width for each in column)
        aligned.append(
            [
                replace(each, kind="relative", wide=wide, values=[*each.values, low * most, high * most])
                if each.bars
                else replace(each, wide=wide)
                for each, most in zip(column, largest, strict=True)
            ]
        )
    return [list(group) for group in zip(*aligned, strict=True)]
