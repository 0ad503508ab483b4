"""Tracks: week by week, have customers bought as often as the model behind their stages expected?

The model knows the purchases until the origin. Before it, expected is what the fitted model expects of customers who
were acquired when these were; after it, what it forecasts of those known at the origin, with the interval in which the
actual total was to fall. Only what comes after the origin tests it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from perfkit.aggregations import aggregation
from perfkit.customers.clv import track_views as views
from perfkit.customers.clv.fitted import Fitted, distinct_ages
from perfkit.customers.clv.histories import histories
from perfkit.customers.clv.holdouts import Holdout, hold_out
from perfkit.customers.clv.outcomes import of_sum, with_luck
from perfkit.customers.clv.summaries import DAYS, TimeUnit, first_day_of
from perfkit.customers.purchases import is_bought
from perfkit.estimates import LEVEL, ratio
from perfkit.lines import checked
from perfkit.results import Result, View


@dataclass(frozen=True, eq=False)
class Tracking(Result):
    """Repeat purchases by step of time, actual and expected.

    Attributes
    ----------
    steps : DataFrame, one row a step of time
        end: its last day; held_out: whether it comes after the origin; actual, int, and expected, float: repeat
        purchases within the step; cumulative_actual, cumulative_expected: of all steps until then, expected after the
        origin counting from what was actual there; low, high: where cumulative_actual was to fall, at `level`, after
        the origin only.
    origin, until : date
        Last day that the model knows, and the last of the holdout.
    horizon : float
        From one to the other, in time_unit.
    customers : int
        Those known at the origin, whose purchases these are.
    expected, actual, low, high : float
        Purchases of the whole holdout.
    time_unit : str
    acquired_from : date or None
    fitted : Fitted
    level : float
    """

    steps: pd.DataFrame
    origin: dt.date
    until: dt.date
    horizon: float
    customers: int
    expected: float
    actual: float
    low: float
    high: float
    time_unit: TimeUnit
    acquired_from: dt.date | None
    fitted: Fitted
    level: float = LEVEL

    @property
    def bias(self) -> float | None:
        """Expected over actual, less 1; None where nothing was bought."""
        return ratio(self.expected - self.actual, self.actual)

    @property
    def covered(self) -> bool:
        """Whether the actual total fell within its interval."""
        return self.low <= self.actual <= self.high

    def figures(self) -> pd.DataFrame:
        """Return expected, actual and bias of the holdout."""
        return views.track_figures(self)

    def views(self) -> list[View]:
        """Return the holdout in steps."""
        return views.track_views(self)


def tracking(
    sales: ibis.Table | pd.DataFrame,
    *,
    observed_until: str | dt.date,
    horizon: float = 39,
    model: str = "pareto_nbd",
    time_unit: TimeUnit = "week",
    acquired_from: str | dt.date | None = None,
) -> Tracking:
    """Follow repeat purchases against what a model expected.

    Parameters
    ----------
    sales, observed_until, time_unit, acquired_from
        As `clv.summarise` takes them; purchases of a day are one.
    horizon : float
        Length of the holdout, in time_unit: the model knows what came before.
    model : str
        As `clv.fit` takes it.

    Raises
    ------
    ParameterError
        If there is no such model, or a length of time is none.
    DataError
        If nobody had bought again before the holdout.

    See Also
    --------
    charts.tracking : the track, the holdout shaded.
    calibration : are the frequent customers forecast as well as the others?
    """
    held = hold_out(
        sales, observed_until=observed_until, horizon=horizon, model=model, time_unit=time_unit,
        acquired_from=acquired_from,
    )  # fmt: skip
    since = None if acquired_from is None else first_day_of(acquired_from)
    counted = _repeats(checked(sales, "customer_id"), held.until, held.origin, since)
    day = np.array([(each - held.origin).days for each in pd.to_datetime(counted["day"]).dt.date])
    acquired, repeat = (counted[name].to_numpy(np.int64) for name in ("acquired", "repeat"))
    before, after = _ends(int(day[0]), held, time_unit)
    ends = np.concatenate((before, after))
    actual = np.diff(np.concatenate(([0], np.cumsum(repeat)))[np.searchsorted(day, ends, side="right")], prepend=0)
    bought = acquired > 0
    fitted_until = _unconditional(held.fitted, day[bought], acquired[bought], before, DAYS[time_unit])
    at_origin = float(repeat[day <= 0].sum())
    forecast, low, high = _forecast(held, after / DAYS[time_unit])
    expected = np.concatenate((np.diff(fitted_until, prepend=0.0), np.diff(forecast, prepend=0.0)))
    nothing = np.full(len(before), np.nan)
    steps = pd.DataFrame(
        {
            "end": [held.origin + dt.timedelta(days=int(each)) for each in ends],
            "held_out": ends > 0,
            "actual": actual,
            "expected": expected,
            "cumulative_actual": np.cumsum(actual),
            "cumulative_expected": np.concatenate((fitted_until, at_origin + forecast)),
            "low": np.concatenate((nothing, at_origin + low)),
            "high": np.concatenate((nothing, at_origin + high)),
        }
    )
    return Tracking(
        steps=steps,
        origin=held.origin,
        until=held.until,
        horizon=held.horizon,
        customers=len(held.later),
        expected=float(forecast[-1]),
        actual=float(held.later.sum()),
        low=float(low[-1]),
        high=float(high[-1]),
        time_unit=time_unit,
        acquired_from=held.known.acquired_from,
        fitted=held.fitted,
    )


def _ends(first: int, held: Holdout, time_unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Last days of the steps before the origin and after it, in days from there; days are put together by seven."""
    step = DAYS["week"] if time_unit == "day" else DAYS[time_unit]
    last = (held.until - held.origin).days
    before = [0]
    while before[-1] > first:
        before.append(-round(len(before) * step))
    after = [round((place + 1) * step) for place in range(int(last / step + 1e-9))]
    after = [each for each in after if each < last] + [last]
    return np.array(before[: max(len(before) - 1, 1)][::-1]), np.array(after)


