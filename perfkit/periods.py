"""Periods: which days does "2026-10", "2026-Q3" or "FY2026" hold, and which are set against them?

A period is half-open and whole: it is refused until its last day is in the data. 2026-Q3 is a calendar
quarter whatever the fiscal year; FY2026 is the fiscal year that ends in 2026.
"""

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from babel import Locale

from perfkit import languages
from perfkit.errors import ParameterError, nearest, unknown
from perfkit.languages import text

Kind = Literal["month", "quarter", "year", "fiscal year"]
_MONTHS: dict[Kind, int] = {"month": 1, "quarter": 3, "year": 12, "fiscal year": 12}
_KNOWN = "Write a month (2026-10), a calendar quarter (2026-Q3 or 2026-T3), a year (2026) or a fiscal year (FY2026)."


@dataclass(frozen=True)
class Period:
    """Whole months, from the first day to the day after the last.

    Attributes
    ----------
    label : str
        As a person types it: 2026-10, 2026-Q3, 2026, FY2026.
    start : date
        First day.
    end : date
        The day after the last one.
    kind : str
        month, quarter, year or fiscal year.
    since : date or None
        First day of the data where they start within its first month: the days before are in no figure, and its
        name says so.
    """

    label: str
    start: dt.date
    end: dt.date
    kind: Kind
    since: dt.date | None = None

    @property
    def days(self) -> int:
        """How many days it has, those before the data start not counted."""
        return (self.end - (self.since or self.start)).days

    @property
    def last_day(self) -> dt.date:
        """Its last day, inclusive."""
        return self.end - dt.timedelta(days=1)

    def year_before(self) -> "Period":
        """Return the same period a year earlier."""
        return _starting(self.kind, shifted(self.start, -12))

    def previous(self) -> "Period":
        """Return the period of its kind that ends where this one starts."""
        return _starting(self.kind, shifted(self.start, -_MONTHS[self.kind]))

    def months(self) -> list["Period"]:
        """Return its months, in order."""
        months = [_starting("month", shifted(self.start, month)) for month in range(_MONTHS[self.kind])]
        return [replace(months[0], since=self.since), *months[1:]]

    def complete(self, observed_until: dt.date) -> "Period":
        """Return the period itself, or refuse it while its last day is not in the data.

        Parameters
        ----------
        observed_until : date
            Last complete day of the data, inclusive.

        Raises
        ------
        ParameterError
            If it is not over yet in the data: the last one of its kind that is complete is named.
        """
        if self.last_day <= observed_until:
            return self
        last = self
        while last.last_day > observed_until:
            last = last.previous()
        raise ParameterError(
            f"{self.label} is not complete: the data end on {observed_until} and the {self.kind} on {self.last_day}. "
            f"A part of a {self.kind} set against a whole one looks like a fall. "
            f"The last complete {self.kind} is {last.label}."
        )

    def observed_from(self, first: dt.date, *, late: bool = False) -> bool:
        """Say whether data whose first day is `first` hold the whole period, as far as it says to be one.

        `late` says that the data themselves show that a day before it was one of sales, see `starts_late`.
        """
        start = self.since or self.start
        return first <= start if late and start == first.replace(day=1) else starts_in_time(first, start)

    def cut_at(self, first: dt.date, *, late: bool = False) -> "Period":
        """Return the period as data hold it that start within its first month: it says from which day.

        Of other data it is the period itself: they hold the whole of it, or too little to bear its name.
        """
        cut = not self.observed_from(first, late=late) and self.start < first < shifted(self.start, 1)
        return replace(self, since=first) if cut else self

    def full_name(self, fiscal_year_starts: str = "01-01") -> str:
        """Return its name, with its first and last month where the name alone may be read as others.

        A quarter, or a calendar year of a company whose fiscal year is another, is one of the calendar.
        """
        doubtful = self.kind == "fiscal year" or (self.kind in ("quarter", "year") and fiscal_year_starts != "01-01")
        if not doubtful:
            return self.name()
        first, last = languages.month(self.start), languages.month(self.last_day)
        return self._flagged(text("{period}, {first} to {last}", period=self._name(), first=first, last=last))

    def name(self) -> str:
        """Return its name in the language in use; of one that the data start within, with that day."""
        return self._flagged(self._name())

    def _flagged(self, name: str) -> str:
        if self.since is None:
            return name
        return text("{period} from {day}", period=name, day=languages.date(self.since))

    def _name(self) -> str:
        if self.kind == "month":
            return languages.month(self.start)
        if self.kind == "quarter":
            return text("Q{quarter} {year}", quarter=(self.start.month + 2) // 3, year=self.start.year)
        if self.kind == "year":
            return str(self.start.year)
        return text("fiscal year {year}", year=self.last_day.year)


def parse(label: str, fiscal_year_starts: str = "01-01") -> Period:
    """Return the period that a label names.

    Parameters
    ----------
    label : str
        2026-10, 2026-Q3 or, as French reports write it, 2026-T3 (a calendar quarter), 2026 (January to December) or
        FY2026 (ends in 2026).
    fiscal_year_starts : str, "MM-DD"
        First day of the fiscal year: the first of a month.

    Raises
    ------
    ParameterError
        If the label is none of these.
    """
    text_of_it = str(label).strip()
    match = re.fullmatch(r"(FY)?(\d{4})(?:-([QqTt][1-4]|\d{2}))?", text_of_it, flags=re.ASCII)
    if match is None or (match[1] and match[3]) or not 1 < int(match[2]) < 9999:
        raise ParameterError(f"{text_of_it!r} is not a period. {_KNOWN}")
    year, part = int(match[2]), match[3]
    if match[1]:
        first = _fiscal_start(fiscal_year_starts)
        return _starting("fiscal year", dt.date(year if first == 1 else year - 1, first, 1))
    if part is None:
        return _starting("year", dt.date(year, 1, 1))
    if part[0] in "QqTt":
        return _starting("quarter", dt.date(year, 3 * int(part[1]) - 2, 1))
    if not 1 <= int(part) <= 12:
        raise ParameterError(f"{text_of_it!r} is not a period: there is no month {part}. {_KNOWN}")
    return _starting("month", dt.date(year, int(part), 1))


def day(label: str) -> dt.date:
    """Return the last day that a label names: "2024-06-15" is that day, "2024-06" the end of the month.

    Raises
    ------
    ParameterError
        If it is neither a day nor a period.
    """
    try:
        return dt.datetime.strptime(str(label).strip(), "%Y-%m-%d").date()
    except ValueError:
        pass
    try:
        return parse(label).last_day
    except ParameterError:
        raise ParameterError(
            f"{label!r} is not a day. Write 2024-06-30, or 2024-06 for the last day of June."
        ) from None


def shifted(start: dt.date, months: int) -> dt.date:
    """Return the day that lies so many months later (or, negative, earlier); a month's end stays in its month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise ParameterError(f"no calendar holds the day {months} months from {start}.")
    return dt.date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def starts_in_time(first: dt.date, start: dt.date) -> bool:
    """Say whether data whose first day is `first` miss nothing of what begins on `start`.

    The first of a month, which may be a holiday, and the days of a weekend may be missing: a firm
    that opens on Monday the 3rd has sold all that it sold in the month.
    """
    missing = [start + dt.timedelta(days=day) for day in range(min((first - start).days, 8))]
    return all(day == start or day.isoweekday() > 5 for day in missing)


def starts_late(first: dt.date, sold: Collection[dt.date], until: dt.date, calendar: str = "") -> bool:
    """Say whether days are missing before data start that `starts_in_time` lets pass, by what other months sell.

    The first of a month may be a holiday: it is one of sales where the first working days of the months after it are.

    Parameters
    ----------
    first, until : date
        First day of the data, and their last complete one.
    sold : collection of date
        The days with a line of sales, those of the first week or two of each month at least.
    calendar : str
        As `working_days` takes it. Without one a day tells nothing that is a holiday in one of many countries.
    """
    missing = first_working_day(first.replace(day=1), calendar)
    if missing is None or missing >= first:
        return False
    others, start = [], shifted(first.replace(day=1), 1)
    while start <= until:
        worked = first_working_day(start, calendar)
        if worked is not None and worked <= until:
            others.append(worked in sold)
        start = shifted(start, 1)
    return sum(others) >= _MONTHS_THAT_TELL and sum(others) >= _MOST * len(others)


_MONTHS_THAT_TELL, _MOST = 2, 0.75
"""How many months must have sold on their first working day, and what part of those that could."""
_COUNTRIES = ("BE", "CA", "CH", "DE", "ES", "FR", "GB", "IE", "IT", "LU", "NL", "PT", "US")
"""Whose holidays a company that declares no calendar may keep."""


def first_working_day(month: dt.date, calendar: str) -> dt.date | None:
    """Return the first day of a month on which people work; None where only a calendar could tell."""
    kept = [_calendar(code, month.year, month.year) for code in ([calendar] if calendar else _COUNTRIES)]
    days = (month + dt.timedelta(days=day) for day in range(28))
    worked = next((day for day in days if any(each.is_working_day(day) for each in kept)), None)
    return worked if worked is None or all(each.is_working_day(worked) for each in kept) else None


def month_of(day: dt.date) -> Period:
    """Return the month that a day lies in."""
    return _starting("month", day.replace(day=1))


def year_of(period: Period, fiscal_year_starts: str = "01-01") -> Period:
    """Return the fiscal year that a period's last day lies in: the calendar year where it starts in January."""
    first, last = _fiscal_start(fiscal_year_starts), period.last_day
    if first == 1:
        return _starting("year", dt.date(last.year, 1, 1))
    return _starting("fiscal year", dt.date(last.year if last.month >= first else last.year - 1, first, 1))


def working_days(period: Period, calendar: str) -> int:
    """Count the days of a period on which people work, those before the data start not counted.

    Parameters
    ----------
    period : Period
    calendar : str
        ISO code of a country, or of one of its subdivisions: "FR", "FR-57", "GB". Its weekends and public
        holidays are left out. "" = Monday to Friday, holidays not left out.

    Raises
    ------
    ParameterError
        If there is no such calendar; the nearest is named.
    """
    first = period.since or period.start
    days = [first + dt.timedelta(days=day) for day in range(period.days)]
    if not calendar:
        return sum(day.isoweekday() <= 5 for day in days)
    worked = _calendar(calendar, period.start.year, period.last_day.year)
    return sum(worked.is_working_day(day) for day in days)


def calendar_in_words(calendar: str) -> str:
    """Return which days count as working days, in the language in use."""
    if not calendar:
        return text("Monday to Friday, public holidays not left out")
    country, _, part = calendar.partition("-")
    known: str | None = Locale.parse(languages.current()).territories.get(country)
    place = f"{known or country} ({part})" if part else known or country
    return text("without the weekends and public holidays of {place}", place=place)


@cache
def _calendar(code: str, first: int, last: int) -> Any:
    import holidays  # here, because it takes a tenth of a second and few commands count days

    countries = {name: parts for name, parts in holidays.list_supported_countries().items() if len(name) == 2}
    country, _, part = code.partition("-")
    if country not in countries:
        names = {name.casefold(): each for each, name in Locale("en").territories.items() if each in countries}
        meant = names.get(code.casefold()) or nearest(country, countries)
        raise ParameterError(
            f"calendar: no country {country!r}.{f' Did you mean {meant!r}?' if meant else ''} "
            f'Write its ISO code, such as FR, FR-57 or GB, or "" for Monday to Friday.'
        )
    if part and part not in countries[country]:
        parts = [f"{country}-{each}" for each in countries[country]]
        raise ParameterError(f"calendar: {unknown('subdivision', code, parts)} The whole country is {country}.")
    return holidays.country_holidays(country, subdiv=part or None, years=range(first, last + 1))


def _starting(kind: Kind, start: dt.date) -> Period:
    end = shifted(start, _MONTHS[kind])
    label = {
        "month": f"{start:%Y-%m}",
        "quarter": f"{start.year}-Q{(start.month + 2) // 3}",
        "year": f"{start.year}",
        "fiscal year": f"FY{(end - dt.timedelta(days=1)).year}",
    }[kind]
    return Period(label, start, end, kind)


def _fiscal_start(month_and_day: str) -> int:
    match = re.fullmatch(r"(0[1-9]|1[0-2])-01", str(month_and_day), flags=re.ASCII)
    if match is None:
        raise ParameterError(
            f"fiscal_year_starts is {month_and_day!r}: write the first of a month as MM-01, for example 07-01."
        )
    return int(match[1])
