"""Guessing: what the first rows of an export tell of its columns, heading by heading."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from pathlib import Path

import numpy as np

from perfkit import schema
from perfkit.errors import DataError
from perfkit.sources import engines
from perfkit.sources.columns import Source
from perfkit.sources.delimited import dialects, encodings
from perfkit.sources.delimited.read_csv import CsvExport
from perfkit.sources.delimited.records import Dialect, blocks
from perfkit.sources.doubtful import says_percents
from perfkit.sources.files import ExportFile
from perfkit.sources.names import folded, found
from perfkit.sources.presets import presetting
from perfkit.sources.read_parquet import ParquetExport
from perfkit.sources.settings import Credits, Format, Mapping
from perfkit.sources.values import day_evidence, evidence
from perfkit.sources.xlsx.read_xlsx import XlsxExport

ROWS = 1000
"""Rows of each file from which samples are taken and the contents of a column told."""

SHOWN = 3
"""Samples of a column that are shown."""

FITS = 0.95
"""Share of the cells of a sample that must be of a column's type."""

ALIKE = 0.5
"""Least share of words that a heading has in common with one that is known."""

LINKS = {"de", "du", "des", "la", "le", "les", "l", "d", "of", "the", "in", "en", "et", "and", "a"}
"""Words that tell nothing of what a heading means."""

STRANGE = {
    "purchases": "fournisseur fournisseurs supplier suppliers vendor vendors achat achats purchase purchases",
    "quotes": "devis quote quotes quotation quotations",
    "payroll": "salaire salaires matricule matricules payroll",
}
"""Words of headings by what they are the headings of, and not of sales or customers."""

COSTS = {"prix", "cout", "couts", "price", "cost", "costs", "pa", "pu", "montant", "total"}
"""Words with which a purchase is what sold goods cost."""

UNNAMED = "?"
"""Heading of a column that a preset would take, and should not: no file has it, so the column has no value."""

AMOUNTS = {"montant", "mt", "mnt", "total", "totaux", "valeur", "ht", "hors", "taxe", "taxes", "eur", "ligne", "net",
           "amount", "value", "line", "excl", "tax", "vat", "sum"}  # fmt: skip
"""Words of any amount: they do not tell which."""


@dataclass(frozen=True)
class Guess:
    """What one canonical column is probably made of.

    Attributes
    ----------
    column : str
    heading : str
        Empty where no column of the file fits; `UNNAMED` where the one that a preset would take does not.
    confidence : str
        "sure": the heading is known and its cells fit; "likely": the heading is like a known one and its cells
        fit, or it is known and some cells do not; "guess": told by its cells alone; "none".
    because : str
    samples : tuple of str
    known : bool
        Whether the preset makes it so, and no line of the block need say it.
    values : dict
        Canonical word by word of the file, where they differ.
    factors : tuple of str
        Headings whose product it is, where it is one.
    credits : tuple
        The heading that tells credit notes, then its words for them, where their amounts stand without a minus.
    """

    column: str
    heading: str
    confidence: str
    because: str
    samples: tuple[str, ...] = ()
    known: bool = False
    values: dict[str, str] = field(default_factory=dict)
    credits: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()

    def mapping(self) -> Mapping:
        """Return it as a load takes it."""
        if self.heading == UNNAMED:
            return Mapping(column=UNNAMED, optional=True)
        told = Credits.model_validate({"column": self.credits[0], "in": self.credits[1:]}) if self.credits else None
        if self.factors:
            return Mapping.model_validate({"multiply": self.factors, "credits": told})
        return Mapping(column=self.heading, values=self.values, credits=told)

    def line(self) -> str:
        """Return it as a line of company.toml."""
        if self.heading == UNNAMED:
            return f"{self.column} = {{ column = {toml(UNNAMED)}, optional = true }}"
        if self.values:
            words = ", ".join(f"{toml(said)} = {toml(meant)}" for said, meant in self.values.items())
            return f"{self.column} = {{ column = {toml(self.heading)}, values = {{ {words} }} }}"
        made = f"multiply = {toml(list(self.factors))}" if self.factors else f"column = {toml(self.heading)}"
        if self.credits:
            told, *words_ = self.credits
            credits = f"{{ column = {toml(told)}, in = {toml(words_)} }}"
            return f"{self.column} = {{ {made}, credits = {credits} }}"
        if self.factors:
            return f"{self.column} = {{ {made} }}"
        return f"{self.column} = {toml(self.heading)}"


