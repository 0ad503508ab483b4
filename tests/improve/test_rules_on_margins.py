"""Rules on margins: where each must speak and where it must be silent, counted by hand."""

import pytest

from perfkit import languages

BY = {"dimensions": ("channel",), "reading": ("breakdowns",)}


def test_margin_rate_speaks_of_a_fall_which_is_all_profit(sales, many, found):
    lines = sales(*many(40, "2023-01-05", 100), *many(40, "2024-01-05", 100), cost=[50] * 40 + [60] * 40)
    margin = found(lines, reading=()).find("margin_rate")
    assert margin.claim == "The gross margin rate fell by 10.0\N{NARROW NO-BREAK SPACE}pt to 40.0%."
    assert margin.value == pytest.approx(-0.1)
    assert float(margin.amount) == pytest.approx(400)  # 10 points of 4,000
    assert margin.stake.flow_through == 1
    few = [*[60] * 39, 460]  # one of forty customers, whose goods cost more than they brought
    alone = sales(*many(40, "2023-01-05", 100), *many(40, "2024-01-05", 100), cost=[60] * 40 + few)
    assert found(alone, reading=()).find("margin_rate") is None


@pytest.mark.parametrize(
    "costs", [[50, 50], [50, 49.8], [None, 60], [50, None]], ids=["level", "up", "unknown before", "unknown now"]
)
def test_margin_rate_is_silent_without_a_fall_or_without_costs(sales, found, costs):
    lines = sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 100, "a", "3"), cost=costs)
    assert found(lines, reading=()).find("margin_rate") is None


def granted(sales, *rates):
    """Thirty customers who buy for ten at list price in each of two years, the second at each one's own discount."""
    each = [(f"c{number}", rates[number % len(rates)]) for number in range(30)]
    rows = [("2023-01-05", 9, name, f"{name} before") for name, _ in each]
    rows += [("2024-01-05", 10 * (1 - rate), name, f"{name} now") for name, rate in each]
    return sales(*rows, list_revenue=[10] * 60, channel=["Web"] * 60)


def test_discounts_speaks_of_a_rate_that_rose_on_list_revenue(sales, found):
    rise = found(granted(sales, 0.15, 0.25), reading=()).find("discounts")
    assert rise.claim == "Discounts take 20.0% of list revenue, against 10.0% in January 2023."
    assert float(rise.amount) == pytest.approx(30)  # 10 points of a list revenue of 300, all of it profit
    assert rise.stake.measure == "profit"
    assert 0 < rise.low < rise.value < rise.high and 0 < rise.stake.low < rise.amount < rise.stake.high
    assert "the change would lie between +8.4\u202fpt and +11.6\u202fpt: 30 customers." in rise.caveat


def test_discounts_is_silent_and_says_so_where_other_customers_might_have_had_none(sales, found):
    result = found(granted(sales, *[0.1] * 29, 0.9), reading=())  # one of thirty got nearly all of it
    assert result.find("discounts") is None and "discount_rate" in result.within_chance
    notes = result.views()[0].notes
    assert any(
        note.startswith("No more than chance explains, so that nothing is claimed") and "discount rate" in note
        for note in notes
    )


def test_discounts_speaks_of_the_list_revenue_that_breakdowns_know(sales, found):
    assert float(found(granted(sales, 0.15, 0.25), **BY).find("discounts").amount) == pytest.approx(30)


def test_discounts_is_silent_where_the_rate_is_level_or_fell(sales, found):
    for now in (180, 190):
        lines = sales(("2023-01-05", 90, "a", "1"), ("2024-01-05", now, "a", "3"), list_revenue=[100, 200])
        assert found(lines, reading=()).find("discounts") is None


def channels(sales, *rows, costs):
    """Lines of January 2024: (channel, revenue), with their costs."""
    return sales(
        *(("2024-01-05", amount, name, name) for name, amount in rows), channel=[name for name, _ in rows], cost=costs
    )


