"""Summaries: counted by hand, tied to the ledger, and those that CDNOW's articles start from."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import languages
from perfkit.customers import clv, cohorts
from perfkit.errors import DataError, ParameterError


def sales(*rows, **columns):
    """Lines (customer, day, net revenue)."""
    frame = pd.DataFrame(rows, columns=["customer_id", "date", "net_revenue"]).assign(**columns)
    return frame.assign(date=pd.to_datetime(frame["date"]))


def of(rows, **options):
    return clv.summarise(rows, **{"observed_until": "2024-02-29", "time_unit": "day", **options})


def test_histories_counted_by_hand():
    found = of(
        sales(
            ("a", "2024-01-01", 10), ("a", "2024-01-11", 20), ("a", "2024-01-11", 30), ("a", "2024-01-31", 40),
            ("b", "2024-02-09", 5),
        )
    ).customers  # fmt: skip
    assert found["customer_id"].tolist() == ["a", "b"]
    assert found["frequency"].tolist() == [2, 0]
    assert found["recency"].tolist() == [30, 0]
    assert found["T"].tolist() == [59, 20]
    assert found["monetary"].iloc[0] == (50 + 40) / 2 and np.isnan(found["monetary"].iloc[1])
    assert found["cohort"].astype(str).tolist() == ["2024-01", "2024-02"]


def test_refunds_are_taken_off_the_day_and_never_make_a_purchase():
    found = of(
        sales(
            ("a", "2024-01-01", 10), ("a", "2024-01-05", 50), ("a", "2024-01-05", -20),  # 30 are left
            ("a", "2024-01-09", 50), ("a", "2024-01-09", -50),  # nothing is left: no purchase
            ("a", "2024-01-20", -5),  # a return alone
            ("b", "2024-01-03", -7),  # never a customer
            ("c", "2024-01-03", 0),  # a free line is a purchase
        )
    )  # fmt: skip
    assert found.customers["customer_id"].tolist() == ["a", "c"]
    assert found.customers.loc[0, ["frequency", "recency", "monetary"]].tolist() == [1, 4, 30]
    assert found.left_out.to_dict("records") == [
        {"reason": "days of returns", "lines": 4, "net_revenue": Decimal("-12")}
    ]


def test_what_no_history_has_is_counted_and_ties():
    rows = sales(
        ("a", "2023-12-31", 10), ("a", "2024-01-05", 10), ("b", "2024-01-05", 20), (None, "2024-01-07", 7),
        ("b", "2024-03-01", 9), (None, "2024-03-02", 1),
    )  # fmt: skip
    found = of(rows, acquired_from="2024-01-01")
    left_out = found.left_out.set_index("reason")
    assert left_out["lines"].to_dict() == {"after observed_until": 2, "no customer": 1, "acquired before": 2}
    assert left_out["net_revenue"].to_dict() == {
        "after observed_until": 10, "no customer": 7, "acquired before": 20,
    }  # fmt: skip
    assert found.customers["customer_id"].tolist() == ["b"]
    assert found.lines == 6 and found.net_revenue == Decimal(57)
    assert found.ties_to() == {"net_revenue": Decimal(57), "lines": 6, "observed_until": dt.date(2024, 2, 29)}


def test_the_ruler_and_the_grain_are_two_settings():
    rows = sales(("a", "2024-01-01", 1), ("a", "2024-01-03", 1), ("a", "2024-01-10", 1))
    by_day = of(rows, time_unit="week").customers.loc[0]
    assert by_day["frequency"] == 2 and by_day["recency"] == 9 / 7
    by_week = of(rows, time_unit="week", merge="week").customers.loc[0]
    assert by_week["frequency"] == 1 and by_week["recency"] == 1
    assert of(rows, time_unit="year").customers.loc[0, "recency"] == pytest.approx(9 / 365.25)


def test_value_is_margin_wherever_cost_exists():
    rows = sales(("a", "2024-01-01", 10), ("a", "2024-01-05", 30), ("b", "2024-01-05", 20), cost=[4, 18, 25])
    found = of(rows)
    assert found.value == "margin" and found.customers.loc[0, "monetary"] == 12
    assert of(rows, value="revenue").customers.loc[0, "monetary"] == 30
    rate = found.margin_rate.loc[0]
    assert rate["estimate"] == pytest.approx(13 / 60) and rate["low"] < rate["estimate"] < rate["high"]
    assert of(rows.drop(columns="cost")).value == "revenue"
    assert of(rows.drop(columns="cost")).margin_rate is None
    with pytest.raises(DataError, match="say value='revenue'"):
        of(rows.drop(columns="cost"), value="margin")


def test_cdnow_gives_the_summary_of_the_articles(summary, cdnow):
    """2,357 customers, of whom 946 bought again 2,457 times in 39 weeks, and how many bought how often."""
    found = summary.customers
    assert len(found) == 2357 and (found["frequency"] > 0).sum() == 946
    counts = np.bincount(np.minimum(found["frequency"], 7)).tolist()
    assert counts == [1411, 439, 214, 100, 62, 38, 29, 64]
    assert found["T"].max() == pytest.approx(38.86, abs=0.005)
    one = found[found["customer_id"] == "00004"].iloc[0]
    assert one[["frequency", "recency", "T"]].astype(float).round(2).tolist() == [2, 30.43, 38.86]
    assert one["monetary"] == pytest.approx((29.73 + 14.96) / 2)
    assert int(summary.left_out["lines"].sum()) + len(cdnow[cdnow["date"] <= "1997-09-30"]) == len(cdnow)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", None]),
            st.dates(dt.date(2024, 1, 1), dt.date(2024, 3, 20)),
            st.integers(-300, 900),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_every_line_is_in_a_history_or_left_out(rows):
    rows = [("z", dt.date(2024, 1, 1), 100), *rows]
    found = of(sales(*rows))
    used = pd.DataFrame(rows, columns=["customer_id", "date", "net_revenue"])
    inside = used[used["customer_id"].notna() & (used["date"] <= dt.date(2024, 2, 29))]
    bought = [
        days for _, days in inside.groupby(["customer_id", "date"])["net_revenue"]
        if days.sum() > 0 or (days.sum() == 0 and days.min() >= 0)
    ]  # fmt: skip
    assert found.lines == len(rows)
    assert found.left_out["lines"].sum() == len(rows) - sum(len(days) for days in bought)
    assert sum(found.left_out["net_revenue"]) == sum(used["net_revenue"]) - sum(int(days.sum()) for days in bought)
    assert (found.customers["frequency"] + 1).sum() == len(bought)
    clv.histories.histories(found.customers)  # which refuses what cannot be


def test_of_many_lines_a_part_of_the_customers_at_a_time_is_summarised_to_the_same(monkeypatch):
    draw = np.random.default_rng(5)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 70, 400), unit="D")
    rows = pd.DataFrame(
        {
            "customer_id": [None if n == 40 else f"c{n}é" for n in draw.integers(0, 41, 400)],
            "date": days, "net_revenue": draw.integers(-20, 90, 400), "cost": draw.integers(0, 40, 400),
        }
    ).assign(segment=lambda each: each["customer_id"].str.slice(0, 2))  # fmt: skip
    whole = of(rows, keep=["segment"])
    asked = []
    build = clv.summaries._customers
    monkeypatch.setattr(clv.summaries, "_AT_ONCE", 10)
    monkeypatch.setattr(clv.summaries, "_customers", lambda *args: asked.append(args[-1]) or build(*args))
    parts = of(rows, keep=["segment"])
    assert asked == [(cut, 40) for cut in range(40)]  # some of them without a customer
    pd.testing.assert_frame_equal(parts.customers, whole.customers)
    pd.testing.assert_frame_equal(parts.left_out, whole.left_out)
    pd.testing.assert_frame_equal(parts.margins, whole.margins)


def test_two_currencies_are_never_added():
    rows = sales(("a", "2024-01-01", 10), ("a", "2024-01-09", 10))
    assert of(rows.assign(currency="EUR")).net_revenue == 20
    with pytest.raises(DataError, match="lines are in EUR and in USD. Amounts of two currencies are never added"):
        of(rows.assign(currency=["EUR", "USD"]))


def test_settings_and_data_that_say_nothing_are_refused():
    rows = sales(("a", "2024-01-01", 10))
    with pytest.raises(ParameterError, match="time_unit: no setting 'weeks'. Did you mean 'week'"):
        of(rows, time_unit="weeks")
    with pytest.raises(ParameterError, match="merge"):
        of(rows, merge="hour")
    with pytest.raises(ParameterError, match="is not a day"):
        of(rows, observed_until="soon")
    with pytest.raises(DataError, match="no customer has bought anything until 2023-12-31"):
        of(rows, observed_until="2023-12")
    with pytest.raises(DataError, match="no column 'customer_id'"):
        of(rows.drop(columns="customer_id"))


def test_a_summary_shows_what_it_leaves_out_in_both_languages():
    found = of(sales(("a", "2024-01-01", 10), ("a", "2024-01-20", -5)), currency="EUR")
    assert "1 customer, of whom 0 bought again" in repr(found)
    languages.use("fr")
    assert "Jours d’un client sans achat" in repr(found)
    assert found.figures()["estimate"].tolist() == [1, 0, 1, Decimal("-5")]


def test_customers_whom_the_list_knows_from_before_are_left_out_as_cohorts_do():
    """a bought before the data start, says the list; b signed up early and bought late; c is new; d is not dated."""
    rows = sales(
        ("a", "2024-01-05", 10), ("a", "2024-01-20", 10), ("b", "2024-01-10", 20), ("b", "2024-02-10", 20),
        ("c", "2024-01-08", 5), ("d", "2024-01-09", 7),
    )  # fmt: skip
    acquired = {"a": "2019-05-01", "b": "2024-01-02", "c": "2024-01-08", "d": None}
    dated = rows.assign(acquired_on=pd.to_datetime(rows["customer_id"].map(acquired)).dt.date)
    found = of(dated, acquired_from="2024-01-01")
    assert found.customers["customer_id"].tolist() == ["b", "c", "d"]
    assert found.customers["T"].tolist() == [50, 52, 51]  # from the first purchase, whenever b signed up
    assert found.left_out.to_dict("records") == [{"reason": "acquired before", "lines": 2, "net_revenue": Decimal(20)}]
    triangle = cohorts.build(dated, observed_until="2024-02-29", acquired_from="2024-01-01")
    assert triangle.cells.query("age == 0")["active"].sum() == len(found.customers)
    assert len(of(rows, acquired_from="2024-01-01").customers) == 4
    assert len(of(dated).customers) == 4  # nobody asked for a first day


def test_columns_of_the_customer_stand_beside_the_history():
    rows = sales(("a", "2024-01-01", 10), ("a", "2024-01-11", 20), ("b", "2024-02-09", 5))
    beside = rows.assign(channel=["web", "web", None], age=[40, 40, 50], pays=[True, True, False])
    found = of(beside, keep=["channel", "age", "pays"]).customers
    assert found["channel"].tolist()[0] == "web" and found["channel"].isna().tolist() == [False, True]
    assert found["age"].tolist() == [40, 50] and found["pays"].nunique() == 2
    with pytest.raises(ParameterError, match="keep: no column 'chanel'. Did you mean 'channel'"):
        of(beside, keep=["chanel"])
    with pytest.raises(DataError, match="1 of 2 customers have more than one channel on their lines .first: 'a'"):
        of(beside.assign(channel=["web", "shop", "web"]), keep=["channel"])


def test_a_purchase_without_a_cost_has_no_margin_rather_than_none_of_it():
    """Half of the lines without a cost: the mean stays that of the others, and what it leaves out is told."""
    rows = sales(
        ("a", "2024-01-01", 100), ("a", "2024-01-05", 100), ("a", "2024-01-09", 100),  # the last without a cost
        ("b", "2024-01-01", 100), ("b", "2024-01-05", 100),  # the first without
        ("c", "2024-01-01", 100), ("c", "2024-01-05", 100),  # the repeat without
        ("d", "2024-01-01", 100), ("d", "2024-01-05", 90), ("d", "2024-01-05", 10),  # a part of the repeat without
        ("e", "2024-01-01", 100), ("e", "2024-01-05", 100), ("e", "2024-01-05", 0),  # a gift without: it has no amount
        ("f", "2024-01-01", 100),  # nothing of the customer has one
        cost=[60, 60, None, None, 60, 60, None, 60, 54, None, 60, 60, None, None],
    )  # fmt: skip
    found = of(rows, value="margin", currency="EUR")
    assert found.customers["frequency"].tolist() == [2, 1, 1, 1, 1, 0]
    assert found.customers["valued"].tolist() == [1, 1, 0, 0, 1, 0]
    assert found.customers["monetary"].fillna(-1).tolist() == [40, 40, -1, -1, 40, -1]
    assert (found.unvalued, found.unvalued_revenue) == (5, Decimal(500))
    assert "5 purchases, of €500 of revenue, have no margin" in found.views()[0].notes[0]
    figures = found.figures().set_index("figure_id")["estimate"]
    assert figures["customer_histories:2024-02-29:unvalued:purchases"] == 5
    spend = clv.fit_spend(found)
    assert spend.n == 3 and spend.left_out.set_index("reason")["customers"].to_dict() == {
        "no repeat purchase": 1, "no amount": 2,
    }  # fmt: skip
    expected = spend.expected_spend(found)
    assert expected["n"].tolist() == [1, 1, 0, 0, 1, 0], "an amount that is not known tells nothing of the customer"
    assert expected["estimate"].tolist() == pytest.approx([40] * 6, rel=0.01)
    assert of(rows, value="revenue").unvalued == 0 and "valued" not in of(rows, value="revenue").customers


def test_more_amounts_than_purchases_are_refused():
    frame = pd.DataFrame({"frequency": [1], "recency": [1.0], "T": [2.0], "monetary": [3.0], "valued": [2]})
    with pytest.raises(DataError, match="valued is above frequency"):
        clv.fit_spend(frame)


@pytest.mark.parametrize("since", ["2024-01", "2024-01-01", " 2024-01 ", "2024", "2024-Q1", dt.date(2024, 1, 1)])
def test_a_month_from_which_customers_are_new_begins_on_its_first_day(since):
    """The last day of the observation is the month's last; the first day of what is new is its first."""
    rows = sales(("a", "2023-12-31", 1), ("a", "2024-01-02", 1), ("b", "2024-01-01", 1), ("b", "2024-01-05", 1),
                 ("c", "2024-01-31", 1), ("c", "2024-02-02", 1))  # fmt: skip
    found = of(rows, acquired_from=since, observed_until="2024-02")
    assert found.customers["customer_id"].tolist() == ["b", "c"]
    assert (found.acquired_from, found.observed_until) == (dt.date(2024, 1, 1), dt.date(2024, 2, 29))
    built = cohorts.build(rows, observed_until="2024-02", acquired_from=since)
    assert built.acquired_from == dt.date(2024, 1, 1) and built.sizes["n"].sum() == 2
    track = clv.tracking(rows, observed_until="2024-02", horizon=20, time_unit="day", acquired_from=since)
    assert track.acquired_from == dt.date(2024, 1, 1) and track.customers == 2
    with pytest.raises(ParameterError, match="is not a day"):
        of(rows, acquired_from="January")


