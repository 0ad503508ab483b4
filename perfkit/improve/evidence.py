"""Evidence: the results that the rules read, what a gap must be to count, and what it is worth.

A rule keeps silent where its figures cannot carry a claim: a gap below `MATERIAL` of revenue, an average or a
rate of fewer than `ENOUGH` cases, an estimate whose interval holds its reference, a period or year before that
is not whole in the data.

Cases are orders, or active customers where there are more of them (customers of lines without an order number):
each has a line at least, so there are as many lines or more. Data that name neither do not say how many cases
there are; there the other tests alone decide.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from perfkit import languages
from perfkit.improve.stakes import Measure, Stake, StakeKind
from perfkit.kpis import measures
from perfkit.kpis.breakdowns import Breakdown, label
from perfkit.kpis.concentrations import Concentration
from perfkit.kpis.movements import Movers
from perfkit.kpis.scorecards import Scorecard, figure_id
from perfkit.kpis.trees import RevenueTree
from perfkit.kpis.trends import Trend
from perfkit.kpis.trends_by import TrendBy
from perfkit.kpis.walks import RevenueWalk
from perfkit.kpis.years import YearToDate
from perfkit.languages import listing, money, percent, text
from perfkit.margins import LedgerTie
from perfkit.results import Result

MATERIAL = 0.005
"""Share of revenue below which a gap is no finding: a report that cries at everything is not read."""
ENOUGH = 30
"""Cases below which a rate or an average makes no claim."""
ENOUGH_COST = Decimal(str(measures.ENOUGH))
"""Share of a member's revenue whose cost must be known before its margin makes a claim."""
MOST_GROWTH = 10
"""Relative growth beyond which a percentage says less than the amount."""


