"""Targets: what was planned for a period, from targets by month?

Where a KPI adds up over months (revenue, orders ...), a period's target is the sum of its months', all of
which must be there. A rate, an average or a count of active customers does not add up: its target
stands for a month, or for a longer period whose months all have the same. Of several versions of a
month's target the one whose name sorts last counts; those of a dimension's members are left to it.
"""

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from perfkit.errors import DataError
from perfkit.kpis.catalogue import KPI, kpi
from perfkit.languages import listing, month, text
from perfkit.periods import Period


@dataclass(frozen=True)
class Target:
    """A period's target: its value, or the reason for which there is none (empty: none was set)."""

    value: Decimal | None = None
    reason: str = ""


def checked_targets(targets: pd.DataFrame | None) -> pd.DataFrame:
    """Return the company's targets by kpi and month: columns kpi, month (Period of pandas), value (Decimal).

    Raises
    ------
    ParameterError
        If a KPI is not in the catalogue.
    DataError
        If one month has two targets of one KPI and version.
    """
    columns = ["kpi", "month", "value"]
    if targets is None or targets.empty:
        return pd.DataFrame(columns=columns)
    whole = targets.reindex(columns=["kpi", "period", "value", "dimension", "version"])
    whole = whole[whole["dimension"].isna() & whole["value"].notna()]
    for name in whole["kpi"].unique():
        kpi(name)
    whole = whole.assign(
        month=pd.to_datetime(whole["period"]).dt.to_period("M"),
        version=whole["version"].astype("object").where(whole["version"].notna(), "").astype(str),
        value=[Decimal(str(value)) for value in whole["value"]],
    )
    twice = whole[whole.duplicated(["kpi", "month", "version"])]
    if len(twice):
        first = twice.iloc[0]
        raise DataError(
            f"targets: {first['kpi']} has two targets for {first['month']}. Added, they would count twice; "
            f"keep one, or name their versions in the column version."
        )
    return whole.sort_values("version").drop_duplicates(["kpi", "month"], keep="last")[columns].reset_index(drop=True)


def target_of(targets: pd.DataFrame, of: KPI, period: Period) -> Target:
    """Return a KPI's target for a period, from `checked_targets`."""
    own = targets[targets["kpi"] == of.id]
    by_month = dict(zip(own["month"].astype(str), own["value"], strict=True))
    months = period.months()
    values = [by_month.get(each.label) for each in months]
    there = [value for value in values if value is not None]
    if not there:
        return Target()
    if len(there) < len(values):
        missing = [month(each.start) for each, value in zip(months, values, strict=True) if value is None]
        return Target(reason=text("No target is given for {months}.", months=listing(missing)))
    if of.additive:
        return Target(sum(there, Decimal(0)))
    if len(set(there)) == 1:
        return Target(there[0])
    return Target(reason=text("Its monthly targets differ and do not add up: a target for the period is needed."))
