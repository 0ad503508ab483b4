"""Wholesale: what do shops, cafés, hotels and works councils order, at which discount, and who leaves?

A customer orders at its own rate, by the season and the working days of the month, until it leaves: each
month with the same probability. What an order is worth depends on the customer, the territory and chance.
Discounts creep up from July 2025. Customers in Britain and Switzerland pay in their own money.
"""

from dataclasses import dataclass, field

import numpy as np

from perfkit.demo.assortment import WHOLESALE, Assortment
from perfkit.demo.calendar import END, MONTHS, WORKDAYS, WORKDAYS_OF_MONTH, month_of, place_of, season, working
from perfkit.demo.crm import Opportunities
from perfkit.demo.draws import Days, Floats, Ints, chosen, each_of, numbered, stream
from perfkit.demo.fx import CURRENCIES, PLAN_RATES, monthly_rates
from perfkit.demo.lines import Basket, Lines, basket, by_day
from perfkit.demo.team import Team

SEGMENTS = ("Épiceries fines", "Cafés et restaurants", "Hôtels", "Comités d'entreprise")
LEAVES_A_MONTH = {
    "Épiceries fines": 0.014, "Cafés et restaurants": 0.022, "Hôtels": 0.016, "Comités d'entreprise": 0.019,
}  # fmt: skip
"""Probability that a customer has left by the next month."""
COUNTRIES = ("France", "Belgique", "Suisse", "Royaume-Uni")
CUSTOMERS_AT_START = 310
DISCOUNT_AT_START = 0.120
CREEP_FROM, CREEP_A_MONTH = "2025-07", 0.0028
"""Discounts of all customers rise by this much of the list price each month from this one."""
GIVES_AWAY, GIVES_AWAY_FROM, GIVES_AWAY_MORE = 5, "2026-01", 0.06
"""The territory whose representative gives this much more from this month."""
LOST_LARGE = {3: "2026-06", 6: "2026-07", 9: "2026-07"}
"""Rank by size of the customers of the first day that are lost to the competitor, and their first month without."""
ORDERS_A_MONTH, EUROS_AN_ORDER = 0.85, 1300.0
SIZE_SPREAD, ORDER_SPREAD = 0.50, 0.30
GROWTH_A_YEAR = 0.07
"""Growth of what a customer orders each time, in packs."""
_SEGMENT_WEIGHTS = (0.44, 0.30, 0.16, 0.10)
_COUNTRY_WEIGHTS = (0.80, 0.07, 0.07, 0.06)
_LINES = (0.28, 0.36, 0.22, 0.10, 0.04)
"""Shares of orders with one to five lines."""
NEW_ARE_SMALLER = 0.52
"""Orders of customers won in the story, against those of customers of before."""
BILLED_EARLY = 0.02
"""Share of orders that are billed before the goods arrive."""


@dataclass(frozen=True)
class Trade:
    """The customers of wholesale and their lines.

    Attributes
    ----------
    ids, segment, country : array of text, one a customer
    acquired : array of days
        Of the first order; missing for who has been won and has not ordered yet.
    opportunity : array of int
        Place of the opportunity that won the customer; -1 for those of before the story.
    territory : array of int
    last_month : array of int
        The last month of the story in which the customer may order; 36 for those who stay.
    worth : array
        Euros a year that the customer is worth.
    lines : Lines
    local_rate : array, one a line
        Euros for one unit of the money in which it was billed; 1 for euros.
    lost : dict of customer to first month without, for the large ones
    """

    ids: np.ndarray
    segment: np.ndarray
    country: np.ndarray
    acquired: Days
    opportunity: Ints
    territory: Ints
    last_month: Ints
    worth: Floats
    lines: Lines
    local_rate: Floats
    lost: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Customers:
    """Who may order: one place a customer, those of before the story first."""

    ids: np.ndarray
    old: int
    segment: Ints
    country: Ints
    territory: Ints
    orders_a_month: Floats
    euros_an_order: Floats
    first: Days
    begins: Ints
    last_month: Ints
    lost: dict[str, str]


