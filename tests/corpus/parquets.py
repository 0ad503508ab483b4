"""Parquet: types, floats, zones, nesting, row groups, damage."""

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.corpus.cases import Case, Draw, Outcome, Place, Sale, aside, company, ok, plain, refuse

FILE = "sales.parquet"


def cases(seed: int) -> Iterator[Case]:
    for part in (_types, _times, _odd_cells, _refused, _shapes, _damage):
        for name, content, toml, *rest in part(lambda name: Draw(seed, name)):
            *outcomes, last = rest
            columns = last if isinstance(last, dict) else {}
            outcomes = tuple(outcomes if columns else rest)
            files = content if isinstance(content, dict) else {FILE: content}
            yield Case("parquets", name, files, toml, outcomes, None, columns)


def table(sales: list[Sale], **columns: Any) -> pa.Table:
    """A table of these sales; columns given replace or join its own, None leaves one out."""
    made = {
        "order_id": pa.array([s.order for s in sales]),
        "date": pa.array([s.day for s in sales], pa.date32()),
        "customer_id": pa.array([s.customer for s in sales]),
        "quantity": pa.array([s.quantity for s in sales], pa.int64()),
        "net_revenue": pa.array([s.amount for s in sales], pa.decimal128(18, 2)),
        **columns,
    }
    return pa.table({name: values for name, values in made.items() if values is not None})


