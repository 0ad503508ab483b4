"""The summary: three figures, one sentence and three findings, for the reader who has one minute."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from perfkit.improve.findings import Finding, Findings, cards_of
from perfkit.kpis.scorecards import Scorecard, figure_id
from perfkit.languages import missing, percent, show, text
from perfkit.periods import Period
from perfkit.results import Field, Result, View, environment, figure_frame

_HEADLINES = ("revenue", "margin_rate", "customers", "orders", "aov", "return_rate")


@dataclass(frozen=True, eq=False)
class Summary(Result):
    """The cover of a report.

    Attributes
    ----------
    headlines : DataFrame, at most three rows of the scorecard
    conclusion : str
        One sentence, in the language in use when it was made.
    items : tuple of Finding
        At most three, the most at stake first, without the one that is the conclusion.
    period, previous : Period
    currency : str
    warning : str
        What the reader of any figure must know first; empty where there is nothing.
    """

    headlines: pd.DataFrame
    conclusion: str
    items: tuple[Finding, ...]
    period: Period
    previous: Period
    currency: str
    warning: str = ""

    def figures(self) -> pd.DataFrame:
        """Return the headline figures, under the ids that they have in the scorecard."""
        return figure_frame(
            {
                "figure_id": figure_id(self.period, row["kpi"]),
                "kpi": row["kpi"],
                "period": self.period.label,
                "estimate": row["actual"],
                "unit": row["unit"],
                "basis": text(row["basis"]),
                **{column: row[column] for column in ("low", "high", "level", "n", "status", "reason")},
            }
            for row in self.headlines.to_dict("records")
        )

    def views(self) -> list[View]:
        """Return the headline figures under the conclusion, the findings as notes."""
        cards = self._cards()
        fields = [
            Field("name", text("Figure")),
            Field("value", self.period.name()),
            Field("previous", self.previous.name()),
            Field("variance", text("Change")),
            Field("target", text("Target")),
        ]
        subtitle = text("Three figures of {period} and what matters most", period=self.period.name())
        rows = pd.DataFrame(cards, columns=["name", "value", "previous", "variance", "target"])
        return [
            View(
                self.conclusion,
                subtitle,
                fields,
                rows,
                notes=[*([self.warning] if self.warning else []), *(item.claim for item in self.items)],
            )
        ]

    def html(self) -> str:
        """Return the cover's body, every text escaped by the template."""
        return (
            environment()
            .get_template("summary.html.j2")
            .render(
                headlines=self._cards(),
                conclusion=self.conclusion,
                warning=self.warning,
                findings=cards_of(self.items, self.currency),
            )
        )

    def _cards(self) -> list[dict[str, str]]:
        return [_card(row) for row in self.headlines.to_dict("records")]


def _card(row: dict[Any, Any]) -> dict[str, str]:
    def told(column: str, unit: str, *, signed: bool = False) -> str:
        decimals = row["decimals"] if unit == row["unit"] else None
        return "" if missing(row[column]) else show(row[column], unit, signed=signed, decimals=decimals)

    relative = row["growth_previous"] is not None
    variance = (
        told("growth_previous", "share", signed=True)
        if relative
        else told("variance_previous", row["variance_unit"], signed=True)
    )
    target = told("target", row["unit"])
    if target and row["attainment"] is not None:
        target = text("{attainment} of target ({target})", attainment=percent(row["attainment"]), target=target)
    return {
        "name": text(row["name"]),
        "value": show(row["actual"], row["unit"], decimals=row["decimals"]),
        "previous": told("previous", row["unit"]),
        "variance": variance,
        "tone": row["tone_previous"] or "",
        "target": target,
    }


def summary(scorecard: Scorecard, findings: Findings, *, warning: str = "") -> Summary:
    """Choose what the cover says.

    Parameters
    ----------
    scorecard : Scorecard
        Its first three headline figures that there are: revenue, margin rate, customers, orders ...
    findings : Findings
        Revenue's own finding becomes the conclusion; of the others the first three stand below.
    warning : str
        What the reader of any figure must know first: lines that could not be read.
    """
    there = scorecard.rows[scorecard.rows["actual"].notna() & scorecard.rows["status"].isin(["observed", "estimated"])]
    chosen = [kpi for kpi in _HEADLINES if (there["kpi"] == kpi).any()][:3]
    headlines = there.set_index("kpi", drop=False).loc[chosen].reset_index(drop=True)
    told = findings.find("revenue_against_year_before") or findings.find("revenue_against_target")
    conclusion = told.claim if told else _standing(scorecard)
    others = tuple(item for item in findings.items if item is not told)[:3]
    return Summary(headlines, conclusion, others, scorecard.period, scorecard.previous, scorecard.currency, warning)


def _standing(scorecard: Scorecard) -> str:
    """Say where revenue stands when nothing can be said of its change."""
    row = scorecard.row("revenue")
    values = {
        "period": scorecard.period.name(),
        "value": show(row["actual"], row["unit"], decimals=row["decimals"]),
        "reason": row["previous_reason"],
    }
    if row["previous_reason"]:
        return text("Revenue in {period} was {value}; there is no year before to set it against. {reason}", **values)
    return text("Revenue in {period} was {value}, the same as a year before.", **values)
