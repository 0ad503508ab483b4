"""CRM: how do leads become opportunities, and what happens to an opportunity in each week of its life?

An opportunity moves by weeks. In each it goes one stage further (from the last one: it is won), is lost, or
stays, with probabilities that depend on its stage and its age alone; those of opportunities created since a
competitor came go further more rarely.
"""

from dataclasses import dataclass

import numpy as np

from perfkit.demo.calendar import DAYS, END, season, working
from perfkit.demo.draws import Days, Floats, Ints, chosen, stream

STAGES = ("Qualification", "Échantillons", "Proposition", "Négociation")
AGES = (0, 4, 8, 16)
"""First week of each class of age."""
FURTHER = (
    (0.26, 0.23, 0.15, 0.07),
    (0.25, 0.23, 0.16, 0.08),
    (0.23, 0.22, 0.16, 0.08),
    (0.25, 0.24, 0.18, 0.09),
)
LOST = (
    (0.060, 0.065, 0.075, 0.090),
    (0.050, 0.060, 0.075, 0.090),
    (0.065, 0.070, 0.085, 0.110),
    (0.060, 0.065, 0.080, 0.110),
)
"""Probability of a week, by stage and class of age."""
HARDER_FROM = np.datetime64("2026-01-01")
HARDER = 0.80
"""Factor on `FURTHER` for opportunities created from that day."""
LEADS_A_YEAR = 1300.0
QUALIFIED, OPENED = 0.60, 0.66
"""Share of leads that are qualified; of these, share that become opportunities."""
CHANNELS = ("Salons", "Site internet", "Recommandation", "Prospection", "Réseaux sociaux professionnels")
_CHANNEL_WEIGHTS = (0.22, 0.30, 0.14, 0.24, 0.10)
REASONS = ("Prix", "Pas de suite donnée", "Concurrent", "Gamme inadaptée", "Délais de livraison")
_WEEKS = 160
_CLOSES = np.timedelta64(19 * 3600, "s")


@dataclass(frozen=True)
class Leads:
    """Leads, one place a lead; days are missing where it has not happened by the end of the story.

    Attributes
    ----------
    created, qualified, opened : array of seconds
        opened: when the opportunity was created.
    channel : array of int
        Place in `CHANNELS`.
    opportunity : array of int
        Place in the opportunities, -1 for none.
    """

    created: np.ndarray
    qualified: np.ndarray
    opened: np.ndarray
    channel: Ints
    opportunity: Ints


@dataclass(frozen=True)
class Opportunities:
    """Opportunities, one place each, in the order of their creation.

    Attributes
    ----------
    created, closed : array of seconds
        closed: missing while it is open.
    status : array of text
        open, won or lost.
    entered : array of seconds, opportunity x stage
        Missing where it never came.
    lead : array of int
        Place in the leads.
    channel, territory : array of int
    """

    created: np.ndarray
    closed: np.ndarray
    status: np.ndarray
    entered: np.ndarray
    lead: Ints
    channel: Ints
    territory: Ints

    @property
    def stage(self) -> Ints:
        """The last stage that each has come to."""
        return (~np.isnat(self.entered)).sum(axis=1) - 1


def leads(seed: int, scale: float) -> Leads:
    """Draw the leads of 36 months, and which are qualified and become opportunities."""
    rng = stream(seed, "crm.leads")
    weekday = (DAYS.astype(int) + 3) % 7  # Monday is 0
    level = LEADS_A_YEAR * scale / 365.25 * np.where(weekday < 5, 1.3, 0.25) * np.sqrt(season("wholesale", DAYS))
    n = rng.poisson(level)
    day = np.repeat(DAYS, n)
    created = day.astype("datetime64[s]") + np.sort(rng.integers(7 * 3600, 20 * 3600, day.size))
    order = np.argsort(created, kind="stable")
    created = created[order]
    channel = chosen(rng, _CHANNEL_WEIGHTS, day.size)
    delay = np.exp(rng.normal(np.log(40), 0.9, day.size)) * 3600  # hours: a median of 40
    qualified = _at(rng, created, delay, rng.random(day.size) < QUALIFIED)
    wait = rng.gamma(2.0, 4.0, day.size) * 86400
    opened = _at(rng, qualified, wait, rng.random(day.size) < OPENED)
    place = np.full(day.size, -1, dtype=np.int64)
    there = np.nonzero(~np.isnat(opened))[0]
    place[there[np.argsort(opened[there], kind="stable")]] = np.arange(there.size)
    return Leads(created, qualified, opened, channel, place)


