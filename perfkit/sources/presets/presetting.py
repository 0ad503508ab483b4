"""Presetting: what each tool's export holds, as data, laid under what a company says itself.

A preset is a file of presets/: a [tables.X] block as company.toml takes it, with a head that says which table
it makes, how the export is recognised, what it does not hold, and what must hold in it.
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from perfkit import schema
from perfkit.errors import ParameterError, unknown
from perfkit.sources.names import finder, found
from perfkit.sources.settings import Format, TableSettings, checked, reason

FOLDER = Path(__file__).parent
"""Where the presets are, one TOML file each."""


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Promise(_Head):
    """What must hold in an export of which a preset makes figures; see `promises.kept`.

    Attributes
    ----------
    kind : str
        equal, never_equal: whether the sums of `sum` and `equals` are, in each document or over all rows;
        zero: the sum of `sum` is; once: no value of `column` stands on two rows; not_repeated: the amount `column`
        is not one total written on every line of a document; credits: credit notes are not above zero in `column`;
        one_family: `column` does not mix orders, deliveries and invoices.
    of : str
        Canonical column that it vouches for; where a company maps that one itself, the promise is not asked.
    sum, equals : tuple of str
        Columns, canonical or the file's own.
    within : str
        Column that marks a document; empty for all rows at once.
    where : str
        Amount that is not zero in the documents it is asked about.
    column : str
        The one column that is looked at.
    optional : bool
        Whether it is not asked where the file lacks a column.
    noted : bool
        Whether a load goes on, and says so, where it does not hold.
    because, otherwise : str
        Why it must hold; what to do where it does not.
    """

    kind: Literal["equal", "never_equal", "zero", "once", "not_repeated", "credits", "one_family"]
    of: str
    sum: tuple[str, ...] = ()
    equals: tuple[str, ...] = ()
    within: str = ""
    where: str = ""
    column: str = ""
    optional: bool = False
    noted: bool = False
    because: str = Field(min_length=1)
    otherwise: str = Field(min_length=1)


class Sides(_Head):
    """An amount with the side on which it stands, instead of a column for each side.

    Attributes
    ----------
    amount, side : str
        Source columns.
    debit, credit : str
        The columns that are made of them, or that there are already.
    debit_is, credit_is : tuple of str
        What the side says, in capitals.
    """

    amount: str
    side: str
    debit: str
    credit: str
    debit_is: tuple[str, ...]
    credit_is: tuple[str, ...]


class Settles(_Head):
    """A discount of a whole document, of which only the part on its goods is taken off, see `preparing.settled`.

    Attributes
    ----------
    of : str
        Canonical column that it serves; where a company maps that one itself, the discount stays as it stands.
    column : str
        Source column of the discount.
    lines : tuple of str
        Source columns whose product is a line's amount.
    less : tuple of str
        What is taken off each line.
    to : str
        Source column of what the goods come to in the end.
    within : str
        Source column that marks a document.
    """

    of: str
    column: str
    lines: tuple[str, ...]
    less: tuple[str, ...] = ()
    to: str
    within: str


class _Said(_Head):
    """The head of a preset's file."""

    title: str
    table: str
    signature: tuple[tuple[str, ...], ...] = Field(min_length=1)
    notes: tuple[str, ...] = ()
    asks: dict[str, str] = {}
    unsure: tuple[str, ...] = ()
    sides: Sides | None = None
    settles: Settles | None = None
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True)
class Preset:
    """What is known of one tool's export.

    Attributes
    ----------
    name, table, title : str
        As `preset = ` names it; the canonical table that it makes; whose export it is.
    signature : tuple of tuple of str
        Headings that tell it from others, each as the names that it may have.
    notes : tuple of str
        What the export does not hold, and what was decided.
    asks : dict
        Canonical columns that a company must map itself, and why.
    unsure : tuple of str
        Canonical columns for which a file may hold only one of the headings known: two may mean two amounts.
    sides : Sides or None
    settles : Settles or None
    promises : tuple of Promise
    block : TableSettings
        The block, as company.toml takes it.
    """

    name: str
    table: str
    title: str
    signature: tuple[tuple[str, ...], ...]
    block: TableSettings
    notes: tuple[str, ...] = ()
    asks: dict[str, str] = field(default_factory=dict)
    unsure: tuple[str, ...] = ()
    sides: Sides | None = None
    settles: Settles | None = None
    promises: tuple[Promise, ...] = ()


