"""Rules: each reads results and returns what it finds, or nothing.

A rule is a function named after the findings it makes; where it makes one a dimension, their ids go on with
":" and its column. See `evidence` for what a gap must be to be told, and `stakes` for what it is worth.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from perfkit.dimensions import is_known_dimension
from perfkit.errors import ParameterError, unknown
from perfkit.improve.evidence import Evidence
from perfkit.improve.findings import Finding, Findings
from perfkit.improve.rules import (
    bridges,
    customers,
    earnings,
    lifetimes,
    margins,
    prices,
    products,
    reliability,
    revenue,
    targets,
)
from perfkit.improve.stakes import FALL
from perfkit.kpis.breakdowns import Breakdown
from perfkit.kpis.catalogue import CATALOGUE
from perfkit.kpis.concentrations import Concentration
from perfkit.kpis.movements import Movers
from perfkit.kpis.scorecards import Scorecard
from perfkit.kpis.sums import mature, year_to
from perfkit.kpis.trees import RevenueTree
from perfkit.kpis.trends import Trend
from perfkit.kpis.trends_by import TrendBy
from perfkit.kpis.walks import RevenueWalk
from perfkit.kpis.years import YearToDate
from perfkit.languages import listing, text
from perfkit.margins import DiscountDispersion, LedgerTie, PriceVolumeMix, Profitability, Statement, WhaleCurve
from perfkit.margins.profitability import Differences
from perfkit.periods import Period
from perfkit.results import Result

Rule = Callable[[Evidence], Iterable[Finding]]

RULES: tuple[Rule, ...] = (
    revenue.revenue_against_year_before,
    revenue.calendar,
    revenue.months_below,
    revenue.member_months_below,
    revenue.order_value,
    revenue.order_frequency,
    revenue.largest_loss,
    revenue.largest_gain,
    targets.revenue_against_target,
    targets.landing,
    targets.target_missed,
    targets.member_target,
    margins.margin_rate,
    margins.margin_fell_in,
    margins.discounts,
    prices.discounts_unequal,
    margins.below_cost,
    margins.low_margin,
    bridges.prices_fell,
    bridges.costs_not_passed_on,
    bridges.mix_earns_less,
    earnings.loses_money,
    earnings.own_fixed_costs,
    earnings.cost_to_serve,
    earnings.costs_rose,
    customers.customers_lost,
    customers.customers_shrank,
    customers.new_customers,
    customers.customers_back,
    customers.repeat_rate,
    customers.concentration,
    customers.single_customer,
    products.products_vanished,
    products.returns,
    products.return_rate_above,
    reliability.no_revenue,
    reliability.silent_months,
    reliability.lines_set_aside,
    reliability.books_do_not_tie,
    reliability.cost_missing,
    reliability.anonymous_revenue,
    reliability.costs_unallocated,
)
"""Every rule; each returns what it finds, or nothing."""

_OF_THE_PERIOD: tuple[Rule, ...] = (
    targets.revenue_against_target,
    targets.target_missed,
    targets.member_target,
    margins.below_cost,
    margins.low_margin,
    earnings.loses_money,
    earnings.own_fixed_costs,
    earnings.cost_to_serve,
    prices.discounts_unequal,
    customers.single_customer,
    products.return_rate_above,
)
"""Rules that set nothing against the year before: a month that is missing there changes nothing of what they say."""

_OF_TARGETS = {rule.__name__ for rule in RULES if rule.__module__ == targets.__name__}
_READS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("customers_lost", "customers_shrank", "new_customers", "products_vanished"), ("movers",)),
    **dict.fromkeys(("concentration", "single_customer"), ("concentration",)),
    **dict.fromkeys(("prices_fell", "costs_not_passed_on", "mix_earns_less"), ("bridges",)),
    **dict.fromkeys(("own_fixed_costs", "cost_to_serve", "costs_unallocated"), ("earners",)),
    "loses_money": ("earners", "whales"),
    "costs_rose": ("statement",),
    "discounts_unequal": ("dispersions",),
    "customers_back": ("walk",),
    "order_frequency": ("tree",),
    "months_below": ("trend",),
    "member_months_below": ("trends_by",),
    "landing": ("year_to_date",),
    "books_do_not_tie": ("tie",),
}
"""What rules read beside the scorecard and breakdowns: without it, a decision on what they find is another report's."""

_OF_MARGINS = (Statement, PriceVolumeMix, Profitability, WhaleCurve, Differences, DiscountDispersion)
_READ = (
    Trend, TrendBy, YearToDate, Breakdown, Movers, Concentration, RevenueTree, RevenueWalk, LedgerTie, *_OF_MARGINS,
)  # fmt: skip


