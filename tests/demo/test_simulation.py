"""The simulated company: whole, consistent to the cent, the same for a seed, and true to its parameters."""

import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from perfkit import contribution, periods
from perfkit.demo import simulate
from perfkit.demo.calendar import easter
from perfkit.demo.frames import decimals
from perfkit.errors import ParameterError
from perfkit.margins.statement import statement
from perfkit.schema import TABLES

FIRST, LAST = pd.Timestamp("2023-10-01"), pd.Timestamp("2026-09-30")


@pytest.fixture(scope="module")
def story():
    return simulate()


@pytest.fixture(scope="module")
def sales(story):
    return story.tables["sales"]


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_all_its_columns_in_their_types_and_none_is_empty(story, name):
    table, data = TABLES[name], story.tables[name]
    assert list(data.columns) == list(table.names)
    for column in table.columns:
        values = data[column.name]
        there = values.dropna()
        assert len(there), column.name
        assert len(there) == len(values) or not column.required, column.name
        if column.type in ("money", "quantity"):
            assert {type(value) for value in there} == {Decimal}, column.name
        elif column.type in ("id", "text"):
            assert values.dtype == "str" and not there.str.strip().eq("").any(), column.name
        elif column.type in ("date", "timestamp"):
            assert values.dtype == "datetime64[us]", column.name
            assert column.type == "timestamp" or (there == there.dt.normalize()).all(), column.name
        else:
            expected = {"integer": "Int64", "boolean": "bool"}.get(column.type, "float64")
            assert values.dtype == expected, column.name
        assert not column.one_of or set(there) <= set(column.one_of), column.name
    if table.key:
        assert not data.duplicated(list(table.key)).any()


def test_money_has_cents_and_quantities_at_most_thousandths(story):
    for name, table in TABLES.items():
        for column in table.columns:
            if column.type == "money":
                exponents = {value.as_tuple().exponent for value in story.tables[name][column.name].dropna().unique()}
                assert exponents == {-2}, (name, column.name)


@pytest.mark.parametrize(
    "table, column, other, key",
    [
        ("sales", "customer_id", "customers", "customer_id"),
        ("sales", "product_id", "products", "product_id"),
        ("sales", "rep_id", "reps", "rep_id"),
        ("sales", "origin_id", "sales", "order_id"),
        ("sales", "store_id", "store_checks", "store_id"),
        ("customers", "referred_by", "customers", "customer_id"),
        ("customers", "acquisition_channel", "touches", "channel"),
        ("costs", "customer_id", "customers", "customer_id"),
        ("costs", "channel", "sales", "channel"),
        ("spend", "channel", "sessions", "channel"),
        ("leads", "opportunity_id", "opportunities", "opportunity_id"),
        ("opportunities", "opportunity_id", "leads", "opportunity_id"),
        ("opportunities", "customer_id", "customers", "customer_id"),
        ("opportunities", "rep_id", "reps", "rep_id"),
        ("stages", "opportunity_id", "opportunities", "opportunity_id"),
        ("activities", "opportunity_id", "opportunities", "opportunity_id"),
        ("activities", "lead_id", "leads", "lead_id"),
        ("activities", "rep_id", "reps", "rep_id"),
        ("touches", "customer_id", "customers", "customer_id"),
        ("touches", "lead_id", "leads", "lead_id"),
        ("reps", "manager_id", "reps", "rep_id"),
        ("pay", "rep_id", "reps", "rep_id"),
        ("goals", "rep_id", "reps", "rep_id"),
        ("trainings", "rep_id", "reps", "rep_id"),
        ("coaching", "rep_id", "reps", "rep_id"),
        ("coaching", "coach_id", "reps", "rep_id"),
        ("surveys", "customer_id", "customers", "customer_id"),
        ("store_checks", "store_id", "sales", "store_id"),
        ("store_checks", "product_id", "products", "product_id"),
        ("store_checks", "category", "products", "category"),
        ("market", "segment", "products", "category"),
        ("subscriptions", "customer_id", "customers", "customer_id"),
    ],
    ids=lambda value: value,
)
def test_whoever_is_named_exists(story, table, column, other, key):
    named = set(story.tables[table][column].dropna())
    assert named and named <= set(story.tables[other][key].dropna())


