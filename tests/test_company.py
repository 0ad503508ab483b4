"""A company is a folder: its settings are read strictly, its dimensions joined without moving a total."""

import contextlib
import datetime as dt
from decimal import Decimal

import pytest

import perfkit as pk
from perfkit import kpis
from perfkit.brand import of
from perfkit.errors import DataError, ParameterError

SETTINGS = """
name = "Acme"
currency = "EUR"
observed_until = "2026-02"

[tables.sales]
files = "sales.csv"

[tables.customers]
files = "customers.csv"

[tables.products]
files = "products.csv"

[targets]
revenue = { "2026-01" = 100, "2026-02" = 120 }
"""
SALES = """order_id,date,customer_id,product_id,quantity,net_revenue
1,2026-01-05,C1,P1,2,40.00
2,2026-01-06,C2,P2,1,15.50
3,2026-02-07,,P1,1,20.00
4,2026-02-08,C9,P9,-1,-5.25
"""
CUSTOMERS = "customer_id,name,country\nC1,Durand,FR\nC2,Smith,GB\nC3,Rossi,IT\n"
PRODUCTS = "product_id,name,category,unit_cost\nP1,Lamp,Light,12.50\nP2,Rug,Floor,9\n"


@pytest.fixture
def acme(tmp_path):
    write(tmp_path)
    return pk.load(tmp_path)


def write(folder, settings=SETTINGS, customers=CUSTOMERS):
    (folder / "exports").mkdir(exist_ok=True)
    (folder / "company.toml").write_text(settings)
    for name, rows in (("sales", SALES), ("customers", customers), ("products", PRODUCTS)):
        (folder / "exports" / f"{name}.csv").write_text(rows)


def test_joining_dimensions_moves_no_total_and_keeps_lines_without_a_match(acme):
    lines = acme.lines()
    assert lines.net_revenue.sum().to_pyarrow().as_py() == Decimal("70.2500")
    assert lines.count().to_pyarrow().as_py() == 4
    rows = lines.order_by("order_id").to_pandas()
    assert lines.order_by("order_id").country.to_pyarrow().to_pylist() == ["FR", "GB", None, None]
    assert rows["product_name"].iloc[0] == "Lamp" and rows["customer_name"].iloc[0] == "Durand"
    assert rows["unit_cost"].iloc[0] == Decimal("12.5")


def test_targets_stand_in_company_toml(acme):
    targets = acme.targets()
    assert targets[["kpi", "value"]].to_numpy().tolist() == [["revenue", 100], ["revenue", 120]]
    assert targets["period"].tolist() == [dt.date(2026, 1, 1), dt.date(2026, 2, 1)]


def test_a_company_shows_what_it_can_answer(acme):
    data, _ = acme._repr_mimebundle_()
    assert "Are we where we planned to be?" in data["text/plain"]
    answered = acme.coverage().rows.set_index("id")["answered"]
    assert answered["margin"] and answered["markets"] and not answered["channels"]


def test_an_incomplete_period_is_refused_with_the_last_complete_one(acme):
    assert acme.observed_until == dt.date(2026, 2, 28)
    with pytest.raises(ParameterError, match="2026-02"):
        acme.period("2026-03")


def test_the_month_of_the_first_sale_is_published_from_that_day(acme):
    january = acme.period("2026-01")
    assert january.since == dt.date(2026, 1, 5)
    card = kpis.scorecard(acme.lines(), period=january, currency=acme.currency)
    assert card.row("revenue")["actual"] == Decimal("55.50")
    assert card.row("revenue_per_working_day")["n"] == 20  # of 22: the 1st, a Thursday, and the 2nd are not in the data
    assert card.views()[0].title == "Net revenue in January 2026 from 5 January 2026: €56"
    months = kpis.trend(acme.lines(), period=january, currency=acme.currency).cells
    assert months["revenue"].tolist() == [Decimal("55.50")]
    for row in card.figures().to_dict("records"):
        if row["period"] == "2026-01" and row["status"] == "observed" and row["kpi"] != "revenue_target":
            with contextlib.suppress(ParameterError):  # a target has no line
                acme.drill(row)


