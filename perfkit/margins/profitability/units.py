"""Units: how often each driver occurs, by month, where, and with which member, as lines count it or as it was given."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from perfkit import languages
from perfkit.aggregations import aggregation
from perfkit.lines import is_in, is_purchase
from perfkit.margins.profitability.drivers import DRIVERS, SCOPES, month_of
from perfkit.margins.profitability.members import keys_of
from perfkit.periods import Period

_UNIT = 232_792_560
"""What a document counts: a number that all counts of lines to 20 divide, so that the parts are exact."""
_NONE = np.array([], dtype=np.int64)


class Units:
    """Units by month and scope, as rows of members' places."""

    def __init__(self, frame: pd.DataFrame, scopes: Sequence[str], given: str = "") -> None:
        self.scopes, self.given = list(scopes), given
        order = frame.sort_values("at", kind="stable").reset_index(drop=True)
        self.places = order["at"].to_numpy(dtype=np.int64)
        self.month = np.array([month_of(value) for value in order["month"]], dtype="object")
        self.counts = {
            name: order[name].astype("float64").fillna(0.0).to_numpy()  # of returns alone nothing was sold
            for name in (*DRIVERS, "delivered", "contrary", "units")
            if name in order.columns
        }
        self.scope = {name: order[name].to_numpy(dtype="object") for name in self.scopes}
        self.rows = {name: _places_of(self.scope[name]) for name in self.scopes}
        self.by_month = _places_of(self.month)
        self.delivering: dict[tuple[Any, ...], bool] = {}

    def within(self, scope: Mapping[Any, Any]) -> np.ndarray:
        """Return the rows of a scope."""
        found: np.ndarray | None = None
        for name in SCOPES:
            if scope.get(name) and name in self.scopes:
                here = self.rows[name].get(scope[name], _NONE)
                found = here if found is None else np.intersect1d(found, here, assume_unique=True)
        return np.arange(len(self.places)) if found is None else found

    def of(self, pool: Mapping[Any, Any], driver: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of members and their units in a pool's month and scope."""
        scope = self.within(pool)
        here = np.intersect1d(scope, self.by_month.get(month_of(pool["month"]), _NONE), assume_unique=True)
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
        return [(known(channel), int(at), float(count)) for (channel, at), count in summed.items()]


def _places_of(values: np.ndarray) -> dict[Any, np.ndarray]:
    """Return where each value stands, in order; missing ones apart."""
    codes, found = pd.factorize(pd.Series(values, dtype="object"))
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(found) + 1))
    return {value: order[bounds[place] : bounds[place + 1]] for place, value in enumerate(found)}


def known(value: Any) -> Any:
    """Return a value, None where it is missing."""
    return None if languages.missing(value) else value


@aggregation
def counts(table: ibis.Table, dimensions: tuple[str, ...], period: Period, scopes: tuple[str, ...]) -> ibis.Table:
    """Count every driver that the lines tell, by month, scope and member."""
    texts = {name: table[name].cast("string") for name in scopes}
    here = table.filter(is_in(period)).mutate(month=_.date.truncate("M").cast("date"), **texts)
    wanted: dict[str, Any] = {"lines": _.count(), "revenue": _.net_revenue.sum(where=is_purchase())}
    if "quantity" in here.columns:
        quantity = _.quantity.cast("decimal(18, 4)")
        # A quantity below zero of something that was sold is a mistake: netted it would take costs off its member.
        wanted["quantity"] = quantity.sum(where=is_purchase() & (_.quantity > 0))
        wanted["contrary"] = _.count(where=is_purchase() & (_.quantity < 0))
    if "order_id" in here.columns:
        kinds: dict[str, Callable[[], Any]] = {"orders": is_purchase, "returns": lambda: _.net_revenue < 0}
        if "document" in here.columns:
            kinds["delivered"] = lambda: is_purchase() & (_.document == "delivery")
        # Two customers may have the same number of an order; a line that names none is of the number's.
        if "customer_id" in here.columns:
            of_number = ibis.window(group_by=["order_id", "month"])
            here = here.mutate(ordering=ibis.coalesce(here.customer_id, here.customer_id.max().over(of_number)))
        else:
            here = here.mutate(ordering=ibis.null("string"))
        of_document = ibis.window(group_by=["order_id", "ordering", "month"])
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
