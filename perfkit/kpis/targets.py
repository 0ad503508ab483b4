"""Targets: what was planned for a period, from targets by month?

Where a KPI adds up over months (revenue, orders ...), a period's target is the sum of its months', all of
which must be there. A rate, an average or a count of active customers does not add up: its target
stands for a month, or for a longer period whose months all have the same. Of several versions of a
month's target the last one counts, in the order in which people number them: v10 comes after v9. A
target with a dimension and a member is that member's, and the company's own has neither; one that has only
one of the two is nobody's. Where a month has two targets that no version tells apart, it has none.
A target of a share lies between 0 and 1, no other one is below zero: 48 for 48 % would stand in every headline.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from perfkit.errors import DataError
from perfkit.kpis.catalogue import CATALOGUE, KPI, kpi
from perfkit.languages import date, listing, month, text
from perfkit.periods import Period


@dataclass(frozen=True)
class Target:
    """A period's target: its value, or the reason for which there is none (empty: none was set)."""

    value: Decimal | None = None
    reason: str = ""


Places = Callable[[Sequence[int]], Sequence[str]]
"""Says of rows of targets, by their index, where each stands in the company's files."""


def checked_targets(targets: pd.DataFrame | None, places: Places | None = None) -> pd.DataFrame:
    """Return the company's targets by kpi and month: columns kpi, month (Period of pandas), value (Decimal).

    A value is None where the month has two of them, and no version says which one counts.

    Parameters
    ----------
    targets : DataFrame or None
    places : callable, optional
        For messages.

    Raises
    ------
    ParameterError
        If a KPI is not in the catalogue; the nearest is named.
    DataError
        If one month has two targets of one KPI and named version; or a target is no finite number, a share outside of
        0 to 1, or anything else below zero.
    """
    every = _latest(targets, places)
    return every.loc[every["dimension"].isna(), ["kpi", "month", "value"]].reset_index(drop=True)


def member_targets(targets: pd.DataFrame | None, by: str, period: Period) -> dict[str, Decimal]:
    """Return the revenue targets of a dimension's members for a period, of those that have one for each month."""
    every = _latest(targets)
    own = every[(every["kpi"] == "revenue") & (every["dimension"] == by) & every["member"].notna()]
    found = {str(member): target_of(rows, CATALOGUE["revenue"], period).value for member, rows in own.groupby("member")}
    return {member: value for member, value in found.items() if value is not None}


def given_twice(targets: pd.DataFrame | None, places: Places | None = None) -> list[str]:
    """Say which targets are given twice, what counts of them, and what to do: a sentence each."""
    said = []
    for rows in _twice(targets):
        first, alike = rows.iloc[0], _alike(rows)
        values = listing(_plain(value) for value in rows["value"])
        where = f" ({'; '.join(filter(None, places(list(rows.index))))})" if places else ""
        said.append(
            f"{first['kpi']}{_member(first)} has {'two' if len(rows) == 2 else len(rows)} targets for "
            f"{first['month']}, {values}{where}, and nothing says which one holds: "
            f"{'being equal, they count once' if alike else 'none counts, as if not given'}. Keep one line; or, if "
            "they are parts of one target, write one line with their sum."
        )
    return said


def held_targets(targets: pd.DataFrame) -> pd.DataFrame:
    """Return the targets without those that are given twice, of which none counts."""
    unclear = [rows for rows in _twice(targets) if not _alike(rows)]
    return targets.drop(index=[row for rows in unclear for row in rows.index])


def _alike(rows: pd.DataFrame) -> bool:
    """Say whether several rows are one target: an equal rate is the same rate, but equal amounts may be two to add."""
    return rows["value"].nunique() == 1 and not kpi(rows.iloc[0]["kpi"]).additive


def _twice(targets: pd.DataFrame | None) -> Iterator[pd.DataFrame]:
    """The rows of each target that stands on several, none of which has a version."""
    if targets is None or targets.empty:
        return
    given = _given(targets)
    same = ["kpi", "month", "dimension", "member"]
    for _key, rows in given.groupby(same, dropna=False, sort=False):
        if len(rows) > 1 and (rows["version"] == "").all():
            yield rows


def _given(targets: pd.DataFrame) -> pd.DataFrame:
    """The targets that are somebody's: kpi, period, month, value (Decimal), dimension, member, version."""
    given = targets.reindex(columns=["kpi", "period", "value", "dimension", "member", "version"])
    given = given[given["value"].notna() & (given["dimension"].isna() == given["member"].isna())]
    given = given.astype({"dimension": "object", "member": "object"})
    values = [Decimal(str(value)) for value in given["value"]]
    return given.assign(
        month=pd.to_datetime(given["period"]).dt.to_period("M"),
        version=given["version"].astype("object").where(given["version"].notna(), "").astype(str),
        value=pd.Series(values, index=given.index, dtype="object"),
    )


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}" if value.is_finite() else str(value)


def _member(row: pd.Series) -> str:
    return "" if pd.isna(row["dimension"]) else f" of {row['dimension']} {row['member']}"


