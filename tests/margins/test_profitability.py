"""Profitability: each member's margins to the cent, rates that do not crown luck, and differences that are real."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import contribution, languages, margins, periods
from perfkit.errors import DataError, ParameterError
from perfkit.margins import profitability
from perfkit.margins.profitability.shrinkage import rates, tie_groups, told_apart
from perfkit.margins.profitability.views import LOSES, OWN_FIXED
from perfkit.results import plain
from tests.margins.test_allocation import booked, cost, sales

YEAR = periods.parse("2024")
AMOUNTS = [
    "net_revenue", "costed", "uncosted", "cost_of_goods", "cogs_costs", "gross_profit", "cm1_costs", "cm1", "cm2_costs",
    "cm2", "cm3_costs", "cm3",
]  # fmt: skip
RATES = ["gross_profit_rate", "cm1_rate", "cm2_rate", "cm3_rate", "coverage", "estimate"]


def line(customer, net, cost, *, day="2024-03-01", order=None, **more):
    order = order or f"{customer} {day} {net}"
    frame = {"order_id": order, "date": pd.Timestamp(day), "customer_id": customer, "net_revenue": Decimal(str(net))}
    return {**frame, "cost": None if cost is None else Decimal(str(cost)), **more}


def lines(*rows):
    first = line("a", 0, 0, day="2023-12-01")
    return pd.DataFrame([first, *rows]).astype({"cost": "object", "customer_id": "object"})


def by(rows, *dimensions, **options):
    return profitability.by(rows, dimensions=dimensions or ["customer_id"], period=YEAR, currency="EUR", **options)


def of(result, member):
    return next(row for row in result.rows.to_dict("records") if row["member"] == member)


def test_a_member_counted_by_hand_level_by_level():
    found = by(
        lines(
            line("a", 80, 30, list_revenue=Decimal(100)), line("a", 20, 10, list_revenue=Decimal(20)), line("b", 50, 60)
        ),
        costs=booked(
            cost(6, level="cogs", customer="a"),
            cost(4, customer="a"),
            cost(8, level="cm2", driver="revenue", day="2024-03-31"),
            cost(100, level="cm3", customer="a"),
            cost(7, level="fixed"),
        ),
    )
    a, b = of(found, "a"), of(found, "b")
    assert (a["list_revenue"], a["discount"], a["net_revenue"], a["lines"]) == (120, 20, 100, 2)
    assert (a["gross_profit"], a["cm1"], a["cm2"], a["cm3"]) == (54, 50, Decimal("44.67"), Decimal("-55.33"))
    assert (a["gross_profit_rate"], a["cm1_rate"]) == (0.54, 0.5)
    assert a["advice"] == OWN_FIXED and b["advice"] == LOSES
    assert b["list_revenue"] is None and b["discount"] is None
    assert (b["gross_profit"], b["cm2"]) == (-10, Decimal("-12.67"))
    assert found.unallocated[["level", "amount"]].to_numpy().tolist() == [["fixed", 7]]
    assert found.ties_to() == {"net_revenue": 150, "costs": 125, "period": "2024"}


def test_fixed_costs_of_all_are_in_no_advice():
    rows = lines(line("a", 80, 30), line("b", 20, 10))
    assert list(by(rows, costs=booked(cost(10_000, level="fixed"))).rows["advice"]) == ["", ""]


def test_lines_of_unknown_cost_are_shown_and_in_no_margin():
    found = by(lines(line("a", 90, 40), line("a", 10, None), line("b", 30, None)))
    a, b = of(found, "a"), of(found, "b")
    assert (a["costed"], a["uncosted"], a["gross_profit"], a["coverage"]) == (90, 10, 50, 0.9)
    assert a["gross_profit_rate"] is None and a["advice"] is None
    assert (b["uncosted"], b["gross_profit"], b["coverage"]) == (30, None, 0.0)
    assert "cost of 69.2% of the amounts sold is known; €40 of net revenue" in plain(found.views()[0])
    assert set(found.figures()["status"]) == {"observed", "partial", "not available"}


def test_without_any_cost_there_is_revenue_and_what_is_missing():
    found = by(lines(line("a", 90, 1)).drop(columns="cost"))
    assert found.deepest == "net_revenue" and of(found, "a")["gross_profit"] is None
    assert found.views()[0].title == "No cost is known, so there is no margin by customer"


def test_the_unknown_member_has_its_row_and_is_no_estimate():
    found = by(lines(line(None, 10, 4), line(None, 20, 8), line("a", 10, 5), line("a", 30, 12)))
    assert list(found.rows["member"]) == ["a", None]
    assert of(found, None)["gross_profit"] == 18 and of(found, None)["estimate"] is None
    assert "(unknown)" in plain(found.views()[0])


def test_members_that_share_a_name_are_told_apart():
    named = lines(line("a", 10, 4), line("b", 20, 8)).assign(customer_name="Dupont")
    assert list(by(named).rows["name"]) == ["Dupont (a)", "Dupont (b)"]


def test_a_dimension_that_the_data_lack_is_asked_for():
    found = by(lines(line("a", 10, 4)), "country")
    assert "country of each customer" in found.reason
    assert found.figures()["status"].tolist() == ["not available"] and found.ties_to() is None


def test_what_cannot_be_a_dimension_is_refused():
    rows = lines(line("a", 10, 4))
    with pytest.raises(ParameterError, match="give a list, such as"):
        profitability.by(rows, dimensions="customer_id", period=YEAR, currency="EUR")
    with pytest.raises(ParameterError, match="two different ones"):
        by(rows, "customer_id", "customer_id")
    with pytest.raises(ParameterError, match="no dimension 'custmer_id'"):
        by(rows, "custmer_id")
    with pytest.raises(DataError, match="the data start on 2024-03-01"):
        by(rows[1:])


cells = st.tuples(
    st.sampled_from(["a", "b", "c", None]), st.sampled_from(["x", "y", None]),
    st.integers(-9_999, 99_999), st.one_of(st.none(), st.integers(-9_999, 99_999)),
)  # fmt: skip


@settings(max_examples=6)
@given(st.lists(cells, min_size=1, max_size=15), st.integers(2, 5))
def test_every_breakdown_sums_to_the_total_and_shuffling_and_scaling_change_no_rate(rows, factor):
    plain_ = lines(
        line("a", 0, 0, tier="x"),
        *(line(a, Decimal(n) / 100, None if c is None else Decimal(c) / 100, order="o", tier=t) for a, t, n, c in rows),
    )
    one, other, cross = by(plain_), by(plain_, "tier"), by(plain_, "customer_id", "tier")
    for column in ("net_revenue", "costed", "uncosted", "cost_of_goods"):
        whole = sum(plain_["net_revenue"], Decimal(0)) if column == "net_revenue" else sum(one.rows[column])
        for result in (one, other, cross):
            assert sum(result.rows[column]) == whole, column
        for member, part in cross.rows.groupby("member", dropna=False):  # a cross sums to its margins
            member = None if languages.missing(member) else member
            assert sum(part[column]) == of(one, member)[column]
    expected = {}  # in pandas and Decimal, by another way
    for row in plain_[1:].to_dict("records"):
        if not languages.missing(row["cost"]):
            key = None if languages.missing(row["customer_id"]) else row["customer_id"]
            expected[key] = expected.get(key, Decimal(0)) + row["net_revenue"] - row["cost"]
    assert {
        row["member"]: row["gross_profit"] for row in one.rows.to_dict("records") if row["gross_profit"] is not None
    } == expected
    again = by(plain_.sample(frac=1, random_state=1).reset_index(drop=True).assign(note="n"))
    pd.testing.assert_frame_equal(again.rows, one.rows)
    costs = [None if languages.missing(each) else each * factor for each in plain_["cost"]]
    scaled = by(plain_.assign(net_revenue=plain_["net_revenue"] * factor, cost=pd.Series(costs, dtype="object")))
    for before, after in zip(one.rows.to_dict("records"), scaled.rows.to_dict("records"), strict=True):
        assert [before[name] if before[name] is None else before[name] * factor for name in AMOUNTS] == [
            after[name] for name in AMOUNTS
        ]
        for name in RATES:
            assert (before[name] is None) == (after[name] is None)
            assert before[name] is None or after[name] == pytest.approx(before[name], abs=1e-6)


def of_members(rng, true, n):
    """The sums of members with a true rate each, from n lines of their own."""
    r = rng.uniform(50, 150, (len(true), n))
    p = r * np.asarray(true)[:, None] + rng.normal(0, 20, r.shape)
    return np.full(len(true), float(n)), r.sum(1), p.sum(1), (r * r).sum(1), (p * r).sum(1), (p * p).sum(1)


def test_twenty_alike_are_hardly_ever_told_apart_and_twenty_different_are():
    rng = np.random.default_rng(0)
    share = []
    for true in (np.full(20, 0.4), np.linspace(0.1, 0.7, 20)):
        pairs = []
        for _ in range(30):
            found = rates(*of_members(rng, true, 20))
            pairs += [told_apart(found, one, other) for one in range(20) for other in range(one)]
        share.append(np.mean(pairs))
    assert share[0] < 0.03 and share[1] > 0.6


def test_intervals_hold_the_true_rate_as_often_as_they_say():
    rng, hits = np.random.default_rng(1), []
    for _ in range(60):
        true = rng.normal(0.4, 0.05, 30)
        found = rates(*of_members(rng, true, 15))
        hits += list((found.low <= true) & (true <= found.high))
    assert 0.87 < np.mean(hits) < 0.93


def test_shrunken_rates_lie_between_their_own_and_the_mean():
    sums = of_members(np.random.default_rng(2), np.linspace(0.3, 0.5, 8), 5)
    found, own = rates(*sums), sums[2] / sums[1]
    assert ((found.estimate - own) * (found.mean - found.estimate) >= -1e-12).all()
    assert found.tau2 >= 0


def test_tie_groups_share_a_letter_exactly_where_they_are_not_told_apart():
    found = rates(*of_members(np.random.default_rng(3), np.linspace(0.3, 0.6, 8), 25))
    letters = tie_groups(found, np.arange(8)).to_dict()
    for one in range(8):
        for other in range(one):
            assert bool(set(letters[one]) & set(letters[other])) != told_apart(found, one, other)


def test_one_line_or_one_rate_for_all_breaks_nothing():
    single = by(lines(line("a", 10, 4)))
    assert of(single, "a")["estimate"] is None
    alike = by(lines(*(line(each, 10 + n, 0, order=f"{each}{n}") for each in "ab" for n in range(3))))
    assert of(alike, "a")["estimate"] == pytest.approx(1) and of(alike, "a")["tie"] == of(alike, "b")["tie"]
    nothing = by(lines(line("a", 0, 0), line("b", -5, -2), line("b", -5, -2, order="2")))
    assert nothing.rows["gross_profit_rate"].isna().all() and nothing.rows["estimate"].isna().all()
    assert nothing.views()[0].title


def test_differences_are_those_of_statsmodels_robust_to_clusters():
    rng, rows = np.random.default_rng(4), []
    for customer in range(40):
        segment, lift = "x" if customer % 4 == 0 else "y", rng.normal(0, 0.1)
        for n in range(rng.integers(1, 6)):
            net = round(float(rng.uniform(10, 100)), 2)
            rows.append(
                line(f"c{customer}", net, round(net * (0.6 - lift), 2), order=f"{customer}-{n}", segment=segment)
            )
    table = lines(*rows)[1:].assign(date=pd.Timestamp("2024-01-01"))
    found = profitability.differences(table, by="segment", period=YEAR).rows.set_index("member").loc["x"]
    r, c = table["net_revenue"].astype(float), table["cost"].astype(float)
    design = sm.add_constant((table["segment"] == "x").astype(float))
    groups = table["customer_id"].astype("category").cat.codes
    fit = sm.WLS((r - c) / r, design, weights=r).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    assert found["estimate"] == pytest.approx(fit.params.iloc[1])
    error = (found["high"] - found["low"]) / 2
    half = fit.bse.iloc[1] * np.sqrt(40 / 39)  # 10 customers on the smaller side: 9 degrees of freedom
    assert error == pytest.approx(half * 1.8331129326536335, rel=1e-9)
    assert found["p"] <= found["adjusted_p"] <= 1


def test_too_few_customers_have_no_p():
    found = profitability.differences(
        lines(*(line(each, 10, 4, segment="x" if each < "c" else "y") for each in "abcdefgh")),
        by="segment",
        period=YEAR,
    )
    assert found.rows["p"].isna().all() and "Fewer than 5 to compare by customer" in plain(found.views()[0])
    assert set(found.figures()["status"]) == {"not available"}


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_every_result_shows_itself(language):
    languages.use(language)
    costs = contribution.costs(booked(cost(5, driver="orders"), cost(6), cost(7, level="fixed")))
    found = by(sales(), "customer_id", "channel", costs=costs)
    assert found.views() and found.html() and found.payload()["figures"]
    assert margins.profitability.differences(sales(), by="channel", period=YEAR).html()
