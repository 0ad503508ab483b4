"""Scores: how recently, how often and for how much did each customer buy, in five classes (RFM)?

A score says how many do worse: 5 that at least 80 % of the customers do, 1 that less than 20 % do. Equal values so have
equal scores, and where many are equal there are fewer classes than five, which is said. Scores are relative to the
customers of the day asked for: they are no forecast (for that, see `lifecycles`).
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pandas as pd

from perfkit import estimates
from perfkit.aggregations import only
from perfkit.customers.clv.summaries import day_of, first_day_of
from perfkit.customers.purchases import Value, from_ten_thousandths, margin_rate, refuse_two_currencies, value_of
from perfkit.customers.segments import purchases as engine
from perfkit.customers.segments import score_views as views
from perfkit.errors import DataError, ParameterError, unknown
from perfkit.lines import checked
from perfkit.results import Result, View

CLASSES = 5
"""Scores at most: quintiles."""


@dataclass(frozen=True, eq=False)
class Rfm(Result):
    """Recency, frequency and value of each customer.

    Attributes
    ----------
    customers : DataFrame, one row a customer with a purchase, by id
        customer_id; days_since_last_order, int: from the last purchase to as_of; purchases, int: days with a purchase;
        net_revenue, Decimal: returns taken off; margin, Decimal: what has no known cost at `rest`, None where no line
        has one; value, Decimal: whichever of the two was asked for; r, f, m, int: scores, 5 the best.
    left_out : DataFrame, one row a reason
        reason, lines, int, and net_revenue, Decimal, that no customer here has.
    lines, net_revenue : int, Decimal
        Of all of sales: customers and left_out sum to them.
    as_of : date
        Last day that counts, inclusive.
    since : date or None
        First day that counts; None is the first of the data.
    first_day : date
        Of the data.
    value : str
        "margin" or "revenue".
    coverage : float or None
        Share of the customers' revenue whose cost is known; None where no line has a cost.
    rest : Decimal or None
        The margin rate of that part, which the rest is taken to earn; None where no line has a cost.
    currency : str
    """

    customers: pd.DataFrame
    left_out: pd.DataFrame
    lines: int
    net_revenue: Decimal
    as_of: dt.date
    since: dt.date | None
    first_day: dt.date
    value: Value
    coverage: float | None
    rest: Decimal | None
    currency: str

    @property
    def total(self) -> Decimal:
        """What all customers brought."""
        return sum(self.customers["value"], Decimal(0))

    def classes(self, criterion: str) -> pd.DataFrame:
        """Return the classes of a criterion: r (recency), f (frequency) or m (value).

        Returns
        -------
        DataFrame, one row a score that a customer has, the best first
            score; worst, best: of the criterion within the class; n: customers; share: of all customers; value,
            Decimal; share_of_value: missing where the total is not positive.
        """
        if criterion not in views.COLUMNS:
            raise ParameterError(f"criterion: {unknown('criterion', str(criterion), views.COLUMNS)}")
        column, total, n = views.COLUMNS[criterion], self.total, len(self.customers)
        rows = []
        for score, part in self.customers.groupby(criterion):
            brought = sum(part["value"], Decimal(0))
            ends = min(part[column]), max(part[column])
            worst, best = ends[::-1] if criterion == "r" else ends
            share = estimates.ratio(brought, total) if total > 0 else None
            rows.append((int(score), worst, best, len(part), len(part) / n, brought, share))  # type: ignore[call-overload]
        columns = ["score", "worst", "best", "n", "share", "value", "share_of_value"]
        return pd.DataFrame(rows[::-1], columns=columns).astype({"value": "object"})

    def figures(self) -> pd.DataFrame:
        """Return customers and value of each score, and what was left out."""
        return views.score_figures(self)

    def views(self) -> list[View]:
        """Return a table a criterion, and what ties them to sales."""
        return views.score_views(self)

    def ties_to(self) -> dict[str, Any]:
        """Return the totals of the source: the customers' and those left out."""
        return {"net_revenue": self.net_revenue, "lines": self.lines, "as_of": self.as_of}


