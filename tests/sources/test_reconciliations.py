"""What was read is what was accepted, left out and set aside: in lines and in money, to the last digit."""

from decimal import Decimal

import pytest

import perfkit as pk
from perfkit import languages
from perfkit.results import plain
from perfkit.sources.names import visible

SETTINGS = """
name = "Acme"
currency = "EUR"
observed_until = "2026-01"

[tables.sales]
files = "sales.csv"
exclude = [
    { column = "product_id", equals = "POST", because = "postage <b>" },
    { column = "product_id", equals = "GIFT", because = "gift vouchers" },
]

[tables.products]
files = "products.csv"
"""
SALES = """order_id,date,customer_id,product_id,net_revenue
1,2026-01-05,C1,P1,40.001
2,2026-01-06,C2,POST,5.50
3,2026-01-32,C2,P1,20.00
4,2026-01-07,C2,P1,twelve
5,2026-02-01,C1,P1,7.25
"""


@pytest.fixture
def reconciliation(tmp_path):
    languages.use("en")
    (tmp_path / "exports").mkdir()
    (tmp_path / "company.toml").write_text(SETTINGS)
    (tmp_path / "exports" / "sales.csv").write_text(SALES)
    (tmp_path / "exports" / "products.csv").write_text("product_id,name\nP1,Lamp\n")
    return pk.load(tmp_path).reconciliation()


def test_the_parts_add_up_to_what_was_read(reconciliation):
    sales = reconciliation.rows[reconciliation.rows["table"] == "sales"]
    parts, read = sales[sales["part"] != "read"], sales[sales["part"] == "read"].iloc[0]
    assert parts["lines"].sum() == read["lines"] == 5
    assert sum(parts["money"], Decimal(0)) == read["money"] == Decimal("72.751")
    assert reconciliation.ties_to()["net_revenue"] == Decimal("72.751")


def test_each_rule_has_its_reason_and_the_unreadable_is_counted(reconciliation):
    rows = reconciliation.rows.query("table == 'sales'").set_index(["part", "because"])
    assert rows.loc[("excluded", "postage <b>"), ["lines", "money"]].tolist() == [1, Decimal("5.5")]
    assert rows.loc[("quarantined", ""), ["lines", "money", "unreadable"]].tolist() == [2, Decimal(20), 1]


@pytest.mark.parametrize(
    ("because", "english", "french"),
    [
        ('"postage"', "postage", "postage"),
        ('{ en = "postage", fr = "port" }', "postage", "port"),
        ('{ fr = "port" }', "port", "port"),
    ],
    ids=["one text", "both languages", "French alone"],
)
def test_the_reason_of_a_rule_is_told_in_the_language_of_the_reader(tmp_path, because, english, french):
    (tmp_path / "exports").mkdir()
    (tmp_path / "company.toml").write_text(SETTINGS.replace('"postage <b>"', because), encoding="utf-8")
    (tmp_path / "exports" / "sales.csv").write_text(SALES)
    (tmp_path / "exports" / "products.csv").write_text("product_id,name\nP1,Lamp\n")
    found = pk.load(tmp_path).reconciliation()
    assert f"Left out by rule: {english}" in plain(found.views()[0])
    languages.use("fr")
    try:
        assert f"Écartées par règle\N{NO-BREAK SPACE}: {french}" in plain(found.views()[0])
        told = [each["because"] for each in found.figures()["dimensions"] if each.get("because")]
        assert english in told, "a figure bears the same reason in every language"
    finally:
        languages.use("en")


@pytest.mark.parametrize(
    ("id_", "shown"),
    [("B0208", "B0208"), ("B0208 ", "B0208␣"), (" A  7", "␣A␣␣7"), ("A 7", "A 7"), ("A\N{NO-BREAK SPACE}7", "A␣7")],
    ids=["none", "behind", "before and two", "one inside", "one that does not break"],
)
def test_spaces_of_an_id_that_nobody_sees_are_shown(id_, shown):
    assert visible(id_) == shown


def test_lines_after_the_last_complete_day_are_accounted_for(reconciliation):
    assert reconciliation.after == (1, Decimal("7.25"))


