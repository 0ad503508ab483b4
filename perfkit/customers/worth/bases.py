"""Bases: the customers that are valued, each by the model of customers like them, and the model that was off least.

A hotel and a web shopper neither buy nor pay alike: customers of one declared group (their segment, say) share a model,
and groups in which too few bought again share one. Which family of models it is, a backtest decides for all of them.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import ibis
import numpy as np
import pandas as pd

from perfkit.customers import clv
from perfkit.customers.clv import Choice, Fitted, Spend, Summary
from perfkit.customers.clv.backtests import PAST_RATE, Backtest
from perfkit.customers.clv.summaries import DAYS
from perfkit.customers.purchases import Value
from perfkit.customers.worth import base_views as views
from perfkit.customers.worth.absences import Absent
from perfkit.customers.worth.histories import Known, known
from perfkit.customers.worth.sums import ratio
from perfkit.errors import DataError, ParameterError
from perfkit.languages import listing, text
from perfkit.lines import checked, first_day
from perfkit.results import Result, View

ENOUGH = 30
"""Customers who bought again, from which on a group has a model of its own."""
AHEAD = (52.0, 39.0, 26.0, 13.0)
"""Weeks that a backtest may forecast: the first of them that as long a time is known before."""
UNTESTED = "mbg_nbd"
"""The model that is taken where the data are too short for a backtest."""
_MEANS = ("mae", "coverage", "log_score")  # of a backtest, by customer
_ORIGINS, _STEP = 3, 13.0  # at most so many, a quarter apart, each with half as long a history as what it forecasts
MONTH_IN_WEEKS = DAYS["month"] / DAYS["week"]


@dataclass(frozen=True, eq=False)
class Model:
    """What stands for one group of customers.

    Attributes
    ----------
    group : str or None
        Its name; None where the groups have none, or are too small to have a model each.
    at : array of int
        The places of its customers in `Base.customers`.
    fitted, sure : Fitted
        How they buy; `sure` tells P(alive) of all of them: another model where the first is BG/NBD, which does not.
    spend : Spend or float
        What a purchase brings in revenue: the mean, where nobody bought again.
    kept : DataFrame
        Of a euro of purchases what is left after returns and, with costs, cost of goods: estimate, se, low, high.
    """

    group: str | None
    at: np.ndarray
    fitted: Fitted
    sure: Fitted
    spend: Spend | float
    kept: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Base(Result):
    """The customers that are valued, and by which models.

    Attributes
    ----------
    lines : Table
        All lines of sales.
    until : date
        Last day of the histories.
    known : Known
    models : tuple of Model
        The largest group first.
    choice : Choice or Absent
        Which family of models was off least, and why.
    value : str
        "margin" or "revenue".
    coverage : float or None
        Share of the customers' revenue whose cost is known; None where no line has one.
    grouped : str or None
        The column of the groups.
    channel : str or None
        The column of acquisition channels, None where there is none.
    horizon_months : float
    annual_discount_rate : float
    other_costs : float
        Other variable costs, as a share of revenue.
    currency : str
    """

    lines: ibis.Table
    until: dt.date
    known: Known
    models: tuple[Model, ...]
    choice: Choice | Absent
    value: Value
    coverage: float | None
    grouped: str | None
    channel: str | None
    horizon_months: float
    annual_discount_rate: float
    other_costs: float
    currency: str

    @property
    def summary(self) -> Summary:
        """The histories, and what was left out of them."""
        return self.known.summary

    @property
    def customers(self) -> pd.DataFrame:
        """One row a customer, see `Known`."""
        return self.known.customers

    @property
    def horizon(self) -> float:
        """How far values reach, in weeks."""
        return self.horizon_months * MONTH_IN_WEEKS

    @property
    def title(self) -> str:
        """What the models are called that stand for the groups: simpler ones where the data identify no more."""
        return listing(dict.fromkeys(model.fitted.process.title for model in self.models))

    @property
    def history(self) -> float:
        """How long the oldest customers have been followed, in weeks."""
        return float(self.customers["T"].max())

    @cached_property
    def bias(self) -> dict[str, Any] | None:
        """How far off the chosen model was: scores of the backtest; None where there is none."""
        if not isinstance(self.choice, Choice):
            return None
        return {str(name): each for name, each in self.choice.tested.scores().loc[self.choice.model].items()}

    def part(self, model: Model) -> Summary:
        """Return the histories of a model's customers."""
        part = self.customers.iloc[model.at].reset_index(drop=True)
        return replace(self.summary, customers=part, acquired_from=self.known.new_from)

    def figures(self) -> pd.DataFrame:
        """Return the customers, what is left of a euro of purchases, and the parameters of each group."""
        return views.base_figures(self)

    def views(self) -> list[View]:
        """Return the groups with what stands for them, then what was left out."""
        return views.base_views(self)

    def ties_to(self) -> dict[str, Any]:
        """Return the totals of the source: the histories' and those left out."""
        return self.summary.ties_to()


