"""Values: a number, date or id is read exactly as declared, or its row is set aside with the reason."""

import datetime as dt
import re
from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from perfkit.errors import DataError, ParameterError


def amount(desk, text, **form):
    """What becomes of one amount: its exact value, or the reason why not. The other row keeps the file alive."""
    snapshot = desk.load(f'date;net_revenue\n2024-01-01;"{text}"\n2024-01-02;0\n', format={"delimiter": ";", **form})
    failed = desk.aside(snapshot)
    return failed[0][3] if failed else desk.column(snapshot, "net_revenue")[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12"), ("-12.5", "-12.5"), ("+3", "3"), (".5", "0.5"), ("5.", "5"), ("-0", "0"), (" 7.25 ", "7.25"),
        ("1.005", "1.005"), ("0.0001", "0.0001"), ("12.50000000", "12.5"), ("00012", "12"),
        ("99999999999999.9999", "99999999999999.9999"),
    ],
)  # fmt: skip
def test_an_amount_is_read_exactly(desk, text, value):
    assert amount(desk, text, decimal=".") == Decimal(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1.00005", "too many decimals"), ("0.00001", "too many decimals"), ("100000000000000", "too large"),
        ("1e3", "not a number"), ("1.23E+05", "not a number"), ("1_000", "not a number"), ("1,234.5", "not a number"),
        ("12,5", "not a number"), ("12 $", "other currency"), ("(12", "not a number"), ("12--", "not a number"),
        ("–12", "not a number"), ("0x10", "not a number"), ("١٢", "not a number"), ("-", "not a number"),
        ("n/a", "not a number"), ("NULL", "not a number"), ("12 000", "not a number"), ("#N/A", "not a number"),
        ("nan", "not finite"), ("inf", "not finite"), ("-Infinity", "not finite"), ("", "missing"),
        ("9" * 50, "too large"), ("1.2.3", "not a number"), ("=1+1", "not a number"), ("true", "not a number"),
    ],
)  # fmt: skip
def test_an_amount_that_is_not_one_sets_its_row_aside(desk, text, reason):
    assert amount(desk, text, decimal=".", thousands="") == reason


FRENCH = {"decimal": ",", "thousands": " "}


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("1 234,56", FRENCH, "1234.56"), ("1\u00a0234,56", FRENCH, "1234.56"), ("-1 234,5", FRENCH, "-1234.5"),
        ("1\u202f234\u202f567,8", FRENCH, "1234567.8"), ("1234,56", FRENCH, "1234.56"), ("12,5", FRENCH, "12.5"),
        (" 12,5\u00a0", FRENCH, "12.5"), ("1.5", {"decimal": ",", "thousands": "."}, "not a number"),
        ("1.234,56", {"decimal": ",", "thousands": "."}, "1234.56"), ("1,234.56", {"thousands": ","}, "1234.56"),
        ("1'234.56", {"thousands": "'"}, "1234.56"), ("1234,5", {"decimal": ","}, "1234.5"),
        ("12 34,5", FRENCH, "not a number"), ("1 2345", FRENCH, "not a number"), ("1.5", FRENCH, "not a number"),
        ("1,234", {"thousands": ","}, "1234"), ("1,23", {"thousands": ","}, "not a number"),
        ("1.234", {"decimal": ",", "thousands": "."}, "1234"), ("1,2,3", {"decimal": ","}, "not a number"),
        ("1,234,56", {"thousands": ","}, "not a number"),
        ("1,00005", {"decimal": ","}, "too many decimals"),
    ],
)  # fmt: skip
def test_declared_signs_of_thousands_and_decimals_are_held_to(desk, text, form, value):
    found = amount(desk, text, **form)
    assert found == (value if value.startswith("not") or value.startswith("too") else Decimal(value))


PLAIN = re.compile(r"[ \t]*[+-]? *(\d+\.?\d*|\.\d+)[ ]*")


@settings(max_examples=15)
@given(st.lists(st.text("0123456789.,+eE_ xn", max_size=9), min_size=60, max_size=60))
@example(["1.", ".1", "1e1", "--1", "+.", "1 ", " 1", "0.00010", "0.00001", "1_0"])
def test_numbers_agree_with_decimal(tmp_path_factory, texts):
    desk = _desk(tmp_path_factory)
    rows = "".join(f'"{text}";2024-01-01\n' for text in texts)
    snapshot = desk.load(
        f"net_revenue;date\n{rows}0;2024-01-01\n",
        format={"delimiter": ";", "decimal": ".", "thousands": ""},
        max_quarantined=1,
    )
    expected = [Decimal(text.replace(" ", "")) for text in texts if PLAIN.fullmatch(text)]
    exact = [value for value in expected if value == value.quantize(Decimal("0.0001"))]
    assert desk.column(snapshot, "net_revenue") == [*exact, Decimal(0)]


