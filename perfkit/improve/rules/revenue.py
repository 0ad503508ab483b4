"""Rules on revenue: how does it stand against a year before, and what in it moved?"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import takewhile
from typing import Any

from perfkit import languages
from perfkit.dimensions import dimension_name
from perfkit.improve.evidence import ENOUGH, Evidence, comparable_months, few_cases, known_members, subject_by
from perfkit.improve.findings import Action, Finding
from perfkit.improve.stakes import FALL, Stake
from perfkit.kpis.breakdowns import Breakdown, label
from perfkit.languages import in_sentence, number, opening, plural, text

_MOVED = 0.02  # an average that moved by less is no finding
_MOST_OF = 0.5  # of the change, from which a factor is most of it; and it of a factor, unless others offset it
_KPI_OF = {"frequency": "orders_per_customer", "order_value": "aov"}  # factors whose change has an interval
_RUN = 3  # months in a row below the year before, from which a run is told


def revenue_against_year_before(evidence: Evidence) -> Iterator[Finding]:
    """Revenue moved against the year before."""
    row, comparable = evidence.pair("revenue")
    change = row["variance_previous"]
    if not comparable or row["actual"] <= 0 or not evidence.is_material(change):
        return  # a period without revenue is a finding of its own
    driver = _driver(evidence, change)
    growth = evidence.growth(row["growth_previous"])
    values = {
        "change": f"{evidence.money(abs(change))} ({growth})" if growth else evidence.money(abs(change)),
        "previous": evidence.before,
        "factor": in_sentence(text(driver["name"])) if driver else "",
        "effect": evidence.money(driver["effect"], signed=True) if driver else "",
    }
    if change > 0:
        claim = (
            text("Revenue rose by {change} against {previous}, mostly through {factor} ({effect}).", **values)
            if driver
            else text("Revenue rose by {change} against {previous}.", **values)
        )
    else:
        claim = (
            text("Revenue fell by {change} against {previous}, mostly through {factor} ({effect}).", **values)
            if driver
            else text("Revenue fell by {change} against {previous}.", **values)
        )
    reference = evidence.against(evidence.money(row["previous"]))
    finding = Finding(
        id="revenue_against_year_before",
        subject="revenue",
        topic=text("revenue against the year before"),
        claim=claim,
        value=change,
        unit=evidence.currency,
        basis=text(row["basis"]),
        reference=reference,
        action=Action(text("Keep what brought the rise, and check each quarter that it lasts.")),
        caveat=text("The split by factors says where the change is, not why.") if driver else "",
        tone="good",
        figure_ids=evidence.ids("revenue"),
    )
    if change < 0:
        finding = replace(
            finding,
            tone="bad",
            stake=evidence.fall,
            pools=(FALL,),
            action=Action(text("Start with the customers and products that lost most.")),
        )
    yield finding


def _driver(evidence: Evidence, change: Decimal) -> dict[Any, Any] | None:
    """The factor that did most of the change; None where factors offset each other, or many are small.

    None is a factor whose own change is no more than chance explains: the report says that nothing is claimed of it.
    """
    if evidence.tree is None:
        return None
    factors = sorted(evidence.tree.rows.to_dict("records"), key=lambda row: -row["effect"] / change)
    if not factors or factors[0]["effect"] / change > 1 / _MOST_OF:
        return None
    chance = evidence.within_chance()
    most = next((row for row in factors if _KPI_OF.get(row["factor"]) not in chance), None)
    return most if most and most["effect"] / change >= _MOST_OF else None


def calendar(evidence: Evidence) -> Iterator[Finding]:
    """Working days explain a part of the change of revenue."""
    row, comparable = evidence.pair("revenue")
    now, before = evidence.scorecard.working_days, evidence.scorecard.previous_working_days
    if not comparable or now == before or not before or row["previous"] <= 0:
        return
    effect = row["previous"] * (now - before) / before
    if not evidence.is_material(effect):
        return
    values = {
        "n": number(now),
        "m": number(before),
        "period": evidence.now,
        "previous": evidence.before,
        "effect": evidence.money(abs(effect)),
    }
    yield Finding(
        id="calendar",
        topic=text("working days"),
        claim=opening(
            text(
                "{period} has {n} working days, {previous} has {m}: at equal revenue a day, that adds {effect}.",
                **values,
            )
            if effect > 0
            else text(
                "{period} has {n} working days, {previous} has {m}: at equal revenue a day, that takes {effect}.",
                **values,
            )
        ),
        value=effect,
        unit=evidence.currency,
        basis=text("Revenue of the year before × the change in working days / its working days"),
        reference=text("Revenue per working day of {previous}", previous=evidence.before),
        action=Action(text("Set revenue per working day beside revenue before drawing conclusions from its change.")),
        caveat=text("Sales made at weekends or online follow working days less closely."),
        tone=None,
        figure_ids=evidence.ids("revenue_per_working_day"),
    )


def months_below(evidence: Evidence) -> Iterator[Finding]:
    """Revenue has stayed below the year before for months."""
    if evidence.trend is None:
        return
    run = _run_below(evidence, evidence.trend.cells.to_dict("records"))
    gap = sum((cell["previous"] - cell["revenue"] for cell in run), Decimal(0))
    if len(run) < _RUN or not evidence.is_material(gap):
        return
    yield Finding(
        id="months_below",
        subject="revenue",
        topic=text("months below the year before"),
        claim=plural(
            "Revenue has been below the year before for {n} month: {gap} less.",
            "Revenue has been below the year before for {n} months in a row: {gap} less.",
            len(run),
            gap=evidence.money(gap),
        ),
        value=len(run),
        unit="count",
        basis=text("Months up to the end of the period whose revenue is below that of the same month a year before"),
        reference=text("The same months a year before"),
        action=Action(text("Find what changed in the month in which it began.")),
        caveat=text("Months do not have the same number of working days."),
        figure_ids=tuple(f"trend:{cell['month']:%Y-%m}:revenue" for cell in run),
        signed=False,
    )


def member_months_below(evidence: Evidence) -> Iterator[Finding]:
    """Of each dimension, the member that has stayed below the year before for months, with the largest gap."""
    for result in evidence.trends_by:
        if result.reason:
            continue
        found = []
        for member, cells in result.cells[result.cells["kind"] == "member"].groupby("member", sort=True):
            run = _run_below(evidence, cells.to_dict("records"))
            gap = sum((cell["previous"] - cell["revenue"] for cell in run), Decimal(0))
            if len(run) >= _RUN and evidence.is_material(gap):
                found.append((gap, str(member), cells["name"].iloc[0], run))
        if not found:
            continue
        gap, member, name, run = max(found, key=lambda each: (each[0], each[1]))
        yield Finding(
            id=f"member_months_below:{result.by}",
            subject=subject_by(result.by),
            topic=text("the fall of {member}", member=name),
            claim=plural(
                "By {dimension}, {member} has been below the year before for {n} month: {gap} less.",
                "By {dimension}, {member} has been below the year before for {n} months in a row: {gap} less.",
                len(run),
                dimension=in_sentence(dimension_name(result.by)),
                member=name,
                gap=evidence.money(gap),
            ),
            value=len(run),
            unit="count",
            basis=text(
                "Months up to the end of the period whose revenue is below that of the same month a year before"
            ),
            reference=text("The same months a year before"),
            action=Action(text("Find what changed in the month in which it began.")),
            caveat=text("Months do not have the same number of working days."),
            figure_ids=tuple(f"trend_by:{result.by}:{cell['month']:%Y-%m}:={member}" for cell in run),
            signed=False,
        )


def _run_below(evidence: Evidence, cells: list[dict[Any, Any]]) -> list[dict[Any, Any]]:
    """The last months in a row whose revenue is below that of a year before."""
    below = [cell["month"] for cell in comparable_months(cells, evidence.trend) if cell["revenue"] < cell["previous"]]
    run = list(takewhile(lambda cell: cell["month"] in below, reversed(cells)))
    return run[::-1]


def order_value(evidence: Evidence) -> Iterator[Finding]:
    """An average order is worth more or less than a year before."""
    row, comparable = evidence.pair("aov")
    if not comparable or not evidence.enough("orders") or row["status"] != "observed":
        return
    change = row["variance_previous"]
    gap = Decimal(str(change)) * evidence.row("orders")["actual"]
    if not evidence.is_material(gap) or abs(change) < _MOVED * abs(row["previous"]):
        return
    if not evidence.beyond_chance("aov"):
        return
    values = {
        "value": languages.money(row["actual"], evidence.currency, 2),
        "before": languages.money(row["previous"], evidence.currency, 2),
        "previous": evidence.before,
    }
    reference = evidence.against(values["before"])
    finding = Finding(
        id="order_value",
        subject="aov",
        topic=text("order value"),
        claim=text("An average order is worth {value}, against {before} in {previous}.", **values),
        value=change,
        unit=evidence.currency,
        basis=text(row["basis"]),
        reference=reference,
        low=row["change_low"],
        high=row["change_high"],
        action=Action(text("Find out whether price, quantity or the choice of products raised it, and protect it.")),
        caveat=evidence.chance("aov"),
        tone="good",
        figure_ids=evidence.ids("aov"),
    )
    if change < 0:
        finding = replace(
            finding,
            tone="bad",
            stake=_of_price_or_volume(evidence, -gap, reference),
            pools=((*FALL, ("factor", "order value")),),
            action=Action(text("Find out whether discounts, prices or smaller baskets did it.")),
        )
    yield finding


def _of_price_or_volume(evidence: Evidence, gap: Decimal, reference: str) -> Stake | None:
    """Stake a gap per order: what lower prices made of it whole, the rest at its margin.

    Of what has no price to compare, lines do not say which of the two it is: up to all of it is profit.
    """
    prices = evidence.prices()
    of_orders = text("The gap per order × the orders of the period.")
    stake = evidence.part(gap, reference, note=of_orders, prices=prices[0] if prices else Decimal(0))
    if stake is None or stake.measure == "revenue" or (prices and prices[1]):
        return stake
    note = text("This is a fall in volume; of a fall in price each amount is profit, up to the end of the interval.")
    if prices:
        note = text("Of what has no price to compare, a lower price is all profit, up to the end of the interval.")
    return replace(
        stake,
        basis=f"{stake.basis} {note}",
        gap_low=stake.gap,
        gap_high=max(stake.amount, evidence.most_lost(stake.gap)) / stake.flow_through,
    )


def order_frequency(evidence: Evidence) -> Iterator[Finding]:
    """Customers order less often than a year before."""
    if evidence.tree is None or evidence.tree.reason or not evidence.enough("customers"):
        return
    rows = {row["factor"]: row for row in evidence.tree.rows.to_dict("records")}
    if "frequency" not in rows:
        return
    now, before = rows["frequency"]["now"], rows["frequency"]["before"]
    customers, value = rows["customers"]["now"], rows["order_value"]["before"]
    gap = Decimal(str((before - now) * customers * value))
    if now > (1 - _MOVED) * before or not evidence.is_material(gap):
        return
    row = evidence.row("orders_per_customer")
    if not evidence.beyond_chance("orders_per_customer"):
        return
    values = {"rate": languages.number(now, 2), "before": languages.number(before, 2), "previous": evidence.before}
    reference = evidence.against(values["before"])
    yield Finding(
        id="order_frequency",
        subject="orders_per_customer",
        topic=text("order frequency"),
        claim=text("A customer orders {rate} times, against {before} in {previous}.", **values),
        value=now - before,
        unit="ratio",
        low=row["change_low"],
        high=row["change_high"],
        basis=text("Orders of identified customers in the period / active customers"),
        reference=reference,
        action=Action(text("Set a reminder at each customer's usual interval, and call those who miss it.")),
        caveat=" ".join(
            (
                evidence.chance("orders_per_customer"),
                text("Newly won customers order less often: a year of many new customers lowers the average."),
            )
        ),
        stake=evidence.part(
            gap, reference, note=text("The orders missing × the revenue per order of the year before.")
        ),
        pools=((*FALL, ("factor", "frequency")),),
        figure_ids=(f"revenue_tree:{evidence.scorecard.period.label}:frequency",),
    )


def largest_loss(evidence: Evidence) -> Iterator[Finding]:
    """Tell of two breakdowns at most, those whose member fell most: the others see the same money from elsewhere."""
    if evidence.few():
        return
    falling = []
    for result in evidence.breakdowns:
        members = list(known_members(result))
        falls = [
            row
            for row in members
            if not languages.missing(row["variance"])
            and row["variance"] < 0
            and row["previous"] > 0
            and evidence.is_material(row["variance"])
            and not few_cases(row["previous_orders"], row["previous_customers"], otherwise=ENOUGH)
        ]
        if falls and len(members) > 1:
            # Who sells nothing any more comes last: others may have taken it over.
            worst = min(falls, key=lambda row: (not row["revenue"], row["variance"], str(row["member"])))
            falling.append((worst["variance"] / worst["previous"], result, worst))
    for _, result, worst in sorted(falling, key=lambda each: (each[0], each[1].by))[:2]:
        reference = evidence.against(evidence.money(worst["previous"]))
        values = {
            "dimension": in_sentence(dimension_name(result.by)),
            "member": label(worst),
            "change": _change(evidence, worst),
            "previous": evidence.before,
        }
        yield Finding(
            id=f"largest_loss:{result.by}",
            subject=subject_by(result.by),
            topic=text("the fall of {member}", member=label(worst)),
            claim=text("By {dimension}, {member} lost most: {change} against {previous}.", **values)
            if worst["revenue"]
            else text("By {dimension}, {member} has no revenue any more: {change} against {previous}.", **values),
            value=worst["variance"],
            unit=evidence.currency,
            basis=text("Sum of net revenue of the member's lines dated in the period"),
            reference=reference,
            action=Action(text("Ask the people in charge why it fell, and decide what to change and by when.")),
            caveat=text("It was picked as the largest fall among all: part of it may be chance.")
            if worst["revenue"]
            else text("Others may have taken over what it sold: see who gained."),
            stake=evidence.part(-worst["variance"], reference, member=worst, prices=evidence.lower_prices(worst)),
            pools=((*FALL, (f"by {result.by}", str(worst["member"]))),),
            figure_ids=(_figure(evidence, result, worst),),
        )


def largest_gain(evidence: Evidence) -> Iterator[Finding]:
    """Tell of the member that gained most, of the breakdown in which it gained most: a gain to secure."""
    rising = []
    for result in evidence.breakdowns:
        members = list(known_members(result))
        rises = [
            row
            for row in members
            if not languages.missing(row["variance"])
            and row["variance"] > 0
            and row["previous"] > 0
            and evidence.is_material(row["variance"])
        ]
        if rises and len(members) > 1:
            best = max(rises, key=lambda row: (row["variance"], str(row["member"])))
            rising.append((best["variance"] / best["previous"], result, best))
    for _, result, best in sorted(rising, key=lambda each: (-each[0], each[1].by))[:1]:
        yield Finding(
            id=f"largest_gain:{result.by}",
            subject=subject_by(result.by),
            topic=text("the rise of {member}", member=label(best)),
            claim=text(
                "By {dimension}, {member} gained most: {change} against {previous}.",
                dimension=in_sentence(dimension_name(result.by)),
                member=label(best),
                change=_change(evidence, best),
                previous=evidence.before,
            ),
            value=best["variance"],
            unit=evidence.currency,
            basis=text("Sum of net revenue of the member's lines dated in the period"),
            reference=evidence.against(evidence.money(best["previous"])),
            action=Action(text("Secure it: note what brought it, and who can do the same elsewhere.")),
            caveat=text("It was picked as the largest rise among all: part of it may be chance."),
            tone="good",
            figure_ids=(_figure(evidence, result, best),),
        )


def _change(evidence: Evidence, row: dict[Any, Any]) -> str:
    change = evidence.money(row["variance"], signed=True)
    growth = evidence.growth(row["growth"])
    return f"{change} ({growth})" if growth else change


def _figure(evidence: Evidence, result: Breakdown, row: dict[Any, Any]) -> str:
    return f"breakdown:{result.by}:{evidence.scorecard.period.label}:={row['member']}"
