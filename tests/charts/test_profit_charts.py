"""Whale curve and profit map: what they mark, and that no data can clip, overlap or break them."""

from decimal import Decimal

import pytest
from matplotlib import pyplot as plt

from perfkit import charts, languages, margins, periods
from perfkit.charts import sheets
from perfkit.charts.spots import Spots
from tests.charts.test_charts import HOSTILE, faults, sales, words

MAY = periods.parse("2024-05")


@pytest.fixture(autouse=True)
def _clean_slate():
    yield
    languages.use("en")
    plt.close("all")


def with_cost(countries, rates, scale=1):
    """Sales of which each country keeps so much."""
    lines = sales(countries, scale=scale)
    kept = {country: Decimal(str(rate)) for country, rate in zip(countries, rates, strict=True)}
    cost = [net * (1 - kept[country]) for net, country in zip(lines["net_revenue"], lines["country"], strict=True)]
    return lines.assign(cost=[each.quantize(Decimal("0.0001")) for each in cost])


FORTY = [f"Country number {n}" for n in range(40)]
CASES = {
    "three": with_cost(["France", "Italy", "Spain"], [0.5, 0.2, -0.3]),
    "one": with_cost(["France"], [0.4]),
    "forty": with_cost(FORTY, [(n % 9 - 1) / 10 for n in range(40)]),
    "all lose": with_cost(["France", "Italy"], [-0.5, -3]),
    "hostile": with_cost([HOSTILE, "A very long name of a department " * 5, "=1+1"], [0.5, 0.4, 0.1]),
    "huge": with_cost(["France", "Italy"], [0.5, -0.2], scale=10**8),
    "tiny": with_cost(["France", "Italy"], [0.5, -0.2], scale=0.001),
    "negative": with_cost(["France", "Italy"], [0.5, 0.2], scale=-1),
    "nothing sold": with_cost(["France", "Italy"], [0.5, 0.2], scale=0),
}


def results(lines):
    given = {"period": MAY, "currency": "GBP"}
    return (
        (charts.whale_curve, margins.profitability.whale_curve(lines, by="country", **given)),
        (charts.profitability, margins.profitability.by(lines, dimensions=["country"], **given)),
    )


@pytest.mark.parametrize("case", CASES)
def test_no_word_is_clipped_or_lies_on_another_on_a_page_or_on_a_phone(case):
    for draw, found in results(CASES[case]):
        for language in languages.LANGUAGES if case in ("three", "huge") else ("en",):
            languages.use(language)
            axes = draw(found)
            for each in (axes, sheets.kept(axes).narrow()[0]):
                assert faults(each) == [], (draw.__name__, language)


def test_the_peak_and_what_is_taken_back_are_labelled():
    (draw, found), _ = results(CASES["three"])
    axes = draw(found)
    assert any(word.startswith("peak: 1") and "2 that earn" in word for word in words(axes))
    assert any(word.startswith("−£") and "1 that loses" in word for word in words(axes))
    assert "peak" in axes.figure.get_label()


def test_where_nothing_is_earned_the_axis_is_money():
    (draw, found), _ = results(CASES["all lose"])
    assert not any(word.endswith("%") and word != "100%" and word not in ("0%", "50%") for word in words(draw(found)))
    assert "profit" in words(draw(found))


def test_the_map_names_its_members_and_the_rate_of_all():
    _, (draw, found) = results(CASES["three"])
    shown = words(draw(found))
    assert {"France", "Italy", "Spain"} <= set(shown)
    assert any(word.startswith("all: ") for word in shown)


def test_without_cost_both_say_why():
    for draw, found in results(CASES["three"].drop(columns="cost")):
        axes = draw(found)
        assert sheets.kept(axes).empty


def test_a_label_finds_the_nearest_room_and_none_where_all_is_taken():
    room = Spots(100, 30)
    room.take_marks([(50, 15)])
    left, middle = room.place(50, 15, 30, 10)
    assert (left, middle) == (57, 15)
    room.take([(0, 0, 100, 30)])
    assert room.place(50, 15, 30, 10) is None


def test_the_column_of_shares_says_what_the_table_says():
    """Where the cost of some lines is not known, both divide by the revenue whose cost is known."""
    lines = with_cost(["France", "Italy"], [0.5, 0.2])
    lines.loc[lines["country"] == "Italy", "cost"] = None
    lines.loc[0, "cost"] = lines.loc[0, "net_revenue"] / 2
    told = margins.statement.statement(lines, period=MAY, currency="GBP")
    rate = told.rows.set_index("line")["rate"]["gross_profit"]
    drawn = words(charts.statement(told))
    assert rate == pytest.approx(0.5) and languages.percent(rate) in drawn
    assert languages.percent(float(told.amount("gross_profit") / told.amount("net_revenue"))) not in drawn
