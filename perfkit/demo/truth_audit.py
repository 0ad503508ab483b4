"""Truth of the audit: what a reader of the report on 2026-Q3 ought to find, with the figures as drawn.

Every amount is summed here from the lines, apart from perfkit's own measures. A cause stands beside each
figure: it is what the story put there.
"""

from decimal import Decimal
from typing import Any

import numpy as np

from perfkit.demo import assortment, media, returned, shelves
from perfkit.demo.assortment import CHANNELS, Assortment
from perfkit.demo.calendar import MONTHS, span
from perfkit.demo.draws import Flags, Ints
from perfkit.demo.lines import Lines
from perfkit.demo.media import NAMES, Acquired
from perfkit.demo.plan import Plan
from perfkit.demo.wholesale import Trade

QUARTERS = {"2026-Q3": ("2026-07-01", "2026-10-01"), "2025-Q3": ("2025-07-01", "2025-10-01")}


def audit(lines: Lines, goods: Assortment, ads: Acquired, trade: Trade, planned: Plan) -> dict[str, Any]:
    """Return the figures of 2026-Q3 and of the year before that the report is to show, and their causes."""
    cost = lines.cost(goods)
    parts = {name: _in(lines, *days) for name, days in QUARTERS.items()}
    months = np.isin(MONTHS, span(*QUARTERS["2026-Q3"]).astype("datetime64[M]"))
    wholesale = lines.channel == CHANNELS.index(assortment.WHOLESALE)
    families = np.array(goods.families, dtype=object)[lines.product]
    stores = lines.channel == CHANNELS.index(assortment.SHELVES)
    chocolate = (families == assortment.CHOCOLATE) & stores
    leaking = lines.product == goods.place(assortment.LEAKING)
    lost = np.isin(lines.customer.astype(str), list(trade.lost))

    def net(which: Flags) -> dict[str, str]:
        return {f"{name}_euros": _euros(lines.net[here & which]) for name, here in parts.items()}

    def share(part: Ints, whole: Ints, which: Flags) -> dict[str, float]:
        return {
            f"{name}_share": float(part[here & which].sum() / whole[here & which].sum()) for name, here in parts.items()
        }

    everything = np.ones(lines.day.size, dtype=bool)
    back = np.where(lines.net < 0, -lines.net, 0)
    out = np.where(lines.net > 0, lines.net, 0)
    return {
        "for": "the audit of 2026-Q3 against 2025-Q3",
        "revenue": net(everything) | {"target_2026-Q3_euros": _euros(planned.counting[:, months])},
        "gross_margin": share(lines.net - cost, lines.net, everything),
        "revenue_by_channel": {channel: net(lines.channel == place) for place, channel in enumerate(CHANNELS)},
        "wholesale_discount": share(lines.listed - lines.net, lines.listed, wholesale)
        | {"cause": "discounts of all creep up since July 2025, and one representative gives more since 2026"},
        "below_cost": share(lines.net - cost, lines.net, chocolate)
        | {
            "category": assortment.CHOCOLATE,
            "channel": assortment.SHELVES,
            "cause": "cocoa rose in January and April 2026, while the chains' prices stand in contracts",
        },
        "returns_of_one_product": share(back, out, leaking)
        | {
            "product_id": goods.ids[goods.place(assortment.LEAKING)],
            "cause": f"a new bottle leaks since {returned.LEAKS_FROM}",
        },
        "chain_that_takes_less": net(lines.customer == shelves.SHRINKS)
        | {"customer_id": shelves.SHRINKS, "cause": "it delisted a product in May 2026 and orders less of the others"},
        "large_customers_lost": net(lost)
        | {"customer_ids": sorted(trade.lost), "cause": "they went to the competitor"},
        "new_web_customers": _acquired(ads, np.ones(ads.day.size, dtype=bool))
        | {"cause": "a competitor's shop: demand that needs no spend falls since April 2026"},
        "new_web_customers_of_the_confounded_channel": _acquired(ads, ads.medium == NAMES.index(media.CONFOUNDED))
        | {
            "acquisition_channel": media.CONFOUNDED,
            "cause": "it falls with demand, and its spend with it: the spend is not the cause",
        },
        "good_news": {
            "web_revenue": net(lines.channel == CHANNELS.index(assortment.WEB)),
            "wholesale_revenue": net(wholesale),
            "new_products": net(_launched(lines, goods)),
        },
    }


def _in(lines: Lines, first: str, end: str) -> Flags:
    return (lines.day >= np.datetime64(first)) & (lines.day < np.datetime64(end))


def _acquired(ads: Acquired, which: Flags) -> dict[str, Any]:
    """Return how many came in each quarter."""
    days = {name: (np.datetime64(first), np.datetime64(end)) for name, (first, end) in QUARTERS.items()}
    return {name: int(((ads.day >= first) & (ads.day < end) & which).sum()) for name, (first, end) in days.items()}


def _launched(lines: Lines, goods: Assortment) -> Flags:
    """Lines of products that were not in the range a year before the quarter."""
    place = int(np.searchsorted(MONTHS, np.datetime64("2025-07")))
    return ~goods.sold[lines.product, place]


def _euros(cents: Ints) -> str:
    return str(Decimal(int(cents.sum())).scaleb(-2))