def test_targets_name_channels_and_representatives_that_sell(story, sales):
    targets = story.tables["targets"]
    members = targets.groupby("dimension")["member"].agg(set)
    assert members["channel"] == set(sales["channel"])
    assert members["rep_id"] == set(story.tables["reps"]["rep_id"])
    assert set(sales["rep_id"].dropna()) <= members["rep_id"]


def test_a_line_is_its_quantity_times_whole_cents(sales):
    price = [net / quantity for net, quantity in zip(sales["net_revenue"], sales["quantity"], strict=True)]
    assert all(each == round(each, 2) and each > 0 for each in price)
    assert (sales["list_revenue"] - sales["discount"] == sales["net_revenue"]).all()
    assert all(given * units >= 0 for given, units in zip(sales["discount"], sales["quantity"], strict=True))
    assert (sales["currency"] == "EUR").all()


def test_cost_is_quantity_times_the_cost_of_the_month(story, sales):
    unit = sales["cost"] / sales["quantity"]
    by_month = unit.groupby([sales["product_id"], sales["date"].dt.to_period("M")]).nunique()
    assert (by_month == 1).all()
    last = sales[sales["date"] >= "2026-09-01"].assign(unit_cost=unit).groupby("product_id")["unit_cost"].first()
    products = story.tables["products"].set_index("product_id")["unit_cost"]
    assert (products[last.index] == last).all()


def test_no_row_stands_twice_and_no_document_has_a_product_twice(story, sales):
    assert not any(data.duplicated().any() for data in story.tables.values())
    assert not sales.duplicated(["order_id", "product_id"]).any()


def test_credit_notes_take_back_a_line_of_their_order(sales):
    notes = sales[sales["document"] == "credit"]
    sold = sales[sales["document"] != "credit"]
    assert (notes["quantity"] < 0).all() and (sold["quantity"] > 0).all()
    assert notes["origin_id"].notna().all() and sold["origin_id"].isna().all()
    keys = ["order_id", "product_id", "customer_id"]
    there = set(zip(*(sold[key] for key in keys), [-each for each in sold["net_revenue"]], strict=True))
    assert (
        set(zip(notes["origin_id"], notes["product_id"], notes["customer_id"], notes["net_revenue"], strict=True))
        <= there
    )
    assert (notes["date"] > sold.groupby("order_id")["date"].first()[notes["origin_id"]].to_numpy()).all()


def test_nothing_is_dated_outside_the_story(story):
    for name in ("sales", "spend", "sessions", "surveys", "store_checks", "trainings", "coaching", "ledger"):
        day = next(column.name for column in TABLES[name].columns if column.type == "date")
        assert story.tables[name][day].between(FIRST, LAST).all(), name
    for name in ("leads", "opportunities", "stages", "activities", "touches"):
        for column in TABLES[name].columns:
            if column.type == "timestamp":
                moments = story.tables[name][column.name].dropna()
                assert moments.between(FIRST, LAST + pd.Timedelta(days=1), inclusive="left").all(), (name, column.name)
    assert (str(story.start), str(story.observed_until)) == ("2023-10-01", "2026-09-30")
    assert set(story.tables["sales"]["date"].dt.to_period("M")) == set(pd.period_range("2023-10", "2026-09", freq="M"))


def test_a_lead_comes_before_its_opportunity_its_close_and_the_first_order(story, sales):
    leads = story.tables["leads"].dropna(subset="opportunity_id").set_index("opportunity_id")
    deals = story.tables["opportunities"].set_index("opportunity_id")
    leads = leads.loc[deals.index]
    assert (leads["created_at"] <= leads["qualified_at"]).all()
    assert (leads["qualified_at"] <= deals["created_at"]).all()
    assert (leads["converted_on"] == deals["created_at"].dt.normalize()).all()
    closed = deals.dropna(subset="closed_at")
    assert set(closed["status"]) == {"won", "lost"} and (closed["created_at"] < closed["closed_at"]).all()
    assert (deals["closed_at"].isna() == (deals["status"] == "open")).all()
    won = deals[deals["status"] == "won"].set_index("customer_id")["closed_at"]
    assert won.index.notna().all() and won.index.is_unique
    first = sales.groupby("customer_id")["ordered_at"].min()
    first = first[first.index.isin(won.index)]
    assert len(first) > 0.8 * len(won) and (won[first.index] < first).all()
    assert deals["lost_reason"].notna().eq(deals["status"] == "lost").all()


