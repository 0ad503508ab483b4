"""Shop: the web shop's orders in the shape of Shopify's export.

What belongs to a whole order stands on its first line only. Prices are net of tax; postage and tax stand beside
the goods. `Lineitem unit`, `Cost per item` and `Customer ID` are columns that the shop had an app add.
"""

import zlib
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from perfkit.demo.exports.erp import WEB
from perfkit.demo.exports.faults import Fault, Page
from perfkit.demo.exports.forms import days, point, short, texts, words, write_text
from perfkit.languages import mark

TAX, POSTAGE, FREE_FROM = Decimal("0.055"), Decimal("4.90"), Decimal("45")
_ORDER = (
    "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at", "Currency", "Subtotal", "Shipping",
    "Taxes", "Total", "Discount Code", "Discount Amount", "Shipping Method", "Customer ID", "Created at",
    "Cancelled at", "Refunded Amount", "Tags", "Source",
)  # fmt: skip
"""Columns that stand on the first line of an order only."""
_COLUMNS = (
    "Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at", "Currency", "Subtotal",
    "Shipping", "Taxes", "Total", "Discount Code", "Discount Amount", "Shipping Method", "Created at",
    "Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku", "Lineitem discount", "Lineitem unit",
    "Cost per item", "Customer ID", "Cancelled at", "Refunded Amount", "Tags", "Source",
)  # fmt: skip


def write(sales: pd.DataFrame, products: pd.DataFrame, folder: Path) -> list[Fault]:
    """Write boutique/orders_export.csv, the web shop's orders; return the faults in it."""
    own = sales[(sales["channel"] == WEB) & (sales["document"] != "credit")].reset_index(drop=True)
    names = dict(zip(products["product_id"], products["name"], strict=True))
    cells = _cells(own, names)
    page = Page(cells, table="sales", file="boutique/orders_export.csv")
    _never_sold(page)
    _guests(page, own)
    rows, faults = page.laid_out(first_line=2)
    write_text(folder / page.file, rows, delimiter=",", line_end="\n")
    return faults


