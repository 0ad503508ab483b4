"""Rules on lifetimes: which customers may be leaving, which channels cost more than they bring, who stays less?

They read what customers are worth, which only the report on it computes: another report is silent on them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from perfkit.customers import AcquiredValue, CohortDrift, Lifecycle
from perfkit.customers.cohorts import drift_views
from perfkit.customers.worth import Absent, Base, base_views
from perfkit.customers.worth import acquisition_views as channel_views
from perfkit.improve.evidence import ENOUGH
from perfkit.improve.findings import Action, Finding
from perfkit.improve.stakes import Measure, Pool, Stake
from perfkit.languages import listing, money, number, percent, plural, text

REGULAR = 3
"""Repeat purchases from which on a customer who falls silent is told by name: of others silence says little."""
LARGE = 0.002
"""Share of the value of all customers, from which a single one is told by name."""
_NAMED = 3
_AT_RISK: Pool = (("lifetime", "at risk"),)
_LOSSES: Pool = (("acquisition", "channels"),)


@dataclass(frozen=True)
class Lifetimes:
    """What the rules read; a result that the data do not carry is None."""

    base: Base
    lifecycle: Lifecycle | None = None
    acquired: AcquiredValue | None = None
    drift: CohortDrift | None = None

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        return self.base.currency

    @property
    def measure(self) -> Measure:
        """What a stake is counted in."""
        if self.base.value == "revenue":
            return "revenue"
        return "contribution" if self.base.other_costs else "profit"


Rule = Callable[[Lifetimes], Iterable[Finding]]


def read(*results: Any) -> Lifetimes | None:
    """Return what the rules read of results; None where the customers themselves are absent."""
    of = {type(result): result for result in results if not isinstance(result, Absent)}
    if Base not in of:
        return None
    return Lifetimes(of[Base], of.get(Lifecycle), of.get(AcquiredValue), of.get(CohortDrift))


def customers_at_risk(known: Lifetimes) -> Iterator[Finding]:
    """Customers who bought regularly have been silent for longer than is usual for them."""
    cycle = known.lifecycle
    if cycle is None or not cycle.valued:
        return
    there = cycle.to_keep
    regular = there[there["frequency"] >= REGULAR]
    if regular.empty:
        return
    ends = {name: float(regular[column].sum()) for name, column in _ENDS.items()}
    first = regular.head(_NAMED)
    values = {
        "amount": money(ends["estimate"], known.currency), "low": money(ends["low"], known.currency),
        "high": money(ends["high"], known.currency), "least": number(REGULAR), "span": base_views.months(known.base),
    }  # fmt: skip
    yield Finding(
        id="customers_at_risk",
        topic=text("regular customers who fell silent"),
        claim=plural(
            "{n} customer with {least} repeat purchases or more may have stopped: {amount} within {span} is at stake.",
            "{n} customers with {least} repeat purchases or more may have stopped: {amount} within {span} is at stake.",
            len(regular),
            **values,
        ),
        value=len(regular),
        unit="count",
        basis=text(
            "Customers with {least} repeat purchases or more whose chance of still buying is, with its whole interval, "
            "between {lost} and {active}, by {model}",
            least=number(REGULAR),
            lost=percent(cycle.lost_below, 0),
            active=percent(cycle.active_from, 0),
            model=cycle.fitted.process.title,
        ),
        reference=text("If all of them still bought for certain"),
        action=Action(
            text(
                "Call first {names}; leave some, drawn by lot, uncalled, so as to see what calling brings.",
                names=listing(cycle.called(each) for each in first.to_dict("records")),
            )
        ),
        caveat=text(
            "It is the most that keeping all of them could bring. Their intervals overlap: take the list as a group."
        ),
        stake=_stake(
            known,
            ends,
            text("If all of them still bought for certain"),
            text(
                "Value of their purchases within {span} if they still buy, times the chance that they do not.",
                span=values["span"],
            ),
        ),
        pools=(_AT_RISK,),
        figure_ids=(f"lifecycle:{cycle.as_of}:{cycle.fitted.model}:at_risk:at_stake",),
        signed=False,
        subject="customers at risk",
    )


_ENDS = {"estimate": "at_stake", "low": "at_stake_low", "high": "at_stake_high"}


def large_customer_silent(known: Lifetimes) -> Iterator[Finding]:
    """One large, regular customer may be leaving."""
    cycle = known.lifecycle
    if cycle is None or not cycle.valued:
        return
    there = cycle.to_keep
    one = there[there["frequency"] >= REGULAR].head(1)
    total = cycle.stage("total")["value"]
    if one.empty or not total > 0 or float(one["at_stake"].iloc[0]) < LARGE * total:
        return
    row = one.iloc[0]
    ends = {name: float(row[column]) for name, column in _ENDS.items()}
    yield Finding(
        id="large_customer_silent",
        topic=text("a large customer who fell silent"),
        claim=text(
            "{name} has been silent for {weeks} weeks after {n} repeat purchases, and still buys with a chance of "
            "{chance}.",
            name=cycle.called(row.to_dict()),
            weeks=number(row["silent"]),
            n=number(row["frequency"]),
            chance=percent(row["p_alive"], 0),
        ),
        value=float(row["p_alive"]),
        unit="share",
        basis=text("Chance that the customer still buys, by {model}", model=cycle.fitted.process.title),
        reference=text("Still active from {active} on", active=percent(cycle.active_from, 0)),
        action=Action(text("Visit {name}, and ask what it now buys elsewhere.", name=cycle.called(row.to_dict()))),
        low=float(row["p_alive_low"]),
        high=float(row["p_alive_high"]),
        caveat=text("Of many customers some fall silent by chance and come back."),
        stake=_stake(
            known,
            ends,
            text("If the customer still bought for certain"),
            text(
                "Value of the purchases within {span} if the customer still buys, times the chance of not doing so.",
                span=base_views.months(known.base),
            ),
        ),
        pools=((*_AT_RISK, ("customer", str(row["customer_id"]))),),
        figure_ids=(f"lifecycle:{cycle.as_of}:{cycle.fitted.model}:at_risk:at_stake",),
        signed=False,
        subject="a customer at risk",
    )


def channel_not_paid_back(known: Lifetimes) -> Iterator[Finding]:
    """Customers of a channel cost more than they are worth."""
    found = known.acquired
    if found is None:
        return
    rows = [row for row in found.each.to_dict("records") if row["paid"] == "not paid back" and row["n"] >= ENOUGH]
    for row in rows:
        channel = channel_views.label(row["member"])
        cost, new = float(row["cac"]), _acquired_in_a_year(known, row["member"])
        ends = {name: max(cost - row[of], 0.0) * new for name, of in
                (("estimate", "estimate"), ("low", "high"), ("high", "low"))}  # fmt: skip
        currency = known.currency
        yield Finding(
            id=f"channel_not_paid_back:{row['member']}",
            topic=text("the customers of {channel}", channel=channel),
            claim=text(
                "A customer of {channel} costs {cost} and is worth {value} over {span}.",
                channel=channel, cost=money(cost, currency), value=money(row["estimate"], currency),
                span=base_views.months(known.base),
            ),
            value=row["ratio"],
            unit="ratio",
            basis=channel_views.basis(found),
            reference=text("What acquiring one costs: {cost}", cost=money(cost, currency)),
            action=Action(text("Cut the spend of {channel} by a half for a quarter, and see who still comes.",
                               channel=channel)),
            low=row["ratio_low"],
            high=row["ratio_high"],
            caveat=text("Beyond the horizon they bring more; and spend may bring customers whom no channel names."),
            stake=_stake(
                known, ends, text("What acquiring one costs: {cost}", cost=money(cost, currency)),
                plural("{loss} a customer × {n} acquired in a year.",
                       "{loss} a customer × {n} acquired in a year.", new,
                       loss=money(cost - row["estimate"], currency)),
                annual=True,
            ),
            pools=((*_LOSSES, ("channel", str(row["member"]))),),
            figure_ids=(f"clv_cac:{known.base.until}:={row['member']}",),
            signed=False,
            subject="by acquisition channel",
        )  # fmt: skip


def _acquired_in_a_year(known: Lifetimes, member: Any) -> int:
    people = known.base.customers
    recent = people["acquired_on"] > pd.Timestamp(known.base.until) - pd.DateOffset(years=1)
    return int((recent & (people["member"] == member)).sum())


def cohorts_stay_less(known: Lifetimes) -> Iterator[Finding]:
    """Younger cohorts buy again less, or more, than older ones did at the same age."""
    result = known.drift
    if result is None or not len(result.told):
        return
    told = result.told.iloc[(result.told["p"]).to_numpy().argmin()]
    down = told["status"] == "lower"
    yield Finding(
        id="cohorts_stay_less",
        topic=text("younger cohorts"),
        claim=f"{drift_views.message(result)}.",
        value=float(told["estimate"]),
        unit="points",
        basis=text("Change a year, from older to younger cohorts, of the share that buys at an age, seasons taken out"),
        reference=text("Older cohorts at the same age"),
        action=Action(
            text("Set against each other what the first orders of older and younger cohorts held, and cost.")
        ),
        low=float(told["low"]),
        high=float(told["high"]),
        caveat=text("A trend is no cause: prices, channels and the product list moved in the same time."),
        tone="bad" if down else "good",
        figure_ids=(f"cohort_drift:{result.by}:{result.measure}:{told['age']}",),
        subject="cohorts",
    )


def _stake(known: Lifetimes, ends: dict[str, float], reference: str, basis: str, *, annual: bool = False) -> Stake:
    gap, low, high = (Decimal(str(round(ends[name], 4))) for name in ("estimate", "low", "high"))
    kind = "annual" if annual else "one-off"
    return Stake(gap, Decimal(1), reference, basis, kind, known.measure, low, high)  # type: ignore[arg-type]


RULES: tuple[Rule, ...] = (customers_at_risk, large_customer_silent, channel_not_paid_back, cohorts_stay_less)
"""Every rule on lifetimes."""
NAMES = frozenset(rule.__name__ for rule in RULES)
