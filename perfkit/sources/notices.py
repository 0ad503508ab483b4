"""Notices: what a person should know about how a table's files were read."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from perfkit.schema import Table
from perfkit.sources.opening import Opened
from perfkit.sources.settings import Mapping, TableSettings, reason
from perfkit.sources.tally import Tally, plain
from perfkit.sources.values import proofs


def told(
    declared: Table,
    settings: TableSettings,
    files: list[Opened],
    tally: Tally,
    stated: list[dict[str, Any]],
) -> list[str]:
    """Return sentences about a table that was taken.

    Parameters
    ----------
    settings : TableSettings
        Of the table as a whole.
    stated : list of dict
        What its totals rows say, see `totals`.
    """
    names = [file.export.file.name for file in files]
    said = grouped(names, [(*file.export.file.notices, *file.export.notices) for file in files])
    said += [_totals(each) for each in stated]
    for rule in _own_rules(files, tally):
        if not rule["rows"]:
            said.append(f"The rule {rule['column']} {rule['test']} ({reason(rule['because'], 'en')}) matches no row.")
    known = {column.name for column in declared.columns}
    for target in files[0].targets:
        guess = next(iter(get_close_matches(target.name, known, n=1, cutoff=0.8)), None)
        if target.name not in known and guess and guess not in settings.columns:
            said.append(f"Column {target.name} is kept as text: the schema has none of that name. It has {guess}.")
    return said + grouped(names, [_of_columns(file) for file in files])


def _own_rules(files: list[Opened], tally: Tally) -> list[dict[str, Any]]:
    """The rules that the company wrote itself: of each block the last ones, after those of its preset."""
    own: dict[int, dict[str, Any]] = {}
    for file in files:
        end = file.first_rule - 1 + len(file.block.settings.exclude)
        own |= {number: tally.rules[number] for number in range(end - len(file.block.own.exclude), end)}
    return list(own.values())


def grouped(names: Sequence[str], said: Sequence[Iterable[str]]) -> list[str]:
    """Return what is said of files, file by file; what is said alike of several is one sentence that counts them.

    Parameters
    ----------
    names : sequence of str
        The files' names, with which their sentences begin.
    said : sequence of iterable of str
        The sentences of each.
    """
    alike: dict[str, list[str]] = {}
    for name, sentences in zip(names, said, strict=True):
        for sentence in dict.fromkeys(sentences):
            begins = sentence.startswith((f"{name}:", f"{name},", f"{name} "))
            alike.setdefault(sentence[len(name) :] if begins else sentence, []).append(name if begins else "")
    return [_counted(rest, some) for rest, some in alike.items()]


def _counted(rest: str, names: list[str]) -> str:
    if len(names) == 1 or not names[0]:
        return names[0] + rest
    if rest.startswith(" has "):
        rest = f", have {rest.removeprefix(' has ')}".replace(": its rows", ": their rows")
    return f"{len(names):,} files, first {names[0]}{rest}"


def _totals(each: dict[str, Any]) -> str:
    """Say whether a file's rows add up to its totals row, and what may be missing where they do not."""
    says = f"{each['file']}: its totals row says {each['column']} {each['stated']}"
    if each["ties"]:
        return f"{says}, and the rows agree."
    says += f", but the rows add up to {each['read']}"
    if not each["unreadable"]:
        return f"{says}. Is the export complete?"
    rows = f"{each['unreadable']:,} row{'' if each['unreadable'] == 1 else 's'}"
    difference = plain(Decimal(each["stated"]) - Decimal(each["read"]))
    return (
        f"{says}, and the amount of {rows} is in no sum. If that does not explain the difference of {difference}, "
        "the export is not complete."
    )


def _of_columns(file: Opened) -> list[str]:
    """Say how a file's columns are written, which it lacks, and which are floating point."""
    name, source = file.export.file.name, file.export.source
    said = proofs.stated(source.writings, file.read_as, name)
    lacking = [column for column, mapping in file.mapped.items() if mapping is None]
    if lacking:
        said.append(f"{name} has no column for {', '.join(lacking)}: its rows have no value there.")
    for target in file.targets:
        kinds = {source.kind(each) for each in target.sources}
        if target.type in ("money", "quantity") and "float64" in kinds:
            said.append(
                f"{name}: float money: {target.name} comes from floating point; each value is taken as "
                "the decimal of at most four places (six in a product) that it is the nearest double of."
            )
        if target.type == "id" and "float64" in kinds:
            said.append(f"{name}: {target.name} is a float there; 17850.0 was taken as 17850.")
    return said


def made_from(name: str, files: list[Opened]) -> str:
    """Return what a canonical column is made of, as a person would write it; each file's own way where they differ."""
    ways = dict.fromkeys(_in_words(file.mapped[name]) for file in files if file.mapped.get(name))
    return " / ".join(ways)


def _in_words(mapping: Mapping | None) -> str:
    if mapping is None:
        return ""
    if mapping.how == "value":
        return f"constant {mapping.value}"
    signs = {"column": "", "multiply": " × ", "add": " + ", "subtract": " - ", "join": " & "}
    words = signs[mapping.how].join(mapping.sources)
    if mapping.less:
        words = " - ".join([words, *mapping.less])
    if mapping.credits:
        words += f", below zero where {mapping.credits.column} is {' or '.join(mapping.credits.among)}"
    return f"({words}) × {mapping.times:f}" if mapping.times is not None and mapping.times != 1 else words


def needed(file: Opened) -> list[str]:
    """Return the source columns of a file that anything reads, in its order."""
    names = file.export.source.names
    read = {name for target in file.targets for name in target.sources}
    read |= {rule.column for rule in file.block.settings.exclude if rule.column in names}
    return [name for name in names if name in read]


def not_read(files: list[Opened]) -> list[str]:
    """Return the source columns that nothing reads."""
    unread: dict[str, None] = {}
    for file in files:
        used = set(needed(file))
        unread |= dict.fromkeys(name for name in file.export.source.names if name not in used)
    return list(unread)
