"""Summaries: what did each customer buy until now: how often, until which age, for how much?

Two settings that other tools make one: purchases of the same `merge` (a day) are one purchase, and ages are told in
`time_unit` (weeks). Merging by the ruler would drop purchases of the best customers. What no customer's history can
take is counted, with its lines and money.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import ibis
import numpy as np
import pandas as pd
from ibis import _

from perfkit import periods
from perfkit.aggregations import aggregation, only
from perfkit.customers.clv.summary_views import summary_figures, summary_views
from perfkit.customers.maximum import Z
from perfkit.customers.purchases import (
    Value,
    currencies,
    from_ten_thousandths,
    is_bought,
    refuse_two_currencies,
    ten_thousandths,
    value_of,
)
from perfkit.errors import DataError, ParameterError, unknown
from perfkit.estimates import LEVEL
from perfkit.lines import checked
from perfkit.results import Result, View

DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
"""Days of each unit of time."""
MERGES = {"day": "D", "week": "W", "month": "M"}
_A_DAY = re.compile(r"\d+-\d+-\d+")
_ORIGIN = dt.date(1900, 1, 1)
_PACKED = 10**18  # above any sum of a customer
_SUM = "decimal(38, 4)"
_AT_ONCE = 25_000_000  # lines: the days of more are a part of the customers at a time, or no memory of 1 GB holds them
_OWN = ("customer_id", "frequency", "recency", "T", "monetary", "valued", "acquired_on", "cohort", "weights")
"""Columns of a history, which none that is kept may be called."""

TimeUnit = Literal["day", "week", "month", "year"]
Merge = Literal["day", "week", "month"]


@dataclass(frozen=True, eq=False)
class Summary(Result):
    """The history of every customer.

    Attributes
    ----------
    customers : DataFrame, one row a customer
        customer_id; frequency, int: repeat purchases; recency, T, float: age at the last purchase and at the end of the
        observation, in `time_unit`; monetary, float: mean `value` of the repeat purchases, missing without any;
        acquired_on: day of the first purchase; cohort: its month; then the columns kept. Of a summary of margin also
        valued, int: repeat purchases whose cost is known, of which alone monetary is the mean.
    left_out : DataFrame, one row a reason
        reason, lines, int, and net_revenue, Decimal, that no history has.
    margins : DataFrame or None
        Of each customer revenue and margin, float, of the lines whose cost is known; None where no line has one.
    lines, net_revenue : int, Decimal
        Of all of sales.
    observed_until : date
        Last day of the observation, inclusive.
    time_unit, merge, value, currency : str
    acquired_from : date or None
    unvalued, unvalued_revenue : int, Decimal
        Purchases that have no margin, because the cost of a part of them is not known, and their net revenue.
    """

    customers: pd.DataFrame
    left_out: pd.DataFrame
    margins: pd.DataFrame | None
    lines: int
    net_revenue: Decimal
    observed_until: dt.date
    time_unit: TimeUnit
    merge: Merge
    value: Value
    acquired_from: dt.date | None
    currency: str
    unvalued: int = 0
    unvalued_revenue: Decimal = Decimal(0)

    @property
    def margin_rate(self) -> pd.DataFrame | None:
        """The margin of all purchases over their revenue (estimate, se, low, high, level, n); None without costs.

        Its standard error takes the purchases of a customer as alike (a ratio of customers' sums: Cochran 1977).
        """
        if self.margins is None or self.margins["revenue"].sum() <= 0:
            return None
        revenue, margin = (self.margins[name].to_numpy(np.float64) for name in ("revenue", "margin"))
        n, rate = len(revenue), margin.sum() / revenue.sum()
        error = np.sqrt(((margin - rate * revenue) ** 2).sum() * n / max(n - 1, 1)) / revenue.sum()
        return pd.DataFrame(
            [{"estimate": rate, "se": error, "low": rate - Z * error, "high": rate + Z * error, "level": LEVEL, "n": n}]
        )

    def figures(self) -> pd.DataFrame:
        """Return the counts as published figures."""
        return summary_figures(self)

    def views(self) -> list[View]:
        """Return what was summarised and what was left out."""
        return summary_views(self)

    def ties_to(self) -> dict[str, Any]:
        """Return the totals of the source: the histories' and those left out."""
        return {"net_revenue": self.net_revenue, "lines": self.lines, "observed_until": self.observed_until}


def summarise(
    sales: ibis.Table | pd.DataFrame,
    *,
    observed_until: str | dt.date,
    time_unit: TimeUnit = "week",
    merge: Merge = "day",
    value: Value | None = None,
    acquired_from: str | dt.date | None = None,
    currency: str = "",
    keep: Sequence[str] = (),
) -> Summary:
    """Summarise the purchases of each customer, in the engine.

    Purchases of a day are one, returns of that day taken off. A day whose returns leave nothing is no purchase, nor
    is one of returns alone; free lines are one.

    Parameters
    ----------
    sales : table or DataFrame, one row a line, columns of `schema.SALES` with customer_id
    observed_until : str or date
        Last day of the observation: "1997-09-30", or "1997-09" for the month's last. Later lines are left out.
    time_unit : str
        In which ages are told: day, week, month (365.25 / 12 days) or year.
    merge : str
        What makes purchases one: day, week (from Monday) or month; ages then count from its first day.
    value : str, optional
        What a purchase is worth: "margin" (net revenue less cost of goods) or "revenue". By default margin where
        lines have a cost. A purchase of which a line has an amount and no cost has no margin: it counts as a purchase,
        not for `monetary`.
    acquired_from : str or date, optional
        "1997-01-01", or "1997-01" for the month's first day. Customers acquired before are left out, by their first
        purchase here, or by acquired_on (the customer list's date, beside the lines) where that is earlier, as
        `cohorts.build` does: where the data start later than the business, the history of older customers does not
        begin with their first purchase. Ages count from the first purchase all the same: a customer who signed up
        without buying is not waited for.
    currency : str, optional
        Of the amounts, where they are shown.
    keep : sequence of str
        Columns that are the same on all lines of a customer (acquisition_channel, segment ...), to stand beside each
        history: what `fit` takes as groups or covariates.

    Raises
    ------
    ParameterError
        If a setting is none of those above, or there is no such column to keep.
    DataError
        If there is no customer left, a column to keep differs within a customer, lines are in two currencies, or margin
        is asked for and lines have no cost.
    """
    table = checked(sales, "customer_id")
    for name, setting, known in (("time_unit", time_unit, DAYS), ("merge", merge, MERGES)):
        if setting not in known:
            raise ParameterError(f"{name}: {unknown('setting', str(setting), known)}")
    for name in keep:
        if name not in table.columns or name in _OWN:
            others = [each for each in table.columns if each not in _OWN]
            raise ParameterError(f"keep: {unknown('column', str(name), others)}")
    has_cost, chosen = "cost" in table.columns, value_of(table, value)
    until, since = day_of(observed_until), None if acquired_from is None else first_day_of(acquired_from)
    counted = only(_left_out(table, until))
    refuse_two_currencies(counted)
    cuts = -(-int(counted["lines"] or 0) // _AT_ONCE)
    found = [_customers(table, until, merge, chosen, has_cost, tuple(keep), (cut, cuts)) for cut in range(max(cuts, 1))]
    rows = found[0] if cuts < 2 else pd.concat(found).sort_values("customer_id", ignore_index=True)
    truncated = rows["since"] < (_days(since) if since else -(10**6))
    left_out = _reasons(counted, rows, truncated)
    rows = rows[~truncated].reset_index(drop=True)
    if rows.empty:
        raise DataError(
            f"sales: no customer has bought anything{f' from {since}' if since else ''} until {until}. "
            "Take a later observed_until, or an earlier acquired_from."
        )
    if chosen == "margin" and not rows["valued"].sum():
        raise DataError(
            "sales: of no purchase of a customer the cost of all lines is known, so that none has a margin. "
            "Say value='revenue'."
        )
    margins = rows[["revenue", "margin"]].astype(np.float64) / 10_000 if has_cost else None
    for name in keep:
        several = rows[f"several_{name}"] > 0
        if several.any():
            raise DataError(
                f"sales: {int(several.sum()):,} of {len(rows):,} customers have more than one {name} on their lines "
                f"(first: {rows.loc[several, 'customer_id'].iloc[0]!r}). A column that is kept stands for the whole "
                "customer: keep one of the customer list, or correct it."
            )
    return Summary(
        customers=_histories(rows, until, DAYS[time_unit]).assign(**{name: rows[f"kept_{name}"] for name in keep}),
        left_out=left_out,
        margins=margins,
        lines=int(counted["lines"] or 0),
        net_revenue=from_ten_thousandths(counted["net"]),
        observed_until=until,
        time_unit=time_unit,
        merge=merge,
        value=chosen,
        acquired_from=since,
        currency=currency,
        unvalued=0 if chosen == "revenue" else int((rows["purchases"] - rows["valued"]).sum()),
        unvalued_revenue=from_ten_thousandths(0 if chosen == "revenue" else (rows["net"] - rows["valued_net"]).sum()),
    )


def day_of(day: str | dt.date) -> dt.date:
    """Return a day; of a text that names a month, its last."""
    if isinstance(day, dt.datetime):
        return day.date()
    return day if isinstance(day, dt.date) else periods.day(day)


def first_day_of(day: str | dt.date) -> dt.date:
    """Return a day; of a text that names a month, its first: what goes on from a month holds the whole of it."""
    if isinstance(day, str) and not _A_DAY.fullmatch(day.strip()):
        day_of(day)  # which refuses what is none
        return periods.parse(day).start
    return day_of(day)


def _days(day: dt.date) -> int:
    return (day - _ORIGIN).days


def _histories(rows: pd.DataFrame, until: dt.date, unit: float) -> pd.DataFrame:
    first, last, n = (rows[name].to_numpy(np.int64) for name in ("first", "last", "purchases"))
    acquired = pd.to_datetime(pd.Series(first), unit="D", origin=pd.Timestamp(_ORIGIN))
    repeat = (rows["value"] - rows["first_value"]).to_numpy(np.float64) / 10_000
    of_margin = "valued" in rows.columns
    valued = (rows["valued"] - rows["first_known"] % 2).to_numpy(np.int64) if of_margin else n - 1
    found = pd.DataFrame(
        {
            "customer_id": rows["customer_id"],
            "frequency": n - 1,
            "recency": (last - first) / unit,
            "T": (_days(until) - first) / unit,
            "monetary": np.divide(repeat, valued, out=np.full(len(rows), np.nan), where=valued > 0),
            "acquired_on": acquired,
            "cohort": acquired.dt.to_period("M"),
        }
    )
    return found.assign(valued=valued) if of_margin else found


def _reasons(counted: dict[str, Any], rows: pd.DataFrame, truncated: pd.Series) -> pd.DataFrame:
    """What no history has: every line and all money of sales is in one or here."""
    of_purchases = int(rows["lines"].sum()), int(rows["net"].sum())
    reasons = [
        ("after observed_until", counted["later_lines"], counted["later_net"]),
        ("no customer", counted["anonymous_lines"], counted["anonymous_net"]),
        (
            "days of returns",
            int(counted["named_lines"] or 0) - of_purchases[0],
            int(counted["named_net"] or 0) - of_purchases[1],
        ),
        ("acquired before", int(rows.loc[truncated, "lines"].sum()), int(rows.loc[truncated, "net"].sum())),
    ]
    return pd.DataFrame(
        [(name, int(lines or 0), from_ten_thousandths(net)) for name, lines, net in reasons if lines],
        columns=["reason", "lines", "net_revenue"],
    ).astype({"net_revenue": "object"})


@aggregation
def _left_out(lines: ibis.Table, until: dt.date) -> ibis.Table:
    later = _.date > ibis.date(until.isoformat())
    named = _.customer_id.notnull()
    parts = {"later": later, "anonymous": ~later & ~named, "named": ~later & named}
    return lines.agg(
        lines=_.count(),
        net=ten_thousandths(_.net_revenue.sum()),
        **currencies(lines),
        **{f"{name}_lines": _.count(where=where) for name, where in parts.items()},
        **{f"{name}_net": ten_thousandths(_.net_revenue.sum(where=where)) for name, where in parts.items()},
    )


@aggregation
def _customers(
    lines: ibis.Table,
    until: dt.date,
    merge: Merge,
    value: Value,
    costed: bool,
    keep: tuple[str, ...] = (),
    cut: tuple[int, int] = (0, 1),
) -> ibis.Table:
    lines = lines.filter(_.customer_id.notnull(), _.date <= ibis.date(until.isoformat()))
    if cut[1] > 1:
        lines = lines.filter((_.customer_id.hash() % cut[1]).abs() == cut[0])
    day = lines.date if merge == "day" else lines.date.truncate(MERGES[merge]).cast("date")
    sums = {"net": _.net_revenue.sum(), "least": _.net_revenue.min(), "lines": _.count()}
    if costed:
        known = _.cost.notnull()
        sums |= {
            "revenue": _.net_revenue.sum(where=known),
            "cost": _.cost.sum(where=known),
        }
    if value == "margin":
        sums |= {"unknown": _.net_revenue.abs().sum(where=~known), "costed_lines": _.count(where=known)}
    dated = "acquired_on" in lines.columns
    if merge != "day":  # of what is bought together, the first day: who is new is not told by the start of a week
        sums["start"] = lines.date.cast("date").min(where=lines.net_revenue >= 0)
    if dated:
        sums["acquired"] = lines.acquired_on.cast("date").min()
    for name in keep:
        kept = lines[name].cast("string") if lines[name].type().is_boolean() else lines[name]  # no maximum elsewhere
        sums |= {f"kept_{name}": kept.max(), f"least_{name}": kept.min()}
    days = lines.group_by(customer_id=lines.customer_id.cast("string"), day=day).agg(**sums)
    bought = days.filter(is_bought(days.net, days.least))
    nothing = ibis.literal(0).cast(_SUM)
    if costed:
        revenue = ibis.coalesce(bought.revenue, nothing)
        bought = bought.mutate(revenue=revenue, margin=revenue - ibis.coalesce(bought.cost, nothing))
    if value == "margin":  # of a purchase of which all that has an amount has a cost; no other has one
        bought = bought.mutate(known=(ibis.coalesce(bought.unknown, nothing) == 0) & (bought.costed_lines > 0))
        bought = bought.mutate(valued_net=ibis.ifelse(bought.known, bought.net.cast(_SUM), nothing))
        worth = ibis.ifelse(bought.known, bought.margin, nothing).cast(_SUM)
    else:
        worth = bought.net.cast(_SUM)
    # The least of (day, worth) in one number is the first purchase's: engines sort for anything else that says so.
    since = bought.day.delta(ibis.date(_ORIGIN.isoformat()), unit="day").cast(_SUM)
    by_customer = bought.mutate(
        since=since, worth=worth, packed=(since * ibis.literal(_PACKED).cast("decimal(19, 0)")).cast(_SUM) + worth
    ).group_by("customer_id")
    found = by_customer.agg(
        first=_.day.min(),
        last=_.day.max(),
        purchases=_.count(),
        value=_.worth.sum(),
        packed=_.packed.min(),
        lines=_.lines.sum().cast("int64"),
        net=_.net.sum(),
        **{name: _[name].sum() for name in ("revenue", "margin") if costed},
        **(
            {
                "valued": _.known.cast("int64").sum().cast("int64"),
                "valued_net": _.valued_net.sum(),
                "first_known": (_.since.cast("int64") * 2 + _.known.cast("int64")).min(),  # odd: it is
            }
            if value == "margin"
            else {}
        ),
        **({"acquired": _.acquired.min()} if dated else {}),
        **({"start": _.start.min()} if merge != "day" else {}),
        **{f"kept_{name}": _[f"kept_{name}"].max() for name in keep},
        **{f"least_{name}": _[f"least_{name}"].min() for name in keep},
    )
    start = found["first"] if merge == "day" else found.start
    since = ibis.coalesce(ibis.least(start, found.acquired), start) if dated else start
    differ = {name: found[f"kept_{name}"] != found[f"least_{name}"] for name in keep}
    found = found.mutate(
        since=since, **{f"several_{name}": ibis.coalesce(each.cast("int64"), 0) for name, each in differ.items()}
    )
    ends = {name: found[name].delta(ibis.date(_ORIGIN.isoformat()), unit="day") for name in ("first", "last", "since")}
    first_day = (ends["first"].cast(_SUM) * ibis.literal(_PACKED).cast("decimal(19, 0)")).cast(_SUM)
    of_costs = ("revenue", "margin") if costed else ()
    money = ("value", "net", *of_costs, *(("valued_net",) if value == "margin" else ()))
    return (
        found.mutate(
            first_value=ten_thousandths(found.packed - first_day),
            **ends,
            **{name: ten_thousandths(found[name]) for name in money},
        )
        .drop(
            "packed",
            *(("acquired",) if dated else ()),
            *(("start",) if merge != "day" else ()),
            *(f"least_{name}" for name in keep),
        )
        .order_by("customer_id")
    )
