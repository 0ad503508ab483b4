"""Silent months: a month without a line may be one whose export is missing, and every result says so alike."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import kpis, languages, periods
from perfkit.kpis.trends_by import trend_by
from perfkit.kpis.walks import revenue_walk
from perfkit.kpis.years import year_to_date
from perfkit.months import silent_months
from perfkit.results import plain

MONTHS = [f"{year}-{month:02}" for year in (2022, 2023) for month in range(1, 13)] + ["2024-01", "2024-02", "2024-03"]
QUARTER = periods.parse("2024-Q1")
OPTIONS = {"period": QUARTER, "currency": "EUR"}
WHY = "No line is dated in February 2024: nothing was sold, or an export is missing."


def year_and_more(*without):
    """A sale of 100 a month to each of two countries, from 2022 to March 2024, but for some months."""
    rows = [(f"{month}-02", 50, place) for month in MONTHS if month not in without for place in ("fr", "de")]
    frame = pd.DataFrame(rows, columns=["date", "net_revenue", "country"])
    return frame.assign(
        date=pd.to_datetime(frame["date"]), customer_id=frame["country"], order_id=[f"o{n}" for n in range(len(frame))]
    )


def labels(months):
    return [month.label for month in months]


@pytest.mark.parametrize(
    ("without", "silent"),
    [
        ([], []),
        (["2023-02"], ["2023-02"]),
        (["2022-08", "2023-08"], []),
        (["2022-08", "2023-08", "2024-02"], ["2024-02"]),
        (MONTHS[1:20], []),
    ],
    ids=["all there", "one", "closed every August", "August and one", "sales are rare"],
)
def test_a_month_is_silent_where_the_same_of_another_year_is_not_and_sales_are_not_rare(without, silent):
    sold = {tuple(map(int, month.split("-"))) for month in MONTHS if month not in without}
    assert labels(silent_months(map(periods.parse, MONTHS), sold)) == silent


@settings(max_examples=12)
@given(st.sets(st.sampled_from(MONTHS[1:]), max_size=5))
def test_the_trend_the_year_and_the_scorecard_know_the_same_silent_months(without):
    lines = year_and_more(*without)
    months = kpis.trend(lines, **OPTIONS).silent
    assert set(year_to_date(lines, **OPTIONS).silent) == {month for month in months if month.start.year >= 2023}
    own = [month for month in months if month.start in [each.start for each in QUARTER.months()]]
    before = [month for month in months if month.start in [each.start for each in QUARTER.year_before().months()]]
    assert set(kpis.scorecard(lines, **OPTIONS).silent) == {*own, *before}


def test_a_quarter_with_a_silent_month_is_neither_good_nor_bad_and_its_figures_stay():
    targets = pd.DataFrame({"kpi": "revenue", "period": [f"2024-0{n}-01" for n in (1, 2, 3)], "value": 110})
    whole, part = (
        kpis.scorecard(lines, targets=targets.assign(period=pd.to_datetime(targets["period"])), **OPTIONS)
        for lines in (year_and_more(), year_and_more("2024-02"))
    )
    assert whole.row("revenue")["tone_target"] == "bad"
    row = part.row("revenue")
    assert (row["actual"], row["variance_previous"], row["variance_target"]) == (200, -100, -130)
    assert (row["tone_previous"], row["tone_target"]) == (None, None)
    assert set(part.rows["tone_previous"]) | set(part.rows["tone_target"]) == {None}
    view = part.views()[0]
    assert view.title == "Net revenue in Q1 2024: €200; no line is dated in February 2024"
    assert view.notes[0].startswith(WHY)


def test_a_silent_month_of_the_year_before_leaves_the_target_its_colour():
    targets = pd.DataFrame(
        {"kpi": "revenue", "period": pd.to_datetime([f"2024-0{n}-01" for n in (1, 2, 3)]), "value": 110}
    )
    row = kpis.scorecard(year_and_more("2023-02"), targets=targets, **OPTIONS).row("revenue")
    assert (row["tone_previous"], row["tone_target"]) == (None, "bad")


@pytest.mark.parametrize(
    "compute",
    [
        kpis.revenue_tree,
        revenue_walk,
        lambda lines, **options: trend_by(lines, by="country", **options),
        lambda lines, **options: kpis.breakdown(lines, by="country", **options),
        lambda lines, **options: kpis.movers(lines, by="country", **options),
        year_to_date,
        kpis.trend,
        lambda lines, period, **options: kpis.compare(
            lines, lines, periods=(period, period.year_before()), by="country", **options
        ),
    ],
    ids=["tree", "walk", "trend by", "breakdown", "movers", "year", "trend", "comparison"],
)
def test_every_result_that_compares_names_the_silent_month_and_says_neither_good_nor_bad(compute):
    told, whole = compute(year_and_more("2024-02"), **OPTIONS), compute(year_and_more(), **OPTIONS)
    assert WHY in "\n".join(plain(view) for view in told.views())
    assert "No line is dated" not in "\n".join(plain(view) for view in whole.views())
    assert not whole.silent
    silent = periods.parse("2024-02").start
    for view in told.views():  # of a table by month, the silent one
        judged = [month == silent for month in view.rows["month"]] if "month" in view.rows else [True] * len(view.rows)
        rows = [row for row, asked in zip(view.cells(), judged, strict=True) if asked]
        assert {cell["tone"] for row in rows for cell in row} == {None}


def test_a_silent_month_is_told_in_french():
    languages.use("fr")
    try:
        note = kpis.scorecard(year_and_more("2024-02"), **OPTIONS).views()[0].notes[0]
    finally:
        languages.use("en")
    assert note.startswith("Aucune ligne en février 2024")


def test_returning_customers_of_whom_at_least_none_are_known_are_not_counted_at_least(sales):
    lines = sales([("2024-01-02", 10), ("2024-02-05", 10)], customer_id=["a", "b"])
    card = kpis.scorecard(lines, period=periods.parse("2024-02"), currency="EUR")
    assert "At least" not in card.row("returning_customers")["reason"]
    again = pd.concat([lines, lines.assign(date=pd.Timestamp("2024-02-09"))], ignore_index=True)
    card = kpis.scorecard(again, period=periods.parse("2024-02"), currency="EUR")
    assert card.row("returning_customers")["reason"].startswith("At least 1;")


def test_growth_from_next_to_nothing_is_told_as_so_many_times_as_much(sales):
    rows = [("2022-01-01", 1), ("2023-01-05", 2), ("2024-01-05", 69), ("2023-01-05", 98), ("2024-01-05", 91)]
    lines = sales(rows, country=["fr", "de", "de", "fr", "fr"])
    result = kpis.breakdown(lines, by="country", period=periods.parse("2024-01"), currency="EUR")
    assert result.rows.set_index("member")["growth"]["de"] == 33.5
    shown = plain(result.views()[0])
    assert "Growth too large for per cent: de ×\N{NARROW NO-BREAK SPACE}35." in shown and "3,350" not in shown


def test_what_nobody_is_known_to_have_bought_is_no_headline(sales):
    lines = sales(
        [("2022-01-01", 1), ("2023-01-05", 2), ("2023-01-06", 5), ("2024-01-05", 90), ("2024-01-06", 8)],
        country=["fr", None, "fr", None, "fr"],
    )
    now = periods.parse("2024-01")
    result = kpis.compare(lines, lines, periods=(now, now.year_before()), currency="EUR", by="country")
    assert result.views()[1].title == "fr differs most: +€3"
    assert [row[0]["text"] for row in result.views()[1].cells()] == ["fr", "(unknown)", "Total"]


# ---- Prices: what of a change of revenue did they make?


def priced(sales, *rows, **columns):
    """Lines of (day, money, product, quantity)."""
    return sales(
        [("2022-01-01", 1), *((day, money) for day, money, *_rest in rows)],
        product_id=[None, *(row[2] for row in rows)],
        quantity=[None, *(row[3] for row in rows)],
        channel=["Web"] * (len(rows) + 1),
        **columns,
    )


def effect(lines, by="channel"):
    rows = kpis.breakdown(lines, by=by, period=periods.parse("2024-01"), currency="EUR").rows
    return rows[["price_effect", "priced"]].iloc[0].tolist()


def test_a_price_effect_is_the_change_of_price_at_the_quantity_now_product_by_product(sales):
    lines = priced(
        sales,
        ("2023-01-05", 100, "p", 10), ("2023-01-05", 60, "q", 3),
        ("2024-01-05", 72, "p", 8), ("2024-01-05", 66, "q", 3), ("2024-01-05", 50, "r", 5),
    )  # fmt: skip
    assert effect(lines) == [Decimal(-2), Decimal(138)]  # p: (9 - 10) x 8 = -8; q: (22 - 20) x 3 = +6; r is new


@pytest.mark.parametrize(
    ("quantities", "units"),
    [((10, None), ("kg", "kg")), ((10, 10), ("kg", "piece")), ((10, -10), ("kg", "kg")), ((10, 10), ("kg", None))],
    ids=["not known", "another unit", "returned", "no unit"],
)
def test_what_has_no_quantity_of_one_unit_has_no_price_effect(sales, quantities, units):
    before, now = quantities
    lines = priced(sales, ("2023-01-05", 100, "p", before), ("2024-01-05", 90, "p", now), unit=[None, *units])
    assert effect(lines) == [None, None]


@pytest.mark.parametrize("quantity", [-4, 4, None], ids=["signed", "unsigned", "not known"])
def test_a_return_and_what_was_given_away_change_no_price(sales, quantity):
    lines = priced(
        sales,
        ("2023-01-05", 100, "p", 10), ("2024-01-05", 80, "p", 8), ("2024-01-06", -40, "p", quantity),
        ("2024-01-07", 0, "p", 50),
    )  # fmt: skip
    assert effect(lines) == [Decimal(0), Decimal(80)]


amounts = st.integers(1, 9)


@settings(max_examples=15)
@given(st.lists(st.tuples(amounts, amounts, amounts, amounts), min_size=1, max_size=4))
def test_price_effects_are_nothing_at_equal_prices_and_the_whole_change_at_equal_quantities(products):
    def lines(rows):
        frame = pd.DataFrame(rows, columns=["date", "net_revenue", "product_id", "quantity"]).assign(channel="Web")
        return frame.assign(date=pd.to_datetime(frame["date"]))

    start = [("2022-01-01", 1, "first", 1)]
    each = list(enumerate(products))
    same_price = [("2023-01-05", p * q, f"p{n}", q) for n, (p, _, q, _) in each]
    same_price += [("2024-01-05", p * q, f"p{n}", q) for n, (p, _, _, q) in each]
    assert effect(lines(start + same_price))[0] == 0
    same_quantity = [("2023-01-05", p * q, f"p{n}", q) for n, (p, _, q, _) in each]
    same_quantity += [("2024-01-05", p * q, f"p{n}", q) for n, (_, p, q, _) in each]
    change = sum((now - before) * q for before, now, q, _ in products)
    assert abs(effect(lines(start + same_quantity))[0] - change) < Decimal("0.001")
