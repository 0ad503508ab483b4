"""Encodings: marks, one-byte encodings, UTF-16, and text that is in none of them."""

import codecs
import unicodedata
from collections.abc import Iterator

from tests.corpus.cases import (
    MAPPED,
    Case,
    Draw,
    Place,
    Sale,
    aside,
    cells,
    company,
    french,
    grouped,
    notes,
    ok,
    refuse,
    text,
)

FILE = "sales.csv"
HEAD = ("Pièce", "Date", "Client", "Article", "Qté", "Montant €")
COLUMNS = dict(zip(MAPPED, HEAD, strict=True))
NAMES = ("Zoé & Cie", "Cœur d'Été", "Façade", "Noël", "Bébé œuf", "Ÿvonne", "L’Hôte", "Mañana", "Straße 5")


def cases(seed: int) -> Iterator[Case]:
    for part in (_whole, _declared_wrongly, _broken, _several):
        for name, files, toml, outcomes, kept in part(lambda name: Draw(seed, name)):
            files = files if isinstance(files, dict) else {FILE: files}
            yield Case("encoding", name, files, toml, outcomes, columns={"customer_id": kept} if kept else {})


def _ventes(d: Draw, *, names: tuple[str, ...] = NAMES, count: int = 0) -> tuple[list[Sale], str, list[str]]:
    """French lines whose customers have accents: the sales, the text and the customers."""
    sales = d.sales(count)
    rows = cells(sales, money=lambda amount: grouped(amount, ""), day=lambda day: f"{day:%d/%m/%Y}")
    for row in rows:
        row[2] = d.choice(names)
    return sales, text(rows, head=HEAD, sep=";", end="\r\n"), [row[2] for row in rows]


