"""From list revenue to the management result: counted by hand, tied to the books, as far down as the data go."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import contribution, demo, languages, periods
from perfkit.contribution import LEVELS
from perfkit.errors import DataError, ParameterError
from perfkit.margins.statement.statements import statement

MAY = periods.parse("2024-05")
SALES = pd.DataFrame(
    [
        ("2023-05-01", 90, 100, 40),
        ("2024-05-02", 100, 120, 50),
        ("2024-05-03", 60, 60, 30),
        ("2024-05-04", 30, None, 10),
        ("2024-05-05", -20, -24, -10),
        ("2024-06-01", 999, 999, 1),
    ],
    columns=["date", "net_revenue", "list_revenue", "cost"],
)
COSTS = pd.DataFrame(
    [
        ("2023-05-31", 9, "Freight", "cm1"),
        ("2024-05-01", 5, "Inbound", "cogs"),
        ("2024-05-31", 12, "Freight", "cm1"),
        ("2024-05-31", 8, "Handling", "cm2"),
        ("2024-05-31", 20, "Reps", "cm3"),
        ("2024-05-31", 25, "Rent", "fixed"),
        ("2024-06-30", 999, "Rent", "fixed"),
    ],
    columns=["period", "amount", "kind", "level"],
)
SPEND = pd.DataFrame([("2024-05-07", "Search", 7, "Media")], columns=["date", "channel", "amount", "kind"])


def made(sales=SALES, costs=COSTS, spend=None, ledger=None, period=MAY, levels=None):
    booked = contribution.costs(costs, spend, levels=levels)
    return statement(sales, booked, period=period, currency="EUR", ledger=ledger)


def amounts(result, column="amount"):
    rows = result.rows.set_index("line")[column]
    return {line: None if languages.missing(value) else float(value) for line, value in rows.items()}


def test_a_cost_of_no_level_is_refused_and_not_left_out():
    with pytest.raises(DataError, match="Rent would stand in no line of the statement: level 'opex' is none of cogs"):
        made(costs=COSTS.replace("fixed", "opex"))


def test_amounts_of_two_currencies_are_not_added():
    with pytest.raises(DataError, match="lines are in EUR and in USD. Amounts of two currencies are never added"):
        made(sales=SALES.assign(currency=["EUR", "USD", None, "EUR", "EUR", "EUR"]))


def test_a_kind_of_cost_that_ended_stands_beside_the_one_that_follows_it():
    renamed = COSTS.assign(kind=["freight", *COSTS["kind"][1:]])
    result = made(costs=renamed)
    assert amounts(result)["costs:cm1:Freight"] == -12 and amounts(result)["costs:cm1:freight"] == 0
    assert amounts(result, "previous")["costs:cm1:freight"] == -9


def test_a_month_counted_by_hand():
    result = made(spend=SPEND)
    assert amounts(result) == {
        "list_revenue": 180, "unlisted": 30, "discounts": -20, "returns": -20, "net_revenue": 170,
        "goods": -80, "costs:cogs:Inbound": -5, "gross_profit": 85,
        "costs:cm1:Freight": -12, "cm1": 73,
        "costs:cm2:Handling": -8, "spend:cm2:Media": -7, "cm2": 58,
        "costs:cm3:Reps": -20, "cm3": 38,
        "costs:fixed:Rent": -25, "result": 13,
    }  # fmt: skip
    assert result.rows.set_index("line")["rate"]["gross_profit"] == 85 / 170
    assert result.last == "result" and result.reason == ""
    assert result.message().startswith("Management result: €13, 7.6% of net revenue")


def test_the_year_before_stands_beside_it():
    result = made()
    before = amounts(result, "previous")
    assert (before["list_revenue"], before["discounts"], before["net_revenue"]) == (100, -10, 90)
    assert (before["goods"], before["gross_profit"], before["costs:cm1:Freight"], before["cm1"]) == (-40, 50, -9, 41)
    assert result.amount("cm1", previous=True) == 41


def test_a_kind_is_of_the_level_that_the_company_declares():
    result = made(spend=SPEND, levels={"Media": "cm1", "Rent": "cm3"})
    assert amounts(result)["spend:cm1:Media"] == -7 and amounts(result)["costs:cm3:Rent"] == -25
    assert result.last == "cm3"
    assert "the data hold no common fixed costs. Ask for them (costs)." in result.reason
    with pytest.raises(ParameterError, match=r"levels: .*cm4.*cm1"):
        made(levels={"Rent": "cm4"})


def test_a_level_without_costs_has_no_margin_of_its_own_and_is_told():
    result = made(costs=COSTS[COSTS["level"].isin(["cm2", "fixed"])])
    assert [line for line in amounts(result) if line in ("cm1", "cm2", "cm3", "result")] == ["cm2", "result"]
    assert amounts(result)["result"] == 170 - 80 - 8 - 25
    assert (
        "The data hold no other variable costs and specific fixed costs; what is left further down is as if there were "
        "none. Ask for them (costs)." in repr(result)
    )


def test_without_any_cost_it_ends_at_net_revenue_and_names_what_to_ask_for():
    result = made(SALES.drop(columns=["cost", "list_revenue"]), costs=None)
    assert amounts(result) == {"net_revenue": 170}
    assert result.reason == (
        "Not in the data. Ask for the cost of goods of each line, or the unit cost of each product (cost)."
    )
    assert result.message() == "Net revenue was €170; no cost is known"


def test_goods_that_the_books_alone_know_are_a_cost_of_goods():
    result = made(SALES.drop(columns=["cost", "list_revenue"]))
    assert amounts(result)["gross_profit"] == 165 and result.covered is None


def test_revenue_of_unknown_cost_is_a_row_of_its_own_and_in_no_margin():
    lines = pd.concat([SALES, pd.DataFrame({"date": ["2024-05-06"], "net_revenue": [4], "list_revenue": [4]})])
    result = made(lines)
    assert amounts(result)["uncosted"] == -4 and amounts(result)["gross_profit"] == 85
    assert result.rows.set_index("line")["rate"]["gross_profit"] == 85 / 170
    # 98 % of the amounts are known: every rate is of these, so that the steps between two margins are rates too
    rates = result.rows.set_index("line")["rate"]
    assert rates["cm1"] == 73 / 170 and rates["costs:cm1:Freight"] == -12 / 170
    assert "Each rate of a cost or a margin is of the net revenue whose cost is known." in repr(result)
    assert ", 11.8% of the net revenue whose cost is known, against" in result.message()
    assert result.last == "result"
    assert "The cost is known for 98.1% of the amounts sold; the other lines are in no margin." in repr(result)


def test_where_too_little_cost_is_known_nothing_further_is_taken_off():
    lines = SALES.assign(cost=SALES["cost"].where(SALES["net_revenue"] != 60))
    result = made(lines)
    assert result.last == "gross_profit" and amounts(result)["uncosted"] == -60
    assert result.reason.startswith("The cost is known for 71.4% of the amounts only, so no further cost is taken off.")


def test_a_month_without_costs_takes_none_off():
    quarter = periods.parse("2024-Q2")
    lines = pd.concat([SALES, SALES.assign(date="2024-04-04")])
    result = made(lines, costs=COSTS[COSTS["level"] != "cogs"], period=quarter)
    assert result.last == "gross_profit"
    assert result.reason == "The costs hold nothing dated in April 2024. Ask for them."


def ledger_of(*entries):
    rows = [("VE", str(n), day, account, debit, credit) for n, (day, account, debit, credit) in enumerate(entries)]
    return pd.DataFrame(rows, columns=["journal", "entry_id", "date", "account", "debit", "credit"])


def test_the_way_to_the_operating_result_of_the_books_adds_up_to_the_cent():
    books = ledger_of(
        ("2024-05-31", "707000", 0, "175.50"), ("2024-05-31", "758000", 0, 3), ("2024-05-31", "607000", 90, 0),
        ("2024-05-31", "613000", "30.25", 0), ("2024-05-31", "661000", 11, 0), ("2024-06-30", "707000", 0, 5),
    )  # fmt: skip
    result = made(ledger=books).books
    steps = dict(zip(result.steps["step"], result.steps["amount"], strict=True))
    assert steps == {
        "result": Decimal(20), "revenue": Decimal("5.50"), "income": Decimal(3),
        "costs": Decimal("29.75"), "operating_result": Decimal("58.25"),
    }  # fmt: skip
    assert dict(zip(result.costs["source"], result.costs["amount"], strict=True)) == {
        "goods": -80, "costs": -70, "60": -90, "61": Decimal("-30.25"),
    }  # fmt: skip


def test_what_the_ledger_lacks_is_asked_for():
    assert "The data have no ledger." in made().books.reason
    assert "holds no entry of May 2024" in made(ledger=ledger_of(("2024-06-30", "707000", 0, 5))).books.reason
    only = ledger_of(("2024-05-31", "707000", 0, 5)).drop(columns="debit")
    assert made(ledger=only).books.reason.startswith("The ledger lacks debits or credits")


def test_a_period_that_the_data_do_not_hold_is_refused():
    with pytest.raises(DataError, match="the data start on 2023-05-01"):
        made(period=periods.parse("2023-04"))
    with pytest.raises(ParameterError, match="give a Period"):
        made(period="2024-05")


cents = st.integers(-9_999, 9_999).map(lambda n: Decimal(n) / 100)
sold = st.lists(st.tuples(cents, st.none() | cents, st.none() | cents), min_size=1, max_size=8)
booked = st.lists(st.tuples(cents, st.sampled_from("ab"), st.sampled_from([each.id for each in LEVELS])), max_size=6)


@settings(max_examples=25)
@given(sold, booked, st.randoms())
def test_every_level_is_what_is_above_it_less_its_costs_whatever_the_data(lines, costs, chance):
    sales = pd.DataFrame(lines, columns=["net_revenue", "list_revenue", "cost"], dtype="object").assign(date=MAY.start)
    table = pd.DataFrame(costs, columns=["amount", "kind", "level"], dtype="object").assign(period=MAY.start)
    result = made(sales, table)
    left = Decimal(0)
    for row in result.rows.to_dict("records"):
        if row["role"] == "margin":
            assert row["line"] == "net_revenue" or left == row["amount"]
            left = row["amount"]
        else:
            left += row["amount"]
    assert result.amount("net_revenue") == sum((line[0] for line in lines), Decimal(0))
    listed = result.rows[result.rows["role"] == "revenue"]
    if "list_revenue" in set(listed["line"]):
        assert listed[listed["line"] != "uncosted"]["amount"].sum() == result.amount("net_revenue")
    shuffled = list(range(len(sales)))
    chance.shuffle(shuffled)
    again = made(sales.iloc[shuffled], table)
    pd.testing.assert_frame_equal(again.rows, result.rows)
    twice = made(sales.assign(**{c: [None if v is None else 2 * v for v in sales[c]] for c in sales if c != "date"}),
                 table.assign(amount=[2 * value for value in table["amount"]]))  # fmt: skip
    assert [2 * v for v in result.rows["amount"]] == list(twice.rows["amount"])
    assert list(result.rows["rate"]) == pytest.approx(list(twice.rows["rate"]))


def test_the_demo_company_ends_at_its_result():
    story = demo.simulate(scale=0.2)
    quarter = periods.parse("2026-Q3")
    costs = contribution.costs(story.tables["costs"], story.tables["spend"])
    result = statement(story.tables["sales"], costs, period=quarter, currency="EUR", ledger=story.tables["ledger"])

    def within(table, day, column):
        dates = pd.to_datetime(table[day])
        return sum(table[(dates >= "2026-07-01") & (dates < "2026-10-01")][column], Decimal(0))

    tables = story.tables
    left = within(tables["sales"], "date", "net_revenue") - within(tables["sales"], "date", "cost")
    left -= within(tables["costs"], "period", "amount") + within(tables["spend"], "date", "amount")
    assert result.last == "result" and result.amount("result") == left
    assert result.books.reason == ""


def test_revenue_of_unknown_cost_is_a_step_of_its_own_on_the_way_to_the_books():
    lines = pd.concat([SALES, pd.DataFrame({"date": ["2024-05-06"], "net_revenue": [4], "list_revenue": [4]})])
    books = ledger_of(("2024-05-31", "707000", 0, "175.50"), ("2024-05-31", "607000", 90, 0))
    result = made(lines, ledger=books)
    steps = dict(zip(result.books.steps["step"], result.books.steps["amount"], strict=True))
    assert steps["uncosted"] == 4 and steps["revenue"] == Decimal("1.50")  # accounts 70* less net revenue of 174
    assert sum(list(steps.values())[:-1]) == steps["operating_result"] == Decimal("85.50")
    figures = result.figures().set_index("figure_id")["estimate"]
    assert figures["statement:2024-05:books:revenue"] == Decimal("1.50")
    assert "Net revenue of lines whose cost is not known" in repr(result.books.views(MAY, "EUR")[0].rows)
    assert "uncosted" not in set(made(ledger=books).books.steps["step"])


@pytest.mark.parametrize(
    "entries, why",
    [
        ([("707000", 0, 170), ("411000", 170, 0)], "no cost of operations of May 2024 (accounts 60 to 65 and 681)"),
        ([("607000", 90, 0), ("661000", 3, 0)], "no revenue of May 2024 (accounts 70)"),
    ],
    ids=["the journal of sales alone", "the journal of purchases alone"],
)
def test_a_ledger_of_one_journal_shows_no_operating_result(entries, why):
    result = made(ledger=ledger_of(*(("2024-05-31", *entry) for entry in entries)))
    assert why in result.books.reason and "Ask for the whole FEC" in result.books.reason
    assert not any("books:" in each for each in result.figures()["figure_id"])


def test_what_is_given_away_has_a_cost_and_the_costs_below_it_stand():
    given = SALES.assign(net_revenue=0, list_revenue=0)
    found = made(given)
    assert found.amount("gross_profit") == -(50 + 30 + 10 - 10) - 5
    assert found.amount("result") == found.amount("gross_profit") - 12 - 8 - 20 - 25


def test_a_cost_of_goods_that_is_of_no_line_gives_the_gross_margin_another_name():
    shown = made().views()[0]
    assert "= Gross margin after other purchase costs" in set(shown.rows["label"])
    assert "Both are after other purchase costs." in shown.notes
    assert "where lines are broken down, gross margin is before them, €90 here." in " ".join(shown.notes)
    without = made(costs=COSTS[COSTS["level"] != "cogs"]).views()[0]
    assert "= Gross margin" in set(without.rows["label"])


def test_spend_is_told_as_marketing():
    spent = pd.DataFrame([("2024-05-07", "Search", 7, "Pay"), ("2024-05-08", "Search", 2, None)],
                         columns=["date", "channel", "amount", "kind"])  # fmt: skip
    labels = set(made(spend=spent).views()[0].rows["label"])
    assert {"Marketing: Pay", "Marketing spend"} <= labels


def test_what_differs_from_the_books_is_told_of_revenue_and_of_costs_apart():
    def notes(*entries):
        *_, steps, costs = made(ledger=ledger_of(*(("2024-05-31", *each) for each in entries))).views()
        return steps.notes, costs.notes

    agree = [("707000", 0, 170), ("607000", 85, 0), ("624000", 20, 0), ("640000", 20, 0), ("613000", 25, 0)]
    assert notes(*agree) == (["Costs: the books hold those of the statement, to the cent."], [])
    told, costs = notes(("707000", 0, 180), *agree[1:-1])
    assert told == ["Revenue: the commercial audit tells cause by cause what lies between sales and accounts 70."]
    assert costs == ["Look up the largest difference first: a cost that is in one of the two only."]
