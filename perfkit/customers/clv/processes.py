"""Processes: how customers buy, and what a history says of it.

Every model here shares one assumption: while customers buy, they do so at random at a rate of their own, and the rates
of all follow a gamma distribution (r, alpha). A history's likelihood is a mixture over the time at which the customer
may have stopped, the end of the observation included: with its weights go P(alive) and the derivatives. This module
holds that common part, which alone is the NBD model, in which nobody stops (Ehrenberg 1959, Applied Statistics).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import betainc, betaln, digamma, gammaln, zeta

from perfkit.customers.clv.histories import Histories

_BLOCK = 400_000  # numbers in one array: what a processor keeps close by

_TABLE = 50_000  # purchases of a customer up to which those of everybody are added one by one


@dataclass(frozen=True, eq=False)
class Ends:
    """When the customers of some histories may have stopped; the first of each is the end of the observation.

    Attributes
    ----------
    active : array (ends, histories)
        Time until then.
    log_chance : array (ends, histories)
        Logarithm of its probability, of everything but the purchases; -inf where it cannot be.
    slope : sequence of array
        Derivatives of `log_chance` by each parameter of stopping.
    bend : sequence of array
        Second derivatives: (first, first), (first, second), (second, second).
    """

    active: np.ndarray
    log_chance: np.ndarray
    slope: tuple[np.ndarray, ...] = ()
    bend: tuple[np.ndarray, ...] = ()


class Process:
    """Purchases at a gamma-distributed rate, and nobody stops: NBD."""

    name: ClassVar[str] = "nbd"
    title: ClassVar[str] = "NBD"
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha")
    ends_each: ClassVar[int] = 1
    starts: ClassVar[tuple[tuple[float, ...], ...]] = ((),)
    """Where the search for the parameters of stopping starts, times of the mean age."""
    sure_without_repeat: ClassVar[bool] = True
    """Whether P(alive) of those who never bought again is 1 whatever the data say."""
    moved: ClassVar[tuple[tuple[int, float], ...]] = ((1, -1.0),)
    """The parameter that covariates move, of buying and then of stopping, and the sign: up is more often, or sooner."""

    # Everywhere below, theta is one set of parameters, or one for each history: an array (parameters, histories).

    def ends(self, theta: np.ndarray, rows: Histories) -> Ends:
        """Return when customers may have stopped."""
        return Ends(rows.T[None], np.zeros((1, len(rows.T))))

    def log_likelihood(self, place: np.ndarray, rows: Histories) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the log-likelihood with its first and second derivatives by the logarithms of the parameters."""
        theta = np.exp(place)
        value, gradient, hessian = 0.0, np.zeros(len(place)), np.zeros((len(place), len(place)))
        for _, block in self._blocks(theta, rows):
            found = self._of_block(theta, block)
            value, gradient, hessian = value + found[0], gradient + found[1], hessian + found[2]
        return value, gradient, hessian

    def by_history(self, theta: np.ndarray, rows: Histories) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return what `log_likelihood` sums, of each history at its own parameters: value, slopes and curvatures."""
        found = [self._own(*block) for block in self._blocks(theta, rows)]
        return tuple(np.concatenate(each, axis=-1) for each in zip(*found, strict=True))  # type: ignore[return-value]

    def _own(self, theta: np.ndarray, rows: Histories) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        total, share, slopes, bends = self._derivatives(theta, rows)
        gradient = np.stack([(each * share).sum(axis=0) for each in slopes])
        hessian = -gradient[:, None] * gradient[None]
        for i, one in enumerate(slopes):
            hessian[i, i] += gradient[i]
            for j in range(i, len(slopes)):
                amount = ((one * slopes[j] + bends.get((i, j), 0.0)) * share).sum(axis=0)
                hessian[i, j] += amount
                if i != j:
                    hessian[j, i] += amount
        return total, gradient, hessian

    def _of_block(self, theta: np.ndarray, rows: Histories) -> tuple[float, np.ndarray, np.ndarray]:
        total, share, slopes, bends = self._derivatives(theta, rows)
        counted = rows.weight * share
        slope = np.stack([np.broadcast_to(each, share.shape) for each in slopes])
        of_rows = (slope * share).sum(axis=1)
        gradient = of_rows @ rows.weight
        flat = slope.reshape(len(slopes), -1)
        hessian = (flat * counted.ravel()) @ flat.T - (of_rows * rows.weight) @ of_rows.T + np.diag(gradient)
        for (i, j), bend in bends.items():
            amount = float((counted * bend).sum())
            hessian[i, j] += amount
            if i != j:
                hessian[j, i] += amount
        return float(total @ rows.weight), gradient, hessian

    def _derivatives(
        self, theta: np.ndarray, rows: Histories
    ) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], dict[tuple[int, int], np.ndarray]]:
        """Each history's log-likelihood; of each of its ends the share in it, and derivatives of its logarithm."""
        r, alpha = theta[:2]
        ends = self.ends(theta, rows)
        x, w = rows.frequency, ends.active
        joint, rise, grown = self._joint(theta, rows, ends)
        total, share = _mixed(joint)
        scaled = 1 / (alpha + w)
        # By the logarithms: of r, of alpha, then of the parameters of stopping.
        slopes = [r * (rise[1] - grown), (r * w - x * alpha) * scaled]
        slopes += [each * slope for each, slope in zip(theta[2:], ends.slope, strict=True)]
        bends = {
            (0, 0): r**2 * rise[2],
            (0, 1): r * w * scaled,
            (1, 1): ((x * alpha - 2 * r * w) * alpha - r * w**2) * scaled**2,
        }
        for (i, j), bend in zip(((2, 2), (2, 3), (3, 3)), ends.bend, strict=False):
            bends[i, j] = theta[i] * theta[j] * bend
        return total, share, slopes, bends

    def p_alive(self, theta: np.ndarray, rows: Histories) -> np.ndarray:
        """Return the probability that the customers still buy."""
        found = [self._alive(*block) for block in self._blocks(theta, rows)]
        return np.concatenate(found) if found else np.empty(0)

    def _alive(self, theta: np.ndarray, rows: Histories) -> np.ndarray:
        joint, _, _ = self._joint(theta, rows, self.ends(theta, rows))
        with np.errstate(over="ignore"):  # surely gone: 1 / inf is 0
            return np.asarray(1 / np.exp(joint - joint[0]).sum(axis=0))

    def _joint(self, theta: np.ndarray, rows: Histories, ends: Ends) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The logarithm of the probability of the purchases and each time of stopping, and two parts of it.

        These are what `rises` says of r, and the logarithm of how far each time has grown beside alpha.
        """
        r, alpha = theta[:2]
        rise = rises(float(np.ravel(r)[0]), rows.frequency)  # r is the same for all
        x, grown = rows.frequency, np.log1p(ends.active / alpha)
        return ends.log_chance + (rise[0] - x * np.log(alpha)) - (r + x) * grown, rise, grown

    def _blocks(self, theta: np.ndarray, rows: Histories) -> Iterator[tuple[np.ndarray, Histories]]:
        size = _BLOCK // self.ends_each
        for start in range(0, len(rows.T), size):
            cut = slice(start, start + size)
            block = Histories(rows.frequency[cut], rows.recency[cut], rows.T[cut], rows.weight[cut], rows.of[:0])
            yield at(theta, cut), block

    def mean(self, theta: np.ndarray, x: np.ndarray, T: np.ndarray, horizon: float) -> np.ndarray:
        """Return the expected purchases within `horizon` of customers who still buy at T."""
        r, alpha = theta[:2]
        return np.asarray((r + x) / (alpha + T) * horizon)

    def pairs(self, theta: np.ndarray, x: np.ndarray, T: np.ndarray, horizon: float) -> np.ndarray:
        """Return the mean of Y (Y - 1), Y being the purchases within `horizon` of customers who still buy at T."""
        r, alpha = theta[:2]
        return np.asarray((r + x) * (r + x + 1) * (horizon / (alpha + T)) ** 2)

    def tail(self, theta: np.ndarray, x: np.ndarray, T: np.ndarray, horizon: float, least: np.ndarray) -> np.ndarray:
        """Return the probability of at least `least` >= 1 purchases within `horizon` of customers who still buy."""
        r, alpha = theta[:2]
        return np.asarray(betainc(least, r + x, horizon / (alpha + T + horizon)))


def at(theta: np.ndarray, place: np.ndarray | slice) -> np.ndarray:
    """Return the parameters of some of the histories."""
    return theta if theta.ndim == 1 else theta[:, place]


def rises(theta: float, n: np.ndarray) -> np.ndarray:
    """Return what `rising` says of each count: off its table, unless that were too long."""
    most = int(n.max(initial=0))
    return rising(theta, most)[:, n] if most <= _TABLE else risen(np.full(len(n), theta), n)


def risen(theta: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return what `rising` does, where each count has a theta of its own: by the beta function, exact enough."""
    some = np.maximum(n, 1)
    found = np.stack(
        (
            gammaln(some) - betaln(theta, some),
            digamma(theta + some) - digamma(theta),
            zeta(2.0, theta + some) - zeta(2.0, theta),
        )
    )
    return np.where(n > 0, found, 0.0)


def rising(theta: float, most: int) -> np.ndarray:
    """Return ln of theta (theta + 1) ... (theta + n - 1) for n = 0 ... most, and its two derivatives by theta.

    A sum of logarithms is exact where the difference of two log-gamma functions of a large theta is not.
    """
    terms = theta + np.arange(most)
    table = np.zeros((3, most + 1))
    np.cumsum(np.log(terms), out=table[0, 1:])
    np.cumsum(1 / terms, out=table[1, 1:])
    np.cumsum(-1 / terms**2, out=table[2, 1:])
    return table


def _mixed(joint: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The logarithm of each history's sum over its ends, and the share of each of them in it."""
    top = joint.max(axis=0)
    terms = np.exp(joint - top)
    sums = terms.sum(axis=0)
    return np.asarray(top + np.log(sums)), np.asarray(terms / sums)
