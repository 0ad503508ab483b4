"""Proposing: what an export that nobody has described probably is, as a block of company.toml for a person to confirm.

Nothing is loaded from a proposal: its block says `confirmed = false`, and a load refuses it until someone has read
it and deleted that line.
"""

import re
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from perfkit import schema
from perfkit.errors import PerfkitError
from perfkit.sources import budgets, company_toml, counting_days, states
from perfkit.sources.files import ExportFile
from perfkit.sources.guessing import (
    UNNAMED,
    Guess,
    Seen,
    allowed,
    by_cells,
    by_stage,
    documents,
    known_heading,
    like,
    listed,
    look,
    samples,
    strange,
    toml,
    unsigned,
)
from perfkit.sources.loading import load
from perfkit.sources.names import folded
from perfkit.sources.presets import presetting
from perfkit.sources.settings import Format, TableSettings
from perfkit.sources.snapshots import Snapshot
from perfkit.sources.unpacking import Unpacker


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
        own = {each.column: each.mapping() for each in self.guesses if each.heading and not each.known}
        return TableSettings(
            files=self.files,
            sheet=self.sheet or None,
            preset=self.preset or None,
            format=Format.model_validate(self.format),
            columns=own,
        )

    def block(self, *, beside: bool = False) -> str:
        """Return the block of company.toml, each line with its confidence and samples.

        Parameters
        ----------
        beside : bool
            Whether it stands beside another block of its table: both then have two brackets.
        """
        lines = [
            *(f"# Beware: {_plain(said)}" for said in self.beware),
            f"# Proposed by `perfkit map` from {', '.join(self.files)}. Nothing is read from it until you have checked",
            "# every line, and said so by deleting the one that says it is not confirmed.",
            f"[[tables.{self.table}]]" if beside else f"[tables.{self.table}]",
            "confirmed = false",
            f"files = {toml(self.files[0] if len(self.files) == 1 else list(self.files))}",
        ]
        lines += [f"sheet = {toml(self.sheet)}"] if self.sheet else []
        if self.preset:
            lines.append(f"preset = {toml(self.preset)}   # {self.share:.0%} of what marks its export was found")
        if self.format:
            fields = ", ".join(f"{name} = {toml(value)}" for name, value in self.format.items())
            lines.append(f"format = {{ {fields} }}")
        lines += [f"# {_plain(said)}" for said in dict.fromkeys((*self.read, *self.notes))]
        lines += ["", f"[tables.{self.table}.columns]"]
        if any(each.known for each in self.guesses):
            lines.append(f"# As the preset {self.preset} has it; take the # away from a line to change it:")
        plain = (each for each in self.guesses if each.heading and not (each.values or each.credits or each.factors))
        width = max((len(each.line()) for each in plain), default=0) + 2
        lines += [_commented(each, width, self.table) for each in sorted(self.guesses, key=lambda each: not each.known)]
        if self.left:
            lines.append("# Not taken; any of them may be kept under a name of yours:")
            lines += [f"# {_name(heading)} = {toml(heading)}   # {_shown(some)}" for heading, some in self.left.items()]
        return "\n".join(lines) + "\n"


def confirmable(proposal: Proposal, folder: Path, untouched: Path) -> Path:
    """Write a proposal where a person confirms it, and return where that is.

    It is added to company.toml, or takes the place there of a block that is still the template's; a block that
    someone wrote is never touched: the proposal then stands in a file of its own, as the second block of its table.

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
            path.write_text(proposal.block(beside=True), encoding="utf-8")
            return path
        text, place = _without(text, proposal.table)
    else:
        text, place = _room(text, proposal.table)
    block = proposal.block()
    placed = f"{text[:place].rstrip()}\n\n{block}\n\n{text[place:].lstrip()}"
    if not _says_as_much(placed, text, block):
        placed = f"{text.rstrip()}\n\n\n{block}"
    work = path.with_name(f".{path.name}.new")
    work.write_text(placed.rstrip() + "\n", encoding="utf-8")
    work.replace(path)
    return path


def _without(text: str, table: str) -> tuple[str, int]:
    """A text of settings without one table's block, which goes to the next block or chapter, and where it stood."""
    lines = text.split("\n")
    start = lines.index(f"[tables.{table}]")
    after = range(start + 1, len(lines))
    own = f"[tables.{table}."
    ends = (at for at in after if lines[at].startswith(("[", "# ----")) and not lines[at].startswith(own))
    above = "\n".join(lines[:start])
    return "\n".join(lines[:start] + lines[next(ends, len(lines)) :]), len(above)


