"""Web shop: when does each customer buy again, and what is in the basket?

Orders follow the BG/NBD model to the letter: a customer buys at a constant rate (gamma over customers) and,
after each repeat order, stops for good with a constant probability (beta over customers). What an order is
worth follows the gamma-gamma model; a basket of whole packs is put together to come as near to it as it can.
"""

from dataclasses import dataclass

import numpy as np

from perfkit.demo.assortment import WEB, Assortment
from perfkit.demo.calendar import END, START, month_of
from perfkit.demo.draws import Days, Flags, Floats, Ints, chosen, numbered, stream
from perfkit.demo.lines import Basket, Lines, basket, by_day
from perfkit.demo.media import AFFILIATES, MARKETPLACE, NAMES, Acquired

SEGMENT = "Particuliers"
CHANGED = np.datetime64("2025-07-01")
"""From this day on new customers buy again more rarely: free delivery now starts at a higher basket."""


@dataclass(frozen=True)
class Buying:
    """BG/NBD (time in weeks): rate ~ Gamma(r, scale 1 / alpha), stopping ~ Beta(a, b)."""

    r: float
    alpha_weeks: float
    a: float
    b: float


BUYING = {
    "core_before_2025_07": Buying(r=0.66, alpha_weeks=11.0, a=0.85, b=2.9),
    "core_from_2025_07": Buying(r=0.50, alpha_weeks=12.5, a=0.85, b=2.9),
    "bargain": Buying(r=0.36, alpha_weeks=14.0, a=1.3, b=2.3),
}
"""By group of customers: of affiliates and the marketplace (bargain), and all others by the day of acquisition."""
BARGAIN = (AFFILIATES, MARKETPLACE)


@dataclass(frozen=True)
class Spending:
    """Gamma-gamma: an order ~ Gamma(p, rate nu), nu ~ Gamma(q, rate v); euros net of tax after discounts."""

    p: float
    q: float
    v_euros: float

    @property
    def mean_euros(self) -> float:
        """The mean order of all customers."""
        return self.p * self.v_euros / (self.q - 1)


SPENDING = Spending(p=5.5, q=4.4, v_euros=57.0)
CODE_SHARE = {"core": 0.16, "bargain": 0.42}
"""Share of orders with a code of ten per cent."""
_LINES = (0.55, 0.31, 0.14)
"""Shares of orders with one, two and three lines, where they are worth as much."""
_EUROS_A_LINE = 25.0


@dataclass(frozen=True)
class Shop:
    """The customers of the shop and their lines.

    Attributes
    ----------
    ids : array of text, one a customer
    group : array of text
        A key of `BUYING`.
    lines : Lines
        Of the story's months only.
    from_market : array of bool, one a line
        Whether the customer came from the marketplace, which takes its fee.
    repeats : array of int, one a customer
        Repeat orders from the acquisition to the end.
    """

    ids: np.ndarray
    group: np.ndarray
    lines: Lines
    from_market: np.ndarray
    repeats: Ints


def shop(seed: int, media: Acquired, goods: Assortment) -> Shop:
    """Draw all orders of the shop."""
    bargain = np.isin(np.array(NAMES, dtype=object)[media.medium], BARGAIN)
    late = media.day >= CHANGED
    group = np.where(bargain, "bargain", np.where(late, "core_from_2025_07", "core_before_2025_07")).astype(object)
    who, day = _orders(stream(seed, "web.orders"), media.day, group)
    repeats = np.bincount(who, minlength=group.size) - 1
    euros = _worth(stream(seed, "web.worth"), who, group.size)
    told = day >= START
    who, day, euros = who[told], day[told], euros[told]
    order = np.lexsort((who, day))
    who, day, euros = who[order], day[order], euros[order]
    ids = numbered("C", np.arange(1, group.size + 1), 6)
    taken = _baskets(stream(seed, "web.baskets"), goods, day, euros, bargain[who])
    of_line, buyer = day[taken.document], who[taken.document]
    sent = stream(seed, "web.delivery").integers(1, 5, day.size)[taken.document]
    none = np.full(buyer.size, None, dtype=object)
    lines = Lines(
        order=by_day("W", taken.document, of_line),
        day=of_line,
        customer=ids[buyer],
        product=taken.product,
        thousandths=taken.thousandths,
        unit_list=taken.unit_list,
        unit_net=taken.unit_net,
        channel=np.zeros(buyer.size, dtype=np.int64),
        document=np.full(buyer.size, "order", dtype=object),
        origin=none,
        rep=none,
        store=none,
        ordered=of_line,
        delivered=of_line + sent,
        invoiced=of_line,
    )
    market = media.medium[buyer] == NAMES.index(MARKETPLACE)
    return Shop(ids, group, lines, market, repeats)


