"""Rows: single records of a source, fetched again because something is wrong with them."""

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
