"""Worksheets: the tables of a record as a workbook holds them: every figure a number, its unit in a column.

A cover and its findings show their figures as words; their numbers stand in the same record, as figures.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from perfkit.languages import mark, text
from perfkit.reports.record import COVER, Record, Shown

_UNITS = {
    "share": "%",
    "points": mark("percentage points"),
    "ratio": "×",
    "days": mark("days"),
    "count": mark("number"),
    "quantity": mark("units"),
    "date": mark("date"),
    "index": mark("index"),
}

# What a sheet is called whose table stands under a long heading, or beside other tables of one result:
# a result's kind, a column that tells its tables apart ("" for any), and the name.
_CALLED = (
    ("YearToDate", "", mark("Year to date")),
    ("RevenueTree", "", mark("Revenue drivers")),
    ("RevenueWalk", "", mark("Customers won and lost")),
    ("Concentration", "share_of_customers", mark("Concentration")),
    ("Concentration", "name", mark("Largest customers")),
    ("Findings", "", mark("Findings")),
    ("Reconciliation", "money", mark("Sales lines read")),
    ("Reconciliation", "accepted", mark("Other tables read")),
    ("Reconciliation", "why", mark("Rows set aside")),
    ("LedgerTie", "level", mark("Sales and books")),
    ("LedgerTie", "m0", mark("Sales and books by month")),
    ("LedgerTie", "reference", mark("Documents to look up")),
    ("LedgerTie", "count", mark("Checks of the ledger")),
    ("Coverage", "", mark("Questions answered")),
)


def of(record: Record) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each table with what its sheet is called, short or as the heading above it; a cover is no table."""
    for heading, shown in record.shown:
        if shown.kind in (COVER, "Answer"):
            continue
        if shown.kind == "Findings":
            yield _called(shown.kind, shown.payload["views"][0]) or heading, _findings(shown)
            continue
        for view in shown.payload["views"]:
            yield _called(shown.kind, view) or heading, _with_units(view)


def _called(kind: str, view: Mapping[str, Any]) -> str:
    keys = {"", *(field["key"] for field in view["fields"])}
    return next((text(name) for of_kind, key, name in _CALLED if of_kind == kind and key in keys), "")


def headlines(record: Record) -> Mapping[str, Any] | None:
    """Return the cover's figures as a table of numbers: the scorecard's own rows where there is a scorecard."""
    cover = record.cover
    if cover is None or not cover.payload["views"]:
        return None
    said = cover.payload["views"][0]
    name = said["fields"][0]["key"]
    names = [row[name] for row in said["rows"]]
    for _, shown in record.shown:
        if shown.kind == "Scorecard":
            whole = shown.payload["views"][0]
            key = whole["fields"][0]["key"]
            rows = {row[key]: row for row in whole["rows"]}
            if all(each in rows for each in names):
                return _with_units({**whole, "title": said["title"], "rows": [rows[each] for each in names]})
    fields = [said["fields"][0], _field("value", said["fields"][1]["heading"], unit_from="unit")]
    values = [
        {name: each, "value": figure["estimate"], "unit": figure["unit"]}
        for each, figure in zip(names, cover.payload["figures"], strict=False)
    ]
    return _with_units({**said, "fields": fields, "rows": values})


def _with_units(view: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a table whose rows have units of their own a column that names them."""
    own = next((field["unit_from"] for field in view["fields"] if field.get("unit_from")), None)
    if own is None:
        return view
    first, *others = view["fields"]
    rows = [{**row, "unit in words": in_words(row[own])} for row in view["rows"]]
    return {**view, "fields": [first, _field("unit in words", text("Unit")), *others], "rows": rows}


def in_words(unit: str | None) -> str:
    """Return a unit as a reader calls it; a currency as its code, "" for words."""
    return "" if unit in (None, "text") else text(_UNITS.get(str(unit), str(unit)))


def _findings(shown: Shown) -> Mapping[str, Any]:
    """Return the findings with their figures and stakes as numbers, and the totals below."""
    view = shown.payload["views"][0]
    found = [figure for figure in shown.payload["figures"] if figure["kpi"] == "finding"]
    if len(found) != len(view["rows"]):  # not as we write them: as they are said, then
        return view
    stakes = {
        figure["dimensions"].get("finding", ""): figure
        for figure in shown.payload["figures"]
        if figure["kpi"] == "stake"
    }
    numbered = {
        "rank": _field("rank", "", unit="count"),
        "number": _field("number", "", unit_from="unit", signed=True),
        "stake": _field("stake", "", unit_from="currency"),
    }
    fields = [
        {**numbered.get(field["key"], field), "heading": field["heading"], "key": field["key"]}
        for field in view["fields"]
    ]
    at = next((place for place, field in enumerate(fields) if field["key"] == "number"), 0)
    fields.insert(at + 1, _field("unit in words", text("Unit")))
    rows = []
    for rank, (row, figure) in enumerate(zip(view["rows"], found, strict=True), start=1):
        stake = stakes.get(figure["dimensions"]["finding"])
        rows.append(
            {
                **row,
                "rank": rank,
                "number": figure["estimate"],
                "unit": figure["unit"],
                "unit in words": in_words(figure["unit"]),
                "stake": stake["estimate"] if stake else None,
                "currency": stake["unit"] if stake else None,
            }
        )
    return {**view, "fields": fields, "rows": [{**row, "stake": _exact(row["stake"])} for row in rows]}


def _exact(amount: Any) -> Any:
    return None if amount is None else format(Decimal(str(amount)), "f")


def _field(
    key: str, heading: str, *, unit: str | None = None, unit_from: str | None = None, signed: bool = False
) -> Any:
    """Return a column of a view as the record writes it."""
    return {"key": key, "heading": heading, "unit": unit, "unit_from": unit_from, "signed": signed}
