"""Kept: which customers are at risk, on how few the value hangs, and who has moved since the year before?"""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd

from perfkit import periods
from perfkit.customers import segments
from perfkit.customers.segments import Lifecycle, Migration, ValueTiers
from perfkit.customers.worth.absences import Absent
from perfkit.customers.worth.bases import Base
from perfkit.errors import DataError
from perfkit.languages import text

_COUNTED = ("n", "alive", "purchases", "value", "lost_purchases", "at_stake")


def lifecycle(base: Base | Absent) -> Lifecycle | Absent:
    """Tell each customer's stage by the model of the group, and what hangs on those at risk, of all groups together.

    Where the family chosen is BG/NBD, which takes all who never bought again as still buying, stages are those of the
    best of the others.
    """
    if isinstance(base, Absent):
        return Absent(text("Who may be leaving"), base.reason)
    parts = [
        segments.lifecycle(
            base.part(model), model.sure, model.spend, horizon=base.horizon,
            annual_discount_rate=base.annual_discount_rate, margin_rate=model.kept,
        )
        for model in base.models
    ]  # fmt: skip
    names = base.customers[["customer_id", "name"]]
    customers = pd.concat([each.customers for each in parts], ignore_index=True).merge(names, "left", "customer_id")
    first = replace(
        parts[0], customers=customers, value=base.value, one_rate=base.value == "margin" and len(parts) == 1,
        instead_of=next((each.fitted.process.title for each in base.models if each.fitted is not each.sure), ""),
    )  # fmt: skip
    if len(parts) == 1:
        return first
    reason = "" if any(each.valued for each in parts) else parts[0].reason
    return replace(first, stages=_stages([each.stages for each in parts]), reason=reason)


def _stages(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The stages of all groups: sums, and squares of the distances to the ends of their intervals."""
    order = list(parts[0]["stage"])
    whole = pd.concat(parts)
    by = whole.groupby("stage")
    found = pd.DataFrame({name: by[name].sum(min_count=1) for name in _COUNTED})
    for column in whole.columns:
        stem = next((each for each in _COUNTED if column.startswith(f"{each}_")), None)
        if stem is not None:
            away = ((whole[column] - whole[stem]) ** 2).groupby(whole["stage"]).sum(min_count=1)
            found[column] = found[stem] + (1 if column.endswith("high") else -1) * np.sqrt(away)
    found["share"] = found["n"] / found.loc["total", "n"]
    return found.reindex(order).reset_index()[list(parts[0].columns)].astype({"n": "int64"})


def tiers(base: Base | Absent) -> ValueTiers | Absent:
    """Put all customers of the last twelve months, old ones too, in tiers by what they brought in them."""
    title = text("On how few customers the value hangs")
    if isinstance(base, Absent):
        return Absent(title, base.reason)
    return _tiers(base, base.until, title)


def moves(base: Base | Absent) -> Migration | Absent:
    """Follow customers from their tier in the year before to that of the last twelve months."""
    title = text("Who has moved between tiers since the year before")
    if isinstance(base, Absent):
        return Absent(title, base.reason)
    ends = [base.until, _a_year_before(base.until)]
    if _a_year_before(ends[1]) < base.known.since - dt.timedelta(days=31):
        return Absent(title, text("Two whole years are needed to set one against the other: ask for earlier sales."))
    now, before = (_tiers(base, day, title) for day in ends)
    if isinstance(now, Absent) or isinstance(before, Absent):
        return Absent(title, text("Nobody bought in one of the two years."))
    return segments.migration(before, now)


def _tiers(base: Base, until: dt.date, title: str) -> ValueTiers | Absent:
    since = _a_year_before(until) + dt.timedelta(days=1)
    try:
        scored = segments.rfm(base.lines, as_of=until, since=since, value=base.value, currency=base.currency)
    except DataError:
        return Absent(title, text("Nobody bought in the twelve months."))
    return segments.value_tiers(scored)


def _a_year_before(day: dt.date) -> dt.date:
    """The last day of the same month a year before; of another day, the same."""
    next_day = day + dt.timedelta(days=1)
    return periods.shifted(next_day, -12) - dt.timedelta(days=1)
