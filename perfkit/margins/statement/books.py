"""Books: what lies between the management result and the operating result of the ledger?

Account numbers are those of the French chart of accounts (plan comptable general): revenue and other operating income
stand on 70 to 75, 781 and 791, operating costs on 60 to 65 and 681; interest, exceptional items and income tax (66,
67, 69, 76, 77) are no part of an operating result.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit.aggregations import aggregation
from perfkit.contribution import LEVELS
from perfkit.languages import listing, mark, money, text
from perfkit.margins.ledger import entries
from perfkit.periods import Period
from perfkit.results import Field, View

_INCOME = ("70", "71", "72", "73", "74", "75", "781", "791")
_COSTS = ("60", "61", "62", "63", "64", "65", "681")
STEPS = {
    "result": mark("Result of the statement"),
    "uncosted": mark("Net revenue of lines whose cost is not known"),
    "revenue": mark("Revenue: accounts 70* less net revenue of sales"),
    "income": mark("Other operating income: accounts 71 to 75, 781 and 791"),
    "costs": mark("Costs: those of the statement less accounts 60 to 65 and 681"),
    "operating_result": mark("Operating result of the books"),
}
"""From the statement to the ledger."""

_LEFT = ("net_revenue", *(level.margin_id for level in LEVELS))
_SOURCES = {
    "goods": mark("Statement: goods of the lines sold"),
    "costs": mark("Statement: costs table"),
    "spend": mark("Statement: marketing spend"),
}


@dataclass(frozen=True, eq=False)
class Books:
    """The way from the result of a statement to the operating result of the ledger, to the cent.

    Attributes
    ----------
    steps : DataFrame, one row a step
        step: a key of `STEPS`, "uncosted" only where the cost of some lines is not known (they are in no margin of the
        statement, and in the revenue of the books); amount, Decimal. The first ones sum to the last.
    costs : DataFrame, one row a source of cost in the statement, and one a group of accounts
        source: "goods", "costs", "spend" or the first two digits of accounts; amount, Decimal: costs are negative.
    reason : str
        Why there is nothing to show; empty where there is.
    """

    steps: pd.DataFrame
    costs: pd.DataFrame
    reason: str = ""

    def amount(self, step: str) -> Decimal:
        """Return a step's amount."""
        found: Decimal = self.steps.set_index("step")["amount"][step]
        return found

    def figures(self, period: Period, currency: str) -> list[dict[str, Any]]:
        """Return each step as a figure."""
        return [
            {
                "figure_id": f"statement:{period.label}:books:{row['step']}",
                "kpi": f"books_{row['step']}",
                "period": period.label,
                "estimate": row["amount"],
                "unit": currency,
                "basis": text(STEPS[row["step"]]),
                "status": "observed",
                "reason": "",
            }
            for row in self.steps.to_dict("records")
        ]

    def views(self, period: Period, currency: str) -> list[View]:
        """Return the steps, and the costs of both sides."""
        what = text("Tie of the result to the books")
        if self.reason:
            return [View(text("{what}: not available", what=what), self.reason, [], pd.DataFrame())]
        about = text("{period}, {currency}", period=period.name(), currency=currency)
        fields = [Field("label", text("Step")), Field("amount", text("Amount"), currency, decimals=2)]
        labels = [text(STEPS[step]) for step in self.steps["step"]]
        steps = pd.DataFrame({"label": labels, "amount": self.steps["amount"]}, dtype="object")
        gap = self.amount("operating_result") - self.amount("result")
        title = (
            text("The books show {gap} more than the statement", gap=money(gap, currency, 2))
            if gap > 0
            else text("The books show {gap} less than the statement", gap=money(-gap, currency, 2))
            if gap
            else text("The statement ends at the operating result of the books, to the cent")
        )
        sides = [
            text(_SOURCES[source]) if source in _SOURCES else text("Books: accounts {group}", group=source)
            for source in self.costs["source"]
        ]
        costs = pd.DataFrame({"label": sides, "amount": self.costs["amount"]}, dtype="object")
        notes = []
        if self.amount("revenue"):
            notes.append(
                text("Revenue: the commercial audit tells cause by cause what lies between sales and accounts 70.")
            )
        if not self.amount("costs"):
            notes.append(text("Costs: the books hold those of the statement, to the cent."))
        return [
            View(title, about, fields, steps, total=True, notes=notes),
            View(
                text("Costs, as the statement and as the books hold them"),
                about,
                [Field("label", text("Costs")), fields[1]],
                costs,
                notes=[text("Look up the largest difference first: a cost that is in one of the two only.")]
                if self.amount("costs")
                else [],
            ),
        ]


