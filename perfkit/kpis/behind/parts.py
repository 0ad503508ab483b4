"""Parts: the lines of figures that speak of one period: the scorecard, trends, breakdowns, the year to date."""

from collections.abc import Sequence

from ibis import _

from perfkit.aggregations import within
from perfkit.dimensions import dimensioned
from perfkit.errors import ParameterError
from perfkit.kpis import breakdowns
from perfkit.kpis.behind.asked import Asked, Behind, of_member
from perfkit.kpis.behind.kpis import hhi, identified, kpi_behind, of_largest, said_behind
from perfkit.kpis.catalogue import CATALOGUE
from perfkit.languages import mark, text
from perfkit.lines import is_in
from perfkit.periods import Period, month_of

_LARGEST = mark("Net revenue of the largest customers of the period / net revenue of all identified customers")
_HHI = mark("Sum of the squared shares of identified customers in their net revenue: 1 is a single customer")
_LANDING = "a landing is an estimate of months to come, no line stands behind it yet."
_TARGET = "a target is set by the company, no line stands behind it."


def scorecard(asked: Asked) -> Behind:
    """Return the lines of a KPI."""
    match asked.rest:
        case (label, kpi) if kpi in CATALOGUE:
            return said_behind(asked, kpi, asked.period(label))
        case (label, *_):
            raise asked.refused(f"scorecard:{label}:{kpi}" for kpi in CATALOGUE)
    raise asked.refused()


def trend(asked: Asked) -> Behind:
    """Return the lines of a month."""
    match asked.rest:
        case (label, "revenue" | "orders" | "customers" as kpi):
            return kpi_behind(asked, kpi, asked.period(label))
        case (label, "revenue_before"):
            return kpi_behind(asked, "revenue", asked.year_before(asked.period(label)))
    raise asked.refused()


def breakdown(asked: Asked) -> Behind:
    """Return the lines of a member."""
    match asked.rest:
        case (by, label, *member) if member:
            period = asked.period(label)
            lines = dimensioned(asked.lines, by)
            lines = of_member(asked, lines, by, ":".join(member), lambda: _rest(asked, by, period))
            here = lines.filter(is_in(period))
            return asked.sums(here, here.net_revenue)
    raise asked.refused()


def _rest(asked: Asked, by: str, period: Period) -> Sequence[str | None]:
    """The members that a breakdown does not publish one by one."""
    rows = breakdowns.breakdown(asked.lines, by=by, period=period, currency=asked.currency).rows
    ordered = breakdowns.by_size(rows["revenue"], rows["previous"])
    return list(rows.loc[ordered, "member"].iloc[breakdowns.MOST_FIGURES :])


def trend_by(asked: Asked) -> Behind:
    """Return the lines of a member in a month, or a year before it."""
    match asked.rest:
        case (by, label, "before", *member) if member:
            return _in_month(asked, by, asked.year_before(asked.named(label)), ":".join(member))
        case (by, label, *member) if member:
            return _in_month(asked, by, asked.period(label), ":".join(member))
    raise asked.refused()


def _in_month(asked: Asked, by: str, month: Period, member: str) -> Behind:
    lines = of_member(asked, dimensioned(asked.lines, by), by, member, None)
    here = lines.filter(is_in(month))
    return asked.sums(here, here.net_revenue)


def concentration(asked: Asked) -> Behind:
    """Return the lines of all customers who are known."""
    match asked.rest:
        case (label, what) if what == "hhi" or what.removeprefix("top_").isdigit():
            lines, _value = identified(asked.lines, asked.period(label))
            if what == "hhi":
                return Behind(asked.figure_id, lines, text(_HHI), "index", hhi)
            return Behind(asked.figure_id, lines, text(_LARGEST), "share", of_largest(int(what.removeprefix("top_"))))
    raise asked.refused()


def year_to_date(asked: Asked) -> Behind:
    """Return the lines from the start of a year."""
    match asked.rest:
        case (year, label, "actual" | "previous" | "year_previous" as what):
            whole, period = asked.named(year), asked.period(label)
            start, end = whole.start, period.end
            if what != "actual":
                last = whole if what == "year_previous" else month_of(period.months()[-1].start)
                start, end = asked.year_before(whole).start, last.year_before().end
            here = asked.lines.filter(within(_.date, start, end))
            return asked.sums(here, here.net_revenue)
        case (_year, _label, "landing" | "target" | "year_target" as what):
            raise ParameterError(f"{asked.figure_id}: {_LANDING if what == 'landing' else _TARGET}")
    raise asked.refused()
