"""A word of company.toml or of a file that meets nothing is told with the one that was perhaps meant."""

from decimal import Decimal

import pytest

import perfkit as pk
from perfkit import languages
from perfkit.results import plain

SALES = """order_id,date,customer_id,product_id,net_revenue,kind
1,2026-01-05,C1,P1,40.50,Facture
2,2026-01-06,C2,P1,150,Facture
3,2026-01-07,C2,POST,-25,Avoir
4,2026-02-09,C1,P1,60,Facture
"""
COSTS = """period,amount,kind,level,driver
2026-01-31,10,Transport,cm1,{driver}
2026-01-31,20,Commissions,cm2,
2026-02-28,10,Transport,cm1,visites
"""
SETTINGS = """name = "Acme"
currency = "EUR"
[tables.sales]
files = "sales.csv"
[tables.sales.columns]
{columns}
date = "date"
product_id = "product_id"
net_revenue = "net_revenue"
[tables.costs]
files = "costs.csv"
{more}
"""
IDS = """customer_id = "customer_id"
order_id = "order_id"
"""


def company(folder, *, sales=SALES, columns=IDS, more="", driver="commandes"):
    (folder / "exports").mkdir()
    (folder / "exports" / "sales.csv").write_text(sales, encoding="utf-8")
    (folder / "exports" / "costs.csv").write_text(COSTS.format(driver=driver))
    (folder / "company.toml").write_text(SETTINGS.format(columns=columns, more=more))
    return pk.load(folder)


def test_a_kind_of_levels_that_no_cost_has_is_told_with_the_nearest(tmp_path):
    [said] = company(tmp_path, more='[levels]\n"Comissions" = "cm1"').notices()
    assert "[levels] Comissions: no cost is of the kind 'Comissions'" in said
    assert "Did you mean 'Commissions'? It counts as cm2 until then." in said


def test_a_level_of_a_kind_that_costs_have_is_not_told(tmp_path):
    acme = company(tmp_path, more='[levels]\n"Commissions" = "fixed"')
    assert acme.notices() == []


def test_a_driver_that_is_misspelt_is_told_with_its_rows_money_and_line(tmp_path):
    [said] = company(tmp_path, driver="comandes").notices()
    assert said.startswith("costs: no driver 'comandes' (1 row, 10.00 EUR). Did you mean 'commandes'?")
    assert '[tables.costs.columns]: driver = { column = "...", values = { "comandes" = "orders" } }' in said


@pytest.mark.parametrize("driver", ["commandes", "Visits", "pallets", ""])
def test_drivers_known_and_those_of_the_company_s_own_are_not_told(tmp_path, driver):
    assert company(tmp_path, driver=driver).notices() == []


def test_a_word_of_values_that_no_cell_holds_is_told_where_a_like_one_stays_as_it_is(tmp_path):
    column = 'channel = {{ column = "kind", values = {{ "{}" = "Billed", "Avoir" = "Credit" }} }}'
    [said] = company(tmp_path, columns=IDS + column.format("Facteur")).notices()
    assert "no cell says 'Facteur', and 3 rows say 'Facture'" in said and '"Facture" = "Billed"' in said
    (tmp_path / "right").mkdir()
    assert company(tmp_path / "right", columns=IDS + column.format("FACTURE")).notices() == []


MIXED = SALES + "5,2026-02-10,c1 ,P1,7,Facture\n 5,2026-02-10,C1,P1,3,Facture\n"


def test_ids_that_differ_in_case_or_spaces_only_are_told_with_their_lines_and_money(tmp_path):
    customers, orders = company(tmp_path, sales=MIXED).notices()
    assert customers.startswith("1 customer of sales is written in several ways that differ only in case or spaces")
    assert '("C1" and "c1 "), and counts as 2: 4 lines, 110.50 EUR' in customers
    assert 'customer_id = { column = "customer_id", case = "upper" }' in customers
    assert '(" 5" and "5")' in orders and "only in spaces around them" in orders


def test_the_line_that_is_told_makes_one_of_them(tmp_path):
    lines = [f'{name}_id = {{ column = "{name}_id", case = "upper" }}' for name in ("customer", "order")]
    acme = company(tmp_path, sales=MIXED, columns="\n".join(lines))
    assert acme.notices() == []
    assert acme.frame("sales")["customer_id"].nunique() == 2 and acme.frame("sales")["order_id"].nunique() == 5


def test_the_first_page_and_the_appendix_tell_them_in_both_languages(tmp_path):
    reconciliation = company(tmp_path, sales=MIXED).reconciliation()
    assert "customers: “C1” = “c1␣”" in reconciliation.warning()
    assert "customers: “C1” = “c1␣”" in plain(reconciliation.views()[0])
    assert reconciliation.spellings[0]["money"] == Decimal("110.50")
    languages.use("fr")
    try:
        assert "le nombre de clients est surestimé" in reconciliation.warning()
    finally:
        languages.use("en")


def test_what_is_to_be_typed_for_nobody_is_a_setting_that_there_is(tmp_path):
    sales = SALES.replace("C1", "n/a")
    [said] = company(tmp_path, sales=sales).notices()
    typed = said.partition("write in [tables.sales]: ")[2].rstrip(".")
    settings = tmp_path / "company.toml"
    settings.write_text(settings.read_text().replace('files = "sales.csv"', f'files = "sales.csv"\n{typed}'))
    assert pk.load(tmp_path).frame("sales")["customer_id"].isna().sum() == 2


def test_every_table_that_holds_the_id_is_named_so_that_no_cost_is_left_behind(tmp_path):
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "sales.csv").write_text(MIXED)
    (tmp_path / "exports" / "costs.csv").write_text(
        "period,amount,kind,level,customer_id\n2026-01-31,10,Visits,cm2,c1 \n"
    )
    (tmp_path / "exports" / "customers.csv").write_text("customer_id,name\nC1,One\nC2,Two\n")
    (tmp_path / "company.toml").write_text(
        'name = "Acme"\ncurrency = "EUR"\n[tables.sales]\nfiles = "sales.csv"\n[tables.costs]\nfiles = "costs.csv"\n'
        '[tables.customers]\nfiles = "customers.csv"\n'
    )
    [told] = [each for each in pk.load(tmp_path).notices() if each.startswith("1 customer of sales")]
    assert told.endswith(", and likewise under [tables.costs.columns] and [tables.customers.columns].")
