"""Differences: is a segment's margin rate really another than that of the rest, or is it chance?

A rate is a ratio of sums, which is what a weighted least squares of the customers' rates by their revenue estimates.
Its variance is robust to customers that differ by themselves, because the lines of one are alike. Where a few of them
are most of the revenue, that variance is too small, and known less well than their number says: both are corrected for
what each customer weighs (CR2 with its degrees of freedom: Bell and McCaffrey 2002, Survey Methodology; Pustejovsky and
Tipton 2018, Journal of Business and Economic Statistics), and below `_LEAST_FREEDOM` nothing is claimed. Many segments
are tested at once, and Holm's step-down keeps all of the claims together at their level (Holm 1979, Scandinavian
Journal of Statistics).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _
from scipy.special import stdtr, stdtrit

from perfkit import estimates, languages
from perfkit.aggregations import aggregation
from perfkit.dimensions import ask_for, dimension_name
from perfkit.languages import mark, number, percent, points, text
from perfkit.lines import is_in, span
from perfkit.margins.profitability.members import lacking, names_of, with_members
from perfkit.periods import Period
from perfkit.results import Field, Result, View, figure_frame

FEWEST = 5
"""Clusters that a member, and the rest, need: fewer say nothing of how far they lie apart."""
_LEAST_FREEDOM = FEWEST - 1 - 1e-9
"""As `FEWEST` clusters of one size have; uneven ones have fewer than they are, and the same holds of them."""
_BASIS = mark(
    "Gross margin rate of the member's lines less that of all other lines; robust to lines of a customer being alike, "
    "all members tested together (Holm)"
)
_COLUMNS = [
    "member",
    "name",
    "clusters",
    "lines",
    "coverage",
    "rate",
    "rest",
    "estimate",
    "low",
    "high",
    "level",
    "p",
    "adjusted_p",
]


@dataclass(frozen=True, eq=False)
class Differences(Result):
    """The gross margin rate of each member against that of the rest.

    Attributes
    ----------
    rows : DataFrame, one row a member whose lines have a cost
        member: None = unknown; name; clusters, lines: int; coverage: share of the member's amounts that its rate is of;
        rate, rest: gross margin / net revenue of the member and of all others; estimate: rate - rest; low, high at
        `level`; p, adjusted_p: None, as the interval is, where the
        member or the rest has less than `FEWEST` clusters, a few of them are nearly all of it, or it has no revenue.
    left_out : int
        Lines without a known cost or without a cluster.
    by, cluster : str
    period : Period
    reason : str
        Why there is nothing; empty where there is.
    """

    rows: pd.DataFrame
    left_out: int
    by: str
    cluster: str
    period: Period
    reason: str = ""

    def figures(self) -> pd.DataFrame:
        """Return each member's difference from the rest."""
        stem = f"margin_difference:{self.by}:{self.period.label}"
        common = {"kpi": "margin_difference", "period": self.period.label, "unit": "points", "basis": text(_BASIS)}
        if self.reason:
            return figure_frame([common | {"figure_id": stem, "status": "not available", "reason": self.reason}])
        return figure_frame(
            common
            | {
                "figure_id": f"{stem}:{'unknown' if row['member'] is None else '=' + row['member']}",
                "dimensions": {self.by: row["member"]},
                **{name: row[name] for name in ("estimate", "low", "high", "level")},
                "n": row["lines"],
                "status": "not available" if row["p"] is None else "estimated",
                "reason": self.why_not() if row["p"] is None else "",
            }
            for row in self.rows.to_dict("records")
        )

    def why_not(self) -> str:
        """Return why a member has no interval."""
        return text(
            "Fewer than {n} to compare by {cluster}, in it or in the rest, or a few of them are nearly all of it: too "
            "few to tell.",
            n=number(FEWEST),
            cluster=languages.in_sentence(dimension_name(self.cluster)),
        )

    def views(self) -> list[View]:
        """Return the members, the surest difference first."""
        if self.reason:
            title = text("{what}: not available", what=text("Differences of margin rates"))
            return [View(title, self.reason, [], pd.DataFrame())]
        records = self.rows.to_dict("records")
        rows = sorted(records, key=lambda row: 2.0 if row["adjusted_p"] is None else row["adjusted_p"])
        sure = [row for row in rows if row["adjusted_p"] is not None and row["adjusted_p"] <= 1 - estimates.LEVEL]
        names = [text("(unknown)") if row["name"] is None else str(row["name"]) for row in rows]
        if not sure:
            title = text("No margin rate differs from the rest beyond chance")
        else:
            title = text(
                "{member} differs most surely from the rest: {points} of margin rate",
                member=names[0],
                points=points(rows[0]["estimate"]),
            )
        table = pd.DataFrame([row | {"label": name} for row, name in zip(rows, names, strict=True)], dtype="object")
        subtitle = text(
            "Gross margin rate by {dimension} less that of the rest, {period}",
            dimension=languages.in_sentence(dimension_name(self.by)),
            period=self.period.name(),
        )
        fields = [
            Field("label", dimension_name(self.by)),
            Field("rate", text("Rate, %"), unit="share"),
            *(
                [Field("coverage", text("Cost known, %"), unit="share")]
                if any(row["coverage"] is not None and row["coverage"] < 1 for row in rows)
                else []
            ),
            Field("rest", text("The rest, %"), unit="share"),
            Field("estimate", text("Difference"), unit="points", signed=True),
            Field("low", text("from"), unit="points"),
            Field("high", text("to"), unit="points"),
            Field("adjusted_p", text("p, all together"), unit="quantity", decimals=3),
        ]
        notes = [
            text(
                "Interval of each at {level}; p is that of chance alone, all members tested together (Holm), lines of "
                "the same {cluster} taken as alike.",
                level=percent(estimates.LEVEL, 0),
                cluster=languages.in_sentence(dimension_name(self.cluster)),
            )
        ]
        if self.rows["p"].isna().any():
            notes.append(self.why_not())
        if self.left_out:
            notes.append(
                languages.plural(
                    "{n} line without a known cost or a {cluster} is left out.",
                    "{n} lines without a known cost or a {cluster} are left out.",
                    self.left_out,
                    cluster=languages.in_sentence(dimension_name(self.cluster)),
                )
            )
        return [View(title, subtitle, fields, table, notes=notes)]


