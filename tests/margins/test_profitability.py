"""Profitability: each member's margins to the cent, rates that do not crown luck, and differences that are real."""

from decimal import Decimal
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import stdtr, stdtrit

from perfkit import contribution, improve, languages, margins, periods
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


@pytest.mark.parametrize("dimension", ["customer_id", "channel"])
def test_members_and_what_is_not_allocated_sum_to_the_margins_of_all_and_to_the_ledger(dimension):
    """Each column of the table sums to its total: the ledger's costs, and the margins of all."""
    table = lines(line("a", 80, 30, channel="web"), line("b", 50, 60, channel="shop"), line(None, 5, 1))
    costs = booked(
        cost(6, level="cogs", customer="a"), cost(4, driver="orders", day="2024-03-31"), cost(3),
        cost(8, level="cm2"), cost(2, level="cm2", customer="b"), cost(1, level="cm3"), cost(7, level="fixed"),
    )  # fmt: skip
    found = by(table, dimension, costs=costs)
    view = found.views()[0]
    rows = view.rows.to_dict("records")
    assert [row["label"] for row in rows[-2:]] == ["Not allocated", "Total"]
    shown = [field.key for field in view.fields if field.unit == "quantity"]
    assert shown == ["net_revenue", "gross_profit", "cm1", "cm2", "beyond"]
    for key in shown:
        assert sum(row[key] for row in rows[:-1] if row[key] is not None) == rows[-1][key]
    assert rows[-1]["beyond"] == found.costs_total == 31
    # Of 135 of revenue, less 91 of goods and 6 of that level, 7 of variable costs and 10 of serving are gone.
    for margin, amount in (("gross_profit", 38), ("cm1", 31), ("cm2", 21)):
        assert rows[-1][margin] == amount and found.whole()[f"{margin}_rate"] == amount / 135


def test_a_cost_of_the_product_table_is_told_wherever_a_margin_is():
    rows = lines(line("a", 80, 30), line("b", 50, None)).assign(quantity=[1, 2, 5], unit_cost=[0, 9, 4])
    said = "40.0% of the cost of goods, below €50 of net revenue, is a standard cost"  # 5 x 4 of 30 + 20
    curve = profitability.whale_curve(rows, period=YEAR, currency="EUR")
    told = margins.statement.statement(rows, period=YEAR, currency="EUR")
    for result in (by(rows), curve, told):
        assert any(each.startswith(said) for each in result.views()[0].notes)
    assert (told.standard.cost, told.standard.of, told.standard.revenue) == (20, 50, 50)
    for result in (by(rows.assign(cost=[0, 30, 20])), by(rows.drop(columns="unit_cost"))):
        assert not result.cautions and not any("standard cost" in each for each in result.views()[0].notes)


def test_where_no_cost_reaches_a_member_the_table_still_holds_them_all():
    found = by(lines(line("a", 80, 30), line("b", 50, 60)), costs=booked(cost(3), cost(7, level="fixed")))
    rows = found.views()[0].rows.set_index("label")
    assert any("€7 are common fixed costs" in each for each in found.views()[0].notes)
    assert list(rows["beyond"]) == [0, 0, 10, 10] and rows.loc["Not allocated", "net_revenue"] == 0


def test_fixed_costs_of_all_are_in_no_advice():
    rows = lines(line("a", 80, 30), line("b", 20, 10))
    assert list(by(rows, costs=booked(cost(10_000, level="fixed"))).rows["advice"]) == ["", ""]


def test_lines_of_unknown_cost_are_shown_and_in_no_margin():
    found = by(lines(line("a", 90, 40), line("a", 10, None), line("b", 30, None)))
    a, b = of(found, "a"), of(found, "b")
    assert (a["costed"], a["uncosted"], a["gross_profit"], a["coverage"]) == (90, 10, 50, 0.9)
    assert a["gross_profit_rate"] == 50 / 90 and a["cm1_rate"] is None and a["advice"] is None
    assert (b["uncosted"], b["gross_profit"], b["coverage"]) == (30, None, 0.0)
    assert "cost of 69.2% of the amounts sold is known; €40 of net revenue" in plain(found.views()[0])
    assert set(found.figures()["status"]) == {"observed", "partial", "not available"}


def test_all_rates_of_a_member_stand_on_the_revenue_whose_cost_is_known():
    rows = lines(line("a", 96, 48), line("a", 4, None), line("b", 100, 60))
    found = by(rows, costs=booked(cost(12, customer="a"), cost(6, level="cm2", customer="a")))
    a = of(found, "a")
    assert [a[f"{name}_rate"] for name in ("gross_profit", "cm1", "cm2")] == [48 / 96, 36 / 96, 30 / 96]
    assert "Each rate of a cost or a margin is of the net revenue whose cost is known." in plain(found.views()[0])
    whole = by(lines(line("a", 96, 48)))
    assert "Each rate is of net revenue." in plain(whole.views()[0])


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


