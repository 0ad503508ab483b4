"""Taking: one table's files, row for row into accepted, excluded or quarantined."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from perfkit.errors import DataError, EngineError, ParameterError
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
from perfkit.sources.writing import LEFT_OUT, ROWS_AT_A_TIME, STATUS, UNKNOWN, Writer

Export = CsvExport | ParquetExport

MANY = 100
"""Quarantined rows from which their share is held against `max_quarantined`."""

SAMPLE = 1000
"""Failed rows of a file that are looked at when none passed."""


@dataclass(frozen=True)
class Workplace:
    """What every table of a load shares.

    Attributes
    ----------
    engine : DuckDBPyConnection
    folder : Path
        Where the tables are written.
    spill : Path
        For what is deleted in the end.
    quarantine : Quarantine
    currency, timezone : str
        The company's.
    step : callable
        Told in words what is being done.
    """

    engine: duckdb.DuckDBPyConnection
    folder: Path
    spill: Path
    quarantine: Quarantine
    currency: str
    timezone: str
    step: Callable[[str], None]


def take_table(
    declared: Table, found: list[ExportFile], settings: TableSettings, control: Control, place: Workplace
) -> dict[str, Any]:
    """Write a table's accepted rows to <table>.parquet, the others to the quarantine, and return what load.json says.

    Raises
    ------
    DataError
        If a file has not the columns declared, no row can be accepted, keys stand twice or a total is missed.
    """
    _refuse_twins(declared, found)
    if settings.keep and not declared.key:
        raise ParameterError(
            f"[tables.{declared.name}] keep: its rows have no key, so none is a duplicate. Leave it out."
        )
    opened: list[Export] = []
    for file in found:
        place.step(f"{declared.name}: examining {file.name}")
        opened.append(_open(file, declared.name, settings, place))
    plans = [plan(declared, settings, export.source, currency=place.currency) for export in opened]
    shapes = [[(target.name, target.type) for target in targets] for targets in plans]
    if any(shape != shapes[0] for shape in shapes):
        raise _different(declared, opened, shapes)
    amounts = tuple(target.name for target in plans[0] if target.type in ("money", "quantity"))
    tally = Tally.of(declared.name, amounts, settings.exclude)
    tally.seen = sum(export.records for export in opened)
    if not tally.seen:
        raise DataError(f"{found[0].name} holds a header and no row. Export it again.")
    writer = Writer(place.folder / f"{declared.name}.parquet", plans[0], tally, keep_places=bool(declared.key))
    failed = []
    for number, (export, targets) in enumerate(zip(opened, plans, strict=True)):
        place.step(f"{declared.name}: reading {export.file.name}")
        excluded = exclusions.conditions(declared, settings, export.source, targets)
        failed.append(_stream(export, number, _query(export, targets, excluded, settings, place), writer, place))
    writer.close()
    _set_aside(declared, opened, plans, failed, place, tally, settings)
    if declared.key:
        settle_duplicates(declared, settings, writer.path, opened, writer.places, plans[0], place.engine, tally)
    place.step(f"{declared.name}: reconciling")
    observed = _conserve(writer.path, plans[0], place.engine, tally)
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


def _refuse_twins(declared: Table, found: list[ExportFile]) -> None:
    first: dict[str, ExportFile] = {}
    for file in found:
        twin = first.setdefault(file.sha256, file)
        if twin is not file:
            raise DataError(
                f"{declared.name}: {twin.name} and {file.name} are the same file twice, byte for byte. Its rows would "
                "count twice. Remove one of them."
            )


def _open(file: ExportFile, table: str, settings: TableSettings, place: Workplace) -> Export:
    if file.kind == "parquet":
        return ParquetExport(file, table, settings.format.null, place.timezone)
    return CsvExport(file, table, settings.format)


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


def _stream(
    export: Export, number: int, query: str, writer: Writer, place: Workplace
) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Stream one file through the casts, and return the numbers of the rows that failed."""
    failed = [np.empty(0, np.int64)]
    base = 0
    try:
        for batch in place.engine.sql(query).to_arrow_reader(ROWS_AT_A_TIME):
            status = batch.column(STATUS).to_numpy()
            failed.append(np.flatnonzero(status < 0) + base)
            writer.add(batch, status, number, base)
            base += len(batch)
    except (duckdb.Error, pa.ArrowException, OSError):
        if isinstance(export, ParquetExport) and export.failure:
            raise export.failure from None
        raise
    whole = export.records - len(export.broken)
    if base != whole:
        raise EngineError(
            f"{export.file.name}: {whole:,} whole records were counted and {base:,} read, so nothing was kept. "
            "Please report this."
        )
    return np.concatenate(failed)


