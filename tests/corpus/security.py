"""Security: hostile cells, names and files are inert texts or refusals; nothing outside the exports is read."""

import gzip
import io
import json
import pickle
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.corpus.cases import (
    HEAD,
    MAPPED,
    Case,
    Draw,
    Fifo,
    Link,
    Place,
    aside,
    cells,
    company,
    notes,
    ok,
    plain,
    refuse,
    text,
)
from tests.corpus.parts import parts, sheet, workbook
from tests.corpus.payloads import FORMULAS, HEADINGS, PATHS, QUERIES, SCRIPTS, SIGNS, TEMPLATES

FILE = "sales.csv"


def cases(seed: int) -> Iterator[Case]:
    yield from _texts(seed)
    yield from _names(seed)
    yield from _paths(seed)
    yield from _disguised(seed)
    yield from _secrets(seed)
    yield from _patterns(seed)


def _case(name: str, files: dict[str, Any], toml: str, *outcomes: Any, **more: Any) -> Case:
    return Case("security", name, files, toml, outcomes, **more)


def _texts(seed: int) -> Iterator[Case]:
    """Cells stay as they are, in CSV and in a workbook."""
    for kind, payloads in (
        ("markup", SCRIPTS),
        ("formula", FORMULAS),
        ("query", QUERIES),
        ("template", TEMPLATES),
        ("path", PATHS),
        ("sign", SIGNS),
    ):
        for number, payload in enumerate(payloads, 1):
            d = Draw(seed, f"{kind} {number}")
            sales = d.sales()
            at = d.randrange(len(sales))
            sales[at] = replace(sales[at], customer=payload, product=payload, order=payload)
            kept = {"customer_id": [s.customer for s in sales], "order_id": [s.order for s in sales]}
            yield _case(f"a cell of {kind} {number}", {FILE: plain(sales)}, company(), ok(sales), columns=kept)
    for number, payload in enumerate((*SCRIPTS[:3], *FORMULAS[:4], *QUERIES[:2], SIGNS[8], SIGNS[9], SIGNS[10]), 1):
        sales = Draw(seed, f"book {number}").sales(6)
        rows = cells(sales)
        rows[2][2] = payload
        kept = {"customer_id": [row[2] for row in rows]}
        if payload.startswith("\x01"):
            rows[2][2] = payload.replace("\x01", "_x0001_")
            kept["customer_id"][2] = (payload, rows[2][2])  # Excel's escape, read or left as it stands
        content = workbook({"Ventes": sheet([HEAD, *rows], strings="inline")})
        yield _case(f"a workbook's cell {number}", {"v.xlsx": content}, company("v.xlsx"), ok(sales), columns=kept)
    for number, strings in enumerate(("inline", "shared"), 1):
        sales = Draw(seed, f"book's amount {number}").sales(6)
        rows = [*cells(sales), ["X1", "2024-05-05", "C1", "P1", "1", "_x0001_n12.50"]]
        content = workbook({"Ventes": sheet([HEAD, *rows], strings=strings)})
        outcome = aside(sales, Place("v.xlsx", 8, "net_revenue", "Ventes"))
        yield _case(f"a workbook's hostile amount {number}", {"v.xlsx": content}, company("v.xlsx"), outcome)
    for number, payload in enumerate((SCRIPTS[0], FORMULAS[2], SIGNS[0], "9" * 5_000, "\x01n12.50", QUERIES[3]), 1):
        sales = Draw(seed, f"amount {number}").sales(12)
        rows = [*cells(sales), ["X1", "2024-05-05", "C1", "P1", "1", payload]]
        outcome = aside(sales, Place(FILE, 14, "net_revenue"))
        yield _case(f"an amount that is hostile {number}", {FILE: text(rows)}, company(), outcome)
        rows = [*cells(sales), ["X1", payload, "C1", "P1", "1", "5.00"]]
        outcome = aside(sales, Place(FILE, 14, "date"))
        yield _case(f"a day that is hostile {number}", {FILE: text(rows)}, company(), outcome)


