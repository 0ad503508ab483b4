"""Values: what are customers worth from here to a horizon, in money of today?

Purchases to come, discounted, times what one brings, times the margin rate: rates of purchase and amounts are taken to
be independent (Fader, Hardie and Lee 2005, "RFM and CLV: using iso-value curves for customer base analysis", Journal of
Marketing Research). The annual discount rate is converted once, to a continuous one per unit of time.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import betaincinv, gammaincinv

from perfkit.customers.clv.histories import Histories
from perfkit.customers.clv.intervals import Of, interval, joined, positive, together
from perfkit.customers.clv.outcomes import SHARES
from perfkit.customers.clv.spend import Spend, amounts
from perfkit.customers.clv.summaries import DAYS, Summary
from perfkit.customers.clv.units import By, Units, frame_of, unit_of_time
from perfkit.customers.maximum import Z
from perfkit.errors import ParameterError, unknown
from perfkit.estimates import LEVEL

if TYPE_CHECKING:
    from perfkit.customers.clv.fitted import Fitted

_AT, _WEIGHTS = (each / 2 for each in np.polynomial.legendre.leggauss(6))
_AT = (_AT + 0.5) ** 2  # closer together at the start, where expected purchases bend most
_WEIGHTS = _WEIGHTS * 2 * np.sqrt(_AT)


def lifetime(
    fitted: "Fitted",
    summary: Summary | pd.DataFrame,
    spend: Spend | float,
    *,
    horizon: float,
    annual_discount_rate: float,
    margin_rate: float | pd.DataFrame = 1.0,
    time_unit: str | None = None,
    by: By = None,
) -> pd.DataFrame:
    """Return what the customers are worth from the end of the observation to the horizon.

    Parameters
    ----------
    summary : Summary or DataFrame
        As `Fitted.expected_purchases` takes it, with monetary where `spend` is a model.
    spend : Spend or float
        The model of what a purchase brings, or one amount for all, in the company's currency.
    horizon : float
        In the summary's unit of time.
    annual_discount_rate : float
        As a person says it: 0.1 for 10 % a year. 0 does not discount.
    margin_rate : float or DataFrame
        Margin over revenue where `spend` is of revenue; below 0 where it loses money. A frame with estimate and se,
        such as `Summary.margin_rate`, brings its own uncertainty.
    time_unit : str, optional
        Where neither the model nor the summary says it: day, week, month or year.
    by : str or Series, optional
        Groups, or "total"; see `Fitted.expected_purchases`.

    Returns
    -------
    DataFrame, one row a customer or group
        estimate, low, high: the parameters' uncertainty; outcome_low, outcome_high: luck in purchases and amounts, at
        these parameters; of groups actual_low, actual_high: both. Outcomes of groups are missing where amounts differ
        so much that their variance has no end. purchases: expected, not discounted; level; n;
        status: see `Fitted.expected_purchases`.

    Raises
    ------
    ParameterError
        If spend is no amount, the unit of time is not known, the rate is -100 % or less, or the horizon no length of
        time.
    """
    from perfkit.customers.clv.fitted import length

    if not isinstance(spend, Spend) and not 0 <= float(spend) < np.inf:
        raise ParameterError(
            f"spend is {spend!r}: give what a purchase brings, 0 or more, or clv.fit_spend(...). Where purchases lose "
            "money, give revenue, and a margin_rate below 0."
        )
    horizon, for_ = length(horizon, "horizon"), fitted.units(summary, by)
    rate, rate_error = _margin(margin_rate)
    force = force_of(annual_discount_rate, fitted.time_unit or unit_of_time(summary) or time_unit)

    def purchases(theta: np.ndarray) -> np.ndarray:
        return discounted_purchases(fitted, theta, for_.rows, horizon, force)

    def brought(theta: np.ndarray) -> np.ndarray:
        return for_.sums_of_rows(purchases(theta)[for_.rows.of] * each * known)

    def not_discounted(unit: int) -> Of:  # is highest, and lowest, where the discounted is, as near as matters
        part, by_purchase = for_.alone(unit), (each * known)[for_.rows_of(unit)]
        return lambda theta: part.sums_of_rows(fitted.mean(theta, part.rows, horizon)[part.rows.of] * by_purchase)

    most, silent = fitted.silent(for_.rows)
    known = ~silent[for_.rows.of]
    bought = purchases(fitted.theta)[for_.rows.of]
    each = (
        spend.expected(spend.theta, *amounts(frame_of(summary)))
        if isinstance(spend, Spend)
        else (np.full(len(bought), float(spend)))
    )
    estimate = for_.sums_of_rows(bought * each)
    if fitted.span is None:
        known_value, *ends = fitted.interval(brought, one=not_discounted)
        low, high = joined(known_value, (ends[0], ends[1]), _of_amounts(for_, summary, spend, bought, each * known))
        if silent.any():  # of whom nothing but the upper end is known
            there = np.where(silent, most, 0.0)[for_.rows.of]
            of_silent = for_.sums_of_rows(_discounted(lambda until: there * until, horizon, force) * each)
            high = np.maximum(high + of_silent, estimate)
    else:
        low, high = (brought(theta) for theta in fitted.span)
    off = [rate * (end - estimate) for end in ((low, high) if rate > 0 else (high, low))]
    if rate_error or rate <= 0:
        off = [
            np.copysign(np.hypot(each, Z * rate_error * estimate), sign)
            for each, sign in zip(off, (-1, 1), strict=True)
        ]
    low, high = (rate * estimate + each for each in off)
    mean, square = fitted.moments(for_.rows, horizon)
    mean, square = mean[for_.rows.of], square[for_.rows.of]
    shrink = np.divide(bought, mean, out=np.ones_like(bought), where=mean > 0) * rate
    found = for_.names.assign(estimate=rate * estimate, low=low, high=high)
    if for_.each:
        if isinstance(spend, Spend):
            none = 1 - fitted.any_purchase(for_.rows, horizon)[for_.rows.of]
            bounds = _outcomes(spend, for_, summary, (none, mean, square))
        else:
            bounds = [float(spend) * each[for_.rows.of] for each in fitted.outcomes(for_.rows, horizon)]
        found = found.assign(
            outcome_low=np.minimum(shrink * bounds[0], shrink * bounds[1]),
            outcome_high=np.maximum(shrink * bounds[0], shrink * bounds[1]),
        )
    else:
        spread = for_.sums_of_rows(shrink**2 * _variance(spend, for_, summary, mean, square))
        outcome = _of_sum(rate * estimate, spread)
        actual = together(rate * estimate, (low, high), outcome)
        gains, losses = (low >= 0) & (outcome[0] >= 0), (high <= 0) & (outcome[1] <= 0)
        actual = (
            np.where(gains, np.maximum(actual[0], 0.0), actual[0]),
            np.where(losses, np.minimum(actual[1], 0.0), actual[1]),
        )
        if fitted.span is not None:  # at the end of the interval, what may be brought there
            mean_, square_ = (each[for_.rows.of] for each in fitted.moments(for_.rows, horizon, fitted.span[1]))
            most_ = purchases(fitted.span[1])[for_.rows.of]
            part = rate * np.divide(most_, mean_, out=np.ones_like(most_), where=mean_ > 0)
            luck = for_.sums_of_rows(part**2 * _variance(spend, for_, summary, mean_, square_))
            there = _of_sum(rate * for_.sums_of_rows(most_ * each), luck)
            actual = np.minimum(actual[0], there[0]), np.maximum(actual[1], there[1])
        for name, (least, most_end) in (("outcome", outcome), ("actual", actual)):
            found = found.assign(**{f"{name}_low": least, f"{name}_high": most_end})
    status = fitted.status(for_, silent)
    return found.assign(purchases=for_.sums_of_rows(mean), level=LEVEL, n=for_.n, status=status)


def discounted_purchases(
    fitted: "Fitted", theta: np.ndarray, rows: Histories, horizon: float, force: float
) -> np.ndarray:
    """Return the purchases to expect within the horizon in those of today, of each history, at some parameters.

    Parameters
    ----------
    force : float
        Continuous discount rate a unit of time, see `force_of`.
    """
    from perfkit.customers.clv.fitted import distinct_ages

    x, T, of = distinct_ages(rows)
    theta = fitted.own(theta, rows)
    whole = _discounted(lambda until: fitted.process.mean(theta, x, T, until), horizon, force)
    return np.asarray(fitted.process.p_alive(theta, rows) * whole[of])


def _discounted(within: Callable[[float], np.ndarray], horizon: float, force: float) -> np.ndarray:
    later = force * horizon * sum(
        weight * np.exp(-force * horizon * at) * within(horizon * at) for at, weight in zip(_AT, _WEIGHTS, strict=True)
    )  # fmt: skip
    return np.asarray(np.exp(-force * horizon) * within(horizon) + later)


def _margin(margin_rate: float | pd.DataFrame) -> tuple[float, float]:
    if isinstance(margin_rate, pd.DataFrame):
        return float(margin_rate["estimate"].iloc[0]), float(margin_rate["se"].iloc[0])
    if not np.isfinite(float(margin_rate)):
        raise ParameterError(f"margin_rate is {margin_rate!r}: give margin over revenue, such as 0.35.")
    return float(margin_rate), 0.0


def force_of(annual: float, time_unit: str | None) -> float:
    """Return the continuous rate per unit of time: ln(1 + annual rate) over the units in a year."""
    if not np.isfinite(annual) or annual <= -1:
        raise ParameterError(f"annual_discount_rate is {annual!r}: give a share a year, such as 0.1 for 10 %.")
    if time_unit is None:
        raise ParameterError(
            "time_unit: neither the model nor the summary says in which unit ages are, so that an annual rate cannot "
            f"be converted. Say one of {', '.join(DAYS)}, such as time_unit='week'."
        )
    if time_unit not in DAYS:
        raise ParameterError(f"time_unit: {unknown('setting', str(time_unit), DAYS)}")
    return float(np.log1p(annual) * DAYS[time_unit] / DAYS["year"])


def _of_amounts(
    for_: Units, summary: Summary | pd.DataFrame, spend: Spend | float, bought: np.ndarray, known: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How well the units' value is known as far as what a purchase brings is.

    Parameters
    ----------
    bought, known : array of float
        Purchases of each row, and what one of them brings; 0 where that does not matter.
    """
    value = for_.sums_of_rows(bought * known)
    if not isinstance(spend, Spend):
        return value, value
    x, amount = amounts(frame_of(summary))
    without = spend.without_mean(x)
    there = np.where(without | (known == 0), 0.0, bought)
    fixed = for_.sums_of_rows(np.where(without, bought * known, 0.0))

    def brings(theta: np.ndarray) -> np.ndarray:
        return fixed + for_.sums_of_rows(there * spend.expected(theta, x, amount))

    def alone(unit: int) -> Of:
        at, part = for_.rows_of(unit), for_.alone(unit)
        return lambda theta: fixed[[unit]] + part.sums_of_rows(there[at] * spend.expected(theta, x[at], amount[at]))

    _, low, high = interval(brings, spend.theta, spend.covariance, spend.fall, one=alone)
    return joined(value, (low, high), positive(value, for_.sums_of_rows(bought * without) * spend.mean_error))


