"""Wordings: columns of which only a few words are allowed, and what to type where a file has others."""

import json
from collections.abc import Iterator, Mapping, Sequence

from perfkit.schema import Table
from perfkit.sources.opening import Opened
from perfkit.sources.presets import presetting
from perfkit.sources.settings import Mapping as ColumnMapping

SHOWN = 6
"""Words of a column that are named, the most frequent first."""


def told(declared: Table, files: Sequence[Opened], words: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Say of each column which of its words are none of those allowed, and what to type.

    Parameters
    ----------
    words : mapping
        Rows by source column and text, as `Quarantine.words` counts them.
    """
    for column in declared.columns:
        sources = {name: file for file in files for name in _sources(file, column.name)}
        some = {said: (name, rows) for (name, said), rows in words.items() if name in sources and column.one_of}
        if not some:
            continue
        first = sorted(some, key=lambda said: (-some[said][1], said))[:SHOWN]
        heading = some[first[0]][0]
        known = presetting.words(declared.name, column.name)
        plain = {said.casefold(): meant for said, meant in known.items()} | {each: each for each in column.one_of}
        file = sources[heading]
        mapping = file.mapped.get(column.name)
        own = dict(mapping.values) if mapping is not None and _is_own(file, column.name) else {}
        values = own | {said: plain.get(said.strip().casefold(), "...") for said in first}
        typed = ", ".join(f"{_quoted(said)} = {_quoted(meant)}" for said, meant in values.items())
        listed = ", ".join(map(_quoted, first)) + (" ..." if len(some) > len(first) else "")
        rest = "" if own or not _by_preset(file, column.name) else ", and those that the preset knows and the file has"
        yield (
            f"{column.name} is one of {', '.join(column.one_of)}, and {heading!r} says {listed} in "
            f"{sum(rows for _, rows in some.values()):,} rows. Say what each means: [tables.{declared.name}.columns] "
            f"{column.name} = {{ column = {_quoted(heading)}, values = {{ {typed} }} }}{rest}."
        )


def _sources(file: Opened, name: str) -> tuple[str, ...]:
    mapping: ColumnMapping | None = file.mapped.get(name)
    return () if mapping is None else mapping.sources


def _is_own(file: Opened, name: str) -> bool:
    return name in file.block.own.columns


def _by_preset(file: Opened, name: str) -> bool:
    return name in file.block.settings.columns and not _is_own(file, name)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
