"""A preset makes the right total of its tool's export, or says by how much it would be wrong and what to do."""

import csv
import io
from dataclasses import replace
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perfkit import schema
from perfkit.errors import DataError, ParameterError
from perfkit.sources import exclusions, files
from perfkit.sources.columns import plan, resolved, steps
from perfkit.sources.names import folded
from perfkit.sources.presets import presetting, promises
from perfkit.sources.presets.preparing import prepared
from perfkit.sources.presets.presetting import merged, preset_of, presets, recognised
from perfkit.sources.read_parquet import ParquetExport
from perfkit.sources.settings import Format, TableSettings, checked
from perfkit.sources.values.writings import declared as declared_writing

# ---------------------------------------------------------------- the exports

SHOPIFY = [
    "Name",
    "Email",
    "Financial Status",
    "Paid at",
    "Fulfillment Status",
    "Fulfilled at",
    "Accepts Marketing",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Discount Code",
    "Discount Amount",
    "Shipping Method",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
    "Lineitem compare at price",
    "Lineitem sku",
    "Billing Name",
    "Notes",
    "Cancelled at",
    "Payment Method",
    "Refunded Amount",
    "Vendor",
    "Id",
    "Source",
    "Lineitem discount",
    "Tax 1 Name",
    "Tax 1 Value",
]


