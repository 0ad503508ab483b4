"""Each accepted row knows its line: whatever was left out above it, and however many lines a record takes."""

import json

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfkit.errors import DataError
from perfkit.sources import load
from perfkit.sources.places import Accepted, Lines, located
from perfkit.sources.settings import TableSettings


def placed(snapshot, table="sales", of="order_id"):
    """Each accepted row: what it says, and its file, sheet and line."""
    rows = snapshot.numbered(table).to_pyarrow()
    places = snapshot.places(table, rows.column("file_row_number").to_numpy())
    return [
        (value, *(None if pd.isna(part) else part for part in place))
        for value, place in zip(rows.column(of).to_pylist(), places.itertuples(index=False, name=None), strict=True)
    ]


def test_quarantined_and_excluded_lines_and_blanks_are_passed_over(desk):
    rows = ["2026-01-01,1,a", "2026-01-02,x,b", "", "2026-01-03,2,c", "2026-01-04,3,d", "1,2,3,4", "2026-01-05,5,e"]
    content = "\n".join(["date,net_revenue,order_id", *rows, ""])
    snapshot = desk.load(content, exclude=[{"column": "order_id", "equals": "d", "because": "test"}])
    assert placed(snapshot) == [("a", "sales.csv", None, 2), ("c", "sales.csv", None, 5), ("e", "sales.csv", None, 8)]


@pytest.mark.parametrize("end", ["\n", ""], ids=["ended", "not ended"])
def test_a_record_that_holds_line_breaks_begins_on_its_first_line(desk, end):
    content = 'date,net_revenue,order_id\n2026-01-01,1,"a\nb\nc"\n2026-01-02,2,d\n2026-01-03,3,"e\nf"' + end
    snapshot = desk.load(content)
    assert placed(snapshot) == [
        ("a\nb\nc", "sales.csv", None, 2), ("d", "sales.csv", None, 5), ("e\nf", "sales.csv", None, 6),
    ]  # fmt: skip


def test_a_last_record_of_several_lines_without_a_line_end_is_set_aside_whole(desk):
    snapshot = desk.load('date,net_revenue,order_id\n2026-01-01,1,a\n2026-01-02,x,"b\nc"')
    assert desk.aside(snapshot) == [(3, "net_revenue", "x", "not a number")]


def test_titles_stand_above_and_lines_go_on_in_the_next_file(desk):
    title = "Ventes\n\ndate;net_revenue;order_id\n2026-01-01;1,50;a\n2026-01-02;2,50;b\n"
    desk.write("a.csv", title.replace("\n", "\r\n").encode("cp1252"))
    desk.write("b.csv", "date;net_revenue;order_id\n2026-01-03;3,50;c\n")
    snapshot = desk.load(name=("a.csv", "b.csv"))
    assert placed(snapshot) == [("a", "a.csv", None, 4), ("b", "a.csv", None, 5), ("c", "b.csv", None, 2)]


def test_rows_of_a_workbook_have_a_sheet(desk):
    book = openpyxl.Workbook()
    first, second = book.active, book.create_sheet("Mars")
    first.title = "Février"
    for sheet, rows in ((first, [["a", 1], ["b", "?"], ["c", 3]]), (second, [["d", 4]])):
        sheet.append(["order_id", "net_revenue", "date"])
        for row in rows:
            sheet.append([*row, "2026-02-01"])
    second.insert_rows(1, 3)
    book.save(desk.exports / "sales.xlsx")
    snapshot = desk.load(name="sales.xlsx", sheet="*")
    assert placed(snapshot) == [
        ("a", "sales.xlsx", "Février", 2), ("c", "sales.xlsx", "Février", 4), ("d", "sales.xlsx", "Mars", 5),
    ]  # fmt: skip


def test_a_parquet_file_has_row_numbers(desk):
    rows = pa.table({"order_id": ["a", "b"], "date": ["2026-01-01"] * 2, "net_revenue": ["1", "2"]})
    pq.write_table(rows, desk.exports / "sales.parquet")
    assert placed(desk.load(name="sales.parquet")) == [
        ("a", "sales.parquet", None, 1), ("b", "sales.parquet", None, 2),
    ]  # fmt: skip


