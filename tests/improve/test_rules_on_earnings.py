"""Rules on what members earn: where each must speak and where it must be silent, counted by hand."""

from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest

from perfkit import contribution, improve, kpis, margins, periods
from perfkit.improve.stakes import COSTS

JANUARY = periods.parse("2024-01")
BASE = JANUARY.year_before()
OPTIONS = {"period": JANUARY, "currency": "EUR"}

pytestmark = pytest.mark.usefixtures("few_will_do")


@pytest.fixture
def sold(sales):
    """Return a function that makes lines of both years: (channel, revenue then, cost then, revenue now, cost now)."""

    def made(*channels, orders=1):
        rows, names, costs = [], [], []
        for name, *years in channels:
            for day, (revenue, cost) in zip(("2023-01-05", "2024-01-05"), (years[:2], years[2:]), strict=True):
                for number in range(orders):
                    rows.append((day, revenue / orders, f"{name}{number}", f"{name} {day} {number}"))
                    names.append(name)
                    costs.append(None if cost is None else cost / orders)
        return sales(*rows, channel=names, cost=costs)

    return made


def costs(*rows):
    """Costs of January 2024: (kind, level, amount, channel, driver); and of a year before: amount_before, else all."""
    frame = pd.DataFrame(rows, columns=["kind", "level", "amount", "channel", "driver", "before"])
    now, then = frame.assign(period="2024-01-01"), frame.assign(period="2023-01-01", amount=frame["before"])
    both = pd.concat([now, then], ignore_index=True).drop(columns="before")
    return contribution.costs(
        both.assign(period=pd.to_datetime(both["period"]), amount=both["amount"].astype("float64"))
    )


def members(lines, booked=None, by="channel"):
    return margins.profitability.by(lines, dimensions=[by], costs=booked, **OPTIONS)


def whale(lines, booked=None, previous=None):
    return margins.profitability.whale_curve(lines, by="customer_id", costs=booked, previous=previous, **OPTIONS)


def statement(lines, booked):
    return margins.statement.statement(lines, booked, **OPTIONS)


def told(lines, *results, **options):
    return improve.findings(kpis.scorecard(lines, **OPTIONS), *results, **options)


FREIGHT = ("Freight", "cm1", 30, "Shop", None, 30)


def test_loses_money_speaks_of_a_member_that_costs_more_than_it_brings_once_it_is_served(sold):
    lines = sold(("Web", 100, 50, 100, 50), ("Shop", 50, 30, 50, 30))
    found = told(lines, members(lines, costs(FREIGHT))).find("loses_money:channel")
    assert found.claim == "By channel, Shop costs more than it brings, free goods and serving included: €10 lost."
    assert (found.value, found.amount) == (-10, 10)  # 50 less 30 of goods and 30 of freight
    assert found.caveat.startswith("Common fixed costs are in no loss")


def test_loses_money_speaks_of_customers_and_of_goods_where_no_cost_to_serve_is_known(sold):
    lines = sold(("Web", 100, 50, 100, 50), ("Shop", 50, 60, 50, 60), ("Fair", 50, 55, 50, 55))
    found = told(lines, whale(lines)).find("loses_money:customer_id")
    assert found.claim == (
        "By customer, 2 of 3 bring less than their goods cost, free goods included, first Shop0 and Fair0: €15 lost."
    )
    assert found.amount == 15 and "without a year before" in found.stake.basis


def test_loses_money_asks_what_is_given_free_before_a_price_is_raised(sales):
    rows = [("2024-01-05", 2000, "a", "1"), ("2024-01-05", 1000, "b", "2"), ("2024-01-05", 0, "b", "3")]
    lines = sales(*rows, cost=[1000, 720, 526])  # b buys at a margin of 28 %, and was given a piece
    found = told(lines, whale(lines)).find("loses_money:customer_id")
    assert found.claim == "By customer, b brings less than its goods cost, free goods included: €246 lost."
    assert found.action.what.startswith("For each, look first at what is given free; then raise the price")


