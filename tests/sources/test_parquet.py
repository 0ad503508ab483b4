"""Parquet: typed columns are taken exactly, and a damaged file is refused."""

import datetime as dt
import random
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import perfkit as pk
from perfkit.errors import DataError, PerfkitError


def parquet(desk, columns, name="sales.parquet", **options):
    pq.write_table(pa.table(columns), desk.exports / name, **options)
    return name


DAY = pa.array([dt.date(2024, 1, 1)] * 3)


def test_every_pound_of_online_retail_is_accounted_for(desk, shared_data):
    desk.exports = shared_data / "online_retail"
    snapshot = desk.load(
        name="online_retail.parquet",
        currency="GBP",
        control={"rows": 541909, "net_revenue": "9747747.934"},
        columns={
            "order_id": "InvoiceNo",
            "date": "InvoiceDate",
            "customer_id": "CustomerID",
            "product_id": "StockCode",
            "quantity": "Quantity",
            "net_revenue": {"multiply": ["Quantity", "UnitPrice"]},
            "country": "Country",
        },
        exclude=[
            {"column": "InvoiceNo", "starts_with": "A", "because": "bad debt"},
            {"column": "StockCode", "in": ["POST", "DOT", "M"], "because": "postage and manual"},
        ],
    )
    report = snapshot.report["tables"]["sales"]
    assert report["rows"] == 541_909 == sum(desk.counts(snapshot))
    assert desk.revenue(snapshot, "read") == Decimal("9747747.934")
    parts = [desk.revenue(snapshot, part) for part in ("accepted", "excluded", "quarantined")]
    assert sum(parts) == Decimal("9747747.934")
    assert (
        report["excluded"]["rules"][0]["rows"] == 3
        and report["excluded"]["rules"][0]["sums"]["net_revenue"] == "-11062.06"
    )
    sales = snapshot.table("sales").to_pyarrow()
    assert sales.column("customer_id").null_count > 130_000 and sales.column("customer_id")[0].as_py() == "17850"
    assert sum(sales.column("net_revenue").to_pylist()) == parts[0]
    assert report["observed"] == {"column": "date", "first": "2010-12-01", "last": "2011-12-09"}
    assert any("float money" in notice for notice in report["notices"])


def test_doubles_are_the_decimal_they_are_nearest_to_or_set_aside(desk):
    name = parquet(
        desk,
        {
            "date": pa.array([dt.date(2024, 1, 1)] * 7),
            "net_revenue": [1.005, 0.1, 0.1 + 0.2, np.nan, np.inf, 1e15, None],
        },
    )
    snapshot = desk.load(name=name)
    assert desk.column(snapshot, "net_revenue") == [Decimal("1.005"), Decimal("0.1")]
    assert [(line, reason) for line, _, _, reason in desk.aside(snapshot)] == [
        (3, "too many decimals"), (4, "not finite"), (5, "not finite"), (6, "too large"), (7, "missing"),
    ]  # fmt: skip
    assert snapshot.report["tables"]["sales"]["quarantined"]["unreadable"] == {"net_revenue": 5}


def test_small_floats_are_refused_for_money(desk):
    name = parquet(desk, {"date": DAY, "net_revenue": pa.array([1.1, 2.2, 3.3], pa.float32())})
    with pytest.raises(DataError, match="32-bit floats, which lose cents"):
        desk.load(name=name)


def test_decimals_and_integers_are_taken_as_they_are(desk):
    amounts = pa.array([Decimal("1.5"), Decimal("0.000001"), Decimal("-2")], pa.decimal128(20, 6))
    name = parquet(desk, {"date": DAY, "net_revenue": amounts, "quantity": pa.array([1, 2, 3], pa.uint8())})
    snapshot = desk.load(name=name)
    assert desk.column(snapshot, "net_revenue") == [Decimal("1.5"), Decimal("-2")]
    assert desk.column(snapshot, "quantity") == [1, 3]
    assert desk.aside(snapshot) == [(2, "net_revenue", "0.000001", "too many decimals")]
    assert desk.revenue(snapshot, "read") == Decimal("-0.499999")


def test_ids_that_are_numbers_become_text_only_where_they_are_whole(desk):
    name = parquet(
        desk,
        {
            "date": DAY,
            "net_revenue": [1, 2, 4],
            "customer_id": [17850.0, np.nan, 1.5],
            "order_id": pa.array([7, None, 9], pa.int64()),
            "product_id": pa.array(["007", "a", None]).dictionary_encode(),
        },
    )
    snapshot = desk.load(name=name)
    assert desk.column(snapshot, "customer_id") == ["17850", None]
    assert desk.column(snapshot, "order_id") == ["7", None]
    assert desk.column(snapshot, "product_id") == ["007", "a"]
    assert desk.aside(snapshot) == [(3, "customer_id", "1.5", "id not whole")]
    assert (
        "sales.parquet: customer_id is a float there; 17850.0 was taken as 17850."
        in snapshot.report["tables"]["sales"]["notices"]
    )


def test_the_zone_that_a_file_writes_its_times_in_moves_no_day(desk):
    late = dt.datetime(2024, 1, 31, 23, 30, tzinfo=dt.UTC)
    for kind in (pa.timestamp("us", "Pacific/Kiritimati"), pa.timestamp("ns", "Asia/Kathmandu"), pa.timestamp("ms")):
        instant = late if kind.tz else late.replace(tzinfo=None)
        name = parquet(desk, {"date": pa.array([instant], kind), "net_revenue": [1]})
        assert desk.column(desk.load(name=name), "date") == [dt.date(2024, 1, 31)]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"date": [1, 2, 3], "net_revenue": [1, 2, 3]}, "holds integer values, and .* date needs date"),
        ({"date": DAY, "net_revenue": [True, False, True]}, "holds boolean values, and .* needs money"),
        ({"date": DAY, "net_revenue": [[1], [2], [3]]}, "holds other values"),
        ({"date": DAY, "net_revenue": [b"1", b"2", b"3"]}, "holds other values"),
    ],
)
def test_a_column_of_another_type_is_refused(desk, columns, said):
    with pytest.raises(DataError, match=said):
        desk.load(name=parquet(desk, columns))


