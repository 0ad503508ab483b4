"""Allocation: how does each cost reach the customers, products or channels that cause it, and which reach none?

A cost of one customer or one channel stays within it. What it reaches is spread there by its driver's units of the
same month, and what nothing says how to spread stays visible, with what to ask for. An order, a delivery and a return
count once: its unit is split equally over its lines, so that the parts of any dimension sum to the same.
"""

import datetime as dt
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from perfkit import contribution, languages
from perfkit.aggregations import aggregation
from perfkit.contribution import LEVELS
from perfkit.dimensions import ask_for
from perfkit.errors import DataError
from perfkit.languages import mark, text
from perfkit.lines import is_in, is_purchase
from perfkit.margins.profitability.members import Key, key_tuples, keys_of
from perfkit.periods import Period

DRIVERS = {
    "orders": (mark("orders"), ("orders", "order", "commandes", "commande")),
    "deliveries": (
        mark("deliveries"),
        ("deliveries", "delivery", "shipments", "livraisons", "livraison", "expeditions", "expedition"),
    ),
    "returns": (mark("returns"), ("returns", "return", "retours", "retour")),
    "lines": (mark("lines"), ("lines", "line", "lignes", "ligne")),
    "quantity": (mark("quantity"), ("quantity", "quantities", "units", "quantite", "quantites", "unites", "volume")),
    "revenue": (
        mark("revenue"),
        ("revenue", "net revenue", "net_revenue", "sales", "chiffre d'affaires", "ca", "ventes"),
    ),
}
"""What the lines of sales count by themselves: each driver's name, and how costs tables call it."""

