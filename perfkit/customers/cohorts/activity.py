"""Activity: who of each cohort bought in each period, for how much, and which lines no cohort can take?

One pass over the lines, in the engine. A customer's cumulated value is followed there as well: how far customers of a
cohort lie apart at each age takes its squares and cubes, which grow by what each period adds.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import ibis
import pandas as pd
from ibis import _

from perfkit.aggregations import aggregation
from perfkit.contribution import MONEY
from perfkit.customers.purchases import Value, currencies, is_bought
from perfkit.dimensions import name_column

By = Literal["month", "quarter", "year"]
PER_YEAR: dict[str, int] = {"month": 12, "quarter": 4, "year": 1}
"""Periods of each length in a year."""
FREQUENCIES: dict[str, str] = {"month": "M", "quarter": "Q", "year": "Y"}
BEFORE, EARLIER, RETURNS = "acquired before", "before the first purchase", "returns only"
"""Why lines that name a customer are in no cohort."""
NUMBERS: dict[str, Callable[[ibis.Value], ibis.Value]] = {
    "month": lambda day: day.year() * 12 + day.month() - 1,
    "quarter": lambda day: day.year() * 4 + day.quarter() - 1,
    "year": lambda day: day.year(),
}


@dataclass(frozen=True)
class Asked:
    """What is asked of the lines.

    Attributes
    ----------
    by : str
        What makes a cohort, and a step of age: month, quarter or year.
    until : date
        Last day of the last period that is over.
    since : date or None
        Customers acquired before are in no cohort.
    split : str or None
        The column that splits the customers.
    first : bool
        Whether it is read off the lines of the first purchase, instead of being the same on all.
    value : str
        What is cumulated: "margin" or "revenue".
    other_costs : Decimal
        Other variable costs, as a share of net revenue, that a margin is less.
    rest : Decimal
        The margin rate that revenue without a known cost is taken to earn.
    """

    by: By
    until: dt.date
    since: dt.date | None
    split: str | None
    first: bool
    value: Value
    other_costs: Decimal
    rest: Decimal


def number(period: pd.Period, by: By) -> int:
    """Return the number of a period among all, as the engine counts them."""
    parts = {"month": period.year * 12 + period.month - 1, "quarter": period.year * 4 + period.quarter - 1}
    return int(parts.get(by, period.year))


def period(number: int, by: By) -> pd.Period:
    """Return the period of a number."""
    year, part = divmod(number, PER_YEAR[by])
    return pd.Period(year=year, month=1 + part * 12 // PER_YEAR[by], freq=FREQUENCIES[by])


@aggregation
def totals(lines: ibis.Table, until: dt.date, observed: dt.date) -> ibis.Table:
    """All lines and their money, those that are too late or name no customer; where the data start, and currencies."""
    after, later = _.date > ibis.date(observed.isoformat()), _.date > ibis.date(until.isoformat())
    named = _.customer_id.notnull()
    parts = {"after": after, "unfinished": later & ~after, "anonymous": ~later & ~named, "named": ~later & named}
    costs: dict[str, ibis.Value] = {}
    if "cost" in lines.columns:
        costed = parts["named"] & _.cost.notnull()
        costs = {"costed": _.net_revenue.sum(where=costed), "cost": _.cost.sum(where=costed)}
    days = {"first": lines.date.min()}
    if "acquired_on" in lines.columns:
        days["acquired"] = lines.acquired_on.cast("date").min()
    days |= currencies(lines)
    return lines.agg(
        lines=_.count(),
        net=_.net_revenue.sum(),
        **costs,
        **days,
        **{f"{name}_lines": _.count(where=where) for name, where in parts.items()},
        **{f"{name}_net": _.net_revenue.sum(where=where) for name, where in parts.items()},
    )


@aggregation
def several(lines: ibis.Table, split: str) -> ibis.Table:
    """How many customers there are, and how many of them have more than one value of a column."""
    values = lines.filter(_.customer_id.notnull()).group_by("customer_id").agg(values=lines[split].nunique())
    return values.agg(customers=_.count(), several=_.count(where=_["values"] > 1))


@aggregation
def activity(lines: ibis.Table, asked: Asked) -> ibis.Table:
    """What each cohort did in each period, and, under a reason, what is in no cohort.

    Columns: reason, member, name, cohort and period (numbers), lines, customers, active, reactivated, revenue, costed
    and cost (sums of lines whose cost is known), squares, cubes (by how much the period moves the sums of the squares
    and cubes of what each customer has brought so far).
    """
    lines = lines.filter(_.customer_id.notnull(), _.date <= ibis.date(asked.until.isoformat()))
    costed = "cost" in lines.columns
    days = _days(lines, asked, costed)
    customers = _customers(days, asked)
    if asked.first and asked.split:
        customers = customers.left_join(_of_first(lines, customers, asked.split), "customer_id").drop(
            "customer_id_right"
        )
    rows = days.drop("member", "name", "acquired").inner_join(customers, "customer_id")
    truncated = ibis.literal(False) if asked.since is None else rows.since < ibis.date(asked.since.isoformat())
    reason = ibis.cases(
        (rows.first_day.isnull(), RETURNS), (truncated, BEFORE), (rows.day < rows.first_day, EARLIER), else_=""
    )
    of = NUMBERS[asked.by]
    by_customer = (
        rows.mutate(
            reason=reason,
            cohort=ibis.ifelse(reason == "", of(rows.first_day).cast("int64"), 0),
            period=ibis.ifelse(reason == "", of(rows.day).cast("int64"), 0),
        )
        .group_by("customer_id", "reason", "member", "name", "cohort", "period")
        .agg(
            active=_.bought.cast("int64").max(),
            lines=_.lines.sum(),
            revenue=_.net.sum(),
            costed=_.costed.sum(),
            cost=_.cost.sum(),
        )
    )
    worth = _worth(by_customer, asked)
    so_far = ibis.window(group_by=("customer_id", "reason"), order_by="period", rows=(None, -1))
    valued = by_customer.mutate(worth=worth)
    followed = valued.mutate(
        before=ibis.coalesce(valued.worth.sum().over(so_far), 0.0),
        seen=ibis.cases((valued.active == 1, valued.period)).max().over(so_far),
    )
    w, b = followed.worth, followed.before
    back = (followed.active == 1) & followed.seen.notnull() & (followed.seen < followed.period - 1)
    return followed.group_by("reason", "member", "name", "cohort", "period").agg(
        customers=_.count(),
        lines=_.lines.sum().cast("int64"),
        active=_.active.sum().cast("int64"),
        reactivated=back.cast("int64").sum(),
        revenue=_.revenue.sum(),
        costed=_.costed.sum(),
        cost=_.cost.sum(),
        squares=(w * (2 * b + w)).sum(),
        cubes=(w * (3 * b * b + 3 * b * w + w * w)).sum(),
    )


def _days(lines: ibis.Table, asked: Asked, costed: bool) -> ibis.Table:
    """The days of each customer, and whether something was bought: see `clv.summarise`, whose purchases these are."""
    nothing = ibis.null("decimal(38, 4)")
    known = lines.cost.notnull() if costed else ibis.literal(False)
    attribute = asked.split is not None and not asked.first
    called = None if not attribute or asked.split is None else name_column(lines, asked.split)
    days = lines.group_by(customer_id=lines.customer_id.cast("string"), day=lines.date).agg(
        net=_.net_revenue.sum(),
        least=_.net_revenue.min(),
        lines=_.count(),
        costed=_.net_revenue.sum(where=known) if costed else nothing,
        cost=_.cost.sum(where=known) if costed else nothing,
        acquired=lines.acquired_on.cast("date").min() if "acquired_on" in lines.columns else ibis.null("date"),
        member=lines[asked.split].cast("string").max() if attribute else ibis.null("string"),
        name=lines[called].cast("string").max() if called else ibis.null("string"),
    )
    return days.mutate(bought=is_bought(days.net, days.least))


def _customers(days: ibis.Table, asked: Asked) -> ibis.Table:
    """The day of each customer's first purchase, and since when it is one: its list may know of an earlier day."""
    found = days.group_by("customer_id").agg(
        first_day=days.day.min(where=days.bought),
        acquired=days.acquired.min(),
        member=days.member.max(),
        name=days.name.max(),
    )
    since = ibis.coalesce(ibis.least(found.first_day, found.acquired), found.first_day)
    kept = found.mutate(since=since).drop("acquired")
    return kept.drop("member", "name") if asked.first else kept


