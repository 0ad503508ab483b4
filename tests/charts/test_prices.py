"""Price waterfall, discount dispersion and price changes: what they mark, and that no data can clip or break them."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from perfkit import charts, contribution, languages, margins, periods
from perfkit.charts import scatters, sheets
from tests.charts.test_charts import HOSTILE, faults, words

YEAR = periods.parse("2025")
CUSTOMERS, ORDERS = 30, 8


@pytest.fixture(autouse=True)
def _clean_slate():
    yield
    languages.use("en")
    plt.close("all")


def sales(scale=1, *, favoured=(15, 17, 19), less=(), names=None, products=6):
    """A year and the one before: so many customers with so many orders each, of which some get 10 points more off."""
    draw, rows = np.random.default_rng(1), []
    for year, customer, order in np.ndindex(2, CUSTOMERS, ORDERS):
        product = (customer + order) % products
        rate = 0.1 + 0.1 * (customer in favoured) - 0.08 * (customer in less) + draw.normal(0, 0.005)
        quantity, price = int(draw.integers(1, 9)) * (1 + customer), 10 + product * (1 + year / 10) - year
        listed = Decimal(str(round(quantity * price * scale, 4)))
        rows.append(
            {
                "date": pd.Timestamp(f"{2024 + year}-01-01") + pd.Timedelta(days=customer + 40 * order),
                "order_id": f"{year}-{customer}-{order}",
                "customer_id": f"c{customer:02}",
                "customer_name": (names or {}).get(customer, f"Customer {customer}"),
                "product_id": (names or {}).get(product, f"Product {product}"),
                "quantity": quantity,
                "list_revenue": listed,
                "net_revenue": round(listed * (1 - Decimal(str(round(rate, 6)))), 4),
                "cost": listed / 2,
            }
        )
    return pd.DataFrame(rows)


LONG = "A very long name of a department " * 5
NAMES = {0: HOSTILE, 1: LONG, 2: "=1+1", 15: HOSTILE, 17: LONG, 19: "=1+1"}  # of products, and of those favoured
CASES = {
    "three favoured": sales(),
    "many above and below": sales(favoured=range(9), less=range(20, 27)),
    "all alike": sales(favoured=()),
    "hostile": sales(names=NAMES),
    "huge": sales(10**7),
    "one product": sales(products=1),
}


def results(lines):
    given = {"period": YEAR, "currency": "GBP"}
    kinds = [("freight", "cm1", 30), ("payment", "cm1", 3), ("A very long kind of cost " * 4, "cm2", 9)]
    months = pd.date_range("2024-01-01", "2025-12-01", freq="MS").date
    booked = [(month, amount, kind, level) for month in months for kind, level, amount in kinds]
    costs = pd.DataFrame(booked, columns=["period", "amount", "kind", "level"])
    bridge = margins.bridge.price_volume_mix(lines, base=YEAR.year_before(), current=YEAR, currency="GBP")
    return {
        "price_waterfall": margins.prices.waterfall(
            lines, contribution.costs(costs), previous=YEAR.year_before(), **given
        ),
        "discount_dispersion": margins.prices.discount_dispersion(lines, **given),
        "price_changes": margins.prices.price_changes(bridge),
    }


@pytest.fixture(scope="module")
def plain():
    return results(CASES["three favoured"])


@pytest.mark.parametrize("case", CASES)
def test_no_word_is_clipped_or_lies_on_another_on_a_page_or_on_a_phone(case):
    for name, found in results(CASES[case]).items():
        for language in languages.LANGUAGES if case == "three favoured" else ("en",):
            languages.use(language)
            axes = getattr(charts, name)(found)
            for each in (axes, sheets.kept(axes).narrow()[0]):
                assert faults(each) == [], (name, language, each.figure.get_size_inches()[0])
                plt.close(each.figure)


def test_the_waterfall_leads_to_the_pocket_with_its_parts_of_the_list_price(plain):
    axes = charts.price_waterfall(plain["price_waterfall"])
    shown = words(axes)
    assert {"List revenue", "Discounts", "Pocket revenue", "Pocket margin", "freight", "100.0%"} <= set(shown)
    assert "Pocket margin" in axes.figure.get_label()


def test_whoever_gets_more_is_named_with_what_it_is_worth(plain):
    shown = words(charts.discount_dispersion(plain["discount_dispersion"]))
    assert {"Customer 15", "Customer 17", "Customer 19", "More off than others"} <= set(shown)
    assert any(word.startswith("3 get more off than others on the same") for word in shown)


def test_the_largest_items_are_named_and_the_axes_say_what_they_are(plain):
    axes = charts.price_changes(plain["price_changes"])
    assert {"change of price", "change of quantity"} <= set(words(axes))
    assert sum(word.startswith("Product") for word in words(axes)) >= 3
    assert "price +" in axes.figure.get_label() or "price −" in axes.figure.get_label()


def test_items_and_the_others_sum_to_the_bridge(plain):
    found = plain["price_changes"]
    effects = sum(found.cells["price"]) + sum(found.cells["quantity"]) + found.others
    assert effects == found.bridge.change
    one = found.cells.iloc[0]
    item = found.bridge.items.iloc[0]
    assert one["price_change"] == item["price_now"] / item["price_before"] - 1
    assert one["quantity"] == item["volume"] + item["mix"]


def test_what_cannot_be_drawn_says_why():
    lines = CASES["three favoured"]
    bare = results(lines.drop(columns=["list_revenue"]))
    for name in ("price_waterfall", "discount_dispersion"):
        assert "Ask for" in sheets.kept(getattr(charts, name)(bare[name])).empty
    bridge = margins.bridge.price_volume_mix(lines, base=YEAR.year_before(), current=YEAR, currency="GBP", key="rep_id")
    assert sheets.kept(charts.price_changes(margins.prices.price_changes(bridge))).empty


def test_no_axis_reaches_below_what_a_quantity_can_fall():
    """A quantity falls by all of it at most: six times as much, and half, are no reason for a mark at -200%."""
    ticks = scatters._ticks(np.array([6.1, 5.8, 0.4, -0.5, -0.9]))
    assert ticks[0] == -1 and 0 in ticks and ticks[-1] >= 5.8
    assert scatters._ticks(np.array([0.3, -0.2]))[0] >= -0.3
