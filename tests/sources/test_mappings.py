"""Mappings: what a canonical column is made of, file by file."""

import re
from decimal import Decimal

import pytest

from perfkit.errors import DataError, ParameterError

PLAIN = {"decimal": ".", "date": "%Y-%m-%d"}


def test_the_first_of_several_names_that_a_file_has_is_taken(desk):
    desk.write("a.csv", "Day,Net\n2024-01-01,1\n")
    desk.write("b.csv", "Jour,Montant\n2024-01-02,2\n")
    columns = {"date": ["Day", "Jour"], "net_revenue": ["Net", "Montant"]}
    snapshot = desk.load(name="*.csv", columns=columns, format=PLAIN)
    assert desk.revenue(snapshot) == 3
    assert snapshot.report["tables"]["sales"]["columns"] == {"date": "Day / Jour", "net_revenue": "Net / Montant"}
    with pytest.raises(DataError, match=r"a\.csv: no column 'X' or 'Jour'.*It has: Day, Net\."):
        desk.load(name="*.csv", columns={**columns, "date": ["X", "Jour"]}, format=PLAIN)


def test_headings_that_differ_by_spelling_alone_are_the_same(desk):
    text = "DATE  FACTURE ;n\u00b0 facture;Montant\u00a0HT *;Pre\u0301nom\n2024-01-01;7;1.50;x\n"
    columns = {"date": "Date facture", "order_id": "No facture", "net_revenue": "Montant HT", "rep": "Prénom"}
    snapshot = desk.load(text, columns=columns, format={**PLAIN, "delimiter": ";"})
    assert desk.revenue(snapshot) == Decimal("1.5") and desk.column(snapshot, "rep") == ["x"]


def test_two_headings_that_differ_by_spelling_alone_are_told_apart_exactly(desk):
    text = "date,net_revenue,NET_REVENUE\n2024-01-01,1,2\n"
    assert desk.revenue(desk.load(text, format=PLAIN)) == 1
    with pytest.raises(DataError, match="no column 'Net_Revenue'"):
        desk.load(columns={"date": "date", "net_revenue": "Net_Revenue"}, format=PLAIN)


def test_a_column_may_be_absent_where_it_is_optional(desk):
    desk.write("a.csv", "d,n,c\n2024-01-01,1,web\n")
    desk.write("b.csv", "n,d\n2,2024-01-02\n")
    columns = {"date": "d", "net_revenue": "n", "channel": {"column": "c", "optional": True}}
    snapshot = desk.load(name="*.csv", columns=columns, format=PLAIN)
    assert desk.column(snapshot, "channel") == ["web", None] and desk.revenue(snapshot) == 3
    assert snapshot.report["tables"]["sales"]["notices"] == [
        "b.csv has no column for channel: its rows have no value there."
    ]
    with pytest.raises(DataError, match=r"b\.csv: no column 'c'"):
        desk.load(name="*.csv", columns={**columns, "channel": "c"}, format=PLAIN)


@pytest.mark.parametrize(
    "heading", ["CA (k€)", "CA k€", "Montant en milliers", "Revenue (kEUR)", "Net €k", "Sales ($000s)"]
)
def test_a_heading_in_thousands_is_asked_about(desk, heading):
    text = f'd;"{heading}"\n2024-01-01;1.5\n'
    columns = {"date": "d", "net_revenue": heading}
    form = {**PLAIN, "delimiter": ";"}
    with pytest.raises(DataError, match=r"times = 1000 \}, or times = 1 "):
        desk.load(text, columns=columns, format=form)
    for times in (1000, 1):
        columns["net_revenue"] = {"column": heading, "times": times}
        assert desk.revenue(desk.load(columns=columns, format=form)) == Decimal("1.5") * times


def test_a_heading_in_millions_is_asked_about(desk):
    with pytest.raises(DataError, match="times = 1000000"):
        desk.load(
            "d;CA (M€)\n2024-01-01;1.5\n", columns={"date": "d", "net_revenue": "CA (M€)"}, format={"delimiter": ";"}
        )


@pytest.mark.parametrize("heading", ["Montant TTC", "Total (TVA incluse)", "Amount incl. VAT", "Total inc tax"])
def test_a_heading_with_tax_is_asked_about(desk, heading):
    text = f"d;{heading};TVA\n2024-01-01;12;2\n"
    form = {**PLAIN, "delimiter": ";"}
    with pytest.raises(DataError, match="include tax"):
        desk.load(text, columns={"date": "d", "net_revenue": heading}, format=form)
    net = {"subtract": [heading, "TVA"]}
    assert desk.revenue(desk.load(columns={"date": "d", "net_revenue": net}, format=form)) == 10


@pytest.mark.parametrize("heading", ["Montant HT", "Marketing", "Kit", "Total", "Book value", "Amount excl. VAT", "km"])
def test_an_ordinary_heading_is_not_asked_about(desk, heading):
    text = f"d;{heading}\n2024-01-01;12\n"
    snapshot = desk.load(text, columns={"date": "d", "net_revenue": heading}, format={**PLAIN, "delimiter": ";"})
    assert desk.revenue(snapshot) == 12


