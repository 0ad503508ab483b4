"""Ledger: do sales tie to the books, month by month, and what explains each euro between them?"""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd

from perfkit.aggregations import only
from perfkit.errors import ParameterError, unknown
from perfkit.languages import date, text
from perfkit.margins.ledger import entries, sums
from perfkit.margins.ledger.causes import CAUSES
from perfkit.margins.ledger.entries import Reference
from perfkit.margins.ledger.views import shown
from perfkit.periods import Period
from perfkit.results import Result, View, figure_frame
from perfkit.schema import SALES

REFERENCES: tuple[Reference, ...] = ("piece", "entry", "document")
MOST_DOCUMENTS = 5
_FEW = 20
_MONTHS = ["month", "sales", "books", "gap", "residual"]
_CAUSES = ["month", "cause", "amount", "documents"]
_TOTALS = ["cause", "amount", "documents"]
_DOCUMENTS = ["cause", "reference", "entry", "sold_in", "booked_in", "sales", "books", "amount"]
_ABROAD = ["currency", "documents", "lines", "amount"]
_UNBALANCED = ["journal", "entry", "month", "balance"]


@dataclass(frozen=True, eq=False)
class LedgerTie(Result):
    """Net revenue of sales and of the books, and the gap between them by cause; every row adds up to the cent.

    Attributes
    ----------
    months : DataFrame, one row a month of the period that the ledger holds
        month, date: its first day; sales, books, Decimal: net revenue of sales by the day it counts, and
        credit less debit of the accounts 70* (709 among them) by the date of the entry; gap = books - sales;
        residual: the part of the gap that no cause explains.
    causes : DataFrame, one row a month and cause that explains something in it
        month; cause: a key of `causes.CAUSES`; amount, Decimal: its part of the gap; documents, int.
    totals : DataFrame, one row a cause
        cause; amount, Decimal: over the whole period; documents, int: those that it concerns.
    documents : DataFrame, one row a document to look up, at most five a cause, the largest first
        cause; reference: of the document in sales, empty where it has none; entry: journal and number;
        sold_in, booked_in: the first month of its sales and the last of its entries (None = on one side only);
        sales, books: its amounts over all months; amount: its part of the gap in the period.
    checks : dict
        Of the ledger in the period: lines, revenue_lines, documents, closing (documents that close the year,
        left out) and closing_revenue, unbalanced (documents whose debits differ from their credits) and
        balance, the sum of all credits less debits; and first_day and last_day of the whole ledger.
    unbalanced : DataFrame, one row a document that does not balance, at most five
        journal, entry, month, balance (credit less debit).
    reference : "piece", "entry", "document" or None
        What of an entry names the document of sales; None where documents could not be matched.
    found : tuple of (int, int)
        Documents of sales in the period that the books hold, and all of them.
    unnamed : tuple of (int, Decimal)
        Lines of sales in the period that name no document, and their money.
    period : Period
    currency : str
    revenue_date : str
        What the date of sales is, in the company's words.
    reason : str
        Why there is nothing to show (no rows then); empty where there is.
    """

    months: pd.DataFrame
    causes: pd.DataFrame
    totals: pd.DataFrame
    documents: pd.DataFrame
    checks: dict[str, Any]
    unbalanced: pd.DataFrame
    reference: Reference | None
    found: tuple[int, int]
    unnamed: tuple[int, Decimal]
    period: Period
    currency: str
    revenue_date: str = ""
    reason: str = ""
    shared: int = 0
    """Numbers that name several documents, and were told apart."""
    abroad: pd.DataFrame | None = None
    """Lines of sales set aside for their currency in these months, a row a currency: documents, lines, int, and amount,
    Decimal, in that currency; None where it is not known whether there are any."""
    missing: tuple[dt.date, ...] = field(default=())
    """Months of the period that the ledger does not hold."""

    def total(self, column: str) -> Decimal:
        """Return the sum over the months of sales, books, gap or residual."""
        return sum(self.months[column], Decimal(0))

    def figures(self) -> pd.DataFrame:
        """Return both revenues, the gap, its causes and the rest, of each month and of all."""
        if self.reason:
            return figure_frame(
                [self._figure("gap", None, "all", None, text("Revenue of the books less that of sales"))]
            )
        spans = [(f"{month:%Y-%m}", [month]) for month in self.months["month"]]
        every: list[dict[str, Any]] = []
        for label, months in [*spans, ("all", list(self.months["month"]))]:
            here = self.months[self.months["month"].isin(months)]
            sums = {column: sum(here[column], Decimal(0)) for column in _MONTHS[1:]}
            every += [
                self._figure("sales", None, label, sums["sales"], text("Sum of net revenue of the lines of sales")),
                self._figure("books", None, label, sums["books"], text("Credit less debit of the accounts 70*")),
                self._figure("gap", None, label, sums["gap"], text("Revenue of the books less that of sales")),
                self._figure("residual", None, label, sums["residual"], text("The gap less its causes")),
            ]
            of = self.totals if label == "all" else self.causes[self.causes["month"].isin(months)]
            every += [
                self._figure(
                    "cause", row["cause"], label, row["amount"], text(CAUSES[row["cause"]][1]), row["documents"]
                )
                for row in of.to_dict("records")
            ]
        counts = {"unbalanced": self.checks["unbalanced"], "closing": self.checks["closing"]}
        basis = text("Documents of the ledger: a journal and an entry number in a month")
        every += [self._figure(name, None, "all", n, basis, unit="count") for name, n in counts.items()]
        return figure_frame(every)

    def _figure(
        self, name: str, cause: str | None, label: str, amount: Any, basis: str, n: int | None = None, unit: str = ""
    ) -> dict[str, Any]:
        return {
            "figure_id": ":".join(["ledger", name, *([cause] if cause else []), label]),
            "kpi": f"ledger_{name}",
            "period": self.period.label if label == "all" else label,
            "dimensions": {"cause": cause} if cause else None,
            "estimate": amount,
            "n": n,
            "unit": unit or self.currency,
            "basis": basis,
            "status": "not available" if self.reason else "partial" if self.missing and label == "all" else "observed",
            "reason": self.reason,
        }

    def ties_to(self) -> dict[str, Any] | None:
        """Return the two totals that the gap lies between."""
        if self.reason:
            return None
        return {
            "net_revenue": self.total("sales"),
            "books_revenue": self.total("books"),
            "period": self.period.label,
        }

    def views(self) -> list[View]:
        """Return the way from sales to the books, the same by month, documents to look up, and the ledger's checks."""
        return shown(self)


