"""Chance: would the change of an average or a rate have come about had other customers like these bought?

An average order of a year is a fact; that it fell says something of the business only where it fell by more than it
moves with who happens to buy. Customers are what is drawn: all lines of one count together, in both periods, so a few
large ones are as uncertain as they are, and a change that all share is sure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
from ibis import _

from perfkit import languages
from perfkit.aggregations import aggregation
from perfkit.contribution import has_list_price
from perfkit.estimates import LEVEL
from perfkit.lines import count_orders, is_in, is_purchase
from perfkit.periods import Period

OF_CUSTOMERS = ("aov", "orders_per_customer", "return_rate", "discount_rate", "margin_rate")
"""KPIs that are a sum over customers by a sum over customers, so that their change has an interval."""
_FEWEST = 1.5
"""Customers of one size that a change must be worth: below, one of them makes it, and no interval holds."""
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Change:
    """How sure a change is, this period's value less the year before's.

    Attributes
    ----------
    estimate, error : float
        The change and its standard error, in the KPI's unit.
    freedom : float
        Degrees of freedom: as many customers of one size as the change is worth, less one.
    n : int
        Customers of either period; orders or documents, where a line names no customer.
    """

    estimate: float
    error: float
    freedom: float
    n: int

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Return between what it lies (Student's t)."""
        from scipy.special import stdtrit  # here: a report of which nothing is compared need not wait for it

        half = float(stdtrit(self.freedom, (1 + level) / 2)) * self.error if self.error else 0.0
        # An engine adds floats up in another order each time: nine digits are the same in all of them.
        return float(f"{self.estimate - half:.9g}"), float(f"{self.estimate + half:.9g}")


def of_sum(changes: Iterable[Any]) -> Change | None:
    """Return how sure the sum of customers' changes is; None where hardly two of them make it.

    Parameters
    ----------
    changes : iterable of number
        One a customer.
    """
    each = np.asarray([float(change) for change in changes])
    if len(each) < 2:
        return None
    apart = each - each.mean()
    return _change(float(each.sum()), len(each), float((apart**2).sum()), float((apart**4).sum()), float(each.sum()))


def of_ratios(lines: ibis.Table, period: Period, previous: Period, *, by: str = "") -> dict[tuple[Any, str], Change]:
    """Return how sure the change of each KPI of `OF_CUSTOMERS` is, of which both periods have a value.

    The change of a ratio of sums, linearised by customer (Särndal, Swensson & Wretman 1992, Model Assisted Survey
    Sampling, section 5.5), with customers as clusters over both periods.

    Parameters
    ----------
    lines : what `lines.checked` returned
    period, previous : Period
    by : str, default ""
        A column: each of its members by itself, its margin rate alone. Empty is the whole.

    Returns
    -------
    dict of (member, str) to Change
        By member (None for the whole, and for lines without one) and KPI. Without those whose change hardly two
        customers make.
    """
    kpis = [kpi for kpi in _parts(lines, period) if not by or kpi == "margin_rate"]
    if not kpis:
        return {}
    found: dict[tuple[Any, str], Change] = {}
    for row in _spread(lines, period, previous, by, tuple(kpis)).to_dict("records"):
        for kpi in kpis:
            now, before = (row[f"{kpi}_{side}"] for side in ("now", "before"))
            if languages.missing(now) or languages.missing(before):
                continue
            spread = float(row[f"{kpi}_squares"]), float(row[f"{kpi}_fourths"])
            change = _change(now - before, int(row["units"]), *spread, max(abs(now), abs(before)))
            if change is not None:
                found[None if languages.missing(row["member"]) else row["member"], kpi] = change
    return found


def _change(estimate: float, n: int, squares: float, fourths: float, size: float) -> Change | None:
    if n < 2:
        return None
    if squares <= (_ROUNDING * size) ** 2:  # all alike: what is left is the machine's rounding
        return Change(estimate, 0.0, float(n - 1), n)
    effective = squares**2 / fourths
    return Change(estimate, (squares * n / (n - 1)) ** 0.5, effective - 1, n) if effective >= _FEWEST else None


