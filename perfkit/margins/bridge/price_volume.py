"""The price-volume-mix bridge: what did other prices, other volumes and another mix do to revenue or gross profit?

Computed item by item, at the lowest key that both periods share, and summed up from there. An item is a key in one
unit of measure: kilograms and pieces are never added. An item sold in several currencies has a price in each, so that
more of it sold where it is dear is mix and no price. Formulas: `effects`; what counts as a price: `bridge.lines`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd

from perfkit.contribution import ENOUGH
from perfkit.dimensions import ask_for, dimensioned, lacks, name_column
from perfkit.errors import DataError, ParameterError, unknown
from perfkit.languages import text
from perfkit.lines import checked, span
from perfkit.margins.bridge import views
from perfkit.margins.bridge.items import ZERO, bridged
from perfkit.margins.bridge.lines import Asked, by_currency, fit_integers, in_one_currency, items, sides
from perfkit.periods import Period
from perfkit.results import Result, View, figure_frame
from perfkit.schema import SALES

LEAST = 0.1
"""Share of the sales of one of the periods that the keys sold in both must hold, or they have not survived."""
_DOMINATED = 0.5


@dataclass(frozen=True, eq=False)
class PriceVolumeMix(Result):
    """From one period's revenue (or gross profit) to another's, by what items did; every sum is exact.

    Attributes
    ----------
    effects : DataFrame, one row an effect
        effect: one of EFFECTS; amount: Decimal. start + their sum = end.
    items : DataFrame, one row an item: a key in one unit of measure, in the order of the keys, the unknown last
        The columns of the key and name; unit; the dimensions asked for with `also`; kind: "common", "new", "lost"
        or "other" (nothing of it has a price to compare); reason: why something of it stands under other, one of
        REASONS, or "credit notes" where there is nothing else of it; "" where there is none. quantity_before and
        quantity_now: what was sold at a price; revenue_before and revenue_now: of all its lines; price_before and
        price_now: float, None where nothing was sold at a price; with margins cost_before, cost_now (of all its
        lines), unit_cost_before, unit_cost_now, and uncosted_before, uncosted_now: revenue of the lines whose cost
        is not known, which is in no other column. Then its amount of each effect, and change: their sum.
    others : DataFrame, one row a reason for which something has no price to compare
        reason, items, before, now, amount.
    base, current : Period
    start, end : Decimal
        The amount bridged: net revenue, or gross profit of the lines whose cost is known.
    keys : tuple of str
    margin, symmetric : bool
    currency : str
    also : tuple of str
        Dimensions that the items carry.
    budget : bool
        The base is a budget, or other lines than the sales.
    common : tuple of float or None
        Share of the sales of the base, and of the current period, that items sold in both hold; None where nothing
        was sold.
    uncosted : tuple of Decimal
        With margins: revenue of both periods of the lines whose cost is not known. It is in no effect.
    standard : tuple of float or None
        With margins: share of the cost of goods of the base, and of the current period, that is quantity times a unit
        cost of the product table; None where none is. Between two such costs of a product the cost effect is nil by
        construction, and no measure of what buying prices did.
    covered : tuple of float or None
        With margins: share of the amounts of the base, and of the current period, signs ignored, whose cost is known;
        None where nothing was sold.
    reason : str
        Why there is no bridge (no rows then); empty where there is.
    """

    effects: pd.DataFrame
    items: pd.DataFrame
    others: pd.DataFrame
    base: Period
    current: Period
    start: Decimal
    end: Decimal
    keys: tuple[str, ...]
    margin: bool
    symmetric: bool
    currency: str
    also: tuple[str, ...] = ()
    budget: bool = False
    common: tuple[float | None, float | None] = (None, None)
    uncosted: tuple[Decimal, Decimal] = (ZERO, ZERO)
    standard: tuple[float | None, float | None] = (None, None)
    covered: tuple[float | None, float | None] = (None, None)
    reason: str = ""

    @property
    def change(self) -> Decimal:
        """What the effects sum to."""
        return self.end - self.start

    @property
    def dominated(self) -> bool:
        """Whether new and lost items hold more than half of either period's sales: the keys may be at fault."""
        return any(share is not None and share < _DOMINATED for share in self.common)

    @property
    def thin(self) -> bool:
        """Whether more than a sliver of either period has no known cost: the change may be that alone."""
        return any(share is not None and share < ENOUGH for share in self.covered)

    @property
    def warnings(self) -> list[str]:
        """What a reader must know before trusting the effects, in the language in use."""
        return views.warnings(self)

    def effect(self, name: str) -> Decimal:
        """Return the amount of an effect; 0 of one that is not in the bridge."""
        found: Decimal = self.effects.set_index("effect")["amount"].get(name, ZERO)
        return found

    def by(self, column: str) -> pd.DataFrame:
        """Return the effects summed up by a column of the items: a part of the key, the unit, or one of `also`.

        Returns
        -------
        DataFrame
            member (None where it is unknown), before, now: amounts bridged; each effect; change. The sums of a column
            are those of the whole. An effect is that of the items: no price effect of a category contains mix.

        Raises
        ------
        ParameterError
            If the items do not carry the column.
        """
        if self.reason:
            return pd.DataFrame(columns=["member", "before", "now", "change"], dtype="object")
        carried = [*self.keys, "unit", "kind", *self.also]
        if column not in carried:
            raise ParameterError(
                f"bridge: {unknown('column', column, carried)} "
                f'Items carry what price_volume_mix(..., also=["{column}"]) asks for.'
            )
        of = self.items
        amounts = {
            name: of[f"revenue_{name}"] - of[f"cost_{name}"] if self.margin else of[f"revenue_{name}"]
            for name in ("before", "now")
        }
        columns = amounts | {name: of[name] for name in (*self.effects["effect"], "change")}
        sums: dict[str | None, list[Decimal]] = {}
        for member, *row in zip(of[column], *columns.values(), strict=True):
            found = sums.get(member, [ZERO] * len(columns))
            sums[member] = [sum_ + amount for sum_, amount in zip(found, row, strict=True)]
        ordered = sorted(sums, key=lambda member: (member is None, member or ""))
        return pd.DataFrame(
            [[member, *sums[member]] for member in ordered], columns=["member", *columns], dtype="object"
        )

    def names(self, items: pd.DataFrame) -> list[str]:
        """Return what a reader calls items, given some rows of `items`."""
        return views.item_names(self, items)

    def figure_id(self, effect: str) -> str:
        """Return the id of an effect's figure."""
        return f"{self._stem()}:{effect}"

    def figures(self) -> pd.DataFrame:
        """Return the amount of each effect."""
        kpi, stem = "margin_bridge" if self.margin else "bridge", self._stem()
        common = {"kpi": kpi, "period": self.current.label, "unit": self.currency}
        if self.reason:
            absent = {"figure_id": stem, "status": "not available", "reason": self.reason}
            return figure_frame([common | absent])
        return figure_frame(
            common
            | {
                "figure_id": self.figure_id(row["effect"]),
                "dimensions": {"effect": row["effect"], "base": self.base.label},
                "estimate": row["amount"],
                "basis": views.meaning(self, row["effect"]),
                "status": "partial" if self.thin or (row["effect"] == "cost" and any(self.standard)) else "observed",
                "reason": " ".join(filter(None, self._cautions(row["effect"]))),
            }
            for row in self.effects.to_dict("records")
        )

    def _cautions(self, effect: str) -> tuple[str, str]:
        return (
            f"{views.thin_in_words(self)}." if self.thin else "",
            views.of_standard_cost(self) if effect == "cost" else "",
        )

    def _stem(self) -> str:
        """The name of the bridge: its period, and all that is not as usual, so that no two share a figure's id."""
        parts = ["margin_bridge" if self.margin else "bridge", self.current.label]
        if self.base.start != self.current.year_before().start or self.base.kind != self.current.kind:
            parts.append(self.base.label)
        if self.budget:
            parts.append("budget")
        if self.keys != ("product_id",):
            parts.append("+".join(self.keys))
        if self.symmetric:
            parts.append("symmetric")
        return ":".join(parts)

    def ties_to(self) -> dict[str, Any] | None:
        """Return the amounts that the bridge leads from and to."""
        if self.reason:
            return None
        what = "gross_profit" if self.margin else "net_revenue"
        return {what: self.end, f"base_{what}": self.start, "period": self.current.label, "base": self.base.label}

    def views(self) -> list[View]:
        """Return the effects, the items whose prices moved most and, with margins, the lines whose cost is unknown."""
        return views.shown(self)


