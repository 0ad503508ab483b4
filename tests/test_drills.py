"""Any figure goes back to its lines, they to their place in the exports, and they come to the figure again."""

import datetime as dt
import shutil
from decimal import Decimal
from functools import partial
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import perfkit as pk
from perfkit import improve, kpis, languages, periods
from perfkit.errors import DataError, ParameterError
from perfkit.kpis.behind import lines_behind
from perfkit.kpis.behind.kpis import LINES
from perfkit.kpis.catalogue import CATALOGUE
from perfkit.lines import checked

SETTINGS = """
name = "Acme"
currency = "EUR"
calendar = "FR"
observed_until = "2026-02"

[tables.sales]
files = "*.csv"

[tables.sales.columns]
order_id = "order"
date = "date"
customer_id = "customer"
net_revenue = "net"
country = "country"
cost = { column = "cost", optional = true }
list_revenue = "list"

[segments.french]
bought = [{ column = "country", equals = "FR" }]

[filters.dear]
where = [{ column = "net_revenue", at_least = 25 }]
"""
HEAD = "order,date,customer,net,country,cost,list\n"
FIRST = HEAD + "".join(
    [
        "A1,2024-01-01,C1,10.00,FR,6,12\n",
        "A2,2025-01-03,C1,100.00,FR,60,100\n",
        "A2,2025-01-03,C1,20.50,FR,,25\n",
        "A3,2025-01-04,C2,30.00,BE,20,\n",
        "A4,2025-02-20,C3,7.25,,5,7.25\n",
        "A5,2025-01-09,,29.00,BE,20,29\n",
    ]
)
SECOND = HEAD + "".join(
    [
        'B1,2026-01-05,C1,50.00,"FR",30,60\n',
        "B1,2026-01-05,C1,x,FR,30,60\n",
        '"B\n2",2026-01-06,C4,80.00,FR,40,80\n',
        "B3,2026-01-07,,25.00,BE,20,25\n",
        "\n",
        "B4,2026-01-20,C1,-5.00,FR,-3,\n",
        "B5,2026-02-03,C2,9.75,BE,4,10\n",
    ]
)


@pytest.fixture(scope="module")
def acme(tmp_path_factory):
    folder = tmp_path_factory.mktemp("acme")
    (folder / "exports").mkdir()
    (folder / "company.toml").write_text(SETTINGS)
    (folder / "exports" / "2025.csv").write_text(FIRST)
    (folder / "exports" / "2026.csv").write_text(SECOND)
    return pk.load(folder)


def places(drill):
    return list(zip(drill.lines["file"], drill.lines["line"], strict=True))


@pytest.mark.parametrize(
    "figure, value, stand",
    [
        ("scorecard:2026-01:revenue", Decimal("150.00"), [("2026.csv", n) for n in (2, 4, 6, 8)]),
        ("scorecard:2026-01:orders", 3, [("2026.csv", n) for n in (2, 4, 6)]),
        ("scorecard:2026-01:customers", 2, [("2026.csv", 2), ("2026.csv", 4)]),
        ("scorecard:2026-01:new_customers", 1, [("2026.csv", 4)]),
        ("scorecard:2025-01:gross_profit", Decimal("59.00"), [("2025.csv", 3), ("2025.csv", 5), ("2025.csv", 7)]),
        ("breakdown:country:2026-01:=FR", Decimal("125.00"), [("2026.csv", 2), ("2026.csv", 4), ("2026.csv", 8)]),
        ("breakdown:country:2025-02:unknown", Decimal("7.25"), [("2025.csv", 6)]),
        ("movers:customer_id:2026-01:=C2", Decimal("-30.00"), [("2025.csv", 5)]),
        ("trend:2026-01:revenue_before", Decimal("179.50"), [("2025.csv", n) for n in (3, 4, 5, 7)]),
        (
            "revenue_walk:2026-01:contraction",
            Decimal("-75.50"),
            [("2025.csv", 3), ("2025.csv", 4), ("2026.csv", 2), ("2026.csv", 8)],
        ),
        ("year_to_date:2026:2026-02:actual", Decimal("159.75"), [("2026.csv", n) for n in (2, 4, 6, 8, 9)]),
    ],
)  # fmt: skip
def test_lines_and_places_counted_by_hand(acme, figure, value, stand):
    drill = acme.drill(figure)
    assert drill.value == value and places(drill) == stand


