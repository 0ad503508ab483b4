"""Waterfall views: the steps from the list price to the pocket, and the members, as a reader sees them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import estimates, languages
from perfkit.contribution import ENOUGH
from perfkit.dimensions import dimension_name
from perfkit.languages import mark, percent, plural, show, text
from perfkit.results import Field, View

if TYPE_CHECKING:
    from perfkit.margins.prices.waterfalls import PriceWaterfall

NAMES = {
    "list_revenue": mark("List revenue"),
    "discounts": mark("Discounts"),
    "other_reductions": mark("Other reductions on the invoice"),
    "invoiced": mark("Invoiced at a list price"),
    "unlisted": mark("Sales without a list price"),
    "returns": mark("Returns and credit notes"),
    "net_revenue": mark("Net revenue"),
    "pocket_revenue": mark("Pocket revenue"),
    "uncosted": mark("Net revenue of lines whose cost is not known"),
    "goods": mark("Goods of the lines sold"),
    "pocket_margin": mark("Pocket margin"),
}
"""What steps are called: message ids."""

_MOST = 15


def label(row: Mapping[Any, Any]) -> str:
    """Return what a step is called: a cost by its own name."""
    return text(NAMES[row["line"]]) if row["line"] in NAMES else row["name"] or text("(no name)")


def shown(result: "PriceWaterfall") -> list[View]:
    """Return the steps, and the members where there are any."""
    if result.reason:
        title = text("{what}: not available", what=text("Price waterfall"))
        return [View(title, result.reason, [], pd.DataFrame())]
    return [_steps(result), *([_members(result)] if len(result.members) else [])]


def _steps(result: "PriceWaterfall") -> View:
    records = result.rows.to_dict("records")
    compared = not result.rows["previous"].isna().all()
    rows = []
    for row in records:
        known = not languages.missing(row["share"]) and not languages.missing(row["previous_share"])
        change = row["share"] - row["previous_share"] if known else None
        tone = estimates.tone(change, "points") if row["line"] != "list_revenue" else None
        name = label(row)
        rows.append(row | {"label": f"= {name}" if row["role"] == "whole" else name, "change": change, "tone": tone})
    fields = [
        Field("label", text("Line")),
        Field("amount", result.period.name(), result.currency),
        Field("share", text("Of list revenue, %"), "share"),
    ]
    if compared and result.previous is not None:
        fields += [
            Field("previous", result.previous.name(), result.currency),
            Field("previous_share", text("Of list revenue, %"), "share"),
            Field("change", text("Change"), "points", signed=True, tone_from="tone"),
        ]
    subtitle = text(
        "From list revenue to the pocket, {period}, {currency} net of tax; what is taken off is negative",
        period=result.period.name(),
        currency=result.currency,
    )
    return View(result.message(), subtitle, fields, pd.DataFrame(rows, dtype="object"), notes=_notes(result))


def _notes(result: "PriceWaterfall") -> list[str]:
    notes = []
    if result.listed is not None and result.listed < 1:
        notes.append(
            text(
                "A list price is known for {share} of what was sold; the rest stands in a row of its own, and no "
                "discount is supposed for it.",
                share=percent(result.listed),
            )
        )
        if result.listed < ENOUGH:
            notes.append(text("Below the invoice no part of list revenue is given: it would be that of other sales."))
    if "pocket_revenue" in set(result.rows["line"]):
        notes.append(
            text(
                "Pocket revenue is net revenue less the declared costs that follow a sale (rebates, freight, payment, "
                "serving the customer); spend on marketing is in none of them."
            )
        )
    return [*notes, *(each for each in (result.pocket_reason, result.previous_reason) if each)]


def _members(result: "PriceWaterfall") -> View:
    """The members by list revenue, the largest first; the small ones together."""
    rows = sorted(result.members.to_dict("records"), key=lambda row: -row["list_revenue"])
    table = [row | {"label": row["name"] or text("(unknown)")} for row in rows[: _MOST + (len(rows) == _MOST + 1)]]
    rest = rows[len(table) :]
    if rest:
        table.append(_together(rest) | {"label": plural("{n} other", "{n} others", len(rest))})
    table.append(_together(rows) | {"label": text("Total"), "change": result.change})
    for row in table:
        row["tone"] = estimates.tone(row["change"], "points")
    best = sorted((r for r in rows if r["discounts"] < 0), key=lambda row: row["discounts"])
    if best:
        title = text(
            "{member} gets most: {money} off the list price, {share} of it",
            member=best[0]["name"] or text("(unknown)"),
            money=show(-best[0]["discounts"], result.currency),
            share=percent(1 - best[0]["realisation"]),
        )
    else:
        title = text("No member gets anything off the list price")
    fields = [
        Field("label", dimension_name(result.by)),
        _amount("list_revenue", text("List revenue"), result.currency),
        _amount("discounts", text("Discounts"), result.currency),
        Field("realisation", text("Paid of the list price, %"), unit="share"),
    ]
    if not result.members["change"].isna().all():
        fields.append(Field("change", text("Change"), unit="points", signed=True, tone_from="tone"))
    fields += [
        _amount("rest", text("Without a list price, and returns"), result.currency),
        _amount("net_revenue", text("Net revenue"), result.currency),
    ]
    notes = []
    if not result.members["off_invoice"].isna().all():
        fields.append(_amount("off_invoice", text("Off the invoice"), result.currency))
        fields.append(_amount("pocket_revenue", text("Pocket revenue"), result.currency))
        if result.unassigned:
            notes.append(
                text(
                    "{money} of costs off the invoice name no member and are in no row.",
                    money=show(-result.unassigned, result.currency),
                )
            )
    subtitle = text(
        "From list revenue to the pocket by {dimension}, {period}, {currency} net of tax",
        dimension=languages.in_sentence(dimension_name(result.by)),
        period=result.period.name(),
        currency=result.currency,
    )
    return View(title, subtitle, fields, pd.DataFrame(table, dtype="object"), total=True, notes=notes)


def _together(rows: list[dict[Any, Any]]) -> dict[str, Any]:
    """The sums of some members; a sum of what is unknown stays unknown."""
    found: dict[str, Any] = {
        name: None if rows[0][name] is None else sum((row[name] for row in rows), Decimal(0))
        for name in ("list_revenue", "discounts", "invoiced", "rest", "net_revenue", "off_invoice", "pocket_revenue")
    }
    return found | {"realisation": estimates.ratio(found["invoiced"], found["list_revenue"]), "change": None}


def _amount(key: str, heading: str, currency: str) -> Field:
    """A column of amounts of one currency, which stands in the heading."""
    return Field(key, f"{heading}, {currency}", unit="quantity")
