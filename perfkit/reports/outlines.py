"""Outlines: the words of a chart, drawn for browsers, as words for the PDF.

A picture in a page may use no font of the page, so a chart's letters are outlines there. In a PDF they are letters
again, each at the place of its outline: a reader can search and copy them, and the file is half as large.
"""

import html
import re
from typing import NamedTuple


class _Font(NamedTuple):
    weight: int
    f: float  # how wide its f is, in ems: the one letter that ligatures begin with


_FONTS = {"DejaVuSans": _Font(400, 0.352), "DejaVuSans-Bold": _Font(700, 0.435)}
_FAMILY = "DejaVu Sans, Verdana, sans-serif"  # the second is about as wide, where the first is absent
_EM = 100  # units of an outline

_WORDS = re.compile(
    r"<!-- (?P<words>(?:(?!-->).)*) -->\s*"
    r'<g style="(?P<look>[^"]*)" transform="(?P<place>translate\([^)]*\)(?: rotate\([^)]*\))?) '
    r'scale\((?P<scale>[\d.]+) -(?P=scale)\)">\s*'
    r"(?P<shapes><defs>(?:(?!</defs>).)*</defs>)?(?P<outlines>(?:\s*<use [^>]*/>)+)\s*</g>",
    re.DOTALL,
)
_OUTLINE = re.compile(r'<use xlink:href="#([\w-]+)-[0-9a-f]+"(?: transform="translate\(([-\d.]+) 0\)")?/>')
_JOINED = re.compile(r"ff[il]?|f[il]|.", re.DOTALL)


def as_letters(svg: str) -> str:
    """Return a chart's SVG with its words as text; words in another font than the charts' own stay outlines."""
    return _WORDS.sub(_letters, svg)


def _letters(found: re.Match[str]) -> str:
    written, outlines = html.unescape(found["words"]), _OUTLINE.findall(found["outlines"])
    told = dict.fromkeys((written, re.sub("- (?=-)", "-", written)))  # a comment may not hold --, and says - -
    ways = [(words, parts) for words in told for parts in (list(words), _JOINED.findall(words))]
    words, drawn = next(((words, parts) for words, parts in ways if len(parts) == len(outlines)), ("", []))
    names = {name for name, _ in outlines}
    if not drawn or len(names) != 1 or found["outlines"].count("<use") != len(outlines) or not names <= _FONTS.keys():
        return found[0]
    size, font = _EM * float(found["scale"]), _FONTS[names.pop()]
    places = [
        size * (float(x or 0) / _EM + font.f * number)
        for part, (_, x) in zip(drawn, outlines, strict=True)
        for number in range(len(part))
    ]
    look = f"font-family: {_FAMILY}; font-weight: {font.weight}; font-size: {size:g}px; {found['look']}"
    across = " ".join(f"{place:.3f}" for place in places)
    text = f'<text style="{look}" transform="{found["place"]}" x="{across}" y="0">{html.escape(words)}</text>'
    return (found["shapes"] or "") + text  # words that stay outlines may use these shapes
