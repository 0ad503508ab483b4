"""Months: what was sold in each, and which months a chart shows."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import ibis
from ibis import _

from perfkit import languages
from perfkit.aggregations import aggregation, within
from perfkit.kpis.lines import Span, is_purchase
from perfkit.languages import text
from perfkit.periods import Period

Sums = Mapping[tuple[int, int], Mapping[str, Any]]


def months_until(period: Period, months: int, days: Span) -> list[Period]:
    """Return so many months (a period's own at least) that end with it, but for those that the data do not hold."""
    shown = [period.months()[-1]]
    while len(shown) < max(months, len(period.months())):
        shown.append(shown[-1].previous())
    return [each for each in reversed(shown) if days.holds(each)]


def month_sums(lines: ibis.Table, start: dt.date, end: dt.date, *, counts: bool = False) -> Sums:
    """Return revenue by year and month, with counts also orders and customers of months that have any."""
    rows = _sums(lines, start, end, counts).to_dict("records")
    return {(int(row["year"]), int(row["month"])): row for row in rows}


@aggregation
def _sums(lines: ibis.Table, start: dt.date, end: dt.date, counts: bool) -> ibis.Table:
    wanted = {"revenue": _.net_revenue.sum()}
    if counts and "order_id" in lines.columns:
        wanted["orders"] = _.order_id.nunique(where=is_purchase())
    if counts and "customer_id" in lines.columns:
        wanted["customers"] = _.customer_id.nunique(where=is_purchase())
        wanted["anonymous"] = _.count(where=is_purchase() & _.customer_id.isnull())
    return lines.filter(within(_.date, start, end)).group_by(year=_.date.year(), month=_.date.month()).agg(**wanted)


def revenue_of(sums: Sums, month: Period) -> Decimal:
    """Return a month's revenue: one that the data hold and that has no line sold nothing."""
    found: Decimal = sums.get((month.start.year, month.start.month), {}).get("revenue", Decimal(0))
    return found


def not_over(month: Period, until: dt.date) -> str:
    """Return what a reader is told of a month that the data end in."""
    return text(
        "{month} is not over: the data end on {day}.", month=languages.month(month.start), day=languages.date(until)
    )
