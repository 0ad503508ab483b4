"""Versus: two periods, or two parts of the business, side by side: which figures differ, and may they be compared?"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd

from perfkit import estimates
from perfkit.dimensions import dimension_name, dimensioned, distinct_names
from perfkit.errors import DataError, ParameterError
from perfkit.ids import escaped
from perfkit.kpis.breakdowns import ROUNDED, by_size, label, multiples, rounded, with_growth_shown
from perfkit.kpis.catalogue import CATALOGUE
from perfkit.kpis.comparisons import compared
from perfkit.kpis.measures import Value, measured_values
from perfkit.kpis.members import member_sums
from perfkit.languages import date, in_sentence, listing, number, percent, plural, show, text
from perfkit.lines import checked, span
from perfkit.months import silence, silent_months_of, within_any
from perfkit.periods import Period, calendar_in_words, working_days
from perfkit.results import Field, Result, View, figure_frame

_COLUMNS = ["member", "name", "a", "b", "variance", "growth"]


@dataclass(frozen=True)
class Side:
    """One of the two that are compared.

    Attributes
    ----------
    id : str
        Free of language: the period's label and, of a part, @ and what figures call the part.
    name : str
        What readers call it.
    period : Period
    working_days : int
    """

    id: str
    name: str
    period: Period
    working_days: int


@dataclass(frozen=True, eq=False)
class Comparison(Result):
    """The KPIs of two periods or two parts, side by side.

    Attributes
    ----------
    rows : DataFrame, one row a KPI that either side has
        kpi; name, basis: message ids; unit, decimals, direction; a, b: as in a scorecard, None where there is none,
        and then a_reason, b_reason say why. variance: a less b, in `variance_unit`; growth: relative, None for
        shares and from 0 or less; tone: "good", "bad" or None, and None between parts: to be larger is no performance.
        Where the two may not be set against each other, variance and growth are None and unlike is True.
    members : DataFrame, one row a member of `by`; empty where that is
        member: None = unknown; name; a, b, variance: Decimal, revenue; growth. They sum to both sides' revenue.
    a, b : Side
    by : str
    currency : str
    calendar : str
        See `periods.working_days`.
    silent : tuple of Period
        Months of either side that may be missing from its lines (see `months.silent_months`): then no tone.
    remarks : tuple of str
        What whoever chose the sides has to say of them, in the language in use then.
    of_parts : bool
        Two parts of the business are compared, and not one business at two times.
    """

    rows: pd.DataFrame
    members: pd.DataFrame
    a: Side
    b: Side
    by: str
    currency: str
    calendar: str = ""
    remarks: tuple[str, ...] = ()
    silent: tuple[Period, ...] = ()
    of_parts: bool = False

    def row(self, kpi: str) -> dict[str, Any]:
        """Return one KPI's row."""
        found: dict[str, Any] = self.rows[self.rows["kpi"] == kpi].iloc[0].to_dict()
        return found

    @property
    def seasons_differ(self) -> bool:
        """Whether the two periods hold different months of a year, so that a season may be the difference."""
        months = [{month.start.month for month in side.period.months()} for side in (self.a, self.b)]
        return months[0] != months[1]

    @property
    def shared_days(self) -> tuple[dt.date, dt.date] | None:
        """The first and the last day that are on both sides; None where there is none, or parts are compared."""
        a, b = self.a.period, self.b.period
        first, last = max(a.start, b.start), min(a.last_day, b.last_day)
        return None if self.of_parts or first > last else (first, last)

    def figures(self) -> pd.DataFrame:
        """Return each KPI's difference and both sides, then the members' differences."""
        stem = f"comparison:{self.a.id}:{self.b.id}"
        found: list[dict[str, Any]] = []
        for row in self.rows.to_dict("records"):
            common = {"kpi": row["kpi"], "basis": text(row["basis"])}
            known = row["variance"] is not None
            found.append(common | {
                "figure_id": f"{stem}:{row['kpi']}", "estimate": row["variance"], "unit": row["variance_unit"],
                "status": "observed" if known else "not available",
                "reason": "" if known else row["a_reason"] or row["b_reason"] or self._not_alike(),
            })  # fmt: skip
            for key, side in (("a", self.a), ("b", self.b)):
                found.append(common | {
                    "figure_id": f"{stem}:{row['kpi']}:{key}", "period": side.period.label, "estimate": row[key],
                    "unit": row["unit"], "status": row[f"{key}_status"], "reason": row[f"{key}_reason"],
                })  # fmt: skip
        found += [
            {
                "figure_id": f"{stem}:{self.by}:" + ("unknown" if row["member"] is None else f"={row['member']}"),
                "kpi": "revenue_change", "estimate": row["variance"], "unit": self.currency, "status": "observed",
                "reason": "", "dimensions": {self.by: row["member"]}, "basis": text(CATALOGUE["revenue"].basis),
            }
            for row in self.members.to_dict("records")
        ]  # fmt: skip
        return figure_frame(found)

    def ties_to(self) -> dict[str, Any]:
        """Return both sides' revenue and their difference, which the members sum to."""
        row = self.row("revenue")
        return {"net_revenue": row["a"], "net_revenue_b": row["b"], "revenue_change": row["variance"]}

    def views(self, most: int = 12) -> list[View]:
        """Return the KPIs side by side; then the members of `by`, those that differ most first.

        Parameters
        ----------
        most : int
            How many members have a row of their own.
        """
        rows = with_growth_shown(self.rows.assign(shown=[text(name) for name in self.rows["name"]]))
        fields = [
            Field("shown", text("Figure")),
            Field("a", self.a.name, unit_from="unit", decimals_from="decimals"),
            Field("b", self.b.name, unit_from="unit", decimals_from="decimals"),
            Field(
                "variance", text("Difference"), unit_from="variance_unit", decimals_from="decimals", signed=True,
                tone_from="tone",
            ),
            Field("growth_shown", text("Difference, %"), unit="share", signed=True, tone_from="tone"),
        ]  # fmt: skip
        views = [View(self._message(), self._scope(), fields, rows, notes=[*self._notes(), *multiples(rows, "shown")])]
        return [*views, self._member_view(most)] if len(self.members) else views

    def _message(self) -> str:
        row = self.row("revenue")
        values = {
            "a": self.a.name,
            "b": _within(self.b.name),
            "value": show(row["a"], self.currency),
            "other": show(row["b"], self.currency),
            "growth": percent(row["growth"], signed=True),
        }
        if not estimates.tells(row["growth"]) or self.silent:
            return text("Net revenue of {a}: {value}; of {b}: {other}", **values)
        return text("Net revenue of {a}: {value}, {growth} against {b}", **values)

    def _scope(self) -> str:
        values = {"a": self.a.period.name(), "b": self.b.period.name(), "currency": self.currency}
        if self.a.period == self.b.period:
            return text("{a}, money in {currency} net of tax", **values)
        return text("{a} against {b}, money in {currency} net of tax", **values)

    def _notes(self) -> list[str]:
        notes = [*self.remarks, *filter(None, [silence(self.silent)])]
        if self.seasons_differ:
            notes.append(
                text(
                    "{a} and {b} are not the same months of a year: a season may be the whole difference. "
                    "The same months: {other}.",
                    a=self.a.period.name(),
                    b=self.b.period.name(),
                    other=self.a.period.year_before().name(),
                )
            )
        if self.shared_days:
            notes.append(
                text(
                    "The days from {first} to {last} are on both sides: the whole difference is of the other days.",
                    first=date(self.shared_days[0]),
                    last=date(self.shared_days[1]),
                )
            )
        if self.a.period != self.b.period:
            notes.append(
                text(
                    "Working days: {n} in {period}, {m} in {previous} ({calendar}).",
                    n=number(self.a.working_days),
                    m=number(self.b.working_days),
                    period=self.a.period.name(),
                    previous=self.b.period.name(),
                    calendar=calendar_in_words(self.calendar),
                )
            )
        rows = self.rows.to_dict("records")
        for key, side in (("a", self.a), ("b", self.b)):
            named: dict[str, list[str]] = {}
            for row in rows:
                if row[f"{key}_reason"]:
                    named.setdefault(row[f"{key}_reason"], []).append(text(row["name"]))
            notes += [
                text("{figures}, {side}: {reason}", figures=listing(figures), side=side.name, reason=reason)
                for reason, figures in named.items()
            ]
        unlike = [text(row["name"]) for row in rows if row["unlike"]]
        if unlike:
            notes.append(text("{figures}: {reason}", figures=listing(unlike), reason=self._not_alike()))
        changes = ("a", "b", "variance")
        if rounded(self.rows, changes, unit="unit", decimals="decimals") or rounded(self.members, changes):
            notes.append(text(ROUNDED))
        return notes

    def _not_alike(self) -> str:
        """Why two figures that are there are not set against each other."""
        if self.of_parts:
            return text("not compared: the data that it needs cover another share of the one part than of the other.")
        return text("not compared: the two periods do not cover the same share of the business.")

    def _member_view(self, most: int) -> View:
        unknown = self.members[self.members["member"].isna()]
        known = self.members[self.members["member"].notna()]
        ordered = known.loc[by_size(known["variance"])]
        top, others = ordered.iloc[:most], ordered.iloc[most:]
        if len(others) == 1:
            top, others = ordered, ordered.iloc[:0]
        shown = [row | {"label": label(row)} for row in top.to_dict("records")]
        if len(others):
            shown.append(_together(others) | {"label": plural("{n} other", "{n} others", len(others))})
        shown += [row | {"label": label(row)} for row in unknown.to_dict("records")]
        shown.append(_together(self.members) | {"label": text("Total")})
        table = with_growth_shown(pd.DataFrame(shown, dtype="object"))
        untold = self.silent or self.of_parts
        table["tone"] = [None if untold else estimates.tone(value, self.currency) for value in table["variance"]]
        fields = [
            Field("label", dimension_name(self.by)),
            Field("a", self.a.name, unit=self.currency),
            Field("b", self.b.name, unit=self.currency),
            Field("variance", text("Difference"), unit=self.currency, signed=True, tone_from="tone", bar=True),
            Field("growth_shown", text("Difference, %"), unit="share", signed=True, tone_from="tone"),
        ]
        title = text("No line says its {dimension}", dimension=dimension_name(self.by).lower())
        if len(ordered):
            largest = ordered.iloc[0]
            title = text(
                "{member} differs most: {change}",
                member=label(largest),
                change=show(largest["variance"], self.currency, signed=True),
            )
        by = in_sentence(dimension_name(self.by))
        subtitle = text("Net revenue by {dimension}, the largest differences first", dimension=by)
        return View(title, f"{subtitle}, {self._scope()}", fields, table, total=True, notes=multiples(table))


