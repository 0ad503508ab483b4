"""Statements: what is left of list revenue, level by level?"""

from typing import Any

from perfkit import estimates, languages
from perfkit.charts.labels import joined, labels_of
from perfkit.charts.rows import Rows
from perfkit.charts.sheets import Sheet, chart
from perfkit.charts.style import Key, judged
from perfkit.contribution import LEVELS
from perfkit.languages import text
from perfkit.margins.statement.statements import Statement


@chart
def statement(result: Statement, sheet: Sheet) -> None:
    """Draw the waterfall from list revenue to the management result, the costs of a level as one bar.

    See Also
    --------
    margins.statement.statement : the figures, cost by cost.
    """
    view = result.views()[0]
    drawn = _steps(result)
    if len(drawn) < 2:  # net revenue alone
        return sheet.say(view, result.reason)
    amounts = [each["amount"] for each in drawn]
    wholes = [place for place, each in enumerate(drawn) if each["role"] == "margin" or not place]
    shown, scale = labels_of(amounts, result.currency)
    rows = Rows(sheet, [each["label"] for each in drawn], total=True)
    panels = [rows.waterfall(result.period.name(), amounts, wholes, ["actual"] * len(drawn), shown)]
    written = ["" if languages.missing(each["rate"]) else languages.percent(each["rate"]) for each in drawn]
    if not sheet.narrow:
        panels.append(rows.written(text("Part of net revenue"), written, rank=2))
    previous = [each["previous"] for each in drawn]
    compared = not any(languages.missing(each) for each in previous)
    tones: list[Any] = []
    if compared and not sheet.narrow:
        changes = [amount - before for amount, before in zip(amounts, previous, strict=True)]
        tones = [None if result.silent else estimates.tone(change, result.currency) for change in changes]
        panels.append(rows.changes(text("Change"), changes, tones, shown, rank=1))
    keys = [Key(result.period.name(), "actual"), *judged(tones)] if tones else []
    ax = sheet.open(view.title, joined(view.subtitle, scale), rows.height, keys)
    rows.place(ax, panels)
    parts = [f"{each['label']} {languages.show(each['amount'], result.currency)}" for each in drawn]
    sheet.describe(f"{languages.listing(parts)}.")


def _steps(result: Statement) -> list[dict[str, Any]]:
    """The rows of the statement, the costs of each level as one."""
    found: list[dict[str, Any]] = []
    names = {level.id: level.costs for level in LEVELS}
    for row in result.rows.to_dict("records"):
        if row["role"] != "cost":
            found.append(row | {"label": result.label(row["line"]).removeprefix("= ")})
        elif found[-1]["role"] == "cost":
            for side in ("amount", "rate", "previous"):
                both = found[-1][side], row[side]
                found[-1][side] = None if any(languages.missing(each) for each in both) else sum(both)
        else:
            found.append(row | {"label": text(names[row["level"]])})
    return found
