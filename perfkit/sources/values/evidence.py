"""Evidence: what the cells of one column of text prove about how its numbers are written; of days, see `day_evidence`.

A cell that is no number, or no day that there was, proves nothing: it is set aside when it is read.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from perfkit.sources.settings import Format
from perfkit.sources.values.writings import APOSTROPHES, MINUS, SPACES, Writing, alike, forms

MAJORITY = 0.9
"""Least share of the telling cells that prove one writing where others prove another."""

WEAK = 0.001
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
    for pattern, instead in forms(frozenset(types), currency).items():
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
        Which of the questions of `asking` it is.
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