@dataclass(frozen=True)
class Seen:
    """The first rows of a file, in `cells` without those that are empty, in `rows` with them, and the titles above."""

    names: tuple[str, ...]
    cells: dict[str, list[str]]
    rows: dict[str, list[str | None]]
    typed: dict[str, str]
    read: tuple[str, ...]
    format: dict[str, str | int]
    sheet: str = ""
    titles: tuple[str, ...] = ()


def look(file: ExportFile, asked: str, work: Path) -> Seen:
    """Return the first rows of a plain file; of a workbook, of the sheet that fits best.

    Parameters
    ----------
    file : ExportFile
    asked : str
        The canonical table that it is, where that is known; else empty.
    work : Path
        Folder for what is written on the way.
    """
    sheet, table = "", asked or "sales"
    form: dict[str, str | int] = {}
    export: CsvExport | ParquetExport | XlsxExport
    if file.kind == "parquet":
        export = ParquetExport(file, table)
    elif file.kind == "xlsx":
        export, sheet = _workbook(file, asked)
    else:
        skip = _title_lines(file, table)
        export = CsvExport(file, table, Format(skip=skip) if skip else Format())
        form = {"delimiter": export.format.delimiter or ",", "encoding": export.format.encoding or "utf-8"}
        if skip:
            form["skip"] = skip
    with engines.locked(folders=[work], files=[file.path], spill=work) as connection:
        if isinstance(export, ParquetExport):
            kinds = zip(export.source.names, export.source.kinds, strict=True)
            names = tuple(name for name, kind in kinds if kind != "other")
            rows = export.reader(list(names)).read_next_batch().slice(0, ROWS)
            columns = [[None if v is None else str(v) for v in column.to_pylist()] for column in rows.columns]
        else:
            names = export.source.names
            first = connection.sql(f"SELECT * FROM {export.relation(work)} LIMIT {ROWS}").to_arrow_table()
            columns = [column.to_pylist() for column in first.columns]
    beside = {name: column for name, column in zip(names, columns, strict=False) if name and names.count(name) == 1}
    cells = {name: [value for value in column if value not in (None, "")] for name, column in beside.items()}
    titles = tuple(export.titles) if isinstance(export, XlsxExport) else _titles(file, form)
    return Seen(tuple(cells), cells, beside, _typed(export.source), tuple(export.notices), form, sheet, titles)


def _titles(file: ExportFile, form: dict[str, str | int]) -> tuple[str, ...]:
    """The lines of text that stand above the headings."""
    if not form.get("skip"):
        return ()
    with file.path.open(encoding=str(form["encoding"]), errors="replace") as text:
        return tuple(line.strip() for line in islice(text, int(form["skip"])))


def _typed(source: Source) -> dict[str, str]:
    return dict(zip(source.names, source.kinds, strict=True))


def _title_lines(file: ExportFile, table: str) -> int:
    """Physical lines above the record that holds most of the headings that any preset knows."""
    form, _ = dialects.proven(file, table, Format())
    texts = encodings.utf8_blocks(file.path, form.encoding or "utf-8", name=file.name, table=table, size=1 << 18)
    dialect = Dialect((form.delimiter or ",").encode(), form.quote.encode())
    block = next(iter(blocks(texts, dialect, skip=form.skip or 0, name=file.name)), None)
    if block is None:
        return 0
    most, line = 0, 1
    for record in range(min(len(block.starts), dialects.FIRST)):
        if block.misquoted[record] or block.nul[record]:
            continue
        names = dialects.split([block.text(record)], form.delimiter or ",", form.quote)[0]
        known = max((len(each.columns) for each in presetting.recognised(names)), default=0)
        if known > most:
            most, line = known, int(block.line(np.array([record]))[0])
    return line - 1


