"""Outcomes: how many purchases may it be in the end, with the luck that no estimate takes away?"""

from collections.abc import Callable

import numpy as np
from scipy.special import betainc, pdtrc

from perfkit.customers.clv.intervals import together
from perfkit.estimates import LEVEL

_ROUNDED = 1e-9

SHARES = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
"""Of the outcomes, those below each end of an interval."""
Tail = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of places and counts: the probability that each of these places has at least its count, which is 1 or more."""


def quantiles(tail: Tail, most: np.ndarray, share: float) -> np.ndarray:
    """Return the smallest counts that no more than 1 - `share` of outcomes exceed.

    Parameters
    ----------
    tail : callable
    most : array of float
        What the probability of one or more cannot exceed, of each place: where that is enough, `tail` is not asked.
    share : float
        0 to 1.
    """
    found = np.zeros(len(most))
    open_ = np.flatnonzero(most > 1 - share)
    open_ = open_[tail(open_, np.ones(len(open_))) > 1 - share]
    low, high = np.zeros(len(open_)), np.ones(len(open_))  # more than 1 - share exceed low; of high it is to be seen
    rising = np.arange(len(open_))
    while len(rising):
        exceeds = tail(open_[rising], high[rising] + 1) > 1 - share
        low[rising] = np.where(exceeds, high[rising], low[rising])
        rising = rising[exceeds]
        high[rising] *= 2
    between = np.flatnonzero(high - low > 1)
    while len(between):
        middle = np.floor((low[between] + high[between]) / 2)
        exceeds = tail(open_[between], middle + 1) > 1 - share
        low[between] = np.where(exceeds, middle, low[between])
        high[between] = np.where(exceeds, high[between], middle)
        between = between[high[between] - low[between] > 1]
    found[open_] = high
    return found


def with_luck(
    estimate: np.ndarray, known: tuple[np.ndarray, np.ndarray], outcome: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return where a count will fall: luck, and what is not known of its expectation; whole numbers.

    Parameters
    ----------
    estimate : array of float
    known, outcome : tuple of array
        The interval of the expectation, and that of the count at the parameters that were estimated.
    """
    low, high = together(estimate, known, outcome)
    return np.maximum(np.floor(low + _ROUNDED), 0.0), np.ceil(high - _ROUNDED)


def of_sum(mean: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of a sum of counts: that of the negative binomial with its mean and variance.

    Such a sum is over-dispersed and never negative; of many customers it is close to normal, of one it is skewed.
    """
    extra = np.maximum(variance - mean, 0.0)
    spread = extra > 1e-9 * mean

    def tail(at: np.ndarray, least: np.ndarray) -> np.ndarray:
        m, v, more = mean[at], variance[at], extra[at]
        with np.errstate(divide="ignore", invalid="ignore"):
            negative_binomial = betainc(least, m**2 / more, more / v)
        return np.where(m <= 0, 0.0, np.where(spread[at], negative_binomial, pdtrc(least - 1, m)))

    low, high = (quantiles(tail, mean, share) for share in SHARES)
    return low, high
