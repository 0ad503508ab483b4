"""People: the customer list of all three routes to market, the paths on which they came, and what they answer."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit.demo import names, subscriptions, web
from perfkit.demo.calendar import DAYS, END, START
from perfkit.demo.crm import CHANNELS, Leads
from perfkit.demo.crm_tables import lead_ids
from perfkit.demo.draws import Ints, chosen, each_of, stream
from perfkit.demo.frames import frame
from perfkit.demo.lines import Lines
from perfkit.demo.media import MEDIA, NAMES, REFERRAL, Acquired
from perfkit.demo.shelves import CHAINS
from perfkit.demo.subscriptions import Boxes
from perfkit.demo.web import Shop
from perfkit.demo.wholesale import Trade

CHAIN_SEGMENT = "Enseignes"
SATISFIED = {"before": (0.17, 0.30, 0.53), "from 2026-04": (0.26, 0.31, 0.43)}
"""Shares of detractors (0-6), passives (7-8) and promoters (9-10) among the web's answers, as near as they divide."""
LESS_SATISFIED_FROM = np.datetime64("2026-04-01")
_ANSWERS = {"nps": 0.055, "csat": 0.05, "ces": 0.25}


def customers_table(
    seed: int, media: Acquired, shop: Shop, boxes: Boxes, trade: Trade, leads: Leads, lead_of_deal: Ints
) -> pd.DataFrame:
    """Return the canonical customers: of the shop, subscribers, of wholesale, and the chains."""
    rng = stream(seed, "people.customers")
    private = shop.ids.size + boxes.ids.size
    medium = np.concatenate([media.medium, boxes.medium])
    day = np.concatenate([media.day, boxes.started])
    ids = np.concatenate([shop.ids, boxes.ids])
    referred = np.full(private, None, dtype=object)
    who = np.nonzero((medium == NAMES.index(REFERRAL)) & (np.arange(private) < shop.ids.size) & (media.day[0] < day))[0]
    earlier = np.searchsorted(media.day, day[who], side="left")
    known = earlier > 0
    referred[who[known]] = shop.ids[(rng.random(known.sum()) * earlier[known]).astype(int)]
    own_channel = chosen(rng, (0.30, 0.05, 0.25, 0.35, 0.05), trade.ids.size)
    won = trade.opportunity >= 0
    own_channel[won] = leads.channel[lead_of_deal[trade.opportunity[won]]]
    country = each_of(("France", "Belgique"), (rng.random(private) < 0.06).astype(int))
    chains = len(CHAINS)
    return frame(
        "customers",
        {
            "customer_id": np.concatenate([ids, trade.ids, [chain.id for chain in CHAINS]]),
            "name": np.concatenate([
                names.shoppers(seed, "shoppers", private),
                names.businesses(seed, trade.segment, trade.country),
                [chain.name for chain in CHAINS],
            ]),
            "segment": np.concatenate([
                np.full(shop.ids.size, web.SEGMENT, dtype=object),
                np.full(boxes.ids.size, subscriptions.SEGMENT, dtype=object),
                trade.segment,
                np.full(chains, CHAIN_SEGMENT, dtype=object),
            ]),
            "country": np.concatenate([country, trade.country, np.full(chains, "France", dtype=object)]),
            "acquired_on": np.concatenate([day, trade.acquired, np.full(chains, np.datetime64("2015-01-05"))]),
            "acquisition_channel": np.concatenate([
                each_of(NAMES, medium), each_of(CHANNELS, own_channel), np.full(chains, "Prospection", dtype=object)
            ]),
            "referred_by": np.concatenate([referred, np.full(trade.ids.size + chains, None, dtype=object)]),
        },
    )  # fmt: skip