def tied(ledger: ibis.Table | pd.DataFrame | None, rows: pd.DataFrame, period: Period) -> Books:
    """Set the rows of a statement against the ledger's accounts of income and cost.

    Parameters
    ----------
    ledger : table or DataFrame, columns of `schema.LEDGER`; None where there is none
    rows : DataFrame
        Of a `Statement`.
    period : Period
    """
    ask = text("the accounting entries of the period: the FEC (fichier des écritures comptables)")
    if ledger is None:
        return _none(text("The data have no ledger. Ask for {what}.", what=ask))
    if not {"debit", "credit"} <= set(ledger.columns):
        why = text("The ledger lacks debits or credits, so no result can be read from it. Ask for {what}.", what=ask)
        return _none(why)
    lines = entries.lines(ledger)
    found = _accounts(lines, period)
    there = {pd.Timestamp(month).date() for month in found["month"]}
    gaps = listing(month.name() for month in period.months() if month.start not in there)
    if gaps:
        return _none(text("The ledger holds no entry of {months}. Ask for {what}.", months=gaps, what=ask))
    absent = _one_sided(set(found["part"]), period)
    if absent:
        return _none(f"{absent} {text('Ask for the whole FEC of the fiscal year, with all of its journals.')}")
    booked = {part: Decimal(0) for part in ("revenue", "income", "costs")}
    of_groups: dict[str, Decimal] = {}
    for row in found[found["part"] != ""].to_dict("records"):
        booked[row["part"]] += row["amount"]
        if row["part"] == "costs":
            of_groups[row["group"]] = of_groups.get(row["group"], Decimal(0)) + row["amount"]
    of_rows = dict(zip(rows["line"], rows["amount"], strict=True))
    own = dict.fromkeys(_SOURCES, Decimal(0))
    for row in rows[rows["role"] == "cost"].to_dict("records"):
        own[row["line"].split(":")[0]] += row["amount"]
    last = [amount for line, amount in of_rows.items() if line in _LEFT][-1]
    uncosted = of_rows.get("uncosted") or Decimal(0)
    steps = [
        ("result", last),
        *([("uncosted", -uncosted)] if uncosted else []),
        ("revenue", booked["revenue"] - of_rows["net_revenue"]),
        ("income", booked["income"]),
        ("costs", booked["costs"] - sum(own.values(), Decimal(0))),
    ]
    steps.append(("operating_result", sum((amount for _step, amount in steps), Decimal(0))))
    of_sources = [(source, amount) for source, amount in own.items() if amount]
    return Books(
        steps=pd.DataFrame(steps, columns=["step", "amount"], dtype="object"),
        costs=pd.DataFrame([*of_sources, *sorted(of_groups.items())], columns=["source", "amount"], dtype="object"),
    )


def _one_sided(parts: set[str], period: Period) -> str:
    """Say which side of a result the ledger lacks: the journal of sales alone is no accounting; empty if neither."""
    if "costs" not in parts:
        return text(
            "The ledger holds no cost of operations of {period} (accounts 60 to 65 and 681), so no operating result "
            "can be read from it.",
            period=period.name(),
        )
    if "revenue" not in parts:
        return text(
            "The ledger holds no revenue of {period} (accounts 70), so no operating result can be read from it.",
            period=period.name(),
        )
    return ""


def _none(reason: str) -> Books:
    return Books(
        pd.DataFrame(columns=["step", "amount"], dtype="object"),
        pd.DataFrame(columns=["source", "amount"], dtype="object"),
        reason,
    )


@aggregation
def _accounts(lines: ibis.Table, period: Period) -> ibis.Table:
    """Credit less debit of each month and group of accounts, without the entries that close the year."""
    months = [month.start for month in period.months()]
    closing = entries.documents(lines).filter(_.closing).select(*entries.DOCUMENT)
    here = lines.filter(_.month.isin(months)).anti_join(closing, entries.DOCUMENT)

    def on(starts: tuple[str, ...]) -> ibis.Value:
        return reduce(or_, (_.account.startswith(start) for start in starts))

    part = ibis.cases((on(("70",)), "revenue"), (on(_INCOME), "income"), (on(_COSTS), "costs"), else_="")
    return (
        here.mutate(part=part, group=_.account.left(2))
        .group_by("month", "part", "group")
        .agg(amount=_.amount.sum().cast(entries.MONEY))
    )
