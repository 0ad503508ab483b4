"""The scorecard, counted by hand, held to its invariants, and refusing what it cannot say."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import kpis, languages, periods
from perfkit.errors import DataError, ParameterError
from perfkit.results import plain

JANUARY = periods.parse("2024-01")


def card(lines, period=JANUARY, **options):
    return kpis.scorecard(lines, period=period, currency="EUR", **options)


def actual(result, kpi):
    return result.row(kpi)["actual"]


def test_january_counted_by_hand(two_years):
    result = card(two_years)
    assert actual(result, "revenue") == Decimal(220)  # 80 + 20 + 60 - 30 + 90 + 0
    assert result.row("revenue")["previous"] == Decimal(200)
    assert result.row("revenue")["variance_previous"] == Decimal(20)
    assert result.row("revenue")["growth_previous"] == pytest.approx(0.1)
    assert actual(result, "orders") == 3  # o7, o8, o10: a return and a free line make no order
    assert actual(result, "aov") == pytest.approx(220 / 3)
    assert actual(result, "median_order") == pytest.approx(90)  # 60, 90, 100
    assert actual(result, "customers") == 2  # a and c: d got something free, one line has no customer
    assert actual(result, "new_customers") == 0
    assert actual(result, "returning_customers") == 2
    assert actual(result, "return_rate") == pytest.approx(30 / 250)
    assert actual(result, "identified_share") == pytest.approx(130 / 220)
    assert actual(result, "concentration") == pytest.approx(1)
    assert actual(result, "gross_profit") == Decimal(98)  # 220 - (50 + 12 + 30 - 15 + 45 + 0)
    assert actual(result, "margin_rate") == pytest.approx(98 / 220)
    assert actual(result, "cost_coverage") == 1
    assert actual(result, "revenue_per_working_day") == pytest.approx(220 / 23)  # Monday to Friday
    assert actual(result, "orders_per_customer") == 1  # o7 of a, o8 of c; o10 has no customer
    assert actual(result, "discount_rate") == pytest.approx((295 - 250) / 295)  # the free line at its price of 10
    assert (actual(result, "repeat_rate"), result.row("repeat_rate")["n"]) == (0.5, 2)  # b came back, c did not
    assert set(result.rows["status"]) == {"observed", "estimated"}


def test_the_repeat_rate_counts_mature_customers_by_days_of_purchase(sales):
    # The window of January 2024 is 2022-11-03 to 2023-11-02.
    lines = sales(
        [("2020-01-01", 5), ("2023-01-10", 5), ("2023-01-10", 5), ("2023-02-01", 5), ("2023-05-02", 5),
         ("2023-02-01", 5), ("2023-05-03", 5), ("2023-03-01", 5), ("2023-03-02", -5),
         ("2023-11-03", 5), ("2023-11-05", 5), ("2024-01-05", 5)],
        customer_id=["old", "same day", "same day", "day 90", "day 90", "day 91", "day 91", "returned", "returned",
                     "immature", "immature", "old"],
    )  # fmt: skip
    row = card(lines).row("repeat_rate")
    assert (row["actual"], row["n"], row["status"]) == (0.25, 4, "estimated")
    assert row["low"] < 0.25 < row["high"]
    assert row["level"] == 0.9


def test_a_repeat_rate_without_older_history_is_an_upper_bound_and_claims_nothing(sales):
    lines = sales([("2023-01-01", 5), ("2023-02-01", 5), ("2024-01-05", 5)], customer_id=["a", "a", "a"])
    row = card(lines).row("repeat_rate")
    assert (row["actual"], row["status"], row["tone_previous"]) == (1.0, "upper bound", None)
    assert "1 January 2023" in row["reason"]


def test_new_customers_without_a_year_of_history_are_an_upper_bound(sales):
    lines = sales([("2023-06-01", 5), ("2024-01-05", 5), ("2024-01-06", 7)], customer_id=["a", "a", "b"])
    result = card(lines)
    assert (actual(result, "new_customers"), result.row("new_customers")["status"]) == (1, "upper bound")
    assert result.row("returning_customers")["actual"] is None
    assert "At least 1" in result.row("returning_customers")["reason"]


def test_a_year_before_that_the_data_do_not_hold_is_missing_not_zero(sales):
    lines = sales([("2023-01-15", 5), ("2024-01-05", 8)])
    row = card(lines).row("revenue")
    assert (row["actual"], row["previous"], row["growth_previous"]) == (Decimal(8), None, None)
    assert row["previous_reason"] == "The data start on 15 January 2023."
    held = card(sales([("2022-12-31", 5), ("2024-01-05", 8)])).row("revenue")
    assert held["previous"] == 0  # January 2023 is in the data, and nothing was sold in it
    assert held["growth_previous"] is None  # growth from 0 has no meaning
    assert held["variance_previous"] == 8


def test_growth_from_a_negative_base_is_absolute_only(sales):
    row = card(sales([("2022-06-01", 5), ("2023-01-05", -10), ("2024-01-05", 8)])).row("revenue")
    assert (row["variance_previous"], row["growth_previous"], row["tone_previous"]) == (Decimal(18), None, "good")


def test_two_columns_make_a_scorecard_that_names_what_to_ask_for(sales):
    result = card(sales([("2022-12-01", 5), ("2023-01-05", 5), ("2024-01-05", 8), ("2024-01-08", -1)]))
    there = result.rows.set_index("kpi")["actual"].dropna()
    assert there.to_dict() == {
        "revenue": Decimal(7), "revenue_per_working_day": pytest.approx(7 / 23), "return_rate": 0.125,
    }  # fmt: skip
    reasons = result.rows.set_index("kpi")["reason"]
    assert reasons["orders"] == "Not in the data. Ask for the order or invoice number of each line (order_id)."
    assert "customer_id" in reasons["customers"]
    assert "cost" in reasons["margin_rate"]
    assert "Ask for the customer number of each line" in plain(result.views()[0])


def test_a_column_that_is_empty_is_as_absent(sales):
    lines = sales([("2023-01-01", 5), ("2024-01-05", 8)], customer_id=[None, None], order_id=[None, None])
    assert set(card(lines).rows.set_index("kpi").loc[["orders", "aov", "customers", "concentration"], "status"]) == {
        "not available"
    }


def test_lines_without_an_order_number_make_the_orders_partial(sales):
    lines = sales([("2023-01-01", 5), ("2024-01-05", 8), ("2024-01-06", 8)], order_id=["x", "y", None])
    row = card(lines).row("orders")
    assert (row["actual"], row["status"], row["reason"]) == (
        1,
        "partial",
        "50.0% of the sales lines have no order number.",
    )


def test_an_average_order_is_the_revenue_of_numbered_lines_by_their_orders(sales):
    lines = sales(
        [("2023-01-01", 5), ("2024-01-05", 8), ("2024-01-06", 4), ("2024-01-06", 100)], order_id=["x", "y", "z", None]
    )
    row = card(lines).row("aov")
    assert (row["actual"], row["status"]) == (6, "partial")
    assert row["reason"] == "33.3% of the sales lines have no order number."


def test_data_without_a_negative_line_have_no_return_rate(sales):
    row = card(sales([("2023-01-01", 5), ("2024-01-05", 8)])).row("return_rate")
    assert (row["actual"], row["status"]) == (None, "not available")
    assert "credit notes" in row["reason"]


def test_the_margin_rate_stands_on_lines_with_a_cost_and_says_how_many(sales):
    lines = sales([("2023-01-01", 5), ("2024-01-05", 60), ("2024-01-06", 40)], cost=[1, 30, None])
    result = card(lines)
    assert (actual(result, "gross_profit"), result.row("gross_profit")["status"]) == (Decimal(30), "partial")
    assert (actual(result, "margin_rate"), result.row("margin_rate")["status"]) == (0.5, "partial")
    assert result.row("margin_rate")["reason"] == "The cost is known for 60.0% of the amounts."
    nearly = card(sales([("2023-01-01", 5), ("2024-01-05", 96), ("2024-01-06", 4)], cost=[1, 48, None]))
    assert (actual(nearly, "margin_rate"), nearly.row("margin_rate")["status"]) == (0.5, "observed")


def test_credit_notes_without_a_cost_are_told_beside_the_margin_that_leaves_them_out(sales):
    rows = [("2023-01-01", 1), *[("2024-01-05", 100)] * 20, ("2024-01-20", -40)]
    costs = [None, *[60] * 20, None]
    card = kpis.scorecard(sales(rows, cost=costs), period=periods.parse("2024-01"), currency="EUR")
    profit = card.row("gross_profit")
    assert profit["actual"] == 800
    assert "Credit notes that take 2.0% off that revenue have no cost and are left out" in profit["reason"]
    assert "2.0%" in card.row("margin_rate")["reason"]
    small = sales([*rows[:-1], ("2024-01-20", -4)], cost=costs)
    told = kpis.scorecard(small, period=periods.parse("2024-01"), currency="EUR").row("gross_profit")["reason"]
    assert "Credit notes" not in told


def test_a_line_s_own_cost_wins_over_its_product_s(sales):
    lines = sales(
        [("2023-01-01", 5), ("2024-01-05", 60), ("2024-01-06", 40)],
        cost=[1, 30, None], quantity=[1, 2, 4], unit_cost=[1.0, 100.0, 2.5],
    )  # fmt: skip
    assert actual(card(lines), "gross_profit") == Decimal(60)  # 60 - 30 + 40 - 4 x 2.5


def test_tones_follow_what_is_good_for_the_company(sales):
    lines = sales(
        [("2022-12-01", 1), ("2023-01-05", 100), ("2023-01-06", -10), ("2024-01-05", 100), ("2024-01-06", -30)]
    )
    result = card(lines)
    assert result.row("revenue")["tone_previous"] == "bad"
    assert result.row("return_rate")["tone_previous"] == "bad"  # more returns
    assert result.row("return_rate")["variance_unit"] == "points"
    assert result.row("return_rate")["growth_previous"] is None


def targets(*rows):
    return pd.DataFrame(rows, columns=["kpi", "period", "value"]).assign(period=lambda t: pd.to_datetime(t["period"]))


def test_a_period_s_target_is_the_sum_of_its_months(sales):
    lines = sales([("2022-12-01", 1), ("2024-01-05", 90), ("2024-03-05", 30)], order_id=["a", "b", "c"])
    quarter = periods.parse("2024-Q1")
    planned = targets(("revenue", "2024-01-01", 50), ("revenue", "2024-02-10", 40), ("revenue", "2024-03-31", 60))
    row = card(lines, quarter, targets=planned).row("revenue")
    assert (row["target"], row["variance_target"], row["attainment"], row["tone_target"]) == (
        Decimal(150), Decimal(-30), pytest.approx(0.8), "bad",
    )  # fmt: skip
    row = card(lines, quarter, targets=planned.iloc[:2]).row("revenue")
    assert (row["target"], row["target_reason"]) == (None, "No target is given for March 2024.")
    rates = targets(*(("aov", f"2024-0{month}-01", 60) for month in (1, 2, 3)))
    assert card(lines, quarter, targets=rates).row("aov")["target"] == 60  # the same in every month
    rates.loc[2, "value"] = 61
    assert "do not add up" in card(lines, quarter, targets=rates).row("aov")["target_reason"]


def test_targets_of_members_and_older_versions_are_left_out(sales):
    lines = sales([("2022-12-01", 1), ("2024-01-05", 90)])
    planned = pd.DataFrame(
        {
            "kpi": "revenue",
            "period": pd.Timestamp("2024-01-01"),
            "value": [100, 120, 7],
            "dimension": [None, None, "country"],
            "member": [None, None, "fr"],
            "version": ["v1", "v2", "v2"],
        }
    )
    assert card(lines, targets=planned).row("revenue")["target"] == 120
    with pytest.raises(DataError, match="two targets for 2024-01"):
        card(lines, targets=planned.assign(version="v1"))


@pytest.mark.parametrize("other", [6, 5], ids=["another", "equal: of two people, or one of them twice?"])
def test_two_amounts_for_a_month_that_nothing_tells_apart_are_no_target(sales, other):
    lines = sales([("2022-12-01", 1), ("2024-01-05", 90)])
    row = card(lines, targets=targets(("revenue", "2024-01-01", 5), ("revenue", "2024-01-31", other))).row("revenue")
    assert row["target"] is None and row["target_reason"] == "Two targets are given for January 2024: which one counts?"


def test_a_rate_that_is_repeated_is_one_target(sales):
    lines = sales([("2022-12-01", 1), ("2024-01-05", 90)])
    row = card(lines, targets=targets(("aov", "2024-01-01", 5), ("aov", "2024-01-31", 5))).row("aov")
    assert row["target"] == 5 and not row["target_reason"]


@pytest.mark.parametrize("half", ["dimension", "member"])
def test_a_target_that_says_only_its_dimension_or_its_member_is_nobodys(sales, half):
    lines = sales([("2022-12-01", 1), ("2024-01-05", 90)])
    planned = targets(("revenue", "2024-01-01", 100), ("revenue", "2024-01-01", 7)).assign(**{half: [None, "x"]})
    assert card(lines, targets=planned).row("revenue")["target"] == 100


def test_a_misspelt_kpi_among_the_targets_is_named(sales):
    lines = sales([("2022-12-01", 1), ("2024-01-05", 90)])
    with pytest.raises(ParameterError, match="Did you mean 'revenue'"):
        card(lines, targets=targets(("revenu", "2024-01-01", 5)))


def test_refusals(sales):
    with pytest.raises(DataError, match="there is no line"):
        card(sales([]))
    with pytest.raises(DataError, match="the data start on 2024-01-15"):
        card(sales([("2024-01-15", 5)]))
    with pytest.raises(DataError, match="no column 'net_revenue'"):
        card(sales([("2024-01-15", 5)]).drop(columns="net_revenue"))


def test_a_single_customer_is_the_whole_concentration(sales):
    lines = sales([("2021-01-01", 5), ("2023-01-05", 5), ("2024-01-05", 8)], customer_id=["a", "a", "a"])
    result = card(lines)
    assert actual(result, "concentration") == 1
    assert result.row("concentration")["n"] == 1
    result._repr_mimebundle_()


def test_figures_carry_ids_free_of_language(two_years):
    english = card(two_years)
    languages.use("fr")
    try:
        french = card(two_years)
        assert french.figures()["figure_id"].tolist() == english.figures()["figure_id"].tolist()
        assert [str(value) for value in french.figures()["estimate"]] == [str(v) for v in english.figures()["estimate"]]
    finally:
        languages.use("en")
    figures = english.figures().set_index("figure_id")
    assert figures.loc["scorecard:2024-01:revenue", "estimate"] == Decimal(220)
    assert figures.loc["scorecard:2023-01:revenue", "estimate"] == Decimal(200)
    assert figures.index.is_unique
    assert english.ties_to() == {"net_revenue": Decimal(220), "period": "2024-01"}


ledgers = st.lists(
    st.tuples(
        st.sampled_from(["2022-12-15", "2023-01-10", "2023-01-20", "2023-08-01", "2024-01-05", "2024-01-25"]),
        st.decimals(-500, 500, places=2),
        st.sampled_from(["a", "b", "c", None]),
        st.sampled_from(["o1", "o2", "o3"]),
    ),
    min_size=1,
    max_size=12,
)


def of(sales, ledger):
    rows = [("2021-01-04", 1, "z", "o0"), *ledger]
    return sales([row[:2] for row in rows], customer_id=[row[2] for row in rows], order_id=[row[3] for row in rows])


def comparable(result):
    rows = result.rows.drop(columns=["name", "basis"])
    return [
        [round(value, 9) if isinstance(value, float) else value for value in row] for row in rows.to_numpy().tolist()
    ]


@settings(max_examples=8)
@given(ledgers, st.randoms())
def test_the_order_of_the_rows_does_not_matter(sales, ledger, random):
    shuffled = list(ledger)
    random.shuffle(shuffled)
    assert comparable(card(of(sales, ledger))) == comparable(card(of(sales, shuffled)))


@settings(max_examples=8)
@given(ledgers)
def test_all_money_times_three_leaves_every_count_and_rate_alone(sales, ledger):
    once = card(of(sales, ledger))
    lines = of(sales, ledger)
    thrice = card(lines.assign(net_revenue=[Decimal(str(value)) * 3 for value in lines["net_revenue"]]))
    for one, three in zip(once.rows.to_dict("records"), thrice.rows.to_dict("records"), strict=True):
        factor = 3 if one["unit"] == "EUR" else 1
        if one["actual"] is None:
            assert three["actual"] is None
        else:
            assert float(three["actual"]) == pytest.approx(float(one["actual"]) * factor)
        assert one["growth_previous"] == pytest.approx(three["growth_previous"])


@settings(max_examples=8)
@given(ledgers)
def test_columns_joined_to_the_lines_move_no_figure(sales, ledger):
    lines = of(sales, ledger)
    joined = lines.assign(segment="x", country=None)
    assert comparable(card(lines)) == comparable(card(joined))


def test_a_sum_over_some_lines_is_not_set_against_one_over_all(sales):
    lines = sales([("2022-12-30", 1), ("2023-01-05", 10), ("2023-01-06", 90), ("2024-01-05", 100)])
    lines = lines.assign(cost=[None, 5, None, 50])
    row = card(lines).row("gross_profit")
    assert (row["actual"], row["previous"], row["previous_status"]) == (50, 5, "partial")
    assert (row["variance_previous"], row["growth_previous"], row["tone_previous"]) == (None, None, None)


def test_a_period_in_which_nobody_is_identified_has_an_identified_share_of_zero(sales):
    lines = sales([("2023-01-01", 5), ("2024-01-05", 8)], customer_id=["a", None])
    result = card(lines)
    assert actual(result, "identified_share") == 0
    assert (
        result.row("customers")["reason"]
        == "No sale of the period has a customer. Ask for the customer number of each line."
    )


def test_sales_without_a_customer_are_of_unknown_customers_not_of_none(sales):
    lines = sales(
        [("2022-12-01", 1), ("2023-01-05", 9), ("2024-01-05", 20), ("2024-01-06", -5)],
        customer_id=["a", "a", None, "a"],
    )
    january = periods.parse("2024-01")
    result = kpis.scorecard(lines, period=january, currency="EUR")
    for kpi in ("customers", "new_customers", "returning_customers", "orders_per_customer"):
        assert result.row(kpi)["actual"] is None, kpi
    reason = "No sale of the period has a customer. Ask for the customer number of each line."
    assert result.row("customers")["reason"] == reason
    months = kpis.trend(lines, period=january, currency="EUR").cells.set_index("month")["customers"]
    assert [months[dt.date(2023, 12, 1)], months[dt.date(2024, 1, 1)]] == [0, None]


def test_returns_with_a_list_price_have_no_discount_and_it_is_not_asked_for(sales):
    lines = sales([("2024-01-01", -5), ("2024-01-06", -10)], list_revenue=[-6, -12])
    row = kpis.scorecard(lines, period=periods.parse("2024-01"), currency="EUR").row("discount_rate")
    assert row["actual"] is None and row["reason"].startswith("No sale of the period has a list price above zero")


def test_a_change_that_the_shown_figures_do_not_have_is_explained(sales):
    days = [("2022-01-01", 1), ("2023-01-05", 10000), ("2023-01-06", -86), ("2024-01-05", 10000), ("2024-01-06", -104)]
    card = kpis.scorecard(sales(days), period=periods.parse("2024-01"), currency="EUR")
    assert any(note.startswith("Rounded: totals and changes") for note in card.views()[0].notes)
    assert "+0.2\u202fpt" in repr(card) and "1.0%" in repr(card) and "0.9%" in repr(card)
    plain_ = kpis.scorecard(sales([*days[:-1], ("2024-01-06", -96)]), period=periods.parse("2024-01"), currency="EUR")
    assert not any(note.startswith("Rounded") for note in plain_.views()[0].notes)


def test_a_line_without_a_customer_belongs_to_the_order_of_its_number(sales):
    lines = sales(
        [("2023-01-01", 1), ("2024-01-05", 10), ("2024-01-05", 7), ("2024-01-06", 30), ("2024-01-07", 40)],
        customer_id=["a", "a", None, "b", None],
        order_id=["0", "1", "1", "2", "3"],
        channel=["Web"] * 5,
    )
    options = {"period": periods.parse("2024-01"), "currency": "EUR"}
    card = kpis.scorecard(lines, **options)
    assert (card.row("orders")["actual"], card.row("aov")["actual"], card.row("median_order")["actual"]) == (3, 29, 30)
    assert kpis.breakdown(lines, by="channel", **options).rows["orders"].tolist() == [3]


def test_a_number_that_two_customers_share_is_an_order_of_each(sales):
    lines = sales(
        [("2023-01-01", 1), ("2024-01-05", 10), ("2024-01-05", 20), ("2024-01-06", 30), ("2024-01-07", 40)],
        customer_id=["a", "a", "a", "b", "c"],
        order_id=["0", "1", "1", "1", "1"],
        channel=["Web", "Web", "Web", "Shop", "Shop"],
    )
    options = {"period": periods.parse("2024-01"), "currency": "EUR"}
    card = kpis.scorecard(lines, **options)
    assert (card.row("orders")["actual"], card.row("aov")["actual"], card.row("median_order")["actual"]) == (
        3,
        100 / 3,
        30,
    )
    assert card.row("orders_per_customer")["actual"] == 1
    by_channel = kpis.breakdown(lines, by="channel", **options).rows.set_index("member")["orders"]
    assert by_channel.to_dict() == {"Shop": 2, "Web": 1}
