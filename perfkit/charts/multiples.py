"""Multiples: how did each member of a dimension run, month by month, side by side on one scale?"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes

from perfkit import estimates, languages
from perfkit.charts import style
from perfkit.charts.columns import Column, months_of
from perfkit.charts.labels import counts, joined, labels_of, percentage
from perfkit.charts.lettering import SIZE, SMALL, length, wrap
from perfkit.charts.sheets import Sheet, chart
from perfkit.charts.style import Key
from perfkit.kpis import TrendBy
from perfkit.languages import text

_BARS, _LEAST, _HEAD, _FOOT, _GAP = 66.0, 14.0, 42.0, 14.0, 14.0  # points: bars, words above and below, between
_LINE, _RULE = 12.0, 36.0  # points a further line of a name, and the rule between two scales
_FLAT, _FACTORS = 8.0, (2, 5, 10, 20, 50, 100, 200, 500, 1000)  # a member so many times smaller is drawn larger
_ACROSS = 20.0  # points between panels side by side


@dataclass(frozen=True)
class _Member:
    """One small chart: whose, its columns, what they sum to, and how the months that compare moved."""

    name: str
    columns: list[Column]
    revenue: Any
    growth: float | None

    @property
    def span(self) -> tuple[float, float]:
        numbers = [number for column in self.columns for number in column.numbers()]
        return min([0.0, *numbers]), max([0.0, *numbers])


@dataclass(frozen=True)
class _Line:
    """Small charts side by side: their titles, what they reach, what a point is worth, how high they are."""

    members: list[_Member]
    titles: list[list[str]]
    low: float
    high: float
    point: float
    enlarged: int

    @property
    def height(self) -> float:
        head = _HEAD + _LINE * (max(len(title) for title in self.titles) - 1)
        return head + max((self.high - self.low) / self.point, _LEAST) + _FOOT


@chart
def trend_by(result: TrendBy, sheet: Sheet) -> None:
    """Draw one small chart a member, all on one scale: actual dark, the year before light, the change in words.

    Where one member would flatten the others to lines, these stand below a rule that says how many
    times larger they are drawn.

    See Also
    --------
    kpis.trend_by : the figures.
    """
    view = result.views()[0]
    members = [] if result.cells.empty else _members(result)
    columns = [column for member in members for column in member.columns]
    numbers = [number for column in columns for number in column.numbers()]
    if result.reason or not numbers:
        return sheet.say(view, result.reason or text("No month has revenue to show."))
    shown, scale = labels_of([*numbers, *(member.revenue for member in members)], result.currency)
    across = min(len(members), 2 if sheet.narrow else min((4, 3), key=lambda wide: -len(members) % wide))
    wide = min((sheet.width - (across - 1) * _ACROSS) / across, 200.0)
    lines = _lines(members, across, wide)
    rules = [each.enlarged > 1 and not before.enlarged > 1 for before, each in pairwise([lines[0], *lines])]
    height = sum(line.height for line in lines) + _GAP * (len(lines) - 1) + _RULE * sum(rules)
    keys = [
        (Key(text("Actual"), "actual"), any(not languages.missing(each.actual) for each in columns)),
        (Key(text("A year before"), "previous"), any(not languages.missing(each.previous) for each in columns)),
        (Key(text("Not observed yet"), "not observed"), any(each.awaited for each in columns)),
    ]
    one = text("two scales, see the rule") if any(rules) else text("one scale in all panels")
    subtitle = joined(view.subtitle, result.comparison(), one if len(members) > 1 else "", scale)
    ax = sheet.open(view.title, subtitle, height, [key for key, there in keys if there])
    top = height
    for line, rule in zip(lines, rules, strict=True):
        if rule:
            top -= _RULE
            _say_enlarged(ax, (top + 0.7 * _RULE) / height, line.enlarged)
        for place, (member, title) in enumerate(zip(line.members, line.titles, strict=True)):
            left = place * (wide + _ACROSS) / sheet.width
            part = ax.inset_axes((left, (top - line.height) / height, wide / sheet.width, line.height / height))
            part.set_axis_off()
            part.set(xlim=(0, wide), ylim=(0, line.height))
            _draw_one(part, member.columns, wide, line, shown)
            _title(part, title, shown(member.revenue), member.growth, line.height, judged=not result.silent)
        top -= line.height + _GAP
    sheet.describe(languages.listing(_said(member, result.currency) for member in members) + ".")


def _members(result: TrendBy) -> list[_Member]:
    sums = result.members()[["revenue", "compared", "previous"]].itertuples(index=False)
    return [
        _Member(name, _columns(cells), revenue, estimates.growth(compared, previous))
        for (name, cells), (revenue, compared, previous) in zip(result.groups(), sums, strict=True)
    ]


def _lines(members: list[_Member], across: int, wide: float) -> list[_Line]:
    """Set members side by side; those whom the largest one flattens come last, drawn larger."""
    reach = [max(high, -low) for low, high in (member.span for member in members)]
    flat = [each < max(reach) / _FLAT for each in reach]
    most = max((each for each, small in zip(reach, flat, strict=True) if small), default=0.0)
    enlarged = max((factor for factor in _FACTORS if most and factor * most <= max(reach)), default=1)
    lines: list[_Line] = []
    for small in (False, True):
        group = [member for member, is_flat in zip(members, flat, strict=True) if is_flat is small]
        for start in range(0, len(group), across):
            side = group[start : start + across]
            low, high = min(member.span[0] for member in side), max(member.span[1] for member in side)
            titles = [wrap(member.name, wide, SIZE, "bold", most=2) for member in side]
            lines.append(_Line(side, titles, low, high, 1.0, enlarged if small else 1))
    tallest = max((line.high - line.low) * line.enlarged for line in lines) / _BARS or 1.0
    return [replace(line, point=tallest / line.enlarged) for line in lines]


def _say_enlarged(ax: Axes, y: float, factor: int) -> None:
    """Write, above the rule, how many times larger than the panels above it those below are drawn."""
    shown = text("Below: drawn {n} times larger", n=languages.number(factor))
    ax.plot([0, 1], [y, y], color=style.INK, linewidth=0.8, clip_on=False)
    style.words(ax, 0, y, shown, dy=-9, fontsize=SMALL, fontweight="bold")


def _said(member: _Member, currency: str) -> str:
    change = "" if member.growth is None else f" ({percentage(member.growth)})"
    return f"{member.name} {languages.show(member.revenue, currency)}{change}"


def _columns(cells: Any) -> list[Column]:
    rows = cells.to_dict("records")
    return [
        Column(month, row["revenue"], row["previous"], awaited=languages.missing(row["revenue"]))
        for month, row in zip(months_of(cells["month"]), rows, strict=True)
    ]


def _title(part: Axes, name: list[str], revenue: str, growth: float | None, top: float, *, judged: bool) -> None:
    """Write the member, its revenue and its change above its columns."""
    for line in name:
        style.words(part, 0, top - 7, line, fontweight="bold")
        top -= _LINE
    top += _LINE
    style.words(part, 0, top - 21, revenue, fontsize=SMALL)
    if growth is None:
        return
    change = percentage(growth)
    tone = ("good" if growth > 0 else "bad") if judged and counts(change) else None
    left = length(revenue, SMALL) + 12
    if tone:
        style.head(part, left, top - 21, tone)
    style.words(part, left + 6, top - 21, change, fontsize=SMALL, color=style.TONES.get(tone or "", style.INK))


def _draw_one(part: Axes, columns: list[Column], wide: float, line: _Line, shown: Callable[..., str]) -> None:
    """Draw a member's columns in points, the last value above them, the first and last month below."""
    base, point, high = _FOOT - line.low / line.point, line.point, line.high
    pitch = min(wide / len(columns), 40.0)
    for place, column in enumerate(columns):
        x = (place + 0.5) * pitch
        if not languages.missing(column.previous):
            style.bar(part, x - 0.42 * pitch, base, 0.56 * pitch, float(column.previous) / point, "previous")
        if column.awaited:
            style.bar(part, x - 0.2 * pitch, base, 0.6 * pitch, high / point, "not observed")
        elif not languages.missing(column.actual):
            style.bar(part, x - 0.2 * pitch, base, 0.6 * pitch, float(column.actual) / point, "actual")
    part.plot([0, len(columns) * pitch], [base, base], color=style.INK, linewidth=0.8, zorder=5, clip_on=False)
    _name_ends(part, columns, wide)
    known = [place for place, column in enumerate(columns) if not languages.missing(column.actual)]
    if known:
        label = shown(columns[known[-1]].actual)
        reach = length(label, SMALL)
        right = min(max((known[-1] + 0.95) * pitch, reach), wide)
        below = [number for place, column in enumerate(columns) for number in column.numbers()
                 if right - reach - pitch < place * pitch < right]  # fmt: skip
        style.words(part, right, base + max([0.0, *below]) / point, label, dy=7, ha="right", fontsize=SMALL)


def _name_ends(part: Axes, columns: list[Column], wide: float) -> None:
    first, last = (languages.month(each.month, short=True) for each in (columns[0], columns[-1]) if each.month)
    look: dict[str, Any] = {"fontsize": SMALL, "color": style.QUIET}
    style.words(part, 0, 5, first, **look)
    drawn = min(wide, len(columns) * 40.0)
    if len(columns) > 1 and length(first, SMALL) + length(last, SMALL) + 6 <= drawn:
        style.words(part, drawn, 5, last, ha="right", **look)
