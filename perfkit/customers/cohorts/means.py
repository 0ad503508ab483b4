"""Means: how sure is one of a mean of amounts that a few large customers make?

Amounts are skewed, and the usual interval then lies too low: too often the truth is above it. The t statistic is
transformed so that its skewness is taken out (Hall 1992, On the removal of skewness by transformation, Journal of the
Royal Statistical Society B).
"""

from typing import Any

import numpy as np
from scipy.special import stdtrit

from perfkit.estimates import LEVEL

FEWEST = 20
"""Customers below which a mean has no interval: the few that were seen do not say how large others may be."""


def mean_interval(
    n: Any, total: Any, squares: Any, cubes: Any, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return means, both ends of their intervals and their standard errors.

    Parameters
    ----------
    n : array of float
        Customers, those who brought nothing among them.
    total, squares, cubes : array of float
        Sums over the customers of their amounts, of the squares and of the cubes of these.
    level : float
        Level of the interval, 0 to 1.

    Returns
    -------
    tuple of array
        Mean (missing where n is 0), low, high and standard error (missing where n is below `FEWEST`).
    """
    n, total, squares, cubes = (np.asarray(each, dtype=np.float64) for each in (n, total, squares, cubes))
    some = np.where(n > 0, n, np.nan)
    mean = total / some
    second = np.maximum(squares / some - mean**2, 0.0)
    third = cubes / some - 3 * mean * squares / some + 2 * mean**3
    flat = second <= 1e-12 * np.maximum(mean**2, 1e-300)  # all alike, but for the last digit of their squares
    enough = n >= FEWEST
    spread = np.where(flat, 0.0, second)
    error = np.where(enough, np.sqrt(spread * some / np.maximum(some - 1, 1.0) / some), np.nan)
    skew = np.where(flat, 0.0, third / np.where(flat, 1.0, second) ** 1.5)
    t = stdtrit(np.maximum(some - 1, 1.0), (1 + level) / 2)
    low = mean - error * _straightened(t, skew, some)
    high = mean - error * _straightened(-t, skew, some)
    return mean, low, high, error


def _straightened(x: np.ndarray, skew: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The value of the t statistic whose transform, which has no skewness, is x."""
    root = np.sqrt(n)
    steep = np.where(np.abs(skew) < 1e-6, 1e-6, skew)
    return 3 * root / steep * (np.cbrt(1 + steep * (x / root - steep / (6 * n))) - 1)
