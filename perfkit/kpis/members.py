"""Members: what each country, product, customer ... of a dimension sold, and what it is called."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit import contribution, estimates, languages
from perfkit.aggregations import aggregation
from perfkit.dimensions import dimension_name, distinct_names, name_column
from perfkit.kpis.comparisons import near
from perfkit.languages import in_sentence, percent, text
from perfkit.lines import count_orders, is_in, is_purchase
from perfkit.periods import Period

_MONEY = "decimal(18, 4)"
_MOST_MONEY = 1e13
_COUNTS = (
    "lines", "lines_before", "purchases", "previous_purchases", "orders", "customers", "previous_orders",
    "previous_customers",
)  # fmt: skip


def member_sums(
    lines: ibis.Table, by: str, period: Period, previous: Period, *, also: Collection[str] = ()
) -> pd.DataFrame:
    """Return each member's sums of both periods, in the order of the members, the unknown one last.

    `given_name` is the member's own name, `name` one that it shares with no other here. `also` names members that
    have a row even without a line.
    """
    rows = _members(lines, by, period, previous)
    silent = sorted(set(also) - set(rows["member"].dropna()))
    if silent:
        zeros = {column: 0 for column in _COUNTS if column in rows}
        rows = pd.concat([rows, pd.DataFrame({"member": silent, **zeros})], ignore_index=True)
    named = name_column(lines, by)
    names = _names(lines, by, named, period, previous) if named else None
    rows["name"] = None if names is None else rows["member"].map(dict(zip(names["member"], names["name"], strict=True)))
    rows["_absent"] = rows["member"].isna()
    rows = rows.sort_values(["_absent", "member"], kind="stable").reset_index(drop=True)
    frame = pd.DataFrame(index=rows.index, dtype="object")
    frame["member"] = rows["member"]
    frame["given_name"] = rows["name"]
    frame["name"] = distinct_names(rows["member"], rows["name"])
    for column in ("revenue", "previous"):
        frame[column] = pd.Series([_exact(value) for value in rows[column]], dtype="object")
    frame["variance"] = frame["revenue"] - frame["previous"]
    frame["growth"] = _objects(
        estimates.growth(*pair) for pair in zip(frame["revenue"], frame["previous"], strict=True)
    )
    for column in _COUNTS:
        frame[column] = _objects(int(value) for value in rows[column]) if column in rows else None
    frame["returns"] = _objects(_exact(value) for value in rows["returns"])
    for column in ("list_revenue", "listed"):
        frame[column] = _objects(None if languages.missing(v) else v for v in rows[column]) if column in rows else None
    for side in ("", "previous_"):
        frame[[f"{side}{column}" for column in ("costed", "gross_profit", "margin_rate")]] = None
        if "cost" not in rows:
            continue
        pairs = list(zip(_objects(rows[f"{side}costed"]), _objects(rows[f"{side}cost"]), strict=True))
        known = [None if languages.missing(cost) else (revenue, revenue - cost) for revenue, cost in pairs]
        frame[f"{side}costed"] = _objects(pair[0] if pair else None for pair in known)
        frame[f"{side}gross_profit"] = _objects(pair[1] if pair else None for pair in known)
        frame[f"{side}margin_rate"] = _objects(
            estimates.ratio(pair[1], pair[0]) if pair and pair[0] > 0 else None for pair in known
        )
    return frame


UNLIKE = 0.3
"""How far the shares of revenue whose member is known may lie apart in two periods that are compared."""


def unlike_members(sums: pd.DataFrame, named: pd.Series, by: str, period: Period) -> str:
    """Say why the members of two periods do not compare: much more of the revenue names its member in one of them.

    What is named in one period only would look won or lost. Empty where they compare.

    Parameters
    ----------
    sums : DataFrame, columns revenue and previous
    named : Series of bool
        Which of its rows are of a known member.
    by : str
    period : Period
    """
    now, before = (
        estimates.ratio(sum(sums.loc[named, column], Decimal(0)), whole)
        if (whole := sum(sums[column], Decimal(0))) > 0
        else None
        for column in ("revenue", "previous")
    )
    if near(now, before, UNLIKE):
        return ""
    return text(
        "Not compared with {previous}: {dimension} is known for {share} of revenue now, for {other} then. Does an "
        "export lack that column?",
        previous=period.year_before().name(),
        dimension=in_sentence(dimension_name(by)),
        share=percent(now),
        other=percent(before),
    )


def price_effects(lines: ibis.Table, by: str, period: Period, previous: Period) -> pd.DataFrame:
    """Return what each member's revenue changed by through prices: columns member, price_effect and priced.

    Of each product that a member sold in both periods, every line with a quantity of one unit: the change of its price
    x the quantity now (KPIS: price-volume-mix, Paasche's weights). `priced` is the revenue now of these products.
    Only what was sold has a price: a return is volume, however its quantity is signed, and so is what was given away.
    What has no product or quantity or was sold in one period only has no price to compare.
    """
    if not {"product_id", "quantity"} <= set(lines.columns):
        return pd.DataFrame(columns=["member", "price_effect", "priced"], dtype="object")
    return _price_effects(lines, by, period, previous)


@aggregation
def _price_effects(lines: ibis.Table, by: str, period: Period, previous: Period) -> ibis.Table:
    here, before = is_in(period), is_in(previous)
    unit = _.unit if "unit" in lines.columns else ibis.literal("")
    products = (
        lines.filter((here | before) & _.product_id.notnull() & (_.net_revenue > 0))
        .mutate(member=_[by], counted=unit)
        .group_by("member", "product_id")
        .agg(
            revenue=_.net_revenue.sum(where=here),
            previous=_.net_revenue.sum(where=before),
            quantity=_.quantity.cast(_MONEY).sum(where=here),
            quantity_before=_.quantity.cast(_MONEY).sum(where=before),
            uncounted=_.count(where=_.quantity.isnull()),
            units=_.counted.nunique(),
            unitless=_.count(where=_.counted.isnull()),
            lines=_.count(),
        )
        .filter(
            (_.revenue > 0)
            & (_.previous > 0)
            & (_.quantity > 0)
            & (_.quantity_before > 0)
            & (_.uncounted == 0)
            & (((_.units == 1) & (_.unitless == 0)) | (_.unitless == _.lines))
        )
    )
    at_old_price = products.mutate(
        before=_.previous.cast("float64") * _.quantity.cast("float64") / _.quantity_before.cast("float64")
    )
    # A quantity of next to nothing gives a price that no amount of money can hold.
    bounded = (_.before < _MOST_MONEY) & (_.revenue.cast("float64") < _MOST_MONEY)
    known = at_old_price.filter(bounded).mutate(effect=_.revenue.cast(_MONEY) - _.before.cast(_MONEY))
    return known.group_by("member").agg(price_effect=_.effect.sum(), priced=_.revenue.sum())


@aggregation
def return_events(lines: ibis.Table, by: str, period: Period) -> ibis.Table:
    """Return how many returns each member has, the sum of the squares of their amounts, and the largest.

    A return is what one document gives back of a member: its lines are one event. Without a number each line is one.
    """
    negative = lines.filter(is_in(period) & (_.net_revenue < 0))
    numbered = _.order_id if "order_id" in lines.columns else ibis.null("string")
    each = ibis.row_number().over(order_by=[by, "net_revenue"]).cast("string")
    events = (
        negative.mutate(member=_[by], numbered=numbered, line=each)
        .mutate(alone=ibis.ifelse(_.numbered.isnull(), _.line, ""))
        .group_by("member", "numbered", "alone")
        .agg(amount=-_.net_revenue.sum().cast("float64"))
    )
    return events.group_by("member").agg(
        return_events=_.count(), returns_squared=(_.amount * _.amount).sum(), largest_return=_.amount.max()
    )


def _exact(value: Any) -> Decimal:
    """A member without lines in a period sold nothing in it: that zero is observed."""
    return Decimal(0) if languages.missing(value) else value


def _objects(values: Any) -> pd.Series:
    return pd.Series(list(values), dtype="object")


@aggregation
def _members(lines: ibis.Table, by: str, period: Period, previous: Period) -> ibis.Table:
    here = is_in(period)
    wanted: dict[str, Any] = {
        "revenue": _.net_revenue.sum(where=here),
        "previous": _.net_revenue.sum(where=is_in(previous)),
        "lines": _.count(where=here),
        "lines_before": _.count(where=is_in(previous)),
        "purchases": _.count(where=here & is_purchase()),
        "previous_purchases": _.count(where=is_in(previous) & is_purchase()),
        "returns": _.net_revenue.sum(where=here & (_.net_revenue < 0)),
    }
    for column in ("order_id", "customer_id"):
        if column in lines.columns:
            name = column.replace("_id", "s")
            for side, when in ((name, here), (f"previous_{name}", is_in(previous))):
                bought = when & is_purchase()
                each = count_orders(lines, bought) if column == "order_id" else _[column].nunique(where=bought)
                wanted[side] = each
    for side, when in (("", here), ("previous_", is_in(previous))):
        sums = contribution.sums(lines, when)
        wanted |= {f"{side}{name}": sums[name] for name in ("costed", "cost") if name in sums}
        if not side and "list" in sums:
            wanted |= {"list_revenue": sums["list"], "listed": sums["listed"]}
    return lines.filter(here | is_in(previous)).group_by(member=_[by]).agg(**wanted)


@aggregation
def _names(lines: ibis.Table, by: str, named: str, period: Period, previous: Period) -> ibis.Table:
    """The name that most of each member's lines give it."""
    given = lines.filter((is_in(period) | is_in(previous)) & _[by].notnull() & _[named].notnull())
    counted = given.group_by(member=_[by], name=_[named]).agg(times=_.count())
    place = ibis.row_number().over(group_by="member", order_by=[ibis.desc("times"), "name"])
    return counted.mutate(place=place).filter(_.place == 0).select("member", "name")