def shopify(*orders):
    """An export of orders (name, status, shipping, discount, refunded, currency, cancelled, lines), taxed at 20 %.

    The lines are (sku, quantity, price, discount); what belongs to the order stands on its first line only.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, SHOPIFY, restval="", lineterminator="\n")
    writer.writeheader()
    for name, said in orders:
        order = {"status": "paid", "shipping": "0", "discount": "0", "refunded": "0", "currency": "EUR", **said}
        goods = sum(Decimal(price) * quantity - Decimal(less) for _, quantity, price, less in order["lines"])
        subtotal = goods - Decimal(order.get("on_goods", order["discount"]))
        shipping = Decimal(order["shipping"])
        taxes = ((subtotal + shipping) * Decimal("0.2")).quantize(Decimal("0.01"))
        head = {
            "Financial Status": order["status"],
            "Paid at": "2026-06-01 10:02:11 +0200",
            "Fulfillment Status": "fulfilled",
            "Currency": order["currency"],
            "Subtotal": f"{subtotal:.2f}",
            "Shipping": f"{shipping:.2f}",
            "Taxes": f"{taxes:.2f}",
            "Total": f"{subtotal + shipping + (0 if order.get('inclusive') else taxes):.2f}",
            "Discount Code": "ÉTÉ" if order["discount"] != "0" else "",
            "Discount Amount": f"{Decimal(order['discount']):.2f}",
            "Billing Name": "Zoë Lefèvre",
            "Notes": 'dit "vite",\nmerci' if order.get("note") else "",
            "Cancelled at": order.get("cancelled", ""),
            "Refunded Amount": f"{Decimal(order['refunded']):.2f}",
            "Id": "5501" + name[1:],
            "Source": "web",
            "Tax 1 Name": "FR TVA 20%",
            "Tax 1 Value": f"{taxes:.2f}",
        }
        for sku, quantity, price, less in order["lines"]:
            line = {
                "Name": name,
                "Email": "zoe@exemple.fr",
                "Created at": "2026-06-01 10:01:00 +0200",
                "Lineitem quantity": quantity,
                "Lineitem name": f"Thé {sku}",
                "Lineitem price": price,
                "Lineitem sku": sku,
                "Lineitem discount": less,
                "Vendor": "Maison",
            }
            writer.writerow({**line, **head})
            head = {}
    return out.getvalue()


SHOP = shopify(
    ("#1001", {"lines": [("T1", 2, "10.00", "0.00"), ("T2", 1, "5.50", "0.00")], "shipping": "4.90", "note": True}),
    ("#1002", {"lines": [("T1", 1, "10.00", "1.00"), ("00123", 3, "2.00", "0.00")], "discount": "3.00"}),
    ("#1003", {"lines": [("T3", 1, "80.00", "0.00")], "cancelled": "2026-06-02 09:00:00 +0200", "status": "voided"}),
    ("#1004", {"lines": [("T1", 1, "10.00", "0.00")], "currency": "USD"}),
    (
        "#1005",
        {"lines": [("T3", 2, "80.00", "0.00"), ("T1", 1, "10.00", "0.00")], "status": "refunded", "refunded": "204"},
    ),
    ("#1006", {"lines": [("T2", 4, "5.50", "0.00")], "status": "pending"}),
    ("#1007", {"lines": [("T2", 1, "5.50", "0.00")], "shipping": "4.90", "discount": "4.90", "on_goods": "0"}),
    ("#1008", {"lines": [("T2", 2, "5.50", "0.00")], "status": "somethingnew"}),
)
# 25.50 + (10 - 1 + 6 - 3) + 5.50, the free postage of #1007 not taken off its goods
SHOP_REVENUE = Decimal("43.00")

STRIPE = """\
id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Fee,Status,Description,Customer Email,\
Dispute Status,vat (metadata)
ch_1,2026-05-01 10:00:00,120.00,0.00,eur,true,120.00,2.05,Paid,Abonnement,a@exemple.fr,,20.00
ch_2,2026-05-02 11:30:00,60.00,12.00,eur,true,60.00,1.10,Paid,Abonnement,b@exemple.fr,,8.00
py_3,2026-05-03 12:00:00,1200.00,0.00,usd,true,1100.00,20.00,Paid,Order,c@example.com,,0.00
ch_4,2026-05-04 12:00:00,50.00,0.00,eur,false,50.00,0.00,Failed,,d@exemple.fr,,
ch_5,2026-05-05 12:00:00,30.00,30.00,eur,true,30.00,0.70,Refunded,,e@exemple.fr,,0.00
ch_6,2026-05-06 12:00:00,240.00,0.00,eur,true,240.00,3.90,Paid,,f@exemple.fr,lost,40.00
ch_7,2026-05-07 12:00:00,24.00,0.00,eur,true,24.00,0.60,Paid,,g@exemple.fr,won,4.00
ch_8,2026-05-08 12:00:00,10.00,0.00,eur,false,10.00,0.00,Paid,,h@exemple.fr,,
ch_9,2026-05-09 12:00:00,99.00,0.00,eur,true,99.00,0.00,Disputed,,i@exemple.fr,needs_response,
"""

WOO = """\
Order Number,Order Status,Order Date,Email (Billing),Country Code (Shipping),Order Shipping Amount,Order Refund Amount,\
Order Total Amount,Order Total Tax Amount
501,completed,2026-01-15 12:00:00,a@exemple.fr,FR,5.00,0.00,126.00,21.00
502,refunded,2026-01-16 12:00:00,b@exemple.fr,FR,0.00,60.00,60.00,10.00
503,wc-processing,2026-01-17 12:00:00,c@exemple.fr,FR,0.00,0.00,24.00,4.00
504,on-hold,2026-01-18 12:00:00,d@exemple.fr,FR,0.00,0.00,24.00,4.00
505,Cancelled,2026-01-19 12:00:00,e@exemple.fr,FR,0.00,0.00,24.00,4.00
506,failed,2026-01-20 12:00:00,f@exemple.fr,FR,0.00,0.00,24.00,4.00
507,mystere,2026-01-21 12:00:00,g@exemple.fr,FR,0.00,0.00,24.00,4.00
"""

FEC = """\
JournalCode|JournalLib|EcritureNum|EcritureDate|CompteNum|CompteLib|CompAuxNum|CompAuxLib|PieceRef|PieceDate|\
EcritureLib|Debit|Credit|EcrtureLet|DateLet|ValidDate|Montantdevise|Idevise
VE|Ventes|VE0001|20260131|411000|Clients|C001|Société Générale d'Épicerie|FA-0001|20260131|Facture FA-0001|\
 000000000001437,12| 000000000000000,00|A|20260215|20260131||
