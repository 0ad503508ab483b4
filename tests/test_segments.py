"""A name of company.toml stands for customers or lines, and a part always says what it leaves out."""

import re
import tomllib
from decimal import Decimal

import ibis
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import perfkit as pk
from perfkit import kpis, languages, periods, segments
from perfkit.errors import DataError, ParameterError

SETTINGS = """
name = "Acme"
currency = "EUR"
calendar = "FR"
observed_until = "2026-02"

[tables.sales]
files = "sales.csv"
[tables.customers]
files = "customers.csv"
[tables.products]
files = "products.csv"

[segments.gms]
label = "Supermarkets"
where = [{ column = "segment", in = ["GMS", "Hyper"] }]
[segments.lamps]
bought = [{ column = "category", equals = "Light" }, { column = "net_revenue", at_least = 20 }]
[segments.both]
where = [{ column = "name", starts_with = "D" }]
bought = [{ column = "category", equals = "Light" }]

[filters.february]
where = [{ column = "date", at_least = 2026-02-01 }]
[filters.web]
label = "Web"
where = [{ column = "channel", equals = "web" }]
"""
SALES = """order_id,date,customer_id,product_id,channel,net_revenue
1,2026-01-05,C1,P1,web,40.00
2,2026-01-06,C2,P2,shop,15.50
3,2026-02-07,,P1,web,20.00
4,2026-02-08,C9,P9,shop,-5.25
5,2026-02-09,C2,P1,,10.00
"""
CUSTOMERS = "customer_id,name,segment\nC1,Durand,GMS\nC2,Smith,Web\nC3,Rossi,Hyper\nC4,Doe,\n"
PRODUCTS = "product_id,name,category\nP1,Lamp,Light\nP2,Rug,Floor\n"
COLUMNS = ("order_id", "customer_id", "channel", "net_revenue", "date")


def made(folder, settings=SETTINGS, customers=CUSTOMERS):
    (folder / "exports").mkdir()
    (folder / "company.toml").write_text(settings)
    for name, rows in (("sales", SALES), ("customers", customers), ("products", PRODUCTS)):
        (folder / "exports" / f"{name}.csv").write_text(rows)
    return pk.load(folder)


@pytest.fixture(scope="module")
def acme(tmp_path_factory):
    return made(tmp_path_factory.mktemp("acme"))


def orders(lines):
    return sorted(lines.order_id.to_pyarrow().to_pylist())


def test_a_segment_and_a_filter_without_a_line_in_common_are_refused(acme):
    with pytest.raises(DataError, match=r"\[segments.gms\] and \[filters.february\] .* no line is in both"):
        acme.lines(segment="gms", filter="february")


@pytest.mark.parametrize(
    "asked, wanted",
    [
        ({"segment": "gms"}, ["1"]),
        ({"segment": "lamps"}, ["1"]),
        ({"segment": "both"}, ["1"]),
        ({"filter": "february"}, ["3", "4", "5"]),
        ({"filter": "web"}, ["1", "3"]),
        ({}, ["1", "2", "3", "4", "5"]),
    ],
    ids=["where", "bought", "both", "from a day", "equals", "all"],
)
def test_lines_of_a_part_counted_by_hand(acme, asked, wanted):
    assert orders(acme.lines(**asked)) == wanted


def test_a_segment_has_its_customers_with_and_without_lines(acme):
    gms = acme.segment("gms")
    assert gms.ids.to_numpy().tolist() == [["C1", "Durand"], ["C3", "Rossi"]]
    assert gms.customers == 2 and gms.name == "Supermarkets"
    inside, outside, whole = gms.rows.to_dict("records")
    assert (inside["customers"], inside["lines"], inside["revenue"]) == (1, 1, Decimal("40.00"))
    assert (outside["customers"], outside["lines"], outside["revenue"]) == (2, 4, Decimal("40.25"))
    assert (whole["customers"], whole["lines"], whole["revenue"]) == (3, 5, Decimal("80.25"))
    assert gms.share == pytest.approx(40 / 80.25)


def test_a_part_says_what_it_leaves_out_and_the_whole_says_nothing(acme):
    web = acme.scope(filter="web", period=acme.period("2026-02"))
    assert web.sentence() == "Web alone: 80.8% of net revenue; 2 lines and €5 are outside of it."
    assert web.views()[0].total and web.ties_to() == {"net_revenue": Decimal("24.75")}
    whole = acme.scope()
    assert whole.sentence() == "" and whole.views() == [] and whole.share == 1


