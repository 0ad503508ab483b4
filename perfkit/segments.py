"""Segments and filters: which customers, and which lines, does a name of company.toml stand for?

    [segments.supermarkets]
    where = [{ column = "segment", in = ["GMS"] }]        # what the customer list says of them
    bought = [{ column = "category", equals = "Tea" }]    # or what stands on at least one of their lines

    [filters.web]
    where = [{ column = "channel", equals = "web" }]

Conditions of one list hold together. A missing value meets none, but for `missing = true`.
"""

import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import ibis
import pandas as pd
from ibis import _
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from perfkit import estimates
from perfkit.aggregations import fetch, only, within
from perfkit.errors import DataError, ParameterError, unknown
from perfkit.ids import escaped, unescaped
from perfkit.languages import mark, percent, plural, show, text
from perfkit.periods import Period
from perfkit.results import Field as Shown
from perfkit.results import Result, View, figure_frame
from perfkit.schema import FIRST_BOUGHT
from perfkit.sources import engines

Scalar = bool | int | float | dt.date | str
_TESTS = ("in", "equals", "starts_with", "matches", "missing", "at_least", "at_most")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Condition(_Strict):
    """One test on one column, in the words of an exclusion; a number or a day may also be bounded.

    Attributes
    ----------
    among, equals : the values meant; `among` is written `in`.
    starts_with : str
    matches : str
        A regular expression, found anywhere in the text.
    missing : bool
        Whether the value must be missing, or must be there.
    at_least, at_most : number or day, inclusive; both may stand together.
    """

    column: str
    among: tuple[Scalar, ...] | None = Field(default=None, alias="in", min_length=1)
    equals: Scalar | None = None
    starts_with: str | None = Field(default=None, min_length=1)
    matches: str | None = None
    missing: bool | None = None
    at_least: int | float | dt.date | None = None
    at_most: int | float | dt.date | None = None

    @field_validator("among", mode="before")
    @classmethod
    def _some_values(cls, said: Any) -> Any:
        if not isinstance(said, list | tuple) or not said:
            raise ValueError(f'in = {said!r} names no value: write a list of them, such as ["GMS", "Hyper"]')
        return said

    @field_validator("at_least", "at_most", mode="before")
    @classmethod
    def _number_or_day(cls, said: Any) -> Any:
        if isinstance(said, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", said):
            try:
                return dt.date.fromisoformat(said)
            except ValueError:
                raise ValueError(f"{said!r} is no day of the calendar") from None
        if isinstance(said, str):
            raise ValueError(f"{said!r} is a text: write a date as 2024-02-29, and a number as 100, without quotes")
        if isinstance(said, bool):
            raise ValueError(f"{str(said).lower()} is no bound: write a number such as 100, or a date as 2024-02-29")
        if isinstance(said, dt.datetime) or not isinstance(said, int | float | dt.date):
            raise ValueError(f"{said} is no bound: write a number such as 100, or a date as 2024-02-29, without a time")
        return said

    @model_validator(mode="after")
    def _one_test(self) -> "Condition":
        said = self.model_fields_set - {"column"}
        if len(said) != 1 and said != {"at_least", "at_most"}:
            raise ValueError(f"write exactly one of {', '.join(_TESTS)}, or at_least with at_most")
        if self.matches is not None and (wrong := _no_pattern(self.matches)):
            raise ValueError(f"matches = {self.matches!r} is not a pattern: {wrong}")
        if self.at_least is not None and self.at_most is not None:
            _refuse_empty(self.at_least, self.at_most)
        return self

    def holds(self, table: ibis.Table, where: str) -> ibis.Value:
        """Say of each row whether it meets the condition.

        Parameters
        ----------
        where : str
            The block of company.toml, for messages.

        Raises
        ------
        ParameterError
            If the table has no such column (the nearest is named), or it is not of the type that the test needs.
        """
        if self.column not in table.columns:
            raise ParameterError(f"{where}: {unknown('column', self.column, table.columns)}")
        value = table[self.column]
        if self.missing is not None:
            return value.isnull() if self.missing else value.notnull()
        if self.at_least is not None or self.at_most is not None:
            bounds = [value >= self._as(value, self.at_least, where)] if self.at_least is not None else []
            bounds += [value <= self._as(value, self.at_most, where)] if self.at_most is not None else []
            return _and(bounds).fill_null(False)
        if self.starts_with is not None or self.matches is not None:
            if not (value.type().is_string() or value.type().is_temporal()):
                raise ParameterError(f"{where}: {self.column!r} holds {value.type()}, no text: bound it with at_least.")
            words = value.cast("string")
            met = words.startswith(self.starts_with) if self.starts_with is not None else words.re_search(self.matches)
            return met.fill_null(False)
        values = self.among if self.among is not None else (self.equals,)
        return value.isin([self._as(value, each, where) for each in values]).fill_null(False)

    def _as(self, value: ibis.Value, said: Any, where: str) -> Any:
        """What company.toml says, as a value of the column's type."""
        kind = value.type()
        fits = {
            "a number": kind.is_numeric() and isinstance(said, int | float) and not isinstance(said, bool),
            "a day": kind.is_temporal() and isinstance(said, dt.date | str),
            "true or false": kind.is_boolean() and isinstance(said, bool),
            "a text": kind.is_string() and isinstance(said, str),
        }
        wanted = next((word for word, right in zip(fits, _kinds(kind), strict=True) if right), "a value")
        if not any(fits.values()):
            raise ParameterError(f"{where}: {self.column!r} takes {wanted}, not {said!r}: write {_such(wanted, said)}.")
        if kind.is_numeric():
            return ibis.literal(Decimal(str(said)), "decimal(18, 4)") if kind.is_decimal() else said
        if not kind.is_temporal() or isinstance(said, dt.date):
            return said
        try:
            return dt.date.fromisoformat(str(said))
        except ValueError:
            raise ParameterError(f"{where}: {said!r} is no day: write one such as 2026-10-31.") from None


def in_words(condition: Condition) -> str:
    """Return a condition as company.toml has it, without its braces."""
    said = condition.model_dump(exclude_unset=True, by_alias=True)
    return ", ".join(f"{key} = {_as_toml(value)}" for key, value in said.items())


def _as_toml(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_as_toml, value))}]"
    return str(value) if isinstance(value, dt.date) else json.dumps(value, ensure_ascii=False)


