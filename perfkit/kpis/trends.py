"""The trend: how did revenue run, month by month, against a year before and the target?"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd

from perfkit import estimates, languages
from perfkit.kpis.breakdowns import money, multiples, with_growth_shown
from perfkit.kpis.catalogue import CATALOGUE
from perfkit.kpis.targets import checked_targets, target_of
from perfkit.languages import mark, percent, plural, show, text
from perfkit.lines import checked, span
from perfkit.months import in_words, month_sums, months_until, not_over, revenue_of, silent_months, sold_in
from perfkit.periods import Period, calendar_in_words, month_of, shifted, working_days
from perfkit.results import Field, Result, View, figure_frame

_BASIS = mark("Sum of net revenue of all lines dated in the month, returns and credit notes deducted, net of tax")


@dataclass(frozen=True, eq=False)
class Trend(Result):
    """Revenue by month, up to the end of a period.

    Attributes
    ----------
    cells : DataFrame, one row a month
        month: date of its first day. revenue: Decimal; None = the month is not over yet in the data;
        0 = it is over and nothing was sold. previous: the same month a year before; None = before
        the data start. target: Decimal or None. orders, customers: int, None where the columns are
        absent or the month is not over. working_days, previous_working_days: int, of the whole month
        and of the one a year before, in `calendar`.
    observed_until : date
        Last complete day, inclusive.
    currency : str
    period : Period
    first : date
        First day of the data: no month before it is among the cells.
    calendar : str
        See `periods.working_days`.
    silent : tuple of Period
        Months, of those shown and of the year before them, that the data hold and that have no line though the same
        month of another year has some (see `months.silent_months`).
    """

    cells: pd.DataFrame
    observed_until: dt.date
    currency: str
    period: Period
    first: dt.date
    calendar: str = ""
    silent: tuple[Period, ...] = ()

    def figures(self) -> pd.DataFrame:
        """Return revenue, orders and customers of each month, and revenue of the month a year before."""
        return figure_frame(figure for cell in self.cells.to_dict("records") for figure in self._figures(cell))

    def _figures(self, cell: dict[str, Any]) -> list[dict[str, Any]]:
        label = f"{cell['month']:%Y-%m}"
        before = f"{shifted(cell['month'], -12):%Y-%m}"
        found = [
            {
                "figure_id": f"trend:{label}:{kpi}",
                "kpi": kpi,
                "period": label,
                "estimate": cell[kpi],
                "unit": CATALOGUE[kpi].unit_in(self.currency),
                "basis": text(CATALOGUE[kpi].basis),
                "status": "observed" if cell["revenue"] is not None else "not observed yet",
                "reason": "" if cell["revenue"] is not None else text("The month is not over in the data."),
            }
            for kpi in ("revenue", "orders", "customers")
            if kpi == "revenue" or cell[kpi] is not None
        ]
        if cell["previous"] is not None:
            found.append(found[0] | {
                "figure_id": f"trend:{label}:revenue_before", "period": before, "estimate": cell["previous"],
                "status": "observed", "reason": "",
            })  # fmt: skip
        return found

    def views(self) -> list[View]:
        """Return one row a month."""
        shown = self.cells.assign(
            name=[languages.month(month) for month in self.cells["month"]],
            growth=[
                estimates.growth(*pair) for pair in zip(self.cells["revenue"], self.cells["previous"], strict=True)
            ],
        )
        shown["tone"] = [
            None if self.doubted(month) else estimates.tone(growth, "share")
            for month, growth in zip(shown["month"], shown["growth"], strict=True)
        ]
        shown = with_growth_shown(shown)
        fields = [Field("name", text("Month")), money("revenue", text("Net revenue"), self.currency, bar=True)]
        if shown["previous"].notna().any():
            fields += [
                money("previous", text("A year before"), self.currency),
                Field("growth_shown", text("Change, %"), unit="share", signed=True, tone_from="tone"),
            ]
        if shown["target"].notna().any():
            fields.append(money("target", text("Target"), self.currency))
        fields.append(Field("working_days", text("Working days"), unit="count"))
        if shown["previous"].notna().any():
            fields.append(Field("previous_working_days", text("Working days a year before"), unit="count"))
        if shown["orders"].notna().any():
            fields.append(Field("orders", text("Orders"), unit="count"))
        if shown["customers"].notna().any():
            fields.append(Field("customers", text("Active customers"), unit="count"))
        notes = multiples(shown, "name")
        if self.first > shifted(self.period.end, -24):
            notes.append(text("The data start on {day}.", day=languages.date(self.first)))
        if self.silent:
            months = languages.listing(month.name() for month in self.silent)
            notes.append(
                text("No line is dated in {period}: nothing was sold, or an export is missing.", period=months)
            )
        last = month_of(self.cells["month"].iloc[-1])
        if last.last_day > self.observed_until:
            notes.append(not_over(last, self.observed_until))
        notes.append(text("Working days: {calendar}.", calendar=calendar_in_words(self.calendar)))
        subtitle = text(
            "Net revenue by month, {currency} net of tax, {months}",
            currency=self.currency,
            months=in_words(list(self.cells["month"])),
        )
        return [View(self._message(), subtitle, fields, shown, notes=notes)]

    def doubted(self, month: dt.date) -> bool:
        """Say whether a month, or the one a year before that it is set against, may be missing."""
        starts = [each.start for each in self.silent]
        return month in starts or shifted(month, -12) in starts

    def _message(self) -> str:
        known = self.cells[self.cells["revenue"].notna()]
        if known.empty:
            return text("No month is over in the data yet")
        compared = known[known["previous"].notna()]
        if len(compared) == len(known) and len(known) > 1 and not self.silent:
            up = sum(now > before for now, before in zip(compared["revenue"], compared["previous"], strict=True))
            growth = estimates.growth(sum(compared["revenue"], Decimal(0)), sum(compared["previous"], Decimal(0)))
            if estimates.tells(growth):
                return plural(
                    "Revenue of the last {months} months: {growth} on the year before; {n} month was up",
                    "Revenue of the last {months} months: {growth} on the year before; {n} months were up",
                    up,
                    months=len(known),
                    growth=percent(growth, signed=True),
                )
        last, best = known.iloc[-1], known.loc[known["revenue"].astype("object").map(float).idxmax()]
        if last["revenue"] == best["revenue"]:
            return plural(
                "Revenue in {month}: {value}",
                "Revenue in {month}: {value}, the highest of {n} months",
                len(known),
                month=languages.month(last["month"]),
                value=show(last["revenue"], self.currency),
            )
        return text(
            "Revenue in {month}: {value}; the best month was {best}, with {highest}",
            month=languages.month(last["month"]),
            value=show(last["revenue"], self.currency),
            best=languages.month(best["month"]),
            highest=show(best["revenue"], self.currency),
        )


def trend(
    lines: ibis.Table | pd.DataFrame,
    *,
    period: Period,
    currency: str,
    observed_until: dt.date | None = None,
    targets: pd.DataFrame | None = None,
    months: int = 12,
    calendar: str = "",
) -> Trend:
    """Sum revenue by month, over the months that end with the period.

    Parameters
    ----------
    lines : table or DataFrame, one row a line, columns of `schema.SALES`
    period : Period
        The last month shown is its last.
    currency : str
        ISO code of every amount.
    observed_until : date, optional
        Last complete day, inclusive; later months are "not observed yet". By default the period's end.
    targets : DataFrame, optional
        See `scorecard`.
    months : int
        How many months; those before the data start, or cut by it, are left out.
    calendar : str
        Whose working days (see `periods.working_days`).

    Raises
    ------
    ParameterError
        If there is no such calendar; the nearest is named.
    DataError
        If a required column is absent, there is no line, or the period starts before the data.

    See Also
    --------
    charts.trend : the months as columns.
    """
    table = checked(lines)
    days = span(table, period)
    until = observed_until or period.last_day
    shown = months_until(period, months, days)
    sums = month_sums(table, shifted(shown[0].start, -12), shown[-1].end, counts=True)
    planned = checked_targets(targets)
    cells = []
    for each in shown:
        before = each.year_before()
        is_over = each.last_day <= until
        own = sums.get((each.start.year, each.start.month), {})
        cells.append(
            {
                "month": each.start,
                "revenue": revenue_of(sums, each) if is_over else None,
                "previous": revenue_of(sums, before) if days.holds(before) else None,
                "target": target_of(planned, CATALOGUE["revenue"], each).value,
                "orders": int(own.get("orders", 0)) if is_over and "order_id" in table.columns else None,
                "customers": _customers(own) if is_over and "customer_id" in table.columns else None,
                "working_days": working_days(each, calendar),
                "previous_working_days": working_days(before, calendar),
            }
        )
    frame = pd.DataFrame(cells, dtype="object")
    asked = [month for month in [*(each.year_before() for each in shown), *shown] if days.holds(month)]
    over = [month for month in dict.fromkeys(asked) if month.last_day <= until]
    return Trend(frame, until, currency, period, days.first, calendar, silent_months(over, sold_in(table, sums)))


def _customers(month: Mapping[str, Any]) -> int | None:
    """Count a month's customers; where none of its purchases says whose it is, they are not known rather than none."""
    customers = int(month.get("customers", 0))
    return None if not customers and month.get("anonymous", 0) else customers
