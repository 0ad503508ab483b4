"""Words: how lengths of time are told, and what a reader must know of customers from before the data."""

import datetime as dt

from perfkit.languages import date, plural, text


def span(length: float, unit: str) -> str:
    """Return a length of time, to the whole unit: 52 weeks."""
    n = round(length)
    return {
        "day": plural("{n} day", "{n} days", n),
        "week": plural("{n} week", "{n} weeks", n),
        "month": plural("{n} month", "{n} months", n),
        "year": plural("{n} year", "{n} years", n),
    }[unit]


def acquired_before(acquired_from: dt.date | None) -> str:
    """Return that customers were acquired before the day from which on they are new: the data's first, if none."""
    if acquired_from is None:
        return text("Customers acquired before the data start")
    return text("Customers acquired before {day}", day=date(acquired_from))


def before_the_data(acquired_from: dt.date | None) -> list[str]:
    """Return what a reader has to know where nobody said from which day on a customer is new."""
    if acquired_from is not None:
        return []
    return [
        text("Customers acquired before the data start count as new at their first purchase in them, which the model "
             "takes for the truth: say from which day on a customer is new (acquired_from).")
    ]  # fmt: skip
