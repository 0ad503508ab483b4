"""Media: what is spent in each channel week by week, and which new customers of the web shop does it bring?

New customers of a week are drawn from two sources. Demand of its own (season, trend, a competitor, chance)
would have come without any spend; whichever channel they pass through is credited with them. Spend brings
more: most x tanh(stock / scale), where stock = the week's spend + carry_over x the stock of the week before.
The brand's own search is the trap: its spend follows demand, so it is credited with many and brings few.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit.demo.calendar import DAYS, MONDAYS, season, span, week_of
from perfkit.demo.draws import Days, Floats, Ints, chosen, each_of, stream
from perfkit.demo.frames import cents, frame


@dataclass(frozen=True)
class Medium:
    """A channel of acquisition: what it costs and what it truly does.

    Attributes
    ----------
    name : str
    credited : float
        Share of the demand of its own that passes through it.
    euros_a_week : float
        Average spend.
    most : float
        New customers a week that no spend exceeds.
    scale : float
        Euros of stock at which tanh has its argument 1.
    carry_over : float
        Part of the stock that is left after a week.
    swing : float
        Standard deviation of the logarithm of the weekly spend.
    visits_a_euro : float
    """

    name: str
    credited: float = 0.0
    euros_a_week: float = 0.0
    most: float = 0.0
    scale: float = 1.0
    carry_over: float = 0.0
    swing: float = 0.0
    visits_a_euro: float = 0.0


BRAND = "Recherche payante (marque)"
GENERIC = "Recherche payante (générique)"
PODCASTS = "Podcasts"
MARKETPLACE = "Place de marché"
AFFILIATES = "Affiliation"
REFERRAL = "Parrainage"
EMAIL = "E-mail"
DIRECT = "Accès direct"
MEDIA = (
    Medium("Recherche naturelle", credited=0.38),
    Medium(DIRECT, credited=0.20),
    Medium(BRAND, credited=0.24, euros_a_week=300, most=0.9, scale=330, carry_over=0.0, visits_a_euro=2.2),
    Medium(EMAIL, credited=0.08),
    Medium(REFERRAL, credited=0.10),
    Medium(GENERIC, euros_a_week=430, most=12, scale=620, carry_over=0.15, swing=0.55, visits_a_euro=1.3),
    Medium("Réseaux sociaux", euros_a_week=540, most=14, scale=1350, carry_over=0.5, swing=0.70, visits_a_euro=1.9),
    Medium(AFFILIATES, euros_a_week=170, most=5.5, scale=300, carry_over=0.0, swing=0.45, visits_a_euro=2.5),
    Medium(PODCASTS, euros_a_week=32, most=0.4, scale=100, carry_over=0.3, swing=0.30, visits_a_euro=1.0),
    Medium(MARKETPLACE),
)  # fmt: skip
NAMES = tuple(medium.name for medium in MEDIA)
CONFOUNDED, TOO_SMALL = BRAND, PODCASTS
DEMAND_A_WEEK = 20.0
DEMAND_GROWTH_A_YEAR = 0.05
MARKETPLACE_A_WEEK = 3.2
DEMAND_FALLS_ON = np.datetime64("2026-04-06")
DEMAND_FALL = 0.22
"""A competitor's web shop opens; demand of its own falls by this part from that Monday."""
EUROS_A_DEMAND = 300 / DEMAND_A_WEEK
"""Spend of the brand's search for one customer of demand."""
OPENED = "2022-01-01"
"""The shop's first day: customers acquired before the story are in the customer list and buy on."""
_WEEKDAYS = np.array([1.08, 1.0, 0.98, 0.97, 0.92, 0.95, 1.10]) / 7
_MARKETPLACE_FEE = 0.15


@dataclass(frozen=True)
class Acquired:
    """The new customers of the shop, one place a customer, and the spend that brought some of them.

    Attributes
    ----------
    day : array of days
    medium : array of int
        The channel credited, a place in `MEDIA`.
    caused : array of bool
        Whether spend brought the customer, who would not have come otherwise.
    spend : array of cents, medium x day of the story
    demand : array
        Expected customers of demand, a week.
    expected : array, medium x week
        Expected customers brought by spend.
    """

    day: Days
    medium: Ints
    caused: np.ndarray
    spend: Ints
    demand: Floats
    expected: Floats