def test_the_table_shows_cents_says_that_there_is_finer_and_keeps_every_digit(reconciliation):
    shown = plain(reconciliation.views()[0])
    assert "2 of 5 lines count, €47.25 of €72.75" in shown
    assert "€72.75" in shown and "€5.50" in shown and "€72.751" not in shown
    assert "Some amounts are finer than the cent." in shown
    (view, *_) = reconciliation.payload()["views"]
    *parts, read = (Decimal(row["money"]) for row in view["rows"])
    assert sum(parts) == read == Decimal("72.751")
    assert "The amount of 1 line cannot be read" in shown
    assert "gift vouchers" not in shown  # a rule that left nothing out
    assert "&lt;b&gt;" in reconciliation.html()


def test_other_tables_and_the_reasons_have_tables_of_their_own(reconciliation):
    _, others, reasons = reconciliation.views()
    assert others.rows.to_dict("records") == [
        {"table": "products", "read": 1, "accepted": 1, "excluded": 0, "quarantined": 0}
    ]
    assert reasons.rows["lines"].sum() == 2 and set(reasons.rows["file"]) == {"sales.csv"}


def test_the_figures_hold_every_part(reconciliation):
    figures = reconciliation.figures()
    assert figures["figure_id"].is_unique
    sales = figures[figures["kpi"].str.startswith("sales_")]
    assert sum(sales.loc[sales["kpi"] != "sales_read", "estimate"]) == Decimal("72.751")


@pytest.mark.parametrize(("known", "said"), [(98, "2 lines of sales (2.0%) have a product that"), (100, "")])
def test_ids_that_are_in_no_list_are_told_on_the_cover_where_they_are_many(tmp_path, known, said):
    (tmp_path / "exports").mkdir()
    (tmp_path / "company.toml").write_text(
        'name = "A"\ncurrency = "EUR"\n[tables.sales]\nfiles = "sales.csv"\n[tables.products]\nfiles = "products.csv"\n'
    )
    sold, listed = (
        "".join(f"2026-01-05,P{at},1.00\n" for at in range(100)),
        "".join(f"P{at}\n" for at in range(known)),
    )
    (tmp_path / "exports" / "sales.csv").write_text(f"date,product_id,net_revenue\n{sold}")
    (tmp_path / "exports" / "products.csv").write_text(f"product_id\n{listed}")
    assert pk.load(tmp_path).reconciliation().warning().startswith(said)
    assert bool(pk.load(tmp_path).reconciliation().warning()) is bool(said)


def test_a_side_table_with_rows_left_out_stands_beside_one_without(tmp_path):
    customers = '\n[tables.customers]\nfiles = "customers.csv"\nkeep = "last"\n'
    (tmp_path / "exports").mkdir()
    (tmp_path / "company.toml").write_text(SETTINGS + customers)
    (tmp_path / "exports" / "sales.csv").write_text(SALES)
    (tmp_path / "exports" / "products.csv").write_text("product_id,name\nP1,Lamp\n")
    (tmp_path / "exports" / "customers.csv").write_text("customer_id,name\nC1,Old\nC1,New\n")
    others = pk.load(tmp_path).reconciliation().views()[1].rows.set_index("table")
    assert others.loc["customers"].tolist() == [2, 1, 1, 0]
    assert others.loc["products"].tolist() == [1, 1, 0, 0]


def test_lines_that_could_not_be_read_are_told_on_the_cover(reconciliation):
    assert reconciliation.warning() == "2 lines of sales (40.00% of those read) could not be read and are in no figure."


@pytest.mark.parametrize(("amount", "loud"), [("1.00", False), ("300.00", True)], ids=["little money", "much money"])
def test_one_line_of_thousands_that_could_not_be_read_is_told_on_its_page_alone(tmp_path, amount, loud):
    (tmp_path / "exports").mkdir()
    (tmp_path / "company.toml").write_text('name = "A"\ncurrency = "EUR"\n[tables.sales]\nfiles = "sales.csv"\n')
    rows = "".join("2026-01-05,1.00\n" for _ in range(2000))
    (tmp_path / "exports" / "sales.csv").write_text(f"date,net_revenue\n{rows}2026-02-31,{amount}\n")
    found = pk.load(tmp_path).reconciliation()
    assert bool(found.warning()) is loud
    assert "Set aside, unreadable" in repr(found)


TWICE = """
name = "Acme"
currency = "EUR"
observed_until = "2026-01"

[tables.sales]
files = "sales-*.csv"

[tables.customers]
files = "customers.csv"

[tables.products]
files = "products.csv"
"""


