"""CSV: a delimited text file as numbered columns of text, with every broken record found and every line known."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from perfkit.errors import DataError, EngineError
from perfkit.sources.columns import Source
from perfkit.sources.encodings import utf8_blocks
from perfkit.sources.files import ExportFile, literally, quoted
from perfkit.sources.records import LONGEST, Block, Dialect, between, blocks
from perfkit.sources.rows import Broken, Rows
from perfkit.sources.settings import Format

NEVER = "\x01 no text stands for a missing value"
"""DuckDB wants one text that does."""

MOST_BROKEN = 1_000_000
"""Broken records beyond which a file is refused outright."""


@dataclass
class CsvExport:
    """One CSV file, its structure already checked.

    Attributes
    ----------
    source : Source
        Its columns, all text.
    records : int
        Records seen, by the count that the load is held against; the header is none.
    broken : list of Broken
        Records whose structure is wrong; all others are `relation`'s rows, in the same order.
    notices : list of str
    """

    file: ExportFile
    table: str
    format: Format
    source: Source = field(init=False)
    records: int = 0
    broken: list[Broken] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    _as_it_is: bool = True
    _data_from_line: int = 1
    _multiline: bool = False
    _text: Path | None = None

    def __post_init__(self) -> None:
        self._examine()

    def relation(self, work: Path) -> str:
        """Return SQL of the whole records as columns c0, c1 ...; a clean copy is made where the file is not plain."""
        path, skip = self.file.path.resolve(), self._data_from_line - 1
        if not self._as_it_is:
            path, skip = self._clean_copy(work), 0
        columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(self.source.names)))
        nulls = ", ".join(quoted(null) for null in self.format.null or (NEVER,))
        quote = quoted(self.format.quote)
        return (
            f"read_csv({quoted(literally(path))}, columns = {{{columns}}}, auto_detect = false, header = false, "
            f"skip = {skip}, delim = {quoted(self.format.delimiter)}, quote = {quote}, escape = {quote}, comment = '', "
            f"nullstr = [{nulls}], new_line = '\\n', "
            f"strict_mode = true, null_padding = false, ignore_errors = false, max_line_size = {4 * LONGEST}, "
            f"parallel = {str(not self._multiline).lower()}, hive_partitioning = false, compression = 'none')"
        )

    def rows(self, wanted: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Iterator[Rows]:
        """Yield the whole records of these numbers (counted from 0, ascending), with their lines and raw texts."""
        base = 0
        for block, whole in self._blocks():
            here = np.flatnonzero(whole)
            first, last = np.searchsorted(wanted, (base, base + len(here)))
            chosen = here[wanted[first:last] - base]
            if len(chosen):
                yield self._rows(block, chosen, wanted[first:last])
            base += len(here)

    def _rows(self, block: Block, chosen: np.ndarray, numbers: np.ndarray) -> Rows:  # type: ignore[type-arg]
        texts = [block.text(record) for record in chosen]
        nulls = pa.array(self.format.null, pa.string())
        columns = [pa.array(column, pa.string()) for column in zip(*self._split(texts), strict=True)]
        values = pa.table(
            {
                f"c{number}": pc.if_else(pc.is_in(column, value_set=nulls), None, column)
                for number, column in enumerate(columns)
            }
        )
        return Rows(values, numbers, block.line(chosen), texts)

    def _split(self, texts: list[str]) -> list[list[str]]:
        """The fields of records, by another reader than the engine's."""
        csv.field_size_limit(2 * LONGEST)
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if self.format.quote else csv.QUOTE_NONE
        sign, quote = self.format.delimiter, self.format.quote or None
        records = list(csv.reader(texts, delimiter=sign, quotechar=quote, quoting=quoting))
        if len(records) != len(texts) or any(len(fields) != len(self.source.names) for fields in records):
            raise EngineError(f"{self.file.name}: two readings of its records differ. Please report this.")
        return records

    def _texts(self) -> Iterator[bytes]:
        return utf8_blocks(self.file.path, self.format.encoding, name=self.file.name, table=self.table)

    def _all(self) -> Iterator[Block]:
        dialect = Dialect(self.format.delimiter.encode(), self.format.quote.encode())
        return blocks(self._texts(), dialect, skip=self.format.skip, name=self.file.name)

    def _blocks(self) -> Iterator[tuple[Block, "np.ndarray[tuple[int], np.dtype[np.bool_]]"]]:
        """Yield the blocks and which of their records are whole rows; the header is none."""
        header = self.format.header
        for block in self._all():
            whole = np.ones(len(block.starts), bool)
            if self.broken:
                whole = (block.fields == len(self.source.names)) & ~block.misquoted & ~block.nul
            if header and len(whole):
                whole[0], header = False, False
            yield block, whole

    def _examine(self) -> None:
        """Walk through the file once: header, records, line ends, and what is broken."""
        header = self.format.header
        line_ends: set[bytes | None] = set()
        blanks = multiline = 0
        for block in self._all():
            count = len(block.starts)
            blanks += block.blanks
            line_ends.add(block.line_end)
            if not count:
                continue
            first = 0
            if not hasattr(self, "source"):
                self._name_columns(block)
                first = int(header)
            self._note_broken(block, first)
            self.records += count - first
            multiline += max(block.lines - block.blanks - count, 0)
        if not hasattr(self, "source"):
            raise DataError(f"{self.file.name} holds nothing but blank lines. Export it again.")
        self._multiline = multiline > 0
        self._as_it_is = (
            not self.broken
            and line_ends == {b"\n"}  # told of CRLF, DuckDB drops rows
            and self.format.skip == 0
            and self.format.encoding == "utf-8"
            and not self._starts_with_mark()
            and self._data_from_line == 1 + header
            and (not blanks or len(self.source.names) > 1)
        )
        if multiline:
            self.notices.append(f"{self.file.name}: values hold {multiline} line breaks inside quotes.")
        if blanks:
            self.notices.append(f"{self.file.name}: {blanks} blank lines hold no record.")

    def _starts_with_mark(self) -> bool:
        with self.file.path.open("rb") as file:
            return file.read(3) == b"\xef\xbb\xbf"

    def _name_columns(self, block: Block) -> None:
        if block.nul[0] or block.misquoted[0]:
            wrong = "a NUL byte" if block.nul[0] else "a quote out of place"
            line = int(block.line(np.array([0]))[0])
            if block.data.count(b"\0") * 4 > len(block.data):
                raise DataError(
                    f"{self.file.name}: many of its bytes are NUL, as in UTF-16. "
                    f'Write: [tables.{self.table}] format = {{ encoding = "utf-16" }}'
                )
            raise DataError(f"{self.file.name}, line {line}: its first record holds {wrong}. Mend it in the export.")
        names = [str(number + 1) for number in range(int(block.fields[0]))]
        if self.format.header:
            self.source = Source(self.file.name, tuple(names), ("text",) * len(names))
            names = [name.strip() for name in self._split([block.text(0)])[0]]
            at = int(block.line(np.array([0]))[0])
            self._data_from_line = at + 1 + block.text(0).count("\n")
            if "\n" in block.text(0):
                self._data_from_line = 0  # never as it is
        self.source = Source(self.file.name, tuple(names), ("text",) * len(names))
        self._refuse_other_delimiter(names)

    def _refuse_other_delimiter(self, names: list[str]) -> None:
        if len(names) > 1:
            return
        for sign, written in ((";", ";"), ("\t", "\\t"), ("|", "|"), (",", ",")):
            if sign in names[0]:
                raise DataError(
                    f"{self.file.name}: its header is one column, {names[0]!r}, which holds {written!r}. "
                    f'Write: [tables.{self.table}] format = {{ delimiter = "{written}" }}'
                )

    def _note_broken(self, block: Block, first: int) -> None:
        expected = len(self.source.names)
        wrong = np.flatnonzero((block.fields != expected) | block.misquoted | block.nul)
        wrong = wrong[wrong >= first]
        if not len(wrong):
            return
        if len(wrong) + len(self.broken) > MOST_BROKEN:
            raise DataError(
                f"{self.file.name}: more than {MOST_BROKEN:,} records have not the {expected} fields of its header. "
                "It is not one table; export it again."
            )
        for record, line in zip(wrong, block.line(wrong), strict=True):
            fields = int(block.fields[record])
            column = ""
            if block.nul[record]:
                reason = "nul byte"
            elif block.misquoted[record]:
                reason = "misplaced quote"
            elif fields < expected:
                reason, column = "too few fields", self.source.names[fields]
            else:
                reason = "too many fields"
            self.broken.append(Broken(int(line), reason, column, block.text(int(record))))

    def _clean_copy(self, work: Path) -> Path:
        """Write the whole records alone, as UTF-8, each ended by one LF."""
        if self._text is None:
            self._text = work / f"{self.file.sha256[:16]}.csv"
            with self._text.open("wb") as copy:
                for block, whole in self._blocks():
                    copy.write(_kept(block, whole))
        return self._text


def _kept(block: Block, whole: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> bytes:
    """The bytes of a block's whole records, each ended by one LF."""
    if not whole.any():
        return b""
    starts, ends = block.starts[whole], block.ends[whole]
    array = np.frombuffer(block.data + b"\n", np.uint8).copy()
    array[ends] = 10
    kept: bytes = array[between(np.column_stack((starts, ends + 1)).ravel(), len(array))].tobytes()
    return kept
