"""Movements: which members made revenue change?"""

from perfkit import languages
from perfkit.charts.labels import joined, labels_of
from perfkit.charts.rows import Rows
from perfkit.charts.sheets import Sheet, chart
from perfkit.charts.style import judged
from perfkit.kpis import Movers
from perfkit.languages import text


@chart
def movers(result: Movers, sheet: Sheet) -> None:
    """Draw the members that moved revenue most, gains to the right and losses to the left, and their sum.

    See Also
    --------
    kpis.movers : the figures.
    """
    view = result.views()[0]
    drawn = view.rows.to_dict("records")
    if len(drawn) < 2:  # a total alone, or nothing
        return sheet.say(view, result.reason or text("No revenue in either period."))
    column = {name: list(view.rows[name]) for name in ("label", "previous", "revenue", "change", "tone")}
    shown, scale = labels_of([*column["change"], *column["previous"], *column["revenue"]], result.currency)
    quiet = [i for i, row in enumerate(drawn[:-1]) if languages.missing(row["member"])]
    rows = Rows(sheet, column["label"], total=True, quiet=quiet)
    before, now = result.period.year_before().name(), result.period.name()
    came = [row["shown_kind"] if row["kind"] in ("new", "lost") else "" for row in drawn]  # the others show their sign
    panels = [
        *([rows.written("", came, quiet=True, upper=True, rank=1)] if any(came) else []),
        rows.written(before, [shown(each) for each in column["previous"]], quiet=True, rank=3),
        rows.written(now, [shown(each) for each in column["revenue"]], rank=2),
        rows.changes(text("Change"), column["change"], column["tone"], shown),
    ]
    ax = sheet.open(view.title, joined(view.subtitle, scale), rows.height, judged(column["tone"]))
    rows.place(ax, panels)
    largest = [f"{row['label']} {languages.show(row['change'], result.currency, signed=True)}" for row in drawn[:3]]
    sheet.describe(text("Largest: {members}.", members=languages.listing(largest)))
