"""Survivors of contracts: counted by hand, against a plain count, with every contract accounted for, and refusals."""

import datetime as dt
from calendar import monthrange
from collections import Counter

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit import languages
from perfkit.customers import contracts
from perfkit.errors import DataError, ParameterError
from perfkit.schema import SUBSCRIPTIONS

STEPS = {"month": 1, "quarter": 3, "year": 12}


def frame_of(*rows):
    """Contracts of (start, end), None where it is missing."""
    return pd.DataFrame(rows, columns=["started_on", "ended_on"])


def lists(survivors):
    """Rows of survivors as lists, by the name of their cohort, without what is missing."""
    return {str(cohort): row.dropna().tolist() for cohort, row in survivors.iterrows()}


def test_two_cohorts_counted_by_hand():
    found = contracts.survivors_of(
        frame_of(
            ("2024-01-05", "2024-02-05"),  # on its renewal day: it has not renewed
            ("2024-01-05", "2024-02-06"),
            ("2024-01-20", None),
            ("2024-02-10", "2024-02-10"),  # on the day it started
            ("2024-02-29", "2024-12-31"),  # not known yet to end
        ),
        observed_until="2024-04-25",
        renews="month",
    )
    assert lists(found.survivors) == {"2024-01": [3, 2, 1, 1], "2024-02": [2, 1]}
    assert found.survivors.loc["2024-02", 2] is pd.NA  # of 29 February, renewal 2 is due on 29 April
    assert found.running == 2 and found.left_out.empty
    assert contracts.survivors_of(
        frame_of(("2024-02-29", None)), observed_until="2024-04-29", renews="month"
    ).survivors.columns.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "end, left",
    [("2023-02-28", [1, 0, 0, 0]), ("2023-03-01", [1, 1, 0, 0]), ("2023-03-31", [1, 1, 0, 0]),
     ("2023-04-01", [1, 1, 1, 0]), ("2023-04-30", [1, 1, 1, 0]), ("2023-05-01", [1, 1, 1, 1])],
)  # fmt: skip
def test_a_contract_of_the_31st_renews_on_the_last_day_of_shorter_months(end, left):
    found = contracts.survivors_of(frame_of(("2023-01-31", end)), observed_until="2023-04-30", renews="month")
    assert lists(found.survivors) == {"2023-01": left}


def test_a_contract_of_29_february_renews_each_year_on_the_28th_but_in_leap_years():
    for end, left in (("2025-02-28", 0), ("2025-03-01", 1), ("2028-02-29", 3), ("2028-03-01", 4)):
        found = contracts.survivors_of(frame_of(("2024-02-29", end)), observed_until="2028-02-29", renews="year")
        assert lists(found.survivors) == {"2024-02": [1] * (left + 1) + [0] * (4 - left)}


def test_contracts_in_no_cohort_are_counted_by_reason_and_shown():
    found = contracts.survivors_of(
        frame_of(
            ("2024-01-05", None), (None, "2024-01-01"), ("2024-06-01", None), ("2024-01-31", "2024-01-30"),
            ("2024-04-02", None), ("2024-04-03", "2024-04-09"),
        ),
        observed_until="2024-04-25", renews="month",
    )  # fmt: skip
    assert dict(found.left_out.to_numpy().tolist()) == {
        "after observed_until": 1, "ended before the start": 1, "no start": 1, "period not over": 2
    }  # fmt: skip
    assert found.contracts == 6 and found.survivors[0].sum() == 1
    shown = repr(found)
    assert "1 contract, of which 1 ran on after 25 April 2024" in shown and "5 contracts are in no cohort" in shown
    assert "Contracts that ended before they started" in shown and "All contracts" in shown
    assert found.ties_to()["contracts"] == 6
    figures = found.figures().set_index("figure_id")["estimate"]
    assert figures["contract_survivors:month:month:2024-04-25:2024-01:3"] == 1
    assert figures["contract_survivors:month:month:2024-04-25:left_out:period_not_over"] == 2
    languages.use("fr")
    assert "5 contrats ne sont dans aucune cohorte" in repr(found) and "Mois de début" in repr(found)


