"""Terminal: how a load, its changes and its quarantine are told to whoever typed the command."""

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from perfkit.errors import PerfkitError, printable
from perfkit.languages import text
from perfkit.schema import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from perfkit.company import Company
    from perfkit.sources import Snapshot
    from perfkit.sources.proposing import Proposal
    from perfkit.sources.quarantine_export import Exported
    from perfkit.sources.returning import Returned

SHOWN = 50
"""Quarantined rows and changed months that are printed; the rest stand in the snapshot."""

LONGEST = 60
"""Characters of a value that are printed."""


@contextmanager
def progress(steps: int | None = None) -> Iterator[Callable[[str], None]]:
    """A line on stderr that says what is being done, with a bar where the steps are known; only on a terminal."""
    from tqdm import tqdm

    look = "{desc}" if steps is None else "{bar:24} {desc}"
    with tqdm(total=steps, bar_format=look, leave=False, disable=None) as line:

        def step(message: str) -> None:
            line.set_description_str(printable(message, most=100), refresh=False)
            line.update()
            line.refresh()

        yield step


def tell(acme: "Company", before: "Snapshot | None") -> None:
    """Print what was read of each table, what was set aside, and what changed since the snapshot before."""
    for table, counts in acme.snapshot.report["tables"].items():
        print(printable(_account(table, counts, acme.currency)))
    quarantined = sum(counts["quarantined"]["rows"] for counts in acme.snapshot.report["tables"].values())
    if quarantined:
        see = f"perfkit check {shlex.quote(str(acme.path))} --quarantine"
        print(f"{_rows(quarantined)} set aside, and in no figure. See them: {see}")
    for table, counts in acme.snapshot.report["tables"].items():
        for line in _perhaps_no_totals(table, counts["quarantined"]["reasons"], acme):
            print(line)
    print(f"Snapshot {acme.snapshot.fingerprint}", end="")
    print(*_since(before, acme.snapshot), sep="\n  ")
    if before is not None and before.fingerprint != acme.snapshot.fingerprint:
        for line in _what_became(before, acme):
            print(line)


def _account(table: str, counts: Mapping[str, Any], currency: str) -> str:
    """Return one line that adds up: what was read of a table is what was accepted, excluded and quarantined."""
    parts = [counts[kind] for kind in _KINDS]
    line = f"{table}: {_rows(counts['rows'])} = " + " + ".join(
        f"{part['rows']:,} {kind}" for kind, part in zip(_KINDS, parts, strict=True)
    )
    unreadable = sum(part["unreadable"].get(TABLES[table].money, 0) for part in parts[1:])
    if unreadable:
        abroad = counts["quarantined"]["reasons"].get("other currency", {}).get("currencies", [])
        what = "of unreadable amount or in another currency" if abroad else "of unreadable amount"
        told = f" ({', '.join(map(_in_currency, abroad))})" if abroad else ""
        line += f" ({_rows(unreadable)} {what}{told}, in no sum)"
    money = TABLES[table].money
    if money not in counts["sums"]:
        return line
    sums = [Decimal(each["sums"][money]) for each in (counts, *parts)]
    decimals = max(2, *(-int(each.as_tuple().exponent) for each in sums))
    exact = [f"{each:,.{decimals}f}" for each in sums]
    return f"{line}; {money} {exact[0]} {currency} = {' + '.join(exact[1:])}"


def _in_currency(each: Mapping[str, Any]) -> str:
    """What stands in another currency, in it: it is added to nothing."""
    amount = "unreadable" if each["money"] is None else _exact(Decimal(each["money"]))
    return f"{each['currency'] or 'no currency'} {amount}"


_KINDS = ("accepted", "excluded", "quarantined")


def _rows(count: int) -> str:
    return f"{count:,} row{'s' if count != 1 else ''}"