def _refuse_senseless(given: pd.DataFrame, places: Places | None) -> None:
    """Refuse targets that nothing could ever be set against, all of one kind in one message."""
    shares = pd.Series([kpi(name).unit == "share" for name in given["kpi"]], index=given.index, dtype="bool")
    infinite = pd.Series([not value.is_finite() for value in given["value"]], index=given.index, dtype="bool")
    below = pd.Series([value < 0 for value in given["value"].where(~infinite, 0)], index=given.index, dtype="bool")
    above = pd.Series([value > 1 for value in given["value"].where(~infinite, 0)], index=given.index, dtype="bool")
    if infinite.any():
        raise DataError(
            f"targets: {_named(given[infinite], places)}, which is no amount: the gap to it would be none either. "
            "Correct it in the file, or leave the cell empty for no target."
        )
    if (wrong := given[shares & (below | above)]).shape[0]:
        percents = [value / 100 for value in wrong["value"] if 1 < value <= 100]
        example = f"{_plain(percents[0])} for {_plain(percents[0] * 100)} %" if percents else "0.48 for 48 %"
        raise DataError(
            f"targets: {_named(wrong, places)}, and a target of a share lies between 0 and 1: every gap to this one "
            f"would be absurd. Write {example}; or, if each value of the column is in percent, in "
            '[tables.targets.columns]: value = { column = "...", times = 0.01 }.'
        )
    if (wrong := given[~shares & below]).shape[0]:
        raise DataError(
            f"targets: {_named(wrong, places)}, and a target below zero can be neither reached nor missed. Write it "
            "without the minus, or leave the cell empty for no target."
        )


NAMED = 3
"""Rows of targets that a message names."""


def _named(rows: pd.DataFrame, places: Places | None) -> str:
    """Name targets by KPI, member, month and value, and where they stand."""
    first = rows.head(NAMED)
    stands = places(list(first.index)) if places else [""] * len(first)
    said = [
        f"{row['kpi']}{_member(row)} for {row['month']} is {_plain(row['value'])}" + (f" ({place})" if place else "")
        for (_index, row), place in zip(first.iterrows(), stands, strict=True)
    ]
    more = [f"{len(rows) - NAMED:,} more"] if len(rows) > NAMED else []
    return listing([*said, *more])


def _latest(targets: pd.DataFrame | None, places: Places | None = None) -> pd.DataFrame:
    """The last version of each target: columns kpi, month, dimension, member, value."""
    columns = ["kpi", "month", "dimension", "member", "value"]
    if targets is None or targets.empty:
        return pd.DataFrame(columns=columns, dtype="object")
    given = _given(targets)
    _refuse_senseless(given, places)
    same = ["kpi", "month", "dimension", "member", "version"]
    sums = given["kpi"].map(lambda name: kpi(name).additive).astype("bool")
    given = given[~given.duplicated([*same, "value"]) | sums]
    given.loc[given.duplicated(same, keep=False) & (given["version"] == ""), "value"] = None
    given = given.drop_duplicates([*same, "value"])
    twice = given[given.duplicated(same)]
    if len(twice):
        first = twice.iloc[0]
        raise DataError(
            f"targets: {first['kpi']}{_member(first)} has two targets for {first['month']} in version "
            f"{first['version']}. Added, they would count twice; keep one, or name their versions in the column "
            "version."
        )
    ordered = given.sort_values("version", key=lambda names: names.map(_numbered), kind="stable")
    return ordered.drop_duplicates(["kpi", "month", "dimension", "member"], keep="last")[columns]


def _numbered(version: str) -> tuple[tuple[int, int, str], ...]:
    """A version's name with its numbers as numbers, so that v10 sorts after v9."""
    parts = re.findall(r"[0-9]+|[^0-9]+", version.casefold())
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts)


def target_of(targets: pd.DataFrame, of: KPI, period: Period) -> Target:
    """Return a KPI's target for a period, from `checked_targets`."""
    own = targets[targets["kpi"] == of.id]
    by_month = dict(zip(own["month"].astype(str), own["value"], strict=True))
    months = period.months()
    doubtful = [month(each.start) for each in months if each.label in by_month and by_month[each.label] is None]
    if doubtful:
        return Target(reason=text("Two targets are given for {months}: which one counts?", months=listing(doubtful)))
    values = [by_month.get(each.label) for each in months]
    there = [value for value in values if value is not None]
    if not there:
        return Target()
    if len(there) < len(values):
        missing = [month(each.start) for each, value in zip(months, values, strict=True) if value is None]
        return Target(reason=text("No target is given for {months}.", months=listing(missing)))
    if of.additive and period.since is not None:
        day = date(period.since)
        return Target(reason=text("The data start on {day}, and the target is one for the whole period.", day=day))
    if of.additive:
        return Target(sum(there, Decimal(0)))
    if len(set(there)) == 1:
        return Target(there[0])
    return Target(reason=text("Its monthly targets differ and do not add up: a target for the period is needed."))
