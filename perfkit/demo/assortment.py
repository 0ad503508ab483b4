"""Assortment: what is sold, at which list price in which channel and month, and at what cost?

All prices are whole cents. A list price is the web's price net of tax times the channel's part; it rises with
`RISES`. The cost of cocoa rises in 2026, while the supermarkets' chocolate prices stand in contracts: there
chocolate comes to be sold below its cost.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit.demo.calendar import MONTHS
from perfkit.demo.draws import Floats, Ints
from perfkit.demo.frames import frame

WEB, WHOLESALE, SHELVES = "Boutique en ligne", "Revendeurs", "Grande distribution"
CHANNELS = (WEB, WHOLESALE, SHELVES)
LIST_PART = {WEB: 1.0, WHOLESALE: 0.66, SHELVES: 0.58}
"""A channel's list price as a part of the web's."""
RISES = {"2025-01": 0.03, "2026-02": 0.035}
"""Rises of all list prices, from the first day of these months."""
COST_RISE = 0.015
"""Rise of all unit costs each January."""
CHOCOLATE = "Chocolats"
COCOA = {"2026-01": 0.12, "2026-04": 0.10}
"""Further rises of the unit cost of chocolate."""

_FAMILIES: dict[str, tuple[float, list[tuple[str, str, float]]]] = {
    # family: cost as a part of the web's price; products: name, tier, price on the web in euros net of tax
    "Confitures": (0.27, [
        ("Confiture de fraise 370 g", "Essentiel", 5.40), ("Confiture d'abricot 370 g", "Essentiel", 5.60),
        ("Confiture de figue 370 g", "Signature", 6.30), ("Gelée de coing 240 g", "Signature", 6.90),
        ("Confiture de mirabelle 370 g", "Signature", 6.50), ("Marmelade d'orange amère 370 g", "Essentiel", 5.80),
        ("Confit de pétales de rose 120 g", "Prestige", 9.20),
    ]),
    "Miels": (0.33, [
        ("Miel de fleurs 500 g", "Essentiel", 8.20), ("Miel d'acacia 375 g", "Signature", 10.40),
        ("Miel de châtaignier 375 g", "Signature", 9.80), ("Miel de lavande 250 g", "Prestige", 11.60),
        ("Miel de sapin 250 g", "Prestige", 12.40),
    ]),
    "Biscuits": (0.29, [
        ("Sablés au beurre 200 g", "Essentiel", 4.60), ("Palets noisette 200 g", "Essentiel", 4.90),
        ("Croquants aux amandes 180 g", "Signature", 6.20), ("Financiers pistache 160 g", "Signature", 7.40),
        ("Florentins orange 150 g", "Prestige", 9.60), ("Sablés citron 200 g", "Essentiel", 4.80),
    ]),
    CHOCOLATE: (0.40, [
        ("Tablette noir 72 % 100 g", "Essentiel", 5.20), ("Tablette lait noisette 100 g", "Essentiel", 5.20),
        ("Orangettes 180 g", "Signature", 12.80), ("Pralinés assortis 250 g", "Prestige", 19.50),
        ("Pâte à tartiner 280 g", "Signature", 8.40), ("Tablette noir 85 % grand cru 80 g", "Prestige", 7.60),
    ]),
    "Thés et infusions": (0.24, [
        ("Thé vert à la menthe 20 sachets", "Essentiel", 5.90), ("Infusion verveine 25 sachets", "Essentiel", 6.40),
        ("Thé noir quatre fruits 20 sachets", "Essentiel", 5.90), ("Thé blanc jasmin 60 g", "Prestige", 15.20),
        ("Rooibos vanille 100 g", "Signature", 9.90), ("Thé noir en vrac", "Signature", 52.00),
        ("Infusion des bois en vrac", "Signature", 44.00),
    ]),
    "Huiles et vinaigres": (0.34, [
        ("Huile d'olive vierge 50 cl", "Signature", 13.60), ("Huile vierge de noix 50 cl", "Signature", 14.80),
        ("Vinaigre de framboise 25 cl", "Essentiel", 6.60), ("Vinaigre balsamique vieilli 25 cl", "Prestige", 16.90),
        ("Moutarde à l'ancienne 200 g", "Essentiel", 4.40),
    ]),
    "Coffrets": (0.38, [
        ("Coffret petit-déjeuner", "Signature", 29.00), ("Coffret apéritif", "Signature", 34.00),
        ("Coffret de fêtes", "Prestige", 59.00), ("Coffret découverte des miels", "Signature", 27.00),
        ("Coffret du mois Découverte", "Essentiel", 19.00), ("Coffret du mois Gourmet", "Signature", 33.00),
    ]),
}  # fmt: skip

LEAKING = "Huile vierge de noix 50 cl"
"""The product whose returns jump: a new bottle leaks."""
_LAUNCHED = {
    "Florentins orange 150 g": "2025-03",
    "Sablés citron 200 g": "2026-01",
    "Tablette noir 85 % grand cru 80 g": "2026-01",
    "Infusion des bois en vrac": "2025-09",
}
_ENDED = {"Confit de pétales de rose 120 g": "2025-12", "Miel de sapin 250 g": "2026-03"}
_IN_STORES = {
    "Confiture de fraise 370 g", "Confiture d'abricot 370 g", "Miel de fleurs 500 g", "Miel d'acacia 375 g",
    "Sablés au beurre 200 g", "Palets noisette 200 g", "Tablette noir 72 % 100 g", "Tablette lait noisette 100 g",
}  # fmt: skip
_SUBSCRIBED = ("Coffret du mois Découverte", "Coffret du mois Gourmet")


@dataclass(frozen=True)
class Assortment:
    """The products: texts one a product, cents one a product and month of the story.

    Attributes
    ----------
    ids, names, families, tiers, units : list of str
    popularity : array
        Weight of each product in a basket of the web or of wholesale.
    sold : array of bool, product x month
        Whether it is in the range.
    in_stores, by_weight, subscribed : array of bool
        Sold in supermarkets; in kilograms; only as a subscription's box.
    lists : dict of channel to array of cents, product x month
    costs : array of cents, product x month
    """

    ids: list[str]
    names: list[str]
    families: list[str]
    tiers: list[str]
    units: list[str]
    popularity: Floats
    sold: np.ndarray
    in_stores: np.ndarray
    by_weight: np.ndarray
    subscribed: np.ndarray
    lists: dict[str, Ints]
    costs: Ints

    def place(self, name: str) -> int:
        """Return where a product stands."""
        return self.names.index(name)

    def table(self) -> pd.DataFrame:
        """Return the canonical products; the unit cost is the last month's."""
        return frame(
            "products",
            {
                "product_id": self.ids,
                "name": self.names,
                "category": self.families,
                "tier": self.tiers,
                "unit": self.units,
                "unit_cost": self.costs[:, -1],
            },
        )


