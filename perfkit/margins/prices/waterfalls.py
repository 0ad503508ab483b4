"""The price waterfall: what is left of list prices on the invoice, and in the pocket?

After Marn, Roegner and Zawada (2003), The power of pricing, The McKinsey Quarterly: list price, less what the invoice
takes off, less what the invoice does not show. The sums and the costs are those of the statement.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd

from perfkit import estimates, languages
from perfkit.dimensions import ask_for
from perfkit.errors import ParameterError
from perfkit.languages import mark, money, percent, points, text
from perfkit.lines import checked, span
from perfkit.margins.prices.pockets import Pocket, costs_of, pockets
from perfkit.margins.prices.waterfall_views import label, shown
from perfkit.margins.profitability.members import key_tuples, lacking, member_sums, names_of, with_members
from perfkit.periods import Period
from perfkit.results import Result, View, figure_frame

NAMED_BY = ("customer_id", "channel")
"""Dimensions of which a cost may name the member that it is of."""

_COLUMNS = ["line", "role", "name", "amount", "share", "previous", "previous_share"]
_MEMBERS = [
    "member",
    "name",
    "list_revenue",
    "discounts",
    "invoiced",
    "realisation",
    "previous_realisation",
    "change",
    "rest",
    "net_revenue",
    "off_invoice",
    "pocket_revenue",
]


@dataclass(frozen=True, eq=False)
class PriceWaterfall(Result):
    """From list revenue to what is left in the pocket; every step adds up to the cent.

    Attributes
    ----------
    rows : DataFrame, one row a step, in the order of the waterfall
        line: "list_revenue", "discounts", "other_reductions" (list less net less the discount that the lines say),
        "invoiced" (net revenue of the lines with a list price), "unlisted", "returns", "net_revenue",
        "costs:<level>:<kind>" (declared costs that follow a sale), "pocket_revenue", then "uncosted", "goods" and
        costs of goods, "pocket_margin"; role: "whole" (what is left), "reduction", "apart" (neither discount nor cost:
        sales without a list price, returns, revenue without a known cost) or "cost"; name: a cost's own; amount:
        Decimal, what it adds (a reduction is negative); share: of list revenue, None below the invoice where list
        prices are known of less than `contribution.ENOUGH` of what was sold; previous, previous_share: of the period
        that it is set against, None where there is none.
    members : DataFrame, one row a member of `by`, the unknown last; empty without one
        member, name; list_revenue, discounts (negative), invoiced: of the lines with a list price; realisation,
        previous_realisation: invoiced / list_revenue; change: their difference; rest: sales without a list price and
        returns; net_revenue; off_invoice: costs off the price that name the member (negative; None where costs never
        name one); pocket_revenue. Unrounded, they sum to the steps, but for `unassigned`.
    unassigned : Decimal
        Costs off the price that name no member, 0 or below.
    period : Period
    previous : Period or None
    currency : str
    by : str
        Dimension of the members, "" where none.
    listed, realisation, previous_realisation : float or None
        Share of what was sold whose list price is known; invoiced / list revenue, of both periods.
    reason : str
        Why there are no steps; empty where there are.
    pocket_reason : str
        Why the waterfall ends at net revenue; empty where it does not.
    """

    rows: pd.DataFrame
    members: pd.DataFrame
    unassigned: Decimal
    period: Period
    previous: Period | None
    currency: str
    by: str = ""
    listed: float | None = None
    realisation: float | None = None
    previous_realisation: float | None = None
    reason: str = ""
    pocket_reason: str = ""
    previous_reason: str = ""

    @property
    def change(self) -> float | None:
        """Realisation less that of the previous period, None where either is unknown."""
        if self.realisation is None or self.previous_realisation is None:
            return None
        return self.realisation - self.previous_realisation

    @property
    def last(self) -> str:
        """The deepest step: "net_revenue", "pocket_revenue" or "pocket_margin"."""
        return [row["line"] for row in self.rows.to_dict("records") if row["role"] == "whole"][-1]

    def amount(self, line: str) -> Decimal:
        """Return a step's amount, 0 where there is none of that name."""
        found = self.rows[self.rows["line"] == line]
        return found.iloc[0]["amount"] if len(found) else Decimal(0)

    def label(self, line: str) -> str:
        """Return what a reader calls a step."""
        return label(self.rows[self.rows["line"] == line].iloc[0].to_dict())

    def figures(self) -> pd.DataFrame:
        """Return the steps, the price realisation of both periods, and each member's."""
        stem = f"price_waterfall:{self.period.label}"
        if self.reason:
            row = {"figure_id": stem, "kpi": "price_waterfall", "period": self.period.label, "unit": self.currency}
            return figure_frame([row | {"status": "not available", "reason": self.reason}])
        found: list[dict[str, Any]] = [
            {
                "figure_id": f"{stem}:{row['line']}",
                "kpi": row["line"] if row["role"] != "cost" else "cost",
                "period": self.period.label,
                "dimensions": {"kind": row["name"]} if row["name"] else None,
                "estimate": row["amount"],
                "unit": self.currency,
                "basis": text(_BASES.get(row["line"], _OF_COSTS)),
                "status": "observed",
            }
            for row in self.rows.to_dict("records")
        ]
        if self.pocket_reason:
            row = {"figure_id": f"{stem}:pocket_revenue", "kpi": "pocket_revenue", "unit": self.currency}
            why = {"status": "not available", "reason": self.pocket_reason}
            found.append(row | why | {"period": self.period.label, "basis": text(_BASES["pocket_revenue"])})
        for period, value in ((self.period, self.realisation), (self.previous, self.previous_realisation)):
            if period is not None:
                found.append(_realised(value, period, None, self.previous_reason))
        for row in self.members.to_dict("records"):
            found.append(_realised(row["realisation"], self.period, {self.by: row["member"]}, ""))
        return figure_frame(found)

    def ties_to(self) -> dict[str, Any] | None:
        """Return the revenue of the statement that the waterfall leads to."""
        return None if self.reason else {"net_revenue": self.amount("net_revenue"), "period": self.period.label}

    def views(self) -> list[View]:
        """Return the steps, and the members with what each leaves of its list price."""
        return shown(self)

    def message(self) -> str:
        """Return in a sentence what is left of the list price, and how that changed."""
        values = {"rate": percent(self.realisation)}
        ends = {"pocket_revenue": text("pocket revenue"), "pocket_margin": text("pocket margin")}
        rows = self.rows.set_index("line")["share"]
        if self.change is not None and self.previous is not None:
            moved = {"points": points(self.change), "period": self.previous.name()}
            return text("Customers pay {rate} of the list price, {points} against {period}", **values, **moved)
        if self.last in ends and rows[self.last] is not None:
            left = {"what": ends[self.last], "share": percent(rows[self.last])}
            return text("Customers pay {rate} of the list price; {share} is left as {what}", **values, **left)
        taken = money(self.amount("list_revenue") - self.amount("invoiced"), self.currency)
        return text(
            "Customers pay {rate} of the list price: {money} are taken off on the invoice", money=taken, **values
        )