def trade(seed: int, scale: float, of: Team, deals: Opportunities, goods: Assortment) -> Trade:
    """Draw the customers of wholesale and all that they order."""
    won = np.nonzero(deals.status == "won")[0]
    won = won[np.argsort(deals.closed[won], kind="stable")]
    there = _customers(stream(seed, "wholesale.customers"), scale, of, deals, won)
    who, ordered = _orders(stream(seed, "wholesale.orders"), there)
    lines, local = _lines(seed, goods, of, there, who, ordered)
    known = lines.day < END
    return Trade(
        ids=there.ids,
        segment=each_of(SEGMENTS, there.segment),
        country=each_of(COUNTRIES, there.country),
        acquired=np.where(there.first < END, there.first, np.datetime64("NaT")),
        opportunity=np.concatenate([np.full(there.old, -1), won]),
        territory=there.territory,
        last_month=there.last_month,
        worth=there.orders_a_month * there.euros_an_order * 12,
        lines=lines.at(known),
        local_rate=local[known],
        lost=there.lost,
    )


def _customers(rng: np.random.Generator, scale: float, of: Team, deals: Opportunities, won: Ints) -> _Customers:
    """Draw the customers of before the story and those won in it, and when each of them leaves."""
    old = round(CUSTOMERS_AT_START * scale)
    size = old + won.size
    segment, country = chosen(rng, _SEGMENT_WEIGHTS, size), chosen(rng, _COUNTRY_WEIGHTS, size)
    territory = np.concatenate([rng.integers(0, of.team.size, old), deals.territory[won]])
    rate = rng.gamma(5.0, ORDERS_A_MONTH / 5.0, size)
    euros = EUROS_AN_ORDER * np.exp(rng.normal(0, SIZE_SPREAD, size) - SIZE_SPREAD**2 / 2)
    euros[old:] *= NEW_ARE_SMALLER
    before = np.datetime64("2023-09-29") - rng.integers(30, 3200, old)
    signed: Days = deals.closed[won].astype("datetime64[D]")
    first = np.concatenate([before, working(signed + rng.integers(4, 24, won.size).astype("timedelta64[D]"))])
    begins = np.where(np.arange(size) < old, 0, month_of(first) + 1)
    leaves = np.array([LEAVES_A_MONTH[name] for name in SEGMENTS])[segment]
    last_month = np.minimum(begins + rng.geometric(leaves) - 1, MONTHS.size)
    ids = numbered("B", np.arange(1, size + 1), 4)
    largest = np.argsort(-(rate * euros)[:old], kind="stable")
    for rank, month in LOST_LARGE.items():
        last_month[largest[rank]] = place_of(month) - 1
    lost = {str(ids[largest[rank]]): month for rank, month in LOST_LARGE.items()}
    return _Customers(ids, old, segment, country, territory, rate, euros, first, begins, last_month, lost)


def _orders(rng: np.random.Generator, of: _Customers) -> tuple[Ints, Days]:
    """Draw who orders on which working day, in the order of the days; who is won also makes its first order."""
    months = np.arange(MONTHS.size)
    busy = season("wholesale", MONTHS.astype("datetime64[D]")) * WORKDAYS_OF_MONTH / WORKDAYS_OF_MONTH.mean()
    there = (months >= of.begins[:, None]) & (months <= of.last_month[:, None])
    n = rng.poisson(of.orders_a_month[:, None] * busy * there)
    who, month = np.repeat(np.argwhere(n > 0), n[n > 0], axis=0).T
    start = np.concatenate([[0], np.cumsum(WORKDAYS_OF_MONTH)])
    day = WORKDAYS[start[month] + (rng.random(month.size) * WORKDAYS_OF_MONTH[month]).astype(np.int64)]
    who = np.concatenate([who, np.arange(of.old, of.ids.size)])
    day = np.concatenate([day, of.first[of.old :]])
    order = np.argsort(day, kind="stable")
    return who[order], day[order]


