# ruff: noqa: E501 (a table of settings, one a line)
"""Configuration: what company.toml says wrongly is refused with its key and what was meant."""

from collections.abc import Iterator

from tests.corpus.cases import HEAD, Case, Draw, cells, company, ok, plain, refuse, text

FILE = "sales.csv"
BASE = 'name = "Essai"\ncurrency = "EUR"\n'
SALES = '[tables.sales]\nfiles = "sales.csv"\n'


def cases(seed: int) -> Iterator[Case]:
    for name, toml, where in _refused():
        sales = Draw(seed, name).sales()
        truth = str(sum(s.amount for s in sales))
        yield Case("configuration", name, {FILE: plain(sales)}, toml, (refuse("", *where),), truth)
    yield from _odd(seed)


def _refused():
    """Name, company.toml, and the words of which each must stand in the message."""
    top = {
        "a key of the top misspelt": ('curency = "EUR"', ("company.toml", "curency", "currency")),
        "a key that is none": ("magic = true", ("company.toml", "magic")),
        "another language": ('language = "de"', ("company.toml", "language")),
        "a language of another type": ("language = 5", ("company.toml", "language")),
        "a zone that is none": ('timezone = "Europe/Pariss"', ("company.toml", "timezone", "Europe/Pariss")),
        "a zone that is a path": ('timezone = "../../etc/passwd"', ("company.toml", "timezone")),
        "a year that starts never": ('fiscal_year_starts = "13-01"', ("company.toml", "fiscal_year_starts")),
        "a year that starts within a month": ('fiscal_year_starts = "04-06"', ("company.toml", "fiscal_year_starts")),
        "a last day that is none": ('observed_until = "2024-02-31"', ("company.toml", "observed_until")),
        "a last day in words": ('observed_until = "hier"', ("company.toml", "observed_until")),
        "exports of another type": ("exports = 5", ("company.toml", "exports")),
    }
    for name, (line, where) in top.items():
        yield name, f"{BASE}{line}\n{SALES}", where
    blocks = {
        "a setting misspelt": ('file = "x.csv"', ("[tables.sales]", "file", "files")),
        "a format misspelt": ('format = { encodng = "utf-8" }', ("[tables.sales]", "encodng", "encoding")),
        "an encoding that is none": ('format = { encoding = "utf8x" }', ("[tables.sales]", "encoding", "utf8x")),
        "an encoding that is no text": ('format = { encoding = "base64" }', ("[tables.sales]", "encoding", "base64")),
        "an encoding of ASCII tricks": ('format = { encoding = "utf-7" }', ("[tables.sales]", "encoding", "utf-7")),
        "a delimiter of two signs": ('format = { delimiter = ";;" }', ("[tables.sales]", "delimiter")),
        "an empty delimiter": ('format = { delimiter = "" }', ("[tables.sales]", "delimiter")),
        "a line end as delimiter": ('format = { delimiter = "\\n" }', ("[tables.sales]", "delimiter")),
        "one sign for decimals and thousands": ('format = { decimal = ",", thousands = "," }', ("[tables.sales]", "decimal", "thousands")),
        "one sign for quotes and delimiter": ('format = { delimiter = ";", quote = ";" }', ("[tables.sales]", "quote", "delimiter")),
        "a decimal sign that is none": ('format = { decimal = ";" }', ("[tables.sales]", "decimal")),
        "a digit for thousands": ('format = { thousands = "0" }', ("[tables.sales]", "thousands")),
        "a date format without a year": ('format = { date = "%d/%m" }', ("[tables.sales]", "date", "%d/%m")),
        "a date format in words": ('format = { date = "dd/mm/yyyy" }', ("[tables.sales]", "date", "dd/mm/yyyy")),
        "a date format of another type": ("format = { date = 5 }", ("[tables.sales]", "date")),
        "lines above below zero": ("format = { skip = -1 }", ("[tables.sales]", "skip")),
        "a header of another type": ('format = { header = "oui" }', ("[tables.sales]", "header")),
        "a share set aside below zero": ("max_quarantined = -0.1", ("[tables.sales]", "max_quarantined")),
        "a share set aside over one": ("max_quarantined = 5", ("[tables.sales]", "max_quarantined")),
        "a share set aside in words": ('max_quarantined = "beaucoup"', ("[tables.sales]", "max_quarantined")),
        "keep what is neither": ('keep = "middle"', ("[tables.sales]", "keep")),
        "overlap of another type": ('overlap = "peut-être"', ("[tables.sales]", "overlap")),
        "totals of another word": ('totals = "drop"', ("[tables.sales]", "totals")),
        "a preset that is none": ('preset = "shopfy"', ("sales", "shopfy", "shopify")),
        "a column that the file has not": ('columns = { date = "Jour", net_revenue = "net_revenue" }', ("Jour",)),
        "an amount that is not mapped": ('columns = { date = "date" }', ("[tables.sales", "net_revenue")),
        "a canonical name misspelt": ('columns = { date = "date", net_revenu = "net_revenue" }', ("[tables.sales", "net_revenue")),
        "a column in two ways": ('columns = { date = "date", net_revenue = { column = "net_revenue", value = 5 } }', ("[tables.sales", "net_revenue")),
        "a column in no way": ('columns = { date = "date", net_revenue = {} }', ("[tables.sales", "net_revenue")),
        "a mapping misspelt": ('columns = { date = "date", net_revenue = { colum = "net_revenue" } }', ("[tables.sales", "net_revenue", "colum")),
        "a product of three columns": ('columns = { date = "date", net_revenue = { multiply = ["quantity", "quantity", "quantity"] } }', ("[tables.sales", "net_revenue")),
        "a product of days": ('columns = { date = { multiply = ["date", "quantity"] }, net_revenue = "net_revenue" }', ("[tables.sales", "date")),
        "a factor of zero": ('columns = { date = "date", net_revenue = { column = "net_revenue", times = 0 } }', ("[tables.sales", "net_revenue", "times")),
        "a factor in words": ('columns = { date = "date", net_revenue = { column = "net_revenue", times = "mille" } }', ("[tables.sales", "net_revenue", "times")),
        "an amount of words": ('columns = { date = "date", net_revenue = { value = "beaucoup" } }', ("[tables.sales", "net_revenue", "beaucoup")),
        "a column named with a sign": ('columns = { date = "date", net_revenue = "net_revenue", "a;b" = "order_id" }', ("[tables.sales", "a;b")),
        "two columns that differ by case": ('columns = { date = "date", net_revenue = "net_revenue", Zone = "order_id", zone = "order_id" }', ("[tables.sales", "zone")),
        "a rule without a reason": ('exclude = [{ column = "product_id", equals = "P" }]', ("[tables.sales]", "exclude", "because")),
        "a rule of two tests": ('exclude = [{ column = "product_id", equals = "P", in = ["Q"], because = "x" }]', ("[tables.sales]", "exclude")),
        "a rule of no test": ('exclude = [{ column = "product_id", because = "x" }]', ("[tables.sales]", "exclude")),
        "a rule's pattern that is none": ('exclude = [{ column = "product_id", matches = "(", because = "x" }]', ("[tables.sales]", "exclude", "(")),
        "a rule on no column": ('exclude = [{ column = "prodct_id", equals = "P", because = "x" }]', ("prodct_id", "product_id")),
    }  # fmt: skip
    for name, (line, where) in blocks.items():
        yield name, f"{BASE}{SALES}{line}\n", where
    whole = {
        "no name": ('currency = "EUR"\n' + SALES, ("company.toml", "name")),
        "an empty name": ('name = ""\ncurrency = "EUR"\n' + SALES, ("company.toml", "name")),
        "no currency": ('name = "Essai"\n' + SALES, ("company.toml", "currency")),
        "a currency in words": ('name = "Essai"\ncurrency = "euro"\n' + SALES, ("company.toml", "currency", "euro")),
        "a currency's sign": ('name = "Essai"\ncurrency = "€"\n' + SALES, ("company.toml", "currency", "€")),
        "no table": (BASE, ("company.toml", "table")),
        "an empty block of tables": (BASE + "[tables]\n", ("company.toml", "table")),
        "no files": (BASE + "[tables.sales]\n", ("[tables.sales]", "files")),
        "an empty list of files": (BASE + "[tables.sales]\nfiles = []\n", ("[tables.sales]", "files")),
        "files of another type": (BASE + "[tables.sales]\nfiles = 5\n", ("[tables.sales]", "files")),
        "a table misspelt": (BASE + '[tables.sale]\nfiles = "sales.csv"\n', ("company.toml", "sale", "sales")),
        "a table that is none": (BASE + SALES + '[tables.magic]\nfiles = "sales.csv"\n', ("company.toml", "magic")),
        "a key twice": (BASE + 'currency = "USD"\n' + SALES, ("company.toml", 3)),
        "a table twice": (BASE + SALES + SALES, ("company.toml", 5)),
        "no TOML": ("name: Essai\ncurrency: EUR\n", ("company.toml", 1)),
        "a quote that never closes": ('name = "Essai\ncurrency = "EUR"\n' + SALES, ("company.toml", 1)),
        "an empty file": ("", ("company.toml", "name")),
        "a total of another table": (BASE + SALES + '[control]\ncustomers = { rows = 5 }\n', ("control", "customers")),
        "a total of no table": (BASE + SALES + '[control]\nsale = { rows = 5 }\n', ("control", "sale")),
        "a total in words": (BASE + SALES + '[control]\nsales = { net_revenue = "beaucoup" }\n', ("control", "net_revenue", "beaucoup")),
        "rows below zero": (BASE + SALES + "[control]\nsales = { rows = -1 }\n", ("control", "rows")),
        "rows of a half": (BASE + SALES + "[control]\nsales = { rows = 5.5 }\n", ("control", "rows")),
        "a total without an end": (BASE + SALES + "[control]\nsales = { net_revenue = inf }\n", ("control", "net_revenue")),
        "a target of no month": (BASE + SALES + '[targets]\nrevenue = { "2024-13" = 5 }\n', ("targets", "2024-13")),
        "a target in words": (BASE + SALES + '[targets]\nrevenue = { "2024-12" = "beaucoup" }\n', ("targets", "2024-12")),
        "a target without an end": (BASE + SALES + '[targets]\nrevenue = { "2024-12" = inf }\n', ("targets", "2024-12")),
        "tables of another type": (BASE + "tables = 5\n", ("company.toml", "tables")),
        "a table of another type": (BASE + "[tables]\nsales = 5\n", ("company.toml", "sales")),
        "columns of another type": (BASE + SALES + "columns = 5\n", ("[tables.sales", "columns")),
        "a format of another type": (BASE + SALES + 'format = "csv"\n', ("[tables.sales]", "format")),
        "not UTF-8": (BASE.replace("Essai", "Société").encode("cp1252") + SALES.encode(), ("company.toml",)),
        "UTF-16": ((BASE + SALES).encode("utf-16"), ("company.toml",)),
        "a NUL byte": (BASE.encode() + b"# \0\n" + SALES.encode(), ("company.toml", 3)),
    }  # fmt: skip
    for name, (toml, where) in whole.items():
        yield name, toml, where


