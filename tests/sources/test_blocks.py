"""Blocks: files of several shapes make one table, each read in its own way, counted together."""

import json
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest

from perfkit import company
from perfkit.errors import DataError, ParameterError
from perfkit.sources import load
from perfkit.sources.settings import TableSettings, blocks, checked

ERP = """N° facture;Date facture;Code client;Montant HT;Commercial
F1;31/01/2026;00012;1 234,50;R1
F2;13/02/2026;00013;-34,50;R2
"""
SHOP = "order,day,email,amount,test\nW1,2026-02-01,a@b.example,100.00,no\nW2,2026-02-02,c@d.example,50.25,yes\n"
ERP_BLOCK = {
    "files": "ventes*.csv",
    "columns": {
        "order_id": "N° facture",
        "date": "Date facture",
        "customer_id": "Code client",
        "net_revenue": "Montant HT",
        "rep_id": "Commercial",
        "channel": {"value": "wholesale"},
    },
}
SHOP_BLOCK = {
    "files": "shop*.csv",
    "columns": {"order_id": "order", "date": "day", "customer_id": "email", "net_revenue": "amount"},
    "exclude": [{"column": "test", "equals": "yes", "because": "a test order"}],
}


def loaded(desk, *said, table="sales", control=None):
    declared = [checked(TableSettings, each) for each in said]
    return load(desk.folder, {table: declared}, control, exports=desk.exports, currency="EUR")


@pytest.fixture
def both(desk):
    desk.write("ventes.csv", ERP)
    desk.write("shop.csv", SHOP)
    return desk


def test_two_shapes_make_one_table_and_the_money_of_both_adds_up(both):
    snapshot = loaded(both, ERP_BLOCK, SHOP_BLOCK)
    assert both.counts(snapshot) == (3, 1, 0)
    assert (both.revenue(snapshot), both.revenue(snapshot, "excluded")) == (Decimal("1300"), Decimal("50.25"))
    assert both.revenue(snapshot, "read") == Decimal("1350.25")
    assert both.column(snapshot, "order_id") == ["F1", "F2", "W1"]
    assert both.column(snapshot, "customer_id") == ["00012", "00013", "a@b.example"]


def test_a_column_that_a_block_does_not_map_has_no_value_in_its_rows_and_that_is_said(both):
    snapshot = loaded(both, ERP_BLOCK, SHOP_BLOCK)
    assert both.column(snapshot, "rep_id") == ["R1", "R2", None]
    assert both.column(snapshot, "channel") == ["wholesale", "wholesale", None]
    report = snapshot.report["tables"]["sales"]
    assert "shop.csv has no column for channel, rep_id: its rows have no value there." in report["notices"]
    assert report["columns"]["net_revenue"] == "Montant HT / amount"


def test_each_block_leaves_out_by_its_own_rules_alone(both):
    erp = {**ERP_BLOCK, "exclude": [{"column": "N° facture", "equals": "F2", "because": "a credit"}]}
    shop = {**SHOP_BLOCK, "exclude": [*SHOP_BLOCK["exclude"], {"column": "order", "equals": "F1", "because": "never"}]}
    snapshot = loaded(both, erp, shop)
    report = snapshot.report["tables"]["sales"]
    rules = [(rule["because"], rule["rows"], rule["sums"]["net_revenue"]) for rule in report["excluded"]["rules"]]
    assert rules == [("a credit", 1, "-34.5"), ("a test order", 1, "50.25"), ("never", 0, "0")]
    unused = [notice for notice in report["notices"] if "matches no row" in notice]
    assert unused == ["The rule order = F1 (never) matches no row."]


def test_each_block_has_its_own_preset_and_only_the_companys_rules_are_said_to_match_nothing(both):
    both.write(
        "orders.csv",
        "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,"
        "Lineitem quantity,Lineitem price,Lineitem sku,Lineitem discount,Cancelled at,Refunded Amount\n"
        "#1,a@b.example,paid,EUR,20.00,0,4.00,24.00,0,2026-02-03 10:00:00 +0100,2,10.00,P1,0,,0\n",
    )
    shop = {"files": "orders.csv", "preset": "shopify", "columns": {"channel": {"value": "web"}}}
    snapshot = loaded(both, ERP_BLOCK, shop)
    assert (both.counts(snapshot), both.revenue(snapshot)) == ((3, 0, 0), Decimal("1220"))
    assert both.column(snapshot, "channel") == ["wholesale", "wholesale", "web"]
    assert not [each for each in snapshot.report["tables"]["sales"]["notices"] if "matches no row" in each]


def test_what_cannot_be_read_is_set_aside_whichever_block_it_is_in(both):
    both.write("ventes.csv", ERP + "F3;31/02/2026;00014;10,00;R1\n")
    both.write("shop.csv", SHOP + "W3,2026-02-09,e@f.example,lots,no\n")
    snapshot = loaded(both, ERP_BLOCK, SHOP_BLOCK)
    assert both.aside(snapshot) == [
        (4, "Date facture", "31/02/2026", "not a date"),
        (4, "amount", "lots", "not a number"),
    ]


