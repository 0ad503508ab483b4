"""Walks: what did new, growing, shrinking and lost customers do to last year's revenue?"""

from perfkit import estimates
from perfkit.charts import bridges
from perfkit.charts.sheets import Sheet, chart
from perfkit.kpis import RevenueWalk
from perfkit.languages import text


@chart
def revenue_walk(result: RevenueWalk, sheet: Sheet) -> None:
    """Draw the bridge from last year's revenue to this year's, step by step of what customers did.

    See Also
    --------
    kpis.revenue_walk : the figures.
    """
    view = result.views()[0]
    if result.reason or result.rows.empty:
        return sheet.say(view, result.reason or text("There is no change of revenue to split."))
    rows = view.rows.iloc[:-1]
    tones = list(rows["tone"])
    steps = list(zip(rows["label"], rows["effect"], tones, strict=True))
    base = result.previous_revenue if result.previous_revenue > 0 else None
    shares = [None if base is None else estimates.ratio(effect, base) for effect in rows["effect"]]
    whole = None if base is None else estimates.growth(result.revenue, result.previous_revenue)
    ends = None if result.silent else estimates.tone(result.change, result.currency)
    relative = text("Of last year, %"), [None, *shares, whole], [None, *tones, ends]
    bridges.draw(result, sheet, view, steps, relative, (text("Customers"), list(rows["customers"])))
