"""Asked: a figure's id in parts, with what is needed to find its lines, and what is found."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit import estimates
from perfkit.aggregations import fetch, only
from perfkit.errors import DataError, ParameterError, nearest
from perfkit.languages import mark, missing, money, text
from perfkit.lines import first_day, is_in
from perfkit.periods import Period, parse
from perfkit.results import Result

PART = "part"
"""Column of what each line adds to a figure that is a sum."""

SUM = mark("Sum of net revenue of the lines")
_CHANGE = mark("Net revenue of the lines of the period, less that of the lines a year before")
_SHARED = mark(
    "{how}. These lines come to {told}; the other {rest} are parts of costs that several share, and no line is of one "
    "of them alone."
)

Value = Callable[[pd.DataFrame], Any]


@dataclass(frozen=True, eq=False)
class Behind:
    """What a figure is made of.

    Attributes
    ----------
    figure_id : str
    lines : Table or None
        The lines of sales, with all their columns; where the figure is a sum, also `part`: what each adds to it. None
        where it is made of costs alone.
    how : str
        How they make the figure, in the language in use.
    unit : str
        The figure's.
    value : callable or None
        Takes the lines as `frame` returns them and returns the figure; None where lines alone do not make it.
    costs : Table or None
        Rows of costs that it is made of too, as `contribution.costs` has them, with `part`.
    made : Decimal, float or None
        Where lines alone do not make it: what the analysis makes of all lines and costs, if that is known.
    """

    figure_id: str
    lines: ibis.Table | None
    how: str
    unit: str
    value: Value | None
    costs: ibis.Table | None = None
    made: Any = None

    @property
    def adds(self) -> bool:
        """Whether lines have a part, which is what they add to the figure or to what of it stands on lines."""
        return self.value is total or self.made is not None

    def frame(self) -> pd.DataFrame:
        """Return the lines, then the costs; these have no net revenue, and say in `source` of which table they are."""
        return in_one([fetch("behind", table) for table in (self.lines, self.costs) if table is not None])


@dataclass(frozen=True)
class Asked:
    """A figure's id in parts, with what is needed to find its lines: see `lines_behind`."""

    figure_id: str
    rest: tuple[str, ...]
    lines: ibis.Table
    currency: str
    fiscal_year_starts: str
    calendar: str
    costs: ibis.Table | None = None
    observed_until: dt.date | None = None
    part: Callable[[str], ibis.Table] | None = None

    def named(self, label: str) -> Period:
        """The period of a label, whether or not the data hold it."""
        return parse(label, fiscal_year_starts=self.fiscal_year_starts)

    def period(self, label: str) -> Period:
        """The period of a label, as the lines hold it; refused where they do not."""
        return self.held(self.named(label))

    def year_before(self, period: Period) -> Period:
        """The same period a year before; refused where the lines do not hold it."""
        return self.held(period.year_before())

    def held(self, period: Period) -> Period:
        """A period as the lines hold it; refused where they do not."""
        if self.observed_until is not None:
            period = period.complete(self.observed_until)
        first = first_day(self.lines)
        if first is None:
            return period
        period = period.cut_at(first)
        if not period.observed_from(first):
            raise DataError(
                f"{self.figure_id}: {period.label} starts on {period.start}, but the data start on {first}, so there "
                "is no such figure. Take a later period, or load earlier lines."
            )
        return period

    def refused(self, known: Iterable[str] = ()) -> ParameterError:
        """No figure is called so; which of the known ids was perhaps meant."""
        guess = nearest(self.figure_id, known)
        meant = f" Did you mean {guess!r}?" if guess else ""
        return ParameterError(
            f"no figure is called {self.figure_id!r}.{meant} Copy its id from .figures() of the result that shows it."
        )

    def absent(self, reason: str) -> DataError:
        """The figure is not available."""
        return DataError(not_available(self.figure_id, reason))

    def of(self, lines: ibis.Table) -> "Asked":
        """The same, asked of other lines."""
        return replace(self, lines=lines)

    # ---- What is found

    def sums(self, lines: ibis.Table, part: Any, how: str = SUM) -> Behind:
        """A figure that is a sum over lines."""
        return Behind(self.figure_id, lines.mutate(part.name(PART)), text(how), self.currency, total)

    def change(self, lines: ibis.Table, period: Period) -> Behind:
        """The change of these lines' revenue against a year before."""
        both = lines.filter(is_in(period) | is_in(self.year_before(period)))
        return self.sums(both, ibis.ifelse(is_in(period), both.net_revenue, -both.net_revenue), _CHANGE)

    def published(self, result: Result) -> dict[str, Any]:
        """The figure as a result publishes it; refused where it does not, or says why it is not available."""
        figures = result.figures()
        found = figures[figures["figure_id"] == self.figure_id]
        if found.empty:
            reasons = [each for each in figures["reason"] if each]
            if len(figures) == 1 and reasons and missing(figures["estimate"].iloc[0]):
                raise self.absent(reasons[0])  # the whole result is not available
            raise self.refused()
        figure: dict[str, Any] = found.iloc[0].to_dict()
        if missing(figure["estimate"]):
            raise self.absent(figure["reason"])
        return figure

    def made_of(
        self,
        amount: Decimal,
        how: str,
        *,
        lines: ibis.Table | None = None,
        costs: ibis.Table | None = None,
        rest: str = _SHARED,
    ) -> Behind:
        """A figure that lines and costs sum to, each by its `part`; else how much of it they are.

        Parameters
        ----------
        amount : Decimal
            What the analysis makes it.
        rest : str
            Message id: what the rest is, where parts do not sum to the amount.
        """
        tables = [table for table in (lines, costs) if table is not None]
        sums = [only(fetch("behind", table.agg(told=_[PART].sum())))["told"] or Decimal(0) for table in tables]
        told = sum(sums, Decimal(0))
        if told == amount:
            return Behind(self.figure_id, lines, how, self.currency, total, costs)
        how = text(
            rest,
            how=how.rstrip("."),
            told=money(told, self.currency, 2),
            rest=money(amount - told, self.currency, 2),
            reached=money(told - amount, self.currency, 2),
        )
        return Behind(self.figure_id, lines, how, self.currency, None, costs, made=amount)

    def costs_of(self, period: Period, *wanted: Any) -> ibis.Table | None:
        """Costs of a period that meet conditions, each with what it takes off; None where there are no costs."""
        if self.costs is None:
            return None
        return self.costs.filter(is_in(period), *wanted).mutate((-_.amount).name(PART))


