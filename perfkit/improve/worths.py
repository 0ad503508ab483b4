"""Worths: the page that stands alone of the report on what customers are worth."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from perfkit.customers import AcquiredValue, CustomerValue, RetentionPoint
from perfkit.customers.worth import Absent, acquisition_views, base_views, point_views, value_views
from perfkit.estimates import LEVEL
from perfkit.improve.findings import Findings, cards_of, stake_in_words
from perfkit.kpis.catalogue import KPI
from perfkit.kpis.glossaries import Definitions
from perfkit.languages import mark, percent, show, text
from perfkit.periods import Period
from perfkit.results import Field, Result, View, environment, figure_frame

_MOST = 3


@dataclass(frozen=True, eq=False)
class Summary(Result):
    """Three figures with their intervals, one sentence, and the findings with most at stake; reports take it as cover.

    Attributes
    ----------
    headlines : list of dict
        name, figure_id, kpi, estimate, low, high, n, unit, basis, and what they are of.
    conclusion, warning : str
        In the language in use when it was made.
    findings : Findings
    period : Period
    currency : str
    """

    headlines: list[dict[str, Any]]
    conclusion: str
    warning: str
    findings: Findings
    period: Period
    currency: str

    def figures(self) -> pd.DataFrame:
        """Return the headline figures, under the ids that they have below."""
        return figure_frame(
            each | {"level": LEVEL, "period": self.period.label, "status": "estimated"} for each in self.headlines
        )

    def views(self) -> list[View]:
        """Return the headline figures under the conclusion, the findings as notes."""
        rows = pd.DataFrame(self._cards(), columns=["name", "value", "caveat", "previous"])
        fields = [
            Field("name", text("Figure")),
            Field("value", self.period.name()),
            Field("caveat", text("Interval")),
        ]
        subtitle = text("Three figures of {period} and what matters most", period=self.period.name())
        notes = [self.warning, *(item.claim for item in self.findings.items[:_MOST]), self._total()]
        return [View(self.conclusion, subtitle, fields, rows, notes=[note for note in notes if note])]

    def html(self) -> str:
        """Return the page's body, every text escaped by the template."""
        shown = self.findings.items[:_MOST]
        return (
            environment()
            .get_template("summary.html.j2")
            .render(
                headlines=self._cards(),
                conclusion=self.conclusion,
                warning=self.warning,
                findings=cards_of(self.findings.items, self.currency, shown),
                total=self._total(),
            )
        )

    def _total(self) -> str:
        amount = self.findings.total_in_words()
        if not amount:
            return ""
        return text("At stake in all, each amount counted once: {total}.", total=amount)

    def _cards(self) -> list[dict[str, str]]:
        return [
            {
                "name": each["name"],
                "value": show(each["estimate"], each["unit"]),
                "caveat": text(
                    "{low} to {high} ({level})",
                    low=show(each["low"], each["unit"]),
                    high=show(each["high"], each["unit"]),
                    level=percent(LEVEL, 0),
                ),
                "previous": "",
                "variance": "",
                "tone": "",
                "target": each["of"],
            }
            for each in self.headlines
        ]


_DEFINED = (
    KPI("customer_value", mark("Value of today's customers"), "money", 1,
        mark("What purchases of the customers known from their first purchase on are expected to leave from the last "
             "day of the period to the horizon, discounted: margin where costs are known, else revenue"),
        ("customer_id", "cost")),
    KPI("acquired_value", mark("Value of a new customer"), "money", 1,
        mark("What the first purchase leaves, and those expected to follow within the horizon, discounted"),
        ("customer_id", "acquisition_channel")),
    KPI("retention_point", mark("A point of retention"), "money", 1,
        mark("What is added within the horizon if one more new customer in a hundred still buys a year after the first "
             "purchase, at unchanged purchase rates"), ("customer_id",)),
    KPI("p_alive", mark("Still buy"), "share", 1,
        mark("P(alive): the model's probability, from how often and how recently a customer bought, that this one has "
             "not stopped"), ("customer_id",)),
    KPI("cohort_retention", mark("Customers with a purchase at that age"), "share", 1,
        mark("Customers with a purchase in that period / customers whose first purchase lies in the cohort's period"),
        ("customer_id",)),
    KPI("cac", mark("Cost of acquiring one"), "money", -1,
        mark("Spend of the periods of the cohorts / customers acquired in them")),
    KPI("clv_cac", mark("Value / cost"), "ratio", 1, mark("Value of a new customer / cost of acquiring one")),
    KPI("payback", mark("Payback"), "count", -1,
        mark("First age at which the margin a customer has brought reaches what acquiring one cost")),
    KPI("at_stake", mark("At stake"), "money", -1,
        mark("Customers at risk: what they would bring if they still buy for certain, times the chance that they do "
             "not")),
)  # fmt: skip


