"""Taking: one table's files, row for row into accepted, excluded or quarantined."""

from collections.abc import Callable
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from perfkit.errors import DataError, EngineError
from perfkit.schema import Table
from perfkit.sources import exclusions
from perfkit.sources.columns import Source, Target, plan, steps
from perfkit.sources.duplicates import settle_duplicates
from perfkit.sources.files import ExportFile, literally, named, quoted
from perfkit.sources.quarantine import REASONS, Quarantine
from perfkit.sources.read_csv import CsvExport
from perfkit.sources.read_parquet import ParquetExport
from perfkit.sources.settings import Control, TableSettings
from perfkit.sources.tally import Tally

ROWS_AT_A_TIME = 122_880
ROW_GROUP = 4 * ROWS_AT_A_TIME
UNKNOWN = "unknown "
"""Before an amount's name: whether an excluded row has one that cannot be read; no column's own name holds a space."""

Export = CsvExport | ParquetExport


def take_table(
    declared: Table,
    found: list[ExportFile],
    settings: TableSettings,
    control: Control,
    *,
    currency: str,
    engine: duckdb.DuckDBPyConnection,
    work: Path,
    spill: Path,
    quarantine: Quarantine,
    step: Callable[[str], None],
) -> dict[str, Any]:
    """Write a table's accepted rows to <table>.parquet, the others to the quarantine, and return what load.json says.

    Raises
    ------
    DataError
        If a file has not the columns declared, no row can be accepted, keys stand twice or a total is missed.
    """
    path = work / f"{declared.name}.parquet"
    opened: list[Export] = []
    for file in found:
        step(f"{declared.name}: examining {file.name}")
        opened.append(_open(file, declared.name, settings))
    plans = [plan(declared, settings, export.source, currency=currency) for export in opened]
    shapes = [[(target.name, target.type) for target in targets] for targets in plans]
    if any(shape != shapes[0] for shape in shapes):
        raise _different(declared, opened, shapes)
    amounts = tuple(target.name for target in plans[0] if target.type in ("money", "quantity"))
    tally = Tally.of(declared.name, amounts, settings.exclude)
    tally.seen = sum(export.records for export in opened)
    if not tally.seen:
        raise DataError(f"{found[0].name} holds a header and no row. Export it again.")
    writer = _Writer(path, plans[0], tally, keep_places=bool(declared.key))
    for number, (export, targets) in enumerate(zip(opened, plans, strict=True)):
        step(f"{declared.name}: reading {export.file.name}")
        _take(export, number, targets, declared, settings, engine, spill, writer, quarantine, tally)
    writer.close()
    if not tally.rows["accepted"] and tally.rows["quarantined"]:
        raise _all_failed(declared, tally, quarantine.example[declared.name])
    if declared.key:
        settle_duplicates(declared, settings, path, opened, writer.places, plans[0], engine, tally)
    step(f"{declared.name}: reconciling")
    observed = _conserve(path, plans[0], engine, tally)
    notices = [notice for export in opened for notice in export.notices]
    notices += _notices(declared, settings, opened, plans, tally)
    return {
        **tally.report(),
        "files": [
            {"name": each.file.name, "bytes": each.file.bytes, "sha256": each.file.sha256, "rows": each.records}
            for each in opened
        ],
        "format": settings.format.model_dump(mode="json") if any(isinstance(e, CsvExport) for e in opened) else None,
        "columns": {target.name: _made_from(target.name, settings) for target in plans[0]},
        "not_read": _not_read(settings, opened, plans),
        "observed": observed,
        "control": tally.control(control),
        "notices": notices,
    }


def _open(file: ExportFile, table: str, settings: TableSettings) -> Export:
    return ParquetExport(file, table) if file.kind == "parquet" else CsvExport(file, table, settings.format)


def _different(declared: Table, opened: list[Export], shapes: list[list[tuple[str, str]]]) -> DataError:
    """Two files of a table would give it different columns."""
    first = dict(shapes[0])
    for export, shape in zip(opened, shapes, strict=True):
        odd = first.keys() ^ dict(shape).keys()
        if odd:
            name = sorted(odd)[0]
            has, lacks = (export, opened[0]) if name in dict(shape) else (opened[0], export)
            return DataError(
                f"{declared.name}: {has.file.name} has a column {name!r} and {lacks.file.name} has none. Half a column "
                f"would look like missing values. Give both the same columns, or map those they share: "
                f"[tables.{declared.name}.columns]"
            )
    return DataError(f"{declared.name}: its files have different columns.")


