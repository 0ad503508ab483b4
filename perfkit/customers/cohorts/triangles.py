"""Triangles: of the customers who first bought in a period, how many buy at each age, and what have they brought?

A cohort is the customers whose first purchase lies in a period; its age counts whole periods since. A cell is observed
once its period is over: then nobody is 0, and before it is missing. What no cohort can take is counted, with its lines
and money, so that cohorts and exclusions sum to the source.
"""

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

import ibis
import numpy as np
import pandas as pd

from perfkit import estimates
from perfkit.aggregations import only
from perfkit.customers.clv.summaries import day_of, first_day_of
from perfkit.customers.cohorts import activity as engine
from perfkit.customers.cohorts import triangle_views as views
from perfkit.customers.cohorts.activity import Asked, By, exact
from perfkit.customers.cohorts.means import mean_interval
from perfkit.customers.purchases import Value, margin_rate, refuse_two_currencies, value_of
from perfkit.errors import DataError, ParameterError, unknown
from perfkit.lines import checked
from perfkit.results import Result, View

MOST_MEMBERS = 100
"""Members of a split beyond which a table of cohorts says nothing of any of them."""
MOST_COHORTS = 36
"""Cohorts beyond which a triangle is read by longer periods."""
_COARSER: dict[str, By] = {"month": "quarter", "quarter": "year"}
_CHANNEL_OF = {"first_product": "product_id", "first_category": "category", "first_channel": "channel"}


@dataclass(frozen=True, eq=False)
class CohortTriangle(Result):
    """What each cohort did at each age.

    Attributes
    ----------
    cells : DataFrame, one row a (cohort, age), every age up to that of the oldest cohort
        cohort, Period: of the first purchase. age, int: whole periods since, from 0. status: "observed"; "partial": the
        period has begun and is not over; "not observed yet". n, int: customers of the cohort. active, Int64: those with
        a purchase in the period; reactivated, Int64: those of them without one in the period before; revenue, margin,
        Decimal: of the period, margin where lines have a cost, of what has none at `rest`; cumulative, Decimal: `value`
        of all periods until this one. All are missing where the period is not over, and 0 where it is and nobody came.
        estimate, low, high: active / n at `level`, Wilson's interval (missing in an empty cohort; of age 0, by
        definition 1).
        per_customer, per_customer_low, per_customer_high: cumulative / n, the interval missing where reason says why.
        squares, cubes, float: sums over the customers of their own cumulated value's.
    by_member : DataFrame or None
        The same by member of the split, with member and name before the others; None without a split.
    left_out : DataFrame, one row a reason
        reason, lines, int, and net_revenue, Decimal, that are in no cohort.
    lines, net_revenue : int, Decimal
        Of all of sales: cohorts and left_out sum to them.
    by, value : str
    split : str or None
    observed_until : date
        As it was given.
    last : Period
        The last period that is over.
    partial : Period or None
        The period that has begun and is not over by observed_until.
    acquired_from : date or None
    first_day : date
        Of the data.
    known_before : date or None
        The earliest acquisition that the customer list knows, where it lies before the data.
    coverage : float or None
        Share of the cohorts' revenue whose cost is known; None where no line has a cost.
    rest : Decimal or None
        The margin rate of what has a known cost, which the rest is taken to earn; None where no line has a cost.
    other_costs : Decimal
        Share of revenue taken off the margin beyond the cost of goods.
    currency : str
    member : str or None
        The one member that the cells are of, see `of`.
    coarser : CohortTriangle or None
        The same by longer periods, where there are more than 36 cohorts.
    """

    cells: pd.DataFrame
    by_member: pd.DataFrame | None
    left_out: pd.DataFrame
    lines: int
    net_revenue: Decimal
    by: By
    split: str | None
    value: Value
    observed_until: dt.date
    last: pd.Period
    partial: pd.Period | None
    acquired_from: dt.date | None
    first_day: dt.date
    known_before: dt.date | None
    coverage: float | None
    rest: Decimal | None
    other_costs: Decimal
    currency: str
    member: str | None = None
    coarser: "CohortTriangle | None" = None

    @cached_property
    def sizes(self) -> pd.DataFrame:
        """The cohorts: cohort, n, and the last age that is observed."""
        observed = self.cells[self.cells["status"] == "observed"]
        return observed.groupby("cohort", as_index=False).agg(n=("n", "first"), last_age=("age", "max"))

    @cached_property
    def pooled(self) -> pd.DataFrame:
        """Retention over all cohorts by age: see `pooled_retention`."""
        return pooled_retention(self.cells)

    @property
    def customers(self) -> int:
        """How many customers are in a cohort."""
        return int(self.sizes["n"].sum())

    @cached_property
    def members(self) -> list[tuple[str | None, str | None]]:
        """The members of the split with their names, the largest first; of customers without one (None, None)."""
        if self.by_member is None:
            return []
        of = self.by_member[self.by_member["age"] == 0]
        sizes = of.groupby(["member", "name"], dropna=False, as_index=False)["n"].sum()
        ordered = sizes.sort_values(["n", "member"], ascending=[False, True], kind="stable")
        return [
            (None if pd.isna(member) else member, None if pd.isna(name) else name)
            for member, name in zip(ordered["member"], ordered["name"], strict=True)
        ]

    def of(self, member: str | None) -> "CohortTriangle":
        """Return the cohorts of one member of the split.

        Raises
        ------
        ParameterError
            If there is no such member.
        """
        if member not in self._of:
            known = [each for each, _ in self.members if each]
            raise ParameterError(f"member: {unknown('member', str(member), known)}")
        return self._of[member]

    @cached_property
    def _of(self) -> "dict[str | None, CohortTriangle]":
        if self.by_member is None:
            return {}
        parts = self.by_member.groupby("member", dropna=False)
        cells = {
            None if pd.isna(member) else member: part.drop(columns=["member", "name"]).reset_index(drop=True)
            for member, part in parts
        }
        return {
            member: replace(self, cells=part, by_member=None, member=member, coarser=None)
            for member, part in cells.items()
        }

    def value_at(self, age: int) -> dict[str, Any]:
        """Return what a customer has brought by an age, over the cohorts that have reached it.

        Returns
        -------
        dict
            age, cohorts, n, estimate, low, high, level; the ends are missing of too few customers.
        """
        return value_at(self.cells, age)

    def figures(self) -> pd.DataFrame:
        """Return retention by cohort and age, pooled and by member, what a customer brings, and the exclusions."""
        return views.triangle_figures(self)

    def views(self) -> list[View]:
        """Return retention by cohort, then by member, then what cohorts bring, then what is in none."""
        return views.triangle_views(self)

    def ties_to(self) -> dict[str, Any] | None:
        """Return the totals of the source: the cohorts' and those left out; None of a single member."""
        if self.member is not None:
            return None
        return {"net_revenue": self.net_revenue, "lines": self.lines, "observed_until": self.observed_until}


