"""Absences: what a report says in the place of a result that its data do not carry."""

from dataclasses import dataclass

import pandas as pd

from perfkit.results import Result, View, figure_frame


@dataclass(frozen=True, eq=False)
class Absent(Result):
    """A result that the data do not carry.

    Attributes
    ----------
    title : str
        What it would have shown, in the language in use; so is the reason.
    reason : str
        Why it is not there, and what to ask for.
    """

    title: str
    reason: str

    def figures(self) -> pd.DataFrame:
        """Return no figure."""
        return figure_frame([])

    def views(self) -> list[View]:
        """Return the title with its reason."""
        return [View(self.title, self.reason, [], pd.DataFrame())]