VE|Ventes|VE0001|20260131|707000|Ventes de marchandises||||20260131|Facture FA-0001|\
 000000000000000,00| 000000000001197,60|||20260131||
VE|Ventes|VE0001|20260131|445710|TVA collectée|||FA-0001|20260131|Facture FA-0001||\
 000000000000239,52|||20260131||
VE|Ventes|VE0002|20260228|709000|R.R.R. accordés|||AV-0001|20260228|Avoir nº 1 – cœur|\
 000000000000100,00||||20260228||
VE|Ventes|VE0002|20260228|411000|Clients|C001|Société Générale d'Épicerie|AV-0001|20260228|Avoir nº 1|\
-000000000000100,00|0,00|||20260228||
"""

ERP = """\
N° facture;Date facture;Code client;Raison sociale;Réf. article;Désignation;Qté;PU HT;Montant HT;Montant remise HT;\
Commercial;Canal de vente;Type de pièce
FA-001;31/01/2026;00042;Épicerie Lœuf;A-01;Thé vert;3;12,50;35,00;2,50;Dupré;Magasin;Facture
FA-001;31/01/2026;00042;Épicerie Lœuf;00123;Café;10;100,20;1 002,00;0,00;Dupré;Magasin;Facture
FA-002;15/02/2026;00007;Crèmerie d’Été;A-01;Thé vert;1;12,50;12,50;0,00;Noël;Web;FACTURE
AV-001;20/02/2026;00042;Épicerie Lœuf;A-01;Thé vert;-1;12,50;-12,50;0,00;Dupré;Magasin;Avoir
DE-001;21/02/2026;00042;Épicerie Lœuf;A-01;Thé vert;9;12,50;112,50;0,00;Dupré;Magasin;Devis
"""
ERP_REVENUE = Decimal("1037.00")

ZONED = declared_writing(Format(date="%Y-%m-%d %H:%M:%S +0200"))
TIMED = declared_writing(Format(date="%Y-%m-%d %H:%M:%S"))
PLAIN = declared_writing(Format())
FRENCH = declared_writing(Format(decimal=",", thousands=" ", date="%d/%m/%Y"))
LEDGER = declared_writing(Format(decimal=",", date="%Y%m%d"))


# ---------------------------------------------------------------- reading them, step by step


class Taken:
    """What became of an export: accepted rows as dictionaries, left out by reason, set aside by reason."""

    def __init__(self, rows, left_out, aside, broken):
        self.rows, self.left_out, self.aside, self.broken = rows, left_out, aside, broken

    def total(self, name="net_revenue"):
        return sum((row[name] for row in self.rows), Decimal(0))

    def column(self, name):
        return [row[name] for row in self.rows]


@pytest.fixture
def take(tmp_path):
    """Read an export's text with a block of company.toml, its writing given."""

    def taken(text, writing, *, table="sales", sign=",", currency="EUR", **said):
        [header, *records] = csv.reader(io.StringIO(text), delimiter=sign)
        columns = {name: [record[n] or None for record in records] for n, name in enumerate(header)}
        path = tmp_path / "export.parquet"
        pq.write_table(pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}), path)
        declared, own = schema.TABLES[table], checked(TableSettings, {"files": "*", **said})
        settings = merged(table, own)
        with duckdb.connect() as engine:
            engine.execute("SET TimeZone = 'UTC'")
            raw = ParquetExport(files.examine(path, tmp_path), table, settings.format.null)
            export = prepared(raw, table, settings, engine, tmp_path)
            source = replace(export.source, writings=dict.fromkeys(export.source.names, writing))
            mapped = {name: each for name, each in resolved(declared, settings, source).items() if each}
            targets = plan(declared, mapped, source, currency=currency)
            excluded = exclusions.conditions(declared, settings, source, targets)

            def relation():
                if hasattr(export, "relation"):
                    return export.relation(tmp_path)
                engine.register("export", export.reader(list(export.source.names)))
                return "export"

            broken = promises.broken(preset_of(table, own), own, relation, source, targets, excluded, engine)
            values = ", ".join(f"{target.alias} AS {target.name}" for target in targets)
            rule = "".join(f" WHEN {condition} THEN {n}" for n, condition in enumerate(excluded))
            rule = f"CASE{rule} END" if rule else "NULL"
            fails = " OR ".join(f"({target.fails})" for target in targets)
            reasons = ", ".join(check.reason for target in targets for check in target.checks)
            query = f"SELECT {values}, {rule} AS rule_, {fails} AS fails_, coalesce({reasons}) AS reason_"
            found = engine.sql(f"{query} FROM {steps(relation(), targets)}").to_arrow_table().to_pylist()
        return Taken(
            [row for row in found if row["rule_"] is None and not row["fails_"]],
            [settings.exclude[row["rule_"]].because for row in found if row["rule_"] is not None],
            [row["reason_"] for row in found if row["rule_"] is None and row["fails_"]],
            broken,
        )

    return taken


