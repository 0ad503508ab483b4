"""Rules on bridges: where each must speak and where it must be silent, counted by hand; and no money told twice."""

from dataclasses import replace
from itertools import product

import pandas as pd
import pytest

from perfkit import improve, kpis, margins, periods
from perfkit.errors import ParameterError

JANUARY = periods.parse("2024-01")
BASE = JANUARY.year_before()
OPTIONS = {"period": JANUARY, "currency": "EUR"}


@pytest.fixture
def two_years(sales):
    """Return a function that makes lines of both years: (product, pieces then, price then, cost then, and now).

    Two customers buy half of it each.
    """

    def made(*products, channel="Web"):
        rows, columns = [], {name: [] for name in ("product_id", "quantity", "cost", "channel", "category")}
        for name, *years in products:
            for who, (day, (pieces, price, cost)) in product(
                "ab", zip(("2023-01-05", "2024-01-05"), years, strict=True)
            ):
                half = pieces / 2
                rows.append((day, half * price, who, f"{name} {day} {who}"))
                of_line = {"product_id": name, "quantity": half, "cost": None if cost is None else half * cost}
                for column, value in (of_line | {"channel": channel, "category": name[:1]}).items():
                    columns[column].append(value)
        return sales(*rows, **columns)

    return made


def bridge(lines, margin=True, base=BASE, **options):
    """The bridge that rules read."""
    return margins.bridge.price_volume_mix(
        lines, base=base, current=JANUARY, currency="EUR", margin=margin, where_one=["category"], **options
    )


def told(lines, *dimensions, margin=True, **options):
    """What the rules find in lines, their bridge and breakdowns."""
    cut = [kpis.breakdown(lines, by=by, **OPTIONS) for by in dimensions]
    return improve.findings(kpis.scorecard(lines, **OPTIONS), bridge(lines, margin), *cut, **options)


CHEAPER = [("tea", (10, 10, 4), (10, 8, 4)), ("jam", (10, 10, 4), (10, 11, 4))]
DEARER = [("tea", (10, 10, 4), (10, 10, 7)), ("jam", (10, 10, 4), (10, 11, 4))]
MIXED = [("tea", (10, 10, 2), (5, 10, 2)), ("jam", (10, 10, 8), (15, 10, 8))]


@pytest.mark.usefixtures("few_will_do")
@pytest.mark.parametrize("margin", [True, False], ids=["of gross profit", "of revenue"])
def test_prices_fell_speaks_of_what_both_years_sold_and_of_the_items_that_carry_it(two_years, margin):
    found = told(two_years(*CHEAPER), margin=margin).find("prices_fell")
    assert found.claim == "Prices fell on what both years sold: €10 less at this period's quantities, first tea."
    assert (found.value, found.amount, found.stake.flow_through) == (
        -10,
        10,
        1,
    )  # 20 less, 10 more


@pytest.mark.usefixtures("few_will_do")
@pytest.mark.parametrize(
    "products",
    [
        [("tea", (10, 10, 4), (10, 10, 4))],
        [("tea", (10, 10, 4), (10, 8, 4)), ("jam", (10, 10, 4), (10, 12, 4))],
        [("tea", (1000, 10, 4), (1000, 9.999, 4))],
        [("tea", (10, 10, 4), (1, 8, 4)), ("jam", (1, 10, 4), (100, 10, 4)), ("new", (0, 0, 0), (500, 10, 4))],
    ],
    ids=["level", "made up", "a thousandth", "new items dominate"],
)
def test_prices_fell_is_silent_where_prices_held_or_can_hardly_be_compared(two_years, products):
    assert told(two_years(*products)).find("prices_fell") is None


def test_rules_on_bridges_are_silent_of_a_few_orders(two_years):
    for products in (CHEAPER, DEARER, MIXED):
        ids = {item.id for item in told(two_years(*products)).items}
        assert not ids & {"prices_fell", "costs_not_passed_on", "mix_earns_less"}


@pytest.mark.usefixtures("few_will_do")
def test_costs_not_passed_on_speaks_of_what_higher_prices_left(two_years):
    found = told(two_years(*DEARER)).find("costs_not_passed_on")
    assert found.claim == (
        "Higher unit costs took €30; prices made up for €10 of it, €20 was not passed on, first tea."
    )
    assert (found.value, found.amount) == (-20, 20)
    alone = told(two_years(DEARER[0])).find("costs_not_passed_on")
    assert alone.claim == "Higher unit costs took €30 and no price made up for it, first tea."


