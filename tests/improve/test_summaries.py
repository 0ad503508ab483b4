"""The summary: three figures, one sentence, three findings."""

import pandas as pd

from perfkit import improve, kpis, periods

OPTIONS = {"period": periods.parse("2024-01"), "currency": "EUR"}


def sales(*rows):
    frame = pd.DataFrame(rows, columns=["date", "net_revenue", "customer_id", "order_id"])
    return frame.assign(date=pd.to_datetime(frame["date"]))


def covered(lines, targets=None):
    card = kpis.scorecard(lines, targets=targets, **OPTIONS)
    return improve.summary(
        card,
        improve.findings(card, kpis.movers(lines, by="customer_id", **OPTIONS), kpis.revenue_tree(lines, **OPTIONS)),
    )


LINES = sales(
    ("2020-01-06", 1, "z", "0"), ("2023-01-05", 100, "a", "1"), ("2023-01-06", 100, "b", "2"),
    ("2024-01-05", 80, "a", "3"), ("2024-01-05", 40, None, "4"),
)  # fmt: skip


def test_the_conclusion_is_revenue_s_finding_and_is_not_told_twice():
    result = covered(LINES)
    assert result.conclusion.startswith("Revenue fell by €80 (−40.0%) against January 2023")
    assert result.headlines["kpi"].tolist() == ["revenue", "customers", "orders"]
    assert len(result.items) == 3
    assert result.conclusion not in [item.claim for item in result.items]


def test_the_headlines_are_figures_of_the_scorecard():
    result = covered(LINES)
    card = kpis.scorecard(LINES, **OPTIONS).figures().set_index("figure_id")
    for row in result.figures().to_dict("records"):
        assert card.loc[row["figure_id"], "estimate"] == row["estimate"]


def test_the_cover_says_value_change_and_target():
    targets = pd.DataFrame({"kpi": ["revenue"], "period": [pd.Timestamp("2024-01-01")], "value": [160]})
    html = covered(LINES, targets).html()
    assert "€120" in html
    assert "−40.0%" in html
    assert "75.0% of target (€160)" in html


def test_without_a_year_before_the_conclusion_says_so():
    result = covered(sales(("2024-01-01", 80, "a", "3")))
    assert result.conclusion == (
        "Revenue in January 2024 was €80; there is no year before to set it against. The data start on 1 January 2024."
    )
    result._repr_mimebundle_()


def test_revenue_alone_makes_a_cover():
    result = covered(LINES[["date", "net_revenue"]])
    assert result.headlines["kpi"].tolist() == ["revenue"]
    assert result.conclusion == "Revenue fell by €80 (−40.0%) against January 2023."


def test_the_cover_says_first_what_could_not_be_read():
    lines = pd.DataFrame({"date": ["2024-01-01"], "net_revenue": [10]})
    card = kpis.scorecard(lines, period=periods.parse("2024-01"), currency="EUR")
    made = improve.summary(card, improve.findings(card), warning="2 lines <b> could not be read.")
    assert made.views()[0].notes[0] == "2 lines <b> could not be read."
    assert "2 lines &lt;b&gt; could not be read." in made.html()
    assert "pk-warning" not in improve.summary(card, improve.findings(card)).html().split("</style>")[1]
