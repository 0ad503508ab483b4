"""Months: what was sold in each, and which months a chart shows."""

import datetime as dt
from collections.abc import Container, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import ibis
from ibis import _

from perfkit import languages
from perfkit.aggregations import aggregation, only, within
from perfkit.languages import listing, text
from perfkit.lines import Span, count_orders, is_purchase
from perfkit.periods import Period
from perfkit.schema import WITHOUT_LINES

Sums = Mapping[tuple[int, int], Mapping[str, Any]]

WATCHED = 24
"""Months, up to the end of a period, that are looked at for one without a line: its year and the one before."""


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
        wanted["orders"] = count_orders(lines, is_purchase())
    if counts and "customer_id" in lines.columns:
        wanted["customers"] = _.customer_id.nunique(where=is_purchase())
        wanted["anonymous"] = _.count(where=is_purchase() & _.customer_id.isnull())
    return lines.filter(within(_.date, start, end)).group_by(year=_.date.year(), month=_.date.month()).agg(**wanted)


FIRST_DAYS = 14
"""Days of a month among which its first working day is, whatever the holidays."""


def days_sold(lines: ibis.Table, first_days: int) -> frozenset[dt.date]:
    """Return the days with a line, among so many first days of each month."""
    return frozenset(_days_sold(lines, first_days)["day"])


@aggregation
def _days_sold(lines: ibis.Table, first_days: int) -> ibis.Table:
    return lines.select(day=_.date.cast("date")).filter(_.day.day() <= first_days).distinct().order_by("day")


def revenue_of(sums: Sums, month: Period) -> Decimal:
    """Return a month's revenue: one that the data hold and that has no line sold nothing."""
    found: Decimal = sums.get((month.start.year, month.start.month), {}).get("revenue", Decimal(0))
    return found


def silent_months(months: Iterable[Period], sold: Container[tuple[int, int]]) -> tuple[Period, ...]:
    """Return the months without one line, but for those that have none a year before or after: a season's.

    A month that is silent may be one whose export is missing, so nothing that holds it is judged. Where more than
    half of all months have none, sales are rare, and no month is missed.
    """
    asked = list(months)
    empty = [month for month in asked if (month.start.year, month.start.month) not in sold]
    if 2 * len(empty) > len(asked):
        return ()
    starts, before = {month.start for month in empty}, {month.year_before().start for month in empty}
    return tuple(m for m in empty if m.year_before().start not in starts and m.start not in before)


class _AllBut:
    """Every year and month but some."""

    def __init__(self, without: str) -> None:
        self.without = without.split()

    def __contains__(self, month: object) -> bool:
        return isinstance(month, tuple) and "{:04}-{:02}".format(*month) not in self.without


def sold_in(lines: ibis.Table, sums: Container[tuple[int, int]]) -> Container[tuple[int, int]]:
    """Return the months with lines: of a part of all lines those in which there is any of all, else those of `sums`."""
    if WITHOUT_LINES not in lines.columns:
        return sums
    return _AllBut(only(_without_lines(lines))["months"] or "")


@aggregation
def _without_lines(lines: ibis.Table) -> ibis.Table:
    return lines.agg(months=_[WITHOUT_LINES].max())


def silent_months_of(lines: ibis.Table, period: Period, days: Span) -> tuple[Period, ...]:
    """Return the silent months of a period and of the one a year before, see `silent_months`."""
    watched = months_until(period, WATCHED, days)
    found = silent_months(watched, sold_in(lines, month_sums(lines, watched[0].start, watched[-1].end)))
    return tuple(month for month in found if within_any(month, period, period.year_before()))


def within_any(month: Period, *periods: Period) -> bool:
    """Say whether a month is one of the periods' own."""
    return any(each.start <= month.start < each.end for each in periods)


def silence(months: Iterable[Period]) -> str:
    """Return what a reader is told of a result that holds silent months; empty where it holds none."""
    names = listing(month.name() for month in months)
    if not names:
        return ""
    return text(
        "No line is dated in {months}: nothing was sold, or an export is missing. Until it is known which, no change "
        "and no gap to a target that holds such a month can be judged.",
        months=names,
    )


def in_words(months: Sequence[dt.date]) -> str:
    """Return a run of months by its ends: "January 2026 to March 2026", or the only one."""
    first, last = (languages.month(month) for month in (months[0], months[-1]))
    return first if first == last else text("{first} through {last}", first=first, last=last)


def not_over(month: Period, until: dt.date) -> str:
    """Return what a reader is told of a month that the data end in."""
    return text(
        "{month} is not over: the data end on {day}.", month=languages.month(month.start), day=languages.date(until)
    )