def test_a_quarter_before_the_data_is_refused(acme):
    with pytest.raises(DataError, match="data start on 2026-01-05"):
        kpis.scorecard(acme.lines(), period=pk.periods.parse("2025-Q4"), currency="EUR")


def test_a_table_that_was_not_given_says_what_to_declare(acme):
    with pytest.raises(DataError, match=r"\[tables.leads\]"):
        acme.table("leads")
    with pytest.raises(ParameterError, match="Did you mean 'sales'"):
        acme.table("sale")


@pytest.mark.parametrize(
    "change, message",
    [
        (("currency", "curency"), "curency.*currency"),
        (('"EUR"', '"euro"'), "currency"),
        (("[tables.sales]", "[tables.sale]"), "no table 'sale'. Did you mean 'sales'"),
        (("files =", "file ="), "file.*files"),
        (('name = "Acme"', 'name = "Acme'), "company.toml cannot be read.*line 2"),
        (('currency = "EUR"', 'currency = "EUR"\npassword = "hunter2"'), "password"),
        (('observed_until = "2026-02"', 'observed_until = "soon"'), "observed_until|soon"),
        (('currency = "EUR"', 'currency = "EUR"\ntimezone = "Paris"'), "Europe/Paris"),
        (('"2026-01" = 100', '"2026-Q1" = 100'), "not a month"),
        (('"2026-01" = 100', '"2026-01" = inf'), "finite"),
        (('currency = "EUR"', 'currency = "EUR"\nfiscal_year_starts = "07-15"'), "07-01"),
    ],
)
def test_a_setting_that_is_not_understood_is_refused_in_words(tmp_path, change, message):
    write(tmp_path, SETTINGS.replace(*change, 1))
    with pytest.raises(ParameterError, match=f"(?s){message}") as refusal:
        pk.load(tmp_path)
    assert "hunter2" not in str(refusal.value)
    assert "pydantic" not in str(refusal.value)


@pytest.mark.parametrize(
    "brand",
    ['logo = "logo.png"', 'primary = "#ffcc00"', 'colour = "red"', "primary = 7"],
    ids=["logo", "pale", "key", "7"],
)
def test_a_brand_that_no_report_can_wear_stops_no_load(tmp_path, brand):
    write(tmp_path, SETTINGS + f"\n[brand]\n{brand}\n")
    loaded = pk.load(tmp_path)
    assert loaded.lines().count().to_pyarrow().as_py() == 4
    with pytest.raises(ParameterError, match=r"company\.toml, \[brand\]"):
        of({"brand": loaded.settings.brand}, tmp_path)


def test_a_customer_that_stands_twice_is_refused(tmp_path):
    write(tmp_path, customers=CUSTOMERS + "C1,Durand SA,FR\n")
    with pytest.raises(DataError, match=r"(?s)customers.*C1.*keep = "):
        pk.load(tmp_path)


def test_a_folder_without_settings_says_how_to_make_one(tmp_path):
    with pytest.raises(ParameterError, match="perfkit new"):
        pk.open_company(tmp_path)


def test_a_snapshot_is_opened_by_the_first_characters_of_its_fingerprint(acme):
    again = pk.open_company(acme.path, snapshot=acme.snapshot.fingerprint[:10])
    assert again.snapshot.fingerprint == acme.snapshot.fingerprint
    with pytest.raises(ParameterError, match="no snapshot"):
        pk.open_company(acme.path, snapshot="ffffffffff")


def test_a_dimension_never_takes_a_name_that_sales_uses_for_something_else(tmp_path):
    write(
        tmp_path,
        SETTINGS + '\n[tables.products.columns]\nproduct_id = "product_id"\ncost = "cost"\nquantity = "stock"\n',
    )
    (tmp_path / "exports" / "products.csv").write_text("product_id,cost,stock\nP1,1,30\nP2,1,30\n")
    lines = pk.load(tmp_path).lines()
    assert "cost" not in lines.columns and {"product_cost", "product_quantity"} <= set(lines.columns)
    assert lines.quantity.sum().to_pyarrow().as_py() == Decimal(3)