def compare(
    a: ibis.Table | pd.DataFrame,
    b: ibis.Table | pd.DataFrame,
    *,
    periods: tuple[Period, Period],
    currency: str,
    names: tuple[str, str] = ("", ""),
    ids: tuple[str, str] = ("", ""),
    by: str = "",
    calendar: str = "",
    remarks: Sequence[str] = (),
) -> Comparison:
    """Set two periods, or two parts of one period, side by side.

    Parameters
    ----------
    a, b : table or DataFrame, one row a line, columns of `schema.SALES`
        Full history of each side: for two periods, the same lines twice.
    periods : pair of Period
        As long as each other.
    currency : str
        ISO code of every amount.
    names : pair of str, optional
        What the parts are called; a period is called by its name.
    ids : pair of str, optional
        What figures call the parts, free of language; by default their names.
    by : str, optional
        A dimension, whose members' revenue is set side by side too.
    calendar : str, optional
        Whose working days (see `periods.working_days`).
    remarks : sequence of str, optional
        What a reader must know of how the sides were chosen.

    Raises
    ------
    ParameterError
        If the periods are not as long as each other, or the two sides are one and the same.
    DataError
        If a side has no line, its period starts before the data, or they hold a part of one period only.
    """
    first, second = periods
    lengths = [len(period.months()) for period in periods]
    if lengths[0] != lengths[1]:
        raise ParameterError(
            f"{first.label} has {lengths[0]} months and {second.label} has {lengths[1]}: the longer one is larger "
            "whatever happened. Compare periods of one length."
        )
    of_parts = (names[0] or ids[0]) != (names[1] or ids[1])
    if (first.start, first.end) == (second.start, second.end) and not of_parts:
        raise ParameterError(
            f"{first.label} is compared with itself"
            + ("" if first.label == second.label else f": {second.label} has the same days")
            + ". Give two periods, or two parts of one."
        )
    _refuse_a_part_of_one(first, second)
    sides = tuple(
        Side(_id(period, id or name), name or period.name(), period, working_days(period, calendar))
        for id, name, period in zip(ids, names, periods, strict=True)
    )
    measured = [_measured(lines, period, calendar) for lines, period in zip((a, b), periods, strict=True)]
    rows = [_row(kpi, currency, *(side[kpi] for side in measured), of_parts=of_parts) for kpi in CATALOGUE]
    rows = [row for row in rows if row["a"] is not None or row["b"] is not None]
    members = pd.DataFrame(columns=_COLUMNS, dtype="object")
    if by:
        members = _members(
            *(
                member_sums(dimensioned(lines, by), by, period, period.year_before())
                for lines, period in zip((a, b), periods, strict=True)
            )
        )
    frame = pd.DataFrame(rows, dtype="object")
    found = [_silent(lines, period) for lines, period in zip((a, b), periods, strict=True)]
    silent = tuple(sorted({month for months in found for month in months}, key=lambda month: month.start))
    if silent or of_parts:
        frame["tone"] = None
    return Comparison(frame, members, sides[0], sides[1], by, currency, calendar, tuple(remarks), silent, of_parts)