def base(
    lines: ibis.Table | pd.DataFrame,
    *,
    until: dt.date,
    data_from: dt.date | None = None,
    groups: str = "segment",
    channel: str = "acquisition_channel",
    horizon_months: float = 24,
    annual_discount_rate: float = 0.1,
    other_costs: float = 0.0,
    models: Sequence[str] = ("bg_nbd", "mbg_nbd", "pareto_nbd"),
    currency: str = "",
) -> Base | Absent:
    """Choose a family of models by backtest and fit it to each group of customers.

    Parameters
    ----------
    lines : table or DataFrame, one row a line, columns of `schema.SALES`, those of the customer list beside
    until : date
        Last day of the histories; later lines are left out and counted.
    data_from : date, optional
        First day of all of the company's lines; that of these lines if not given.
    groups : str
        A column that is the same on all lines of a customer; where there is none, all customers share a model.
    channel : str
        The column of acquisition channels.
    horizon_months : float
        How far values reach.
    annual_discount_rate : float
        As a person says it: 0.1 for 10 % a year.
    other_costs : float
        Other variable costs (freight, fees, commissions) as a share of net revenue, taken off the margin.
    models : sequence of str
        Among which the backtest chooses.
    currency : str, optional
        Of the amounts.

    Returns
    -------
    Base, or Absent
        Absent where no line names a customer, or nobody's history is known from its start.

    Raises
    ------
    ParameterError
        If the horizon is no length of time, or a rate none.
    """
    if not np.isfinite(horizon_months) or horizon_months <= 0:
        raise ParameterError(f"horizon_months is {horizon_months!r}: give a number of months, such as 24.")
    if not np.isfinite(annual_discount_rate) or annual_discount_rate <= -1:
        raise ParameterError(f"annual_discount_rate is {annual_discount_rate!r}: give a share, such as 0.1 for 10 %.")
    if not 0 <= other_costs < 1:
        raise ParameterError(f"other_costs is {other_costs!r}: give a share of net revenue, such as 0.12 for 12 %.")
    table = checked(lines)
    title = text("What customers are worth")
    start = data_from or first_day(table)
    if "customer_id" not in table.columns or start is None:
        return Absent(title, text("No line names its customer: ask for the customer number of each line."))
    by, of = (column if column in table.columns else None for column in (groups, channel))
    found = known(table, until=until, first_day=start, group=by, member=of, currency=currency)
    if found is None:
        return Absent(
            title,
            text(
                "No customer is known from the first purchase on: all bought before the data start, or none is named. "
                "Ask for earlier sales, and for the customer number of each line."
            ),
        )
    names = _groups(found.customers)
    choice = _chosen(table, found, names, until, models)
    asked = choice.model if isinstance(choice, Choice) else UNTESTED
    costed, revenue = (float(found.customers[name].sum()) for name in ("costed", "revenue"))
    coverage = costed / revenue if "cost" in table.columns and revenue > 0 else None
    value: Value = "margin" if coverage else "revenue"
    made = [
        _model(found, names, group, asked, _second(choice), value, other_costs)
        for group in names.value_counts(dropna=False).index
    ]
    return Base(
        lines=table,
        until=until,
        known=found,
        models=tuple(made),
        choice=choice,
        value=value,
        coverage=coverage,
        grouped=by,
        channel=of,
        horizon_months=float(horizon_months),
        annual_discount_rate=float(annual_discount_rate),
        other_costs=float(other_costs),
        currency=currency,
    )


def choice(base: Base | Absent) -> Choice | Absent:
    """Return which family of models was off least, and why; or why none could be asked."""
    return Absent(text("How far off the models were"), base.reason) if isinstance(base, Absent) else base.choice


def _groups(customers: pd.DataFrame) -> pd.Series:
    """The group of each customer: missing where too few of it bought again for a model of their own."""
    named = customers["group"].astype("object")
    again = named[customers["frequency"] > 0].value_counts()
    kept = named.where(named.isin(again.index[again >= ENOUGH]), None)
    rest = kept.isna() & (customers["frequency"] > 0)
    if 0 < rest.sum() < ENOUGH and kept.notna().any():  # too few, even together: they go with the smallest group
        smallest = again[again >= ENOUGH].index[-1]
        return kept.where(kept.notna(), smallest)
    return kept


def _model(
    found: Known,
    names: pd.Series,
    group: Any,
    asked: str,
    second: str,
    value: str,
    other_costs: float,
) -> Model:
    at = np.flatnonzero((names.isna() if pd.isna(group) else names == group).to_numpy())
    part = replace(found.summary, customers=found.customers.iloc[at].reset_index(drop=True))
    fitted = clv.fit(part, asked)
    sure = fitted if fitted.model != "bg_nbd" else clv.fit(part, second)
    bought = part.customers["bought"].fillna(0.0).to_numpy(np.float64)
    spend: Spend | float
    if (part.customers["monetary"] > 0).any():
        spend = clv.fit_spend(part)
    else:
        spend = float(bought.sum() / (part.customers["frequency"] + 1).sum())
    return Model(
        None if pd.isna(group) else str(group), at, fitted, sure, spend, _kept(part.customers, value, other_costs)
    )