def test_lines_that_stand_in_files_of_two_blocks_are_found(both):
    both.write("shop.csv", "order,day,email,amount,test\nF1,2026-01-31,00012,1234.50,no\nW1,2026-02-01,x,1.00,no\n")
    report = loaded(both, ERP_BLOCK, SHOP_BLOCK).report["tables"]["sales"]
    assert [(each["first"], each["second"], each["rows"]) for each in report["overlaps"]] == [
        ("ventes.csv", "shop.csv", 1)
    ]


def test_a_key_that_stands_in_two_blocks_is_settled_by_the_keep_of_either(desk):
    desk.write("erp.csv", "code,nom\nC1,Un\nC2,Deux\n")
    desk.write("crm.csv", "id,label\nC2,Two\nC3,Three\n")
    erp = {"files": "erp.csv", "columns": {"customer_id": "code", "name": "nom"}, "keep": "last"}
    crm = {"files": "crm.csv", "columns": {"customer_id": "id", "name": "label"}}
    assert desk.column(loaded(desk, erp, crm, table="customers"), "name", "customers") == ["Un", "Two", "Three"]
    with pytest.raises(
        ParameterError, match=r"\[\[tables.customers\]\] keep: one block says 'last' and another 'first'"
    ):
        loaded(desk, erp, {**crm, "keep": "first"}, table="customers")


def test_a_file_that_two_blocks_read_is_refused(both):
    with pytest.raises(DataError, match=r"two blocks \[\[tables.sales\]\] read ventes.csv. Its rows would count twice"):
        loaded(both, ERP_BLOCK, {**ERP_BLOCK, "files": "*.csv"})


def book(**sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = BytesIO()
    made.save(file)
    return file.getvalue()


def test_two_blocks_may_read_two_sheets_of_a_workbook_and_not_the_same_one(desk):
    old, new = [["jour", "ca"], ["2025-12-31", 10]], [["day", "revenue"], ["2026-01-01", 5]]
    desk.write("ventes.xlsx", book(A=old, B=new))
    one = {"files": "ventes.xlsx", "sheet": "A", "columns": {"date": "jour", "net_revenue": "ca"}}
    two = {"files": "ventes.xlsx", "sheet": "B", "columns": {"date": "day", "net_revenue": "revenue"}}
    assert desk.revenue(loaded(desk, one, two)) == 15
    for sheet in ("a", "*", None):
        with pytest.raises(DataError, match="of a workbook, the sheet that each reads"):
            loaded(desk, one, {**two, "sheet": sheet})


def test_one_block_makes_the_same_snapshot_alone_or_in_a_list(both):
    alone = load(both.folder, {"sales": checked(TableSettings, ERP_BLOCK)}, exports=both.exports, currency="EUR")
    assert loaded(both, ERP_BLOCK).fingerprint == alone.fingerprint
    assert loaded(both, ERP_BLOCK, SHOP_BLOCK).fingerprint != alone.fingerprint


@pytest.fixture
def acme(both):
    (both.folder).mkdir(exist_ok=True)

    def written(*lines):
        head = ['name = "Acme"', 'currency = "EUR"', f"exports = {json.dumps(str(both.exports))}"]
        (both.folder / "company.toml").write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
        return both.folder

    return written


ONE = [
    "[[tables.sales]]",
    'files = "ventes.csv"',
    "[tables.sales.columns]",
    'date = "Date facture"',
    'net_revenue = "Montant HT"',
]
TWO = ["[[tables.sales]]", 'files = "shop.csv"', "[tables.sales.columns]", 'date = "day"', 'net_revenue = "amount"']


def test_company_toml_takes_several_blocks_of_a_table(acme):
    made = company.load(acme(*ONE, *TWO))
    assert [each.files for each in blocks(made.settings.tables["sales"])] == [("ventes.csv",), ("shop.csv",)]
    assert made.frame("sales")["net_revenue"].sum() == Decimal("1350.25")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("amount", "amoun"), "shop.csv: no column 'amoun'. Did you mean 'amount'?"),
        (("files =", "file ="), "[[tables.sales]] number 2: no setting 'file'. Did you mean 'files'?"),
        (("net_revenue", "Net_revenue"), "tables: sales: a column's name is in lower case: write net_revenue"),
        (('"day"', '{ colum = "day" }'), "[[tables.sales]] number 2 columns date: no setting 'colum'. Did you mean"),
        (('"shop.csv"', '"shop.csv"\nconfirmed = false'), "[tables.sales] was proposed by perfkit map"),
    ],
    ids=["a column", "a setting", "case", "a mapping", "unconfirmed"],
)  # fmt: skip
def test_what_is_wrong_in_one_block_is_said_with_its_number(acme, change, says):
    with pytest.raises((ParameterError, DataError)) as refused:
        company.load(acme(*ONE, *(line.replace(*change) for line in TWO)))
    assert says in str(refused.value)


def test_a_table_without_a_block_is_refused(acme):
    with pytest.raises(ParameterError, match="sales"):
        company.settings(acme("[tables]", "sales = []"))
