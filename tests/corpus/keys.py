"""Keys: ids are text, byte for byte; what stands twice is refused; no dimension moves a total."""

import io
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq

from tests.corpus.cases import HEAD, Case, Draw, Place, aside, cells, company, ok, plain, refuse, text

SALES, CUSTOMERS, PRODUCTS = "sales.csv", "customers.csv", "products.csv"


def cases(seed: int) -> Iterator[Case]:
    yield from _twice(seed)
    yield from _kept_as_text(seed)
    yield from _joined(seed)
    yield from _typed(seed)


def _case(name: str, files: dict, toml: str, *outcomes, **more) -> Case:
    return Case("keys", name, files, toml, outcomes, **more)


def dimension(kind: str, rows: list[list[str]]) -> str:
    return text(rows, head=[f"{kind}_id", "name"])


def _twice(seed: int) -> Iterator[Case]:
    for kind, file in (("customer", CUSTOMERS), ("product", PRODUCTS)):
        d = Draw(seed, f"twice {kind}")
        sales = d.sales(8)
        ids = sorted({getattr(sale, kind) for sale in sales})
        rows = [[each, f"Nom {each}"] for each in ids]
        twice = d.choice(ids)
        doubled = [*rows, [twice, "Autre nom"]]
        files = {SALES: plain(sales), file: dimension(kind, doubled)}
        one = {f"{kind}s": {"files": file}}
        lines = (ids.index(twice) + 2, len(doubled) + 1)
        toml = company(tables=one)
        yield _case(
            f"a {kind} on two rows", files, toml, refuse(file, twice, *lines), truth=str(sum(s.amount for s in sales))
        )
        for keep in ("first", "last"):
            toml = company(tables={f"{kind}s": {"files": file, "keep": keep}})
            counts = {f"{kind}s": (len(rows), 1, 0)}
            yield _case(f"a {kind} on two rows, the {keep} kept", files, toml, ok(sales), tables=counts, neutral=True)
        thrice = [*rows, [twice, "Autre"], [twice, "Encore"]]
        toml = company(tables={f"{kind}s": {"files": file, "keep": "last"}})
        files = {SALES: plain(sales), file: dimension(kind, thrice)}
        counts = {f"{kind}s": (len(rows), 2, 0)}
        yield _case(f"a {kind} on three rows, the last kept", files, toml, ok(sales), tables=counts, neutral=True)
        files = {SALES: plain(sales), file: dimension(kind, [*rows, rows[0]])}
        yield _case(
            f"a {kind} on two identical rows",
            files,
            company(tables=one),
            refuse(file, rows[0][0]),
            truth=str(sum(s.amount for s in sales)),
        )
        half = len(rows) // 2
        two = {"l1.csv": dimension(kind, rows), "l2.csv": dimension(kind, [*rows[half : half + 1], ["Z9", "Z"]])}
        toml = company(tables={f"{kind}s": {"files": "l*.csv"}})
        yield _case(
            f"a {kind} in two files",
            {SALES: plain(sales), **two},
            toml,
            refuse("l2.csv", rows[half][0]),
            truth=str(sum(s.amount for s in sales)),
        )
        files = {SALES: plain(sales), file: dimension(kind, [*rows, ["", "Sans code"]])}
        counts = {f"{kind}s": (len(rows), 0, 1)}
        place = Place(file, len(rows) + 2, f"{kind}_id")
        outcome = replace(aside(sales, place), quarantined=0)
        yield _case(f"a {kind} without an id", files, company(tables=one), outcome, tables=counts, neutral=True)
    d = Draw(seed, "keep on sales")
    yield _case(
        "keep for sales, which have no key",
        {SALES: plain(d.sales())},
        company(keep="last"),
        refuse("", "keep"),
        truth="any",
    )


