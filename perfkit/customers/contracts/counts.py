"""Counts: of the contracts that started in a period, how many are left after each renewal?

A contract is a row with the day it started and the day it ended, missing while it runs. Renewals fall on the day of the
month on which it started, or on the last day of a month that has no such day: of a contract of 31 January, monthly, on
28 or 29 February, 31 March, 30 April. A contract has renewed if it ended after that day, so one that ends on its
renewal day, or on the day before as many tools write it, has not.
"""

import datetime as dt
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
from ibis import _

from perfkit.aggregations import aggregation, only
from perfkit.customers.clv.summaries import day_of
from perfkit.customers.cohorts.activity import FREQUENCIES, NUMBERS, PER_YEAR, By, period
from perfkit.customers.contracts import count_views as views
from perfkit.errors import DataError, ParameterError, unknown
from perfkit.results import Result, View
from perfkit.schema import SUBSCRIPTIONS

DAYS = ("started_on", "ended_on")
AFTER, UNFINISHED, NO_START, BACKWARDS = (
    "after observed_until", "period not over", "no start", "ended before the start"
)  # fmt: skip
"""Why a contract is in no cohort."""


@dataclass(frozen=True, eq=False)
class ContractCohorts(Result):
    """How many contracts of each cohort are left after each renewal: what `fit` takes.

    Attributes
    ----------
    survivors : DataFrame, one row a cohort, a column an age
        The index is cohort, Period: in which the contracts started; one in which none did has no row. The columns are
        ages, int: renewals, from 0. Int64: contracts that had not ended by that renewal; of age 0, all of the cohort.
        Missing where not every contract of the cohort could have reached that renewal by observed_until, and 0 where
        every one could and none did.
    left_out : DataFrame, one row a reason
        reason and contracts, int, that are in no cohort.
    contracts : int
        All of the table: cohorts and left_out sum to them.
    running : int
        Contracts of the cohorts that had not ended by observed_until.
    by, renews : str
    observed_until : date
    """

    survivors: pd.DataFrame
    left_out: pd.DataFrame
    contracts: int
    running: int
    by: By
    renews: By
    observed_until: dt.date

    def figures(self) -> pd.DataFrame:
        """Return the survivors of every cohort and age that was observed, and who was left out, as figures."""
        return views.count_figures(self)

    def views(self) -> list[View]:
        """Return the cohorts as far as each was observed, and what is in none."""
        return views.count_views(self)

    def ties_to(self) -> dict[str, object]:
        """Return how many contracts the table has."""
        return {"contracts": self.contracts, "observed_until": self.observed_until}


