"""Plan: what was the company, each channel and each representative to reach, and what are they paid?

Budgets grow from what the year before brought, month by month; that of 2026 has a revision, whose name sorts
after the first one's so that it counts. A representative's quota is the territory's; a manager's is the
team's and overlaps it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit.demo.assortment import CHANNELS, Assortment
from perfkit.demo.calendar import MONTHS, month_of, season
from perfkit.demo.draws import Floats, Ints, each_of, stream
from perfkit.demo.frames import cents, frame
from perfkit.demo.lines import Lines
from perfkit.demo.team import TEAMS, Team

GROWTH = {"2024": 1.03, "2025": 1.11, "2026": 1.07}
"""Budgeted growth of revenue; before there is a year before, the budget is what was expected."""
REVISED = 0.985
"""The revision of 2026, from April on, against the first budget."""
MARGIN_RATE = {"2024": 0.41, "2025": 0.42, "2026": 0.42}
FIRST, SECOND = "1 budget", "2 révisé"
VARIABLE_PART = 0.25
"""Variable pay at target / all pay at target."""
_ROUND = 100_00


@dataclass(frozen=True)
class Plan:
    """The plan of 36 months.

    Attributes
    ----------
    counting : array of cents, channel x month
        Planned revenue, by the version that counts.
    quotas, sold : array of cents, territory x month
    targets : DataFrame
        The canonical table.
    """

    counting: Ints
    quotas: Ints
    sold: Floats
    targets: pd.DataFrame


def plan(seed: int, lines: Lines, goods: Assortment, team: Team, new_customers: np.ndarray) -> Plan:
    """Return the targets of 36 months and the quotas; new_customers: those of the web by month."""
    rng = stream(seed, "plan")
    sold = np.array([_monthly(lines.at(lines.channel == place)) for place in range(len(CHANNELS))])
    channels = np.array([_budget(rng, row) for row in sold])
    of_territory = _by_territory(lines, team)
    quotas = np.array([_quota(rng, row) for row in of_territory])
    months = MONTHS.astype("datetime64[D]")
    revised = np.where(np.datetime64("2026-04") <= MONTHS, REVISED, np.nan)
    total = channels.sum(axis=0)
    rate = np.array([MARGIN_RATE[max("2024", str(month)[:4])] for month in MONTHS])
    rows: list[tuple[str, np.datetime64, int, str | None, str | None, str]] = []

    def add(
        kpi: str, values: np.ndarray, by: str | None = None, member: str | None = None, version: str = FIRST
    ) -> None:
        """Values in thousandths of the KPI's unit."""
        rows.extend(
            (kpi, day, int(value), by, member, version) for day, value in zip(months, values, strict=True) if value > 0
        )

    def second(values: np.ndarray) -> np.ndarray:
        return np.where(np.isnan(revised), 0, np.rint(values * np.nan_to_num(revised) / _ROUND) * _ROUND).astype(
            np.int64
        )

    add("revenue", total * 10)
    add("gross_profit", np.rint(total * rate / _ROUND) * _ROUND * 10)
    seconds = np.array([second(row) for row in channels])
    add("revenue", seconds.sum(axis=0) * 10, version=SECOND)
    add("gross_profit", np.rint(seconds.sum(axis=0) * rate / _ROUND) * _ROUND * 10, version=SECOND)
    add("margin_rate", np.rint(rate * 1000))
    add("new_customers", np.rint(_budget(rng, new_customers * 100) / 1000) * 10 * 1000)
    add("repeat_rate", np.full(MONTHS.size, 400))
    for place, channel in enumerate(CHANNELS):
        add("revenue", channels[place] * 10, "channel", channel)
        add("revenue", seconds[place] * 10, "channel", channel, SECOND)
    for rep in team.selling():
        held = (team.holder == rep) * quotas
        add("revenue", held.sum(axis=0) * 10, "rep_id", rep)
    for place in range(len(TEAMS)):
        add("revenue", quotas[team.team == place].sum(axis=0) * 10, "rep_id", f"M{place + 1:02d}")
    names, days, values, dimensions, members, versions = zip(*rows, strict=True)
    targets = frame(
        "targets",
        {
            "kpi": names,
            "period": days,
            "value": np.array(values, dtype=np.int64),
            "dimension": dimensions,
            "member": members,
            "version": versions,
        },
    )
    return Plan(np.where(seconds > 0, seconds, channels), quotas, of_territory, targets)


