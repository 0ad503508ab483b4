"""A company is a folder: its settings are read strictly, its dimensions joined without moving a total."""

import contextlib
import contextvars
import datetime as dt
import json
from decimal import Decimal

import pandas as pd
import pytest

import perfkit as pk
from perfkit import actions, kpis, languages
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
    assert "Comparison" not in typed  # the data start on 5 January: they hold no other month whole
    assert eval(typed["Figures"], {"pk": pk, "acme": acme, "period": acme.last_month()}).row("revenue")["actual"]
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
[filters.lights]
where = [{ column = "category", equals = "Light" }]
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
    assert named.row("revenue")["a"] == 0 and named.remarks == (
        "named (February 2026) alone: 0.0% of net revenue; 2 lines and €15 are outside of it.",
        "named (January 2026) alone: 100.0% of net revenue; 0 lines and €0 are outside of it.",
    )


def test_a_segment_within_a_filter_is_called_by_both(company):
    result = company.compare(segment="named", filter="lights", period="2026-01")
    assert (result.a.name, result.b.name) == ("named, lights", "All others, lights")
    assert "All others" not in result.views()[0].title
    assert result.b.id == "2026-01@segment!=named+filter=lights"


def test_two_segments_are_compared_and_what_is_in_both_is_said(company):
    result = company.compare(segment="named", to="lamps", period="2026-01")
    assert (result.row("revenue")["a"], result.row("revenue")["b"]) == (Decimal("55.50"), Decimal("55.50"))
    assert result.a.name == "named" and result.b.name == "Lamp buyers"
    assert result.remarks[-1] == "2 lines, €56, are in both parts." and len(result.remarks) == 3
    figures = set(result.figures()["figure_id"])
    assert "comparison:2026-01@segment=named:2026-01@segment=lamps:revenue" in figures


def test_a_segment_or_filter_is_compared_with_everything_else(company):
    rest = company.compare(segment="lamps", period="2026-02")  # all others: an anonymous lamp, an unknown customer
    assert (rest.row("revenue")["a"], rest.row("revenue")["b"]) == (Decimal(0), Decimal("14.75"))
    returned = company.compare(filter="returns", period="2026-02")
    assert (returned.row("revenue")["a"], returned.row("revenue")["b"]) == (Decimal("-5.25"), Decimal("20.00"))
    assert returned.b.name == "All others" and returned.b.id == "2026-02@filter!=returns"


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
        ('[a]\nownr = "x"', r"audit/actions.toml, line 2, \[a\]: no setting 'ownr'. Did you mean 'owner'"),
        ('[a]\ndue = "soon"', 'line 2, .a.: due = "soon" is no date: write one such as 2026-10-31, without quotes'),
        ("[a]\nachievable = 2", "achievable"),
        ("[a]\ncost = -1", "cost"),
        ('owner = "x"', r"stands in no block. Write above it: \[FINDING_ID\]"),
        ("[a", r"line 1: '\[a' cannot be read. A finding's id stands between brackets"),
        ('[a]\nowner = "x"\n\n# until\ndue = 31/12/2026 # end', "line 5: 'due = 31/12/2026' .* due = 2026-12-31$"),
        ("[a]\ndue = 31.12.2026", "line 2: .* A date is the year, month and day: due = 2026-12-31$"),
        ("[a]\ndue = 2026-13-45", "line 2: .* A date is the year, month and day: due = 2026-10-31$"),
        ("[a]\ndue = '31/12/2026'", "line 2, .* is no date: write one such as 2026-12-31, without quotes"),
        ("[a]\ndue = 2026-12-31T10:00:00", "line 2, .* is no date: write one such as 2026-12-31"),
        ('[a]\ndone = "oui"', 'line 2, .a.: done = "oui" is neither true nor false: write done = true, without quotes'),
        ('[a]\ndone = "non"', "write done = false"),
        ("[a]\ndone = 1", "done = 1 is neither true nor false: write done = true or done = false"),
        ("[a]\ndone = True", "line 2: 'done = True' cannot be read. Write done = true$"),
        ("[a]\ndone = oui", "line 2: 'done = oui' cannot be read. Write done = true$"),
        ("[a]\nachievable = 50", "line 2, .a.: achievable = 50 is no share .* for 50 % write achievable = 0.5"),
        ('[a]\nachievable = "50 %"', "for 50 % write achievable = 0.5"),
        ("[a]\nachievable = 0,5", "line 2: .* Write a number with digits and a point alone: achievable = 0.5$"),
        ("[a]\nachievable = 50 %", "line 2: .* Write a number with digits and a point alone: achievable = 0.5$"),
        ("[a]\nachievable = -1", "write one such as achievable = 0.5"),
        ('[a]\ncost = "4 000 €"', "without quotes, such as cost = 4000"),
        ("[a]\ncost = -20", "is below zero: write what the action costs, cost = 20"),
        ("[a]\ncost = nan", "is no amount"),
        (
            "[a]\nowner = Claire Martin",
            'line 2: .* A text stands between quotes, in one line: owner = "Claire Martin"$',
        ),
        ("[a]\nowner = 5", "owner = 5 is no text: write it between quotes"),
        ("[a]\nowner: Claire", "Write a line as a key, = and a value"),
        ("[low_margin:category]\ndone = true", 'line 1: .* between quotes too: ."low_margin:category".$'),
        ("[a]\ndone = true\n[a]\ncost = 1", "line 3: .* The block a stands twice: put what it says into one"),
        ("[a]\ncost = 1\ncost = 2", "line 3: .* cost is said twice in its block: say it once"),
        ("[a.b]\ncost = 1", "line 1, .a.: no setting 'b'"),
    ],
)
def test_an_action_that_is_not_understood_is_refused_in_words(acme, written, message):
    (acme.path / "audit").mkdir()
    (acme.path / "audit" / "actions.toml").write_text(written)
    with pytest.raises(ParameterError, match=message):
        acme.actions()


