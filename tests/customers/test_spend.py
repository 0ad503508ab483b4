"""Spend: the published parameters, means that exist, losses that are told, and values in money of today."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import betaln

from perfkit.customers import clv
from perfkit.errors import DataError, ParameterError
from tests.customers.conftest import simulated


@pytest.fixture(scope="module")
def spend(summary):
    return clv.fit_spend(summary)


def spenders(p, q, gamma, n=800, seed=0):
    """Customers whose amounts are drawn from the model."""
    draw = np.random.default_rng(seed)
    x = draw.geometric(0.4, n)
    scale = draw.gamma(q, 1 / gamma, n)
    return pd.DataFrame({"frequency": x, "monetary": draw.gamma(p * x, 1 / scale) / x})


def test_cdnow_gives_the_published_parameters(spend):
    found = spend.parameters
    np.testing.assert_allclose(found["estimate"], (6.249, 3.745, 15.448), rtol=1e-3)
    np.testing.assert_allclose(found["se"], (1.19, 0.290, 4.16), rtol=5e-3)
    assert spend.log_likelihood == pytest.approx(-4055.92, abs=0.01)
    assert spend.n == 946 and spend.left_out.to_dict("records") == [{"reason": "no repeat purchase", "customers": 1411}]
    correlation = spend.correlation.loc[0]
    assert correlation["estimate"] == pytest.approx(0.11, abs=0.01) and correlation["low"] > 0
    assert "correlation +0.11" in " ".join(spend.notes)


def test_derivatives_are_those_of_differences():
    x, amount, weight = np.array([1.0, 2, 9]), np.array([0.5, 2.0, 1.1]), np.array([1.0, 3, 1])
    likelihood = clv.spend._log_likelihood
    place = np.log([2.0, 3.0, 0.8])
    _, gradient, hessian = likelihood(place, x, amount, weight)
    for at in range(3):
        up, down = (likelihood(place + sign * 1e-5 * np.eye(3)[at], x, amount, weight) for sign in (1, -1))
        assert (up[0] - down[0]) / 2e-5 == pytest.approx(gradient[at], rel=1e-6, abs=1e-6)
        np.testing.assert_allclose((up[1] - down[1]) / 2e-5, hessian[at], rtol=1e-5, atol=1e-5)


def test_the_likelihood_is_that_of_the_article():
    p, q, gamma, x, z = 6.25, 3.74, 15.4, 3.0, 30.0
    written = (
        -betaln(p * x, q) + q * np.log(gamma) + (p * x - 1) * np.log(z) + p * x * np.log(x)
        - (p * x + q) * np.log(gamma + x * z)
    )  # fmt: skip
    found = clv.spend._log_likelihood(np.log([p, q, gamma]), np.array([x]), np.array([z]), np.ones(1))[0]
    assert found == pytest.approx(written, rel=1e-12)


def test_a_customer_is_drawn_to_the_mean_of_all_the_more_the_less_is_known(spend):
    frame = pd.DataFrame({"frequency": [0, 1, 50], "monetary": [np.nan, 100.0, 100.0]})
    found = spend.expected_spend(frame)
    p, q, gamma = spend.theta
    assert found["estimate"].iloc[0] == pytest.approx(p * gamma / (q - 1))
    assert found["estimate"].iloc[0] < found["estimate"].iloc[1] < found["estimate"].iloc[2] < 100
    assert (found["high"] - found["low"]).iloc[2] < (found["high"] - found["low"]).iloc[1]


def test_amounts_that_are_not_above_zero_are_left_out_counted_and_told():
    frame = spenders(6, 4, 15)
    lossy = pd.concat([frame, pd.DataFrame({"frequency": [2, 1, 3], "monetary": [-5.0, 0.0, np.nan]})])
    one, other = clv.fit_spend(frame), clv.fit_spend(lossy)
    pd.testing.assert_frame_equal(one.parameters, other.parameters)
    assert other.left_out.set_index("reason")["customers"].to_dict() == {"amount of 0 or less": 2, "no amount": 1}
    assert any("fit spend on revenue" in note for note in other.notes)
    with pytest.raises(DataError, match="no customer has bought again for an amount above 0"):
        clv.fit_spend(pd.DataFrame({"frequency": [2, 0], "monetary": [-5.0, np.nan]}))


@pytest.mark.parametrize("q", [0.7, 1.0, 1.05])
def test_where_the_model_has_no_mean_the_observed_one_stands_and_says_so(q):
    frame = spenders(4, q, 10)
    found = clv.fit_spend(frame)
    assert "no mean" in found.codes and any("has no mean" in note for note in found.notes)
    expected = found.expected_spend(pd.DataFrame({"frequency": [0, 5], "monetary": [np.nan, 30.0]}))
    assert expected["status"].tolist() == ["observed mean", "estimated"]
    assert expected["estimate"].iloc[0] == pytest.approx(frame["monetary"].mean())
    assert np.isfinite(expected.select_dtypes("number")).all(axis=None)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"frequency": [3], "monetary": [20.0]}),
        pd.DataFrame({"frequency": [3] * 30, "monetary": [20.0] * 30}),
        pd.DataFrame({"frequency": [1, 10_000], "monetary": [1e-4, 1e9]}),
        pd.DataFrame({"frequency": [1, 2, 3], "monetary": [1e-300, 1.0, 1e100]}),
        spenders(5e3, 4, 10),
        spenders(4, 5e3, 10),
        spenders(4, 1.02, 10),
        spenders(4, 0.3, 10),
    ],
    ids=[
        "one customer",
        "all alike",
        "amounts far apart",
        "amounts beyond money",
        "p enormous",
        "q enormous",
        "q near 1",
        "no mean",
    ],
)
def test_every_number_is_one(frame):
    found = clv.fit_spend(frame)
    assert np.isfinite(found.parameters["estimate"]).all() and np.isfinite(found.log_likelihood)
    known = found.parameters[found.parameters["status"] == "estimated"]
    assert np.isfinite(known[["se", "low", "high"]]).all(axis=None)
    assert ((known["low"] < known["estimate"]) & (known["estimate"] < known["high"])).all()
    expected = found.expected_spend(pd.DataFrame({"frequency": [0, 3], "monetary": [np.nan, 20.0]}))
    assert np.isfinite(expected.select_dtypes("number")).all(axis=None)


def test_customers_whose_amounts_are_all_alike_identify_no_parameter_by_itself():
    found = clv.fit_spend(pd.DataFrame({"frequency": [3] * 30, "monetary": [20.0] * 30}))
    assert found.parameters["status"].eq("not identified").all() and found.notes
    assert found.expected_spend(pd.DataFrame({"frequency": [0], "monetary": [np.nan]}))["estimate"].iloc[
        0
    ] == pytest.approx(20)


def test_an_amount_without_end_is_none():
    found = clv.fit_spend(pd.concat([spenders(6, 4, 15), pd.DataFrame({"frequency": [1], "monetary": [np.inf]})]))
    assert found.left_out.to_dict("records") == [{"reason": "no amount", "customers": 1}]


@pytest.mark.parametrize("model", ["bg_nbd", "pareto_nbd"])
def test_value_without_discount_is_purchases_times_spend(models, summary, spend, model):
    fitted = models[model]
    value = fitted.lifetime_value(summary, spend, horizon=104, annual_discount_rate=0, margin_rate=0.4)
    bought = fitted.expected_purchases(summary, 104)["estimate"]
    expected = 0.4 * bought * spend.expected_spend(summary)["estimate"]
    np.testing.assert_allclose(value["estimate"], expected, rtol=1e-9)
    assert (value["low"] < value["estimate"]).all() and (value["estimate"] < value["high"]).all()


def test_an_annual_rate_is_converted_once(models, summary):
    """Week by week, each week's purchases discounted by (1 + rate) to the years since."""
    fitted = models["pareto_nbd"]
    few = summary.customers.head(50)
    weeks = np.arange(1, 53)
    rows = fitted.units(few, None).rows
    cumulated = np.array([rows.weight @ fitted.mean(fitted.theta, rows, float(week)) for week in weeks])
    by_week = np.diff(cumulated, prepend=0)
    written = (by_week * 1.1 ** (-(weeks - 0.5) * 7 / 365.25)).sum() * 30
    found = fitted.lifetime_value(
        few, 30.0, horizon=52, annual_discount_rate=0.1, time_unit="week", by="total"
    )["estimate"]  # fmt: skip
    assert found.iloc[0] == pytest.approx(written, rel=1e-4)


