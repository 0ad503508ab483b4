"""Rows: single records of a source, fetched again because something is wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa


@dataclass(frozen=True)
class Broken:
    """A record whose structure is wrong, so that its values are not known.

    Attributes
    ----------
    line : int
        Physical line on which it starts, from 1.
    reason : str
        Code of what is wrong.
    column : str
        First column without a value, where there is one.
    record : str
        The record as it stands in the file.
    """

    line: int
    reason: str
    column: str
    record: str


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of a source, with their place in it.

    Attributes
    ----------
    values : pyarrow.Table
        Columns c0, c1 ... as the source gives them.
    numbers : array
        Which rows of the source they are, from 0.
    lines : array
        Their physical lines; in Parquet, row numbers from 1.
    records : list of str
        Each as it stands in the file; in Parquet and workbooks, as JSON.
    sheets : list of str
        The sheet of each; empty where the source has no sheets.
    """

    values: pa.Table
    numbers: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]
    records: list[str]
    sheets: list[str] = field(default_factory=list)


def gathered(found: Iterator[Rows], least: int) -> Iterator[Rows]:
    """Yield the same rows in portions of at least so many, the last apart: each costs a query."""
    waiting: list[Rows] = []
    for rows in found:
        waiting.append(rows)
        if sum(len(each.records) for each in waiting) >= least:
            yield _together(waiting)
            waiting = []
    if waiting:
        yield _together(waiting)


def _together(some: list[Rows]) -> Rows:
    if len(some) == 1:
        return some[0]
    return Rows(
        pa.concat_tables([each.values for each in some]),
        np.concatenate([each.numbers for each in some]),
        np.concatenate([each.lines for each in some]),
        [record for each in some for record in each.records],
        [sheet for each in some for sheet in each.sheets],
    )
