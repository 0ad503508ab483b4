"""Proposing: what an export that nobody has described probably is, as a block of company.toml for a person to confirm.

Nothing is loaded from a proposal: its block says `confirmed = false`, and a load refuses it until someone has read
it and deleted that line.
"""

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from perfkit import schema
from perfkit.errors import DataError, PerfkitError
from perfkit.sources import company_toml, engines
from perfkit.sources.columns import Source
from perfkit.sources.delimited import dialects, encodings
from perfkit.sources.delimited.read_csv import CsvExport
from perfkit.sources.delimited.records import Dialect, blocks
from perfkit.sources.files import ExportFile
from perfkit.sources.loading import load
from perfkit.sources.names import folded, found
from perfkit.sources.presets import presetting
from perfkit.sources.read_parquet import ParquetExport
from perfkit.sources.settings import Format, Mapping, TableSettings
from perfkit.sources.snapshots import Snapshot
from perfkit.sources.unpacking import Unpacker
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


@dataclass(frozen=True)
class Guess:
    """What one canonical column is probably made of.

    Attributes
    ----------
    column : str
    heading : str
        Empty where no column of the file fits.
    confidence : str
        "sure": the heading is known and its cells fit; "likely": the heading is like a known one and its cells
        fit, or it is known and some cells do not; "guess": told by its cells alone; "none".
    because : str
    samples : tuple of str
    known : bool
        Whether the preset makes it so, and no line of the block need say it.
    """

    column: str
    heading: str
    confidence: str
    because: str
    samples: tuple[str, ...] = ()
    known: bool = False


@dataclass(frozen=True)
class Proposal:
    """What some files of one export probably are.

    Attributes
    ----------
    files : tuple of str
    table, preset : str
        The canonical table, and the tool whose export it is; empty where none is known.
    share : float
        How much of what tells that export from others was found, 0 to 1.
    read : tuple of str
        How the files are written: one sentence a thing that was found.
    format : dict
        Fields of the format, as company.toml takes them.
    sheet : str
    guesses : tuple of Guess
    left : dict
        Headings that nothing takes, with samples.
    trial : str
        What a load of the block gives, or why it is refused.
    loads : bool
        Whether a load of the block, once confirmed, goes through.
    notes : tuple of str
        What such an export does not hold.
    beware : tuple of str
        Why it is probably not such a table at all.
    """

    files: tuple[str, ...]
    table: str
    preset: str
    share: float
    read: tuple[str, ...]
    format: dict[str, str | int]
    sheet: str
    guesses: tuple[Guess, ...]
    left: dict[str, tuple[str, ...]]
    trial: str = ""
    loads: bool = False
    notes: tuple[str, ...] = field(default=())
    beware: tuple[str, ...] = field(default=())

    def settings(self) -> TableSettings:
        """Return the block as a load takes it."""
        own = {each.column: Mapping(column=each.heading) for each in self.guesses if each.heading and not each.known}
        return TableSettings(
            files=self.files,
            sheet=self.sheet or None,
            preset=self.preset or None,
            format=Format.model_validate(self.format),
            columns=own,
        )

    def block(self) -> str:
        """Return the block of company.toml, each line with its confidence and samples."""
        lines = [
            *(f"# Beware: {_plain(said)}" for said in self.beware),
            f"# Proposed by `perfkit map` from {', '.join(self.files)}. Nothing is read from it until you have checked",
            "# every line, and said so by deleting the one that says it is not confirmed.",
            f"[tables.{self.table}]",
            "confirmed = false",
            f"files = {_toml(self.files[0] if len(self.files) == 1 else list(self.files))}",
        ]
        lines += [f"sheet = {_toml(self.sheet)}"] if self.sheet else []
        if self.preset:
            lines.append(f"preset = {_toml(self.preset)}   # {self.share:.0%} of what marks its export was found")
        if self.format:
            fields = ", ".join(f"{name} = {_toml(value)}" for name, value in self.format.items())
            lines.append(f"format = {{ {fields} }}")
        lines += [f"# {_plain(said)}" for said in dict.fromkeys((*self.read, *self.notes))]
        lines += ["", f"[tables.{self.table}.columns]"]
        if any(each.known for each in self.guesses):
            lines.append(f"# As the preset {self.preset} has it; take the # away from a line to change it:")
        width = max((len(_line(each)) for each in self.guesses if each.heading), default=0) + 2
        lines += [_commented(each, width) for each in sorted(self.guesses, key=lambda each: not each.known)]
        if self.left:
            lines.append("# Not taken; any of them may be kept under a name of yours:")
            lines += [
                f"# {_name(heading)} = {_toml(heading)}   # {_shown(some)}" for heading, some in self.left.items()
            ]
        return "\n".join(lines) + "\n"