@pytest.mark.usefixtures("few_will_do")
@pytest.mark.parametrize(
    "products",
    [
        [("tea", (10, 10, 4), (10, 10, 4))],
        [("tea", (10, 10, 4), (10, 14, 7))],
        [("tea", (10, 10, 4), (10, 10, 3))],
        [("tea", (10, 10, 4), (10, 10, 7)), ("jam", (30, 10, 4), (30, 10, None))],
    ],
    ids=["level", "passed on", "lower", "unknown of most"],
)
def test_costs_not_passed_on_is_silent_where_costs_held_were_passed_on_or_are_not_known(two_years, products):
    assert told(two_years(*products)).find("costs_not_passed_on") is None


@pytest.mark.usefixtures("few_will_do")
def test_mix_earns_less_speaks_of_the_items_that_lost_and_of_none_that_earn_more(two_years):
    found = told(two_years(*MIXED)).find("mix_earns_less")
    # Unit margins of 8 and 2, 5 on average: 5 pieces moved from the one to the other cost 5 x 6.
    # Jam earns 10 more than it did, tea 40 less.
    assert found.claim == "The mix moved to what earns less a unit: €30 of gross profit; most was lost on tea."
    assert (found.value, found.amount) == (-30, 30)
    assert found.caveat.startswith("Of the items named fewer were sold")


@pytest.mark.usefixtures("few_will_do")
def test_mix_earns_less_is_worth_what_it_took_beyond_what_more_volume_brought(two_years):
    found = told(two_years(("tea", (10, 10, 2), (5, 10, 2)), ("jam", (10, 10, 8), (16, 10, 8)))).find("mix_earns_less")
    # Gross profit of 80 + 20 is now 40 + 32: one piece more brings the average of 5, so the mix takes 33.
    assert found.claim == (
        "The mix moved to what earns less a unit: it took €33 of gross profit, €28 more than a larger volume brought; "
        "most was lost on tea."
    )
    assert found.amount == 28


@pytest.mark.usefixtures("few_will_do")
def test_mix_earns_less_names_first_what_lost_most_by_volume_and_mix_together(two_years):
    lines = two_years(
        ("big", (100, 10, 5), (80, 10, 5)), ("rich", (10, 10, 1), (4, 10, 1)), ("poor", (10, 10, 9), (90, 10, 9))
    )
    found = told(lines).find("mix_earns_less")
    # Margins of 5, 9 and 1 a piece: 20 fewer took 100, 6 fewer took 54, 80 more brought 80.
    assert found.claim.endswith("; most was lost on big and rich.")
    assert found.amount == 74


@pytest.mark.usefixtures("few_will_do")
@pytest.mark.parametrize(
    "products",
    [
        [("tea", (10, 10, 2), (20, 10, 2)), ("jam", (10, 10, 8), (20, 10, 8))],
        [MIXED[0]],
        [("laptop", (6, 1000, 600), (6, 1000, 600)), ("pen", (60, 2, 1), (600, 2, 1))],
    ],
    ids=["both grew alike", "one item", "many more cheap pieces beside what was sold before"],
)
def test_mix_earns_less_is_silent_where_no_share_moved(two_years, products):
    assert told(two_years(*products)).find("mix_earns_less") is None


@pytest.mark.usefixtures("few_will_do")
def test_the_parts_of_a_fall_add_up_and_the_rate_that_they_lower_has_no_stake_beside_them(two_years):
    result = told(two_years(("tea", (10, 10, 2), (5, 9, 3)), ("jam", (10, 10, 8), (15, 10, 8))))
    parts = [result.find(id) for id in ("prices_fell", "costs_not_passed_on", "mix_earns_less")]
    assert [item.amount for item in parts] == [5, 5, 30]
    assert result.total["period", "profit"] == 40
    whole = result.find("margin_rate")
    assert whole.stake is None and "(lower prices, unit costs not passed on and the mix)" in whole.caveat
    without = improve.findings(kpis.scorecard(two_years(*MIXED), **OPTIONS)).find("margin_rate")
    assert without.stake is not None


