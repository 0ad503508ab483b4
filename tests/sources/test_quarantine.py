"""Quarantine: what is set aside is data: its place, what is wrong, its money, and its record byte for byte."""

import csv
import json
import zipfile
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.errors import DataError, ParameterError
from perfkit.sources import quarantine_export
from perfkit.sources.originals import one_to_one, original
from perfkit.sources.quarantine import SCHEMA, heads
from perfkit.sources.snapshots import Snapshot
from tests.sources.conftest import Desk

HEAD = "order_id,date,net_revenue\n"
GOOD = HEAD + "A1,2024-01-01,10.00\n"
LIKE_FORMULAS = ("=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0", '=HYPERLINK("x")')


def rows_of(snapshot):
    return snapshot.quarantine().to_pyarrow().to_pylist()


def bytes_of(row):
    return original(row["record"], row["encoding"], row["raw"])


# ---- what is kept of a row


def test_a_row_set_aside_counted_by_hand(desk):
    snapshot = desk.load(GOOD + "A2,soon,2.50\nA3,2024-01-03\n")
    broken, failed = rows_of(snapshot)
    assert (broken["table"], broken["file"], broken["sheet"], broken["line"]) == ("sales", "sales.csv", None, 4)
    assert (broken["column"], broken["value"], broken["reason"]) == ("net_revenue", None, "too few fields")
    assert (broken["amount"], broken["known"], broken["record"]) == (None, None, "A3,2024-01-03")
    assert (failed["line"], failed["column"], failed["value"], failed["reason"]) == (3, "date", "soon", "not a date")
    assert (failed["amount"], failed["record"], failed["encoding"]) == (Decimal("2.5"), "A2,soon,2.50", "utf-8")
    assert dict(failed["known"]) == {"order_id": "A2", "net_revenue": "2.5000"}
    assert broken["raw"] is failed["raw"] is None


def test_only_what_passes_every_check_is_known(desk):
    snapshot = desk.load(
        "order_id,date,net_revenue,document,currency\nA1,2024-01-01,1,invoice,EUR\nA2,2024-01-01,2,bill,USD\n"
    )
    (row,) = rows_of(snapshot)
    assert [each["reason"] for each in row["failures"]] == ["not one of", "other currency"]
    assert dict(row["known"]) == {"order_id": "A2", "date": "2024-01-01", "net_revenue": "2.0000"}


@pytest.mark.parametrize("wrong, reason", [("", "missing"), ("soon", "not a date")])
def test_a_cell_that_two_columns_are_made_from_fails_once_and_neither_is_known(desk, wrong, reason):
    columns = {"order_id": "n", "date": "d", "invoiced_at": "d", "net_revenue": {"multiply": ["q", "p"]}}
    text = f"n,d,q,p\nA1,2024-01-01,1,1\nA2,{wrong},2,x\n"
    (row,) = rows_of(desk.load(text, columns={**columns, "quantity": "q"}))
    assert [(each["column"], each["reason"]) for each in row["failures"]] == [("d", reason), ("p", "not a number")]
    assert dict(row["known"]) == {"order_id": "A2", "quantity": "2.0000"}


def test_an_amount_with_too_many_decimals_is_the_money_of_its_row(desk):
    (row,) = rows_of(desk.load(GOOD + "A2,2024-01-01,0.00001\n"))
    assert row["amount"] == Decimal("0.00001") and "net_revenue" not in dict(row["known"])


def test_the_amounts_add_up_to_the_reconciliation(desk):
    lines = "".join(f"A{n},never,{n}.0{n % 10}01\n" for n in range(500))
    snapshot = desk.load(GOOD + lines, max_quarantined=1)
    assert sum(row["amount"] for row in rows_of(snapshot)) == desk.revenue(snapshot, "quarantined")


