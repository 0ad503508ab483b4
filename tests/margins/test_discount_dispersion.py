"""Who gets more off than others on the same: counted by hand, nobody blamed where all are alike, truth held."""

import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from perfkit import languages, margins, periods
from perfkit.errors import ParameterError
from perfkit.lines import checked
from perfkit.margins.prices import peers
from perfkit.margins.prices.peers import LEFT_OUT

YEAR = periods.parse("2025")
BY_HAND = pd.DataFrame(
    [("2025-01-01", f"o{n}", f"c{n}", "tea", 100, net) for n, net in enumerate((70, 90, 90, 90, 90, 80, 90))]
    + [("2025-01-02", "o9", "c0", "cup", 50, 40)],
    columns=["date", "order_id", "customer_id", "product_id", "list_revenue", "net_revenue"],
)


def made(lines=BY_HAND, **options):
    return margins.prices.discount_dispersion(lines, **{"period": YEAR, "currency": "EUR"} | options)


@pytest.fixture(scope="module")
def discounts():
    """The benchmark, which draws companies of known truth."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from benchmarks import discounts

    yield discounts
    sys.path.pop(0)


@pytest.fixture(scope="module")
def favoured(discounts):
    return discounts.company(3, "favours", "order")[0]


@pytest.fixture(scope="module")
def found(favoured):
    return made(favoured)


def test_a_product_counted_by_hand():
    rows = made().cells.set_index("member")
    first = rows.loc["c0"]
    assert (first["list_revenue"], first["net_revenue"], first["compared"]) == (150, 110, 100)
    assert first["discount"] == pytest.approx(40 / 150) and first["actual"] == 0.3
    assert first["expected"] == pytest.approx((5 * 10 + 20) / 600)
    assert float(first["money"]) == pytest.approx(30 - 100 * 70 / 600, abs=1e-4)
    assert rows.loc["c5", "expected"] == pytest.approx((5 * 10 + 30) / 600)


def test_few_orders_say_so_and_what_nobody_else_bought_is_not_compared():
    result = made()
    assert set(result.cells["status"]) == {"not available"} and result.aligned.estimate is None
    assert "Less than 5 orders" in result.reason and "Take a longer period" in result.reason
    alone = made(BY_HAND[BY_HAND["product_id"] == "cup"])
    assert alone.cells.loc[0, "expected"] is None and "others in an order of the same size" in alone.reason


def test_orders_of_another_size_are_no_peers(favoured):
    asked = peers.Asked("customer_id", "", YEAR)
    lines = BY_HAND.assign(list_revenue=[100, 100, 100, 100, 100, 100, 900, 50])
    rows = peers.against_peers(checked(lines), asked, (Decimal(500),)).set_index("member")
    assert pd.isna(rows.loc["c6", "compared_list"]) and rows.loc["c0", "compared_list"] == 100
    limits = peers.size_limits(checked(favoured), asked)
    assert len(limits) > 2 and all(limit == round(limit, 1 - limit.adjusted()) for limit in limits)
    assert peers.size_limits(checked(BY_HAND), asked) == (100,)  # however few orders there are
    assert peers.size_limits(checked(BY_HAND[BY_HAND["list_revenue"] == 100]), asked) == ()


def of_sizes(sizes, discount, seed=0):
    """A year of orders of one line: the size of each, and what is given on it, by customer and size."""
    draw, rows = np.random.default_rng(seed), []
    for customer, own in enumerate(sizes):
        for nth, size in enumerate(own):
            off = discount(customer, size) + draw.normal(0, 0.004)
            rows.append((f"c{customer:03}", f"o{customer}-{nth}", Decimal(size), round(Decimal(size * (1 - off)), 2)))
    frame = pd.DataFrame(rows, columns=["customer_id", "order_id", "list_revenue", "net_revenue"])
    return frame.assign(product_id="tea", date=pd.Timestamp("2025-01-01"))


TENTH_LARGE = [[1000] * 12 if customer % 10 == 0 else [100] * 12 for customer in range(100)]
FEW_LARGE = [[1000] * 6 if customer % 10 == 0 else [100] * 6 for customer in range(10)]


@pytest.mark.parametrize("sizes", [TENTH_LARGE, FEW_LARGE], ids=["many orders", "few orders"])
def test_a_discount_on_quantity_alone_favours_nobody_though_most_orders_are_of_one_size(sizes):
    result = made(of_sizes(sizes, lambda _customer, size: 0.15 if size == 1000 else 0.02))
    assert not len(result.called("above")) and not result.aligned.n


def test_a_favour_among_orders_of_one_size_is_told_though_most_are_of_another():
    favoured = {0, 10, 5}

    def discount(customer, size):
        return (0.15 if size == 1000 else 0.02) + (0.06 if customer in favoured else 0)

    result = made(of_sizes(TENTH_LARGE, discount))
    assert set(result.called("above")["member"]) == {"c000", "c010", "c005"}
    assert "No order is compared with one worth more than twice as much" in " ".join(result.views()[0].notes)


@pytest.mark.parametrize("round_one", [10, 100, 1000, 10**6])
def test_an_order_of_a_power_of_ten_stands_among_those_beside_it(round_one):
    values = [Decimal("0.51") * round_one] * 5 + [Decimal(round_one)] + [Decimal("1.099") * round_one] * 5
    assert {limits_of(order) for order in (values, values[::-1], values[3:] + values[:3])} == {(Decimal(round_one),)}


@settings(max_examples=20)
@given(st.lists(st.integers(1, 10**7), min_size=2, max_size=60))
def test_no_two_orders_of_a_size_are_worth_more_than_twice_each_other(values):
    """Even where they have many digits, or one value is a hundred thousand times another."""
    sizes = pd.Series([Decimal(each).scaleb(-2) for each in values])
    limits = limits_of(sizes)
    by_size = sizes.groupby([sum(each >= limit for limit in limits) for each in sizes])
    assert all(each.max() <= peers.WIDEST * each.min() for _, each in by_size)


def limits_of(values):
    lines = pd.DataFrame({"list_revenue": list(values)}).assign(
        net_revenue=1, customer_id="c", product_id="p", date=pd.Timestamp("2025-01-01")
    )
    lines["order_id"] = [f"o{nth}" for nth in range(len(lines))]
    return peers.size_limits(checked(lines), peers.Asked("customer_id", "", YEAR))


def test_whoever_is_favoured_is_named_and_the_others_are_not(found):
    above = found.called("above")
    assert set(above["member"]) <= {f"c{each:03}" for each in range(0, 60, 10)} and len(above) >= 4
    assert found.aligned.low < found.aligned.estimate < found.aligned.high and found.aligned.n == len(above)
    assert all(low > 0 for low in above["low"])
    assert str(found.aligned.n) in found.message() and "volumes" in found.aligned.basis


def test_gaps_are_drawn_towards_zero(found):
    known = found.cells[found.cells["status"] != "not available"]
    for row in known.to_dict("records"):
        assert abs(row["estimate"]) <= abs(row["gap"]) and row["low"] <= row["estimate"] <= row["high"]
        assert row["n"] >= 5


def test_what_is_left_out_is_counted_and_all_sums_to_the_revenue(favoured, found):
    more = pd.DataFrame(
        [
            ("o1", "c001", "p1", 10, -5), ("o2", "c001", "p1", None, 7), ("o3", "c001", "p1", 10, 0),
            ("o4", None, "p1", 10, 9), ("o5", "c001", None, 10, 8), (None, "c001", "p1", 10, 6),
        ],
        columns=["order_id", "customer_id", "product_id", "list_revenue", "net_revenue"],
    ).assign(date=pd.Timestamp("2025-03-01"))  # fmt: skip
    more = more.astype({"list_revenue": "object", "net_revenue": "object"})
    both = made(pd.concat([favoured, more], ignore_index=True))
    left = both.left_out.set_index("reason")
    assert dict(left["net_revenue"]) == {
        "returns": -5, "no list price": 7, "gifts": 0, "no member": 9, "no product": 8, "no order": 6,
    }  # fmt: skip
    assert set(left.index) <= set(LEFT_OUT) and left["lines"].sum() == 6
    assert both.ties_to()["net_revenue"] == sum(favoured["net_revenue"]) + 25
    assert both.aligned == found.aligned


def test_shuffled_lines_give_the_same_and_scaled_money_the_same_rates(favoured, found):
    mixed = favoured.sample(frac=1, random_state=1)
    mixed = mixed.assign(**{name: [each * 10 for each in mixed[name]] for name in ("list_revenue", "net_revenue")})
    other = made(mixed)
    assert list(other.cells["status"]) == list(found.cells["status"])
    np.testing.assert_allclose(list(other.cells["gap"]), list(found.cells["gap"]), atol=1e-9)
    assert float(other.aligned.estimate) == pytest.approx(10 * float(found.aligned.estimate), rel=1e-6)


def test_inside_a_channel_only_it_is_compared(favoured):
    half = favoured["customer_id"] < "c030"
    channel = np.where(half, "web", "shop")
    cheaper = [
        net * Decimal("0.8") if web else net for net, web in zip(favoured["net_revenue"], half, strict=True)
    ]  # the web gets a fifth more off
    lines = favoured.assign(channel=channel, net_revenue=cheaper)
    inside = made(lines, within="channel").cells.set_index("member")["gap"]
    across = made(lines).cells.set_index("member")["gap"]
    assert abs(inside["c001"]) < 0.05 < across["c001"]


def test_of_representatives_customers_are_the_units(favoured):
    rep = "r" + (favoured["customer_id"].str[1:].astype(int) % 4).astype(str)
    result = made(favoured.assign(rep_id=rep), by="rep_id")
    assert list(result.cells["member"]) == ["r0", "r1", "r2", "r3"] and list(result.cells["n"]) == [15] * 4
    assert result.units == "customers" and not result.aligned.n


def test_where_all_are_alike_nobody_is_named_too_often_and_the_truth_is_held_often_enough(discounts):
    """A small version of benchmarks/discounts.py, whose case of favours this is."""
    alike = pd.DataFrame(discounts.every(20, "alike", "promotion"))
    assert alike["claims"].sum() <= binom.ppf(0.995, 20, 0.1)
    favours = pd.DataFrame(discounts.every(20, "favours", "order"))
    assert favours["claims"].all() and favours["held"].sum() >= binom.ppf(0.005, 20, 0.9)
    assert favours["estimate"].sum() == pytest.approx(favours["worth"].sum(), rel=0.08)


def test_what_is_missing_is_asked_for_and_nonsense_is_refused(favoured):
    for column in ("list_revenue", "product_id", "customer_id"):
        result = made(favoured.drop(columns=column))
        assert "Ask for" in result.reason and result.figures()["reason"].iloc[0] == result.reason
    assert "Ask for" in made(favoured, by="rep_id").reason
    with pytest.raises(ParameterError, match="no dimension 'custmer'"):
        made(favoured, by="custmer")
    with pytest.raises(ParameterError, match="between 0 and 1"):
        made(favoured, level=90)
    assert "list price" in made(favoured.assign(list_revenue=Decimal(0))).reason


def test_figures_and_tables_speak_both_languages(found):
    assert found.figures()["figure_id"].is_unique
    assert found.figures()["status"].isin(["estimated", "not available"]).all()
    languages.use("fr")
    try:
        assert "remise" in found.message() and all(view.title for view in found.views())
    finally:
        languages.use("en")


def sliver(own=1):
    """Six customers with six like orders of tea; the first buys so many times as much of what nobody else does."""
    like = of_sizes([[100] * 6 for _ in range(6)], lambda customer, _size: 0.3 if customer == 0 else 0.1)
    alone = pd.DataFrame(
        [("c000", f"p{nth}", Decimal(600 * own), Decimal(500 * own)) for nth in range(1)],
        columns=["customer_id", "order_id", "list_revenue", "net_revenue"],
    ).assign(product_id="cup", date=pd.Timestamp("2025-01-02"))
    return pd.concat([like, alone], ignore_index=True)


def test_a_rate_of_a_sliver_of_what_a_member_buys_is_not_available_and_says_why():
    """A fifth at least: 600 of 1,200 is compared, and told of; 600 of 6,600 is not."""
    half = made(sliver()).cells.set_index("member").loc["c000"]
    assert half["compared"] == 600 and half["status"] != "not available"
    thin = made(sliver(10))
    row = thin.cells.set_index("member").loc["c000"]
    assert (row["status"], row["estimate"], row["actual"], row["expected"], row["n"]) == (
        "not available",
        None,
        None,
        None,
        0,
    )
    assert (row["list_revenue"], row["compared"]) == (6600, 600)
    assert row["reason"].startswith("Only 9.1% of its list revenue is compared")
    assert not thin.aligned.n  # nothing is claimed, or valued, of it either


def test_where_all_are_slivers_nothing_is_asserted():
    lines = pd.concat(
        [sliver(), *(sliver(40).tail(1).assign(customer_id=f"c{n:03}", product_id=f"own {n}") for n in range(6))],
        ignore_index=True,
    ).assign(order_id=lambda rows: [f"o{n}" for n in range(len(rows))])
    result = made(lines)
    assert set(result.cells["status"]) == {"not available"} and result.aligned.estimate is None
    assert result.reason.startswith("Less than 20% of list revenue is compared")
    assert "No discount is higher" not in repr(result)


def test_the_table_shows_the_list_revenue_that_its_rates_are_of():
    view = made(sliver()).views()[0]
    row = view.rows.set_index("label").loc["c000"]
    assert (row["compared"], row["part"]) == (600, 0.5)
    headings = [field.heading for field in view.fields]
    assert headings[1:3] == ["List revenue compared, EUR", "Part of its list revenue, %"]


def test_a_representative_gives_a_discount_and_a_customer_gets_it():
    lines = of_sizes([[100] * 8 for _ in range(30)], lambda customer, _size: 0.3 if customer < 10 else 0.1).assign(
        rep_id=lambda rows: ["r" + str(int(each[1:]) // 10) for each in rows["customer_id"]]
    )
    given, got = made(lines, by="rep_id"), made(lines)
    assert given.message().startswith("1 gives more off than others") and "gives more off" in repr(given)
    assert "get more off than others" in got.message() and "gets more off" in repr(got)
    assert "gets more off" not in repr(given)
