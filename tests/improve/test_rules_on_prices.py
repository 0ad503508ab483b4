"""Rules on prices: where each must speak and where it must be silent."""

from dataclasses import replace

import pandas as pd
import pytest

from perfkit import improve, kpis, margins, periods

JANUARY = periods.parse("2024-01")
OPTIONS = {"period": JANUARY, "currency": "EUR"}


@pytest.fixture(scope="module")
def lines():
    """Twelve customers with ten orders of one product each: the first gets 20 % off, the others 10 %."""
    rows = [
        (f"2024-01-{day:02d}", f"c{n:02d}", f"c{n:02d}-{day}", "tea", 100, (80 if n == 0 else 90) + (day + n) % 3 - 1)
        for n in range(12)
        for day in range(2, 12)
    ]
    columns = ["date", "customer_id", "order_id", "product_id", "list_revenue", "net_revenue"]
    first = pd.DataFrame([("2020-01-06", "first", "first", "jam", 1, 1)], columns=columns)
    frame = pd.concat([first, pd.DataFrame(rows, columns=columns)], ignore_index=True)
    return frame.assign(date=pd.to_datetime(frame["date"]))


@pytest.fixture(scope="module")
def dispersion(lines):
    return margins.prices.discount_dispersion(lines, **OPTIONS)


def told(lines, *results):
    return improve.findings(kpis.scorecard(lines, **OPTIONS), *results)


def test_discounts_unequal_speaks_of_who_gets_more_on_the_same_with_its_interval(lines, dispersion):
    found = told(lines, dispersion).find("discounts_unequal:customer_id")
    assert (
        found.claim == "By customer, c00 gives or gets more off the list price than others on the same: €99."
    )  # of 100, luck taken out
    assert float(found.amount) == pytest.approx(100, abs=2)  # 10 points of a list revenue of 1,000
    assert found.stake.low < found.amount < found.stake.high
    assert set(found.figure_ids) <= set(dispersion.figures()["figure_id"])


def test_discounts_unequal_is_silent_where_all_get_the_same_or_it_is_worth_little(lines, dispersion):
    alike = lines.assign(
        net_revenue=lines["net_revenue"].where(lines["customer_id"] != "c00", lines["net_revenue"] + 10)
    )
    assert (
        told(alike, margins.prices.discount_dispersion(alike, **OPTIONS)).find("discounts_unequal:customer_id") is None
    )
    little = replace(dispersion, aligned=replace(dispersion.aligned, estimate=dispersion.aligned.estimate / 100))
    assert told(lines, little).find("discounts_unequal:customer_id") is None
    chance = replace(dispersion, aligned=replace(dispersion.aligned, low=-dispersion.aligned.high))
    assert told(lines, chance).find("discounts_unequal:customer_id") is None
    absent = margins.prices.discount_dispersion(lines.drop(columns="list_revenue"), **OPTIONS)
    assert told(lines, absent).find("discounts_unequal:customer_id") is None


def test_discounts_that_are_unequal_and_discounts_that_rose_are_the_same_money(lines, dispersion, monkeypatch):
    monkeypatch.setattr("perfkit.improve.evidence.ENOUGH", 1)
    earlier = lines["date"][1:] - pd.DateOffset(years=1)
    before = lines[1:].assign(date=earlier, net_revenue=lines["net_revenue"][1:] + 9)  # nine points less for each
    both = pd.concat([lines, before], ignore_index=True)
    result = told(both, margins.prices.discount_dispersion(both, **OPTIONS))
    rose, unequal = result.find("discounts"), result.find("discounts_unequal:customer_id")
    assert rose.amount > unequal.amount > 0
    assert result.total[rose.stake.kind, rose.stake.measure] < rose.amount + unequal.amount
