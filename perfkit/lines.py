"""Lines: what every analysis takes a line of sales to be, and which periods the data hold."""

import datetime as dt
from dataclasses import dataclass

import ibis
import pandas as pd
from ibis import _

from perfkit.aggregations import aggregation, only, within
from perfkit.contribution import MONEY, cost_of_goods
from perfkit.errors import DataError, ParameterError
from perfkit.languages import date, text
from perfkit.periods import Period
from perfkit.schema import DATA_FROM, SALES, STARTS_LATE


def checked(lines: ibis.Table | pd.DataFrame, *columns: str) -> ibis.Table:
    """Return lines whose dates are days, whose money is exact and whose cost stands in one column.

    `cost` is the line's own where there is one, else its quantity times its product's unit cost.
    """
    table = SALES.table(lines, *columns)
    wanted = {"date": "date", "net_revenue": MONEY, "list_revenue": MONEY}
    # Only what is not yet so: Ibis's work grows with every select around thirty columns.
    changed = {name: table[name].cast(type_) for name, type_ in wanted.items() if _unlike(table, name, type_)}
    cost = cost_of_goods(table)
    if cost is not None:
        changed["cost"] = cost
    return table.mutate(**changed) if changed else table


def _unlike(table: ibis.Table, name: str, type_: str) -> bool:
    return name in table.columns and table[name].type() != ibis.dtype(type_)


@dataclass(frozen=True)
class Span:
    """The first day of the lines, how many of all of them are negative, and whether days before the first are missing.

    See `periods.starts_late`.
    """

    first: dt.date
    returns: int
    late: bool = False

    def holds(self, period: Period) -> bool:
        """Say whether the data start in time for the period."""
        return period.observed_from(self.first, late=self.late)

    def why_not(self) -> str:
        """Return the reason for which an earlier period is missing, in the language in use."""
        return text("The data start on {day}.", day=date(self.first))


def span(lines: ibis.Table, period: Period, *, converted: bool = False) -> Span:
    """Return where the lines start, or refuse a period that they do not hold.

    Parameters
    ----------
    lines : what `checked` returned
    period : Period
    converted : bool
        Whether who asks converts the lines that are in another currency.

    Raises
    ------
    ParameterError
        If the period is a text and not a Period.
    DataError
        If there is no line, the period starts before the first, or lines are in two currencies.
    """
    if not isinstance(period, Period):
        raise ParameterError(f"period is {period!r}: give a Period, such as acme.period('2026-10').")
    days = only(_days(lines))
    if days["first"] is None:
        raise DataError("sales: there is no line, so there is nothing to report.")
    if not converted and days["lowest"] != days["highest"]:
        raise DataError(
            f"sales: lines are in {days['lowest']} and in {days['highest']}. Amounts of two currencies are never "
            "added: convert net_revenue, list_revenue and cost first, or take the lines of one."
        )
    found = Span(days["first"], int(days["returns"]), STARTS_LATE in lines.columns)
    if not found.holds(period):
        raise DataError(
            f"{period.label} starts on {period.start}, but the data start on {found.first}. A part of a "
            f"{period.kind} shown as a whole one would be too low. Take a later period, or load earlier lines"
            f"{_or_the_rest_of_it(period, found)}."
        )
    return found


def first_day(lines: ibis.Table) -> dt.date | None:
    """Return the first day of the data that lines are of; None where there is no line."""
    found: dt.date | None = only(_days(lines))["first"]
    return found


def _or_the_rest_of_it(period: Period, days: Span) -> str:
    """Say how to have the rest of a period whose first month alone is cut; empty where more is missing."""
    cut = period.cut_at(days.first, late=days.late).since
    return f", or say that it counts from there: acme.period('{period.label}')" if cut else ""


@aggregation
def _days(lines: ibis.Table) -> ibis.Table:
    first = _.date.min()
    if DATA_FROM in lines.columns:
        first = ibis.least(first, _[DATA_FROM].cast("date").min())
    several = "currency" in lines.columns
    ends = {
        "lowest": _.currency.cast("string").min() if several else ibis.null("string"),
        "highest": _.currency.cast("string").max() if several else ibis.null("string"),
    }
    return lines.agg(first=first, returns=_.count(where=_.net_revenue < 0), **ends)


def is_in(period: Period) -> ibis.Value:
    """Say of each line whether it counts in the period."""
    return within(_.date, period.start, period.end)


def is_purchase() -> ibis.Value:
    """Say of each line whether something was bought: returns, credits and free lines are no purchase."""
    return _.net_revenue > 0


def count_orders(lines: ibis.Table, where: ibis.Value) -> ibis.Value:
    """Return how many orders lines are of, as an aggregate: a number of one customer is one order.

    Two shops of one company may count from 1 both, and a till from 1 each month: what their customers bought is no one
    order. A line that names no customer belongs to the order of its number.
    """
    number = _.order_id.cast("string")
    if "customer_id" not in lines.columns:
        return number.nunique(where=where)
    named = where & _.customer_id.notnull()
    pairs = (number + "\x1f" + _.customer_id.cast("string")).nunique(where=named)
    return pairs + number.nunique(where=where) - number.nunique(where=named)


def no_line(period: Period) -> str:
    """Return what a reader is told of a period that the data hold and in which no line is dated."""
    return text("No line is dated in {period}: nothing was sold, or an export is missing.", period=period.name())
