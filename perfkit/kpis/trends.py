"""The trend: how did revenue run, month by month, against a year before and the target?"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit import estimates, languages
from perfkit.aggregations import aggregation, within
from perfkit.kpis.catalogue import CATALOGUE
from perfkit.kpis.lines import checked, is_purchase, span
from perfkit.kpis.targets import checked_targets, target_of
from perfkit.languages import mark, percent, plural, show, text
from perfkit.periods import Period, shifted
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
        absent or the month is not over.
    observed_until : date
        Last complete day, inclusive.
    currency : str
    period : Period
    first : date
        First day of the data: no month before it is among the cells.
    """

    cells: pd.DataFrame
    observed_until: dt.date
    currency: str
    period: Period
    first: dt.date

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
        fields = [Field("name", text("Month")), Field("revenue", text("Net revenue"), unit=self.currency, bar=True)]
        if shown["previous"].notna().any():
            fields += [
                Field("previous", text("A year before"), unit=self.currency),
                Field("growth", text("Change, %"), unit="share", signed=True),
            ]
        if shown["target"].notna().any():
            fields.append(Field("target", text("Target"), unit=self.currency))
        if shown["orders"].notna().any():
            fields.append(Field("orders", text("Orders"), unit="count"))
        if shown["customers"].notna().any():
            fields.append(Field("customers", text("Active customers"), unit="count"))
        notes = []
        if self.first > shifted(self.period.end, -24):
            notes.append(text("The data start on {day}.", day=languages.date(self.first)))
        subtitle = text(
            "Net revenue by month, {currency} net of tax, {first} to {last}",
            currency=self.currency,
            first=languages.month(self.cells["month"].iloc[0]),
            last=languages.month(self.cells["month"].iloc[-1]),
        )
        return [View(self._message(), subtitle, fields, shown, notes=notes)]

    def _message(self) -> str:
        known = self.cells[self.cells["revenue"].notna()]
        if known.empty:
            return text("No month is over in the data yet")
        compared = known[known["previous"].notna()]
        if len(compared) == len(known) and len(known) > 1:
            up = sum(now > before for now, before in zip(compared["revenue"], compared["previous"], strict=True))
            growth = estimates.growth(sum(compared["revenue"], Decimal(0)), sum(compared["previous"], Decimal(0)))
            if growth is not None:
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

    Raises
    ------
    DataError
        If a required column is absent, there is no line, or the period starts before the data.

    See Also
    --------
    charts.trend : the months as columns.
    """
    table = checked(lines)
    days = span(table, period)
    until = observed_until or period.last_day
    wanted = max(months, len(period.months()))
    last = period.months()[-1]
    shown = [last]
    while len(shown) < wanted:
        shown.append(shown[-1].previous())
    shown = [each for each in reversed(shown) if days.holds(each)]
    sums = {
        (int(row["year"]), int(row["month"])): row
        for row in _months(table, shifted(shown[0].start, -12), last.end).to_dict("records")
    }
    planned = checked_targets(targets)
    cells = []
    for each in shown:
        before = each.year_before()
        over = each.last_day <= until
        own = sums.get((each.start.year, each.start.month), {})
        cells.append(
            {
                "month": each.start,
                "revenue": own.get("revenue", Decimal(0)) if over else None,
                "previous": sums.get((before.start.year, before.start.month), {}).get("revenue", Decimal(0))
                if days.holds(before)
                else None,
                "target": target_of(planned, CATALOGUE["revenue"], each).value,
                "orders": int(own.get("orders", 0)) if over and "order_id" in table.columns else None,
                "customers": int(own.get("customers", 0)) if over and "customer_id" in table.columns else None,
            }
        )
    return Trend(pd.DataFrame(cells, dtype="object"), until, currency, period, days.first)


@aggregation
def _months(lines: ibis.Table, start: dt.date, end: dt.date) -> ibis.Table:
    wanted = {"revenue": _.net_revenue.sum()}
    if "order_id" in lines.columns:
        wanted["orders"] = _.order_id.nunique(where=is_purchase())
    if "customer_id" in lines.columns:
        wanted["customers"] = _.customer_id.nunique(where=is_purchase())
    return lines.filter(within(_.date, start, end)).group_by(year=_.date.year(), month=_.date.month()).agg(**wanted)
