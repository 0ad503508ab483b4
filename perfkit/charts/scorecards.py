"""Scorecards: which figures moved for the better, and which for the worse?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from matplotlib.axes import Axes

from perfkit import languages
from perfkit.charts.panels import Panel
from perfkit.charts.rows import Rows
from perfkit.charts.sheets import Sheet, chart, storeys
from perfkit.charts.style import Key
from perfkit.kpis import Scorecard
from perfkit.languages import text


@chart
def scorecard(result: Scorecard, sheet: Sheet) -> None:
    """Draw how each figure moved against last year and its target, in its unit and relative.

    Relative changes share one scale, shares in points have theirs. A figure that nothing can be set
    against is in the table only.

    See Also
    --------
    kpis.scorecard : the figures.
    """
    view = result.views()[0]
    drawn = [row for row in view.rows.to_dict("records") if _moved(row, "previous") or _moved(row, "target")]
    if not drawn:
        reasons = [row["previous_reason"] for row in view.rows.to_dict("records") if row["previous_reason"]]
        return sheet.say(view, " ".join([text("There is nothing to set the figures against."), *reasons[:1]]))
    against = [each for each in ("previous", "target") if any(_moved(row, each) for row in drawn)]
    groups = [[row for row in drawn if (row["variance_unit"] == "points") is points] for points in (False, True)]
    groups = [group for group in groups if group]
    made = [Rows(sheet, [row["shown"] for row in group], heads=1 if nth else 2) for nth, group in enumerate(groups)]
    panels = _aligned([_panels(result, *pair, against) for pair in zip(made, groups, strict=True)])
    keys = [Key(text("Better"), "good pin"), Key(text("Worse"), "bad pin")]
    ax = sheet.open(view.title, view.subtitle, sum(rows.height for rows in made) + 4 * (len(made) - 1), keys)
    names = max(rows.longest_name for rows in made)
    for rows, group, part in zip(made, panels, _storeys(ax, made), strict=True):
        rows.place(part, group, names=names)
    sheet.describe(_alt(drawn, against[0]))


def _storeys(ax: Axes, made: list[Rows]) -> list[Axes]:
    """The parts of the sheet for each group, with a little room between them."""
    heights = [height for rows in made for height in (rows.height, 4.0)][:-1]
    return storeys(ax, heights)[::2]


def _moved(row: dict[str, Any], against: str) -> bool:
    return not languages.missing(_relative(row, against))


def _relative(row: dict[str, Any], against: str) -> Any:
    """A share's change in points, any other figure's relative change."""
    if row["variance_unit"] == "points":
        return row[f"variance_{against}"]
    if against == "previous":
        return row["growth_previous"]
    return None if languages.missing(row["attainment"]) else row["attainment"] - 1


def _panels(result: Scorecard, rows: Rows, group: list[dict[str, Any]], against: Sequence[str]) -> list[Panel]:
    """What there is, then for each of last year and target: what it was, the change in its unit and relative."""
    points, narrow, first = group[0]["variance_unit"] == "points", rows.sheet.narrow, rows.heads == 2
    period = "" if narrow or not first else result.period.name()
    panels = [rows.written(period, [_value(row, "actual") for row in group], upper=True)]
    for each in against:
        name = text("Change on {other}", other=result.previous.name()) if each == "previous" else text("Gap to target")
        tones = [row[f"tone_{each}"] for row in group]
        values = [_relative(row, each) for row in group]
        labels = [_relative_label(row, each) for row in group]
        changes = [_change(row, each) for row in group]
        members = [
            rows.written(text("Value") if first else "", [_value(row, each) for row in group], quiet=True, rank=3),
            rows.written(text("Change") if first else "", changes, tones=tones, rank=2),
            rows.written(text("Points") if points else "%", labels, tones=tones),
            rows.changes("", values, tones, lambda value, signed: languages.points(value), labelled=False)
            if points
            else rows.pins("", values, tones, labelled=False),
        ]
        panels += [replace(member, group=name if first else "") for member in members]
    return panels


def _relative_label(row: dict[str, Any], against: str) -> str:
    value = _relative(row, against)
    if languages.missing(value):
        return ""
    return languages.points(value) if row["variance_unit"] == "points" else languages.percent(value, signed=True)


def _value(row: dict[str, Any], column: str) -> str:
    missing = languages.missing(row[column])
    return "" if missing else languages.show(row[column], row["unit"], decimals=row["decimals"])


def _change(row: dict[str, Any], against: str) -> str:
    change = row[f"variance_{against}"]
    if languages.missing(change) or row["variance_unit"] == "points":
        return ""
    return languages.show(change, row["variance_unit"], signed=True, decimals=row["decimals"])


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


def _alt(drawn: list[dict[str, Any]], against: str) -> str:
    moves = [
        f"{row['shown']} {_value(row, 'actual')} ({_relative_label(row, against)})"
        for row in drawn[:5]
        if _moved(row, against)
    ]
    return languages.listing(moves) + "."