def build(
    sales: ibis.Table | pd.DataFrame,
    *,
    observed_until: str | dt.date,
    by: By = "month",
    split: str | None = None,
    value: Value | None = None,
    acquired_from: str | dt.date | None = None,
    other_costs: float | Decimal = 0,
    currency: str = "",
) -> CohortTriangle:
    """Put customers in cohorts and follow each from age to age, in the engine.

    A purchase is a day whose lines, returns taken off, leave something, or a free one, as in `clv.summarise`; returns
    count in the revenue of the period in which they are dated.

    Parameters
    ----------
    sales : table or DataFrame, one row a line, columns of `schema.SALES` with customer_id
        Give the full history: the first purchase here sets the cohort. Columns of the customer list may stand beside.
    observed_until : str or date
        Last complete day: "2024-06-30", or "2024-06" for the month's last. A period that is not over by then is in no
        cell.
    by : str
        month, quarter or year (of the calendar).
    split : str, optional
        A column that is the same on all lines of a customer (acquisition_channel, segment ...), or "first_product",
        "first_category", "first_channel", "first_" and any column: as it stands on the first purchase.
    value : str, optional
        What is cumulated: "margin" (net revenue less cost of goods) or "revenue". By default margin where lines have a
        cost.
    acquired_from : str or date, optional
        "1997-01-01", or "1997-01" for the month's first day. Customers acquired before are left out, by their first
        purchase here, or by acquired_on where that is earlier: where the data start later than the business, the first
        cohorts are full of old customers.
    other_costs : float
        Other variable costs (freight, fees, commissions) as a share of net revenue, 0 to 1: the margin is less them,
        and then is contribution margin 1.
    currency : str, optional
        Of the amounts, where they are shown.

    Raises
    ------
    ParameterError
        If a setting is none of those above, or the split differs within customers, or has too many members.
    DataError
        If there is no customer left, lines are in two currencies, or margin is asked for and lines have no cost.

    See Also
    --------
    charts.cohort_triangle : the triangle as a heat map.
    drift : do younger cohorts differ from older ones?
    payback : when have they brought back what they cost?
    """
    table = checked(sales, "customer_id")
    if by not in engine.PER_YEAR:
        raise ParameterError(f"by: {unknown('setting', str(by), engine.PER_YEAR)}")
    chosen = value_of(table, value)
    try:
        others = Decimal(str(other_costs))
    except ArithmeticError:
        others = Decimal(-1)
    if not 0 <= others < 1:
        raise ParameterError(f"other_costs is {other_costs!r}: give a share of net revenue, such as 0.12 for 12 %.")
    observed, since = day_of(observed_until), None if acquired_from is None else first_day_of(acquired_from)
    column, first = _split(table, split)
    running = pd.Period(observed, freq=engine.FREQUENCIES[by])
    over = running.end_time.date() <= observed
    last = running if over else running - 1
    until = last.end_time.date()
    counted = only(engine.totals(table, until, observed))
    refuse_two_currencies(counted)
    rest = margin_rate(exact(counted["costed"]), exact(counted["cost"]), others) if "cost" in table.columns else None
    asked = Asked(by, until, since, column, first, chosen, others, rest or Decimal(0))
    rows = engine.activity(table, asked)
    inside = rows[rows["reason"] == ""]
    if inside.empty:
        raise DataError(
            f"sales: no customer has bought anything{f' from {since}' if since else ''} until {asked.until}, the "
            f"end of the last {by} that is over. Take a later observed_until, or an earlier acquired_from."
        )
    numbers = range(int(inside["cohort"].min()), engine.number(last, by) + 1)
    grid = _Grid(numbers, by, running if not over else None, chosen, others, rest)
    split_cells = None
    if column is not None:
        named = inside[["member", "name"]].groupby("member", dropna=False)["name"].max()
        if len(named) > MOST_MEMBERS:
            raise ParameterError(
                f"split: {split!r} has {len(named):,} members, and cohorts of each would be of next to nobody. "
                f"Take a column with at most {MOST_MEMBERS}, such as the product family."
            )
        parts = []
        for member, name in named.items():
            mine = inside["member"].isna() if pd.isna(member) else inside["member"] == member
            cells = grid.cells(inside[mine])
            cells.insert(0, "member", pd.Series([None if pd.isna(member) else member] * len(cells), dtype="object"))
            cells.insert(1, "name", pd.Series([None if pd.isna(name) else name] * len(cells), dtype="object"))
            parts.append(cells)
        split_cells = pd.concat(parts, ignore_index=True)
    revenue, costed = (sum(map(exact, inside[name]), Decimal(0)) for name in ("revenue", "costed"))
    known, start = counted.get("acquired"), counted["first"]
    coarser = None
    if len(numbers) > MOST_COHORTS and by in _COARSER:
        coarser = build(
            table, observed_until=observed, by=_COARSER[by], split=split, value=chosen, acquired_from=since,
            other_costs=others, currency=currency,
        )  # fmt: skip
    return CohortTriangle(
        cells=grid.cells(inside),
        by_member=split_cells,
        left_out=_left_out(counted, rows),
        lines=int(counted["lines"] or 0),
        net_revenue=exact(counted["net"]),
        by=by,
        split=split,
        value=chosen,
        observed_until=observed,
        last=last,
        partial=None if over else running,
        acquired_from=since,
        first_day=start,
        known_before=known if known is not None and known < start else None,
        coverage=estimates.ratio(costed, revenue) if "cost" in table.columns else None,
        rest=rest,
        other_costs=others,
        currency=currency,
        coarser=coarser,
    )


