"""Pooling: small groups borrow, large ones keep their own, and what is borrowed is said."""

import numpy as np
import pandas as pd
import pytest

from perfkit import languages
from perfkit.customers import clv
from perfkit.errors import DataError, ParameterError
from tests.customers.conftest import frame_of, simulated

SIZES = {"large": 1200, "middle": 200, "small": 40, "tiny": 6}
ALPHAS = {"large": 6.0, "middle": 4.0, "small": 9.0, "tiny": 6.0}


@pytest.fixture(scope="module")
def customers():
    parts = [
        simulated("bg_nbd", (0.7, ALPHAS[name], 0.9, 2.5), n, seed=n, horizon=40).assign(channel=name)
        for name, n in SIZES.items()
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def pooled(customers):
    return clv.fit(customers, "bg_nbd", by="channel")


def test_the_smaller_a_group_the_more_it_borrows(pooled):
    borrowed = pooled.borrowed.set_index("group").loc[list(SIZES)]
    assert borrowed["customers"].tolist() == list(SIZES.values())
    assert borrowed["buying"].is_monotonic_increasing and borrowed["stopping"].is_monotonic_increasing
    assert borrowed["buying"].iloc[0] < 0.1 and borrowed["buying"].iloc[-1] > 0.4
    assert "Groups borrow from" in repr(pooled)


def test_a_group_lies_between_its_own_estimate_and_the_common_one(pooled, customers):
    def rate(fitted):
        return np.log(fitted.theta[0] / fitted.theta[1])

    for name in ("large", "middle"):
        own = rate(clv.fit(customers[customers["channel"] == name]))
        low, high = sorted((own, rate(pooled.common)))
        assert low - 0.05 < rate(pooled.groups[name]) < high + 0.05


def test_groups_that_are_the_same_are_pooled_to_one():
    drawn = simulated("mbg_nbd", (0.7, 5.0, 0.9, 2.5), 900, seed=2)
    drawn["cohort"] = np.arange(900) % 3
    found = clv.fit(drawn, "mbg_nbd", by="cohort")
    assert (found.borrowed["buying"] > 0.5).all()
    whole = clv.fit(drawn, "mbg_nbd").expected_purchases(drawn, 40)["estimate"]
    np.testing.assert_allclose(found.expected_purchases(drawn, 40)["estimate"], whole, rtol=0.15)


def test_customers_are_predicted_by_the_model_of_their_group(pooled, customers):
    each = pooled.expected_purchases(customers, 40)
    assert each.index.equals(customers.index) and np.isfinite(each.select_dtypes("number")).all(axis=None)
    groups = pooled.expected_purchases(customers, 40, by="group")
    np.testing.assert_allclose(
        groups["estimate"], each["estimate"].groupby(customers["channel"]).sum().loc[groups.index], rtol=1e-9
    )
    actual = customers.groupby("channel")["later"].sum().loc[groups.index]
    assert ((groups["actual_low"] <= actual) & (actual <= groups["actual_high"])).sum() >= 3
    assert pooled.p_alive(customers, by="group")["estimate"].between(0, 1).all()
    options = {"horizon": 40, "annual_discount_rate": 0.1, "time_unit": "week", "by": "group"}
    assert (pooled.lifetime_value(customers, 20.0, **options)["estimate"] < 20 * groups["estimate"]).all()


def test_of_a_group_not_seen_the_common_model_speaks_less_surely(pooled, customers):
    new = customers.head(20).assign(channel="new")
    known = pooled.expected_purchases(customers.head(20), 40, by="group").iloc[0]
    unknown = pooled.expected_purchases(new, 40, by="group").iloc[0]
    assert unknown["high"] / unknown["low"] > known["high"] / known["low"]


def test_several_columns_and_a_series_make_groups(customers):
    frame = customers[customers["channel"] != "large"].assign(cohort=lambda each: (each.index % 2).astype(str))
    found = clv.fit(frame, "bg_nbd", by=["cohort", "channel"])
    assert "0 × middle" in found.groups and len(found.groups) == 6
    by_series = clv.fit(frame, "bg_nbd", by=frame["channel"])
    with pytest.raises(ParameterError, match="fitted with a Series"):
        by_series.p_alive(frame)
    assert len(by_series.p_alive(frame, of=frame["channel"])) == len(frame)


@pytest.mark.parametrize("model", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
def test_groups_that_say_nothing_borrow_everything(customers, model):
    silent = pd.DataFrame({"frequency": 0, "recency": 0.0, "T": [0.0, 0.0], "channel": "silent"})
    never = pd.DataFrame({"frequency": 0, "recency": 0.0, "T": [30.0, 20.0], "channel": "never again"})
    frame = pd.concat([customers[customers["channel"] == "middle"], silent, never], ignore_index=True)
    found = clv.fit(frame, model, by="channel")
    assert np.isfinite(found.parameters[["estimate", "low", "high"]]).all(axis=None)
    assert np.isfinite(found.expected_purchases(frame, 40).select_dtypes("number")).all(axis=None)
    borrowed = found.borrowed.set_index("group")["buying"]
    assert borrowed["silent"] > 0.99 and borrowed["never again"] > borrowed["middle"]


RUNNING_OFF = {
    "all alike": frame_of(*[(3, 20.0, 39.0)] * 200),
    "never again, for years": frame_of(*[(0, 0.0, 500.0)] * 500),
    "all gone at once": frame_of(*[(1, 0.01, 39.0)] * 50),
    "nobody gone": frame_of(*[(x, 39.5, 40.0) for x in range(5, 60)]),
    "the most frequent": frame_of((10_000, 400.0, 500.0), (0, 0.0, 500.0)),
    "one customer": frame_of((2, 10.0, 39.0)),
}


@pytest.mark.parametrize("model", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
@pytest.mark.parametrize("group", RUNNING_OFF)
def test_a_group_whose_own_parameters_run_off_is_held_by_the_others(customers, model, group):
    middle = customers[customers["channel"] == "middle"]
    frame = pd.concat([middle, RUNNING_OFF[group].assign(channel=group)], ignore_index=True)
    found = clv.fit(frame, model, by="channel")
    assert np.isfinite(found.parameters[["estimate", "se", "low", "high"]]).all(axis=None)
    for by in (None, "group"):
        assert np.isfinite(found.expected_purchases(frame, 40, by=by).select_dtypes("number")).all(axis=None)
    assert (found.spread <= 3).all() and found.notes == found.views()[0].notes


def test_a_group_that_takes_the_pooled_value_is_named_with_the_reason(customers):
    frame = customers[customers["channel"] == "middle"]
    one = pd.concat([frame, frame_of((2, 10.0, 39.0)).assign(channel="alone")], ignore_index=True)
    found = clv.fit(one, "mbg_nbd", by="channel")
    alone = found.borrowed.set_index("group").loc["alone"]
    assert alone["pooled"] == "both" and alone["buying"] > 0.95
    assert any(note.startswith("How soon customers stop is the pooled value in ") for note in found.notes)
    many = frame.assign(channel=np.arange(len(frame)) % 50)
    assert "and 44 other groups: their own purchases are too few" in " ".join(clv.fit(many, by="channel").notes)
    languages.use("fr")
    assert any("est la valeur commune pour" in note for note in found.notes)


def test_where_nobody_is_seen_to_stop_groups_say_so():
    alive = pd.concat([RUNNING_OFF["nobody gone"].assign(channel=each) for each in "ab"], ignore_index=True)
    found = clv.fit(alive, "pareto_nbd", by="channel")
    assert found.common.model == "nbd" and "Pareto/NBD explains them no better" in found.notes[0]
    assert found.borrowed["stopping"].isna().all()


def test_groups_that_are_none_are_refused(customers, pooled):
    with pytest.raises(ParameterError, match="no column 'chanel'. Did you mean 'channel'"):
        clv.fit(customers, by="chanel")
    with pytest.raises(DataError, match="have no group"):
        clv.fit(customers.assign(channel=customers["channel"].where(customers["channel"] != "tiny")), by="channel")
    with pytest.raises(ParameterError, match="say 'group'"):
        pooled.p_alive(customers, by="total")
    with pytest.raises(DataError, match="nothing to lend"):
        clv.fit(customers.assign(frequency=0, recency=0.0), by="channel")