HELD = 8
"""Values of a column that a message names."""


def values_held(table: ibis.Table, column: str) -> str:
    """Return the values that a column holds: those that stand on most rows, or of numbers and days the ends."""
    value = table[column]
    if value.type().is_numeric() or value.type().is_temporal():
        ends = only(table.agg(least=value.min(), most=value.max()).to_pandas())
        shown = [each.date() if isinstance(each, dt.datetime) else each for each in ends.values()]
        return "no value at all" if pd.isna(ends["least"]) else f"values from {shown[0]} to {shown[1]}"
    held = table.filter(value.notnull()).group_by(value=value).agg(rows=_.count())
    first = held.order_by([ibis.desc("rows"), "value"]).head(HELD + 1).to_pandas()["value"].tolist()
    if not first:
        return "no value at all"
    return ", ".join(_as_toml(str(each)) for each in first[:HELD]) + (" and others" if len(first) > HELD else "")


@cache
def _no_pattern(pattern: str) -> str:
    """Say what is wrong with a pattern as the database reads it, whose patterns are RE2's; "" where nothing is."""
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    try:
        with engines.locked() as engine:
            engine.execute("SELECT regexp_matches('', ?)", [pattern]).fetchall()
    except duckdb.Error as error:
        why = str(error).partition(": ")[2].strip() or str(error)
        return f"the database does not take it ({why}); it knows no look-ahead, no look-behind and no back-reference"
    return ""


def _refuse_empty(least: Any, most: Any) -> None:
    if isinstance(least, dt.date) != isinstance(most, dt.date):
        raise ValueError(f"at_least = {least} and at_most = {most}: one is a number, the other a day. Write two alike")
    if least > most:
        raise ValueError(f"at_least = {least} is above at_most = {most}, so nothing can satisfy both. Exchange them")