def _split(table: ibis.Table, split: str | None) -> tuple[str | None, bool]:
    """The column of a split, and whether it is read off the first purchase."""
    if split is None:
        return None, False
    first = split.startswith("first_") and split not in table.columns
    column = _CHANNEL_OF.get(split, split.removeprefix("first_")) if first else split
    texts = [name for name, kind in table.schema().items() if kind.is_string() and name != "customer_id"]
    if column not in texts:
        raise ParameterError(f"split: {unknown('column of text', column, texts)}")
    if not first:
        found = only(engine.several(table, column))
        if found["several"]:
            raise ParameterError(
                f"split: {int(found['several']):,} of {int(found['customers']):,} customers have more than one "
                f"{column}, so that they would be in several cohorts. Say split='first_{column}' for that of the first "
                "purchase."
            )
    return column, first


def _left_out(counted: dict[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
    """What is in no cohort: every line and all money of sales is in one or here."""
    reasons = [
        ("after observed_until", counted["after_lines"], counted["after_net"]),
        ("period not over", counted["unfinished_lines"], counted["unfinished_net"]),
        ("no customer", counted["anonymous_lines"], counted["anonymous_net"]),
    ]
    for reason in (engine.RETURNS, engine.EARLIER, engine.BEFORE):
        of = rows[rows["reason"] == reason]
        reasons.append((reason, int(of["lines"].sum()), sum(map(exact, of["revenue"]), Decimal(0))))
    return pd.DataFrame(
        [(name, int(lines or 0), exact(net)) for name, lines, net in reasons if lines],
        columns=["reason", "lines", "net_revenue"],
    ).astype({"net_revenue": "object"})


@dataclass(frozen=True)
class _Grid:
    """Every cohort and age, and which of them is observed."""

    numbers: range
    by: By
    running: pd.Period | None
    value: Value
    other_costs: Decimal
    rest: Decimal | None

    def cells(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the cells of rows of `activity`: those that are over filled, with 0 where there is no row."""
        size = len(self.numbers)
        place = (
            rows["cohort"].to_numpy(np.int64) - self.numbers[0],
            rows["period"].to_numpy(np.int64) - rows["cohort"].to_numpy(np.int64),
        )

        def counts(name: str) -> np.ndarray:
            found = np.zeros((size, size), dtype=np.int64)
            np.add.at(found, place, rows[name].to_numpy(np.int64))
            return found

        def amounts(name: str) -> np.ndarray:
            found = np.full((size, size), Decimal(0), dtype=object)
            np.add.at(found, place, np.array([exact(each) for each in rows[name]], dtype=object))
            return found

        def moments(name: str) -> np.ndarray:
            found = np.zeros((size, size))
            rounded = [float(f"{each:.11e}") for each in rows[name]]  # the order in which threads added up
            np.add.at(found, place, rounded)
            return np.cumsum(found, axis=1)

        cohort, age = (each.ravel() for each in np.indices((size, size)))
        over = cohort + age < size
        active, revenue = counts("active"), amounts("revenue")
        margin = None
        if self.rest is not None:
            costed = amounts("costed")
            margin = costed - amounts("cost") - (costed * self.other_costs if self.other_costs else 0)
            margin = margin + (revenue - costed) * self.rest
        worth = revenue if margin is None or self.value == "revenue" else margin
        cumulative = np.cumsum(worth, axis=1)
        n = np.repeat(active[:, 0], size)
        status = np.where(over, "observed", "not observed yet").astype(object)
        if self.running is not None:
            status[cohort + age == size] = "partial"
        share = estimates.share(np.where(over, active.ravel(), np.nan), np.where(over, n, 0))
        by_definition = (age == 0) & (n > 0)
        share.loc[by_definition, ["low", "high"]] = 1.0
        squares, cubes = moments("squares").ravel(), moments("cubes").ravel()
        total = np.array([float(each) for each in cumulative.ravel()])
        mean, low, high, _ = mean_interval(n, total, squares, cubes)
        periods = np.array([engine.period(number, self.by) for number in self.numbers], dtype=object)
        reason = np.where(
            ~over, "", np.where(n == 0, "nobody acquired", np.where(np.isnan(low), "too few customers", ""))
        )

        def seen(values: np.ndarray | None) -> pd.Series:
            flat = [None] * len(over) if values is None else values.ravel()
            return pd.Series([each if there else None for each, there in zip(flat, over, strict=True)], dtype="object")

        return pd.DataFrame(
            {
                "cohort": pd.Series(list(periods[cohort]), dtype=f"period[{engine.FREQUENCIES[self.by]}]"),
                "age": age,
                "status": status,
                "n": n,
                "active": pd.array(np.where(over, active.ravel(), 0), dtype="Int64"),
                "reactivated": pd.array(np.where(over, counts("reactivated").ravel(), 0), dtype="Int64"),
                "revenue": seen(revenue),
                "margin": seen(margin),
                "cumulative": seen(cumulative),
                "estimate": share["estimate"],
                "low": share["low"],
                "high": share["high"],
                "level": estimates.LEVEL,
                "per_customer": np.where(over, mean, np.nan),
                "per_customer_low": np.where(over, low, np.nan),
                "per_customer_high": np.where(over, high, np.nan),
                "squares": np.where(over, squares, np.nan),
                "cubes": np.where(over, cubes, np.nan),
                "reason": reason,
            }
        ).assign(
            active=lambda cells: cells["active"].where(over),
            reactivated=lambda cells: cells["reactivated"].where(over),
        )


def observed_at(cells: pd.DataFrame, age: int) -> pd.DataFrame:
    """Return the cells of an age that are over, of cohorts that hold anybody."""
    return cells[(cells["age"] == age) & (cells["status"] == "observed") & (cells["n"] > 0)]


def pooled_retention(cells: pd.DataFrame) -> pd.DataFrame:
    """Return retention by age over all cohorts that have reached it.

    The interval is Wilson's, of as many customers as would scatter like the cohorts do: where retention differs between
    cohorts by more than chance, it widens (quasi-binomial dispersion: McCullagh & Nelder 1989, Generalized Linear
    Models, section 4.5).

    Returns
    -------
    DataFrame, one row an age
        age, cohorts, n, active, estimate, low, high, level. Younger ages are of more cohorts than older ones.
    """
    there = (cells["status"] == "observed").to_numpy() & (cells["n"] > 0).to_numpy()
    size = int(cells["age"].max()) + 1
    age, n = cells["age"].to_numpy(), cells["n"].to_numpy(np.float64)
    active = cells["active"].to_numpy(np.float64, na_value=0.0)
    by_age = [there & (age == each) for each in range(size)]
    came, of = (np.array([values[each].sum() for each in by_age]) for values in (active, n))
    spread = np.array([dispersion(active[each], n[each]) for each in by_age])
    found = estimates.share(came / spread, np.where(of > 0, of / spread, 0.0))
    found["estimate"] = np.divide(came, of, out=np.full(size, np.nan), where=of > 0)
    if of[0] > 0:
        found.loc[0, ["low", "high"]] = 1.0  # by definition
    cohorts = [int(each.sum()) for each in by_age]
    counted = {"age": range(size), "cohorts": cohorts, "n": of.astype(np.int64), "active": came.astype(np.int64)}
    return pd.concat([pd.DataFrame(counted), found[["estimate", "low", "high", "level"]]], axis=1)


def dispersion(active: np.ndarray, n: np.ndarray) -> float:
    """Return how much more cohorts scatter than chance alone would have them; at least 1."""
    p = active.sum() / n.sum() if len(n) else 0.0
    if len(n) < 2 or not 0 < p < 1:
        return 1.0
    return max(1.0, float(((active - n * p) ** 2 / (n * p * (1 - p))).sum() / (len(n) - 1)))


def value_at(cells: pd.DataFrame, age: int) -> dict[str, Any]:
    """Return what a customer of these cells has brought by an age: see `CohortTriangle.value_at`."""
    there = observed_at(cells, age)
    sums = [there["n"].sum(), float(sum(there["cumulative"], Decimal(0))), there["squares"].sum(), there["cubes"].sum()]
    mean, low, high, _ = mean_interval(*sums)
    return {
        "age": age, "cohorts": len(there), "n": int(sums[0]), "estimate": float(mean), "low": float(low),
        "high": float(high), "level": estimates.LEVEL,
    }  # fmt: skip
