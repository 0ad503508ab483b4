"""Calendar: the 36 months of the story, its working days in France, and its seasons."""

import datetime as dt

import numpy as np

from perfkit.demo.draws import Days, Flags, Floats, Ints

START = np.datetime64("2023-10-01")
END = np.datetime64("2026-10-01")
"""The day after the last one that is observed."""
MONTHS: Days = np.arange("2023-10", "2026-10", dtype="datetime64[M]")
FIRST_MONDAY = np.datetime64("2023-09-25")
"""The Monday of the week in which the story starts; weeks are counted from it."""
MONDAYS: Days = np.arange(FIRST_MONDAY, END, 7)


def span(first: str, last: str) -> Days:
    """Return the days from the first to the day before the last."""
    return np.arange(first, last, dtype="datetime64[D]")


DAYS: Days = np.arange(START, END)


def month_of(days: Days) -> Ints:
    """Return the place of each day's month in the story: 0 is October 2023; earlier ones are negative."""
    return days.astype("datetime64[M]").astype(np.int64) - MONTHS[0].astype(np.int64)


def place_of(day: str | np.datetime64) -> int:
    """Return the place of one day's month in the story; a month stands for its first day."""
    return int(month_of(np.array([day], dtype="datetime64[D]"))[0])


def week_of(days: Days) -> Ints:
    """Return the place of each day's week (Monday to Sunday) in the story."""
    return (days - FIRST_MONDAY).astype(np.int64) // 7


def easter(year: int) -> dt.date:
    """Return Easter Sunday (the anonymous Gregorian computus)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return dt.date(year, f // 31, f % 31 + 1)


def holidays(first: int, last: int) -> Days:
    """Return the public holidays of France from the first year to the last."""
    found: list[dt.date] = []
    for year in range(first, last + 1):
        fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
        found += [dt.date(year, month, day) for month, day in fixed]
        found += [easter(year) + dt.timedelta(days=after) for after in (1, 39, 50)]
    return np.array(sorted(found), dtype="datetime64[D]")


HOLIDAYS: Days = holidays(2021, 2026)


def is_working(days: Days) -> Flags:
    """Say which days are worked: Monday to Friday, no public holiday."""
    return np.is_busday(days, holidays=HOLIDAYS)


def working(days: Days, later: int | Ints = 0) -> Days:
    """Return the working day that lies so many working days after each day, or after the next working day."""
    return np.busday_offset(days, later, roll="forward", holidays=HOLIDAYS)


WORKDAYS: Days = DAYS[is_working(DAYS)]
WORKDAYS_OF_MONTH: Ints = np.bincount(month_of(WORKDAYS), minlength=MONTHS.size)

# Shares of an average month, January to December.
_SEASONS = {
    "web": (0.80, 0.95, 0.85, 0.95, 0.90, 0.80, 0.70, 0.65, 0.95, 1.05, 1.55, 1.85),
    "wholesale": (0.80, 0.85, 0.95, 1.00, 1.00, 0.95, 0.90, 0.70, 1.10, 1.20, 1.35, 1.20),
    "shelves": (0.90, 0.95, 0.95, 1.00, 0.95, 0.95, 0.90, 0.85, 1.00, 1.05, 1.15, 1.35),
}


def season(of: str, days: Days) -> Floats:
    """Return how busy each day's month usually is for the web, wholesale or shelves; 1 is an average month."""
    return np.array(_SEASONS[of])[days.astype("datetime64[M]").astype(np.int64) % 12]


def seasons() -> dict[str, list[float]]:
    """Return the seasons as they are stated in the truth."""
    return {name: list(values) for name, values in _SEASONS.items()}