def test_two_columns_that_would_take_one_name_are_both_kept(tmp_path):
    columns = '\n[tables.customers.columns]\ncustomer_id = "customer_id"\nname = "name"\ncustomer_name = "legal"\n'
    write(tmp_path, SETTINGS + columns, "customer_id,name,legal\nC1,Durand,Durand SA\n")
    lines = pk.load(tmp_path).lines().filter(lambda t: t.customer_id == "C1").to_pandas().iloc[0]
    assert {lines["customer_name"], lines["customer_customer_name"]} == {"Durand", "Durand SA"}


def test_amounts_never_change_their_currency(acme):
    write(acme.path, SETTINGS.replace('"EUR"', '"USD"'))
    with pytest.raises(ParameterError, match="says USD.* are EUR"):
        pk.open_company(acme.path, snapshot=acme.snapshot.fingerprint)


def test_sales_that_are_all_left_out_are_no_report(tmp_path):
    rule = 'files = "sales.csv"\nexclude = [{ column = "order_id", matches = ".*", because = "all" }]'
    write(tmp_path, SETTINGS.replace('observed_until = "2026-02"\n', "").replace('files = "sales.csv"', rule))
    with pytest.raises(DataError, match="no line was accepted"):
        pk.load(tmp_path).period("2026-01")


def test_a_column_s_name_is_in_lower_case(tmp_path):
    write(
        tmp_path,
        SETTINGS + '\n[tables.sales.columns]\ndate = "date"\nnet_revenue = "net_revenue"\nCountry = "order_id"\n',
    )
    with pytest.raises(ParameterError, match="write country for Country"):
        pk.load(tmp_path)


def test_a_period_without_a_line_of_sales_is_no_zero(tmp_path):
    """One line dated in the future must not open every month before it."""
    write(tmp_path, SETTINGS.replace('observed_until = "2026-02"\n', ""))
    (tmp_path / "exports" / "sales.csv").write_text(SALES + "5,2029-12-31,C1,P1,1,1.00\n")
    with pytest.raises(DataError, match="2027-05 holds no line of sales; the data go from 2026-01-05 to 2029-12-31"):
        pk.load(tmp_path).period("2027-05")


def test_an_overview_says_what_there_is_and_what_to_type(acme):
    overview = acme.overview()
    typed = dict(zip(overview.views()[0].rows["what"], overview.views()[0].rows["type"], strict=True))
    assert typed["Lines"] == 'acme.drill("scorecard:2026-02:revenue")'
    assert typed["Comparison"] == 'acme.compare("2026-02", "2025-02")'
    assert overview.tables == {"sales": 4, "customers": 3, "products": 2} and "Segments" not in typed
    assert acme.last_month().label == "2026-02" and overview.figures().equals(acme.coverage().figures())


def test_a_company_without_a_line_shows_itself_all_the_same(tmp_path):
    write(
        tmp_path, SETTINGS.replace('"sales.csv"', '"sales.csv"\nexclude = [{ column = "quantity", missing = false }]')
    )
    (tmp_path / "company.toml").write_text(
        SETTINGS.replace('"sales.csv"', '"sales.csv"\nexclude = [{ column = "date", matches = ".", because = "all" }]')
    )
    overview = pk.load(tmp_path).overview()
    assert overview.month is None and overview.views()[0].rows["what"].tolist() == ["Tables"]


