"""Repeats: a document that stands several times in one file counts once, or is told."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import perfkit as pk
from perfkit import languages
from perfkit.errors import ParameterError
from tests.sources.conftest import Desk

HEAD = "order_id,date,customer_id,product_id,net_revenue"
SETTINGS = 'name = "Acme"\ncurrency = "EUR"\n[tables.sales]\nfiles = "s.csv"\n'
A1 = ["A1,2024-01-05,C1,P1,10", "A1,2024-01-05,C1,P2,4.50"]
A2 = ["A2,2024-01-06,C2,P1,7"]
A3 = ["A3,2024-01-07,C3,P1,1", "A3,2024-01-07,C3,P2,2", "A3,2024-01-07,C3,P2,2"]


def text(*lines):
    return "\n".join([HEAD, *lines]) + "\n"


def repeats(desk, *lines, **settings):
    return desk.load(text(*lines), **settings).report["tables"]["sales"]["repeats"]


def test_documents_counted_by_hand(desk):
    assert repeats(desk, *A1, *A2, *A3, *A2, *A1, *A1) == [
        {"lines": "several", "documents": 1, "rows": 4, "money": "29", "first": ["A1"], "left_out": False},
        {"lines": "one", "documents": 1, "rows": 1, "money": "7", "first": ["A2"], "left_out": False},
    ]


def test_two_equal_lines_beside_others_are_no_repetition(desk):
    assert repeats(desk, *A1, *A2, *A3) == []


def test_a_column_that_nothing_reads_tells_two_lines_apart(desk):
    content = "order_id,date,net_revenue,line\nA1,2024-01-05,10,1\nA1,2024-01-05,10,2\n"
    columns = {"order_id": "order_id", "date": "date", "net_revenue": "net_revenue"}
    assert desk.load(content, columns=columns).report["tables"]["sales"]["repeats"] == []


def test_a_number_that_begins_anew_is_another_document(desk):
    other = [line.replace("2024-01-05", "2025-01-05") for line in A1]
    assert repeats(desk, *A1, *other) == []


def test_once_leaves_out_what_repeats_whole_documents_and_counts_it(desk):
    snapshot = desk.load(text(*A1, *A2, *A1, *A2), repeated="once")
    assert desk.counts(snapshot) == (4, 2, 0)
    assert (desk.revenue(snapshot), desk.revenue(snapshot, "excluded")) == (Decimal("28.5"), Decimal("14.5"))
    [rule] = snapshot.report["tables"]["sales"]["excluded"]["rules"]
    assert (rule["rows"], rule["because"]) == (2, "the document stands several times in its file")
    assert [each["left_out"] for each in snapshot.report["tables"]["sales"]["repeats"]] == [True, False]
    places = snapshot.places("sales", [0, 1, 2, 3])
    assert places["line"].tolist() == [2, 3, 4, 7]


def test_single_lines_are_left_out_only_where_that_is_said_too(desk):
    snapshot = desk.load(text(*A1, *A2, *A1, *A2), repeated="once, single lines too")
    assert desk.counts(snapshot) == (3, 3, 0)


def test_the_rule_needs_a_number_of_the_document(desk):
    with pytest.raises(
        ParameterError, match=r"\[tables\.sales\] repeated: no column tells which rows are one document"
    ):
        desk.load("date,net_revenue\n2024-01-05,1\n", repeated="once")


@given(st.integers(2, 4), st.permutations([*A1, *A3]))
def test_a_file_written_several_times_comes_to_one_of_it(tmp_path_factory, times, lines):
    desk = Desk(tmp_path_factory.mktemp("repeats"))
    once = desk.load(text(*lines))
    often = desk.load(text(*(lines * times)), repeated="once")
    assert desk.revenue(often) == desk.revenue(once)
    assert desk.revenue(often, "read") == times * desk.revenue(once)


def test_the_doubt_says_how_many_their_money_and_what_to_type(tmp_path):
    languages.use("en")
    (tmp_path / "exports").mkdir()
    (tmp_path / "company.toml").write_text(SETTINGS)
    (tmp_path / "exports" / "s.csv").write_text(text(*A1, *A2, *A1, *A2))
    acme = pk.load(tmp_path)
    whole, single = [each for each in acme.notices() if "several times in one file" in each]
    assert whole.startswith(
        "1 document of sales stands several times in one file, every line alike in all columns (A1)"
    )
    assert "2 lines, 14.50 EUR, count again" in whole and 'write in [tables.sales]: repeated = "once";' in whole
    assert "That may be meant" in single and 'repeated = "once, single lines too"' in single
    found = acme.reconciliation()
    assert (
        "1 document stands several times in one file, all its lines alike (A1): €14.50 counts again" in found.warning()
    )
    assert any(
        "of a single line stands several times in one file (A2), which may be meant" in n
        for n in found.views()[0].notes
    )
    languages.use("fr")
    try:
        assert "1 pièce figure plusieurs fois dans un même fichier" in found.warning()
    finally:
        languages.use("en")
