"""Quarantine export: the rows that were set aside as a list to read, or as files to mend.

A path that ends in .csv, .xlsx or .parquet is one list of them. Any other is a folder: each source file's own
records below its own header, byte for byte, and beside them the list of where each of them stands.

A CSV list is written as the spreadsheets of its readers open it: with commas, or for French ones with semicolons and
decimal commas. A missing value is an empty cell. A text of a list never becomes a formula: in CSV a cell that begins
with one of `FORMULA` gets an apostrophe before it; a workbook holds texts as texts. Parquet holds everything as it is.
"""

import csv
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Any

import xlsxwriter

from perfkit.errors import DataError, ParameterError
from perfkit.sources import engines
from perfkit.sources.files import literally, named, quoted
from perfkit.sources.originals import LINE_ENDS, original
from perfkit.sources.quarantine import heads
from perfkit.sources.snapshots import Snapshot

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a text begins that a spreadsheet may run as a formula."""

KINDS = (".csv", ".xlsx", ".parquet")
LIST = "_list.csv"
"""In a folder, the list of all rows."""

DELIMITERS = {"en": ",", "fr": ";"}
"""What spreadsheets of a language expect between the cells of a CSV file."""

COLUMNS = (
    *("table", "file", "sheet", "line", "column", "value", "reason", "message", "failures", "amount", "record"),
    "encoding",
)
PLACE = ("table", "file", "sheet", "line")

LONGEST_CELL, MOST_ROWS = 32_767, 1_048_575
"""What a workbook's cell and sheet hold."""

AT_A_TIME = 10_000
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


@dataclass
class Exported:
    """What was written.

    Attributes
    ----------
    rows : int
    path : Path
        The list, or the folder.
    cut : int
        Cells that are longer than a workbook's cell may be.
    sources : dict
        In a folder, by source file: the file to mend, how many records it holds, and its encoding (None: JSON).
    """

    rows: int
    path: Path
    cut: int = 0
    sources: dict[str, tuple[Path, int, str | None]] = field(default_factory=dict)


def refuse_existing(path: Path) -> None:
    """Refuse a path whose kind is not known, or at which something stands that would be lost.

    Raises
    ------
    ParameterError
        Names it.
    """
    if path.suffix and path.suffix.lower() not in KINDS and not path.is_dir():
        raise ParameterError(
            f"{path}: rows set aside are written as {', '.join(KINDS)}, or into a folder, whose name has no ending."
        )
    if path.is_dir() and any(path.iterdir()):
        raise ParameterError(f"{path} is not empty: name a folder that does not exist yet.")
    if path.exists() and not path.is_dir():
        raise ParameterError(f"{path} exists already: remove it, or name another.")
    if not path.parent.is_dir():
        raise ParameterError(f"{path.parent} is no folder: make it first, or name another.")


def export(snapshot: Snapshot, path: Path, *, language: str = "en") -> Exported:
    """Write a snapshot's rows that were set aside.

    Parameters
    ----------
    snapshot : Snapshot
    path : Path
    language : str
        That of the company: its spreadsheets open the CSV files.

    Raises
    ------
    ParameterError
        If something stands at the path already; nothing is ever overwritten.
    DataError
        If a workbook cannot hold so many rows.
    """
    refuse_existing(path)
    kind = "" if path.is_dir() else path.suffix.lower()
    delimiter = DELIMITERS[language]
    new = not path.exists()
    try:
        if kind == ".csv":
            return _csv(snapshot, path, delimiter)
        if kind in (".xlsx", ".parquet"):
            return _xlsx(snapshot, path) if kind == ".xlsx" else _parquet(snapshot, path)
        return _folder(snapshot, path, delimiter)
    except BaseException:
        if new:
            with suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        raise


def _rows(snapshot: Snapshot, *by: str) -> Iterator[dict[str, Any]]:
    """Yield the rows in the order of these columns, a few of them in memory at a time."""
    snapshot.quarantine()  # proves the file
    path = quoted(literally(snapshot.path.resolve() / "quarantine.parquet"))
    columns, order = (", ".join(map(named, some)) for some in ((*COLUMNS, "raw"), by))
    with (
        TemporaryDirectory(prefix="perfkit-spill-") as spill,
        engines.locked(folders=[snapshot.path], spill=Path(spill)) as engine,
    ):
        query = f"SELECT {columns} FROM read_parquet({path}) ORDER BY {order}"
        for batch in engine.sql(query).to_arrow_reader(AT_A_TIME):
            yield from batch.to_pylist()


def _cells(row: dict[str, Any]) -> list[Any]:
    """A row as the list shows it."""
    failures = "; ".join(map(_failure, row["failures"]))
    return [failures if name == "failures" else row[name] for name in COLUMNS]


def _failure(failure: dict[str, Any]) -> str:
    """One failure in words: its column and value, as far as there are."""
    column = f"{failure['column']}: " if failure["column"] else ""
    value = "" if failure["value"] is None or not column else f"{failure['value']!r} "
    return f"{column}{value}{failure['reason']}"


def plain_cell(value: Any, delimiter: str = ",") -> Any:
    """A cell of a CSV file: a text that a spreadsheet might run gets an apostrophe before it."""
    if isinstance(value, Decimal):
        amount = format(value.normalize(), "f")
        return amount.replace(".", ",") if delimiter == ";" else amount
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _new(path: Path) -> IO[bytes]:
    """A new file that its owner alone may read; one that is there already is never touched."""
    return open(path, "xb", opener=_private)


