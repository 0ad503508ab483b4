"""Names: which heading of a file is meant by a name, whatever it is spelled like."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache


def folded(name: str) -> str:
    """Return a heading without what two spellings of it may differ in: case, accents, spaces, a mark of necessity."""
    return _kept(name) if len(name) <= _LONGEST else _folded(name)


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("\N{DEGREE SIGN}", "o").casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(plain.strip(" \t\n*:\ufeff").split())


_LONGEST = 200
"""Characters of a text up to which what it is folded to is kept: headings are met again and again, long cells once."""

_kept = lru_cache(maxsize=8192)(_folded)


def tokens(text: str) -> list[str]:
    """Return the words of a heading or a cell, folded; OrderStatus is two."""
    return re.findall(r"[^\W_]+", folded(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)))


def visible(shown: str) -> str:
    """Return an id with the spaces that nobody sees as open boxes: those at its ends, several in a row, odd ones."""
    return re.sub(r"^\s+|\s+$|\s{2,}|[^\S ]", lambda spaces: "\N{OPEN BOX}" * len(spaces[0]), shown)


def found(name: str, names: Sequence[str]) -> str | None:
    """Return the heading that is meant by a name: the same, or the only one that differs by no more than spelling."""
    return finder(names)(name)


def finder(names: Sequence[str]) -> Callable[[str], str | None]:
    """Return what `found` finds among these headings, for many names: each heading is folded once."""
    exact = frozenset(names)
    spelled: dict[str, list[str]] = {}

    def find(name: str) -> str | None:
        if name in exact:
            return name
        if not spelled:
            for each in names:
                spelled.setdefault(folded(each), []).append(each)
        alike = spelled.get(folded(name), [])
        return alike[0] if len(alike) == 1 else None

    return find