def test_differences_are_those_of_statsmodels_and_their_errors_those_of_bell_and_mccaffrey():
    rng, rows = np.random.default_rng(4), []
    for customer in range(40):
        size, lift = 10 * np.exp(rng.normal(0, 0.6)), rng.normal(0, 0.1)
        for n in range(rng.integers(1, 6)):  # one customer in four buys in both segments
            segment = "x" if customer % 4 == 0 or (customer % 4 == 1 and n % 2) else "y"
            net = round(float(size * rng.uniform(1, 3)), 2)
            cost = round(net * (0.6 - lift + rng.normal(0, 0.05)), 2)
            rows.append(line(f"c{customer}", net, cost, order=f"{customer}-{n}", segment=segment))
    table = lines(*rows)[1:].assign(date=pd.Timestamp("2024-01-01"))
    found = profitability.differences(table, by="segment", period=YEAR).rows.set_index("member").loc["x"]
    cells = (
        table.astype({"net_revenue": float, "cost": float}).groupby(["segment", "customer_id"]).sum(numeric_only=True)
    )
    cells = cells.reset_index()
    r = cells["net_revenue"].to_numpy()
    rate = 1 - cells["cost"].to_numpy() / r
    design = sm.add_constant((cells["segment"] == "x").astype(float)).to_numpy()
    fit = sm.WLS(rate, design, weights=r).fit()
    assert found["estimate"] == pytest.approx(fit.params[1])
    # Their formulas as they are printed, with matrices and their roots: one block a customer.
    bread = np.linalg.inv(design.T @ (r[:, None] * design))
    makes = np.eye(len(r)) - design @ bread @ (design.T * r)
    squares, pulls = 0.0, []
    for _customer, block in cells.groupby("customer_id"):
        at = block.index.to_numpy()
        values, vectors = np.linalg.eigh((makes @ makes.T)[np.ix_(at, at)])
        pull = (bread[1] @ design[at].T * r[at]) @ (vectors / np.sqrt(values)) @ vectors.T
        squares += float(pull @ (rate - fit.fittedvalues)[at]) ** 2
        pulls.append(pull @ makes[at])
    gram = np.array(pulls) @ np.array(pulls).T
    freedom = np.trace(gram) ** 2 / (gram**2).sum()
    assert 4 < freedom < 15  # ten customers buy in x alone and ten in both, of very uneven sizes
    assert (found["high"] - found["low"]) / 2 == pytest.approx(stdtrit(freedom, 0.95) * np.sqrt(squares), rel=1e-9)
    assert found["p"] == pytest.approx(2 * stdtr(freedom, -abs(found["estimate"]) / np.sqrt(squares)), rel=1e-9)
    assert found["p"] <= found["adjusted_p"] <= 1


def test_customers_of_one_size_have_the_freedom_of_their_number():
    rng, rows = np.random.default_rng(5), []
    for segment, customers in (("x", 6), ("y", 600)):
        rows += [line(f"{segment}{n}", 10, float(rng.normal(6, 1)), segment=segment) for n in range(customers)]
    table = lines(*rows)[1:].assign(date=pd.Timestamp("2024-01-01"))
    found = profitability.differences(table, by="segment", period=YEAR).rows.set_index("member").loc["x"]
    costs = {segment: part["cost"].astype(float) for segment, part in table.groupby("segment")}
    error = np.sqrt(sum(part.var() / len(part) for part in costs.values()) / 100)  # of two means, as Welch has it
    assert (found["high"] - found["low"]) / 2 == pytest.approx(stdtrit(5, 0.95) * error, rel=0.01)


def test_alike_members_of_very_uneven_customers_are_hardly_ever_told_apart():
    told, tested = 0, 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        size = 100 * np.exp(draw.normal(0, 2, 120))
        rate = 0.4 + draw.normal(0, 0.1, 120)
        sums = pd.DataFrame({"member": ["x", "y"] * 60, "cluster": [f"c{n}" for n in range(120)], "costed": size})
        sums = sums.assign(cost=size * (1 - rate), lines=1, costed_lines=1, named=sums["member"])
        found = import_module("perfkit.margins.profitability.differences")._tested(sums, {})
        told += bool((found["adjusted_p"].dropna() <= 0.1).any())
        tested += bool(found["p"].notna().any())
    assert told <= 8 and tested >= 10  # of 40, where 4 are expected: more than 8 come once in fifty


def test_a_few_customers_that_are_nearly_all_of_a_member_are_too_few():
    rows = [line(f"x{n}", 1000 if n < 2 else 1, 400 + n if n < 2 else 0.5, segment="x") for n in range(30)]
    rows += [line(f"y{n}", 10, 5 + n % 3, segment="y") for n in range(30)]
    found = profitability.differences(lines(*rows), by="segment", period=YEAR)
    assert found.rows["p"].isna().all()
    assert "or a few of them are nearly all of it: too few to tell." in plain(found.views()[0])


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