@pytest.fixture
def twice(tmp_path):
    """A company of which one line stands in two files, and customers and a product are in no list."""
    head = "order_id,date,customer_id,product_id,net_revenue\n"
    first = "".join(f"A{n},2026-01-{n:02},C1,P1,10.00\n" for n in range(1, 31))
    more = (
        "".join(f"B{n},2026-01-30,C{n},P1,1.50\n" for n in range(2, 7)) + "B7,2026-01-30,c1,P9,2.00\nTotal,,,,99.00\n"
    )
    (tmp_path / "exports").mkdir()
    (tmp_path / "company.toml").write_text(TWICE)
    (tmp_path / "exports" / "sales-1.csv").write_text(head + first)
    more = f"A30,2026-01-30,C1,P1,10.00\n{more}".replace("Total", "B8,2026-01-30,C1,P1,two\nTotal")
    more += "".join(f"D{n},2026-01-30,C1,P1,1\n" for n in range(9))
    (tmp_path / "exports" / "sales-2.csv").write_text(head + more)
    (tmp_path / "exports" / "customers.csv").write_text("customer_id,name\nC1,Smith\n")
    (tmp_path / "exports" / "products.csv").write_text("product_id,name\nP1,Lamp\n")
    yield tmp_path
    languages.use("en")


def test_what_counts_twice_and_what_is_in_no_list_is_told_below_the_sales(twice):
    notes = pk.load(twice).reconciliation().views()[0].notes
    assert notes == [
        "The totals row of sales-2.csv says €99.00; its lines add up to €28.50, and the amount of 1 line is in no sum.",
        "1 line of sales-2.csv (€10.00) stands identically in sales-1.csv: it counts twice.",
        "6 lines of sales (€9.50) have a customer that is in no list: C2, C3, C4 and 3 others. They count, and stand "
        "under (unknown).",
        "1 of these customer ids would be in it but for leading zeros, case, spaces or a final .0: c1 in sales, C1 in "
        "the list.",
        "1 line of sales (€2.00) has a product that is in no list: P9. It counts, and stands under (unknown).",
        "1 id of sales (customers: “C1” = “c1”) is written in several ways that differ only in case or spaces, and "
        "counts as 2: 41 lines, €321.00. The number of customers is that much too high if they are the same.",
        "The amount of 1 line cannot be read: its money is in no sum.",
    ]


def test_it_is_told_in_french_too(twice):
    languages.use("fr")
    notes = pk.load(twice).reconciliation().views()[0].notes
    assert notes[1:5] == [
        "1 ligne de sales-2.csv (10,00\xa0€) figure à l’identique dans sales-1.csv\xa0: elle compte deux fois.",
        "6 lignes de vente (9,50\xa0€) portent un code client absent de la liste\xa0: C2, C3, C4 et 3 autres. Elles "
        "comptent, et figurent sous (inconnu).",
        "1 de ces codes client ne diffère de la liste que par des zéros de tête, la casse, des espaces ou un .0 "
        "final\xa0: c1 dans les ventes, C1 dans la liste.",
        "1 ligne de vente (2,00\xa0€) porte un code produit absent de la liste\xa0: P9. Elle compte, et figure sous "
        "(inconnu).",
    ]
    assert notes[0].endswith("ses lignes font 28,50\xa0€, et le montant de 1 ligne n’entre dans aucune somme.")


def test_a_snapshot_that_was_made_before_these_notes_still_opens(twice):
    acme = pk.load(twice)
    sales = acme.snapshot.report["tables"]["sales"]
    for key in ("overlaps", "strangers"):
        del sales[key]
    for each in sales["totals"]:
        del each["unreadable"]
    notes = acme.reconciliation().views()[0].notes
    assert notes[0] == "The totals row of sales-2.csv says €99.00; its lines add up to €28.50." and len(notes) == 3


def test_many_pairs_of_files_are_three_and_the_others_counted(twice):
    acme = pk.load(twice)
    acme.snapshot.report["tables"]["sales"]["overlaps"] = [
        {"first": f"{n}.csv", "second": f"{n + 1}.csv", "rows": 9 - n, "money": "1.25"} for n in range(5)
    ]
    notes = acme.reconciliation().views()[0].notes
    assert notes[3:5] == [
        "7 lines of 3.csv (€1.25) stand identically in 2.csv: they count twice.",
        "2 more pairs of files share lines that count twice: 11 in all (€2.50).",
    ]


