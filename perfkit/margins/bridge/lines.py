"""Bridge lines: what `bridge.price_volume_mix` asks of the engine: one row an item, in the company's currency.

Of each line one thing is true: it is a return (a negative quantity or amount), it was sold at a price (a key, a
quantity and an amount above 0), or it is the rest. Where margins are bridged, a line without a known cost is none of
these: its revenue is told, and nothing else of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit.aggregations import aggregation, only
from perfkit.contribution import MONEY
from perfkit.errors import DataError
from perfkit.languages import missing
from perfkit.lines import is_in
from perfkit.periods import Period
from perfkit.schema import FX

RATE = "decimal(18, 10)"
SIDES = ("before", "now")
PARTS = ("sold", "credits", "rest")
TENTHS = 10_000  # of a unit of money: amounts have four decimals
_LARGEST = 2**63
_RATE_STEP = Decimal("1e-10")
_WIDE = "decimal(38, 10)"  # of both, where a rate multiplies money: the product has twice as many decimals


@dataclass(frozen=True)
class Asked:
    """What items are made of.

    Attributes
    ----------
    keys : tuple of str
        Columns that an item's lines share, its unit of measure apart.
    also : tuple of str
        Dimensions of which an item has one member.
    name : str or None
        Column that names an item.
    margin : bool
        Whether costs count.
    where_one : tuple of str
        Those of `also` that items go without, where one of them has several members.
    """

    keys: tuple[str, ...]
    also: tuple[str, ...]
    name: str | None
    margin: bool
    where_one: tuple[str, ...] = ()


def sides(sales: ibis.Table, base_sales: ibis.Table | None, base: Period, current: Period, asked: Asked) -> ibis.Table:
    """Return the lines of both periods: of which of them each is, its item, what it brought and what it cost."""
    if base_sales is None:
        return _side(sales, is_in(base), is_in(current), asked)
    never = ibis.literal(False)
    return _side(base_sales, is_in(base), never, asked).union(_side(sales, never, is_in(current), asked))


def _unit(lines: ibis.Table) -> ibis.Value:
    """The unit of measure of each line: its own, else its product's."""
    said = [_[name].cast("string") for name in ("unit", "product_unit") if name in lines.columns]
    return ibis.coalesce(*said) if said else ibis.null("string")


def _side(lines: ibis.Table, before: ibis.Value, now: ibis.Value, asked: Asked) -> ibis.Table:
    dimensions = {each: _[each].cast("string") for each in (*asked.keys, *asked.also)}
    optional = {
        "unit": _unit(lines),
        "named": _[asked.name].cast("string") if asked.name in lines.columns else ibis.null("string"),
        "currency": _.currency.cast("string") if "currency" in lines.columns else ibis.null("string"),
        "cost": _.cost.cast(MONEY) if asked.margin else ibis.null(MONEY),
        "own_cost": _.own_cost if "own_cost" in lines.columns else ibis.literal(False),
    }
    chosen = lines.mutate(before=before, now=now).filter(_.before | _.now)
    return chosen.select(
        "date", "before", "now", revenue=_.net_revenue, quantity=_.quantity.cast(MONEY), **optional, **dimensions
    )


# ---- Currencies


def in_one_currency(lines: ibis.Table, currency: str, fx: ibis.Table | pd.DataFrame | None, symmetric: bool) -> Any:
    """Return the lines in the company's currency, and beside it what they bring at the rates that both periods share.

    Column currency, of each line, where some are in another than the company's; without such there is none. Columns
    revenue, fixed_before and fixed_now: the amount at the rate of its day, and as a line of the base and of the
    current period at a rate that does not change: that of the base for Paasche's weights, the mean of both for
    symmetric ones. A period's rate of a currency is the one at which its sales (amounts above 0) were converted, so
    that what rates did within a period is no price. Columns cost, fixed_cost_before and fixed_cost_now: the same of a
    line's own cost.

    Raises
    ------
    DataError
        If lines are in another currency and there are no rates, or none for the month of one.
    """
    unchanged = lines.mutate(
        fixed_before=_.revenue, fixed_now=_.revenue, fixed_cost_before=_.cost, fixed_cost_now=_.cost
    )
    abroad = _foreign(lines, currency)
    if abroad.empty:
        return unchanged.drop("currency")
    names = ", ".join(abroad["currency"])
    if fx is None:
        raise DataError(
            f"sales: {int(abroad['lines'].sum()):,} lines are in {names} and the others in {currency}. Amounts of two "
            f"currencies are never added. Give the exchange rates as well: fx=acme.table('fx')."
        )
    rates = _daily(_rates(FX.table(fx), list(abroad["currency"])), abroad["first"].min(), abroad["last"].max())
    converted = _converted(lines, rates, currency)
    periods = _period_rates(converted, currency).to_dict("records")
    for row in periods:
        if row["unrated"]:
            raise DataError(
                f"sales: {row['unrated']:,} lines in {row['currency']} are of a month without an exchange rate (first: "
                f"{row['first_unrated']}). Without one they cannot be added to those in {currency}. Complete fx."
            )
    fixed: dict[str, list[tuple[str, Decimal]]] = {side: [] for side in SIDES}
    for row in periods:
        base, now = (_of_period(row, side) for side in SIDES)
        base, now = base or now, now or base
        if base is None or now is None:  # returns alone: nothing was sold at a rate
            continue
        if symmetric:
            middle = ((base + now) / 2).quantize(_RATE_STEP)
            fixed["before"].append((row["currency"], middle))
            fixed["now"].append((row["currency"], middle))
        else:
            fixed["before"].append((row["currency"], base))
            fixed["now"].append((row["currency"], base))
    columns = {}
    for side, pairs in fixed.items():
        columns[f"fixed_{side}"] = _fixed(pairs, _.local, _.revenue)
        columns[f"fixed_cost_{side}"] = ibis.ifelse(_.own_cost, _fixed(pairs, _.local_cost, _.cost), _.cost)
    columns["currency"] = ibis.coalesce(_.currency, currency)
    return converted.mutate(**columns).drop("local", "local_cost", "rate")


