"""Changes: the lines of figures that set a period against the year before: movers, the tree, the walk."""

from collections.abc import Sequence
from decimal import Decimal

import ibis
import pandas as pd
from ibis import _

from perfkit import estimates
from perfkit.aggregations import within
from perfkit.dimensions import dimensioned
from perfkit.kpis import movements
from perfkit.kpis.behind.asked import Asked, Behind, of_member
from perfkit.kpis.breakdowns import MOST_FIGURES, by_size
from perfkit.kpis.walks import GROSS, STEPS, walked
from perfkit.languages import mark, text
from perfkit.lines import is_in
from perfkit.periods import Period

_TREE = mark("The effects of all factors sum to what the lines changed: no line is of one factor alone.")
_NET = mark("Revenue of last year's customers in the period / a year before")


def movers(asked: Asked) -> Behind:
    """Return the lines of a member in both periods."""
    match asked.rest:
        case (by, label, *member) if member:
            period = asked.period(label)

            def others() -> Sequence[str | None]:
                rows = movements.movers(asked.lines, by=by, period=period, currency=asked.currency).rows
                return list(rows.loc[by_size(rows["change"]), "member"].iloc[MOST_FIGURES:])

            lines = of_member(asked, dimensioned(asked.lines, by), by, ":".join(member), others)
            return asked.change(lines, period)
    raise asked.refused()


def revenue_tree(asked: Asked) -> Behind:
    """Return the lines of a factor in both periods."""
    match asked.rest:
        case (label, "unknown" | "unnumbered" as factor):
            column = "customer_id" if factor == "unknown" else "order_id"
            return asked.change(asked.lines.filter(asked.lines[column].isnull()), asked.period(label))
        case (label, "customers" | "frequency" | "order_value" | "orders" | "customer_value"):
            key = "customer_id" if "customer_id" in asked.lines.columns else "order_id"
            found = asked.change(asked.lines.filter(asked.lines[key].notnull()), asked.period(label))
            return Behind(asked.figure_id, found.lines, text(_TREE), asked.currency, None)
    raise asked.refused()


def revenue_walk(asked: Asked) -> Behind:
    """Return the lines of the customers of a step in both periods; credit notes of a step of their own apart."""
    match asked.rest:
        case (label, step) if step in STEPS or step in ("net_retention", "gross_retention"):
            period = asked.period(label)
            if step == "unknown":
                return asked.change(asked.lines.filter(_.customer_id.isnull()), period)
            before = asked.year_before(period)
            customers = walked(asked.lines.filter(_.customer_id.notnull()), period, before)
            if step == "credited":
                return asked.change(_credits(asked.lines, customers, period, before), period)
            if step in STEPS:
                lines = asked.lines.semi_join(customers.filter(customers.step == step), "customer_id")
                if step in ("new", "acquired", "reactivated"):
                    lines = lines.filter(is_in(period))
                elif step == "lost":
                    lines = lines.filter(is_in(before))
                return asked.change(lines, period)
            base = asked.lines.semi_join(customers.filter(customers.bought_before > 0), "customer_id")
            lines = base.filter(is_in(period) | is_in(before))
            lines = lines.mutate(now=within(lines.date, period.start, period.end))
            retained, how = (_net, _NET) if step == "net_retention" else (_gross, GROSS)
            return Behind(asked.figure_id, lines, text(how), "share", retained)
    raise asked.refused()


def _credits(lines: ibis.Table, customers: ibis.Table, period: Period, before: Period) -> ibis.Table:
    """The lines of customers in a period, or in that of a year before, in which they bought nothing."""
    known = lines.filter(_.customer_id.notnull())
    here = known.filter(is_in(period)).anti_join(customers.filter(customers.bought > 0), "customer_id")
    then = known.filter(is_in(before)).anti_join(customers.filter(customers.bought_before > 0), "customer_id")
    return here.union(then)


def _by_customer(lines: pd.DataFrame) -> list[tuple[Decimal, Decimal]]:
    """Each customer's revenue a year before, and now."""
    sums: dict[str, list[Decimal]] = {}
    for customer, now, amount in zip(lines["customer_id"], lines["now"], lines["net_revenue"], strict=True):
        sums.setdefault(customer, [Decimal(0), Decimal(0)])[int(now)] += amount
    return [(before, now) for before, now in sums.values()]


def _net(lines: pd.DataFrame) -> float | None:
    each = _by_customer(lines)
    return estimates.ratio(sum((now for _before, now in each), Decimal(0)), sum((b for b, _now in each), Decimal(0)))


def _gross(lines: pd.DataFrame) -> float | None:
    each = _by_customer(lines)
    held = sum((max(min(before, now), Decimal(0)) for before, now in each), Decimal(0))
    return estimates.ratio(held, sum((max(before, Decimal(0)) for before, _now in each), Decimal(0)))
