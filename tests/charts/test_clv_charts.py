"""Tracks, calibration and value tiers: what they draw, and that no data can clip, overlap or break them."""

import datetime as dt
from decimal import Decimal

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from perfkit import languages
from perfkit.charts import calibrations, sheets, show, style, tiers, tracks
from perfkit.customers import clv, segments
from tests.charts.test_charts import faults, parts, words


@pytest.fixture(autouse=True)
def _clean_slate():
    yield
    languages.use("en")
    plt.close("all")


def sales(n=150, *, weeks=80, seed=1, scale=1):
    """Customers acquired over half of the time, who buy at a rate of their own until they stop."""
    draw, rows = np.random.default_rng(seed), []
    for customer in range(n):
        day, rate = int(draw.integers(0, weeks * 3)), draw.gamma(1.0, 0.03)
        while day < weeks * 7:
            amount = Decimal(str(round(scale * float(draw.gamma(2, 30) + 1), 4)))
            rows.append((f"c{customer:04}", dt.date(2023, 1, 2) + dt.timedelta(days=day), amount))
            if draw.random() < 0.1:
                break
            day += 1 + int(draw.exponential(1 / max(rate, 1e-3)))
    return pd.DataFrame(rows, columns=["customer_id", "date", "net_revenue"]).assign(
        date=lambda frame: pd.to_datetime(frame["date"])
    )


def end(weeks):
    return dt.date(2023, 1, 1) + dt.timedelta(days=weeks * 7)


def tracked(weeks=80, horizon=20, **options):
    return clv.tracking(sales(weeks=weeks, **options), observed_until=end(weeks), horizon=horizon)


def calibrated(weeks=80, **options):
    return clv.calibration(sales(weeks=weeks, **options), observed_until=end(weeks), horizon=20)


def tiered(lines, cost=None):
    lines = lines if cost is None else lines.assign(cost=[net * Decimal(cost) for net in lines["net_revenue"]])
    return segments.value_tiers(segments.rfm(lines, as_of="2030-01", currency="GBP"))


def few(*values):
    return pd.DataFrame(
        [(f"c{place}", dt.date(2024, 1, 2), value) for place, value in enumerate(values)],
        columns=["customer_id", "date", "net_revenue"],
    ).assign(date=lambda frame: pd.to_datetime(frame["date"]))


CASES = {
    "a track": lambda: (tracks.tracking, tracked()),
    "a short track": lambda: (tracks.tracking, tracked(weeks=16, horizon=6)),
    "a long track": lambda: (tracks.tracking, tracked(weeks=260, horizon=52, n=60)),
    "calibration": lambda: (calibrations.calibration, calibrated()),
    "calibration of few": lambda: (calibrations.calibration, calibrated(n=12)),
    "tiers": lambda: (tiers.value_tiers, tiered(sales())),
    "huge": lambda: (tiers.value_tiers, tiered(sales(n=40, scale=10**8), cost="1.5")),
    "tiny": lambda: (tiers.value_tiers, tiered(sales(n=40, scale=0.001), cost="1.5")),
    "one customer": lambda: (tiers.value_tiers, tiered(few(5))),
    "all alike": lambda: (tiers.value_tiers, tiered(few(*[5] * 30))),
    "one has all": lambda: (tiers.value_tiers, tiered(few(1000, *[0] * 99))),
    "nothing in all": lambda: (tiers.value_tiers, tiered(few(0, 0))),
}


@pytest.mark.parametrize("case", CASES)
def test_no_word_is_clipped_or_lies_on_another_on_a_page_or_on_a_phone(case):
    draw, result = CASES[case]()
    for language in languages.LANGUAGES:
        languages.use(language)
        axes = draw(result)
        for each in (axes, sheets.kept(axes).narrow()[0]):
            assert faults(each) == [], language
            plt.close(each.figure)


def test_the_holdout_is_shaded_and_lines_end_where_the_sums_do():
    found = tracked()
    axes = tracks.tracking(found)
    within = parts(axes.figure)
    shades = [p for part in within for p in part.patches if p.get_facecolor() == mpl.colors.to_rgba(tracks._SHADE)]
    assert len(shades) == 2 and shades[0].get_x() == shades[1].get_x()
    share = shades[0].get_width() / (shades[0].get_width() + shades[0].get_x() - min(
        line.get_xdata()[0] for part in within for line in part.lines if len(line.get_xdata()) == len(found.steps)
    ))  # fmt: skip
    assert share == pytest.approx((found.until - found.origin).days / (found.until - found.steps["end"].iloc[0]).days)
    shown = words(axes)
    assert {languages.number(found.steps[f"cumulative_{each}"].iloc[-1]) for each in ("actual", "expected")} <= set(
        shown
    )
    dashed = [line for part in within for line in part.lines if line.get_linestyle() == "--"]
    assert len(dashed) == 4, "expected, before and after the origin, in both panels"


def test_columns_of_a_calibration_are_as_high_as_its_numbers():
    found = calibrated()
    axes = calibrations.calibration(found)
    solid = [p for p in axes.figure.findobj(Rectangle) if p.get_facecolor() == mpl.colors.to_rgba(style.ACTUAL)]
    solid = [p for p in solid if p.get_width() > 9.5]
    hatched = [p for p in axes.figure.findobj(Rectangle) if p.get_hatch() and p.get_width() > 9.5]
    assert len(solid) == len(hatched) == len(found.classes)
    for name, bars in (("actual", solid), ("expected", hatched)):
        heights = np.array([p.get_height() for p in bars])
        np.testing.assert_allclose(heights / heights.sum(), found.classes[name] / found.classes[name].sum(), atol=1e-9)
    marks = sum(word in (calibrations._UP, calibrations._DOWN) for word in words(axes))
    assert marks == (~found.classes["covered"]).sum()


def test_the_curve_passes_the_named_customers_and_ends_at_the_whole():
    found = tiered(sales())
    axes = tiers.value_tiers(found)
    within = parts(axes.figure)
    (curve,) = (line for part in within for line in part.lines if len(line.get_xdata()) > 50)
    x, y = curve.get_data()
    assert (x[0], y[0]) == (0, 0) and (x[-1], y[-1]) == (1, pytest.approx(1))
    assert (np.diff(y) >= 0).all() and (np.diff(y) / np.diff(x) >= -1e-9).all()
    (marks,) = (line for part in within for line in part.lines if line.get_marker() == "o")
    np.testing.assert_allclose(marks.get_ydata(), found.tops["share_of_value"].to_numpy(np.float64))
    assert f"top 20% of customers: {languages.percent(found.tops['share_of_value'].iloc[-1])}" in words(axes)


def test_where_the_total_is_not_positive_the_curve_is_in_money():
    axes = tiers.value_tiers(tiered(few(100, 50, 10), cost="1.5"))
    assert "value" in words(axes) and "share of value" not in words(axes)
    assert "all together −£80" in axes.get_title(loc="left").replace("\n", " ")


def test_chart_and_table_say_the_same_and_the_same_figures_give_the_same_bytes():
    for case in ("a track", "calibration", "tiers"):
        draw, result = CASES[case]()
        axes, view = draw(result), result.views()[0]
        assert axes.get_title(loc="left").replace("\n", " ") == view.title
        assert any(text.replace("\n", " ").startswith(view.subtitle) for text in words(axes))
        with mpl.rc_context({"font.size": 30}):
            assert show.bundle(axes)[0] == show.bundle(draw(result))[0]
