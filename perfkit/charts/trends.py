"""Trends: how did revenue run, month by month, against a year before and the target?"""

from perfkit import languages
from perfkit.charts.columns import Column, Timeline, months_of
from perfkit.charts.labels import joined, labels_of
from perfkit.charts.sheets import Sheet, chart
from perfkit.charts.style import Key
from perfkit.kpis import Trend
from perfkit.languages import text


@chart
def trend(result: Trend, sheet: Sheet) -> None:
    """Draw revenue by month: actual dark, the year before light, the target outlined; the changes above, to scale.

    A month that is not over yet is an empty dotted outline: it is neither zero nor a forecast.

    See Also
    --------
    kpis.trend : the figures.
    """
    view, rows = result.views()[0], result.cells.to_dict("records")
    months = [
        Column(
            month,
            row["revenue"],
            row["previous"],
            row["target"],
            awaited=languages.missing(row["revenue"]),
            judged=not result.doubted(month),
        )
        for month, row in zip(months_of(result.cells["month"]), rows, strict=True)
    ]
    if not any(column.numbers() for column in months):
        return sheet.say(view, text("No month has revenue to show."))
    shown, scale = labels_of([value for each in months for value in each.numbers()], result.currency)
    timeline = Timeline(sheet, months, shown)
    there = timeline.scenarios()
    keys = [
        Key(text("Actual"), "actual"),
        Key(text("A year before"), "previous"),
        Key(text("Target"), "target"),
        Key(text("Not observed yet"), "not observed"),
        Key(text("Better"), "good"),
        Key(text("Worse"), "bad"),
    ]
    ax = sheet.open(
        view.title,
        joined(view.subtitle, scale),
        timeline.height,
        [key for key in keys if key.scenario in there],
    )
    timeline.draw(ax)
    sheet.describe(*_figures(months, result.currency))


def _figures(months: list[Column], currency: str) -> list[str]:
    observed = [column for column in months if not languages.missing(column.actual)]
    if not observed:
        return []
    by_value = sorted(observed, key=lambda column: column.actual)

    def at(column: Column) -> dict[str, str]:
        month = "" if column.month is None else languages.month(column.month)
        return {"month": month, "value": languages.show(column.actual, currency)}

    return [
        text("Last month, {month}: {value}.", **at(observed[-1])),
        text("Highest, {month}: {value}.", **at(by_value[-1])),
        text("Lowest, {month}: {value}.", **at(by_value[0])),
    ]
