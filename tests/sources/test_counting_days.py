"""Counting days: where the heading of the date says another day than revenue_date does, it is told."""

import pytest

import perfkit as pk
from perfkit import languages
from perfkit.sources import counting_days, files, proposing


def company(folder, heading, said):
    languages.use("en")
    (folder / "exports").mkdir(exist_ok=True)
    dated = f'revenue_date = "{said}"\n' if said else ""
    (folder / "company.toml").write_text(
        f'name = "Acme"\ncurrency = "EUR"\n{dated}[tables.sales]\nfiles = "v.csv"\n[tables.sales.columns]\n'
        f'date = "{heading}"\nnet_revenue = "Total HT"\n',
        encoding="utf-8",
    )
    (folder / "exports" / "v.csv").write_text(f"{heading};Total HT\n13/01/2026;100,00\n", encoding="utf-8")
    return pk.load(folder)


def told(acme):
    return [each for each in acme.notices() if "revenue_date" in each]


@pytest.mark.parametrize(
    "heading, said, right",
    [
        ("Date commande", "invoice date", "order date"),
        ("Order Date", "date de facture", "order date"),
        ("Date de livraison", "invoice date", "delivery date"),
        ("Date facture", "order date", "invoice date"),
    ],
)
def test_a_heading_of_another_day_is_told_with_what_to_write(tmp_path, heading, said, right):
    [sentence] = told(company(tmp_path, heading, said))
    assert f"revenue_date = {said!r}" in sentence and repr(heading) in sentence
    assert f'revenue_date = "{right}"' in sentence


@pytest.mark.parametrize(
    "heading, said",
    [
        ("Date commande", "order date"),
        ("Date facture", "date de facturation"),
        ("Date", "invoice date"),
        ("Date commande", ""),
        ("Date commande", "order date on the web, invoice date elsewhere"),
    ],
)
def test_the_same_day_or_one_that_nobody_names_is_no_doubt(tmp_path, heading, said):
    assert told(company(tmp_path, heading, said)) == []


def test_map_proposes_the_day_that_the_heading_names(tmp_path):
    company(tmp_path, "Date commande", "invoice date")
    file = files.examine(tmp_path / "exports" / "v.csv", tmp_path / "exports")
    options = {"exports": tmp_path / "exports", "currency": "EUR"}
    block = proposing.propose([file], revenue_date="invoice date", **options).block()
    assert 'write at the top of company.toml: revenue_date = "order date"' in block
    assert "revenue_date" not in proposing.propose([file], revenue_date="order date", **options).block()


@pytest.mark.parametrize("text", ["", "Jour", "date of the document"])
def test_a_day_that_is_not_named_is_none(text):
    assert counting_days.kind(text) == ""
