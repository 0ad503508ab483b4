"""Chapters: the sections of a record as a reader meets them: parts under their headings, and what is not there.

A part of which the data lack everything is no part: it becomes one line at the chapter's end that says what
is missing and what to ask for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from perfkit.reports.record import COVER, Item, Picture, Prose, Record, Shown

_NEVER_ABSENT = frozenset({COVER, "Findings", "Answer"})  # they say themselves that there is nothing
_HEADED = re.compile(r"###\s+(?P<heading>[^\n]+)\n*")


@dataclass(frozen=True)
class Part:
    """What stands under one heading of the third level; "" before the first of them."""

    heading: str
    items: list[Item]


@dataclass(frozen=True)
class Chapter:
    """A section of the report.

    Attributes
    ----------
    heading : str
    parts : list of Part
        Those that there is something to show of.
    absent : list of (str, str)
        Of the others, the heading and why: what is missing, and what to ask for.
    """

    heading: str
    parts: list[Part]
    absent: list[tuple[str, str]]


def of(record: Record) -> tuple[list[Prose], list[Chapter]]:
    """Return the words that open a report, and its chapters, without what stands on the cover."""
    cover = record.cover
    opening = next((section for section in record.sections if not section.heading), None)
    words = [item for item in opening.items if isinstance(item, Prose)] if opening else []
    found = [
        _chapter(
            section.heading,
            [
                item
                for item in section.items
                if item is not cover and not (section is opening and item in words) and not _says_nothing(item)
            ],
        )
        for section in record.sections
    ]
    return words, [each for each in found if each.heading or each.parts or each.absent]


def _says_nothing(item: Item) -> bool:
    """Say whether a result has nothing to show, as the part that a report of the whole is of."""
    return isinstance(item, Shown) and not item.payload["views"] and not item.html.strip()


def reason(item: Item) -> tuple[str, str] | None:
    """Return the title of a result without any row, or of a chart of nothing, and why; else None."""
    if isinstance(item, Picture):
        return (item.title or item.alt, item.empty) if item.empty else None
    if not isinstance(item, Shown):
        return None
    views = item.payload["views"]
    if item.kind in _NEVER_ABSENT or not views or any(view["rows"] for view in views):
        return None
    title, why = views[0]["title"], " ".join([views[0]["subtitle"], *views[0]["notes"]]).strip()
    return (title, why) if why else None


def _chapter(heading: str, items: Sequence[Item]) -> Chapter:
    parts: list[Part] = [Part("", [])]
    for item in items:
        headed = _HEADED.match(item.markdown) if isinstance(item, Prose) else None
        if headed and isinstance(item, Prose):
            parts.append(Part(headed["heading"].strip(), []))
            left = item.markdown[headed.end() :].strip()
            if left:
                parts[-1].items.append(Prose(left))
        else:
            parts[-1].items.append(item)
    shown = [Part(part.heading, _without_empty_pictures(part.items)) for part in parts]
    absent = {id(part): why for part in shown if (why := _why_absent(part))}
    named: dict[str, list[str]] = {}  # what lacks for one reason stands in one line
    for part in shown:
        if id(part) in absent:
            title, reason_of = absent[id(part)]
            named.setdefault(reason_of, []).append(part.heading or title)
    return Chapter(
        heading,
        [part for part in shown if id(part) not in absent and (part.heading or part.items)],
        [(" · ".join(names), reason_of) for reason_of, names in named.items()],
    )


def _without_empty_pictures(items: Sequence[Item]) -> list[Item]:
    """Leave out a chart that says only what the empty table after it says."""
    kept: list[Item] = []
    for item in items:
        beside = kept[-1] if kept and isinstance(kept[-1], Picture) else None
        if isinstance(item, Shown) and beside and (reason(item) or (beside.empty and _opens_empty(item))):
            said = " ".join((beside.title or beside.alt).split())
            if said.startswith(" ".join(item.payload["views"][0]["title"].split())):
                kept.pop()
        kept.append(item)
    return kept


def _opens_empty(item: Shown) -> bool:
    """Say whether the first table of a result is empty, as a chart beside it is, though others after it are not."""
    views = item.payload["views"]
    return bool(views) and not views[0]["rows"]


def _why_absent(part: Part) -> tuple[str, str] | None:
    """Return why there is nothing under a heading, None where there is something."""
    told = [item for item in part.items if not isinstance(item, Prose)]
    reasons = [reason(item) for item in told]
    return reasons[0] if reasons and all(reasons) else None
