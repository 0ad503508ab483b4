"""Contribution: revenue less costs, level by level: the one definition of margin.

List revenue - discounts = net revenue; - cost of goods = gross margin; - other variable costs = contribution
margin 1; - what serving and winning the customer costs = contribution margin 2; - fixed costs of its own =
contribution margin 3; - common fixed costs = management result. Every cost is of exactly one level, as the company
declares it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import pandas as pd
from ibis import _

from perfkit.errors import ParameterError, unknown
from perfkit.languages import mark
from perfkit.schema import COSTS, SPEND

MONEY = "decimal(18, 4)"
_OF_PRODUCT = "decimal(38, 8)"  # what engines make of MONEY times MONEY; Ibis takes it for MONEY still


@dataclass(frozen=True)
class Level:
    """One step of the statement: what is taken off, and what is left.

    Attributes
    ----------
    id : str
        As the costs table writes it: "cogs", "cm1", "cm2", "cm3" or "fixed".
    costs, margin : str
        Message ids: what is taken off is called, and what is then left.
    margin_id : str
        What is left, as figures name it.
    """

    id: str
    costs: str
    margin: str
    margin_id: str


LEVELS = (
    Level("cogs", mark("Cost of goods sold"), mark("Gross margin"), "gross_profit"),
    Level("cm1", mark("Other variable costs"), mark("Contribution margin 1"), "cm1"),
    Level("cm2", mark("Cost to serve and to win customers"), mark("Contribution margin 2"), "cm2"),
    Level("cm3", mark("Specific fixed costs"), mark("Contribution margin 3"), "cm3"),
    Level("fixed", mark("Common fixed costs"), mark("Management result"), "result"),
)
"""From the cost of a product to the costs of the whole house."""

AFTER_PURCHASES = mark("Gross margin after other purchase costs")
"""What is left of goods where some of their cost is of no line (freight in, say), which other tables do not know."""

ENOUGH = 0.95
"""Below this share of amounts with a cost (or a list price), a rate speaks of a part of the business only."""

OF_SPEND = "cm2"
"""Where spend on marketing stands unless the company declares otherwise."""


def cost_of_goods(lines: ibis.Table) -> ibis.Value | None:
    """Return what the goods of each line cost: the line's own cost, else its quantity times its product's unit cost.

    Each of them has the four decimals of MONEY, and so has the product: it is rounded line by line, half away from
    zero. None where the data carry neither; missing on lines of which neither is known.
    """
    own = lines.cost.cast(MONEY) if "cost" in lines.columns else None
    if not {"unit_cost", "quantity"} <= set(lines.columns):
        return own
    # Cast before: wider ones overflow in Spark. Twice after: Ibis leaves out a cast to the type that it takes this for.
    computed = (lines.quantity.cast(MONEY) * lines.unit_cost.cast(MONEY)).cast(_OF_PRODUCT).cast(MONEY)
    return computed if own is None else ibis.coalesce(own, computed)


def with_standard(lines: ibis.Table) -> ibis.Table:
    """Return lines that say which costs are standard ones: quantity times the product's unit cost (`is_standard_cost`).

    Ask before `lines.checked` has put both kinds of cost in one column. Lines are as they were where no product has a
    unit cost.
    """
    if not {"unit_cost", "quantity"} <= set(lines.columns):
        return lines
    own = lines.cost.notnull() if "cost" in lines.columns else ibis.literal(False)
    return lines.mutate(is_standard_cost=~own & lines.unit_cost.notnull() & lines.quantity.notnull())


def has_list_price() -> ibis.Value:
    """Say of each line whether its discount is known: returns and lines without a list price have none.

    A return whose list price bears no sign is a return all the same, see `is_contrary`.
    """
    return (_.list_revenue > 0) & (_.net_revenue >= 0)


def is_contrary() -> ibis.Value:
    """Say of each line whether its list price and its revenue have opposite signs, so that no discount is meant."""
    return ((_.list_revenue > 0) & (_.net_revenue < 0)) | ((_.list_revenue < 0) & (_.net_revenue > 0))


def sums(lines: ibis.Table, here: ibis.Value | None = None) -> dict[str, ibis.Value]:
    """Return what margins and discounts are made of, as expressions to aggregate: over all lines, or those of `here`.

    revenue, and amount: the same without signs. Where lines have list prices, list, and listed: net revenue of the
    lines whose discount is known. Where they have costs, costed: net revenue of the lines whose cost is known; their
    cost; and costed_amount, without signs. Of lines that say it (`with_standard`), standard_cost and standard_revenue.
    """
    found = {"revenue": _.net_revenue.sum(where=here), "amount": _.net_revenue.abs().sum(where=here)}
    if "list_revenue" in lines.columns:
        listed = has_list_price() if here is None else here & has_list_price()
        found |= {"list": _.list_revenue.sum(where=listed), "listed": _.net_revenue.sum(where=listed)}
    if "cost" in lines.columns:
        known = _.cost.notnull() if here is None else here & _.cost.notnull()
        found |= {
            "costed": _.net_revenue.sum(where=known),
            "cost": _.cost.sum(where=known),
            "costed_amount": _.net_revenue.abs().sum(where=known),
        }
    if {"cost", "is_standard_cost"} <= set(lines.columns):
        standard = _.is_standard_cost if here is None else here & _.is_standard_cost
        found |= {"standard_cost": _.cost.sum(where=standard), "standard_revenue": _.net_revenue.sum(where=standard)}
    return found


def costs(
    booked: ibis.Table | pd.DataFrame | None,
    spend: ibis.Table | pd.DataFrame | None = None,
    *,
    levels: Mapping[str, str] | None = None,
) -> ibis.Table | None:
    """Return every cost beyond the goods of the lines, each of one level.

    Parameters
    ----------
    booked : table or DataFrame, columns of `schema.COSTS`; None where there is none
    spend : table or DataFrame, columns of `schema.SPEND`; None where there is none
        What marketing cost; of `OF_SPEND` where `levels` does not say.
    levels : mapping of str to str, optional
        The level of a kind of cost or spend, where it is not the one that its table says.

    Returns
    -------
    Table or None
        date, amount, kind, level, source ("costs" or "spend"), customer_id, channel, driver: missing where a cost is
        of no one customer, no one channel, or nothing says how to spread it. None where there is neither table. The
        channel of spend is one that wins customers: see `allocation.allocate` for when it is one that sells to them.

    Raises
    ------
    ParameterError
        If `levels` names no level.
    """
    declared = dict(levels or {})
    for level in declared.values():
        if level not in [each.id for each in LEVELS]:
            raise ParameterError(f"levels: {unknown('level', level, [each.id for each in LEVELS])}")
    parts = []
    if booked is not None:
        parts.append(_part(COSTS.table(booked), "costs", "period", declared))
    if spend is not None:
        parts.append(_part(SPEND.table(spend), "spend", "date", declared))
    return ibis.union(*parts) if len(parts) > 1 else parts[0] if parts else None


def _part(table: ibis.Table, source: str, day: str, levels: Mapping[str, str]) -> ibis.Table:
    kind = ibis.coalesce(table.kind, "") if "kind" in table.columns else ibis.literal("")
    level = table.level if "level" in table.columns else ibis.literal(OF_SPEND)
    if levels:
        level = kind.cases(*levels.items(), else_=level)
    optional = {
        name: table[name].cast("string") if name in table.columns else ibis.null("string")
        for name in ("customer_id", "channel", "driver")
    }
    return table.select(
        date=table[day].cast("date"),
        amount=table.amount.cast(MONEY),
        kind=kind.cast("string"),
        level=level.cast("string"),
        source=ibis.literal(source).cast("string"),
        **optional,
    )
