"""Numbers: an order's number that begins anew, or that two tools share, is told before an order is counted."""

import datetime as dt

import perfkit as pk
from perfkit import languages

HEAD = "N° facture;Date facture;Code client;Montant HT\n"
SETTINGS = """
name = "Acme"
currency = "EUR"
[tables.sales]
files = "ventes.csv"
[tables.sales.columns]
order_id = "N° facture"
date = "Date facture"
customer_id = "Code client"
net_revenue = "Montant HT"
"""


def company(folder, rows, settings=SETTINGS):
    languages.use("en")
    (folder / "exports").mkdir(exist_ok=True)
    (folder / "company.toml").write_text(settings, encoding="utf-8")
    text = HEAD + "".join(f"{number};{day};{customer};{amount}\n" for number, day, customer, amount in rows)
    (folder / "exports" / "ventes.csv").write_text(text, encoding="utf-8")
    return pk.load(folder)


def monthly(customers):
    """Two numbers that begin anew in each of four months, of the customers given."""
    return [
        (f"{number:04}", dt.date(2024, month, 1 + number), customers[(month + number) % len(customers)], "10,50")
        for month in (1, 2, 3, 6)
        for number in (1, 2)
    ]


def test_numbers_that_begin_anew_are_counted_by_hand(tmp_path):
    acme = company(
        tmp_path, [*monthly(["C1", "C2"]), ("0003", "2024-01-01", "C1", "1"), ("0003", "2024-01-02", "C1", "2")]
    )
    found = acme.snapshot.report["tables"]["sales"]["numbers"]
    assert found == {
        "of": 3, "numbers": 2, "customers": 2, "apart": 2, "days": 90, "rows": 8, "money": "84",
        "first": ["0001", "0002"],
    }  # fmt: skip


def test_a_credit_note_that_comes_a_year_later_is_no_second_order(tmp_path):
    rows = [("A1", "2024-01-05", "C1", "10"), ("A1", "2025-01-05", "C1", "-10"), ("A2", "2024-01-05", "C1", "3")]
    assert company(tmp_path, rows).snapshot.report["tables"]["sales"]["numbers"] == {}


def test_one_customer_s_code_in_two_cases_is_one_customer(tmp_path):
    rows = [("A1", "2024-01-05", "c1", "10"), ("A1", "2024-01-05", "C1 ", "10")]
    assert company(tmp_path, rows).snapshot.report["tables"]["sales"]["numbers"] == {}


def test_a_slip_among_thousands_is_not_told(tmp_path):
    rows = [(f"A{n}", "2024-01-05", "C1", "10") for n in range(1500)] + [("A7", "2024-01-05", "C2", "10")]
    assert company(tmp_path, rows).snapshot.report["tables"]["sales"]["numbers"] == {}


def test_the_doubt_says_how_many_their_money_and_what_to_type(tmp_path):
    acme = company(tmp_path, monthly(["C1"]))
    [told] = [each for each in acme.notices() if "order numbers" in each]
    assert told.startswith("2 of 2 order numbers may stand for several orders (0001, 0002; 8 lines, 84.00 EUR)")
    assert "0 name several customers, 2 bear purchases more than 90 days apart" in told
    typed = 'order_id = { join = ["N° facture", "Date facture"] }'
    assert typed in told
    mended = company(tmp_path, monthly(["C1"]), SETTINGS.replace('order_id = "N° facture"', typed))
    assert not [each for each in mended.notices() if "order numbers" in each]
    assert mended.frame("sales")["order_id"].nunique() == 8


def test_the_first_page_and_the_appendix_tell_it_in_both_languages(tmp_path):
    found = company(tmp_path, monthly(["C1"])).reconciliation()
    said = "2 order numbers of 2 may stand for several orders (0001, 0002; lines: 8, €84.00)"
    assert said in found.warning() and any(said in note for note in found.views()[0].notes)
    languages.use("fr")
    try:
        assert "2 numéros de commande sur 2 peuvent désigner plusieurs commandes" in found.warning()
    finally:
        languages.use("en")
