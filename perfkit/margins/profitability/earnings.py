"""Profitability: what does each customer, product, channel ... or cross of two earn, after the costs that it causes?"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pandas as pd

from perfkit import estimates, languages
from perfkit.contribution import ENOUGH, LEVELS
from perfkit.dimensions import ask_for
from perfkit.languages import mark, text
from perfkit.lines import span
from perfkit.margins import standards
from perfkit.margins.profitability import views
from perfkit.margins.profitability.allocation import SPREAD_LEVELS, allocate, booked
from perfkit.margins.profitability.drivers import refuse_drivers_alone
from perfkit.margins.profitability.members import (
    exact,
    floats,
    in_order,
    key_tuples,
    keys_of,
    lacking,
    member_sums,
    names_of,
    with_members,
)
from perfkit.margins.profitability.shrinkage import MOST_TIED, rates, tie_groups
from perfkit.periods import Period
from perfkit.results import Result, View, figure_frame

MOST_FIGURES = 1_000
"""Members published one by one, the largest; the others stand in one figure, so that the sum still ties."""

_MARGINS = [level for level in LEVELS if level.id in SPREAD_LEVELS]
_BASIS = {
    "net_revenue": mark("Sum of net revenue of the member's lines dated in the period"),
    "gross_profit": mark(
        "Net revenue of the lines whose cost is known, less the cost of their goods and the costs of that level"
    ),
    "cm1": mark("Gross margin less the variable costs that reach the member"),
    "cm2": mark("Contribution margin 1 less the costs to serve and to win that reach the member"),
    "cm3": mark("Contribution margin 2 less the fixed costs that reach the member; common fixed costs reach none"),
    "rate": mark(
        "Gross margin of the lines / their net revenue, drawn towards the mean of all members as far as its spread is "
        "chance; lines taken as independent"
    ),
    "unallocated": mark("Costs of the period that reach no member"),
}


@dataclass(frozen=True, eq=False)
class Profitability(Result):
    """The margin of each member, level by level; the members and what is not allocated sum to the ledger to the cent.

    Attributes
    ----------
    rows : DataFrame, one row a member that sold or that a cost is of, in the order of the members
        member, and member_2 in a cross: None = unknown. name. lines, int. list_revenue: of the lines whose list price
        is known, and discount: how much less they brought; None where there are none. net_revenue. sold: its amounts
        without their signs. costed: net revenue of the lines whose cost is known; uncosted: of the others, which are
        in no margin; coverage: share of sold whose cost is known, 0 to 1. cost_of_goods: of the lines; cogs_costs:
        other costs of that level.
        gross_profit = costed - cost_of_goods - cogs_costs; then cm1_costs, cm1, cm2_costs, cm2, cm3_costs, cm3:
        Decimal, None where no cost of goods is known. own_fixed: the part of cm3_costs that is of this member alone.
        gross_profit_rate, cm1_rate, cm2_rate, cm3_rate: of costed, all on one base; None where that is not positive,
        and after costs beyond the goods, which are of all lines, where coverage is below `contribution.ENOUGH`.
        advice: "loses money before any fixed cost" (cm2 < 0), "does not cover its own fixed costs" (cm2 < own_fixed),
        "" or None where too little is known. No common cost is in it.
        estimate, low, high, level, n: gross margin rate of the lines beyond this period, shrunken; None where a member
        has less than two lines of known cost or no revenue. tie: letters; members that share one are not told apart
        (at most `shrinkage.MOST_TIED` members, the largest).
    unallocated : DataFrame, one row a kind, level, driver and reason
        kind, level, driver, amount (Decimal), why, ask.
    dimensions : tuple of str
    period : Period
    currency : str
    total : Decimal
        Net revenue of the period.
    costs_total : Decimal or None
        All costs of the period beyond the goods of the lines; None where no costs were given.
    reason : str
        Why there is nothing (the data lack a dimension: no rows then), empty where there is.
    cautions : tuple of str
        What a reader must know of the costs and how they were spread, a sentence each, in the language in use.
    """

    rows: pd.DataFrame
    unallocated: pd.DataFrame
    dimensions: tuple[str, ...]
    period: Period
    currency: str
    total: Decimal
    costs_total: Decimal | None
    reason: str = ""
    cautions: tuple[str, ...] = ()

    @property
    def keys(self) -> list[str]:
        """The columns that hold the members."""
        return keys_of(self.dimensions)

    @property
    def deepest(self) -> str:
        """The deepest margin that the data give: "net_revenue", "gross_profit", "cm1", "cm2" or "cm3"."""
        if self.reason or self.rows["gross_profit"].isna().all():
            return "net_revenue"
        reached = "gross_profit"
        for level in _MARGINS[1:]:
            if any(self.rows[f"{level.id}_costs"]):
                reached = level.margin_id
        return reached

    def together(self, rows: pd.DataFrame | None = None) -> dict[str, Any]:
        """Return the sums of rows, all of them if not given, with their rates; an amount that none has is None."""
        return _together(self.rows if rows is None else rows)

    def not_allocated(self) -> dict[str, Any]:
        """Return what the costs that reach no member take off each margin, as a row: nothing is sold in it."""
        nothing = {"lines": 0, "net_revenue": Decimal(0)}
        if self.rows["discount"].notna().any():
            nothing["discount"] = Decimal(0)
        row: dict[str, Any] = dict.fromkeys(self.rows.columns) | nothing
        levels = zip(self.unallocated["level"], self.unallocated["amount"], strict=True)
        costs = dict.fromkeys(SPREAD_LEVELS, Decimal(0))
        for level, amount in levels:
            costs[level] = costs.get(level, Decimal(0)) + amount
        left = Decimal(0)
        for level in _MARGINS:
            left -= costs[level.id]
            row |= {f"{level.id}_costs": costs[level.id], level.margin_id: left}
        return row

    @property
    def unknown_bear(self) -> Decimal:
        """Costs that reach members of unknown margin: in the total, as in the statement, and in no row's margin."""
        known = self.rows["gross_profit"].notna()
        if not known.any():
            return Decimal(0)
        return sum((sum(self.rows.loc[~known, f"{level.id}_costs"], Decimal(0)) for level in _MARGINS), Decimal(0))

    def whole(self) -> dict[str, Any]:
        """Return what all members and the costs that reach none come to, with its rates: the ledger's margins."""
        row, left = self.together(), self.not_allocated()
        for level in _MARGINS:
            row[f"{level.id}_costs"] += left[f"{level.id}_costs"]
            if row[level.margin_id] is not None:
                row[level.margin_id] += left[level.margin_id]
            row[f"{level.margin_id}_rate"] = _rate(row, level.margin_id)
        return row

    def figures(self) -> pd.DataFrame:
        """Return each member's revenue, margins and rate, and the costs that reach none."""
        stem = f"profitability:{','.join(self.dimensions)}:{self.period.label}"
        common = {"period": self.period.label, "reason": ""}
        if self.reason:
            absent = common | {"figure_id": stem, "kpi": "profitability", "status": "not available"}
            return figure_frame([absent | {"reason": self.reason}])
        ordered = self.rows.loc[views.largest_first(self.rows)]
        published, others = ordered.iloc[:MOST_FIGURES], ordered.iloc[MOST_FIGURES:]
        parts = [(self._named(row), row) for row in published.to_dict("records")]
        if len(others):
            row = self.together(others) | {"n": len(others)}
            parts.append((("others", dict.fromkeys(self.dimensions, "(others)")), row))
        found = []
        for (ending, dimensions), row in parts:
            partial = row["coverage"] is not None and row["coverage"] < ENOUGH
            for column in self._columns():
                status = "not available" if row[column] is None else "observed"
                found.append(
                    common
                    | {
                        "figure_id": f"{stem}:{column}:{ending}",
                        "kpi": column,
                        "dimensions": dimensions,
                        "estimate": row[column],
                        "n": row["lines"],
                        "unit": self.currency,
                        "basis": text(_BASIS[column]),
                        "status": "partial" if partial and column != "net_revenue" and row[column] else status,
                        "reason": ask_for("cost") if row[column] is None else "",
                    }
                )
            if not languages.missing(row.get("estimate")):
                found.append(
                    common
                    | {name: row[name] for name in ("estimate", "low", "high", "level", "n")}
                    | {
                        "figure_id": f"{stem}:rate:{ending}",
                        "kpi": "gross_margin_rate",
                        "dimensions": dimensions,
                        "unit": "share",
                        "basis": text(_BASIS["rate"]),
                        "status": "estimated",
                    }
                )
        if self.costs_total is not None:
            by_level = self.unallocated.groupby("level")["amount"].sum() if len(self.unallocated) else {}
            found += [
                common
                | {
                    "figure_id": f"{stem}:unallocated:{level}",
                    "kpi": "unallocated_costs",
                    "dimensions": {"level": level},
                    "estimate": amount,
                    "unit": self.currency,
                    "basis": text(_BASIS["unallocated"]),
                    "status": "observed",
                }
                for level, amount in dict(by_level).items()
            ]
        return figure_frame(found)

    def _columns(self) -> list[str]:
        """The amounts that are published, down to the deepest margin."""
        columns = ["net_revenue", *(level.margin_id for level in _MARGINS)]
        return columns[: columns.index(self.deepest) + 1]

    def _named(self, row: dict[Any, Any]) -> tuple[str, dict[str, Any]]:
        """How a row's figures end, and its dimensions."""
        members = {by: row[key] for by, key in zip(self.dimensions, self.keys, strict=True)}
        ends = ["unknown" if each is None else f"={each}" for each in members.values()]
        if len(ends) > 1:  # a comma within a name is none between two
            ends = [each.replace("%", "%25").replace(",", "%2C") for each in ends]
        return ",".join(ends), members

    def ties_to(self) -> dict[str, Any] | None:
        """Return the revenue and the costs of the period, which the rows and what is not allocated sum to."""
        if self.reason:
            return None
        costs = {} if self.costs_total is None else {"costs": self.costs_total}
        return {"net_revenue": self.total, **costs, "period": self.period.label}

    def views(self, most: int = 12) -> list[View]:
        """Return the largest members level by level, the costs that reach none, and rates that can be compared.

        Parameters
        ----------
        most : int
            How many members have a row of their own.
        """
        return views.shown(self, most)


