"""Sums: what `ledger.tie` asks of the engine, in rows as few as a report shows."""

import datetime as dt
from typing import Any

import ibis
from ibis import _

from perfkit.aggregations import aggregation
from perfkit.margins.ledger import causes, entries, shared_numbers
from perfkit.margins.ledger.entries import DOCUMENT, MONEY, Reference

Months = list[dt.date]
"""First days of the months that are compared."""
_ABOUT = ["reference", "entry", "sold_in", "booked_in", "sales", "books"]


@aggregation
def months_of(books: ibis.Table) -> ibis.Table:
    """Return the months in which the ledger has entries, with the first and the last day of them."""
    return books.group_by("month").agg(first_day=_.date.min(), last_day=_.date.max()).order_by("month")


@aggregation
def checks(books: ibis.Table, months: Months) -> ibis.Table:
    """Return what there is to know of the ledger in these months: lines, documents, and whether they balance."""
    here = entries.documents(books).filter(_.month.isin(months))
    return here.agg(
        lines=_zero_count(_.lines.sum()),
        revenue_lines=_zero_count(_.revenue_lines.sum()),
        documents=_.count(),
        closing=_.count(where=_.closing),
        closing_revenue=_or_zero(_.revenue.sum(where=_.closing)),
        unbalanced=_.count(where=_.balance != 0),
        balance=_or_zero(_.balance.sum()),
    )


@aggregation
def unbalanced(books: ibis.Table, months: Months, most: int) -> ibis.Table:
    """Return the documents whose debits differ from their credits, the farthest apart first."""
    here = entries.documents(books).filter(_.month.isin(months), _.balance != 0)
    return here.order_by(_.balance.abs().desc(), *DOCUMENT).select(*DOCUMENT, "balance").limit(most)


@aggregation
def of_sales(sales: ibis.Table, months: Months) -> ibis.Table:
    """Return net revenue of sales by month, and the lines and money that name no document."""
    unnamed = entries.folded(sales.order_id) == "" if "order_id" in sales.columns else ibis.literal(True)
    lines = sales.select(
        month=entries.month_of(sales.date), net=sales.net_revenue.cast("decimal(18, 4)"), unnamed=unnamed
    )
    return (
        lines.filter(_.month.isin(months))
        .group_by("month")
        .agg(
            sales=_.net.sum().cast(MONEY),
            unnamed=_or_zero(_.net.sum(where=_.unnamed)),
            unnamed_lines=_.count(where=_.unnamed),
        )
    )


@aggregation
def of_books(books: ibis.Table, months: Months) -> ibis.Table:
    """Return credit less debit of the accounts 70* by month, without the entries that close the year."""
    here = entries.documents(books).filter(_.month.isin(months), ~_.closing)
    return here.group_by("month").agg(books=_.revenue.sum().cast(MONEY))


@aggregation
def likeness(
    sales: ibis.Table, books: ibis.Table, foreign: ibis.Table | None, reference: Reference, months: Months
) -> ibis.Table:
    """Return how many documents of sales there are in these months, how many the books hold, and with the same amount.

    The same amount is also that without freight or rebates, with tax, or twice. `shared` counts the numbers of any
    month that name several documents.
    """
    each = shared_numbers.numbers(*_sides(sales, books, foreign, reference, False))
    alike = (
        (_.revenue == _.sales)
        | (_.revenue - _.side == _.sales)
        | (_.revenue - _.rebate == _.sales)
        | (_.revenue + _.tax == _.sales)
        | (_.revenue == _.sales + _.sales)
    )
    here = _.here.isin(months)
    return each.agg(
        documents=_.count(where=here),
        found=_.count(where=here & _.held),
        alike=_.count(where=here & _.held & alike),
        shared=_.count(where=_.several),
    )


@aggregation
def met(
    sales: ibis.Table, books: ibis.Table, foreign: ibis.Table | None, reference: Reference, months: Months
) -> ibis.Table:
    """Return how many documents of sales there are in these months and how many the books hold, each told apart."""
    cells = causes.compared(*_sides(sales, books, foreign, reference, True))
    each = cells.filter(_.any_in_sales == 1, _.any_abroad == 0).group_by("key")
    each = each.agg(here=_.month.max(where=_.in_sales == 1), held=_.any_in_books.max()).filter(_.here.isin(months))
    return each.agg(documents=_.count(), found=_.count(where=_.held == 1))


@aggregation
def explained(
    sales: ibis.Table,
    books: ibis.Table,
    foreign: ibis.Table | None,
    unread: ibis.Table | None,
    reference: Reference | None,
    apart: bool,
    months: Months,
    most: int,
) -> ibis.Table:
    """Return each cause's part of the gap month by month, and below the documents that weigh most in each cause.

    Both in one question, for to find the causes is most of its work. A row of a month counts the
    documents of that month; a row of a document has no month and counts all of its cause. `apart` tells documents
    that share a number apart.
    """
    sold, booked = _sides(sales, books, foreign, reference, apart)
    accrued = causes.accrued(entries.parts(books))
    lines = None if unread is None else causes.unread(unread, reference)
    found = causes.by_cause(accrued, causes.matched(sold, booked, lines)).filter(_.month.isin(months))
    by_month = found.group_by("month", "cause").agg(amount=_.amount.sum().cast(MONEY), documents=_.key.nunique())
    each = found.group_by("cause", "key").agg(
        amount=_.amount.sum().cast(MONEY),
        size=_.amount.abs().max(),
        **{name: _[name].max() for name in _ABOUT},
    )
    of_cause = ibis.window(group_by="cause")
    ordered = ibis.window(group_by="cause", order_by=[ibis.desc("size"), "key"])
    placed = each.mutate(documents=_.key.count().over(of_cause), place=ibis.row_number().over(ordered))
    largest = placed.filter(_.place < most).mutate(month=ibis.null("date"))
    columns = ["month", "cause", "key", "place", "amount", "documents", *_ABOUT]
    schema = largest.schema()
    without = {name: ibis.null(schema[name]) for name in ("key", "place", *_ABOUT)}
    both = by_month.mutate(**without).select(*columns).union(largest.select(*columns))
    return both.order_by("month", "cause", "place")


def _sides(
    sales: ibis.Table, books: ibis.Table, foreign: ibis.Table | None, reference: Reference | None, apart: bool
) -> tuple[ibis.Table, ibis.Table]:
    sold, booked = causes.sold(sales, reference, foreign), causes.booked(entries.parts(books), reference)
    return shared_numbers.told_apart(sold, booked) if apart else (sold, booked)


def _or_zero(amount: Any) -> Any:
    return ibis.coalesce(amount, 0).cast(MONEY)


def _zero_count(count: Any) -> Any:
    return ibis.coalesce(count, 0).cast("int64")