def refused(taken):
    return [each for each in taken.broken if not each.noted]


# ---------------------------------------------------------------- shopify


def test_a_shop_that_adds_tax_has_its_lines_revenue_to_the_cent(take):
    taken = take(SHOP, ZONED, preset="shopify")
    assert taken.total() == SHOP_REVENUE
    assert taken.broken == []
    assert taken.column("order_id") == ["#1001", "#1001", "#1002", "#1002", "#1007"]
    assert taken.column("product_id") == ["T1", "T2", "T1", "00123", "T2"]
    assert taken.total("list_revenue") == Decimal("47.00")
    assert {str(day) for day in taken.column("date")} == {"2026-06-01"}


def test_orders_that_are_no_sale_are_left_out_with_the_reason_and_others_set_aside(take):
    taken = take(SHOP, ZONED, preset="shopify")
    assert taken.left_out == [
        "the order was cancelled",
        "the order was refunded in full",
        "the order was refunded in full",
        "the order was not paid",
    ]
    assert taken.aside == ["other currency", "not one of"]


def test_a_continuation_line_without_its_first_line_is_set_aside_not_counted(take):
    lines = [("T1", 1, "10.00", "0.00"), ("T2", 1, "5.00", "0.00")]
    header, _, continuation, *rest = shopify(("#1", {"lines": lines}), ("#2", {"lines": lines})).splitlines()
    taken = take("\n".join([header, continuation, *rest]) + "\n", ZONED, preset="shopify")
    assert len(taken.aside) == 1
    assert taken.column("order_id") == ["#2", "#2"] and taken.total() == 15


def test_prices_that_include_tax_are_asked_about_with_what_to_ask_for(take):
    shop = shopify(("#1", {"lines": [("T", 1, "12.00", "0.00")], "shipping": "6", "inclusive": True}))
    [asked] = refused(take(shop, ZONED, preset="shopify"))
    assert (asked.cases, asked.first, asked.left) == (1, "#1", Decimal("18.00"))
    assert "include tax" in asked.message and "Analytics" in asked.message


def test_an_untaxed_shop_proves_nothing_and_is_taken(take):
    shop = shopify(("#1", {"lines": [("T", 1, "12.00", "0.00")]})).replace(",2.40,14.40,", ",0.00,12.00,")
    taken = take(shop, ZONED, preset="shopify")
    assert taken.total() == 12 and taken.broken == []


def test_refunds_of_part_of_an_order_are_asked_about_with_their_amount(take):
    refund = {"lines": [("T", 3, "10.00", "0.00")], "status": "partially_refunded", "refunded": "12.00"}
    shop = shopify(("#1", {"lines": [("T", 1, "10.00", "0.00")]}), ("#2", refund))
    [asked] = refused(take(shop, ZONED, preset="shopify"))
    assert "Refunded Amount is 12.00 in 1 of 2 by Name (first: #2: 12.00)" in asked.message
    assert "partially_refunded" in asked.message


