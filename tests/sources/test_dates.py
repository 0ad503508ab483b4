"""Dates: days, months and times in every shape that their column proves; what is no day is set aside or asked about."""

import datetime as dt

import pytest

from perfkit.errors import DataError
from perfkit.sources.values.days import readings, split
from tests.sources.one_column import proven, read

N = "\N{NO-BREAK SPACE}"


def days(*said):
    return [dt.date.fromisoformat(each) if each[0].isdigit() else each for each in said]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["2024-02-29", "2024-1-2"], days("2024-02-29", "2024-01-02")),
        (["03/04/2026", "13/04/2026"], days("2026-04-03", "2026-04-13")),
        (["03/04/2026", "04/13/2026"], days("2026-03-04", "2026-04-13")),
        (["3/4/26", "31/12/68", "31/12/69"], days("2026-04-03", "2068-12-31", "1969-12-31")),
        (["20260401", "20261231"], days("2026-04-01", "2026-12-31")),
        (["31122026", "01022026"], days("2026-12-31", "2026-02-01")),
        (["31.12.2026", "1.2.2026"], days("2026-12-31", "2026-02-01")),
        (["31-10-16", "01-03-17", "16-10-45"], days("2016-10-31", "2017-03-01", "2045-10-16")),
        (["2026/12/31", "2026/1/5"], days("2026-12-31", "2026-01-05")),
        (["janv. 2026", "févr. 2026", "DÉCEMBRE 2025"], days("2026-01-01", "2026-02-01", "2025-12-01")),
        (["févr.-26", "fe\u0301vr.-25", "AOÛT-24"], days("2026-02-01", "2025-02-01", "2024-08-01")),
        (["15 janvier 2026", "1er mars 2024", "3 août 2023"], days("2026-01-15", "2024-03-01", "2023-08-03")),
        (["5-janv-26", "6 févr. 26"], days("2026-01-05", "2026-02-06")),
        (["Jan 5, 2024", "February 29, 2024", "March 1st, 2024"], days("2024-01-05", "2024-02-29", "2024-03-01")),
        (["05-Jan-2024", "2nd May 2024"], days("2024-01-05", "2024-05-02")),
        (["2024-Jan-05"], days("2024-01-05")),
        (["2024-01", "2024-12"], days("2024-01-01", "2024-12-01")),
        (["01/2024", "12/2024"], days("2024-01-01", "2024-12-01")),
        (["31/12/2024", "31/02/2024", "30/02/2024", "00/01/2024"], days("2024-12-31", *["not a date"] * 3)),
        (["29/02/2024", "29/02/2023", "29/02/1900"], days("2024-02-29", "not a date", "not a date")),
        (["2024-01-31", "n.c.", "-", "Total"], days("2024-01-31", *["not a date"] * 3)),
        (["2024-01-31", "epoch", "infinity"], days("2024-01-31", *["not a plausible date"] * 2)),
        (["2024-01-31", "1900-01-01", "1899-12-31", "2199-12-31", "2200-01-01", "0202-01-02"],
         days("2024-01-31", "1900-01-01", "not a plausible date", "2199-12-31", *["not a plausible date"] * 2)),
        ([*["2024-01-31"] * 4, "45631", "2024", "T1 2026"], days(*["2024-01-31"] * 4, *["not a date"] * 3)),
        ([*["13/01/2024"] * 9, "2024-01-31"], days(*["2024-01-13"] * 9, "not a date")),
        ([f"31/12/2024{N}", " 01/02/2024 "], days("2024-12-31", "2024-02-01")),
        (["2024-01-31 23:59:59", "2024-02-01"], days("2024-01-31", "2024-02-01")),
        (["2026-06-01 10:01:00 +0000", "2026-06-01 23:01:00 +0000"], days("2026-06-01", "2026-06-02")),
        (["31/12/2024", None], [dt.date(2024, 12, 31), None]),
        (["20241231", "2024123", "202412311"], days("2024-12-31", "not a date", "not a date")),
        (["31/12/24", "1/2/5", "1/2/024"], days("2024-12-31", "not a date", "not a date")),
        (["15 janvier 2026", "32 janvier 2026", "15 janvie 2026", "15 janvier-mars 2026"],
         days("2026-01-15", *["not a date"] * 3)),
        (["Noël", "x"], ["not a date", "not a date"]),
    ],
)  # fmt: skip
def test_a_column_of_days_is_read_by_the_only_shape_that_fits(cells, values):
    assert read(cells, "date") == values


