"""Small ledgers, written by hand, and what the rules find in them."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from perfkit import improve, kpis, languages, periods
from perfkit.kpis.trends_by import trend_by
from perfkit.kpis.walks import revenue_walk
from perfkit.kpis.years import year_to_date

JANUARY = periods.parse("2024-01")


@pytest.fixture(autouse=True)
def _english_again():
    languages.use("en")
    yield
    languages.use("en")


@pytest.fixture
def few_will_do(monkeypatch):
    """Let rules speak of ledgers of a few lines, counted by hand: how many cases they take is tested apart."""
    monkeypatch.setattr("perfkit.improve.evidence.ENOUGH", 1)


@pytest.fixture(scope="session")
def sales() -> Callable[..., pd.DataFrame]:
    """Make lines of (day, money, customer, order), the first of all long before; further columns by name.

    A column gives a value for each row; the line long before has none.
    """

    def lines(*rows, **columns):
        frame = pd.DataFrame(
            [("2020-01-06", 1, "first", "first"), *rows], columns=["date", "net_revenue", "customer_id", "order_id"]
        )
        for name, values in columns.items():
            frame[name] = pd.Series([None, *values], dtype="object")
        return frame.assign(date=pd.to_datetime(frame["date"]))

    return lines


@pytest.fixture(scope="session")
def many() -> Callable[..., list[tuple[str, float, str, str]]]:
    """Make n lines of one day, each an order of its own; customers are numbered, or all one."""

    def lines(n, day, money, customer=None, start=0):
        return [(day, money, customer or f"c{number}", f"{day}-{money}-{number}") for number in range(start, start + n)]

    return lines


ALL = ("trend", "year", "breakdowns", "months", "customers", "products", "concentration", "tree", "walk")


@pytest.fixture(scope="session")
def results() -> Callable[..., list[Any]]:
    """Compute the results that the rules read, the scorecard first; those named in `reading`, all by default."""

    def computed(lines, targets=None, dimensions=(), period=JANUARY, calendar="", reading=ALL):
        options = {"period": period, "currency": "EUR"}
        ways = {
            "trend": lambda: [kpis.trend(lines, **options)],
            "year": lambda: [year_to_date(lines, targets=targets, **options)],
            "breakdowns": lambda: [kpis.breakdown(lines, by=by, targets=targets, **options) for by in dimensions],
            "months": lambda: [trend_by(lines, by=by, **options) for by in dimensions],
            "customers": lambda: [kpis.movers(lines, by="customer_id", **options)],
            "products": lambda: [kpis.movers(lines, by="product_id", **options)],
            "concentration": lambda: [kpis.concentration(lines, **options)],
            "tree": lambda: [kpis.revenue_tree(lines, **options)],
            "walk": lambda: [revenue_walk(lines, **options)],
        }
        card = kpis.scorecard(lines, targets=targets, calendar=calendar, **options)
        return [card, *(result for name in ALL if name in reading for result in ways[name]())]

    return computed


@pytest.fixture(scope="session")
def found(results) -> Callable[..., improve.Findings]:
    """Find in lines what the rules find, from every result that they read, or those named in `reading`."""

    def findings(lines, targets=None, dimensions=(), period=JANUARY, calendar="", reading=ALL, **more):
        return improve.findings(*results(lines, targets, dimensions, period, calendar, reading), **more)

    return findings


@pytest.fixture(scope="session")
def targets() -> Callable[..., pd.DataFrame]:
    """Make targets: (kpi, month, value) or (kpi, month, value, dimension, member)."""

    def made(*rows):
        columns = ["kpi", "period", "value", "dimension", "member"]
        frame = pd.DataFrame([(*row, *[None] * (5 - len(row))) for row in rows], columns=columns)
        return frame.assign(period=pd.to_datetime(frame["period"]))

    return made
