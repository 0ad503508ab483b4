"""Histories: what the models need to know of each customer, and what they refuse.

Customers with the same history count once, with a weight: the work of a fit depends on how many histories differ.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from perfkit.errors import DataError, unknown

COLUMNS = ("frequency", "recency", "T")
_WHY = {
    "frequency": "It counts the repeat purchases, the first one left out.",
    "recency": "It is the customer's age at the last purchase, 0 without a repeat.",
    "T": "It is the customer's age at the end of the observation.",
}


@dataclass(frozen=True, eq=False)
class Histories:
    """Histories that differ, and which of them each customer has.

    Attributes
    ----------
    frequency : array of int
        Repeat purchases.
    recency, T : array of float
        Age at the last purchase, and at the end of the observation.
    weight : array of float
        Customers with the history.
    of : array of int
        Place of each customer's history among these.
    design : array (histories, covariates), or None
        Covariates, in which histories differ as well.
    """

    frequency: np.ndarray
    recency: np.ndarray
    T: np.ndarray
    weight: np.ndarray
    of: np.ndarray
    design: np.ndarray | None = None

    @property
    def customers(self) -> float:
        """How many customers there are."""
        return float(self.weight.sum())

    def scaled(self, unit: float) -> "Histories":
        """Return the same histories with time counted in `unit`."""
        return Histories(self.frequency, self.recency / unit, self.T / unit, self.weight, self.of, self.design)

    def taken(self, places: np.ndarray, weight: np.ndarray | None = None) -> "Histories":
        """Return the histories of some customers, who may share them: the places of theirs, and their weights."""
        kept, of = np.unique(places, return_inverse=True)
        counted = np.bincount(of, weight, len(kept))
        design = None if self.design is None else self.design[kept]
        return Histories(self.frequency[kept], self.recency[kept], self.T[kept], counted, of, design)


def histories(frame: pd.DataFrame, design: np.ndarray | None = None) -> Histories:
    """Return the histories of a frame with the columns frequency, recency and T [, weights].

    Parameters
    ----------
    frame : DataFrame, one row a customer
        frequency, int: repeat purchases. recency, T, float >= 0: age at the last purchase and at the end of the
        observation, in one unit of time. weights, float > 0, optional: customers that the row stands for.
    design : array (rows, covariates), optional
        What `Covariates.matrix` returns.

    Raises
    ------
    DataError
        If a column is absent, a value is missing or no number, or a history cannot be: which, and the first of them.
    """
    if not isinstance(frame, pd.DataFrame):
        raise DataError(
            f"summary is a {type(frame).__name__}: give what clv.summarise returns, or a DataFrame with the columns "
            "frequency, recency and T."
        )
    for name in COLUMNS:
        if name not in frame.columns:
            raise DataError(f"summary: {unknown('column', name, [str(each) for each in frame.columns])} {_WHY[name]}")
    if frame.empty:
        raise DataError("summary: there is no customer, so there is nothing to estimate.")
    x, recency, age = (_numbers(frame, name) for name in COLUMNS)
    weight = _numbers(frame, "weights") if "weights" in frame.columns else np.ones(len(frame))
    _refuse(frame, (x < 0) | (recency < 0) | (age < 0), "a negative count or time", "Times are ages: never below 0.")
    _refuse(frame, x != np.floor(x), "a frequency that is no whole number", "It counts repeat purchases.")
    _refuse(
        frame,
        recency > age * (1 + 1e-12),
        "a recency beyond T",
        "Nobody buys after the end of the observation: both are ages, in the same unit of time.",
    )
    _refuse(
        frame,
        (x > 0) & (recency == 0),
        "repeat purchases and a recency of 0",
        "A repeat purchase comes after the first one; purchases of one day are one (merge='day').",
    )
    _refuse(
        frame,
        (x == 0) & (recency > 0),
        "no repeat purchase and a recency above 0",
        "Recency is the age at the last purchase, and 0 for the first: it is not the time since the last purchase.",
    )
    _refuse(frame, weight <= 0, "a weight that is not above 0", "A row stands for the customers it counts.")
    unique, of = _distinct(x, np.minimum(recency, age), age, *(() if design is None else design.T))
    counted = np.bincount(of, weights=weight, minlength=len(unique))
    covariates = None if design is None else unique[:, 3:]
    return Histories(unique[:, 0].astype(np.int64), unique[:, 1], unique[:, 2], counted, of, covariates)


def observed(frame: pd.DataFrame, design: np.ndarray | None = None) -> Histories:
    """Return the histories of a frame that a model may be fitted to: somebody was seen after the first purchase.

    Raises
    ------
    DataError
        If T is 0 for every customer, or as `histories` does.
    """
    rows = histories(frame, design)
    if not (rows.T > 0).any():
        raise DataError(
            "summary: T is 0 for every customer, so nobody has been observed after the first purchase. "
            "Take a later observed_until, or customers that were acquired earlier."
        )
    return rows


def _distinct(
    x: np.ndarray, recency: np.ndarray, age: np.ndarray, *covariates: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows, and the place of each row among them (faster than numpy's own by rows)."""
    order = np.lexsort((*covariates, recency, age, x))
    rows = np.column_stack((x, recency, age, *covariates))[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    of = np.empty(len(rows), dtype=np.int64)
    of[order] = np.cumsum(first) - 1
    return rows[first], of


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    values: Any = pd.to_numeric(frame[name], errors="coerce")
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    bad = ~np.isfinite(numbers)
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"summary: {name} is missing or no number for {int(bad.sum()):,} of {len(frame):,} customers "
            f"(first: {frame.index[place]!r}, {frame[name].iloc[place]!r}). Leave them out, or correct them."
        )
    return numbers


def _refuse(frame: pd.DataFrame, bad: np.ndarray, what: str, why: str) -> None:
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        shown = ", ".join(f"{name} {frame[name].iloc[place]}" for name in COLUMNS)
        raise DataError(
            f"summary: {int(bad.sum()):,} of {len(frame):,} customers have {what} "
            f"(first: {frame.index[place]!r} with {shown}). {why}"
        )
