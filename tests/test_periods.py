"""Which days a period holds, by hand and by the calendar."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit import languages, periods
from perfkit.errors import ParameterError

DAY = dt.date


@pytest.mark.parametrize(
    ("label", "starts", "start", "last", "kind"),
    [
        ("2026-10", "01-01", DAY(2026, 10, 1), DAY(2026, 10, 31), "month"),
        ("2024-02", "07-01", DAY(2024, 2, 1), DAY(2024, 2, 29), "month"),
        ("2026-Q3", "01-01", DAY(2026, 7, 1), DAY(2026, 9, 30), "quarter"),
        ("2026-Q3", "04-01", DAY(2026, 7, 1), DAY(2026, 9, 30), "quarter"),  # calendar, whatever the fiscal year
        ("2026", "04-01", DAY(2026, 1, 1), DAY(2026, 12, 31), "year"),
        ("FY2026", "01-01", DAY(2026, 1, 1), DAY(2026, 12, 31), "fiscal year"),
        ("FY2026", "07-01", DAY(2025, 7, 1), DAY(2026, 6, 30), "fiscal year"),
        (" 2026-10 ", "01-01", DAY(2026, 10, 1), DAY(2026, 10, 31), "month"),
    ],
)
def test_a_label_names_its_days(label, starts, start, last, kind):
    period = periods.parse(label, fiscal_year_starts=starts)
    assert (period.start, period.last_day, period.kind) == (start, last, kind)
    assert period.label == label.strip()
    assert period.days == (last - start).days + 1


@pytest.mark.parametrize("label", ["2026-T3", "2026-t3", "2026-q3"])
def test_a_quarter_may_be_written_as_french_reports_print_it(label):
    assert periods.parse(label) == periods.parse("2026-Q3")
    assert periods.parse(label).label == "2026-Q3"


@pytest.mark.parametrize(
    "label",
    [
        "",
        "2026-13",
        "2026-00",
        "2026-Q5",
        "2026-T0",
        "FY2026-T1",
        "26-10",
        "FY26",
        "FY2026-Q1",
        "2026/10",
        "October",
        "0000",
        "9999",
        "2026-10-05",
        "٢٠٢٦",
    ],
)
def test_anything_else_is_refused_with_what_to_write(label):
    with pytest.raises(ParameterError, match=r"is not a period.*2026-Q3"):
        periods.parse(label)


@pytest.mark.parametrize("starts", ["13-01", "04-15", "4-1", "April", ""])
def test_a_fiscal_year_starts_on_the_first_of_a_month(starts):
    with pytest.raises(ParameterError, match="fiscal_year_starts"):
        periods.parse("FY2026", fiscal_year_starts=starts)


@pytest.mark.parametrize(
    ("label", "year_before", "previous"),
    [
        ("2024-02", "2023-02", "2024-01"),
        ("2024-01", "2023-01", "2023-12"),
        ("2024-Q1", "2023-Q1", "2023-Q4"),
        ("2024", "2023", "2023"),
        ("FY2024", "FY2023", "FY2023"),
    ],
)
def test_what_a_period_is_set_against(label, year_before, previous):
    period = periods.parse(label, fiscal_year_starts="10-01")
    assert period.year_before().label == year_before
    assert period.previous().label == previous
    assert period.previous().end == period.start


labels = st.one_of(
    st.dates(DAY(1990, 1, 1), DAY(2100, 1, 1)).map("{:%Y-%m}".format),
    st.tuples(st.integers(1990, 2100), st.integers(1, 4)).map(lambda yq: f"{yq[0]}-Q{yq[1]}"),
    st.integers(1990, 2100).map(str),
    st.integers(1990, 2100).map("FY{}".format),
)
starts = st.integers(1, 12).map("{:02}-01".format)


@given(labels, starts)
def test_months_tile_their_period_and_labels_survive_the_round_trip(label, start):
    period = periods.parse(label, fiscal_year_starts=start)
    months = period.months()
    assert months[0].start == period.start
    assert months[-1].end == period.end
    assert all(one.end == next_.start for one, next_ in itertools.pairwise(months))
    assert sum(month.days for month in months) == period.days
    assert periods.parse(period.year_before().label, fiscal_year_starts=start) == period.year_before()


def test_a_period_that_is_not_over_is_refused_and_the_last_complete_one_named():
    october = periods.parse("2026-10")
    assert october.complete(DAY(2026, 10, 31)) == october
    with pytest.raises(ParameterError, match="The last complete month is 2026-09") as refusal:
        october.complete(DAY(2026, 10, 30))
    assert "2026-10-30" in str(refusal.value)
    with pytest.raises(ParameterError, match="last complete fiscal year is FY2025"):
        periods.parse("FY2030", fiscal_year_starts="07-01").complete(DAY(2026, 6, 29))


@pytest.mark.parametrize(
    ("label", "last"),
    [
        ("2024-06", DAY(2024, 6, 30)),
        ("2024-06-15", DAY(2024, 6, 15)),
        ("2024-Q1", DAY(2024, 3, 31)),
        ("2023", DAY(2023, 12, 31)),
    ],
)
def test_a_day_is_the_last_that_its_label_names(label, last):
    assert periods.day(label) == last


@pytest.mark.parametrize("label", ["2024-02-30", "yesterday", ""])
def test_what_is_no_day_is_refused(label):
    with pytest.raises(ParameterError, match="is not a day"):
        periods.day(label)


@pytest.mark.parametrize(
    ("first", "held"),
    [
        (DAY(2025, 12, 31), True),
        (DAY(2026, 8, 1), True),
        (DAY(2026, 8, 3), True),  # the 1st and 2nd of August 2026 are a weekend
        (DAY(2026, 8, 4), False),  # that Monday is missing
        (DAY(2027, 1, 1), False),
    ],
)
def test_data_that_start_after_a_weekend_hold_the_month(first, held):
    assert periods.parse("2026-08").observed_from(first) is held


def test_the_first_of_a_month_may_be_a_holiday():
    assert periods.parse("2026-01").observed_from(DAY(2026, 1, 2))
    assert not periods.parse("2026-01").observed_from(DAY(2026, 1, 5))  # Friday the 2nd is missing


def test_a_period_is_named_in_the_language():
    assert periods.parse("2026-10").name() == "October 2026"
    assert periods.parse("2026-Q3").name() == "Q3 2026"
    assert periods.parse("2026").name() == "2026"
    assert periods.parse("FY2026", fiscal_year_starts="07-01").name() == "fiscal year 2026"
    languages.use("fr")
    try:
        assert periods.parse("2026-10").name() == "octobre 2026"
    finally:
        languages.use("en")


def test_a_month_s_end_stays_in_its_month():
    assert periods.shifted(DAY(2024, 2, 29), -12) == DAY(2023, 2, 28)
    assert periods.shifted(DAY(2024, 1, 31), 1) == DAY(2024, 2, 29)


@pytest.mark.parametrize(
    ("label", "calendar", "days"),
    [
        ("2024-05", "", 23),
        ("2024-05", "FR", 19),  # less the 1st, the 8th, Ascension Day and Whit Monday
        ("2024-03", "FR", 21),
        ("2024-03", "FR-57", 20),  # Good Friday is a holiday in Moselle
        ("2024-05", "GB", 21),
        ("2024", "FR", 252),  # 262 weekdays less ten holidays: the 14th of July was a Sunday
        ("2024-09", "SA", 21),  # Friday and Saturday are the weekend, the 23rd is National Day
    ],
)
def test_working_days_leave_out_a_country_s_weekends_and_holidays(label, calendar, days):
    assert periods.working_days(periods.parse(label), calendar) == days


@pytest.mark.parametrize(
    ("calendar", "message"),
    [
        ("france", "no country 'france'. Did you mean 'FR'"),
        ("FRA", "no country 'FRA'. Did you mean 'FR'"),
        ("FR-99", "no subdivision 'FR-99'.*The whole country is FR"),
    ],
)
def test_an_unknown_calendar_is_refused_and_the_nearest_named(calendar, message):
    with pytest.raises(ParameterError, match=message):
        periods.working_days(periods.parse("2024-05"), calendar)


def test_which_days_count_is_said_in_the_reader_s_words():
    languages.use("fr")
    try:
        assert periods.calendar_in_words("FR-57") == "calendrier France (57), hors week-ends et jours fériés"
        assert "jours fériés non déduits" in periods.calendar_in_words("")
    finally:
        languages.use("en")
    assert periods.calendar_in_words("GB") == "without the weekends and public holidays of United Kingdom"


@pytest.mark.parametrize(
    ("label", "starts", "year"),
    [
        ("2026-03", "01-01", "2026"),
        ("2026-03", "07-01", "FY2026"),
        ("2026-Q3", "07-01", "FY2027"),
        ("2026", "07-01", "FY2027"),
    ],
)
def test_a_period_lies_in_the_fiscal_year_of_its_last_day(label, starts, year):
    assert periods.year_of(periods.parse(label), starts).label == year
    assert periods.month_of(periods.parse(label).last_day) == periods.parse(label).months()[-1]


def test_a_period_that_the_data_start_within_says_from_which_day():
    march = periods.parse("2026-03").cut_at(DAY(2026, 3, 3))
    assert march.name() == "March 2026 from 3 March 2026"
    assert march.observed_from(DAY(2026, 3, 3)) and not march.observed_from(DAY(2026, 3, 10))
    assert march.days == 29 and periods.working_days(march, "") == 21  # of 22: Monday the 2nd is missing
    assert march.months() == [march]
    assert march.year_before().since is None and march.previous().since is None
    languages.use("fr")
    try:
        assert march.name() == "mars 2026 à partir du 3 mars 2026"
    finally:
        languages.use("en")
    year = periods.parse("FY2026", "03-01").cut_at(DAY(2026, 3, 3))
    assert year.since is None  # FY2026 began in March 2025
    year = periods.parse("FY2027", "03-01").cut_at(DAY(2026, 3, 3))
    assert year.full_name() == "fiscal year 2027, March 2026 to February 2027 from 3 March 2026"
    assert [month.since for month in year.months()[:2]] == [DAY(2026, 3, 3), None]


@pytest.mark.parametrize(
    "first", [DAY(2026, 1, 1), DAY(2026, 1, 2), DAY(2025, 6, 3), DAY(2026, 2, 1), DAY(2026, 5, 9)], ids=str
)
def test_a_period_is_itself_where_the_data_hold_it_or_miss_more_than_its_first_month(first):
    assert periods.parse("2026").cut_at(first) == periods.parse("2026")


def test_a_quarter_says_its_months_where_the_fiscal_year_has_other_ones():
    quarter, year = periods.parse("2026-Q1", "04-01"), periods.parse("2025", "04-01")
    assert quarter.full_name("04-01") == "Q1 2026, January 2026 to March 2026"
    assert year.full_name("04-01") == "2025, January 2025 to December 2025"
    assert (quarter.full_name(), year.full_name()) == ("Q1 2026", "2025")


def sold_on(months, *, from_day=1):
    """Every day of 2026 from a day of its months on."""
    days = (DAY(2026, 1, 1) + dt.timedelta(days=each) for each in range(365))
    return {each for each in days if each.month in months and each.day >= from_day}


@pytest.mark.parametrize(
    ("first", "calendar", "late"),
    [
        (DAY(2026, 9, 2), "FR", True),  # Tuesday the 1st is missing, and the months after it sell on theirs
        (DAY(2026, 9, 2), "", True),
        (DAY(2026, 9, 1), "FR", False),
        (DAY(2026, 8, 3), "FR", False),  # the 1st and 2nd are a weekend
        (DAY(2026, 5, 4), "FR", False),  # Friday the 1st is a holiday
        (DAY(2026, 5, 4), "", False),  # or may be one
        (DAY(2025, 9, 2), "", False),  # the 1st is Labor Day somewhere
        (DAY(2025, 9, 2), "US", False),
        (DAY(2025, 9, 2), "FR", True),
        (DAY(2026, 7, 2), "", False),  # and Canada Day
        (DAY(2026, 5, 4), "GB", True),  # and is none there
    ],
)
def test_a_first_working_day_without_a_sale_is_missing_where_those_of_other_months_sell(first, calendar, late):
    sold = {day for day in sold_on(range(1, 13)) if day >= first}
    assert periods.starts_late(first, sold, DAY(2026, 12, 31), calendar) is late


def test_where_other_months_do_not_sell_on_their_first_working_day_nothing_is_missing():
    first = DAY(2026, 9, 2)
    assert not periods.starts_late(first, sold_on(range(9, 13), from_day=4) | {first}, DAY(2026, 12, 31), "FR")
    assert not periods.starts_late(first, sold_on([9]) - {DAY(2026, 9, 1)}, DAY(2026, 9, 30), "FR")  # no other month


def test_a_period_that_data_start_late_in_is_a_part_and_says_so():
    september = periods.parse("2026-09")
    assert september.observed_from(DAY(2026, 9, 2)) and not september.observed_from(DAY(2026, 9, 2), late=True)
    cut = september.cut_at(DAY(2026, 9, 2), late=True)
    assert cut.name() == "September 2026 from 2 September 2026" and cut.observed_from(DAY(2026, 9, 2), late=True)
    assert not periods.parse("2026-08").observed_from(DAY(2026, 9, 2), late=True)
    assert periods.parse("2026-10").observed_from(DAY(2026, 9, 2), late=True)