def test_stages_are_entered_one_after_the_other(story):
    stages = story.tables["stages"].sort_values(["opportunity_id", "entered_at"])
    order = ["Qualification", "Échantillons", "Proposition", "Négociation"]
    place = stages["stage"].map(order.index)
    assert (place == stages.groupby("opportunity_id").cumcount()).all()
    last = stages.groupby("opportunity_id").last()
    deals = story.tables["opportunities"].set_index("opportunity_id").loc[last.index]
    assert (last["stage"] == deals["stage"]).all()
    closed = deals["closed_at"].notna()
    assert (last["entered_at"] < deals["closed_at"])[closed].all()
    assert (deals["stage"][deals["status"] == "won"] == order[-1]).all()


def test_representatives_sell_only_while_they_are_there(story, sales):
    reps = story.tables["reps"].set_index("rep_id")
    sold = (
        sales[(sales["document"] != "credit") & sales["rep_id"].notna()].groupby("rep_id")["date"].agg(["min", "max"])
    )
    assert (reps["hired_on"][sold.index] <= sold["min"]).all()
    left = reps["left_on"].dropna()
    assert len(left) and (sold["max"][left.index] <= left).all()
    assert set(sales.loc[sales["rep_id"].notna(), "channel"]) == {"Revendeurs"}


def test_customers_are_acquired_on_the_day_of_their_first_order(story, sales):
    customers = story.tables["customers"].set_index("customer_id")
    first = sales.groupby("customer_id")["ordered_at"].min()
    acquired = customers["acquired_on"][first.index]
    new = acquired >= FIRST
    assert new.sum() > 6000
    assert (acquired[new] == first[new]).mean() > 0.999  # a first order may be billed after the end, a second not
    assert (acquired <= first).all()
    referred = story.tables["customers"].dropna(subset="referred_by")
    assert (customers["acquired_on"][referred["referred_by"]].to_numpy() < referred["acquired_on"].to_numpy()).all()


def test_boxes_of_subscriptions_are_sold_month_by_month(story, sales):
    contracts = story.tables["subscriptions"].set_index("customer_id")
    lines = sales[sales["customer_id"].isin(contracts.index)]
    assert (lines["net_revenue"] == contracts["monthly_revenue"][lines["customer_id"]].to_numpy()).all()
    ended = contracts["ended_on"][lines["customer_id"]].to_numpy()
    assert not (lines["date"].to_numpy() >= ended).any()
    inside = contracts[contracts["started_on"] >= FIRST]
    until = inside["ended_on"].fillna(LAST + pd.Timedelta(days=1))
    months = (until.dt.year - inside["started_on"].dt.year) * 12 + until.dt.month - inside["started_on"].dt.month
    boxes = lines.groupby("customer_id").size()[inside.index]
    over = inside["ended_on"].notna()
    assert (boxes[over] == months[over]).all()


def test_every_document_of_the_books_balances(story):
    ledger = story.tables["ledger"]
    moved = ledger.assign(balance=ledger["credit"] - ledger["debit"])
    assert (moved.groupby(["journal", "entry_id"])["balance"].sum() == 0).all()
    assert ((ledger["debit"] == 0) != (ledger["credit"] == 0)).all()
    numbers = moved.groupby(["journal", moved["date"].dt.year])["entry_id"].agg(["min", "max", "nunique"])
    assert (numbers["max"].str[-6:].astype(int) == numbers["nunique"]).all()


