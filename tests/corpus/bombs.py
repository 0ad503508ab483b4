"""Bombs: small files that would grow without an end; each must be over soon and cost little."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.corpus.cases import HEAD, Case, Draw, Outcome, cells, company, notes, ok, plain, refuse, text
from tests.corpus.parts import Sheet, parts, sheet, workbook

FILE = "sales.csv"
MEGABYTE = 1 << 20


def cases(seed: int) -> Iterator[Case]:
    sales = Draw(seed, "bombs").sales()
    for name, files, toml, outcomes in (*_packed(sales), *_workbooks(sales), *_texts(sales), *_settings(sales)):
        yield Case(
            "bombs", name, files, toml, outcomes, "any" if files.get(FILE) == plain(sales) else None, bounded=True
        )


def _packed(sales: list) -> Iterator[tuple[str, dict, str, tuple]]:
    gz, zipped = "sales.csv.gz", "sales.zip"
    head = ",".join(HEAD).encode() + b"\n"
    line = b"X1,2024-01-31,C1,P1,1,1.00\n"
    yield "gzip of ten gigabytes of zeros", {gz: gzipped(b"0" * (10 * MEGABYTE), 1_000)}, company(gz), (refuse(gz),)
    bomb = {gz: gzipped(b"", 1, before=head) + gzipped(line * 400_000, 1_000)}
    yield "gzip of ten gigabytes of sales", bomb, company(gz), (refuse(gz),)
    stored = (b"x.csv", *deflated(b"0" * MEGABYTE, 8_000))
    yield "zip of eight gigabytes of zeros", {zipped: archive([stored])}, company(zipped), (refuse(zipped),)
    name, crc, data, _ = stored
    yield "zip that says it is small", {zipped: archive([(name, crc, data, 100)])}, company(zipped), (refuse(zipped),)
    layer = archive([stored])
    for _ in range(5):
        layer = parts({"sales.zip": layer})
    yield "zips in zips", {zipped: layer}, company(zipped), (refuse(zipped),)
    one = (b"", *deflated(b"0" * MEGABYTE, 10))
    many = archive([(b"%d.csv" % n, *one[1:]) for n in range(2_000)], shared=True)
    yield "zip of members that overlap", {zipped: many}, company(zipped), (refuse(zipped),)
    many = archive([(b"%d.csv" % n, 0, b"\3\0", 0) for n in range(60_000)], shared=True)
    yield "zip of sixty thousand members", {zipped: many}, company(zipped), (refuse(zipped),)


def _workbooks(sales: list) -> Iterator[tuple[str, dict, str, tuple]]:
    book = "v.xlsx"
    made = sheet([HEAD, *cells(sales)])
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha" * 50}">' for n in range(10))
    laughs = made.shared.replace("?>\n", f"?>\n<!DOCTYPE x [{entities}]>", 1).replace(sales[0].customer, "&a9;", 1)
    yield "entities that grow", {book: workbook({"V": made}, shared=laughs)}, company(book), (refuse(book),)
    wide = made.shared.replace("?>\n", f'?>\n<!DOCTYPE x [<!ENTITY a "{"a" * 100_000}">]>', 1)
    wide = wide.replace(sales[0].customer, "&a;" * 20_000, 1)
    yield "an entity used often", {book: workbook({"V": made}, shared=wide)}, company(book), (refuse(book),)
    begun, _, ended = made.partition("</sheetData>")
    body = (b"xl/worksheets/sheet1.xml", *deflated(b" " * MEGABYTE, 4_000, before=begun.encode()))
    rest = [(key.encode(), *deflated(value, 1)) for key, value in _members(made).items() if "sheet1" not in key]
    yield "a sheet of four gigabytes", {book: archive([*rest, body])}, company(book), (refuse(book),)
    rows = "".join(f'<row r="{n}"/>' for n in range(100, 700_000))
    many = Sheet(f"{begun}{rows}</sheetData>{ended}")
    many.shared = made.shared
    yield "rows without a cell", {book: workbook({"V": many})}, company(book), (ok(sales), refuse(book))
    far = Sheet(f'{begun}<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>{ended}')
    far.shared = made.shared
    yield (
        "a cell in the last corner",
        {book: workbook({"V": far})},
        company(book),
        (ok(sales), notes(sales), refuse(book), _one_aside(sales)),
    )
    lies = sheet([HEAD, *cells(sales)], dimension="A1:XFD1048576")
    yield "a dimension of all cells", {book: workbook({"V": lies})}, company(book), (ok(sales), refuse(book))
    texts = Sheet(made)
    texts.shared = made.shared.replace("</sst>", f"<si><t>{'x' * 1000}</t></si>" * 250_000 + "</sst>")
    yield "shared texts of 250 megabytes", {book: workbook({"V": texts})}, company(book), (ok(sales), refuse(book))
    deep = Sheet(begun + "<x>" * 200_000 + "</x>" * 200_000 + "</sheetData>" + ended)
    deep.shared = made.shared
    yield "elements in elements", {book: workbook({"V": deep})}, company(book), (ok(sales), refuse(book))


def _one_aside(sales: list) -> Any:
    return Outcome("quarantine", len(sales), 0, 1, ok(sales).total, None)


def _members(made: Sheet) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(workbook({"V": made}))) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def _texts(sales: list) -> Iterator[tuple[str, dict, str, tuple]]:
    yield (
        "a header of a million columns",
        {FILE: _repeated(b"", b"x,", 1_000_000, b"y\n1\n")},
        company(),
        (refuse(FILE),),
    )
    yield "a line of a hundred megabytes", {FILE: _repeated(b"", b"x" * MEGABYTE, 100)}, company(), (refuse(FILE),)
    begun = plain(sales).encode()
    cell = _repeated(begun + b'X1,2024-01-31,"', b"x" * MEGABYTE, 100, b'",P1,1,5.00\n')
    yield "a cell of a hundred megabytes", {FILE: cell}, company(), (refuse(FILE), _one_aside(sales))
    yield "a million quotes", {FILE: _repeated(begun, b'"', 1_000_000)}, company(), (refuse(FILE), _one_aside(sales))
    quoted = _repeated(begun, b'"\n', 300_000)
    yield "three hundred thousand lines of a quote", {FILE: quoted}, company(), (refuse(""),)
    yield (
        "delimiters alone",
        {FILE: _repeated(begun, b",", 20_000_000, b"\n")},
        company(),
        (refuse(FILE), _one_aside(sales)),
    )
    yield "line ends alone", {FILE: _repeated(b"", b"\n", 50_000_000)}, company(), (refuse(FILE),)
    yield "line ends and a good file", {FILE: _repeated(begun, b"\n", 30_000_000)}, company(), (ok(sales), refuse(FILE))
    yield (
        "digits without an end",
        {FILE: _repeated(begun + b"X1,2024-01-31,C1,P1,1,", b"9" * MEGABYTE, 20, b"\n")},
        company(),
        (refuse(FILE), _one_aside(sales)),
    )
    rows = [[f"A{at}", "2024-01-31", "C1", "P1", "1", "(" * 3_000 + "1" + ")" * 3_000] for at in range(20)]
    nested = text([*cells(sales * 30), *rows])
    total = str(sum(s.amount for s in sales) * 30)
    yield (
        "parentheses in parentheses",
        {FILE: nested},
        company(),
        (Outcome("quarantine", len(sales) * 30, 0, 20, total, None), refuse(FILE)),
    )


def _repeated(before: bytes, unit: bytes, times: int, after: bytes = b"\n") -> Any:
    """Write a large file only where the case is run."""

    def write(path: Path) -> None:
        some = max(1, min(times, 4 * MEGABYTE // len(unit)))
        with path.open("wb") as file:
            file.write(before)
            for _ in range(times // some):
                file.write(unit * some)
            file.write(unit * (times % some) + after)

    return write


def _settings(sales: list) -> Iterator[tuple[str, dict, str, tuple]]:
    files = {FILE: plain(sales)}
    where = (refuse("", "company.toml"),)
    yield "settings in settings", files, company() + "x = " + "[" * 100_000 + "]" * 100_000 + "\n", where
    yield "tables in tables", files, company() + "x = " + "{a = " * 50_000 + "1" + "}" * 50_000 + "\n", where
    yield "a path of keys", files, company() + "[" + "a." * 50_000 + "a]\n", where
    yield "settings of thirty megabytes", files, company() + ("# " + "x" * 1_000 + "\n") * 30_000, (ok(sales), *where)
    yield "a hundred thousand settings", files, company() + "".join(f"k{n} = 1\n" for n in range(100_000)), where
    rules = ",".join('{ column = "customer_id", equals = "x", because = "y" }' for _ in range(2_000))
    yield (
        "two thousand rules",
        files,
        company() + f"exclude = [{rules}]\n",
        (notes(sales), ok(sales), *where, refuse("", "exclude")),
    )
    yield "a number of a million digits", files, company() + f"max_quarantined = {'9' * 1_000_000}\n", where
    control = '[control]\nsales = { net_revenue = "1e999999999" }\n'
    yield "a total of a billion digits", files, company() + control, (refuse("", "control"), *where)


def gzipped(unit: bytes, times: int, *, before: bytes = b"") -> bytes:
    """Gzip members, one of them repeated: many times as much as it was worth to compress."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = packer.compress(before) + packer.flush() if before else b""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return first + (packer.compress(unit) + packer.flush()) * (times if unit else 0)


