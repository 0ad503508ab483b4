"""Movers: which customers, products, countries ... made the revenue change, and which came or left?"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd

from perfkit import estimates
from perfkit.dimensions import ask_for, dimension_name, dimensioned, lacks
from perfkit.kpis.breakdowns import (
    MOST_FIGURES,
    ROUNDED,
    by_size,
    label,
    money,
    not_available,
    nothing_to_show,
    rounded,
)
from perfkit.kpis.members import member_sums, unlike_members
from perfkit.languages import listing, mark, number, opening, plural, show, text
from perfkit.lines import no_line, span
from perfkit.months import silence, silent_months_of
from perfkit.periods import Period
from perfkit.results import Field, Result, View, figure_frame

_BASIS = mark("Net revenue of the member in the period less that of the same period a year before")
_KINDS = {
    # Not "new" and "lost": a customer without a purchase in the same months of last year may be an old one.
    "new": mark("only now"),
    "lost": mark("only a year before"),
    "up": mark("up"),
    "down": mark("down"),
    "unchanged": mark("unchanged"),
    "credited": mark("no purchase"),
}
_COLUMNS = ["member", "name", "revenue", "previous", "change", "kind"]


@dataclass(frozen=True, eq=False)
class Movers(Result):
    """What each member of a dimension added to the change of revenue; the changes sum to it exactly.

    Attributes
    ----------
    rows : DataFrame, one row a member that sold in either period
        member: None = unknown; name; revenue, previous, change: Decimal; kind: new (no purchase a year before),
        lost (none now), up, down or unchanged (purchases in both), credited (none in either: credit notes, free lines).
    by : str
        The dimension's column.
    period : Period
    change : Decimal
        Change of revenue against the same period a year before.
    currency : str
    reason : str
        Why there are no movers (no rows then); empty where there are.
    previous_reason : str
        Says that no line is dated a year before; empty where some are.
    silent : tuple of Period
        Months of either period that may be missing (see `months.silent_months`): changes then have no tone.
    """

    rows: pd.DataFrame
    by: str
    period: Period
    change: Decimal
    currency: str
    reason: str = ""
    previous_reason: str = ""
    silent: tuple[Period, ...] = ()

    def figures(self) -> pd.DataFrame:
        """Return the change of each member: the largest ones, and the others as one."""
        stem = f"movers:{self.by}"
        if self.reason:
            return figure_frame([not_available("revenue_change", stem, self.period, self.reason)])
        ordered = self.rows.loc[by_size(self.rows["change"])]
        published, others = ordered.iloc[:MOST_FIGURES], ordered.iloc[MOST_FIGURES:]
        common = {
            "kpi": "revenue_change", "period": self.period.label, "unit": self.currency, "basis": text(_BASIS),
            "status": "observed", "reason": "",
        }  # fmt: skip
        found: list[dict[str, Any]] = [
            common
            | {
                "figure_id": f"{stem}:{self.period.label}:" + ("unknown" if member is None else f"={member}"),
                "dimensions": {self.by: member},
                "estimate": change,
            }
            for member, change in zip(published["member"], published["change"], strict=True)
        ]
        if len(others):
            found.append(
                common
                | {
                    "figure_id": f"{stem}:{self.period.label}:others",
                    "dimensions": {self.by: "(others)"},
                    "estimate": sum(others["change"], Decimal(0)),
                    "n": len(others),
                }
            )
        return figure_frame(found)

    def ties_to(self) -> dict[str, Any] | None:
        """Return the change of revenue, which the members' changes sum to."""
        return None if self.reason else {"revenue_change": self.change, "period": self.period.label}

    def counts(self) -> pd.DataFrame:
        """Return members and change by kind: what came, what left, what grew and shrank.

        What came changed revenue by what it brings now, and what left by what it had brought. Credit notes of a period
        in which their member bought nothing are of the kind credited.
        """
        rows = self.rows[self.rows["member"].notna()]
        change = {kind: sum(rows.loc[rows["kind"] == kind, "change"], Decimal(0)) for kind in _KINDS}
        for kind, column, sign in (("new", "previous", -1), ("lost", "revenue", 1)):
            apart = sign * sum(rows.loc[rows["kind"] == kind, column], Decimal(0))
            change[kind] -= apart
            change["credited"] += apart
        return pd.DataFrame(
            [{"kind": kind, "members": int((rows["kind"] == kind).sum()), "change": change[kind]} for kind in _KINDS],
        )

    def views(self, most: int = 10) -> list[View]:
        """Return the members that moved most, the others as one, the unknown, and the total; then counts by kind.

        Parameters
        ----------
        most : int
            How many members have a row of their own.
        """
        if self.reason:
            return [nothing_to_show(text("Largest movers by {dimension}", dimension=self._dimension()), self.reason)]
        known = self.rows[self.rows["member"].notna()]
        known = known.loc[by_size(known["change"])]
        top, others = known.iloc[:most], known.iloc[most:]
        if len(others) == 1:
            top, others = known, known.iloc[:0]
        rows = [row | {"label": label(row), "shown_kind": text(_KINDS[row["kind"]])} for row in _records(top)]
        if len(others):
            rows.append(self._together(others) | {"label": plural("{n} other", "{n} others", len(others))})
        unknown = self.rows[self.rows["member"].isna()]
        rows += [row | {"label": label(row), "shown_kind": ""} for row in _records(unknown)]
        rows.append(self._together(self.rows) | {"label": text("Total")})
        table = pd.DataFrame(rows, dtype="object")
        table["tone"] = [None if self.silent else estimates.tone(change, self.currency) for change in table["change"]]
        fields = [
            Field("label", dimension_name(self.by)),
            money("previous", self.period.year_before().name(), self.currency),
            money("revenue", self.period.name(), self.currency),
            money("change", text("Change"), self.currency, signed=True, tone_from="tone", bar=True),
            Field("shown_kind", text("Movement")),
        ]
        subtitle = text(
            "Change of net revenue by {dimension}, {period} against {previous}, {currency} net of tax",
            dimension=self._dimension(),
            period=self.period.name(),
            previous=self.period.year_before().name(),
            currency=self.currency,
        )
        kinds = [
            text(
                "{kind}: {n} ({change})",
                kind=text(_KINDS[each["kind"]]),
                n=number(each["members"]),
                change=show(each["change"], self.currency, signed=True),
            )
            for each in _records(self.counts())
            if each["members"] and each["kind"] != "credited"
        ]
        notes = [f"{opening(listing(kinds))}."] if kinds else []
        credits = self.counts().set_index("kind").loc["credited", "change"]
        if credits:
            notes.append(
                text(
                    "Credit notes of a period without a purchase make up the rest of the change ({change}): a credit "
                    "note is no purchase.",
                    change=show(credits, self.currency, signed=True),
                )
            )
        if self.previous_reason and not (self.silent and self.previous_reason == no_line(self.period.year_before())):
            notes.append(self.previous_reason)
        if self.silent:
            notes.append(silence(self.silent))
        if rounded(table, ("revenue", "previous", "change")):
            notes.append(text(ROUNDED))
        return [View(self._message(), subtitle, fields, table, total=True, notes=notes)]

    def _dimension(self) -> str:
        return dimension_name(self.by).lower()

    def _together(self, rows: pd.DataFrame) -> dict[str, Any]:
        sums = {column: sum(rows[column], Decimal(0)) for column in ("revenue", "previous", "change")}
        return dict.fromkeys(_COLUMNS) | sums | {"shown_kind": ""}

    def _message(self) -> str:
        if self.rows["member"].isna().all():
            return text("No line says its {dimension}", dimension=self._dimension())
        gains = sum((change for change in self.rows["change"] if change > 0), Decimal(0))
        losses = sum((change for change in self.rows["change"] if change < 0), Decimal(0))
        return text(
            "By {dimension}, {gains} gained and {losses} lost: {change} in all",
            gains=show(gains, self.currency),
            losses=show(-losses, self.currency),
            dimension=self._dimension(),
            change=show(self.change, self.currency, signed=True),
        )


