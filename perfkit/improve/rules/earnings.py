"""Rules on earnings: who loses money after the costs that end with it, and what does serving take?

A loss is judged on what would be saved without the member: goods, variable costs, the costs to serve it, and fixed
costs of its own. Common fixed costs stay whoever goes, so they are in no loss (METHODS.md, section 4).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from perfkit import languages
from perfkit.contribution import ENOUGH
from perfkit.dimensions import dimension_name
from perfkit.improve.evidence import Evidence, few_cases, names_of
from perfkit.improve.findings import Action, Finding
from perfkit.improve.stakes import Pool, beyond_goods, gross, of_members
from perfkit.kpis.breakdowns import label
from perfkit.languages import in_sentence, listing, number, percent, points, text
from perfkit.margins import Profitability, WhaleCurve
from perfkit.margins.profitability.allocation import LEVEL_IDS
from perfkit.margins.profitability.views import LOSES, OWN_FIXED
from perfkit.margins.profitability.whale_views import unregressed

_MOST = 2  # dimensions told of: the others see the same money from elsewhere
_NAMED = 3
_FAR = 0.05  # of revenue: serving that costs so much more than serving the others is told
_LEAST = Decimal("0.01")  # of revenue: of a member that sells less, no term or delivery is worth a decision
_SCALING = ("cogs", "cm1", "cm2")  # levels whose costs go with sales; the others are fixed


@dataclass(frozen=True)
class Losers:
    """The members of a dimension that lose money: who, how much in all, and what a year's chance leaves of it."""

    by: str
    rows: list[dict[Any, Any]]
    members: int
    lost: Decimal
    served: bool
    expected: Decimal | None
    figure_ids: tuple[str, ...]
    unregressed: str = ""
    """Why nothing is taken off for luck, where the year before is known."""


def loses_money(evidence: Evidence) -> Iterator[Finding]:
    """Tell of two dimensions at most: members that cost more than they bring, counting only what would end with them.

    Whoever lost most in one year was partly unlucky. Where the year before is known, the stake is what these members
    may be expected to lose next year if nothing changes (see `whales.Regression`), and never more than they lost.
    """
    found = [each for each in losers(evidence).values() if evidence.is_material_profit(each.lost)]
    for each in sorted(found, key=lambda each: (-each.lost, each.by))[:_MOST]:
        values = {
            "dimension": in_sentence(dimension_name(each.by)),
            "n": number(len(each.rows)),
            "all": number(each.members),
            "names": names_of(each.rows[:_NAMED]),
            "loss": evidence.money(each.lost),
        }
        reference = text("What these members cost: a result of zero")
        finding = Finding(
            id=f"loses_money:{each.by}",
            subject="below_cost",
            topic=text("losses by {dimension}", **values),
            claim=_claim(each, values),
            value=-each.lost,
            unit=evidence.currency,
            basis=_basis(each),
            reference=reference,
            action=Action(_what_to_do(each.by)),
            caveat=text(
                "Common fixed costs are in no loss: they stay. So may a part of the costs to serve, for a time."
            ),
            stake=evidence.price(
                each.lost,
                reference,
                text("The loss itself. {why}", why=each.unregressed)
                if each.unregressed
                else text("The loss itself; whether it is chance cannot be told without a year before."),
            ),
            pools=_where_lost(each, evidence),
            figure_ids=each.figure_ids,
        )
        yield _drawn_to_the_mean(finding, each, evidence)


def _where_lost(found: Losers, evidence: Evidence) -> tuple[Pool, ...]:
    """Return where a loss lies: in the gross margin of the losers, and in the costs that reach them, if any do."""
    names = [row["member"] for row in found.rows]
    if not found.served:
        return gross(of_members(found.by, names))
    same = next((each for each in evidence.earners if each.dimensions == (found.by,) and not each.reason), None)
    if same is None:
        return (*gross(of_members(found.by, names)), *beyond_goods(_SCALING, of_members(found.by, names)))
    return _where(same, _SCALING, names)


def _where(result: Profitability, levels: Iterable[str], names: list[Any]) -> tuple[Pool, ...]:
    """Return where the margins of some members lie: costs of a level of which they bear nothing are no part of it."""
    rows = result.rows[result.rows["member"].isin(names)]
    borne = [level for level in levels if any(rows[f"{level}_costs"])]
    step = of_members(result.dimensions[0], names)
    return (*gross(step), *beyond_goods(borne, step))


