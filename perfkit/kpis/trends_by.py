"""Trends by member: how did the revenue of each country, channel, product ... run, month by month?"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit import estimates, languages
from perfkit.aggregations import aggregation, within
from perfkit.dimensions import ask_for, dimension_name, dimensioned, distinct_names, lacks, name_column
from perfkit.kpis.breakdowns import money, not_available, nothing_to_show
from perfkit.kpis.members import unlike_members
from perfkit.languages import mark, percent, plural, text
from perfkit.lines import span
from perfkit.months import in_words, months_until, not_over, silence, silent_months, sold_in
from perfkit.periods import Period, month_of, shifted
from perfkit.results import Field, Result, View, figure_frame

_BASIS = mark("Sum of net revenue of the member's lines dated in the month")
_COLUMNS = ["kind", "member", "name", "month", "revenue", "previous"]


@dataclass(frozen=True, eq=False)
class TrendBy(Result):
    """Revenue by month of a dimension's largest members, of the others together and of the unknown one.

    Attributes
    ----------
    cells : DataFrame, one row a (member, month), the largest member first, every month of each
        kind: "member", "others" or "unknown". member: None for the others and the unknown; name:
        what a reader calls it, in the language in use when it was computed. month: date of its first
        day. revenue: Decimal; None = the month is not over yet in the data. previous: the same month
        a year before; None = before the data start. Each month's cells sum to its total.
    by : str
        The dimension's column.
    period : Period
    observed_until : date
        Last complete day, inclusive.
    first : date
        First day of the data.
    currency : str
    reason : str
        Why there is none (the data lack the dimension: no cells then); empty where there is.
    silent : tuple of Period
        Months, of those shown and of the year before them, that may be missing (see `months.silent_months`).
    unlike : str
        Why no month is set against a year before: much more of the revenue names its member in one of the two years.
    """

    cells: pd.DataFrame
    by: str
    period: Period
    observed_until: dt.date
    first: dt.date | None
    currency: str
    reason: str = ""
    silent: tuple[Period, ...] = ()
    unlike: str = ""

    def totals(self) -> pd.DataFrame:
        """Return each month's revenue and that of a year before, which the members sum to."""
        rows = []
        for month, cells in self.cells.groupby("month", sort=True):
            sums = {column: _sum(cells[column]) for column in ("revenue", "previous")}
            rows.append({"month": month} | sums)
        return pd.DataFrame(rows, columns=["month", "revenue", "previous"], dtype="object")

    def members(self) -> pd.DataFrame:
        """Return one row a member: its revenue of all months shown, and what growth may be told from.

        Columns: kind, member, name, revenue; compared and previous: its revenue of the months of `compared`,
        and a year before; None where there are none.
        """
        columns = ["kind", "member", "name", "revenue", "compared", "previous"]
        months = [month.start for month in self.compared()]
        rows = []
        for name, cells in self.groups():
            both = cells[cells["month"].isin(months)]
            rows.append(
                {"kind": cells["kind"].iloc[0], "member": cells["member"].iloc[0], "name": name}
                | {"revenue": _sum(cells["revenue"].dropna())}
                | {"compared": _sum(both["revenue"]) if months else None}
                | {"previous": _sum(both["previous"]) if months else None}
            )
        return pd.DataFrame(rows, columns=columns, dtype="object")

    def compared(self) -> list[Period]:
        """Return the months shown that have a year before and are not silent, nor was that: growth is told of these.

        What a member sold in any other month is in neither side of its growth.
        """
        there = self.cells[self.cells["revenue"].notna() & self.cells["previous"].notna()]
        months = [month_of(start) for start in sorted(set(there["month"]))]
        return [month for month in months if month not in self.silent and month.year_before() not in self.silent]

    def comparison(self) -> str:
        """Return of which months the changes are, where these are not all months shown; empty where they are."""
        shown, compared = sorted(set(self.cells["month"])), self.compared()
        if not compared or len(compared) == len(shown):
            return ""
        return plural(
            "Changes on the year before: over the {n} month, of {m} shown, that has one to compare ({months})",
            "Changes on the year before: over the {n} months, of {m} shown, that have one to compare ({months})",
            len(compared),
            m=languages.number(len(shown)),
            months=languages.listing(_spans(compared)),
        )

    def groups(self) -> list[tuple[str, pd.DataFrame]]:
        """Return each member's name and its cells, in their order."""
        keys = list(zip(self.cells["kind"], self.cells["member"], strict=True))
        places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
        groups = self.cells.groupby([places[key] for key in keys])
        return [(str(cells["name"].iloc[0]), cells) for _place, cells in groups]

    def figures(self) -> pd.DataFrame:
        """Return each member's revenue of each month, and of the month a year before."""
        if self.reason:
            return figure_frame([not_available("revenue", f"trend_by:{self.by}", self.period, self.reason)])
        found = []
        for cell in self.cells.to_dict("records"):
            label = f"{cell['month']:%Y-%m}"
            member = f"={cell['member']}" if cell["kind"] == "member" else cell["kind"]
            over = cell["revenue"] is not None
            figure = {
                "figure_id": f"trend_by:{self.by}:{label}:{member}",
                "kpi": "revenue",
                "period": label,
                "dimensions": {self.by: "(others)" if cell["kind"] == "others" else cell["member"]},
                "estimate": cell["revenue"],
                "unit": self.currency,
                "basis": text(_BASIS),
                "status": "observed" if over else "not observed yet",
                "reason": "" if over else not_over(month_of(cell["month"]), self.observed_until),
            }
            found.append(figure)
            if cell["previous"] is not None:
                found.append(
                    figure
                    | {
                        # Not at the end: a member may be called "Web:before".
                        "figure_id": f"trend_by:{self.by}:{label}:before:{member}",
                        "period": f"{shifted(cell['month'], -12):%Y-%m}",
                        "estimate": cell["previous"],
                        "status": "observed",
                        "reason": "",
                    }
                )
        return figure_frame(found)

    def ties_to(self) -> dict[str, Any] | None:
        """Return the revenue of the months shown, which all cells sum to."""
        if self.reason:
            return None
        return {"net_revenue": _sum(self.cells["revenue"].dropna()), "period": self._span()}

    def _span(self) -> str:
        months = self.cells["month"]
        return f"{months.min():%Y-%m}/{months.max():%Y-%m}"

    def views(self) -> list[View]:
        """Return one row a month, one column a member, and the total."""
        if self.reason:
            return [nothing_to_show(dimension_name(self.by), self.reason)]
        table = pd.DataFrame({"month": sorted(set(self.cells["month"]))})
        order = []
        for place, (name, cells) in enumerate(self.groups()):
            order.append(name)
            own = cells.set_index("month")["revenue"]
            table[f"m{place}"] = [own.get(month) for month in table["month"]]
        table["total"] = list(self.totals()["revenue"])
        table = table.astype("object").where(table.notna(), None)
        table["label"] = [languages.month(month) for month in table["month"]]
        months = [month_of(month) for month in table["month"]]
        fields = [
            Field("label", text("Month")),
            *(money(f"m{place}", name, self.currency) for place, name in enumerate(order)),
            money("total", text("Total"), self.currency),
        ]
        subtitle = text(
            "Net revenue by month and {dimension}, {currency} net of tax, {months}",
            dimension=dimension_name(self.by).lower(),
            currency=self.currency,
            months=in_words([month.start for month in months]),
        )
        notes = [each for each in (self.unlike, silence(self.silent)) if each]
        if comparison := self.comparison():
            notes.append(f"{comparison}.")
        if months[-1].last_day > self.observed_until:
            notes.append(not_over(months[-1], self.observed_until))
        return [View(self.message(), subtitle, fields, table, notes=notes)]

    def message(self) -> str:
        """Return what the months say: which members grew on the year before, or which is largest."""
        members = self.members()
        own = members[members["kind"] == "member"]
        if own.empty:
            return text("No line says its {dimension}", dimension=dimension_name(self.by).lower())
        known = []
        if not self.silent and self.cells.loc[self.cells["revenue"].notna(), "previous"].notna().all():
            growth = [estimates.growth(*pair) for pair in zip(own["compared"], own["previous"], strict=True)]
            known = [(value, name) for value, name in zip(growth, own["name"], strict=True) if estimates.tells(value)]
        if len(known) < 2:
            largest = max(own.to_dict("records"), key=lambda row: row["revenue"])  # the first of equal ones
            whole = _sum(members["revenue"])
            if not whole or whole < 0:
                return text("Revenue is not positive, so it has no shares")
            share = estimates.ratio(largest["revenue"], whole)
            return text("{member} brings {share} of revenue", member=largest["name"], share=percent(share))
        (least, last), (most, first) = min(known), max(known)
        between = len(known) - 2
        if between:
            return plural(
                "{first} moved by {most} on the year before, {last} by {least}, {n} other between them",
                "{first} moved by {most} on the year before, {last} by {least}, {n} others between them",
                between,
                first=first,
                most=percent(most, signed=True),
                last=last,
                least=percent(least, signed=True),
            )
        return text(
            "{first} moved by {most} on the year before, {last} by {least}",
            first=first,
            most=percent(most, signed=True),
            last=last,
            least=percent(least, signed=True),
        )


