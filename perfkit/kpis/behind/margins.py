"""Margins: the lines and the costs of statements, of members' margins, of whale curves and of differences of rates."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit import estimates, languages
from perfkit.aggregations import fetch
from perfkit.contribution import LEVELS, has_list_price
from perfkit.dimensions import ask_for
from perfkit.errors import ParameterError
from perfkit.kpis.behind.asked import PART, Asked, Behind, among, revenue
from perfkit.languages import mark, text
from perfkit.lines import is_in
from perfkit.margins import profitability as earners
from perfkit.margins import statement as statements
from perfkit.margins.profitability.members import keys_of, with_members
from perfkit.periods import Period

_SCOPES = ("customer_id", "channel")
"""Columns of a cost that say whom it is of."""
_MARGIN_IDS = tuple(level.margin_id for level in LEVELS)
_OF_WHALE = ("cogs", "cm1", "cm2")
"""Levels of the costs that a whale curve takes off."""

SALES: Mapping[str, tuple[Any, Any]] = {
    "list_revenue": (has_list_price(), _.list_revenue),
    "unlisted": ((_.net_revenue >= 0) & ~ibis.coalesce(_.list_revenue > 0, False), _.net_revenue),
    "discounts": (has_list_price(), _.net_revenue - _.list_revenue),
    "invoiced": (has_list_price(), _.net_revenue),
    "returns": (_.net_revenue < 0, _.net_revenue),
    "net_revenue": (ibis.literal(True), _.net_revenue),
    "uncosted": (_.cost.isnull(), -_.net_revenue),
    "goods": (_.cost.notnull(), -_.cost),
}
"""Lines of a statement or of a price waterfall that sales make: which ones, and what each adds."""

_RATE_OF_ALL = mark(
    "{basis}. What is drawn towards the mean looks at the lines of all members: these are those of the member."
)
_OF_MEMBERS = mark("{basis}. It is made of the profits of members, each with its part of costs that several share.")
_SOME_ALLOCATED = mark("{how}. The costs of these kinds come to {told}; of them, {reached} do reach members.")
_DIFFERENCE = mark(
    "Gross margin / net revenue of the lines of the member, less the same of all others; lines whose cost and customer "
    "are known"
)


def statement(asked: Asked) -> Behind:
    """Return the lines or the costs of a line of the statement; of what is left, both."""
    match asked.rest:
        case (_label, "books", _step):
            raise ParameterError(
                f"{asked.figure_id}: it sets the statement against entries of the ledger: look at them with "
                "acme.frame('ledger'), and drill into the statement's own lines."
            )
        case (label, *line) if line:
            period, name = asked.period(label), ":".join(line)
        case _:
            raise asked.refused()
    made = statements.statement(asked.lines, asked.costs, period=period, currency=asked.currency)
    figure = asked.published(made)
    amount, how = figure["estimate"], figure["basis"]
    if name in SALES:
        return asked.made_of(amount, how, lines=of_sales(asked, period, name))
    if name not in _MARGIN_IDS:
        return asked.made_of(amount, how, costs=of_kind(asked, period, name))
    levels = [level.id for level in LEVELS[: _MARGIN_IDS.index(name) + 1]]
    whole = made.amount("goods") == made.amount("uncosted") == 0
    lines = of_sales(asked, period, "net_revenue") if whole else costed(asked.lines.filter(is_in(period)))
    return asked.made_of(amount, how, lines=lines, costs=asked.costs_of(period, _.level.isin(levels)))


def of_sales(asked: Asked, period: Period, line: str) -> ibis.Table:
    """Return the lines of sales that make a line of the statement, with what each adds."""
    where, part = SALES[line]
    for column in ("list_revenue", "cost"):
        if column not in asked.lines.columns and line in _NEEDING[column]:
            raise asked.absent(ask_for(column))
    return asked.lines.filter(is_in(period)).filter(where).mutate(**{PART: part})


_NEEDING = {
    "list_revenue": ("list_revenue", "unlisted", "discounts", "invoiced"),
    "cost": ("uncosted", "goods"),
}


def of_kind(asked: Asked, period: Period, line: str) -> ibis.Table | None:
    """Return the costs of a kind and level, as "costs:cm1:Freight" names them."""
    source, _colon, rest = line.partition(":")
    level, _colon, kind = rest.partition(":")
    return asked.costs_of(period, _.source == source, _.level == level, _.kind == kind)


def costed(lines: ibis.Table) -> ibis.Table:
    """Return the lines whose cost is known, with what they earn."""
    return lines.filter(_.cost.notnull()).mutate((_.net_revenue - _.cost).name(PART))


# ---- Members


def profitability(asked: Asked) -> Behind:
    """Return a member's lines and the costs that name it, or the costs that reach no member."""
    match asked.rest:
        case (dimensions, label, "unallocated", level):
            return _unallocated(asked, dimensions.split(","), asked.period(label), level)
        case (dimensions, label, column, *ending) if ending:
            return _of_member(asked, dimensions.split(","), asked.period(label), column, ":".join(ending))
    raise asked.refused()