def _drawn_to_the_mean(finding: Finding, found: Losers, evidence: Evidence) -> Finding:
    """Stake what may be expected of the losers, where the year before tells it."""
    if found.expected is None or finding.stake is None:
        return finding
    likely = min(max(-found.expected, Decimal(0)), found.lost)
    if not evidence.is_material_profit(likely):
        why = text("No stake: after a year like this one, the same members may be expected to lose next to nothing.")
        return replace(finding, caveat=f"{why} {finding.caveat}", tone=None, stake=None, pools=())
    basis = text(
        "Of a loss of {loss}, {likely} may be expected again if nothing changes: whoever lost most in one year was "
        "partly unlucky (regression to the mean).",
        loss=evidence.money(found.lost),
        likely=evidence.money(likely),
    )
    return replace(finding, stake=replace(finding.stake, gap=likely, basis=basis))


def losers(evidence: Evidence) -> dict[str, Losers]:
    """Return those that lose money, by dimension: of a whale curve, else of the margins of a dimension's members."""
    found = {}
    for each in evidence.whales:
        losing = [] if each.reason or not _costed(evidence) else _surely_losing(each)
        if losing:
            found[each.by] = _of_whale(each, losing)
    for result in evidence.earners:
        if not result.reason and len(result.dimensions) == 1 and result.dimensions[0] not in found:
            losing = [row for row in _members(result) if row["advice"] == LOSES]
            if losing:
                found[result.dimensions[0]] = _of_members(result, losing)
    return found


def _costed(evidence: Evidence) -> bool:
    """Say whether the costs of nearly all amounts are known, signs ignored: a return without a cost makes up no sale.

    Else a member may seem to lose for what is not known.
    """
    share = evidence.row("cost_coverage")["actual"]
    return not languages.missing(share) and bool(share >= ENOUGH)


def _surely_losing(whale: WhaleCurve) -> list[dict[Any, Any]]:
    """The members that lose, the worst first, of which nearly all of the cost is known."""
    losing = whale.cells.iloc[len(whale.cells) - whale.losers :].to_dict("records")  # the best stand first
    return [row for row in losing[::-1] if languages.missing(row["coverage"]) or row["coverage"] >= ENOUGH]


def _of_whale(whale: WhaleCurve, losing: list[dict[Any, Any]]) -> Losers:
    lost = -sum((row["profit"] for row in losing), Decimal(0))
    all_of_them = lost == -whale.destroyed
    expected = None if whale.before is None else whale.before.expected
    if expected is not None and not all_of_them:  # in proportion: the line is that of all
        expected = expected * lost / -whale.destroyed
    return Losers(
        whale.by,
        losing,
        len(whale.cells),
        lost,
        whale.profit != "gross_profit",
        expected,
        (f"whale_curve:{whale.by}:{whale.period.label}:destroyed",) if all_of_them else (),
        _unregressed(whale),
    )


def _unregressed(whale: WhaleCurve) -> str:
    before = whale.before
    known = before is not None and before.slope is not None and before.expected is None
    return unregressed(before) if before is not None and known else ""


def _of_members(result: Profitability, losing: list[dict[Any, Any]]) -> Losers:
    losing.sort(key=lambda row: (row["cm2"], str(row["member"])))
    lost = -sum((row["cm2"] for row in losing), Decimal(0))
    ids = tuple(_figure(result, "cm2", row) for row in losing[:10] if result.deepest in ("cm2", "cm3"))
    ids = ids or tuple(_figure(result, "gross_profit", row) for row in losing[:10])
    served = result.deepest != "gross_profit"
    return Losers(result.dimensions[0], losing, len(list(_members(result))), lost, served, None, ids)


def _claim(found: Losers, values: dict[str, str]) -> str:
    if len(found.rows) == 1:
        if found.served:
            return text(
                "By {dimension}, {names} costs more than it brings, free goods and serving included: {loss} lost.",
                **values,
            )
        return text(
            "By {dimension}, {names} brings less than its goods cost, free goods included: {loss} lost.", **values
        )
    if found.served:
        return text(
            "By {dimension}, {n} of {all} cost more than they bring, free goods and serving included, first {names}: "
            "{loss} lost.",
            **values,
        )
    return text(
        "By {dimension}, {n} of {all} bring less than their goods cost, free goods included, first {names}: {loss} "
        "lost.",
        **values,
    )


def _basis(found: Losers) -> str:
    if found.served:
        return text(
            "Contribution margin 2 of the members below zero: goods, variable costs, costs to serve that reach them"
        )
    return text("Gross margin of the members below zero")


