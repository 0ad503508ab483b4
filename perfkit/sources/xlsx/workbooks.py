"""Workbooks: the zip file that an .xlsx is, held within limits, and what its parts say of its sheets and styles.

Nothing is written to the disk, macros and external links are never opened, and no part is parsed before the
bytes that it inflates to have been counted.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from posixpath import dirname, join, normpath
from typing import NamedTuple
from xml.parsers import expat

from perfkit.errors import DataError
from perfkit.sources.files import ExportFile
from perfkit.sources.values.writings import SIGNS

MOST_INFLATED = 4 << 30
"""Bytes that a workbook may inflate to."""

MOST_RATIO, FREE = 200, 50 << 20
"""How many times its size it may inflate to, once that is more than `FREE` bytes."""

CHUNK = 1 << 22
"""Bytes of a part that are read at a time."""

DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    KeyError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
"""What the standard library raises about a zip file that cannot be right."""

NUMBER, DATE, TIME, SPAN, ZEROS = 0, 1, 2, 3, 4
"""What a format makes of a number: itself, a day, a time of day, a length of time, digits with zeros in front."""


CURRENCIES = {"€": "EUR", "£": "GBP", "¥": "JPY", "US$": "USD", "CA$": "CAD", "A$": "AUD", "$": "USD", "Fr.": "CHF"}
"""Signs of currencies in number formats, those that hold another one first."""

_WORDS = {
    re.compile(rf"(?<!\w){sign}(?!\w)"): code if sum(sign in each for each in SIGNS.values()) < 2 else sign
    for code, signs in SIGNS.items()
    for sign in (code, *(each for each in signs if re.fullmatch(r"\w{2,}", each)))
}
"""Currencies by their codes and words; a word of several stands for itself."""

_MONEY = r"(€|\$|£|eur|usd|gbp|chf|mad|dhs?)"
_SCALES = {
    1000: re.compile(rf"(?<![^\W_])k\s?{_MONEY}?(?![^\W_])|milliers?|thousands?"),
    1_000_000: re.compile(rf"(?<![^\W_])(m|mio|mln)\s?{_MONEY}(?![^\W_])|[€$£]\s?m(?![^\W_])|millions?"),
}
"""How thousands and millions are called beside an amount."""


class Shown(NamedTuple):
    """What a number format makes of a number.

    Attributes
    ----------
    kind : int
        `NUMBER`, `DATE` ...
    digits : int
        With how many digits, for `ZEROS`.
    currency : str
        In which currency it is shown, where in one.
    scale : int
        How many times the stored number its words say that it is: 1000 for `0 "k€"`. A format that divides by a
        thousand itself (`0, "k€"`) shows a whole amount.
    """

    kind: int = NUMBER
    digits: int = 0
    currency: str = ""
    scale: int = 1


class Package:
    """The members of a zip file, as streams of bytes.

    Parameters
    ----------
    file : ExportFile

    Raises
    ------
    DataError
        If it is no zip file, is damaged or encrypted, holds a member twice, or would inflate beyond the limits.
    """

    def __init__(self, file: ExportFile) -> None:
        self.file = file
        try:
            with zipfile.ZipFile(file.path) as packed:
                members = packed.infolist()
        except DAMAGE as error:
            raise DataError(f"{file.name} is damaged or cut: {_said(error)}. Copy or export it again.") from None
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            name = member.filename.replace("\\", "/").lstrip("/").casefold()
            if name in self._members:
                raise DataError(
                    f"{file.name} holds {member.filename!r} twice, so it is not known which one counts. Save it again."
                )
            self._members[name] = member
        self._refuse_bombs(members)

    def __contains__(self, part: str) -> bool:
        return part.casefold() in self._members

    def damaged(self, part: str, why: object) -> DataError:
        """Return the refusal of a part."""
        return DataError(f"{self.file.name} is damaged: {part}: {why}. Open it in Excel and save it again.")

    def chunks(self, part: str) -> Iterator[bytes]:
        """Yield a part's bytes; its checksum is verified at its end."""
        member = self._members.get(part.casefold())
        if member is None:
            raise self.damaged(part, "there is no such part")
        seen = 0
        try:
            with zipfile.ZipFile(self.file.path) as packed, packed.open(member) as stream:
                while chunk := stream.read(CHUNK):
                    seen += len(chunk)
                    yield chunk
        except DAMAGE as error:
            if isinstance(error, DataError):
                raise
            raise self.damaged(part, _said(error)) from None
        if seen != member.file_size:
            raise self.damaged(part, f"it ends after {seen:,} of {member.file_size:,} bytes")

    def elements(self, part: str, take: Callable[[str, str, dict[str, str]], None]) -> None:
        """Tell of a part's elements one by one: the name of what holds it, its own, its attributes; no namespaces."""
        within = [""]

        def start(name: str, attributes: dict[str, str]) -> None:
            take(within[-1], local(name), {local(key): value for key, value in attributes.items()})
            within.append(local(name))
            if len(within) > 100:
                raise self.damaged(part, "it is nested more than 100 deep")

        parser = self.parser(part)
        parser.StartElementHandler = start
        parser.EndElementHandler = lambda name: within.pop()
        for chunk in self.parsed(part, parser):
            del chunk

    def parser(self, part: str) -> expat.XMLParserType:
        """Return a parser that refuses declarations of types and entities, in whatever encoding they stand."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True

        def refuse(*declared: object) -> None:
            raise DataError(
                f"{self.file.name}: {part} declares a document type, by which a small file can grow without end; "
                "no workbook needs one. Save it again in Excel."
            )

        parser.StartDoctypeDeclHandler = refuse
        parser.EntityDeclHandler = refuse
        return parser

    def parsed(self, part: str, parser: expat.XMLParserType) -> Iterator[bytes]:
        """Yield a part's bytes, each chunk after it was parsed."""
        try:
            for chunk in self.chunks(part):
                parser.Parse(chunk, False)
                yield chunk
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise self.damaged(part, error) from None
        except (LookupError, UnicodeError, MemoryError) as error:
            raise self.damaged(part, _said(error)) from None

    def _refuse_bombs(self, members: list[zipfile.ZipInfo]) -> None:
        inflated, packed = sum(each.file_size for each in members), sum(each.compress_size for each in members)
        for size, of in ((inflated, self.file.bytes), *((each.file_size, each.compress_size) for each in members)):
            if size > MOST_INFLATED or (size > FREE and size > MOST_RATIO * of):
                raise DataError(
                    f"{self.file.name} would inflate to {size:,} bytes, more than {MOST_INFLATED:,} or {MOST_RATIO} "
                    "times its size: it is no ordinary workbook. Export the table as CSV or Parquet."
                )
        if packed > self.file.bytes:
            raise DataError(f"{self.file.name} is damaged: its members overlap. Copy or export it again.")
        for each in members:
            if each.flag_bits & 1:
                raise DataError(f"{self.file.name} is encrypted. Save it without a password.")
            if each.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise DataError(f"{self.file.name} is packed in a way that no workbook is. Save it again in Excel.")


