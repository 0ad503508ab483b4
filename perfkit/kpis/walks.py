"""The revenue walk: what did new, returning, growing, shrinking and lost customers do to last year's revenue?

Customers buy when they like, without a contract: who buys nothing in the period is counted as lost,
and may come back. "New" is a first purchase in these data, which may start after the customer did.
A credit note is no purchase: what it gave a customer back in a period in which this one bought nothing is a step of
its own, so that what lost customers had brought and what those who came bring is what they bought.
"""

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit import estimates
from perfkit.aggregations import aggregation, only
from perfkit.dimensions import ask_for
from perfkit.kpis.breakdowns import ROUNDED, money, not_available, nothing_to_show, only_total, rounded
from perfkit.kpis.comparisons import ALIKE_RATES, near
from perfkit.kpis.sums import first_purchase
from perfkit.languages import date, mark, number, percent, show, text
from perfkit.lines import checked, is_in, is_purchase, no_line, span
from perfkit.months import silence, silent_months_of
from perfkit.periods import Period
from perfkit.results import Field, Result, View, figure_frame
from perfkit.schema import FIRST_BOUGHT

STEPS = {
    "new": mark("New customers"),
    "acquired": mark("Customers won in between"),
    "reactivated": mark("Customers who came back"),
    "expansion": mark("Customers who bought more"),
    "unchanged": mark("Customers who bought as much"),
    "contraction": mark("Customers who bought less"),
    "lost": mark("Customers who did not buy again"),
    "credited": mark("Credit notes of customers without a purchase"),
    "unknown": mark("Revenue without a customer"),
}
"""What makes last year's revenue this year's, in the order of the walk."""
_OF_A_PART = {
    "reactivated": mark("Known customers, new to this part or back"),
    "lost": mark("Customers of this part a year before only"),
}
"""What two steps are called where the lines are a part of what customers buy: they may have bought the rest of it."""

_BASIS = mark(
    "Net revenue of the period less that of the same period a year before, of the customers whom the step holds"
)
GROSS = mark(
    "Revenue of the customers who brought some a year before, of each from 0 to what it brought then / a year before"
)
_AGAIN = ("expansion", "contraction", "unchanged")
_COLUMNS = ["step", "name", "customers", "revenue", "previous", "effect"]


