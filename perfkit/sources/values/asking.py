"""Asking: the words in which a column that can be read in several ways is refused, with what to type."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date

from perfkit.sources.values import days, evidence
from perfkit.sources.values.evidence import OTHER, Doubt
from perfkit.sources.values.writings import SPACES, Writing

ABOUT_DAYS = ("order", "two orders", "few days", "months", "two shapes", "serials", "no day")
"""Doubts about days; the others are about numbers."""

_SIGNS = {".": "a point", ",": "a comma"}

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


@dataclass(frozen=True)
class Place:
    """A cell: the file or sheet and the line where it stands, and its text."""

    where: str
    line: int
    text: str


@dataclass(frozen=True)
class _Asked:
    """A doubt and all that it is told with."""

    doubt: Doubt
    places: Sequence[Place]
    column: str
    table: str
    types: Collection[str]
    writing: Writing

    @property
    def first(self) -> str:
        place = self.places[0]
        return f"{self.table}: {place.where}, line {place.line}: {self.column} = {place.text!r}"

    def cell(self, group: int) -> str:
        """One group's cell and how many there are."""
        place, count = self.places[group], self.doubt.counts[group]
        return f"{place.text!r} in line {place.line}" + (f" and {count - 1:,} more" if count > 1 else "")

    def line(self, setting: str) -> str:
        return f"[tables.{self.table}] format = {{ {setting} }}"

    def lines(self, settings: Sequence[str]) -> str:
        first, *others = settings
        return self.line(first) + "".join(f", or {{ {each} }}" for each in others)


def question(
    doubt: Doubt, places: Sequence[Place], *, column: str, table: str, types: Collection[str], writing: Writing
) -> str:
    """Return what is to be asked about a column: what stands where, why it matters, and the lines that would settle it.

    Parameters
    ----------
    places : sequence of Place
        One cell of each group of `doubt.keys`.
    """
    return _SAID[doubt.about](_Asked(doubt, places, column, table, types, writing))


def _both_ways(asked: _Asked) -> str:
    text = asked.places[0].text
    cell = evidence.number(text, asked.types, asked.writing.currency)
    plain, sign = (cell.plain, cell.sign) if cell else (text, ",")
    whole, part = plain.replace(sign, ""), plain.replace(sign, ".")
    also = f" (and {asked.cell(1)})" if len(asked.places) > 1 else ""
    return (
        f"{asked.first} is {whole} or {part}, and no cell of the column tells which: {asked.doubt.counts[0]:,} can be "
        f"read both ways{also}. Taken wrongly, they are a thousand times too large or too small. Say which sign is "
        f"the decimal one: {asked.lines(_decimals(sign))}"
    )


def _decimals(sign: str) -> list[str]:
    """The settings by which a sign is the decimal one, or groups thousands."""
    return [f'decimal = "{sign}"', f'decimal = "{OTHER[sign]}", thousands = "{sign}"']


def _two_signs(asked: _Asked) -> str:
    most = max((",", "."), key=lambda sign: asked.doubt.counts[",.".index(sign)])
    settings = [f'decimal = "{sign}"' for sign in (most, OTHER[most])]
    return (
        f"{asked.table}: {asked.places[0].where}: {asked.column} has decimals behind a comma ({asked.cell(0)}) and "
        f"behind a point ({asked.cell(1)}). Read in one way, the others are a thousand times too large or too small. "
        f"Mend the export, or say which sign is meant, and cells with the other are set aside: "
        f"{asked.lines(settings)}"
    )


def _few_proofs(asked: _Asked) -> str:
    sign = asked.writing.decimal
    settings = [*_decimals(sign), f'decimal = "{sign}", thousands = "{OTHER[sign]}"']
    return (
        f"{asked.first} is one of only {asked.doubt.counts[0]:,} cells that tell that {_SIGNS[sign]} is the decimal "
        f"sign, and it may be a slip: {asked.cell(1)} can be read both ways, a thousandfold apart. Say which sign is "
        f"the decimal one: {asked.lines(settings)}"
    )