def waterfall(
    lines: ibis.Table | pd.DataFrame,
    costs: ibis.Table | None = None,
    *,
    period: Period,
    currency: str,
    previous: Period | None = None,
    by: str = "",
    off_invoice: Collection[str] | None = None,
) -> PriceWaterfall:
    """Take off the list price what the invoice does, and what follows it, step by step.

    Parameters
    ----------
    lines : table or DataFrame, one row a line, columns of `schema.SALES`
        With `list_revenue`; `discount` where the lines say it.
    costs : table, optional
        As `contribution.costs` gives it.
    period : Period
    currency : str
        ISO code of every amount.
    previous : Period, optional
        To set the price realisation against, in points.
    by : str, optional
        A dimension whose members are shown as well.
    off_invoice : collection of str, optional
        The kinds of cost that are off the price: rebates, freight, payment ... Without it, all booked costs that follow
        a sale (levels cm1 and cm2); never spend on marketing.

    Raises
    ------
    ParameterError
        If a period is a text, a kind of cost is unknown, or there is no such dimension.
    DataError
        If a column is absent, or a period starts before the data.

    See Also
    --------
    charts.price_waterfall : the steps as bars.
    margins.statement.statement : the same sums down to the management result, as parts of net revenue.
    """
    for each in (period, previous):
        if each is not None and not isinstance(each, Period):
            raise ParameterError(f"period is {each!r}: give a Period, such as acme.period('2026-10').")
    table = with_members(lines, [by]) if by and not lacking(lines, [by]) else checked(lines)
    days = span(table, period)
    nothing = pd.DataFrame(columns=_COLUMNS, dtype="object"), pd.DataFrame(columns=_MEMBERS, dtype="object")
    bare = PriceWaterfall(*nothing, Decimal(0), period, previous, currency, by)
    if "list_revenue" not in table.columns:
        return _without(bare, ask_for("list_revenue"))
    if by and "member" not in table.columns:
        return _without(bare, ask_for(by))
    held = previous is None or days.holds(previous)
    now, then = pockets(table, costs, period, previous if held else None, off_invoice)
    if not now.side.of("list"):
        return _without(
            bare, text("No line of {period} has a list price, so no discount is known.", period=period.name())
        )
    members, unassigned = _members(table, costs, by, now, then) if by else (nothing[1], Decimal(0))
    return PriceWaterfall(
        rows=_beside(now.rows(), then.rows() if then else {}),
        members=members,
        unassigned=unassigned,
        period=period,
        previous=previous,
        currency=currency,
        by=by,
        listed=now.listed,
        realisation=now.realisation,
        previous_realisation=then.realisation if then else None,
        pocket_reason=now.reason(),
        previous_reason="" if held else days.why_not(),
    )


