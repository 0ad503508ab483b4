"""Backtests: had the model been asked earlier, how far off would it have been, and which model is off least?

From several origins in the past, each model is fitted to what was known then and asked for the purchases that followed,
which are known by now. In-sample likelihood does not choose: on CDNOW the best one is the most wrong later.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd

from perfkit.customers.clv.backtest_views import backtest_figures, backtest_views, choice_figures, choice_views
from perfkit.customers.clv.fitted import Fitted, length
from perfkit.customers.clv.fitting import fit
from perfkit.customers.clv.histories import Histories
from perfkit.customers.clv.holdouts import known_and_later, too_short
from perfkit.customers.clv.models import MODELS
from perfkit.customers.clv.summaries import DAYS, Merge, TimeUnit, day_of
from perfkit.errors import DataError, ParameterError, unknown
from perfkit.estimates import ratio
from perfkit.results import Result, View

PAST_RATE = "past_rate"
"""What a model has to beat: everybody goes on buying at the rate of their own past."""
MANY = 7
"""Repeat purchases from which on customers are calibrated together."""
TIED = 0.01
"""Difference of mean biases below which two models are as good in total: then what each customer bought decides."""
_RARE = 1e-12  # probability below which none is counted


@dataclass(frozen=True, eq=False)
class Backtest(Result):
    """How far off each model was from each origin.

    Attributes
    ----------
    rows : DataFrame, one row an origin and model
        origin: last day known; model; fitted: the model that the data carried; customers; actual, expected: purchases
        within the horizon of all customers known then; low, high: where the actual total was to fall, at `level`;
        bias: expected / actual - 1, missing where nothing was bought; covered: whether it fell there; mae: mean
        absolute error by customer; coverage: share of customers whose own count fell within their interval; log_score:
        mean logarithm of the probability that the model gave to what each customer then bought; log_likelihood: in
        sample. The past rate has no interval, score or likelihood.
    calibration : DataFrame, one row an origin, model and frequency
        frequency, as text, "7+" for the highest; customers; expected, actual: purchases a customer.
    horizon : float
    time_unit : str
    observed_until : date
    """

    rows: pd.DataFrame
    calibration: pd.DataFrame
    horizon: float
    time_unit: TimeUnit
    observed_until: dt.date

    def scores(self) -> pd.DataFrame:
        """Return each model's means over the origins: bias (without sign), bias_signed, mae, log_score and so on."""
        table = self.rows.assign(size=self.rows["bias"].abs())
        grouped = table.groupby("model", sort=False)
        return pd.DataFrame(
            {
                "bias": grouped["size"].mean(),
                "bias_signed": grouped["bias"].mean(),
                "mae": grouped["mae"].mean(),
                "log_score": grouped["log_score"].mean(),
                "coverage": grouped["coverage"].mean(),
                "covered": grouped["covered"].mean(),
                "log_likelihood": grouped["log_likelihood"].mean(),
            }
        )

    def figures(self) -> pd.DataFrame:
        """Return the bias of each model at each origin as published figures."""
        return backtest_figures(self)

    def views(self) -> list[View]:
        """Return the models at each origin."""
        return backtest_views(self)


@dataclass(frozen=True, eq=False)
class Choice(Result):
    """The model to believe, and why.

    Attributes
    ----------
    model : str
        As `fit` takes it.
    tested : Backtest
    tied : bool
        Whether what each customer bought decided, because several totals were as good.
    """

    model: str
    tested: Backtest
    tied: bool

    def figures(self) -> pd.DataFrame:
        """Return the mean bias of each model as published figures."""
        return choice_figures(self)

    def views(self) -> list[View]:
        """Return the models and why one of them is chosen."""
        return choice_views(self)


def backtest(
    sales: ibis.Table | pd.DataFrame,
    *,
    observed_until: str | dt.date,
    horizon: float = 39,
    origins: int = 3,
    step: float | None = None,
    models: Sequence[str] = ("bg_nbd", "mbg_nbd", "pareto_nbd"),
    time_unit: TimeUnit = "week",
    merge: Merge = "day",
    acquired_from: str | dt.date | None = None,
) -> Backtest:
    """Ask each model at several origins in the past for what is known by now.

    Parameters
    ----------
    sales, observed_until, time_unit, merge, acquired_from
        As `summarise` takes them.
    horizon : float
        What is forecast from each origin, in `time_unit`; the last origin lies that long before `observed_until`.
    origins : int
        How many, at most: those before the first purchase, or at which nobody had bought again, are left out.
    step : float, optional
        Time between two origins; a quarter of the horizon by default.
    models : sequence of str
        See `fit`.

    Raises
    ------
    ParameterError
        If there is no such model, or a length of time is none.
    DataError
        If the data are too short for a single origin.
    """
    for model in models:
        if model not in MODELS:
            raise ParameterError(f"models: {unknown('model', str(model), MODELS)}")
    if time_unit not in DAYS:
        raise ParameterError(f"time_unit: {unknown('setting', str(time_unit), DAYS)}")
    horizon = length(horizon, "horizon")
    apart = length(horizon / 4 if step is None else step, "step")
    last, unit = day_of(observed_until), DAYS[time_unit]
    rows: list[dict[str, object]] = []
    calibration: list[pd.DataFrame] = []
    for back in range(origins):
        ends = last - dt.timedelta(days=round(back * apart * unit))
        origin = ends - dt.timedelta(days=round(horizon * unit))
        split = known_and_later(sales, origin, ends, time_unit=time_unit, merge=merge, acquired_from=acquired_from)
        if split is None:
            break
        for model in (*models, PAST_RATE):
            row, classes = _tested(model, split[0].customers, split[1], horizon)
            rows.append({"origin": origin, "model": model, **row})
            calibration.append(classes.assign(origin=origin, model=model))
    if not rows:
        raise too_short(horizon, time_unit, last)
    return Backtest(pd.DataFrame(rows), pd.concat(calibration, ignore_index=True), horizon, time_unit, last)


