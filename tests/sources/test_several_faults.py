"""Several faults are told at once: of columns, tables, files and settings."""

import pytest

import perfkit as pk
from perfkit.errors import DataError, ParameterError, PerfkitError
from perfkit.sources import company_toml
from perfkit.sources.faults import Several, collected, refuse

SETTINGS = """
name = "Acme"
currency = "EUR"
[tables.sales]
files = "sales.csv"
[tables.sales.columns]
date = "Day"
net_revenue = "Amount"
customer_id = "Customer"
[tables.products]
files = "products.csv"
[tables.products.columns]
product_id = "Code"
"""


def load(folder, settings=SETTINGS, **exports):
    (folder / "exports").mkdir(exist_ok=True)
    (folder / "company.toml").write_text(settings, encoding="utf-8")
    for name, content in exports.items():
        (folder / "exports" / f"{name}.csv").write_text(content, encoding="utf-8")
    return pk.load(folder)


def test_columns_and_tables_that_do_not_fit_are_told_together(tmp_path):
    with pytest.raises(DataError) as told:
        load(tmp_path, sales="Day,Total,Buyer\n2026-01-05,1,C1\n", products="Ref,Name\nP1,Lamp\n")
    said = str(told.value)
    assert said.startswith("3 things are to be mended, and nothing is kept until they are.\n1. ")
    for name in ("'Amount'", "'Customer'", "'Code'"):
        assert f"no column {name}" in said


def test_one_fault_is_told_as_it_is(tmp_path):
    with pytest.raises(DataError, match="^sales.csv: no column 'Customer'"):
        load(tmp_path, sales="Day,Amount\n2026-01-05,1\n", products="Code,Name\nP1,Lamp\n")


def test_files_that_are_not_there_are_told_together(tmp_path):
    with pytest.raises(DataError, match="(?s)2 things.*sales.csv.*products.csv"):
        load(tmp_path, other="a\n1\n")


def test_headings_that_may_mean_another_amount_are_told_together(tmp_path):
    settings = SETTINGS.replace('"Amount"', '"Montant TTC"').replace('"Customer"', '"Customer"\ncost = "Cost (k€)"')
    with pytest.raises(DataError, match="(?s)2 things.*include tax.*in 1,000s"):
        load(tmp_path, settings, sales="Day,Montant TTC,Customer,Cost (k€)\n2026-01-05,1,C,2\n", products="Code\nP1\n")


def test_settings_that_are_not_understood_are_told_together(tmp_path):
    wrong = SETTINGS.replace("currency", "curency").replace('files = "products', 'file = "products')
    with pytest.raises(ParameterError) as told:
        load(tmp_path, 'timezone = "Paris"\n' + wrong)
    said = str(told.value)
    assert "no setting 'curency'" in said and "no setting 'file'" in said and "no time zone 'Paris'" in said
    assert "is missing" not in said, "what is missing is what was misspelt"


def test_blocks_that_nobody_confirmed_are_told_together(tmp_path):
    with pytest.raises(
        PerfkitError, match=r"(?s)2 things.*\[tables.sales\] was proposed.*\[tables.products\] was proposed"
    ):
        load(
            tmp_path, SETTINGS.replace("files =", "confirmed = false\nfiles ="), sales="Day\n1\n", products="Code\nP\n"
        )


def test_faults_within_faults_are_one_list_and_no_fault_is_told_twice():
    one, two = DataError("a"), ParameterError("b")
    with pytest.raises(Several) as told:
        refuse([Several([one, two]), one, DataError("c")])
    assert [str(each) for each in told.value.faults] == ["a", "b", "c"]
    refuse([])
    faults = []
    with collected(faults):
        raise two
    with pytest.raises(ParameterError, match="^b$"):
        refuse(faults)


@pytest.mark.parametrize("second", ["[tables.sales]", "[[tables.sales]]"])
def test_a_second_block_of_a_table_is_answered_with_how_both_stand(tmp_path, second):
    (tmp_path / "company.toml").write_text(f'{SETTINGS}{second}\nfiles = "b.csv"\n')
    with pytest.raises(
        ParameterError, match=r"Lines 4, 14 begin a block of the same table.*begins with \[\[tables.sales\]\]"
    ):
        company_toml.read(tmp_path)


def test_another_block_that_stands_twice_is_to_be_one(tmp_path):
    (tmp_path / "company.toml").write_text("[targets]\na = 1\n[targets]\nb = 2\n")
    with pytest.raises(ParameterError, match=r"\[targets\] stands in lines 1, 3, and a block of that name stands once"):
        company_toml.read(tmp_path)
