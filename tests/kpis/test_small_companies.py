"""Companies with next to nothing: every figure is there or says why not, and no table breaks."""

import pytest

from perfkit import kpis, periods
from perfkit.results import plain

MARCH = periods.parse("2024-03")
COMPANIES = {
    "one month": ([("2024-03-01", 10), ("2024-03-20", 30)], {"customer_id": ["a", "b"], "order_id": ["1", "2"]}),
    "one customer": (
        [("2022-03-01", 5), ("2023-03-01", 10), ("2024-03-20", 30)],
        {"customer_id": ["a", "a", "a"], "order_id": ["1", "2", "3"]},
    ),
    "nobody named": (
        [("2022-03-01", 5), ("2023-03-01", 10), ("2024-03-20", 30)],
        {"customer_id": [None, None, None], "order_id": ["1", "2", "3"]},
    ),
    "only returns": (
        [("2022-03-01", -5), ("2023-03-01", -10), ("2024-03-20", -30)],
        {"customer_id": ["a", "b", "a"], "order_id": list("123"), "cost": [-1, -2, -3], "list_revenue": [-6, -9, -40]},
    ),
    "zero revenue": (
        [("2022-03-01", 0), ("2023-03-01", 0), ("2024-03-20", 0)],
        {"customer_id": ["a", "b", "a"], "order_id": ["1", "2", "3"], "cost": [0, 0, 0], "list_revenue": [0, 0, 9]},
    ),
    "bought and given back": (
        [("2022-03-01", 5), ("2023-03-01", 10), ("2023-03-01", -10), ("2024-03-20", 30), ("2024-03-20", -30)],
        {"customer_id": ["a"] * 5, "order_id": ["1", "2", "2", "3", "3"], "cost": [1, 2, -2, 3, -3]},
    ),
    "a single line": (
        [("2024-03-01", 10)],
        {"customer_id": ["a"], "order_id": ["1"], "cost": [4], "list_revenue": [12]},
    ),
    "no order ids": (
        [("2022-03-01", 5), ("2023-03-01", 10), ("2024-03-20", 30)],
        {"customer_id": ["a", "b", "a"], "order_id": [None, None, None]},
    ),
    "two columns": ([("2022-03-01", 5), ("2023-03-01", 10), ("2024-03-20", 30)], {}),
}  # fmt: skip


@pytest.mark.parametrize("company", COMPANIES)
def test_every_figure_is_there_or_says_why_not(sales, company):
    rows, columns = COMPANIES[company]
    lines = sales(rows, country=["fr"] * len(rows), **columns)
    options = {"period": MARCH, "currency": "EUR"}
    card = kpis.scorecard(lines, **options)
    results = [
        card,
        kpis.trend(lines, **options),
        kpis.trend_by(lines, by="country", **options),
        kpis.year_to_date(lines, **options),
        kpis.revenue_tree(lines, **options),
        kpis.revenue_walk(lines, **options),
        kpis.breakdown(lines, by="country", **options),
        kpis.movers(lines, by="customer_id", **options),
        kpis.concentration(lines, **options),
    ]
    for result in results:
        for view in result.views():
            assert view.title and view.subtitle
            shown = plain(view)
            assert not any(word in shown for word in ("nan", "None", "inf", "NaT")), shown
        figures = result.figures()
        assert figures["figure_id"].is_unique
        silent = figures[figures["estimate"].isna()]
        assert silent["reason"].astype(bool).all(), silent
        result._repr_mimebundle_()
    for row in card.rows.to_dict("records"):
        assert row["actual"] is not None or row["reason"], row["kpi"]
        if isinstance(row["actual"], float) and row["unit"] == "share" and row["kpi"] != "concentration":
            assert 0 <= row["actual"] <= 1, row["kpi"]
