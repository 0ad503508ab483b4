"""Writings: numbers as people and tools write them are read exactly, by what their column proves."""

from decimal import Decimal

import pytest

from perfkit.sources.values.writings import Writing, own_signs
from tests.sources.one_column import proven, read, read_as

N, NN, TH = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "\N{THIN SPACE}"


def worth(found):
    return [str(each.normalize() + 0) if isinstance(each, Decimal) else each for each in found]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1 234,56 €", "12,00 €"], ["1234.56", "12"]),
        ([f"1{N}234,56{N}€", f"-1{NN}234{NN}567,8 €"], ["1234.56", "-1234567.8"]),
        ([f"1{TH}234,5", "1 234"], ["1234.5", "1234"]),
        (["1.234,56", "1.234"], ["1234.56", "1234"]),
        (["1,234.56", "1,234"], ["1234.56", "1234"]),
        (["1'234.56", "1\u2019234"], ["1234.56", "1234"]),
        (["1,234,567", "1,234"], ["1234567", "1234"]),
        (["1.234.567", "1.234", "5"], ["1234567", "1234", "5"]),
        (["1.234", "567,89"], ["1234", "567.89"]),
        (["1.234", "0.5"], ["1.234", "0.5"]),
        (["1,234", "0,125"], ["1.234", "0.125"]),
        (["1234.567", "1.234"], ["1234.567", "1.234"]),
        (["12,5", "1,234"], ["12.5", "1.234"]),
        (["-1 234,56", "(1 234,56)", "1234,56-", "\N{MINUS SIGN}12,5"], ["-1234.56", "-1234.56", "-1234.56", "-12.5"]),
        (["(12)", "-3", "4-", "+5"], ["-12", "-3", "-4", "5"]),
        (["- 12,5", "-12,50 €", "€ -12,5", "-€12,5"], ["-12.5", "-12.5", "-12.5", "-12.5"]),
        (["(1 234,56 €)", "(1 234,56) €", "€(12)", "12,5- €"], ["-1234.56", "-1234.56", "-12", "-12.5"]),
        (["€1,234.56", "EUR 12", "12eur", "3 euros"], ["1234.56", "12", "12", "3"]),
        ([" 000000000001437,12", "-000000000001437,12", "0,00"], ["1437.12", "-1437.12", "0"]),
        (["0001234,567"], ["1234.567"]),
        ([",5", "-,25", "3,"], ["0.5", "-0.25", "3"]),
        ([".5", "-.25", "3."], ["0.5", "-0.25", "3"]),
        (["12", "007", "-5", " 9 "], ["12", "7", "-5", "9"]),
        (["1 234", "12"], ["1234", "12"]),
        ([f"12{N}", f"{N}7"], ["12", "7"]),
        (["99999999999999.9999"], ["99999999999999.9999"]),
        (["12,5", "12,50000000"], ["12.5", "12.5"]),
        (["1,5", "1,00005"], ["1.5", "too many decimals"]),
        (["1.5", "100000000000000"], ["1.5", "too large"]),
        (["1.5", "1e3", "1.23E+05", "1_000"], ["1.5", *["not a number"] * 3]),
        (["1.5", "12 k€", "n/a", "-", "#N/A", "0x10", "\u0661\u0662"], ["1.5", *["not a number"] * 6]),
        (["1.5", "--4", "-5-", "(-6)", "(7", "8)", "+-9"], ["1.5", *["not a number"] * 6]),
        (["1.5", "1.2.3", "1,,2", "12 34", "1 2345", "1,23,456", "."], ["1.5", *["not a number"] * 6]),
        (["1,5", "0.123.456", "1.23.456", "1.2345,6", "1'23"], ["1.5", *["not a number"] * 4]),
        (["1.5", "nan", "inf", "-Infinity"], ["1.5", *["not finite"] * 3]),
        (["1.5", "12 %"], ["1.5", "not a number"]),
        (["1,5", "$5", "US$ 5", "12 USD", "GBP12", "CHF 5", "5 £"], ["1.5", *["other currency"] * 6]),
        (["1.5", "12 €/u", "€€5", "12€ 5"], ["1.5", *["not a number"] * 3]),
        (["1.5", None, "2"], ["1.5", None, "2"]),
        (["n/a", "abc"], ["not a number", "not a number"]),
        (["1.234.567,89", "1 234 567,89", "1234567,89"], ["1234567.89"] * 3),
        (["1 234'567,89", "1,5"], ["not a number", "1.5"]),
    ],
)  # fmt: skip
def test_a_column_of_amounts_is_read_by_what_its_cells_prove(cells, values):
    assert worth(read(cells)) == values