def _of_first(lines: ibis.Table, customers: ibis.Table, split: str) -> ibis.Table:
    """What stands on each customer's first purchase: of several values, the one with the most revenue.

    What was taken back on the day is taken off, so that what is left of the others comes before it.
    """
    called = name_column(lines, split)
    bought = lines.select(
        customer_id=lines.customer_id.cast("string"),
        date=lines.date,
        net_revenue=lines.net_revenue.cast(MONEY),
        member=lines[split].cast("string"),
        name=lines[called].cast("string") if called else ibis.null("string"),
    )
    days = customers.select(owner=customers.customer_id, first_day=customers.first_day)
    first = bought.inner_join(days, [bought.customer_id == days.owner, bought.date == days.first_day])
    sums = first.group_by("customer_id", "member").agg(net=_.net_revenue.sum(), name=_.name.max())
    best = ibis.window(group_by="customer_id", order_by=[ibis.desc("net"), ibis.asc("member")])
    ranked = sums.mutate(place=ibis.row_number().over(best))
    return ranked.filter(ranked.place == 0).select("customer_id", "member", "name")


def _worth(rows: ibis.Table, asked: Asked) -> ibis.Value:
    """What each customer brought in a period, as a float: for how far customers lie apart only."""
    if asked.value == "revenue":
        return rows.revenue.cast("float64")
    costed = ibis.coalesce(rows.costed.cast("float64"), 0.0)
    rest = (rows.revenue.cast("float64") - costed) * float(asked.rest)
    return costed * (1 - float(asked.other_costs)) - ibis.coalesce(rows.cost.cast("float64"), 0.0) + rest


def exact(value: Any) -> Decimal:
    """Return a sum of money as a Decimal: over no line it is zero."""
    return Decimal(0) if value is None or value != value else Decimal(value)
