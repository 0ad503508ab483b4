"""XLSX: the sheets of a workbook that are the table, as numbered columns of marked text.

The reader is our own. python-calamine 0.9 reads as fast, but two cells in far corners of a sheet make it reserve 550 GB
and end the process; an error cell and a formula that was never calculated come out as missing; and it does
not tell a number shown as 00123, a hidden row or a formula. openpyxl keeps all that and needs nine times as long.
What stands here goes through expat for its well-formedness and through arrays for its cells (see `markup`).
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from perfkit.errors import DataError, unknown
from perfkit.sources.columns import Source
from perfkit.sources.files import ExportFile, literally, quoted
from perfkit.sources.names import folded, found
from perfkit.sources.places import Lines
from perfkit.sources.rows import Broken, Rows
from perfkit.sources.settings import Format
from perfkit.sources.xlsx import cells as cells_of
from perfkit.sources.xlsx import headings
from perfkit.sources.xlsx.cells import Cells
from perfkit.sources.xlsx.headings import Header, heading
from perfkit.sources.xlsx.markup import letters
from perfkit.sources.xlsx.shared_texts import shared
from perfkit.sources.xlsx.sheet_notices import listed, shown, told
from perfkit.sources.xlsx.workbooks import Package, Sheet, Workbook

ROWS_IN_A_GROUP = 131_072


@dataclass(frozen=True, eq=False)
class SheetTable:
    """One sheet that is read, and where its table is.

    Attributes
    ----------
    sheet : Sheet
    cells : Cells
    header : Header
    names : dict
        What each filled or headed column is called, by its number.
    rows : array
        Rows of the sheet that are records.
    """

    sheet: Sheet
    cells: Cells
    header: Header
    names: dict[int, str]
    rows: npt.NDArray[np.int64]


@dataclass
class XlsxExport:
    """One workbook, its table found.

    Attributes
    ----------
    wanted : tuple of tuples of str
        For each heading that must be there, the names it may have; a header is known by them.
    sheet : str or tuple of str, optional
        The sheet, the sheets that are one table, or "*" for all; None to be proven.
    source : Source
        Its columns, all cells (see `casting.reading`).
    records : int
        Filled rows below the header.
    broken : list
        None: a workbook is whole or refused.
    notices : list of str

    Raises
    ------
    DataError
        If the file is no workbook, is damaged, or it is not known for certain which sheet is the table.
    """

    file: ExportFile
    table: str
    format: Format
    wanted: tuple[tuple[str, ...], ...]
    sheet: str | tuple[str, ...] | None = None
    source: Source = field(init=False)
    records: int = 0
    broken: list[Broken] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    _tables: list[SheetTable] = field(default_factory=list, repr=False)
    _path: Path | None = None

    def __post_init__(self) -> None:
        book = Workbook(Package(self.file))
        self._strings = shared(book)
        self._tables = self._choose(book)
        del self._strings
        names = self._names()
        self.source = Source(self.file.name, names, ("cell",) * len(names))
        self.records = sum(len(table.rows) for table in self._tables)
        if len(self._tables) > 1:
            read = {table.sheet: table.cells for table in self._tables}
            self.notices.append(f"{self.file.name}: read one after the other as one table: {listed(read, read)}.")
        for table in self._tables:
            self._refuse_currencies(table)
            self.notices += told(self.file.name, self.table, table, self.wanted, stale=book.stale)

    @property
    def titles(self) -> list[str]:
        """What stands above the first row, the headings too: a title may say in what the amounts are."""
        some = ((table.header.last, table.cells.head) for table in self._tables)
        rows = (head[row] for last, head in some for row in sorted(head) if row <= last)
        return [heading(cell) for row in rows for cell in row.values()]

    @staticmethod
    def sheets_of(file: ExportFile) -> list[str]:
        """Return the names of a workbook's sheets of cells, in their order.

        Raises
        ------
        DataError
            If the file is no workbook.
        """
        return [sheet.name for sheet in Workbook(Package(file)).sheets if sheet.part]

    @property
    def parts(self) -> list[tuple[str, int]]:
        """Its sheets, each as it is named in words, with how many records stand in it and those before."""
        ends = accumulate(len(table.rows) for table in self._tables)
        names = (f"{self.file.name}, sheet {table.sheet.name!r}" for table in self._tables)
        return list(zip(names, ends, strict=True))

    @property
    def lines(self) -> Lines:
        """On which rows of which sheets its records stand."""
        ends = accumulate((len(table.rows) for table in self._tables), initial=0)
        sheets = tuple((table.sheet.name, first) for table, first in zip(self._tables, ends, strict=False))
        return replace(Lines.of(np.concatenate([table.rows for table in self._tables])), sheets=sheets)

    @property
    def formats(self) -> list[tuple[str, dict[str, set[str]], dict[str, set[int]]]]:
        """Of each sheet, in words: by heading, the currencies and the scales in which its amounts are shown."""
        return [
            (
                f"{self.file.name}, sheet {table.sheet.name!r}",
                {name: table.cells.currencies.get(column, set()) for column, name in table.names.items()},
                {name: table.cells.scales.get(column, set()) for column, name in table.names.items()},
            )
            for table in self._tables
        ]

    def relation(self, work: Path) -> str:
        """Return SQL of the records as columns c0, c1 ...; they are written to the work folder once."""
        if self._path is None:
            path = work / f"workbook-{uuid.uuid4().hex}.parquet"
            with pq.ParquetWriter(path, self._schema(), write_page_checksum=True) as writer:
                for table in _grouped(self._batches()):
                    writer.write_table(table)
            self._path = path
            for each in self._tables:
                each.cells.packed.clear()
        nulls = ", ".join(quoted(null) for null in self.format.null if null)
        columns = ", ".join(
            f"CASE WHEN c{number} NOT IN ({nulls}) THEN c{number} END AS c{number}" if nulls else f"c{number}"
            for number in range(len(self.source.names))
        )
        return f"(SELECT {columns} FROM read_parquet({quoted(literally(self._path.resolve()))}))"

    def rows(self, wanted: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Iterator[Rows]:
        """Yield the records of these numbers (counted from 0, ascending): lines are the sheet's own row numbers."""
        base = 0
        nulls = pa.array(self.format.null, pa.string())
        for batch in self._batches():
            first, last = np.searchsorted(wanted, (base, base + len(batch)))
            if last > first:
                numbers = wanted[first:last]
                taken = batch.take(pa.array(numbers - base))
                columns = taken.columns[:-2]
                values = {
                    f"c{number}": pc.if_else(pc.is_in(column, value_set=nulls), None, column)
                    for number, column in enumerate(columns)
                }
                lines = taken.column("line").to_numpy().astype(np.int64)
                records = self._as_json([column.to_pylist() for column in columns])
                yield Rows(pa.table(values), numbers, lines, records, taken.column("sheet").to_pylist())
            base += len(batch)

    def _as_json(self, columns: list[list[str | None]]) -> list[str]:
        count, seen = Counter(self.source.names), Counter[str]()
        keys = []
        for name in self.source.names:
            seen[name] += 1
            keys.append(json.dumps(name if count[name] == 1 else f"{name} ({seen[name]})", ensure_ascii=False))
        return [
            "{" + ", ".join(f"{key}: {_literal(cell)}" for key, cell in zip(keys, row, strict=True)) + "}"
            for row in zip(*columns, strict=True)
        ]

    def _schema(self) -> pa.Schema:
        fields = [(f"c{number}", pa.string()) for number in range(len(self.source.names))]
        return pa.schema([*fields, ("line", pa.int32()), ("sheet", pa.string())])

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Yield all records, with their line and sheet behind their columns."""
        if self._path is not None:
            with pq.ParquetFile(self._path, page_checksum_verification=True) as parquet:
                yield from parquet.iter_batches(ROWS_IN_A_GROUP)
            return
        for table in self._tables:
            named: dict[str, list[int]] = {}
            for column, name in reversed(table.names.items()):
                named.setdefault(name, []).append(column)
            order = [named[name].pop() for name in self.source.names]
            for lines, columns in _turned(table, order):
                sheets = pa.repeat(table.sheet.name, len(lines))
                yield pa.record_batch([*columns, pa.array(lines, pa.int32()), sheets], schema=self._schema())

    def _names(self) -> tuple[str, ...]:
        """The columns of all sheets, which must be the same."""
        first = self._tables[0]
        for table in self._tables[1:]:
            odd = set(first.names.values()) ^ set(table.names.values())
            repeated = len(set(first.names.values())) < len(first.names)
            if odd or (repeated and list(first.names.values()) != list(table.names.values())):
                name = sorted(odd)[0] if odd else "a heading that stands twice"
                has, lacks = (first, table) if name in first.names.values() else (table, first)
                raise DataError(
                    f"{self.file.name}: the sheet {has.sheet.name!r} has the heading {name!r} and {lacks.sheet.name!r} "
                    "has not, so they are not one table; half a column would look like missing values. Give both the "
                    f"same headings, or name those that belong together: [tables.{self.table}] sheet = [...]"
                )
        return tuple(first.names.values())

    def _choose(self, book: Workbook) -> list[SheetTable]:
        """Read the sheets that are the table: those declared, or the one that is proven."""
        worksheets = [sheet for sheet in book.sheets if sheet.part]
        if self.sheet is None:
            read = [(sheet, self._read(book, sheet)) for sheet in worksheets]
            return self._proven(book, [(sheet, cells) for sheet, cells in read if cells.rows], dict(read))
        if self.sheet == "*":
            read = [(sheet, self._read(book, sheet)) for sheet in worksheets]
            read = [(sheet, cells) for sheet, cells in read if cells.rows]
        else:
            named = [self.sheet] if isinstance(self.sheet, str) else list(self.sheet)
            sheets = [self._named(name, worksheets) for name in named]
            if len(set(sheets)) < len(sheets):
                raise DataError(
                    f"[tables.{self.table}] sheet names a sheet of {self.file.name} twice: its rows would count twice."
                )
            read = [(sheet, self._read(book, sheet)) for sheet in sheets]
            others = [sheet for sheet in book.sheets if sheet not in sheets]
            if others:
                self.notices.append(f"{self.file.name}: not read, for it is not named: {listed(others, {})}.")
        if not read:
            raise self._empty(worksheets)
        tables = [self._table(sheet, cells) for sheet, cells in read]
        for table in tables:
            if len(tables) > 1 and self.wanted and self.format.header and not table.header.proven:
                raise DataError(
                    f"{self.file.name}: the sheet {table.sheet.name!r} has not the headings of {self.table}; it has: "
                    f"{', '.join(table.names.values())}. Name the sheets that are the table: "
                    f"[tables.{self.table}] sheet = {shown([each.sheet for each in tables if each.header.proven])}"
                )
        return tables

    def _proven(self, book: Workbook, filled: list[tuple[Sheet, Cells]], read: dict[Sheet, Cells]) -> list[SheetTable]:
        if not filled:
            raise self._empty([sheet for sheet in book.sheets if sheet.part])
        holds = f"It holds: {listed(book.sheets, read)}."
        if len(filled) == 1:
            if len(book.sheets) > 1:
                self.notices.append(f"{self.file.name}: {filled[0][0].name!r} is read, its only filled sheet. {holds}")
            return [self._table(*filled[0])]
        headers = [self._header(cells) if self.format.header else None for _, cells in filled]
        proven = [each for each, header in zip(filled, headers, strict=True) if header and header.proven]
        if len(proven) == 1:
            self.notices.append(
                f"{self.file.name}: {proven[0][0].name!r} is read, the only sheet with the headings of {self.table}. "
                f"{holds}"
            )
            return [self._table(*proven[0])]
        names = [sheet for sheet, _ in proven or filled]
        which = (
            f"{' and '.join(repr(sheet.name) for sheet in names)} have its headings" if proven else "none has them all"
        )
        several = f", or sheet = {shown(names)} if they are one table" if len(names) > 1 else ""
        raise DataError(
            f"{self.file.name}: which of its sheets is {self.table} is not certain, for {which}. {holds} "
            f"Write: [tables.{self.table}] sheet = {shown(names[:1])}{several}."
        )

    def _refuse_currencies(self, table: SheetTable) -> None:
        """Refuse a needed column whose amounts are shown in several currencies: their sum would be of none."""
        needed = {folded(name) for each in self.wanted for name in each}
        for column, name in table.names.items():
            signs = sorted(table.cells.currencies.get(column, ()))
            if len(signs) > 1 and folded(name) in needed:
                raise DataError(
                    f"{self.file.name}, sheet {table.sheet.name!r}: the amounts of {name!r} are shown in "
                    f"{' and in '.join(signs)}; added up they would be of no currency. Export one currency, or give "
                    "all cells of the column the same number format if they are of one."
                )

    def _named(self, name: str, worksheets: list[Sheet]) -> Sheet:
        exact = found(name, [sheet.name for sheet in worksheets])
        if exact is None:
            raise DataError(
                f"{self.file.name}: {unknown('sheet', name, [sheet.name for sheet in worksheets])} "
                f"[tables.{self.table}] sheet names it."
            )
        return next(sheet for sheet in worksheets if sheet.name == exact)

    def _empty(self, worksheets: list[Sheet]) -> DataError:
        return DataError(f"{self.file.name}: no cell of {listed(worksheets, {})} holds anything. Export it again.")

    def _read(self, book: Workbook, sheet: Sheet) -> Cells:
        return cells_of.read(book, sheet, self._strings, skip=self.format.skip or 0)

    def _header(self, cells: Cells) -> Header | None:
        return headings.header(cells.head, cells.merged, self.wanted, skip=self.format.skip)

    def _table(self, sheet: Sheet, cells: Cells) -> SheetTable:
        if not cells.rows:
            raise DataError(f"{self.file.name}: the sheet {sheet.name!r} holds nothing. Export it again.")
        if self.format.header:
            header = self._header(cells)
            if header is None:
                raise DataError(
                    f"{self.file.name}, sheet {sheet.name!r}: none of its first {headings.AMONG} filled rows looks "
                    "like a header. Say how many rows stand above it, or that there is none: "
                    f"[tables.{self.table}] format = {{ skip = 3 }}, or {{ header = false }}"
                )
            names = dict(header.names)
            for column, last in cells.columns.items():
                if (
                    column not in names
                    and last > header.last
                    and not (isinstance(self.sheet, tuple) or self.sheet == "*")
                ):
                    names[column] = f"column {letters(column)}"
        else:
            header = Header(0, self.format.skip or 0, {}, False)
            first = min(cells.columns)
            names = {column: str(column - first + 1) for column in range(first, max(cells.columns) + 1)}
        rows = [each[each > header.last] for each, _, _ in cells.batches()]
        lines = np.concatenate([each[np.flatnonzero(np.diff(each, prepend=-1))] for each in rows]).astype(np.int64)
        return SheetTable(sheet, cells, header, dict(sorted(names.items())), lines)


def _turned(table: SheetTable, order: list[int]) -> Iterator[tuple[npt.NDArray[np.int64], list[pa.Array]]]:
    """Yield rows and, in this order of columns, what stands in them."""
    numbers = np.full(max([*table.cells.columns, *order]) + 1, -1)
    numbers[order] = np.arange(len(order))
    for rows, columns, texts in table.cells.batches():
        below = rows > table.header.last
        if not below.any():
            continue
        starts = np.diff(rows, prepend=-1) != 0
        lines = rows[starts & below]
        slots = np.cumsum(starts & below) - 1
        places = np.full((len(order), len(lines)), -1)
        inside = np.flatnonzero(below & (numbers[columns] >= 0))
        places[numbers[columns[inside]], slots[inside]] = inside
        yield lines, [texts.take(pa.array(each, mask=each < 0)) for each in places]


def _grouped(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(map(len, held)) >= ROWS_IN_A_GROUP:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _literal(cell: str | None) -> str:
    """A cell in JSON: numbers as numbers, days, errors and formulas as texts."""
    if cell is None:
        return "null"
    if cell.startswith(("\x01n", "\x01b")):
        return cell[2:]
    return json.dumps(cell[2:] if cell.startswith("\x01") else cell, ensure_ascii=False)
