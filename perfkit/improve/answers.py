"""Answers: what a section says in one or two sentences, written from its figures, and what to bear in mind."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from perfkit.dimensions import dimension_name
from perfkit.estimates import LEVEL, MOST_GROWTH, ratio, tells
from perfkit.improve.evidence import MATERIAL, comparable_months, known_members
from perfkit.improve.findings import Finding, Findings, claims_of, measured
from perfkit.improve.stakes import additions, is_part
from perfkit.improve.summaries import days_in_words, revenue_stands
from perfkit.kpis.breakdowns import Breakdown, label
from perfkit.kpis.movements import Movers
from perfkit.kpis.scorecards import Scorecard
from perfkit.kpis.trees import RevenueTree
from perfkit.kpis.trends import Trend
from perfkit.kpis.walks import RevenueWalk
from perfkit.kpis.years import YearToDate
from perfkit.languages import in_sentence, listing, missing, money, percent, plural, text
from perfkit.margins import (
    DiscountDispersion,
    PriceVolumeMix,
    PriceWaterfall,
    Profitability,
    Statement,
    WhaleCurve,
)
from perfkit.margins.bridge import views as bridge_views
from perfkit.margins.profitability import Differences, whale_views
from perfkit.margins.profitability.views import margin_name
from perfkit.months import silence
from perfkit.results import Result, View, environment, figure_frame

_MOVED = 3  # lines of a statement that an answer names
_PLACES = 2  # dimensions in which an answer says where revenue moved
_PART = Decimal("0.1")  # of the change: a member that did less of it does not answer for it


@dataclass(frozen=True, eq=False)
class Answer(Result):
    """The answer of a section.

    Attributes
    ----------
    sentences : tuple of str
        One or two, in the language in use when they were written; so is the caveat.
    caveat : str
        The main thing to bear in mind; empty where there is none.
    """

    sentences: tuple[str, ...]
    caveat: str = ""

    def figures(self) -> pd.DataFrame:
        """Return no figure: those that it quotes stand in the results below it."""
        return figure_frame([])

    def views(self) -> list[View]:
        """Return the sentences, the caveat below them."""
        first, *others = self.sentences
        return [View(first, " ".join(others), [], pd.DataFrame(), notes=[self.caveat] if self.caveat else [])]

    def html(self) -> str:
        """Return the answer, every text escaped by the template."""
        return environment().get_template("answer.html.j2").render(sentences=self.sentences, caveat=self.caveat)


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
    """What customers who left took, and what those who came or came back brought."""
    if walk is None or walk.reason or not walk.base_customers:
        return []
    come = walk.effect("new") + walk.effect("acquired") + walk.effect("reactivated")
    values = {
        "lost": money(walk.effect("lost"), currency, signed=True),
        "come": money(come, currency, signed=True),
        "kept": money(walk.effect("expansion") + walk.effect("contraction"), currency, signed=True),
    }
    return [text("customers who did not buy again {lost}, who came {come}, who stayed {kept}", **values)]


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


def left(statement: Statement) -> Answer:
    """Say what is left of revenue in the end, and which lines of the statement moved most.

    Parameters
    ----------
    statement : Statement
    """
    rows = [
        row for row in statement.rows.to_dict("records") if row["role"] != "margin" and not missing(row["previous"])
    ]
    changes = sorted(((row["amount"] - row["previous"], row["line"]) for row in rows), key=lambda each: -abs(each[0]))
    named = listing(
        f"{in_sentence(statement.label(line))} {money(change, statement.currency, signed=True)}"
        for change, line in changes[:_MOVED]
        if change
    )
    sentences = [f"{statement.message()}."]
    if named and not statement.silent:
        sentences.append(text("Against the year before, most moved: {lines}.", lines=named))
    caveat = statement.reason or statement.previous_reason or silence(statement.silent)
    return Answer(
        tuple(sentences), caveat or text("Each cost stands at the level that the company declares, and at one only.")
    )


def moved(*bridges: PriceVolumeMix) -> Answer:
    """Say what prices, volumes, mix and unit costs did since the year before.

    Parameters
    ----------
    *bridges : PriceVolumeMix
        Of revenue, of gross profit.
    """
    there = [each for each in bridges if not each.reason]
    if not there:
        reason = next((each.reason for each in bridges), "")
        return Answer((text("These data do not say yet what prices, volumes and mix did."),), reason)
    warning = next((each.warnings[0] for each in there if each.dominated), "")
    return Answer(
        tuple(f"{bridge_views.message(each)}." for each in there),
        warning or text("An effect says what moved, not why: a price is net revenue a unit, discounts and all."),
    )


def earned(*results: Profitability | WhaleCurve) -> Answer:
    """Say where money is made, and where it is lost.

    Parameters
    ----------
    *results : Profitability or WhaleCurve
        Of one dimension each, in the order in which they are told.
    """
    told = [
        sentence
        for result in results
        if not result.reason and (sentence := _curve(result) if isinstance(result, WhaleCurve) else _members(result))
    ]
    if not told:
        reason = next((each.reason for each in results if each.reason), "")
        return Answer((text("These data do not say yet where money is made and lost."),), reason)
    return Answer(
        tuple(told),
        text("Common fixed costs are in no margin here, and what nothing measures is spread over nobody."),
    )


def _members(result: Profitability) -> str:
    """Who brings most, and who earns least of what it sells; empty where no margin is known."""
    margin = result.deepest
    known = result.rows[result.rows["member"].notna()].to_dict("records")
    rows = [row for row in known if not missing(row.get(margin)) and margin != "net_revenue"]
    total = sum((row[margin] for row in rows), Decimal(0))
    if not rows or total <= 0 or len(result.dimensions) > 1:
        return ""
    most = max(rows, key=lambda row: (row[margin], str(row["member"])))
    values = {
        "dimension": in_sentence(dimension_name(result.dimensions[0])),
        "member": label(most),
        "amount": money(most[margin], result.currency),
        "share": percent(ratio(most[margin], total)),
        "margin": in_sentence(margin_name(margin)),
    }
    rated = [row for row in rows if not missing(row[f"{margin}_rate"])]
    if len(rated) < 2:
        return text("By {dimension}, {member} brings {share} of {margin} ({amount}).", **values)
    least = min(rated, key=lambda row: (row[f"{margin}_rate"], str(row["member"])))
    values |= {"least": label(least), "rate": percent(least[f"{margin}_rate"])}
    if least["member"] == most["member"]:
        return text(
            "By {dimension}, {member} brings {share} of {margin} ({amount}) and keeps least of what it sells, {rate}.",
            **values,
        )
    return text(
        "By {dimension}, {member} brings {share} of {margin} ({amount}); {least} keeps least of what it sells, {rate}.",
        **values,
    )


def _curve(result: WhaleCurve) -> str:
    return text(
        "By {dimension}, {message}.",
        dimension=in_sentence(dimension_name(result.by)),
        message=in_sentence(whale_views.message(result)),
    )


def differ(*results: Differences) -> Answer:
    """Say which margin rates differ from the rest beyond chance, and which cannot be told from it.

    Parameters
    ----------
    *results : Differences
    """
    told = [sentence for result in results if not result.reason and (sentence := _differing(result))]
    if not told:
        reason = next((each.reason for each in results if each.reason), "")
        return Answer((text("These data do not tell whose margin rate differs beyond chance."),), reason)
    return Answer(tuple(told), text("Beyond chance is not for a cause: who buys what, and where, differs as well."))


def _differing(result: Differences) -> str:
    tested = [
        row for row in result.rows.to_dict("records") if row["adjusted_p"] is not None and row["member"] is not None
    ]
    if not tested:
        return ""
    sure = sorted(
        (row for row in tested if row["adjusted_p"] <= 1 - LEVEL), key=lambda row: (-row["estimate"], row["member"])
    )
    values = {
        "dimension": in_sentence(dimension_name(result.by)),
        "above": listing(label(row) for row in sure if row["estimate"] > 0),
        "below": listing(label(row) for row in sure[::-1] if row["estimate"] < 0),
        "alike": listing(label(row) for row in tested if row not in sure),
    }
    if values["above"] and values["below"]:
        sentence = text(
            "By {dimension}, the margin rate of {above} stands above the rest beyond chance, that of {below} below.",
            **values,
        )
    elif values["above"]:
        sentence = text("By {dimension}, the margin rate of {above} stands above the rest beyond chance.", **values)
    elif values["below"]:
        sentence = text("By {dimension}, the margin rate of {below} stands below the rest beyond chance.", **values)
    else:
        return text("By {dimension}, no margin rate differs from the rest beyond chance.", **values)
    return f"{sentence} {text('Not told from the rest: {alike}.', **values)}" if values["alike"] else sentence


def priced(pockets: PriceWaterfall, *dispersions: DiscountDispersion) -> Answer:
    """Say what is left of the list price, and who gets more off it than others on the same.

    Parameters
    ----------
    pockets : PriceWaterfall
    *dispersions : DiscountDispersion
    """
    told = [f"{pockets.message()}."] if not pockets.reason else []
    told += [
        text(
            "By {dimension}, {message}.",
            dimension=in_sentence(dimension_name(each.by)),
            message=in_sentence(each.message()),
        )
        for each in dispersions
        if not each.reason
    ]
    if not told:
        reasons = [pockets.reason, *(each.reason for each in dispersions)]
        return Answer((text("These data do not say yet who pays which price."),), next(filter(None, reasons), ""))
    return Answer(
        tuple(told), text("Only lines with a list price are in it, and volumes are supposed to stay as they are.")
    )


def worth(findings: Findings) -> Answer:
    """Say what is at stake in all, and where most of it lies."""
    total = findings.total_in_words()
    if not total:
        return Answer(
            (text("No finding can be priced."),),
            text("Gaps are measured against the year before, targets and costs, where the data hold them."),
        )
    added = additions(claims_of(findings.items))
    largest = sorted(
        ((amount, item) for amount, item in zip(added, findings.items, strict=True) if amount),
        key=lambda each: (-each[0], each[1].id),
    )[:3]
    where = listing(f"{item.topic} ({_added(amount, item, findings)})" for amount, item in largest)
    second = text("Most lies in {where}.", where=where)
    whole = largest[0][1]
    part = next((item for item in findings.items if item.amount and is_part(item.pools, whole.pools)), None)
    if part is not None:
        second = text(
            "Most lies in {where}; within the first, {topic} ({amount}) weighs most.",
            where=where,
            topic=part.topic,
            amount=money(part.amount, findings.currency),
        )
    first = plural(
        "One finding puts {total} at stake.",
        "{n} findings put {total} at stake, each amount counted once.",
        sum(bool(item.amount) for item in findings.items),
        total=total,
    )
    caveat = text("A stake is a whole gap: the company says which share of it can be reached, and at what cost.")
    if any(item.stake and (item.stake.achievable != 1 or item.stake.cost) for item in findings.items):
        caveat = text(
            "A stake is a whole gap but where the company has said which share of it can be reached, or at what cost."
        )
    if findings.in_revenue:
        caveat = text("Where the margin is not known a stake is revenue, only a part of it profit: ask for the costs.")
    return Answer((first, second), f"{findings.total_caveat()} {caveat}".strip())


def _added(amount: Decimal, item: Finding, findings: Findings) -> str:
    """What a finding adds to the total, with its kind where there are several."""
    words = money(amount, findings.currency)
    if item.stake is None or len(findings.total) < 2:
        return words
    return f"{words} {measured(item.stake.measure, item.stake.kind)}"
