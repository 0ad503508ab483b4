"""Team: who sells where, how well, and who is trained for which reason?

A territory's orders are larger or smaller by its level, which stays, and by a luck that lasts a quarter.
The training of April 2025 is given to the half of the territories that did worst in the first quarter: part
of what they do better afterwards is luck that returns to its mean, the other part is the training's effect.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit.demo.calendar import MONTHS, place_of, working
from perfkit.demo.draws import Days, Flags, Floats, Ints, each_of, numbered, stream
from perfkit.demo.frames import frame
from perfkit.demo.names import people

TRAINING = "Négociation et défense du prix"
TRAINED_ON = np.datetime64("2025-04-07")
EFFECT = 0.08
"""True effect of the training on what an order is worth, from the first of the next month."""
EFFECT_FROM = np.datetime64("2025-05-01")
CHOSEN_ON = ("2025-01", "2025-02", "2025-03")
"""Months whose results decide who is trained."""
LEVEL_SPREAD, LUCK_SPREAD = 0.10, 0.13
"""Standard deviations of the logarithms: between territories, and of a territory's quarters."""
TERRITORIES = 12
TEAMS = ("Nord", "Sud")
HOURS, COST_CENTS = 14.0, 115_000


@dataclass(frozen=True)
class Team:
    """Territories and the people who hold them.

    Attributes
    ----------
    reps : DataFrame
        The canonical table, managers among them.
    holder : array of text, territory x month
        rep_id of who holds it.
    team : array of int, one a territory
        Place in `TEAMS`; the manager of team 0 is M01.
    size_factor : array, territory x month
        By which the orders of the territory are larger.
    luck : array, territory x month
        Its part that is luck, as a logarithm.
    trained : array of bool, one a territory
    """

    reps: pd.DataFrame
    holder: np.ndarray
    team: Ints
    size_factor: Floats
    luck: Floats
    trained: Flags

    def selling(self) -> list[str]:
        """Return the ids of representatives who hold a territory at some time, in order."""
        return sorted(set(self.holder.ravel().tolist()))


def team(seed: int, scale: float) -> Team:
    """Draw the territories, their holders, and who is trained."""
    size = max(6, round(TERRITORIES * scale))
    holder, hired, left = _holders(seed, size)
    places = np.arange(size) % len(TEAMS)
    level = stream(seed, "team.level").normal(0, LEVEL_SPREAD, size)
    quarters = stream(seed, "team.luck").normal(0, LUCK_SPREAD, (size, MONTHS.size // 3))
    quarters -= quarters.mean(axis=0)  # the luck of one is not that of the company
    luck = np.repeat(quarters, 3, axis=1)
    judged = np.isin(MONTHS, np.array(CHOSEN_ON, dtype="datetime64[M]"))
    score = level + luck[:, judged].mean(axis=1)
    score[_changes(size)] = np.inf  # who has just come is not sent
    trained = np.zeros(size, dtype=bool)
    trained[np.argsort(score)[: size // 2]] = True
    taught = np.outer(trained, EFFECT_FROM.astype("datetime64[M]") <= MONTHS)
    ids = sorted(hired)
    names = people(seed, "reps", len(ids) + len(TEAMS))
    managers = [f"M{place + 1:02d}" for place in range(len(TEAMS))]
    of_rep = {rep: int(places[np.nonzero((holder == rep).any(axis=1))[0][0]]) for rep in ids}
    reps = frame(
        "reps",
        {
            "rep_id": managers + ids,
            "name": names,
            "team": [*TEAMS, *(TEAMS[of_rep[rep]] for rep in ids)],
            "manager_id": [None] * len(TEAMS) + [managers[of_rep[rep]] for rep in ids],
            "hired_on": np.array(["2016-03-01", "2018-09-03", *(hired[rep] for rep in ids)], dtype="datetime64[D]"),
            "left_on": np.array(["NaT"] * len(TEAMS) + [left.get(rep, "NaT") for rep in ids], dtype="datetime64[D]"),
        },
    )
    factor = np.exp(level[:, None] + luck) * np.where(taught, 1 + EFFECT, 1)
    return Team(reps, holder, places, factor, luck, trained)


def _changes(size: int) -> list[int]:
    """Territories whose representative leaves and is replaced."""
    return [2, size - 2]


def _holders(seed: int, size: int) -> tuple[np.ndarray, dict[str, str], dict[str, str]]:
    """Return who holds each territory in each month, and when each was hired and left."""
    rng = stream(seed, "team.hired")
    ids = numbered("R", np.arange(1, size + 1), 2)
    years, months = rng.integers(2014, 2023, size), rng.integers(1, 13, size)
    hired = {rep: f"{year}-{month:02d}-01" for rep, year, month in zip(ids, years, months, strict=True)}
    holder = np.repeat(ids[:, None], MONTHS.size, axis=1)
    left = {}
    for place, (territory, since) in enumerate(zip(_changes(size), ("2024-09", "2025-06"), strict=True)):
        successor = f"R{size + 1 + place:02d}"
        left[str(ids[territory])] = str(np.datetime64(since, "D") - 1)
        hired[successor] = f"{since}-01"
        holder[territory, np.datetime64(since) <= MONTHS] = successor
    return holder, hired, left


def trainings_table(of: Team) -> pd.DataFrame:
    """Return the canonical trainings: the one that works, the CRM's for all, and the newcomers'."""
    then = place_of(TRAINED_ON)
    rows = [(rep, TRAINED_ON, TRAINING, HOURS, COST_CENTS) for rep in of.holder[of.trained, then].tolist()]
    first = of.holder[:, 0].tolist()
    rows += [(rep, np.datetime64("2024-01-16"), "Prise en main du CRM", 7.0, 38_000) for rep in first]
    for rep, hired in zip(of.reps["rep_id"], of.reps["hired_on"], strict=True):
        if hired >= pd.Timestamp("2023-10-01"):
            rows.append((rep, np.datetime64(hired.date()) + 7, "Parcours d'intégration", 21.0, 92_000))
    rows.sort(key=lambda row: (row[1], row[0]))
    rep, day, name, hours, cost = zip(*rows, strict=True)
    return frame("trainings", {"rep_id": rep, "date": day, "training": name, "hours": hours, "cost": list(cost)})


def coaching_table(seed: int, of: Team) -> pd.DataFrame:
    """Return the canonical coaching: each manager goes along with two thirds of the team each month."""
    rng = stream(seed, "team.coaching")
    territory, month = np.nonzero(rng.random(of.holder.shape) < 0.65)
    first: Days = MONTHS[month].astype("datetime64[D]")
    days = working(first + rng.integers(2, 25, month.size).astype("timedelta64[D]"))
    order = np.lexsort((territory, days))
    days, territory, month = days[order], territory[order], month[order]
    return frame(
        "coaching",
        {
            "rep_id": of.holder[territory, month],
            "date": days,
            "hours": rng.integers(2, 9, month.size) / 2,
            "coach_id": each_of([f"M{place + 1:02d}" for place in range(len(TEAMS))], of.team[territory]),
        },
    )
