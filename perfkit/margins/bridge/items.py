"""Bridge items: what each item's sums of both periods make of the change, in whole ten-thousandths, then as money."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from perfkit.errors import ParameterError
from perfkit.languages import mark, missing
from perfkit.margins.bridge.effects import EXACT, Prices, Sold, Whole, at_prices, split, whole
from perfkit.margins.bridge.lines import PARTS, SIDES, Asked

EFFECTS = ("price", "volume", "mix", "new", "lost", "cost", "currency", "credit_notes", "other")
"""In the order of the bridge; cost where margins are bridged, currency where there are rates."""

REASONS = {
    "no key": mark("Lines that do not say which item they are of"),
    "unit changed": mark("Items sold in another unit of measure than before"),
    "cost unknown": mark("Items whose cost is known in one of the periods only"),
    "unpriced": mark("Lines without a quantity, or given free"),
}
"""Why an amount has no price to compare: message ids by reason."""

ZERO, _STEP = Decimal("0.0000"), Decimal("0.0001")
Shares = tuple[float | None, float | None]
"""Of the sales of the base and of the current period; None where nothing was sold."""


@dataclass(frozen=True, eq=False)
class Bridged:
    """What items make of a change: the parts of a `bridge.PriceVolumeMix`.

    `standard` is of the cost of goods. `survived` is as `common`, with what is sold in another unit than before: its
    key has survived.
    """

    effects: pd.DataFrame
    items: pd.DataFrame
    others: pd.DataFrame
    start: Decimal
    end: Decimal
    common: Shares
    survived: Shares
    uncosted: tuple[Decimal, Decimal]
    also: tuple[str, ...]
    standard: Shares = (None, None)
    covered: Shares = (None, None)


@dataclass(frozen=True, eq=False)
class _Side:
    """One period's sums of every item at the rates that both share, and what other rates add."""

    quantity: Whole
    revenue: dict[str, Whole]
    cost: dict[str, Whole]
    by_rates: Whole

    def earned(self, part: str) -> Whole:
        return self.revenue[part] - self.cost[part]

    def amount(self) -> Whole:
        """What is bridged of each item."""
        return sum((self.earned(part) for part in PARTS), self.by_rates)

    def sold(self, here: NDArray[np.bool_]) -> Sold:
        return Sold(self.quantity, self.revenue["sold"], self.cost["sold"]).where(here)

    def share(self, here: NDArray[np.bool_]) -> float | None:
        """Return the share that some items have of what was sold."""
        whole_ = _total(self.revenue["sold"]) + _total(self.revenue["rest"])
        return _total(self.revenue["sold"][here]) / whole_ if whole_ > 0 else None


