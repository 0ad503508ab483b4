"""Two periods or two parts side by side: the differences tie, and what may not be compared is said."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import kpis, languages, periods
from perfkit.errors import DataError, ParameterError


def lines(*rows):
    """Lines of (day, customer, country, net revenue); each is an order."""
    frame = pd.DataFrame(rows, columns=["date", "customer_id", "country", "net_revenue"], dtype="object")
    frame["order_id"] = [f"o{number}" for number in range(len(frame))]
    return frame.assign(date=pd.to_datetime(frame["date"]))


START = ("2024-01-01", "C0", "FR", 1)
SOLD = lines(
    START,
    ("2025-04-03", "C1", "FR", 60), ("2025-05-03", "C2", "BE", 20),
    ("2025-07-03", "C1", "FR", 100), ("2025-08-03", "C3", None, 20), ("2025-09-03", "C1", "BE", -12),
)  # fmt: skip
Q2, Q3, YEAR_BEFORE = (periods.parse(label) for label in ("2025-Q2", "2025-Q3", "2024-Q3"))


def test_two_quarters_counted_by_hand():
    result = kpis.compare(SOLD, SOLD, periods=(Q3, Q2), currency="EUR", by="country")
    revenue = result.row("revenue")
    assert (revenue["a"], revenue["b"], revenue["variance"]) == (Decimal(108), Decimal(80), Decimal(28))
    assert revenue["growth"] == 0.35 and revenue["tone"] == "good"
    assert result.row("orders")["variance"] == 0 and result.row("customers")["variance"] == 0
    by_country = {row["member"]: (row["a"], row["b"], row["variance"]) for row in result.members.to_dict("records")}
    assert by_country == {"FR": (100, 60, 40), "BE": (-12, 20, -32), None: (20, 0, 20)}
    assert result.ties_to() == {
        "net_revenue": Decimal(108),
        "net_revenue_b": Decimal(80),
        "revenue_change": Decimal(28),
    }


def test_another_season_is_said_and_the_same_months_of_two_years_are_not():
    first = kpis.compare(SOLD, SOLD, periods=(Q3, Q2), currency="EUR", calendar="FR")
    notes = " ".join(first.views()[0].notes)
    assert (
        first.seasons_differ and "a season may be the whole difference" in notes and "The same months: Q3 2024" in notes
    )
    assert "Working days: 64 in Q3 2025, 60 in Q2 2025" in notes
    second = kpis.compare(SOLD, SOLD, periods=(Q3, YEAR_BEFORE), currency="EUR")
    assert not second.seasons_differ and "season" not in " ".join(second.views()[0].notes)


def test_two_years_hold_the_same_months_and_days_on_both_sides_are_told():
    twelve = [(f"{year}-{month:02d}-03", "C1", "FR", 10) for year in (2023, 2024) for month in range(1, 13)]
    sold = lines(("2023-01-01", "C0", "FR", 1), *twelve)
    years = (periods.parse("2024"), periods.parse("FY2024", "07-01"))
    result = kpis.compare(sold, sold, periods=years, currency="EUR")
    notes = " ".join(result.views()[0].notes)
    assert not result.seasons_differ and "season" not in notes
    assert "The days from 1 January 2024 to 30 June 2024 are on both sides" in notes
    assert kpis.compare(sold, sold, periods=(years[0], periods.parse("2023")), currency="EUR").shared_days is None
    with pytest.raises(ParameterError, match="2024 is compared with itself: FY2024 has the same days"):
        kpis.compare(sold, sold, periods=(years[0], periods.parse("FY2024")), currency="EUR")


def test_between_parts_no_difference_is_good_or_bad():
    parts = {"names": ("France", "Elsewhere"), "periods": (Q3, Q3), "currency": "EUR", "by": "country"}
    result = kpis.compare(SOLD, SOLD[SOLD["country"] != "BE"], **parts)
    assert result.of_parts and set(result.rows["tone"]) == {None}
    assert {tone for view in result.views() for tone in view.rows["tone"]} == {None}


def test_a_period_that_the_data_start_within_is_not_set_against_a_whole_one():
    sold = lines(("2024-09-16", "C1", "FR", 60), ("2025-09-03", "C1", "FR", 70), ("2025-09-20", "C1", "FR", 50))
    cut = periods.parse("2024-09").cut_at(dt.date(2024, 9, 16))
    with pytest.raises(DataError, match="hold 2024-09 from 2024-09-16 only, and 2025-09 from 2025-09-01"):
        kpis.compare(sold, sold, periods=(periods.parse("2025-09"), cut), currency="EUR")
    parts = kpis.compare(sold, sold, periods=(cut, cut), names=("a", "b"), currency="EUR")
    assert parts.row("revenue")["variance"] == 0  # two parts of it lack the same days


def test_a_heading_that_begins_with_a_sign_gets_no_capital():
    result = kpis.compare(SOLD, SOLD, periods=(Q3, Q3), names=("% of it", "rest"), currency="EUR")
    assert '<th scope="col" class="pk-number pk-as-is">% of it</th>' in result.html()
    assert '<th scope="col" class="pk-number">rest</th>' in result.html()
    assert ".pk-table thead th:not(.pk-as-is)::first-letter" in result.html()


def costing(*costs):
    return lines(START, *[("2025-07-03", f"C{place}", "FR", 10) for place in range(len(costs))]).assign(
        cost=pd.Series([1, *costs], dtype="object")
    )


def test_two_parts_compare_where_their_costs_are_known_for_about_as_much_and_are_never_called_periods():
    known, most, few = costing(*[4] * 50), costing(*[6] * 49, None), costing(*[6] * 40, *[None] * 10)
    parts = {"names": ("one", "two"), "periods": (Q3, Q3), "currency": "EUR"}
    profit = kpis.compare(known, most, **parts).row("gross_profit")
    assert (profit["variance"], profit["unlike"]) == (300 - 196, False)  # costs are known for 98 % of the second
    apart = kpis.compare(known, few, **parts)
    assert apart.row("gross_profit")["variance"] is None
    notes = " ".join(apart.views()[0].notes)
    assert "the data that it needs cover another share of the one part" in notes and "two periods" not in notes


def test_an_id_of_a_part_is_no_other_part_s():
    ids = [
        kpis.compare(SOLD, SOLD, periods=(Q3, Q3), ids=pair, names=("x", "y"), currency="EUR").figures()["figure_id"][0]
        for pair in (("a:b", "c"), ("a", "b:c"), ("a%3Ab", "c"), ("a@b", "c"))
    ]
    assert len(set(ids)) == 4 and all(id.count(":") == 3 for id in ids)


def test_two_parts_of_one_period_bear_their_names_and_remarks():
    french, other = SOLD[SOLD["country"] == "FR"], SOLD[SOLD["country"] != "FR"].assign()
    other = pd.concat([lines(START), other])
    result = kpis.compare(
        french, other, periods=(Q3, Q3), names=("France", "Elsewhere"), ids=("fr", "rest"), currency="EUR",
        remarks=["Two lines are in neither."],
    )  # fmt: skip
    view = result.views()[0]
    assert view.title == "Net revenue of France: €100; of Elsewhere: €8"  # 1,150 % would say less
    assert [field.heading for field in view.fields] == ["Figure", "France", "Elsewhere", "Difference", "Difference, %"]
    assert view.notes[0] == "Two lines are in neither." and not any("Working days" in note for note in view.notes)
    assert "comparison:2025-Q3@fr:2025-Q3@rest:revenue" in set(result.figures()["figure_id"])


def test_a_figure_that_one_side_lacks_has_no_difference_but_a_reason():
    bare = SOLD.drop(columns="customer_id")
    row = kpis.compare(SOLD, bare, periods=(Q3, Q3), names=("a", "b"), currency="EUR").row("customers")
    assert row["a"] == 2 and row["b"] is None and row["variance"] is None and "customer_id" in row["b_reason"]


def test_a_comparison_speaks_french():
    languages.use("fr")
    try:
        view = kpis.compare(SOLD, SOLD, periods=(Q3, Q2), currency="EUR").views()[0]
    finally:
        languages.use("en")
    assert view.title == "Chiffre d’affaires net, T3 2025\xa0: 108\xa0€, +35,0\u202f% vs T2 2025"


@pytest.mark.parametrize(
    "asked, error, message",
    [
        ({"periods": (Q3, periods.parse("2025-09"))}, ParameterError, "3 months and 2025-09 has 1"),
        ({"periods": (Q3, Q3)}, ParameterError, "compared with itself"),
        ({"periods": (Q3, periods.parse("2023-Q3"))}, DataError, "2023-Q3 starts on"),
        ({"periods": (Q3, Q2), "by": "contry"}, ParameterError, "Did you mean 'country'"),
        ({"periods": (Q3, Q2), "calendar": "XX"}, ParameterError, "XX"),
    ],
    ids=["lengths", "itself", "before the data", "dimension", "calendar"],
)
def test_what_cannot_be_compared_is_refused(asked, error, message):
    with pytest.raises(error, match=message):
        kpis.compare(SOLD, SOLD, currency="EUR", **asked)


row = st.tuples(
    st.sampled_from(["2025-04-03", "2025-06-30", "2025-07-01", "2025-09-30"]),
    st.sampled_from(["C1", "C2", None]),
    st.sampled_from(["FR", "BE", None]),
    st.integers(-50, 99),
)


@settings(max_examples=4)
@given(st.lists(row, min_size=1, max_size=9))
def test_members_sum_to_the_difference_and_swapping_the_sides_turns_every_sign(rows):
    sold = lines(START, *rows)
    one = kpis.compare(sold, sold, periods=(Q3, Q2), currency="EUR", by="country")
    other = kpis.compare(sold, sold, periods=(Q2, Q3), currency="EUR")
    assert sum(one.members["variance"], Decimal(0)) == one.row("revenue")["variance"]
    for kpi, variance in zip(one.rows["kpi"], one.rows["variance"], strict=True):
        turned = other.row(kpi)["variance"]
        assert turned == variance or turned == -variance
