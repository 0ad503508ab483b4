"""Breakdowns and movers: parts that sum to their totals, whatever the ledger."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import kpis, periods
from perfkit.errors import ParameterError
from perfkit.results import plain

JANUARY = periods.parse("2024-01")


def by(lines, dimension="country", period=JANUARY):
    return kpis.breakdown(lines, by=dimension, period=period, currency="EUR")


def moved(lines, dimension="country", period=JANUARY):
    return kpis.movers(lines, by=dimension, period=period, currency="EUR")


def test_countries_counted_by_hand(two_years):
    result = by(two_years)
    rows = result.rows.set_index(result.rows["member"].fillna("?"))
    assert result.rows["member"].tolist() == ["de", "es", "fr", None]  # the unknown member comes last, and comes
    assert rows["revenue"].to_dict() == {"de": 0, "es": 90, "fr": 70, "?": 60}
    assert rows["previous"].to_dict() == {"de": 30, "es": 0, "fr": 170, "?": 0}
    assert rows["variance"].to_dict() == {"de": -30, "es": 90, "fr": -100, "?": 60}
    assert rows["growth"].to_dict() == {"de": -1, "es": None, "fr": pytest.approx(-100 / 170), "?": None}
    assert rows.loc["fr", "orders"] == 1
    assert rows.loc["es", "customers"] == 0
    assert rows.loc["fr", "margin_rate"] == pytest.approx((70 - 50 - 12 + 15) / 70)
    assert (result.total, result.previous_total) == (220, 200)
    assert "(unknown)" in plain(result.views()[0])


def test_a_rate_without_a_change_says_why(sales):
    """Of `thin` the cost is known of half of what it sold; of `whole` of all, of `none` of nothing."""
    days = [("2023-01-05", 100), ("2024-01-05", 100)]
    lines = sales(
        [("2022-12-01", 1), *days, *days, ("2024-01-06", 100), *days],
        country=["whole", "whole", "whole", "thin", "thin", "thin", "none", "none"],
        cost=[1, 50, 40, 50, 40, None, None, None],
    )  # fmt: skip
    view = by(lines).views()[0]
    shown = view.rows.set_index("label")["margin_change"]
    assert shown["whole"] == pytest.approx(0.1) and shown.drop("whole").isna().all()
    assert view.notes == [
        "No change of the rate where the cost is known of less than 95% of revenue, now or a year before: thin and "
        "Total."
    ]
    assert by(lines[lines["country"] == "whole"]).views()[0].notes == []


def test_kinds_of_movement_counted_by_hand(two_years):
    result = moved(two_years)
    rows = result.rows.set_index(result.rows["member"].fillna("?"))
    assert rows["kind"].to_dict() == {"de": "lost", "es": "new", "fr": "down", "?": "new"}
    assert result.change == 20
    assert result.counts().set_index("kind")["change"].to_dict() == {
        "new": 90, "lost": -30, "up": 0, "down": -100, "unchanged": 0, "credited": 0,
    }  # fmt: skip


def test_who_has_credit_notes_alone_neither_came_nor_left(sales):
    lines = sales(
        [("2022-01-01", 1), ("2023-01-05", 40), ("2023-01-06", -5), ("2023-01-07", -7), ("2024-01-05", 30),
         ("2024-01-06", -3)],
        customer_id=["a", "left", "back", "owed", "back", "left"],
    )  # fmt: skip
    result = moved(lines, "customer_id")
    assert result.rows.set_index("member")["kind"].to_dict() == {"back": "new", "left": "lost", "owed": "credited"}
    counts = result.counts().set_index("kind")
    assert (counts.loc["new", "change"], counts.loc["lost", "change"]) == (30, -40)  # as the walk and findings say
    assert counts.loc["credited", "change"] == -3 + 5 + 7 and sum(counts["change"]) == result.change == -1
    notes = result.views()[0].notes
    assert "Only now: 1 (+€30) and only a year before: 1 (−€40)." in notes[0]
    assert "make up the rest of the change (+€9)" in notes[1]


def test_a_view_of_many_members_ties_to_its_total(sales):
    lines = sales(
        [("2022-12-01", 1), *(("2024-01-05", amount) for amount in range(1, 31)), ("2024-01-06", 5)],
        country=["x", *(f"c{amount:02}" for amount in range(1, 31)), None],
    )
    view = by(lines).views()[0]
    labels = view.rows["label"].tolist()
    assert labels[:2] == ["c30", "c29"]
    assert labels[-3:] == ["18 others", "(unknown)", "Total"]
    assert sum(view.rows["revenue"].iloc[:-1], Decimal(0)) == view.rows["revenue"].iloc[-1] == 470


def test_figures_of_many_members_stay_few_and_still_sum(sales):
    lines = sales(
        [("2022-12-01", 1), *(("2024-01-05", 1) for _ in range(1_200))],
        product_id=["x", *(f"p{number}" for number in range(1_200))],
    )
    figures = by(lines, "product_id").figures()
    now = figures[figures["period"] == "2024-01"]
    assert len(now) == 1_001
    assert sum(now["estimate"], Decimal(0)) == 1_200
    assert now["figure_id"].is_unique


def test_members_are_called_by_the_name_most_of_their_lines_give(sales):
    lines = sales(
        [("2022-12-01", 1), ("2024-01-05", 5), ("2024-01-05", 5), ("2024-01-05", 5), ("2024-01-06", 1)],
        product_id=["p", "p", "p", "p", "q"],
        product_name=["old", "wrongly coded", "Lamp", "Lamp", None],
    )
    assert by(lines, "product_id").rows["name"].tolist() == ["Lamp", "q"]


def test_without_a_year_before_there_is_nothing_to_compare(sales):
    lines = sales([("2023-03-01", 7), ("2024-01-05", 5)], country=["de", "fr"])
    result = by(lines)
    assert result.rows["member"].tolist() == ["fr"]
    assert result.previous_total is None
    assert result.rows["variance"].tolist() == [None]
    assert result.views()[0].notes[0] == "The data start on 1 March 2023."
    assert moved(lines).reason == "The data start on 1 March 2023."
    moved(lines)._repr_mimebundle_()


def test_a_dimension_that_the_data_lack_is_asked_for(sales):
    lines = sales([("2022-12-01", 1), ("2024-01-05", 5)])
    for result in (by(lines, "channel"), moved(lines, "channel")):
        assert result.reason == "Not in the data. Ask for the sales channel of each line (channel)."
        assert result.ties_to() is None
        assert result.figures()["status"].tolist() == ["not available"]
        result._repr_mimebundle_()


def test_a_misspelt_dimension_is_refused_and_the_nearest_named(two_years):
    with pytest.raises(ParameterError, match="Did you mean 'country'"):
        by(two_years, "contry")
    with pytest.raises(ParameterError, match="needs members"):
        by(two_years, "net_revenue")


def test_hostile_members_are_escaped(sales):
    lines = sales(
        [("2022-12-01", 1), ("2024-01-05", 5)], country=["<script>alert(1)</script>", "<script>alert(1)</script>"]
    )
    html = by(lines).html()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


ledgers = st.lists(
    st.tuples(
        st.sampled_from(["2023-01-10", "2023-01-20", "2023-08-01", "2024-01-05", "2024-01-25"]),
        st.decimals(-500, 500, places=2),
        st.sampled_from(["a", "b", "c", "", None]),
    ),
    max_size=15,
)


@settings(max_examples=25)
@given(ledgers)
def test_the_members_sum_to_the_ledger_exactly(sales, ledger):
    lines = sales([("2021-01-04", 1), *(row[:2] for row in ledger)], country=["z", *(row[2] for row in ledger)])
    total = sum((row[1] for row in ledger if row[0].startswith("2024-01")), Decimal(0))
    before = sum((row[1] for row in ledger if row[0].startswith("2023-01")), Decimal(0))
    result, movers = by(lines), moved(lines)
    assert sum(result.rows["revenue"], Decimal(0)) == result.total == total
    assert result.views()[0].rows["revenue"].iloc[-1] == total
    if movers.reason:  # much more names its country in one of the months: nothing is compared
        assert result.previous_reason == movers.reason and result.previous_total is None
        return
    assert sum(result.rows["previous"], Decimal(0)) == result.previous_total == before
    assert sum(movers.rows["change"], Decimal(0)) == movers.change == total - before
    assert movers.views()[0].rows["change"].iloc[-1] == total - before


def test_a_dimension_that_one_of_two_periods_hardly_has_is_not_compared(sales):
    lines = sales(
        [("2022-01-01", 1), ("2023-01-05", 60), ("2023-01-06", 40), ("2024-01-05", 80), ("2024-01-06", 30)],
        country=["fr", "fr", "de", None, None],
    )
    result, movers = by(lines), moved(lines)
    said = (
        "Not compared with January 2023: country is known for 0.0% of revenue now, for 100.0% then. Does an export "
        "lack that column?"
    )
    assert result.previous_reason == movers.reason == said
    assert result.rows["member"].tolist() == [None] and result.rows["growth"].tolist() == [None]
    months = kpis.trend_by(lines, by="country", period=JANUARY, currency="EUR")
    assert months.unlike == said and months.cells["previous"].isna().all()
    assert said in months.views()[0].notes