def _take(
    export: Export,
    number: int,
    targets: list[Target],
    declared: Table,
    settings: TableSettings,
    engine: duckdb.DuckDBPyConnection,
    spill: Path,
    writer: "_Writer",
    quarantine: Quarantine,
    tally: Tally,
) -> None:
    """Stream one file through the casts and sort its rows by what becomes of them."""
    excluded = exclusions.conditions(declared, settings, export.source, targets)
    if isinstance(export, CsvExport):
        relation = export.relation(spill)
    else:
        engine.register("export", export.reader(_needed(settings, export.source, targets)))
        relation = "export"
    failed: list[np.ndarray] = []  # type: ignore[type-arg]
    base = 0
    for batch in engine.sql(_query(relation, targets, excluded)).to_arrow_reader(ROWS_AT_A_TIME):
        status = batch.column("status").to_numpy()
        failed.append(np.flatnonzero(status < 0) + base)
        writer.add(batch, status, number, base)
        base += len(batch)
    whole = export.records - len(export.broken)
    if base != whole:
        raise EngineError(
            f"{export.file.name}: {whole:,} whole records were counted and {base:,} read, so nothing was kept. "
            "Please report this."
        )
    quarantine.add_broken(declared.name, export.file.name, export.broken, tally)
    wanted = np.concatenate(failed) if failed else np.empty(0, np.int64)
    if len(wanted):
        if len(wanted) == whole and len(wanted) > 1000:  # nothing passed: a thousand say why
            wanted = wanted[:1000]
            tally.seen -= whole - 1000
        quarantine.add_failed(declared.name, export.file.name, export.rows(wanted), targets, engine, tally)


def _needed(settings: TableSettings, source: Source, targets: list[Target]) -> list[str]:
    named_ = [name for target in targets for name in target.sources]
    named_ += [rule.column for rule in settings.exclude if rule.column in source.names]
    return [name for name in source.names if name in named_]


def _query(relation: str, targets: list[Target], excluded: list[str]) -> str:
    rules = "".join(f" WHEN {condition} THEN {number}" for number, condition in enumerate(excluded, 1))
    fails = " OR ".join(f"({target.fails})" for target in targets)
    values = ", ".join(f"{target.alias} AS {named(target.name)}" for target in targets)
    status = f"CAST(CASE{rules} WHEN {fails} THEN -1 ELSE 0 END AS SMALLINT)"
    unknown = "".join(
        f", CASE WHEN status > 0 THEN {target.unreadable} END AS {named(UNKNOWN + target.name)}"
        for target in targets
        if excluded and target.type in ("money", "quantity")
    )
    return f"SELECT {values}, status{unknown} FROM (SELECT *, {status} AS status FROM {steps(relation, targets)})"


class _Writer:
    """The accepted rows being written, and the excluded ones counted."""

    def __init__(self, path: Path, targets: list[Target], tally: Tally, *, keep_places: bool) -> None:
        self._path = path
        self._tally = tally
        self._dictionary = [target.name for target in targets if target.type == "text"]
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.RecordBatch] = []
        self._keep_places = keep_places
        self._places: list[np.ndarray] = []  # type: ignore[type-arg]

    def add(self, batch: pa.RecordBatch, status: np.ndarray, file: int, base: int) -> None:  # type: ignore[type-arg]
        values = batch.select(
            [name for name in batch.schema.names if name != "status" and not name.startswith(UNKNOWN)]
        )
        passed = status == 0
        for rule in np.unique(status[status > 0]):
            left_out = batch.filter(pa.array(status == rule))
            sums = {column: _sum(left_out, column) for column in self._tally.amounts}
            unknown = {column: left_out.column(UNKNOWN + column).true_count for column in self._tally.amounts}
            self._tally.exclude(int(rule) - 1, len(left_out), sums, unknown)
        if not passed.all():
            values = values.filter(pa.array(passed))
        self._tally.rows["accepted"] += len(values)
        for column in self._tally.amounts:
            self._tally.add("accepted", column, _sum(values, column))
        if self._keep_places:
            where = np.flatnonzero(passed) + base
            self._places.append(np.column_stack((np.full(len(where), file), where)))
        self._waiting.append(values)
        if sum(len(each) for each in self._waiting) >= ROW_GROUP:
            self._flush()

    @property
    def places(self) -> np.ndarray:  # type: ignore[type-arg]
        """File number and row number of each accepted row."""
        return np.concatenate(self._places) if self._places else np.empty((0, 2), np.int64)

    def _flush(self) -> None:
        if not self._waiting:
            return
        rows = pa.Table.from_batches(self._waiting)
        self._waiting = []
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._path,
                rows.schema,
                compression="snappy",
                use_dictionary=self._dictionary,
                store_decimal_as_integer=True,
                write_page_checksum=True,
            )
        self._writer.write_table(rows, row_group_size=ROW_GROUP)

    def close(self) -> None:
        self._flush()
        if self._writer:
            self._writer.close()


