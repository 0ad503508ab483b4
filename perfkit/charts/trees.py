"""Trees: what led from last year's revenue to this year's?"""

from perfkit import languages
from perfkit.charts.labels import joined, labels_of, percentages
from perfkit.charts.rows import Rows
from perfkit.charts.sheets import Sheet, chart
from perfkit.charts.style import Key
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
    effects, names, tones = list(factors["effect"]), list(factors["shown"]), list(factors["tone"])
    before, now = result.period.year_before().name(), result.period.name()
    shown, scale = labels_of([result.previous_revenue, result.revenue, *effects], result.currency)
    rows = Rows(sheet, [before, *names, now], total=True)
    growth = [None, *factors["growth"], None]
    panels = [rows.bridge(text("Net revenue"), result.previous_revenue, effects, tones, result.revenue, shown)]
    if sheet.narrow:
        panels.append(rows.written("", percentages(growth), tones=[None, *tones, None], upper=True))
    else:
        panels.append(rows.pins(text("Factor, %"), growth, [None, *tones, None]))
    keys = [Key(before, "previous"), Key(now, "actual"), Key(text("Better"), "good"), Key(text("Worse"), "bad")]
    ax = sheet.open(view.title, joined(view.subtitle, scale), rows.height, keys)
    rows.place(ax, panels)
    money = [languages.show(each, result.currency) for each in (result.previous_revenue, result.revenue)]
    parts = [
        f"{name} {languages.show(effect, result.currency, signed=True)}"
        for name, effect in zip(names, effects, strict=True)
    ]
    sheet.describe(
        text(
            "From {previous} to {actual}: {parts}.", previous=money[0], actual=money[1], parts=languages.listing(parts)
        )
    )