def _what_to_do(by: str) -> str:
    if by in ("customer_id", "customer_name", "segment", "country"):
        return text(
            "For each, look first at what is given free; then raise the price, set a minimum order or charge delivery. "
            "Stop serving only as a last step."
        )
    if by in ("product_id", "product_name", "category"):
        return text(
            "For each, look first at what is given free; then raise the price or buy cheaper. Drop it only if what it "
            "costs ends with it."
        )
    return text(
        "For each, look first at what is given free; then raise prices or lower what serving costs. Close it only if "
        "what it costs ends with it."
    )


def own_fixed_costs(evidence: Evidence) -> Iterator[Finding]:
    """Tell of two dimensions at most: the member that does not earn the fixed costs that are its own."""
    found = []
    for result in _single(evidence):
        short = [(row["own_fixed"] - row["cm2"], row) for row in _members(result) if row["advice"] == OWN_FIXED]
        short = [each for each in short if evidence.is_material_profit(each[0])]
        if short:
            found.append((*max(short, key=lambda each: (each[0], str(each[1]["member"]))), result))
    for gap, row, result in sorted(found, key=lambda each: (-each[0], each[2].dimensions))[:_MOST]:
        by = result.dimensions[0]
        reference = text("Its own fixed costs: {amount}", amount=evidence.money(row["own_fixed"]))
        yield Finding(
            id=f"own_fixed_costs:{by}",
            topic=text("the fixed costs of {member}", member=label(row)),
            claim=text(
                "By {dimension}, {member} earns {earned} before its own fixed costs of {fixed}: {gap} short.",
                dimension=in_sentence(dimension_name(by)),
                member=label(row),
                earned=evidence.money(row["cm2"]),
                fixed=evidence.money(row["own_fixed"]),
                gap=evidence.money(gap),
            ),
            value=-gap,
            unit=evidence.currency,
            basis=text("Contribution margin 2 less the fixed costs booked to this member alone"),
            reference=reference,
            action=Action(
                text("Decide: grow it by a date, cut its fixed costs, or close it. Only what ends with it is saved.")
            ),
            caveat=text("What sells elsewhere thanks to it is not counted, and staff or leases may outlast it."),
            stake=evidence.price(gap, reference, text("What it is short of its own fixed costs: all of it is profit.")),
            pools=_where(result, LEVEL_IDS[:-1], [row["member"]]),
            figure_ids=(_figure(result, "cm3", row),),
        )


def cost_to_serve(evidence: Evidence) -> Iterator[Finding]:
    """Tell of two dimensions at most: the member whose costs to sell and serve eat far more than those of the others.

    It has a stake only where the company has said which share of the gap it can reach (see `Evidence.peers`).
    """
    found = []
    for result in _single(evidence):
        least = _LEAST * sum(result.rows["net_revenue"], Decimal(0))
        far = [
            each
            for row in _members(result)
            if row["net_revenue"] >= least
            and (each := _served(result, row))
            and each.gap >= _FAR
            and evidence.is_material_profit(each.money)
        ]
        if far:
            found.append((max(far, key=lambda each: (each.money, str(each.row["member"]))), result))
    for most, result in sorted(found, key=lambda each: (-each[0].money, each[1].dimensions))[:_MOST]:
        by = result.dimensions[0]
        id = f"cost_to_serve:{by}"
        reference = text("The others: {rate}", rate=percent(most.others))
        gap = points(most.gap).removeprefix("+")
        basis = text("Gap of {gap} in the rate × its revenue of the period: all of it is profit.", gap=gap)
        stake = evidence.peers(id, most.money, reference, basis)
        yield Finding(
            id=id,
            topic=text("what serving {member} costs", member=label(most.row)),
            claim=text(
                "By {dimension}, selling to {member} and serving it costs {rate} of its revenue, against {others} for "
                "the others: {share} of its gross margin goes.",
                dimension=in_sentence(dimension_name(by)),
                member=label(most.row),
                rate=percent(most.rate),
                others=percent(most.others),
                share=percent(_eaten(most.row)),
            ),
            value=most.rate,
            unit="share",
            basis=text("Other variable costs and costs to serve that reach the member / its net revenue"),
            reference=reference,
            action=Action(
                text("Set a minimum order, charge delivery, or serve it otherwise: fewer drops, online, by carton.")
            ),
            caveat=text(
                "Costs are spread by their drivers at one rate: each may cost more or less than its count says."
            ),
            tone=None,
            stake=stake,
            pools=beyond_goods(("cm1", "cm2"), of_members(by, [most.row["member"]])) if stake else (),
            figure_ids=(_figure(result, "gross_profit", most.row), _figure(result, result.deepest, most.row)),
            signed=False,
        )