def _of_period(row: dict[str, Any], side: str) -> Decimal | None:
    local = row[f"local_{side}"]
    return None if missing(local) else (row[f"sold_{side}"] / local).quantize(_RATE_STEP)


def _fixed(pairs: Sequence[tuple[str, Decimal]], local: Any, converted: Any) -> Any:
    """An amount at the rates of these currencies, of others as it was converted."""
    if not pairs:
        return converted
    rate = _.currency.cases(*((name, ibis.literal(rate, RATE)) for name, rate in pairs), else_=ibis.null(RATE))
    return ibis.coalesce((local.cast(_WIDE) * rate.cast(_WIDE)).cast(MONEY), converted)


def _converted(lines: ibis.Table, rates: pd.DataFrame, currency: str) -> ibis.Table:
    """Return lines in the company's currency, at the rate of their day.

    A line's own cost is in the currency of the line; one made of its product's unit cost is in the company's already.
    """
    table = ibis.memtable(rates, schema={"day": "date", "of": "string", "rate": RATE})
    joined = lines.left_join(table, [lines.date == table.day, lines.currency == table.of]).drop("day", "of")
    own = _.currency.isnull() | (_.currency == currency)
    rate = ibis.ifelse(own, ibis.literal(Decimal(1), RATE), _.rate)
    return joined.mutate(rate=rate, local=_.revenue, local_cost=_.cost).mutate(
        revenue=(_.local.cast(_WIDE) * _.rate.cast(_WIDE)).cast(MONEY),
        cost=ibis.ifelse(_.own_cost, (_.cost.cast(_WIDE) * _.rate.cast(_WIDE)).cast(MONEY), _.cost),
    )


def _daily(rates: pd.DataFrame, first: Any, last: Any) -> pd.DataFrame:
    """Return a rate for each day of the months that have one: the last one given in the month, else its first."""
    days = pd.date_range(pd.Timestamp(first).replace(day=1), last, freq="D")
    parts = []
    for name, given in rates.groupby("currency"):
        of = pd.Series(list(given["rate"]), index=pd.DatetimeIndex(given["date"]), dtype="object").sort_index()
        of = of.reindex(days.union(of.index))
        month = of.index.to_period("M")
        of = of.groupby(month).ffill().groupby(month).bfill().reindex(days).dropna()
        exact = [Decimal(str(rate)).quantize(_RATE_STEP) for rate in of]
        parts.append(pd.DataFrame({"day": of.index.date, "of": name, "rate": exact}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"day": [], "of": [], "rate": []})


@aggregation
def _foreign(lines: ibis.Table, currency: str) -> ibis.Table:
    """The other currencies, how many lines are in each, and from which day to which."""
    other = lines.filter(_.currency.notnull() & (_.currency != currency))
    found = other.group_by("currency").agg(lines=_.count(), first=_.date.min(), last=_.date.max())
    return found.order_by("currency")


@aggregation
def _rates(fx: ibis.Table, currencies: Sequence[str]) -> ibis.Table:
    return fx.filter(_.currency.isin(list(currencies))).select(
        "currency", date=_.date.cast("date"), rate=_["rate"].cast(RATE)
    )


@aggregation
def _period_rates(converted: ibis.Table, currency: str) -> ibis.Table:
    """What was sold in each other currency, in it and converted, and the lines that no rate converts."""
    sold = _.local > 0
    wanted = {
        f"{name}_{side}": _[column].sum(where=_[side] & sold)
        for side in SIDES
        for name, column in (("local", "local"), ("sold", "revenue"))
    }
    other = converted.filter(_.currency.notnull() & (_.currency != currency))
    return (
        other.group_by("currency")
        .agg(unrated=_.count(where=_.rate.isnull()), first_unrated=_.date.min(where=_.rate.isnull()), **wanted)
        .order_by("currency")
    )


# ---- Items


