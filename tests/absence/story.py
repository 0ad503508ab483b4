"""A small company with every column that the audit reads: what degenerate companies start from."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd

START, UNTIL = dt.date(2023, 1, 2), dt.date(2025, 6, 30)
CHANNELS, COUNTRIES, FAMILIES = ("Web", "Wholesale", "Stores"), ("FR", "BE", "DE"), ("Tea", "Coffee", "Cups")


def tables(seed: int = 1, orders: int = 420) -> dict[str, pd.DataFrame]:
    """Return sales, customers, products, targets and ledger of thirty months: they tie, and every id is known."""
    draw = np.random.default_rng(seed)
    customers, products = _customers(), _products()
    days = (UNTIL - START).days
    rows = []
    for number in range(orders):
        day = START + dt.timedelta(days=int(draw.integers(days + 1)))
        customer = int(draw.zipf(1.6)) % len(customers)
        channel = CHANNELS[customer % 3]
        for _ in range(int(draw.integers(1, 4))):
            rows.append(_line(draw, number, day, customer, channel, products))
    sales = pd.DataFrame(rows).sort_values(["date", "order_id"], ignore_index=True)
    return {
        "sales": sales,
        "customers": customers,
        "products": products,
        "targets": _targets(sales),
        "ledger": _ledger(sales),
    }


def _line(draw: np.random.Generator, number: int, day: dt.date, customer: int, channel: str, products: pd.DataFrame):
    product = products.iloc[int(draw.integers(len(products)))]
    quantity = int(draw.integers(1, 6)) * (-1 if draw.random() < 0.05 else 1)
    listed = Decimal(quantity) * Decimal(str(product["unit_cost"])) * 2
    net = (listed * Decimal(str(1 - float(draw.choice([0, 0.05, 0.1]))))).quantize(Decimal("0.01"))
    return {
        "order_id": f"F{number:05d}",
        "date": day,
        "customer_id": f"C{customer:03d}",
        "product_id": product["product_id"],
        "quantity": Decimal(quantity),
        "net_revenue": net,
        "document": "credit" if quantity < 0 else "invoice",
        "origin_id": f"F{number - 1:05d}" if quantity < 0 else None,
        "ordered_at": pd.Timestamp(day) - pd.Timedelta(days=3),
        "delivered_at": pd.Timestamp(day) - pd.Timedelta(days=1),
        "invoiced_at": pd.Timestamp(day),
        "list_revenue": listed,
        "discount": listed - net,
        "cost": (Decimal(quantity) * Decimal(str(product["unit_cost"])) * Decimal("1.02")).quantize(Decimal("0.0001")),
        "channel": channel,
        "rep_id": f"R{customer % 4}" if channel == "Wholesale" else None,
        "store_id": f"S{customer % 5}" if channel == "Stores" else None,
        "currency": "EUR",
        "unit": "piece",
    }


def _customers(count: int = 60) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": [f"C{each:03d}" for each in range(count)],
            "name": [f"Client {each}" for each in range(count)],
            "segment": [("Small", "Large")[each % 7 == 0] for each in range(count)],
            "country": [COUNTRIES[each % 5 % 3] for each in range(count)],
            "acquired_on": [START + dt.timedelta(days=9 * each) for each in range(count)],
            "acquisition_channel": [("Search", "Fair")[each % 2] for each in range(count)],
            "referred_by": [f"C{each - 10:03d}" if each > 40 else None for each in range(count)],
        }
    )


def _products(count: int = 12) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product_id": [f"P{each:02d}" for each in range(count)],
            "name": [f"Article {each}" for each in range(count)],
            "category": [FAMILIES[each % 3] for each in range(count)],
            "tier": [("Basic", "Premium")[each % 4 == 0] for each in range(count)],
            "unit": "piece",
            "unit_cost": [Decimal(4 + each) / 2 for each in range(count)],
        }
    )


def _targets(sales: pd.DataFrame) -> pd.DataFrame:
    """Return a target of revenue and of orders a month, in two versions, and one of revenue a channel."""
    months = pd.period_range(START, UNTIL, freq="M")
    rows = []
    for place, month in enumerate(months):
        day = month.start_time.date()
        rows += [("revenue", day, 900 + 10 * place, None, None, version) for version in ("v1", "v2")]
        rows.append(("orders", day, 15, None, None, "v1"))
        rows += [("revenue", day, 300, "channel", channel, "v1") for channel in CHANNELS]
    made = pd.DataFrame(rows, columns=["kpi", "period", "value", "dimension", "member", "version"])
    return made.assign(value=[Decimal(value) for value in made["value"]])


def _ledger(sales: pd.DataFrame) -> pd.DataFrame:
    """Return two lines an invoice, customer against revenue, with the tax left out."""
    rows = []
    for (order, day), lines in sales.groupby(["order_id", "date"]):
        amount = sum(lines["net_revenue"], Decimal(0))
        common = {"journal": "VE", "entry_id": order, "date": day, "piece": order, "label": f"Facture {order}"}
        debit, credit = max(amount, Decimal(0)), max(-amount, Decimal(0))
        client = lines["customer_id"].iloc[0]
        rows.append(
            common
            | {"account": "411000", "account_name": "Clients", "auxiliary": client, "debit": debit, "credit": credit}
        )
        rows.append(
            common
            | {"account": "707000", "account_name": "Ventes", "auxiliary": None, "debit": credit, "credit": debit}
        )
    return pd.DataFrame(rows)
