"""Scorecards: which figures moved for the better, and which for the worse?"""

from typing import Any

from perfkit import languages
from perfkit.charts.deviations import Deviation, Deviations, Figure, shown
from perfkit.charts.sheets import Sheet, apart, chart
from perfkit.charts.style import judged
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
    rows = view.rows.to_dict("records")
    against = [each for each in ("previous", "target") if any(_deviation(row, each).known for row in rows)]
    figures = [_figure(row, against) for row in rows]
    drawn = [figure for figure in figures if any(each.known for each in figure.deviations)]
    if not drawn:
        reasons = [row["previous_reason"] for row in rows if row["previous_reason"]]
        return sheet.say(view, " ".join([text("There is nothing to set the figures against."), *reasons[:1]]))
    named = {"previous": text("Change on {other}", other=result.previous.name()), "target": text("Gap to target")}
    made = Deviations(sheet, drawn, result.period.name(), [named[each] for each in against])
    keys = judged({each.tone for figure in drawn for each in figure.deviations}, " pin")
    heights = [rows.height for rows in made.rows]
    ax = sheet.open(view.title, view.subtitle, sum(heights) + 4 * (len(heights) - 1), keys)
    for rows_, panels, part in zip(made.rows, made.panels(), apart(ax, heights), strict=True):
        rows_.place(part, panels, names=made.longest_name)
    moves = [f"{each.name} {each.value} ({each.label(0)})" for each in drawn[:5] if each.deviations[0].known]
    sheet.describe(languages.listing(moves) + ".")


def _figure(row: dict[str, Any], against: list[str]) -> Figure:
    value = shown(row["actual"], row["unit"], row["decimals"])
    return Figure(row["shown"], value, row["variance_unit"] == "points", [_deviation(row, each) for each in against])


def _deviation(row: dict[str, Any], against: str) -> Deviation:
    """A share's change in points, any other figure's relative change."""
    points = row["variance_unit"] == "points"
    change = row[f"variance_{against}"]
    if points:
        relative = change
    elif against == "previous":
        relative = row["growth_previous"]
    else:
        relative = None if languages.missing(row["attainment"]) else row["attainment"] - 1
    return Deviation(
        shown(row[against], row["unit"], row["decimals"]),
        "" if points else shown(change, row["variance_unit"], row["decimals"], signed=True),
        relative,
        row[f"tone_{against}"],
    )