def test_loses_money_is_silent_where_each_earns_and_of_common_fixed_costs(sold):
    lines = sold(("Web", 100, 50, 100, 50), ("Shop", 50, 30, 50, 30))
    common = costs(("Rent", "fixed", 1000, None, None, 1000))
    found = told(lines, members(lines, common), whale(lines, common))
    assert not [item for item in found.items if item.id.startswith(("loses_money", "own_fixed"))]


def test_loses_money_is_silent_where_the_costs_of_much_are_not_known(sold):
    lines = sold(("Web", 100, None, 100, None), ("Shop", 50, 60, 50, 60))
    more = pd.concat([lines, lines[lines["channel"] == "Web"].assign(cost=10, net_revenue=1)])
    assert told(more, whale(more)).find("loses_money:customer_id") is None


def test_loses_money_is_silent_where_sales_without_a_cost_and_their_returns_cancel(sold):
    lines = sold(("Web", 100, 50, 100, 50), ("Shop", 50, 60, 50, 60))
    web = lines[lines["channel"] == "Web"].assign(cost=None, net_revenue=200)
    more = pd.concat([lines, web, web.assign(net_revenue=-200)])
    assert told(lines, whale(lines)).find("loses_money:customer_id").amount == 10
    assert told(more, whale(more)).find("loses_money:customer_id") is None


@pytest.mark.parametrize("unknown", [968, -60], ids=["sales", "a return"])
def test_loses_money_says_nothing_of_a_member_of_which_the_cost_of_much_is_not_known(sold, unknown):
    lines = sold(("Web", 20000, 19000, 20000, 19000), ("Fair", 100, 130, 100, 130), ("Part", 32, 50, 32, 50))
    part = lines[lines["channel"] == "Part"].assign(cost=None, net_revenue=unknown)
    lines = pd.concat([lines, part], ignore_index=True)  # of 20,000 and more in all, the cost of 95 % is known
    found = told(lines, whale(lines)).find("loses_money:customer_id")
    assert found.claim == "By customer, Fair0 brings less than its goods cost, free goods included: €30 lost."
    assert (found.amount, found.figure_ids) == (30, ())
    curve = whale(lines, previous=BASE)
    halved = replace(curve, before=replace(curve.before, expected=Decimal(-24)))  # of all 48 that the curve ranks
    assert told(lines, halved).find("loses_money:customer_id").amount == 15


def test_loses_money_stakes_what_is_to_be_expected_after_a_year_of_bad_luck(sold):
    """Those that lose now earned a year before: of a loss little comes back (regression to the mean).

    Where those that lost lose as much again, there is no regression, and the whole loss is at stake.
    """
    around = [(f"c{n}", 10, 10 - gain, 10, 10 - gain) for n, gain in enumerate([2, -1, 1, -2, 1, 2, -1, 1, 2, 1])]
    steady = sold(("Web", 200, 100, 200, 100), *around)
    lucky = sold(("Web", 200, 100, 200, 100), *[(c, 10, 20 - cost, 10, cost) for c, _, cost, _, _ in around])
    again, chance = (
        told(lines, whale(lines, previous=BASE)).find("loses_money:customer_id") for lines in (steady, lucky)
    )
    assert (again.value, again.amount) == (-4, 4)  # whoever lost then loses now, all of it
    assert again.stake.basis.startswith("The loss itself. No regression to the mean to speak of")
    assert (chance.value, chance.stake, chance.tone) == (-4, None, None)
    assert chance.caveat.startswith("No stake: after a year like this one")


def test_loses_money_takes_the_place_of_sales_below_cost_so_that_no_loss_is_told_twice(sold):
    lines = sold(("Web", 100, 50, 100, 50), ("Shop", 50, 60, 50, 60))
    channels = kpis.breakdown(lines, by="channel", **OPTIONS)
    assert told(lines, channels).find("below_cost:channel").amount == 10
    both = told(lines, channels, members(lines, costs(FREIGHT)))
    assert both.find("below_cost:channel") is None
    assert both.find("loses_money:channel").amount == 40
    twice = told(lines, members(lines, costs(FREIGHT)), whale(lines, costs(FREIGHT)))
    assert {item.id for item in twice.items if item.amount} >= {"loses_money:channel", "loses_money:customer_id"}
    assert twice.total["period", "profit"] == 40


