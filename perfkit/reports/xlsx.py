"""XLSX: the tables of a record as a workbook: one sheet a table, then every figure.

Values are written as values and texts as texts: nothing of the data becomes a formula or a link.
"""

import datetime as dt
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from perfkit import languages
from perfkit.languages import text
from perfkit.reports.record import Record

_LONGEST = 32_767  # characters that a cell holds
_CREATED = dt.datetime(2000, 1, 1)  # the same bytes for the same record
_FIGURE_COLUMNS = ("figure_id", "kpi", "period", "dimensions", "estimate", "low", "high", "level", "n", "unit", "basis")


def workbook(record: Record) -> bytes:
    """Return a record as a workbook: the same bytes for the same record."""
    import xlsxwriter

    content = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(content, options)
    book.set_properties(
        {"created": _CREATED, "title": _cell(record.title), "company": _cell(str(record.run["company"]))}
    )
    sheets = _Sheets(book)
    views = [(heading, view) for heading, shown in record.shown for view in shown.payload["views"]]
    listed = [(sheets.name(heading or record.title) if view["rows"] else "", view) for heading, view in views]
    _about(sheets, record, listed)
    for name, view in listed:
        if name:  # what is not available has no rows, and says so on the first sheet
            _table(sheets, name, view)
    _figures(sheets, record)
    book.close()
    return content.getvalue()