@dataclass(frozen=True)
class Sheet:
    """A sheet as the workbook names it; `part` is empty where it is no worksheet, such as a chart."""

    name: str
    part: str
    hidden: bool


class Workbook:
    """What a workbook says of itself.

    Attributes
    ----------
    sheets : tuple of Sheet
        In their order.
    from_1904 : bool
        Whether its days count from 1904.
    stale : bool
        Whether its program left the formulas to be calculated by who opens it: a stored zero is then no result.
    """

    def __init__(self, package: Package) -> None:
        self.package = package
        self._part = self._find()
        self.from_1904 = self.stale = False
        listed: list[tuple[str, str, bool]] = []

        def take(parent: str, name: str, said: dict[str, str]) -> None:
            if name == "workbookPr":
                self.from_1904 = _true(said.get("date1904"))
            elif name == "calcPr":
                self.stale = _true(said.get("fullCalcOnLoad"))
            elif name == "sheet" and parent == "sheets":
                hidden = said.get("state", "visible") != "visible"
                listed.append((said.get("name", ""), said.get("id", ""), hidden))

        package.elements(self._part, take)
        targets = self._targets()
        found = []
        for name, identity, hidden in listed:
            kind, part = targets.get(identity, ("", ""))
            if not kind or (kind == "worksheet" and part not in package):
                raise package.damaged(self._part, f"the sheet {name!r} is not in the file")
            found.append(Sheet(name, part if kind == "worksheet" else "", hidden))
        self.sheets = tuple(found)
        if not any(sheet.part for sheet in self.sheets):
            raise DataError(f"{package.file.name} has no sheet of cells. Export it again.")
        if len({sheet.name for sheet in self.sheets}) < len(self.sheets):
            raise package.damaged(self._part, "two sheets have the same name")
        self.strings = next((part for kind, part in targets.values() if kind == "sharedStrings"), "")
        self._styles = next((part for kind, part in targets.values() if kind == "styles"), "")

    def _find(self) -> str:
        """Name of the part that lists the sheets."""
        name = self.package.file.name
        if "_rels/.rels" not in self.package:
            if "mimetype" in self.package and "content.xml" in self.package:
                raise DataError(f"{name} is an OpenDocument spreadsheet. Save it as .xlsx or CSV.")
            raise DataError(f"{name} is a zip file, but no workbook. Name the export itself, unpacked.")
        found = []

        def take(parent: str, element: str, said: dict[str, str]) -> None:
            if element == "Relationship" and said.get("Type", "").endswith("/officeDocument"):
                found.append(said.get("Target", "").lstrip("/"))

        self.package.elements("_rels/.rels", take)
        if not found or found[0] not in self.package:
            raise DataError(f"{name} is a zip file, but no workbook. Export it again as .xlsx or CSV.")
        if found[0].endswith(".bin"):
            raise DataError(f"{name} is a binary workbook (.xlsb), which is not read. Save it as .xlsx or CSV.")
        if not found[0].startswith("xl/") and not re.search(r"workbook[^/]*\.xml$", found[0]):
            raise DataError(f"{name} is a document of another kind than a workbook ({found[0]}). Export it as .xlsx.")
        return str(found[0])

    def _targets(self) -> dict[str, tuple[str, str]]:
        """Kind and part that each id of the workbook's relations stands for; what lies outside the file is none."""
        folder, _, leaf = self._part.rpartition("/")
        relations = f"{folder}/_rels/{leaf}.rels" if folder else f"_rels/{leaf}.rels"
        found = {}

        def take(parent: str, name: str, said: dict[str, str]) -> None:
            if name == "Relationship" and said.get("TargetMode") != "External":
                target = said.get("Target", "")
                part = target.lstrip("/") if target.startswith("/") else normpath(join(dirname(self._part), target))
                found[said.get("Id", "")] = (said.get("Type", "").rpartition("/")[2], part)

        self.package.elements(relations, take)
        return found

    @cached_property
    def formats(self) -> tuple[Shown, ...]:
        """What each cell style makes of a number."""
        codes: dict[str, str] = {}
        styles: list[str] = []

        def take(parent: str, name: str, said: dict[str, str]) -> None:
            if name == "numFmt" and parent == "numFmts":
                codes[said.get("numFmtId", "")] = said.get("formatCode", "")
            elif name == "xf" and parent == "cellXfs":
                styles.append(said.get("numFmtId", "0"))

        if self._styles:
            self.package.elements(self._styles, take)
        known = {each: made_of(codes[each]) if each in codes else _built_in(each) for each in set(styles)}
        return tuple(known[number] for number in styles)


