"""Ledgers: what lies between sales and the books?"""

from matplotlib.axes import Axes

from perfkit import languages
from perfkit.charts import style
from perfkit.charts.rows import Rows
from perfkit.languages import text
from perfkit.margins import LedgerTie
from perfkit.margins.causes import CAUSES


def ledger_tie(result: LedgerTie, ax: Axes | None = None) -> Axes:
    """Draw what each cause adds to the books or takes from them, what is not explained, and their sum.

    Neither side is better for the company: the bars have no tone. Both totals stand in the table; beside them
    a gap of a few euros would be no bar at all.

    See Also
    --------
    margins.ledger.tie : the figures.
    """
    with style.drawing():
        return _draw(result, ax)


def _draw(result: LedgerTie, ax: Axes | None) -> Axes:
    view = result.views()[0]
    if result.reason or not (len(result.totals) or any(result.months["residual"])):
        return style.empty(ax, view, result.reason or text("Nothing lies between sales and the books."))
    names = [text(CAUSES[cause][0]) for cause in result.totals["cause"]]
    amounts = [*result.totals["amount"], result.total("residual")]
    shown, scale = style.labels_of([*amounts, result.total("gap")], result.currency)
    labels = [*names, text("Not explained"), text("Books less sales")]
    rows = Rows(labels, total=True)
    values = [*amounts, result.total("gap")]
    panels = [rows.changes(text("Difference"), values, [None] * len(values), shown)]
    counts = ["" if languages.missing(n) else languages.number(n) for n in [*result.totals["documents"], None, None]]
    if any(counts):
        panels.append(rows.written(text("Documents"), counts, quiet=True))
    ax, width = style.sheet(ax, view.title, style.joined(view.subtitle, scale), rows.height)
    rows.place(ax, width, panels)
    parts = [
        f"{name} {languages.money(amount, result.currency, 2, signed=True)}"
        for name, amount in zip(labels, values, strict=True)
    ]
    ax.figure.set_label(style.sentences(view.title, text("Differences: {parts}.", parts=languages.listing(parts))))
    return ax
