"""Tracks and calibration: forecasts held against what was bought."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from perfkit.customers import clv
from perfkit.customers.clv import calibration_views
from perfkit.errors import DataError, ParameterError

UNTIL = "1998-06-30"


@pytest.fixture(scope="module")
def tracked(cdnow):
    return clv.tracking(cdnow, observed_until=UNTIL)


def test_a_track_ends_where_the_backtest_does(cdnow, tracked):
    row = clv.backtest(cdnow, observed_until=UNTIL, origins=1, models=["pareto_nbd"]).rows.iloc[0]
    assert tracked.actual == row["actual"] == 1882
    for name in ("expected", "low", "high"):
        assert getattr(tracked, name) == pytest.approx(row[name])
    assert tracked.bias == pytest.approx(row["bias"]) and tracked.covered == bool(row["covered"])


def test_a_track_counts_every_repeat_purchase(cdnow, tracked):
    steps = tracked.steps
    days = cdnow[cdnow["net_revenue"] >= 0].drop_duplicates(["customer_id", "date"])
    repeat = days[days["date"] > days.groupby("customer_id")["date"].transform("min")]
    for end, seen in zip(steps["end"], steps["cumulative_actual"], strict=True):
        assert seen == (repeat["date"] <= pd.Timestamp(end)).sum()
    assert (
        steps["end"].iloc[-1] == dt.date(1998, 6, 30)
        and steps.loc[~steps["held_out"], "end"].iloc[-1] == tracked.origin
    )
    assert steps["held_out"].sum() == 39 and steps.loc[~steps["held_out"], "low"].isna().all()
    at_origin = steps.loc[~steps["held_out"], "cumulative_actual"].iloc[-1]
    assert steps["cumulative_expected"].iloc[-1] - at_origin == pytest.approx(tracked.expected)


@pytest.mark.parametrize("model", ["bg_nbd", "mbg_nbd", "nbd"])
def test_what_was_fitted_expects_about_what_was_bought(cdnow, model):
    """At the maximum of the likelihood the cohort's own purchases are met to a few per cent, whichever the model."""
    steps = clv.tracking(cdnow, observed_until=UNTIL, model=model, horizon=4).steps
    last = steps[~steps["held_out"]].iloc[-1]
    assert last["cumulative_expected"] == pytest.approx(last["cumulative_actual"], rel=0.1)


def test_a_horizon_that_is_no_whole_number_of_steps_ends_on_its_day(cdnow):
    for unit, horizon, ends in (("week", 5.5, 6), ("month", 3, 3), ("day", 20, 3)):
        found = clv.tracking(cdnow, observed_until=UNTIL, horizon=horizon, time_unit=unit)
        held = found.steps[found.steps["held_out"]]
        assert len(held) == ends and held["end"].iloc[-1] == dt.date(1998, 6, 30)
        assert held["actual"].sum() == found.actual and held["expected"].sum() == pytest.approx(found.expected)


def test_calibration_by_frequency_is_that_of_the_backtest_with_intervals(cdnow):
    found = clv.calibration(cdnow, observed_until=UNTIL)
    by = clv.backtest(cdnow, observed_until=UNTIL, origins=1, models=["pareto_nbd"]).calibration
    by = by[by["model"] == "pareto_nbd"].reset_index(drop=True)
    classes = found.classes
    assert classes["frequency"].tolist() == by["frequency"].tolist() and (classes["n"] == by["customers"]).all()
    for name in ("actual", "expected"):
        np.testing.assert_allclose(classes[name], by[name].to_numpy(np.float64))
    assert (classes["actual_low"] <= classes["low"]).all() and (classes["high"] <= classes["actual_high"]).all()
    within = (classes["actual_low"] <= classes["actual"]) & (classes["actual"] <= classes["actual_high"])
    assert (classes["covered"] == within).all()
    assert "by frequency: 7 of 8 classes" in repr(found) and found.figures()["figure_id"].is_unique


def test_a_holdout_that_cannot_be_is_refused(cdnow):
    with pytest.raises(DataError, match="nobody had bought again 39 weeks before 1997-06-30"):
        clv.tracking(cdnow, observed_until="1997-06-30")
    with pytest.raises(ParameterError, match="model: no model 'bg'"):
        clv.calibration(cdnow, observed_until=UNTIL, model="bg")
    with pytest.raises(ParameterError, match="time_unit: no setting 'weeks'. Did you mean 'week'"):
        clv.tracking(cdnow, observed_until=UNTIL, time_unit="weeks")


def test_whether_customers_are_new_is_said(cdnow, tracked):
    assert "say from which day on a customer is new" in repr(tracked)
    known = clv.tracking(cdnow, observed_until=UNTIL, acquired_from="1997-01-01")
    assert "say from which day" not in repr(known) and known.actual == tracked.actual


def test_calibration_names_the_class_that_was_off_where_it_holds_many_of_the_purchases(cdnow):
    found = clv.calibration(cdnow, observed_until=UNTIL, model="bg_nbd")
    classes = found.classes.assign(covered=[True] * 7 + [False], actual=found.classes["actual"] * 2)
    worst = classes.iloc[-1]
    told = calibration_views.message(replace(found, classes=classes))
    assert told.startswith(f"Customers with {worst['frequency']} repeat purchases bought {worst['actual']:.2f} times")
    assert "7 of 8 classes" in told
