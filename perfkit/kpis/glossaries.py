"""Glossaries: what does each figure mean, in the words of the report's reader?"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from perfkit.dimensions import in_words
from perfkit.kpis.catalogue import CATALOGUE, KPI, kpi
from perfkit.languages import listing, text
from perfkit.results import Field, Result, View, figure_frame


@dataclass(frozen=True, eq=False)
class Definitions(Result):
    """What each KPI means.

    Attributes
    ----------
    kpis : tuple of KPI
    """

    kpis: tuple[KPI, ...]

    def figures(self) -> pd.DataFrame:
        """Return no figure: a definition is none."""
        return figure_frame([])

    def views(self) -> list[View]:
        """Return one row a KPI: name, definition, better direction and the data it needs."""
        better = {1: text("higher"), -1: text("lower"), 0: ""}
        rows = pd.DataFrame(
            {
                "name": [text(kpi.name) for kpi in self.kpis],
                "basis": [text(kpi.basis) for kpi in self.kpis],
                "better": [better[kpi.direction] for kpi in self.kpis],
                "needs": [listing(in_words(column) for column in kpi.needs) if kpi.needs else "" for kpi in self.kpis],
            }
        )
        return [
            View(
                title=text("What each figure means"),
                subtitle=text("Figure, definition, better when, data needed beside date and net revenue"),
                fields=[
                    Field("name", text("Figure")),
                    Field("basis", text("Definition")),
                    Field("better", text("Better when")),
                    Field("needs", text("Data needed")),
                ],
                rows=rows,
            )
        ]


def definitions(ids: Iterable[str] = tuple(CATALOGUE)) -> Definitions:
    """Return the definitions of KPIs, all of them by default.

    Raises
    ------
    ParameterError
        If an id is not in the catalogue.
    """
    return Definitions(tuple(kpi(name) for name in ids))
