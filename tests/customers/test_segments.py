"""Scores, tiers and migration: counted by hand, tied to the ledger, alike for equals."""

import dataclasses
import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import languages
from perfkit.customers import clv, segments
from perfkit.customers.segments.scores import scored
from perfkit.errors import DataError, ParameterError


@pytest.fixture(autouse=True)
def _english_again():
    yield
    languages.use("en")


def sales(*rows, **columns):
    """Lines (customer, day, net revenue)."""
    frame = pd.DataFrame(rows, columns=["customer_id", "date", "net_revenue"]).assign(**columns)
    return frame.assign(date=pd.to_datetime(frame["date"]))


BOUGHT = sales(
    ("a", "2024-01-05", 10), ("a", "2024-03-09", 30), ("b", "2024-01-31", 20), ("c", "2024-02-01", 5),
    ("c", "2024-03-01", 7), ("c", "2024-03-20", 3), ("d", "2024-03-31", 100), ("e", "2024-02-10", 40),
)  # fmt: skip


def rfm(lines, **options):
    return segments.rfm(lines, **{"as_of": "2024-03", **options})


ONE = rfm(sales(("a", "2024-03-01", 1)))


def holding(values, **changes):
    """Customers, by name, who brought so much: what `rfm` returns of them, without asking an engine."""
    customers = pd.DataFrame(
        {"customer_id": list(values), "value": pd.Series([Decimal(each) for each in values.values()], dtype="object")}
    )
    return dataclasses.replace(ONE, customers=customers, **changes)


def worth(*values):
    return holding({f"c{place:03}": value for place, value in enumerate(values)})


def test_recency_frequency_and_value_counted_by_hand():
    found = rfm(BOUGHT).customers.set_index("customer_id")
    assert found["days_since_last_order"].to_dict() == {"a": 22, "b": 60, "c": 11, "d": 0, "e": 50}
    assert found["purchases"].to_dict() == {"a": 2, "b": 1, "c": 3, "d": 1, "e": 1}
    assert found["value"].to_dict() == {"a": 40, "b": 20, "c": 15, "d": 100, "e": 40}
    assert found["r"].to_dict() == {"b": 1, "e": 2, "a": 3, "c": 4, "d": 5}
    assert found["f"].to_dict() == {"b": 1, "d": 1, "e": 1, "a": 4, "c": 5}
    assert found["m"].to_dict() == {"c": 1, "b": 2, "a": 3, "e": 3, "d": 5}, "equal values have equal scores"


def test_classes_hold_every_customer_and_all_value():
    found = rfm(BOUGHT)
    for criterion in ("r", "f", "m"):
        classes = found.classes(criterion)
        assert classes["n"].sum() == 5 and sum(classes["value"]) == found.total == 215
    assert found.classes("f")[["score", "worst", "best", "n"]].to_numpy().tolist() == [
        [5, 3, 3, 1],
        [4, 2, 2, 1],
        [1, 1, 1, 3],
    ]
    assert found.classes("r").iloc[0][["worst", "best"]].tolist() == [0, 0]
    assert "there are 3 classes instead of 5" in repr(found)
    assert "60.0% of customers have bought once only" in repr(found)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=40))
def test_a_score_says_how_many_do_worse(values):
    values = np.array(values)
    for value, score in zip(values, scored(values), strict=True):
        worse = (values < value).sum() / len(values)
        assert (score - 1) / 5 <= worse + 1e-12 and worse < score / 5
    assert (scored(values) == scored(values * 7 - 3)).all()


def test_purchases_are_those_of_the_histories(cdnow):
    found = rfm(cdnow, as_of="1997-09-30").customers.set_index("customer_id")
    history = clv.summarise(cdnow, observed_until="1997-09-30").customers.set_index("customer_id")
    assert (found["purchases"] == history["frequency"] + 1).all()
    silent = ((history["T"] - history["recency"]) * 7).round().astype(int)
    assert (found["days_since_last_order"] == silent).all()


def test_what_no_customer_has_is_itemised_and_ties():
    rows = sales(
        ("a", "2023-12-31", 10), ("a", "2024-01-05", 11), ("a", "2024-01-09", -2), ("b", "2024-01-05", -4),
        (None, "2024-01-07", 7), ("a", "2024-04-01", 9),
    )  # fmt: skip
    found = rfm(rows, since="2024-01")
    assert found.left_out.set_index("reason").to_dict("index") == {
        "after as_of": {"lines": 1, "net_revenue": 9},
        "before since": {"lines": 1, "net_revenue": 10},
        "no customer": {"lines": 1, "net_revenue": 7},
        "returns only": {"lines": 1, "net_revenue": -4},
    }
    assert found.customers[["customer_id", "days_since_last_order", "value"]].to_numpy().tolist() == [["a", 86, 9]]
    assert found.ties_to() == {"net_revenue": Decimal(31), "lines": 6, "as_of": dt.date(2024, 3, 31)}


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", None]),
        st.dates(dt.date(2023, 12, 20), dt.date(2024, 4, 20)),
        st.decimals(-300, 900, places=4),
    ),
    max_size=10,
)


