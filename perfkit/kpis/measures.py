"""Measures: the value of every KPI in a period and the year before, or the reason why there is none."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import ibis

from perfkit import estimates, languages
from perfkit.aggregations import only
from perfkit.contribution import ENOUGH
from perfkit.dimensions import ask_for, in_words
from perfkit.kpis import sums
from perfkit.kpis.catalogue import LARGEST
from perfkit.languages import date, percent, plural, text
from perfkit.lines import Span, no_line
from perfkit.periods import Period, shifted, starts_in_time
from perfkit.schema import FIRST_BOUGHT

CREDITS = 0.005
"""Above this share of revenue, credit notes without a cost are told: returned goods, or a lower price?"""
CONTRARY = 0.03
"""Above this share of amounts whose list price has the other sign, list prices mean something else."""


@dataclass(frozen=True)
class Value:
    """One KPI of one period: its value or the reason why there is none.

    `coverage` is the share of the business (0 to 1) that it speaks of, where that may be a part: of each thing that
    a line must say for it.
    """

    actual: Any = None
    status: str = "observed"
    reason: str = ""
    low: float | None = None
    high: float | None = None
    level: float | None = None
    n: int | None = None
    coverage: tuple[float, ...] = ()


def _absent(reason: str) -> Value:
    return Value(status="not available", reason=reason)


def measured_values(
    lines: ibis.Table, period: Period, previous: Period, days: Span, *, working_days: Mapping[str, int]
) -> dict[str, dict[str, Value]]:
    """Return both periods' values, by "now" and "before" and KPI; so are their working days given."""
    both = {"now": period, "before": previous}
    totals = only(sums.totals(lines, period, previous))
    measured = {side: _money(totals, side, when, days, working_days[side]) for side, when in both.items()}
    orders = only(sums.order_values(lines, period, previous)) if "order_id" in lines.columns else None
    buyers = only(sums.buyers(lines, period, previous)) if "customer_id" in lines.columns else None
    largest = only(sums.largest(lines, period, previous)) if "customer_id" in lines.columns else None
    for side, when in both.items():
        measured[side] |= _orders(totals, orders, side)
        measured[side] |= _customers(totals, buyers, largest, side, when, days)
        if FIRST_BOUGHT in lines.columns:
            measured[side]["repeat_rate"] = _absent(
                text("These lines are a part of what customers buy: a second purchase outside of it is not seen.")
            )
        measured[side] |= {"orders_per_customer": _frequency(measured[side], orders, side)}
        measured[side] |= _margins(totals, side)
        if not days.holds(when):
            measured[side] = dict.fromkeys(measured[side], _absent(days.why_not()))
        elif not totals[f"{side}_lines"]:
            why = no_line(when)
            measured[side] = dict.fromkeys(measured[side], _absent(why)) | {"revenue": Value(Decimal(0), reason=why)}
    return measured


def _money(totals: Mapping[str, Any], side: str, period: Period, days: Span, working_days: int) -> dict[str, Value]:
    revenue, sold = totals[f"{side}_revenue"] or Decimal(0), totals[f"{side}_sold"]
    if not days.returns:
        returns = _absent(text("No line of the data is negative. Ask whether returns and credit notes were exported."))
    elif not totals[f"{side}_negative"]:
        last = date(period.end - dt.timedelta(days=1))
        returns = _absent(
            text(
                "No line of the twelve months to {last} is negative. "
                "Ask whether returns and credit notes were exported.",
                last=last,
            )
        )
    elif not sold:
        returns = _absent(text("There are no sales in the period."))
    else:
        returned = totals[f"{side}_returned"] or Decimal(0)
        returns = Value(estimates.ratio(-returned, sold))
    return {
        "revenue": Value(revenue, n=totals[f"{side}_lines"]),
        "revenue_per_working_day": Value(estimates.ratio(revenue, working_days), n=working_days)
        if working_days
        else _absent(text("The period has no working day.")),
        "return_rate": returns,
        "discount_rate": _discounts(totals, side, sold),
    }


