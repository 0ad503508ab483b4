"""Pockets: what is left of the list price of one period's sales, on the invoice and after it.

The sums are those of the statement, so both tie to the cent. What is new here is how the discount is split, and which
costs are taken off the price.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
from ibis import _

from perfkit import estimates, languages
from perfkit.aggregations import aggregation, only, within
from perfkit.contribution import ENOUGH, LEVELS, MONEY, has_list_price
from perfkit.errors import ParameterError, unknown
from perfkit.languages import listing, text
from perfkit.lines import is_in
from perfkit.margins.statement.sides import GOODS, UNCOSTED, Side, sides
from perfkit.periods import Period

OFF_INVOICE = ("cm1", "cm2")
"""Levels of the costs that follow a sale: what is booked there is off the price, unless the company names kinds."""


def pockets(
    lines: ibis.Table,
    costs: ibis.Table | None,
    period: Period,
    previous: Period | None,
    off_invoice: Collection[str] | None,
) -> tuple["Pocket", "Pocket | None"]:
    """Return a period's pocket, and that of the period it is set against."""
    now, before = sides(lines, costs, period)
    then = None
    if previous is not None:
        then = before if previous == before.period else sides(lines, costs, previous)[0]
    known = sorted({row["kind"] for row in now.costs.to_dict("records") if row["source"] == "costs"})
    for kind in off_invoice or ():
        if kind not in known:
            raise ParameterError(f"off_invoice: {unknown('kind of cost', kind, known)}")
    chosen = None if off_invoice is None else frozenset(off_invoice)
    return _of(lines, now, chosen), None if then is None else _of(lines, then, chosen)


def _of(lines: ibis.Table, side: Side, chosen: frozenset[str] | None) -> "Pocket":
    given = side.of("list") - side.of("listed")
    if "discount" in lines.columns and given:
        given = only(_given(lines, side.period))["given"] or Decimal(0)
    return Pocket(side, given, chosen)


@dataclass(frozen=True)
class Pocket:
    """One period's way from list revenue to the pocket."""

    side: Side
    given: Decimal
    chosen: frozenset[str] | None

    @property
    def listed(self) -> float | None:
        """Share of what was sold whose list price is known."""
        sold = self.side.of("listed") + self.side.of("unlisted")
        return estimates.ratio(self.side.of("listed"), sold) if sold > 0 else None

    @property
    def realisation(self) -> float | None:
        """What is invoiced of the list price, 0 to 1."""
        return estimates.ratio(self.side.of("listed"), self.side.of("list"))

    def off_invoice(self) -> list[dict[Any, Any]]:
        """The costs that are taken off the price."""
        return [
            cost
            for level in LEVELS
            for cost in self.side.kinds(level.id)
            if cost["source"] == "costs" and (level.id in OFF_INVOICE if self.chosen is None else True)
            if self.chosen is None or cost["kind"] in self.chosen
        ]

    def reason(self) -> str:
        """Why there is no pocket revenue; empty where there is."""
        if self.side.missing:
            gaps = listing(month.name() for month in self.side.missing)
            return text("The costs hold nothing dated in {months}. Ask for them.", months=gaps)
        if not self.off_invoice():
            return text(
                "The data hold no cost that follows a sale (rebates, freight, payment, serving the customer), so the "
                "price ends on the invoice. Ask for them (costs)."
            )
        return ""

    def _costs_of_goods(self) -> bool:
        """Whether the goods can be taken off."""
        return self.side.levels() > 0 and (self.side.covered is None or self.side.covered >= ENOUGH)

    def rows(self) -> dict[str, dict[str, Any]]:
        """The steps by their names, from the top down."""
        side, found = self.side, dict[str, dict[str, Any]]()
        whole = (self.listed or 0) >= ENOUGH

        def add(line: str, role: str, amount: Decimal, name: str | None = None, *, on_list: bool = whole) -> None:
            share = estimates.ratio(amount, side.of("list")) if on_list else None
            found[line] = {"line": line, "role": role, "name": name, "amount": amount, "share": share}

        add("list_revenue", "whole", side.of("list"), on_list=True)
        add("discounts", "reduction", -self.given, on_list=True)
        add("other_reductions", "reduction", side.of("listed") - side.of("list") + self.given, on_list=True)
        add("invoiced", "whole", side.of("listed"), on_list=True)
        add("unlisted", "apart", side.of("unlisted"), on_list=False)
        add("returns", "apart", side.of("returned"))
        add("net_revenue", "whole", side.of("revenue"))
        if self.reason():
            return found
        left, taken = side.of("revenue"), self.off_invoice()
        for cost in taken:
            left -= self._take(add, cost)
        add("pocket_revenue", "whole", left)
        if self._costs_of_goods():
            if side.covered:
                uncosted = side.of("costed") - side.of("revenue")
                add(UNCOSTED, "apart", uncosted)
                add(GOODS, "cost", -side.of("cost"))
                left += uncosted - side.of("cost")
            names = {(cost["level"], cost["kind"]) for cost in taken}
            for cost in side.kinds(LEVELS[0].id):
                if (cost["level"], cost["kind"]) not in names:
                    left -= self._take(add, cost)
            add("pocket_margin", "whole", left)
        return found

    def _take(self, add: Any, cost: Mapping[Any, Any]) -> Decimal:
        """Add a cost as a step, and return its amount."""
        value = cost[self.side.side]
        amount = Decimal(0) if languages.missing(value) else value
        add(f"{cost['source']}:{cost['level']}:{cost['kind']}", "cost", -amount, cost["kind"])
        return amount


@aggregation
def _given(lines: ibis.Table, period: Period) -> ibis.Table:
    """The discount of the lines with a list price: as the line says, where that can be one, else list less net."""
    said = _.discount.cast(MONEY)
    can_be = ibis.coalesce((said >= 0) & (said <= _.list_revenue), ibis.literal(False))
    given = ibis.ifelse(can_be, said, _.list_revenue - _.net_revenue)
    return lines.filter(is_in(period)).agg(given=given.sum(where=has_list_price()))


@aggregation
def costs_of(costs: ibis.Table, by: str, period: Period, kinds: Collection[tuple[str, str]]) -> ibis.Table:
    """What costs of some levels and kinds name a member, and what of them names none."""
    here = within(_.date, period.start, period.end) & (_.source == "costs")
    wanted = ibis.or_(*((_.level == level) & (_.kind == kind) for level, kind in kinds))
    return costs.filter(here & wanted).group_by(member=_[by]).agg(amount=_.amount.sum())
