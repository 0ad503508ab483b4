"""Quarantine: each row that could not be accepted, where it stands, why, and the whole of it."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
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
            for reason, rows in Counter(each.reason for each in some).items():
                tally.quarantine(reason, rows, {}, dict.fromkeys(tally.amounts, rows))
            failures = [[{"column": each.column, "value": None, "reason": each.reason}] for each in some]
            lines, records = [each.line for each in some], [each.record for each in some]
            self._write(table, file, lines, pa.array(failures, SCHEMA.field("failures").type), records)

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
            described = engine.sql(_diagnosis(targets)).to_arrow_table().combine_chunks()
            engine.unregister("failed")
            failures = described.column("failures").cast(SCHEMA.field("failures").type).combine_chunks()
            if not pc.min(pc.list_value_length(failures)).as_py():
                raise EngineError(
                    f"{file}: a row failed once and passed once, so nothing was kept. Please report this."
                )
            described = described.append_column("reason", _first(failures, "reason"))
            wanted = [(prefix + amount, "sum") for amount in tally.amounts for prefix in (EXACT, UNREADABLE)]
            for group in described.group_by("reason").aggregate([([], "count_all"), *wanted]).to_pylist():
                sums = {amount: group[f"{EXACT}{amount}_sum"] or Decimal(0) for amount in tally.amounts}
                unreadable = {amount: group[f"{UNREADABLE}{amount}_sum"] or 0 for amount in tally.amounts}
                tally.quarantine(group["reason"], group["count_all"], sums, unreadable)
            self._write(table, file, rows.lines, failures, rows.records)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()

    def _write(self, table: str, file: str, lines: Any, failures: pa.ListArray, records: list[str]) -> None:
        column, value, reason = (_first(failures, name) for name in ("column", "value", "reason"))
        if table not in self.example:
            shown = f"{column[0]} = {value[0].as_py()!r}" if value[0].as_py() else column[0].as_py()
            self.example[table] = f"{file}, line {lines[0]}" + (f": {shown}" if shown else "")
        coded = reason.dictionary_encode()
        messages = pa.array([REASONS[code] for code in coded.dictionary.to_pylist()], pa.string())
        count = len(records)
        columns = {
            "table": pa.repeat(table, count),
            "file": pa.repeat(file, count),
            "sheet": pa.nulls(count, pa.string()),
            "line": pa.array(lines, pa.int64()),
            "column": column,
            "value": value,
            "reason": reason,
            "message": messages.take(coded.indices),
            "failures": failures,
            "record": pa.array(records, pa.string()),
        }
        self._writer.write_table(pa.table(columns, schema=SCHEMA))


def _first(failures: pa.ListArray, name: str) -> pa.Array:
    """One field of each row's first failure."""
    return pc.struct_field(pc.list_element(failures, 0), name)


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
