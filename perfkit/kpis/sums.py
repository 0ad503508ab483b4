"""Sums: what the KPIs of a period and of the year before are made of, in as few passes as there are keys."""

import datetime as dt
from typing import Any

import ibis
from ibis import _

from perfkit import contribution
from perfkit.aggregations import aggregation, within
from perfkit.contribution import has_list_price, is_contrary
from perfkit.kpis.catalogue import LARGEST, REPEAT_DAYS
from perfkit.lines import is_in, is_purchase
from perfkit.periods import Period, shifted
from perfkit.schema import FIRST_BOUGHT


@aggregation
def totals(lines: ibis.Table, period: Period, previous: Period) -> ibis.Table:
    """Everything that adds up line by line, of both periods and of the months before them that count, in one pass."""
    wanted: dict[str, Any] = {}
    for side, when in (("now", period), ("before", previous)):
        here = is_in(when)
        wanted |= {f"{side}_{name}": value for name, value in contribution.sums(lines, here).items()}
        wanted |= {
            f"{side}_sold": _.net_revenue.sum(where=here & is_purchase()),
            f"{side}_returned": _.net_revenue.sum(where=here & (_.net_revenue < 0)),
            f"{side}_lines": _.count(where=here),
            f"{side}_negative": _.count(where=within(_.date, *year_to(when)) & (_.net_revenue < 0)),
        }
        if "order_id" in lines.columns:
            wanted |= {
                f"{side}_purchases": _.count(where=here & is_purchase()),
                f"{side}_numbered": _.order_id.count(where=here & is_purchase()),
                f"{side}_numbered_revenue": _.net_revenue.sum(where=here & _.order_id.notnull()),
            }
        if "customer_id" in lines.columns:
            firsts = within(_.date, *mature(when)) & is_purchase()
            wanted |= {
                f"{side}_identified_sold": _.net_revenue.sum(where=here & is_purchase() & _.customer_id.notnull()),
                f"{side}_cohort_sold": _.net_revenue.sum(where=firsts),
                f"{side}_cohort_identified": _.net_revenue.sum(where=firsts & _.customer_id.notnull()),
                f"{side}_identified": _.net_revenue.sum(where=here & _.customer_id.notnull()),
                f"{side}_identified_lines": _.customer_id.count(where=here),
            }
        if "cost" in lines.columns:
            credit = here & (_.net_revenue < 0) & _.cost.isnull()
            wanted[f"{side}_uncosted_credits"] = _.net_revenue.sum(where=credit)
        if "list_revenue" in lines.columns:
            listed = here & has_list_price()
            wanted |= {
                f"{side}_listed_sold": _.net_revenue.sum(where=listed & is_purchase()),
                f"{side}_with_list": _.list_revenue.count(where=here),
                f"{side}_contrary": _.count(where=here & is_contrary()),
                f"{side}_contrary_amount": _.net_revenue.abs().sum(where=here & is_contrary()),
                f"{side}_priced_amount": _.net_revenue.abs().sum(where=here & (_.list_revenue != 0)),
            }
    start = min(previous.start, year_to(previous)[0], mature(previous)[0])
    return lines.filter(within(_.date, start, period.end)).agg(**wanted)


@aggregation
def order_values(lines: ibis.Table, period: Period, previous: Period) -> ibis.Table:
    """How many orders each period has, of whom, and their median.

    An order is the lines of one number of one customer in one period.
    """
    known = lines.customer_id.cast("string") if "customer_id" in lines.columns else ibis.null("string")
    cells = (
        lines.mutate(whose=known)
        .filter(_.order_id.notnull() & (is_in(period) | is_in(previous)))
        .mutate(now=ibis.ifelse(is_in(period), 1, 0))
        .group_by("order_id", "whose", "now")
        .agg(value=_.net_revenue.sum(), bought=_.count(where=is_purchase()))
    )
    cells = cells.mutate(
        several=cells.whose.count().over(ibis.window(group_by=["order_id", "now"])) > 1,
        identified=ibis.ifelse(cells.whose.notnull(), cells.bought, 0),
    )
    # Of a number that several customers share, a line that names none of them is of no order.
    cells = cells.mutate(
        whose=ibis.ifelse(cells.several, cells.whose, ibis.null("string")),
        bought=ibis.ifelse(cells.several & cells.whose.isnull(), 0, cells.bought),
    )
    orders = (
        cells.group_by("order_id", "whose", "now")
        .agg(value=_.value.sum(), bought=_.bought.sum(), identified=_.identified.sum())
        .filter(_.bought > 0)
        .mutate(value=_.value.cast("float64"))
    )
    return orders.agg(
        now_orders=_.count(where=_.now == 1),
        before_orders=_.count(where=_.now == 0),
        now_identified_orders=_.count(where=(_.now == 1) & (_.identified > 0)),
        before_identified_orders=_.count(where=(_.now == 0) & (_.identified > 0)),
        now_median=_.value.median(where=_.now == 1),
        before_median=_.value.median(where=_.now == 0),
    )


@aggregation
def buyers(lines: ibis.Table, period: Period, previous: Period) -> ibis.Table:
    """Customers of both periods, the new ones among them, and how many of a year's new ones came back."""
    bought = lines.filter(is_purchase() & _.customer_id.notnull() & (_.date < ibis.date(period.end.isoformat())))
    first = bought.group_by("customer_id").agg(first=first_purchase(lines))
    customers = (
        bought.select("customer_id", "date")
        .join(first, "customer_id")
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
        cohort = within(_.first, *mature(when))
        wanted |= {
            f"{side}_customers": _.count(where=_[side] > 0),
            f"{side}_new": _.count(where=within(_.first, when.start, when.end) & (_[side] > 0)),
            f"{side}_cohort": _.count(where=cohort),
            f"{side}_again": _.count(where=cohort & (_.again > 0)),
        }
    return customers.agg(**wanted)


@aggregation
def largest(lines: ibis.Table, period: Period, previous: Period) -> ibis.Table:
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


def first_purchase(lines: ibis.Table) -> ibis.Value:
    """Return when a customer first bought, as an aggregate of its lines: in all of them, where these are a part."""
    return _[FIRST_BOUGHT].min() if FIRST_BOUGHT in lines.columns else _.date.min(where=is_purchase())


def year_to(period: Period) -> tuple[dt.date, dt.date]:
    """The period, with what is before it in the twelve months to its end."""
    return min(period.start, shifted(period.end, -12)), period.end


def mature(period: Period) -> tuple[dt.date, dt.date]:
    """The twelve months whose new customers have all had time to come back, by the period's end."""
    end = period.end - dt.timedelta(days=REPEAT_DAYS)
    return shifted(end, -12), end
