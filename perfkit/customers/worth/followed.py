"""Followed: the cohorts of a base, what they cost, and whether younger ones differ; or why that cannot be shown."""

import ibis
import pandas as pd

from perfkit.customers import cohorts
from perfkit.customers.cohorts import CohortDrift, CohortTriangle, Payback
from perfkit.customers.cohorts.activity import PER_YEAR, By
from perfkit.customers.worth.absences import Absent
from perfkit.customers.worth.bases import Base
from perfkit.errors import DataError, ParameterError, unknown
from perfkit.languages import text


def triangle(base: Base | Absent, *, by: By = "quarter") -> CohortTriangle | Absent:
    """Follow the customers of a base by the period of their first purchase, split by acquisition channel.

    Parameters
    ----------
    base : Base or Absent
    by : str
        month, quarter or year.
    """
    if by not in PER_YEAR:
        raise ParameterError(f"cohorts: {unknown('setting', str(by), PER_YEAR)}")
    title = text("Customers by the period of their first purchase")
    if isinstance(base, Absent):
        return Absent(title, base.reason)
    try:
        return cohorts.build(
            base.lines, observed_until=base.until, by=by, split=base.channel, value=base.value,
            acquired_from=base.known.new_from, other_costs=base.other_costs if base.value == "margin" else 0,
            currency=base.currency,
        )  # fmt: skip
    except DataError:
        return Absent(
            title, text("No period is over in which customers bought for the first time: take shorter cohorts.")
        )


def drift(followed: CohortTriangle | Absent) -> CohortDrift | Absent:
    """Say whether younger cohorts buy again less, or more, than older ones did at the same age."""
    if isinstance(followed, Absent):
        return Absent(text("Do younger cohorts differ?"), followed.reason)
    return cohorts.drift(followed)


def payback(
    followed: CohortTriangle | Absent, spend: ibis.Table | pd.DataFrame | None, *, annual_discount_rate: float
) -> Payback | Absent:
    """Set what customers have brought against what acquiring them cost."""
    if isinstance(followed, Absent):
        return Absent(text("Payback"), followed.reason)
    return cohorts.payback(followed, spend, annual_discount_rate=annual_discount_rate)
