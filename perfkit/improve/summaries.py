"""The summary: three figures, one sentence and three findings, for the reader who has one minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

import pandas as pd

from perfkit.estimates import tells
from perfkit.improve.findings import Finding, Findings, cards_of, stake_in_words
from perfkit.improve.stakes import is_part, overlap
from perfkit.kpis.scorecards import Scorecard, figure_id
from perfkit.languages import listing, missing, money, number, percent, plural, show, text
from perfkit.periods import Period, calendar_in_words
from perfkit.results import Field, Result, View, environment, figure_frame

_HEADLINES = ("revenue", "margin_rate", "customers", "orders", "aov", "return_rate")
_MOST = 3
_LEAST = Decimal("0.01")  # of the largest stake: less is not worth a place on the page


@dataclass(frozen=True, eq=False)
class Summary(Result):
    """The page that stands alone.

    Attributes
    ----------
    headlines : DataFrame, at most three rows of the scorecard
    conclusion : str
        One sentence, in the language in use when it was made; so are the texts below.
    items : tuple of Finding
        At most three: those with most at stake, each another message, and of other money where there are such.
    period, previous : Period
    currency : str
    warning : str
        What the reader of any figure must know first; empty where there is nothing.
    total : str
        What is at stake in all, each amount counted once; empty where nothing is.
    days : str
        Why there is no year before, or how many working days both periods have; empty where they have the same.
    ranking : tuple of Finding
        All findings, in their order: those shown bear the numbers that they have there, and say what they add to it.
    undecided : str
        The silent months of the period, by name: until they are there no target is missed or reached. Empty for none.
    gaps : str
        Those of the period and of the year before: until they are there no change is judged. Empty for none.
    """

    headlines: pd.DataFrame
    conclusion: str
    items: tuple[Finding, ...]
    period: Period
    previous: Period
    currency: str
    warning: str = ""
    total: str = ""
    days: str = ""
    ranking: tuple[Finding, ...] = ()
    undecided: str = ""
    gaps: str = ""

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
        """Return the headline figures under the conclusion, the findings and the total as notes."""
        columns = {
            "name": text("Figure"),
            "value": self.period.name(),
            "previous": self.previous.name(),
            "variance": text("Change"),
            "target": text("Target"),
        }
        rows = pd.DataFrame(self._cards(), columns=list(columns))
        shown = [Field(key, heading) for key, heading in columns.items() if key in ("name", "value") or any(rows[key])]
        subtitle = text("Three figures of {period} and what matters most", period=self.period.name())
        unjudged = _unjudged(self.gaps) if any(rows["variance"]) else ""
        claims = [_claim(item) for item in self.items]
        notes = [self.warning, unjudged, self.days, *claims, self._choice(), self.total]
        return [View(self.conclusion, subtitle, shown, rows, notes=[note for note in notes if note])]

    def html(self) -> str:
        """Return the page's body, every text escaped by the template."""
        claims = {item.id: _claim(item) for item in self.items}
        cards = cards_of(self.ranking or self.items, self.currency, self.items)
        return (
            environment()
            .get_template("summary.html.j2")
            .render(
                headlines=self._cards(),
                conclusion=self.conclusion,
                warning=self.warning,
                findings=[card | {"claim": claims[card["id"]]} for card in cards],
                total=self.total,
                days=self.days,
                choice=self._choice(),
            )
        )

    def _choice(self) -> str:
        """How those shown were chosen, where their numbers leave some out; empty where they are simply the first."""
        first = self.ranking[: len(self.items)]
        if not self.items or all(one is other for one, other in zip(self.items, first, strict=True)):
            return ""
        return plural(
            "One finding of each kind, with its number among all {n}, which stand in the section Improve.",
            "One finding of each kind, with its number among all {n}, which stand in the section Improve.",
            len(self.ranking),
        )

    def _cards(self) -> list[dict[str, str]]:
        return [_card(row, self.undecided, self.gaps) for row in self.headlines.to_dict("records")]


def _claim(item: Finding) -> str:
    """What a finding says, and at once that it stands on months without one line: the page shows no other caveat."""
    if not item.gaps:
        return item.claim
    why = text("Nothing can be concluded from it yet: no line is dated in {months}.", months=item.gaps)
    return f"{item.claim} {why}"


def _unjudged(gaps: str) -> str:
    """Say why a change is not judged; empty where no month is silent."""
    return text("The change cannot be judged: no line is dated in {months}.", months=gaps) if gaps else ""


