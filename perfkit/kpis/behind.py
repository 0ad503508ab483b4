"""Behind a figure: which lines is it made of, and how do they make it?

A figure's id says what it is: lines_behind("breakdown:country:2026-10:=FR", lines) are the lines of France of October
2026. The lines come back as an expression, for whoever knows where they are kept; what they come to is reckoned
anew from the lines themselves, line by line, so that it proves the figure instead of repeating it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit import estimates
from perfkit.aggregations import within
from perfkit.contribution import has_list_price
from perfkit.dimensions import dimensioned
from perfkit.errors import ParameterError, unknown
from perfkit.kpis.breakdowns import MOST_FIGURES, breakdown, by_size
from perfkit.kpis.catalogue import CATALOGUE, LARGEST, REPEAT_DAYS
from perfkit.kpis.movements import movers
from perfkit.kpis.sums import mature
from perfkit.kpis.walks import GROSS, STEPS, walked
from perfkit.languages import mark, text
from perfkit.lines import checked, first_day, is_in, is_purchase
from perfkit.periods import Period, month_of, parse, working_days

_SUM = mark("Sum of net revenue of the lines")
_CHANGE = mark("Net revenue of the lines of the period, less that of the lines a year before")
_LARGEST = mark("Net revenue of the largest customers of the period / net revenue of all identified customers")
_HHI = mark("Sum of the squared shares of identified customers in their net revenue: 1 is a single customer")
_TREE = mark("The effects of all factors sum to what the lines changed: no line is of one factor alone.")
_NET = mark("Revenue of last year's customers in the period / a year before")

PART = "part"
"""Column of what each line adds to a figure that is a sum."""

Value = Callable[[pd.DataFrame], Any]


@dataclass(frozen=True, eq=False)
class Behind:
    """What a figure is made of.

    Attributes
    ----------
    figure_id : str
    lines : Table
        The lines, with all their columns; where the figure is a sum, also `part`: what each adds to it.
    how : str
        How they make the figure, in the language in use.
    unit : str
        The figure's.
    value : callable or None
        Takes the lines as a DataFrame and returns the figure; None where lines alone do not make it.
    """

    figure_id: str
    lines: ibis.Table
    how: str
    unit: str
    value: Value | None

    @property
    def adds(self) -> bool:
        """Whether the figure is the sum of the lines' `part`."""
        return self.value is _total


@dataclass(frozen=True)
class _Asked:
    """A figure's id in parts, with what is needed to find its lines."""

    figure_id: str
    rest: tuple[str, ...]
    lines: ibis.Table
    currency: str
    fiscal_year_starts: str
    calendar: str

    def period(self, label: str) -> Period:
        """The period of a label, as the lines hold it."""
        whole = parse(label, fiscal_year_starts=self.fiscal_year_starts)
        first = first_day(self.lines)
        return whole if first is None else whole.cut_at(first)

    def refused(self) -> ParameterError:
        """No figure is called so."""
        return ParameterError(
            f"no figure is called {self.figure_id!r}. Copy its id from .figures() of the result that shows it."
        )

    def sums(self, lines: ibis.Table, part: ibis.Value, how: str = _SUM) -> Behind:
        """A figure that is a sum over lines."""
        return Behind(self.figure_id, lines.mutate(part.name(PART)), text(how), self.currency, _total)

    def change(self, lines: ibis.Table, period: Period) -> Behind:
        """The change of these lines' revenue against a year before."""
        both = lines.filter(is_in(period) | is_in(period.year_before()))
        return self.sums(both, ibis.ifelse(is_in(period), both.net_revenue, -both.net_revenue), _CHANGE)


def lines_behind(
    figure_id: str,
    lines: ibis.Table | pd.DataFrame,
    *,
    currency: str,
    fiscal_year_starts: str = "01-01",
    calendar: str = "",
) -> Behind:
    """Return the lines behind a figure, and how they make it.

    Parameters
    ----------
    figure_id : str
        As `.figures()` of a scorecard, trend, breakdown, movers, concentration, revenue tree or walk, or
        year to date gives it.
    lines : table or DataFrame, one row a line, columns of `schema.SALES`
        Those that the result was made from.
    currency : str
        ISO code of every amount.
    fiscal_year_starts, calendar : str
        See `periods.parse` and `periods.working_days`.

    Raises
    ------
    ParameterError
        If no figure is called so, or it has no lines, such as a target.
    """
    kind, *rest = str(figure_id).split(":")
    if kind in _NOT_LINES:
        raise ParameterError(f"{figure_id}: {_NOT_LINES[kind]}")
    if kind not in _KINDS:
        raise ParameterError(f"{figure_id!r}: {unknown('kind of figure', kind, _KINDS)}")
    asked = _Asked(str(figure_id), tuple(rest), checked(lines), currency, fiscal_year_starts, calendar)
    return _KINDS[kind](asked)


