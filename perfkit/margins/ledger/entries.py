"""Entries: what does each document of the ledger say of revenue, and against which accounts?

A document is a journal and an entry number, within a month: many ledgers count from 1 again each year, some
each month. Where a document holds several pieces (a batch of a day, a sheet of year-end entries), each piece,
or each label, that balances on its own is read on its own, so that a line of revenue meets its own counterpart.
Account numbers are those of the French chart of accounts (plan comptable general).
"""

from functools import reduce
from operator import or_
from typing import Literal

import ibis
import pandas as pd
from ibis import _

from perfkit.schema import LEDGER

Reference = Literal["piece", "entry", "document"]

MONEY = "decimal(38, 4)"
DOCUMENT = ["journal", "entry", "month"]
GRAIN = [*DOCUMENT, "grain_piece", "grain_label"]
_BACK = "extourn|contre-?pass|revers"
_BACK_OF_ACCRUALS = _BACK + "|annul|(^|[^a-z])ext([^a-z]|$)"
_ACCOUNTS = {
    "revenue": "70",
    "side": "708",
    "rebate": "709",
    "to_invoice": "418",
    "credit_due": "4198",
    "deferred": "487",
    "tax": "4457",
    "pending": "4458",
}
"""The accounts that are told apart, by the beginning of their numbers."""
_CUSTOMERS = "41"
_SETTLING = ("41", "45", "46", "47", "5")
"""Customers, other third parties and cash: revenue against one of these is no accrual."""


def lines(ledger: ibis.Table | pd.DataFrame) -> ibis.Table:
    """Return the lines of a ledger with trimmed texts, the month, and the movement: credit less debit.

    Raises
    ------
    DataError
        If a column is absent: which, and why it is needed.
    """
    table = LEDGER.table(ledger, "debit", "credit")
    label = table.label if "label" in table.columns else ibis.null("string")
    piece = table.piece if "piece" in table.columns else ibis.null("string")
    who = folded(table.auxiliary) if "auxiliary" in table.columns else ibis.literal("")
    return table.select(
        journal=table.journal.strip(),
        entry=table.entry_id.strip(),
        date=table.date.cast("date"),
        month=month_of(table.date),
        account=table.account.strip(),
        piece=folded(piece),
        label=ibis.coalesce(label.lower().strip(), ""),
        who=ibis.ifelse(table.account.strip().startswith(_CUSTOMERS), who, ""),
        amount=(_or_zero(table.credit) - _or_zero(table.debit)).cast(MONEY),
    )


def month_of(day: ibis.Value) -> ibis.Value:
    """Return the first day of a day's month."""
    return day.cast("date").truncate("M").cast("date")


def folded(reference: ibis.Value) -> ibis.Value:
    """Return a document's reference as it is compared: without spaces around it, in capitals; none is empty."""
    return ibis.coalesce(reference.cast("string").strip().upper(), "")


def bare(reference: ibis.Value) -> ibis.Value:
    """Return a reference without the signs between its letters and digits: VE-12 and VE 12 are one."""
    return folded(reference).re_replace("[^A-Z0-9]", "")


def documents(ledger: ibis.Table) -> ibis.Table:
    """Return the documents of `lines`: their balance, their pieces, and how finely they balance.

    Columns: journal, entry, month, lines, revenue_lines, first_day, last_day, balance (credit less debit),
    revenue, only_piece (the piece of all its lines that have one, else empty), only_who (likewise the customer),
    by_piece, by_label, closing (revenue accounts are carried to the result, accounts 12*).
    """
    pieces = (
        _parts(ledger)
        .group_by(*DOCUMENT, "piece")
        .agg(
            lines=_.lines.sum(),
            revenue_lines=_.revenue_lines.sum(),
            first_day=_.first_day.min(),
            last_day=_.last_day.max(),
            balance=_.balance.sum().cast(MONEY),
            revenue=_.revenue.sum().cast(MONEY),
            uneven_labels=_.count(where=_.balance != 0),
            result_lines=_.result_lines.sum(),
            first_who=_.first_who.min(),
            last_who=_.last_who.max(),
        )
    )
    whole = pieces.group_by(DOCUMENT).agg(
        lines=_.lines.sum(),
        revenue_lines=_.revenue_lines.sum(),
        first_day=_.first_day.min(),
        last_day=_.last_day.max(),
        balance=_.balance.sum().cast(MONEY),
        revenue=_.revenue.sum().cast(MONEY),
        uneven_labels=_.uneven_labels.sum(),
        uneven_pieces=_.count(where=_.balance != 0),
        result_lines=_.result_lines.sum(),
        lowest=_.piece.nullif("").min(),
        highest=_.piece.nullif("").max(),
        first_who=_.first_who.min(),
        last_who=_.last_who.max(),
    )
    return whole.mutate(
        only_piece=ibis.ifelse(_.lowest == _.highest, ibis.coalesce(_.lowest, ""), ""),
        only_who=ibis.ifelse(_.first_who == _.last_who, ibis.coalesce(_.first_who, ""), ""),
        by_label=_.uneven_labels == 0,
        by_piece=_.uneven_pieces == 0,
        closing=(_.result_lines > 0) & (_.revenue_lines > 0),
    ).drop("lowest", "highest", "first_who", "last_who", "uneven_labels", "uneven_pieces", "result_lines")


