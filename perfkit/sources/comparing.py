"""Comparing: what changed from one snapshot to the next, in rows and money, month by month?"""

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd

from perfkit import schema
from perfkit.sources import engines
from perfkit.sources.files import literally, named, quoted
from perfkit.sources.snapshots import Snapshot

_ZERO = Decimal(0)
COLUMNS = ["table", "month", "added_rows", "added", "changed_rows", "changed", "gone_rows", "gone"]


def changes(old: Snapshot, new: Snapshot) -> pd.DataFrame:
    """Return the rows and money that came, changed and went between two snapshots.

    A row is the same if all the columns that both snapshots have are; of the others, an old and a new row
    with the same key (in sales: order and product) are one row that changed, in its new month.

    Returns
    -------
    DataFrame, one row a table and month with a difference
        month: first day, or missing where the table has no date. added, changed, gone: money (missing where
        the table has none), exact; new total = old total + added + changed - gone.
    """
    frames = []
    with (
        TemporaryDirectory(prefix="perfkit-spill-") as spill,
        engines.locked(folders=[old.path, new.path], spill=Path(spill)) as engine,
    ):
        for name in dict.fromkeys((*old.names, *new.names)):
            frames.append(_table(engine, name, old, new))
    return pd.concat(frames, ignore_index=True).reindex(columns=COLUMNS)


def _table(engine: duckdb.DuckDBPyConnection, name: str, old: Snapshot, new: Snapshot) -> pd.DataFrame:
    sides: dict[str, str | None] = {}
    for side, snapshot in (("old", old), ("new", new)):
        sides[side] = None
        if name in snapshot.names:
            snapshot.table(name)  # proves the file
            sides[side] = f"read_parquet({quoted(literally(snapshot.path.resolve() / f'{name}.parquet'))})"
    declared = schema.TABLES[name]
    types = [
        {str(row[0]): str(row[1]) for row in engine.execute(f"DESCRIBE SELECT * FROM {path}").fetchall()}
        for path in sides.values()
        if path
    ]
    shared = [column for column in types[0] if all(column in each for each in types)]
    some = {
        side: path or f"(SELECT * FROM {next(p for p in sides.values() if p)} LIMIT 0)" for side, path in sides.items()
    }
    date = next((c.name for c in declared.columns if c.type in ("date", "timestamp") and c.name in shared), None)
    key = [column for column in declared.key or ("order_id", "product_id") if column in shared]
    money = declared.money if declared.money in shared else None
    return _differences(engine, some, shared, key, date, money).assign(table=name)


def _differences(
    engine: duckdb.DuckDBPyConnection,
    some: dict[str, str],
    shared: list[str],
    key: list[str],
    date: str | None,
    money: str | None,
) -> pd.DataFrame:
    columns = ", ".join(map(named, shared))
    rest = {
        side: f"(SELECT {columns} FROM {some[side]} EXCEPT ALL SELECT {columns} FROM {some[other]})"
        for side, other in (("old", "new"), ("new", "old"))
    }
    month = f"date_trunc('month', {named(date)})::DATE" if date else "NULL::DATE"
    amount = named(money) if money else "NULL::DECIMAL(18, 4)"
    keys = ", ".join(map(named, key)) or "NULL"
    whole = " AND ".join(f"{named(column)} IS NOT NULL" for column in key) or "false"
    numbered = {
        side: f"SELECT {month} AS month, {amount} AS amount, CASE WHEN {whole} THEN row({keys}) END AS key, "
        f"row_number() OVER (PARTITION BY {keys} ORDER BY {columns}) AS nth FROM {rest[side]}"
        for side in rest
    }
    query = f"""
        WITH old AS ({numbered["old"]}), new AS ({numbered["new"]}),
        paired AS (
            SELECT coalesce(new.month, old.month) AS month, old.amount AS before, new.amount AS after,
                   old.nth IS NOT NULL AS was, new.nth IS NOT NULL AS is_
            FROM old FULL JOIN new ON old.key = new.key AND old.nth = new.nth
        )
        SELECT month,
               count(*) FILTER (is_ AND NOT was) AS added_rows, sum(after) FILTER (is_ AND NOT was) AS added,
               count(*) FILTER (is_ AND was) AS changed_rows,
               coalesce(sum(after) FILTER (is_ AND was), 0) - coalesce(sum(before) FILTER (is_ AND was), 0) AS changed,
               count(*) FILTER (was AND NOT is_) AS gone_rows, sum(before) FILTER (was AND NOT is_) AS gone
        FROM paired GROUP BY month ORDER BY month
    """
    found = engine.sql(query).to_arrow_table().to_pylist()
    frame = pd.DataFrame(found, columns=COLUMNS[1:], dtype="object")
    for column in ("added", "changed", "gone"):
        zero = None if money is None else _ZERO
        frame[column] = [zero if value is None or money is None else value for value in frame[column]]
    for column in ("added_rows", "changed_rows", "gone_rows"):
        frame[column] = frame[column].astype("int64")
    return frame
