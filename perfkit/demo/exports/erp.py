"""ERP: sales lines as a French ERP writes them, one file a year.

Semicolons, cp1252, decimal commas, no-break spaces between thousands, dd/mm/yyyy, a total at the end. What the
web shop sells is not in it, but its credit notes are: returns are dealt with in the ERP.
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from perfkit.demo.exports.faults import Fault, Page
from perfkit.demo.exports.forms import NO_BREAK, days, french, texts, words, write_text
from perfkit.languages import mark

WEB = "Boutique en ligne"
_KINDS = {"invoice": "Facture", "delivery": "Bon de livraison", "credit": "Avoir", "order": "Commande"}
_DAY = "%d/%m/%Y"
OVERLAP = 8
"""Lines of the last days of a year that the file of the next one holds again."""
_MISTYPED, _TO_COME = "2O", "à venir"
"""A letter in the place of a zero, and an amount that is none."""
LATE = ("01/10/2026", "01/10/2026", "02/10/2026")
"""Days, after the last one that is complete, of invoices that the export already holds."""


def write(sales: pd.DataFrame, products: pd.DataFrame, folder: Path) -> list[Fault]:
    """Write erp/ventes_YYYY.csv for the lines that are not the web shop's own; return the faults in them."""
    own = sales[(sales["channel"] != WEB) | (sales["document"] == "credit")].reset_index(drop=True)
    names = dict(zip(products["product_id"], products["name"], strict=True))
    cells = _cells(own, names)
    years = own["date"].dt.year.to_numpy()
    faults: list[Fault] = []
    first, second, last = (int(each) for each in (years.min(), years.min() + 1, years.max()))
    before: Page | None = None
    for year in range(first, last + 1):
        here = np.flatnonzero(years == year)
        page = Page(cells.iloc[here], table="sales", file=f"erp/ventes_{year}.csv")
        lines = own.iloc[here].reset_index(drop=True)
        if year == first:
            _wrong_rows(page)
        if year == second and before is not None:
            _again(page, before)
            _unknown(page, lines)
            _unlinked(page)
        if year == last:
            _late(page)
        _total(page)
        rows, found = page.laid_out(first_line=2)
        write_text(folder / page.file, rows, delimiter=";", encoding="cp1252")
        faults += found
        before = page
    return faults