def assortment() -> Assortment:
    """Return the range with its prices and costs; nothing of it is drawn."""
    rows = [(family, part, *product) for family, (part, products) in _FAMILIES.items() for product in products]
    families, parts, names, tiers, prices = (list(column) for column in zip(*rows, strict=True))
    by_weight = np.array(["en vrac" in name for name in names])
    months = [str(month) for month in MONTHS]
    risen = np.ones(len(months))
    for since, rise in RISES.items():
        risen *= np.where(np.datetime64(since) <= MONTHS, 1 + rise, 1)
    chocolate = np.array([family == CHOCOLATE for family in families])
    lists = {}
    for channel, part in LIST_PART.items():
        rises = np.tile(risen, (len(names), 1))
        if channel == SHELVES:
            rises[chocolate] = np.where(np.datetime64("2025-01") <= MONTHS, 1 + RISES["2025-01"], 1)
        lists[channel] = _cents(np.array(prices)[:, None] * part * rises, by_weight)
    costs = np.array(prices)[:, None] * np.array(parts)[:, None] * np.ones(len(months))
    for year in ("2024-01", "2025-01", "2026-01"):
        costs = costs * np.where(np.datetime64(year) <= MONTHS, 1 + COST_RISE, 1)
    for since, rise in COCOA.items():
        costs[chocolate] *= np.where(np.datetime64(since) <= MONTHS, 1 + rise, 1)
    sold = np.array(
        [[_LAUNCHED.get(name, "0000") <= month <= _ENDED.get(name, "9999") for month in months] for name in names]
    )
    tier_weight = {"Essentiel": 1.5, "Signature": 1.0, "Prestige": 0.5}
    return Assortment(
        ids=[f"P{100 + place}" for place in range(len(names))],
        names=names,
        families=families,
        tiers=tiers,
        units=["kg" if each else "pièce" for each in by_weight],
        popularity=np.array([tier_weight[tier] for tier in tiers]),
        sold=sold,
        in_stores=np.array([name in _IN_STORES for name in names]),
        by_weight=by_weight,
        subscribed=np.array([name in _SUBSCRIBED for name in names]),
        lists=lists,
        costs=_cents(costs, by_weight),
    )


def _cents(euros: Floats, by_weight: np.ndarray) -> Ints:
    """Whole cents; by weight in steps of four cents, so that a quarter of a kilogram costs whole cents."""
    step = np.where(by_weight, 4, 1)[:, None]
    return (np.rint(euros * 100 / step) * step).astype(np.int64)
