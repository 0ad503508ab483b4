"""Dates: one shape proven in each column, or asked about; a day that is none is set aside."""

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from tests.corpus.cases import Case, Draw, Outcome, Place, aside, company, ok, refuse, text

FILE = "sales.csv"
COLUMNS = {"order_id": "id", "date": "jour", "net_revenue": "montant"}
MOIS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
SHORT = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")


def cases(seed: int) -> Iterator[Case]:
    for part in (_shapes, _asked, _odd_cells, _bounds, _times, _serials, _declared, _two_columns):
        for name, content, toml, *rest in part(lambda name: Draw(seed, name)):
            *outcomes, last = rest
            days = last if isinstance(last, list) else None
            outcomes = tuple(outcomes if days else rest)
            yield Case("dates", name, {FILE: content}, toml, outcomes, columns={"date": days} if days else {})


def column(texts: Sequence[str], amounts: Sequence[object]) -> str:
    rows = [[f"A{at}", day, str(amount)] for at, (day, amount) in enumerate(zip(texts, amounts, strict=True))]
    return text(rows, head=["id", "jour", "montant"], sep="\t")


def some_days(d: Draw, count: int = 9) -> list[date]:
    """Days, of which the first three are late in their month and year."""
    late = [date(d.randint(2020, 2025), month, d.randint(20, 28)) for month in (11, 3, 7)]
    return late + [date(2022, 1, 1) + timedelta(days=d.randint(0, 1200)) for _ in range(count - 3)]


def _text(day: date, name: str) -> str:
    words = {
        "31 janv. 2024": f"{day.day} {SHORT[day.month - 1]} {day.year}",
        "31 janvier 2024": f"{day.day} {MOIS[day.month - 1]} {day.year}",
        "31/1/2024": f"{day.day}/{day.month}/{day.year}",
    }
    return words[name] if name in words else day.strftime(name)


def _shapes(draw):
    for shape in (
        "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y%m%d",
        "%d %b %Y", "%d-%b-%Y", "%B %d, %Y", "%b %d, %Y", "31 janv. 2024", "31 janvier 2024", "31/1/2024",
    ):  # fmt: skip
        d = draw(shape)
        days = some_days(d)
        amounts = [d.cents() for _ in days]
        yield (
            f"written {shape}",
            column([_text(day, shape) for day in days], amounts),
            company(columns=COLUMNS),
            ok(amounts),
            days,
        )
    for form in ("NFC", "NFD"):
        d = draw(form)
        days = [date(2024, 2, d.randint(1, 29)), date(2023, 8, d.randint(1, 31)), date(2025, 12, d.randint(1, 31))]
        amounts = [d.cents() for _ in days]
        content = column([unicodedata.normalize(form, _text(day, "31 janv. 2024")) for day in days], amounts)
        yield f"French months in {form}", content, company(columns=COLUMNS), ok(amounts), days
    d = draw("capitals")
    days = some_days(d)
    amounts = [d.cents() for _ in days]
    content = column([day.strftime("%d-%b-%Y").upper() for day in days], amounts)
    yield "months in capitals", content, company(columns=COLUMNS), ok(amounts), days
    content = column([f" {day:%d/%m/%Y} " for day in days], amounts)
    yield "spaces around days", content, company(columns=COLUMNS), ok(amounts), refuse(FILE, "jour"), days
    content = column([day.strftime("%d/%m/%Y") for day in [*days, date(2024, 2, 29)]], [*amounts, 5])
    yield (
        "the 29th of February 2024",
        content,
        company(columns=COLUMNS),
        ok([*amounts, d.cents(500, 500)]),
        [*days, date(2024, 2, 29)],
    )


def _early(d: Draw, count: int = 8) -> list[date]:
    """Days that can be read as months."""
    return [date(2024, d.randint(1, 12), d.randint(1, 12)) for _ in range(count)] + [date(2024, 3, 4)]


