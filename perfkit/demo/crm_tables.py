"""CRM tables: leads, opportunities, stages and the activities of representatives, as a CRM keeps them."""

import numpy as np
import pandas as pd

from perfkit.demo.calendar import END, WORKDAYS, WORKDAYS_OF_MONTH, month_of
from perfkit.demo.crm import CHANNELS, REASONS, STAGES, Leads, Opportunities
from perfkit.demo.draws import Ints, chosen, each_of, kept, numbered, stream
from perfkit.demo.frames import frame
from perfkit.demo.team import Team
from perfkit.demo.wholesale import Trade

KINDS = ("Appel", "E-mail", "Visite", "Rendez-vous")
_HOURS = np.array([0.25, 0.2, 1.5, 1.0])
_VISITS_A_MONTH = 9.0
_DAY, _MINUTE = np.timedelta64(86400, "s"), np.timedelta64(60, "s")


def lead_ids(of: Leads) -> np.ndarray:
    """Return the id of each lead."""
    return numbered("L", np.arange(1, of.created.size + 1), 5)


def deal_ids(of: Opportunities) -> np.ndarray:
    """Return the id of each opportunity."""
    return numbered("O", np.arange(1, of.created.size + 1), 5)


def reps_of(of: Opportunities, team: Team) -> np.ndarray:
    """Return who is in charge of each opportunity: who holds its territory when it is created."""
    return team.holder[of.territory, month_of(of.created)]


def leads_table(of: Leads, deals: Opportunities) -> pd.DataFrame:
    """Return the canonical leads; one is converted on the day its opportunity was created."""
    opened = of.opportunity >= 0
    old = of.created < END - np.timedelta64(60, "D")
    stage = np.where(
        opened, "Converti", np.where(~np.isnat(of.qualified), "Qualifié", np.where(old, "Écarté", "Nouveau"))
    )
    opportunity = np.full(of.created.size, None, dtype=object)
    opportunity[opened] = deal_ids(deals)[of.opportunity[opened]]
    return frame(
        "leads",
        {
            "lead_id": lead_ids(of),
            "created_at": of.created,
            "channel": each_of(CHANNELS, of.channel),
            "qualified_at": of.qualified,
            "stage": stage,
            "converted_on": of.opened.astype("datetime64[D]"),
            "opportunity_id": opportunity,
        },
    )


def opportunities_table(seed: int, of: Opportunities, trade: Trade, team: Team) -> pd.DataFrame:
    """Return the canonical opportunities; the amount is what was thought of the customer's first year."""
    rng = stream(seed, "crm.amounts")
    size = of.created.size
    customer = np.full(size, None, dtype=object)
    worth = np.exp(rng.normal(np.log(7200), 0.65, size))
    won = trade.opportunity >= 0
    customer[trade.opportunity[won]] = trade.ids[won]
    worth[trade.opportunity[won]] = trade.worth[won] * np.exp(rng.normal(0, 0.25, won.sum()))
    reason = np.full(size, None, dtype=object)
    lost = of.status == "lost"
    late = of.created >= np.datetime64("2026-01-01")
    weights = np.where(late[:, None], (0.30, 0.22, 0.32, 0.10, 0.06), (0.30, 0.34, 0.14, 0.14, 0.08))
    reason[lost] = each_of(REASONS, chosen(rng, weights, size))[lost]
    expected = of.created.astype("datetime64[D]") + np.rint(rng.normal(75, 20, size)).clip(20, 160).astype(int)
    return frame(
        "opportunities",
        {
            "opportunity_id": deal_ids(of),
            "created_at": of.created,
            "amount": np.rint(worth / 50).astype(np.int64).clip(6) * 5000,
            "stage": each_of(STAGES, of.stage),
            "status": of.status,
            "closed_at": of.closed,
            "expected_close": expected,
            "customer_id": customer,
            "rep_id": reps_of(of, team),
            "channel": each_of(CHANNELS, of.channel),
            "lost_reason": reason,
        },
    )


def stages_table(of: Opportunities) -> pd.DataFrame:
    """Return the canonical entries into stages, in the order of their time."""
    deal, stage = np.nonzero(~np.isnat(of.entered))
    moment = of.entered[deal, stage]
    order = np.lexsort((deal, moment))
    return frame(
        "stages",
        {
            "opportunity_id": deal_ids(of)[deal][order],
            "stage": each_of(STAGES, stage)[order],
            "entered_at": moment[order],
        },
    )