def _desk(tmp_path_factory):
    from tests.sources.conftest import Desk

    return Desk(tmp_path_factory.mktemp("desk"))


def day(desk, text, shape="%Y-%m-%d"):
    snapshot = desk.load(
        f'date,net_revenue\n"{text}",1\n,1\n{dt.date(2024, 5, 6).strftime(shape)},1\n', format={"date": shape}
    )
    failed = [each for each in desk.aside(snapshot) if each[3] != "missing"]
    return failed[0][3] if failed else desk.column(snapshot, "date")[0]


@pytest.mark.parametrize(
    ("text", "shape", "value"),
    [
        ("2024-02-29", "%Y-%m-%d", dt.date(2024, 2, 29)),
        ("03/04/2026", "%d/%m/%Y", dt.date(2026, 4, 3)),
        ("03/04/2026", "%m/%d/%Y", dt.date(2026, 3, 4)),
        ("3/4/2026", "%d/%m/%Y", dt.date(2026, 4, 3)),
        ("20240203", "%Y%m%d", dt.date(2024, 2, 3)),
        ("01-03-17", "%d-%m-%y", dt.date(2017, 3, 1)),
        ("2024-01-02 23:59:59", "%Y-%m-%d %H:%M:%S", dt.date(2024, 1, 2)),
        ("1900-01-01", "%Y-%m-%d", dt.date(1900, 1, 1)),
        ("2023-02-29", "%Y-%m-%d", "not a date"),
        ("31/02/2024", "%d/%m/%Y", "not a date"),
        ("13/13/2024", "%d/%m/%Y", "not a date"),
        ("01/02/2024x", "%d/%m/%Y", "not a date"),
        ("2024-01-02 10:00", "%Y-%m-%d", "not a date"),
        ("2024-01", "%Y-%m-%d", "not a date"),
        ("45631", "%Y-%m-%d", "not a date"),
        ("2024012", "%Y%m%d", "not a date"),
        ("epoch", "%Y-%m-%d", "not a plausible date"),
        ("infinity", "%Y-%m-%d", "not a plausible date"),
        ("24-01-02", "%Y-%m-%d", "not a plausible date"),
        ("0202-01-02", "%Y-%m-%d", "not a plausible date"),
        ("1899-12-31", "%Y-%m-%d", "not a plausible date"),
        ("2200-01-01", "%Y-%m-%d", "not a plausible date"),
        ("2024-01-02 24:00:00", "%Y-%m-%d %H:%M:%S", "not a date"),
    ],
)
def test_a_date_is_the_declared_format_and_a_day_there_was(desk, text, shape, value):
    assert day(desk, text, shape) == value


def test_a_wrong_date_format_for_all_rows_is_refused_with_an_example(desk):
    with pytest.raises(DataError) as refused:
        desk.load("date,net_revenue\n31/12/2024,1\n30/12/2024,2\n", format={"date": "%Y-%m-%d"})
    assert str(refused.value) == (
        "sales: no row could be accepted. The text is not a date as its column writes them. (2 rows) First: sales.csv, "
        "line 2: date = '31/12/2024'. Most often the format is not the declared one: see [tables.sales] format."
    )


def test_a_column_that_can_be_read_in_two_ways_is_refused_with_what_to_type(desk):
    with pytest.raises(DataError, match=r"^sales: sales.csv, line 2: date = '01/02/2024' is 1 February 2024 or 2 Jan"):
        desk.load("date,net_revenue\n01/02/2024,1\n03/04/2024,2\n")
    with pytest.raises(DataError, match=r"^sales: sales.csv, line 3: net_revenue = '1.234' is 1234 or 1.234, and no"):
        desk.load("date,net_revenue\n2024-01-31,1\n2024-01-31,1.234\n")


