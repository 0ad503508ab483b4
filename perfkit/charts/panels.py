"""Panels: the columns of a chart of rows, and how they share the room: amounts on one scale, names giving way first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from perfkit.charts import lettering
from perfkit.charts.lettering import SMALL
from perfkit.charts.sheets import Sheet

BETWEEN = 16.0  # points between panels
_LEAST = 38.0  # points that the bars of a panel need: names give way to them
_RELATIVE, _PINS = 0.2, 90.0  # what pins take of the room beside amounts, and at most in points


@dataclass(frozen=True)
class Panel:
    """One panel: what its labels need on each side of the bars, how to draw it.

    Attributes
    ----------
    kind : str
        "amounts" share one scale; "relative" has its own; "written" has no bars; "upper" is written on
        the line of the names where the sheet is narrow.
    rank : int
        The highest gives way first where not all panels fit; 0 never does.
    wide : float
        Points that it takes at least, whatever it holds.
    group : str
        A heading that it shares with its neighbours.
    own_zero : bool
        It draws the line of zero itself.
    """

    heading: str
    values: Sequence[float | None]
    before: float
    after: float
    kind: str
    draw: Callable[[Axes], None]
    rank: int = 0
    wide: float = 0.0
    group: str = ""
    own_zero: bool = False

    @property
    def low(self) -> float:
        """Where its bars start: zero, or the lowest value."""
        return min([0.0, *(value for value in self.values if value is not None)])

    @property
    def extent(self) -> float:
        """From the lowest to the highest of its values, zero among them."""
        return max([0.0, *(value for value in self.values if value is not None)]) - self.low

    @property
    def least(self) -> float:
        """Points that it takes at least: its labels, its shortest bars, its heading."""
        return max(self.before + self.after + _LEAST * self.bars, self.least_width)

    @property
    def least_width(self) -> float:
        """Points that it takes whatever its bars."""
        return max(self.before + self.after, self.wide, lettering.length(lettering.capitalised(self.heading), SMALL))

    @property
    def bars(self) -> bool:
        """Whether it draws bars or pins."""
        return self.kind in ("amounts", "relative")


def beside(sheet: Sheet, panels: Sequence[Panel]) -> list[Panel]:
    """Return the panels that stand side by side: on a narrow sheet, not those on the line of the names."""
    return [each for each in panels if not (sheet.narrow and each.kind == "upper")]


def between(sheet: Sheet, panels: Sequence[Panel]) -> float:
    """Return the points between panels: on a narrow sheet the first one stands at the edge."""
    return BETWEEN * (len(panels) - sheet.narrow)


def fitting(sheet: Sheet, panels: Sequence[Panel], names: float) -> list[Panel]:
    """Leave out what matters least until the others fit beside the names."""
    kept = list(panels)
    while True:
        there = beside(sheet, kept)
        taken = sum(each.least for each in there) + names + between(sheet, there)
        last = max(each.rank for each in kept)
        if taken <= sheet.width or not last:
            return kept
        kept = [each for each in kept if each.rank < last]


def layout(panels: Sequence[Panel], room: float) -> tuple[list[float], list[float]]:
    """Return how wide each panel is, and what a point is worth in it: the same in all panels of amounts."""
    amounts = sum(each.extent for each in panels if each.kind == "amounts")
    relative = sum(each.kind == "relative" for each in panels)
    free = room - sum(each.before + each.after for each in panels)
    while True:
        pins = max(min(free * _RELATIVE, _PINS) if amounts else free / max(relative, 1), 20.0)
        point = amounts / max(free - pins * relative, 20.0)
        units = [(point or 1.0) if each.kind == "amounts" else (each.extent or 1.0) / pins for each in panels]
        wide = [
            max(each.before + each.after + each.extent / unit, each.least_width)
            for each, unit in zip(panels, units, strict=True)
        ]
        over = sum(wide) - room
        if over < 0.5 or free < 40:
            return wide, units
        free -= over
