"""Shelves: what do supermarkets take, week by week, and what do displays and a competitor do to it?

Chains that are billed by store order each product every week; chains that are billed by their central
warehouse order for all their stores. A display is put up in half of the stores, drawn anew for each
promotion: stores without one in the same weeks show what would have been sold.
"""

from dataclasses import dataclass

import numpy as np

from perfkit.demo.assortment import SHELVES, Assortment
from perfkit.demo.calendar import END, MONDAYS, month_of, season, working
from perfkit.demo.draws import Days, Flags, Floats, Ints, numbered, stream
from perfkit.demo.lines import Lines, by_day


@dataclass(frozen=True)
class Chain:
    """A retail chain: how it is billed, what it takes and which part of the list price it does not pay."""

    id: str
    name: str
    stores: int
    discount: float
    size: float
    central: bool


CHAINS = (
    Chain("GD01", "Hyper Sélène", 0, 0.205, 1.45, True),
    Chain("GD02", "Marchés Cantoval", 0, 0.185, 0.95, True),
    Chain("GD03", "Centrale Provéo", 0, 0.170, 0.75, True),
    Chain("GD04", "Superélan", 12, 0.165, 1.15, False),
    Chain("GD05", "Bio Clairval", 9, 0.140, 0.90, False),
    Chain("GD06", "Les Halles d'Orvanne", 9, 0.150, 1.00, False),
)
DISCOUNT_MORE, DISCOUNT_MORE_FROM = 0.012, "2026-01"
"""What all chains obtained more in the negotiations of 2026."""
SHRINKS, SHRINKS_FROM, SHRINKS_TO = "GD01", "2026-05-04", 0.88
DELISTED = ("Miel d'acacia 375 g",)
"""The chain that takes less from a Monday on, and the products that it takes no more at all."""
COMPETITOR = "Délices Montclar"
COMPETITOR_FROM = np.datetime64("2026-04-06")
COMPETITOR_IN = ("Biscuits", "Confitures")
COMPETITOR_EFFECT = -0.08
"""Effect of the competitor's launch on our units in these families, in all chains, from that Monday."""
GROWTH_A_YEAR = 0.13
UPLIFT = 0.45
"""True effect of a display on the units of its product in its store, in its weeks."""
PROMOTIONS = {
    "2024-03-11": "Sablés au beurre 200 g", "2024-06-03": "Confiture de fraise 370 g",
    "2024-10-07": "Tablette noir 72 % 100 g", "2024-12-02": "Miel de fleurs 500 g",
    "2025-03-10": "Sablés au beurre 200 g", "2025-06-02": "Confiture de fraise 370 g",
    "2025-09-08": "Tablette noir 72 % 100 g", "2025-12-01": "Miel de fleurs 500 g",
    "2026-03-09": "Sablés au beurre 200 g", "2026-06-01": "Confiture de fraise 370 g",
    "2026-09-07": "Tablette noir 72 % 100 g",
}  # fmt: skip
"""First Monday of a promotion, and its product; it lasts for three weeks."""
WEEKS_OF_PROMOTION = 3
STORE_PACKS_A_WEEK, CENTRAL_PACKS_A_WEEK = 15.0, 80.0
STORE_SPREAD, WEEK_SPREAD = 0.35, 0.10
_PACK = 6


@dataclass(frozen=True)
class Shelf:
    """Stores and their lines.

    Attributes
    ----------
    stores : array of text
        Ids of the stores that are billed themselves.
    chain : array of int, one a store
        Place in `CHAINS`.
    lists : array of bool, store x product
        Which products it has in its range.
    displayed : array of bool, store x promotion
    lines : Lines
    """

    stores: np.ndarray
    chain: Ints
    lists: Flags
    displayed: Flags
    lines: Lines


def shelf(seed: int, scale: float, goods: Assortment) -> Shelf:
    """Draw the stores, their ranges and displays, and all deliveries."""
    rng = stream(seed, "shelves.stores")
    counts = [0 if chain.central else max(4, round(chain.stores * scale)) for chain in CHAINS]
    chain = np.repeat(np.arange(len(CHAINS)), counts)
    stores = numbered("MAG", np.arange(1, chain.size + 1), 4)
    lists = np.outer(np.ones(chain.size, dtype=bool), goods.in_stores)
    promoted = np.isin(np.arange(len(goods.ids)), [goods.place(name) for name in PROMOTIONS.values()])
    lists &= promoted | (rng.random(lists.shape) < 0.10)
    lists &= ~promoted | (rng.random(lists.shape) < 0.72)
    size = np.exp(rng.normal(0, STORE_SPREAD, chain.size) - STORE_SPREAD**2 / 2)
    displayed = stream(seed, "shelves.displays").random((chain.size, len(PROMOTIONS))) < 0.5
    lines = [
        _of_stores(seed, goods, stores, chain, size, lists, displayed),
        _of_centrals(seed, goods, scale),
    ]
    whole = Lines(**{name: np.concatenate([getattr(part, name) for part in lines]) for name in vars(lines[0])})
    return Shelf(stores, chain, lists, displayed, whole)


