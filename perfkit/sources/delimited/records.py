"""Records: where each record of a delimited text begins and ends, which line that is, and which are broken.

This is the count against which the load is held, made apart from the engine that reads the values. It
works on whole blocks of bytes; only quotes that are out of place are looked at one by one.

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
from perfkit.sources.delimited.quotes import LONGEST, Mask, Places, between, settled
from perfkit.sources.delimited.quotes import Dialect as Dialect  # whoever splits a text into records needs it

TOO_LONG = 2 * LONGEST
"""Bytes that no record of a table has."""


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
        return _fields(self.delimiters, self.starts, self.ends)

    def cut(self, records: Places, fields: int) -> Places:
        """Where these records, which have more fields than that, would end with so many."""
        return self.delimiters[np.searchsorted(self.delimiters, self.starts[records]) + fields - 1]

    @cached_property
    def delimiters(self) -> Places:
        """Places of the delimiters outside quotes."""
        mask = np.frombuffer(self.data, np.uint8) == self.dialect.delimiter[0]
        if self.quoted is not None:
            mask &= ~self.quoted[: len(mask)]
        return np.flatnonzero(mask)

    @cached_property
    def _line_ends(self) -> Places:
        return _line_ends(np.frombuffer(self.data, np.uint8), self.data)


def blocks(texts: Iterable[bytes], dialect: Dialect, *, skip: int = 0, name: str = "") -> Iterator[Block]:
    """Split UTF-8 text into blocks of whole records, after `skip` physical lines.

    Raises
    ------
    DataError
        If a record is longer than `TOO_LONG`: then this is not a table with such a delimiter and such line ends.
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
                if (at := _too_long(block, carried, line)) is not None:
                    raise DataError(
                        f"{name}, line {at}: a record is longer than {TOO_LONG:,} bytes, so this is not a table of "
                        "lines. Open it and see what it is."
                    )
                if block.data:
                    yield block
        pending = text


def _too_long(block: Block, carried: bytes, line: int) -> int | None:
    """The line of a record that is longer than any of a table; None where there is none."""
    if not block.data and len(carried) > TOO_LONG:
        return line
    long = np.flatnonzero(block.ends - block.starts > TOO_LONG)
    return int(block.line(long[:1])[0]) if len(long) else None


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
    line_ends = _line_ends(array, data)
    quoted, misplaced, known = settled(data, array, line_ends, dialect, ended)
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


def _fields(delimiters: Places, starts: Places, ends: Places) -> Places:
    """Fields of each record: its delimiters outside quotes, and one."""
    if len(starts) and len(delimiters) and len(delimiters) % len(starts) == 0:  # the same number in each, mostly
        table = delimiters.reshape(len(starts), -1)
        if (table[:, 0] >= starts).all() and (table[:, -1] < ends).all():
            return np.full(len(starts), table.shape[1] + 1)
    return np.searchsorted(delimiters, ends) - np.searchsorted(delimiters, starts) + 1


def kept(block: Block, whole: Mask, width: int) -> bytes:
    """Return the bytes of a block's whole records, each ended by one LF, and of `width` fields if that is not 0."""
    if not whole.any():
        return b""
    starts, ends = block.starts[whole], block.ends[whole].copy()
    lacking = np.zeros(len(starts), np.int64)
    if width:
        fields = block.fields[whole]
        longer = np.flatnonzero(fields > width)
        ends[longer] = block.cut(np.flatnonzero(whole)[longer], width)
        lacking = np.maximum(width - fields, 0)
    array = np.frombuffer(block.data + b"\n", np.uint8).copy()
    array[ends] = 10
    staying = between(np.column_stack((starts, ends + 1)).ravel(), len(array))
    if lacking.any():
        behind = np.repeat(ends, lacking)
        array = np.insert(array, behind, block.dialect.delimiter[0])
        staying = np.insert(staying, behind, True)
    copied: bytes = array[staying].tobytes()
    return copied


def empty_beyond(block: Block, records: Places, width: int, quote: str) -> Mask:
    """Return which of these records, longer than `width` fields, hold nothing beyond, and something before."""
    cut, ends = block.cut(records, width), block.ends[records]
    empty = ends - cut == block.fields[records] - width
    something = cut > block.starts[records]  # else one empty field would be left, which is a blank line
    if quote:
        for number in np.flatnonzero(~empty):
            beyond = block.data[cut[number] : ends[number]].replace(quote.encode() * 2, b"")
            empty[number] = not beyond.strip(block.dialect.delimiter)
    return empty & something
