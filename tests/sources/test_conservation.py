"""Conservation: whatever is damaged, every row and every cent read is accepted, excluded or quarantined."""

import csv
import io
from decimal import Decimal

import hypothesis.strategies as st
from hypothesis import given, settings

from perfkit.errors import PerfkitError
from tests.sources.conftest import Desk

NAMES = ["order_id", "date", "product_id", "net_revenue"]
CELL = st.sampled_from(
    ["", "x", "1,5", "2024-02-30", 'a"b', "12.345678", "nan", "#1", "a\nb", "a\r\nb", "é", "POST", "=1"]
)
GOOD = st.tuples(
    st.sampled_from(["A1", "A2", "00123"]),
    st.sampled_from(["2024-01-01", "2024-12-31"]),
    st.sampled_from(["X", "POST", "M"]),
    st.decimals(-1000, 1000, places=2).map(str),
)
ROW = (
    GOOD
    | st.tuples(CELL, CELL, CELL, CELL)
    | st.builds(lambda row, cell, at: (*row[:at], cell, *row[at + 1 :]), GOOD, CELL, st.integers(0, 3))
)
FORM = {"decimal": ".", "date": "%Y-%m-%d"}
RULES = [{"column": "product_id", "in": ["POST", "M"], "because": "postage"}]


def written(rows, end="\n"):
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows([NAMES, *rows])
    return text.getvalue()


def money(text):
    """An amount as a ledger reads it; None where there is none."""
    try:
        amount = Decimal(text.strip())
    except ArithmeticError:
        return None
    return amount if amount.is_finite() else None


@settings(max_examples=15)
@given(st.lists(ROW, min_size=1, max_size=30), st.sampled_from(["\n", "\r\n"]))
def test_rows_and_money_are_conserved_whatever_the_cells_hold(tmp_path_factory, rows, end):
    desk = Desk(tmp_path_factory.mktemp("desk"))
    rows = [*rows, ("Z", "2024-01-01", "X", "1")]
    snapshot = desk.load(written(rows, end), exclude=RULES, format=FORM)
    assert sum(desk.counts(snapshot)) == len(rows)
    report = snapshot.report["tables"]["sales"]
    known = [amount for row in rows if (amount := money(row[3])) is not None]
    assert desk.revenue(snapshot, "read") == sum(known, Decimal(0))
    blank = sum(not any(row) for row in rows)
    unknown = sum(report[part]["unreadable"]["net_revenue"] for part in ("excluded", "quarantined"))
    assert unknown + blank == len(rows) - len(known)
    assert desk.revenue(snapshot) == sum(desk.column(snapshot, "net_revenue"))
    lines = physical_lines(rows, end)
    for row in snapshot.quarantine().to_pyarrow().to_pylist():
        assert next(csv.reader([row["record"]])) == list(rows[lines.index(row["line"])])


def physical_lines(rows, end):
    """Line on which each row starts, counted one by one."""
    starts, line = [], 2
    for row in rows:
        starts.append(line)
        text = written([row], end).split(end, 1)[1]
        line += text.replace("\r\n", "\n").count("\n")
    return starts


@settings(max_examples=25)
@given(st.lists(GOOD, min_size=3, max_size=12), st.data())
def test_random_bytes_in_a_file_are_read_set_aside_or_refused(tmp_path_factory, rows, data):
    desk = Desk(tmp_path_factory.mktemp("desk"))
    content = bytearray(written(rows).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(len(",".join(NAMES)) + 1, len(content) - 1))
        content[at] = data.draw(st.sampled_from(list(b'",\n\r\0\xe9;#x \\')))
    snapshot = loaded_or_refused(desk, bytes(content))
    if snapshot is None:
        return
    assert desk.revenue(snapshot) == sum(desk.column(snapshot, "net_revenue"))
    broken = len(snapshot.quarantine().to_pyarrow())
    assert sum(desk.counts(snapshot)) == desk.counts(snapshot)[0] + broken


@settings(max_examples=8)
@given(st.lists(ROW, min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_total(tmp_path_factory, rows, random):
    desk = Desk(tmp_path_factory.mktemp("desk"))
    rows = [*rows, ("Z", "2024-01-01", "X", "1")]
    one = desk.load(written(rows), exclude=RULES, format=FORM).report["tables"]["sales"]
    shuffled = list(rows)
    random.shuffle(shuffled)
    two = desk.load(written(shuffled), exclude=RULES, format=FORM).report["tables"]["sales"]
    for part in ("rows", "sums", "accepted", "excluded", "quarantined", "observed"):
        assert one[part] == two[part]


def test_two_files_are_the_sum_of_each(desk):
    rows = [("A", "2024-01-01", "X", "1.10"), ("B", "no", "X", "2.20"), ("C", "2024-01-01", "POST", "4.40")]
    desk.write("a.csv", written(rows))
    desk.write("b.csv", written(rows[::-1]))
    snapshot = desk.load(name="*.csv", exclude=RULES, format=FORM)
    assert desk.counts(snapshot) == (2, 2, 2) and desk.revenue(snapshot, "read") == Decimal("15.40")


def loaded_or_refused(desk, content):
    """The snapshot, or None where the file is refused by its name."""
    try:
        return desk.load(content)
    except PerfkitError as error:
        if "sales" not in str(error):
            raise
        return None