def _whole(draw):
    plain, bom8, le, be = "", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE
    western = tuple(name for name in NAMES if "’" not in name and "œ" not in name and "Ÿ" not in name)
    for name, mark, encoding, declared, names in (
        ("UTF-8", b"", "utf-8", plain, NAMES),
        ("UTF-8 declared", b"", "utf-8", "utf-8", NAMES),
        ("UTF-8 with a mark", bom8, "utf-8", plain, NAMES),
        ("UTF-8 with a mark, declared", bom8, "utf-8", "utf-8", NAMES),
        ("UTF-8 with a mark, declared so", bom8, "utf-8", "utf-8-sig", NAMES),
        ("cp1252", b"", "cp1252", plain, NAMES),
        ("cp1252 declared", b"", "cp1252", "cp1252", NAMES),
        ("Windows' name for it", b"", "cp1252", "windows-1252", NAMES),
        ("UTF-16 little with a mark", le, "utf-16-le", plain, NAMES),
        ("UTF-16 big with a mark", be, "utf-16-be", plain, NAMES),
        ("UTF-16 with a mark, declared", le, "utf-16-le", "utf-16", NAMES),
        ("UTF-16 big with a mark, declared", be, "utf-16-be", "utf-16", NAMES),
        ("UTF-16 little declared", b"", "utf-16-le", "utf-16-le", NAMES),
        ("UTF-16 big declared", b"", "utf-16-be", "utf-16-be", NAMES),
        ("latin-9 declared", b"", "iso-8859-15", "iso-8859-15", ("Zoé", "Cœur d'Été", "Ÿvonne", "Façade")),
        ("latin-1 declared", b"", "latin-1", "latin-1", western),
        ("DOS declared", b"", "cp850", "cp850", western),
        ("Mac declared", b"", "mac-roman", "mac-roman", ("Zoé", "Cœur d'Été", "Façade")),
    ):
        sales, content, kept = _ventes(draw(name), names=names)
        columns = COLUMNS
        if encoding in ("latin-1", "cp850"):
            content, columns = content.replace("Montant €", "Montant"), {**COLUMNS, "net_revenue": "Montant"}
        toml = company(columns=columns, **({"format": {"encoding": declared}} if declared else {}))
        yield name, mark + content.encode(encoding), toml, (ok(sales),), kept
    for name, encoding in (("UTF-16 little without a mark", "utf-16-le"), ("UTF-16 big without a mark", "utf-16-be")):
        sales, content, kept = _ventes(draw(name))
        outcomes = (ok(sales), refuse(FILE, ("utf-16", "NUL")))
        yield name, content.encode(encoding), company(columns=COLUMNS), outcomes, kept
    sales, content, kept = _ventes(draw("tab"))
    yield (
        "Excel's Unicode text",
        le + content.replace(";", "\t").encode("utf-16-le"),
        company(columns=COLUMNS),
        (ok(sales),),
        kept,
    )
    for form in ("NFC", "NFD"):
        sales, content, kept = _ventes(draw(form))
        toml = company(columns=COLUMNS)
        kept = [unicodedata.normalize(form, each) for each in kept]
        yield f"headings and cells in {form}", unicodedata.normalize(form, content), toml, (ok(sales),), kept
    for name, space, encoding in (
        ("no-break spaces in cp1252", "\xa0", "cp1252"),
        ("no-break spaces in UTF-8", "\xa0", "utf-8"),
        ("narrow spaces in UTF-8", "\u202f", "utf-8"),
        ("narrow spaces in UTF-16", "\u202f", "utf-16"),
    ):
        sales = draw(name).sales()
        rows = cells(
            sales, money=lambda amount, space=space: grouped(amount * 1000, space), day=lambda day: f"{day:%d/%m/%Y}"
        )
        content = text(rows, head=HEAD, sep=";").encode(encoding)
        yield name, content, company(columns=COLUMNS), (ok([s.amount * 1000 for s in sales]),), None
    for name, encoding in (("an accent late in UTF-8", "utf-8"), ("an accent late in cp1252", "cp1252")):
        sales, content, kept = _ventes(draw(name), names=("Martin", "Durand"), count=2_000)
        content = content.rstrip("\r\n").rpartition("\r\n")[0] + "\r\n"
        sales = sales[:-1]
        content = content.replace("Pièce", "Piece").replace("Qté", "Qte").replace("Montant €", "Montant")
        last = [sales[0].order + "b", "28/02/2024", "Zoé", "P1", "1", "12,50"]
        content += text([last], head=(), sep=";", end="\r\n")
        columns = {"order_id": "Piece", "date": "Date", "customer_id": "Client", "net_revenue": "Montant"}
        amounts = [*(s.amount for s in sales), type(sales[0].amount)("12.50")]
        yield name, content.encode(encoding), company(columns=columns), (ok(amounts),), [*kept[:-1], "Zoé"]
    sales, content, kept = _ventes(draw("emoji"), names=("Zoé 🎉", "李雷", "Ωmega", "a\u200bb", "שלום"))
    yield "letters of every script", content, company(columns=COLUMNS), (ok(sales),), kept
    sales, content, kept = _ventes(draw("latin-9"), names=("Zoé", "Façade"))
    content = content.replace("Montant €", "Montant")
    columns = {**COLUMNS, "net_revenue": "Montant"}
    yield "latin-9 without its own letters", content.encode("iso-8859-15"), company(columns=columns), (ok(sales),), kept


def _declared_wrongly(draw):
    for name, mark, encoding, declared, where in (
        ("cp1252 declared as UTF-8", b"", "cp1252", "utf-8", (1,)),
        ("UTF-8 declared as cp1252", b"", "utf-8", "cp1252", ("utf-8",)),
        ("UTF-8 declared as latin-1", b"", "utf-8", "latin-1", ("utf-8",)),
        ("UTF-16 declared as UTF-8", codecs.BOM_UTF16_LE, "utf-16-le", "utf-8", ("utf-16",)),
        ("UTF-8 with a mark declared as cp1252", codecs.BOM_UTF8, "utf-8", "cp1252", ("utf-8",)),
        ("UTF-8 declared as UTF-16", b"", "utf-8", "utf-16", ()),
        ("cp1252 declared as ASCII", b"", "cp1252", "ascii", (1,)),
    ):
        _, content, _ = _ventes(draw(name))
        toml = company(columns=COLUMNS, format={"encoding": declared})
        yield name, mark + content.encode(encoding), toml, (refuse(FILE, *where),), None