def _card(row: dict[Any, Any], undecided: str = "", gaps: str = "") -> dict[str, str]:
    """A headline as texts; `undecided` and `gaps` name the silent months with which target and change are undecided."""

    def told(column: str, unit: str, *, signed: bool = False) -> str:
        decimals = row["decimals"] if unit in (row["unit"], row["variance_unit"]) and unit != "points" else None
        return "" if missing(row[column]) else show(row[column], unit, signed=signed, decimals=decimals)

    growth = row["growth_previous"]
    variance = (
        told("growth_previous", "share", signed=True)
        if tells(growth)
        else told("variance_previous", row["variance_unit"], signed=True)
    )
    target = told("target", row["unit"])
    if target and undecided:
        target = text("Target: {target}; cannot be judged before {months} is there", target=target, months=undecided)
    elif target and not missing(row["attainment"]) and row["attainment"] >= 0:  # of less than nothing there is no share
        target = text("{attainment} of target ({target})", attainment=percent(row["attainment"]), target=target)
    elif target:
        target = text("Target: {target}", target=target)
    return {
        "name": text(row["name"]),
        "value": show(row["actual"], row["unit"], decimals=row["decimals"]),
        "previous": told("previous", row["unit"]) if variance else "",
        "variance": variance,
        "caveat": _unjudged(gaps) if variance else "",
        "tone": row["tone_previous"] or "",
        "target": target,
    }


def summary(
    scorecard: Scorecard,
    findings: Findings,
    *,
    part: str = "",
    warning: str = "",
    total: bool = True,
    lead: str = "",
    headlines: Sequence[str] = _HEADLINES,
) -> Summary:
    """Choose what the page that stands alone says.

    Parameters
    ----------
    scorecard : Scorecard
        Its first three headline figures that there are: revenue, margin rate, customers, orders ...
    findings : Findings
        Revenue's own finding becomes the conclusion, with the topic of the one that has more at stake;
        three others stand below.
    part : str
        Where the figures are of a part of the company, which one, and what it leaves out: the first words of the page.
    warning : str
        What the reader of any figure must know first: lines that could not be read.
    total : bool
        Say what is at stake in all.
    lead : str
        What the conclusion begins with, in the place of revenue's finding: `Statement.message`.
    headlines : sequence of str
        KPIs that may be headline figures, the first three that there are; revenue and its margin rate first if not
        given.
    """
    there = scorecard.rows[scorecard.rows["actual"].notna() & scorecard.rows["status"].isin(["observed", "estimated"])]
    chosen = [kpi for kpi in headlines if (there["kpi"] == kpi).any()][:3]
    shown = there.set_index("kpi", drop=False).loc[chosen].reset_index(drop=True)
    told = next(
        (
            finding
            for id in ("no_revenue", "revenue_against_year_before", "revenue_against_target")
            if not lead and (finding := findings.find(id))
        ),
        None,
    )
    silent = findings.find("silent_months")
    if silent is not None:
        warning = f"{warning} {silent.claim}".strip()
    at_stake = findings.total_in_words() if total else ""
    if at_stake:
        at_stake = text("At stake in all, each amount counted once: {total}.", total=at_stake)
        at_stake = f"{at_stake} {findings.total_caveat()}".strip()
        if told is not None and told.amount:  # it bears no number here, and those of the others go on from its own
            place = next(place for place, item in enumerate(findings.items) if item is told)
            at_stake += " " + text("Finding {rank} is told above.", rank=number(place + 1))
    return Summary(
        shown,
        f"{part} {_conclusion(scorecard, findings, told, lead)}".strip(),
        _most_at_stake(findings, told),
        scorecard.period,
        scorecard.previous,
        scorecard.currency,
        warning,
        at_stake,
        str(scorecard.row("revenue")["previous_reason"]) or days_in_words(scorecard),
        findings.items,
        listing(month.name() for month in scorecard.silent_here()),
        listing(month.name() for month in scorecard.silent),
    )


