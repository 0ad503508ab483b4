"""XLSX: the tables of a record as a workbook: one sheet a table, then every figure.

Values are written as values and texts as texts: nothing of the data becomes a formula or a link.
"""

import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from perfkit import languages
from perfkit.languages import text
from perfkit.reports import listings, worksheets
from perfkit.reports.record import Record

_LONGEST = 32_767  # characters that a cell holds
_QUIET, _LINK = "#5a616b", "#2f5076"
_NUMBERS = {"estimate": "", "low": "", "high": "", "level": "share", "n": "count"}  # their unit, "" for the figure's
_CREATED = dt.datetime(2000, 1, 1)  # the same bytes for the same record
_FIGURE_WIDTHS = {"figure_id": 40, "name": 34, "of": 34, "basis": 60, "reason": 40, "status": 16, "unit": 10}


def workbook(record: Record) -> bytes:
    """Return a record as a workbook: the same bytes for the same record."""
    import xlsxwriter

    content = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(content, options)
    book.set_properties(
        {"created": _CREATED, "title": _cell(record.title), "company": _cell(str(record.run["company"]))}
    )
    sheets = _Sheets(book, record)
    tables = list(worksheets.of(record))
    listed = [(sheets.name(heading or record.title) if view["rows"] else "", view) for heading, view in tables]
    _contents(sheets, record, listed)
    for name, view in listed:
        if name:  # what is not available has no rows, and says so on the first sheet
            _table(sheets, name, view)
    _figures(sheets, record)
    book.close()
    return content.getvalue()


class _Sheets:
    """A workbook with its formats made once and its sheet names unique."""

    def __init__(self, book: Any, record: Record | None = None) -> None:
        self.book = book
        self._record = record
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._names = {text("Contents").casefold(), text("Figures").casefold(), "history"}

    def sheet(self, name: str, *, repeat: int) -> Any:
        """Add a sheet that prints on A4 across, as wide as a page, its head on each and its page in the foot."""
        made = self.book.add_worksheet(name)
        made.hide_gridlines(2)
        made.set_landscape()
        made.set_paper(9)
        made.fit_to_pages(1, 0)
        made.repeat_rows(0, repeat)
        made.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        if self._record:
            run = self._record.run
            about = _cell(f"{run['company']} · {self._record.title} · {run['period_shown']}")[:120]
            made.set_footer(f"&L&8{about.replace('&', '&&')}&R&8&P / &N")
        return made

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
        clause = " ".join(re.split(r"[;?!:](?=\s|$)|(?<=.{12}),(?=\s)", heading)[0].split()).strip("'")
        if len(plain) > 31 and 4 <= len(clause) <= 31 and not re.search(r"[\[\]*?/\\\x00-\x1f]", clause):
            plain = clause  # "Improve: what is worth doing?" is called Improve
        base = plain if len(plain) <= 31 else plain[:31].rpartition(" ")[0].rstrip("',; ") or plain[:31]
        for number in range(1, 10_000):
            name = base if number == 1 else f"{base[: 30 - len(str(number))].rstrip()} {number}"
            if name.casefold() not in self._names:
                break
        self._names.add(name.casefold())
        return name


