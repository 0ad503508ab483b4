"""Aggregations: every question that an analysis puts to the engine passes through here.

So a test can collect each expression and compile it for DuckDB, Postgres and Spark, and none escapes it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import ibis
import pandas as pd
import pyarrow as pa

Arguments = ParamSpec("Arguments")
# Ibis merges nested selects at a cost above that of most of our queries; each engine does it anyway.
ibis.options.sql.fuse_selects = False
KEPT = 10_000
"""Rows of the largest answer of a snapshot that is kept."""
AGGREGATIONS: dict[str, Callable[..., ibis.Table]] = {}
"""Every builder of an expression, by module and name."""


def aggregation(build: Callable[Arguments, ibis.Table]) -> Callable[Arguments, pd.DataFrame]:
    """Register a function that builds an Ibis expression, and have it return the rows instead."""
    name = f"{build.__module__}.{build.__qualname__}"
    AGGREGATIONS[name] = build

    @wraps(build)
    def rows(*args: Arguments.args, **kwargs: Arguments.kwargs) -> pd.DataFrame:
        return fetch(name, build(*args, **kwargs))

    return rows


def fetch(name: str, expression: ibis.Table) -> pd.DataFrame:
    """Run an expression and bring its rows back: Decimals exact, missing text None, counts Int64.

    Of a snapshot, which never changes, the same is asked often (on which day do the lines start?) and run once. It is
    kept beside that snapshot's own engine: Ibis holds the equal tables of two companies for one.
    """
    kept = getattr(expression._find_backend(use_default=True), "fetched", None)
    if kept is None:
        return _run(expression)
    asked = expression.op()
    if asked in kept:
        return kept[asked].copy()
    found = _run(expression)
    if len(found) <= KEPT:  # the lines behind a figure are asked for once, and are many
        kept[asked] = found.copy()
    return found


def _run(expression: ibis.Table) -> pd.DataFrame:
    rows: pa.Table = expression.to_pyarrow()
    frame = rows.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype(), pa.int32(): pd.Int64Dtype()}.get)
    for column, of_type in zip(rows.column_names, rows.schema.types, strict=True):
        if pa.types.is_string(of_type) or pa.types.is_large_string(of_type) or pa.types.is_null(of_type):
            frame[column] = pd.Series(rows[column].to_pylist(), dtype="object", index=frame.index)
    return frame


def only(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the one row of an aggregate over a whole table, missing values as None."""
    row = frame.iloc[0].to_dict()
    return {str(key): None if value is pd.NA or value != value else value for key, value in row.items()}


def within(date: ibis.Value, start: Any, end: Any) -> ibis.Value:
    """Say whether a date lies in the half-open range: the same words for every engine."""
    return (date >= ibis.date(start.isoformat())) & (date < ibis.date(end.isoformat()))
