"""Price and volume: what led from one period's revenue, or gross profit, to another's?"""

from perfkit.charts import bridges
from perfkit.charts.sheets import Sheet, chart
from perfkit.languages import text
from perfkit.margins import PriceVolumeMix
from perfkit.margins.bridge.views import base_name, effects_shown


@chart
def price_volume_mix(result: PriceVolumeMix, sheet: Sheet) -> None:
    """Draw the bridge from the base to the period, effect by effect: price, volume, mix, and what has none of them.

    See Also
    --------
    margins.bridge.price_volume_mix : the figures.
    """
    view = result.views()[0]
    if result.reason:
        return sheet.say(view, result.reason)
    table, total = effects_shown(result), view.rows.iloc[-1]
    tones = list(table["tone"])
    ends = bridges.Ends(
        before=base_name(result),
        start=result.start,
        now=result.current.name(),
        end=result.end,
        what=text("Gross profit") if result.margin else text("Net revenue"),
        currency=result.currency,
        base="target" if result.budget else "previous",
    )
    steps = list(zip(table["label"], table["amount"], tones, strict=True))
    relative = text("Of the base, %"), [None, *table["share"], total["share"]], [None, *tones, total["tone"]]
    bridges.draw(ends, sheet, view, steps, relative)
