"""Errors say what is unknown, what was perhaps meant, and what there is."""

from perfkit.errors import DataError, EngineError, ParameterError, PerfkitError, nearest, unknown


def test_every_error_is_a_perfkit_error_and_a_value_error():
    for kind in (DataError, ParameterError, EngineError):
        assert issubclass(kind, PerfkitError) and issubclass(kind, ValueError)


def test_the_nearest_name_ignores_case():
    assert nearest("quantite", ["Quantity", "UnitPrice"]) == "Quantity"
    assert nearest("zzz", ["Quantity"]) is None


def test_an_unknown_name_lists_every_known_one():
    message = unknown("column", "Quantite", ["Quantity", "UnitPrice", "Country", "StockCode"])
    assert message == (
        "no column 'Quantite'. Did you mean 'Quantity'? There are: Quantity, UnitPrice, Country, StockCode."
    )
    assert unknown("snapshot", "x", []) == "no snapshot 'x'; there is none."