def _kept(customers: pd.DataFrame, value: str, other_costs: float) -> pd.DataFrame:
    """Of a euro of purchases, what is left after returns and costs; all of it where nothing was bought for money."""
    bought, revenue, costed, cost = (
        customers[name].fillna(0.0).to_numpy(np.float64) for name in ("bought", "revenue", "costed", "cost")
    )
    net = ratio(revenue, bought)
    if net is None:
        return pd.DataFrame([{"estimate": 1.0, "se": 0.0, "low": 1.0, "high": 1.0, "n": len(customers)}])
    if value == "revenue":
        return net
    # Of lines without a cost the margin is that of the others.
    whole = float(revenue.sum() / costed.sum()) if costed.sum() > 0 else 1.0
    margin = ratio((costed - cost) * whole - other_costs * revenue, bought)
    return net if margin is None else margin


def _second(choice: Choice | Absent) -> str:
    """The model that tells P(alive) of everybody: of those that do, the one that a backtest chooses."""
    if not isinstance(choice, Choice):
        return UNTESTED
    rows = choice.tested.rows[choice.tested.rows["model"] != "bg_nbd"]
    return UNTESTED if set(rows["model"]) <= {PAST_RATE} else clv.choose(replace(choice.tested, rows=rows)).model


def _chosen(
    table: ibis.Table, found: Known, names: pd.Series, until: dt.date, models: Sequence[str]
) -> Choice | Absent:
    """Backtest each group by itself, and choose by what all of them together were off."""
    title = text("How far off the models were")
    span = (until - found.since).days / DAYS["week"]
    ahead = next((weeks for weeks in AHEAD if 2 * weeks <= span + 1), None)
    too_short = Absent(
        title,
        text(
            "The data are too short to ask a model in the past and see whether it was right: half a year at least, in "
            "which customers come and buy again. Ask for earlier sales."
        ),
    )
    if ahead is None:
        return too_short
    origins = int(np.clip(1 + (span - 1.5 * ahead) // _STEP, 1, _ORIGINS))
    tested = []
    for group in names.unique():
        of = names.isna() if pd.isna(group) else names == group
        lines = bought_by(table, found, np.flatnonzero(of.to_numpy()))
        try:
            tested.append(
                clv.backtest(
                    lines, observed_until=until, horizon=ahead, origins=origins, step=_STEP, models=models,
                    acquired_from=found.new_from,
                )
            )  # fmt: skip
        except DataError:  # nobody of the group had bought again then
            continue
    if not tested:
        return too_short
    whole = tested[0] if len(tested) == 1 else _added(tested)
    try:
        return clv.choose(whole)
    except DataError:  # nothing was bought within the horizon
        return too_short


def bought_by(table: ibis.Table, found: Known, at: np.ndarray) -> ibis.Table:
    """Return what the models read of the lines of the customers at some places."""
    whole, ids = len(at) == len(found.customers), found.customers["customer_id"].iloc[at]
    if found.days is not None:
        return ibis.memtable(found.days[found.days["customer_id"].isin(ids)])
    lines = table.select("customer_id", "date", "net_revenue")
    return lines if whole else lines.semi_join(ibis.memtable({"customer_id": list(ids)}), "customer_id")


def _added(tested: Sequence[Backtest]) -> Backtest:
    """Backtests of several groups as one: totals and squared errors add up, errors by customer are averaged."""
    rows = pd.concat([each.rows for each in tested], ignore_index=True)
    rows["below"], rows["above"] = (rows["expected"] - rows["low"]) ** 2, (rows["high"] - rows["expected"]) ** 2
    for name in _MEANS:
        rows[name] = rows[name] * rows["customers"]
    by = ["origin", "model"]
    sums = rows.groupby(by, sort=False).agg(
        {"fitted": lambda names: ", ".join(dict.fromkeys(names)), "log_likelihood": _whole}
        | dict.fromkeys(("customers", "actual", "expected", *_MEANS, "below", "above"), _whole)
    )
    sums = sums.reset_index().sort_values("origin", ascending=False, kind="stable").reset_index(drop=True)
    sums["low"], sums["high"] = sums["expected"] - np.sqrt(sums["below"]), sums["expected"] + np.sqrt(sums["above"])
    sums["bias"] = (sums["expected"] - sums["actual"]) / sums["actual"].where(sums["actual"] > 0)
    inside = (sums["actual"] >= sums["low"]) & (sums["actual"] <= sums["high"])
    sums["covered"] = inside.astype(float).where(sums["low"].notna())
    for name in _MEANS:
        sums[name] = sums[name] / sums["customers"]
    classes = pd.concat([each.calibration for each in tested], ignore_index=True)
    for name in ("expected", "actual"):
        classes[name] = classes[name] * classes["customers"]
    by_class = classes.groupby(["origin", "model", "frequency"], sort=False, as_index=False)[
        ["customers", "expected", "actual"]
    ].sum()
    for name in ("expected", "actual"):
        by_class[name] = by_class[name] / by_class["customers"]
    return replace(tested[0], rows=sums.drop(columns=["below", "above"]), calibration=by_class)


def _whole(values: pd.Series) -> float:
    return float(values.sum(skipna=False))
