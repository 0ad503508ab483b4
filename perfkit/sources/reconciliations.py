"""Reconciliation: what was read from the files, what was left out of it and why, to the last cent?"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd
from ibis import _

from perfkit import languages
from perfkit.languages import date, mark, money, number, plural, text
from perfkit.results import Field, Result, View, figure_frame
from perfkit.schema import TABLES
from perfkit.sources import placeholders, spellings, states
from perfkit.sources.names import visible
from perfkit.sources.quarantine import OTHER_CURRENCY, REASONS
from perfkit.sources.settings import reason
from perfkit.sources.snapshots import Snapshot

_LABELS = {
    "accepted": mark("Accepted"),
    "excluded": mark("Left out by rule: {because}"),
    "quarantined": mark("Set aside, unreadable"),
    "other_currency": mark("Set aside, in another currency"),
    "read": mark("Read from the files"),
}


SHOWN = 3
"""Pairs of files that are named in the notes."""

LOUD = 0.001
"""Share of the lines, or of the money, from which a cover warns of what could not be read."""

UNLISTED = 0.01
"""Share of the lines, or of the money, from which a cover warns of ids that are in no list."""


def _largest_share(lines: Any, money: Any, of: Any) -> float:
    """The larger of the shares that lines, and their money, are of others."""
    shares = (abs(float(part) / float(of[key])) for key, part in (("lines", lines), ("money", money)) if of[key])
    return max(shares, default=0.0)


_OF_MARGINS = {"costs": mark("costs"), "spend": mark("spend")}
"""Tables whose rows a margin takes off: one that is set aside makes it too high."""


@dataclass(frozen=True, eq=False)
class Reconciliation(Result):
    """Rows and money read = accepted + excluded + quarantined + in another currency, table by table.

    Attributes
    ----------
    rows : DataFrame, one row a table and part
        table; part: accepted, excluded (one row a rule), quarantined, other_currency (where there is any) or read;
        because, str, or dict by language: the rule's reason; lines, int; money, Decimal in the company's currency
        (None where the table has no money column, or no amount of the part is known in it); unreadable, int: rows
        whose amount cannot be read, or is in another currency, so that their money is in no sum.
    currencies : list of dict
        Sales set aside because they are in another currency: currency, rows, money in it (decimal text, or None).
    reasons : DataFrame, one row a file and reason of quarantine
        table, file, reason (message id), lines.
    totals : list of dict
        What the totals rows of the sales files say against what was read: see `sources.totals`.
    overlaps, strangers : list of dict
        Sales that stand identically in two files, and sales whose ids are in no list: see `loading`.
    repeats : list of dict
        Documents of sales that stand several times in one file, see `repeats.settled`.
    states : list of dict
        Sales whose status says that they are none, see `states.found`.
    numbers : dict
        Order numbers that may stand for several orders, see `numbers.found`; empty where there is none.
    signs : list of dict
        Credit notes, costs and quantities of sales whose sign is odd: see `signs.found`.
    shortened : list of dict
        Ids that a spreadsheet has made numbers of, with their table: see `strangers.shortened`.
    placeholders : list of dict
        Ids of sales that are a word for nobody, see `placeholders.found`.
    spellings : list of dict
        Columns of sales whose ids are written in several ways, see `spellings.found`.
    after : tuple of (int, Decimal)
        Accepted sales lines dated after the last complete day, and their money: they are in no period.
    observed_until : date
    currency : str
    fingerprint : str
    """

    rows: pd.DataFrame
    currencies: list[dict[str, Any]]
    reasons: pd.DataFrame
    totals: list[dict[str, Any]]
    overlaps: list[dict[str, Any]]
    strangers: list[dict[str, Any]]
    repeats: list[dict[str, Any]]
    states: list[dict[str, Any]]
    numbers: dict[str, Any]
    signs: list[dict[str, Any]]
    shortened: list[dict[str, Any]]
    placeholders: list[dict[str, Any]]
    spellings: list[dict[str, Any]]
    after: tuple[int, Decimal]
    observed_until: dt.date
    currency: str
    fingerprint: str

    def figures(self) -> pd.DataFrame:
        """Return lines and money of each part; `n` is the lines."""
        found: list[dict[str, Any]] = []
        for place, row in enumerate(self.rows.to_dict("records")):
            found.append(
                {
                    "figure_id": f"reconciliation:{row['table']}:{row['part']}"
                    + (f":{place}" if row["part"] == "excluded" else ""),
                    "kpi": f"{row['table']}_{row['part']}",
                    "dimensions": {
                        "table": row["table"],
                        "part": row["part"],
                        "because": reason(row["because"], "en") or None,
                    },
                    "estimate": row["money"] if row["money"] is not None or row["unreadable"] else row["lines"],
                    "n": row["lines"],
                    "unit": self.currency if row["money"] is not None or row["unreadable"] else "count",
                    "basis": text("Sum over all the lines of the part, as they stand in the files"),
                    "status": "not available" if row["money"] is None and row["unreadable"] else "observed",
                    "reason": _why_no_money(row),
                }
            )
        return figure_frame(found)

    def ties_to(self) -> dict[str, Any]:
        """Return the money and lines of sales as read from the files."""
        read = self.rows[(self.rows["table"] == "sales") & (self.rows["part"] == "read")].iloc[0]
        return {"net_revenue": read["money"], "lines": read["lines"], "snapshot": self.fingerprint}

    def warning(self) -> str:
        """Return what a reader of any figure must know first: what of sales could not be read, or is in no list.

        Empty where it is little (less than LOUD, or UNLISTED, of lines and money): the views tell it all the same.
        """
        sales = self.rows[self.rows["table"] == "sales"].set_index("part")
        lost, read, accepted = (sales.loc[part] for part in ("quarantined", "read", "accepted"))
        said = []
        abroad = sum(each["rows"] for each in self.currencies)
        if abroad and abroad >= LOUD * read["lines"]:
            said.append(
                plural(
                    "{n} line of sales ({share} of those read) is in another currency ({amounts}): it is in no figure.",
                    "{n} lines of sales ({share} of those read) are in another currency ({amounts}): they are in no "
                    "figure.",
                    abroad,
                    share=languages.percent(abroad / read["lines"], 2),
                    amounts=_amounts(self.currencies),
                )
            )
        if lost["lines"] and _largest_share(lost["lines"], lost["money"] or 0, read) >= LOUD:
            said.append(
                plural(
                    "{n} line of sales ({share} of those read) could not be read and is in no figure.",
                    "{n} lines of sales ({share} of those read) could not be read and are in no figure.",
                    int(lost["lines"]),
                    share=languages.percent(lost["lines"] / read["lines"], 2),
                )
            )
        for name in _OF_MARGINS:
            booked = self.rows[self.rows["table"] == name].set_index("part")["lines"]
            if booked.get("quarantined") and booked["quarantined"] >= LOUD * booked["read"]:
                said.append(
                    plural(
                        "{n} row of {table} of {all} could not be read: what it cost is in no margin, which is too "
                        "high.",
                        "{n} rows of {table} of {all} could not be read: what they cost is in no margin, which is too "
                        "high.",
                        int(booked["quarantined"]),
                        table=text(_OF_MARGINS[name]),
                        all=languages.number(booked["read"]),
                    )
                )
        for each in self.strangers:
            if _largest_share(each["rows"], Decimal(each["money"]), accepted) >= UNLISTED:
                said.append(
                    plural(
                        "{n} line of sales ({share}) has a {what} that is in no list, and stands under (unknown).",
                        "{n} lines of sales ({share}) have a {what} that is in no list, and stand under (unknown).",
                        each["rows"],
                        share=languages.percent(each["rows"] / accepted["lines"], 1),
                        what=text(_WHO[each["key"]]),
                    )
                )
        for each in self.placeholders:
            said.append(
                plural(
                    "{n} line of sales ({share}) has “{id}” for its {what}: it is taken for one like any other.",
                    "{n} lines of sales ({share}) have “{id}” for their {what}: it is taken for one like any other.",
                    each["rows"],
                    share=languages.percent(each["share"], 1),
                    id=visible(each["id"]),
                    what=text(_WHO[each["key"]]),
                )
            )
        again = [each for each in self.repeats if each["lines"] == "several" and not each["left_out"]]
        if any(_largest_share(each["rows"], Decimal(each["money"]), accepted) >= LOUD for each in again):
            said += _again(again, self.currency)
        odd = [each for each in self.states if _largest_share(each["rows"], Decimal(each["money"]), accepted) >= LOUD]
        said += _by_status(odd, self.currency)
        loud = [each for each in self.spellings if each["rows"] >= UNLISTED * accepted["lines"]]
        said += _written_twice(loud, self.currency)
        if self.numbers and self.numbers["numbers"] >= UNLISTED * self.numbers["of"]:
            said.append(_doubtful_numbers(self.numbers, self.currency))
        return " ".join(said)

    def views(self) -> list[View]:
        """Return sales line by line, the other tables in short, and the reasons of what was set aside."""
        views = [self._sales()]
        if self.rows["table"].nunique() > 1:
            views.append(self._others())
        if len(self.reasons):
            views.append(self._reasons())
        return views

    def _sales(self) -> View:
        sales = self.rows[self.rows["table"] == "sales"]
        read = sales[sales["part"] == "read"].iloc[0]
        sales = sales[(sales["lines"] > 0) | sales["part"].isin(["read", "accepted"])]
        accepted = sales[sales["part"] == "accepted"].iloc[0]
        shown = pd.DataFrame(
            {
                "label": [
                    text(_LABELS[row["part"]], because=text(reason(row["because"], languages.current())))
                    for row in sales.to_dict("records")
                ],
                "lines": sales["lines"].to_list(),
                "money": sales["money"].to_list(),
            },
            dtype="object",
        )
        notes = []
        if self.after[0]:
            notes.append(
                plural(
                    "{n} accepted line ({money}) is dated after {day}, the last complete day: it is in no period.",
                    "{n} accepted lines ({money}) are dated after {day}, the last complete day: they are in no period.",
                    self.after[0],
                    money=money(self.after[1], self.currency, 2),
                    day=date(self.observed_until),
                )
            )
        notes += [_total(each, self.currency) for each in self.totals]
        notes += [*_twice(self.overlaps, self.currency), *_unlisted(self.strangers, self.currency)]
        notes += [*_again(self.repeats, self.currency)]
        notes += _by_status(self.states, self.currency)
        notes += _written_twice(self.spellings, self.currency)
        notes += [_doubtful_numbers(self.numbers, self.currency)] if self.numbers else []
        notes += [*_odd_signs(self.signs, self.currency), *_rounded_ids(self.shortened)]
        if abroad := sum(each["rows"] for each in self.currencies):
            notes.append(
                plural(
                    "{n} line of sales is in another currency ({amounts}) and in no sum: ask for its amount in "
                    "{currency}.",
                    "{n} lines of sales are in another currency ({amounts}) and in no sum: ask for their amounts in "
                    "{currency}.",
                    abroad,
                    amounts=_amounts(self.currencies),
                    currency=self.currency,
                )
            )
        unreadable = int(sales.loc[sales["part"].isin(["excluded", "quarantined"]), "unreadable"].sum())
        if unreadable:
            notes.append(
                plural(
                    "The amount of {n} line cannot be read: its money is in no sum.",
                    "The amount of {n} lines cannot be read: their money is in no sum.",
                    unreadable,
                )
            )
        if _finer_than_cents(sales["money"]):
            notes.append(
                text(
                    "Some amounts are finer than the cent. They are shown to the cent; the workbook holds them whole, "
                    "and there the rows add up exactly."
                )
            )
        return View(
            title=plural(
                "{n} of {read} lines counts, {money} of {total}",
                "{n} of {read} lines count, {money} of {total}",
                int(accepted["lines"]),
                read=number(read["lines"]),
                money=money(accepted["money"], self.currency, 2),
                total=money(read["money"], self.currency, 2),
            ),
            subtitle=text(
                "Sales lines and their net amounts, {currency}, snapshot {fingerprint}",
                currency=self.currency,
                fingerprint=self.fingerprint[:12],
            ),
            fields=[
                Field("label", text("Lines of sales")),
                Field("lines", text("Lines"), unit="count"),
                Field("money", self.currency, unit=self.currency, decimals=2),
            ],
            rows=shown,
            total=True,
            notes=notes,
        )

    def _others(self) -> View:
        others = self.rows[self.rows["table"] != "sales"].replace({"part": {"other_currency": "quarantined"}})
        shown = others.pivot_table(index="table", columns="part", values="lines", aggfunc="sum", fill_value=0)
        shown = shown.reset_index()
        parts = ["read", "accepted", "excluded", "quarantined"]
        shown = shown.reindex(columns=["table", *parts], fill_value=0).astype(dict.fromkeys(parts, "int64"))
        return View(
            title=languages.plural(
                "Beside sales, one more table was read", "Beside sales, {n} more tables were read", len(shown)
            ),
            subtitle=text("Rows of each table as read, accepted, left out by rule and set aside"),
            fields=[
                Field("table", text("Table")),
                Field("read", text("Read"), unit="count"),
                Field("accepted", text("Accepted"), unit="count"),
                Field("excluded", text("Left out"), unit="count"),
                Field("quarantined", text("Set aside"), unit="count"),
            ],
            rows=shown.assign(table=shown["table"].map(text)),
        )

    def _reasons(self) -> View:
        lines = int(self.reasons["lines"].sum())
        return View(
            title=plural("{n} row was set aside", "{n} rows were set aside", lines),
            subtitle=text("Rows that could not be read, by file and reason; perfkit check --quarantine lists them"),
            fields=[
                Field("table", text("Table")),
                Field("file", text("File")),
                Field("why", text("Reason")),
                Field("lines", text("Lines"), unit="count"),
            ],
            rows=self.reasons.assign(
                why=[text(reason) for reason in self.reasons["reason"]], table=self.reasons["table"].map(text)
            ),
        )


def reconciliation(snapshot: Snapshot, *, currency: str, observed_until: dt.date) -> Reconciliation:
    """Return what a snapshot was made of.

    Parameters
    ----------
    snapshot : Snapshot
    currency : str
        ISO code of its amounts.
    observed_until : date
        Last complete day, inclusive: later lines are counted apart.
    """
    rows: list[dict[str, Any]] = []
    reasons: list[dict[str, Any]] = []
    for name, loaded in snapshot.report["tables"].items():
        column = TABLES[name].money
        rows += [_part(name, "accepted", loaded["accepted"], column)]
        rows += [_part(name, "excluded", rule, column) for rule in loaded["excluded"]["rules"]]
        aside, elsewhere = _apart(loaded["quarantined"], column)
        rows += [_part(name, "quarantined", aside, column)]
        rows += [_part(name, "other_currency", elsewhere, column)] if elsewhere["rows"] else []
        rows += [_part(name, "read", _without(loaded, elsewhere["sums"], column), column)]
        if loaded["quarantined"]["rows"]:
            reasons += _by_file(snapshot, name)
    late = snapshot.table("sales").filter(_.date > observed_until)
    after = late.agg(lines=_.count(), money=_.net_revenue.sum()).to_pyarrow().to_pylist()[0]
    return Reconciliation(
        rows=pd.DataFrame(rows).astype({"money": "object"}),
        currencies=_currencies(snapshot.report["tables"]["sales"]["quarantined"]["reasons"]),
        reasons=pd.DataFrame(reasons, columns=["table", "file", "reason", "lines"]),
        totals=snapshot.report["tables"]["sales"].get("totals", []),
        overlaps=snapshot.report["tables"]["sales"].get("overlaps", []),
        strangers=snapshot.report["tables"]["sales"].get("strangers", []),
        repeats=snapshot.report["tables"]["sales"].get("repeats", []),
        states=snapshot.report["tables"]["sales"].get("states", []),
        numbers=snapshot.report["tables"]["sales"].get("numbers", {}),
        signs=snapshot.report["tables"]["sales"].get("signs", []),
        shortened=[
            {"table": name} | each
            for name, loaded in snapshot.report["tables"].items()
            for each in loaded.get("shortened", [])
        ],
        placeholders=placeholders.found(snapshot),
        spellings=spellings.found(snapshot),
        after=(after["lines"], after["money"] or Decimal(0)),
        observed_until=observed_until,
        currency=currency,
        fingerprint=snapshot.fingerprint,
    )


def _by_file(snapshot: Snapshot, table: str) -> list[dict[str, Any]]:
    """Count the rows of a table that were set aside, by file and reason."""
    aside = snapshot.quarantine()
    counted = aside.filter(aside["table"] == table).group_by("file", "reason").agg(lines=_.count())
    return [
        {"table": table, "file": row["file"], "reason": REASONS[row["reason"]], "lines": int(row["lines"])}
        for row in counted.order_by("file", "reason").to_pyarrow().to_pylist()
    ]


def _currencies(reasons: dict[str, Any]) -> list[dict[str, Any]]:
    """What was set aside for its currency; a snapshot of before perfkit told them apart says how many rows alone."""
    counts = reasons.get(OTHER_CURRENCY)
    if counts is None:
        return []
    told = counts.get("currencies", [])
    rest = counts["rows"] - sum(each["rows"] for each in told)
    return [*told, *([{"currency": "", "rows": rest, "money": None}] if rest else [])]


def _apart(aside: dict[str, Any], column: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was set aside, without what is in another currency, and that."""
    elsewhere = aside["reasons"].get(OTHER_CURRENCY, {"rows": 0, "sums": {}, "currencies": []})
    hidden = elsewhere["rows"] if "currencies" in elsewhere else 0
    unread = {name: max(rows - hidden, 0) for name, rows in aside["unreadable"].items()}
    rest = {**_without(aside, elsewhere["sums"], column), "rows": aside["rows"] - elsewhere["rows"]}
    unknown = {} if column is None else {column: elsewhere["rows"]}
    return {**rest, "unreadable": unread}, {**elsewhere, "unreadable": unknown}