PARTS = """
[segments.named]
where = [{ column = "name", missing = false }]
[segments.lamps]
label = "Lamp buyers"
bought = [{ column = "category", equals = "Light" }]
[filters.returns]
where = [{ column = "quantity", at_most = 0 }]
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    write(folder, SETTINGS + PARTS)
    more = "".join(f"{day},2025-{month:02d}-01,C2,P1,1,10.00\n" for day, month in enumerate((1, 2, 3, 12), 90))
    (folder / "exports" / "sales.csv").write_text(SALES + more)
    return pk.load(folder)


def test_two_periods_are_compared_in_one_call(company):
    result = company.compare("2026-02", "2026-01", by="country")
    row = result.row("revenue")
    assert (row["a"], row["b"]) == (Decimal("14.75"), Decimal("55.50")) and result.seasons_differ
    assert sum(result.members["variance"], Decimal(0)) == Decimal("-40.75")
    named = company.compare("2026-02", "2026-01", segment="named", filter="")
    assert named.row("revenue")["a"] == 0 and "outside of it" in named.remarks[0]


def test_two_segments_are_compared_and_what_is_in_both_is_said(company):
    result = company.compare(segment="named", to="lamps", period="2026-01")
    assert (result.row("revenue")["a"], result.row("revenue")["b"]) == (Decimal("55.50"), Decimal("55.50"))
    assert result.a.name == "named" and result.b.name == "Lamp buyers"
    assert result.remarks[-1] == "2 lines, €56, are in both parts." and len(result.remarks) == 3
    figures = set(result.figures()["figure_id"])
    assert "comparison:named:lamps:revenue" in figures


def test_a_segment_or_filter_is_compared_with_everything_else(company):
    rest = company.compare(segment="lamps", period="2026-02")  # all others: an anonymous lamp, an unknown customer
    assert (rest.row("revenue")["a"], rest.row("revenue")["b"]) == (Decimal(0), Decimal("14.75"))
    returned = company.compare(filter="returns", period="2026-02")
    assert (returned.row("revenue")["a"], returned.row("revenue")["b"]) == (Decimal("-5.25"), Decimal("20.00"))
    assert returned.b.name == "All others" and returned.b.id == "≠ returns"


@pytest.mark.parametrize(
    "asked, message",
    [
        ({}, "say which two"),
        ({"a": "2026-02"}, "say which two"),
        ({"segment": "named"}, "say which two"),
        ({"a": "2026-02", "b": "2026-01", "to": "lamps"}, "say which two"),
        ({"a": "2026-02", "b": "2026-03"}, "2026-03 is not complete"),
        ({"segment": "nmed", "period": "2026-02"}, "Did you mean 'named'"),
        ({"segment": "named", "to": "lamp", "period": "2026-02"}, "Did you mean 'lamps'"),
    ],
)
def test_what_is_not_said_enough_to_compare_is_refused(company, asked, message):
    with pytest.raises(ParameterError, match=message):
        company.compare(**asked)


ACTIONS = """
[customers_lost]
owner = "Claire Martin"
due = 2026-12-31
cost = 4000
["low_margin:category"]
done = true
achievable = 0.5
"""


def test_actions_stand_in_a_file_of_the_company(acme):
    assert acme.actions() == {}
    (acme.path / "audit").mkdir()
    (acme.path / "audit" / "actions.toml").write_text(ACTIONS)
    assert acme.actions() == {
        "customers_lost": {"owner": "Claire Martin", "due": dt.date(2026, 12, 31), "cost": Decimal(4000)},
        "low_margin:category": {"done": True, "achievable": Decimal("0.5")},
    }


@pytest.mark.parametrize(
    "written, message",
    [
        ('[a]\nownr = "x"', r"audit/actions.toml, \[a\]: no setting 'ownr'. Did you mean 'owner'"),
        ('[a]\ndue = "soon"', "due = 'soon' is no date: write one such as 2026-10-31, without quotes"),
        ("[a]\nachievable = 2", "achievable"),
        ("[a]\ncost = -1", "cost"),
        ('owner = "x"', r"stands in no block. Write above it: \[FINDING_ID\]"),
        ("[a", "cannot be read"),
    ],
)
def test_an_action_that_is_not_understood_is_refused_in_words(acme, written, message):
    (acme.path / "audit").mkdir()
    (acme.path / "audit" / "actions.toml").write_text(written)
    with pytest.raises(ParameterError, match=message):
        acme.actions()


def test_the_template_of_actions_is_one_when_its_comments_are_taken_away(acme):
    from perfkit import assets

    lines = assets.path("templates/company/audit/actions.toml").read_text().splitlines()
    (acme.path / "audit").mkdir()
    example = "\n".join(
        line.removeprefix("# ") for line in lines if line.startswith("# ") and ("=" in line or line.startswith("# ["))
    )
    (acme.path / "audit" / "actions.toml").write_text(example)
    assert list(acme.actions()) == ["customers_lost"]
    assert set(acme.actions()["customers_lost"]) == {"owner", "due", "done", "note", "cost", "achievable"}
