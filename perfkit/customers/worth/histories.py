"""Histories: which customers can be valued, since when are they known, and what did each buy, cost and bring?

A model of repeat buying needs histories that begin with the customer's first purchase. Those acquired before the data
start are left out and counted: by the date of acquisition where the company knows it, else by the months at the start
in which far more customers seem to be new than in any usual month.
"""

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from perfkit import periods
from perfkit.aggregations import aggregation, only
from perfkit.contribution import MONEY
from perfkit.customers.clv.summaries import Summary, summarise
from perfkit.customers.purchases import is_bought
from perfkit.dimensions import name_column
from perfkit.errors import DataError

FEW = 5_000_000
"""Lines up to which what the models read of them is fetched once, and not asked of the engine again and again."""
CROWDED = 2.0
"""Times the usual number of new customers, from which a first month of the data is taken to hold old ones."""
_NOTHING = "decimal(38, 4)"


@dataclass(frozen=True, eq=False)
class Known:
    """The customers whose history is known from its start.

    Attributes
    ----------
    summary : Summary
        Their histories, valued in revenue, beside what was left out.
    customers : DataFrame, one row a customer, in the order of the summary's
        The summary's columns, then group, member (of the acquisition channel), name (of the customer); and of all
        lines until the last day, as float: revenue (returns taken off), bought (without the days of returns),
        costed, cost (of the lines whose cost is known).
    days : DataFrame or None
        Of the customers' lines, what they bought and gave back each day: customer_id, date, net_revenue; None of too
        many lines.
    since : date
        First day from which on customers are taken to be new.
    dated : bool
        Whether acquisition dates say who is new.
    crowded : int
        Months at the start that were left out because too many customers seem new in them.
    older : dict
        lines, net_revenue, customers that were acquired before.
    """

    summary: Summary
    customers: pd.DataFrame
    days: pd.DataFrame | None
    since: dt.date
    dated: bool
    crowded: int
    older: dict[str, Any]

    @property
    def new_from(self) -> dt.date | None:
        """Since when customers are known to be new; None where nothing says who bought before the data start."""
        return self.since if self.dated or self.crowded else None


def known(
    lines: ibis.Table, *, until: dt.date, first_day: dt.date, group: str | None, member: str | None, currency: str
) -> Known | None:
    """Return the customers whose history is known from its start; None where there are none.

    Parameters
    ----------
    lines : what `lines.checked` returned, with customer_id
    until : date
        Last day that counts.
    first_day : date
        Of all of the company's lines.
    group, member : str or None
        Columns that are the same on all lines of a customer.
    """
    dated = "acquired_on" in lines.columns
    before = ibis.date(first_day.isoformat())
    new = lines.filter(lines.acquired_on.isnull() | (lines.acquired_on.cast("date") >= before)) if dated else lines
    since, crowded = first_day, 0
    summary = _summary(new, until, None, currency)
    if summary is not None:
        since, crowded = _usual(summary.customers["acquired_on"], first_day, until)
        if crowded:
            summary = _summary(new, until, since, currency)
    if summary is None:
        return None
    older = only(_older(lines, until, first_day)) if dated else {"lines": 0, "net_revenue": Decimal(0), "customers": 0}
    people = _people(new, until, group, member).set_index("customer_id")
    customers = summary.customers.join(people.astype(dict.fromkeys(_AMOUNTS, "float64")), on="customer_id")
    days = _days(new, until) if summary.lines <= FEW else None
    return Known(_with_older(summary, older), customers, days, since, dated, crowded, older)


_AMOUNTS = ("revenue", "bought", "costed", "cost")


def _summary(lines: ibis.Table, until: dt.date, since: dt.date | None, currency: str) -> Summary | None:
    try:
        return summarise(lines, observed_until=until, value="revenue", acquired_from=since, currency=currency)
    except DataError:  # nobody has bought: the columns are there
        return None