def _without(counts: dict[str, Any], sums: dict[str, str], column: str | None) -> dict[str, Any]:
    """Counts without what snapshots of before added to their money in another currency."""
    if column not in sums or column not in counts["sums"]:
        return counts
    return {**counts, "sums": {**counts["sums"], column: str(Decimal(counts["sums"][column]) - Decimal(sums[column]))}}


def _why_no_money(row: dict[str, Any]) -> str:
    if row["money"] is not None or not row["unreadable"]:
        return ""
    if row["part"] == "other_currency":
        return text("The amounts are in another currency.")
    return text("None of the amounts can be read.")


def _amounts(currencies: list[dict[str, Any]]) -> str:
    """What stands in other currencies, each in its own: amounts of two are never added."""
    shown = [_amount(each["currency"], each["money"]) for each in currencies[:SHOWN]]
    return languages.listing([*dict.fromkeys(shown), *([text("others")] if len(currencies) > SHOWN else [])])


def _amount(currency: str, said: str | None) -> str:
    value = None if said is None else Decimal(said)
    decimals = 0 if value is None or value == round(value) else 2
    if not currency:
        return text("no currency that is known") if value is None else number(value, decimals)
    if not re.fullmatch("[A-Z]{3}", currency):
        return visible(currency) if value is None else f"{number(value, decimals)} {visible(currency)}"
    return currency if value is None else money(value, currency, decimals)