def test_losses_are_allowed_and_the_rate_brings_its_uncertainty(models, summary, spend):
    options = {"horizon": 52, "annual_discount_rate": 0.1, "by": "total"}
    gain, loss = (
        models["bg_nbd"].lifetime_value(summary, spend, margin_rate=rate, **options).loc["total"]
        for rate in (0.3, -0.3)
    )
    assert loss["estimate"] == pytest.approx(-gain["estimate"]) and loss["outcome_high"] < 0
    unsure = pd.DataFrame([{"estimate": 0.3, "se": 0.1}])
    wide = models["bg_nbd"].lifetime_value(summary, spend, margin_rate=unsure, **options).loc["total"]
    assert wide["estimate"] == pytest.approx(gain["estimate"])
    assert wide["high"] - wide["low"] > 1.5 * (gain["high"] - gain["low"])


def test_values_of_cohorts_sum_to_the_total(models, summary, spend):
    options = {"horizon": 52, "annual_discount_rate": 0.1, "margin_rate": 0.4}
    each, cohorts, total = (
        models["bg_nbd"].lifetime_value(summary, spend, by=by, **options) for by in (None, "cohort", "total")
    )
    assert each["estimate"].sum() == pytest.approx(total["estimate"].iloc[0])
    assert cohorts["estimate"].sum() == pytest.approx(total["estimate"].iloc[0])
    total = total.iloc[0]
    assert total["actual_low"] < total["outcome_low"] < total["estimate"] < total["outcome_high"] < total["actual_high"]