def opportunities(seed: int, of: Leads, territories: int) -> Opportunities:
    """Draw the life of each opportunity, week by week, until it closes or the story ends."""
    rng = stream(seed, "crm.opportunities")
    lead = np.nonzero(of.opportunity >= 0)[0]
    lead = lead[np.argsort(of.opportunity[lead])]
    created = of.opened[lead]
    size = created.size
    harder = np.where(created >= HARDER_FROM, HARDER, 1.0)
    entered = np.full((size, len(STAGES)), np.datetime64("NaT"), dtype="datetime64[s]")
    entered[:, 0] = created
    closed = np.full(size, np.datetime64("NaT"), dtype="datetime64[s]")
    status = np.full(size, "open", dtype=object)
    stage, living = np.zeros(size, dtype=np.int64), np.ones(size, dtype=bool)
    further, lost = np.array(FURTHER), np.array(LOST)
    for week in range(_WEEKS):
        age = np.searchsorted(AGES, week, side="right") - 1
        chance, moment = rng.random(size), rng.random(size)
        on = further[stage, age] * harder
        moves = living & (chance < on)
        ends = living & ~moves & (chance < on + lost[stage, age])
        when = created + week * np.timedelta64(7 * 86400, "s") + _later(created, moment)
        seen = when < END
        wins = moves & (stage == len(STAGES) - 1)
        goes = np.nonzero(moves & ~wins & seen)[0]
        stage[goes] += 1
        entered[goes, stage[goes]] = when[goes]
        for name, which in (("won", wins & seen), ("lost", ends & seen)):
            status[which] = name
            closed[which] = when[which]
        living &= ~(wins | ends) & seen
    territory = rng.integers(0, territories, size)
    return Opportunities(created, closed, status, entered, lead, of.channel[lead], territory)


def win_probability(weeks: int, harder: bool = False) -> Floats:
    """Return P(won within so many weeks | stage, age in weeks from 0 to 25), from the two tables alone."""
    ages = np.arange(26 + weeks)
    classes = np.searchsorted(AGES, ages, side="right") - 1
    further = np.array(FURTHER)[:, classes] * (HARDER if harder else 1.0)
    stay = 1 - further - np.array(LOST)[:, classes]
    won = np.zeros((len(STAGES) + 1, ages.size + 1))
    won[-1] = 1.0
    for _ in range(weeks):  # with one more week to go; what the last ages lack never comes down to the first 26
        won[:-1, :-1] = further * won[1:, 1:] + stay * won[:-1, 1:]
    return won[:-1, :26]


def _later(created: np.ndarray, moment: Floats) -> np.ndarray:
    """Return a time within seven days of the creation: on one of their five weekdays, in the hours left of that day."""
    day = created.astype("datetime64[D]")
    weekday = (day.astype(np.int64) + 3) % 7  # Monday is 0
    open_days = np.array([[ahead for ahead in range(7) if (first + ahead) % 7 < 5] for first in range(7)])
    which, hour = np.divmod(moment * 5, 1.0)
    ahead = open_days[weekday, which.astype(np.int64)]
    left = (day.astype("datetime64[s]") + _CLOSES) - created
    return ahead * np.timedelta64(86400, "s") + (hour * (left / np.timedelta64(1, "s"))).astype("timedelta64[s]")


def _at(rng: np.random.Generator, base: np.ndarray, seconds: Floats, happens: np.ndarray) -> np.ndarray:
    """Return a moment about so many seconds later, in working hours; missing where it does not happen by the end."""
    moment = base + np.where(np.isnat(base), 0, seconds).astype("timedelta64[s]")
    known = ~np.isnat(moment) & happens
    found = np.full(base.size, np.datetime64("NaT"), dtype="datetime64[s]")
    day: Days = working(moment[known].astype("datetime64[D]"))
    hour = rng.integers(8 * 3600, 18 * 3600, base.size)[known]
    at = day.astype("datetime64[s]") + hour
    again = at <= base[known]  # too early on the same day: on the next one
    at[again] = working(day[again] + 1).astype("datetime64[s]") + hour[again]
    found[known] = np.where(at < END, at, np.datetime64("NaT"))
    return found
