"""Evidence: the results that the rules read, what a gap must be to count, and what it is worth."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from perfkit.kpis.breakdowns import Breakdown
from perfkit.kpis.concentrations import Concentration
from perfkit.kpis.movements import Movers
from perfkit.kpis.scorecards import Scorecard, figure_id
from perfkit.kpis.trees import RevenueTree
from perfkit.kpis.trends import Trend
from perfkit.languages import money, percent, text

MATERIAL = 0.005
"""Share of revenue below which a gap is no finding: a report that cries at everything is not read."""


@dataclass(frozen=True)
class Evidence:
    """The results that the rules read."""

    scorecard: Scorecard
    trend: Trend | None
    breakdowns: tuple[Breakdown, ...]
    movers: tuple[Movers, ...]
    concentration: Concentration | None
    tree: RevenueTree | None

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        return self.scorecard.currency

    @property
    def before(self) -> str:
        """Name of the period a year before."""
        return self.scorecard.previous.name()

    def pair(self, kpi: str) -> tuple[dict[str, Any], bool]:
        """A KPI's row, and whether its two periods may be set against each other."""
        row = self.scorecard.row(kpi)
        return row, row["variance_previous"] is not None

    def ids(self, kpi: str) -> tuple[str, ...]:
        """The figures of a KPI, in both periods."""
        return figure_id(self.scorecard.period, kpi), figure_id(self.scorecard.previous, kpi)

    def is_material(self, revenue: Decimal) -> bool:
        """Say whether an amount of revenue is worth a board's time."""
        row = self.scorecard.row("revenue")
        return abs(revenue) >= Decimal(str(MATERIAL)) * max(abs(row["actual"]), abs(row["previous"] or 0))

    def stake(self, revenue: Decimal) -> tuple[Decimal, str]:
        """Revenue as money at stake: at the gross margin rate where it is known, else as revenue, which it says."""
        row = self.scorecard.row("margin_rate")
        if row["status"] != "observed" or row["actual"] <= 0:
            return revenue, text("Revenue, not profit: the margin is not known. Ask for the cost of goods.")
        rate = percent(row["actual"])
        basis = text(
            "{revenue} of revenue × gross margin rate of {rate}.", revenue=money(revenue, self.currency), rate=rate
        )
        return revenue * Decimal(str(row["actual"])), basis
