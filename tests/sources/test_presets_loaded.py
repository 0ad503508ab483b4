"""Exports of known tools, loaded from their bytes by a preset: exact totals, or a refusal with the amounts."""

import importlib.util
from decimal import Decimal
from pathlib import Path

import pytest

from perfkit.errors import DataError

_spec = importlib.util.spec_from_file_location("presets_of_tools", Path(__file__).with_name("test_presets.py"))
exports = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(exports)

ZONED = {"date": "%Y-%m-%d %H:%M:%S +0200"}


def test_a_shop_is_loaded_to_the_cent_and_what_is_set_aside_shows_the_record_of_the_file(desk):
    snapshot = desk.load(exports.SHOP, preset="shopify", format=ZONED)
    assert desk.revenue(snapshot) == exports.SHOP_REVENUE and desk.counts(snapshot) == (5, 4, 2)
    assert [row[1:3] for row in desk.aside(snapshot)] == [("Currency", "USD"), ("Financial Status", "somethingnew")]
    [first, _] = snapshot.quarantine().to_pyarrow().to_pylist()
    assert first["record"] in exports.SHOP
    assert any("was not on goods" in notice for notice in snapshot.report["tables"]["sales"]["notices"])


def test_a_shop_whose_prices_include_tax_is_refused_in_words_that_tell_what_to_ask_for(desk):
    shop = exports.shopify(("#1", {"lines": [("T", 1, "12.00", "0.00")], "inclusive": True}))
    with pytest.raises(DataError, match="sales.csv: Subtotal \\+ Shipping is Total in 1 of 1.*include tax.*Ask for"):
        desk.load(shop, preset="shopify", format=ZONED)


def test_a_fec_in_latin_9_is_loaded(desk):
    form = {"delimiter": "|", "encoding": "iso-8859-15", "decimal": ",", "date": "%Y%m%d"}
    text = exports.FEC.replace("–", "-").encode("iso-8859-15")
    snapshot = desk.load(text, table="ledger", name="fec.txt", preset="fec", format=form)
    sums = snapshot.report["tables"]["ledger"]["accepted"]["sums"]
    assert Decimal(sums["debit"]) == Decimal(sums["credit"]) == Decimal("1437.12")
    assert desk.column(snapshot, "label", "ledger")[3] == "Avoir nº 1 - cœur"


def test_an_erps_lines_in_cp1252_are_loaded(desk):
    form = {"delimiter": ";", "encoding": "cp1252", "decimal": ",", "thousands": " ", "date": "%d/%m/%Y"}
    snapshot = desk.load(exports.ERP.encode("cp1252"), preset="generic", format=form)
    assert desk.revenue(snapshot) == exports.ERP_REVENUE
    assert desk.aside(snapshot) == [(6, "Type de pièce", "Devis", "not one of")]


def test_an_unknown_preset_is_refused_before_anything_is_read(desk):
    with pytest.raises(Exception, match="no preset 'shopfy'"):
        desk.load(exports.SHOP, preset="shopfy")
