"""Intervals: how far may a prediction be off because the parameters are estimates? By the delta method."""

from collections.abc import Callable

import numpy as np

from perfkit.customers.maximum import Z

_NEAR = 0.02  # of a standard error: how far to look on either side for a derivative

Of = Callable[[np.ndarray], np.ndarray]
"""Of the parameters: something for every unit."""


def directions(covariance: np.ndarray) -> np.ndarray:
    """Return independent standard errors of the parameters' logarithms, one direction a row."""
    values, vectors = np.linalg.eigh(covariance)
    known = values > 1e-14
    return np.asarray((vectors[:, known] * np.sqrt(values[known])).T)


def error(of: Of, theta: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return the standard error of something for every unit.

    Parameters
    ----------
    of : callable
        See `Of`.
    theta, covariance : array of float
        The parameters, and the covariance of their logarithms.
    """
    variance: np.ndarray = np.zeros(1)
    for along in directions(covariance):
        up, down = (of(theta * np.exp(sign * _NEAR * along)) for sign in (1, -1))
        variance = variance + ((up - down) / (2 * _NEAR)) ** 2
    return np.sqrt(variance)


def positive(estimate: np.ndarray, error_: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of what is above 0: that of its logarithm."""
    ratio = _ratio(error_, estimate)
    return estimate / ratio, estimate * ratio


def within_one(estimate: np.ndarray, error_: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of what lies within 0 and 1: that of its log-odds."""
    rest = 1 - estimate
    ratio = _ratio(error_, estimate * rest)
    return estimate / (estimate + rest * ratio), estimate * ratio / (estimate * ratio + rest)


def _ratio(error_: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """How many times as much an end of an interval is; 1 where the estimate stands at a bound."""
    relative = np.divide(error_, slope, out=np.zeros_like(slope), where=slope > 1e-12)
    return np.asarray(np.exp(np.minimum(Z * relative, 50.0)))
