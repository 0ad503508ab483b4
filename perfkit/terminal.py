"""Terminal: how a load, its changes and its quarantine are told to whoever typed the command."""

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from perfkit.errors import PerfkitError
from perfkit.languages import text
from perfkit.schema import TABLES

if TYPE_CHECKING:
    from perfkit.company import Company
    from perfkit.sources import Snapshot

SHOWN = 50
"""Quarantined rows and changed months that are printed; the rest stand in the snapshot."""


@contextmanager
def progress(steps: int | None = None) -> Iterator[Callable[[str], None]]:
    """A line on stderr that says what is being done, with a bar where the steps are known; only on a terminal."""
    from tqdm import tqdm

    look = "{desc}" if steps is None else "{bar:24} {desc}"
    with tqdm(total=steps, bar_format=look, leave=False, disable=None) as line:

        def step(message: str) -> None:
            line.set_description_str(message, refresh=False)
            line.update()
            line.refresh()

        yield step


def tell(acme: "Company", before: "Snapshot | None") -> None:
    """Print what was read of each table, what was set aside, and what changed since the snapshot before."""
    for table, counts in acme.snapshot.report["tables"].items():
        print(_account(table, counts, acme.currency))
    quarantined = sum(counts["quarantined"]["rows"] for counts in acme.snapshot.report["tables"].values())
    if quarantined:
        see = f"perfkit check {shlex.quote(str(acme.path))} --quarantine"
        print(f"{_rows(quarantined)} set aside, and in no figure. See them: {see}")
    print(f"Snapshot {acme.snapshot.fingerprint}", end="")
    print(*_since(before, acme.snapshot), sep="\n  ")


def _account(table: str, counts: Mapping[str, Any], currency: str) -> str:
    """Return one line that adds up: what was read of a table is what was accepted, excluded and quarantined."""
    parts = [counts[kind] for kind in _KINDS]
    line = f"{table}: {_rows(counts['rows'])} = " + " + ".join(
        f"{part['rows']:,} {kind}" for kind, part in zip(_KINDS, parts, strict=True)
    )
    unreadable = sum(part["unreadable"].get(TABLES[table].money, 0) for part in parts[1:])
    if unreadable:
        line += f" ({_rows(unreadable)} of unreadable amount, in no sum)"
    money = TABLES[table].money
    if money not in counts["sums"]:
        return line
    sums = [Decimal(each["sums"][money]) for each in (counts, *parts)]
    decimals = max(2, *(-int(each.as_tuple().exponent) for each in sums))
    exact = [f"{each:,.{decimals}f}" for each in sums]
    return f"{line}; {money} {exact[0]} {currency} = {' + '.join(exact[1:])}"


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
        yield f". What changed cannot be said: {error}"
        return
    yield f". Since {before.fingerprint}, " + ("in rows and money:" if len(months) else "no row is different.")
    for row in months.tail(SHOWN).to_dict("records"):
        month = f" {row['month']:%Y-%m}" if row["month"] else ""
        yield f"{row['table']}{month}: " + ", ".join(_differences(row))


def _differences(row: Mapping[str, Any]) -> Iterator[str]:
    for kind, sign in (("added", 1), ("changed", 1), ("gone", -1)):
        if row[f"{kind}_rows"]:
            money = "" if row[kind] is None else f" ({sign * row[kind]:+,.2f})"
            yield f"{_rows(row[f'{kind}_rows'])} {kind}{money}"


def show_notices(acme: "Company") -> None:
    """Print what a person should know about how the files were read."""
    for table, counts in acme.snapshot.report["tables"].items():
        for notice in counts["notices"]:
            print(f"Note on {table}: {notice}")


def show_quarantine(acme: "Company") -> None:
    """Print the rows that were set aside: where each stands, what stands there, and why it cannot be read."""
    aside = acme.snapshot.quarantine().to_pandas()
    print(f"\n{_rows(len(aside))} set aside.")
    for row in aside.head(SHOWN).to_dict("records"):
        place = f"{row['file']}, line {row['line']}" + (f", {row['column']}" if row["column"] else "")
        value = f" {row['value']!r}:" if isinstance(row["value"], str) else ""
        print(f"  {place}:{value} {text(row['message'])}")
    if len(aside) > SHOWN:
        print(f"  and {len(aside) - SHOWN:,} more in {acme.snapshot.path / 'quarantine.parquet'}")
