"""Rules on products: what is no longer sold, and what comes back?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from math import hypot
from typing import Any

from perfkit import estimates, languages
from perfkit.dimensions import dimension_name
from perfkit.improve.evidence import ENOUGH, Evidence, known_members, names_of, total_of
from perfkit.improve.findings import Action, Finding
from perfkit.improve.stakes import FALL, REVENUE
from perfkit.kpis.breakdowns import Breakdown, label
from perfkit.languages import in_sentence, percent, plural, text

_PEERS = ("product_id", "product_name", "category", "store_id", "rep_id")  # dimensions whose members compare
_EVENTS = 5  # returns below which a member's rate of them makes no claim (KPIS, section 0)
_MOST = 2  # breakdowns told of: the others see the same money from elsewhere


def products_vanished(evidence: Evidence) -> Iterator[Finding]:
    """Products of the year before are no longer sold."""
    result = evidence.mover("product_id")
    if result is None:
        return
    known = result.rows[result.rows["member"].notna()]
    lost, come = known[known["kind"] == "lost"], known[known["kind"] == "new"]
    gone, arrived = total_of(lost, "previous"), total_of(come, "revenue")
    if gone <= 0 or not evidence.is_material(gone):
        return
    largest = lost.assign(size=[float(value) for value in lost["previous"]]).sort_values(
        ["size", "member"], ascending=[False, True], kind="stable"
    )
    names = names_of(largest.head(3).to_dict("records"))
    reference = text("The products of {previous}", previous=evidence.before)
    if arrived > 0:
        reference = plural(
            "{n} product sold in {period} only: {amount}",
            "{n} products sold in {period} only: {amount}",
            len(come),
            period=evidence.now,
            amount=evidence.money(arrived),
        )
    finding = Finding(
        id="products_vanished",
        topic=text("products no longer sold"),
        claim=plural(
            "{n} product of {previous} has no sale in {period}, {names}; it had brought {amount}.",
            "{n} products of {previous} have no sale in {period}, first {names}; they had brought {amount}.",
            len(lost),
            previous=evidence.before,
            period=evidence.now,
            names=names,
            amount=evidence.money(gone),
        ),
        value=len(lost),
        unit="count",
        basis=text("Products sold a year before and not in the period"),
        reference=reference,
        action=Action(text("Separate what was dropped on purpose from what ran out, and bring the latter back.")),
        caveat=text("A product that changed its number counts as gone and as new."),
        tone=None,
        figure_ids=tuple(f"movers:product_id:{result.period.label}:={member}" for member in largest["member"][:10]),
        signed=False,
    )
    gap = gone - max(arrived, Decimal(0))
    if gap > 0 and evidence.is_material(gap):
        note = text("What they had brought, less what the new ones brought.") if arrived > 0 else ""
        finding = replace(
            finding,
            tone="bad",
            stake=evidence.part(gap, reference, note=note),
            pools=((*FALL, ("products", "gone and come")),),  # a cut of its own: the largest loss may be one of them
        )
    if evidence.segment:
        finding = replace(
            finding,
            action=Action(text("Ask these customers why they buy them no more, and what they buy instead.")),
            caveat=text("Of this part's customers alone: others may still buy them."),
        )
    yield finding


def returns(evidence: Evidence) -> Iterator[Finding]:
    """Returns rose against the year before."""
    row, comparable = evidence.pair("return_rate")
    orders = evidence.row("orders")
    if evidence.few() if orders["status"] == "not available" else not evidence.enough("orders"):
        return
    if not comparable or row["variance_previous"] <= 0 or evidence.revenue <= 0 or row["actual"] >= 1:
        return
    sold = evidence.revenue / (1 - Decimal(str(row["actual"])))
    more = sold * Decimal(str(row["variance_previous"]))
    if not evidence.is_material(more) or not evidence.beyond_chance("return_rate"):
        return
    low, high = (sold * max(Decimal(str(row[side])), Decimal(0)) for side in ("change_low", "change_high"))
    reference = evidence.against(percent(row["previous"]))
    yield Finding(
        id="returns",
        subject="return_rate",
        topic=text("returns"),
        claim=text(
            "Returns rose to {rate} of sales, from {previous_rate} in {previous}.",
            rate=percent(row["actual"]),
            previous_rate=percent(row["previous"]),
            previous=evidence.before,
        ),
        value=row["variance_previous"],
        unit="points",
        basis=text(row["basis"]),
        reference=reference,
        action=Action(text("Find the products and customers behind the returns, the largest amounts first.")),
        low=row["change_low"],
        high=row["change_high"],
        caveat=" ".join(
            (
                evidence.chance("return_rate"),
                text("Part of the returns belongs to sales before the period. Their handling is not counted."),
            )
        ),
        stake=evidence.volume(more, reference, low=low, high=high),
        pools=((*REVENUE, ("lever", "returns")),),
        figure_ids=evidence.ids("return_rate"),
    )


def return_rate_above(evidence: Evidence) -> Iterator[Finding]:
    """Tell of two breakdowns at most: the member whose return rate stands above the others' beyond chance.

    Each credit note is an event: one large one proves nothing (see `estimates.event_rate`). Of the gap to the others
    the interval is put together from those of both rates (Zou & Donner 2008, Statistics in Medicine).
    """
    compared = {
        result.by: members
        for result in evidence.breakdowns
        if len(members := [row for row in known_members(result) if _may_be_returned(row)]) > 1
    }
    # The more are compared, the more stand out by chance.
    n = sum(map(len, compared.values()))
    level = 1 - (1 - estimates.LEVEL) / max(n, 1)
    found = []
    for result in evidence.breakdowns:
        standing = [
            gap
            for row in compared.get(result.by, ())
            if row["return_events"] >= _EVENTS
            and (gap := _above_the_rest(result, row, level))
            and gap.low > 0
            and gap.rate <= 1
            and evidence.is_material(gap.money)
        ]
        if standing:
            found.append((max(standing, key=lambda each: (each.money, str(each.row["member"]))), result))
    for gap, result in sorted(found, key=lambda each: (-each[0].money, each[1].by))[:_MOST]:
        row, rate, others = gap.row, gap.rate, gap.others
        reference = text("The others: {rate}", rate=percent(others))
        yield Finding(
            id=f"return_rate_above:{result.by}",
            subject="return_rate",
            topic=text("the returns of {member}", member=label(row)),
            claim=text(
                "By {dimension}, {member} has {rate} of its sales returned, against {others} for the others.",
                dimension=in_sentence(dimension_name(result.by)),
                member=label(row),
                rate=percent(rate),
                others=percent(others),
            ),
            value=float(rate),
            unit="share",
            low=gap.interval[0],
            high=min(gap.interval[1], 1.0),
            basis=text("Negative lines booked in the period, sign reversed / positive lines of the period"),
            reference=reference,
            action=Action(text("Read the reasons given for these returns, and correct what causes them.")),
            caveat=text(
                "The interval counts each credit note once, however large, and allows for the {n} compared.",
                n=languages.number(n),
            ),
            stake=evidence.volume(
                gap.money,
                reference,
                low=Decimal(str(gap.low)) * gap.sold,
                high=Decimal(str(gap.high)) * gap.sold,
                member=row,
            )
            if result.by in _PEERS
            else None,
            pools=((*REVENUE, ("lever", "returns"), (f"by {result.by}", str(row["member"]))),)
            if result.by in _PEERS
            else (),
            figure_ids=(f"breakdown:{result.by}:{evidence.scorecard.period.label}:={row['member']}",),
            signed=False,
        )


@dataclass(frozen=True)
class _Gap:
    """How far a member's return rate stands above the others'."""

    row: dict[Any, Any]
    sold: Decimal
    rate: Decimal
    others: Decimal
    interval: tuple[float, float]
    low: float
    high: float

    @property
    def money(self) -> Decimal:
        """What would not have come back at the others' rate."""
        return (self.rate - self.others) * self.sold


