"""Expenses: what does it cost to run the company, on which level of the margin, for which channel or customer?

Spend on media and the marketplace's fees stand in the table spend and are not repeated here; the cost of goods
stands on each line of sales.
"""

import numpy as np
import pandas as pd

from perfkit.demo.assortment import CHANNELS, SHELVES, WEB, WHOLESALE
from perfkit.demo.calendar import MONTHS, month_of
from perfkit.demo.draws import stream
from perfkit.demo.frames import frame
from perfkit.demo.lines import Lines
from perfkit.demo.shelves import CHAINS

SOCIAL_CHARGES = 0.42
"""Charges on pay, as a part of it."""
COOPERATION = {"GD01": 0.045, "GD02": 0.035, "GD03": 0.030, "GD04": 0.030, "GD05": 0.020, "GD06": 0.020}
"""What each chain bills for its promotions, as a part of its purchases (coopération commerciale)."""
_FIXED = {
    "Salaires du siège": 41_500, "Loyers et énergie": 17_200, "Informatique": 6_900, "Amortissements": 11_800,
    "Assurances et honoraires": 5_600,
}  # fmt: skip
_Row = tuple[int, float, str, str, str | None, str | None, str | None]


def costs_table(seed: int, scale: float, lines: Lines, cost_of_goods: np.ndarray, pay: pd.DataFrame) -> pd.DataFrame:
    """Return the canonical costs of each month, in euros and cents."""
    rng = stream(seed, "expenses")
    rows: list[_Row] = []

    def add(
        amounts: np.ndarray,
        kind: str,
        level: str,
        channel: str | None = None,
        driver: str | None = None,
        customer: str | None = None,
    ) -> None:
        noise = np.exp(rng.normal(0, 0.015, MONTHS.size))
        for month, amount in enumerate(amounts * noise):
            if amount:
                rows.append((month, amount, kind, level, customer, channel, driver))

    month, sold = month_of(lines.day), lines.net > 0
    by_channel = [lines.channel == place for place in range(len(CHANNELS))]
    net = [_by_month(month[here], lines.net[here]) for here in by_channel]
    orders = [_orders(lines, month, here & sold) for here in by_channel]
    returns = [_orders(lines, month, here & ~sold) for here in by_channel]
    for place, channel in enumerate(CHANNELS):
        goods = _by_month(month[by_channel[place]], cost_of_goods[by_channel[place]])
        add(goods * 0.012, "Transport sur achats", "cogs", channel)
    add(orders[0] * 590 + 0, "Transport sur ventes", "cm1", WEB, "commandes")
    add(net[1] * 0.026, "Transport sur ventes", "cm1", WHOLESALE, "livraisons")
    add(net[2] * 0.031, "Transport sur ventes", "cm1", SHELVES, "livraisons")
    add(net[0] * 0.016, "Frais de paiement", "cm1", WEB)
    add(orders[0] * 95, "Emballages d'expédition", "cm1", WEB, "commandes")
    for place, cents_an_order in enumerate((210, 940, 1_350)):
        add(orders[place] * cents_an_order, "Préparation de commandes", "cm2", CHANNELS[place], "commandes")
        add(returns[place] * 1_150, "Traitement des retours", "cm2", CHANNELS[place], "retours")
    for chain in CHAINS:
        bought = _by_month(month[lines.customer == chain.id], lines.net[lines.customer == chain.id])
        add(bought * COOPERATION[chain.id], "Coopération commerciale", "cm2", SHELVES, None, chain.id)
    paid = (pay["fixed"] + pay["variable_paid"]).astype(float) * 100 * (1 + SOCIAL_CHARGES)
    of_month = (pay["period"].dt.year * 12 + pay["period"].dt.month - (2023 * 12 + 10)).to_numpy()
    add(_by_month(of_month, paid.to_numpy()), "Force de vente", "cm3", WHOLESALE)
    add(np.full(MONTHS.size, 780_000 * max(scale, 0.5)), "Merchandising en magasin", "cm3", SHELVES, "visites")
    add(np.full(MONTHS.size, 620_000), "Plateforme de vente en ligne", "cm3", WEB)
    for kind, euros in _FIXED.items():
        add(np.full(MONTHS.size, euros * 100 * max(scale, 0.5)), kind, "fixed")
    rows.sort(key=lambda row: row[0])
    at, amount, kinds, level, customer, channels, driver = zip(*rows, strict=True)
    return frame(
        "costs",
        {
            "period": MONTHS[list(at)].astype("datetime64[D]"),
            "amount": np.rint(np.array(amount)).astype(np.int64),
            "kind": kinds,
            "level": level,
            "customer_id": customer,
            "channel": channels,
            "driver": driver,
        },
    )


def _by_month(month: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    return np.bincount(month, weights=amounts, minlength=MONTHS.size)


def _orders(lines: Lines, month: np.ndarray, which: np.ndarray) -> np.ndarray:
    first = np.unique(lines.order[which].astype(str), return_index=True)[1]
    return np.bincount(month[which][first], minlength=MONTHS.size)
