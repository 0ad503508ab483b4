"""Discount dispersion: who gets which discount on the same product in an order of the same size?

Each member's lines are set against those of all others in the same cell (see `peers`), so that neither what it buys nor
how much at once explains the difference. How sure that is, and what is left of it without luck: see `gaps`.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd

from perfkit import estimates, languages
from perfkit.dimensions import ask_for, distinct_names, name_column
from perfkit.errors import ParameterError
from perfkit.languages import mark, money, number, percent, plural, text
from perfkit.lines import no_line, span
from perfkit.margins.prices import dispersion_views
from perfkit.margins.prices.gaps import LEAST, Gaps, gaps
from perfkit.margins.prices.peers import Asked, against_peers, in_member_order, left_out, names, size_limits
from perfkit.margins.profitability.differences import FEWEST
from perfkit.margins.profitability.members import exact, floats, lacking, with_members
from perfkit.periods import Period
from perfkit.results import Result, View, figure_frame

STATUSES = ("above", "below", "not distinguishable", "not available")
"""Of a member: it gets more off than its peers, or less, beyond chance; neither; or too little says which."""

_STEP = Decimal("0.0001")
_COLUMNS = [
    "member",
    "name",
    "list_revenue",
    "net_revenue",
    "lines",
    "cells",
    "discount",
    "compared",
    "actual",
    "expected",
    "gap",
    "money",
    "estimate",
    "low",
    "high",
    "level",
    "n",
    "p",
    "adjusted_p",
    "status",
    "reason",
]
NUMBERS = [
    "compared_list", "compared_given", "expected", "of_peers", "n", "unit_list", "unit_gap", "rr", "pr", "pp",
    "line_squares",
]  # fmt: skip
_BASIS = mark(
    "(List revenue less net revenue) / list revenue, less the rate that others get on the same products in orders of "
    "the same size; drawn to zero as far as it is chance"
)
_ALIGNED = mark(
    "What the members above their peers beyond chance get more than these, gap times list revenue, luck taken out; "
    "volumes as they are"
)


@dataclass(frozen=True)
class Aligned:
    """What aligning the members above their peers down to these would bring, in the period, volumes as they are.

    Attributes
    ----------
    estimate, low, high : Decimal or None
        None where nobody could be compared; 0 where nobody is above beyond chance.
    level : float
    n : int
        Members above.
    basis, reason : str
    """

    estimate: Decimal | None
    low: Decimal | None
    high: Decimal | None
    level: float
    n: int
    basis: str
    reason: str = ""


@dataclass(frozen=True, eq=False)
class DiscountDispersion(Result):
    """The discount of each member against what others get on the same.

    Attributes
    ----------
    cells : DataFrame, one row a member, in the order of the members
        member, name; list_revenue, net_revenue: Decimal, of its lines with a list price; lines; cells: how many
        products in orders of a size it bought; discount: of all these lines, 0 to 1; compared: list revenue of those
        that at least `FEWEST` other customers bought in an order of the same size; actual, expected: the discount on
        these, and what others get on them; gap: actual - expected, and money: the same times compared, Decimal, both as
        seen; estimate, low, high at `level`: the gap drawn to zero as far as it is chance; n: orders (of a customer)
        or customers that this is from; p, adjusted_p: of chance alone, alone and all members together; status: of
        STATUSES; reason: why it is not available. Missing where there is nothing to compare, or less than `gaps.LEAST`
        of its list revenue.
    aligned : Aligned
    left_out : DataFrame, one row a reason
        reason: of `peers.LEFT_OUT`; lines; net_revenue. With `cells` they sum to the revenue of the period.
    limits : tuple of Decimal
        List value from which an order is of the next size; empty where orders are too few for sizes.
    by, within : str
    period : Period
    currency : str
    level : float
    reason : str
        Why there is nothing; empty where there is.
    """

    cells: pd.DataFrame
    aligned: Aligned
    left_out: pd.DataFrame
    limits: tuple[Decimal, ...]
    by: str
    within: str
    period: Period
    currency: str
    level: float
    reason: str = ""

    @property
    def units(self) -> str:
        """What chance draws, in the words of a reader."""
        return text("orders") if self.by == "customer_id" else text("customers")

    @property
    def compared(self) -> float | None:
        """Share of list revenue that has peers."""
        total = sum(self.cells["list_revenue"], Decimal(0))
        return estimates.ratio(sum(self.cells["compared"], Decimal(0)), total)

    @property
    def told(self) -> float | None:
        """Share of list revenue that is compared of members of which something can be told."""
        there = self.cells[self.cells["status"] != STATUSES[3]]
        return estimates.ratio(sum(there["compared"], Decimal(0)), sum(self.cells["list_revenue"], Decimal(0)))

    @property
    def given(self) -> bool:
        """Whether the members give the discounts, as representatives do, and do not get them."""
        return self.by in ("rep_id", "rep_name")

    def called(self, status: str) -> pd.DataFrame:
        """Return the members of a status, those with most money at stake first."""
        found = self.cells[self.cells["status"] == status]
        if found.empty or status == "not available":
            return found
        stakes = [-abs(gap * float(listed)) for gap, listed in zip(found["estimate"], found["compared"], strict=True)]
        return found.assign(_stake=stakes).sort_values("_stake", kind="stable").drop(columns="_stake")

    def figures(self) -> pd.DataFrame:
        """Return what aligning would bring, and each member's gap."""
        stem, label = f"discount_dispersion:{self.by}", self.period.label
        common = {"period": label, "level": self.level}
        found: list[dict[str, Any]] = [
            common
            | {
                "figure_id": f"{stem}:{label}:aligned",
                "kpi": "discount_aligned",
                "unit": self.currency,
                **{name: getattr(self.aligned, name) for name in ("estimate", "low", "high", "n")},
                "basis": self.aligned.basis,
                "status": "not available" if self.aligned.estimate is None else "estimated",
                "reason": self.aligned.reason,
            }
        ]
        for row in self.cells.to_dict("records"):
            name = "" if languages.missing(row["member"]) else row["member"]
            found.append(
                common
                | {
                    "figure_id": f"{stem}:{label}:={name}",
                    "kpi": "discount_gap",
                    "dimensions": {self.by: row["member"]},
                    "unit": "points",
                    "basis": text(_BASIS),
                    **{column: row[column] for column in ("estimate", "low", "high", "n")},
                    "status": "not available" if row["status"] == "not available" else "estimated",
                    "reason": row["reason"],
                }
            )
        return figure_frame(found)

    def ties_to(self) -> dict[str, Any] | None:
        """Return the revenue of the period, which members and what is left out sum to."""
        if self.reason and self.cells.empty:
            return None
        revenue = sum(self.cells["net_revenue"], Decimal(0)) + sum(self.left_out["net_revenue"], Decimal(0))
        return {"net_revenue": revenue, "period": self.period.label}

    def message(self) -> str:
        """Return in a sentence who gets more than others on the same, and what aligning them would bring."""
        if not self.aligned.n or self.aligned.estimate is None:
            return text(
                "No discount is higher than that of others on the same beyond chance, on the {share} of list revenue "
                "that is compared",
                share=percent(self.told),
            )
        values = {
            "money": money(self.aligned.estimate, self.currency),
            "low": money(self.aligned.low, self.currency),
            "high": money(self.aligned.high, self.currency),
        }
        if self.given:
            return plural(
                "{n} gives more off than others on the same: aligned to them it would bring {money} ({low} to {high})",
                "{n} give more off than others on the same: aligned to them they would bring {money} ({low} to {high})",
                self.aligned.n,
                **values,
            )
        return plural(
            "{n} gets more off than others on the same: aligned to them it would bring {money} ({low} to {high})",
            "{n} get more off than others on the same: aligned to them they would bring {money} ({low} to {high})",
            self.aligned.n,
            **values,
        )

    def views(self) -> list[View]:
        """Return the members that are unlike their peers, and what could not be compared."""
        return dispersion_views.shown(self)


