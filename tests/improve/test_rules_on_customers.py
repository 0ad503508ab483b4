"""Rules on customers: where each must speak and where it must be silent, counted by hand."""

import pytest

MOVERS = {"reading": ("customers",)}


def test_customers_lost_speaks_of_those_who_left_less_those_who_came(sales, found):
    lines = sales(
        ("2023-01-05", 100, "a", "1"), ("2023-01-06", 70, "b", "2"), ("2023-01-06", 30, "c", "3"),
        ("2024-01-05", 100, "a", "4"), ("2024-01-05", 40, "d", "5"),
    )  # fmt: skip
    lost = found(lines, **MOVERS).find("customers_lost")
    assert lost.claim == "2 customers of January 2023 did not buy in January 2024; they had brought €100."
    assert (lost.value, lost.amount, lost.tone) == (2, 60, "bad")
    assert lost.reference == "1 customer who bought in January 2024 only: €40"
    assert lost.action.what == "Call first b and c, and ask why."
    assert lost.topic == "customers without a purchase"
    assert "whole year" in lost.caveat


def test_customers_lost_speaks_without_a_stake_where_as_much_came(sales, found):
    lines = sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 100, "b", "2"))
    lost = found(lines, **MOVERS).find("customers_lost")
    assert (lost.stake, lost.tone) == (None, None)


def test_customers_lost_is_silent_of_an_amount_that_matters_to_nobody(sales, found):
    lines = sales(("2023-01-05", 10_000, "a", "1"), ("2023-01-05", 20, "b", "2"), ("2024-01-05", 10_000, "a", "3"))
    assert found(lines, **MOVERS).find("customers_lost") is None


def kept(sales, *now):
    """Forty customers who bought for a hundred, and what each of them buys a year later, over and over."""
    each = [(f"c{number:02}", now[number % len(now)]) for number in range(40)]
    rows = [("2023-01-05", 100, name, f"{name} before") for name, _ in each]
    return sales(*rows, *(("2024-01-05", amount, name, f"{name} now") for name, amount in each))


def test_customers_shrank_speaks_of_those_who_stayed_taken_together(sales, found):
    shrank = found(kept(sales, 60, 90, 110, 80), **MOVERS).find("customers_shrank")
    assert shrank.claim == "The 40 customers who bought in both periods spend €600 less: 30 cut €700, 10 added €100."
    assert (shrank.value, shrank.amount) == (-600, 600)
    assert shrank.low < -600 < shrank.high < 0
    assert shrank.figure_ids[0] == "movers:customer_id:2024-01:=c00"


@pytest.mark.parametrize("now", [(60, 140), (30, 160, 90)], ids=["made up for", "chance"])
def test_customers_shrank_is_silent_where_the_others_make_up_for_it_or_chance_may(sales, found, now):
    assert found(kept(sales, *now), **MOVERS).find("customers_shrank") is None


def test_what_lower_prices_took_of_those_who_stayed_is_profit_whole(sales, found):
    lines = kept(sales, 90)
    lines = lines.assign(product_id="p", quantity=10, cost=[None, *[50] * 80], category="A")
    shrank = found(lines, dimensions=("category",), reading=("customers", "breakdowns")).find("customers_shrank")
    assert float(shrank.amount) == pytest.approx(400)  # ten less for each of forty, at an unchanged cost


def test_who_got_a_credit_note_and_bought_nothing_is_lost(sales, found):
    rebates = [("2024-01-20", -10, f"c{number:02}", f"credit {number}") for number in range(20)]
    bought = [("2024-01-05", 100, f"c{number:02}", f"now {number}") for number in range(20, 40)]
    before = [("2023-01-05", 100, f"c{number:02}", f"before {number}") for number in range(40)]
    result = found(sales(*before, *bought, *rebates), reading=("customers", "walk"))
    lost = result.find("customers_lost")
    assert lost.claim.startswith("20 customers of January 2023 did not buy in January 2024")
    assert result.find("customers_shrank") is None


