"""Market: what do all sellers sell in supermarkets, month by month, and what is seen in the stores?"""

import numpy as np
import pandas as pd

from perfkit.demo.assortment import WEB, Assortment
from perfkit.demo.calendar import DAYS, MONDAYS, MONTHS, month_of, place_of, season, week_of, working
from perfkit.demo.draws import Floats, Ints, chosen, each_of, kept, stream
from perfkit.demo.frames import cents, frame
from perfkit.demo.lines import Lines
from perfkit.demo.shelves import COMPETITOR, COMPETITOR_FROM, COMPETITOR_IN, PROMOTIONS, Shelf, on_display

COMPANY = "Maison Corbelune"
SHARES = {COMPETITOR: 0.09, "Bonneval & Fils": 0.14, "Marques de distributeur": 0.31}
"""Shares of the market's units before the launch, in every family; ours is what we sell, others have the rest."""
GAIN_POINTS = 0.045
"""What the competitor gains of the units in its families, from the month of its launch."""
MARKET_GROWTH_A_YEAR = 0.015
OWN_SHARE_AT_START = 0.062
_PRICES = {COMPANY: 1.0, COMPETITOR: 0.97, "Bonneval & Fils": 1.06, "Marques de distributeur": 0.66, "Autres": 0.92}
_SHELF_PRICE = 0.92
DISPLAYS = ("Tête de gondole", "Îlot", "Allée centrale")


def market_table(seed: int, shelves: Lines, goods: Assortment) -> pd.DataFrame:
    """Return the canonical market, by family: our own sell-out, the competitors', the rest and the total."""
    rng = stream(seed, "market")
    families = sorted({goods.families[place] for place in np.nonzero(goods.in_stores)[0]})
    parts = []
    for family in families:
        units, price = _sold(rng, shelves, goods, family)
        value = {name: cents(each * price * _PRICES[name]) for name, each in units.items()}
        units["total"] = np.array(list(units.values())).sum(axis=0)
        value["total"] = np.array(list(value.values())).sum(axis=0)
        for name in units:
            parts.append(
                (
                    np.full(MONTHS.size, name, dtype=object),
                    np.full(MONTHS.size, family, dtype=object),
                    units[name],
                    value[name],
                )
            )
    seller, segment, unit, euros = (np.concatenate(column) for column in zip(*parts, strict=True))
    month = np.tile(np.arange(MONTHS.size), len(parts))
    order = np.argsort(month, kind="stable")
    return frame(
        "market",
        {
            "period": MONTHS[month[order]].astype("datetime64[D]"),
            "seller": seller[order],
            "value": euros[order],
            "units": unit[order] * 1000,
            "segment": segment[order],
        },
    )


def _sold(rng: np.random.Generator, shelves: Lines, goods: Assortment, family: str) -> tuple[dict[str, Ints], Floats]:
    """Units of a family by seller and month, and our price on the shelf in euros."""
    ours = (np.array(goods.families, dtype=object)[shelves.product] == family) & (shelves.thousandths > 0)
    own = np.bincount(month_of(shelves.day[ours]), weights=shelves.thousandths[ours] / 1000, minlength=MONTHS.size)
    months = np.arange(MONTHS.size)
    seasonal = season("shelves", MONTHS.astype("datetime64[D]"))
    total = own[:12].sum() / seasonal[:12].sum() / OWN_SHARE_AT_START * seasonal
    total = total * (1 + MARKET_GROWTH_A_YEAR) ** (months / 12) * np.exp(rng.normal(0, 0.012, months.size))
    units = {COMPANY: own}
    for name, share in SHARES.items():
        gains = name == COMPETITOR and family in COMPETITOR_IN
        part = share + GAIN_POINTS * (gains & (months >= place_of(COMPETITOR_FROM)))
        units[name] = total * part * np.exp(rng.normal(0, 0.01, months.size))
    units["Autres"] = total - sum(units.values())
    members = [place for place in np.nonzero(goods.in_stores)[0] if goods.families[place] == family]
    price = goods.lists[WEB][members].mean(axis=0) * _SHELF_PRICE / 100
    return {name: np.rint(each).astype(np.int64) for name, each in units.items()}, price


def store_checks_table(seed: int, of: Shelf, goods: Assortment) -> pd.DataFrame:
    """Return the canonical visits: each store every month, and all stores in the second week of a promotion."""
    rng = stream(seed, "store_checks")
    size = of.stores.size
    visits = [np.stack([np.arange(size), np.full(size, month)]) for month in range(MONTHS.size)]
    store = np.concatenate([visit[0] for visit in visits])
    day = MONTHS[np.concatenate([visit[1] for visit in visits])].astype("datetime64[D]") + rng.integers(
        0, 26, store.size
    )
    second = [np.datetime64(monday) + 7 for monday in PROMOTIONS]
    store = np.concatenate([store, np.tile(np.arange(size), len(second))])
    day = np.concatenate([day, np.repeat(second, size) + rng.integers(0, 4, size * len(second))])
    day = np.minimum(working(day), DAYS[-1])
    day, store = np.unique(np.stack([day.astype(np.int64), store], axis=1), axis=0).T
    day = day.astype("datetime64[D]")
    products = np.nonzero(goods.in_stores)[0]
    visit, which = np.divmod(np.arange(day.size * products.size), products.size)
    product = products[which]
    missing = np.where(day >= np.datetime64("2026-01-01"), 0.10, 0.055)[visit]
    present = of.lists[store[visit], product] & (rng.random(visit.size) >= missing)
    facings = np.where(present, 1 + rng.binomial(4, 0.35, visit.size), 0)
    shown = on_display(of, goods)[store[visit], product, np.minimum(week_of(day[visit]), MONDAYS.size - 1)]
    kind = each_of(DISPLAYS, chosen(rng, (0.6, 0.25, 0.15), visit.size))
    families = sorted({goods.families[place] for place in products})
    family_of = np.array([families.index(goods.families[place]) for place in products])
    own = np.zeros((day.size, len(families)), dtype=np.int64)
    np.add.at(own, (visit, family_of[which]), facings)
    total = own + rng.poisson(46, own.shape)
    n, m = visit.size, own.size
    at, family = np.divmod(np.arange(m), len(families))
    whole = {
        "store_id": np.concatenate([of.stores[store[visit]], of.stores[store[at]]]),
        "checked_on": np.concatenate([day[visit], day[at]]),
        "product_id": np.concatenate([each_of(goods.ids, product), np.full(m, None, dtype=object)]),
        "category": np.concatenate([np.full(n, None, dtype=object), each_of(families, family)]),
        "present": np.concatenate([present, own.ravel() > 0]),
        "facings": np.concatenate([facings, total.ravel()]),
        "length": np.concatenate([facings * 8.0, total.ravel() * 8.5]),
        "display": np.concatenate([kept(kind, shown), np.full(m, None, dtype=object)]),
    }
    order = np.lexsort((whole["store_id"].astype(str), whole["checked_on"]))
    return frame("store_checks", {name: values[order] for name, values in whole.items()})
