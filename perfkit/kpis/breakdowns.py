"""A breakdown: which countries, products, channels ... make the revenue, and which gained or lost?"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit import estimates, languages
from perfkit.aggregations import aggregation
from perfkit.errors import ParameterError, unknown
from perfkit.kpis.catalogue import dimension_name, is_known_dimension
from perfkit.kpis.lines import ask_for, checked, is_in, is_purchase, span
from perfkit.languages import mark, percent, plural, show, text
from perfkit.periods import Period
from perfkit.results import Field, Result, View, figure_frame

MOST_FIGURES = 1_000
"""Members published one by one; the others stand in one figure, so that the sum still ties."""

_BASIS = mark("Sum of net revenue of the member's lines dated in the period")


_NO_ROWS = pd.DataFrame(
    columns=[
        "member", "name", "revenue", "share", "previous", "variance", "growth", "orders", "customers",
        "costed", "gross_profit", "margin_rate",
    ],
    dtype="object",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Breakdown(Result):
    """Revenue by the members of a dimension; the members sum to the totals exactly.

    Attributes
    ----------
    rows : DataFrame, one row a member that sold in either period
        member: None = unknown. name: what it is called, the member itself where the data have no name.
        revenue, previous, variance: Decimal; previous and variance None where the data start later.
        share: of the total, None unless that is positive. growth: None from a base of 0 or less.
        orders, customers: int or None. costed: revenue of the lines whose cost is known; gross_profit,
        margin_rate: theirs; None where there are none.
    by : str
        The dimension's column.
    period : Period
    total : Decimal
    previous_total : Decimal or None
    currency : str
    previous_reason : str
        Why there is no previous period; empty where there is.
    reason : str
        Why there is no breakdown (the data lack the dimension: no rows then); empty where there is.
    """

    rows: pd.DataFrame
    by: str
    period: Period
    total: Decimal
    previous_total: Decimal | None
    currency: str
    previous_reason: str = ""
    reason: str = ""

    def figures(self) -> pd.DataFrame:
        """Return each member's revenue in both periods: the largest ones, and the others as one."""
        if self.reason:
            return figure_frame([not_available("revenue", f"breakdown:{self.by}", self.period, self.reason)])
        ordered = self.rows.loc[by_size(self.rows["revenue"], self.rows["previous"])]
        published, others = ordered.iloc[:MOST_FIGURES], ordered.iloc[MOST_FIGURES:]
        found = []
        for column, period in (("revenue", self.period), ("previous", self.period.year_before())):
            if column == "previous" and self.previous_total is None:
                continue
            amounts = list(zip(published["member"], published[column], strict=True))
            common = {
                "kpi": "revenue", "period": period.label, "unit": self.currency, "basis": text(_BASIS),
                "status": "observed", "reason": "",
            }  # fmt: skip
            stem = f"breakdown:{self.by}:{period.label}"
            for member, amount in amounts:
                known = "unknown" if member is None else f"={member}"
                found.append(
                    common | {"figure_id": f"{stem}:{known}", "dimensions": {self.by: member}, "estimate": amount}
                )
            if len(others):
                found.append(
                    common
                    | {
                        "figure_id": f"{stem}:others",
                        "dimensions": {self.by: "(others)"},
                        "estimate": sum(others[column], Decimal(0)),
                        "n": len(others),
                    }
                )
        return figure_frame(found)

    def ties_to(self) -> dict[str, Any] | None:
        """Return the revenue of the period, which the members sum to."""
        return None if self.reason else {"net_revenue": self.total, "period": self.period.label}

    def views(self, most: int = 12) -> list[View]:
        """Return the members with the most revenue, the others as one, the unknown, and the total.

        Parameters
        ----------
        most : int
            How many members have a row of their own.
        """
        if self.reason:
            return [nothing_to_show(dimension_name(self.by), self.reason)]
        known = self.rows[self.rows["member"].notna()]
        known = known.loc[by_size(known["revenue"], known["previous"])]
        top, others = known.iloc[:most], known.iloc[most:]
        if len(others) == 1:
            top, others = known, known.iloc[:0]
        shown = [row | {"label": label(row)} for row in top.to_dict("records")]
        if len(others):
            rest = plural("{n} other", "{n} others", len(others))
            shown.append(self._together(others) | {"label": rest})
        unknown_ = self.rows[self.rows["member"].isna()]
        shown += [row | {"label": label(row)} for row in unknown_.to_dict("records")]
        shown.append(self._together(self.rows) | {"label": text("Total")})
        fields = [
            Field("label", dimension_name(self.by)),
            Field("revenue", self.period.name(), unit=self.currency, bar=True),
            Field("share", text("Share, %"), unit="share"),
        ]
        if self.previous_total is not None:
            fields += [
                Field("previous", self.period.year_before().name(), unit=self.currency),
                Field("variance", text("Change"), unit=self.currency, signed=True, tone_from="tone"),
                Field("growth", text("Change, %"), unit="share", signed=True, tone_from="tone"),
            ]
        if self.rows["margin_rate"].notna().any():
            fields.append(Field("margin_rate", text("Gross margin rate, %"), unit="share"))
        table = pd.DataFrame(shown, dtype="object")
        table["tone"] = [_tone(value) for value in table["variance"]]
        subtitle = text(
            "Net revenue by {dimension}, {period}, {currency} net of tax",
            dimension=dimension_name(self.by).lower(),
            period=self.period.name(),
            currency=self.currency,
        )
        return [View(self._message(), subtitle, fields, table, total=True, notes=self._notes(table))]

    def _together(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Sum rows; distinct orders and customers of several members do not add up, so they are left out."""
        costed = sum(rows["costed"].dropna(), Decimal(0))
        profit = sum(rows["gross_profit"].dropna(), Decimal(0))
        revenue = sum(rows["revenue"], Decimal(0))
        previous = None if self.previous_total is None else sum(rows["previous"], Decimal(0))
        return dict.fromkeys(self.rows.columns) | {
            "revenue": revenue,
            "previous": previous,
            "variance": None if previous is None else revenue - previous,
            "growth": estimates.growth(revenue, previous),
            "share": estimates.ratio(revenue, self.total) if self.total > 0 else None,
            "costed": costed,
            "gross_profit": profit,
            "margin_rate": estimates.ratio(profit, costed) if costed > 0 else None,
        }

    def _message(self) -> str:
        known = self.rows[self.rows["member"].notna()]
        if known.empty:
            return text("No line says its {dimension}", dimension=dimension_name(self.by).lower())
        largest = known.loc[by_size(known["revenue"], known["previous"])].iloc[0]
        if largest["share"] is None:
            return text("Revenue is not positive, so it has no shares")
        values = {"member": label(largest), "share": percent(largest["share"])}
        if self.previous_total is not None:
            changes = known.loc[by_size(known["variance"])]
            most = changes.iloc[0]
            values |= {"mover": label(most), "change": show(most["variance"], self.currency, signed=True)}
            if most["variance"] != 0 and most["member"] == largest["member"]:
                return text("{member} brings {share} of revenue and moved most: {change}", **values)
            if most["variance"] != 0:
                return text("{member} brings {share} of revenue; {mover} moved most: {change}", **values)
        return text("{member} brings {share} of revenue", **values)

    def _notes(self, table: pd.DataFrame) -> list[str]:
        notes = []
        if self.previous_reason:
            notes.append(self.previous_reason)
        if estimates.rounding_shows(table["revenue"].iloc[:-1], self.total):
            notes.append(text("Rounded: the rows shown may miss the total by their rounding."))
        return notes


def label(row: Mapping[str, Any]) -> str:
    """Return what a reader calls a member."""
    return text("(unknown)") if row["member"] is None else str(row["name"])


def nothing_to_show(what: str, reason: str) -> View:
    """Return the view of a result that the data cannot give: what it is, and why not."""
    return View(text("{what}: not available", what=what), reason, [], pd.DataFrame())


def not_available(kpi: str, stem: str, period: Period, reason: str) -> dict[str, Any]:
    """Return the one figure of a result that the data cannot give."""
    return {
        "figure_id": f"{stem}:{period.label}",
        "kpi": kpi,
        "period": period.label,
        "status": "not available",
        "reason": reason,
    }


def by_size(*columns: pd.Series) -> pd.Index:
    """Return the index by absolute size, largest first; ties keep the order of the members."""
    keys = pd.DataFrame({str(place): [_size(value) for value in column] for place, column in enumerate(columns)})
    keys.index = columns[0].index
    return keys.sort_values(list(keys), ascending=False, kind="stable").index


def _size(value: Any) -> float:
    return 0.0 if languages.missing(value) else abs(float(value))


def _tone(change: Any) -> str | None:
    if languages.missing(change) or change == 0:
        return None
    return "good" if change > 0 else "bad"


def breakdown(lines: ibis.Table | pd.DataFrame, *, by: str, period: Period, currency: str) -> Breakdown:
    """Sum revenue by the members of a dimension, in a period and a year before.

    Parameters
    ----------
    lines : table or DataFrame, one row a line, columns of `schema.SALES`
        Columns of joined tables are dimensions too.
    by : str
        The dimension's column; lines without a value are the unknown member, never dropped.
    period : Period
    currency : str
        ISO code of every amount.

    Raises
    ------
    ParameterError
        If there is no such column, or it holds money; the nearest is named.
    DataError
        If there is no line, or the period starts before the data.

    See Also
    --------
    charts.breakdown : the members as bars, their changes beside.
    movers : the same members by what changed.
    """
    if lacks(lines, by):
        return Breakdown(_NO_ROWS.copy(), by, period, Decimal(0), None, currency, reason=ask_for(by))
    table = dimensioned(lines, by)
    days, before = span(table, period), period.year_before()
    rows = member_sums(table, by, period, before)
    total = sum(rows["revenue"], Decimal(0))
    if not days.holds(before):
        rows[["previous", "variance", "growth"]] = None
        rows = rows[[count > 0 for count in rows["lines"]]].reset_index(drop=True)
    rows["share"] = [estimates.ratio(value, total) if total > 0 else None for value in rows["revenue"]]
    held = days.holds(before)
    previous_total = sum(rows["previous"], Decimal(0)) if held else None
    reason = "" if held else days.why_not()
    return Breakdown(rows[list(_NO_ROWS)], by, period, total, previous_total, currency, reason)


def lacks(lines: ibis.Table | pd.DataFrame, by: str) -> bool:
    """Say whether a dimension that perfkit knows is not in the data: a reason to ask for it, not an error."""
    return by not in lines.columns and is_known_dimension(by)


def dimensioned(lines: ibis.Table | pd.DataFrame, by: str) -> ibis.Table:
    """Return checked lines whose dimension is text.

    Raises
    ------
    ParameterError
        If there is no such column, or it holds amounts or days, which have no members.
    """
    table = checked(lines)
    dimensions = [name for name, of_type in table.schema().items() if of_type.is_string()]
    if by not in table.columns:
        raise ParameterError(f"sales: {unknown('dimension', by, dimensions)}")
    if by in ("date", "net_revenue") or not (table[by].type().is_string() or table[by].type().is_integer()):
        raise ParameterError(
            f"sales: {by!r} holds {table[by].type()}, and a breakdown needs members. "
            f"Take one of: {', '.join(dimensions)}."
        )
    return table.mutate(table[by].cast("string").name(by))


def member_sums(lines: ibis.Table, by: str, period: Period, previous: Period) -> pd.DataFrame:
    """Return each member's sums of both periods, in the order of the members, the unknown one last."""
    rows = _members(lines, by, period, previous)
    named = _name_column(lines, by)
    names = _names(lines, by, named, period, previous) if named else None
    rows["name"] = None if names is None else rows["member"].map(dict(zip(names["member"], names["name"], strict=True)))
    rows["_absent"] = rows["member"].isna()
    rows = rows.sort_values(["_absent", "member"], kind="stable").reset_index(drop=True)
    frame = pd.DataFrame(index=rows.index, dtype="object")
    frame["member"] = rows["member"]
    frame["name"] = rows["name"].where(rows["name"].notna(), rows["member"])
    for column in ("revenue", "previous"):
        frame[column] = pd.Series([_exact(value) for value in rows[column]], dtype="object")
    frame["variance"] = frame["revenue"] - frame["previous"]
    frame["growth"] = _objects(
        estimates.growth(*pair) for pair in zip(frame["revenue"], frame["previous"], strict=True)
    )
    for column in ("lines", "lines_before", "orders", "customers"):
        frame[column] = _objects(int(value) for value in rows[column]) if column in rows else None
    for column in ("costed", "gross_profit", "margin_rate"):
        frame[column] = None
    if "cost" in rows:
        pairs = list(zip(_objects(rows["costed"]), _objects(rows["cost"]), strict=True))
        known = [None if languages.missing(cost) else (revenue, revenue - cost) for revenue, cost in pairs]
        frame["costed"] = _objects(pair[0] if pair else None for pair in known)
        frame["gross_profit"] = _objects(pair[1] if pair else None for pair in known)
        frame["margin_rate"] = _objects(
            estimates.ratio(pair[1], pair[0]) if pair and pair[0] > 0 else None for pair in known
        )
    return frame


def _exact(value: Any) -> Decimal:
    """A member without lines in a period sold nothing in it: that zero is observed."""
    return Decimal(0) if languages.missing(value) else value


def _objects(values: Any) -> pd.Series:
    return pd.Series(list(values), dtype="object")


@aggregation
def _members(lines: ibis.Table, by: str, period: Period, previous: Period) -> ibis.Table:
    here = is_in(period)
    wanted: dict[str, Any] = {
        "revenue": _.net_revenue.sum(where=here),
        "previous": _.net_revenue.sum(where=is_in(previous)),
        "lines": _.count(where=here),
        "lines_before": _.count(where=is_in(previous)),
    }
    if "order_id" in lines.columns:
        wanted["orders"] = _.order_id.nunique(where=here & is_purchase())
    if "customer_id" in lines.columns:
        wanted["customers"] = _.customer_id.nunique(where=here & is_purchase())
    if "cost" in lines.columns:
        known = here & _.cost.notnull()
        wanted |= {"costed": _.net_revenue.sum(where=known), "cost": _.cost.sum(where=known)}
    return lines.filter(here | is_in(previous)).group_by(member=_[by]).agg(**wanted)


@aggregation
def _names(lines: ibis.Table, by: str, named: str, period: Period, previous: Period) -> ibis.Table:
    """The name that most of each member's lines give it."""
    given = lines.filter((is_in(period) | is_in(previous)) & _[by].notnull() & _[named].notnull())
    counted = given.group_by(member=_[by], name=_[named]).agg(times=_.count())
    place = ibis.row_number().over(group_by="member", order_by=[ibis.desc("times"), "name"])
    return counted.mutate(place=place).filter(_.place == 0).select("member", "name")


def _name_column(lines: ibis.Table, by: str) -> str | None:
    """The column that names a key: product_id is named by product_name, where the data have it."""
    name = by.removesuffix("_id") + "_name"
    return name if by.endswith("_id") and name in lines.columns else None
