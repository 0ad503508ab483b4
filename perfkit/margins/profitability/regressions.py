"""Regressions: how much of what members lose one year was bad luck, which the next one need not bring?

What a year's losers may be expected to lose next is drawn towards the mean by the slope of one year on the other
(Galton 1886, Journal of the Anthropological Institute). Only where that slope is surely below one does anything
regress; else losses are taken as they are.
"""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from scipy.special import stdtrit

from perfkit import estimates
from perfkit.periods import Period

FEWEST_PAIRS = 10
"""Members of both years that a slope from one to the other needs."""
_ONE = 1 - 1e-9  # what a float makes of a slope of one


@dataclass(frozen=True)
class Regression:
    """Those that lose this year, a year before, and what a year's profit says of the next.

    Attributes
    ----------
    period : Period
        The year before.
    losers, losers_then : int
        Members that lose this year, and those of them that had lines the year before.
    lost, earned_then : Decimal
        What they lose this year, and what the same members earned the year before.
    earlier_losers : int
        Members that lost the year before.
    earlier_lost, earlier_now : Decimal
        What those lost then, and what the same members earn this year.
    pairs : int
        Members of the year before that made no more, and lost no more, than the largest loss of this year.
    correlation, slope : float or None
        Of what those make this year (0 where they have gone, at most that loss or as much gained) on what they made;
        None where they are too few or all alike.
    expected : Decimal or None
        What this year's losers may be expected to earn next year if nothing changes: each is put on that line. None
        where no slope is known, or nothing draws nearer to the mean: `slope_high` is not below 1, or the line itself
        has fallen so far that losses would be expected to grow. Their losses then are taken as they are.
    slope_low, slope_high : float or None
        Interval of the slope at `estimates.LEVEL`, from least squares.
    """

    period: Period
    losers: int
    losers_then: int
    lost: Decimal
    earned_then: Decimal
    earlier_losers: int
    earlier_lost: Decimal
    earlier_now: Decimal
    pairs: int
    correlation: float | None
    slope: float | None
    expected: Decimal | None
    slope_low: float | None = None
    slope_high: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the slope is known and is not surely below one: profits then do not draw nearer to the mean."""
        return self.slope_high is not None and self.slope_high >= _ONE


@dataclass(frozen=True)
class Line:
    """One year's profits on those of the year before: where they meet on average, and the slope with its interval."""

    then: float
    now: float
    correlation: float
    slope: float
    low: float
    high: float

    def expected(self, losses: list[Decimal]) -> Decimal | None:
        """Return what losers may expect when the line is applied again; None where it draws them no nearer."""
        lost = sum(losses, Decimal(0))
        found = Decimal(f"{sum(self.now + self.slope * (float(each) - self.then) for each in losses):.2f}")
        return found if losses and self.high < _ONE and found > lost else None


def line_of(then: list[Decimal], now: list[Decimal]) -> Line | None:
    """Return the line of least squares; None where members are too few or all alike."""
    if len(then) < FEWEST_PAIRS:
        return None
    x, y = np.array(then, dtype=np.float64), np.array(now, dtype=np.float64)
    dx, dy = x - x.mean(), y - y.mean()
    if not dx.any() or not dy.any():
        return None
    across = (dx**2).sum()
    correlation, slope = float((dx * dy).sum() / np.sqrt(across * (dy**2).sum())), float((dx * dy).sum() / across)
    error = np.sqrt(((dy - slope * dx) ** 2).sum() / (len(x) - 2) / across)
    half = float(stdtrit(len(x) - 2, (1 + estimates.LEVEL) / 2) * error)
    return Line(float(x.mean()), float(y.mean()), correlation, slope, slope - half, slope + half)