def _contents(sheets: _Sheets, record: Record, listed: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Write the first sheet: what the report is, its headline figures as numbers, and a link to each table."""
    sheet = sheets.sheet(text("Contents"), repeat=0)
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, 1, 22)
    sheet.set_column(2, 9, 16)
    bold, plain = sheets.look(bold=True), sheets.look()
    quiet = sheets.look(font_color=_QUIET)
    sheet.write_string(0, 0, _cell(record.title), sheets.look(bold=True, font_size=18))
    sheet.write_string(1, 0, _cell(f"{record.run['company']}, {record.run['period_shown']}"), sheets.look(font_size=12))
    at = 3
    face = worksheets.headlines(record)
    if face:
        sheet.write_string(at, 0, _cell(face["title"]), sheets.look(bold=True, font_size=12))
        at = _grid(sheets, sheet, at + 1, face) + 1
    sheet.write_string(at, 0, text("Sheet"), sheets.look(bold=True, bottom=1))
    sheet.write_string(at, 1, text("What it shows"), sheets.look(bold=True, bottom=1))
    link = sheets.look(font_color=_LINK, underline=1)
    for name, view in listed:
        at += 1
        if name:
            sheet.write_url(at, 0, f"internal:'{name.replace(chr(39), chr(39) * 2)}'!A1", link, name)
        sheet.write_string(at, 1, _cell(_said(view)), plain if name else quiet)
    at += 1
    figures = text("Figures")
    sheet.write_url(at, 0, f"internal:'{figures}'!A1", link, figures)
    sheet.write_string(at, 1, text("Every published figure, one a row, with its interval, unit and basis"), plain)
    at += 2
    facts = [
        (text("Snapshot"), record.run["snapshot"]),
        (text("Run"), record.run["run_id"]),
        (text("Made with"), f"perfkit {record.run['perfkit']}"),
        (text("Amounts"), text("as computed; a cell's format rounds only what is shown")),
    ]
    for label, value in facts:
        sheet.write_string(at, 0, label, bold)
        sheet.write_string(at, 1, _cell(str(value)), plain)
        at += 1
    for notice in record.notices:
        sheet.write_string(at + 1, 1, _cell(notice), quiet)
        at += 1


def _said(view: Mapping[str, Any]) -> str:
    return f"{view['title']} — {view['subtitle']}".strip(" —")


def _table(sheets: _Sheets, name: str, view: Mapping[str, Any]) -> None:
    head = 3
    sheet = sheets.sheet(name, repeat=head)
    sheet.write_string(0, 0, _cell(view["title"]), sheets.look(bold=True, font_size=14))
    sheet.write_string(1, 0, _cell(view["subtitle"]), sheets.look(font_color=_QUIET))
    for column, field in enumerate(view["fields"]):
        sheet.set_column(column, column, _width(field, view["rows"]))
    after = _grid(sheets, sheet, head, view)
    sheet.freeze_panes(head + 1, 1)
    for number, note in enumerate([*_ties(view), *view["notes"]], start=after + 1):
        sheet.write_string(number, 0, _cell(note), sheets.look(font_color=_QUIET))


def _grid(sheets: _Sheets, sheet: Any, head: int, view: Mapping[str, Any]) -> int:
    """Write the headings in row `head` and the rows below it, and return the row after the last."""
    for column, field in enumerate(view["fields"]):
        side = "right" if _numeric(field, view["rows"]) else "left"
        look = sheets.look(bold=True, bottom=1, align=side, text_wrap=True, valign="bottom")
        sheet.write_string(head, column, _cell(field["heading"]), look)
    for number, row in enumerate(view["rows"]):
        last = view["total"] and number == len(view["rows"]) - 1
        style = {"bold": True, "top": 1} if last else {}
        for column, field in enumerate(view["fields"]):
            unit = row[field["unit_from"]] if field.get("unit_from") else field["unit"]
            own = row.get(field.get("decimals_from"))
            look = field if own is None else {**field, "decimals": int(own)}
            _write(sheets, sheet, head + 1 + number, column, row[field["key"]], unit, look, style)
    return head + 1 + len(view["rows"])


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
    """Write every figure in words and in its unit, the last sheet."""
    sheet = sheets.sheet(text("Figures"), repeat=0)
    for column, (name, heading) in enumerate(listings.HEADINGS.items()):
        side = "right" if name in _NUMBERS else "left"
        sheet.write_string(0, column, text(heading), sheets.look(bold=True, bottom=1, align=side))
        sheet.set_column(column, column, _FIGURE_WIDTHS.get(name, 15))
    figures = listings.of(record)
    for row, figure in enumerate(figures, start=1):
        for column, name in enumerate(listings.HEADINGS):
            value = figure["unit in words" if name == "unit" else name]
            if value is None:
                continue
            if name in _NUMBERS:
                _write_figure(sheets, sheet, row, column, value, _NUMBERS[name] or str(figure["unit"]))
            else:
                sheet.write_string(row, column, _cell(str(value)), sheets.look())
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(figures), 1), len(listings.HEADINGS) - 1)


def _write_figure(sheets: _Sheets, sheet: Any, row: int, column: int, value: Any, unit: str) -> None:
    """Write a figure as it is, shown in its unit: money to the cent, since it is looked up here."""
    money = re.fullmatch("[A-Z]{3}", unit)
    pattern = "0.0000" if unit == "index" else number_format(unit, decimals=2 if money else None)
    amount = float(value) * (100 if unit == "points" else 1)
    sheet.write_number(row, column, amount, sheets.look(num_format=pattern))


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
