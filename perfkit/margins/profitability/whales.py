"""Whale curve: how much of the profit do the best customers bring, and how much do the others take back?

Members are ranked by profit, which is cumulated: the curve rises to its peak with those that earn, and falls back to
the whole with those that lose. Whoever was worst one year was partly unlucky: see `regressions`.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pandas as pd

from perfkit import estimates, languages
from perfkit.contribution import ENOUGH
from perfkit.dimensions import ask_for, dimension_name
from perfkit.errors import ParameterError
from perfkit.languages import mark, text
from perfkit.lines import span
from perfkit.margins import standards
from perfkit.margins.profitability import whale_views
from perfkit.margins.profitability.allocation import allocate, booked
from perfkit.margins.profitability.drivers import refuse_drivers_alone
from perfkit.margins.profitability.members import (
    exact,
    floats,
    in_order,
    key_tuples,
    lacking,
    member_sums,
    names_of,
    with_members,
)
from perfkit.margins.profitability.regressions import Regression, line_of
from perfkit.margins.profitability.whale_views import top
from perfkit.periods import Period
from perfkit.results import Result, View, figure_frame

_BASIS = {
    "peak": mark("Profit of the members that earn / profit of all members"),
    "peak_amount": mark("Sum of the profits of the members that earn"),
    "destroyed": mark("Sum of the profits of the members that lose"),
    "total": mark("Profit of all members"),
    "top_share": mark("Profit of the best fifth of the members / profit of all members"),
    "hhi": mark("Sum of the squared shares of the members that earn in what they earn: 1 is a single member"),
    "gini": mark("Gini coefficient of what the members that earn bring: 0 is all alike"),
}
_BEFORE = {
    "lost": mark("Sum of the profits of the members that lose in the period"),
    "earned_then": mark("Profit, a year before, of the members that lose in the period"),
    "earlier_lost": mark("Sum of the profits of the members that lost a year before, in that year"),
    "earlier_now": mark("Profit in the period of the members that lost a year before"),
}
_COLUMNS = ["rank", "member", "name", "profit", "cumulative", "share", "coverage"]


@dataclass(frozen=True, eq=False)
class WhaleCurve(Result):
    """Members ranked by what they earn, and their profits cumulated.

    Attributes
    ----------
    cells : DataFrame, one row a member with a profit, the best first
        rank: from 1; member; name; profit, cumulative: Decimal; share: cumulative / total, None where that is not
        positive; coverage: float, share of the member's amounts whose cost is known, missing where nothing was sold.
    profit : str
        What profit is: "gross_profit", or "cm2" where costs reach the members down to that level.
    total, peak_amount, destroyed : Decimal
        Profit of all; of those that earn; of those that lose (<= 0): total = peak_amount + destroyed.
    peak : float or None
        peak_amount / total: 1 is 100 %; None where the total is not positive: then everything is in money.
    top_share : float or None
        Share of the best fifth of the members in the total; None as above.
    hhi, gini : float or None
        Of the profits of those that earn; None where none does.
    left_out : DataFrame, one row a reason
        reason ("no member", "cost known of a part": of less than `contribution.ENOUGH` of what a member bought, where
        profit is "cm2"; "no known cost", "costs that reach none"), lines, net_revenue (Decimal), and profit (Decimal or
        None): what stands in no rank. Lines without a known cost of ranked members are among them.
    by : str
    period : Period
    currency : str
    before : Regression or None
        The comparison with the year before, where it was asked for.
    reason : str
        Why there is none; empty where there is.
    cautions : tuple of str
        What a reader must know of the costs and how they were spread, a sentence each, in the language in use.
    """

    cells: pd.DataFrame
    profit: str
    total: Decimal
    peak_amount: Decimal
    destroyed: Decimal
    peak: float | None
    top_share: float | None
    hhi: float | None
    gini: float | None
    left_out: pd.DataFrame
    by: str
    period: Period
    currency: str
    before: Regression | None = None
    reason: str = ""
    cautions: tuple[str, ...] = ()

    @property
    def losers(self) -> int:
        """How many members lose money."""
        return sum(1 for profit in self.cells["profit"] if profit < 0)

    @property
    def earners(self) -> int:
        """How many members earn something: the curve peaks at the last of them."""
        return sum(1 for profit in self.cells["profit"] if profit > 0)

    def figures(self) -> pd.DataFrame:
        """Return the peak, what is destroyed, and how concentrated profit is."""
        stem = f"whale_curve:{self.by}:{self.period.label}"
        common = {"period": self.period.label, "n": len(self.cells), "status": "observed", "reason": ""}
        if self.reason:
            absent = {"figure_id": stem, "kpi": "whale_curve", "status": "not available", "reason": self.reason}
            return figure_frame([absent | {"period": self.period.label}])
        units = {"peak": "share", "top_share": "share", "hhi": "index", "gini": "index"}
        rows = []
        for name, basis in _BASIS.items():
            value = getattr(self, name)
            row = {"figure_id": f"{stem}:{name}", "kpi": f"whale_{name}", "estimate": value, "basis": text(basis)}
            row["unit"] = units.get(name, self.currency)
            if value is None:
                row |= {"status": "not available", "reason": text("Total profit is not positive, so it has no shares.")}
            rows.append(common | row)
        rows += [
            common
            | {
                "figure_id": f"{stem}:left_out:{row['reason']}",
                "kpi": "whale_left_out",
                "dimensions": {"reason": row["reason"]},
                "estimate": row["net_revenue"] if row["profit"] is None else row["profit"],
                "n": row["lines"],
                "unit": self.currency,
                "basis": _why(row["reason"]),
            }
            for row in self.left_out.to_dict("records")
        ]
        if self.before is not None:
            for name in ("lost", "earned_then", "earlier_lost", "earlier_now"):
                rows.append(
                    common
                    | {
                        "figure_id": f"{stem}:before:{name}",
                        "kpi": f"whale_{name}",
                        "estimate": getattr(self.before, name),
                        "unit": self.currency,
                        "n": self.before.losers if name in ("lost", "earned_then") else self.before.earlier_losers,
                        "basis": text(_BEFORE[name]),
                    }
                )
        return figure_frame(rows)

    def ties_to(self) -> dict[str, Any] | None:
        """Return the profit of the ranked members, and that of what has no member."""
        if self.reason:
            return None
        none = self.left_out[self.left_out["reason"] == "no member"]["profit"]
        return {
            "profit": self.total,
            "profit_without_a_member": sum(none.dropna(), Decimal(0)),
            "period": self.period.label,
        }

    def views(self) -> list[View]:
        """Return the parts of the curve, then who is at both its ends, then the year before."""
        return whale_views.shown(self)

    def versus(self, previous: "WhaleCurve") -> Regression:
        """Set the profits of each member against those of another period, the year before.

        Raises
        ------
        ParameterError
            If the two rank other things or by another profit.
        """
        if (previous.by, previous.profit, previous.currency) != (self.by, self.profit, self.currency):
            raise ParameterError(
                f"the curves differ: {previous.by}, {previous.profit}, {previous.currency} and {self.by}, "
                f"{self.profit}, {self.currency}. A member is set against itself by the same profit: "
                f"make both alike."
            )
        now = dict(zip(self.cells["member"], self.cells["profit"], strict=True))
        then = dict(zip(previous.cells["member"], previous.cells["profit"], strict=True))
        losers = [member for member, profit in now.items() if profit < 0]
        earlier = [member for member, profit in then.items() if profit < 0]
        # The line is drawn where the losers stand: one through the few largest members would say nothing of them.
        bound = max((-now[member] for member in losers), default=Decimal(0))
        near = [member for member, profit in then.items() if abs(profit) <= bound]
        lost = [now[member] for member in losers]
        later = [max(-bound, min(now.get(member, Decimal(0)), bound)) for member in near]
        line = line_of([then[member] for member in near], later)
        return Regression(
            period=previous.period,
            losers=len(losers),
            losers_then=sum(member in then for member in losers),
            lost=sum((now[member] for member in losers), Decimal(0)),
            earned_then=sum((then.get(member, Decimal(0)) for member in losers), Decimal(0)),
            earlier_losers=len(earlier),
            earlier_lost=sum((then[member] for member in earlier), Decimal(0)),
            earlier_now=sum((now.get(member, Decimal(0)) for member in earlier), Decimal(0)),
            pairs=len(near),
            correlation=None if line is None else line.correlation,
            slope=None if line is None else line.slope,
            expected=None if line is None else line.expected(lost),
            slope_low=None if line is None else line.low,
            slope_high=None if line is None else line.high,
        )


def whale_curve(
    sales: ibis.Table | pd.DataFrame,
    *,
    by: str = "customer_id",
    period: Period,
    currency: str,
    costs: ibis.Table | pd.DataFrame | None = None,
    drivers: pd.DataFrame | None = None,
    previous: Period | None = None,
) -> WhaleCurve:
    """Rank members by profit and cumulate it.

    Parameters
    ----------
    sales : table or DataFrame, one row a line, columns of `schema.SALES`
        With `cost`, or `quantity` and `unit_cost`.
    by : str
        The dimension's column.
    period : Period
    currency : str
        ISO code of every amount.
    costs, drivers : optional
        See `profitability.by`: with costs, profit is contribution margin 2 where any cost to that level reaches a
        member; without, the gross margin.
    previous : Period, optional
        Set against this period, the year before, where the data hold it: see `WhaleCurve.versus`.

    Raises
    ------
    ParameterError
        If there is no such column, or it has no members.
    DataError
        If there is no line, or the period starts before the data.

    See Also
    --------
    charts.whale_curve : the curve.
    profitability.by : each member level by level.
    """
    empty = pd.DataFrame(columns=_COLUMNS, dtype="object")
    none = pd.DataFrame(columns=["reason", "lines", "net_revenue", "profit"], dtype="object")

    def nothing(reason: str) -> WhaleCurve:
        zero = Decimal(0)
        return WhaleCurve(
            empty, "gross_profit", zero, zero, zero, None, None, None, None, none, by, period, currency, None, reason
        )

    refuse_drivers_alone(costs, drivers)
    absent = lacking(sales, [by])
    if absent:
        return nothing(ask_for(absent))
    table = with_members(standards.lines_of(sales), [by])
    days = span(table, period)
    if "cost" not in table.columns:
        return nothing(ask_for("cost"))
    curve = _curve(table, by, period, currency, costs, drivers)
    if curve is None:
        return nothing(text("No line of the period has both a {dimension} and a known cost. Ask for the missing ones.",
                            dimension=languages.in_sentence(dimension_name(by))))  # fmt: skip
    if previous is None or not days.holds(previous):
        return curve
    earlier = _curve(table, by, previous, currency, costs, drivers, level=curve.profit)
    if earlier is None:
        return curve
    return replace(curve, before=curve.versus(earlier))


def _curve(
    table: ibis.Table,
    by: str,
    period: Period,
    currency: str,
    costs: ibis.Table | pd.DataFrame | None,
    drivers: pd.DataFrame | None,
    level: str = "",
) -> WhaleCurve | None:
    sums = member_sums(table, [by], period)
    sums["own_costs"] = None
    profit, unreached = "gross_profit", Decimal(0)
    said = standards.in_words(standards.of_sums(sums), currency)
    cautions: tuple[str, ...] = (said,) if said else ()
    if costs is not None:
        spread = allocate(table, [by], period, key_tuples(sums, ["member"]), booked(costs), drivers, currency=currency)
        cautions = (*cautions, *spread.cautions)
        names = ("cogs", "cm1", "cm2")
        parts = [sum(each, Decimal(0)) for each in zip(*(spread.costs[name] for name in names), strict=True)]
        if level == "cm2" or (not level and any(parts)):
            profit = "cm2"
            only_costs = pd.DataFrame(
                {"member": [m[0] for m in spread.members[len(sums) :]], "lines": 0}, dtype="object"
            )
            sums = pd.concat([sums.astype("object"), only_costs], ignore_index=True)
            sums = sums.where(sums.notna(), None)
            sums["own_costs"] = pd.Series(parts, dtype="object")
            sums = in_order(sums, ["member"])
            left = spread.unallocated
            unreached = sum(left.loc[left["level"].isin(names), "amount"], Decimal(0))
    net, costed, cost = (exact(sums[name]) for name in ("net_revenue", "costed", "cost"))
    earned = costed - cost - exact(sums["own_costs"])
    counted = np.array([0 if languages.missing(each) else int(each) for each in sums["costed_lines"]])
    lines = np.array([int(each) for each in sums["lines"]])
    named = sums["member"].notna().to_numpy()
    # Costs to serve are of all lines: whoever's goods are known of a part alone would seem to lose by them.
    sold, covered = (floats(sums[name]) for name in ("sold", "covered"))
    sums["coverage"] = np.divide(covered, sold, out=np.full(len(sold), np.nan), where=sold > 0)
    thin = (counted > 0) & (sums["coverage"].to_numpy() < ENOUGH) & (profit == "cm2")
    known = ((counted > 0) & ~thin) | (lines == 0)  # whose profit is
    ranked = named & known
    if not (ranked & (lines > 0)).any():
        return None
    left_out = []
    if (~named).any():
        there = ~named & known
        amount = sum(earned[there], Decimal(0)) if there.any() else None
        left_out.append(("no member", int(lines[~named].sum()), sum(net[~named], Decimal(0)), amount))
    if (named & thin).any():
        left_out.append(
            ("cost known of a part", int(lines[named & thin].sum()), sum(net[named & thin], Decimal(0)), None)
        )
    if (lines > counted)[named & ~thin].any():
        uncosted = sum((net - costed)[named & ~thin], Decimal(0))
        left_out.append(("no known cost", int((lines - counted)[named & ~thin].sum()), uncosted, None))
    unreached += sum(exact(sums["own_costs"])[~known], Decimal(0))
    if unreached:
        left_out.append(("costs that reach none", 0, Decimal(0), -unreached))
    cells = _ranked(sums, earned, ranked)
    return replace(_result(cells, left_out, profit, by, period, currency), cautions=cautions)


def _ranked(sums: pd.DataFrame, earned: pd.Series, ranked: np.ndarray) -> pd.DataFrame:
    """The members with a profit, the best first; equal ones in the order of the members."""
    places = list(np.flatnonzero(ranked))
    tenths = np.array([int(each.scaleb(4)) for each in earned.to_numpy(dtype="object")[places]], dtype=np.int64)
    order = np.argsort(-tenths, kind="stable")
    running = np.cumsum(tenths[order].astype(object))
    total = int(running[-1])
    chosen = np.array(places)[order]
    names = names_of(sums[["member", *(["named"] if "named" in sums else [])]], ["member"])
    return pd.DataFrame(
        {
            "rank": pd.Series(range(1, len(order) + 1), dtype="int64"),
            "member": pd.Series(sums["member"].to_numpy(dtype="object")[chosen], dtype="object"),
            "name": pd.Series(names.to_numpy(dtype="object")[chosen], dtype="object"),
            "profit": pd.Series(earned.to_numpy(dtype="object")[chosen], dtype="object"),
            "cumulative": pd.Series([Decimal(int(each)).scaleb(-4) for each in running], dtype="object"),
            "share": pd.Series([int(each) / total if total > 0 else None for each in running], dtype="object"),
            "coverage": sums["coverage"].to_numpy()[chosen],
        }
    )


def _result(
    cells: pd.DataFrame,
    left_out: list[tuple[str, int, Decimal, Decimal | None]],
    profit: str,
    by: str,
    period: Period,
    currency: str,
) -> WhaleCurve:
    profits = list(cells["profit"])
    earning = [each for each in profits if each > 0]
    total, peak = sum(profits, Decimal(0)), sum(earning, Decimal(0))
    best = sum(profits[: top(len(profits))], Decimal(0))
    shares = np.array([float(each / peak) for each in earning])[::-1]  # from the least on
    n = len(shares)
    return WhaleCurve(
        cells=cells,
        profit=profit,
        total=total,
        peak_amount=peak,
        destroyed=total - peak,
        peak=estimates.ratio(peak, total) if total > 0 else None,
        top_share=estimates.ratio(best, total) if total > 0 else None,
        hhi=float((shares**2).sum()) if n else None,
        gini=float(2 * (np.arange(1, n + 1) * shares).sum() / n - (n + 1) / n) if n else None,
        left_out=pd.DataFrame(left_out, columns=["reason", "lines", "net_revenue", "profit"], dtype="object"),
        by=by,
        period=period,
        currency=currency,
    )


def _why(reason: str) -> str:
    return {
        "no member": text("Profit of the lines that name no member"),
        "no known cost": text("Net revenue of the lines whose cost is not known"),
        "cost known of a part": text("Net revenue of the members whose cost is known of a part alone"),
        "costs that reach none": text("Costs of the period that reach no member"),
    }[reason]