def test_a_french_export_is_read_by_what_its_columns_prove(desk):
    text = "date;net_revenue\n31/12/2024;1 234,56 €\n01/12/2024;(1 000,00 €)\n15/12/2024;12,5 $\n"
    snapshot = desk.load(text, format={"delimiter": ";"})
    assert desk.column(snapshot, "date") == [dt.date(2024, 12, 31), dt.date(2024, 12, 1)]
    assert desk.revenue(snapshot) == Decimal("234.56")
    assert desk.aside(snapshot) == [(4, "net_revenue", "12,5 $", "other currency")]


@pytest.mark.parametrize("date", ["%d/%m", "yyyy-mm-dd", "%Y-%m-%d %Z", "%z %Y-%m-%d"])
def test_a_format_that_is_no_date_is_refused(desk, date):
    with pytest.raises(ParameterError, match=r"company\.toml"):
        desk.load("date,net_revenue\n2024-01-01,1\n", format={"date": date})


def test_ids_are_text_and_kept_byte_for_byte(desk):
    ids = ["00123", "1.23E+05", " 12 ", "NULL", "None", "NA", "é", "=cmd()", "<script>", "12.0", "1e3"]
    snapshot = desk.load("order_id,date,net_revenue\n" + "".join(f"{each},2024-01-01,1\n" for each in ids))
    assert desk.column(snapshot, "order_id") == ids


def test_only_declared_texts_are_missing(desk):
    text = "order_id,date,net_revenue\nNA,2024-01-01,1\nn/a,2024-01-01,2\n,2024-01-01,3\n"
    assert desk.column(desk.load(text, format={"null": ["NA"]}), "order_id") == [None, "n/a", ""]
    assert desk.column(desk.load(text, format={"null": ["", "n/a"]}), "order_id") == ["NA", None, None]
    assert desk.column(desk.load(text, format={"null": []}), "order_id") == ["NA", "n/a", ""]


def test_quantity_times_price_is_exact_and_never_rounded(desk):
    rows = "2024-01-01,3,0.3333\n2024-01-01,3,0.333333\n2024-01-01,0.5,0.0001\n2024-01-01,x,1\n2024-01-01,4,0.000025\n"
    snapshot = desk.load("date,Q,P\n" + rows, columns={"date": "date", "net_revenue": {"multiply": ["Q", "P"]}})
    assert desk.column(snapshot, "net_revenue") == [Decimal("0.9999"), Decimal("0.0001")]
    assert desk.aside(snapshot) == [
        (3, "Q, P", "3 | 0.333333", "result too many decimals"),
        (4, "Q, P", "0.5 | 0.0001", "result too many decimals"),
        (5, "Q", "x", "not a number"),
    ]
    quarantined = snapshot.report["tables"]["sales"]["quarantined"]
    assert quarantined["sums"] == {"net_revenue": "1.000049"} and quarantined["unreadable"] == {"net_revenue": 1}


def test_the_amount_of_a_row_set_aside_is_counted_to_the_last_decimal(desk):
    snapshot = desk.load("date,net_revenue\n2024-01-01,1\n2024-01-02,0.00001\nx,5.5\nx,?\n")
    assert desk.revenue(snapshot, "read") == Decimal("6.50001")
    assert desk.revenue(snapshot, "quarantined") == Decimal("5.50001")
    reasons = snapshot.report["tables"]["sales"]["quarantined"]["reasons"]
    assert reasons == {
        "not a date": {"rows": 2, "sums": {"net_revenue": "5.5"}},
        "too many decimals": {"rows": 1, "sums": {"net_revenue": "0.00001"}},
    }


def test_columns_are_added_subtracted_joined_and_constant(desk):
    snapshot = desk.load(
        "j,n,d,gross,discount\nVT,001,2024-01-01,10.50,0.25\nVT,002,2024-01-01,10,\n",
        columns={
            "order_id": {"join": ["j", "n"]},
            "date": "d",
            "net_revenue": {"subtract": ["gross", "discount"]},
            "list_revenue": {"add": ["gross", "gross"]},
            "channel": {"value": "shop"},
            "region": "j",
        },
    )
    (row,) = snapshot.table("sales").to_pyarrow().to_pylist()
    assert (row["order_id"], row["net_revenue"], row["list_revenue"]) == ("VT-001", Decimal("10.25"), Decimal("21"))
    assert (row["channel"], row["region"]) == ("shop", "VT")
    assert desk.aside(snapshot) == [(3, "discount", None, "missing")]
    made = snapshot.report["tables"]["sales"]["columns"]
    assert made["net_revenue"] == "gross - discount" and made["channel"] == "constant shop"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"date": "d"}, r"net_revenue is not mapped.*Revenue is its sum"),
        ({"date": {"add": ["d", "a"]}, "net_revenue": "a"}, "add makes a number, but date is date"),
        ({"date": {"value": "2024-13-01"}, "net_revenue": "a"}, "value = '2024-13-01' is not date"),
        ({"date": "d", "net_revenue": {"value": "ten"}}, "value = 'ten' is not money"),
        ({"date": "d", "net_revenue": {"multiply": ["a", "a", "a"]}}, "multiply"),
        ({"date": "d", "net_revenue": {"join": ["a", "d"]}}, "join makes a text"),
        ({"date": "d", "net_revenue": {"column": "a", "value": 1}}, "exactly one of"),
        ({"date": "d", "net_revenue": "a", "x; drop table": "a"}, "letters, digits and _"),
        ({"date": "d", "net_revenue": "a", "Date": "a"}, "differ only by case"),
    ],
)
def test_an_impossible_mapping_is_refused_in_words(desk, columns, said):
    with pytest.raises(ParameterError, match=said):
        desk.load("d,a\n2024-01-01,1\n", columns=columns)


