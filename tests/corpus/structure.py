"""Structure: delimiters, line ends, ragged records, titles, totals, headers, several files."""

from collections.abc import Iterator
from decimal import Decimal

from tests.corpus.cases import (
    FRENCH,
    HEAD,
    MAPPED,
    Case,
    Draw,
    Outcome,
    Place,
    aside,
    cells,
    company,
    french,
    notes,
    ok,
    plain,
    refuse,
    text,
)

FILE = "sales.csv"


def cases(seed: int) -> Iterator[Case]:
    for part in (_delimiters, _line_ends, _quotes, _ragged, _titles, _totals, _headers, _odd):
        for name, files, toml, *outcomes in part(lambda name: Draw(seed, name)):
            *outcomes, last = outcomes
            columns = last if isinstance(last, dict) else {}
            found = tuple(outcomes if isinstance(last, dict) else [*outcomes, last])
            yield Case(
                "structure", name, files if isinstance(files, dict) else {FILE: files}, toml, found, None, columns
            )


def _delimiters(draw):
    for name, sep, file in (
        ("comma", ",", FILE),
        ("semicolon", ";", FILE),
        ("tab", "\t", "sales.tsv"),
        ("pipe", "|", "sales.txt"),
    ):
        sales = draw(name).sales()
        yield f"{name} found", {file: plain(sales, sep=sep)}, company(file), ok(sales)
        sales = draw(f"{name} declared").sales()
        yield f"{name} declared", {file: plain(sales, sep=sep)}, company(file, format={"delimiter": sep}), ok(sales)
    for name, first in (
        ("sep line", "sep=;\r\n"),
        ("quoted sep line", '"sep=;"\r\n'),
        ("sep line in capitals", "SEP=;\n"),
    ):
        sales = draw(name).sales()
        yield name, first + french(sales, end="\r\n"), company(columns=MAPPED), ok(sales)
    sales = draw("sep line, bad row").sales()
    bad = [["X1", "hier", "C1", "P1", "1", "1.00"]]
    content = "sep=,\n" + text(cells(sales) + bad)
    yield "lines are counted with the sep line", content, company(), aside(sales, Place(FILE, len(sales) + 3, "date"))
    sales = draw("other delimiter inside quotes").sales()
    rows = [[*row, "a;b;c;d;e;f;g;h"] for row in cells(sales)]
    yield "another delimiter in each text", text(rows, head=[*HEAD, "note"]), company(), ok(sales)
    sales = draw("wrong delimiter").sales()
    toml = company(format={"delimiter": ";"})
    yield "a delimiter declared wrongly", plain(sales), toml, refuse(FILE, ("date", "net_revenue", "delimiter"))
    sales = draw("quoted decimal commas").sales()
    rows = [[*row[:-1], row[-1].replace(".", ",")] for row in cells(sales)]
    yield "decimal commas in quotes between commas", text(rows), company(), ok(sales)


def _line_ends(draw):
    for name, end in (("crlf", "\r\n"), ("cr", "\r")):
        sales = draw(name).sales()
        yield f"{name} line ends", plain(sales, end=end), company(), ok(sales)
    sales = draw("mixed ends").sales(6)
    lines = plain(sales).split("\n")[:-1]
    content = "".join(line + end for line, end in zip(lines, ["\r\n", "\n"] * 4, strict=False))
    yield "mixed line ends", content, company(), ok(sales)
    sales = draw("no last end").sales()
    yield "no line end at the end", plain(sales).rstrip("\n"), company(), ok(sales)
    sales = draw("blank lines").sales(6)
    lines = plain(sales).split("\n")
    content = "\n".join([*lines[:3], "", "", *lines[3:], "", ""])
    yield "blank lines between and behind", content, company(), ok(sales)
    sales, bad = draw("blank lines counted").sales(6), ["X1", "2024-01-02", "C1", "P1", "1", "dix"]
    content = plain(sales).replace("\n", "\n\n") + text([bad], head=())
    yield "blank lines count in line numbers", content, company(), aside(sales, Place(FILE, 15, "net_revenue"))
    sales = draw("spacer").sales(6)
    lines = plain(sales).split("\n")
    content = "\n".join([*lines[:4], ",,,,,", *lines[4:]])
    spaced = (notes(sales, excluded=1), ok(sales), aside(sales, Place(FILE, 5, "date")))
    yield "a row of delimiters alone", content, company(), *spaced
    for name, sign in (
        ("vertical tab", "\v"),
        ("form feed", "\f"),
        ("next line", "\x85"),
        ("line separator", "\u2028"),
    ):
        sales = draw(name).sales()
        rows = [[row[0], row[1], f"C{sign}{row[2]}", *row[3:]] for row in cells(sales)]
        kept = {"customer_id": [row[2] for row in rows]}
        yield f"a {name} inside a cell ends no line", text(rows), company(), ok(sales), kept


