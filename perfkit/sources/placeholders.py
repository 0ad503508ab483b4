"""Placeholders: ids of sales that are words for nobody or nothing, so that all who are unknown count as one."""

from decimal import Decimal
from typing import Any

from ibis import _

from perfkit.sources.snapshots import Snapshot

NOBODY = (
    "-", "--", "---", "?", ".", "0", "#n/a", "#n/d", "n/a", "n.a.", "na", "n/d", "n.d.", "nd", "nc", "n.c.", "n/c",
    "nan", "none", "null", "(null)", "unknown", "(unknown)", "not set", "(not set)", "anonymous", "guest", "inconnu",
    "inconnue", "(inconnu)", "non renseigne", "non renseigné", "aucun", "sans", "anonyme", "divers",
)  # fmt: skip
"""What exports write where there is no customer or product, in lower case."""

OFTEN = 0.01
"""Share of the lines, or of the money, from which such an id is asked about."""


def found(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return the ids of sales that are a word for nobody and stand on many lines.

    Returns
    -------
    list of dict, one an id, the most lines first
        key: the column; id: as the lines write it; rows, int; money, Decimal; share: of all lines, 0 to 1.
    """
    sales = snapshot.table("sales")
    every = sales.agg(rows=_.count(), money=_.net_revenue.sum()).to_pyarrow().to_pylist()[0]
    told = []
    for key in ("customer_id", "product_id"):
        if key not in sales.columns or not every["rows"]:
            continue
        words = sales.filter(_[key].strip().lower().isin(NOBODY)).group_by(id=_[key])
        for each in words.agg(rows=_.count(), money=_.net_revenue.sum()).to_pyarrow().to_pylist():
            money = each["money"] or Decimal(0)
            share = each["rows"] / every["rows"]
            if max(share, abs(float(money / every["money"])) if every["money"] else 0.0) >= OFTEN:
                told.append({"key": key, "id": each["id"], "rows": each["rows"], "money": money, "share": share})
    return sorted(told, key=lambda each: (-each["rows"], each["key"], each["id"]))