def _shapes(spend: Spend, for_: Units, summary: Summary | pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Of each customer's own scale of amounts, the shape and the scale of what is known."""
    p, q, gamma = spend.theta
    x, amount = amounts(frame_of(summary))
    return p * x + q, gamma + x * amount


def _variance(
    spend: Spend | float, for_: Units, summary: Summary | pd.DataFrame, mean: np.ndarray, square: np.ndarray
) -> np.ndarray:
    """The variance of what each customer's purchases bring, infinite where their amounts' is."""
    if not isinstance(spend, Spend):
        return float(spend) ** 2 * (square - mean**2)
    p = spend.theta[0]
    shape, scale = _shapes(spend, for_, summary)
    finite = shape > 2
    safe = np.where(finite, shape, 3.0)
    expected = p * scale / (safe - 1) * mean
    whole = scale**2 / ((safe - 1) * (safe - 2)) * (p * mean + p**2 * square)
    return np.where(finite, whole - expected**2, np.inf)


def _outcomes(
    spend: Spend, for_: Units, summary: Summary | pd.DataFrame, purchases: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> list[np.ndarray]:
    """The interval of what each customer brings: nothing, with its probability, or amounts of some purchases.

    Given the customer's own scale the sum of the amounts is taken as gamma, with its mean and variance; over what is
    known of that scale it is then a ratio of gammas, whose tail is as heavy as it should be.
    """
    none, mean, square = purchases
    p = spend.theta[0]
    shape, scale = _shapes(spend, for_, summary)
    bought = 1 - none > 1e-9  # of the others no interval sees anything
    some = np.where(bought, 1 - none, 1.0)
    m = np.where(bought, np.maximum(mean / some, 1.0), 1.0)
    own = p * m**2 / (m + p * np.maximum(square / some - m**2, 0.0))
    ends = []
    for share in SHARES:
        of_some = np.clip((share - none) / some, 0.0, 1.0)
        part = betaincinv(own, shape, of_some)
        ends.append(np.where(of_some > 0, scale * p * m / own * part / np.maximum(1 - part, 1e-300), 0.0))
    return ends


def _of_sum(estimate: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The interval of a sum of amounts: that of the gamma distribution with its mean and variance."""
    size = np.abs(estimate)
    known = np.isfinite(variance) & (size > 0) & (variance > 0)
    shape = np.divide(size**2, variance, out=np.ones_like(size), where=known)
    ends = []
    for share in SHARES:
        amount = np.sign(estimate) * size * gammaincinv(shape, share) / shape
        ends.append(np.where(known, amount, np.where(np.isfinite(variance), estimate, np.nan)))
    return np.minimum(*ends), np.maximum(*ends)