def _refuse_a_part_of_one(first: Period, second: Period) -> None:
    """Refuse a period that the data start within against one that they hold whole: days without data are no change."""
    missing = [(period.since - period.start).days if period.since else 0 for period in (first, second)]
    if missing[0] == missing[1]:
        return
    cut, whole = (first, second) if missing[0] > missing[1] else (second, first)
    raise DataError(
        f"The data hold {cut.label} from {cut.since} only, and {whole.label} from {whole.since or whole.start}: the "
        f"days that {cut.label} lacks would be told as a change. Compare periods that start on or after {cut.end}."
    )


def _within(name: str) -> str:
    """A side's name as it stands within a sentence: what is called "All others" is no name of somebody's."""
    others = text("All others")
    return in_sentence(others) + name.removeprefix(others) if name.startswith(others) else name


def _id(period: Period, part: str) -> str:
    """What figures call a side: its period and, where it is a part, which."""
    return period.label + ("@" + escaped(part, ":@") if part else "")


def _measured(lines: ibis.Table | pd.DataFrame, period: Period, calendar: str) -> dict[str, Value]:
    """One side's values."""
    table, before = checked(lines), period.year_before()
    days = {"now": working_days(period, calendar), "before": working_days(before, calendar)}
    return measured_values(table, period, before, span(table, period), working_days=days)["now"]


