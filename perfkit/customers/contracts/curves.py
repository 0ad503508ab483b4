"""Curves: how many customers under contract are left after each renewal?

sBG: each customer leaves with the same probability at every renewal, and these probabilities follow a beta distribution
(alpha, beta); retention rises with age because those who leave easily have left (Fader and Hardie 2007, "How to project
customer retention", Journal of Interactive Marketing). BdW: a customer's own probability changes with age as well, by
an exponent c (beta-discrete-Weibull: Fader, Hardie, Liu, Davin and Steenburgh 2018, "How to project customer retention
revisited: the role of duration dependence", same journal). At c = 1 the two are one.
"""

from typing import ClassVar

import numpy as np
from scipy.special import betaln, digamma

from perfkit.languages import mark

_EXACT = 2_000  # renewals that are added one by one; those beyond are integrated
_AT, _WEIGHTS = (each / 2 for each in np.polynomial.legendre.leggauss(120))
_AT = _AT + 0.5
_DEEP = 35.0  # logarithms that survival falls by until nothing is left to add
_NOBODY = 1e-300
_FARTHEST = 40.0  # logarithms of renewals that are integrated


class Sbg:
    """Shifted beta-geometric."""

    name: ClassVar[str] = "sbg"
    title: ClassVar[str] = "sBG"
    parameters: ClassVar[tuple[str, ...]] = ("alpha", "beta")
    start: ClassVar[tuple[float, ...]] = (1.0, 2.0)

    def log_survival(self, theta: np.ndarray, age: np.ndarray) -> np.ndarray:
        """Return the logarithm of the share that is left after `age` renewals."""
        alpha, beta = theta[:2]
        return np.asarray(betaln(alpha, beta + self.clock(theta, age)) - betaln(alpha, beta))

    def clock(self, theta: np.ndarray, age: np.ndarray) -> np.ndarray:
        """Return the age at which a customer whose probability does not change would be as likely left."""
        return age

    def slopes(self, theta: np.ndarray, age: np.ndarray) -> np.ndarray:
        """Return the derivatives of `log_survival` by the parameters, one a row."""
        alpha, beta = theta[:2]
        u = self.clock(theta, age)
        all_ = digamma(alpha + beta) - digamma(alpha + beta + u)
        return np.stack((all_, all_ + digamma(beta + u) - digamma(beta)))

    def falls(self, theta: np.ndarray) -> float:
        """Return the power of age at which survival falls in the end: up to 1, the mean lifetime has no end."""
        return float(theta[0])

    def log_likelihood(self, place: np.ndarray, lost: np.ndarray, kept: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log-likelihood of who left and who is left at each age, with its gradient by the logarithms."""
        theta = np.exp(place)
        ages = np.arange(len(lost) + 1.0)
        left, slopes = self.log_survival(theta, ages), self.slopes(theta, ages)
        step = np.minimum(left[1:] - left[:-1], -1e-300)
        log_lost = left[:-1] + np.log(-np.expm1(step))
        stays = np.exp(step)
        by_lost = (slopes[:, :-1] - stays * slopes[:, 1:]) / -np.expm1(step)
        value = float(lost @ log_lost + kept @ left[1:])
        return value, theta * (by_lost @ lost + slopes[:, 1:] @ kept)

    def further(self, theta: np.ndarray, age: np.ndarray, horizon: float, force: float) -> np.ndarray:
        """Return the expected further renewals of customers who have renewed `age` times, discounted.

        Parameters
        ----------
        horizon : float
            Renewals to count, inf for all.
        force : float
            Continuous discount rate a period.
        """
        exact = np.arange(1, min(horizon, _EXACT) + 1)
        left = self.log_survival(theta, age[:, None] + exact) - self.log_survival(theta, age)[:, None]
        found = np.exp(left - force * exact).sum(axis=1)
        if horizon <= _EXACT:
            return np.asarray(found)
        # Beyond, the sum over renewals is the integral between the halves, over the logarithm of their count and of the
        # scale beyond which survival falls by its power: from there on, no further than floats go.
        ahead = self.scale(theta) + age[:, None]
        start, end = _EXACT + 0.5 + ahead, horizon + 0.5 + ahead
        falls = self.falls(theta) - 1
        reach = np.minimum(np.log(end / start), min(_DEEP / max(falls, 1e-9), _FARTHEST))
        if force > 0:
            reach = np.minimum(reach, np.log1p(_DEEP / force / start))
        time = start * np.exp(reach * _AT)
        renewals = time - ahead
        left = self.log_survival(theta, age[:, None] + renewals) - self.log_survival(theta, age)[:, None]
        found = found + (np.exp(left - force * renewals) * time * reach * _WEIGHTS).sum(axis=1)
        if force > 0:
            return np.asarray(found)
        last = start * np.exp(reach)
        left = self.log_survival(theta, age[:, None] + last - ahead) - self.log_survival(theta, age)[:, None]
        if horizon == np.inf:
            rest = np.full_like(last, 1 / max(falls, 1e-9))
        else:
            rest = np.log(end / last) if not falls else -np.expm1(-falls * np.log(end / last)) / falls
        return np.asarray(found + (np.exp(left) * last * rest)[:, 0])

    def scale(self, theta: np.ndarray) -> float:
        """Return the age beyond which survival falls by its power."""
        return float(theta[1])


class Bdw(Sbg):
    """Beta-discrete-Weibull."""

    name: ClassVar[str] = "bdw"
    title: ClassVar[str] = "BdW"
    parameters: ClassVar[tuple[str, ...]] = ("alpha", "beta", "c")
    start: ClassVar[tuple[float, ...]] = (1.0, 2.0, 1.0)

    def clock(self, theta: np.ndarray, age: np.ndarray) -> np.ndarray:
        """Return age to the power of c."""
        return np.asarray(age ** theta[2])

    def slopes(self, theta: np.ndarray, age: np.ndarray) -> np.ndarray:
        """Return the derivatives of `log_survival` by the parameters, one a row."""
        alpha, beta, _ = theta
        u = self.clock(theta, age)
        by_clock = (digamma(beta + u) - digamma(alpha + beta + u)) * u * np.log(np.maximum(age, 1.0))
        return np.vstack((super().slopes(theta, age), by_clock))

    def falls(self, theta: np.ndarray) -> float:
        """Return the power of age at which survival falls in the end."""
        return float(theta[0] * theta[2])

    def scale(self, theta: np.ndarray) -> float:
        """Return the age beyond which survival falls by its power."""
        return float(theta[1] ** (1 / theta[2]))


CURVES: dict[str, Sbg] = {"sbg": Sbg(), "bdw": Bdw()}
"""Those that may be asked for."""


class Geometric(Sbg):
    """One chance of leaving for all, at every renewal: what is left where the data do not tell how customers differ."""

    name: ClassVar[str] = "geometric"
    title: ClassVar[str] = mark("One chance for all")
    parameters: ClassVar[tuple[str, ...]] = ("chance",)

    def log_survival(self, theta: np.ndarray, age: np.ndarray) -> np.ndarray:
        """Return the logarithm of the share that is left after `age` renewals."""
        first, later = _stays(theta)
        return np.asarray(np.minimum(age, 1) * first + np.maximum(age - 1, 0) * later)

    def falls(self, theta: np.ndarray) -> float:
        """Return inf: survival falls faster than any power, unless nobody leaves."""
        return np.inf if theta[-1] > 0 else 0.0

    def further(self, theta: np.ndarray, age: np.ndarray, horizon: float, force: float) -> np.ndarray:
        """Return the expected further renewals of customers who have renewed `age` times, discounted."""
        first, later = _stays(theta) - force

        def in_a_row(most: float) -> float:
            return most if later == 0 else float(np.exp(later) * np.expm1(later * most) / np.expm1(later))

        return np.where(age > 0, in_a_row(horizon), np.exp(first) * (1 + in_a_row(horizon - 1)))


class Parted(Geometric):
    """Customers who leave at the first renewal, and others: what is left where later ones were not seen to leave."""

    name: ClassVar[str] = "parted"
    title: ClassVar[str] = mark("A chance at the first renewal, and one at the later ones")
    parameters: ClassVar[tuple[str, ...]] = ("first", "later")


def _stays(theta: np.ndarray) -> np.ndarray:
    """The logarithms of the chances to stay, at the first renewal and at a later one: above 0 by next to nothing."""
    return np.log(np.maximum(1 - theta[[0, -1]], _NOBODY))