@settings(max_examples=20)
@given(ROWS, st.randoms())
def test_customers_and_exclusions_sum_to_the_ledger_in_any_order(rows, random):
    rows = [("z", dt.date(2024, 1, 3), Decimal(100)), *rows]
    found = rfm(sales(*rows), since="2024-01-01")
    assert sum(found.customers["net_revenue"]) + sum(found.left_out["net_revenue"]) == sum(net for _, _, net in rows)
    random.shuffle(rows)
    pd.testing.assert_frame_equal(rfm(sales(*rows), since="2024-01-01").customers, found.customers)


def test_what_has_no_known_cost_is_taken_to_earn_the_same_margin():
    found = rfm(BOUGHT.assign(cost=[4, 10, 8, None, 3, 1, 120, None]))
    assert found.value == "margin"
    value = found.customers.set_index("customer_id")["value"].to_dict()
    assert found.rest == Decimal("0.141176")  # 1 - 146 / 170
    assert value == {"a": 26, "b": 12, "c": 6 + Decimal("0.7059"), "d": -20, "e": Decimal("5.6470")}
    assert found.coverage == pytest.approx(170 / 215) and "79.1% of the customers' revenue" in repr(found)
    assert rfm(BOUGHT.assign(cost=1), value="revenue").total == 215


def test_what_cannot_be_scored_is_refused_in_words():
    with pytest.raises(DataError, match="no line has a cost.*value='revenue'"):
        rfm(BOUGHT, value="margin")
    with pytest.raises(DataError, match="no customer has bought anything until 2023-01-31.*later as_of"):
        rfm(BOUGHT, as_of="2023-01")
    with pytest.raises(ParameterError, match="since is 2024-05-01, after as_of, 2024-03-31"):
        rfm(BOUGHT, since="2024-05")
    with pytest.raises(ParameterError, match="no setting 'margins'. Did you mean 'margin'"):
        rfm(BOUGHT, value="margins")
    with pytest.raises(DataError, match="EUR and in USD"):
        rfm(BOUGHT.assign(currency=["EUR", "USD"] * 4))
    with pytest.raises(ParameterError, match="no criterion 'x'"):
        rfm(BOUGHT).classes("x")


def test_tiers_counted_by_hand():
    found = segments.value_tiers(worth(*range(100, 0, -10)))
    assert found.tiers[["n", "least", "most", "value"]].to_numpy().tolist() == [
        [2, 90, 100, 190], [3, 60, 80, 210], [5, 10, 50, 150],
    ]  # fmt: skip
    assert found.tiers["share_of_value"].tolist() == pytest.approx([190 / 550, 210 / 550, 150 / 550])
    assert found.tops[["n", "value"]].to_numpy().tolist() == [[1, 100], [1, 100], [2, 190]]
    assert "The best 20% of customers bring 34.5% of net revenue" in repr(found)


def test_customers_of_the_same_value_are_in_one_tier():
    found = segments.value_tiers(worth(50, 40, 40, 40, 30, 20, 10, 9, 8, 7))
    assert found.tiers["n"].tolist() == [4, 1, 5], "the 2nd to the 4th are equal: all are as good as the 2nd"
    alike = segments.value_tiers(worth(*[5] * 8))
    assert alike.tiers["n"].tolist() == [8, 0, 0] and alike.tiers["declared"].tolist() == pytest.approx([0.2, 0.3, 0.5])
    assert alike.tiers["value"].tolist() == [40, 0, 0]


