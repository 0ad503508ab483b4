"""Dialects: what a delimited text file is, proven from its first records: encoding, delimiter, titles, header.

What the format declares is taken as it stands. What it does not is what the file proves: the delimiter is the one
under which the wanted headings stand in one record, and that record is the header. Where two answers are as good
as each other, it is asked.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from perfkit.errors import DataError
from perfkit.sources.delimited import encodings
from perfkit.sources.delimited.quotes import Dialect
from perfkit.sources.delimited.quotes import Places as Places
from perfkit.sources.delimited.records import TOO_LONG, Block, blocks
from perfkit.sources.files import ExportFile
from perfkit.sources.names import folded
from perfkit.sources.settings import Format

SIGNS = (",", ";", "\t", "|")
"""The delimiters that a file may be proven to have."""

FIRST = 50
"""Records among which the header is looked for."""

Wanted = tuple[tuple[str, ...], ...]

_HEADS = (1 << 18, 1 << 23)
"""Bytes that are looked at; the second where the first are not `FIRST` records."""

_CLEARLY = 0.8
"""Share of the best delimiter's records that the next one may hold together, and still be told from it."""

_SEP = re.compile(rb'"?sep=(\\t|[^\r\n"\w])"?[ \t,;|]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
"""The first line by which Excel is told the delimiter."""


def proven(
    file: ExportFile, table: str, format: Format, wanted: Wanted = (), *, refuted: bool = False
) -> tuple[Format, list[str]]:
    """Return the format with delimiter, encoding and skip filled in, and what should be said about them.

    Parameters
    ----------
    file : ExportFile
        The file.
    table : str
        Its table, as errors name it.
    format : Format
        What is declared; that is held strictly.
    wanted : tuple of tuple of str
        The headings by which the header is known: each as the names it may have.
    refuted : bool
        Whether a byte was found that is not UTF-8, which the first bytes were.

    Raises
    ------
    DataError
        If the encoding or the delimiter cannot be told.
    """
    encoding = format.encoding or encodings.proven(file.path, name=file.name, table=table, refuted=refuted)
    asked = _Asked(file, table, format, wanted, encoding)
    for size in _HEADS:
        head, whole = asked.head(size)
        sep = asked.sep(head)
        views = asked.views(head, whole, sep)
        if whole or any(len(view.block.starts) >= FIRST for view in views):
            break
    view = asked.chosen(views)
    skip = asked.skip(view, sep)
    found: dict[str, str | int] = {
        "encoding": encoding,
        "delimiter": view.sign if view else asked.signs(sep)[0],
        "skip": skip,
    }
    alone = view is not None and view.usual == 1
    return format.model_copy(update=found), asked.told(found, titles=skip - bool(sep), alone=alone)


@dataclass(frozen=True)
class _View:
    """The first records of a file as they are under one delimiter."""

    sign: str
    quote: str
    block: Block
    wanted: Wanted

    @cached_property
    def sound(self) -> list[int]:
        """The first records without a quote out of place or a NUL."""
        return [int(at) for at in np.flatnonzero(~self.block.misquoted & ~self.block.nul) if at < FIRST]

    @cached_property
    def header(self) -> int | None:
        """The first record in which all wanted names stand."""
        if not self.wanted:
            return None
        return next((at for at in self.sound if self.held(at) == len(self.wanted)), None)

    @cached_property
    def likeliest(self) -> tuple[int, int]:
        """The most wanted names that one record holds, and the first that does; only if they are half or more."""
        most = max(((self.held(at), -at) for at in self.sound), default=(0, 0))
        return (most[0], -most[1]) if most[0] * 2 >= len(self.wanted) > 0 else (0, 0)

    def held(self, record: int) -> int:
        """How many of the wanted names stand in a record."""
        names = split([self.block.text(record)], self.sign, self.quote)[0]
        exact = {name.strip() for name in names}
        missing = [each for each in self.wanted if exact.isdisjoint(each)]
        if not missing or int(self.block.fields[record]) == 1 < len(self.wanted):
            return len(self.wanted) - len(missing)
        plain = [folded(name) for name in names]
        return len(self.wanted) - sum(not any(plain.count(folded(name)) == 1 for name in each) for each in missing)

    @property
    def _fields(self) -> Places:
        return self.block.fields[~self.block.misquoted]

    def alike(self, width: int, since: int = 0) -> int:
        """How many records have so many fields."""
        return int((self.block.fields[since:][~self.block.misquoted[since:]] == width).sum())

    @cached_property
    def usual(self) -> int:
        """Fields that most records have, of those that have several; 1 if none has."""
        widths, counts = np.unique(self._fields[self._fields > 1], return_counts=True)
        return int(widths[np.argmax(counts)]) if len(widths) else 1

    @property
    def several(self) -> int:
        """How many records have the usual number of fields, if that is several."""
        return self.alike(self.usual) if self.usual > 1 else 0

    @property
    def single(self) -> int:
        """How many records are one field."""
        return self.alike(1)

    @cached_property
    def decimal(self) -> bool:
        """Whether the sign is a comma that stands between digits alone, as in 12,50."""
        places = self.block.delimiters
        if self.sign != "," or not len(places) or places[0] == 0 or places[-1] == len(self.block.data) - 1:
            return False
        array = np.frombuffer(self.block.data, np.uint8)
        beside = np.concatenate((array[places - 1], array[places + 1]))
        return bool(((beside >= 0x30) & (beside <= 0x39)).all())


@dataclass(frozen=True)
class _Asked:
    """What is asked about one file."""

    file: ExportFile
    table: str
    format: Format
    wanted: Wanted
    encoding: str

    def head(self, size: int) -> tuple[bytes, bool]:
        """The first bytes as UTF-8, and whether they are all there are."""
        texts = encodings.utf8_blocks(
            self.file.path,
            self.encoding,
            name=self.file.name,
            table=self.table,
            declared=self.format.encoding is not None,
            size=size,
        )
        return next(texts, b""), self.file.bytes <= size

    def sep(self, head: bytes) -> re.Match[bytes] | None:
        """The first line, if it says nothing but the delimiter."""
        found = _SEP.match(head)
        return found if found and found[1].decode() != self.format.quote else None

    def signs(self, sep: re.Match[bytes] | None) -> tuple[str, ...]:
        """The delimiters that come into question."""
        if self.format.delimiter:
            return (self.format.delimiter,)
        if sep:
            return ("\t" if sep[1] == b"\\t" else sep[1].decode(),)
        return SIGNS

    def views(self, head: bytes, whole: bool, sep: re.Match[bytes] | None) -> list[_View]:
        """The first records under each delimiter; without those under which there is no whole record."""
        skip = self.format.skip or bool(sep)
        views = []
        for sign in self.signs(sep):
            dialect = Dialect(sign.encode(), self.format.quote.encode())
            found = _first_block(head, whole, dialect, skip, self.file.name)
            if found:
                views.append(_View(sign, self.format.quote, found, self.wanted if self.format.header else ()))
        return views

    def chosen(self, views: list[_View]) -> _View | None:
        """The view that the file proves.

        Raises
        ------
        DataError
            If two are as good.
        """
        if len(views) < 2:
            return views[0] if views else None
        headed = [view for view in views if view.header is not None]
        if headed:
            return max(headed, key=_orderly)
        held = max(view.likeliest[0] for view in views)
        likely = [view for view in views if view.likeliest[0] == held]
        if held and len(likely) == 1:
            return likely[0]
        several = [view for view in views if view.several]
        several = [view for view in several if not view.decimal or len(several) == 1]
        best = max(several, key=lambda view: view.several, default=None)
        if best is None or (best.several <= max(view.single for view in views) and not _mostly(best)):
            return max(views, key=lambda view: view.single)
        rivals = [view for view in several if view.several >= _CLEARLY * best.several]
        if len(rivals) > 1:
            raise self._undecided(rivals)
        return best

    def _undecided(self, rivals: list[_View]) -> DataError:
        told = ", ".join(
            f"{_written(view.sign)} makes {view.several:,} of {len(view.block.starts):,} records {view.usual} fields"
            for view in rivals
        )
        likely = max(rivals, key=lambda view: (view.several, view.usual))
        return DataError(
            f"{self.file.name}: its delimiter cannot be told: of the first records, {told}. Write the one that is "
            f"right: {setting(self.table, likely.sign)}"
        )

    def skip(self, view: _View | None, sep: re.Match[bytes] | None) -> int:
        """Physical lines above the header."""
        if self.format.skip:
            return self.format.skip
        at = 0
        if self.format.skip is None and view is not None:
            at = view.header if view.header is not None else view.likeliest[1]
        if view is None or at == 0:
            return int(bool(sep))
        return int(view.block.line(np.array([at]))[0]) - 1

    def told(self, found: dict[str, str | int], titles: int, alone: bool) -> list[str]:
        """One sentence about what was not declared and is not what one expects; none where all is."""
        parts = []
        if self.format.encoding is None and found["encoding"] != "utf-8":
            parts.append(f"as {found['encoding']}")
        if self.format.delimiter is None and found["delimiter"] != "," and not alone:
            parts.append(f"{'tab' if found['delimiter'] == chr(9) else found['delimiter']}-separated")
        parts = [f"read {', '.join(parts)}"] if parts else []
        if self.format.skip is None and titles:
            parts.append(f"{titles} title {'line' if titles == 1 else 'lines'} above the header")
        return [f"{self.file.name}: {', '.join(parts)}."] if parts else []


def split(texts: Iterable[str], delimiter: str, quote: str) -> list[list[str]]:
    """Return the fields of records, by another reader than the engine's."""
    csv.field_size_limit(2 * TOO_LONG)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    return list(csv.reader(texts, delimiter=delimiter, quotechar=quote or None, quoting=quoting))


def setting(table: str, sign: str) -> str:
    """Return the line of company.toml that declares a delimiter."""
    return f"[tables.{table}] format = {{ delimiter = {_written(sign)} }}"


def _written(sign: str) -> str:
    return json.dumps(sign)  # that is TOML too


def _orderly(view: _View) -> tuple[float, int]:
    """How well the records below the header agree with it; the wider header wins."""
    header = view.header or 0
    width = int(view.block.fields[header])
    below = len(view.block.starts) - header
    return (view.alike(width, header) / below, width)


def _mostly(view: _View) -> bool:
    return view.several * 2 >= len(view.block.starts)


def _first_block(head: bytes, whole: bool, dialect: Dialect, skip: int, name: str) -> Block | None:
    """The whole records at the head of a text."""

    def texts() -> Iterator[bytes]:
        yield head
        if not whole:
            yield b""

    return next((block for block in blocks(texts(), dialect, skip=skip, name=name) if len(block.starts)), None)
