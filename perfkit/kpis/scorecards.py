"""The scorecard: where does the company stand, against its targets and the same period a year before?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import pandas as pd

from perfkit import estimates, languages
from perfkit.kpis.breakdowns import ROUNDED, multiples, rounded, with_growth_shown
from perfkit.kpis.catalogue import CATALOGUE
from perfkit.kpis.chance import of_ratios
from perfkit.kpis.comparisons import compared
from perfkit.kpis.measures import measured_values
from perfkit.kpis.targets import checked_targets, target_of
from perfkit.languages import mark, number, opening, percent, plural, show, text
from perfkit.lines import checked, span
from perfkit.months import silence, silent_months_of, within_any
from perfkit.periods import Period, calendar_in_words, working_days
from perfkit.results import Field, Result, View, figure_frame


@dataclass(frozen=True, eq=False)
class Scorecard(Result):
    """The KPIs of a period, against its target and the same period a year before.

    Attributes
    ----------
    rows : DataFrame, one row a KPI of the catalogue
        kpi; name, basis: message ids; unit: currency code, count or share; decimals: shown, None leaves
        it to the unit; direction: +1, -1 or 0.
        actual, previous, target: Decimal for sums of money, int for counts, float for ratios; None
        where there is none, and then `reason` or `previous_reason` says why (in the language in
        use when it was computed). low, high, level, n: of the actual, where it is estimated.
        variance_previous, variance_target: actual less the other, in `variance_unit`;
        growth_previous: relative, None for shares and from a base of 0 or less;
        attainment: actual / target. tone_previous, tone_target: "good", "bad" or None (a change that
        shows as zero has no tone). change_low, change_high, change_n: between what variance_previous lies for all
        that chance explains, and of how many customers, for the KPIs of `chance.OF_CUSTOMERS`; None where too few
        customers make it. unlike: the two periods' values speak of different shares of the
        business, so they are not compared.
        status, reason, previous_status, previous_reason, target_reason.
    period, previous : Period
    currency : str
    revenue_date : str
        The company's words for the day on which revenue counts.
    working_days, previous_working_days : int
        Of the period and of the year before, in `calendar`.
    calendar : str
        See `periods.working_days`.
    silent : tuple of Period
        Months of the period and of the year before that may be missing (see `months.silent_months`). Where there are
        any, changes have no tone; where one lies in the period, gaps to targets have none either.
    """

    rows: pd.DataFrame
    period: Period
    previous: Period
    currency: str
    revenue_date: str
    working_days: int
    previous_working_days: int
    calendar: str = ""
    silent: tuple[Period, ...] = ()

    def silent_here(self) -> tuple[Period, ...]:
        """Return the silent months of the period itself: until they are there, no target of it is missed or reached."""
        return tuple(month for month in self.silent if within_any(month, self.period))

    def row(self, kpi: str) -> dict[str, Any]:
        """Return one KPI's row."""
        found: dict[str, Any] = self.rows[self.rows["kpi"] == kpi].iloc[0].to_dict()
        return found

    def figures(self) -> pd.DataFrame:
        """Return each KPI of the period, of the year before and as targeted."""
        return figure_frame(figure for row in self.rows.to_dict("records") for figure in self._figures(row))

    def _figures(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        common = {"kpi": row["kpi"], "unit": row["unit"], "basis": text(row["basis"])}
        actual = common | {
            "figure_id": figure_id(self.period, row["kpi"]),
            "period": self.period.label,
            "estimate": row["actual"],
            **{column: row[column] for column in ("low", "high", "level", "n", "status", "reason")},
        }
        previous = common | {
            "figure_id": figure_id(self.previous, row["kpi"]),
            "period": self.previous.label,
            "estimate": row["previous"],
            **{column: row[f"previous_{column}"] for column in ("low", "high", "level", "n", "status", "reason")},
        }
        target = common | {
            "figure_id": f"target:{self.period.label}:{row['kpi']}",
            "period": self.period.label,
            "estimate": row["target"],
            "basis": text("Target set by the company"),
            "status": "not available" if row["target"] is None else "observed",
            "reason": row["target_reason"],
        }
        return [actual, previous, *([target] if row["target"] is not None or row["target_reason"] else [])]

    def ties_to(self) -> dict[str, Any]:
        """Return the revenue of the period, which every part of the report sums to."""
        return {"net_revenue": self.row("revenue")["actual"], "period": self.period.label}

    def views(self) -> list[View]:
        """Return the scorecard as a table: columns of the year before and of targets only where there are any."""
        rows = self.rows.assign(
            shown=[text(name) for name in self.rows["name"]],
            tone_growth=[
                tone if estimates.tone(growth, "share") else None
                for tone, growth in zip(self.rows["tone_previous"], self.rows["growth_previous"], strict=True)
            ],
            tone_attainment=self.rows["tone_target"].where(self.rows["attainment"].notna(), None),
        )
        # Without a unit an empty cell is empty, not "n/a": points have no growth, and most figures no target.
        is_share = self.rows["variance_unit"] == "points"
        targeted = self.rows["target"].notna() | (self.rows["target_reason"] != "")
        units = {
            "growth_unit": ("share", ~is_share),
            "target_unit": (self.rows["unit"], targeted),
            "gap_unit": (self.rows["variance_unit"], targeted),
            "attainment_unit": ("share", targeted & ~is_share),
        }
        for column, (unit, where) in units.items():
            own = pd.Series(unit, index=rows.index, dtype="object")
            rows[column] = own.where(where, None)
        rows = with_growth_shown(rows, "growth_previous")
        fields = [
            Field("shown", text("Figure")),
            Field("actual", self.period.name(), unit_from="unit", decimals_from="decimals"),
        ]
        if self.rows["previous"].notna().any():
            fields += [
                Field("previous", self.previous.name(), unit_from="unit", decimals_from="decimals"),
                Field(
                    "variance_previous",
                    text("Change"),
                    unit_from="variance_unit",
                    decimals_from="decimals",
                    signed=True,
                    tone_from="tone_previous",
                ),
                Field("growth_shown", text("Change, %"), unit_from="growth_unit", signed=True, tone_from="tone_growth"),
            ]
        if self.rows["target"].notna().any():
            fields += [
                Field("target", text("Target"), unit_from="target_unit", decimals_from="decimals"),
                Field(
                    "variance_target",
                    text("Gap to target"),
                    unit_from="gap_unit",
                    decimals_from="decimals",
                    signed=True,
                    tone_from="tone_target",
                ),
                Field("attainment", text("Attainment, %"), unit_from="attainment_unit", tone_from="tone_attainment"),
            ]
        of = {
            "period": self.period.name(),
            "previous": self.previous.name(),
            "currency": self.currency,
            "revenue_date": text(self.revenue_date),
        }
        if self.rows["previous"].notna().any():
            subtitle = text(
                "{period} against {previous}, money in {currency} net of tax; revenue by {revenue_date}", **of
            )
        else:
            subtitle = text("{period}, money in {currency} net of tax; revenue by {revenue_date}", **of)
        notes = [*self._notes(), *multiples(rows, "shown", "growth_previous")]
        return [View(self._message(), opening(subtitle), fields, rows, notes=list(map(opening, notes)))]

    def _message(self) -> str:
        row = self.row("revenue")
        values = {
            "period": self.period.name(),
            "value": show(row["actual"], self.currency),
            "previous": self.previous.name(),
            "growth": percent(row["growth_previous"], signed=True),
            "attainment": percent(row["attainment"]),
        }
        if self.silent:
            values["months"] = languages.listing(month.name() for month in self.silent)
            return text("Net revenue in {period}: {value}; no line is dated in {months}", **values)
        grew, planned = estimates.tells(row["growth_previous"]), row["attainment"] is not None
        if grew and planned:
            return text("Net revenue in {period}: {value}, {growth} on {previous}, {attainment} of target", **values)
        if grew:
            return text("Net revenue in {period}: {value}, {growth} on {previous}", **values)
        if planned:
            return text("Net revenue in {period}: {value}, {attainment} of target", **values)
        return text("Net revenue in {period}: {value}", **values)

    def _notes(self) -> list[str]:
        notes = [silence(self.silent)] if self.silent else []
        for row in self.rows.to_dict("records"):
            if row["low"] is not None:
                notes.append(
                    plural(
                        "{figure}: between {low} and {high} with {level} confidence, {n} customer.",
                        "{figure}: between {low} and {high} with {level} confidence, {n} customers.",
                        row["n"],
                        figure=text(row["name"]),
                        low=show(row["low"], row["unit"]),
                        high=show(row["high"], row["unit"]),
                        level=percent(row["level"], 0),
                    )
                )
        for column, of in (("reason", None), ("previous_reason", self.previous), ("target_reason", None)):
            named: dict[str, list[str]] = {}
            for row in self.rows.to_dict("records"):
                if row[column] and not (column == "previous_reason" and row["status"] == "not available"):
                    named.setdefault(row[column], []).append(text(row["name"]))
            for reason, figures in named.items():
                values = {"figures": languages.listing(figures), "reason": reason}
                if of is None:
                    notes.append(text("{figures}: {reason}", **values))
                elif len(figures) == (self.rows["status"] != "not available").sum():
                    notes.append(text("Nothing to compare in {previous}: {reason}", previous=of.name(), reason=reason))
                else:
                    notes.append(text("{figures} in {previous}: {reason}", previous=of.name(), **values))
        unlike = [text(row["name"]) for row in self.rows.to_dict("records") if row["unlike"]]
        if unlike:
            why = text("not compared: the two periods do not cover the same share of the business.")
            notes.append(text("{figures}: {reason}", figures=languages.listing(unlike), reason=why))
        changes = (("actual", "previous", "variance_previous"), ("actual", "target", "variance_target"))
        if rounded(self.rows, *changes, unit="unit", decimals="decimals"):
            notes.append(text(ROUNDED))
        return [*notes, *self._days()]

    def _days(self) -> list[str]:
        """Say how many working days both periods have, and how many days where those differ."""
        values = {"period": self.period.name(), "previous": self.previous.name()}
        if self.row("revenue")["variance_previous"] is None:
            worked, calendar = number(self.working_days), calendar_in_words(self.calendar)
            return [text("Working days: {n} in {period} ({calendar}).", n=worked, calendar=calendar, **values)]
        notes = [
            text(
                "Working days: {n} in {period}, {m} in {previous} ({calendar}).",
                n=number(self.working_days),
                m=number(self.previous_working_days),
                calendar=calendar_in_words(self.calendar),
                **values,
            )
        ]
        if self.period.days != self.previous.days:
            days = {"n": self.period.days, "m": self.previous.days}
            notes.append(text("{period} has {n} days, {previous} {m}.", **values, **days))
        return notes


def figure_id(period: Period, kpi: str) -> str:
    """Return the id of a KPI's figure: free of language, the same in every run."""
    return f"scorecard:{period.label}:{kpi}"


def scorecard(
    lines: ibis.Table | pd.DataFrame,
    *,
    period: Period,
    currency: str,
    targets: pd.DataFrame | None = None,
    revenue_date: str = mark("date of the document"),
    calendar: str = "",
) -> Scorecard:
    """Compute every KPI of the catalogue that the columns at hand allow.

    Parameters
    ----------
    lines : table or DataFrame, one row a line, columns of `schema.SALES`
        Give the full history: a customer's first line here makes a new customer, and the year
        before is read from it. A column that is absent makes its KPIs "not available".
    period : Period
        Complete; set against the same one a year before.
    currency : str
        ISO code of every amount.
    targets : DataFrame, optional
        kpi, period (any day of a month), value [, dimension, member, version]; see `targets`.
    revenue_date : str
        The company's words for the day on which revenue counts.
    calendar : str
        Whose working days: "FR", "FR-57", "GB" ...; "" = Monday to Friday (see `periods.working_days`).

    Raises
    ------
    ParameterError
        If there is no such calendar, or a target's KPI is not in the catalogue; the nearest is named.
    DataError
        If a required column is absent, there is no line, or the period starts before the data.

    See Also
    --------
    charts.scorecard : the variances as bars.
    """
    table = checked(lines)
    days, before = span(table, period), period.year_before()
    worked = {"now": working_days(period, calendar), "before": working_days(before, calendar)}
    measured = measured_values(table, period, before, days, working_days=worked)
    planned = checked_targets(targets)
    silent = silent_months_of(table, period, days)
    here = any(within_any(month, period) for month in silent)
    rows = []
    for kpi in CATALOGUE.values():
        if kpi.id == "cost_coverage" and "cost" not in table.columns:
            continue
        actual, previous = measured["now"][kpi.id], measured["before"][kpi.id]
        target = target_of(planned, kpi, period)
        row = compared(kpi, currency, actual, previous, target.value, target.reason)
        if silent:
            row |= {"tone_previous": None} | ({"tone_target": None} if here else {})
        rows.append(row)
    moved = of_ratios(table, period, before) if any(row["variance_previous"] is not None for row in rows) else {}
    for row in rows:
        change = moved.get((None, row["kpi"])) if row["variance_previous"] is not None else None
        low, high = change.interval() if change else (None, None)
        row |= {"change_low": low, "change_high": high, "change_n": change and change.n}
    frame = pd.DataFrame(rows, dtype="object")
    return Scorecard(frame, period, before, currency, revenue_date, worked["now"], worked["before"], calendar, silent)
