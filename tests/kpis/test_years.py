"""The year to date and its landing: counted by hand, calibrated on simulated years, silent where it cannot tell."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from perfkit import kpis, periods
from perfkit.kpis.landings import _replayed
from perfkit.results import plain


def run(lines, label="2024-03", **options):
    return kpis.year_to_date(lines, period=periods.parse(label), currency="EUR", **options)


def monthly(sales, amounts, start="2023-01"):
    """One line a month."""
    months = pd.period_range(start, periods=len(amounts), freq="M")
    return sales([(f"{month}-02", amount) for month, amount in zip(months, amounts, strict=True)])


def test_a_year_counted_by_hand(sales):
    lines = monthly(sales, [10, 20, 30, *[100] * 9, 20, 40, 60], "2023-01")
    targets = pd.DataFrame(
        {"kpi": "revenue", "period": pd.date_range("2024-01-01", periods=12, freq="MS"), "value": [50] * 12}
    )
    result = run(lines, targets=targets)
    assert result.cells["month"].iloc[0] == dt.date(2024, 1, 1)
    assert result.cells["actual"].tolist() == [20, 60, 120, *[None] * 9]
    assert result.cells["previous"].tolist() == [10, 30, 60, *range(160, 961, 100)]
    assert result.cells["target"].tolist() == list(range(50, 601, 50))
    assert (result.actual, result.previous, result.target) == (120, 60, 150)
    assert (result.year_previous, result.year_target) == (960, 600)
    assert result.landing.estimate == 1920  # 120 / (60 / 960)
    assert (result.landing.low, result.landing.n) == (None, 3)  # three months a year apart tell no spread
    assert "only 3 months" in plain(result.views()[0])
    assert result.views()[0].title == "2024 stands at €120 and would land at €1,920, 320.0% of target"
    assert result.ties_to() == {"net_revenue": Decimal(120), "period": "2024"}


def test_the_fiscal_year_of_the_company_is_cumulated(sales):
    lines = monthly(sales, [1] * 12 + [2] * 5, "2022-07")
    result = run(lines, "2023-11", fiscal_year_starts="07-01")
    assert (result.year.label, result.actual, result.previous) == ("FY2024", 10, 5)
    assert result.landing.estimate == 24
    quarter = run(lines, "2023-Q3", fiscal_year_starts="07-01")
    assert quarter.actual == 6  # July to September


@pytest.mark.parametrize("silent", ["2023-03", "2024-02", "2023-11"])
def test_a_year_with_a_month_that_may_be_missing_does_not_land(sales, silent):
    lines = monthly(sales, [100] * 27, "2022-01")
    result = run(lines[lines["date"].dt.strftime("%Y-%m") != silent], "2024-03")
    assert (result.landing.status, result.landing.estimate) == ("not available", None)
    assert result.landing.reason.startswith(f"no line is dated in {periods.parse(silent).name()}:")


def test_a_month_that_never_sells_is_no_gap(sales):
    lines = monthly(sales, [100] * 27, "2022-01")
    result = run(lines[lines["date"].dt.month != 8], "2024-03")
    assert result.landing.estimate == 1100


def test_a_year_that_is_over_has_no_forecast(sales):
    result = run(monthly(sales, [5] * 24, "2023-01"), "2024")
    assert (result.landing.status, result.landing.estimate) == ("observed", 60)
    assert result.views()[0].title == "2024 is over: €60"


@pytest.mark.parametrize(
    ("amounts", "start", "reason"),
    [
        ([5] * 12, "2023-04", "last year is not whole in the data. The data start on 2 April 2023."),
        ([-5] * 3 + [9] * 9 + [5] * 3, "2023-01", "revenue of the year so far, or of last year, is not positive."),
        ([5] * 12 + [-1] * 3, "2023-01", "revenue of the year so far, or of last year, is not positive."),
    ],
    ids=["half a year before", "no base", "no revenue"],
)
def test_a_landing_that_has_no_ground_is_not_estimated(sales, amounts, start, reason):
    result = run(monthly(sales, amounts, start))
    assert (result.landing.estimate, result.landing.status, result.landing.reason) == (None, "not available", reason)
    assert reason in plain(result.views()[0])


def test_data_that_start_within_the_year_have_no_year_to_date(sales):
    result = run(monthly(sales, [5] * 2, "2024-02"))
    assert result.reason == "2024 is not whole in the data. The data start on 2 February 2024."
    assert result.figures()["status"].tolist() == ["not available"]
    result._repr_mimebundle_()


def test_money_times_three_lands_three_times_as_high(sales):
    amounts = [90, 110, 100, 95, 120, 80, 100, 105, 130, 70, 90, 140, 99, 104, 120]
    once, thrice = (run(monthly(sales, [factor * amount for amount in amounts], "2023-01")) for factor in (1, 3))
    for name in ("estimate", "low", "high"):
        one, three = getattr(once.landing, name), getattr(thrice.landing, name)
        assert one is None or float(three) == pytest.approx(3 * float(one), abs=0.02)


@pytest.mark.parametrize("carried", [0.0, 0.5], ids=["apart", "half together"])
def test_the_interval_holds_the_year_s_end_about_nine_times_of_ten(carried):
    """300 simulated years that grow by 10 %, whose months stray by 10 %, a part of it carried over to the next."""
    draw, inside = np.random.default_rng(7), 0
    season = np.tile(100 * (1 + 0.4 * np.sin(np.arange(12))), 3) * np.repeat([1, 1.1, 1.21], 12)
    for _ in range(300):
        strays = draw.normal(0, 0.1, 48)
        for month in range(1, 48):
            strays[month] = carried * strays[month - 1] + np.sqrt(1 - carried**2) * strays[month]
        months, done = season * np.exp(strays[12:]), int(draw.integers(2, 11))
        growth = months[12:] / months[:-12]
        actual, reached = months[24 : 24 + done].sum(), months[12 : 12 + done].sum()
        low, high = _replayed(
            actual, actual / reached, months[12 + done : 24].tolist(), growth[done : 12 + done].tolist(), done
        )
        inside += low <= months[24:].sum() <= high
    assert 0.84 <= inside / 300 <= 0.96, inside / 300
