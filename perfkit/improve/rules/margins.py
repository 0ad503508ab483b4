"""Rules on margins: what does a sale leave, what is given away, and what is sold at a loss?"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from perfkit import estimates, languages
from perfkit.dimensions import dimension_name
from perfkit.improve.evidence import (
    MATERIAL,
    Evidence,
    few_cases,
    known_members,
    names_of,
    own_margin,
    total_of,
)
from perfkit.improve.findings import Action, Finding
from perfkit.improve.rules import bridges, earnings
from perfkit.improve.stakes import GOODS, PRICE, REVENUE, gross, of_members
from perfkit.kpis.breakdowns import Breakdown, label, margin_change
from perfkit.languages import in_sentence, listing, number, percent, points, text

_LARGE = Decimal("0.05")  # share of revenue from which a member's margin matters to the whole
_MOST = 2  # breakdowns told of: the others see the same money from elsewhere
_FAR = Decimal("0.05")  # a margin rate so far below the others' is told
_FELL = 0.02  # a member's margin rate that fell by less may have done so by the mix of what it sold


def margin_rate(evidence: Evidence) -> Iterator[Finding]:
    """The gross margin rate fell against the year before."""
    row, comparable = evidence.pair("margin_rate")
    change, revenue = row["variance_previous"], evidence.revenue
    if not comparable or row["status"] != "observed" or row["previous_status"] != "observed":
        return
    if change > -MATERIAL or revenue <= 0 or evidence.few():
        return
    fall = points(-change).removeprefix("+")
    reference = evidence.against(percent(row["previous"]))
    told = [*bridges.prices_fell(evidence), *bridges.costs_not_passed_on(evidence), *bridges.mix_earns_less(evidence)]
    if not told and not evidence.beyond_chance("margin_rate"):
        return
    action = text("Split the fall into price, cost and mix, product by product, before changing a price.")
    caveat = text("A shift to products of lower margin lowers the rate without any price or cost moving.")
    if told:
        action = text("Decide on its causes one by one: the bridge of gross profit names them.")
        parts = listing(item.topic for item in told)
        caveat = text("No stake of its own: those of its causes ({parts}) are told apart.", parts=parts)
    yield Finding(
        id="margin_rate",
        topic=text("the gross margin rate"),
        claim=text("The gross margin rate fell by {change} to {rate}.", change=fall, rate=percent(row["actual"])),
        value=change,
        unit="points",
        low=row["change_low"],
        high=row["change_high"],
        basis=text(row["basis"]),
        reference=reference,
        action=Action(action),
        caveat=" ".join(filter(None, (evidence.chance("margin_rate"), caveat, evidence.of_standard_cost))),
        stake=None
        if told
        else evidence.price(
            Decimal(str(-change)) * revenue,
            reference,
            text("Gap of {gap} in the rate × revenue of the period: all of it is profit.", gap=fall),
        ),
        pools=() if told else gross(),
        figure_ids=evidence.ids("margin_rate"),
    )


def margin_fell_in(evidence: Evidence) -> Iterator[Finding]:
    """Tell of two breakdowns at most: the member whose margin rate fell, and by more than the others', at most loss.

    The fall must be beyond chance, and the more members are compared the further (Bonferroni).
    """
    found = []
    for result in evidence.breakdowns:
        members = list(known_members(result))
        level = 1 - (1 - estimates.LEVEL) / max(sum(row["margin_chance"] is not None for row in members), 1)
        falls = [
            (Decimal(str(-change)) * row["revenue"], row)
            for row in members
            if (change := margin_change(row)) is not None
            and change <= -_FELL
            and change - _change_of_the_rest(result, row) <= -_FELL  # else it is the fall of the whole
            and not few_cases(row["orders"], row["customers"])
            and not few_cases(row["previous_orders"], row["previous_customers"])
            and row["margin_chance"] is not None
            and row["margin_chance"].interval(level)[1] < 0
        ]
        falls = [(loss, row) for loss, row in falls if evidence.is_material_profit(loss)]
        if falls and len(members) > 1:
            found.append((*max(falls, key=lambda each: (each[0], str(each[1]["member"]))), result))
    apart: dict[tuple[Decimal, Decimal], tuple[Any, ...]] = {}
    for each in sorted(found, key=lambda each: (-each[0], each[2].by)):
        # A channel that is a segment too, line for line, is told of once.
        apart.setdefault((each[1]["revenue"], each[1]["gross_profit"]), each)
    for loss, row, result in list(apart.values())[:_MOST]:
        change = float(row["margin_rate"] - row["previous_margin_rate"])
        fall = points(-change).removeprefix("+")
        before = percent(row["previous_margin_rate"])
        reference = evidence.against(before)
        finding = Finding(
            id=f"margin_fell_in:{result.by}",
            topic=text("the margin of {member}, which fell", member=label(row)),
            claim=text(
                "By {dimension}, the gross margin rate of {member} fell from {before} to {rate}: {loss} less.",
                dimension=in_sentence(dimension_name(result.by)),
                member=label(row),
                before=before,
                rate=percent(row["margin_rate"]),
                loss=evidence.money(loss),
            ),
            value=change,
            unit="points",
            basis=text("Gross profit / net revenue of the lines whose cost is known"),
            reference=reference,
            action=Action(
                text("Split the fall into price, cost and mix, product by product, before changing a price.")
            ),
            caveat=text(
                "It was picked as the largest fall among all: part of it may be chance, "
                "and part a move to what earns less."
            ),
            stake=evidence.price(
                loss,
                reference,
                text("Gap of {gap} in the rate × its revenue of the period: all of it is profit.", gap=fall),
            ),
            pools=gross(of_members(result.by, [row["member"]])),
            figure_ids=(f"breakdown:{result.by}:{evidence.scorecard.period.label}:={row['member']}",),
        )
        effects = evidence.moved_by(result.by, row["member"])
        if effects is None:
            yield replace(finding, caveat=f"{finding.caveat} {evidence.of_standard_cost}".strip())
            continue
        found_in = gross(of_members(result.by, [row["member"]]), lines=(PRICE, GOODS))
        less = _less_mix(replace(finding, pools=found_in), loss, effects, evidence)
        yield replace(less, caveat=f"{less.caveat} {evidence.of_standard_cost}".strip())


def _less_mix(finding: Finding, loss: Decimal, effects: dict[Any, Any], evidence: Evidence) -> Finding:
    """Stake what prices and unit costs did within the member, and no mix: what sells more of the one is no loss."""
    taken = min(-(effects["price"] + effects["cost"]), loss)
    values = {
        "price": evidence.money(effects["price"], signed=True),
        "cost": evidence.money(effects["cost"], signed=True),
        "rest": evidence.money(loss - max(taken, Decimal(0))),
    }
    picked = text("It was picked as the largest fall among all: part of it may be chance.")
    action = text("Item by item, raise the price or buy cheaper where its own price or unit cost lowered the margin.")
    if not evidence.is_material_profit(taken) or taken <= 0:
        why = text(
            "No stake: prices ({price}) and unit costs ({cost}) of what both years sold hardly did it; it is a move to "
            "what earns less.",
            **values,
        )
        action = text("Find out what its customers buy more of now, and whether it was meant: prices and costs held.")
        return replace(finding, caveat=f"{why} {picked}", stake=None, pools=(), tone=None, action=Action(action))
    basis = text("Prices ({price}) and unit costs ({cost}) of what both years sold: all of it is profit.", **values)
    if loss - taken >= Decimal("0.5"):
        rest = text("The other {rest} is a move to what earns less, and no stake.", **values)
        picked = f"{rest} {picked}"
    return replace(finding, caveat=picked, stake=evidence.price(taken, finding.reference, basis), action=Action(action))


def _change_of_the_rest(result: Breakdown, row: dict[Any, Any]) -> float:
    """By how much the margin rate of all other members changed; 0 where it is not known in both periods."""
    rates = []
    for side in ("", "previous_"):
        costed, profit = (
            total_of(result.rows, f"{side}{column}") - row[f"{side}{column}"] for column in ("costed", "gross_profit")
        )
        rates.append(estimates.ratio(profit, costed) if costed > 0 else None)
    now, before = rates
    return 0.0 if now is None or before is None else now - before


def discounts(evidence: Evidence) -> Iterator[Finding]:
    """The discount rate rose against the year before."""
    row, comparable = evidence.pair("discount_rate")
    if not comparable or row["status"] != "observed" or row["variance_previous"] < MATERIAL or evidence.few():
        return
    listed = _list_revenue(evidence, float(row["actual"]))
    change = row["variance_previous"]
    if listed <= 0 or not evidence.beyond_chance("discount_rate"):
        return
    low, high = (max(Decimal(str(row[side])), Decimal(0)) * listed for side in ("change_low", "change_high"))
    rise = points(change).removeprefix("+")
    reference = evidence.against(percent(row["previous"]))
    yield Finding(
        id="discounts",
        subject="discount_rate",
        topic=text("discounts"),
        claim=text(
            "Discounts take {rate} of list revenue, against {before} in {previous}.",
            rate=percent(row["actual"]),
            before=percent(row["previous"]),
            previous=evidence.before,
        ),
        value=change,
        unit="points",
        basis=text(row["basis"]),
        reference=reference,
        action=Action(text("List who grants the largest discounts to whom, and set a limit that needs a signature.")),
        low=row["change_low"],
        high=row["change_high"],
        caveat=" ".join(
            (
                evidence.chance("discount_rate"),
                text("Part of the discount may have won the sale: test a smaller one before removing it everywhere."),
            )
        ),
        stake=evidence.price(
            Decimal(str(change)) * listed,
            reference,
            text("Gap of {gap} in the rate × list revenue of the period: all of it is profit.", gap=rise),
            low=low,
            high=high,
        ),
        pools=((*REVENUE, ("lever", "discount")),),
        figure_ids=evidence.ids("discount_rate"),
    )


def _list_revenue(evidence: Evidence, rate: float) -> Decimal:
    """List revenue of the period, where it is known; every breakdown sums to it."""
    for result in evidence.breakdowns:
        if "list_revenue" in result.rows.columns and result.rows["list_revenue"].notna().any():
            return total_of(result.rows, "list_revenue")
    return evidence.revenue / Decimal(str(1 - rate)) if rate < 1 else Decimal(0)


def below_cost(evidence: Evidence) -> Iterator[Finding]:
    """Tell of two breakdowns at most, the largest losses first: members whose goods cost more than they bring.

    What is given free has a cost and brings nothing: a product sold at a margin may lose by its samples alone, so
    that no claim is made about prices.
    """
    found, deeper = [], earnings.losers(evidence)
    for result in evidence.breakdowns:
        if result.by in deeper:  # told there, after the costs to serve, with what chance leaves of it
            continue
        losing = [row for row in known_members(result) if (own_margin(row) or 0) < 0]
        loss = -sum((row["gross_profit"] for row in losing), Decimal(0))
        if losing and evidence.is_material_profit(loss):
            losing.sort(key=lambda row: (row["gross_profit"], str(row["member"])))
            found.append((loss, result, losing))
    for loss, result, losing in sorted(found, key=lambda each: (-each[0], each[1].by))[:_MOST]:
        values = {
            "dimension": in_sentence(dimension_name(result.by)),
            "n": number(len(losing)),
            "names": names_of(losing[:3]),
            "loss": evidence.money(loss),
        }
        reference = text("What the goods cost: a margin of zero")
        yield Finding(
            id=f"below_cost:{result.by}",
            topic=text("goods that cost more than they bring"),
            claim=text(
                "By {dimension}, {names} brings less than its goods cost, free goods included: a loss of {loss}.",
                **values,
            )
            if len(losing) == 1
            else text(
                "By {dimension}, {n} bring less than their goods cost, free goods included, first {names}: a loss of "
                "{loss}.",
                **values,
            ),
            value=-loss,
            unit=evidence.currency,
            basis=text("Gross profit of the members whose goods cost more than they bring"),
            reference=reference,
            action=Action(
                text(
                    "Look first at what is given free; then raise the price, buy better, or stop: decide for each by "
                    "name."
                )
            ),
            caveat=text("Check the costs first: a wrong unit cost looks like a loss."),
            stake=evidence.price(loss, reference, text("The loss itself: at a margin of zero there is none.")),
            pools=gross(of_members(result.by, [row["member"] for row in losing])),
            figure_ids=tuple(
                f"breakdown:{result.by}:{evidence.scorecard.period.label}:={row['member']}" for row in losing[:10]
            ),
        )


def low_margin(evidence: Evidence) -> Iterator[Finding]:
    """Tell of two breakdowns at most: the member whose margin rate lies furthest below the others'.

    Where the differences of a dimension were tested, it must be one beyond chance; where its members' rates were
    estimated, the others' rate must lie above its interval. It has a stake only where the company has said which share
    of the gap it can reach: what others earn elsewhere is no reference that this member could be brought to.
    """
    if evidence.margin_rate is None:
        return
    found = []
    for result in evidence.breakdowns:
        far = [
            (gap * row["revenue"], row, rest)
            for row, rest in _against_the_rest(result)
            if row["revenue"] >= _LARGE * result.total
            and (gap := rest - Decimal(str(row["margin_rate"]))) >= _FAR
            and row["margin_rate"] >= 0  # below zero it is a loss, a finding of its own
            and evidence.is_material_profit(gap * row["revenue"])
            and _is_beyond_chance(evidence, result.by, row["member"], float(rest))
        ]
        if far:
            found.append((*max(far, key=lambda each: (each[0], str(each[1]["member"]))), result))
    apart: dict[tuple[Decimal, Decimal], tuple[Any, ...]] = {}
    for each in sorted(found, key=lambda each: (-each[0], each[3].by)):
        # A channel that is a segment too, line for line, is told of once.
        apart.setdefault((each[1]["revenue"], each[1]["gross_profit"]), each)
    for gap, row, rest, result in list(apart.values())[:_MOST]:
        others = percent(rest)
        reference = text("The others: {rate}", rate=others)
        id = f"low_margin:{result.by}"
        tested = _tested(evidence, result.by, row["member"])
        caveat = text("The others are a yardstick, not a promise: the business may differ for good reasons.")
        low = high = None
        if tested is not None:
            between = text(
                "Beyond chance: {low} to {high} below the others, lines of one customer taken as alike.",
                low=percent(-tested["high"]),
                high=percent(-tested["low"]),
            )
            caveat = f"{between} {caveat}"
            low, high = (Decimal(str(-tested[side])) * row["revenue"] for side in ("high", "low"))
        points_below = points(gap / row["revenue"]).removeprefix("+")
        basis = text("Gap of {gap} in the rate × its revenue of the period: all of it is profit.", gap=points_below)
        stake = evidence.peers(id, gap, reference, basis, low, high)
        yield Finding(
            id=id,
            topic=text("the margin of {member}", member=label(row)),
            claim=text(
                "By {dimension}, {member} earns a gross margin of {rate}, against {others} for the others.",
                dimension=in_sentence(dimension_name(result.by)),
                member=label(row),
                rate=percent(row["margin_rate"]),
                others=others,
            ),
            value=row["margin_rate"],
            unit="share",
            basis=text("Gross profit / net revenue of the lines whose cost is known"),
            reference=reference,
            action=Action(text("Go through prices, terms and range, and set a floor for the margin.")),
            caveat=caveat,
            tone=None,
            stake=stake,
            pools=gross(of_members(result.by, [row["member"]])) if stake else (),
            figure_ids=(f"breakdown:{result.by}:{evidence.scorecard.period.label}:={row['member']}",),
            signed=False,
        )


def _tested(evidence: Evidence, by: str, member: Any) -> dict[Any, Any] | None:
    """The tested difference of a member's rate from that of the rest; None where none was tested."""
    for each in evidence.differences:
        if each.by == by and not each.reason:
            rows = each.rows.to_dict("records")
            return next((row for row in rows if row["member"] == member and row["adjusted_p"] is not None), None)
    return None


def _is_beyond_chance(evidence: Evidence, by: str, member: Any, others: float) -> bool:
    """Say whether a member's rate is told from that of the others, where the results given can tell."""
    if any(each.by == by and not each.reason for each in evidence.differences):
        tested = _tested(evidence, by, member)
        return tested is not None and tested["adjusted_p"] <= 1 - estimates.LEVEL
    for each in evidence.earners:
        if each.dimensions == (by,) and not each.reason:
            rows = each.rows.to_dict("records")
            found = next((row for row in rows if row["member"] == member), None)
            return found is not None and not languages.missing(found["high"]) and found["high"] < others
    return True


def _against_the_rest(result: Breakdown) -> Iterator[tuple[dict[Any, Any], Decimal]]:
    """Each member with a margin of its own, of enough cases, and the margin rate of all others together."""
    costed, profit = total_of(result.rows, "costed"), total_of(result.rows, "gross_profit")
    for row in known_members(result):
        if few_cases(row["orders"], row["customers"], otherwise=row.get("lines")):
            continue
        if own_margin(row) is not None and costed - row["costed"] > 0:
            yield row, (profit - row["gross_profit"]) / (costed - row["costed"])
