"""Walks: what did new, growing, shrinking and lost customers do to last year's revenue?"""

from perfkit import estimates, languages
from perfkit.charts.labels import joined, labels_of, percentages
from perfkit.charts.rows import Rows
from perfkit.charts.sheets import Sheet, chart
from perfkit.charts.style import Key
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
    steps = view.rows.iloc[:-1]
    effects, names, tones = list(steps["effect"]), list(steps["label"]), list(steps["tone"])
    before, now = result.period.year_before().name(), result.period.name()
    shown, scale = labels_of([result.previous_revenue, result.revenue, *effects], result.currency)
    rows = Rows(sheet, [before, *names, now], total=True)
    base = result.previous_revenue if result.previous_revenue > 0 else None
    shares = [None, *(None if base is None else estimates.ratio(effect, base) for effect in effects), None]
    shares[-1] = estimates.growth(result.revenue, result.previous_revenue)
    tones = [None, *tones, estimates.tone(result.change, result.currency)]
    counted = ["" if languages.missing(n) else languages.number(n) for n in steps["customers"]]
    panels = [
        rows.written(text("Customers"), ["", *counted, ""], quiet=True, rank=2),
        rows.bridge(text("Net revenue"), result.previous_revenue, effects, tones[1:-1], result.revenue, shown),
    ]
    if sheet.narrow:
        panels.append(rows.written("", percentages(shares), tones=tones, upper=True))
    elif base is not None:
        panels.append(rows.pins(text("Of last year, %"), shares, tones, rank=1))
    keys = [Key(before, "previous"), Key(now, "actual"), Key(text("Better"), "good"), Key(text("Worse"), "bad")]
    ax = sheet.open(view.title, joined(view.subtitle, scale), rows.height, keys)
    rows.place(ax, panels)
    money = [languages.show(each, result.currency) for each in (result.previous_revenue, result.revenue)]
    parts = [
        f"{name} {languages.show(effect, result.currency, signed=True)}"
        for name, effect in zip(names, effects, strict=True)
    ]
    listed = languages.listing(parts)
    sheet.describe(text("From {previous} to {actual}: {parts}.", previous=money[0], actual=money[1], parts=listed))
