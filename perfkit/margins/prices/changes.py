"""Price changes: of the items sold in both periods, whose prices moved, and what did their quantities do?

Taken from a price-volume-mix bridge. That quantities moved against prices does not say that prices moved them.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from perfkit import estimates, languages
from perfkit.languages import mark, number, show, text
from perfkit.margins.bridge import PriceVolumeMix
from perfkit.margins.bridge.views import base_name, item_names
from perfkit.results import Field, Result, View, figure_frame

_COLUMNS = ["item", "unit", "price_change", "quantity_change", "before", "now", "price", "quantity"]
_MOST = 12
_BASIS = mark("Net revenue by unit sold / that of the base, less 1; returns apart")
_QUANTITY = mark("Quantity sold at a price / that of the base, less 1; returns apart")


@dataclass(frozen=True, eq=False)
class PriceChanges(Result):
    """The change of price and of quantity of each item that was sold at a price in both periods.

    Attributes
    ----------
    cells : DataFrame, one row an item
        item: what it is called; unit; price_change, quantity_change: relative; before, now: Decimal, revenue of both
        periods; price: Decimal, its price effect; quantity: its effects of volume and mix together.
    others : Decimal
        Change of revenue (or of gross profit) of what has no two prices to compare: new and lost items, returns, and
        the rest of the bridge; with the effects of the items it is the whole change.
    bridge : PriceVolumeMix
        What it is taken from.
    reason : str
        Why there is nothing; empty where there is.
    """

    cells: pd.DataFrame
    others: Decimal
    bridge: PriceVolumeMix
    reason: str = ""

    def total(self, effect: str, rising: bool | None = None) -> Decimal:
        """Return the sum of an effect over all items, or over those whose prices rose, or fell."""
        rows = self.cells.to_dict("records")
        here = [
            row for row in rows if rising is None or (row["price_change"] > 0 if rising else row["price_change"] < 0)
        ]
        return sum((row[effect] for row in here), Decimal(0))

    def figures(self) -> pd.DataFrame:
        """Return both changes of each item."""
        label = f"{self.bridge.base.label}:{self.bridge.current.label}"
        if self.reason:
            row = {"figure_id": f"price_changes:{label}", "kpi": "price_change", "period": self.bridge.current.label}
            return figure_frame([row | {"unit": "share", "status": "not available", "reason": self.reason}])
        found: list[dict[str, Any]] = [
            {
                "figure_id": f"price_changes:{label}:{kpi}:={row['item']}{':' + row['unit'] if row['unit'] else ''}",
                "kpi": kpi,
                "period": self.bridge.current.label,
                "dimensions": {"item": row["item"]},
                "estimate": row[kpi],
                "unit": "share",
                "basis": text(basis),
                "status": "observed",
            }
            for row in self.cells.to_dict("records")
            for kpi, basis in (("price_change", _BASIS), ("quantity_change", _QUANTITY))
        ]
        return figure_frame(found)

    def ties_to(self) -> dict[str, Any] | None:
        """Return the change that the effects of the items and the others sum to."""
        return {"change": self.bridge.change, "base": self.bridge.base.label, "period": self.bridge.current.label}

    def message(self) -> str:
        """Return in a sentence what prices that rose brought, and what these items' quantities did."""
        rose = [row for row in self.cells.to_dict("records") if row["price_change"] > 0]
        currency = self.bridge.currency
        if not rose:
            values = {"price": show(self.total("price"), currency, signed=True)}
            quantity = show(self.total("quantity"), currency, signed=True)
            return text("No price rose: {price} by prices, {quantity} by quantities", quantity=quantity, **values)
        return text(
            "Prices rose on {n} of {all} items: {price}; the quantities of these items: {quantity}",
            n=number(len(rose)),
            all=number(len(self.cells)),
            price=show(self.total("price", True), currency, signed=True),
            quantity=show(self.total("quantity", True), currency, signed=True),
        )

    def subtitle(self) -> str:
        """Return what is compared, when."""
        return text(
            "Change of price and quantity of the items sold in both, {current} against {base}, {currency} net of tax",
            current=self.bridge.current.name(),
            base=base_name(self.bridge),
            currency=self.bridge.currency,
        )

    def largest(self, most: int) -> pd.DataFrame:
        """Return the items with the largest effects."""
        order = [-max(abs(row["price"]), abs(row["quantity"])) for row in self.cells.to_dict("records")]
        return self.cells.assign(_order=order).sort_values("_order", kind="stable").drop(columns="_order").head(most)

    def views(self) -> list[View]:
        """Return the items with the largest effects, the others together."""
        if self.reason:
            title = text("{what}: not available", what=text("Prices and quantities"))
            return [View(title, self.reason, [], pd.DataFrame())]
        currency = self.bridge.currency
        rows = self.largest(_MOST).to_dict("records")
        table = [row | {"label": row["item"], "tone": estimates.tone(row["price"], currency)} for row in rows]
        rest = len(self.cells) - len(rows)
        named = {each: sum((row[each] for row in rows), Decimal(0)) for each in ("before", "now", "price", "quantity")}
        whole = {each: sum(self.cells[each], Decimal(0)) for each in named}
        if rest:
            others = {each: whole[each] - named[each] for each in named}
            label = languages.plural("{n} other", "{n} others", rest)
            table.append(others | {"label": label, "tone": estimates.tone(others["price"], currency)})
        table.append(whole | {"label": text("Total"), "tone": estimates.tone(whole["price"], currency)})
        fields = [
            Field("label", text("Item")),
            Field("price_change", text("Price, %"), unit="share", signed=True),
            Field("quantity_change", text("Quantity, %"), unit="share", signed=True),
            Field("before", f"{base_name(self.bridge)}, {currency}", unit="quantity"),
            Field("now", f"{self.bridge.current.name()}, {currency}", unit="quantity"),
            Field("price", f"{text('By price')}, {currency}", unit="quantity", signed=True, tone_from="tone"),
            Field("quantity", f"{text('By quantity')}, {currency}", unit="quantity", signed=True),
        ]
        shown = pd.DataFrame(table, dtype="object")
        shown = shown.where(shown.notna(), None)
        notes = [
            text("By quantity is volume and mix together: the change of an item's quantity at its price before."),
            text("That quantities moved against prices does not say that prices moved them."),
        ]
        if self.others:
            notes.append(
                text(
                    "{money} of the change is of what has no two prices to compare: see the bridge.",
                    money=show(self.others, currency, signed=True),
                )
            )
        return [View(self.message(), self.subtitle(), fields, shown, total=True, notes=notes)]