def _spans(months: Sequence[Period]) -> list[str]:
    """Name months, those that follow one another as one span: "January 2024 to March 2024"."""
    spans: list[list[Period]] = []
    for month in months:
        if spans and month.previous() == spans[-1][-1]:
            spans[-1].append(month)
        else:
            spans.append([month])
    return [
        run[0].name() if len(run) == 1 else text("from {first} to {last}", first=run[0].name(), last=run[-1].name())
        for run in spans
    ]


def _sum(values: pd.Series) -> Decimal | None:
    """Sum what is there; one missing part makes the sum missing."""
    return None if values.isna().any() else sum(values, Decimal(0))


def trend_by(
    lines: ibis.Table | pd.DataFrame,
    *,
    by: str,
    period: Period,
    currency: str,
    observed_until: dt.date | None = None,
    months: int = 12,
    most: int = 8,
) -> TrendBy:
    """Sum revenue by month and member, over the months that end with the period.

    Parameters
    ----------
    lines : table or DataFrame, one row a line, columns of `schema.SALES`
    by : str
        The dimension's column; lines without a value are the unknown member, never dropped.
    period : Period
        The last month shown is its last.
    currency : str
        ISO code of every amount.
    observed_until : date, optional
        Last complete day, inclusive; later months are "not observed yet". By default the period's end.
    months : int
        How many months; those before the data start, or cut by it, are left out.
    most : int
        How many members, those with the most revenue in the months shown, stand on their own.

    Raises
    ------
    ParameterError
        If there is no such column; the nearest is named.
    DataError
        If there is no line, or the period starts before the data.

    See Also
    --------
    charts.trend_by : small multiples on one scale.
    trend : all of it together.
    """
    until = observed_until or period.last_day
    if lacks(lines, by):
        empty = pd.DataFrame(columns=_COLUMNS, dtype="object")
        return TrendBy(empty, by, period, until, None, currency, ask_for(by))
    table = dimensioned(lines, by)
    days = span(table, period)
    shown = months_until(period, months, days)
    ended = [month for month in shown if month.last_day <= until] or shown  # a month not over has no revenue here
    ranked = _ranked(table, by, ended[0].start, ended[-1].end, most, name_column(table, by))
    top = list(ranked["member"])
    named = dict(zip(top, distinct_names(ranked["member"], ranked["name"]), strict=True))
    sums = {
        (row["kind"], row["member"] if row["kind"] == "member" else None, int(row["year"]), int(row["month"])): row[
            "revenue"
        ]
        for row in _sums(table, by, top, shifted(shown[0].start, -12), shown[-1].end).to_dict("records")
    }
    found = {(kind, member) for kind, member, _year, _month in sums}
    groups: list[tuple[str, str | None, str]] = [("member", member, str(named[member])) for member in top]
    if ("others", None) in found:
        groups.append(("others", None, text("All others")))
    if ("unknown", None) in found or not groups:
        groups.append(("unknown", None, text("(unknown)")))

    def revenue(kind: str, member: str | None, month: Period) -> Decimal:
        amount: Decimal = sums.get((kind, member, month.start.year, month.start.month), Decimal(0))
        return amount

    cells = [
        {
            "kind": kind, "member": member, "name": name, "month": month.start,
            "revenue": revenue(kind, member, month) if month.last_day <= until else None,
            "previous": revenue(kind, member, month.year_before()) if days.holds(month.year_before()) else None,
        }
        for kind, member, name in groups
        for month in shown
    ]  # fmt: skip
    frame = pd.DataFrame(cells, columns=_COLUMNS, dtype="object")
    both = frame[frame["revenue"].notna() & frame["previous"].notna()]
    if unlike := unlike_members(both, both["kind"] != "unknown", by, period):
        frame["previous"] = None
    asked = [month for each in shown for month in (each.year_before(), each)]
    over = [month for month in dict.fromkeys(asked) if days.holds(month) and month.last_day <= until]
    silent = silent_months(over, sold_in(table, {(year, month) for _kind, _member, year, month in sums}))
    return TrendBy(frame, by, period, until, days.first, currency, silent=silent, unlike=unlike)


@aggregation
def _ranked(lines: ibis.Table, by: str, start: dt.date, end: dt.date, most: int, named: str | None) -> ibis.Table:
    """The members with the most revenue, the largest first, and a name of each."""
    known = lines.filter(within(_.date, start, end) & _[by].notnull())
    name = known[named].max() if named else known[by].max()
    sums = known.group_by(member=_[by]).agg(revenue=_.net_revenue.sum(), name=name)
    return sums.order_by(ibis.desc("revenue"), "member").limit(most)


@aggregation
def _sums(lines: ibis.Table, by: str, top: Sequence[str], start: dt.date, end: dt.date) -> ibis.Table:
    own = _[by].isin(list(top)) if top else ibis.literal(False)
    kind = ibis.cases((lines[by].isnull(), "unknown"), (own, "member"), else_="others")
    kept = lines.filter(within(_.date, start, end)).mutate(kind=kind)
    kept = kept.mutate(member=ibis.cases((kept.kind == "member", kept[by]), else_=""))
    return kept.group_by("kind", "member", year=_.date.year(), month=_.date.month()).agg(revenue=_.net_revenue.sum())
