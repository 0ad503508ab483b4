"""Covariates: known coefficients are found, none changes nothing, and what cannot be told is said."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from perfkit import languages
from perfkit.customers import clv
from perfkit.customers.clv.covariates import likelihood
from perfkit.customers.clv.histories import histories
from perfkit.customers.clv.models import MODELS
from perfkit.customers.maximum import Z
from perfkit.errors import DataError, ParameterError
from tests.customers.conftest import simulated

THETA = {"bg_nbd": (0.8, 6.0, 0.9, 2.5), "mbg_nbd": (0.8, 6.0, 0.9, 2.5), "pareto_nbd": (0.8, 6.0, 0.8, 10.0)}
STOPPING = {"bg_nbd": (2, 1.0), "mbg_nbd": (2, 1.0), "pareto_nbd": (3, -1.0)}
BUYING_OF_WEB, STOPPING_OF_WEB = 0.5, 0.7


def two_channels(model, n=1500):
    """Customers of the shop and of the web, each drawn from the model at the parameters of their channel."""
    web = np.array(THETA[model])
    at, sign = STOPPING[model]
    web[1] *= np.exp(-BUYING_OF_WEB)
    web[at] *= np.exp(sign * STOPPING_OF_WEB)
    parts = [
        simulated(model, theta, size, seed=5 + size, until=60.0, horizon=30.0).assign(channel=name)
        for name, theta, size in (("shop", THETA[model], n), ("web", tuple(web), n - 100))
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(age=np.random.default_rng(3).normal(45, 10, len(frame)))


@pytest.fixture(scope="module")
def customers():
    return {model: two_channels(model) for model in THETA}


@pytest.fixture(scope="module")
def fitted(customers):
    return {model: clv.fit(customers[model], model, covariates=["channel", "age"]) for model in THETA}


@pytest.mark.parametrize("model", THETA)
def test_coefficients_are_found_again(fitted, model):
    found = fitted[model].parameters.set_index("parameter")
    true = dict(zip(MODELS[model].parameters, THETA[model], strict=True)) | {
        "buying:channel=web": BUYING_OF_WEB, "stopping:channel=web": STOPPING_OF_WEB,
        "buying:age": 0, "stopping:age": 0,
    }  # fmt: skip
    assert found.index.tolist() == [
        *MODELS[model].parameters, "buying:channel=web", "buying:age", "stopping:channel=web", "stopping:age",
    ]  # fmt: skip
    for name, value in true.items():
        row = found.loc[name]
        if name in MODELS[model].parameters:  # as of a customer of age 0: far off, so that the interval is wide
            assert abs(np.log(row["estimate"] / value)) < 3 * row["se"] / row["estimate"]
        else:
            assert abs(row["estimate"] - value) < 3 * row["se"]
    effects = fitted[model].effects
    assert effects.loc[0, ["kind", "covariate", "member", "reference", "n"]].tolist() == [
        "buying", "channel", "web", "shop", 1400,
    ]  # fmt: skip
    assert np.log(effects.loc[0, "estimate"]) == pytest.approx(found.loc["buying:channel=web", "estimate"])
    assert effects.loc[1, "low"] < 1 < effects.loc[1, "high"] or model == "mbg_nbd"
    test = fitted[model].test.loc[0]
    assert test["df"] == 4 and test["p"] < 1e-6


@pytest.mark.parametrize("model", THETA)
def test_derivatives_are_those_of_differences(fitted, customers, model):
    rows = histories(customers[model].head(40), fitted[model].covariates.matrix(customers[model].head(40))).scaled(30)
    place = np.append(np.log([0.7, 0.4, *MODELS[model].starts[0]]), [0.3, -0.2, 0.1, 0.4])
    _, gradient, hessian = likelihood(MODELS[model], place, rows)
    for at in range(len(place)):
        up, down = (likelihood(MODELS[model], place + sign * 1e-5 * np.eye(8)[at], rows) for sign in (1, -1))
        assert (up[0] - down[0]) / 2e-5 == pytest.approx(gradient[at], rel=1e-6, abs=1e-6)
        np.testing.assert_allclose((up[1] - down[1]) / 2e-5, hessian[at], rtol=1e-4, atol=1e-4)


def test_where_all_covariates_are_left_out_parameters_are_those_of_the_plain_model(customers):
    model = "mbg_nbd"
    plain = clv.fit(customers[model], model)
    none = clv.fit(customers[model].assign(same="a"), model, covariates=["same"])
    pd.testing.assert_frame_equal(none.parameters, plain.parameters)
    assert "profile likelihood" in repr(none)


@pytest.mark.parametrize("model", THETA)
def test_at_coefficients_of_zero_the_model_is_the_plain_one(customers, model):
    plain = clv.fit(customers[model], model)
    none = clv.covariates.covariates(customers[model], ["channel", "age"])
    theta, covariance = np.append(plain.theta, np.ones(4)), np.zeros((8, 8))
    covariance[:4, :4] = plain.covariance
    loose = np.zeros(8, dtype=bool)
    plain = replace(plain, climbed=None)
    zero = replace(plain, theta=theta, covariance=covariance, loose=loose, covariates=none)
    few = customers[model].iloc[::40].assign(monetary=20.0)
    for ask in (
        lambda of: of.expected_purchases(few, 30),
        lambda of: of.expected_purchases(few, 30, by="channel"),
        lambda of: of.p_alive(few),
        lambda of: of.lifetime_value(few, 20.0, horizon=52, annual_discount_rate=0.1, time_unit="week"),
    ):
        pd.testing.assert_frame_equal(ask(zero), ask(plain), rtol=1e-6)


def test_a_covariate_that_splits_customers_is_two_models_where_all_else_is_equal(customers):
    """Of NBD, whose shape r the channels share: the mean rates of the channels are those of each alone."""
    frame = customers["pareto_nbd"].assign(frequency=lambda each: each["frequency"].clip(upper=50))
    both = clv.fit(frame, "nbd", covariates=["channel"])
    r, alpha, web = both.theta
    for name, rate in (("shop", r / alpha), ("web", r / alpha * web)):
        own = clv.fit(frame[frame["channel"] == name], "nbd")
        assert rate == pytest.approx(own.theta[0] / own.theta[1], rel=0.05)
    assert both.test.loc[0, "df"] == 1 and both.parameters["parameter"].tolist() == ["r", "alpha", "buying:channel=web"]


@pytest.mark.parametrize("model", THETA)
def test_groups_get_what_they_go_on_to_buy(fitted, customers, model):
    frame = customers[model]
    found = fitted[model].expected_purchases(frame, 30, by="channel")
    actual = frame.groupby("channel")["later"].sum()
    error = (found["actual_high"] - found["actual_low"]) / (2 * Z)
    assert ((found["estimate"] - actual).abs() < 3 * error).all()
    each = fitted[model].expected_purchases(frame, 30)
    np.testing.assert_allclose(each["estimate"].groupby(frame["channel"]).sum(), found["estimate"], rtol=1e-9)
    inside = frame["later"].between(each["outcome_low"], each["outcome_high"]).mean()
    assert 0.9 <= inside < 0.99


def test_the_unit_of_a_number_and_its_zero_change_nothing_but_its_coefficient(customers):
    frame = customers["pareto_nbd"].iloc[::4]
    one = clv.fit(frame, "pareto_nbd", covariates=["age"])
    other = clv.fit(frame.assign(age=1000 * (frame["age"] - 40)), "pareto_nbd", covariates=["age"])
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-6)
    for name in ("buying:age", "stopping:age"):
        a, b = (each.parameters.set_index("parameter").loc[name, ["estimate", "se"]] for each in (one, other))
        np.testing.assert_allclose(a.astype(float), 1000 * b.astype(float), rtol=1e-4)
    r, alpha = one.parameters["estimate"].iloc[:2]
    at_40 = alpha * np.exp(-40 * one.parameters["estimate"].iloc[4])
    np.testing.assert_allclose([r, at_40], other.parameters["estimate"].iloc[:2], rtol=1e-4)


def test_money_and_true_or_false_are_covariates_too(customers):
    frame = customers["bg_nbd"].iloc[::8].reset_index(drop=True)
    first = [Decimal(round(each)) for each in frame["age"]]
    found = clv.fit(frame.assign(first=first, member=frame.index % 3 == 0), covariates=["first", "member"])
    assert found.covariates.references == {"member": "False"}
    assert [term.name for term in found.covariates.terms] == ["first", "member=True"]


def test_the_missing_of_names_are_a_member_and_of_numbers_are_refused(customers):
    frame = customers["bg_nbd"].iloc[::4]
    some = frame.assign(channel=frame["channel"].where(np.arange(len(frame)) % 5 > 0))
    found = clv.fit(some, covariates=["channel"])
    assert "buying:channel=(missing)" in found.parameters["parameter"].tolist()
    with pytest.raises(DataError, match="age is missing or no number for 1 of .* cut it into named classes"):
        clv.fit(frame.assign(age=frame["age"].where(frame.index != frame.index[7])), covariates=["age"])


def test_a_covariate_that_says_nothing_more_is_named_and_left_out(customers):
    frame = customers["bg_nbd"].iloc[::4]
    same = frame.assign(country="FR", years=frame["age"] / 3 + 2, site=frame["channel"].str.upper(), fee=4.0)
    found = clv.fit(same, covariates=["channel", "age", "years", "site", "country", "fee"])
    assert found.covariates.left_out.to_dict("records") == [
        {"covariate": "country", "reason": "no variation"},
        {"covariate": "fee", "reason": "no variation"},
        {"covariate": "years", "reason": "explained by the others"},
        {"covariate": "site=WEB", "reason": "explained by the others"},
    ]
    note = next(each for each in found.notes if each.startswith("Left out"))
    assert "country (the same for all customers)" in note and "years (the others say the same)" in note
    assert found.test.loc[0, "df"] == 4
    alone = clv.fit(same, covariates=["country"])
    plain = clv.fit(same)
    assert alone.effects.empty and alone.test.loc[0, "p"] == 1 and alone.log_likelihood == plain.log_likelihood
    pd.testing.assert_frame_equal(alone.expected_purchases(same), plain.expected_purchases(same))


@pytest.mark.parametrize("model", THETA)
def test_of_a_member_who_never_bought_again_the_coefficient_is_not_known_and_says_so(customers, model):
    frame = customers[model].iloc[::4].copy()
    never = frame.index[frame["channel"] == "web"][:60]
    frame.loc[never, "channel"] = "fair"
    frame.loc[never, ["frequency", "recency"]] = 0
    found = clv.fit(frame, model, covariates=["channel"])
    of_fair = found.parameters.set_index("parameter").loc["buying:channel=fair"]
    assert of_fair["status"] == "not identified" and np.isnan(of_fair["se"])
    assert any("nobody with one of them bought again: buying:channel=fair" in note for note in found.notes)
    by = found.expected_purchases(frame, 30, by="channel")
    assert np.isfinite(by.drop(columns="status")).all(axis=None)
    assert by.loc["fair", "estimate"] < 0.2 * by.loc["web", "estimate"]
    # The bound of so many occasions without an event, exact: as for customers of whom nobody bought again at all.
    most = -np.log(0.05) / frame.loc[never, "T"].sum() * 30 * 60
    assert by.loc["fair", ["low", "high"]].tolist() == pytest.approx([0, most])
    assert by.loc["fair", "actual_high"] >= by.loc["fair", "high"]
    assert by["status"].to_dict() == {"fair": "upper end only", "shop": "estimated", "web": "estimated"}
    plain = clv.fit(frame[frame["channel"] != "fair"], model, covariates=["channel"])
    without = plain.expected_purchases(frame[frame["channel"] != "fair"], 30, by="channel")
    assert by.loc["web", ["low", "high"]].tolist() == pytest.approx(
        without.loc["web", ["low", "high"]].tolist(), rel=0.02
    )
    total = found.expected_purchases(frame, 30, by="total").loc["total"]
    assert total["status"] == "partly upper end only" and total["high"] > most
    assert total["low"] == pytest.approx(
        clv.fit(frame, model, covariates=["channel"])
        .expected_purchases(frame.drop(never), 30, by="total")["low"]
        .iloc[0]
    )
    each = found.expected_purchases(frame, 30).loc[never]
    assert (each["status"] == "upper end only").all() and each["high"].tolist() == pytest.approx([most / 60] * 60)
    alive = found.p_alive(frame, by="channel").loc["fair"]
    assert alive[["low", "high"]].tolist() == pytest.approx([0, 1]) and alive["status"] == "partly not identified"
    worth = found.lifetime_value(
        frame, 10.0, horizon=30, annual_discount_rate=0.0, time_unit="week", by="channel"
    ).loc["fair"]  # fmt: skip
    assert worth[["low", "high"]].tolist() == pytest.approx([0, 10 * most]) and worth["status"] == "upper end only"
    assert worth["actual_low"] == 0 and worth["actual_high"] >= worth["high"]


def test_where_nobody_bought_again_no_covariate_is_used():
    frame = pd.DataFrame({"frequency": 0, "recency": 0.0, "T": [10.0, 20.0], "channel": ["a", "b"]})
    found = clv.fit(frame, covariates=["channel"])
    assert found.model == "one_rate" and any("none is used" in note for note in found.notes)


def test_what_cannot_be_a_covariate_is_refused(customers, fitted):
    frame = customers["bg_nbd"]
    with pytest.raises(ParameterError, match="no column 'chanel'. Did you mean 'channel'"):
        clv.fit(frame, covariates=["chanel"])
    with pytest.raises(ParameterError, match=r"give a list of columns, such as \['channel'\]"):
        clv.fit(frame, covariates="channel")
    with pytest.raises(ParameterError, match="name has 2900 members"):
        clv.fit(frame.assign(name=frame.index.astype(str)), covariates=["name"])
    with pytest.raises(ParameterError, match="Give one of them"):
        clv.fit(frame, by="channel", covariates=["age"])
    with pytest.raises(DataError, match="channel is 'tv' for 2 of 2 customers, which the model has not seen"):
        fitted["bg_nbd"].p_alive(frame.head(2).assign(channel="tv"))
    with pytest.raises(DataError, match="It is a covariate of the model"):
        fitted["bg_nbd"].p_alive(frame.head(2).drop(columns="age"))


def test_effects_are_shown_in_both_languages(fitted):
    shown = repr(fitted["pareto_nbd"])
    assert "Covariates explain the purchases better than none (p < 0.001)" in shown and "How soon they stop" in shown
    languages.use("fr")
    assert "Les covariables expliquent mieux les achats (p < 0,001)" in repr(fitted["pareto_nbd"])
    figures = fitted["pareto_nbd"].figures()
    assert "purchase_model:pareto_nbd:stopping:channel=web" in figures["figure_id"].tolist()