def _quotes(draw):
    sales = draw("quoted newline").sales(6)
    rows = [[row[0], row[1], f'C "{row[2]}"\r\nBât. A, 2e', *row[3:]] for row in cells(sales)]
    kept = {"customer_id": [row[2] for row in rows]}
    yield "newlines, quotes and delimiters in quotes", text(rows), company(), ok(sales), kept
    bad = ["X1", "2024-02-31", "C1", "P1", "1", "5.00"]
    content = text([*rows, bad])
    yield "lines are counted through quoted newlines", content, company(), aside(sales, Place(FILE, 14, "date")), kept
    sales = draw("all quoted").sales()
    content = "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in [HEAD, *cells(sales)])
    yield "every cell in quotes", content, company(), ok(sales)
    sales = draw("unterminated").sales(7)
    lines = plain(sales).split("\n")
    lines[3] = lines[3].replace(",C", ',"C', 1)
    good = sales[:2] + sales[3:]
    yield "a quote that never closes", "\n".join(lines), company(), aside(good, Place(FILE, 4)), refuse(FILE, 4)
    lines = plain(sales).split("\n")
    lines[7] = lines[7].replace(",C", ',"C', 1)
    yield (
        "a last record whose quote never closes",
        "\n".join(lines),
        company(),
        aside(sales[:-1], Place(FILE, 8)),
        refuse(FILE, 8),
    )
    sales = draw("text after quote").sales(6)
    lines = plain(sales).split("\n")
    lines[2] = lines[2].replace(",C", ',"x"C', 1)
    good = sales[:1] + sales[2:]
    yield "letters behind a closing quote", "\n".join(lines), company(), aside(good, Place(FILE, 3)), refuse(FILE, 3)
    sales = draw("inch").sales(6)
    lines = plain(sales).split("\n")
    lines[2] = lines[2].replace(",P", ',12" P', 1)
    good = sales[:1] + sales[2:]
    yield "an inch sign in a bare cell", "\n".join(lines), company(), ok(sales), aside(good, Place(FILE, 3))
    sales = draw("plain quotes").sales(6)
    content = plain(sales).replace(",P", ',12" P')
    yield "quotes declared plain", content, company(format={"quote": ""}), ok(sales)
    sales = draw("backslash").sales(6)
    lines = plain(sales).split("\n")
    lines[2] = lines[2].replace(sales[1].customer, '"dit \\"le Grand\\""', 1)
    good = sales[:1] + sales[2:]
    yield "quotes behind backslashes", "\n".join(lines), company(), aside(good, Place(FILE, 3)), ok(sales)


