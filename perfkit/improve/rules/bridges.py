"""Rules on bridges: what did prices, unit costs and the mix do to profit since the year before?

Each effect is that of what both years sold, item by item, so none holds a part of another: their stakes add up.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from perfkit.improve.evidence import Evidence
from perfkit.improve.findings import Action, Finding
from perfkit.improve.stakes import GOODS, MIX, PRICE, Pool, gross, of_members
from perfkit.languages import listing, text
from perfkit.margins import PriceVolumeMix

_NAMED = 3  # items that a claim names


def prices_fell(evidence: Evidence) -> Iterator[Finding]:
    """Prices fell on what both years sold."""
    bridge = evidence.bridge(margin=False) or evidence.bridge(margin=True)
    if bridge is None or evidence.few():
        return
    loss = -bridge.effect("price")
    if loss <= 0 or not evidence.is_material_profit(loss):
        return
    reference = text("The prices of {previous}", previous=evidence.before)
    yield Finding(
        id="prices_fell",
        topic=text("lower prices"),
        claim=text(
            "Prices fell on what both years sold: {loss} less at this period's quantities, first {names}.",
            loss=evidence.money(loss),
            names=_first(bridge, list(bridge.items["price"])),
        ),
        value=-loss,
        unit=evidence.currency,
        basis=text("Price effect of the bridge: each item's change of net revenue a unit × its quantity now"),
        reference=reference,
        action=Action(text("Item by item, restore the price or stop the discount that lowered it: decide who signs.")),
        caveat=text("A price is net revenue a unit: other customers or sizes of order move it as a discount does."),
        stake=evidence.price(loss, reference, text("The price effect itself: all of it is profit.")),
        pools=part(bridge, PRICE, bridge.items["price"]),
        figure_ids=(bridge.figure_id("price"),),
    )


def costs_not_passed_on(evidence: Evidence) -> Iterator[Finding]:
    """Unit costs rose on what both years sold, and prices did not follow."""
    bridge = evidence.bridge(margin=True)
    if bridge is None or not evidence.margins_compare():
        return
    more, passed = -bridge.effect("cost"), max(bridge.effect("price"), Decimal(0))
    gap = more - passed
    if more <= 0 or gap <= 0 or not evidence.is_material_profit(gap):
        return
    reference = text("The unit costs of {previous}", previous=evidence.before)
    effects = zip(bridge.items["cost"], bridge.items["price"], strict=True)
    each = [cost + max(price, Decimal(0)) for cost, price in effects]
    values = {
        "more": evidence.money(more),
        "passed": evidence.money(passed),
        "gap": evidence.money(gap),
        "names": _first(bridge, each),
    }
    basis = text("The cost effect less what higher prices brought: all of it is profit.")
    watch = text("Customers may buy less at a higher price: raise it where the cost rose most, and watch volume.")
    yield Finding(
        id="costs_not_passed_on",
        topic=text("unit costs not passed on"),
        claim=text(
            "Higher unit costs took {more}; prices made up for {passed} of it, {gap} was not passed on, first {names}.",
            **values,
        )
        if passed
        else text("Higher unit costs took {more} and no price made up for it, first {names}.", **values),
        value=-gap,
        unit=evidence.currency,
        basis=text("Cost effect of the bridge of gross profit, and its price effect where prices rose"),
        reference=reference,
        action=Action(text("Raise the prices of the items named, or change supplier or recipe: decide for each.")),
        caveat=f"{watch} {evidence.of_standard_cost}".strip(),
        stake=evidence.price(gap, reference, basis if passed else text("The cost effect itself: all of it is profit.")),
        pools=part(bridge, GOODS, bridge.items["cost"]),
        figure_ids=(bridge.figure_id("cost"), bridge.figure_id("price")),
    )


def mix_earns_less(evidence: Evidence) -> Iterator[Finding]:
    """The mix moved to what earns less a unit."""
    bridge = evidence.bridge(margin=True)
    if bridge is None or not evidence.margins_compare():
        return
    # Many more cheap pieces are a large volume at the average margin and a large mix against it: only both together
    # are money, of all items and of each.
    took, brought = -bridge.effect("mix"), max(bridge.effect("volume"), Decimal(0))
    loss = took - brought
    if loss <= 0 or not evidence.is_material_profit(loss) or not evidence.beyond_chance("margin_rate"):
        return
    reference = text("The mix of {previous}", previous=evidence.before)
    values = {
        "loss": evidence.money(loss),
        "took": evidence.money(took),
        "names": _first(bridge, list(bridge.items["volume"] + bridge.items["mix"])),
    }
    yield Finding(
        id="mix_earns_less",
        topic=text("the mix"),
        claim=text(
            "The mix moved to what earns less a unit: it took {took} of gross profit, {loss} more than a larger volume "
            "brought; most was lost on {names}.",
            **values,
        )
        if brought
        else text(
            "The mix moved to what earns less a unit: {loss} of gross profit; most was lost on {names}.", **values
        ),
        value=-loss,
        unit=evidence.currency,
        basis=text(
            "Mix effect of the bridge of gross profit, at the unit margins of the year before, less what a larger "
            "volume brought"
        ),
        reference=reference,
        action=Action(text("Choose what to push: place, offers and commission on margin and no longer on revenue.")),
        caveat=text("Of the items named fewer were sold, or more at a loss; part of a mix is a choice."),
        stake=evidence.price(
            loss, reference, text("What the mix took beyond what more volume brought: it is gross profit already.")
        ),
        pools=part(bridge, MIX),
        figure_ids=(bridge.figure_id("mix"), bridge.figure_id("volume")),
    )


def part(bridge: PriceVolumeMix, line: str, effects: Iterable[Any] | None = None) -> tuple[Pool, ...]:
    """Return where the money of an effect lies: one reason for a lower margin, of the items that it took from."""
    if effects is None or len(bridge.keys) != 1:
        return gross(lines=[line])
    items = bridge.items[[each < 0 for each in effects]]
    return gross(of_members(bridge.keys[0], items[bridge.keys[0]]), lines=[line])


def _first(bridge: PriceVolumeMix, effects: list[Any]) -> str:
    """Name the items that lost most by an effect."""
    losing = sorted((place for place, each in enumerate(effects) if each < 0), key=lambda place: effects[place])
    return listing(bridge.names(bridge.items.iloc[losing[:_NAMED]]))