def confirmable(proposal: Proposal, folder: Path, untouched: Path) -> Path:
    """Write a proposal where a person confirms it, and return where that is.

    It is added to company.toml, or takes the place there of a block that is still the template's; a block that
    someone wrote is never touched: the proposal then stands in a file of its own beside it.

    Parameters
    ----------
    proposal : Proposal
    folder : Path
        The company's.
    untouched : Path
        The template that new companies are made from.
    """
    path = folder / company_toml.NAME
    text = path.read_text(encoding="utf-8-sig")
    tables = company_toml.read(folder).get("tables", {})
    if proposal.table in tables:
        if tables[proposal.table] != company_toml.read(untouched).get("tables", {}).get(proposal.table):
            path = folder / f"proposed.{proposal.table}.toml"
            path.write_text(proposal.block(), encoding="utf-8")
            return path
        text = _without(text, proposal.table)
    work = path.with_name(f".{path.name}.new")
    work.write_text(f"{text.rstrip()}\n\n\n{proposal.block()}", encoding="utf-8")
    work.replace(path)
    return path


def _without(text: str, table: str) -> str:
    """A text of settings without one table's block: to the next block, or to the next chapter of the template."""
    lines = text.split("\n")
    start = lines.index(f"[tables.{table}]")
    after = range(start + 1, len(lines))
    own = f"[tables.{table}."
    ends = (at for at in after if lines[at].startswith(("[", "# ----")) and not lines[at].startswith(own))
    return "\n".join(lines[:start] + lines[next(ends, len(lines)) :])


def _line(guess: Guess) -> str:
    return f"{guess.column} = {_toml(guess.heading)}"


def _commented(guess: Guess, width: int) -> str:
    if not guess.heading:
        return f'# {guess.column} = "..."   # {_plain(guess.because)} {_needed_because(guess)}'.rstrip()
    line = f"# {_line(guess)}" if guess.known else _line(guess)
    return f"{line:<{width}}   # {guess.confidence}: {_plain(guess.because)}; {_shown(guess.samples)}"


def _needed_because(guess: Guess) -> str:
    """Why a column that nothing fits is asked for; empty where a table can do without it."""
    if guess.heading:
        return ""
    columns = (column for table in schema.TABLES.values() for column in table.columns)
    return next((column.why for column in columns if column.name == guess.column and column.required), "")


def propose(
    files: Sequence[ExportFile],
    *,
    exports: Path,
    currency: str,
    timezone: str = "UTC",
    table: str = "",
) -> Proposal:
    """Propose what some files of one export are.

    Parameters
    ----------
    files : sequence of ExportFile
        The first is looked at; all are in the trial.
    exports : path
        The folder that they are in.
    currency, timezone : str
        The company's.
    table : str, optional
        The canonical table, where it is known.

    Raises
    ------
    DataError
        If a file cannot be read at all.
    """
    with tempfile.TemporaryDirectory(prefix="perfkit-map-") as made:
        work = Path(made)
        first = Unpacker(work, _silent).unpacked(files[0])[0]
        seen = _seen(first, table, work)
        fits = [each for each in presetting.recognised(seen.names) if not table or each.table == table]
        best = next((each for each in fits if each.preset != "generic" and each.share >= 0.75), None)
        if best is None:
            best = max(
                (each for each in fits if each.preset == "generic"),
                key=lambda each: (len(each.missing) == 0, len(each.columns), each.share),
                default=None,
            )
        if best is None and not table:
            return _unknown(files, seen)
        proposal = _proposed(files, seen, best.table if best else table, best)
        return _tried(proposal, exports, currency, timezone, work)


@dataclass(frozen=True)
class _Seen:
    """The first rows of a file."""

    names: tuple[str, ...]
    cells: dict[str, list[str]]
    typed: dict[str, str]
    read: tuple[str, ...]
    format: dict[str, str | int]
    sheet: str = ""


def _silent(message: str) -> None:
    """Say nothing of what is unpacked."""