def test_amounts_are_taken_off_and_a_missing_one_is_zero(desk):
    text = "d,q,p,line,order\n2024-01-01,2,5.25,0.50,3\n2024-01-01,1,4,,\n2024-01-01,1,4,x,\n"
    net = {"multiply": ["q", "p"], "less": ["line", "order"]}
    snapshot = desk.load(text, columns={"date": "d", "net_revenue": net}, format=PLAIN)
    assert desk.column(snapshot, "net_revenue") == [Decimal("7.00"), Decimal("4.00")]
    assert desk.aside(snapshot) == [(4, "line", "x", "not a number")]


def test_words_are_said_in_the_canonical_words(desk):
    text = "d,n,t\n2024-01-01,1,Facture\n2024-01-01,-2, AVOIR \n2024-01-01,3,order\n2024-01-01,4,Devis\n"
    document = {"column": "t", "values": {"facture": "invoice", "Avoir": "credit"}}
    snapshot = desk.load(text, columns={"date": "d", "net_revenue": "n", "document": document}, format=PLAIN)
    assert desk.column(snapshot, "document") == ["invoice", "credit", "order"]
    assert desk.aside(snapshot) == [(5, "t", "Devis", "not one of")]


def test_leading_zeros_that_a_spreadsheet_took_are_put_back(desk):
    text = "d,n,c\n2024-01-01,1,123\n2024-01-01,1,00124\n2024-01-01,1,123456\n2024-01-01,1,A7\n"
    columns = {"date": "d", "net_revenue": "n", "customer_id": {"column": "c", "digits": 5}}
    snapshot = desk.load(text, columns=columns, format=PLAIN)
    assert desk.column(snapshot, "customer_id") == ["00123", "00124", "123456", "A7"]


def test_ids_that_are_written_now_so_and_now_so_count_in_one_case(desk):
    text = "d,n,c\n2024-01-01,1,ab1\n2024-01-01,1,Ab1\n2024-01-01,1,É2\n"
    for case, counted in (("upper", ["AB1", "AB1", "É2"]), ("lower", ["ab1", "ab1", "é2"])):
        columns = {"date": "d", "net_revenue": "n", "customer_id": {"column": "c", "case": case}}
        assert desk.column(desk.load(text, columns=columns, format=PLAIN), "customer_id") == counted


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"date": "d", "net_revenue": {"column": "n", "digits": 5}}, "digits is for an id"),
        ({"date": "d", "net_revenue": {"column": "n", "case": "upper"}}, "case is for an id or words"),
        ({"date": {"column": "d", "times": 2}, "net_revenue": "n"}, "times and less are for amounts"),
        ({"date": "d", "net_revenue": {"column": "n", "values": {"a": "1"}}}, "values is for words"),
    ],
)
def test_an_operation_that_does_not_fit_its_column_is_refused(desk, columns, said):
    with pytest.raises(ParameterError, match=said):
        desk.load("d,n\n2024-01-01,1\n", columns=columns, format=PLAIN)


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("Montant HT USD", "another currency"), ("Net Amount ($)", "another currency"), ("Montant (CHF)", "another"),
        ("Amount in cents", 'times = "0.01"'), ("Montant (centimes)", 'times = "0.01"'), ("Montant (Ke)", "1,000s"),
        ("Ventes (en k)", "1,000s"), ("MontantTTC", "include tax"), ("Total with VAT", "include tax"),
        ("Montant T.V.A. incluse", "include tax"), ("Gross amount", "include tax"), ("amount_gross", "include tax"),
        ("Remise %", "percents"),
    ],
)  # fmt: skip
def test_a_heading_that_says_other_than_net_amounts_is_asked_about(desk, heading, said):
    form = {**PLAIN, "delimiter": ";"}
    with pytest.raises(DataError, match=re.escape(said)):
        desk.load(f"d;{heading}\n2024-01-01;12\n", columns={"date": "d", "net_revenue": heading}, format=form)
    confirmed = {"column": heading, "times": 1}
    assert desk.revenue(desk.load(columns={"date": "d", "net_revenue": confirmed}, format=form)) == 12


def test_large_products_are_exact_and_too_large_ones_set_aside(desk):
    text = "d,q,p\n2024-01-01,1200,10000\n2024-01-01,1,1000000.25\n2024-01-01,99999999999,99999999999\n"
    snapshot = desk.load(text, columns={"date": "d", "net_revenue": {"multiply": ["q", "p"]}}, format=PLAIN)
    assert desk.column(snapshot, "net_revenue") == [Decimal(12_000_000), Decimal("1000000.25")]
    assert desk.aside(snapshot)[0][3] == "result too many decimals"
    times = {"multiply": ["q", "p"], "times": 1000}
    text = "d,q,p\n2024-01-01,1,2\n2024-01-01,3,100000\n"
    assert desk.revenue(desk.load(text, columns={"date": "d", "net_revenue": times}, format=PLAIN)) == 300_002_000


