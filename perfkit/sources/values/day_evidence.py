"""Evidence of days: what the cells of one column of text prove about how its days and times are written."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from perfkit.sources.settings import Format
from perfkit.sources.values import days
from perfkit.sources.values.evidence import MAJORITY, WEAK, Doubt
from perfkit.sources.values.writings import SPACES, Writing

TYPED_NUMBER, TYPED_DAY = "\x01n", "\x01d"
"""Keys of a workbook's cells that are numbers or days by themselves."""

_NO_DAYS = {
    "serials": re.compile(r"[1-9][0-9]{4}(?:[.,][0-9]+)?|" + TYPED_NUMBER),
    "a year": re.compile(r"(?:19|20|21)[0-9]{2}"),
    "a quarter": re.compile(r"(?i:(?:[tq][1-4])(?:[ /-]*(?:[0-9]{2}){1,2})?|[0-9]{4}[ /-]*[tq][1-4])"),
    "a week": re.compile(r"(?i:(?:s|w|semaine |week )[0-9]{1,2}(?:[ /-]*[0-9]{4})?|[0-9]{4}[ /-]*[sw][0-9]{1,2})"),
    "a number of seconds": re.compile(r"1[0-9]{9}(?:[0-9]{3})?"),
}
"""What is often found where a day should stand."""

_USUAL = dict.fromkeys(map(ord, SPACES), " ")
"""Each kind of space, and the usual one."""


@dataclass(frozen=True)
class Day:
    """What one cell says about the days of its column: the shapes that fit, the time behind it, odd spaces in it."""

    shapes: tuple[str, ...]
    time: str
    padded: bool


def day(text: str) -> Day | None:
    """Return what a cell says; None if it is no day that there was. Digits of a time may be nines, see `proofs`."""
    usual = text.translate(_USUAL)
    said, time = days.split(usual.strip(" "))
    shapes = tuple(days.readings(said))
    return Day(shapes, time, usual != text) if shapes else None


def dates(
    keys: Mapping[str, int], types: Collection[str], form: Format, writing: Writing
) -> tuple[Writing, Doubt | None]:
    """Return how a column writes its days, by the cells that it has, and how often."""
    declared = {"date": form.date, "timestamp": form.timestamp or form.date}
    open_ = {name for name, said in declared.items() if name in types and said is None}
    if not open_:
        return writing, None
    writing = replace(writing, proven=writing.proven | open_)
    cells = _years_placed([(cell, key, count) for key, count in keys.items() if (cell := day(key))])
    doubt = _no_days(keys, _count(cells) + keys.get(TYPED_DAY, 0))
    if doubt or not cells:
        return writing, doubt
    shape, contested, doubt = _shape(cells, writing.whole)
    names: Counter[str] = Counter()
    for cell, _, count in cells:
        if shape in cell.shapes:
            names[shape + cell.time] += count
    found = tuple(sorted(names, key=lambda name: (-names[name], name)))
    return replace(
        writing,
        date=found if "date" in open_ else writing.date,
        timestamp=found if "timestamp" in open_ else writing.timestamp,
        padded=any(cell.padded for cell, _, _ in cells),
        contested=writing.contested or contested,
    ), doubt


Days = list[tuple[Day, str, int]]


SPREAD = 8
"""Least number of different values that the days of a column have, for a part with few of them to be its years."""


def _years_placed(cells: Days) -> Days:
    """Return the cells without the shapes by which years of two digits would stand where days do.

    31/12/24 is the last of 2024, and nearly never the 24th of December 2031: the year comes first only where the
    column forbids all else. With dashes both are in use, and a column of 2 or 3 values in one part and all of 1 to 31
    in another tells which are the years. Where nothing tells, all shapes stay.
    """
    for sign in "/.-":
        first = f"%y{sign}%m{sign}%d"
        last = {f"%d{sign}%m{sign}%y", f"%m{sign}%d{sign}%y"}
        parts = [
            key.strip(SPACES).split(sign) for cell, key, _ in cells if first in cell.shapes and last & set(cell.shapes)
        ]
        heads, tails = {each[0].zfill(2) for each in parts}, {each[2][:2] for each in parts}
        years_first = len(tails) >= max(SPREAD, 4 * len(heads))
        years_last = len(heads) >= max(SPREAD, 4 * len(tails)) or (sign != "-" and not years_first)
        out = last if years_first and sign == "-" else {first} if years_last else set()
        if out:
            cells = [(_without(cell, out), key, count) for cell, key, count in cells]
    return cells


