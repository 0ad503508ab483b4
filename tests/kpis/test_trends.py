"""Trends: months that are over, not over yet, or before the data."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from perfkit import kpis, periods
from perfkit.results import plain


def run(lines, label="2024-03", **options):
    return kpis.trend(lines, period=periods.parse(label), currency="EUR", **options)


def test_months_counted_by_hand(sales):
    lines = sales(
        [("2022-12-01", 1), ("2023-02-10", 50), ("2024-01-05", 10), ("2024-03-01", 20), ("2024-03-31", -5)],
        order_id=["o", "a", "b", "c", "d"], customer_id=["x", "x", "x", "x", None],
    )  # fmt: skip
    result = run(lines, months=3)
    assert result.cells["month"].tolist() == [dt.date(2024, 1, 1), dt.date(2024, 2, 1), dt.date(2024, 3, 1)]
    assert result.cells["revenue"].tolist() == [10, 0, 15]  # February is over, and nothing was sold
    assert result.cells["previous"].tolist() == [0, 50, 0]
    assert result.cells["orders"].tolist() == [1, 0, 1]
    assert result.cells["customers"].tolist() == [1, 0, 1]
    assert sum(result.cells["revenue"], Decimal(0)) == 25


def test_a_month_that_is_not_over_is_missing_unlike_a_month_without_sales(sales):
    lines = sales([("2023-01-01", 1), ("2024-03-01", 20)])
    result = run(lines, observed_until=dt.date(2024, 3, 30), months=2)
    assert result.cells["revenue"].tolist() == [0, None]
    figures = result.figures().set_index("figure_id")
    assert figures.loc["trend:2024-03:revenue", "status"] == "not observed yet"
    assert figures.loc["trend:2024-02:revenue", "status"] == "observed"


def test_months_before_the_data_are_left_out_and_a_year_before_them_is_missing(sales):
    lines = sales([("2023-12-15", 1), ("2024-03-01", 20)])
    result = run(lines)
    assert result.cells["month"].iloc[0] == dt.date(2024, 1, 1)  # December is cut by the start of the data
    assert result.cells["previous"].isna().all()
    assert "The data start on 15 December 2023." in plain(result.views()[0])


def test_monthly_targets_stand_beside_their_months(sales):
    targets = pd.DataFrame({"kpi": ["revenue"], "period": [pd.Timestamp("2024-03-01")], "value": [30]})
    result = run(sales([("2023-01-01", 1), ("2024-03-01", 20)]), targets=targets, months=2)
    assert result.cells["target"].tolist() == [None, 30]


@pytest.mark.parametrize(
    ("amounts", "message"),
    [
        ((10, 20), "Revenue in March 2024: €20, the highest of 2 months"),
        ((20, 10), "Revenue in March 2024: €10; the best month was February 2024, with €20"),
    ],
)
def test_the_title_says_the_message(sales, amounts, message):
    lines = sales([("2024-02-01", amounts[0]), ("2024-03-01", amounts[1])])
    assert run(lines).views()[0].title == message


def test_against_a_year_before_the_title_says_how_many_months_were_up(sales):
    lines = sales([("2022-12-01", 1), ("2023-02-01", 10), ("2023-03-01", 10), ("2024-02-01", 15), ("2024-03-01", 9)])
    assert (
        run(lines, months=2).views()[0].title
        == "Revenue of the last 2 months: +20.0% on the year before; 1 month was up"
    )
