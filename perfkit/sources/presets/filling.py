"""Filling: exports whose lines lean on the ones above, rewritten once so that each stands for itself.

Some tools write a document's own columns on its first line only. What is rewritten goes to a Parquet file in
the work folder; the raw record that the quarantine shows stays as it stands in the file.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from perfkit.errors import DataError, EngineError, unknown
from perfkit.sources.columns import Source
from perfkit.sources.files import ExportFile, literally, quoted
from perfkit.sources.names import found
from perfkit.sources.places import Lines
from perfkit.sources.rows import Broken, Rows
from perfkit.sources.totals import BEGINS, LOOKED_AT

_DOWN = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"

LEAST = 2
"""Filled cells, beside those that are carried, of a line; an amount alone is as like a total without a label."""


class Export(Protocol):
    """What every reader of an export gives."""

    @property
    def file(self) -> ExportFile:
        """The file that it comes from."""

    @property
    def source(self) -> Source:
        """Its columns."""

    @property
    def records(self) -> int:
        """Records seen."""

    @property
    def broken(self) -> list[Broken]:
        """Records whose structure is wrong."""

    @property
    def notices(self) -> list[str]:
        """What a person should know of the file."""

    @property
    def lines(self) -> Lines:
        """On which lines its whole records stand."""

    def rows(self, wanted: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Iterator[Rows]:
        """Yield the rows of these numbers."""


@dataclass(eq=False)
class Rewritten:
    """An export with some of its columns written anew; it reads as the one it is made from.

    Attributes
    ----------
    export : Export
        What it is made from.
    source : Source
        Its columns, those added last.
    path : Path
        Where they stand, one row a whole record, in the order of the file.
    """

    export: Export
    source: Source
    path: Path
    _starts: npt.NDArray[np.int64] = field(init=False)
    _held: tuple[int, pa.Table] | None = None

    def __post_init__(self) -> None:
        stored = pq.read_metadata(self.path)
        counts = [stored.row_group(number).num_rows for number in range(stored.num_row_groups)]
        self._starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        whole = self.records - len(self.broken)
        if stored.num_rows != whole:
            raise EngineError(
                f"{self.file.name}: {whole:,} whole records were counted and {stored.num_rows:,} rewritten, so nothing "
                "was kept. Please report this."
            )

    def __getattr__(self, name: str) -> Any:
        """What else a reader says of its file (its encoding, what ended its reading) is said of this one too."""
        if name.startswith("_") or name == "export":
            raise AttributeError(name)
        return getattr(self.export, name)

    @property
    def file(self) -> ExportFile:
        """The file that it comes from."""
        return self.export.file

    @property
    def records(self) -> int:
        """Records seen."""
        return self.export.records

    @property
    def broken(self) -> list[Broken]:
        """Records whose structure is wrong; they are not rewritten."""
        return self.export.broken

    @property
    def notices(self) -> list[str]:
        """What a person should know of the file."""
        return self.export.notices

    @property
    def lines(self) -> Lines:
        """On which lines its whole records stand."""
        return self.export.lines

    def relation(self, work: Path) -> str:
        """Return SQL of the whole records as columns c0, c1 ..."""
        return f"read_parquet({quoted(literally(self.path.resolve()))})"

    def rows(self, wanted: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Iterator[Rows]:
        """Yield the rows of these numbers: values as rewritten, records as they stand in the file."""
        for rows in self.export.rows(wanted):
            yield replace(rows, values=self._values(rows.numbers))

    def _values(self, numbers: npt.NDArray[np.int64]) -> pa.Table:
        groups = np.searchsorted(self._starts, numbers, side="right") - 1
        parts = [
            self._group(int(group)).take(pa.array(numbers[groups == group] - self._starts[group]))
            for group in np.unique(groups)
        ]
        return pa.concat_tables(parts) if parts else pq.ParquetFile(self.path).schema_arrow.empty_table()

    def _group(self, number: int) -> pa.Table:
        """A row group; rows are asked for in their order, so that one held is enough."""
        if self._held is None or self._held[0] != number:
            with pq.ParquetFile(self.path) as parquet:
                self._held = (number, parquet.read_row_group(number))
        return self._held[1]


class Filled(Rewritten):
    """An export whose columns stand on the first line of a document only: the lines below take their values over.

    A row that is no line of a document takes none: one that holds a total's label, or of whose other columns
    fewer than two are filled. So a totals row stays without a day, and is told as what it is.

    Parameters
    ----------
    export : Export
    columns : sequence of str
        Which source columns; a value that is there is kept.
    within : str, optional
        Source column that marks a document: a value is carried over lines of one document only, and over none
        where it is missing. Where it is among `columns`, it is carried down first.
    engine : DuckDBPyConnection
    work : Path
        Folder for the copy.

    Raises
    ------
    DataError
        If the file has not one of the columns.
    """

    def __init__(
        self,
        export: Export,
        columns: Sequence[str],
        within: str | None,
        engine: duckdb.DuckDBPyConnection,
        work: Path,
    ) -> None:
        source = export.source
        wanted = [_raw(source, name) for name in columns]
        key = _raw(source, within) if within is not None else None
        carried = [raw for raw in dict.fromkeys(wanted) if raw != key]
        mark = key if key in wanted else None
        line = _is_line(source, {*wanted, *([key] if key else [])}, key if mark is None else None)
        rows = _marked(rows_of(export, engine, work), mark, line)
        path = written(_filled(rows, carried, key), export, engine, work)
        if key and carried and _scattered(path, key, engine):
            path.unlink()
            rows = _marked(rows_of(export, engine, work), mark, line)
            path = written(_filled_apart(rows, carried, key), export, engine, work)
        super().__init__(export, source, path)


def _raw(source: Source, name: str) -> str:
    heading = found(name, source.names)
    if heading is None:
        raise DataError(
            f"{source.file}: {unknown('column', name, source.names)} fill_down names it: without it, lines below the "
            "first of a document would lose what stands there."
        )
    return source.raw(heading)


def rows_of(export: Export, engine: duckdb.DuckDBPyConnection, work: Path) -> str:
    """Return SQL of an export's rows, to be read once; a reader of typed columns is handed to the engine first."""
    if hasattr(export, "relation"):
        return str(export.relation(work))
    known = [name for name, kind in zip(export.source.names, export.source.kinds, strict=True) if kind != "other"]
    engine.register("to_rewrite", export.reader(known))  # type: ignore[attr-defined]
    return "to_rewrite"