ODD = """
name = "Acme"
currency = "EUR"
observed_until = "2026-01"

[tables.sales]
files = "sales.csv"
[tables.sales.columns]
date = "date"
order_id = "no"
net_revenue = { column = "net", credits = { column = "kind", in = ["Avoir", "Note de crédit"] } }
cost = "cost"
quantity = "qty"
document = { column = "kind", values = { "Facture" = "invoice", "Avoir" = "credit" } }
"""
HEAD = "no,date,net,cost,qty,kind\n"


@pytest.fixture
def appendix(tmp_path):
    """Load lines of sales, and return what stands below them in the appendix."""
    (tmp_path / "exports").mkdir()

    def notes(settings, rows, language):
        (tmp_path / "company.toml").write_text(settings)
        (tmp_path / "exports" / "sales.csv").write_text(HEAD + rows)
        languages.use(language)
        return pk.load(tmp_path).reconciliation().views()[0].notes

    return notes


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            [
                "2 lines of sales have revenue below zero and a cost above zero (€9.25): if they are credit notes, "
                "gross profit is too low by twice that.",
                "1 line of a credit note has a quantity above zero (3 units): quantities are too high by twice that.",
            ],
        ),
        (
            "fr",
            [
                "2 lignes de vente portent un CA négatif et un coût positif (9,25\xa0€)\xa0: si ce sont des avoirs, la "
                "marge brute est sous-estimée de deux fois ce montant.",
                "1 ligne d’avoir porte une quantité positive (3 unités)\xa0: les quantités sont surestimées de deux "
                "fois ce nombre.",
            ],
        ),
    ],
)
def test_costs_and_quantities_with_the_sign_of_a_sale_are_told_beside_what_was_read(appendix, language, said):
    rows = "1,2026-01-05,10,4,1,Facture\n2,2026-01-06,20,5.25,3,Avoir\n3,2026-01-07,-30,4,-1,Facture\n"
    assert appendix(ODD, rows, language) == said


def test_credit_notes_above_zero_and_a_word_that_no_line_bears_are_told_beside_what_was_read(appendix):
    rows = "1,2026-01-05,10,4,1,Facture\n2,2026-01-06,20,-5,-3,Avoir\n"
    plain_ = ODD.replace('{ column = "net", credits = { column = "kind", in = ["Avoir", "Note de crédit"] } }', '"net"')
    assert appendix(plain_, rows, "en") == [
        "1 line of sales is a credit note and stands above zero (€20.00): it counts as a sale."
    ]
    assert appendix(ODD, rows.replace("2,2026-01-06,20,-5,-3,Avoir\n", ""), "en") == [
        "No line of sales is below zero, though credit notes are told by kind: Avoir and Note de crédit."
    ]


def test_ids_that_a_spreadsheet_shortened_are_told_beside_what_was_read(appendix):
    rows = "1.23E+12,2026-01-05,10,4,1,Facture\n1.24E+12,2026-01-06,-5,-1,-1,Avoir\n"
    assert appendix(ODD, rows, "en") == [
        "sales: 2 order_id look like numbers that a spreadsheet has shortened (1.23E+12 ...), so that different ids "
        "may have become one."
    ]


def test_costs_that_could_not_be_read_are_told_first_because_margins_are_too_high(tmp_path):
    languages.use("en")
    (tmp_path / "exports").mkdir()
    settings = SETTINGS.replace("[tables.products]", '[tables.costs]\nfiles = "costs.csv"\n\n[tables.products]')
    (tmp_path / "company.toml").write_text(settings)
    (tmp_path / "exports" / "sales.csv").write_text(SALES)
    (tmp_path / "exports" / "products.csv").write_text("product_id,name\nP1,Lamp\n")
    costs = "period,kind,level,amount\n2026-01-01,rent,fixed,1000\n2026-01-01,freight,moon,500\n"
    (tmp_path / "exports" / "costs.csv").write_text(costs)
    said = pk.load(tmp_path).reconciliation().warning()
    assert "1 row of costs of 2 could not be read: what it cost is in no margin, which is too high." in said
