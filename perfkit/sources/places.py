"""Places: on which line of which file each accepted row of a table stands, kept as runs of rows and lines.

A file whose every line is a good row is one run, whatever its size. A run ends where a line was not taken, a
value holds a line break, or a sheet or a file ends. <table>.places.parquet, beside the table, holds one row a run:

    first   number of its first row in the table, from 0
    rows    how many
    line    line of that first row; in Parquet, its row number from 1
    file, sheet
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

Numbers = npt.NDArray[np.int64]
COLUMNS = ["file", "sheet", "line"]
ROW_NUMBER = "file_row_number"
"""Column by which a snapshot's numbered table names its rows, as DuckDB calls it."""

_NONE = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Lines:
    """On which lines the records of one file stand: each stands a line below the one before, but for some.

    Attributes
    ----------
    records : array
        Numbers, from 0, of the records that do not; the first is 0.
    lines : array
        Their lines.
    sheets : tuple of (str, int)
        The sheets of a workbook, each with the number of its first record.
    """

    records: Numbers
    lines: Numbers
    sheets: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, lines: Numbers) -> "Lines":
        """What the line of every record says."""
        at = jumps(lines, np.arange(len(lines)), None)
        return cls(at, lines[at])

    @classmethod
    def one_after_the_other(cls, first: int) -> "Lines":
        """Every record on the line below the one before."""
        return cls(np.zeros(1, np.int64), np.full(1, first, np.int64))


def jumps(lines: Numbers, records: Numbers, before: int | None) -> Numbers:
    """Return at which places a record does not stand a line below the one before.

    Parameters
    ----------
    before : int or None
        By how much the line of the record before the first exceeds its number; None where there is none.
    """
    ahead = lines - records
    changed = np.ones(len(ahead), bool)
    changed[1:] = ahead[1:] != ahead[:-1]
    if before is not None and len(ahead):
        changed[0] = ahead[0] != before
    return np.flatnonzero(changed)


@dataclass
class Accepted:
    """Which records of which files are a table's rows, as they are written one batch after the other."""

    _files: list[int] = field(default_factory=list)
    _firsts: list[Numbers] = field(default_factory=list)
    _counts: list[Numbers] = field(default_factory=list)

    def add(self, passed: npt.NDArray[np.bool_], file: int, base: int) -> None:
        """Take a batch of records of a file, the first of them its number `base`, and which are rows."""
        if passed.all():
            firsts, counts = np.full(1, base, np.int64), np.full(1, len(passed), np.int64)
        else:
            edges = np.flatnonzero(np.diff(passed, prepend=False, append=False))
            firsts, counts = edges[::2] + base, edges[1::2] - edges[::2]
        if not counts.sum():
            return
        if self._files and self._files[-1] == file and self._firsts[-1][-1] + self._counts[-1][-1] == firsts[0]:
            self._counts[-1][-1] += counts[0]
            firsts, counts = firsts[1:], counts[1:]
        if len(firsts):
            self._files.append(file)
            self._firsts.append(firsts)
            self._counts.append(counts)

    def starts(self) -> list[tuple[int, int]]:
        """Return the number of each file that has rows, and the number of its first row."""
        rows: dict[int, int] = {}
        for file, counts in zip(self._files, self._counts, strict=True):
            rows[file] = rows.get(file, 0) + int(counts.sum())
        ends = np.cumsum(list(rows.values()), dtype=np.int64)
        return [(file, int(end) - count) for (file, count), end in zip(rows.items(), ends, strict=True)]

    def by_row(self) -> Numbers:
        """Return the number of the file and of the record of each row."""
        files, firsts, counts = self._runs()
        starts = np.cumsum(counts) - counts
        records = np.arange(counts.sum()) - np.repeat(starts, counts) + np.repeat(firsts, counts)
        return np.column_stack((np.repeat(files, counts), records))

    def _runs(self) -> tuple[Numbers, Numbers, Numbers]:
        if not self._files:
            return _NONE, _NONE, _NONE
        files = np.repeat(np.array(self._files), [len(each) for each in self._firsts])
        return files, np.concatenate(self._firsts), np.concatenate(self._counts)

    def write(self, path: Path, names: Sequence[str], lines: Sequence[Lines], gone: Numbers = _NONE) -> None:
        """Write the places of a table's rows.

        Parameters
        ----------
        names : sequence of str
            What each file is called.
        lines : sequence of Lines
            On which lines its records stand.
        gone : array
            Numbers of rows, ascending, that were taken out of the table after it was written.
        """
        files, firsts, counts = self._without(gone) if len(gone) else self._runs()
        found: dict[str, list[Any]] = {"rows": [], "line": [], "file": [], "sheet": []}
        for number in dict.fromkeys(files.tolist()):
            here, where = files == number, lines[number]
            begins, rows = _cut(firsts[here], counts[here], where)
            at = np.searchsorted(where.records, begins, side="right") - 1
            found["rows"].append(rows)
            found["line"].append(where.lines[at] + begins - where.records[at])
            found["file"] += [names[number]] * len(begins)
            found["sheet"] += _sheets(begins, where)
        rows = np.concatenate(found["rows"]) if found["rows"] else _NONE
        columns = {
            "first": np.cumsum(rows) - rows,
            "rows": rows,
            "line": np.concatenate(found["line"]) if found["line"] else _NONE,
            "file": pa.array(found["file"], pa.string()).dictionary_encode(),
            "sheet": pa.array(found["sheet"], pa.string()).dictionary_encode(),
        }
        pq.write_table(pa.table(columns), path, compression="zstd", write_page_checksum=True)

    def _without(self, gone: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """The runs of the rows that stay."""
        stays = np.delete(self.by_row(), gone, axis=0)
        starts = np.flatnonzero((np.diff(stays, axis=0, prepend=stays[:1] - 2) != (0, 1)).any(axis=1))
        return stays[starts, 0], stays[starts, 1], np.diff(starts, append=len(stays))


def _cut(firsts: Numbers, counts: Numbers, where: Lines) -> tuple[Numbers, Numbers]:
    """Cut runs of records where the lines do not go on one below the other, or a sheet begins."""
    marks = np.union1d(where.records, np.array([first for _, first in where.sheets], np.int64))
    run = np.searchsorted(firsts, marks, side="right") - 1
    inside = (run >= 0) & (marks < firsts[run] + counts[run])
    begins = np.union1d(firsts, marks[inside])
    run = np.searchsorted(firsts, begins, side="right") - 1
    ends = np.minimum(firsts[run] + counts[run], np.append(begins[1:], np.iinfo(np.int64).max))
    return begins, ends - begins


def _sheets(begins: Numbers, where: Lines) -> list[str | None]:
    if not where.sheets:
        return [None] * len(begins)
    at = np.searchsorted([first for _, first in where.sheets], begins, side="right") - 1
    return [where.sheets[number][0] for number in at]


def located(path: Path, rows: Numbers) -> pd.DataFrame:
    """Return file, sheet and line of rows of a table, by their numbers from 0.

    Parameters
    ----------
    path : Path
        The table's places.
    """
    runs = pq.read_table(path)
    first = runs.column("first").to_numpy()
    at = np.searchsorted(first, rows, side="right") - 1
    taken = runs.take(pa.array(at))
    columns: dict[str, Any] = {
        name: pd.Series(taken.column(name).to_pylist(), dtype="object") for name in ("file", "sheet")
    }
    columns["line"] = taken.column("line").to_numpy() + rows - taken.column("first").to_numpy()
    return pd.DataFrame(columns, columns=COLUMNS)