def test_a_part_of_nothing_has_no_share(acme):
    lines = acme.lines().filter(ibis._.net_revenue < 0)
    returns = segments.scope(lines, lines, name="Returns", period=None, currency="EUR")
    assert returns.share is None and "alone: −€5" in returns.sentence()
    assert returns.figures().iloc[-1]["status"] == "not available"


def test_a_segment_is_a_dimension_of_a_breakdown(acme):
    period = acme.period("2026-02")
    result = kpis.breakdown(acme.lines(split_by="gms"), by="in_gms", period=period, currency="EUR")
    assert dict(zip(result.rows["member"], result.rows["revenue"], strict=True)) == {
        "≠ gms": Decimal("4.75"), None: Decimal("20.00"),
    }  # fmt: skip
    lines = acme.lines(split_by="gms").to_pandas()
    assert lines["in_gms"].isna().tolist() == lines["customer_id"].isna().tolist()
    assert lines["net_revenue"].sum() == Decimal("80.25")


@pytest.mark.parametrize(
    "test, wanted",
    [
        ('equals = "web"', ["1", "3"]),
        ('in = ["web", "shop"]', ["1", "2", "3", "4"]),
        ('starts_with = "w"', ["1", "3"]),
        ('matches = "^s.o"', ["2", "4"]),
        ("missing = true", ["5"]),
        ("missing = false", ["1", "2", "3", "4"]),
    ],
)
def test_each_test_of_a_text_and_a_missing_value_meets_none(tmp_path, test, wanted):
    settings_ = SETTINGS + f'\n[filters.asked]\nwhere = [{{ column = "channel", {test} }}]\n'
    assert orders(made(tmp_path, settings_).lines(filter="asked")) == wanted


@pytest.mark.parametrize(
    "column, test, wanted",
    [
        ("net_revenue", "at_least = 15.50, at_most = 20", ["2", "3"]),
        ("net_revenue", "equals = -5.25", ["4"]),
        ("net_revenue", "at_most = 15", ["4", "5"]),
        ("date", 'equals = "2026-02-07"', ["3"]),
        ("date", 'starts_with = "2026-02"', ["3", "4", "5"]),
        ("date", "at_most = 2026-01-05", ["1"]),
        ("category", 'equals = "Floor"', ["2"]),
        ("country", "missing = true", None),
    ],
)
def test_numbers_and_days_are_bounded_exactly(acme, column, test, wanted):
    condition = segments.Condition.model_validate(tomllib.loads(f'a = {{ column = "{column}", {test} }}')["a"])
    if wanted is None:
        with pytest.raises(ParameterError, match="no column 'country'"):
            condition.holds(acme.lines(), "here")
    else:
        assert orders(acme.lines().filter(condition.holds(acme.lines(), "here"))) == wanted


@pytest.mark.parametrize(
    "block, message",
    [
        ('where = [{ column = "segmnt", equals = "x" }]', r"\[segments.a\] where: no column .*Did you mean 'segment'"),
        ('bought = [{ column = "categry", equals = "x" }]', r"\[segments.a\] bought: .*Did you mean 'category'"),
        ('where = [{ column = "segment", equals = 7 }]', 'takes a text, not 7: write "7"'),
        ('bought = [{ column = "net_revenue", equals = "much" }]', "takes a number, not 'much'"),
        ('bought = [{ column = "net_revenue", starts_with = "1" }]', "no text: bound it"),
        ('bought = [{ column = "date", equals = "soon" }]', "no day: write one such as 2026-10-31"),
        ('bought = [{ column = "date", at_least = 3 }]', "takes a day, not 3"),
    ],
    ids=["column", "column of lines", "number for text", "text for number", "starts", "no day", "number for day"],
)
def test_a_condition_that_does_not_suit_its_column_is_refused(tmp_path, block, message):
    acme = made(tmp_path, f"{SETTINGS}[segments.a]\n{block}")
    with pytest.raises(ParameterError, match=message):
        acme.segment("a")