def scorecard(lines, **common):
    return kpis.scorecard(lines, **common, calendar="FR")


def trend(lines, **common):
    return kpis.trend(lines, **common, months=2, observed_until=common["period"].last_day)


def members(of):
    return [lambda lines, by=by, **common: of(lines, by=by, **common) for by in ("country", "customer_id")]


RESULTS = [
    scorecard, trend, kpis.concentration, kpis.revenue_tree, kpis.revenue_walk, kpis.year_to_date,
    *members(kpis.breakdown), *members(kpis.movers), *members(partial(kpis.trend_by, months=2)),
]  # fmt: skip
"""What the audit makes from lines of sales."""
OF_SALES = {
    "scorecard", "trend", "concentration", "revenue_tree", "revenue_walk", "year_to_date", "breakdown", "movers",
    "trend_by",
}  # fmt: skip
"""The kinds of their figures."""


def drillable(result):
    """The figures that lines make: no target, no estimate of months to come, nothing that is not there."""
    return [
        figure
        for figure in result.figures().to_dict("records")
        if figure["estimate"] is not None
        and figure["status"] not in ("not available", "not observed yet")
        and not figure["figure_id"].startswith(("target:", "trend_by:customer_id:"))
        and not figure["figure_id"].endswith(("target", ":landing"))
    ]


def test_every_figure_of_the_audit_is_what_its_lines_come_to(acme):
    kinds = set()
    for make in RESULTS:
        for figure in drillable(make(acme.lines(), period=acme.period("2026-01"), currency="EUR")):
            drill = acme.drill(figure)  # refuses a figure that its lines do not make
            assert drill.value is not None or figure["kpi"] == "revenue_effect"
            assert set(places(drill)) <= {(file, n) for file in ("2025.csv", "2026.csv") for n in range(2, 10)}
            kinds.add(figure["figure_id"].split(":")[0])
    assert kinds == OF_SALES


amounts = st.integers(-400, 900).map(lambda cents: Decimal(cents) / 4)
line = st.tuples(
    st.sampled_from(["o1", "o2", "o3", "o4", None]),
    st.sampled_from([dt.date(y, m, d) for y in (2024, 2025, 2026) for m, d in ((1, 1), (1, 9), (3, 2), (10, 5))]),
    st.sampled_from(["C1", "C2", "C3", None]),
    amounts,
    st.sampled_from(["FR", "BE", "=:x", None]),
    st.one_of(st.none(), amounts),
    st.one_of(st.none(), amounts),
)  # fmt: skip


@settings(max_examples=12)
@given(st.lists(line, min_size=3, max_size=14), st.sampled_from(range(len(RESULTS))), st.data())
def test_whatever_the_lines_a_figure_is_what_they_come_to(rows, nth, data):
    columns = ["order_id", "date", "customer_id", "net_revenue", "country", "cost", "list_revenue"]
    first = ("o0", dt.date(2023, 1, 1), "C0", Decimal(5), "FR", None, None)
    lines = pd.DataFrame([first, *rows], columns=columns, dtype="object")
    table = checked(lines.assign(date=pd.to_datetime(lines["date"])))
    figures = drillable(RESULTS[nth](table, period=periods.parse("2026-01"), currency="EUR"))
    for figure in data.draw(st.lists(st.sampled_from(figures), max_size=3, unique_by=id)) if figures else []:
        found = lines_behind(figure["figure_id"], table, currency="EUR", calendar="FR")
        if found.value is not None:
            value = found.value(found.lines.to_pandas())
            exact = isinstance(value, Decimal | int)
            assert value == (figure["estimate"] if exact else pytest.approx(float(figure["estimate"]), rel=1e-9))


def test_each_kpi_of_the_catalogue_can_be_drilled(acme):
    assert set(LINES) == set(CATALOGUE)


def test_a_finding_is_drilled_by_the_figures_that_it_quotes(acme):
    finding = SimpleNamespace(figure_ids=("scorecard:2026-01:revenue", "scorecard:2025-01:revenue"))
    drill = acme.drill(finding)
    assert drill.value == Decimal("150.00") and drill.also == ("scorecard:2025-01:revenue",)
    assert "also quotes: scorecard:2025-01:revenue" in drill.views()[0].notes[-1]