def _percent(asked: _Asked) -> str:
    said = f"[tables.{asked.table}.columns] ... = {{ column = {_quoted(asked.column)}, times = "
    return (
        f"{asked.first} stands under a heading with a percent sign, and no cell of the column is above 1: it may be "
        f'percent or a part of one, a hundredfold apart. Say which: {said}"0.01" }} if it is percent, or times = 1 }} '
        "if it is a part of one."
    )


def _order(asked: _Asked) -> str:
    text = asked.places[0].text
    found = days.readings(days.split(_usual(text))[0])
    meant = " or ".join(_in_words(found[shape], shape) for shape in asked.doubt.choices if shape in found)
    return (
        f"{asked.first} is {meant}, and no cell of the column ({asked.doubt.counts[0]:,}) tells which. Taken wrongly, "
        f"days move into other months. Say which: {asked.lines(_formats(asked))}"
    )


def _two_orders(asked: _Asked) -> str:
    return (
        f"{asked.table}: {asked.places[0].where}: {asked.column} has days in two orders: {asked.cell(0)}, and "
        f"{asked.cell(1)}. So it is not known what a cell such as 03/04 means. Mend the export, or say which order is "
        f"meant, and cells that cannot have it are set aside: {asked.lines(_formats(asked))}"
    )


def _few_days(asked: _Asked) -> str:
    return (
        f"{asked.first} is one of only {asked.doubt.counts[0]:,} cells that tell the order of day and month, and may "
        f"be a slip: {asked.cell(1)} can be read in several orders. Say which: {asked.lines(_formats(asked))}"
    )


def _two_shapes(asked: _Asked) -> str:
    return (
        f"{asked.table}: {asked.places[0].where}: {asked.column} writes days in several ways: {asked.cell(0)}, and "
        f"{asked.cell(1)}. Rows of the others would be left out of every figure. Mend the export, or say which way is "
        f"meant, and the others are set aside: {asked.lines(_formats(asked))}"
    )


def _months(asked: _Asked) -> str:
    return (
        f"{asked.table}: {asked.places[0].where}: {asked.column} holds days and whole months: {asked.cell(0)}, and "
        f"{asked.cell(1)}. A month's sum beside a day's sale is often a subtotal, which would count twice. Mend the "
        f"export, or say which is meant, and the others are set aside: {asked.lines(_formats(asked))}"
    )


def _serials(asked: _Asked) -> str:
    settings = [f'{_setting(asked)} = "{epoch}"' for epoch in days.EPOCHS]
    return (
        f"{asked.first} looks like a workbook's day number, which counts from {days.EPOCHS['excel']} on, or from "
        f"{days.EPOCHS['excel-1904']} in old Mac files: four years apart. Say which: "
        f"{asked.lines(settings)}"
    )


def _no_day(asked: _Asked) -> str:
    return (
        f"{asked.first} is {asked.doubt.choices[0]} and no day ({asked.doubt.counts[0]:,} cells of the column). Months "
        "and seasons are made of days, so a line without one belongs to none. Export the day, or name another column: "
        f"[tables.{asked.table}.columns]"
    )


_SAID: dict[str, Callable[[_Asked], str]] = {
    "both ways": _both_ways,
    "two signs": _two_signs,
    "few proofs": _few_proofs,
    "percent": _percent,
    "order": _order,
    "two orders": _two_orders,
    "few days": _few_days,
    "two shapes": _two_shapes,
    "months": _months,
    "serials": _serials,
    "no day": _no_day,
}


def _usual(text: str) -> str:
    return text.translate(dict.fromkeys(map(ord, SPACES), " ")).strip(" ")


def _setting(asked: _Asked) -> str:
    return "date" if "date" in asked.types else "timestamp"


def _formats(asked: _Asked) -> list[str]:
    """The settings by which days have one of the shapes that fit, with the time of the cells that are shown."""
    found = []
    for shape in asked.doubt.choices:
        for place in asked.places:
            said, time = days.split(_usual(place.text))
            if shape in days.readings(said):
                found.append(f'{_setting(asked)} = "{shape}{time}"')
                break
    return found


def _in_words(day: date, shape: str) -> str:
    day_of = "" if days.is_month(shape) else f"{day.day} "
    return f"{day_of}{_MONTHS[day.month - 1]} {day.year}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