def parts(ledger: ibis.Table) -> ibis.Table:
    """Return the parts of the documents that bear on revenue, with what stands against each.

    One row a document, piece and label; beside the sums of `_parts`: `grain_piece` and `grain_label` name the
    part that balances, `own_piece` the piece that the lines belong to, `who` the only customer whose account (41*) the
    part moves, or else the whole document (empty where there are several or none), `accrual` says that the part sets
    revenue against 418*, 4198* or 487* and against no customer, third party or cash, `closing` that it closes the year.
    """
    whole = documents(ledger).select(*DOCUMENT, "only_piece", "only_who", "by_label", "by_piece", "closing")
    both = _parts(ledger).join(whole, DOCUMENT)
    both = both.mutate(
        grain_piece=ibis.ifelse(_.by_label | _.by_piece, _.piece, ""),
        grain_label=ibis.ifelse(_.by_label, _.label, ""),
        own_piece=ibis.ifelse(_.piece == "", _.only_piece, _.piece),
    )
    together = ibis.window(group_by=GRAIN)
    both = both.mutate(
        accruals=(_.to_invoice_lines + _.credit_due_lines + _.deferred_lines).sum().over(together),
        settling=_.settling_lines.sum().over(together),
    )
    one = _.first_who == _.last_who
    both = both.mutate(
        accrual=(_.accruals > 0) & (_.settling == 0),
        who=ibis.ifelse(one, ibis.coalesce(_.first_who, _.only_who), _.only_who),
    )
    return both.filter((_.revenue_lines + _.to_invoice_lines + _.credit_due_lines + _.deferred_lines + _.tax_lines) > 0)


def _parts(ledger: ibis.Table) -> ibis.Table:
    """Sum the lines of each document, piece and label by the accounts that are told apart."""
    on = {name: ledger.account.startswith(start) for name, start in _ACCOUNTS.items()}
    settles = reduce(or_, (ledger.account.startswith(start) for start in _SETTLING))
    settles &= ~(on["to_invoice"] | on["credit_due"])
    says_back = ledger.label.re_search(_BACK) | ledger.journal.upper().startswith("EXT")
    return ledger.group_by(*DOCUMENT, "piece", "label").agg(
        lines=_.count(),
        first_day=_.date.min(),
        last_day=_.date.max(),
        balance=_.amount.sum().cast(MONEY),
        **{name: ibis.coalesce(_.amount.sum(where=test), 0).cast(MONEY) for name, test in on.items()},
        **{f"{name}_lines": _.count(where=test) for name, test in on.items()},
        settling_lines=_.count(where=settles),
        first_who=_.who.nullif("").min(),
        last_who=_.who.nullif("").max(),
        result_lines=_.count(where=ledger.account.startswith("12")),
        back=_.count(where=says_back),
        accrual_back=_.count(where=says_back | ledger.label.re_search(_BACK_OF_ACCRUALS)),
    )


def _or_zero(amount: ibis.Value) -> ibis.Value:
    return ibis.coalesce(amount.cast("decimal(18, 4)"), ibis.literal(0).cast("decimal(18, 4)"))
