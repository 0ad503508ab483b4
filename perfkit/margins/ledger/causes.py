"""Causes: which cause does each euro between sales and the books belong to?

Every amount is given to one cause, in the order of `CAUSES`' rules: first the entries that accrue or defer
revenue, then documents found on both sides, then documents found on one side. What no rule takes is left
over, and `ledger.tie` shows it as not explained.
"""

from functools import reduce
from itertools import combinations
from operator import and_, or_
from typing import Any

import ibis
from ibis import _

from perfkit.languages import mark
from perfkit.margins.ledger.entries import GRAIN, MONEY, Reference, bare, folded, month_of
from perfkit.margins.ledger.shared_numbers import UNLIKE_A_NUMBER

CAUSES: dict[str, tuple[str, str]] = {
    "cut_off": (
        mark("Cut-off: booked in another month"),
        mark("The same document in two months; sums to zero over all months"),
    ),
    "to_invoice": (
        mark("Sales not yet invoiced (418)"),
        mark("Revenue against 418, and invoices booked against it"),
    ),
    "credits_due": (mark("Credit notes not yet issued (4198)"), mark("Revenue taken off against 4198")),
    "deferred": (mark("Deferred income (487)"), mark("Revenue carried over 487")),
    "reversals": (
        mark("Reversals of earlier entries"),
        mark("Entries against 418, 4198 or 487 taken back, or labelled as a reversal"),
    ),
    "side_income": (
        mark("Freight and other side income (708)"),
        mark("Accounts 708 where sales do not hold the amount"),
    ),
    "rebates": (mark("Rebates granted (709)"), mark("Accounts 709 where sales do not hold the amount")),
    "tax": (mark("VAT counted as revenue"), mark("A document net of tax on one side, with tax on the other")),
    "credits": (mark("Credit notes on one side only"), mark("Negative documents found on one side only")),
    "not_booked": (mark("In sales, not booked"), mark("Documents of sales without revenue in the books")),
    "not_in_sales": (mark("Booked, not in the sales export"), mark("Documents of the books that sales do not hold")),
    "foreign": (
        mark("In another currency, set aside at load"),
        mark("Booked documents whose lines of sales are in another currency"),
    ),
    "set_aside": (
        mark("Unreadable lines, set aside at load"),
        mark("Booked documents of which lines of sales could not be read"),
    ),
    "twice": (mark("Booked twice"), mark("The same document with exactly twice its amount: mostly entered again")),
    "different": (mark("Amounts that differ"), mark("The same document with another amount")),
    "rounding": (mark("Rounding"), mark("The same document, at most one cent a line apart")),
}
"""Each cause: its name and how it is known, message ids, in the order in which a report shows them."""

RATES = (0.2, 0.1, 0.055, 0.021, 0.085)
"""The rates of French VAT."""
_CENT = 0.01 + 1e-9

# What may be in the books of a document and not in its sales amount; the smaller explanation comes first.
_TAKEN = ("accrued", "side", "rebate")
_SETS = [chosen for size in range(len(_TAKEN) + 1) for chosen in combinations(_TAKEN, size)]


def sold(sales: ibis.Table, reference: Reference | None, foreign: ibis.Table | None = None) -> ibis.Table:
    """Return sales by document, customer and month.

    Columns: key (the document's number; empty where a line names none), who (the customer, empty where there is
    none), month, sales, lines, abroad (1 where they are lines of `foreign`, whose money is in no sum, else 0).
    """
    lines = _of_documents(sales, reference).mutate(net=sales.net_revenue.cast("decimal(18, 4)"), abroad=_no())
    if foreign is not None:
        apart = _of_documents(foreign.filter(_.date.notnull()), reference)
        apart = apart.mutate(net=ibis.literal(0).cast("decimal(18, 4)"), abroad=_no() + 1)
        lines = lines.select("key", "who", "month", "net", "abroad").union(
            apart.select("key", "who", "month", "net", "abroad")
        )
    return lines.group_by("key", "who", "month", "abroad").agg(sales=_.net.sum().cast(MONEY), lines=_.count())


