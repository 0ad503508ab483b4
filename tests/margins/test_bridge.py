"""The price-volume-mix bridge: counted by hand, exact for any sales, and clear about what has no price."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import improve, languages, margins, periods
from perfkit.demo import simulate
from perfkit.errors import DataError, ParameterError
from perfkit.margins.bridge import effects
from perfkit.results import plain

OLD, NEW = periods.parse("2024"), periods.parse("2025")
DAYS = {"old": "2024-01-01", "new": "2025-06-01"}
CENT = Decimal("0.0001")


def sold(*lines, **columns):
    """Lines from (when, item, quantity, revenue, further values in the order of `columns`' names)."""
    names = ["date", "product_id", "quantity", "net_revenue", *columns.pop("names", ())]
    frame = pd.DataFrame(lines, columns=names).astype("object")
    return frame.assign(date=pd.to_datetime(frame["date"].map(lambda day: DAYS.get(day, day))), **columns)


def bridge(sales, **options):
    """A bridge, once its sums are proven: each item's effects, each effect's items, and the whole."""
    given_ = {"base": OLD, "current": NEW, "currency": "EUR", "least": 0} | options
    result = margins.bridge.price_volume_mix(sales, **given_)
    names = list(result.effects["effect"])
    for row in result.items.to_dict("records"):
        assert sum(row[name] for name in names) == row["change"]
        cost = row["cost_now"] - row["cost_before"] if result.margin else 0
        assert row["change"] == row["revenue_now"] - row["revenue_before"] - cost
    for name in names:
        assert sum(result.items[name], Decimal(0)) == result.effect(name)
    assert result.start + sum(result.effects["amount"]) == result.end
    others = sum(result.others["amount"], Decimal(0))
    assert others == result.effect("other")
    return result


def amounts(result):
    return {row["effect"]: row["amount"] for row in result.effects.to_dict("records") if row["amount"]}


TWO = sold(("old", "a", 10, 100), ("old", "b", 10, 200), ("new", "a", 20, 220), ("new", "b", 10, 190))
"""Mean price before 15; a: 10 to 11, twice the quantity; b: 20 to 19."""


def test_price_volume_and_mix_counted_by_hand():
    result = bridge(TWO)
    # price 20 x (11 - 10) + 10 x (19 - 20); volume 10 x 15; mix 10 x (10 - 15)
    assert amounts(result) == {"price": 10, "volume": 150, "mix": -50}
    assert (result.start, result.end, result.change) == (300, 410, 110)
    items = result.items.set_index("product_id")
    assert items["price"].to_dict() == {"a": 20, "b": -10}
    assert items["price_before"].tolist() == [10, 20] and items["price_now"].tolist() == [11, 19]


def test_symmetric_weights_counted_by_hand():
    # price 1 x 15 - 1 x 10; quantities 10 x 10.5 = 105; mean prices 15 and 410 / 30
    result = bridge(TWO, symmetric=True)
    volume = Fraction(10) * (15 + Fraction(41, 3)) / 2
    assert result.effect("price") == 5
    assert abs(Fraction(result.effect("volume")) - volume) < Fraction(1, 10_000)
    assert result.effect("volume") + result.effect("mix") == 105


def test_new_and_lost_items_returns_free_lines_and_lines_without_an_item_each_have_their_place():
    more = sold(
        ("old", "gone", 1, 7), ("new", "fresh", 2, 9), ("old", "a", -1, -10), ("new", "b", 2, -30), ("new", "b", -1, 4),
        ("new", "a", 5, 0), ("new", "service", None, 50), ("new", "a", 0, 3), ("old", None, 1, 11),
        ("new", None, 1, 12), ("new", None, -1, -2),
    )  # fmt: skip
    result = bridge(pd.concat([TWO, more]))
    assert amounts(result) == {
        "price": 10, "volume": 150, "mix": -50, "new": 9, "lost": -7, "credit_notes": -18, "other": 54,
    }  # fmt: skip
    assert result.others.set_index("reason")["amount"].to_dict() == {"no key": 1, "unpriced": 53}
    kinds = result.items.set_index("product_id")[["kind", "reason"]]
    assert kinds.loc["fresh", "kind"] == "new" and kinds.loc["gone", "kind"] == "lost"
    assert kinds.loc["service"].tolist() == ["other", "unpriced"]
    assert kinds.iloc[-1].tolist() == ["other", "no key"] and result.items["product_id"].iloc[-1] is None
    assert any("€50" not in each and "Lines without a quantity, or given free" in each for each in result.warnings)


def test_kilograms_and_pieces_are_never_added():
    units = ["kg", "piece", "kg", "piece"]
    lines = sold(
        ("old", "a", 10, 100), ("old", "b", 1000, 200), ("new", "a", 20, 220), ("new", "b", 500, 190), unit=units
    )
    result = bridge(lines)
    # Alone in its unit, an item has no mix: volume is 10 x 10 and -500 x 0.2.
    assert amounts(result) == {"price": 20 + 90}
    assert result.by("unit").set_index("member")["volume"].to_dict() == {"kg": 100, "piece": -100}
    assert any("2 units of measure, which are never added" in note for note in result.views()[0].notes)


def test_the_unit_of_a_product_counts_where_a_line_names_none():
    rows = [("old", "tea", 10, 100), ("old", "milk", 10, 50), ("new", "tea", 12, 120), ("new", "milk", 8, 40)]
    by_line = bridge(sold(*rows).assign(unit=["kg", "piece"] * 2))
    by_product = bridge(sold(*rows).assign(product_unit=["kg", "piece"] * 2))
    together = bridge(sold(*rows))
    for name in ("price", "volume", "mix"):
        assert by_product.effect(name) == by_line.effect(name)
    assert together.effect("mix") != by_line.effect("mix")


def test_an_item_sold_by_the_carton_then_by_the_piece_has_no_price_to_compare():
    units = ["carton", "piece", "piece", "piece"]
    lines = sold(("old", "a", 1, 100), ("new", "a", 24, 130), ("old", "b", 1, 5), ("new", "b", 1, 6), unit=units)
    result = bridge(lines)
    assert amounts(result) == {"price": 1, "other": 30}
    changed = result.items[result.items["reason"] == "unit changed"]
    assert changed["unit"].tolist() == ["carton", "piece"] and set(changed["kind"]) == {"other"}
    assert "Items sold in another unit of measure than before: €100 in 2024, €130 in 2025" in " ".join(result.warnings)


def test_gross_profit_counted_by_hand_and_a_cost_that_is_not_known_is_never_made_up():
    lines = sold(
        ("old", "a", 10, 100, 60), ("new", "a", 20, 220, 140), ("new", "b", 1, 30, 10), ("new", "a", 3, 33, None),
        ("new", "a", -1, -11, -7), names=["cost"],
    )  # fmt: skip
    result = bridge(lines, margin=True)
    # a: price 20 x 1; unit cost 6 to 7: -20; 10 more at a margin of 4
    assert amounts(result) == {"price": 20, "volume": 40, "new": 20, "cost": -20, "credit_notes": -4}
    assert (result.start, result.end, result.uncosted) == (40, 96, (0, 33))
    assert result.views()[-1].rows["now"].tolist() == [239, 33, 272]
    assert "their cost is not estimated" in " ".join(result.warnings)


def test_a_budget_runs_through_the_same_code():
    plan = sold(("new", "a", 10, 100), ("new", "b", 10, 200))
    actual = TWO[TWO["date"] >= "2025"]
    first = sold(("2025-01-01", "a", 1, 0))  # the data start with the period
    result = bridge(pd.concat([actual, first]), base=NEW, base_sales=pd.concat([plan, first]))
    assert amounts(result) == {"price": 10, "volume": 150, "mix": -50}
    assert result.views()[0].title.startswith("Revenue is €110 above the budget of 2025: volume +€150")
    assert result.figures()["figure_id"].iloc[0] == "bridge:2025:2025:budget:price"


def test_a_period_without_sales_and_one_of_credit_notes_alone_work():
    assert amounts(bridge(sold(("old", "a", -1, -10), ("new", "a", 1, 4)))) == {"new": 4, "credit_notes": 10}
    result = bridge(sold(("old", "a", 1, 10), ("old", "a", -1, -10), ("new", "b", 1, 4)))
    assert result.start == 0 and result.views()[0].rows["share"].isna().all()
    nothing = bridge(sold(("old", "a", 1, 10)))
    assert amounts(nothing) == {"lost": -10} and "Nothing was sold at a price in 2025" in nothing.warnings[0]


def test_keys_that_do_not_survive_are_refused_with_the_share_and_another_key():
    lines = sold(("old", "1", 1, 96), ("new", "2", 1, 97), ("old", "9", 1, 4), ("new", "9", 1, 3), product_name="Lamp")
    with pytest.raises(DataError) as refused:
        bridge(lines, least=0.1)
    assert "4.0% of the sales of 2024 and 3.0% of the sales of 2025" in str(refused.value)
    assert 'key="product_name"' in str(refused.value)
    by_name = bridge(lines, key="product_name", least=0.1)
    assert by_name.effect("price") == 0 and by_name.common == (1, 1)
    assert "new and lost items dominate" in bridge(lines).warnings[0]


def test_items_are_summed_up_a_hierarchy_and_a_dimension_moves_no_total():
    lines = TWO.assign(category=["x", None, "x", None], channel="web")
    result = bridge(lines, also=["category"], key=["channel", "product_id"])
    assert amounts(result) == amounts(bridge(TWO))
    by = result.by("category")
    assert by["member"].tolist() == ["x", None] and by["price"].tolist() == [20, -10]
    assert by[["before", "now"]].to_numpy().tolist() == [[100, 220], [200, 190]]
    with pytest.raises(ParameterError, match="no column 'country'"):
        result.by("country")
    with pytest.raises(ParameterError, match="1 of 2 items have more than one category .first: a, x and y"):
        bridge(lines.assign(category=["x", None, "y", None]), also=["category"])


def test_items_carry_a_dimension_where_each_has_one_member_and_go_without_it_else():
    lines = TWO.assign(category=["x", None, "x", None], channel=["web", "web", "shop", "web"])
    result = bridge(lines, where_one=["category", "channel", "country"])
    assert result.also == ("category",) and result.by("category")["price"].tolist() == [20, -10]
    assert amounts(result) == amounts(bridge(TWO))
    with pytest.raises(ParameterError, match="no column 'channel'"):
        result.by("channel")
    assert result.names(result.items) == ["a", "b"]
    assert result.figure_id("price") in set(result.figures()["figure_id"])


RATES = pd.DataFrame(
    {
        "date": pd.to_datetime(["2024-01-01", "2025-06-01"]),
        "currency": "GBP",
        "rate": [1.1, 1.2],
    }
)


def test_exchange_rates_are_taken_out_first():
    lines = sold(("old", "a", 10, 100), ("new", "a", 10, 105), ("old", "b", 1, 10), ("new", "b", 1, 10))
    lines = lines.assign(currency=["GBP", "GBP", "EUR", None])
    result = bridge(lines, fx=RATES)
    assert (result.start, result.end) == (120, 136)
    assert amounts(result) == {"price": Decimal("5.5"), "currency": Decimal("10.5")}
    both = bridge(lines, fx=RATES, symmetric=True)  # 5 at a mean of 1.15, and the mean of 100 and 105 times 0.1
    assert amounts(both) == {"price": Decimal("5.75"), "currency": Decimal("10.25")}


def test_what_rates_do_to_foreign_costs_is_currency_and_no_unit_cost():
    lines = sold(("old", "a", 10, 100, 60), ("new", "a", 10, 100, 60), names=["cost"], currency="GBP")
    for symmetric in (False, True):
        assert amounts(bridge(lines, fx=RATES, margin=True, symmetric=symmetric)) == {"currency": 4}  # 40 times 0.1


def test_rates_that_rise_within_both_years_alike_are_no_price():
    lines = sold(
        ("2024-01-01", "a", 10, 100), ("2024-12-01", "b", 10, 100), ("2025-01-01", "a", 10, 100),
        ("2025-12-01", "b", 20, 200), currency="GBP",
    )  # fmt: skip
    months = pd.to_datetime(["2024-01-01", "2024-12-01", "2025-01-01", "2025-12-01"])
    rates = pd.DataFrame({"date": months, "currency": "GBP", "rate": [1.0, 1.2, 1.0, 1.2]})
    found = amounts(bridge(lines, fx=rates))
    # At the base's rate of 1.1: 10 pieces more at 11. More of them are of the month of the high rate.
    assert found == {"volume": 110, "currency": 10}


def test_an_item_whose_cost_is_known_in_one_period_only_is_neither_new_nor_lost():
    lines = sold(("old", "a", 10, 100, 60), ("new", "a", 10, 100, None), ("old", "b", 1, 9, 4), ("new", "b", 1, 9, 4),
                 names=["cost"])  # fmt: skip
    for one, other in ((OLD, NEW), (NEW, OLD)):
        days = {OLD.start.year: pd.Timestamp(one.start), NEW.start.year: pd.Timestamp(other.start)}
        result = bridge(lines.assign(date=[days[day.year] for day in lines["date"]]), margin=True)
        assert set(amounts(result)) == {"other"}
        assert result.items.loc[0, ["kind", "reason"]].tolist() == ["other", "cost unknown"]


SOLD_IN_BOTH = sold(
    ("old", "a", 50, 500, "EUR"), ("old", "a", 50, 600, "USD"), ("new", "a", 20, 200, "EUR"),
    ("new", "a", 80, 960, "USD"), names=["currency"],
)  # fmt: skip
DOLLARS = pd.DataFrame({"date": ["2024-01-01", "2025-06-01"], "currency": "USD", "rate": [0.9, 0.9]})


@pytest.mark.parametrize("symmetric", [False, True])
def test_more_sold_in_the_currency_in_which_it_is_dearer_is_mix_and_no_price(symmetric):
    # 10.00 in euros and 12 x 0.9 = 10.80 in dollars, in both years; 30 of 100 pieces moved to dollars
    assert amounts(bridge(SOLD_IN_BOTH, fx=DOLLARS, symmetric=symmetric)) == {"mix": 24}


@pytest.mark.parametrize("symmetric", [False, True])
def test_an_own_cost_in_each_currency_is_no_cost_effect_of_their_mix(symmetric):
    lines = SOLD_IN_BOTH.assign(cost=SOLD_IN_BOTH["net_revenue"] / 2)
    assert amounts(bridge(lines, fx=DOLLARS, symmetric=symmetric, margin=True)) == {"mix": 12}


def test_a_price_that_rose_in_one_currency_is_price_at_the_quantity_of_that_currency():
    lines = SOLD_IN_BOTH.copy()
    lines.loc[3, "net_revenue"] = 80 * 13
    assert amounts(bridge(lines, fx=DOLLARS)) == {"price": 72, "mix": 24}  # 80 x 1 x 0.9


def test_what_a_currency_new_to_an_item_brings_beside_the_old_one_is_mix():
    lines = sold(
        ("old", "a", 50, 500, "EUR"), ("new", "a", 80, 880, "EUR"), ("new", "a", 20, 240, "USD"), names=["currency"]
    )
    # 80 at 11 instead of 10; volume (100 - 50) x 10; the 20 in dollars bring 0.80 more each than a piece did
    assert amounts(bridge(lines, fx=DOLLARS)) == {"price": 80, "volume": 500, "mix": 16}


def test_a_few_pieces_in_a_shared_currency_do_not_hide_the_price_of_all_the_others():
    lines = [("old", "a", 1000, 10000, "USD"), ("new", "a", 1000, 4500, "EUR"), ("old", "a", 1, 4.5, "EUR")]
    found = amounts(bridge(sold(*lines, names=["currency"]), fx=DOLLARS))
    # 1,000 at 4.50 instead of 9,004.50 / 1,001 each; and one piece less, at that price
    assert float(found["price"]) == pytest.approx(4500 - 9004.5 / 1.001, abs=0.01)
    assert found["price"] + found["volume"] == Decimal("-4504.50")


def test_against_a_budget_every_sale_has_the_budgets_price():
    lines = [("old", "a", 1, 1, "EUR"), ("new", "a", 100, 1000, "EUR"), ("new", "a", 100, 500, "USD")]
    lines = sold(*lines, names=["currency"])
    plan = sold(("old", "a", 200, 2000, "EUR"), names=["currency"])
    at_par = DOLLARS.assign(rate=1.0)
    assert amounts(bridge(lines, base_sales=plan, fx=at_par)) == {"price": -500}


def test_a_line_of_a_million_in_another_currency_is_converted_like_any_other():
    lines = sold(("old", "a", 1, 10**6, "USD"), ("new", "a", 2, 4 * 10**12, "USD"), names=["currency"])
    assert bridge(lines, fx=DOLLARS).end == Decimal(36) * 10**11


def test_an_item_whose_market_changed_its_currency_keeps_a_price_at_the_rates_of_both():
    lines = sold(("old", "a", 10, 120, "USD"), ("new", "a", 10, 100, "EUR"), names=["currency"])
    assert amounts(bridge(lines, fx=DOLLARS)) == {"price": -8}


def test_between_two_standard_costs_nothing_is_measured_and_the_cost_effect_says_so():
    lines = TWO.assign(unit_cost=[6, 8, 6, 8])
    found = bridge(lines, margin=True)
    assert found.standard == (1, 1) and found.effect("cost") == 0
    assert any("nil by construction" in each for each in found.warnings)
    row = found.figures().set_index("kpi").loc["margin_bridge"].set_index("figure_id").loc[found.figure_id("cost")]
    assert row["status"] == "partial" and "nil by construction" in row["reason"]
    own = bridge(lines.assign(cost=[60, None, 140, 90]), margin=True)  # of 60 + 80 and 140 + 90
    assert own.standard == (pytest.approx(80 / 140), None)
    assert bridge(TWO.assign(cost=[60, 80, 140, 90]), margin=True).warnings == []


cells_of_currencies = st.lists(
    st.tuples(
        st.sampled_from(["old", "new"]), st.sampled_from("ab"), st.integers(1, 9), st.integers(1, 99),
        st.sampled_from(["EUR", "USD", "GBP"]),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=15)
@given(cells_of_currencies, st.booleans())
def test_where_every_local_price_stays_currencies_and_quantities_make_no_price(cells, symmetric):
    price = {"EUR": 10, "USD": 12, "GBP": 8}
    lines = [(when, item, q, q * price[of], of) for when, item, q, _, of in cells]
    lines += [(when, item, 1, price[of], of) for when in ("old", "new") for item in "ab" for of in price]
    rates = pd.DataFrame(
        [(day, of, rate) for day in ("2024-01-01", "2025-06-01") for of, rate in (("USD", 0.9), ("GBP", 1.2))],
        columns=["date", "currency", "rate"],
    )
    assert bridge(sold(*lines, names=["currency"]), fx=rates, symmetric=symmetric).effect("price") == 0


def test_two_currencies_without_rates_are_refused():
    lines = TWO.assign(currency=["GBP", "EUR", "GBP", "EUR"])
    with pytest.raises(
        DataError, match="2 lines are in GBP and the others in EUR. Amounts of two currencies are never"
    ):
        bridge(lines)
    with pytest.raises(DataError, match="1 lines in GBP are of a month without an exchange rate .first: 2025-06-01"):
        bridge(lines, fx=RATES.head(1))


@pytest.mark.parametrize(
    ("sales", "options", "reason"),
    [
        (TWO.drop(columns="quantity"), {}, "Ask for the quantity of each line"),
        (TWO.drop(columns="product_id"), {}, "Ask for the product number"),
        (TWO, {"margin": True}, "Ask for the cost of goods"),
        (TWO.assign(date=TWO["date"] + pd.Timedelta(days=90)), {}, "The data start on 31 March 2024."),
    ],
    ids=["no quantity", "no product", "no cost", "no base"],
)
def test_what_cannot_be_bridged_says_why(sales, options, reason):
    result = margins.bridge.price_volume_mix(sales, base=OLD, current=NEW, currency="EUR", **options)
    assert reason in result.reason and result.figures()["status"].tolist() == ["not available"]
    result._repr_mimebundle_()


def test_what_is_asked_wrongly_is_refused():
    with pytest.raises(ParameterError, match="base is '2024': give a Period"):
        bridge(TWO, base="2024")
    with pytest.raises(ParameterError, match="key is empty"):
        bridge(TWO, key=[])
    with pytest.raises(ParameterError, match="no dimension 'product'"):
        bridge(TWO, key="product")


def test_a_price_that_no_amount_of_money_holds_is_still_exact():
    lines = sold(("old", "a", "0.0001", 10**9), ("new", "a", 10**9, 10**9), ("old", "b", 1, 3), ("new", "b", 2, 7))
    for symmetric in (False, True):
        assert bridge(lines, symmetric=symmetric).change == 4


def test_the_bridge_is_shown_in_both_languages():
    lines = pd.concat([TWO, sold(("new", "c", 1, 5), ("old", None, 1, 6))])
    shown = plain(bridge(lines).views()[0])
    assert shown.startswith("Revenue rose by €109: volume +€150, mix −€50, price +€10\nNet revenue, 2025 against 2024")
    languages.use("fr")
    french = plain(bridge(lines).views()[0])
    assert french.startswith(
        "CA en hausse de 109\xa0€\xa0: volume +150\xa0€, mix −50\xa0€, prix +10\xa0€\nCA net, 2025"
    )


# ---- For any sales

items_ = st.tuples(st.sampled_from(["a", "b", "c", "d", None]), st.sampled_from(["kg", "piece", None]))
quantities = st.one_of(st.none(), st.integers(-30, 300).map(lambda n: Decimal(n) / 8), st.just(Decimal("0.0001")))
ledgers = st.lists(
    st.tuples(
        st.sampled_from(["2024-02-01", "2024-12-31", "2025-01-01", "2025-11-30", "2026-01-01"]),
        items_, quantities, st.decimals(-50, 500, places=2), st.one_of(st.none(), st.decimals(-20, 300, places=4)),
    ),
    max_size=14,
)  # fmt: skip


def frame(ledger):
    rows = [("2024-01-01", "z", 1, 1, None, 1), ("2025-01-01", "z", 1, 1, None, 1)]
    rows += [(day, item, quantity, money, unit, cost) for day, (item, unit), quantity, money, cost in ledger]
    return sold(
        *[(day, item, quantity, money, unit, cost) for day, item, quantity, money, unit, cost in rows],
        names=["unit", "cost"],
    )


def by_definition(sales, symmetric, margin):
    """The effects as fractions, written from the definition (KPIS.md, section 2) and not from the code."""
    sides = []
    for year in ("2024", "2025"):
        of, credits_, rest = {}, Fraction(0), {}
        for row in sales[sales["date"].dt.year.astype(str) == year].to_dict("records"):
            row = {name: None if value != value else value for name, value in row.items()}
            r, q = Fraction(str(row["net_revenue"])), row["quantity"]
            q = None if q is None else Fraction(str(q))
            c = None if row["cost"] is None else Fraction(str(row["cost"]))
            if margin and c is None:
                continue
            c = c if margin else Fraction(0)
            if r < 0 or (q is not None and q < 0):
                credits_ += r - c
            elif row["product_id"] is None or not q or r == 0:
                rest[()] = rest.get((), Fraction(0)) + r - c
            else:
                before = of.get((row["product_id"], row["unit"]), (0, 0, 0))
                of[row["product_id"], row["unit"]] = tuple(a + b for a, b in zip(before, (q, r, c), strict=True))
        sides.append((of, credits_, sum(rest.values(), Fraction(0))))
    (old, old_credits, old_rest), (new, new_credits, new_rest) = sides
    found = dict.fromkeys(("price", "volume", "mix", "new", "lost", "cost", "credit_notes", "other"), Fraction(0))
    found["credit_notes"], found["other"] = new_credits - old_credits, new_rest - old_rest
    names = [{item for item, _ in side} for side in (old, new)]
    for item in set(new) ^ set(old):
        earned = new[item][1] - new[item][2] if item in new else old[item][2] - old[item][1]
        changed = item[0] in names[0] and item[0] in names[1]
        found["other" if changed else "new" if item in new else "lost"] += earned
    common = set(old) & set(new)
    for unit in {unit for _, unit in common}:
        here = [item for item in common if item[1] == unit]
        q0, q1 = (sum(side[item][0] for item in here) for side in (old, new))
        m0, m1 = (sum(side[item][1] - side[item][2] for item in here) / q for side, q in ((old, q0), (new, q1)))
        volume = (q1 - q0) * ((m0 + m1) / 2 if symmetric else m0)
        found["volume"] += volume
        found["mix"] -= volume
        for item in here:
            (a, r0, c0), (b, r1, c1) = old[item], new[item]
            weight = (a + b) / 2 if symmetric else b
            found["price"] += (r1 / b - r0 / a) * weight
            found["cost"] -= (c1 / b - c0 / a) * weight
            then, now = (r0 - c0) / a, (r1 - c1) / b
            found["mix"] += (b - a) * ((then + now) / 2 if symmetric else then)
    return found


@settings(max_examples=15)
@given(ledgers, st.booleans(), st.booleans(), st.randoms())
def test_any_sales_are_split_as_defined_whatever_the_order_of_their_lines(ledger, symmetric, margin, random):
    sales = frame(ledger)
    result = bridge(sales, symmetric=symmetric, margin=margin)
    for name, exact in by_definition(sales, symmetric, margin).items():
        assert abs(Fraction(result.effect(name)) - exact) <= Fraction(2, 10_000), name
    shuffled = sales.sample(frac=1, random_state=random.randrange(1000))
    again = bridge(shuffled, symmetric=symmetric, margin=margin)
    pd.testing.assert_frame_equal(again.items, result.items)
    assert result.payload() == again.payload()


@settings(max_examples=10)
@given(ledgers, st.booleans())
def test_exchanging_the_periods_flips_every_sign_of_a_symmetric_bridge(ledger, margin):
    sales = frame(ledger).assign(currency=lambda lines: ["GBP" if q == 1 else None for q in lines["quantity"]])
    rates = pd.DataFrame({"date": pd.date_range("2024-01-01", "2025-12-01", freq="MS"), "currency": "GBP"})
    rates["rate"] = [1 + month / 100 for month in range(len(rates))]
    options = {"symmetric": True, "margin": margin, "fx": rates}
    there, back = bridge(sales, **options), bridge(sales, base=NEW, current=OLD, **options)
    flipped = {"new": "lost", "lost": "new"}
    assert all(there.effect(name) == -back.effect(flipped.get(name, name)) for name in there.effects["effect"])


@settings(max_examples=8)
@given(ledgers, st.booleans())
def test_a_hundred_times_the_money_makes_a_hundred_times_the_effects_and_the_same_shares(ledger, symmetric):
    sales = frame(ledger)
    large = sales.assign(net_revenue=[Decimal(str(money)) * 100 for money in sales["net_revenue"]])
    one, many = (bridge(each, symmetric=symmetric) for each in (sales, large))
    assert many.common == pytest.approx(one.common)
    for name in one.effects["effect"]:
        assert abs(many.effect(name) - 100 * one.effect(name)) <= 210 * CENT


@settings(max_examples=60)
@given(
    st.lists(st.tuples(*[st.integers(1, 10**9)] * 2, *[st.integers(-(10**9), 10**9)] * 2), min_size=1, max_size=8),
    st.booleans(),
    st.sampled_from([1, 10**12]),
)
def test_the_arithmetic_is_exact_for_small_and_for_enormous_numbers(rows, symmetric, times):
    q0, q1, r0, r1 = (effects.whole([value * times for value in column]) for column in zip(*rows, strict=True))
    nothing = np.zeros_like(r0)
    units = np.array(["kg"] * len(rows), dtype="object")
    found = effects.split(effects.Sold(q0, r0, nothing), effects.Sold(q1, r1, nothing), units, symmetric=symmetric)
    exact = sum(
        (Fraction(d, b) - Fraction(c, a)) * (Fraction(a + b, 2) if symmetric else b)
        for a, b, c, d in zip(q0.tolist(), q1.tolist(), r0.tolist(), r1.tolist(), strict=True)
    )
    assert abs(sum(found.price.tolist()) - exact) <= Fraction(500_001, 1_000_000) + abs(exact) / 10**25
    assert (found.price + found.volume + found.mix + r0 - r1 == 0).all()


# ---- Where the truth is known


@pytest.fixture(scope="module")
def story():
    return simulate(scale=0.2)


@pytest.mark.parametrize(
    ("by", "key"), [("product_id", "product_id"), ("channel_and_product_id", ["channel", "product_id"])]
)
def test_the_true_effects_of_the_demo_are_recovered(story, by, key):
    spans = {"2025 against 2024": ("2024", "2025"), "2026-Q3 against 2025-Q3": ("2025-Q3", "2026-Q3")}
    for name, labels in spans.items():
        base, current = map(periods.parse, labels)
        result = bridge(story.tables["sales"], base=base, current=current, key=key, least=0.1)
        truth = story.truth["bridges"][name][f"by_{by}"]
        assert (result.start, result.end) == (Decimal(truth["start_euros"]), Decimal(truth["end_euros"]))
        for effect in ("price", "volume", "new", "lost", "credit_notes"):
            assert result.effect(effect) == Decimal(truth[f"{effect}_euros"]), effect
        assert abs(result.effect("mix") - Decimal(truth["mix_euros"])) <= CENT  # it takes what rounding leaves
        assert result.effect("other") == 0


def test_adventureworks_is_refused_on_the_product_key_and_done_on_the_product_name(shared_data):
    folder = shared_data / "adventureworks"
    names = pd.read_csv(folder / "products.csv", dtype=str).set_index("ProductKey")["Product"]
    parts = [
        pd.read_csv(folder / file, dtype=str)[["OrderDate", "ProductKey", quantity, "SalesAmount"]].set_axis(
            ["date", "product_id", "quantity", "net_revenue"], axis="columns"
        )
        for file, quantity in (("reseller_sales.csv", "Quantity"), ("internet_sales.csv", "OrderQuantity"))
    ]
    lines = pd.concat(parts, ignore_index=True)
    lines = lines.assign(date=pd.to_datetime(lines["date"]), product_name=lines["product_id"].map(names))
    years = {name: periods.parse(label, "07-01") for name, label in (("base", "FY2019"), ("current", "FY2020"))}
    with pytest.raises(DataError, match=r"0.0% of the sales of FY2019 and 0.0% of.*key=\"product_name\""):
        bridge(lines, least=0.1, **years)
    result = bridge(lines, key="product_name", least=0.1, **years)
    assert result.common == pytest.approx((0.5887454825121017, 0.4600017624494622), abs=0.02)
    assert result.dominated and "new and lost items dominate" in result.warnings[0]


@pytest.mark.parametrize("size", [1, 10**9, 9 * 10**13], ids=["small", "large", "beyond 64 bits"])
def test_sums_are_exact_whether_or_not_they_are_whole_numbers_of_64_bits(size):
    cents = Decimal("0.0001")
    many = sold(*([("old", "a", 1, size + cents), ("new", "a", 1, size + 2 * cents)] * 12), names=[])
    result = bridge(many.assign(cost=many["net_revenue"] - 1), margin=True)
    assert (result.effect("price"), result.effect("cost")) == (12 * cents, -12 * cents)
    assert bridge(many).start == 12 * (size + cents)


def test_where_the_cost_of_much_is_not_known_in_one_period_no_fall_of_gross_profit_is_claimed():
    """The same was sold at the same cost: of the later period half of the costs are missing."""
    lines = sold(
        ("old", "a", 10, 100, 60), ("old", "b", 10, 100, 60), ("new", "a", 10, 100, 60), ("new", "b", 10, 100, None),
        names=["cost"],
    )  # fmt: skip
    result = bridge(lines, margin=True)
    assert result.covered == (1.0, 0.5) and result.thin
    said = (
        "The cost is known of 100.0% of the amounts of 2024 and of 50.0% of those of 2025: too little to say how gross "
        "profit moved"
    )
    assert result.views()[0].title == said
    figures = result.figures()
    assert set(figures["status"]) == {"partial"} and figures["reason"].str.startswith(f"{said}.").all()
    assert improve.moved(result).sentences == (f"{said}.",)
    assert not bridge(lines).thin  # revenue asks for no cost
    # What is returned without a cost makes up for nothing that is sold without one.
    more = pd.concat([lines, sold(("new", "c", -10, -100, None), names=["cost"])])
    assert bridge(more, margin=True).covered == (1.0, pytest.approx(1 / 3))
