"""Bridges: price, volume and mix between two spans of the drawn lines, in exact fractions of a cent.

Written apart from perfkit's own bridge, with the formulas of its definition (Paasche weights): price at the
new quantities, volume at the old average price, mix the rest of what common items sold more or less; new and
lost items; credit notes apart, because a negative quantity has no price.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from perfkit.demo.assortment import CHANNELS, Assortment
from perfkit.demo.lines import Lines

SPANS = {
    "2025 against 2024": ("2024-01-01", "2025-01-01", "2025-01-01", "2026-01-01"),
    "October 2025 to September 2026 against the year before": ("2024-10-01", "2025-10-01", "2025-10-01", "2026-10-01"),
    "2026-Q3 against 2025-Q3": ("2025-07-01", "2025-10-01", "2026-07-01", "2026-10-01"),
}
"""First day and the day after the last one of the old span, then of the new one."""


def bridges(lines: Lines, goods: Assortment) -> dict[str, Any]:
    """Return the bridge of each pair of spans by product, and by channel and product, in euros."""
    return {
        name: {
            "by_product_id": _bridge(lines, goods, days, by_channel=False),
            "by_channel_and_product_id": _bridge(lines, goods, days, by_channel=True),
        }
        for name, days in SPANS.items()
    }


def _bridge(lines: Lines, goods: Assortment, days: Sequence[str], by_channel: bool) -> dict[str, Any]:
    old, new = (_sums(lines, goods, days[place], days[place + 1], by_channel) for place in (0, 2))
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


def _sums(lines: Lines, goods: Assortment, first: str, end: str, by_channel: bool) -> tuple[dict[Any, Any], int]:
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
