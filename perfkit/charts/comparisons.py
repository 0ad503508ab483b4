"""Comparisons: two periods, or two parts of the business, side by side: in which figures do they differ?"""

from typing import Any

from perfkit import languages
from perfkit.charts.deviations import Deviation, Deviations, Figure, shown
from perfkit.charts.labels import joined, labels_of, percentages
from perfkit.charts.lettering import clean
from perfkit.charts.panels import Panel
from perfkit.charts.rows import Rows
from perfkit.charts.sheets import Sheet, apart, chart
from perfkit.charts.style import Key, judged
from perfkit.kpis import Comparison
from perfkit.languages import text
from perfkit.results import View

_BETWEEN = 12.0  # points between the figures and the members


@chart
def comparison(result: Comparison, sheet: Sheet) -> None:
    """Draw how each figure differs between the two, then revenue by member: one dark, the other light behind it.

    Relative differences share one scale, shares in points have theirs. A figure that may not be compared is in
    the table only.

    See Also
    --------
    kpis.compare : the figures.
    """
    view, *others = result.views()
    figures = [_figure(row) for row in view.rows.to_dict("records")]
    drawn = [figure for figure in figures if figure.deviations[0].known]
    if not drawn:
        return sheet.say(view, text("There is nothing to set the figures against."))
    a, b = clean(result.a.name), clean(result.b.name)
    made = Deviations(sheet, drawn, a, [text("Difference to {other}", other=b)])
    keys = judged({each.tone for figure in drawn for each in figure.deviations}, " pin")
    scale, members = "", list[tuple[Rows, list[Panel]]]()
    if others:
        keys = [Key(a, "actual"), Key(b, "previous"), *keys]
        rows, panels, scale = _members(result, sheet, others[0])
        members.append((rows, panels))
    heights, lower = [rows.height for rows in made.rows], [rows.height for rows, _ in members]
    upper = sum(heights) + 4 * (len(heights) - 1)
    ax = sheet.open(view.title, joined(view.subtitle, scale), upper + sum(_BETWEEN + each for each in lower), keys)
    above, *below = apart(ax, [upper, *lower], _BETWEEN)
    names = max([made.longest_name, *(rows.longest_name for rows, _ in members)])
    for rows, panels, part in zip(made.rows, made.panels(), apart(above, heights), strict=True):
        rows.place(part, panels, names=names)
    for (rows, panels), part in zip(members, below, strict=True):
        rows.place(part, panels, names=names)
    moves = [f"{each.name} {each.value} ({each.label(0)})" for each in drawn[:5]]
    sheet.describe(languages.listing(moves) + ".")


def _figure(row: dict[str, Any]) -> Figure:
    points = row["variance_unit"] == "points"
    deviation = Deviation(
        shown(row["b"], row["unit"], row["decimals"]),
        "" if points else shown(row["variance"], row["variance_unit"], row["decimals"], signed=True),
        row["variance"] if points else row["growth"],
        row["tone"],
    )
    return Figure(row["shown"], shown(row["a"], row["unit"], row["decimals"]), points, [deviation])


def _members(result: Comparison, sheet: Sheet, view: View) -> tuple[Rows, list[Panel], str]:
    """Return the rows and panels of the members, and the words that state the scale of their labels."""
    column = {str(name): list(view.rows[name]) for name in view.rows.columns}
    written, scale = labels_of([*column["a"], *column["b"], *column["variance"]], result.currency)
    rows = Rows(sheet, column["label"], total=True)
    panels = [
        rows.amounts(text("Net revenue"), column["a"], column["b"], written),
        rows.changes(text("Difference"), column["variance"], column["tone"], written),
    ]
    if all(languages.missing(growth) for growth in column["growth"]):
        return rows, panels, scale
    if sheet.narrow:
        panels.append(rows.written("", percentages(column["growth"]), tones=column["tone"], upper=True))
    else:
        panels.append(rows.pins(text("Difference, %"), column["growth"], column["tone"], rank=1))
    return rows, panels, scale
