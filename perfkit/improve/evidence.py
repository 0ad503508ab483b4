"""Evidence: the results that the rules read, what a gap must be to count, and what it is worth.

A rule keeps silent where its figures cannot carry a claim: a gap below `MATERIAL` of revenue, an average or a
rate of fewer than `ENOUGH` cases, an estimate whose interval holds its reference, a period or year before that
is not whole in the data.

Cases are orders, or active customers where there are more of them (customers of lines without an order number):
each has a line at least, so there are as many lines or more. Of data that name neither, cases are lines.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

import pandas as pd

from perfkit import contribution, languages
from perfkit.estimates import tells
from perfkit.improve.stakes import Measure, Stake, StakeKind
from perfkit.kpis.breakdowns import Breakdown, label
from perfkit.kpis.chance import OF_CUSTOMERS
from perfkit.kpis.concentrations import Concentration
from perfkit.kpis.movements import Movers
from perfkit.kpis.scorecards import Scorecard, figure_id
from perfkit.kpis.trees import RevenueTree
from perfkit.kpis.trends import Trend
from perfkit.kpis.trends_by import TrendBy
from perfkit.kpis.walks import RevenueWalk
from perfkit.kpis.years import YearToDate
from perfkit.languages import listing, money, percent, plural, text
from perfkit.margins import DiscountDispersion, LedgerTie, PriceVolumeMix, Profitability, Statement, WhaleCurve
from perfkit.margins.profitability import Differences
from perfkit.periods import Period, shifted
from perfkit.results import Result

MATERIAL = 0.005
"""Share of revenue below which a gap is no finding: a report that cries at everything is not read."""
ENOUGH = 30
"""Cases below which a rate or an average makes no claim."""
ENOUGH_COST = Decimal(str(contribution.ENOUGH))
"""Share of a member's revenue whose cost must be known before its margin makes a claim."""


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
    statement: Statement | None = None
    bridges: tuple[PriceVolumeMix, ...] = ()
    earners: tuple[Profitability, ...] = ()
    whales: tuple[WhaleCurve, ...] = ()
    differences: tuple[Differences, ...] = ()
    dispersions: tuple[DiscountDispersion, ...] = ()
    reachable: Mapping[str, Decimal] = field(default_factory=dict)
    """The share of a gap that the company has said it can reach, by finding id or rule."""
    segment: str = ""
    """The segment that the lines are of; "" for the whole company."""

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

    @cached_property
    def contribution_rate(self) -> Decimal | None:
        """Rate of contribution margin 1, None where the statement does not reach it: what a euro of volume leaves."""
        if self.statement is None or self.margin_rate is None:
            return None
        rates = self.statement.rows.set_index("line")["rate"]
        rate = rates.get("cm1")
        return None if languages.missing(rate) else Decimal(str(rate))

    @property
    def measure(self) -> Measure:
        """What a stake of profit is counted in."""
        return "profit" if self.contribution_rate is None else "contribution"

    @cached_property
    def silent(self) -> tuple[Period, ...]:
        """Months that may be missing, see `months.silent_months`."""
        return self.scorecard.silent if self.trend is None else self.trend.silent

    def pair(self, kpi: str) -> tuple[dict[str, Any], bool]:
        """A KPI's row, and whether its two periods may be set against each other."""
        row = self.row(kpi)
        return row, row.get("variance_previous") is not None

    def row(self, kpi: str) -> dict[str, Any]:
        """A KPI's row, empty values where the scorecard has none of that id."""
        return self._rows.get(kpi) or dict.fromkeys(self.scorecard.rows.columns) | {"status": "not available"}

    @cached_property
    def _rows(self) -> dict[str, dict[str, Any]]:
        """The scorecard's rows by KPI: rules ask for them again and again."""
        return {kpi: self.scorecard.row(kpi) for kpi in self.scorecard.rows["kpi"]}

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

    @cached_property
    def of_standard_cost(self) -> str:
        """What no change of cost is measured by, in a sentence; "" where every cost of goods is that of its line."""
        bridge = self.bridge(margin=True)
        shares = [*(bridge.standard if bridge is not None else ())]
        if self.statement is not None:
            shares += [self.statement.standard.share, self.statement.previous_standard.share]
        share = max((each for each in shares if each), default=None)
        if share is None:
            return ""
        return text(
            "{share} of the cost of goods is a standard cost of the product table, one for all days: what buying "
            "prices did to it is not measured.",
            share=percent(share),
        )

    def few(self) -> bool:
        """Say whether the period or the one before it has too few cases for what is set against each other."""
        orders, customers, lines = self.row("orders"), self.row("customers"), self.row("revenue")
        return any(
            few_cases(orders[side], customers[side], otherwise=lines[n])
            for side, n in (("actual", "n"), ("previous", "previous_n"))
        )

    def beyond_chance(self, kpi: str) -> bool:
        """Say whether a KPI's change is more than chance explains; one of which no interval is known is not."""
        row = self.row(kpi)
        low, high = row.get("change_low"), row.get("change_high")
        return low is not None and high is not None and bool(low > 0 or high < 0)

    def chance(self, kpi: str) -> str:
        """Say between what the change of a KPI lies, in a sentence; "" where it is not known."""
        row = self.row(kpi)
        if languages.missing(row.get("change_low")):
            return ""
        unit = row["variance_unit"]
        return plural(
            "Had other customers like these bought, the change would lie between {low} and {high}: {n} customer.",
            "Had other customers like these bought, the change would lie between {low} and {high}: {n} customers.",
            row["change_n"],
            low=languages.show(row["change_low"], unit, decimals=row["decimals"], signed=True),
            high=languages.show(row["change_high"], unit, decimals=row["decimals"], signed=True),
        )

    def within_chance(self) -> tuple[str, ...]:
        """KPIs of which nothing is claimed, because their change is no more than chance explains."""
        thin = self.thin()
        compared = [kpi for kpi in OF_CUSTOMERS if self.pair(kpi)[1] and self.row(kpi)["variance_previous"]]
        return tuple(kpi for kpi in compared if kpi not in thin and not self.beyond_chance(kpi))

    def thin(self) -> tuple[str, ...]:
        """KPIs that both periods have, of which nothing is claimed because one of the two counts too few cases."""
        counted = {"aov": "orders", "return_rate": "orders", "new_customers": "new_customers"}
        thin = {kpi: not self.enough(cases) for kpi, cases in counted.items()}
        thin["orders_per_customer"] = not self.enough("customers")
        rate = self.row("repeat_rate")
        thin["repeat_rate"] = few_cases(rate["n"]) or few_cases(rate["previous_n"])
        thin["margin_rate"] = thin["discount_rate"] = self.few()
        return tuple(kpi for kpi, few in thin.items() if few and self.pair(kpi)[1])

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
        """An amount in a sentence: with its cents only where they are much of it."""
        small = abs(amount) < 10 and amount != round(amount)
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
        prices: Decimal = Decimal(0),
    ) -> Stake | None:
        """Stake a gap in revenue on the margin it would have left.

        Where the margin is not known the stake is revenue and says so: a margin is never invented. Where it
        is not positive there is no stake, because more of the same would earn nothing. A member's own margin
        rate counts where its costs are known. Where the statement reaches contribution margin 1, other variable costs
        are taken off as well. What of the gap lower `prices` made is profit whole.
        """
        rate, whose = self._leaves(member)
        cut = min(prices, gap)
        if rate is not None and cut >= Decimal("0.5"):  # less would be shown as nothing
            return self._of_prices(gap, cut, max(rate, Decimal(0)), whose, reference, kind, note)
        if rate is None:
            basis, flow = text("Revenue, not profit: the margin is not known."), Decimal(1)
        elif rate <= 0:
            return None
        else:
            flow = rate
            basis = text("{gap} of revenue × {whose} of {rate}.", gap=self.money(gap), whose=whose, rate=percent(rate))
        measure = "revenue" if rate is None else self.measure
        return Stake(gap, flow, reference, f"{basis} {note}".strip(), kind, measure, low, high)

    def _leaves(self, member: dict[Any, Any] | None) -> tuple[Decimal | None, str]:
        """What a euro of revenue leaves, of a member or in all, and what that rate is called."""
        own, gross, contribution = own_margin(member), self.margin_rate, self.contribution_rate
        if contribution is None or gross is None:
            return (gross, text("gross margin rate")) if own is None else (own, text("own gross margin rate"))
        if own is None:
            return contribution, text("contribution margin rate")
        # What a member's sales cost beyond the goods is known of the whole only.
        return own - (gross - contribution), text("own gross margin rate less the company's other variable costs,")

    def _of_prices(
        self, gap: Decimal, cut: Decimal, rate: Decimal, whose: str, reference: str, kind: StakeKind, note: str
    ) -> Stake:
        """Stake a gap that lower prices made in part: that part flows through whole, the rest at the margin."""
        rest = gap - cut
        basis = text(
            "{cut} of lower prices, by product at this period's quantities: all of it is profit.", cut=self.money(cut)
        )
        if rest and rate:
            more = text("{gap} of revenue × {whose} of {rate}.", gap=self.money(rest), whose=whose, rate=percent(rate))
            basis = f"{basis} {more}"
        flow = (cut + rest * rate) / gap
        return Stake(gap, flow, reference, f"{basis} {note}".strip(), kind, self.measure)

    def gross(self, gap: Decimal, reference: str) -> Stake | None:
        """Stake a gap in gross profit: what is left of it once other variable costs are paid, where these are known.

        Sales would bring it, and they cost more than their goods: so it is worth what the revenue that it lacks is
        (see `volume`), and no stake where nothing would be left.
        """
        rate, contribution = self.margin_rate, self.contribution_rate
        if rate is None or contribution is None:
            return self.price(gap, reference, text("The gap itself: it is gross profit already."))
        if rate <= 0 or contribution <= 0:
            return None
        left = contribution / rate
        values = {"gap": self.money(gap), "share": percent(left)}
        basis = text("{gap} of gross profit × the {share} of it that other variable costs leave.", **values)
        return Stake(gap, left, reference, basis, measure=self.measure)

    def prices(self, member: dict[Any, Any] | None = None) -> tuple[Decimal, bool] | None:
        """What lower prices took of revenue, of a member or in all, and whether nearly all of it has prices to compare.

        None where no price can be compared.
        """
        rows = self._priced() if member is None else [member]
        known = [row for row in rows if not languages.missing(row.get("price_effect"))]
        if not known:
            return None
        effect = sum((row["price_effect"] for row in known), Decimal(0))
        covered = sum((row["priced"] for row in known), Decimal(0))
        revenue = sum((row["revenue"] for row in rows), Decimal(0))
        return max(-effect, Decimal(0)), covered >= ENOUGH_COST * revenue

    def lower_prices(self, member: dict[Any, Any] | None = None) -> Decimal:
        """What lower prices took of revenue, 0 where no price can be compared."""
        found = self.prices(member)
        return found[0] if found else Decimal(0)

    def _priced(self) -> list[dict[Any, Any]]:
        """The members whose price effects make the company's: the products, else those of the first breakdown."""
        ordered = sorted(self.breakdowns, key=lambda each: each.by != "product_id")
        given = [each for each in ordered if not each.reason and each.rows["price_effect"].notna().any()]
        return given[0].rows.to_dict("records") if given else []

    @cached_property
    def fall(self) -> Stake | None:
        """What the fall of revenue is worth: at most what gross profit fell by; None where nothing was lost in all."""
        if not self.fell():
            return None
        row = self.row("revenue")
        reference = self.against(self.money(row["previous"]))
        stake = self.volume(-row["variance_previous"], reference, prices=self.lower_prices())
        if stake is None:
            return None
        lost = self._profit_lost()
        if lost is None or lost >= stake.amount:
            return replace(stake, most=stake.amount)
        fell = self.money(lost)
        note = text("No more than gross profit fell by in all: {amount}.", amount=fell)
        if self.contribution_rate is not None:
            note = text("No more than the contribution margin fell by in all: {amount}.", amount=fell)
        return replace(stake, most=lost, basis=f"{stake.basis} {note}") if lost > 0 else None

    def fell(self) -> bool:
        """Say whether revenue fell against the year before, by what is worth telling."""
        change = self.row("revenue")["variance_previous"]
        return not languages.missing(change) and change < 0 and self.is_material(change)

    def _profit_lost(self) -> Decimal | None:
        """What the margin fell by, contribution or gross; None where that of either period is not known."""
        if self.contribution_rate is not None and self.statement is not None:
            left, left_before = (self.statement.amount("cm1", previous=side) for side in (False, True))
            return None if left is None or left_before is None else left_before - left
        rate, revenue = self.row("margin_rate"), self.row("revenue")
        if rate["status"] != "observed" or rate["previous_status"] != "observed":
            return None
        now, before = (Decimal(str(rate[side])) * Decimal(revenue[side] or 0) for side in ("actual", "previous"))
        return (before - now).quantize(Decimal("0.0001"))

    def most_lost(self, gap: Decimal) -> Decimal:
        """What a gap in revenue can have cost at most: all of it, or what gross profit fell by."""
        lost = self._profit_lost()
        return gap if lost is None else min(gap, lost)

    def part(
        self,
        gap: Decimal,
        reference: str,
        *,
        note: str = "",
        member: dict[Any, Any] | None = None,
        prices: Decimal = Decimal(0),
    ) -> Stake | None:
        """Stake a part of the fall of revenue: it is worth no more than the whole, see `stakes`."""
        fall = self.fall
        if fall is None:
            return None
        stake = self.volume(min(gap, fall.gap), reference, note=note, member=member, prices=prices)
        if stake is None:
            return None
        cut = gap > fall.gap or stake.amount > fall.amount
        most = self.money(fall.amount)
        why = text("No more than the fall of revenue is worth in all: {amount}.", amount=most) if cut else ""
        return replace(stake, most=fall.amount, basis=f"{stake.basis} {why}".strip())

    def price(
        self,
        gap: Decimal,
        reference: str,
        basis: str,
        *,
        kind: StakeKind = "period",
        low: Decimal | None = None,
        high: Decimal | None = None,
    ) -> Stake:
        """Stake a gap in price, discount or cost: all of it is profit."""
        return Stake(gap, Decimal(1), reference, basis, kind, self.measure, low, high)

    def peers(
        self,
        finding: str,
        gap: Decimal,
        reference: str,
        basis: str,
        low: Decimal | None = None,
        high: Decimal | None = None,
    ) -> Stake | None:
        """Stake a gap to what others have: only where the company has said which share of it can be reached.

        Others are a yardstick and no reference that a member could be brought to (see `findings`, actions).
        """
        declared = self.reachable.get(finding, self.reachable.get(finding.split(":")[0]))
        return None if declared is None else self.price(gap, reference, basis, low=low, high=high)

    def margins_compare(self) -> bool:
        """Say whether costs are known for nearly all of both periods, and both have cases enough to be compared."""
        row, comparable = self.pair("margin_rate")
        known = row["status"] == "observed" and row.get("previous_status") == "observed"
        return comparable and known and not self.few()

    def bridge(self, *, margin: bool) -> PriceVolumeMix | None:
        """The bridge of gross profit, or of revenue, whose items can be compared; None where there is none."""
        usable = [each for each in self.bridges if not each.reason and not each.dominated and None not in each.common]
        return next((each for each in usable if each.margin is margin), None)

    def moved_by(self, by: str, member: Any) -> dict[Any, Any] | None:
        """The effects of the bridge of gross profit within a member; None where no bridge has items of one member."""
        for each in self.bridges:
            if each.margin and not each.reason and not each.dominated and by in (*each.keys, *each.also):
                rows = each.by(by).to_dict("records")
                return next((row for row in rows if row["member"] == member), None)
        return None