def price_changes(bridge: PriceVolumeMix) -> PriceChanges:
    """Set the change of each item's price against that of its quantity.

    Parameters
    ----------
    bridge : PriceVolumeMix

    See Also
    --------
    charts.price_changes : the items as a map.
    margins.bridge.price_volume_mix : the bridge.
    """
    nothing = pd.DataFrame(columns=_COLUMNS, dtype="object")
    if bridge.reason:
        return PriceChanges(nothing, Decimal(0), bridge, bridge.reason)
    common = bridge.items[bridge.items["kind"] == "common"].reset_index(drop=True)
    if common.empty:
        return PriceChanges(nothing, bridge.change, bridge, text("No item was sold at a price in both periods."))
    cells = pd.DataFrame(
        {
            "item": item_names(bridge, common),
            "unit": common["unit"],
            "price_change": [_moved(*each) for each in zip(common["price_before"], common["price_now"], strict=True)],
            "quantity_change": [
                _moved(*each) for each in zip(common["quantity_before"], common["quantity_now"], strict=True)
            ],
            "before": common["revenue_before"],
            "now": common["revenue_now"],
            "price": common["price"],
            "quantity": [volume + mix for volume, mix in zip(common["volume"], common["mix"], strict=True)],
        },
        columns=_COLUMNS,
        dtype="object",
    )
    effects = sum(cells["price"], Decimal(0)) + sum(cells["quantity"], Decimal(0))
    return PriceChanges(cells, bridge.change - effects, bridge)


def _moved(before: Any, now: Any) -> float:
    return float(now) / float(before) - 1
