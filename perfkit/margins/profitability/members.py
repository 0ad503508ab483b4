"""Members: what each customer, product, channel ... or cross of two sold, cost and earned, from one pass over lines."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from perfkit import contribution, languages
from perfkit.aggregations import aggregation
from perfkit.dimensions import dimensioned, distinct_names, lacks, name_column
from perfkit.errors import ParameterError
from perfkit.languages import text
from perfkit.lines import is_in
from perfkit.periods import Period

KEYS = ("member", "member_2")
"""The columns that say which member a row is of: one dimension, or a cross of two."""

Key = tuple[str | None, ...]


def keys_of(dimensions: Sequence[str]) -> list[str]:
    """Return the columns that hold the members of so many dimensions.

    Raises
    ------
    ParameterError
        If there is none, more than two, or one twice.
    """
    if isinstance(dimensions, str):
        raise ParameterError(f"dimensions is {dimensions!r}: give a list, such as ['{dimensions}'].")
    if not 1 <= len(dimensions) <= len(KEYS) or len(set(dimensions)) < len(dimensions):
        raise ParameterError(
            f"dimensions: {', '.join(dimensions) or 'none'}. Take one, such as ['country'], or two different ones, "
            f"such as ['country', 'channel']."
        )
    return list(KEYS[: len(dimensions)])


def lacking(lines: ibis.Table | pd.DataFrame, dimensions: Sequence[str]) -> str:
    """Return the first dimension that the data lack and the client can be asked for; empty where there is none."""
    return next((by for by in dimensions if lacks(lines, by)), "")


def with_members(lines: ibis.Table | pd.DataFrame, dimensions: Sequence[str]) -> ibis.Table:
    """Return checked lines whose members stand in the columns of `keys_of`, beside all others.

    Raises
    ------
    ParameterError
        If there is no such column, or it holds amounts or days, which have no members.
    """
    table = dimensioned(lines, dimensions[0])
    for by in dimensions[1:]:
        dimensioned(lines, by)  # which refuses what has no members
    return table.mutate(
        **{key: table[by].cast("string") for key, by in zip(keys_of(dimensions), dimensions, strict=True)}
    )


def member_sums(table: ibis.Table, dimensions: Sequence[str], period: Period, *, spread: bool = False) -> pd.DataFrame:
    """Return each member's sums in the period, in the order of the members, the unknown ones last.

    Parameters
    ----------
    table : what `with_members` returned
    dimensions : sequence of str
    period : Period
    spread : bool
        With the sums of squares that tell how far the margins of a member's lines lie apart.

    Returns
    -------
    DataFrame
        The members; names by dimension (`named`, `named_2`); lines, net_revenue, listed, list_revenue, costed_lines,
        costed, cost, sold (sum of absolute amounts) and covered (its part of known cost);
        standard_cost and standard_revenue where the lines tell (see `standards`); rr, pr, pp: sums of
        r x r, profit x r and profit x profit over the lines of known cost.
    """
    keys = keys_of(dimensions)
    rows = _sums(table, tuple(dimensions), period, spread)
    return in_order(rows, keys)


def in_order(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return rows in the order of their members, whatever the engine's, the unknown ones last."""
    order = rows[keys].isna().add_prefix("_").join(rows[keys])
    ordered = [name for key in keys for name in (f"_{key}", key)]
    return rows.loc[order.sort_values(ordered, kind="stable").index].reset_index(drop=True)


def key_tuples(rows: pd.DataFrame, keys: list[str]) -> list[Key]:
    """Return each row's member or members, None where unknown."""
    columns = [[None if languages.missing(value) else value for value in rows[key]] for key in keys]
    return list(zip(*columns, strict=True))


def names_of(rows: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Return what each row is called: its members' names, told apart where two share one; None where all is unknown."""
    parts = []
    for key in keys:
        given = f"named{key.removeprefix('member')}"
        if given not in rows:  # each is called as it is
            parts.append([None if languages.missing(member) else str(member) for member in rows[key]])
            continue
        each = rows[[key]].assign(name=rows.get(given)).astype("object")
        each = each.where(each.notna(), None)
        if each["name"].notna().any():  # one name a member, and the same in every row of a cross
            called: dict[str, str] = {}
            for member, name in zip(each[key], each["name"], strict=True):
                if member is not None and name is not None:
                    called[member] = max(called.get(member, name), name)
            each["name"] = pd.Series([called.get(member) for member in each[key]], index=each.index, dtype="object")
        alone = each.drop_duplicates(key)
        alone = dict(zip(alone[key], distinct_names(alone[key], alone["name"]), strict=True))
        parts.append([None if languages.missing(member) else alone[member] for member in each[key]])
    joined = [
        None if all(part is None for part in row) else " × ".join(part or text("(unknown)") for part in row)
        for row in zip(*parts, strict=True)
    ]
    return pd.Series(joined, index=rows.index, dtype="object")


def exact(values: Any) -> pd.Series:
    """Return amounts as Decimals: a sum over no line is zero."""
    found = pd.Series(np.asarray(values, dtype="object"), dtype="object")
    return found.where(found.notna(), Decimal(0))


def floats(values: Any) -> np.ndarray:
    """Return numbers as floats, 0 where there is none, the order in which threads added them up rounded away."""
    there = pd.Series(np.asarray(values, dtype="object"), dtype="object")
    found = there.where(there.notna(), 0).to_numpy(dtype=np.float64)
    size = np.floor(np.log10(np.abs(found), where=found != 0, out=np.zeros_like(found)))
    with np.errstate(over="ignore", invalid="ignore"):  # beyond what a float holds, nothing is left to round away
        scale = 10.0 ** (11 - size)
        rounded = np.round(found * scale) / scale
    return np.where(np.isfinite(rounded), rounded, found)


@aggregation
def _sums(table: ibis.Table, dimensions: tuple[str, ...], period: Period, spread: bool) -> ibis.Table:
    keys = keys_of(dimensions)
    sums = contribution.sums(table)
    wanted: dict[str, Any] = {"lines": _.count(), "net_revenue": sums["revenue"], "sold": sums["amount"]}
    for key, by in zip(keys, dimensions, strict=True):
        named = name_column(table, by)
        if named:
            wanted[f"named{key.removeprefix('member')}"] = table[named].cast("string").max()
    if "list_revenue" in table.columns:
        wanted |= {"listed": sums["listed"], "list_revenue": sums["list"]}
    if "cost" in table.columns:
        known = _.cost.notnull()
        wanted |= {
            "costed_lines": _.cost.count(),
            "costed": sums["costed"],
            "cost": sums["cost"],
            "covered": sums["costed_amount"],
        }
        wanted |= {name: value for name, value in sums.items() if name.startswith("standard_")}
        if spread:
            r = _.net_revenue.cast("float64")
            p = r - _.cost.cast("float64")
            wanted |= {"rr": (r * r).sum(where=known), "pr": (p * r).sum(), "pp": (p * p).sum()}
    return table.filter(is_in(period)).group_by(keys).agg(**wanted)
