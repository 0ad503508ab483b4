"""Rules on products and returns: where each must speak and where it must be silent, counted by hand."""

import pytest

from perfkit import improve

PRODUCTS = {"reading": ("products",)}
BY = {"dimensions": ("category",), "reading": ("breakdowns",)}


def test_products_vanished_speaks_of_those_gone_less_the_new_ones(sales, found):
    lines = sales(
        ("2023-01-05", 60, "a", "1"), ("2023-01-05", 50, "a", "2"), ("2023-01-05", 40, "a", "3"),
        ("2024-01-05", 40, "a", "4"), ("2024-01-05", 30, "a", "5"),
        product_id=["p", "q", "r", "r", "s"],
    )  # fmt: skip
    gone = found(lines, **PRODUCTS).find("products_vanished")
    assert gone.claim == (
        "2 products of January 2023 have no sale in January 2024, first p and q; they had brought €110."
    )
    assert (gone.value, gone.amount, gone.tone) == (2, 80, "bad")
    assert gone.figure_ids == ("movers:product_id:2024-01:=p", "movers:product_id:2024-01:=q")


def test_products_vanished_is_silent_where_all_are_still_sold(sales, found):
    lines = sales(("2023-01-05", 60, "a", "1"), ("2024-01-05", 40, "a", "2"), product_id=["p", "p"])
    assert found(lines, **PRODUCTS).find("products_vanished") is None


def test_what_a_segment_no_longer_buys_others_may(sales, results):
    lines = sales(("2023-01-05", 60, "a", "1"), ("2024-01-05", 40, "a", "2"), product_id=["p", "q"])
    gone = improve.findings(*results(lines, **PRODUCTS), segment="gms").find("products_vanished")
    assert gone.caveat == "Of this part's customers alone: others may still buy them."
    assert "Ask these customers" in gone.action.what


def returned(sales, many, before, now, orders=30, by=10):
    """Thirty orders of ten in each year, and what came back of each, from ten customers or as many as said."""
    notes = [(year, name, total / by) for year, total in (("2023", before), ("2024", now)) for name in range(by)]
    return sales(
        *many(orders, "2023-01-05", 10),
        *many(orders, "2024-01-05", 10),
        *((f"{year}-01-20", -amount, f"c{name}", f"r{year}-{name}") for year, name, amount in notes),
    )


def test_returns_speaks_of_a_rate_that_rose_valued_on_what_was_sold(sales, many, found):
    rose = found(returned(sales, many, 15, 60), reading=()).find("returns")
    assert rose.claim == "Returns rose to 20.0% of sales, from 5.0% in January 2023."
    assert rose.value == pytest.approx(0.15)
    assert float(rose.amount) == pytest.approx(45)  # 15 points of 300


def test_returns_is_silent_where_the_rate_fell_or_orders_are_few(sales, many, found):
    assert found(returned(sales, many, 60, 15), reading=()).find("returns") is None
    assert found(returned(sales, many, 5, 60, orders=29), reading=()).find("returns") is None


def test_returns_is_silent_of_a_rise_that_one_customer_makes(sales, many, found):
    result = found(returned(sales, many, 15, 60, by=1), reading=())
    assert result.find("returns") is None and "return_rate" in result.within_chance


def families(sales, many, shoes, hats, orders=60, note=10):
    """What came back of sixty orders of ten in each of two families, in credit notes of ten."""
    rows, of = [], []
    for family, returned, day in (("Shoes", shoes, "05"), ("Hats", hats, "06")):
        sold = many(orders, f"2024-01-{day}", 10)
        notes = [("2024-01-20", -note, "c1", f"{family}{n}") for n in range(returned // note)]
        rows += [*sold, *notes]
        of += [family] * (len(sold) + len(notes))
    return sales(*rows, category=of)


def test_return_rate_above_speaks_of_the_member_that_stands_out_beyond_chance(sales, many, found):
    above = found(families(sales, many, 180, 30), **BY).find("return_rate_above:category")
    assert above.claim == "By category, Shoes has 30.0% of its sales returned, against 5.0% for the others."
    assert float(above.amount) == pytest.approx(150)  # 25 points of 600
    assert 0.05 < above.low < 0.3 < above.high
    assert 0 < above.stake.low < above.amount < above.stake.high


def test_return_rate_above_is_silent_on_a_large_credit_note_and_on_few_of_them(sales, many, found):
    for note in (180, 45):
        lines = families(sales, many, 180, 0, note=note)
        assert found(lines, **BY).find("return_rate_above:category") is None


def test_lines_of_one_credit_note_are_one_return(sales, many, found):
    lines = families(sales, many, 180, 30)
    one = lines.assign(order_id=lines["order_id"].where(lines["net_revenue"] > 0, "one"))
    assert found(one, **BY).find("return_rate_above:category") is None
    unnumbered = lines.assign(order_id=lines["order_id"].where(lines["net_revenue"] > 0))
    assert found(unnumbered, **BY).find("return_rate_above:category") is not None


def test_return_rate_above_speaks_without_a_stake_where_members_do_not_compare(sales, many, found):
    lines = families(sales, many, 180, 30).rename(columns={"category": "channel"})
    above = found(lines, dimensions=("channel",), reading=("breakdowns",)).find("return_rate_above:channel")
    assert above.stake is None


@pytest.mark.parametrize("shoes, orders", [(50, 60), (87, 29)], ids=["within chance", "fewer than thirty orders"])
def test_return_rate_above_is_silent_where_chance_may_have_done_it(sales, many, found, shoes, orders):
    assert found(families(sales, many, shoes, 30, orders), **BY).find("return_rate_above:category") is None