def _part(table: str, part: str, counts: dict[str, Any], column: str | None) -> dict[str, Any]:
    unknown = counts.get("unreadable", {}).get(column, 0)
    nothing_known = part != "accepted" and 0 < counts["rows"] <= unknown
    return {
        "table": table,
        "part": part,
        "because": counts.get("because", ""),
        "lines": counts["rows"],
        "money": None
        if column not in counts["sums"] or counts.get("automatic") or nothing_known
        else Decimal(counts["sums"][column]),
        "unreadable": unknown,
    }


def _total(each: dict[str, Any], currency: str) -> str:
    """What a totals row says against what was read, and how many amounts of its file could not be."""
    said = {
        "file": each["file"],
        "stated": money(Decimal(each["stated"]), currency, 2),
        "read": money(Decimal(each["read"]), currency, 2),
    }
    if each["ties"]:
        return text("The totals row of {file} says {stated}, and its lines add up to it.", **said)
    if each.get("unreadable"):
        return plural(
            "The totals row of {file} says {stated}; its lines add up to {read}, and the amount of {n} line is in no "
            "sum.",
            "The totals row of {file} says {stated}; its lines add up to {read}, and the amount of {n} lines is in no "
            "sum.",
            each["unreadable"],
            **said,
        )
    return text("The totals row of {file} says {stated}; its lines add up to {read}.", **said)


