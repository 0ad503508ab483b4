"""No data of customers make a fit fail: what they do not identify is said, and every number is one."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from perfkit.customers import clv
from perfkit.customers.clv import fitting
from perfkit.errors import DataError, ParameterError
from tests.customers.conftest import frame_of, simulated

MODELS = ("bg_nbd", "mbg_nbd", "pareto_nbd")


def bought(x, T, *, until=0.9):
    """One customer with x repeat purchases, the last one after a part of T."""
    return (x, T * until if x else 0.0, T)


def everyone_alive():
    draw = np.random.default_rng(1)
    rate = draw.gamma(0.8, 1 / 5, 500)
    drawn = frame_of(*[bought(x, 40.0, until=1.0) for x in draw.poisson(rate * 40)])
    return drawn.assign(recency=np.where(drawn["frequency"] > 0, 40 * drawn["frequency"] / (drawn["frequency"] + 1), 0))


CASES = {
    "frequencies up to 10,000": frame_of(
        *[bought(x, 500.0, until=u) for x in (0, 1, 7, 90, 1_000, 10_000) for u in (0.2, 0.6, 0.99)]
    ),
    "ages from a day to decades": frame_of(
        *[bought(x, T, until=u) for x in (0, 1, 4) for T in (1 / 7, 3.0, 100.0, 2_000.0) for u in (0.3, 0.9)]
    ),
    "everyone alive": everyone_alive(),
    "no repeat buyer": frame_of(*[(0, 0.0, T) for T in (5.0, 20.0, 39.0)]),
    "one customer": frame_of((2, 10.0, 39.0)),
    "one customer who never bought again": frame_of((0, 0.0, 39.0)),
    "one customer who bought once more": frame_of((1, 39.0, 39.0)),
    "all alike": frame_of(*[(3, 20.0, 39.0)] * 50),
    "all alike, and alive": frame_of(*[(3, 39.0, 39.0)] * 50),
    "all gone at once": frame_of(*[(1, 0.01, 39.0)] * 50, *[(0, 0.0, 39.0)] * 50),
    "enormous beta": simulated("pareto_nbd", (0.9, 5.0, 0.8, 1e6), 400, seed=3),
    "enormous beta and s": simulated("pareto_nbd", (0.9, 5.0, 5e3, 1e5), 400, seed=3),
    "a and b of 1": simulated("bg_nbd", (0.6, 4.0, 1.0, 1.0), 300, seed=4),
    "a of 1, exactly known": simulated("mbg_nbd", (0.6, 4.0, 1.0, 3.0), 300, seed=5),
    "b of almost nothing": simulated("bg_nbd", (0.5, 3.0, 1.0, 1e-3), 300, seed=2),
    "rates all but equal": simulated("pareto_nbd", (1e4, 1e5, 1.0, 10.0), 200, seed=3),
    "a million purchases": frame_of(bought(10**6, 1_000.0), bought(3, 1_000.0), bought(0, 1_000.0)),
    "ages from a second to a century": frame_of(*[bought(x, T) for x in (0, 1, 3) for T in (1e-6, 1e-3, 1.0, 5_200.0)]),
    "never and ten thousand times": frame_of((0, 0.0, 39.0), (10_000, 39.0, 39.0)),
    "counted by weights": frame_of((0, 0.0, 39.0), (2, 20.0, 39.0), (5, 30.0, 39.0)).assign(weights=[1e6, 1e5, 1e4]),
    "acquired on the last day": frame_of((0, 0.0, 0.0), (0, 0.0, 0.0), (3, 8.0, 10.0), (0, 0.0, 10.0)),
}


OFTEN = (
    "frequencies up to 10,000", "everyone alive", "no repeat buyer", "one customer", "all alike", "a and b of 1",
    "all gone at once", "one customer who bought once more", "counted by weights", "acquired on the last day",
)  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "case", [case if case in OFTEN else pytest.param(case, marks=pytest.mark.slow) for case in CASES]
)
def test_every_number_is_one(case, model):
    frame = CASES[case]
    fitted = clv.fit(frame, model=model)
    assert np.isfinite(fitted.log_likelihood)
    parameters = fitted.parameters
    assert np.isfinite(parameters["estimate"]).all() and (parameters["estimate"] >= 0).all()
    known = parameters[parameters["status"] == "estimated"]
    assert np.isfinite(known[["se", "low", "high"]]).all(axis=None)
    if (parameters["status"] != "estimated").any() or fitted.model != model:
        assert fitted.notes, "what the data do not identify is said"
    asked = frame.iloc[:: max(1, len(frame) // 40)]
    for horizon, by in ((0.1, "total"), (39.0, None), (5_000.0, None), (5_000.0, "total")):
        found = fitted.expected_purchases(asked, horizon, by=by)
        assert np.isfinite(found.select_dtypes("number")).all(axis=None)
        assert (found["low"] <= found["estimate"]).all() and (found["estimate"] <= found["high"]).all()
        assert (found["outcome_low"] <= found["outcome_high"]).all()
        if by:
            widest = found[["low", "outcome_low"]].min(axis=1), found[["high", "outcome_high"]].max(axis=1)
            assert (found["actual_low"] <= widest[0]).all() and (found["actual_high"] >= widest[1]).all()
    alive = fitted.p_alive(asked)
    assert alive[["estimate", "low", "high"]].stack().between(0, 1).all()
    value = fitted.lifetime_value(asked, 25.0, horizon=52, annual_discount_rate=0.1, time_unit="week")
    assert np.isfinite(value.select_dtypes("number")).all(axis=None)


@pytest.mark.parametrize("model", MODELS)
def test_where_nobody_stopped_the_simpler_model_stands_and_says_so(model):
    fitted = clv.fit(CASES["everyone alive"], model=model)
    assert fitted.model == "nbd" and fitted.asked == model
    assert "which stands in its place" in fitted.notes[0]
    assert fitted.p_alive(CASES["everyone alive"])["status"].eq("by assumption").all()


def test_where_nobody_bought_again_the_rate_has_an_upper_end_only():
    frame = CASES["no repeat buyer"]
    fitted = clv.fit(frame)
    rate = fitted.parameters.loc[0]
    assert rate["parameter"] == "rate" and rate["estimate"] == 0 and rate["low"] == 0
    assert np.exp(-rate["high"] * frame["T"].sum()) == pytest.approx(0.05)  # the chance to see none at that rate
    total = fitted.expected_purchases(frame, 10, by="total").loc["total"]
    assert total["estimate"] == 0 and total["high"] == pytest.approx(rate["high"] * 30)
    assert fitted.p_alive(frame)[["low", "high"]].iloc[0].tolist() == [0, 1]


def test_customers_who_are_all_alike_identify_only_their_rate():
    fitted = clv.fit(CASES["all alike, and alive"], model="nbd")
    assert fitted.parameters["status"].tolist() == ["not identified"] * 2
    assert "alpha" in fitted.notes[0]
    assert fitted.theta[0] / fitted.theta[1] == pytest.approx(3 / 39, rel=1e-3)
    total = fitted.expected_purchases(CASES["all alike, and alive"], 39, by="total").loc["total"]
    assert total["estimate"] == pytest.approx(150, rel=1e-3)
    assert (total["high"] - total["low"]) / 2 == pytest.approx(1.645 * np.sqrt(150), rel=0.05)  # 150 counted in all


@pytest.mark.parametrize("model", MODELS)
def test_small_samples_never_fail(model):
    for seed in range(0, 12, 2):
        frame = simulated(model, (0.4, 3.0, 0.7, 2.0), 4 + 3 * seed, seed=seed)
        fitted = clv.fit(frame, model=model)
        assert np.isfinite(fitted.expected_purchases(frame, 39).select_dtypes("number")).all(axis=None)


@pytest.mark.parametrize(
    "row, message",
    [
        ((-1, 0.0, 10.0), "negative"),
        ((1, -2.0, 10.0), "negative"),
        ((1, 2.0, -10.0), "negative"),
        ((1, 12.0, 10.0), "recency beyond T"),
        ((1, 0.0, 10.0), "recency of 0"),
        ((0, 4.0, 10.0), "recency above 0"),
        ((1.5, 4.0, 10.0), "no whole number"),
        ((1, np.nan, 10.0), "missing or no number"),
        ((np.inf, 1.0, 10.0), "missing or no number"),
    ],
)
def test_a_history_that_cannot_be_is_refused_with_the_first(row, message):
    with pytest.raises(DataError, match=message):
        clv.fit(frame_of((2, 5.0, 10.0), row))


def test_data_without_time_or_customers_are_refused():
    with pytest.raises(DataError, match="T is 0 for every customer"):
        clv.fit(frame_of((0, 0.0, 0.0), (0, 0.0, 0.0)))
    with pytest.raises(DataError, match="no customer"):
        clv.fit(frame_of())
    with pytest.raises(DataError, match="no column 'recency'"):
        clv.fit(pd.DataFrame({"frequency": [1], "T": [2.0]}))
    with pytest.raises(DataError, match="weight"):
        clv.fit(frame_of((2, 5.0, 10.0)).assign(weights=0))


def test_settings_that_are_none_are_refused(models, summary):
    with pytest.raises(ParameterError, match="no model 'bgnbd'. Did you mean 'bg_nbd'"):
        clv.fit(summary, model="bgnbd")
    with pytest.raises(ParameterError, match="horizon"):
        models["bg_nbd"].expected_purchases(summary, 0)
    with pytest.raises(ParameterError, match="no column 'cohorts'"):
        models["bg_nbd"].expected_purchases(summary, 39, by="cohorts")


def test_units_of_time_are_never_mixed(cdnow, models):
    days = clv.summarise(cdnow, observed_until="1997-09-30", time_unit="day")
    with pytest.raises(ParameterError, match="weeks and the summary in days"):
        models["bg_nbd"].expected_purchases(days, 39)


@pytest.mark.parametrize("model", ["bg_nbd", "pareto_nbd"])
def test_a_search_that_begins_with_a_part_of_many_histories_ends_at_the_same_place(model, monkeypatch):
    many = simulated(model, (0.5, 6.0, 0.9, 8.0), 20_000, seed=2)
    found = clv.fit(many, model)
    monkeypatch.setattr(fitting, "_PART", len(many))
    whole = clv.fit(many, model)
    assert found.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(found.theta, whole.theta, rtol=1e-4)
    np.testing.assert_allclose(found.covariance, whole.covariance, rtol=1e-3, atol=1e-8)


@pytest.mark.parametrize("covariates", [None, ["channel"]])
def test_standard_errors_are_those_of_the_parameters(covariates):
    frame = simulated("bg_nbd", (0.8, 6.0, 0.9, 2.5), 400, seed=4)
    frame["channel"] = np.where(np.arange(400) % 2, "web", "shop")
    fitted = clv.fit(frame, "bg_nbd", covariates=covariates)
    table = fitted.parameters.set_index("parameter")
    pd.testing.assert_series_equal(fitted.standard_errors, table["se"], check_names=False)


@pytest.mark.parametrize("model", ["nbd", "mbg_nbd", "pareto_nbd"])
def test_parameters_that_run_off_together_leave_their_ratio_as_uncertain_as_it_is(model):
    """A purchase each in 10 weeks: a rate of .1 that 100 purchases tell, whichever way r and alpha go."""
    summary = pd.DataFrame({"frequency": [1] * 100, "recency": [5.0] * 100, "T": [10.0] * 100})
    row = clv.fit(summary, model).expected_purchases(summary, 10, by="total").loc["total"]
    assert row["estimate"] == pytest.approx(100, rel=1e-3)
    assert [row["low"], row["high"]] == pytest.approx([100 * np.exp(-0.1645), 100 * np.exp(0.1645)], rel=0.02)
    assert row["actual_low"] < row["outcome_low"] and row["outcome_high"] < row["actual_high"]


def test_where_nobody_bought_again_luck_and_parameters_together_reach_further_than_either():
    """Three customers, 64 weeks: the rate is 3.0 / 64 at most, and 39 weeks of each at it are 5.5, give or take."""
    frame = CASES["no repeat buyer"].assign(customer_id=["a", "b", "c"], channel=["x", "y", "y"])
    fitted = clv.fit(frame)
    for by in ("total", "channel"):
        found = fitted.expected_purchases(frame, 39, by=by)
        assert (found["outcome_high"] == 0).all(), "at these parameters nobody buys"
        assert (found["actual_low"] == 0).all() and (found["actual_high"] >= found["high"]).all()
    total = fitted.expected_purchases(frame, 39, by="total").loc["total"]
    assert total["high"] == pytest.approx(-np.log(0.05) / 64 * 3 * 39)
    assert total["actual_high"] == stats.poisson.ppf(0.95, total["high"])
    few = fitted.expected_purchases(frame, 0.001, by="total").loc["total"]
    assert few["actual_high"] >= few["high"]
    for rate in (0.5, -0.5, pd.DataFrame({"estimate": [0.5], "se": [0.1]})):
        worth = fitted.lifetime_value(
            frame, 10.0, horizon=39, annual_discount_rate=0.1, margin_rate=rate, time_unit="week", by="total"
        ).loc["total"]
        assert worth["actual_low"] <= worth["low"] <= worth["estimate"] <= worth["high"] <= worth["actual_high"]
        assert worth["actual_high"] - worth["actual_low"] > worth["high"] - worth["low"]
