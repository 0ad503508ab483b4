"""Findings: what the figures say, ranked by what is at stake, each with its basis, its caveat and an action."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from perfkit.improve.evidence import ENOUGH
from perfkit.improve.stakes import (
    Claim,
    Measure,
    Pool,
    Stake,
    StakeKind,
    Sum,
    additions,
    is_part,
    may_be_same,
    overlap,
    totals,
)
from perfkit.kpis.catalogue import kpi
from perfkit.languages import date, in_sentence, listing, money, number, opening, percent, plural, show, text
from perfkit.periods import Period
from perfkit.results import Field, Result, View, environment, figure_frame

Tone = Literal["good", "bad"]


@dataclass(frozen=True)
class Action:
    """What to do about a finding, and what the company has decided: who, by when, whether it is done, a note."""

    what: str
    owner: str = ""
    due: dt.date | None = None
    done: bool = False
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing the figures say.

    Attributes
    ----------
    id : str
        Free of language: the rule's name, and the dimension where it speaks of one.
    topic : str
        What it is about, in two or three words, to stand within a sentence.
    claim : str
        A sentence, in the language in use when it was found; so are the texts below.
    value, unit : the number that the claim stands on, and its unit; `signed` shows its plus.
    basis, reference : str
        How it is computed; what it is set against.
    action : Action
    caveat : str
        What it does not prove.
    low, high : float or None
        The number's interval, where it is estimated.
    stake : Stake or None
        Money at stake, None where the finding is no gap to close.
    pools : tuple of Pool
        Where that money lies: findings that share a pool are not added up (see `stakes`).
    tone : str or None
        "good" or "bad" for the company; None where it is neither.
    figure_ids : tuple of str
        The figures it quotes.
    subject : str
        What it is about, where another rule may say the same in other words: a KPI, or "by" and a dimension. A page
        of three findings takes one of each.
    gaps : str
        The months without one line that it stands on, by name: it may speak of a missing export. Empty for none.
    """

    id: str
    topic: str
    claim: str
    value: Any
    unit: str
    basis: str
    reference: str
    action: Action
    caveat: str = ""
    low: float | None = None
    high: float | None = None
    stake: Stake | None = None
    pools: tuple[Pool, ...] = ()
    tone: Tone | None = "bad"
    figure_ids: tuple[str, ...] = ()
    signed: bool = True
    subject: str = ""
    gaps: str = ""

    @property
    def message(self) -> str:
        """Its subject; its rule where it has none."""
        return self.subject or self.id.split(":")[0]

    @property
    def amount(self) -> Decimal:
        """Money at stake, 0 where there is none."""
        return self.stake.amount if self.stake else Decimal(0)


