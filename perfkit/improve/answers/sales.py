"""Answers on sales: where do they stand, and why did they move?"""

from collections.abc import Iterable
from decimal import Decimal

from perfkit.dimensions import dimension_name
from perfkit.estimates import MOST_GROWTH, tells
from perfkit.improve.answers.answer import Answer
from perfkit.improve.evidence import MATERIAL, comparable_months, known_members
from perfkit.improve.summaries import days_in_words, revenue_stands
from perfkit.kpis.breakdowns import Breakdown, label
from perfkit.kpis.movements import Movers
from perfkit.kpis.scorecards import Scorecard
from perfkit.kpis.trees import RevenueTree
from perfkit.kpis.trends import Trend
from perfkit.kpis.walks import RevenueWalk
from perfkit.kpis.years import YearToDate
from perfkit.languages import in_sentence, listing, missing, money, percent, plural, text
from perfkit.months import silence

_PLACES = 2  # dimensions in which an answer says where revenue moved
_PART = Decimal("0.1")  # of the change: a member that did less of it does not answer for it


def standing(scorecard: Scorecard, trend: Trend | None = None, year_to_date: YearToDate | None = None) -> Answer:
    """Say where revenue stands against the year before and the target, and how the months ran.

    Parameters
    ----------
    scorecard : Scorecard
    trend : Trend, optional
    year_to_date : YearToDate, optional
        Its landing takes the place of the months.
    """
    months = _months(trend) if trend is not None else ""
    second = _landing(year_to_date, scorecard.currency) if year_to_date is not None else ""
    sentences = [_revenue(scorecard), second or months]
    return Answer(tuple(sentence for sentence in sentences if sentence), _standing_caveat(scorecard, trend))


def _revenue(scorecard: Scorecard) -> str:
    row = scorecard.row("revenue")
    growth, attainment = row["growth_previous"], row["attainment"]
    values = {
        "period": scorecard.period.name(),
        "previous": scorecard.previous.name(),
        "value": money(row["actual"], scorecard.currency),
        "growth": percent(growth, signed=True),
        "attainment": percent(attainment),
        "target": money(row["target"], scorecard.currency),
    }
    # Where a month may be missing nothing is judged: both amounts are named, and the caveat says why.
    grew = tells(growth) and abs(growth) >= MATERIAL and not scorecard.silent
    planned = not missing(attainment) and 0 <= attainment <= MOST_GROWTH and not scorecard.silent_here()
    if grew and planned:
        return text(
            "Revenue in {period} was {value}, {growth} on {previous} and {attainment} of the target of {target}.",
            **values,
        )
    if grew:
        return text("Revenue in {period} was {value}, {growth} on {previous}.", **values)
    if planned:
        return text("Revenue in {period} was {value}, {attainment} of the target of {target}.", **values)
    if row["variance_previous"] and (scorecard.silent or not tells(growth)):
        values["previous"] = f"{values['previous']} ({money(row['previous'], scorecard.currency)})"
        return text("Revenue in {period} was {value}, after {previous}.", **values)
    return revenue_stands(scorecard)


def _months(trend: Trend) -> str:
    """Say in how many of the months that can be compared revenue was above the year before."""
    compared = comparable_months(trend.cells.to_dict("records"), trend)
    if len(compared) < 2:
        return ""
    up = sum(cell["revenue"] > cell["previous"] for cell in compared)
    if trend.silent:
        return plural(
            "It was above the year before in {n} of the {months} months that can be compared.",
            "It was above the year before in {n} of the {months} months that can be compared.",
            up,
            months=len(compared),
        )
    return plural(
        "It was above the year before in {n} of the last {months} months.",
        "It was above the year before in {n} of the last {months} months.",
        up,
        months=len(compared),
    )


def _landing(year_to_date: YearToDate, currency: str) -> str:
    """Say where the year lands, and against which target or year."""
    landing = year_to_date.landing
    if year_to_date.reason or landing.status != "estimated" or landing.low is None:
        return ""
    values = {
        "year": year_to_date.year.name(),
        "estimate": money(landing.estimate, currency),
        "low": money(landing.low, currency),
        "high": money(landing.high, currency),
        "target": money(year_to_date.year_target, currency),
        "before": money(year_to_date.year_previous, currency),
    }
    if not missing(year_to_date.year_target):
        return text(
            "At this pace {year} lands at {estimate} (between {low} and {high}), for a target of {target}.", **values
        )
    if not missing(year_to_date.year_previous):
        return text(
            "At this pace {year} lands at {estimate} (between {low} and {high}), after {before} the year before.",
            **values,
        )
    return text("At this pace {year} lands at {estimate} (between {low} and {high}).", **values)