def test_what_the_question_about_refunds_proposes_answers_it(take):
    refund = {"lines": [("T", 3, "10.00", "0.00")], "status": "partially_refunded", "refunded": "12.00"}
    shop = shopify(("#1", {"lines": [("T", 1, "10.00", "0.00")]}), ("#2", refund))
    rule = {"column": "Financial Status", "equals": "partially_refunded", "because": "refunded in part"}
    assert (left := take(shop, ZONED, preset="shopify", exclude=[rule])).total() == 10 and left.broken == []
    less = ["Lineitem discount", "Discount Amount", "Refunded Amount"]
    own = {"net_revenue": {"multiply": ["Lineitem quantity", "Lineitem price"], "less": less}}
    assert (off := take(shop, ZONED, preset="shopify", columns=own)).total() == 28 and off.broken == []


def test_lines_that_do_not_come_to_the_subtotal_are_refused_with_both_sums(take):
    lines = [("T1", 1, "10.00", "0.00"), ("T2", 1, "5.00", "0.00")]
    shop = shopify(("#1", {"lines": lines}), ("#2", {"lines": lines}))
    cut = shop[: shop.rindex("\n", 0, -1) + 1]  # the last line of #2 is missing
    [asked] = refused(take(cut, ZONED, preset="shopify"))
    assert (asked.cases, asked.first, asked.left, asked.right) == (1, "#2", 10, 15)
    assert "net_revenue is 10.00 and Subtotal is 15.00 in 1 of 2 by Name" in asked.message


def test_an_order_of_which_a_line_is_set_aside_is_not_held_against_its_subtotal(take):
    shop = shopify(("#1", {"lines": [("T1", 1, "10.00", "0.00"), ("T2", 1, "5.00", "0.00")]}))
    taken = take(shop.replace(",5.00,", ",5 euros,"), ZONED, preset="shopify")
    assert len(taken.aside) == 1 and taken.broken == []


def test_an_export_whose_totals_are_missing_cannot_be_proven_and_is_refused(take):
    shop = shopify(("#1", {"lines": [("T1", 1, "10.00", "0.00")]})).replace("Taxes", "Steuern")
    messages = [each.message for each in refused(take(shop, ZONED, preset="shopify"))]
    assert any("it cannot be seen: no column 'Taxes'" in message for message in messages)


# ---------------------------------------------------------------- stripe and woocommerce


def test_what_stripe_cannot_know_is_asked_for():
    said = checked(TableSettings, {"files": "*", "preset": "stripe"})
    with pytest.raises(ParameterError, match="net_revenue is not mapped.*include tax.*subtract"):
        merged("sales", said)


def test_payments_are_taken_net_of_refunds_and_of_the_tax_that_the_company_names(take):
    net = {"net_revenue": {"subtract": ["Amount", "Amount Refunded", "vat (metadata)"]}}
    taken = take(STRIPE, TIMED, preset="stripe", columns=net)
    assert taken.total() == 100 + 40 + 20
    assert taken.column("order_id") == ["ch_1", "ch_2", "ch_7"]
    assert taken.aside == ["other currency"]
    assert len(taken.left_out) == 5 and "the payment was refunded in full" in taken.left_out


def test_lower_case_currencies_are_the_companys_own(take):
    net = {"net_revenue": {"subtract": ["Amount", "Amount Refunded"]}}
    taken = take(STRIPE, TIMED, preset="stripe", columns=net, currency="USD")
    assert taken.column("order_id") == ["py_3"] and taken.total() == 1200