def at(*said):
    return [dt.datetime.fromisoformat(each) if each[0].isdigit() else each for each in said]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["2024-01-31 10:30", "2024-01-31 10:30:05", "2024-02-01"],
         at("2024-01-31 10:30", "2024-01-31 10:30:05", "2024-02-01")),
        (["31/12/2024 9:05", "31/12/2024 23:59:59"], at("2024-12-31 09:05", "2024-12-31 23:59:59")),
        (["2024-01-31T10:30:00.5", "2024-01-31T10:30:00,250"], at("2024-01-31 10:30:00.5", "2024-01-31 10:30:00.25")),
        (["2024-01-31 10:30:00.123456789"], at("2024-01-31 10:30:00.123457")),
        (["12/31/2024 1:30 PM", "12/31/2024 12:00 am", "12/31/2024 12:15PM"],
         at("2024-12-31 13:30", "2024-12-31 00:00", "2024-12-31 12:15")),
        (["2026-06-01 10:01:00 +0000", "2026-01-01 10:01:00 +0000"], at("2026-06-01 12:01", "2026-01-01 11:01")),
        (["2026-06-01T10:01:00Z", "2026-06-01 10:01:00 UTC"], at("2026-06-01 12:01", "2026-06-01 12:01")),
        (["2026-06-01T10:01:00-03:30", "2026-06-01T10:01:00+02"], at("2026-06-01 15:31", "2026-06-01 10:01")),
        (["Jan 5, 2024 10:30 AM", "Jan 6, 2024 3:00 PM"], at("2024-01-05 10:30", "2024-01-06 15:00")),
        (["5 janv. 2024 10:30", "6 févr. 2024"], at("2024-01-05 10:30", "2024-02-06 00:00")),
        (["2024-01-31 10:30", "2024-01-31 24:00", "2024-01-31 10:60"],
         at("2024-01-31 10:30", "not a date", "not a date")),
        (["20241231 10:30", "2024123 10:30"], at("2024-12-31 10:30", "not a date")),
        ([f"31/12/2024{N}10:30"], at("2024-12-31 10:30")),
    ],
)  # fmt: skip
def test_times_are_read_and_those_with_an_offset_turned_to_the_companys_clock(cells, values):
    assert read(cells, "timestamp") == values


@pytest.mark.parametrize(
    ("cells", "form", "values"),
    [
        (["03/04/2026", "04/13/2026"], {"date": "%d/%m/%Y"}, days("2026-04-03", "not a date")),
        (["2024-01-31", "31/12/2024"], {"date": "%d/%m/%Y"}, days("not a date", "2024-12-31")),
        (["2024-01-02 10:00", "2024-01-02"], {"date": "%Y-%m-%d"}, days("not a date", "2024-01-02")),
        (["45631", "45631,0", "45631.75", "x", ""], {"date": "excel"},
         days("2024-12-05", "2024-12-05", "2024-12-05", "not a date", "not a date")),
        (["1", "59", "60", "61"], {"date": "excel"}, days("1900-01-01", "1900-02-28", "not a date", "1900-03-01")),
        (["44169", "0"], {"date": "excel-1904"}, days("2024-12-05", "1904-01-01")),
        (["15 janv. 2026", "15 Jan 2026"], {"date": "%d %b %Y"}, days("2026-01-15", "2026-01-15")),
        (["15-janv-26"], {"date": "%d-%b-%y"}, days("2026-01-15")),
        (["20241231", "2024123"], {"date": "%Y%m%d"}, days("2024-12-31", "not a date")),
    ],
)  # fmt: skip
def test_a_declared_format_is_held_to(cells, form, values):
    assert read(cells, "date", **form) == values


