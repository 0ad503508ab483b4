"""Stakes: a gap, its flow-through and its cost; and a total in which no euro counts twice."""

from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.improve.stakes import (
    COSTS,
    FALL,
    GOODS,
    KINDS,
    MARGIN,
    MEASURES,
    PLAN,
    PRICE,
    REVENUE,
    Claim,
    Stake,
    additions,
    beyond_goods,
    gross,
    is_part,
    may_be_same,
    of_members,
    overlap,
    totals,
)

LOST, KEPT = (*REVENUE, ("customers", "lost and come")), (*REVENUE, ("customers", "kept"))
WEB = (*REVENUE, ("by channel", "Web"))
PROFIT = ("period", "profit")
DISCOUNT = ((*REVENUE, ("lever", "discount")),)


def claim(amount, *pools, kind="period"):
    return Claim(Decimal(amount), kind, pools)


def test_a_stake_is_the_gap_times_what_flows_through_of_what_can_be_reached_less_the_cost():
    stake = Stake(Decimal(1000), Decimal("0.4"), "target", "", achievable=Decimal("0.5"), cost=Decimal(30))
    assert stake.amount == 170  # 1000 x 0.4 x 0.5 - 30
    assert (stake.low, stake.high) == (None, None)


def test_an_interval_of_the_gap_becomes_one_of_the_stake():
    stake = Stake(Decimal(100), Decimal("0.5"), "", "", cost=Decimal(10), gap_low=Decimal(10), gap_high=Decimal(200))
    assert (stake.low, stake.amount, stake.high) == (0, 40, 90)  # 10 x 0.5 - 10 is below zero


def test_an_action_that_costs_more_than_it_brings_has_no_stake():
    assert Stake(Decimal(10), Decimal("0.4"), "", "", cost=Decimal(5)).amount == 0


@pytest.mark.parametrize(
    "one, other, shared",
    [
        (REVENUE, LOST, True),
        (LOST, KEPT, False),
        (LOST, WEB, True),
        (REVENUE, MARGIN, True),
        (LOST, (*PLAN, ("customers", "kept")), True),
        (WEB, (*WEB, ("customers", "kept")), True),
    ],
    ids=[
        "the whole and a part",
        "two parts of one cut",
        "two cuts",
        "volume and rate",
        "a plan and a year before",
        "a part and a part of it",
    ],
)
def test_two_pools_share_money_unless_they_part_within_one_cut(one, other, shared):
    assert overlap((one,), (other,)) is shared
    assert overlap((other,), (one,)) is shared


def test_a_discount_is_seen_in_volume_and_in_the_rate():
    assert overlap(DISCOUNT, (MARGIN,))
    assert overlap(DISCOUNT, (LOST,))
    assert not overlap((), DISCOUNT)


def test_parts_of_one_cut_add_up_and_what_encloses_them_does_not_add_to_them():
    assert totals([claim(100, REVENUE), claim(70, KEPT), claim(60, LOST)]) == {PROFIT: 130}
    assert additions([claim(100, REVENUE), claim(70, KEPT), claim(60, LOST)]) == [100, 0, 30]


A, B = of_members("product_id", ["a"]), of_members("product_id", ["b", "c"])
CUSTOMER = of_members("customer_id", ["x"])
FREIGHT, RENT = beyond_goods(["cm1"], ("cost", "costs:cm1:Freight")), beyond_goods(["fixed"], ("cost", "rent"))


@pytest.mark.parametrize(
    "one, other, shared",
    [
        (gross(A), gross(B), False),
        (gross(A), gross(of_members("product_id", ["a", "d"])), True),
        (gross(A), gross(CUSTOMER), True),
        (gross(A, lines=[PRICE]), gross(A, lines=[GOODS]), False),
        (gross(A, lines=[PRICE]), gross(CUSTOMER), True),
        (FREIGHT, gross(), False),
        (FREIGHT, (FALL,), False),
        (FREIGHT, (PLAN,), True),
        (FREIGHT, RENT, False),
        (FREIGHT, (*gross(CUSTOMER), *beyond_goods(["cm1", "cm2"], CUSTOMER)), True),
        (RENT, (*gross(CUSTOMER), *beyond_goods(["cm1", "cm2"], CUSTOMER)), False),
        (FREIGHT, (COSTS,), True),
    ],
    ids=[
        "products of which none is in both", "products of which one is in both", "a product and a customer",
        "a price and what the goods cost", "the price of a product that a losing customer may buy",
        "freight and a gross margin", "freight and the fall of revenue", "freight and a plan", "freight and rent",
        "freight and a customer who bears it", "rent and a customer who bears none of it", "a cost and all costs",
    ],
)  # fmt: skip
def test_stakes_share_money_only_where_their_lines_and_members_meet(one, other, shared):
    assert overlap(one, other) is shared and overlap(other, one) is shared
    amounts = totals([claim(100, *one), claim(40, *other)])
    assert amounts == {PROFIT: 100 if shared else 140}


