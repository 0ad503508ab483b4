"""Lifecycles: who is new, who still buys, who may be leaving, who is gone, and whom to keep?

Stages follow P(alive), the probability under a fitted model that a customer still buys, and not a number of days that
is the same for everybody: who buys every week and has been silent for two months is gone, who buys twice a year is not.
A customer whose interval of P(alive) holds a threshold is in neither stage: not sure. A P(alive) that the model assumes
whatever the data say makes no stage either.
"""

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from perfkit.customers.clv.fitted import Fitted, distinct_ages, length
from perfkit.customers.clv.histories import Histories
from perfkit.customers.clv.intervals import Of, joined, positive
from perfkit.customers.clv.spend import Spend, amounts
from perfkit.customers.clv.summaries import DAYS, Summary
from perfkit.customers.segments import lifecycle_views as views
from perfkit.customers.segments import words
from perfkit.errors import DataError, ParameterError
from perfkit.estimates import LEVEL
from perfkit.results import Result, View

STAGES = ("new", "active", "at risk", "lost", "not sure", "assumed")
NEW_DAYS = 91
"""Age in days until which a customer is new, by default: a quarter."""
_INTERVAL = ("estimate", "low", "high")
_MISSED = ("lost_purchases", "lost_purchases_low", "lost_purchases_high")


@dataclass(frozen=True, eq=False)
class Lifecycle(Result):
    """The stage of each customer, and what hangs on those at risk.

    Attributes
    ----------
    customers : DataFrame, one row a customer
        customer_id; stage: see `STAGES`; frequency, int: repeat purchases; age, silent, float: since the first and
        since the last purchase, in time_unit; p_alive, p_alive_low, p_alive_high, 0 to 1; purchases: expected within
        the horizon; lost_purchases, _low, _high: what is expected to be missed because the customer may have stopped;
        value: what is expected of the customer within the horizon, discounted; at_stake, _low, _high: the value of the
        missed purchases, of customers at risk only. value and at_stake are missing without a model of spend. A name may
        stand beside them, missing where it is not known.
    stages : DataFrame, one row a stage and "total"
        stage; n; share: of all customers; alive, alive_low, alive_high: how many are expected to buy still;
        purchases, value (_low, _high: the parameters' uncertainty; _actual_low, _actual_high: with luck);
        lost_purchases, at_stake (_low, _high), of customers at risk.
    as_of : date
    time_unit, currency, value : str
        value: "margin" or "revenue".
    horizon, new_within : float
        In time_unit.
    active_from, lost_below : float
        P(alive) from which on a customer is active, and below which lost.
    annual_discount_rate : float or None
    acquired_from : date or None
        As the summary has it.
    fitted : Fitted
    level : float
    one_rate : bool
        Whether one margin rate stands for all customers.
    reason : str
        Code why nothing is valued: "no spend", "no gain", or "".
    instead_of : str
        Title of the model by which customers are valued elsewhere, where that is another; else "".
    """

    customers: pd.DataFrame
    stages: pd.DataFrame
    as_of: dt.date
    time_unit: str
    currency: str
    value: str
    horizon: float
    new_within: float
    active_from: float
    lost_below: float
    annual_discount_rate: float | None
    acquired_from: dt.date | None
    fitted: Fitted
    one_rate: bool
    reason: str
    instead_of: str = ""
    level: float = LEVEL

    @property
    def valued(self) -> bool:
        """Whether there is a value at stake."""
        return not self.reason

    @property
    def to_keep(self) -> pd.DataFrame:
        """The customers at risk, those with the most at stake first (the most purchases to miss, where not valued)."""
        by = "at_stake" if self.valued else "lost_purchases"
        there = self.customers[self.customers["stage"] == "at risk"]
        return there.sort_values([by, "customer_id"], ascending=[False, True], kind="stable").reset_index(drop=True)

    def called(self, row: dict[Any, Any]) -> str:
        """Return what a reader calls the customer of a row: by name where it is known, else by id."""
        name = row.get("name")
        return str(row["customer_id"]) if name is None or pd.isna(name) else f"{name} ({row['customer_id']})"

    @property
    def order(self) -> list[str]:
        """The stages as segments."""
        return list(STAGES)

    def members(self) -> pd.DataFrame:
        """Return each customer's segment: customer_id, segment (the stage), value: expected, or purchases."""
        value = self.customers["value" if self.valued else "purchases"]
        return pd.DataFrame(
            {"customer_id": self.customers["customer_id"], "value": value, "segment": self.customers["stage"]}
        )

    def name(self, segment: str) -> str:
        """Return what a reader calls a stage."""
        from perfkit.languages import text

        return text(words.STAGES[segment])

    def stage(self, name: str) -> dict[str, Any]:
        """Return the row of a stage, or of "total"."""
        return {str(key): each for key, each in self.stages.set_index("stage").loc[name].items()}

    def figures(self) -> pd.DataFrame:
        """Return customers, expected purchases and value of each stage, and what is at stake."""
        return views.lifecycle_figures(self)

    def views(self) -> list[View]:
        """Return the stages, and whom to keep."""
        return views.lifecycle_views(self)


