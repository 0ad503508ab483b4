"""Working days and targets beside the figures: counted by hand, and refused in words."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from perfkit import kpis, languages, periods
from perfkit.errors import DataError, ParameterError
from perfkit.results import plain

JANUARY = periods.parse("2024-01")


def card(lines, period=JANUARY, **options):
    return kpis.scorecard(lines, period=period, currency="EUR", **options)


def planned(*rows):
    columns = ["kpi", "period", "value", "dimension", "member", "version"]
    return pd.DataFrame(rows, columns=columns).assign(period=lambda t: pd.to_datetime(t["period"]))


def test_revenue_per_working_day_stands_on_the_company_s_calendar(sales):
    lines = sales([("2022-12-01", 1), ("2023-01-05", 44), ("2024-01-05", 44)])
    result = card(lines, calendar="FR")
    assert (result.working_days, result.previous_working_days) == (22, 22)  # New Year's Day was a Monday, a Sunday
    assert result.row("revenue_per_working_day")["actual"] == 2
    notes = result.views()[0].notes
    assert notes[-1] == (
        "Working days: 22 in January 2024, 22 in January 2023 (without the weekends and public holidays of France)."
    )
    monday_to_friday = card(lines)
    assert (monday_to_friday.working_days, monday_to_friday.previous_working_days) == (23, 22)
    assert "public holidays not left out" in monday_to_friday.views()[0].notes[-1]


def test_a_day_more_makes_revenue_rise_and_revenue_a_day_stay(sales):
    lines = sales([("2022-12-01", 1), ("2023-01-05", 220), ("2024-01-05", 230)])
    result = card(lines)
    assert result.row("revenue")["tone_previous"] == "good"
    assert result.row("revenue_per_working_day")["growth_previous"] == 0
    assert result.row("revenue_per_working_day")["tone_previous"] is None


def test_an_unknown_calendar_is_refused_and_the_nearest_named(sales):
    with pytest.raises(ParameterError, match="no country 'france'. Did you mean 'FR'"):
        card(sales([("2024-01-01", 1)]), calendar="france")


def test_the_months_of_a_trend_have_their_working_days(sales):
    lines = sales([("2022-12-01", 1), ("2023-05-02", 5), ("2024-05-02", 7)])
    result = kpis.trend(lines, period=periods.parse("2024-05"), currency="EUR", months=1, calendar="FR")
    assert result.cells[["working_days", "previous_working_days"]].iloc[0].tolist() == [
        19,
        19,
    ]  # 1, 8, 9, 20; 1, 8, 18, 29
    assert "Working days" in plain(result.views()[0])


def test_a_target_that_is_no_amount_is_refused(sales):
    with pytest.raises(DataError, match="the value of revenue for 2024-01 is Infinity, which is no amount"):
        card(sales([("2024-01-01", 1)]), targets=planned(("revenue", "2024-01-01", float("inf"), None, None, None)))


def test_a_month_that_the_data_start_in_is_not_set_against_the_target_of_all_of_it(sales):
    cut = JANUARY.cut_at(dt.date(2024, 1, 9))
    plan = planned(("revenue", "2024-01-01", 100, None, None, None))
    row = card(sales([("2024-01-09", 44), ("2024-01-20", 6)]), cut, targets=plan).row("revenue")
    assert row["target"] is None and row["actual"] == 50
    assert row["target_reason"] == "The data start on 9 January 2024, and the target is one for the whole period."


def test_a_kpi_that_only_a_member_s_target_misspells_is_named_too(sales):
    with pytest.raises(ParameterError, match="Did you mean 'revenue'"):
        card(sales([("2024-01-01", 1)]), targets=planned(("revenu", "2024-01-01", 5, "country", "fr", None)))


def test_the_tenth_version_comes_after_the_ninth(sales):
    targets = planned(
        ("revenue", "2024-01-01", 9, None, None, "v9"),
        ("revenue", "2024-01-01", 10, None, None, "v10"),
        ("revenue", "2024-01-01", 1, None, None, None),
    )
    assert card(sales([("2022-12-01", 1), ("2024-01-05", 5)]), targets=targets).row("revenue")["target"] == 10


def test_members_stand_beside_their_targets_even_without_a_line(sales):
    lines = sales(
        [("2022-12-01", 1), ("2024-01-05", 80), ("2024-01-05", 30), ("2024-01-06", 5)], country=["fr", "fr", "de", None]
    )
    targets = planned(
        ("revenue", "2024-01-01", 100, "country", "fr", None),
        ("revenue", "2024-01-01", 20, "country", "de", None),
        ("revenue", "2024-01-01", 7, "country", "es", None),
        ("revenue", "2024-01-01", 999, "channel", "fr", None),
    )
    result = kpis.breakdown(lines, by="country", period=JANUARY, currency="EUR", targets=targets)
    rows = result.rows.set_index(result.rows["member"].fillna("?"))
    assert rows["target"].to_dict() == {"de": 20, "es": 7, "fr": 100, "?": None}
    assert rows["variance_target"].to_dict() == {"de": 10, "es": -7, "fr": -20, "?": None}
    assert rows["attainment"].to_dict() == {"de": 1.5, "es": 0, "fr": 0.8, "?": None}
    assert result.total == sum(result.rows["revenue"], Decimal(0)) == 115
    total = result.views()[0].rows.iloc[-1]
    assert (total["target"], total["revenue"]) == (127, 115)
    some = kpis.breakdown(lines, by="country", period=JANUARY, currency="EUR", targets=targets.iloc[:1])
    assert some.views()[0].rows["target"].tolist()[-1] is None  # Germany sold and has no target: no sum to set against


def test_definitions_are_in_the_reader_s_words():
    languages.use("fr")
    try:
        shown = plain(kpis.definitions().views()[0])
    finally:
        languages.use("en")
    assert "customer_id" not in shown and "list_revenue" not in shown
    assert "le numéro de client de chaque ligne" in shown
