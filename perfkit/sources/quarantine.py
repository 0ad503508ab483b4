"""Quarantine: each row that could not be accepted, where it stands, why, and the whole of it, byte for byte."""

import base64
import json
from collections import Counter
from collections.abc import Iterator, Sequence
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
from perfkit.schema import TABLES
from perfkit.sources.columns import Target, foreign, steps
from perfkit.sources.files import named, quoted
from perfkit.sources.originals import Origin, Originals
from perfkit.sources.rows import Broken, Rows
from perfkit.sources.tally import Tally

NOT_ALLOWED = "not one of"
OTHER_CURRENCY = "other currency"
"""Code of the reason for which an amount is in no sum though it can be read."""

REASONS = {
    "too few fields": mark("The record has fewer fields than the header."),
    "too many fields": mark("The record has more fields than the header."),
    "misplaced quote": mark("A quote is out of place or never closed."),
    "nul byte": mark("The record holds a NUL byte."),
    "missing": mark("A value that cannot be done without is missing."),
    "not a number": mark("The text is not a number as its column writes them."),
    "not finite": mark("The value is infinite or not a number."),
    "too large": mark("The number is larger than can be stored exactly."),
    "too many decimals": mark("The amount has more than four decimals, and rounding it would change the total."),
    "result too many decimals": mark("The computed amount has more than four decimals or is too large."),
    "not whole": mark("The number is not whole."),
    "not a date": mark("The text is not a date as its column writes them."),
    "not a plausible date": mark("The date is before 1900 or after 2199."),
    "not yes or no": mark("The value is neither yes nor no."),
    NOT_ALLOWED: mark("The value is not one of those allowed."),
    "id not whole": mark("The id is a number that is not whole."),
    "id too long": mark("The id is a number of more than 15 digits, of which a workbook loses the last ones."),
    OTHER_CURRENCY: mark("The amount is in another currency, or in none."),
    "ambiguous": mark("The number can be read in two ways, and the column is written in both."),
    "no share": mark("A share lies between 0 and 1: 12 % is 0.12."),
    "looks like a total": mark("The row looks like a total of others, which would count them twice."),
    "error cell": mark("The cell holds an error instead of a value."),
    "formula without a value": mark("The cell holds a formula whose result was never computed."),
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
        ("amount", pa.decimal128(38, 12)),
        ("known", pa.map_(pa.string(), pa.string())),
        ("record", pa.string()),
        ("encoding", pa.string()),
        ("raw", pa.binary()),
    ]
)
"""The columns of quarantine.parquet.

`column`, `value` and `reason` are the first of `failures`, each column and reason once; `amount` is the table's money
where it can be read and is in the company's currency, `known` the canonical columns that can be and share no source
column with a failure: what is mended there changes them too, also where they were missing. `record` is the record's
text, in Parquet files and workbooks JSON of its cells; `raw` its bytes where text written in `encoding` would not give
them (see `originals.original`).
"""

HEADS = b"perfkit.heads"
"""Under which the file keeps, by name of a source file, what stands above its first record and how lines end."""

ROW_GROUP = 100_000
"""Rows held in memory at a time."""

EXACT, UNREADABLE = "exact ", "unreadable "
ELSEWHERE, ABROAD = "other currency", "amount in it"
_MARKED = r"(^| \| )\x01[a-z]"


