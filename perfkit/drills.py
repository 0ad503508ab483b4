"""Drills: from a figure to its lines, and from each line to its place in the exports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

import pandas as pd

from perfkit import languages
from perfkit.errors import ParameterError, unknown
from perfkit.languages import plural, show, text
from perfkit.results import Field, Result, View, figure_frame

SHOWN = 20
"""Lines that a drill displays; it holds all of them."""

_TIES = 1e-9  # relative: ratios differ by their arithmetic


def ties(value: Any, estimate: Any) -> bool:
    """Say whether a value is a figure: to the last digit for sums and counts."""
    if languages.missing(value) or languages.missing(estimate):
        return languages.missing(value) and languages.missing(estimate)
    if isinstance(value, Decimal | int) and isinstance(estimate, Decimal | int):
        return value == estimate
    return abs(float(value) - float(estimate)) <= _TIES * max(1.0, abs(float(estimate)))


class Quoting(Protocol):
    """What quotes figures: a finding."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def figure_ids(self) -> tuple[str, ...]:
        """The figures."""


class Found(Protocol):
    """What was found in a period."""

    @property
    def items(self) -> Sequence[Quoting]:
        """Its findings."""


def asked_for(figure: Any, findings: Found | None = None) -> tuple[str, ...]:
    """Return the ids of the figures that are asked for: of a finding, those that it quotes.

    Parameters
    ----------
    figure : str, row of `.figures()`, or Finding
    findings : Findings, optional
        Among which a finding is looked up that is given by its id, "margin_fell_in:country", or by that of its own
        figures, "finding:2026-10:margin_fell_in:country".

    Raises
    ------
    ParameterError
        If no finding is called so, or it quotes no figure.
    """
    if not isinstance(figure, str | Mapping | pd.Series):
        if not hasattr(figure, "figure_ids"):
            raise ParameterError(
                f"drill takes a figure's id, a row of .figures() or a finding, not a {type(figure).__name__}."
            )
        return _quoted(figure)
    name = str(figure if isinstance(figure, str) else figure.get("figure_id"))
    if findings is None:
        return (name,)
    among = {item.id: item for item in findings.items}
    own = name.split(":", 2)[-1] if name.startswith("finding:") else name
    found = among.get(own) or among.get(own.removesuffix(":stake"))
    if found is None:
        raise ParameterError(unknown("finding", own, among))
    return _quoted(found)


def _quoted(finding: Quoting) -> tuple[str, ...]:
    """The figures of a finding, those first that lines can stand behind."""
    if not finding.figure_ids:
        raise ParameterError(f"{finding.id}: this finding quotes no figure, so no line stands behind it.")
    return tuple(sorted(finding.figure_ids, key=lambda id: id.startswith("target:")))


