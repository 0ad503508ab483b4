"""The price-volume-mix chart: it leads from the base to the period, on a page and on a phone, in both languages."""

from decimal import Decimal

import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgba

from perfkit import charts, languages, margins, periods
from perfkit.charts import sheets, show, style


@pytest.fixture(autouse=True)
def _clean_slate():
    yield
    languages.use("en")
    plt.close("all")


def bridge(times=1, **options):
    rows = [
        ("2024-01-01", "a", 10, 100, 60), ("2024-01-01", "b", 10, 200, 90), ("2024-01-02", "gone", 1, 40, 20),
        ("2025-06-01", "a", 20, 220, 130), ("2025-06-01", "b", 10, 190, 95), ("2025-06-01", "new", 1, 25, 20),
        ("2025-06-01", "a", -1, -11, -6), ("2025-06-01", None, 1, 9, 3),
    ]  # fmt: skip
    lines = pd.DataFrame(rows, columns=["date", "product_id", "quantity", "net_revenue", "cost"])
    lines = lines.assign(date=pd.to_datetime(lines["date"]), net_revenue=[Decimal(str(r[3])) * times for r in rows])
    given = {"base": periods.parse("2024"), "current": periods.parse("2025"), "currency": "GBP"}
    return margins.bridge.price_volume_mix(lines, **given | options)


def words(axes):
    found = list(axes.figure.axes)
    for each in found:
        found += [child for child in each.child_axes if child not in found]
    return [text.get_text() for each in found for text in each.texts]


def test_the_bridge_leads_from_the_base_to_the_period():
    result = bridge()
    axes = charts.price_volume_mix(result)
    shown = words(axes)
    assert {"Price", "Volume", "Mix", "New items", "Items no longer sold", "Without a price to compare"} <= set(shown)
    assert {"340", "+10", "+150", "−50", "+25", "−40", "−11", "+9", "433"} <= set(shown)
    assert {"2024", "2025", "Net revenue"} <= set(shown) and "Unit costs" not in shown
    assert axes.figure.get_label().startswith(result.views()[0].title)
    assert "From £340 to £433: Price +£10, Volume +£150" in axes.figure.get_label()


def test_gross_profit_and_a_budget_are_called_what_they_are():
    assert {"Gross profit", "Unit costs"} <= set(words(charts.price_volume_mix(bridge(margin=True))))
    plan = pd.DataFrame({"date": [pd.Timestamp("2024-01-01")], "product_id": "a", "quantity": 9, "net_revenue": 90})
    assert "Budget 2024" in words(charts.price_volume_mix(bridge(base_sales=plan)))


def test_a_budget_is_drawn_outlined_and_the_year_before_is_not():
    plan = pd.DataFrame({"date": [pd.Timestamp("2024-01-01")], "product_id": "a", "quantity": 9, "net_revenue": 90})
    for result, is_outlined in ((bridge(base_sales=plan), True), (bridge(), False)):
        figure = charts.price_volume_mix(result).figure
        parts = [*figure.axes, *(child for axes in figure.axes for child in axes.child_axes)]
        bars = [bar for part in parts for bar in part.patches]
        outlined = [bar for bar in bars if bar.get_facecolor()[3] == 0 and bar.get_edgecolor() == to_rgba(style.INK)]
        filled = [bar for bar in bars if bar.get_facecolor() == to_rgba(style.PREVIOUS)]
        assert (bool(outlined), bool(filled)) == (is_outlined, not is_outlined)


@pytest.mark.parametrize("times", [1, -1, 10**8], ids=["small", "negative", "huge"])
def test_it_is_drawn_wide_and_narrow_in_both_languages(times):
    for language in languages.LANGUAGES:
        languages.use(language)
        axes = charts.price_volume_mix(bridge(times, least=0))
        data, _ = show.bundle(axes)
        assert data["text/plain"] and sheets.kept(axes).narrow()[0].figure.get_size_inches()[0] < 4


def test_what_cannot_be_bridged_says_why():
    result = bridge(key="customer_id")
    axes = charts.price_volume_mix(result)
    assert result.reason and any(result.reason[:30] in shown for shown in words(axes))