def _names(seed: int) -> Iterator[Case]:
    """Headings, file names, sheet names and the company's own name."""
    for number, heading in enumerate(HEADINGS, 1):
        sales = Draw(seed, f"heading {number}").sales()
        rows = [[*row, "x"] for row in cells(sales)]
        content = text(rows, head=[*HEAD, heading])
        yield _case(f"a heading that is hostile {number}", {FILE: content}, company(), ok(sales))
        if not heading:
            continue
        mapped = {**{name: name for name in HEAD}, "zone": heading}
        toml = company(columns=mapped)
        yield _case(
            f"a hostile heading that is named {number}",
            {FILE: content},
            toml,
            ok(sales),
            columns={"zone": ["x"] * len(sales)},
        )
        columns = {**{name: name for name in HEAD}, "net_revenue": heading}
        rows = [[*row[:5], "n.c." if at == 2 else row[5]] for at, row in enumerate(cells(sales))]
        content = text(rows, head=[*HEAD[:5], heading])
        outcome = aside(sales[:2] + sales[3:], Place(FILE, 4 + heading.count("\n"), heading))
        yield _case(f"hostile amounts' heading, set aside {number}", {FILE: content}, company(columns=columns), outcome)
    for number, name in enumerate(
        (
            "<img src=x onerror=alert(1)>.csv",
            "'; DROP TABLE sales; --.csv",
            "a*b?[c].csv",
            "=cmd|calc.csv",
            "--exports.csv",
            "-rf.csv",
            "a\nb.csv",
            "\x1b[31mrouge.csv",
            "\u202evsc.exe.csv",
            "{{7*7}}.csv",
            "$(touch x).csv",
            "é" * 100 + ".csv",
            "a b\tc.csv",
            "%2e%2e%2fx.csv",
        ),
        1,
    ):
        sales = Draw(seed, f"file {number}").sales()
        content = plain(sales) + "X1,hier,C1,P1,1,5.00\n"
        outcomes = [aside(sales, Place(name, len(sales) + 2, "date"))]
        if any(sign < " " for sign in name):  # no report could print it
            outcomes.append(refuse("", repr(name).strip("'")))
        yield _case(f"a file's name {number}", {name: content}, company("*.csv"), *outcomes)
        yield _case(f"a file's name, named {number}", {name: content}, company(name), *outcomes)
    for number, title in enumerate(
        (SCRIPTS[1][:31], "=1+1", "'; DROP TABLE", "..", "{{7*7}}", "a\u202eb", "&amp;<b>"), 1
    ):
        sales = Draw(seed, f"sheet {number}").sales()
        content = workbook({title: sheet([HEAD, *cells(sales), ["X1", "hier", "C1", "P1", "1", "5.00"]])})
        outcome = aside(sales, Place("v.xlsx", len(sales) + 2, "date", title))
        yield _case(f"a sheet's name {number}", {"v.xlsx": content}, company("v.xlsx"), outcome)
        yield _case(f"a sheet's name, named {number}", {"v.xlsx": content}, company("v.xlsx", sheet=title), outcome)
    for number, name in enumerate(
        (SCRIPTS[0], FORMULAS[2], "../../etc", TEMPLATES[0], SIGNS[0], "a\nb", "x" * 10_000), 1
    ):
        sales = Draw(seed, f"company {number}").sales()
        yield _case(f"a company's name {number}", {FILE: plain(sales)}, company(name=name), ok(sales))