def test_own_fixed_costs_speaks_of_a_member_that_does_not_earn_them(sold):
    lines = sold(("Web", 100, 50, 100, 50), ("Shop", 50, 30, 50, 30))
    found = told(lines, members(lines, costs(("Rent of the shop", "cm3", 35, "Shop", None, 35)))).find(
        "own_fixed_costs:channel"
    )
    assert found.claim == "By channel, Shop earns €20 before its own fixed costs of €35: €15 short."
    assert (found.value, found.amount) == (-15, 15)


def test_own_fixed_costs_is_silent_where_they_are_earned_or_shared(sold):
    lines = sold(("Web", 100, 50, 100, 50), ("Shop", 50, 30, 50, 30))
    for cost in (("Rent", "cm3", 15, "Shop", None, 15), ("Reps", "cm3", 100, None, "orders", 100)):
        assert told(lines, members(lines, costs(cost))).find("own_fixed_costs:channel") is None


def test_cost_to_serve_speaks_of_a_member_whose_margin_serving_eats(sold):
    lines = sold(("Web", 100, 50, 100, 50), ("Shop", 100, 50, 100, 50))
    booked = costs(("Freight", "cm2", 20, "Shop", None, 20), ("Freight", "cm2", 5, "Web", None, 5))
    found = told(lines, members(lines, booked)).find("cost_to_serve:channel")
    assert found.claim == (
        "By channel, selling to Shop and serving it costs 20.0% of its revenue, against 5.0% for the others: 40.0% of "
        "its gross margin goes."
    )
    assert (found.value, found.stake) == (0.2, None)  # nobody has said which share of the gap can be reached


def test_cost_to_serve_is_silent_of_a_small_gap_and_of_a_margin_that_bears_it(sold):
    near = sold(("Web", 100, 50, 100, 50), ("Shop", 100, 50, 100, 50))
    alike = costs(("Freight", "cm2", 7, "Shop", None, 7), ("Freight", "cm2", 5, "Web", None, 5))
    assert told(near, members(near, alike)).find("cost_to_serve:channel") is None
    rich = sold(("Web", 100, 80, 100, 80), ("Shop", 100, 10, 100, 10))  # 20 % of revenue, and of a high margin
    dear = costs(("Freight", "cm2", 18, "Shop", None, 18), ("Freight", "cm2", 4, "Web", None, 4))
    assert told(rich, members(rich, dear)).find("cost_to_serve:channel") is None


def test_cost_to_serve_is_silent_of_a_member_that_hardly_sells(sold):
    """Five of postage on nine of freight: more than half a per cent of the margin, and nothing to decide."""
    for post, spoken in ((9, False), (11, True)):  # of 1,009 and of 1,011: below and above one per cent
        lines = sold(("Web", 1000, 950, 1000, 950), ("Post", post, 0, post, 0))
        booked = costs(("Freight", "cm2", 5, "Post", None, 5), ("Freight", "cm2", 5, "Web", None, 5))
        found = told(lines, members(lines, booked)).find("cost_to_serve:channel")
        assert (found is not None) is spoken


def test_a_gap_to_others_has_a_stake_once_the_company_says_which_share_it_can_reach(sold):
    lines = sold(("Web", 100, 50, 100, 50), ("Shop", 100, 80, 100, 80))
    booked = costs(("Freight", "cm2", 15, "Shop", None, 15), ("Freight", "cm2", 5, "Web", None, 5))
    channels = kpis.breakdown(lines, by="channel", **OPTIONS)
    actions = {"cost_to_serve:channel": {"achievable": "0.5"}, "low_margin": {"achievable": "0.2", "cost": 1}}
    served = told(lines, members(lines, booked), actions=actions).find("cost_to_serve:channel")
    assert float(served.amount) == pytest.approx(5)  # half of 10 points of 100
    low = told(lines, channels, actions=actions).find("low_margin:channel")
    assert float(low.amount) == pytest.approx(5)  # a fifth of 30 points of 100, less 1
    owned = told(lines, channels, actions={"low_margin": {"owner": "Ben"}}).find("low_margin:channel")
    assert (owned.stake, owned.action.owner) == (None, "Ben")


