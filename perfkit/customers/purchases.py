"""Purchases: which days of a customer are one, and what is it worth?

Said once, so that cohorts, lifetime value and segments count alike.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import ibis

from perfkit.errors import DataError, ParameterError, unknown

Value = Literal["margin", "revenue"]


def is_bought(net: ibis.Value, least: ibis.Value) -> ibis.Value:
    """Say of a customer's day whether something was bought: returns taken off, something is left, or it was free.

    Parameters
    ----------
    net, least : decimal columns
        The sum of the day's lines, and the smallest of them.
    """
    return (net > 0) | ((net == 0) & (least >= 0))


def value_of(lines: ibis.Table, asked: str | None) -> Value:
    """Return what a purchase is worth: what was asked for, else margin where lines have a cost.

    Raises
    ------
    ParameterError
        If it is neither margin nor revenue.
    DataError
        If margin is asked for and lines have no cost.
    """
    has_cost = "cost" in lines.columns
    chosen = asked or ("margin" if has_cost else "revenue")
    if chosen == "margin" and not has_cost:
        raise DataError(
            "sales: no line has a cost, so a purchase has no margin. Ask for the cost of the goods, or say "
            "value='revenue'."
        )
    if chosen == "margin":
        return "margin"
    if chosen == "revenue":
        return "revenue"
    raise ParameterError(f"value: {unknown('setting', str(chosen), ('margin', 'revenue'))}")


def margin_rate(revenue: Decimal, cost: Decimal, other_costs: Decimal = Decimal(0)) -> Decimal:
    """Return what is left of a euro whose cost is known, to six decimals: what the rest is taken to earn.

    A cost that is not known is no cost of 0, nor is a margin: to leave either out would set the margin of a part of the
    purchases against the whole of what a customer cost.

    Parameters
    ----------
    revenue, cost : Decimal
        Of the lines whose cost is known.
    other_costs : Decimal
        Other variable costs, as a share of net revenue.
    """
    if revenue <= 0:
        return Decimal(0)
    return (1 - other_costs - cost / revenue).quantize(Decimal("0.000001"))


def currencies(lines: ibis.Table) -> dict[str, ibis.Value]:
    """Return the first and the last currency of lines, as aggregates; nothing where lines do not say theirs."""
    if "currency" not in lines.columns:
        return {}
    said = lines.currency.cast("string")
    return {"lowest": said.min(), "highest": said.max()}


def refuse_two_currencies(counted: Mapping[str, Any]) -> None:
    """Refuse lines whose `currencies` are two.

    Raises
    ------
    DataError
        If they are: amounts of two currencies are never added.
    """
    if counted.get("lowest") != counted.get("highest"):
        raise DataError(
            f"sales: lines are in {counted['lowest']} and in {counted['highest']}. Amounts of two currencies are never "
            "added: convert net_revenue and cost first, or take the lines of one."
        )


def ten_thousandths(money: ibis.Value) -> ibis.Value:
    """Return a sum of money as a whole number: exact, and a hundred times faster to bring back than Decimals."""
    return (money * 10_000).cast("int64")


def from_ten_thousandths(parts: Any) -> Decimal:
    """Return what `ten_thousandths` brought back as an amount of money: over no line it is zero."""
    return Decimal(int(parts or 0)).scaleb(-4)