def bridged(
    rows: pd.DataFrame,
    asked: Asked,
    *,
    symmetric: bool,
    with_rates: bool,
    by_currency: pd.DataFrame | None = None,
) -> Bridged:
    """Split the change of each item, one a row of `lines.items`; with what it sold in each currency, where several."""
    carried = _carried(rows, asked)
    keys = list(asked.keys)
    rows = rows.sort_values([*keys, "unit"], na_position="last", kind="stable", ignore_index=True)
    before, now = (_side(rows, side, with_rates) for side in SIDES)
    in_base, in_now = before.quantity > 0, now.quantity > 0
    common = in_base & in_now
    changed = _in_another_unit(rows, keys, in_base, in_now)
    uncosted = _sold_without_a_cost(rows, in_base, in_now, changed)
    apart = changed | uncosted

    prices = None if by_currency is None else _in_each_currency(rows, [*keys, "unit"], by_currency, symmetric)
    effects = _effects(before, now, rows["unit"].to_numpy(dtype="object"), apart, symmetric, prices)
    wanted = [name for name in EFFECTS if (name != "cost" or asked.margin) and (name != "currency" or with_rates)]
    kinds = np.select([common, apart, in_now, in_base], ["common", "other", "new", "lost"], "other")
    unknown = rows[keys].isna().any(axis=1).to_numpy()
    reasons = [  # of an item several may be true: the first is what its reader must know
        ("unit changed", changed),
        ("cost unknown", uncosted),
        ("no key", unknown & _some(rows["rest_lines"])),
        ("unpriced", _some(rows["rest_lines"])),
        ("", kinds != "other"),
        ("credit notes", _some(rows["credits_lines"])),
    ]
    table: dict[str, Any] = {each: rows[each] for each in (*keys, "name", "unit", *carried)}
    table["kind"] = kinds.astype("object")
    table["reason"] = np.select([each for _, each in reasons], [name for name, _ in reasons], "cost unknown").astype(
        "object"
    )
    table |= _as_sold(rows, before, now, asked.margin)
    table |= {name: _money(effects[name]) for name in wanted}
    table["change"] = _money(now.amount() - before.amount())
    survived = common | apart
    totals = [_exact(_total(effects[name])) for name in wanted]
    return Bridged(
        effects=pd.DataFrame({"effect": wanted, "amount": pd.Series(totals, dtype="object")}),
        items=pd.DataFrame(table),
        others=_others(before, now, changed, uncosted, unknown),
        start=_exact(_total(before.amount())),
        end=_exact(_total(now.amount())),
        common=(before.share(common), now.share(common)),
        survived=(before.share(survived), now.share(survived)),
        uncosted=(_sum(rows["uncosted_before"]), _sum(rows["uncosted_now"])) if asked.margin else (ZERO, ZERO),
        also=carried,
        standard=(_standard(rows, "before"), _standard(rows, "now")) if asked.margin else (None, None),
        covered=(_covered(rows, "before"), _covered(rows, "now")) if asked.margin else (None, None),
    )


def _covered(rows: pd.DataFrame, side: str) -> float | None:
    """The share of the amounts, signs ignored, whose cost is known; None where nothing was sold."""
    sold, uncosted = _sum(rows[f"sold_{side}_size"]), _sum(rows[f"uncosted_{side}_size"])
    return float((sold - uncosted) / sold) if sold else None


def _standard(rows: pd.DataFrame, side: str) -> float | None:
    """The share of the cost of goods that is quantity times a unit cost of the product table; None where none is."""
    standard, cost = _sum(rows[f"standard_{side}"]), _sum(rows[f"all_cost_{side}"])
    return float(standard / cost) if standard and cost > 0 else None


def _carried(rows: pd.DataFrame, asked: Asked) -> tuple[str, ...]:
    """Return the dimensions of which each item has one member; what is asked for without a condition must be one."""
    carried = []
    for each in asked.also:
        several = rows[each].notna() & (rows[each] != rows[f"other_{each}"])
        if not several.any():
            carried.append(each)
        elif each not in asked.where_one:
            first = rows[several].iloc[0]
            item = ", ".join(str(first[key]) for key in asked.keys)
            raise ParameterError(
                f"also: {int(several.sum()):,} of {len(rows):,} items have more than one {each} (first: {item}, "
                f"{first[each]} and {first[f'other_{each}']}), so their effects belong to none. Make it part of the "
                f"item: key={[each, *asked.keys]!r}."
            )
    return tuple(carried)


def _side(rows: pd.DataFrame, side: str, with_rates: bool) -> _Side:
    nothing = np.zeros(len(rows), dtype="int64")
    revenue = {part: _whole(rows[f"{part}_{side}"]) for part in PARTS}
    costs = {part: f"cost_{part}_{side}" for part in PARTS}
    cost = {part: _whole(rows[name]) if name in rows else nothing for part, name in costs.items()}
    by_rates = nothing
    if with_rates:
        all_cost = _whole(rows[f"all_cost_{side}"]) if f"all_cost_{side}" in rows else nothing
        by_rates = _whole(rows[f"all_{side}"]) - sum(revenue.values()) - (all_cost - sum(cost.values()))
    quantity = rows[f"units_{side}"] if f"units_{side}" in rows else rows[f"quantity_{side}"]
    return _Side(_whole(quantity), revenue, cost, by_rates)


