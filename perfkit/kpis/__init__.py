"""KPIs: where does the company stand, against what, and what made it move?"""

from perfkit.kpis.behind import Behind, lines_behind
from perfkit.kpis.breakdowns import Breakdown, breakdown
from perfkit.kpis.catalogue import CATALOGUE, KPI
from perfkit.kpis.concentrations import Concentration, concentration
from perfkit.kpis.glossaries import Definitions, definitions
from perfkit.kpis.landings import Landing
from perfkit.kpis.movements import Movers, movers
from perfkit.kpis.scorecards import Scorecard, scorecard
from perfkit.kpis.trees import RevenueTree, revenue_tree
from perfkit.kpis.trends import Trend, trend
from perfkit.kpis.trends_by import TrendBy, trend_by
from perfkit.kpis.versus import Comparison, compare
from perfkit.kpis.walks import RevenueWalk, revenue_walk
from perfkit.kpis.years import YearToDate, year_to_date

__all__ = [
    "CATALOGUE",
    "KPI",
    "Behind",
    "Breakdown",
    "Comparison",
    "Concentration",
    "Definitions",
    "Landing",
    "Movers",
    "RevenueTree",
    "RevenueWalk",
    "Scorecard",
    "Trend",
    "TrendBy",
    "YearToDate",
    "breakdown",
    "compare",
    "concentration",
    "definitions",
    "lines_behind",
    "movers",
    "revenue_tree",
    "revenue_walk",
    "scorecard",
    "trend",
    "trend_by",
    "year_to_date",
]