def renewal(start, number, step):
    """The day of a renewal, by the calendar."""
    year, month = divmod(start.year * 12 + start.month - 1 + number * step, 12)
    return dt.date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def counted(rows, until, by, renews):
    """Survivors by cohort, and who was left out, contract by contract and renewal by renewal."""
    cohorts, out, freq = {}, Counter(), {"month": "M", "quarter": "Q", "year": "Y"}[by]
    for start, end in rows:
        if start is None:
            out["no start"] += 1
        elif start > until:
            out["after observed_until"] += 1
        elif end is not None and end < start:
            out["ended before the start"] += 1
        elif pd.Period(start, freq=freq).end_time.date() > until:
            out["period not over"] += 1
        else:
            cohorts.setdefault(str(pd.Period(start, freq=freq)), []).append((start, end))
    survivors = {}
    for name, members in cohorts.items():
        survivors[name] = [len(members)]
        while all(renewal(start, len(survivors[name]), STEPS[renews]) <= until for start, _ in members):
            age = len(survivors[name])
            survivors[name].append(sum(end is None or end > renewal(s, age, STEPS[renews]) for s, end in members))
    return survivors, dict(out)


days = st.one_of(
    st.dates(dt.date(2022, 11, 1), dt.date(2025, 3, 31)),
    st.sampled_from([dt.date(2023, 1, 31), dt.date(2024, 2, 29), dt.date(2023, 11, 30), dt.date(2024, 1, 1)]),
)


@st.composite
def rows(draw):
    """A contract: it ends on any day, or about a renewal, or runs."""
    start = draw(st.one_of(st.none(), days, days, days, days))
    kind = draw(st.sampled_from(["runs", "any day", "renewal", "renewal", "none"]))
    if kind == "runs" or start is None:
        return start, None
    if kind == "any day":
        return start, start + dt.timedelta(days=draw(st.integers(-20, 900)))
    return start, renewal(start, draw(st.integers(0, 14)), draw(st.sampled_from([1, 3, 12]))) + dt.timedelta(
        days=draw(st.integers(-1, 1))
    )


@given(
    st.lists(rows(), min_size=1, max_size=25),
    st.one_of(st.dates(dt.date(2023, 1, 1), dt.date(2026, 1, 31)), days),
    st.sampled_from([*STEPS]),
    st.sampled_from([*STEPS]),
)
def test_counts_are_those_of_a_plain_count(some, until, by, renews):
    survivors, out = counted(some, until, by, renews)
    if not survivors:
        with pytest.raises(DataError, match="no contract started in a"):
            contracts.survivors_of(frame_of(*some), observed_until=until, renews=renews, by=by)
        return
    found = contracts.survivors_of(frame_of(*some), observed_until=until, renews=renews, by=by)
    assert lists(found.survivors) == survivors
    assert dict(found.left_out.to_numpy().tolist()) == out
    assert found.contracts == len(some) == int(found.survivors[0].sum()) + sum(out.values())
    again = contracts.survivors_of(frame_of(*reversed(some)), observed_until=until, renews=renews, by=by)
    pd.testing.assert_frame_equal(again.survivors, found.survivors)


@given(st.lists(rows(), min_size=1, max_size=25), st.integers(1, 500), st.sampled_from([*STEPS]))
def test_a_later_observation_never_rewrites_an_earlier_one(some, more, by):
    some = [(dt.date(2023, 1, 31), None), *some]
    early = dt.date(2024, 3, 30)
    then, now = (
        contracts.survivors_of(frame_of(*some), observed_until=until, renews="month", by=by).survivors
        for until in (early, early + dt.timedelta(days=more))
    )
    pd.testing.assert_frame_equal(now.loc[then.index, then.columns].where(then.notna()), then)


def test_engines_frames_times_and_texts_count_alike():
    texts = frame_of(("2024-01-31", "2024-03-01"), ("2024-01-02", None), ("2024-02-29", "9999-12-31"))
    expected = contracts.survivors_of(texts, observed_until="2024-06", renews="month")
    assert lists(expected.survivors) == {"2024-01": [2, 2, 1, 1, 1, 1], "2024-02": [1, 1, 1, 1, 1]}
    times = texts.apply(pd.to_datetime) + pd.Timedelta(hours=13)
    dates = texts.map(lambda day: None if pd.isna(day) else dt.date.fromisoformat(day))
    canonical = texts.assign(subscription_id=["1", "2", "3"], customer_id="a", monthly_revenue=9, plan="x")
    zoned = times.apply(lambda each: each.dt.tz_localize("Pacific/Auckland"))
    for table in (
        times,
        zoned,
        dates,
        canonical,
        ibis.memtable(times),
        ibis.memtable(dates),
        SUBSCRIPTIONS.table(canonical),
    ):
        found = contracts.survivors_of(table, observed_until=dt.date(2024, 6, 30), renews="month")
        pd.testing.assert_frame_equal(found.survivors, expected.survivors)
    running = contracts.survivors_of(texts.assign(ended_on=None), observed_until="2024-06", renews="month")
    assert running.running == 3


