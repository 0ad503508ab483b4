"""Lettering: how wide words are, and how they are cut and broken to fit."""

import re
from collections.abc import Iterable
from functools import cache

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

FONT = ["DejaVu Sans"]  # matplotlib brings it: the same picture on every machine
SIZE, SMALL, TITLE = 9.5, 8.6, 13.0  # points; a phone shows 8.6 as 11 pixels


def clean(shown: object) -> str:
    """Return one line of printable text; the spaces that may not break stay what they are."""
    printable = "".join(c if c.isprintable() or c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in str(shown))
    return re.sub(r"[^\S\u00a0\u202f]+", " ", printable).strip()


def capitalised(shown: str) -> str:
    """Return a text as it stands at the head of a column or a row: many a name of a period begins small."""
    return shown[:1].upper() + shown[1:]


def length(shown: str, size: float = SIZE, weight: str = "normal") -> float:
    """Return the width of a text in points."""
    return _length(shown, size, weight)


@cache
def _length(shown: str, size: float, weight: str) -> float:
    if not shown:
        return 0.0
    font = FontProperties(family=FONT, size=size, weight=weight)
    across, _, _ = _ruler().get_text_width_height_descent(shown, font, ismath=False)
    return float(across) / 10


@cache
def _ruler() -> RendererAgg:
    return RendererAgg(1, 1, 720)


def longest(shown: Iterable[str], size: float = SIZE, weight: str = "normal") -> float:
    """Return the width of the widest of some texts, in points."""
    return max((length(each, size, weight) for each in shown), default=0.0)


def fit(shown: object, width: float, size: float = SIZE, weight: str = "normal") -> str:
    """Return a text on one line, cut with an ellipsis where it is wider than `width` points."""
    line = clean(shown)
    if len(line) <= 400 and length(line, size, weight) <= width:
        return line
    keep = line[:400]
    while keep and length(keep.rstrip() + "…", size, weight) > width:
        keep = keep[:-1]
    return keep.rstrip() + "…"


def wrap(shown: object, width: float, size: float, weight: str = "normal", most: int = 4) -> list[str]:
    """Return a text as at most `most` lines, none wider than `width` points, no word left alone on the last."""
    lines = _wrapped(shown, width, size, weight, most)
    for tenth in (9, 8, 7, 6):
        if len(lines) < 2 or length(lines[-1], size, weight) > 0.3 * width:
            break
        narrower = _wrapped(shown, width * tenth / 10, size, weight, most)
        if len(narrower) > len(lines) or narrower[-1].endswith("…"):
            break
        lines = narrower
    return lines


def _wrapped(shown: object, width: float, size: float, weight: str, most: int) -> list[str]:
    lines: list[str] = []
    unbroken = re.sub(r" (?=[:;?!»](\s|$))", "\N{NO-BREAK SPACE}", clean(shown))  # French sets a space before these
    rest = [word for word in unbroken.split(" ") if word]
    while rest:
        if len(lines) == most - 1:
            return [*lines, fit(" ".join(rest), width, size, weight)]
        taken = 1
        while taken < len(rest) and length(" ".join(rest[: taken + 1]), size, weight) <= width:
            taken += 1
        lines.append(fit(" ".join(rest[:taken]), width, size, weight))
        rest = rest[taken:]
    return lines
