"""Payback: when has a cohort's margin brought back what acquiring it cost, and has it at all yet?

Acquisition cost is the spend of the periods in which customers were acquired, over those customers. What a customer has
brought is an estimate and has an interval; payback is the first age at which it reaches the cost, and the ages at which
its ends do are the interval of payback, given the cost. A cohort that has not paid back at its last observed age has
not yet: it is censored, neither infinite nor lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from perfkit import contribution, estimates
from perfkit.aggregations import aggregation
from perfkit.customers.cohorts import activity as engine
from perfkit.customers.cohorts import payback_views as views
from perfkit.customers.cohorts.means import mean_interval
from perfkit.customers.cohorts.triangles import CohortTriangle
from perfkit.customers.purchases import Value
from perfkit.errors import ParameterError
from perfkit.results import Result, View
from perfkit.schema import SPEND

HORIZONS: dict[str, int] = {"month": 12, "quarter": 4, "year": 1}
"""The age by which cohorts are judged together, unless another is asked for: a year."""
REACHED, LOST, NOT_YET, FEW = "reached", "reached, then lost", "not reached yet", "too few customers"
NO_SPEND, NOBODY, NO_MARGIN = "no spend", "nobody acquired", "no margin"
_FORMS = (
    ("ratio", "payback", ("estimate", "low", "high")),
    ("discounted_ratio", "discounted_payback", ("discounted", "discounted_low", "discounted_high")),
)
_ENDS = ("", "_low", "_high")


@dataclass(frozen=True, eq=False)
class Payback(Result):
    """What acquired customers have brought, against what acquiring them cost.

    Attributes
    ----------
    cohorts : DataFrame, one row a cohort (of all members together, and of each member where spend says it)
        member: None for all together; name; cohort, Period; n, int: customers acquired; spend, Decimal; cac, float:
        spend / n; last_age, int: last observed. estimate, low, high, level: value of a customer until then; ratio,
        ratio_low, ratio_high: that over cac. payback, payback_low, payback_high: the first age at which value, its
        high end and its low end reach cac (from 0, the period of acquisition); missing where they have not until
        last_age. discounted_payback, discounted_payback_low, discounted_payback_high: the same of discounted value;
        discounted_ratio, discounted_ratio_low, discounted_ratio_high. status: "reached", "reached, then lost" (at the
        last age the cost is not covered any more), "not reached yet", or why there is none: "no spend", "nobody
        acquired", "too few customers" (then there are no intervals), "no margin".
    together : DataFrame, one row a member, and None for all
        The same of the cohorts that have reached `horizon`, put together and followed until that age: the same cohorts
        at every age. cohorts: how many.
    curves : DataFrame, one row a (member, age)
        What `together` is read off: member, name, age, n, estimate, low, high, level, and discounted, discounted_low,
        discounted_high.
    spend : DataFrame, one row a part of the spend
        part ("in a cohort", "of a member", "no such member", "outside the cohorts"), channel, lines and
        amount (Decimal): they sum to all spend.
    by, value, currency : str
    split : str or None
    horizon : int
        In periods.
    annual_discount_rate : float
    other_costs : Decimal
        See `build`.
    rest : Decimal or None
        See `CohortTriangle`.
    coverage : float or None
    by_member : bool
        Whether spend says which member it was for.
    costed_only : bool
        Whether all together are the customers of members that have spend, because others have none.
    matched : bool
        Whether there is spend at all in the periods of the cohorts.
    left_truncated : bool
        Whether old customers may stand in the first cohorts, see `build`'s acquired_from: acquisition cost then is too
        low.
    """

    cohorts: pd.DataFrame
    together: pd.DataFrame
    curves: pd.DataFrame
    spend: pd.DataFrame
    by: engine.By
    split: str | None
    value: Value
    currency: str
    horizon: int
    annual_discount_rate: float
    other_costs: Decimal
    coverage: float | None
    rest: Decimal | None
    by_member: bool
    costed_only: bool
    matched: bool
    left_truncated: bool

    def figures(self) -> pd.DataFrame:
        """Return acquisition cost, value over it, and payback, of each cohort and of members together."""
        return views.payback_figures(self)

    def views(self) -> list[View]:
        """Return payback by member, then by cohort, then where the spend went."""
        return views.payback_views(self)

    def ties_to(self) -> dict[str, Any] | None:
        """Return the total of the spend, which its parts sum to."""
        return {"spend": sum(self.spend["amount"], Decimal(0)), "lines": int(self.spend["lines"].sum())}


def payback(
    cohorts: CohortTriangle,
    spend: ibis.Table | pd.DataFrame | None,
    *,
    annual_discount_rate: float = 0.1,
    horizon: int | None = None,
) -> Payback:
    """Set what customers have brought against what acquiring them cost.

    Where the cohorts are split by acquisition channel, or by a column that spend has too, spend counts for the members
    that it names, letter for letter; all together are then the members that have spend.

    Parameters
    ----------
    cohorts : CohortTriangle
        Of all members; say acquired_from where the data start later than the business.
    spend : table or DataFrame, one row a spend, columns of `schema.SPEND`; None where there is none
        All of its kinds count: media, agencies, tools, salaries. What is not in it makes acquisition look cheaper.
    annual_discount_rate : float
        As a person says it: 0.1 for 10 % a year; converted once, to (1 + rate) ** (age / periods a year). What comes in
        the period of acquisition is not discounted.
    horizon : int, optional
        Age, in periods, until which cohorts are put together: a year if not given, or as far as the oldest one goes.

    Raises
    ------
    ParameterError
        If the rate is -100 % or less, the horizon is no age of the cohorts, or the cohorts are of one member.

    See Also
    --------
    charts.payback : value against cost, by age.
    """
    if cohorts.member is not None:
        raise ParameterError("cohorts are of one member: give those of all members, then read the member's row.")
    if isinstance(annual_discount_rate, bool) or not np.isfinite(annual_discount_rate) or annual_discount_rate <= -1:
        raise ParameterError(f"annual_discount_rate is {annual_discount_rate!r}: give a share, such as 0.1 for 10 %.")
    oldest = int(cohorts.cells["age"].max())
    until = min(HORIZONS[cohorts.by], oldest) if horizon is None else horizon
    if isinstance(until, bool) or not isinstance(until, int | np.integer) or not 0 <= until <= oldest:
        raise ParameterError(f"horizon is {until!r}: the cohorts have ages from 0 to {oldest}. Give one of them.")
    factor = (1 + annual_discount_rate) ** (-1 / engine.PER_YEAR[cohorts.by])
    booked = _Spend.of(cohorts, spend)
    parts: list[tuple[str | None, str | None, pd.DataFrame]] = [(None, None, cohorts.cells)]
    if cohorts.by_member is not None and booked.column is not None:
        parts += [(member, name, cohorts.of(member).cells) for member, name in cohorts.members if member is not None]
    sums_of = [_Sums.of(cells) for _member, _name, cells in parts]
    # What came without spend did not cost what the others did: all together are then those who have some.
    costed = [
        sums
        for (member, _name, _cells), sums in zip(parts[1:], sums_of[1:], strict=True)
        if any(booked.in_cohort(cohort, member) > 0 for cohort in sums.cohorts)
    ]
    costed_only = 0 < len(costed) < len(parts) - 1
    if costed_only:
        sums_of[0] = _Sums.added(costed)
    by_cohort, together, curves = [], [], []
    for place, ((member, name, _cells), sums) in enumerate(zip(parts, sums_of, strict=True)):
        of = {"member": member, "name": name}
        curve = _curve(sums, factor)
        paid = [booked.in_cohort(cohort, None if place == 0 else member) for cohort in sums.cohorts]
        for row, cohort in enumerate(sums.cohorts):
            mine = {key: values[row, : sums.last[row] + 1] for key, values in curve.items()}
            against = _against(mine, int(sums.n[row, 0]), paid[row], cohorts)
            by_cohort.append({**of, "cohort": cohort, **against})
        whole = sums.together(int(until))
        line = {key: values[0] for key, values in _curve(whole, factor).items()}
        reached = [each for each, last in zip(paid, sums.last, strict=True) if last >= until]
        against = _against(line, int(whole.n[0, 0]), sum(reached, Decimal(0)), cohorts)
        together.append({**of, "cohorts": len(reached), **against})
        followed = pd.DataFrame(
            {"age": np.arange(until + 1), "n": int(whole.n[0, 0]), **line, "level": estimates.LEVEL}
        )
        curves.append(followed.assign(**of))
    first, last = cohorts.cells["cohort"].min(), cohorts.last
    frame = pd.DataFrame(by_cohort)
    frame["cohort"] = frame["cohort"].astype(cohorts.cells["cohort"].dtype)
    return Payback(
        cohorts=frame,
        together=pd.DataFrame(together),
        curves=pd.concat(curves, ignore_index=True)[
            [
                "member",
                "name",
                "age",
                "n",
                "estimate",
                "low",
                "high",
                "level",
                "discounted",
                "discounted_low",
                "discounted_high",
            ]
        ],
        spend=booked.parts(first, last, {member for member, _ in cohorts.members}),
        by=cohorts.by,
        split=cohorts.split,
        value=cohorts.value,
        currency=cohorts.currency,
        horizon=int(until),
        annual_discount_rate=float(annual_discount_rate),
        other_costs=cohorts.other_costs,
        coverage=cohorts.coverage,
        rest=cohorts.rest,
        by_member=len(parts) > 1,
        costed_only=costed_only,
        matched=any(row["spend"] > 0 for row in by_cohort),
        left_truncated=cohorts.acquired_from is None,
    )


@dataclass(frozen=True, eq=False)
class _Sums:
    """Cohorts by age: customers, what they have brought until then, its squares and cubes; missing where not over."""

    cohorts: list[pd.Period]
    last: np.ndarray
    n: np.ndarray
    total: np.ndarray
    squares: np.ndarray
    cubes: np.ndarray

    @classmethod
    def of(cls, cells: pd.DataFrame) -> "_Sums":
        size = int(cells["age"].max()) + 1  # of ages and of cohorts: every cell is there, in order
        over = (cells["status"] == "observed").to_numpy().reshape(size, size)
        total = np.array([np.nan if each is None else float(each) for each in cells["cumulative"]])
        return cls(
            list(cells["cohort"].to_numpy()[::size]),
            over.sum(axis=1) - 1,
            cells["n"].to_numpy(np.float64).reshape(size, size),
            *(each.reshape(size, size) for each in (total, cells["squares"].to_numpy(), cells["cubes"].to_numpy())),
        )

    @classmethod
    def added(cls, parts: Sequence["_Sums"]) -> "_Sums":
        """Several members as one: they have the same cohorts and ages."""
        first = parts[0]
        sums = (sum(getattr(each, name) for each in parts) for name in ("n", "total", "squares", "cubes"))
        return cls(first.cohorts, first.last, *sums)

    def together(self, until: int) -> "_Sums":
        """The cohorts that have reached an age, as one."""
        old = self.last >= until
        n, *sums = (
            each[old, : until + 1].sum(axis=0, keepdims=True) for each in (self.n, self.total, self.squares, self.cubes)
        )
        return _Sums([], np.array([until]), n, *sums)


def _curve(sums: _Sums, factor: float) -> dict[str, np.ndarray]:
    """What a customer of each cohort has brought by each age, plain and discounted.

    The discounted sum is one of the plain ones, with weights that are positive and sum to 1 (Abel's summation), so that
    its standard error is at most theirs, weighted alike (Minkowski's inequality): that is what its interval takes.
    """
    mean, low, high, _error = mean_interval(sums.n, sums.total, sums.squares, sums.cubes)
    discounts = factor ** np.arange(mean.shape[1])
    weights = np.abs(np.diff(discounts))

    def weighted(ends: np.ndarray) -> np.ndarray:
        earlier = np.cumsum(weights * ends[:, :-1], axis=1)
        return discounts * ends + np.concatenate([np.zeros((len(ends), 1)), earlier], axis=1)

    discounted = np.cumsum(discounts * np.diff(mean, axis=1, prepend=0.0), axis=1)
    return {
        "estimate": mean, "low": low, "high": high, "discounted": discounted,
        "discounted_low": discounted - weighted(mean - low), "discounted_high": discounted + weighted(high - mean),
    }  # fmt: skip


def _against(curve: dict[str, np.ndarray], n: int, spend: Decimal, cohorts: CohortTriangle) -> dict[str, Any]:
    """What a customer has brought against what one cost: both ratios, both paybacks, and their status."""
    row: dict[str, Any] = {"n": n, "spend": spend, "cac": None, "last_age": len(curve["estimate"]) - 1}
    row |= {name: float(curve[name][-1]) for name in ("estimate", "low", "high")} | {"level": estimates.LEVEL}
    for ratio, payback_, _of in _FORMS:
        row |= {f"{name}{end}": None for name in (ratio, payback_) for end in _ENDS}
    if n == 0:
        return row | {"status": NOBODY}
    if spend <= 0:
        return row | {"status": NO_SPEND}
    cac = row["cac"] = float(spend / n)
    if cohorts.value == "revenue":
        return row | {"status": NO_MARGIN}
    for ratio, payback_, of in _FORMS:
        values, lows, highs = (curve[name] for name in of)
        for end, each in zip(_ENDS, (values, lows, highs), strict=True):
            row[ratio + end] = None if np.isnan(each[-1]) else float(each[-1] / cac)
        # The high end of the value reaches the cost first: that is the low end of payback.
        for end, each in zip(_ENDS, (values, highs, lows), strict=True):
            row[payback_ + end] = _first(each, cac)
    if np.isnan(curve["low"]).all():
        return row | {"status": FEW}
    if row["payback"] is None:
        return row | {"status": NOT_YET}
    return row | {"status": LOST if row["ratio"] < 1 else REACHED}


def _first(values: np.ndarray, cac: float) -> int | None:
    """The first age at which a value reaches the cost; None where it has not."""
    reached = np.flatnonzero(values >= cac)
    return int(reached[0]) if len(reached) else None


@dataclass(frozen=True)
class _Spend:
    """The spend by period and member; without a column that says the member, of all together."""

    rows: pd.DataFrame
    by: engine.By
    column: str | None

    @classmethod
    def of(cls, cohorts: CohortTriangle, spend: ibis.Table | pd.DataFrame | None) -> "_Spend":
        columns = ["period", "channel", "amount", "lines"]
        if spend is None:
            return cls(pd.DataFrame(columns=columns, dtype="object"), cohorts.by, None)
        table = SPEND.table(spend)
        column = "channel" if cohorts.split == "acquisition_channel" else cohorts.split
        column = column if column in table.columns else None
        return cls(spent(table, cohorts.by, column or "channel"), cohorts.by, column)

    def in_cohort(self, cohort: pd.Period, member: str | None) -> Decimal:
        """The spend of a cohort's period, of one member or of all."""
        here = self.rows[self.rows["period"] == engine.number(cohort, self.by)]
        mine = here if member is None else here[here["channel"] == member]
        return sum(map(engine.exact, mine["amount"]), Decimal(0))

    def parts(self, first: pd.Period, last: pd.Period, members: set[str | None]) -> pd.DataFrame:
        """Where the spend went: all of it, line for line."""
        found: dict[tuple[str, str | None], list[Any]] = {}
        start, end = engine.number(first, self.by), engine.number(last, self.by)
        for row in self.rows.to_dict("records"):
            channel = None if pd.isna(row["channel"]) else row["channel"]
            if pd.isna(row["period"]) or not start <= row["period"] <= end:
                part = "outside the cohorts"
            elif self.column is None:
                part, channel = "in a cohort", None
            else:
                part = "of a member" if channel in members and channel is not None else "no such member"
            sums = found.setdefault((part, channel), [0, Decimal(0)])
            sums[0] += int(row["lines"])
            sums[1] += engine.exact(row["amount"])
        rows = [(part, channel, *sums) for (part, channel), sums in sorted(found.items(), key=str)]
        return pd.DataFrame(rows, columns=["part", "channel", "lines", "amount"], dtype="object")


@aggregation
def spent(spend: ibis.Table, by: engine.By, column: str) -> ibis.Table:
    """The spend of each period and member."""
    amounts = spend.select(
        period=engine.NUMBERS[by](spend.date.cast("date")).cast("int64"),
        channel=spend[column].cast("string"),
        amount=spend.amount.cast(contribution.MONEY),
    )
    return (
        amounts.group_by("period", "channel").agg(amount=_.amount.sum(), lines=_.count()).order_by("period", "channel")
    )
