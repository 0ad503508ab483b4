"""Frames: the canonical tables from arrays of whole numbers.

The story counts money in cents and quantities in thousandths, as whole numbers; here they become decimals,
so that no amount has ever been a float.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from perfkit.schema import TABLES

_DECIMALS = {"money": 2, "quantity": 3}


def decimals(whole: ArrayLike, places: int) -> NDArray[np.object_]:
    """Return whole numbers of cents (places 2) or thousandths (3) as decimals: 1250 becomes 12.50."""
    values, where = np.unique(np.asarray(whole, dtype=np.int64), return_inverse=True)
    exact = np.empty(values.size, dtype=object)
    exact[:] = [Decimal(value).scaleb(-places) for value in values.tolist()]
    return exact[where]


def cents(amounts: ArrayLike) -> NDArray[np.int64]:
    """Return amounts in euros as whole cents, halves to the even one."""
    return np.rint(np.asarray(amounts, dtype=float) * 100).astype(np.int64)


def frame(name: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return a canonical table with all of its columns in their types.

    Parameters
    ----------
    name : str
        Of the table.
    columns : mapping of column to values
        Money in cents and quantities in thousandths where they are whole numbers; decimals and None are kept.
        A column that is not given is missing in every row.
    """
    size = len(next(iter(columns.values())))
    strange = set(columns) - set(TABLES[name].names)
    if strange:
        raise ValueError(f"{name} has no column {sorted(strange)[0]}.")
    return pd.DataFrame(
        {column.name: _typed(columns.get(column.name), column.type, size) for column in TABLES[name].columns}
    )


def _typed(values: Any, kind: str, size: int) -> Any:
    if values is None:
        values = np.full(size, None, dtype=object)
    if isinstance(values, str):
        values = np.full(size, values, dtype=object)
    if kind in _DECIMALS:
        whole = np.asarray(values)
        if whole.dtype.kind in "iu":
            return pd.Series(decimals(whole, _DECIMALS[kind]), dtype=object)
        return pd.Series(whole.astype(object), dtype=object)
    if kind in ("id", "text"):
        return pd.Series(np.asarray(values, dtype=object), dtype="str")
    if kind in ("date", "timestamp"):
        return pd.Series(np.asarray(values, dtype="datetime64[us]"))
    if kind == "integer":
        return pd.array(np.asarray(values, dtype=object), dtype="Int64")
    if kind == "boolean":
        return pd.Series(np.asarray(values, dtype=bool))
    return pd.Series(np.asarray(values, dtype=float))
