"""Codepages: in which one-byte encoding a text is that is not UTF-8, told by what stands beside its letters.

Read in the wrong one, a letter becomes a sign in the middle of a word: the cp850 of André is Andr‚ in cp1252. So
the neighbours of every byte beyond ASCII are looked at, in one pass over the file, a block at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

SIZE = 4 << 20
"""Bytes looked at together."""

WELL_KNOWN = 20
"""Letters that read well for each odd one, from which the odd one is the text's own."""

_EXAMPLES = 20

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


def _table(*spans: tuple[int, int]) -> Mask:
    """Mask of the bytes in these spans, ends included."""
    table = np.zeros(256, bool)
    for first, last in spans:
        table[first : last + 1] = True
    return table


_LOWER = _table((0x61, 0x7A))
_ASCII_LETTER = _table((0x41, 0x5A), (0x61, 0x7A))
_HIGH_LETTER = _table((0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0xFF))
_LETTER = _ASCII_LETTER | _HIGH_LETTER
_UNDEFINED = _table((0x81, 0x81), (0x8D, 0x8D), (0x8F, 0x90), (0x9D, 0x9D))
_CAPITAL = _table((0x8A, 0x8A), (0x8C, 0x8C), (0x8E, 0x8E), (0x9F, 0x9F), (0xC0, 0xD6), (0xD8, 0xDE))
_SIGN_BETWEEN = _table(  # signs that stand in no word
    *((0x80, 0x80), (0x84, 0x87), (0x89, 0x89), (0x8B, 0x8B), (0x91, 0x91), (0x93, 0x95), (0x98, 0x9B), (0x9E, 0x9E)),
    *((0xA1, 0xA9), (0xAB, 0xAC), (0xAE, 0xAF), (0xB1, 0xB3), (0xB6, 0xB6), (0xB8, 0xB9), (0xBB, 0xBF)),
)
_DASH = _table((0x96, 0x97))
_AFTER_NO_LETTER = _table((0x82, 0x84), (0x88, 0x89), (0x98, 0x98))
_BEFORE_NO_LETTER = _table((0x83, 0x83), (0x88, 0x88), (0x98, 0x98))
_FRACTION = _table((0xBC, 0xBE))
_CURRENCY_SIGN = 0xA4
_DIGIT = _table((0x30, 0x39))
_FRENCH = frozenset("àâäçèéêëîïôöùûüÿœæÀÂÄÇÈÉÊËÎÏÔÖÙÛÜŸŒÆáíóúñÁÍÓÚÑßãõ€’«»°")
"""What one expects beyond ASCII in texts of a French company."""


@dataclass
class Survey:
    """What the bytes beyond ASCII of a file are like.

    Attributes
    ----------
    good : int
        Those that are letters in cp1252, and stand as letters do.
    odd : int
        Those that would stand in cp1252 as no one writes: signs in a word, capitals behind small letters.
    latin9 : int
        Those that read oddly in cp1252 and well in iso-8859-15, which shares its other letters.
    undefined : int
        Those that cp1252 has not.
    utf8 : int
        Letters that are UTF-8, whatever the rest is.
    other : int
        Bytes that are no such letters.
    places : dict
        Where the first ones are, by the name of what they are.
    """

    good: int = 0
    odd: int = 0
    latin9: int = 0
    undefined: int = 0
    utf8: int = 0
    other: int = 0
    places: dict[str, list[int]] = field(default_factory=dict)

    @property
    def doubtful(self) -> list[int]:
        """Where it would read wrongly as cp1252; nowhere when it is cp1252."""
        if self.undefined or self.odd * WELL_KNOWN > self.good:
            return sorted(self.places.get("undefined", []) + self.places.get("odd", []))
        return self.places.get("latin9", [])

    @property
    def candidates(self) -> tuple[str, ...]:
        """Encodings that it may be in."""
        if self.undefined or self.odd * WELL_KNOWN > self.good:
            return ("cp1252", "cp850", "mac-roman")
        return ("cp1252", "iso-8859-15")


def survey(path: Path) -> Survey:
    """Look at every byte beyond ASCII of a file and at its neighbours."""
    found = Survey()
    for start, window in _windows(path):
        if not window.isascii():
            _note(found, start, np.frombuffer(window, np.uint8))
    return found


def _windows(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the file in overlapping windows: each byte stands once at least two from both ends of one."""
    kept, start = b"\n\n", -2
    with path.open("rb") as file:
        for block in chain(iter(lambda: file.read(SIZE), b""), (b"\n\n",)):
            window = kept + block
            yield start, window
            kept = window[-4:]
            start += len(window) - len(kept)


def _note(found: Survey, start: int, window: Bytes) -> None:
    places = np.flatnonzero(window[2:-2] >= 0x80) + 2
    if not len(places):
        return
    byte, before, after = window[places], window[places - 1], window[places + 1]
    lead, length = _utf8_letters(byte, after, window[places + 2])
    behind_letter, before_letter = _LETTER[before], _LETTER[after]
    within = behind_letter & before_letter
    latin9 = ((byte == _CURRENCY_SIGN) & ~within) | (_FRACTION[byte] & before_letter & ~_DIGIT[before])
    odd = (
        (within & (_SIGN_BETWEEN[byte] | (_DASH[byte] & _LOWER[after])))
        | (_AFTER_NO_LETTER[byte] & behind_letter)
        | (_BEFORE_NO_LETTER[byte] & before_letter)
        | (_CAPITAL[byte] & _LOWER[before])
        | (_HIGH_LETTER[byte] & _HIGH_LETTER[before] & _HIGH_LETTER[after])  # three accents in a row: another script
    ) & ~latin9
    undefined = _UNDEFINED[byte]
    good = (_HIGH_LETTER[byte] | (byte == 0x9C)) & ~odd
    found.good += int(good.sum())
    found.utf8 += int(lead.sum())
    found.other += len(places) - int(length.sum())
    for name, mask in (("odd", odd), ("latin9", latin9), ("undefined", undefined)):
        setattr(found, name, getattr(found, name) + int(mask.sum()))
    for name, mask in (("odd", odd), ("latin9", latin9), ("undefined", undefined), ("utf8", lead), ("good", good)):
        known = found.places.setdefault(name, [])
        if len(known) < _EXAMPLES:
            known += [start + int(at) for at in places[mask][: _EXAMPLES - len(known)]]


def _utf8_letters(byte: Bytes, after: Bytes, second: Bytes) -> tuple[Mask, npt.NDArray[np.int64]]:
    """Where a UTF-8 letter of Western Europe begins, and of how many bytes each is; cp1252 hardly ever looks so."""
    follows, follows_too = (after & 0xC0) == 0x80, (second & 0xC0) == 0x80
    two = ((byte == 0xC2) | (byte == 0xC3)) & follows
    two |= (byte == 0xC5) & np.isin(after, (0x92, 0x93, 0xA0, 0xA1, 0xB8, 0xBD, 0xBE))
    three = (byte == 0xE2) & np.isin(after, (0x80, 0x82, 0x84)) & follows_too
    return two | three, two * np.int64(2) + three * np.int64(3)


def likeliest(words: list[bytes], candidates: tuple[str, ...]) -> str | None:
    """Return the encoding in which these words hold the most letters that one expects; None where many are none."""

    def expected(encoding: str) -> int:
        return sum(sign in _FRENCH for word in words for sign in word.decode(encoding, "replace"))

    best = max(candidates, key=expected)
    beyond = sum(byte >= 0x80 for word in words for byte in word)
    return best if expected(best) >= 0.8 * beyond else None