def _of_documents(lines: ibis.Table, reference: Reference | None) -> ibis.Table:
    if reference is None or "order_id" not in lines.columns:
        key = ibis.literal("")
    else:
        key = bare(lines.order_id) if reference == "document" else folded(lines.order_id)
    who = folded(lines.customer_id) if "customer_id" in lines.columns else ibis.literal("")
    return lines.mutate(key=key, who=who, month=month_of(lines.date))


def unread(lines: ibis.Table, reference: Reference | None) -> ibis.Table:
    """Return the documents of which lines of sales could not be read.

    Columns: key; unread, the lines; missing, their money; unknown, those whose money cannot be read either.
    """
    each = _of_documents(lines, reference).filter(_.key != "").group_by("key")
    return each.agg(
        unread=_.lines.sum().cast("int64"),
        missing=_.net_revenue.cast("decimal(18, 4)").sum().cast(MONEY),
        unknown=_.unknown.sum().cast("int64"),
    )


def booked(parts: ibis.Table, reference: Reference | None) -> ibis.Table:
    """Return the books by document and month, without accruals and the closing of the year.

    Columns: key, part, who, named (whether it can be looked for in sales), month, entry, revenue, side, rebate, tax,
    back (what is labelled as a reversal, side income and rebates apart), deferred, to_invoice, credit_due: what the
    document puts on these accounts instead of on revenue. `part` tells what stands under one number apart: the
    customer whose account it moves, `who`, or the entry where there is none.
    """
    there = parts.filter(
        ~_.closing
        & ~_.accrual
        & ((_.revenue_lines + _.to_invoice_lines + _.credit_due_lines + _.deferred_lines + _.tax_lines) > 0)
    )
    own = _own(reference)
    named = own != "" if reference else ibis.literal(False)
    # A document that names no piece is one of its own, under a name that no order has.
    key = ibis.ifelse(named, own, "\N{PILCROW SIGN}" + _.journal + " " + _.entry)
    there = there.mutate(key=key, named=named, said=_.journal + " " + _.entry)
    pending = ibis.ifelse(_.to_invoice_lines + _.credit_due_lines > 0, _.pending, _zero())
    part = ibis.ifelse(_.who != "", _.who, UNLIKE_A_NUMBER + _.said + " " + _.month.cast("string"))
    found = there.mutate(pending=pending, part=part).group_by("key", "part", "who", "named", "month")
    summed = found.agg(
        entry=_.said.min(),
        bearing=(_.revenue_lines + _.to_invoice_lines + _.credit_due_lines + _.deferred_lines).sum(),
        revenue=_.revenue.sum().cast(MONEY),
        side=_.side.sum().cast(MONEY),
        rebate=_.rebate.sum().cast(MONEY),
        tax=_.tax.sum().cast(MONEY),
        back=ibis.coalesce((_.revenue - _.side - _.rebate).sum(where=_.back > 0), 0).cast(MONEY),
        deferred=_.deferred.sum().cast(MONEY),
        to_invoice=(_.to_invoice + _.pending).sum().cast(MONEY),
        credit_due=_.credit_due.sum().cast(MONEY),
        is_due=(_.credit_due_lines.sum() > 0) & (_.to_invoice_lines.sum() == 0),
    )
    summed = summed.filter(_.bearing > 0).drop("bearing")
    # The tax on what is to be invoiced stands on 4458: it belongs to 4198 only where there is no 418.
    return summed.mutate(
        credit_due=ibis.ifelse(_.is_due, _.credit_due + _.to_invoice, _.credit_due),
        to_invoice=ibis.ifelse(_.is_due, _zero(), _.to_invoice),
    ).drop("is_due")


def _own(reference: Reference | None) -> Any:
    if reference == "entry":
        return folded(_.entry)
    return bare(_.journal + _.entry) if reference == "document" else _.own_piece