def _total(lines: pd.DataFrame) -> Decimal:
    return sum(lines[PART], Decimal(0))


def _scorecard(asked: _Asked) -> Behind:
    match asked.rest:
        case (label, kpi) if kpi in CATALOGUE:
            return _kpi(asked, kpi, asked.period(label))
    raise asked.refused()


def _trend(asked: _Asked) -> Behind:
    match asked.rest:
        case (label, "revenue" | "orders" | "customers" as kpi):
            return _kpi(asked, kpi, asked.period(label))
        case (label, "revenue_before"):
            return _kpi(asked, "revenue", asked.period(label).year_before())
    raise asked.refused()


def _kpi(asked: _Asked, kpi: str, period: Period) -> Behind:
    declared = CATALOGUE[kpi]
    lacking = [column for column in declared.needs if column not in asked.lines.columns]
    if lacking:
        raise ParameterError(f"{asked.figure_id}: the data have no {lacking[0]}, so there is no such figure.")
    lines, value = _KPIS[kpi](asked.lines, period)
    unit, how = declared.unit_in(asked.currency), text(declared.basis)
    if kpi == "revenue_per_working_day":
        days = working_days(period, asked.calendar)
        return Behind(asked.figure_id, lines, how, unit, lambda frame: estimates.ratio(_revenue(frame), days))
    return Behind(asked.figure_id, lines, how, unit, value)


def _breakdown(asked: _Asked) -> Behind:
    match asked.rest:
        case (by, label, *member) if member:
            period = asked.period(label)
            lines = dimensioned(asked.lines, by)
            lines = _of_member(asked, lines, by, ":".join(member), lambda: _rest(asked, by, period))
            here = lines.filter(is_in(period))
            return asked.sums(here, here.net_revenue)
    raise asked.refused()


def _movers(asked: _Asked) -> Behind:
    match asked.rest:
        case (by, label, *member) if member:
            period = asked.period(label)

            def others() -> Sequence[str | None]:
                rows = movers(asked.lines, by=by, period=period, currency=asked.currency).rows
                return list(rows.loc[by_size(rows["change"]), "member"].iloc[MOST_FIGURES:])

            lines = _of_member(asked, dimensioned(asked.lines, by), by, ":".join(member), others)
            return asked.change(lines, period)
    raise asked.refused()


def _rest(asked: _Asked, by: str, period: Period) -> Sequence[str | None]:
    """The members that a breakdown does not publish one by one."""
    rows = breakdown(asked.lines, by=by, period=period, currency=asked.currency).rows
    return list(rows.loc[by_size(rows["revenue"], rows["previous"]), "member"].iloc[MOST_FIGURES:])


def _trend_by(asked: _Asked) -> Behind:
    match asked.rest:
        case (by, label, *member) if member:
            before = member[-1] == "before"
            month = asked.period(label)
            when = month.year_before() if before else month
            lines = dimensioned(asked.lines, by)
            lines = _of_member(asked, lines, by, ":".join(member[:-1] if before else member), None)
            here = lines.filter(is_in(when))
            return asked.sums(here, here.net_revenue)
    raise asked.refused()


def _of_member(
    asked: _Asked, lines: ibis.Table, by: str, member: str, others: Callable[[], Sequence[str | None]] | None
) -> ibis.Table:
    """The lines of one member of a dimension, of the unknown one, or of those that are published as one."""
    if member.startswith("="):
        return lines.filter(lines[by] == member[1:])
    if member == "unknown":
        return lines.filter(lines[by].isnull())
    if member != "others":
        raise asked.refused()
    if others is None:
        raise ParameterError(
            f"{asked.figure_id}: which members are the others depends on how many were asked for. "
            f"Drill into one of them: {':'.join(asked.figure_id.split(':')[:3])}:=MEMBER"
        )
    named = others()
    among = lines[by].isin([each for each in named if each is not None])
    return lines.filter((among | lines[by].isnull()) if None in named else among)


def _concentration(asked: _Asked) -> Behind:
    match asked.rest:
        case (label, what) if what == "hhi" or what.removeprefix("top_").isdigit():
            lines, _value = _identified(asked.lines, asked.period(label))
            if what == "hhi":
                return Behind(asked.figure_id, lines, text(_HHI), "index", _hhi)
            return Behind(asked.figure_id, lines, text(_LARGEST), "share", _of_largest(int(what.removeprefix("top_"))))
    raise asked.refused()