def test_a_workbook_s_cells_are_shown_as_they_stand_with_their_sheet(desk):
    with xlsxwriter.Workbook(desk.exports / "sales.xlsx") as book:
        sheet = book.add_worksheet("Januar")
        sheet.write_row(0, 0, ["order_id", "date", "net_revenue"])
        sheet.write_row(1, 0, ["A1", "2024-01-01", 10])
        sheet.write_row(2, 0, ["A2", "soon", 2.5])
        sheet.write_row(3, 0, ["A3", "2024-01-01", 0.123456])
        sheet.write_row(4, 0, ["A4", "2024-01-01"])
        sheet.write_formula(4, 2, "=1/0", None, "#DIV/0!")
    found = rows_of(desk.load(name="sales.xlsx"))
    assert [(row["file"], row["sheet"], row["line"], row["column"], row["value"]) for row in found] == [
        ("sales.xlsx", "Januar", 3, "date", "soon"),
        ("sales.xlsx", "Januar", 4, "net_revenue", "0.123456"),
        ("sales.xlsx", "Januar", 5, "net_revenue", "#DIV/0!"),
    ]
    assert json.loads(found[0]["record"]) == {"order_id": "A2", "date": "soon", "net_revenue": 2.5}
    assert {(row["encoding"], row["raw"]) for row in found} == {(None, None)}


def test_a_text_that_begins_like_a_workbook_s_mark_is_the_value_that_it_is(desk):
    (row,) = rows_of(desk.load(GOOD + "A2,\x01n12,1\n", format={"date": "%Y-%m-%d"}))
    assert row["value"] == "\x01n12"


# ---- byte for byte


def characters(encoding):
    """Every byte, or two, or four, that is one character of an encoding and no part of the structure."""
    if encoding.startswith("utf"):
        signs = "aé€\N{NO-BREAK SPACE}\N{ZERO WIDTH NO-BREAK SPACE}\N{GRINNING FACE}\N{LINE SEPARATOR}\x85\x1a\x00;="
        return [sign.encode(plainly(encoding)) for sign in signs]
    found = []
    for candidate in (*(bytes([a]) for a in range(256)), *(bytes([a, b]) for a in range(128, 256) for b in range(256))):
        try:
            sign = candidate.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(sign) == 1 and sign not in ',"\r\n':
            found.append(candidate)
    return found