_ROWS = [
    "name", "lines", "list_revenue", "discount", "net_revenue", "sold", "costed", "uncosted", "coverage",
    "cost_of_goods", "cogs_costs", "gross_profit", "gross_profit_rate", "cm1_costs", "cm1", "cm1_rate", "cm2_costs",
    "cm2", "cm2_rate", "cm3_costs", "cm3", "cm3_rate", "own_fixed", "advice", "estimate", "low", "high", "level", "n",
    "tie",
]  # fmt: skip
_UNALLOCATED = ["kind", "level", "driver", "amount", "why", "ask"]


def by(
    sales: ibis.Table | pd.DataFrame,
    *,
    dimensions: Sequence[str],
    period: Period,
    currency: str,
    costs: ibis.Table | pd.DataFrame | None = None,
    drivers: pd.DataFrame | None = None,
) -> Profitability:
    """Take each member's costs off its revenue, level by level.

    Parameters
    ----------
    sales : table or DataFrame, one row a line, columns of `schema.SALES`
        Columns of joined tables are dimensions too. With `cost`, or `quantity` and `unit_cost`.
    dimensions : sequence of str
        One column, or two that are crossed; lines without a value are the unknown member, never dropped.
    period : Period
    currency : str
        ISO code of every amount.
    costs : table or DataFrame, optional
        What `contribution.costs` returns, or a table of costs. A cost of a customer or a channel stays there; within,
        its driver spreads it, counted from the lines (see `allocation.DRIVERS`) or given by `drivers`. Common fixed
        costs are never spread.
    drivers : DataFrame, optional
        driver, date, customer_id or channel, units: what the lines do not count, such as visits or tickets; a
        driver that is given wins over one that is counted, and is known by any of its names (orders, commandes). A
        customer's units stand where its lines of the period are, in proportion to their number. Those that spread
        nothing are named (`Profitability.cautions`).

    Raises
    ------
    ParameterError
        If there is no such column, or it has no members; the nearest is named. If drivers are given and costs are not.
    DataError
        If there is no line, or the period starts before the data; if drivers lack a column, or units.

    See Also
    --------
    charts.profitability : revenue and margin rate of each member.
    whale_curve : the members ranked by what they earn.
    differences : which members really differ from the others.
    """
    asked, keys = tuple(dimensions), keys_of(dimensions)
    refuse_drivers_alone(costs, drivers)
    absent = lacking(sales, asked)
    if absent:
        empty = pd.DataFrame(columns=[*keys, *_ROWS], dtype="object")
        left = pd.DataFrame(columns=_UNALLOCATED, dtype="object")
        return Profitability(empty, left, asked, period, currency, Decimal(0), None, reason=ask_for(absent))
    table = with_members(standards.lines_of(sales), asked)
    span(table, period)
    sums = member_sums(table, asked, period, spread=True)
    unallocated, costs_total = pd.DataFrame(columns=_UNALLOCATED, dtype="object"), None
    said = standards.in_words(standards.of_sums(sums), currency)
    cautions: tuple[str, ...] = (said,) if said else ()
    if costs is not None:
        spread = allocate(table, asked, period, key_tuples(sums, keys), booked(costs), drivers, currency=currency)
        unallocated, costs_total, cautions = spread.unallocated, spread.total, (*cautions, *spread.cautions)
        only_costs = pd.DataFrame(spread.members[len(sums) :], columns=keys, dtype="object")
        sums = pd.concat([sums.astype("object"), only_costs.assign(lines=0)], ignore_index=True)
        sums = sums.where(sums.notna(), None)
        for level in SPREAD_LEVELS:
            sums[f"{level}_costs"] = pd.Series(spread.costs[level], dtype="object")
        sums["own_fixed"] = pd.Series(spread.own, dtype="object")
        sums = in_order(sums, keys)
    rows = _levels(sums, keys)
    rows = _with_rates(rows, sums, keys)
    total = sum(rows["net_revenue"], Decimal(0))
    return Profitability(
        rows[[*keys, *_ROWS]], unallocated, asked, period, currency, total, costs_total, cautions=cautions
    )


