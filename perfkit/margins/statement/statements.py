"""Statement: from list revenue to the management result, level by level, as far down as the data go."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd

from perfkit import estimates, languages, months
from perfkit.contribution import AFTER_PURCHASES, LEVELS, Level
from perfkit.languages import in_sentence, listing, mark, money, percent, text
from perfkit.lines import checked, span
from perfkit.margins import standards
from perfkit.margins.standards import NONE, Standard
from perfkit.margins.statement import books
from perfkit.margins.statement.books import Books
from perfkit.margins.statement.sides import GOODS, UNCOSTED, beside, sides
from perfkit.periods import Period
from perfkit.results import Field, Result, View, figure_frame

REVENUE = {
    "list_revenue": mark("List revenue"),
    "unlisted": mark("Sales without a list price"),
    "discounts": mark("Discounts"),
    "returns": mark("Returns and credit notes"),
    "net_revenue": mark("Net revenue"),
}
"""From list price to what customers pay, in the order of the statement."""

_NAMES = {
    **REVENUE,
    UNCOSTED: mark("Net revenue of lines whose cost is not known"),
    GOODS: mark("Goods of the lines sold"),
    **{level.margin_id: level.margin for level in LEVELS},
}
MARGIN_IDS = tuple(level.margin_id for level in LEVELS)


@dataclass(frozen=True, eq=False)
class Statement(Result):
    """From list revenue to the management result; every line adds up to the cent.

    Attributes
    ----------
    rows : DataFrame, one row a line, in the order of the statement
        line: a key of `REVENUE`, "uncosted", "goods", "costs:<level>:<kind>", "spend:<level>:<kind>", or a level's
        `margin_id`; role: "revenue", "cost" or "margin" (what is left); level: of `contribution.LEVELS`, None for
        revenue; name: the kind of a cost, as the company calls it; amount, Decimal: what it adds (a cost takes off,
        so it is negative); rate: of net revenue, from the cost of goods down of the revenue whose cost is known, None
        where that is not positive; previous, previous_rate: a year before, None where the data do not hold it.
    period : Period
    currency : str
    covered, previous_covered : float or None
        Share of the amounts sold whose cost of goods is known, 0 to 1; None where no line says its cost.
    books : Books
        What lies between the result and that of the ledger.
    reason : str
        Why the statement ends where it does, and what to ask for; empty where it reaches the management result.
    previous_reason : str
        Why there is no year before, or not all of it; empty where there is.
    silent : tuple of Period
        Months of either period that may be missing (see `months.silent_months`): changes then have no tone.
    standard, previous_standard : Standard
        What of the cost of goods is quantity times a unit cost of the product table.
    """

    rows: pd.DataFrame
    period: Period
    currency: str
    covered: float | None
    previous_covered: float | None
    books: Books
    reason: str = ""
    previous_reason: str = ""
    silent: tuple[Period, ...] = ()
    standard: Standard = NONE
    previous_standard: Standard = NONE

    @property
    def last(self) -> str:
        """The deepest line that the data reach: "net_revenue", or the `margin_id` of a level."""
        return [line for line in self.rows["line"] if line == "net_revenue" or line in MARGIN_IDS][-1]

    def amount(self, line: str, *, previous: bool = False) -> Decimal | None:
        """Return a line's amount, 0 where the statement has none of that name; None where the data do not say."""
        found = self.rows[self.rows["line"] == line]
        value = found.iloc[0]["previous" if previous else "amount"] if len(found) else Decimal(0)
        return None if languages.missing(value) else value

    def figures(self) -> pd.DataFrame:
        """Return each line of both periods, and the tie to the books."""
        found: list[dict[str, Any]] = []
        for side, when in (("amount", self.period), ("previous", self.period.year_before())):
            if side == "previous" and self.previous_reason and self.rows["previous"].isna().all():
                continue
            found += [
                {
                    "figure_id": f"statement:{when.label}:{row['line']}",
                    "kpi": row["line"] if row["role"] != "cost" else "cost",
                    "period": when.label,
                    "dimensions": {"level": row["level"], "kind": row["name"]} if row["role"] == "cost" else None,
                    "estimate": row[side],
                    "unit": self.currency,
                    "basis": text(_basis(row)),
                    "status": "not available" if languages.missing(row[side]) else "observed",
                    "reason": self.previous_reason if languages.missing(row[side]) else "",
                }
                for row in self.rows.to_dict("records")
            ]
        return figure_frame([*found, *self.books.figures(self.period, self.currency)])

    def ties_to(self) -> dict[str, Any] | None:
        """Return the revenue that the statement starts from, and where it ends."""
        return {
            "net_revenue": self.amount("net_revenue"),
            self.last: self.amount(self.last),
            "period": self.period.label,
        }

    def views(self) -> list[View]:
        """Return the statement with the year before, and what lies between its result and the books."""
        return [self._statement(), *self.books.views(self.period, self.currency)]

    def message(self) -> str:
        """Return in a sentence what is left in the end, and what it was a year before."""
        row = self.rows[self.rows["line"] == self.last].iloc[0]
        if self.last == "net_revenue":
            return text("Net revenue was {amount}; no cost is known", amount=money(row["amount"], self.currency))
        values = {"margin": self._name(self.last), "amount": money(row["amount"], self.currency)}
        if row["rate"] is None:
            return text("{margin}: {amount}", **values)
        values["rate"] = percent(row["rate"])
        if languages.missing(row["previous_rate"]) or self.silent:
            if self._partly_costed():
                return text("{margin}: {amount}, {rate} of the net revenue whose cost is known", **values)
            return text("{margin}: {amount}, {rate} of net revenue", **values)
        if self._partly_costed():
            return text(
                "{margin}: {amount}, {rate} of the net revenue whose cost is known, against {before} a year before",
                before=percent(row["previous_rate"]),
                **values,
            )
        return text(
            "{margin}: {amount}, {rate} of net revenue against {before} a year before",
            before=percent(row["previous_rate"]),
            **values,
        )

    def _partly_costed(self) -> bool:
        """Say whether the cost of some lines is not known, so that rates are of the others."""
        return any(share is not None and share < 1 for share in (self.covered, self.previous_covered))

    def _statement(self) -> View:
        records = self.rows.to_dict("records")
        compared = not self.rows["previous"].isna().all()
        rows = pd.DataFrame(
            {
                "label": [self._label(row) for row in records],
                "amount": self.rows["amount"],
                "rate": self.rows["rate"],
                "previous": self.rows["previous"],
                "previous_rate": self.rows["previous_rate"],
                "change": [
                    None if languages.missing(row["previous"]) else row["amount"] - row["previous"] for row in records
                ],
            },
            dtype="object",
        )
        rows["tone"] = [None if self.silent else estimates.tone(change, self.currency) for change in rows["change"]]
        fields = [
            Field("label", text("Line")),
            Field("amount", self.period.name(), self.currency),
            Field("rate", text("Part of net revenue"), "share"),
        ]
        if compared:
            fields += [
                Field("previous", self.period.year_before().name(), self.currency),
                Field("previous_rate", text("Part of net revenue"), "share"),
                Field("change", text("Change"), self.currency, signed=True, tone_from="tone"),
            ]
        subtitle = text(
            "From list revenue to what is left, {period}, {currency} net of tax; costs are negative",
            period=self.period.name(),
            currency=self.currency,
        )
        return View(self.message(), subtitle, fields, rows, notes=self._notes())

    def label(self, line: str) -> str:
        """Return what a reader calls a line."""
        return self._label(self.rows[self.rows["line"] == line].iloc[0].to_dict())

    def _label(self, row: Mapping[Any, Any]) -> str:
        """A cost by its own name, what is left after an equals sign."""
        if row["line"] in _NAMES:
            name = self._name(row["line"])
            return f"= {name}" if row["role"] == "margin" else name
        if row["line"].startswith("spend:"):
            return text("Marketing: {kind}", kind=row["name"]) if row["name"] else text("Marketing spend")
        return row["name"] or text("(no name)")

    def _name(self, line: str) -> str:
        return text(AFTER_PURCHASES if line == "gross_profit" and self._purchases() else _NAMES[line])

    def _purchases(self) -> bool:
        """Whether costs of goods are known beside those of the lines."""
        return any(line.startswith(("costs:cogs:", "spend:cogs:")) for line in self.rows["line"])

    def _notes(self) -> list[str]:
        notes, lines = [], set(self.rows["line"])
        profit, goods = self.amount("gross_profit"), self._cost_of_goods()
        revenue = self.amount("net_revenue") or Decimal(0)
        if "gross_profit" in lines and profit is not None and goods > 0 and revenue > 0:
            notes.append(
                text(
                    "The gross margin is {rate} of net revenue (margin / net revenue), or {markup} of what the goods "
                    "cost (margin / cost of goods): say which one is meant.",
                    rate=percent(self.rows.set_index("line")["rate"]["gross_profit"]),
                    markup=percent(float(profit / goods)),
                )
            )
        if notes and self._purchases():
            notes.append(text("Both are after other purchase costs."))
        if self._purchases() and profit is not None:
            beside = self.rows[(self.rows["level"] == "cogs") & (self.rows["line"] != GOODS)]
            before = profit - sum(beside.loc[beside["role"] == "cost", "amount"], Decimal(0))
            notes.append(
                text(
                    "Other purchase costs are of no line: where lines are broken down, gross margin is before them, "
                    "{amount} here.",
                    amount=money(before, self.currency),
                )
            )
        if self.covered is not None and self.covered < 1 and "gross_profit" in lines:
            notes.append(
                text(
                    "The cost is known for {share} of the amounts sold; the other lines are in no margin.",
                    share=percent(self.covered),
                )
            )
            notes.append(text("Each rate of a cost or a margin is of the net revenue whose cost is known."))
        if "gross_profit" in lines:
            notes.append(standards.in_words(self.standard, self.currency))
        if absent := [level for level in LEVELS[: LEVELS.index(self._level())] if level.margin_id not in lines]:
            notes.append(
                text(
                    "The data hold no {costs}; what is left further down is as if there were none. Ask for them "
                    "(costs).",
                    costs=listing(in_sentence(text(level.costs)) for level in absent),
                )
            )
        notes += [self.reason, self.previous_reason, months.silence(self.silent)]
        return [each for each in notes if each]

    def _level(self) -> Level:
        """The deepest level; the first where there is none."""
        return next((level for level in LEVELS if level.margin_id == self.last), LEVELS[0])

    def _cost_of_goods(self) -> Decimal:
        goods = self.rows[(self.rows["role"] == "cost") & (self.rows["level"] == LEVELS[0].id)]
        return -sum(goods["amount"], Decimal(0))


