"""Prices: the lines of bridges, of price changes, of the price waterfall and of unequal discounts."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit import estimates, languages
from perfkit.contribution import LEVELS, MONEY, has_list_price
from perfkit.dimensions import ask_for
from perfkit.errors import ParameterError
from perfkit.kpis.behind.asked import PART, Asked, Behind, of_member, revenue
from perfkit.kpis.behind.margins import SALES, costed, of_kind, of_sales
from perfkit.languages import mark, text
from perfkit.lines import is_in
from perfkit.margins import prices as of_prices
from perfkit.margins.bridge import PriceVolumeMix, price_volume_mix
from perfkit.margins.bridge.items import EFFECTS
from perfkit.margins.profitability.members import with_members
from perfkit.periods import Period

_BY_ITEM = mark(
    "{basis}. It is worked out item by item from what was sold at a price in both periods: these are the lines of the "
    "items that it is of, and no line is of it alone."
)
_SUMMED = mark("{basis}: the lines of the period less those of the base")
_PEERS = mark(
    "Each discount is set against those of others on the same products: no line is of the difference alone. These are "
    "the lines with a list price of whom it is told."
)
_NO_MEMBER = "\0"
_BETWEEN = "\x1f"


# ---- The bridge


def bridge(asked: Asked) -> Behind:
    """Return the lines of both periods of the items that an effect is of."""
    margin = asked.figure_id.startswith("margin_bridge:")
    match asked.rest:
        case (label, *about, effect) if effect in EFFECTS:
            made = _bridged(asked, label, about, margin=margin)
        case _:
            raise asked.refused()
    figure = asked.published(made)
    lines = _sold(asked, made)
    unit, amount = asked.currency, figure["estimate"]
    sold, other, kind = _["_part"] == "sold", _["_part"] == "rest", _["_kind"]
    summed = {
        "new": sold & (kind == "new"),
        "lost": sold & (kind == "lost"),
        "credit_notes": _["_part"] == "credits",
        "other": other | (sold & (kind == "other")),
    }
    if effect in summed:
        found = lines.filter(summed[effect]).drop("_part", "_kind", "_item")
        return asked.made_of(amount, text(_SUMMED, basis=figure["basis"].rstrip(".")), lines=found)
    concerned = made.items[made.items[effect] != 0]
    found = lines.filter(sold & _["_item"].isin(_codes(made, concerned))).drop("_part", "_kind", "_item", PART)
    how = text(_BY_ITEM, basis=figure["basis"].rstrip("."))
    return Behind(asked.figure_id, found, how, unit, None, made=amount)


def _bridged(asked: Asked, label: str, about: list[str], *, margin: bool) -> PriceVolumeMix:
    """The bridge that an id names: its period, and what is not as usual."""
    current = asked.period(label)
    base: Period | None = None
    keys: tuple[str, ...] = ("product_id",)
    symmetric = False
    for each in about:
        if each == "budget":
            raise ParameterError(f"{asked.figure_id}: it starts from a budget, whose lines are not among the sales.")
        if each == "symmetric":
            symmetric = True
        elif base is None and (each[:1].isdigit() or each.startswith("FY")):
            base = asked.period(each)
        else:
            keys = tuple(each.split("+"))
    base = base or asked.year_before(current)
    return price_volume_mix(
        asked.lines, base=base, current=current, currency=asked.currency, key=keys, margin=margin,
        symmetric=symmetric, least=0,
    )  # fmt: skip


def _sold(asked: Asked, made: PriceVolumeMix) -> ibis.Table:
    """The lines of both periods: what a bridge takes each for, of which kind its item is, and what it adds."""
    lines = asked.lines.filter(is_in(made.current) | is_in(made.base))
    lines = lines.filter(_.cost.notnull()) if made.margin else lines
    keyed = ibis.and_(*(lines[key].notnull() for key in made.keys))
    negative = (lines.net_revenue < 0) | ibis.coalesce(lines.quantity < 0, False)
    priced = keyed & (lines.net_revenue > 0) & ibis.coalesce(lines.quantity > 0, False)
    unit = lines.unit.cast("string") if "unit" in lines.columns else ibis.null("string")
    columns = [*(lines[key].cast("string") for key in made.keys), ibis.ifelse(keyed, unit, ibis.null("string"))]
    item = ibis.literal("")
    for column in columns:
        item = item + ibis.coalesce(column, _NO_MEMBER) + _BETWEEN
    earned = lines.net_revenue - lines.cost if made.margin else lines.net_revenue
    lines = lines.mutate(
        _part=ibis.cases((negative, "credits"), (priced, "sold"), else_="rest"),
        _item=item,
        **{PART: ibis.ifelse(is_in(made.current), earned, -earned)},
    )
    codes = {kind: _codes(made, made.items[made.items["kind"] == kind]) for kind in ("new", "lost", "other")}
    kind = ibis.literal("common")
    for name, of in codes.items():
        kind = ibis.ifelse(lines["_item"].isin(of), name, kind) if of else kind
    return lines.mutate(_kind=kind)


def _codes(made: PriceVolumeMix, items: pd.DataFrame) -> list[str]:
    """How items are written in the lines of `_sold`."""
    columns = [items[column] for column in (*made.keys, "unit")]
    return [
        "".join((_NO_MEMBER if languages.missing(each) else str(each)) + _BETWEEN for each in row)
        for row in zip(*columns, strict=True)
    ]


def price_changes(asked: Asked) -> Behind:
    """Return the lines of an item that was sold at a price in both periods."""
    match asked.rest:
        case (base, label, "price_change" | "quantity_change" as what, *item) if item:
            current, then = asked.period(label), asked.period(base)
        case _:
            raise asked.refused()
    made = price_volume_mix(asked.lines, base=then, current=current, currency=asked.currency, least=0)
    changes = of_prices.price_changes(made)
    figure = asked.published(changes)
    ids = changes.figures()
    ids = list(ids.loc[ids["kpi"] == what, "figure_id"])
    common = made.items[made.items["kind"] == "common"].reset_index(drop=True)
    of = _codes(made, common.iloc[[ids.index(asked.figure_id)]])
    lines = _sold(asked, made).filter((_["_part"] == "sold") & _["_item"].isin(of))
    lines = lines.mutate(now=is_in(current)).drop("_part", "_kind", "_item", PART)
    value = _price_moved if what == "price_change" else _quantity_moved
    return Behind(asked.figure_id, lines, figure["basis"], "share", value)


def _price_moved(lines: pd.DataFrame) -> float | None:
    now, then = (estimates.ratio(revenue(of), sum(of["quantity"], Decimal(0))) for of in _both(lines))
    return estimates.growth(now, then)


def _quantity_moved(lines: pd.DataFrame) -> float | None:
    now, then = (sum(of["quantity"], Decimal(0)) for of in _both(lines))
    return estimates.growth(now, then)


def _both(lines: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    now = lines["now"].astype("bool")
    return lines[now], lines[~now]


# ---- The waterfall


def price_waterfall(asked: Asked) -> Behind:
    """Return the lines or the costs of a step of the price waterfall; of what is left, both."""
    match asked.rest:
        case (_label, "realisation", _member):
            raise ParameterError(
                f"{asked.figure_id}: it is of a member, and its id does not say of which dimension. Drill into "
                "breakdown:DIMENSION:PERIOD:=MEMBER for its lines."
            )
        case (label, *line) if line:
            period, name = asked.period(label), ":".join(line)
        case _:
            raise asked.refused()
    made = of_prices.waterfall(asked.lines, asked.costs, period=period, currency=asked.currency)
    figure = asked.published(made)
    amount, how = figure["estimate"], figure["basis"]
    if name == "realisation":
        lines = asked.lines.filter(is_in(period)).filter(has_list_price())
        return Behind(asked.figure_id, lines, how, "share", _realised)
    if name in ("discounts", "other_reductions"):
        return asked.made_of(amount, how, lines=_reduced(asked, period, name))
    if name in SALES:
        return asked.made_of(amount, how, lines=of_sales(asked, period, name))
    if name not in ("pocket_revenue", "pocket_margin"):
        return asked.made_of(amount, how, costs=of_kind(asked, period, name))
    taken = [row["line"] for row in made.rows.to_dict("records") if row["role"] == "cost" and row["name"] is not None]
    if name == "pocket_revenue":  # the costs of goods come after it
        taken = [line for line in taken if line.split(":")[1] != LEVELS[0].id]
    costs = asked.costs_of(period, ibis.or_(ibis.literal(False), *(_of_line(line) for line in taken)))
    whole = name == "pocket_revenue" or made.amount("goods") == made.amount("uncosted") == 0
    lines = of_sales(asked, period, "net_revenue") if whole else costed(asked.lines.filter(is_in(period)))
    return asked.made_of(amount, how, lines=lines, costs=costs)


def _of_line(line: str) -> Any:
    source, level, kind = line.split(":", 2)
    return (_.source == source) & (_.level == level) & (_.kind == kind)


def _reduced(asked: Asked, period: Period, line: str) -> ibis.Table:
    """The lines with a list price, with the discount that they say, or with what they leave out of it."""
    lines = asked.lines.filter(is_in(period)).filter(has_list_price())
    off = lines.list_revenue - lines.net_revenue
    given = off
    if "discount" in lines.columns:
        said = lines.discount.cast(MONEY)
        given = ibis.ifelse(ibis.coalesce((said >= 0) & (said <= lines.list_revenue), False), said, off)
    part: Mapping[str, Any] = {"discounts": -given, "other_reductions": given - off}
    return lines.mutate(part[line].name(PART))


def _realised(lines: pd.DataFrame) -> float | None:
    return estimates.ratio(revenue(lines), sum(lines["list_revenue"], Decimal(0)))


def discount_dispersion(asked: Asked) -> Behind:
    """Return the lines with a list price of a member, or of all."""
    match asked.rest:
        case (by, label, *member) if member:
            period, name = asked.period(label), ":".join(member)
        case _:
            raise asked.refused()
    if "list_revenue" not in asked.lines.columns:
        raise asked.absent(ask_for("list_revenue"))
    lines = with_members(asked.lines, [by])
    if name != "aligned":
        lines = of_member(asked, lines, "member", "unknown" if name == "=" else name, None)
    lines = lines.filter(is_in(period)).filter(has_list_price()).drop("member")
    unit = asked.currency if name == "aligned" else "points"
    return Behind(asked.figure_id, lines, text(_PEERS), unit, None)
