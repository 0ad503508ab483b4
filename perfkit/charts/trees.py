"""Trees: what led from last year's revenue to this year's?"""

from matplotlib.axes import Axes

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.rows import Rows
from perfkit.charts.style import Key
from perfkit.kpis import RevenueTree
from perfkit.languages import text


def revenue_tree(result: RevenueTree, ax: Axes | None = None) -> Axes:
    """Draw the bridge from the revenue of the year before, factor by factor, to the revenue of the period.

    See Also
    --------
    kpis.revenue_tree : the figures.
    """
    with style.drawing():
        return _draw(result, ax)


def _draw(result: RevenueTree, ax: Axes | None) -> Axes:
    view = result.views()[0]
    if result.reason or view.rows.empty:
        return style.empty(ax, view, result.reason or text("There is no change of revenue to split."))
    factors = view.rows.iloc[:-1]
    effects, names = list(factors["effect"]), list(factors["shown"])
    before, now = result.period.year_before().name(), result.period.name()
    shown, scale = style.labels_of([result.previous_revenue, result.revenue, *effects], result.currency)
    growth = ["" if languages.missing(each) else languages.percent(each, signed=True) for each in factors["growth"]]
    rows = Rows([before, *names, now], total=True)
    panels = [
        rows.bridge(
            text("Net revenue"), result.previous_revenue, effects, list(factors["tone"]), result.revenue, shown
        ),
        rows.written(text("Factor, %"), ["", *growth, ""], quiet=True),
    ]
    keys = [Key(text("Better"), "good"), Key(text("Worse"), "bad")]
    ax, width = style.sheet(ax, view.title, style.joined(view.subtitle, scale), rows.height, keys)
    rows.place(ax, width, panels)
    money = [languages.show(each, result.currency) for each in (result.previous_revenue, result.revenue)]
    parts = [
        f"{name} {languages.show(effect, result.currency, signed=True)}"
        for name, effect in zip(names, effects, strict=True)
    ]
    bridge = text(
        "From {previous} to {actual}: {parts}.", previous=money[0], actual=money[1], parts=languages.listing(parts)
    )
    ax.figure.set_label(style.sentences(view.title, bridge))
    return ax