def _standing_caveat(scorecard: Scorecard, trend: Trend | None) -> str:
    """The first of: no year before, months without a line, unequal working days, the day on which revenue counts."""
    revenue, silent = scorecard.row("revenue"), scorecard.silent if trend is None else trend.silent
    if revenue["previous_reason"]:
        return str(revenue["previous_reason"])
    if scorecard.silent:
        return silence(scorecard.silent)
    if silent:
        return text(
            "No line is dated in {months}: either nothing was sold, or an export is missing.",
            months=listing(month.name() for month in silent),
        )
    return days_in_words(scorecard) or text(
        "Revenue counts on: {revenue_date}.", revenue_date=text(scorecard.revenue_date)
    )


def causes(tree: RevenueTree | None, walk: RevenueWalk | None, *results: Breakdown | Movers) -> Answer:
    """Say through which factors, customers and members revenue moved.

    Parameters
    ----------
    tree : RevenueTree or None
    walk : RevenueWalk or None
    *results : Breakdown or Movers
        The dimensions in which it says where, the one with the largest movement first.
    """
    change = _change_of(tree, results)
    if change is None or (tree is not None and tree.reason and not change):
        reason = next((each.reason for each in (tree, *results) if each is not None and each.reason), "")
        return Answer((text("These data do not say yet what made revenue move."),), reason)
    change_, currency = change
    if not change_:
        return Answer((text("Revenue did not change against the year before."),))
    sentences = [_factors(tree, change_, currency)]
    places = [*_customers(walk, currency), *_places(results, change_, currency)]
    if places:
        sentences.append(text("Behind it: {places}.", places=text("; ").join(places)))
    silent = next((each.silent for each in (tree, *results) if each is not None and each.silent), ())
    caveat = text("This says where the change is, not why: ask those who know before deciding.")
    return Answer(tuple(sentences), f"{silence(silent)} {caveat}".strip())


def _change_of(tree: RevenueTree | None, results: Iterable[Breakdown | Movers]) -> tuple[Decimal, str] | None:
    """The change of revenue, as the first of the results that knows it says."""
    if tree is not None and not tree.reason:
        return tree.change, tree.currency
    for result in results:
        if result.reason:
            continue
        if isinstance(result, Movers):
            return result.change, result.currency
        if result.previous_total is not None:
            return result.total - result.previous_total, result.currency
    return None


def _factors(tree: RevenueTree | None, change: Decimal, currency: str) -> str:
    values = {"amount": money(abs(change), currency), "factors": ""}
    if tree is not None and not tree.reason:
        values["factors"] = listing(
            f"{in_sentence(text(row['name']))} {money(row['effect'], currency, signed=True)}"
            for row in sorted(tree.rows.to_dict("records"), key=lambda row: -abs(row["effect"]))
            if row["effect"]
        )
    if values["factors"]:
        return (
            text("Revenue rose by {amount}: {factors}.", **values)
            if change > 0
            else text("Revenue fell by {amount}: {factors}.", **values)
        )
    return text("Revenue rose by {amount}.", **values) if change > 0 else text("Revenue fell by {amount}.", **values)


def _customers(walk: RevenueWalk | None, currency: str) -> list[str]:
    """What customers who left took, what those who came or came back brought, and what is of neither."""
    if walk is None or walk.reason or not walk.base_customers:
        return []
    come = walk.effect("new") + walk.effect("acquired") + walk.effect("reactivated")
    values = {
        "lost": money(walk.effect("lost"), currency, signed=True),
        "come": money(come, currency, signed=True),
        "kept": money(walk.effect("expansion") + walk.effect("contraction"), currency, signed=True),
    }
    known = text("customers who did not buy again {lost}, who came {come}, who stayed {kept}", **values)
    rest = [
        f"{in_sentence(text(row['name']))} {money(row['effect'], currency, signed=True)}"
        for row in walk.rows.to_dict("records")
        if row["step"] in ("credited", "unknown") and row["effect"]
    ]
    return [", ".join((known, *rest))]


def _places(results: Iterable[Breakdown | Movers], change: Decimal, currency: str) -> list[str]:
    """Where revenue moved most, in the direction of its change, in the dimensions that say most of it."""
    found: list[tuple[Decimal, str, tuple[str, str]]] = []
    for result in results:
        column = "change" if isinstance(result, Movers) else "variance"
        if result.reason or result.by in [by for _, by, _ in found]:
            continue
        known = [row for row in known_members(result) if not missing(row[column])]
        along = [row for row in known if row[column] * change > 0]
        if len(known) < 2 or not along:
            continue
        most = max(along, key=lambda row: (abs(row[column]), str(row["member"])))
        if abs(most[column]) < _PART * abs(change):
            continue
        found.append((abs(most[column]), result.by, (label(most), money(most[column], currency, signed=True))))
    found.sort(key=lambda each: (-each[0], each[1]))
    return [
        text(
            "by {dimension}, {member} {change}",
            dimension=in_sentence(dimension_name(by)),
            member=member,
            change=moved,
        )
        for _, by, (member, moved) in found[:_PLACES]
    ]