def _since(before: "Snapshot | None", now: "Snapshot") -> Iterator[str]:
    """Say what changed since the snapshot before, table by table and month by month."""
    from perfkit import sources

    if before is None:
        yield ": the first."
        return
    if before.fingerprint == now.fingerprint:
        yield ": nothing changed since the last load."
        return
    try:
        months = sources.changes(before, now)
    except PerfkitError as error:  # the one before may be damaged; the new one is whole
        yield f". What changed cannot be said: {printable(str(error))}"
        return
    yield f". Since {before.fingerprint}, " + ("in rows and money:" if len(months) else "no row is different.")
    earlier = months.iloc[: max(len(months) - SHOWN, 0)]
    for table, rows in earlier.groupby("table", sort=False):
        many = f"{len(rows):,} earlier month{'s' if len(rows) != 1 else ''}"
        yield f"{table}, {many}: " + ", ".join(_differences(_summed(rows)))
    for row in months.tail(SHOWN).to_dict("records"):
        month = f" {row['month']:%Y-%m}" if row["month"] else ""
        yield f"{row['table']}{month}: " + ", ".join(_differences(row))


def _summed(rows: "pd.DataFrame") -> dict[str, Any]:
    """The changes of several months as those of one; without money where any of them has none."""
    told: dict[str, Any] = {}
    for kind in ("added", "changed", "gone"):
        told[f"{kind}_rows"] = int(rows[f"{kind}_rows"].sum())
        amounts = list(rows[kind])
        told[kind] = None if None in amounts else sum(amounts, Decimal(0))
    return told


def _differences(row: Mapping[str, Any]) -> Iterator[str]:
    for kind, sign in (("added", 1), ("changed", 1), ("gone", -1)):
        if row[f"{kind}_rows"]:
            money = "" if row[kind] is None else f" ({sign * row[kind]:+,.2f})"
            yield f"{_rows(row[f'{kind}_rows'])} {kind}{money}"


def _what_became(before: "Snapshot", acme: "Company") -> Iterator[str]:
    """Say what became of the rows that were set aside before; nothing where there were none."""
    from perfkit.sources.returning import returned

    try:
        if not any(counts["quarantined"]["rows"] for counts in before.report["tables"].values()):
            return
        found = returned(before, acme.snapshot)
    except PerfkitError as error:
        yield printable(f"What became of the rows that were set aside cannot be said: {error}")
        return
    yield _summed_up(found, acme.currency)
    for row in found.back.head(SHOWN).to_dict("records"):
        money = "" if row["money"] is None else f" -> {_exact(row['money'])} {acme.currency}"
        yield f"  back: {_place(row)}{_quoted(row)} ({row['reason']}){money}"
    if len(found.back) > SHOWN:
        yield f"  and {len(found.back) - SHOWN:,} more came back"
    ways = set(found.back["how"])
    if "values" in ways:
        yield "  (known again by what could be read of them before, among the rows that were added)"
    if "ids" in ways:
        yield "  (records that could not be split: known again by the ids that stand in them)"
    for how, because in _UNCLEAR.items():
        rows = found.unclear[found.unclear["how"] == how]
        if len(rows):
            yield f"  {_rows(len(rows))}: {because}"
            yield from (
                f"    {_place(row)}{_quoted(row)} ({row['reason']})" for row in rows.head(SHOWN).to_dict("records")
            )


_UNCLEAR = {
    "several": "more added rows are like them than came back, so their money is not known apart from that of new rows",
    "line": (
        "their file has as many records as before and they are set aside no more, but no added row is like them: they "
        "were changed in more than what was wrong, replaced, or are left out by a rule"
    ),
    "gone": "no longer in the files as they were, and no added row is like them",
}


def _summed_up(found: "Returned", currency: str) -> str:
    """What became of the rows set aside, and the new ones, in one sentence that adds up."""
    back, unclear = len(found.back), len(found.unclear)
    money = " and ".join(f"{_exact(amount)} {currency} of {table}" for table, amount in found.money.items())
    parts = [f"{back:,} came back" + (f" with {money}" if money else "")]
    parts += [f"{found.still:,} {'is' if found.still == 1 else 'are'} still set aside"]
    parts += [f"{unclear:,} {'is' if unclear == 1 else 'are'} neither"] if unclear else []
    fresh = f" {_rows(found.fresh).capitalize()} newly set aside." if found.fresh else ""
    return f"Of {_rows(back + found.still + unclear)} set aside before, {', '.join(parts)}.{fresh}"


