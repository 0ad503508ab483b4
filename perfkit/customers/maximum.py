"""Maximum: where is a log-likelihood highest, how sure is one of the place, and what do the data not say?

Parameters are positive and are sought as logarithms, by Newton's method with the exact second derivatives. Where the
likelihood is flat along a direction the data do not identify it: the parameters it moves are named.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from perfkit.estimates import LEVEL

Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
"""Standard errors on each side of an interval at `LEVEL`."""
FLAT = 3.0
"""Standard error of a logarithm beyond which nothing is known: the interval would span a factor of 20,000."""
ENOUGH = 1e-9
"""What a step could still gain, in log-likelihood, where a search ends."""
_STRAIGHT = 0.06  # standard error of a logarithm up to which a likelihood falls as a parabola does
_LONGEST = 2.0  # of a step, in logarithms
_MOST = 300
_TURNS = 12
_NEARENOUGH = 0.2  # standard errors from an end, where one more step is exact to some hundredths

Likelihood = Callable[[np.ndarray], tuple[float, np.ndarray, np.ndarray]]
"""Of the logarithms of the parameters: the log-likelihood, its gradient and its matrix of second derivatives."""


@dataclass(frozen=True, eq=False)
class Maximum:
    """The highest point that was found.

    Attributes
    ----------
    place : array of float
        Logarithms of the parameters.
    log_likelihood : float
    covariance : array of float
        Of the logarithms; along a direction that the data do not identify, a standard error of `FLAT`.
    loose : array of bool
        Parameters that have a part in a direction along which the likelihood is flat.
    """

    place: np.ndarray
    log_likelihood: float
    covariance: np.ndarray
    loose: np.ndarray


def climb(
    likelihood: Likelihood, start: np.ndarray, low: np.ndarray, high: np.ndarray, enough: float = ENOUGH
) -> Maximum:
    """Find the maximum within bounds by a damped Newton's method.

    Parameters
    ----------
    likelihood : callable
        See `Likelihood`.
    start, low, high : array of float
        Logarithms of the parameters: where to start, and where to stop when the likelihood rises without end.
    enough : float
        What a step could still gain where the search ends.
    """
    place = np.clip(start, low, high)
    value, gradient, hessian = likelihood(place)
    idle = 0
    for _ in range(_MOST):
        free = ~(((place <= low) & (gradient < 0)) | ((place >= high) & (gradient > 0)))
        if not free.any():
            break
        step = np.zeros_like(place)
        step[free] = _uphill(gradient[free], hessian[np.ix_(free, free)])
        if gradient @ step < enough:
            break
        moved = _line_search(likelihood, place, value, gradient, step, low, high)
        if moved is None:
            break
        idle = idle + 1 if moved[1] < value + ENOUGH else 0
        place, value, gradient, hessian = moved
        if idle == 3:  # a ridge that rises by less than a sum is exact to
            break
    covariance, loose = _spread(place, hessian, low, high)
    return Maximum(place, value, covariance, loose)


def profile(likelihood: Likelihood, maximum: Maximum) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends of each parameter's interval: where the likelihood, others at their best, has fallen too far.

    Unlike standard errors on either side, such an interval leans to where the likelihood falls more slowly (Venzon and
    Moolgavkar 1988, "A method for computing profile-likelihood-based confidence intervals", Applied Statistics).
    Missing are ends that are not found, because the likelihood does not fall so far, those of parameters that are not
    identified, and those of parameters known so well that standard errors give the same.

    Parameters
    ----------
    likelihood : callable
        The one that was climbed.
    maximum : Maximum
        Its highest point.
    """
    variance = np.diag(maximum.covariance)
    free = np.flatnonzero(variance > 0)
    ends = np.full((2, len(maximum.place)), np.nan)
    for which in np.flatnonzero((variance > _STRAIGHT**2) & ~maximum.loose):
        others, away = free[free != which], Z
        for side, sign in enumerate((-1, 1)):
            end = _end(likelihood, maximum, int(which), sign * away, others)
            ends[side, which] = end
            if np.isfinite(end):  # the farther below, the nearer above: there one looks first
                below = (maximum.place[which] - end) / np.sqrt(variance[which])
                away = float(np.clip(Z - (below - Z) * (Z / below) ** 2, Z / 2, 2 * Z))
    return ends[0], ends[1]


def _end(likelihood: Likelihood, maximum: Maximum, which: int, away: float, others: np.ndarray) -> float:
    """One end, from so many standard errors away, where a parabola would have it."""
    along = maximum.covariance[:, which] / np.sqrt(maximum.covariance[which, which])
    place, sign = maximum.place + away * along, np.sign(away)
    for _ in range(_TURNS):
        value, gradient, hessian = likelihood(place)
        values, vectors = np.linalg.eigh(-hessian[np.ix_(others, others)])
        if not np.isfinite(value) or (len(others) and values[0] <= 0):
            return np.nan
        inverse = (vectors / values) @ vectors.T
        step = inverse @ gradient[others]
        slope = gradient[which] + hessian[which, others] @ step
        fallen = maximum.log_likelihood - value - gradient[others] @ step / 2
        if fallen <= 0 or sign * slope >= 0:
            return np.nan
        root = np.sqrt(2 * fallen)  # of a parabola: standard errors from the top
        move = float(np.clip((Z - root) * root / -slope, -1.0, 1.0))
        place[which] += move
        place[others] += step + inverse @ hessian[others, which] * move
        if abs(Z - root) < _NEARENOUGH:
            return float(place[which])
    return np.nan


def _uphill(gradient: np.ndarray, hessian: np.ndarray) -> np.ndarray:
    """Newton's step, turned uphill along directions of the wrong curvature, and no longer than is safe."""
    values, vectors = np.linalg.eigh(hessian)
    curvature = np.maximum(np.abs(values), 1e-9)
    step = vectors @ ((vectors.T @ gradient) / curvature)
    return step * min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300))


def _line_search(
    likelihood: Likelihood,
    place: np.ndarray,
    value: float,
    gradient: np.ndarray,
    step: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> tuple[np.ndarray, float, np.ndarray, np.ndarray] | None:
    for halving in range(40):
        there = np.clip(place + step * 0.5**halving, low, high)
        found, slope, bend = likelihood(there)
        if np.isfinite(found) and found >= value + 1e-4 * gradient @ (there - place):
            return there, found, slope, bend
    return None


def _spread(place: np.ndarray, hessian: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The covariance along the directions that are identified, and the parameters that others have a part in."""
    inside = (place > low) & (place < high)
    covariance, loose = np.zeros_like(hessian), ~inside
    if not inside.any():  # those that run off together keep a ratio, say, that is known no better for it
        inside = ~inside
    values, vectors = np.linalg.eigh(-hessian[np.ix_(inside, inside)])
    known = values > FLAT**-2
    # Along a flat direction predictions may go as far as a factor of 20,000 takes them: within the data that moves
    # them by nothing, beyond it as far as it should.
    covariance[np.ix_(inside, inside)] = (vectors / np.maximum(values, FLAT**-2)) @ vectors.T
    loose[inside] |= (np.abs(vectors[:, ~known]) > 0.1).any(axis=1)
    return covariance, loose