def _room(text: str, table: str) -> tuple[str, int]:
    """A text of settings without the template's example of a table, and where its block goes: there, or in its chapter.

    The chapters are the template's: sales in the first, the other tables in the second; at the end where there is none.
    """
    example = re.search(rf"^# \[tables\.{table}\]\n(?:# .*\n)*\n?", text, re.M)
    if example:
        return text[: example.start()] + text[example.end() :], example.start()
    ends = re.search(rf"^# ---- {2 if table == 'sales' else 3}\. ", text, re.M)
    return text, ends.start() if ends else len(text)


def _says_as_much(placed: str, text: str, block: str) -> bool:
    """Whether a text with a block in it says what both say, and no line of it has become another table's."""
    try:
        whole, before, own = (tomllib.loads(each) for each in (placed, text, block))
    except tomllib.TOMLDecodeError:
        return False
    return whole == before | {"tables": before.get("tables", {}) | own["tables"]}


def _commented(guess: Guess, width: int, table: str) -> str:
    if not guess.heading:
        return f'# {guess.column} = "..."   # {_plain(guess.because)} {_needed_because(guess, table)}'.rstrip()
    if guess.heading == UNNAMED:
        return f"{guess.line()}   # {_plain(guess.because)}"
    line = f"# {guess.line()}" if guess.known else guess.line()
    return f"{line:<{width}}   # {guess.confidence}: {_plain(guess.because)}; {_shown(guess.samples)}"


def _needed_because(guess: Guess, table: str) -> str:
    """Why a column that nothing fits is asked for; empty where a table can do without it."""
    if guess.heading:
        return ""
    columns = schema.TABLES[table].columns
    return next((column.why for column in columns if column.name == guess.column and column.required), "")


