"""Years: where does the fiscal year stand, and where will it land?"""

from perfkit import languages
from perfkit.charts.columns import Column, Timeline, months_of
from perfkit.charts.labels import joined, labels_of
from perfkit.charts.sheets import Sheet, chart
from perfkit.charts.style import Key
from perfkit.kpis import YearToDate
from perfkit.languages import text


@chart
def year_to_date(result: YearToDate, sheet: Sheet) -> None:
    """Draw revenue cumulated over the fiscal year, last year's and the target's, and the landing with its interval.

    The landing is hatched, since it is an estimate; its interval is the whisker on it.

    See Also
    --------
    kpis.year_to_date : the figures.
    """
    view = result.views()[0]
    if result.reason or result.cells.empty:
        return sheet.say(view, result.reason or text("No month has revenue to show."))
    rows, landing = result.cells.to_dict("records"), result.landing
    columns = [
        Column(month, row["actual"], row["previous"], row["target"], judged=not result.silent)
        for month, row in zip(months_of(result.cells["month"]), rows, strict=True)
    ]
    if landing.status == "estimated":
        ends = result.year_previous, result.year_target
        columns.append(Column(None, landing.estimate, *ends, landing.low, landing.high, judged=not result.silent))
    shown, scale = labels_of([value for each in columns for value in each.numbers()], result.currency)
    timeline = Timeline(sheet, columns, shown)
    there = timeline.scenarios()
    keys = [
        Key(text("Actual"), "actual"),
        Key(text("A year before"), "previous"),
        Key(text("Target"), "target"),
        Key(text("Landing (estimate)"), "forecast"),
        Key(text("Better"), "good"),
        Key(text("Worse"), "bad"),
    ]
    cumulated = text("cumulated from {month}", month=languages.month(result.year.start))
    ax = sheet.open(
        view.title,
        joined(view.subtitle, cumulated, scale),
        timeline.height,
        [key for key in keys if key.scenario in there],
    )
    timeline.draw(ax)
    sheet.describe(*_figures(result))


def _figures(result: YearToDate) -> list[str]:
    landing, currency = result.landing, result.currency
    parts = [
        (text("Actual"), result.actual),
        (text("A year before"), result.previous),
        (text("Target"), result.target),
    ]
    known = [f"{name} {languages.show(value, currency)}" for name, value in parts if value is not None]
    said = [languages.listing(known) + "."]
    if landing.low is not None and landing.high is not None:
        said.append(
            text(
                "Landing: {estimate}, between {low} and {high}.",
                estimate=languages.show(landing.estimate, currency),
                low=languages.show(landing.low, currency),
                high=languages.show(landing.high, currency),
            )
        )
    return said
