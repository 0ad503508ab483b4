"""Intervals: how far may a prediction be off because the parameters are estimates?

Where the parameters are known well, as far as a straight line through the estimate says (delta method). Where they are
not, as far as the prediction goes among all parameters whose likelihood has not fallen by more than the level allows:
its profile likelihood (Murphy and van der Vaart 2000, "On profile likelihood", Journal of the American Statistical
Association). Such an interval leans to where the likelihood falls more slowly.
"""

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import Any

import numpy as np

from perfkit.customers.maximum import FLAT, Likelihood, Maximum, Z

_NEAR = 0.02  # of a standard error: how far to look on either side for a derivative
_FALL = Z**2 / 2  # of the log-likelihood, down to the end of an interval
_LENIENT = 1.03  # times that fall: an end is then off by a hundredth or two
_FARTHEST = 6.0  # standard errors along each direction; twice as many where none is known
_ENOUGH = 0.9  # of what is expected of a prediction, from which on the ends of others serve it
_PARTS = (1.0, 0.99, 0.97, 0.93, 0.85, 0.7, 0.4)  # of a way
_SHORT = 0.25  # of a gradient is the first step, so that a search stays where it began
_STRAIGHT = 0.15  # standard error of a logarithm up to which a line through the estimate says as much of predictions
_TAME = 0.5  # standard error of a logarithm up to which likely parameters lie in one region, without a bend
_STILL = 1e-9  # change by a standard error that is none
_FLATTISH = 0.99  # of the standard error of a direction that is flat
_LEAST = 1e-3  # change by a standard error that is not taken for less
_TINY = 1e-300
_SEEN = 4  # places, from which on those that were found say where to start
_MOST, _FEW = 8, 4  # predictions whose ends are sought, at most: where one can be looked at by itself, and where not
_WIDEST = 16.0  # logarithm beyond which no parameter is followed, as in a fit

Of = Callable[[np.ndarray], np.ndarray]
"""Of the parameters: something for every unit."""
One = Callable[[int], Of]
"""Of a unit: the same for it alone."""


def directions(covariance: np.ndarray) -> np.ndarray:
    """Return independent standard errors of the parameters' logarithms, one direction a row."""
    values, vectors = np.linalg.eigh(covariance)
    known = values > 1e-14
    return np.asarray((vectors[:, known] * np.sqrt(values[known])).T)