def _tested(
    model: str, known: pd.DataFrame, later: np.ndarray, horizon: float
) -> tuple[dict[str, object], pd.DataFrame]:
    """One model at one origin: how far off in all, by customer, and by frequency."""
    actual = float(later.sum())
    row: dict[str, object] = {"customers": len(known), "actual": actual}
    if model == PAST_RATE:
        expected = known["frequency"] / known["T"].where(known["T"] > 0) * horizon
        expected = expected.fillna(0.0).to_numpy(np.float64)
        row |= {"fitted": model} | dict.fromkeys(("low", "high", "covered", "coverage"), np.nan)
        row |= dict.fromkeys(("log_score", "log_likelihood"), np.nan)
    else:
        fitted = fit(known, model)
        total = fitted.expected_purchases(known, horizon, by="total").iloc[0]
        rows = fitted.units(known, None).rows
        expected = fitted.mean(fitted.theta, rows, horizon)[rows.of]
        least, most = (each[rows.of] for each in fitted.outcomes(rows, horizon))
        row |= {
            "fitted": fitted.model,
            "low": total["actual_low"],
            "high": total["actual_high"],
            "covered": float(total["actual_low"] <= actual <= total["actual_high"]),
            "coverage": float(((later >= least) & (later <= most)).mean()),
            "log_score": float(np.log(np.maximum(_chances(fitted, rows, later, horizon), _RARE)).mean()),
            "log_likelihood": fitted.log_likelihood,
        }
    bias = ratio(expected.sum() - actual, actual)
    row |= {
        "expected": float(expected.sum()),
        "bias": np.nan if bias is None else bias,
        "mae": float(np.abs(expected - later).mean()),
    }
    classes = pd.DataFrame(
        {"frequency": np.minimum(known["frequency"], MANY), "expected": expected, "actual": later, "customers": 1}
    )
    by = classes.groupby("frequency", as_index=False).agg({"customers": "sum", "expected": "mean", "actual": "mean"})
    by["frequency"] = [f"{each}+" if each == MANY else str(each) for each in by["frequency"]]
    return row, by


def _chances(fitted: Fitted, rows: Histories, later: np.ndarray, horizon: float) -> np.ndarray:
    """The probability that a model gave to what each customer then bought."""
    of = rows.of
    x, T, theta = rows.frequency[of].astype(np.float64), rows.T[of], fitted.own(fitted.theta, rows)
    alive = fitted.process.p_alive(theta, rows)[of]
    at_least, more = (
        np.where(count > 0, fitted.process.tail(theta, x, T, horizon, np.maximum(count, 1.0)), 1.0)
        for count in (later.astype(np.float64), later + 1.0)
    )
    return np.asarray(alive * (at_least - more) + (1 - alive) * (later == 0))


def choose(tested: Backtest) -> Choice:
    """Choose the model whose totals were off least on average over the origins, and say why.

    Totals of a few origins, most of whose time is the same, tell models apart badly. Those less than `TIED` apart are
    as good, and so are those whose totals lay within their intervals from every origin: among them the one is taken
    that gave what each customer then bought the highest probability (log score: Good 1952, "Rational decisions",
    Journal of the Royal Statistical Society B).

    Raises
    ------
    ParameterError
        If it is given anything but a backtest.
    DataError
        If nothing was bought within the horizon from any origin.
    """
    if not isinstance(tested, Backtest):
        raise ParameterError(
            f"choose takes a Backtest, and was given a {type(tested).__name__}. A model is chosen by what it foretold "
            'of a past that is known by now: write clv.choose(clv.backtest(sales, observed_until="2026-10")).'
        )
    scores = tested.scores().drop(index=PAST_RATE)
    if scores["bias"].isna().all():
        raise DataError(
            "backtest: nothing was bought within the horizon from any origin, so no model is better than another. "
            "Take a longer horizon."
        )
    near = (scores["bias"] <= scores["bias"].min() + TIED) | (scores["covered"] == 1)
    return Choice(str(scores.loc[near, "log_score"].idxmax()), tested, int(near.sum()) > 1)