def acquired(seed: int, scale: float) -> Acquired:
    """Draw the spend of 36 months and the customers of the shop since it opened."""
    demand = _demand(stream(seed, "media.demand"), scale)
    spend = _spend(stream(seed, "media.spend"), demand, scale)
    weekly = _by_week(spend) / 100
    expected = np.array([effect(medium, euros, scale) for medium, euros in zip(MEDIA, weekly, strict=True)])
    rng = stream(seed, "media.customers")
    market = MARKETPLACE_A_WEEK * scale * season("web", MONDAYS) * _part_of_week()
    own, paid, placed = rng.poisson(demand), rng.poisson(expected), rng.poisson(market)
    credited = np.array([medium.credited for medium in MEDIA])
    medium = [chosen(rng, credited, own.sum())]
    week = [np.repeat(np.arange(MONDAYS.size), own)]
    caused = [np.zeros(own.sum(), dtype=bool)]
    for place in range(len(MEDIA)):
        n = placed if NAMES[place] == MARKETPLACE else paid[place]
        week.append(np.repeat(np.arange(MONDAYS.size), n))
        medium.append(np.full(n.sum(), place))
        caused.append(np.full(n.sum(), NAMES[place] != MARKETPLACE))
    day = _day_in(np.concatenate(week), rng)
    early, passed = _before(stream(seed, "media.before"), scale)
    day = np.concatenate([early, day])
    through = np.concatenate([passed, *medium])
    brought = np.concatenate([np.zeros(early.size, dtype=bool), *caused])
    order = np.argsort(day, kind="stable")
    return Acquired(day[order], through[order], brought[order], spend, demand, expected)


def effect(medium: Medium, euros: Floats, scale: float) -> Floats:
    """Return the customers that weekly spend is expected to bring, by the formula at the head of the module."""
    stock = np.zeros(euros.size)
    carried = 0.0
    for week in range(euros.size):
        carried = euros[week] + medium.carry_over * carried
        stock[week] = carried
    return medium.most * scale * np.tanh(stock / (medium.scale * scale))


def spend_table(media: Acquired, web_net: Ints, web_day: Days, from_market: np.ndarray) -> pd.DataFrame:
    """Return the canonical spend: media by day, fees of the marketplace by day, agency and tools by month."""
    first = np.nonzero(np.diff(DAYS.astype("datetime64[M]").astype(int), prepend=-1))[0]
    fees = np.zeros(DAYS.size, dtype=np.int64)
    here = from_market & (web_net > 0)
    np.add.at(fees, (web_day[here] - DAYS[0]).astype(int), web_net[here])
    fees = np.rint(fees * _MARKETPLACE_FEE).astype(np.int64)
    days, names, amounts, kinds = [], [], [], []
    for place, medium in enumerate(MEDIA):
        daily = fees if medium.name == MARKETPLACE else media.spend[place]
        paid = np.nonzero(daily)[0]
        days.append(DAYS[paid])
        amounts.append(daily[paid])
        names += [medium.name] * paid.size
        kinds += ["Commissions" if medium.name == MARKETPLACE else "Média"] * paid.size
    for name, euros, kind in (
        ("Recherche naturelle", 650, "Agence"), (EMAIL, 390, "Outils"), ("Réseaux sociaux", 900, "Agence"),
        (GENERIC, 480, "Agence"), (REFERRAL, 260, "Bons d'achat"),
    ):  # fmt: skip
        days.append(DAYS[first])
        amounts.append(np.full(first.size, euros * 100))
        names += [name] * first.size
        kinds += [kind] * first.size
    day, amount = np.concatenate(days), np.concatenate(amounts)
    order = np.argsort(day, kind="stable")
    return frame(
        "spend",
        {
            "date": day[order],
            "channel": np.array(names, dtype=object)[order],
            "amount": amount[order],
            "kind": np.array(kinds, dtype=object)[order],
        },
    )


