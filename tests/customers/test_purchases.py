"""Models of repeat buying: what they say is what the articles print, what integrals give and what draws show."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate
from scipy.special import betaln, hyp2f1, logsumexp

from perfkit.customers import clv
from perfkit.customers.clv.bg_nbd import BgNbd, MbgNbd
from perfkit.customers.clv.histories import histories
from perfkit.customers.clv.pareto_nbd import ParetoNbd
from perfkit.customers.clv.processes import Process
from tests.customers.conftest import frame_of, simulated

PUBLISHED = {
    "bg_nbd": ((0.2426, 4.4135, 0.7929, 2.4258), (0.0126, 0.378, 0.186, 0.705), -9582.43),
    "mbg_nbd": ((0.5248, 6.1830, 0.8914, 1.6140), (0.083, 0.696, 0.155, 0.537), -9582.13),
    "pareto_nbd": ((0.5533, 10.578, 0.6062, 11.668), (0.0476, 0.843, 0.187, 6.21), -9594.97),
}
PROCESSES = [Process(), BgNbd(), MbgNbd(), ParetoNbd()]
TRUE = {"bg_nbd": (0.8, 6.0, 0.9, 2.5), "mbg_nbd": (0.8, 6.0, 0.9, 2.5), "pareto_nbd": (0.8, 6.0, 0.7, 9.0)}


@pytest.mark.parametrize("model", PUBLISHED)
def test_cdnow_gives_the_published_parameters(models, model):
    parameters, errors, log_likelihood = PUBLISHED[model]
    found = models[model].parameters
    np.testing.assert_allclose(found["estimate"], parameters, rtol=1e-3)
    np.testing.assert_allclose(found["se"], errors, rtol=5e-3)
    assert models[model].log_likelihood == pytest.approx(log_likelihood, abs=0.01)
    assert ((found["low"] < found["estimate"]) & (found["estimate"] < found["high"])).all()


@pytest.mark.parametrize(
    "model, purchases, alive",
    [("bg_nbd", (1.2259, 20.7506), (0.7266, 0.9689)), ("pareto_nbd", (1.4551, 20.1159), (0.8691, 0.9979))],
)
def test_two_customers_are_as_published(models, model, purchases, alive):
    two = frame_of((2, 30.43, 38.86), (26, 30.86, 31))
    np.testing.assert_allclose(models[model].expected_purchases(two, 39)["estimate"], purchases, rtol=1e-3)
    np.testing.assert_allclose(models[model].p_alive(two)["estimate"], alive, rtol=1e-3)


@pytest.mark.parametrize("process", PROCESSES, ids=lambda each: each.name)
def test_derivatives_are_those_of_differences(process):
    rows = histories(frame_of((0, 0, 1.2), (1, 0.3, 0.9), (2, 0.5, 0.5), (7, 1.1, 1.3), (40, 1.2, 1.4)))
    place = np.log([0.7, 0.4, *process.starts[0]])
    _, gradient, hessian = process.log_likelihood(place, rows)
    for at in range(len(place)):
        up, down = (process.log_likelihood(place + sign * 1e-5 * np.eye(len(place))[at], rows) for sign in (1, -1))
        assert (up[0] - down[0]) / 2e-5 == pytest.approx(gradient[at], rel=1e-6, abs=1e-6)
        np.testing.assert_allclose((up[1] - down[1]) / 2e-5, hessian[at], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("a, b, x, T", [(0.8, 2.4, 3, 30.0), (1.5, 0.7, 0, 5.0), (2.5, 9.0, 40, 38.0)])
def test_bg_expectations_are_those_of_the_hypergeometric_function(a, b, x, T):
    r, alpha, t = 0.25, 4.4, 39.0
    z = t / (alpha + T + t)
    closed = (a + b + x - 1) / (a - 1) * (
        1 - ((alpha + T) / (alpha + T + t)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z)
    )  # fmt: skip
    found = BgNbd().mean(np.array([r, alpha, a, b]), np.array([float(x)]), np.array([T]), t)
    assert found[0] == pytest.approx(closed, rel=1e-9)


@pytest.mark.parametrize("process", [BgNbd(), MbgNbd()], ids=lambda each: each.name)
@pytest.mark.parametrize("a", [0.05, 1.0, 1e4])
@pytest.mark.parametrize("x, T", [(0.0, 0.0), (3.0, 30.0), (10_000.0, 3_000.0)])
def test_bg_moments_are_the_sums_of_their_tails(process, a, x, T):
    theta, horizon = np.array([0.3, 4.0, a, 2.0]), 52.0
    counts = np.arange(1.0, 3000)
    tails = process.tail(theta, np.full(len(counts), x), np.full(len(counts), T), horizon, counts)
    at = np.array([x]), np.array([T])
    assert process.mean(theta, *at, horizon)[0] == pytest.approx(tails.sum(), rel=1e-7)
    assert process.pairs(theta, *at, horizon)[0] == pytest.approx((2 * (counts - 1) * tails).sum(), rel=1e-6)


@pytest.mark.parametrize("alpha, beta", [(10.0, 12.0), (12.0, 10.0), (10.0, 10.0), (3.0, 1e6), (1e4, 0.2)])
@pytest.mark.parametrize("x, recency", [(0, 0.0), (2, 30.4), (10_000, 38.0)])
def test_pareto_integrates_what_it_should(alpha, beta, x, recency):
    r, s, T = 0.55, 0.6, 39.0
    theta = np.array([r, alpha, s, beta])
    rows = histories(frame_of((x, recency, T)))
    joint, *_ = ParetoNbd()._joint(theta, rows, ParetoNbd().ends(theta, rows))
    top = x * np.log(alpha + recency) + r * np.log1p(recency / alpha)

    def density(time):  # of stopping, over what it is at the last purchase
        fall = x * np.log(alpha + time) + r * np.log1p(time / alpha) - top
        return np.exp(-fall - s * np.log1p(time / beta)) * s / (beta + time)

    whole, _ = integrate.quad(
        density, recency, min(T, recency + 1 if x > 999 else T), epsabs=0, epsrel=1e-11, limit=400
    )
    found = logsumexp(joint[1:, 0]) - (np.log(r + np.arange(x)).sum() - top)
    assert found == pytest.approx(np.log(whole), abs=1e-8)


@pytest.mark.parametrize("process", PROCESSES[1:], ids=lambda each: each.name)
def test_draws_buy_as_expected(process):
    """4,000 customers drawn from the model: their later purchases and their ends are within four standard errors."""
    theta = TRUE[process.name]
    drawn = simulated(process.name, theta, 4000, seed=7, horizon=30.0)
    rows = histories(drawn)
    fitted = clv.Fitted(
        process,
        np.array(theta),
        np.zeros((4, 4)),
        np.zeros(4, dtype=bool),
        None,
        0.0,
        4000,
        4000,
        process.name,
        (),
        None,
    )
    mean, square = fitted.moments(rows, 30.0)
    mean, variance = mean[rows.of], (square - mean**2)[rows.of]
    assert abs((drawn["later"] - mean).sum()) < 4 * np.sqrt(variance.sum())
    classes = np.minimum(drawn["frequency"], 4)
    for each in range(5):
        of = (classes == each).to_numpy()
        assert abs((drawn["later"] - mean)[of].sum()) < 4 * np.sqrt(variance[of].sum())
    none = 1 - fitted.any_purchase(rows, 30.0)[rows.of]
    assert abs(((drawn["later"] == 0) - none).sum()) < 4 * np.sqrt((none * (1 - none)).sum())
    ends = fitted.expected_purchases(drawn, 30.0)
    inside = drawn["later"].between(ends["outcome_low"], ends["outcome_high"]).mean()
    assert 0.9 <= inside < 0.99  # counts cannot be cut at 90 % exactly: never less
    total = fitted.expected_purchases(drawn, 30.0, by="total").loc["total"]
    assert total["outcome_low"] <= drawn["later"].sum() <= total["outcome_high"]


def test_grouped_histories_and_weights_say_the_same(summary):
    rows = summary.customers.head(200)
    counted = rows.groupby(["frequency", "recency", "T"], as_index=False).size().rename(columns={"size": "weights"})
    one, other = clv.fit(rows, "mbg_nbd"), clv.fit(counted, "mbg_nbd")
    pd.testing.assert_frame_equal(one.parameters, other.parameters)
    totals = [fit.expected_purchases(frame, by="total") for fit, frame in ((one, rows), (other, counted))]
    pd.testing.assert_frame_equal(*totals)


@pytest.mark.parametrize("model", ["bg_nbd", "pareto_nbd"])
def test_the_unit_of_time_and_the_order_of_rows_change_nothing(summary, model):
    weeks = summary.customers.head(400)
    days = weeks.assign(recency=weeks["recency"] * 7, T=weeks["T"] * 7)[::-1]
    one, other = clv.fit(weeks, model), clv.fit(days, model)
    pd.testing.assert_frame_equal(
        one.expected_purchases(weeks, 39), other.expected_purchases(days, 273)[::-1], rtol=1e-5
    )


def test_parts_sum_to_the_total(models, summary):
    fitted = models["pareto_nbd"]
    each = fitted.expected_purchases(summary, 39)
    cohorts = fitted.expected_purchases(summary, 39, by="cohort")
    total = fitted.expected_purchases(summary, 39, by="total").loc["total"]
    assert each["estimate"].sum() == pytest.approx(total["estimate"], rel=1e-9)
    assert cohorts["estimate"].sum() == pytest.approx(total["estimate"], rel=1e-9)
    assert cohorts["n"].sum() == total["n"] == 2357
    by_series = fitted.expected_purchases(summary, 39, by=summary.customers["cohort"].rename("cohort"))
    pd.testing.assert_frame_equal(cohorts, by_series)


def test_parameters_and_luck_are_told_apart(models, summary):
    total = models["bg_nbd"].expected_purchases(summary, 39, by="total").loc["total"]
    assert total["low"] < total["outcome_low"] < total["estimate"] < total["outcome_high"] < total["high"]
    assert total["actual_low"] < total["low"] < total["high"] < total["actual_high"]
    few = models["bg_nbd"].expected_purchases(summary.customers.head(20), 39, by="total").loc["total"]
    assert few["outcome_high"] - few["outcome_low"] > few["high"] - few["low"]  # of few customers it is mostly luck


def test_bg_says_that_it_cannot_know_of_those_who_never_bought_again(models):
    of_two = frame_of((0, 0, 38.86), (2, 30.43, 38.86))
    alive = models["bg_nbd"].p_alive(of_two)
    assert alive["status"].tolist() == ["by assumption", "estimated"]
    assert alive.loc[0, ["estimate", "low", "high"]].tolist() == [1, 1, 1]
    assert models["mbg_nbd"].p_alive(of_two)["status"].tolist() == ["estimated", "estimated"]
    assert models["mbg_nbd"].p_alive(of_two)["estimate"].iloc[0] < 0.5
    assert any("never bought again" in note for note in models["bg_nbd"].notes)


def test_bg_log_likelihood_is_that_of_the_article():
    r, alpha, a, b = 0.2426, 4.4135, 0.7929, 2.4258
    x, recency, T = 2, 30.43, 38.86
    first = (
        np.log(r) + np.log(r + 1) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + T)
    )
    more = (a / (b + x - 1)) * ((alpha + T) / (alpha + recency)) ** (r + x)
    value, _, _ = BgNbd().log_likelihood(np.log([r, alpha, a, b]), histories(frame_of((x, recency, T))))
    assert value == pytest.approx(first + np.log1p(more), rel=1e-12)


def test_a_model_shows_itself_and_its_figures(models):
    shown = repr(models["bg_nbd"])
    assert "BG/NBD: log-likelihood −9,582.43" in shown and "0.2426" in shown
    figures = models["bg_nbd"].figures()
    assert figures["figure_id"].tolist() == [f"purchase_model:bg_nbd:{each}" for each in ("r", "alpha", "a", "b")]
