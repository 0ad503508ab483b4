"""Views: how the way from sales to the books is shown."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import languages
from perfkit.languages import date, mark, money, month, number, plural, text
from perfkit.margins.ledger.causes import CAUSES
from perfkit.results import Field, View

if TYPE_CHECKING:
    from perfkit.margins.ledger.ties import LedgerTie

_HEADINGS = {
    "cut_off": mark("Cut-off"),
    "to_invoice": mark("Not invoiced (418)"),
    "credits_due": mark("Credits due (4198)"),
    "deferred": mark("Deferred (487)"),
    "reversals": mark("Reversals"),
    "side_income": mark("Side income (708)"),
    "rebates": mark("Rebates (709)"),
    "tax": mark("VAT"),
    "credits": mark("Credit notes"),
    "not_booked": mark("Not booked"),
    "not_in_sales": mark("Not in sales"),
    "foreign": mark("Other currency"),
    "set_aside": mark("Unreadable"),
    "twice": mark("Booked twice"),
    "different": mark("Amounts differ"),
    "rounding": mark("Rounding"),
}
_NAMED_BY = {
    "piece": mark("the reference of the piece (PieceRef)"),
    "entry": mark("the number of the entry (EcritureNum)"),
    "document": mark("the journal and the number of the entry"),
}
_SHOWN_DOCUMENTS = 3
_SIDE_BY_SIDE = 4
_CAUSES_A_TABLE = 6


def shown(result: "LedgerTie") -> list[View]:
    """Return the way from sales to the books, the same by month, documents to look up, and the ledger's checks."""
    if result.reason:
        title = text("{what}: not available", what=text("Tie of sales to the books"))
        return [View(title, result.reason, [], pd.DataFrame())]
    views = [_bridge(result)]
    if len(result.months) > 1:
        views += _by_month(result)
    if len(result.documents):
        views.append(_documents(result))
    return [*views, _checks(result)]


def message(result: "LedgerTie") -> str:
    """Return in a sentence how far sales and the books lie apart, and how much of it is explained."""
    gap, rest = result.total("gap"), result.total("residual")
    rest_anywhere = any(result.months["residual"])
    amounts = {
        "gap": money(abs(gap), result.currency, 2),
        "rest": money(abs(rest), result.currency, 2),
        "books": money(result.total("books"), result.currency, 2),
    }
    if not gap:
        if not len(result.totals) and not rest_anywhere:
            return text("Sales tie to the books to the cent: {books}", **amounts)
        return text("Sales tie to the books in total ({books}), with differences that offset each other", **amounts)
    if not rest_anywhere:
        if gap > 0:
            return text("The books show {gap} more than sales, and every cent of it has a cause", **amounts)
        return text("The books show {gap} less than sales, and every cent of it has a cause", **amounts)
    if gap > 0:
        return text("The books show {gap} more than sales; {rest} is not explained", **amounts)
    return text("The books show {gap} less than sales; {rest} is not explained", **amounts)


def _bridge(result: "LedgerTie") -> View:
    rows: list[dict[str, Any]] = [_level(text("Sales, net revenue"), result.total("sales"))]
    for row in result.totals.to_dict("records"):
        name, known = CAUSES[row["cause"]]
        rows.append(_step(text(name), row["amount"], row["documents"], text(known)))
    rows.append(_step(text("Not explained"), result.total("residual"), None, ""))
    rows.append(_level(text("Books, accounts 70*"), result.total("books")))
    return View(
        title=message(result),
        subtitle=text(
            "From net revenue of sales to the accounts 70* of the ledger, {period}, {currency} net of tax",
            period=result.period.name(),
            currency=result.currency,
        ),
        fields=[
            Field("label", text("From sales to the books")),
            Field("level", text("Amount"), unit_from="level_unit", decimals=2),
            Field("step", text("Difference"), unit_from="step_unit", signed=True, decimals=2),
            Field("documents", text("Documents"), unit_from="documents_unit"),
            Field("known", text("Known by")),
        ],
        rows=pd.DataFrame([_with_units(row, result.currency) for row in rows], dtype="object"),
        total=True,
        notes=_notes(result),
    )


def _level(label: str, amount: Decimal) -> dict[str, Any]:
    return {"label": label, "level": amount, "step": None, "documents": None, "known": ""}


def _step(label: str, amount: Decimal, documents: int | None, known: str) -> dict[str, Any]:
    return {"label": label, "level": None, "step": amount, "documents": documents, "known": known}


def _with_units(row: dict[str, Any], currency: str) -> dict[str, Any]:
    """A cell without a value is empty and not n/a: it has no unit."""
    units = {"level": currency, "step": currency, "documents": "count"}
    return row | {f"{name}_unit": None if row[name] is None else unit for name, unit in units.items()}