def test_sbg_gets_back_the_parameters_by_which_contracts_end():
    """Of 60,000 contracts that start on any day of two years and renew each month, the first seen for three years."""
    draw, theta = np.random.default_rng(8), (0.9, 4.0)
    starts = [dt.date(2021, 1, 1) + dt.timedelta(days=int(each)) for each in draw.integers(0, 730, 60_000)]
    lasted = draw.geometric(draw.beta(*theta, len(starts))).clip(max=600)
    ends = [renewal(start, int(number), 1) for start, number in zip(starts, lasted, strict=True)]
    table = frame_of(*zip(starts, ends, strict=True))
    found = contracts.fit(contracts.survivors_of(table, observed_until="2023-12-31", renews="month"))
    rows = found.parameters
    assert rows["estimate"].tolist() == pytest.approx(theta, rel=0.05)
    assert (rows["low"] <= list(theta)).all() and (rows["high"] >= list(theta)).all()
    assert found.notes == []
    expected = np.cumprod((theta[1] + np.arange(12)) / (sum(theta) + np.arange(12)))
    assert found.projected(12)["survival"].tolist() == pytest.approx(expected, abs=0.005)


def test_fit_takes_what_was_counted_as_its_table():
    table = frame_of(*[("2024-01-05", None)] * 6, *[("2024-01-06", "2024-02-06")] * 3, ("2024-01-07", "2024-03-01"))
    counted = contracts.survivors_of(table, observed_until="2024-03-20", renews="month")
    pd.testing.assert_frame_equal(contracts.fit(counted).parameters, contracts.fit(counted.survivors).parameters)
    assert contracts.fit(counted).data.lost.tolist() == [3, 1]


TWO = frame_of(("2024-01-05", None), ("2024-01-06", "2024-02-01"))


@pytest.mark.parametrize(
    "table, message",
    [
        (TWO, "these are 2 contracts with their days"),
        (TWO[["started_on"]], "these are 2 contracts with their days"),
        (ibis.memtable(TWO.assign(ended_on="2024-02-01")), "this is a table of an engine"),
        (TWO.started_on.astype("datetime64[us]"), "these are days"),
        (TWO.set_axis([0, 1], axis=1).apply(pd.to_datetime), "these are days"),
        (TWO.set_axis(["Début", "Fin"], axis=1), "no column is an age.*If a row is a contract, it has no ages yet"),
    ],
)
def test_fit_refuses_contracts_and_says_to_count_them(table, message):
    with pytest.raises(DataError, match=message) as refused:
        contracts.fit(table)
    assert 'contracts.survivors_of(table, observed_until="2024-06", renews="month")' in str(refused.value)
    assert "started_on and ended_on" in str(refused.value)


@pytest.mark.parametrize(
    "table, message",
    [
        (TWO.rename(columns={"ended_on": "end_on"}),
         "no column 'ended_on'. Did you mean 'end_on'.*Missing means still running.*Give the columns started_on and "),
        (frame_of(("2024-01-05", "31/01/2024")), "1 of 1 rows have no day in ended_on.*first: '31/01/2024', row 0"),
        (frame_of((20240105, None)), "started_on holds numbers, no days"),
        (ibis.memtable({"started_on": ["x"], "ended_on": ["y"]}), "started_on is of type string"),
        (ibis.memtable(TWO.apply(pd.to_datetime, utc=True)), "started_on is a time in the zone UTC"),
        (frame_of(("2025-01-05", None), (None, None)), "no contract started.*1: after observed_until; 1: no start"),
        (frame_of(), "no contract started in a month that was over on 2024-06-30. Take"),
        (pd.concat([TWO, TWO]).assign(subscription_id=["S1", "S2", "S1", "S3"]),
         "1 of 3 contracts stand on more than one row .first: 'S1'.*the first start and the last end"),
    ],
)  # fmt: skip
def test_contracts_that_cannot_be_counted_are_refused(table, message):
    with pytest.raises(DataError, match=message):
        contracts.survivors_of(table, observed_until="2024-06-30", renews="month")


def test_settings_that_are_none_are_refused():
    with pytest.raises(ParameterError, match="renews: no setting 'monthly'. Did you mean 'month'"):
        contracts.survivors_of(TWO, observed_until="2024-06", renews="monthly")
    with pytest.raises(ParameterError, match="by: no setting 'week'"):
        contracts.survivors_of(TWO, observed_until="2024-06", renews="month", by="week")
    with pytest.raises(ParameterError, match="is not a day"):
        contracts.survivors_of(TWO, observed_until="June", renews="month")