def activities_table(seed: int, of: Leads, deals: Opportunities, team: Team) -> pd.DataFrame:
    """Return the canonical activities: first contacts, work on opportunities, visits of customers, automated mails."""
    rng = stream(seed, "crm.activities")
    parts = [_contacts(rng, of, team), _on_deals(rng, deals, team), _visits(rng, team)]
    moment, kind, lead, deal, rep, automated = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((kind, rep.astype(str), moment))
    moment, kind, lead, deal, rep, automated = (part[order] for part in (moment, kind, lead, deal, rep, automated))
    hours = _HOURS[kind] * np.round(np.exp(rng.normal(0, 0.3, kind.size)), 1)
    names, ids = deal_ids(deals), lead_ids(of)
    return frame(
        "activities",
        {
            "activity_id": numbered("T", np.arange(1, moment.size + 1), 6),
            "kind": each_of(KINDS, kind),
            "done_at": moment,
            "opportunity_id": _named(names, deal),
            "lead_id": _named(ids, lead),
            "rep_id": rep,
            "hours": np.where(automated, 0.0, np.round(hours, 2)),
            "automated": automated,
        },
    )


def _named(ids: np.ndarray, places: Ints) -> np.ndarray:
    return kept(ids[places], places >= 0)


def _contacts(rng: np.random.Generator, of: Leads, team: Team) -> tuple[np.ndarray, ...]:
    """The first call of a lead, and an automated mail of welcome; some leads are never called."""
    size = of.created.size
    month = month_of(of.created)
    rep = team.holder[rng.integers(0, team.team.size, size), month]
    called = of.created + (np.exp(rng.normal(np.log(22), 0.8, size)) * 3600).astype("timedelta64[s]")
    known = ~np.isnat(of.qualified)
    # Who is qualified has been called before.
    called[known] = of.created[known] + (of.qualified[known] - of.created[known]) * rng.uniform(0.2, 0.9, known.sum())
    called = _at_work(rng, called, of.created, np.where(known, of.qualified, END.astype("datetime64[s]")))
    at = np.nonzero((known | (rng.random(size) < 0.7)) & (called < END))[0]
    mailed = of.created + np.timedelta64(120, "s")
    by_mail = np.nonzero(mailed < END)[0]
    lead = np.concatenate([at, by_mail])
    n, m = at.size, by_mail.size
    return (
        np.concatenate([called[at], mailed[by_mail]]),
        np.concatenate([np.zeros(n, dtype=np.int64), np.ones(m, dtype=np.int64)]),
        lead,
        np.full(n + m, -1),
        rep[lead],
        np.concatenate([np.zeros(n, dtype=bool), np.ones(m, dtype=bool)]),
    )


def _on_deals(rng: np.random.Generator, of: Opportunities, team: Team) -> tuple[np.ndarray, ...]:
    """Work on each opportunity: about three activities in each month that it is open."""
    until = np.where(np.isnat(of.closed), END.astype("datetime64[s]"), of.closed)
    life = (until - of.created) / _DAY
    deal = np.repeat(np.arange(of.created.size), 1 + rng.poisson(life / 14))
    moment = of.created[deal] + (rng.random(deal.size) * life[deal] * 86400).astype("timedelta64[s]")
    moment = _at_work(rng, moment, of.created[deal], until[deal])
    kind = chosen(rng, (0.42, 0.30, 0.12, 0.16), deal.size)
    return moment, kind, np.full(deal.size, -1), deal, reps_of(of, team)[deal], np.zeros(deal.size, dtype=bool)


def _at_work(rng: np.random.Generator, moment: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Move moments into the working hours of their day, or of the Friday before a weekend, between two others."""
    day = moment.astype("datetime64[D]")
    weekday = (day.astype(np.int64) + 3) % 7
    day = day - np.maximum(weekday - 4, 0)
    there = day.astype("datetime64[s]") + rng.integers(8 * 3600, 18 * 3600, moment.size)
    return np.clip(there, first + np.timedelta64(300, "s"), np.maximum(last - _MINUTE, first + _MINUTE))


def _visits(rng: np.random.Generator, team: Team) -> tuple[np.ndarray, ...]:
    """Visits of customers that belong to no opportunity."""
    n = rng.poisson(_VISITS_A_MONTH, team.holder.shape)
    territory, month = np.repeat(np.argwhere(n > 0), n[n > 0], axis=0).T
    start = np.concatenate([[0], np.cumsum(WORKDAYS_OF_MONTH)])[:-1]
    day = WORKDAYS[start[month] + (rng.random(month.size) * WORKDAYS_OF_MONTH[month]).astype(int)]
    moment = day.astype("datetime64[s]") + rng.integers(8 * 3600, 18 * 3600, month.size)
    none = np.full(month.size, -1)
    return moment, np.full(month.size, 2), none, none, team.holder[territory, month], np.zeros(month.size, dtype=bool)
