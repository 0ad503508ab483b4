"""Lines: what every KPI takes a line of sales to be, and which periods the data hold."""

import datetime as dt
from dataclasses import dataclass

import ibis
import pandas as pd
from ibis import _

from perfkit.aggregations import aggregation, only, within
from perfkit.errors import DataError, ParameterError
from perfkit.kpis.catalogue import dimension_name
from perfkit.languages import date, in_sentence, mark, text
from perfkit.periods import Period
from perfkit.schema import DATA_FROM, SALES

_MONEY = "decimal(18, 4)"
_ASK = {
    "country": mark("the country of each customer or line"),
    "category": mark("the product list with each product's family"),
    "segment": mark("the customer list with each customer's segment"),
    "channel": mark("the sales channel of each line"),
    "order_id": mark("the order or invoice number of each line"),
    "customer_id": mark("the customer number of each line"),
    "product_id": mark("the product number of each line"),
    "list_revenue": mark("the amount of each line at list price, before discounts"),
    "cost": mark("the cost of goods of each line, or the unit cost of each product"),
}


def checked(lines: ibis.Table | pd.DataFrame, *columns: str) -> ibis.Table:
    """Return lines whose dates are days, whose money is exact and whose cost stands in one column.

    `cost` is the line's own where there is one, else its quantity times its product's unit cost.
    """
    table = SALES.table(lines, *columns)
    table = table.mutate(date=table.date.cast("date"), net_revenue=table.net_revenue.cast(_MONEY))
    if "list_revenue" in table.columns:
        table = table.mutate(list_revenue=table.list_revenue.cast(_MONEY))
    if "unit_cost" in table.columns and "quantity" in table.columns:
        # Cast before and after: the product of two DECIMAL(18,4) overflows in Spark.
        computed = (table.quantity.cast(_MONEY) * table.unit_cost.cast(_MONEY)).cast(_MONEY)
        own = table.cost.cast(_MONEY) if "cost" in table.columns else ibis.null(_MONEY)
        table = table.mutate(cost=ibis.coalesce(own, computed))
    return table


@dataclass(frozen=True)
class Span:
    """The first day of the lines, and how many of all of them are negative."""

    first: dt.date
    returns: int

    def holds(self, period: Period) -> bool:
        """Say whether the data start in time for the period."""
        return period.observed_from(self.first)

    def why_not(self) -> str:
        """Return the reason for which an earlier period is missing, in the language in use."""
        return text("The data start on {day}.", day=date(self.first))


def span(lines: ibis.Table, period: Period) -> Span:
    """Return where the lines start, or refuse a period that they do not hold.

    Raises
    ------
    ParameterError
        If the period is a text and not a Period.
    DataError
        If there is no line, or the period starts before the first.
    """
    if not isinstance(period, Period):
        raise ParameterError(f"period is {period!r}: give a Period, such as acme.period('2026-10').")
    days = only(_days(lines))
    if days["first"] is None:
        raise DataError("sales: there is no line, so there is nothing to report.")
    found = Span(days["first"], int(days["returns"]))
    if not found.holds(period):
        raise DataError(
            f"{period.label} starts on {period.start}, but the data start on {found.first}. A part of a "
            f"{period.kind} shown as a whole one would be too low. Take a later period, or load earlier lines"
            f"{_or_the_rest_of_it(period, found.first)}."
        )
    return found


def first_day(lines: ibis.Table) -> dt.date | None:
    """Return the first day of the data that lines are of; None where there is no line."""
    found: dt.date | None = only(_days(lines))["first"]
    return found


def _or_the_rest_of_it(period: Period, first: dt.date) -> str:
    """Say how to have the rest of a period whose first month alone is cut; empty where more is missing."""
    return f", or say that it counts from there: acme.period('{period.label}')" if period.cut_at(first).since else ""


@aggregation
def _days(lines: ibis.Table) -> ibis.Table:
    first = _.date.min()
    if DATA_FROM in lines.columns:
        first = ibis.least(first, _[DATA_FROM].cast("date").min())
    return lines.agg(first=first, returns=_.count(where=_.net_revenue < 0))


def in_words(column: str) -> str:
    """Return what a reader calls a column: the order or invoice number of each line."""
    return text(_ASK[column]) if column in _ASK else in_sentence(dimension_name(column))


def ask_for(column: str) -> str:
    """Return the reason for which a figure is not available, naming what to ask the client for."""
    return text("Not in the data. Ask for {what} ({column}).", column=column, what=in_words(column))


def is_in(period: Period) -> ibis.Value:
    """Say of each line whether it counts in the period."""
    return within(_.date, period.start, period.end)


def is_purchase() -> ibis.Value:
    """Say of each line whether something was bought: returns, credits and free lines are no purchase."""
    return _.net_revenue > 0


def has_list_price() -> ibis.Value:
    """Say of each line whether its discount is known: returns and lines without a list price have none.

    A return whose list price bears no sign is a return all the same, see `is_contrary`.
    """
    return (_.list_revenue > 0) & (_.net_revenue >= 0)


def is_contrary() -> ibis.Value:
    """Say of each line whether its list price and its revenue have opposite signs, so that no discount is meant."""
    return ((_.list_revenue > 0) & (_.net_revenue < 0)) | ((_.list_revenue < 0) & (_.net_revenue > 0))


def no_line(period: Period) -> str:
    """Return what a reader is told of a period that the data hold and in which no line is dated."""
    return text("No line is dated in {period}: nothing was sold, or an export is missing.", period=period.name())