def _notes(result: "LedgerTie") -> list[str]:
    notes = []
    if result.missing:
        notes.append(
            text(
                "Not compared: {months}. The ledger, from {first} to {last}, holds no entry of it.",
                first=date(result.checks["first_day"]),
                last=date(result.checks["last_day"]),
                months=languages.listing(month(each) for each in result.missing),
            )
        )
    if result.reference is None:
        notes.append(
            text(
                "No document of sales could be matched with an entry: only the causes that an account or a label tells "
                "are given, and the rest is not explained. Ask for {what}.",
                what=text("the invoice number on each line of sales, as it stands in the PieceRef of the ledger"),
            )
        )
    else:
        notes.append(
            plural(
                "{found} of {n} document of sales was found in the books by {reference}.",
                "{found} of {n} documents of sales were found in the books by {reference}.",
                int(result.found[1]),
                found=number(result.found[0]),
                reference=text(_NAMED_BY[result.reference]),
            )
        )
    if result.shared:
        notes.append(
            plural(
                "{n} number names several documents, of other customers or other years, and they do not come to the "
                "same on both sides: they are told apart by customer, else by amount, else by month.",
                "{n} numbers name several documents each, of other customers or other years, and they do not come to "
                "the same on both sides: they are told apart by customer, else by amount, else by month.",
                result.shared,
            )
        )
    notes += _abroad(result)
    lines, unnamed = result.unnamed
    if result.reference and lines:
        notes.append(
            plural(
                "{n} line of sales ({amount}) names no document: its money is among what is not explained.",
                "{n} lines of sales ({amount}) name no document: their money is among what is not explained.",
                lines,
                amount=money(unnamed, result.currency, 2),
            )
        )
    notes.append(
        text(
            "Sales count on: {day}; the books by the date of the entry. The difference is books less sales, and each "
            "euro of it belongs to one cause. A document sold or booked outside the ledger's days, {first} to {last}, "
            "counts as found on one side only.",
            day=text(result.revenue_date) if result.revenue_date else text("the date of the line"),
            first=date(result.checks["first_day"]),
            last=date(result.checks["last_day"]),
        )
    )
    return notes


def _abroad(result: "LedgerTie") -> list[str]:
    """What was set aside for its currency, each amount in its own."""
    if result.abroad is None or result.abroad.empty:
        return []
    each = result.abroad.to_dict("records")
    booked = sum(result.totals.loc[result.totals["cause"] == "foreign", "documents"])
    return [
        plural(
            "{n} line of sales in another currency was set aside at load and is in no sum: {amounts}. Of its documents "
            "the books hold {booked}.",
            "{n} lines of sales in another currency were set aside at load and are in no sum: {amounts}. Of their "
            "documents the books hold {booked}.",
            sum(row["lines"] for row in each),
            amounts=languages.listing(_in_its_currency(row) for row in each),
            booked=number(booked),
        )
    ]


def _in_its_currency(row: dict[str, Any]) -> str:
    if languages.missing(row["amount"]) or not row["currency"]:
        amount = text("an amount that cannot be read")
    else:
        amount = money(row["amount"], row["currency"], 2)
    return plural("{amount} ({n} document)", "{amount} ({n} documents)", row["documents"], amount=amount)


def _by_month(result: "LedgerTie") -> list[View]:
    """Return the same by month: months side by side where they are few, else below each other."""
    cells = {(row["month"], row["cause"]): row["amount"] for row in result.causes.to_dict("records")}
    causes = list(result.totals["cause"])
    columns = []
    for row in result.months.to_dict("records"):
        of_causes = {cause: cells.get((row["month"], cause), Decimal(0)) for cause in causes}
        explained = sum(of_causes.values(), Decimal(0))
        columns.append({"label": month(row["month"], short=True), **row, **of_causes, "explained": explained})
    lines = ("sales", *causes, "explained", "residual", "books")
    total = {"label": text("Total")} | {line: sum((each[line] for each in columns), Decimal(0)) for line in lines}
    columns.append(total)
    title = plural(
        "Sales and the books differ in {n} month of {months}",
        "Sales and the books differ in {n} months of {months}",
        int((result.months["gap"] != 0).sum()),
        months=number(len(result.months)),
    )
    subtitle = text(
        "The same by month: sales + causes + what is not explained = books, {currency}", currency=result.currency
    )
    if len(result.months) <= _SIDE_BY_SIDE:
        return [_side_by_side(title, subtitle, columns, causes)]
    whole = [
        ("sales", text("Sales"), False),
        ("explained", text("Explained"), True),
        ("residual", text("Not explained"), True),
        ("books", text("Books"), False),
    ]
    views = [_months_below(title, subtitle, columns, whole)]
    for start in range(0, len(causes), _CAUSES_A_TABLE):
        some = causes[start : start + _CAUSES_A_TABLE]
        views.append(
            _months_below(
                text("What is explained, by cause and month") if start == 0 else text("What is explained, continued"),
                text("Books less sales, {currency}", currency=result.currency),
                columns,
                [(cause, text(_HEADINGS[cause]), True) for cause in some],
            )
        )
    return views