def _discounts(totals: Mapping[str, Any], side: str, sold: Decimal | None) -> Value:
    if f"{side}_list" not in totals:
        return _absent(ask_for("list_revenue"))
    if not totals[f"{side}_list"] and totals[f"{side}_with_list"]:
        return _absent(text("No sale of the period has a list price above zero: on returns there is no discount."))
    if not totals[f"{side}_list"]:
        return _absent(text("No line of the period has a list price."))
    listed, net, contrary = (totals[f"{side}_{name}"] for name in ("list", "listed", "contrary"))
    note = ""
    if contrary:
        amounts = estimates.ratio(totals[f"{side}_contrary_amount"], totals[f"{side}_priced_amount"]) or 0.0
        note = plural(
            "{n} line whose list price and revenue have opposite signs is left out ({share} of the amounts).",
            "{n} lines whose list price and revenue have opposite signs are left out ({share} of the amounts).",
            contrary,
            share=percent(amounts),
        )
        if amounts > CONTRARY:
            return _absent(note)
    rate = Value(estimates.ratio(listed - net, listed), reason=note)
    covered = estimates.ratio(totals[f"{side}_listed_sold"] or 0, sold)
    return _covered(rate, covered, lambda share: text("The list price is known for {share} of the sales.", share=share))


def _covered(value: Value, covered: float | None, why: Callable[[str], str]) -> Value:
    """Return a value with the share of the business that it speaks of: below ENOUGH, it is partial and says so."""
    if covered is None:
        return value
    value = replace(value, coverage=(covered,))
    if covered >= ENOUGH:
        return value
    return replace(value, status="partial", reason=" ".join(filter(None, (why(percent(covered)), value.reason))))


def _share(part: Any, whole: Any) -> tuple[float, ...]:
    """Return which share of the sales says something, as a value's coverage: nothing where there are no sales."""
    share = estimates.ratio(part or 0, whole)
    return () if share is None else (share,)


def _orders(totals: Mapping[str, Any], values: Mapping[str, Any] | None, side: str) -> dict[str, Value]:
    ids = ("orders", "aov", "median_order")
    if values is None:
        return dict.fromkeys(ids, _absent(ask_for("order_id")))
    purchases, numbered = totals[f"{side}_purchases"], totals[f"{side}_numbered"]
    orders = int(values[f"{side}_orders"])
    if not numbered and purchases:
        return dict.fromkeys(ids, _absent(text("No line of the period has an order number.")))
    counted = Value(orders, coverage=_share(numbered, purchases))
    if numbered < purchases:
        reason = text("{share} of the sales lines have no order number.", share=percent(1 - numbered / purchases))
        counted = replace(counted, status="partial", reason=reason)
    if not orders:
        return {"orders": counted} | dict.fromkeys(ids[1:], _absent(text("There are no orders in the period.")))
    revenue, median = totals[f"{side}_numbered_revenue"] or Decimal(0), float(values[f"{side}_median"])
    undone = _absent(text("Returns and credit notes of the period outweigh its orders."))
    return {
        "orders": counted,
        "aov": replace(counted, actual=estimates.ratio(revenue, orders)) if revenue > 0 else undone,
        "median_order": replace(counted, actual=median) if median > 0 else undone,
    }