def _twice(overlaps: list[dict[str, Any]], currency: str) -> list[str]:
    """What counts twice because it stands in two files: the pairs with most of it, and the others in one sentence."""
    notes = [
        plural(
            "{n} line of {second} ({money}) stands identically in {first}: it counts twice.",
            "{n} lines of {second} ({money}) stand identically in {first}: they count twice.",
            each["rows"],
            first=each["first"],
            second=each["second"],
            money=money(Decimal(each["money"]), currency, 2),
        )
        for each in overlaps[:SHOWN]
    ]
    if others := overlaps[SHOWN:]:
        notes.append(
            plural(
                "{n} more pair of files shares lines that count twice: {lines} in all ({money}).",
                "{n} more pairs of files share lines that count twice: {lines} in all ({money}).",
                len(others),
                lines=number(sum(each["rows"] for each in others)),
                money=money(sum((Decimal(each["money"]) for each in others), Decimal(0)), currency, 2),
            )
        )
    return notes


def _again(repeats: list[dict[str, Any]], currency: str) -> Iterator[str]:
    """Documents that count several times, because they stand so in one file."""
    for each in repeats:
        if each["left_out"]:
            continue
        said = {
            "lines": number(each["rows"]),
            "money": money(Decimal(each["money"]), currency, 2),
            "ids": _first(each["first"], each["documents"]),
        }
        if each["lines"] == "several":
            yield plural(
                "{n} document stands several times in one file, all its lines alike ({ids}): {money} counts again "
                "(lines: {lines}).",
                "{n} documents stand several times in one file, all their lines alike ({ids}): {money} counts again "
                "(lines: {lines}).",
                each["documents"],
                **said,
            )
        else:
            yield plural(
                "{n} document of a single line stands several times in one file ({ids}), which may be meant: {money} "
                "counts again (lines: {lines}).",
                "{n} documents of a single line stand several times in one file ({ids}), which may be meant: {money} "
                "counts again (lines: {lines}).",
                each["documents"],
                **said,
            )