def propose(
    files: Sequence[ExportFile],
    *,
    exports: Path,
    currency: str,
    timezone: str = "UTC",
    table: str = "",
    revenue_date: str = "",
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
    revenue_date : str, optional
        The day on which the company says that revenue counts.

    Raises
    ------
    DataError
        If a file cannot be read at all.
    """
    with tempfile.TemporaryDirectory(prefix="perfkit-map-") as made:
        work = Path(made)
        first = Unpacker(work, _silent).unpacked(files[0])[0]
        seen = look(first, table, work)
        fits = [each for each in presetting.recognised(seen.names) if not table or each.table == table]
        best = next((each for each in fits if each.preset != "generic" and each.share >= 0.75), None)
        if best is None:
            best = max(
                (each for each in fits if each.preset == "generic" and (table or _may_be(each, fits, seen))),
                key=lambda each: (len(each.missing) == 0, len(each.columns), each.share),
                default=None,
            )
        if table in ("", "targets") and (budget := budgets.across(seen.names, seen.rows, seen.titles)):
            return replace(_unknown(files, seen), trial=str(budget))
        if best is None and not table:
            return _unknown(files, seen)
        proposal = _proposed(files, seen, best.table if best else table, best)
        proposal = replace(proposal, notes=(*proposal.notes, *_of_days(proposal, revenue_date)))
        return _tried(proposal, exports, currency, timezone, work)


def _of_days(proposal: Proposal, revenue_date: str) -> list[str]:
    """What to write where the date of sales is another day than the one that the company names."""
    date = next((each.heading for each in proposal.guesses if each.column == "date"), "")
    said = counting_days.told(date, revenue_date) if proposal.table == "sales" else ""
    return [said] if said else []


def _may_be(one: presetting.Recognition, every: Sequence[presetting.Recognition], seen: Seen) -> bool:
    """Whether the first rows bear out what some headings say: no list of customers has a customer twice.

    Costs are told by their kind, and what has an order's number, a product or a quantity is no cost.
    """
    if one.table in ("customers", "products"):
        (key,) = schema.TABLES[one.table].key
        cells = seen.cells.get(one.columns.get(key, ""), [])
        sold = any(each.table == "sales" and {"order_id", "date"} <= each.columns.keys() for each in every)
        return not sold or len(set(cells)) == len(cells)
    if one.table == "costs":
        of_sales = {column for each in every if each.table == "sales" for column in each.columns}
        return "kind" in one.columns and not of_sales & {"order_id", "product_id", "quantity"}
    return True


def _why(best: presetting.Recognition) -> str:
    """Which headings made it the table that it is proposed for."""
    headings = ", ".join(f"{column} in {toml(heading)}" for column, heading in best.columns.items())
    return f"Taken for {best.table}, {schema.TABLES[best.table].row} a row: it has {headings}."


def _notes(table: str, guesses: Sequence[Guess]) -> tuple[str, ...]:
    """What such an export can carry, where it is less than its table could."""
    made = {each.column for each in guesses if each.heading}
    orders = table == "sales" and "order_id" in made and not made & {"product_id", "quantity"}
    return (_ORDERS_ONLY,) if orders else ()


_ORDERS_ONLY = (
    "One row an order, without a product: it carries revenue, orders, customers, cohorts, retention and lifetime "
    "value. It cannot carry products, prices, volumes, mix, baskets or margin by product: ask for the lines of the "
    "orders, with product, quantity and cost. Check that the amount is net of tax and of postage."
)


_KINDS = 12
"""Kinds of cost that an example of their levels names."""


def _by_kind(guesses: list[Guess], seen: Seen) -> list[Guess]:
    """The guesses of costs, with what to write where no column says the level of each kind."""
    made = {each.column: each for each in guesses}
    level, kind = made.get("level"), made.get("kind")
    if (
        level is None
        or level.heading
        or kind is None
        or kind.heading not in seen.cells
        or level.because.startswith("perhaps")
    ):
        return guesses
    cells = dict.fromkeys(cell[2:] if cell.startswith("\x01") else cell for cell in seen.cells[kind.heading])
    said = ", ".join(f'{toml(each)} = "fixed"' for each in list(cells)[:_KINDS])
    because = (
        "no column says it. Say it of each kind, one of cogs, cm1, cm2, cm3, fixed, for example: level = { column = "
        f"{toml(kind.heading)}, values = {{ {said} }} }}."
    )
    return [replace(each, because=because) if each.column == "level" else each for each in guesses]


def _silent(message: str) -> None:
    """Say nothing of what is unpacked."""


def _unknown(files: Sequence[ExportFile], seen: Seen) -> Proposal:
    return Proposal(
        files=tuple(file.name for file in files),
        table="",
        preset="",
        share=0.0,
        read=seen.read,
        format=seen.format,
        sheet=seen.sheet,
        guesses=(),
        left={name: tuple(samples(seen, name)) for name in seen.names},
        trial="No table is known whose headings these are. Say which it is: --table sales.",
    )


def _proposed(files: Sequence[ExportFile], seen: Seen, table: str, best: presetting.Recognition | None) -> Proposal:
    declared = schema.TABLES[table]
    by_name = {(each.name, each.table): each for each in presetting.presets()}
    preset = by_name.get((best.preset if best else "generic", table))
    guesses: list[Guess] = []
    used: set[str] = set()
    for column in declared.columns:
        guess = known_heading(column, preset, seen)
        if guess:
            guesses.append(guess)
            used.add(guess.heading)
    done = {each.column for each in guesses}
    named = preset if preset and preset.name != "generic" else None
    for column in declared.columns:
        if column.name not in done and not named:
            guess = like(column, preset, seen, used) or (by_cells(column, seen, used) if column.required else None)
            if guess:
                guesses.append(guess)
                used |= {guess.heading} - {""}
    guesses = _with_credits(guesses, preset, seen)
    guesses = _with_words(guesses, declared, seen)
    guesses = _with_list(guesses, declared, seen, used) if not named else guesses
    guesses = _by_kind(guesses, seen) if table == "costs" else guesses
    used = {heading for each in guesses for heading in each.factors or (each.heading,)}
    order = {name: number for number, name in enumerate(declared.names)}
    guesses.sort(key=lambda each: order[each.column])
    left = {name: tuple(samples(seen, name)) for name in seen.names if name not in used}
    beware = strange(seen.names, table) if named is None and table in ("sales", "customers") else ()
    if named is None and table == "sales":
        beware += _perhaps_spend(guesses)
    if beware:
        guesses = [replace(each, confidence="guess") if each.heading else each for each in guesses]
    return Proposal(
        files=tuple(file.name for file in files),
        table=table,
        preset=preset.name if preset else "",
        share=best.share if best else 0.0,
        read=(*seen.read, *([_why(best)] if best and named is None and best.columns else [])),
        format=seen.format,
        sheet=seen.sheet,
        guesses=tuple(guesses),
        left={} if named else left,
        notes=named.notes if named else _notes(table, guesses),
        beware=beware,
    )


_WITHOUT_MINUS = ("net_revenue", "list_revenue", "cost", "quantity")
"""What a credit note takes off, where an export leaves its minus out."""


_OF_A_SALE = {"order_id", "customer_id", "product_id", "quantity", "rep_id", "store_id", "document", "cost"}
"""Columns of which one at least stands in any export of sales that is more than sums."""


def _perhaps_spend(guesses: Sequence[Guess]) -> tuple[str, ...]:
    """Why amounts by day and channel alone may be what the channels cost."""
    made = {each.column for each in guesses if each.heading not in ("", UNNAMED)}
    if "channel" not in made or made & _OF_A_SALE:
        return ()
    return (
        "no heading names an order, a customer, a product or a quantity. If these amounts are what marketing channels "
        "cost, map the file anew with --table spend; if they are other costs, with --table costs.",
    )


def _with_credits(guesses: list[Guess], preset: presetting.Preset | None, seen: Seen) -> list[Guess]:
    """The guesses of a generic export, with what its kinds of documents mean and which amounts lack a minus."""
    mapping = preset.block.columns.get("document") if preset and preset.name == "generic" else None
    document = next((each for each in guesses if each.column == "document" and each.heading), None)
    if mapping is None or document is None or not mapping.values:
        return guesses
    told = document if document.known else documents(document, mapping.values, seen)
    changed = {"document": told} | {
        each.column: unsigned(each, document, mapping.values, seen)
        for each in guesses
        if each.column in _WITHOUT_MINUS and each.heading in seen.rows
    }
    return [changed.get(each.column, each) for each in guesses]


def _with_words(guesses: list[Guess], declared: schema.Table, seen: Seen) -> list[Guess]:
    """The guesses, with what the words of a column mean of which only a few are allowed."""
    made = {each.column: each for each in guesses}
    for column in declared.columns:
        guess, known = made.get(column.name), presetting.words(declared.name, column.name)
        if not column.one_of or column.name == "document":
            continue
        if guess is not None and guess.heading in seen.cells:
            made[column.name] = allowed(guess, column, known, seen, otherwise="open" if column.name == "status" else "")
        elif column.name == "status" and (told := by_stage(column, made.get("stage"), known, seen)):
            made[column.name] = told
    return list(made.values())


def _with_list(guesses: list[Guess], declared: schema.Table, seen: Seen, used: set[str]) -> list[Guess]:
    """The guesses of sales, with what the lines come to at list price where a quantity and a gross price say it."""
    made = {each.column: each for each in guesses}
    held = made.get("list_revenue")
    if "list_revenue" not in declared.names or (held is not None and held.heading):
        return guesses
    told = listed(made.get("quantity"), made.get("net_revenue"), seen, used)
    return [*(each for each in guesses if each.column != "list_revenue"), *([told] if told else [])]


def _tried(proposal: Proposal, exports: Path, currency: str, timezone: str, work: Path) -> Proposal:
    """Load the block in a folder that is thrown away, and say what came of it."""
    lacking = [each for each in proposal.guesses if not each.heading and _needed_because(each, proposal.table)]
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
    odd = [states.told(each, currency) for each in report["states"]]
    return replace(
        proposal, trial=_told(snapshot, proposal.table), loads=True, read=(*proposal.read, *report["notices"], *odd)
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


def _shown(samples: Sequence[str]) -> str:
    return " | ".join(_plain(each)[:40] for each in samples) or "empty"


def _plain(text: str) -> str:
    """A text without what would end a comment or move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else " " for sign in " ".join(text.split()))


def _name(heading: str) -> str:
    """A heading as a column's name may be."""
    words = re.sub(r"[^a-z0-9]+", "_", folded(heading)).strip("_")
    return words if words and not words[0].isdigit() else f"column_{words}".rstrip("_")
