"""Overlaps: rows that stand identically in two files of a table, as when exports of two periods share some days.

Only days that two files cover are looked at, and of their rows only those whose hash stands in two files are
compared, column by column: files that follow one another cost next to nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from perfkit import schema
from perfkit.errors import DataError
from perfkit.sources.files import literally, named, quoted
from perfkit.sources.tally import plain

ENOUGH = 10
"""Two files overlap when one row in so many of the smaller one stands in the other too."""

SHOWN = 3
"""First ids that are named."""


@dataclass(frozen=True)
class Overlap:
    """Rows that two files share.

    Attributes
    ----------
    first, second : str
        The files' names.
    rows : int
        Rows of the second that stand in the first too.
    identified : int
        Those of them with an id: of a sale, its order.
    smaller : int
        Accepted rows of the smaller file.
    money : Decimal or None
        Their sum; None where the table has no money.
    ids : tuple of str
        The first ids among them, in the order of the file.
    days : tuple of str or None
        First and last day among them; None where the table has no date.
    """

    first: str
    second: str
    rows: int
    identified: int
    smaller: int
    money: Decimal | None
    ids: tuple[str, ...]
    days: tuple[str, str] | None

    @property
    def much(self) -> bool:
        """Whether they are too many to be a coincidence."""
        return self.identified >= 2 and self.identified * ENOUGH >= self.smaller

    def entry(self) -> dict[str, Any]:
        """Return what load.json says of it."""
        money = None if self.money is None else plain(self.money)
        return {"first": self.first, "second": self.second, "rows": self.rows, "money": money}

    def __str__(self) -> str:
        one, more = self.rows == 1, self.rows > len(self.ids)
        ids = f" ({'first: ' if more else ''}{', '.join(self.ids)})" if self.ids else ""
        money = "" if self.money is None else f", {Decimal(plain(self.money)):,f} in all"
        days = ""
        if self.days:
            days = f", of {self.days[0]}" if self.days[0] == self.days[1] else f", of {self.days[0]} to {self.days[1]}"
        return (
            f"{self.rows:,} row{'' if one else 's'} of {self.second} stand{'s' if one else ''} identically in "
            f"{self.first}{ids}{money}{days}"
        )


def settled(
    table: str,
    path: Path,
    files: Sequence[tuple[str, int]],
    columns: Sequence[str],
    engine: duckdb.DuckDBPyConnection,
    *,
    meant: bool,
) -> list[Overlap]:
    """Return the rows that stand in two files, unless they are too many; parameters as of `found`.

    Parameters
    ----------
    meant : bool
        Whether the settings say that they are no repetition.

    Raises
    ------
    DataError
        If two files overlap and that is not meant.
    """
    pairs = found(table, path, files, columns, engine)
    much = next((pair for pair in pairs if pair.much), None)
    if much and not meant:
        share = min(much.rows / much.smaller, 1)
        others = sum(pair.much for pair in pairs) - 1
        more = f" {others:,} more pair{'s' if others > 1 else ''} of files overlap{'' if others > 1 else 's'}."
        raise DataError(
            f"{table}: {much}: {share:.0%} of the smaller file.{more if others else ''} What stands in two files would "
            f"count twice. Export periods that do not overlap, or keep one of the files; if they are different rows "
            f"that only look alike, write overlap = true in [tables.{table}]."
        )
    return pairs


LINE = ("order_id", "product_id", "date")
"""What tells a line of sales from others, whatever its amounts."""


def corrected(
    table: str,
    path: Path,
    files: Sequence[tuple[str, int]],
    columns: Sequence[str],
    alike: Sequence[Overlap],
    engine: duckdb.DuckDBPyConnection,
) -> list[str]:
    """Return what should be said about lines of two files that are the same but for their amounts.

    They may be a corrected export beside the first one. Parameters as of `found`; `alike` is what it returned.
    """
    if not set(LINE) <= set(columns):
        return []
    known = {(pair.first, pair.second): pair.rows for pair in alike}
    said = []
    for pair in found(table, path, files, LINE, engine):
        rows = pair.rows - known.get((pair.first, pair.second), 0)
        if pair.identified and rows:
            said.append(
                f"{rows:,} row{'' if rows == 1 else 's'} of {pair.second} {'has' if rows == 1 else 'have'} the order, "
                f"product and day of a row of {pair.first}, but not its amounts (first: {pair.ids[0]}). Both count: if "
                "one is a corrected export of the other, keep that one alone."
            )
    return said


def notices(pairs: Sequence[Overlap], *, meant: bool) -> list[str]:
    """Return what should be said about rows that stand in two files; `meant` as of `settled`."""
    because = "as overlap = true says, they count twice" if meant else "they count twice"
    return [f"{pair}; {because}." for pair in pairs]


def found(
    table: str,
    path: Path,
    files: Sequence[tuple[str, int]],
    columns: Sequence[str],
    engine: duckdb.DuckDBPyConnection,
) -> list[Overlap]:
    """Find the rows that stand in two files, alike in all their columns; the pair with most of them comes first.

    A row in three files counts for the first and the second, and for the second and the third.

    Parameters
    ----------
    table : str
        The canonical table.
    path : Path
        Its accepted rows, file after file.
    files : sequence of (str, int)
        Each file's name and how many accepted rows are its, in the order in which they were written.
    columns : sequence of str
        The columns that were written.
    engine : DuckDBPyConnection
    """
    filled = [(name, rows) for name, rows in files if rows]
    if len(filled) < 2:
        return []
    declared = schema.TABLES[table]
    types = {column.name: column.type for column in declared.columns}
    day = next((name for name in columns if types.get(name) in ("date", "timestamp")), None)
    when = f"CAST({named(day)} AS DATE)" if day else "NULL::DATE"
    source = f"read_parquet({quoted(literally(path.resolve()))}, file_row_number = true)"
    starts = [sum(rows for _, rows in filled[:number]) for number in range(len(filled))]
    numbered = f'(SELECT *, {file_of(starts)} AS "its file" FROM {source})'
    where = "true" if day is None else _on_shared_days(engine, numbered, when)
    if where is None:
        return []
    every = ", ".join(map(named, columns))
    engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE doubted AS
        SELECT hash({every}) AS "its hash" FROM {numbered} WHERE {where}
        GROUP BY ALL HAVING min("its file") < max("its file")
    """)
    money = named(declared.money) if declared.money and declared.money in columns else "NULL::DECIMAL(18, 4)"
    id_ = next(column.name for column in declared.columns if column.type == "id" or column is declared.columns[-1])
    label = f"CAST({named(id_)} AS VARCHAR)" if id_ in columns and types[id_] == "id" else "NULL::VARCHAR"
    pairs = engine.execute(f"""
        WITH alike AS (
            SELECT {every}, "its file", count(*) AS "its times", min(file_row_number) AS "its row"
            FROM {numbered} SEMI JOIN doubted ON hash({every}) = "its hash" WHERE {where} GROUP BY ALL
        ), pairs AS (
            SELECT {label} AS label, {money} AS amount, {when} AS day, "its row" AS place, "its file" AS this,
                   lag("its file") OVER same AS other, least("its times", lag("its times") OVER same) AS times
            FROM alike WINDOW same AS (PARTITION BY {every} ORDER BY "its file")
        )
        SELECT other, this, sum(times)::BIGINT AS rows, coalesce(sum(times) FILTER (label IS NOT NULL), 0)::BIGINT,
               sum(amount * times), CAST(min(day) AS VARCHAR), CAST(max(day) AS VARCHAR),
               arg_min(label, place, {SHOWN * 10})
        FROM pairs WHERE other IS NOT NULL GROUP BY other, this ORDER BY rows DESC, other, this
    """).fetchall()
    engine.execute("DROP TABLE doubted")
    return [
        Overlap(
            filled[other][0],
            filled[this][0],
            rows,
            identified,
            min(filled[other][1], filled[this][1]),
            money,
            tuple(dict.fromkeys(labels or ()))[:SHOWN],
            (first, last) if first else None,
        )
        for other, this, rows, identified, money, first, last, labels in pairs
    ]


def file_of(starts: list[int], first: int = 0) -> str:
    """Return SQL of the number of the file in which an accepted row lies, by bisection; `starts`: their first rows."""
    if len(starts) == 1:
        return str(first)
    half = len(starts) // 2
    before, after = file_of(starts[:half], first), file_of(starts[half:], first + half)
    return f"CASE WHEN file_row_number < {starts[half]} THEN {before} ELSE {after} END"


def _on_shared_days(engine: duckdb.DuckDBPyConnection, numbered: str, when: str) -> str | None:
    """SQL of whether a row's day lies where two files have rows; None where there is no such day."""
    covered = engine.execute(
        f"SELECT CAST(min({when}) AS VARCHAR), CAST(max({when}) AS VARCHAR), bool_or({when} IS NULL) "
        f'FROM {numbered} GROUP BY "its file"'
    ).fetchall()
    spans = sorted((first, last) for first, last, _ in covered if first)
    parts = [f"{when} IS NULL"] if sum(undated for *_, undated in covered) > 1 else []
    until = ""
    for first, last in spans:
        if first <= until:
            parts.append(f"{when} BETWEEN DATE '{first}' AND DATE '{min(until, last)}'")
        until = max(until, last)
    return " OR ".join(dict.fromkeys(parts)) or None