def _kinds(kind: Any) -> tuple[bool, ...]:
    return kind.is_numeric(), kind.is_temporal(), kind.is_boolean(), kind.is_string()


def _such(wanted: str, said: object) -> str:
    example = {"a number": "100", "a day": "2026-10-31", "true or false": "true", "a text": f'"{said}"'}
    return example.get(wanted, "another")


def _and(conditions: Sequence[ibis.Value]) -> ibis.Value:
    met = conditions[0]
    for each in conditions[1:]:
        met = met & each
    return met


class Filter(_Strict):
    """A named condition on lines, one [filters.NAME] block.

    Attributes
    ----------
    label : str
        What readers call it; else its name.
    where : tuple of Condition
        On columns of the lines, those of customers and products beside them included.
    """

    label: str = ""
    where: tuple[Condition, ...] = Field(min_length=1)


class Segment(_Strict):
    """A named set of customers, one [segments.NAME] block.

    Attributes
    ----------
    label : str
        What readers call it; else its name.
    where : tuple of Condition
        On columns of the customer list.
    bought : tuple of Condition
        On columns of the lines: a customer of the segment has at least one line that meets all of them.
    """

    label: str = ""
    where: tuple[Condition, ...] = ()
    bought: tuple[Condition, ...] = ()

    @model_validator(mode="after")
    def _some_condition(self) -> "Segment":
        if not self.where and not self.bought:
            raise ValueError("write where (what the customer list says) or bought (what their lines say), or both")
        return self


def filtered(lines: ibis.Table, declared: Filter, name: str) -> ibis.Table:
    """Return the lines that a filter lets through.

    Raises
    ------
    ParameterError
        If a condition does not suit its column.
    """
    where = f"company.toml, [filters.{name}]"
    return lines.filter(_and([condition.holds(lines, where) for condition in declared.where]))


def members(declared: Segment, name: str, lines: ibis.Table, customers: ibis.Table | None) -> ibis.Table:
    """Return the customers of a segment: one column, customer_id, each once.

    Parameters
    ----------
    lines : Table
        All lines of the company.
    customers : Table or None
        Its list of customers; without one, those who stand on its lines.

    Raises
    ------
    ParameterError
        If a condition does not suit its column.
    DataError
        If no line says whose it is.
    """
    if "customer_id" not in lines.columns:
        raise DataError(
            f"segment {name!r}: the lines of sales have no customer_id, so none is a customer's. "
            "Map it in company.toml: [tables.sales.columns] customer_id = ..."
        )
    where = f"company.toml, [segments.{name}]"
    everyone = customers if customers is not None else lines.select("customer_id")
    chosen = everyone.filter(_.customer_id.notnull())
    if declared.where:
        chosen = chosen.filter(_and([condition.holds(everyone, f"{where} where") for condition in declared.where]))
    chosen = chosen.select("customer_id").distinct()
    if declared.bought:
        met = _and([condition.holds(lines, f"{where} bought") for condition in declared.bought])
        buyers = lines.filter(met).select("customer_id").distinct()
        chosen = chosen.semi_join(buyers, "customer_id") if declared.where else buyers.filter(_.customer_id.notnull())
    return chosen


@dataclass(frozen=True)
class Part:
    """A part of the business that a comparison speaks of: a segment, a filter, both, or all others.

    Attributes
    ----------
    segment, filter : str
        Names of company.toml, or empty.
    others : bool
        All customers but those of the segment, within the filter; without a segment, all lines but the filter's.
    """

    segment: str = ""
    filter: str = ""
    others: bool = False

    @property
    def id(self) -> str:
        """What figures call it: segment=web, segment!=web+filter=tea, filter!=tea."""
        named = {"segment": self.segment, "filter": self.filter}
        said = []
        for what, name in named.items():
            if name:
                sign = "!=" if self.others and what == ("segment" if self.segment else "filter") else "="
                said.append(what + sign + escaped(name, "+"))
        return "+".join(said)


