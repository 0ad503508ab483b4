"""The year to date: where does the fiscal year stand against last year and target, and where will it land?"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd

from perfkit import estimates, languages
from perfkit.kpis.breakdowns import money, multiples, not_available, nothing_to_show, with_growth_shown
from perfkit.kpis.catalogue import CATALOGUE
from perfkit.kpis.landings import Landing, landing_of
from perfkit.kpis.targets import checked_targets, target_of
from perfkit.languages import mark, number, opening, percent, show, text
from perfkit.lines import checked, span
from perfkit.months import WATCHED, month_sums, months_until, revenue_of, silence, silent_months, sold_in, within_any
from perfkit.periods import Period, month_of, shifted, year_of
from perfkit.results import Field, Result, View, figure_frame

_BASIS = mark("Sum of net revenue from the first day of the fiscal year to the end of the period, net of tax")


@dataclass(frozen=True, eq=False)
class YearToDate(Result):
    """Revenue of the fiscal year, cumulated by month, with last year, the target and the landing.

    Attributes
    ----------
    cells : DataFrame, one row a month of the year
        month: date of its first day. actual, previous, target: Decimal, from the year's first day to
        the month's last; actual None after the period; previous None where the data do not hold the
        whole year before; target None from the first month on that has none.
    landing : Landing
    year : Period
        The fiscal year that the period lies in.
    period : Period
        Its last month is the last one with an actual.
    actual, previous, target : Decimal or None
        To date: at the end of the period.
    year_previous, year_target : Decimal or None
        Of the whole year.
    currency : str
    reason : str
        Why there is none (the data start within the year: no cells then); empty where there is.
    silent : tuple of Period
        Months of the year so far and of the year before that may be missing (see `months.silent_months`).
    target_reason : str
        Why the target is not cumulated to the end, though a later month has one, or a month has two.
    """

    cells: pd.DataFrame
    landing: Landing
    year: Period
    period: Period
    actual: Decimal | None
    previous: Decimal | None
    target: Decimal | None
    year_previous: Decimal | None
    year_target: Decimal | None
    currency: str
    reason: str = ""
    silent: tuple[Period, ...] = ()
    target_reason: str = ""

    def figures(self) -> pd.DataFrame:
        """Return the year to date, last year's and the target at the same date, and the landing."""
        stem = f"year_to_date:{self.year.label}"
        if self.reason:
            return figure_frame([not_available("revenue", stem, self.period, self.reason)])
        before = self.year.year_before().label
        common = {
            "kpi": "revenue", "period": f"{self.year.label} to {self.period.months()[-1].label}",
            "unit": self.currency, "basis": text(_BASIS), "status": "observed", "reason": "",
        }  # fmt: skip
        found: list[dict[str, Any]] = [
            common | {"figure_id": f"{stem}:{self.period.label}:{name}", "estimate": value} | more
            for name, value, more in (
                ("actual", self.actual, {}),
                ("previous", self.previous, {"period": f"{before} to {self.period.months()[-1].year_before().label}"}),
                ("target", self.target, {"basis": text("Target set by the company")}),
                ("year_previous", self.year_previous, {"period": before}),
                (
                    "year_target",
                    self.year_target,
                    {"period": self.year.label, "basis": text("Target set by the company")},
                ),
            )
            if value is not None
        ]
        landing = self.landing
        found.append(
            common
            | {
                "figure_id": f"{stem}:{self.period.label}:landing",
                "kpi": "landing",
                "period": self.year.label,
                "basis": text(landing.method),
                **{
                    name: getattr(landing, name)
                    for name in ("estimate", "low", "high", "level", "n", "status", "reason")
                },
            }
        )
        return figure_frame(found)

    def ties_to(self) -> dict[str, Any] | None:
        """Return the revenue of the year to date, which its months sum to."""
        return None if self.reason else {"net_revenue": self.actual, "period": self.year.label}

    def views(self) -> list[View]:
        """Return the year to date and the whole year: actual or landing, last year, target."""
        title = text("Year to date")
        if self.reason:
            return [nothing_to_show(title, self.reason)]
        last = languages.month(self.period.last_day)
        rows = [
            self._row(text("Year to date, to the end of {month}", month=last), self.actual, self.previous, self.target)
        ]
        if self.landing.status == "estimated":
            name = text("Landing, {year} (estimate)", year=self.year.name())
            rows.append(self._row(name, self.landing.estimate, self.year_previous, self.year_target))
        fields = [Field("label", text("Period")), money("actual", self.year.name(), self.currency)]
        if self.year_previous is not None:
            fields += [
                money("previous", self.year.year_before().name(), self.currency),
                money("change", text("Change"), self.currency, signed=True, tone_from="tone_change"),
                Field("growth_shown", text("Change, %"), unit="share", signed=True, tone_from="tone_growth"),
            ]
        if self.target is not None or self.year_target is not None:
            fields += [
                money("target", text("Target"), self.currency),
                money("gap", text("Gap to target"), self.currency, signed=True, tone_from="tone_gap"),
                Field("attainment", text("Attainment, %"), unit="share", tone_from="tone_gap"),
            ]
        of = {"year": self.year.full_name(), "month": last, "currency": self.currency}
        if self.year.end == self.period.end:
            subtitle = text("Net revenue of {year}, {currency} net of tax", **of)
        else:
            subtitle = text("Net revenue of {year} to the end of {month}, {currency} net of tax", **of)
        table = with_growth_shown(pd.DataFrame(rows, dtype="object"))
        return [View(self.message(), subtitle, fields, table, notes=[*self._notes(), *multiples(table)])]

    def _row(
        self, label: str, actual: Decimal | None, previous: Decimal | None, target: Decimal | None
    ) -> dict[str, Any]:
        change = None if actual is None or previous is None else actual - previous
        gap = None if actual is None or target is None else actual - target
        growth = estimates.growth(actual, previous)
        here = any(within_any(month, self.year) for month in self.silent)
        return {
            "label": label, "actual": actual, "previous": previous, "change": change, "growth": growth,
            "target": target, "gap": gap,
            "attainment": estimates.ratio(actual, target) if target is not None and target > 0 else None,
            "tone_change": None if self.silent else estimates.tone(change, self.currency),
            "tone_growth": None if self.silent else estimates.tone(growth, "share"),
            "tone_gap": None if here else estimates.tone(gap, self.currency),
        }  # fmt: skip

    def message(self) -> str:
        """Return where the year stands and lands, in a sentence."""
        growth = estimates.growth(self.landing.estimate, self.year_previous)
        values = {
            "year": opening(self.year.name()),
            "actual": show(self.actual, self.currency),
            "landing": show(self.landing.estimate, self.currency),
            "growth": estimates.as_multiple(growth) or percent(growth, signed=True),
            "attainment": percent(estimates.ratio(self.landing.estimate, self.year_target)),
        }
        if self.landing.status == "estimated" and self.year_target is not None and self.year_target > 0:
            return text("{year} stands at {actual} and would land at {landing}, {attainment} of target", **values)
        if self.landing.status == "estimated":
            return text("{year} stands at {actual} and would land at {landing}, {growth} on the year before", **values)
        if self.landing.status == "observed":
            return text("{year} is over: {actual}", **values)
        return text("{year} stands at {actual}", **values)

    def _notes(self) -> list[str]:
        landing, notes = self.landing, [silence(self.silent)] if self.silent else []
        if landing.status == "estimated":
            notes.append(text("Landing: {method}.", method=text(landing.method)))
        if landing.low is not None and landing.high is not None:
            notes.append(
                text(
                    "Landing between {low} and {high} with {level} confidence, if the months to come stray from the "
                    "year's growth as the last {n} did; a change of season or a lost customer is not in it.",
                    low=show(landing.low, self.currency),
                    high=show(landing.high, self.currency),
                    level=percent(landing.level, 0),
                    n=number(landing.n),
                )
            )
        if landing.reason and landing.status != "observed":
            notes.append(text("Landing: {reason}", reason=landing.reason))
        months = [
            month for month, target in zip(self.cells["month"], self.cells["target"], strict=True) if target is None
        ]
        if months and len(months) < len(self.cells):
            first = languages.month(months[0])
            notes.append(
                text("The target is not cumulated from {month} on. {reason}", month=first, reason=self.target_reason)
                if self.target_reason
                else text("No target is given from {month} on.", month=first)
            )
        return notes