def _conclusion(scorecard: Scorecard, findings: Findings, told: Finding | None, lead: str) -> str:
    """Say where revenue stands, which target is missed, and where the most is at stake: none must hide the others."""
    sentence = lead or (told.claim if told else revenue_stands(scorecard))
    first = findings.items[0] if findings.items and findings.items[0].amount else None
    stake = stake_in_words(first, findings.currency) if first else ""
    if first is not None and first is told and first.amount != abs(first.value):  # else it is the gap, already told
        sentence = text("{sentence}: {stake} at stake.", sentence=sentence.removesuffix("."), stake=stake)
    sentence = _with_missed_target(sentence.removesuffix("."), findings, told, first, lead)
    if gaps := listing(month.name() for month in scorecard.silent):
        sentence = text("{sentence}; but no line is dated in {months}", sentence=sentence, months=gaps)
    if first is None or first is told:
        return sentence + "."
    return text("{sentence}; most is at stake in {topic}: {stake}.", sentence=sentence, topic=first.topic, stake=stake)


def _with_missed_target(
    sentence: str, findings: Findings, told: Finding | None, first: Finding | None, lead: str
) -> str:
    """Name the target that is missed, revenue's before others: good news must not hide it; `first` is named anyway."""
    short = [item for item in findings.items if item.id == "revenue_against_target" and item.tone == "bad"]
    short = [] if lead else short  # which is told of revenue: the sentence speaks of something else
    missed = next(iter(short or [item for item in findings.items if item.id.startswith("target_missed:")]), None)
    if missed is None or missed is told or (missed is first and missed not in short):
        return sentence
    if missed in short:
        gap = money(-missed.value, findings.currency)
        if told is not None and told.tone == "good":
            return text("{sentence}, but is {gap} short of its target", sentence=sentence, gap=gap)
        return text("{sentence}, and is {gap} short of its target", sentence=sentence, gap=gap)
    return text("{sentence}; missed: {topic}", sentence=sentence, topic=missed.topic)


def _most_at_stake(findings: Findings, told: Finding | None) -> tuple[Finding, ...]:
    """The three findings with most at stake, no two of one message, beside the one already told; other money first.

    What stands on a silent month gives way to what does not. The silent months themselves are the page's warning.
    """
    others = [item for item in findings.items if item is not told and item.id != "silent_months"]
    said = {told.message} if told and told.amount else set()  # what is told and has no stake hides none that has one
    chosen: list[Finding] = []
    least = max((item.amount for item in others), default=Decimal(0)) * _LEAST
    for item in others:
        other_money = not any(overlap(item.pools, other.pools) for other in chosen)
        if item.amount > least and other_money and item.message not in said and len(chosen) < _MOST:
            chosen.append(item)
            said.add(item.message)
    for gaps, trivial, nearness in product((False, True), (False, True), range(3)):  # other money, then parts of it
        for item in others:
            near = _nearness(item, chosen) == nearness and (item.amount <= least) is trivial and bool(item.gaps) is gaps
            if len(chosen) < _MOST and near and item.message not in said:
                chosen.append(item)
                said.add(item.message)
    return tuple(item for item in others if item in chosen)


def _nearness(item: Finding, chosen: list[Finding]) -> int:
    """How near a finding's money is to that of the chosen: 0 other money, 1 a part of theirs, 2 just theirs."""
    if _repeats(item, chosen):
        return 2
    return int(any(is_part(item.pools, other.pools) for other in chosen))


def _repeats(item: Finding, chosen: list[Finding]) -> bool:
    """Say whether a finding sees just the money that one of the chosen sees."""
    return any(pool in other.pools for other in chosen for pool in item.pools)


def revenue_stands(scorecard: Scorecard) -> str:
    """Say what revenue was where no change is to be told: there is no year before, or it is about the same."""
    row = scorecard.row("revenue")
    values = {"period": scorecard.period.name(), "value": show(row["actual"], row["unit"], decimals=row["decimals"])}
    if row["variance_previous"] is None:
        return text("Revenue in {period} was {value}; there is no year before to set it against.", **values)
    before = show(row["previous"], row["unit"], decimals=row["decimals"])
    return text(
        "Revenue in {period} was {value}, about as much as in {previous} ({before}).",
        previous=scorecard.previous.name(),
        before=before,
        **values,
    )


def days_in_words(scorecard: Scorecard) -> str:
    """Say how many working days both periods have; empty where they have the same, or there is no year before."""
    now, before = scorecard.working_days, scorecard.previous_working_days
    if now == before or scorecard.row("revenue")["variance_previous"] is None:
        return ""
    return text(
        "Working days: {n} in {period}, {m} in {previous} ({calendar}).",
        n=number(now),
        m=number(before),
        period=scorecard.period.name(),
        previous=scorecard.previous.name(),
        calendar=calendar_in_words(scorecard.calendar),
    )