def sessions_table(seed: int, media: Acquired, repeats_by_day: Ints) -> pd.DataFrame:
    """Return the canonical visits: spend buys some, demand brings others, and buyers come back on their own."""
    rng = stream(seed, "media.sessions")
    week = week_of(DAYS)
    worse = np.where(np.datetime64("2026-05-01") <= DAYS, 1.12, 1.0)  # more visits for an order: the new cart
    day, place, visits = [], [], []
    for index, medium in enumerate(MEDIA):
        expected = medium.visits_a_euro * media.spend[index] / 100 * 0.5
        expected = expected + medium.credited * media.demand[week] * _WEEKDAYS[(DAYS - MONDAYS[0]).astype(int) % 7] * 38
        if medium.name in (EMAIL, DIRECT):
            expected = expected + 14 * np.convolve(repeats_by_day, np.ones(7) / 7, mode="same")
        if medium.name == MARKETPLACE:
            expected = expected + 6
        day.append(DAYS)
        place.append(np.full(DAYS.size, index))
        visits.append(rng.poisson(expected * worse))
    order = np.lexsort((np.concatenate(place), np.concatenate(day)))
    return frame(
        "sessions",
        {
            "date": np.concatenate(day)[order],
            "channel": each_of(NAMES, np.concatenate(place)[order]),
            "visits": np.concatenate(visits)[order],
        },
    )


def _demand(rng: np.random.Generator, scale: float) -> Floats:
    """Demand of its own: season, trend, a competitor, and a chance that lasts for some weeks."""
    shock = rng.normal(0, 0.09, MONDAYS.size)
    for week in range(1, shock.size):
        shock[week] += 0.55 * shock[week - 1]
    years = np.arange(MONDAYS.size) / 52.18
    fallen = np.where(MONDAYS >= DEMAND_FALLS_ON, 1 - DEMAND_FALL, 1)
    level = DEMAND_A_WEEK * scale * (1 + DEMAND_GROWTH_A_YEAR) ** years
    return level * season("web", MONDAYS) * fallen * np.exp(shock) * _part_of_week()


def _part_of_week() -> Floats:
    """The part of each week that lies in the story: its first and last week are not whole."""
    return np.bincount(week_of(DAYS), minlength=MONDAYS.size) / 7


def _spend(rng: np.random.Generator, demand: Floats, scale: float) -> Ints:
    spend = np.zeros((len(MEDIA), DAYS.size), dtype=np.int64)
    week, weekday = week_of(DAYS), (DAYS - MONDAYS[0]).astype(int) % 7
    whole = demand / _part_of_week()
    for place, medium in enumerate(MEDIA):
        if not medium.euros_a_week:
            continue
        if medium.name == BRAND:
            euros = EUROS_A_DEMAND * whole * np.exp(rng.normal(0, 0.04, MONDAYS.size))
        else:
            flights = np.repeat(rng.normal(0, 0.6, MONDAYS.size // 5 + 1), 5)[: MONDAYS.size]
            swing = medium.swing * (flights + rng.normal(0, 0.8, MONDAYS.size))
            euros = medium.euros_a_week * scale * np.exp(swing - medium.swing**2 / 2)
        spend[place] = cents(euros[week] * _WEEKDAYS[weekday])
    return spend


def _by_week(spend: Ints) -> Floats:
    return np.array([np.bincount(week_of(DAYS), weights=row, minlength=MONDAYS.size) for row in spend])


def _day_in(week: Ints, rng: np.random.Generator) -> Days:
    """Draw a day of the story in each week."""
    there = np.zeros((MONDAYS.size, 7))
    there[week_of(DAYS), (DAYS - MONDAYS[0]).astype(int) % 7] = _WEEKDAYS[(DAYS - MONDAYS[0]).astype(int) % 7]
    return MONDAYS[week] + chosen(rng, there[week], week.size)


def _before(rng: np.random.Generator, scale: float) -> tuple[Days, Ints]:
    """Draw the customers of the years before the story: a lower level, the same season and channels."""
    days = span(OPENED, str(DAYS[0]))
    level = (DEMAND_A_WEEK * 1.35 * scale / 7) * np.linspace(0.45, 1.0, days.size)
    n = rng.poisson(level * season("web", days))
    weights = [medium.credited + 0.35 * medium.most / 45 for medium in MEDIA]
    return np.repeat(days, n), chosen(rng, weights, n.sum())
