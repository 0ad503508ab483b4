"""Encodings: a text file as UTF-8 bytes, or a refusal that names line, byte and the encoding that would work."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from perfkit.errors import DataError

BLOCK = 16 << 20
"""Bytes read at a time."""

_BOMS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-8-sig": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}


def utf8_blocks(path: Path, encoding: str, *, name: str, table: str, size: int = BLOCK) -> Iterator[bytes]:
    """Yield a file's text as UTF-8, without its byte order mark.

    Parameters
    ----------
    path : Path
        Where the bytes are.
    encoding : str
        The declared encoding.
    name, table : str
        The file and its table, as errors name them.
    size : int
        Bytes of the file read at a time.

    Raises
    ------
    DataError
        At the first byte that is not in the encoding; or when text declared in a one-byte encoding is
        UTF-8 all through, which would turn each accent into two wrong characters.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    utf8 = encoding in ("utf-8", "utf-8-sig")
    doubt = None if utf8 or encoding.startswith(("utf-16", "utf-32")) else _Utf8Doubt()
    offset = 0
    with path.open("rb") as file:
        while True:
            block = file.read(size)
            raw = block
            if offset == 0:
                _refuse_another_mark(block, encoding, name=name, table=table)
                mark = _BOMS.get(encoding, b"")
                raw = block.removeprefix(mark) if mark else block
            if doubt:
                doubt.feed(block)
            if utf8 and raw.isascii() and not decoder.getstate()[0]:
                text = raw
            else:
                try:
                    decoded = decoder.decode(raw, final=not block)
                except UnicodeDecodeError as error:
                    start = offset + len(block) - len(error.object) + error.start
                    raise _undecodable(path, encoding, start, name=name, table=table) from None
                text = decoded.encode("utf-8", "surrogatepass")
            if text:
                yield text
            offset += len(block)
            if not block:
                break
    if doubt and doubt.sure:
        raise DataError(
            f"{name}: declared {encoding}, but its accents are UTF-8 all through (first at byte {doubt.first}). "
            f"They would be read as two wrong characters each. Write: {_setting(table, 'utf-8')}"
        )


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
                self.first = self._offset + next(i for i, byte in enumerate(block) if byte > 127)
            try:
                self._decoder.decode(block, final=not block)
            except UnicodeDecodeError:
                self._valid = False
        self._offset += len(block)

    @property
    def sure(self) -> bool:
        return self._valid and self.first is not None


def _refuse_another_mark(block: bytes, encoding: str, *, name: str, table: str) -> None:
    for actual, mark in (("utf-8", codecs.BOM_UTF8), ("utf-16", codecs.BOM_UTF16_LE), ("utf-16", codecs.BOM_UTF16_BE)):
        if block.startswith(mark) and not encoding.startswith(actual):
            raise DataError(
                f"{name}, line 1, byte 0: its byte order mark says {actual}, the settings say {encoding}. "
                f"Write: {_setting(table, actual)}"
            )


def _undecodable(path: Path, encoding: str, start: int, *, name: str, table: str) -> DataError:
    """Name the first byte that is not in the encoding, its line, and an encoding in which the file reads."""
    raw = path.read_bytes() if path.stat().st_size < 1 << 30 else path.open("rb").read(1 << 30)
    line = raw.count(b"\n", 0, start) + 1
    byte = raw[start : start + 1]
    zeros = {"utf-16-le": raw[1:999:2], "utf-16-be": raw[:999:2]}
    wide = [other for other, half in zeros.items() if half.count(0) * 2 > len(half)]
    works = next((other for other in (*wide, "utf-8", "cp1252", "latin-1") if _reads(raw, other)), "latin-1")
    return DataError(
        f"{name}, line {line}, byte {start} (0x{byte.hex().upper()}): not {encoding}, so its letters cannot be "
        f"trusted. The file reads as {works}: {_setting(table, works)}"
    )


def _reads(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _setting(table: str, encoding: str) -> str:
    return f'[tables.{table}] format = {{ encoding = "{encoding}" }}'
