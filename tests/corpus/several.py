"""Several files of one table, files in folders, files that are packed."""

import gzip
from collections.abc import Iterator
from decimal import Decimal

from tests.corpus.cases import HEAD, Case, Draw, Place, aside, cells, company, notes, ok, plain, refuse, text
from tests.corpus.parts import parts


def cases(seed: int) -> Iterator[Case]:
    for part in (_several, _unlike, _strangers, _packed):
        for name, files, toml, *outcomes in part(lambda name: Draw(seed, name)):
            *outcomes, last = outcomes
            columns = last if isinstance(last, dict) else {}
            found = tuple(outcomes if columns else [*outcomes, last])
            yield Case("structure", name, files, toml, found, None, columns)


def _several(draw):
    toml = company("*.csv")
    d = draw("two files")
    one, two = d.sales(6), d.sales(7)
    yield "two files", {"a.csv": plain(one), "b.csv": plain(two)}, toml, ok(one + two)
    order = [5, 0, 3, 1, 4, 2]
    other = text([[row[at] for at in order] for row in cells(two)], head=[HEAD[at] for at in order])
    yield "columns in another order", {"a.csv": plain(one), "b.csv": other}, toml, ok(one + two)
    more = text([["Nord", *row] for row in cells(two)], head=["region", *HEAD])
    yield "a column more, not needed", {"a.csv": plain(one), "b.csv": more}, toml, ok(one + two)
    other = plain(two).replace("2", "2", 1)
    both = {"a.csv": plain(one), "b.csv": text(cells(two), sep=";")}
    yield "another delimiter in each file", both, toml, ok(one + two), refuse("b.csv")
    less = text([row[:2] + row[3:] for row in cells(two)], head=[name for name in HEAD if name != "customer_id"])
    files = {"a.csv": plain(one), "b.csv": less}
    yield "a column less", files, toml, refuse("b.csv", "customer_id"), notes(one + two)
    columns = {name: name for name in HEAD}
    strict = company("*.csv", columns=columns)
    yield "a mapped column less", files, strict, refuse("b.csv", "customer_id")
    loose = company("*.csv", columns={**columns, "customer_id": {"column": "customer_id", "optional": True}})
    kept = {"customer_id": [s.customer for s in one] + [None] * len(two)}
    yield "an optional column less", files, loose, ok(one + two), kept
    renamed = text(cells(two), head=["order_id", "date", "client", *HEAD[3:]])
    either = company("*.csv", columns={**columns, "customer_id": ["customer_id", "client"]})
    kept = {"customer_id": [s.customer for s in one + two]}
    yield "a column renamed", {"a.csv": plain(one), "b.csv": renamed}, either, ok(one + two), kept
    none = text([row[:5] for row in cells(two)], head=HEAD[:5])
    yield "no amounts in one file", {"a.csv": plain(one), "b.csv": none}, toml, refuse("b.csv", "net_revenue")
    yield "the same file twice", {"a.csv": plain(one), "b.csv": plain(one)}, toml, refuse("a.csv", "b.csv")
    d = draw("overlap")
    one, two = d.sales(20), d.sales(20)
    files = {"a.csv": plain(one), "b.csv": plain(one[10:] + two[:10])}
    yield "two files that overlap", files, toml, refuse("b.csv", "a.csv")
    meant = company("*.csv", overlap=True)
    yield "an overlap that is meant", files, meant, ok(one + one[10:] + two[:10])
    files = {"a.csv": plain(one), "b.csv": plain(one[-1:] + two)}
    yield "one line in two files", files, toml, notes(one + one[-1:] + two)
    d = draw("bad rows in two files")
    one, two = d.sales(6), d.sales(7)
    files = {"a.csv": plain(one) + "X,2024-02-30,C,P,1,1.00\n", "b.csv": plain(two) + "X,2024-02-28,C,P,1,un\n"}
    places = (Place("a.csv", 8, "date"), Place("b.csv", 9, "net_revenue"))
    yield "bad records in two files", files, toml, aside(one + two, *places)
    yield "files in folders", {"2023/a.csv": plain(one), "2024/a.csv": plain(two)}, company("*/*.csv"), ok(one + two)
    yield "one file named twice", {"a.csv": plain(one)}, company(["a.csv", "*.csv"]), ok(one)
    yield (
        "a header alone beside a good file",
        {"a.csv": plain(one), "b.csv": ",".join(HEAD) + "\n"},
        toml,
        refuse("b.csv"),
        notes(one),
        ok(one),
    )
    yield "no file of that name", {"a.csv": plain(one)}, company("b.csv"), refuse("b.csv", "a.csv")