def test_the_books_tie_to_sales_but_for_the_causes_that_are_told(story, sales):
    ledger = story.tables["ledger"]
    revenue = ledger[ledger["account"].str.startswith("70")]
    books = (revenue["credit"] - revenue["debit"]).groupby(revenue["date"].dt.strftime("%Y-%m")).sum()
    sold = sales.groupby(sales["date"].dt.strftime("%Y-%m"))["net_revenue"].sum()
    told = story.truth["ledger"]["by_cause_and_month_euros"]
    assert set(books.index) == {month for month in sold.index if month >= story.truth["ledger"]["first_month"]}
    for month in books.index:
        explained = sum((Decimal(by_month.get(month, "0")) for by_month in told.values()), Decimal(0))
        assert books[month] - sold[month] == explained, month
    assert len(told) == 13


def test_each_kind_of_cost_and_the_goods_sold_are_charges_of_the_same_month(story, sales):
    ledger = story.tables["ledger"].assign(month=lambda rows: rows["date"].dt.strftime("%Y-%m"))
    ledger = ledger.assign(amount=ledger["debit"] - ledger["credit"])
    charges = ledger[ledger["account"].str.startswith(("60", "61", "62", "63", "64", "65", "681"))]
    goods = charges["account"].isin(["607000", "603700"])
    planted = story.truth["ledger"]["costs"]
    assert list(planted["by_cause_and_month_euros"]) == ["stock_count"]
    [(month, lost)] = planted["by_cause_and_month_euros"]["stock_count"].items()
    [document] = planted["documents"]["stock_count"]
    assert (month, document) == ("2025-12", "INV2025-12")
    assert charges.loc[charges["piece"] == document, "amount"].tolist() == [-Decimal(lost)]

    counted = charges[goods & (charges["piece"] != document)].groupby("month")["amount"].sum()
    cost = sales.groupby(sales["date"].dt.strftime("%Y-%m"))["cost"].sum()
    assert counted.to_dict() == cost[cost.index >= "2025-01"].to_dict() and len(counted) == 21

    spend = story.tables["spend"].assign(label=lambda rows: rows["kind"] + ", " + rows["channel"])
    known = pd.concat(
        [
            story.tables["costs"].rename(columns={"period": "day", "kind": "label"})[["day", "label", "amount"]],
            spend.rename(columns={"date": "day"})[["day", "label", "amount"]],
        ]
    )
    known = known[known["day"] >= "2025-01-01"]
    known = known.groupby([known["day"].dt.strftime("%Y-%m"), "label"])["amount"].sum()
    booked = charges[~goods].groupby(["month", "label"])["amount"].sum()
    assert booked.to_dict() == known.to_dict()


def test_goods_are_bought_with_their_tax_and_lie_in_stock_ahead_of_the_season(story):
    ledger = story.tables["ledger"]
    rows = ledger[ledger["account"] == "370000"]
    moved = (rows["debit"] - rows["credit"]).groupby(rows["date"].dt.strftime("%Y-%m")).sum()
    stock = moved.cumsum()
    assert stock["2025-12"] < stock["2025-10"] > stock["2025-07"]
    purchases = ledger[ledger["account"] == "607000"]
    families = {f"Achats de marchandises, {family}" for family in story.tables["products"]["category"]}
    assert (purchases["debit"] > 0).all() and set(purchases["label"]) == families
    tax = ledger[ledger["piece"].isin(purchases["piece"]) & (ledger["account"] == "445660")]
    assert len(tax) == len(purchases)
    np.testing.assert_allclose(
        tax["debit"].astype(float).to_numpy(), purchases["debit"].astype(float).to_numpy() * 0.055, atol=0.005001
    )


def _difference(story, label):
    costs = contribution.costs(story.tables["costs"], story.tables["spend"])
    made = statement(
        story.tables["sales"], costs, period=periods.parse(label), currency="EUR", ledger=story.tables["ledger"]
    )
    assert made.last == "result" and not made.books.reason
    return made.books


def _planted(causes, months):
    return sum(
        (Decimal(each.get(month, "0")) for each in causes["by_cause_and_month_euros"].values() for month in months),
        Decimal(0),
    )


