"""Silent months in charts: where a month may be missing, nothing that holds it is drawn as good or bad."""

import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from perfkit import charts, kpis, periods
from perfkit.charts.style import BAD, GOOD

MONTHS = [f"{year}-{month:02}" for year in (2022, 2023) for month in range(1, 13)] + ["2024-01", "2024-02", "2024-03"]
QUARTER = periods.parse("2024-Q1")
OBSERVED = pd.Timestamp("2024-03-31").date()


def a_growing_company(*without):
    """Sales to two countries that grow from month to month, but for some months."""
    rows = [
        (f"{month}-02", 50 + number + 5 * (place == "de"), place)
        for number, month in enumerate(MONTHS)
        for place in ("fr", "de")
        if month not in without
    ]
    frame = pd.DataFrame(rows, columns=["date", "net_revenue", "country"])
    return frame.assign(
        date=pd.to_datetime(frame["date"]), customer_id=frame["country"], order_id=[f"o{n}" for n in range(len(frame))]
    )


DRAWN = {
    "trend": lambda lines: charts.trend(kpis.trend(lines, period=QUARTER, currency="EUR", observed_until=OBSERVED)),
    "trend_by": lambda lines: charts.trend_by(
        kpis.trend_by(lines, by="country", period=QUARTER, currency="EUR", observed_until=OBSERVED)
    ),
    "year_to_date": lambda lines: charts.year_to_date(kpis.year_to_date(lines, period=QUARTER, currency="EUR")),
    "breakdown": lambda lines: charts.breakdown(kpis.breakdown(lines, by="country", period=QUARTER, currency="EUR")),
    "movers": lambda lines: charts.movers(kpis.movers(lines, by="country", period=QUARTER, currency="EUR")),
    "revenue_tree": lambda lines: charts.revenue_tree(kpis.revenue_tree(lines, period=QUARTER, currency="EUR")),
    "revenue_walk": lambda lines: charts.revenue_walk(kpis.revenue_walk(lines, period=QUARTER, currency="EUR")),
}


def tones(axes):
    """The colours of good and bad among everything that a chart draws."""
    figure = axes.figure
    found = {to_hex(patch.get_facecolor()) for patch in figure.findobj(plt.Rectangle)}
    found |= {to_hex(line.get_color()) for line in figure.findobj(plt.Line2D)}
    found |= {to_hex(words.get_color()) for words in figure.findobj(plt.Text) if words.get_text()}
    plt.close(figure)
    return found & {GOOD, BAD}


@pytest.mark.parametrize("chart", DRAWN)
def test_a_chart_of_a_growing_company_is_green(chart):
    assert tones(DRAWN[chart](a_growing_company())) == {GOOD}


@pytest.mark.parametrize("chart", [chart for chart in DRAWN if chart != "trend"])
def test_a_chart_that_holds_a_silent_month_has_no_tone(chart):
    assert tones(DRAWN[chart](a_growing_company("2024-02"))) == set()


def test_a_trend_judges_the_other_months():
    """The month that is silent would be the one that is red."""
    assert tones(DRAWN["trend"](a_growing_company("2024-02"))) == {GOOD}