def test_costs_rose_speaks_of_variable_costs_beyond_revenue_and_of_fixed_ones_in_amount(sold):
    lines = sold(("Web", 100, 50, 200, 100))
    booked = costs(("Freight", "cm1", 25, "Web", None, 10), ("Rent", "fixed", 13, None, None, 10))
    found = told(lines, statement(lines, booked)).find("costs_rose")
    assert (
        found.claim
        == "Costs beyond the goods took €8 more than those of January 2023 at the revenue now: Freight and Rent."
    )
    assert found.amount == 8  # freight 25, where twice the revenue would have taken 20; rent 13 after 10
    assert found.pools == (
        (*COSTS, ("level", "cm1"), ("cost", "costs:cm1:Freight")),
        (*COSTS, ("level", "fixed"), ("cost", "costs:fixed:Rent")),
    )


def test_a_cost_that_rose_is_other_money_than_a_loss_that_bears_none_of_it_and_may_be_the_same_else(sold):
    lines = sold(("Web", 100, 50, 200, 100), ("Shop", 50, 60, 50, 60))
    booked = costs(("Freight", "cm1", 25, "Web", None, 10.2), ("Visits", "cm2", 6, "Shop", None, 3.6))
    apart = told(lines, statement(lines, booked), members(lines, booked))
    rose, loses = apart.find("costs_rose"), apart.find("loses_money:channel")
    assert (rose.amount, loses.amount) == (8, 16) and sum(apart.total.values()) == 24  # no freight is Shop's
    shared = costs(("Freight", "cm1", 25, None, "orders", 10.2), ("Visits", "cm2", 6, "Shop", None, 3.6))
    same = told(lines, statement(lines, shared), members(lines, shared))
    assert max(same.find("costs_rose").amount, same.find("loses_money:channel").amount) == sum(same.total.values())


def test_a_cost_to_serve_that_did_not_move_while_revenue_fell_has_not_risen(sold):
    """The fall of revenue is staked before it: money that more revenue would bring is not to be saved as well."""
    lines = sold(("Web", 200, 100, 100, 50))
    for level, amount in (("cm1", 10), ("cm2", None)):
        booked = costs(("Warehouse", level, 20, "Web", None, 20), ("Rent", "fixed", 1, None, None, 1))
        found = told(lines, statement(lines, booked)).find("costs_rose")
        assert (found and found.amount) == amount
    more = costs(("Warehouse", "cm2", 28, "Web", None, 20))
    assert told(lines, statement(lines, more)).find("costs_rose").amount == 8


def test_a_kind_of_cost_that_is_called_otherwise_this_year_has_not_risen(sold):
    lines = sold(("Web", 100, 50, 200, 100))
    renamed = costs(("Freight", "cm1", 0, "Web", None, 10), ("Transport", "cm1", 20, "Web", None, 0))
    for booked in (renamed, renamed.filter(renamed.amount != 0)):
        assert told(lines, statement(lines, booked)).find("costs_rose") is None


def test_costs_rose_is_silent_where_they_follow_revenue_or_there_is_no_year_before(sold):
    lines = sold(("Web", 100, 50, 200, 100))
    booked = costs(("Freight", "cm1", 20, "Web", None, 10), ("Rent", "fixed", 10, None, None, 10))
    assert told(lines, statement(lines, booked)).find("costs_rose") is None
    late = lines[lines["date"].dt.year == 2024].reset_index(drop=True)
    late.loc[0, "date"] = pd.Timestamp("2024-01-01")
    assert told(late, statement(late, booked)).find("costs_rose") is None


def test_costs_unallocated_speaks_of_variable_costs_that_nothing_measures(sold):
    lines = sold(("Web", 100, 50, 100, 50), ("Shop", 50, 30, 50, 30))
    found = told(lines, members(lines, costs(("Calls", "cm2", 20, None, "visits", 20)))).find(
        "costs_unallocated:channel"
    )
    assert found.claim == (
        "By channel, €20 of variable costs and costs to serve reach no member, first Calls: the margins after them are "
        "too high by that."
    )
    assert found.stake is None and "visits" in found.action.what