def test_a_share_above_one_is_set_aside(desk):
    text = "rep_id,period,goal,weight\nR,2024-01-01,g,0.25\nR,2024-01-01,h,50\n"
    snapshot = desk.load(text, table="goals", format={"decimal": "."})
    assert desk.aside(snapshot) == [(3, "weight", "50", "no share")]


def test_what_is_proposed_for_a_doubtful_heading_keeps_the_rest_of_the_mapping(desk):
    text = "d;q;PU (k€)\n2024-01-01;3;1.5\n"
    form = {**PLAIN, "delimiter": ";"}
    with pytest.raises(DataError, match=re.escape('= { multiply = ["q", "PU (k€)"], times = 1000 }')):
        desk.load(text, columns={"date": "d", "net_revenue": {"multiply": ["q", "PU (k€)"]}}, format=form)
    said = {"multiply": ["q", "PU (k€)"], "times": 1000}
    assert desk.revenue(desk.load(columns={"date": "d", "net_revenue": said}, format=form)) == 4500


def test_rates_are_of_other_currencies_and_none_of_them_is_set_aside(desk):
    snapshot = desk.load(
        "date,currency,rate\n2026-01-31,CHF,1.0401\n2026-01-31,GBP,1.16\n", table="fx", name="fx.csv", format=PLAIN
    )
    assert (desk.column(snapshot, "currency", "fx"), desk.column(snapshot, "rate", "fx")) == (
        ["CHF", "GBP"],
        [1.0401, 1.16],
    )


def test_a_postcode_that_the_company_keeps_gets_its_zeros_back(desk):
    columns = {"customer_id": "c", "postcode": {"column": "cp", "digits": 5}}
    snapshot = desk.load(
        "c,cp\nC1,1000\nC2,75011\nC3,\n", table="customers", name="c.csv", columns=columns, format=PLAIN
    )
    assert desk.column(snapshot, "postcode", "customers") == ["01000", "75011", None]


UNSIGNED = {"column": "n", "credits": {"column": "t", "in": ["Avoir", "AV"]}}


def test_credit_notes_without_a_minus_count_below_zero(desk):
    text = "d;n;t\n2024-01-01;100,00;Facture\n2024-01-02;30,05; avoir\n2024-01-03;-20,00;AV\n2024-01-04;7,00;\n"
    columns = {"date": "d", "net_revenue": UNSIGNED}
    snapshot = desk.load(text, columns=columns)
    assert [str(each) for each in desk.column(snapshot, "net_revenue")] == [
        "100.0000",
        "-30.0500",
        "-20.0000",
        "7.0000",
    ]
    assert desk.revenue(snapshot) == Decimal("56.95")
    made = snapshot.report["tables"]["sales"]
    assert "n, below zero where t is Avoir or AV" in str(made)


@pytest.mark.parametrize("cell", ["Preisnachlaß", "PREISNACHLAß", "Preisnachlaß\t", "\u00a0preisnachlaß "])
def test_a_word_for_credit_notes_is_known_in_any_letters(desk, cell):
    said = {"column": "n", "credits": {"column": "t", "in": ["Preisnachlaß"]}}
    snapshot = desk.load(
        f"d;n;t\n2024-01-01;10,00;F\n2024-01-02;4,00;{cell}\n", columns={"date": "d", "net_revenue": said}
    )
    assert desk.revenue(snapshot) == 6


def test_credit_notes_keep_the_other_steps_of_an_amount(desk):
    text = "d,q,p,r,t\n2024-01-01,2,10,1,F\n2024-01-01,3,10,,A\n"
    said = {"multiply": ["q", "p"], "less": ["r"], "times": 10, "credits": {"column": "t", "in": ["a"]}}
    snapshot = desk.load(text, columns={"date": "d", "net_revenue": said}, format=PLAIN)
    assert desk.revenue(snapshot) == 190 - 300


def test_the_amount_of_a_credit_note_that_is_set_aside_is_known_below_zero(desk):
    text = "d,n,t\n2024-01-01,100,F\nnever,30,Avoir\n2024-01-01,5,F\n"
    snapshot = desk.load(text, columns={"date": "d", "net_revenue": UNSIGNED}, format=PLAIN | {"date": "%Y-%m-%d"})
    assert desk.revenue(snapshot) == 105 and desk.revenue(snapshot, "quarantined") == -30


def test_a_column_that_tells_credit_notes_must_be_there_and_suit_an_amount(desk):
    with pytest.raises(DataError, match="no column 't'"):
        desk.load("d,n\n2024-01-01,1\n", columns={"date": "d", "net_revenue": UNSIGNED}, format=PLAIN)
    columns = {"date": "d", "net_revenue": "n", "order_id": UNSIGNED}
    with pytest.raises(ParameterError, match="credits is for amounts"):
        desk.load("d,n,t\n2024-01-01,1,A\n", columns=columns, format=PLAIN)
