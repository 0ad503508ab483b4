"""Quarantine: each row that could not be accepted, where it stands, why, and the whole of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from perfkit.errors import EngineError
from perfkit.languages import mark
from perfkit.sources.columns import Target, steps
from perfkit.sources.files import named, quoted
from perfkit.sources.rows import Broken, Rows
from perfkit.sources.tally import Tally

REASONS = {
    "too few fields": mark("The record has fewer fields than the header."),
    "too many fields": mark("The record has more fields than the header."),
    "misplaced quote": mark("A quote is out of place or never closed."),
    "nul byte": mark("The record holds a NUL byte."),
    "missing": mark("A value that cannot be done without is missing."),
    "not a number": mark("The text is not a number as the format declares it."),
    "not finite": mark("The value is infinite or not a number."),
    "too large": mark("The number is larger than can be stored exactly."),
    "too many decimals": mark("The amount has more than four decimals, and rounding it would change the total."),
    "result too many decimals": mark("The computed amount has more than four decimals or is too large."),
    "not whole": mark("The number is not whole."),
    "not a date": mark("The text is not a date as the format declares it."),
    "not a plausible date": mark("The date is before 1900 or after 2199."),
    "not yes or no": mark("The value is neither yes nor no."),
    "not one of": mark("The value is not one of those allowed."),
    "id not whole": mark("The id is a number that is not whole."),
    "other currency": mark("The amount is in another currency, or in none."),
}
"""Every reason code and what it means, to be translated where it is shown."""

SCHEMA = pa.schema(
    [
        ("table", pa.string()),
        ("file", pa.string()),
        ("sheet", pa.string()),
        ("line", pa.int64()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("reason", pa.string()),
        ("message", pa.string()),
        ("failures", pa.list_(pa.struct([("column", pa.string()), ("value", pa.string()), ("reason", pa.string())]))),
        ("record", pa.string()),
    ]
)
"""The columns of quarantine.parquet; `column`, `value` and `reason` are the first of `failures`."""


EXACT, UNREADABLE = "exact ", "unreadable "


class Quarantine:
    """The quarantine.parquet being written, one row group at a time.

    Attributes
    ----------
    example : dict
        By table, where its first row stands and which value failed.
    """

    def __init__(self, path: Path) -> None:
        self.example: dict[str, str] = {}
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd", write_page_checksum=True)

    def add_broken(self, table: str, file: str, broken: list[Broken], tally: Tally) -> None:
        """Add records whose structure is wrong; their amounts cannot be read."""
        for start in range(0, len(broken), 100_000):
            some = broken[start : start + 100_000]
            for each in some:
                tally.quarantine(each.reason, {}, {})
            self._write(
                table,
                file,
                [each.line for each in some],
                [[{"column": each.column, "value": None, "reason": each.reason}] for each in some],
                [each.record for each in some],
            )

    def add_failed(
        self,
        table: str,
        file: str,
        found: Iterator[Rows],
        targets: list[Target],
        engine: duckdb.DuckDBPyConnection,
        tally: Tally,
    ) -> None:
        """Add rows whose values failed, each with all its failures, and the amounts that can be read."""
        for rows in found:
            engine.register("failed", rows.values.append_column("c_row", pa.array(np.arange(len(rows.records)))))
            described = engine.sql(_diagnosis(targets)).to_arrow_table()
            engine.unregister("failed")
            failures = described.column("failures").to_pylist()
            if not all(failures):
                raise EngineError(
                    f"{file}: a row failed once and passed once, so nothing was kept. Please report this."
                )
            amounts, unreadable = (_under(prefix, described) for prefix in (EXACT, UNREADABLE))
            for each, amount, unread in zip(failures, amounts, unreadable, strict=True):
                tally.quarantine(each[0]["reason"], amount, unread)
            self._write(table, file, rows.lines.tolist(), failures, rows.records)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()

    def _write(
        self, table: str, file: str, lines: list[int], failures: list[list[dict[str, str | None]]], records: list[str]
    ) -> None:
        if not lines:
            return
        firsts = [each[0] for each in failures]
        shown = f"{firsts[0]['column']} = {firsts[0]['value']!r}" if firsts[0]["value"] else f"{firsts[0]['column']}"
        self.example.setdefault(table, f"{file}, line {lines[0]}" + (f": {shown}" if shown else ""))
        count = len(lines)
        columns = {
            "table": [table] * count,
            "file": [file] * count,
            "sheet": [None] * count,
            "line": lines,
            "column": [each["column"] for each in firsts],
            "value": [each["value"] for each in firsts],
            "reason": [each["reason"] for each in firsts],
            "message": [REASONS[each["reason"] or ""] for each in firsts],
            "failures": failures,
            "record": records,
        }
        self._writer.write_table(pa.table(columns, schema=SCHEMA))


def _diagnosis(targets: list[Target]) -> str:
    """SQL that says of each failed row which checks it fails, in the order of the table, and its exact amounts."""
    checks = ", ".join(
        f"{{'column': {quoted(check.column)}, 'value': CAST({check.raw} AS VARCHAR), 'reason': {check.reason}}}"
        for target in targets
        for check in target.checks
    )
    amounts = "".join(
        f", CAST({target.exact} AS DECIMAL(38, 12)) AS {named(EXACT + target.name)}"
        f", ({target.unreadable}) AS {named(UNREADABLE + target.name)}"
        for target in targets
        if target.type in ("money", "quantity")
    )
    failures = f"list_filter([{checks}], lambda failure: failure.reason IS NOT NULL)"
    return f"SELECT {failures} AS failures{amounts} FROM {steps('failed', targets)} ORDER BY c_row"


def _under(prefix: str, described: pa.Table) -> list[dict[str, Any]]:
    """The columns of that prefix, row by row, without it."""
    names = [name for name in described.column_names if name.startswith(prefix)]
    some = described.select(names).rename_columns([name.removeprefix(prefix) for name in names])
    return some.to_pylist() if names else [{}] * len(described)