def _unconditional(fitted: Fitted, day: np.ndarray, acquired: np.ndarray, ends: np.ndarray, unit: float) -> np.ndarray:
    """Purchases until each end that are expected of customers acquired on these days, of whom nothing more is known."""
    ages, of = np.unique(np.maximum(ends[:, None] - day[None, :], 0), return_inverse=True)
    new = histories(pd.DataFrame({"frequency": [0], "recency": [0.0], "T": [0.0]}))
    there = float(fitted.process.p_alive(fitted.theta, new)[0])
    nothing = np.zeros(len(ages))
    horizons: Any = ages / unit  # one for each, instead of the same for all
    mean = there * fitted.process.mean(fitted.theta, nothing, nothing, horizons)
    return np.asarray((np.where(ages > 0, mean, 0.0)[of].reshape(len(ends), len(day)) * acquired).sum(axis=1))


def _forecast(held: Holdout, horizons: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Purchases of all known customers within each horizon, and where the actual number is to fall."""
    fitted, rows = held.fitted, held.fitted.units(held.known, "total").rows
    x, T, of = distinct_ages(rows)
    process = fitted.process

    def expected(theta: np.ndarray, horizons: np.ndarray = horizons) -> np.ndarray:
        alive = np.bincount(of, rows.weight * process.p_alive(theta, rows), len(x))
        return np.array([alive @ process.mean(theta, x, T, float(each)) for each in horizons])

    estimate, low, high = fitted.interval(expected, one=lambda place: lambda theta: expected(theta, horizons[[place]]))
    alive, spread = process.p_alive(fitted.theta, rows), []
    for each in horizons:
        mean = alive * process.mean(fitted.theta, x, T, float(each))[of]
        square = alive * process.pairs(fitted.theta, x, T, float(each))[of] + mean
        spread.append(float(rows.weight @ (square - mean**2)))
    return estimate, *with_luck(estimate, (low, high), of_sum(estimate, np.array(spread)))


@aggregation
def _repeats(lines: ibis.Table, until: dt.date, origin: dt.date, since: dt.date | None) -> ibis.Table:
    """By day: how many customers are acquired, and how many repeat purchases those acquired by the origin make.

    Customers acquired before `since` are left out, as `clv.summarise` does.
    """
    lines = lines.filter(_.customer_id.notnull(), _.date <= ibis.date(until.isoformat()))
    days = lines.group_by(customer_id=lines.customer_id.cast("string"), day=lines.date).agg(
        net=_.net_revenue.sum(),
        least=_.net_revenue.min(),
        acquired=lines.acquired_on.cast("date").min() if "acquired_on" in lines.columns else ibis.null("date"),
    )
    days = days.filter(is_bought(days.net, days.least)).select("customer_id", "day", "acquired")
    first = days.group_by("customer_id").agg(first_day=_.day.min(), acquired=_.acquired.min())
    first = first.filter(first.first_day <= ibis.date(origin.isoformat()))
    if since is not None:
        start = ibis.coalesce(ibis.least(first.first_day, first.acquired), first.first_day)
        first = first.filter(start >= ibis.date(since.isoformat()))
    rows = days.drop("acquired").inner_join(first.drop("acquired"), "customer_id")
    return (
        rows.group_by("day")
        .agg(
            acquired=(rows.day == rows.first_day).cast("int64").sum().cast("int64"),
            repeat=(rows.day > rows.first_day).cast("int64").sum().cast("int64"),
        )
        .order_by("day")
    )
