"""Answers on margins: what is left, what moved it, who earns it, and who pays which price?"""

from perfkit.contribution import ENOUGH
from perfkit.dimensions import dimension_name
from perfkit.estimates import LEVEL, ratio
from perfkit.improve.answers.answer import Answer
from perfkit.kpis.breakdowns import label
from perfkit.languages import in_sentence, listing, missing, money, percent, text
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
from perfkit.margins.profitability.views import margin_name, too_little
from perfkit.months import silence

_MOVED = 3  # lines of a statement that an answer names


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
    whole = result.whole()
    if not rows or whole[margin] <= 0 or len(result.dimensions) > 1:
        return ""
    if whole["coverage"] is not None and whole["coverage"] < ENOUGH:
        return f"{too_little(result)}."
    total = result.together(result.rows)[margin]
    most = max(rows, key=lambda row: (row[margin], str(row["member"])))
    values = {
        "dimension": in_sentence(dimension_name(result.dimensions[0])),
        "member": label(most),
        "amount": money(most[margin], result.currency),
        "share": percent(ratio(most[margin], total)),
        "margin": in_sentence(margin_name(margin)),
    }
    if total != whole[margin]:
        values["margin"] = text("{margin}, before costs that are not allocated", margin=values["margin"])
    rated = [row for row in rows if not missing(row[f"{margin}_rate"]) and row["coverage"] >= ENOUGH]
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
