"""Numbers: every way in which amounts stand in text, proven by their column, declared, or asked about."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from tests.corpus.cases import Case, Draw, Outcome, Place, aside, company, ok, refuse, text

FILE = "sales.csv"
HEAD = ("id", "jour", "montant")


def cases(seed: int) -> Iterator[Case]:
    for part in (_styles, _odd_cells, _asked, _declared, _headings, _mixed, _computed):
        for name, files, toml, *outcomes in part(lambda name: Draw(seed, name)):
            yield Case("numbers", name, {FILE: files}, toml, tuple(outcomes))


def column(texts: Sequence[str], *, heading: str = "montant", sep: str = "\t") -> str:
    """A file of these amounts; a tab between cells, so that none needs quotes."""
    rows = [[f"A{at}", f"2024-01-{at % 28 + 1:02}", each] for at, each in enumerate(texts)]
    return text(rows, head=[*HEAD[:2], heading], sep=sep)


def settings(heading: str = "montant", *, currency: str = "EUR", more: dict | None = None, **declared: str) -> str:
    form = {"format": {"delimiter": "\t", **declared}} if declared else {}
    mapping = heading if not more else {"column": heading, **more}
    columns = {"order_id": "id", "date": "jour", "net_revenue": mapping}
    return company(columns=columns, currency=currency, **form)


def style(amount: Decimal, thousands: str, decimal: str) -> str:
    return f"{amount:,}".replace(",", "\0").replace(".", decimal).replace("\0", thousands)


def _styles(draw):
    spaces = {"space": " ", "no-break space": "\xa0", "narrow space": "\u202f", "thin space": "\u2009"}
    signs = [(f"{name} and comma", sign, ",") for name, sign in spaces.items()]
    signs += [(f"{name} and point", sign, ".") for name, sign in spaces.items()]
    signs += [("point and comma", ".", ","), ("comma and point", ",", "."), ("apostrophe and point", "'", ".")]
    signs += [("curly apostrophe and point", "’", "."), ("apostrophe and comma", "'", ",")]
    signs += [("comma alone", "", ","), ("point alone", "", ".")]
    for name, thousands, decimal in signs:
        d = draw(name)
        amounts = [d.cents(100, 999_999_999) * d.choice((1, 1, 1, -1)) for _ in range(d.randint(8, 14))]
        amounts += [Decimal("1234567.89"), Decimal("0.05"), Decimal(d.randint(1_001, 9_999))]
        yield (
            f"thousands and decimals: {name}",
            column([style(a, thousands, decimal) for a in amounts]),
            settings(),
            ok(amounts),
        )
    for name, around in (
        ("euro behind", "{} €"),
        ("euro behind a no-break space", "{}\xa0€"),
        ("euro behind, no space", "{}€"),
        ("euro in front", "€{}"),
        ("euro in front and a space", "€ {}"),
        ("code behind", "{} EUR"),
        ("code in front", "EUR {}"),
    ):
        d = draw(name)
        amounts = [d.cents() for _ in range(9)]
        yield f"currency: {name}", column([around.format(style(a, " ", ",")) for a in amounts]), settings(), ok(amounts)
    for name, currency, around in (("dollar", "USD", "${}"), ("pound", "GBP", "£{}"), ("franc", "CHF", "CHF {}")):
        d = draw(name)
        amounts = [d.cents() for _ in range(9)]
        content = column([around.format(style(a, ",", ".")) for a in amounts])
        yield f"currency: {name}", content, settings(currency=currency), ok(amounts)
    for name, around in (
        ("minus in front", "-{}"),
        ("minus in front and a space", "- {}"),
        ("minus behind", "{}-"),
        ("parentheses", "({})"),
        ("the minus sign U+2212", "−{}"),
    ):
        d = draw(name)
        amounts = [d.cents() * sign for sign in (1, -1, 1, 1, -1, 1)]
        content = [around.format(style(-a, " ", ",")) if a < 0 else style(a, " ", ",") for a in amounts]
        yield f"negative: {name}", column(content), settings(), ok(amounts)
    d = draw("dollars in parentheses")
    amounts = [d.cents() * sign for sign in (1, -1, 1, 1, -1)]
    content = [f"(${-a:,})" if a < 0 else f"${a:,}" for a in amounts]
    yield "negative: dollars in parentheses", column(content), settings(currency="USD"), ok(amounts)
    d = draw("plus")
    amounts = [d.cents() for _ in range(6)]
    yield "plus signs", column([f"+{a}" for a in amounts]), settings(), ok(amounts)
    amounts = [d.cents(100_000) for _ in range(6)]
    yield "padded with zeros", column([f" {'0' * 12}{a}".replace(".", ",") for a in amounts]), settings(), ok(amounts)
    amounts = [Decimal(d.randint(1, 99_999)) for _ in range(9)]
    yield "whole numbers", column(map(str, amounts)), settings(), ok(amounts)
    amounts = [Decimal(d.randint(1, 99_999)) for _ in range(5)] + [d.cents() for _ in range(3)]
    yield "whole numbers and decimals", column([str(a).replace(".", ",") for a in amounts]), settings(), ok(amounts)
    yield "one decimal", column(["12,5", "0,1", "1234,5"]), settings(), ok(map(Decimal, ("12.5", "0.1", "1234.5")))
    yield "four decimals", column(["12.5001", "0.0001"]), settings(), ok([Decimal("12.5001"), Decimal("0.0001")])
    yield (
        "no zero before the point",
        column([".50", "-.25", "1.75"]),
        settings(),
        ok(map(Decimal, (".5", "-.25", "1.75"))),
    )
    yield "zero", column(["0", "0.00", "-0.00", "5.25"]), settings(), ok(map(Decimal, ("0", "0", "0", "5.25")))


def _odd_cells(draw):
    """One cell that is no amount, in a column whose writing is proven."""
    texts = {
        "a word": "dix", "a dash": "-", "n.c.": "n.c.", "#N/A": "#N/A", "#DIV/0!": "#DIV/0!", "NULL": "NULL",
        "an empty cell": "", "an exponent": "1e3", "an exponent with decimals": "1.5E+03",
        "NaN": "NaN", "infinity": "inf",
        "underscores": "1_000", "hexadecimal": "0x1F", "two minuses": "--5.00", "minus and plus": "+-5.00",
        "a fraction": "1/2", "a half": "½", "a percentage": "12 %", "Arabic digits": "١٢٣",
        "full-width digits": "１２.５０",
        "Devanagari digits": "१२", "superscripts": "12²", "two points": "1.2.3", "a formula": "=12.50",
        "a quoted formula": '="12.50"',
        "another currency": "$12.00", "another code": "12.00 USD", "an apostrophe in front": "'12.50",
        "a tilde": "~12.50",
        "a range": "10.00-12.00", "a star": "12.50*", "forty digits": "9" * 40, "a million digits": "9" * 1_000_000,
        "five decimals": "1.00005", "a letter O": "1O.50", "a decimal comma": "12,5", "two numbers": "12.50 13.50",
        "a minus within": "12-50", "a soft hyphen": "12\xad.50", "a zero-width space": "12\u200b.50",
        "a date": "2024-01-05",
        "true": "true", "a word of a boolean": "VRAI",
    }  # fmt: skip
    for name, odd in texts.items():
        d = draw(name)
        amounts = [d.cents() for _ in range(d.randint(12, 18))]
        at = d.randrange(1, len(amounts))
        content = [*map(str, amounts[:at]), odd, *map(str, amounts[at:])]
        yield f"one cell is {name}", column(content), settings(), aside(amounts, Place(FILE, at + 2, "montant"))
    for name, odd in {
        "groups of two": "1,23,456.00",
        "a group too short": "12,34.50",
        "a group too long": "1,2345.00",
        "a group behind the point": "1.234,50",
    }.items():
        d = draw(name)
        amounts = [d.cents(100_000, 9_999_999) for _ in range(14)]
        at = d.randrange(1, len(amounts))
        texts = [style(a, ",", ".") for a in amounts]
        yield (
            f"one cell has {name}",
            column([*texts[:at], odd, *texts[at:]]),
            settings(),
            aside(amounts, Place(FILE, at + 2, "montant")),
        )
    d = draw("space groups")
    for name, odd in (("spaces in the wrong place", "12 34,50"), ("a space between every digit", "1 2 3,00")):
        amounts = [d.cents(100_000, 9_999_999) for _ in range(14)]
        content = column([*(style(a, " ", ",") for a in amounts), odd])
        yield f"one cell has {name}", content, settings(), aside(amounts, Place(FILE, 16, "montant"))
    amounts = [Decimal("99999999999999.99"), Decimal("-99999999999999.99"), Decimal("99999999999999.25")]
    yield "fourteen digits", column(map(str, amounts)), settings(), ok(amounts)
    some = [Decimal("12.50"), Decimal("3.75")]
    content = column([*map(str, some), "100000000000000"])
    yield (
        "ten to the fourteenth",
        content,
        settings(),
        aside(some, Place(FILE, 4, "montant")),
        ok([*some, Decimal(10**14)]),
    )
    yield "a tenth and two tenths", column(["0.1", "0.2"] * 500), settings(), ok([Decimal("0.1"), Decimal("0.2")] * 500)
    amounts = [Decimal("1.005")] * 200 + [Decimal("0.50")]
    yield "1.005 two hundred times", column(map(str, amounts)), settings(), ok(amounts)
    amounts = [Decimal("2.675"), Decimal("1.0050"), Decimal("0.125"), Decimal("12.5")]
    yield "three decimals, proven", column(map(str, amounts)), settings(), ok(amounts)
    amounts = [Decimal("1.5"), Decimal("2.25")]
    content = column(["1.500000", "2.2500000"])
    both = Outcome("quarantine", 0, 0, 2, "0", None)
    yield "zeros beyond four decimals", content, settings(), ok(amounts), refuse(FILE), both
    d = draw("a sum past 2^53")
    amounts = [Decimal("90071992547409.93"), Decimal("0.01"), *(d.cents() for _ in range(20))]
    yield "a sum that a float cannot hold", column(map(str, amounts)), settings(), ok(amounts)


def _asked(draw):
    for name, texts in (
        ("points and three digits", ["1.234", "5.678", "12.345"]),
        ("commas and three digits", ["1,234", "5,678", "123,456"]),
        ("one cell of a point and three digits", ["1.234"]),
        ("three digits beside whole numbers", ["1.234", "12", "500", "7.500"]),
        ("negative", ["-1.234", "-5.678"]),
        ("with a euro", ["1.234 €", "5.678 €"]),
        ("in parentheses", ["(1,234)", "5,678"]),
    ):
        d = draw(name)
        texts = texts * d.randint(1, 3)
        yield f"ambiguous: {name}", column(texts), settings(), refuse(FILE, "montant", ("decimal", "thousands"))
    for name, texts in (
        ("half and half", ["1,50", "2.25", "3,75", "4.15"]),
        ("thousands both ways", ["1.234,50", "1,234.50", "1.111,25", "2,222.75"]),
    ):
        yield f"contested: {name}", column(texts), settings(), refuse(FILE, "montant")
    d = draw("contested by few")
    amounts = [d.cents() for _ in range(38)]
    content = column([*(str(a) for a in amounts), "12,5", "7,25"])
    places = (Place(FILE, 40, "montant"), Place(FILE, 41, "montant"))
    yield "contested by two of forty", content, settings(), aside(amounts, *places), refuse(FILE, "montant")
    amounts = [d.cents() for _ in range(38)]
    content = column([*(str(a) for a in amounts), "12,5", "1.234", "7,125"])
    places = (Place(FILE, 40, "montant"), Place(FILE, 41, "montant"), Place(FILE, 42, "montant"))
    yield (
        "contested, and a cell readable both ways",
        content,
        settings(),
        aside(amounts, *places),
        refuse(FILE, "montant"),
    )


def _declared(draw):
    for name, texts, declared, amounts in (
        ("1.234 with a decimal point", ["1.234", "5.678"], {"decimal": "."}, ["1.234", "5.678"]),
        ("1.234 with points for thousands", ["1.234", "5.678"], {"decimal": ",", "thousands": "."}, ["1234", "5678"]),
        ("1,234 with a decimal comma", ["1,234", "5,678"], {"decimal": ","}, ["1.234", "5.678"]),
        ("1,234 with commas for thousands", ["1,234", "5,678"], {"decimal": ".", "thousands": ","}, ["1234", "5678"]),
        ("1 234 with spaces", ["1 234", "5\u202f678,5"], {"decimal": ",", "thousands": " "}, ["1234", "5678.5"]),
        ("apostrophes", ["1'234.50", "5’678.50"], {"decimal": ".", "thousands": "'"}, ["1234.5", "5678.5"]),
    ):
        yield f"declared: {name}", column(texts), settings(**declared), ok(map(Decimal, amounts))
    for name, odd, declared in (
        ("a comma where the point is declared", "12,5", {"decimal": "."}),
        ("a point where the comma is declared", "12.5", {"decimal": ","}),
        ("thousands declared as none", "1,234.50", {"decimal": ".", "thousands": ""}),
        ("points where spaces are declared", "1.234,50", {"decimal": ",", "thousands": " "}),
    ):
        d = draw(name)
        amounts = [d.cents(1, 99_999) for _ in range(12)]
        point = declared["decimal"]
        content = column([*(str(a).replace(".", point) for a in amounts), odd])
        yield f"declared: {name}", content, settings(**declared), aside(amounts, Place(FILE, 14, "montant"))
    for name, texts, amounts in (
        ("a comma proven by one cell", ["1,234", "5,6", "7,891"], ["1.234", "5.6", "7.891"]),
        ("points proven twice in a cell", ["1.234", "1.234.567"], ["1234", "1234567"]),
        ("a point proven by a zero", ["1.234", "0.500"], ["1.234", "0.500"]),
        ("commas proven by a point", ["1,234", "1,234.5"], ["1234", "1234.5"]),
        ("a point proven by four digits in front", ["1.234", "1234.567"], ["1.234", "1234.567"]),
        ("spaces need no proof", ["1 234", "56 789"], ["1234", "56789"]),
        ("apostrophes need no proof", ["1'234", "56'789"], ["1234", "56789"]),
    ):
        yield f"proven: {name}", column(texts), settings(), ok(map(Decimal, amounts))


def _headings(draw):
    for heading in ("CA (k€)", "CA k€", "Montant (M€)", "CA en milliers", "Revenue (in thousands)", "Amount (k EUR)"):
        d = draw(heading)
        amounts = [d.cents(100, 99_999) for _ in range(7)]
        content = column(map(str, amounts), heading=heading)
        yield f"heading {heading}", content, settings(heading), refuse(FILE, heading)
        thousands = ok([a * 1000 for a in amounts])
        yield f"heading {heading}, times 1000", content, settings(heading, more={"times": 1000}), thousands
    for heading in ("Montant TTC", "Total TTC", "Amount incl. VAT", "Prix T.T.C.", "Gross amount (incl. tax)"):
        d = draw(heading)
        amounts = [d.cents(100, 99_999) for _ in range(7)]
        content = column(map(str, amounts), heading=heading)
        yield f"heading {heading}", content, settings(heading), refuse(FILE, heading)
        yield f"heading {heading}, confirmed", content, settings(heading, more={"times": 1}), ok(amounts)
    for heading in ("Montant HT", "CA (€)", "Kilométrage facturé", "Amount excl. VAT", "Marketing", "CA net"):
        d = draw(heading)
        amounts = [d.cents(100, 99_999) for _ in range(7)]
        yield f"heading {heading}", column(map(str, amounts), heading=heading), settings(heading), ok(amounts)
    d = draw("times a fraction")
    amounts = [d.cents(100, 99_999) for _ in range(7)]
    content = column([str(int(a * 100)) for a in amounts])
    yield "cents, times 0.01", content, settings(more={"times": "0.01"}), ok(amounts)


def _mixed(draw):
    d = draw("all foreign")
    content = column([f"${d.cents():,}" for _ in range(6)])
    yield "all in another currency", content, settings(), refuse(FILE, ("montant", "currency"))
    amounts = [d.cents() for _ in range(8)]
    texts = [f"{a} €" for a in amounts]
    texts.insert(3, "55.00 $")
    yield "one in another currency among euros", column(texts), settings(), aside(amounts, Place(FILE, 5, "montant"))
    amounts = [d.cents() for _ in range(6)]
    content = column([f"{a} €" if at % 2 else str(a) for at, a in enumerate(amounts)])
    yield "a sign in some cells", content, settings(), ok(amounts)
    rows = [[f"A{at}", "2024-01-31", str(a), f"{at}.234"] for at, a in enumerate(amounts, 1)]
    columns = {"order_id": "id", "date": "jour", "net_revenue": "montant", "quantity": "qte"}
    content = text(rows, head=[*HEAD, "qte"], sep="\t")
    yield "ambiguous quantities", content, company(columns=columns), refuse(FILE, "qte")
    rows = [[f"A{at}", "2024-01-31", str(a).replace(".", ","), f"{at}.5"] for at, a in enumerate(amounts, 1)]
    content = text(rows, head=[*HEAD, "qte"], sep="\t")
    yield "another sign in each column", content, company(columns=columns), ok(amounts)
    rows = [[f"A{at}", "2024-01-31", str(a), "n.c." if at == 3 else "2.5"] for at, a in enumerate(amounts, 1)]
    content = text(rows, head=[*HEAD, "qte"], sep="\t")
    some = amounts[:2] + amounts[3:]
    yield "a quantity that is none", content, company(columns=columns), aside(some, Place(FILE, 4, "qte"))
    toml = company(columns=columns, format={"null": ["", "n.c."]})
    yield "a declared text for a missing quantity", content, toml, ok(amounts)
    content = column([*map(str, amounts), "n.c."])
    columns.pop("quantity")
    toml = company(columns=columns, format={"null": ["", "n.c."]})
    yield "a declared text for a missing amount", content, toml, aside(amounts, Place(FILE, 8, "montant"))


def _computed(draw):
    d = draw("computed")
    rows, wanted = [], []
    for at in range(8):
        quantity, price = d.randint(1, 40), Decimal(d.randint(100, 99_999)).scaleb(-3)
        wanted.append(quantity * price)
        rows.append([f"A{at}", "2024-01-31", str(quantity), f"{price}"])
    rows.append(["A9", "2024-01-31", "2.5", "0.50"])
    wanted.append(Decimal("1.25"))
    head = ["id", "jour", "qte", "prix"]
    columns = {"order_id": "id", "date": "jour", "net_revenue": {"multiply": ["qte", "prix"]}}
    yield "quantity times price", text(rows, head=head, sep="\t"), company(columns=columns), ok(wanted)
    content = text([*rows, ["A10", "2024-01-31", "3.333", "1.111"]], head=head, sep="\t")
    yield (
        "a product of six decimals",
        content,
        company(columns=columns),
        aside(wanted, Place(FILE, 11)),
        ok([*wanted, Decimal("3.702963")]),
    )
    content = text([*rows, ["A10", "2024-01-31", "deux", "1.10"]], head=head, sep="\t")
    yield "a product of a word", content, company(columns=columns), aside(wanted, Place(FILE, 11, "qte"))
    pairs = [(d.cents(), d.cents(1, 20_000)) for _ in range(7)]
    rows = [
        [f"A{at}", "2024-01-31", str(a).replace(".", ","), str(b).replace(".", ",")] for at, (a, b) in enumerate(pairs)
    ]
    content = text(rows, head=["id", "jour", "credit", "debit"], sep=";")
    for name, how, amounts in (
        ("credit less debit", {"subtract": ["credit", "debit"]}, [a - b for a, b in pairs]),
        ("two amounts added", {"add": ["credit", "debit"]}, [a + b for a, b in pairs]),
        ("an amount less a discount", {"column": "credit", "less": ["debit"]}, [a - b for a, b in pairs]),
    ):
        columns = {"order_id": "id", "date": "jour", "net_revenue": how}
        yield name, content, company(columns=columns), ok(amounts)
