"""The revenue walk: counted by hand, reconciled to the cent, and honest about who is new."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import kpis, periods
from perfkit.kpis.behind import lines_behind
from perfkit.lines import checked

JANUARY = periods.parse("2024-01")


def walk(lines):
    return kpis.revenue_walk(lines, period=JANUARY, currency="EUR")


def test_every_kind_of_customer_counted_by_hand(sales):
    lines = sales(
        [
            ("2022-12-01", 1), ("2023-01-05", 100), ("2023-01-05", 50), ("2023-01-06", 40), ("2023-01-07", 30),
            ("2023-01-08", 5), ("2023-06-01", 9), ("2024-01-03", 130), ("2024-01-04", 20), ("2024-01-05", 30),
            ("2024-01-06", 60), ("2024-01-07", 70), ("2024-01-08", 2), ("2024-01-09", -3),
        ],
        customer_id=["back", "grew", "shrank", "left", "same", None, "mid", "grew", "shrank", "same",
                     "back", "new", None, "returned"],
    )  # fmt: skip
    result = walk(lines)
    rows = result.rows.set_index("step")
    assert rows["effect"].to_dict() == {
        "new": 70, "reactivated": 60, "expansion": 30, "contraction": -30, "lost": -40, "unchanged": 0,
        "credited": -3, "unknown": -3,
    }  # fmt: skip
    assert rows["customers"].to_dict() == {
        "new": 1, "reactivated": 1, "expansion": 1, "contraction": 1, "lost": 1, "unchanged": 1,
        "credited": None, "unknown": None,
    }  # fmt: skip
    assert (result.previous_revenue, result.revenue, result.change) == (225, 309, 84)
    assert (result.base_customers, result.kept_customers, result.base, result.kept) == (4, 3, 220, 180)
    assert result.net_retention() == pytest.approx(180 / 220)
    assert result.gross_retention() == pytest.approx(150 / 220)
    assert "older customers may be among them" in result.views()[0].notes[-1]


def test_a_credit_note_is_no_purchase_and_has_a_row_of_its_own(sales):
    lines = [("2022-05-01", 9, "older"), ("2022-05-02", 9, "owed"), ("2023-01-05", 100, "left"),
             ("2023-01-06", -5, "older"), ("2023-01-07", -7, "owed"), ("2024-01-04", -20, "left"),
             ("2024-01-05", 30, "older")]  # fmt: skip
    frame = sales([line[:2] for line in lines], customer_id=[line[2] for line in lines])
    result = walk(frame)
    rows = result.rows.set_index("step")
    customers = {step: count for step, count in rows["customers"].to_dict().items() if count}
    assert customers == {"reactivated": 1, "lost": 1}  # owed bought in neither: it neither left nor came back
    assert rows.loc[["lost", "reactivated", "credited"], "effect"].tolist() == [-100, 30, -20 + 5 + 7]
    assert rows["effect"].sum() == result.change == -78
    assert (result.base_customers, result.kept_customers, result.base, result.kept) == (1, 0, 100, -20)
    assert result.message() == "Last year's customers: −€100; those who did not buy then: +€30"
    assert any(note.startswith("A credit note is no purchase") for note in result.views()[0].notes)
    card = kpis.scorecard(frame, period=JANUARY, currency="EUR").row("customers")
    assert (card["actual"], card["previous"]) == (1, result.base_customers)
    for step in ("lost", "reactivated", "credited"):
        found = lines_behind(f"revenue_walk:2024-01:{step}", checked(frame), currency="EUR")
        assert found.value(found.lines.to_pandas()) == rows.loc[step, "effect"]


def test_a_first_purchase_within_the_period_is_new_even_after_a_return(sales):
    lines = sales([("2023-01-01", 1), ("2023-12-30", -5), ("2024-01-05", 8)], customer_id=["a", "b", "b"])
    assert walk(lines).effect("new") == 8


def test_who_first_bought_after_the_year_before_was_won_in_between_and_did_not_come_back(sales):
    lines = [("2022-12-01", 1, "back"), ("2023-01-05", 9, "same"), ("2023-06-01", 2, "won"), ("2024-01-02", 9, "same"),
             ("2024-01-05", 30, "won"), ("2024-01-06", 4, "back"), ("2024-01-07", 5, "new")]  # fmt: skip
    result = walk(sales([line[:2] for line in lines], customer_id=[line[2] for line in lines]))
    rows = result.rows.set_index("step")
    assert [rows.loc[step, "effect"] for step in ("new", "acquired", "reactivated")] == [5, 30, 4]
    assert result.message() == "Last year's customers: €0; those who did not buy then: +€39"
    assert any(note.startswith("Won in between: first purchase after January 2023") for note in result.views()[0].notes)


def test_where_the_data_start_with_the_year_before_nothing_is_said_of_who_came_back(sales):
    result = walk(sales([("2023-01-01", 9), ("2023-06-01", 2), ("2024-01-05", 30)], customer_id=["a", "b", "b"]))
    assert [step for step in result.rows["step"] if step in ("acquired", "reactivated")] == ["acquired"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([("2023-06-01", 1, "a"), ("2024-01-05", 1, "a")], "The data start on 1 June 2023."),
        ([("2023-01-02", 1, None), ("2024-01-05", 1, None)], "No line of the two periods has a customer."),
    ],
    ids=["no year before", "nobody named"],
)
def test_what_cannot_be_walked_says_why(sales, lines, reason):
    result = walk(sales([line[:2] for line in lines], customer_id=[line[2] for line in lines]))
    assert result.reason == reason
    assert result.figures()["status"].tolist() == ["not available"]
    result._repr_mimebundle_()


ledgers = st.lists(
    st.tuples(
        st.sampled_from(["2022-06-01", "2023-01-10", "2023-01-20", "2023-08-01", "2024-01-05", "2024-01-25"]),
        st.decimals(-500, 500, places=2),
        st.sampled_from(["a", "b", "c", "d", None]),
    ),
    max_size=15,
)


@settings(max_examples=15)
@given(ledgers, st.randoms())
def test_the_walk_leads_from_last_year_to_this_one_to_the_cent(sales, ledger, random):
    rows = [("2021-01-04", 1, "z"), ("2023-01-31", 1, "z"), *ledger]
    random.shuffle(rows)
    result = walk(sales([row[:2] for row in rows], customer_id=[row[2] for row in rows]))
    now = sum((Decimal(str(row[1])) for row in rows if row[0].startswith("2024-01")), Decimal(0))
    before = sum((Decimal(str(row[1])) for row in rows if row[0].startswith("2023-01")), Decimal(0))
    assert (result.revenue, result.previous_revenue) == (now, before)
    if result.reason:  # more of one year's sales say whose they are: the totals are told all the same
        assert result.rows.empty
        return
    assert before + sum(result.rows["effect"], Decimal(0)) == now
    bought = [row for row in rows if row[2] is not None and row[1] > 0]
    assert result.base_customers == len({row[2] for row in bought if row[0].startswith("2023-01")})
    by_step = result.rows.set_index("step")
    assert not any(by_step["previous"].get(step, 0) for step in ("new", "acquired", "reactivated"))
    assert by_step.loc["lost", "revenue"] == 0 and by_step.loc["lost", "previous"] >= 0
    total = result.views()[0].rows.iloc[-1]
    assert (total["previous"], total["revenue"], total["effect"]) == (before, now, now - before)


def test_in_a_part_of_what_customers_buy_nobody_came_back_or_left(sales):
    """b bought the rest of it last January, and a buys it now; c first bought last January, and none of this part."""
    lines = sales(
        [("2022-05-01", 9), ("2023-01-05", 100), ("2023-01-06", 8), ("2024-01-05", 30), ("2024-01-06", 20)],
        customer_id=["b", "a", "a", "b", "c"],
    )
    part = lines.assign(
        customer_first_bought=pd.to_datetime(["2022-05-01"] + ["2023-01-05"] * 2 + ["2022-05-01"] + ["2023-01-09"])
    )
    whole, result = walk(lines), walk(part)
    assert whole.effect("new") == 20 and result.effect("new") == result.effect("acquired") == 0
    rows = result.rows.set_index("step")
    assert (rows.loc["reactivated", "effect"], rows.loc["reactivated", "customers"]) == (50, 2)
    assert rows.loc["reactivated", "name"] == "Known customers, new to this part or back"
    assert rows.loc["lost", "name"] == "Customers of this part a year before only"
    assert "may have bought the rest" in result.views()[0].notes[0]
    assert "the rest" not in " ".join(whole.views()[0].notes)