def _by_status(some: list[dict[str, Any]], currency: str) -> list[str]:
    """Lines that count though their status says that they are no sales; and those that take back what was sold."""
    said = []
    for each in some:
        if not each["words"]:
            continue
        said.append(
            plural(
                "{n} line of sales ({money}) is marked {words} in column {column} and counts as revenue: if it is no "
                "sale, that amount is to be taken off.",
                "{n} lines of sales ({money}) are marked {words} in column {column} and count as revenue: if they are "
                "no sales, that amount is to be taken off.",
                each["rows"],
                money=money(Decimal(each["money"]), currency, 2),
                words=_words({word: (rows, _of_word(each, word)) for word, rows in each["words"].items()}, currency),
                column=visible(each["column"]),
            )
        )
        if back := each.get("back"):
            rows, amount = states.taken_back(each)
            said.append(
                plural(
                    "{n} line marked {words} ({money}) stays: it takes back what was sold.",
                    "{n} lines marked {words} ({money}) stay: they take back what was sold.",
                    rows,
                    words=_words({word: (one["rows"], one["money"]) for word, one in back.items()}, currency),
                    money=money(amount, currency, 2),
                )
            )
    return said


def _of_word(each: dict[str, Any], word: str) -> str | None:
    """The money of the lines of one word; None in a snapshot of before it was told."""
    amount: str | None = each.get("amounts", {}).get(word)
    return amount