def differences(
    sales: ibis.Table | pd.DataFrame, *, by: str, period: Period, cluster: str = "customer_id"
) -> Differences:
    """Set each member's gross margin rate against that of all others, and say how sure the difference is.

    Parameters
    ----------
    sales : table or DataFrame, one row a line, columns of `schema.SALES`
    by : str
        The dimension's column.
    period : Period
    cluster : str
        The column whose lines are alike: a customer's.

    Raises
    ------
    ParameterError
        If there is no such dimension.
    DataError
        If there is no line, or the period starts before the data.
    """
    empty = pd.DataFrame(columns=_COLUMNS, dtype="object")
    absent = lacking(sales, [by, cluster])
    if absent:
        return Differences(empty, 0, by, cluster, period, reason=ask_for(absent))
    table = with_members(sales, [by])
    if cluster not in table.columns:
        with_members(sales, [cluster])  # which names the nearest
    span(table, period)
    if "cost" not in table.columns:
        return Differences(empty, 0, by, cluster, period, reason=ask_for("cost"))
    sums = _clusters(table, by, cluster, period)
    used = sums[sums["cluster"].notna() & (sums["costed_lines"] > 0)].reset_index(drop=True)
    left_out = int(sums["lines"].sum() - used["costed_lines"].sum())
    return Differences(_tested(used, _coverage(sums)), left_out, by, cluster, period)


def _coverage(sums: pd.DataFrame) -> dict[str | None, float]:
    """Return which share of each member's amounts is of a known cost and cluster."""
    used = sums["covered"].where(sums["cluster"].notna())
    found: dict[str | None, float] = {}
    for member, of in sums.assign(covered=used).groupby("member", dropna=False):
        sold = float(of["sold"].astype("float64").sum())
        if sold:
            name = None if languages.missing(member) else str(member)
            found[name] = float(of["covered"].astype("float64").sum()) / sold
    return found


def _tested(sums: pd.DataFrame, coverage: Mapping[str | None, float]) -> pd.DataFrame:
    """Estimate each difference from the sums of members and clusters."""
    sums = sums.astype({"costed": "float64", "cost": "float64"})
    sums["profit"] = sums["costed"] - sums["cost"]
    order = sums.assign(_unknown=sums["member"].isna()).sort_values(["_unknown", "member", "cluster"], kind="stable")
    sums = order.reset_index(drop=True)
    all_of = sums.groupby("cluster")[["costed", "profit"]].sum()
    revenue, profit = float(all_of["costed"].sum()), float(all_of["profit"].sum())
    rows = []
    for member, own in sums.groupby("member", dropna=False, sort=False):
        r, p, lines = float(own["costed"].sum()), float(own["profit"].sum()), int(own["costed_lines"].sum())
        row: dict[str, Any] = dict.fromkeys(_COLUMNS)
        row |= {"member": None if languages.missing(member) else member, "clusters": len(own), "lines": lines}
        row["coverage"] = coverage.get(row["member"])
        row["level"], rest_r, rest_p = estimates.LEVEL, revenue - r, profit - p
        row["rate"], row["rest"] = estimates.ratio(p, r) if r > 0 else None, None
        if rest_r > 0:
            row["rest"] = estimates.ratio(rest_p, rest_r)
        if row["rate"] is not None and row["rest"] is not None:
            row |= _against(own, all_of, row["rate"], row["rest"], r, rest_r)
        rows.append(row)
    found = pd.DataFrame(rows, columns=_COLUMNS, dtype="object")
    found["name"] = names_of(
        found.assign(named=sums.groupby("member", dropna=False, sort=False)["named"].max().tolist()), ["member"]
    )
    tested = found["p"].notna()
    if tested.any():
        # Only here: to import it takes as long as the rest of perfkit.
        from statsmodels.stats.multitest import multipletests

        adjusted = multipletests(found.loc[tested, "p"].astype(float), method="holm")[1]
        found.loc[tested, "adjusted_p"] = [float(each) for each in adjusted]
    return found