class _Sheets:
    """A workbook with its formats made once and its sheet names unique."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._names = {text("About").casefold(), text("Figures").casefold(), "history"}

    def look(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(
                {"font_name": "Calibri", "font_size": 10, "valign": "top", **properties}
            )
        return self._formats[key]

    def name(self, heading: str) -> str:
        """Return a name that Excel takes and that no other sheet has."""
        plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", heading).strip("' ") or text("Table")
        plain = " ".join(plain.split())
        base = plain if len(plain) <= 31 else plain[:31].rpartition(" ")[0].rstrip("',; ") or plain[:31]
        for number in range(1, 10_000):
            name = base if number == 1 else f"{base[: 30 - len(str(number))].rstrip()} {number}"
            if name.casefold() not in self._names:
                break
        self._names.add(name.casefold())
        return name


def _about(sheets: _Sheets, record: Record, listed: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    sheet = sheets.book.add_worksheet(text("About"))
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 90)
    bold, plain = sheets.look(bold=True), sheets.look(text_wrap=True)
    sheet.write_string(0, 0, _cell(record.title), sheets.look(bold=True, font_size=16))
    facts = [
        (text("Company"), record.run["company"]),
        (text("Period"), record.run["period_shown"]),
        (text("Snapshot"), record.run["snapshot"]),
        (text("Run"), record.run["run_id"]),
        (text("Made with"), f"perfkit {record.run['perfkit']}"),
        (text("Amounts"), text("as computed; a cell's format rounds only what is shown")),
    ]
    for row, (label, value) in enumerate(facts, start=2):
        sheet.write_string(row, 0, label, bold)
        sheet.write_string(row, 1, _cell(str(value)), plain)
    start = len(facts) + 3
    sheet.write_string(start, 0, text("Sheet"), sheets.look(bold=True, bottom=1))
    sheet.write_string(start, 1, text("What it shows"), sheets.look(bold=True, bottom=1))
    for row, (name, view) in enumerate(listed, start=start + 1):
        sheet.write_string(row, 0, name, plain)
        sheet.write_string(row, 1, _cell(f"{view['title']} — {view['subtitle']}".strip(" —")), plain)
    for row, notice in enumerate(record.notices, start=start + len(listed) + 2):
        sheet.write_string(row, 1, _cell(notice), plain)


def _table(sheets: _Sheets, name: str, view: Mapping[str, Any]) -> None:
    sheet = sheets.book.add_worksheet(name)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, _cell(view["title"]), sheets.look(bold=True, font_size=14))
    sheet.write_string(1, 0, _cell(view["subtitle"]), sheets.look(font_color="#555555"))
    head = 3
    for column, field in enumerate(view["fields"]):
        side = "right" if _numeric(field, view["rows"]) else "left"
        sheet.write_string(
            head, column, _cell(field["heading"]), sheets.look(bold=True, bottom=1, align=side, text_wrap=True)
        )
        sheet.set_column(column, column, _width(field, view["rows"]))
    for number, row in enumerate(view["rows"]):
        last = view["total"] and number == len(view["rows"]) - 1
        style = {"bold": True, "top": 1} if last else {}
        for column, field in enumerate(view["fields"]):
            unit = row[field["unit_from"]] if field.get("unit_from") else field["unit"]
            own = row.get(field.get("decimals_from"))
            look = field if own is None else {**field, "decimals": int(own)}
            _write(sheets, sheet, head + 1 + number, column, row[field["key"]], unit, look, style)
    sheet.freeze_panes(head + 1, 1)
    for number, note in enumerate([*_ties(view), *view["notes"]], start=head + len(view["rows"]) + 2):
        sheet.write_string(number, 0, _cell(note), sheets.look(font_color="#555555"))


def _ties(view: Mapping[str, Any]) -> Iterator[str]:
    """Say in which columns the rows add up to the total to the last digit."""
    if not view["total"] or len(view["rows"]) < 2:
        return
    *body, total = view["rows"]
    tied = [
        field["heading"]
        for field in view["fields"]
        if isinstance(total[field["key"]], str | int)
        and _adds_up([row[field["key"]] for row in body], total[field["key"]])
    ]
    if tied:
        yield text("Check: the rows add up to the total exactly in {columns}.", columns=languages.listing(tied))


def _adds_up(parts: Sequence[Any], total: Any) -> bool:
    try:
        return sum(Decimal(str(part)) for part in parts if part is not None) == Decimal(str(total))
    except ArithmeticError:  # a text
        return False


def _write(
    sheets: _Sheets,
    sheet: Any,
    row: int,
    column: int,
    value: Any,
    unit: str | None,
    field: Mapping[str, Any],
    style: Mapping[str, Any],
) -> None:
    if unit in (None, "text") or isinstance(value, bool):
        sheet.write_string(
            row, column, _cell("" if value is None else str(value)), sheets.look(text_wrap=True, **style)
        )
    elif value is None:
        sheet.write_string(
            row, column, languages.not_available(), sheets.look(align="right", font_color="#777777", **style)
        )
    elif unit == "date":
        day = dt.datetime.fromisoformat(str(value))
        sheet.write_datetime(row, column, day, sheets.look(num_format="d mmm yyyy", align="right", **style))
    else:
        amount = float(value) * (100 if unit == "points" else 1)
        pattern = number_format(unit, signed=bool(field.get("signed")), decimals=field.get("decimals"))
        sheet.write_number(row, column, amount, sheets.look(num_format=pattern, **style))


def number_format(unit: str, *, signed: bool = False, decimals: int | None = None) -> str:
    """Return the Excel format of a unit, in the language in use; points are written as percentage points."""
    usual = {"share": 1, "points": 1, "ratio": 2}
    places = usual.get(unit, 0) if decimals is None else decimals
    digits = "#,##0" + ("." + "0" * places if places else "")
    if unit == "share":
        shown = digits.replace("#,##0", "0") + ("%" if languages.current() == "en" else '"\N{NO-BREAK SPACE}"%')
    elif unit == "points":
        shown, signed = f'{digits}"\N{NO-BREAK SPACE}{text("pt")}"', True
    elif unit == "ratio":
        shown = f'{digits}"\N{NO-BREAK SPACE}×"'
    elif unit == "days":
        shown = f'{digits}"\N{NO-BREAK SPACE}{text("d")}"'
    elif unit in ("count", "quantity"):
        shown = digits
    else:
        sign = "".join(character for character in languages.money(0, unit) if not character.isdigit()).strip()
        shown = f'"{sign}"{digits}' if languages.current() == "en" else f'{digits}"\N{NO-BREAK SPACE}{sign}"'
    return f"+{shown};-{shown};{shown}" if signed else f"{shown};-{shown}"


def _figures(sheets: _Sheets, record: Record) -> None:
    sheet = sheets.book.add_worksheet(text("Figures"))
    columns = (*_FIGURE_COLUMNS, "status", "reason")
    for column, name in enumerate(columns):
        sheet.write_string(0, column, name, sheets.look(bold=True, bottom=1))
        sheet.set_column(column, column, 40 if name in ("figure_id", "basis") else 14)
    for row, figure in enumerate(record.figures, start=1):
        for column, name in enumerate(columns):
            value = figure[name]
            if value is None:
                continue
            if name in ("estimate", "low", "high", "level", "n"):
                sheet.write_number(row, column, float(value), sheets.look())
            else:
                shown = json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else str(value)
                sheet.write_string(row, column, _cell(shown), sheets.look())
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(record.figures), 1), len(columns) - 1)


def _numeric(field: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> bool:
    return bool(field.get("unit_from")) or field["unit"] not in (None, "text")


def _width(field: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> float:
    if _numeric(field, rows):
        return max(14, min(22, len(field["heading"]) * 0.6))
    return max(12, min(60, max((len(str(row[field["key"]] or "")) for row in rows), default=12) + 2))


def _cell(words: str) -> str:
    """Return a text that a cell takes: control characters that XML refuses are marked, a longer one is cut."""
    clean = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\N{REPLACEMENT CHARACTER}", words)
    return clean if len(clean) <= _LONGEST else clean[: _LONGEST - 1] + "…"