@dataclass(frozen=True, eq=False)
class Drill(Result):
    """The lines behind one figure.

    Attributes
    ----------
    lines : DataFrame, one row a line, in the order of the exports
        file, sheet (missing where a file has none), line; then the columns of sales and those of customers and
        products beside them; last, where the figure is a sum, part: what the line adds to it, Decimal. Where it is
        made of costs too, these come after: date, amount, kind, level, and in source the table that they are of.
    figure_id : str
    value : Decimal, int, float or None
        What the lines come to, reckoned from them alone; None where lines alone do not make the figure.
    unit : str
        Of the value.
    how : str
        How the lines make the figure, in the language in use when it was drilled.
    currency : str
    also : tuple of str
        Other figures that the same finding quotes.
    """

    lines: pd.DataFrame
    figure_id: str
    value: Any
    unit: str
    how: str
    currency: str
    also: tuple[str, ...] = ()

    def ties(self, estimate: Any) -> bool:
        """Say whether the lines come to a figure: to the last digit for sums and counts."""
        return ties(self.value, estimate)

    def figures(self) -> pd.DataFrame:
        """Return what the lines come to."""
        known = self.value is not None
        figure = {
            "figure_id": f"drill:{self.figure_id}", "kpi": "drill", "estimate": self.value, "n": len(self.lines),
            "unit": self.unit, "basis": self.how, "status": "observed" if known else "not available",
            "reason": "" if known else self.how,
        }  # fmt: skip
        return figure_frame([figure])

    def ties_to(self) -> dict[str, Any]:
        """Return the net revenue of the lines, or what the costs come to where there are only costs."""
        what = "net_revenue" if "net_revenue" in self.lines else "amount"
        return {what: _sum(self.lines[what])}

    def views(self, most: int = SHOWN) -> list[View]:
        """Return the first lines, the others as one row, and the total of all.

        Parameters
        ----------
        most : int
            How many lines have a row of their own.
        """
        known = self._columns()
        top, rest = self.lines.iloc[:most], self.lines.iloc[most:]
        if len(rest) == 1:
            top, rest = self.lines, self.lines.iloc[:0]
        rows = [{key: row[key] for key, _heading, _unit in known} for row in top.to_dict("records")]
        for row in rows:
            row["line"] = str(row["line"])
            row["date"] = languages.date(row["date"])
        if len(rest):
            rows.append(self._together(rest) | {"file": plural("{n} other line", "{n} other lines", len(rest))})
        rows.append(self._together(self.lines) | {"file": text("Total")})
        cents = {self.currency: 2}
        fields = [Field(key, heading, unit=unit, decimals=cents.get(unit or "")) for key, heading, unit in known]
        count = plural("{n} line", "{n} lines", len(self.lines))
        title = count if self.value is None else text("{value}: {n}", value=self._shown(), n=count)
        subtitle = text(
            "Lines behind {figure} and their place in the exports, {currency} net of tax",
            figure=self.figure_id,
            currency=self.currency,
        )
        notes = [self.how]
        if len(rest):
            notes.append(text("All of them: .lines"))
        if self.also:
            notes.append(text("The finding also quotes: {figures}", figures=languages.listing(self.also)))
        return [View(title, subtitle, fields, pd.DataFrame(rows, dtype="object"), total=True, notes=notes)]

    def _shown(self) -> str:
        """The value, to the cent where it is money."""
        if self.unit == "index":
            return languages.number(self.value, 3)
        return show(self.value, self.unit, decimals=2 if self.unit == self.currency else None)

    def _columns(self) -> list[tuple[str, str, str | None]]:
        """What is shown of a line, with its heading and unit."""
        names = {
            "customer_id": "customer_name" if "customer_name" in self.lines else "customer_id",
            "product_id": "product_name" if "product_name" in self.lines else "product_id",
        }
        some_sheet = self.lines["sheet"].notna().any()
        columns: list[tuple[str, str, str | None]] = [
            ("file", text("File"), None),
            *([("sheet", text("Sheet"), None)] if some_sheet else []),
            ("line", text("Line"), None),
            ("date", text("Date"), None),
            *([("kind", text("Kind of cost"), None)] if {"source", "level"} <= set(self.lines) else []),
            ("order_id", text("Order"), None),
            (names["customer_id"], text("Customer"), None),
            (names["product_id"], text("Product"), None),
            ("net_revenue", text("Net revenue"), self.currency),
        ]
        own = self.lines.get("net_revenue")  # a cost has none
        if "part" in self.lines and (own is None or not self.lines["part"].equals(own)):
            columns.append(("part", text("Adds"), self.currency))
        return [column for column in columns if column[0] in self.lines]

    def _together(self, rows: pd.DataFrame) -> dict[str, Any]:
        """The sums of several lines."""
        shown = [key for key, _heading, _unit in self._columns()]
        sums = {key: _sum(rows[key]) for key in ("net_revenue", "part") if key in shown and key in rows}
        return dict.fromkeys(shown) | sums


def _sum(amounts: pd.Series) -> Decimal:
    """The sum of amounts; a cost has no net revenue."""
    return sum((each for each in amounts if not languages.missing(each)), Decimal(0))