def accrued(parts: ibis.Table) -> ibis.Table:
    """Return the entries that accrue or defer revenue, with their causes in columns.

    A part that cannot be told from another of its document puts what stands on 487 under deferred income, what
    stands on 4198 under credit notes due where no tax is mixed in, and the rest under sales not yet invoiced.
    """
    found = parts.filter(_.accrual & ~_.closing).group_by(GRAIN)
    summed = found.agg(
        **{name: _[name].sum().cast(MONEY) for name in ("revenue", "credit_due", "deferred", "pending")},
        **{f"{name}_lines": _[f"{name}_lines"].sum() for name in ("to_invoice", "credit_due", "deferred")},
        piece=_.own_piece.max(),
        back=_.accrual_back.sum(),
    )
    alone = _.to_invoice_lines + _.credit_due_lines == 0
    summed = summed.mutate(
        later=ibis.cases((_.deferred_lines == 0, _zero()), (alone, _.revenue), else_=-_.deferred),
    )
    due = ibis.cases(
        (_.credit_due_lines == 0, _zero()),
        (_.to_invoice_lines == 0, _.revenue - _.later),
        (_.pending == 0, -_.credit_due),
        else_=_zero(),
    )
    summed = summed.mutate(due=due.cast(MONEY))
    summed = summed.mutate(coming=(_.revenue - _.later - _.due).cast(MONEY), later=_.later.cast(MONEY))
    put_off = summed.filter(_.later < 0).group_by(undone=(-_.later).cast(MONEY)).agg(since=_.month.min())
    joined = summed.left_join(put_off, summed.later == put_off.undone)
    again = (_.later > 0) & ((_.back > 0) | ibis.coalesce(_.since < _.month, False))
    late = ibis.ifelse(again, _.later, _zero())
    coming = ibis.ifelse(_.coming < 0, _.coming, _zero())
    due = ibis.ifelse(_.due > 0, _.due, _zero())
    causes = joined.mutate(
        to_invoice=_.coming - coming,
        credits_due=_.due - due,
        deferred=_.later - late,
        reversals=late + coming + due,
    )
    return causes.select(
        "month",
        "to_invoice",
        "credits_due",
        "deferred",
        "reversals",
        key=_.journal + " " + _.entry + " " + _.grain_piece + " " + _.grain_label,
        reference=_.piece,
        entry=_.journal + " " + _.entry,
        sold_in=ibis.null("date"),
        booked_in=_.month,
        sales=_zero(),
        books=_.revenue,
    )


def matched(sales: ibis.Table, books: ibis.Table, unread: ibis.Table | None = None) -> ibis.Table:
    """Return every document and month of both sides with its causes in columns.

    Parameters
    ----------
    sales : what `sold` returned, or `shared_numbers.told_apart`
    books : what `booked` returned, or `shared_numbers.told_apart`
        Where it names no document, only the causes that an account or a label tells are given.
    unread : what `unread` returned, optional
    """
    cells = compared(sales, books)
    if unread is None:
        return _caused(cells.mutate(unread=ibis.literal(0, "int64"), missing=_zero(), unknown=ibis.literal(0, "int64")))
    told = unread.rename(unread_number="key")
    joined = cells.left_join(told, cells.number == told.unread_number).drop("unread_number")
    return _caused(
        joined.mutate(
            unread=ibis.coalesce(_.unread, 0),
            missing=ibis.coalesce(_.missing, 0).cast(MONEY),
            unknown=ibis.coalesce(_.unknown, 0),
        )
    )