def _workbook(file: ExportFile, asked: str) -> tuple[XlsxExport, str]:
    """The sheet of a workbook that holds most of the headings known of the table asked for, or of any.

    Its name is empty where there is no other.
    """
    table = asked or "sales"
    sheets = XlsxExport.sheets_of(file)
    if len(sheets) < 2:
        return XlsxExport(file, table, Format(), ()), ""
    opened: list[tuple[XlsxExport, str]] = []
    refused: DataError | None = None
    for sheet in sheets:
        try:
            opened.append((XlsxExport(file, table, Format(), (), sheet), sheet))
        except DataError as error:
            refused = refused or error
    if not opened and refused:
        raise refused
    return max(opened, key=lambda each: _known(each[0].source.names, asked))


def _known(names: Sequence[str], asked: str) -> int:
    fits = (each for each in presetting.recognised(names) if not asked or each.table == asked)
    return max((len(each.columns) for each in fits), default=0)


def strange(names: Sequence[str], table: str) -> tuple[str, ...]:
    """Which headings are those of another table than sales or customers."""
    said = []
    for name in names:
        words = _words(name)
        of = next((of for of, strange in STRANGE.items() if words & set(strange.split())), "")
        if of and not (of == "purchases" and words & COSTS):
            said.append(f"the heading {name!r} is one of {of}, not of {table}.")
    return tuple(said)


def known_heading(column: schema.Column, preset: presetting.Preset | None, seen: Seen) -> Guess | None:
    """Return the column whose heading the preset knows, if there is one."""
    mapping = preset.block.columns.get(column.name) if preset else None
    if mapping is None or preset is None:
        return None
    headings = [heading for each in mapping.sources if (heading := found(each, seen.names))]
    if mapping.how in ("multiply", "add", "subtract", "join"):
        if len(headings) < len(mapping.sources):
            return None
        signs = {"multiply": " × ", "add": " + ", "subtract": " - ", "join": " & "}
        made = signs[mapping.how].join(headings)
        some = tuple(f"{heading}: {', '.join(samples(seen, heading)[:1])}" for heading in headings)
        return Guess(column.name, made, "sure", f"{preset.name} makes it so", some, known=True)
    if not headings:
        return None
    heading = headings[0]
    if preset.name == "generic" and (why := percents(column, seen, heading)):
        return Guess(column.name, "" if column.required else UNNAMED, "none", why)
    if preset.name == "generic" and column.name in preset.unsure and len(dict.fromkeys(headings)) > 1:
        choice = ", ".join(toml(each) for each in dict.fromkeys(headings))
        return Guess(column.name, "", "none", f"one of {choice}: write the one that is the line's, net of tax.")
    share = _share(column, seen, heading)
    confidence = "sure" if share >= FITS else "likely"
    fit = "known heading" if share >= FITS else f"known heading, but {1 - share:.0%} of its cells are no {column.type}"
    return Guess(column.name, heading, confidence, fit, tuple(samples(seen, heading)), known=True)


def like(column: schema.Column, preset: presetting.Preset | None, seen: Seen, used: set[str]) -> Guess | None:
    """The column whose heading has most words in common with one that is known, and whose cells fit."""
    known = preset.block.columns[column.name].sources if preset and column.name in preset.block.columns else ()
    scores = []
    for heading in seen.names:
        if heading in used:
            continue
        alike = ((_alike(heading, each), each) for each in (*known, column.name) if _tells(column, heading, each))
        score, like = max(alike, default=(0.0, ""))
        if score >= ALIKE and _share(column, seen, heading) >= FITS:
            scores.append((score, heading, like))
    if not scores:
        return _only_percents(column, known, seen, used)
    scores.sort(key=lambda each: -each[0])
    if len(scores) > 1 and scores[1][0] == scores[0][0]:
        choice = ", ".join(toml(heading) for _, heading, _ in scores)
        return Guess(column.name, "", "none", f"one of {choice}: write the right one.")
    _, heading, like = scores[0]
    return Guess(column.name, heading, "likely", f"like {like!r}", tuple(samples(seen, heading)))