@dataclass(frozen=True)
class _Served:
    """What selling to a member and serving it takes of its revenue, and of the others'."""

    row: dict[Any, Any]
    rate: float
    others: float

    @property
    def gap(self) -> float:
        return self.rate - self.others

    @property
    def money(self) -> Decimal:
        revenue: Decimal = self.row["net_revenue"]
        return Decimal(str(self.gap)) * revenue


def _served(result: Profitability, row: dict[Any, Any]) -> _Served | None:
    """What serving a member takes, None where it cannot be told or takes no more of its margin than of the others'."""
    rest = result.together(result.rows[result.rows["member"] != row["member"]])
    both = (row, rest)
    if any(languages.missing(each["gross_profit_rate"]) or languages.missing(each["cm2_rate"]) for each in both):
        return None
    if any(few_cases(each["lines"]) or each["gross_profit"] <= 0 for each in both) or row["cm2"] < 0:
        return None  # below zero it is a loss, a finding of its own
    if _eaten(row) - _eaten(rest) < _FAR:
        return None
    rate, others = (float((each["gross_profit"] - each["cm2"]) / each["net_revenue"]) for each in both)
    return _Served(row, rate, others)


def _eaten(row: dict[Any, Any]) -> float:
    """The share of a gross margin that selling and serving take."""
    return float((row["gross_profit"] - row["cm2"]) / row["gross_profit"])


def costs_rose(evidence: Evidence) -> Iterator[Finding]:
    """Costs beyond the goods of the lines rose: those that go with sales by more than revenue, the others at all."""
    statement = evidence.statement
    if statement is None or statement.previous_reason or evidence.revenue <= 0 or evidence.few():
        return
    before = statement.amount("net_revenue", previous=True)
    if before is None or before <= 0:
        return
    rose, net = [], Decimal(0)
    for row in statement.rows.to_dict("records"):
        if row["role"] != "cost" or row["line"] == "goods" or languages.missing(row["previous"]):
            continue
        grown = evidence.revenue / before if row["level"] in _SCALING else Decimal(1)
        # What serves customers is not spared where they buy less, and a fall of revenue is staked as if it were not.
        base = -row["previous"] * (max(grown, Decimal(1)) if row["level"] == "cm2" else grown)
        more = -row["amount"] - base
        net += more
        if evidence.is_material_profit(more) and more > 0:
            rose.append((more, row))
    # A kind that is called otherwise this year has risen, and its old name has fallen by as much: no cost rose.
    gap = min(sum((more for more, _row in rose), Decimal(0)), net)
    if not rose or gap <= 0 or not evidence.is_material_profit(gap):
        return
    rose.sort(key=lambda each: (-each[0], each[1]["line"]))
    names = listing(statement.label(row["line"]) for _more, row in rose[:_NAMED])
    reference = text(
        "{previous}: the same costs, those that go with sales at the revenue now", previous=evidence.before
    )
    yield Finding(
        id="costs_rose",
        topic=text("higher costs beyond the goods"),
        claim=text("Costs beyond the goods took {gap} more than those of {previous} at the revenue now: {names}.",
                   gap=evidence.money(gap), previous=evidence.before, names=names),
        value=gap,
        unit=evidence.currency,
        basis=text("Costs of the statement that rose: variable ones by more than revenue, fixed ones in amount"),
        reference=reference,
        action=Action(text("Ask each owner of these costs why, and decide which contract is put out to tender again.")),
        caveat=text("A cost booked in another period than it was caused in looks like a rise."),
        stake=evidence.price(gap, reference, text("The rise itself: all of it is profit.")),
        # Members that lose money may lose it by these very costs, where any of their level reaches them.
        pools=tuple(
            pool for _more, row in rose for pool in beyond_goods([row["level"]], ("cost", row["line"]))
        ),
        figure_ids=tuple(f"statement:{statement.period.label}:{row['line']}" for _more, row in rose),
    )  # fmt: skip


def _single(evidence: Evidence) -> Iterable[Profitability]:
    """The margins of one dimension's members, down to the costs to serve."""
    return [
        each
        for each in evidence.earners
        if not each.reason and len(each.dimensions) == 1 and each.deepest in ("cm1", "cm2", "cm3")
    ]


def _members(result: Profitability) -> Iterator[dict[Any, Any]]:
    """The members that have a name, each as a row."""
    yield from result.rows[result.rows["member"].notna()].to_dict("records")


def _figure(result: Profitability, column: str, row: dict[Any, Any]) -> str:
    """The id of a member's figure."""
    return f"profitability:{result.dimensions[0]}:{result.period.label}:{column}:={row['member']}"
