"""Contracts: the published parameters, curves counted by hand, tables of many cohorts, and what has no end."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import hyp2f1

from perfkit import languages
from perfkit.customers import contracts
from perfkit.customers.contracts.curves import Bdw, Sbg
from perfkit.errors import DataError, ParameterError

HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]


@pytest.mark.parametrize("survivors, alpha, beta", [(HIGH_END, 0.668, 3.806), (REGULAR, 0.704, 1.182)])
def test_sbg_gives_the_published_parameters(survivors, alpha, beta):
    found = contracts.fit(survivors).parameters["estimate"]
    assert found.tolist() == pytest.approx([alpha, beta], abs=5e-4)


def test_one_renewal_is_counted_by_hand():
    found = contracts.fit([5, 4, 3])
    curve = found.retention
    assert curve["observed"].tolist() == [0.8, 0.75] and curve["n"].tolist() == [5, 4]
    assert found.log_likelihood == pytest.approx(
        4 * np.log(0.8) + np.log(0.2) + 3 * np.log(0.75) + np.log(0.25), abs=0.05
    )
    assert ((curve["low"] <= curve["estimate"]) & (curve["estimate"] <= curve["high"])).all()


def test_a_table_of_cohorts_is_the_sum_of_them():
    """Twice the same cohort, once seen for less long: the same as lists, in columns of ages and in rows."""
    wide = pd.DataFrame([REGULAR, REGULAR[:4] + [np.nan] * 4], columns=range(8))
    long = wide.stack().rename("survivors").rename_axis(["cohort", "age"]).reset_index()
    one, other = contracts.fit(wide), contracts.fit(long)
    pd.testing.assert_frame_equal(one.parameters, other.parameters)
    assert one.data.at_risk.tolist() == [2000, 1262, 936, 382, 326, 289, 262]
    doubled = contracts.fit(pd.DataFrame([REGULAR, REGULAR]))
    alone = contracts.fit(REGULAR)
    assert doubled.log_likelihood == pytest.approx(2 * alone.log_likelihood)
    np.testing.assert_allclose(doubled.parameters["se"], alone.parameters["se"] / np.sqrt(2), rtol=1e-3)


def test_the_likelihood_ratio_speaks_for_bdw_where_chances_change():
    found = contracts.fit(HIGH_END).test.loc[0]
    assert found["statistic"] == pytest.approx(2 * (found["bdw"] - found["sbg"])) and found["p"] < 0.001
    assert any("BdW explains these survivors better" in note for note in contracts.fit(HIGH_END).notes)
    assert contracts.fit(REGULAR).test.loc[0, "p"] > 0.1
    assert any("sBG explains these survivors as well" in note for note in contracts.fit(REGULAR, "bdw").notes)


@pytest.mark.parametrize("model, theta", [("sbg", (0.9, 3.0)), ("bdw", (0.9, 3.0, 1.5))])
def test_survivors_of_a_model_give_its_parameters_back(model, theta):
    curve = {"sbg": Sbg(), "bdw": Bdw()}[model]
    left = 1e7 * np.exp(curve.log_survival(np.array(theta), np.arange(12.0)))
    np.testing.assert_allclose(contracts.fit(left, model).parameters["estimate"], theta, rtol=1e-4)


@pytest.mark.parametrize("age", [0, 3])
def test_discounted_renewals_are_those_of_the_hypergeometric_function(age):
    """Fader and Hardie 2010: the sum of S(n + j) / S(n) / (1 + d)^j, from j = 0, in closed form."""
    found = contracts.fit(REGULAR)
    alpha, beta = found.theta
    closed = hyp2f1(1, beta + age, alpha + beta + age, 1 / 1.1) - 1
    row = found.residual_lifetime(age, annual_discount_rate=0.1, periods_per_year=1, value=50).loc[0]
    assert row["discounted"] == pytest.approx(50 * closed, rel=1e-9)
    assert row["discounted_low"] < row["discounted"] < row["discounted_high"]


def test_a_mean_without_end_is_not_a_number_and_says_so():
    found = contracts.fit(REGULAR).residual_lifetime([0, 5]).loc[0]
    assert found["status"] == "no end" and np.isnan(found["estimate"])
    within = contracts.fit(REGULAR).residual_lifetime(0, horizon=10).loc[0]
    assert within["status"] == "estimated"
    survival = contracts.fit(REGULAR).projected(10)["survival"]
    assert within["estimate"] == pytest.approx(survival.sum())


@pytest.mark.parametrize("curve, theta", [(Sbg(), (2.5, 40.0)), (Bdw(), (1.2, 8.0, 1.6)), (Sbg(), (40.0, 9000.0))])
def test_all_renewals_to_come_are_added_beyond_those_one_by_one(curve, theta):
    theta = np.array(theta)
    exact = np.exp(curve.log_survival(theta, np.arange(1.0, 400_001))).sum()
    tail, _ = integrate.quad(
        lambda y: np.exp(curve.log_survival(theta, np.array([np.exp(y)]))[0] + y), np.log(400_000.5), 60, limit=200
    )
    assert curve.further(theta, np.zeros(1), np.inf, 0.0)[0] == pytest.approx(exact + tail, rel=1e-6)


@pytest.mark.parametrize("model", ["sbg", "bdw"])
@pytest.mark.parametrize(
    "survivors",
    [[1000, 1000, 1000], [100, 0, 0], [1000, 500, 250, 125], [5, 4], [1, 1], [1, 0], [10**9, 10**9 - 1, 10**9 - 2],
     [100, 50, 50, 50], list(range(120, 20, -1))],
)  # fmt: skip
def test_every_number_is_one(model, survivors):
    found = contracts.fit(survivors, model)
    assert np.isfinite(found.parameters["estimate"]).all() and np.isfinite(found.log_likelihood)
    curve = found.projected(60)
    assert np.isfinite(curve[["estimate", "low", "high", "survival", "survival_low", "survival_high"]]).all(axis=None)
    assert (curve["low"] <= curve["estimate"] + 1e-12).all() and (curve["estimate"] <= curve["high"] + 1e-12).all()
    worth = found.residual_lifetime([0, 2], annual_discount_rate=0.1, periods_per_year=12)
    assert np.isfinite(worth[["discounted", "discounted_low", "discounted_high"]]).all(axis=None)
    if (found.parameters["status"] != "estimated").any():
        assert found.notes


def test_where_nobody_left_retention_has_a_lower_end_only():
    found = contracts.fit([20, 20, 20]).retention.loc[0]
    assert found["estimate"] == pytest.approx(1) and found["low"] ** 40 == pytest.approx(0.05, rel=1e-3)


@pytest.mark.parametrize(
    "table, message",
    [
        ([10, 12], "has 12 at age 1 after 10 at age 0"),
        ([10, -1], "has -1 at age 1"),
        ([10, np.nan, 5], "none given for age 1, but some for age 2"),
        ([10], "no cohort with customers has been seen to age 1"),
        ([0, 0], "no cohort with customers"),
        (pd.DataFrame({"signed": [10], "left": [5]}), "no column is an age"),
        ([10, 5, np.inf], "infinite number at age 2"),
        (pd.DataFrame([[10, 8, 8]], columns=[0, 1, "1"]), "2 columns are of age 1 \\(1, '1'\\)"),
        (pd.DataFrame([[10, 8, 6]], columns=[0.0, 1.0, 1.5]), "column 1.5 is no count of renewals"),
        (pd.DataFrame({"cohort": 1, "age": [0, 0.5], "survivors": [3, 2]}), "age 0.5 is no count of renewals"),
        (pd.DataFrame({"cohort": [1, 1], "age": [0, 0], "survivors": [3, 3]}), "more than one row of age 0"),
    ],
)
def test_survivors_that_cannot_be_are_refused(table, message):
    with pytest.raises(DataError, match=message):
        contracts.fit(table)


def test_settings_that_are_none_are_refused():
    with pytest.raises(ParameterError, match="no model 'bg'. Did you mean"):
        contracts.fit(REGULAR, "bg")
    with pytest.raises(ParameterError, match="periods_per_year"):
        contracts.fit(REGULAR).residual_lifetime(annual_discount_rate=0.1)
    with pytest.raises(ParameterError, match="horizon"):
        contracts.fit(REGULAR).residual_lifetime(horizon=0)
    for age in (-1, 0.5, np.nan):
        with pytest.raises(ParameterError, match="age is .*: give the renewals so far, whole ones"):
            contracts.fit(REGULAR).residual_lifetime(age)
    for horizon in (2.5, np.nan):
        with pytest.raises(ParameterError, match="whole number of renewals"):
            contracts.fit(REGULAR).residual_lifetime(0, horizon=horizon)
    assert contracts.fit(REGULAR).residual_lifetime(0, horizon=2.0).loc[0, "status"] == "estimated"


def test_ages_are_read_however_a_table_names_them():
    """Whole numbers, texts, or floats, as a missing value makes them."""
    wide = pd.DataFrame([REGULAR, REGULAR[:4] + [np.nan] * 4], columns=range(8))
    expected = contracts.fit(wide).parameters
    long = wide.stack().rename("survivors").rename_axis(["cohort", "age"]).reset_index()
    for table in (wide.rename(columns=float), wide.rename(columns=str), wide.rename(columns=lambda each: f"{each}.0"),
                  long.astype({"age": float}), long.astype({"age": str})):  # fmt: skip
        pd.testing.assert_frame_equal(contracts.fit(table).parameters, expected)


def test_contracts_show_themselves_in_both_languages():
    found = contracts.fit(REGULAR)
    assert "sBG: log-likelihood −1,680.27" in repr(found) and "Retention goes from 62.7%" in repr(found)
    languages.use("fr")
    assert "La rétention va de 62,7" in repr(found)
    assert found.figures()["kpi"].unique().tolist() == ["contract_model", "contract_retention"]


@pytest.mark.parametrize("age", [0.0, 7.0])
@pytest.mark.parametrize("alpha", [1.001, 1.01, 1.03, 1.05, 1.5, 4.0, 60.0, 20_000.0])
@pytest.mark.parametrize("beta", [0.5, 3.0, 150_000.0])
def test_a_lifetime_that_nearly_has_no_end_is_that_in_closed_form(alpha, beta, age):
    """Of sBG, all renewals to come are (beta + age) / (alpha - 1); 1 < alpha < 1.05 ran over the floats."""
    theta = np.array([alpha, beta])
    found = Sbg().further(theta, np.array([age]), np.inf, 0.0)[0]
    assert found == pytest.approx((beta + age) / (alpha - 1), rel=1e-6)
    assert Bdw().further(np.array([alpha, beta, 1.0]), np.array([age]), np.inf, 0.0)[0] == pytest.approx(found)
    long = [Sbg().further(theta, np.array([age]), horizon, 0.0)[0] for horizon in (2_001.0, 1e6, 1e12, 1e300)]
    assert (np.diff([*long, found]) >= -1e-9 * found).all() and np.isfinite(long).all()


def test_a_lifetime_that_has_perhaps_no_end_is_one_number_with_its_lower_end():
    left = 1e9 * np.exp(Sbg().log_survival(np.array([1.02, 3.0]), np.arange(9.0)))
    found = contracts.fit(np.round(left)).residual_lifetime([0, 3])
    assert found["estimate"].tolist() == pytest.approx([150, 300], rel=0.05)
    few = contracts.fit(np.round(left / 1e6)).residual_lifetime(0).loc[0]
    assert few["status"] in ("perhaps no end", "no end")
    if few["status"] == "perhaps no end":
        assert 1 < few["low"] < few["estimate"] and np.isnan(few["high"])


@pytest.mark.parametrize("model", ["sbg", "bdw"])
def test_one_renewal_tells_one_chance_for_all_and_says_so(model):
    """100 customers, 80 left: 4 more renewals each, if all are alike; (alpha, beta) have one number to come from."""
    found = contracts.fit([100, 80], model)
    assert found.curve.name == "geometric" and found.asked == model
    row = found.parameters.loc[0]
    ends = [stats.beta.ppf(0.05, 20, 81), stats.beta.ppf(0.95, 21, 80)]
    assert row["estimate"] == 0.2 and row["se"] == pytest.approx(0.04)
    assert [row["low"], row["high"]] == pytest.approx(ends)
    assert found.projected(3)["estimate"].tolist() == pytest.approx([0.8] * 3)
    life = found.residual_lifetime([0, 5]).loc[1]
    assert life[["estimate", "low", "high"]].tolist() == pytest.approx([4, 1 / ends[1] - 1, 1 / ends[0] - 1])
    within = found.residual_lifetime(0, horizon=2, annual_discount_rate=0.1, periods_per_year=1, value=10).loc[0]
    assert within["discounted"] == pytest.approx(10 * (0.8 / 1.1 + 0.64 / 1.21))
    assert "Only one renewal was seen" in found.notes[0]


def test_survivors_that_fall_like_those_of_no_beta_have_honest_intervals():
    """200 occasions, of which 100 were taken to leave: the limit of sBG, both parameters at the end of the search."""
    found = contracts.fit([100, 80, 20, 0])
    row = found.retention.loc[0]
    ends = [stats.beta.ppf(0.05, 100, 101), stats.beta.ppf(0.95, 101, 100)]
    assert row[["estimate", "low", "high"]].tolist() == pytest.approx([0.5, *ends])
    assert "One chance of leaving for all" in found.notes[0] and "BdW explains these survivors better" in found.notes[1]
    assert contracts.fit([100, 80, 20, 0], "bdw").curve.name == "bdw"


def test_departures_at_the_first_renewal_alone_leave_the_later_ones_open():
    """Half leave at once, and of 100 later occasions none was taken: the chance may be as high as 1 - 0.05 ** 0.01."""
    found = contracts.fit([100, 50, 50, 50])
    assert found.curve.name == "parted" and "at the first renewal" in found.notes[0]
    curve = found.retention
    assert curve["low"].tolist() == pytest.approx([stats.beta.ppf(0.05, 50, 51), 0.05**0.01, 0.05**0.01])
    assert curve["high"].tolist() == pytest.approx([stats.beta.ppf(0.95, 51, 50), 1, 1])
    life = found.residual_lifetime(0).loc[0]
    assert life["status"] == "no end" and life[["estimate", "high"]].isna().all()
    assert np.isfinite(found.residual_lifetime(0, horizon=12)[["low", "high"]]).all(axis=None)


def test_intervals_of_a_simpler_curve_hold_at_least_as_often_as_they_say():
    """Of 20 customers alike who leave with a chance of .3 at each renewal: the exact interval of what is left."""
    draw = np.random.default_rng(4)
    held = []
    for _ in range(300):
        left = [20]
        while len(left) < 5:
            left.append(int(draw.binomial(left[-1], 0.7)))
        found = contracts.fit(left)
        if found.span is not None:
            row = found.residual_lifetime(0, horizon=10).loc[0]
            held.append(row["low"] <= (0.7 ** np.arange(1, 11)).sum() <= row["high"])
    assert len(held) > 100 and np.mean(held) > 0.85
