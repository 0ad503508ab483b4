"""Cases: a company of bad or odd exports, and what a load of it must come to.

Every expectation is made by construction, beside the bytes; nothing here runs perfkit.
"""

import json
import os
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

KINDS = (
    "structure",
    "encoding",
    "numbers",
    "dates",
    "keys",
    "rules",
    "workbooks",
    "parquets",
    "security",
    "bombs",
    "configuration",
)

LEAST = dict(zip(KINDS, (50, 20, 50, 30, 20, 18, 30, 20, 100, 10, 30), strict=True))
"""The least number of distinct cases of each class."""

ANY = None
"""A place's column where none can be told, such as in a record whose quotes are broken."""


@dataclass(frozen=True)
class Place:
    """Where a quarantined record stands; a column of ANY may be named in any way."""

    file: str
    line: int
    column: str | None = ANY
    sheet: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What a load comes to.

    `where` of a refusal: what its message must name beside the file; a number is looked for as a number, a tuple
    holds words of which one is enough.
    """

    state: str
    accepted: int = 0
    excluded: int = 0
    quarantined: int = 0
    total: str = "0"
    places: tuple[Place, ...] | None = ()
    file: str = ""
    where: tuple[Any, ...] = ()


def ok(sales: "Iterable[Sale] | Iterable[Decimal]", state: str = "ok", excluded: int = 0) -> Outcome:
    """Every sale is accepted; beside them, rules leave `excluded` rows out."""
    amounts = _amounts(sales)
    return Outcome(state, len(amounts), excluded, 0, str(sum(amounts, Decimal(0))))


def notes(sales: "Iterable[Sale] | Iterable[Decimal]", excluded: int = 0) -> Outcome:
    """As `ok`, and something must be told."""
    return ok(sales, "notes", excluded)


def aside(sales: "Iterable[Sale] | Iterable[Decimal]", *places: Place, excluded: int = 0) -> Outcome:
    """The sales are accepted, the records at these places are not."""
    amounts = _amounts(sales)
    return Outcome("quarantine", len(amounts), excluded, len(places), str(sum(amounts, Decimal(0))), places)


def refuse(file: str = "", *where: Any) -> Outcome:
    """Nothing is loaded, and the message names the file and the place."""
    return Outcome("refuse", file=file, where=where)


def _amounts(sales: "Iterable[Sale] | Iterable[Decimal]") -> list[Decimal]:
    return [each if isinstance(each, Decimal) else each.amount for each in sales]


@dataclass(frozen=True)
class Link:
    """A symbolic link among the exports."""

    target: str


class Fifo:
    """A named pipe among the exports, into which nobody writes."""


Content = bytes | str | Link | Fifo | Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes
    ----------
    truth : str or None
        Where it must be refused but a total is not in doubt: loading it with this total is no wrong total.
    columns : dict
        Values of columns of sales in the accepted rows, in order.
    tables : dict
        (accepted, excluded, quarantined) rows of tables beside sales.
    secrets : tuple of str
        What may stand in no message and no file that a load writes.
    bounded : bool
        Whether it runs as a process of its own, whose time and memory are measured.
    neutral : bool
        Whether sales joined to their dimensions are held against the total.
    """

    kind: str
    name: str
    files: dict[str, Content]
    toml: str | bytes | None
    outcomes: tuple[Outcome, ...]
    truth: str | None = None
    columns: dict[str, list[Any]] = field(default_factory=dict)
    tables: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    bounded: bool = False
    neutral: bool = False

    def write(self, folder: Path) -> Path:
        """Write the company's folder."""
        exports = folder / "exports"
        exports.mkdir(parents=True)
        if self.toml is not None:
            (folder / "company.toml").write_bytes(self.toml.encode() if isinstance(self.toml, str) else self.toml)
        for name, content in self.files.items():
            path = exports / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _put(path, content)
        return folder


def _put(path: Path, content: Content) -> None:
    if isinstance(content, Link):
        path.symlink_to(content.target)
    elif isinstance(content, Fifo):
        os.mkfifo(path)
    elif callable(content):
        content(path)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)


@dataclass(frozen=True)
class Sale:
    """One line of sales."""

    order: str
    day: date
    customer: str
    product: str
    quantity: int
    amount: Decimal