def lifecycle(
    summary: Summary,
    fitted: Fitted,
    spend: Spend | float | None = None,
    *,
    horizon: float | None = None,
    annual_discount_rate: float | None = None,
    margin_rate: float | pd.DataFrame = 1.0,
    new_within: float | None = None,
    active_from: float = 0.8,
    lost_below: float = 0.2,
) -> Lifecycle:
    """Tell each customer's stage by P(alive), and what those at risk would bring if they went on buying.

    Parameters
    ----------
    summary : Summary
        The histories, as `clv.summarise` returns them.
    fitted : Fitted
        A model of `clv.fit`; of MBG/NBD or Pareto/NBD, because BG/NBD takes all who never bought again as still
        buying: they are then a stage of their own, "assumed".
    spend : Spend or float, optional
        What a purchase brings, as `Fitted.lifetime_value` takes it; without it nothing is valued.
    horizon : float, optional
        How far to look, in the summary's unit of time; a year by default.
    annual_discount_rate : float
        As a person says it: 0.1 for 10 % a year. Needed with `spend`.
    margin_rate : float or DataFrame
        As `Fitted.lifetime_value` takes it.
    new_within : float, optional
        Age until which a customer is new, in the summary's unit of time; 91 days by default.
    active_from, lost_below : float
        Thresholds of P(alive), 0 to 1.

    Notes
    -----
    At stake is the value of a customer's purchases within the horizon if he certainly still buys, times 1 - P(alive).
    It bounds from above what keeping him can bring: that somebody who left is won back by what one does has to be shown
    by an experiment. Its interval is that of P(alive) and of the rate, of what a purchase brings and of the margin
    rate; over customers, what a purchase brings is taken to be off for all of them in the same way.

    Raises
    ------
    ParameterError
        If the thresholds are not in order, a length is none, or no discount rate is given for a value.
    DataError
        If the summary is no `Summary`.
    """
    if not isinstance(summary, Summary):
        raise DataError(f"summary is a {type(summary).__name__}: give what clv.summarise returns, with its last day.")
    if not 0 < lost_below < active_from <= 1:
        raise ParameterError(
            f"lost_below is {lost_below!r} and active_from {active_from!r}: give two probabilities in order, such as "
            "lost_below=0.2, active_from=0.8."
        )
    unit = DAYS[summary.time_unit]
    within = NEW_DAYS / unit if new_within is None else float(new_within)
    if not np.isfinite(within) or within < 0:
        raise ParameterError(f"new_within is {new_within!r}: give an age in {summary.time_unit}s, such as 13.")
    if spend is not None and annual_discount_rate is None:
        raise ParameterError("annual_discount_rate: give a share a year, such as 0.1 for 10 %; 0 does not discount.")
    ahead = DAYS["year"] / unit if horizon is None else horizon
    frame = summary.customers
    alive, rows = fitted.p_alive(summary), fitted.units(summary, None).rows
    stage = _stages(frame, alive, within, active_from, lost_below)
    customers = pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            "stage": stage,
            "frequency": frame["frequency"],
            "age": frame["T"],
            "silent": frame["T"] - frame["recency"],
            **{f"p_alive{end}": alive[name] for name, end in zip(_INTERVAL, ("", "_low", "_high"), strict=True)},
            "purchases": fitted.mean(fitted.theta, rows, length(ahead, "horizon"))[rows.of],
        }
    )
    missed = _Missed(fitted, summary, float(ahead))
    customers[list(_MISSED)] = np.column_stack(missed.purchases)
    parts = [_by_stage(fitted, summary, stage, float(ahead))]
    reason, at_risk = "no spend", (stage == "at risk").to_numpy()
    worth = np.full((len(frame), 4), np.nan)
    staked = dict.fromkeys(("at_stake", "at_stake_low", "at_stake_high"), np.nan)
    missing = dict(zip(_MISSED, (float(each[0]) for each in missed.total(at_risk.astype(float))), strict=True))
    if spend is not None and annual_discount_rate is not None:
        of = {"horizon": ahead, "annual_discount_rate": annual_discount_rate, "margin_rate": margin_rate}
        # Of each customer the estimate alone is used, so that no end of an interval has to be found.
        each = replace(fitted, climbed=None).lifetime_value(summary, spend, **of)  # type: ignore[arg-type]
        worth[:, 0] = each["estimate"]
        groups = [fitted.lifetime_value(summary, spend, by=by, **of) for by in (stage, "total")]  # type: ignore[arg-type]
        parts.append(_renamed(pd.concat(groups), "value"))
        reason = "" if float(groups[1]["estimate"].iloc[0]) > 0 else "no gain"
        if not reason:
            found, total = missed.value(each, spend, margin_rate, at_risk)
            worth[:, 1:] = found
            staked = dict(zip(staked, total, strict=True))
    customers[["value", *staked]] = worth
    one_rate = isinstance(margin_rate, pd.DataFrame) or margin_rate != 1
    return Lifecycle(
        customers=customers,
        stages=_table(parts, stage, missing | staked),
        as_of=summary.observed_until,
        time_unit=summary.time_unit,
        currency=summary.currency,
        value="margin" if one_rate else summary.value,
        horizon=float(ahead),
        new_within=within,
        active_from=float(active_from),
        lost_below=float(lost_below),
        annual_discount_rate=annual_discount_rate,
        acquired_from=summary.acquired_from,
        fitted=fitted,
        one_rate=one_rate,
        reason=reason,
    )