def written(query: str, export: Export, engine: duckdb.DuckDBPyConnection, work: Path) -> Path:
    """Write what a query makes of an export's rows, in its order, and return where."""
    path = work / f"rewritten-{uuid.uuid4().hex}.parquet"
    try:
        engine.execute(f"COPY ({query}) TO {quoted(str(path.resolve()))} (FORMAT parquet, COMPRESSION zstd)").fetchall()
    except (duckdb.Error, pa.ArrowException, OSError):
        if failure := getattr(export, "failure", None):
            raise failure from None
        raise
    return path


def _is_line(source: Source, given: set[str], key: str | None) -> str:
    """SQL: whether a row is a line that values may be carried into, told from the columns as they stand in the file.

    Parameters
    ----------
    given : set of str
        The columns that are carried and the one that marks a document: they tell nothing of a line.
    key : str, optional
        The mark, where every line of a document bears it: a label is then looked for in the first columns alone,
        since a product that is called like a total belongs to its document.
    """
    kinds = {f"c{number}": kind for number, kind in enumerate(source.kinds) if kind != "other"}
    texts = [raw for raw, kind in kinds.items() if kind in ("text", "cell")]
    first = [raw for raw in texts if int(raw[1:]) < LOOKED_AT and raw != key]
    labelled = _any_begins(first)
    if key is None:
        labelled = _any_begins(texts)
    elif rest := [raw for raw in texts if raw not in (*first, key)]:
        labelled += f" OR ({key} IS NULL AND ({_any_begins(rest)}))"
    others = [raw for raw in kinds if raw not in given]
    filled = " + ".join(f"(coalesce(trim(CAST({raw} AS VARCHAR)), '') <> '')::INT" for raw in others) or "0"
    return f"(NOT ({labelled}) AND ({filled}) >= {min(LEAST, len(others))})"


