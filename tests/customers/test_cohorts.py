"""Cohorts: counted by hand, tied to the ledger, and never rewritten by what comes later."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import languages
from perfkit.customers import cohorts
from perfkit.customers.cohorts.means import FEWEST, mean_interval
from perfkit.errors import DataError, ParameterError


def sales(*rows, **columns):
    """Lines (customer, day, net revenue)."""
    frame = pd.DataFrame(rows, columns=["customer_id", "date", "net_revenue"]).assign(**columns)
    return frame.assign(date=pd.to_datetime(frame["date"]))


def build(rows, **options):
    return cohorts.build(rows, **{"observed_until": "2024-03-31", **options})


def triangle(result, name="active"):
    """The cells as lists, cohorts down and ages across, -1 where not observed."""
    wide = result.cells.pivot(index="cohort", columns="age", values=name)
    return [[-1 if pd.isna(value) else value for value in row] for row in wide.to_numpy(dtype="object")]


BOUGHT = sales(
    ("a", "2024-01-05", 10), ("a", "2024-03-09", 30), ("b", "2024-01-31", 20),
    ("c", "2024-02-01", 5), ("c", "2024-03-01", 7), ("c", "2024-03-20", 3),
)  # fmt: skip


def test_two_cohorts_counted_by_hand():
    found = build(BOUGHT)
    assert triangle(found) == [[2, 0, 1], [1, 1, -1], [0, -1, -1]]
    assert triangle(found, "revenue") == [[30, 0, 30], [5, 10, -1], [0, -1, -1]]
    assert triangle(found, "cumulative") == [[30, 30, 60], [5, 15, -1], [0, -1, -1]]
    assert triangle(found, "reactivated") == [[0, 0, 1], [0, 0, -1], [0, -1, -1]]
    assert triangle(found, "status")[1] == ["observed", "observed", "not observed yet"]
    cell = found.cells.query("n == 2 and age == 2").iloc[0]
    assert cell["estimate"] == 0.5 and cell["low"] < 0.5 < cell["high"] and cell["level"] == 0.9
    assert cell["per_customer"] == 30 and np.isnan(cell["per_customer_low"]) and cell["reason"] == "too few customers"
    empty = found.cells.query("n == 0 and age == 0").iloc[0]
    assert np.isnan(empty["estimate"]) and empty["reason"] == "nobody acquired"
    assert found.customers == 3


def test_a_cohort_at_its_first_purchase_is_whole_by_definition():
    first = build(BOUGHT).cells.query("age == 0 and n > 0")
    assert first[["estimate", "low", "high"]].to_numpy().tolist() == [[1, 1, 1]] * 2


def test_a_month_that_is_not_over_is_in_no_cell_and_flagged():
    found = build(BOUGHT, observed_until="2024-03-19")
    assert triangle(found) == [[2, 0], [1, -1]]
    assert triangle(found, "status") == [["observed", "observed"], ["observed", "partial"]]
    assert str(found.partial) == "2024-03" and str(found.last) == "2024-02"
    assert found.left_out.set_index("reason")["lines"].to_dict() == {"after observed_until": 1, "period not over": 2}
    assert any("March 2024 is not over" in note for note in found.views()[0].notes)


def test_quarters_and_years_count_whole_ones():
    rows = sales(("a", "2023-02-01", 1), ("a", "2023-05-01", 1), ("a", "2024-01-01", 1), ("b", "2023-12-31", 1))
    assert triangle(build(rows, by="quarter")) == [
        [1, 1, 0, 0, 1], [0, 0, 0, 0, -1], [0, 0, 0, -1, -1], [1, 0, -1, -1, -1], [0, -1, -1, -1, -1],
    ]  # fmt: skip
    found = build(rows, by="year", observed_until="2024-12")
    assert triangle(found) == [[2, 1], [0, -1]]
    assert str(build(rows, by="year").partial) == "2024"


def test_what_no_cohort_takes_is_itemised_and_ties():
    rows = sales(
        ("a", "2023-12-31", 10), ("a", "2024-01-05", 10),  # acquired before
        ("b", "2024-01-02", -4), ("b", "2024-01-05", 20), ("b", "2024-01-20", -3),  # a return before, and one after
        ("c", "2024-01-09", 50), ("c", "2024-01-09", -50),  # nothing is left: no purchase
        (None, "2024-01-07", 7), ("b", "2024-04-01", 9),
    )  # fmt: skip
    found = build(rows, acquired_from="2024-01-01")
    left_out = found.left_out.set_index("reason")
    assert left_out["lines"].to_dict() == {
        "after observed_until": 1, "no customer": 1, "returns only": 2, "before the first purchase": 1,
        "acquired before": 2,
    }  # fmt: skip
    assert left_out["net_revenue"].to_dict() == {
        "after observed_until": 9, "no customer": 7, "returns only": 0, "before the first purchase": -4,
        "acquired before": 20,
    }  # fmt: skip
    assert triangle(found, "revenue")[0] == [17, 0, 0]
    assert found.ties_to() == {"net_revenue": Decimal(49), "lines": 9, "observed_until": dt.date(2024, 3, 31)}


def test_returns_count_in_their_period_and_are_no_visit():
    found = build(sales(("a", "2024-01-05", 10), ("a", "2024-02-05", -4)))
    assert triangle(found)[0] == [1, 0, 0]
    assert triangle(found, "cumulative")[0] == [10, 6, 6]


def test_the_customer_list_knows_who_is_old():
    """Whoever was acquired before the data start is not new at the first purchase in them."""
    rows = BOUGHT.assign(acquired_on=pd.to_datetime(["2019-05-01"] * 2 + ["2024-01-31"] + ["2024-02-01"] * 3).date)
    found = build(rows, acquired_from="2024-01-01")
    assert triangle(found)[0] == [1, 0, 0]
    assert found.left_out.to_dict("records") == [{"reason": "acquired before", "lines": 2, "net_revenue": Decimal(40)}]
    assert build(rows).known_before == dt.date(2019, 5, 1)
    assert build(rows.assign(acquired_on=pd.to_datetime(rows["acquired_on"]))).known_before == dt.date(2019, 5, 1)
    assert any("since 1 May 2019" in note for note in build(rows).views()[0].notes)


def test_margin_is_less_the_cost_and_other_costs_and_what_has_no_cost_earns_the_same():
    rows = BOUGHT.assign(cost=[4, 10, 8, None, 3, 1])
    found = build(rows)
    rest = Decimal("0.628571")  # 1 - 26 / 70: the 5 without a cost are taken to earn what the others do
    assert found.value == "margin" and found.rest == rest
    assert triangle(found, "margin")[:2] == [[18, 0, 20], [5 * rest, 6, -1]]
    assert found.coverage == pytest.approx(70 / 75)
    assert any(
        "93.3% of the cohorts' revenue has a known cost" in note for view in found.views() for note in view.notes
    )
    less, rest = build(rows, other_costs=0.1), rest - Decimal("0.1")
    assert triangle(less, "cumulative")[:2] == [[15, 15, 32], [5 * rest, 5 * rest + 5, -1]]
    assert build(rows.assign(cost=rows["cost"].fillna(1))).rest == Decimal("0.64")  # of nothing, then
    assert "Contribution margin 1" in repr(less) and "Gross margin" in repr(found)
    assert build(rows, value="revenue").cells["cumulative"].iloc[0] == 30


def test_a_first_cohort_that_is_cut_short_says_so():
    """Of a year that began before the data: its customers are those of the end of it."""
    said = "is of customers acquired from"
    assert "January 2024 is of customers acquired from 10 January 2024 on alone" in repr(
        build(BOUGHT, acquired_from="2024-01-10")
    )
    assert said not in repr(build(BOUGHT, acquired_from="2024-01-01"))
    assert said in repr(build(BOUGHT))  # the data start on the 5th


def test_members_split_customers_and_sum_to_all():
    rows = BOUGHT.assign(segment=["web", "web", None, "shop", "shop", "shop"])
    found = build(rows, split="segment")
    assert found.members == [("shop", None), ("web", None), (None, None)]
    assert triangle(found.of("web"))[0] == [1, 0, 1] and triangle(found.of(None))[0] == [1, 0, 0]
    parts = [found.of(member) for member, _ in found.members]
    for name in ("active", "n", "reactivated", "revenue", "squares", "cubes"):
        whole = found.cells[name].fillna(0).astype(float)
        assert sum(part.cells[name].fillna(0).astype(float) for part in parts).tolist() == whole.tolist()
    assert found.of("web").ties_to() is None
    with pytest.raises(ParameterError, match="no member 'wep'. Did you mean 'web'"):
        found.of("wep")


def test_the_first_purchase_says_the_product_by_most_revenue():
    rows = BOUGHT.assign(
        product_id=["p", "q", "q", "p", "q", "q"], product_name=["Pen", "Quill", "Quill", "Pen", "Quill", "Quill"]
    )
    both = pd.concat([rows, sales(("c", "2024-02-01", 6), product_id="r", product_name="Rug")], ignore_index=True)
    found = build(both, split="first_product")
    assert found.members == [("p", "Pen"), ("q", "Quill"), ("r", "Rug")]
    assert triangle(found.of("r"))[1] == [1, 1, -1]
    assert "Product first bought" in repr(found) and "Rug" in repr(found)
    with pytest.raises(ParameterError, match="2 of 3 customers have more than one product_id.*first_product_id"):
        build(both, split="product_id")


def test_a_product_that_was_taken_back_on_the_day_is_not_the_first_one():
    rows = sales(
        ("a", "2024-01-05", 500), ("a", "2024-01-05", -500), ("a", "2024-01-05", 30),
        ("b", "2024-01-05", 90), ("b", "2024-01-05", -80), ("b", "2024-01-05", 20),
        ("c", "2024-01-05", 0),
        product_id=["taken back", "taken back", "kept", "mostly taken back", "mostly taken back", "kept", "free"],
    )  # fmt: skip
    found = build(rows, split="first_product")
    assert {member: found.of(member).sizes["n"].sum() for member, _ in found.members} == {"kept": 2, "free": 1}


def test_how_far_customers_lie_apart_is_that_of_their_cumulated_values():
    draw = np.random.default_rng(3)
    people = [f"c{n:02}" for n in range(FEWEST + 5)]
    first = [(each, "2024-01-03", round(float(draw.gamma(1, 50)) + 1, 2)) for each in people]
    later = [(each, f"2024-{month:02}-11", round(float(draw.gamma(1, 50)) + 1, 2))
             for each in people for month in (2, 3) if draw.random() < 0.6]  # fmt: skip
    rows = sales(*first, *later)
    found = build(rows).cells.query("n > 0")
    for age, month in ((0, 1), (1, 2), (2, 3)):
        values = rows[rows["date"].dt.month <= month].groupby("customer_id")["net_revenue"].sum().to_numpy()
        cell = found[found["age"] == age].iloc[0]
        assert cell["squares"] == pytest.approx((values**2).sum()) and cell["cubes"] == pytest.approx((values**3).sum())
        mean, low, high, error = mean_interval(len(values), values.sum(), (values**2).sum(), (values**3).sum())
        assert error == pytest.approx(values.std(ddof=1) / np.sqrt(len(values)))
        assert cell["per_customer"] == pytest.approx(float(mean)) and cell["per_customer_low"] == pytest.approx(
            float(low)
        )
        assert low < mean < high and high - mean > mean - low, "amounts are skewed: so is their interval"


@pytest.mark.parametrize(
    "draw", [lambda d, n: d.normal(3, 1, n), lambda d, n: d.gamma(0.6, 1, n)], ids=["even", "skewed"]
)
def test_an_interval_of_a_mean_holds_nine_times_in_ten(draw):
    """20,000 samples of 30 customers, from amounts that lie evenly and from skewed ones."""
    values = draw(np.random.default_rng(7), (20_000, 30))
    truth = 3 if values.mean() > 2 else 0.6
    _, low, high, _ = mean_interval(np.full(len(values), 30), *((values**power).sum(axis=1) for power in (1, 2, 3)))
    held = ((low <= truth) & (truth <= high)).mean()
    assert abs(held - 0.9) < 0.01


def test_customers_all_alike_have_a_mean_without_doubt():
    mean, low, high, _ = mean_interval(50, 50 * 0.1, 50 * 0.1**2, 50 * 0.1**3)
    assert [float(each) for each in (mean, low, high)] == pytest.approx([0.1] * 3)


def test_pooled_retention_is_of_the_cohorts_that_have_reached_the_age():
    pooled = build(BOUGHT).pooled
    assert pooled[["age", "cohorts", "n", "active"]].to_numpy().tolist() == [[0, 2, 3, 3], [1, 2, 3, 1], [2, 1, 2, 1]]
    assert pooled["estimate"].tolist() == pytest.approx([1, 1 / 3, 1 / 2])


def test_cohorts_that_scatter_widen_the_pooled_interval():
    def of(shares):
        rows = [
            (f"{month}-{n}", f"2024-{month + later:02}-02", 1)
            for month, share in zip((1, 2), shares, strict=True)
            for n in range(100)
            for later in ((0, 1) if n < share else (0,))
        ]
        return build(sales(*rows)).pooled.iloc[1]

    alike, apart = of((30, 30)), of((10, 50))
    assert alike["estimate"] == apart["estimate"] == 0.3
    assert apart["high"] - apart["low"] > 3 * (alike["high"] - alike["low"])


def test_more_than_36_cohorts_are_read_by_quarter_as_well():
    months = pd.period_range("2021-01", "2024-03", freq="M")
    rows = sales(*[(str(month), f"{month}-05", 1) for month in months])
    found = build(rows)
    assert len(found.sizes) == 39 and found.coarser is not None and found.coarser.by == "quarter"
    assert found.coarser.customers == found.customers and build(BOUGHT).coarser is None


def test_cdnow_in_cohorts_is_what_pandas_counts(cdnow):
    found = cohorts.build(cdnow, observed_until="1998-06", acquired_from="1997-01-01", currency="USD")
    month = cdnow["date"].dt.to_period("M")
    first = month.groupby(cdnow["customer_id"]).transform("min")
    by_hand = cdnow[cdnow["net_revenue"] > 0].groupby([first, month])["customer_id"].nunique()
    assert found.sizes.query("n > 0")["n"].sum() == 2357
    for cohort in by_hand.index.get_level_values(0).unique():
        cells = found.cells[(found.cells["cohort"] == cohort) & (found.cells["status"] == "observed")].set_index("age")
        counted = by_hand[cohort].reindex(pd.period_range(cohort, "1998-06", freq="M"), fill_value=0)
        assert cells["active"].tolist()[1:] == counted.tolist()[1:]
    together = sum(found.cells["revenue"].dropna()) + sum(found.left_out["net_revenue"])
    assert together == found.net_revenue == sum(Decimal(str(each)) for each in cdnow["net_revenue"])


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", None]),
        st.dates(dt.date(2023, 12, 20), dt.date(2024, 4, 20)),
        st.integers(-300, 900),
    ),
    max_size=10,
)


@settings(max_examples=15)
@given(ROWS)
def test_cohorts_and_exclusions_sum_to_the_ledger(rows):
    rows = [("z", dt.date(2024, 1, 3), 100), *rows]
    found = build(sales(*rows), acquired_from="2024-01-01")
    assert sum(found.cells["revenue"].dropna()) + sum(found.left_out["net_revenue"]) == sum(net for _, _, net in rows)
    assert found.left_out["lines"].sum() <= found.lines == len(rows)
    observed = found.cells[found.cells["status"] == "observed"]
    assert (observed["active"] <= observed["n"]).all() and (observed["reactivated"] <= observed["active"]).all()
    pd.testing.assert_frame_equal(build(sales(*rows[::-1]), acquired_from="2024-01-01").cells, found.cells)


@settings(max_examples=8)
@given(ROWS)
def test_a_new_month_never_rewrites_an_old_one(rows):
    rows = sales(("z", dt.date(2023, 12, 3), 100), *rows)
    before = build(rows, observed_until="2024-02").cells.query("status == 'observed'")
    after = build(rows, observed_until="2024-04").cells.set_index(["cohort", "age"])
    names = ["n", "active", "reactivated", "revenue", "cumulative", "estimate"]
    now = after.loc[list(zip(before["cohort"], before["age"], strict=True)), names].reset_index(drop=True)
    pd.testing.assert_frame_equal(now, before[names].reset_index(drop=True))


def test_settings_and_data_that_say_nothing_are_refused():
    with pytest.raises(ParameterError, match="by: no setting 'months'. Did you mean 'month'"):
        build(BOUGHT, by="months")
    with pytest.raises(ParameterError, match="split: no column of text 'segment'"):
        build(BOUGHT, split="segment")
    many = sales(*[(f"c{n}", "2024-01-05", 1) for n in range(120)]).assign(town=[f"t{n}" for n in range(120)])
    with pytest.raises(ParameterError, match="has 120 members"):
        build(many, split="town")
    with pytest.raises(ParameterError, match="other_costs is 12: give a share"):
        build(BOUGHT, other_costs=12)
    with pytest.raises(DataError, match="say value='revenue'"):
        build(BOUGHT, value="margin")
    with pytest.raises(DataError, match="no customer has bought anything from 2025-01-01 until 2024-03-31"):
        build(BOUGHT, acquired_from="2025-01-01")
    with pytest.raises(DataError, match="lines are in EUR and in GBP"):
        build(BOUGHT.assign(currency=["EUR", "GBP"] * 3))
    with pytest.raises(DataError, match="no column 'customer_id'"):
        build(BOUGHT.drop(columns="customer_id"))


def test_cohorts_show_themselves_in_both_languages():
    found = build(
        BOUGHT.assign(segment=["web", "web", "shop", "shop", "shop", "shop"]), split="segment", currency="EUR"
    )
    assert "1 month after their first purchase, 33.3% of customers buy" not in repr(found)  # 2 months have been seen
    assert "2 months after their first purchase, 50.0% of customers buy" in repr(found)
    assert "Customers of before" not in repr(found) and "customers of before stand in the first cohorts" in repr(found)
    languages.use("fr")
    assert "2 mois après leur premier achat" in repr(found)
    figures = found.figures()
    assert figures["figure_id"].is_unique and set(figures["status"]) <= {
        "observed",
        "estimated",
        "partial",
        "not available",
    }
    assert found.payload()["figures"]


def test_a_single_period_says_that_nothing_came_after_it():
    found = build(sales(("a", "2024-03-05", 10)))
    assert found.views()[0].title == "No cohort has been observed beyond the period of its first purchase"
    assert len(found.cells) == 1 and found.html()