def _odd(seed: int) -> Iterator[Case]:
    """What must be understood, or may be refused, but never misread."""
    d = Draw(seed, "odd settings")
    sales = d.sales()
    toml = company()
    for name, content, outcomes in (
        ("Windows' line ends", toml.replace("\n", "\r\n"), (ok(sales),)),
        ("a mark of UTF-8", "\ufeff" + toml, (ok(sales), refuse("", "company.toml"))),
        ("comments and spaces", "# été\n\n" + toml.replace(" = ", "   =\t") + "\n\n# fin", (ok(sales),)),
        ("quoted keys", toml.replace("files", '"files"'), (ok(sales),)),
        ("dotted keys", 'name = "Essai"\ncurrency = "EUR"\ntables.sales.files = "sales.csv"\n', (ok(sales),)),
        ("a long name", company(name="é" * 5_000), (ok(sales),)),
        ("a rule of nothing", company(exclude=[]), (ok(sales),)),
        ("an empty table of columns", company(columns={}), (ok(sales),)),
    ):
        yield Case("configuration", f"understood: {name}", {FILE: plain(sales)}, content, outcomes)
    yield Case("configuration", "no company.toml", {FILE: plain(sales)}, None, (refuse("", "company.toml"),), "any")
    rows = [[*row, "x"] for row in cells(sales)]
    toml = company(columns={"date": "dat", "net_revenue": "net_revenue"})
    near = refuse(FILE, "dat", "date")
    yield Case("configuration", "a column nearly named", {FILE: text(rows, head=[*HEAD, "x"])}, toml, (near,), "any")
    toml = company(control={"sales": {"rows": len(sales)}}, tables={"customers": {"files": "clients.csv"}})
    none = refuse("clients.csv", "[tables.customers]")
    yield Case("configuration", "a table whose file is not there", {FILE: plain(sales)}, toml, (none,), "any")
    toml = company(tables={"customers": {"files": FILE}})
    twice = refuse(FILE)
    yield Case("configuration", "sales named as customers", {FILE: plain([*sales, sales[0]])}, toml, (twice,), "any")
