"""Measures: the value of every KPI in a period and the year before, or the reason why there is none."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import ibis
from ibis import _

from perfkit import estimates, languages
from perfkit.aggregations import aggregation, only, within
from perfkit.kpis.catalogue import LARGEST, REPEAT_DAYS
from perfkit.kpis.lines import Span, ask_for, is_in, is_purchase
from perfkit.languages import date, percent, text
from perfkit.periods import Period, shifted, starts_in_time

ENOUGH_COST = 0.95
"""Below this share of lines with a cost, a margin rate speaks of a part of the business only."""


@dataclass(frozen=True)
class Value:
    """One KPI of one period: its value or the reason why there is none."""

    actual: Any = None
    status: str = "observed"
    reason: str = ""
    low: float | None = None
    high: float | None = None
    level: float | None = None
    n: int | None = None


def _absent(reason: str) -> Value:
    return Value(status="not available", reason=reason)


def measured_values(lines: ibis.Table, period: Period, previous: Period, days: Span) -> dict[str, dict[str, Value]]:
    """Return both periods' values, by "now" and "before" and KPI."""
    both = {"now": period, "before": previous}
    totals = only(_totals(lines, period, previous))
    measured = {side: _money(totals, side, days) for side in both}
    orders = only(_order_values(lines, period, previous)) if "order_id" in lines.columns else None
    buyers = only(_buyers(lines, period, previous)) if "customer_id" in lines.columns else None
    largest = only(_largest(lines, period, previous)) if "customer_id" in lines.columns else None
    for side, when in both.items():
        measured[side] |= _orders(totals, orders, side)
        measured[side] |= _customers(totals, buyers, largest, side, when, days)
        measured[side] |= _margins(totals, side)
        if not days.holds(when):
            measured[side] = {kpi: _absent(days.why_not()) for kpi in measured[side]}
    return measured


@aggregation
def _totals(lines: ibis.Table, period: Period, previous: Period) -> ibis.Table:
    """Everything that adds up line by line, of both periods, in one pass."""
    wanted: dict[str, Any] = {}
    for side, when in (("now", period), ("before", previous)):
        here = is_in(when)
        wanted |= {
            f"{side}_revenue": _.net_revenue.sum(where=here),
            f"{side}_sold": _.net_revenue.sum(where=here & is_purchase()),
            f"{side}_returned": _.net_revenue.sum(where=here & (_.net_revenue < 0)),
        }
        if "order_id" in lines.columns:
            wanted |= {
                f"{side}_purchases": _.count(where=here & is_purchase()),
                f"{side}_numbered": _.order_id.count(where=here & is_purchase()),
                f"{side}_numbered_revenue": _.net_revenue.sum(where=here & _.order_id.notnull()),
            }
        if "customer_id" in lines.columns:
            wanted |= {
                f"{side}_identified": _.net_revenue.sum(where=here & _.customer_id.notnull()),
                f"{side}_identified_lines": _.customer_id.count(where=here),
                f"{side}_lines": _.count(where=here),
            }
        if "cost" in lines.columns:
            known = here & _.cost.notnull()
            wanted |= {
                f"{side}_costed": _.net_revenue.sum(where=known),
                f"{side}_cost": _.cost.sum(where=known),
                f"{side}_costed_amount": _.net_revenue.abs().sum(where=known),
                f"{side}_amount": _.net_revenue.abs().sum(where=here),
            }
    return lines.filter(is_in(period) | is_in(previous)).agg(**wanted)


@aggregation
def _order_values(lines: ibis.Table, period: Period, previous: Period) -> ibis.Table:
    """How many orders each period has, and their median: an order is the lines of one number in one period."""
    orders = (
        lines.filter(_.order_id.notnull() & (is_in(period) | is_in(previous)))
        .mutate(now=ibis.ifelse(is_in(period), 1, 0))
        .group_by("order_id", "now")
        .agg(value=_.net_revenue.sum(), bought=_.count(where=is_purchase()))
        .filter(_.bought > 0)
        .mutate(value=_.value.cast("float64"))
    )
    return orders.agg(
        now_orders=_.count(where=_.now == 1),
        before_orders=_.count(where=_.now == 0),
        now_median=_.value.median(where=_.now == 1),
        before_median=_.value.median(where=_.now == 0),
    )


