"""Names: which heading of a file is meant by a name, whatever it is spelled like."""

import re
import unicodedata
from collections.abc import Sequence


def folded(name: str) -> str:
    """Return a heading without what two spellings of it may differ in: case, accents, spaces, a mark of necessity."""
    plain = unicodedata.normalize("NFKD", name.replace("\N{DEGREE SIGN}", "o").casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(plain.strip(" \t\n*:\ufeff").split())


def visible(shown: str) -> str:
    """Return an id with the spaces that nobody sees as open boxes: those at its ends, several in a row, odd ones."""
    return re.sub(r"^\s+|\s+$|\s{2,}|[^\S ]", lambda spaces: "\N{OPEN BOX}" * len(spaces[0]), shown)


def found(name: str, names: Sequence[str]) -> str | None:
    """Return the heading that is meant by a name: the same, or the only one that differs by no more than spelling."""
    if name in names:
        return name
    alike = [each for each in names if folded(each) == folded(name)]
    return alike[0] if len(alike) == 1 else None
