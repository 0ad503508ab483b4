"""Shares with their intervals, ratios, and sums that are rounded for display."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from perfkit import estimates


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_agrees_with_statsmodels(share):
    successes, n = share
    low, high = proportion_confint(successes, n, alpha=0.1, method="wilson")
    row = estimates.share(successes, n).iloc[0]
    np.testing.assert_allclose([row["low"], row["high"]], [low, high], atol=1e-12)
    assert row["low"] <= row["estimate"] <= row["high"]


def test_wilson_by_hand():
    # 8 of 10 at 90 %: z = 1.644854, centre (0.8 + z²/20) / (1 + z²/10) = 0.736124, half width 0.192...
    row = estimates.share(8, 10).iloc[0]
    assert row["estimate"] == 0.8
    assert (round(row["low"], 4), round(row["high"], 4)) == (0.5408, 0.9314)
    assert (row["level"], row["n"]) == (0.9, 10)


def test_a_share_of_nothing_is_missing_not_zero():
    rows = estimates.share([0, 3], [0, 3])
    assert rows["estimate"].isna().tolist() == [True, False]
    assert rows["n"].tolist() == [0, 3]


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (1, 4, 0.25),
        (Decimal("1.0"), 4, 0.25),
        (1, 0, None),
        (None, 3, None),
        (3, None, None),
        (3, float("nan"), None),
        (0, 5, 0.0),
    ],
)
def test_a_ratio_is_missing_where_there_is_nothing_to_divide_by(numerator, denominator, expected):
    assert estimates.ratio(numerator, denominator) == expected


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [(120, 100, 0.2), (Decimal(50), Decimal(100), -0.5), (5, 0, None), (5, -10, None), (5, None, None)],
)
def test_growth_has_no_meaning_from_a_base_of_nothing_or_less(now, before, expected):
    assert estimates.growth(now, before) == expected


def test_rounding_that_shows_is_found():
    thirds = [Decimal("0.4"), Decimal("0.4"), Decimal("0.4")]
    assert estimates.rounding_shows(thirds, Decimal("1.2"))  # 0 + 0 + 0 beside 1
    assert not estimates.rounding_shows([Decimal(1), Decimal(2)], Decimal(3))
    assert not estimates.rounding_shows([Decimal("0.004"), None], Decimal("0.004"), decimals=2)


@pytest.mark.parametrize(
    ("change", "unit", "direction", "tone"),
    [
        (Decimal(5), "EUR", 1, "good"),
        (Decimal(5), "EUR", -1, "bad"),
        (-0.02, "points", -1, "good"),
        (Decimal("0.49"), "EUR", 1, None),  # shown as 0
        (0.0004, "points", 1, None),  # shown as 0.0 pt
        (0.0006, "share", 1, "good"),  # shown as 0.1 %
        (5, "count", 0, None),
        (None, "EUR", 1, None),
        (float("nan"), "share", 1, None),
    ],
)
def test_a_tone_follows_the_direction_and_what_a_reader_sees(change, unit, direction, tone):
    assert estimates.tone(change, unit, direction=direction) == tone


def test_decimals_that_are_shown_make_a_change_visible():
    assert estimates.tone(0.3, "EUR") is None
    assert estimates.tone(0.3, "EUR", decimals=2) == "good"


def test_a_difference_is_told_that_the_shown_values_do_not_have():
    shows = estimates.difference_shows
    assert shows(0.0104, 0.0086, 0.0018, "share")  # 1.0 % and 0.9 %, but +0.2 points
    assert not shows(0.0104, 0.0090, 0.0014, "share")
    assert shows(Decimal("10.5"), Decimal("8.4"), Decimal("2.1")) and not shows(10, 8, 2)
    assert not shows(Decimal("10.5"), Decimal("8.4"), Decimal("2.1"), "EUR", 2)
    assert not shows(None, 1, None, "share") and not shows(1, None, None)
