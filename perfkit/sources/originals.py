"""Originals: the bytes of a quarantined record as they stand in its file, whatever the encoding.

A record begins where a physical line begins and ends where one ends. Where every character is written in one
way only, its text written again is its bytes; in other encodings (most of those of East Asia) the line's own
bytes are kept beside the text if they differ.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from perfkit.sources.delimited.encodings import with_order

LINE_ENDS = re.compile("\r\n|\r|\n")

_MARKS = {
    "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
}


@dataclass(frozen=True)
class Origin:
    """The file of which some rows are set aside.

    Attributes
    ----------
    name : str
        As reports name it.
    path : Path
        Where its bytes are.
    encoding : str or None
        Of its text, the order of the bytes told; None where its records are cells and no text.
    head_lines : int
        Physical lines above its first record: marks, titles, header.
    unmarked : bool
        Whether its records may lack marks of the byte order that stand in the file.
    cells : bool
        Whether typed cells bear the mark of a workbook's reader.
    """

    name: str
    path: Path
    encoding: str | None = None
    head_lines: int = 0
    unmarked: bool = False
    cells: bool = False

    @classmethod
    def of(cls, export: Any) -> "Origin":
        """What is known of an opened export; one of text says its `encoding` and its `head_lines`."""
        encoding = getattr(export, "encoding", None)
        path = export.file.path
        return cls(
            export.file.name,
            path,
            _plain(encoding, path) if encoding else None,
            getattr(export, "head_lines", 0),
            getattr(export, "unmarked", False),
            "cell" in export.source.kinds,
        )

    @property
    def head(self) -> bytes:
        """Everything above its first record, byte for byte."""
        lines = physical_lines(self.path, self.encoding) if self.encoding else iter(())
        return b"".join(line for line, _ in zip(lines, range(self.head_lines), strict=False))

    @property
    def line_end(self) -> str:
        """How its first line ends; a line feed where it does not."""
        first = next(physical_lines(self.path, self.encoding), b"") if self.encoding else b""
        found = LINE_ENDS.search(first.decode(self.encoding or "utf-8", "replace"))
        return found[0] if found else "\n"


class Originals:
    """The bytes of records of one file, asked for from the first line down."""

    def __init__(self, origin: Origin) -> None:
        self._encoding = origin.encoding
        self._read_as = read_as(origin.encoding) if origin.encoding else "utf-8"
        self._exact = origin.encoding is None or (one_to_one(origin.encoding) and not origin.unmarked)
        self._lines = iter(()) if self._exact else physical_lines(origin.path, origin.encoding or "")
        self._at = 1

    def beside(self, lines: Sequence[int], records: Sequence[str]) -> list[bytes | None]:
        """Return each record's bytes where its text written again would not give them, else None."""
        if self._exact:
            return [None] * len(records)
        found = zip(records, map(self._taken, lines, records), strict=True)
        return [None if written_again(text, self._encoding or "") == its else its for text, its in found]

    def _taken(self, line: int, record: str) -> bytes:
        for _ in range(line - self._at):
            next(self._lines)
        span = len(LINE_ENDS.findall(record)) + 1
        self._at = line + span
        whole = b"".join(next(self._lines) for _ in range(span))
        for end in ("\n", "\r"):
            whole = whole.removesuffix(end.encode(self._read_as))
        return whole


def original(record: str, encoding: str | None, raw: bytes | None) -> bytes:
    """Return the bytes of a record of quarantine.parquet as they stand in its file, without its line end."""
    if raw is not None:
        return raw
    return record.encode(encoding or "utf-8")


def written_again(record: str, encoding: str) -> bytes | None:
    """A text in an encoding; None where the encoding cannot write what it read."""
    try:
        return record.encode(encoding)
    except UnicodeEncodeError:
        return None


def physical_lines(path: Path, encoding: str) -> Iterator[bytes]:
    """Yield a text file's lines with their ends, byte for byte."""
    with path.open(encoding=read_as(encoding), newline="") as lines:
        for line in lines:
            yield line.encode(read_as(encoding))


def read_as(encoding: str) -> str:
    """Return an encoding in which a file's lines are told apart and written again byte for byte."""
    return encoding if one_to_one(encoding) else "latin-1"  # line ends are single bytes in all others


@cache
def one_to_one(encoding: str) -> bool:
    """Whether an encoding writes each character in one way only, so that text written again is the same bytes."""
    if encoding.startswith(("utf-8", "utf-16-", "utf-32-")):
        return True
    decoder = codecs.getincrementaldecoder(encoding)
    for byte in (bytes([number]) for number in range(256)):
        try:
            character = decoder().decode(byte)
        except UnicodeDecodeError:
            continue
        if len(character) != 1 or written_again(character, encoding) != byte:
            return False
    return True


def _plain(encoding: str, path: Path) -> str:
    """The encoding that reads any part of the file: without a mark, its order of bytes told."""
    name = codecs.lookup(encoding).name
    if name == "utf-8-sig":
        return "utf-8"
    if name not in _MARKS:
        return name
    with path.open("rb") as file:
        head = file.read(4)
    return next((found for mark, found in _MARKS[name] if head.startswith(mark)), with_order(path, name))
