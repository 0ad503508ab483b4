"""Evidence: what the cells of one column of text prove about how the column is written.

A cell that is no number, or no day that there was, proves nothing: it is set aside when it is read.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from perfkit.sources import days
from perfkit.sources.settings import Format
from perfkit.sources.writings import APOSTROPHES, MINUS, SPACES, Writing, alike, forms

MAJORITY = 0.9
"""Least share of the telling cells that prove one writing where others prove another."""

WEAK = 0.01
"""Share of the cells that others decide on, below which those others may be slips of a hand."""

OTHER = {".": ",", ",": "."}

_DECIMALS = re.compile(r"([0-9]*)(?:([.,])([0-9]*))?")
_SPACED = re.compile(rf"[1-9][0-9]{{0,2}}(?:([{SPACES}]|[{APOSTROPHES}])[0-9]{{3}})+(?:([.,])[0-9]*)?")
_GROUPED = {
    thousands: re.compile(rf"[1-9][0-9]{{0,2}}(?:\{thousands}[0-9]{{3}})+(?:\{sign}[0-9]*)?")
    for sign, thousands in OTHER.items()
}


@dataclass(frozen=True)
class Number:
    """What one cell says about the numbers of its column.

    Attributes
    ----------
    says : str
        "whole", "decimal" (it proves its decimal sign) or "both" (it can be read with either).
    sign : str
        The decimal sign that it proves, or that it has if it is one; empty for a whole number.
    thousands : str
        The signs, if any, that group its thousands for certain.
    decorated : bool
        Whether more than digits and their signs stands in it.
    percent : bool
        Whether it bears a percent sign.
    plain : str
        Its digits and signs.
    """

    says: str
    sign: str = ""
    thousands: str = ""
    decorated: bool = False
    percent: bool = False
    plain: str = ""


def number(text: str, types: Collection[str], currency: str) -> Number | None:
    """Return what a cell says, read as one of these types; None if it is no number."""
    plain = text
    for pattern, instead in forms(set(types), currency).items():
        plain = re.sub(pattern, instead, plain, flags=re.IGNORECASE)
    plain = plain.replace(MINUS, "-").strip(SPACES)
    said = _said(re.sub(r"^[-+]", "", plain))
    if said is None:
        return None
    return replace(said, decorated=text.strip(" ") != plain, percent="%" in text, plain=plain)


def _said(body: str) -> Number | None:
    """What a number without sign or decoration says."""
    if match := _DECIMALS.fullmatch(body):
        whole, sign, part = match.groups()
        if not (whole or part):
            return None
        if not sign:
            return Number("whole")
        both = len(part) == 3 and len(whole) in (1, 2, 3) and whole[0] != "0"
        return Number("both" if both else "decimal", sign)
    if match := _SPACED.fullmatch(body):
        thousands = alike(match[1])
        if len(set(re.findall(rf"[{SPACES}{APOSTROPHES}]", body)) - set(thousands)):
            return None
        return Number("decimal" if match[2] else "whole", match[2] or "", thousands)
    for thousands, pattern in _GROUPED.items():
        if pattern.fullmatch(body):
            return Number("decimal", OTHER[thousands], thousands)
    return None


@dataclass(frozen=True)
class Doubt:
    """Why the cells of a column do not tell how it is written.

    Attributes
    ----------
    about : str
        "both ways", "two signs", "few proofs", "order", "two shapes", "months", "serials", "no day".
    keys : tuple of tuple of str
        Groups of cells that are the evidence, by key, see `proofs`; one of each is shown.
    counts : tuple of int
        How many cells each group has.
    choices : tuple of str
        What could be meant.
    """

    about: str
    keys: tuple[tuple[str, ...], ...]
    counts: tuple[int, ...]
    choices: tuple[str, ...] = ()


def numbers(
    keys: Mapping[str, int], types: Collection[str], form: Format, writing: Writing
) -> tuple[Writing, Doubt | None]:
    """Return how a column writes its numbers, by the cells that it has, and how often.

    Parameters
    ----------
    writing : Writing
        What is known of the column already.
    """
    said = [(number(key, types, writing.currency), key, count) for key, count in keys.items()]
    cells = [(_as_declared(cell, form), key, count) for cell, key, count in said if cell]
    proven = set()
    if form.thousands is None:
        proven.add("thousands")
    decimal = form.decimal or OTHER.get(form.thousands or "", "")
    proofs = _by_sign(cells, "decimal")
    both = _by_sign(cells, "both")
    doubt, contested = None, False
    if not decimal:
        proven.add("decimal")
        decimal, contested, doubt = _decimal(proofs, both)
    thousands = alike(form.thousands or "")
    if form.thousands is None:
        seen = {sign for cell, _, _ in cells if cell.sign in ("", decimal) for sign in cell.thousands}
        if form.decimal and proofs[OTHER[decimal]]:
            seen.discard(OTHER[decimal])  # others write their decimals so: what it stands for is not certain
        if not form.decimal and decimal and both[OTHER[decimal]] and not contested:
            seen.add(OTHER[decimal])
        thousands = "".join(sorted(seen))
    found = replace(
        writing,
        decimal=decimal,
        thousands=thousands,
        decorated=any(cell.decorated for cell, _, _ in cells),
        marked="share" in types and any(cell.percent for cell, _, _ in cells),
        contested=contested,
        proven=writing.proven | proven,
    )
    return found, doubt


Cells = list[tuple[Number, str, int]]


def _as_declared(cell: Number, form: Format) -> Number:
    """What a cell says where the settings say which signs group thousands."""
    if form.thousands is None or cell.says != "both":
        return cell
    if cell.sign == form.thousands:
        return replace(cell, says="whole", sign="", thousands=cell.sign)
    return replace(cell, says="decimal")


def _by_sign(cells: Cells, says: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {".": {}, ",": {}}
    for cell, key, count in cells:
        if cell.says == says:
            found[cell.sign][key] = count
    return found


def _decimal(proofs: dict[str, dict[str, int]], both: dict[str, dict[str, int]]) -> tuple[str, bool, Doubt | None]:
    """The decimal sign that cells prove, whether some prove the other one, and what is in doubt."""
    counts = {sign: sum(proofs[sign].values()) for sign in ".,"}
    open_ = {sign: sum(both[sign].values()) for sign in ".,"}
    most = max(counts, key=lambda sign: counts[sign])
    if not counts[most]:
        signs = [sign for sign in ",." if open_[sign]]
        keys = tuple(tuple(both[sign]) for sign in signs)
        doubt = Doubt("both ways", keys, tuple(open_[sign] for sign in signs)) if signs else None
        return "", False, doubt
    if counts[OTHER[most]]:
        keys = tuple(tuple(proofs[sign]) for sign in ",.")
        share = counts[most] / sum(counts.values())
        doubt = Doubt("two signs", keys, (counts[","], counts["."])) if share < MAJORITY else None
        return most, True, doubt
    if counts[most] < WEAK * sum(open_.values()):
        keys = (tuple(proofs[most]), (*both[","], *both["."]))
        return most, False, Doubt("few proofs", keys, (counts[most], sum(open_.values())))
    return most, False, None


def refutes_number(text: str, types: Collection[str], writing: Writing) -> bool:
    """Whether a cell proves that a column is not written as its first cells proved."""
    cell = number(text, types, writing.currency)
    if cell is None:
        return False
    if (cell.decorated and not writing.decorated) or (cell.percent and not writing.marked):
        return True
    if "decimal" in writing.proven and cell.sign not in ("", writing.decimal) and not writing.contested:
        return cell.says == "decimal" or cell.sign not in writing.thousands
    new = set(cell.thousands) - set(writing.thousands)
    return bool(new) and "thousands" in writing.proven and cell.sign in ("", writing.decimal)


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


@dataclass(frozen=True)
class Day:
    """What one cell says about the days of its column: the shapes that fit, the time behind it, odd spaces in it."""

    shapes: tuple[str, ...]
    time: str
    padded: bool


def day(text: str) -> Day | None:
    """Return what a cell says; None if it is no day that there was. Digits of a time may be nines, see `proofs`."""
    usual = text.translate(dict.fromkeys(map(ord, SPACES), " "))
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
    shape, contested, doubt = _shape(cells)
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
        cells = [(_without(cell, out), key, count) for cell, key, count in cells]
    return cells


def _without(cell: Day, out: set[str]) -> Day:
    kept = tuple(shape for shape in cell.shapes if shape not in out)
    return replace(cell, shapes=kept) if kept else cell


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


def _shape(cells: Days) -> tuple[str, bool, Doubt | None]:
    """The shape that cells prove, whether some prove another one, and what is in doubt."""
    fits: Counter[str] = Counter()
    for cell, _, count in cells:
        for shape in cell.shapes:
            fits[shape] += count
    best = max(sorted(fits), key=lambda shape: fits[shape])
    fitting = [each for each in cells if best in each[0].shapes]
    twins = [shape for shape in fits if all(shape in cell.shapes for cell, _, _ in fitting)]
    if len(twins) > 1:
        return best, False, _doubt("order", [fitting], twins)
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
    if both and _count(alone) < WEAK * _count(both):
        others = [shape for shape in fits if shape != best and any(shape in cell.shapes for cell, _, _ in both)]
        return best, bool(rest), _doubt("few days", [alone, both], [best, *others])
    return best, bool(rest), None


def _swapped(best: str, rivals: Iterable[str]) -> bool:
    """Whether a rival has its digits in the same places and means something else by them."""
    return any(re.sub("%[dmy]", "#", rival) == re.sub("%[dmy]", "#", best) for rival in rivals)


def _count(cells: Days) -> int:
    return sum(count for _, _, count in cells)


def _doubt(about: str, groups: list[Days], choices: list[str]) -> Doubt:
    return Doubt(
        about, tuple(tuple(key for _, key, _ in cells) for cells in groups), tuple(map(_count, groups)), tuple(choices)
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