def test_columns_that_the_user_left_out_of_a_stripe_export_ask_nothing(take):
    text = "id,Created (UTC),Amount,Amount Refunded,Currency,Status\nch_1,2026-05-01 10:00:00,12.00,2.00,eur,Paid\n"
    net = {"net_revenue": {"subtract": ["Amount", "Amount Refunded"]}}
    assert take(text, TIMED, preset="stripe", columns=net).total() == 10


def test_woocommerce_orders_count_without_their_tax_and_postage_is_told(take):
    taken = take(WOO, TIMED, preset="woocommerce")
    assert taken.total() == 105 + 20
    assert (len(taken.left_out), taken.aside) == (4, ["not one of"])
    [told] = taken.broken
    assert told.noted and "Order Shipping Amount is 5.00" in told.message


def test_an_order_total_on_several_rows_is_refused(take):
    line = "501,completed,2026-01-15 12:00:00,a@exemple.fr,FR,5.00,0.00,126.00,21.00\n"
    [asked] = refused(take(WOO + line, TIMED, preset="woocommerce"))
    assert "1 values of Order Number stand on 2 rows (first: 501)" in asked.message


# ---------------------------------------------------------------- fec


def test_a_fec_with_zero_padded_amounts_blanks_and_the_usual_misspelling_balances(take):
    taken = take(FEC, LEDGER, table="ledger", sign="|", preset="fec")
    assert taken.aside == [] and taken.total("debit") == taken.total("credit") == Decimal("1437.12")
    assert taken.column("debit") == [Decimal(each) for each in ("1437.12", "0", "0", "100", "-100")]
    assert taken.column("auxiliary") == ["C001", None, None, None, "C001"]


def test_a_fec_of_amounts_and_sides_makes_the_same_ledger(take):
    text = "JournalCode;EcritureNum;EcritureDate;CompteNum;Montant;Sens\n"
    text += "VE;1;31/01/2026;411000;1437,12;D\nVE;1;31/01/2026;707000;1197,60;C\nVE;1;31/01/2026;445710;239,52;C\n"
    taken = take(text, FRENCH, table="ledger", sign=";", preset="fec")
    assert taken.total("debit") == taken.total("credit") == Decimal("1437.12")
    assert taken.broken == []


def test_a_cut_fec_is_refused_with_both_sums_unless_an_extract_is_meant(take):
    cut = FEC[: FEC.index("VE|Ventes|VE0001|20260131|445710")]
    [asked] = refused(take(cut, LEDGER, table="ledger", sign="|", preset="fec"))
    assert "debit is 1,437.12 and credit is 1,197.60" in asked.message
    own = {"debit": "Debit", "credit": "Credit"}
    assert take(cut, LEDGER, table="ledger", sign="|", preset="fec", columns=own).broken == []


# ---------------------------------------------------------------- generic


def test_an_erps_lines_are_taken_and_a_quote_is_set_aside(take):
    taken = take(ERP, FRENCH, sign=";", preset="generic")
    assert taken.total() == ERP_REVENUE and taken.broken == []
    assert taken.aside == ["not one of"]
    assert taken.column("customer_id") == ["00042", "00042", "00007", "00042"]
    assert taken.column("product_id") == ["A-01", "00123", "A-01", "A-01"]
    assert taken.column("rep_id")[2] == "Noël" and taken.total("discount") == Decimal("2.50")
    assert taken.column("document") == ["invoice", "invoice", "invoice", "credit"]


def test_english_headings_are_taken_too(take):
    text = "Invoice No.,Invoice Date,Customer ID,SKU,Qty,Net Amount,Sales Rep\nI1,2026-01-31,C1,S1,2,20.50,Ann\n"
    taken = take(text, PLAIN, preset="generic")
    [row] = taken.rows
    assert (row["order_id"], row["customer_id"], row["product_id"], row["rep_id"]) == ("I1", "C1", "S1", "Ann")
    assert taken.total() == Decimal("20.50")