class Quarantine:
    """What is set aside of one table being written, one row group at a time.

    Attributes
    ----------
    example : dict
        By table, where its first row stands and which value failed.
    words : dict
        By table, source column and text: how many rows fail because it is none of the values allowed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.example: dict[str, str] = {}
        self.words: dict[str, Counter[tuple[str, str]]] = {}
        self._heads: dict[str, dict[str, str]] = {}
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd", write_page_checksum=True)

    def add_broken(self, table: str, origin: Origin, broken: list[Broken], tally: Tally) -> None:
        """Add records whose structure is wrong; their amounts cannot be read."""
        originals = Originals(origin)
        for start in range(0, len(broken), ROW_GROUP):
            some = broken[start : start + ROW_GROUP]
            for reason, rows in Counter(each.reason for each in some).items():
                tally.quarantine(reason, rows, {}, dict.fromkeys(tally.amounts, rows))
            found = pa.array(
                [[{"column": each.column, "value": None, "reason": each.reason}] for each in some],
                SCHEMA.field("failures").type,
            )
            lines, records = [each.line for each in some], [each.record for each in some]
            self._write(table, origin, {"line": lines, "failures": found, "record": records}, originals)

    def add_failed(
        self,
        table: str,
        origin: Origin,
        found: Iterator[Rows],
        targets: list[Target],
        engine: duckdb.DuckDBPyConnection,
        tally: Tally,
    ) -> None:
        """Add rows whose values failed, each with all its failures, and the amounts that can be read."""
        originals = Originals(origin)
        for rows in found:
            engine.register("failed", rows.values.append_column("c_row", pa.array(np.arange(len(rows.records)))))
            described = engine.sql(_diagnosis(table, targets, cells=origin.cells)).to_arrow_table().combine_chunks()
            engine.unregister("failed")
            failures = described.column("failures").cast(SCHEMA.field("failures").type).combine_chunks()
            if not pc.min(pc.list_value_length(failures)).as_py():
                raise EngineError(
                    f"{origin.name}: a row failed once and passed once, so nothing was kept. Please report this."
                )
            described = described.append_column("reason", _first(failures, "reason"))
            wanted = [(prefix + amount, "sum") for amount in tally.amounts for prefix in (EXACT, UNREADABLE)]
            for group in described.group_by("reason").aggregate([([], "count_all"), *wanted]).to_pylist():
                sums = {amount: group[f"{EXACT}{amount}_sum"] or Decimal(0) for amount in tally.amounts}
                unreadable = {amount: group[f"{UNREADABLE}{amount}_sum"] or 0 for amount in tally.amounts}
                tally.quarantine(group["reason"], group["count_all"], sums, unreadable)
            _count_currencies(described, tally)
            self._count_words(table, failures)
            columns = {
                "sheet": rows.sheets or None,
                "line": rows.lines,
                "failures": failures,
                "amount": described.column("amount").combine_chunks(),
                "known": described.column("known").combine_chunks(),
                "record": rows.records,
            }
            self._write(table, origin, columns, originals)

    def _count_words(self, table: str, failures: pa.ListArray) -> None:
        here = pc.equal(_first(failures, "reason"), NOT_ALLOWED)
        column, value = (_first(failures, name).filter(here).to_pylist() for name in ("column", "value"))
        self.words.setdefault(table, Counter()).update(
            (name, said) for name, said in zip(column, value, strict=True) if name and said
        )

    def close(self) -> None:
        """Finish the file."""
        self._writer.add_key_value_metadata({HEADS: json.dumps(self._heads).encode()})
        self._writer.close()

    def _write(self, table: str, origin: Origin, given: dict[str, Any], originals: Originals) -> None:
        count, failures = len(given["record"]), given["failures"]
        column, value, reason = (_first(failures, name) for name in ("column", "value", "reason"))
        if table not in self.example:
            shown = f"{column[0]} = {value[0].as_py()!r}" if value[0].as_py() else column[0].as_py()
            where = f", sheet {given['sheet'][0]!r}, row" if given.get("sheet") else ", line"
            self.example[table] = f"{origin.name}{where} {given['line'][0]}" + (f": {shown}" if shown else "")
        if origin.encoding and origin.name not in self._heads:
            head = base64.b64encode(origin.head).decode()
            self._heads[origin.name] = {"head": head, "line_end": origin.line_end, "encoding": origin.encoding}
        coded = reason.dictionary_encode()
        messages = pa.array([REASONS[code] for code in coded.dictionary.to_pylist()], pa.string())
        columns = {
            **given,
            "table": pa.repeat(table, count),
            "file": pa.repeat(origin.name, count),
            "column": column,
            "value": value,
            "reason": reason,
            "message": messages.take(coded.indices),
            "encoding": pa.repeat(pa.scalar(origin.encoding, pa.string()), count),
            "raw": originals.beside(given["line"], given["record"]),
        }
        arrays = [_array(columns.get(field.name), field.type, count) for field in SCHEMA]
        self._writer.write_table(pa.table(arrays, schema=SCHEMA))


def join(parts: Sequence[Path], path: Path) -> None:
    """Write the quarantine.parquet of several tables: their row groups, one after another."""
    with pq.ParquetWriter(path, SCHEMA, compression="zstd", write_page_checksum=True) as writer:
        found: dict[str, Any] = {}
        for part in map(pq.ParquetFile, parts):
            for number in range(part.num_row_groups):
                writer.write_table(part.read_row_group(number))
            found |= json.loads(part.metadata.metadata[HEADS])
        writer.add_key_value_metadata({HEADS: json.dumps(found).encode()})


def heads(path: Path) -> dict[str, dict[str, Any]]:
    """Return by source file its `head` (bytes), `line_end` and `encoding`, as a quarantine.parquet keeps them."""
    said = json.loads((pq.read_metadata(path).metadata or {}).get(HEADS, b"{}"))
    return {name: {**each, "head": base64.b64decode(each["head"])} for name, each in said.items()}


def _array(values: Any, type_: pa.DataType, count: int) -> pa.Array:
    if values is None:
        return pa.nulls(count, type_)
    return values if isinstance(values, pa.Array) and values.type == type_ else pa.array(values, type_)


def _first(failures: pa.ListArray, name: str) -> pa.Array:
    """One field of each row's first failure."""
    return pc.struct_field(pc.list_element(failures, 0), name)