@cache
def presets() -> tuple[Preset, ...]:
    """Return every preset, by name and table."""
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.toml")))


def _read(path: Path) -> Preset:
    """Read one file: shopify.toml is the preset of that name, generic.sales.toml one of several that share a name."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    head = checked(_Said, {key: data.pop(key) for key in _Said.model_fields if key in data}, where=path.name)
    block = checked(TableSettings, {"files": "*", **data}, where=path.name)
    kept = {key: getattr(head, key) for key in _Said.model_fields}
    return Preset(name=path.name.split(".")[0], block=block, **kept)


def words(table: str, column: str) -> dict[str, str]:
    """Return the canonical word of each that a generic export may hold in a column."""
    generic = next((each for each in presets() if (each.name, each.table) == ("generic", table)), None)
    mapping = generic.block.columns.get(column) if generic else None
    return dict(mapping.values) if mapping else {}


def preset_of(table: str, settings: TableSettings) -> Preset | None:
    """Return the preset that a block names; None where it names none.

    Raises
    ------
    ParameterError
        If there is none of that name, or it makes another table.
    """
    if settings.preset is None:
        return None
    where, name = f"[tables.{table}] preset", settings.preset
    namesakes = [preset for preset in presets() if preset.name == name]
    if not namesakes:
        raise ParameterError(f"{where}: {unknown('preset', name, dict.fromkeys(each.name for each in presets()))}")
    for preset in namesakes:
        if preset.table == table:
            return preset
    made = " and ".join(each.table for each in namesakes)
    here = [each.name for each in presets() if each.table == table]
    instead = f" For {table} there is: {', '.join(here)}." if here else " Map its columns instead."
    raise ParameterError(f"{where}: {name!r} makes {made}, not {table}.{instead}")


def merged(table: str, settings: TableSettings) -> TableSettings:
    """Lay a preset under a company's own block: what the block says wins, column by column.

    Its rules that leave rows out are added to the preset's; of the format, each field that it gives.

    Raises
    ------
    ParameterError
        If the preset is unknown or another table's, or asks for a column that the block does not map.
    """
    preset = preset_of(table, settings)
    if preset is None:
        return settings
    for name, why in preset.asks.items():
        if name not in settings.columns:
            raise ParameterError(f"[tables.{table}.columns]: {name} is not mapped, and {preset.title} cannot. {why}")
    under, said = preset.block, settings.model_fields_set
    update: dict[str, Any] = {
        name: getattr(under, name) for name in under.model_fields_set - said - {"files", "columns", "exclude", "format"}
    }
    update["columns"] = {**under.columns, **settings.columns}
    update["exclude"] = (*under.exclude, *settings.exclude)
    update["format"] = _over(settings.format, under.format)
    return settings.model_copy(update=update)


def _over(said: Format, under: Format) -> Format:
    """A format whose fields that are given win; together they must make sense."""
    given = {name: getattr(said, name) for name in said.model_fields_set}
    kept = {name: getattr(under, name) for name in under.model_fields_set}
    found_: Format = checked(Format, {**kept, **given}, where="company.toml, format")
    return found_


@dataclass(frozen=True)
class Recognition:
    """How well a preset fits a file's headings.

    Attributes
    ----------
    preset, table : str
    share : float
        Part of its signature that was found, 0 to 1.
    columns : dict
        Heading by canonical column, of those made from one; a product's or a sum's are joined by " | ".
    missing : tuple of str
        Required columns that no heading was found for, or that the company must map itself.
    """

    preset: str
    table: str
    share: float
    columns: dict[str, str]
    missing: tuple[str, ...]


def recognised(names: Sequence[str]) -> list[Recognition]:
    """Return the presets that a file's headings may be of, best first: those that lack nothing before others."""
    find = finder(names)
    fits = [_recognised(preset, find) for preset in presets()]
    order = {preset.name + preset.table: number for number, preset in enumerate(_specific_first())}
    return sorted(
        (each for each in fits if each.share > 0),
        key=lambda each: (-each.share, len(each.missing), -len(each.columns), order[each.preset + each.table]),
    )


