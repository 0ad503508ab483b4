"""Effects: the arithmetic of price, volume and mix, exact in ten-thousandths of the currency.

Money and quantities come as whole numbers of ten-thousandths. Price, cost and volume are fractions: they are rounded
along the items, each item getting what the rounded running total grew by, so that the sum over all items is the exact
sum, rounded once. What rounding leaves within an item, a ten-thousandth or two, goes to its mix: so each item's
effects sum to its change, and the items' to the whole.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[Any]
"""Whole numbers: int64, or Python's own (dtype object) where one of them is beyond `EXACT`."""
EXACT = 2**53
"""Up to here a float holds every whole number."""


@dataclass(frozen=True, eq=False)
class Sold:
    """What items that were sold in both periods sold in one of them: a number an item, in ten-thousandths."""

    quantity: Whole
    revenue: Whole
    cost: Whole

    @property
    def margin(self) -> Whole:
        """What the items earned."""
        return self.revenue - self.cost

    def where(self, here: NDArray[np.bool_]) -> "Sold":
        """Return the same of some items."""
        return Sold(self.quantity[here], self.revenue[here], self.cost[here])


@dataclass(frozen=True, eq=False)
class Split:
    """The effects of items that were sold in both periods: a number an item, in ten-thousandths."""

    price: Whole
    volume: Whole
    mix: Whole
    cost: Whole


@dataclass(frozen=True, eq=False)
class Prices:
    """What prices and costs did, computed below the items: a number an item, in ten-thousandths, where `known`."""

    known: NDArray[np.bool_]
    price: Whole
    cost: Whole

    def of(self, here: NDArray[np.bool_]) -> "Prices":
        """Return those of some items."""
        return Prices(self.known[here], self.price[here], self.cost[here])


def at_prices(base: Sold, now: Sold, *, symmetric: bool) -> tuple[Whole, Whole]:
    """Return what other prices and other costs did; see `split`."""
    price = _at_quantities(base.quantity, now.quantity, base.revenue, now.revenue, symmetric)
    return price, -_at_quantities(base.quantity, now.quantity, base.cost, now.cost, symmetric)


def split(
    base: Sold, now: Sold, units: NDArray[Any], *, symmetric: bool = False, prices: Prices | None = None
) -> Split:
    """Return the effects of items that were sold in both periods.

    Parameters
    ----------
    base, now : Sold
        Of the same items in the same order; every quantity above 0.
    units : array
        Each item's unit of measure: volume and mix are of one unit at a time.
    symmetric : bool
        Weigh each change by the mean of both periods, so that exchanging them flips every sign. Else Paasche's
        weights: prices and costs change at the quantities now, quantities at what a piece brought in the base.
    prices : Prices, optional
        Of items whose prices were compared below them, in each currency: what is left of these is mix.
    """
    price, cost = at_prices(base, now, symmetric=symmetric)
    if prices is not None:
        price, cost = np.where(prices.known, prices.price, price), np.where(prices.known, prices.cost, cost)
    volume = _volume(base, now, units, symmetric)
    return Split(price, volume, now.margin - base.margin - price - volume - cost, cost)


def whole(values: list[int]) -> Whole:
    """Return whole numbers as an array that holds them exactly."""
    try:
        found = np.array(values, dtype="int64")
    except OverflowError:
        return np.array(values, dtype="object")
    return found if np.abs(found).max(initial=0) < EXACT else np.array(values, dtype="object")


def _at_quantities(q_base: Whole, q_now: Whole, base: Whole, now: Whole, symmetric: bool) -> Whole:
    """Return the change of what one piece brings (or costs), at the quantities that weigh it."""
    then, part_then = _by_rule_of_three(base, q_now, q_base)  # what the base brings at the quantity now
    if not symmetric:
        return _rounded(now - then, -part_then)
    here, part_here = _by_rule_of_three(now, q_base, q_now)
    twice = now - base + here - then
    half = np.where(twice < 0, -(-twice // 2), twice // 2)  # toward zero, whichever the sign
    return _rounded(half, (twice - 2 * half).astype("float64") / 2 + (part_here - part_then) / 2)


def _volume(base: Sold, now: Sold, units: NDArray[Any], symmetric: bool) -> Whole:
    """Return the change of the quantities at what a piece brought on average, of each unit of measure."""
    moved = now.quantity - base.quantity
    wholes, fractions = np.zeros_like(moved), np.zeros(moved.shape)
    for unit in set(units):
        here = units == unit
        q0, m0 = (sum(each[here].tolist()) for each in (base.quantity, base.margin))
        average = Fraction(m0, q0)
        if symmetric:
            q1, m1 = (sum(each[here].tolist()) for each in (now.quantity, now.margin))
            average = (average + Fraction(m1, q1)) / 2
        of_unit, fractions[here] = _by_rule_of_three(
            moved[here], whole([average.numerator]), whole([average.denominator])
        )
        wholes = wholes.astype(of_unit.dtype) if of_unit.dtype == object else wholes
        wholes[here] = of_unit
    return _rounded(wholes, fractions)


def _by_rule_of_three(amounts: Whole, quantity: Whole, of: Whole) -> tuple[Whole, NDArray[np.float64]]:
    """Return amounts x quantity / of, as whole numbers and the fraction that each leaves, of the same sign."""
    about = amounts.astype("float64") * quantity.astype("float64") / of.astype("float64")
    if any(each.dtype == object for each in (amounts, quantity, of)) or np.abs(about).max(initial=0) >= EXACT:
        triples = np.broadcast_arrays(amounts, quantity, of)
        parts = [
            _parted(amount * times, by) for amount, times, by in zip(*(each.tolist() for each in triples), strict=True)
        ]
        return whole([each for each, _ in parts]), np.array([each for _, each in parts], dtype="float64")
    # The product may be beyond 64 bits, but the rest is not, and wrapping round leaves it right.
    found = np.trunc(about).astype("int64")
    rest = amounts * quantity - found * of
    found, rest = found + rest // of, rest % of
    short = (found < 0) & (rest > 0)
    return found + short, (rest - short * of) / of


def _rounded(wholes: Whole, fractions: NDArray[np.float64]) -> Whole:
    """Return whole parts, whose sum is that of the wholes and the fractions, rounded once."""
    upto = np.rint(np.cumsum(fractions)).astype("int64")
    return wholes + np.diff(upto, prepend=np.zeros(1, dtype="int64"))


def _parted(numerator: int, denominator: int) -> tuple[int, float]:
    """Return a fraction as a whole number and what is left of it, of the same sign."""
    size, rest = divmod(abs(numerator), denominator)
    return (size, rest / denominator) if numerator >= 0 else (-size, -rest / denominator)
