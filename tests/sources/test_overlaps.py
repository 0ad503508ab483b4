"""Overlaps: rows in two files of a table, found whatever their order, refused where they are many."""

from collections import Counter
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.errors import DataError
from perfkit.sources import engines, overlaps

COLUMNS = ["order_id", "date", "net_revenue"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Where a table's rows are written, and an engine that may read them."""
    folder = tmp_path_factory.mktemp("overlaps")
    with engines.locked(folders=[folder], spill=folder) as engine:
        yield folder / "sales.parquet", engine


def written(path, files, columns=COLUMNS):
    """Write the rows (order, day of January, amount) of files one after the other."""
    rows = [row for _, some in files for row in some]
    table = pa.table(
        {
            "order_id": pa.array([order for order, _, _ in rows], pa.string()),
            "date": pa.array([f"2024-01-{day:02}" for _, day, _ in rows], pa.string()).cast(pa.date32()),
            "net_revenue": pa.array([Decimal(amount) for *_, amount in rows], pa.decimal128(18, 4)),
        }
    )
    pq.write_table(table.select(columns), path)
    return [(name, len(some)) for name, some in files]


def found(place, *files, columns=COLUMNS):
    path, engine = place
    return overlaps.found("sales", path, written(path, files, columns), columns, engine)


def settled(place, *files, meant=False, columns=COLUMNS):
    path, engine = place
    pairs = overlaps.settled("sales", path, written(path, files, columns), columns, engine, meant=meant)
    return overlaps.notices(pairs, meant=meant)


def month(*days, start=0):
    return [(f"A{start + n}", day, 10) for n, day in enumerate(days)]


def test_rows_in_two_files_counted_by_hand(place):
    one = [("A1", 1, 10), ("A2", 2, 20), ("A2", 2, 20), ("A3", 3, 30)]
    two = [("A3", 3, 30), ("A2", 2, 20), ("A2", 2, 21), ("B1", 3, 10)]
    (pair,) = found(place, ("one.csv", one), ("two.csv", two))
    assert (pair.first, pair.second, pair.rows, pair.identified, pair.smaller) == ("one.csv", "two.csv", 2, 2, 4)
    assert (pair.money, pair.ids, pair.days) == (50, ("A3", "A2"), ("2024-01-02", "2024-01-03"))
    assert str(pair) == (
        "2 rows of two.csv stand identically in one.csv (A3, A2), 50 in all, of 2024-01-02 to 2024-01-03"
    )


def test_one_file_or_files_of_other_days_have_no_overlap(place):
    assert found(place, ("one.csv", month(1, 1, 2, 2))) == []
    assert found(place, ("one.csv", month(1, 2)), ("two.csv", month(3, 4, start=9)), ("none.csv", [])) == []


def test_lines_repeated_within_one_file_are_no_overlap(place):
    assert found(place, ("one.csv", [("A1", 1, 1)] * 5), ("two.csv", [("B1", 1, 1)] * 5)) == []


def test_a_cumulative_export_overlaps_with_the_one_before(place):
    files = [(f"{n}.csv", month(*range(1, 3 + n))) for n in range(4)]
    pairs = found(place, *files)
    assert [(pair.first, pair.second, pair.rows) for pair in pairs] == [
        ("2.csv", "3.csv", 4), ("1.csv", "2.csv", 3), ("0.csv", "1.csv", 2),
    ]  # fmt: skip


rows = st.tuples(st.sampled_from(["A", "B", "C", None]), st.integers(1, 3), st.integers(1, 2))


@given(st.lists(st.lists(rows, max_size=8), min_size=2, max_size=2))
def test_two_files_share_what_their_multisets_share(place, drawn):
    one, two = (Counter(some) for some in drawn)
    shared = list((one & two).elements())
    pairs = found(place, ("one.csv", drawn[0]), ("two.csv", drawn[1]))
    assert [(pair.rows, pair.identified, pair.money) for pair in pairs] == (
        [(len(shared), sum(order is not None for order, *_ in shared), sum(amount for *_, amount in shared))]
        if shared
        else []
    )


@given(st.lists(st.lists(rows, max_size=4), min_size=3, max_size=9))
def test_every_row_that_stands_in_a_later_file_again_is_found(place, drawn):
    files = [(f"{n}.csv", some) for n, some in enumerate(drawn)]
    again = {row for n, some in enumerate(drawn) for row in some if any(row in other for other in drawn[:n])}
    assert bool(found(place, *files)) == bool(again)


def test_a_tenth_of_the_smaller_file_is_refused_with_what_to_write(place):
    one, two = month(*range(1, 31)), month(*range(28, 31), start=27) + month(*[30] * 17, start=100)
    with pytest.raises(DataError) as refused:
        settled(place, ("one.csv", one), ("two.csv", two))
    assert str(refused.value) == (
        "sales: 3 rows of two.csv stand identically in one.csv (A27, A28, A29), 30 in all, of 2024-01-28 to "
        "2024-01-30: 15% of the smaller file. What stands in two files would count twice. Export periods that do not "
        "overlap, or keep one of the files; if they are different rows that only look alike, write overlap = true in "
        "[tables.sales]."
    )
    (said,) = settled(place, ("one.csv", one), ("two.csv", two), meant=True)
    assert said.endswith("as overlap = true says, they count twice.")


def test_fewer_or_a_single_one_are_noted(place):
    one = month(*range(1, 31))
    (said,) = settled(place, ("one.csv", one), ("two.csv", month(30, start=29)))
    assert said == "1 row of two.csv stands identically in one.csv (A29), 10 in all, of 2024-01-30; they count twice."
    few = month(29, 30, start=28) + month(*[30] * 20, start=100)
    (said,) = settled(place, ("one.csv", one), ("two.csv", few))
    assert said.startswith("2 rows of two.csv")


def test_rows_without_an_id_may_well_be_alike_and_are_only_noted(place):
    columns = ["date", "net_revenue"]
    (said,) = settled(place, ("one.csv", month(1, 2)), ("two.csv", month(1, 2)), columns=columns)
    assert said == (
        "2 rows of two.csv stand identically in one.csv, 20 in all, of 2024-01-01 to 2024-01-02; they count twice."
    )


def test_many_files_are_told_apart(place):
    files = [(f"{n}.csv", [(f"A{n}", 1, 1), (f"A{n + 1}", 1, 1)]) for n in range(300)]
    pairs = found(place, *files)
    assert len(pairs) == 299 and all(pair.rows == 1 for pair in pairs)
    assert {(pair.first, pair.second) for pair in pairs} == {(f"{n}.csv", f"{n + 1}.csv") for n in range(299)}


# ---- through a load

HEAD = "order_id,date,net_revenue\n"
JANUARY = HEAD + "".join(f"A{n},2024-01-{1 + n:02},{n}.50\n" for n in range(30))


def test_a_load_of_exports_that_overlap_is_refused_unless_that_is_meant(desk):
    desk.write("one.csv", JANUARY)
    desk.write("two.csv", HEAD + "".join(f"A{n},2024-01-{1 + n:02},{n}.50\n" for n in range(25, 31)))
    settings = {"name": "*.csv", "format": {"delimiter": ","}}
    with pytest.raises(DataError, match=r"5 rows of two\.csv stand identically in one\.csv \(first: A25, A26, A27\)"):
        desk.load(**settings)
    snapshot = desk.load(**settings, overlap=True)
    assert desk.counts(snapshot) == (36, 0, 0)
    assert any("as overlap = true says" in said for said in snapshot.report["tables"]["sales"]["notices"])
    assert snapshot.report["tables"]["sales"]["overlaps"] == [
        {"first": "one.csv", "second": "two.csv", "rows": 5, "money": "137.5"}  # 25.50 + ... + 29.50
    ]


def test_what_is_set_aside_or_left_out_shifts_no_row_into_another_file(desk):
    desk.write("one.csv", JANUARY.replace("A5,2024-01-06", "A5,no") + "X,2024-01-31,1\n")
    desk.write("two.csv", HEAD + "Y,never,1\nA29,2024-01-30,29.50\n" + "Z,2024-01-30,2\n" * 20)
    exclude = [{"column": "order_id", "equals": "A7", "because": "a test"}]
    snapshot = desk.load(name="*.csv", format={"delimiter": ","}, exclude=exclude)
    (said,) = [said for said in snapshot.report["tables"]["sales"]["notices"] if "identically" in said]
    assert said.startswith("1 row of two.csv stands identically in one.csv (A29), 29.5 in all, of 2024-01-30")


def test_a_corrected_export_beside_the_first_one_is_told(desk):
    head = "order_id,product_id,date,net_revenue\n"
    desk.write("a.csv", head + "".join(f"O{n},P,2024-01-0{n},10.50\n" for n in range(1, 6)))
    desk.write("b.csv", head + "".join(f"O{n},P,2024-01-0{n},11.50\n" for n in range(1, 6)) + "O9,P,2024-01-05,1.50\n")
    snapshot = desk.load(name="*.csv")
    assert snapshot.report["tables"]["sales"]["notices"] == [
        "5 rows of b.csv have the order, product and day of a row of a.csv, but not its amounts (first: O1). Both "
        "count: if one is a corrected export of the other, keep that one alone."
    ]
