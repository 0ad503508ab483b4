"""Purchases: which days of a customer are one? Said once, so that cohorts, lifetime value and segments count alike."""

from decimal import Decimal
from typing import Any

import ibis


def is_bought(net: ibis.Value, least: ibis.Value) -> ibis.Value:
    """Say of a customer's day whether something was bought: returns taken off, something is left, or it was free.

    Parameters
    ----------
    net, least : decimal columns
        The sum of the day's lines, and the smallest of them.
    """
    return (net > 0) | ((net == 0) & (least >= 0))


def ten_thousandths(money: ibis.Value) -> ibis.Value:
    """Return a sum of money as a whole number: exact, and a hundred times faster to bring back than Decimals."""
    return (money * 10_000).cast("int64")


def from_ten_thousandths(parts: Any) -> Decimal:
    """Return what `ten_thousandths` brought back as an amount of money: over no line it is zero."""
    return Decimal(int(parts or 0)).scaleb(-4)
