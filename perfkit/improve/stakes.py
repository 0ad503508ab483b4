"""Stakes: what is a gap worth, and what are several worth together when they speak of the same money?

A stake is the gap to its reference, in money, x the flow-through x the share of it that can be reached,
less what the action costs. Two findings often see the same euros: a lost customer is part of the fall of
its channel. Each therefore names its pools, and the total of a kind is the largest sum of stakes of which no two
share a pool: no euro is counted twice, whatever the order of the findings. A total is a lower bound: stakes
that only may be the same money are not added.

A part of a fall is worth no more than the fall. Where some members fell while others rose, those who rose made a
part up: the gap of a part is at most what revenue fell by in all, its worth (at its own margin) at most that of the
whole fall, which in turn is at most what gross profit fell by; and so are the parts of one cut together. Where
revenue or gross profit did not fall in all, no part of a fall has a stake. A rate that got worse (discount, return,
margin, second purchases) is no such part: its reference is the rate, which nobody else's sales make up.

Where variable costs beyond the goods are known, a stake is contribution margin; else it is gross profit, and revenue
where the margin is not known. Each measure has a total of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Literal

StakeKind = Literal["annual", "one-off", "period"]
Measure = Literal["contribution", "profit", "revenue"]
KINDS: tuple[StakeKind, ...] = ("period", "annual", "one-off")
MEASURES: tuple[Measure, ...] = ("contribution", "profit", "revenue")

Part = str | frozenset[str]
Pool = tuple[tuple[str, Part], ...]
"""Where a stake's money lies: steps of (cut, part), from the widest to the narrowest; a part may be several members.

Two pools share money unless they part ways within one cut: the customers who left and those who shrank are
parts of one cut, ("customers", "lost") and ("customers", "shrank"), so their money is not the same; nor is that of
products of which none is in both. A channel and a customer are of two cuts, and what encloses holds what it encloses:
there the money may be the same.
"""

_GRAIN = Decimal("0.0001")
SALES: Pool = (("of", "sales"),)
COSTS: Pool = (("of", "costs"),)
"""What sales bring once their goods are paid, and what is paid beyond these goods: two lines of the statement.

A cost that took more of each euro sold than a year before is none of what the euros no longer sold had left, since
these are staked at what a euro leaves now.
"""
# Three ways to see the same profit, each of a cut of its own, so that none is added to another: what sold less
# than a year before, what left less of each euro sold (a shift of the mix is in both), what a plan wanted.
REVENUE: Pool = (*SALES, ("revenue", "all"))
FALL: Pool = (*REVENUE, ("fall", "all"))
"""The fall of revenue: its parts lie within it, and are worth no more than it. A rate that got worse is no part."""
MARGIN: Pool = (*SALES, ("margin", "all"))
PLAN: Pool = (("plan", "all"),)

PRICE, GOODS, MIX = "price", "goods", "mix"
GROSS = (PRICE, GOODS, MIX)
"""Why a euro sold leaves less gross margin: its price, what its goods cost, and what is sold."""


def of_members(by: str, names: Iterable[object]) -> tuple[str, Part]:
    """Return the step to some members of a dimension: others of it are other money, whatever is told of them."""
    return f"by {by}", frozenset(str(name) for name in names)


def gross(*steps: tuple[str, Part], lines: Sequence[str] = GROSS) -> tuple[Pool, ...]:
    """Return where a gap of gross margin lies: its price, its goods, its mix, or some of them; of the steps alone."""
    return tuple((*MARGIN, ("line", line), *steps) for line in lines)


def beyond_goods(levels: Iterable[str], *steps: tuple[str, Part]) -> tuple[Pool, ...]:
    """Return where a gap of costs beyond the goods lies: costs of some levels, of the steps alone."""
    return tuple((*COSTS, ("level", level), *steps) for level in levels)


@dataclass(frozen=True)
class Stake:
    """What a gap is worth.

    Attributes
    ----------
    gap : Decimal
        Gap to the reference x its base, in money, before the flow-through.
    flow_through : Decimal
        What a euro of the gap leaves: for volume the rate of contribution margin 1, or of gross margin where no other
        variable cost is known; 1 for price, discount and cost; of a gap that volume and price made, each at its own. Of
        a gap in gross profit, what other variable costs leave of it.
    reference : str
        What the gap is measured against; `basis` says how the stake is reckoned. Both in the language in use.
    kind : "period", "annual" or "one-off"
    measure : "contribution", "profit" or "revenue"
        Contribution margin, or gross profit where no statement goes further; revenue where the margin is not known.
    gap_low, gap_high : Decimal or None
        Interval of the gap, where it is estimated.
    achievable : Decimal
        Share of the gap that can be reached; all of it unless the company says otherwise.
    cost : Decimal
        What the action costs.
    most : Decimal or None
        Of a part of a fall, what the whole fall is worth; None where it is no such part.
    """

    gap: Decimal
    flow_through: Decimal
    reference: str
    basis: str
    kind: StakeKind = "period"
    measure: Measure = "profit"
    gap_low: Decimal | None = None
    gap_high: Decimal | None = None
    achievable: Decimal = Decimal(1)
    cost: Decimal = Decimal(0)
    most: Decimal | None = None

    @property
    def amount(self) -> Decimal:
        """The stake; 0 where the action costs more than it brings."""
        return self._worth(self.gap)

    @property
    def low(self) -> Decimal | None:
        """Lower end of its interval, None where the gap is a fact."""
        return None if self.gap_low is None else self._worth(self.gap_low)

    @property
    def high(self) -> Decimal | None:
        """Upper end of its interval, None where the gap is a fact; `most` does not cut it."""
        return None if self.gap_high is None else self._less_cost(self.gap_high * self.flow_through)

    def _worth(self, gap: Decimal) -> Decimal:
        worth = gap * self.flow_through
        return self._less_cost(worth if self.most is None else min(worth, self.most))

    def _less_cost(self, worth: Decimal) -> Decimal:
        worth = worth * self.achievable - self.cost
        return max(worth, Decimal(0)).quantize(_GRAIN)  # as money is stored: so that sums stay exact


@dataclass(frozen=True)
class Claim:
    """A stake's amount, its kind and measure, the pools that its money lies in (none is money of its own), its most."""

    amount: Decimal
    kind: StakeKind
    pools: tuple[Pool, ...]
    measure: Measure = "profit"
    most: Decimal | None = None


