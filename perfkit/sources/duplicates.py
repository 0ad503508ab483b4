"""Duplicates: a dimension's keys stand once each, or the settings say which row stays."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from perfkit.errors import DataError
from perfkit.schema import Table
from perfkit.sources.columns import Target
from perfkit.sources.files import literally, named, quoted
from perfkit.sources.settings import TableSettings
from perfkit.sources.tally import Tally


def settle_duplicates(
    declared: Table,
    settings: TableSettings,
    path: Path,
    opened: list[Any],
    places: "np.ndarray[Any, np.dtype[np.int64]]",
    targets: list[Target],
    engine: duckdb.DuckDBPyConnection,
    tally: Tally,
) -> tuple[list[str], "np.ndarray[Any, np.dtype[np.int64]]"]:
    """Refuse a key that stands on several accepted rows, or keep the first or the last as the settings say.

    Returns
    -------
    list of str, array
        What was settled, as one notice, if anything was; the numbers of the rows that were taken out.

    Raises
    ------
    DataError
        Names how many of how many, the first of them and its lines.
    """
    nothing = np.empty(0, np.int64)
    if not all(key in {target.name for target in targets} for key in declared.key) or not len(places):
        return [], nothing
    keys = ", ".join(named(key) for key in declared.key)
    rows = f"read_parquet({quoted(literally(path.resolve()))}, file_row_number = true)"
    twice = engine.execute(
        f"SELECT list(file_row_number ORDER BY file_row_number) AS at FROM {rows} "
        f"GROUP BY {keys} HAVING count(*) > 1 ORDER BY min(file_row_number)"
    ).fetchall()
    if not twice:
        return [], nothing
    if settings.keep is None:
        raise _stands_twice(declared, twice, path, opened, places, engine)
    gone = np.array(sorted(row for (at,) in twice for row in (at[1:] if settings.keep == "first" else at[:-1])))
    rule = tally.rule(", ".join(declared.key), "stands on several rows", f"keep = {settings.keep!r}")
    table = taken_out(path, gone, rule, tally)
    return [_settled(declared, settings, twice, table, opened, places)], gone


def taken_out(path: Path, gone: "np.ndarray[Any, np.dtype[np.int64]]", rule: int, tally: Tally) -> pa.Table:
    """Take accepted rows out of a table's file, count them under a rule, and return the table as it was before."""
    table = pq.read_table(path)
    stays = np.ones(len(table), bool)
    stays[gone] = False
    dropped = table.take(gone)
    sums = {
        column: sum((v for v in dropped.column(column).to_pylist() if v is not None), start=Decimal(0))
        for column in tally.amounts
    }
    tally.rows["accepted"] -= len(gone)
    for column, amount in sums.items():
        tally.add("accepted", column, -amount)
    tally.exclude(rule, len(gone), sums, {column: dropped.column(column).null_count for column in tally.amounts})
    pq.write_table(table.filter(stays), path, store_decimal_as_integer=True, write_page_checksum=True)
    return table


def _settled(
    declared: Table,
    settings: TableSettings,
    twice: list[tuple[list[int]]],
    table: pa.Table,
    opened: list[Any],
    places: "np.ndarray[Any, np.dtype[np.int64]]",
) -> str:
    """How many keys stood on several rows, and of one in several files whose row stayed."""
    what, keep = " and ".join(declared.key), settings.keep
    said = f"{len(twice):,} {'value' if len(twice) == 1 else 'values'} of {what} stood on more than one row; "
    said += f"the {keep} row of each stayed (keep = {keep!r}), files counting in the order in which they are read"
    for (at,) in twice:
        stayed, gone = (at[0], at[-1]) if keep == "first" else (at[-1], at[0])
        kept, left = (opened[places[row][0]].file.name for row in (stayed, gone))
        if kept != left:
            shown = ", ".join(f'"{table.column(key)[stayed].as_py()}"' for key in declared.key)
            return f"{said}: of {shown} the row of {kept} stayed, and not that of {left}."
    return f"{said}."


def _stands_twice(
    declared: Table,
    twice: list[tuple[list[int]]],
    path: Path,
    opened: list[Any],
    places: "np.ndarray[Any, np.dtype[np.int64]]",
    engine: duckdb.DuckDBPyConnection,
) -> DataError:
    keys = ", ".join(named(key) for key in declared.key)
    rows = f"read_parquet({quoted(literally(path.resolve()))}, file_row_number = true)"
    [(distinct,)] = engine.execute(f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM {rows})").fetchall()
    at = twice[0][0][:2]
    [first] = engine.execute(f"SELECT {keys} FROM {rows} WHERE file_row_number = {at[0]}").fetchall()
    shown = ", ".join(f'"{value}"' for value in first)
    located = []
    for row in at:
        export, number = opened[places[row][0]], places[row][1]
        located.append((export.file.name, next(iter(export.rows(np.array([number])))).lines[0]))
    (file, line), (other, line2) = located
    where = (
        f"lines {line} and {line2} of {file}" if file == other else f"line {line} of {file} and line {line2} of {other}"
    )
    what = " and ".join(declared.key)
    return DataError(
        f"{declared.name}: {len(twice):,} of {distinct:,} values of {what} stand on more than "
        f"one row (first: {shown}, {where}).\n"
        f"What stands twice would count its sales twice.\n"
        f'Keep one row each, or say which is right: [tables.{declared.name}] keep = "last".'
    )