def _parts(lines: ibis.Table, when: Period) -> dict[str, tuple[ibis.Value, ibis.Value]]:
    """Numerator and denominator of each KPI within one customer, counted as `sums` counts them."""
    here, has = is_in(when), lines.columns
    parts: dict[str, tuple[ibis.Value, ibis.Value]] = {
        "return_rate": (
            -_.net_revenue.sum(where=here & (_.net_revenue < 0)),
            _.net_revenue.sum(where=here & is_purchase()),
        )
    }
    if "order_id" in has:
        orders = count_orders(lines, here & is_purchase())
        parts["aov"] = (_.net_revenue.sum(where=here & _.order_id.notnull()), orders)
    if {"order_id", "customer_id"} <= set(has):
        known = here & is_purchase() & _.customer_id.notnull()
        parts["orders_per_customer"] = count_orders(lines, known), (_.count(where=known) > 0).cast("int64")
    if "list_revenue" in has:
        listed = here & has_list_price()
        given = (_.list_revenue - _.net_revenue).sum(where=listed)
        parts["discount_rate"] = given, _.list_revenue.sum(where=listed)
    if "cost" in has:
        costed = here & _.cost.notnull()
        parts["margin_rate"] = (_.net_revenue - _.cost).sum(where=costed), _.net_revenue.sum(where=costed)
    return parts


@aggregation
def _spread(lines: ibis.Table, period: Period, previous: Period, by: str, kpis: tuple[str, ...]) -> ibis.Table:
    """Both values of each KPI, and sums of the squares and fourth powers of what each customer adds to its change."""
    sides = (("now", period), ("before", previous))
    chosen = lines.filter(is_in(period) | is_in(previous))
    chosen = chosen.mutate(unit=_cluster(chosen, period))
    member = chosen[by].cast("string") if by else ibis.null("string")
    wanted: dict[str, Any] = {}
    for side, when in sides:
        for kpi, (above, below) in _parts(lines, when).items():
            if kpi in kpis:
                zero = ibis.literal(0.0)
                wanted[f"{kpi}_{side}_above"] = ibis.coalesce(above.cast("float64"), zero)
                wanted[f"{kpi}_{side}_below"] = ibis.coalesce(below.cast("float64"), zero)
    units = chosen.mutate(member=member).group_by("member", "unit").agg(**wanted)
    whole = ibis.window(group_by="member")
    summed = units.mutate(**{f"{name}_all": units[name].sum().over(whole) for name in wanted})
    # A month without a sale has no average: nothing is divided by zero or less.
    valued = summed.mutate(
        **{
            f"{kpi}_{side}": ibis.ifelse(
                summed[f"{kpi}_{side}_below_all"] > 0,
                summed[f"{kpi}_{side}_above_all"] / summed[f"{kpi}_{side}_below_all"].nullif(0),
                ibis.null("float64"),
            )
            for kpi in kpis
            for side, _when in sides
        }
    )

    def adds(kpi: str, side: str) -> ibis.Value:
        above, below, total = (valued[f"{kpi}_{side}_{part}"] for part in ("above", "below", "below_all"))
        return (above - valued[f"{kpi}_{side}"] * below) / total.nullif(0)

    added = valued.mutate(**{f"{kpi}_adds": adds(kpi, "now") - adds(kpi, "before") for kpi in kpis})
    squared = added.mutate(**{f"{kpi}_squared": added[f"{kpi}_adds"] * added[f"{kpi}_adds"] for kpi in kpis})
    found: dict[str, Any] = {"units": squared.count()}
    for kpi in kpis:
        found |= {f"{kpi}_{side}": squared[f"{kpi}_{side}"].max() for side, _when in sides}
        found[f"{kpi}_squares"] = squared[f"{kpi}_squared"].sum()
        found[f"{kpi}_fourths"] = (squared[f"{kpi}_squared"] * squared[f"{kpi}_squared"]).sum()
    return squared.group_by("member").agg(**found)


def _cluster(lines: ibis.Table, period: Period) -> ibis.Value:
    """Return whom a line is of: its customer, else that of the other lines of its order, else its order or document.

    A line without a customer is of the order of its number, and that counts once (see `lines.count_orders`). Where
    several customers have the number, it is one who bought: of whom the order is counted.
    """
    whose = {name: lines[name].cast("string") for name in ("customer_id", "order_id", "document") if name in lines}
    if {"customer_id", "order_id"} <= set(whose):
        customer, nobody = whose["customer_id"], ibis.null("string")
        order = ibis.window(group_by=["order_id", is_in(period)])
        bought = ibis.ifelse(lines.net_revenue > 0, customer, nobody).min().over(order)
        of_order = ibis.ifelse(lines.order_id.notnull(), ibis.coalesce(bought, customer.min().over(order)), nobody)
        whose["customer_id"] = ibis.coalesce(customer, of_order)
    return ibis.coalesce(*(ibis.literal(f"{name} ") + value for name, value in whose.items()), "")