def test_a_finding_that_there_is_not_is_named_with_its_line(acme):
    (acme.path / "audit").mkdir()
    (acme.path / "audit" / "actions.toml").write_text("# decided\n\n[customer_lost]\ndone = true\n")
    with pytest.raises(ParameterError, match=r"line 3: no finding 'customer_lost'. Did you mean 'customers_lost'\?"):
        actions.read(acme.path, ["customers_lost", "discounts"])


def published(folder, period, ended, *findings):
    """What a report leaves behind, as far as decisions are set against it."""
    place = folder / "reports" / period / "commercial_audit.en" / "current"
    place.mkdir(parents=True)
    manifest = {"report": "commercial_audit", "period": period, "ended": ended}
    (place / "manifest.json").write_text(json.dumps(manifest))
    ids = [f"finding:{period}:{finding}" for finding in findings]
    rows = [*((each, "finding") for each in ids), *((f"{each}:stake", "stake") for each in ids)]
    pd.DataFrame(rows, columns=["figure_id", "kpi"]).to_parquet(place / "figures.parquet")


def test_a_decision_about_a_finding_that_the_last_report_did_not_make_is_told_with_its_line(acme):
    (acme.path / "audit").mkdir()
    said = '[customers_lost]\ndone = true\n["low_margin:channel"]\ndone = true\n[low_margin]\ndone = true\n'
    (acme.path / "audit" / "actions.toml").write_text(said)
    assert list(actions.astray(acme.path, acme.actions())) == []  # nothing was published yet
    published(acme.path, "2026-01", "2026-02-02T10:00:00+00:00", "customers_lost", "low_margin:channel")
    published(acme.path, "2026-02", "2026-03-02T10:00:00+00:00", "low_margin:category", "discounts")
    assert list(actions.astray(acme.path, acme.actions())) == [
        "audit/actions.toml, line 1: commercial_audit of 2026-02, the report published last, made no finding "
        "'customers_lost', so nothing is shown beside it.",
        "audit/actions.toml, line 3: commercial_audit of 2026-02, the report published last, made no finding "
        "'low_margin:channel', so nothing is shown beside it. Did you mean 'low_margin:category'?",
    ]


def test_targets_stand_in_company_toml_or_in_a_table_but_not_in_both(tmp_path):
    write(tmp_path, SETTINGS.replace("[targets]", '[tables.targets]\nfiles = "t.csv"\n\n[targets]'))
    with pytest.raises(
        ParameterError, match=r"\[targets\] and in the files of \[tables.targets\].*Delete one of the two"
    ):
        pk.load(tmp_path)


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


def sold_to(*ids):
    """Lines of sales of twelve customers, each twice, whose ids are written like these."""
    rows = [f"{n},2026-01-{n + 1:02d},{ids[n % len(ids)]},P1,1,10.00" for n in range(24)]
    return "\n".join(["order_id,date,customer_id,product_id,quantity,net_revenue", *rows])


def listed(*ids):
    return "\n".join(["customer_id,name,country,segment", *(f"{each},N{each},FR,A" for each in ids)])