def _unlike(draw):
    """Files of one table that are written differently, or of which only one proves how."""
    toml = company("*.csv", columns={"order_id": "id", "date": "jour", "net_revenue": "montant"})
    head = ["id", "jour", "montant"]
    d = draw("unlike")
    one, two = d.sales(6), d.sales(7)
    both = {
        "a.csv": text(
            [[s.order, f"{s.day:%d/%m/%Y}", str(s.amount).replace(".", ",")] for s in one], head=head, sep=";"
        ),
        "b.csv": text([[s.order, s.day.isoformat(), str(s.amount)] for s in two], head=head),
    }
    yield "French writing in one file, ISO in the other", both, toml, ok(one + two)
    amounts = [Decimal("1.234"), Decimal("5.678")]
    doubtful = text([[f"X{n}", "2024-02-28", a] for n, a in enumerate(("1,234", "5,678"))], head=head, sep=";")
    files = {"a.csv": both["a.csv"], "b.csv": doubtful}
    proven = ok([*(s.amount for s in one), *amounts])
    yield "amounts that only the other file proves", files, toml, refuse("b.csv", "montant"), proven
    doubtful = text([[f"X{n}", f"0{n}/05/2024", "2,50"] for n in (1, 2, 3)], head=head, sep=";")
    files = {"a.csv": both["a.csv"], "b.csv": doubtful}
    proven = ok([*(s.amount for s in one), *[Decimal("2.50")] * 3])
    yield "days that only the other file proves", files, toml, refuse("b.csv", "jour"), proven
    american = text([[s.order, f"{s.day:%m/%d/%Y}", str(s.amount)] for s in two], head=head)
    files = {"a.csv": both["a.csv"], "b.csv": american}
    kept = {"date": [s.day for s in one + two]}
    yield "days first in one file, months in the other", files, toml, ok(one + two), kept


def _strangers(draw):
    """What other programs leave beside exports."""
    d = draw("strangers")
    sales = d.sales()
    content = plain(sales)
    for name, odd in (
        ("a lock of LibreOffice", ".~lock.sales.csv#"),
        ("a hidden file", ".sales.csv"),
        ("a Mac's folder file", ".DS_Store"),
    ):
        yield f"{name} beside", {"sales.csv": content, odd: b"\0\1Zo\xc3\xa9"}, company("*"), ok(sales)
    odd = {"sales.csv": content, "~$sales.csv": b"\3Zoe" + bytes(160)}
    yield "a lock of Excel beside", odd, company("*.csv"), ok(sales), notes(sales), refuse("~$sales.csv")
    odd = {"sales.csv": content, "Thumbs.db": b"\xd0\xcf\x11\xe0" + bytes(500)}
    yield "a Windows folder file beside", odd, company("*"), ok(sales), notes(sales), refuse("Thumbs.db")
    packed = parts({"sales.csv": content, "__MACOSX/._sales.csv": b"\0\5\26\7", ".DS_Store": b"\0"})
    yield "a zip made on a Mac", {"sales.zip": packed}, company("sales.zip"), ok(sales), notes(sales)
    packed = parts({"sales.csv": content, "lisez-moi.txt": "Export du 5 février", "logo.png": b"\x89PNG\r\n\x1a\n"})
    yield (
        "a zip with other things in it",
        {"sales.zip": packed},
        company("sales.zip"),
        notes(sales),
        refuse("sales.zip"),
    )


def _packed(draw):
    d = draw("packed")
    sales, other = d.sales(), d.sales()
    yield "gzip", {"sales.csv.gz": gzip.compress(plain(sales).encode())}, company("sales.csv.gz"), ok(sales)
    yield "gzip by its bytes", {"sales.csv": gzip.compress(plain(sales).encode())}, company(), ok(sales)
    yield "zip", {"sales.zip": parts({"sales.csv": plain(sales)})}, company("sales.zip"), ok(sales)
    members = {"ventes/a.csv": plain(sales), "ventes/b.csv": plain(other)}
    yield "zip of two files in a folder", {"sales.zip": parts(members)}, company("sales.zip"), ok(sales + other)
    bad = plain(sales) + "X,2024-02-30,C,P,1,1.00\n"
    place = Place("a.csv", len(sales) + 2, "date")
    yield "a bad record in a zip", {"sales.zip": parts({"a.csv": bad})}, company("sales.zip"), aside(sales, place)
    yield "an empty zip", {"sales.zip": parts({})}, company("sales.zip"), refuse("sales.zip")
    cut = gzip.compress(plain(d.sales(400)).encode())[:-40]
    yield "a gzip that is cut", {"sales.csv.gz": cut}, company("sales.csv.gz"), refuse("sales.csv.gz")
    cut = parts({"a.csv": plain(d.sales(400))})[:-60]
    yield "a zip that is cut", {"sales.zip": cut}, company("sales.zip"), refuse("sales.zip")
