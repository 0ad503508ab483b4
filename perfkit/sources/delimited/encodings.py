"""Encodings: a text file as UTF-8 bytes, or a refusal that names line, byte and the encoding that would work.

What is not declared is proven: by the byte order mark, by the NULs of UTF-16, as UTF-8 by every byte, else as
cp1252, whose accents stand where accents stand. Where that leaves a doubt, it is asked.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from perfkit.errors import DataError
from perfkit.sources.delimited.codepages import survey
from perfkit.sources.delimited.misread import (
    BLOCK,
    HEAD,
    by_nuls,
    doubtful,
    first_not_utf8,
    is_cut,
    is_utf8,
    is_wide,
    mixed,
    setting,
    undecodable,
)

_MARKS = (
    ("utf-8", codecs.BOM_UTF8),
    ("utf-32-le", codecs.BOM_UTF32_LE),  # begins as UTF-16's does
    ("utf-32-be", codecs.BOM_UTF32_BE),
    ("utf-16-le", codecs.BOM_UTF16_LE),
    ("utf-16-be", codecs.BOM_UTF16_BE),
)

_LATER_MARK = re.compile(b"(?<=[\r\n])(?:\xef\xbb\xbf)+")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_CTRL_Z = b"\x1a"
"""With which DOS ended a file."""


def proven(path: Path, *, name: str, table: str, refuted: bool = False) -> str:
    """Return the encoding that a file is in.

    UTF-8 is told by the head alone: whoever reads on and finds a byte that is none asks again.

    Parameters
    ----------
    path : Path
        Where the bytes are.
    name, table : str
        The file and its table, as errors name them.
    refuted : bool
        Whether a byte was found that is not UTF-8.

    Raises
    ------
    DataError
        If it may be in several encodings, or holds two of them.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
        whole = not file.read(1)
    found = _by_mark(head) or by_nuls(head)
    if found and not (refuted and found == "utf-8"):
        return found
    if not refuted and is_utf8(head, whole):
        return "utf-8"
    seen = survey(path)
    wrong = first_not_utf8(path)
    if seen.utf8 or found or is_cut(path, wrong):
        raise mixed(path, seen, wrong, bool(found), name=name, table=table)
    if seen.doubtful:
        raise doubtful(path, seen, name=name, table=table)
    return "cp1252"


def utf8_blocks(
    path: Path, encoding: str, *, name: str, table: str, declared: bool = True, size: int = BLOCK
) -> Iterator[bytes]:
    """Yield a file's text as UTF-8, without byte order marks, and without the Ctrl-Z with which DOS ends a file.

    A mark at the start of a later line is one too: there begins a file that was pasted to the first.

    Parameters
    ----------
    path : Path
        Where the bytes are.
    encoding : str
        The encoding.
    name, table : str
        The file and its table, as errors name them.
    declared : bool
        Whether the settings say so; else UTF-8 was told at first sight and may be refuted.
    size : int
        Bytes of the file read at a time.

    Raises
    ------
    NotInEncoding
        At the first byte that is not in the encoding.
    DataError
        When text declared in a one-byte encoding is UTF-8 all through, which would turn each accent into two
        wrong characters.
    """
    encoding = with_order(path, encoding)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    utf8 = encoding in ("utf-8", "utf-8-sig")
    doubt = _Utf8Doubt() if declared and not utf8 and not is_wide(encoding) else None
    offset, fresh, held = 0, True, b""
    with path.open("rb") as file:
        while True:
            block = file.read(size)
            if offset == 0:
                _refuse_another_kind(block, encoding, name=name, table=table)
            if doubt:
                doubt.feed(block)
            if utf8 and block.isascii() and not decoder.getstate()[0]:
                text = block
            else:
                try:
                    text = decoder.decode(block, final=not block).encode("utf-8", "surrogatepass")
                except UnicodeDecodeError as error:
                    start = offset + len(block) - len(error.object) + error.start
                    raise undecodable(path, encoding, start, name=name, table=table, declared=declared) from None
            if held:
                text, held = held + text, b""
            text, fresh = _without_marks(text, fresh)
            if text.endswith(_CTRL_Z):
                held = text[len(text.rstrip(_CTRL_Z)) :]
                text = text[: -len(held)]
            if text:
                yield text
            offset += len(block)
            if not block:
                break
    if doubt and doubt.sure:
        raise DataError(
            f"{name}: declared {encoding}, but its accents are UTF-8 all through (first at byte {doubt.first}). "
            f"They would be read as two wrong characters each. Write: {setting(table, 'utf-8')}"
        )


def ends_as_dos_does(path: Path) -> bool:
    """Whether the last sign of a file is Ctrl-Z."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 4, 0))
        return file.read().rstrip(b"\0").endswith(_CTRL_Z)


def _without_marks(text: bytes, fresh: bool) -> tuple[bytes, bool]:
    """Text without marks at the start of its lines, given whether a line starts with it; and whether one ends it."""
    if not text.isascii() and codecs.BOM_UTF8 in text:
        text = _LATER_MARK.sub(b"", text)
        while fresh and text.startswith(codecs.BOM_UTF8):
            text = text[3:]
    return text, text.endswith((b"\n", b"\r")) if text else fresh


class _Utf8Doubt:
    """Whether bytes declared in a one-byte encoding are in truth UTF-8: some beyond ASCII, all of them valid."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._valid = True
        self._offset = 0
        self.first: int | None = None

    def feed(self, block: bytes) -> None:
        if self._valid and (self.first is not None or not block.isascii()):
            if self.first is None:
                self.first = self._offset + _BEYOND_ASCII.search(block).start()  # type: ignore[union-attr]
            try:
                self._decoder.decode(block, final=not block)
            except UnicodeDecodeError:
                self._valid = False
        self._offset += len(block)

    @property
    def sure(self) -> bool:
        return self._valid and self.first is not None


def with_order(path: Path, encoding: str) -> str:
    """Return UTF-16 and UTF-32 with the order of their bytes, where no mark tells it; other encodings as they are."""
    if encoding not in ("utf-16", "utf-32"):
        return encoding
    with path.open("rb") as file:
        head = file.read(HEAD)
    if _by_mark(head):
        return encoding
    found = by_nuls(head)
    return found if found and found.startswith(encoding) else f"{encoding}-le"


def _by_mark(head: bytes) -> str | None:
    return next((encoding for encoding, mark in _MARKS if head.startswith(mark)), None)


def _refuse_another_kind(block: bytes, encoding: str, *, name: str, table: str) -> None:
    """Refuse a text whose first bytes tell that it is in another encoding."""
    marked = _by_mark(block)
    if marked and encoding not in (marked, marked.removesuffix("-le").removesuffix("-be"), f"{marked}-sig"):
        raise DataError(
            f"{name}, line 1, byte 0: its byte order mark says {marked}, the settings say {encoding}. "
            f"Write: {setting(table, marked)}"
        )
    if is_wide(encoding) and not marked and block and b"\0" not in block:
        raise DataError(
            f"{name}, line 1, byte 0: the settings say {encoding}, in which every comma and every line end has a NUL "
            f"byte, and there is none. Take the line out, or write what it is, such as {setting(table, 'utf-8')}"
        )