def test_credit_notes_above_zero_are_refused(take):
    text = ERP.replace(";-1;12,50;-12,50;", ";1;12,50;12,50;")
    [asked] = refused(take(text, FRENCH, sign=";", preset="generic"))
    assert "1 rows of credit notes have 12.50 above zero" in asked.message


def test_orders_and_invoices_of_one_sale_are_not_added(take):
    text = ERP.replace("Web;FACTURE", "Web;Bon de livraison")
    [asked] = refused(take(text, FRENCH, sign=";", preset="generic"))
    assert "delivery: 1 rows, invoice: 2 rows" in asked.message


def test_two_headings_of_one_amount_are_asked_about(take):
    text = ERP.replace("PU HT", "Total HT")
    [asked] = refused(take(text, FRENCH, sign=";", preset="generic"))
    assert "'Montant HT' and 'Total HT' may each be net_revenue" in asked.message
    own = {"net_revenue": "Montant HT"}
    assert take(text, FRENCH, sign=";", preset="generic", columns=own).broken == []


def test_a_documents_total_on_each_of_its_lines_is_refused(take):
    lines = [f"FA{n},2026-01-{n + 1:02},{n}0.00" for n in range(1, 6) for _ in range(2)]
    text = "\n".join(["Invoice No,Invoice Date,Net Amount", *lines]) + "\n"
    [asked] = refused(take(text, PLAIN, preset="generic"))
    assert "each of the 5 documents of several lines has one net_revenue on all of them" in asked.message


def test_an_amount_that_does_not_say_whether_tax_is_in_it_is_not_taken(take):
    with pytest.raises(DataError, match="no column.*net_revenue"):
        take(ERP.replace("Montant HT", "Montant"), FRENCH, sign=";", preset="generic")


@pytest.mark.parametrize(
    "table, text, sign, expected",
    [
        (
            "customers",
            "Code client;Raison sociale;Catégorie client;Pays;Client depuis\n00042;Lœuf;Détail;FR;01/02/2020\n",
            ";",
            {"customer_id": "00042", "name": "Lœuf", "segment": "Détail", "country": "FR"},
        ),
        (
            "customers",
            "Customer ID,Customer Name,Customer Group,Country\nC1,Ann,Retail,UK\n",
            ",",
            {"customer_id": "C1", "name": "Ann", "segment": "Retail", "country": "UK"},
        ),
        (
            "products",
            "Réf. article;Désignation;Famille;PA HT\n00123;Café;Boissons;1,25\n",
            ";",
            {"product_id": "00123", "name": "Café", "category": "Boissons", "unit_cost": Decimal("1.25")},
        ),
        (
            "products",
            "SKU,Product Name,Category,Unit Cost\nS1,Tea,Drinks,2\n",
            ",",
            {"product_id": "S1", "name": "Tea", "category": "Drinks", "unit_cost": Decimal(2)},
        ),
        (
            "targets",
            "Indicateur;Mois;Objectif\nChiffre d'affaires;01/02/2026;1000,50\n",
            ";",
            {"kpi": "revenue", "value": Decimal("1000.50")},
        ),
        ("targets", "KPI,Month,Target\norders,01/02/2026,12\n", ",", {"kpi": "orders", "value": Decimal(12)}),
    ],
)
def test_generic_is_the_tables_own(take, table, text, sign, expected):
    [row] = take(text, FRENCH, table=table, sign=sign, preset="generic").rows
    assert {name: row[name] for name in expected} == expected


# ---------------------------------------------------------------- merging and recognising


def own(table="sales", **said):
    return merged(table, checked(TableSettings, {"files": "*", **said}))


def test_what_a_block_says_wins_column_by_column():
    both = own(preset="shopify", columns={"product_id": "Lineitem name", "color": "Vendor"})
    assert both.columns["product_id"].column == "Lineitem name" and both.columns["color"].column == "Vendor"
    assert both.columns["order_id"].column == "Name"