def _ragged(draw):
    for name, at, change, column in (
        ("a short record", 3, lambda cells_: cells_[:4], "quantity"),
        ("a record without its amount", 2, lambda cells_: cells_[:5], "net_revenue"),
        ("a record of one cell", 4, lambda cells_: cells_[:1], "date"),
        ("a long record", 2, lambda cells_: [*cells_, "7"], None),
        ("a record shifted by one", 3, lambda cells_: ["", *cells_], None),
    ):
        sales = draw(name).sales(8)
        rows = cells(sales)
        rows[at] = change(rows[at])
        good = sales[:at] + sales[at + 1 :]
        yield name, text(rows), company(), aside(good, Place(FILE, at + 2, column))
    sales = draw("short and long").sales(9)
    rows = cells(sales)
    rows[1], rows[6] = rows[1][:2], [*rows[6], "x", "y"]
    good = [sale for at, sale in enumerate(sales) if at not in (1, 6)]
    places = (Place(FILE, 3, "customer_id"), Place(FILE, 8))
    yield "short and long records", text(rows), company(), aside(good, *places)
    sales = draw("an unquoted delimiter").sales(7)
    lines = plain(sales).split("\n")
    lines[4] = lines[4].replace(",P", ",Vis, acier,P", 1)
    good = sales[:3] + sales[4:]
    yield "a delimiter in a bare text", "\n".join(lines), company(), aside(good, Place(FILE, 5))
    sales = draw("one padded").sales(7)
    rows = cells(sales)
    rows[2] = [*rows[2], "", ""]
    good = sales[:2] + sales[3:]
    yield "one record padded with empty cells", text(rows), company(), aside(good, Place(FILE, 4)), ok(sales)
    sales = draw("all padded").sales(7)
    rows = [[*row, ""] for row in cells(sales)]
    yield "all records padded with an empty cell", text(rows), company(), ok(sales), refuse(FILE)
    yield "header and records padded alike", text(rows, head=[*HEAD, ""]), company(), ok(sales)
    sales = draw("all short").sales(7)
    rows = [row[:5] for row in cells(sales)]
    yield "no record has an amount", text(rows), company(), refuse(FILE, "net_revenue")
    d = draw("many short")
    sales = d.sales(300)
    rows = cells(sales)
    wrong = sorted(d.sample(range(300), 40))
    for at in wrong:
        rows[at] = rows[at][:5]
    good = [sale for at, sale in enumerate(sales) if at not in wrong]
    places = [Place(FILE, at + 2, "net_revenue") for at in wrong]
    yield "forty short records of three hundred", text(rows), company(), aside(good, *places)


def _titles(draw):
    for name, above in (
        ("a title", "Ventes 2024\n"),
        ("a title and a blank line", "Ventes 2024\n\n"),
        ("a title of many cells", "Ventes 2024,,,,,\n"),
        ("three lines above", "Société Essai\nVentes par client\nÉdité le 05/02/2025 par Zoé\n"),
        ("filters above", "Filtre:,Période,2024\nAgence:,Toutes\n\n"),
    ):
        sales = draw(name).sales()
        yield f"{name} above the header", above + plain(sales), company(), ok(sales)
    sales = draw("skip").sales()
    content = "Ventes, 2024\nédité hier\n" + plain(sales)
    yield "lines above that are declared", content, company(format={"skip": 2}), ok(sales)
    sales, bad = draw("line under a title").sales(), ["X1", "2024-04-31", "C1", "P1", "1", "5.00"]
    content = "Ventes\n\n" + text([*cells(sales), bad])
    yield "lines are counted from the title", content, company(), aside(sales, Place(FILE, len(sales) + 4, "date"))
    sales = draw("a footer").sales()
    content = plain(sales) + "\nÉdité par Zoé le 05/02/2025\n"
    foot = (
        aside(sales, Place(FILE, len(sales) + 3, "date")),
        aside(sales, Place(FILE, len(sales) + 3)),
        notes(sales, 1),
    )
    yield "a line of text below", content, company(), *foot
    sales = draw("titles in french").sales()
    content = "Chiffre d'affaires;;;;;\n;;;;;\n" + french(sales)
    yield "a French title block", content, company(columns=MAPPED), ok(sales)


