"""A FEC as French tools write it, loaded with its preset, ties to the sales beside it."""

from decimal import Decimal

import pytest

import perfkit as pk
from perfkit import margins

HEADINGS = (
    "JournalCode|JournalLib|EcritureNum|EcritureDate|CompteNum|CompteLib|CompAuxNum|CompAuxLib|PieceRef|PieceDate|"
    "EcritureLib|Debit|Credit|EcritureLet|DateLet|ValidDate|Montantdevise|Idevise"
)
ENTRIES = [
    ("VE", "1", "20240110", "411000", "F1", "Facture F1", "120,00", ""),
    ("VE", "1", "20240110", "707000", "F1", "Facture F1", "", "100,00"),
    ("VE", "1", "20240110", "445710", "F1", "Facture F1", "", "20,00"),
    ("VE", "2", "20240202", "411000", "F2", "Facture F2", "1260,00", ""),
    ("VE", "2", "20240202", "707000", "F2", "Facture F2", "", "1040,00"),
    ("VE", "2", "20240202", "708500", "F2", "Facture F2", "", "10,00"),
    ("VE", "2", "20240202", "445710", "F2", "Facture F2", "", "210,00"),
    ("VE", "5", "20240215", "411000", "F5", "Facture F5", "36,00", ""),
    ("VE", "5", "20240215", "707000", "F5", "Facture F5", "", "30,00"),
    ("VE", "5", "20240215", "445710", "F5", "Facture F5", "", "6,00"),
    ("OD", "3", "20240131", "418100", "OD3", "FAE janvier", "60,60", ""),
    ("OD", "3", "20240131", "707000", "OD3", "FAE janvier", "", "50,50"),
    ("OD", "3", "20240131", "445870", "OD3", "FAE janvier", "", "10,10"),
    ("OD", "4", "20240201", "418100", "OD3", "Extourne FAE", "", "60,60"),
    ("OD", "4", "20240201", "707000", "OD3", "Extourne FAE", "50,50", ""),
    ("OD", "4", "20240201", "445870", "OD3", "Extourne FAE", "10,10", ""),
]
SETTINGS = """
name = "Maison Durand"
currency = "EUR"
observed_until = "2024-02"

[tables.sales]
files = "ventes.csv"
format = { delimiter = ";", decimal = ",", date = "%d/%m/%Y" }

[tables.sales.columns]
order_id = "facture"
date = "date"
net_revenue = "montant_ht"
"""
LEDGER = """
[tables.ledger]
files = "*FEC*.txt"
preset = "fec"
"""
SALES = "facture;date;montant_ht\nF1;10/01/2024;100,00\nF2;31/01/2024;1040,00\nF5;15/02/2024;30,00\n"


def line(entry, sides):
    journal, number, day, account, piece, label, debit, credit = entry
    moved = [debit or credit, "D" if debit else "C"] if sides else [debit, credit]
    return "|".join([journal, "", number, day, account, "", "", "", piece, day, label, *moved, "", "", day, "", ""])


@pytest.fixture
def company(tmp_path):
    def make(entries=ENTRIES, sides=False, encoding="utf-8", settings=SETTINGS + LEDGER):
        (tmp_path / "exports").mkdir()
        (tmp_path / "company.toml").write_text(settings, encoding="utf-8")
        (tmp_path / "exports" / "ventes.csv").write_text(SALES, encoding="utf-8")
        headings = HEADINGS.replace("Debit|Credit", "Montant|Sens") if sides else HEADINGS
        fec = "\r\n".join([headings, *(line(each, sides) for each in entries), ""])
        (tmp_path / "exports" / "123456789FEC20241231.txt").write_bytes(fec.encode(encoding))
        return pk.load(tmp_path)

    return make


def tie(company, period="2024-01"):
    when = company.period(period)
    return margins.ledger.tie(company.table("sales"), company.books(), period=when, currency=company.currency)


@pytest.mark.parametrize("sides", [False, True], ids=["Debit and Credit", "Montant and Sens"])
def test_a_fec_ties_to_the_sales_beside_it(company, sides):
    loaded = company(sides=sides)
    january, february = tie(loaded), tie(loaded, "2024-02")
    assert dict(zip(january.totals["cause"], january.totals["amount"], strict=True)) == {
        "cut_off": -1040,
        "to_invoice": Decimal("50.5"),
    }
    assert dict(zip(february.totals["cause"], february.totals["amount"], strict=True)) == {
        "cut_off": 1040,
        "reversals": Decimal("-50.5"),
        "side_income": 10,
    }
    assert not any([*january.months["residual"], *february.months["residual"]])
    assert january.checks["unbalanced"] == 0 and february.checks["lines"] == 10


def test_the_company_says_whether_it_has_given_its_books(company):
    loaded = company()
    assert loaded.books() is not None
    questions = loaded.coverage().rows.set_index("id")
    assert questions.loc["ledger", "answered"]


def test_without_a_ledger_the_question_asks_for_the_fec(company):
    loaded = company(settings=SETTINGS)
    assert loaded.books() is None and tie(loaded).reason
    questions = loaded.coverage().rows.set_index("id")
    assert not questions.loc["ledger", "answered"] and "FEC" in questions.loc["ledger", "ask"]
