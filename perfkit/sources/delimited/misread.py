"""Misread: what is said of a file that is not in the encoding it is read in, or may be in several.

Each refusal names file, line and byte, shows how the place would read, and says what to write in company.toml.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from perfkit.errors import DataError
from perfkit.sources.delimited.codepages import Survey, likeliest, survey

BLOCK = 16 << 20
"""Bytes read at a time."""

HEAD = 1 << 16
"""Bytes from which an encoding is told at first sight; the pass over the whole file holds it to be so."""

_NULS = {"utf-16-le": (0, 1, 0, 1), "utf-16-be": (1, 0, 1, 0), "utf-32-le": (0, 1, 1, 1), "utf-32-be": (1, 1, 1, 0)}
"""Which bytes of four are NUL in most letters of a table."""

_TWICE = re.compile(
    b"\xc3\x83(?:\xc2[\x80-\xbf]|[\xc5\xc6\xcb].|\xe2..)"  # é as Ã©
    b"|\xc3\xa2\xe2(?:\x80\x9a\xc2\xac|\x82\xac(?:\xc2|\xc5|\xe2.).)"  # the euro, and the signs of good typography
    b"|\xc3\x85\xe2\x80\x9c",  # œ as Å“
    re.DOTALL,
)
"""What was UTF-8, was taken for cp1252 and made UTF-8 again."""

_TWICE_BEGINS = (b"\xc3\x83", b"\xc3\xa2\xe2", b"\xc3\x85\xe2")


class NotInEncoding(DataError):
    """Bytes that are not in the encoding in which they were read."""


def by_nuls(head: bytes) -> str | None:
    """Return UTF-16 or UTF-32 without a mark: in a table most signs are ASCII, of which only one byte is not NUL."""
    quarters = [head[at::4] for at in range(4)]
    if not all(quarters):
        return None
    shares = [quarter.count(0) / len(quarter) for quarter in quarters]
    for encoding, nuls in _NULS.items():
        if all(share > 0.3 if nul else share < 0.02 for share, nul in zip(shares, nuls, strict=True)):
            return encoding
    return None


def is_wide(encoding: str) -> bool:
    """Whether each letter is two bytes or four."""
    return encoding.startswith(("utf-16", "utf-32"))


def is_utf8(head: bytes, whole: bool) -> bool:
    """Whether bytes are UTF-8; the last letter may be cut where they are not the whole of a file."""
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(head, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def made_twice(text: bytes) -> Iterator[tuple[int, str]]:
    """Yield where a letter was made UTF-8 twice, as é that reads Ã©, and how it reads."""
    if not text.isascii() and any(sign in text for sign in _TWICE_BEGINS):
        for match in _TWICE.finditer(text):
            yield match.start(), match[0].decode("utf-8", "replace")


def undecodable(path: Path, encoding: str, start: int, *, name: str, table: str, declared: bool) -> NotInEncoding:
    """Name the first byte that is not in the encoding, its line, and an encoding in which the file reads."""
    if not declared and not is_wide(encoding):
        return NotInEncoding(f"{name}, byte {start}: not {encoding}.")  # it will be asked again what it is
    where = f"{_where(path, encoding, start, name=name)}: not {encoding}"
    with path.open("rb") as file:
        wide = by_nuls(file.read(HEAD))
    if is_wide(encoding) and (not declared or wide in (encoding, f"{encoding}-le", f"{encoding}-be", None)):
        return NotInEncoding(f"{where}: a letter is cut in two there, so the file is not whole. Export it again.")
    works = [wide] if wide else [other for other in ("utf-8", "cp1252") if _reads(path, other)]
    if encoding in ("utf-8", "utf-8-sig") and survey(path).utf8:
        return NotInEncoding(
            f"{where}, though other letters of the file are. Two encodings stand in it, or it was cut, and no setting "
            "reads it whole. Mend that line, or export it again."
        )
    if not works and encoding == "cp1252" and (seen := survey(path)).good > seen.odd + seen.undefined:
        return NotInEncoding(f"{where}, though the rest of the file reads well so. Mend that line, or export it again.")
    if not works:
        return NotInEncoding(
            f"{where}, so its letters cannot be trusted, and it is neither UTF-8 nor cp1252. Perhaps it is cp850 or "
            f"mac-roman: {setting(table, 'cp850')}"
        )
    return NotInEncoding(
        f"{where}, so its letters cannot be trusted. The file reads as {works[0]}: {setting(table, works[0])}"
    )


def mixed(path: Path, seen: Survey, wrong: int, marked: bool, *, name: str, table: str) -> DataError:
    """Refuse a file of which a part is UTF-8 and another is not; the smaller part is named."""
    if is_cut(path, wrong):
        where = _where(path, "utf-8", wrong, name=name)
        return DataError(f"{where}: the file ends within a letter, so it is not whole. Export it again.")
    if marked or seen.utf8 >= seen.other:
        others = "its byte order mark says so" if marked else f"other letters of the file are ({seen.utf8:,})"
        return DataError(
            f"{_where(path, 'utf-8', wrong, name=name)}: not UTF-8, though {others}. Two encodings stand in "
            "it, and no setting reads it whole. Mend that line, or export it again."
        )
    first = seen.places["utf8"][0]
    word = _word(path, first)
    return DataError(
        f"{_where(path, 'cp1252', first, name=name)}: this letter is UTF-8 ({word.decode('utf-8', 'replace')!r}), "
        f"though {seen.other:,} others of the file are not. Two encodings stand in it. Mend that line, or write what "
        f"most of it is, by which this reads {word.decode('cp1252', 'replace')!r}: {setting(table, 'cp1252')}"
    )


def is_cut(path: Path, wrong: int) -> bool:
    """Whether a file ends with the first bytes of a UTF-8 letter, as cp1252 hardly would: with one of Ã, Â, â, Å."""
    with path.open("rb") as file:
        file.seek(wrong)
        rest = file.read(4)
    return rest[:1] in (b"\xc2", b"\xc3", b"\xc5", b"\xe2") and is_utf8(rest, False) and not is_utf8(rest, True)


def doubtful(path: Path, seen: Survey, *, name: str, table: str) -> DataError:
    """Ask in which encoding a file is, showing how a word reads in each."""
    words = [_word(path, place) for place in seen.doubtful]
    likely = likeliest(words + [_word(path, place) for place in seen.places["good"]], seen.candidates)
    where = f"{_where(path, 'cp1252', seen.doubtful[0], name=name)}: not UTF-8"
    if likely == "cp1252" and seen.undefined:
        return DataError(
            f"{where}, nor cp1252, in which the rest of the file reads well. Mend that line, or export it again."
        )
    readings: dict[str, str] = {}
    for encoding in seen.candidates:
        try:
            readings.setdefault(repr(words[0].decode(encoding)), encoding)
        except UnicodeDecodeError:
            readings.setdefault("not at all", encoding)
    told = ", ".join(f"{word} as {encoding}" for word, encoding in readings.items())
    right = "the one that is right" if likely else "its own, such as cp1250 for Polish or cp1251 for Russian"
    return DataError(
        f"{where}, and it is not certain in which encoding it is. This reads {told}. Write {right}: "
        f"{setting(table, likely or '...')}"
    )


def first_not_utf8(path: Path) -> int:
    """Return the offset of the first byte that is not UTF-8; the end of the file where there is none."""
    decoder, offset = codecs.getincrementaldecoder("utf-8")("strict"), 0
    with path.open("rb") as file:
        while True:
            block = file.read(BLOCK)
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return offset + len(block) - len(error.object) + error.start
            offset += len(block)
            if not block:
                return offset


def _where(path: Path, encoding: str, start: int, *, name: str) -> str:
    """File, line, byte, and which byte it is."""
    decoder, left, line, last = codecs.getincrementaldecoder(encoding)("replace"), start, 1, ""
    with path.open("rb") as file:
        while left and (block := file.read(min(left, BLOCK))):
            text = decoder.decode(block)
            line += text.count("\n") + text.count("\r") - text.count("\r\n") - (last == "\r" and text[:1] == "\n")
            left, last = left - len(block), text[-1:] or last
        byte = file.read(1)
    return f"{name}, line {line}, byte {start} (0x{byte.hex().upper()})"


def _word(path: Path, place: int) -> bytes:
    """The word in which a byte stands, of at most 40 bytes."""
    start = max(place - 20, 0)
    with path.open("rb") as file:
        file.seek(start)
        around = file.read(40)
    at = place - start
    first = max(around.rfind(sign, 0, at) for sign in b'\r\n\t,;|"') + 1
    last = min((end for sign in b'\r\n\t,;|"' if (end := around.find(sign, at)) >= 0), default=len(around))
    return around[first:last].strip()


def _reads(path: Path, encoding: str) -> bool:
    """Whether every byte of a file is in the encoding."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def setting(table: str, encoding: str) -> str:
    """Return the line of company.toml that declares an encoding."""
    return f'[tables.{table}] format = {{ encoding = "{encoding}" }}'
