"""Subscriptions: a box each month, until the customer ends it.

Each customer ends the contract at a renewal with a probability of its own, drawn from Beta(alpha, beta): the
shifted beta-geometric model, to the letter. Subscribers are customers of their own and buy nothing else.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit.demo.assortment import WEB, Assortment
from perfkit.demo.calendar import DAYS, END, START, month_of, season, span
from perfkit.demo.draws import Days, Ints, chosen, each_of, numbered, stream
from perfkit.demo.frames import frame
from perfkit.demo.lines import Lines, by_day
from perfkit.demo.media import MEDIA

SEGMENT = "Abonnés"
ALPHA, BETA = 0.75, 5.2
"""Of the probability to end at a renewal, once a month."""
NEW_A_WEEK = 3.4
PLANS = ("Découverte", "Gourmet")
MONTHLY_CENTS = (1_900, 3_300)
"""Net of tax; a contract keeps the price at which it was made."""
FIRST_DAY = "2023-01-02"


@dataclass(frozen=True)
class Boxes:
    """Subscribers, one contract each, and the lines of their boxes."""

    ids: np.ndarray
    started: Days
    ended: Days
    plan: Ints
    medium: Ints
    lines: Lines

    def table(self) -> pd.DataFrame:
        """Return the canonical contracts; the end is missing while one runs."""
        return frame(
            "subscriptions",
            {
                "subscription_id": numbered("S", np.arange(1, self.ids.size + 1), 5),
                "customer_id": self.ids,
                "started_on": self.started,
                "ended_on": self.ended,
                "monthly_revenue": np.array(MONTHLY_CENTS)[self.plan],
                "plan": each_of(PLANS, self.plan),
            },
        )


def boxes(seed: int, scale: float, goods: Assortment) -> Boxes:
    """Draw the contracts and their monthly lines."""
    rng = stream(seed, "subscriptions")
    days = span(FIRST_DAY, str(END))
    started = np.repeat(days, rng.poisson(NEW_A_WEEK * scale / 7 * season("web", days)))
    ends = rng.beta(ALPHA, BETA, started.size)
    months = rng.geometric(np.clip(ends, 1e-9, 1))  # boxes that are paid for
    plan = chosen(rng, (0.7, 0.3), started.size)
    medium = chosen(rng, [medium.credited for medium in MEDIA], started.size)
    ended = _months_later(started, months)
    ids = numbered("A", np.arange(1, started.size + 1), 5)
    number = np.concatenate([np.arange(n) for n in np.minimum(months, 60)])
    who = np.repeat(np.arange(started.size), np.minimum(months, 60))
    day = _months_later(started[who], number)
    told = (day >= START) & (day < END)
    who, day = who[told], day[told]
    order = np.lexsort((who, day))
    who, day = who[order], day[order]
    product = np.array([goods.place(f"Coffret du mois {name}") for name in PLANS])[plan[who]]
    price = np.array(MONTHLY_CENTS)[plan[who]]
    none = np.full(who.size, None, dtype=object)
    lines = Lines(
        order=by_day("S", np.arange(who.size), day),
        day=day,
        customer=ids[who],
        product=product,
        thousandths=np.full(who.size, 1000),
        unit_list=np.maximum(goods.lists[WEB][product, month_of(day)], price),
        unit_net=price,
        channel=np.zeros(who.size, dtype=np.int64),
        document=np.full(who.size, "order", dtype=object),
        origin=none,
        rep=none,
        store=none,
        ordered=day,
        delivered=day + 3,
        invoiced=day,
    )
    return Boxes(ids, started, np.where(ended <= DAYS[-1], ended, np.datetime64("NaT")), plan, medium, lines)


def _months_later(day: Days, months: Ints) -> Days:
    """Return the same day of a later month, or its 28th where it is later; none later is the day itself."""
    month = day.astype("datetime64[M]")
    number = (day - month.astype("datetime64[D]")).astype(np.int64)
    return (month + months).astype("datetime64[D]") + np.where(months > 0, np.minimum(number, 27), number)