@pytest.mark.parametrize(
    ("sold", "known", "says", "typed"),
    [
        (("7", "12"), ("00007", "00012"), "Sales write 7, the list 00007.", ("sales", "digits = 5")),
        (("00007", "00012"), ("7", "12"), "Sales write 00007, the list 7.", ("customers", "digits = 5")),
        (("ab1", "ab2"), ("AB1", "AB2"), "Sales write ab1, the list AB1.", ("sales", 'case = "upper"')),
        (("Ab1", "Ab2"), ("ab1", "ab2"), "Sales write Ab1, the list ab1.", ("sales", 'case = "lower"')),
        (("ab1", "ab2"), ("Ab1", "Ab2"), "Sales write ab1, the list Ab1.", ("customers", 'case = "lower"')),
    ],
)
def test_a_list_whose_ids_are_written_otherwise_is_not_asked_for_again(tmp_path, sold, known, says, typed):
    table, words = typed
    write(tmp_path, customers=listed(*known))
    (tmp_path / "exports" / "sales.csv").write_text(sold_to(*sold))
    shown = pk.load(tmp_path).coverage().views()[0]
    asked = shown.rows.set_index("question")["ask"]
    for question in ("Which markets grow and decline?", "Which customer segments grow and decline?"):
        assert asked[question].startswith("The list of customers is there, but its customer numbers are not those")
    assert not any("the customer list" in each for each in [shown.title, *shown.notes, *asked])
    [note] = [each for each in shown.notes if "are not in the list" in each]
    assert note.startswith(f"The customers of 24 lines of sales (€240) are not in the list of customers. {says} Write")
    assert note.endswith(f'under [tables.{table}.columns]: customer_id = {{ column = "...", {words} }}')
    mended = SETTINGS.replace(
        f'[tables.{table}]\nfiles = "{table}.csv"',
        f'[tables.{table}]\nfiles = "{table}.csv"\n[tables.{table}.columns]\n'
        + (
            'date = "date"\nnet_revenue = "net_revenue"\n'
            if table == "sales"
            else 'name = "name"\ncountry = "country"\nsegment = "segment"\n'
        )
        + f'customer_id = {{ column = "customer_id", {words} }}',
    )
    (tmp_path / "company.toml").write_text(mended)
    found = pk.load(tmp_path).coverage()
    assert found.rows.set_index("id").loc[["markets", "segments"], "share"].tolist() == [1, 1]
    assert found.unmatched == ()


def test_ids_that_nothing_makes_alike_are_shown_as_both_write_them(tmp_path):
    write(tmp_path, customers=listed("K-1", "K-2"))
    (tmp_path / "exports" / "sales.csv").write_text(sold_to("7", "12"))
    [note] = [each for each in pk.load(tmp_path).coverage().views()[0].notes if "list of customers" in each]
    assert "Sales write 7 and 12, the list K-1 and K-2. Does another column" in note


def test_a_list_that_lacks_some_customers_is_asked_for_anew(tmp_path):
    write(tmp_path, customers=listed("7"))
    (tmp_path / "exports" / "sales.csv").write_text(sold_to("7", "12"))
    found = pk.load(tmp_path).coverage()
    assert found.rows.set_index("id").loc["markets", "share"] == 0.5
    assert found.views()[0].notes[-1].endswith("Ask for a list that is as recent as sales.")


def sold_in(months):
    """Lines of sales on the fifth of each of the months, which count from January 2024."""
    days = [f"{2024 + month // 12}-{1 + month % 12:02d}-05" for month in months]
    rows = [f"{number},{day},C1,P1,1,10.00" for number, day in enumerate(days)]
    return "\n".join(["order_id,date,customer_id,product_id,quantity,net_revenue", *rows])


YEARS = range(26)  # January 2024 to February 2026


@pytest.mark.parametrize(
    ("months", "silent"),
    [
        (set(YEARS), []),
        (set(YEARS) - {15}, ["2025-04"]),
        (set(YEARS) - {15, 16}, ["2025-04", "2025-05"]),
        (set(YEARS) - {3, 19}, ["2024-04", "2025-08"]),
        (set(YEARS) - {7, 19}, []),  # closed each August
        (set(YEARS) - {15, 17}, []),  # now and then: the months around do not all sell
        (set(YEARS[::2]), []),  # every second month
        (set(YEARS) - {25}, ["2026-02"]),  # the last whole month, declared to be over
        (set(YEARS[4:]), []),  # before the data start nothing is missed
    ],
)
def test_a_month_without_one_line_is_told_where_the_months_around_it_sell(tmp_path, months, silent):
    write(tmp_path)
    (tmp_path / "exports" / "sales.csv").write_text(sold_in(sorted(months)))
    acme = pk.load(tmp_path)
    assert [month.label for month in acme.silent_months()] == silent
    assert len(acme.notices()) == (1 if silent else 0)


