"""Headings: where in a sheet the header of its table is, and what it calls each column.

A header is known by the headings that the settings name; without that proof it is the widest row of texts alone.
Merged headings are resolved: one that is merged downwards names its column; under one that is merged sideways, the
headings below it name the columns.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from perfkit.sources.names import folded
from perfkit.sources.xlsx.cells import Area

Grid = Mapping[int, Mapping[int, str]]
"""Texts by row and column; see `cells.Cells.head`."""

AMONG = 50
"""Filled rows among which a header is looked for."""

DEEPEST = 5
"""Rows of the deepest header."""


@dataclass(frozen=True)
class Header:
    """The header of a sheet's table.

    Attributes
    ----------
    first, last : int
        Its rows; both 0 where there is no header and rows from the first on are records.
    names : dict
        Heading by column.
    proven : bool
        Whether it has the headings that the settings name.
    above : tuple of int
        Filled rows above it.
    """

    first: int
    last: int
    names: dict[int, str]
    proven: bool
    above: tuple[int, ...] = ()


def header(grid: Grid, merged: list[Area], wanted: tuple[tuple[str, ...], ...], *, skip: int | None) -> Header | None:
    """Return the header of a sheet, or None where no row is one.

    Parameters
    ----------
    grid : Grid
        The first filled rows.
    merged : list of Area
    wanted : tuple of tuples of str
        For each heading that must be there, the names it may have.
    skip : int, optional
        Rows above the header, where that is declared.
    """
    rows = [row for row in sorted(grid) if row > (skip or 0)][:AMONG]
    areas = _areas(merged, grid)
    found = [_header(grid, areas, row, wanted) for row in rows]
    if skip is not None:
        chosen = next(iter(found), None)
    else:
        chosen = next((each for each in found if each.proven), None) or _likely(grid, found)
    if chosen is None:
        return None
    above = tuple(row for row in sorted(grid) if row < chosen.first)
    return Header(chosen.first, chosen.last, chosen.names, chosen.proven, above)


def _areas(merged: list[Area], grid: Grid) -> dict[int, list[Area]]:
    """Merged areas with a text, by their first row."""
    found: dict[int, list[Area]] = {}
    for area in merged:
        if area[0] in grid and area[1] in grid[area[0]]:
            found.setdefault(area[0], []).append(area)
    return found


def _header(grid: Grid, areas: dict[int, list[Area]], row: int, wanted: tuple[tuple[str, ...], ...]) -> Header:
    last = _last(grid, areas, row)
    names = _names(grid, areas, row, last)
    alike = {folded(name) for name in names.values()}
    proven = bool(wanted) and all(any(folded(name) in alike for name in each) for each in wanted)
    return Header(row, last, names, proven)


def _last(grid: Grid, areas: dict[int, list[Area]], row: int) -> int:
    """Last row of the header that would begin in this one."""
    here = areas.get(row, [])
    down = max((bottom for _, _, bottom, _ in here if row < bottom < row + DEEPEST), default=row)
    if down > row:
        return down
    under = {column for _, left, _, right in here if right > left for column in range(left, right + 1)}
    below = grid.get(row + 1, {})
    if not under or len(below) < 2 or any(text.startswith("\x01") for text in below.values()):
        return row
    if all(column in under or column not in grid[row] for column in below) and under & below.keys():
        return min(_last(grid, areas, row + 1), row + DEEPEST - 1)
    return row


def _names(grid: Grid, areas: dict[int, list[Area]], first: int, last: int) -> dict[int, str]:
    """What each column is called by the headings of these rows, the lowest of them."""
    chains: dict[int, list[str]] = {}
    for row in range(first, last + 1):
        for column, text in _said(grid, areas, row, spread=row < last):
            chains.setdefault(column, []).append(text)
    names = {column: chain[-1] for column, chain in chains.items()}
    own = {column for row in range(first, last + 1) for column in grid.get(row, {})}
    names = {column: name for column, name in sorted(names.items()) if column in own}
    count = Counter(names.values())
    return {
        column: f"{chains[column][0]} / {name}" if count[name] > 1 and len(chains[column]) > 1 else name
        for column, name in names.items()
    }


def _said(grid: Grid, areas: dict[int, list[Area]], row: int, *, spread: bool) -> Iterator[tuple[int, str]]:
    """Headings of a row by column; those merged sideways over all their columns where others stand below."""
    rights = {left: right for _, left, _, right in areas.get(row, [])}
    for column, text in grid.get(row, {}).items():
        if plain := heading(text):
            right = rights.get(column, column)
            for each in range(column, right + 1) if spread else (column,):
                yield each, plain


def _likely(grid: Grid, found: list[Header]) -> Header | None:
    """The widest row of texts alone, the first of several; it must be at least half as wide as the widest row."""
    widest = max((len(columns) for columns in grid.values()), default=0)
    texts = [
        each
        for each in found
        if 2 * len(each.names) >= widest
        and not any(
            text.startswith("\x01") for row in range(each.first, each.last + 1) for text in grid.get(row, {}).values()
        )
    ]
    return max(texts, key=lambda each: len(each.names), default=None)  # of several, max returns the first


def heading(text: str) -> str:
    """Return what a cell says as a heading: one line, numbers and days plain."""
    if text.startswith("\x01"):
        text = re.sub(" 00:00:00$", "", text[2:]) if text[1] == "d" else text[2:]
    return " ".join(text.replace("\ufeff", "").split()) if re.search(r"[\r\n\t]", text) else text.strip()
