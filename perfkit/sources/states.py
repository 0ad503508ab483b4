"""States: rows that count as sales though a status beside them says that they are cancelled, a draft or a test.

A refund may be the sale itself, marked as refunded, or a credit note that takes it back. The first counts and should
not; the second must count, for without it what was given back would stay in revenue.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from perfkit.schema import Table
from perfkit.sources.files import named, quoted
from perfkit.sources.guessing import toml
from perfkit.sources.names import folded, tokens
from perfkit.sources.opening import Opened, Workplace
from perfkit.sources.opening import relation as relation_of
from perfkit.sources.presets.presetting import preset_of
from perfkit.sources.tally import plain
from perfkit.sources.values.casting import reading
from perfkit.sources.writing import STATUS

HEADINGS = {"statut", "status", "state", "etat", "situation", "avancement"}
"""Words of the headings of a status."""

MEANT = {
    "cancelled": "annule annulee annules annulees annulation cancelled canceled cancel cancellation void voided "
    "storno abandonne abandonnee",
    "refunded": "rembourse remboursee rembourses remboursees refunded reimbursed chargeback chargedback",
    "draft": "brouillon brouillons draft drafts devis quote quotation proforma",
    "refused": "refuse refusee rejete rejetee rejected declined failed echouee echec expired expiree",
    "test": "test tests",
}
"""Words of a status, without case and accents, by what they say of a sale."""

REASONS = {
    "cancelled": {"en": "cancelled", "fr": "annulées"},
    "refunded": {"en": "refunded", "fr": "remboursées"},
    "draft": {"en": "drafts and quotes", "fr": "brouillons et devis"},
    "refused": {"en": "refused or failed", "fr": "refusées ou en échec"},
    "test": {"en": "test orders", "fr": "commandes de test"},
}
"""Why a rule would leave them out, as a report shows it."""

OTHERWISE = (
    "non not no pas partiellement partially partielle partiel partial accepte acceptee accepted signe signee signed "
    "valide validee facture facturee invoiced"
)
"""Words beside which one of MEANT says something else: an order refunded in part is still sold in part."""

WORD = "what it says"
"""Name of the status beside the canonical columns, which no column of these can have: it holds spaces."""

MOST = 200
"""Different texts of a column from which it is no status."""

Query = Callable[[Opened, tuple[str, str]], str]

_OTHERWISE = set(OTHERWISE.split())
_OF_WORD = {word: kind for kind, said in MEANT.items() for word in said.split()}


def kind(cell: str) -> str:
    """Return what a cell of a status says of a sale, a key of MEANT; empty where it says nothing of the kind."""
    words = tokens(cell)
    if len(words) > 4 or _OTHERWISE & set(words):
        return ""
    if "pro" in words and "forma" in words:
        return "draft"
    meant = next((_OF_WORD[word] for word in words if word in _OF_WORD), "")
    return "" if meant == "refused" and len(words) > 1 else meant  # a delivery that failed is still sold


def found(declared: Table, files: Sequence[Opened], query: Query, place: Workplace) -> list[dict[str, Any]]:
    """Return the accepted rows whose status says that they are no sales, as load.json says it.

    Parameters
    ----------
    files : sequence of Opened
    query : callable
        Of a file and a heading of it with the SQL of its cells: SQL of its rows as canonical columns, with these as
        `WORD`.
    place : Workplace

    Returns
    -------
    list of dict, one a heading
        column: the heading; words: dict of what its cells say to how many rows do; amounts: the same to their money,
        decimal text; kinds: what that means, keys of MEANT; rows, int, and money, decimal text: of all of them, before
        repeated documents are left out. back: the words whose rows take back what was sold, dict of each to its rows
        and money: they are in none of the others.
    """
    if declared.name != "sales":
        return []
    told: dict[str, dict[str, _Said]] = {}
    for file in files:
        if file.block.settings.statuses == "keep":
            continue
        for heading in _headings(declared, file):
            for word, rows, money, back in _counted(file, heading, query, place):
                each = told.setdefault(heading, {}).setdefault(word, _Said())
                each.rows, each.money, each.back = each.rows + rows, each.money + (money or 0), each.back + back
    return [_entry(heading, words) for heading, words in told.items()]


@dataclass
class _Said:
    """What the rows of one word come to: how many, their money, and how many of them take something back."""

    rows: int = 0
    money: Decimal = Decimal(0)
    back: int = 0

    @property
    def takes_back(self) -> bool:
        """Whether most of the rows are credit notes, or more money is taken back in them than was sold."""
        return 2 * self.back > self.rows or self.money < 0


def _entry(heading: str, words: dict[str, _Said]) -> dict[str, Any]:
    sold = {word: said for word, said in words.items() if not said.takes_back}
    back = {word: said for word, said in words.items() if said.takes_back}
    return {
        "column": heading,
        "words": {word: said.rows for word, said in sold.items()},
        "amounts": {word: plain(said.money) for word, said in sold.items()},
        "kinds": list(dict.fromkeys(kind(word) for word in sold)),
        "rows": sum(said.rows for said in sold.values()),
        "money": plain(sum((said.money for said in sold.values()), Decimal(0))),
        "back": {word: {"rows": said.rows, "money": plain(said.money)} for word, said in back.items()},
    }


def _headings(declared: Table, file: Opened) -> list[str]:
    """The headings of a file that are those of a status, without those that a rule of its preset or a sign reads."""
    preset = preset_of(declared.name, file.block.own)
    known = {folded(rule.column) for rule in preset.block.exclude} if preset else set()
    known |= {folded(each.credits.column) for each in file.mapped.values() if each and each.credits}
    known |= {folded(name) for name in document.sources} if (document := file.mapped.get("document")) else set()
    names = file.export.source.names
    return [
        name for name in names if names.count(name) == 1 and set(tokens(name)) & HEADINGS and folded(name) not in known
    ]


def _counted(file: Opened, heading: str, query: Query, place: Workplace) -> list[tuple[str, int, Decimal | None, int]]:
    """How many accepted rows say each word that is no sale's, their money, and how many of them take something back.

    The words are looked for first.
    """
    source = file.export.source
    words = reading(source.raw(heading), source.kind(heading), "text", source.writing(heading))
    if words is None:
        return []
    here = relation_of(file.export, [heading], place)
    distinct = f"SELECT DISTINCT {words.value} AS word FROM {here} LIMIT {MOST + 1}"
    held = [word for (word,) in place.engine.execute(distinct).fetchall() if word]
    odd = [word for word in held if kind(word)]
    if len(held) > MOST or not odd:
        return []
    takes_back = "net_revenue < 0" + (" OR document = 'credit'" if file.mapped.get("document") else "")
    counted = place.engine.execute(f"""
        SELECT {named(WORD)}, count(*), sum(net_revenue), count(*) FILTER ({takes_back})
        FROM ({query(file, (heading, words.value))})
        WHERE {named(STATUS)} = 0 AND {named(WORD)} IN ({", ".join(map(quoted, odd))}) GROUP BY ALL ORDER BY ALL
    """)
    return counted.fetchall()


def rule(each: dict[str, Any]) -> str:
    """Return the rule that would leave out those of `words`, as company.toml takes it."""
    because = ", ".join(
        f"{code} = {toml(', '.join(REASONS[kind_][code] for kind_ in each['kinds']))}" for code in ("en", "fr")
    )
    return f"{{ column = {toml(each['column'])}, in = {toml(list(each['words']))}, because = {{ {because} }} }}"


def told(each: dict[str, Any], currency: str, *, rules: bool = False) -> str:
    """Return in a sentence which rows count though their status says that they are no sales, and what to type.

    Those that take back what was sold are told too, and not to be left out.

    Parameters
    ----------
    each : dict
        As `found` returns it.
    rules : bool
        Whether the table has rules of its own, to which the new one is to be added.
    """
    said = [_odd(each, currency, rules)] if each["words"] else []
    if back := each.get("back"):
        rows, money = taken_back(each)
        words = _by_word({word: (one["rows"], one["money"]) for word, one in back.items()})
        said.append(
            f"{_lines(rows)} of sales ({money:,.2f} {currency}) with {words} in {each['column']!r} "
            + ("stays: it takes back what was sold." if rows == 1 else "stay: they take back what was sold.")
        )
    return " ".join(said)


def taken_back(each: dict[str, Any]) -> tuple[int, Decimal]:
    """Return how many rows take back what was sold, and their money."""
    back = each.get("back", {}).values()
    return sum(one["rows"] for one in back), sum((Decimal(one["money"]) for one in back), Decimal(0))


def _odd(each: dict[str, Any], currency: str, rules: bool) -> str:
    one = each["rows"] == 1
    if "back" not in each:  # a snapshot of before may count credit notes among them
        return (
            f"{_lines(each['rows'])} of sales ({Decimal(each['money']):,.2f} {currency}) {'has' if one else 'have'} "
            f"{', '.join(map(toml, each['words']))} in {each['column']!r}. Which of them are no sales, and which take "
            "back what was sold, a new load tells: perfkit load."
        )
    words = _by_word({word: (rows, each["amounts"][word]) for word, rows in each["words"].items()})
    typed = f"add to exclude = [...] in [tables.sales]: {rule(each)}" if rules else (
        f"write in [tables.sales]: exclude = [{rule(each)}]"
    )  # fmt: skip
    return (
        f"{_lines(each['rows'])} of sales ({Decimal(each['money']):,.2f} {currency}) "
        f"{'has' if one else 'have'} {words} in {each['column']!r} and count{'s' if one else ''} as revenue. If "
        f"{'it is' if one else 'they are'} no sale{'' if one else 's'}, {typed}. If {'it is' if one else 'they are'}, "
        'write there: statuses = "keep".'
    )


def _by_word(words: dict[str, tuple[int, str]]) -> str:
    """Words, each with its lines and money where there are several."""
    if len(words) == 1:
        return toml(next(iter(words)))
    return ", ".join(f"{toml(word)} ({_lines(rows)}, {Decimal(money):,.2f})" for word, (rows, money) in words.items())


def _lines(rows: int) -> str:
    return f"{rows:,} line{'' if rows == 1 else 's'}"
