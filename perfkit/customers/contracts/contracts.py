"""Contracts: who renews, for how long yet, and what is that worth?"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd
from scipy.special import betaincinv, erfc

from perfkit.customers.clv.intervals import Fall, Of, falling, interval
from perfkit.customers.contracts.curves import CURVES, Geometric, Parted, Sbg
from perfkit.customers.contracts.survivors import Survivors, Table, survivors
from perfkit.customers.contracts.views import contract_figures, contract_notes, contract_views
from perfkit.customers.maximum import Likelihood, Maximum, climb
from perfkit.customers.parameters import parameter_table
from perfkit.errors import ParameterError, unknown
from perfkit.estimates import LEVEL
from perfkit.results import Result, View

_WIDEST = 12.0
_NEAR = 1e-4
_GAIN = 0.01  # log-likelihood that differences between customers have to explain, to be there at all
_FEW = 1e-300
_SOON = 2_000.0  # renewals that are to come of a lifetime at least, where it has perhaps no end


@dataclass(frozen=True, eq=False)
class Contracts(Result):
    """A model of retention under contract.

    Attributes
    ----------
    curve : Sbg, Bdw, or one that is simpler than `asked`
        Where the data tell of one chance of leaving for all alone (geometric), or of one at the first renewal and
        another later; see `notes`.
    theta : array of float
        Its parameters.
    covariance : array of float
        Of their logarithms, see `maximum.Maximum`.
    loose : array of bool
        Parameters that are not identified each by itself.
    log_likelihood : float
    data : Survivors
    test : DataFrame
        One row: BdW against sBG by likelihood ratio (statistic, df, p, sbg and bdw: log-likelihoods).
    codes : tuple of str
        What a reader has to know, see `notes`.
    asked : str
        The model that was asked for.
    span : tuple of array, or None
        Of a simpler curve, the chances of leaving at either end of their exact intervals.
    climbed : tuple, or None
        The likelihood and its maximum, of which predictions take their intervals; None of a simpler curve.
    """

    curve: Sbg
    theta: np.ndarray
    covariance: np.ndarray
    loose: np.ndarray
    log_likelihood: float
    data: Survivors
    test: pd.DataFrame
    codes: tuple[str, ...]
    asked: str
    span: tuple[np.ndarray, np.ndarray] | None = None
    climbed: tuple[Likelihood, Maximum] | None = None

    @property
    def parameters(self) -> pd.DataFrame:
        """The parameters: parameter, estimate, se, low, high, level, n, status.

        Standard errors are those of the curvature at the maximum, intervals those of the logarithms; missing where the
        data do not identify the parameter by itself. Those of a simpler curve are chances, with exact intervals
        (Clopper and Pearson 1934).
        """
        return parameter_table(self.curve.parameters, self.theta, self.covariance, self.loose, self.data.n, self.span)

    @property
    def retention(self) -> pd.DataFrame:
        """The curve at the ages that were observed; see `projected`."""
        return self.projected(len(self.data.lost))

    def projected(self, ages: int) -> pd.DataFrame:
        """Return retention and survival at ages 1 to `ages`.

        Returns
        -------
        DataFrame, one row an age
            age; estimate, low, high: share of those who renewed age - 1 times who renew again; survival, survival_low,
            survival_high: share left of all; observed: of those at risk, missing beyond the data; n: at risk; level.
        """
        if ages < 1:
            raise ParameterError(f"ages is {ages!r}: give the number of renewals to look at, 1 or more.")
        age = np.arange(1.0, ages + 1)

        def renews(theta: np.ndarray) -> np.ndarray:
            return np.exp(self.curve.log_survival(theta, age) - self.curve.log_survival(theta, age - 1))

        def stays(theta: np.ndarray) -> np.ndarray:
            return np.exp(self.curve.log_survival(theta, age))

        (rate, low, high), (left, left_low, left_high) = (self._share(each, age) for each in (renews, stays))
        n = np.zeros(ages)
        known = min(ages, len(self.data.lost))
        n[:known] = self.data.at_risk[:known]
        lost = np.zeros(ages)
        lost[:known] = self.data.lost[:known]
        return pd.DataFrame(
            {
                "age": age.astype(np.int64), "estimate": rate, "low": low, "high": high,
                "survival": left, "survival_low": left_low, "survival_high": left_high,
                "observed": np.divide(n - lost, n, out=np.full(ages, np.nan), where=n > 0), "n": n, "level": LEVEL,
            }
        )  # fmt: skip

    def residual_lifetime(
        self,
        age: int | Sequence[int] = 0,
        *,
        horizon: float | None = None,
        annual_discount_rate: float = 0.0,
        periods_per_year: float | None = None,
        value: float = 1.0,
    ) -> pd.DataFrame:
        """Return how many renewals to expect yet of customers who have renewed `age` times, and what they are worth.

        Parameters
        ----------
        age : int or sequence of int
            Renewals so far; 0 is the customer who has just signed.
        horizon : float, optional
            Renewals to count at most; without one, all that are to come.
        annual_discount_rate : float
            0.1 for 10 % a year; the next renewal is discounted by one period.
        periods_per_year : float, optional
            Renewals a year, needed to convert the annual rate: 12 for months.
        value : float
            What a renewal brings, in money.

        Returns
        -------
        DataFrame, one row an age
            age; estimate, low, high: renewals; discounted, discounted_low, discounted_high: their value in money of
            today; status: "estimated", "no end" where the mean has none and no horizon is given (estimate missing), or
            "perhaps no end" where that lies within the interval (high missing); level; n.
        """
        ages = np.atleast_1d(np.asarray(age, dtype=np.float64))
        if not np.isfinite(ages).all() or (ages < 0).any() or (ages != np.floor(ages)).any():
            raise ParameterError(f"age is {age!r}: give the renewals so far, whole ones, 0 or more.")
        if horizon is not None and not (horizon >= 1 and horizon == np.floor(horizon)):
            raise ParameterError(f"horizon is {horizon!r}: give a whole number of renewals, 1 or more.")
        force = _force(annual_discount_rate, periods_per_year)
        most = np.inf if horizon is None else float(horizon)
        plain = self._renewals(ages, most, 0.0)
        discounted = self._renewals(ages, most, force)
        found = pd.DataFrame(
            {"age": ages.astype(np.int64), **dict(zip(("estimate", "low", "high"), plain, strict=True))}
        )
        for name, each in zip(("discounted", "discounted_low", "discounted_high"), discounted, strict=True):
            found[name] = value * each
        endless, perhaps = self._endless()
        status = "estimated" if most < np.inf or not perhaps else "no end" if endless else "perhaps no end"
        return found.assign(status=status, level=LEVEL, n=self.data.n)

    def _renewals(self, ages: np.ndarray, most: float, force: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        endless, perhaps = self._endless() if most == np.inf and force <= 0 else (False, False)
        missing = np.full(len(ages), np.nan)
        if endless:
            return missing, missing, missing

        def further(theta: np.ndarray) -> np.ndarray:
            return self.curve.further(theta, ages, most, force)

        estimate = further(self.theta)
        if self.span is not None:
            return estimate, further(self.span[1]), missing if perhaps else further(self.span[0])
        estimate, low, high = interval(further, self.theta, self.covariance, self._fall)
        if perhaps:
            # Where the mean rises without end, a derivative says nothing of the lower end: what comes soon does.
            return estimate, np.maximum(low, self._renewals(ages, _SOON, force)[1]), missing
        return estimate, low, high

    def _endless(self) -> tuple[bool, bool]:
        """Whether the mean lifetime has no end, and whether that lies within the interval."""
        if self.span is not None:
            return self.curve.falls(self.theta) <= 1, self.curve.falls(self.span[0]) <= 1
        estimate, low, _ = interval(
            lambda theta: np.array([self.curve.falls(theta)]), self.theta, self.covariance, self._fall
        )
        return bool(estimate[0] <= 1), bool(low[0] <= 1)

    def _share(self, of: Of, age: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if self.span is not None:
            return of(self.theta), of(self.span[1]), of(self.span[0])
        return interval(of, self.theta, self.covariance, self._fall, share=True)

    @cached_property
    def _fall(self) -> Fall | None:
        return falling(self.climbed, self.covariance)

    @property
    def notes(self) -> list[str]:
        """What a reader has to know of the fit, in the language in use."""
        return contract_notes(self)

    def figures(self) -> pd.DataFrame:
        """Return the parameters and the curve as published figures."""
        return contract_figures(self)

    def views(self) -> list[View]:
        """Return the tables of the parameters and of the curve."""
        return contract_views(self)


def fit(table: Table, model: str = "sbg") -> Contracts:
    """Fit a model of retention to the survivors of one or many cohorts by maximum likelihood.

    Parameters
    ----------
    table : list, array, DataFrame or ContractCohorts
        Survivors at ages 0, 1, 2 ... of one cohort, or a table of many; see `survivors`. Of contracts with their days,
        what `survivors_of` counts. Cohorts that are still running are right-censored: the customers who are left count
        as left, at least until then.
    model : str
        "sbg" or "bdw".

    Raises
    ------
    ParameterError
        If there is no such model.
    DataError
        If the survivors cannot be (see `survivors`), or rows are contracts.

    See Also
    --------
    survivors_of : survivors of a table of contracts.
    """
    if model not in CURVES:
        raise ParameterError(f"model: {unknown('model', str(model), CURVES)}")
    data = survivors(table)
    found = {name: _highest(curve, data) for name, curve in CURVES.items()}
    sbg, bdw = (found[name].log_likelihood for name in ("sbg", "bdw"))
    statistic = max(0.0, 2 * (bdw - sbg))
    test = pd.DataFrame(
        [{"statistic": statistic, "df": 1, "p": float(erfc(np.sqrt(statistic / 2))), "sbg": sbg, "bdw": bdw}]
    )
    best, likelihood = found[model], partial(_likelihood, curve=CURVES[model], data=data)
    simple = _simpler(data, best.log_likelihood)
    codes = [] if simple is None else [simple]
    if simple is None and best.loose.any():
        codes.append("alike")
    if simple in (None, "one chance") and model == "sbg" and test.loc[0, "p"] < 1 - LEVEL:
        codes.append("bdw better")
    elif not codes and model == "bdw" and test.loc[0, "p"] >= 1 - LEVEL:
        codes.append("sbg enough")
    if simple is not None:
        return _of_chances(data, test, simple, tuple(codes), model)
    return Contracts(
        CURVES[model], np.exp(best.place), best.covariance, best.loose, best.log_likelihood, data, test, tuple(codes),
        model, climbed=(likelihood, best),
    )  # fmt: skip


def _simpler(data: Survivors, log_likelihood: float) -> str | None:
    """Why a curve of chances has to do: no other tells more of these survivors."""
    lost, stayed = data.lost.sum(), (data.at_risk - data.lost).sum()
    if not lost:
        return "nobody left"
    if not stayed:
        return "nobody stayed"
    if not data.at_risk[1:].any():
        return "one renewal"
    if not data.lost[1:].any():
        return "first renewal"
    chance = lost / (lost + stayed)
    return "one chance" if log_likelihood < lost * np.log(chance) + stayed * np.log1p(-chance) + _GAIN else None


def _of_chances(data: Survivors, test: pd.DataFrame, simple: str, codes: tuple[str, ...], asked: str) -> Contracts:
    """What is left where customers are not told apart: chances of leaving, with exact intervals."""
    curve = Parted() if simple == "first renewal" else Geometric()
    n, lost = data.at_risk, data.lost
    parts = [slice(0, 1), slice(1, None)] if simple == "first renewal" else [slice(None)]
    left, risk = (np.array([each[part].sum() for part in parts]) for each in (lost, n))
    chance = left / risk
    tail = (1 - LEVEL) / 2
    # Clopper and Pearson: as far as so many who left, or more, or less, are not too rare.
    low = np.where(left > 0, betaincinv(np.maximum(left, _FEW), risk - left + 1, tail), 0.0)
    high = np.where(left < risk, betaincinv(left + 1, np.maximum(risk - left, _FEW), 1 - tail), 1.0)
    inside = (chance > 0) & (chance < 1)
    variance = np.divide(1 - chance, chance * risk, out=np.full(len(chance), np.nan), where=inside)
    value = float(np.sum(left * np.log(np.where(left > 0, chance, 1.0))))
    value += float(np.sum((risk - left) * np.log1p(-np.where(left < risk, chance, 0.0))))
    return Contracts(
        curve, chance, np.diag(variance), np.zeros(len(chance), dtype=bool), value, data, test, codes, asked,
        (low, high),
    )  # fmt: skip


def _highest(curve: Sbg, data: Survivors) -> Maximum:
    edge = np.full(len(curve.start), _WIDEST)
    edge[2:] = 2.0  # c: beyond, one renewal more or less is all or nothing
    return climb(partial(_likelihood, curve=curve, data=data), np.log(np.array(curve.start)), -edge, edge)


def _likelihood(place: np.ndarray, curve: Sbg, data: Survivors) -> tuple[float, np.ndarray, np.ndarray]:
    value, gradient = curve.log_likelihood(place, data.lost, data.kept)
    bends = np.stack(
        [
            curve.log_likelihood(place + step, data.lost, data.kept)[1]
            - curve.log_likelihood(place - step, data.lost, data.kept)[1]
            for step in np.eye(len(place)) * _NEAR
        ]
    ) / (2 * _NEAR)
    return value, gradient, (bends + bends.T) / 2


def _force(annual: float, periods_per_year: float | None) -> float:
    if not np.isfinite(annual) or annual <= -1:
        raise ParameterError(f"annual_discount_rate is {annual!r}: give a share a year, such as 0.1 for 10 %.")
    if not annual:
        return 0.0
    if periods_per_year is None or not periods_per_year > 0:
        raise ParameterError(
            "periods_per_year: an annual rate is converted by the renewals in a year. Say 12 for months, 1 for years."
        )
    return float(np.log1p(annual) / periods_per_year)