def touches_table(seed: int, media: Acquired, shop: Shop, leads: Leads) -> pd.DataFrame:
    """Return the canonical contacts: on the way to a first order, and of leads whether they become customers or not."""
    rng = stream(seed, "people.touches")
    new = np.nonzero(media.day >= START)[0]
    before = rng.poisson(1.0, new.size)
    weights = [medium.credited + medium.most / 40 + 0.02 for medium in MEDIA]
    who = np.concatenate([new, np.repeat(new, before)])
    place = np.concatenate([media.medium[new], chosen(rng, weights, before.sum())])
    days = np.concatenate([np.zeros(new.size), rng.exponential(7.0, before.sum()) + 0.1])
    hour = rng.integers(7 * 3600, 23 * 3600, who.size)
    moment = media.day[who].astype("datetime64[s]") + hour - (days * 86400).astype("timedelta64[s]")
    lead = np.repeat(np.arange(leads.created.size), 1 + rng.poisson(0.6, leads.created.size))
    first = np.concatenate([[True], lead[1:] != lead[:-1]])
    seen = leads.created[lead] - np.where(first, 0, rng.exponential(9 * 86400, lead.size)).astype("timedelta64[s]")
    passed = np.where(first, leads.channel[lead], chosen(rng, np.ones(len(CHANNELS)), lead.size))
    moments = np.concatenate([moment, seen])
    customer = np.concatenate([shop.ids[who], np.full(lead.size, None, dtype=object)])
    lead_id = np.concatenate([np.full(who.size, None, dtype=object), lead_ids(leads)[lead]])
    channel = np.concatenate([each_of(NAMES, place), each_of(CHANNELS, passed)])
    order = np.argsort(moments, kind="stable")
    order = order[moments[order] >= DAYS[0]]
    return frame(
        "touches",
        {
            "customer_id": customer[order],
            "lead_id": lead_id[order],
            "touched_at": moments[order],
            "channel": channel[order],
        },
    )


def surveys_table(seed: int, lines: Lines) -> pd.DataFrame:
    """Return the canonical answers: NPS and effort from the web, satisfaction from wholesale."""
    orders = np.unique(lines.order.astype(str), return_index=True)[1]
    of = lines.at(np.sort(orders))
    askable = {
        "nps": (of.channel == 0) & (of.document == "order"),
        "csat": of.channel == 1,
        "ces": of.document == "credit",
    }
    who, day, kind, score = [], [], [], []
    for name, which in askable.items():
        rng = stream(seed, f"people.surveys.{name}")
        at = np.nonzero(which & (rng.random(which.size) < _ANSWERS[name]))[0]
        when = of.day[at] + rng.integers(5, 25, at.size)
        asked = pd.DataFrame({"customer": of.customer[at], "day": when})  # nobody answers twice on a day
        kept = (when < END) & ~asked.duplicated().to_numpy()
        at, when = at[kept], when[kept]
        late = when >= LESS_SATISFIED_FROM
        who.append(of.customer[at])
        day.append(when)
        kind.append(np.full(at.size, name, dtype=object))
        score.append(_scores(rng, name, late))
    days = np.concatenate(day)
    order = np.argsort(days, kind="stable")
    return frame(
        "surveys",
        {
            "customer_id": np.concatenate(who)[order],
            "answered_on": days[order],
            "kind": np.concatenate(kind)[order],
            "score": np.concatenate(score)[order].astype(float),
        },
    )


def _scores(rng: np.random.Generator, kind: str, late: np.ndarray) -> Ints:
    size = late.size
    if kind == "csat":
        return chosen(rng, (0.03, 0.06, 0.16, 0.42, 0.33), size) + 1
    if kind == "ces":
        return chosen(rng, (0.08, 0.10, 0.12, 0.16, 0.22, 0.20, 0.12), size) + 1
    group = np.empty(size, dtype=np.int64)
    for which, name in ((~late, "before"), (late, "from 2026-04")):
        group[which] = _dealt(rng, SATISFIED[name], int(which.sum()))
    low, passive, high = (
        chosen(rng, (1, 1, 1, 2, 3, 5, 6), size),
        7 + rng.integers(0, 2, size),
        9 + rng.integers(0, 2, size),
    )
    return np.where(group == 0, low, np.where(group == 1, passive, high))


def _dealt(rng: np.random.Generator, shares: Sequence[float], size: int) -> Ints:
    """Deal so many answers over the groups, in these shares and in any order.

    Dealt, not drawn: of 1,400 independent draws one seed in twenty strays by four points of the score or more, and
    whoever holds a report against what is true of the company would look for the fault in the report.
    """
    places = (rng.permutation(size) + 0.5) / max(size, 1)
    return np.searchsorted(np.cumsum(shares)[:-1], places, side="right").astype(np.int64)
