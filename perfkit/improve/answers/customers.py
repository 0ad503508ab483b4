"""Answers on customers: which bring value, how sure is one of it, and whom to keep?

A result that the data do not carry is told by its reason: the section then says what to ask for.
"""

from typing import Any

import pandas as pd

from perfkit.customers import (
    AcquiredValue,
    CohortDrift,
    CohortTriangle,
    CustomerValue,
    Lifecycle,
    Migration,
    Payback,
    RetentionPoint,
    Tracking,
    ValueTiers,
)
from perfkit.customers.cohorts import drift_views, payback_views
from perfkit.customers.segments import lifecycle_views
from perfkit.customers.worth import Absent, Base, base_views
from perfkit.estimates import LEVEL
from perfkit.improve.answers.answer import Answer
from perfkit.languages import percent, plural, show, text


def cohorts_bring(
    followed: CohortTriangle | Absent, drift: CohortDrift | Absent, value: CustomerValue | Absent
) -> Answer:
    """Say who stays, what a customer brings from age to age, and whether younger cohorts differ.

    Parameters
    ----------
    followed : CohortTriangle or Absent
    drift : CohortDrift or Absent
    value : CustomerValue or Absent
    """
    if isinstance(followed, Absent):
        return Answer((text("These data do not say yet which cohorts bring value."),), followed.reason)
    views = followed.views()
    told = [f"{each.title}." for each in views[:2] if each.title]
    if not isinstance(drift, Absent) and drift.ages["p"].notna().any():
        told.append(f"{drift_views.message(drift)}.")
    caveat = text("Older ages are of fewer cohorts: compare cohorts at the same age.")
    if not isinstance(value, Absent):
        doubts = base_views.doubts(value.base)
        caveat = doubts[0] if doubts else caveat
    return Answer(tuple(told), caveat)


def channels_bring(acquired: AcquiredValue | Absent, payback: Payback | Absent) -> Answer:
    """Say what a new customer is worth by channel, which channels cost more than that, and when cost is paid back.

    Parameters
    ----------
    acquired : AcquiredValue or Absent
    payback : Payback or Absent
    """
    if isinstance(acquired, Absent):
        return Answer((text("These data do not say yet which channels bring value."),), acquired.reason)
    told = [f"{acquired.views()[0].title}."]
    paid = acquired.each[acquired.each["cac"].notna()]
    known = paid[paid["ratio"].notna()]
    if len(known):
        short = [str(each) for each in known.loc[known["paid"] == "not paid back", "member"]]
        sure = int((known["paid"] == "paid back").sum())
        told.append(
            plural(
                "Of {n} channel with known spend, {sure} brings more than it costs, beyond the interval at {level}.",
                "Of {n} channels with known spend, {sure} bring more than they cost, beyond the interval at {level}.",
                len(known),
                sure=sure,
                level=percent(LEVEL, 0),
            )
            if not short
            else text("Customers cost more than they are worth from: {channels}.", channels=", ".join(short))
        )
    whole = acquired.together["paid"]
    if not isinstance(payback, Absent) and not payback_views.reason(payback) and whole != "part of the spend":
        told.append(f"{payback_views.message(payback)}.")
    caveat = text("Spend that names a channel has not caused the customers that name it: an experiment would say.")
    if not len(paid):
        caveat = text("What a customer costs is not known: ask for the spend of each channel (date, channel, amount).")
    elif not len(known):
        caveat = text("Margin is not known, so that no cost is paid back: ask for the cost of the goods of each line.")
    return Answer(tuple(told), caveat)


def sure_of(base: Base | Absent, value: CustomerValue | Absent, tracking: Tracking | Absent) -> Answer:
    """Say which model is believed and why, how far off it was, and what the interval of the total is made of.

    Parameters
    ----------
    base : Base or Absent
    value : CustomerValue or Absent
    tracking : Tracking or Absent
    """
    if isinstance(base, Absent) or isinstance(value, Absent):
        reason = base.reason if isinstance(base, Absent) else ""
        return Answer((text("There is no value to be sure of."),), reason)
    told = [base_views.off(base)]
    if not isinstance(tracking, Absent):
        told.append(f"{tracking.views()[0].title}.")
    total = value.total
    unit = base.currency or "quantity"
    ends: dict[str, Any] = {name: show(total[name], unit) for name in ("low", "high")}
    if total["actual_low"] is not None:
        ends |= {name: show(total[f"actual_{name}"], unit) for name in ("low", "high")} | {
            "known_low": ends["low"], "known_high": ends["high"],
        }  # fmt: skip
        told.append(
            text("The expected value is known to lie between {known_low} and {known_high}; with luck in purchases and "
                 "amounts, the amount itself between {low} and {high}.", **ends)
        )  # fmt: skip
    return Answer(
        tuple(told),
        text(
            "Intervals take the model to be right; how far off it was in the past stands beside them, and is not in "
            "them."
        ),
    )


def point_of_retention(point: RetentionPoint | Absent) -> Answer:
    """Say what a point of retention is worth, and what that is.

    Parameters
    ----------
    point : RetentionPoint or Absent
    """
    if isinstance(point, Absent):
        return Answer((text("These data do not say yet what a point of retention is worth."),), point.reason)
    stays = text(
        "Of a hundred new customers, {stays} still buy a year later; a point is one more of them, at unchanged "
        "purchase rates.",
        stays=show(100 * point.total["stays"], "quantity"),
    )
    return Answer(
        (f"{point.views()[0].title}.", stays),
        text("It says what a point would bring, not what brings it: only an experiment does."),
    )


def whom_to_keep(lifecycle: Lifecycle | Absent, tiers: ValueTiers | Absent, moves: Migration | Absent) -> Answer:
    """Say who may be leaving, what hangs on them, and on how few customers the value hangs.

    Parameters
    ----------
    lifecycle : Lifecycle or Absent
    tiers : ValueTiers or Absent
    moves : Migration or Absent
    """
    told = []
    if not isinstance(lifecycle, Absent):
        told.append(f"{lifecycle_views.message(lifecycle)}.")
    if not isinstance(tiers, Absent) and not pd.isna(tiers.tops["share_of_value"].iloc[-1]):
        told.append(f"{tiers.views()[0].title}.")
    if not isinstance(moves, Absent) and (kept := moves.stayed(moves.order[0]))["share"] is not None:
        told.append(
            text("Of the best customers of the year before, {share} are among the best still.",
                 share=percent(kept["share"], 0))
        )  # fmt: skip
    if not told:
        reason = next((each.reason for each in (lifecycle, tiers) if isinstance(each, Absent)), "")
        return Answer((text("These data do not say yet whom to keep."),), reason)
    return Answer(
        tuple(told),
        text("At stake is the most that keeping all of them could bring: what an action brings, only an experiment "
             "with customers left alone shows."),
    )  # fmt: skip
