"""Charts: each result drawn by the function of its name, in one look, with its message above it."""

from perfkit.charts.acquisitions import acquired_value
from perfkit.charts.breakdowns import breakdown
from perfkit.charts.calibrations import calibration
from perfkit.charts.cohorts import cohort_triangle
from perfkit.charts.comparisons import comparison
from perfkit.charts.concentrations import concentration
from perfkit.charts.dispersions import discount_dispersion
from perfkit.charts.ledgers import ledger_tie
from perfkit.charts.movements import movers
from perfkit.charts.multiples import trend_by
from perfkit.charts.paybacks import payback
from perfkit.charts.price_volume import price_volume_mix
from perfkit.charts.price_waterfalls import price_waterfall
from perfkit.charts.profit_maps import profitability
from perfkit.charts.scatters import price_changes
from perfkit.charts.scorecards import scorecard
from perfkit.charts.show import show_chart
from perfkit.charts.statements import statement
from perfkit.charts.tiers import value_tiers
from perfkit.charts.tracks import tracking
from perfkit.charts.trees import revenue_tree
from perfkit.charts.trends import trend
from perfkit.charts.walks import revenue_walk
from perfkit.charts.whales import whale_curve
from perfkit.charts.years import year_to_date

__all__ = [
    "acquired_value",
    "breakdown",
    "calibration",
    "cohort_triangle",
    "comparison",
    "concentration",
    "discount_dispersion",
    "ledger_tie",
    "movers",
    "payback",
    "price_changes",
    "price_volume_mix",
    "price_waterfall",
    "profitability",
    "revenue_tree",
    "revenue_walk",
    "scorecard",
    "show_chart",
    "statement",
    "tracking",
    "trend",
    "trend_by",
    "value_tiers",
    "whale_curve",
    "year_to_date",
]