def _seen(file: ExportFile, asked: str, work: Path) -> _Seen:
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
    cells = {
        name: [value for value in column if value not in (None, "")]
        for name, column in zip(names, columns, strict=False)
        if name and names.count(name) == 1
    }
    return _Seen(tuple(cells), cells, _typed(export.source), tuple(export.notices), form, sheet)


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


def _unknown(files: Sequence[ExportFile], seen: _Seen) -> Proposal:
    return Proposal(
        files=tuple(file.name for file in files),
        table="",
        preset="",
        share=0.0,
        read=seen.read,
        format=seen.format,
        sheet=seen.sheet,
        guesses=(),
        left={name: tuple(_samples(seen, name)) for name in seen.names},
        trial="No table is known whose headings these are. Say which it is: --table sales.",
    )


def _proposed(files: Sequence[ExportFile], seen: _Seen, table: str, best: presetting.Recognition | None) -> Proposal:
    declared = schema.TABLES[table]
    by_name = {(each.name, each.table): each for each in presetting.presets()}
    preset = by_name.get((best.preset if best else "generic", table))
    guesses: list[Guess] = []
    used: set[str] = set()
    for column in declared.columns:
        guess = _known_heading(column, preset, seen)
        if guess:
            guesses.append(guess)
            used.add(guess.heading)
    done = {each.column for each in guesses}
    named = preset if preset and preset.name != "generic" else None
    for column in declared.columns:
        if column.name not in done and not named:
            guess = _like(column, preset, seen, used) or (_by_cells(column, seen, used) if column.required else None)
            if guess:
                guesses.append(guess)
                used |= {guess.heading} - {""}
    order = {name: number for number, name in enumerate(declared.names)}
    guesses.sort(key=lambda each: order[each.column])
    left = {name: tuple(_samples(seen, name)) for name in seen.names if name not in used}
    beware = _strange(seen.names, table) if named is None and table in ("sales", "customers") else ()
    if beware:
        guesses = [replace(each, confidence="guess") if each.heading else each for each in guesses]
    return Proposal(
        files=tuple(file.name for file in files),
        table=table,
        preset=preset.name if preset else "",
        share=best.share if best else 0.0,
        read=seen.read,
        format=seen.format,
        sheet=seen.sheet,
        guesses=tuple(guesses),
        left={} if named else left,
        notes=named.notes if named else (),
        beware=beware,
    )


def _strange(names: Sequence[str], table: str) -> tuple[str, ...]:
    """Which headings are those of another table than sales or customers."""
    said = []
    for name in names:
        words = _words(name)
        of = next((of for of, strange in STRANGE.items() if words & set(strange.split())), "")
        if of and not (of == "purchases" and words & COSTS):
            said.append(f"the heading {name!r} is one of {of}, not of {table}.")
    return tuple(said)


def _known_heading(column: schema.Column, preset: presetting.Preset | None, seen: _Seen) -> Guess | None:
    """The column whose heading the preset knows."""
    mapping = preset.block.columns.get(column.name) if preset else None
    if mapping is None or preset is None:
        return None
    headings = [heading for each in mapping.sources if (heading := found(each, seen.names))]
    if mapping.how in ("multiply", "add", "subtract", "join"):
        if len(headings) < len(mapping.sources):
            return None
        signs = {"multiply": " × ", "add": " + ", "subtract": " - ", "join": " & "}
        made = signs[mapping.how].join(headings)
        some = tuple(f"{heading}: {', '.join(_samples(seen, heading)[:1])}" for heading in headings)
        return Guess(column.name, made, "sure", f"{preset.name} makes it so", some, known=True)
    if not headings:
        return None
    heading = headings[0]
    if preset.name == "generic" and column.name in preset.unsure and len(dict.fromkeys(headings)) > 1:
        choice = ", ".join(_toml(each) for each in dict.fromkeys(headings))
        return Guess(column.name, "", "none", f"one of {choice}: write the one that is the line's, net of tax.")
    share = _share(column, seen, heading)
    confidence = "sure" if share >= FITS else "likely"
    fit = "known heading" if share >= FITS else f"known heading, but {1 - share:.0%} of its cells are no {column.type}"
    return Guess(column.name, heading, confidence, fit, tuple(_samples(seen, heading)), known=True)


