"""Set aside: the documents of sales that a load could not take, in another currency or unreadable."""

from decimal import Decimal

import ibis
import pandas as pd
from ibis import _

from perfkit.sources.quarantine import OTHER_CURRENCY
from perfkit.sources.snapshots import Snapshot

_COLUMNS = ["order_id", "customer_id", "date", "currency", "net_revenue", "lines", "abroad"]


def documents(snapshot: Snapshot) -> pd.DataFrame:
    """Return what of sales was set aside at load, a row a document, customer, day and currency.

    Returns
    -------
    DataFrame
        order_id, customer_id (None where the row names none, or it cannot be read), date (NaT likewise), currency (as
        the rows write it, in capitals; empty where they name none or are not abroad), net_revenue (Decimal, in that
        currency, else the company's; None where one cannot be read), lines (int), abroad (bool: set aside for the
        currency; else because something in the row cannot be read).
    """
    aside = snapshot.quarantine().filter(_["table"] == "sales")
    read = aside.select(
        **{name: aside.known.get(name) for name in ("order_id", "customer_id", "date", "net_revenue")},
        currency=ibis.cases((aside.reason == OTHER_CURRENCY, aside.value.strip().upper().fill_null("")), else_=""),
        abroad=aside.reason == OTHER_CURRENCY,
    )
    counted = read.group_by("order_id", "customer_id", "date", "currency", "abroad").agg(
        net_revenue=_.net_revenue.cast("decimal(18, 4)").sum(),
        unread=_.count(where=_.net_revenue.isnull()),
        lines=_.count(),
    )
    frame: pd.DataFrame = counted.order_by("order_id", "date", "currency", "customer_id", "abroad").to_pandas()
    amounts = [None if row.unread else Decimal(row.net_revenue) for row in frame.itertuples()]
    dated = pd.to_datetime(frame["date"], format="%Y-%m-%d")
    ids = {name: frame[name].astype("object").where(frame[name].notna(), None) for name in ("order_id", "customer_id")}
    return frame.assign(**ids, date=dated, net_revenue=pd.Series(amounts, dtype="object"))[_COLUMNS]
