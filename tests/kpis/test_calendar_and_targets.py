"""Working days and targets beside the figures: counted by hand, and refused in words."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from perfkit import kpis, languages, periods
from perfkit.errors import DataError, ParameterError
from perfkit.kpis.targets import checked_targets, given_twice, held_targets
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
    with pytest.raises(DataError, match="targets: revenue for 2024-01 is Infinity, which is no amount"):
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


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("margin_rate", "2024-01-01", 48), "margin_rate for 2024-01 is 48, .* between 0 and 1: .* Write 0.48 for 48"),
        (("margin_rate", "2024-01-01", 4800), "margin_rate for 2024-01 is 4800, .* Write 0.48 .* times = 0.01"),
        (("return_rate", "2024-01-01", -0.1), "return_rate for 2024-01 is -0.1, .* between 0 and 1"),
        (("revenue", "2024-01-01", -24000), "revenue for 2024-01 is -24000, .* below zero"),
        (("orders", "2024-01-01", -1, "channel", "Web"), "orders of channel Web for 2024-01 is -1, .* below zero"),
    ],
)  # fmt: skip
def test_a_target_in_percent_or_below_zero_is_refused_with_what_to_type(row, says):
    with pytest.raises(DataError, match=says):
        checked_targets(planned((*row, *[None] * (6 - len(row)))))


def test_the_ends_of_a_share_and_zero_are_targets():
    rows = [("margin_rate", "2024-01-01", 1), ("return_rate", "2024-01-01", 0), ("revenue", "2024-01-01", 0)]
    assert checked_targets(planned(*((*row, None, None, None) for row in rows)))["value"].tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("name", "id_"),
    [("Marge brute", "gross_profit"), ("gross  PROFIT", "gross_profit"), ("Taux de marque", "margin_rate"),
     ("clients fideles", "returning_customers"), ("chiffre d'affaires net HT", "revenue")],
)  # fmt: skip
def test_a_kpi_s_title_in_either_language_means_its_id(name, id_):
    with pytest.raises(ParameterError, match=f"Did you mean '{id_}'"):
        checked_targets(planned((name, "2024-01-01", 1, None, None, None)))


def test_a_month_that_is_given_twice_is_told_and_does_not_count():
    rows = planned(
        ("revenue", "2024-01-01", 24, None, None, None),
        ("revenue", "2024-01-15", 26, None, None, None),
        ("revenue", "2024-02-01", 30, None, None, None),
        ("orders", "2024-01-01", 5, "channel", "Web", None),
        ("orders", "2024-01-15", 5, "channel", "Web", None),
        ("aov", "2024-01-01", 5, None, None, None),
        ("aov", "2024-01-01", 6, None, None, "v2"),
        ("aov", "2024-02-01", 7, None, None, None),
        ("aov", "2024-02-15", 7, None, None, None),
    )
    told, equal, alike = given_twice(rows, lambda found: [f"line {row + 2}" for row in found])
    assert told.startswith("revenue has two targets for 2024-01, 24 and 26 (line 2; line 3), and nothing says which")
    assert "none counts" in told and told.endswith("write one line with their sum.")
    # Equal amounts may be those of two people: their sum, or one of them? An equal rate is the same rate.
    assert equal.startswith("orders of channel Web has two targets for 2024-01, 5 and 5") and "none counts" in equal
    assert alike.startswith("aov has two targets for 2024-02, 7 and 7") and "count once" in alike
    assert held_targets(rows)["value"].tolist() == [30, 5, 6, 7, 7]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (
            "en",
            "The target is not cumulated from March 2024 on. Two targets are given for March 2024: which one counts?",
        ),
        ("fr", "L’objectif n’est plus cumulé à partir de mars 2024. Deux objectifs sont donnés pour mars 2024"),
    ],
)
def test_a_year_with_a_month_given_twice_does_not_say_that_later_months_have_none(sales, code, says):
    languages.use(code)
    lines = sales([(f"{year}-{month:02}-05", 10) for year in (2022, 2023, 2024) for month in range(1, 13)])
    rows = planned(
        *(("revenue", f"2024-{month:02}-01", 10, None, None, None) for month in range(1, 13)),
        ("revenue", "2024-03-20", 12, None, None, None),
    )
    notes = kpis.year_to_date(lines, period=periods.parse("2024-06"), currency="EUR", targets=rows).views()[0].notes
    assert any(says in note.replace("\N{NO-BREAK SPACE}", " ") for note in notes)
    assert not any("No target is given" in note or "sans objectif" in note for note in notes)
