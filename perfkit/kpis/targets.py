"""Targets: what was planned for a period, from targets by month?

Where a KPI adds up over months (revenue, orders ...), a period's target is the sum of its months', all of
which must be there. A rate, an average or a count of active customers does not add up: its target
stands for a month, or for a longer period whose months all have the same. Of several versions of a
month's target the last one counts, in the order in which people number them: v10 comes after v9. A
target with a dimension and a member is that member's, and the company's own has neither; one that has only
one of the two is nobody's. Where a month has two targets that no version tells apart, it has none.
"""

import re
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


def checked_targets(targets: pd.DataFrame | None) -> pd.DataFrame:
    """Return the company's targets by kpi and month: columns kpi, month (Period of pandas), value (Decimal).

    A value is None where the month has two of them, and no version says which one counts.

    Raises
    ------
    ParameterError
        If a KPI is not in the catalogue; the nearest is named.
    DataError
        If one month has two targets of one KPI and named version, or a target is no finite number.
    """
    every = _latest(targets)
    return every.loc[every["dimension"].isna(), ["kpi", "month", "value"]].reset_index(drop=True)


def member_targets(targets: pd.DataFrame | None, by: str, period: Period) -> dict[str, Decimal]:
    """Return the revenue targets of a dimension's members for a period, of those that have one for each month."""
    every = _latest(targets)
    own = every[(every["kpi"] == "revenue") & (every["dimension"] == by) & every["member"].notna()]
    found = {str(member): target_of(rows, CATALOGUE["revenue"], period).value for member, rows in own.groupby("member")}
    return {member: value for member, value in found.items() if value is not None}


def _latest(targets: pd.DataFrame | None) -> pd.DataFrame:
    """The last version of each target: columns kpi, month, dimension, member, value."""
    columns = ["kpi", "month", "dimension", "member", "value"]
    if targets is None or targets.empty:
        return pd.DataFrame(columns=columns, dtype="object")
    given = targets.reindex(columns=["kpi", "period", "value", "dimension", "member", "version"])
    given = given[given["value"].notna() & (given["dimension"].isna() == given["member"].isna())]
    given = given.astype({"dimension": "object", "member": "object"})
    for name in given["kpi"].unique():
        kpi(name)
    values = [Decimal(str(value)) for value in given["value"]]
    for name, when, value in zip(given["kpi"], given["period"], values, strict=True):
        if not value.is_finite():
            raise DataError(
                f"targets: the value of {name} for {pd.Timestamp(when):%Y-%m} is {value}, which is no amount: the gap "
                f"to it would be none either. Correct it in the file, or leave the cell empty for no target."
            )
    given = given.assign(
        month=pd.to_datetime(given["period"]).dt.to_period("M"),
        version=given["version"].astype("object").where(given["version"].notna(), "").astype(str),
        value=pd.Series(values, index=given.index, dtype="object"),
    )
    same = ["kpi", "month", "dimension", "member", "version"]
    given = given.drop_duplicates([*same, "value"])
    given.loc[given.duplicated(same, keep=False) & (given["version"] == ""), "value"] = None
    given = given.drop_duplicates([*same, "value"])
    twice = given[given.duplicated(same)]
    if len(twice):
        first = twice.iloc[0]
        of = "" if pd.isna(first["dimension"]) else f" of {first['dimension']} {first['member']}"
        raise DataError(
            f"targets: {first['kpi']}{of} has two targets for {first['month']}. Added, they would count twice; "
            f"keep one, or name their versions in the column version."
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
