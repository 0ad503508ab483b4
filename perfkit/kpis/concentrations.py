"""Concentration: how much of the revenue hangs on few customers?"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit import estimates
from perfkit.aggregations import aggregation, only
from perfkit.dimensions import ask_for, distinct_names, in_words
from perfkit.kpis.breakdowns import money, not_available, nothing_to_show
from perfkit.languages import mark, number, percent, plural, show, text
from perfkit.lines import checked, is_in, is_purchase, span
from perfkit.periods import Period
from perfkit.results import Field, Result, View, figure_frame

_BASIS = mark("Net revenue of the largest customers of the period / net revenue of all identified customers")
_HHI = mark("Sum of the squared shares of identified customers in their net revenue: 1 is a single customer")
_FIXED = (1, 5, 10)
_POINTS = 100


@dataclass(frozen=True, eq=False)
class Concentration(Result):
    """How revenue of identified customers is spread over them, the largest first.

    Attributes
    ----------
    curve : DataFrame, at most 101 points from (0, 0)
        share_of_customers, share_of_revenue: float. The curve passes 1 and comes back to it where
        some customers gave back more than they bought.
    tops : DataFrame, one row a count of largest customers (1, 5, 10, a fifth of all)
        customers: int; share_of_customers: float; revenue: Decimal; share: float.
    largest : DataFrame, one row a customer, at most ten
        customer_id, name, revenue (Decimal), share.
    customers : int
        Identified customers with lines in the period: those who only gave back or got something free
        too, so that their lines are in the revenue.
    buyers : int
        Those of them with at least one line of positive revenue: the active customers of the scorecard.
    hhi : float or None
        Herfindahl-Hirschman index, 0 to 1.
    identified : Decimal
        Net revenue of identified customers.
    left_out : DataFrame, one row
        lines, net_revenue of lines without a customer; reason.
    period : Period
    currency : str
    reason : str
        Why there is none; empty where there is.
    """

    curve: pd.DataFrame
    tops: pd.DataFrame
    largest: pd.DataFrame
    customers: int
    hhi: float | None
    identified: Decimal
    left_out: pd.DataFrame
    period: Period
    currency: str
    reason: str = ""
    buyers: int = 0

    def figures(self) -> pd.DataFrame:
        """Return the shares of the largest customers and the index."""
        stem = f"concentration:{self.period.label}"
        if self.reason:
            return figure_frame([not_available("concentration", "concentration", self.period, self.reason)])
        common = {
            "kpi": "concentration", "period": self.period.label, "unit": "share", "n": self.customers,
            "basis": text(_BASIS), "status": "observed", "reason": "",
        }  # fmt: skip
        found: list[dict[str, Any]] = [
            common | {"figure_id": f"{stem}:top_{customers}", "estimate": share}
            for customers, share in zip(self.tops["customers"], self.tops["share"], strict=True)
        ]
        found.append(
            common
            | {"figure_id": f"{stem}:hhi", "kpi": "hhi", "basis": text(_HHI), "unit": "index", "estimate": self.hhi}
        )
        return figure_frame(found)

    def ties_to(self) -> dict[str, Any] | None:
        """Return the revenue of identified customers and what is left out of it: together, the period's."""
        if self.reason:
            return None
        return {
            "identified_revenue": self.identified,
            "anonymous_revenue": self.left_out["net_revenue"].iloc[0],
            "period": self.period.label,
        }

    def views(self) -> list[View]:
        """Return the shares of the largest customers, then who the ten largest are."""
        if self.reason:
            return [nothing_to_show(text("Customer concentration"), self.reason)]
        left = self.left_out.iloc[0]
        tops = self.tops.assign(
            label=[
                plural("Largest customer", "{n} largest customers", int(customers))
                for customers in self.tops["customers"]
            ]
        )
        notes = []
        if self.buyers < self.customers:
            notes.append(
                plural(
                    "{n} customer has only returns or free lines in the period: counted here, not among the active.",
                    "{n} customers have only returns or free lines in the period: counted here, not among the active.",
                    self.customers - self.buyers,
                )
            )
        if left["lines"]:
            notes.append(
                plural(
                    "Left out: {n} line without a customer, {money}.",
                    "Left out: {n} lines without a customer, {money}.",
                    int(left["lines"]),
                    money=show(left["net_revenue"], self.currency),
                )
            )
        subtitle = plural(
            "Share of the net revenue of {n} identified customer, {period}, {currency} net of tax",
            "Share of the net revenue of {n} identified customers, {period}, {currency} net of tax",
            self.customers,
            period=self.period.name(),
            currency=self.currency,
        )
        share = Field("share", text("Share, %"), unit="share", bar=True)
        amount = money("revenue", text("Net revenue"), self.currency)
        whole = self.tops[self.tops["customers"] == self._headline()].iloc[0]
        message = self._headline_of(int(whole["customers"]), percent(whole["share"]))
        if (named := self.identified_share()) is not None and left["lines"]:
            notes.insert(
                0, text("Identified customers bring {share} of the revenue of the period.", share=percent(named))
            )
        fields = [
            Field("label", text("Customers")),
            Field("share_of_customers", text("Share of customers, %"), unit="share"),
            amount,
            share,
        ]
        names = [Field("name", text("Customer")), amount, share]
        return [
            View(message, subtitle, fields, tops, notes=notes),
            View(self._who(), subtitle, names, self.largest),
        ]

    def identified_share(self) -> float | None:
        """Return the share of the period's revenue that has a customer; None where revenue is not positive."""
        if self.reason:
            return None
        revenue = self.identified + self.left_out["net_revenue"].iloc[0]
        return estimates.ratio(self.identified, revenue) if revenue > 0 else None

    def _headline_of(self, customers: int, share: str) -> str:
        """Return what the largest customers bring: of all revenue only where all of it has a customer."""
        if self.left_out["net_revenue"].iloc[0]:
            return plural(
                "The largest customer brings {share} of the revenue of identified customers",
                "The {n} largest customers bring {share} of the revenue of identified customers",
                customers,
                share=share,
            )
        return plural(
            "The largest customer brings {share} of revenue",
            "The {n} largest customers bring {share} of revenue",
            customers,
            share=share,
        )

    def _who(self) -> str:
        if len(self.largest) == self.customers:
            return plural("The only customer", "All {n} customers", self.customers)
        return text("The {n} largest customers", n=number(len(self.largest)))

    def _headline(self) -> int:
        return max(int(customers) for customers in self.tops["customers"] if customers <= max(_FIXED))