@dataclass(frozen=True, eq=False)
class RevenueWalk(Result):
    """From last year's revenue to this year's by what customers did; the effects sum to the change exactly.

    Attributes
    ----------
    rows : DataFrame, one row a step (new, expansion, contraction, lost; acquired, unchanged, credited,
        unknown if any; reactivated but where the data start with the period a year before: who bought before then is
        not known)
        step; name: message id; customers: int, None for the credited and the unknown; revenue, previous, effect:
        Decimal, of its customers in the period, a year before, and the difference. Credited is what credit notes
        gave back in a period in which their customer bought nothing, and no part of that customer's own step.
    period : Period
    revenue, previous_revenue : Decimal
    base_customers, kept_customers : int
        Identified customers who bought a year before; those of them who bought in the period.
    base, kept : Decimal
        Revenue of the base customers a year before, and in the period, credit notes of the lost ones taken off.
    held_base, held : Decimal
        Revenue a year before of the customers who brought more than 0 then; what of it each still brings, from 0 to
        what it brought then.
    silent : tuple of Period
        Months of either period that may be missing (see `months.silent_months`): effects then have no tone.
    of_part : bool
        Whether the lines are a part of what customers buy, such as a filter leaves: who has none of them in a period
        may have bought the rest. Who is new is known by all that a customer bought.
    first : date
        First day of the data: a purchase before it is not known.
    currency : str
    reason : str
        Why there is no walk (no rows then); empty where there is. Where the customers of the two periods do not
        compare, revenue and previous_revenue are given all the same.
    """

    rows: pd.DataFrame
    period: Period
    revenue: Decimal
    previous_revenue: Decimal
    base_customers: int
    kept_customers: int
    base: Decimal
    kept: Decimal
    first: dt.date
    currency: str
    reason: str = ""
    held_base: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    silent: tuple[Period, ...] = ()
    of_part: bool = False

    @property
    def change(self) -> Decimal:
        """The change of revenue, which the effects sum to."""
        return self.revenue - self.previous_revenue

    def effect(self, step: str) -> Decimal:
        """Return a step's effect on revenue."""
        found: Decimal = self.rows.set_index("step")["effect"].get(step, Decimal(0))
        return found

    def net_retention(self) -> float | None:
        """Return what last year's customers brought now by what they brought then; None from 0 or less."""
        return estimates.ratio(self.kept, self.base) if self.base > 0 else None

    def gross_retention(self) -> float | None:
        """Return what customers with revenue last year still bring of it, without what growing ones added: 0 to 1."""
        return estimates.ratio(self.held, self.held_base) if self.held_base > 0 else None

    def figures(self) -> pd.DataFrame:
        """Return the effect of each step, and the customers who came again."""
        stem = f"revenue_walk:{self.period.label}"
        if self.reason:
            return figure_frame([not_available("revenue_walk", "revenue_walk", self.period, self.reason)])
        common = {"period": self.period.label, "status": "observed", "reason": ""}
        found: list[dict[str, Any]] = [
            common
            | {
                "figure_id": f"{stem}:{row['step']}",
                "kpi": "revenue_walk",
                "dimensions": {"step": row["step"]},
                "estimate": row["effect"],
                "n": row["customers"],
                "unit": self.currency,
                "basis": text(_BASIS),
            }
            for row in self.rows.to_dict("records")
        ]
        for kpi, basis, value in (
            (
                "net_retention",
                mark("Revenue of last year's customers in the period / a year before"),
                self.net_retention(),
            ),
            (
                "gross_retention",
                GROSS,
                self.gross_retention(),
            ),
        ):
            if value is not None:
                found.append(
                    common
                    | {
                        "figure_id": f"{stem}:{kpi}", "kpi": kpi, "estimate": value, "unit": "share",
                        "n": self.base_customers, "basis": text(basis),
                    }
                )  # fmt: skip
        return figure_frame(found)

    def ties_to(self) -> dict[str, Any] | None:
        """Return the revenue of both periods, which the walk leads from and to."""
        if self.reason:
            return None
        return {"net_revenue": self.revenue, "previous_revenue": self.previous_revenue, "period": self.period.label}

    def views(self) -> list[View]:
        """Return the steps between last year's revenue and this year's."""
        if self.reason:
            what = text("From last year's customers to this year's")
            if not self.revenue and not self.previous_revenue:
                return [nothing_to_show(what, self.reason)]
            return [only_total(what, self.reason, self.period, self.previous_revenue, self.revenue, self.currency)]
        now, then = self.period.name(), self.period.year_before().name()
        total = {
            "name": mark("Total"), "customers": sum(count for count in self.rows["customers"] if count is not None),
            "previous": self.previous_revenue, "revenue": self.revenue, "effect": self.change,
        }  # fmt: skip
        table = pd.DataFrame([*self.rows.to_dict("records"), total], dtype="object")
        table["label"] = [text(name) for name in table["name"]]
        table["tone"] = [None if self.silent else estimates.tone(effect, self.currency) for effect in table["effect"]]
        fields = [
            Field("label", text("Customers")),
            Field("customers", text("Number"), unit="count"),
            money("previous", then, self.currency),
            money("revenue", now, self.currency),
            money("effect", text("Change"), self.currency, signed=True, tone_from="tone", bar=True),
        ]
        subtitle = text(
            "Net revenue by what customers did, {period} against {previous}, {currency} net of tax",
            period=now,
            previous=then,
            currency=self.currency,
        )
        return [View(self.message(), subtitle, fields, table, total=True, notes=self._notes(table))]

    def message(self) -> str:
        """Return what keeping and winning customers did to revenue, in a sentence."""
        kept = sum((self.effect(step) for step in (*_AGAIN, "lost")), Decimal(0))
        won = self.effect("new") + self.effect("acquired") + self.effect("reactivated")
        return text(
            "Last year's customers: {kept}; those who did not buy then: {won}",
            kept=show(kept, self.currency, signed=True),
            won=show(won, self.currency, signed=True),
        )

    def _notes(self, table: pd.DataFrame) -> list[str]:
        notes = [silence(self.silent)] if self.silent else []
        if self.of_part:
            notes.append(
                text(
                    "These lines are a part of what customers buy: who has none of them in {previous} or in {period} "
                    "may have bought the rest.",
                    previous=self.period.year_before().name(),
                    period=self.period.name(),
                )
            )
        net, gross = self.net_retention(), self.gross_retention()
        if self.base_customers:
            notes.append(
                text(
                    "Customers who bought in {previous}: {base}; of them in {period} too: {kept} ({share}).",
                    kept=number(self.kept_customers),
                    base=number(self.base_customers),
                    previous=self.period.year_before().name(),
                    period=self.period.name(),
                    share=percent(estimates.ratio(self.kept_customers, self.base_customers)),
                )
            )
        if net is not None and gross is not None:
            notes.append(
                text(
                    "Revenue in {period} from the customers of {previous}, the lost ones counted: {net} of what they "
                    "brought then; {gross} without what the growing ones added.",
                    period=self.period.name(),
                    previous=self.period.year_before().name(),
                    net=percent(net),
                    gross=percent(gross),
                )
            )
        if "credited" in set(self.rows["step"]):
            notes.append(
                text(
                    "A credit note is no purchase: those of customers who bought nothing in {previous} or in "
                    "{period} have a row of their own.",
                    previous=self.period.year_before().name(),
                    period=self.period.name(),
                )
            )
        notes.append(
            text(
                "New: first purchase since {day}, where the data start; older customers may be among them. "
                "Who did not buy again is not lost for sure, since nobody gives notice.",
                day=date(self.first),
            )
        )
        if "acquired" in set(self.rows["step"]):
            notes.append(
                text(
                    "Won in between: first purchase after {previous} and before {period}; customers from before {day}, "
                    "where the data start, may be among them.",
                    previous=self.period.year_before().name(),
                    period=self.period.name(),
                    day=date(self.first),
                )
            )
        if rounded(table, ("revenue", "previous", "effect")):
            notes.append(text(ROUNDED))
        return notes


