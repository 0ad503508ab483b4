"""Breakdowns: which members of a dimension make the revenue, and how did each change?"""

from typing import Any

from perfkit import languages
from perfkit.charts.labels import joined, labels_of, percentages
from perfkit.charts.panels import Panel
from perfkit.charts.rows import Rows
from perfkit.charts.sheets import Sheet, chart
from perfkit.charts.style import Key, judged
from perfkit.kpis import Breakdown
from perfkit.languages import text


@chart
def breakdown(result: Breakdown, sheet: Sheet) -> None:
    """Draw the members of a dimension as the table has them: revenue, its changes, its margin rate.

    The year before is the light bar behind the dark one, the target an outline; a change in money is a bar
    on the same scale, a relative one a pin.

    See Also
    --------
    kpis.breakdown : the figures.
    """
    view = result.views()[0]
    drawn = view.rows.to_dict("records")
    if len(drawn) < 2:  # a total alone
        return sheet.say(view, getattr(result, "reason", "") or text("No revenue in this period to break down."))
    column = {str(name): list(view.rows[name]) for name in view.rows.columns}
    targets = column.get("target", [])
    aimed = not all(languages.missing(each) for each in targets)
    compared = not languages.missing(result.previous_total)
    shown, scale = labels_of([*column["revenue"], *column["variance"]], result.currency)
    quiet = [i for i, row in enumerate(drawn[:-1]) if languages.missing(row["member"])]
    rows = Rows(sheet, column["label"], total=True, quiet=quiet)
    panels = [
        rows.amounts(text("Net revenue"), column["revenue"], column["previous"], shown, targets if aimed else None)
    ]
    keys, tones = [Key(result.period.name(), "actual")], []
    if compared:
        tones += column["tone"]
        panels += _changes(rows, column, shown)
        keys.append(Key(result.period.year_before().name(), "previous"))
    if aimed:
        gaps = column["variance_target"]
        panels.append(rows.changes(text("Gap to target"), gaps, column["tone_gap"], shown, rank=2))
        tones += column["tone_gap"]
        keys.append(Key(text("Target"), "target"))
    if not sheet.narrow and not all(languages.missing(each) for each in column["margin_rate"]):
        rates = ["" if languages.missing(each) else languages.percent(each) for each in column["margin_rate"]]
        panels.append(rows.written(text("Margin rate"), rates, rank=3))
    keys += judged(tones)
    ax = sheet.open(view.title, joined(view.subtitle, scale), rows.height, keys if len(keys) > 1 else [])
    rows.place(ax, panels)
    largest = [f"{row['label']} {languages.show(row['revenue'], result.currency)}" for row in drawn[:3]]
    sheet.describe(text("Largest: {members}.", members=languages.listing(largest)))


def _changes(rows: Rows, column: dict[str, list[Any]], shown: Any) -> list[Panel]:
    """The change in money, and relative: as pins, or in words beside the names where there is no room for pins."""
    panels = [rows.changes(text("Change"), column["variance"], column["tone"], shown)]
    if all(languages.missing(growth) for growth in column["growth"]):
        return panels
    if rows.sheet.narrow:
        growth = percentages(column["growth"])
        return [*panels, rows.written("", growth, tones=column["tone"], upper=True)]
    return [*panels, rows.pins(text("Change, %"), column["growth"], column["tone"], rank=1)]