def test_what_customers_bring_in_the_end_lies_in_its_interval():
    """Amounts and purchases drawn from the models: of 3,000 customers, nine in ten at least; and their total."""
    theta, (p, q, gamma) = (0.8, 6.0, 0.7, 9.0), (5.0, 3.5, 15.0)
    drawn = simulated("pareto_nbd", theta, 3000, seed=11, horizon=52.0)
    draw = np.random.default_rng(11)
    scale = draw.gamma(q, 1 / gamma, 3000)
    x = drawn["frequency"].to_numpy()
    drawn["monetary"] = np.where(x > 0, draw.gamma(p * np.maximum(x, 1), 1 / scale) / np.maximum(x, 1), np.nan)
    later = drawn["later"].to_numpy()
    brought = np.where(later > 0, draw.gamma(p * np.maximum(later, 1), 1 / scale), 0.0)
    fitted, spend = clv.fit(drawn, "pareto_nbd"), clv.fit_spend(drawn)
    options = {"horizon": 52.0, "annual_discount_rate": 0.0, "time_unit": "week"}
    each = fitted.lifetime_value(drawn, spend, **options)
    inside = ((brought >= each["outcome_low"]) & (brought <= each["outcome_high"])).mean()
    assert 0.9 < inside < 0.97
    total = fitted.lifetime_value(drawn, spend, by="total", **options).iloc[0]
    assert total["actual_low"] < brought.sum() < total["actual_high"]


def test_what_cannot_be_converted_is_refused(models, summary):
    fitted = clv.fit(summary.customers)
    with pytest.raises(ParameterError, match="time_unit: neither the model nor the summary says"):
        fitted.lifetime_value(summary.customers, 30.0, horizon=52, annual_discount_rate=0.1)
    with pytest.raises(ParameterError, match="annual_discount_rate"):
        models["bg_nbd"].lifetime_value(summary, 30.0, horizon=52, annual_discount_rate=-1.5)
    with pytest.raises(DataError, match="no column 'monetary'"):
        clv.fit_spend(summary.customers.drop(columns="monetary"))


@pytest.mark.parametrize("spend", [np.nan, np.inf, -10.0])
def test_what_a_purchase_brings_is_an_amount(models, summary, spend):
    with pytest.raises(ParameterError, match="spend is .*: give what a purchase brings, 0 or more"):
        models["bg_nbd"].lifetime_value(summary, spend, horizon=39, annual_discount_rate=0.1)