def statement(
    sales: ibis.Table | pd.DataFrame,
    costs: ibis.Table | None = None,
    *,
    period: Period,
    currency: str,
    ledger: ibis.Table | pd.DataFrame | None = None,
) -> Statement:
    """Take costs off revenue, level by level, as far down as the data go.

    Parameters
    ----------
    sales : table or DataFrame, one row a line, columns of `schema.SALES`
        With `cost`, or `quantity` and the `unit_cost` of its product; `list_revenue` for discounts.
    costs : table, optional
        As `contribution.costs` gives it: every cost beyond the goods of the lines, each of one level.
    period : Period
    currency : str
        ISO code of every amount.
    ledger : table or DataFrame, columns of `schema.LEDGER`, optional
        To tie the result to that of the books.

    Raises
    ------
    ParameterError
        If the period is a text and not a Period.
    DataError
        If a column is absent, or the period starts before the data.

    See Also
    --------
    charts.statement : the waterfall.
    """
    lines = checked(standards.lines_of(sales))
    days = span(lines, period)
    now, before = sides(lines, costs, period)
    then = before if days.holds(before.period) else None
    rows = beside(now.rows(), then.rows() if then else {})
    previous_reason = days.why_not() if then is None else ""
    if then is not None and then.reason() and then.reason() != now.reason():
        previous_reason = text("A year before: {why}", why=then.reason())
    return Statement(
        rows=rows,
        period=period,
        currency=currency,
        covered=now.covered,
        previous_covered=then.covered if then else None,
        books=books.tied(ledger, rows, period),
        reason=now.reason(),
        previous_reason=previous_reason,
        silent=months.silent_months_of(lines, period, days),
        standard=now.standard,
        previous_standard=then.standard if then else NONE,
    )


def _basis(row: Mapping[Any, Any]) -> str:
    """What a line is the sum of."""
    if row["role"] == "cost":
        return _COST_OF_LINES if row["line"] == GOODS else _COST_OF_KIND
    return _BASES.get(row["line"], _LEFT)


_COST_OF_LINES = mark("Cost of the goods of the lines dated in the period, where it is known, taken off")
_COST_OF_KIND = mark("Sum of the costs of this kind and level dated in the period, taken off")
_LEFT = mark("Net revenue less the costs of this level and of those above it")
_BASES = {
    "list_revenue": mark("Sum of list revenue of the lines with a list price, returns apart"),
    "unlisted": mark("Sum of net revenue of the lines without a list price, returns apart"),
    "discounts": mark("Net revenue less list revenue of the lines with a list price"),
    "returns": mark("Sum of net revenue of the lines below zero"),
    "net_revenue": mark("Sum of net revenue of all lines dated in the period"),
    UNCOSTED: mark("Net revenue of the lines whose cost is not known, taken off"),
}
