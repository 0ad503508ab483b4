"""Calibrations: are frequent customers forecast as well as the others?

A total can be right where frequent customers are forecast too high and the others too low: whoever ranks customers by
what is expected of them needs both to be right. The holdout is split by the repeat purchases known at the origin.
"""

import datetime as dt
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd

from perfkit.customers.clv import calibration_views as views
from perfkit.customers.clv.backtests import MANY
from perfkit.customers.clv.fitted import Fitted
from perfkit.customers.clv.holdouts import hold_out
from perfkit.customers.clv.summaries import TimeUnit
from perfkit.estimates import LEVEL
from perfkit.results import Result, View


@dataclass(frozen=True, eq=False)
class Calibration(Result):
    """Purchases in the holdout by how often customers had bought before it.

    Attributes
    ----------
    classes : DataFrame, one row a number of repeat purchases at the origin, "7+" the highest
        frequency; n: customers; actual, expected: purchases a customer in the holdout; low, high: how well the
        expectation is known; actual_low, actual_high: where actual was to fall, at `level`; covered: whether it did.
    origin, until : date
    horizon : float
        In time_unit.
    time_unit : str
    acquired_from : date or None
    fitted : Fitted
    level : float
    """

    classes: pd.DataFrame
    origin: dt.date
    until: dt.date
    horizon: float
    time_unit: TimeUnit
    acquired_from: dt.date | None
    fitted: Fitted
    level: float = LEVEL

    def figures(self) -> pd.DataFrame:
        """Return expected and actual purchases of each class."""
        return views.calibration_figures(self)

    def views(self) -> list[View]:
        """Return the classes."""
        return views.calibration_views(self)


def calibration(
    sales: ibis.Table | pd.DataFrame,
    *,
    observed_until: str | dt.date,
    horizon: float = 39,
    model: str = "pareto_nbd",
    time_unit: TimeUnit = "week",
    acquired_from: str | dt.date | None = None,
) -> Calibration:
    """Compare forecast and actual purchases by how often customers had bought.

    Parameters
    ----------
    sales, observed_until, horizon, model, time_unit, acquired_from
        As `tracking` takes them.

    Raises
    ------
    ParameterError, DataError
        As `tracking` does.

    See Also
    --------
    charts.calibration : actual and expected side by side.
    """
    held = hold_out(
        sales, observed_until=observed_until, horizon=horizon, model=model, time_unit=time_unit,
        acquired_from=acquired_from,
    )  # fmt: skip
    frame = held.known.customers
    label = pd.Series(
        [f"{MANY}+" if each >= MANY else str(each) for each in frame["frequency"]], index=frame.index, name="frequency"
    )
    expected = held.fitted.expected_purchases(held.known, held.horizon, by=label)
    actual = pd.Series(held.later, index=frame.index).groupby(label).sum().reindex(expected.index)
    n = expected["n"].to_numpy(np.float64)
    classes = pd.DataFrame(
        {
            "frequency": list(expected.index),
            "n": n.astype(np.int64),
            "actual": actual.to_numpy(np.float64) / n,
            "expected": expected["estimate"].to_numpy(np.float64) / n,
            **{name: expected[name].to_numpy(np.float64) / n for name in ("low", "high", "actual_low", "actual_high")},
        }
    )
    classes["covered"] = (actual.to_numpy() >= expected["actual_low"].to_numpy()) & (
        actual.to_numpy() <= expected["actual_high"].to_numpy()
    )
    return Calibration(classes, held.origin, held.until, held.horizon, time_unit, held.known.acquired_from, held.fitted)