def _frequency(measured: Mapping[str, Value], values: Mapping[str, Any] | None, side: str) -> Value:
    """Orders per customer: of the orders whose customer is known, so that both count the same business."""
    orders, customers = measured["orders"], measured["customers"]
    for part in (orders, customers):
        if part.actual is None:
            return _absent(part.reason)
    if values is None or not customers.actual or not values[f"{side}_identified_orders"]:
        return _absent(text("There are no orders of identified customers in the period."))
    return replace(
        orders,
        actual=estimates.ratio(int(values[f"{side}_identified_orders"]), customers.actual),
        coverage=orders.coverage + customers.coverage,
    )


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
        none = dict.fromkeys(ids, _absent(_nobody()))
        return none | ({"identified_share": Value(0.0)} if (totals[f"{side}_revenue"] or 0) > 0 else {})
    revenue, identified = totals[f"{side}_revenue"] or Decimal(0), totals[f"{side}_identified"] or Decimal(0)
    customers, new = int(buyers[f"{side}_customers"]), int(buyers[f"{side}_new"])
    anonymous = bool(totals[f"{side}_sold"]) and not customers
    known = _share(totals[f"{side}_identified_sold"], totals[f"{side}_sold"])
    known_firsts = _share(totals[f"{side}_cohort_identified"], totals[f"{side}_cohort_sold"])
    fresh, returning = Value(new, coverage=known), Value(customers - new, coverage=known)
    if not starts_in_time(days.first, shifted(period.start, -12)):
        why = text("The data start on {day}; who bought before then and came back counts as new.", day=date(days.first))
        fresh = Value(new, "upper bound", why, coverage=known)
        least = languages.number(customers - new)
        bounded = text("At least {n}; those who bought before {day} count as new.", n=least, day=date(days.first))
        returning = _absent(bounded if customers > new else why)  # at least none says nothing
    counted = Value(customers, coverage=known)
    if anonymous:  # who bought is not known, which is not the same as nobody
        counted = fresh = returning = _absent(_nobody())
    top, members = largest[f"{side}_largest"], int(largest[f"{side}_members"])
    if identified <= 0 or top is None:
        concentration = _absent(text("Identified customers brought no revenue in the period."))
    else:
        few = plural("{n} customer is identified.", "{n} customers are identified.", members)
        concentration = Value(
            estimates.ratio(top, identified), n=members, reason=few if members <= LARGEST else "", coverage=known
        )
    return {
        "customers": counted,
        "new_customers": fresh,
        "returning_customers": returning,
        "repeat_rate": replace(
            _repeat(int(buyers[f"{side}_again"]), int(buyers[f"{side}_cohort"]), period, days), coverage=known_firsts
        ),
        "concentration": concentration,
        "identified_share": Value(estimates.ratio(identified, revenue))
        if revenue > 0
        else _absent(text("There is no revenue in the period.")),
    }


def _nobody() -> str:
    """Return the reason for which customers are not known though their column is there."""
    return text("No sale of the period has a customer. Ask for {what}.", what=in_words("customer_id"))


def _repeat(again: int, cohort: int, period: Period, days: Span) -> Value:
    start, end = sums.mature(period)
    if not cohort and days.first >= end:
        return _absent(text("The data start on {day}; it is too early for second purchases.", day=date(days.first)))
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
    why = text("The data start on {day}; among the first purchases are those of older customers.", day=date(days.first))
    return replace(value, status="upper bound", reason=why)


def _margins(totals: Mapping[str, Any], side: str) -> dict[str, Value]:
    ids = ("gross_profit", "margin_rate", "cost_coverage")
    if f"{side}_cost" not in totals:
        return dict.fromkeys(ids, _absent(ask_for("cost")))
    if totals[f"{side}_cost"] is None:
        return dict.fromkeys(ids, _absent(text("No line of the period has a cost.")))
    costed, cost = totals[f"{side}_costed"], totals[f"{side}_cost"]
    covered = estimates.ratio(totals[f"{side}_costed_amount"], totals[f"{side}_amount"]) or 0.0

    def why(share: str) -> str:
        return text("The cost is known for {share} of the amounts.", share=share)

    rate = _absent(text("The lines whose cost is known bring no revenue."))
    if costed > 0:
        rate = _covered(Value(estimates.ratio(costed - cost, costed)), covered, why)
    profit = Value(costed - cost, coverage=(covered,))
    if covered < 1:
        profit = replace(profit, status="partial", reason=why(percent(covered)))
    if (credits := -(totals[f"{side}_uncosted_credits"] or Decimal(0))) > Decimal(str(CREDITS)) * max(
        costed, Decimal(0)
    ):
        told = text(
            "Credit notes that take {share} off that revenue have no cost and are left out: what of them is a lower "
            "price, with no goods returned, lowers gross profit by as much.",
            share=percent(estimates.ratio(credits, costed)),
        )
        profit, rate = (replace(each, reason=f"{each.reason} {told}".strip()) for each in (profit, rate))
    return {
        "gross_profit": profit,
        "margin_rate": rate,
        "cost_coverage": Value(covered),
    }