def discount_dispersion(
    lines: ibis.Table | pd.DataFrame,
    *,
    period: Period,
    currency: str,
    by: str = "customer_id",
    within: str = "",
    level: float = estimates.LEVEL,
) -> DiscountDispersion:
    """Set each member's discounts against what others get on the same products in orders of the same size.

    Parameters
    ----------
    lines : table or DataFrame, one row a line, columns of `schema.SALES`
        With list_revenue, customer_id and product_id; order_id where an order has several lines (else all lines of a
        customer on a day are taken as one order).
    period : Period
        A year rather than a month: a customer needs `FEWEST` orders.
    currency : str
        ISO code of every amount.
    by : str
        Whose discounts: customers, or what their lines have in common (a representative, a channel).
    within : str, optional
        A dimension inside which members are compared only, such as the channel.
    level : float
        Of the intervals; of the members called unlike at most 1 - level are expected not to be.

    Raises
    ------
    ParameterError
        If there is no such dimension, or the level is not between 0 and 1.
    DataError
        If there is no line, or the period starts before the data.

    See Also
    --------
    charts.discount_dispersion : who gets what beyond others.
    """
    if not 0 < level < 1:
        raise ParameterError(f"level is {level!r}: give a share between 0 and 1, such as 0.9.")
    needed = list(dict.fromkeys(["list_revenue", "customer_id", "product_id", by, *([within] if within else [])]))
    empty, none = (
        pd.DataFrame(columns=_COLUMNS, dtype="object"),
        pd.DataFrame(columns=["reason", "lines", "net_revenue"]),
    )

    def without(reason: str) -> DiscountDispersion:
        aligned = Aligned(None, None, None, level, 0, text(_ALIGNED), reason)
        return DiscountDispersion(empty, aligned, none, (), by, within, period, currency, level, reason)

    absent = lacking(lines, needed) or next((name for name in needed[:3] if name not in lines.columns), "")
    if absent:
        return without(ask_for(absent))
    for name in (each for each in needed[1:] if each != by):
        with_members(lines, [name])  # which refuses what has no members
    table, asked = with_members(lines, [by]).drop("member"), Asked(by, within, period)
    span(table, period)
    told = left_out(table, asked)
    none = told[told["why"] != ""].rename(columns={"why": "reason"}).sort_values("reason", ignore_index=True)
    if told.empty:
        return without(no_line(period))
    if not (told["why"] == "").any():
        found = without(text("No line of {period} has all of customer, product and list price.", period=period.name()))
        return replace(found, left_out=none)
    limits = size_limits(table, asked)
    rows = in_member_order(against_peers(table, asked, limits))
    numbers = pd.DataFrame({name: floats(rows[name]) for name in NUMBERS})
    seen, whole = floats(rows["compared_list"]), floats(rows["list_revenue"])
    thin = pd.Series((seen > 0) & (seen < LEAST * whole))
    several = bool((thin & (numbers["n"] >= FEWEST)).any())
    numbers.loc[thin, NUMBERS] = 0.0
    found_gaps = gaps(numbers, level)
    named = name_column(table, by)
    called = names(table, asked, named).set_index("member")["named"] if named else pd.Series(dtype="object")
    cells = _cells(rows, numbers, found_gaps, level, called, by)
    aligned = _aligned(found_gaps, cells, level, _too_thin() if several else _too_few(by))
    return DiscountDispersion(cells, aligned, none, limits, by, within, period, currency, level, aligned.reason)