def part_of(id: str) -> Part:
    """Return the part that an id names."""
    names, others = {}, False
    for each in id.split("+"):
        what, _equals, name = each.partition("=")
        others = others or what.endswith("!")
        names[what.removesuffix("!")] = unescaped(name)
    return Part(names.get("segment", ""), names.get("filter", ""), others)


def with_first_purchase(part: ibis.Table, lines: ibis.Table) -> ibis.Table:
    """Return lines that are a part of all, each with the day on which its customer first bought in all of them.

    A filter takes a part of what a customer buys: who is new to the part may be an old customer.
    """
    if "customer_id" not in lines.columns:
        return part
    bought = lines.filter((_.net_revenue > 0) & _.customer_id.notnull())
    first = bought.group_by(_customer=_.customer_id).agg(_.date.cast("date").min().name(FIRST_BOUGHT))
    return part.left_join(first, part.customer_id == first["_customer"]).drop("_customer")


def split(lines: ibis.Table, members: ibis.Table, name: str) -> ibis.Table:
    """Return all lines with a column in_<name>: who is of the segment, who is not, missing where nobody is named."""
    marked = members.select(_member=_.customer_id)
    beside = lines.left_join(marked, lines.customer_id == marked["_member"])
    told = ibis.cases(
        (beside.customer_id.isnull(), ibis.null("string")), (beside["_member"].notnull(), name), else_=f"≠ {name}"
    )
    return beside.mutate(told.name(f"in_{name}")).drop("_member")


_BASIS = mark("Net revenue of the lines of the part / net revenue of all lines, of the period where one is named")
_PARTS = {"inside": mark("Inside"), "outside": mark("Outside"), "all": mark("All lines")}