def _tree(asked: _Asked) -> Behind:
    match asked.rest:
        case (label, "unknown" | "unnumbered" as factor):
            column = "customer_id" if factor == "unknown" else "order_id"
            return asked.change(asked.lines.filter(asked.lines[column].isnull()), asked.period(label))
        case (label, "customers" | "frequency" | "order_value" | "orders" | "customer_value"):
            key = "customer_id" if "customer_id" in asked.lines.columns else "order_id"
            found = asked.change(asked.lines.filter(asked.lines[key].notnull()), asked.period(label))
            return Behind(asked.figure_id, found.lines, text(_TREE), asked.currency, None)
    raise asked.refused()


def _walk(asked: _Asked) -> Behind:
    match asked.rest:
        case (label, step) if step in STEPS or step in ("net_retention", "gross_retention"):
            period = asked.period(label)
            if step == "unknown":
                return asked.change(asked.lines.filter(_.customer_id.isnull()), period)
            customers = walked(asked.lines.filter(_.customer_id.notnull()), period, period.year_before())
            if step in STEPS:
                chosen = customers.filter(customers.step == step)
                return asked.change(asked.lines.semi_join(chosen, "customer_id"), period)
            base = asked.lines.semi_join(customers.filter(customers.before > 0), "customer_id")
            lines = base.filter(is_in(period) | is_in(period.year_before()))
            lines = lines.mutate(now=within(lines.date, period.start, period.end))
            retained, how = (_net, _NET) if step == "net_retention" else (_gross, GROSS)
            return Behind(asked.figure_id, lines, text(how), "share", retained)
    raise asked.refused()


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


def _year_to_date(asked: _Asked) -> Behind:
    match asked.rest:
        case (year, label, "actual" | "previous" | "year_previous" as what):
            whole, period = asked.period(year), asked.period(label)
            start, end = whole.start, period.end
            if what != "actual":
                last = whole if what == "year_previous" else month_of(period.months()[-1].start)
                start, end = whole.year_before().start, last.year_before().end
            here = asked.lines.filter(within(_.date, start, end))
            return asked.sums(here, here.net_revenue)
        case (_year, _label, "landing" | "target" | "year_target" as what):
            raise ParameterError(f"{asked.figure_id}: {_NOT_LINES['target' if 'target' in what else what]}")
    raise asked.refused()


# ---- The KPIs of the catalogue: their lines in a period, and what these come to.


def _revenue(lines: pd.DataFrame, where: pd.Series | None = None) -> Decimal:
    return sum(lines["net_revenue"] if where is None else lines.loc[where, "net_revenue"], Decimal(0))


def _ratio_of(above: Value, below: Value) -> Value:
    return lambda lines: estimates.ratio(above(lines), below(lines))


def _count(column: str) -> Value:
    return lambda lines: int(lines[column].nunique())


def _all(lines: ibis.Table, period: Period) -> ibis.Table:
    return lines.filter(is_in(period))