def _against(
    own: pd.DataFrame, all_of: pd.DataFrame, rate: float, rest: float, r: float, rest_r: float
) -> dict[str, Any]:
    """The difference of two rates, each linear in its clusters' sums; a cluster may have lines on both sides."""
    mine = own.set_index("cluster")[["costed", "profit"]].reindex(all_of.index).fillna(0.0)
    others = all_of - mine
    # A cluster with no line on the other side has sums of nothing there, to the last digit of a float.
    there = np.abs(others["costed"].to_numpy()) > 1e-9 * np.abs(all_of["costed"].to_numpy())
    sides = [
        _Side.of(mine["costed"].to_numpy(), mine["profit"].to_numpy(), rate, r),
        _Side.of(np.where(there, others["costed"].to_numpy(), 0.0), others["profit"].to_numpy(), rest, rest_r),
    ]
    estimate = rate - rest
    if min(len(own), int(there.sum())) < FEWEST or (freedom := _freedom(sides)) < _LEAST_FREEDOM:
        return {"estimate": estimate}
    error = float(np.sqrt(((sides[0].moved - sides[1].moved) ** 2).sum()))
    half = float(stdtrit(freedom, (1 + estimates.LEVEL) / 2)) * error  # quantile of Student's t
    p = float(2 * stdtr(freedom, -abs(estimate) / error)) if error else (1.0 if estimate == 0 else 0.0)
    return {"estimate": estimate, "low": estimate - half, "high": estimate + half, "p": p}


@dataclass(frozen=True, eq=False)
class _Side:
    """What each cluster weighs in a side's rate, and how far it moves it, corrected for having been fitted (CR2)."""

    weight: np.ndarray
    pulled: np.ndarray
    moved: np.ndarray

    @classmethod
    def of(cls, revenue: np.ndarray, profit: np.ndarray, rate: float, total: float) -> "_Side":
        """Each cluster's residual is smaller than its error, the more the more the cluster weighs in the rate."""
        weight = revenue / total
        left = np.maximum(1 - 2 * weight + (weight**2).sum(), np.finfo(float).tiny)
        pulled = weight / np.sqrt(left)
        moved = (profit - rate * revenue) / total / np.sqrt(left)  # what nets to no revenue may move the profit
        return cls(weight, pulled, moved)


def _freedom(sides: Sequence[_Side]) -> float:
    """The degrees of freedom of the variance: those of the chi-squared that has its mean and variance (Satterthwaite).

    Where each cluster's rate has an error of its own, the variance is a sum of squares, the products of which are
    those of a diagonal less a matrix of rank four: so it takes no more than sums over the clusters.
    """
    diagonal = np.sum([side.pulled**2 for side in sides], axis=0)
    factors = np.column_stack([part for side in sides for part in (side.pulled, side.pulled * side.weight)])
    middle = np.zeros((4, 4))
    for place, side in enumerate(sides):
        one = 2 * place
        middle[one, one] = -(side.weight**2).sum()
        middle[one, one + 1] = middle[one + 1, one] = 1.0
    off = np.einsum("ni,ij,nj->n", factors, middle, factors)
    inner = middle @ (factors.T @ factors)
    squares = (diagonal**2).sum() - 2 * (diagonal * off).sum() + np.trace(inner @ inner)
    trace = diagonal.sum() - off.sum()
    return float(trace**2 / squares) if squares > 0 else 0.0


@aggregation
def _clusters(table: ibis.Table, by: str, cluster: str, period: Period) -> ibis.Table:
    here = table.filter(is_in(period)).mutate(cluster=table[cluster].cast("string"))
    known = _.cost.notnull()
    named = by.removesuffix("_id") + "_name"
    name = here[named].cast("string").max() if by.endswith("_id") and named in here.columns else _.member.max()
    return here.group_by("member", "cluster").agg(
        lines=_.count(),
        costed_lines=_.cost.count(),
        sold=_.net_revenue.abs().sum(),
        covered=_.net_revenue.abs().sum(where=known),
        costed=_.net_revenue.sum(where=known),
        cost=_.cost.sum(),
        named=name,
    )