@dataclass(frozen=True)
class Evidence:
    """The results that the rules read; None or empty where they were not given."""

    scorecard: Scorecard
    trend: Trend | None = None
    breakdowns: tuple[Breakdown, ...] = ()
    movers: tuple[Movers, ...] = ()
    concentration: Concentration | None = None
    tree: RevenueTree | None = None
    walk: RevenueWalk | None = None
    year_to_date: YearToDate | None = None
    trends_by: tuple[TrendBy, ...] = ()
    tie: LedgerTie | None = None
    set_aside: Result | None = None

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        return self.scorecard.currency

    @property
    def now(self) -> str:
        """Name of the period."""
        return self.scorecard.period.name()

    @property
    def before(self) -> str:
        """Name of the period a year before."""
        return self.scorecard.previous.name()

    @property
    def revenue(self) -> Decimal:
        """Net revenue of the period."""
        amount: Decimal = self.scorecard.row("revenue")["actual"]
        return amount

    @property
    def margin_rate(self) -> Decimal | None:
        """Gross margin rate of the period, None where costs are not known for nearly all of it."""
        row = self.scorecard.row("margin_rate")
        return Decimal(str(row["actual"])) if row["status"] == "observed" else None

    def pair(self, kpi: str) -> tuple[dict[str, Any], bool]:
        """A KPI's row, and whether its two periods may be set against each other."""
        row = self.row(kpi)
        return row, row.get("variance_previous") is not None

    def row(self, kpi: str) -> dict[str, Any]:
        """A KPI's row, empty values where the scorecard has none of that id."""
        if not (self.scorecard.rows["kpi"] == kpi).any():
            return dict.fromkeys(self.scorecard.rows.columns) | {"status": "not available"}
        return self.scorecard.row(kpi)

    def ids(self, kpi: str) -> tuple[str, ...]:
        """The figures of a KPI, in both periods."""
        return figure_id(self.scorecard.period, kpi), figure_id(self.scorecard.previous, kpi)

    def mover(self, by: str) -> Movers | None:
        """The movers of a dimension, None where there are none."""
        return next((each for each in self.movers if each.by == by and not each.reason), None)

    def enough(self, kpi: str) -> bool:
        """Say whether both periods count enough of a KPI (orders, customers) for an average over them."""
        row = self.row(kpi)
        counts = row["actual"], row["previous"]
        return all(not languages.missing(count) and count >= ENOUGH for count in counts)

    def few(self) -> bool:
        """Say whether the period or the one before it has too few cases for what is set against each other."""
        orders, customers = self.row("orders"), self.row("customers")
        counts = [most_cases(orders[column], customers[column]) for column in ("actual", "previous")]
        return any(count is not None and count < ENOUGH for count in counts)

    def is_material(self, revenue: Decimal) -> bool:
        """Say whether an amount of revenue is worth a board's time."""
        row = self.scorecard.row("revenue")
        largest = max(abs(row["actual"]), abs(row["previous"] or 0))
        return abs(revenue) > 0 and abs(revenue) >= Decimal(str(MATERIAL)) * largest

    def is_material_profit(self, profit: Decimal) -> bool:
        """Say whether an amount of profit is worth a board's time: what material revenue would leave."""
        rate = self.margin_rate
        return self.is_material(profit / rate) if rate and rate > 0 else self.is_material(profit)

    def money(self, amount: Any, *, signed: bool = False) -> str:
        """An amount in a sentence: with its cents only where it is small."""
        small = abs(amount) < 100 and amount != round(amount)
        return money(amount, self.currency, 2 if small else 0, signed=signed)

    def growth(self, share: float | None) -> str:
        """Relative growth in a sentence; empty where the base is too small for it to say anything."""
        return percent(share, signed=True) if tells(share) else ""

    def against(self, value: str) -> str:
        """The reference of a finding that is set against the year before."""
        return text("{previous}: {value}", previous=self.before, value=value)

    def volume(
        self,
        gap: Decimal,
        reference: str,
        *,
        kind: StakeKind = "period",
        note: str = "",
        low: Decimal | None = None,
        high: Decimal | None = None,
        member: dict[Any, Any] | None = None,
    ) -> Stake | None:
        """Stake a gap in revenue on the margin it would have left.

        Where the margin is not known the stake is revenue and says so: a margin is never invented. Where it
        is not positive there is no stake, because more of the same would earn nothing. A member's own margin
        rate counts where its costs are known.
        """
        rate, whose = self.margin_rate, text("gross margin rate")
        own = own_margin(member)
        if own is not None:
            rate, whose = own, text("own gross margin rate")
        if rate is None:
            basis, flow = text("Revenue, not profit: the margin is not known."), Decimal(1)
        elif rate <= 0:
            return None
        else:
            flow = rate
            basis = text("{gap} of revenue × {whose} of {rate}.", gap=self.money(gap), whose=whose, rate=percent(rate))
        measure: Measure = "revenue" if rate is None else "profit"
        return Stake(gap, flow, reference, f"{basis} {note}".strip(), kind, measure, low, high)

    def price(self, gap: Decimal, reference: str, basis: str, *, kind: StakeKind = "period") -> Stake:
        """Stake a gap in price, discount or cost: all of it is profit."""
        return Stake(gap, Decimal(1), reference, basis, kind, "profit")


def tells(growth: float | None) -> bool:
    """Say whether a relative growth tells more than the amounts: not from next to nothing, and not to nothing."""
    return growth is not None and not languages.missing(growth) and -1 < growth <= MOST_GROWTH


def most_cases(*counts: Any) -> int | None:
    """The largest of the counts that are known, None where none is."""
    return max((int(count) for count in counts if not languages.missing(count)), default=None)


def own_margin(member: dict[Any, Any] | None) -> Decimal | None:
    """The margin rate of a breakdown's member, None where too little of its cost is known."""
    if member is None or languages.missing(member.get("margin_rate")) or languages.missing(member.get("costed")):
        return None
    if member["revenue"] <= 0 or member["costed"] < ENOUGH_COST * member["revenue"]:
        return None
    return Decimal(str(member["margin_rate"]))


def known_members(result: Breakdown | Movers) -> Iterator[dict[Any, Any]]:
    """The members of a dimension that have a name, each as a row."""
    yield from result.rows[result.rows["member"].notna()].to_dict("records")


def names_of(members: Iterable[dict[Any, Any]]) -> str:
    """Join the names of members: by semicolons where a name holds a comma itself."""
    names = [label(row) for row in members]
    return text("; ").join(names) if any("," in name for name in names) else listing(names)


def total_of(rows: pd.DataFrame, column: str) -> Decimal:
    """The sum of a column of money."""
    return sum((value for value in rows[column] if not languages.missing(value)), Decimal(0))