def overlap(one: Iterable[Pool], other: Iterable[Pool]) -> bool:
    """Say whether two findings may speak of the same money."""
    other = tuple(other)
    return any(_shared(mine, theirs) for mine in one for theirs in other)


def _shared(one: Pool, other: Pool) -> bool:
    for (cut, part), (other_cut, other_part) in zip(one, other, strict=False):
        if cut != other_cut:
            return True
        if _set(part).isdisjoint(_set(other_part)):
            return False
    return True


def _set(part: Part) -> frozenset[str]:
    return frozenset([part]) if isinstance(part, str) else part


def is_part(inner: Iterable[Pool], outer: Iterable[Pool]) -> bool:
    """Say whether a finding speaks of a part of another's money: all its pools lie within the other's, or less far."""
    inner, outer = tuple(inner), tuple(outer)
    return set(inner) != set(outer) and bool(inner) and all(any(_lies_in(one, each) for each in outer) for one in inner)


def _lies_in(one: Pool, other: Pool) -> bool:
    steps = zip(one, other, strict=False)
    return len(one) >= len(other) and all(
        cut == other_cut and _set(part) <= _set(other_part) for (cut, part), (other_cut, other_part) in steps
    )


Sum = tuple[StakeKind, Measure]
"""What has a total of its own: stakes of one kind and one measure."""


def totals(claims: Sequence[Claim]) -> dict[Sum, Decimal]:
    """Return the total of each kind and measure, without counting a euro twice; never less than its largest claim.

    They are never added up: a gap of the period and one of the year may be the same money (see `may_be_same`).
    """
    return {each: _heaviest([claims[place] for place in places]) for each, places in _by_sum(claims).items()}


def additions(claims: Sequence[Claim]) -> list[Decimal]:
    """Return what each claim, in their order, adds to the total that it is in; they sum to `totals`."""
    added = [Decimal(0)] * len(claims)
    for places in _by_sum(claims).values():
        before, so_far = Decimal(0), list[Claim]()
        for place in places:
            so_far.append(claims[place])
            now = _heaviest(so_far)
            added[place], before = now - before, now
    return added


def may_be_same(claims: Sequence[Claim]) -> bool:
    """Say whether two of the totals may hold the same money."""
    return any(
        (one.kind, one.measure) != (other.kind, other.measure)
        and one.amount
        and other.amount
        and overlap(one.pools, other.pools)
        for one, other in combinations(claims, 2)
    )


def _by_sum(claims: Sequence[Claim]) -> dict[Sum, list[int]]:
    """The places of the claims that claim something, by the total that they are in."""
    places: dict[Sum, list[int]] = {(kind, measure): [] for kind in KINDS for measure in MEASURES}
    for place, claim in enumerate(claims):
        if claim.amount:
            places[claim.kind, claim.measure].append(place)
    return {each: there for each, there in places.items() if there}


def _heaviest(claims: Sequence[Claim]) -> Decimal:
    """The largest sum of claims of which no two overlap; parts of a fall count in it for no more than the fall."""
    heaviest: dict[tuple[tuple[Pool, ...], bool], Decimal] = {}
    alone, fall = Decimal(0), Decimal(0)
    for claim in claims:
        if claim.most is not None:
            fall = max(fall, claim.most)
        if claim.pools:
            place = claim.pools, claim.most is not None
            heaviest[place] = max(heaviest.get(place, Decimal(0)), claim.amount)
        else:
            alone += claim.amount
    places, amounts = list(heaviest), list(heaviest.values())
    meets = [
        frozenset(each for each in range(len(places)) if each != at and overlap(places[at][0], places[each][0]))
        for at in range(len(places))
    ]

    known: dict[tuple[frozenset[int], Decimal], Decimal] = {}

    def taken(chosen: Iterable[int], room: Decimal) -> tuple[Decimal, Decimal]:
        """What places that do not meet add up to, where so much of the fall is left; and what is left of it then."""
        own, parts = Decimal(0), Decimal(0)
        for each in chosen:
            if places[each][1]:
                parts += amounts[each]
            else:
                own += amounts[each]
        return own + min(parts, room), max(room - parts, Decimal(0))

    def best(left: frozenset[int], room: Decimal) -> Decimal:
        if (left, room) not in known:
            # The place that meets most others, the first of them, is in the set or not: so the search stays short.
            most = max(sorted(left), key=lambda place: len(meets[place] & left), default=None)
            if most is None or not meets[most] & left:
                known[left, room] = taken(left, room)[0]
            else:
                rest = left - {most}
                amount, remaining = taken([most], room)
                known[left, room] = max(best(rest, room), amount + best(rest - meets[most], remaining))
        return known[left, room]

    return alone + best(frozenset(range(len(places))), fall)