def test_a_finding_is_drilled_by_the_id_that_the_report_prints(acme):
    common = {"period": acme.period("2026-01"), "currency": "EUR"}
    results = [kpis.scorecard(acme.lines(), **common), kpis.breakdown(acme.lines(), by="country", **common)]
    findings = improve.findings(*results)
    assert findings.items
    for item in findings.items:
        drill = acme.drill(item.id, findings=findings)
        assert drill.figure_id in item.figure_ids and set(drill.also) | {drill.figure_id} == set(item.figure_ids)
        assert len(drill.lines)
    for row in findings.figures().to_dict("records"):
        if row["figure_id"].startswith("finding:"):
            by_id, by_row = (acme.drill(each, findings=findings) for each in (row["figure_id"], row))
            assert (
                by_id.figure_id
                == by_row.figure_id
                == acme.drill(row["dimensions"]["finding"], findings=findings).figure_id
            )


def test_a_target_is_not_what_a_finding_is_drilled_by(acme):
    finding = SimpleNamespace(id="missed", figure_ids=("target:2026-01:revenue", "scorecard:2026-01:revenue"))
    assert acme.drill("missed", findings=SimpleNamespace(items=(finding,))).value == Decimal("150.00")


def test_a_finding_that_nobody_found_is_refused_with_the_nearest(acme):
    findings = SimpleNamespace(
        items=(SimpleNamespace(id="margin_fell_in:country", figure_ids=("scorecard:2026-01:revenue",)),)
    )
    with pytest.raises(
        ParameterError, match="no finding 'margin_fel_in:country'. Did you mean 'margin_fell_in:country'"
    ):
        acme.drill("margin_fel_in:country", findings=findings)
    with pytest.raises(ParameterError, match=r"id of a finding.*drill\('margin_fell_in:country', findings=findings\)"):
        acme.drill("margin_fell_in:country")
    with pytest.raises(ParameterError, match="not a DataFrame"):
        acme.drill(pd.DataFrame())
    with pytest.raises(ParameterError, match="quotes no figure"):
        acme.drill(SimpleNamespace(id="a", figure_ids=()))


def test_a_row_of_another_part_of_the_business_is_refused(acme):
    french = kpis.scorecard(acme.lines(segment="french"), period=acme.period("2026-01"), currency="EUR")
    row = french.figures().iloc[0]
    with pytest.raises(DataError, match="figure says 125.* come to 150.*same segment"):
        acme.drill(row)
    assert acme.drill(row, segment="french").value == Decimal("125.00")


@pytest.mark.parametrize(
    "figure, message",
    [
        ("scorecards:2026-01:revenue", "Did you mean 'scorecard'"),
        ("scorecard:2026-01:revenu", "no figure is called .* Did you mean 'scorecard:2026-01:revenue'.*figures()"),
        ("scorecard:2026-01", "no figure is called"),
        ("scorecard:January:revenue", "January"),
        ("breakdown:contry:2026-01:=FR", "Did you mean 'country'"),
        ("breakdown:country:2026-01:FR", "no figure is called .* Did you mean 'breakdown:country:2026-01:=FR'"),
        (
            "breakdown:country:2026-01:=FRA",
            "no line has the country 'FRA'.* Did you mean 'breakdown:country:2026-01:=FR'",
        ),
        ("movers:customer_id:2026-01:=X9", "no line has the customer_id 'X9', so none stands behind it"),
        ("trend_by:country:2026-01:others", "Drill into one of them: trend_by:country:2026-01:=MEMBER"),
        ("target:2026-01:revenue", "set by the company"),
        ("year_to_date:2026:2026-01:landing", "months to come"),
        ("finding:2026-01:a", "say among which findings"),
        ("ledger:2026-01", "acme.frame"),
    ],
)
def test_what_has_no_lines_is_refused_in_words(acme, figure, message):
    with pytest.raises(ParameterError, match=message):
        acme.drill(figure)