def tie(
    sales: ibis.Table | pd.DataFrame,
    ledger: ibis.Table | pd.DataFrame | None,
    *,
    set_aside: pd.DataFrame | None = None,
    period: Period,
    currency: str,
    reference: Reference | None = None,
    revenue_date: str = "",
) -> LedgerTie:
    """Set net revenue of sales against accounts 70* of the ledger, and give each euro between them to one cause.

    Parameters
    ----------
    sales : table or DataFrame, one row a line, columns of `schema.SALES`
        All of its months: a document may be booked in another month than it was sold.
    ledger : table or DataFrame, one row a line of an entry, columns of `schema.LEDGER`; None where there is none
    set_aside : DataFrame, optional, as `sources.set_aside.documents` returns it
        What was set aside at load. Of what is in another currency, documents are then known where the books hold
        them, and their money is told in their currency and is in no sum; what could not be read explains what its
        documents lack.
    period : Period
        The months that are compared.
    currency : str
        ISO code of every amount.
    reference : "piece", "entry" or "document", optional
        What of an entry is the order_id of sales: the reference of the piece, the entry's number, or journal
        and number; if not given, the first under which half of the documents that are found agree in amount.
    revenue_date : str
        What the date of sales is, in the company's words: shown.

    Raises
    ------
    ParameterError
        If the period is a text and not a Period, or there is no such reference.
    DataError
        If a column is absent.

    See Also
    --------
    charts.ledger_tie : what lies between sales and the books, cause by cause.
    """
    if not isinstance(period, Period):
        raise ParameterError(f"period is {period!r}: give a Period, such as acme.period('2026-10').")
    if reference is not None and reference not in REFERENCES:
        raise ParameterError(unknown("reference", reference, REFERENCES))
    ask = text("the accounting entries of the period: the FEC (fichier des écritures comptables)")
    if ledger is None:
        return _nothing(period, currency, text("The data have no ledger. Ask for {what}.", what=ask))
    if not {"debit", "credit"} <= set(ledger.columns):  # a side that is absent is not known to be zero
        why = text("The ledger lacks debits or credits, so no revenue can be read from it. Ask for {what}.", what=ask)
        return _nothing(period, currency, why)
    books, lines = entries.lines(ledger), SALES.table(sales)
    there = sums.months_of(books)
    held = [month.start for month in period.months() if month.start in set(there["month"])]
    if not held:
        return _nothing(period, currency, _why_none(there, period))
    span = {"first_day": there["first_day"].min(), "last_day": there["last_day"].max()}
    abroad, unread = _abroad_and_unread(set_aside)
    foreign = None if abroad is None or abroad.empty else SALES.table(abroad, "order_id", "customer_id")
    chosen, found, shared = _reference(lines, books, foreign, held, reference)
    if chosen and shared:
        met = only(sums.met(lines, books, foreign, chosen, held))
        found = int(met["found"]), int(met["documents"])
    explained = sums.explained(lines, books, foreign, unread, chosen, bool(shared), held, MOST_DOCUMENTS)
    of_a_month = explained["month"].notna()
    by_cause = explained[of_a_month].reset_index(drop=True)
    documents = explained[~of_a_month].reset_index(drop=True)
    net = sums.of_sales(lines, held)
    return LedgerTie(
        months=_months(held, net, sums.of_books(books, held), by_cause),
        causes=by_cause[_CAUSES],
        totals=_totals(by_cause, documents),
        documents=documents[_DOCUMENTS],
        checks=span | only(sums.checks(books, held)),
        unbalanced=sums.unbalanced(books, held, MOST_DOCUMENTS),
        reference=chosen,
        found=found,
        unnamed=(int(net["unnamed_lines"].sum()), sum(net["unnamed"], Decimal(0))),
        period=period,
        currency=currency,
        revenue_date=revenue_date,
        shared=shared,
        abroad=None if abroad is None else _by_currency(abroad, held),
        missing=tuple(month.start for month in period.months() if month.start not in held),
    )