def _exact(amount: Decimal) -> str:
    """An amount with all its decimals, two at least."""
    decimals = max(2, -int(amount.normalize().as_tuple().exponent))
    return f"{amount:,.{decimals}f}"


def _value(text: str) -> str:
    """A raw value in quotes, so that spaces at its ends are seen, and shortened where it is long."""
    if len(text) <= LONGEST:
        return repr(text)
    return f"{text[: LONGEST - 10]!r}... ({len(text):,} characters)"


def _place(row: Mapping[str, Any]) -> str:
    """Where a row stands, and the column in which something is wrong."""
    sheet = f", sheet {_value(row['sheet'])}" if isinstance(row["sheet"], str) else ""
    column = f", {printable(row['column'])}" if row["column"] else ""
    return f"{printable(row['file'])}{sheet}, {'row' if sheet else 'line'} {row['line']}{column}"


def _quoted(row: Mapping[str, Any]) -> str:
    return f": {_value(row['value'])}" if isinstance(row["value"], str) else ""


def show_notices(acme: "Company") -> None:
    """Print what a person should know about how the files were read."""
    for table, counts in acme.snapshot.report["tables"].items():
        for notice in counts["notices"]:
            print(printable(f"Note on {table}: {notice}"))


def show_quarantine(acme: "Company", *, rows: bool = True) -> int:
    """Print the rows that were set aside, by reason with their money, then where the first stand; return how many.

    Parameters
    ----------
    rows : bool
        Whether to print the rows after the reasons.
    """
    total = sum(counts["quarantined"]["rows"] for counts in acme.snapshot.report["tables"].values())
    print(f"\n{_rows(total)} set aside." if total else "\nNo row is set aside.")
    for table, counts in acme.snapshot.report["tables"].items():
        for line in _reasons(table, counts["quarantined"]["reasons"], acme):
            print(line)
        for line in _perhaps_no_totals(table, counts["quarantined"]["reasons"], acme):
            print(line)
    if not total or not rows:
        return total
    aside = acme.snapshot.quarantine().order_by(["table", "file", "sheet", "line"]).drop("known", "raw")
    print("\nWhere they stand, and what is wrong:")
    for row in aside.limit(SHOWN).to_pyarrow().to_pylist():
        others = [printable(each["column"]) for each in row["failures"][1:]]
        also = f" Also wrong: {', '.join(dict.fromkeys(others))}." if others else ""
        print(f"  {_place(row)}{_quoted(row)}: {text(row['message'])}{also}")
    command = f"perfkit check {shlex.quote(str(acme.path))} --quarantine --export"
    if total > SHOWN:
        print(f"  and {total - SHOWN:,} more.")
    print(f"\nAll of them as a list: {command} aside.xlsx (or .csv, .parquet)")
    print(f"To mend them:          {command} to-mend")
    return total


def _reasons(table: str, reasons: Mapping[str, Any], acme: "Company") -> Iterator[str]:
    """One line a reason, the most rows first: how many, their money, and what it means."""
    from perfkit.sources.quarantine import REASONS

    money = TABLES[table].money
    aside = acme.snapshot.quarantine()
    unread = aside.filter(aside["table"] == table, aside["amount"].isnull())["reason"].value_counts(name="rows")
    unknown = {row["reason"]: row["rows"] for row in unread.to_pyarrow().to_pylist()}
    for code, counts in sorted(reasons.items(), key=lambda each: (-each[1]["rows"], each[0])):
        line = f"  {table}: {_rows(counts['rows'])}"
        if money in counts["sums"]:
            amount = Decimal(counts["sums"][money])
            missing = unknown.get(code, 0)
            line += f", {money} "
            if "currencies" in counts:
                line += f"in no sum ({', '.join(map(_in_currency, counts['currencies']))})"
            else:
                line += f"{_exact(amount)} {acme.currency}" if missing < counts["rows"] else "unreadable"
                line += f" ({missing:,} unreadable)" if 0 < missing < counts["rows"] else ""
        yield f"{line}: {text(REASONS[code])}"