def _asked(draw):
    for shape in ("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y"):
        d = draw(shape)
        days = _early(d)
        amounts = [d.cents() for _ in days]
        content = column([day.strftime(shape) for day in days], amounts)
        toml = company(columns=COLUMNS)
        dotted = (ok(amounts),) if shape == "%d.%m.%Y" else ()  # nobody writes month.day.year
        yield f"undecidable: {shape}", content, toml, refuse(FILE, "jour", "date"), *dotted
        toml = company(columns=COLUMNS, format={"date": shape, "delimiter": "\t"})
        yield f"undecidable but declared: {shape}", content, toml, ok(amounts), days
    d = draw("both orders")
    amounts = [d.cents() for _ in range(4)]
    content = column(["25/03/2024", "03/25/2024", "28/04/2024", "04/28/2024"], amounts)
    yield "both orders proven", content, company(columns=COLUMNS), refuse(FILE, "jour")
    content = column(["20-10-16", "21-11-17", "22-12-18", "01-03-17"], amounts)
    yield "two-digit years at either end", content, company(columns=COLUMNS), refuse(FILE, "jour")
    toml = company(columns=COLUMNS, format={"date": "%d-%m-%y", "delimiter": "\t"})
    days = [date(2016, 10, 20), date(2017, 11, 21), date(2018, 12, 22), date(2017, 3, 1)]
    yield "two-digit years, declared", content, toml, ok(amounts), days
    content = column(["01022024", "03042023", "05062022", "07082021"], amounts)
    yield "eight digits with the year behind", content, company(columns=COLUMNS), refuse(FILE, "jour"), ok(amounts)
    for name, texts in (
        ("quarters", ["T1 2024", "T2 2024", "T3 2024", "T4 2024"]),
        ("quarters in English", ["2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4"]),
        ("weeks", ["S12", "S13", "S14", "S15"]),
        ("ISO weeks", ["2024-W05", "2024-W06", "2024-W07", "2024-W08"]),
        ("years", ["2021", "2022", "2023", "2024"]),
        ("milliseconds", ["1470145673504", "1470145673505", "1470145973505", "1470145673905"]),
        ("words", ["hier", "demain", "lundi", "?"]),
        ("weekdays", ["lun.", "mar.", "mer.", "jeu."]),
    ):
        yield f"no day: {name}", column(texts, amounts), company(columns=COLUMNS), refuse(FILE, "jour")
    content = column(["2024-01-05", "05/03/2024", "2024-02-25", "28/02/2024"], amounts)
    mixed = Outcome(
        "quarantine", 2, 0, 2, str(amounts[0] + amounts[2]), (Place(FILE, 3, "jour"), Place(FILE, 5, "jour"))
    )
    yield "two shapes in one column", content, company(columns=COLUMNS), refuse(FILE, "jour"), mixed, ok(amounts)


def _odd_cells(draw):
    for shape, odd in (
        ("%d/%m/%Y", "31/02/2024"), ("%d/%m/%Y", "29/02/2023"), ("%d/%m/%Y", "31/04/2024"), ("%d/%m/%Y", "00/01/2024"),
        ("%d/%m/%Y", "32/01/2024"), ("%d/%m/%Y", "01/13/2024"), ("%d/%m/%Y", "n.c."), ("%d/%m/%Y", "-"),
        ("%d/%m/%Y", ""), ("%d/%m/%Y", "T1 2024"), ("%d/%m/%Y", "S12"), ("%d/%m/%Y", "00/00/0000"),
        ("%Y-%m-%d", "0000-00-00"),
        ("%Y-%m-%d", "2024-02-30"), ("%Y-%m-%d", "2023-02-29"), ("%Y-%m-%d", "2024-13-01"), ("%Y-%m-%d", "2024-00-10"),
        ("%Y-%m-%d", "2024-1"), ("%Y-%m-%d", "hier"), ("%Y-%m-%d", "#N/A"), ("%Y-%m-%d", "24"), ("%Y%m%d", "20240230"),
        ("%Y-%m-%d", "１２"), ("%Y-%m-%d", "2024-02-١٢"), ("%d %b %Y", "31 Feb 2024"), ("%d %b %Y", "12 Foo 2024"),
        ("%Y-%m-%d", "2024-01-05x"), ("%Y-%m-%d", "12.50"),
    ):  # fmt: skip
        d = draw(f"{shape} {odd}")
        days = some_days(d, d.randint(12, 16))
        amounts = [d.cents() for _ in days]
        at = d.randrange(1, len(days))
        texts = [day.strftime(shape) for day in days]
        content = column([*texts[:at], odd, *texts[at:]], [*amounts[:at], "7.25", *amounts[at:]])
        outcomes = [aside(amounts, Place(FILE, at + 2, "jour"))]
        if odd == "01/13/2024":  # a day of the other order: the orders contradict each other
            outcomes.append(refuse(FILE, "jour"))
        yield f"one cell is {odd!r} among {shape}", content, company(columns=COLUMNS), *outcomes, days


def _bounds(draw):
    d = draw("bounds")
    days = [*some_days(d, 12), date(1900, 1, 1), date(2199, 12, 31)]
    amounts = [d.cents() for _ in days]
    content = column([day.isoformat() for day in days], amounts)
    yield "the first day and the last", content, company(columns=COLUMNS), ok(amounts), days
    for odd in ("1899-12-31", "2200-01-01", "9999-12-31", "0024-03-05", "0001-01-01"):
        content = column([*(day.isoformat() for day in days), odd], [*amounts, "9.99"])
        yield f"a day of {odd}", content, company(columns=COLUMNS), aside(amounts, Place(FILE, 16, "jour")), days