def _orders(rng: np.random.Generator, acquired: Days, group: np.ndarray) -> tuple[Ints, Days]:
    """Draw every order of every customer: who, and on which day; the first is the acquisition."""
    r, alpha, a, b = (
        np.array([getattr(BUYING[name], field) for name in group.tolist()]) for field in ("r", "alpha_weeks", "a", "b")
    )
    rate = rng.gamma(r, 1 / alpha)
    stops = rng.beta(a, b)
    clock = rng.random(group.size)  # the hour of the first order, as a part of the day
    last_repeat = rng.geometric(np.clip(stops, 1e-9, 1))
    until = (END - acquired).astype(np.int64).astype(float)
    who, days = [np.arange(group.size)], [np.zeros(group.size)]
    alive, now, made = np.arange(group.size), clock.copy(), 0
    while alive.size:
        now = now + rng.exponential(1.0, alive.size) / rate[alive] * 7
        made += 1
        inside = now < until[alive]
        alive, now = alive[inside], now[inside]
        who.append(alive)
        days.append(np.floor(now))
        going = last_repeat[alive] > made
        alive, now = alive[going], now[going]
    buyer = np.concatenate(who)
    return buyer, acquired[buyer] + np.concatenate(days).astype(np.int64)


def _worth(rng: np.random.Generator, who: Ints, customers: int) -> Floats:
    nu = rng.gamma(SPENDING.q, 1 / SPENDING.v_euros, customers)
    return rng.gamma(SPENDING.p, 1.0, who.size) / nu[who]


def _baskets(rng: np.random.Generator, goods: Assortment, day: Days, euros: Floats, bargain: Flags) -> Basket:
    """Fill each order with packs that come as near to its worth as they can, out of some that are tried by taste."""
    month = month_of(day)
    code = np.where(rng.random(day.size) < np.where(bargain, CODE_SHARE["bargain"], CODE_SHARE["core"]), 10, 0)
    per_cent = np.where(_is_black_week(day), 15, code)
    weights = _tastes(goods, day)
    step = np.where(goods.by_weight, 250, 1000)
    wanted = np.minimum(chosen(rng, _LINES, day.size) + 1, np.maximum(euros // _EUROS_A_LINE, 1))
    left = np.rint(euros * 100)
    parts = []
    for further in (2, 1, 0):  # lines that are still to come
        at = np.nonzero(wanted > further)[0]
        tried = np.stack([chosen(rng, weights[at], at.size) for _ in range(3 if further else 12)], axis=1)
        listed = goods.lists[WEB][tried, month[at][:, None]]
        net = _less(listed, per_cent[at][:, None], goods.by_weight[tried])
        packs = net * step[tried] // 1000
        budget = left[at] / (further + 1) * (rng.uniform(0.6, 1.2, at.size) if further else 1.0)
        count = np.maximum(1, np.rint(budget[:, None] / packs)).astype(np.int64)
        best = np.arange(at.size), np.abs(count * packs - budget[:, None]).argmin(axis=1)
        left[at] -= (count * packs)[best]
        parts.append((at, tried[best], count[best] * step[tried[best]], listed[best], net[best]))
    return basket(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _tastes(goods: Assortment, day: Days) -> Floats:
    """Weights of the products in the orders of each day: boxes are for Christmas."""
    weights = (goods.popularity[:, None] * (goods.sold & ~goods.subscribed[:, None])).T[month_of(day)]
    boxes = np.array([family == "Coffrets" for family in goods.families])
    christmas = np.isin(day.astype("datetime64[M]").astype(np.int64) % 12, (10, 11))
    weights[:, boxes] *= np.where(christmas, 2.2, 0.8)[:, None]
    return weights


def _less(listed: Ints, per_cent: Ints, by_weight: np.ndarray) -> Ints:
    """Unit prices after a discount: whole cents, by weight in steps of four."""
    step = np.where(by_weight, 4, 1)
    return np.rint(listed * (100 - per_cent) / 100 / step).astype(np.int64) * step


def _is_black_week(day: Days) -> np.ndarray:
    """The last full week of November."""
    months, days = day.astype("datetime64[M]"), day.astype("datetime64[D]")
    number = (days - months.astype("datetime64[D]")).astype(int) + 1
    return (months.astype(int) % 12 == 10) & (number >= 22) & (number <= 28)
