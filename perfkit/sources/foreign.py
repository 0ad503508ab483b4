"""Foreign: the documents of sales that were set aside at load because they are in another currency."""

from decimal import Decimal

import pandas as pd
from ibis import _

from perfkit.sources.quarantine import OTHER_CURRENCY
from perfkit.sources.snapshots import Snapshot

_COLUMNS = ["order_id", "customer_id", "date", "currency", "net_revenue", "lines"]


def documents(snapshot: Snapshot) -> pd.DataFrame:
    """Return what of sales was set aside for its currency, a row a document, customer, day and currency.

    Returns
    -------
    DataFrame
        order_id, customer_id (None where the row names none, or it cannot be read), date (NaT likewise), currency (as
        the rows write it, in capitals; empty where they name none), net_revenue (Decimal, in that currency; None where
        one cannot be read), lines (int).
    """
    aside = snapshot.quarantine().filter(_["table"] == "sales", _.reason == OTHER_CURRENCY)
    read = aside.select(
        **{name: aside.known.get(name) for name in ("order_id", "customer_id", "date", "net_revenue")},
        currency=aside.value.strip().upper().fill_null(""),
    )
    counted = read.group_by("order_id", "customer_id", "date", "currency").agg(
        net_revenue=_.net_revenue.cast("decimal(18, 4)").sum(),
        unread=_.count(where=_.net_revenue.isnull()),
        lines=_.count(),
    )
    frame: pd.DataFrame = counted.order_by("order_id", "date", "currency", "customer_id").to_pandas()
    amounts = [None if row.unread else Decimal(row.net_revenue) for row in frame.itertuples()]
    dated = pd.to_datetime(frame["date"], format="%Y-%m-%d")
    ids = {name: frame[name].astype("object").where(frame[name].notna(), None) for name in ("order_id", "customer_id")}
    return frame.assign(**ids, date=dated, net_revenue=pd.Series(amounts, dtype="object"))[_COLUMNS]