def _kept_as_text(seed: int) -> Iterator[Case]:
    pairs = {
        "leading zeros": ("00123", "123", "0123"),
        "case": ("c1", "C1"),
        "spaces around": ("C1", " C1", "C1 "),
        "spaces within": ("552 081 317", "552081317", "552 081 317 00013"),
        "exponents": ("1E5", "100000", "1.23E+05", "1e5"),
        "floats": ("17850.0", "17850", "17850.00"),
        "words of nothing": ("NA", "null", "None", "NaN", "N/A", "NULL", "nan"),
        "words of booleans": ("true", "TRUE", "false", "0", "1"),
        "dates": ("2024-01-05", "05/01/2024", "1-2", "JAN1", "MARCH1"),
        "eighteen digits": ("123456789012345678", "123456789012345679"),
        "forty digits": ("9" * 40, "9" * 39 + "8"),
        "signs": ("+33", "-33", "33", "33-"),
        "quotes": ('"A"', "'A'", "A", '""'),
        "a composed letter and its parts": (unicodedata.normalize("NFC", "É1"), unicodedata.normalize("NFD", "É1")),
        "letters that look alike": ("A1", "А1", "Ａ1"),
        "no-break spaces": ("C1", "C1\xa0", "C1\u200b"),
        "postal codes": ("01000", "1000", "75001 "),
        "slashes and commas": ("A/1", "A,1", "A;1", "A|1", "A\\1"),
        "backslashes": ("A\\n", "A\\\\", "\\N", "\\"),
        "emoji": ("🎉", "🎉🎉"),
        "Turkish letters": ("I1", "i1", "İ1", "ı1"),
        "hashes": ("#1", "##", "#N/A"),
    }
    for name, ids in pairs.items():
        d = Draw(seed, name)
        sales = [replace(sale, customer=d.choice(ids)) for sale in d.sales(12)]
        sales = [*sales, *(replace(sale, customer=each) for sale, each in zip(d.sales(len(ids)), ids, strict=True))]
        files = {
            SALES: plain(sales),
            CUSTOMERS: dimension("customer", [[each, f"n{at}"] for at, each in enumerate(ids)]),
        }
        kept = {"customer_id": [sale.customer for sale in sales]}
        counts = {"customers": (len(ids), 0, 0)}
        toml = company(tables={"customers": {"files": CUSTOMERS}})
        yield _case(f"ids told apart by {name}", files, toml, ok(sales), columns=kept, tables=counts, neutral=True)
    d = Draw(seed, "null")
    sales = d.sales(9)
    rows = cells(sales)
    for at in (2, 5):
        rows[at][2] = ""
    kept = {"customer_id": [row[2] or None for row in rows]}
    yield _case("sales without a customer", {SALES: text(rows)}, company(), ok(sales), columns=kept)
    rows = [["", *row[1:]] for row in cells(sales)]
    yield _case("sales without an order", {SALES: text(rows)}, company(), ok(sales), columns={"order_id": [None] * 9})


def _joined(seed: int) -> Iterator[Case]:
    d = Draw(seed, "unknown")
    sales = d.sales(12)
    some = sorted({sale.customer for sale in sales})[::2]
    files = {SALES: plain(sales), CUSTOMERS: dimension("customer", [[each, "n"] for each in [*some, "C9999"]])}
    toml = company(tables={"customers": {"files": CUSTOMERS}})
    yield _case("customers that the list has not", files, toml, ok(sales), neutral=True)
    files = {SALES: plain(sales), CUSTOMERS: dimension("customer", [["C9999", "n"]])}
    yield _case("no customer in the list", files, toml, ok(sales), neutral=True)
    head = ["customer_id", "name", "net_revenue", "date", "quantity"]
    rows = [[each, "n", "1.50", "2024-01-31", "4"] for each in some]
    files = {SALES: plain(sales), CUSTOMERS: text(rows, head=head)}
    mapped = {name: name for name in head}
    yield _case(
        "a list with columns that sales have too",
        files,
        company(tables={"customers": {"files": CUSTOMERS, "columns": mapped}}),
        ok(sales),
        neutral=True,
    )
    doubled = [*sales, *sales[:3], sales[0]]
    yield _case("lines of sales that stand twice", {SALES: plain(doubled)}, company(), ok(doubled))
    columns = {"order_id": {"join": ["order_id", "date"]}, **{name: name for name in HEAD[1:]}}
    kept = {"order_id": [f"{sale.order}-{sale.day}" for sale in sales]}
    yield _case("an order of two columns", {SALES: plain(sales)}, company(columns=columns), ok(sales), columns=kept)
    bad = [*cells(sales), ["F1", "hier", sales[0].customer, "P1", "1", "1.00"]]
    files = {SALES: text(bad), CUSTOMERS: dimension("customer", [[each, "n"] for each in some])}
    yield _case(
        "a bad line of sales beside customers", files, toml, aside(sales, Place(SALES, 14, "date")), neutral=True
    )


def _typed(seed: int) -> Iterator[Case]:
    d = Draw(seed, "typed")
    for name, type_, ids, shown in (
        ("whole numbers", pa.int64(), [17850, 12], ["17850", "12"]),
        (
            "eighteen digits",
            pa.int64(),
            [123456789012345678, 123456789012345679],
            ["123456789012345678", "123456789012345679"],
        ),
        ("unsigned numbers", pa.uint64(), [2**64 - 1, 7], ["18446744073709551615", "7"]),
        ("small numbers", pa.int16(), [123, 7], ["123", "7"]),
        ("floats that are whole", pa.float64(), [17850.0, 12.0], ["17850", "12"]),
        ("texts", pa.string(), ["00123", "1E5"], ["00123", "1E5"]),
        ("decimals", pa.decimal128(20, 0), [17850, 12], ["17850", "12"]),
    ):
        sales = d.sales(8)
        at = [n % 2 for n in range(8)]
        out = io.BytesIO()
        table = pa.table(
            {
                "date": pa.array([s.day for s in sales]),
                "customer_id": pa.array([ids[n] for n in at], type_),
                "net_revenue": pa.array([s.amount for s in sales], pa.decimal128(18, 2)),
            }
        )
        pq.write_table(table, out)
        files = {"sales.parquet": out.getvalue(), CUSTOMERS: dimension("customer", [[each, "n"] for each in shown])}
        toml = company("sales.parquet", tables={"customers": {"files": CUSTOMERS}})
        kept = {"customer_id": [shown[n] for n in at], "matched name": ["n"] * 8}
        yield _case(f"ids that are {name} in Parquet, texts in CSV", files, toml, ok(sales), columns=kept, neutral=True)