def _diagnosis(table: str, targets: Sequence[Target], *, cells: bool) -> str:
    """SQL that says of each failed row which checks it fails, in the order of the table, and what of it can be read.

    Each check stands in it once, by its number afterwards: DuckDB plans every word of a query, for however few rows.
    """
    numbered = list(enumerate(check for target in targets for check in target.checks))
    checks = ", ".join(
        f"{{'nth': {nth}, 'column': {quoted(check.column)}, 'value': {_shown(check.raw, cells)}, "
        f"'reason': {check.reason}}}"
        for nth, check in numbered
    )
    elsewhere = foreign(targets)
    own = {
        target.name: f"CASE WHEN NOT ({elsewhere}) THEN {target.exact} END" if target.type == "money" else target.exact
        for target in targets
    }
    amounts = "".join(
        f", CAST({own[target.name]} AS DECIMAL(38, 12)) AS {named(EXACT + target.name)}"
        f", ({target.unreadable}){_or_abroad(target, elsewhere)} AS {named(UNREADABLE + target.name)}"
        for target in targets
        if target.type in ("money", "quantity")
    )
    money = TABLES[table].money
    amount = own.get(money or "", "NULL")
    paid = next((target.exact for target in targets if target.name == money), "NULL")
    said = next((target.alias for target in targets if target.foreign != "false"), "NULL")
    known = ", ".join(
        f"{{'k': CASE WHEN NOT coalesce({_doubted(target, targets)}, false) THEN {quoted(target.name)} END, "
        f"'v': CAST({target.alias} AS VARCHAR)}}"
        for target in targets
    )
    place = "list_position(list_transform(every, lambda other: (other.column, other.reason)), (one.column, one.reason))"
    first = f"list_filter(every, lambda one, nth: {place} = nth)"
    failed = f"SELECT *, list_filter([{checks}], lambda failure: failure.reason IS NOT NULL) AS every"
    return (
        "SELECT "
        f"list_transform({first}, lambda one: {{'column': one.column, 'value': one.value, 'reason': one.reason}}) "
        f"AS failures{amounts}, "
        f"CAST({amount} AS DECIMAL(38, 12)) AS amount, "
        f"CASE WHEN {elsewhere} THEN coalesce(upper(trim({said})), '') END AS {named(ELSEWHERE)}, "
        f"CASE WHEN {elsewhere} THEN CAST({paid} AS DECIMAL(38, 12)) END AS {named(ABROAD)}, "
        f"map_from_entries(list_filter([{known}], lambda each: each.k IS NOT NULL)) AS known "
        "FROM (SELECT *, list_transform(every, lambda one: one.nth) AS broken FROM "
        f"({failed} FROM {steps('failed', targets)})) ORDER BY c_row"
    )


def _or_abroad(target: Target, elsewhere: str) -> str:
    return f" OR (({elsewhere}) AND ({target.exact}) IS NOT NULL)" if target.type == "money" else ""


def _count_currencies(described: pa.Table, tally: Tally) -> None:
    """Count the rows set aside for their currency, by currency, each with its own money."""
    some = described.filter(pc.equal(described.column("reason"), OTHER_CURRENCY))
    counted = some.group_by(ELSEWHERE).aggregate([([], "count_all"), (ABROAD, "sum"), (ABROAD, "count")])
    for each in counted.to_pylist():
        money = each[f"{ABROAD}_sum"] if each[f"{ABROAD}_count"] == each["count_all"] else None
        tally.abroad(each[ELSEWHERE] or "", each["count_all"], money)


def _doubted(target: Target, targets: Sequence[Target]) -> str:
    """SQL of whether a column fails, or one of its source columns does for another one."""
    columns = {name for each in targets for name in each.sources}
    checks = [(each, check) for each in targets for check in each.checks]
    others = [
        nth
        for nth, (each, check) in enumerate(checks)
        if each is not target
        and not set((check.column,) if check.column in columns else each.sources).isdisjoint(target.sources)
    ]
    return f"({target.fails})" + (f" OR list_has_any(broken, {others})" if others else "")


def _shown(raw: str, cells: bool) -> str:
    """SQL of a raw value as a person sees it: a workbook's cell without the mark of its type."""
    text = f"CAST({raw} AS VARCHAR)"
    return f"regexp_replace({text}, {quoted(_MARKED)}, '\\1', 'g')" if cells else text