@dataclass(frozen=True, eq=False)
class Scope(Result):
    """How much of the whole a part is: what a report of a part leaves out, in customers, lines and money.

    Attributes
    ----------
    rows : DataFrame, one row a part (inside, outside, all)
        part; lines, int; customers, int, or None where lines have no customer: outside are those without any
        line inside; revenue, Decimal; share: of the revenue, None unless that is positive.
    name : str
        What the part is called; empty where nothing is left out.
    period : Period or None
        None is all the days that there are.
    currency : str
    ids : DataFrame or None
        Of a segment, its customers: customer_id and, where the customer list has it, name.
    """

    rows: pd.DataFrame
    name: str
    period: Period | None
    currency: str
    ids: pd.DataFrame | None = None

    @property
    def share(self) -> float | None:
        """Share of the revenue that is inside, 0 to 1; None where the whole is not positive."""
        found: float | None = self.rows.set_index("part")["share"]["inside"]
        return found

    @property
    def customers(self) -> int:
        """How many customers a segment has, with or without lines."""
        return 0 if self.ids is None else len(self.ids)

    def figures(self) -> pd.DataFrame:
        """Return the revenue inside and outside, and the share that is inside."""
        label = self.period.label if self.period else ""
        stem = f"scope:{label or 'all'}:{self.name}"
        common = {
            "period": label or None, "basis": text(_BASIS), "status": "observed", "reason": "",
            "dimensions": {"scope": self.name or "(all)"},
        }  # fmt: skip
        found: list[dict[str, Any]] = [
            common | {
                "figure_id": f"{stem}:{row['part']}", "kpi": "revenue", "estimate": row["revenue"],
                "n": row["lines"], "unit": self.currency,
            }
            for row in self.rows.to_dict("records")
        ]  # fmt: skip
        share = {"figure_id": f"{stem}:share", "kpi": "scope_share", "estimate": self.share, "unit": "share"}
        if self.share is None:
            share |= {"status": "not available", "reason": text("Revenue is not positive, so it has no shares")}
        return figure_frame([*found, common | share])

    def ties_to(self) -> dict[str, Any]:
        """Return the revenue of all lines, which inside and outside sum to."""
        return {"net_revenue": self.rows.set_index("part")["revenue"]["all"]}

    def sentence(self, *, dated: bool = False) -> str:
        """Return what a report of the part must say of itself; nothing where nothing is left out.

        Parameters
        ----------
        dated : bool
            Name the period, where one sentence does not stand for the whole report.
        """
        if not self.name:
            return ""
        rows = {row["part"]: row for row in self.rows.to_dict("records")}
        values = {
            "name": text("{name} ({period})", name=self.name, period=self._when()) if dated else self.name,
            "share": percent(self.share),
            "money": show(rows["outside"]["revenue"], self.currency),
            "inside": show(rows["inside"]["revenue"], self.currency),
        }
        outside = int(rows["outside"]["lines"])
        if self.share is None:
            return plural(
                "{name} alone: {inside}; {n} line and {money} are outside of it.",
                "{name} alone: {inside}; {n} lines and {money} are outside of it.",
                outside,
                **values,
            )
        return plural(
            "{name} alone: {share} of net revenue; {n} line and {money} are outside of it.",
            "{name} alone: {share} of net revenue; {n} lines and {money} are outside of it.",
            outside,
            **values,
        )

    def views(self) -> list[View]:
        """Return inside, outside and all; nothing where nothing is left out."""
        if not self.name:
            return []
        table = self.rows.assign(shown=[text(_PARTS[part]) for part in self.rows["part"]])
        fields = [Shown("shown", self.name)]
        if table["customers"].notna().any():
            fields.append(Shown("customers", text("Customers"), unit="count"))
        fields += [
            Shown("lines", text("Lines"), unit="count"),
            Shown("revenue", text("Net revenue"), unit=self.currency, bar=True),
            Shown("share", text("Share, %"), unit="share"),
        ]
        subtitle = text(
            "Part and whole of net revenue, {period}, {currency} net of tax",
            period=self._when(),
            currency=self.currency,
        )
        notes = []
        if self.ids is not None:
            notes.append(
                plural(
                    "The segment has {n} customer, those without a line counted.",
                    "The segment has {n} customers, those without a line counted.",
                    int(self.customers or 0),
                )
            )
        return [View(self.sentence().rstrip("."), subtitle, fields, table, total=True, notes=notes)]

    def _when(self) -> str:
        return self.period.name() if self.period else text("all days")


def scope(
    lines: ibis.Table,
    part: ibis.Table,
    *,
    name: str,
    period: Period | None,
    currency: str,
    ids: pd.DataFrame | None = None,
) -> Scope:
    """Say how much of the lines a part of them is.

    Parameters
    ----------
    lines, part : Table
        All lines, and those of the part.
    name : str
        What the part is called; empty where it is the whole.
    period : Period or None
        Only lines dated in it; None is all of them.
    ids : DataFrame, optional
        Of a segment, its customers.
    """
    whole, inside = (only(fetch("scope", sums_of(each, period))) for each in (lines, part))
    outside = {key: None if whole[key] is None else whole[key] - inside[key] for key in whole}
    rows = pd.DataFrame(
        [
            {
                "part": part_,
                "customers": sums["customers"],
                "lines": int(sums["lines"] or 0),
                "revenue": sums["revenue"],
                "share": estimates.ratio(sums["revenue"], whole["revenue"]) if whole["revenue"] > 0 else None,
            }
            for part_, sums in (("inside", inside), ("outside", outside), ("all", whole))
        ],
        dtype="object",
    )
    return Scope(rows, name, period, currency, ids)


def sums_of(lines: ibis.Table, period: Period | None) -> ibis.Table:
    """Return lines, revenue and customers of lines, those of a period where one is given: one row."""
    if period is not None:
        lines = lines.filter(within(_.date.cast("date"), period.start, period.end))
    customers = _.customer_id.nunique() if "customer_id" in lines.columns else ibis.null("int64")
    money = _.net_revenue.cast("decimal(18, 4)").sum()
    return lines.agg(lines=_.count(), revenue=ibis.coalesce(money, ibis.literal(Decimal(0))), customers=customers)