def test_who_got_credit_notes_alone_is_neither_lost_nor_back_and_what_others_brought_is_what_they_bought(sales, found):
    lines = [("2022-01-05", 1, f"c{n:02}", f"first {n}") for n in range(60)]
    lines += [("2023-01-05", 100, f"c{n:02}", f"before {n}") for n in range(30)]
    lines += [("2023-01-06", -9, f"c{n:02}", f"credit {n}") for n in range(30, 60)]  # half of them bought nothing else
    lines += [("2024-01-05", 50, f"c{n:02}", f"now {n}") for n in range(30, 45)]
    told = found(sales(*lines), reading=("customers", "walk"))
    lost, back = told.find("customers_lost"), told.find("customers_back")
    assert (lost.value, back.value) == (30, 750)
    assert "they had brought €3,000" in lost.claim
    assert lost.reference == "15 customers who bought in January 2024 only: €750"
    assert back.claim == "15 older customers who had not bought in January 2023 bought again and brought €750."


def newcomers(sales, many, before, now):
    return sales(*many(before, "2023-01-05", 10), *many(now, "2024-01-05", 8, start=1000))


def test_new_customers_speaks_of_fewer_and_what_they_would_have_brought(sales, many, found):
    fewer = found(newcomers(sales, many, 100, 40), **MOVERS).find("new_customers")
    assert fewer.claim == "40 new customers came, against 100 in January 2023."
    assert (fewer.value, fewer.amount, fewer.tone) == (-60, 480, "bad")  # 60 customers x 8
    assert fewer.stake.basis.endswith("60 customers × €8.00, the average of those who bought in this period only.")


def test_new_customers_speaks_of_more_without_a_stake(sales, many, found):
    more = found(newcomers(sales, many, 40, 100), **MOVERS).find("new_customers")
    assert (more.tone, more.stake) == ("good", None)


@pytest.mark.parametrize("before, now", [(29, 5), (50, 40)], ids=["too few", "chance"])
def test_new_customers_is_silent_where_chance_may_have_done_it(sales, many, found, before, now):
    assert found(newcomers(sales, many, before, now), **MOVERS).find("new_customers") is None


def test_customers_back_speaks_of_older_customers_without_a_purchase_a_year_before(sales, found):
    lines = sales(("2022-05-05", 100, "a", "1"), ("2023-01-05", 100, "b", "2"), ("2024-01-05", 30, "a", "3"))
    back = found(lines, reading=("walk",)).find("customers_back")
    assert back.claim == ("1 older customer who had not bought in January 2023 bought again and brought €30.")
    assert (back.value, back.tone, back.stake) == (30, "good", None)


def test_customers_back_is_silent_where_nobody_came_back(sales, found):
    lines = sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 30, "a", "2"), ("2024-01-05", 30, "new", "3"))
    assert found(lines, reading=("walk",)).find("customers_back") is None


def test_who_was_won_since_the_year_before_did_not_come_back(sales, found):
    rows = [("2023-01-05", 100, "b", "2"), ("2023-06-05", 10, "won", "w"), ("2024-01-05", 40, "won", "4")]
    assert found(sales(*rows), reading=("walk",)).find("customers_back") is None
    back = found(sales(("2022-05-05", 100, "a", "1"), *rows, ("2024-01-05", 30, "a", "3")), reading=("walk",))
    assert back.find("customers_back").claim == (
        "1 older customer who had not bought in January 2023 bought again and brought €30. "
        "Not among them: 1 customer won in between, who brought €40."
    )
    assert back.find("customers_back").value == 30


def comers(sales, new, back):
    """Customers new in June of 2022 and of 2023, and how many of them came back within 90 days."""
    rows = [("2023-01-05", 1, "first", "x"), ("2024-01-05", 1, "first", "y")]
    for year, again in ((2022, back[0]), (2023, back[1])):
        for number in range(new):
            rows.append((f"{year}-06-01", 10, f"{year}-{number}", f"{year}-{number}"))
            if number < again:
                rows.append((f"{year}-06-20", 10, f"{year}-{number}", f"again {year}-{number}"))
    return sales(*rows)


def test_repeat_rate_speaks_of_a_fall_beyond_chance_with_its_interval(sales, found):
    fewer = found(comers(sales, 60, (48, 12)), reading=()).find("repeat_rate")
    assert fewer.claim == "Fewer new customers buy again within 90 days: 20.0%, against 80.0% in January 2023."
    assert fewer.low < 0.2 < fewer.high
    assert fewer.stake.kind == "annual"
    assert float(fewer.amount) == pytest.approx(36)  # 60 points of 60 customers x an order of 1
    # Newcombe's interval of 0.8 - 0.2, from Wilson's at 90 %: 0.70297 to 0.87115 and 0.12885 to 0.29703.
    assert float(fewer.stake.low) == pytest.approx(60 * (0.6 - (2 * 0.09703**2) ** 0.5), abs=0.001)
    assert float(fewer.stake.high) == pytest.approx(60 * (0.6 + (2 * 0.07115**2) ** 0.5), abs=0.001)