def test_rules_are_added_to_the_presets():
    rule = {"column": "Vendor", "equals": "Test", "because": "a test"}
    alone, both = own(preset="shopify"), own(preset="shopify", exclude=[rule])
    assert len(alone.exclude) == 5
    assert both.exclude[:-1] == alone.exclude and both.exclude[-1].because == "a test"


def test_a_format_wins_field_by_field():
    both = own(preset="shopify", format={"decimal": ","})
    assert both.format.decimal == "," and both.format.delimiter is None
    assert both.format.model_fields_set == {"decimal"}


def test_a_block_without_a_preset_is_left_alone():
    said = checked(TableSettings, {"files": "*", "columns": {"date": "Jour"}})
    assert merged("sales", said) is said


def test_an_unknown_preset_names_the_nearest_and_all():
    with pytest.raises(ParameterError, match="no preset 'shopfy'. Did you mean 'shopify'.*fec, generic, shopify"):
        own(preset="shopfy")


def test_another_tables_preset_is_refused_with_the_ones_that_there_are():
    with pytest.raises(ParameterError, match="'fec' makes ledger, not sales. For sales there is: generic, shopify"):
        own(preset="fec")
    with pytest.raises(ParameterError, match="'shopify' makes sales, not leads. Map its columns"):
        own("leads", preset="shopify")


@pytest.mark.parametrize(
    "text, sign, name, table",
    [
        (SHOP, ",", "shopify", "sales"),
        (STRIPE, ",", "stripe", "sales"),
        (WOO, ",", "woocommerce", "sales"),
        (FEC, "|", "fec", "ledger"),
        (ERP, ";", "generic", "sales"),
        ("Code client;Raison sociale;Pays\n", ";", "generic", "customers"),
        ("SKU,Product Name,Unit Cost\n", ",", "generic", "products"),
        ("KPI,Month,Target\n", ",", "generic", "targets"),
    ],
)
def test_an_export_is_recognised_by_its_headings(text, sign, name, table):
    [first, *_] = recognised(next(csv.reader(io.StringIO(text), delimiter=sign)))
    assert (first.preset, first.table) == (name, table)
    assert first.share > 0.5 and first.missing == (("net_revenue",) if name == "stripe" else ())


def test_headings_are_recognised_whatever_their_case_and_accents():
    [first, *_] = recognised(["DATE  FACTURE", "No FACTURE *", "montant ht", "Qte", "REF. ARTICLE"])
    assert first.columns["net_revenue"] == "montant ht" and first.columns["date"] == "DATE  FACTURE"
    assert first.columns["order_id"] == "No FACTURE *" and first.missing == ()


def test_headings_of_nothing_known_are_recognised_as_nothing():
    assert [each for each in recognised(["foo", "bar"]) if each.share > 0] == []


# ---------------------------------------------------------------- the data


def test_every_preset_makes_columns_of_its_table_and_says_where_from():
    for preset in presets():
        declared = schema.TABLES[preset.table]
        assert set(preset.block.columns) <= set(declared.names), preset.name
        assert set(declared.required) <= set(preset.block.columns) | set(preset.asks), preset.name
        for name, mapping in preset.block.columns.items():
            alike = [folded(each) for each in mapping.sources]
            assert len(alike) == len(set(alike)) or mapping.how == "any_of", (preset.name, name)
            allowed = declared.column(name).one_of
            assert not allowed or set(mapping.values.values()) <= set(allowed), (preset.name, name)
        for promise in preset.promises:
            assert promise.of in preset.block.columns, (preset.name, promise)


def test_only_optional_columns_stand_aside_of_what_a_table_requires():
    for preset in presets():
        for name in schema.TABLES[preset.table].required:
            if name in preset.block.columns:
                assert not preset.block.columns[name].optional, (preset.name, name)


def test_the_documentation_of_the_presets_is_the_data(request):
    path = request.config.rootpath / "docs" / "presets.md"
    shown = presetting.describe()
    assert path.read_text(encoding="utf-8") == shown, "write it again: python -m perfkit.sources.presets.presetting"