def test_below_cost_speaks_of_those_who_bring_less_than_they_cost(sales, found):
    lines = channels(sales, ("Web", 100), ("Shop", 50), ("Fair", 50), costs=[50, 60, 55])
    loss = found(lines, **BY).find("below_cost:channel")
    assert loss.claim == (
        "By channel, 2 bring less than their goods cost, free goods included, first Shop and Fair: a loss of €15."
    )
    assert (loss.value, loss.amount) == (-15, 15)
    one = found(channels(sales, ("Web", 100), ("Shop", 50), costs=[50, 60]), **BY).find("below_cost:channel")
    assert one.claim == "By channel, Shop brings less than its goods cost, free goods included: a loss of €10."


@pytest.mark.parametrize("language, wrong", [("en", ["sold", "sells", "below"]), ("fr", ["vend", "en dessous"])])
def test_below_cost_says_nothing_of_the_price_of_what_loses_by_a_free_sample(sales, found, language, wrong):
    languages.use(language)
    lines = channels(sales, ("Web", 2000), ("Shop", 1000), ("Shop", 0), costs=[1000, 720, 526])  # sold at 28 %
    loss = found(lines, **BY).find("below_cost:channel")
    said = [loss.claim, loss.topic, loss.reference, loss.basis, loss.stake.basis]
    assert loss.amount == 246
    assert not [word for word in wrong if word in " ".join(said).lower()]
    assert {"en": "free goods included", "fr": "gratuités comprises"}[language] in loss.claim
    first = {"en": "Look first at what is given free", "fr": "Regarder d’abord ce qui est donné"}
    assert loss.action.what.startswith(first[language])


def test_below_cost_is_silent_where_costs_are_covered_or_known_for_a_part_only(sales, found):
    assert found(channels(sales, ("Web", 100), ("Shop", 50), costs=[50, 50]), **BY).find("below_cost:channel") is None
    part = channels(sales, ("Web", 100), ("Shop", 50), ("Shop", 50), costs=[50, 90, None])
    assert found(part, **BY).find("below_cost:channel") is None


@pytest.mark.usefixtures("few_will_do")
def test_low_margin_speaks_of_a_member_far_below_the_others(sales, found):
    lines = channels(sales, ("Web", 100), ("Shop", 100), ("Fair", 100), costs=[40, 60, 90])
    low = found(lines, **BY).find("low_margin:channel")
    assert low.claim == "By channel, Fair earns a gross margin of 10.0%, against 50.0% for the others."
    assert low.value == 0.1
    assert (low.stake, low.tone) == (None, None)  # the others are no reference that it could be brought to


@pytest.mark.usefixtures("few_will_do")
def test_low_margin_tells_of_a_channel_that_is_a_segment_once_and_has_room_for_another(sales, found):
    rows = [("Web", 100), ("Web", 100), ("Fair", 100), ("Fair", 60)]
    lines = sales(
        *(("2024-01-05", amount, name, str(n)) for n, (name, amount) in enumerate(rows)),
        channel=[name for name, _ in rows],
        segment=["Homes", "Homes", "Shops", "Shops"],
        category=["Tea", "Jam", "Tea", "Jam"],
        cost=[40, 60, 80, 54],
    )
    told = found(lines, dimensions=("channel", "segment", "category"), reading=("breakdowns",))
    assert {item.id for item in told.items if item.id.startswith("low_margin")} == {
        "low_margin:channel",
        "low_margin:category",
    }


def test_low_margin_is_silent_of_a_small_member_and_of_a_small_gap(sales, found):
    small = channels(sales, ("Web", 1000), ("Fair", 40), costs=[500, 36])
    assert found(small, **BY).find("low_margin:channel") is None
    near = channels(sales, ("Web", 100), ("Fair", 100), costs=[50, 54])
    assert found(near, **BY).find("low_margin:channel") is None