def test_repeat_rate_speaks_of_a_rise_without_a_stake(sales, found):
    more = found(comers(sales, 60, (12, 48)), reading=()).find("repeat_rate")
    assert (more.tone, more.stake) == ("good", None)


@pytest.mark.parametrize(
    "new, back", [(30, (12, 9)), (20, (20, 0))], ids=["intervals that meet", "fewer than thirty customers"]
)
def test_repeat_rate_is_silent_where_chance_may_have_done_it(sales, found, new, back):
    assert found(comers(sales, new, back), reading=()).find("repeat_rate") is None


def test_repeat_rate_is_silent_of_an_upper_bound(sales, found):
    lines = comers(sales, 60, (48, 12))
    assert found(lines[lines["date"] > "2022-01-01"], reading=()).find("repeat_rate") is None


def test_concentration_speaks_where_it_rose_or_half_of_revenue_hangs_on_ten(sales, many, found):
    forty = [*many(40, "2023-01-05", 10), *many(40, "2024-01-05", 10)]
    rose = found(sales(*forty, ("2024-01-06", 100, "c1", "big")), reading=("concentration",)).find("concentration")
    assert rose.claim == ("The 10 largest customers bring 40.0% of identified revenue, up from 25.0% in January 2023.")
    assert (rose.value, rose.stake) == (0.4, None)  # a risk, not a gap
    lines = sales(*many(30, "2024-01-05", 1), *many(10, "2024-01-06", 10, start=100))
    half = found(lines, reading=("concentration",)).find("concentration")
    assert half.claim == "The 10 largest customers bring 76.9% of identified revenue."


def test_concentration_is_silent_of_fewer_than_thirty_customers_and_where_it_is_level(sales, many, found):
    little = [*many(40, "2023-01-05", 10), *many(40, "2024-01-05", 10), ("2024-01-06", 15, "c1", "more")]
    assert found(sales(*little), reading=("concentration",)).find("concentration") is None  # 25.0 to 27.7 %
    level = sales(*many(40, "2023-01-05", 10), *many(40, "2024-01-05", 10))
    assert found(level, reading=("concentration",)).find("concentration") is None
    few = sales(*many(3, "2023-01-05", 10), *many(3, "2024-01-05", 10))
    assert found(few, reading=("concentration",)).find("concentration") is None


def test_single_customer_speaks_of_one_who_brings_a_fifth_or_all(sales, found):
    lines = sales(("2024-01-05", 75, "a", "1"), ("2024-01-05", 10, "b", "2"), ("2024-01-05", 15, "c", "3"))
    one = found(lines, reading=("concentration",)).find("single_customer")
    assert one.claim == "One customer, a, brings 75.0% of identified revenue: €75."
    assert (one.value, one.stake) == (0.75, None)
    alone = found(sales(("2024-01-05", 75, "a", "1")), reading=("concentration",)).find("single_customer")
    assert alone.claim == "All identified revenue comes from one customer, a: €75."


def test_single_customer_is_silent_where_none_brings_a_fifth(sales, many, found):
    assert found(sales(*many(6, "2024-01-05", 10)), reading=("concentration",)).find("single_customer") is None


def test_of_a_part_of_what_customers_buy_nobody_came_back_and_nobody_is_called_lost_for_sure(sales, found):
    rows = [("2022-05-05", 100, "a", "1"), ("2023-01-05", 100, "b", "2"), ("2024-01-05", 30, "a", "3")]
    whole = sales(*rows)
    part = whole.assign(customer_first_bought=whole.groupby("customer_id")["date"].transform("min").dt.date)
    reading = ("walk", "customers")
    assert found(whole, reading=reading).find("customers_back") is not None
    assert found(part, reading=reading).find("customers_back") is None
    assert found(part, reading=reading).find("customers_lost").caveat.endswith("may have bought the rest.")