def _totals(draw):
    for label in ("Total", "TOTAL", "Total général", "Sous-total", "Grand total", "Totaux", "Subtotal", "Somme"):
        sales = draw(label).sales()
        whole = sum((s.amount for s in sales), Decimal(0))
        rows = [*cells(sales), [label, "", "", "", "", str(whole)]]
        yield f"a row {label!r} below", text(rows), company(), notes(sales, 1)
    sales = draw("totals after a spacer").sales()
    whole = sum((s.amount for s in sales), Decimal(0))
    content = french(sales) + ";;;;;\n" + f"Total général;;;;;{str(whole).replace('.', ',')}\n"
    places = (Place(FILE, len(sales) + 2, "Date"),)
    outcomes = (notes(sales, 2), notes(sales, 1), aside(sales, *places, excluded=1))
    yield "a total below a spacer row", content, company(columns=MAPPED), *outcomes
    content = french(sales) + f"\nTotal général;;;;;{str(whole).replace('.', ',')}\n"
    yield "a total below a blank line", content, company(columns=MAPPED), notes(sales, 1)
    sales = draw("label in another column").sales()
    whole = sum((s.amount for s in sales), Decimal(0))
    rows = [*cells(sales), ["", "", "", "Total", "", str(whole)]]
    yield "the word Total above the amounts' column", text(rows), company(), notes(sales, 1)
    rows = [*cells(sales), ["", "Total", "", "", "", str(whole)]]
    yield "the word Total in the date's column", text(rows), company(), notes(sales, 1)
    rows = [*cells(sales), ["Total", "", "", "", "", str(whole + 100)]]
    wrong = (notes(sales, 1), refuse(FILE, len(sales) + 2))
    yield "a stated total that is wrong", text(rows), company(), *wrong
    rows = [*cells(sales), ["Total", str(whole)]]
    short = (notes(sales, 1), aside(sales, Place(FILE, len(sales) + 2)))
    yield "a total of two cells", text(rows), company(), *short
    sales = draw("subtotals").sales(8)
    rows = cells(sales)
    parts = [sum((s.amount for s in some), Decimal(0)) for some in (sales[:4], sales[4:])]
    rows = [
        *rows[:4],
        ["Sous-total", "", "", "", "", str(parts[0])],
        *rows[4:],
        ["Sous-total", "", "", "", "", str(parts[1])],
    ]
    rows.append(["Total", "", "", "", "", str(sum(parts))])
    yield "subtotals and a total", text(rows), company(), notes(sales, 3)
    sales = draw("a customer called Total").sales(6)
    rows = [[row[0], row[1], "Total SA", *row[3:]] for row in cells(sales)]
    yield "a customer called Total SA", text(rows), company(), ok(sales), {"customer_id": ["Total SA"] * 6}
    sales = draw("a dated total").sales(6)
    whole = sum((s.amount for s in sales), Decimal(0))
    rows = [*cells(sales), ["Total", "2025-12-31", "", "", "", str(whole)]]
    yield "a total with a date", text(rows), company(), aside(sales, Place(FILE, 8)), notes(sales, 1)
    rows = [*cells(sales), ["", "2025-12-31", "Total énergie", "", "1", "12.34"]]
    toml = company(totals="keep")
    yield "totals kept by the settings", text(rows), toml, ok([*(s.amount for s in sales), Decimal("12.34")])