def _cells(sales: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """The lines as texts, in the order of the ERP's columns."""
    return pd.DataFrame(
        {
            "N° pièce": words(sales["order_id"]),
            "Type pièce": texts(sales["document"], lambda kind: _KINDS[kind]),
            "Date facture": days(sales["date"], _DAY),
            "Date commande": days(sales["ordered_at"], _DAY),
            "Date livraison": days(sales["delivered_at"], _DAY),
            "Code client": words(sales["customer_id"]),
            "Code article": words(sales["product_id"]),
            "Désignation": texts(sales["product_id"], lambda product: names.get(product, product)),
            "Unité": texts(sales["unit"], str),
            "Quantité": texts(sales["quantity"], lambda amount: french(amount, _places(amount))),
            "Montant brut HT": texts(sales["list_revenue"], french),
            "Remise HT": texts(sales["discount"], french),
            "Montant net HT": texts(sales["net_revenue"], french),
            "Prix de revient": texts(sales["cost"], french),
            "Canal": words(sales["channel"]),
            "Code commercial": words(sales["rep_id"]),
            "Magasin": words(sales["store_id"]),
            "Pièce d'origine": words(sales["origin_id"]),
            "Devise": words(sales["currency"]),
        },
        dtype=object,
    )


def _places(amount: Decimal) -> int:
    """Decimals of a quantity: none for pieces, three by weight."""
    return 0 if amount == amount.to_integral_value() else 3


def amount(text: str) -> Decimal:
    """Read back what `french` wrote."""
    return Decimal(text.replace(NO_BREAK, "").replace(",", "."))


def meant(text: str) -> Decimal:
    """What the ERP's own total holds for an amount: the zero for which a letter stands, nothing for one to come."""
    return Decimal(0) if text == _TO_COME else amount(text.replace(_MISTYPED, "20"))


def _invoices(page: Page) -> Iterator[int]:
    """Rows of invoices, spread over the file."""
    rows = np.flatnonzero((page.cells["Type pièce"] == "Facture").to_numpy())
    for place in range(7, 100, 9):
        yield int(rows[len(rows) * place // 100])


def _like(page: Page, row: int, number: str, **cells: str) -> dict[str, str]:
    """A line like one that there is, under another number."""
    return {**page.cells.iloc[row].to_dict(), "N° pièce": number, **cells}


def _wrong_rows(page: Page) -> None:
    """Rows that cannot be read, and rows that are no sales."""
    rows = _invoices(page)
    page.declare(
        "erp-bad-date", "bad dates", "set aside",
        "Two lines typed by hand bear a day that no calendar has.",
        reason="not a date", ids=["F900001", "F900002"], money=_money(page, (one := next(rows), two := next(rows))),
    )  # fmt: skip
    page.add("erp-bad-date", _like(page, one, "F900001", **{"Date facture": "31/11/2023"}), after=one)
    page.add("erp-bad-date", _like(page, two, "F900002", **{"Date facture": "00/12/2023"}), after=two)
    page.declare(
        "erp-amount-letters", "amounts with letters", "set aside",
        "A letter O stands for a zero, and an amount says that it will follow.",
        reason="not a number", ids=["F900003", "F900004"],
    )  # fmt: skip
    for number, wrong in (("F900003", f"1{NO_BREAK}{_MISTYPED}5,40"), ("F900004", _TO_COME)):
        at = next(rows)
        page.add("erp-amount-letters", _like(page, at, number, **{"Montant net HT": wrong}), after=at)
    at = next(rows)
    page.declare(
        "erp-no-date", "missing dates", "set aside", "A line was never dated.",
        reason="missing", ids=["F900005"], money=_money(page, (at,)),
    )  # fmt: skip
    page.add("erp-no-date", _like(page, at, "F900005", **{"Date facture": ""}), after=at)
    some = [next(rows) for _ in range(3)]
    page.declare(
        "erp-cancelled", "cancelled documents", "left out",
        "Pro forma invoices were exported with the invoices: a rule of company.toml leaves them out.",
        reason=mark("a pro forma invoice, never billed"), ids=["P900001", "P900002", "P900003"],
        money=_money(page, some),
    )  # fmt: skip
    for place, at in enumerate(some, 1):
        page.add("erp-cancelled", _like(page, at, f"P90000{place}", **{"Type pièce": "Pro forma"}), after=at)
    last = len(page.cells)
    page.declare(
        "erp-repeated-header", "repeated headings", "left out", "The headings stand again where a page ended.",
        reason="the headings again",
    )  # fmt: skip
    for part in (1, 2):
        page.add("erp-repeated-header", {name: name for name in page.cells.columns}, after=last * part // 3)
    page.declare(
        "erp-blank-rows", "blank rows", "left out", "Rows without any value separate the months.", reason="blank row"
    )
    for part in (2, 4, 6):
        page.add("erp-blank-rows", dict.fromkeys(page.cells.columns, ""), after=last * part // 7)


def _again(page: Page, before: Page) -> None:
    """The last lines of the year before stand here again: the export was started some days too early."""
    count = max(1, min(OVERLAP, len(page.cells) // 20, len(before.cells) // 20))
    rows = before.cells.tail(count)
    year = page.file[-8:-4]
    page.declare(
        f"erp-overlap-{year}", "a re-exported overlap", "kept",
        "The export of the year was started some days too early: lines of the year before stand in it again, count "
        "twice, and are told.",
        ids=list(dict.fromkeys(rows["N° pièce"])), money=sum(map(amount, rows["Montant net HT"]), start=Decimal(0)),
        more={"first": before.file, "second": page.file},
    )  # fmt: skip
    for row in rows.to_dict("records"):
        page.add(f"erp-overlap-{year}", row, after=-1)


def _late(page: Page) -> None:
    """Invoices of days after the last one that is complete."""
    rows = np.flatnonzero((page.cells["Type pièce"] == "Facture").to_numpy())[-len(LATE) :]
    page.declare(
        "erp-late-invoices", "late invoices", "kept",
        "September's deliveries were billed in October, when the export was made: they count, but in no period yet.",
        ids=[f"F99000{number}" for number, _ in enumerate(LATE, 1)], money=_money(page, rows),
    )  # fmt: skip
    for number, (at, day) in enumerate(zip(rows, LATE, strict=True), 1):
        row = _like(page, int(at), f"F99000{number}", **{"Date facture": day, "Date livraison": "29/09/2026"})
        page.add("erp-late-invoices", row, after=len(page.cells) - 1)


def _unknown(page: Page, lines: pd.DataFrame) -> None:
    """Ids that no list has, ids with a space behind them, and lines without a customer."""
    rows = _invoices(page)

    def spoil(id_: str, heading: str, to: dict[str, str] | str, count: int, kind: str, says: str) -> None:
        at = [next(rows) for _ in range(count)]
        was = page.cells[heading].iloc[at].tolist()
        now = [f"{each} " for each in was] if to == "space" else [str(to)] * count
        key = {"Code client": "customer_id", "Code article": "product_id"}[heading]
        page.declare(
            id_, kind, "kept", says, money=sum(lines["net_revenue"].iloc[at], start=Decimal(0)),
            ids=list(dict.fromkeys(now)),
            more={"key": key, "orders": page.cells["N° pièce"].iloc[at].tolist(), "was": was},
        )  # fmt: skip
        for row, value in zip(at, now, strict=True):
            page.change(id_, row, {heading: value})

    spoil(
        "erp-unknown-customer", "Code client", "B9999", 3, "unknown customers",
        "A customer is billed who stands in no list: the lines count, under (unknown).",
    )  # fmt: skip
    spoil(
        "erp-unknown-product", "Code article", "DIVERS", 2, "unknown products",
        "Lines were billed under a code for everything else: they count, under (unknown).",
    )  # fmt: skip
    spoil(
        "erp-trailing-space", "Code client", "space", 2, "trailing spaces",
        "A space stands behind a customer's code, so that it is another code: the load says which one it resembles.",
    )  # fmt: skip
    spoil(
        "erp-no-customer", "Code client", "", 3, "missing customer ids",
        "Counter sales bear no customer: the lines count, under (unknown).",
    )  # fmt: skip


def _unlinked(page: Page) -> None:
    """Credit notes that do not say which document they refund."""
    at = np.flatnonzero((page.cells["Type pièce"] == "Avoir").to_numpy())[:2]
    page.declare(
        "erp-credit-unlinked", "credit notes of an unknown document", "kept",
        "Two credit notes were typed without the invoice that they refund: they count, and cannot be set against it.",
        ids=page.cells["N° pièce"].iloc[at].tolist(), money=_money(page, at),
    )  # fmt: skip
    for row in at.tolist():
        page.change("erp-credit-unlinked", row, {"Pièce d'origine": ""})


def _total(page: Page) -> None:
    """The total at the end, of every amount as the ERP knows it."""
    rows, _ = page.laid_out(first_line=2)
    data = rows[rows["N° pièce"].str.fullmatch(r"[A-Z]+[0-9]+")]
    names = ("Montant brut HT", "Remise HT", "Montant net HT", "Prix de revient")
    total = {name: french(sum(map(meant, data[name]), start=Decimal(0))) for name in names}
    unread = [each for each in data["Montant net HT"] if _MISTYPED in each]
    year, agrees = page.file[-8:-4], not unread
    page.declare(
        f"erp-total-{year}", "a totals row", "left out",
        "The last row is the total of the others, and agrees." if agrees else "The last row is the total of the "
        "others; it differs from what can be read by the amount in which a letter stands.",
        reason="totals row", more={"stated": f"{amount(total['Montant net HT']):f}", "ties": agrees},
    )  # fmt: skip
    blank = dict.fromkeys(page.cells.columns, "")
    page.add(f"erp-total-{year}", {**blank, "N° pièce": "Total général", **total}, after=len(page.cells))


def _money(page: Page, rows: "np.ndarray | list[int] | tuple[int, ...]") -> Decimal:  # type: ignore[type-arg]
    return sum((amount(page.cells["Montant net HT"].iloc[row]) for row in rows), start=Decimal(0))
