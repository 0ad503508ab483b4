"""Cohorts: how many of each buy at each age, as a triangle that darkens where more do?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Polygon, Rectangle

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.labels import joined
from perfkit.charts.lettering import SMALL, capitalised, length, longest
from perfkit.charts.sheets import Sheet, chart
from perfkit.charts.style import Key
from perfkit.customers import CohortTriangle
from perfkit.customers.cohorts import words
from perfkit.languages import number, opening, percent, text

_ROW, _HEAD, _APART, _BELOW = 14.0, 30.0, 6.0, 3.0  # points: a row, words above the ages, between all cohorts and each
_WIDEST, _AIR = 34.0, 5.0  # points of a cell at most, and around its number
_DARKEST = 0.88  # of the colour of actual figures: the largest share
_READABLE = 4.5  # contrast of a number on its shade; of black or white, one always has it


@dataclass(frozen=True)
class _Columns:
    """Where the columns stand: names, customers, then the ages that fit."""

    names: float
    left: float
    cell: float
    ages: list[int]

    @property
    def right(self) -> float:
        return self.left + self.cell * len(self.ages)


@chart
def cohort_triangle(result: CohortTriangle, sheet: Sheet) -> None:
    """Draw retention by cohort and age as shades with their numbers, what is not observed yet as a dotted outline.

    Of more than 36 cohorts the longer periods are drawn; where not all ages fit, fewer of the later ones.

    See Also
    --------
    customers.cohorts.build : the figures.
    """
    drawn = result.coarser or result
    view = drawn.views()[0]
    ages = [age for age in range(1, int(drawn.cells["age"].max()) + 1) if drawn.pooled["cohorts"].iloc[age] > 0]
    if not ages:
        return sheet.say(view, view.title)
    cells = drawn.cells
    short = [words.cohort(cohort, short=True) for cohort in drawn.sizes["cohort"]]
    sizes = [number(n) for n in drawn.sizes["n"]]
    columns = _fitting(sheet.width, ages, [*short, text("All cohorts")], [*sizes, number(drawn.customers)], drawn.by)
    rows = len(short)
    height = _HEAD + _ROW + _APART + _ROW * rows + _BELOW
    subtitle = joined(view.subtitle, text("the darker, the more"))
    ax = sheet.open(view.title, subtitle, height, [Key(text("Not observed yet"), "not observed")])
    ax.set(xlim=(0, sheet.width), ylim=(0, height))
    look: dict[str, Any] = {"fontsize": SMALL, "color": style.QUIET}
    head = height - _HEAD + 7
    style.words(ax, columns.left, height - 7, text("age in {unit}", unit=words.unit(drawn.by)), **look)
    style.words(ax, columns.left - 7, head, _customers(columns), ha="right", **look)
    for place, age in enumerate(columns.ages):
        style.words(ax, columns.left + (place + 0.5) * columns.cell, head, str(age), ha="center", **look)

    shares = cells["estimate"].to_numpy(np.float64).reshape(rows, rows)
    over = (cells["status"] == "observed").to_numpy().reshape(rows, rows)
    pooled = drawn.pooled["estimate"].to_numpy(np.float64)
    seen = shares[:, columns.ages][over[:, columns.ages]]
    most = max([float(each) for each in seen if not np.isnan(each)], default=0.0) or 1.0
    top = height - _HEAD - _ROW
    bold: dict[str, Any] = {"fontsize": SMALL, "fontweight": "bold"}
    style.words(ax, 0, top + _ROW / 2, text("All cohorts"), **bold)
    style.words(ax, columns.left - 7, top + _ROW / 2, number(drawn.customers), ha="right", **bold)
    for place, age in enumerate(columns.ages):
        _cell(ax, columns.left + place * columns.cell, top, columns.cell, pooled[age], most, weight="bold")
    top -= _APART
    for row in range(rows):
        bottom = top - _ROW * (row + 1)
        style.words(ax, 0, bottom + _ROW / 2, short[row], fontsize=SMALL)
        style.words(ax, columns.left - 7, bottom + _ROW / 2, sizes[row], ha="right", **look)
        for place, age in enumerate(columns.ages):
            if over[row, age]:
                _cell(ax, columns.left + place * columns.cell, bottom, columns.cell, shares[row, age], most)
    _outline(ax, columns, over[:, columns.ages], top)
    named = {age: pooled[age] for age in drawn_ages(drawn, columns.ages)}
    parts = [
        text("{age}: {share}", age=words.ages(age, drawn.by), share=percent(share)) for age, share in named.items()
    ]
    sheet.describe(opening(text("all cohorts, {parts}.", parts=languages.listing(parts))))


def drawn_ages(result: CohortTriangle, ages: list[int]) -> list[int]:
    """Return the ages of the tables among those drawn: what the sentence says that stands for the picture."""
    return [age for age in words.KEY_AGES[result.by] if age in ages][:5]


def _fitting(width: float, ages: list[int], names: list[str], sizes: list[str], by: str) -> _Columns:
    """All ages where their cells can hold a number, else every third of the later ones, else those of the tables."""
    left = longest(names, SMALL, "bold") + 10
    left += max(longest(sizes, SMALL, "bold"), length("n", SMALL)) + 9
    least = longest(["88", *(str(age) for age in ages)], SMALL, "bold") + _AIR
    room = width - left - 1
    key = [age for age in words.KEY_AGES[by] if age in ages] or ages
    thinned = [age for age in ages if age <= 12 or age % 3 == 0]
    choices = [each for each in (ages, thinned, key) if len(each) * least <= room]
    shown = choices[0] if choices else key[: max(1, int(room // least))]
    return _Columns(left, left, min(room / len(shown), _WIDEST), shown)


def _customers(columns: _Columns) -> str:
    """What the second column counts, where there is room for the word."""
    word = capitalised(text("Customers"))
    return word if length(word, SMALL) < columns.left - 10 else "n"


def _cell(ax: Axes, x: float, y: float, wide: float, share: float, most: float, weight: str = "normal") -> None:
    """Draw a share: its shade, and its number in per cent; of an empty cohort a dash."""
    if np.isnan(share):
        style.words(ax, x + wide / 2, y + _ROW / 2, "\N{EN DASH}", ha="center", fontsize=SMALL, color=style.QUIET)
        return
    depth = _DARKEST * min(share / most, 1.0)
    shade = tuple(1 - depth * (1 - part) for part in to_rgb(style.ACTUAL))
    edge = style.RULE if share == 0 else "none"
    ax.add_patch(
        Rectangle((x + 0.5, y + 0.5), wide - 1, _ROW - 1, facecolor=to_hex(shade), edgecolor=edge, linewidth=0.6)
    )
    ink = next((each for each in (style.INK, "white") if _contrast(shade, to_rgb(each)) >= _READABLE), "black")
    style.words(
        ax, x + wide / 2, y + _ROW / 2, _in_percent(share), ha="center", fontsize=SMALL, color=ink, fontweight=weight
    )


def _in_percent(share: float) -> str:
    """A whole number of per cent; what is more than nobody is never shown as 0."""
    return "<1" if 0 < share < 0.005 else number(100 * share)


def _contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The contrast of two colours (Web Content Accessibility Guidelines 2.2, relative luminance)."""

    def light(colour: tuple[float, ...]) -> float:
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _outline(ax: Axes, columns: _Columns, over: np.ndarray, top: float) -> None:
    """Draw one dotted outline around all cells that are not observed yet: they lie at the right of each row."""
    starts = over.sum(axis=1)  # cells of a row that are observed
    rows = [row for row in range(len(starts)) if starts[row] < len(columns.ages)]
    if not rows:
        return
    stairs = []
    for row in rows:
        x = columns.left + columns.cell * starts[row] + 1.5
        stairs += [(x, top - _ROW * row - 1), (x, top - _ROW * (row + 1) - 1)]
    right = columns.right - 1
    corners = [(right, top - _ROW * rows[0] - 1), *stairs, (right, top - _ROW * (rows[-1] + 1) - 1)]
    ax.add_patch(Polygon(corners, closed=True, **style.LOOKS["not observed"]))