def slopes(of: Of, theta: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return the change of something for every unit by one standard error along each of `directions`, one a row."""
    found = []
    for along in directions(covariance):
        up, down = (of(theta * np.exp(sign * _NEAR * along)) for sign in (1, -1))
        found.append((up - down) / (2 * _NEAR))
    return np.array(found) if found else np.zeros((1, 1))


def error(of: Of, theta: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return the standard error of something for every unit, by the delta method.

    Parameters
    ----------
    of : callable
        See `Of`.
    theta, covariance : array of float
        The parameters, and the covariance of their logarithms.
    """
    return np.asarray(np.sqrt((slopes(of, theta, covariance) ** 2).sum(axis=0)))


def interval(
    of: Of,
    theta: np.ndarray,
    covariance: np.ndarray,
    fall: "Fall | None",
    *,
    share: bool = False,
    one: One | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return an estimate for every unit, and both ends of its interval.

    Parameters
    ----------
    of : callable
        See `Of`: something above 0.
    theta, covariance : array of float
        The parameters, and the covariance of their logarithms.
    fall : Fall, or None
        How the likelihood falls around them, see `falling`; None where standard errors say all.
    share : bool
        Whether it lies within 0 and 1.
    one : callable, optional
        See `One`: of many units, a few are looked at by themselves, again and again.
    """
    estimate = of(theta)
    slope = slopes(of, theta, covariance) + np.zeros_like(estimate)
    low, high = (within_one if share else positive)(estimate, np.sqrt((slope**2).sum(axis=0)))
    if fall is None:
        return estimate, low, high
    base = estimate * (1 - estimate) if share else estimate
    relative = np.divide(slope, base, out=np.zeros_like(slope), where=base > 1e-12)  # what stands at a bound stays
    reach = _Reach(estimate, relative, share)
    axes, places = fall.axes, list[np.ndarray]()
    with np.errstate(all="ignore"):
        for unit in reach.units(_MOST if one else _FEW):
            alone = partial(_at, one(unit) if one else _only(of, unit), theta, axes)
            size = max(float(np.linalg.norm(relative[:, unit])), _LEAST)
            for sign in (1.0, -1.0):
                start = sign * Z * relative[:, unit] / size
                places.append(fall.farthest(alone, [start, *places], sign * size, share))
                reach.seen(_at(of, theta, axes, places[-1]))
        return estimate, *reach.ends()


def falling(climbed: tuple[Likelihood, Maximum] | None, covariance: np.ndarray) -> "Fall | None":
    """Return how a likelihood falls around its maximum; None where it does so as a parabola does, or is not known."""
    if climbed is None or (np.diag(covariance) <= _STRAIGHT**2).all():
        return None
    return Fall(*climbed, directions(covariance))


class _Reach:
    """How far each unit's prediction has been seen to go, and which unit is to be looked at next.

    Distances are those of the logarithm, or of the log-odds, on either side.
    """

    def __init__(self, estimate: np.ndarray, relative: np.ndarray, share: bool) -> None:
        self.estimate, self.share = estimate, share
        self.straight = Z * np.linalg.norm(relative, axis=0)  # what a straight line would say, on both sides
        self.moves = self.straight > _STILL
        self.direction = np.divide(relative * Z, self.straight, out=np.zeros_like(relative), where=self.moves)
        self.least, self.most = estimate, estimate
        self.looked: list[int] = []

    def seen(self, there: np.ndarray) -> None:
        """Take in what every unit is at some parameters."""
        sound = np.where(np.isfinite(there), there, self.estimate)
        self.least, self.most = np.minimum(self.least, sound), np.maximum(self.most, sound)

    def units(self, most: int) -> Iterator[int]:
        """Yield units until no other falls short of what those of its direction let expect; so many at most."""
        while len(self.looked) < most and self.moves.any():
            if not self.looked:
                unit = int(np.argmax(self.straight))
            else:
                short = (self._gone() / np.maximum(self._expected(), _STILL)).min(axis=0)
                short[self.looked] = np.inf
                unit = int(np.argmin(np.where(self.moves, short, np.inf)))
                if not short[unit] < _ENOUGH:
                    return
            yield unit
            self.looked.append(unit)

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Return both ends: those that were seen, or, of units that none was looked at for, what is expected."""
        if not self.looked:
            return self.least, self.most
        gone, expected = self._gone(), self._expected()
        open_ = self.moves & (gone < _ENOUGH * expected)
        open_[:, self.looked] = False
        down, up = np.where(open_, expected, gone)
        return (
            np.where(open_[0], self._moved(-down), self.least),
            np.where(open_[1], self._moved(up), self.most),
        )

    def _gone(self) -> np.ndarray:
        return np.stack((self._place(self.estimate) - self._place(self.least),
                         self._place(self.most) - self._place(self.estimate)))  # fmt: skip

    def _expected(self) -> np.ndarray:
        """As far as the straight line of each unit, times what that was short of for the unit that is most alike."""
        cosine = self.direction[:, self.looked].T @ self.direction
        near = np.abs(cosine).argmax(axis=0)
        times = (self._gone() / np.maximum(self.straight, _STILL))[:, self.looked][:, near]
        turned = np.take_along_axis(cosine, near[None], axis=0)[0] < 0
        return np.asarray(np.where(turned, times[::-1], times) * self.straight)

    def _place(self, value: np.ndarray) -> np.ndarray:
        value = np.clip(value, _TINY, 1 - 1e-15 if self.share else np.inf)
        return np.asarray(np.log(value) - (np.log1p(-value) if self.share else 0.0))

    def _moved(self, by: np.ndarray) -> np.ndarray:
        place = self._place(self.estimate) + by
        return np.asarray(1 / (1 + np.exp(-place)) if self.share else np.exp(np.minimum(place, 700.0)))


def _at(of: Of, theta: np.ndarray, axes: np.ndarray, at: np.ndarray) -> np.ndarray:
    return of(theta * np.exp(at @ axes))


def _only(of: Of, unit: int) -> Of:
    return lambda theta: of(theta)[[unit]]


class Fall:
    """How the likelihood falls, along independent standard errors of the parameters: where may a prediction go?"""

    def __init__(self, likelihood: Likelihood, maximum: Maximum, axes: np.ndarray) -> None:
        self.likelihood, self.maximum, self.axes = likelihood, maximum, axes
        self.flat = np.linalg.norm(axes, axis=1) > _FLATTISH * FLAT
        self.single = not self.flat.any() and float(((axes**2).sum(axis=0)).max()) <= _TAME**2  # one search finds all
        self.bounds = np.where(self.flat, 2.0, 1.0) * _FARTHEST
        self._last: tuple[bytes, float, np.ndarray] = (b"", 0.0, np.zeros(len(axes)))

    def room(self, at: np.ndarray) -> float:
        """Return how much further the likelihood may fall; below 0 where it has fallen too far."""
        return self._of(at)[1]

    def gradient(self, at: np.ndarray) -> np.ndarray:
        """Return the gradient of `room`."""
        return self._of(at)[2]

    def _of(self, at: np.ndarray) -> tuple[bytes, float, np.ndarray]:
        if self._last[0] != at.tobytes():
            place = self.maximum.place + at @ self.axes
            sound = np.abs(place).max() <= _WIDEST + 1
            if sound:
                value, gradient, _ = self.likelihood(place)
                room, slope = _FALL - (self.maximum.log_likelihood - value), self.axes @ gradient
                sound = np.isfinite(room) and np.isfinite(slope).all()
            self._last = (at.tobytes(), room, slope) if sound else (at.tobytes(), -10 * _FALL, -at)
        return self._last

    def inside(self, at: np.ndarray) -> np.ndarray:
        """Return how far each parameter is from either end of what is followed, in logarithms."""
        place = self.maximum.place + at @ self.axes
        return np.concatenate((_WIDEST - place, _WIDEST + place))

    def back(self, at: np.ndarray) -> np.ndarray:
        """Return the place, or one on the way from there to the maximum from which on the likelihood is near enough."""
        while (fallen := _FALL - self.room(at)) > _LENIENT * _FALL:
            at = at * np.clip(np.sqrt(_FALL / fallen), 0.5, 0.98)
        return at

    @cached_property
    def ends(self) -> list[np.ndarray]:
        """How far one gets along axes on which the likelihood is flat at its maximum: it falls at last."""
        return [self.back(sign * each) for each in np.diag(self.bounds)[self.flat] for sign in (1.0, -1.0)]

    def farthest(self, alone: Of, starts: list[np.ndarray], size: float, share: bool) -> np.ndarray:
        """Return where a prediction is highest (lowest, if `size` is below 0) while the likelihood permits.

        By sequential quadratic programming, from the first of `starts`; where likely parameters may lie in several
        regions, from `ends` too, as long as few other places are known.

        Parameters
        ----------
        alone : callable
            The prediction, of standard errors along each axis.
        starts : list of array
            Where a straight line would have it, and other places where the likelihood is near enough.
        size : float
            What it changes by a standard error.
        """

        def lower(at: np.ndarray) -> float:
            value = np.clip(alone(at)[0], _TINY, 1 - 1e-15 if share else np.inf)
            return -float(np.log(value) - (np.log1p(-value) if share else 0.0)) / size

        turned = np.vstack((-self.axes.T, self.axes.T))
        within = [
            {"type": "ineq", "fun": self.room, "jac": self.gradient},
            {"type": "ineq", "fun": self.inside, "jac": lambda at: turned},
        ]
        straight = self.back(starts[0])
        if self.single:
            return self._from(straight, lower, within)
        # Where a few places are known, the best of them; else the flat ends too. Long first steps find what lies far,
        # short ones what lies near: neither finds everything.
        known = [straight, *starts[1:], *self.ends]
        firsts = [min(known, key=lower)] if len(starts) > _SEEN else [straight, *self.ends]
        found = [self._from(firsts[0], lower, within)]
        found += [self._from(first, lambda at: _SHORT * lower(at), within) for first in firsts]
        return min(found, key=lower)

    def _from(
        self, first: np.ndarray, lower: Callable[[np.ndarray], float], within: list[dict[str, Any]]
    ) -> np.ndarray:
        from scipy.optimize import minimize  # here: where the parameters are known well, nobody needs it

        at = minimize(
            lower, first, method="SLSQP", bounds=np.column_stack((-self.bounds, self.bounds)), constraints=within,
            options={"maxiter": 30, "ftol": 1e-3},
        ).x  # fmt: skip
        return self.between(first, at)

    def between(self, first: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Return the place, or one on the way to it from a first one, up to which the likelihood is near enough."""
        for part in _PARTS:
            there = first + part * (at - first)
            if np.isfinite(there).all() and _FALL - self.room(there) <= _LENIENT * _FALL:
                return np.asarray(there)
        return first


def positive(estimate: np.ndarray, error_: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of what is above 0: that of its logarithm."""
    ratio = _ratio(error_, estimate)
    return estimate / ratio, estimate * ratio


def within_one(estimate: np.ndarray, error_: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of what lies within 0 and 1: that of its log-odds."""
    rest = 1 - estimate
    ratio = _ratio(error_, estimate * rest)
    return estimate / (estimate + rest * ratio), estimate * ratio / (estimate * ratio + rest)


def joined(estimate: np.ndarray, *ends: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of what is above 0 and off for several independent reasons.

    The squares of the distances add up, in logarithms and on each side by itself (Zou and Donner 2008, "Construction of
    confidence limits about effect measures", Statistics in Medicine).

    Parameters
    ----------
    estimate : array of float
    ends : tuple of array
        Low and high, for each reason.
    """
    base = np.maximum(estimate, _TINY)  # of nothing, nothing is off
    down, up = np.zeros_like(base), np.zeros_like(base)
    for low, high in ends:
        down = np.hypot(down, np.log(base / np.clip(low, _TINY, base)))
        up = np.hypot(up, np.log(np.maximum(high, base) / base))
    return estimate * np.exp(-down), estimate * np.exp(np.minimum(up, 700.0))


def together(estimate: np.ndarray, *ends: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of a sum of independent errors, see `joined`: here the distances themselves are squared."""
    low, high = (
        sum(np.maximum(sign * (end[side] - estimate), 0.0) ** 2 for end in ends) for side, sign in ((0, -1), (1, 1))
    )
    return estimate - np.sqrt(low), estimate + np.sqrt(high)


def _ratio(error_: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """How many times as much an end of an interval is; 1 where the estimate stands at a bound."""
    relative = np.divide(error_, slope, out=np.zeros_like(slope), where=slope > 1e-12)
    return np.asarray(np.exp(np.minimum(Z * relative, 50.0)))
