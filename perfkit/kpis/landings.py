"""Landings: where will a year end that is not over?

The landing is the seasonal naive forecast: what the year has brought so far, divided by the share of its
total that last year had reached at the same date. Its interval asks how far months stray from the
year's own growth: it replays the months still to come with ratios drawn from the months observed (a moving
block bootstrap; Künsch 1989, Annals of Statistics). Growth comes in runs, so months are drawn three in a row,
and twelve months show less than they could stray, so their strays are widened: tests/kpis/test_years.py
simulates years whose months stray apart from one another or half together, and counts how often the
interval holds their end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from perfkit import estimates
from perfkit.languages import listing, mark, plural, text
from perfkit.lines import Span
from perfkit.months import Sums, revenue_of
from perfkit.periods import Period, month_of, shifted

FEWEST = 6
"""Below so many months with one a year before, a spread of their growth says nothing."""

_RUN = 3
_WIDER = 1.45
_DRAWS = 4_000
_SEED = 20_240_101
_METHOD = mark("year to date / the share of last year's total reached at the same date")


@dataclass(frozen=True)
class Landing:
    """Where a year will land: an estimate with its interval, or the reason why there is none.

    Attributes
    ----------
    estimate : Decimal or None
        Of the whole year's revenue, to the cent.
    low, high : Decimal or None
        Interval at `level`; None where too few months are known for one.
    level : float or None
    n : int
        Months with a growth ratio that the interval stands on.
    method : str
        Message id.
    status : str
        "estimated", "observed" (the year is over) or "not available".
    reason : str
        Why there is no estimate or no interval, in the language in use when it was computed.
    """

    estimate: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    level: float | None = None
    n: int = 0
    method: str = _METHOD
    status: str = "not available"
    reason: str = ""


def landing_of(
    sums: Sums, months: Sequence[Period], done: int, actual: Decimal | None, days: Span, silent: Sequence[Period]
) -> Landing:
    """Estimate the year's revenue from its first `done` months and last year's twelve; not from silent ones."""
    if done == len(months):
        return Landing(actual, status="observed", reason=text("the year is over."))
    before = [month.year_before() for month in months]
    if not days.holds(before[0]):
        return Landing(reason=text("last year is not whole in the data. {reason}", reason=days.why_not()))
    if silent:
        return Landing(
            reason=text(
                "no line is dated in {months}: an estimate would take a missing export for a month without sales.",
                months=listing([each.name() for each in silent]),
            )
        )
    base = [revenue_of(sums, month) for month in before]
    reached, whole = sum(base[:done], Decimal(0)), sum(base, Decimal(0))
    if actual is None or actual <= 0 or reached <= 0 or whole <= 0:
        return Landing(reason=text("revenue of the year so far, or of last year, is not positive."))
    estimate = _cents(actual * whole / reached)
    ratios = _ratios(sums, months[done - 1], days)
    if len(ratios) < FEWEST:
        few = plural(
            "no interval, because only {n} month has one a year before to compare with.",
            "no interval, because only {n} months have one a year before to compare with.",
            len(ratios),
        )
        return Landing(estimate, n=len(ratios), status="estimated", reason=few)
    low, high = _replayed(float(actual), float(actual / reached), [float(value) for value in base[done:]], ratios, done)
    return Landing(
        estimate, min(_cents(Decimal(low)), estimate), max(_cents(Decimal(high)), estimate),
        estimates.LEVEL, len(ratios), status="estimated",
    )  # fmt: skip


def _ratios(sums: Sums, last: Period, days: Span) -> list[float]:
    """Revenue of the last twelve months by that of the same month a year before, where that is positive."""
    found = []
    for place in range(12):
        month = month_of(shifted(last.start, -place))
        if days.holds(month.year_before()) and revenue_of(sums, month.year_before()) > 0:
            found.append(float(revenue_of(sums, month) / revenue_of(sums, month.year_before())))
    return found


def _replayed(
    actual: float, growth: float, remaining: Sequence[float], ratios: Sequence[float], done: int
) -> tuple[float, float]:
    """Replay the rest of the year with growth ratios drawn from the observed months; return the interval's ends.

    Two doubts are drawn: how well `done` months tell the year's growth (their mean is drawn anew), and
    how far the months to come stray from it.
    """
    observed = np.asarray(ratios)
    strays = observed / observed.mean() if observed.mean() > 0 else np.ones_like(observed)
    strays = 1 + (strays - 1) * _WIDER
    draw = np.random.default_rng(_SEED)

    def runs(months: int) -> Any:
        starts = draw.integers(0, len(strays), (_DRAWS, -(-months // _RUN)))
        places = (starts[:, :, None] + np.arange(_RUN)) % len(strays)
        return strays[places.reshape(_DRAWS, -1)[:, :months]]

    rest = (runs(len(remaining)) * np.asarray(remaining)).sum(axis=1)
    ends = actual + growth * runs(done).mean(axis=1) * rest
    low, high = np.quantile(ends, [(1 - estimates.LEVEL) / 2, (1 + estimates.LEVEL) / 2])
    return float(low), float(high)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))