@pytest.mark.parametrize(
    ("cells", "form", "values"),
    [
        (["1.234", "5"], {"decimal": ","}, ["not a number", "5"]),
        (["1.234", "1.234,5"], {"decimal": ","}, ["1234", "1234.5"]),
        (["1 234", "1'234", "1,234"], {"decimal": ","}, ["1234", "1234", "1.234"]),
        (["1,234", "1.5"], {"decimal": "."}, ["not a number", "1.5"]),
        (["1,234", "1,234.5", "12,5"], {"decimal": "."}, ["not a number", "not a number", "not a number"]),
        (["1,234", "12,5"], {"decimal": ".", "thousands": ","}, ["1234", "not a number"]),
        (["1 234", "1,5"], {"decimal": ",", "thousands": ""}, ["not a number", "1.5"]),
        (["1,234"], {"thousands": ","}, ["1234"]),
        (["1.234"], {"thousands": "."}, ["1234"]),
        (["1,234"], {"thousands": ""}, ["1.234"]),
        (["1,234"], {"thousands": " "}, ["1.234"]),
        (["1.234", "1 234"], {"thousands": " "}, ["1.234", "1234"]),
        (["1 234", "1.234"], {"decimal": ",", "thousands": "."}, ["not a number", "1234"]),
        (["12 €", "(3)"], {"decimal": ".", "thousands": ","}, ["12", "-3"]),
    ],
)
def test_what_is_declared_is_held_to_and_the_rest_proven(cells, form, values):
    assert worth(read(cells, **form)) == values


@pytest.mark.parametrize(
    ("currency", "cells", "values"),
    [
        ("USD", ["$1,234.50", "US$ 5", "USD 6", "(7.00)"], ["1234.5", "5", "6", "-7"]),
        ("USD", ["1.5", "CA$ 5", "A$5", "5 €"], ["1.5", *["other currency"] * 3]),
        ("CHF", ["CHF 1'234.50", "Fr. 5.00", "SFr.6"], ["1234.5", "5", "6"]),
        ("CAD", ["$5.5", "C$ 6", "US$7"], ["5.5", "6", "other currency"]),
        ("GBP", ["£1,234.5", "€5"], ["1234.5", "other currency"]),
        ("SEK", ["1 234,50 kr", "−5,00 SEK"], ["1234.5", "-5"]),
    ],
)
def test_the_companys_own_signs_are_taken_off_and_no_others(currency, cells, values):
    assert worth(read(cells, currency=currency)) == values


def test_the_signs_of_a_currency_are_its_code_and_how_people_write_it():
    assert own_signs("EUR") == ("EUR", "€", "euros", "euro")
    assert own_signs("XYZ") == ("XYZ",)


def test_a_quantity_bears_no_currency():
    assert worth(read(["12", "5 €"], "quantity")) == ["12", "not a number"]


