"""Settings: what company.toml got wrong is said in one sentence, with its place and the nearest name."""

import pytest

from perfkit.errors import ParameterError
from perfkit.sources import load
from perfkit.sources.settings import Control, Format, TableSettings, checked


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"file": "a"}, "no setting 'file'. Did you mean 'files'? It takes: files, sheet, preset, format, "),
        ({}, "company.toml: files is missing."),
        ({"files": "a", "format": {"delimeter": ";"}}, "format: no setting 'delimeter'. Did you mean 'delimiter'?"),
        ({"files": "/etc/passwd"}, "leaves the exports folder"),
        ({"files": "a/../../b"}, "leaves the exports folder"),
        ({"files": []}, "name at least one file"),
        ({"files": "a", "keep": "newest"}, "keep = 'newest' is not understood: input should be 'first' or 'last'."),
        ({"files": "a", "format": {"delimiter": ";;"}}, "the delimiter is one character"),
        ({"files": "a", "format": {"quote": ","}}, "quote and delimiter cannot both be ','"),
        ({"files": "a", "format": {"decimal": ",", "thousands": ","}}, "thousands and decimal cannot both be ','"),
        ({"files": "a", "format": {"decimal": "x"}}, 'the decimal sign is "." or ","'),
        ({"files": "a", "format": {"thousands": "0"}}, "the thousands sign is one character that is not a digit"),
        ({"files": "a", "format": {"skip": -1}}, "skip = -1 is not understood"),
        ({"files": "a", "exclude": [{"column": "x", "because": "y"}]}, "exactly one of in, equals, starts_with"),
        ({"files": "a", "exclude": [{"column": "x", "equals": 1}]}, "because is missing"),
        ({"files": "a", "exclude": [{"column": "x", "equals": 1, "because": ""}]}, "because is a text, such as"),
        ({"files": "a", "exclude": [{"column": "x", "equals": 1, "because": {}}]}, "because is a text, such as"),
        ({"files": "a", "exclude": [{"column": "x", "equals": 1, "because": {"de": "y"}}]}, "language 'de'"),
        ({"files": "a", "exclude": [{"column": "x", "is": 1, "because": "y"}]}, "no setting 'is'. Did you mean 'in'?"),
        ({"files": "a", "columns": {"x": {"colum": "y"}}}, "no setting 'colum'. Did you mean 'column'?"),
        ({"files": "a", "columns": {"x": {"column": "y", "times": 0}}}, "times = 0 would make every amount zero"),
        ({"files": "a", "columns": {"x": {"column": "y", "times": "inf"}}}, "should be a finite number"),
        ({"files": "a", "columns": {"x": []}}, "any_of = [] is not understood"),
        ({"files": "a", "fill_down": []}, "columns = [] is not understood"),
        ({"files": "a", "totals": "drop"}, "totals = 'drop' is not understood: input should be 'keep'"),
        ({"files": "a", "columns": {"x": {}}}, "write exactly one of column, any_of, multiply, add, "),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_in_words(block, said):
    with pytest.raises(ParameterError) as refused:
        checked(TableSettings, block)
    assert said in str(refused.value)
    assert str(refused.value).startswith("company.toml") and "\n" not in str(refused.value)


@pytest.mark.parametrize("total", ["ten", "nan", True, None])
def test_a_control_that_is_no_total_is_refused(total):
    with pytest.raises(ParameterError, match="is not a total"):
        checked(Control, {"net_revenue": total})


def test_what_is_not_declared_is_left_to_be_proven():
    form = Format()
    assert {form.delimiter, form.encoding, form.decimal, form.thousands, form.date, form.skip} == {None}
    assert (form.quote, form.null, form.header) == ('"', ("",), True)


def test_a_company_without_tables_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="names no table"):
        load(tmp_path, {}, exports=tmp_path, currency="EUR")


def test_a_control_of_another_table_is_refused(tmp_path):
    with pytest.raises(ParameterError, match=r"\[control\] products: there is no \[tables\.products\]"):
        load(
            tmp_path,
            {"sales": TableSettings(files="a")},
            {"products": Control(rows=1)},
            exports=tmp_path,
            currency="EUR",
        )


@pytest.mark.parametrize("encoding", ["punycode", "idna", "unicode_escape", "base64"])
def test_a_codec_that_no_export_is_written_in_is_refused(encoding):
    with pytest.raises(ParameterError, match="no encoding"):
        checked(TableSettings, {"files": "a.csv", "format": {"encoding": encoding}})