def pay_table(seed: int, of: Plan, team: Team) -> pd.DataFrame:
    """Return the canonical pay: nothing variable under 70 % of the quota, then in proportion, at most 150 %."""
    rng = stream(seed, "plan.pay")
    fixed = {rep: int(rng.integers(52, 72)) * 50_00 for rep in [*team.selling(), "M01", "M02"]}
    rep, month, reached = _attainment(of, team)
    base = np.array([fixed[each] for each in rep.tolist()])
    base = np.rint(base * np.where(MONTHS[month] >= np.datetime64("2025-01"), 1.02, 1.0)).astype(np.int64)
    target = np.rint(base * VARIABLE_PART / (1 - VARIABLE_PART) / 100).astype(np.int64) * 100
    paid = np.where(reached < 0.7, 0, np.clip(reached, 0, 1.5))
    return frame(
        "pay",
        {
            "rep_id": rep,
            "period": MONTHS[month].astype("datetime64[D]"),
            "fixed": base,
            "variable_target": target,
            "variable_paid": np.rint(target * (0.7 * paid + 0.3)).astype(np.int64),
        },
    )


def goals_table(seed: int, of: Plan, team: Team) -> pd.DataFrame:
    """Return the canonical goals of the months that end a quarter: the quota, and two of quality."""
    rng = stream(seed, "plan.goals")
    rep, month, reached = _attainment(of, team)
    at = np.nonzero(month % 3 == 2)[0]
    goals = (
        ("Quota du trimestre (%)", "quantitative", 0.7, 100.0),
        ("Comptes rendus de visite saisis (%)", "qualitative", 0.2, 95.0),
        ("Formation des équipes en boutique (notes sur 5)", "qualitative", 0.1, 4.0),
    )
    whole, which = np.divmod(np.arange(at.size * len(goals)), len(goals))
    at = at[whole]
    quarter = np.round(reached[at] * 100, 1)
    done = np.where(
        which == 1,
        np.round(rng.normal(91, 6, at.size).clip(50, 100), 0),
        np.round(rng.normal(3.9, 0.4, at.size).clip(1, 5), 1),
    )
    return frame(
        "goals",
        {
            "rep_id": rep[at],
            "period": MONTHS[month[at]].astype("datetime64[D]"),
            "goal": each_of([goal[0] for goal in goals], which),
            "kind": each_of([goal[1] for goal in goals], which),
            "weight": np.array([goal[2] for goal in goals])[which],
            "target": np.array([goal[3] for goal in goals])[which],
            "achieved": np.where(which == 0, quarter, done),
        },
    )


def _attainment(of: Plan, team: Team) -> tuple[np.ndarray, np.ndarray, Floats]:
    """Who, in which month, and the part of the quota reached; managers by their team."""
    month = np.indices(of.quotas.shape)[1]
    rep = [team.holder.ravel()]
    months = [month.ravel()]
    reached = [(of.sold / of.quotas).ravel()]
    for place in range(len(TEAMS)):
        rep.append(np.full(MONTHS.size, f"M{place + 1:02d}", dtype=object))
        months.append(np.arange(MONTHS.size))
        mine = team.team == place
        reached.append(of.sold[mine].sum(axis=0) / of.quotas[mine].sum(axis=0))
    who, when, part = np.concatenate(rep), np.concatenate(months), np.concatenate(reached)
    order = np.lexsort((who.astype(str), when))
    return who[order], when[order], part[order]


def _monthly(lines: Lines) -> np.ndarray:
    return np.bincount(month_of(lines.day), weights=lines.net, minlength=MONTHS.size)


def _by_territory(lines: Lines, team: Team) -> np.ndarray:
    sold = np.zeros(team.holder.shape)
    here = lines.at(lines.channel == 1)
    # A credit note stands with who sold the goods, even after he left: each representative holds one territory.
    held = {rep: territory for territory, row in enumerate(team.holder.tolist()) for rep in row}
    month = month_of(here.day)
    territory = np.array([held[rep] for rep in here.rep.tolist()])
    np.add.at(sold, (territory, month), here.net)
    return sold


def _budget(rng: np.random.Generator, actual: Floats) -> np.ndarray:
    """The year before grown; in the first twelve months what happened, give or take, for want of one."""
    growth = np.array([GROWTH[max("2024", str(month)[:4])] for month in MONTHS])
    before = np.concatenate([actual[:12] * np.exp(rng.normal(0.0, 0.03, 12)) / growth[:12], actual[:-12]])
    return (np.rint(before * growth / _ROUND) * _ROUND).astype(np.int64)


def _quota(rng: np.random.Generator, sold: Floats) -> np.ndarray:
    """A twelfth of what the territory brought the calendar year before, grown, by the season of the month."""
    busy = season("wholesale", MONTHS.astype("datetime64[D]"))
    years = np.array([int(str(month)[:4]) for month in MONTHS])
    quota = np.zeros(MONTHS.size)
    for year in range(2023, 2027):
        base = years == max(2024, year - 1)
        # There is no year before the first ones: what was to be expected, with the errors of such a guess.
        grown = {2023: 0.97, 2024: 1.01}.get(year, 1.07) * np.exp(rng.normal(0, 0.08 if year < 2025 else 0.02))
        here = years == year
        quota[here] = sold[base].sum() / busy[base].sum() * busy[here] * grown
    return np.maximum(cents(np.rint(quota / 10000) * 100), 500_00)