@dataclass(frozen=True, eq=False)
class Findings(Result):
    """What the figures say, the most at stake first.

    Attributes
    ----------
    items : tuple of Finding
    period : Period
    currency : str
    unspoken : tuple of str
        Ids on which the company decided, and which are no finding this time.
    unread : tuple of str
        Ids on which it decided, whose dimension or KPI nothing here reads: mistyped, perhaps.
    thin : tuple of str
        KPIs of which nothing is claimed, because the period or the year before counts too few cases.
    within_chance : tuple of str
        KPIs of which nothing is claimed, because their change is no more than chance explains.
    """

    items: tuple[Finding, ...]
    period: Period
    currency: str
    unspoken: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    thin: tuple[str, ...] = ()
    within_chance: tuple[str, ...] = ()

    def find(self, id: str) -> Finding | None:
        """Return the finding of an id, or None where there is none."""
        return next((item for item in self.items if item.id == id), None)

    @cached_property
    def total(self) -> dict[Sum, Decimal]:
        """Money at stake by kind and measure: each euro once, and these never added up (see `stakes`)."""
        return totals(claims_of(self.items))

    def total_in_words(self) -> str:
        """Return the totals, each by its name: "€120 of gross profit in the period"; empty where there is none."""
        return listing(
            f"{money(amount, self.currency)} {measured(measure, kind)}"
            for (kind, measure), amount in self.total.items()
            if amount
        )

    def total_caveat(self) -> str:
        """Return that two totals are not to be added; empty where they are of other money."""
        if not may_be_same(claims_of(self.items)):
            return ""
        return text("Do not add these amounts to one another: they may be the same money.")

    @property
    def in_revenue(self) -> bool:
        """Whether a stake is revenue, because the margin is not known."""
        return any(item.stake is not None and item.stake.measure == "revenue" for item in self.items)

    def figures(self) -> pd.DataFrame:
        """Return the number of each finding, its stake, and the totals at stake."""
        rows: list[dict[str, Any]] = []
        for item in self.items:
            stem = f"finding:{self.period.label}:{item.id}"
            common = {"period": self.period.label, "dimensions": {"finding": item.id}, "reason": ""}
            rows.append(
                common
                | {
                    "figure_id": stem,
                    "kpi": "finding",
                    "estimate": item.value,
                    "low": item.low,
                    "high": item.high,
                    "unit": item.unit,
                    "basis": item.basis,
                    "status": "observed" if item.low is None else "estimated",
                }
            )
            if item.stake is not None:
                rows.append(
                    common
                    | {
                        "figure_id": f"{stem}:stake",
                        "kpi": "stake",
                        "estimate": item.stake.amount,
                        "low": item.stake.low,
                        "high": item.stake.high,
                        "unit": self.currency,
                        "basis": item.stake.basis,
                        "status": "estimated",
                    }
                )
        rows += [
            {
                "figure_id": f"findings:{self.period.label}:total:{kind}"
                + ("" if measure == "profit" else f":{measure}"),
                "kpi": "stake",
                "period": self.period.label,
                "dimensions": {"kind": kind, "measure": measure},
                "estimate": amount,
                "unit": self.currency,
                "basis": text("Largest sum of stakes that share no money: each amount counts once"),
                "status": "estimated",
                "reason": "",
            }
            for (kind, measure), amount in self.total.items()
        ]
        return figure_frame(rows)

    def views(self) -> list[View]:
        """Return one row a finding: what it says, its number, its stake, what it adds, and what to do."""
        cards = cards_of(self.items, self.currency)
        columns = ["rank", "claim", "number", "stake", "stake_kind", "overlap", "action", "owner", "due"]
        rows = pd.DataFrame([{column: card[column] for column in columns} for card in cards], columns=columns)
        title = plural("{n} finding", "{n} findings", len(cards))
        if not cards:
            title = text("No finding: nothing in these figures calls for action")
        values = {"period": self.period.name(), "currency": self.currency}
        staked = any(item.amount for item in self.items)
        subtitle = opening(
            text("{period}, the most at stake first, {currency}", **values)
            if staked
            else text("{period}, {currency}, no money at stake in any", **values)
            if cards
            else values["period"]
        )
        fields = [
            Field("rank", text("Rank")),
            Field("claim", text("Finding")),
            Field("number", text("Figure")),
            Field("stake", text("At stake")),
            Field("stake_kind", text("Stake of")),
            Field("overlap", text("Same money")),
            Field("action", text("What to do")),
            Field("owner", text("Owner")),
            Field("due", text("Due")),
        ]
        optional = ("overlap", "owner", "due")
        shown = [field for field in fields if field.key not in optional or any(rows[field.key])]
        return [View(title, subtitle, shown, rows, notes=self._notes())]

    def html(self) -> str:
        """Return the findings as cards, every text escaped by the template."""
        return (
            environment()
            .get_template("findings.html.j2")
            .render(
                findings=cards_of(self.items, self.currency),
                total=" ".join(self._notes()),
            )
        )

    def _notes(self) -> list[str]:
        notes = []
        if self.total_in_words():
            note = text("Total at stake, each amount counted once: {total}.", total=self.total_in_words())
            notes.append(f"{note} {self.total_caveat()}".strip())
        if self.unspoken:
            ids = ", ".join(self.unspoken)
            notes.append(text("Decided upon, and no finding this time: {ids}.", ids=ids))
        if self.unread:
            ids = ", ".join(self.unread)
            notes.append(text("Decided upon, and no dimension or figure of this report: {ids}. Mistyped?", ids=ids))
        if self.thin:
            names = listing(in_sentence(text(kpi(name).name)) for name in self.thin)
            notes.append(
                text(
                    "Fewer than {least} cases in the period or the year before, so that nothing is claimed of: {kpis}.",
                    least=number(ENOUGH),
                    kpis=names,
                )
            )
        if self.within_chance:
            names = listing(in_sentence(text(kpi(name).name)) for name in self.within_chance)
            notes.append(
                text("No more than chance explains, so that nothing is claimed of the change of: {kpis}.", kpis=names)
            )
        return notes