def _only_percents(column: schema.Column, known: Sequence[str], seen: Seen, used: set[str]) -> Guess | None:
    """Why a heading that is like a known one is not taken for an amount; None where there is none."""
    for heading in seen.names:
        like = any(_told(heading) & _told(each) for each in (*known, column.name))
        if heading not in used and like and (why := percents(column, seen, heading)):
            return Guess(column.name, "", "none", why)
    return None


def percents(column: schema.Column, seen: Seen, heading: str) -> str:
    """Return why a column of money is not made from a column of percents; empty where it holds none, for all we see.

    A heading says so, or a percent sign in the cells. A discount that no word says to be an amount is doubtful too
    where it is never more than a hundred, in whole numbers, halves or quarters, or than one.
    """
    if column.type != "money":
        return ""
    cells = [cell for cell in seen.cells[heading] if not cell.lower().startswith("total")]
    signed = sum(cell.rstrip().endswith("%") for cell in cells)
    told = says_percents(heading) or _words(heading) & {"taux", *(["rate"] if column.name == "discount" else [])}
    if not told and not (cells and signed >= FITS * len(cells)):
        if column.name != "discount" or _words(heading) & AMOUNTS or not _small(cells):
            return ""
        return (
            f"{toml(heading)} may hold percents, and {column.name} is an amount of money: name it if it is one, else "
            "a column that holds the amount."
        )
    times = "1" if 0 < max(_values(cells), default=0) <= 1 else "0.01"
    formula = f'{{ multiply = ["...", {toml(heading)}], times = {times} }}'
    reckoned = "" if signed else f", or reckon it from the amount before discounts: {column.name} = {formula}"
    return (
        f"{toml(heading)} holds percents, and {column.name} is an amount of money: name a column that holds the "
        f"amount{reckoned}."
    )


def _small(cells: Sequence[str]) -> bool:
    """Whether cells could be percents: of one sign, none beyond a hundred, in quarters, or none beyond 1."""
    values = _values(cells)
    sizes = [abs(value) for value in values]
    mixed = min(values, default=0) < 0 < max(values, default=0)
    if len(values) < len(cells) or mixed or not 0 < max(sizes, default=0) <= 100:
        return False
    return max(sizes) <= 1 or all((4 * size).is_integer() for size in sizes)


def _values(cells: Sequence[str]) -> list[float]:
    """The cells that are numbers without thousands, either sign a decimal one."""
    found = (evidence.number(cell.removeprefix("\x01n"), {"money"}, "EUR") for cell in cells)
    return [float(each.plain.replace(",", ".")) for each in found if each and not each.thousands]


def by_cells(column: schema.Column, seen: Seen, used: set[str]) -> Guess:
    """The only column whose cells are of the type, or the choice of them."""
    fits = [
        name
        for name in seen.names
        if name not in used and column.type not in ("id", "text") and _share(column, seen, name) >= FITS
    ]
    if len(fits) == 1:
        return Guess(
            column.name, fits[0], "guess", f"the only column of {column.type} left", tuple(samples(seen, fits[0]))
        )
    choice = f"none is certain: {', '.join(map(toml, fits))}." if fits else "no column fits: ask for it."
    return Guess(column.name, "", "none", choice)


def documents(guess: Guess, known: dict[str, str], seen: Seen) -> Guess:
    """Return the guess of the kind of document with what its words mean; without a heading if one is not known."""
    meant = {said.casefold(): word for said, word in known.items()} | {word: word for word in set(known.values())}
    words = dict.fromkeys(_word(cell) for cell in seen.cells[guess.heading])
    unknown = [each for each in words if each.casefold() not in meant]
    if unknown:
        because = f"perhaps {toml(guess.heading)}, but what does {_asked(unknown)} mean? Say it of each of its words:"
        return Guess(guess.column, "", "none", f'{because} values = {{ {toml(unknown[0])} = "invoice" }}.')
    return replace(guess, values={each: meant[each.casefold()] for each in words if each != meant[each.casefold()]})


WORDS = 30
"""Different texts of a column up to which they are words of a kind."""


ASKED = 12
"""Words whose meaning is asked, each by its name; the others are counted."""