def deflated(unit: bytes, times: int, *, before: bytes = b"") -> tuple[int, bytes, int]:
    """(CRC, deflated bytes, size) of a unit repeated, compressed once."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(before) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(unit) + packer.flush(zlib.Z_FULL_FLUSH)
    crc = zlib.crc32(before)
    for _ in range(min(times, 64)):  # beyond that nobody may get to compare it
        crc = zlib.crc32(unit, crc)
    return crc, first + block * times + b"\3\0", len(before) + len(unit) * times


def archive(members: list[tuple[bytes, int, bytes, int]], *, shared: bool = False) -> bytes:
    """A zip from (name, CRC, deflated bytes, size it claims); `shared` lets all members lie in the same bytes."""
    body, directory = b"", []
    written: list[bytes] = []
    at = 0
    for name, crc, data, size in members:
        size = min(size, 0xFFFFFFFF - 1)
        said = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x5821, crc, len(data), size, len(name), 0)
        place = 0 if shared else at
        if not (shared and written):
            entry = b"PK\3\4" + said + name + data
            written.append(entry)
            at += len(entry)
        directory.append(b"PK\1\2\x14\0" + said + struct.pack("<HHHII", 0, 0, 0, 0, place) + name)
    body = b"".join(written)
    listed = b"".join(directory)
    count = min(len(members), 0xFFFF)
    return body + listed + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(listed), len(body), 0)
