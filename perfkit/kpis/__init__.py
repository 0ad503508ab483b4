"""KPIs: where does the company stand, against what, and what made it move?"""

from perfkit.kpis.breakdowns import Breakdown, breakdown
from perfkit.kpis.catalogue import CATALOGUE, KPI, Definitions, definitions
from perfkit.kpis.concentrations import Concentration, concentration
from perfkit.kpis.movements import Movers, movers
from perfkit.kpis.scorecards import Scorecard, scorecard
from perfkit.kpis.trees import RevenueTree, revenue_tree
from perfkit.kpis.trends import Trend, trend

__all__ = [
    "CATALOGUE",
    "KPI",
    "Breakdown",
    "Concentration",
    "Definitions",
    "Movers",
    "RevenueTree",
    "Scorecard",
    "Trend",
    "breakdown",
    "concentration",
    "definitions",
    "movers",
    "revenue_tree",
    "scorecard",
    "trend",
]