def made_of(code: str) -> Shown:
    """Return what a number format makes of a number."""
    plain = re.sub(r'"[^"]*"|\\.|_.|\*.', "", code).partition(";")[0].casefold()
    if re.search(r"\[(h+|m+|s+)\]", plain):
        return Shown(SPAN)
    plain = re.sub(r"\[[^]]*\]|general|standard|am/pm|a/p", "", plain)
    if re.fullmatch("0{2,}", code):
        return Shown(ZEROS, len(code))
    if re.search("[yd]", plain) or ("m" in plain and not re.search("[hs]", plain)):
        return Shown(DATE)
    return Shown(TIME) if re.search("[hs]", plain) else Shown(NUMBER, 0, _currency(code), _scale(code))


def _currency(code: str) -> str:
    """Currency in which a number format shows amounts."""
    said = re.search(r"\[\$([^-\]]+)", code)
    shown = said[1].strip() if said else re.sub(r"\[[^]]*\]", "", code)
    for sign, currency in (*CURRENCIES.items(), *((each, each) for each in CURRENCIES.values())):
        if sign in shown:
            return currency
    word = next((currency for word, currency in _WORDS.items() if word.search(shown)), "")
    return word or (shown if said else "")


def _scale(code: str) -> int:
    """How many times the stored number the words of a format say that it is."""
    first = code.partition(";")[0]
    bare = re.sub(r'"[^"]*"|\\.|_.|\*.|\[[^]]*\]', "", first)
    words = re.sub(r"\[\$([^-\]]*)[^]]*\]|\[[^]]*\]", r"\1", first)
    words = re.sub(r"_.|\*.|[\"\\]", "", words).casefold()
    divided = len(match[1]) if (match := re.search(r"[0#?](,+)(?![0#?,])", bare)) else 0
    times = next((times for times, said in _SCALES.items() if said.search(words)), 0)
    return max(1, times // 1000**divided) if times else 1


def _built_in(number: str) -> Shown:
    """As `made_of`, for the formats that Excel has by number."""
    code = int(number) if number.isdecimal() else 0
    if code in (*range(14, 18), 22, *range(27, 37), *range(50, 59)):
        return Shown(DATE)
    if code in (*range(18, 22), 45, 47):
        return Shown(TIME)
    return Shown(SPAN) if code == 46 else Shown()


def local(name: str) -> str:
    """Return a name without its namespace."""
    return name.rpartition(" ")[2]


def _true(said: str | None) -> bool:
    return said in ("1", "true", "on")


def _said(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0].rstrip(".") or type(error).__name__