def written(data: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(data, out, **options)
    return out.getvalue()


def _types(draw):
    sales = draw("types").sales()
    amounts = [s.amount for s in sales]
    kept = {"date": [s.day for s in sales], "customer_id": [s.customer for s in sales]}
    yield "decimals and days", written(table(sales)), company(FILE), ok(sales), kept
    for type_ in (pa.decimal128(38, 2), pa.decimal128(18, 4), pa.decimal128(30, 10)):
        values = pa.array(amounts, type_)
        yield f"amounts as {type_}", written(table(sales, net_revenue=values)), company(FILE), ok(sales)
    wide = written(table(sales, net_revenue=pa.array(amounts, pa.decimal256(50, 2))))
    yield "amounts of fifty digits", wide, company(FILE), ok(sales), refuse(FILE, "net_revenue")
    floats = pa.array([float(a) for a in amounts])
    yield "amounts as 64-bit floats", written(table(sales, net_revenue=floats)), company(FILE), ok(sales)
    whole = [int(a) for a in amounts]
    for type_ in (pa.int64(), pa.int32(), pa.uint16()):
        values = pa.array(whole, type_)
        yield f"amounts as {type_}", written(table(sales, net_revenue=values)), company(FILE), ok(map(Decimal, whole))
    for name, cast in (
        ("large texts", pa.large_string()),
        ("a dictionary", pa.dictionary(pa.int32(), pa.string())),
        ("views of texts", pa.string_view()),
    ):
        values = (
            pa.array([s.customer for s in sales]).cast(cast)
            if name != "a dictionary"
            else pa.array([s.customer for s in sales]).dictionary_encode()
        )
        yield f"customers as {name}", written(table(sales, customer_id=values)), company(FILE), ok(sales), kept
    texts = pa.array([str(a) for a in amounts])
    days = pa.array([s.day.isoformat() for s in sales])
    yield "everything as texts", written(table(sales, net_revenue=texts, date=days)), company(FILE), ok(sales), kept
    french = pa.array([f"{a:,}".replace(",", " ").replace(".", ",") for a in amounts])
    days = pa.array([f"{s.day:%d/%m/%Y}" for s in sales])
    yield "French texts", written(table(sales, net_revenue=french, date=days)), company(FILE), ok(sales), kept
    early = pa.array([f"0{n % 9 + 1}/0{n % 8 + 1}/2024" for n, _ in enumerate(sales)])
    yield "texts of days, undecidable", written(table(sales, date=early)), company(FILE), refuse(FILE, "date")
    doubtful = pa.array([f"{n + 1}.234" for n, _ in enumerate(sales)])
    yield (
        "texts of amounts, ambiguous",
        written(table(sales, net_revenue=doubtful)),
        company(FILE),
        refuse(FILE, "net_revenue"),
    )
    exact = [Decimal("0.1"), Decimal("0.2"), Decimal("1.005"), Decimal("99999999999.99")]
    some = sales[:4]
    values = pa.array([float(a) for a in exact])
    yield "floats that are badly held", written(table(some, net_revenue=values)), company(FILE), ok(exact)


def _times(draw):
    d = draw("times")
    sales = d.sales()
    noon = [datetime(s.day.year, s.day.month, s.day.day, 12) for s in sales]
    days = {"date": [s.day for s in sales]}
    for unit in ("s", "ms", "us", "ns"):
        values = pa.array(noon, pa.timestamp(unit))
        yield f"times in {unit}", written(table(sales, date=values)), company(FILE), ok(sales), days
    late = pa.array([at + timedelta(hours=11, minutes=30) for at in noon], pa.timestamp("us", tz="UTC"))
    there = {"date": [s.day + timedelta(days=1) for s in sales]}
    toml = company(FILE, top={"timezone": "Europe/Paris"})
    yield "times in a zone, over midnight", written(table(sales, date=late)), toml, ok(sales), there
    early = pa.array([at - timedelta(hours=10) for at in noon], pa.timestamp("us", tz="UTC"))
    there = {"date": [s.day - timedelta(days=1) for s in sales]}
    toml = company(FILE, top={"timezone": "America/New_York"})
    yield "times in a zone, before midnight", written(table(sales, date=early)), toml, ok(sales), there
    values = pa.array([s.day for s in sales], pa.date64())
    yield "days in milliseconds", written(table(sales, date=values)), company(FILE), ok(sales), days


def _odd_cells(draw):
    for name, column, type_, odd in (
        ("NaN", "net_revenue", pa.float64(), float("nan")),
        ("infinity", "net_revenue", pa.float64(), float("inf")),
        ("five decimals", "net_revenue", pa.decimal128(20, 5), Decimal("1.00005")),
        ("five decimals in a float", "net_revenue", pa.float64(), 1.00005),
        ("too large", "net_revenue", pa.decimal128(38, 2), Decimal(10**20)),
        ("missing", "net_revenue", pa.decimal128(18, 2), None),
        ("missing", "date", pa.date32(), None),
        ("long ago", "date", pa.date32(), datetime(1850, 1, 1).date()),
        ("a word", "net_revenue", pa.string(), "n.c."),
        ("a half id", "customer_id", pa.float64(), 12.5),
    ):
        d = draw(f"{name} {column}")
        sales = d.sales()
        good = {
            "net_revenue": [
                s.amount
                if pa.types.is_decimal(type_)
                else str(s.amount)
                if pa.types.is_string(type_)
                else float(s.amount)
                for s in sales
            ],
            "date": [s.day for s in sales],
            "customer_id": [float(n) for n, _ in enumerate(sales)],
        }[column]
        at = d.randrange(len(sales) + 1)
        values = pa.array([*good[:at], odd, *good[at:]], type_)
        more = [*sales[:at], sales[0], *sales[at:]]
        yield (
            f"one {column} is {name}",
            written(table(more, **{column: values})),
            company(FILE),
            aside(sales, Place(FILE, at + 1, column)),
        )
    d = draw("null customers")
    sales = d.sales()
    values = [None if n % 3 == 1 else s.customer for n, s in enumerate(sales)]
    yield (
        "customers that are missing",
        written(table(sales, customer_id=pa.array(values, pa.string()))),
        company(FILE),
        ok(sales),
        {"customer_id": values},
    )


def _refused(draw):
    sales = draw("refused").sales()
    singles = pa.array([float(s.amount) for s in sales], pa.float32())
    yield (
        "amounts as 32-bit floats",
        written(table(sales, net_revenue=singles)),
        company(FILE),
        refuse(FILE, "net_revenue", "32"),
    )
    for name, values in (
        ("lists", pa.array([[1.0, 2.0]] * len(sales))),
        ("structures", pa.array([{"a": 1.0}] * len(sales))),
        ("maps", pa.array([[("a", 1.0)]] * len(sales), pa.map_(pa.string(), pa.float64()))),
        ("bytes", pa.array([b"12.50"] * len(sales))),
        ("booleans", pa.array([True] * len(sales))),
        ("days", pa.array([s.day for s in sales])),
        ("nothing", pa.nulls(len(sales))),
    ):
        yield (
            f"amounts as {name}",
            written(table(sales, net_revenue=values)),
            company(FILE),
            refuse(FILE, "net_revenue"),
        )
    numbers = pa.array([45000 + n for n, _ in enumerate(sales)])
    yield "days as whole numbers", written(table(sales, date=numbers)), company(FILE), refuse(FILE, "date")
    nested = pa.array([[1, 2]] * len(sales))
    yield "lists in a column that nobody needs", written(table(sales, tags=nested)), company(FILE), ok(sales)
    yield "no column of amounts", written(table(sales, net_revenue=None)), company(FILE), refuse(FILE, "net_revenue")
    made = table(sales)
    twice = pa.Table.from_arrays([*made.columns, made.column("net_revenue")], [*made.column_names, "net_revenue"])
    yield "two columns of one name", written(twice), company(FILE), refuse(FILE, "net_revenue")
    twice = pa.Table.from_arrays(
        [*made.columns, made.column("order_id"), made.column("order_id")], [*made.column_names, "x", "x"]
    )
    yield "two columns of one name, not needed", written(twice), company(FILE), ok(sales)
    yield "no row", written(table([])), company(FILE), refuse(FILE)
    yield "no column", written(pa.table({})), company(FILE), refuse(FILE)


def _shapes(draw):
    d = draw("shapes")
    sales, other = d.sales(50), d.sales(30)
    yield "several row groups", written(table(sales), row_group_size=7), company(FILE), ok(sales)
    bad = pa.array([*(s.day for s in sales[:40]), None, *(s.day for s in sales[41:])], pa.date32())
    content = written(table(sales, date=bad), row_group_size=7)
    yield (
        "a bad row in a later row group",
        content,
        company(FILE),
        aside(sales[:40] + sales[41:], Place(FILE, 41, "date")),
    )
    for name in ("gzip", "zstd", "brotli", "none"):
        yield f"compressed with {name}", written(table(sales), compression=name), company(FILE), ok(sales)
    yield "pages with checksums", written(table(sales), write_page_checksum=True), company(FILE), ok(sales)
    yield "another version of pages", written(table(sales), data_page_version="2.0"), company(FILE), ok(sales)
    files = {"a.parquet": written(table(sales)), "b.parquet": written(table(other).select([4, 3, 2, 1, 0]))}
    yield "two files, columns in another order", files, company("*.parquet"), ok(sales + other)
    floats = pa.array([float(s.amount) for s in other])
    files = {"a.parquet": written(table(sales)), "b.parquet": written(table(other, net_revenue=floats))}
    yield "two files, amounts of another type", files, company("*.parquet"), ok(sales + other)
    files = {"a.parquet": written(table(sales)), "b.csv": plain(other)}
    mapped = {name: name for name in ("order_id", "date", "customer_id", "quantity", "net_revenue")}
    yield "a Parquet file and a CSV file", files, company("*", columns=mapped), ok(sales + other)
    yield "Parquet by its bytes", {"sales.csv": written(table(sales))}, company("sales.csv"), ok(sales)
    yield "CSV by another name", {FILE: plain(sales).encode()}, company(FILE), refuse(FILE)
    dotted = table(sales).rename_columns(["a.b", "date", "customer_id", "quantity", "net_revenue"])
    yield "a name with a point", written(dotted), company(FILE, columns={**mapped, "order_id": "a.b"}), ok(sales)
    renamed = table(sales).rename_columns(["N° pièce", "Jour été", "Client", "Qté", 'CA "HT"; --'])
    columns = {"order_id": "N° pièce", "date": "Jour été", "customer_id": "Client", "net_revenue": 'CA "HT"; --'}
    yield "names with accents and signs", written(renamed), company(FILE, columns=columns), ok(sales)


def _damage(draw):
    d = draw("damage")
    sales = d.sales(200)
    whole = written(table(sales), write_page_checksum=True, compression="none", use_dictionary=False)
    plainly = written(table(sales))
    yield "cut at its end", plainly[:-9], company(FILE), refuse(FILE)
    yield "cut in the middle", plainly[: len(plainly) // 2], company(FILE), refuse(FILE)
    yield "its first bytes alone", b"PAR1", company(FILE), refuse(FILE)
    yield "its marks alone", b"PAR1PAR1", company(FILE), refuse(FILE)
    yield "a footer of another length", plainly[:-8] + b"\xff\xff\xff\x7fPAR1", company(FILE), refuse(FILE)
    yield "an empty file", b"", company(FILE), refuse(FILE)
    right = Outcome("ok", 200, 0, 0, ok(sales).total)
    for number in range(12):
        place = d.randrange(200, len(whole) - 200)
        flipped = whole[:place] + bytes([whole[place] ^ (1 << d.randrange(8))]) + whole[place + 1 :]
        yield f"a bit that is wrong, number {number}", flipped, company(FILE), refuse(FILE), right