def test_a_row_that_was_taken_out_because_its_key_stands_twice_moves_no_other(desk):
    content = "customer_id,name\nC1,old\nC2,b\nC1,new\nC3,c\n"
    snapshot = desk.load(content, table="customers", name="customers.csv", keep="last")
    assert placed(snapshot, "customers", "name") == [
        ("b", "customers.csv", None, 3), ("new", "customers.csv", None, 4), ("c", "customers.csv", None, 5),
    ]  # fmt: skip


def test_a_snapshot_of_before_places_says_to_load_again(desk):
    snapshot = desk.load("date,net_revenue\n2026-01-01,1\n")
    report = json.loads((snapshot.path / "load.json").read_text())
    del report["stored"]["sales.places.parquet"]
    (snapshot.path / "load.json").write_text(json.dumps(report))
    again = type(snapshot)(snapshot.path)
    with pytest.raises(DataError, match="earlier perfkit.*perfkit load"):
        again.places("sales", np.array([0]))


good = st.builds(
    lambda id, day: f"2026-01-{day:02d},{day},{id}", st.text("ab", min_size=1, max_size=3), st.integers(1, 28)
)
several = st.builds(lambda line, breaks: f'{line[:14]}"x' + "\n" * breaks + 'y"', good, st.integers(1, 3))
bad = st.sampled_from(["2026-01-01,x,a", "2026-01-01,1", "1,2,3,4,5", 'a"b,1,2', "n,1,a", ""])
files = st.lists(st.lists(st.one_of(good, good, good, several, bad), min_size=1, max_size=12), min_size=1, max_size=3)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files)
def test_the_line_that_a_row_names_holds_its_date_and_amount(tmp_path_factory, made):
    folder = tmp_path_factory.mktemp("places")
    texts = {}
    for number, records in enumerate(made):
        texts[f"{number}.csv"] = (
            "\n".join(["date,net_revenue,order_id", "2026-01-01,1,first", *records]) + f"\n2026-02-01,1,{number}\n"
        )
        (folder / f"{number}.csv").write_text(texts[f"{number}.csv"])
    declared = TableSettings(files=tuple(texts), max_quarantined=1, overlap=True)
    snapshot = load(folder / "acme", {"sales": declared}, exports=folder, currency="EUR")
    rows = snapshot.numbered("sales").to_pyarrow().to_pylist()
    places = snapshot.places("sales", np.array([row["file_row_number"] for row in rows]))
    for row, file, line in zip(rows, places["file"], places["line"], strict=True):
        found = texts[file].split("\n")[line - 1]
        assert found.startswith(f"{row['date']},{row['net_revenue']:.0f},")
    assert len(places.drop_duplicates()) == len(rows)


@settings(max_examples=50)
@given(st.lists(st.lists(st.booleans(), max_size=9), max_size=5), st.data())
def test_runs_are_the_same_as_counting_row_by_row(tmp_path_factory, batches, data):
    path = tmp_path_factory.mktemp("runs") / "places.parquet"
    total = sum(map(len, batches))
    gaps = data.draw(st.lists(st.integers(1, 3), min_size=total, max_size=total))
    lines = np.cumsum(np.array([1, *gaps]))[:total].astype(np.int64) if total else np.array([2])
    accepted, base = Accepted(), 0
    for batch in batches:
        accepted.add(np.array(batch, bool), 0, base)
        base += len(batch)
    passed = np.flatnonzero([each for batch in batches for each in batch])
    gone = np.flatnonzero(data.draw(st.lists(st.booleans(), min_size=len(passed), max_size=len(passed))))
    accepted.write(path, ["a.csv"], [Lines.of(lines)], gone)
    stays = np.delete(passed, gone)
    assert located(path, np.arange(len(stays)))["line"].tolist() == lines[stays].tolist()