def _without(cell: Day, out: set[str]) -> Day:
    kept = tuple(shape for shape in cell.shapes if shape not in out)
    return replace(cell, shapes=kept) if kept and kept != cell.shapes else cell


def _no_days(keys: Mapping[str, int], days_: int) -> Doubt | None:
    """Whether most cells are something that is often found where a day should stand."""
    odd = {
        kind: {key: count for key, count in keys.items() if pattern.fullmatch(key.strip(SPACES))}
        for kind, pattern in _NO_DAYS.items()
    }
    counts = {kind: sum(some.values()) for kind, some in odd.items()}
    most = max(counts, key=lambda kind: counts[kind])
    if not counts[most] or sum(counts.values()) < days_:
        return None
    about = most if most == "serials" else "no day"
    return Doubt(about, (tuple(odd[most]),), (counts[most],), (most,))


def _shape(cells: Days, whole: bool) -> tuple[str, bool, Doubt | None]:
    """The shape that cells prove, whether some prove another one, and what is in doubt.

    A day such as 01/01/2026 is the same in both orders. Where the `whole` column holds no other, nothing is in doubt.
    """
    fits: Counter[str] = Counter()
    for cell, _, count in cells:
        for shape in cell.shapes:
            fits[shape] += count
    best = max(sorted(fits), key=lambda shape: fits[shape])
    fitting = [each for each in cells if best in each[0].shapes]
    twins = [shape for shape in fits if all(shape in cell.shapes for cell, _, _ in fitting)]
    if len(twins) > 1:
        unlike = _unlike(fitting, twins)
        return best, False, _doubt("order", [fitting], twins, [unlike]) if unlike or not whole else None
    rest = [each for each in cells if best not in each[0].shapes]
    rivals = list(dict.fromkeys(shape for cell, _, _ in rest for shape in cell.shapes))
    both = [each for each in fitting if set(each[0].shapes) & set(fits) - {best}]
    alone = [each for each in fitting if each[0].shapes == (best,)]
    if any(set(cell.shapes) & set(rivals) for cell, _, _ in both) or _swapped(best, rivals):
        return best, True, _doubt("two orders", [alone or fitting, rest], [best, *rivals])
    if any(days.is_month(shape) != days.is_month(best) for shape in rivals):
        return best, True, _doubt("months", [fitting, rest], [best, *rivals])
    if _count(fitting) < MAJORITY * _count(cells):
        return best, True, _doubt("two shapes", [fitting, rest], [best, *rivals])
    if alone and _count(alone) < WEAK * _count(both):
        others = [shape for shape in fits if shape != best and any(shape in cell.shapes for cell, _, _ in both)]
        return (
            best,
            bool(rest),
            _doubt("few days", [alone, both], [best, *others], [alone, _unlike(both, [best, *others])]),
        )
    return best, bool(rest), None


def _swapped(best: str, rivals: Iterable[str]) -> bool:
    """Whether a rival has its digits in the same places and means something else by them."""
    return any(re.sub("%[dmy]", "#", rival) == re.sub("%[dmy]", "#", best) for rival in rivals)


def _count(cells: Days) -> int:
    return sum(count for _, _, count in cells)


def _unlike(cells: Days, shapes: Collection[str]) -> Days:
    """The cells that say another day in another of the shapes."""
    said = [(cell, days.readings(days.split(cell[1].translate(_USUAL).strip(" "))[0])) for cell in cells]
    return [cell for cell, found in said if len({found[shape] for shape in shapes if shape in found}) > 1]


def _doubt(about: str, groups: list[Days], choices: list[str], shown: list[Days] | None = None) -> Doubt:
    """A doubt, of which each group is counted, and shown by a cell of its own or the one that is said to show it."""
    keys = (some or group for some, group in zip(shown or groups, groups, strict=True))
    return Doubt(
        about, tuple(tuple(key for _, key, _ in cells) for cells in keys), tuple(map(_count, groups)), tuple(choices)
    )


def refutes_day(text: str, type_: str, writing: Writing) -> bool:
    """Whether a cell proves that a column is not written as its first cells proved."""
    cell = day(text)
    if cell is None or type_ not in writing.proven:
        return False
    names = writing.date if type_ == "date" else writing.timestamp
    if days.shape(names[0]) in cell.shapes:
        return cell.padded > writing.padded or days.shape(names[0]) + cell.time not in names
    return not writing.contested