def worth_definitions() -> Definitions:
    """Return what the figures of the report on customer value mean."""
    return Definitions(_DEFINED)


def worth_summary(
    value: CustomerValue | Absent,
    acquired: AcquiredValue | Absent,
    point: RetentionPoint | Absent,
    findings: Findings,
    *,
    part: str = "",
    warning: str = "",
) -> Summary:
    """Choose what the page that stands alone says of what customers are worth.

    Parameters
    ----------
    value : CustomerValue or Absent
    acquired : AcquiredValue or Absent
    point : RetentionPoint or Absent
    findings : Findings
        Of `lifetime_findings`.
    part : str
        Where the customers are a part of the company's, which one: the first words of the page.
    warning : str
        What the reader of any figure must know first: lines that could not be read.
    """
    headlines, told = [], []
    if isinstance(value, Absent):
        conclusion = text("What customers are worth is not known yet: {reason}", reason=value.reason)
        return Summary([], f"{part} {conclusion}".strip(), warning, findings, findings.period, findings.currency)
    base = value.base
    unit = base.currency or "quantity"
    span = base_views.months(base)
    headlines.append(
        {
            "name": text("Value of today's customers"), "figure_id": f"customer_value:{base.until}:all:all",
            "kpi": "customer_value", **{name: value.total[name] for name in ("estimate", "low", "high", "n")},
            "unit": unit, "basis": value_views.basis(value),
            "of": text("{what} over {span}, {n} customers; the model was {off}", what=base_views.value_name(base),
                       span=span, n=show(value.total["n"], "count"), off=base_views.off_briefly(base)),
        }
    )  # fmt: skip
    told.append(value_views.message(value))
    if not isinstance(acquired, Absent):
        whole = acquired.together
        cost = show(whole["cac"], unit)
        headlines.append(
            {
                "name": text("Value of a new customer"), "figure_id": f"acquired_value:{base.until}:all",
                "kpi": "acquired_value", **{name: whole[name] for name in ("estimate", "low", "high", "n")},
                "unit": unit, "basis": acquisition_views.basis(acquired),
                "of": text("Cost of acquiring one known of some channels only") if whole["paid"] == "part of the spend"
                else text("Cost of acquiring one: {cost}", cost=cost),
            }
        )  # fmt: skip
    if not isinstance(point, Absent):
        headlines.append(
            {
                "name": text("A point of retention"), "figure_id": f"retention_point:{base.until}:all",
                "kpi": "retention_point", **{name: point.total[name] for name in ("estimate", "low", "high", "n")},
                "unit": unit, "basis": point_views.basis(point),
                "of": text("One more new customer in a hundred who still buys a year later"),
            }
        )  # fmt: skip
    sentence = told[0]
    first = findings.items[0] if findings.items and findings.items[0].amount else None
    if first is not None:
        sentence = text(
            "{sentence}; most is at stake in {topic}: {stake}.",
            sentence=sentence, topic=first.topic, stake=stake_in_words(first, findings.currency),
        )  # fmt: skip
    else:
        sentence += "."
    doubts = [base_views.without_old(base), *base_views.doubts(base), warning]
    return Summary(
        headlines,
        f"{part} {sentence}".strip(),
        " ".join(each for each in doubts if each),
        findings,
        findings.period,
        findings.currency,
    )
