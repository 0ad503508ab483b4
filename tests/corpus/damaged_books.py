"""Workbooks by hand, files that only look like workbooks, and workbooks that are damaged."""

import io
import zipfile
from collections.abc import Iterator
from decimal import Decimal

from tests.corpus.books import FILE, SHEET, at, by_xlsxwriter, rows_of
from tests.corpus.cases import HEAD, Case, Draw, aside, cells, company, ok, plain, refuse, text
from tests.corpus.parts import parts, sheet, workbook


def cases(seed: int) -> Iterator[Case]:
    for part in (_handmade, _others, _broken):
        for name, content, toml, *rest in part(lambda name: Draw(seed, name)):
            *outcomes, last = rest
            columns = last if isinstance(last, dict) else {}
            outcomes = tuple(outcomes if columns else rest)
            files = content if isinstance(content, dict) else {FILE: content}
            yield Case("workbooks", name, files, toml, outcomes, None, columns)


def _handmade(draw):
    sales = draw("handmade").sales(7)
    texts = cells(sales)
    table = [HEAD, *texts]
    for name, options in (
        ("texts in the cells", {"strings": "inline"}),
        ("shared texts", {"strings": "shared"}),
        ("texts in runs of formats", {"strings": "rich"}),
        ("cells without places", {"places": False}),
        ("a dimension that lies", {"dimension": "A1:A1"}),
        ("a dimension of the whole sheet", {"dimension": "A1:XFD1048576"}),
        ("another prefix for its names", {"prefix": "x:"}),
    ):
        yield f"by hand: {name}", workbook({SHEET: sheet(table, **options)}), company(FILE), ok(sales)
    yield "by hand: targets from the root", workbook({SHEET: sheet(table)}, absolute=True), company(FILE), ok(sales)
    yield (
        "by hand: members not compressed",
        workbook({SHEET: sheet(table)}, compression=zipfile.ZIP_STORED),
        company(FILE),
        ok(sales),
    )
    gaps = [HEAD, *([] for _ in range(8)), *texts, ["X1", "hier", "C1", "P1", "1", "5.00"]]
    yield "by hand: rows far below", workbook({SHEET: sheet(gaps)}), company(FILE), aside(sales, at(17, "date"))
    exact = [Decimal("0.3"), Decimal("150"), Decimal("1234.1"), Decimal("0.0001")]
    numbers = ["0.30000000000000004", "1.5E2", "1234.0999999999999", "1E-4"]
    rows = [["order_id", "date", "net_revenue"], *([f"A{n}", "2024-01-31", n_] for n, n_ in enumerate(numbers))]
    yield "by hand: numbers as Excel keeps them", workbook({SHEET: sheet(rows)}), company(FILE), ok(exact)
    iso_days = sheet(table, iso_days=True)
    yield (
        "by hand: days in ISO",
        workbook({SHEET: iso_days}),
        company(FILE),
        ok(sales),
        {"date": [s.day for s in sales]},
    )


def _others(draw):
    sales = draw("others").sales()
    content = plain(sales).encode()
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    secret = ole + "EncryptedPackage".encode("utf-16-le") + bytes(2_000)
    yield "an old workbook", {"v.xls": ole + bytes(4_096)}, company("v.xls"), refuse("v.xls", ("xlsx", "CSV"))
    yield "a workbook with a password", {FILE: secret}, company(FILE), refuse(FILE, ("password", "xlsx", "CSV"))
    ods = parts({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>"})
    yield "an OpenDocument sheet", {"v.ods": ods}, company("v.ods"), refuse("v.ods", ("xlsx", "CSV"))
    binary = parts({"[Content_Types].xml": "<Types/>", "xl/workbook.bin": "x"})
    yield "a binary workbook", {"v.xlsb": binary}, company("v.xlsb"), refuse("v.xlsb", ("xlsx", "CSV"))
    document = parts({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"})
    yield "a text document", {FILE: document}, company(FILE), refuse(FILE)
    yield "CSV by another name", {FILE: content}, company(FILE), ok(sales), refuse(FILE)
    page = b"<html><table><tr><td>order_id</td></tr></table></html>"
    yield "a web page by another name", {"v.xls": page}, company("v.xls"), refuse("v.xls")
    yield "nothing by that name", {FILE: b""}, company(FILE), refuse(FILE)


def _broken(draw):
    sales = draw("broken").sales(40)
    whole = by_xlsxwriter([HEAD, *rows_of(sales)])
    yield "cut at its end", whole[:-200], company(FILE), refuse(FILE)
    yield "cut in the middle", whole[: len(whole) // 2], company(FILE), refuse(FILE)
    yield "its first bytes alone", whole[:10], company(FILE), refuse(FILE)
    members = read(whole)
    page = next(name for name in members if name.startswith("xl/worksheets/sheet"))
    place = whole.index(page.encode()) + 200
    flipped = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
    yield "a byte that is wrong", flipped, company(FILE), refuse(FILE)
    for name in ("xl/workbook.xml", page):
        less = {key: value for key, value in members.items() if key != name}
        yield f"without {name}", parts(less), company(FILE), refuse(FILE)
    for name in ("xl/workbook.xml", page, "xl/sharedStrings.xml"):
        torn = {**members, name: members[name][: len(members[name]) // 2]}
        yield f"{name} cut", parts(torn), company(FILE), refuse(FILE)
    for name, junk in (("no XML", b"\0\1\2"), ("another root", b"<html/>"), ("nothing", b"")):
        yield f"a sheet that is {name}", parts({**members, page: junk}), company(FILE), refuse(FILE)
    wrong = members[page].replace(b't="s"><v>7<', b't="s"><v>999999<', 1)
    lost = aside(sales[1:], at(2, "customer_id"))
    yield "a text that is not there", parts({**members, page: wrong}), company(FILE), refuse(FILE), lost
    bad = text([[*row] for row in cells(sales)]).encode()
    yield "a workbook that holds CSV", parts({"ventes.csv": bad}), company(FILE), ok(sales), refuse(FILE)


def read(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
