"""Dispersion views: who is unlike its peers, what is left out, and what must be known before anybody is told so."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import languages
from perfkit.dimensions import dimension_name
from perfkit.languages import in_sentence, mark, money, number, percent, plural, text
from perfkit.margins.prices.gaps import LEAST
from perfkit.margins.profitability.differences import FEWEST
from perfkit.results import Field, View

if TYPE_CHECKING:
    from perfkit.margins.prices.dispersions import DiscountDispersion

_MOST, _MOST_BELOW = 15, 5
_LEFT_OUT = {
    "returns": mark("Returns and credit notes"),
    "no list price": mark("Sales without a list price"),
    "gifts": mark("Given free"),
    "no member": mark("Without a member"),
    "no customer": mark("Without a customer"),
    "no product": mark("Without a product"),
    "no order": mark("Without an order number"),
}
_STATUSES = {
    "above": mark("gets more off"),
    "below": mark("gets less off"),
    "not distinguishable": mark("not told apart"),
    "not available": mark("too little to tell"),
}
_GIVEN = {"above": mark("gives more off"), "below": mark("gives less off")}


def shown(result: "DiscountDispersion") -> list[View]:
    """Return the members, and the lines that are left out where there are any."""
    if result.reason:
        title = text("{what}: not available", what=text("Discounts compared"))
        return [View(title, result.reason, [], pd.DataFrame()), *_left_out(result)]
    return [_members(result), *_left_out(result)]


def largest(result: "DiscountDispersion", most: int = _MOST, below: int = _MOST_BELOW) -> pd.DataFrame:
    """Return the members to be shown: those above with most money at stake, then those below; else the largest gaps."""
    found = pd.concat([result.called("above").head(most), result.called("below").head(below)])
    return found if len(found) else result.called("not distinguishable").head(most)


def stake(row: Any) -> Decimal:
    """Return what a member gets beyond its peers, luck taken out."""
    return (Decimal(str(row["estimate"])) * row["compared"]).quantize(Decimal("0.0001"))


def subtitle(result: "DiscountDispersion") -> str:
    """Return what is compared, of whom, when."""
    values = {
        "dimension": in_sentence(dimension_name(result.by)),
        "period": result.period.name(),
        "currency": result.currency,
    }
    if result.within:
        inside = in_sentence(dimension_name(result.within))
        return text(
            "Discount by {dimension} against what others get on the same products in orders of the same size, inside "
            "the same {inside}, % of list revenue, {period}, {currency} net of tax",
            inside=inside,
            **values,
        )
    return text(
        "Discount by {dimension} against what others get on the same products in orders of the same size, % of list "
        "revenue, {period}, {currency} net of tax",
        **values,
    )


def _members(result: "DiscountDispersion") -> View:
    rows = [
        row
        | {
            "label": languages.text("(unknown)") if languages.missing(row["name"]) else row["name"],
            "stake": stake(row),
            "part": row["compared"] / row["list_revenue"],
            "state": text((_STATUSES | _GIVEN if result.given else _STATUSES)[row["status"]]),
            "tone": {"above": "bad", "below": "good"}.get(row["status"]),
        }
        for row in largest(result).to_dict("records")
    ]
    fields = [
        Field("label", dimension_name(result.by)),
        _amount("compared", text("List revenue compared"), result.currency),
        Field("part", text("Part of its list revenue, %"), unit="share"),
        Field("actual", text("Discount, %"), unit="share"),
        Field("expected", text("Others on the same, %"), unit="share"),
        Field("estimate", text("Gap without luck"), unit="points", tone_from="tone"),
        Field("low", text("from"), unit="points"),
        Field("high", text("to"), unit="points"),
        _amount("stake", text("On the period"), result.currency, signed=True, tone_from="tone"),
        Field("n", languages.opening(result.units), unit="count"),
        Field("state", text("Against others"), unit="text"),
    ]
    return View(result.message(), subtitle(result), fields, pd.DataFrame(rows, dtype="object"), notes=_notes(result))


def _notes(result: "DiscountDispersion") -> list[str]:
    counts = result.cells["status"].value_counts()
    more, less = int(counts.get("above", 0)), int(counts.get("below", 0))
    slivers = result.cells[(result.cells["status"] == "not available") & result.cells["actual"].isna()]
    thin = int((slivers["compared"] > 0).sum())
    few = int(counts.get("not available", 0)) - thin
    notes = [
        text(
            "{above} above and {below} below their peers beyond chance, {alike} not told apart; all tested at once: "
            "at most {share} of those named are expected to be like their peers.",
            above=number(more),
            below=number(less),
            alike=number(int(counts.get("not distinguishable", 0))),
            share=percent(1 - result.level, 0),
        ),
        _sizes(result),
        text(
            "Only what {n} other customers or more bought in an order of the same size is compared: {share} of list "
            "revenue.",
            n=number(FEWEST),
            share=percent(result.compared),
        ),
    ]
    if few:
        notes.append(
            plural(
                "{n} has too few {units} to compare. Take a longer period.",
                "{n} have too few {units} to compare. Take a longer period.",
                few,
                units=result.units,
            )
        )
    if thin:
        notes.append(
            plural(
                "{n} has less than {least} of its list revenue compared, and no rate. Take a longer period.",
                "{n} have less than {least} of their list revenue compared, and no rate. Take a longer period.",
                thin,
                least=percent(LEAST, 0),
            )
        )
    if more:
        notes.append(
            text(
                "The amount supposes that volumes stay as they are, and they may react. Contracts, terms of payment "
                "and the date of the order are not compared: ask for them before a customer is told."
            )
        )
    return notes


def _sizes(result: "DiscountDispersion") -> str:
    limits = [money(limit, result.currency) for limit in result.limits]
    if not limits:
        return text("All orders are of one size: none is worth more than twice another by list value.")
    told = plural(
        "Sizes of order, by list value: {n} limit, at {limits}.",
        "Sizes of order, by list value: {n} limits, from {first} to {last}.",
        len(limits),
        limits=limits[0],
        first=limits[0],
        last=limits[-1],
    )
    return f"{told} {text('No order is compared with one worth more than twice as much.')}"


def _left_out(result: "DiscountDispersion") -> list[View]:
    if result.left_out.empty:
        return []
    rows = [row | {"label": text(_LEFT_OUT[row["reason"]])} for row in result.left_out.to_dict("records")]
    lines = int(sum(row["lines"] for row in rows))
    title = plural("{n} line has no discount to compare", "{n} lines have no discount to compare", lines)
    second = text(
        "Lines left out, {period}, {currency} net of tax", period=result.period.name(), currency=result.currency
    )
    fields = [
        Field("label", text("Why")),
        Field("lines", text("Lines"), unit="count"),
        _amount("net_revenue", text("Net revenue"), result.currency),
    ]
    total = {"label": text("Total"), "lines": lines, "net_revenue": sum((r["net_revenue"] for r in rows), Decimal(0))}
    return [View(title, second, fields, pd.DataFrame([*rows, total], dtype="object"), total=True)]


def _amount(key: str, heading: str, currency: str, **look: Any) -> Field:
    """A column of amounts of one currency, which stands in the heading."""
    return Field(key, f"{heading}, {currency}", unit="quantity", **look)