def test_text_in_parquet_is_read_by_the_declared_format(desk):
    name = parquet(desk, {"date": ["31/12/2024", "x"], "net_revenue": ["1 234,5", "1"]})
    snapshot = desk.load(name=name, format={"date": "%d/%m/%Y", "decimal": ",", "thousands": " "})
    assert desk.column(snapshot, "net_revenue") == [Decimal("1234.5")]
    assert desk.aside(snapshot) == [(2, "date", "x", "not a date")]
    assert snapshot.quarantine().to_pyarrow().column("record").to_pylist() == ['{"date": "x", "net_revenue": "1"}']


def test_odd_column_names_are_only_names(desk):
    name = parquet(desk, {"a.b": DAY, 'x"; --': [1, 2, 3], "a": [{"b": 1}] * 3, "É": ["x", "y", "z"]})
    snapshot = desk.load(name=name, columns={"date": "a.b", "net_revenue": 'x"; --', "region": "É"})
    assert desk.revenue(snapshot) == 6 and desk.column(snapshot, "region") == ["x", "y", "z"]


def test_csv_and_parquet_may_stand_side_by_side(desk):
    parquet(desk, {"date": DAY, "net_revenue": [1, 2, 3]}, name="b.parquet")
    desk.write("a.csv", "date,net_revenue\n2024-01-01,4\n")
    assert desk.revenue(desk.load(name=["a.csv", "b.parquet"])) == 10


def test_a_parquet_file_without_a_row_is_refused(desk):
    with pytest.raises(DataError, match="no row"):
        desk.load(name=parquet(desk, {"date": pa.array([], pa.date32()), "net_revenue": pa.array([], pa.int64())}))


def test_no_flipped_bit_or_cut_ever_changes_a_total_in_silence(desk):
    rng = random.Random(7)
    amounts = [Decimal(rng.randrange(10**6)) / 100 for _ in range(2000)]
    days = pa.array([dt.date(2024, 1, 1 + n % 28) for n in range(2000)])
    ids = [f"C{rng.randrange(50)}" for _ in range(2000)]
    columns = {"date": days, "net_revenue": pa.array(amounts, pa.decimal128(18, 2)), "customer_id": ids}
    name = parquet(desk, columns, write_page_checksum=True, compression="none")
    content = (desk.exports / name).read_bytes()
    right = (len(amounts), sum(amounts))
    refused = 0
    for trial in range(60):
        damaged = bytearray(content)
        if trial % 6 == 0:
            damaged = damaged[: rng.randrange(4, len(damaged))]
        else:
            for _ in range(3):
                damaged[rng.randrange(4, len(damaged))] ^= 1 << rng.randrange(8)
        snapshot = loaded_or_refused(desk, bytes(damaged), name)
        if snapshot is None:
            refused += 1
        else:
            assert (sum(desk.counts(snapshot)), desk.revenue(snapshot, "read")) == right
            assert sorted(desk.column(snapshot, "customer_id")) == sorted(ids)
    assert refused > 40


def loaded_or_refused(desk, content, name):
    """The snapshot, or None where the file is refused by its name."""
    try:
        return desk.load(content, name=name)
    except PerfkitError as error:
        if name not in str(error):
            raise
        return None


def test_a_damaged_page_is_said_in_one_sentence(desk):
    name = parquet(desk, {"date": DAY, "net_revenue": [1, 2, 3]}, write_page_checksum=True, compression="none")
    content = bytearray((desk.exports / name).read_bytes())
    content[content.index((2).to_bytes(8, "little"))] ^= 4
    with pytest.raises(DataError) as refused:
        desk.load(bytes(content), name=name)
    assert str(refused.value).startswith("sales.parquet is damaged or cut: could not verify page integrity")
    assert "Traceback" not in str(refused.value)


def company(folder, table, more=""):
    (folder / "exports").mkdir()
    pq.write_table(table, folder / "exports" / "s.parquet")
    settings = f'name="X"\ncurrency="EUR"\ntimezone="Europe/Paris"\n[tables.sales]\nfiles="s.parquet"\n{more}'
    (folder / "company.toml").write_text(settings)
    return pk.load(folder)


def test_a_time_in_a_zone_counts_on_the_company_s_day(tmp_path):
    times = [dt.datetime(2024, 1, 31, 23, 30), dt.datetime(2024, 2, 28, 22, 59)]
    table = pa.table(
        {
            "date": pa.array(times, pa.timestamp("us", tz="UTC")),
            "net_revenue": pa.array([Decimal(100), Decimal(7)], pa.decimal128(9, 2)),
        }
    )
    days = company(tmp_path, table).table("sales").date.to_pyarrow().to_pylist()
    assert sorted(days) == [dt.date(2024, 2, 1), dt.date(2024, 2, 28)]


def test_an_empty_text_and_a_declared_null_are_no_customer(tmp_path):
    table = pa.table(
        {
            "date": pa.array([dt.date(2024, 1, 1)] * 3),
            "net_revenue": pa.array([Decimal(1)] * 3, pa.decimal128(9, 2)),
            "customer_id": ["", "NA", "A"],
        }
    )
    acme = company(tmp_path, table, 'format = { null = ["", "NA"] }')
    assert sorted(acme.table("sales").customer_id.to_pyarrow().to_pylist(), key=str) == ["A", None, None]