def _specific_first() -> list[Preset]:
    return sorted(presets(), key=lambda preset: (preset.name == "generic", preset.name, preset.table))


def _recognised(preset: Preset, find: Callable[[str], str | None]) -> Recognition:
    hits = sum(any(find(each) for each in group) for group in preset.signature)
    columns: dict[str, str] = {}
    for name, mapping in preset.block.columns.items():
        headings = [heading for each in mapping.sources if (heading := find(each))]
        if mapping.how == "any_of":
            headings = headings[:1]
        if headings and (mapping.how == "any_of" or len(headings) == len(mapping.sources)):
            columns[name] = " | ".join(headings)
    constant = {name for name, mapping in preset.block.columns.items() if mapping.how == "value"}
    required = schema.TABLES[preset.table].required
    missing = tuple(name for name in required if name not in columns and name not in constant)
    return Recognition(preset.name, preset.table, hits / len(preset.signature), columns, missing)


def rivals(preset: Preset, settings: TableSettings, source: str, names: Sequence[str]) -> list[str]:
    """Return what to ask where a file has several headings that a preset would take for one amount.

    Parameters
    ----------
    settings : TableSettings
        The company's own block, before the preset was laid under it.
    source : str
        The file's name.
    names : sequence of str
        Its headings.
    """
    asked = []
    for column in preset.unsure:
        if column in settings.columns:
            continue
        known = preset.block.columns[column].sources
        there = list(dict.fromkeys(heading for each in known if (heading := found(each, names))))
        if len(there) > 1:
            asked.append(
                f"{source}: {' and '.join(repr(each) for each in there)} may each be {column}. They may be a line's "
                f"amount and its document's, or before and after a discount. Say which is the line's, net of tax: "
                f'[tables.{preset.table}.columns] {column} = "{there[0]}"'
            )
    return asked


def describe() -> str:
    """Return the presets as Markdown, for the documentation: a test holds docs/presets.md to it."""
    parts = [
        "# Presets",
        "",
        'A preset knows the columns of one tool\'s export: `[tables.sales]` with `preset = "shopify"`. What the block '
        "in company.toml says itself wins, column by column; its `exclude` rules come on top of the preset's. Each is "
        "a file of perfkit/sources/presets/ in the grammar of a `[tables.X]` block, and can be copied into one.",
        "",
    ]
    for preset in presets():
        parts += _described(preset)
    return "\n".join(parts)


def _described(preset: Preset) -> list[str]:
    parts = [f"## {preset.name}: {preset.table}", "", preset.title[:1].upper() + preset.title[1:] + ".", ""]
    parts += [*(f"- {note}" for note in preset.notes), ""] if preset.notes else []
    parts += ["| column | from | may be absent |", "|---|---|---|"]
    parts += [
        f"| {name} | {_made_of(mapping)} | {'yes' if mapping.optional else ''} |"
        for name, mapping in preset.block.columns.items()
    ]
    parts += [f"| {name} | to be mapped: {why} | |" for name, why in preset.asks.items()]
    parts.append("")
    if preset.block.exclude:
        parts += ["Left out, counted and shown:", ""]
        parts += [
            f"- {rule.column}, {rule.test} `{_test(rule)}`: {reason(rule.because, 'en')}"
            for rule in preset.block.exclude
        ]
        parts.append("")
    if preset.block.fill_down:
        filled = ", ".join(preset.block.fill_down.columns)
        parts += [f"Carried down within {preset.block.fill_down.within or 'the file'}: {filled}.", ""]
    if preset.promises:
        parts += ["Held, or the load is refused:", ""]
        parts += [f"- {each.because}" + (" (noted only)" if each.noted else "") for each in preset.promises]
        parts.append("")
    return parts


def _made_of(mapping: Any) -> str:
    signs = {"any_of": " or ", "multiply": " × ", "add": " + ", "subtract": " - ", "join": " & ", "column": ""}
    if mapping.how == "value":
        return f"always {mapping.value}"
    made = signs[mapping.how].join(mapping.sources)
    return " less ".join([made, *mapping.less])


def _test(rule: Any) -> str:
    said = rule.among if rule.among is not None else getattr(rule, rule.test)
    return ", ".join(str(each) for each in said) if isinstance(said, tuple) else str(said)


if __name__ == "__main__":
    print(describe(), end="")