@pytest.mark.parametrize(
    ("cells", "heading", "values"),
    [
        (["12,5 %", "3%", "-7 %", "(8 %)", "100,00 %"], "Part", [0.125, 0.03, -0.07, -0.08, 1.0]),
        (["12,3 %", "0,1 %"], "Part", [0.123, 0.001]),
        (["0.125", "1"], "Part", [0.125, 1.0]),
        (["12,5", "3", "0,5"], "Taux (%)", [0.125, 0.03, 0.005]),
        (["12,5 %", "3"], "Taux %", [0.125, 0.03]),
        (["12,5 %", "3", "0"], "Part", [0.125, "ambiguous", 0.0]),
        (["12,5 %", "12 €", "12 ‰"], "Part", [0.125, "not a number", "not a number"]),
        (["0", "0,0"], "Taux %", [0.0, 0.0]),
    ],
)
def test_percent_is_a_part_of_one(cells, heading, values):
    assert read(cells, "share", heading=heading) == values


def test_numbers_and_integers_are_written_like_amounts():
    assert read(["1 234,5", "0,1"], "number") == [1234.5, 0.1]
    assert read(["1 234", "12,0", "12,5"], "integer") == [1234, 12, "not whole"]


def test_a_workbooks_cells_are_what_they_are_and_its_texts_as_the_column_proves():
    cells = ["\x01n1234.5", "1 234,5 €", "\x01n-0.0001", "\x01n1.234"]
    assert worth(read(cells, kind="cell")) == ["1234.5", "1234.5", "-0.0001", "1.234"]
    odd = ["\x01e#DIV/0!", "\x01f=A1*B1", "\x01btrue", "\x01d2024-01-31 00:00:00", "\x01n0.00001", None]
    reasons = ["error cell", "formula without a value", "not a number", "not a number", "too many decimals", None]
    assert read(odd, kind="cell") == reasons
    assert read(["\x01n12.5", "\x01n3"], "share", kind="cell", heading="Taux %") == [0.125, 0.03]


def test_ids_and_texts_of_a_workbook_keep_what_they_say():
    cells = ["00123", "\x01n123", "\x01n12.5", "\x01n1234567890123456", "\x01d2024-01-31 00:00:00", "\x01e#N/A"]
    assert read(cells, "id", kind="cell") == [
        "00123", "123", "id not whole", "id too long", "2024-01-31", "error cell",
    ]  # fmt: skip
    cells = ["\x01n12.50", "\x01d2024-01-31 10:30:00", "\x01btrue", "\x01f=A1", " a "]
    assert read(cells, "text", kind="cell") == [
        "12.50",
        "2024-01-31 10:30:00",
        "true",
        "formula without a value",
        " a ",
    ]


def test_yes_and_no_are_read_in_french_and_english_whatever_their_case():
    yes, no = ["true", "YES", "1", "Vrai", "oui", "O", "y"], ["False", "no", "0", "FAUX", "non", "N"]
    assert read([*yes, *no, "x", "", "peut-être"], "boolean") == [
        *[True] * 7, *[False] * 6, "not yes or no", "not yes or no", "not yes or no",
    ]  # fmt: skip
    cells = ["\x01btrue", "\x01bfalse", "\x01n1", "\x01n2", "\x01e#N/A", "Oui"]
    assert read(cells, "boolean", kind="cell") == [True, False, True, "not yes or no", "error cell", True]


def test_a_column_of_plain_numbers_needs_no_more_than_a_cast():
    assert proven(["12.5", "3"], "money") == Writing(
        decimal=".", timezone="Europe/Paris", proven=frozenset({"decimal", "thousands"}), whole=True
    )


def test_what_can_be_read_both_ways_is_not_read_where_a_minority_proves_the_other_way():
    cells = [*["12.5"] * 18, "12,5", "1,234", "1.234", "-1.234", "1,234.5", "1234.567", "12"]
    assert worth(read(cells)[18:]) == [
        "not a number", "ambiguous", "ambiguous", "ambiguous", "1234.5", "1234.567", "12",
    ]  # fmt: skip


def test_a_writing_reads_the_same_in_text_and_in_a_workbooks_texts():
    writing = proven(["1 234,56 €", "(5)"], "money")
    cells = ["1 234,56 €", "(5)", "5.5", "x", None]
    assert read_as(cells, "money", writing) == read_as(cells, "money", writing, kind="cell")
