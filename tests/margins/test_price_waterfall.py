"""From the list price to the pocket: counted by hand, tied to the statement, and nothing imputed."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import contribution, languages, periods
from perfkit.errors import DataError, ParameterError
from perfkit.margins.prices import waterfall
from perfkit.margins.statement import statement

MAY = periods.parse("2024-05")
COLUMNS = ["date", "net_revenue", "list_revenue", "discount", "cost", "customer_id", "channel"]
SALES = pd.DataFrame(
    [
        ("2023-05-01", 90, 100, 10, 40, "a", "web"),
        ("2024-05-02", 100, 120, 15, 50, "a", "web"),
        ("2024-05-03", 60, 60, 0, 30, "b", "shop"),
        ("2024-05-05", -20, -24, -4, -10, "b", "shop"),
        ("2024-06-01", 999, 999, 0, 1, "b", "shop"),
    ],
    columns=COLUMNS,
).astype({"discount": "Int64", "list_revenue": "Int64"})
COSTS = pd.DataFrame(
    [
        ("2023-05-31", 9, "Freight", "cm1", "web", None),
        ("2024-05-01", 5, "Inbound", "cogs", None, None),
        ("2024-05-31", 12, "Freight", "cm1", "web", None),
        ("2024-05-31", 8, "Rebate", "cm2", None, "a"),
        ("2024-05-31", 25, "Rent", "fixed", None, None),
    ],
    columns=["period", "amount", "kind", "level", "channel", "customer_id"],
)
SPEND = pd.DataFrame([("2024-05-07", "Search", 7, "Media")], columns=["date", "channel", "amount", "kind"])


def made(sales=SALES, costs=COSTS, **options):
    booked = None if costs is None else contribution.costs(costs, SPEND)
    return waterfall(sales, booked, **{"period": MAY, "currency": "EUR"} | options)


def amounts(result, column="amount"):
    found = result.rows.set_index("line")[column]
    return {line: None if languages.missing(value) else float(value) for line, value in found.items()}


def test_a_month_counted_by_hand():
    result = made()
    assert amounts(result) == {
        "list_revenue": 180, "discounts": -15, "other_reductions": -5, "invoiced": 160, "returns": -20,
        "net_revenue": 140, "costs:cm1:Freight": -12, "costs:cm2:Rebate": -8, "pocket_revenue": 120,
        "goods": -70, "costs:cogs:Inbound": -5, "pocket_margin": 45,
    }  # fmt: skip
    assert amounts(result, "share")["pocket_margin"] == 45 / 180
    assert result.realisation == 160 / 180 and result.last == "pocket_margin"


def test_the_realisation_is_set_against_another_period_in_points():
    result = made(previous=MAY.year_before())
    assert result.previous_realisation == 0.9 and result.change == pytest.approx(160 / 180 - 0.9)
    assert amounts(result, "previous")["discounts"] == -10
    assert "−1.1" in result.message()
    gone = made(previous=periods.parse("2022-05"))
    assert gone.change is None and "The data start on" in gone.previous_reason


def test_every_amount_is_that_of_the_statement():
    result, books = made(), statement(SALES, contribution.costs(COSTS, SPEND), period=MAY, currency="EUR")
    for line in ("list_revenue", "returns", "net_revenue", "costs:cm1:Freight", "costs:cm2:Rebate", "goods"):
        assert result.amount(line) == books.amount(line)
    assert result.amount("discounts") + result.amount("other_reductions") == books.amount("discounts")
    assert result.amount("pocket_margin") == books.amount("cm2") - books.amount("spend:cm2:Media")


def test_only_the_kinds_that_the_company_names_are_off_the_price():
    assert amounts(made(off_invoice=["Rebate"]))["pocket_revenue"] == 132
    with pytest.raises(ParameterError, match="no kind of cost 'Rebates'. Did you mean 'Rebate'"):
        made(off_invoice=["Rebates"])


def test_sales_without_a_list_price_stand_apart_and_below_the_invoice_no_share_is_given():
    half = SALES.assign(list_revenue=[100, 120, None, -24, 999])
    result = made(half)
    assert amounts(result)["unlisted"] == 60 and result.listed == 100 / 160
    shares = amounts(result, "share")
    assert shares["invoiced"] == 100 / 120 and shares["unlisted"] is None and shares["net_revenue"] is None
    assert any("62.5%" in note for note in result.views()[0].notes)


def test_members_and_the_costs_that_name_none_sum_to_the_steps():
    result = made(by="customer_id", previous=MAY.year_before())
    rows = result.members.set_index("member")
    assert rows.loc["a", "off_invoice"] == -8 and rows.loc["b", "off_invoice"] == 0 and result.unassigned == -12
    assert sum(rows["pocket_revenue"]) + result.unassigned == result.amount("pocket_revenue")
    assert sum(rows["discounts"]) == -20 and sum(rows["net_revenue"]) == 140
    assert rows.loc["a", "change"] == pytest.approx(100 / 120 - 0.9) and rows.loc["b", "change"] is None
    assert made(by="channel").members.set_index("member").loc["web", "off_invoice"] == -12


def test_a_discount_that_cannot_be_one_is_taken_from_the_prices():
    wrong = SALES.assign(discount=[10, -20, 900, 0, 0])
    assert amounts(made(wrong))["discounts"] == -20 and "other_reductions" not in amounts(made(wrong))


def test_what_is_missing_is_said():
    assert "Ask for" in made(SALES.drop(columns="list_revenue")).reason
    assert "Ask for" in made(costs=None).pocket_reason and made(costs=None).last == "net_revenue"
    assert amounts(made(SALES.drop(columns="discount")))["discounts"] == -20
    assert "has a list price" in made(SALES.assign(list_revenue=None).astype({"list_revenue": "Int64"})).reason
    with pytest.raises(ParameterError, match="give a Period"):
        made(previous="2023-05")
    with pytest.raises(DataError, match="data start on"):
        made(period=periods.parse("2022-05"))


lines = st.lists(st.tuples(st.integers(-50, 100), st.integers(-50, 120), st.sampled_from("ab")), min_size=1, max_size=8)


@settings(deadline=None, derandomize=True, max_examples=6)
@given(lines, st.integers(1, 1000))
def test_steps_add_up_and_scaling_money_scales_no_share(drawn, times):
    def table(scale):
        rows = [("2024-05-02", net * scale, full * scale, None, None, who, "x") for net, full, who in drawn]
        start = [("2024-05-01", 10 * scale, 20 * scale, None, None, "a", "x")]
        return pd.DataFrame(start + rows, columns=COLUMNS).drop(columns=["discount", "cost"])

    one, many = (made(table(scale), costs=None) for scale in (1, times))
    found = amounts(one)
    parts = [found.get(each, 0) for each in ("list_revenue", "discounts", "unlisted", "returns")]
    assert sum(parts) == found["net_revenue"] == 10 + sum(net for net, _, _ in drawn)
    assert list(one.rows["share"]) == list(many.rows["share"])
    assert [value * times for value in one.rows["amount"]] == list(many.rows["amount"])


def test_figures_are_exact_and_free_of_language():
    languages.use("fr")
    try:
        french = made().figures()
    finally:
        languages.use("en")
    english = made().figures()
    assert list(french["figure_id"]) == list(english["figure_id"])
    assert english["estimate"].iloc[0] == Decimal(180) and english["figure_id"].is_unique
