"""Answers on findings: what is at stake in all, and where does most of it lie?"""

from decimal import Decimal

from perfkit.improve.answers.answer import Answer
from perfkit.improve.findings import Finding, Findings, claims_of, measured
from perfkit.improve.stakes import additions, is_part
from perfkit.languages import listing, money, plural, text


def worth(findings: Findings) -> Answer:
    """Say what is at stake in all, and where most of it lies."""
    total = findings.total_in_words()
    if not total:
        return Answer(
            (text("No finding can be priced."),),
            text("Gaps are measured against the year before, targets and costs, where the data hold them."),
        )
    added = additions(claims_of(findings.items))
    largest = sorted(
        ((amount, item) for amount, item in zip(added, findings.items, strict=True) if amount),
        key=lambda each: (-each[0], each[1].id),
    )[:3]
    where = listing(f"{item.topic} ({_added(amount, item, findings)})" for amount, item in largest)
    second = text("Most lies in {where}.", where=where)
    whole = largest[0][1]
    part = next((item for item in findings.items if item.amount and is_part(item.pools, whole.pools)), None)
    if part is not None:
        second = text(
            "Most lies in {where}; within the first, {topic} ({amount}) weighs most.",
            where=where,
            topic=part.topic,
            amount=money(part.amount, findings.currency),
        )
    first = plural(
        "One finding puts {total} at stake.",
        "{n} findings put {total} at stake, each amount counted once.",
        sum(bool(item.amount) for item in findings.items),
        total=total,
    )
    caveat = text("A stake is a whole gap: the company says which share of it can be reached, and at what cost.")
    if any(item.stake and (item.stake.achievable != 1 or item.stake.cost) for item in findings.items):
        caveat = text(
            "A stake is a whole gap but where the company has said which share of it can be reached, or at what cost."
        )
    if findings.in_revenue:
        caveat = text("Where the margin is not known a stake is revenue, only a part of it profit: ask for the costs.")
    return Answer((first, second), f"{findings.total_caveat()} {caveat}".strip())


def _added(amount: Decimal, item: Finding, findings: Findings) -> str:
    """What a finding adds to the total, with its kind where there are several."""
    words = money(amount, findings.currency)
    if item.stake is None or len(findings.total) < 2:
        return words
    return f"{words} {measured(item.stake.measure, item.stake.kind)}"
