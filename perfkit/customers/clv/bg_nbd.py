"""BG/NBD: after every purchase a customer may stop, each with a probability of their own.

These probabilities follow a beta distribution (a, b) (Fader, Hardie and Lee 2005, "Counting your customers the easy
way", Marketing Science). Customers who never bought again have had no occasion to stop, so BG/NBD counts every one of
them as still buying; MBG/NBD gives them one, right after the first purchase (Batislam, Denizel and Filiztekin 2007,
International Journal of Research in Marketing).

What customers will buy is an average over the probability p of stopping, which the trapezoidal rule over ln(p / (1-p))
computes to ten digits for every parameter: no hypergeometric function that overflows, none that a = 1 divides by zero.
"""

from collections.abc import Callable
from typing import ClassVar

import numpy as np
from scipy.special import betainc, betaln, expit, log_expit

from perfkit.customers.clv.histories import Histories
from perfkit.customers.clv.processes import Ends, Process, at, risen, rises

_NODES = 56
_AT_ONCE = 50_000  # customers whose integrals are taken together
_DEEP = 30.0  # how far down, in logarithms, the tails of an integrand are followed


class BgNbd(Process):
    """A customer may stop after every repeat purchase."""

    name: ClassVar[str] = "bg_nbd"
    title: ClassVar[str] = "BG/NBD"
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    ends_each: ClassVar[int] = 2
    starts: ClassVar[tuple[tuple[float, ...], ...]] = ((0.8, 2.5),)
    occasions: ClassVar[int] = 0
    """Occasions to stop beside the repeat purchases."""
    moved: ClassVar[tuple[tuple[int, float], ...]] = ((1, -1.0), (2, 1.0))

    def ends(self, theta: np.ndarray, rows: Histories) -> Ends:
        """Return the end of the observation and the last purchase: when else could a customer have stopped?"""
        a, b = theta[2:]
        k = rows.frequency + self.occasions
        by_b = rises(float(np.ravel(b)[0]), k)  # covariates move a alone
        by_sum = rises(float(a + b), k) if np.ndim(a) == 0 else risen(a + b, k)
        survived = by_b - by_sum
        could = k > 0
        with np.errstate(divide="ignore"):
            last = np.where(could, np.log(a), -np.inf) - np.log(np.where(could, b + k - 1, 1.0))
        inverse = np.where(could, 1 / np.where(could, b + k - 1, 1.0), 0.0)
        gone = could / a
        return Ends(
            np.stack((rows.T, rows.recency)),
            np.stack((survived[0], survived[0] + last)),
            (
                np.stack((-by_sum[1], gone - by_sum[1])),
                np.stack((survived[1], survived[1] - inverse)),
            ),
            (
                np.stack((-by_sum[2], -by_sum[2] - gone / a)),
                np.stack((-by_sum[2], -by_sum[2])),
                np.stack((survived[2], survived[2] + inverse**2)),
            ),
        )

    def mean(self, theta: np.ndarray, x: np.ndarray, T: np.ndarray, horizon: float) -> np.ndarray:
        """Return the expected purchases: given p, those of a rate that ends by itself, (1 - (1 + pu)^-R) / p."""
        if len(x) > _AT_ONCE:
            return self._in_parts(self.mean, theta, x, T, horizon)
        r, alpha, a, b = theta
        R, u = (r + x)[:, None], (horizon / (alpha + T))[:, None]
        log_p, log_rest, weight, of, B = self._nodes(a, b, x)
        a = np.reshape(a, (-1, 1))
        p = np.exp(log_p)
        at_one = -np.expm1(-R * np.log1p(u))
        bent = np.maximum((R + 1) * u / 2, 1.0)
        # What the integrand is near p = 0 and p = 1 is integrated by itself: the rest vanishes at both ends.
        near = R * u * np.exp(bent * log_rest[of]) + at_one * p[of]
        rest = -np.expm1(-R * np.log1p(p[of] * u)) / p[of] - near
        ends = R * u * np.exp(betaln(a, B + bent) - betaln(a, B)) + at_one * a / (a + B)
        return np.asarray((weight[of] * rest).sum(axis=1) + ends[:, 0])

    def pairs(self, theta: np.ndarray, x: np.ndarray, T: np.ndarray, horizon: float) -> np.ndarray:
        """Return the mean of Y (Y - 1): given p, 2 (1 - p) / p^2 times the chance of two such purchases."""
        if len(x) > _AT_ONCE:
            return self._in_parts(self.pairs, theta, x, T, horizon)
        r, alpha, a, b = theta
        R, u = (r + x)[:, None], (horizon / (alpha + T))[:, None]
        log_p, log_rest, weight, of, B = self._nodes(a, b, x)
        a = np.reshape(a, (-1, 1))
        p, scale = np.exp(log_p)[of], R * (R + 1) * u**2
        bent = 1 + 2 * (R + 2) * u / 3
        rest = 2 * np.exp(log_rest[of]) / p**2 * betainc(2.0, R, p * u / (1 + p * u))
        rest = rest - scale * np.exp(bent * log_rest[of])
        ends = scale * np.exp(betaln(a, B + bent) - betaln(a, B))
        return np.asarray((weight[of] * rest).sum(axis=1) + ends[:, 0])

    def _in_parts(
        self,
        of: Callable[[np.ndarray, np.ndarray, np.ndarray, float], np.ndarray],
        theta: np.ndarray,
        x: np.ndarray,
        T: np.ndarray,
        horizon: float,
    ) -> np.ndarray:
        """What many customers get, some at a time: each takes as many numbers as there are nodes."""
        ends = np.broadcast_to(horizon, x.shape)
        cuts = [slice(start, start + _AT_ONCE) for start in range(0, len(x), _AT_ONCE)]
        return np.concatenate([of(at(theta, cut), x[cut], T[cut], ends[cut]) for cut in cuts])  # type: ignore[arg-type]

    def tail(self, theta: np.ndarray, x: np.ndarray, T: np.ndarray, horizon: float, least: np.ndarray) -> np.ndarray:
        """Return the chance of at least so many: their times come, and none before the last made the customer stop."""
        _, _, a, b = theta
        B = b + x + self.occasions
        return np.asarray(super().tail(theta, x, T, horizon, least) * np.exp(betaln(a, B + least - 1) - betaln(a, B)))

    def _nodes(
        self, a: np.ndarray, b: np.ndarray, x: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Nodes of p and weights for each count of purchases: ln p, ln (1 - p), weight; which are a row's; its B."""
        if np.ndim(a) == 0:
            counts, of = np.unique(x, return_inverse=True)
        else:
            b = b[0]
            (counts, a), of = np.unique(np.stack((x, a)), axis=1, return_inverse=True)
        B = b + counts + self.occasions
        low, high = _range(a + 1, B + 1)
        y = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, _NODES)
        log_p, log_rest = log_expit(y), log_expit(-y)
        step = (high - low)[:, None] / (_NODES - 1)
        weight = step * np.exp(np.reshape(a, (-1, 1)) * log_p + B[:, None] * log_rest - betaln(a, B)[:, None])
        return log_p, log_rest, weight, of, B[of][:, None]


class MbgNbd(BgNbd):
    """A customer may stop after every purchase, the first one too."""

    name: ClassVar[str] = "mbg_nbd"
    title: ClassVar[str] = "MBG/NBD"
    starts: ClassVar[tuple[tuple[float, ...], ...]] = ((0.8, 2.0),)
    occasions: ClassVar[int] = 1
    sure_without_repeat: ClassVar[bool] = False


def _range(left: float | np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where p^left (1 - p)^right, over y = ln(p / (1-p)), has fallen by `_DEEP` on either side of its top.

    Newton's method from beyond: the logarithm is concave, so no step passes the place.
    """

    def height(y: np.ndarray) -> np.ndarray:
        return np.asarray(left * log_expit(y) + right * log_expit(-y))

    level = height(np.log(left / right)) - _DEEP
    low, high = level / left, -level / right
    for _ in range(60):
        steps = [(height(y) - level) / (left - (left + right) * expit(y)) for y in (low, high)]
        low, high = low - steps[0], high - steps[1]
        if max(float(np.abs(step).max()) for step in steps) < 0.01:
            break
    return low, high
