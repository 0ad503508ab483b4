"""Shared numbers: which documents of sales and of the books meet where a number names several of them?

The ranges of two shops meet, or one begins anew each year. Where a number comes to the same on both sides nothing is to
be told apart; where it does not, its documents are those of a customer in a year.
"""

from functools import reduce
from typing import Any

import ibis
from ibis import _

from perfkit.margins.ledger.entries import MONEY

APART = 3
"""Months between the lines of one number beyond which it hardly names one document."""
UNLIKE_A_NUMBER = "\N{PILCROW SIGN}"
"""What a key begins with that is made here, so that it is no number of a document."""


def numbers(sales: ibis.Table, books: ibis.Table) -> ibis.Table:
    """Return every number of sales with what it comes to on both sides, and whether it names several documents.

    Columns: key; sales; here, the last month of its lines (missing where all of them are abroad); held (whether the
    books have it), revenue, side, rebate, tax; several: whether it names several customers of sales or of the books,
    or lines further apart than the parts of one delivery, and its sums differ. Where they are the same on both sides
    nothing is to be told apart.
    """
    one = sales.filter(_.key != "").group_by("key")
    one = one.agg(
        sales=_.sales.sum().cast(MONEY),
        here=_.month.max(where=_.abroad == 0),
        buyers=_.who.nullif("").nunique(),  # a line without a customer is one of its number's document
        since=_.month.min(),
        until=_.month.max(),
    )
    other = books.filter(_.named).group_by("key")
    other = other.agg(
        **{name: _[name].sum().cast(MONEY) for name in ("revenue", "side", "rebate", "tax")},
        payers=_.who.nullif("").nunique(),
        found=_.count(),
    )
    both = one.left_join(other, "key")
    span = 12 * (_.until.year() - _.since.year()) + _.until.month() - _.since.month()
    both = both.mutate(held=_.found.notnull())
    several = (_.buyers > 1) | (_.payers > 1) | (span > APART)
    return both.mutate(several=_.held & (_.sales != _.revenue) & several).drop("found", "buyers", "payers")


def told_apart(sales: ibis.Table, books: ibis.Table) -> tuple[ibis.Table, ibis.Table]:
    """Return both sides with a key for each document where a number names several, and its number as `number`.

    Documents of such a number are those of a customer in a year. They meet by number and customer; what is left by
    number and amount, one with one, the earliest first; then by number and month, where they lie in one month; and
    what is left even then is compared as one document, as all of one number are elsewhere.
    """
    several = numbers(sales, books).filter(_.several).select("key")
    year = _.month.year().cast("string")
    ours = sales.inner_join(several, "key").mutate(own=_.who + " " + year)
    theirs = books.filter(_.named).inner_join(several, "key").mutate(own=_.part + " " + year)
    one = _documents(ours, "sales")
    other = _documents(theirs, "revenue")
    steps: tuple[tuple[str, ...], ...] = (("key", "own"), ("key", "total", "nth"), ("key", "first"))
    ones, others = [], []
    for number, by in enumerate(steps):
        if "nth" in by:
            in_turn = ibis.window(group_by=["key", "total"], order_by=["first", "own"])
            one, other = (each.mutate(nth=ibis.row_number().over(in_turn)) for each in (one, other))
        if "first" in by:
            of_one_month = [each.filter(_.first == _.last) for each in (one, other)]
        else:
            of_one_month = [one, other]
        met = of_one_month[0].select(*by).distinct().inner_join(of_one_month[1].select(*by).distinct(), list(by))
        here, there = (each.semi_join(met, list(by)) for each in of_one_month)
        ones.append(here.select("key", "own", apart=_named(here, number, by)))
        others.append(there.select("key", "own", apart=_named(there, number, by)))
        one, other = one.anti_join(here, ["key", "own"]), other.anti_join(there, ["key", "own"])
    left = one.select("key").distinct().inner_join(other.select("key").distinct(), "key")
    for side, found, mark_of in ((one, ones, "s"), (other, others, "b")):
        together, alone = side.semi_join(left, "key"), side.anti_join(left, "key")
        found.append(together.select("key", "own", apart=_named(together, len(steps), ("key",))))
        found.append(alone.mutate(side=ibis.literal(mark_of)).pipe(_alone))
    return _renamed(sales, _.who + " " + year, ones), _renamed(books, _.part + " " + year, others)


def _alone(documents: ibis.Table) -> ibis.Table:
    return documents.select("key", "own", apart=_named(documents, 4, ("side", "key", "own")))


def _named(documents: ibis.Table, step: int, by: tuple[str, ...]) -> ibis.Value:
    """A key that no order number is, made of what two documents met by."""
    return reduce(
        lambda said, column: said + " " + documents[column].cast("string"), by, ibis.literal(f"{UNLIKE_A_NUMBER}{step}")
    )


def _documents(cells: ibis.Table, money: str) -> ibis.Table:
    """The documents of numbers that several share: key, own, total, and the first and last month."""
    return cells.group_by("key", "own").agg(
        total=cells[money].sum().cast(MONEY), first=_.month.min(), last=_.month.max()
    )


def _renamed(cells: ibis.Table, own: Any, found: list[ibis.Table]) -> ibis.Table:
    """Give each document its own key, and keep the number that it bears."""
    told = ibis.union(*found) if len(found) > 1 else found[0]
    told = told.rename(number_of="key", own_of="own")
    numbered = cells.mutate(own=own)
    both = numbered.left_join(told, [numbered.key == told.number_of, numbered.own == told.own_of])
    return both.mutate(number=_.key, key=ibis.coalesce(_.apart, _.key)).drop("apart", "number_of", "own_of", "own")