def survivors_of(
    subscriptions: ibis.Table | pd.DataFrame, *, observed_until: str | dt.date, renews: By, by: By = "month"
) -> ContractCohorts:
    """Count how many contracts of each cohort are left after each renewal, in the engine.

    Of a contract that started on day s, renewal k is due k months (quarters, years) after s, counted from s each time:
    on the same day of the month, or on the month's last where it has no such day. The contract is left at age k if it
    runs or ended after that day: one that ends on its renewal day has not renewed it, nor has one that ends between two
    renewals renewed the second. An end after observed_until is not known yet: the contract counts as running.

    A cohort is the contracts that started in a period of the calendar. Age k of it is observed once renewal k of its
    last contract is due by observed_until. So a later observed_until adds ages and cohorts, and changes none, as long
    as starts and ends are entered by their day.

    Parameters
    ----------
    subscriptions : table or DataFrame, one row a contract, columns of `schema.SUBSCRIPTIONS`
        started_on and ended_on, days (of times, their day); subscription_id, where it is there, stands once. A customer
        with two contracts counts twice. Give all contracts, those that ended long ago too: a list of those that run
        tells of none that left.
    observed_until : str or date
        Last day of which starts and ends are known: "2024-06-30", or "2024-06" for the month's last. A day after the
        table was written takes those who have left since for customers who stayed.
    renews : str
        How often a contract renews, which makes the steps of age: month, quarter or year after its own start. Ages of
        contracts that renew at different lengths do not mix: count those of each length alone.
    by : str
        What makes a cohort: month, quarter or year (of the calendar). Those of shorter periods are observed for longer,
        because a cohort waits for its last contract.

    Returns
    -------
    ContractCohorts
        `fit` takes it as it is. Contracts that have no start, started after observed_until, ended before they started,
        or started in a period that is not over by observed_until, are left out and counted.

    Raises
    ------
    ParameterError
        If a setting is none of those above.
    DataError
        If a column is absent or holds no days, a contract stands on several rows, or none is left.

    See Also
    --------
    fit : a model of retention of what is counted here.
    """
    for name, setting in (("renews", renews), ("by", by)):
        if setting not in PER_YEAR:
            raise ParameterError(f"{name}: {unknown('setting', str(setting), PER_YEAR)}")
    table, until = _contracts(subscriptions), day_of(observed_until)
    if "subscription_id" in table.columns:
        _refuse_twice(table)
    rows = _ends(table, until, _first_unfinished(until, by), by)
    inside = rows[rows["reason"] == ""]
    left_out = rows[rows["reason"] != ""].groupby("reason", as_index=False)["contracts"].sum()
    if inside.empty:
        told = "; ".join(f"{each.contracts:,}: {each.reason}" for each in left_out.itertuples())
        raise DataError(
            f"subscriptions: no contract started in a {by} that was over on {until}{f' ({told})' if told else ''}. "
            "Take a later observed_until, or a shorter by."
        )
    return ContractCohorts(
        survivors=_survivors(inside, until, by, 12 // PER_YEAR[renews]),
        left_out=left_out.astype({"contracts": np.int64}),
        contracts=int(rows["contracts"].sum()),
        running=int(inside["running"].sum()),
        by=by,
        renews=renews,
        observed_until=until,
    )


def _contracts(subscriptions: ibis.Table | pd.DataFrame) -> ibis.Table:
    """The days of contracts, and their ids where there are any."""
    for name in DAYS:
        if name not in subscriptions.columns:
            known = [str(each) for each in subscriptions.columns]
            raise DataError(
                f"subscriptions: {unknown('column', name, known)} {SUBSCRIPTIONS.column(name).why} Give the columns "
                f"{' and '.join(DAYS)} these names; ended_on is missing while a contract runs."
            )
    names = [name for name in ("subscription_id", *DAYS) if name in subscriptions.columns]
    if isinstance(subscriptions, pd.DataFrame):
        table = ibis.memtable(_readable(subscriptions[names]))
    else:
        table = subscriptions.select(*names)
    for name in DAYS:
        kind = table[name].type()
        if not (kind.is_date() or kind.is_timestamp() or kind.is_null()):
            raise DataError(
                f"subscriptions: {name} is of type {kind}, and renewals are counted from days. Cast it to a date first."
            )
        if kind.is_timestamp() and kind.timezone:
            raise DataError(
                f"subscriptions: {name} is a time in the zone {kind.timezone}, and an engine may tell its day in "
                "another one. Cast it to a date in your own zone first."
            )
    return table.mutate(**{name: table[name].cast("date") for name in DAYS})


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with days, each as its own zone has it, and ids as text; the first that is no day is named."""
    found = {}
    for name in DAYS:
        given = frame[name]
        if pd.api.types.is_numeric_dtype(given) and given.notna().any():
            raise DataError(
                f"subscriptions: {name} holds numbers, no days. Convert them with pandas.to_datetime first."
            )
        read = pd.to_datetime(given, errors="coerce", format="ISO8601")
        wrong = (given.notna() & read.isna()).to_numpy()
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            raise DataError(
                f"subscriptions: {int(wrong.sum()):,} of {len(frame):,} rows have no day in {name} (first: "
                f"{given.iloc[first]!r}, row {first}). Write 2024-06-30, or convert the column with pandas.to_datetime "
                "first."
            )
        found[name] = read.dt.tz_localize(None)
    if "subscription_id" in frame.columns:
        found["subscription_id"] = frame["subscription_id"].astype("string")
    return pd.DataFrame(found)


def _refuse_twice(table: ibis.Table) -> None:
    found = only(_twice(table))
    if found["several"]:
        raise DataError(
            f"subscriptions: {int(found['several']):,} of {int(found['contracts']):,} contracts stand on more than one "
            f"row (first: {found['first']!r}). A contract that stands twice would count twice. Keep one row each: of a "
            "table that has a row a renewal, the first start and the last end."
        )


def _first_unfinished(until: dt.date, by: By) -> dt.date:
    """The first day of the period that is not over by then."""
    return pd.Period(until + dt.timedelta(days=1), freq=FREQUENCIES[by]).start_time.date()


def _survivors(rows: pd.DataFrame, until: dt.date, by: By, step: int) -> pd.DataFrame:
    """Of rows of `_ends`, who is left at each age that the whole cohort could reach."""
    # Whole months from the start until the end; an end on or before the start's day of the month is within the last.
    age = np.maximum(rows["months"].to_numpy(np.int64), 0) // step
    after = until + dt.timedelta(days=1)
    latest = pd.to_datetime(rows.groupby("cohort")["latest"].max())
    seen = (after.year - latest.dt.year) * 12 + after.month - latest.dt.month - (after.day <= latest.dt.day)
    seen = seen.clip(lower=0) // step
    ages = np.arange(int(seen.max()) + 1)
    number = rows["contracts"].to_numpy(np.int64)
    left = np.zeros((len(seen), len(ages)), dtype=np.int64)
    np.add.at(left, (seen.index.get_indexer(rows["cohort"]), np.minimum(age, ages[-1])), number)
    left = left[:, ::-1].cumsum(axis=1)[:, ::-1]
    return pd.DataFrame(
        left, index=pd.PeriodIndex([period(int(each), by) for each in seen.index], name="cohort"),
        columns=pd.Index(ages, name="age"),
    ).astype("Int64").where(ages <= seen.to_numpy()[:, None])  # fmt: skip


@aggregation
def _ends(contracts: ibis.Table, until: dt.date, unfinished: dt.date, by: By) -> ibis.Table:
    """How many contracts of a cohort lasted how many months, and, under a reason, how many are in none.

    Columns: reason, cohort (its number), months (whole ones between start and end, or the day after `until`),
    contracts, running, latest (start).
    """
    start, ended = contracts.started_on, contracts.ended_on
    runs = ended.isnull() | (ended > ibis.date(until.isoformat()))
    end = ibis.ifelse(runs, ibis.date((until + dt.timedelta(days=1)).isoformat()), ended)
    reason = ibis.cases(
        (start.isnull(), NO_START),
        (start > ibis.date(until.isoformat()), AFTER),
        (ended < start, BACKWARDS),
        (start >= ibis.date(unfinished.isoformat()), UNFINISHED),
        else_="",
    )
    within = ibis.ifelse(end.day() <= start.day(), 1, 0)
    months = (end.year() - start.year()) * 12 + end.month() - start.month() - within
    told = contracts.mutate(reason=reason, runs=runs, number=NUMBERS[by](start), lasted=months)
    inside = told.reason == ""
    return (
        told.group_by(
            reason=told.reason,
            cohort=ibis.ifelse(inside, told.number, 0).cast("int64"),
            months=ibis.ifelse(inside, told.lasted, 0).cast("int64"),
        )
        .agg(contracts=_.count(), running=_.count(where=_.runs), latest=_.started_on.max())
        .order_by("reason", "cohort", "months")
    )


@aggregation
def _twice(contracts: ibis.Table) -> ibis.Table:
    """How many contracts there are, how many of them stand on several rows, and the first of these."""
    named = contracts.filter(_.subscription_id.notnull()).group_by("subscription_id").agg(rows=_.count())
    return named.agg(
        contracts=_.count(),
        several=_.count(where=_["rows"] > 1),
        first=_.subscription_id.min(where=_["rows"] > 1),
    )
