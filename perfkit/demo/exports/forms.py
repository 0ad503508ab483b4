"""Forms: how tools write amounts, days and files; the same rows give the same bytes."""

import gzip
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

NO_BREAK = "\u00a0"
"""No-break space: what French tools write between thousands."""


def texts(values: pd.Series, form: Callable[[Any], str]) -> list[str]:
    """Return each value in a form; a missing one is an empty text. Values that repeat are formed once."""
    codes, known = pd.factorize(values)
    formed = [*(form(value) for value in known), ""]  # a missing one has the code -1
    return [formed[code] for code in codes.tolist()]


def french(amount: Decimal, places: int = 2) -> str:
    """1 234,56 with a no-break space between thousands."""
    return f"{amount:,.{places}f}".replace(",", NO_BREAK).replace(".", ",")


def point(amount: Decimal) -> str:
    """1234.56 with two decimals."""
    return f"{amount:.2f}"


def short(quantity: Decimal) -> str:
    """12 or 0.25: no zeros that say nothing."""
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def days(values: pd.Series, form: str) -> list[str]:
    """Return days in a strftime form; a missing one is an empty text."""
    return texts(values, lambda day: day.strftime(form))


def words(values: pd.Series) -> list[str]:
    """Return texts; a missing one is an empty text."""
    return [value if isinstance(value, str) else "" for value in values.astype(object).tolist()]


def write_text(
    path: Path,
    rows: pd.DataFrame,
    *,
    delimiter: str,
    encoding: str = "utf-8",
    above: Sequence[str] = (),
    line_end: str = "\r\n",
    packed: bool = False,
) -> None:
    """Write delimited text: lines above the headings, headings, rows; a field that holds a delimiter is quoted."""
    risky = (delimiter, '"', "\n", "\r")

    def quoted(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if any(sign in value for sign in risky) else value

    columns = [_quoted(rows[name].tolist(), risky, quoted) for name in rows.columns]
    lines: Iterable[str] = (delimiter.join(row) for row in zip(*columns, strict=True))
    head = [*above, delimiter.join(quoted(name) for name in rows.columns)]
    raw = (line_end.join([*head, *lines]) + line_end).encode(encoding)
    path.parent.mkdir(parents=True, exist_ok=True)
    if packed:
        held = io.BytesIO()
        with gzip.GzipFile(fileobj=held, mode="wb", mtime=0, filename="") as file:
            file.write(raw)
        raw = held.getvalue()
    path.write_bytes(raw)


def _quoted(values: list[str], risky: Sequence[str], quoted: Callable[[str], str]) -> list[str]:
    whole = "".join(values)
    return [quoted(value) for value in values] if any(sign in whole for sign in risky) else values


FORMATS = {
    "day": {"num_format": "dd/mm/yyyy"},
    "month": {"num_format": "mmm yyyy"},
    "money": {"num_format": "#,##0.00"},
    "share": {"num_format": "0%"},
    "title": {"bold": True, "font_size": 14},
    "grey": {"italic": True, "font_color": "#666666"},
    "heading": {"bold": True, "bg_color": "#DDE6F0", "bottom": 1},
}


class Workbook:
    """A workbook as an office writes it: each sheet with a title and remarks above its headings."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._book = xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False})
        self._book.set_properties({"created": pd.Timestamp("2026-10-02 09:00").to_pydatetime()})
        self._formats = {name: self._book.add_format(each) for name, each in FORMATS.items()}

    def note(self, sheet: str, lines: Sequence[str]) -> None:
        """Add a sheet of text alone."""
        page = self._book.add_worksheet(sheet)
        page.set_column(0, 0, 90)
        for row, line in enumerate(lines):
            page.write_string(row, 0, line, self._formats["title"] if row == 0 else None)

    def sheet(
        self,
        sheet: str,
        rows: pd.DataFrame,
        *,
        title: str,
        remarks: Sequence[str] = (),
        kinds: Mapping[str, str] | None = None,
        widths: Mapping[str, float] | None = None,
    ) -> None:
        """Add a sheet: title, remarks, an empty row, headings, rows. Cells are texts, numbers, days or None.

        Parameters
        ----------
        kinds : mapping
            Name of a format by heading.
        widths : mapping
            Width of a column by heading, in characters.
        """
        page = self._book.add_worksheet(sheet)
        page.write_string(0, 0, title, self._formats["title"])
        for row, remark in enumerate(remarks, 1):
            page.write_string(row, 0, remark, self._formats["grey"])
        top = first_line(remarks) - 2
        page.freeze_panes(top + 1, 0)
        for place, heading in enumerate(rows.columns):
            form = self._formats.get((kinds or {}).get(heading, ""))
            page.set_column(place, place, (widths or {}).get(heading, max(12, len(heading) + 2)))
            page.write_string(top, place, heading, self._formats["heading"])
            for row, value in enumerate(rows[heading].tolist(), top + 1):
                _write(page, row, place, value, form)

    def close(self) -> None:
        """Write the file."""
        self._book.close()


def first_line(remarks: Sequence[str]) -> int:
    """Return the line of the first row of a sheet that has these remarks above its headings."""
    return len(remarks) + 4


def _write(page: Any, row: int, place: int, value: Any, form: Any) -> None:
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value) or value == "":
        return
    if isinstance(value, bool):
        page.write_boolean(row, place, value, form)
    elif isinstance(value, str):
        page.write_string(row, place, value, form)
    elif isinstance(value, pd.Timestamp):
        page.write_datetime(row, place, value.to_pydatetime(), form)
    else:
        page.write_number(row, place, float(value), form)
