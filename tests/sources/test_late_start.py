"""Data that start on a month's second working day hold a part of the month, and say so."""

import datetime as dt

import pandas as pd
import pytest

import perfkit as pk
from perfkit import periods
from perfkit.errors import DataError


def company(folder, first, *, calendar="FR"):
    (folder / "exports").mkdir()
    days = pd.date_range(first, "2027-11-30", freq="B")
    lines = [f"{number},{day:%Y-%m-%d},C{number % 5},10" for number, day in enumerate(days)]
    (folder / "exports" / "sales.csv").write_text("\n".join(["order_id,date,customer_id,net_revenue", *lines]))
    (folder / "company.toml").write_text(
        f'name = "Acme"\ncurrency = "EUR"\ncalendar = "{calendar}"\nobserved_until = "2027-11"\n'
        '[segments.one]\nwhere = [{ column = "customer_id", equals = "C1" }]\n'
        '[tables.sales]\nfiles = "sales.csv"\n'
    )
    return pk.load(folder)


def test_its_first_month_says_from_which_day_and_no_year_is_set_against_it_as_a_whole(tmp_path):
    acme = company(tmp_path, "2026-09-02")
    assert acme.period("2026-09").since == dt.date(2026, 9, 2)
    [said] = acme.notices()
    assert said.startswith("The data start on 2026-09-02, after the first working day of September 2026")
    card = pk.kpis.scorecard(acme.lines(), period=acme.period("2027-09"), currency="EUR")
    assert card.row("revenue")["actual"] == 220 and pd.isna(card.row("revenue")["previous"])
    assert not pk.lines.span(acme.lines(segment="one"), periods.parse("2027-09")).holds(periods.parse("2026-09"))
    with pytest.raises(DataError, match="the data start on 2026-09-02"):
        pk.kpis.scorecard(acme.lines(), period=periods.parse("2026-09"), currency="EUR")


def test_one_that_starts_on_the_first_working_day_is_whole(tmp_path):
    acme = company(tmp_path, "2026-08-03")
    assert acme.period("2026-08").since is None and acme.notices() == []
    assert "data_start_late" not in acme.lines().columns
