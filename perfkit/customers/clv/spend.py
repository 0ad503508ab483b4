"""Spend: what is a purchase of each customer worth, once luck in the few that were seen is taken off?

The gamma-gamma model: the amounts of a customer vary around a mean of their own, and these means follow a distribution
that is heavy above (Colombo and Jiang 1999, Journal of Interactive Marketing; Fader and Hardie 2013, "The gamma-gamma
model of monetary value"). It holds for amounts above 0 that do not go with how often a customer buys; both are checked.
"""

from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd
from scipy.special import betaln, digamma, polygamma

from perfkit.customers.clv.histories import histories
from perfkit.customers.clv.intervals import Fall, error, falling, interval, positive
from perfkit.customers.clv.spend_views import spend_figures, spend_notes, spend_views
from perfkit.customers.clv.summaries import Summary
from perfkit.customers.clv.units import frame_of
from perfkit.customers.maximum import Likelihood, Maximum, Z, climb, profile
from perfkit.customers.parameters import parameter_table
from perfkit.errors import DataError, unknown
from perfkit.estimates import LEVEL
from perfkit.results import Result, View

PARAMETERS = ("p", "q", "gamma")
_WIDEST = 16.0
_NEAR_NOTHING = 1e-9


@dataclass(frozen=True, eq=False)
class Spend(Result):
    """The gamma-gamma model of the mean amount of a purchase.

    Attributes
    ----------
    theta : array of float
        p: how alike the amounts of one customer are; q: how alike customers are; gamma: scale, in money.
    covariance : array of float
        Of the logarithms of these, see `maximum.Maximum`.
    loose : array of bool
        Parameters that are not identified each by itself.
    log_likelihood : float
    n : float
        Customers who bought again, for an amount above 0.
    mean, mean_error : float
        Mean amount of these customers and its standard error: it stands for those of whom the model has no mean.
    left_out : DataFrame, one row a reason
        reason, customers.
    correlation : DataFrame
        Of frequency and amount over customers: estimate, low, high (Fisher's z), level, n.
    codes : tuple of str
        What a reader has to know, see `notes`.
    climbed : tuple, or None
        The likelihood and its maximum, of which `parameters` takes intervals.
    """

    theta: np.ndarray
    covariance: np.ndarray
    loose: np.ndarray
    log_likelihood: float
    n: float
    mean: float
    mean_error: float
    left_out: pd.DataFrame
    correlation: pd.DataFrame
    codes: tuple[str, ...]
    climbed: tuple[Likelihood, Maximum] | None = None

    @cached_property
    def _ends(self) -> tuple[np.ndarray, np.ndarray] | None:
        if self.climbed is None:
            return None
        likelihood, maximum = self.climbed
        low, high = profile(likelihood, maximum)
        return self.theta * np.exp(low - maximum.place), self.theta * np.exp(high - maximum.place)

    @cached_property
    def fall(self) -> Fall | None:
        """How the likelihood falls around the parameters, see `intervals.falling`."""
        return falling(self.climbed, self.covariance)

    @property
    def parameters(self) -> pd.DataFrame:
        """The parameters: parameter, estimate, se, low, high, level, n, status, as those of `Fitted`."""
        return parameter_table(PARAMETERS, self.theta, self.covariance, self.loose, self.n, self._ends)

    def expected_spend(self, summary: Summary | pd.DataFrame) -> pd.DataFrame:
        """Return the mean amount of the customers' further purchases.

        Parameters
        ----------
        summary : Summary or DataFrame
            With frequency, recency, T and monetary: the mean amount of the repeat purchases, missing without any [,
            valued: of how many of them it is the mean, where not of all]. An amount of 0 or less tells this model
            nothing, and the customer counts as one who never bought again.

        Returns
        -------
        DataFrame, one row a customer
            estimate, low, high, level, n (repeat purchases), status: "estimated", or "observed mean" where the model
            has no mean (q is too low for the customer's purchases).
        """
        frame = frame_of(summary)
        x, amount = amounts(frame)
        estimate, wide = self.of(x, amount)
        low, high = positive(estimate, wide)
        known = np.flatnonzero(~self.without_mean(x))
        if len(known):
            at, kept = x[known], amount[known]
            _, low[known], high[known] = interval(
                lambda theta: self.expected(theta, at, kept), self.theta, self.covariance, self.fall,
                one=lambda place: lambda theta: self.expected(theta, at[[place]], kept[[place]]),
            )  # fmt: skip
        names = frame[[name for name in ("customer_id",) if name in frame.columns]]
        status = np.where(self.without_mean(x), "observed mean", "estimated")
        return names.assign(estimate=estimate, low=low, high=high, level=LEVEL, n=x.astype(np.int64), status=status)

    def of(self, x: np.ndarray, amount: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the expected amount of customers with `x` purchases of `amount`, and its standard error."""
        estimate = self.expected(self.theta, x, amount)
        wide = error(lambda theta: self.expected(theta, x, amount), self.theta, self.covariance)
        return estimate, np.where(self.without_mean(x), self.mean_error, np.zeros_like(estimate) + wide)

    def expected(self, theta: np.ndarray, x: np.ndarray, amount: np.ndarray) -> np.ndarray:
        """Return the expected amount at some parameters."""
        p, q, gamma = theta
        without = self.without_mean(x)
        rest = np.maximum(p * x + q - 1, _NEAR_NOTHING)
        return np.where(without, self.mean, p * (gamma + x * amount) / np.where(without, 1.0, rest))

    def without_mean(self, x: np.ndarray) -> np.ndarray:
        """Say of which customers the mean may be infinite within the interval of q, so that there is no estimate."""
        p, q, _ = self.theta
        lowest = q * np.exp(-Z * np.sqrt(self.covariance[1, 1]))
        if self._ends is not None and np.isfinite(self._ends[0][1]):
            lowest = min(lowest, self._ends[0][1])
        return np.asarray(p * x + lowest <= 1)

    @property
    def notes(self) -> list[str]:
        """What a reader has to know of the fit, in the language in use."""
        return spend_notes(self)

    def figures(self) -> pd.DataFrame:
        """Return the parameters and the correlation as published figures."""
        return spend_figures(self)

    def views(self) -> list[View]:
        """Return the table of the parameters."""
        return spend_views(self)


def fit_spend(summary: Summary | pd.DataFrame) -> Spend:
    """Fit the gamma-gamma model to the mean amounts of customers who bought again.

    Parameters
    ----------
    summary : Summary or DataFrame
        With frequency and monetary [, valued, weights]. Customers without a repeat purchase say nothing of it, and
        amounts of 0 or less are left out: both are counted. Where purchases make losses, fit it on revenue and multiply
        by the margin rate: a fit on the gains alone overstates.

    Raises
    ------
    DataError
        If monetary is absent, or no customer has bought again for an amount above 0.
    """
    frame = frame_of(summary)
    x, amount = amounts(frame)
    weight = frame["weights"].to_numpy(np.float64) if "weights" in frame.columns else np.ones(len(frame))
    given = _given(frame)
    bought = frame["frequency"].to_numpy(np.float64) > 0
    lost = bought & ~(x > 0)
    reasons = [
        ("no repeat purchase", weight[~bought].sum()),
        ("amount of 0 or less", weight[lost & (given <= 0)].sum()),
        ("no amount", weight[lost & np.isnan(given)].sum()),
    ]
    left_out = pd.DataFrame([each for each in reasons if each[1]], columns=["reason", "customers"])
    used = x > 0
    if not used.any():
        raise DataError(
            "summary: no customer has bought again for an amount above 0, so nothing says what a further purchase "
            "brings. Take a later observed_until, or value='revenue'."
        )
    x, amount, weight = x[used], amount[used], weight[used]
    n = float(weight.sum())
    mean = float(weight @ amount / n)
    start = np.log(np.array([3.0, 3.0, 1.0]))
    edge = np.full(3, _WIDEST)
    least = np.finfo(np.float64).tiny
    likelihood = partial(_log_likelihood, x=x, amount=np.maximum(amount / mean, least), weight=weight)
    found = climb(likelihood, start, -edge, edge)
    if found.loose[:2].all():  # at the edge of both, gamma seems known: with them it is not
        found = replace(found, loose=np.ones(3, dtype=bool))
    theta = np.exp(found.place) * np.array([1.0, 1.0, mean])
    spread = float(np.sqrt(weight @ (amount - mean) ** 2 / max(n - 1, 1) / n))
    fitted = Spend(
        theta, found.covariance, found.loose, found.log_likelihood - n * np.log(mean), n, mean, spread, left_out,
        _correlation(x, amount, weight), (), (likelihood, found),
    )  # fmt: skip
    codes = []
    if found.loose.any():
        codes.append("alike amounts")
    if fitted.without_mean(np.zeros(1)).any():
        codes.append("no mean")
    if (lost & (given < 0)).any():
        codes.append("losses left out")
    low, high = fitted.correlation.loc[0, ["low", "high"]]
    if low > 0 or high < 0:
        codes.append("correlated")
    return replace(fitted, codes=tuple(codes))


def amounts(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return purchases and mean amount of each customer; both 0 where there are none of an amount above 0."""
    if {"recency", "T"} <= set(frame.columns):
        histories(frame)  # which refuses what cannot be
    given, x = _given(frame), frame["valued" if "valued" in frame.columns else "frequency"].to_numpy(np.float64)
    if (x > frame["frequency"].to_numpy(np.float64)).any():
        raise DataError(
            "summary: valued is above frequency. It counts the repeat purchases of which monetary is the mean."
        )
    usable = (x > 0) & (given > 0)
    return np.where(usable, x, 0.0), np.where(usable, given, 0.0)


def _given(frame: pd.DataFrame) -> np.ndarray:
    for name, why in (
        ("frequency", "It counts the repeat purchases."),
        ("monetary", "It is the mean amount of the repeat purchases."),
    ):
        if name not in frame.columns:
            raise DataError(f"summary: {unknown('column', name, [str(each) for each in frame.columns])} {why}")
    given = pd.to_numeric(frame["monetary"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(given), given, np.nan)


def _log_likelihood(
    place: np.ndarray, x: np.ndarray, amount: np.ndarray, weight: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """The log-likelihood of mean amounts, with its derivatives by the logarithms of p, q and gamma."""
    p, q, gamma = np.exp(place)
    total, all_ = x * amount, gamma + x * amount
    terms = q * np.log(gamma / all_) + p * x * np.log(total / all_) - betaln(p * x, q) - np.log(amount)
    both, own = digamma(p * x + q), polygamma(1, p * x + q)
    by = np.stack(
        (
            p * x * (both - digamma(p * x) + np.log(total / all_)),
            q * (both - digamma(q) + np.log(gamma / all_)),
            (q * total - p * x * gamma) / all_,
        )
    )
    gradient = by @ weight
    bends = {
        (0, 0): (p * x) ** 2 * (own - polygamma(1, p * x)),
        (0, 1): p * q * x * own,
        (1, 1): q**2 * (own - polygamma(1, q)),
        (0, 2): -p * x * gamma / all_,
        (1, 2): q * total / all_,
        (2, 2): -q + (p * x + q) * (gamma / all_) ** 2,
    }
    hessian = np.diag(gradient)
    for (i, j), bend in bends.items():
        amount_ = float(weight @ bend)
        hessian[i, j] += amount_
        if i != j:
            hessian[j, i] += amount_
    return float(weight @ terms), gradient, hessian


def _correlation(x: np.ndarray, amount: np.ndarray, weight: np.ndarray) -> pd.DataFrame:
    n = float(weight.sum())
    dx, dy = x - weight @ x / n, amount - weight @ amount / n
    spread = float(np.sqrt((weight @ dx**2) * (weight @ dy**2)))
    estimate, low, high = 0.0, -1.0, 1.0  # of customers who are all alike, or less than four: anything
    if spread > 0:
        estimate = float(np.clip(weight @ (dx * dy) / spread, -1.0, 1.0))
        if n > 3 and abs(estimate) < 1:
            middle, half = np.arctanh(estimate), Z / np.sqrt(n - 3)
            low, high = float(np.tanh(middle - half)), float(np.tanh(middle + half))
    return pd.DataFrame([{"estimate": estimate, "low": low, "high": high, "level": LEVEL, "n": n}])