def _stages(frame: pd.DataFrame, alive: pd.DataFrame, within: float, active: float, lost: float) -> pd.Series:
    """Each customer's stage: by age if new, else by the interval of P(alive), if it is an estimate at all."""
    low, high = alive["low"].to_numpy(), alive["high"].to_numpy()
    stage = np.select(
        [
            frame["T"].to_numpy() <= within,
            alive["status"].to_numpy() != "estimated",
            low >= active,
            high < lost,
            (low >= lost) & (high < active),
        ],
        ["new", "assumed", "active", "lost", "at risk"],
        "not sure",
    )
    return pd.Series(stage, index=frame.index, dtype="object", name="stage")


def _renamed(found: pd.DataFrame, name: str) -> pd.DataFrame:
    ends = {"estimate": name, **{each: f"{name}_{each}" for each in ("low", "high", "actual_low", "actual_high")}}
    return found.rename(columns=ends)[list(ends.values())]


def _by_stage(fitted: Fitted, summary: Summary, stage: pd.Series, horizon: float) -> pd.DataFrame:
    """How many of each stage still buy, and what they are expected to buy."""
    shares = pd.concat([fitted.p_alive(summary, by=by) for by in (stage, "total")])
    alive = pd.DataFrame(
        {f"alive{end}": shares[name] * shares["n"] for name, end in zip(_INTERVAL, ("", "_low", "_high"), strict=True)}
    )
    bought = pd.concat([fitted.expected_purchases(summary, horizon, by=by) for by in (stage, "total")])
    return alive.join(_renamed(bought, "purchases"))