HEAD = ("order_id", "date", "customer_id", "product_id", "quantity", "net_revenue")
FRENCH = ("N° facture", "Date", "Code client", "Référence", "Quantité", "Montant HT")
MAPPED = dict(zip(HEAD, FRENCH, strict=True))


class Draw(random.Random):
    """The random choices of one case: another seed, other amounts, ids, days and numbers of rows."""

    def __init__(self, seed: int, name: str) -> None:
        super().__init__(f"{seed} {name}")

    def cents(self, low: int = 1, high: int = 999_999) -> Decimal:
        """An amount with exactly two decimals."""
        return Decimal(self.randint(low, high)).scaleb(-2)

    def sales(self, count: int = 0) -> list[Sale]:
        """Lines of sales; the first is on a late day of a month, so that its order of day and month is proven."""
        count = count or self.randint(5, 12)
        first = date(self.randint(2021, 2025), self.randint(1, 12), self.randint(13, 28))
        number = self.randint(1_000, 9_000)
        return [
            Sale(
                order=f"F{number + at}",
                day=first if at == 0 else first + timedelta(days=self.randint(0, 300)),
                customer=f"C{self.randint(1, 30):04}",
                product=f"P{self.randint(1, 50):03}",
                quantity=self.randint(1, 20),
                amount=self.cents(1_000),
            )
            for at in range(count)
        ]


def iso(day: date) -> str:
    return day.isoformat()


def french_day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def comma(amount: Decimal) -> str:
    return str(amount).replace(".", ",")


def grouped(amount: Decimal, thousands: str = " ", decimal: str = ",") -> str:
    """An amount with a sign between its thousands."""
    return f"{amount:,}".replace(",", "\0").replace(".", decimal).replace("\0", thousands)


def cells(
    sales: Iterable[Sale], *, money: Callable[[Decimal], str] = str, day: Callable[[date], str] = iso
) -> list[list[str]]:
    """The texts of each line, in the order of HEAD."""
    return [[s.order, day(s.day), s.customer, s.product, str(s.quantity), money(s.amount)] for s in sales]


def text(rows: Iterable[Sequence[str]], *, head: Sequence[str] = HEAD, sep: str = ",", end: str = "\n") -> str:
    """Delimited text, quoted where it must be; no header where `head` is empty."""
    lines = [head, *rows] if head else list(rows)
    return "".join(sep.join(_field(str(each), sep) for each in line) + end for line in lines)


def _field(value: str, sep: str) -> str:
    if any(sign in value for sign in (sep, '"', "\n", "\r")):
        return '"' + value.replace('"', '""') + '"'
    return value


def plain(sales: Iterable[Sale], **how: Any) -> str:
    """The usual file: comma, ISO days, point."""
    return text(cells(sales), **how)


def french(sales: Iterable[Sale], *, sep: str = ";", **how: Any) -> str:
    """The usual French file: semicolon, dd/mm/yyyy, decimal comma, French headings."""
    return text(cells(sales, money=comma, day=french_day), head=FRENCH, sep=sep, **how)


def company(
    files: str | Sequence[str] = "sales.csv",
    *,
    tables: dict[str, dict[str, Any]] | None = None,
    control: dict[str, Any] | None = None,
    currency: str = "EUR",
    name: str = "Essai",
    top: dict[str, Any] | None = None,
    **sales: Any,
) -> str:
    """company.toml with a table of sales, and others where they are given."""
    lines = [f"{key} = {_value(said)}" for key, said in {"name": name, "currency": currency, **(top or {})}.items()]
    for table, settings in {"sales": {"files": files, **sales}, **(tables or {})}.items():
        lines += ["", f"[tables.{table}]", *(f"{key} = {_value(said)}" for key, said in settings.items())]
    if control:
        lines += ["", "[control]", *(f"{key} = {_value(said)}" for key, said in control.items())]
    return "\n".join(lines) + "\n"


def _value(said: Any) -> str:
    """A value as TOML; JSON's strings are TOML's, but for the delete character."""
    if isinstance(said, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(each)}" for key, each in said.items()) + " }"
    if isinstance(said, (list, tuple)):
        return "[" + ", ".join(map(_value, said)) + "]"
    if isinstance(said, str):
        return json.dumps(said, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(said)
