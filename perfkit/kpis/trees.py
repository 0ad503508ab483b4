"""The revenue tree: did revenue change through customers, through how often they order, or through the order?

Revenue is customers x orders per customer x revenue per order. The change is split by log shares
(the logarithmic mean Divisia index; Ang 2004, Energy Policy): exact, and the same with the
periods swapped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from math import log
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit import estimates
from perfkit.aggregations import aggregation, only
from perfkit.dimensions import ask_for
from perfkit.kpis.breakdowns import by_size, multiples, not_available, nothing_to_show, only_total, with_growth_shown
from perfkit.kpis.comparisons import ALIKE_RATES, ALIKE_SUMS, near
from perfkit.languages import in_sentence, mark, percent, show, text
from perfkit.lines import checked, count_orders, is_in, is_purchase, span
from perfkit.months import silence, silent_months_of
from perfkit.periods import Period
from perfkit.results import Field, Result, View, figure_frame

_CENT = Decimal("0.0001")
_FACTORS = {
    "customers": mark("Active customers"),
    "frequency": mark("Orders per customer"),
    "order_value": mark("Revenue per order"),
    "orders": mark("Orders"),
    "customer_value": mark("Revenue per customer"),
    "unknown": mark("Revenue without a customer"),
    "unnumbered": mark("Revenue without an order number"),
}
_BASIS = mark("Change of net revenue × log of the factor's ratio / log of the ratio of revenue")
_COLUMNS = ["factor", "name", "unit", "now", "before", "growth", "effect"]


@dataclass(frozen=True, eq=False)
class RevenueTree(Result):
    """The change of revenue, split over the factors that multiply to it; the effects sum to it exactly.

    Attributes
    ----------
    rows : DataFrame, one row a factor, and one for the revenue that has no customer (or order number)
        factor; name: message id; unit; now, before: float, int or Decimal; growth: relative;
        effect: Decimal, its part of the change.
    period : Period
    revenue, previous_revenue, change : Decimal
    currency : str
    reason : str
        Why there is no tree (no rows then); empty where there is. Where the factors of the two periods do not
        compare, the revenue of both and its change are given all the same.
    silent : tuple of Period
        Months of either period that may be missing (see `months.silent_months`): the effects then have no tone.
    """

    rows: pd.DataFrame
    period: Period
    revenue: Decimal
    previous_revenue: Decimal
    change: Decimal
    currency: str
    reason: str = ""
    silent: tuple[Period, ...] = ()

    def figures(self) -> pd.DataFrame:
        """Return the part of each factor in the change."""
        if self.reason:
            return figure_frame([not_available("revenue_effect", "revenue_tree", self.period, self.reason)])
        return figure_frame(
            {
                "figure_id": f"revenue_tree:{self.period.label}:{factor}",
                "kpi": "revenue_effect",
                "period": self.period.label,
                "dimensions": {"factor": factor},
                "estimate": effect,
                "unit": self.currency,
                "basis": text(_BASIS),
                "status": "observed",
                "reason": "",
            }
            for factor, effect in zip(self.rows["factor"], self.rows["effect"], strict=True)
        )

    def ties_to(self) -> dict[str, Any] | None:
        """Return the change of revenue, which the effects sum to."""
        return None if self.reason else {"revenue_change": self.change, "period": self.period.label}

    def largest(self) -> dict[str, Any] | None:
        """Return the factor that did most of what happened to revenue, or None where revenue did not move.

        Its effect has the sign of the change: what held against a fall is not its cause.
        """
        along = (
            self.rows[[effect * self.change > 0 for effect in self.rows["effect"]]] if self.change else self.rows[:0]
        )
        if along.empty:
            return None
        row = along.loc[by_size(along["effect"])].iloc[0]
        return {str(key): value for key, value in row.items()}

    def views(self) -> list[View]:
        """Return the factors, before and now, and what each added to the change."""
        if self.reason:
            what = text("What drove the change of revenue")
            if not self.revenue and not self.previous_revenue:
                return [nothing_to_show(what, self.reason)]
            return [only_total(what, self.reason, self.period, self.previous_revenue, self.revenue, self.currency)]
        before = self.period.year_before()
        rows = self.rows.assign(shown=[text(name) for name in self.rows["name"]])
        total = {
            "shown": text("Net revenue"), "unit": self.currency, "now": self.revenue, "before": self.previous_revenue,
            "growth": estimates.growth(self.revenue, self.previous_revenue), "effect": self.change,
        }  # fmt: skip
        table = pd.DataFrame([*rows.to_dict("records"), total], dtype="object")
        table = with_growth_shown(table)
        average = table.get("factor", pd.Series(dtype="object")).isin(["order_value", "customer_value"])
        table["decimals"] = [2 if each else None for each in average]
        table["tone"] = [None if self.silent else estimates.tone(effect, self.currency) for effect in table["effect"]]
        fields = [
            Field("shown", text("Factor")),
            Field("before", before.name(), unit_from="unit", decimals_from="decimals"),
            Field("now", self.period.name(), unit_from="unit", decimals_from="decimals"),
            Field("growth_shown", text("Change, %"), unit="share", signed=True),
            Field("effect", text("Effect on revenue"), unit=self.currency, signed=True, tone_from="tone", bar=True),
        ]
        subtitle = text(
            "Factors of net revenue, {period} against {previous}, effect in {currency} by log shares",
            period=self.period.name(),
            previous=before.name(),
            currency=self.currency,
        )
        most = self.largest()
        change = show(self.change, self.currency, signed=True)
        if most is None:
            message = text("Revenue did not change")
        else:
            message = text(
                "Revenue changed by {change}; the largest effect: {factor}, {effect}",
                change=change,
                factor=in_sentence(text(most["name"])),
                effect=show(most["effect"], self.currency, signed=True),
            )
        notes = [*([silence(self.silent)] if self.silent else []), *multiples(table, "shown")]
        return [View(message, subtitle, fields, table, total=True, notes=notes)]


def revenue_tree(lines: ibis.Table | pd.DataFrame, *, period: Period, currency: str) -> RevenueTree:
    """Split the change of revenue against a year before over customers, their orders and the orders' value.

    Parameters
    ----------
    lines : table or DataFrame, one row a line, columns of `schema.SALES`
        Without order_id the factors are customers and revenue per customer; without customer_id,
        orders and revenue per order.
    period : Period
    currency : str
        ISO code of every amount.

    Raises
    ------
    DataError
        If there is no line, or the period starts before the data.

    See Also
    --------
    charts.revenue_tree : the effects as a bridge from last year to this.
    """
    table, before = checked(lines), period.year_before()
    days = span(table, period)

    def nothing(reason: str) -> RevenueTree:
        empty = pd.DataFrame(columns=_COLUMNS, dtype="object")
        return RevenueTree(empty, period, Decimal(0), Decimal(0), Decimal(0), currency, reason)

    if not days.holds(before):
        return nothing(days.why_not())
    if "customer_id" not in table.columns and "order_id" not in table.columns:
        return nothing(ask_for("customer_id"))
    sums = only(_factors(table, period, before))
    now, then = (_tree(sums, side, currency) for side in ("now", "before"))
    if not all(value for value, _unit in (*now.values(), *then.values())):
        return nothing(text("One of the periods has no customers, no orders or no revenue to split."))
    revenue, previous = (sums[f"{side}_known"] for side in ("now", "before"))
    if revenue <= 0 or previous <= 0:
        return nothing(text("Revenue of one of the periods is not positive, so its change cannot be split."))
    if why := _unlike(sums, period):
        told, told_before = sums["now_revenue"], sums["before_revenue"]
        return replace(nothing(why), revenue=told, previous_revenue=told_before, change=told - told_before)
    effects = _effects(now, then, revenue, previous)
    rows = [
        {
            "factor": factor, "name": _FACTORS[factor], "unit": unit, "now": value, "before": then[factor][0],
            "growth": estimates.growth(value, then[factor][0]), "effect": effects[factor],
        }
        for factor, (value, unit) in now.items()
    ]  # fmt: skip
    unknown = "unknown" if "customer_id" in table.columns else "unnumbered"
    rest, rest_before = (sums[f"{side}_revenue"] - sums[f"{side}_known"] for side in ("now", "before"))
    if rest or rest_before:
        rows.append(
            {
                "factor": unknown, "name": _FACTORS[unknown], "unit": currency, "now": rest, "before": rest_before,
                "growth": estimates.growth(rest, rest_before), "effect": rest - rest_before,
            }
        )  # fmt: skip
    revenue, previous = sums["now_revenue"], sums["before_revenue"]
    frame = pd.DataFrame(rows, columns=_COLUMNS, dtype="object")
    silent = silent_months_of(table, period, days)
    return RevenueTree(frame, period, revenue, previous, revenue - previous, currency, silent=silent)


@aggregation
def _factors(lines: ibis.Table, period: Period, previous: Period) -> ibis.Table:
    """Revenue, customers and orders of both periods, of the lines that say whose (or which order) they are."""
    key = "customer_id" if "customer_id" in lines.columns else "order_id"
    wanted: dict[str, Any] = {}
    for side, when in (("now", period), ("before", previous)):
        known = is_in(when) & _[key].notnull()
        wanted |= {
            f"{side}_revenue": _.net_revenue.sum(where=is_in(when)),
            f"{side}_known": _.net_revenue.sum(where=known),
            f"{side}_sold": _.net_revenue.sum(where=is_in(when) & is_purchase()),
            f"{side}_{key}_sold": _.net_revenue.sum(where=known & is_purchase()),
        }
        if "order_id" in lines.columns:
            numbered = known & is_purchase() & _.order_id.notnull()
            wanted[f"{side}_order_id_sold"] = _.net_revenue.sum(where=numbered)
        for column in ("customer_id", "order_id"):
            if column in lines.columns:
                bought = known & is_purchase()
                orders = column == "order_id"
                wanted[f"{side}_{column}"] = count_orders(lines, bought) if orders else _[column].nunique(where=bought)
    return lines.filter(is_in(period) | is_in(previous)).agg(**wanted)


def _tree(sums: Mapping[str, Any], side: str, currency: str) -> dict[str, tuple[Any, str]]:
    """The factors that multiply to the known revenue of one period, each with its unit."""
    revenue, customers, orders = (sums.get(f"{side}_{name}") for name in ("known", "customer_id", "order_id"))
    if customers is None:
        return {"orders": (int(orders or 0), "count"), "order_value": (estimates.ratio(revenue, orders), currency)}
    if not orders:
        return {
            "customers": (int(customers), "count"),
            "customer_value": (estimates.ratio(revenue, customers), currency),
        }
    return {
        "customers": (int(customers), "count"),
        "frequency": (estimates.ratio(orders, customers), "ratio"),
        "order_value": (estimates.ratio(revenue, orders), currency),
    }


def _unlike(sums: Mapping[str, Any], period: Period) -> str:
    """Say why the factors of the two periods do not compare: more lines say whose, or which order, they are."""
    said = {
        "customer_id": text("the share of the sales whose customer is known"),
        "order_id": text("the share of the sales with an order number"),
    }
    whole = "sold"
    for column, most in (("customer_id", ALIKE_RATES), ("order_id", ALIKE_SUMS)):
        if f"now_{column}_sold" not in sums:
            continue
        now, then = (estimates.ratio(sums[f"{s}_{column}_sold"] or 0, sums[f"{s}_{whole}"]) for s in ("now", "before"))
        if not near(now, then, most):
            return text(
                "The factors are not compared: {what} is {share} in {period}, {other} in {previous}.",
                what=said[column],
                share=percent(now),
                other=percent(then),
                period=period.name(),
                previous=period.year_before().name(),
            )
        whole = f"{column}_sold"
    return ""


def _effects(
    now: Mapping[str, tuple[Any, str]], before: Mapping[str, tuple[Any, str]], revenue: Decimal, previous: Decimal
) -> dict[str, Decimal]:
    """Each factor's part; the last takes what rounding leaves, so that they sum to the change exactly."""
    change = revenue - previous
    weight = float(change) / log(revenue / previous) if change else float(revenue)
    effects: dict[str, Decimal] = {}
    for factor in list(now)[:-1]:
        effect = Decimal(weight * log(now[factor][0] / before[factor][0]))
        effects[factor] = effect.quantize(_CENT)
    effects[list(now)[-1]] = change - sum(effects.values(), Decimal(0))
    return effects