def _levels(sums: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return each member's margins, from revenue down."""
    rows = pd.DataFrame(index=sums.index, dtype="object")
    for key in keys:
        rows[key] = pd.Series([None if languages.missing(each) else each for each in sums[key]], dtype="object")
    rows["name"] = names_of(sums, keys)
    rows["lines"] = pd.Series([int(each) for each in sums["lines"]], dtype="object")
    rows["net_revenue"] = exact(sums["net_revenue"])
    listed = sums.get("list_revenue", pd.Series([None] * len(sums), dtype="object"))
    rows["list_revenue"] = pd.Series([None if languages.missing(each) else each for each in listed], dtype="object")
    rows["discount"] = pd.Series(
        [
            None if full is None else full - net
            for full, net in zip(rows["list_revenue"], sums.get("listed", listed), strict=True)
        ],
        dtype="object",
    )
    has_cost = "cost" in sums.columns
    rows["costed"] = exact(sums["costed"]) if has_cost else Decimal(0)
    rows["uncosted"] = rows["net_revenue"] - rows["costed"]
    rows["cost_of_goods"] = exact(sums["cost"]) if has_cost else Decimal(0)
    rows["sold"] = exact(sums["sold"])
    covered = exact(sums["covered"]) if has_cost else rows["sold"]
    has = pd.Series(has_cost, index=rows.index) & (rows["sold"] != 0)
    shares = covered.where(has, 0).astype("float64") / rows["sold"].where(has, 1).astype("float64")
    rows["coverage"] = shares.astype("object").where(has, None)
    for name in SPREAD_LEVELS:
        rows[f"{name}_costs"] = exact(sums.get(f"{name}_costs", [None] * len(sums)))
    rows["own_fixed"] = exact(sums.get("own_fixed", [None] * len(sums)))
    # Nothing sold: nothing lacks a cost. Sold, and no line says its cost: no margin is known.
    known = [
        has_cost and (lines == 0 or int(counted or 0) > 0)
        for lines, counted in zip(rows["lines"], sums.get("costed_lines", [0] * len(sums)), strict=True)
    ]
    left = rows["costed"] - rows["cost_of_goods"]
    for level in _MARGINS:
        left = left - rows[f"{level.id}_costs"]
        rows[level.margin_id] = pd.Series(
            [amount if there else None for amount, there in zip(left, known, strict=True)], dtype="object"
        )
    some = rows["coverage"].notna()
    enough = some & (rows["coverage"].astype("float64") >= ENOUGH)
    for level in _MARGINS:
        rows[f"{level.margin_id}_rate"] = _rates(rows, level.margin_id, some if level.id == "cogs" else enough)
    of_advice = zip(rows["cm2"], rows["own_fixed"], enough | (rows["lines"] == 0), strict=True)
    rows["advice"] = pd.Series([_advice(*each) for each in of_advice], dtype="object")
    return rows


def _rates(rows: pd.DataFrame, margin: str, enough: pd.Series) -> pd.Series:
    """A margin's rates, see `_rate`; of many members together, because a cross of two has many."""
    has = enough & rows[margin].notna() & (rows["costed"] > 0)
    found = rows[margin].where(has, 0).astype("float64") / rows["costed"].where(has, 1).astype("float64")
    return found.astype("object").where(has, None)


def _rate(row: dict[Any, Any], margin: str) -> float | None:
    """A margin's rate, None where revenue is not positive, or too little of its cost is known to go below the goods.

    All are of the revenue whose cost is known: what is not in a margin is not under it either. Costs beyond the goods
    are of all lines, so that a rate after them would be too low where much of the revenue is missing.
    """
    if row[margin] is None or row["coverage"] is None or row["costed"] <= 0:
        return None
    if row["coverage"] < ENOUGH and margin != "gross_profit":
        return None
    return estimates.ratio(row[margin], row["costed"])


def _advice(cm2: Decimal | None, own_fixed: Decimal, is_known: bool) -> str | None:
    """What dropping a member would save is its avoidable costs only; of half-known costs nothing is said."""
    if cm2 is None or not is_known:
        return None
    if cm2 < 0:
        return views.LOSES
    return views.OWN_FIXED if cm2 < own_fixed else ""


def _with_rates(rows: pd.DataFrame, sums: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Add the shrunken rates and the letters of those that are not told apart; the unknown is no member."""
    for column in ("estimate", "low", "high", "level", "n", "tie"):
        rows[column] = pd.Series([None] * len(rows), dtype="object")
    if "rr" not in sums.columns or rows.empty:
        return rows
    known = ~rows[keys].isna().any(axis=1).to_numpy()
    counted = floats(sums["costed_lines"]) * known
    found = rates(
        counted, floats(rows["costed"]), floats(rows["costed"] - rows["cost_of_goods"]),
        floats(sums["rr"]), floats(sums["pr"]), floats(sums["pp"]),
    )  # fmt: skip
    there = ~np.isnan(found.estimate)
    for name, values in (("estimate", found.estimate), ("low", found.low), ("high", found.high)):
        rows[name] = pd.Series([float(v) if t else None for v, t in zip(values, there, strict=True)], dtype="object")
    rows["level"] = pd.Series([estimates.LEVEL if t else None for t in there], dtype="object")
    rows["n"] = pd.Series([int(c) if t else None for c, t in zip(counted, there, strict=True)], dtype="object")
    largest = [place for place in views.largest_first(rows) if there[place]][:MOST_TIED]
    letters = tie_groups(found, np.array(largest, dtype=np.int64)).to_dict()
    rows["tie"] = pd.Series([letters.get(place) for place in range(len(rows))], dtype="object")
    return rows


_SUMMED = (
    "lines", "net_revenue", "sold", "costed", "uncosted", "cost_of_goods", "cogs_costs", "cm1_costs", "cm2_costs",
    "cm3_costs", "own_fixed",
)  # fmt: skip


def _together(rows: pd.DataFrame) -> dict[str, Any]:
    """Sum rows; a margin is what the known ones leave after the costs of all rows, None where none is known."""
    found: dict[str, Any] = dict.fromkeys(rows.columns)
    for column in _SUMMED:
        found[column] = sum(rows[column], 0 if column == "lines" else Decimal(0))
    for column in ("list_revenue", "discount", "gross_profit"):
        known = rows[column].dropna()
        found[column] = sum(known, Decimal(0)) if len(known) else None
    if found["gross_profit"] is not None:
        unknown = rows["gross_profit"].isna()
        found["gross_profit"] -= sum(rows.loc[unknown, "cogs_costs"], Decimal(0))
    left = found["gross_profit"]
    for level in _MARGINS[1:]:
        left = found[level.margin_id] = None if left is None else left - found[f"{level.id}_costs"]
    parts = [(c, float(w)) for c, w in zip(rows["coverage"], rows["sold"], strict=True) if not languages.missing(c)]
    whole = sum(sold for _, sold in parts)
    found["coverage"] = sum(share * sold for share, sold in parts) / whole if whole else None
    for level in _MARGINS:
        found[f"{level.margin_id}_rate"] = _rate(found, level.margin_id)
    return found