def on_display(of: Shelf, goods: Assortment) -> np.ndarray:
    """Say in which weeks each store displays each product: store x product x week."""
    return _on_display(of.displayed, goods)


def _on_display(displayed: Flags, goods: Assortment) -> np.ndarray:
    there = np.zeros((displayed.shape[0], len(goods.ids), MONDAYS.size), dtype=bool)
    for place, (monday, name) in enumerate(PROMOTIONS.items()):
        first = int(np.searchsorted(MONDAYS, np.datetime64(monday)))
        there[displayed[:, place], goods.place(name), first : first + WEEKS_OF_PROMOTION] = True
    return there


def _level(seed: int, goods: Assortment) -> Floats:
    """Units of each product and week against its average: season, growth, the competitor, and chance."""
    rng = stream(seed, "shelves.level")
    years = np.arange(MONDAYS.size) / 52.18
    level = season("shelves", MONDAYS) * (1 + GROWTH_A_YEAR) ** years
    hit = np.isin(np.array(goods.families, dtype=object), COMPETITOR_IN)
    moved = np.where(np.outer(hit, MONDAYS >= COMPETITOR_FROM), 1 + COMPETITOR_EFFECT, 1.0)
    return level * moved * np.exp(rng.normal(0, 0.04, moved.shape))


def _of_stores(
    seed: int, goods: Assortment, stores: np.ndarray, chain: Ints, size: Floats, lists: Flags, displayed: Flags
) -> Lines:
    rng = stream(seed, "shelves.weeks")
    liking = stream(seed, "shelves.liking").gamma(8.0, 1 / 8.0, lists.shape)
    of_chain = np.array([each.size for each in CHAINS])[chain]
    mean = (size * of_chain)[:, None] * liking * lists
    mean = mean[:, :, None] * _level(seed, goods)[None] * (1 + UPLIFT * _on_display(displayed, goods))
    mean = STORE_PACKS_A_WEEK * mean * np.exp(rng.normal(0, WEEK_SPREAD, mean.shape) - WEEK_SPREAD**2 / 2)
    packs = rng.poisson(mean)
    store, product, week = np.nonzero(packs)
    weekday = rng.integers(0, 4, (stores.size, MONDAYS.size))
    day = working(MONDAYS[week] + weekday[store, week])
    return _billed(
        goods,
        day,
        product,
        packs[store, product, week] * _PACK,
        chain[store],
        store * MONDAYS.size + week,
        stores[store],
    )


def _of_centrals(seed: int, goods: Assortment, scale: float) -> Lines:
    rng = stream(seed, "shelves.centrals")
    places = np.array([place for place, each in enumerate(CHAINS) if each.central])
    liking = rng.gamma(8.0, 1 / 8.0, (places.size, len(goods.ids))) * goods.in_stores
    mean = np.array([CHAINS[place].size for place in places])[:, None, None] * liking[:, :, None]
    mean = mean * _level(seed, goods)[None] * CENTRAL_PACKS_A_WEEK * scale
    shrinks = np.array([CHAINS[place].id == SHRINKS for place in places])
    mean[shrinks] *= np.where(np.datetime64(SHRINKS_FROM) <= MONDAYS, SHRINKS_TO, 1.0)
    gone = [goods.place(name) for name in DELISTED]
    for place in np.nonzero(shrinks)[0]:
        mean[place, gone] *= np.datetime64(SHRINKS_FROM) > MONDAYS
    packs = rng.poisson(mean * np.exp(rng.normal(0, 0.08, mean.shape)))
    which, product, week = np.nonzero(packs)
    day = working(MONDAYS[week] + 1)
    document = which * MONDAYS.size + week
    return _billed(goods, day, product, packs[which, product, week] * _PACK, places[which], document, None)


def _billed(
    goods: Assortment, day: Days, product: Ints, units: Ints, chain: Ints, document: Ints, store: np.ndarray | None
) -> Lines:
    """Return the lines that are billed by store, or by the central warehouse where there is no store."""
    known = (day < END) & (day >= MONDAYS[0] + 6)
    day, product, units, chain = day[known], product[known], units[known], chain[known]
    document = np.unique(document[known], return_inverse=True)[1]
    month = month_of(day)
    later = np.where(np.char.add(DISCOUNT_MORE_FROM, "-01").astype("datetime64[D]") <= day, DISCOUNT_MORE, 0)
    cut = np.array([each.discount for each in CHAINS])[chain] + later
    listed = goods.lists[SHELVES][product, month]
    none = np.full(day.size, None, dtype=object)
    by_store = store is not None
    return Lines(
        order=by_day("D" if by_store else "E", document, day),
        day=day,
        customer=np.array([each.id for each in CHAINS], dtype=object)[chain],
        product=product,
        thousandths=units * 1000,
        unit_list=listed,
        unit_net=np.rint(listed * (1 - cut)).astype(np.int64),
        channel=np.full(day.size, 2),
        document=np.full(day.size, "delivery" if by_store else "invoice", dtype=object),
        origin=none,
        rep=none,
        store=store[known] if store is not None else none,
        ordered=day - 3,
        delivered=day,
        invoiced=day,
    )