def findings(
    scorecard: Scorecard,
    *results: Result,
    actions: Mapping[str, Mapping[str, Any]] | None = None,
    segment: str = "",
) -> Findings:
    """Apply every rule to the results, and rank what they say by what is at stake.

    Parameters
    ----------
    scorecard : Scorecard
    *results : Trend, TrendBy, YearToDate, Breakdown, Movers, Concentration, RevenueTree, RevenueWalk, LedgerTie,
        Statement, PriceVolumeMix, Profitability, WhaleCurve, Differences, DiscountDispersion
        Of the same period (a bridge: from the year before to it), in any order, and the company's reconciliation;
        each opens the rules that read it. With a statement that reaches contribution margin 1, a stake is of that.
    actions : mapping, optional
        What the company decided, by finding id (`acme.actions()`): owner, due, done, note, and what it knows
        of the stake: cost of the action, achievable share of the gap (0 to 1). A gap to what others earn has a
        stake only where that share is declared.
    segment : str, default ""
        The segment whose lines the results are of: what it no longer buys, others may. Empty for the whole company.

    Raises
    ------
    ParameterError
        If a result is none of these or is of another period, or an action names no rule.
    """
    decided = actions or {}
    names = {rule.__name__ for rule in RULES} | lifetimes.NAMES
    for name in decided:
        if name.split(":")[0] not in names:
            raise ParameterError(f"actions: {unknown('finding', name.split(':')[0], names)}")
    reachable = {name: Decimal(str(own["achievable"])) for name, own in decided.items() if "achievable" in own}
    evidence = replace(_evidence(scorecard, results, reachable), segment=segment)
    found = [
        _decided(_priced(_held_back(finding, rule, evidence), evidence), decided)
        for rule in RULES
        for finding in rule(evidence)
    ]
    order = {"bad": 0, None: 1, "good": 2}
    ranked = sorted(found, key=lambda item: (-item.amount, order[item.tone], _depth(item), item.id))
    spoken = {name for item in ranked for name in (item.id, item.id.split(":")[0])}
    silent = [name for name in decided if name not in spoken and not _is_of_another_report(name, evidence)]
    unread = tuple(name for name in silent if not _is_read(name, evidence))
    unspoken = tuple(name for name in silent if name not in unread)
    return Findings(
        tuple(ranked), scorecard.period, scorecard.currency, unspoken, unread, evidence.thin(), evidence.within_chance()
    )


def lifetime_findings(
    *results: Result, period: Period, currency: str, actions: Mapping[str, Mapping[str, Any]] | None = None
) -> Findings:
    """Apply every rule on lifetimes to what customers are worth, and rank what they say by what is at stake.

    Parameters
    ----------
    *results : Base, Lifecycle, AcquiredValue, CohortDrift, or the Absent of any of them
    period : Period
        Of the report.
    currency : str
    actions : mapping, optional
        As `findings` takes them; those on findings of other reports are passed over.

    Raises
    ------
    ParameterError
        If an action names no rule.
    """
    decided = actions or {}
    names = {rule.__name__ for rule in RULES} | lifetimes.NAMES
    for name in decided:
        if name.split(":")[0] not in names:
            raise ParameterError(f"actions: {unknown('finding', name.split(':')[0], names)}")
    known = lifetimes.read(*results)
    found = [] if known is None else [_decided(each, decided) for rule in lifetimes.RULES for each in rule(known)]
    ranked = sorted(found, key=lambda item: (-item.amount, _depth(item), item.id))
    spoken = {name for item in ranked for name in (item.id, item.id.split(":")[0])}
    unspoken = tuple(name for name in decided if name.split(":")[0] in lifetimes.NAMES and name not in spoken)
    return Findings(tuple(ranked), period, currency, unspoken)


def _is_read(name: str, evidence: Evidence) -> bool:
    """Say whether a finding of this id could be made here: its dimension or KPI is one that the rules read."""
    rule, _, of = name.partition(":")
    if rule == targets.target_missed.__name__:
        return not of or of in CATALOGUE
    return not of or of in _dimensions(rule, evidence)


def _is_of_another_report(name: str, evidence: Evidence) -> bool:
    """Say whether what its rule reads is not given here, so that its silence means nothing."""
    rule, _, of = name.partition(":")
    if rule in lifetimes.NAMES:
        return True
    planned = evidence.year_to_date is not None or evidence.scorecard.rows["target"].notna().any()
    if rule in _OF_TARGETS and not planned:
        return True
    if rule in _READS and not any(getattr(evidence, field) for field in _READS[rule]):
        return True
    return bool(of) and is_known_dimension(of) and of not in _dimensions(rule, evidence)


def _dimensions(rule: str, evidence: Evidence) -> set[str]:
    """The dimensions of what a rule reads."""
    read: set[str] = set()
    for field in _READS.get(rule, ("breakdowns", "movers", "trends_by")):
        for result in getattr(evidence, field) or ():
            read |= set(result.dimensions) if isinstance(result, Profitability) else {getattr(result, "by", "")}
    return read


def _depth(finding: Finding) -> int:
    """How narrow a finding's money is: of equal stakes the whole comes before its part."""
    return min((len(pool) for pool in finding.pools), default=0)