def _without(bare: PriceWaterfall, reason: str) -> PriceWaterfall:
    return PriceWaterfall(
        bare.rows, bare.members, Decimal(0), bare.period, bare.previous, bare.currency, bare.by, reason=reason
    )


def _beside(now: Mapping[str, dict[str, Any]], then: Mapping[str, dict[str, Any]]) -> pd.DataFrame:
    """Set both periods side by side; a step that is 0 in both is left out."""
    rows = []
    for line, row in now.items():
        before = then.get(line, {})
        if row["role"] == "whole" or row["amount"] or before.get("amount") or line == "discounts":
            rows.append(row | {"previous": before.get("amount"), "previous_share": before.get("share")})
    return pd.DataFrame(rows, columns=_COLUMNS, dtype="object")


def _members(
    table: ibis.Table, costs: ibis.Table | None, by: str, now: Pocket, then: Pocket | None
) -> tuple[pd.DataFrame, Decimal]:
    """Return each member's part of the waterfall, and the costs off the price that name none."""
    sums = member_sums(table, [by], now.side.period)
    before: dict[Any, Any] = {}
    if then is not None:
        earlier = member_sums(table, [by], then.side.period).to_dict("records")
        before = {row["member"]: estimates.ratio(_of(row["listed"]), _of(row["list_revenue"])) for row in earlier}
    taken = [(cost["level"], cost["kind"]) for cost in now.off_invoice()]
    named = costs is not None and by in NAMED_BY and not now.reason()
    found = costs_of(costs, by, now.side.period, taken).to_dict("records") if named else []
    own = {row["member"]: row["amount"] for row in found if not languages.missing(row["member"])}
    unassigned = -sum((row["amount"] for row in found if languages.missing(row["member"])), Decimal(0))
    rows = []
    for row, (member,), name in zip(
        sums.to_dict("records"), key_tuples(sums, ["member"]), names_of(sums, ["member"]), strict=True
    ):
        listed, full = _of(row["listed"]), _of(row["list_revenue"])
        realisation, previous = estimates.ratio(listed, full), before.get(row["member"])
        off = -own.pop(member, Decimal(0)) if named else None
        rows.append(
            {
                "member": member,
                "name": name,
                "list_revenue": full,
                "discounts": listed - full,
                "invoiced": listed,
                "realisation": realisation,
                "previous_realisation": previous,
                "change": None if realisation is None or previous is None else realisation - previous,
                "rest": row["net_revenue"] - listed,
                "net_revenue": row["net_revenue"],
                "off_invoice": off,
                "pocket_revenue": None if off is None else row["net_revenue"] + off,
            }
        )
    # A cost may name a member that sold nothing in the period.
    return pd.DataFrame(rows, columns=_MEMBERS, dtype="object"), unassigned - sum(own.values(), Decimal(0))


def _of(value: Any) -> Decimal:
    return Decimal(0) if languages.missing(value) else value


def _realised(value: float | None, period: Period, of: dict[str, Any] | None, why: str) -> dict[str, Any]:
    """The price realisation as a figure."""
    member = "" if of is None else next(iter(of.values()))
    tail = "" if of is None else ":unknown" if member is None else f":={member}"
    return {
        "figure_id": f"price_waterfall:{period.label}:realisation{tail}",
        "kpi": "price_realisation",
        "period": period.label,
        "dimensions": of,
        "estimate": value,
        "unit": "share",
        "basis": text(_REALISATION),
        "status": "not available" if value is None else "observed",
        "reason": (why or text("No line with a list price.")) if value is None else "",
    }


_REALISATION = mark("Net revenue / list revenue of the lines with a list price, returns apart")
_OF_COSTS = mark("Sum of the costs of this kind and level dated in the period, taken off")
_BASES = {
    "list_revenue": mark("Sum of list revenue of the lines with a list price, returns apart"),
    "discounts": mark("Sum of the discounts of the lines with a list price, as they say them, else list less net"),
    "other_reductions": mark("Net revenue less list revenue of the lines with a list price, beyond their discount"),
    "invoiced": mark("Sum of net revenue of the lines with a list price, returns apart"),
    "unlisted": mark("Sum of net revenue of the lines without a list price, returns apart"),
    "returns": mark("Sum of net revenue of the lines below zero"),
    "net_revenue": mark("Sum of net revenue of all lines dated in the period"),
    "pocket_revenue": mark("Net revenue less the declared costs that follow a sale"),
    "uncosted": mark("Net revenue of the lines whose cost is not known, taken off"),
    "goods": mark("Cost of the goods of the lines dated in the period, where it is known, taken off"),
    "pocket_margin": mark("Pocket revenue less the cost of the goods"),
}