def _set_aside(
    declared: Table,
    opened: list[Export],
    plans: list[list[Target]],
    failed: "list[np.ndarray[Any, np.dtype[np.int64]]]",
    place: Workplace,
    tally: Tally,
    settings: TableSettings,
) -> None:
    """Find the failed rows again, say why each failed, and keep it; refuse a table of which nothing is left."""
    nothing_left = not tally.rows["accepted"] and not tally.rows["excluded"]
    for export, targets, wanted in zip(opened, plans, failed, strict=True):
        place.quarantine.add_broken(declared.name, export.file.name, export.broken, tally)
        some = wanted[:SAMPLE] if nothing_left else wanted
        if len(some):
            rows = export.rows(some)
            place.quarantine.add_failed(declared.name, export.file.name, rows, targets, place.engine, tally)
    if nothing_left:
        most = sorted(tally.reasons.items(), key=lambda each: -each[1])
        reasons = " ".join(f"{REASONS[code]} ({rows:,} rows)" for code, rows in most)
        raise DataError(
            f"{declared.name}: no row could be accepted. {reasons} First: {place.quarantine.example[declared.name]}. "
            f"Most often the format is not the declared one: see [tables.{declared.name}] format."
        )
    aside, taken = tally.rows["quarantined"], tally.rows["quarantined"] + tally.rows["accepted"]
    if aside >= MANY and aside > settings.max_quarantined * taken:
        code, most_rows = max(tally.reasons.items(), key=lambda each: each[1])
        raise DataError(
            f"{declared.name}: {aside:,} of {taken:,} rows cannot be read, most of them because: {REASONS[code]} "
            f"({most_rows:,} rows) First: {place.quarantine.example[declared.name]}. So many are a format that is not "
            f"the declared one, and figures without them would be wrong: see [tables.{declared.name}] format. If they "
            f"are truly unreadable, write max_quarantined = {min(1.0, round(aside / taken + 0.05, 2))} in that block."
        )


def _needed(settings: TableSettings, source: Source, targets: list[Target]) -> list[str]:
    named_ = [name for target in targets for name in target.sources]
    named_ += [rule.column for rule in settings.exclude if rule.column in source.names]
    return [name for name in source.names if name in named_]


def _query(
    export: Export, targets: list[Target], excluded: list[str], settings: TableSettings, place: Workplace
) -> str:
    """SQL of a file's rows as canonical columns, and what becomes of each row."""
    if isinstance(export, CsvExport):
        relation = export.relation(place.spill)
    else:
        relation = "export"
        place.engine.register(relation, export.reader(_needed(settings, export.source, targets)))
    rules = "".join(f" WHEN {condition} THEN {number}" for number, condition in enumerate(excluded, 1))
    fails = " OR ".join(f"({target.fails})" for target in targets)
    values = ", ".join(f"{target.alias} AS {named(target.name)}" for target in targets)
    status = f"CAST(CASE{rules} WHEN {fails} THEN -1 ELSE 0 END AS SMALLINT)"
    unknown = "".join(
        f", CASE WHEN {named(STATUS)} > 0 THEN {target.unreadable} END AS {named(UNKNOWN + target.name)}"
        f", CASE WHEN {named(STATUS)} > 0 THEN {target.exact} END AS {named(LEFT_OUT + target.name)}"
        for target in targets
        if excluded and target.type in ("money", "quantity")
    )
    status = f"{status} AS {named(STATUS)}"
    return f"SELECT {values}, {named(STATUS)}{unknown} FROM (SELECT *, {status} FROM {steps(relation, targets)})"


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