def _asked(words: Sequence[str]) -> str:
    more = len(words) - ASKED
    return ", ".join(map(toml, words[:ASKED])) + (f" and {more:,} more" if more > 0 else "")


def allowed(guess: Guess, column: schema.Column, known: dict[str, str], seen: Seen, otherwise: str = "") -> Guess:
    """Return the guess of a column of few allowed words with what those of the file mean.

    Parameters
    ----------
    known : dict
        Canonical word by word that exports write.
    otherwise : str
        What other words are proposed to mean; empty where that is asked.
    """
    meant = {said.casefold(): word for said, word in known.items()} | {word: word for word in column.one_of}
    words = dict.fromkeys(_word(cell) for cell in seen.cells[guess.heading])
    unknown = [each for each in words if each.casefold() not in meant]
    one_of = ", ".join(column.one_of)
    if not unknown and guess.known:
        return guess
    if len(words) > WORDS or (unknown and not otherwise):
        perhaps = f"perhaps {toml(guess.heading)}, but what does {_asked(unknown)} mean?"
        because = f"{perhaps} Each of its words is one of {one_of}:"
        pairs = ", ".join(f'{toml(each)} = "..."' for each in unknown[:ASKED])
        return Guess(guess.column, "", "none", f"{because} values = {{ {pairs} }}.")
    values = {each: meant.get(each.casefold(), otherwise) for each in words}
    because = guess.because
    if unknown:
        because += f"; taken for {otherwise}, for all its words are to be one of {one_of}: {', '.join(unknown)}"
    said = {each: word for each, word in values.items() if each != word}
    confidence = "guess" if unknown and guess.confidence != "likely" else guess.confidence
    return replace(guess, values=said, because=because, known=False, confidence=confidence)


def by_stage(column: schema.Column, stage: Guess | None, known: dict[str, str], seen: Seen) -> Guess | None:
    """Return the status of deals as their stages tell it, where some of these say won or lost; others are open."""
    if stage is None or stage.heading not in seen.cells:
        return None
    ends = {said.casefold() for said, word in known.items() if word in ("won", "lost")}
    words = dict.fromkeys(_word(cell) for cell in seen.cells[stage.heading])
    if not ends & {each.casefold() for each in words}:
        return None
    told = f"told by {toml(stage.heading)}, for no column says won or lost"
    made = Guess(column.name, stage.heading, "likely", told, tuple(samples(seen, stage.heading)))
    return allowed(made, column, known, seen, otherwise="open")


PRICED = {"pu", "prix", "price", "tarif", "tariff"}
GROSS = {"brut", "gross", "list", "liste", "catalogue", "catalog", "tarif", "tariff", "public"}
NOT_GROSS = {"net", "remise", "discount", "ttc", "achat", "purchase", "revient", "cost", "cout", "total", "montant"}
"""Words of headings that are a unit price before discounts, and of those that are not."""


def listed(quantity: Guess | None, revenue: Guess | None, seen: Seen, used: set[str]) -> Guess | None:
    """Return list_revenue as quantity times the gross unit price, where the first rows bear it out."""
    if quantity is None or revenue is None or not {quantity.heading, revenue.heading} <= seen.rows.keys():
        return None
    prices = [
        name
        for name in seen.names
        if name not in used and _words(name) & PRICED and _words(name) & GROSS and not _words(name) & NOT_GROSS
    ]
    if len(prices) != 1 or says_percents(prices[0]):
        return None
    cells = (seen.rows[name] for name in (quantity.heading, prices[0], revenue.heading))
    rows = [tuple(map(_amount, each)) for each in zip(*cells, strict=True)]
    told = [(q, p, r) for q, p, r in rows if q is not None and p is not None and r is not None]
    held = [abs(r) <= abs(q * p) * _ROUNDED + _CENT for q, p, r in told]
    fine = all(-int((q * p).as_tuple().exponent) <= 4 for q, p, _ in told)
    if not told or not fine or sum(held) < FITS * len(told):
        return None
    because = "a proposal, quantity × unit price before discounts: net_revenue is never above it in the first rows"
    some = tuple(f"{name}: {', '.join(samples(seen, name)[:1])}" for name in (quantity.heading, prices[0]))
    return Guess(
        "list_revenue", f"{quantity.heading} × {prices[0]}", "likely", because, some, credits=quantity.credits,
        factors=(quantity.heading, prices[0]),
    )  # fmt: skip


