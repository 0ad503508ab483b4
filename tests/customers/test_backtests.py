"""Backtests: counted by hand, tied to what was bought, and a choice that says why."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from perfkit import languages
from perfkit.customers import clv
from perfkit.errors import DataError, ParameterError


@pytest.fixture(scope="module")
def tested(cdnow):
    return clv.backtest(cdnow, observed_until="1998-06-30", horizon=39, origins=2)


def test_the_holdout_of_the_articles_is_counted(tested, cdnow):
    """39 weeks after 30 September 1997 the sample bought on 1,882 customer days."""
    rows = tested.rows[tested.rows["origin"] == dt.date(1997, 9, 30)].set_index("model")
    days = cdnow.loc[cdnow["date"] > "1997-09-30", ["customer_id", "date"]].drop_duplicates()
    assert rows["actual"].unique().tolist() == [len(days)] == [1882]
    assert rows["customers"].unique().tolist() == [2357]
    assert rows.loc["bg_nbd", "bias"] == pytest.approx(rows.loc["bg_nbd", "expected"] / 1882 - 1)
    assert rows.loc["bg_nbd", "expected"] == pytest.approx(1653.4, abs=0.5)


def test_classes_of_frequency_sum_to_the_totals(tested):
    sums = tested.calibration.assign(
        expected=lambda each: each["expected"] * each["customers"],
        actual=lambda each: each["actual"] * each["customers"],
    )
    by = sums.groupby(["origin", "model"])[["customers", "expected", "actual"]].sum()
    rows = tested.rows.set_index(["origin", "model"]).loc[by.index]
    for name in ("customers", "expected", "actual"):
        np.testing.assert_allclose(by[name].to_numpy(np.float64), rows[name].to_numpy(np.float64))
    assert set(tested.calibration["frequency"]) == {"0", "1", "2", "3", "4", "5", "6", "7+"}


def test_the_best_likelihood_does_not_choose(cdnow):
    """On CDNOW, MBG/NBD fits the past best and is the most wrong later: the choice is another, and says so."""
    tested = clv.backtest(cdnow, observed_until="1998-06-30", horizon=39, origins=1)
    scores = tested.scores().drop(index="past_rate")
    assert scores["log_likelihood"].idxmax() == "mbg_nbd" == scores["bias"].idxmax()
    choice = clv.choose(tested)
    assert (
        scores["bias"].idxmin() == "pareto_nbd"
        and scores.loc["bg_nbd", "bias"] < scores["bias"].min() + clv.backtests.TIED
    )
    assert choice.model == "bg_nbd" == scores.loc[["bg_nbd", "pareto_nbd"], "log_score"].idxmax()
    shown = repr(choice)
    assert "BG/NBD: totals off by" in shown and "less than a point apart" in shown
    assert "MBG/NBD fits the past best, and was off by" in shown and "Few origins" in shown
    languages.use("fr")
    assert "la vraisemblance sur l’échantillon ne choisit pas" in repr(choice)


def test_nobody_beats_the_past_rate_where_everybody_buys_by_the_week():
    days = pd.date_range("2024-01-01", periods=60, freq="7D")
    sales = pd.DataFrame(
        [(f"c{each}", day + pd.Timedelta(days=each % 5), 10) for each in range(30) for day in days[each % 7 :]],
        columns=["customer_id", "date", "net_revenue"],
    )
    choice = clv.choose(clv.backtest(sales, observed_until="2025-02-01", horizon=20, origins=1, models=["bg_nbd"]))
    row = choice.tested.rows.set_index("model").loc["past_rate"]
    assert abs(row["bias"]) < 0.03
    assert choice.tested.rows.loc[0, "fitted"] == "nbd"  # nobody stops


def test_models_that_all_fell_back_to_one_are_told_as_one():
    """Customers who buy at random and never stop: no family of models differs from another."""
    draw = np.random.default_rng(5)
    days = [
        (f"c{each}", pd.Timestamp("2024-01-01") + pd.Timedelta(days=int(day)), 10)
        for each in range(40)
        for day in np.flatnonzero(draw.random(400) < 0.1)
    ]
    sales = pd.DataFrame(days, columns=["customer_id", "date", "net_revenue"])
    choice = clv.choose(clv.backtest(sales, observed_until="2025-02-01", horizon=10, origins=2))
    assert set(choice.tested.rows["fitted"]) == {"nbd", "past_rate"}
    assert "one and the same" in repr(choice) and "decides" not in repr(choice)


@pytest.mark.parametrize("given", [None, "bg_nbd", pd.DataFrame({"date": []})])
def test_models_are_chosen_by_a_backtest_alone(given):
    with pytest.raises(
        ParameterError, match=r"given a \w+\. .* write clv\.choose\(clv\.backtest\(sales, observed_until="
    ):
        clv.choose(given)


def test_data_that_are_too_short_are_refused(cdnow):
    with pytest.raises(DataError, match="nobody had bought again 39 weeks before 1997-06-30"):
        clv.backtest(cdnow, observed_until="1997-06-30", horizon=39)
    with pytest.raises(ParameterError, match="models: no model 'bg'"):
        clv.backtest(cdnow, observed_until="1998-06-30", models=["bg"])
    with pytest.raises(ParameterError, match="horizon"):
        clv.backtest(cdnow, observed_until="1998-06-30", horizon=-1)


def test_a_backtest_shows_itself(tested):
    assert "Forecasts from 2 origins, the last 30 September 1997" in repr(tested)
    assert len(tested.figures()) == 8 and (tested.figures()["status"] == "observed").all()