def revenue_walk(lines: ibis.Table | pd.DataFrame, *, period: Period, currency: str) -> RevenueWalk:
    """Walk from the revenue of a year before to the period's by what each customer did.

    New customers bought for the first time in the period, acquired ones after that of a year before and before
    this one. Reactivated ones bought before both, but nothing in the one a year before. Expansion and contraction
    are of those who bought in both, lost is of those who bought a year before only. Who bought in neither is of no
    step: credit notes alone, of either period, are the step credited. Of lines that are a part of what customers
    buy, new and acquired ones are those who bought anything at all for the first time then.

    Parameters
    ----------
    lines : table or DataFrame, one row a line, columns of `schema.SALES`
        Give the full history: a customer's first purchase here makes it new or not.
    period : Period
    currency : str
        ISO code of every amount.

    Raises
    ------
    DataError
        If there is no line, or the period starts before the data.

    See Also
    --------
    charts.revenue_walk : the steps as a bridge.
    """
    table, before = checked(lines), period.year_before()
    days = span(table, period)

    def nothing(reason: str) -> RevenueWalk:
        empty, zero = pd.DataFrame(columns=_COLUMNS, dtype="object"), Decimal(0)
        return RevenueWalk(empty, period, zero, zero, 0, 0, zero, zero, days.first, currency, reason)

    if "customer_id" not in table.columns:
        return nothing(ask_for("customer_id"))
    if not days.holds(before):
        return nothing(days.why_not())
    found = {row["step"]: row for row in _steps(table, period, before).to_dict("records")}
    if not any(row["lines_before"] for row in found.values()):
        return nothing(no_line(before))
    if set(found) <= {"unknown"}:
        return nothing(text("No line of the two periods has a customer."))
    known = only(_identified(table, period, before))
    shares = [estimates.ratio(known[f"{side}_known"] or 0, known[f"{side}_sold"]) for side in ("now", "before")]
    if not near(shares[0], shares[1], ALIKE_RATES):
        told = {side: sum((row[side] for row in found.values()), Decimal(0)) for side in ("revenue", "previous")}
        why = text(
            "{share} of the sales have a customer in {period}, {other} in {previous}: "
            "who is new or lost cannot be compared.",
            share=percent(shares[0]),
            other=percent(shares[1]),
            period=period.name(),
            previous=before.name(),
        )
        return replace(nothing(why), revenue=told["revenue"], previous_revenue=told["previous"])
    amounts = ("revenue", "previous", "held", "held_base", "credits", "credits_before")
    zero: dict[str, Any] = dict.fromkeys(amounts, Decimal(0)) | {"customers": 0}
    sums = {step: zero | found.get(step, {}) for step in STEPS}
    base = sum((sums[step]["previous"] for step in (*_AGAIN, "lost")), Decimal(0))
    kept = sum((sums[step]["revenue"] for step in (*_AGAIN, "lost")), Decimal(0))
    credited = _apart(sums)
    shown = set(STEPS) - {"acquired", "unchanged", "credited", "unknown"}
    if days.first >= before.start:
        shown -= {"reactivated"}
    shown |= set(found) - {"credited"} | ({"credited"} if credited else set())
    of_part = FIRST_BOUGHT in table.columns
    names = STEPS | _OF_A_PART if of_part else STEPS
    rows = [
        {
            "step": step,
            "name": name,
            "customers": None if step in ("credited", "unknown") else int(sums[step]["customers"]),
            "revenue": sums[step]["revenue"],
            "previous": sums[step]["previous"],
            "effect": sums[step]["revenue"] - sums[step]["previous"],
        }
        for step, name in names.items()
        if step in shown
    ]
    totals = {column: sum((each[column] for each in sums.values()), Decimal(0)) for column in ("revenue", "previous")}
    kept_customers = sum(int(sums[step]["customers"]) for step in _AGAIN)
    return RevenueWalk(
        rows=pd.DataFrame(rows, columns=_COLUMNS, dtype="object"),
        period=period,
        revenue=totals["revenue"],
        previous_revenue=totals["previous"],
        base_customers=kept_customers + int(sums["lost"]["customers"]),
        kept_customers=kept_customers,
        base=base,
        kept=kept,
        first=days.first,
        currency=currency,
        held_base=sum((sums[step]["held_base"] for step in (*_AGAIN, "lost")), Decimal(0)),
        held=sum((sums[step]["held"] for step in (*_AGAIN, "lost")), Decimal(0)),
        silent=silent_months_of(table, period, days),
        of_part=of_part,
    )