@aggregation
def _buyers(lines: ibis.Table, period: Period, previous: Period) -> ibis.Table:
    """Customers of both periods, the new ones among them, and how many of a year's new ones came back."""
    bought = lines.filter(
        is_purchase() & _.customer_id.notnull() & (_.date < ibis.date(period.end.isoformat()))
    ).select("customer_id", "date")
    first = bought.group_by("customer_id").agg(first=_.date.min())
    customers = (
        bought.join(first, "customer_id")
        .mutate(after=_.date.delta(_.first, unit="day"))
        .group_by("customer_id", "first")
        .agg(
            now=_.count(where=is_in(period)),
            before=_.count(where=is_in(previous)),
            again=_.count(where=(_.after > 0) & (_.after <= REPEAT_DAYS)),
        )
    )
    wanted: dict[str, Any] = {}
    for side, when in (("now", period), ("before", previous)):
        cohort = within(_.first, *_mature(when))
        wanted |= {
            f"{side}_customers": _.count(where=_[side] > 0),
            f"{side}_new": _.count(where=within(_.first, when.start, when.end)),
            f"{side}_cohort": _.count(where=cohort),
            f"{side}_again": _.count(where=cohort & (_.again > 0)),
        }
    return customers.agg(**wanted)


@aggregation
def _largest(lines: ibis.Table, period: Period, previous: Period) -> ibis.Table:
    """What the ten largest customers of each period brought, and how many customers had lines."""
    customers = (
        lines.filter(_.customer_id.notnull() & (is_in(period) | is_in(previous)))
        .group_by("customer_id")
        .agg(
            now=_.net_revenue.sum(where=is_in(period)),
            before=_.net_revenue.sum(where=is_in(previous)),
        )
    )
    ranked = customers.mutate(
        rank_now=ibis.row_number().over(order_by=[ibis.desc("now", nulls_first=False), "customer_id"]),
        rank_before=ibis.row_number().over(order_by=[ibis.desc("before", nulls_first=False), "customer_id"]),
    )
    return ranked.agg(
        now_largest=_.now.sum(where=_.rank_now < LARGEST),
        before_largest=_.before.sum(where=_.rank_before < LARGEST),
        now_members=_.now.count(),
        before_members=_.before.count(),
    )


def _mature(period: Period) -> tuple[dt.date, dt.date]:
    """The twelve months whose new customers have all had time to come back, by the period's end."""
    end = period.end - dt.timedelta(days=REPEAT_DAYS)
    return shifted(end, -12), end


def _money(totals: Mapping[str, Any], side: str, days: Span) -> dict[str, Value]:
    sold = totals[f"{side}_sold"]
    if not days.returns:
        returns = _absent(text("No line of the data is negative. Ask whether returns and credit notes were exported."))
    elif not sold:
        returns = _absent(text("There are no sales in the period."))
    else:
        returned = totals[f"{side}_returned"] or Decimal(0)
        returns = Value(estimates.ratio(-returned, sold))
    return {"revenue": Value(totals[f"{side}_revenue"] or Decimal(0)), "return_rate": returns}


def _orders(totals: Mapping[str, Any], values: Mapping[str, Any] | None, side: str) -> dict[str, Value]:
    ids = ("orders", "aov", "median_order")
    if values is None:
        return dict.fromkeys(ids, _absent(ask_for("order_id")))
    purchases, numbered = totals[f"{side}_purchases"], totals[f"{side}_numbered"]
    orders = int(values[f"{side}_orders"])
    if not numbered and purchases:
        return dict.fromkeys(ids, _absent(ask_for("order_id")))
    counted = Value(orders)
    if numbered < purchases:
        reason = text("{share} of the sales lines have no order number.", share=percent(1 - numbered / purchases))
        counted = replace(counted, status="partial", reason=reason)
    if not orders:
        return {"orders": counted} | dict.fromkeys(ids[1:], _absent(text("There are no orders in the period.")))
    revenue = totals[f"{side}_numbered_revenue"] or Decimal(0)
    return {
        "orders": counted,
        "aov": replace(counted, actual=estimates.ratio(revenue, orders)),
        "median_order": replace(counted, actual=float(values[f"{side}_median"])),
    }


