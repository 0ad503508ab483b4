"""Quotes: which of a delimited text's quotes open and close a field, and which are out of place.

A quote opens a field only at the field's start, and closes it only before a delimiter or a line end; a doubled
quote is one quote. After a quote out of place, reading goes on behind its field where that is bare, else on the
next line. All quotes are judged together, each as if it opened and as if it closed; only those that cannot be what
they should be are looked at one by one.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

LONGEST = 1 << 20
"""Bytes of the longest field in quotes; a quote that stays open for longer is out of place."""

Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Dialect:
    """The bytes that structure a text: one delimiter, and one quote or none."""

    delimiter: bytes
    quote: bytes = b'"'


def settled(
    data: bytes, array: npt.NDArray[np.uint8], line_ends: Places, dialect: Dialect, ended: bool
) -> tuple[Mask | None, Places, int]:
    """Return the mask of what stands inside quotes, the places of quotes out of place, and how far that is known."""
    none = np.empty(0, np.int64)
    if not dialect.quote or dialect.quote not in data:
        return None, none, len(data)
    places = np.flatnonzero(array == dialect.quote[0])
    quotes = _Quotes(data, places, line_ends, *_fit(array, places, dialect), dialect, ended)
    turns, misplaced, known = quotes.settled()
    return between(turns, len(data)), misplaced, known


def between(turns: Places, length: int) -> Mask:
    """Return the mask of what stands from each first place to before its second: places come in pairs, ascending."""
    lengths = np.diff(turns, prepend=0, append=length)
    inside = np.zeros(len(lengths), bool)
    inside[1::2] = True
    return np.repeat(inside, lengths)


def _fit(array: npt.NDArray[np.uint8], places: Places, dialect: Dialect) -> tuple[Mask, Mask]:
    """Which quotes can open a field, and which can close one.

    A quote opens at a field's start and closes at its end, doubled ones apart.
    """
    apart = np.diff(places)
    beside = apart == 1
    opens = _is_border(array[places - 1], dialect)
    opens[0] |= places[0] == 0
    opens[1:] |= beside
    opens[:-1] &= apart <= LONGEST
    closes = np.ones(len(places), bool)
    inner = len(places) - (places[-1] == len(array) - 1)  # the end of the text is a border
    closes[:inner] = _is_border(array[places[:inner] + 1], dialect)
    closes[:-1] |= beside
    return opens, closes


def _is_border(signs: npt.NDArray[np.uint8], dialect: Dialect) -> Mask:
    return (signs == dialect.delimiter[0]) | (signs == 10) | (signs == 13)


@dataclass(frozen=True)
class _Quotes:
    """The quotes of a text, and which of them can open a field or close one."""

    data: bytes
    places: Places
    line_ends: Places
    opens: Mask
    closes: Mask
    dialect: Dialect
    ended: bool

    def settled(self) -> tuple[Places, Places, int]:
        """Places of the quotes that open and close, places of those out of place, and how far that is known."""
        kept = np.ones(len(self.places), bool)
        misplaced: list[int] = []
        at, known = 0, len(self.data)
        while (wrong := self._next_unfit(at)) is not None:
            wrong = self._opening(wrong, at)
            at, fits = self._after(wrong)
            if fits is None:
                kept[wrong:], known = False, int(self.places[wrong])
                break
            if not fits:
                kept[wrong:at] = False
                misplaced.append(int(self.places[wrong]))
        return self.places[kept], np.array(misplaced, np.int64), known

    def _next_unfit(self, at: int) -> int | None:
        """The next quote out of place, if the quote `at` opens a field; one that stays open is one."""
        unfit = self._unfit_from_second if at % 2 else self._unfit_from_first
        number = int(unfit.searchsorted(at))
        if number < len(unfit):
            return int(unfit[number])
        count = len(self.places)
        return count - 1 if (count - at) % 2 else None

    @cached_property
    def _unfit_from_first(self) -> Places:
        """Which are out of place if the first opens a field, the second closes it, and so on."""
        return _in_turn(self.opens, self.closes)

    @cached_property
    def _unfit_from_second(self) -> Places:
        """Which are out of place if it is the reverse."""
        return _in_turn(self.closes, self.opens)

    def _opening(self, wrong: int, first: int) -> int:
        """The quote that opens the field in which a quote is out of place."""
        wrong -= (wrong - first) % 2
        while wrong > first and self.places[wrong - 1] + 1 == self.places[wrong]:
            wrong -= 2
        return wrong

    def _after(self, opening: int) -> tuple[int, bool | None]:
        """The next quote to look at after one that should open a field, and whether it does; None if not known yet."""
        places, count, length = self.places, len(self.places), len(self.data)
        at = int(places[opening])
        if at and self.data[at - 1] not in self._borders:  # inside a field without quotes
            after = opening + 1
            while after < count and places[after] == places[after - 1] + 1:
                after += 1
            return after, False
        close = opening + 1
        while close + 1 < count and places[close] + 1 == places[close + 1]:
            close += 2
        end = int(places[close]) if close < count else length
        if not self.ended and end >= length - 1 and length - at <= LONGEST:
            return count, None  # the rest of it is in the next block
        if close < count and end - at <= LONGEST and (end + 1 == length or self.data[end + 1] in self._borders):
            return close + 1, True
        number = int(self.line_ends.searchsorted(at))
        line_end = int(self.line_ends[number]) if number < len(self.line_ends) else length
        return int(places.searchsorted(line_end)), False

    @property
    def _borders(self) -> tuple[int, int, int]:
        return (self.dialect.delimiter[0], 10, 13)


def _in_turn(first: Mask, second: Mask) -> Places:
    """Where neither holds in turn."""
    unfit = ~first
    unfit[1::2] = ~second[1::2]
    return np.flatnonzero(unfit)