def price_volume_mix(
    sales: ibis.Table | pd.DataFrame,
    *,
    base: Period,
    current: Period,
    currency: str,
    key: str | Sequence[str] = "product_id",
    margin: bool = False,
    symmetric: bool = False,
    fx: ibis.Table | pd.DataFrame | None = None,
    base_sales: ibis.Table | pd.DataFrame | None = None,
    also: Sequence[str] = (),
    where_one: Sequence[str] = (),
    least: float = LEAST,
) -> PriceVolumeMix:
    """Split a change of revenue, or of gross profit, into what prices, volumes, mix and the rest did.

    Parameters
    ----------
    sales : table or DataFrame, one row a line, columns of `schema.SALES`
    base, current : Period
        What is set against what: not the year before of necessity.
    currency : str
        ISO code of every amount, where a column currency does not say another.
    key : str or sequence of str
        What an item is: "product_id", or ["channel", "product_id"]. It must mean the same in both periods.
    margin : bool
        Bridge gross profit: revenue less cost of the lines whose cost is known.
    symmetric : bool
        Weigh by the mean of both periods: exchanging them then flips every sign. Else Paasche's weights.
    fx : table or DataFrame, columns of `schema.FX`, optional
        Exchange rates, where lines are in other currencies: what they did is an effect of its own.
    base_sales : table or DataFrame, optional
        The lines of the base where they are not among the sales: a budget by product, with quantities.
    also : sequence of str
        Dimensions that each item has one member of, such as "category": see `PriceVolumeMix.by`.
    where_one : sequence of str
        Likewise, but left out where the data lack one, or an item has several members of it.
    least : float, 0 to 1
        Refuse where the keys sold in both periods hold less than this share of the sales of each; 0 refuses nothing.

    Raises
    ------
    DataError
        If hardly any item was sold in both periods, so that the keys have probably changed; if lines are in several
        currencies and rates are missing; if there is no line, or a period starts before the data.
    ParameterError
        If a key is no dimension, or an item has several members of a dimension in `also`.

    See Also
    --------
    charts.price_volume_mix : the effects as a bridge.
    """
    keys = (key,) if isinstance(key, str) else tuple(key)
    for name, period in (("base", base), ("current", current)):
        if not isinstance(period, Period):
            raise ParameterError(f"{name} is {period!r}: give a Period, such as acme.period('2026-10').")
    if not keys:
        raise ParameterError("key is empty: name the column, or columns, that an item's lines share.")
    tables = [_lines(each) for each in (sales, base_sales) if each is not None]
    now, then = tables[0], tables[-1]

    def nothing(reason: str) -> PriceVolumeMix:
        none = pd.DataFrame(dtype="object")
        return PriceVolumeMix(
            none, none, none, base, current, ZERO, ZERO, keys, margin, symmetric, currency,
            budget=base_sales is not None, reason=reason,
        )  # fmt: skip

    for table in tables:
        for column in (*keys, *also):
            if lacks(table, column):
                return nothing(ask_for(column))
            dimensioned(table, column)
        if "quantity" not in table.columns:
            what = text("the quantity of each line")
            return nothing(text("Not in the data. Ask for {what} ({column}).", what=what, column="quantity"))
        if margin and "cost" not in table.columns:
            return nothing(ask_for("cost"))
    span(now, current, converted=True)
    days = span(then, current if base_sales is None else base, converted=True)
    if not days.holds(base):
        return nothing(days.why_not())

    named = name_column(now, keys[-1])
    optional = tuple(each for each in where_one if all(each in table.columns for table in tables))
    for each in optional:
        dimensioned(now, each)  # which refuses what has no members
    asked = Asked(keys, (*also, *optional), named, margin, optional)
    lines = sides(now, None if base_sales is None else then, base, current, asked)
    priced = in_one_currency(lines, currency, fx, symmetric)
    with_rates = fx is not None and any("currency" in table.columns for table in tables)
    integers = fit_integers(priced, asked)
    rows = items(priced, asked, integers)
    # A budget has one currency, and whatever is sold in another has its price in it.
    several = "currency" in priced.columns and base_sales is None
    apart = by_currency(priced, asked, integers) if several else None
    found = bridged(rows, asked, symmetric=symmetric, with_rates=with_rates, by_currency=apart)
    _refuse_keys_that_do_not_survive(found.survived, least, keys, (base, current), now)
    return PriceVolumeMix(
        effects=found.effects,
        items=found.items,
        others=found.others,
        base=base,
        current=current,
        start=found.start,
        end=found.end,
        keys=keys,
        margin=margin,
        symmetric=symmetric,
        currency=currency,
        also=found.also,
        budget=base_sales is not None,
        common=found.common,
        uncosted=found.uncosted,
        standard=found.standard,
        covered=found.covered,
    )


def _lines(sales: ibis.Table | pd.DataFrame) -> ibis.Table:
    """Return checked lines that say whether their cost is their own: then it is in the currency of the line."""
    table = SALES.table(sales)
    return checked(table.mutate(own_cost=table.cost.notnull()) if "cost" in table.columns else table)


def _refuse_keys_that_do_not_survive(
    survived: tuple[float | None, float | None],
    least: float,
    keys: tuple[str, ...],
    periods: tuple[Period, Period],
    lines: ibis.Table,
) -> None:
    known = [share for share in survived if share is not None]
    if len(known) < 2 or max(known) >= least:
        return
    shares = " and ".join(
        f"{share:.1%} of the sales of {period.label}" for share, period in zip(known, periods, strict=True)
    )
    names = [name for name in (name_column(lines, each) for each in keys) if name is not None]
    instead = f'key="{names[0]}"' if names else "the product's name or its number in the catalogue"
    raise DataError(
        f"sales: the {' and '.join(keys)} of {periods[0].label} are not those of {periods[1].label}: the ones that "
        f"both have hold {shares}. Where keys change from year to year, every item counts as lost and as new, and no "
        f"price can be compared. Take a key that stays, such as {instead}; or, if nearly all items are new, least=0."
    )
