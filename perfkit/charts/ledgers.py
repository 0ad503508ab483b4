"""Ledgers: what lies between sales and the books?"""

from perfkit import languages
from perfkit.charts.labels import joined, labels_of
from perfkit.charts.rows import Rows
from perfkit.charts.sheets import Sheet, chart
from perfkit.languages import text
from perfkit.margins import LedgerTie
from perfkit.margins.ledger.causes import CAUSES


@chart
def ledger_tie(result: LedgerTie, sheet: Sheet) -> None:
    """Draw what each cause adds to the books or takes from them, what is not explained, and their sum.

    Neither side is better for the company: the bars have no tone. Both totals stand in the table; beside them
    a gap of a few euros would be no bar at all.

    See Also
    --------
    margins.ledger.tie : the figures.
    """
    view = result.views()[0]
    if result.reason or not (len(result.totals) or any(result.months["residual"])):
        return sheet.say(view, result.reason or text("Nothing lies between sales and the books."))
    names = [text(CAUSES[cause][0]) for cause in result.totals["cause"]]
    labels = [*names, text("Not explained"), text("Books less sales")]
    values = [*result.totals["amount"], result.total("residual"), result.total("gap")]
    shown, scale = labels_of(values, result.currency)
    rows = Rows(sheet, labels, total=True)
    panels = [rows.changes(text("Difference"), values, [None] * len(values), shown)]
    counts = ["" if languages.missing(n) else languages.number(n) for n in [*result.totals["documents"], None, None]]
    if any(counts):
        panels.append(rows.written(text("Documents"), counts, quiet=True, rank=1))
    ax = sheet.open(view.title, joined(view.subtitle, scale), rows.height)
    rows.place(ax, panels)
    parts = [
        f"{name} {languages.money(amount, result.currency, 2, signed=True)}"
        for name, amount in zip(labels, values, strict=True)
    ]
    sheet.describe(text("Differences: {parts}.", parts=languages.listing(parts)))
