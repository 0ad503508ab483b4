"""Records: where each record of a delimited text begins and ends, which line that is, and which are broken.

This is the count against which the load is held, made apart from the engine that reads the values. It
works on whole blocks of bytes; only text whose quotes are irregular is walked quote by quote.

A record ends at a line end (LF, CRLF or CR) outside quotes. A quote opens a field only at the field's
start, and closes it only before a delimiter or a line end; a doubled quote is one quote. Where a quote is
out of place, the physical line it stands on is a broken record and reading goes on with the next line.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from perfkit.errors import DataError

LONGEST = 1 << 20
"""Bytes of the longest record; a quote that stays open for longer is out of place."""

Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Dialect:
    """The bytes that structure a text: one delimiter, and one quote or none."""

    delimiter: bytes
    quote: bytes = b'"'


@dataclass(frozen=True, eq=False)
class Block:
    """Whole records, one after the other.

    Attributes
    ----------
    data : bytes
        From the start of the first record to after the end of the last.
    starts, ends : arrays
        Where each record that is not a blank line starts, and ends before its line end.
    misquoted, nul : masks
        Records with a quote out of place; records with a NUL byte.
    first_line : int
        Physical line of the first byte, from 1.
    lines : int
        Line ends inside, quoted ones too.
    blanks : int
        Blank lines between the records.
    line_end : bytes or None
        How every record ends; None where they differ.
    dialect : Dialect
    quoted : mask or None
        Bytes inside quotes; None where there is no quote.
    """

    data: bytes
    starts: Places
    ends: Places
    misquoted: Mask
    nul: Mask
    first_line: int
    lines: int
    blanks: int
    line_end: bytes | None
    dialect: Dialect
    quoted: Mask | None

    def line(self, records: Places) -> Places:
        """Physical line on which each of these records starts."""
        return self.first_line + np.searchsorted(self._line_ends, self.starts[records])

    def text(self, record: int) -> str:
        """The record as it stands in the file."""
        return self.data[self.starts[record] : self.ends[record]].decode()

    @cached_property
    def fields(self) -> Places:
        """Fields of each record; meaningless where it is misquoted."""
        return _fields(np.frombuffer(self.data, np.uint8), self.quoted, self.dialect, self.starts, self.ends)

    @cached_property
    def _line_ends(self) -> Places:
        return _line_ends(np.frombuffer(self.data, np.uint8), self.data)


def blocks(texts: Iterable[bytes], dialect: Dialect, *, skip: int = 0, name: str = "") -> Iterator[Block]:
    """Split UTF-8 text into blocks of whole records, after `skip` physical lines.

    Raises
    ------
    DataError
        If a line is longer than `LONGEST`: then this is not a table with such a delimiter and such line ends.
    """
    line, carried, left = 1, b"", skip
    pending: bytes | None = None
    for text in _with_last(texts):
        if pending is not None:
            carried, ended = carried + pending, False
            if text is None:
                ended = True
            while left and carried:
                after = _after_first_line(carried, ended)
                if after is None:
                    break
                carried, left, line = carried[after:], left - 1, line + 1
            if not left and carried:
                block = _block(carried, dialect, line, ended)
                carried = carried[len(block.data) :]
                line += block.lines
                if block.data:
                    yield block
                elif len(carried) > 2 * LONGEST:
                    raise DataError(
                        f"{name}, line {line}: a record is longer than {LONGEST:,} bytes, so this is not a table of "
                        "lines. Open it and see what it is."
                    )
        pending = text


def _with_last(texts: Iterable[bytes]) -> Iterator[bytes | None]:
    yield from texts
    yield None


def _after_first_line(data: bytes, ended: bool) -> int | None:
    ends = [at for at in (data.find(b"\n"), data.find(b"\r")) if at >= 0]
    if not ends:
        return len(data) if ended else None
    at = min(ends)
    if data[at : at + 2] == b"\r\n":
        return at + 2
    return None if data[at:] == b"\r" and not ended else at + 1


def _line_ends(array: npt.NDArray[np.uint8], data: bytes) -> Places:
    """Last byte of every line end: LF, the LF of CRLF, or a CR alone."""
    ends = array == 10
    if b"\r" in data:
        alone = array == 13
        alone[:-1] &= array[1:] != 10
        ends |= alone
    return np.flatnonzero(ends)


def _block(data: bytes, dialect: Dialect, line: int, ended: bool) -> Block:
    """Take the whole records at the head of the data; all of it when the text has ended."""
    if not ended and data.endswith(b"\r"):  # perhaps half of a CRLF
        data = data[:-1]
    array = np.frombuffer(data, np.uint8)
    quoted, misplaced, known = _quotes(data, array, dialect, ended)
    line_ends = _line_ends(array, data)
    ends = line_ends[line_ends < known]
    if quoted is not None:
        ends = ends[~quoted[ends]]
    if ended and (not len(ends) or ends[-1] != len(data) - 1):
        ends = np.append(ends, len(data))
    taken = min(int(ends[-1]) + 1, len(data)) if len(ends) else 0
    data = data[:taken]
    array = array[:taken]
    starts = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else ends
    lines = int(np.searchsorted(line_ends, taken))
    crlf = np.zeros(len(ends), bool)
    inside = ends < taken  # all but a last record without a line end
    at = ends[inside]
    crlf[inside] = (array[at] == 10) & (at > starts[inside]) & (array[np.maximum(at - 1, 0)] == 13)
    kinds = np.where(crlf[inside], 2, array[at] == 13)
    kind = (b"\n", b"\r", b"\r\n")[int(kinds[0])] if len(kinds) and (kinds == kinds[0]).all() else None
    stops = ends - crlf
    filled = stops > starts
    blanks = int(len(filled) - filled.sum())
    if blanks:
        starts, stops, ends = starts[filled], stops[filled], ends[filled]
    return Block(
        data=data,
        starts=starts,
        ends=stops,
        misquoted=_holding(misplaced[misplaced < taken], starts),
        nul=_holding(np.flatnonzero(array == 0) if b"\0" in data else np.empty(0, np.int64), starts),
        first_line=line,
        lines=lines,
        blanks=blanks,
        line_end=kind,
        dialect=dialect,
        quoted=quoted,
    )


def _holding(places: Places, starts: Places) -> Mask:
    """Mask of the records in which these places lie."""
    mask = np.zeros(len(starts), bool)
    mask[np.searchsorted(starts, places, side="right") - 1] = True
    return mask


def _fields(
    array: npt.NDArray[np.uint8], quoted: Mask | None, dialect: Dialect, starts: Places, ends: Places
) -> Places:
    """Fields of each record: its delimiters outside quotes, and one."""
    mask = array == dialect.delimiter[0]
    if quoted is not None:
        mask &= ~quoted[: len(array)]
    places = np.flatnonzero(mask)
    if len(starts) and len(places) and len(places) % len(starts) == 0:  # the same number in each, nearly always
        table = places.reshape(len(starts), -1)
        if (table[:, 0] >= starts).all() and (table[:, -1] < ends).all():
            return np.full(len(starts), table.shape[1] + 1)
    return np.searchsorted(places, ends) - np.searchsorted(places, starts) + 1


def _quotes(
    data: bytes, array: npt.NDArray[np.uint8], dialect: Dialect, ended: bool
) -> tuple[Mask | None, Places, int]:
    """Mask of what stands inside quotes, places of quotes out of place, and how far that is known."""
    none = np.empty(0, np.int64)
    if not dialect.quote or dialect.quote not in data:
        return None, none, len(data)
    places = np.flatnonzero(array == dialect.quote[0])
    odd = len(places) % 2 == 1
    too_long = odd and len(data) - places[-1] > LONGEST
    if (odd and ended) or too_long or not _regular(array, places, dialect):
        return _walked(data, dialect, ended)
    return between(places, len(data)), none, len(data)


def between(turns: Places, length: int) -> Mask:
    """Mask of what stands from each first place to before its second: places come in pairs, ascending."""
    bounds = np.concatenate(([0], turns, [length]))
    return np.repeat(np.arange(len(bounds) - 1) % 2 == 1, np.diff(bounds))


def _regular(array: npt.NDArray[np.uint8], places: Places, dialect: Dialect) -> bool:
    """Whether each quote opens at a field's start or closes at its end, doubled ones apart."""
    allowed = np.zeros(256, bool)
    allowed[[dialect.delimiter[0], 10, 13]] = True
    opening, closing = places[::2], places[1::2]
    before = allowed[array[np.maximum(opening - 1, 0)]] | (opening == 0)
    before[1:] |= opening[1:] == closing[: len(opening) - 1] + 1
    after = allowed[array[np.minimum(closing + 1, len(array) - 1)]] | (closing == len(array) - 1)
    after[: len(opening) - 1] |= closing[: len(opening) - 1] + 1 == opening[1:]
    return bool(before.all() and after.all())