def _customers(
    totals: Mapping[str, Any],
    buyers: Mapping[str, Any] | None,
    largest: Mapping[str, Any] | None,
    side: str,
    period: Period,
    days: Span,
) -> dict[str, Value]:
    ids = ("customers", "new_customers", "returning_customers", "repeat_rate", "concentration", "identified_share")
    if buyers is None or largest is None:
        return dict.fromkeys(ids, _absent(ask_for("customer_id")))
    if totals[f"{side}_lines"] and not totals[f"{side}_identified_lines"]:
        none = dict.fromkeys(ids, _absent(text("No line of the period has a customer.")))
        return none | ({"identified_share": Value(0.0)} if (totals[f"{side}_revenue"] or 0) > 0 else {})
    revenue, identified = totals[f"{side}_revenue"] or Decimal(0), totals[f"{side}_identified"] or Decimal(0)
    customers, new = int(buyers[f"{side}_customers"]), int(buyers[f"{side}_new"])
    fresh, returning = Value(new), Value(customers - new)
    if not starts_in_time(days.first, shifted(period.start, -12)):
        why = text("The data start on {day}: who bought before then and came back counts as new.", day=date(days.first))
        fresh = Value(new, "upper bound", why)
        least = languages.number(customers - new)
        returning = _absent(
            text("At least {n}; those who bought before {day} count as new.", n=least, day=date(days.first))
        )
    top, members = largest[f"{side}_largest"], int(largest[f"{side}_members"])
    if identified <= 0 or top is None:
        concentration = _absent(text("Identified customers brought no revenue in the period."))
    else:
        concentration = Value(estimates.ratio(top, identified), n=members)
    return {
        "customers": Value(customers),
        "new_customers": fresh,
        "returning_customers": returning,
        "repeat_rate": _repeat(int(buyers[f"{side}_again"]), int(buyers[f"{side}_cohort"]), period, days),
        "concentration": concentration,
        "identified_share": Value(estimates.ratio(identified, revenue))
        if revenue > 0
        else _absent(text("There is no revenue in the period.")),
    }


def _repeat(again: int, cohort: int, period: Period, days: Span) -> Value:
    start, end = _mature(period)
    if not cohort:
        last = end - dt.timedelta(days=1)
        return _absent(
            text("No customer's first purchase lies between {start} and {last}.", start=date(start), last=date(last))
        )
    estimate = estimates.share(again, cohort).iloc[0]
    value = Value(
        float(estimate["estimate"]), "estimated", "", float(estimate["low"]), float(estimate["high"]),
        float(estimate["level"]), int(estimate["n"]),
    )  # fmt: skip
    if starts_in_time(days.first, shifted(start, -12)):
        return value
    why = text("The data start on {day}: among the first purchases are those of older customers.", day=date(days.first))
    return replace(value, status="upper bound", reason=why)


def _margins(totals: Mapping[str, Any], side: str) -> dict[str, Value]:
    ids = ("gross_profit", "margin_rate", "cost_coverage")
    if f"{side}_cost" not in totals or totals[f"{side}_cost"] is None:
        return dict.fromkeys(ids, _absent(ask_for("cost")))
    costed, cost = totals[f"{side}_costed"], totals[f"{side}_cost"]
    covered = estimates.ratio(totals[f"{side}_costed_amount"], totals[f"{side}_amount"]) or 0.0
    reason = text("The cost is known for {share} of the amounts.", share=percent(covered)) if covered < 1 else ""
    whole = "partial" if covered < 1 else "observed"
    rate = _absent(text("The lines whose cost is known bring no revenue."))
    if costed > 0:
        enough = covered >= ENOUGH_COST
        rate = Value(
            estimates.ratio(costed - cost, costed), "observed" if enough else "partial", "" if enough else reason
        )
    return {
        "gross_profit": Value(costed - cost, whole, reason),
        "margin_rate": rate,
        "cost_coverage": Value(covered),
    }