def _summed(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    here = _all(lines, period)
    return here.mutate(here.net_revenue.name(PART)), _total


def _positive(lines: pd.DataFrame) -> pd.Series:
    return lines["net_revenue"] > 0


def _returned(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    def value(frame: pd.DataFrame) -> float | None:
        return estimates.ratio(-_revenue(frame, ~_positive(frame)), _revenue(frame, _positive(frame)))

    return _all(lines, period).filter(_.net_revenue != 0), value


def _discounted(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    def value(frame: pd.DataFrame) -> float | None:
        listed = sum(frame["list_revenue"], Decimal(0))
        return estimates.ratio(listed - _revenue(frame), listed)

    return _all(lines, period).filter(has_list_price()), value


def _numbered(lines: ibis.Table, period: Period) -> ibis.Table:
    return _all(lines, period).filter(_.order_id.notnull())


def _of_orders(lines: ibis.Table, period: Period) -> ibis.Table:
    """All lines of the orders that bought something."""
    numbered = _numbered(lines, period)
    return numbered.semi_join(numbered.filter(is_purchase()).select("order_id").distinct(), "order_id")


def _orders(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    return _of_orders(lines, period), _count("order_id")


def _order_value(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    def value(frame: pd.DataFrame) -> float | None:
        return estimates.ratio(_revenue(frame), int(frame.loc[_positive(frame), "order_id"].nunique()))

    return _numbered(lines, period), value


def _median_order(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    def value(frame: pd.DataFrame) -> float:
        sums: dict[str, Decimal] = {}
        for order, amount in zip(frame["order_id"], frame["net_revenue"], strict=True):
            sums[order] = sums.get(order, Decimal(0)) + amount
        return float(pd.Series([float(each) for each in sums.values()]).median())

    return _of_orders(lines, period), value


def _buying(lines: ibis.Table, period: Period) -> ibis.Table:
    """Purchases of identified customers."""
    return _all(lines, period).filter(is_purchase() & _.customer_id.notnull())


def _customers(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    return _buying(lines, period), _count("customer_id")


def _firsts(lines: ibis.Table) -> ibis.Table:
    """Each customer's first purchase."""
    bought = lines.filter(is_purchase() & _.customer_id.notnull())
    return bought.group_by("customer_id").agg(first=_.date.min())


def _fresh(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    new = _firsts(lines).filter(within(_["first"], period.start, period.end))
    return _buying(lines, period).semi_join(new, "customer_id"), _count("customer_id")


def _returning(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    old = _firsts(lines).filter(_["first"] < ibis.date(period.start.isoformat()))
    return _buying(lines, period).semi_join(old, "customer_id"), _count("customer_id")


def _frequency(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    return _buying(lines, period), _ratio_of(_count("order_id"), _count("customer_id"))


def _repeat(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    """The first purchases of a year's new customers, and what they bought in the days after."""
    cohort = _firsts(lines).filter(within(_["first"], *mature(period)))
    bought = lines.filter(is_purchase()).inner_join(cohort, "customer_id")
    after = bought.date.delta(bought["first"], unit="day")

    def value(frame: pd.DataFrame) -> float | None:
        again = frame.loc[frame["date"] > frame["first"], "customer_id"].nunique()
        return estimates.ratio(int(again), int(frame["customer_id"].nunique()))

    return bought.filter(after <= REPEAT_DAYS), value


def _identified(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    return _all(lines, period).filter(_.customer_id.notnull()), _of_largest(LARGEST)


def _sums_by_customer(lines: pd.DataFrame) -> list[Decimal]:
    sums: dict[str, Decimal] = {}
    for customer, amount in zip(lines["customer_id"], lines["net_revenue"], strict=True):
        sums[customer] = sums.get(customer, Decimal(0)) + amount
    return sorted(sums.values(), reverse=True)


def _of_largest(most: int) -> Value:
    return lambda lines: estimates.ratio(sum(_sums_by_customer(lines)[:most], Decimal(0)), _revenue(lines))


def _hhi(lines: pd.DataFrame) -> float:
    return sum(float(each) ** 2 for each in _sums_by_customer(lines)) / float(_revenue(lines)) ** 2


def _known(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    def value(frame: pd.DataFrame) -> float | None:
        return estimates.ratio(_revenue(frame, frame["customer_id"].notna()), _revenue(frame))

    return _all(lines, period), value


def _profit(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    here = _all(lines, period).filter(_.cost.notnull())
    return here.mutate((here.net_revenue - here.cost).name(PART)), _total


def _margin_rate(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    here, _value = _profit(lines, period)
    return here, _ratio_of(_total, _revenue)


def _costed(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    def value(frame: pd.DataFrame) -> float | None:
        amounts = frame["net_revenue"].map(abs)
        return estimates.ratio(sum(amounts[frame["cost"].notna()], Decimal(0)), sum(amounts, Decimal(0)))

    return _all(lines, period), value


_KPIS: Mapping[str, Callable[[ibis.Table, Period], tuple[ibis.Table, Value]]] = {
    "revenue": _summed,
    "revenue_per_working_day": _summed,
    "orders": _orders,
    "aov": _order_value,
    "median_order": _median_order,
    "customers": _customers,
    "new_customers": _fresh,
    "returning_customers": _returning,
    "orders_per_customer": _frequency,
    "repeat_rate": _repeat,
    "return_rate": _returned,
    "discount_rate": _discounted,
    "concentration": _identified,
    "identified_share": _known,
    "gross_profit": _profit,
    "margin_rate": _margin_rate,
    "cost_coverage": _costed,
}

_KINDS: Mapping[str, Callable[[_Asked], Behind]] = {
    "scorecard": _scorecard,
    "trend": _trend,
    "breakdown": _breakdown,
    "movers": _movers,
    "trend_by": _trend_by,
    "concentration": _concentration,
    "revenue_tree": _tree,
    "revenue_walk": _walk,
    "year_to_date": _year_to_date,
}

_NOT_LINES = {
    "target": "a target is set by the company, no line stands behind it.",
    "landing": "a landing is an estimate of months to come, no line stands behind it yet.",
    "finding": "a finding quotes other figures: give the finding itself, or one of its figure_ids.",
    "coverage": "it counts filled rows of whole tables; look at them with acme.frame(TABLE).",
    "reconciliation": "it counts rows read; those set aside stand in acme.snapshot.quarantine().",
    "ledger": "it is made of entries of the ledger: look at them with acme.frame('ledger').",
    "scope": "it is the lines of a segment or filter: acme.lines(segment=..., filter=...).",
}
