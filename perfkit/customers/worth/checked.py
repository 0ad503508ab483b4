"""Checked: had the models been asked earlier, would all groups together have bought as often as was expected?"""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import TypeVar

import numpy as np
import pandas as pd

from perfkit.customers import clv
from perfkit.customers.clv import Calibration, Choice, Tracking
from perfkit.customers.clv.summaries import TimeUnit
from perfkit.customers.worth.absences import Absent
from perfkit.customers.worth.bases import MONTH_IN_WEEKS, Base, bought_by
from perfkit.errors import DataError
from perfkit.languages import text

Made = TypeVar("Made", Tracking, Calibration)


def tracking(base: Base | Absent) -> Tracking | Absent:
    """Follow repeat purchases month by month against what the chosen model of each group expected, all together."""
    title = text("Have customers bought as often as expected?")
    return _made(base, title, clv.tracking, _tracks, "month")


def calibration(base: Base | Absent) -> Calibration | Absent:
    """Compare forecast and actual purchases by how often customers had bought, all groups together."""
    title = text("Are frequent customers forecast as well as the others?")
    return _made(base, title, clv.calibration, _classes, "week")


def _made(
    base: Base | Absent, title: str, make: Callable[..., Made], add: Callable[[list[Made]], Made], step: TimeUnit
) -> Made | Absent:
    if isinstance(base, Absent):
        return Absent(title, base.reason)
    if not isinstance(base.choice, Choice):
        return Absent(title, base.choice.reason)
    weeks = base.choice.tested.horizon
    horizon = weeks if step == "week" else round(weeks / MONTH_IN_WEEKS)
    parts = []
    for model in base.models:
        try:
            parts.append(
                make(
                    bought_by(base.lines, base.known, model.at),
                    observed_until=base.until, horizon=horizon, time_unit=step,
                    model=base.choice.model, acquired_from=base.known.new_from,
                )
            )  # fmt: skip
        except DataError:  # nobody of the group had bought again by then
            continue
    return parts[0] if len(parts) == 1 else add(parts)


def _tracks(parts: list[Tracking]) -> Tracking:
    """The tracks of several groups as one: they have the same steps, and some begin earlier than others."""
    sums = ["actual", "expected", "cumulative_actual", "cumulative_expected"]
    ends = sorted({end for each in parts for end in each.steps["end"]})
    aligned = [each.steps.set_index("end").reindex(ends) for each in parts]
    whole = reduce(lambda one, other: one + other, [each[sums].fillna(0.0) for each in aligned])
    for name, sign in (("low", -1), ("high", 1)):
        away = sum((each[name] - each["cumulative_expected"]) ** 2 for each in aligned)
        whole[name] = whole["cumulative_expected"] + sign * np.sqrt(away)
    held_out = pd.Series(ends, index=ends) > parts[0].origin
    steps = whole.assign(held_out=held_out).rename_axis("end").reset_index()
    counts = ["actual", "cumulative_actual"]
    steps[counts] = steps[counts].astype("int64")
    low, high = (
        sign * np.sqrt(sum((getattr(each, name) - each.expected) ** 2 for each in parts))
        for name, sign in (("low", -1), ("high", 1))
    )
    expected = sum(each.expected for each in parts)
    return replace(
        parts[0],
        steps=steps[list(parts[0].steps.columns)],
        customers=sum(each.customers for each in parts),
        expected=expected,
        actual=sum(each.actual for each in parts),
        low=float(expected + low),
        high=float(expected + high),
    )


def _classes(parts: list[Calibration]) -> Calibration:
    """The classes of several groups as one: purchases add up, and squares of the distances to the ends."""
    rows = pd.concat([each.classes for each in parts], ignore_index=True)
    values = ["actual", "expected", "low", "high", "actual_low", "actual_high"]
    rows[values] = rows[values].mul(rows["n"], axis=0)
    by = rows.groupby("frequency")
    found = by[["n", "actual", "expected"]].sum()
    for pair in (("low", "high"), ("actual_low", "actual_high")):
        for name, sign in zip(pair, (-1, 1), strict=True):
            away = ((rows[name] - rows["expected"]) ** 2).groupby(rows["frequency"]).sum()
            found[name] = found["expected"] + sign * np.sqrt(away)
    found["covered"] = (found["actual"] >= found["actual_low"]) & (found["actual"] <= found["actual_high"])
    found[values] = found[values].div(found["n"], axis=0)
    return replace(parts[0], classes=found.reset_index()[list(parts[0].classes.columns)])
