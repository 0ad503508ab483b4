"""Stakes: what is a gap worth, and what are several worth together when they speak of the same money?

A stake is the gap to its reference, in money, x the flow-through x the share of it that can be reached,
less what the action costs. Two findings often see the same euros: a lost customer is part of the fall of
its channel. Each therefore names its pools, and the total of a kind is the largest sum of stakes of which no two
share a pool: no euro is counted twice, whatever the order of the findings. A total is a lower bound: stakes
that only may be the same money are not added.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Literal

StakeKind = Literal["annual", "one-off", "period"]
Measure = Literal["profit", "revenue"]
KINDS: tuple[StakeKind, ...] = ("period", "annual", "one-off")

Pool = tuple[tuple[str, str], ...]
"""Where a stake's money lies: steps of (cut, part), from the widest to the narrowest.

Two pools share money unless they part ways within one cut: the customers who left and those who shrank are
parts of one cut, ("customers", "lost") and ("customers", "shrank"), so their money is not the same. A channel
and a customer are of two cuts, and what encloses holds what it encloses: there the money may be the same.
"""

_GRAIN = Decimal("0.0001")
# Three ways to see the same profit, each of a cut of its own, so that none is added to another: what sold less
# than a year before, what left less of each euro sold (a shift of the mix is in both), what a plan wanted.
REVENUE: Pool = (("revenue", "all"),)
MARGIN: Pool = (("margin", "all"),)
PLAN: Pool = (("plan", "all"),)


@dataclass(frozen=True)
class Stake:
    """What a gap is worth.

    Attributes
    ----------
    gap : Decimal
        Gap to the reference x its base, in money, before the flow-through.
    flow_through : Decimal
        What a euro of the gap leaves: the gross margin rate for volume, 1 for price, discount and cost.
    reference : str
        What the gap is measured against; `basis` says how the stake is reckoned. Both in the language in use.
    kind : "period", "annual" or "one-off"
    measure : "profit" or "revenue"
        Revenue where the margin is not known.
    gap_low, gap_high : Decimal or None
        Interval of the gap, where it is estimated.
    achievable : Decimal
        Share of the gap that can be reached; all of it unless the company says otherwise.
    cost : Decimal
        What the action costs.
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
        """Upper end of its interval, None where the gap is a fact."""
        return None if self.gap_high is None else self._worth(self.gap_high)

    def _worth(self, gap: Decimal) -> Decimal:
        worth = gap * self.flow_through * self.achievable - self.cost
        return max(worth, Decimal(0)).quantize(_GRAIN)  # as money is stored: so that sums stay exact


@dataclass(frozen=True)
class Claim:
    """A stake's amount, its kind, and the pools that its money lies in; none is money of its own."""

    amount: Decimal
    kind: StakeKind
    pools: tuple[Pool, ...]


def overlap(one: Iterable[Pool], other: Iterable[Pool]) -> bool:
    """Say whether two findings may speak of the same money."""
    other = tuple(other)
    return any(_shared(mine, theirs) for mine in one for theirs in other)


def _shared(one: Pool, other: Pool) -> bool:
    for (cut, part), (other_cut, other_part) in zip(one, other, strict=False):
        if cut != other_cut:
            return True
        if part != other_part:
            return False
    return True


def is_part(inner: Iterable[Pool], outer: Iterable[Pool]) -> bool:
    """Say whether a finding speaks of a part of another's money: a pool of it lies within one of the other's."""
    outer = tuple(outer)
    return any(len(one) > len(other) and one[: len(other)] == other for one in inner for other in outer)


def totals(claims: Sequence[Claim]) -> dict[StakeKind, Decimal]:
    """Return the total of each kind, without counting a euro twice; never less than the largest of its claims.

    Kinds are never added up: a gap of the period and one of the year may be the same money (see `may_be_same`).
    """
    return {kind: _heaviest([claims[place] for place in places]) for kind, places in _by_kind(claims).items()}


def additions(claims: Sequence[Claim]) -> list[Decimal]:
    """Return what each claim, in their order, adds to the total of its kind; they sum to `totals`."""
    added = [Decimal(0)] * len(claims)
    for places in _by_kind(claims).values():
        before, so_far = Decimal(0), list[Claim]()
        for place in places:
            so_far.append(claims[place])
            now = _heaviest(so_far)
            added[place], before = now - before, now
    return added


def may_be_same(claims: Sequence[Claim]) -> bool:
    """Say whether the totals of two kinds may hold the same money."""
    return any(
        one.kind != other.kind and one.amount and other.amount and overlap(one.pools, other.pools)
        for one, other in combinations(claims, 2)
    )


def _by_kind(claims: Sequence[Claim]) -> dict[StakeKind, list[int]]:
    """The places of the claims that claim something, by kind."""
    places = {
        kind: [place for place, claim in enumerate(claims) if claim.kind == kind and claim.amount] for kind in KINDS
    }
    return {kind: there for kind, there in places.items() if there}


def _heaviest(claims: Sequence[Claim]) -> Decimal:
    """The largest sum of claims of which no two overlap."""
    heaviest: dict[tuple[Pool, ...], Decimal] = {}
    alone = Decimal(0)
    for claim in claims:
        if claim.pools:
            heaviest[claim.pools] = max(heaviest.get(claim.pools, Decimal(0)), claim.amount)
        else:
            alone += claim.amount
    pools, amounts = list(heaviest), list(heaviest.values())
    meets = [
        frozenset(other for other in range(len(pools)) if other != place and overlap(pools[place], pools[other]))
        for place in range(len(pools))
    ]

    known: dict[frozenset[int], Decimal] = {}

    def best(left: frozenset[int]) -> Decimal:
        if left not in known:
            # The place that meets most others, the first of them, is in the set or not: so the search stays short.
            most = max(sorted(left), key=lambda place: len(meets[place] & left), default=None)
            if most is None or not meets[most] & left:
                known[left] = sum((amounts[place] for place in left), Decimal(0))
            else:
                rest = left - {most}
                known[left] = max(best(rest), amounts[most] + best(rest - meets[most]))
        return known[left]

    return alone + best(frozenset(range(len(pools))))
