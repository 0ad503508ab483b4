"""Purchases: how long ago, how often and for how much did each customer buy until a day?

Counted in the engine, one row a customer. A purchase is a day whose lines, returns taken off, leave something, or a
free one, as in `clv.summarise`. What names no customer, or is of another time, is counted with its money.
"""

import datetime as dt
from typing import Any

import ibis
from ibis import _

from perfkit.aggregations import aggregation

ONE = 10_000
"""Of the whole numbers in which sums of money come back: exact, and far faster than Decimals."""


def _exact(money: ibis.Value) -> ibis.Value:
    return (money * ONE).cast("int64")


@aggregation
def totals(lines: ibis.Table, as_of: dt.date, since: dt.date | None) -> ibis.Table:
    """All lines and their money, those that are too late, too early or name no customer, and the currencies."""
    later = _.date > ibis.date(as_of.isoformat())
    earlier = ibis.literal(False) if since is None else _.date < ibis.date(since.isoformat())
    anonymous = ~later & ~earlier & _.customer_id.isnull()
    parts = {"later": later, "earlier": earlier, "anonymous": anonymous}
    ends: dict[str, Any] = {"first": lines.date.min()}
    if "currency" in lines.columns:
        ends |= {"lowest": lines.currency.cast("string").min(), "highest": lines.currency.cast("string").max()}
    return lines.agg(
        lines=_.count(),
        net=_exact(_.net_revenue.sum()),
        **ends,
        **{f"{name}_lines": _.count(where=where) for name, where in parts.items()},
        **{f"{name}_net": _exact(_.net_revenue.sum(where=where)) for name, where in parts.items()},
    )


@aggregation
def by_customer(lines: ibis.Table, as_of: dt.date, since: dt.date | None, costed: bool) -> ibis.Table:
    """Each customer of the time asked for: days since the last purchase, purchases, lines and sums of money.

    revenue and cost are those of the lines whose cost is known. Whoever has returns and no purchase has no days_since.
    """
    lines = lines.filter(_.customer_id.notnull(), _.date <= ibis.date(as_of.isoformat()))
    if since is not None:
        lines = lines.filter(_.date >= ibis.date(since.isoformat()))
    sums = {"net": _.net_revenue.sum(), "least": _.net_revenue.min(), "lines": _.count()}
    if costed:
        known = _.cost.notnull()
        sums |= {"revenue": _.net_revenue.sum(where=known), "cost": _.cost.sum(where=known)}
    days = lines.group_by(customer_id=lines.customer_id.cast("string"), day=lines.date).agg(**sums)
    days = days.mutate(bought=(days.net > 0) | ((days.net == 0) & (days.least >= 0)))
    money = ("net", "revenue", "cost") if costed else ("net",)
    found = days.group_by("customer_id").agg(
        last=_.day.max(where=_.bought),
        purchases=_.bought.cast("int64").sum().cast("int64"),
        lines=_.lines.sum().cast("int64"),
        **{name: _exact(ibis.coalesce(_[name].sum(), ibis.literal(0).cast("decimal(38, 4)"))) for name in money},
    )
    ago = found.last.delta(ibis.date(as_of.isoformat()), unit="day")
    return found.mutate(days_since=(-ago).cast("int64")).drop("last").order_by("customer_id")


@aggregation
def repeats(lines: ibis.Table, until: dt.date, origin: dt.date, since: dt.date | None) -> ibis.Table:
    """By day: how many customers are acquired, and how many repeat purchases those acquired by the origin make.

    Customers acquired before `since` are left out.
    """
    lines = lines.filter(_.customer_id.notnull(), _.date <= ibis.date(until.isoformat()))
    days = lines.group_by(customer_id=lines.customer_id.cast("string"), day=lines.date).agg(
        net=_.net_revenue.sum(), least=_.net_revenue.min()
    )
    days = days.filter((days.net > 0) | ((days.net == 0) & (days.least >= 0))).select("customer_id", "day")
    first = days.group_by("customer_id").agg(first_day=_.day.min())
    first = first.filter(first.first_day <= ibis.date(origin.isoformat()))
    if since is not None:
        first = first.filter(first.first_day >= ibis.date(since.isoformat()))
    rows = days.inner_join(first, "customer_id")
    return (
        rows.group_by("day")
        .agg(
            acquired=(rows.day == rows.first_day).cast("int64").sum().cast("int64"),
            repeat=(rows.day > rows.first_day).cast("int64").sum().cast("int64"),
        )
        .order_by("day")
    )
