"""Trees: what led from last year's revenue to this year's?"""

from perfkit.charts import bridges
from perfkit.charts.sheets import Sheet, chart
from perfkit.kpis import RevenueTree
from perfkit.languages import text


@chart
def revenue_tree(result: RevenueTree, sheet: Sheet) -> None:
    """Draw the bridge from the revenue of the year before, factor by factor, to the revenue of the period.

    See Also
    --------
    kpis.revenue_tree : the figures.
    """
    view = result.views()[0]
    if result.reason or view.rows.empty:
        return sheet.say(view, result.reason or text("There is no change of revenue to split."))
    factors = view.rows.iloc[:-1]
    tones = list(factors["tone"])
    steps = list(zip(factors["shown"], factors["effect"], tones, strict=True))
    growth = [None, *factors["growth"], None]
    bridges.draw(result, sheet, view, steps, (text("Factor, %"), growth, [None, *tones, None]))
