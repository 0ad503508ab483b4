"""What a person should know about how a sheet was read."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from perfkit.sources.names import folded
from perfkit.sources.xlsx.cells import Area, Cells
from perfkit.sources.xlsx.headings import Header, heading
from perfkit.sources.xlsx.markup import letters
from perfkit.sources.xlsx.workbooks import Sheet


class _Table(Protocol):
    @property
    def sheet(self) -> Sheet: ...
    @property
    def cells(self) -> Cells: ...
    @property
    def header(self) -> Header: ...
    @property
    def names(self) -> dict[int, str]: ...
    @property
    def rows(self) -> npt.NDArray[np.int64]: ...


def told(file: str, of: str, table: _Table, wanted: tuple[tuple[str, ...], ...], *, stale: bool) -> list[str]:
    """Return what was found in a sheet that is read: one sentence each.

    Parameters
    ----------
    file : str
    of : str
        The table's name.
    table : SheetTable
    wanted : tuple of tuples of str
        The headings that are needed: formulas are told of in these columns; of any where it is empty.
    stale : bool
        Whether the workbook asks to be calculated when it is opened.
    """
    where = f"{file}, sheet {table.sheet.name!r}"
    said = [*_around(table), *_hidden(table), *_formulas(table, wanted, stale), *_merged(table, of)]
    return [f"{where}: {each}" for each in said]


def _around(table: _Table) -> Iterator[str]:
    header, cells = table.header, table.cells
    if header.above:
        first = header.above[0]
        text = heading(next(iter(cells.head[first].values())))
        hold = "hold" if len(header.above) > 1 else "holds"
        yield f"{_count(len(header.above), 'row')} above the header {hold} no record; the first says {text[:80]!r}."
    last = int(table.rows[-1]) if len(table.rows) else header.last
    if blanks := last - header.last - len(table.rows):
        yield f"{_count(blanks, 'blank row')} {'hold' if blanks > 1 else 'holds'} no record."
    unnamed = [letters(column) for column, name in table.names.items() if name == f"column {letters(column)}"]
    if unnamed and header.last and not set(header.names.values()) & {f"column {each}" for each in unnamed}:
        yield f"values without a heading stand in column {', '.join(unnamed)}."
    lost = [
        letters(each) for each, low in sorted(cells.columns.items()) if each not in table.names and low > header.last
    ]
    if lost:
        yield f"values without a heading in column {', '.join(lost)} are not read."


def _hidden(table: _Table) -> Iterator[str]:
    if table.sheet.hidden:
        yield "the sheet is hidden, and read."
    rows = table.rows[np.isin(table.rows, list(table.cells.hidden_rows))] if table.cells.hidden_rows else table.rows[:0]
    if len(rows):
        why = ", as a filter leaves them" if table.cells.filtered else ""
        yield f"{_count(len(rows), 'hidden row')} (first: row {rows[0]}{why}) {'are' if len(rows) > 1 else 'is'} read."
    columns = [name for column, name in table.names.items() if column in table.cells.hidden_columns]
    if columns:
        names = ", ".join(map(repr, columns))
        yield f"{_count(len(columns), 'hidden column')} ({names}) {'are' if len(columns) > 1 else 'is'} read."


def _formulas(table: _Table, wanted: tuple[tuple[str, ...], ...], stale: bool) -> Iterator[str]:
    needed = {folded(name) for each in wanted for name in each}
    columns = {column: name for column, name in table.names.items() if not needed or folded(name) in needed}
    cells = table.cells
    stored = {
        name: cells.formulas[column] - cells.uncalculated[column]
        for column, name in columns.items()
        if cells.formulas[column] > cells.uncalculated[column]
    }
    if stored:
        count, names = sum(stored.values()), ", ".join(map(repr, stored))
        old = " The workbook asks to be calculated anew when it is opened, so they may be old." if stale else ""
        are = "are formulas" if count > 1 else "is a formula"
        yield f"{_count(count, 'cell')} of {names} {are}; the stored values are read.{old}"
    lacking = {column: name for column, name in columns.items() if cells.uncalculated[column]}
    if lacking:
        column = next(iter(lacking))
        count, names = sum(cells.uncalculated[each] for each in lacking), ", ".join(map(repr, lacking.values()))
        yield (
            f"{_count(count, 'formula')} of {names} {'have' if count > 1 else 'has'} no stored value (first: "
            f"{letters(column)}{cells.first_uncalculated[column]}). Open the workbook in Excel and save it."
        )


def _merged(table: _Table, of: str) -> Iterator[str]:
    last = int(table.rows[-1]) if len(table.rows) else 0
    inside = [
        area
        for area in table.cells.merged
        if table.header.last < area[0] <= last and area[1] in table.names and (area[0], area[1]) != (area[2], area[3])
    ]
    if not inside:
        return
    columns = list(dict.fromkeys(table.names[area[1]] for area in inside if area[2] > area[0]))
    fill = (
        f" If it counts for all of them, write: [tables.{of}] fill_down = {json.dumps(columns, ensure_ascii=False)}"
        if columns
        else ""
    )
    many = f"{_count(len(inside), 'merged area')} among the records (first: {_named(inside[0])})"
    yield f"{many}: only the first cell of each holds its value.{fill}"


def _named(area: Area) -> str:
    return f"{letters(area[1])}{area[0]}:{letters(area[3])}{area[2]}"


def listed(sheets: Iterable[Sheet], read: Mapping[Sheet, Cells]) -> str:
    """Return the sheets in words: name, filled rows and columns where they were read, hidden or not."""
    said = []
    for sheet in sheets:
        what = []
        if not sheet.part:
            what.append("no cells")
        elif sheet in read:
            cells = read[sheet]
            what += [_count(cells.rows, "row"), _count(len(cells.columns), "column")] if cells.rows else ["empty"]
        if sheet.hidden:
            what.append("hidden")
        said.append(repr(sheet.name) + (f" ({', '.join(what)})" if what else ""))
    return ", ".join(said)


def shown(sheets: list[Sheet]) -> str:
    """Return the sheets as company.toml names them."""
    names = [json.dumps(sheet.name, ensure_ascii=False) for sheet in sheets]
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
