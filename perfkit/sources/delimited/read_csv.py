"""CSV: a delimited text file as numbered columns of text, with every broken record found and every line known."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from perfkit.errors import DataError, EngineError
from perfkit.sources.columns import Source
from perfkit.sources.delimited import encodings
from perfkit.sources.delimited.dialects import Wanted, proven, setting, split
from perfkit.sources.delimited.misread import BLOCK, NotInEncoding, made_twice
from perfkit.sources.delimited.quotes import LONGEST, Dialect, Mask, Places
from perfkit.sources.delimited.records import Block, blocks, empty_beyond, kept
from perfkit.sources.files import ExportFile, literally, quoted
from perfkit.sources.names import found
from perfkit.sources.originals import LINE_ENDS
from perfkit.sources.places import Lines, jumps
from perfkit.sources.rows import Broken, Rows
from perfkit.sources.settings import Format

MOST_BROKEN = 1_000_000
"""Broken records beyond which a file is refused outright."""


@dataclass
class _Seen:
    """What one walk through a file found."""

    length: int = 0
    line_ends: set[bytes | None] = field(default_factory=set)
    blanks: int = 0
    multiline: int = 0
    padded: int = 0
    twice: int = 0
    first_twice: tuple[int, str] = (0, "")
    whole: int = 0
    jumps: list[tuple[Places, Places]] = field(default_factory=list)

    def note_lines(self, records: Places, lines: Places) -> None:
        """Note which of the next whole records do not stand a line below the one before."""
        before = int(self.jumps[-1][1][-1] - self.jumps[-1][0][-1]) if self.jumps else None
        at = jumps(lines, records, before)
        if len(at):
            self.jumps.append((records[at], lines[at]))


@dataclass
class CsvExport:
    """One CSV file, its structure proven and checked.

    Attributes
    ----------
    file : ExportFile
    table : str
    format : Format
        What is declared; once read, what is declared or proven.
    wanted : tuple of tuple of str
        The headings by which the header is known: each as the names it may have.
    source : Source
        Its columns, all text.
    records : int
        Records seen, by the count that the load is held against; the header is none.
    broken : list of Broken
        Records whose structure is wrong; all others are `relation`'s rows, in the same order.
    notices : list of str
    head_lines : int
        Physical lines above the first record: titles and the header.
    lines : Lines
        On which lines its whole records stand.
    """

    file: ExportFile
    table: str
    format: Format
    wanted: Wanted = ()
    source: Source = field(init=False)
    records: int = 0
    broken: list[Broken] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    head_lines: int = 0
    lines: Lines = field(init=False)
    _declared: bool = True
    _named: int = 0
    _as_it_is: bool = True
    _uneven: bool = False
    _unmarked: bool = False
    _data_from_line: int = 1
    _multiline: bool = False
    _by_line: bool = False
    _text: Path | None = None

    def __post_init__(self) -> None:
        declared = self.format
        self._declared = declared.encoding is not None
        try:
            self._settle(declared)
        except NotInEncoding:
            if self._declared or self.format.encoding not in (None, "utf-8"):
                raise
            self._settle(declared, refuted=True)

    def _settle(self, declared: Format, *, refuted: bool = False) -> None:
        """Prove what the format leaves open, then walk through the file."""
        self.records, self.broken, self._uneven = 0, [], False
        self.__dict__.pop("source", None)
        self.format = declared
        self.format, self.notices = proven(self.file, self.table, declared, self.wanted, refuted=refuted)
        self._examine()

    @property
    def encoding(self) -> str:
        """In which its text is, as declared or proven."""
        return self.format.encoding or "utf-8"

    @property
    def unmarked(self) -> bool:
        """Whether marks of the byte order, or a Ctrl-Z, may have been taken off its lines."""
        return self._unmarked and self.encoding.startswith("utf")

    def relation(self, work: Path) -> str:
        """Return SQL of the whole records as columns c0, c1 ...; a clean copy is made where the file is not plain."""
        path, skip = self.file.path.resolve(), self._data_from_line - 1
        if not self._as_it_is:
            path, skip = self._clean_copy(work), 0
        columns = [f"'c{number}': 'VARCHAR'" for number in range(len(self.source.names))]
        signs = {self._delimiter, self.format.quote} - {""}
        beyond = [null for null in self.format.null if any(sign in null for sign in signs)]  # DuckDB takes none such
        never = next(sign for sign in "\x01\x02\x03" if sign not in signs) * 40
        nulls = ", ".join(quoted(null) for null in self.format.null if null not in beyond) or quoted(never)
        quote = quoted(self.format.quote)
        relation = (
            f"read_csv({quoted(literally(path))}, columns = {{{', '.join(columns)}}}, auto_detect = false, "
            f"header = false, skip = {skip}, delim = {quoted(self._delimiter)}, quote = {quote}, escape = {quote}, "
            f"comment = '', nullstr = [{nulls}], new_line = '\\n', "
            f"strict_mode = true, null_padding = false, ignore_errors = false, max_line_size = {4 * LONGEST}, "
            f"parallel = {str(not self._multiline).lower()}, hive_partitioning = false, compression = 'none')"
        )
        if not beyond:
            return relation
        among = ", ".join(quoted(null) for null in beyond)
        values = ", ".join(f"CASE WHEN c{n} NOT IN ({among}) THEN c{n} END AS c{n}" for n in range(len(columns)))
        return f"(SELECT {values} FROM {relation})"

    def rows(self, wanted: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Iterator[Rows]:
        """Yield the whole records of these numbers (counted from 0, ascending), with their lines and raw texts."""
        if self._as_it_is and self._by_line:
            yield from self._lines(wanted)
            return
        base = 0
        for block, whole in self._blocks():
            here = np.flatnonzero(whole)
            first, last = np.searchsorted(wanted, (base, base + len(here)))
            chosen = here[wanted[first:last] - base]
            if len(chosen):
                yield self._rows(block, chosen, wanted[first:last])
            base += len(here)

    def _lines(self, wanted: Places) -> Iterator[Rows]:
        """The same in a file of which each line is a record: found by counting line ends alone."""
        lines, line, rest = wanted + self._data_from_line, 1, b""
        with self.file.path.open("rb") as file:
            while True:
                block = file.read(BLOCK)
                data = rest + block
                ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 10)
                if not block:
                    ends = np.append(ends, len(data))
                starts = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else ends
                first, last = np.searchsorted(lines, (line, line + len(ends)))
                at = lines[first:last] - line
                if len(at):
                    texts = [data[start:end].decode() for start, end in zip(starts[at], ends[at], strict=True)]
                    yield self._rows_of(texts, wanted[first:last], lines[first:last])
                if not block:
                    return
                line, rest = line + len(ends), data[ends[-1] + 1 :] if len(ends) else data

    def _rows(self, block: Block, chosen: np.ndarray, numbers: np.ndarray) -> Rows:  # type: ignore[type-arg]
        return self._rows_of([block.text(record) for record in chosen], numbers, block.line(chosen))

    def _rows_of(self, texts: list[str], numbers: Places, lines: Places) -> Rows:
        nulls = pa.array(self.format.null, pa.string())
        columns = [pa.array(column, pa.string()) for column in zip(*self._split(texts), strict=True)]
        values = pa.table(
            {
                f"c{number}": pc.if_else(pc.is_in(column, value_set=nulls), None, column)
                for number, column in enumerate(columns)
            }
        )
        return Rows(values, numbers, lines, texts)

    def _split(self, texts: list[str]) -> list[list[str]]:
        """The fields of records, by another reader than the engine's, empty ones made as many as there are names."""
        records = split(texts, self._delimiter, self.format.quote)
        width = len(self.source.names)
        if self._uneven:
            records = [(fields + [""] * (width - len(fields)))[:width] for fields in records]
        if len(records) != len(texts) or any(len(fields) != width for fields in records):
            raise EngineError(f"{self.file.name}: two readings of its records differ. Please report this.")
        return records

    @property
    def _delimiter(self) -> str:
        return self.format.delimiter or ","

    def _all(self) -> Iterator[Block]:
        dialect = Dialect(self._delimiter.encode(), self.format.quote.encode())
        texts = encodings.utf8_blocks(
            self.file.path,
            self.format.encoding or "utf-8",
            name=self.file.name,
            table=self.table,
            declared=self._declared,
        )
        return blocks(texts, dialect, skip=self.format.skip or 0, name=self.file.name)

    def _blocks(self) -> Iterator[tuple[Block, Mask]]:
        """Yield the blocks and which of their records are whole rows; the header is none."""
        header = self.format.header
        for block in self._all():
            whole = np.ones(len(block.starts), bool)
            if self.broken or self._uneven:
                whole = self._fitting(block)
            if header and len(whole):
                whole[0], header = False, False
            yield block, whole

    def _fitting(self, block: Block) -> Mask:
        """Which records have a field for each name, and beyond these nothing but empty ones."""
        width = len(self.source.names)
        fits = block.fields == width
        if not fits.all():
            fits |= (block.fields < width) & (block.fields >= self._named)
            longer = np.flatnonzero((block.fields > width) & ~block.misquoted)
            fits[longer] = empty_beyond(block, longer, width, self.format.quote)
        return fits & ~block.misquoted & ~block.nul

    def _examine(self) -> None:
        """Walk through the file once: header, records, line ends, and what is broken."""
        seen = _Seen()
        for block in self._all():
            count = len(block.starts)
            seen.length += len(block.data)
            seen.blanks += block.blanks
            seen.line_ends.add(block.line_end)
            if not count:
                continue
            first = 0
            if not hasattr(self, "source"):
                self._name_columns(block)
                first = int(self.format.header)
            broken = self._note_uneven(block, first, seen)
            self.records += count - first
            unended = not block.data.endswith((b"\n", b"\r"))
            inside = block.lines + unended - block.blanks - count
            seen.multiline += inside
            _note_lines(block, first, broken, seen, by_line=not inside)
            _note_twice(block, seen)
        if not hasattr(self, "source"):
            raise DataError(f"{self.file.name} holds nothing but blank lines. Export it again.")
        records, lines = zip(*seen.jumps, strict=True) if seen.jumps else ([np.zeros(1)], [np.ones(1)])
        self.lines = Lines(np.concatenate(records).astype(np.int64), np.concatenate(lines).astype(np.int64))
        self._multiline = seen.multiline > 0
        self._by_line = not seen.multiline and not seen.blanks
        self._unmarked = self.format.encoding != "utf-8" or seen.length != self.file.bytes
        self._as_it_is = (
            not self.broken
            and not self._uneven
            and seen.length == self.file.bytes  # no mark and no Ctrl-Z was taken off
            and seen.line_ends == {b"\n"}  # told of CRLF, DuckDB drops rows
            and self.format.skip == 0
            and self.format.encoding == "utf-8"
            and self._data_from_line == 1 + self.format.header
            and (not seen.blanks or len(self.source.names) > 1)
        )
        self._tell(seen)

    def _tell(self, seen: _Seen) -> None:
        """Note what a person should know about the file's structure."""
        name = self.file.name
        if seen.multiline:
            self.notices.append(f"{name}: values hold {_several(seen.multiline, 'line break')} inside quotes.")
        if seen.blanks:
            held = "hold" if seen.blanks > 1 else "holds"
            self.notices.append(f"{name}: {_several(seen.blanks, 'blank line')} {held} no record.")
        if seen.padded:
            has = "are" if seen.padded > 1 else "is"
            self.notices.append(
                f"{name}: {_several(seen.padded, 'record')} {has} whole with more or fewer empty fields "
                "at the end than the header."
            )
        if encodings.ends_as_dos_does(self.file.path):
            self.notices.append(f"{name}: the Ctrl-Z at its end is no record.")
        if seen.twice:
            line, letter = seen.first_twice
            self.notices.append(
                f"{name}, line {line}: {letter!r} looks like a letter that was made UTF-8 twice ({seen.twice:,} such). "
                "They are kept as they stand; export it again to mend them."
            )

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
        self.head_lines = int(block.line(np.array([0]))[0]) - 1
        if self.format.header:
            text = block.text(0)
            self.head_lines += 1 + len(LINE_ENDS.findall(text))
            names = [
                name.replace("\ufeff", "").strip() for name in split([text], self._delimiter, self.format.quote)[0]
            ]
            self._data_from_line = int(block.line(np.array([0]))[0]) + 1
            if "\n" in text or "\r" in text:
                self._data_from_line = 0  # never as it is
        self.source = Source(self.file.name, tuple(names), ("text",) * len(names))
        self._named = max((number for number, name in enumerate(names, 1) if name), default=len(names))
        self._refuse_other_delimiter(names, block)

    def _refuse_other_delimiter(self, names: list[str], block: Block) -> None:
        """Refuse a header of one column that holds a delimiter, unless that is the name that is looked for."""
        if len(names) > 1 or any(found(name, names) for each in self.wanted for name in each):
            return
        (name,) = names
        sign = next((sign for sign in ";\t|," if sign in name), None)
        if sign and self.format.quote and block.text(0).startswith(self.format.quote):
            raise DataError(
                f"{self.file.name}: each of its lines stands in quotes as a whole, so that it is one column, {name!r}. "
                "Export it again without these."
            )
        sign = sign or next((sign for sign in "^~:#* \x1f\x01" if self._wanted_in(name.split(sign))), None)
        if sign:
            raise DataError(
                f"{self.file.name}: its header is one column, {name!r}, which holds {sign!r}. "
                f"Write: {setting(self.table, sign)}"
            )

    def _wanted_in(self, names: list[str]) -> bool:
        return bool(self.wanted) and all(any(found(name, names) for name in each) for each in self.wanted)

    def _note_uneven(self, block: Block, first: int, seen: _Seen) -> Places:
        """Note the records that are broken, and how many are whole though they have not the header's fields.

        Returns which are broken.
        """
        expected = len(self.source.names)
        suspect = (block.fields != expected) | block.misquoted | block.nul
        suspect[:first] = False
        if not suspect.any():
            return np.empty(0, np.int64)
        self._uneven = True
        wrong = np.flatnonzero(suspect & ~self._fitting(block))
        seen.padded += int(suspect.sum()) - len(wrong)
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
        return wrong

    def _clean_copy(self, work: Path) -> Path:
        """Write the whole records alone, as UTF-8, each ended by one LF."""
        if self._text is None:
            text = work / f"text-{uuid.uuid4().hex}.csv"  # another table may be made from the same file beside this one
            with text.open("wb") as copy:
                for block, whole in self._blocks():
                    copy.write(kept(block, whole, len(self.source.names) if self._uneven else 0))
            self._text = text
        return self._text


def _note_lines(block: Block, first: int, broken: Places, seen: _Seen, *, by_line: bool) -> None:
    """Note on which lines the whole records of a block stand."""
    count = len(block.starts)
    records = np.arange(seen.whole, seen.whole + count - first - len(broken))
    seen.whole += len(records)
    if by_line and not len(broken) and not block.blanks:  # the first of them says it all
        seen.note_lines(records[:1], np.full(min(len(records), 1), block.first_line + first))
    else:
        seen.note_lines(records, block.line(np.delete(np.arange(first, count), broken - first)))


def _note_twice(block: Block, seen: _Seen) -> None:
    """Note letters that look as if they had been made UTF-8 twice."""
    for place, letter in made_twice(block.data):
        if not seen.twice:
            record = np.searchsorted(block.starts, place, side="right") - 1
            seen.first_twice = (int(block.line(np.array([max(record, 0)]))[0]), letter)
        seen.twice += 1


def _several(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