def _cells(sales: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """The lines as texts; an order's lines follow one another."""
    order = sales["order_id"].to_numpy()
    first = np.r_[True, order[1:] != order[:-1]]
    starts = np.flatnonzero(first)
    net, given = (np.add.reduceat(sales[name].to_numpy(), starts) for name in ("net_revenue", "discount"))
    cells = pd.DataFrame(
        {
            "Name": words(sales["order_id"]),
            "Lineitem quantity": texts(sales["quantity"], short),
            "Lineitem name": texts(sales["product_id"], lambda product: names.get(product, product)),
            "Lineitem price": _each(sales["list_revenue"], sales["quantity"]),
            "Lineitem sku": words(sales["product_id"]),
            "Lineitem unit": words(sales["unit"]),
            "Lineitem discount": texts(sales["discount"], point),
            "Cost per item": _each(sales["cost"], sales["quantity"]),
        },
        dtype=object,
    )
    head = _orders(sales.iloc[starts].reset_index(drop=True), net.tolist(), given.tolist())
    for name in _ORDER:
        column = np.full(len(cells), "", dtype=object)
        column[starts] = head[name]
        cells[name] = column
    return cells[list(_COLUMNS)]


def _each(amount: pd.Series, quantity: pd.Series) -> list[str]:
    """Return the amount of one unit, which is whole cents."""
    return [point(whole / count) for whole, count in zip(amount, quantity, strict=True)]


def _orders(orders: pd.DataFrame, net: Sequence[Decimal], given: Sequence[Decimal]) -> dict[str, list[str]]:
    """What stands on the first line of each order."""
    postage = [Decimal(0) if each >= FREE_FROM else POSTAGE for each in net]
    taxes = [_cents((each + post) * TAX) for each, post in zip(net, postage, strict=True)]
    created, sent = (_moments(orders[name], orders["order_id"]) for name in ("date", "delivered_at"))
    size = len(orders)
    return {
        "Email": [f"{customer.lower()}@mail.example" if customer else "" for customer in words(orders["customer_id"])],
        "Financial Status": ["paid"] * size,
        "Paid at": created,
        "Fulfillment Status": ["fulfilled" if each else "unfulfilled" for each in sent],
        "Fulfilled at": sent,
        "Currency": words(orders["currency"]),
        "Subtotal": texts(pd.Series(net, dtype=object), point),
        "Shipping": texts(pd.Series(postage, dtype=object), point),
        "Taxes": texts(pd.Series(taxes, dtype=object), point),
        "Total": [f"{a + b + c:.2f}" for a, b, c in zip(net, postage, taxes, strict=True)],
        "Discount Code": ["MERCI10" if each else "" for each in given],
        "Discount Amount": ["0.00"] * size,  # codes lower the prices of lines here
        "Shipping Method": ["Livraison offerte" if not each else "Colis standard" for each in postage],
        "Customer ID": words(orders["customer_id"]),
        "Created at": created,
        "Cancelled at": [""] * size,
        "Refunded Amount": ["0.00"] * size,
        "Tags": [""] * size,
        "Source": ["web"] * size,
    }


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def _moments(day: pd.Series, numbers: pd.Series) -> list[str]:
    """Days with a time that hangs on the order's number alone, and France's distance from UTC."""
    seconds = [7 * 3600 + zlib.crc32(number.encode()) % (14 * 3600) for number in words(numbers)]
    distance = texts(day, lambda each: "+0200" if _is_summer(each) else "+0100")
    return [
        f"{at} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02} {far}" if at else ""
        for at, second, far in zip(days(day, "%Y-%m-%d"), seconds, distance, strict=True)
    ]


def _is_summer(day: pd.Timestamp) -> bool:
    return bool(_last_sunday(day.year, 3) <= day < _last_sunday(day.year, 10))


def _last_sunday(year: int, month: int) -> pd.Timestamp:
    last = pd.Timestamp(year, month, 31)
    return last - pd.Timedelta(days=(last.weekday() + 1) % 7)


def _whole_orders(page: Page, parts: Sequence[int]) -> list[list[int]]:
    """The rows of some orders, each given by its hundredth part of the file."""
    starts = np.flatnonzero((page.cells["Created at"] != "").to_numpy())
    ends = np.r_[starts[1:], len(page.cells)]
    places = [len(starts) * part // 100 for part in parts]
    return [list(range(starts[place], ends[place])) for place in places]


def _never_sold(page: Page) -> None:
    """Orders that are none: of tests, cancelled, and never paid."""
    cases = (
        ("shop-test-orders", "test orders", (11, 42, 73), {"Tags": "test", "Email": "test@boutique.example"},
         mark("an order of a test"), "The shop's own people tried it: a rule of company.toml leaves them out."),
        ("shop-cancelled", "cancelled orders", (19, 51, 83, 91), {"Cancelled at": "Created at"},
         "the order was cancelled", "Orders were cancelled before they were sent: the preset leaves them out."),
        ("shop-not-paid", "orders that were never paid", (27, 64), {"Financial Status": "expired"},
         "the order was not paid", "The payment of orders never arrived: the preset leaves them out."),
    )  # fmt: skip
    number = 900_000
    for id_, kind, parts, to, reason, says in cases:
        copied, ids, money = [], [], Decimal(0)
        for rows in _whole_orders(page, parts):
            number += 1
            ids.append(f"W{number}")
            for row in rows:
                cells = {**page.cells.iloc[row].to_dict(), "Name": ids[-1]}
                if row == rows[0]:
                    cells |= {heading: cells.get(value, value) for heading, value in to.items()}
                copied.append((cells, rows[-1]))
                money += _net(cells)
        page.declare(id_, kind, "left out", says, reason=reason, ids=ids, money=money)
        for cells, after in copied:
            page.add(id_, cells, after=after)
    [rows] = _whole_orders(page, (36,))
    bad = {**page.cells.iloc[rows[0]].to_dict(), "Name": "W900100", "Lineitem quantity": "deux"}
    page.declare(
        "shop-quantity-word", "quantities in words", "set aside", "A quantity was typed as a word.",
        reason="not a number", ids=["W900100"],
    )  # fmt: skip
    page.add("shop-quantity-word", bad, after=rows[-1])


def _guests(page: Page, lines: pd.DataFrame) -> None:
    """Orders of guests, who gave no customer's account."""
    some = _whole_orders(page, (5, 9, 14))
    at = [row for rows in some for row in rows]
    page.declare(
        "shop-guests", "missing customer ids", "kept", "Orders were placed without an account: they count, under "
        "(unknown).", ids=page.cells["Name"].iloc[[rows[0] for rows in some]].tolist(),
        money=sum(lines["net_revenue"].iloc[at], start=Decimal(0)), more={"key": "customer_id"},
    )  # fmt: skip
    for row in at:
        page.change("shop-guests", row, {"Customer ID": "", "Email": ""})


def _net(cells: dict[str, str]) -> Decimal:
    taken = sum((Decimal(cells[name]) for name in ("Lineitem discount", "Discount Amount") if cells[name]), Decimal(0))
    return Decimal(cells["Lineitem quantity"]) * Decimal(cells["Lineitem price"]) - taken