def plainly(encoding):
    """The encoding without a mark."""
    return {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(encoding, encoding)


ENCODINGS = (
    *("utf-8", "utf-8-sig", "cp1252", "latin-1", "iso-8859-15", "cp850", "utf-16", "utf-16-le", "utf-16-be", "utf-32"),
    *("cp932", "shift_jis", "gb18030", "gbk", "big5", "euc_jp", "euc_kr", "mac_arabic"),
)
SIGNS = {encoding: characters(encoding) for encoding in ENCODINGS}


@st.composite
def files(draw):
    """An encoding, the bytes of a header, a good row, and of each record to set aside by the line it starts on."""
    encoding = draw(st.sampled_from(ENCODINGS))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    some = st.lists(st.sampled_from(SIGNS[encoding]), max_size=8).map(b"".join)

    def encoded(text):
        return text.encode(plainly(encoding))

    foreign = next(sign for sign in "é日ع" if _encodes(sign, encoding))  # or its bytes could be UTF-8
    head, good = encoded(HEAD.rstrip() + end), encoded(f"{foreign},2024-01-01,1" + end)
    lines, at = {}, 3
    for kind in draw(st.lists(st.sampled_from(["failed", "short", "quoted", "misquoted"]), min_size=1, max_size=6)):
        before, after = draw(some), draw(some)
        if kind == "failed":
            record = encoded("x!") + before + encoded(",no") + after + encoded(",2")
        elif kind == "short":
            record = encoded("x!") + before + encoded(",no") + after
        elif kind == "quoted":
            record = encoded('x!,"no') + before + encoded(end) + after + encoded('",2')
        else:
            record = encoded("x!") + before + encoded('"') + after + encoded(",no,2")
        lines[at] = record
        at += 2 if kind == "quoted" else 1
    mark = draw(st.booleans()) or encoding in ("utf-8-sig", "utf-16", "utf-32")
    marks = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
    if mark and encoding in marks:
        head = "\ufeff".encode(marks[encoding]) + head
    return encoding, head, good, {line: (record, encoded(end)) for line, record in lines.items()}


def _encodes(sign, encoding):
    try:
        return sign.encode(encoding)
    except UnicodeEncodeError:
        return b""


@settings(max_examples=40)
@given(files())
def test_every_record_set_aside_comes_back_byte_for_byte(tmp_path_factory, drawn):
    snapshot, _, lines = loaded(tmp_path_factory, *drawn)
    assert {row["line"]: bytes_of(row) for row in rows_of(snapshot)} == {
        line: record for line, (record, _) in lines.items()
    }


@settings(max_examples=25)
@given(files())
def test_a_file_to_mend_is_its_header_and_its_records_byte_for_byte(tmp_path_factory, drawn):
    snapshot, head, lines = loaded(tmp_path_factory, *drawn)
    exported = quarantine_export.export(snapshot, snapshot.path.parent / "mend")
    path, records, _ = exported.sources["sales.csv"]
    assert records == len(lines)
    assert path.read_bytes() == head + b"".join(record + end for record, end in lines.values())


def loaded(tmp_path_factory, encoding, head, good, lines):
    """Load a drawn file in a company of its own."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    content = head + good + b"".join(record + end for record, end in lines.values())
    snapshot = desk.load(content, format={"encoding": encoding, "delimiter": ","}, max_quarantined=1)
    return snapshot, head, lines


def test_bytes_that_another_byte_would_stand_for_too_are_kept_beside_the_text(desk):
    content = HEAD.encode() + "日,2024-01-01,1\n".encode("cp932") + b"A2,\x87\x90,1\nA3,\x81\xe0,1\n"
    snapshot = desk.load(content, format={"encoding": "cp932", "delimiter": ","})
    two, one = rows_of(snapshot)
    assert two["value"] == one["value"] == "≒"  # two codes of one sign
    assert (two["raw"], one["raw"]) == (b"A2,\x87\x90,1", None)
    assert bytes_of(two) == b"A2,\x87\x90,1" and bytes_of(one) == b"A3,\x81\xe0,1"


def test_encodings_that_write_a_sign_in_one_way_only_are_known():
    assert all(map(one_to_one, ("utf-8", "utf-16-le", "cp1252", "latin-1", "iso8859-15", "cp850", "cp437", "koi8-r")))
    assert not any(map(one_to_one, ("cp932", "gb18030", "big5", "iso2022_jp", "mac_arabic")))


# ---- the file itself


def test_what_stands_above_the_records_is_kept_of_files_with_rows_set_aside(desk):
    desk.write("a.csv", "\ufeffShop 12\r\n" + (GOOD + "A2,no,1\n").replace("\n", "\r\n"))
    desk.write("b.csv", GOOD.replace("A1", "B1"))
    snapshot = desk.load(name="*.csv", format={"encoding": "utf-8", "delimiter": ","})
    kept = heads(snapshot.path / "quarantine.parquet")
    assert list(kept) == ["a.csv"]
    assert kept["a.csv"]["head"] == b"\xef\xbb\xbfShop 12\r\norder_id,date,net_revenue\r\n"
    assert (kept["a.csv"]["line_end"], kept["a.csv"]["encoding"]) == ("\r\n", "utf-8")


def test_a_quarantine_without_a_row_has_its_columns(desk):
    snapshot = desk.load(GOOD)
    assert rows_of(snapshot) == [] and heads(snapshot.path / "quarantine.parquet") == {}
    assert pq.read_schema(snapshot.path / "quarantine.parquet").equals(SCHEMA)


# ---- written out


@pytest.fixture
def hostile(desk):
    """A snapshot whose rows set aside hold what a spreadsheet would run."""
    lines = "".join(f'A{n},"{text.replace(chr(34), chr(34) * 2)}",1\n' for n, text in enumerate(LIKE_FORMULAS))
    return desk.load(GOOD + lines, format={"delimiter": ","}, max_quarantined=1)


def test_a_list_in_csv_starts_no_formula(hostile, tmp_path):
    exported = quarantine_export.export(hostile, tmp_path / "aside.csv")
    assert exported.path.read_bytes().startswith(b"\xef\xbb\xbftable,file,sheet,line,")
    with exported.path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert exported.rows == len(found) == len(LIKE_FORMULAS)
    assert not [cell for row in found for cell in row.values() if cell.startswith(quarantine_export.FORMULA)]
    assert [row["value"] for row in found] == [f"'{text}" for text in LIKE_FORMULAS]
    assert [(row["line"], row["amount"]) for row in found[:2]] == [("3", "1"), ("4", "1")]


def test_an_amount_is_a_number_and_no_text(desk, tmp_path):
    snapshot = desk.load(GOOD + "A2,no,-1200.50\n")
    exported = quarantine_export.export(snapshot, tmp_path / "aside.csv")
    with exported.path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["amount"] == "-1200.5" and row["record"] == "A2,no,-1200.50"


def test_a_missing_value_is_an_empty_cell_and_no_word(desk, tmp_path):
    snapshot = desk.load(GOOD + "A2,,5\n")
    quarantine_export.export(snapshot, tmp_path / "aside.xlsx")
    header, row = openpyxl.load_workbook(tmp_path / "aside.xlsx").active.iter_rows(values_only=True)
    assert row[header.index("value")] is None and row[header.index("failures")] == "date: missing"
    quarantine_export.export(snapshot, tmp_path / "mend")
    with (tmp_path / "mend" / "_list.csv").open(encoding="utf-8-sig", newline="") as file:
        (listed,) = csv.DictReader(file)
    assert (listed["value"], listed["sheet"], listed["failures"]) == ("", "", "date: missing")
    assert "None" not in (tmp_path / "mend" / "_list.csv").read_text()


def test_a_french_company_s_lists_open_in_its_spreadsheets(desk, tmp_path):
    snapshot = desk.load(GOOD + "A2,no,-1200.50\n")
    quarantine_export.export(snapshot, tmp_path / "aside.csv", language="fr")
    quarantine_export.export(snapshot, tmp_path / "mend", language="fr")
    for path in (tmp_path / "aside.csv", tmp_path / "mend" / "_list.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            (row,) = csv.DictReader(file, delimiter=";")
        assert (row["file"], row["value"], row["amount"]) == ("sales.csv", "no", "-1200,5")
    assert (tmp_path / "mend" / "sales.csv").read_text() == HEAD + "A2,no,-1200.50\n"  # byte for byte


def test_a_workbook_holds_texts_as_texts(hostile, tmp_path):
    exported = quarantine_export.export(hostile, tmp_path / "aside.xlsx")
    sheet = openpyxl.load_workbook(exported.path).active
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f" or cell.hyperlink]
    header, *rows = sheet.iter_rows(values_only=True)
    value = header.index("value")
    assert [row[value] for row in rows] == list(LIKE_FORMULAS)
    assert rows[0][header.index("line")] == 3 and rows[0][header.index("amount")] == 1


def test_a_cell_too_long_for_a_workbook_is_cut_and_counted(desk, tmp_path):
    snapshot = desk.load(GOOD + f"A2,{'é' * 40_000},1\nA3,\ufffe\x07,1\n")
    exported = quarantine_export.export(snapshot, tmp_path / "aside.xlsx")
    assert exported.cut == 3  # value, failures and record
    sheet = openpyxl.load_workbook(exported.path).active
    header, first, second = sheet.iter_rows(values_only=True)
    assert len(first[header.index("value")]) < 32_767
    assert second[header.index("value")].startswith("\N{REPLACEMENT CHARACTER}")
    assert zipfile.ZipFile(exported.path).testzip() is None


def test_parquet_holds_everything_as_it_is(hostile, tmp_path):
    exported = quarantine_export.export(hostile, tmp_path / "aside.parquet")
    assert pq.read_table(exported.path).equals(pq.read_table(hostile.path / "quarantine.parquet"))


def test_a_folder_holds_each_file_s_own_records_and_where_they_stand(desk, tmp_path):
    desk.write("2024/jan.csv", (GOOD + "A2,no,1\nA3,2024-01-03\n").replace("\n", "\r\n"))
    desk.write("2024/feb.csv", GOOD.replace("A1", "B1") + 'B2,"no\nway",1\nB3,not,1\n')
    snapshot = desk.load(name="2024/*.csv", format={"delimiter": ","})
    exported = quarantine_export.export(snapshot, tmp_path / "mend")
    assert (tmp_path / "mend/2024/jan.csv").read_bytes() == (HEAD + "A2,no,1\nA3,2024-01-03\n").replace(
        "\n", "\r\n"
    ).encode()
    assert (tmp_path / "mend/2024/feb.csv").read_text() == HEAD + 'B2,"no\nway",1\nB3,not,1\n'
    with (tmp_path / "mend/_list.csv").open(encoding="utf-8-sig", newline="") as file:
        found = [(row["mend_file"], row["mend_line"], row["file"], row["line"]) for row in csv.DictReader(file)]
    assert found == [
        ("2024/feb.csv", "2", "2024/feb.csv", "3"),
        ("2024/feb.csv", "4", "2024/feb.csv", "5"),
        ("2024/jan.csv", "2", "2024/jan.csv", "3"),
        ("2024/jan.csv", "3", "2024/jan.csv", "4"),
    ]
    assert {name: records for name, (_, records, _) in exported.sources.items()} == {
        "2024/jan.csv": 2, "2024/feb.csv": 2,
    }  # fmt: skip


def test_records_of_a_packed_file_are_written_below_the_name_of_the_archive(desk, tmp_path):
    with zipfile.ZipFile(desk.exports / "sales.zip", "w") as archive:
        archive.writestr("jan.csv", GOOD + "A2,no,1\n")
        archive.writestr("feb.csv", GOOD.replace("A1", "B1") + "B2,no,1\n")
    snapshot = desk.load(name="sales.zip", format={"delimiter": ","})
    exported = quarantine_export.export(snapshot, tmp_path / "mend")
    written = sorted(path.read_text() for path, _, _ in exported.sources.values())
    assert written == [HEAD + "A2,no,1\n", HEAD + "B2,no,1\n"]


def test_the_mended_file_loads_beside_the_rest_once_its_records_are_taken_out(desk, tmp_path):
    snapshot = desk.load("Shop 12\n" + GOOD + "A2,2024-02-31,5\n", format={"delimiter": ",", "skip": 1})
    quarantine_export.export(snapshot, tmp_path / "mend")
    mended = (tmp_path / "mend/sales.csv").read_text().replace("02-31", "02-29")
    desk.write("sales.csv", "Shop 12\n" + GOOD)
    desk.write("sales-mended.csv", mended)
    again = desk.load(name="sales*.csv", format={"delimiter": ",", "skip": 1})
    assert desk.counts(again) == (2, 0, 0) and desk.revenue(again) == 15


def test_a_typed_file_s_rows_are_written_as_json_to_read(desk, tmp_path):
    table = pa.table({"order_id": ["A1", "A2"], "date": ["2024-01-01", "no"], "net_revenue": [Decimal(1), Decimal(2)]})
    pq.write_table(table, desk.exports / "sales.parquet")
    snapshot = desk.load(name="sales.parquet")
    quarantine_export.export(snapshot, tmp_path / "mend")
    written = (tmp_path / "mend/sales.parquet.jsonl").read_text()
    assert written == '{"order_id": "A2", "date": "no", "net_revenue": "2"}\n'


@pytest.mark.parametrize("name", ["aside.csv", "aside.xlsx", "aside.parquet", "mend"])
def test_nothing_is_ever_overwritten(hostile, tmp_path, name):
    path = tmp_path / name
    quarantine_export.export(hostile, path)
    before = {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    with pytest.raises(ParameterError, match=f"{name} (exists already|is not empty)"):
        quarantine_export.export(hostile, path)
    assert {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()} == before


def test_another_ending_or_a_folder_that_is_not_there_is_refused(hostile, tmp_path):
    with pytest.raises(ParameterError, match=r"aside\.txt: rows set aside are written as \.csv, \.xlsx, \.parquet"):
        quarantine_export.export(hostile, tmp_path / "aside.txt")
    with pytest.raises(ParameterError, match="nowhere is no folder"):
        quarantine_export.export(hostile, tmp_path / "nowhere" / "aside.csv")


def test_a_name_never_leads_out_of_the_folder(tmp_path):
    taken = set()
    for name in ("../../out.csv", "/etc/out.csv", "a/../../out.csv", "..", "out.csv", "OUT.csv"):
        path = quarantine_export._inside(tmp_path, name, taken)
        assert path.resolve().is_relative_to(tmp_path.resolve()) and path != tmp_path
    assert len(taken) == 6


def test_a_damaged_quarantine_is_not_written_out(hostile, tmp_path):
    path = hostile.path / "quarantine.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(Exception, match="damaged"):
        quarantine_export.export(Snapshot(hostile.path), tmp_path / "aside.csv")
    assert not (tmp_path / "aside.csv").exists()


def test_a_short_table_of_which_half_cannot_be_read_is_refused(desk):
    def sold(bad):
        return "date,net_revenue\n" + "".join(f"2026-01-05,{'x' if n < bad else 1}\n" for n in range(20))

    assert Desk.counts(desk.load(sold(9))) == (11, 0, 9)
    with pytest.raises(DataError, match="10 of 20 rows cannot be read"):
        desk.load(sold(10))
