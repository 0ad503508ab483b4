"""Holdouts: a model that knows purchases until a day in the past, asked for those that are known to have followed."""

import datetime as dt
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd

from perfkit.customers.clv.fitted import Fitted, length
from perfkit.customers.clv.fitting import fit
from perfkit.customers.clv.models import MODELS
from perfkit.customers.clv.summaries import DAYS, Merge, Summary, TimeUnit, day_of, summarise
from perfkit.errors import DataError, ParameterError, unknown


@dataclass(frozen=True, eq=False)
class Holdout:
    """What was known at an origin, a model fitted to it, and what came after.

    Attributes
    ----------
    known : Summary
        Histories until the origin.
    later : array of float
        Purchases of each of these customers from there to `until`.
    fitted : Fitted
    origin, until : date
        Last day known, and last day forecast.
    horizon : float
        From one to the other, in the summary's unit of time.
    """

    known: Summary
    later: np.ndarray
    fitted: Fitted
    origin: dt.date
    until: dt.date
    horizon: float


def hold_out(
    sales: ibis.Table | pd.DataFrame,
    *,
    observed_until: str | dt.date,
    horizon: float,
    model: str,
    time_unit: TimeUnit,
    acquired_from: str | dt.date | None,
) -> Holdout:
    """Fit a model to what was known so long before the end of the observation.

    Raises
    ------
    ParameterError
        If there is no such model or unit, or the horizon is no length of time.
    DataError
        If nobody had bought again by then.
    """
    if model not in MODELS:
        raise ParameterError(f"model: {unknown('model', str(model), MODELS)}")
    if time_unit not in DAYS:
        raise ParameterError(f"time_unit: {unknown('setting', str(time_unit), DAYS)}")
    horizon, until = length(horizon, "horizon"), day_of(observed_until)
    origin = until - dt.timedelta(days=round(horizon * DAYS[time_unit]))
    split = known_and_later(sales, origin, until, time_unit=time_unit, acquired_from=acquired_from)
    if split is None:
        raise too_short(horizon, time_unit, until)
    known, later = split
    return Holdout(known, later, fit(known, model), origin, until, horizon)


def known_and_later(
    sales: ibis.Table | pd.DataFrame,
    origin: dt.date,
    until: dt.date,
    *,
    time_unit: TimeUnit,
    merge: Merge = "day",
    acquired_from: str | dt.date | None = None,
) -> tuple[Summary, np.ndarray] | None:
    """Return what was known at an origin, and each customer's purchases from there until a day.

    None where nobody had bought again by the origin.
    """
    try:
        known, then = (
            summarise(
                sales, observed_until=day, time_unit=time_unit, merge=merge, value="revenue",
                acquired_from=acquired_from,
            )
            for day in (origin, until)
        )  # fmt: skip
    except DataError:
        return None
    if not (known.customers["frequency"] > 0).any():
        return None
    frequency = then.customers.set_index("customer_id")["frequency"].reindex(known.customers["customer_id"])
    return known, frequency.to_numpy(np.float64) - known.customers["frequency"].to_numpy(np.float64)


def too_short(horizon: float, time_unit: str, until: dt.date) -> DataError:
    """Return the error of data in which no origin lies so long before the end."""
    return DataError(
        f"sales: nobody had bought again {horizon:g} {time_unit}s before {until}, so no model could have been asked "
        "then. Take a shorter horizon, or load earlier lines."
    )