def _sum(rows: pa.RecordBatch, column: str) -> Decimal:
    total = pc.sum(rows.column(column)).as_py()
    return Decimal(0) if total is None else total


def _all_failed(declared: Table, tally: Tally, example: str) -> DataError:
    most = sorted(tally.reasons.items(), key=lambda each: -each[1])
    reasons = " ".join(f"{REASONS[code]} ({rows:,} rows)" for code, rows in most)
    return DataError(
        f"{declared.name}: no row could be accepted. {reasons} First: {example}. "
        f"Most often the format is not the declared one: see [tables.{declared.name}] format."
    )


def _conserve(
    path: Path, targets: list[Target], engine: duckdb.DuckDBPyConnection, tally: Tally
) -> dict[str, str | None] | None:
    """Read what was written and hold it against what was seen; return the days it covers."""
    day = next((target.name for target in targets if target.type in ("date", "timestamp")), None)
    wanted = [f"sum({named(column)})" for column in tally.amounts]
    if day:
        wanted += [
            f"CAST(min(CAST({named(day)} AS DATE)) AS VARCHAR)",
            f"CAST(max(CAST({named(day)} AS DATE)) AS VARCHAR)",
        ]
    query = f"SELECT {', '.join(['count(*)', *wanted])} FROM read_parquet({quoted(literally(path.resolve()))})"
    [(count, *rest)] = engine.execute(query).fetchall()  # fetchone would leave the engine busy
    sums = {column: rest[number] or Decimal(0) for number, column in enumerate(tally.amounts)}
    tally.conserve(count, sums)
    return {"column": day, "first": rest[-2], "last": rest[-1]} if day else None


def _notices(
    declared: Table, settings: TableSettings, opened: list[Export], plans: list[list[Target]], tally: Tally
) -> list[str]:
    said = []
    for rule in tally.rules:
        if not rule["rows"]:
            said.append(f"The rule {rule['column']} {rule['test']} ({rule['because']}) matches no row.")
    known = {column.name for column in declared.columns}
    for target in plans[0]:
        guess = next(iter(get_close_matches(target.name, known, n=1, cutoff=0.8)), None)
        if target.name not in known and guess and guess not in settings.columns:
            said.append(f"Column {target.name} is kept as text: the schema has none of that name. It has {guess}.")
    for export, targets in zip(opened, plans, strict=True):
        for target in targets:
            kinds = {export.source.kind(name) for name in target.sources}
            if target.type in ("money", "quantity") and "float64" in kinds:
                said.append(
                    f"{export.file.name}: float money: {target.name} comes from floating point; each value is taken as "
                    "the decimal of at most four places (six in a product) that it is the nearest double of."
                )
            if target.type == "id" and "float64" in kinds:
                said.append(f"{export.file.name}: {target.name} is a float there; 17850.0 was taken as 17850.")
    return said


def _made_from(name: str, settings: TableSettings) -> str:
    mapping = settings.columns.get(name)
    if mapping is None:
        return name
    if mapping.how == "value":
        return f"constant {mapping.value}"
    signs = {"column": "", "multiply": " × ", "add": " + ", "subtract": " - ", "join": " & "}
    return signs[mapping.how].join(mapping.sources)


def _not_read(settings: TableSettings, opened: list[Export], plans: list[list[Target]]) -> list[str]:
    unread: dict[str, None] = {}
    for export, targets in zip(opened, plans, strict=True):
        used = set(_needed(settings, export.source, targets))
        unread |= dict.fromkeys(name for name in export.source.names if name not in used)
    return list(unread)
