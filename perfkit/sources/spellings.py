"""Spellings: ids of sales that differ only in case or in the spaces around them, so that one counts as several."""

from decimal import Decimal
from typing import Any

import ibis
from ibis import _

from perfkit.sources.snapshots import Snapshot

KEYS = ("customer_id", "order_id", "product_id")
SHOWN = 2
"""Ids of which the writings are named."""


def found(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return the ids of sales that are written in several ways.

    Returns
    -------
    list of dict, one a column that holds such ids
        key: the column; ids, int: as many as there are once case and spaces are left out; written, int: as many as
        count; rows, int, and money, Decimal: of all their lines; first: of the first of them, the writings; cased:
        whether case tells any of them apart, or spaces alone.
    """
    sales = snapshot.table("sales")
    told = []
    for key in KEYS:
        if key not in sales.columns:
            continue
        each = _several(sales, key)
        sums = each.agg(
            ids=_.count(), written=_.written.sum(), rows=_.rows.sum(), money=_.money.sum(), cased=(_.bare > 1).any()
        )
        [whole] = sums.to_pyarrow().to_pylist()
        if whole["ids"]:
            some = each.order_by("alike").limit(SHOWN).select("one", "other").to_pyarrow().to_pylist()
            first = [[row["one"], row["other"]] for row in some]
            told.append({"key": key, **whole, "money": whole["money"] or Decimal(0), "first": first})
    return told


def _several(sales: ibis.Table, key: str) -> ibis.Table:
    """One row an id that is written in several ways."""
    written = sales.filter(_[key].notnull()).group_by(id=_[key]).agg(rows=_.count(), money=_.net_revenue.sum())
    bare = written.id.re_replace(r"^[\s\x{A0}\x{202F}]+|[\s\x{A0}\x{202F}]+$", "")
    grouped = written.mutate(bare=bare, alike=bare.lower()).group_by("alike")
    each = grouped.agg(
        written=_.count(),
        bare=_.bare.nunique(),
        one=_.id.min(),
        other=_.id.max(),
        rows=_.rows.sum(),
        money=_.money.sum(),
    )
    return each.filter(_.written > 1)
