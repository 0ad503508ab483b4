"""Cell values: where each cell of a block stands, of which type it is, and what its number or day is as text."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perfkit.sources.xlsx.markup import Mask, Odd, Places, Tags

_TYPES = {(1, "n"): "n", (1, "s"): "s", (1, "b"): "b", (1, "e"): "e", (1, "d"): "d", (3, "s"): "t", (9, "i"): "i"}
"""Type of a cell by the length and first letter of what its attribute t says: "str" is "t", "inlineStr" is "i"."""


@dataclass(frozen=True, eq=False)
class Fields:
    """Address, type and style of some cells.

    Attributes
    ----------
    rows, columns : arrays
        From 1.
    types : array
        A letter: n for a number, s for a shared text, t for a formula's text, i for an inline one, b, e, d.
    styles : array
    """

    rows: Places
    columns: Places
    types: npt.NDArray[np.uint8]
    styles: Places

    @staticmethod
    def of(tags: Tags, chosen: Places) -> "Fields":
        """Read them off the tags of these items."""
        array, which = tags.array, tags.items[chosen]
        at, ends = tags.at[which], tags.ends[which]
        quotes = np.flatnonzero(array == 34)
        first = np.searchsorted(quotes, at)
        count = np.searchsorted(quotes, ends) - first
        if b"'" in tags.data:
            single = np.flatnonzero(array == 39)
            if (np.searchsorted(single, at) != np.searchsorted(single, ends)).any():
                raise Odd
        addressed = (array[at + 2] == 32) & (array[at + 3] == 114) & (array[at + 4] == 61) & (array[at + 5] == 34)
        if not addressed.all() or (count % 2).any() or (count > 16).any():
            raise Odd
        rows, columns = _address(array, at + 6, quotes[first + 1])
        types, styles = np.full(len(which), ord("n"), np.uint8), np.zeros(len(which), np.int64)
        for pair in range(2, int(count.max()), 2):
            has = np.flatnonzero(count > pair)
            opening, closing = quotes[first[has] + pair], quotes[first[has] + pair + 1]
            short = (array[opening - 1] == 61) & (array[opening - 3] == 32)
            typed = short & (array[opening - 2] == 116)
            types[has[typed]] = _type(array, opening[typed] + 1, closing[typed])
            styled = short & (array[opening - 2] == 115)
            styles[has[styled]] = _number(array, opening[styled] + 1, closing[styled])
        return Fields(rows, columns, types, styles)


def _address(array: npt.NDArray[np.uint8], starts: Places, stops: Places) -> tuple[Places, Places]:
    """Rows and columns of addresses such as AB12."""
    rows, columns = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    lengths = stops - starts
    if lengths.max() > 10 or lengths.min() < 2:
        raise Odd
    for ahead in range(int(lengths.max())):
        sign = array[starts + ahead].astype(np.int64)
        inside = lengths > ahead
        letter = inside & (sign >= 65) & (sign <= 90) & (rows == 0) & (ahead < 3)
        digit = inside & (sign >= 48) & (sign <= 57) & (columns > 0)
        if (inside & ~letter & ~digit).any():
            raise Odd
        columns = np.where(letter, columns * 26 + sign - 64, columns)
        rows = np.where(digit, rows * 10 + sign - 48, rows)
    return rows, columns


def _number(array: npt.NDArray[np.uint8], starts: Places, stops: Places) -> Places:
    """Whole numbers of at most seven digits."""
    found, lengths = np.zeros(len(starts), np.int64), stops - starts
    for ahead in range(int(lengths.max(initial=0))):
        inside, sign = lengths > ahead, array[starts + ahead].astype(np.int64) - 48
        if (inside & ((sign < 0) | (sign > 9))).any() or ahead > 6:
            raise Odd
        found = np.where(inside, found * 10 + sign, found)
    return found


def _type(array: npt.NDArray[np.uint8], starts: Places, stops: Places) -> npt.NDArray[np.uint8]:
    first, lengths = array[starts], stops - starts
    types = np.zeros(len(starts), np.uint8)
    for (length, letter), kind in _TYPES.items():
        types[(lengths == length) & (first == ord(letter))] = ord(kind)
    if not types.all():
        raise Odd
    return types


_PLAIN = r"^(0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.[0-9]*[1-9])$"
_NUMERIC = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,5})?")


def canonical(texts: pa.Array) -> pa.Array:
    """Return numbers as plain decimals of at most 15 significant digits; marked as an error where they are none."""
    fine = pc.and_(pc.match_substring_regex(texts, _PLAIN), pc.less_equal(pc.binary_length(texts), 16))
    rest = pc.invert(fine)
    if not pc.any(rest).as_py():
        return texts
    return pc.replace_with_mask(texts, rest, one_by_one(texts.filter(rest), fifteen_digits))


def fifteen_digits(text: str) -> str:
    """Return a number as Excel keeps it; a whole one written out in full stays whole, for it may be an id."""
    text = text.strip()
    if not _NUMERIC.fullmatch(text):
        return f"\x01e{text}"
    if len(text) <= 38 and text.lstrip("+-").isdecimal():
        return str(int(text))
    value = float(text)
    if value in (float("inf"), float("-inf")):
        return f"\x01e{text}"
    short = f"{value + 0.0:.15g}"
    return format(Decimal(short), "f") if "e" in short else short


def moments(serials: npt.NDArray[np.float64], of_day: Mask, from_1904: bool) -> pa.Array:
    """Return days and times as ISO texts, marked; a serial below one is a time of day."""
    days = np.floor(serials)
    milliseconds = np.rint((serials - days) * 86_400_000).astype(np.int64)
    days = days.astype(np.int64)
    clock = of_day | ((days < 1) & (not from_1904))
    clock &= days < 1
    nonexistent = np.zeros(len(days), bool)
    if from_1904:
        days = days + 1462
    else:
        nonexistent = days == 60  # Excel counts a 29 February 1900, so that the days before it are one later
        days = np.where(days < 60, days + 1, days)
    at = (
        np.datetime64("1899-12-30", "ms")
        + days * np.timedelta64(86_400_000, "ms")
        + milliseconds * np.timedelta64(1, "ms")
    )
    texts = pa.array(at.astype("datetime64[s]")).cast(pa.string())
    fine = pa.array(milliseconds % 1000 != 0)
    if pc.any(fine).as_py():
        texts = pc.replace_with_mask(texts, fine, pa.array(at).cast(pa.string()).filter(fine))
    if clock.any():
        texts = pc.if_else(pa.array(clock), pc.utf8_slice_codeunits(texts, 11), texts)
    if nonexistent.any():
        rest = pc.utf8_slice_codeunits(texts, 10)
        texts = pc.if_else(pa.array(nonexistent), pc.binary_join_element_wise("1900-02-29", rest, ""), texts)
    return pc.binary_join_element_wise("\x01d", texts, "")


def one_by_one(texts: pa.Array, change: Callable[[str], str]) -> pa.Array:
    """Return texts, each changed on its own."""
    return pa.array([change(text) for text in texts.to_pylist()], pa.string())


def boolean(text: str) -> str:
    """Return a boolean, marked; as an error where it is none."""
    said = {"1": "true", "true": "true", "0": "false", "false": "false"}.get(text.strip())
    return f"\x01b{said}" if said else f"\x01e{text}"


def iso(text: str) -> str:
    """Return a day that a cell says in ISO 8601, in the way of all others."""
    whole = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)Z?)?", text.strip())
    if whole is None:
        return f"\x01d{text.strip()}"
    day, clock = whole.groups()
    return f"\x01d{day} {clock or '00:00:00'}"
