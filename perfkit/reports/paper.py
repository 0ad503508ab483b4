"""Paper: how high a chart and its table stand on a printed page, to know whether both fit below what stands above.

CSS can keep two things together; it cannot turn the page only where they do not fit. Reckoned in millimetres on
A4, with a little to spare: where it is wrong, a table breaks between two rows and repeats its head.
"""

import re
from collections.abc import Sequence
from typing import Any

from perfkit.reports.record import Item, Picture, Shown

ROOM = 245.0  # of 255 between the margins of page.css
_ACROSS = 176.0
_HEADING, _HEADING_OF_PART, _CAPTION, _LINE = 15.0, 9.0, 13.0, 4.2
_ROW, _ROW_HEAD = 5.4, 10.0  # of a table set as large as they get; a wide one is set smaller
_LONG = 44  # letters of a text that takes a second line


def turns(above: Sequence[Item], items: Sequence[Item]) -> bool:
    """Say whether a chart and its table are too high to stand together below a chapter's heading and answer."""
    chart = next((item for item in items if isinstance(item, Picture) and not item.empty), None)
    table = next((item for item in items if isinstance(item, Shown) and item.payload["views"]), None)
    if chart is None or table is None:
        return False
    answers = sum(_LINE * 1.5 * _lines(item) for item in above if isinstance(item, Shown))
    taken = _HEADING + answers + _HEADING_OF_PART + _CAPTION + _height_of(chart) + _table(table.payload["views"][0])
    return taken > ROOM


def _lines(answer: Shown) -> float:
    words = " ".join(re.sub(r"<style.*?</style>|<[^>]+>", " ", answer.html, flags=re.DOTALL).split())
    return len(words) / 80 + 2


def _height_of(chart: Picture) -> float:
    """The height of a picture that is as wide as the page."""
    sizes = [re.search(rf'<svg[^>]*?\b{side}="([0-9.]+)', chart.data) for side in ("width", "height")]
    if chart.mime != "image/svg+xml" or not all(sizes):
        return _ACROSS / 2
    width, height = (float(size[1]) for size in sizes if size)
    return _ACROSS * height / width if width else _ACROSS / 2


def _table(view: dict[str, Any]) -> float:
    rows = sum(2 if any(len(str(value)) > _LONG for value in row.values()) else 1 for row in view["rows"])
    notes = sum(1 + len(note) // 125 for note in view["notes"]) + 1
    return _ROW_HEAD + _ROW * rows + _LINE * notes
