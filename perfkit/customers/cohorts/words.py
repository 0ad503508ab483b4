"""Words of cohorts: how periods, ages, members and what customers bring are called."""

from decimal import Decimal
from typing import Any

import pandas as pd

from perfkit import periods
from perfkit.languages import mark, month, percent, plural, text

COHORTS = {"month": mark("Month of first purchase"), "quarter": mark("Quarter of first purchase"),
           "year": mark("Year of first purchase")}  # fmt: skip
KEY_AGES: dict[str, tuple[int, ...]] = {
    "month": (1, 2, 3, 6, 9, 12, 18, 24, 30, 36),
    "quarter": (1, 2, 3, 4, 6, 8, 12),
    "year": (1, 2, 3, 4, 5),
}
"""Ages that tables show."""
TOLD: dict[str, int] = {"month": 3, "quarter": 1, "year": 1}
"""The age that a title tells, where it has been observed."""


def cohort(period: pd.Period, *, short: bool = False) -> str:
    """Return the name of a cohort: that of its period."""
    if period.freqstr.startswith("M"):
        return month(period.start_time.date(), short=short)
    return periods.parse(str(period).replace("Q", "-Q")).name()


def ages(age: int, by: str) -> str:
    """Return an age: 3 months."""
    if by == "month":
        return plural("{n} month", "{n} months", age)
    return plural("{n} quarter", "{n} quarters", age) if by == "quarter" else plural("{n} year", "{n} years", age)


def at_once(by: str) -> str:
    """Return when age 0 is, as payback: in the first month."""
    return {"month": text("in the first month"), "quarter": text("in the first quarter"),
            "year": text("in the first year")}[by]  # fmt: skip


def unit(by: str) -> str:
    """Return the unit of ages: months."""
    return {"month": text("months"), "quarter": text("quarters"), "year": text("years")}[by]


def member(id_: Any, name: Any) -> str:
    """Return what a member is called: by its name, else as it is; unknown where customers have none."""
    if not pd.isna(name):
        return str(name)
    return text("(unknown)") if pd.isna(id_) else str(id_)


def value(kind: str, other_costs: Decimal) -> str:
    """Return what a customer brings: revenue, gross margin, or contribution margin 1, less other costs too."""
    if kind == "revenue":
        return text("Net revenue")
    return text("Contribution margin 1") if other_costs else text("Gross margin")


def of_value(kind: str, other_costs: Decimal, coverage: float | None, rest: Decimal | None) -> list[str]:
    """Return, as sentences, how the value is made and how much of it is known."""
    if kind == "revenue":
        return []
    found = [
        text("Contribution margin 1 is net revenue less cost of goods and less {share} of net revenue for other "
             "variable costs, as it was given.", share=percent(other_costs))
        if other_costs
        else text("Gross margin is net revenue less cost of goods. Other variable costs (freight, fees, "
                  "commissions) are not taken off: what customers bring is less by them.")
    ]  # fmt: skip
    if coverage is not None and coverage < 1 and rest is not None:
        found.append(
            text("{share} of the cohorts' revenue has a known cost; the rest is taken to earn the same margin, {rate} "
                 "of revenue. Ask for the cost of the other lines.", share=percent(coverage), rate=percent(rest))
        )  # fmt: skip
    return found