def _words(words: dict[str, tuple[int, str | None]], currency: str) -> str:
    """Words of a status, each with its lines and money where there are several."""
    if len(words) == 1:
        return "".join(f"“{visible(word)}”" for word in words)
    return ", ".join(
        f"“{visible(word)}”"
        + (
            ""
            if amount is None
            else f" ({plural('{n} line', '{n} lines', rows)}, {money(Decimal(amount), currency, 2)})"
        )
        for word, (rows, amount) in words.items()
    )


def _first(ids: list[str], of: int) -> str:
    return ", ".join(map(visible, ids)) + (" ..." if of > len(ids) else "")


def _doubtful_numbers(numbers: dict[str, Any], currency: str) -> str:
    """Order numbers under which several orders may run into one another."""
    return plural(
        "{n} order number of {of} may stand for several orders ({ids}; lines: {lines}, {money}): it names several "
        "customers, or bears purchases more than {days} days apart.",
        "{n} order numbers of {of} may stand for several orders ({ids}; lines: {lines}, {money}): they name several "
        "customers, or bear purchases more than {days} days apart.",
        numbers["numbers"],
        of=number(numbers["of"]),
        ids=_first(numbers["first"], numbers["numbers"]),
        lines=number(numbers["rows"]),
        money=money(Decimal(numbers["money"]), currency, 2),
        days=numbers["days"],
    )


_OF_SPELLINGS = {"customer_id": mark("customers"), "order_id": mark("orders"), "product_id": mark("products")}