def compared(sales: ibis.Table, books: ibis.Table) -> ibis.Table:
    """Return every document and month of both sides, with what its document comes to on each of them."""
    money = ("revenue", "side", "rebate", "tax", "back", "deferred", "to_invoice", "credit_due")
    number = "number" if "number" in sales.columns else "key"
    one = sales.filter(_.key != "").select(
        "key",
        "month",
        "sales",
        "lines",
        **{name: _zero() for name in money},
        entry=ibis.null("string"),
        in_sales=ibis.literal(1, "int64"),
        in_books=ibis.literal(0, "int64"),
        named=ibis.literal(1, "int64"),
        abroad=_.abroad.cast("int64"),
        number=_[number],
    )
    other = books.select(
        "key",
        "month",
        sales=_zero(),
        lines=ibis.literal(0, "int64"),
        **{name: _[name] for name in money},
        entry=_.entry,
        in_sales=ibis.literal(0, "int64"),
        in_books=ibis.literal(1, "int64"),
        named=_.named.cast("int64"),
        abroad=ibis.literal(0, "int64"),
        number=_[number],
    )
    sums = ("sales", *money)
    flags = ("in_sales", "in_books", "named", "abroad")
    cells = (
        one.union(other)
        .group_by("key", "month")
        .agg(
            **{name: _[name].sum().cast(MONEY) for name in sums},
            **{name: _[name].max() for name in flags},
            lines=_.lines.sum(),
            entry=_.entry.min(),
            number=_.number.max(),
        )
    )
    cells = cells.mutate(accrued=(-_.deferred - _.to_invoice - _.credit_due).cast(MONEY))
    totals = cells.group_by("key").agg(
        **{f"all_{name}": _[name].sum().cast(MONEY) for name in (*sums, "accrued")},
        **{f"any_{name}": _[name].max() for name in flags},
        all_lines=_.lines.sum(),
        anchor=_.month.max(where=_.revenue != _.sales),
        sold_in=_.month.min(where=_.in_sales == 1),
        booked_in=_.month.max(where=_.in_books == 1),
        entry_of=_.entry.min(),
    )
    return cells.join(_chosen(totals), "key")


def _chosen(totals: ibis.Table) -> ibis.Table:
    """Add to documents on both sides what explains the difference: the amounts taken, tax or not, and what is left."""
    # Floats compare here and are summed nowhere.
    tolerance = _.all_lines.cast("float64") * _CENT
    wide = totals.mutate(**{f"left_{place}": _left(chosen) for place, chosen in enumerate(_SETS)}, tolerance=tolerance)
    lefts = [f"left_{place}" for place in range(len(_SETS))]
    exact = _first((wide[left] == 0) for left in lefts)
    taxed = _first(
        ibis.literal(False) if "accrued" in chosen else _is_taxed(wide, left)
        for left, chosen in zip(lefts, _SETS, strict=True)
    )
    least = ibis.least(*(wide[left].abs() for left in lefts))
    nearest = _first((wide[left].abs() == least) for left in lefts)
    wide = wide.mutate(exact=exact, taxed=taxed, nearest=nearest)
    wide = wide.mutate(place=ibis.coalesce(wide.exact, wide.taxed, wide.nearest))
    is_tax = wide.exact.isnull() & wide.taxed.notnull()
    left = ibis.cases(*((wide.place == place, wide[name]) for place, name in enumerate(lefts)), else_=_zero())
    takes = {
        f"takes_{name}": wide.place.isin([place for place, chosen in enumerate(_SETS) if name in chosen])
        for name in _TAKEN
    }
    wide = wide.mutate(**takes, is_tax=is_tax, left=left)
    return wide.drop(*lefts, "exact", "taxed", "nearest", "place")


def _left(chosen: tuple[str, ...]) -> Any:
    left = _.all_revenue - _.all_sales
    for name in chosen:
        left = left - _[f"all_{name}"]
    return left.cast(MONEY)


def _is_taxed(table: ibis.Table, left: str) -> Any:
    """Say whether what is left is tax: sales hold it and the books do not, or revenue is booked with it."""
    rest, sales, tax, tolerance = (table[name].cast("float64") for name in (left, "all_sales", "all_tax", "tolerance"))
    taxable = ibis.ifelse(tax != 0, sales + rest, -sales)
    tests = [(tax != 0) & ((rest + tax).abs() <= tolerance)]
    tests += [(rest + taxable * rate).abs() <= tolerance for rate in RATES]
    return (rest.abs() > tolerance) & reduce(or_, tests)


def _first(tests: Any) -> Any:
    return ibis.cases(*((test, place) for place, test in enumerate(tests)), else_=ibis.null("int8"))