def not_available(figure_id: str, reason: str) -> str:
    """Say that a figure is not available, and why."""
    return f"{figure_id} is not available, so no line comes to it" + (f": {reason}" if reason else ".")


def in_one(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return lines and costs one after the other; what one of them has no column for is missing."""
    if len(frames) == 1:
        return frames[0]
    together = pd.concat([frame.astype("object") for frame in frames], ignore_index=True)
    return together.where(together.notna(), None)


def total(lines: pd.DataFrame) -> Decimal:
    """Return the sum of what lines add."""
    return sum(lines[PART], Decimal(0))


def revenue(lines: pd.DataFrame, where: pd.Series | None = None) -> Decimal:
    """Return the net revenue of lines."""
    return sum(lines["net_revenue"] if where is None else lines.loc[where, "net_revenue"], Decimal(0))


def ratio_of(above: Value, below: Value) -> Value:
    """Return what divides two values of the same lines."""
    return lambda lines: estimates.ratio(above(lines), below(lines))


def of_member(
    asked: Asked,
    lines: ibis.Table,
    by: str,
    member: str,
    others: Callable[[], Sequence[str | None]] | None,
    *,
    held: bool = True,
) -> ibis.Table:
    """The lines of one member of a dimension, of the unknown one, or of those that are published as one.

    Where it is held, some line must be of it, whatever the period: else its name is mistyped.
    """
    if member.startswith("="):
        chosen = lines.filter(lines[by] == member[1:])
        if held and not len(fetch("behind", chosen.select(by).limit(1))):
            raise _of_nobody(asked, lines, by, member[1:])
        return chosen
    if member == "unknown":
        return lines.filter(lines[by].isnull())
    if member != "others":
        stem = asked.figure_id.removesuffix(member)
        raise asked.refused([f"{stem}={member}", f"{stem}unknown", f"{stem}others"])
    if others is None:
        raise ParameterError(
            f"{asked.figure_id}: which members are the others depends on how many were asked for. "
            f"Drill into one of them: {':'.join(asked.figure_id.split(':')[:3])}:=MEMBER"
        )
    return among(lines, by, others())


def _of_nobody(asked: Asked, lines: ibis.Table, by: str, name: str) -> ParameterError:
    """No line is of a member: which one was perhaps meant."""
    named = fetch("behind", lines.select(member=lines[by].cast("string")).filter(_.member.notnull()).distinct())
    guess = nearest(name, named["member"])
    meant = f" Did you mean {asked.figure_id.removesuffix(name) + guess!r}?" if guess else ""
    return ParameterError(f"{asked.figure_id}: no line has the {by} {name!r}, so none stands behind it.{meant}")


def among(lines: ibis.Table, by: str, members: Sequence[str | None]) -> ibis.Table:
    """The lines of several members of a dimension, of which None is the unknown one."""
    named = lines[by].isin([each for each in members if each is not None])
    return lines.filter((named | lines[by].isnull()) if None in members else named)