def test_a_part_lies_in_the_whole_with_all_its_pools_and_nothing_is_a_part_of_itself():
    assert is_part(gross(A, lines=[PRICE]), gross(lines=[PRICE])) and is_part(gross(A), (MARGIN,))
    assert is_part(gross(A), gross(of_members("product_id", ["a", "d"])))
    assert (
        not is_part(gross(A), gross(lines=[PRICE])) and not is_part(gross(A), gross(A)) and not is_part((), (MARGIN,))
    )


def test_money_of_its_own_always_adds():
    assert totals([claim(100, REVENUE), claim(40, MARGIN), claim(5)]) == {PROFIT: 105}


def test_each_kind_has_a_total_of_its_own_and_they_are_not_added_up():
    claims = [
        claim(50, REVENUE),
        claim(900, REVENUE, kind="annual"),
        claim(7, MARGIN, kind="annual"),
        claim(3, kind="one-off"),
    ]
    assert totals(claims) == {PROFIT: 50, ("annual", "profit"): 900, ("one-off", "profit"): 3}
    assert additions(claims) == [50, 900, 0, 3]
    assert may_be_same(claims)
    assert not may_be_same(claims[1:])


def test_without_a_stake_there_is_no_total():
    assert totals([claim(0, REVENUE)]) == {}


steps = st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["x", "y"]))
pools = st.lists(steps, min_size=0, max_size=2).map(lambda path: (("money", "revenue"), *path)) | st.just(MARGIN)
claims = st.lists(
    st.builds(
        Claim,
        st.integers(0, 100).map(Decimal),
        st.sampled_from(KINDS),
        st.lists(pools, max_size=2).map(tuple),
        st.sampled_from(MEASURES),
        st.none() | st.just(Decimal(120)),
    ),
    max_size=7,
)


@settings(max_examples=80)
@given(claims, st.randoms(use_true_random=False))
def test_the_total_counts_no_money_twice(stakes, random):
    total = totals(stakes)
    for each in ((kind, measure) for kind in KINDS for measure in MEASURES):
        alike = [stake for stake in stakes if (stake.kind, stake.measure) == each]
        assert max((stake.amount for stake in alike), default=0) <= total.get(each, 0)
        assert total.get(each, 0) == brute(alike)
    shuffled = random.sample(stakes, len(stakes))
    assert totals(shuffled) == total
    for order in (stakes, shuffled):
        added = additions(order)
        for kind, measure in ((kind, measure) for kind in KINDS for measure in MEASURES):
            of_it = [
                more for more, each in zip(added, order, strict=True) if (each.kind, each.measure) == (kind, measure)
            ]
            assert sum(of_it) == total.get((kind, measure), 0)
        assert all(0 <= more <= each.amount for more, each in zip(added, order, strict=True))


def brute(stakes):
    """The largest sum of stakes no two of which overlap, parts of a fall up to the fall, by trying every set."""
    return max(
        worth_of(chosen)
        for size in range(len(stakes) + 1)
        for chosen in combinations(stakes, size)
        if not any(overlap(one.pools, other.pools) for one, other in combinations(chosen, 2))
    )


def worth_of(chosen):
    own = sum((each.amount for each in chosen if each.most is None or not each.pools), Decimal(0))
    parts = sum((each.amount for each in chosen if each.most is not None and each.pools), Decimal(0))
    return own + min(parts, Decimal(120))


def test_parts_of_a_fall_are_together_worth_no_more_than_the_fall():
    whole = Claim(Decimal(90), "period", (FALL,), most=Decimal(90))
    parts = [
        Claim(Decimal(70), "period", ((*FALL, ("customers", part)),), most=Decimal(90)) for part in ("lost", "kept")
    ]
    assert totals([whole, *parts]) == totals(parts) == {PROFIT: 90}
    assert additions([*parts, whole]) == [70, 20, 0]


def test_a_part_of_a_fall_is_worth_no_more_than_the_fall():
    part = Stake(Decimal(150), Decimal("0.4"), "", "", most=Decimal(40), gap_low=Decimal(150), gap_high=Decimal(200))
    assert (part.amount, part.low, part.high) == (40, 40, 80)


def test_gross_profit_and_revenue_have_totals_of_their_own_and_are_not_added_up():
    mixed = [claim(50, REVENUE), Claim(Decimal(30), "period", (REVENUE,), measure="revenue")]
    assert totals(mixed) == {PROFIT: 50, ("period", "revenue"): 30}
    assert additions(mixed) == [50, 30]
    assert may_be_same(mixed)


def test_many_findings_are_totalled_at_once():
    wide = [claim(n, (*REVENUE, (f"by {n % 4}", str(n)))) for n in range(1, 61)]
    assert totals(wide) == {PROFIT: sum(range(4, 61, 4))}  # the largest of the four cuts