def fit_integers(lines: ibis.Table, asked: Asked) -> bool:
    """Say whether every sum of these lines, in ten-thousandths, is a whole number of 64 bits."""
    found = only(_reach(lines, asked))
    return int(found["lines"]) * Decimal(found["most"] or 0) * TENTHS < _LARGEST


@aggregation
def _reach(lines: ibis.Table, asked: Asked) -> ibis.Table:
    """How many lines there are, and the largest amount or quantity of one without its sign."""
    amounts = [
        "quantity",
        "fixed_before",
        "fixed_now",
        *(["fixed_cost_before", "fixed_cost_now"] if asked.margin else []),
    ]
    largest = lines.agg(lines=_.count(), **{name: _[name].abs().max() for name in amounts})
    return largest.select("lines", most=ibis.greatest(*(ibis.coalesce(largest[name], 0) for name in amounts)))


@aggregation
def items(lines: ibis.Table, asked: Asked, integers: bool) -> ibis.Table:
    """Return an item a row: what it sold at a price, its returns and the rest of it, in both periods.

    Columns <part>_<side> hold amounts at the rates that both periods share, currency_<side> what other rates add,
    quantity_<side> what was sold at a price; where margins are bridged, cost_<part>_<side>, and all_cost_<side> at the
    rates of the days, of which standard_<side> is quantity times a unit cost of the product table. Of amounts that are
    computed with and never shown, <part>_<side> and cost_<part>_<side>, `integers` takes ten-thousandths as whole
    numbers (see `fit_integers`), and of quantities beside them units_<side>: Decimals of many items take long to make,
    and to compute with.
    """
    told = _told(lines, asked)
    wanted: dict[str, Any] = {"name": _.named.max()}
    for side in SIDES:
        columns = {"": f"fixed_{side}"} | ({"cost_": f"fixed_cost_{side}"} if asked.margin else {})
        for start, column in columns.items():
            for part in PARTS:
                amount = _[column].sum(where=_[side] & (_.part == part))
                wanted[f"{start}{part}_{side}"] = (amount * TENTHS).cast("int64") if integers else amount
        quantity = _.quantity.sum(where=_[side] & (_.part == "sold"))
        wanted[f"quantity_{side}"] = quantity
        if integers:
            wanted[f"units_{side}"] = (quantity * TENTHS).cast("int64")
        wanted[f"all_{side}"] = _.revenue.sum(where=_[side] & (_.part != "uncosted"))
        if asked.margin:
            wanted[f"all_cost_{side}"] = _.cost.sum(where=_[side] & (_.part != "uncosted"))
            standard = _[side] & (_.part != "uncosted") & ~_.own_cost
            wanted[f"standard_{side}"] = _.cost.sum(where=standard)
            wanted[f"uncosted_{side}"] = _.revenue.sum(where=_[side] & (_.part == "uncosted"))
            wanted[f"sold_{side}_size"] = _.revenue.abs().sum(where=_[side])
            wanted[f"uncosted_{side}_size"] = _.revenue.abs().sum(where=_[side] & (_.part == "uncosted"))
    for each in asked.also:
        wanted |= {each: _[each].min(), f"other_{each}": _[each].max()}
    wanted |= {f"{part}_lines": _.count(where=_.part == part) for part in ("credits", "rest")}
    return told.group_by(*asked.keys, "unit").agg(**wanted)


def _told(lines: ibis.Table, asked: Asked) -> ibis.Table:
    """Return lines that say what of an item each is: sold at a price, a credit, the rest, or of unknown cost."""
    keyed = ibis.and_(*(_[key].notnull() for key in asked.keys))
    # A quantity or an amount that is missing is below and above nothing.
    negative = (_.revenue < 0) | ibis.coalesce(_.quantity < 0, ibis.literal(False))
    priced = keyed & (_.revenue > 0) & ibis.coalesce(_.quantity > 0, ibis.literal(False))
    known = _.cost.notnull() if asked.margin else ibis.literal(True)
    return lines.mutate(
        part=ibis.cases((~known, "uncosted"), (negative, "credits"), (priced, "sold"), else_="rest"),
        unit=ibis.ifelse(keyed, _.unit, ibis.null("string")),
    )


@aggregation
def by_currency(lines: ibis.Table, asked: Asked, integers: bool) -> ibis.Table:
    """Return what each item sold at a price in each currency: columns as those of `items`."""
    wanted: dict[str, Any] = {}
    for side in SIDES:
        here = _[side] & (_.part == "sold")
        amounts = {f"sold_{side}": f"fixed_{side}", f"units_{side}": "quantity"}
        if asked.margin:
            amounts[f"cost_sold_{side}"] = f"fixed_cost_{side}"
        for name, column in amounts.items():
            amount = _[column].sum(where=here)
            wanted[name] = (amount * TENTHS).cast("int64") if integers else amount
    found = _told(lines, asked).filter(_.part == "sold").group_by(*asked.keys, "unit", "currency").agg(**wanted)
    return found.order_by(*asked.keys, "unit", "currency")