def _with_older(summary: Summary, older: dict[str, Any]) -> Summary:
    """The summary of all lines: those of older customers stand among what was left out."""
    n, net = int(older["lines"] or 0), Decimal(older["net_revenue"] or 0)
    if not n:
        return summary
    rows = summary.left_out.to_dict("records")
    same = next((row for row in rows if row["reason"] == "acquired before"), None)
    if same is None:
        rows.append({"reason": "acquired before", "lines": n, "net_revenue": net})
    else:
        same |= {"lines": same["lines"] + n, "net_revenue": same["net_revenue"] + net}
    left_out = pd.DataFrame(rows).astype({"net_revenue": "object"})
    return replace(summary, left_out=left_out, lines=summary.lines + n, net_revenue=summary.net_revenue + net)


def _usual(acquired: pd.Series, first_day: dt.date, until: dt.date) -> tuple[dt.date, int]:
    """The first month in which no more customers seem new than usual, and how many months come before it.

    Usual is the median of the months that follow. At most a third of the months is left out; where most months have no
    new customer at all (a single cohort), none is.
    """
    counts = acquired.dt.to_period("M").value_counts()
    last = pd.Period(until, freq="M")
    months = pd.period_range(pd.Period(first_day, freq="M"), last if last.end_time.date() <= until else last - 1)
    by_month = counts.reindex(months, fill_value=0).to_numpy()
    at = 0
    while 3 * (at + 1) <= len(by_month) and 0 < CROWDED * np.median(by_month[at + 1 :]) < by_month[at]:
        at += 1
    return (periods.shifted(first_day.replace(day=1), at), at) if at else (first_day, 0)


@aggregation
def _older(lines: ibis.Table, until: dt.date, first_day: dt.date) -> ibis.Table:
    """Lines of customers acquired before the data start."""
    here = lines.filter(
        lines.customer_id.notnull(),
        lines.acquired_on.cast("date") < ibis.date(first_day.isoformat()),
        lines.date <= ibis.date(until.isoformat()),
    )
    return here.agg(lines=_.count(), net_revenue=_.net_revenue.sum(), customers=_.customer_id.nunique())


@aggregation
def _days(lines: ibis.Table, until: dt.date) -> ibis.Table:
    """What each customer bought or got for free on each day, returns taken off: see `clv.summarise`."""
    here = lines.filter(lines.customer_id.notnull(), lines.date <= ibis.date(until.isoformat()))
    days = here.group_by(customer_id=here.customer_id.cast("string"), date=here.date).agg(
        least=here.net_revenue.min(), net_revenue=here.net_revenue.sum()
    )
    bought = days.filter(is_bought(days.net_revenue, days.least))
    return bought.drop("least").mutate(net_revenue=bought.net_revenue.cast(MONEY)).order_by("customer_id", "date")


@aggregation
def _people(lines: ibis.Table, until: dt.date, group: str | None, member: str | None) -> ibis.Table:
    """What each customer bought, gave back, cost and brought, and which group and member each is of."""
    here = lines.filter(lines.customer_id.notnull(), lines.date <= ibis.date(until.isoformat()))
    missing, nothing = ibis.null("string"), ibis.null(_NOTHING)
    costed = "cost" in here.columns
    called = name_column(here, "customer_id")
    days = here.group_by(customer_id=here.customer_id.cast("string"), day=here.date).agg(
        revenue=here.net_revenue.sum(),
        costed=here.net_revenue.sum(where=here.cost.notnull()) if costed else nothing,
        cost=here.cost.cast(MONEY).sum(where=here.cost.notnull()) if costed else nothing,
        group=here[group].cast("string").max() if group else missing,
        member=here[member].cast("string").max() if member else missing,
        name=here[called].cast("string").max() if called else missing,
    )
    return days.group_by("customer_id").agg(
        group=_.group.max(),
        member=_.member.max(),
        name=_.name.max(),
        bought=_.revenue.sum(where=_.revenue > 0),
        revenue=_.revenue.sum(),
        costed=_.costed.sum(),
        cost=_.cost.sum(),
    )