def _earned(asked: Asked, dimensions: Sequence[str], period: Period) -> earners.Profitability:
    return earners.by(asked.lines, dimensions=dimensions, period=period, currency=asked.currency, costs=asked.costs)


def _of_member(asked: Asked, dimensions: Sequence[str], period: Period, column: str, ending: str) -> Behind:
    made = _earned(asked, dimensions, period)
    figure = asked.published(made)
    if ending == "others":
        raise ParameterError(
            f"{asked.figure_id}: the others are the smaller members, together. "
            f"Drill into one of them: {asked.figure_id.removesuffix('others')}=MEMBER"
        )
    members = figure["dimensions"]
    lines = _lines_of(asked, dimensions, {by: [member] for by, member in members.items()}).filter(is_in(period))
    if column == "net_revenue":
        return asked.made_of(figure["estimate"], figure["basis"], lines=lines.mutate(_.net_revenue.name(PART)))
    if column == "rate":
        how = text(_RATE_OF_ALL, basis=figure["basis"].rstrip("."))
        return Behind(asked.figure_id, costed(lines), how, figure["unit"], None, made=figure["estimate"])
    levels = [level.id for level in LEVELS[: _MARGIN_IDS.index(column) + 1]]
    costs = None
    if set(dimensions) <= set(_SCOPES):  # else no cost says which member it is of
        costs = asked.costs_of(period, _.level.isin(levels), *(_[by] == member for by, member in members.items()))
    return asked.made_of(figure["estimate"], figure["basis"], lines=costed(lines), costs=costs)


def _lines_of(asked: Asked, dimensions: Sequence[str], members: Mapping[str, Sequence[str | None]]) -> ibis.Table:
    """The lines of members, of one dimension or of a cross of two."""
    lines, keys = with_members(asked.lines, dimensions), keys_of(dimensions)
    for key, by in zip(keys, dimensions, strict=True):
        lines = among(lines, key, list(members[by]))
    return lines.drop(*keys)


def _unallocated(asked: Asked, dimensions: Sequence[str], period: Period, level: str) -> Behind:
    made = _earned(asked, dimensions, period)
    figure = asked.published(made)
    left = made.unallocated[made.unallocated["level"] == level].to_dict("records")
    costs = asked.costs_of(period, _.level == level, ibis.or_(*map(_of_kind_and_driver, left)))
    if costs is not None:
        costs = costs.mutate((-costs[PART]).name(PART))
    return asked.made_of(figure["estimate"], figure["basis"], costs=costs, rest=_SOME_ALLOCATED)


def _of_kind_and_driver(row: Mapping[Any, Any]) -> Any:
    driver = _.driver.isnull() if languages.missing(row["driver"]) else _.driver == row["driver"]
    return (_.kind == row["kind"]) & driver


# ---- The whale curve