def _may_be_returned(row: dict[Any, Any]) -> bool:
    """Say whether a member sold often enough for a rate of its own."""
    return not languages.missing(row["orders"]) and row["orders"] >= ENOUGH and row["revenue"] - row["returns"] > 0


def _above_the_rest(result: Breakdown, row: dict[Any, Any], level: float) -> _Gap | None:
    """A member's return rate against that of all others, None where these sold nothing."""
    rest = result.rows[result.rows["member"] != row["member"]]
    sold = row["revenue"] - row["returns"]
    others_sold = total_of(rest, "revenue") - total_of(rest, "returns")
    if others_sold <= 0:
        return None
    rate, others = -row["returns"] / sold, -total_of(rest, "returns") / others_sold
    own = _interval(-row["returns"], row["returns_squared"], row["largest_return"], sold, level)
    of_rest = _interval(
        -total_of(rest, "returns"), rest["returns_squared"].sum(), rest["largest_return"].max(), others_sold, level
    )
    gap = float(rate - others)
    low = gap - hypot(float(rate) - own[0], of_rest[1] - float(others))
    high = gap + hypot(own[1] - float(rate), float(others) - of_rest[0])
    return _Gap(row, sold, rate, others, own, low, high)


def _interval(returned: Decimal, squares: float, largest: float, sold: Decimal, level: float) -> tuple[float, float]:
    return estimates.event_rate(float(returned), float(squares), float(largest), float(sold), level)