@pytest.mark.parametrize(
    "block, message",
    [
        ("[segments.a]\n", "where .* or bought"),
        ('[segments.a]\nwhere = [{ column = "x" }]', "exactly one of in, equals"),
        ('[segments.a]\nwhere = [{ column = "x", equals = 1, missing = true }]', "exactly one of"),
        ('[segments.a]\nwhere = [{ column = "x", equal = 1 }]', "no setting 'equal'. Did you mean 'equals'"),
        ('[filters.a]\nwhere = [{ column = "x", matches = "(" }]', "is not a pattern"),
        (
            '[filters.a]\nwhere = [{ column = "x", matches = "(?<=a)b" }]',
            r"company.toml, \[filters.a\] where number \d: matches = '\(\?<=a\)b' is not a pattern: the database "
            r"does not take it \(.*invalid perl operator.*knows no look-ahead, no look-behind",
        ),
        ('[filters.a]\nwhere = [{ column = "x", matches = \'(a)\\1\' }]', "the database does not take it"),
        ('[filters.a]\nwhere = [{ column = "x", at_least = true }]', "true is no bound: write a number such as 100"),
        ('[filters.a]\nwhere = [{ column = "x", at_least = 200, at_most = 100 }]', "nothing can satisfy both"),
        ('[filters.a]\nwhere = [{ column = "x", at_least = 2, at_most = 2026-01-01 }]', "a number, the other a day"),
        (
            '[filters.a]\nwhere = [{ column = "date", at_least = "29/02/2024" }]',
            "'29/02/2024' is a text: write a date as 2024-02-29, and a number as 100, without quotes",
        ),
        ('[filters.a]\nwhere = [{ column = "date", at_least = "2026-02-30" }]', "'2026-02-30' is no day of"),
        ('[filters.a]\nwhere = [{ column = "date", at_most = 2026-02-01T10:00:00 }]', "10:00:00 is no bound.* a time"),
        ('[filters.a]\nwhere = [{ column = "x", in = [] }]', r"in = \[\] names no value: write a list of them"),
        ('[filters.a]\nwhere = [{ column = "x", in = "web" }]', "in = 'web' names no value: write a list of them"),
        ("[filters.a]\nwhere = []", "where"),
        ('[segments."Key accounts"]\nwhere = [{ column = "x", equals = 1 }]', "lower-case letters"),
        ("[segment.a]\n", "Did you mean 'segments'"),
    ],
    ids=["nothing", "no test", "two tests", "misspelt", "pattern", "look-behind", "back-reference", "true",
         "crossed", "two kinds", "text", "no such day", "time", "in nothing", "in no list", "no condition", "name",
         "block"],
)  # fmt: skip
def test_a_block_that_is_not_understood_is_refused_when_the_company_opens(tmp_path, block, message):
    with pytest.raises(ParameterError, match=message):
        made(tmp_path, SETTINGS + block)


def test_a_calendar_is_a_country(tmp_path):
    with pytest.raises(ParameterError, match="calendar"):
        made(tmp_path, SETTINGS.replace('"FR"', '"France and Belgium"'))


def test_an_unknown_segment_names_the_nearest_and_without_any_says_how_to_declare_one(acme, tmp_path):
    with pytest.raises(ParameterError, match="no segment 'gsm'. Did you mean 'gms'"):
        acme.lines(segment="gsm")
    with pytest.raises(ParameterError, match="no filter 'wbe'. Did you mean 'web'"):
        acme.scope(filter="wbe")
    bare = made(tmp_path, SETTINGS[: SETTINGS.index("[segments")])
    with pytest.raises(ParameterError, match=r"there is none. Declare one in company.toml: \[segments.gms\]"):
        bare.segment("gms")


def test_a_segment_needs_customers(acme):
    with pytest.raises(DataError, match="no customer_id"):
        segments.members(acme.settings.segments["lamps"], "lamps", acme.lines().drop("customer_id"), None)


def test_a_part_is_told_in_french(acme):
    languages.use("fr")
    try:
        said = acme.scope(segment="gms").sentence()
    finally:
        languages.use("en")
    assert said.startswith("Supermarkets seulement\xa0: 49,8\u202f% du chiffre d’affaires")


cells = st.tuples(
    st.sampled_from(["C1", "C2", "C3", None]), st.sampled_from(["web", "shop", None]), st.integers(-50, 99)
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(cells, min_size=1, max_size=12), st.sampled_from(["equals", "at_least"]))
def test_inside_and_outside_sum_to_the_whole_whatever_the_part(rows, how):
    lines = pd.DataFrame(rows, columns=["customer_id", "channel", "net_revenue"], dtype="object")
    lines["date"] = pd.Timestamp("2026-01-05")
    table = pk.schema.SALES.table(lines)
    condition = {"column": "channel", "equals": "web"} if how == "equals" else {"column": "net_revenue", "at_least": 5}
    declared = segments.Segment.model_validate({"bought": [condition]})
    ids = segments.members(declared, "a", table, None)
    result = segments.scope(table, table.semi_join(ids, "customer_id"), name="a", period=None, currency="EUR")
    inside, outside, whole = result.rows.to_dict("records")
    for column in ("lines", "revenue", "customers"):
        assert inside[column] + outside[column] == whole[column]
    meets = (lambda c, r: c == "web") if how == "equals" else (lambda c, r: r >= 5)
    named = {customer for customer, channel, revenue in rows if customer and meets(channel, revenue)}
    assert set(ids.customer_id.to_pyarrow().to_pylist()) == named
    marked = segments.split(table, ids, "a").in_a.to_pyarrow().to_pylist()
    assert sorted(map(str, marked)) == sorted(
        str("a" if c in named else None if c is None else "≠ a") for c, _, _ in rows
    )