def test_costs_unallocated_is_silent_of_common_fixed_costs_and_of_what_reaches_its_members(sold):
    lines = sold(("Web", 100, 50, 100, 50), ("Shop", 50, 30, 50, 30))
    booked = costs(("Rent", "fixed", 50, None, None, 50), ("Calls", "cm2", 20, None, "orders", 20))
    assert told(lines, members(lines, booked)).find("costs_unallocated:channel") is None


def test_low_margin_is_silent_of_a_gap_that_may_be_chance_and_tells_the_interval_of_one_that_is_not(sold):
    lines = sold(("Web", 600, 300, 600, 300), ("Shop", 600, 480, 600, 480), orders=6)
    channels = kpis.breakdown(lines, by="channel", **OPTIONS)
    noisy = lines.assign(
        cost=[None if cost is None else cost * (0.1 if n % 2 else 1.5) for n, cost in enumerate(lines["cost"])]
    )
    rough = kpis.breakdown(noisy, by="channel", **OPTIONS)
    tested = [margins.profitability.differences(each, by="channel", period=JANUARY) for each in (lines, noisy)]
    sure = told(lines, channels, tested[0]).find("low_margin:channel")
    assert sure.caveat.startswith("Beyond chance: 30.0% to 30.0% below the others")
    assert told(noisy, rough).find("low_margin:channel") is not None
    assert told(noisy, rough, tested[1]).find("low_margin:channel") is None


def test_volume_flows_through_at_the_rate_of_contribution_margin_1_where_a_statement_reaches_it(sold):
    lines = sold(("Web", 200, 100, 100, 50))
    fall = "revenue_against_year_before"
    gross = told(lines).find(fall)
    assert (gross.amount, gross.stake.measure) == (50, "profit")  # 100 at a gross margin of 50 %
    booked = costs(("Freight", "cm1", 20, "Web", None, 40))
    deeper = told(lines, statement(lines, booked))
    found = deeper.find(fall)
    assert (found.amount, found.stake.measure) == (30, "contribution")  # less 20 of 100 that go with sales
    assert found.stake.basis == "€100 of revenue × contribution margin rate of 30.0%."
    assert deeper.total_in_words() == "€30 of contribution margin in the period"
    id = "findings:2024-01:total:period:contribution"
    assert deeper.figures().set_index("figure_id").loc[id, "estimate"] == 30


def test_a_member_s_own_margin_bears_the_variable_costs_of_the_whole(sold):
    lines = sold(("Web", 200, 100, 100, 50), ("Shop", 100, 20, 100, 20))
    channels = kpis.breakdown(lines, by="channel", **OPTIONS)
    booked = costs(("Freight", "cm1", 20, None, None, 30))  # a tenth of revenue
    loss = told(lines, channels, statement(lines, booked)).find("largest_loss:channel")
    assert float(loss.stake.flow_through) == pytest.approx(0.4)
    assert "own gross margin rate less the company's other variable costs, of 40.0%" in loss.stake.basis


def test_without_a_cost_of_that_level_a_stake_stays_gross_profit(sold):
    lines = sold(("Web", 200, 100, 100, 50))
    booked = costs(("Rent", "fixed", 10, None, None, 10))
    assert told(lines, statement(lines, booked)).find("revenue_against_year_before").stake.measure == "profit"


def test_the_figures_that_these_findings_quote_are_published(sold):
    lines = sold(("Web", 100, 50, 100, 50), ("Shop", 50, 30, 50, 30), ("Fair", 50, 10, 50, 10))
    booked = costs(
        FREIGHT,
        ("Ads", "cm2", 20, None, None, 1),
        ("Stand", "cm3", 45, "Fair", None, 45),
        ("Post", "cm2", 30, "Fair", None, 1),
    )
    results = [members(lines, booked), whale(lines, booked), statement(lines, booked)]
    found = told(lines, *results)
    ids = {item.id.split(":")[0] for item in found.items}
    assert {"loses_money", "own_fixed_costs", "cost_to_serve", "costs_rose", "costs_unallocated"} <= ids
    published = {id for result in results for id in result.figures()["figure_id"]}
    quoted = {id for item in found.items for id in item.figure_ids if not id.startswith("scorecard")}
    assert quoted <= published
