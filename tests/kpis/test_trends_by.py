"""Trends by member: cells that sum to each month's total, whoever stands on their own."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import kpis, periods
from perfkit.errors import ParameterError
from perfkit.results import plain

MARCH = periods.parse("2024-03")


def by(lines, dimension="country", **options):
    return kpis.trend_by(lines, by=dimension, period=MARCH, currency="EUR", **options)


def test_countries_by_month_counted_by_hand(sales):
    lines = sales(
        [("2022-12-01", 1), ("2023-02-10", 50), ("2023-02-10", 3), ("2024-01-05", 10), ("2024-02-05", 90),
         ("2024-03-01", 20), ("2024-03-31", -5), ("2024-03-31", 7)],
        country=["fr", "fr", "at", "fr", "de", "fr", "at", None],
    )  # fmt: skip
    result = by(lines, months=2, most=2)
    cells = [tuple(row) for row in result.cells.drop(columns="member").to_numpy().tolist()]
    february, march = dt.date(2024, 2, 1), dt.date(2024, 3, 1)
    assert cells == [
        ("member", "de", february, 90, 0), ("member", "de", march, 0, 0),
        ("member", "fr", february, 0, 50), ("member", "fr", march, 20, 0),
        ("others", "All others", february, 0, 3), ("others", "All others", march, -5, 0),
        ("unknown", "(unknown)", february, 0, 0), ("unknown", "(unknown)", march, 7, 0),
    ]  # fmt: skip
    assert result.totals()["revenue"].tolist() == [90, 22]
    assert result.ties_to() == {"net_revenue": Decimal(112), "period": "2024-02/2024-03"}
    assert result.figures()["figure_id"].is_unique
    assert "All others" in plain(result.views()[0])


def test_a_month_that_is_not_over_is_missing_for_every_member(sales):
    lines = sales([("2023-01-01", 1), ("2024-02-01", 9), ("2024-03-01", 20)], country=["fr", "de", "fr"])
    result = by(lines, months=2, observed_until=dt.date(2024, 3, 30))
    assert result.cells.loc[result.cells["month"] == dt.date(2024, 3, 1), "revenue"].isna().all()
    assert result.totals()["revenue"].tolist() == [9, None]
    assert "March 2024 is not over: the data end on 30 March 2024." in result.views()[0].notes


def test_the_title_names_who_grew_and_who_fell_where_all_months_compare(sales):
    lines = sales(
        [("2022-12-01", 1), ("2023-03-01", 10), ("2023-03-01", 20), ("2024-03-01", 15), ("2024-03-01", 18)],
        country=["fr", "fr", "de", "fr", "de"],
    )
    assert by(lines, months=1).views()[0].title == "fr moved by +50.0% on the year before, de by −10.0%"
    young = sales([("2024-03-01", 15), ("2024-03-01", 5)], country=["fr", "de"])
    assert by(young).views()[0].title == "fr brings 75.0% of revenue"


def test_shares_are_of_the_months_shown_and_growth_of_those_with_a_year_before(sales):
    lines = sales(
        [("2023-02-01", 20), ("2023-03-01", 10), ("2024-01-05", 70), ("2024-02-05", 10), ("2024-03-05", 20),
         ("2024-03-05", 50), ("2024-03-06", 50)],
        country=["fr", "fr", "de", "fr", "fr", "es", "fr"],
    )  # fmt: skip
    result = by(lines, months=3)
    members = result.members().set_index("name")
    assert members[["revenue", "compared", "previous"]].loc["fr"].tolist() == [80, 80, 30]
    assert members[["revenue", "compared", "previous"]].loc["de"].tolist() == [70, 0, 0]
    view = result.views()[0]
    assert view.title == "fr brings 40.0% of revenue"  # 80 of the 200 that the table's months sum to
    assert sum(view.rows["total"]) == members["revenue"].sum() == 200
    assert view.notes == [
        "Changes on the year before: over the 2 months, of 3 shown, that have one to compare "
        "(from February 2024 to March 2024)."
    ]


def test_a_silent_month_of_the_year_before_is_in_neither_side_of_a_growth(sales):
    months = [f"{year}-{month:02}-03" for year in (2022, 2023) for month in range(1, 13)]
    days = [*(day for day in months if not day.startswith("2023-02")), "2024-01-03", "2024-02-03", "2024-03-03"]
    result = by(sales([(day, 10) for day in days], country=["fr"] * len(days)), months=3)
    (member,) = result.members().to_dict("records")
    assert (member["revenue"], member["compared"], member["previous"]) == (30, 20, 20)
    assert "of 3 shown, that have one to compare (January 2024 and March 2024)." in " ".join(result.views()[0].notes)


def test_who_is_largest_is_told_of_the_months_that_are_over(sales):
    lines = sales([("2024-02-01", 9), ("2024-02-01", 5), ("2024-03-01", 90)], country=["fr", "de", "de"])
    result = by(lines, months=2, observed_until=dt.date(2024, 3, 30))
    assert result.message() == "fr brings 64.3% of revenue"
    assert result.groups()[0][0] == "fr"


def test_the_title_says_how_many_stand_between_the_two_that_it_names(sales):
    days = ["2023-03-01", "2024-03-01"]
    lines = sales(
        [("2022-12-01", 1), *((day, 10 + n * (day > "2024")) for day in days for n in range(4))],
        country=["d0", *(f"d{n}" for _ in days for n in range(4))],
    )
    title = by(lines, months=1).views()[0].title
    assert title == "d3 moved by +30.0% on the year before, d0 by 0.0%, 2 others between them"


def test_what_there_is_not_is_asked_for_or_refused(sales):
    lines = sales([("2024-03-01", 5)], country=["fr"])
    assert "channel" in by(lines, "channel").reason
    by(lines, "channel")._repr_mimebundle_()
    with pytest.raises(ParameterError, match="Did you mean 'country'"):
        by(lines, "contry")


ledgers = st.lists(
    st.tuples(
        st.sampled_from(["2023-01-10", "2023-02-20", "2023-03-01", "2024-01-05", "2024-02-25", "2024-03-31"]),
        st.decimals(-500, 500, places=2),
        st.sampled_from(["a", "b", "c", "", "All others", None]),
    ),
    max_size=15,
)


@settings(max_examples=12)
@given(ledgers, st.integers(1, 4), st.randoms())
def test_each_month_s_members_sum_to_the_ledger_in_any_order(sales, ledger, most, random):
    rows = [("2021-01-04", 1, "z"), *ledger]
    random.shuffle(rows)
    result = by(sales([row[:2] for row in rows], country=[row[2] for row in rows]), months=3, most=most)
    for total in result.totals().to_dict("records"):
        for column, year in (("revenue", 2024), ("previous", 2023)):
            label = f"{year}-{total['month']:%m}"
            amounts = (Decimal(str(row[1])) for row in rows if row[0].startswith(label))
            assert total[column] == sum(amounts, Decimal(0))
    view = result.views()[0]
    assert view.rows["total"].tolist() == result.totals()["revenue"].tolist()