def _new_text(path: Path) -> IO[str]:
    """As `_new`, for texts as spreadsheets know them: UTF-8 with its mark."""
    return open(path, "x", encoding="utf-8-sig", newline="", errors="backslashreplace", opener=_private)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _csv(snapshot: Snapshot, path: Path, delimiter: str) -> Exported:
    rows = 0
    with _new_text(path) as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(COLUMNS)
        for row in _rows(snapshot, *PLACE):
            writer.writerow(plain_cell(cell, delimiter) for cell in _cells(row))
            rows += 1
    return Exported(rows, path)


def _xlsx(snapshot: Snapshot, path: Path) -> Exported:
    count = sum(counts["quarantined"]["rows"] for counts in snapshot.report["tables"].values())
    if count > MOST_ROWS:
        raise DataError(
            f"{path}: a sheet holds {MOST_ROWS:,} rows below its header, and {count:,} are set aside. Name a .csv or "
            "a .parquet file instead."
        )
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    cut = 0
    with _new(path) as file, xlsxwriter.Workbook(file, {**options, "constant_memory": True}) as book:
        sheet = book.add_worksheet("Set aside")
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        for at, name in enumerate(COLUMNS):
            sheet.write_string(0, at, name, bold)
        for number, row in enumerate(_rows(snapshot, *PLACE), 1):
            for at, value in enumerate(_cells(row)):
                cut += _cell(sheet, number, at, value)
    return Exported(count, path, cut=cut)


def _cell(sheet: Any, row: int, at: int, value: Any) -> int:
    """Write a cell; return 1 if it holds less than the whole."""
    if value is None:
        return 0
    if isinstance(value, int) or (isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) <= 15):
        sheet.write_number(row, at, value)
        return 0
    text = (
        format(value.normalize(), "f")
        if isinstance(value, Decimal)
        else _NO_XML.sub("\N{REPLACEMENT CHARACTER}", value)
    )
    whole = len(text.encode("utf-16-le")) // 2 <= LONGEST_CELL
    sheet.write_string(row, at, text if whole else f"{text[: LONGEST_CELL // 2]}\N{HORIZONTAL ELLIPSIS}")
    return 0 if whole else 1


def _parquet(snapshot: Snapshot, path: Path) -> Exported:
    rows = int(snapshot.quarantine().count().to_pyarrow().as_py())
    with _new(path) as copy, (snapshot.path / "quarantine.parquet").open("rb") as kept:
        shutil.copyfileobj(kept, copy)
    return Exported(rows, path)


def _folder(snapshot: Snapshot, path: Path, delimiter: str) -> Exported:
    """Write each source file's records, and the list that says of each where it stands."""
    path.mkdir(mode=0o700, exist_ok=True)
    above = heads(snapshot.path / "quarantine.parquet")
    result = Exported(0, path)
    taken = {LIST.casefold()}
    with _new_text(path / LIST) as listed:
        writer = csv.writer(listed, delimiter=delimiter)
        writer.writerow(("mend_file", "mend_line", *COLUMNS))
        for (name, encoding), rows in groupby(_rows(snapshot, "file", "sheet", "line"), itemgetter("file", "encoding")):
            mend = _Mend(_inside(path, name if encoding else f"{name}.jsonl", taken), encoding, above.get(name))
            with _new(mend.path) as file:
                file.write(mend.head)
                for row in rows:
                    line = mend.add(file, row)
                    cells = (mend.path.relative_to(path).as_posix(), line, *_cells(row))
                    writer.writerow(plain_cell(cell, delimiter) for cell in cells)
                    result.rows += 1
            result.sources[name] = (mend.path, mend.records, encoding)
    return result


class _Mend:
    """A file to mend: what stands above the first record, then each record once, however many tables read it."""

    def __init__(self, path: Path, encoding: str | None, above: dict[str, Any] | None) -> None:
        self.path = path
        self.head: bytes = above["head"] if above and encoding else b""
        self.records = 0
        self._line_end = (above["line_end"] if above and encoding else "\n").encode(encoding or "utf-8")
        self._next = 1 + len(LINE_ENDS.findall(self.head.decode(encoding or "utf-8", "replace")))
        self._last: tuple[Any, ...] = ()
        self._line = 0

    def add(self, file: IO[bytes], row: dict[str, Any]) -> int:
        """Write a record, and return the line on which it begins."""
        place = (row["sheet"], row["line"])
        if place != self._last:
            file.write(original(row["record"], row["encoding"], row["raw"]) + self._line_end)
            self._line, self._last = self._next, place
            self._next += 1 + (len(LINE_ENDS.findall(row["record"])) if row["encoding"] else 0)
            self.records += 1
        return self._line


def _inside(folder: Path, name: str, taken: set[str]) -> Path:
    """Where a source file's records are written: below the folder, whatever its name, and nowhere twice."""
    parts = [part for part in re.split(r"[/\\]", name) if part not in ("", ".", "..")] or ["file"]
    place = PurePosixPath(*(part.replace("\0", "_") for part in parts))
    number = 1
    while str(place).casefold() in taken:
        number += 1
        place = place.with_name(f"{place.stem}-{number}{place.suffix}")
    taken.add(str(place).casefold())
    target = folder / place
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