def _walked(data: bytes, dialect: Dialect, ended: bool) -> tuple[Mask, Places, int]:
    """As `_quotes`, quote by quote, for text in which some are out of place."""
    quote, borders = dialect.quote, (dialect.delimiter[0], 10, 13)
    turns: list[int] = []
    misplaced: list[int] = []
    known, at = len(data), 0
    while (at := data.find(quote, at)) >= 0:
        if at and data[at - 1] not in borders:  # inside a field without quotes
            misplaced.append(at)
            at += 1
            continue
        close = _closing(data, quote, at)
        unsure = not ended and close in (-1, len(data) - 1)
        if unsure and len(data) - at <= LONGEST:
            known = at  # the rest of it is in the next block
            break
        if close >= 0 and close - at <= LONGEST and (close + 1 == len(data) or data[close + 1] in borders):
            turns += (at, close)
            at = close + 1
        else:
            misplaced.append(at)
            at = _line_end(data, at)
    return between(np.array(turns, np.int64), len(data)), np.array(misplaced, np.int64), known


def _closing(data: bytes, quote: bytes, at: int) -> int:
    """Place of the quote that closes the field opened at `at`; -1 where there is none."""
    at = data.find(quote, at + 1)
    while at >= 0 and data[at + 1 : at + 2] == quote:
        at = data.find(quote, at + 2)
    return at


def _line_end(data: bytes, at: int) -> int:
    ends = [end for end in (data.find(b"\n", at), data.find(b"\r", at)) if end >= 0]
    return min(ends, default=len(data))
