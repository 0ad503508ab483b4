"""A breakdown: which countries, products, channels ... make the revenue, and which gained or lost?"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pandas as pd

from perfkit import estimates, languages
from perfkit.contribution import ENOUGH
from perfkit.dimensions import ask_for, dimension_name, dimensioned, lacks
from perfkit.kpis.chance import of_ratios
from perfkit.kpis.members import member_sums, price_effects, return_events, unlike_members
from perfkit.kpis.targets import member_targets
from perfkit.languages import mark, percent, plural, show, text
from perfkit.lines import no_line, span
from perfkit.months import silence, silent_months_of, within_any
from perfkit.periods import Period
from perfkit.results import Field, Result, View, figure_frame

MOST_FIGURES = 1_000
"""Members published one by one; the others stand in one figure, so that the sum still ties."""

_BASIS = mark("Sum of net revenue of the member's lines dated in the period")


_NO_ROWS = pd.DataFrame(
    columns=[
        "member", "name", "revenue", "share", "previous", "variance", "growth", "orders", "customers",
        "previous_orders", "previous_customers", "costed", "gross_profit", "margin_rate",
        "previous_costed", "previous_gross_profit", "previous_margin_rate", "margin_chance", "price_effect", "priced",
        "returns", "return_events", "returns_squared", "largest_return", "list_revenue", "listed",
        "target", "variance_target", "attainment",
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
        margin_rate: theirs; None where there are none. previous_orders ... previous_margin_rate: the same a year
        before. margin_chance: chance.Change, how sure the change of the margin rate is, None where it has no interval.
        price_effect, priced: see `members.price_effects`; None where no price can be compared.
        returns: sum of the negative lines, Decimal; return_events, returns_squared, largest_return: see
        `members.return_events`, 0 where there are none.
        list_revenue: at list price, and listed: net revenue, of the lines whose list price is known
        and positive; None where there are none. target: Decimal or None; variance_target; attainment.
    by : str
        The dimension's column.
    period : Period
    total : Decimal
    previous_total : Decimal or None
    currency : str
    previous_reason : str
        Why there is no previous period, or that it holds no line; empty where there are some.
    reason : str
        Why there is no breakdown (the data lack the dimension: no rows then); empty where there is.
    silent : tuple of Period
        Months of either period that may be missing (see `months.silent_months`): changes and gaps then have no tone.
    """

    rows: pd.DataFrame
    by: str
    period: Period
    total: Decimal
    previous_total: Decimal | None
    currency: str
    previous_reason: str = ""
    reason: str = ""
    silent: tuple[Period, ...] = ()

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
            money("revenue", self.period.name(), self.currency, bar=True),
            Field("share", text("Share, %"), unit="share"),
        ]
        if self.previous_total is not None:
            fields += [
                money("previous", self.period.year_before().name(), self.currency),
                money("variance", text("Change"), self.currency, signed=True, tone_from="tone"),
                Field("growth_shown", text("Change, %"), unit="share", signed=True, tone_from="tone_growth"),
            ]
        if self.rows["target"].notna().any():
            fields += [
                money("target", text("Target"), self.currency),
                money("variance_target", text("Gap to target"), self.currency, signed=True, tone_from="tone_gap"),
                Field("attainment", text("Attainment, %"), unit="share", tone_from="tone_gap"),
            ]
        if self.rows["margin_rate"].notna().any():
            fields.append(Field("margin_rate", text("Gross margin rate, %"), unit="share"))
        table = pd.DataFrame(shown, dtype="object")
        table["margin_change"] = [margin_change(row) for row in shown]
        if self.rows["target"].isna().all() and table["margin_change"].notna().any():
            fields.append(
                Field("margin_change", text("Change of the rate"), unit="points", signed=True, tone_from="tone_margin")
            )
        here = any(within_any(month, self.period) for month in self.silent)
        for tone, column, unit, doubted in (
            ("tone", "variance", self.currency, bool(self.silent)),
            ("tone_growth", "growth", "share", bool(self.silent)),
            ("tone_gap", "variance_target", self.currency, here),
            ("tone_margin", "margin_change", "points", bool(self.silent)),
        ):
            table[tone] = [None if doubted else estimates.tone(value, unit) for value in table[column]]
        table = with_growth_shown(table)
        subtitle = text(
            "Net revenue by {dimension}, {period}, {currency} net of tax",
            dimension=dimension_name(self.by).lower(),
            period=self.period.name(),
            currency=self.currency,
        )
        return [View(self._message(), subtitle, fields, table, total=True, notes=self._notes(table))]

    def _together(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Sum rows; distinct orders and customers of several members do not add up, so they are left out."""
        revenue = sum(rows["revenue"], Decimal(0))
        previous = None if self.previous_total is None else sum(rows["previous"], Decimal(0))
        return dict.fromkeys(self.rows.columns) | {
            "revenue": revenue,
            "previous": previous,
            "variance": None if previous is None else revenue - previous,
            "growth": estimates.growth(revenue, previous),
            "share": estimates.ratio(revenue, self.total) if self.total > 0 else None,
            **_margins_together(rows, ""),
            **_margins_together(rows, "previous_"),
            "returns": sum(rows["returns"], Decimal(0)),
            **self._planned(rows, revenue),
        }

    def _planned(self, rows: pd.DataFrame, revenue: Decimal) -> dict[str, Any]:
        """Sum targets where each known member that sold has one: revenue with a target is set against no other."""
        needed = rows[
            [member is not None and amount != 0 for member, amount in zip(rows["member"], rows["revenue"], strict=True)]
        ]
        if needed.empty or needed["target"].isna().any():
            return {}
        return against_target(revenue, sum(rows["target"].dropna(), Decimal(0)))

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
        if self.previous_reason and not (self.silent and self.previous_reason == no_line(self.period.year_before())):
            notes.append(self.previous_reason)
        if self.silent:
            notes.append(silence(self.silent))
        notes += multiples(table)
        changed, rated = (table[name].notna() for name in ("margin_change", "margin_rate"))
        thin = table.loc[rated & table["previous_margin_rate"].notna() & ~changed, "label"]
        if changed.any() and len(thin):
            notes.append(
                text(
                    "No change of the rate where the cost is known of less than {level} of revenue, now or a year "
                    "before: {members}.",
                    level=percent(ENOUGH, 0),
                    members=languages.listing(thin),
                )
            )
        changes = (("revenue", "previous", "variance"), ("revenue", "target", "variance_target"))
        if estimates.rounding_shows(table["revenue"].iloc[:-1], self.total) or rounded(table, *changes):
            notes.append(text(ROUNDED))
        return notes


def _margins_together(rows: pd.DataFrame, side: str) -> dict[str, Any]:
    """The margin of several members, of the period ("") or of the one before ("previous_")."""
    costed = sum(rows[f"{side}costed"].dropna(), Decimal(0))
    profit = sum(rows[f"{side}gross_profit"].dropna(), Decimal(0))
    rate = estimates.ratio(profit, costed) if costed > 0 else None
    return {f"{side}costed": costed, f"{side}gross_profit": profit, f"{side}margin_rate": rate}


def margin_change(row: Mapping[Any, Any]) -> float | None:
    """Return by how much a row's margin rate changed; None where too little of its cost is known in either period."""
    for side, revenue in (("", row["revenue"]), ("previous_", row["previous"])):
        costed = row[f"{side}costed"]
        if any(languages.missing(each) for each in (costed, row[f"{side}margin_rate"], revenue)):
            return None
        if revenue <= 0 or costed < Decimal(str(ENOUGH)) * revenue:
            return None
    return float(row["margin_rate"] - row["previous_margin_rate"])


ROUNDED = mark(
    "Rounded: totals and changes are those of the unrounded figures, so the figures shown may miss them by their last "
    "digit."
)


def rounded(table: pd.DataFrame, *changes: tuple[str, str, str], unit: str = "", decimals: str = "") -> bool:
    """Say whether a change of a table is not that of the two values beside it, as all three are shown.

    Parameters
    ----------
    table : DataFrame
    changes : tuple of str
        Columns: a value, the one that it is set against, and their difference.
    unit, decimals : str, optional
        Columns that hold each row's unit and decimals; amounts without either are shown whole.
    """
    return any(
        estimates.difference_shows(row[now], row[before], row[change], row.get(unit), row.get(decimals))
        for row in table.to_dict("records")
        for now, before, change in changes
    )


def with_growth_shown(table: pd.DataFrame, growth: str = "growth") -> pd.DataFrame:
    """Return a table with the column growth_shown: None where growth is too large for per cent, see `multiples`."""
    told = [None if estimates.as_multiple(value) else value for value in table[growth]]
    return table.assign(growth_shown=pd.Series(told, index=table.index, dtype="object"))


def multiples(table: pd.DataFrame, name: str = "label", growth: str = "growth") -> list[str]:
    """Return a note of what grew too much for per cent, and to how many times as much; none where nothing did."""
    grown = [
        f"{who} {times}"
        for who, value in zip(table[name], table[growth], strict=True)
        if (times := estimates.as_multiple(value))
    ]
    return [text("Growth too large for per cent: {figures}.", figures=languages.listing(grown))] if grown else []


def label(row: Mapping[str, Any]) -> str:
    """Return what a reader calls a member."""
    return text("(unknown)") if row["member"] is None else str(row["name"])


def money(
    key: str, heading: str, currency: str, *, signed: bool = False, tone_from: str | None = None, bar: bool = False
) -> Field:
    """Return a column of amounts of one currency, which stands in the heading."""
    return Field(key, f"{heading}, {currency}", unit="quantity", signed=signed, tone_from=tone_from, bar=bar)


def nothing_to_show(what: str, reason: str) -> View:
    """Return the view of a result that the data cannot give: what it is, and why not."""
    return View(text("{what}: not available", what=what), reason, [], pd.DataFrame())


def only_total(what: str, reason: str, period: Period, previous: Decimal, revenue: Decimal, currency: str) -> View:
    """Return the view of a change that cannot be split: both totals and their difference, and why no more."""
    change = revenue - previous
    row = {"label": text("Total"), "previous": previous, "revenue": revenue, "change": change}
    fields = [
        Field("label", text("Net revenue")),
        money("previous", period.year_before().name(), currency),
        money("revenue", period.name(), currency),
        money("change", text("Change"), currency, signed=True),
    ]
    title = text("{what}: not available", what=what)
    return View(title, reason, fields, pd.DataFrame([row], dtype="object"), total=True, notes=[reason])


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


def against_target(revenue: Decimal, target: Decimal | None) -> dict[str, Any]:
    """Return the columns that set revenue against its target."""
    gap = None if target is None else revenue - target
    reached = estimates.ratio(revenue, target) if target is not None and target > 0 else None
    return {"target": target, "variance_target": gap, "attainment": reached}


def breakdown(
    lines: ibis.Table | pd.DataFrame,
    *,
    by: str,
    period: Period,
    currency: str,
    targets: pd.DataFrame | None = None,
) -> Breakdown:
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
    targets : DataFrame, optional
        See `targets`: those of revenue whose dimension is `by` stand beside their members. A member
        with a target that sold nothing has a row too.

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
    planned = member_targets(targets, by, period)
    rows = member_sums(table, by, period, before, also=planned)
    rows = rows.rename(columns={"lines_before": "previous_lines"})
    rows = _with(rows, price_effects(table, by, period, before), None)
    rows = _with(rows, return_events(table, by, period), 0)
    sure = of_ratios(table, period, before, by=by) if "cost" in table.columns and days.holds(before) else {}
    rows["margin_chance"] = pd.Series([sure.get((member, "margin_rate")) for member in rows["member"]], dtype="object")
    total = sum(rows["revenue"], Decimal(0))
    unlike = unlike_members(rows, rows["member"].notna(), by, period) if days.holds(before) else ""
    if unlike or not days.holds(before):
        rows[[column for column in rows if column.startswith("previous")]] = None
        rows[["variance", "growth", "margin_chance", "price_effect", "priced"]] = None
        kept = [count > 0 or member in planned for count, member in zip(rows["lines"], rows["member"], strict=True)]
        rows = rows.loc[np.array(kept, dtype=bool)].reset_index(drop=True)
    rows["share"] = [estimates.ratio(value, total) if total > 0 else None for value in rows["revenue"]]
    against = [
        against_target(revenue, planned.get(member))
        for member, revenue in zip(rows["member"], rows["revenue"], strict=True)
    ]
    for column in ("target", "variance_target", "attainment"):
        rows[column] = pd.Series([each[column] for each in against], dtype="object")
    held = days.holds(before) and not unlike
    previous_total = sum(rows["previous"], Decimal(0)) if held else None
    reason = unlike or (days.why_not() if not held else "" if any(rows["previous_lines"]) else no_line(before))
    silent = silent_months_of(table, period, days)
    return Breakdown(rows[list(_NO_ROWS)], by, period, total, previous_total, currency, reason, silent=silent)


def _with(rows: pd.DataFrame, more: pd.DataFrame, otherwise: Any) -> pd.DataFrame:
    """Set columns beside each member's; who has none there has `otherwise`."""
    of = {None if languages.missing(each["member"]) else each["member"]: each for each in more.to_dict("records")}
    for column in more.columns.drop("member"):
        found = [of.get(member, {}).get(column, otherwise) for member in rows["member"]]
        rows[column] = pd.Series(found, index=rows.index, dtype="object")
    return rows