@pytest.mark.parametrize("merge", ["week", "month"])
def test_who_is_new_is_told_by_the_day_of_the_first_purchase_whatever_is_merged(merge):
    """1 May 2024 is a Wednesday: its week begins in April."""
    rows = sales(
        ("new", "2024-05-01", 1), ("new", "2024-06-12", 1),
        ("later in its week", "2024-05-16", 1), ("later in its week", "2024-06-12", 1),
        ("returned first", "2024-05-14", -1), ("returned first", "2024-05-15", 5),
        ("old", "2024-04-30", 1), ("old", "2024-05-01", 1), ("old", "2024-06-12", 1),
    )  # fmt: skip
    day = "2024-05-01" if merge == "week" else "2024-05-15"
    found = of(rows, merge=merge, acquired_from=day, observed_until="2024-06")
    kept = {"later in its week", "returned first", *(["new"] if merge == "week" else [])}
    assert set(found.customers["customer_id"]) == kept
    assert len(of(rows, merge=merge, acquired_from="2024-04-30", observed_until="2024-06").customers) == 4
    known = rows.assign(acquired_on=pd.Timestamp("2024-04-01"))
    with pytest.raises(DataError, match="no customer has bought anything from"):
        of(known, merge=merge, acquired_from=day, observed_until="2024-06")


def test_customers_from_before_are_told_by_the_day_that_was_asked_for_or_the_data_start():
    rows = sales(("a", "2023-12-31", 1), ("a", "2024-01-02", 1), ("b", "2024-01-01", 1))
    found = of(rows, acquired_from="2024-01")
    assert "Customers acquired before 1 January 2024" in found.views()[0].rows["label"].tolist()
    assert "Customers acquired before 1 January 2024" in repr(
        cohorts.build(rows, observed_until="2024-02", acquired_from="2024-01")
    )
    unasked = replace(found, acquired_from=None)
    assert "Customers acquired before the data start" in unasked.views()[0].rows["label"].tolist()
