"""States: what a status calls cancelled, refunded or a draft is told before it counts as revenue."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import perfkit as pk
from perfkit import languages
from perfkit.sources import files, proposing, states

HEAD = "N° commande;Date commande;Code client;Total HT;Statut\n"
SETTINGS = 'name = "Acme"\ncurrency = "EUR"\n[tables.sales]\nfiles = "ventes.csv"\npreset = "generic"\n'
ROWS = [
    ("A1", "13/01/2026", "C1", "100,00", "Livrée"),
    ("A2", "14/01/2026", "C2", "40,50", "Annulée"),
    ("A3", "15/01/2026", "C2", "9,50", "ANNULÉE"),
    ("A4", "16/01/2026", "C3", "20,00", "Remboursée partiellement"),
    ("A5", "17/01/2026", "C3", "30,00", "Brouillon"),
]
RULE = '{ column = "Statut", in = ["ANNULÉE", "Annulée", "Brouillon"], because = '


def company(folder, rows=ROWS, settings=SETTINGS):
    languages.use("en")
    (folder / "exports").mkdir(exist_ok=True)
    (folder / "company.toml").write_text(settings, encoding="utf-8")
    (folder / "exports" / "ventes.csv").write_text(
        HEAD + "".join(f"{';'.join(row)}\n" for row in rows), encoding="utf-8"
    )
    return pk.load(folder)


def found(acme):
    return acme.snapshot.report["tables"]["sales"]["states"]


def told(acme):
    return [each for each in acme.notices() if "'Statut'" in each]


def test_rows_that_their_status_calls_cancelled_or_a_draft_are_counted_by_hand(tmp_path):
    [each] = found(company(tmp_path))
    assert each["words"] == {"ANNULÉE": 1, "Annulée": 1, "Brouillon": 1}
    assert (each["column"], each["kinds"], each["rows"], Decimal(each["money"])) == (
        "Statut", ["cancelled", "draft"], 3, Decimal(80),
    )  # fmt: skip


def test_the_doubt_holds_the_rule_to_paste_and_the_rule_settles_it(tmp_path):
    [said] = told(company(tmp_path))
    by_word = '"ANNULÉE" (1 line, 9.50), "Annulée" (1 line, 40.50), "Brouillon" (1 line, 30.00)'
    assert said.startswith(f"3 lines of sales (80.00 EUR) have {by_word} in 'Statut' and count as revenue")
    typed = said[said.index("exclude = [") : said.index("]. If they are") + 1]
    mended = company(tmp_path, settings=f"{SETTINGS}{typed}\n")
    assert found(mended) == [] and told(mended) == []
    assert mended.snapshot.report["tables"]["sales"]["accepted"]["sums"]["net_revenue"] == "120"


def test_whoever_has_a_rule_is_told_to_add_to_it(tmp_path):
    settings = f'{SETTINGS}exclude = [{{ column = "Statut", equals = "Annulée", because = "cancelled" }}]\n'
    [said] = told(company(tmp_path, settings=settings))
    assert said.startswith("2 lines of sales (39.50 EUR)") and "add to exclude = [...] in [tables.sales]: {" in said


def test_a_status_that_is_kept_as_a_column_is_told_too_until_it_is_said_to_be_meant(tmp_path):
    kept = SETTINGS + '[tables.sales.columns]\nstatus = "Statut"\n'
    assert len(told(company(tmp_path, settings=kept))) == 1
    meant = SETTINGS + 'statuses = "keep"\n'
    assert found(company(tmp_path, settings=meant)) == []


def test_rows_that_count_below_zero_for_their_status_are_no_doubt(tmp_path):
    credits = '{ column = "Statut", in = ["Annulée", "ANNULÉE", "Brouillon"] }'
    settings = f'{SETTINGS}[tables.sales.columns]\nnet_revenue = {{ column = "Total HT", credits = {credits} }}\n'
    assert found(company(tmp_path, settings=settings)) == []


REFUNDED = [
    ("A1", "13/01/2026", "C1", "100,00", "Payée"),
    ("A2", "14/01/2026", "C2", "40,50", "Annulée"),
    ("A3", "15/01/2026", "C2", "9,50", "Test"),
    ("A4", "16/01/2026", "C1", "-60,00", "Remboursée"),
    ("A5", "17/01/2026", "C1", "-10,00", "Remboursée"),
]
STAY = "stay: they take back what was sold."


def test_credit_notes_stay_whatever_their_status_says_and_the_rule_never_takes_them(tmp_path):
    acme = company(tmp_path, REFUNDED)
    [each] = found(acme)
    assert (each["words"], each["kinds"], each["money"]) == ({"Annulée": 1, "Test": 1}, ["cancelled", "test"], "50")
    assert each["back"] == {"Remboursée": {"rows": 2, "money": "-70"}}
    [said] = told(acme)
    assert said.startswith('2 lines of sales (50.00 EUR) have "Annulée" (1 line, 40.50), "Test" (1 line, 9.50) in')
    assert 'in = ["Annulée", "Test"], because = { en = "cancelled, test orders"' in said
    assert said.endswith(f"2 lines of sales (-70.00 EUR) with \"Remboursée\" in 'Statut' {STAY}")
    typed = said[said.index("exclude = [") : said.index("]. If they are") + 1]
    mended = company(tmp_path, REFUNDED, f"{SETTINGS}{typed}\n")
    assert mended.snapshot.report["tables"]["sales"]["accepted"]["sums"]["net_revenue"] == "30"
    assert told(mended) == [] and "Remboursée" not in mended.reconciliation().warning()


def test_the_first_page_says_that_refunded_lines_stay_in_both_languages(tmp_path):
    read = company(tmp_path, REFUNDED).reconciliation()
    assert f"2 lines marked “Remboursée” (−€70.00) {STAY}" in read.warning()
    languages.use("fr")
    try:
        assert "2 lignes marquées “Remboursée” (−70,00\N{NO-BREAK SPACE}€) restent" in read.warning()
    finally:
        languages.use("en")


@pytest.mark.parametrize(
    "amounts, stays",
    [
        (["30,00", "20,00"], False),
        (["30,00", "-20,00"], False),
        (["30,00", "-40,00"], True),
        (["9,00", "-1,00", "-1,00"], True),
    ],
)
def test_a_word_stays_where_most_of_its_lines_or_its_money_take_something_back(tmp_path, amounts, stays):
    rows = [(f"B{n}", "16/01/2026", "C1", amount, "Remboursée") for n, amount in enumerate(amounts)]
    [each] = found(company(tmp_path, [*ROWS[:1], *rows]))
    assert list(each["back"]) == (["Remboursée"] if stays else []) and bool(each["words"]) is not stays


def test_what_a_column_calls_a_credit_note_stays_though_it_bears_no_minus(tmp_path):
    rows = [*ROWS[:1], ("A2", "14/01/2026", "C2", "40,50", "Remboursée")]
    teller = 'document = { column = "Type", values = { "Commande" = "order", "Avoir" = "credit" } }'
    head = HEAD.replace("Statut", "Statut;Type")
    (tmp_path / "exports").mkdir()
    (tmp_path / "company.toml").write_text(f"{SETTINGS}[tables.sales.columns]\n{teller}\n", encoding="utf-8")
    lines = [f"{';'.join(row)};{kind}\n" for row, kind in zip(rows, ("Commande", "Avoir"), strict=True)]
    (tmp_path / "exports" / "ventes.csv").write_text(head + "".join(lines), encoding="utf-8")
    [each] = found(pk.load(tmp_path))
    assert each["words"] == {} and list(each["back"]) == ["Remboursée"]


def test_a_snapshot_of_before_credit_notes_were_told_apart_offers_no_rule():
    old = {"column": "Statut", "words": {"Annulée": 1, "Remboursée": 2}, "kinds": ["cancelled", "refunded"], "rows": 3,
           "money": "-29.5"}  # fmt: skip
    said = states.told(old, "EUR")
    assert "exclude" not in said and said.endswith("a new load tells: perfkit load.")


@pytest.mark.parametrize(
    "cell, meant",
    [
        ("Annulée", "cancelled"), ("CANCELED", "cancelled"), ("Commande annulée", "cancelled"), ("Void", "cancelled"),
        ("Remboursée", "refunded"), ("refunded", "refunded"), ("Devis", "draft"), ("Pro forma", "draft"),
        ("Failed", "refused"), ("Test", "test"), ("Commande de test", "test"), ("Testé", ""),
        ("partially_refunded", ""), ("Non annulée", ""), ("Devis signé", ""), ("Livrée", ""),
        ("Échec de livraison", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_word_of_a_status_is_known_in_either_language(cell, meant):
    assert states.kind(cell) == meant


def test_the_first_page_and_the_appendix_tell_rows_and_money_in_both_languages(tmp_path):
    read = company(tmp_path).reconciliation()
    by_word = "“ANNULÉE” (1 line, €9.50), “Annulée” (1 line, €40.50), “Brouillon” (1 line, €30.00)"
    said = f"3 lines of sales (€80.00) are marked {by_word} in column Statut and count as revenue"
    assert said in read.warning() and any(said in note for note in read.views()[0].notes)
    languages.use("fr")
    try:
        assert "3 lignes de vente (80,00" in read.warning() and "comptent dans le CA" in read.warning()
    finally:
        languages.use("en")


def test_map_tells_it_in_the_block_with_the_rule(tmp_path):
    company(tmp_path)
    file = files.examine(tmp_path / "exports" / "ventes.csv", tmp_path / "exports")
    block = proposing.propose([file], exports=tmp_path / "exports", currency="EUR").block()
    assert "# 3 lines of sales (80.00 EUR) have" in block and RULE in block


def test_map_says_that_credit_notes_stay_though_there_is_nothing_to_leave_out(tmp_path):
    acme = company(tmp_path, [REFUNDED[0], *REFUNDED[3:]])
    assert told(acme) == [] and "Remboursée" not in acme.reconciliation().warning()
    file = files.examine(tmp_path / "exports" / "ventes.csv", tmp_path / "exports")
    block = proposing.propose([file], exports=tmp_path / "exports", currency="EUR").block()
    assert f"# 2 lines of sales (-70.00 EUR) with \"Remboursée\" in 'Statut' {STAY}" in block
    assert "exclude = [{" not in block


def test_a_parquet_file_s_status_is_read_too(desk):
    names = ("order_id", "date", "net_revenue", "order_status")
    table = pa.table(dict(zip(names, [["1", "2"], ["2026-01-02"] * 2, ["5", "7"], ["done", "cancelled"]], strict=True)))
    pq.write_table(table, desk.exports / "s.parquet")
    [each] = desk.load(name="s.parquet").report["tables"]["sales"]["states"]
    assert (each["column"], each["rows"], each["money"]) == ("order_status", 1, "7")
