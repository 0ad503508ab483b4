"""Survivors: of the customers who signed, how many were left at each age, as far as it has been seen?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import ibis
import numpy as np
import pandas as pd

from perfkit.customers.contracts.counts import DAYS, ContractCohorts
from perfkit.errors import DataError

LONG = ("cohort", "age", "survivors")
Table: TypeAlias = Sequence[float] | np.ndarray | pd.Series | pd.DataFrame | ContractCohorts
"""What survivors are read of."""
_COUNT_THEM = (
    'Count survivors of it first: contracts.survivors_of(table, observed_until="2024-06", renews="month"), of a '
    f"table with the columns {' and '.join(DAYS)}"
)


@dataclass(frozen=True, eq=False)
class Survivors:
    """What every model of contracts needs of a table: all cohorts together, by age from 1.

    Attributes
    ----------
    lost : array of float
        Customers who left at each age: they had renewed one time less.
    kept : array of float
        Customers seen for the last time at each age, still there.
    """

    lost: np.ndarray
    kept: np.ndarray

    @property
    def at_risk(self) -> np.ndarray:
        """Customers who could renew or leave at each age."""
        gone = self.lost + self.kept
        return np.asarray(gone[::-1].cumsum()[::-1])

    @property
    def n(self) -> float:
        """Customers seen for one age at least."""
        return float(self.at_risk[0])


def survivors(table: Table) -> Survivors:
    """Return who left and who was last seen at each age.

    Parameters
    ----------
    table : list or array, DataFrame, or ContractCohorts
        One cohort's survivors at ages 0, 1, 2 ...; or one row a cohort with a column an age, missing where it has not
        been observed yet; or one row a cohort and age with the columns cohort, age and survivors; or what
        `survivors_of` counted.

    Raises
    ------
    DataError
        If survivors are negative, grow with age or are missing between two ages, no cohort has been seen to age 1, or
        rows are contracts.
    """
    lost: dict[int, float] = {}
    kept: dict[int, float] = {}
    for cohort, row in _cohorts(table):
        if np.isinf(row).any():
            raise DataError(
                f"survivors: {cohort} has an infinite number at age {int(np.flatnonzero(np.isinf(row))[0])}."
            )
        seen = np.flatnonzero(np.isfinite(row))
        if not len(seen):
            continue
        if len(seen) != seen[-1] + 1:
            raise DataError(
                f"survivors: {cohort} has none given for age {int(np.flatnonzero(~np.isfinite(row))[0])}, but some for "
                f"age {int(seen[-1])}. Leave missing only what has not been observed yet: the last ages."
            )
        row = row[: seen[-1] + 1]
        if (row < 0).any() or (np.diff(row) > 0).any():
            age = int(np.flatnonzero((row < 0) | np.append(False, np.diff(row) > 0))[0])
            raise DataError(
                f"survivors: {cohort} has {row[age]:g} at age {age}"
                f"{f' after {row[age - 1]:g} at age {age - 1}' if age else ''}. Those who are left of a cohort never "
                "grow, nor fall below 0: count customers from their own start, and those who come back as new ones."
            )
        for age, left in enumerate(-np.diff(row), start=1):
            lost[age] = lost.get(age, 0.0) + float(left)
        if len(row) > 1:
            kept[len(row) - 1] = kept.get(len(row) - 1, 0.0) + float(row[-1])
    oldest = max(lost, default=0)
    found = Survivors(
        np.array([lost.get(age, 0.0) for age in range(1, oldest + 1)]),
        np.array([kept.get(age, 0.0) for age in range(1, oldest + 1)]),
    )
    if not oldest or not found.n:
        raise DataError(
            "survivors: no cohort with customers has been seen to age 1, so nobody had an occasion to leave. "
            "Give the survivors from age 0, such as [1000, 869, 743]."
        )
    return found


def _cohorts(table: Table) -> list[tuple[str, np.ndarray]]:
    if isinstance(table, ContractCohorts):
        table = table.survivors
    if isinstance(table, ibis.Expr):
        raise DataError(
            "survivors: this is a table of an engine, and a model is fitted to how many were left at each age. "
            f"{_COUNT_THEM}. If it holds survivors already, give table.to_pandas()."
        )
    if isinstance(table, pd.DataFrame) and set(DAYS) & set(table.columns):
        raise DataError(
            f"survivors: these are {len(table):,} contracts with their days, and a model is fitted to how many were "
            f"left at each age. {_COUNT_THEM}."
        )
    if not isinstance(table, pd.DataFrame):
        listed = pd.Series(table)
        _refuse_days(listed.to_frame())
        row = np.asarray(pd.to_numeric(listed, errors="raise"), dtype=np.float64)
        return [("the list", row)]
    if set(LONG) <= set(table.columns):
        odd = [each for each in table["age"] if not _is_age(each)]
        if odd:
            raise DataError(
                f"survivors: the age {odd[0]!r} is no count of renewals. Give 0, 1, 2 ... in the column age."
            )
        table = table.assign(age=[int(float(each)) for each in table["age"]])
        doubled = table.duplicated(["cohort", "age"])
        if doubled.any():
            first = table.loc[doubled].iloc[0]
            raise DataError(
                f"survivors: cohort {first['cohort']} has more than one row of age {first['age']}. Keep one row each."
            )
        table = table.pivot(index="cohort", columns="age", values="survivors")
        if len(table.columns):  # an age that no row has is missing of every cohort
            table = table.reindex(columns=range(int(max(table.columns)) + 1))
    wide = table[[name for name in table.columns if _is_age(name)]]
    if not len(wide.columns):
        raise DataError(
            "survivors: no column is an age. Give one row a cohort and columns 0, 1, 2 ..., or the columns "
            f"{', '.join(LONG)}. If a row is a contract, it has no ages yet. {_COUNT_THEM}."
        )
    ages = [int(float(str(name))) for name in wide.columns]
    if len(set(ages)) < len(ages):
        first = next(each for each in ages if ages.count(each) > 1)
        names = [name for name, each in zip(wide.columns, ages, strict=True) if each == first]
        raise DataError(
            f"survivors: {len(names)} columns are of age {first} ({', '.join(map(repr, names))}). Keep one of them."
        )
    part = [name for name in table.columns if isinstance(name, float) and not _is_age(name)]
    if part:
        raise DataError(f"survivors: the column {part[0]!r} is no count of renewals. Name the ages 0, 1, 2 ...")
    wide = wide.set_axis(ages, axis=1)
    wide = wide.reindex(columns=range(int(max(wide.columns)) + 1))
    _refuse_days(wide)
    values = wide.to_numpy(dtype=np.float64, na_value=np.nan)
    return [(f"cohort {name}", row) for name, row in zip(wide.index, values, strict=True)]


def _refuse_days(table: pd.DataFrame) -> None:
    """Refuse days in place of how many were left: as numbers they would count nanoseconds."""
    if any(pd.api.types.is_datetime64_any_dtype(kind) for kind in table.dtypes):
        raise DataError(
            f"survivors: these are days, and a model is fitted to how many were left at each age. {_COUNT_THEM}."
        )


def _is_age(name: object) -> bool:
    """Whether it counts renewals: 3, "3", or 3.0, as a table that went through a file may have it."""
    return not isinstance(name, bool) and re.fullmatch(r"\d+(\.0*)?", str(name)) is not None