def movers(lines: ibis.Table | pd.DataFrame, *, by: str, period: Period, currency: str) -> Movers:
    """Split the change of revenue against a year before by the members of a dimension.

    Parameters
    ----------
    lines : table or DataFrame, one row a line, columns of `schema.SALES`
    by : str
        The dimension's column; lines without a value are the unknown member.
    period : Period
    currency : str
        ISO code of every amount.

    Raises
    ------
    ParameterError
        If there is no such column; the nearest is named.
    DataError
        If there is no line, or the period starts before the data.

    See Also
    --------
    charts.movers : the largest changes as bars.
    """

    def nothing(reason: str) -> Movers:
        return Movers(pd.DataFrame(columns=_COLUMNS, dtype="object"), by, period, Decimal(0), currency, reason)

    if lacks(lines, by):
        return nothing(ask_for(by))
    table, before = dimensioned(lines, by), period.year_before()
    days = span(table, period)
    if not days.holds(before):
        return nothing(days.why_not())
    rows = member_sums(table, by, period, before).rename(columns={"variance": "change"})
    if unlike := unlike_members(rows, rows["member"].notna(), by, period):
        return nothing(unlike)
    bought = zip(rows["purchases"], rows["previous_purchases"], rows["change"], strict=True)
    rows["kind"] = [_kind(*each) for each in bought]
    none_before = "" if any(rows["lines_before"]) else no_line(before)
    change, silent = sum(rows["change"], Decimal(0)), silent_months_of(table, period, days)
    return Movers(rows[_COLUMNS], by, period, change, currency, previous_reason=none_before, silent=silent)


def _kind(now: int, before: int, change: Decimal) -> str:
    """What tells who came and went is purchases: a credit note is none."""
    if not before:
        return "new" if now else "credited"
    if not now:
        return "lost"
    return "unchanged" if change == 0 else "up" if change > 0 else "down"


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]
