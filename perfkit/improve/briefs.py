"""Briefs: a result in the space of one table, where another report has the rest."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from perfkit.results import Result, View


@dataclass(frozen=True, eq=False)
class Brief(Result):
    """The first table of a result, with all of its figures.

    Attributes
    ----------
    of : Result
    """

    of: Result

    def figures(self) -> pd.DataFrame:
        """Return the figures of the result."""
        return self.of.figures()

    def views(self) -> list[View]:
        """Return the first table of the result."""
        return self.of.views()[:1]

    def ties_to(self) -> dict[str, Any] | None:
        """Return what the result ties to."""
        return self.of.ties_to()


def brief(result: Result) -> Brief:
    """Show a result by its first table: the others stand in a report of its own."""
    return Brief(result)