def comparable_months(cells: Iterable[dict[Any, Any]], trend: Trend | None) -> list[dict[Any, Any]]:
    """The months of a trend with a year before, of which the company has lines in both years.

    A month without one line may be one whose export is missing: it is above or below no other.
    """
    silent = {month.start for month in trend.silent} if trend is not None else set()
    return [
        cell
        for cell in cells
        if not languages.missing(cell["revenue"])
        and not languages.missing(cell["previous"])
        and cell["month"] not in silent
        and shifted(cell["month"], -12) not in silent
    ]


def few_cases(*counts: Any, otherwise: Any = None) -> bool:
    """Say whether the largest of the counts is too small; where none is known the other is, and not knowing is few."""
    known = [count for count in counts if not languages.missing(count)]
    if not known and not languages.missing(otherwise):
        known = [otherwise]
    return max(known, default=0) < ENOUGH


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


_SAME = {"gross_profit": "margin_rate", "median_order": "aov", "revenue_per_working_day": "revenue"}
_PRODUCTS = ("product_id", "product_name", "category")


def subject_of(kpi: str) -> str:
    """The KPI that a reader takes another one for: gross profit is revenue times its margin rate."""
    return _SAME.get(kpi, kpi)


def subject_by(by: str) -> str:
    """What the members of a dimension are to a reader: a product and its family are one subject."""
    return "by product" if by in _PRODUCTS else f"by {by}"


def names_of(members: Iterable[dict[Any, Any]]) -> str:
    """Join the names of members: by semicolons where a name holds a comma itself."""
    names = [label(row) for row in members]
    return text("; ").join(names) if any("," in name for name in names) else listing(names)


def total_of(rows: pd.DataFrame, column: str) -> Decimal:
    """The sum of a column of money."""
    return sum((value for value in rows[column] if not languages.missing(value)), Decimal(0))
