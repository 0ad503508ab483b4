"""What an overview says to type can be typed."""

import datetime as dt
from types import SimpleNamespace

import pytest

from perfkit import periods
from perfkit.overview import Overview


@pytest.mark.parametrize(
    ("first", "typed"),
    [
        (dt.date(2024, 1, 1), ['acme.compare("2025-09", "2024-09")']),
        (dt.date(2024, 9, 16), ['acme.compare("2025-09", "2025-08")']),  # half of September 2024: no whole one
        (dt.date(2025, 9, 1), []),
    ],
)
def test_a_comparison_is_proposed_of_periods_that_the_data_hold_whole(first, typed):
    nothing = SimpleNamespace(views=list)
    there = Overview("Acme", "f", {}, first, dt.date(2025, 9, 30), periods.parse("2025-09"), (), (), nothing).views()[0]
    assert [each for each in there.rows["type"] if each.startswith("acme.compare")] == typed