def test_a_segment_that_is_new_is_measured_since_the_data_start_and_not_since_its_first_line(tmp_path):
    late = '[segments.late]\nwhere = [{ column = "customer_id", equals = "C2" }]\n'
    made(tmp_path, SETTINGS[: SETTINGS.index("[segments")] + late)
    sold = [
        "order_id,date,customer_id,net_revenue",
        "0,2025-01-01,C1,9",
        "1,2026-02-10,C2,10.00",
        "2,2026-02-28,C1,5.00",
    ]
    (tmp_path / "exports" / "sales.csv").write_text("\n".join(sold))
    acme = pk.load(tmp_path)
    card = kpis.scorecard(acme.lines(segment="late"), period=acme.period("2026-02"), currency="EUR")
    row = card.row("revenue")
    assert (row["actual"], row["previous"]) == (Decimal("10.00"), Decimal(0)) and card.row("new_customers")[
        "actual"
    ] == 1
    assert "data_from" not in acme.drill("scorecard:2026-02:revenue", segment="late").lines


def test_a_part_whose_values_match_no_line_is_named_with_the_values_that_there_are(tmp_path):
    wrong = """
[segments.shops]
where = [{ column = "segment", equals = "gms" }]
[filters.late]
where = [{ column = "date", at_least = 2027-01-01 }]
"""
    acme = made(tmp_path, SETTINGS + wrong)
    asked = re.escape('[segments.shops]: it asks for { column = "segment", equals = "gms" }, and segment holds "GMS", ')
    with pytest.raises(DataError, match=asked + '"Hyper", "Web". No line of sales is in it'):
        acme.lines(segment="shops")
    with pytest.raises(DataError, match=r"\[filters.late\].*date holds values from 2026-01-05 to 2026-02-09"):
        acme.lines(filter="late")
    shops, late = acme.notices()
    assert "[segments.shops]" in shops and "[filters.late]" in late


HISTORY = """order_id,date,customer_id,product_id,channel,net_revenue
1,2023-01-01,C0,P1,shop,1.00
2,2024-02-05,C1,P1,shop,40.00
3,2025-01-10,C1,P1,web,15.00
4,2025-01-11,C2,P1,web,20.00
5,2024-01-20,C3,P1,web,10.00
6,2025-01-25,C3,P1,web,12.00
7,2025-01-26,C4,P1,shop,9.00
8,2025-02-02,C4,P1,web,9.00
"""


def test_who_is_new_to_a_filter_is_no_new_customer(tmp_path):
    acme = made(tmp_path)
    (acme.path / "exports" / "sales.csv").write_text(HISTORY)
    acme = pk.load(acme.path)
    common = {"period": periods.parse("2025-01"), "currency": "EUR"}
    part = kpis.scorecard(acme.lines(filter="web"), **common)
    assert [part.row(kpi)["actual"] for kpi in ("customers", "new_customers", "returning_customers")] == [3, 1, 2]
    repeat = part.row("repeat_rate")
    assert repeat["actual"] is None and "second purchase outside of it is not seen" in repeat["reason"]
    walk = kpis.revenue_walk(acme.lines(filter="web"), **common).rows.set_index("step")["customers"]
    assert walk["new"] == part.row("new_customers")["actual"] and walk["acquired"] == 1
    drill = acme.drill("scorecard:2025-01:new_customers", filter="web")
    assert drill.value == 1 and drill.lines["order_id"].tolist() == ["4"]
    february = kpis.scorecard(acme.lines(filter="web"), period=periods.parse("2025-02"), currency="EUR")
    assert february.row("new_customers")["actual"] == 0  # C4 bought in the shop in January
    assert kpis.scorecard(acme.lines(), **common).row("new_customers")["actual"] == 2
    sides = acme.compare(filter="web", period="2025-01").row("new_customers")
    assert (sides["a"], sides["b"]) == (1, 1)


names = st.text(st.sampled_from("a+=!%:@ é"), max_size=5)


@given(names, names, st.booleans())
def test_the_id_of_a_part_says_which_it_is(segment, filter, others):
    part = segments.Part(segment, filter, others and bool(segment or filter))
    if segment or filter:
        assert segments.part_of(part.id) == part