def _like(column: schema.Column, preset: presetting.Preset | None, seen: _Seen, used: set[str]) -> Guess | None:
    """The column whose heading has most words in common with one that is known, and whose cells fit."""
    known = preset.block.columns[column.name].sources if preset and column.name in preset.block.columns else ()
    scores = []
    for heading in seen.names:
        if heading in used:
            continue
        score, like = max(((_alike(heading, each), each) for each in (*known, column.name)), default=(0.0, ""))
        if score >= ALIKE and _share(column, seen, heading) >= FITS:
            scores.append((score, heading, like))
    if not scores:
        return None
    scores.sort(key=lambda each: -each[0])
    if len(scores) > 1 and scores[1][0] == scores[0][0]:
        choice = ", ".join(_toml(heading) for _, heading, _ in scores)
        return Guess(column.name, "", "none", f"one of {choice}: write the right one.")
    _, heading, like = scores[0]
    return Guess(column.name, heading, "likely", f"like {like!r}", tuple(_samples(seen, heading)))


def _by_cells(column: schema.Column, seen: _Seen, used: set[str]) -> Guess:
    """The only column whose cells are of the type, or the choice of them."""
    fits = [
        name
        for name in seen.names
        if name not in used and column.type not in ("id", "text") and _share(column, seen, name) >= FITS
    ]
    if len(fits) == 1:
        return Guess(
            column.name, fits[0], "guess", f"the only column of {column.type} left", tuple(_samples(seen, fits[0]))
        )
    choice = f"none is certain: {', '.join(map(_toml, fits))}." if fits else "no column fits: ask for it."
    return Guess(column.name, "", "none", choice)


def _alike(one: str, other: str) -> float:
    """Share of words that two headings have in common."""
    a, b = _words(one), _words(other)
    return len(a & b) / len(a | b) if a and b else 0.0


def _words(heading: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", folded(heading))) - LINKS


def _share(column: schema.Column, seen: _Seen, heading: str) -> float:
    """Share of a column's cells that are of a canonical type."""
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


def _samples(seen: _Seen, heading: str) -> list[str]:
    cells = dict.fromkeys(cell[2:] if cell.startswith("\x01") else cell for cell in seen.cells[heading])
    return [re.sub(" 00:00:00$", "", each) for each in list(cells)[:SHOWN]]


def _tried(proposal: Proposal, exports: Path, currency: str, timezone: str, work: Path) -> Proposal:
    """Load the block in a folder that is thrown away, and say what came of it."""
    lacking = [each for each in proposal.guesses if not each.heading and _needed_because(each)]
    if lacking:
        missing = ", ".join(each.column for each in lacking)
        return replace(proposal, trial=f"It cannot be loaded yet: {missing} is not mapped. Complete it by hand.")
    try:
        snapshot = load(
            work / "trial",
            {proposal.table: proposal.settings()},
            exports=exports,
            currency=currency,
            timezone=timezone,
        )
    except PerfkitError as error:
        return replace(proposal, trial=f"A load of it is refused as yet: {' '.join(str(error).split())}")
    report = snapshot.report["tables"][proposal.table]
    return replace(
        proposal, trial=_told(snapshot, proposal.table), loads=True, read=(*proposal.read, *report["notices"])
    )


def _told(snapshot: Snapshot, table: str) -> str:
    report = snapshot.report["tables"][table]
    parts = " + ".join(f"{report[part]['rows']:,} {part}" for part in ("accepted", "excluded", "quarantined"))
    money = schema.TABLES[table].money if not schema.TABLES[table].key else None  # a list's prices make no total
    total = ""
    if money in report["sums"]:
        total = f"; {money} of those accepted: {_grouped(report['accepted']['sums'][money])}"
    return f"A load of it reads {report['rows']:,} rows = {parts}{total}."


def _grouped(amount: str) -> str:
    """An exact amount as people read it, with its cents."""
    value = Decimal(amount)
    return f"{value:,.{max(2, -int(value.as_tuple().exponent))}f}"


def _toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _shown(samples: Sequence[str]) -> str:
    return ", ".join(_plain(each)[:40] for each in samples) or "empty"


def _plain(text: str) -> str:
    """A text without what would end a comment or move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else " " for sign in " ".join(text.split()))


def _name(heading: str) -> str:
    """A heading as a column's name may be."""
    words = re.sub(r"[^a-z0-9]+", "_", folded(heading)).strip("_")
    return words if words and not words[0].isdigit() else f"column_{words}".rstrip("_")
