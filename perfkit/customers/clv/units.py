"""Units: whom a prediction is for: each customer, each cohort or segment, or all of them together."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from perfkit.customers.clv.covariates import Covariates
from perfkit.customers.clv.histories import Histories, histories
from perfkit.customers.clv.summaries import Summary
from perfkit.errors import DataError, ParameterError, unknown

TOTAL = "total"
"""Instead of a column: all customers together."""

By: TypeAlias = "str | pd.Series[Any] | None"


@dataclass(frozen=True, eq=False)
class Units:
    """The histories of a summary, and how they add up to what is asked for.

    Attributes
    ----------
    rows : Histories
    names : DataFrame
        What each unit is: its index and, of customers, customer_id where there is one.
    unit : array of int
        The unit of each row of the summary.
    weight : array of float
        Customers that each row of the summary adds to its unit.
    each : bool
        Whether a unit is one row of the summary.
    """

    rows: Histories
    names: pd.DataFrame
    unit: np.ndarray
    weight: np.ndarray
    each: bool

    @property
    def n(self) -> np.ndarray:
        """Customers in each unit."""
        return np.ones(len(self.names)) if self.each else np.bincount(self.unit, self.weight, len(self.names))

    def alone(self, unit: int) -> "Units":
        """Return one unit by itself."""
        at = self.rows_of(unit)
        rows = self.rows.taken(self.rows.of[at], self.weight[at])
        return Units(rows, self.names.iloc[[unit]], np.zeros(len(at), dtype=np.int64), self.weight[at], self.each)

    def rows_of(self, unit: int) -> np.ndarray:
        """Return the places of a unit's rows in the summary."""
        return np.array([unit]) if self.each else np.flatnonzero(self.unit == unit)

    def sums(self, by_history: np.ndarray) -> np.ndarray:
        """Return the sums over units of something that every customer with the same history has alike."""
        return self.sums_of_rows(by_history[self.rows.of])

    def sums_of_rows(self, by_row: np.ndarray) -> np.ndarray:
        """Return the sums over units of something that each row of the summary has."""
        return by_row if self.each else np.bincount(self.unit, self.weight * by_row, len(self.names))


def units(summary: "Summary | pd.DataFrame", by: By, covariates: Covariates | None = None) -> Units:
    """Return whom to predict for.

    Parameters
    ----------
    summary : Summary or DataFrame
    by : str, Series or None
        None: each customer. "total": all together. Else a column of the summary, or a Series with its index: the
        cohort or segment of each customer; those of none are put together as missing.
    covariates : Covariates, optional
        Those of the model that is to predict.
    """
    frame = frame_of(summary)
    rows = histories(frame, None if covariates is None else covariates.matrix(frame))
    weight = frame["weights"].to_numpy(np.float64) if "weights" in frame.columns else np.ones(len(frame))
    if by is None:
        names = frame[[name for name in ("customer_id",) if name in frame.columns]]
        return Units(rows, names, np.arange(len(frame)), weight, True)
    if isinstance(by, str) and by == TOTAL:
        return Units(rows, pd.DataFrame(index=pd.Index([TOTAL])), np.zeros(len(frame), dtype=np.int64), weight, False)
    labels, name = group_of(frame, by)
    codes, found = pd.factorize(labels, sort=True, use_na_sentinel=True)
    index = list(found)
    if (codes < 0).any():
        codes, index = np.where(codes < 0, len(index), codes), [*index, None]
    return Units(rows, pd.DataFrame(index=pd.Index(index, name=name)), codes, weight, False)


def group_of(frame: pd.DataFrame, by: str | pd.Series) -> tuple[pd.Series, Any]:
    """Return the group of each row of a summary, and what the groups are called.

    Raises
    ------
    ParameterError
        If there is no such column.
    DataError
        If a Series does not say it of every row.
    """
    if isinstance(by, str):
        if by not in frame.columns:
            raise ParameterError(f"by: {unknown('column', by, [*map(str, frame.columns), TOTAL])}")
        return frame[by], by
    if not isinstance(by, pd.Series):
        raise ParameterError(f"by is a {type(by).__name__}: give a column of the summary, a Series, or 'total'.")
    absent = frame.index.difference(by.index)
    if len(absent):
        raise DataError(
            f"by: {len(absent):,} of {len(frame):,} customers are not in its index (first: {absent[0]!r}). "
            "Give the Series the index of the summary."
        )
    return by.reindex(frame.index), by.name


def frame_of(summary: "Summary | pd.DataFrame") -> pd.DataFrame:
    """Return the rows of a summary, whichever of the two it is."""
    return summary.customers if isinstance(summary, Summary) else summary


def unit_of_time(summary: "Summary | pd.DataFrame") -> str | None:
    """Return the unit of time of a summary; None where a frame does not say."""
    return summary.time_unit if isinstance(summary, Summary) else None