@pytest.mark.parametrize("orders, speaks", [(29, False), (30, True)])
def test_rules_that_compare_are_silent_of_fewer_than_thirty_orders(sales, many, found, orders, speaks):
    rows = [*many(40, "2023-01-05", 100), *many(orders, "2024-01-05", 80)]
    channel = (["Web", "Shop"] * 40)[: len(rows)]
    lines = sales(*rows, cost=[50] * len(rows), list_revenue=[100] * len(rows), channel=channel)
    ids = {item.id for item in found(lines, dimensions=("channel",), reading=("breakdowns", "customers")).items}
    told = {"margin_rate", "discounts", "customers_shrank"}
    assert ids & (told | {"largest_loss:channel"}) == (told if speaks else set())  # a channel has fewer than thirty


def test_a_member_s_margin_that_fell_with_one_customer_alone_is_no_finding(sales, many, found):
    lines = two_years_of(sales, many, ("Web", 6, 6), ("Shop", 6, 6))
    lines.loc[lines.index[-1], ["net_revenue", "cost"]] = [400, 390]  # one order of one customer of forty
    assert found(lines, **BY).find("margin_fell_in:channel") is None


def two_years_of(sales, many, *members):
    """Forty orders of ten in each of two years: (channel, cost a year before, cost now); None where not known."""
    rows, names, costs = [], [], []
    for place, (name, *of_year) in enumerate(members):
        for day, cost in zip(("2023-01-05", "2024-01-05"), of_year, strict=True):
            rows += many(40, day, 10, start=100 * place)
            names, costs = names + [name] * 40, costs + [cost] * 40
    return sales(*rows, channel=names, cost=costs)


def test_margin_fell_in_speaks_of_the_member_and_what_it_lost(sales, many, found):
    result = found(two_years_of(sales, many, ("Web", 6, 8), ("Shop", 6, 6)), **BY)
    fell = result.find("margin_fell_in:channel")
    assert fell.claim == "By channel, the gross margin rate of Web fell from 40.0% to 20.0%: €80 less."
    assert (float(fell.amount), fell.stake.flow_through) == (pytest.approx(80), 1)  # 20 points of 400
    assert fell.value == pytest.approx(-0.2)
    whole = result.find("margin_rate")
    assert float(whole.amount) == pytest.approx(80)  # 10 points of 800: the same money, counted once
    assert float(result.total["period", "profit"]) == pytest.approx(80)


def test_margin_fell_in_speaks_of_no_money_that_sales_below_cost_count_already(sales, many, found):
    result = found(two_years_of(sales, many, ("Web", 6, 11), ("Shop", 6, 6)), **BY)
    assert float(result.find("below_cost:channel").amount) == pytest.approx(40)
    assert float(result.total["period", "profit"]) == pytest.approx(200)  # 50 points of 400


@pytest.mark.parametrize(
    "members",
    [
        [("Web", 6, 6), ("Shop", 6, 6)],
        [("Web", None, 8), ("Shop", 6, 6)],
        [("Web", 6, None), ("Shop", 6, 6)],
        [("Web", 6, 6.1), ("Shop", 6, 6)],
        [("Web", 6, 8), ("Shop", 6, 8)],
        [("Web", 6, 8)],
    ],
    ids=["level", "unknown before", "unknown now", "one point", "the whole fell", "one member"],
)
def test_margin_fell_in_is_silent_without_a_fall_of_one_member_with_known_costs(sales, many, found, members):
    assert found(two_years_of(sales, many, *members), **BY).find("margin_fell_in:channel") is None


def test_margin_fell_in_is_silent_of_fewer_than_thirty_orders_in_either_year(sales, many, found):
    lines = two_years_of(sales, many, ("Web", 6, 8), ("Shop", 6, 6))
    for year in (2023, 2024):
        web = lines.index[(lines["channel"] == "Web") & (lines["date"].dt.year == year)]
        assert found(lines.drop(web[:11]), **BY).find("margin_fell_in:channel") is None