def _abroad_and_unread(set_aside: pd.DataFrame | None) -> tuple[pd.DataFrame | None, ibis.Table | None]:
    """Return what was set aside for its currency, and the lines of named documents that could not be read."""
    if set_aside is None or "abroad" not in set_aside:
        return set_aside, None
    abroad = set_aside["abroad"].astype(bool)
    some = set_aside[~abroad & set_aside["order_id"].notna()]
    if some.empty:
        return set_aside[abroad], None
    unknown = some["net_revenue"].isna()
    told = some.assign(unknown=unknown.astype("int64"), net_revenue=some["net_revenue"].mask(unknown, Decimal(0)))
    return set_aside[abroad], SALES.table(told.drop(columns="abroad"))


def _by_currency(abroad: pd.DataFrame, held: list[dt.date]) -> pd.DataFrame:
    """Count what was set aside for its currency in these months, a row a currency, each in its own."""
    if abroad.empty:
        return pd.DataFrame(columns=_ABROAD, dtype="object")
    days = pd.to_datetime(abroad["date"])
    here = abroad[days.dt.to_period("M").dt.start_time.dt.date.isin(held)]
    rows = [
        [
            currency,
            len(some[["order_id", "customer_id"]].dropna(subset="order_id").drop_duplicates()),
            int(some["lines"].sum()),
            None if some["net_revenue"].isna().any() else sum(some["net_revenue"], Decimal(0)),
        ]
        for currency, some in here.groupby("currency", sort=True, dropna=False)
    ]
    return pd.DataFrame(rows, columns=_ABROAD, dtype="object")


