"""States: rows that count as sales though a status beside them says that they are cancelled, refunded or a draft."""

from collections.abc import Callable, Sequence
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
}
"""Words of a status, without case and accents, by what they say of a sale."""

REASONS = {
    "cancelled": {"en": "cancelled", "fr": "annulées"},
    "refunded": {"en": "refunded", "fr": "remboursées"},
    "draft": {"en": "drafts and quotes", "fr": "brouillons et devis"},
    "refused": {"en": "refused or failed", "fr": "refusées ou en échec"},
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
        column: the heading; words: dict of what its cells say to how many rows do; kinds: what that means, keys of
        MEANT; rows, int, and money, decimal text: of all of them, before repeated documents are left out.
    """
    if declared.name != "sales":
        return []
    told: dict[str, dict[str, Any]] = {}
    for file in files:
        if file.block.settings.statuses == "keep":
            continue
        for heading in _headings(declared, file):
            for word, rows, money in _counted(file, heading, query, place):
                each = told.setdefault(heading, {"words": {}, "kinds": [], "rows": 0, "money": Decimal(0)})
                each["words"][word] = each["words"].get(word, 0) + rows
                each["kinds"] = list(dict.fromkeys([*each["kinds"], kind(word)]))
                each["rows"] += rows
                each["money"] += money or 0
    return [{"column": heading, **each, "money": plain(each["money"])} for heading, each in told.items()]


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


def _counted(file: Opened, heading: str, query: Query, place: Workplace) -> list[tuple[str, int, Decimal | None]]:
    """How many accepted rows say each word that is no sale's, and their money; the words are looked for first."""
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
    counted = place.engine.execute(f"""
        SELECT {named(WORD)}, count(*), sum(net_revenue) FROM ({query(file, (heading, words.value))})
        WHERE {named(STATUS)} = 0 AND {named(WORD)} IN ({", ".join(map(quoted, odd))}) GROUP BY ALL ORDER BY ALL
    """)
    return counted.fetchall()


def rule(each: dict[str, Any]) -> str:
    """Return the rule that would leave them out, as company.toml takes it."""
    because = ", ".join(
        f"{code} = {toml(', '.join(REASONS[kind_][code] for kind_ in each['kinds']))}" for code in ("en", "fr")
    )
    return f"{{ column = {toml(each['column'])}, in = {toml(list(each['words']))}, because = {{ {because} }} }}"


def told(each: dict[str, Any], currency: str, *, rules: bool = False) -> str:
    """Return in a sentence which rows count though their status says that they are no sales, and what to type.

    Parameters
    ----------
    each : dict
        As `found` returns it.
    rules : bool
        Whether the table has rules of its own, to which the new one is to be added.
    """
    words = ", ".join(map(toml, each["words"]))
    one = each["rows"] == 1
    typed = f"add to exclude = [...] in [tables.sales]: {rule(each)}" if rules else (
        f"write in [tables.sales]: exclude = [{rule(each)}]"
    )  # fmt: skip
    return (
        f"{each['rows']:,} line{'' if one else 's'} of sales ({Decimal(each['money']):,.2f} {currency}) "
        f"{'has' if one else 'have'} {words} in {each['column']!r} and count{'s' if one else ''} as revenue. If "
        f"{'it is' if one else 'they are'} no sale{'' if one else 's'}, {typed}. If {'it is' if one else 'they are'}, "
        'write there: statuses = "keep".'
    )
