"""Planted: which documents are booked otherwise than they were sold, and which entries stand alone?

Cause by cause (the names are those of perfkit's tie of sales to the books), what lies between sales and the
revenue accounts is counted as it is planted, by month; nothing else lies between them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from perfkit.demo.calendar import span
from perfkit.demo.draws import Days, Flags, Ints, stream
from perfkit.demo.lines import Lines
from perfkit.demo.shelves import CHAINS

FIRST = np.datetime64("2025-01-01")
"""First day of the first fiscal year whose entries are there."""
VAT = 0.055
REBATE = 0.02
"""What the chains that are billed by their centrals get back each quarter, as a part of what they bought."""
_LAST = np.datetime64("2026-09-01")
"""Nothing is moved from this day on: what is booked a month later is still to be in the books."""


@dataclass
class Causes:
    """What lies between sales and the books.

    Attributes
    ----------
    cents : dict of (cause, month) to cents
        What the books hold more than sales; less, where negative.
    documents : dict of cause to list of text
    """

    cents: dict[tuple[str, str], int] = field(default_factory=dict)
    documents: dict[str, list[str]] = field(default_factory=dict)

    def add(self, cause: str, day: np.datetime64, amount: int, document: str) -> None:
        """Count an amount in the month of a day; what the books do not reach is not counted."""
        if day < FIRST:
            return
        key = (cause, str(day.astype("datetime64[M]")))
        self.cents[key] = self.cents.get(key, 0) + int(amount)
        known = self.documents.setdefault(cause, [])
        if document not in known:
            known.append(document)

    def by_month(self) -> dict[str, dict[str, str]]:
        """Return euros by cause and month, as exact texts, without the months where a cause is nothing."""
        found: dict[str, dict[str, str]] = {}
        for (cause, month), amount in sorted(self.cents.items()):
            if amount:
                found.setdefault(cause, {})[month] = str(Decimal(amount).scaleb(-2))
        return found


@dataclass(frozen=True)
class Entry:
    """An entry that stands for no document of sales: account and cents, credit less debit, a line each."""

    journal: str
    day: np.datetime64
    piece: str
    label: str
    sides: tuple[tuple[str, int], ...]
    customer: str | None = None


@dataclass(frozen=True)
class Documents:
    """The documents of sales since `FIRST`, one place each, and how they are booked: `plant` changes the latter.

    Attributes
    ----------
    order, customer : array of text
    day, booked_on : array of days
    channel : array of int
    net, booked, tax, freight : array of cents
        net: as sold; booked: on the revenue accounts; tax and freight: booked beside it.
    taxed : array of bool
    there : array of bool
        Whether it is booked at all.
    """

    order: np.ndarray
    customer: np.ndarray
    day: Days
    booked_on: Days
    channel: Ints
    net: Ints
    booked: Ints
    tax: Ints
    freight: Ints
    taxed: Flags
    there: Flags


def documents(lines: Lines, abroad: set[str]) -> Documents:
    """Return the documents as they would be booked without any fault; customers abroad are billed without VAT."""
    lines = lines.at(lines.day >= FIRST)
    order, first, which = np.unique(lines.order.astype(str), return_index=True, return_inverse=True)
    net = np.zeros(order.size, dtype=np.int64)
    np.add.at(net, which, lines.net)
    by_day = np.lexsort((order, lines.day[first]))
    first, net, order = first[by_day], net[by_day], order[by_day]
    taxed = np.array([name not in abroad for name in lines.customer[first].tolist()])
    return Documents(
        order=order.astype(object),
        customer=lines.customer[first],
        day=lines.day[first],
        booked_on=lines.day[first].copy(),
        channel=lines.channel[first],
        net=net,
        booked=net.copy(),
        tax=np.where(taxed, np.rint(net * VAT), 0).astype(np.int64),
        freight=np.zeros(net.size, dtype=np.int64),
        taxed=taxed,
        there=np.ones(net.size, dtype=bool),
    )


def plant(seed: int, of: Documents) -> tuple[list[Entry], Causes]:
    """Book some documents otherwise, and return the entries that stand alone with all causes."""
    causes = Causes()
    _late(of, causes)
    untouched = (of.channel == 1) & (of.net > 20_000) & (of.day < _LAST) & (of.day == of.booked_on)
    free = iter(stream(seed, "books.causes").permutation(np.nonzero(untouched)[0]).tolist())
    _one_by_one(of, free, causes)
    alone = [*_outside(causes), *_rebates(of, causes), *_year_end(causes)]
    return [entry for entry in alone if entry.day >= FIRST], causes


def _late(of: Documents, causes: Causes) -> None:
    """Invoices of the last days of a month that are booked in the next one."""
    month_end = (of.day + 3).astype("datetime64[M]") > of.day.astype("datetime64[M]")
    large = np.nonzero(month_end & (of.channel == 1) & (of.net > 60_000) & (of.day < _LAST))[0]
    for at in large[:: max(1, large.size // 12)][:12].tolist():
        of.booked_on[at] = (of.day[at].astype("datetime64[M]") + 1).astype("datetime64[D]") + 2
        causes.add("cut_off", of.day[at], -of.net[at], of.order[at])
        causes.add("cut_off", of.booked_on[at], of.net[at], of.order[at])


def _one_by_one(of: Documents, free: Iterator[int], causes: Causes) -> None:
    """Documents that are not booked, mistyped, a cent apart, booked with VAT, or with freight beside the goods."""
    for _ in range(5):
        at = next(free)
        of.there[at] = False
        causes.add("not_booked", of.day[at], -of.net[at], of.order[at])
    for place in range(6):
        at, wrong = next(free), 9_000 * (1 if place % 3 else -1)
        of.booked[at] += wrong
        of.tax[at] = round(of.booked[at] * VAT) if of.taxed[at] else 0
        causes.add("different", of.day[at], wrong, of.order[at])
    for place in range(40):
        at, cent = next(free), 1 if place % 2 else -1
        of.booked[at] += cent
        causes.add("rounding", of.day[at], cent, of.order[at])
    for _ in range(4):
        at = next(each for each in free if of.taxed[each])
        causes.add("tax", of.day[at], of.tax[at], of.order[at])
        of.booked[at] += of.tax[at]
        of.tax[at] = 0
    for _ in range(160):
        at = next(free)
        of.freight[at] = 1_500 + 250 * (at % 5)
        causes.add("side_income", of.day[at], of.freight[at], of.order[at])


def _outside(causes: Causes) -> Iterator[Entry]:
    """Invoices and credit notes that were written outside the commercial software."""
    for cause, label, day, piece, amount in (
        ("not_in_sales", "Facture hors gestion commerciale", "2025-06-17", "FD2025-01", 186_000),
        ("not_in_sales", "Facture hors gestion commerciale", "2026-08-19", "FD2026-01", 242_500),
        ("credits", "Avoir hors gestion commerciale", "2025-09-11", "AD2025-01", -94_000),
        ("credits", "Avoir hors gestion commerciale", "2026-07-08", "AD2026-01", -131_500),
    ):
        when = np.datetime64(day)
        causes.add(cause, when, amount, piece)
        yield Entry("OD", when, piece, label, (("707200", amount), ("411000", -amount)), "B9990")


def _rebates(of: Documents, causes: Causes) -> Iterator[Entry]:
    """Year-end rebates of the chains, booked at the end of each quarter."""
    for year in (2025, 2026):
        for quarter in range(1, 5 if year == 2025 else 4):
            first = np.datetime64(f"{year}-{3 * quarter - 2:02d}")
            days = span(str(first.astype("datetime64[D]")), str((first + 3).astype("datetime64[D]")))
            for chain in CHAINS:
                here = (of.customer == chain.id) & (of.day >= days[0]) & (of.day <= days[-1])
                if chain.central:
                    amount, piece = round(int(of.net[here].sum()) * REBATE), f"RFA{year}Q{quarter}-{chain.id}"
                    causes.add("rebates", days[-1], -amount, piece)
                    sides = (("709700", -amount), ("411000", amount))
                    yield Entry("OD", days[-1], piece, f"Ristourne {chain.name}", sides, chain.id)


def _year_end(causes: Causes) -> Iterator[Entry]:
    """Invoices and credit notes to come, and income that belongs to later: each is taken back afterwards."""
    for cause, label, day, back, piece, amount in (
        ("to_invoice", "Factures à établir", "2025-06-30", "2025-07-01", "FAE2025-06", 1_240_000),
        ("to_invoice", "Factures à établir", "2025-12-31", "2026-01-01", "FAE2025-12", 1_815_000),
        ("to_invoice", "Factures à établir", "2026-06-30", "2026-07-01", "FAE2026-06", 968_000),
        ("credits_due", "Avoirs à établir", "2025-12-31", "2026-01-01", "AAE2025-12", -412_000),
        ("credits_due", "Avoirs à établir", "2026-06-30", "2026-07-01", "AAE2026-06", -265_000),
        ("deferred", "Produits constatés d'avance", "2025-12-31", "2026-01-02", "PCA2025-12", -350_000),
        ("deferred", "Produits constatés d'avance", "2026-06-30", "2026-07-02", "PCA2026-06", -284_000),
    ):
        tax = round(amount * VAT) if cause == "to_invoice" else 0
        revenue, against = {
            "to_invoice": ("707200", "418100"),
            "credits_due": ("707300", "419800"),
            "deferred": ("707100", "487000"),
        }[cause]
        for when, name, words, sign, counted in (
            (day, piece, label, 1, cause),
            (back, piece + "E", f"Extourne {label[0].lower()}{label[1:]}", -1, "reversals"),
        ):
            sides = [(revenue, sign * amount), (against, -sign * (amount + tax))]
            sides += [("445870", sign * tax)] if tax else []
            causes.add(counted, np.datetime64(when), sign * amount, name)
            yield Entry("OD", np.datetime64(when), name, words, tuple(sides))
