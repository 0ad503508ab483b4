"""Fingerprints: is every line of sales still as the story has it, column by column?

A column's fingerprint in a month is the sum, over its lines, of a number made of the document, the product (no
document has one twice) and the value. It is the same in whatever order the lines stand, and another one where a day,
a customer, a product or an amount is moved from line to line, though every sum stays. Documents with a planted fault
are left out on both sides.
"""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

COLUMNS = (
    "date", "customer_id", "product_id", "quantity", "list_revenue", "net_revenue", "discount", "cost", "channel",
    "document", "origin_id", "rep_id", "store_id", "unit", "currency", "ordered_at", "delivered_at", "invoiced_at",
)  # fmt: skip
"""Columns of sales that the exports hold."""


def faulty_documents(faults: Iterable[dict[str, Any]]) -> set[str]:
    """Return the documents of sales that a planted fault names."""
    return {
        name
        for fault in faults
        if fault["table"] == "sales"
        for name in (*fault["ids"], *fault["more"].get("orders", ()))
    }


def fingerprints(sales: pd.DataFrame, without: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the fingerprint of each column in each month, of the lines of all documents but some.

    Parameters
    ----------
    sales : DataFrame
        order_id and `COLUMNS`; amounts as decimals, or as whole ten-thousandths.
    without : collection of str
        Documents to leave out.
    """
    sales = sales[~sales["order_id"].isin(list(without))]
    months, month = np.unique(sales["date"].to_numpy().astype("datetime64[M]"), return_inverse=True)
    line = (_hashed(sales["order_id"]) * (_hashed(sales["product_id"]) | np.uint64(1))) | np.uint64(1)
    found = {}
    for column in COLUMNS:
        sums = np.zeros(months.size, dtype=np.uint64)
        np.add.at(sums, month, line * _hashed(sales[column]))
        found[column] = {str(each): f"{value:016x}" for each, value in zip(months, sums.tolist(), strict=True)}
    return found


def _hashed(values: pd.Series) -> np.ndarray:
    """A number for each value; an amount counts as whole ten-thousandths, however many places it is written with."""
    if isinstance(values.iat[0], Decimal):
        values = pd.Series([int(each.scaleb(4)) for each in values.tolist()])
    places, unique = pd.factorize(values)  # a missing value has place -1, and so the last number
    texts = np.array([*(str(each) for each in unique.tolist()), ""], dtype=object)
    return np.asarray(pd.util.hash_array(texts, categorize=False)[places])
