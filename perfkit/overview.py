"""Overview: what a company holds, what to type next, and which questions its data answer."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from perfkit import questions
from perfkit.languages import date, listing, number, text
from perfkit.periods import Period
from perfkit.results import Field, Result, View


@dataclass(frozen=True, eq=False)
class Overview(Result):
    """What a company holds and how to go on.

    Attributes
    ----------
    name, fingerprint : str
        The company's, and its snapshot's.
    tables : mapping
        Rows by table.
    first, last : date or None
        First day of sales, and the last complete one; None where there is no line.
    month : Period or None
        The last complete month; None where the data hold no whole one.
    segments, filters : sequence of str
        Names of company.toml.
    coverage : Coverage
    """

    name: str
    fingerprint: str
    tables: Mapping[str, int]
    first: dt.date | None
    last: dt.date | None
    month: Period | None
    segments: Sequence[str]
    filters: Sequence[str]
    coverage: questions.Coverage

    def figures(self) -> pd.DataFrame:
        """Return the figures of the coverage."""
        return self.coverage.figures()

    def views(self) -> list[View]:
        """Return what there is with what to type, then the questions."""
        rows = [
            (
                text("Tables"),
                listing(f"{name} ({number(rows)})" for name, rows in self.tables.items()),
                'acme.frame("sales")',
            )
        ]
        if self.month and self.first and self.last:
            label = self.month.label
            days = text("{first} to {last}", first=date(self.first), last=date(self.last))
            rows.append((text("Days"), days, f'period = acme.period("{label}")'))
            scorecard = "pk.kpis.scorecard(acme.lines(), period=period, currency=acme.currency)"
            rows.append((text("Figures"), text("of a month, quarter or year, against the year before"), scorecard))
            rows.append(
                (
                    text("Lines"),
                    text("those behind any figure, and where they stand in the exports"),
                    f'acme.drill("scorecard:{label}:revenue")',
                )
            )
            earlier = (self.month.year_before(), self.month.previous())
            # A period that the data start within is not set against a whole one.
            before = next((each.label for each in earlier if each.observed_from(self.first)), "")
            if before:
                compare = f'acme.compare("{label}", "{before}")'
                rows.append((text("Comparison"), text("of two periods, or of two segments"), compare))
        if self.segments:
            rows.append((text("Segments"), listing(self.segments), f'acme.segment("{self.segments[0]}")'))
        if self.filters:
            rows.append((text("Filters"), listing(self.filters), f'acme.lines(filter="{self.filters[0]}")'))
        fields = [Field("what", text("What")), Field("there", text("There is")), Field("type", text("Type"))]
        table = pd.DataFrame(rows, columns=["what", "there", "type"])
        title = text("{company}: what there is, and how to go on", company=self.name)
        subtitle = text("Snapshot {fingerprint}", fingerprint=self.fingerprint)
        return [View(title, subtitle, fields, table), *self.coverage.views()]