def _silent(lines: ibis.Table | pd.DataFrame, period: Period) -> list[Period]:
    """The silent months of one side's own period."""
    table = checked(lines)
    return [month for month in silent_months_of(table, period, span(table, period)) if within_any(month, period)]


def _row(kpi: str, currency: str, a: Value, b: Value, *, of_parts: bool) -> dict[str, Any]:
    row = compared(CATALOGUE[kpi], currency, a, b, None, "", of_parts=of_parts)
    kept = ("kpi", "name", "basis", "unit", "decimals", "direction", "variance_unit", "unlike")
    return {key: row[key] for key in kept} | {
        "a": a.actual,
        "b": b.actual,
        "variance": row["variance_previous"],
        "growth": row["growth_previous"],
        "tone": row["tone_previous"],
        "a_status": a.status,
        "a_reason": a.reason,
        "b_status": b.status,
        "b_reason": b.reason,
    }


def _members(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Both sides' revenue by member; one that is on one side only sold nothing on the other."""
    called: dict[str | None, str | None] = {}
    sums: dict[str | None, list[Decimal]] = {}
    for place, rows in enumerate((a, b)):
        sold = rows.loc[[lines > 0 for lines in rows["lines"]]]
        for member, name, revenue in zip(sold["member"], sold["given_name"], sold["revenue"], strict=True):
            called[member] = called.get(member) or name
            sums.setdefault(member, [Decimal(0), Decimal(0)])[place] = revenue
    # Two of one name may stand on different sides.
    names = distinct_names(*(pd.Series(list(each), dtype="object") for each in (called, called.values())))
    return pd.DataFrame(
        [
            {
                "member": member, "name": name, "a": one, "b": other, "variance": one - other,
                "growth": estimates.growth(one, other),
            }
            for (member, (one, other)), name in zip(sums.items(), names, strict=True)
        ],
        columns=_COLUMNS,
        dtype="object",
    )  # fmt: skip


def _together(rows: pd.DataFrame) -> dict[str, Any]:
    sums = {column: sum(rows[column], Decimal(0)) for column in ("a", "b", "variance")}
    return dict.fromkeys(_COLUMNS) | sums | {"growth": estimates.growth(sums["a"], sums["b"])}