def test_a_misspelt_canonical_name_is_noticed(desk):
    snapshot = desk.load("d,a,q\n2024-01-01,1,2\n", columns={"date": "d", "net_revenue": "a", "quantitty": "q"})
    assert snapshot.report["tables"]["sales"]["notices"] == [
        "Column quantitty is kept as text: the schema has none of that name. It has quantity."
    ]


def test_only_the_values_allowed_are_taken(desk):
    snapshot = desk.load("date,net_revenue,document\n2024-01-01,1,invoice\n2024-01-01,2,Invoice\n2024-01-01,3,\n")
    assert desk.aside(snapshot) == [(3, "document", "Invoice", "not one of")]
    assert desk.column(snapshot, "document") == ["invoice", None]


def test_other_currencies_are_never_mixed_in(desk):
    snapshot = desk.load(
        "date,net_revenue,currency\n2024-01-01,1,EUR\n2024-01-01,2,USD\n2024-01-01,4,eur\n2024-01-01,8,\n"
    )
    assert desk.revenue(snapshot) == 5
    assert desk.aside(snapshot) == [(3, "currency", "USD", "other currency"), (5, "currency", None, "other currency")]


def test_other_types_are_held_to_their_rules(desk):
    snapshot = desk.load(
        "rep_id,period,goal,weight,kind\nR1,2024-01-01,g,0.25,quantitative\nR1,2024-01-01,g,nan,quantitative\n",
        table="goals",
    )
    assert desk.column(snapshot, "weight", "goals") == [0.25]
    assert desk.aside(snapshot) == [(3, "weight", "nan", "not finite")]
    text = "date,channel,visits\n2024-01-01,a,12\n2024-01-01,a,12.0\n2024-01-01,a,12.5\n2024-01-01,a,1e3\n"
    snapshot = desk.load(text, table="sessions")
    assert desk.column(snapshot, "visits", "sessions") == [12, 12]
    assert [each[3] for each in desk.aside(snapshot)] == ["not whole", "not a number"]
    text = "activity_id,kind,done_at,automated\n1,call,2024-01-01 10:30,true\n2,call,2024-01-01 10:31,0\n"
    text += "3,call,2024-01-01 10:32,perhaps\n"
    snapshot = desk.load(text, table="activities", format={"timestamp": "%Y-%m-%d %H:%M"})
    assert desk.column(snapshot, "automated", "activities") == [True, False]
    assert desk.column(snapshot, "done_at", "activities")[0] == dt.datetime(2024, 1, 1, 10, 30)
    assert desk.aside(snapshot) == [(4, "automated", "perhaps", "not yes or no")]


def test_a_share_below_one_under_a_percent_sign_is_read_as_the_settings_say(desk):
    text = "rep_id,period,goal,Poids %,kind\nR1,2024-01-01,g,0.5,quantitative\n"
    columns = {name: name for name in ("rep_id", "period", "goal", "kind")}
    with pytest.raises(DataError, match=r'times = "0.01" } if it is percent, or times = 1 }'):
        desk.load(text, table="goals", columns={**columns, "weight": "Poids %"})
    for times, value in (("0.01", 0.005), (1, 0.5)):
        mapping = {**columns, "weight": {"column": "Poids %", "times": times}}
        assert desk.column(desk.load(text, table="goals", columns=mapping), "weight", "goals") == [value]
