"""Whale views: how the curve is told: its parts, both its ends, what stands in no rank, and the year before."""

from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING

import pandas as pd

from perfkit import estimates, languages
from perfkit.contribution import ENOUGH
from perfkit.dimensions import dimension_name
from perfkit.languages import mark, number, percent, plural, show, text
from perfkit.results import Field, View

if TYPE_CHECKING:
    from perfkit.margins.profitability.regressions import Regression
    from perfkit.margins.profitability.whales import WhaleCurve

TOP = 0.2
"""The share of members whose part of the profit is told."""
_ENDS = 5
_PROFITS = {"gross_profit": mark("Gross margin"), "cm2": mark("Contribution margin 2")}


def top(members: int) -> int:
    """Return how many of so many members are the best fifth."""
    return ceil(members * TOP)


def shown(result: "WhaleCurve") -> list[View]:
    """Return the parts of the curve, then who is at both its ends, then the year before."""
    if result.reason:
        title = text("{what}: not available", what=text("Whale curve"))
        return [View(title, result.reason, [], pd.DataFrame())]
    share = Field("share", text("Share of profit, %"), unit="share")
    amount = Field("profit", f"{text(_PROFITS[result.profit])}, {result.currency}", unit="quantity", bar=True)
    fields = [Field("label", text("Rank")), Field("members", text("Number"), unit="count"), amount, share]
    views = [View(message(result), subtitle(result), fields, _parts(result), total=True, notes=_notes(result))]
    fields = [Field("rank", text("Rank"), unit="count"), Field("label", dimension_name(result.by)), amount]
    ends = result.cells if len(result.cells) <= 2 * _ENDS else pd.concat([result.cells[:_ENDS], result.cells[-_ENDS:]])
    ends = ends.assign(label=ends["name"]).reset_index(drop=True)
    views.append(View(text("Who is at both ends of the curve"), subtitle(result), fields, ends))
    if result.before is not None and result.before.losers:
        views.append(_regression(result))
    return views


def message(result: "WhaleCurve") -> str:
    """Return the curve in a sentence."""
    losers, destroyed = result.losers, show(-result.destroyed, result.currency)
    if result.peak is None:
        return text(
            "In all, nothing is earned: {total}, of which {destroyed} lost by {n} of {all}",
            total=show(result.total, result.currency),
            destroyed=destroyed,
            n=number(losers),
            all=number(len(result.cells)),
        )
    if not losers:
        return plural(
            "The best of {all} brings {share} of profit; none loses money",
            "The {n} best of {all} bring {share} of profit; none loses money",
            top(len(result.cells)),
            all=number(len(result.cells)),
            share=percent(result.top_share),
        )
    return plural(
        "{n} of {all} loses money and takes back {destroyed}: profit peaks at {peak} of what is left",
        "{n} of {all} lose money and take back {destroyed}: profit peaks at {peak} of what is left",
        losers,
        all=number(len(result.cells)),
        destroyed=destroyed,
        peak=percent(result.peak),
    )


def subtitle(result: "WhaleCurve") -> str:
    """Return what is cumulated, of whom and when."""
    return text(
        "{profit} of each {dimension}, the best first, {period}, {currency}",
        profit=text(_PROFITS[result.profit]),
        dimension=languages.in_sentence(dimension_name(result.by)),
        period=result.period.name(),
        currency=result.currency,
    )


def _parts(result: "WhaleCurve") -> pd.DataFrame:
    """The best fifth, the others that earn, those at zero, those that lose, and all."""
    profits = list(result.cells["profit"])
    best = min(top(len(profits)), result.earners)
    parts = [
        (plural("the best", "the {n} best", best) if best else "", profits[:best]),
        (text("others that earn"), profits[best : result.earners]),
        (text("neither earn nor lose"), [each for each in profits if each == 0]),
        (text("lose money"), [each for each in profits if each < 0]),
    ]
    rows = [(label, len(part), sum(part, Decimal(0))) for label, part in parts if part]
    rows.append((text("Total"), len(profits), result.total))
    frame = pd.DataFrame(rows, columns=["label", "members", "profit"], dtype="object")
    shares = [estimates.ratio(each, result.total) if result.total > 0 else None for each in frame["profit"]]
    return frame.assign(share=pd.Series(shares, dtype="object"))


