"""The scorecard: where does the company stand, against its targets and the same period a year before?"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit import estimates, languages
from perfkit.kpis.aggregations import aggregation, only, within
from perfkit.kpis.catalogue import CATALOGUE, KPI, LARGEST, REPEAT_DAYS
from perfkit.kpis.lines import Span, ask_for, checked, is_in, is_purchase, span
from perfkit.kpis.targets import checked_targets, target_of
from perfkit.languages import date, mark, percent, show, text
from perfkit.periods import Period, shifted, starts_in_time
from perfkit.results import Field, Result, View, figure_frame

CLAIMED = ("observed", "estimated", "partial")
"""Statuses of a value that may be set against another; an upper bound may not."""

ENOUGH_COST = 0.95
"""Below this share of lines with a cost, a margin rate speaks of a part of the business only."""

_SAME = 1e-9  # floats that differ by less differ by their arithmetic only


@dataclass(frozen=True, eq=False)
class Scorecard(Result):
    """The KPIs of a period, against its target and the same period a year before.

    Attributes
    ----------
    rows : DataFrame, one row a KPI of the catalogue
        kpi; name, basis: message ids; unit: currency code, count or share; decimals: shown, None leaves
        it to the unit; direction: +1, -1 or 0.
        actual, previous, target: Decimal for sums of money, int for counts, float for ratios; None
        where there is none, and then `reason` or `previous_reason` says why (in the language in
        use when it was computed). low, high, level, n: of the actual, where it is estimated.
        variance_previous, variance_target: actual less the other, in `variance_unit`;
        growth_previous: relative, None for shares and from a base of 0 or less;
        attainment: actual / target. tone_previous, tone_target: "good", "bad" or None.
        status, reason, previous_status, previous_reason, target_reason.
    period, previous : Period
    currency : str
    revenue_date : str
        The company's words for the day on which revenue counts.
    """

    rows: pd.DataFrame
    period: Period
    previous: Period
    currency: str
    revenue_date: str

    def row(self, kpi: str) -> dict[str, Any]:
        """Return one KPI's row."""
        found: dict[str, Any] = self.rows[self.rows["kpi"] == kpi].iloc[0].to_dict()
        return found

    def figures(self) -> pd.DataFrame:
        """Return each KPI of the period, of the year before and as targeted."""
        return figure_frame(figure for row in self.rows.to_dict("records") for figure in self._figures(row))

    def _figures(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        common = {"kpi": row["kpi"], "unit": row["unit"], "basis": text(row["basis"])}
        actual = common | {
            "figure_id": figure_id(self.period, row["kpi"]),
            "period": self.period.label,
            "estimate": row["actual"],
            **{column: row[column] for column in ("low", "high", "level", "n", "status", "reason")},
        }
        previous = common | {
            "figure_id": figure_id(self.previous, row["kpi"]),
            "period": self.previous.label,
            "estimate": row["previous"],
            **{column: row[f"previous_{column}"] for column in ("low", "high", "level", "n", "status", "reason")},
        }
        target = common | {
            "figure_id": f"target:{self.period.label}:{row['kpi']}",
            "period": self.period.label,
            "estimate": row["target"],
            "basis": text("Target set by the company"),
            "status": "not available" if row["target"] is None else "observed",
            "reason": row["target_reason"],
        }
        return [actual, previous, *([target] if row["target"] is not None or row["target_reason"] else [])]

    def ties_to(self) -> dict[str, Any]:
        """Return the revenue of the period, which every part of the report sums to."""
        return {"net_revenue": self.row("revenue")["actual"], "period": self.period.label}

    def views(self) -> list[View]:
        """Return the scorecard as a table: columns of the year before and of targets only where there are any."""
        rows = self.rows.assign(
            shown=[text(name) for name in self.rows["name"]],
            variance_previous_unit=self.rows["variance_unit"],
        )
        fields = [
            Field("shown", text("Figure")),
            Field("actual", self.period.name(), unit_from="unit", decimals_from="decimals"),
        ]
        if self.rows["previous"].notna().any():
            fields += [
                Field("previous", self.previous.name(), unit_from="unit", decimals_from="decimals"),
                Field(
                    "variance_previous",
                    text("Change"),
                    unit_from="variance_unit",
                    decimals_from="decimals",
                    signed=True,
                    tone_from="tone_previous",
                ),
                Field("growth_previous", text("Change, %"), unit="share", signed=True, tone_from="tone_previous"),
            ]
        if self.rows["target"].notna().any():
            fields += [
                Field("target", text("Target"), unit_from="unit", decimals_from="decimals"),
                Field(
                    "variance_target",
                    text("Gap to target"),
                    unit_from="variance_unit",
                    decimals_from="decimals",
                    signed=True,
                    tone_from="tone_target",
                ),
                Field("attainment", text("Attainment, %"), unit="share", tone_from="tone_target"),
            ]
        subtitle = text(
            "{period} against {previous}, money in {currency} net of tax; revenue counts on: {revenue_date}",
            period=self.period.name(),
            previous=self.previous.name(),
            currency=self.currency,
            revenue_date=text(self.revenue_date),
        )
        return [View(self._message(), subtitle, fields, rows, notes=self._notes())]

    def _message(self) -> str:
        row = self.row("revenue")
        values = {
            "period": self.period.name(),
            "value": show(row["actual"], self.currency),
            "previous": self.previous.name(),
            "growth": percent(row["growth_previous"], signed=True),
            "attainment": percent(row["attainment"]),
        }
        grew, planned = row["growth_previous"] is not None, row["attainment"] is not None
        if grew and planned:
            return text("Net revenue in {period}: {value}, {growth} on {previous}, {attainment} of target", **values)
        if grew:
            return text("Net revenue in {period}: {value}, {growth} on {previous}", **values)
        if planned:
            return text("Net revenue in {period}: {value}, {attainment} of target", **values)
        return text("Net revenue in {period}: {value}", **values)

    def _notes(self) -> list[str]:
        notes = []
        for row in self.rows.to_dict("records"):
            if row["low"] is not None:
                notes.append(
                    text(
                        "{figure}: between {low} and {high} with {level} confidence, {n} customers.",
                        figure=text(row["name"]),
                        low=show(row["low"], row["unit"]),
                        high=show(row["high"], row["unit"]),
                        level=percent(row["level"], 0),
                        n=languages.number(row["n"]),
                    )
                )
        for column, of in (("reason", None), ("previous_reason", self.previous), ("target_reason", None)):
            named: dict[str, list[str]] = {}
            for row in self.rows.to_dict("records"):
                if row[column] and not (column == "previous_reason" and row["status"] == "not available"):
                    named.setdefault(row[column], []).append(text(row["name"]))
            for reason, figures in named.items():
                values = {"figures": languages.listing(figures), "reason": reason}
                if of is None:
                    notes.append(text("{figures}: {reason}", **values))
                elif len(figures) == (self.rows["status"] != "not available").sum():
                    notes.append(text("Nothing to compare in {previous}: {reason}", previous=of.name(), reason=reason))
                else:
                    notes.append(text("{figures} in {previous}: {reason}", previous=of.name(), **values))
        if self.period.days != self.previous.days:
            notes.append(
                text(
                    "{period} has {n} days, {previous} {m}.",
                    period=self.period.name(),
                    n=self.period.days,
                    previous=self.previous.name(),
                    m=self.previous.days,
                )
            )
        return notes


def figure_id(period: Period, kpi: str) -> str:
    """Return the id of a KPI's figure: free of language, the same in every run."""
    return f"scorecard:{period.label}:{kpi}"


def scorecard(
    lines: ibis.Table | pd.DataFrame,
    *,
    period: Period,
    currency: str,
    targets: pd.DataFrame | None = None,
    revenue_date: str = mark("date of the document"),
) -> Scorecard:
    """Compute every KPI of the catalogue that the columns at hand allow.

    Parameters
    ----------
    lines : table or DataFrame, one row a line, columns of `schema.SALES`
        Give the full history: a customer's first line here makes a new customer, and the year
        before is read from it. A column that is absent makes its KPIs "not available".
    period : Period
        Complete; set against the same one a year before.
    currency : str
        ISO code of every amount.
    targets : DataFrame, optional
        kpi, period (any day of a month), value [, dimension, member, version]; see `targets`.
    revenue_date : str
        The company's words for the day on which revenue counts.

    Raises
    ------
    DataError
        If a required column is absent, there is no line, or the period starts before the data.

    See Also
    --------
    charts.scorecard : the variances as bars.
    """
    table = checked(lines)
    days, before = span(table, period), period.year_before()
    measured = _measured(table, period, before, days)
    planned = checked_targets(targets)
    rows = []
    for kpi in CATALOGUE.values():
        if kpi.id == "cost_coverage" and "cost" not in table.columns:
            continue
        actual, previous = measured["now"][kpi.id], measured["before"][kpi.id]
        target = target_of(planned, kpi, period)
        rows.append(_row(kpi, currency, actual, previous, target.value, target.reason))
    frame = pd.DataFrame(rows, dtype="object")
    return Scorecard(frame, period, before, currency, revenue_date)


@dataclass(frozen=True)
class _Value:
    """One KPI of one period: its value or the reason why there is none."""

    actual: Any = None
    status: str = "observed"
    reason: str = ""
    low: float | None = None
    high: float | None = None
    level: float | None = None
    n: int | None = None


def _absent(reason: str) -> _Value:
    return _Value(status="not available", reason=reason)


def _row(kpi: KPI, currency: str, now: _Value, before: _Value, target: Decimal | None, why: str) -> dict[str, Any]:
    comparable = now.status in CLAIMED and before.status in CLAIMED
    previous = before.actual if comparable else None
    is_share = kpi.unit == "share"
    change, gap = _difference(now.actual, previous), _difference(now.actual if now.status in CLAIMED else None, target)
    return {
        "kpi": kpi.id,
        "name": kpi.name,
        "unit": kpi.unit_in(currency),
        "decimals": kpi.decimals,
        "direction": kpi.direction,
        "actual": now.actual,
        "previous": before.actual,
        "target": target if target is None or not is_share else float(target),
        "low": now.low,
        "high": now.high,
        "level": now.level,
        "n": now.n,
        "variance_previous": change,
        "growth_previous": None if is_share else estimates.growth(now.actual, previous),
        "variance_target": gap,
        "attainment": estimates.ratio(now.actual, target)
        if gap is not None and target is not None and not is_share and target > 0
        else None,
        "variance_unit": "points" if is_share else kpi.unit_in(currency),
        "tone_previous": _tone(change, kpi) if _apart(now, before) else None,
        "tone_target": _tone(gap, kpi),
        "status": now.status,
        "reason": now.reason,
        "basis": kpi.basis,
        "previous_status": before.status,
        "previous_reason": before.reason,
        "previous_low": before.low,
        "previous_high": before.high,
        "previous_level": before.level,
        "previous_n": before.n,
        "target_reason": why,
    }


def _difference(value: Any, other: Any) -> Any:
    if value is None or other is None:
        return None
    exact = isinstance(value, int | Decimal) and isinstance(other, int | Decimal)
    return value - other if exact else float(value) - float(other)


def _tone(change: Any, kpi: KPI) -> str | None:
    if change is None or not kpi.direction or abs(change) < _SAME:
        return None
    return "good" if change * kpi.direction > 0 else "bad"


def _apart(now: _Value, before: _Value) -> bool:
    """Say whether two values differ for sure: facts always do, estimates when their intervals are apart."""
    if now.low is None or before.low is None or now.high is None or before.high is None:
        return True
    return now.low > before.high or now.high < before.low


def _measured(lines: ibis.Table, period: Period, previous: Period, days: Span) -> dict[str, dict[str, _Value]]:
    """Both periods' values, by "now" and "before" and KPI."""
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


def _money(totals: Mapping[str, Any], side: str, days: Span) -> dict[str, _Value]:
    sold = totals[f"{side}_sold"]
    if not days.returns:
        returns = _absent(text("No line of the data is negative. Ask whether returns and credit notes were exported."))
    elif not sold:
        returns = _absent(text("There are no sales in the period."))
    else:
        returned = totals[f"{side}_returned"] or Decimal(0)
        returns = _Value(estimates.ratio(-returned, sold))
    return {"revenue": _Value(totals[f"{side}_revenue"] or Decimal(0)), "return_rate": returns}


def _orders(totals: Mapping[str, Any], values: Mapping[str, Any] | None, side: str) -> dict[str, _Value]:
    ids = ("orders", "aov", "median_order")
    if values is None:
        return dict.fromkeys(ids, _absent(ask_for("order_id")))
    purchases, numbered = totals[f"{side}_purchases"], totals[f"{side}_numbered"]
    orders = int(values[f"{side}_orders"])
    if not numbered and purchases:
        return dict.fromkeys(ids, _absent(ask_for("order_id")))
    counted = _Value(orders)
    if numbered < purchases:
        reason = text("{share} of the sales lines have no order number.", share=percent(1 - numbered / purchases))
        counted = replace(counted, status="partial", reason=reason)
    if not orders:
        return {"orders": counted} | dict.fromkeys(ids[1:], _absent(text("There are no orders in the period.")))
    revenue = totals[f"{side}_revenue"] or Decimal(0)
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
) -> dict[str, _Value]:
    ids = ("customers", "new_customers", "returning_customers", "repeat_rate", "concentration", "identified_share")
    if buyers is None or largest is None or (totals[f"{side}_lines"] and not totals[f"{side}_identified_lines"]):
        return dict.fromkeys(ids, _absent(ask_for("customer_id")))
    revenue, identified = totals[f"{side}_revenue"] or Decimal(0), totals[f"{side}_identified"] or Decimal(0)
    customers, new = int(buyers[f"{side}_customers"]), int(buyers[f"{side}_new"])
    fresh, returning = _Value(new), _Value(customers - new)
    if not starts_in_time(days.first, shifted(period.start, -12)):
        why = text("The data start on {day}: who bought before then and came back counts as new.", day=date(days.first))
        fresh = _Value(new, "upper bound", why)
        least = languages.number(customers - new)
        returning = _absent(
            text("At least {n}; those who bought before {day} count as new.", n=least, day=date(days.first))
        )
    top, members = largest[f"{side}_largest"], int(largest[f"{side}_members"])
    if identified <= 0 or top is None:
        concentration = _absent(text("Identified customers brought no revenue in the period."))
    else:
        concentration = _Value(estimates.ratio(top, identified), n=members)
    return {
        "customers": _Value(customers),
        "new_customers": fresh,
        "returning_customers": returning,
        "repeat_rate": _repeat(int(buyers[f"{side}_again"]), int(buyers[f"{side}_cohort"]), period, days),
        "concentration": concentration,
        "identified_share": _Value(estimates.ratio(identified, revenue))
        if revenue > 0
        else _absent(text("There is no revenue in the period.")),
    }


def _repeat(again: int, cohort: int, period: Period, days: Span) -> _Value:
    start, end = _mature(period)
    if not cohort:
        last = end - dt.timedelta(days=1)
        return _absent(
            text("No customer's first purchase lies between {start} and {last}.", start=date(start), last=date(last))
        )
    estimate = estimates.share(again, cohort).iloc[0]
    value = _Value(
        float(estimate["estimate"]), "estimated", "", float(estimate["low"]), float(estimate["high"]),
        float(estimate["level"]), int(estimate["n"]),
    )  # fmt: skip
    if starts_in_time(days.first, shifted(start, -12)):
        return value
    why = text("The data start on {day}: among the first purchases are those of older customers.", day=date(days.first))
    return replace(value, status="upper bound", reason=why)


def _margins(totals: Mapping[str, Any], side: str) -> dict[str, _Value]:
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
        rate = _Value(
            estimates.ratio(costed - cost, costed), "observed" if enough else "partial", "" if enough else reason
        )
    return {
        "gross_profit": _Value(costed - cost, whole, reason),
        "margin_rate": rate,
        "cost_coverage": _Value(covered),
    }