def _apart(sums: dict[str, dict[str, Any]]) -> bool:
    """Take credit notes of customers without a purchase out of their steps into one of their own; say if any are."""
    own = sums["credited"]
    for step, each in sums.items():
        if step != "credited":
            for column, credits in (("revenue", "credits"), ("previous", "credits_before")):
                each[column] -= each[credits]
                own[column] += each[credits]
    return bool(own["revenue"] or own["previous"])


@aggregation
def _identified(lines: ibis.Table, period: Period, previous: Period) -> ibis.Table:
    """Both periods' sales, and those whose customer is known."""
    wanted = {}
    for side, when in (("now", period), ("before", previous)):
        sold = is_in(when) & is_purchase()
        wanted[f"{side}_sold"] = _.net_revenue.sum(where=sold)
        wanted[f"{side}_known"] = _.net_revenue.sum(where=sold & _.customer_id.notnull())
    return lines.filter(is_in(period) | is_in(previous)).agg(**wanted)


@aggregation
def _steps(lines: ibis.Table, period: Period, previous: Period) -> ibis.Table:
    """Customers and both periods' revenue by step; lines without a customer are a step of their own."""
    zero = ibis.literal(Decimal(0), "decimal(38, 4)")
    customers = walked(lines, period, previous).mutate(
        held_base=ibis.ifelse(_.previous > 0, _.previous, zero),
        held=ibis.ifelse(
            (_.previous > 0) & (_.revenue > 0), ibis.ifelse(_.revenue < _.previous, _.revenue, _.previous), zero
        ),
    )
    return customers.group_by("step").agg(
        customers=_.count(),
        revenue=_.revenue.sum(),
        previous=_.previous.sum(),
        held=_.held.sum(),
        held_base=_.held_base.sum(),
        lines_before=_.lines_before.sum(),
        credits=ibis.ifelse(_.customer_id.notnull() & (_.bought == 0), _.revenue, zero).sum(),
        credits_before=ibis.ifelse(_.customer_id.notnull() & (_.bought_before == 0), _.previous, zero).sum(),
    )


def walked(lines: ibis.Table, period: Period, previous: Period) -> ibis.Table:
    """Return customers with lines in either period, what they brought in both, and which step each is of.

    Who got a credit note and bought nothing is lost, and who only had one a year before did not buy then. Who bought
    in neither period, credited or given something free, neither left nor came.
    """
    here, then = is_in(period), is_in(previous)
    known = lines.filter(_.date < ibis.date(period.end.isoformat()))
    customers = (
        known.group_by("customer_id")
        .agg(
            first=first_purchase(known),
            lines=_.count(where=here),
            lines_before=_.count(where=then),
            bought=_.count(where=here & is_purchase()),
            bought_before=_.count(where=then & is_purchase()),
            revenue=_.net_revenue.sum(where=here),
            previous=_.net_revenue.sum(where=then),
        )
        .filter((_.lines > 0) | (_.lines_before > 0))
    )
    zero = ibis.literal(Decimal(0), "decimal(38, 4)")
    customers = customers.mutate(
        revenue=ibis.coalesce(customers.revenue, zero), previous=ibis.coalesce(customers.previous, zero)
    )
    first = customers["first"]
    fresh = first.isnull() | (first >= ibis.date(period.start.isoformat()))
    since = first >= ibis.date(previous.end.isoformat())
    step = ibis.cases(
        (customers.customer_id.isnull(), "unknown"),
        ((customers.bought == 0) & (customers.bought_before == 0), "credited"),
        ((customers.bought_before == 0) & fresh, "new"),
        ((customers.bought_before == 0) & since, "acquired"),
        (customers.bought_before == 0, "reactivated"),
        (customers.bought == 0, "lost"),
        (customers.revenue > customers.previous, "expansion"),
        (customers.revenue < customers.previous, "contraction"),
        else_="unchanged",
    )
    return customers.mutate(step=step)
