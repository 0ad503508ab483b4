"""Sides: the lines of a statement in one period, from the top down, as far as its data go, and why they end there."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit import contribution, estimates, languages
from perfkit.aggregations import aggregation, only, within
from perfkit.contribution import ENOUGH, LEVELS
from perfkit.dimensions import ask_for
from perfkit.errors import DataError
from perfkit.languages import in_sentence, listing, percent, text
from perfkit.lines import is_in
from perfkit.margins import standards
from perfkit.margins.standards import Standard
from perfkit.periods import Period

GOODS, UNCOSTED = "goods", "uncosted"
"""The line of the goods sold, and that of the revenue whose cost is not known."""
COLUMNS = ["line", "role", "level", "name", "amount", "rate", "previous", "previous_rate"]
_NO_COSTS = pd.DataFrame(columns=["level", "source", "kind", "now", "before"], dtype="object")


def sides(lines: ibis.Table, costs: ibis.Table | None, period: Period) -> tuple["Side", "Side"]:
    """Return a period and the one a year before.

    Parameters
    ----------
    lines : what `lines.checked` returned
    costs : what `contribution.costs` returned
    period : Period

    Raises
    ------
    DataError
        If a cost is of no level.
    """
    before = period.year_before()
    sums = only(_revenue(lines, period, before))
    booked = _NO_COSTS if costs is None else _costs(costs, period, before)
    stray = booked[~booked["level"].isin([level.id for level in LEVELS])]
    if len(stray):
        kinds = ", ".join(sorted({str(kind) for kind in stray["kind"]}))
        raise DataError(
            f"costs: {kinds} would stand in no line of the statement: level {stray['level'].iloc[0]!r} is none of "
            f"{', '.join(level.id for level in LEVELS)}. Correct it, or declare it: "
            f"contribution.costs(..., levels={{{str(stray['kind'].iloc[0])!r}: 'cm1'}})."
        )
    held = set() if costs is None else {pd.Timestamp(month).date() for month in _cost_months(costs)["month"]}
    return Side(sums, booked, "now", period, held), Side(sums, booked, "before", before, held)


@dataclass(frozen=True)
class Side:
    """One period of a statement: its sums, and how far down they go."""

    sums: Mapping[str, Any]
    costs: pd.DataFrame
    side: str
    period: Period
    held: set[dt.date]

    def of(self, name: str) -> Decimal:
        """Return one of its sums, 0 where there is nothing to sum."""
        value = self.sums.get(f"{self.side}_{name}")
        return Decimal(0) if value is None else value

    @property
    def covered(self) -> float | None:
        """Share of the amounts sold whose cost of goods is known."""
        if languages.missing(self.sums.get(f"{self.side}_costed_amount")):
            return None
        if not self.of("amount") and self.of("cost"):  # all was given away, and what it cost is known
            return 1.0
        return estimates.ratio(self.of("costed_amount"), self.of("amount"))

    @property
    def standard(self) -> Standard:
        """What of the cost of goods is a standard cost."""
        return standards.of_sums({name: self.of(name) for name in ("standard_cost", "cost", "standard_revenue")})

    def kinds(self, level: str) -> list[dict[Any, Any]]:
        """The costs of a level, the largest of the period asked about first."""
        here = self.costs[self.costs["level"] == level]
        # A kind of the year before alone has no amount now.
        size = [Decimal(0) if languages.missing(each) else -abs(each) for each in here["now"]]
        order = here.assign(size=pd.Series(size, index=here.index, dtype="object"))
        return order.sort_values(["size", "source", "kind"], kind="stable").to_dict("records")

    @property
    def missing(self) -> list[Period]:
        """Months of the period of which there is no cost at all."""
        return [] if self.costs.empty else [each for each in self.period.months() if each.start not in self.held]

    def _deepest(self) -> int:
        """How many levels the costs and the goods of the lines reach."""
        given = [place for place, level in enumerate(LEVELS) if (self.costs["level"] == level.id).any()]
        return max([0, *given]) + 1

    def levels(self) -> int:
        """How many levels this period has."""
        of_lines = self.covered or 0
        of_table = (self.costs["level"] == LEVELS[0].id).any()
        if self.missing:
            return int(of_lines > 0 and not of_table)
        if not of_lines:
            return self._deepest() if of_table and self.covered is None else 0
        return self._deepest() if of_lines >= ENOUGH else 1

    def reason(self) -> str:
        """Why it ends where it does."""
        reached = self.levels()
        if reached == len(LEVELS):
            return ""
        if self.missing and (self.covered or 0) >= ENOUGH:
            gaps = listing(month.name() for month in self.missing)
            return text("The costs hold nothing dated in {months}. Ask for them.", months=gaps)
        if not reached:
            return ask_for("cost")
        if self.covered is not None and self.covered < ENOUGH:
            return text(
                "The cost is known for {share} of the amounts only, so no further cost is taken off. Ask for the unit "
                "cost of the products that lack it.",
                share=percent(self.covered),
            )
        absent = listing(in_sentence(text(level.costs)) for level in LEVELS[reached:])
        return text("The statement ends here: the data hold no {costs}. Ask for them (costs).", costs=absent)

    def rows(self) -> dict[str, dict[str, Any]]:
        """The lines of the statement by their names, from the top down."""
        net = base = self.of("revenue")  # what rates are of
        found: dict[str, dict[str, Any]] = {}

        def add(line: str, role: str, amount: Decimal, **about: Any) -> None:
            rate = estimates.ratio(amount, base) if base > 0 else None
            found[line] = {
                "line": line,
                "role": role,
                "level": None,
                "name": None,
                **about,
                "amount": amount,
                "rate": rate,
            }

        if self.of("list"):
            add("list_revenue", "revenue", self.of("list"))
            add("unlisted", "revenue", self.of("unlisted"))
            add("discounts", "revenue", self.of("listed") - self.of("list"))
            add("returns", "revenue", self.of("returned"))
        add("net_revenue", "margin", net)
        left, reached = net, self.levels()
        if reached and self.covered:
            costed = self.of("costed")
            add(UNCOSTED, "revenue", costed - net)
            left, base = costed - self.of("cost"), costed  # what has no known cost is in no margin, nor under one
            add(GOODS, "cost", -self.of("cost"), level=LEVELS[0].id)
        for level in LEVELS[:reached]:
            kinds = self.kinds(level.id)
            if not kinds and level is not LEVELS[0]:
                continue  # a margin after costs that nobody has given would be a claim
            for cost in kinds:
                amount = Decimal(0) if languages.missing(cost[self.side]) else cost[self.side]
                line = f"{cost['source']}:{level.id}:{cost['kind']}"
                add(line, "cost", -amount, level=level.id, name=cost["kind"])
                left -= amount
            add(level.margin_id, "margin", left, level=level.id)
        return found


def beside(now: Mapping[str, dict[str, Any]], then: Mapping[str, dict[str, Any]]) -> pd.DataFrame:
    """Set both periods side by side; a line that is 0 in both is left out, but for what is left of a level."""
    rows = []
    for line, row in now.items():
        before = then.get(line)
        previous, rate = (before["amount"], before["rate"]) if before else (None, None)
        if before is None and then and row["role"] == "revenue":
            previous = Decimal(0)
        if row["role"] == "margin" or row["amount"] or previous:
            rows.append(row | {"previous": previous, "previous_rate": rate})
    return pd.DataFrame(rows, columns=COLUMNS, dtype="object")


@aggregation
def _revenue(lines: ibis.Table, period: Period, previous: Period) -> ibis.Table:
    wanted: dict[str, Any] = {}
    for side, when in (("now", period), ("before", previous)):
        here = is_in(when)
        sums = contribution.sums(lines, here)
        if "list_revenue" in lines.columns:
            sums["returned"] = _.net_revenue.sum(where=here & (_.net_revenue < 0))
            without = here & (_.net_revenue >= 0) & ~ibis.coalesce(_.list_revenue > 0, False)
            sums["unlisted"] = _.net_revenue.sum(where=without)
        wanted |= {f"{side}_{name}": value for name, value in sums.items()}
    return lines.filter(is_in(period) | is_in(previous)).agg(**wanted)


@aggregation
def _costs(costs: ibis.Table, period: Period, previous: Period) -> ibis.Table:
    here, before = within(_.date, period.start, period.end), within(_.date, previous.start, previous.end)
    return (
        costs.filter(here | before)
        .group_by("level", "source", "kind")
        .agg(now=_.amount.sum(where=here), before=_.amount.sum(where=before))
    )


@aggregation
def _cost_months(costs: ibis.Table) -> ibis.Table:
    """The months in which anything of the costs table is dated; spend stands still now and then."""
    return costs.filter(_.source == "costs").select(month=_.date.truncate("M")).distinct()