@pytest.mark.usefixtures("few_will_do")
def test_margin_fell_in_stakes_prices_and_costs_of_a_member_and_tells_mix_apart(two_years):
    lines = two_years(
        ("tea", (40, 10, 4), (40, 10, 6)), ("toy", (40, 10, 8), (80, 10, 8)), ("jam", (40, 10, 4), (40, 10, 4))
    )
    fell = told(lines, "category").find("margin_fell_in:category")
    # t earned 320 of 800, 40 %; now 320 of 1200, 27 %: a gap of 160, of which unit costs did 80.
    assert fell.claim == "By category, the gross margin rate of t fell from 40.0% to 26.7%: €160 less."
    assert fell.amount == 80
    assert fell.stake.basis == "Prices (€0) and unit costs (−€80) of what both years sold: all of it is profit."
    assert fell.caveat.startswith("The other €80 is a move to what earns less, and no stake.")


@pytest.mark.usefixtures("few_will_do")
def test_margin_fell_in_has_no_stake_where_it_is_mix_alone(two_years):
    lines = two_years(
        ("tea", (40, 10, 4), (40, 10, 4)), ("toy", (40, 10, 8), (80, 10, 8)), ("jam", (40, 10, 4), (40, 10, 4))
    )
    fell = told(lines, "category").find("margin_fell_in:category")
    assert (fell.stake, fell.tone) == (None, None)
    assert fell.caveat.startswith("No stake: prices (€0) and unit costs (€0) of what both years sold hardly did it")


@pytest.mark.usefixtures("few_will_do")
def test_margin_fell_in_keeps_its_whole_gap_where_no_bridge_has_items_of_one_member(two_years):
    lines = two_years(("tea", (40, 10, 4), (40, 10, 6)), ("toy", (40, 10, 8), (80, 10, 8)))
    other = two_years(("jam", (40, 10, 4), (40, 10, 4)), channel="Shop")
    fell = told(pd.concat([lines, other[1:]]), "channel").find("margin_fell_in:channel")
    assert fell.amount == 160 and "part a move to what earns less" in fell.caveat


def test_a_bridge_from_another_base_is_refused(two_years):
    card = kpis.scorecard(two_years(*CHEAPER), **OPTIONS)
    earlier = two_years(*CHEAPER).assign(
        date=lambda lines: lines["date"].mask(lines["date"].dt.year == 2023, "2022-01-05")
    )
    with pytest.raises(ParameterError, match="2024-01 against 2023-01, a PriceVolumeMix 2024-01 against 2022-01"):
        improve.findings(card, bridge(earlier, base=periods.parse("2022-01")))
    budget = bridge(two_years(*CHEAPER), base_sales=two_years(*CHEAPER))
    with pytest.raises(ParameterError, match="against a budget of 2023-01"):
        improve.findings(card, budget)


@pytest.mark.usefixtures("few_will_do")
def test_a_bridge_that_there_is_not_is_read_as_none(two_years):
    lines = two_years(*CHEAPER).drop(columns="product_id")
    assert not {item.id for item in told(lines).items} & {"prices_fell", "costs_not_passed_on", "mix_earns_less"}


@pytest.mark.usefixtures("few_will_do")
def test_the_figures_that_these_findings_quote_are_those_of_the_bridge(two_years):
    lines = two_years(("tea", (10, 10, 2), (5, 9, 3)), ("jam", (10, 10, 8), (15, 10, 8)))
    published = set(bridge(lines).figures()["figure_id"])
    quoted = {id for item in told(lines).items for id in item.figure_ids if "bridge" in id}
    assert quoted and quoted <= published


@pytest.mark.usefixtures("few_will_do")
def test_a_month_without_a_line_takes_the_stake_away(two_years):
    lines = two_years(*CHEAPER)
    silent = replace(kpis.scorecard(lines, **OPTIONS), silent=(BASE,))
    found = improve.findings(silent, bridge(lines)).find("prices_fell")
    assert (found.stake, found.tone) == (None, None) and "No line is dated in January 2023" in found.caveat


@pytest.mark.usefixtures("few_will_do")
def test_a_cost_of_the_product_table_is_a_caveat_of_what_is_said_of_margins_that_fell(two_years):
    lines = two_years(*MIXED)
    fell = told(lines).find("margin_rate")
    assert "standard cost" not in fell.caveat
    each = lines.assign(unit_cost=lines["cost"] / lines["quantity"]).drop(columns="cost")
    said = told(each).find("margin_rate")
    assert said.caveat.endswith("what buying prices did to it is not measured.") and said.claim == fell.claim