def year_to_date(
    lines: ibis.Table | pd.DataFrame,
    *,
    period: Period,
    currency: str,
    targets: pd.DataFrame | None = None,
    fiscal_year_starts: str = "01-01",
) -> YearToDate:
    """Cumulate the revenue of the fiscal year that a period lies in, and estimate where it lands.

    Parameters
    ----------
    lines : table or DataFrame, one row a line, columns of `schema.SALES`
    period : Period
        The year counts up to its end.
    currency : str
        ISO code of every amount.
    targets : DataFrame, optional
        See `scorecard`. The year's target to date is the sum of its months' (its phasing is theirs).
    fiscal_year_starts : str, "MM-DD"
        First day of the fiscal year.

    Raises
    ------
    DataError
        If a required column is absent, there is no line, or the period starts before the data.

    See Also
    --------
    charts.year_to_date : the year so far, last year's and the target as lines.
    """
    table = checked(lines)
    days, year = span(table, period), year_of(period, fiscal_year_starts)
    if not days.holds(year):
        empty = pd.DataFrame(columns=["month", "actual", "previous", "target"], dtype="object")
        why = text("{year} is not whole in the data. {reason}", year=opening(year.name()), reason=days.why_not())
        return YearToDate(empty, Landing(reason=why), year, period, None, None, None, None, None, currency, why)
    months = [month_of(shifted(year.start, place)) for place in range(12)]
    done = sum(month.end <= period.end for month in months)
    sums = month_sums(table, shifted(year.start, -24), period.end)
    held = days.holds(year.year_before())
    planned = checked_targets(targets)
    actual = _cumulated([revenue_of(sums, month) for month in months[:done]])
    previous = _cumulated([revenue_of(sums, month.year_before()) if held else None for month in months])
    by_month = [target_of(planned, CATALOGUE["revenue"], month).value for month in months]
    target = _cumulated(by_month)
    goes_on = any(value is not None for value in by_month[sum(each is not None for each in target) :])
    doubtful = any(target_of(planned, CATALOGUE["revenue"], month).reason for month in months)
    cells = pd.DataFrame(
        {
            "month": [month.start for month in months],
            "actual": pd.Series([*actual, *[None] * (12 - done)], dtype="object"),
            "previous": pd.Series(previous, dtype="object"),
            "target": pd.Series(target, dtype="object"),
        }
    )
    watched = silent_months(months_until(months[done - 1], WATCHED, days), sold_in(table, sums))
    own = {each.start for month in months for each in (month, month.year_before())}
    silent = tuple(each for each in watched if each.start in own)
    landing = landing_of(sums, months, done, actual[-1], days, silent)
    return YearToDate(
        cells, landing, year, period,
        actual[done - 1], previous[done - 1], target[done - 1], previous[-1], target[-1], currency, silent=silent,
        target_reason=target_of(planned, CATALOGUE["revenue"], year).reason if goes_on or doubtful else "",
    )  # fmt: skip


def _cumulated(values: Sequence[Decimal | None]) -> list[Decimal | None]:
    """Sum up from the first; a month that is missing makes what follows missing too."""
    found: list[Decimal | None] = []
    total: Decimal | None = Decimal(0)
    for value in values:
        total = None if total is None or value is None else total + value
        found.append(total)
    return found