def _broken(draw):
    d = draw("one wrong byte")
    sales, content, _ = _ventes(d, count=8)
    lines = content.encode().split(b"\r\n")
    lines[4] = lines[4].replace(b";P", b"\xe9;P", 1)
    some = sales[:3] + sales[4:]
    outcomes = (refuse(FILE, 5), aside(some, Place(FILE, 5)))
    yield (
        "one byte that is not UTF-8 among accents that are",
        b"\r\n".join(lines),
        company(columns=COLUMNS),
        outcomes,
        None,
    )
    toml = company(columns=COLUMNS, format={"encoding": "utf-8"})
    yield "the same, declared UTF-8", b"\r\n".join(lines), toml, outcomes, None
    sales, content, _ = _ventes(draw("a byte that cp1252 has not"), names=("Zoé",), count=6)
    lines = content.encode("cp1252").split(b"\r\n")
    lines[3] = lines[3].replace(b";P", b"\x81;P", 1)
    some = sales[:2] + sales[3:]
    outcomes = (refuse(FILE, 4), aside(some, Place(FILE, 4)))
    yield "a byte that cp1252 has not", b"\r\n".join(lines), company(columns=COLUMNS), outcomes, None
    toml = company(columns=COLUMNS, format={"encoding": "cp1252"})
    yield "the same, declared cp1252", b"\r\n".join(lines), toml, outcomes, None
    _, content, _ = _ventes(draw("odd"))
    content = codecs.BOM_UTF16_LE + content.encode("utf-16-le")
    yield "UTF-16 cut within a letter", content[:-1], company(columns=COLUMNS), (refuse(FILE),), None
    sales, content, _ = _ventes(draw("cut"), names=("Zoé",), count=6)
    cut = content.encode().rstrip(b"\r\n") + "\r\nX1;28/02/2024;Zoé".encode()[:-1]
    outcomes = (refuse(FILE, 8), aside(sales, Place(FILE, 8)))
    yield "UTF-8 cut within a letter", cut, company(columns=COLUMNS), outcomes, None
    _, content, _ = _ventes(draw("surrogate"))
    lone = codecs.BOM_UTF16_LE + content.encode("utf-16-le") + b"\x00\xd8;\x00\r\x00\n\x00"
    yield "half a letter in UTF-16", lone, company(columns=COLUMNS), (refuse(FILE),), None


def _several(draw):
    d = draw("two encodings")
    one, first, kept = _ventes(d)
    two, second, more = _ventes(d)
    files = {"a.csv": first.encode("cp1252"), "b.csv": second.encode()}
    yield "an encoding in each file", files, company("*.csv", columns=COLUMNS), (ok(one + two),), kept + more
    toml = company("*.csv", columns=COLUMNS, format={"encoding": "utf-8"})
    yield "two encodings, one declared", files, toml, (refuse("a.csv", 1),), None
    joined = codecs.BOM_UTF8 + first.encode() + codecs.BOM_UTF8 + second.encode()
    at = Place(FILE, len(one) + 2)
    outcomes = (notes(one + two, 1), aside(one + two, at))
    yield "two files with marks pasted together", joined, company(columns=COLUMNS), outcomes, kept + more
    sales = d.sales()
    content = codecs.BOM_UTF8 + ("sep=;\r\n" + french(sales, end="\r\n")).encode()
    yield "a mark and a sep line", content, company(columns=MAPPED), (ok(sales),), None
