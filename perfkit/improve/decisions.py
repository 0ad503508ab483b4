"""Decisions: which findings are worth deciding first, what each is worth, and who decides?"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from perfkit.improve.findings import Finding, Findings, cards_of, claims_of, measured
from perfkit.improve.stakes import PLAN, additions, may_be_same, totals
from perfkit.languages import listing, money, plural, text
from perfkit.periods import Period
from perfkit.results import Field, Result, View, figure_frame

MOST = 10


@dataclass(frozen=True, eq=False)
class Decisions(Result):
    """The findings that are worth most, each as what is to be decided.

    Attributes
    ----------
    items : tuple of Finding
        The most at stake first, one of each message; a gap to a plan is no cause, and so nothing to decide on.
    ranking : tuple of Finding
        All findings: those chosen keep the number that they have there.
    priced : int
        How many others have a stake: of the same message, of a plan, or beyond the most that are shown.
    unpriced : int
        How many have none.
    period : Period
    currency : str
    """

    items: tuple[Finding, ...]
    ranking: tuple[Finding, ...]
    priced: int
    unpriced: int
    period: Period
    currency: str

    @property
    def added(self) -> list[Decimal]:
        """What each adds to what those above it are worth: money that two may share is counted once."""
        return additions(claims_of(self.items))

    def figures(self) -> pd.DataFrame:
        """Return what the decisions are worth together; the stake of each is a figure of its finding."""
        return figure_frame(
            {
                "figure_id": f"decisions:{self.period.label}:{kind}:{measure}",
                "kpi": "stake",
                "period": self.period.label,
                "dimensions": {"kind": kind, "measure": measure},
                "estimate": amount,
                "n": len(self.items),
                "unit": self.currency,
                "basis": text("Largest sum of stakes that share no money: each amount counts once"),
                "status": "estimated",
                "reason": "",
            }
            for (kind, measure), amount in totals(claims_of(self.items)).items()
        )

    def views(self) -> list[View]:
        """Return one row a decision: what to decide, on which finding, what it is worth, who and by when."""
        cards = {card["id"]: card for card in cards_of(self.ranking, self.currency, self.items)}
        rows: list[dict[str, Any]] = [
            {
                "rank": card["rank"],
                "action": card["action"],
                "topic": card["topic"],
                "stake": item.amount,
                "added": amount,
                "owner": card["owner"] or text("to be named"),
                "due": card["due"],
            }
            for item, amount in zip(self.items, self.added, strict=True)
            for card in [cards[item.id]]
        ]
        fields = [
            Field("rank", text("Finding")),
            Field("action", text("To decide"), unit="text"),
            Field("topic", text("Because of"), unit="text"),
            Field("stake", text("At stake, {currency}", currency=self.currency), unit="quantity", bar=True),
            Field("added", text("Adds"), unit="quantity"),
            Field("owner", text("Owner"), unit="text"),
            *([Field("due", text("Due"), unit="text")] if any(row["due"] for row in rows) else []),
        ]
        table = pd.DataFrame(rows, columns=[field.key for field in fields], dtype="object")
        if not rows:  # sentences, and no list that findings bear their number in
            return [View(self._message(), " ".join(self._notes()) or self.period.name(), [], table)]
        return [View(self._message(), self._subtitle(), fields, table, notes=self._notes())]

    def _message(self) -> str:
        if not self.items:
            return text("Nothing to decide can be priced")
        total = listing(
            f"{money(amount, self.currency)} {measured(measure, kind)}"
            for (kind, measure), amount in totals(claims_of(self.items)).items()
        )
        return plural(
            "One decision is worth up to {total}",
            "{n} decisions are worth up to {total}, each amount counted once",
            len(self.items),
            total=total,
        )

    def _subtitle(self) -> str:
        return text("{period}, the most at stake first; findings by their number", period=self.period.name())

    def _notes(self) -> list[str]:
        notes = []
        if any(amount < item.amount for item, amount in zip(self.items, self.added, strict=True)):
            notes.append(
                text("Where two decisions may bring the same money, it counts with the first: the other adds the rest.")
            )
        if may_be_same(claims_of(self.items)):
            notes.append(text("Do not add these amounts to one another: they may be the same money."))
        if self.priced:
            notes.append(
                plural(
                    "Left out: {n} finding with a stake, because it is a gap to a plan or repeats one shown.",
                    "Left out: {n} findings with a stake, because they are gaps to a plan, repeat one shown, or weigh "
                    "less.",
                    self.priced,
                )
            )
        if self.unpriced:
            notes.append(
                plural(
                    "Left out: {n} finding that has no stake.",
                    "Left out: {n} findings that have no stake.",
                    self.unpriced,
                )
            )
        return notes


def decisions(findings: Findings, *, most: int = MOST) -> Decisions:
    """Choose the findings that are worth deciding first.

    Parameters
    ----------
    findings : Findings
    most : int
        How many at most.
    """
    chosen: list[Finding] = []
    for item in findings.items:
        is_cause = not any(pool[: len(PLAN)] == PLAN for pool in item.pools)
        if item.amount and is_cause and item.message not in [each.message for each in chosen] and len(chosen) < most:
            chosen.append(item)
    priced = sum(bool(item.amount) for item in findings.items)
    return Decisions(
        tuple(chosen),
        findings.items,
        priced - len(chosen),
        len(findings.items) - priced,
        findings.period,
        findings.currency,
    )
