"""Pareto/NBD: a customer may stop at any time, at a rate of their own.

These rates follow a gamma distribution (s, beta) (Schmittlein, Morrison and Colombo 1987, "Counting your customers:
who are they and what will they do next?", Management Science). The chance that a customer stopped between the last
purchase and the end of the observation is usually written as the difference of two hypergeometric functions, which
loses every digit for good customers; here it is integrated as it stands, so that nothing is subtracted.
"""

from typing import ClassVar

import numpy as np
from scipy.special import betainc, exprel

from perfkit.customers.clv.histories import Histories
from perfkit.customers.clv.processes import Ends, Process

_DEEP = 40.0  # how far down, in logarithms, an integrand is followed
_AT, _WEIGHTS = (each / 2 for each in np.polynomial.legendre.leggauss(20))
_AT = _AT + 0.5
_LATER_AT, _LATER_WEIGHTS = (each / 2 for each in np.polynomial.legendre.leggauss(12))
_LATER_AT = _LATER_AT + 0.5


class ParetoNbd(Process):
    """A customer may stop at any time."""

    name: ClassVar[str] = "pareto_nbd"
    title: ClassVar[str] = "Pareto/NBD"
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    ends_each: ClassVar[int] = 21
    starts: ClassVar[tuple[tuple[float, ...], ...]] = ((0.6, 0.5),)
    sure_without_repeat: ClassVar[bool] = False
    moved: ClassVar[tuple[tuple[int, float], ...]] = ((1, -1.0), (3, -1.0))

    def ends(self, theta: np.ndarray, rows: Histories) -> Ends:
        """Return the end of the observation, and times since the last purchase with the weights of an integral.

        Time is cut on the logarithm of (time + the smaller of alpha and beta), in which the integrand is smooth, and
        no further than it still counts.
        """
        s, beta = theta[2:]
        since, at = _times(theta, rows)
        active = np.concatenate((rows.T[None], rows.recency + since))
        inverse, grown = 1 / (beta + active), np.log1p(active / beta)
        log_chance = -s * grown
        log_chance[1:] += at - grown[1:] + np.log(s / beta)
        bought = np.zeros_like(active)
        bought[1:] = 1.0
        by_beta = (s * active / beta - bought) * inverse
        return Ends(
            active,
            log_chance,
            (bought / s - grown, by_beta),
            (-bought / s**2, active / beta * inverse, (bought + s) * inverse**2 - s / beta**2),
        )

    def mean(self, theta: np.ndarray, x: np.ndarray, T: np.ndarray, horizon: float) -> np.ndarray:
        """Return the expected purchases: the rate times the time that the customer is expected to go on buying."""
        r, alpha, s, beta = theta
        long = np.log1p(horizon / (beta + T))
        return np.asarray((r + x) / (alpha + T) * (beta + T) * long * exprel((1 - s) * long))

    def pairs(self, theta: np.ndarray, x: np.ndarray, T: np.ndarray, horizon: float) -> np.ndarray:
        """Return the mean of Y (Y - 1)."""
        r, alpha = theta[:2]
        time, chance = _later(theta, T, horizon)
        return np.asarray((r + x) * (r + x + 1) / (alpha + T) ** 2 * (chance * time**2).sum(axis=1))

    def tail(self, theta: np.ndarray, x: np.ndarray, T: np.ndarray, horizon: float, least: np.ndarray) -> np.ndarray:
        """Return the probability of at least `least` purchases, over the times at which the customer may stop."""
        r, alpha = theta[:2]
        time, chance = _later(theta, T, horizon)
        bought = betainc(least[:, None], (r + x)[:, None], time / ((alpha + T)[:, None] + time))
        return np.asarray((chance * bought).sum(axis=1))


def _times(theta: np.ndarray, rows: Histories) -> tuple[np.ndarray, np.ndarray]:
    """Times since the last purchase, and the logarithm of each one's weight in the integral."""
    r, alpha, s, beta = theta
    x = rows.frequency
    first = alpha < beta
    small, large = np.minimum(alpha, beta), np.maximum(alpha, beta)
    of_small, of_large = np.where(first, r + x, s + 1), np.where(first, s + 1, r + x)
    base = small + rows.recency
    whole = np.log1p((rows.T - rows.recency) / base)
    falls = of_small - 1 + of_large * base / (large + rows.recency)
    with np.errstate(divide="ignore", over="ignore"):
        reach = np.minimum(whole, np.where(falls > 0, _DEEP / np.maximum(falls, 1e-300), np.inf))
        y = reach * _AT[:, None]
        return base * np.expm1(y), np.log(reach * base) + y + np.log(_WEIGHTS)[:, None]


def _later(theta: np.ndarray, T: np.ndarray, horizon: float) -> tuple[np.ndarray, np.ndarray]:
    """How long customers who still buy at T may go on within the horizon, and the chance of each time."""
    s, beta = theta[2:]
    long = np.log1p(horizon / (beta + T))
    reach = np.minimum(long, _DEEP / s)[:, None]
    y = reach * _LATER_AT
    each = np.reshape(s, (-1, 1))
    ends = np.minimum((beta + T)[:, None] * np.expm1(y), horizon)
    time = np.concatenate((ends, np.full((len(T), 1), horizon)), axis=1)
    chance = np.concatenate((each * np.exp(-each * y) * reach * _LATER_WEIGHTS, np.exp(-s * long)[:, None]), axis=1)
    return time, chance