_CALLED = {name: driver for driver, (_name, names) in DRIVERS.items() for name in names}
_NEEDS = {"orders": "order_id", "deliveries": "order_id", "returns": "order_id", "quantity": "quantity"}
_UNIT = 232_792_560
"""What a document counts: a number that all counts of lines to 20 divide, so that the parts are exact."""
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
    """

    members: list[Key]
    costs: dict[str, list[Decimal]]
    own: list[Decimal]
    unallocated: pd.DataFrame
    total: Decimal


def booked(costs: ibis.Table | pd.DataFrame) -> ibis.Table:
    """Return costs as `contribution.costs` gives them, whether they come from there or from a table of costs."""
    if isinstance(costs, ibis.Table) and {"date", "source", "level", "driver"} <= set(costs.columns):
        return costs
    return contribution.costs(costs)  # type: ignore[return-value]  # None is what it makes of None


def folded(driver: str) -> str:
    """Return a driver's name as it is compared: no accents, no capitals."""
    plain = unicodedata.normalize("NFKD", driver.strip().casefold().replace("’", "'"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def allocate(
    table: ibis.Table,
    dimensions: Sequence[str],
    period: Period,
    members: list[Key],
    costs: ibis.Table,
    drivers: pd.DataFrame | None = None,
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

    Raises
    ------
    DataError
        If `drivers` lacks a column.
    """
    pools = _pools(costs, period)
    pools = pools.astype("object").where(pools.notna(), None)
    found = _Spreading(table, tuple(dimensions), period, members, _given(drivers, period))
    names = [column for column in pools.columns if column != "amount"]
    ordered = sorted(pools.to_dict("records"), key=lambda pool: [str(pool[name] or "") for name in names])
    for pool in ordered:
        found.take(pool)
    return found.allocation()


class _Spreading:
    """The members as costs reach them, pool by pool; the engine is asked only for what a pool needs."""

    def __init__(
        self, table: ibis.Table, dimensions: tuple[str, ...], period: Period, members: list[Key], given: pd.DataFrame
    ) -> None:
        self.table, self.dimensions, self.period, self.given = table, dimensions, period, given
        self.members, self.sellers = list(members), len(members)
        self.at = {member: place for place, member in enumerate(self.members)}
        self.direct: dict[str, dict[int, int]] = {level: {} for level in SPREAD_LEVELS}
        self.shared: dict[str, np.ndarray] = {level: np.zeros(self.sellers) for level in SPREAD_LEVELS}
        self.spread: dict[str, int] = dict.fromkeys(SPREAD_LEVELS, 0)
        self.left: dict[tuple[Any, ...], int] = {}
        self.units: dict[bool, _Units] = {}
        self.of_drivers: dict[str, _Units] = {}
        self.total = 0

    def take(self, pool: Mapping[Any, Any]) -> None:
        """Give one pool, a month's costs of a kind and scope, to its members, or note why it has none."""
        amount = int(Decimal(pool["amount"]).scaleb(4))
        self.total += amount
        if pool["level"] not in SPREAD_LEVELS:
            fixed = pool["level"] == LEVEL_IDS[-1]
            why = text("common fixed costs: no member causes them, and none would save them") if fixed else ""
            return self.leave(pool, amount, why or text("the cost has no level of the statement"), "")
        lacking = next((by for by in ("customer_id", "channel") if pool[by] and by not in self.table.columns), "")
        if lacking and lacking not in self.dimensions:
            return self.leave(pool, amount, text("the lines do not say whom it belongs to"), ask_for(lacking))
        only = self.only_member(pool)
        if only is not None:
            parts = self.direct[pool["level"]]
            parts[only] = parts.get(only, 0) + amount
            return None
        return self.share(pool, amount)

    def share(self, pool: Mapping[Any, Any], amount: int) -> None:
        """Spread a pool over several members by its driver."""
        called = folded(pool["driver"] or "")
        driver = _CALLED.get(called, called)
        if not driver:
            ask = text("Say what causes it: a driver (orders, deliveries, returns, visits), a customer or a channel.")
            return self.leave(pool, amount, text("nothing says how to spread it: no driver"), ask)
        if called in set(self.given["driver"]):
            units = self.units_given(called)
        elif driver not in DRIVERS:
            ask = text("Ask for the number of {driver} by month and customer.", driver=pool["driver"])
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
        key = (pool["kind"], pool["level"], pool["driver"], why, ask)
        self.left[key] = self.left.get(key, 0) + amount

    def only_member(self, pool: Mapping[Any, Any]) -> int | None:
        """Return the one member that a pool can be of: its customer or channel itself, or the only one there."""
        scope = {by: pool[by] for by in ("customer_id", "channel") if pool[by]}
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

    def units_of(self, by_customer: bool) -> "_Units":
        """Return the units that the lines count, customer by customer only where a cost is of one."""
        if by_customer not in self.units:
            columns = self.table.columns
            scopes = [*(["channel"] if "channel" in columns else []), *(["customer_id"] if by_customer else [])]
            found = _counts(self.table, self.dimensions, self.period, tuple(scopes))
            found["at"] = [self.at[key] for key in key_tuples(found, self.keys)]
            self.units[by_customer] = _Units(found, scopes)
        return self.units[by_customer]

    @property
    def keys(self) -> list[str]:
        return keys_of(self.dimensions)

    def units_given(self, called: str) -> "_Units":
        """Return a driver's units as they were given: a customer's stand where its lines are, in proportion."""
        if called not in self.of_drivers:
            mine = self.given[self.given["driver"] == called]
            rows = [
                row
                for (customer, channel), own in mine.groupby(["customer_id", "channel"], dropna=False, sort=True)
                for row in self.placed(own, _known(customer), _known(channel))
            ]
            frame = pd.DataFrame(rows, columns=["month", "channel", "customer_id", "at", "units"])
            self.of_drivers[called] = _Units(frame, ["channel", "customer_id"], "units")
        return self.of_drivers[called]

    def placed(self, own: pd.DataFrame, customer: str | None, channel: str | None) -> list[tuple[Any, ...]]:
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
        size = len(self.members)
        costs, own = {}, np.zeros(size, dtype=np.int64)
        for level in SPREAD_LEVELS:
            alone = np.zeros(size, dtype=np.int64)
            for place, amount in self.direct[level].items():
                alone[place] = amount
            own = alone if level == "cm3" else own
            costs[level] = _amounts(alone + in_cents(self.shared[level], self.spread[level]))
        rows = [
            (kind, level, driver, Decimal(amount).scaleb(-4), why, ask)
            for (kind, level, driver, why, ask), amount in self.left.items()
        ]
        frame = pd.DataFrame(rows, columns=_UNALLOCATED, dtype="object")
        return Allocation(self.members, costs, _amounts(own), frame, Decimal(self.total).scaleb(-4))


class _Units:
    """Units by month and scope, as rows of members' places."""

    def __init__(self, frame: pd.DataFrame, scopes: Sequence[str], given: str = "") -> None:
        self.scopes, self.given = list(scopes), given
        order = frame.sort_values("at", kind="stable").reset_index(drop=True)
        self.places = order["at"].to_numpy(dtype=np.int64)
        self.month = np.array([_month(value) for value in order["month"]], dtype="object")
        self.counts = {
            name: order[name].astype("float64").to_numpy()
            for name in (*DRIVERS, "delivered", "units")
            if name in order.columns
        }
        self.scope = {name: order[name].to_numpy(dtype="object") for name in self.scopes}
        self.rows = {name: _places_of(self.scope[name]) for name in self.scopes}
        self.by_month = _places_of(self.month)
        self.delivering: dict[tuple[Any, ...], bool] = {}

    def within(self, scope: Mapping[Any, Any]) -> np.ndarray:
        """Return the rows of a scope."""
        found: np.ndarray | None = None
        for name in ("customer_id", "channel"):
            if scope.get(name) and name in self.scopes:
                here = self.rows[name].get(scope[name], _NONE)
                found = here if found is None else np.intersect1d(found, here, assume_unique=True)
        return np.arange(len(self.places)) if found is None else found

    def of(self, pool: Mapping[Any, Any], driver: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of members and their units in a pool's month and scope."""
        scope = self.within(pool)
        here = np.intersect1d(scope, self.by_month.get(_month(pool["month"]), _NONE), assume_unique=True)
        name = self.given or driver
        if name == "deliveries":  # where nothing says what was delivered, each order is one delivery
            asked = (pool["customer_id"], pool["channel"])
            if asked not in self.delivering:
                self.delivering[asked] = bool(self.counts["delivered"][scope].sum() > 0)
            name = "delivered" if self.delivering[asked] else "orders"
        return self.places[here], self.counts[name][here]

    def members(self, scope: Mapping[Any, Any]) -> np.ndarray:
        """Return the places of all members of a scope, whatever the month."""
        return np.unique(self.places[self.within(scope)])

    def cells(self, scope: Mapping[Any, Any]) -> list[tuple[Any, int, float]]:
        """Return a scope's channels and members with their lines."""
        here = self.within(scope)
        if not len(here):
            return []
        channels = self.scope["channel"][here] if "channel" in self.scope else np.full(len(here), None)
        frame = pd.DataFrame({"channel": channels, "at": self.places[here], "lines": self.counts["lines"][here]})
        summed = frame.groupby(["channel", "at"], dropna=False, sort=True)["lines"].sum()
        return [(_known(channel), int(at), float(count)) for (channel, at), count in summed.items()]


_NONE = np.array([], dtype=np.int64)


def _places_of(values: np.ndarray) -> dict[Any, np.ndarray]:
    """Return where each value stands, in order; missing ones apart."""
    codes, found = pd.factorize(pd.Series(values, dtype="object"))
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(found) + 1))
    return {value: order[bounds[place] : bounds[place + 1]] for place, value in enumerate(found)}


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


def _known(value: Any) -> Any:
    return None if languages.missing(value) else value


def _month(value: Any) -> dt.date:
    day = pd.Timestamp(value)
    return dt.date(day.year, day.month, 1)


_DRIVER_COLUMNS = ("driver", "date", "units")


def _given(drivers: pd.DataFrame | None, period: Period) -> pd.DataFrame:
    """Return the drivers that were given, by month, customer and channel, those of the period only."""
    columns = ["driver", "month", "customer_id", "channel", "units"]
    if drivers is None or drivers.empty:
        return pd.DataFrame(columns=columns)
    absent = [name for name in _DRIVER_COLUMNS if name not in drivers.columns]
    if absent or not {"customer_id", "channel"} & set(drivers.columns):
        what = absent[0] if absent else "customer_id"
        raise DataError(
            f"drivers: there is no column {what!r}. Costs are spread by units of a driver at a day, of a customer or "
            f"a channel. Give columns driver, date, customer_id or channel, units."
        )
    counted = pd.to_numeric(drivers["units"].astype("float64"))
    if (counted < 0).any() or counted.isna().any():
        raise DataError(
            f"drivers: {int((~(counted >= 0)).sum())} of {len(drivers)} rows have no units, or fewer than zero. "
            f"A negative visit would take costs off its customer. Leave these rows out or correct them."
        )
    days = pd.to_datetime(drivers["date"]).dt.date
    frame = pd.DataFrame({"driver": [folded(str(each)) for each in drivers["driver"]], "units": counted.to_numpy()})
    frame["month"] = [_month(day) for day in days]
    for name in ("customer_id", "channel"):
        values = drivers[name] if name in drivers.columns else [None] * len(drivers)
        frame[name] = pd.Series([None if languages.missing(value) else str(value) for value in values], dtype="object")
    here = np.array([period.start <= day < period.end for day in days])
    grouped = frame[here].groupby(["driver", "month", "customer_id", "channel"], dropna=False, sort=True)
    return grouped["units"].sum().reset_index()[columns]


@aggregation
def _pools(costs: ibis.Table, period: Period) -> ibis.Table:
    about = ["kind", "level", "source", "customer_id", "channel", "driver"]
    here = costs.filter(is_in(period)).mutate(month=_.date.truncate("M").cast("date"))
    return here.group_by("month", *about).agg(amount=_.amount.sum())


@aggregation
def _counts(table: ibis.Table, dimensions: tuple[str, ...], period: Period, scopes: tuple[str, ...]) -> ibis.Table:
    """Count every driver that the lines tell, by month, scope and member."""
    texts = {name: table[name].cast("string") for name in scopes}
    here = table.filter(is_in(period)).mutate(month=_.date.truncate("M").cast("date"), **texts)
    wanted: dict[str, Any] = {"lines": _.count(), "revenue": _.net_revenue.sum(where=is_purchase())}
    if "quantity" in here.columns:
        wanted["quantity"] = _.quantity.cast("decimal(18, 4)").sum(where=is_purchase())
    if "order_id" in here.columns:
        kinds: dict[str, Callable[[], Any]] = {"orders": is_purchase, "returns": lambda: _.net_revenue < 0}
        if "document" in here.columns:
            kinds["delivered"] = lambda: is_purchase() & (_.document == "delivery")
        of_document = ibis.window(group_by=["order_id", "month"])
        named = _.order_id.notnull()
        for name, is_of in kinds.items():
            mine = ibis.ifelse(ibis.coalesce(is_of() & named, False), 1, 0).cast("int64")
            here = here.mutate(**{f"is_{name}": mine})
        here = here.mutate(**{f"n_{name}": _[f"is_{name}"].sum().over(of_document) for name in kinds})
        for name in kinds:
            part = ibis.ifelse(here[f"is_{name}"] == 1, ibis.literal(_UNIT, "int64") // here[f"n_{name}"].nullif(0), 0)
            wanted[name] = part.cast("int64").sum()
    keys = keys_of(dimensions)
    counted = here.group_by("month", *scopes, *keys).agg(**wanted)
    return counted if "delivered" in wanted else counted.mutate(delivered=ibis.literal(0, "int64"))
