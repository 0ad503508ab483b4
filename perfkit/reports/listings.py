"""Listings: every published figure as a reader of the workbook finds it: in words, in its unit, one a row.

The columns are those of the schema in the reader's language; a figure's id stays as it is in every language,
so that two runs can be set beside each other.
"""

from collections.abc import Mapping
from typing import Any

from perfkit.languages import mark, text
from perfkit.reports.record import Record
from perfkit.reports.worksheets import in_words

HEADINGS = {
    "name": mark("Figure"),
    "of": mark("Of"),
    "period": mark("Period"),
    "estimate": mark("Value"),
    "low": mark("Lower bound"),
    "high": mark("Upper bound"),
    "level": mark("Confidence level"),
    "n": mark("Cases"),
    "unit": mark("Unit"),
    "status": mark("Status"),
    "reason": mark("Reason"),
    "basis": mark("Basis"),
    "figure_id": mark("Id"),
}
"""The columns of the sheet of figures, and what they are called."""

_STATUSES = {
    "observed": mark("observed"),
    "estimated": mark("estimated"),
    "not available": mark("not available"),
    "not observed yet": mark("not observed yet"),
    "upper bound": mark("at most"),
    "partial": mark("in part"),
}
_PARTS = {
    "read": mark("Read"),
    "accepted": mark("Accepted"),
    "excluded": mark("Left out"),
    "quarantined": mark("Set aside"),
}
_NAMES = {
    "revenue_change": mark("Change of net revenue"),
    "revenue_effect": mark("Effect on revenue"),
    "revenue_walk": mark("Change by what customers did"),
    "net_retention": mark("Revenue kept from last year's customers"),
    "gross_retention": mark("The same, without what they bought more"),
    "hhi": mark("Herfindahl index of customers"),
    "landing": mark("Landing (estimate)"),
    "finding": mark("Finding"),
    "stake": mark("At stake"),
    "scope_share": mark("Share of net revenue that the report is of"),
    "ledger_sales": mark("Sales"),
    "ledger_books": mark("Books"),
    "ledger_gap": mark("Books less sales"),
    "ledger_residual": mark("Not explained"),
    "ledger_cause": mark("Difference to the books, by cause"),
    "ledger_unbalanced": mark("Documents of the ledger that do not balance"),
    "ledger_closing": mark("Closing documents of the ledger, left out"),
    "coverage": mark("Lines of sales that carry the answer"),
    "coverage_money": mark("Revenue that carries the answer"),
}


def of(record: Record) -> list[dict[str, Any]]:
    """Return the figures with their name, what they are of, unit and status in words; numbers as they are."""
    return [
        {**figure, "name": _name(figure), "of": _of(figure["dimensions"]), "unit in words": in_words(figure["unit"])}
        | {"status": text(_STATUSES.get(figure["status"], figure["status"]))}
        for figure in record.figures
    ]


def _name(figure: Mapping[str, Any]) -> str:
    from perfkit.kpis.catalogue import CATALOGUE  # here, because the analyses need time to load

    kpi, dimensions = figure["kpi"], figure["dimensions"] or {}
    if kpi in CATALOGUE:
        return text(CATALOGUE[kpi].name)
    if kpi in _NAMES:
        return text(_NAMES[kpi])
    if dimensions.get("part") in _PARTS and dimensions.get("table"):
        return f"{text(dimensions['table'])} · {text(_PARTS[dimensions['part']])}"
    return str(kpi).replace("_", " ")


def _of(dimensions: Mapping[str, Any] | None) -> str:
    """Return the members that a figure is of: "Channel: Web"; what its name says already is left out."""
    from perfkit.dimensions import dimension_name, is_known_dimension

    said = []
    for by, member in (dimensions or {}).items():
        if by in ("table", "part", "scope") or (member is None and by == "because"):
            continue
        shown = text("(unknown)") if member is None else str(member)
        said.append(f"{dimension_name(by)}: {shown}" if is_known_dimension(by) else shown)
    return " · ".join(said)
