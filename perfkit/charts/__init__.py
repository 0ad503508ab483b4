"""Charts: each result drawn by the function of its name, in one look, with its message above it."""

from perfkit.charts.breakdowns import breakdown
from perfkit.charts.show import show_chart
from perfkit.charts.trends import trend

__all__ = ["breakdown", "show_chart", "trend"]