@settings(max_examples=30)
@given(st.lists(st.integers(-5, 9), min_size=1, max_size=30))
def test_tiers_hold_everybody_in_order_and_equals_together(values):
    found = segments.value_tiers(worth(*values))
    customers = found.customers
    assert (
        found.tiers["n"].sum() == len(values)
        and sum(found.tiers["value"]) == found.total == customers["cumulative"].iloc[-1]
    )
    assert customers["tier"].is_monotonic_increasing
    assert (customers.groupby("value")["tier"].nunique() == 1).all()
    assert found.tiers["n"].iloc[0] >= -(-len(values) // 5)


def test_where_nothing_is_left_there_are_amounts_and_no_shares():
    found = segments.value_tiers(rfm(sales(("a", "2024-03-01", 10), ("b", "2024-03-01", 5)).assign(cost=[8, 20])))
    assert found.total == -13 and found.tiers["share_of_value"].isna().all()
    assert "The best customer brings 2 of gross margin, all together −13" in repr(found)
    figures = found.figures().set_index("kpi").loc["value_concentration"]
    assert (
        set(figures["status"]) == {"not available"}
        and figures["reason"].str.contains("shares of it mean nothing").all()
    )


def test_shares_that_are_none_are_refused():
    for shares in ((), (0.5, 0.5), (0, 0.2), (-0.1,), ("much",)):
        with pytest.raises(ParameterError, match="give shares of the customers above 0, together below 1"):
            segments.value_tiers(rfm(BOUGHT), shares=shares)


def tiers_of(values, month):
    """Customers by what they brought in a month."""
    days = pd.Period(month).start_time.date(), pd.Period(month).end_time.date()
    return segments.value_tiers(holding(values, since=days[0], as_of=days[1]), shares=(0.5,))


def test_a_migration_counted_by_hand():
    before = tiers_of({"a": 100, "b": 80, "c": 10, "d": 5}, "2024-01")
    now = tiers_of({"a": 90, "c": 70, "b": 20, "n": 1}, "2024-02")
    found = segments.migration(before, now)
    assert found.cells.to_numpy().tolist() == [
        ["1", "1", 1, 100, 90], ["1", "2", 1, 80, 20], ["2", "1", 1, 10, 70], ["2", "absent", 1, 5, 0],
        ["absent", "2", 1, 0, 1],
    ]  # fmt: skip
    assert found.stayed("1") == {"n": 1, "of": 2, "share": 0.5} == found.came("1")
    assert sum(found.cells["value_before"]) == before.total and sum(found.cells["value_now"]) == now.total
    shown = repr(found)
    assert "Of 2 customers in “Top 50%”, 50.0% are in it still" in shown and "Regression to the mean" in shown
    assert "Not a customer" in shown and found.figures()["figure_id"].is_unique


PEOPLE = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 50), min_size=1)


@settings(max_examples=20)
@given(PEOPLE, PEOPLE)
def test_rows_and_columns_of_a_migration_sum_to_both_days(one, other):
    before, now = tiers_of(one, "2024-01"), tiers_of(other, "2024-02")
    cells = segments.migration(before, now).cells
    assert cells["customers"].sum() == len(set(one) | set(other))
    for side, tiers in (("before", before), ("now", now)):
        counted = cells[cells[side] != "absent"].groupby(side)["customers"].sum()
        held = tiers.tiers.set_index(tiers.tiers["tier"].astype(str))["n"]
        assert counted.to_dict() == held[held > 0].to_dict()
        assert sum(cells[f"value_{side}"]) == tiers.total


def test_equal_customers_who_draw_anew_leave_the_best_tier_by_chance_alone():
    """Two years of 2,000 customers who are all alike: half of the best half is in it again, and no more."""
    draw = np.random.default_rng(5)
    years = [dict(zip(range(2000), draw.permutation(2000).tolist(), strict=True)) for _ in range(2)]
    found = segments.migration(
        *(tiers_of({f"c{n}": value for n, value in year.items()}, month) for year, month in
          zip(years, ("2024-01", "2024-02"), strict=True))
    )  # fmt: skip
    assert abs(found.stayed("1")["share"] - 0.5) < 0.05


def test_a_migration_between_unlike_sides_is_refused():
    one, later = tiers_of({"a": 1}, "2024-01"), tiers_of({"a": 1}, "2024-02")
    with pytest.raises(ParameterError, match="give the earlier one first"):
        segments.migration(later, one)
    with pytest.raises(ParameterError, match="now is a Rfm: give value_tiers"):
        segments.migration(one, later.scored)
    other = segments.value_tiers(later.scored, shares=(0.2,))
    with pytest.raises(DataError, match="before and now differ in shares"):
        segments.migration(one, other)


def test_figures_have_ids_of_their_own_and_speak_french():
    scores = rfm(BOUGHT, currency="EUR")
    tiers = segments.value_tiers(scores)
    for result in (scores, tiers):
        assert result.figures()["figure_id"].is_unique
        assert all(isinstance(each, Decimal) for each in result.figures().query("unit == 'EUR'")["estimate"])
    languages.use("fr")
    assert "des clients n’ont acheté qu’une fois" in repr(scores)
    assert "Top 20\N{NARROW NO-BREAK SPACE}%" in repr(tiers) and "régression vers la moyenne" in repr(tiers)


def test_a_migration_between_windows_of_different_length_is_refused():
    """What a customer brings in a year is not set against what one brings in a month."""

    def tiers(since, until):
        return segments.value_tiers(holding({"a": 3, "b": 1}, since=dt.date.fromisoformat(since),
                                            as_of=dt.date.fromisoformat(until)), shares=(0.5,))  # fmt: skip

    month = tiers("2024-12-01", "2024-12-31")
    with pytest.raises(DataError, match="2023-01-01 to 2023-12-31 \\(365 days\\).*2024-12-01 to 2024-12-31 \\(31"):
        segments.migration(tiers("2023-01-01", "2023-12-31"), month)
    with pytest.raises(DataError, match="7 days.*10 days"):
        segments.migration(tiers("2024-12-01", "2024-12-07"), tiers("2024-12-08", "2024-12-17"))
    for since, until in (("2024-02-01", "2024-02-29"), ("2023-02-01", "2023-02-28")):  # a month is a month
        assert len(segments.migration(tiers(since, until), month).cells)