def test_serials_keep_the_time_of_day():
    assert read(["45631.75", "45631"], "timestamp", date="excel") == at("2024-12-05 18:00", "2024-12-05")


def test_a_workbooks_days_are_its_own_and_its_texts_by_their_shape():
    cells = ["\x01d2024-01-31 00:00:00", "31/12/2024", "\x01d2024-02-01 10:30:00"]
    assert read(cells, "date", kind="cell") == days("2024-01-31", "2024-12-31", "2024-02-01")
    assert read(cells, "timestamp", kind="cell") == at("2024-01-31", "2024-12-31", "2024-02-01 10:30")
    odd = [*["\x01d2024-01-31 00:00:00"] * 2, "31/12/2024", "\x01n45631", "\x01e#N/A", "\x01btrue", "\x01f=A1"]
    assert read(odd, "date", kind="cell")[3:] == ["not a date", "error cell", "not a date", "formula without a value"]
    assert read(["\x01n45631", "\x01n45631.5"], "date", kind="cell", date="excel") == days("2024-12-05", "2024-12-05")


def test_an_iso_column_needs_no_more_than_strptime():
    writing = proven(["2024-01-31", "2024-02-01"], ("date", "timestamp"))
    assert writing.date == writing.timestamp == ("%Y-%m-%d",)
    assert not writing.padded and not writing.contested and writing.whole


def test_the_formats_of_a_column_are_in_the_order_of_how_many_cells_have_them():
    cells = ["2024-01-31 10:30", "2024-01-31", "2024-02-01", "2024-01-31T10:30:00Z"]
    assert proven(cells, "date").date == ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ")


def test_years_of_two_digits_stand_where_a_column_has_few_values():
    one_year = [dt.date(2024, 1, 1) + dt.timedelta(days=7 * week) for week in range(52)]
    for shape in ("%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%d/%m/%y", "%d.%m.%y"):
        assert read([day.strftime(shape) for day in one_year], "date") == one_year
    with pytest.raises(DataError, match="24/01/01' is 24 January 2001 or 1 January 2024"):
        read([day.strftime("%y/%m/%d") for day in one_year], "date")
    with pytest.raises(DataError, match="'20-10-16' is 20 October 2016 or 16 October 2020"):
        read(["20-10-16", "01-03-17"], "date")


def test_a_day_that_is_the_same_in_both_orders_is_no_example_of_a_doubt():
    said = r"'02/01/2026' is 2 January 2026 or 1 February 2026, and no cell of the column \(3\)"
    with pytest.raises(DataError, match=said):
        read(["01/01/2026", "01/01/2026", "02/01/2026"], "date")


def test_days_that_are_all_the_same_in_both_orders_leave_no_doubt():
    assert read(["01/01/2026", "02/02/2026"], "date") == days("2026-01-01", "2026-02-02")


def test_a_text_says_every_day_that_its_shapes_allow():
    assert readings("01/02/03") == {
        "%d/%m/%y": dt.date(2003, 2, 1), "%m/%d/%y": dt.date(2003, 1, 2), "%y/%m/%d": dt.date(2001, 2, 3),
    }  # fmt: skip
    assert readings("20112012") == {"%d%m%Y": dt.date(2012, 11, 20)}
    assert readings("31/02/2024") == readings("2024") == readings("12.5") == readings("") == {}
    assert split("2024-01-31T10:30:00.5+02:00") == ("2024-01-31", "T%H:%M:%S.%f%z")
    assert split("Total: 12") == ("Total: 12", "")