def _table(parts: list[pd.DataFrame], stage: pd.Series, staked: dict[str, float]) -> pd.DataFrame:
    """One row a stage in order, those without customers too, then all of them."""
    table = pd.concat(parts, axis=1).reindex([*STAGES, "total"])
    counted = stage.value_counts().reindex(list(STAGES), fill_value=0)
    table.insert(0, "n", [*counted, len(stage)])
    table.insert(1, "share", table["n"] / len(stage))
    for name in ("value", "value_low", "value_high", "value_actual_low", "value_actual_high"):
        table[name] = table[name] if name in table.columns else np.nan
    for name, amount in staked.items():
        table[name] = np.nan
        table.loc["at risk", name] = amount if table.loc["at risk", "n"] else np.nan
    return table.rename_axis("stage").reset_index()


class _Missed:
    """What is expected to be missed because customers may have stopped: what they would buy, times 1 - P(alive)."""

    def __init__(self, fitted: Fitted, summary: Summary, horizon: float) -> None:
        self.fitted, self.summary, self.horizon = fitted, summary, horizon
        self.rows = fitted.units(summary, None).rows

    def _of(self, rows: Histories) -> Of:
        """The missed purchases of each of some histories."""
        x, T, of = distinct_ages(rows)
        process = self.fitted.process

        def missed(theta: np.ndarray) -> np.ndarray:
            theta = self.fitted.own(theta, rows)
            return np.asarray((1 - process.p_alive(theta, rows)) * process.mean(theta, x, T, self.horizon)[of])

        return missed

    @cached_property
    def purchases(self) -> list[np.ndarray]:
        """The missed purchases of each customer, with their interval."""
        found = self.fitted.interval(
            self._of(self.rows), one=lambda place: self._of(self.rows.taken(np.array([place])))
        )
        return [each[self.rows.of] for each in found]

    def total(self, brings: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the sum of the missed purchases, each worth so much, and its interval."""
        worth = np.bincount(self.rows.of, brings, len(self.rows.T))
        places = np.flatnonzero(worth) if worth.any() else np.arange(1)
        missed = self._of(self.rows.taken(places))
        return self.fitted.interval(lambda theta: np.array([worth[places] @ missed(theta)]))

    def value(
        self, valued: pd.DataFrame, spend: Spend | float, margin_rate: float | pd.DataFrame, chosen: np.ndarray
    ) -> tuple[np.ndarray, list[float]]:
        """Return the value of what those chosen are expected to miss, and the sum of it, with intervals.

        Parameters
        ----------
        valued : DataFrame
            As `Fitted.lifetime_value` returns it, one row a customer.
        chosen : array of bool
            Customers whose P(alive) is above 0.
        """
        bought = valued["purchases"].to_numpy(np.float64)
        brings = np.divide(valued["estimate"].to_numpy(np.float64), bought, out=np.zeros(len(bought)), where=bought > 0)
        brings = np.where(chosen, brings, 0.0)  # by purchase, in money of today

        staked, low, high = (brings * each for each in self.purchases)
        of_spend = np.zeros(len(bought))
        if isinstance(spend, Spend):
            amount, off = spend.of(*amounts(self.summary.customers))
            of_spend = staked * off / amount
        of_rate = 0.0
        if isinstance(margin_rate, pd.DataFrame):
            of_rate = float(margin_rate["se"].iloc[0]) / float(margin_rate["estimate"].iloc[0])
        low, high = joined(staked, (low, high), positive(staked, np.hypot(of_spend, staked * of_rate)))
        each = np.where(chosen[:, None], np.column_stack((staked, low, high)), np.nan)
        whole, low, high = self.total(brings)
        ends = joined(whole, (low, high), positive(whole, np.hypot(of_spend.sum(), whole * of_rate)))
        return each, [float(end[0]) for end in (whole, *ends)]