def concentration(lines: ibis.Table | pd.DataFrame, *, period: Period, currency: str) -> Concentration:
    """Rank identified customers by revenue and sum it up from the largest.

    Parameters
    ----------
    lines : table or DataFrame, one row a line, columns of `schema.SALES`
    period : Period
    currency : str
        ISO code of every amount.

    Raises
    ------
    DataError
        If there is no line, or the period starts before the data.

    See Also
    --------
    charts.concentration : the curve.
    """
    table = checked(lines)
    span(table, period)

    def nothing(reason: str) -> Concentration:
        empty = pd.DataFrame()
        return Concentration(empty, empty, empty, 0, None, Decimal(0), empty, period, currency, reason)

    if "customer_id" not in table.columns:
        return nothing(ask_for("customer_id"))
    sums = only(_sums(table, period))
    members, identified = int(sums["members"]), sums["identified"] or Decimal(0)
    if not members:
        return nothing(text("No sale of the period has a customer. Ask for {what}.", what=in_words("customer_id")))
    if identified <= 0:
        return nothing(text("Identified customers brought no revenue in the period."))
    fifth = ceil(members / 5)
    counts = sorted({count for count in (*_FIXED, fifth) if count <= members})
    points = sorted({ceil(members * point / _POINTS) for point in range(1, _POINTS + 1)})
    ranks = sorted({*range(1, min(members, max(_FIXED)) + 1), *counts, *points})
    ranked = _ranked(table, period, ranks).sort_values("place")
    cumulated = {int(place): total for place, total in zip(ranked["place"], ranked["cumulated"], strict=True)}
    curve = pd.DataFrame(
        {
            "share_of_customers": [0.0, *(point / members for point in points)],
            "share_of_revenue": [0.0, *(float(cumulated[point] / identified) for point in points)],
        }
    )
    tops = pd.DataFrame(
        {
            "customers": counts,
            "share_of_customers": [count / members for count in counts],
            "revenue": pd.Series([cumulated[count] for count in counts], dtype="object"),
            "share": [float(cumulated[count] / identified) for count in counts],
        }
    )
    largest = ranked[ranked["place"] <= max(_FIXED)].reset_index(drop=True)
    largest["name"] = distinct_names(largest["customer_id"], largest["name"])
    largest = largest.assign(share=[estimates.ratio(revenue, identified) for revenue in largest["revenue"]])
    left_out = pd.DataFrame(
        [
            {
                "lines": int(sums["anonymous_lines"]),
                "net_revenue": sums["anonymous"] or Decimal(0),
                "reason": text("no customer"),
            }
        ],
        dtype="object",
    )
    hhi = float(sums["squares"]) / float(identified) ** 2
    shown = largest[["customer_id", "name", "revenue", "share"]]
    return Concentration(
        curve, tops, shown, members, hhi, identified, left_out, period, currency, buyers=int(sums["buyers"])
    )


@aggregation
def _sums(lines: ibis.Table, period: Period) -> ibis.Table:
    """What identified customers brought in all, how many there are, and what has no customer."""
    customers = _customers(lines, period, anonymous=True)
    known = _.customer_id.notnull()
    amount = _.revenue.cast("decimal(38, 4)")  # floats would add up to another last digit in every order of threads
    return customers.agg(
        members=_.count(where=known),
        buyers=_.count(where=known & (_.bought > 0)),
        identified=_.revenue.sum(where=known),
        squares=(amount * amount).cast("decimal(38, 8)").sum(where=known),
        anonymous=_.revenue.sum(where=_.customer_id.isnull()),
        anonymous_lines=_.lines.sum(where=_.customer_id.isnull()),
    ).mutate(anonymous_lines=_.anonymous_lines.fill_null(0))


@aggregation
def _ranked(lines: ibis.Table, period: Period, ranks: Sequence[int]) -> ibis.Table:
    """The customers at these places, the largest first, each with the revenue of all up to it."""
    largest_first = [ibis.desc("revenue"), "customer_id"]
    ranked = _customers(lines, period, anonymous=False).mutate(
        place=ibis.row_number().over(order_by=largest_first) + 1,
        cumulated=_.revenue.sum().over(ibis.window(order_by=largest_first, preceding=None, following=0)),
    )
    return ranked.filter(_.place.isin(list(ranks)))


def _customers(lines: ibis.Table, period: Period, *, anonymous: bool) -> ibis.Table:
    kept = lines.filter(is_in(period))
    if not anonymous:
        kept = kept.filter(_.customer_id.notnull())
    name = kept.customer_name.max() if "customer_name" in kept.columns else kept.customer_id.max()
    return kept.group_by("customer_id").agg(
        revenue=_.net_revenue.sum(),
        lines=_.count(),
        bought=_.count(where=is_purchase()),
        name=ibis.coalesce(name, kept.customer_id.max()),
    )
