"""Errors: one family, so that a caller can catch everything perfkit refuses in one place.

A message says what happened and where, why it matters here, and what to type.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches


class PerfkitError(ValueError):
    """Anything perfkit refuses to do, in words for the person who asked."""


class DataError(PerfkitError):
    """The data cannot carry what was asked: a missing file or column, a total that does not tie."""


class ParameterError(PerfkitError):
    """A setting or a parameter is misspelt, of the wrong type or out of range."""


class EngineError(PerfkitError):
    """The machinery failed: a kernel that died, a disk that is full, a database that went away."""


def nearest(name: str, known: Iterable[str], titles: Mapping[str, str] | None = None) -> str | None:
    """Return the known name most like `name`, or None when none is close.

    Parameters
    ----------
    titles : mapping, optional
        Known names by what else they are called: who writes a title means its name.
    """
    by_folded = {_folded(title): each for title, each in (titles or {}).items()}
    by_folded |= {_folded(each): each for each in known}
    close = get_close_matches(_folded(name), by_folded, n=1, cutoff=0.5)
    return by_folded[close[0]] if close else None


def _folded(name: str) -> str:
    """A name without case and accents, its apostrophes and spaces as a keyboard has them."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(bare.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())


def unknown(what: str, name: str, known: Iterable[str], titles: Mapping[str, str] | None = None) -> str:
    """Say that `name` is not among the known ones, which one was perhaps meant, and which there are."""
    known = list(known)
    if not known:
        return f"no {what} {name!r}; there is none."
    guess = nearest(name, known, titles)
    meant = f" Did you mean {guess!r}?" if guess else ""
    return f"no {what} {name!r}.{meant} There {'are' if len(known) > 1 else 'is'}: {', '.join(known)}."


_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters, line ends, what turns the direction of text, invisible signs, halves of characters."""


def printable(text: str, *, most: int = 2_000, lines: bool = False) -> str:
    """Return a text as a terminal may show it, whatever names and values from files it holds.

    Parameters
    ----------
    text : str
    most : int
        Characters beyond which its middle is left out: its head says what happened, its end what to do.
    lines : bool
        Whether line feeds are meant, as in a table.
    """
    text = _UNSAFE.sub(lambda found: found[0] if lines and found[0] == "\n" else ascii(found[0])[1:-1], text)
    if len(text) <= most:
        return text
    head, tail = most // 2, most - most // 2
    return f"{text[:head]} ... ({len(text) - most:,} characters left out) ... {text[-tail:]}"