def test_a_drill_shows_the_first_lines_the_others_and_the_total(acme):
    drill = acme.drill("scorecard:2026-01:revenue")
    view = drill.views(most=1)[0]
    assert view.total and view.title == "€150.00: 4 lines"
    assert view.rows["file"].tolist() == ["2026.csv", "3 other lines", "Total"]
    assert view.rows["net_revenue"].tolist() == [Decimal("50"), Decimal("100"), Decimal("150")]
    assert "part" not in view.rows and "All of them: .lines" in view.notes
    movers = acme.drill("movers:customer_id:2026-01:=C1").views()[0]
    assert movers.rows["part"].iloc[-1] == Decimal("-75.50") and movers.rows["net_revenue"].iloc[-1] == Decimal(
        "165.50"
    )
    payload = drill.payload()
    assert payload["figures"][0]["estimate"] == "150.0000" and payload["ties_to"] == {"net_revenue": "150.0000"}


def test_a_drill_speaks_french(acme):
    languages.use("fr")
    try:
        view = acme.drill("scorecard:2026-01:revenue").views()[0]
    finally:
        languages.use("en")
    assert view.title == "150,00\xa0€\xa0: 4 lignes" and [field.heading for field in view.fields][:3] == [
        "Fichier",
        "Ligne",
        "Date",
    ]


def test_a_ratio_is_not_a_sum_and_a_factor_of_the_tree_is_of_no_line_alone(acme):
    assert "part" not in acme.drill("scorecard:2026-01:margin_rate").lines
    tree = acme.drill("revenue_tree:2026-01:customers")
    assert tree.value is None and tree.figures()["status"].tolist() == ["not available"] and len(tree.lines) == 6


# ---- What a referee found


@pytest.mark.parametrize(
    "figure, error, message",
    [
        ("scorecard:2026-10:revenue", ParameterError, "2026-10 is not complete: the data end on 2026-02-28"),
        ("scorecard:2020-01:revenue", DataError, "2020-01 starts on 2020-01-01, but the data start on 2024-01-01"),
        ("trend:2026-03:revenue", ParameterError, "not complete"),
        ("trend:2024-01:revenue_before", DataError, "2023-01 starts on"),
        ("breakdown:country:2020-01:=FR", DataError, "data start on 2024-01-01"),
        ("movers:country:2024-01:=FR", DataError, "2023-01 starts on"),
        ("comparison:2026-01:2020-01:revenue", DataError, "2020-01 starts on"),
        ("statement:2026-10:net_revenue", ParameterError, "not complete"),
    ],
)
def test_a_period_that_the_data_do_not_hold_has_no_figure(acme, figure, error, message):
    with pytest.raises(error, match=message):
        acme.drill(figure)


def test_a_figure_that_is_not_available_says_why_and_never_that_it_was_made_from_other_lines(acme):
    figures = scorecard(acme.lines(), period=acme.period("2024-01"), currency="EUR").figures()
    absent = [row for row in figures.to_dict("records") if row["status"] == "not available"]
    assert {"return_rate", "returning_customers"} <= {row["kpi"] for row in absent}
    for row in absent:
        for asked in (row, row["figure_id"]):
            with pytest.raises(DataError, match="not available|data start") as refused:
                acme.drill(asked)
            assert "other lines" not in str(refused.value)


def test_every_figure_of_a_comparison_is_what_the_lines_of_its_sides_come_to(acme):
    compared = [
        acme.compare("2026-01", "2025-01", by="country"),
        acme.compare(segment="french", period="2026-01", by="country"),
        acme.compare(filter="dear", period="2025-01"),
    ]
    for result in compared:
        figures = [row for row in result.figures().to_dict("records") if row["estimate"] is not None]
        assert len(figures) > 20
        for row in figures[::3]:
            assert acme.drill(row).value is not None
    one, other = compared[0].figures()["estimate"].iloc[:2]
    assert (acme.drill("comparison:2026-01:2025-01:revenue").value, other) == (one, Decimal("150.00"))
    assert places(acme.drill("comparison:2026-01@segment=french:2026-01@segment!=french:revenue:b")) == [
        ("2026.csv", 4), ("2026.csv", 6),
    ][1:]  # fmt: skip


def test_an_id_means_one_member_whatever_the_member_is_called():
    rows = [
        (dt.date(year, 1, 1), name, Decimal(n)) for year, n in ((2023, 1), (2024, 2)) for name in ("web", "web:before")
    ]
    lines = pd.DataFrame(rows, columns=["date", "channel", "net_revenue"], dtype="object")
    table = checked(lines.assign(date=pd.to_datetime(lines["date"])))
    figures = kpis.trend_by(
        table,
        by="channel",
        period=periods.parse("2024-01"),
        currency="EUR",
        observed_until=dt.date(2024, 1, 31),
        months=1,
    ).figures()
    assert figures["figure_id"].is_unique and len(figures) == 4
    for row in figures.to_dict("records"):
        found = lines_behind(row["figure_id"], table, currency="EUR")
        assert found.value(found.frame()) == row["estimate"]