def _paths(seed: int) -> Iterator[Case]:
    """Nothing outside the exports is read."""
    d = Draw(seed, "paths")
    sales = d.sales()
    content = plain(sales)
    for number, path in enumerate(
        (
            "../company.toml", "../../*.csv", "/etc/passwd", "/etc/../etc/passwd", "~/x.csv", "a/../../x.csv",
            "..\\x.csv", "..", "exports/../../x.csv", "/proc/self/environ", "/dev/zero", "/dev/stdin",
            "\\\\server\\share\\x.csv", "file:///etc/passwd", "http://example.invalid/x.csv", "s3://bucket/x.csv",
            "C:\\x.csv", "x.csv\0", "./../x.csv", "**/../../*",
        ),
        1,
    ):  # fmt: skip
        yield _case(
            f"files that lead out {number}",
            {FILE: content},
            company(path),
            refuse("", ("files", "[tables.sales]")),
            truth="any",
        )
    for number, target in enumerate(
        ("/etc/passwd", "../company.toml", "../../outside.csv", "/dev/zero", "/proc/self/environ", "nothing.csv", FILE),
        1,
    ):
        outside = {"sales.csv": Link(target), "other.csv": content}
        toml = company()
        yield _case(f"a link that leads out {number}", outside, toml, refuse(FILE))
    yield _case(
        "a folder that is a link", {"in": Link("/etc"), "x.csv": content}, company("in/passwd"), refuse("in/passwd")
    )
    yield _case(
        "a glob through a linked folder", {"in": Link("/etc"), "x.csv": content}, company("*/passwd"), refuse("passwd")
    )
    yield _case(
        "a link to a file beside it",
        {"a.csv": content, FILE: Link("a.csv")},
        company(),
        ok(sales),
        refuse(FILE),
        truth="any",
    )
    yield _case("a pipe", {FILE: Fifo()}, company(), refuse(FILE))
    yield _case("a pipe among files", {"a.csv": content, "b.csv": Fifo()}, company("*.csv"), refuse("b.csv"))
    yield _case("a folder by a file's name", {"sales.csv/x.txt": b"x"}, company(), refuse(FILE))
    for number, exports in enumerate(("../nowhere", "/dev", "/etc/passwd", "exports\0", "~nobody"), 1):
        toml = company(top={"exports": exports})
        yield _case(
            f"exports that are none {number}",
            {FILE: content},
            toml,
            refuse("", ("exports", "sales.csv", "company.toml")),
            truth="any",
        )
    for number, member in enumerate(
        ("../../evil.csv", "/tmp/evil.csv", "..\\..\\evil.csv", "a/../../../evil.csv", "C:\\evil.csv"), 1
    ):
        outcomes = (refuse("sales.zip"), ok(sales), notes(sales))
        yield _case(
            f"a zip's member that leads out {number}",
            {"sales.zip": parts({member: content})},
            company("sales.zip"),
            *outcomes,
        )
    link = _linked("sales.csv", "/etc/passwd")
    yield _case("a zip's member that is a link", {"sales.zip": link}, company("sales.zip"), refuse("sales.zip"))
    for number, title in enumerate(("../../x", "/etc/passwd", "*", "Ventes'; DROP"), 1):
        book = workbook({"Ventes": sheet([HEAD, *cells(sales)])})
        outcomes = (ok(sales),) if title == "*" else (refuse("v.xlsx", title),)
        yield _case(f"a sheet that leads out {number}", {"v.xlsx": book}, company("v.xlsx", sheet=title), *outcomes)
    book = workbook(
        {"Ventes": sheet([HEAD, *cells(sales)])}, more={"../../evil.xml": "<x/>", "xl/../../../evil2.xml": "<x/>"}
    )
    yield _case("a workbook's members that lead out", {"v.xlsx": book}, company("v.xlsx"), ok(sales), refuse("v.xlsx"))
    outside = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    made = sheet([HEAD, *cells(sales)])
    asked = made.shared.replace(
        'standalone="yes"?>\n', 'standalone="yes"?>\n<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', 1
    )
    asked = asked.replace(sales[0].customer, "&e;", 1)
    yield _case(
        "a workbook that asks for a file",
        {"v.xlsx": workbook({"Ventes": made}, shared=asked)},
        company("v.xlsx"),
        refuse("v.xlsx"),
        secrets=("root:x:",),
    )
    yield _case("a document that asks for a file", {FILE: outside}, company(), refuse(FILE), secrets=("root:x:",))