def whale_curve(asked: Asked) -> Behind:
    """Return the lines, and the costs that name them, of the members that a figure of the curve speaks of."""
    match asked.rest:
        case (by, label, *what) if what:
            period, name = asked.period(label), ":".join(what)
        case _:
            raise asked.refused()
    before = period.year_before()
    ranked = partial(earners.whale_curve, asked.lines, by=by, currency=asked.currency, costs=asked.costs)
    curve = ranked(period=period, previous=before)
    figure = asked.published(curve)
    amount, how = figure["estimate"], figure["basis"]
    if name.startswith("left_out:"):
        return _left_out(asked, by, period, name.removeprefix("left_out:"), figure)
    if name in ("before:earlier_lost", "before:earlier_now"):
        earlier = ranked(period=before)
        when = before if name == "before:earlier_lost" else period
        return _of_ranked(asked, by, when, _members(earlier, losing=True), curve, amount, how)
    if name in ("before:lost", "destroyed"):
        return _of_ranked(asked, by, period, _members(curve, losing=True), curve, amount, how)
    if name == "before:earned_then":
        return _of_ranked(asked, by, before, _members(curve, losing=True), curve, amount, how)
    if name in ("peak_amount", "hhi", "gini"):
        found = _of_ranked(asked, by, period, _members(curve, losing=False), curve, curve.peak_amount, how)
    else:
        found = _of_ranked(asked, by, period, list(curve.cells["member"]), curve, curve.total, how)
    if name in ("peak_amount", "total"):
        return found
    how = text(_OF_MEMBERS, basis=how.rstrip("."))
    return Behind(asked.figure_id, found.lines, how, figure["unit"], None, found.costs, made=amount)


def _members(curve: earners.WhaleCurve, *, losing: bool) -> list[str | None]:
    """Those that lose, or those that earn."""
    profits = zip(curve.cells["member"], curve.cells["profit"], strict=True)
    return [member for member, profit in profits if (profit < 0 if losing else profit > 0)]


def _of_ranked(
    asked: Asked,
    by: str,
    period: Period,
    members: Sequence[str | None],
    curve: earners.WhaleCurve,
    amount: Decimal,
    how: str,
) -> Behind:
    """The lines of several members, and the costs that name them."""
    lines = costed(_lines_of(asked, [by], {by: members}).filter(is_in(period)))
    costs = None
    if curve.profit != "gross_profit" and by in _SCOPES:
        costs = asked.costs_of(period, _.level.isin(_OF_WHALE), _[by].isin([each for each in members if each]))
    return asked.made_of(amount, how, lines=lines, costs=costs)


def _left_out(asked: Asked, by: str, period: Period, reason: str, figure: Mapping[str, Any]) -> Behind:
    amount, how = figure["estimate"], figure["basis"]
    if reason == "costs that reach none":
        costs = asked.costs_of(period, _.level.isin(_OF_WHALE))
        return asked.made_of(amount, how, costs=costs, rest=_SOME_ALLOCATED)
    table = with_members(asked.lines, [by])
    here = table.filter(is_in(period))
    if reason == "no known cost":
        lines = here.filter(_.member.notnull() & _.cost.isnull()).mutate(_.net_revenue.name(PART)).drop("member")
        return asked.made_of(amount, how, lines=lines)
    unnamed = here.filter(_.member.isnull()).drop("member")
    known = costed(unnamed)
    if not len(fetch("behind", known.head(1))):
        known = unnamed.mutate(_.net_revenue.name(PART))
    return asked.made_of(amount, how, lines=known)


# ---- Differences of rates


def margin_difference(asked: Asked) -> Behind:
    """Return the lines of a member and of all others."""
    match asked.rest:
        case (by, label, *member) if member:
            period, name = asked.period(label), ":".join(member)
        case _:
            raise asked.refused()
    for column in ("cost", "customer_id"):
        if column not in asked.lines.columns:
            raise asked.absent(ask_for(column))
    table = with_members(asked.lines, [by]).filter(is_in(period) & _.cost.notnull() & _.customer_id.notnull())
    if name != "unknown" and not name.startswith("="):
        raise asked.refused()
    mine = table.member.isnull() if name == "unknown" else ibis.coalesce(table.member == name[1:], False)
    lines = table.mutate(ibis.ifelse(mine, "member", "others").name("side")).drop("member")
    return Behind(asked.figure_id, lines, text(_DIFFERENCE), "points", _apart)


def _apart(lines: pd.DataFrame) -> float | None:
    rates = []
    for side in ("member", "others"):
        of = lines[lines["side"] == side]
        net = revenue(of)
        rates.append(estimates.ratio(net - sum(of["cost"], Decimal(0)), net) if net > 0 else None)
    return None if rates[0] is None or rates[1] is None else rates[0] - rates[1]