def claims_of(items: Sequence[Finding]) -> list[Claim]:
    """Return what findings claim, for `stakes`; one without a stake claims nothing."""
    return [
        Claim(item.amount, item.stake.kind, item.pools, item.stake.measure, item.stake.most)
        if item.stake
        else Claim(Decimal(0), "period", item.pools)
        for item in items
    ]


def measured(measure: Measure, kind: StakeKind) -> str:
    """Return what a stake's amount is of, and over what."""
    over = text("a year") if kind == "annual" else text("once") if kind == "one-off" else text("in the period")
    if measure == "contribution":
        return text("of contribution margin {over}", over=over)
    if measure == "profit":
        return text("of gross profit {over}", over=over)
    return text("of revenue {over}", over=over)


def stake_in_words(item: Finding, currency: str) -> str:
    """Return what is at stake in a finding, as it stands within a sentence: "€120 of gross profit in the period"."""
    card = _stake(item, currency)
    return f"{card['stake']} {card['stake_kind']}".strip()


def cards_of(items: Sequence[Finding], currency: str, chosen: Sequence[Finding] | None = None) -> list[dict[str, str]]:
    """Return findings as texts for a template: claim, number, interval, stake, overlap, action and the rest.

    Ranks, and what a finding adds to the total, are those among all `items`; `chosen` are those to return, or all.
    """
    added = additions(claims_of(items))
    return [
        {
            "rank": number(place + 1),
            "id": item.id,
            "topic": item.topic,
            "claim": item.claim,
            "number": show(item.value, item.unit, signed=item.signed),
            "interval": "" if item.low is None else _between(item.low, item.high, item.unit),
            "reference": item.reference,
            "basis": item.basis,
            "caveat": item.caveat,
            "tone": item.tone or "",
            "action": item.action.what,
            "owner": item.action.owner,
            "due": date(item.action.due) if item.action.due else "",
            "done": text("done") if item.action.done else "",
            "note": item.action.note,
            **_stake(item, currency),
            "overlap": _overlap(items, place, added[place], currency) if item.amount else "",
        }
        for place, item in enumerate(items)
        if chosen is None or any(item is each for each in chosen)
    ]


def _stake(item: Finding, currency: str) -> dict[str, str]:
    stake = item.stake
    if stake is None:
        return dict.fromkeys(("stake", "stake_interval", "stake_kind", "stake_basis"), "")
    basis = stake.basis
    if stake.achievable != 1 or stake.cost:
        share, cost = percent(stake.achievable, 0), money(stake.cost, currency)
        basis += " " + (
            text("The company can reach {share} of it, for an action that costs {cost}.", share=share, cost=cost)
            if stake.cost
            else text("The company can reach {share} of it.", share=share)
        )
    return {
        "stake": money(stake.amount, currency),
        "stake_interval": "" if stake.low is None else _between(stake.low, stake.high, currency),
        "stake_kind": measured(stake.measure, stake.kind),
        "stake_basis": basis,
    }


def _overlap(items: Sequence[Finding], place: int, added: Decimal, currency: str) -> str:
    """Say with which findings above one shares its money, and what it adds to the total."""
    item = items[place]
    if added == item.amount:
        return ""
    first = next(other for other in range(place) if _same_money(item, items[other]))
    values = {"rank": number(first + 1), "amount": money(added, currency)}
    if added:
        return text("Partly the same money as finding {rank}: adds {amount} to the total.", **values)
    if is_part(item.pools, items[first].pools):
        return text("Included in finding {rank}: adds nothing to the total.", **values)
    return text("May be the same money as finding {rank}: adds nothing to the total.", **values)


def _same_money(item: Finding, other: Finding) -> bool:
    """Say whether two stakes of one kind and measure may be the same money."""
    if item.stake is None or other.stake is None or not item.amount or not other.amount:
        return False
    alike = (item.stake.kind, item.stake.measure) == (other.stake.kind, other.stake.measure)
    return alike and overlap(item.pools, other.pools)


def _between(low: Any, high: Any, unit: str) -> str:
    return text("{low} to {high}", low=show(low, unit), high=show(high, unit))