_ROUNDED, _CENT = Decimal("1.001"), Decimal("0.01")


def _amount(cell: str | None) -> Decimal | None:
    """A cell's number; None where it is none, or its thousands could be its decimals."""
    found = evidence.number(_word(cell), {"money"}, "EUR") if cell else None
    if found is None or found.says == "both":
        return None
    digits = re.sub(r"[^0-9.,]", "", found.plain)
    whole, _, cents = digits.rpartition(found.sign) if found.sign and found.says == "decimal" else (digits, "", "")
    return Decimal(f"{re.sub('[.,]', '', whole) or 0}.{cents or 0}")


def unsigned(amount: Guess, document: Guess, known: dict[str, str], seen: Seen) -> Guess:
    """Return the guess of an amount that says which rows are credit notes, if these stand above zero.

    An export either writes a minus on credit notes or leaves it to their name; one minus among them is enough.
    """
    meant = {said.casefold() for said, word in known.items() if word == "credit"} | {"credit"}
    told = seen.rows[document.heading]
    some = [
        (_word(said), _word(cell))
        for said, cell in zip(told, seen.rows[amount.heading], strict=True)
        if said and cell and _word(said).casefold() in meant
    ]
    if not some or any(re.match(r"\s*[-−–(]|.*-\s*$", cell) for _, cell in some):
        return amount
    words = tuple(dict.fromkeys(said for said, _ in some))
    because = f"{amount.because}; {len(some)} of the first rows are {' or '.join(words)} and bear no minus: below zero"
    return replace(
        amount, confidence="likely", because=because, known=False, credits=(document.heading, *words),
        samples=tuple(dict.fromkeys(cell for _, cell in some))[:SHOWN],
    )  # fmt: skip


def _word(cell: str) -> str:
    """A cell as a person reads it."""
    return (cell[2:] if cell.startswith("\x01") else cell).strip()


def _alike(one: str, other: str) -> float:
    """Share of words that two headings have in common."""
    a, b = _words(one), _words(other)
    return len(a & b) / len(a | b) if a and b else 0.0


def _tells(column: schema.Column, heading: str, known: str) -> bool:
    """Whether two headings share a word that tells which amount it is; revenue is any amount."""
    if column.type != "money" or column.name == "net_revenue":
        return True
    return bool(_told(heading) & _told(known))


def _told(heading: str) -> set[str]:
    return _words(heading) - AMOUNTS


def _words(heading: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", folded(heading))) - LINKS


def _share(column: schema.Column, seen: Seen, heading: str) -> float:
    """Share of a column's cells that are of a canonical type; percents are no money."""
    if percents(column, seen, heading):
        return 0.0
    cells = [cell for cell in seen.cells[heading] if not cell.lower().startswith("total")]
    kind = seen.typed[heading]
    if column.type in ("id", "text") or not cells:
        return 1.0
    if column.type in ("date", "timestamp"):
        if kind in ("date", "timestamp"):
            return 1.0
        fit = [cell.startswith("\x01d") or (cell[0] != "\x01" and day_evidence.day(cell) is not None) for cell in cells]
    elif column.type == "boolean":
        return 1.0 if kind == "boolean" else 0.0
    else:
        if kind in ("integer", "decimal", "float32", "float64"):
            return 1.0
        fit = [
            cell.startswith("\x01n") or (cell[0] != "\x01" and evidence.number(cell, {column.type}, "EUR") is not None)
            for cell in cells
        ]
    return sum(fit) / len(fit)


def samples(seen: Seen, heading: str) -> list[str]:
    """Return the first different cells of a column, as a person reads them."""
    cells = dict.fromkeys(cell[2:] if cell.startswith("\x01") else cell for cell in seen.cells[heading])
    return [re.sub(" 00:00:00$", "", each) for each in list(cells)[:SHOWN]]


def toml(value: object) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
