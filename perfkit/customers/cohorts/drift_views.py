"""Views of drift: by how much younger cohorts differ from older ones at each age, and where nothing may be said."""

from typing import TYPE_CHECKING

import pandas as pd

from perfkit import languages
from perfkit.customers.cohorts import words
from perfkit.estimates import LEVEL
from perfkit.languages import date, mark, number, opening, percent, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.cohorts.drifts import CohortDrift

_BASIS = {
    "retention": mark("Change a year, from older to younger cohorts, of the share that buys at that age: a line "
                      "through the cohorts weighted by their customers, seasons taken out"),
    "value": mark("Change a year, from older to younger cohorts, of what a customer has brought by that age: a line "
                  "through the cohorts weighted by their customers, seasons taken out"),
}  # fmt: skip
_STATUS = {
    "lower": mark("younger cohorts lower"),
    "higher": mark("younger cohorts higher"),
    "not distinguishable": mark("not distinguishable from no change"),
    "too few cohorts": mark("too few cohorts"),
    "too few customers": mark("too few customers"),
    "left truncated": mark("old customers among the first cohorts"),
}
_REASONS = {
    "too few cohorts": mark("Too few cohorts have reached that age to tell a trend from a season: "
                            "ask for earlier sales."),
    "too few customers": mark("Too few customers came back, or did not: take longer periods."),
    "left truncated": mark("Customers of before the data start, on {day}, stand in the first cohorts as if they "
                           "were new, and such customers are more loyal. Say from which day on a customer is new "
                           "(acquired_from)."),
}  # fmt: skip


def reason(result: "CohortDrift", status: str) -> str:
    """Return why an age makes no claim; empty where it may."""
    return text(_REASONS[status], day=date(result.first_day)) if status in _REASONS else ""


def drift_figures(result: "CohortDrift") -> pd.DataFrame:
    """Return the change a year at each age."""
    rows = []
    for row in result.ages.to_dict("records"):
        why = reason(result, row["status"])
        rows.append(
            {name: row[name] for name in ("estimate", "low", "high", "level", "n")}
            | {
                "figure_id": f"cohort_drift:{result.by}:{result.measure}:{row['age']}",
                "kpi": "cohort_drift",
                "dimensions": {"age": row["age"], "measure": result.measure},
                "unit": "points" if result.measure == "retention" else result.currency or "quantity",
                "basis": text(_BASIS[result.measure]),
                "status": "not available" if why else "estimated",
                "reason": why or (text(_STATUS[row["status"]]) if row["status"] == "not distinguishable" else ""),
            }
        )
    return figure_frame(rows)


def message(result: "CohortDrift") -> str:
    """Return what may be said of younger cohorts."""
    told = result.told
    if not len(told):
        if not result.ages["p"].notna().any():
            return text("Whether younger cohorts differ cannot be told")
        return text("Younger cohorts are not distinguishable from older ones at the same age")
    down, up = (list(told.loc[told["status"] == each, "age"]) for each in ("lower", "higher"))
    if down and up:
        return text("Younger cohorts differ from older ones, up and down by age")
    at = languages.listing(words.ages(age, result.by) for age in down or up)
    if result.measure == "retention":
        return (
            text("Younger cohorts buy again less than older ones did: at {ages}", ages=at)
            if down
            else text("Younger cohorts buy again more than older ones did: at {ages}", ages=at)
        )
    return (
        text("Younger cohorts bring less than older ones did: by {ages}", ages=at)
        if down
        else text("Younger cohorts bring more than older ones did: by {ages}", ages=at)
    )


def drift_views(result: "CohortDrift") -> list[View]:
    """Return the ages with their change, and what may be said of it."""
    rows = result.ages.astype("object").assign(
        label=[opening(words.ages(age, result.by)) for age in result.ages["age"]],
        said=[opening(text(_STATUS[each])) for each in result.ages["status"]],
    )
    retention = result.measure == "retention"
    level, change = ("share", "points") if retention else ("quantity", "quantity")
    decimals = None if retention else 2
    money = f", {result.currency}" if result.currency and not retention else ""
    ends = text("Oldest, %"), text("Youngest, %")
    if not retention:
        ends = text("Oldest") + money, text("Youngest") + money
    fields = [
        Field("label", text("Age")),
        Field("cohorts", text("Cohorts"), unit="count"),
        Field("n", text("Customers"), unit="count"),
        Field("older", ends[0], unit=level, decimals=decimals),
        Field("younger", ends[1], unit=level, decimals=decimals),
        Field("estimate", text("Change a year") + money, unit=change, signed=True, decimals=decimals),
        Field("low", text("from"), unit=change, signed=True, decimals=decimals),
        Field("high", text("to"), unit=change, signed=True, decimals=decimals),
        Field("p_holm", text("p, for all ages"), unit="quantity", decimals=3),
        Field("said", text("What may be said"), unit="text"),
    ]
    notes = [reason(result, status) for status in dict.fromkeys(result.ages["status"])]
    if result.ages["p"].notna().any():
        notes += [
            text(
                "A line through the cohorts, oldest and youngest are its ends. It is told where p, for the {n} ages "
                "together (Holm), is at most {p}; the interval of each age is at {level}.",
                n=number(int(result.ages["p"].notna().sum())),
                p=number(1 - LEVEL, 1),
                level=percent(LEVEL, 0),
            ),
            text("A trend is no cause: prices, channels and the product list moved in the same time."),
        ]
    what = text("Share that buys at each age, from the oldest to the youngest cohort")
    if not retention:
        kind = languages.in_sentence(words.value(result.value, result.other_costs))
        what = text("{value} a customer by each age, from the oldest to the youngest cohort", value=opening(kind))
    return [View(message(result), what, fields, pd.DataFrame(rows), notes=[each for each in notes if each])]