def _perhaps_no_totals(table: str, reasons: Mapping[str, Any], acme: "Company") -> Iterator[str]:
    """Say what to type where rows were taken for totals that may be of a seller, customer or product called so."""
    counts, money = reasons.get("looks like a total"), TABLES[table].money
    if counts:
        amount = f" ({_exact(Decimal(counts['sums'][money]))} {acme.currency})" if money in counts["sums"] else ""
        are = "looks like a total" if counts["rows"] == 1 else "look like totals"
        yield (
            f"{_rows(counts['rows'])} of {table}{amount} {are}: a word such as Total stands in them. If they are of "
            f'something that is called so, write totals = "keep" in [tables.{table}] of company.toml.'
        )


def show_export(exported: "Exported", acme: "Company") -> None:
    """Print what was written of the rows set aside, and what to do with it."""
    path = exported.path
    if not exported.sources:
        print(f"\nWrote {_rows(exported.rows)} to {path}.")
        if path.suffix.lower() == ".csv":
            print("A text that begins like a formula (= + - @, a tab, a line end) has an apostrophe before it there.")
        if exported.cut:
            print(
                f"{exported.cut:,} cells hold more than a workbook takes and are cut: a .parquet file holds all of it."
            )
        return
    print(f"\nWrote {_rows(exported.rows)} into {path}:")
    for name, (file, records, encoding) in exported.sources.items():
        how = f"below its header, byte for byte ({encoding})" if encoding else "as the cells of each, in JSON, to read"
        print(f"  {printable(str(file))}: {records:,} of {printable(name)}, {how}")
    print(f"  {path / '_list.csv'}: for each, its file and line, and what is wrong with it")
    print(
        "\nMend these records in the original export, in place: in the file and line that the list names, a workbook "
        "in\nits own cells. Or mend the files here, put them beside the original, under names that `files` in "
        "company.toml\ncovers, AND remove these records from the original: else they are read twice. Then load once; "
        f"it says what\ncame back: perfkit load {shlex.quote(str(acme.path))}"
    )


def show_proposal(proposal: "Proposal", written: "Path | None", folder: "Path") -> None:
    """Print what an export probably is, where its block was written, and what to do next."""
    what = (
        f"{proposal.table}, {proposal.preset} preset" if proposal.preset else proposal.table or "no table that is known"
    )
    print(printable(f"{', '.join(proposal.files)}: {what}."))
    if written is None:
        for heading, samples in proposal.left.items():
            print(printable(f"  {heading}: {' | '.join(samples)}"))
        print(printable(proposal.trial, most=20_000, lines=True))
        return
    print(printable(f"\n{proposal.block()}", most=100_000, lines=True))
    print(printable(proposal.trial))
    print(f"\nIt was written to {written}.")
    if written.name == "company.toml":
        print("Check every line of it there, and delete confirmed = false. Then:")
    else:
        table = proposal.table
        print(
            f"company.toml has a block of {table} of its own, which was left alone. Check every line of the new one "
            "and delete confirmed = false. Then:\n"
            f"- where both files make the table (two tools, two shapes), copy it to the end of company.toml and keep "
            f"both. Each block begins with [[tables.{table}]], with two brackets: write so in the old one too, instead "
            f"of [tables.{table}]. A file that both would read (files = ...) is to be in one of them only;\n"
            "- where it replaces the old one, delete that one first, with its columns, up to the next block.\n"
            "And then:"
        )
    print(f"  perfkit load {shlex.quote(str(folder))}")