def _caused(cells: ibis.Table) -> ibis.Table:
    """Give each document's difference in a month to its causes."""
    held = (_.any_in_sales == 1) & (_.any_in_books == 1)
    both, abroad = held & (_.any_abroad == 0), held & (_.any_abroad == 1)
    only_sales = (_.any_in_sales == 1) & (_.any_in_books == 0)
    only_books = (_.any_in_sales == 0) & (_.any_in_books == 1)
    known = only_books & (_.any_named == 1)

    def where(*tests: Any) -> Any:
        *conditions, amount = tests
        return ibis.ifelse(reduce(and_, conditions), amount, _zero()).cast(MONEY)

    here = both & (_.month == _.anchor)
    rest = _.revenue - _.side - _.rebate - _.back
    all_rest = _.all_revenue - _.all_side - _.all_rebate - _.all_back
    small = _.left.abs().cast("float64") <= _.tolerance
    # Lines that could not be read explain what their document lacks: by their amount, or all of it where that is not
    # known; nothing where what is left without them would be more than with them.
    aside = (_.unread > 0) & ~small
    nearer = (_.unknown == 0) & ((_.left - _.missing).abs() < _.left.abs())
    is_tax = _.is_tax & ~(aside & (_.unknown == 0) & (_.left == _.missing))
    cells = cells.mutate(
        is_tax=is_tax,
        not_read=ibis.cases(
            (~aside | is_tax, _zero()), (_.unknown > 0, _.left), (nearer, _.missing), else_=_zero()
        ).cast(MONEY),
    )
    whole = (_.unread > 0) & (_.any_in_sales == 0)
    twice = (_.left == _.all_sales) & (_.all_sales != 0) & (_.not_read == 0)
    cells = cells.mutate(
        to_invoice=where(both, _.takes_accrued, -_.to_invoice),
        credits_due=where(both, _.takes_accrued, -_.credit_due),
        deferred=where(both, _.takes_accrued, -_.deferred),
        reversals=where(only_books, _.back),
        side_income=where(both, _.takes_side, _.side) + where(only_books, _.side),
        rebates=where(both, _.takes_rebate, _.rebate) + where(known, _.rebate),
        tax=where(here, _.is_tax, _.left),
        credits=where(known, ~whole, all_rest < 0, rest) - where(only_sales, _.all_sales < 0, _.sales),
        not_booked=-where(only_sales, _.all_sales >= 0, _.sales),
        not_in_sales=where(known, ~whole, all_rest >= 0, rest),
        set_aside=where(known, whole, rest) + where(here, _.not_read),
        foreign=where(abroad, _.revenue - _.sales),
        twice=where(here, ~_.is_tax, ~small, twice, _.left),
        different=where(here, ~_.is_tax, ~small, ~twice, _.left - _.not_read),
        rounding=where(here, ~_.is_tax, small, _.left),
        gap=_.revenue - _.sales,
    )
    placed = [
        "to_invoice",
        "credits_due",
        "deferred",
        "side_income",
        "rebates",
        "tax",
        "set_aside",
        "twice",
        "different",
        "rounding",
    ]
    moved = reduce(lambda gap, name: gap - _[name], placed, _.gap)
    return cells.mutate(cut_off=where(both, moved)).select(
        *CAUSES,
        "month",
        "key",
        "sold_in",
        "booked_in",
        reference=ibis.ifelse(_.any_named == 1, _.number, ""),
        entry=_.entry_of,
        sales=_.all_sales,
        books=_.all_revenue,
    )


def by_cause(accruals: ibis.Table, documents: ibis.Table) -> ibis.Table:
    """Return the causes of `accrued` and `matched` one below the other: key, month, cause, amount and the document."""
    about = ["key", "month", "reference", "entry", "sold_in", "booked_in", "sales", "books"]
    both = ibis.union(
        *(
            table.select(
                *about, **{name: table[name].cast(MONEY) if name in table.columns else _zero() for name in CAUSES}
            )
            for table in (accruals, documents)
        )
    )
    some = both.filter(reduce(or_, (both[name] != 0 for name in CAUSES)))
    each = some.mutate(cause=ibis.array(list(CAUSES)).unnest())
    amount = ibis.cases(*((each.cause == name, each[name]) for name in CAUSES), else_=_zero())
    return each.select(*about, "cause", amount=amount.cast(MONEY)).filter(_.amount != 0)


def _no() -> ibis.Value:
    return ibis.literal(0, "int8")


def _zero() -> ibis.Value:
    return ibis.literal(0).cast(MONEY)