def _lines(seed: int, goods: Assortment, team: Team, of: _Customers, who: Ints, ordered: Days) -> tuple[Lines, Floats]:
    """Return the lines of the orders, and the rate at which each was billed."""
    rng = stream(seed, "wholesale.lines")
    delivered = working(ordered, rng.integers(2, 6, who.size))
    invoiced = working(delivered, rng.integers(0, 3, who.size))
    early = rng.random(who.size) < BILLED_EARLY
    delivered = np.where(early, working(invoiced, rng.integers(2, 6, who.size)), delivered)
    month = np.clip(month_of(ordered), 0, MONTHS.size - 1)
    cut = _discounts(rng, who, of, month)
    taken, local = _baskets(seed, rng, goods, team, of, who, month, cut)
    day, buyer = invoiced[taken.document], who[taken.document]
    none = np.full(buyer.size, None, dtype=object)
    lines = Lines(
        order=by_day("F", taken.document, day),
        day=day,
        customer=of.ids[buyer],
        product=taken.product,
        thousandths=taken.thousandths,
        unit_list=taken.unit_list,
        unit_net=taken.unit_net,
        channel=np.ones(buyer.size, dtype=np.int64),
        document=np.full(buyer.size, "invoice", dtype=object),
        origin=none,
        rep=team.holder[of.territory[buyer], np.clip(month_of(day), 0, MONTHS.size - 1)],
        store=none,
        ordered=ordered[taken.document],
        delivered=delivered[taken.document],
        invoiced=day,
    )
    return lines, local[taken.document]


def _baskets(
    seed: int,
    rng: np.random.Generator,
    goods: Assortment,
    team: Team,
    of: _Customers,
    who: Ints,
    month: Ints,
    cut: Floats,
) -> tuple[Basket, Floats]:
    """Fill each order with packs of six, or by weight, and return the rate at which it is billed."""
    chance = np.exp(rng.normal(0, ORDER_SPREAD, who.size) - ORDER_SPREAD**2 / 2)
    larger = (1 + GROWTH_A_YEAR) ** (month / 12) * team.size_factor[of.territory[who], month]
    budget = of.euros_an_order[who] * larger * chance
    document = np.repeat(np.arange(who.size), chosen(rng, _LINES, who.size) + 1)
    segment, then = of.segment[who[document]], month[document]
    taste = np.exp(stream(seed, "wholesale.tastes").normal(0, 0.7, (len(SEGMENTS), len(goods.ids))))
    weights = (goods.popularity[:, None] * (goods.sold & ~goods.subscribed[:, None])).T[then] * taste[segment]
    weights[:, goods.by_weight] *= np.where(segment == SEGMENTS.index("Cafés et restaurants"), 2.0, 0.3)[:, None]
    product = chosen(rng, weights, document.size)
    part = rng.gamma(4.0, 1.0, document.size)
    part /= np.bincount(document, weights=part)[document]
    # Packs at the prices of the first month: a rise of prices raises revenue, not the other way round.
    step = np.where(goods.by_weight[product], 500, 6000)
    pack = goods.lists[WHOLESALE][product, 0] * step / 1000
    packs = np.maximum(1, np.rint(budget[document] * part * 100 / pack)).astype(np.int64)
    rate, plan = _rates(seed, of.country[who], month)
    there = np.rint(goods.lists[WHOLESALE][product, then] / plan[document])  # cents of the money in which it is billed
    given = np.rint(there * (1 - cut[document]))
    unit = np.where(goods.by_weight[product], 4, 1)
    listed, net = (np.rint(price * rate[document] / unit).astype(np.int64) * unit for price in (there, given))
    return basket(document, product, packs * step, listed, net), rate


def expected_discount() -> Floats:
    """Return the discount of an average customer in each month, as a part of the list price."""
    since = np.arange(MONTHS.size) - place_of(CREEP_FROM) + 1
    return DISCOUNT_AT_START + CREEP_A_MONTH * np.clip(since, 0, None).astype(np.float64)


def _discounts(rng: np.random.Generator, who: Ints, of: _Customers, month: Ints) -> Floats:
    """Draw the discount of each order: what all get, what the customer has obtained, and one generous territory."""
    own = rng.normal(0, 0.025, of.ids.size)
    gives = (of.territory[who] == GIVES_AWAY) & (MONTHS[month] >= np.datetime64(GIVES_AWAY_FROM))
    cut = expected_discount()[month] + own[who] + rng.normal(0, 0.008, who.size)
    return np.clip(cut + GIVES_AWAY_MORE * gives, 0.02, 0.40)


def _rates(seed: int, country: Ints, month: Ints) -> tuple[Floats, Floats]:
    """Return the rate of each order's month and country, and the one at which its price list was made."""
    rates, plan = np.ones((len(COUNTRIES), MONTHS.size)), np.ones(len(COUNTRIES))
    for name, currency in CURRENCIES.items():
        rates[COUNTRIES.index(name)] = monthly_rates(seed)[currency]
        plan[COUNTRIES.index(name)] = PLAN_RATES[currency]
    return rates[country, month], plan[country]