def test_no_two_members_of_a_cross_share_the_id_of_a_figure():
    rows = lines(
        line("a,=b", 10, 4, channel="c"), line("a", 20, 8, channel="b,=c"), line("a%2C=b", 30, 8, channel="c")
    )[1:].assign(date=pd.Timestamp("2024-01-01"))
    ids = by(rows, "customer_id", "channel").figures()["figure_id"]
    assert ids.is_unique


def test_costs_that_reach_a_member_of_unknown_margin_are_in_the_total_as_in_the_statement_and_are_told():
    table = lines(line("a", 1000, 300), line("b", 50, 60), line("c", 10, None))
    march = {"day": "2024-03-31"}
    costs = booked(cost(6, **march), cost(5, customer="c", **march), cost(4, level="cm2", customer="c", **march))
    found = by(table, costs=costs)
    whole = found.whole()
    assert (whole["gross_profit"], whole["cm1"], whole["cm2"]) == (690, 679, 675)
    told = margins.statement.statement(
        table, contribution.costs(costs), period=periods.parse("2024-03"), currency="EUR"
    )
    assert (told.amount("cm1"), told.amount("cm2")) == (whole["cm1"], whole["cm2"])
    assert "€9 of costs reach members whose margin is not known" in plain(found.views()[0])
    assert "whose margin is not known" not in plain(by(lines(line("a", 80, 30)), costs=costs).views()[0])


def test_a_gross_margin_rate_is_of_what_is_covered_and_says_how_much_that_is():
    table = lines(line("a", 92, 40), line("a", 8, None), line("b", 1000, 400), line("c", 5, None))
    found = by(table, costs=booked(cost(7, customer="a")))
    a, c = of(found, "a"), of(found, "c")
    assert a["coverage"] == 0.92 and a["gross_profit_rate"] == 52 / 92
    # Costs beyond the goods are of all of its lines, the revenue below them of some: no rate after them.
    assert a["cm1"] == 45 and a["cm1_rate"] is None and c["gross_profit_rate"] is None
    view = found.views()[0]
    assert "Cost known, %" in [field.heading for field in view.fields]
    assert view.rows.set_index("label")["coverage"]["a"] == 0.92
    differs = profitability.differences(table, by="customer_id", period=YEAR)
    assert of(differs, "a")["rate"] == a["gross_profit_rate"]
    assert "Cost known, %" not in [each.heading for each in by(lines(line("a", 92, 40))).views()[0].fields]


def test_abbreviated_margins_are_defined_under_the_table():
    shown = plain(
        by(
            lines(line("a", 80, 30)), costs=booked(cost(3), cost(2, level="cm2"), cost(1, level="cm3", customer="a"))
        ).views()[0]
    )
    assert "CM2 = CM1 less cost to serve and to win customers" in shown
    assert "CM3 = CM2 less specific fixed costs" in shown


def test_an_answer_and_the_title_of_a_table_divide_by_the_same_total():
    """What reaches nobody is in the total of both: 60 of 100, and not of the 110 of those that have a name."""
    table = lines(line("a", 100, 40), line("b", 100, 50), line(None, 5, 15))
    found = by(table)
    assert found.views()[0].title == "a brings 60.0% of gross margin"
    assert "a brings 60.0% of gross margin (€60)" in improve.earned(found).sentences[0]


def test_nobody_is_said_to_earn_most_where_the_cost_of_too_much_is_not_known():
    found = by(lines(line("a", 100, 20), line("b", 100, 50), line("b", 90, None)))
    said = "By customer: the cost of 69.0% of the amounts is known, too little to say who earns most"
    assert found.views()[0].title == said
    assert improve.earned(found).sentences == (f"{said}.",)


def test_a_share_is_of_what_members_bring_before_costs_that_reach_none():
    """70 and 40 of 110, whatever the 60 that nothing spreads leave of them."""
    costs = booked(cost(60, level="cm1"), cost(10, level="cm1", customer="a"))
    found = by(lines(line("a", 100, 20), line("b", 80, 40)), costs=costs)
    title = found.views()[0].title
    assert title == "a brings 63.6% of contribution margin 1, before costs that are not allocated"
    [told] = improve.earned(found).sentences
    assert told.startswith("By customer, a brings 63.6% of contribution margin 1, before costs that are not allocated")


def test_further_costs_of_goods_make_another_margin_than_that_of_the_lines():
    found = by(lines(line("a", 100, 20)), costs=booked(cost(5, level="cogs")))
    headings = [field.heading for field in found.views()[0].fields]
    assert "Gross margin after other purchase costs, EUR" in headings
    assert "Gross margin after other purchase costs, %" in headings
    plainly = [field.heading for field in by(lines(line("a", 100, 20))).views()[0].fields]
    assert "Gross margin, EUR" in plainly and "Gross margin, %" in plainly


def test_without_a_line_that_has_a_cost_and_a_customer_differences_say_that_there_is_none():
    for rows in (lines(line(None, 100, 20)), lines(line("a", 100, None)), lines()):
        found = profitability.differences(rows.assign(segment="x"), by="segment", period=YEAR)
        assert found.rows.empty and found.views()