def _cells(
    rows: pd.DataFrame, numbers: pd.DataFrame, found: Gaps, level: float, called: pd.Series, by: str
) -> pd.DataFrame:
    """Put each member's figures together; what cannot be estimated is missing and says why."""
    listed, given = exact(rows["list_revenue"]), exact(rows["given"])
    compared, got = exact(rows["compared_list"]), numbers["compared_given"]
    there = (numbers["compared_list"] > 0).to_numpy()
    seen = got - numbers["expected"]
    name = rows["member"].map(called) if len(called) else pd.Series([None] * len(rows), dtype="object")
    known = pd.Series(found.p).notna().to_numpy()
    none, few = _no_peers(), _too_few(by)
    thin = [not here and part > 0 for here, part in zip(there, compared, strict=True)]
    table = pd.DataFrame(
        {
            "member": rows["member"].astype("object"),
            "name": distinct_names(rows["member"].astype("object"), name.astype("object").where(name.notna(), None)),
            "list_revenue": listed,
            "net_revenue": listed - given,
            "lines": rows["lines"],
            "cells": rows["cells"],
            "discount": [estimates.ratio(part, whole) for part, whole in zip(given, listed, strict=True)],
            "compared": compared,
            "level": level,
            "n": numbers["n"].astype("int64"),
        },
        dtype="object",
    )
    for column, values in (
        ("actual", got / numbers["compared_list"].where(there)),
        ("expected", numbers["expected"] / numbers["compared_list"].where(there)),
        ("gap", seen / numbers["compared_list"].where(there)),
        ("estimate", found.estimate),
        ("low", found.low),
        ("high", found.high),
        ("p", found.p),
        ("adjusted_p", found.adjusted_p),
    ):
        table[column] = [None if languages.missing(value) else float(value) for value in values]
        table[column] = table[column].astype("object").where(pd.Series(values).notna(), None)
    table["money"] = [_money(value) if here else None for value, here in zip(seen, there, strict=True)]
    states = zip(found.above, found.below, known, strict=True)
    table["status"] = [STATUSES[0 if up else 1 if down else 2 if sure else 3] for up, down, sure in states]
    table["reason"] = [
        "" if sure else _thin(estimates.ratio(part, whole)) if sliver else few if here else none
        for sure, here, sliver, part, whole in zip(known, there, thin, compared, listed, strict=True)
    ]
    return table[_COLUMNS].astype(dict.fromkeys(_COLUMNS, "object"))


def _no_peers() -> str:
    return text("No product of it was bought by {n} others in an order of the same size.", n=number(FEWEST))


def _too_few(by: str) -> str:
    units = text("orders") if by == "customer_id" else text("customers")
    return text(
        "Less than {n} {units} to compare: too few to tell. Take a longer period.", n=number(FEWEST), units=units
    )


def _thin(share: float | None) -> str:
    return text(
        "Only {share} of its list revenue is compared, less than {least}: too little to tell. Take a longer period.",
        share=percent(share),
        least=percent(LEAST, 0),
    )


def _too_thin() -> str:
    return text(
        "Less than {least} of list revenue is compared: too little to tell. Take a longer period.",
        least=percent(LEAST, 0),
    )


def _aligned(found: Gaps, cells: pd.DataFrame, level: float, too_little: str) -> Aligned:
    if (cells["status"] == STATUSES[3]).all():
        reason = too_little if (cells["compared"] > 0).any() else _no_peers()
        return Aligned(None, None, None, level, 0, text(_ALIGNED), reason)
    low, estimate, high = (_money(value) for value in (found.excess_low, found.excess, found.excess_high))
    return Aligned(estimate, low, high, level, int(found.above.sum()), text(_ALIGNED))


def _money(value: float) -> Decimal:
    return Decimal(str(value)).quantize(_STEP)