def _nothing(period: Period, currency: str, reason: str) -> LedgerTie:
    def none(columns: list[str]) -> pd.DataFrame:
        return pd.DataFrame(columns=columns, dtype="object")

    return LedgerTie(
        months=none(_MONTHS),
        causes=none(_CAUSES),
        totals=none(_TOTALS),
        documents=none(_DOCUMENTS),
        checks={},
        unbalanced=none(_UNBALANCED),
        reference=None,
        found=(0, 0),
        unnamed=(0, Decimal(0)),
        period=period,
        currency=currency,
        reason=reason,
    )


def _why_none(there: pd.DataFrame, period: Period) -> str:
    if there.empty:
        return text("The ledger has no entry.")
    return text(
        "The ledger goes from {first} to {last} and holds no month of {period}. Ask for the FEC of that fiscal year.",
        first=date(there["first_day"].min()),
        last=date(there["last_day"].max()),
        period=period.name(),
    )


def _reference(
    lines: ibis.Table, books: ibis.Table, foreign: ibis.Table | None, held: list[dt.date], asked: Reference | None
) -> tuple[Reference | None, tuple[int, int], int]:
    """Return what of an entry names the document of sales, how many it finds, of how many, and how many are shared.

    Numbers that count from 1 meet by chance: a reference is taken if at least half of the documents that it
    finds agree in amount; of a few, the piece, which is meant to be the invoice, need not.
    """
    if "order_id" not in lines.columns:
        return None, (0, 0), 0
    best: tuple[int, Reference | None, tuple[int, int], int] = (0, None, (0, 0), 0)
    for name in REFERENCES if asked is None else (asked,):
        met = only(sums.likeness(lines, books, foreign, name, held))
        all_of_them, found, alike = int(met["documents"]), int(met["found"]), int(met["alike"])
        trusted = 2 * alike >= found or (name == "piece" and found < _FEW) or asked is not None
        if best[1] is None:
            best = (0, None, (0, all_of_them), 0)
        if found and trusted and (best[1] is None or alike > best[0]):
            best = (alike, name, (found, all_of_them), int(met["shared"]))
        if 2 * best[0] >= all_of_them:
            break  # a better one can hardly be
    return best[1:]


def _months(held: list[dt.date], net: pd.DataFrame, books: pd.DataFrame, by_cause: pd.DataFrame) -> pd.DataFrame:
    sold = dict(zip(net["month"], net["sales"], strict=True))
    booked = dict(zip(books["month"], books["books"], strict=True))
    explained = by_cause.groupby("month")["amount"].sum().to_dict()
    rows = []
    for month in held:
        one, other = sold.get(month, Decimal(0)), booked.get(month, Decimal(0))
        gap = other - one
        rows.append([month, one, other, gap, gap - explained.get(month, Decimal(0))])
    return pd.DataFrame(rows, columns=_MONTHS, dtype="object")


def _totals(by_cause: pd.DataFrame, documents: pd.DataFrame) -> pd.DataFrame:
    counts = dict(zip(documents["cause"], documents["documents"], strict=True))
    rows = [
        [cause, sum(by_cause.loc[by_cause["cause"] == cause, "amount"], Decimal(0)), int(counts[cause])]
        for cause in CAUSES
        if cause in counts
    ]
    return pd.DataFrame(rows, columns=_TOTALS, dtype="object")
