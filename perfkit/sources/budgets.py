"""Budgets: a sheet whose months stand across, as the lines of [targets] that it comes to.

A target is one month's. A sheet with a column a month is read by nobody but people, so what it says is written out, for
a person to check and copy.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from perfkit.sources.doubtful import scale
from perfkit.sources.names import folded
from perfkit.sources.presets import presetting
from perfkit.sources.values import evidence

LEAST = 6
"""Columns that are months from which a sheet is one of months across."""

MONEY = {"revenue", "gross_profit", "aov"}
"""Of the KPIs whose names are known, those whose targets are amounts: a title's thousands are of these alone."""

_MONTHS = (
    ("janv", "jan", "january", "janvier"), ("fevr", "fev", "feb", "february", "fevrier"), ("mars", "mar", "march"),
    ("avr", "apr", "avril", "april"), ("mai", "may"), ("juin", "jun", "june"), ("juil", "jul", "july", "juillet"),
    ("aout", "aug", "august"), ("sept", "sep", "september", "septembre"), ("oct", "october", "octobre"),
    ("nov", "november", "novembre"), ("dec", "december", "decembre"),
)  # fmt: skip
"""How headings begin that are months, in French and in English, without accents."""

_MONTH_OF = {word: number for number, words in enumerate(_MONTHS, 1) for word in words}


@dataclass(frozen=True)
class Budget:
    """What a sheet of months across comes to.

    Attributes
    ----------
    months : tuple of str
        Its headings that are months.
    lines : tuple of str
        Lines of [targets], one a KPI; empty where the year of the months, or what a row is, cannot be told.
    doubts : tuple of str
        What was taken for granted.
    """

    months: tuple[str, ...]
    lines: tuple[str, ...]
    doubts: tuple[str, ...]

    def __str__(self) -> str:
        said = (
            f"Its months stand across ({', '.join(self.months[:3])} ...), and a table of targets has a row a month: "
            "KPI, month, value."
        )
        if not self.lines:
            return f"{said} Write it so, or write the months under [targets] of company.toml: " + (
                'revenue = { "2026-10" = 120000, "2026-11" = 130000 }.'
            )
        typed = "\n".join(("[targets]", *self.lines))
        doubts = "".join(f"\n# {each}" for each in self.doubts)
        return f"{said} It comes to these lines of company.toml. Check them, then copy them into it:\n{typed}{doubts}"


def across(names: Sequence[str], rows: Mapping[str, Sequence[str | None]], titles: Sequence[str] = ()) -> Budget | None:
    """Return what a sheet with a column a month comes to; None where it is no such sheet.

    Parameters
    ----------
    names : sequence of str
        Its headings.
    rows : mapping
        The cells of each column, in the order of the file.
    titles : sequence of str
        What stands above the headings: it may tell in what the amounts are.
    """
    months = {name: found for name in names if name in rows and (found := _month(name))}
    if len(months) < LEAST or len(set(months.values())) < len(months):
        return None
    label = next((name for name in names if name not in months and name in rows), None)
    times = max(scale(text) for text in (*names, *titles))
    targets: dict[str, dict[str, Decimal]] = {}
    doubts: dict[str, None] = {}
    for number in range(len(next(iter(rows.values()), ()))):
        said = (rows[label][number] if label else None) or ""
        kpi, years = _kpi(said), _years(said)
        if kpi is None and not years:
            continue
        if kpi is None:
            doubts["That they are targets of revenue is taken for granted: no row says of what they are."] = None
        for month, amount in _amounts(months, rows, number, years):
            targets.setdefault(kpi or "revenue", {})[month] = amount * (times if (kpi or "revenue") in MONEY else 1)
    doubts[
        f"The sheet says that its amounts are in {times:,}s: they are written out whole."
        if times > 1
        else "Amounts are written as they stand: in full, for nothing says that they are in thousands."
    ] = None
    lines = tuple(_line(kpi, of) for kpi, of in targets.items())
    return Budget(tuple(months), lines, tuple(doubts))


def _line(kpi: str, of: Mapping[str, Decimal]) -> str:
    months = ", ".join(f'"{month}" = {amount.normalize():f}' for month, amount in of.items())
    return f"{kpi} = {{ {months} }}"


def _amounts(
    months: Mapping[str, tuple[int, int | None]],
    rows: Mapping[str, Sequence[str | None]],
    number: int,
    years: tuple[int, ...],
) -> Iterator[tuple[str, Decimal]]:
    """The months of one row with their amounts, of which the year is known."""
    first = next(iter(months.values()))[0]
    for name, (month, own) in months.items():
        year = own
        if year is None and len(years) == 2:
            year = years[0] if month >= first else years[1]
        elif year is None and len(years) == 1 and first == 1:
            year = years[0]
        amount = _number(rows[name][number])
        if year is not None and amount is not None:
            yield f"{year}-{month:02}", amount


def _month(heading: str) -> tuple[int, int | None] | None:
    """The month that a heading is, and its year where it says one."""
    plain = folded(heading).removeprefix("\x01d")
    if stated := re.fullmatch(r"(20\d\d)[-/](\d{1,2})([-/]\d{1,2}( 00:00:00)?)?", plain):
        year, month = int(stated[1]), int(stated[2])
    elif stated := re.fullmatch(r"(\d{1,2})[-/](20\d\d)", plain):
        year, month = int(stated[2]), int(stated[1])
    elif stated := re.fullmatch(r"([a-z]+)\.?(?:[ '\u2019/-]*((?:20)?\d\d))?", plain):
        word = stated[1]
        if word not in _MONTH_OF:
            return None
        return _MONTH_OF[word], (int(stated[2]) % 2000 + 2000 if stated[2] else None)
    else:
        return None
    return (month, year) if 1 <= month <= 12 else None


def _years(label: str) -> tuple[int, ...]:
    """The year that a row's label is, or the two of a fiscal year: 2024/2025, 2024-25."""
    plain = label.removeprefix("\x01n").removesuffix(".0")
    if both := re.search(r"(20\d\d)\s*[-/–]\s*((?:20)?\d\d)(?!\d)", plain):
        first, second = int(both[1]), int(both[2]) % 2000 + 2000
        return (first, second) if second == first + 1 else ()
    one = re.search(r"(?<!\d)(20\d\d)(?!\d)", plain)
    return (int(one[1]),) if one else ()


def _kpi(label: str) -> str | None:
    """The KPI that a row's label is, by the words that the preset of targets knows."""
    plain = folded(re.sub(r"\(.*?\)|[0-9/–-]", " ", label))
    return next((kpi for words, kpi in presetting.words("targets", "kpi").items() if folded(words) == plain), None)


def _number(cell: str | None) -> Decimal | None:
    found = evidence.number((cell or "").removeprefix("\x01n"), {"money"}, "EUR") if cell else None
    if found is None or (found.thousands and found.says == "both"):
        return None
    digits = re.sub(r"[^0-9.,-]", "", found.plain)
    if found.sign and found.says != "whole":
        whole, _, cents = digits.rpartition(found.sign)
        return Decimal(f"{re.sub('[.,]', '', whole) or 0}.{cents or 0}")
    return Decimal(re.sub("[.,]", "", digits))
