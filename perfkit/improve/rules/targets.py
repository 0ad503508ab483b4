"""Rules on targets: what was planned, and what is short of it?"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from perfkit import languages
from perfkit.dimensions import dimension_name
from perfkit.improve.evidence import MATERIAL, Evidence, known_members, subject_by, subject_of
from perfkit.improve.findings import Action, Finding
from perfkit.improve.stakes import PLAN, Pool, Stake
from perfkit.kpis.breakdowns import Breakdown, label
from perfkit.kpis.scorecards import figure_id
from perfkit.languages import in_sentence, listing, percent, points, show, text

_SHORT = 0.02  # of a target: a gap below it is no finding


def revenue_against_target(evidence: Evidence) -> Iterator[Finding]:
    """Revenue is short of its target, or above it."""
    row = evidence.row("revenue")
    gap = row["variance_target"]
    if gap is None or row["attainment"] is None or not evidence.is_material(gap):
        return
    values = {
        "amount": evidence.money(abs(gap)),
        "target": evidence.money(row["target"]),
    }
    reference = text("Target: {target}", **values)
    if row["attainment"] >= 0:  # of less than nothing there is no share
        values["target"] = text("{target} ({attainment} of it)", **values, attainment=percent(row["attainment"]))
    finding = Finding(
        id="revenue_against_target",
        subject="revenue",
        topic=text("revenue against target"),
        claim=text("Revenue is {amount} above its target of {target}.", **values)
        if gap > 0
        else text("Revenue is {amount} short of its target of {target}.", **values),
        value=gap,
        unit=evidence.currency,
        basis=text(row["basis"]),
        reference=reference,
        action=Action(text("Confirm the target for the rest of the year, or raise it.")),
        caveat=text("A target is a plan: the gap also measures how it was set."),
        tone="good",
        figure_ids=(
            figure_id(evidence.scorecard.period, "revenue"),
            f"target:{evidence.scorecard.period.label}:revenue",
        ),
    )
    if months := listing(month.name() for month in evidence.scorecard.silent_here()):
        finding = replace(
            finding,
            claim=text(
                "Whether revenue reaches its target of {target} cannot be told: no line is dated in {months}.",
                target=evidence.money(row["target"]),
                months=months,
            ),
            action=Action(text("Ask which: load the missing export, or note why nothing was sold.")),
        )
    elif gap < 0:
        finding = replace(
            finding,
            tone="bad",
            stake=evidence.volume(-gap, reference),
            pools=(PLAN,),
            action=Action(text("Decide which of the other findings close the gap, with a name and a date for each.")),
        )
    yield finding


def landing(evidence: Evidence) -> Iterator[Finding]:
    """The year lands short of its target, or above it, whatever the end of its interval."""
    result = evidence.year_to_date
    if result is None or result.reason or result.year_target is None or result.year_target <= 0:
        return
    if evidence.silent:  # a year whose months are not all there has no pace
        return
    lands, target = result.landing, result.year_target
    if lands.status != "estimated" or lands.estimate is None or lands.low is None or lands.high is None:
        return
    gap = lands.estimate - target
    if lands.low <= target <= lands.high or not evidence.is_material(gap):
        return
    values = {
        "year": result.year.name(),
        "estimate": evidence.money(lands.estimate),
        "amount": evidence.money(abs(gap)),
        "target": evidence.money(target),
    }
    reference = text("Target of the year: {target}", **values)
    finding = Finding(
        id="landing",
        topic=text("the landing of the year"),
        claim=text("At this pace {year} lands at {estimate}, {amount} above its target of {target}.", **values)
        if gap > 0
        else text("At this pace {year} lands at {estimate}, {amount} short of its target of {target}.", **values),
        value=lands.estimate,
        unit=evidence.currency,
        low=float(lands.low),
        high=float(lands.high),
        basis=text(lands.method),
        reference=reference,
        action=Action(text("Confirm the year's forecast, and plan the resources that it takes.")),
        caveat=text("It carries last year's seasons forward: an order won or lost since then is not in it."),
        tone="good",
        figure_ids=(f"year_to_date:{result.year.label}:{result.period.label}:landing",),
        signed=False,
    )
    if gap < 0:
        finding = replace(
            finding,
            tone="bad",
            stake=evidence.volume(-gap, reference, kind="annual", low=target - lands.high, high=target - lands.low),
            pools=(PLAN,),
            action=Action(text("Decide now what closes the gap before the year ends, or revise the forecast.")),
        )
    yield finding


def target_missed(evidence: Evidence) -> Iterator[Finding]:
    """A figure other than revenue is on the wrong side of its target."""
    for row in evidence.scorecard.rows.to_dict("records"):
        gap, is_share = row["variance_target"], row["variance_unit"] == "points"
        if row["kpi"] in ("revenue", "revenue_per_working_day") or gap is None or row["tone_target"] != "bad":
            continue
        if row["low"] is not None and row["low"] <= float(row["target"]) <= row["high"]:
            continue
        if abs(gap) < (MATERIAL if is_share else _SHORT * abs(float(row["target"]))):
            continue
        target = show(row["target"], row["unit"], decimals=row["decimals"])
        reference = text("Target: {target}", target=target)
        stake, pools = _worth(evidence, str(row["kpi"]), abs(gap), reference)
        yield Finding(
            id=f"target_missed:{row['kpi']}",
            subject=subject_of(str(row["kpi"])),
            topic=text("the target for {figure}", figure=in_sentence(text(row["name"]))),
            claim=text(
                "{figure}: {value}, against a target of {target}.",
                figure=text(row["name"]),
                value=show(row["actual"], row["unit"], decimals=row["decimals"]),
                target=target,
            ),
            value=gap,
            unit=row["variance_unit"],
            low=None,
            basis=text(row["basis"]),
            reference=reference,
            action=Action(text("Ask the owner of the target what it takes to reach it, and by when.")),
            caveat=text("A target is a plan: the gap also measures how it was set."),
            stake=stake,
            pools=pools,
            figure_ids=(
                figure_id(evidence.scorecard.period, str(row["kpi"])),
                f"target:{evidence.scorecard.period.label}:{row['kpi']}",
            ),
        )


def _worth(evidence: Evidence, kpi: str, gap: float | Decimal, reference: str) -> tuple[Stake | None, tuple[Pool, ...]]:
    """What a missed target is worth, where the figure says it without a further assumption."""
    short = Decimal(str(gap))
    if kpi == "margin_rate" and evidence.revenue > 0:
        basis = text("Gap of {gap} in the rate × revenue of the period: all of it is profit.", gap=_points(short))
        return evidence.price(short * evidence.revenue, reference, basis), (PLAN,)
    if kpi == "gross_profit":
        stake = evidence.gross(short, reference)
        return stake, (PLAN,) if stake else ()
    orders = evidence.row("orders")["actual"]
    if kpi == "aov" and orders:
        note, missing = text("The gap per order × the orders of the period."), short * orders
        planned = evidence.row("revenue")["variance_target"]
        if not languages.missing(planned):  # more orders than planned make it up
            missing = min(missing, max(-planned, Decimal(0)))
        if missing:
            return evidence.volume(missing, reference, note=note), ((*PLAN, ("factor", "order value")),)
    return None, ()


def member_target(evidence: Evidence) -> Iterator[Finding]:
    """Of each dimension with targets, the member that is furthest short of its own."""
    if evidence.scorecard.silent_here():
        return
    for result in evidence.breakdowns:
        if "target" not in result.rows.columns:
            continue
        short = [
            row
            for row in known_members(result)
            if not languages.missing(row["target"])
            and row["revenue"] > 0  # who sells nothing bears a target of others: a manager's is that of the team
            and row["variance_target"] < 0
            and evidence.is_material(row["variance_target"])
        ]
        if not short:
            continue
        worst = min(short, key=lambda row: (row["variance_target"], str(row["member"])))
        target = evidence.money(worst["target"])
        share = worst["attainment"]
        attained = percent(share) if not languages.missing(share) and share >= 0 else ""
        values = {
            "dimension": in_sentence(dimension_name(result.by)),
            "member": label(worst),
            "gap": evidence.money(-worst["variance_target"]),
            "target": f"{target} ({attained})" if attained else target,
        }
        reference = text("Target: {target}", target=target)
        gap, net = -worst["variance_target"], _short_in_all(evidence, result)
        caveat, note = text("A target is a plan: the gap also measures how it was set."), ""
        if net <= 0:
            caveat = text("The others make it up: all together reach their target, so nothing is at stake.")
        elif net < gap:
            note = text("No more than all together are short: the others make up the rest.")
        yield Finding(
            id=f"member_target:{result.by}",
            subject=subject_by(result.by),
            topic=text("the target of {member}", member=label(worst)),
            claim=text("By {dimension}, {member} is furthest from its target: {gap} short of {target}.", **values),
            value=worst["variance_target"],
            unit=evidence.currency,
            basis=text("Sum of net revenue of the member's lines dated in the period"),
            reference=reference,
            action=Action(text("Review the plan with the person in charge: close the gap, or correct the target.")),
            caveat=caveat,
            stake=_short_of(evidence, worst, min(gap, net), net, reference, note) if net > 0 else None,
            pools=((*PLAN, (f"by {result.by}", str(worst["member"]))),) if net > 0 else (),
            tone="bad" if net > 0 else None,
            figure_ids=(f"breakdown:{result.by}:{evidence.scorecard.period.label}:={worst['member']}",),
        )


def _short_of(
    evidence: Evidence, member: dict[Any, Any], gap: Decimal, net: Decimal, reference: str, note: str
) -> Stake | None:
    """What a member is short of, at its own margin; at the company's where that makes it more than all are short of."""
    own, whole = evidence.volume(gap, reference, member=member, note=note), evidence.volume(net, reference)
    if own is not None and whole is not None and own.amount > whole.amount:
        return evidence.volume(gap, reference, note=note)
    return own


def _short_in_all(evidence: Evidence, result: Breakdown) -> Decimal:
    """What the company is short of its target; where it has none, what the members who sell and have one are."""
    gap = evidence.row("revenue")["variance_target"]
    if not languages.missing(gap):
        return -Decimal(gap)
    planned = [row for row in known_members(result) if not languages.missing(row["target"]) and row["revenue"] > 0]
    return -sum((row["variance_target"] for row in planned), Decimal(0))


def _points(gap: Decimal) -> str:
    return points(gap).removeprefix("+")
