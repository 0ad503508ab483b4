"""Allocation: how does each cost reach the customers, products or channels that cause it, and which reach none?

A cost of one customer or one channel stays within it. What it reaches is spread there by its driver's units of the
same month, and what nothing says how to spread stays visible, with what to ask for. An order, a delivery and a return
count once: its unit is split equally over its lines, so that the parts of any dimension sum to the same.

Spend has a channel that wins customers. Where lines are sold through a channel of that very name, the spend is a direct
cost of that channel (contribution margin 2 is what is left after these) and stands in its margin, once; a caution says
so, since customers won there may buy elsewhere. Spend of any other channel is no selling channel's, and reaches none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from perfkit import contribution
from perfkit.aggregations import aggregation
from perfkit.contribution import LEVELS
from perfkit.dimensions import ask_for
from perfkit.languages import text
from perfkit.lines import is_in
from perfkit.margins.profitability.cautions import cautions
from perfkit.margins.profitability.drivers import DRIVERS, SCOPES, called, driver_name, given, ids
from perfkit.margins.profitability.members import Key, key_tuples, keys_of
from perfkit.margins.profitability.units import Units, counts, known
from perfkit.periods import Period

_NEEDS = {"orders": "order_id", "deliveries": "order_id", "returns": "order_id", "quantity": "quantity"}
_TENTHS = 10_000  # of a unit of money: costs have four decimals
LEVEL_IDS = tuple(level.id for level in LEVELS)
SPREAD_LEVELS = LEVEL_IDS[:-1]
"""Every level but the common fixed costs."""
_UNALLOCATED = ["kind", "level", "driver", "amount", "why", "ask"]


@dataclass(frozen=True, eq=False)
class Allocation:
    """What the costs of a period come to for each member, to the cent, and what reached none.

    Attributes
    ----------
    members : list of tuple
        Those that were given, then those that only costs name.
    costs : dict of str to list of Decimal
        By level but the common fixed costs: each member's part, in the order of `members`.
    own : list of Decimal
        The part of the specific fixed costs (cm3) that is of that member alone: spread by no driver.
    unallocated : DataFrame, one row a kind, level, driver and reason
        kind, level, driver (None = none), amount (Decimal), why, ask (empty where nothing would help).
    total : Decimal
        All costs of the period: the parts and what is not allocated sum to it.
    cautions : tuple of str
        What a reader must know of how they were spread, a sentence each, in the language in use.
    """

    members: list[Key]
    costs: dict[str, list[Decimal]]
    own: list[Decimal]
    unallocated: pd.DataFrame
    total: Decimal
    cautions: tuple[str, ...] = ()


def booked(costs: ibis.Table | pd.DataFrame) -> ibis.Table:
    """Return costs as `contribution.costs` gives them, whether they come from there or from a table of costs."""
    if isinstance(costs, ibis.Table) and {"date", "source", "level", "driver"} <= set(costs.columns):
        return costs
    if isinstance(costs, pd.DataFrame):  # a column of numbers with a gap has become floats: 12 is "12.0" no more
        floats = [name for name in SCOPES if name in costs.columns and pd.api.types.is_float_dtype(costs[name])]
        costs = costs.assign(**{name: ids(costs[name]) for name in floats})
    return contribution.costs(costs)  # type: ignore[return-value]  # None is what it makes of None


def allocate(
    table: ibis.Table,
    dimensions: Sequence[str],
    period: Period,
    members: list[Key],
    costs: ibis.Table,
    drivers: pd.DataFrame | None = None,
    *,
    currency: str,
) -> Allocation:
    """Spread the costs of a period over members.

    Parameters
    ----------
    table : what `members.with_members` returned
    dimensions : sequence of str
    period : Period
    members : list of tuple
        Those that the period's lines have.
    costs : what `contribution.costs` returned
    drivers : DataFrame, optional
        See `profitability.by`.
    currency : str
        ISO code of the costs, for what is said of them.

    Raises
    ------
    DataError
        If `drivers` lacks a column, or units.
    """
    pools = _pools(costs, period)
    pools = pools.astype("object").where(pools.notna(), None)
    found = Spreading(table, tuple(dimensions), period, members, given(drivers), currency)
    names = [column for column in pools.columns if column != "amount"]
    ordered = sorted(pools.to_dict("records"), key=lambda pool: [str(pool[name] or "") for name in names])
    for pool in ordered:
        found.take(pool)
    return found.allocation()


class Spreading:
    """The members as costs reach them, pool by pool; the engine is asked only for what a pool needs."""

    def __init__(
        self,
        table: ibis.Table,
        dimensions: tuple[str, ...],
        period: Period,
        members: list[Key],
        given: pd.DataFrame,
        currency: str,
    ) -> None:
        self.table, self.dimensions, self.period, self.currency = table, dimensions, period, currency
        self.all_given = given
        here = given[np.array([period.start <= day < period.end for day in given["day"]], dtype=bool)]
        grouped = here.groupby(["driver", "month", "customer_id", "channel"], dropna=False, sort=True)
        self.given = grouped["units"].sum().reset_index()
        self.members, self.sellers = list(members), len(members)
        self.at = {member: place for place, member in enumerate(self.members)}
        self.direct: dict[str, dict[int, int]] = {level: {} for level in SPREAD_LEVELS}
        self.own: dict[int, int] = {}
        self.shared: dict[str, np.ndarray] = {level: np.zeros(self.sellers) for level in SPREAD_LEVELS}
        self.spread: dict[str, int] = dict.fromkeys(SPREAD_LEVELS, 0)
        self.left: dict[tuple[Any, ...], int] = {}
        self.units: dict[bool, Units] = {}
        self.of_drivers: dict[str, Units] = {}
        self.named: dict[str, str] = {}  # the drivers that costs have, each as the first of them calls it
        self.scoped: dict[str, dict[str, int]] = {name: {} for name in SCOPES}
        self.spent: dict[str, int] = {}  # what was spent in channels that sell, and stands in their margins
        self.total = 0

    def take(self, pool: Mapping[Any, Any]) -> None:
        """Give one pool, a month's costs of a kind and scope, to its members, or note why it has none."""
        amount = int(Decimal(pool["amount"]).scaleb(4))
        self.total += amount
        if pool["level"] not in SPREAD_LEVELS:
            fixed = pool["level"] == LEVEL_IDS[-1]
            why = text("common fixed costs: no member causes them, and none would save them") if fixed else ""
            return self.leave(pool, amount, why or text("the cost has no level of the statement"), "")
        for by in SCOPES:
            if pool[by]:
                self.scoped[by][pool[by]] = self.scoped[by].get(pool[by], 0) + amount
        if pool["source"] == "spend" and pool["channel"] and pool["channel"] not in self.selling:
            pool = {**pool, "channel": None, "wins": True}
        if pool["driver"]:
            self.named.setdefault(called(pool["driver"]), pool["driver"].strip())
        lacking = next((by for by in SCOPES if pool[by] and by not in self.table.columns), "")
        if lacking and lacking not in self.dimensions:
            return self.leave(pool, amount, text("the lines do not say whom it belongs to"), ask_for(lacking))
        only = self.only_member(pool)
        if only is not None:
            parts = self.direct[pool["level"]]
            parts[only] = parts.get(only, 0) + amount
            if pool["source"] == "spend" and pool["channel"] and "channel" in self.dimensions:
                self.spent[pool["channel"]] = self.spent.get(pool["channel"], 0) + amount
            # A fixed cost that names nobody reaches the only member there is, and would not end with it.
            if pool["level"] == "cm3" and any(pool[by] for by in SCOPES):
                self.own[only] = self.own.get(only, 0) + amount
            return None
        return self.share(pool, amount)

    @cached_property
    def selling(self) -> set[str | None]:
        """The channels of the lines of the period."""
        return set(self.units_of(False).rows["channel"]) if "channel" in self.table.columns else set()

    def share(self, pool: Mapping[Any, Any], amount: int) -> None:
        """Spread a pool over several members by its driver."""
        driver = called(pool["driver"] or "")
        if not driver and pool.get("wins") and "channel" in self.dimensions:
            return self.leave(pool, amount, text("spend of a channel through which nothing is sold"), "")
        if not driver:
            ask = text("Say what causes it: a driver (orders, deliveries, returns, visits), a customer or a channel.")
            return self.leave(pool, amount, text("nothing says how to spread it: no driver"), ask)
        if driver in set(self.given["driver"]):
            units = self.units_given(driver)
        elif driver not in DRIVERS:
            ask = text("Ask for the number of {driver} by month and customer.", driver=driver_name(pool["driver"]))
            return self.leave(pool, amount, text("the data do not count its driver"), ask)
        elif (needed := _NEEDS.get(driver, "date")) not in self.table.columns:
            return self.leave(pool, amount, text("the data do not count its driver"), ask_for(needed))
        else:
            units = self.units_of(bool(pool["customer_id"]))
        places, counted = units.of(pool, driver)
        if not counted.sum() > 0:
            why = text("its driver has no unit in the month and place of the cost")
            return self.leave(pool, amount, why, text("Ask whether the cost or the sales are dated in another month."))
        np.add.at(self.shared[pool["level"]], places, amount * (counted / counted.sum()))
        self.spread[pool["level"]] += amount
        return None

    def leave(self, pool: Mapping[Any, Any], amount: int, why: str, ask: str) -> None:
        """Note a pool that reaches nobody, and why."""
        kind = pool["kind"] or (text("Marketing spend") if pool["source"] == "spend" else "")
        key = (kind, pool["level"], pool["driver"], why, ask)
        self.left[key] = self.left.get(key, 0) + amount

    def only_member(self, pool: Mapping[Any, Any]) -> int | None:
        """Return the one member that a pool can be of: its customer or channel itself, or the only one there."""
        scope = {by: pool[by] for by in SCOPES if pool[by]}
        if scope and all(by in scope for by in self.dimensions):
            return self.place(tuple(scope[by] for by in self.dimensions))
        if not scope:
            return 0 if self.sellers == 1 else None
        there = self.units_of(bool(pool["customer_id"])).members(pool)
        return int(there[0]) if len(there) == 1 else None

    def place(self, member: Key) -> int:
        """Return a member's place: one that only costs name comes after those that sold."""
        if member not in self.at:
            self.at[member] = len(self.members)
            self.members.append(member)
            self.shared = {level: np.append(parts, 0.0) for level, parts in self.shared.items()}
        return self.at[member]

    def units_of(self, by_customer: bool) -> "Units":
        """Return the units that the lines count, customer by customer only where a cost is of one."""
        if by_customer not in self.units:
            columns = self.table.columns
            scopes = [*(["channel"] if "channel" in columns else []), *(["customer_id"] if by_customer else [])]
            found = counts(self.table, self.dimensions, self.period, tuple(scopes))
            found["at"] = [self.at[key] for key in key_tuples(found, self.keys)]
            self.units[by_customer] = Units(found, scopes)
        return self.units[by_customer]

    @property
    def keys(self) -> list[str]:
        """The columns that hold the members."""
        return keys_of(self.dimensions)

    def units_given(self, driver: str) -> "Units":
        """Return a driver's units as they were given: a customer's stand where its lines are, in proportion."""
        if driver not in self.of_drivers:
            mine = self.given[self.given["driver"] == driver]
            rows = [
                row
                for (customer, channel), own in mine.groupby(["customer_id", "channel"], dropna=False, sort=True)
                for row in self.placed(own, known(customer), known(channel))
            ]
            frame = pd.DataFrame(rows, columns=["month", "channel", "customer_id", "at", "units"])
            self.of_drivers[driver] = Units(frame, ["channel", "customer_id"], "units")
        return self.of_drivers[driver]

    def placed(self, own: pd.DataFrame, customer: str | None, channel: str | None) -> list[tuple[Any, ...]]:
        """Return the units of one customer or channel where its lines are: month, channel, customer, place, units."""
        units = self.units_of(customer is not None)
        cells = units.cells({"customer_id": customer, "channel": channel})
        own_key = {"customer_id": customer, "channel": channel}
        if all(own_key.get(by) for by in self.dimensions):
            cells = [(channel, self.place(tuple(own_key[by] for by in self.dimensions)), 1.0)]
        elif not cells:  # it sold nothing in the period: nobody knows what it is of
            cells = [(channel, self.place((None,) * len(self.dimensions)), 1.0)]
        whole = sum(weight for _, _, weight in cells)
        return [
            (month, place_channel, customer, at, float(count) * weight / whole)
            for month, count in zip(own["month"], own["units"], strict=True)
            for place_channel, at, weight in cells
        ]

    def allocation(self) -> Allocation:
        """Return what each member got, in whole cents that sum to what was spread."""
        costs = {
            level: _amounts(self.placed_in(self.direct[level]) + in_cents(self.shared[level], self.spread[level]))
            for level in SPREAD_LEVELS
        }
        rows = [
            (kind, level, driver, Decimal(amount).scaleb(-4), why, ask)
            for (kind, level, driver, why, ask), amount in self.left.items()
        ]
        frame = pd.DataFrame(rows, columns=_UNALLOCATED, dtype="object")
        own, total = _amounts(self.placed_in(self.own)), Decimal(self.total).scaleb(-4)
        return Allocation(self.members, costs, own, frame, total, cautions(self))

    def placed_in(self, amounts: Mapping[int, int]) -> np.ndarray:
        """Return amounts by place, 0 where there is none."""
        found = np.zeros(len(self.members), dtype=np.int64)
        found[list(amounts)] = list(amounts.values())
        return found


def in_cents(parts: np.ndarray, total: int) -> np.ndarray:
    """Round parts, in ten-thousandths, to whole cents that sum to a total: the largest remainders are rounded up.

    A total that is no whole number of cents is rounded to ten-thousandths instead.
    """
    step = 100 if total % 100 == 0 else 1
    steps = np.round(parts / step, 6)
    down = np.floor(steps)
    left = total // step - int(down.sum())
    order = np.lexsort((np.arange(len(parts)), -(steps - down)))
    if left < 0:  # floats that were a hair too high
        order, left, step_by = order[::-1], -left, -1
    else:
        step_by = 1
    whole = down.astype(np.int64)
    whole[order[:left]] += step_by
    return whole * step


def _amounts(parts: np.ndarray) -> list[Decimal]:
    return [Decimal(int(part)).scaleb(-4) for part in parts]


@aggregation
def _pools(costs: ibis.Table, period: Period) -> ibis.Table:
    about = ["kind", "level", "source", "customer_id", "channel", "driver"]
    here = costs.filter(is_in(period)).mutate(month=_.date.truncate("M").cast("date"))
    return here.group_by("month", *about).agg(amount=_.amount.sum())
