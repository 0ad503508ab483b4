"""Findings: what the figures say, ranked by what is at stake, each with its basis, its caveat and an action."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import pandas as pd

from perfkit.languages import money, number, plural, show, text
from perfkit.periods import Period
from perfkit.results import Field, Result, View, environment, figure_frame

Tone = Literal["good", "bad"]
StakeKind = Literal["annual", "one-off", "period"]


@dataclass(frozen=True)
class Finding:
    """One thing the figures say.

    Attributes
    ----------
    id : str
        Free of language.
    claim : str
        A sentence, in the language in use when it was found; so are the texts below.
    value, unit : the number that the claim stands on, and its unit; `signed` shows its plus.
    low, high : float or None
        Its interval, where it is estimated.
    basis, reference : str
        How it is computed; what it is set against.
    stake : Decimal or None
        Money at stake, None where the finding is no gap to close. `stake_basis` says how it is
        reckoned, `stake_kind` over what: a year, once, or the period.
    caveat, action : str
        What it does not prove; what to do.
    tone : str or None
        "good" or "bad" for the company; None where it is neither.
    figure_ids : tuple of str
        The figures it quotes.
    money : str
        Findings with the same word speak of the same money, so their stakes are not added.
    """

    id: str
    claim: str
    value: Any
    unit: str
    basis: str
    reference: str
    action: str
    caveat: str = ""
    low: float | None = None
    high: float | None = None
    stake: Decimal | None = None
    stake_basis: str = ""
    stake_kind: StakeKind = "period"
    tone: Tone | None = "bad"
    figure_ids: tuple[str, ...] = ()
    money: str = ""
    signed: bool = True


@dataclass(frozen=True, eq=False)
class Findings(Result):
    """What the figures say, the most at stake first.

    Attributes
    ----------
    items : tuple of Finding
    period : Period
    currency : str
    """

    items: tuple[Finding, ...]
    period: Period
    currency: str

    def find(self, id: str) -> Finding | None:
        """Return the finding of an id, or None where there is none."""
        return next((item for item in self.items if item.id == id), None)

    def figures(self) -> pd.DataFrame:
        """Return the number of each finding, and its stake."""
        rows = []
        for item in self.items:
            common = {"period": self.period.label, "dimensions": {"finding": item.id}, "reason": ""}
            estimated = item.low is not None
            rows.append(
                common
                | {
                    "figure_id": f"finding:{self.period.label}:{item.id}",
                    "kpi": "finding",
                    "estimate": item.value,
                    "low": item.low,
                    "high": item.high,
                    "unit": item.unit,
                    "basis": item.basis,
                    "status": "estimated" if estimated else "observed",
                }
            )
            if item.stake is not None:
                rows.append(
                    common
                    | {
                        "figure_id": f"finding:{self.period.label}:{item.id}:stake",
                        "kpi": "stake",
                        "estimate": item.stake,
                        "unit": self.currency,
                        "basis": item.stake_basis,
                        "status": "estimated",
                    }
                )
        return figure_frame(rows)

    def views(self) -> list[View]:
        """Return one row a finding: what it says, its number, its stake and what to do."""
        cards = cards_of(self.items, self.currency)
        columns = ["rank", "claim", "number", "stake", "action"]
        rows = pd.DataFrame([{column: card[column] for column in columns} for card in cards], columns=columns)
        title = plural("{n} finding", "{n} findings", len(cards))
        if not cards:
            title = text("No finding: nothing in these figures calls for action")
        subtitle = text(
            "{period}, the most at stake first, {currency}", period=self.period.name(), currency=self.currency
        )
        fields = [
            Field("rank", text("Rank")),
            Field("claim", text("Finding")),
            Field("number", text("Figure")),
            Field("stake", text("At stake")),
            Field("action", text("What to do")),
        ]
        return [View(title, subtitle, fields, rows)]

    def html(self) -> str:
        """Return the findings as cards, every text escaped by the template."""
        return environment().get_template("findings.html.j2").render(findings=cards_of(self.items, self.currency))


def cards_of(items: Sequence[Finding], currency: str) -> list[dict[str, str]]:
    """Return findings as texts for a template: claim, number, interval, stake, action and the rest."""
    told: dict[str, int] = {}
    cards = []
    for rank, item in enumerate(items, start=1):
        basis = item.stake_basis
        if item.stake is not None and item.money in told:
            same = text("The same money as in finding {rank}: not to be added.", rank=number(told[item.money]))
            basis = f"{basis} {same}".strip()
        if item.money and item.stake is not None:
            told.setdefault(item.money, rank)
        cards.append(
            {
                "rank": number(rank),
                "claim": item.claim,
                "number": show(item.value, item.unit, signed=item.signed),
                "interval": "" if item.low is None else _interval(item),
                "stake": "" if item.stake is None else _stake(item, currency),
                "stake_basis": basis if item.stake is not None else "",
                "basis": item.basis,
                "reference": item.reference,
                "caveat": item.caveat,
                "action": item.action,
                "tone": item.tone or "",
            }
        )
    return cards


def _interval(item: Finding) -> str:
    return text("{low} to {high}", low=show(item.low, item.unit), high=show(item.high, item.unit))


def _stake(item: Finding, currency: str) -> str:
    amount = money(item.stake, currency)
    if item.stake_kind == "annual":
        return text("{amount} a year", amount=amount)
    return (
        text("{amount}, once", amount=amount)
        if item.stake_kind == "one-off"
        else text("{amount} in the period", amount=amount)
    )