COSTS = """
name = "Acme"
currency = "EUR"
observed_until = "2026-01"

[tables.sales]
files = "sales.csv"

[tables.costs]
files = "costs.csv"

[tables.spend]
files = "spend.csv"

[levels]
Fees = "cm1"
"""


@pytest.fixture(scope="module")
def with_costs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("costs")
    (folder / "exports").mkdir()
    (folder / "company.toml").write_text(COSTS)
    exports = {
        "sales": "order_id,date,customer_id,product_id,channel,quantity,net_revenue,list_revenue,cost\n"
        "1,2025-01-02,C1,P1,web,1,10.00,12.00,4.00\n"
        "2,2026-01-05,C1,P1,web,2,30.00,30.00,8.00\n"
        "3,2026-01-06,C2,P2,shop,1,70.00,80.00,\n"
        "4,2026-01-07,C2,P1,shop,1,20.00,,4.00\n"
        "5,2026-01-09,C1,P1,web,-1,-15.00,,-4.00\n",
        "costs": "period,amount,kind,level,channel,driver\n"
        "2026-01-01,5.00,Freight: sea,cm1,,orders\n"
        "2026-01-01,2.00,Fees,cm2,web,\n"
        "2026-01-01,9.00,Rent,fixed,,\n",
        "spend": "date,channel,amount,kind\n2026-01-03,ads,6.00,Media\n",
    }
    for name, text in exports.items():
        (folder / "exports" / f"{name}.csv").write_text(text)
    return pk.load(folder)


@pytest.mark.parametrize(
    "line, value, stand",
    [
        ("list_revenue", "110", [("sales.csv", 3), ("sales.csv", 4)]),
        ("discounts", "-10", [("sales.csv", 3), ("sales.csv", 4)]),
        ("returns", "-15", [("sales.csv", 6)]),
        ("goods", "-8", [("sales.csv", 3), ("sales.csv", 5), ("sales.csv", 6)]),
        ("uncosted", "-70", [("sales.csv", 4)]),
        ("gross_profit", "27", [("sales.csv", 3), ("sales.csv", 5), ("sales.csv", 6)]),
    ],
)
def test_lines_of_the_statement_counted_by_hand(with_costs, line, value, stand):
    drill = with_costs.drill(f"statement:2026-01:{line}")
    assert drill.value == Decimal(value) and places(drill) == stand


def test_costs_go_back_to_the_rows_of_their_own_tables(tmp_path, with_costs):
    whole = with_costs.path / "exports" / "sales.csv"
    folder = tmp_path / "known"
    shutil.copytree(with_costs.path, folder, symlinks=True)
    (folder / "exports" / "sales.csv").write_text(whole.read_text().replace("80.00,\n", "80.00,40.00\n"))
    acme = pk.load(folder)
    freight = acme.drill("statement:2026-01:costs:cm1:Freight: sea")
    assert "Kind of cost" in freight.html() and "Adds" in freight.html()
    assert freight.value == Decimal("-5") and places(freight) == [("costs.csv", 2)]
    fees = acme.drill("statement:2026-01:costs:cm1:Fees")  # of the level that company.toml says
    assert fees.value == Decimal("-2") and places(fees) == [("costs.csv", 3)]
    media = acme.drill("statement:2026-01:spend:cm2:Media")
    assert media.value == Decimal("-6") and places(media) == [("spend.csv", 2)]
    second = acme.drill("statement:2026-01:cm2")
    assert second.value == Decimal("44") and [place[0] for place in places(second)] == [
        *["sales.csv"] * 4, "costs.csv", "costs.csv", "spend.csv",
    ]  # fmt: skip
    assert "€44.00" in second.views()[0].title and second.views()[0].rows["part"].iloc[-1] == Decimal("44")
    web = acme.drill("profitability:channel:2026-01:cm1:=web")
    assert web.value is None and "parts of costs that several share" in web.how
    assert [place for place in places(web) if place[0] == "costs.csv"] == [("costs.csv", 3)]