def _linked(name: str, target: str) -> bytes:
    """A zip with a symbolic link in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        member = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        member.create_system = 3
        archive.writestr(member, target)
    return out.getvalue()


class _Attack:
    def __reduce__(self) -> Any:
        return (print, ("a pickle was opened",))


def _disguised(seed: int) -> Iterator[Case]:
    """Other things by the name of a CSV file are refused."""
    d = Draw(seed, "disguised")
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        member = tarfile.TarInfo("x.csv")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"a,b"))
    noise = bytes(d.randrange(256) for _ in range(4_000))
    for name, content in {
        "a pickle": pickle.dumps(_Attack()),
        "an old pickle": pickle.dumps(_Attack(), 0),
        "a PDF": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << >>\n%%EOF\n",
        "a web page": b"<!DOCTYPE html><html><table><tr><td>date</td><td>net_revenue</td></tr></table></html>",
        "a program": b"\x7fELF\x02\x01\x01" + noise,
        "a Windows program": b"MZ\x90\0\3\0\0\0" + noise,
        "JSON": json.dumps([{"date": "2024-01-31", "net_revenue": 5}]).encode(),
        "lines of JSON": b'{"date": "2024-01-31", "net_revenue": 5}\n' * 5,
        "YAML": b"!!python/object/apply:os.system ['true']\n",
        "XML": b'<?xml version="1.0"?><sales><date>2024-01-31</date></sales>',
        "a picture": b"\x89PNG\r\n\x1a\n" + noise,
        "a photograph": b"\xff\xd8\xff\xe0" + noise,
        "a database": b"SQLite format 3\0" + noise,
        "an archive": tar.getvalue(),
        "a 7z": b"7z\xbc\xaf\x27\x1c" + noise,
        "a script": b"#!/bin/sh\ntouch x\n",
        "noise": noise,
        "zeros": bytes(5_000),
        "a gzip of noise": gzip.compress(noise),
        "a notebook": json.dumps({"cells": [], "nbformat": 4}).encode(),
    }.items():
        yield _case(f"{name} by the name of CSV", {FILE: content}, company(), refuse(FILE))


def _secrets(seed: int) -> Iterator[Case]:
    d = Draw(seed, "secrets")
    sales = d.sales()
    secret = f"hunter{d.randrange(10**6)}-zq"
    url = f"postgresql://user:{secret}@db.example.invalid/sales"
    for name, before, after in (
        ("a password at the top", f'password = "{secret}"\n', ""),
        ("a token at the top", f'api_token = "{secret}"\n', ""),
        ("an address with a password", "", f'[connections.crm]\nurl = "{url}"\n'),
        ("an address where a variable's name goes", "", f'[connections.crm]\nurl_env = "{url}"\n'),
        ("a password of a connection", "", f'[connections.crm]\npassword = "{secret}"\n'),
        ("an address among files", "", f'[tables.customers]\nfiles = "{url}"\n'),
        ("an address of exports", f'exports = "{url}"\n', ""),
        ("a password in a table", "", f'[tables.customers]\nfiles = "c.csv"\npassword = "{secret}"\n'),
        ("a password in a format", "", f'[tables.customers]\nfiles = "c.csv"\nformat = {{ password = "{secret}" }}\n'),
    ):
        where = ("company.toml", "[tables.customers]", "exports")
        toml = f'name = "Essai"\ncurrency = "EUR"\n{before}[tables.sales]\nfiles = "sales.csv"\n{after}'
        yield _case(name, {FILE: plain(sales)}, toml, refuse("", where), truth="any", secrets=(secret,))


def _patterns(seed: int) -> Iterator[Case]:
    """Patterns that would explode are bounded or refused."""
    d = Draw(seed, "patterns")
    sales = d.sales()
    sales[0] = replace(sales[0], customer="a" * 5_000 + "!")
    for number, pattern in enumerate(
        ("(a+)+$", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*a){20}x", "(a?){50}a{50}x", "(x+x+)+y"), 1
    ):
        toml = company(exclude=[{"column": "customer_id", "matches": pattern, "because": "essai"}])
        outcomes = (notes(sales), ok(sales), refuse("", "matches", "exclude"))
        if number == 3:
            outcomes = (notes(sales), refuse("", "matches", "exclude"))
        yield _case(f"a pattern that explodes {number}", {FILE: plain(sales)}, toml, *outcomes)
    for number, pattern in enumerate(("((a{900}){900}){900}", "(?=a)", "(a)\\1", "[", "a" * 100_000 + "("), 1):
        toml = company(exclude=[{"column": "customer_id", "matches": pattern, "because": "essai"}])
        yield _case(
            f"a pattern that is none {number}",
            {FILE: plain(sales)},
            toml,
            refuse("", "matches", "exclude"),
            truth="any",
        )
    columns = {**MAPPED, "order_id": "'; DROP TABLE sales; --"}
    yield _case(
        "a query where a heading goes",
        {FILE: plain(sales)},
        company(columns=columns),
        refuse(FILE, "DROP TABLE"),
        truth="any",
    )
    for number, key in enumerate(("a;b", "a b", "'x", 'a"b', "é"), 1):
        columns = {"date": "date", "net_revenue": "net_revenue", key: "order_id"}
        yield _case(
            f"a query where a name goes {number}",
            {FILE: plain(sales)},
            company(columns=columns),
            refuse("", "[tables.sales"),
            truth="any",
        )
