"""Drift: do younger cohorts buy again less, or more, than older ones did at the same age?

At each age a line is put through the cohorts, weighted by their customers, the seasons beside it: in less than two
years of cohorts a season looks like a trend. Cohorts scatter by more than chance, and neighbours alike, so the slope
is judged by how far they scatter around the line, and never by less than chance alone would (weighted least squares
with a dispersion of at least 1: McCullagh & Nelder 1989, Generalized Linear Models, sections 4.5 and 9.2). Several
ages are several chances of being wrong: their p-values are Holm's (Holm 1979, Scandinavian Journal of Statistics).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from perfkit import estimates
from perfkit.customers.cohorts import drift_views as views
from perfkit.customers.cohorts.activity import PER_YEAR, By
from perfkit.customers.cohorts.triangles import CohortTriangle, observed_at
from perfkit.errors import ParameterError, unknown
from perfkit.results import Result, View

FEWEST_COHORTS: dict[str, int] = {"month": 15, "quarter": 8, "year": 6}
"""Cohorts of an age below which no line is put through them: scatter, season and trend cannot be told apart."""
FEWEST_EVENTS = 10
"""Customers who came back at an age, and who did not, below which a share is too rough for a line."""
AGES: dict[str, tuple[int, ...]] = {"month": (1, 2, 3, 6, 12), "quarter": (1, 2, 4), "year": (1, 2)}
"""Ages that are tested unless others are asked for: each more makes all the others harder to tell."""

Measure = Literal["retention", "value"]


@dataclass(frozen=True, eq=False)
class CohortDrift(Result):
    """Whether cohorts differ by when they were acquired.

    Attributes
    ----------
    ages : DataFrame, one row an age
        age, int; cohorts, n: how many cohorts, and customers in them, have reached it. estimate, low, high, level:
        change a year from older to younger cohorts, of the share that buys at that age, or of what a customer has
        brought by then. older, younger: the line at the first and the last of these cohorts. dispersion: how much more
        cohorts scatter than chance. p, p_holm: of no change, alone and for all ages. status: "lower", "higher":
        younger cohorts than older ones; "not distinguishable"; "too few cohorts", "too few customers", "left
        truncated": no claim.
    measure : str
        "retention" or "value".
    by, currency : str
    value : str
        What a customer's value is.
    other_costs : Decimal
        See `build`.
    first_day : date
        Of the data.
    years : float
        From the first cohort that was tested to the last.
    """

    ages: pd.DataFrame
    measure: Measure
    by: By
    value: str
    currency: str
    first_day: dt.date
    years: float
    other_costs: Decimal = Decimal(0)

    @property
    def told(self) -> pd.DataFrame:
        """The ages at which younger cohorts differ."""
        return self.ages[self.ages["status"].isin(["lower", "higher"])]

    def figures(self) -> pd.DataFrame:
        """Return the change a year at each age."""
        return views.drift_figures(self)

    def views(self) -> list[View]:
        """Return the ages with their change, and what may be said of it."""
        return views.drift_views(self)


def drift(cohorts: CohortTriangle, *, measure: Measure = "retention", ages: Sequence[int] | None = None) -> CohortDrift:
    """Test for a trend from older to younger cohorts, at like-for-like ages.

    Parameters
    ----------
    cohorts : CohortTriangle
        All members together; for one, `cohorts.of(member)`: what changed may be the mix of members.
    measure : str
        "retention": the share that buys at the age; "value": what a customer has brought by then.
    ages : sequence of int, optional
        Ages to test; 1, 2, 3, 6 and 12 months, 1, 2 and 4 quarters, or 1 and 2 years if not given.

    Raises
    ------
    ParameterError
        If there is no such measure, or an age is none.
    """
    if measure not in ("retention", "value"):
        raise ParameterError(f"measure: {unknown('setting', str(measure), ('retention', 'value'))}")
    asked = list(AGES[cohorts.by] if ages is None else ages)
    least = 1 if measure == "retention" else 0
    wrong = [age for age in asked if isinstance(age, bool) or not isinstance(age, int | np.integer) or age < least]
    if wrong or not asked or len(set(asked)) < len(asked):
        raise ParameterError(
            f"ages is {list(asked)!r}: give different whole numbers from {least} on, such as {list(AGES[cohorts.by])}."
        )
    rows = [_line(cohorts, age, measure) for age in sorted(asked)]
    adjusted = _holm([row["p"] for row in rows])
    for row, p in zip(rows, adjusted, strict=True):
        row["p_holm"] = p
        if row["status"] == "tested":
            told = p <= 1 - estimates.LEVEL
            row["status"] = ("lower" if row["estimate"] < 0 else "higher") if told else "not distinguishable"
    frame = pd.DataFrame(rows)
    spans = [row["years"] for row in rows]
    return CohortDrift(
        frame.drop(columns="years"),
        measure,
        cohorts.by,
        cohorts.value,
        cohorts.currency,
        cohorts.first_day,
        max(spans),
        cohorts.other_costs,
    )


def _line(cohorts: CohortTriangle, age: int, measure: Measure) -> dict[str, Any]:
    """The line through the cohorts of an age, or why there is none."""
    there = observed_at(cohorts.cells, age)
    row: dict[str, Any] = {
        "age": age, "cohorts": len(there), "n": int(there["n"].sum()),
        **dict.fromkeys(("estimate", "low", "high"), np.nan), "level": estimates.LEVEL,
        **dict.fromkeys(("older", "younger", "dispersion", "p", "p_holm"), np.nan), "years": 0.0, "status": "tested",
    }  # fmt: skip
    if cohorts.acquired_from is None:
        return row | {"status": "left truncated"}
    if len(there) < FEWEST_COHORTS[cohorts.by]:
        return row | {"status": "too few cohorts"}
    n, total = there["n"].to_numpy(np.float64), float(there["n"].sum())
    if measure == "retention":
        came = float(there["active"].sum())
        if min(came, total - came) < FEWEST_EVENTS:
            return row | {"status": "too few customers"}
        y, alone = there["active"].to_numpy(np.float64) / n, came / total * (1 - came / total)
    else:
        y = there["per_customer"].to_numpy(np.float64)
        within = float((there["squares"].to_numpy(np.float64) - n * y**2).clip(min=0).sum())
        if total - len(there) < FEWEST_EVENTS:
            return row | {"status": "too few customers"}
        alone = within / (total - len(there))
    when = there["cohort"].astype("int64").to_numpy(np.float64) / PER_YEAR[cohorts.by]
    others = _seasons(when, cohorts.by)
    root = np.sqrt(n)
    # What of time the seasons do not explain: the slope is on that alone (Frisch & Waugh 1933, Econometrica).
    basis = np.linalg.qr(root[:, None] * others)[0]
    away, left = (each - basis @ (basis.T @ each) for each in (root * when, root * y))
    spread, freedom = float(away @ away), len(there) - others.shape[1] - 1
    slope = float(away @ left) / spread
    rest = left - slope * away
    scatter = float(rest @ rest) / freedom
    again = _autocorrelation(rest, np.column_stack([basis, away / np.sqrt(spread)]))
    wider = (1 + again) / (1 - again)
    error, freedom = np.sqrt(max(scatter * wider, alone) / spread), max(freedom / wider, 2.0)
    half = float(stdtrit(freedom, (1 + estimates.LEVEL) / 2)) * error
    p = 1.0 if error == 0 and slope == 0 else 2 * float(stdtr(freedom, -abs(slope) / max(error, 1e-300)))
    middle, mean = (n * when).sum() / total, (n * y).sum() / total
    return row | {
        "estimate": slope, "low": slope - half, "high": slope + half, "older": mean + slope * (when[0] - middle),
        "younger": mean + slope * (when[-1] - middle), "p": p, "years": float(when[-1] - when[0]),
        "dispersion": max(1.0, scatter * wider / alone) if alone > 0 else 1.0,
    }  # fmt: skip


def _seasons(when: np.ndarray, by: By) -> np.ndarray:
    """A constant, and the seasons: each part of the year where two years show it, else a wave a year long."""
    one = np.ones((len(when), 1))
    if by == "year":
        return one
    per_year = PER_YEAR[by]
    part = np.round((when - np.floor(when + 1e-9)) * per_year).astype(int) % per_year
    if len(when) >= 2 * per_year:
        return np.column_stack([part == each for each in np.unique(part)]).astype(np.float64)
    return np.column_stack([one, np.sin(2 * np.pi * when), np.cos(2 * np.pi * when)])


def _autocorrelation(rest: np.ndarray, basis: np.ndarray) -> float:
    """How alike the scatter of neighbouring cohorts is, 0 to 0.9, the bias of few cohorts taken off.

    Scatter without any likeness shows some against itself once a line and seasons are fitted: what it shows on average
    follows from what was fitted, and likeness itself comes out too low by about 4 / cohorts of it (Kendall 1954,
    Biometrika).
    """
    size, whole = len(rest), float(rest @ rest)
    if whole <= 0:
        return 0.0
    found = float(rest[1:] @ rest[:-1]) / whole
    by_fitting = -float((basis[1:] * basis[:-1]).sum()) / (size - basis.shape[1])
    return float(np.clip((found - by_fitting) / (1 - 4 / size), 0.0, 0.9))


def _holm(p: Sequence[float]) -> list[float]:
    """Holm's p-values; those that are missing take no part."""
    there = sorted((value, place) for place, value in enumerate(p) if not np.isnan(value))
    found, highest = [float("nan")] * len(p), 0.0
    for rank, (value, place) in enumerate(there):
        highest = max(highest, min(1.0, (len(there) - rank) * value))
        found[place] = highest
    return found
