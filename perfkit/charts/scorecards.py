"""Scorecards: which figures moved for the better, and which for the worse?"""

from typing import Any

from matplotlib.axes import Axes

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.rows import Panel, Rows
from perfkit.charts.style import Key
from perfkit.kpis import Scorecard
from perfkit.languages import text


def scorecard(result: Scorecard, ax: Axes | None = None) -> Axes:
    """Draw how each figure moved: relative changes side by side on one scale, shares in points on theirs.

    A figure that nothing can be set against is in the table only.

    See Also
    --------
    kpis.scorecard : the figures.
    """
    with style.drawing():
        return _draw(result, ax)


def _draw(result: Scorecard, ax: Axes | None) -> Axes:
    view = result.views()[0]
    drawn = [row for row in view.rows.to_dict("records") if _moved(row)]
    if not drawn:
        reasons = [row["previous_reason"] for row in view.rows.to_dict("records") if row["previous_reason"]]
        return style.empty(ax, view, " ".join([text("There is nothing to set the figures against."), *reasons[:1]]))
    groups = [[row for row in drawn if (row["variance_unit"] == "points") is points] for points in (False, True)]
    groups = [group for group in groups if group]
    made = [Rows([row["shown"] for row in group]) for group in groups]
    tones = {style.scenario(row["tone_previous"]) for row in drawn}
    keys = [Key(text("Better"), "good"), Key(text("Worse"), "bad"), Key(text("Neither"), "neutral")]
    ax, width = style.sheet(
        ax, view.title, view.subtitle, sum(rows.height for rows in made), [key for key in keys if key.scenario in tones]
    )
    names = max(rows.longest_name for rows in made)
    values = max(style.longest([_value(row) for row in drawn]), style.length(result.period.name(), style.SMALL))
    parts = style.storeys(ax, [rows.height for rows in made])
    for rows, group, part in zip(made, groups, parts, strict=True):
        heading = result.period.name() if rows is made[0] else ""
        rows.place(part, width, _panels(rows, group, heading, values), names=names)
    ax.figure.set_label(_alt(view.title, drawn))
    return ax


def _moved(row: dict[str, Any]) -> bool:
    return not languages.missing(row["growth_previous"]) or (
        row["variance_unit"] == "points" and not languages.missing(row["variance_previous"])
    )


def _value(row: dict[str, Any]) -> str:
    return languages.show(row["actual"], row["unit"], decimals=row["decimals"])


def _panels(rows: Rows, group: list[dict[str, Any]], heading: str, least: float) -> list[Panel]:
    tones = [row["tone_previous"] for row in group]
    panels = [rows.written(heading, [_value(row) for row in group], least=least)]
    if group[0]["variance_unit"] == "points":
        panels.append(rows.pins(text("Change, points"), [row["variance_previous"] for row in group], tones, "points"))
    else:
        panels.append(rows.pins(text("Change, %"), [row["growth_previous"] for row in group], tones))
    attained = ["" if languages.missing(row["attainment"]) else languages.percent(row["attainment"]) for row in group]
    return [*panels, rows.written(text("Of target, %"), attained)] if any(attained) else panels


def _alt(title: str, drawn: list[dict[str, Any]]) -> str:
    moves = []
    for row in drawn[:5]:
        relative = not languages.missing(row["growth_previous"])
        change = (
            languages.percent(row["growth_previous"], signed=True)
            if relative
            else languages.points(row["variance_previous"])
        )
        moves.append(f"{row['shown']} {_value(row)} ({change})")
    return style.sentences(title, languages.listing(moves) + ".")
