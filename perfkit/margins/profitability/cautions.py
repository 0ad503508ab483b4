"""Cautions: what a reader must know of how costs were spread, so that nothing of it goes wrong silently."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from perfkit import languages
from perfkit.dimensions import dimension_name
from perfkit.languages import listing, plural, text
from perfkit.margins.profitability.drivers import SCOPES

if TYPE_CHECKING:
    from perfkit.margins.profitability.allocation import Spreading


def cautions(spread: "Spreading") -> tuple[str, ...]:
    """Return all that is to be said, a sentence each, in the language in use."""
    found = (_spent(spread), _unused(spread), _contrary(spread), _strange_costs(spread), _strange_units(spread))
    return tuple(said for each in found for said in each)


def _spent(spread: "Spreading") -> Iterator[str]:
    """Name the selling channels whose margins bear what was spent in a channel of the same name."""
    if spread.spent:
        yield text(
            "{money} of spend is in the margin of the channel of the same name ({channels}). Customers won there may "
            "buy elsewhere: it is what the channel costs, and no measure of what it wins.",
            money=languages.money(Decimal(sum(spread.spent.values())).scaleb(-4), spread.currency),
            channels=listing(sorted(spread.spent)),
        )


def _unused(spread: "Spreading") -> Iterator[str]:
    """Name the drivers that were given and spread nothing."""
    names = dict(zip(spread.all_given["driver"], spread.all_given["name"], strict=True))
    here = set(spread.given["driver"])
    elsewhere = [name for driver, name in names.items() if driver in spread.named and driver not in here]
    if elsewhere:
        yield text(
            "Units of {drivers} are given, but none dated in {period}.",
            drivers=listing(elsewhere),
            period=spread.period.name(),
        )
    strange = [name for driver, name in names.items() if driver not in spread.named]
    if strange and spread.named:
        yield text(
            "Units of {drivers} are given and spread no cost of the period: its costs name {others} as drivers.",
            drivers=listing(strange),
            others=listing(spread.named.values()),
        )
    elif strange:
        yield text(
            "Units of {drivers} are given and spread no cost of the period: no cost names a driver.",
            drivers=listing(strange),
        )


def _contrary(spread: "Spreading") -> Iterator[str]:
    """Name the lines that sell less than nothing, where costs are spread by quantity."""
    units = next(iter(spread.units.values()), None)
    counted = "quantity" in spread.named and "quantity" not in set(spread.given["driver"])
    if not counted or units is None or "contrary" not in units.counts:
        return
    if n := int(units.counts["contrary"].sum()):
        yield plural(
            "{n} line has an amount above zero and a quantity below: it counts as no quantity where costs are "
            "spread by it. Correct its sign.",
            "{n} lines have an amount above zero and a quantity below: they count as no quantity where costs are "
            "spread by it. Correct their signs.",
            n,
        )


def _strange_costs(spread: "Spreading") -> Iterator[str]:
    """Name the customers and channels of costs that would have sold, but for how their ids are written."""
    for by, amounts in spread.scoped.items():
        if pairs := _but_for_their_writing(spread, by, amounts):
            yield plural(
                "{n} id of the costs ({dimension}) is on no line, and differs from one that is by its writing"
                " alone (“{here}” in the costs, “{there}” in the sales): {money} of costs do not reach who "
                "sold. Have both written alike, as text.",
                "{n} ids of the costs ({dimension}) are on no line, and differ from some that are by their "
                "writing alone (first “{here}” in the costs, “{there}” in the sales): {money} of costs do not"
                " reach who sold. Have both written alike, as text.",
                len(pairs),
                dimension=languages.in_sentence(dimension_name(by)),
                here=pairs[0][0],
                there=pairs[0][1],
                money=languages.money(Decimal(sum(amounts[here] for here, _ in pairs)).scaleb(-4), spread.currency),
            )


def _strange_units(spread: "Spreading") -> Iterator[str]:
    """Likewise of the units that were given and spread something."""
    mine = spread.given[spread.given["driver"].isin(list(spread.of_drivers))]
    for by in SCOPES:
        known = mine[mine[by].notna()]
        if pairs := _but_for_their_writing(spread, by, dict.fromkeys(known[by])):
            units = known.loc[known[by].isin([here for here, _ in pairs]), "units"].sum()
            yield plural(
                "{n} id of the drivers ({dimension}) is on no line, and differs from one that is by its "
                "writing alone (“{here}” in the drivers, “{there}” in the sales): {units} units draw costs "
                "away from who sold. Have both written alike, as text.",
                "{n} ids of the drivers ({dimension}) are on no line, and differ from some that are by their "
                "writing alone (first “{here}” in the drivers, “{there}” in the sales): {units} units draw "
                "costs away from who sold. Have both written alike, as text.",
                len(pairs),
                dimension=languages.in_sentence(dimension_name(by)),
                here=pairs[0][0],
                there=pairs[0][1],
                units=languages.number(float(units)),
            )


def _but_for_their_writing(spread: "Spreading", by: str, ids: Iterable[str]) -> list[tuple[str, str]]:
    """Return the ids that no line of the period has, each with the one that differs in its writing alone."""
    if by in spread.dimensions:
        place = spread.dimensions.index(by)
        members = (member[place] for member in spread.members[: spread.sellers])
        sold: dict[str, None] = dict.fromkeys(member for member in members if member is not None)
    else:
        units = spread.units.get(by == "customer_id") or spread.units.get(True)
        sold = dict.fromkeys(units.rows[by]) if units and by in units.rows else {}
    strange = [each for each in ids if each not in sold]
    if not strange:
        return []
    alike = {bare(each): each for each in sold}
    return [(each, alike[bare(each)]) for each in strange if bare(each) in alike]


def bare(id_: str) -> str:
    """Return an id without what spreadsheets and typists change: case, spaces, leading zeros, a final .0."""
    return re.sub(r"^0+(?=.)|[.]0+$", "", re.sub(r"\s", "", id_.lower()))
