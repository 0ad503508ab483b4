"""Shrinkage: what is a member's margin rate beyond this period's luck, and which members do the data tell apart?

Rates are ratios of sums, and their variance within a member is that of a ratio estimator (Cochran 1977, Sampling
Techniques, chapter 6), from lines that are taken to be independent. A few lines say little of their own spread, so
variances are drawn towards the common one (Smyth 2004, Statistical Applications in Genetics and Molecular Biology).
Rates are drawn towards their mean by how much of their spread is chance (DerSimonian and Laird 1986, Controlled
Clinical Trials; how sure one is of the mean and of that share after Morris 1983, Journal of the American Statistical
Association).
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from scipy.special import digamma, polygamma

from perfkit.estimates import LEVEL

MOST_TIED = 12
"""Members that are compared pair by pair: more letters than these would tell a reader nothing."""
_LEAST_LINES = 2
_Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
_Z_ONE_SIDED = NormalDist().inv_cdf(LEVEL)


@dataclass(frozen=True, eq=False)
class Rates:
    """Shrunken rates, in the order of the members given; NaN where a member has too few lines or no revenue.

    Attributes
    ----------
    estimate, low, high : array of float
    weight : array of float
        How much of each estimate is the common mean, 0 to 1.
    variance : array of float
        Of the estimate, the mean's own apart.
    mean, mean_variance, tau2 : float
        Of all members: the mean, its variance, and the variance of the true rates.
    """

    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    weight: np.ndarray
    variance: np.ndarray
    mean: float
    mean_variance: float
    tau2: float


def rates(
    lines: np.ndarray, revenue: np.ndarray, profit: np.ndarray, rr: np.ndarray, pr: np.ndarray, pp: np.ndarray
) -> Rates:
    """Estimate the profit rate of each member from its sums.

    Parameters
    ----------
    lines, revenue, profit : array of float
        Lines of known cost, and their sums.
    rr, pr, pp : array of float
        Sums over these lines of revenue x revenue, profit x revenue and profit x profit.
    """
    usable = (lines >= _LEAST_LINES) & (revenue > 0) & (rr > 0)
    empty = np.full(len(lines), np.nan)
    if not usable.any():
        return Rates(empty, empty, empty, empty, empty, np.nan, np.nan, np.nan)
    n, r, p = lines[usable], revenue[usable], profit[usable]
    rate = p / r
    squares = np.maximum(pp[usable] - 2 * rate * pr[usable] + rate**2 * rr[usable], 0.0)
    # A line's deviation from its member's rate grows with its amount: the spread is counted per amount squared.
    spread = _moderated(squares / rr[usable] * n / (n - 1), n - 1)
    # No rate is surer than its last digit, even where every line of a member earns the same.
    within = np.maximum(spread * rr[usable] / r**2, (np.finfo(float).eps * np.maximum(np.abs(rate), 1.0)) ** 2)
    tau2 = _between(rate, within)
    certain = 1 / (within + tau2)
    mean, mean_variance = float((certain * rate).sum() / certain.sum()), float(1 / certain.sum())
    weight = within / (within + tau2)
    estimate, variance = rate + weight * (mean - rate), within * (1 - weight)
    if len(rate) > 3:  # how far they are drawn is an estimate too, and matters to those that are far from the mean
        variance = variance + 2 / (len(rate) - 3) * (weight * (rate - mean)) ** 2
    half = _Z * np.sqrt(variance + weight**2 * mean_variance)

    def placed(values: np.ndarray) -> np.ndarray:
        full = empty.copy()
        full[usable] = values
        return full

    return Rates(
        estimate=placed(estimate),
        low=placed(estimate - half),
        high=placed(estimate + half),
        weight=placed(weight),
        variance=placed(variance),
        mean=mean,
        mean_variance=mean_variance,
        tau2=tau2,
    )


def _moderated(spread: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """Draw variances towards the common one, the more the fewer lines they are from."""
    if len(spread) < 3 or not (spread > 0).any():
        pooled = (spread * freedom).sum() / freedom.sum()
        return (spread * freedom + pooled) / (freedom + 1)
    floored = np.maximum(spread, np.median(spread[spread > 0]) * 1e-5)
    logs = np.log(floored) - digamma(freedom / 2) + np.log(freedom / 2)
    excess = float(np.var(logs, ddof=1) - polygamma(1, freedom / 2).mean())
    if excess <= 0:  # no more spread than chance gives: one variance for all
        return np.full(len(spread), (spread * freedom).sum() / freedom.sum())
    prior = 2 * _inverse_trigamma(excess)
    common = np.exp(logs.mean() + digamma(prior / 2) - np.log(prior / 2))
    moderated: np.ndarray = (prior * common + freedom * spread) / (prior + freedom)
    return moderated


def _inverse_trigamma(value: float) -> float:
    """Solve trigamma(x) = value by Newton's method, from above (Smyth 2004, appendix)."""
    x = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(polygamma(1, x))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, x))
        x += step
        if abs(step) < 1e-10 * x:
            break
    return x


def _between(rate: np.ndarray, within: np.ndarray) -> float:
    """The variance of the true rates by the method of moments, 0 where chance alone explains their spread."""
    if len(rate) < 2:
        return 0.0
    w = 1 / within
    mean = (w * rate).sum() / w.sum()
    q = (w * (rate - mean) ** 2).sum()
    scale = w.sum() - (w**2).sum() / w.sum()
    return max(0.0, float((q - (len(rate) - 1)) / scale)) if scale > 0 else 0.0


def told_apart(found: Rates, one: int, other: int) -> bool:
    """Say whether one member's rate is above another's with a probability of 0.9, or below.

    Exactly what paired draws of both would give in the end: the mean that both are drawn to is the same in a draw.
    """
    gap = found.estimate[one] - found.estimate[other]
    shared = (found.weight[one] - found.weight[other]) ** 2 * found.mean_variance
    wide = np.sqrt(found.variance[one] + found.variance[other] + shared)
    return bool(abs(gap) > _Z_ONE_SIDED * wide)


def tie_groups(found: Rates, members: np.ndarray) -> pd.Series:
    """Return letters by member: those that share one are not told apart; the highest rate has the first.

    Insert and absorb (Piepho 2004, Journal of Computational and Graphical Statistics).

    Parameters
    ----------
    found : Rates
    members : array of int
        Places of the members to compare, at most `MOST_TIED`.
    """
    known = [int(place) for place in members if not np.isnan(found.estimate[place])][:MOST_TIED]
    ordered = sorted(known, key=lambda place: (-found.estimate[place], place))
    groups: list[set[int]] = [set(ordered)] if ordered else []
    for position, one in enumerate(ordered):
        for other in ordered[position + 1 :]:
            if not told_apart(found, one, other):
                continue
            split = [group for group in groups if {one, other} <= group]
            groups = [group for group in groups if group not in split]
            for part in [group - {drop} for group in split for drop in (one, other)]:
                if not any(part <= group for group in groups):
                    groups = [*(group for group in groups if not group <= part), part]
    rank = {place: position for position, place in enumerate(ordered)}
    groups.sort(key=lambda group: sorted(rank[place] for place in group))
    letters: dict[int, str] = {}
    for number, group in enumerate(groups):
        for place in sorted(group):
            letters[place] = letters.get(place, "") + _letter(number)
    return pd.Series(letters, dtype="object")


def _letter(number: int) -> str:
    return chr(ord("a") + number % 26) + (str(number // 26) if number >= 26 else "")
