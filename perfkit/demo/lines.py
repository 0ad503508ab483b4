"""Lines: every sale of the story on its way to the canonical sales table.

A line is a product, a quantity and two unit prices, all whole numbers: its amounts are products of these,
to the cent, and list revenue less discount is net revenue because discount is their difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from perfkit.demo.assortment import CHANNELS, Assortment
from perfkit.demo.calendar import END, month_of
from perfkit.demo.draws import Days, Ints, each_of
from perfkit.demo.frames import frame


@dataclass(frozen=True)
class Lines:
    """Lines of sales, one place of every array a line.

    Attributes
    ----------
    order : array of text
        Number of the document.
    day : array of days
        The day the revenue counts: of the order on the web, of the invoice elsewhere.
    customer : array of text
    product : array of int
        Place in the assortment.
    thousandths : array of int
        Quantity in thousandths of the product's unit; negative where goods came back.
    unit_list, unit_net : array of int
        Cents for one unit, before and after discounts.
    channel : array of int
        Place in `assortment.CHANNELS`.
    document, origin, rep, store : array of text or None
    ordered, delivered, invoiced : array of days
        NaT where it has not happened by the end of the story.
    """

    order: np.ndarray
    day: Days
    customer: np.ndarray
    product: Ints
    thousandths: Ints
    unit_list: Ints
    unit_net: Ints
    channel: Ints
    document: np.ndarray
    origin: np.ndarray
    rep: np.ndarray
    store: np.ndarray
    ordered: Days
    delivered: Days
    invoiced: Days

    @property
    def net(self) -> Ints:
        """Net revenue in cents."""
        return self.thousandths * self.unit_net // 1000

    @property
    def listed(self) -> Ints:
        """List revenue in cents."""
        return self.thousandths * self.unit_list // 1000

    def cost(self, goods: Assortment) -> Ints:
        """Return the cost of the goods in cents."""
        month = np.clip(month_of(self.day), 0, None)
        return self.thousandths * goods.costs[self.product, month] // 1000

    def at(self, places: Any) -> "Lines":
        """Return the lines at these places, or where it says so."""
        return replace(self, **{field.name: getattr(self, field.name)[places] for field in fields(self)})


def joined(parts: Sequence[Lines]) -> Lines:
    """Return all lines, one part below the other."""
    return Lines(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Lines)}
    )


@dataclass(frozen=True)
class Basket:
    """What is in each document: one place of every array a line, no product twice in a document."""

    document: Ints
    product: Ints
    thousandths: Ints
    unit_list: Ints
    unit_net: Ints


def basket(document: Ints, product: Ints, thousandths: Ints, unit_list: Ints, unit_net: Ints) -> Basket:
    """Return the lines by document and product; of a product that was taken twice, one line with both quantities."""
    both = np.stack([document, product], axis=1)
    _, first, which = np.unique(both, axis=0, return_index=True, return_inverse=True)
    whole = np.zeros(first.size, dtype=np.int64)
    np.add.at(whole, which.ravel(), thousandths)
    return Basket(document[first], product[first], whole, unit_list[first], unit_net[first])


def by_day(prefix: str, document: Ints, day: Days, width: int = 6) -> np.ndarray:
    """Return a number for each document, counting in the order of their days: documents are whole numbers from 0."""
    first = np.full(document.max() + 1 if document.size else 0, np.datetime64("9999-01-01"))
    np.minimum.at(first, document, day)
    rank = np.empty(first.size, dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(1, first.size + 1)
    names = np.array([f"{prefix}{number:0{width}d}" for number in rank.tolist()], dtype=object)
    return names[document]


def sales_table(lines: Lines, goods: Assortment) -> pd.DataFrame:
    """Return the canonical sales of the story, in the order of their days."""
    order = np.lexsort((lines.product, lines.order.astype(str), lines.day))
    lines = lines.at(order)
    return frame(
        "sales",
        {
            "order_id": lines.order,
            "date": lines.day,
            "customer_id": lines.customer,
            "product_id": each_of(goods.ids, lines.product),
            "quantity": lines.thousandths,
            "net_revenue": lines.net,
            "document": lines.document,
            "origin_id": lines.origin,
            "ordered_at": lines.ordered,
            "delivered_at": _until_end(lines.delivered),
            "invoiced_at": _until_end(lines.invoiced),
            "list_revenue": lines.listed,
            "discount": lines.listed - lines.net,
            "cost": lines.cost(goods),
            "channel": each_of(CHANNELS, lines.channel),
            "rep_id": lines.rep,
            "store_id": lines.store,
            "currency": "EUR",
            "unit": each_of(goods.units, lines.product),
        },
    )


def _until_end(days: Days) -> Days:
    return np.where(days < END, days, np.datetime64("NaT"))
