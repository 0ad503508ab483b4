"""Rules: each reads results and returns what it finds, or nothing.

A rule is a function named after the findings it makes; where it makes one a dimension, their ids go on with
":" and its column. See `evidence` for what a gap must be to be told, and `stakes` for what it is worth.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from perfkit.errors import ParameterError, unknown
from perfkit.improve.evidence import Evidence
from perfkit.improve.findings import Finding, Findings
from perfkit.improve.rules import customers, margins, products, reliability, revenue, targets
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
from perfkit.margins import LedgerTie
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
    margins.below_cost,
    margins.low_margin,
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
)
"""Every rule; each returns what it finds, or nothing."""

_OF_THE_PERIOD: tuple[Rule, ...] = (
    targets.revenue_against_target,
    targets.target_missed,
    targets.member_target,
    margins.below_cost,
    margins.low_margin,
    customers.single_customer,
    products.return_rate_above,
)
"""Rules that set nothing against the year before: a month that is missing there changes nothing of what they say."""

_READ = (Trend, TrendBy, YearToDate, Breakdown, Movers, Concentration, RevenueTree, RevenueWalk, LedgerTie)


def findings(
    scorecard: Scorecard, *results: Result, actions: Mapping[str, Mapping[str, Any]] | None = None
) -> Findings:
    """Apply every rule to the results, and rank what they say by what is at stake.

    Parameters
    ----------
    scorecard : Scorecard
    *results : Trend, TrendBy, YearToDate, Breakdown, Movers, Concentration, RevenueTree, RevenueWalk, LedgerTie
        Of the same period, in any order, and the company's reconciliation; each opens the rules that read it.
    actions : mapping, optional
        What the company decided, by finding id (`acme.actions()`): owner, due, done, note, and what it knows
        of the stake: cost of the action, achievable share of the gap (0 to 1).

    Raises
    ------
    ParameterError
        If a result is none of these or is of another period, or an action names no rule.
    """
    decided = actions or {}
    names = {rule.__name__ for rule in RULES}
    for name in decided:
        if name.split(":")[0] not in names:
            raise ParameterError(f"actions: {unknown('finding', name.split(':')[0], names)}")
    evidence = _evidence(scorecard, results)
    found = [
        _decided(_priced(_held_back(finding, rule, evidence), evidence), decided)
        for rule in RULES
        for finding in rule(evidence)
    ]
    order = {"bad": 0, None: 1, "good": 2}
    ranked = sorted(found, key=lambda item: (-item.amount, order[item.tone], _depth(item), item.id))
    spoken = {name for item in ranked for name in (item.id, item.id.split(":")[0])}
    silent = [name for name in decided if name not in spoken]
    unread = tuple(name for name in silent if not _is_read(name, evidence))
    unspoken = tuple(name for name in silent if name not in unread)
    return Findings(tuple(ranked), scorecard.period, scorecard.currency, unspoken, unread, evidence.thin())


def _is_read(name: str, evidence: Evidence) -> bool:
    """Say whether a finding of this id could be made here: its dimension or KPI is one that the rules read."""
    rule, _, of = name.partition(":")
    if rule == targets.target_missed.__name__:
        return not of or of in CATALOGUE
    read = [*(each.by for each in evidence.breakdowns), *(each.by for each in evidence.movers)]
    return not of or of in read or of in [each.by for each in evidence.trends_by]


def _depth(finding: Finding) -> int:
    """How narrow a finding's money is: of equal stakes the whole comes before its part."""
    return min((len(pool) for pool in finding.pools), default=0)


def _evidence(scorecard: Scorecard, results: Iterable[Result]) -> Evidence:
    of: dict[type, list[Any]] = {kind: [] for kind in _READ}
    set_aside = None
    for result in results:
        if type(result).__name__ == "Reconciliation":  # of all periods; its figures are all that is read of it
            set_aside = result
            continue
        if not isinstance(result, _READ):
            raise ParameterError(f"findings: {type(result).__name__} is no result that findings read.")
        if result.period != scorecard.period:
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
    rate = evidence.margin_rate
    if not part or evidence.fall is not None or (rate is not None and rate <= 0):
        why = text("No stake: at a margin of zero or less, more revenue earns nothing.")
    elif evidence.fell():
        why = text("No stake: gross profit did not fall in all.")
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