def _written_twice(some: list[dict[str, Any]], currency: str) -> list[str]:
    """Ids that count as several, because they are written in several ways."""
    return [
        plural(
            "{n} id of sales ({what}: {ids}) is written in several ways that differ only in case or spaces, and counts "
            "as {written}: {lines} lines, {money}. The number of {what} is that much too high if they are the same.",
            "{n} ids of sales ({what}: {ids}) are written in several ways that differ only in case or spaces, and "
            "count as {written}: {lines} lines, {money}. The number of {what} is that much too high if they are the "
            "same.",
            each["ids"],
            what=text(_OF_SPELLINGS[each["key"]]),
            ids=_pairs(each),
            written=number(each["written"]),
            lines=number(each["rows"]),
            money=money(each["money"], currency, 2),
        )
        for each in some
    ]


def _pairs(each: dict[str, Any]) -> str:
    shown = [" = ".join(f"“{visible(id_)}”" for id_ in pair) for pair in each["first"]]
    return ", ".join(shown) + (" ..." if each["ids"] > len(shown) else "")


_WHO = {"customer_id": mark("customer"), "product_id": mark("product"), "rep_id": mark("sales representative")}


def _unlisted(strangers: list[dict[str, Any]], currency: str) -> Iterator[str]:
    """Sales whose customer, product or representative is in no list."""
    for each in strangers:
        what, shown, more = (
            text(_WHO[each["key"]]),
            ", ".join(map(visible, each["first"])),
            each["ids"] - len(each["first"]),
        )
        yield plural(
            "{n} line of sales ({money}) has a {what} that is in no list: {ids}. It counts, and stands under "
            "(unknown).",
            "{n} lines of sales ({money}) have a {what} that is in no list: {ids}. They count, and stand under "
            "(unknown).",
            each["rows"],
            money=money(Decimal(each["money"]), currency, 2),
            what=what,
            ids=plural("{ids} and {n} other", "{ids} and {n} others", more, ids=shown) if more else shown,
        )
        if alike := each["alike"]:
            yield plural(
                "{n} of these {what} ids would be in it but for leading zeros, case, spaces or a final .0: {here} in "
                "sales, {there} in the list.",
                "{n} of these {what} ids would be in it but for leading zeros, case, spaces or a final .0: {here} in "
                "sales, {there} in the list.",
                alike["ids"],
                what=what,
                here=visible(alike["here"]),
                there=visible(alike["there"]),
            )


def _odd_signs(signs: list[dict[str, Any]], currency: str) -> Iterator[str]:
    """Sales whose amounts have the sign of a credit note in one column and not in another, or in none."""
    for each in signs:
        if "teller" in each:
            yield text(
                "No line of sales is below zero, though credit notes are told by {column}: {words}.",
                column=each["teller"],
                words=languages.listing(each["words"]),
            )
        elif each["column"] == "net_revenue":
            yield plural(
                "{n} line of sales is a credit note and stands above zero ({money}): it counts as a sale.",
                "{n} lines of sales are credit notes and stand above zero ({money}): they count as sales.",
                each["rows"],
                money=money(Decimal(each["total"]), currency, 2),
            )
        elif each["column"] == "cost":
            yield plural(
                "{n} line of sales has revenue below zero and a cost above zero ({money}): if it is a credit note, "
                "gross profit is too low by twice that.",
                "{n} lines of sales have revenue below zero and a cost above zero ({money}): if they are credit notes, "
                "gross profit is too low by twice that.",
                each["rows"],
                money=money(Decimal(each["total"]), currency, 2),
            )
        else:
            yield plural(
                "{n} line of a credit note has a quantity above zero ({units} units): quantities are too high by twice "
                "that.",
                "{n} lines of credit notes have a quantity above zero ({units} units): quantities are too high by "
                "twice that.",
                each["rows"],
                units=number(Decimal(each["total"])),
            )


def _rounded_ids(shortened: list[dict[str, Any]]) -> Iterator[str]:
    """Ids that a spreadsheet has rounded."""
    for each in shortened:
        yield plural(
            "{table}: {n} {column} looks like a number that a spreadsheet has shortened ({first}), so that different "
            "ids may have become one.",
            "{table}: {n} {column} look like numbers that a spreadsheet has shortened ({first} ...), so that different "
            "ids may have become one.",
            each["rows"],
            table=text(each["table"]),
            column=each["column"],
            first=visible(each["first"]),
        )


def _finer_than_cents(amounts: "pd.Series[Any]") -> bool:
    """Say whether amounts shown to the cent lose something, so that what is shown may not add up to the last one."""
    return any(amount is not None and amount != round(amount, 2) for amount in amounts)
