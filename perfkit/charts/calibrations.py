"""Calibrations: are frequent customers forecast as well as the others?"""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from perfkit.charts import style
from perfkit.charts.labels import joined
from perfkit.charts.lettering import SMALL, length, longest
from perfkit.charts.sheets import Sheet, chart
from perfkit.charts.style import Key
from perfkit.customers import Calibration
from perfkit.languages import number, text

_HEIGHT, _FOOT, _HEAD = 230.0, 46.0, 30.0  # points: of the body, of the names below, of the words above
_WIDEST = 20.0  # points of a column
_UP, _DOWN = "\N{BLACK UP-POINTING TRIANGLE}", "\N{BLACK DOWN-POINTING TRIANGLE}"


@chart
def calibration(result: Calibration, sheet: Sheet) -> None:
    """Draw purchases a customer by how often customers had bought: actual solid, expected hatched with its interval.

    The interval is where the actual number was to fall; a class that did not is marked by a triangle.

    See Also
    --------
    customers.clv.calibration : the figures.
    """
    view, rows = result.views()[0], result.classes.to_dict("records")
    decimals = 2 if max(row["actual_high"] for row in rows) < 100 else 0
    high = max(max(row["actual"], row["expected"], row["actual_high"]) for row in rows) or 1.0
    ticks = [each for each in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(0, high) if 0 <= each <= high]
    whole = all(each == round(each) for each in ticks)
    written = [number(each, 0 if whole else 2) for each in ticks]
    keys = [Key(text("Actual"), "actual"), Key(text("Expected, with its interval"), "forecast")]
    marks = joined(text("{up} {down}: actual above or below the interval", up=_UP, down=_DOWN))
    missed = not all(row["covered"] for row in rows)
    ax = sheet.open(view.title, joined(view.subtitle, marks if missed else ""), _HEIGHT, keys)
    ax.set(xlim=(0, sheet.width), ylim=(0, _HEIGHT))
    left = longest(written, SMALL) + 10
    room = (sheet.width - left) / len(rows)
    body = _HEIGHT - _FOOT - _HEAD

    def y(value: float) -> float:
        return _FOOT + body * value / high

    look: dict[str, Any] = {"fontsize": SMALL, "color": style.QUIET}
    for tick, label in zip(ticks, written, strict=True):
        ax.plot([left - 3, left], [y(tick)] * 2, color=style.RULE, linewidth=0.8)
        style.words(ax, left, y(tick), label, dx=-5, ha="right", **look)
    style.words(ax, 0, _HEIGHT, text("purchases a customer"), dy=-7, ha="left", **look)
    counts = [number(row["n"]) for row in rows]
    counted = longest(counts, SMALL) < room - 4
    for place, (row, count) in enumerate(zip(rows, counts, strict=True)):
        middle = left + room * (place + 0.5)
        _columns(ax, row, middle, room, y, decimals, sheet.narrow)
        style.words(ax, middle, _FOOT, str(row["frequency"]), dy=-9, ha="center", fontsize=SMALL)
        if counted:
            style.words(ax, middle, _FOOT, count, dy=-21, ha="center", **look)
    ax.plot([left, sheet.width], [_FOOT] * 2, color=style.INK, linewidth=0.8, zorder=5)
    axis = text("repeat purchases before, and customers") if counted else text("repeat purchases before")
    style.words(ax, sheet.width, 0, axis, dy=8, ha="right", **look)
    sheet.describe(*[_said(row) for row in rows])


def _said(row: dict[str, Any]) -> str:
    said = text(
        "{frequency}: {actual}, expected {expected}", frequency=row["frequency"], actual=number(row["actual"], 2),
        expected=number(row["expected"], 2),
    )  # fmt: skip
    return f"{said}."


def _columns(ax: Axes, row: dict[str, Any], middle: float, room: float, y: Any, decimals: int, narrow: bool) -> None:
    """Draw the two columns of a class, the interval on the expected one, and their numbers."""
    thick = min(_WIDEST, (room - 8) / 2)
    base = y(0.0)
    style.bar(ax, middle - thick - 1, base, thick, y(row["actual"]) - base, "actual")
    style.bar(ax, middle + 1, base, thick, y(row["expected"]) - base, "forecast")
    style.whisker(ax, middle + 1 + thick / 2, y(row["actual_low"]), y(row["actual_high"]), min(3.0, thick / 3))
    mark = "" if row["covered"] else _UP if row["actual"] > row["actual_high"] else _DOWN
    actual, expected = number(row["actual"], decimals), number(row["expected"], decimals)
    top = max(y(row["actual"]), y(row["actual_high"]))
    if not narrow and length(actual, SMALL) + length(expected, SMALL) + 6 < room:
        style.words(ax, middle - 2, top, actual, dy=8, ha="right", fontsize=SMALL, fontweight="bold")
        style.words(ax, middle + 3, top, expected, dy=8, ha="left", fontsize=SMALL)
        if mark:
            style.words(ax, middle, top, mark, dy=20, ha="center", fontsize=SMALL)
        return
    if length(actual, SMALL, "bold") < room - 1:
        style.words(ax, middle, top, actual, dy=8, ha="center", fontsize=SMALL, fontweight="bold")
    if mark:
        style.words(ax, middle, top, mark, dy=20, ha="center", fontsize=SMALL)