def test_a_silent_month_is_named_in_the_language_in_use(tmp_path):
    write(tmp_path)
    (tmp_path / "exports" / "sales.csv").write_text(sold_in(sorted(set(YEARS) - {15})))
    acme = pk.load(tmp_path)
    assert acme.notices()[0].startswith("No line of sales is dated in April 2025, and the months around it sell.")
    languages.use("fr")
    try:
        assert acme.notices()[0].startswith("Aucune ligne de vente ne tombe en avril 2025")
    finally:
        languages.use("en")


def test_a_company_displays_itself_in_its_language_until_another_is_chosen(tmp_path):
    def titles():
        write(tmp_path, SETTINGS.replace('currency = "EUR"', 'currency = "EUR"\nlanguage = "fr"'))
        yield languages.current()
        yield pk.load(tmp_path).coverage().views()[0].title[:11]
        acme = pk.open_company(tmp_path)
        yield acme.coverage().views()[0].title[:11]
        languages.use("en")
        yield pk.open_company(tmp_path).coverage().views()[0].title[:8]

    said = contextvars.Context().run(lambda: list(titles()))  # nobody has chosen a language there
    assert said == ["en", "Les données", "Les données", "The data"]
    assert languages.current() == "en"


def test_the_company_opened_last_offers_its_language(tmp_path):
    def spoken():
        for language in ("fr", "en", "fr"):
            folder = tmp_path / f"{language}"
            folder.mkdir(exist_ok=True)
            write(folder, SETTINGS.replace('currency = "EUR"', f'currency = "EUR"\nlanguage = "{language}"'))
            pk.open_company(folder)
            yield languages.current()

    assert contextvars.Context().run(lambda: list(spoken())) == ["fr", "en", "fr"]


@pytest.mark.parametrize(
    ("targets", "question", "says"),
    [
        (
            "revenue,2031-01-01,100,,",
            "Are we where we planned to be?",
            "none of the whole company's revenue in a month",
        ),
        ("orders,2026-01-01,100,,", "Are we where we planned to be?", "none of the whole company's revenue in a month"),
        (
            "revenue,2026-01-01,9,country,FRA",
            "Which channels, markets, .* targets.",
            "none of revenue in a month and of",
        ),
    ],
)
def test_targets_that_match_no_line_are_not_asked_for_again(tmp_path, targets, question, says):
    settings, _, _ = SETTINGS.partition("[targets]")
    write(tmp_path, settings + '[tables.targets]\nfiles = "targets.csv"\n')
    (tmp_path / "exports" / "targets.csv").write_text(f"kpi,period,value,dimension,member\n{targets}\n")
    shown = pk.load(tmp_path).coverage().views()[0]
    [asked] = shown.rows.loc[shown.rows["question"].str.fullmatch(question.replace("?", ".")), "ask"]
    assert says in asked
    assert not any("monthly" in each for each in [asked, shown.title])


def test_books_that_match_no_month_of_sales_are_not_asked_for_again(tmp_path):
    write(tmp_path, SETTINGS + '\n[tables.ledger]\nfiles = "ledger.csv"\n')
    rows = "journal,entry_id,date,account,debit,credit\nV,1,2026-01-05,411,10,0\nV,1,2026-01-05,445,0,10\n"
    (tmp_path / "exports" / "ledger.csv").write_text(rows)
    shown = pk.load(tmp_path).coverage().views()[0]
    asked = shown.rows.set_index("question").loc["Do sales tie to the books?", "ask"]
    assert asked == "The ledger is there, but no entry of revenue (accounts 70) in a month of which there are sales."


def test_ids_whose_case_varies_in_both_lists_are_told_to_take_one_in_both(tmp_path):
    write(tmp_path, customers=listed("AB1", "ab2"))
    (tmp_path / "exports" / "sales.csv").write_text(sold_to("ab1", "AB2"))
    [note] = [each for each in pk.load(tmp_path).coverage().views()[0].notes if "are not in the list" in each]
    words = 'customer_id = { column = "...", case = "upper" }'
    assert note.endswith(f"under [tables.sales.columns]: {words}; and under [tables.customers.columns]: {words}")


def test_a_month_whose_target_is_given_twice_is_not_counted_as_having_one(tmp_path):
    settings, _, _ = SETTINGS.partition("[targets]")
    write(tmp_path, settings + '[tables.targets]\nfiles = "targets.csv"\n')
    (tmp_path / "exports" / "targets.csv").write_text(
        "kpi,period,value\nrevenue,2026-01-01,24000\nrevenue,2026-01-15,26000\n"
    )
    acme = pk.load(tmp_path)
    assert not acme.coverage().rows.set_index("id").loc["targets", "answered"]
    shown = acme.coverage().views()[0].rows.set_index("question")["ask"]
    assert any("or two in the same month" in each for each in shown)
    [told] = acme.notices()
    assert "2026-01, 24000 and 26000 (targets.csv, line 2; targets.csv, line 3)" in told
