"""Bridges: price, volume and mix between two spans of the drawn lines, in exact fractions of a cent.

Written apart from perfkit's own bridge, with the formulas of its definition (Paasche weights): price at the
new quantities, volume at the old average price, mix the rest of what common items sold more or less; new and
lost items; credit notes apart, because a negative quantity has no price.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from perfkit.demo.assortment import CHANNELS, Assortment
from perfkit.demo.lines import Lines

Sums = tuple[dict[Any, tuple[Fraction, Fraction]], int]
"""Thousandths and cents of each item that was sold, its unit last, and the cents of all credit notes."""

SPANS = {
    "2025 against 2024": ("2024-01-01", "2025-01-01", "2025-01-01", "2026-01-01"),
    "October 2025 to September 2026 against the year before": ("2024-10-01", "2025-10-01", "2025-10-01", "2026-10-01"),
    "2026-Q3 against 2025-Q3": ("2025-07-01", "2025-10-01", "2026-07-01", "2026-10-01"),
}
"""First day and the day after the last one of the old span, then of the new one."""


def bridges(lines: Lines, goods: Assortment) -> dict[str, Any]:
    """Return the bridge of each pair of spans by product, and by channel and product, in euros."""
    return _each(lambda first, end, by_channel: _sums(lines, goods, first, end, by_channel))


def bridges_as_loaded(sales: pd.DataFrame, faults: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the same bridges of what a correct load of the exports yields: the faults that count are in it.

    Of these, ids that stand in no list alone move a bridge: the lines under one are those of a product of that name.
    What stands in two files is older than any span, and what is billed late is newer.

    Parameters
    ----------
    sales : DataFrame
        The story's lines.
    faults : sequence of dict
        As truth.json lists them.
    """
    unlisted = [fault for fault in faults if fault["kind"] == "unknown products"]
    product = sales["product_id"].astype(object).copy()
    for fault in unlisted:
        for order, was in zip(fault["more"]["orders"], fault["more"]["was"], strict=True):
            product[(sales["order_id"] == order) & (sales["product_id"] == was)] = fault["ids"][0]
    lines = pd.DataFrame(
        {
            "day": sales["date"].to_numpy().astype("datetime64[D]"),
            "channel": sales["channel"],
            "product": product,
            "unit": sales["unit"],
            "thousandths": [int(each.scaleb(3)) for each in sales["quantity"]],
            "cents": [int(each.scaleb(2)) for each in sales["net_revenue"]],
        }
    )
    return {
        "for": "sales as loaded: the bridges above, with the planted faults that a correct load lets count",
        "faults": [fault["id"] for fault in unlisted],
        **_each(lambda first, end, by_channel: _sums_as_loaded(lines, first, end, by_channel)),
    }


def _sums_as_loaded(lines: pd.DataFrame, first: str, end: str, by_channel: bool) -> Sums:
    here = lines[(lines["day"] >= np.datetime64(first)) & (lines["day"] < np.datetime64(end))]
    sold = here[here["thousandths"] > 0]
    item = ["channel", "product", "unit"] if by_channel else ["product", "unit"]
    sums = sold.groupby(item, sort=True)[["thousandths", "cents"]].sum()
    found = {
        each: (Fraction(int(quantity)), Fraction(int(revenue)))
        for each, quantity, revenue in zip(sums.index, sums["thousandths"], sums["cents"], strict=True)
    }
    return found, int(here.loc[here["thousandths"] < 0, "cents"].sum())


def _each(sums: Callable[[str, str, bool], Sums]) -> dict[str, Any]:
    return {
        name: {
            kind: _bridge(sums(days[0], days[1], by_channel), sums(days[2], days[3], by_channel))
            for kind, by_channel in (("by_product_id", False), ("by_channel_and_product_id", True))
        }
        for name, days in SPANS.items()
    }


def _bridge(old: Sums, new: Sums) -> dict[str, Any]:
    effects = dict.fromkeys(("price", "volume", "mix", "new", "lost", "credit_notes"), Fraction(0))
    units = {item[-1] for item in old[0] | new[0]}
    for unit in sorted(units):
        before = {item: sums for item, sums in old[0].items() if item[-1] == unit}
        after = {item: sums for item, sums in new[0].items() if item[-1] == unit}
        common = before.keys() & after.keys()
        q0, q1 = (sum((of[item][0] for item in common), Fraction(0)) for of in (before, after))
        r0 = sum((before[item][1] for item in common), Fraction(0))
        average = r0 / q0 if q0 else Fraction(0)
        volume = (q1 - q0) * average
        for item in common:
            (quantity0, revenue0), (quantity1, revenue1) = before[item], after[item]
            price0 = revenue0 / quantity0
            effects["price"] += revenue1 - price0 * quantity1
            effects["mix"] += (quantity1 - quantity0) * price0
        effects["mix"] -= volume
        effects["volume"] += volume
        effects["new"] += sum((after[item][1] for item in after.keys() - common), Fraction(0))
        effects["lost"] -= sum((before[item][1] for item in before.keys() - common), Fraction(0))
    effects["credit_notes"] = Fraction(new[1] - old[1])
    start, end = (sum((sums[1] for sums in side[0].values()), Fraction(side[1])) for side in (old, new))
    if start + sum(effects.values(), Fraction(0)) != end:
        raise AssertionError("a bridge does not add up")
    return {
        "start_euros": _euros(start),
        "end_euros": _euros(end),
        **{f"{name}_euros": _euros(value) for name, value in effects.items()},
    }


def _sums(lines: Lines, goods: Assortment, first: str, end: str, by_channel: bool) -> Sums:
    """Return thousandths and cents of each item's sales, and the cents of all credit notes."""
    here = lines.at((lines.day >= np.datetime64(first)) & (lines.day < np.datetime64(end)))
    sold = here.at(here.thousandths > 0)
    item = sold.product + (sold.channel * len(goods.ids) if by_channel else 0)
    quantity = np.zeros(len(goods.ids) * len(CHANNELS), dtype=np.int64)
    revenue = quantity.copy()
    np.add.at(quantity, item, sold.thousandths)
    np.add.at(revenue, item, sold.net)
    found = {
        (place, goods.units[place % len(goods.ids)]): (Fraction(int(quantity[place])), Fraction(int(revenue[place])))
        for place in np.nonzero(quantity)[0].tolist()
    }
    return found, int(here.net[here.thousandths < 0].sum())


def _euros(cents: Fraction) -> str:
    """Euros to the hundredth of a cent, as text."""
    return str((Decimal(cents.numerator) / Decimal(cents.denominator) / 100).quantize(Decimal("0.0001")))
