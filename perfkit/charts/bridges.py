"""Bridges: from what was to what is, step by step: the one drawing of all results that split a change of revenue."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from perfkit import languages
from perfkit.charts.labels import joined, labels_of, percentages
from perfkit.charts.lettering import capitalised
from perfkit.charts.rows import Rows
from perfkit.charts.sheets import Sheet
from perfkit.charts.style import Key, judged
from perfkit.languages import text
from perfkit.periods import Period
from perfkit.results import View


class Split(Protocol):
    """A result whose steps lead from the revenue of the year before to that of the period."""

    @property
    def previous_revenue(self) -> Decimal: ...  # noqa: D102
    @property
    def revenue(self) -> Decimal: ...  # noqa: D102
    @property
    def period(self) -> Period: ...  # noqa: D102
    @property
    def currency(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Ends:
    """What a bridge leads from and to, where these are not the revenue of the year before and of the period.

    `base` is the scenario of what it leads from: "previous", or "target" where that is a plan.
    """

    before: str
    start: Decimal
    now: str
    end: Decimal
    what: str
    currency: str
    base: str = "previous"


def draw(
    result: Split | Ends,
    sheet: Sheet,
    view: View,
    steps: Sequence[tuple[str, Decimal, str | None]],
    relative: tuple[str, Sequence[Any], Sequence[str | None]],
    counts: tuple[str, Sequence[Any]] | None = None,
) -> None:
    """Draw the bridge.

    Parameters
    ----------
    result : Split or Ends
    sheet : Sheet
    view : View
        Whose message stands above.
    steps : sequence of (name, effect, tone)
    relative : (heading, one share a row, one tone a row), both ends among the rows
        Pins beside the bridge; none where no share is known.
    counts : (heading, one a step), optional
        How many stand behind each step.
    """
    names, effects, tones = [step[0] for step in steps], [step[1] for step in steps], [step[2] for step in steps]
    ends = result if isinstance(result, Ends) else _ends_of(result)
    before, now = capitalised(ends.before), capitalised(ends.now)
    shown, scale = labels_of([ends.start, ends.end, *effects], ends.currency)
    rows = Rows(sheet, [before, *names, now], total=True)
    panels = []
    if counts:
        written = ["" if languages.missing(n) else languages.number(n) for n in counts[1]]
        panels.append(rows.written(counts[0], ["", *written, ""], quiet=True, rank=2))
    panels.append(rows.bridge(ends.what, ends.start, effects, tones, ends.end, shown, ends.base))
    heading, shares, sides = relative
    if sheet.narrow:
        panels.append(rows.written("", percentages(shares), tones=sides, upper=True))
    elif not all(languages.missing(share) for share in shares):
        panels.append(rows.pins(heading, shares, sides, rank=1))
    keys = [Key(before, ends.base), Key(now, "actual"), *judged([*tones, *sides])]
    ax = sheet.open(view.title, joined(view.subtitle, scale), rows.height, keys)
    rows.place(ax, panels)
    parts = [f"{name} {languages.show(effect, ends.currency, signed=True)}" for name, effect, _ in steps]
    both = [languages.show(each, ends.currency) for each in (ends.start, ends.end)]
    sheet.describe(
        text("From {previous} to {actual}: {parts}.", previous=both[0], actual=both[1], parts=languages.listing(parts))
    )


def _ends_of(result: Split) -> Ends:
    before = result.period.year_before().name()
    revenue = text("Net revenue")
    return Ends(before, result.previous_revenue, result.period.name(), result.revenue, revenue, result.currency)
