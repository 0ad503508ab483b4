"""Lifecycle: stages that follow P(alive), what they are worth, and who moves between them."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from perfkit import languages
from perfkit.customers import clv, segments
from perfkit.errors import DataError, ParameterError
from tests.customers.conftest import simulated

UNTIL = "1998-06-30"


@pytest.fixture(autouse=True)
def _english_again():
    yield
    languages.use("en")


@pytest.fixture(scope="module")
def staged(summary, models):
    spend = clv.fit_spend(summary)
    return segments.lifecycle(summary, models["pareto_nbd"], spend, annual_discount_rate=0.1)


def test_stages_follow_the_interval_of_p_alive(staged):
    rest = staged.customers[staged.customers["age"] > staged.new_within]
    low, high = rest["p_alive_low"], rest["p_alive_high"]
    assert (low[rest["stage"] == "active"] >= 0.8).all() and (high[rest["stage"] == "lost"] < 0.2).all()
    at_risk = rest["stage"] == "at risk"
    assert (low[at_risk] >= 0.2).all() and (high[at_risk] < 0.8).all()
    unsure = rest["stage"] == "not sure"
    assert unsure.any() and (((low < 0.8) & (high >= 0.8)) | ((low < 0.2) & (high >= 0.2)))[unsure].all()
    assert set(staged.customers["stage"]) <= set(staged.order)


def test_whoever_is_young_is_new_whatever_p_alive_says(summary, models):
    found = segments.lifecycle(summary, models["pareto_nbd"], new_within=30)
    assert ((found.customers["stage"] == "new") == (summary.customers["T"] <= 30)).all()
    assert found.stage("new")["n"] > 0


def test_stages_sum_to_all_customers(staged, summary, models):
    stages = staged.stages.set_index("stage")
    parts, whole = stages.drop(index="total"), stages.loc["total"]
    assert parts["n"].sum() == whole["n"] == 2357
    for name in ("alive", "purchases", "value"):
        assert parts[name].sum() == pytest.approx(whole[name])
    assert whole["purchases"] == pytest.approx(
        float(models["pareto_nbd"].expected_purchases(summary, staged.horizon, by="total")["estimate"].iloc[0])
    )
    assert staged.customers["value"].sum() == pytest.approx(whole["value"])
    there = parts[parts["n"] > 0]
    for name in ("alive", "purchases", "value"):
        assert (there[f"{name}_low"] <= there[name]).all() and (there[name] <= there[f"{name}_high"]).all()


def test_at_stake_is_the_value_if_alive_times_the_chance_to_be_gone(summary, models):
    found = segments.lifecycle(summary, models["pareto_nbd"], 10.0, annual_discount_rate=0)
    rows = found.customers
    lost = rows["purchases"] * (1 - rows["p_alive"]) / rows["p_alive"]
    np.testing.assert_allclose(rows["lost_purchases"], lost, rtol=1e-9)
    keep = found.to_keep
    np.testing.assert_allclose(keep["at_stake"], 10 * keep["lost_purchases"], rtol=1e-9)
    np.testing.assert_allclose(keep["at_stake_low"], 10 * keep["lost_purchases_low"], rtol=1e-6)
    assert keep["at_stake"].is_monotonic_decreasing and len(keep) == found.stage("at risk")["n"]
    assert rows.loc[rows["stage"] != "at risk", "at_stake"].isna().all()
    row = found.stage("at risk")
    assert row["at_stake"] == pytest.approx(keep["at_stake"].sum())
    assert row["at_stake_low"] < row["at_stake"] < row["at_stake_high"]
    assert row["lost_purchases"] == pytest.approx(keep["lost_purchases"].sum())


def test_what_is_missed_goes_by_the_parameters_that_covariates_give_each_customer(summary):
    """With parameters of their own, customers of a wave miss what they would have bought by these."""
    late = np.where(summary.customers["T"] < summary.customers["T"].median(), "late", "early")
    told = replace(summary, customers=summary.customers.assign(wave=late))
    fitted = clv.fit(told, "pareto_nbd", covariates=["wave"])
    rows = segments.lifecycle(told, fitted, 10.0, annual_discount_rate=0).customers
    lost = rows["purchases"] * (1 - rows["p_alive"]) / rows["p_alive"]
    np.testing.assert_allclose(rows["lost_purchases"], lost, rtol=1e-9)
    plain = segments.lifecycle(summary, clv.fit(summary, "pareto_nbd"), 10.0, annual_discount_rate=0).customers
    assert not np.allclose(rows["lost_purchases"], plain["lost_purchases"], rtol=1e-3)


def test_more_is_unknown_where_spend_and_margin_are_estimates(summary, models, staged):
    def width(found):
        row = found.stage("at risk")
        return row["at_stake_high"] / row["at_stake_low"]

    fixed = segments.lifecycle(summary, models["pareto_nbd"], 35.0, annual_discount_rate=0.1)
    rate = pd.DataFrame([{"estimate": 0.4, "se": 0.02}])
    both = segments.lifecycle(
        summary, models["pareto_nbd"], clv.fit_spend(summary), annual_discount_rate=0.1, margin_rate=rate
    )
    assert width(fixed) < width(staged) < width(both)
    assert both.stage("at risk")["at_stake"] == pytest.approx(0.4 * staged.stage("at risk")["at_stake"])
    assert both.value == "margin" and "one margin rate for all customers" in repr(both)


def test_what_a_model_assumes_makes_no_stage(summary, models):
    found = segments.lifecycle(summary, models["bg_nbd"])
    assumed = found.customers["stage"] == "assumed"
    never = found.customers["frequency"] == 0
    assert (assumed == (never & (found.customers["age"] > found.new_within))).all() and assumed.sum() > 1000
    assert "BG/NBD takes these customers as still buying whatever the data say" in repr(found)
    nobody_stops = segments.lifecycle(summary, models["nbd"])
    assert set(nobody_stops.customers["stage"]) <= {"assumed", "new"} and len(nobody_stops.to_keep) == 0
    assert "No customer is at risk for certain" in repr(nobody_stops)
    missing = nobody_stops.figures().set_index("figure_id").loc["lifecycle:1997-09-30:nbd:at_risk:purchases"]
    assert missing["status"] == "not available" and missing["reason"] == "No customer is in the stage."


def test_without_a_value_purchases_are_at_stake(summary, models):
    found = segments.lifecycle(summary, models["pareto_nbd"])
    assert not found.valued and found.to_keep["lost_purchases"].is_monotonic_decreasing
    assert "purchases within 52 weeks are at stake" in repr(found) and "Nothing is valued" in repr(found)
    losing = segments.lifecycle(summary, models["pareto_nbd"], 10.0, annual_discount_rate=0, margin_rate=-0.1)
    assert losing.reason == "no gain" and "nothing is at stake" in repr(losing)


def test_each_stage_buys_what_is_expected_of_it():
    """Customers drawn from a known process, followed for 26 weeks more."""
    drawn = simulated("mbg_nbd", (0.8, 6.0, 0.7, 2.5), 6000, seed=11, until=80, horizon=26)
    day = dt.date(2024, 6, 30)
    frame = drawn.assign(customer_id=[f"c{n}" for n in range(len(drawn))])
    history = clv.Summary(
        frame,
        pd.DataFrame(columns=["reason", "lines", "net_revenue"]),
        None,
        0,
        0,
        day,
        "week",
        "day",
        "revenue",
        None,
        "",
    )
    found = segments.lifecycle(history, clv.fit(frame, "mbg_nbd"), horizon=26)
    later = frame["later"].groupby(found.customers["stage"]).sum()
    stages = found.stages.set_index("stage")
    for stage in ("active", "at risk", "lost"):
        row = stages.loc[stage]
        half = (row["purchases_actual_high"] - row["purchases_actual_low"]) / 2
        assert row["n"] > 100 and abs(later[stage] - row["purchases"]) < 2 * half, stage


def test_a_lifecycle_that_cannot_be_told_is_refused(summary, models):
    model = models["pareto_nbd"]
    with pytest.raises(ParameterError, match="give two probabilities in order"):
        segments.lifecycle(summary, model, active_from=0.2, lost_below=0.8)
    with pytest.raises(ParameterError, match="annual_discount_rate: give a share a year"):
        segments.lifecycle(summary, model, 10.0)
    with pytest.raises(ParameterError, match="new_within is -1: give an age in weeks"):
        segments.lifecycle(summary, model, new_within=-1)
    with pytest.raises(DataError, match="give what clv.summarise returns"):
        segments.lifecycle(summary.customers, model)


def test_a_lifecycle_migrates_and_shows_itself(cdnow, staged, models, summary):
    later = clv.summarise(cdnow, observed_until=UNTIL)
    plain = [segments.lifecycle(each, models["pareto_nbd"]) for each in (summary, later)]
    found = segments.migration(*plain)
    assert found.cells["customers"].sum() == 2357
    assert sum(found.cells["value_now"]) == pytest.approx(plain[1].stage("total")["purchases"])
    assert "Expected purchases of all customers" in repr(found)
    with pytest.raises(DataError, match="differ in valued"):
        segments.migration(staged, plain[1])
    figures = staged.figures()
    assert figures["figure_id"].is_unique and set(figures["status"]) <= {"observed", "estimated", "not available"}
    languages.use("fr")
    assert "clients à risque" in repr(staged) and "Qui garder d’abord" in repr(staged)