def _times(draw):
    d = draw("times")
    days = some_days(d)
    amounts = [d.cents() for _ in days]
    for shape in (
        "%Y-%m-%d 23:59:59",
        "%Y-%m-%dT08:30:00",
        "%Y-%m-%d 10:15",
        "%d/%m/%Y 23:59",
        "%Y-%m-%d 10:15:30.123456",
        "%m/%d/%Y 11:30 PM",
    ):
        content = column([day.strftime(shape) for day in days], amounts)
        yield f"with a time: {shape}", content, company(columns=COLUMNS), ok(amounts), days
    for name, text_, zone, day in (
        ("Paris is ahead", "2024-01-31 23:30:00+00:00", "Europe/Paris", date(2024, 2, 1)),
        ("Z", "2024-06-30T22:30:00Z", "Europe/Paris", date(2024, 7, 1)),
        ("New York is behind", "2024-03-01T02:00:00+00:00", "America/New_York", date(2024, 2, 29)),
        ("an offset of its own", "2024-01-31T23:30:00-05:00", "UTC", date(2024, 2, 1)),
        ("Shopify's writing", "2024-12-31 23:30:00 +0000", "Europe/Paris", date(2025, 1, 1)),
    ):
        d = draw(name)
        amounts = [d.cents() for _ in range(3)]
        content = column([text_] * 3, amounts)
        toml = company(columns=COLUMNS, top={"timezone": zone})
        yield f"over midnight: {name}", content, toml, ok(amounts), [day] * 3
    amounts = [d.cents() for _ in range(12)]
    good = [f"2024-01-{at + 10} 10:00:00" for at in range(12)]
    content = column([*good, "2024-01-05 25:00:00"], [*amounts, "3.50"])
    yield "the 25th hour", content, company(columns=COLUMNS), aside(amounts, Place(FILE, 14, "jour"))


def _serials(draw):
    d = draw("serials")
    days = some_days(d)
    amounts = [d.cents() for _ in days]
    for name, epoch, tail in (
        ("excel", date(1899, 12, 30), ""),
        ("excel-1904", date(1904, 1, 1), ""),
        ("excel", date(1899, 12, 30), ".0"),
    ):
        content = column([f"{(day - epoch).days}{tail}" for day in days], amounts)
        yield f"serials {name}{tail}", content, company(columns=COLUMNS), refuse(FILE, "jour", "excel")
        toml = company(columns=COLUMNS, format={"date": name, "delimiter": "\t"})
        yield f"serials {name}{tail}, declared", content, toml, ok(amounts), days
    content = column([f"{(day - date(1899, 12, 30)).days}.75" for day in days], amounts)
    toml = company(columns=COLUMNS, format={"date": "excel", "delimiter": "\t"})
    yield "serials with a time, declared", content, toml, ok(amounts), days
    content = column([*(f"{(day - date(1899, 12, 30)).days}" for day in days), "99999999", "-5"], [*amounts, 1, 2])
    places = (Place(FILE, 11, "jour"), Place(FILE, 12, "jour"))
    yield "serials of no day", content, toml, aside(amounts, *places), days


def _declared(draw):
    d = draw("strict")
    days = some_days(d, 14)
    amounts = [d.cents() for _ in days]
    for shape, odd in (
        ("%d/%m/%Y", "2024-01-05"),
        ("%Y-%m-%d", "05/01/2024"),
        ("%d/%m/%Y", "01/25/2024"),
        ("%d.%m.%Y", "05/01/2024"),
        ("%Y%m%d", "2024-01-05"),
    ):
        content = column([*(day.strftime(shape) for day in days), odd], [*amounts, "2.50"])
        toml = company(columns=COLUMNS, format={"date": shape, "delimiter": "\t"})
        yield f"declared {shape}, one cell {odd}", content, toml, aside(amounts, Place(FILE, 16, "jour")), days
    content = column([f"{day:%d/%m/%Y}" for day in days], amounts)
    toml = company(columns=COLUMNS, format={"date": "%Y-%m-%d", "delimiter": "\t"})
    yield "a shape declared wrongly", content, toml, refuse(FILE, "jour")


def _two_columns(draw):
    d = draw("two columns")
    days = some_days(d)
    amounts = [d.cents() for _ in days]
    rows = [
        [f"A{at}", f"{day:%d/%m/%Y}", day.isoformat(), str(a)]
        for at, (day, a) in enumerate(zip(days, amounts, strict=True))
    ]
    columns = {**COLUMNS, "delivered_at": "livré"}
    head = ["id", "jour", "livré", "montant"]
    yield "another shape in each column", text(rows, head=head, sep="\t"), company(columns=columns), ok(amounts), days
    rows[4][2] = "bientôt"
    some = amounts[:4] + amounts[5:]
    yield (
        "a second date that is none",
        text(rows, head=head, sep="\t"),
        company(columns=columns),
        aside(some, Place(FILE, 6, "livré")),
    )
    rows[4][2] = ""
    yield "a second date that is missing", text(rows, head=head, sep="\t"), company(columns=columns), ok(amounts), days