def _notes(result: "WhaleCurve") -> list[str]:
    notes = [
        text("{profit} is the deepest margin that the data give; common fixed costs are in no rank.",
             profit=text(_PROFITS[result.profit]))
    ]  # fmt: skip
    for row in result.left_out.to_dict("records"):
        money = show(row["net_revenue"] if row["profit"] is None else row["profit"], result.currency)
        if row["reason"] == "no member" and row["profit"] is None:
            notes.append(
                plural(
                    "In no rank: {n} line without a {dimension}, whose cost is not known, {money} of net revenue.",
                    "In no rank: {n} lines without a {dimension}, whose cost is not known, {money} of net revenue.",
                    row["lines"],
                    dimension=languages.in_sentence(dimension_name(result.by)),
                    money=money,
                )
            )
        elif row["reason"] == "no member":
            notes.append(
                plural(
                    "In no rank: {n} line without a {dimension}, with a profit of {money}.",
                    "In no rank: {n} lines without a {dimension}, with a profit of {money}.",
                    row["lines"],
                    dimension=languages.in_sentence(dimension_name(result.by)),
                    money=money,
                )
            )
        elif row["reason"] == "cost known of a part":
            notes.append(
                text(
                    "In no rank: those whose cost is known of less than {least} of the amounts, {money} of net "
                    "revenue. Costs to serve are of all their lines.",
                    least=percent(ENOUGH, 0),
                    money=money,
                )
            )
        elif row["reason"] == "no known cost":
            notes.append(
                plural(
                    "In no profit: {n} line whose cost is not known, {money} of net revenue.",
                    "In no profit: {n} lines whose cost is not known, {money} of net revenue.",
                    row["lines"],
                    money=money,
                )
            )
        else:
            notes.append(
                text("In no rank: {money} of costs to this level that reach nobody whose profit is known.", money=money)
            )
    if result.hhi is not None and result.gini is not None:
        notes.append(
            text(
                "Concentration of what those that earn bring: HHI {hhi}, Gini {gini}.",
                hhi=number(result.hhi, 3),
                gini=number(result.gini, 2),
            )
        )
    notes += result.cautions
    notes.append(text("A rank says who earned, not what would be earned without the others."))
    return notes


def _regression(result: "WhaleCurve") -> View:
    """The year before: those that lose now, and those that lost then."""
    before = result.before
    assert before is not None
    rows = [
        (text("those that lose now"), before.losers, before.earned_then, before.lost),
        (text("those that lost then"), before.earlier_losers, before.earlier_lost, before.earlier_now),
    ]
    fields = [
        Field("label", dimension_name(result.by)),
        Field("members", text("Number"), unit="count"),
        Field("then", f"{before.period.name()}, {result.currency}", unit="quantity"),
        Field("now", f"{result.period.name()}, {result.currency}", unit="quantity"),
    ]
    values = {"lost": show(-before.lost, result.currency), "then": show(abs(before.earned_then), result.currency)}
    title = (
        text("Those that lose {lost} now lost {then} a year before", **values)
        if before.earned_then < 0
        else text("Those that lose {lost} now made {then} a year before", **values)
    )
    notes = []
    if before.correlation is not None and before.expected is not None:
        notes.append(
            text(
                "From one year to the next, the profits of the {n} that stood near zero correlate at {r}. If nothing "
                "changes, those that lose now may be expected to make {expected} next year, and not {lost} again "
                "(regression to the mean): judge an action against that.",
                n=number(before.pairs),
                r=number(before.correlation, 2),
                expected=show(before.expected, result.currency),
                lost=show(before.lost, result.currency),
            )
        )
    elif before.losers and before.slope is not None:
        notes.append(unregressed(before))
    elif before.losers:
        notes.append(text("Too few stood near zero a year before to say how much of the losses is chance."))
    frame = pd.DataFrame(rows, columns=["label", "members", "then", "now"], dtype="object")
    return View(title, subtitle(result), fields, frame, notes=notes)


def unregressed(before: "Regression") -> str:
    """Return why nothing is taken off the losses for luck, though the year before is known."""
    if before.holds:
        return text(
            "No regression to the mean to speak of: from one year to the next, profits near zero were multiplied "
            "by {slope} ({low} to {high}, {n} compared), so that the losses are taken as they are.",
            slope=number(before.slope, 2),
            low=number(before.slope_low, 2),
            high=number(before.slope_high, 2),
            n=number(before.pairs),
        )
    return text(
        "No regression to the mean to speak of: profits near zero fell from one year to the next, so that the losses "
        "are taken as they are."
    )
