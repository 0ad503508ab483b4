"""Purchases: how long ago, how often and for how much did each customer buy until a day?

Counted in the engine, one row a customer. A purchase is a day whose lines, returns taken off, leave something, or a
free one, as in `clv.summarise`. What names no customer, or is of another time, is counted with its money.
"""

import datetime as dt
from typing import Any

import ibis
from ibis import _

from perfkit.aggregations import aggregation
from perfkit.customers.purchases import currencies, is_bought, ten_thousandths


@aggregation
def totals(lines: ibis.Table, as_of: dt.date, since: dt.date | None) -> ibis.Table:
    """All lines and their money, those that are too late, too early or name no customer, and the currencies."""
    later = _.date > ibis.date(as_of.isoformat())
    earlier = ibis.literal(False) if since is None else _.date < ibis.date(since.isoformat())
    anonymous = ~later & ~earlier & _.customer_id.isnull()
    parts = {"later": later, "earlier": earlier, "anonymous": anonymous}
    ends: dict[str, Any] = {"first": lines.date.min()}
    ends |= currencies(lines)
    return lines.agg(
        lines=_.count(),
        net=ten_thousandths(_.net_revenue.sum()),
        **ends,
        **{f"{name}_lines": _.count(where=where) for name, where in parts.items()},
        **{f"{name}_net": ten_thousandths(_.net_revenue.sum(where=where)) for name, where in parts.items()},
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
    days = days.mutate(bought=is_bought(days.net, days.least))
    money = ("net", "revenue", "cost") if costed else ("net",)
    found = days.group_by("customer_id").agg(
        last=_.day.max(where=_.bought),
        purchases=_.bought.cast("int64").sum().cast("int64"),
        lines=_.lines.sum().cast("int64"),
        **{
            name: ten_thousandths(ibis.coalesce(_[name].sum(), ibis.literal(0).cast("decimal(38, 4)")))
            for name in money
        },
    )
    ago = found.last.delta(ibis.date(as_of.isoformat()), unit="day")
    return found.mutate(days_since=(-ago).cast("int64")).drop("last").order_by("customer_id")
