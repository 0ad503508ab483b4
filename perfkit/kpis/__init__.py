"""KPIs: where does the company stand, against what, and what made it move?"""

from perfkit.kpis.breakdowns import Breakdown, breakdown
from perfkit.kpis.catalogue import CATALOGUE, KPI, Definitions, definitions
from perfkit.kpis.scorecards import Scorecard, scorecard
from perfkit.kpis.trends import Trend, trend

__all__ = [
    "CATALOGUE",
    "KPI",
    "Breakdown",
    "Definitions",
    "Scorecard",
    "Trend",
    "breakdown",
    "definitions",
    "scorecard",
    "trend",
]