def _side_by_side(title: str, subtitle: str, columns: list[dict[str, Any]], causes: list[str]) -> View:
    named = [
        ("sales", text("Sales")),
        *((cause, text(CAUSES[cause][0])) for cause in causes),
        ("residual", text("Not explained")),
        ("books", text("Books")),
    ]
    rows = [{"label": name} | {f"m{place}": each[line] for place, each in enumerate(columns)} for line, name in named]
    heads = [Field(f"m{place}", each["label"], unit="quantity", decimals=2) for place, each in enumerate(columns)]
    fields = [Field("label", text("From sales to the books")), *heads]
    return View(title, subtitle, fields, pd.DataFrame(rows, dtype="object"), total=True)


def _months_below(title: str, subtitle: str, columns: list[dict[str, Any]], lines: list[tuple[str, str, bool]]) -> View:
    fields = [
        Field("label", text("Month")),
        *(Field(line, name, unit="quantity", decimals=2, signed=signed) for line, name, signed in lines),
    ]
    rows = [{name: each[name] for name in ("label", *(line for line, _, _ in lines))} for each in columns]
    return View(title, subtitle, fields, pd.DataFrame(rows, dtype="object"), total=True)


def _documents(result: "LedgerTie") -> View:
    some = result.documents.groupby("cause", sort=False).head(_SHOWN_DOCUMENTS)
    order = {cause: place for place, cause in enumerate(CAUSES)}
    rows = [
        {
            "cause": text(_HEADINGS[row["cause"]]),
            "reference": row["reference"] or "",
            "entry": row["entry"] or "",
            "sold_in": _month(row["sold_in"]),
            "booked_in": _month(row["booked_in"]),
            **{name: row[name] for name in ("sales", "books", "amount")},
        }
        for row in sorted(some.to_dict("records"), key=lambda row: order[row["cause"]])
    ]
    return View(
        title=text("Documents to look up"),
        subtitle=text(
            "The {n} largest of each cause, {currency}: amounts of all months, and the difference in {period}",
            n=number(_SHOWN_DOCUMENTS),
            period=result.period.name(),
            currency=result.currency,
        ),
        fields=[
            Field("cause", text("Cause")),
            Field("reference", text("Document")),
            Field("entry", text("Entry")),
            Field("sold_in", text("Sold in")),
            Field("booked_in", text("Booked in")),
            Field("sales", text("Sales"), unit="quantity", decimals=2),
            Field("books", text("Books"), unit="quantity", decimals=2),
            Field("amount", text("Difference"), unit="quantity", decimals=2, signed=True),
        ],
        rows=pd.DataFrame(rows, dtype="object"),
    )


def _month(day: Any) -> str:
    return "" if languages.missing(day) else month(day, short=True)


def _checks(result: "LedgerTie") -> View:
    checks, unit = result.checks, result.currency
    rows = [
        (text("Lines of entries read"), checks["lines"], None),
        (text("of which on accounts 70*"), checks["revenue_lines"], None),
        (text("Documents (journal, number, month)"), checks["documents"], checks["balance"]),
        (text("Documents whose debits differ from their credits"), checks["unbalanced"], None),
        (text("Documents that close the year, left out"), checks["closing"], checks["closing_revenue"]),
    ]
    shown_rows = [
        {"label": label, "count": count, "amount": amount, "amount_unit": None if amount is None else unit}
        for label, count, amount in rows
    ]
    notes = [
        text(
            "{entry}, {month}: credits less debits {amount}",
            entry=f"{row['journal']} {row['entry']}",
            month=month(row["month"]),
            amount=money(row["balance"], unit, 2, signed=True),
        )
        for row in result.unbalanced.to_dict("records")
    ]
    if 2 * checks["unbalanced"] > checks["documents"]:
        notes.append(
            text("Most documents do not balance: is the entry number one of the line, and not of the document?")
        )
    title = (
        plural(
            "{n} document of the ledger does not balance",
            "{n} documents of the ledger do not balance",
            checks["unbalanced"],
        )
        if checks["unbalanced"]
        else text("Every document of the ledger balances")
    )
    return View(
        title=title,
        subtitle=text("The ledger in {period}: what was read of it, credits less debits", period=result.period.name()),
        fields=[
            Field("label", text("Ledger")),
            Field("count", text("Number"), unit="count"),
            Field("amount", text("Amount"), unit_from="amount_unit", signed=True, decimals=2),
        ],
        rows=pd.DataFrame(shown_rows, dtype="object"),
        notes=notes,
    )