def _in_another_unit(
    rows: pd.DataFrame, keys: list[str], in_base: NDArray[np.bool_], in_now: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Say of each item whether it was sold in one period only, but its key in the other too, in another unit."""
    once = in_base != in_now
    if not rows.duplicated(keys, keep=False).any():
        return np.zeros(len(rows), dtype="bool")
    sold = pd.DataFrame({"base": in_base, "now": in_now}).groupby([rows[key] for key in keys], dropna=False)
    in_both = sold.transform("any").all(axis=1).to_numpy()
    return once & in_both


def _sold_without_a_cost(
    rows: pd.DataFrame, in_base: NDArray[np.bool_], in_now: NDArray[np.bool_], changed: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Say of each item whether it was sold in both periods, and in one of them no line of it says its cost."""
    if "uncosted_before" not in rows:
        return np.zeros(len(rows), dtype="bool")
    before, now = (rows[f"uncosted_{side}"].fillna(ZERO).to_numpy(dtype="object") != 0 for side in SIDES)
    return ~changed & ((in_base & ~in_now & now) | (in_now & ~in_base & before))


def _in_each_currency(rows: pd.DataFrame, keys: list[str], sold: pd.DataFrame, symmetric: bool) -> Prices:
    """Return what prices and costs did to items sold in several currencies, each compared with itself.

    What a currency new to the item brings, or one that it lost, has no price to compare: it is left to the mix. An item
    of which less than half was sold, in either period, in the currencies of both (a country that changed its own) is
    compared as a whole, at the rates that both periods share.
    """
    places = {key: place for place, key in enumerate(_tuples(rows, keys))}
    at = np.array([places[key] for key in _tuples(sold, keys)], dtype="int64")
    before, now = (_sold(sold, side) for side in SIDES)
    both = (before.quantity > 0) & (now.quantity > 0)
    several = np.bincount(at, minlength=len(rows)) > 1
    known = several & (np.bincount(at[both], minlength=len(rows)) > 0)
    for side in (before, now):
        whole_, shared = (np.zeros(len(rows), dtype=side.revenue.dtype) for _ in range(2))
        np.add.at(whole_, at, side.revenue)
        np.add.at(shared, at[both], side.revenue[both])
        known &= 2 * shared >= whole_
    price, cost = at_prices(before.where(both), now.where(both), symmetric=symmetric)
    found = [np.zeros(len(rows), dtype=part.dtype) for part in (price, cost)]
    for total, part in zip(found, (price, cost), strict=True):
        np.add.at(total, at[both], part)
    return Prices(known, *found)


def _sold(rows: pd.DataFrame, side: str) -> Sold:
    quantity, revenue = _whole(rows[f"units_{side}"]), _whole(rows[f"sold_{side}"])
    cost = _whole(rows[f"cost_sold_{side}"]) if f"cost_sold_{side}" in rows else np.zeros_like(revenue)
    return Sold(quantity, revenue, cost)


def _tuples(rows: pd.DataFrame, keys: list[str]) -> list[tuple[Any, ...]]:
    columns = [[None if missing(value) else value for value in rows[key]] for key in keys]
    return list(zip(*columns, strict=True))


def _effects(
    before: _Side,
    now: _Side,
    units: NDArray[Any],
    apart: NDArray[np.bool_],
    symmetric: bool,
    prices: Prices | None = None,
) -> dict[str, Whole]:
    """Return each item's amount of each effect; those `apart` were sold in both periods and cannot be compared."""
    common = (before.quantity > 0) & (now.quantity > 0)
    of_items = None if prices is None else prices.of(common)
    of_common = split(before.sold(common), now.sold(common), units[common], symmetric=symmetric, prices=of_items)
    gained = now.earned("sold") - before.earned("sold")
    effects: dict[str, Whole] = {}
    for name in ("price", "volume", "mix", "cost"):
        part: Whole = getattr(of_common, name)
        effects[name] = np.zeros(common.shape, dtype=part.dtype)
        effects[name][common] = part
    alone = ~common & ~apart
    effects["new"] = np.where(alone & (now.quantity > 0), gained, 0)
    effects["lost"] = np.where(alone & (before.quantity > 0), gained, 0)
    effects["credit_notes"] = now.earned("credits") - before.earned("credits")
    effects["other"] = now.earned("rest") - before.earned("rest") + np.where(apart, gained, 0)
    effects["currency"] = now.by_rates - before.by_rates
    return effects


def _as_sold(rows: pd.DataFrame, before: _Side, now: _Side, margin: bool) -> dict[str, Any]:
    """Return quantities, revenue and prices of both periods, and with margins costs."""
    pairs = dict(zip(SIDES, (before, now), strict=True))
    table: dict[str, Any] = {f"quantity_{side}": _observed(rows[f"quantity_{side}"]) for side in SIDES}
    table |= {f"revenue_{side}": _observed(rows[f"all_{side}"]) for side in SIDES}
    if margin:
        table |= {f"cost_{side}": _observed(rows[f"all_cost_{side}"]) for side in SIDES}
    table |= {f"price_{side}": _per_piece(each.revenue["sold"], each.quantity) for side, each in pairs.items()}
    if margin:
        table |= {f"unit_cost_{side}": _per_piece(each.cost["sold"], each.quantity) for side, each in pairs.items()}
        table |= {f"uncosted_{side}": _observed(rows[f"uncosted_{side}"]) for side in SIDES}
    return table


def _others(
    before: _Side,
    now: _Side,
    changed: NDArray[np.bool_],
    uncosted: NDArray[np.bool_],
    unknown: NDArray[np.bool_],
) -> pd.DataFrame:
    """Sum up by its reason what has no price to compare."""
    rows = []
    for reason, part, here in (
        ("no key", "rest", unknown), ("unit changed", "sold", changed), ("cost unknown", "sold", uncosted),
        ("unpriced", "rest", ~unknown),
    ):  # fmt: skip
        then, since = before.earned(part)[here], now.earned(part)[here]
        items = int(((then != 0) | (since != 0)).sum())
        if items:
            amounts = (_total(then), _total(since), _total(since) - _total(then))
            rows.append([reason, items, *map(_exact, amounts)])
    return pd.DataFrame(rows, columns=["reason", "items", "before", "now", "amount"], dtype="object")


def _some(counts: pd.Series) -> NDArray[np.bool_]:
    return counts.to_numpy(dtype="int64") > 0


def _whole(values: pd.Series) -> Whole:
    """Return amounts as whole ten-thousandths, which they may be already; what an item has none of is 0."""
    if pd.api.types.is_integer_dtype(values):
        found = values.fillna(0).to_numpy(dtype="int64")
        return found if np.abs(found).max(initial=0) < EXACT else found.astype("object")
    known = values.notna().to_numpy()
    found = whole([int(value.scaleb(4)) for value in values[known]])
    if known.all():
        return found
    every = np.zeros(known.shape, dtype=found.dtype)
    every[known] = found
    return every


def _total(amounts: Whole) -> int:
    return sum(amounts.tolist())


def _sum(amounts: pd.Series) -> Decimal:
    return sum(amounts.dropna(), ZERO)


def _exact(amount: int) -> Decimal:
    return Decimal(amount) * _STEP if amount else ZERO


def _money(amounts: Whole) -> pd.Series:
    if not amounts.any():  # most effects are none of most items'
        return pd.Series([ZERO] * len(amounts), dtype="object")
    return pd.Series([Decimal(amount) * _STEP if amount else ZERO for amount in amounts.tolist()], dtype="object")


def _observed(amounts: pd.Series) -> pd.Series:
    """Return amounts in which a period without lines is 0: that none was sold is observed."""
    return amounts.where(amounts.notna(), ZERO)


def _per_piece(amounts: Whole, quantities: Whole) -> NDArray[np.float64]:
    """Return amounts by piece, missing where nothing was sold."""
    sold = quantities.astype("float64")
    return amounts.astype("float64") / np.where(sold > 0, sold, np.nan)
