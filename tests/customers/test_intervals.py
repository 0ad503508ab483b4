"""Intervals of predictions: as far as they go among the parameters whose likelihood has not fallen too far."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.stats import chi2

from perfkit.customers import clv, contracts
from perfkit.customers.clv import intervals
from perfkit.estimates import LEVEL

THETA = {"bg_nbd": (0.3, 4.4, 0.8, 2.5), "mbg_nbd": (0.52, 6.2, 0.9, 1.6), "pareto_nbd": (0.55, 10.6, 0.6, 11.7)}
FALL = chi2.ppf(LEVEL, 1) / 2
HORIZON = 30.0


def drawn(model, n, seed):
    """Customers of a model, purchase by purchase."""
    draw, (r, alpha, one, other) = np.random.default_rng(seed), THETA[model]
    rows = []
    for _ in range(n):
        rate, age, now, x, last = draw.gamma(r, 1 / alpha), draw.uniform(25, 40), 0.0, 0, 0.0
        end = draw.exponential(1 / draw.gamma(one, 1 / other)) if model == "pareto_nbd" else np.inf
        stops = draw.beta(one, other) if model != "pareto_nbd" else 0.0
        alive = model != "mbg_nbd" or draw.random() >= stops
        while alive and (now := now + draw.exponential(1 / max(rate, 1e-9))) <= min(age, end):
            x, last, alive = x + 1, now, draw.random() >= stops
        rows.append((x, last, age))
    return pd.DataFrame(rows, columns=["frequency", "recency", "T"])


def farthest(fitted, of, sign):
    """The end of a prediction by a search of its own, in the parameters' logarithms and from several places."""
    likelihood, maximum = fitted.climbed
    found = [of(fitted.theta)]
    spread = np.sqrt(np.diag(maximum.covariance))
    inside = {
        "type": "ineq",
        "fun": lambda away: FALL - (maximum.log_likelihood - likelihood(maximum.place + away)[0]),
        "jac": lambda away: likelihood(maximum.place + away)[1],
    }
    starts = np.random.default_rng(3).normal(size=(12, len(spread))) * spread
    with np.errstate(all="ignore"):
        for start in starts:
            at = minimize(
                lambda away: -sign * np.log(of(fitted.theta * np.exp(away))), start, method="SLSQP",
                constraints=[inside], bounds=[(-6, 6)] * len(spread), options={"maxiter": 200, "ftol": 1e-8},
            ).x  # fmt: skip
            if inside["fun"](at) > -1e-3:
                found.append(of(fitted.theta * np.exp(at)))
    return sign * max(sign * each for each in found)


@pytest.mark.parametrize("model", THETA)
def test_ends_are_where_the_likelihood_has_fallen_by_what_the_level_allows(model):
    customers = drawn(model, 300, seed=1)
    fitted = clv.fit(customers, model)
    assert fitted.model == model and not fitted.loose.any()
    rows = fitted.units(customers, None).rows
    of = {
        "expected": lambda theta: float(rows.weight @ fitted.mean(theta, rows, HORIZON)),
        "alive": lambda theta: float(rows.weight @ fitted.process.p_alive(theta, rows)) / len(customers),
    }
    asked = {
        "expected": fitted.expected_purchases(customers, HORIZON, by="total").loc["total"],
        "alive": fitted.p_alive(customers, by="total").loc["total"],
    }
    for name, row in asked.items():
        assert row["low"] == pytest.approx(farthest(fitted, of[name], -1), rel=0.02), name
        assert row["high"] == pytest.approx(farthest(fitted, of[name], 1), rel=0.02), name


@pytest.mark.parametrize("model", THETA)
def test_a_customer_beside_others_has_the_interval_that_he_has_alone(model):
    customers = drawn(model, 200, seed=2)
    fitted = clv.fit(customers, model)
    asked = customers.iloc[::20]
    for ask in (lambda of: fitted.p_alive(of), lambda of: fitted.expected_purchases(of, HORIZON)):
        together, alone = ask(asked), pd.concat([ask(asked.loc[[at]]) for at in asked.index])
        width = alone["high"] - alone["low"]
        assert (np.abs(together["low"] - alone["low"]) <= 0.05 * width + 1e-9).all()
        assert (np.abs(together["high"] - alone["high"]) <= 0.05 * width + 1e-9).all()
        assert (together["low"] <= together["estimate"]).all() and (together["estimate"] <= together["high"]).all()


@pytest.mark.parametrize("model", THETA)
def test_intervals_do_not_depend_on_the_unit_of_time(model):
    weeks = drawn(model, 150, seed=4)
    days = weeks.assign(recency=weeks["recency"] * 7, T=weeks["T"] * 7)
    by_week, by_day = (
        clv.fit(frame, model).expected_purchases(frame, horizon, by="total").loc["total"]
        for frame, horizon in ((weeks, HORIZON), (days, HORIZON * 7))
    )
    for name in ("estimate", "low", "high", "actual_low", "actual_high"):
        assert by_week[name] == pytest.approx(by_day[name], rel=0.05), name  # a search may end a little short


def test_where_parameters_are_known_well_both_ways_give_the_same():
    """Many customers: the likelihood falls as a parabola does."""
    customers = pd.concat([drawn("bg_nbd", 1_500, seed=5).assign(weights=12.0)])
    fitted = clv.fit(customers, "bg_nbd")
    rows = fitted.units(customers, None).rows
    of = lambda theta: np.array([rows.weight @ fitted.mean(theta, rows, HORIZON)])  # noqa: E731
    estimate, low, high = intervals.interval(
        of, fitted.theta, fitted.covariance, intervals.falling(fitted.climbed, fitted.covariance)
    )
    _, plain_low, plain_high = intervals.interval(of, fitted.theta, fitted.covariance, None)
    assert [low[0], high[0]] == pytest.approx([plain_low[0], plain_high[0]], rel=0.01)
    assert low < estimate < high


def test_both_reasons_together_are_off_by_more_than_either():
    estimate, low, high = np.array([10.0]), np.array([8.0]), np.array([13.0])
    wide_low, wide_high = intervals.joined(estimate, (low, high), intervals.positive(estimate, np.array([1.0])))
    by_other = intervals.positive(estimate, np.array([1.0]))
    assert wide_low < min(low, by_other[0]) and wide_high > max(high, by_other[1])
    assert intervals.joined(estimate, (low, high)) == (pytest.approx(low), pytest.approx(high))
    nothing = intervals.joined(np.zeros(1), (np.zeros(1), np.ones(1)))
    assert nothing == (pytest.approx([0.0]), pytest.approx([0.0]))
    least, most = intervals.together(estimate, (low, high), (np.array([4.0]), np.array([11.0])))
    assert least < 4 and most > 13


def test_what_contracts_leave_to_come_lies_within_an_interval_that_leans_upwards():
    """Few customers: how long the most loyal stay is known far less upwards than downwards."""
    few = contracts.fit([100, 63, 47, 38, 33], "sbg").residual_lifetime(3, horizon=60).iloc[0]
    many = contracts.fit([10_000, 6_300, 4_700, 3_800, 3_300], "sbg").residual_lifetime(3, horizon=60).iloc[0]
    assert few["estimate"] == pytest.approx(many["estimate"], rel=1e-3)
    assert few["low"] < many["low"] < many["estimate"] < many["high"] < few["high"]
    assert few["high"] - few["low"] == pytest.approx(10 * (many["high"] - many["low"]), rel=0.3)