def rfm(
    sales: ibis.Table | pd.DataFrame,
    *,
    as_of: str | dt.date,
    since: str | dt.date | None = None,
    value: Value | None = None,
    currency: str = "",
) -> Rfm:
    """Score each customer by recency, frequency and value.

    Parameters
    ----------
    sales : table or DataFrame, one row a line, columns of `schema.SALES` with customer_id
    as_of : str or date
        The day that recency counts back from: "2024-06-30", or "2024-06" for the month's last. Later lines are left
        out and counted.
    since : str or date, optional
        The first day that counts: "1997-01-01", or "1997-01" for the month's first; lines before it are left out and
        counted.
    value : str, optional
        What a customer is worth: "margin" (net revenue less cost of goods) or "revenue". By default margin where lines
        have a cost.
    currency : str, optional
        Of the amounts, where they are shown.

    Raises
    ------
    ParameterError
        If a setting is none of those above.
    DataError
        If there is no customer left, lines are in two currencies, or margin is asked for and lines have no cost.

    See Also
    --------
    value_tiers : the customers in tiers by value.
    """
    table = checked(sales, "customer_id")
    has_cost, chosen = "cost" in table.columns, value_of(table, value)
    until, start = day_of(as_of), None if since is None else first_day_of(since)
    if start is not None and start > until:
        raise ParameterError(f"since is {start}, after as_of, {until}: no day lies between. Take an earlier since.")
    counted = only(engine.totals(table, until, start))
    refuse_two_currencies(counted)
    rows = engine.by_customer(table, until, start, has_cost)
    bought = (rows["purchases"] > 0).to_numpy(dtype=bool)
    if not bought.any():
        raise DataError(
            f"sales: no customer has bought anything{f' from {start}' if start else ''} until {until}. "
            "Take a later as_of, or an earlier since."
        )
    left_out = _left_out(counted, rows[~bought])
    rows = rows[bought].reset_index(drop=True)
    net = rows["net"].to_numpy(np.int64)
    revenue, cost = (rows[name].to_numpy(np.int64) if has_cost else None for name in ("revenue", "cost"))
    margin = rest = None
    if revenue is not None and cost is not None:
        rest = margin_rate(Decimal(int(revenue.sum())), Decimal(int(cost.sum())))
        margin = revenue - cost + np.rint((net - revenue) * float(rest)).astype(np.int64)
    worth = net if margin is None or chosen == "revenue" else margin
    if chosen == "margin" and revenue is not None and not revenue.any():
        raise DataError("sales: no purchase of a customer has a known cost. Say value='revenue'.")
    days, times = (rows[name].to_numpy(np.int64) for name in ("days_since", "purchases"))
    amounts = _money(net)
    margins = [None] * len(rows) if margin is None else _money(margin)
    customers = pd.DataFrame(
        {
            "customer_id": rows["customer_id"],
            "days_since_last_order": days,
            "purchases": times,
            "net_revenue": pd.Series(amounts, dtype="object"),
            "margin": pd.Series(margins, dtype="object"),
            "value": pd.Series(amounts if worth is net else margins, dtype="object"),
            "r": scored(-days),
            "f": scored(times),
            "m": scored(worth),
        }
    )
    return Rfm(
        customers=customers,
        left_out=left_out,
        lines=int(counted["lines"] or 0),
        net_revenue=from_ten_thousandths(counted["net"]),
        as_of=until,
        since=start,
        first_day=counted["first"],
        value=chosen,
        rest=rest,
        coverage=None if revenue is None else estimates.ratio(int(revenue.sum()), int(net.sum())),
        currency=currency,
    )


def scored(values: np.ndarray) -> np.ndarray:
    """Return the score of each value, 1 to `CLASSES`: equal ones alike, by how many are strictly lower."""
    lower = np.searchsorted(np.sort(values), values, side="left")
    return np.asarray(1 + CLASSES * lower // len(values), dtype=np.int64)


def _left_out(counted: dict[str, Any], returning: pd.DataFrame) -> pd.DataFrame:
    reasons = [
        ("after as_of", counted["later_lines"], counted["later_net"]),
        ("before since", counted["earlier_lines"], counted["earlier_net"]),
        ("no customer", counted["anonymous_lines"], counted["anonymous_net"]),
        ("returns only", int(returning["lines"].sum()), int(returning["net"].sum())),
    ]
    return pd.DataFrame(
        [(name, int(lines or 0), from_ten_thousandths(net)) for name, lines, net in reasons if lines],
        columns=["reason", "lines", "net_revenue"],
    ).astype({"net_revenue": "object"})


def _money(parts: np.ndarray) -> list[Decimal]:
    return [Decimal(each).scaleb(-4) for each in parts.tolist()]
