"""Migrations: who has moved between segments from one day to another, and with how much money?

Both days see the same kind of segments. Whoever is in one of them only is there too, as no customer in the other: so
rows and columns sum to the customers and the money of both days.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from perfkit import estimates
from perfkit.customers.segments import migration_views as views
from perfkit.customers.segments.lifecycles import Lifecycle
from perfkit.customers.segments.tiers import ValueTiers
from perfkit.errors import DataError, ParameterError
from perfkit.results import Result, View

_CALENDAR, _MONTH = 3, 28  # days by which two months, quarters or years may differ; those of the shortest


@dataclass(frozen=True, eq=False)
class Migration(Result):
    """How customers moved between segments.

    Attributes
    ----------
    cells : DataFrame, one row a pair of segments that a customer has
        before, now: segments, "absent" for no customer; customers, int; value_before, value_now: sums over them,
        Decimal of value tiers, float of expected values; 0 where they are absent.
    before, now : ValueTiers or Lifecycle
    order : list of str
        The segments, "absent" last.
    """

    cells: pd.DataFrame
    before: ValueTiers | Lifecycle
    now: ValueTiers | Lifecycle
    order: list[str]

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        """The last day of each side."""
        return self.before.as_of, self.now.as_of

    def stayed(self, segment: str) -> dict[str, Any]:
        """Return how many of a segment's customers before are in it now: n, of, share (None of nobody)."""
        of = self.cells[self.cells["before"] == segment]
        n, whole = int(of.loc[of["now"] == segment, "customers"].sum()), int(of["customers"].sum())
        return {"n": n, "of": whole, "share": estimates.ratio(n, whole)}

    def came(self, segment: str) -> dict[str, Any]:
        """Return how many of a segment's customers now were in it before: n, of, share (None of nobody)."""
        of = self.cells[self.cells["now"] == segment]
        n, whole = int(of.loc[of["before"] == segment, "customers"].sum()), int(of["customers"].sum())
        return {"n": n, "of": whole, "share": estimates.ratio(n, whole)}

    def figures(self) -> pd.DataFrame:
        """Return customers and money of each pair of segments."""
        return views.migration_figures(self)

    def views(self) -> list[View]:
        """Return the matrix of customers, and the money of each segment before and now."""
        return views.migration_views(self)


def migration(before: ValueTiers | Lifecycle, now: ValueTiers | Lifecycle) -> Migration:
    """Follow customers from their segment on one day to that on a later one.

    Parameters
    ----------
    before, now : ValueTiers or Lifecycle
        Segments of the same kind, of an earlier and a later day.

    Raises
    ------
    ParameterError
        If they are not of the same kind, or not in the order of time.
    DataError
        If they are made in different ways, or of windows of different length, so that a customer would move without
        doing anything.
    """
    for name, each in (("before", before), ("now", now)):
        if not isinstance(each, ValueTiers | Lifecycle):
            raise ParameterError(f"{name} is a {type(each).__name__}: give value_tiers(...) or lifecycle(...).")
    if type(before) is not type(now):
        raise ParameterError(
            f"before is a {type(before).__name__} and now a {type(now).__name__}: segments of two kinds are no "
            "movement. Give two of one kind."
        )
    if before.as_of >= now.as_of:
        raise ParameterError(
            f"before is of {before.as_of} and now of {now.as_of}: give the earlier one first, and two different days."
        )
    if isinstance(before, ValueTiers) and isinstance(now, ValueTiers):
        _refuse_unlike_windows(before, now)
    unlike = [name for name, one, other in _ways(before, now) if one != other]
    if unlike:
        raise DataError(
            f"before and now differ in {', '.join(unlike)}: a customer would change segments without having changed. "
            "Make both in the same way."
        )
    sides = [each.members().set_index("customer_id") for each in (before, now)]
    both = sides[0].join(sides[1], how="outer", suffixes=("_before", "_now"))
    nothing: Any = Decimal(0) if isinstance(before, ValueTiers) else 0.0
    table = pd.DataFrame(
        {
            side: both[f"segment_{side}"].astype("object").where(both[f"segment_{side}"].notna(), views.ABSENT)
            for side in ("before", "now")
        }
        | {
            f"value_{side}": [nothing if each != each else each for each in both[f"value_{side}"]]
            for side in ("before", "now")
        }
    )
    order = [*now.order, views.ABSENT]
    cells = [
        (start, end, len(part), sum(part["value_before"], nothing), sum(part["value_now"], nothing))
        for (start, end), part in table.groupby(["before", "now"])
    ]
    frame = pd.DataFrame(cells, columns=["before", "now", "customers", "value_before", "value_now"])
    places = {name: place for place, name in enumerate(order)}
    frame = frame.sort_values(["before", "now"], key=lambda column: column.map(places)).reset_index(drop=True)
    return Migration(frame, before, now, order)


def _refuse_unlike_windows(before: ValueTiers, now: ValueTiers) -> None:
    sides = [(each.scored.since, each.as_of) for each in (before, now)]
    days = [(end - start).days + 1 for start, end in sides if start is not None]
    if len(days) == 2 and abs(days[0] - days[1]) > (_CALENDAR if min(days) >= _MONTH else 0):
        windows = [f"from {start} to {end} ({length} days)" for (start, end), length in zip(sides, days, strict=True)]
        raise DataError(
            f"before counts {windows[0]}, now {windows[1]}: what a customer brings in a longer time is more, without "
            "having changed. Give rfm two windows of the same length."
        )


def _ways(before: ValueTiers | Lifecycle, now: ValueTiers | Lifecycle) -> list[tuple[str, Any, Any]]:
    """What has to be alike on both days."""
    if isinstance(before, ValueTiers) and isinstance(now, ValueTiers):
        one, other = before.scored, now.scored
        windows = one.since is None, other.since is None
        return [
            ("shares", before.shares, now.shares), ("value", one.value, other.value),
            ("since (of one only)", *windows), ("currency", one.currency, other.currency),
        ]  # fmt: skip
    settings = ("active_from", "lost_below", "new_within", "time_unit", "horizon", "valued", "value", "currency",
                "annual_discount_rate")  # fmt: skip
    return [(name, getattr(before, name), getattr(now, name)) for name in settings]
