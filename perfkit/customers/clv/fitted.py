"""Fitted: a model of repeat buying with its parameters, and what it says of each customer, each cohort and all."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from perfkit.customers.clv.covariates import Covariates
from perfkit.customers.clv.effects import effects_of, parameters_of, test_of
from perfkit.customers.clv.histories import Histories
from perfkit.customers.clv.intervals import Fall, Of, One, falling, interval
from perfkit.customers.clv.outcomes import SHARES, of_sum, quantiles, with_luck
from perfkit.customers.clv.processes import Process, at
from perfkit.customers.clv.summaries import Summary
from perfkit.customers.clv.units import By, Units, unit_of_time, units
from perfkit.customers.clv.views import fitted_figures, fitted_views
from perfkit.customers.maximum import Likelihood, Maximum, profile
from perfkit.customers.parameters import log_errors, parameter_table
from perfkit.errors import ParameterError
from perfkit.estimates import LEVEL
from perfkit.results import Result, View

if TYPE_CHECKING:
    from perfkit.customers.clv.spend import Spend


@dataclass(frozen=True, eq=False)
class Fitted(Result):
    """A model of repeat buying.

    Attributes
    ----------
    process : Process
        The model; a simpler one than `asked` where the data identify no more, see `notes`.
    theta : array of float
        Its parameters.
    covariance : array of float
        Of their logarithms, see `maximum.Maximum`.
    loose : array of bool
        Parameters that are not identified each by itself.
    span : tuple of array, or None
        Parameters at either end of their interval, where that is no matter of standard errors (nobody bought again).
    log_likelihood : float
        Of the times of all purchases, constants included.
    n, repeat : float
        Customers, and those who bought again.
    asked : str
        The model that was asked for.
    codes : tuple of str
        What a reader has to know of the fit, see `notes`.
    time_unit : str or None
        None where the summary was a frame that does not say.
    covariates : Covariates or None
        Theta then goes on with exp(coefficient) of each, of buying and of stopping, and is that of a customer whose
        numbers are the mean, counted in standard deviations: `parameters` tells them as the columns stand.
    without : float or None
        The log-likelihood without covariates, where there are some.
    climbed : tuple, or None
        The likelihood and its maximum, of which parameters and predictions take their intervals; None where standard
        errors alone say.
    """

    process: Process
    theta: np.ndarray
    covariance: np.ndarray
    loose: np.ndarray
    span: tuple[np.ndarray, np.ndarray] | None
    log_likelihood: float
    n: float
    repeat: float
    asked: str
    codes: tuple[str, ...]
    time_unit: str | None
    covariates: Covariates | None = None
    without: float | None = None
    climbed: tuple[Likelihood, Maximum] | None = None

    @property
    def model(self) -> str:
        """The model's name, as `fit` takes it."""
        return self.process.name

    @cached_property
    def _ends(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Both ends of the parameters' intervals by profile likelihood, found once they are asked for."""
        if self.span is not None or self.climbed is None:
            return self.span
        likelihood, maximum = self.climbed
        low, high = profile(likelihood, replace(maximum, loose=self.loose))
        return self.theta * np.exp(low - maximum.place), self.theta * np.exp(high - maximum.place)

    @property
    def parameters(self) -> pd.DataFrame:
        """The parameters: parameter, estimate, se, low, high, level, n, status.

        Standard errors are those of the curvature at the maximum; intervals those of the profile likelihood, with
        covariates or groups those of the logarithms. Of a parameter that the data do not identify by itself (status
        "not identified", see `notes`), all three are missing. Covariates add a coefficient for each:
        "buying:channel=web", of the logarithm of how often customers buy, and "stopping:channel=web", of how soon they
        stop; the scales alpha, beta and a are those of customers who have the references and whose numbers are 0.
        """
        if self.covariates is None or not self.covariates.terms:
            return parameter_table(self.process.parameters, self.theta, self.covariance, self.loose, self.n, self._ends)
        return parameters_of(self)

    @property
    def standard_errors(self) -> "pd.Series[float]":
        """The standard error of each parameter by its name, missing where the data do not identify it by itself.

        They are those of `parameters`, whose intervals take as long again as the fit.
        """
        if self.covariates is not None:
            return self.parameters.set_index("parameter")["se"]
        errors = self.theta * log_errors(self.covariance, self.loose)
        return pd.Series(errors, index=pd.Index(self.process.parameters, name="parameter"), name="se")

    @property
    def effects(self) -> pd.DataFrame:
        """What covariates do: how many times as often customers buy, how many times as soon they stop.

        One row a covariate and kind (empty without covariates): kind, "buying" or "stopping"; covariate; member and
        reference of a column of names, missing of a number, of which one more is told; estimate, low, high: times, of
        BG/NBD and MBG/NBD the odds of stopping after a purchase; level; n: customers with the member; status.
        """
        return effects_of(self)

    @property
    def test(self) -> pd.DataFrame | None:
        """The model against the one without covariates, by likelihood ratio; None without covariates.

        One row: statistic, df, p (of the chi-squared distribution), and both log-likelihoods: covariates, without.
        """
        return test_of(self)

    def own(self, theta: np.ndarray, rows: Histories) -> np.ndarray:
        """Return the parameters of each history, where covariates make them differ; else those of all."""
        if self.covariates is None or rows.design is None:
            return theta
        return self.covariates.own(self.process, theta, rows.design)

    def expected_purchases(
        self, summary: Summary | pd.DataFrame, horizon: float = 39, *, by: By = None
    ) -> pd.DataFrame:
        """Return how many purchases to expect within `horizon` after the end of the observation.

        Parameters
        ----------
        summary : Summary or DataFrame
            The customers, as `fit` takes them; others than those of the fit are welcome.
        horizon : float
            In the summary's unit of time.
        by : str or Series, optional
            A column of the summary, or the group of each customer: the sums of the groups. "total": of everybody.

        Returns
        -------
        DataFrame, one row a customer or group
            estimate; low, high: how well the expectation is known (the parameters', see `intervals.interval`);
            outcome_low, outcome_high: what it may be in the end at these parameters (luck alone); of sums also
            actual_low, actual_high: both together;
            level; n: customers; status: "upper end only" where nobody bought again, or nobody with the same member of a
            covariate, so that no lower end but 0 is known; "partly upper end only" of a group that has such customers;
            else "estimated".
        """
        horizon = length(horizon, "horizon")
        for_ = self.units(summary, by)
        estimate, low, high = self.interval(
            self._expected(for_, horizon), one=lambda unit: self._expected(for_.alone(unit), horizon)
        )
        most, silent = self.silent(for_.rows)
        if silent.any():  # of these nothing but the upper end is known
            _, low, high = self.interval(self._expected(for_, horizon, ~silent))
            of_silent = for_.sums(np.where(silent, most * horizon, 0.0))
            high = np.maximum(high + of_silent, estimate)
        found = for_.names.assign(estimate=estimate, low=low, high=high)
        if for_.each:
            ends = [each[for_.rows.of] for each in self.outcomes(for_.rows, horizon)]
            found = found.assign(outcome_low=ends[0], outcome_high=ends[1])
        else:
            mean, square = self.moments(for_.rows, horizon)
            variance = for_.sums(square - mean**2)
            outcome = of_sum(estimate, variance)
            least, most_ = with_luck(estimate, (low, high), outcome)
            if self.span is not None:  # at the end of the interval, what may be bought there
                mean, square = self.moments(for_.rows, horizon, self.span[1])
                most_ = np.maximum(most_, of_sum(high, for_.sums(square - mean**2))[1])
            elif silent.any():
                most_ = np.maximum(most_, of_sum(estimate + of_silent, variance + of_silent)[1])
            found = found.assign(outcome_low=outcome[0], outcome_high=outcome[1], actual_low=least, actual_high=most_)
        return found.assign(level=LEVEL, n=for_.n, status=self.status(for_, silent))

    def _expected(self, for_: Units, horizon: float, of_whom: np.ndarray | float = 1.0) -> Of:
        return lambda theta: for_.sums(self.mean(theta, for_.rows, horizon) * of_whom)

    def mean(self, theta: np.ndarray, rows: Histories, horizon: float) -> np.ndarray:
        """Return the purchases to expect within the horizon, of each history, at some parameters."""
        x, T, of = distinct_ages(rows)
        theta = self.own(theta, rows)
        return np.asarray(self.process.p_alive(theta, rows) * self.process.mean(theta, x, T, horizon)[of])

    def silent(self, rows: Histories) -> tuple[np.ndarray, np.ndarray]:
        """Return the most that the rate of each history may be, and of which histories that is all that is known.

        Nobody with their covariates bought again: the coefficient runs off, and its curvature says nothing.
        """
        if self.covariates is None or rows.design is None:
            return np.full(len(rows.T), np.inf), np.zeros(len(rows.T), dtype=bool)
        most = self.covariates.at_most(rows.design)
        return most, np.isfinite(most)

    def status(self, for_: Units, silent: np.ndarray) -> np.ndarray:
        """Return how well the expectation of each unit is known."""
        some, all_ = for_.sums(silent.astype(np.float64)) > 0, for_.sums(1.0 - silent) <= 0
        upper = np.ones_like(some) if self.span is not None else some
        whole = upper if self.span is not None else all_
        return np.where(upper, np.where(whole, "upper end only", "partly upper end only"), "estimated")

    def p_alive(self, summary: Summary | pd.DataFrame, *, by: By = None) -> pd.DataFrame:
        """Return the probability that each customer still buys; of a group, the share of its customers that do.

        Returns
        -------
        DataFrame, one row a customer or group
            estimate, low, high, level, n, status: "by assumption" where no data could make it any other (BG/NBD of
            those who never bought again; a model without stopping), "not identified" where nobody with the same member
            of a covariate bought again, "partly ..." of a group that has such customers, else "estimated".
        """
        for_ = self.units(summary, by)
        size = for_.n
        estimate, low, high = self.interval(
            self._alive(for_), share=True, one=lambda unit: self._alive(for_.alone(unit))
        )
        if self.span is not None:
            low, high = np.zeros_like(estimate), np.ones_like(estimate)
        _, silent = self.silent(for_.rows)
        if silent.any():
            of_silent = for_.sums(silent.astype(np.float64)) / size
            rest = np.maximum(1 - of_silent, 1e-12)
            _, low, high = self.interval(lambda theta: self._alive(for_, ~silent)(theta) / rest, share=True)
            low, high = low * (1 - of_silent), high * (1 - of_silent) + of_silent
        never = for_.sums(for_.rows.frequency == 0) > 0
        assumed = never if self.process.sure_without_repeat else np.zeros_like(never)
        assumed = np.ones_like(never) if self.process.ends_each == 1 else assumed
        status = np.where(assumed, "by assumption" if for_.each else "partly by assumption", "estimated")
        unknown = for_.sums(silent.astype(np.float64)) > 0
        status = np.where(unknown, "not identified" if for_.each else "partly not identified", status)
        return for_.names.assign(estimate=estimate, low=low, high=high, level=LEVEL, n=size, status=status)

    def _alive(self, for_: Units, of_whom: np.ndarray | float = 1.0) -> Of:
        size = for_.n
        return lambda theta: for_.sums(self.process.p_alive(self.own(theta, for_.rows), for_.rows) * of_whom) / size

    def lifetime_value(
        self,
        summary: Summary | pd.DataFrame,
        spend: "Spend | float",
        *,
        horizon: float,
        annual_discount_rate: float,
        margin_rate: float | pd.DataFrame = 1.0,
        time_unit: str | None = None,
        by: By = None,
    ) -> pd.DataFrame:
        """Return what the customers are worth from the end of the observation to the horizon; see `values.lifetime`."""
        from perfkit.customers.clv.values import lifetime

        return lifetime(
            self, summary, spend, horizon=horizon, annual_discount_rate=annual_discount_rate, margin_rate=margin_rate,
            time_unit=time_unit, by=by,
        )  # fmt: skip

    def moments(
        self, rows: Histories, horizon: float, theta: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean and the mean square of the purchases within the horizon, of each history.

        At other parameters than those of the model, if any are given.
        """
        x, T, of = distinct_ages(rows)
        theta = self.own(self.theta if theta is None else theta, rows)
        alive = self.process.p_alive(theta, rows)
        mean = alive * self.process.mean(theta, x, T, horizon)[of]
        return mean, alive * self.process.pairs(theta, x, T, horizon)[of] + mean

    def interval(
        self, of: Of, *, share: bool = False, one: One | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return an estimate and both ends of its interval, see `intervals.interval`."""
        if self.span is not None:
            return of(self.theta), of(self.span[0]), of(self.span[1])
        return interval(of, self.theta, self.covariance, self._fall, share=share, one=one)

    @cached_property
    def _fall(self) -> Fall | None:
        return falling(self.climbed, self.covariance)

    def outcomes(self, rows: Histories, horizon: float) -> list[np.ndarray]:
        """Return both ends of the interval of purchases within the horizon, of each history, at these parameters."""
        x, theta = rows.frequency.astype(np.float64), self.own(self.theta, rows)
        alive = self.process.p_alive(theta, rows)

        def tail(place: np.ndarray, least: np.ndarray) -> np.ndarray:
            return alive[place] * self.process.tail(at(theta, place), x[place], rows.T[place], horizon, least)

        ages, T, of = distinct_ages(rows)
        most = alive * np.minimum(self.process.mean(theta, ages, T, horizon)[of], 1.0)
        return [quantiles(tail, most, share) for share in SHARES]

    def any_purchase(self, rows: Histories, horizon: float) -> np.ndarray:
        """Return the probability of at least one purchase within the horizon, of each history."""
        x, theta = rows.frequency.astype(np.float64), self.own(self.theta, rows)
        return self.process.p_alive(theta, rows) * self.process.tail(theta, x, rows.T, horizon, np.ones(len(x)))

    def units(self, summary: Summary | pd.DataFrame, by: By) -> Units:
        """Return whom to predict for, or refuse a summary that counts time in another unit."""
        theirs = unit_of_time(summary)
        if self.time_unit and theirs and theirs != self.time_unit:
            raise ParameterError(
                f"the model counts time in {self.time_unit}s and the summary in {theirs}s: a rate a {self.time_unit} "
                f"says nothing of {theirs}s. Summarise with time_unit={self.time_unit!r}."
            )
        return units(summary, by, self.covariates)

    @property
    def notes(self) -> list[str]:
        """What a reader has to know of the fit, in the language in use."""
        from perfkit.customers.clv.views import notes

        return notes(self)

    def figures(self) -> pd.DataFrame:
        """Return the parameters as published figures."""
        return fitted_figures(self)

    def views(self) -> list[View]:
        """Return the table of the parameters."""
        return fitted_views(self)


def distinct_ages(rows: Histories) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the distinct pairs of frequency and T, all that customers who still buy go by, and each row's.

    With covariates, by which they go as well, the pair of every history.
    """
    if rows.design is not None:
        return rows.frequency.astype(np.float64), rows.T, np.arange(len(rows.T))
    ages, age = np.unique(rows.T, return_inverse=True)
    keys, of = np.unique(rows.frequency * len(ages) + age, return_inverse=True)
    return (keys // len(ages)).astype(np.float64), ages[keys % len(ages)], of


def length(value: float, name: str) -> float:
    """Return a length of time, or refuse what is none."""
    number = float(value)
    if not np.isfinite(number) or number <= 0:
        raise ParameterError(f"{name} is {value!r}: give a length of time above 0, in the summary's unit of time.")
    return number