@pytest.mark.parametrize(
    ("label", "months"),
    [
        ("2025", [f"2025-{month:02d}" for month in range(1, 13)]),
        ("2026-Q1", ["2026-01", "2026-02", "2026-03"]),
        ("2026-Q2", ["2026-04", "2026-05", "2026-06"]),
        ("2026-Q3", ["2026-07", "2026-08", "2026-09"]),
        ("2025-12", ["2025-12"]),
        ("2026-05", ["2026-05"]),
    ],
)
def test_the_statement_and_the_books_agree_but_for_what_was_planted(story, label, months):
    books, truth = _difference(story, label), story.truth["ledger"]
    revenue, costs = _planted(truth, months), _planted(truth["costs"], months)
    assert books.amount("revenue") == revenue and books.amount("income") == 0
    assert books.amount("costs") == costs and (costs != 0) == ("2025-12" in months)
    assert books.amount("operating_result") - books.amount("result") == revenue + costs


def test_what_was_spent_on_channels_stands_once(story):
    assert not set(story.tables["costs"]["kind"]) & set(story.tables["spend"]["kind"])
    levels = story.tables["costs"].groupby("kind")["level"].nunique()
    assert (levels == 1).all()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_company(small_story):
    again, other = simulate(scale=0.2), simulate(1, scale=0.2)
    for name, data in small_story.tables.items():
        pd.testing.assert_frame_equal(data, again.tables[name], check_exact=True)
        if name not in ("products", "trainings"):
            assert not data.equals(other.tables[name]), name
    assert json.dumps(small_story.truth, sort_keys=True) == json.dumps(again.truth, sort_keys=True)
    assert small_story.truth["web_purchases"]["gamma_gamma"] == other.truth["web_purchases"]["gamma_gamma"]
    assert small_story.truth["opportunities"]["further_a_week"] == other.truth["opportunities"]["further_a_week"]
    assert small_story.truth["totals"]["net_revenue_euros"] != other.truth["totals"]["net_revenue_euros"]


def test_scale_enlarges_the_company(story, small_story):
    for name in ("sales", "customers", "leads", "opportunities", "touches", "reps", "store_checks", "subscriptions"):
        assert 0.1 < len(small_story.tables[name]) / len(story.tables[name]) < 0.7, name
    assert set(small_story.tables) == set(TABLES)


@pytest.mark.parametrize(
    "wrong, said",
    [({"seed": -1}, "seed is -1"), ({"scale": 0}, "scale is 0"), ({"scale": 1e6}, "1 is a company")],
    ids=["seed", "none", "huge"],
)
def test_a_seed_or_scale_that_makes_no_company_is_refused(wrong, said):
    with pytest.raises(ParameterError, match=said):
        simulate(**wrong)


def test_truth_can_be_written_and_says_what_each_part_is_for(story):
    assert json.loads(json.dumps(story.truth)) == story.truth
    assert all("for" in part for name, part in story.truth.items() if name != "company")


def test_totals_of_the_truth_are_those_of_the_lines(story, sales):
    totals = story.truth["totals"]
    assert totals["lines"] == len(sales) and 60_000 < len(sales) < 100_000
    assert totals["documents"] == sales["order_id"].nunique()
    for name in ("net_revenue", "list_revenue", "cost"):
        assert Decimal(totals[f"{name}_euros"]) == sales[name].sum()
    by_month = sales.groupby(sales["date"].dt.strftime("%Y-%m"))["net_revenue"].sum()
    assert {
        month: Decimal(value) for month, value in totals["net_revenue_by_month_euros"].items()
    } == by_month.to_dict()
    by_channel = sales.groupby(["channel", sales["date"].dt.strftime("%Y")])["net_revenue"].sum()
    for channel, by_year in totals["net_revenue_by_channel_and_year_euros"].items():
        assert {year: Decimal(value) for year, value in by_year.items()} == by_channel[channel].to_dict()


@pytest.mark.parametrize("year, day", [(2024, "2024-03-31"), (2025, "2025-04-20"), (2026, "2026-04-05")])
def test_easter_falls_on_its_day(year, day):
    assert str(easter(year)) == day


def test_whole_numbers_become_exact_decimals():
    assert decimals(np.array([1250, -5, 0]), 2).tolist() == [Decimal("12.50"), Decimal("-0.05"), Decimal("0.00")]