def _headers(draw):
    sales = draw("repeated header").sales(9)
    rows = cells(sales)
    yield "a header repeated", text([*rows[:4], HEAD, *rows[4:]]), company(), notes(sales, 1)
    rows = cells(sales)
    content = text([*rows[:3], HEAD, *rows[3:6], HEAD, *rows[6:]])
    yield "a header on every page", content, company(), notes(sales, 2)
    yield "a header and no row", ",".join(HEAD) + "\n", company(), refuse(FILE)
    yield "an empty file", b"", company(), refuse(FILE)
    yield "white space alone", "  \n\n \n", company(), refuse(FILE)
    sales = draw("duplicate header").sales()
    rows = [[*row, row[-1]] for row in cells(sales)]
    yield (
        "two columns of one name, needed",
        text(rows, head=[*HEAD, "net_revenue"]),
        company(),
        refuse(FILE, "net_revenue"),
    )
    rows = [[*row, "x", "y"] for row in cells(sales)]
    yield "two columns of one name, not needed", text(rows, head=[*HEAD, "note", "note"]), company(), ok(sales)
    sales = draw("index column").sales()
    rows = [[str(at), *row] for at, row in enumerate(cells(sales))]
    yield "a first column without a name", text(rows, head=["", *HEAD]), company(), ok(sales)
    sales = draw("no header").sales()
    columns = {"order_id": "1", "date": "2", "net_revenue": "6"}
    toml = company(format={"header": False}, columns=columns)
    yield "no header, declared", text(cells(sales), head=()), toml, ok(sales)
    yield "no header, not declared", text(cells(sales), head=()), company(), refuse(FILE, ("date", "net_revenue"))
    sales = draw("other case").sales()
    head = [name.upper() for name in FRENCH]
    content = text(cells(sales), head=head)
    yield "headings in capitals", content, company(columns=MAPPED), ok(sales)
    content = text(cells(sales), head=["Facture", "Date", "Client", "Réf", "Qté", "Montant"])
    yield "a heading that is not there", content, company(columns=MAPPED), refuse(FILE, "N° facture")
    sales = draw("an amount missing").sales()
    content = text([row[:5] for row in cells(sales)], head=HEAD[:5])
    yield "no column of amounts", content, company(), refuse(FILE, "net_revenue")
    sales = draw("spaced header").sales()
    content = text(cells(sales), head=[f" {name} " for name in HEAD])
    yield "headings with spaces around", content, company(), ok(sales), refuse(FILE, "date")


def _odd(draw):
    sales = draw("hash").sales(6)
    rows = [[f"#{row[0]}", *row[1:]] for row in cells(sales)]
    kept = {"order_id": [row[0] for row in rows]}
    yield "ids that begin with a hash", text(rows), company(), ok(sales), kept
    sales = draw("nul").sales(6)
    lines = plain(sales).split("\n")
    lines[3] = lines[3].replace(",P", ",\0P", 1)
    good = sales[:2] + sales[3:]
    yield "a NUL byte", "\n".join(lines), company(), aside(good, Place(FILE, 4)), refuse(FILE, 4)
    for size in (40_000, 300_000):
        sales = draw(f"long {size}").sales(6)
        rows = cells(sales)
        rows[2][2] = "é" * size
        kept = {"customer_id": [row[2] for row in rows]}
        yield f"a cell of {size} letters", text(rows), company(), ok(sales), kept
    d = draw("wide")
    sales = d.sales(5)
    rows = [[*row, *(str(d.randint(0, 9)) for _ in range(500))] for row in cells(sales)]
    yield "five hundred columns", text(rows, head=[*HEAD, *(f"x{at}" for at in range(500))]), company(), ok(sales)
    sales = draw("one column").sales()
    content = text([[row[5]] for row in cells(sales)], head=["net_revenue"])
    yield "one column alone", content, company(), refuse(FILE, "date")
    sales = draw("two tables").sales(6)
    content = plain(sales) + "\ncustomer_id,name\nC1,Zoé\nC2,Ali\n"
    apart = Outcome("quarantine", 6, 0, 3, str(sum((s.amount for s in sales), Decimal(0))), places=None)
    yield "two tables in one file", content, company(), apart, refuse(FILE)
    d = draw("many bad")
    sales = d.sales(600)
    rows = cells(sales)
    wrong = sorted(d.sample(range(600), 150))
    for at in wrong:
        rows[at][5] = d.choice(["n.c.", "?", "dix", "x1"])
    yield "a quarter of the rows unreadable", text(rows), company(), refuse("", ("net_revenue", wrong[0] + 2))
    places = [Place(FILE, at + 2, "net_revenue") for at in wrong]
    good = [sale for at, sale in enumerate(sales) if at not in wrong]
    yield "a quarter unreadable, allowed", text(rows), company(max_quarantined=0.5), aside(good, *places)
    sales = draw("spaces").sales(6)
    rows = [[row[0], row[1], row[2], row[3], row[4], f"  {row[5]} "] for row in cells(sales)]
    yield "spaces around amounts", text(rows), company(), ok(sales)
