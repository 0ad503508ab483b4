"""Small ledgers, written by hand."""

from collections.abc import Callable

import pandas as pd
import pytest


@pytest.fixture(scope="session")
def sales() -> Callable[..., pd.DataFrame]:
    """Make lines from (day, money) and further columns by name: sales([("2024-01-05", 10)], customer_id=["a"])."""

    def lines(days_and_money, **columns):
        frame = pd.DataFrame(days_and_money, columns=["date", "net_revenue"])
        frame["date"] = pd.to_datetime(frame["date"])
        return frame.assign(**{name: pd.Series(values, dtype="object") for name, values in columns.items()})

    return lines


@pytest.fixture(scope="session")
def two_years(sales) -> pd.DataFrame:
    """Three years of a small shop with everything: customers, orders, products, returns, prices, costs, unknowns."""
    return sales(
        [
            ("2021-02-01", 10), ("2022-02-10", 30), ("2022-12-05", 20), ("2023-01-10", 100), ("2023-01-11", 50),
            ("2023-01-12", -20), ("2023-01-20", 70), ("2023-06-01", 40), ("2024-01-03", 80), ("2024-01-03", 20),
            ("2024-01-15", 60), ("2024-01-20", -30), ("2024-01-25", 90), ("2024-01-31", 0),
        ],
        customer_id=["a", "z", "b", "a", "b", "b", None, "c", "a", "a", "c", "a", None, "d"],
        order_id=["o1", "o9", "o2", "o3", "o4", "r4", "o5", "o6", "o7", "o7", "o8", "r7", "o10", "o11"],
        product_id=["p", "p", "q", "p", "q", "q", "p", "p", "p", "q", "p", "p", None, "p"],
        country=["fr", "fr", "de", "fr", "de", "de", "fr", "fr", "fr", "fr", None, "fr", "es", "fr"],
        list_revenue=[10, 30, None, 110, 50, -20, 80, 40, 100, 25, 60, -30, 100, 10],
        cost=[5, 15, 10, 60, 25, -10, 35, 20, 50, 12, 30, -15, 45, 0],
    )  # fmt: skip