def _any_begins(columns: Sequence[str]) -> str:
    """SQL: whether one of these columns holds a total's label."""
    return " OR ".join(f"coalesce(regexp_matches({raw}, {quoted(BEGINS)}, 'i'), false)" for raw in columns) or "false"


def _marked(rows: str, key: str | None, line: str) -> str:
    """SQL of rows with `c_line`, whether each is one that values are carried into.

    A document's mark that stands on its first line only is carried down first.
    """
    told = f"(SELECT *, {line} AS c_line FROM {rows})"
    if key is None:
        return told
    over = f"CASE WHEN c_line THEN last_value({key} IGNORE NULLS) OVER ({_DOWN}) ELSE {key} END AS {key}"
    return f"(SELECT * REPLACE ({over}) FROM {told})"


def _filled(rows: str, carried: list[str], key: str | None) -> str:
    """SQL that carries values down in one pass, whatever the size; a document's lines must stand together."""
    if not carried:
        return f"SELECT * EXCLUDE (c_line) FROM {rows}"
    if key is None:
        over = ", ".join(
            f"CASE WHEN c_line THEN last_value({raw} IGNORE NULLS) OVER ({_DOWN}) ELSE {raw} END AS {raw}"
            for raw in carried
        )
        return f"SELECT * EXCLUDE (c_line) REPLACE ({over}) FROM {rows}"
    last = ", ".join(
        f"last_value(CASE WHEN {raw} IS NOT NULL THEN {{'of': {key}, 'is': {raw}}} END IGNORE NULLS) OVER ({_DOWN}) "
        f"AS last_{raw}"
        for raw in carried
    )
    taken = ", ".join(
        f"CASE WHEN {raw} IS NULL AND c_line AND last_{raw}.of = {key} THEN last_{raw}.is ELSE {raw} END AS {raw}"
        for raw in carried
    )
    dropped = ", ".join(f"last_{raw}" for raw in carried)
    return f"SELECT * EXCLUDE (c_line, {dropped}) REPLACE ({taken}) FROM (SELECT *, {last} FROM {rows})"


def _filled_apart(rows: str, carried: list[str], key: str) -> str:
    """SQL that carries values down where a document's lines stand apart: sorted, so slower."""
    taken = ", ".join(
        f"CASE WHEN {key} IS NULL OR NOT c_line THEN {raw} ELSE last_value({raw} IGNORE NULLS) OVER "
        f"(PARTITION BY {key} ORDER BY c_row {_DOWN}) END AS {raw}"
        for raw in carried
    )
    numbered = f"(SELECT *, row_number() OVER () AS c_row FROM {rows})"
    return f"SELECT * EXCLUDE (c_line, c_row) FROM (SELECT * REPLACE ({taken}) FROM {numbered}) ORDER BY c_row"


def _scattered(path: Path, key: str, engine: duckdb.DuckDBPyConnection) -> bool:
    """Whether lines of one document stand apart from each other."""
    [(runs, documents)] = engine.execute(
        f"SELECT count(*) FILTER ({key} IS NOT NULL AND {key} IS DISTINCT FROM before), count(DISTINCT {key}) "
        f"FROM (SELECT {key}, lag({key}) OVER () AS before FROM read_parquet({quoted(literally(path.resolve()))}))"
    ).fetchall()
    return bool(runs > documents)