def _evidence(scorecard: Scorecard, results: Iterable[Result], reachable: Mapping[str, Decimal]) -> Evidence:
    of: dict[type, list[Any]] = {kind: [] for kind in _READ}
    set_aside = None
    for result in results:
        if type(result).__name__ == "Reconciliation":  # of all periods; its figures are all that is read of it
            set_aside = result
            continue
        if not isinstance(result, _READ):
            raise ParameterError(f"findings: {type(result).__name__} is no result that findings read.")
        if isinstance(result, PriceVolumeMix):
            _refuse_another_base(result, scorecard)
        elif result.period != scorecard.period:
            raise ParameterError(
                f"findings: the scorecard is of {scorecard.period.label}, a {type(result).__name__} of "
                f"{result.period.label}. Compared, they would mislead; compute both for one period."
            )
        of[type(result)].append(result)
    first = {kind: next(iter(given), None) for kind, given in of.items()}
    return Evidence(
        scorecard,
        trend=first[Trend],
        breakdowns=tuple(of[Breakdown]),
        movers=tuple(of[Movers]),
        concentration=first[Concentration],
        tree=first[RevenueTree],
        walk=first[RevenueWalk],
        year_to_date=first[YearToDate],
        trends_by=tuple(of[TrendBy]),
        tie=first[LedgerTie],
        set_aside=set_aside,
        statement=first[Statement],
        bridges=tuple(of[PriceVolumeMix]),
        earners=tuple(of[Profitability]),
        whales=tuple(of[WhaleCurve]),
        differences=tuple(of[Differences]),
        dispersions=tuple(of[DiscountDispersion]),
        reachable=reachable,
    )


def _refuse_another_base(bridge: PriceVolumeMix, scorecard: Scorecard) -> None:
    if bridge.budget or (bridge.base, bridge.current) != (scorecard.previous, scorecard.period):
        base = f"a budget of {bridge.base.label}" if bridge.budget else bridge.base.label
        raise ParameterError(
            f"findings: the scorecard sets {scorecard.period.label} against {scorecard.previous.label}, a "
            f"PriceVolumeMix {bridge.current.label} against {base}. Findings are told against the year before: give "
            f"the bridge with base={scorecard.previous.label}."
        )


def _held_back(finding: Finding, rule: Rule, evidence: Evidence) -> Finding:
    """Take the stake and the tone off what a month without one line may have made, and say so."""
    gaps = listing(month.name() for month in _rests_on(rule, evidence))
    if not gaps or rule.__module__ == reliability.__name__:
        return finding
    why = text("No line is dated in {months}: no stake, and no conclusion before it is known why.", months=gaps)
    return replace(finding, caveat=f"{finding.caveat} {why}".strip(), tone=None, stake=None, pools=(), gaps=gaps)


def _rests_on(rule: Rule, evidence: Evidence) -> Iterable[Period]:
    """The silent months among those that a rule's claims are made from."""
    card = evidence.scorecard
    if rule in _OF_THE_PERIOD:
        return card.silent_here()
    if rule is customers.repeat_rate:  # of twelve months in each of the two years, as are returns
        start, _end = mature(card.previous)
    elif rule is products.returns:
        start, _end = year_to(card.previous)
    else:
        return card.silent
    return [month for month in evidence.silent if start < month.end and month.start < card.period.end]


def _priced(finding: Finding, evidence: Evidence) -> Finding:
    """Say why a gap has no stake: others made it up, or there is no margin that more revenue would bring."""
    if not finding.pools or finding.stake is not None:
        return finding
    tone, part = finding.tone, any(pool[: len(FALL)] == FALL for pool in finding.pools)
    rate = evidence.margin_rate if evidence.contribution_rate is None else evidence.contribution_rate
    if not part or evidence.fall is not None or (rate is not None and rate <= 0):
        why = text("No stake: at a margin of zero or less, more revenue earns nothing.")
    elif evidence.fell():
        why = (
            text("No stake: gross profit did not fall in all.")
            if evidence.contribution_rate is None
            else text("No stake: the contribution margin did not fall in all.")
        )
    elif (change := evidence.row("revenue")["variance_previous"]) and change < 0:
        why = text("No stake: others made up all but {amount} of revenue.", amount=evidence.money(-change))
        tone = None
    else:
        why, tone = text("No stake: others made it up, so that revenue held in all."), None
    return replace(finding, caveat=f"{finding.caveat} {why}".strip(), tone=tone)


def _decided(finding: Finding, actions: Mapping[str, Mapping[str, Any]]) -> Finding:
    """Add to a finding what the company has decided about it: the action of its id, else of its rule."""
    own = actions.get(finding.id, actions.get(finding.id.split(":")[0], {}))
    action = replace(
        finding.action,
        owner=str(own.get("owner", "")),
        due=own.get("due"),
        done=bool(own.get("done", False)),
        note=str(own.get("note", "")),
    )
    stake = finding.stake
    if stake is not None:
        stake = replace(stake, cost=Decimal(str(own.get("cost", 0))), achievable=Decimal(str(own.get("achievable", 1))))
    return replace(finding, action=action, stake=stake)
