"""Rules: each reads results and returns what it finds, or nothing.

A stake is the gap to its reference x the base x the flow-through: the gross margin rate where costs are
known, because a lost sale loses its margin and not its revenue. Where no cost is known the stake is
revenue and says so: a margin is never invented.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from perfkit import languages
from perfkit.errors import ParameterError
from perfkit.improve.evidence import MATERIAL, Evidence
from perfkit.improve.findings import Finding, Findings
from perfkit.kpis.breakdowns import Breakdown, label
from perfkit.kpis.catalogue import dimension_name
from perfkit.kpis.concentrations import Concentration
from perfkit.kpis.movements import Movers
from perfkit.kpis.scorecards import Scorecard, figure_id
from perfkit.kpis.trees import RevenueTree
from perfkit.kpis.trends import Trend
from perfkit.languages import in_sentence, money, percent, plural, points, text

_RUN = 3  # months in a row below the year before, from which a run is told
_MANY, _MOST = 0.2, 0.5  # of revenue with ten customers: worth telling when it rises, and always
_BLIND = 0.05  # share of revenue without a customer, from which customer figures are told to be partial


Rule = Callable[[Evidence], Iterable[Finding]]


def findings(scorecard: Scorecard, *results: Trend | Breakdown | Movers | Concentration | RevenueTree) -> Findings:
    """Apply every rule to the results, and rank what they say by what is at stake.

    Parameters
    ----------
    scorecard : Scorecard
    *results : Trend, Breakdown, Movers, Concentration or RevenueTree
        Of the same period, in any order; each opens the rules that read it.

    Raises
    ------
    ParameterError
        If a result is none of these, or is of another period.
    """
    for result in results:
        if not isinstance(result, Trend | Breakdown | Movers | Concentration | RevenueTree):
            raise ParameterError(f"findings: {type(result).__name__} is no result that findings read.")
        if result.period != scorecard.period:
            raise ParameterError(
                f"findings: the scorecard is of {scorecard.period.label}, a {type(result).__name__} of "
                f"{result.period.label}. Compared, they would mislead; compute both for one period."
            )
    evidence = Evidence(
        scorecard,
        next((each for each in results if isinstance(each, Trend)), None),
        tuple(each for each in results if isinstance(each, Breakdown)),
        tuple(each for each in results if isinstance(each, Movers)),
        next((each for each in results if isinstance(each, Concentration)), None),
        next((each for each in results if isinstance(each, RevenueTree)), None),
    )
    found = [finding for rule in RULES for finding in rule(evidence)]
    ranked = sorted(
        found, key=lambda item: (item.stake is None, -(item.stake or Decimal(0)), item.tone == "good", item.id)
    )
    return Findings(tuple(ranked), scorecard.period, scorecard.currency)


def _revenue_against_year_before(evidence: Evidence) -> Iterator[Finding]:
    row, comparable = evidence.pair("revenue")
    change = row["variance_previous"]
    if not comparable or change == 0:
        return
    driver = evidence.tree.largest() if evidence.tree else None
    values = {
        "amount": money(abs(change), evidence.currency),
        "growth": percent(row["growth_previous"], signed=True),
        "previous": evidence.before,
        "factor": in_sentence(text(driver["name"])) if driver else "",
        "effect": money(driver["effect"], evidence.currency, signed=True) if driver else "",
    }
    if row["growth_previous"] is None:
        claim = (
            text("Revenue rose by {amount} against {previous}.", **values)
            if change > 0
            else text("Revenue fell by {amount} against {previous}.", **values)
        )
    elif change > 0:
        claim = (
            text(
                "Revenue rose by {amount} ({growth}) against {previous}, the largest part through {factor} ({effect}).",
                **values,
            )
            if driver
            else text("Revenue rose by {amount} ({growth}) against {previous}.", **values)
        )
    else:
        claim = (
            text(
                "Revenue fell by {amount} ({growth}) against {previous}, the largest part through {factor} ({effect}).",
                **values,
            )
            if driver
            else text("Revenue fell by {amount} ({growth}) against {previous}.", **values)
        )
    finding = Finding(
        id="revenue_against_year_before",
        claim=claim,
        value=change,
        unit=evidence.currency,
        basis=text(row["basis"]),
        reference=text(
            "{previous}: {value}", previous=evidence.before, value=money(row["previous"], evidence.currency)
        ),
        action=text("Keep doing what brought it, and check that it lasts."),
        caveat=text("The split by factors says where the change is, not why."),
        tone="good",
        figure_ids=evidence.ids("revenue"),
        money="change",
    )
    if change < 0:
        stake, basis = evidence.stake(-change)
        action = text("Start with what lost most, in the movers, and with the factor that moved most.")
        finding = replace(finding, tone="bad", stake=stake, stake_basis=basis, action=action)
    yield finding


def _revenue_against_target(evidence: Evidence) -> Iterator[Finding]:
    row = evidence.scorecard.row("revenue")
    gap = row["variance_target"]
    if gap is None or gap == 0:
        return
    values = {
        "amount": money(abs(gap), evidence.currency),
        "attainment": percent(row["attainment"]),
        "target": money(row["target"], evidence.currency),
    }
    claim = (
        text("Revenue is {amount} above its target of {target}.", **values)
        if gap > 0
        else text("Revenue is {amount} short of its target of {target}.", **values)
    )
    finding = Finding(
        id="revenue_against_target",
        claim=claim,
        value=gap,
        unit=evidence.currency,
        basis=text(row["basis"]),
        reference=text("Target: {target}", **values),
        action=text("Confirm the target for the rest of the year, or raise it."),
        caveat=text("A target is a plan: the gap also measures how it was set."),
        tone="good",
        figure_ids=(
            figure_id(evidence.scorecard.period, "revenue"),
            f"target:{evidence.scorecard.period.label}:revenue",
        ),
        money="target",
    )
    if gap < 0:
        stake, basis = evidence.stake(-gap)
        action = text("Decide which of the levers below closes the gap, with a name and a date for each.")
        finding = replace(finding, tone="bad", stake=stake, stake_basis=basis, action=action)
    yield finding


def _members_that_lost_most(evidence: Evidence) -> Iterator[Finding]:
    """Tell of two breakdowns at most, those whose member fell most: the others see the same money from elsewhere."""
    falling: list[tuple[Any, Breakdown, dict[Any, Any]]] = []
    for result in evidence.breakdowns:
        known = result.rows[result.rows["member"].notna() & result.rows["variance"].notna()]
        falls = [
            row for row in known.to_dict("records") if row["variance"] < 0 and evidence.is_material(row["variance"])
        ]
        if not falls or len(known) < 2:
            continue
        worst = min(falls, key=lambda row: (row["variance"], str(row["member"])))
        if worst["previous"] > 0:
            falling.append((worst["variance"] / worst["previous"], result, worst))
    for _, result, worst in sorted(falling, key=lambda each: (each[0], each[1].by))[:2]:
        dimension = in_sentence(dimension_name(result.by))
        stake, basis = evidence.stake(-worst["variance"])
        yield Finding(
            id=f"largest_loss:{result.by}",
            claim=text(
                "By {dimension}, {member} lost most: {change} against {previous}.",
                dimension=dimension,
                member=label({str(key): value for key, value in worst.items()}),
                change=money(worst["variance"], evidence.currency, signed=True),
                previous=evidence.before,
            ),
            value=worst["variance"],
            unit=evidence.currency,
            basis=text("Sum of net revenue of the member's lines dated in the period"),
            reference=text(
                "{previous}: {value}", previous=evidence.before, value=money(worst["previous"], evidence.currency)
            ),
            action=text("Ask those who know it why it fell, and decide what to change, by when."),
            caveat=text("The largest fall is found by looking at all members: part of it may be chance."),
            stake=stake,
            stake_basis=basis,
            figure_ids=(f"breakdown:{result.by}:{evidence.scorecard.period.label}:={worst['member']}",),
            money="change",
        )


def _customers_lost(evidence: Evidence) -> Iterator[Finding]:
    result = next((each for each in evidence.movers if each.by == "customer_id" and not each.reason), None)
    if result is None:
        return
    lost = result.rows[(result.rows["kind"] == "lost") & result.rows["member"].notna()]
    worth = sum(lost["previous"], Decimal(0))
    if worth <= 0 or not evidence.is_material(worth):
        return
    stake, basis = evidence.stake(worth)
    whole_year = len(result.period.months()) == 12
    yield Finding(
        id="customers_lost",
        claim=plural(
            "{n} customer of {previous} did not buy in {period}; it had brought {amount}.",
            "{n} customers of {previous} did not buy in {period}; they had brought {amount}.",
            len(lost),
            previous=evidence.before,
            period=result.period.name(),
            amount=money(worth, evidence.currency),
        ),
        value=len(lost),
        unit="count",
        basis=text("Identified customers with net revenue a year before and no line in the period"),
        reference=text("The customers of {previous}", previous=evidence.before),
        action=text("Call the largest of them; the list is in the movers."),
        caveat=""
        if whole_year
        else text(
            "Over less than a year some of them buy in other months: look at a whole year before calling them lost."
        ),
        stake=stake,
        stake_basis=text("{basis} Not all of them can be won back.", basis=basis),
        figure_ids=tuple(f"movers:customer_id:{result.period.label}:={member}" for member in lost["member"][:10]),
        money="change",
        signed=False,
    )


def _returns(evidence: Evidence) -> Iterator[Finding]:
    row, comparable = evidence.pair("return_rate")
    revenue = evidence.scorecard.row("revenue")["actual"]
    if not comparable or row["variance_previous"] <= 0 or revenue <= 0 or row["actual"] >= 1:
        return
    sold = revenue / (1 - Decimal(str(row["actual"])))
    more = sold * Decimal(str(row["variance_previous"]))
    if not evidence.is_material(more):
        return
    stake, basis = evidence.stake(more)
    yield Finding(
        id="returns",
        claim=text(
            "Returns rose to {rate} of sales, from {previous_rate} in {previous}.",
            rate=percent(row["actual"]),
            previous_rate=percent(row["previous"]),
            previous=evidence.before,
        ),
        value=row["variance_previous"],
        unit="points",
        basis=text(row["basis"]),
        reference=text("{previous}: {value}", previous=evidence.before, value=percent(row["previous"])),
        action=text("Find the products and customers behind the returns, the largest amounts first."),
        caveat=text(
            "Returns are booked after the sale: part of them belongs to earlier sales. Handling is not counted."
        ),
        stake=stake,
        stake_basis=basis,
        figure_ids=evidence.ids("return_rate"),
        money="returns",
    )


def _concentration(evidence: Evidence) -> Iterator[Finding]:
    row, comparable = evidence.pair("concentration")
    result = evidence.concentration
    if row["actual"] is None or result is None or result.reason:
        return
    rose = comparable and row["variance_previous"] >= MATERIAL and row["actual"] >= _MANY
    if not rose and row["actual"] < _MOST:
        return
    largest = result.tops["revenue"].iloc[0]
    stake, basis = evidence.stake(largest)
    values = {"share": percent(row["actual"]), "previous": evidence.before, "before": percent(row["previous"])}
    yield Finding(
        id="concentration",
        claim=text(
            "The ten largest customers bring {share} of identified revenue, up from {before} in {previous}.", **values
        )
        if rose
        else text("The ten largest customers bring {share} of identified revenue.", **values),
        value=row["actual"],
        unit="share",
        basis=text(row["basis"]),
        reference=text("{previous}: {value}", previous=evidence.before, value=values["before"])
        if comparable
        else text("Half of the revenue"),
        action=text("Secure the largest accounts with contracts, and win others of their kind."),
        caveat=text("Customers of one group count apart unless the data join them."),
        stake=stake,
        stake_basis=text("What leaves if the largest customer does, a risk and not a forecast: {basis}", basis=basis),
        figure_ids=evidence.ids("concentration"),
        money="risk",
        signed=False,
    )


def _repeat_rate(evidence: Evidence) -> Iterator[Finding]:
    row, comparable = evidence.pair("repeat_rate")
    if not comparable or row["tone_previous"] is None:  # a tone is given only when the intervals are apart
        return
    change = row["variance_previous"]
    values = {
        "rate": percent(row["actual"]),
        "before": percent(row["previous"]),
        "previous": evidence.before,
    }
    finding = Finding(
        id="repeat_rate",
        claim=text("More new customers buy again within 90 days: {rate}, against {before} in {previous}.", **values)
        if change > 0
        else text("Fewer new customers buy again within 90 days: {rate}, against {before} in {previous}.", **values),
        value=row["actual"],
        unit="share",
        low=row["low"],
        high=row["high"],
        basis=text(row["basis"]),
        reference=text("{previous}: {value}", previous=evidence.before, value=values["before"]),
        action=text("Find what changed in the first order or after it, and make it the rule."),
        caveat=text("The customers of the two years may differ: it is a comparison, not an experiment."),
        tone="good",
        figure_ids=evidence.ids("repeat_rate"),
        money="repeat",
        signed=False,
    )
    if change < 0:
        order = evidence.scorecard.row("aov")
        action = text("Write to new customers before their 60th day, and measure it against a group left alone.")
        finding = replace(finding, tone="bad", action=action)
        if order["status"] == "observed":
            again = Decimal(str(-change)) * int(row["n"])
            stake, basis = evidence.stake(again * Decimal(str(order["actual"])))
            finding = replace(
                finding,
                stake=stake,
                stake_kind="annual",
                stake_basis=text(
                    "One more order of average value each, for the customers missing. {basis}", basis=basis
                ),
            )
    yield finding


def _order_value(evidence: Evidence) -> Iterator[Finding]:
    row, comparable = evidence.pair("aov")
    orders = evidence.scorecard.row("orders")["actual"]
    if not comparable or row["status"] != "observed" or not row["variance_previous"]:
        return
    change = row["variance_previous"]
    if not evidence.is_material(Decimal(str(change)) * orders):
        return
    values = {
        "value": money(row["actual"], evidence.currency, 2),
        "before": money(row["previous"], evidence.currency, 2),
        "previous": evidence.before,
    }
    finding = Finding(
        id="order_value",
        claim=text("An average order is worth {value}, more than the {before} of {previous}.", **values)
        if change > 0
        else text("An average order is worth {value}, less than the {before} of {previous}.", **values),
        value=change,
        unit=evidence.currency,
        basis=text(row["basis"]),
        reference=text("{previous}: {value}", previous=evidence.before, value=values["before"]),
        action=text("See whether it is price, quantity or what is bought, and protect it."),
        caveat=text("A mean follows its largest orders: compare the median order in the scorecard."),
        tone="good",
        figure_ids=evidence.ids("aov"),
        money="change",
    )
    if change < 0:
        stake, basis = evidence.stake(Decimal(str(-change)) * orders)
        action = text("See whether discounts, prices or smaller baskets did it, and offer what goes with each order.")
        finding = replace(finding, tone="bad", stake=stake, stake_basis=basis, action=action)
    yield finding


def _anonymous_revenue(evidence: Evidence) -> Iterator[Finding]:
    row = evidence.scorecard.row("identified_share")
    if row["actual"] is None or 1 - row["actual"] < _BLIND:
        return
    blind = 1 - row["actual"]
    yield Finding(
        id="anonymous_revenue",
        claim=text("{share} of revenue has no customer, so no customer figure sees it.", share=percent(blind)),
        value=blind,
        unit="share",
        basis=text("Net revenue of lines without a customer / net revenue of the period"),
        reference=text("Every sale with its customer"),
        action=text("Ask how these sales are made, and record the customer where it can be done."),
        caveat=text("It is no loss; it is what cannot be seen."),
        tone=None,
        figure_ids=(figure_id(evidence.scorecard.period, "identified_share"),),
        signed=False,
    )


def _margin_rate(evidence: Evidence) -> Iterator[Finding]:
    row, comparable = evidence.pair("margin_rate")
    change, revenue = row["variance_previous"], evidence.scorecard.row("revenue")["actual"]
    if not comparable or row["status"] != "observed" or row["previous_status"] != "observed":
        return
    if change > -MATERIAL or revenue <= 0:
        return
    yield Finding(
        id="margin_rate",
        claim=text(
            "The gross margin rate fell by {change} to {rate}.",
            change=points(-change).removeprefix("+"),
            rate=percent(row["actual"]),
        ),
        value=change,
        unit="points",
        basis=text(row["basis"]),
        reference=text("{previous}: {value}", previous=evidence.before, value=percent(row["previous"])),
        action=text("Split it into price, cost and mix, product by product, before changing a price."),
        caveat=text("A shift to products of lower margin lowers the rate without any price or cost moving."),
        stake=Decimal(str(-change)) * revenue,
        stake_basis=text("Gap in the rate × revenue of the period, all of it profit."),
        figure_ids=evidence.ids("margin_rate"),
        money="margin",
    )


def _months_below(evidence: Evidence) -> Iterator[Finding]:
    if evidence.trend is None:
        return
    run: list[Decimal] = []
    for cell in reversed(evidence.trend.cells.to_dict("records")):
        if (
            languages.missing(cell["revenue"])
            or languages.missing(cell["previous"])
            or cell["revenue"] >= cell["previous"]
        ):
            break
        run.append(cell["previous"] - cell["revenue"])
    if len(run) < _RUN:
        return
    yield Finding(
        id="months_below",
        claim=plural(
            "Revenue has been below the year before for {n} month.",
            "Revenue has been below the year before for {n} months in a row.",
            len(run),
        ),
        value=len(run),
        unit="count",
        basis=text("Months up to the end of the period whose revenue is below that of the same month a year before"),
        reference=text("The same months a year before"),
        action=text("Look for what changed in the month in which it began."),
        caveat=text("Months are not of equal length in working days."),
        figure_ids=tuple(
            f"trend:{cell['month']:%Y-%m}:revenue" for cell in evidence.trend.cells.to_dict("records")[-len(run) :]
        ),
        money="change",
        signed=False,
    )


RULES: tuple[Rule, ...] = (
    _revenue_against_year_before,
    _revenue_against_target,
    _members_that_lost_most,
    _customers_lost,
    _returns,
    _concentration,
    _repeat_rate,
    _order_value,
    _anonymous_revenue,
    _margin_rate,
    _months_below,
)
"""Every rule; each returns what it finds, or nothing."""
