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
from scipy.special import betainc

from perfkit.customers.clv.histories import Histories

_BLOCK = 400_000  # numbers in one array: what a processor keeps close by


@dataclass(frozen=True, eq=False)
class Ends:
    """When the customers of some histories may have stopped; the first of each is the end of the observation.

    Attributes
    ----------
    active : array (histories, ends)
        Time until then.
    log_chance : array (histories, ends)
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

    def ends(self, theta: np.ndarray, rows: Histories) -> Ends:
        """Return when customers may have stopped."""
        return Ends(rows.T[:, None], np.zeros((len(rows.T), 1)))

    def log_likelihood(self, place: np.ndarray, rows: Histories) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the log-likelihood with its first and second derivatives by the logarithms of the parameters."""
        theta = np.exp(place)
        value, gradient, hessian = 0.0, np.zeros(len(place)), np.zeros((len(place), len(place)))
        for block in self._blocks(rows):
            found = self._of_block(theta, block)
            value, gradient, hessian = value + found[0], gradient + found[1], hessian + found[2]
        return value, gradient, hessian

    def _of_block(self, theta: np.ndarray, rows: Histories) -> tuple[float, np.ndarray, np.ndarray]:
        r, alpha = theta[:2]
        ends = self.ends(theta, rows)
        x, w = rows.frequency[:, None], ends.active
        joint, tables = self._joint(theta, rows, ends)
        total, share = _mixed(joint)
        scaled = 1 / (alpha + w)
        # By the logarithms: of r, of alpha, then of the parameters of stopping.
        slopes = [r * (tables[1][x] - np.log1p(w / alpha)), (r * w - x * alpha) * scaled]
        slopes += [each * slope for each, slope in zip(theta[2:], ends.slope, strict=True)]
        bends = {
            (0, 0): r**2 * tables[2][x],
            (0, 1): r * w * scaled,
            (1, 1): ((x * alpha - 2 * r * w) * alpha - r * w**2) * scaled**2,
        }
        for (i, j), bend in zip(((2, 2), (2, 3), (3, 3)), ends.bend, strict=False):
            bends[i, j] = theta[i] * theta[j] * bend
        counted = rows.weight[:, None] * share
        flat = np.stack([np.broadcast_to(each, w.shape) for each in slopes]).reshape(len(slopes), -1)
        of_rows = (flat * share.ravel()).reshape(len(slopes), *w.shape).sum(axis=2)
        gradient = of_rows @ rows.weight
        hessian = (flat * counted.ravel()) @ flat.T - (of_rows * rows.weight) @ of_rows.T + np.diag(gradient)
        for (i, j), bend in bends.items():
            amount = float((counted * bend).sum())
            hessian[i, j] += amount
            if i != j:
                hessian[j, i] += amount
        return float(total @ rows.weight), gradient, hessian

    def p_alive(self, theta: np.ndarray, rows: Histories) -> np.ndarray:
        """Return the probability that the customers still buy."""
        found = [self._alive(theta, block) for block in self._blocks(rows)]
        return np.concatenate(found) if found else np.empty(0)

    def _alive(self, theta: np.ndarray, rows: Histories) -> np.ndarray:
        joint, _ = self._joint(theta, rows, self.ends(theta, rows))
        first = joint[:, 0]
        with np.errstate(over="ignore"):  # surely gone: 1 / inf is 0
            return np.asarray(1 / np.exp(joint - first[:, None]).sum(axis=1))

    def _joint(self, theta: np.ndarray, rows: Histories, ends: Ends) -> tuple[np.ndarray, np.ndarray]:
        """The logarithm of the probability of the purchases and of each time of stopping, and what r's table holds."""
        r, alpha = theta[:2]
        tables = rising(r, int(rows.frequency.max(initial=0)))
        x, w = rows.frequency[:, None], ends.active
        return ends.log_chance + (tables[0][x] - x * np.log(alpha)) - (r + x) * np.log1p(w / alpha), tables

    def _blocks(self, rows: Histories) -> Iterator[Histories]:
        size = _BLOCK // self.ends_each
        for start in range(0, len(rows.T), size):
            cut = slice(start, start + size)
            yield Histories(rows.frequency[cut], rows.recency[cut], rows.T[cut], rows.weight[cut], rows.of[:0])

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
    """The logarithm of each row's sum, and the share of each term in it."""
    top = joint.max(axis=1, keepdims=True)
    terms = np.exp(joint - top)
    sums = terms.sum(axis=1, keepdims=True)
    return np.asarray((top + np.log(sums))[:, 0]), np.asarray(terms / sums)
