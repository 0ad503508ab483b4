"""Price waterfalls: what is left of the list price, on the invoice and in the pocket?"""

from perfkit import languages
from perfkit.charts.labels import joined, labels_of
from perfkit.charts.rows import Rows
from perfkit.charts.sheets import Sheet, chart
from perfkit.charts.style import Key, judged
from perfkit.estimates import tone
from perfkit.languages import text
from perfkit.margins import PriceWaterfall


@chart
def price_waterfall(result: PriceWaterfall, sheet: Sheet) -> None:
    """Draw the steps from the list price to the pocket, with their part of it and the change in points.

    See Also
    --------
    margins.prices.waterfall : the figures.
    """
    view = result.views()[0]
    if result.reason:
        return sheet.say(view, result.reason)
    drawn = result.rows.to_dict("records")
    amounts = [row["amount"] for row in drawn]
    names = [result.label(row["line"]) for row in drawn]
    wholes = [place for place, row in enumerate(drawn) if row["role"] == "whole"]
    shown, scale = labels_of(amounts, result.currency)
    rows = Rows(sheet, names, total=True)
    panels = [rows.waterfall(result.period.name(), amounts, wholes, ["actual"] * len(drawn), shown)]
    parts = ["" if languages.missing(row["share"]) else languages.percent(row["share"]) for row in drawn]
    panels.append(rows.written(text("Of list revenue"), parts, upper=True, rank=2))
    changes = list(view.rows["change"])
    tones = [None if place == 0 else tone(change, "points") for place, change in enumerate(changes)]
    if not all(languages.missing(change) for change in changes) and not sheet.narrow:
        labels = [
            "" if languages.missing(each) or not place else languages.points(each) for place, each in enumerate(changes)
        ]
        panels.append(rows.written(text("Change"), labels, tones=tones, rank=1))
    keys = [Key(result.period.name(), "actual"), *judged(tones, " pin")] if any(tones) and not sheet.narrow else []
    ax = sheet.open(view.title, joined(view.subtitle, scale), rows.height, keys)
    rows.place(ax, panels)
    said = [f"{name} {languages.show(row['amount'], result.currency)}" for name, row in zip(names, drawn, strict=True)]
    sheet.describe(f"{languages.listing(said)}.")
