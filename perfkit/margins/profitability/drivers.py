"""Drivers: what spreads a cost, what each is called, and the units that are given of those that no line counts."""

import datetime as dt
import unicodedata
from collections.abc import Iterable
from typing import Any

import pandas as pd

from perfkit import languages
from perfkit.errors import DataError, ParameterError
from perfkit.languages import mark, text

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

_OTHERS = {
    "visits": (mark("visits"), ("visits", "visit", "visites", "visite")),
    "tickets": (mark("tickets"), ("tickets", "ticket")),
    "calls": (mark("calls"), ("calls", "call", "appels", "appel")),
    "hours": (mark("hours"), ("hours", "hour", "heures", "heure")),
}
"""What is often counted elsewhere, and how it is called."""

WORDS = {name: driver for driver, (_name, names) in (DRIVERS | _OTHERS).items() for name in names}
"""Every word for a driver, and the driver that it means."""
SCOPES = ("customer_id", "channel")
"""Columns of a cost, or of a driver's units, that say whom it is of."""


def driver_name(driver: str) -> str:
    """Return what a reader calls a driver: one that is not known, as the costs call it."""
    known = (DRIVERS | _OTHERS).get(called(driver))
    return text(known[0]) if known else driver.strip()


def called(driver: str) -> str:
    """Return the driver that a name means: no accents, no capitals, and one name for all that mean the same."""
    plain = unicodedata.normalize("NFKD", driver.strip().casefold().replace("’", "'"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return WORDS.get(plain, plain)


def refuse_drivers_alone(costs: Any, drivers: pd.DataFrame | None) -> None:
    """Refuse drivers where there are no costs that they could spread.

    Raises
    ------
    ParameterError
        If drivers are given and costs are not.
    """
    if costs is None and drivers is not None and not drivers.empty:
        raise ParameterError(
            "drivers: they spread costs, and no costs are given, so they would change nothing. Give the costs as well "
            "(costs=acme.table('costs')), or leave drivers out."
        )


_DRIVER_COLUMNS = ("driver", "date", "units")


def given(drivers: pd.DataFrame | None) -> pd.DataFrame:
    """Return the drivers that were given, by day, customer and channel; what each was called."""
    columns = ["driver", "name", "day", "month", "customer_id", "channel", "units"]
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
    names = [str(each).strip() for each in drivers["driver"]]
    frame = pd.DataFrame({"driver": [called(each) for each in names], "name": names, "units": counted.to_numpy()})
    frame["day"] = list(pd.to_datetime(drivers["date"]).dt.date)
    frame["month"] = [month_of(day) for day in frame["day"]]
    for name in SCOPES:
        frame[name] = ids(drivers[name] if name in drivers.columns else [None] * len(drivers))
    keys = ["driver", "day", "month", "customer_id", "channel"]
    grouped = frame.groupby(keys, dropna=False, sort=True)
    return grouped.agg(name=("name", "min"), units=("units", "sum")).reset_index()[columns]


def ids(values: Iterable[Any]) -> pd.Series:
    """Return ids as text: a whole number that has become a float is a number again, and no "12.0"."""
    return pd.Series(
        [
            None if languages.missing(each) else str(int(each)) if isinstance(each, float) and each == int(each)
            else str(each)
            for each in values
        ],
        dtype="object",
    )  # fmt: skip


def month_of(value: Any) -> dt.date:
    """Return the first day of a day's month."""
    day = pd.Timestamp(value)
    return dt.date(day.year, day.month, 1)
