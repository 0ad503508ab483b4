"""Markup: the XML of sheets and shared strings as arrays, block by block, without an object for each element.

Every byte goes through expat first, which refuses what is not well-formed, so that the arrays need not. They
take the plain way in which nearly every program writes; a part written otherwise (prefixed names, cells without
their address, comments, CDATA, another encoding) raises `Odd`, and is read again as `rewritten` in the plain way.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from perfkit.sources.xlsx.escapes import decoded, slices, unescaped
from perfkit.sources.xlsx.workbooks import Package

Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LONGEST = 1 << 28
"""Bytes of the longest row."""

MOST_AROUND = 1 << 26
"""Bytes that may stand before and behind the rows."""

MAIN = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
HOLDS = {
    "sheetData": ("row",),
    "row": ("c",),
    "c": ("v", "f", "is"),
    "is": ("t", "r", "rPh"),
    "r": ("t",),
    "rPh": ("t",),
    "sst": ("si",),
    "si": ("t", "r", "rPh"),
    "v": (),
    "f": (),
    "t": (),
}
"""Which elements an element may hold; another one is skipped with all that is in it."""


class Odd(Exception):
    """The part is not written in the plain way."""


@dataclass
class Around:
    """What stands before and behind the rows of a part."""

    head: bytes = b""
    tail: bytes = b""


def blocks(package: Package, part: str, holder: bytes, item: bytes, around: Around, *, plain: bool) -> Iterator[bytes]:
    """Yield whole items (rows, strings) of a part, many at a time; `around` is filled in along the way."""
    carried, begun, ended = b"", False, False
    closing = b"</%s>" % holder
    for chunk in _plain(package, part) if plain else rewritten(package, part):
        carried += chunk
        if not begun:
            opening = re.search(rb"<%s(?=[\s/>])[^>]*>" % holder, carried)
            if opening is None:
                _refuse_longer(package, part, carried, MOST_AROUND)
                continue
            begun, ended = True, opening[0].endswith(b"/>")
            around.head, carried = carried[: opening.end()], carried[opening.end() :]
            if plain and (b"<!" in around.head or around.head.count(b"<?") > 1):
                raise Odd
        if not ended:
            end = carried.find(closing, max(0, len(carried) - len(chunk) - len(closing)))
            cut = end if end >= 0 else carried.rfind(item)
            if cut > 0:
                yield carried[:cut]
            carried = carried[max(cut, 0) :]
            ended = end >= 0
            _refuse_longer(package, part, carried, LONGEST)
        if ended:
            _refuse_longer(package, part, carried, MOST_AROUND)
    if not begun:
        raise package.damaged(part, f"it holds no {holder.decode()}")
    around.tail = carried
    if plain and (b"<!" in around.tail or b"<?" in around.tail):
        raise Odd
    if re.search(rb"<%s[\s/>]" % holder, around.tail):
        raise package.damaged(part, f"it holds {holder.decode()} twice")


def _refuse_longer(package: Package, part: str, carried: bytes, most: int) -> None:
    if len(carried) > most:
        raise package.damaged(part, f"one piece of it is longer than {most:,} bytes")


def _plain(package: Package, part: str) -> Iterator[bytes]:
    first = True
    for chunk in package.parsed(part, package.parser(part)):
        if first:
            declared = re.match(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*encoding=[\"']([^\"']*)", chunk)
            root = re.search(rb"<([^\s/>?!]+)", chunk)
            if chunk.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] != b"<" or root is None or b":" in root[1] or b"\0" in chunk:
                raise Odd
            if declared and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii"):
                raise Odd
            first = False
        yield chunk


def rewritten(package: Package, part: str) -> Iterator[bytes]:
    """Yield a part as it would be written plainly: no prefixes, comments or CDATA, every cell with its address."""
    writer = _Writer(package, part)
    parser = package.parser(part)
    parser.StartElementHandler, parser.EndElementHandler = writer.start, writer.end
    parser.CharacterDataHandler = writer.text
    for _ in package.parsed(part, parser):
        yield writer.written()
    yield writer.written()


class _Writer:
    def __init__(self, package: Package, part: str) -> None:
        self.package, self.part = package, part
        self.out: list[str] = []
        self.within = [""]
        self.skipped = 0
        self.row = self.column = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, plain = name.rpartition(" ")
        if len(self.within) + self.skipped > 100:
            raise self.package.damaged(self.part, "it is nested more than 100 deep")
        allowed = HOLDS.get(self.within[-1])
        if self.skipped or (space and space not in MAIN) or (allowed is not None and plain not in allowed):
            self.skipped += 1
            return
        own = {key: value for key, value in attributes.items() if " " not in key}
        if plain == "row":
            self.row, self.column = self._number(own.get("r"), self.row + 1), 0
            own["r"] = str(self.row)
        elif plain == "c":
            own = {"r": self._address(own.get("r")), **{key: own[key] for key in ("s", "t") if key in own}}
        elif plain in ("v", "t"):
            own = {}
        self.within.append(plain)
        self.out.append(f"<{plain}{''.join(f' {key}={_attribute(value)}' for key, value in own.items())}>")

    def end(self, name: str) -> None:
        if self.skipped:
            self.skipped -= 1
        else:
            self.out.append(f"</{self.within.pop()}>")

    def text(self, text: str) -> None:
        if not self.skipped and self.within[-1] in ("v", "t", "f"):
            self.out.append(escape(text, {"\r": "&#13;"}))

    def written(self) -> bytes:
        made, self.out = "".join(self.out).encode(), []
        return made

    def _number(self, said: str | None, otherwise: int) -> int:
        if said is None:
            return otherwise
        if not re.fullmatch("[0-9]{1,7}", said):
            raise self.package.damaged(self.part, f"{said!r} is no row number")
        return int(said)

    def _address(self, said: str | None) -> str:
        if said is None:
            self.column += 1
            return f"{letters(self.column)}{self.row}"
        if not re.fullmatch("[A-Z]{1,3}[0-9]{1,7}", said):
            raise self.package.damaged(self.part, f"{said!r} is no cell")
        self.column = column_number(re.sub("[0-9]", "", said))
        return said


def _attribute(value: str) -> str:
    return '"' + escape(value, {'"': "&quot;"}) + '"'


def letters(column: int) -> str:
    """Return the letters of a column, counted from 1."""
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def column_number(said: str) -> int:
    """Return the number of a column by its letters."""
    number = 0
    for letter in said:
        number = number * 26 + ord(letter) - 64
    return number


@dataclass(frozen=True, eq=False)
class Tags:
    """The tags of a block and the items that own them.

    Attributes
    ----------
    data : bytes
    item : bytes
        Name of the items: "c" or "si".
    """

    data: bytes
    item: bytes

    @cached_property
    def array(self) -> npt.NDArray[np.uint8]:
        """The bytes, and a few behind them so that a look ahead is safe."""
        return np.frombuffer(self.data + b"\0" * 16, np.uint8)

    @cached_property
    def at(self) -> Places:
        """Where each tag begins."""
        return np.flatnonzero(self.array == 60)

    @cached_property
    def ends(self) -> Places:
        """Where each tag ends."""
        ends = np.flatnonzero(self.array == 62)
        if len(ends) == len(self.at) and (ends > self.at).all() and (ends[:-1] < self.at[1:]).all():
            return ends
        return ends[np.minimum(np.searchsorted(ends, self.at), len(ends) - 1)]  # ">" stands in texts too

    def named(self, name: bytes) -> Mask:
        """Mask of the tags that open an element of this name."""
        mask = self._letters[0] == name[0]
        for number, letter in enumerate(name[1:], 1):
            mask &= self._letters[number] == letter
        after = self._letters[len(name)]
        return mask & ((after == 62) | (after == 32) | (after == 47))

    @cached_property
    def _letters(self) -> list[npt.NDArray[np.uint8]]:
        return [self.array[self.at + ahead] for ahead in range(1, 5)]

    @cached_property
    def items(self) -> Places:
        """Which tags are items."""
        return np.flatnonzero(self.named(self.item))

    @cached_property
    def owner(self) -> Places:
        """By tag, the number of the item to which it belongs; -1 before the first."""
        counts = np.zeros(len(self.at), np.int64)
        counts[self.items] = 1
        return np.cumsum(counts) - 1

    def content(self, which: Places) -> tuple[Places, Places]:
        """Where the text of these elements starts and stops; they hold nothing but text."""
        start, last = self.ends[which] + 1, len(self.at) - 1
        empty = self.array[start - 2] == 47
        following = np.minimum(which + 1, last)
        stop = np.where(empty, start, self.at[following])
        closed = (self.array[stop + 1] == 47) & (self.array[stop + 2] == self.array[self.at[which] + 1])
        if not (closed | empty).all():
            raise Odd
        return start, stop

    @cached_property
    def texts(self) -> tuple[Places, pa.Array]:
        """Which items hold text, and the text of each, its runs joined."""
        tags = np.flatnonzero(self.named(b"t"))
        self._refuse_attributes(tags)
        owner = self.owner[tags]
        if len(owner) and owner[0] < 0:
            raise Odd
        rich = self.rich
        several = np.flatnonzero(np.bincount(owner, minlength=len(self.items)) > 1)
        rich = np.union1d(rich, several)
        simple = ~np.isin(owner, rich)
        start, stop = self.content(tags[simple])
        read = unescaped(slices(self.array, start, stop))
        if not len(rich):
            return owner, read
        joined = pa.array([self._joined(int(number)) for number in rich], pa.string())
        owners = np.concatenate((owner[simple], rich))
        order = np.argsort(owners, kind="stable")
        return owners[order], pa.concat_arrays([read, joined]).take(pa.array(order))

    def _refuse_attributes(self, tags: Places) -> None:
        """Raise `Odd` unless these are <t>, <t/> or <t xml:space="preserve">."""
        length = self.ends[tags] - self.at[tags]
        within = np.minimum(self.at[tags] + 22, len(self.array) - 1)
        spaced = (length == 23) & (self.array[within - 8] == 112) & (self.array[within] == 34)
        if not (np.isin(length, (2, 3)) | spaced).all():
            raise Odd

    @cached_property
    def rich(self) -> Places:
        """Items made of runs or with phonetic signs: read one by one."""
        owners = np.unique(self.owner[self.named(b"r") | self.named(b"rPh")])
        if len(owners) and owners[0] < 0:
            raise Odd
        return owners

    def _joined(self, number: int) -> str:
        first = self.items[number]
        last = self.items[number + 1] if number + 1 < len(self.items) else len(self.at)
        stop = self.at[last] if last < len(self.at) else len(self.data)
        piece = self.data[self.at[first] : stop]
        close = piece.rfind(b"</%s>" % self.item)
        try:
            root = ElementTree.fromstring(piece[:close] + b"</%s>" % self.item)
        except ElementTree.ParseError:
            raise Odd from None
        holder = root if self.item == b"si" else root.find("is")
        if holder is None:
            raise Odd
        texts = [each.text or "" for each in holder if each.tag == "t"]
        texts += [each.text or "" for run in holder if run.tag == "r" for each in run if each.tag == "t"]
        return decoded("".join(texts))

    def refuse_odd(self, known: tuple[bytes, ...]) -> None:
        """Raise `Odd` where a tag is none of these, nor a closing one, nor within an item made of runs."""
        fine = self._letters[0] == 47
        for name in known:
            fine |= self.named(name)
        strange = np.flatnonzero(~fine)
        if not len(strange):
            return
        marks = np.isin(self._letters[0][strange], (33, 63))  # "!" and "?"
        if marks.any() or not np.isin(self.owner[strange], self.rich).all():
            raise Odd
