"""Blocks: a table's files, in as many groups as there are shapes of them, each group read in its own way.

One tool's files are one block, `[tables.sales]`; where two tools export the same table, each has its own:
`[[tables.sales]]`, written once for each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from perfkit.errors import DataError, ParameterError
from perfkit.sources.files import ExportFile
from perfkit.sources.presets.presetting import merged
from perfkit.sources.settings import TableSettings


@dataclass(frozen=True)
class Block:
    """Files of a table that are read alike.

    Attributes
    ----------
    own : TableSettings
        What company.toml says.
    settings : TableSettings
        The same over the preset that it names.
    files : tuple of ExportFile
    """

    own: TableSettings
    settings: TableSettings
    files: tuple[ExportFile, ...]

    @classmethod
    def of(cls, table: str, own: TableSettings, files: Sequence[ExportFile]) -> "Block":
        """Return the block, its preset laid under it."""
        return cls(own, merged(table, own), tuple(files))


def whole(table: str, blocks: Sequence[Block]) -> TableSettings:
    """Return what holds for a table as a whole: the rules of its blocks one after the other, every column they map.

    `keep` and `overlap` are about rows that stand in two files, whatever their blocks: said in one, they hold for all.

    Raises
    ------
    ParameterError
        If two blocks say another `keep`.
    """
    keeps = list(dict.fromkeys(block.settings.keep for block in blocks if block.settings.keep))
    if len(keeps) > 1:
        raise ParameterError(
            f"[[tables.{table}]] keep: one block says {keeps[0]!r} and another {keeps[1]!r}. It holds for the whole "
            "table, whose files count in the order in which they are read: say it in one block."
        )
    said: dict[str, Any] = {
        "keep": keeps[0] if keeps else None,
        "overlap": any(block.settings.overlap for block in blocks),
        "max_quarantined": max(block.settings.max_quarantined for block in blocks),
        "exclude": tuple(rule for block in blocks for rule in block.settings.exclude),
        "columns": {name: mapping for block in blocks for name, mapping in block.settings.columns.items()},
    }
    return blocks[0].settings.model_copy(update=said)


def refuse_twins(table: str, blocks: Sequence[Block]) -> None:
    """Refuse a file that is there twice, or that two blocks read: its rows would count twice.

    Raises
    ------
    DataError
        Names the files; two blocks may read different sheets of a workbook.
    """
    read: dict[str, list[tuple[ExportFile, Block]]] = {}
    for block in blocks:
        for file in block.files:
            for twin, other in read.setdefault(file.sha256, []):
                if other is not block and _other_sheets(other, block):
                    continue
                if twin.name == file.name:
                    raise DataError(
                        f"{table}: two blocks [[tables.{table}]] read {file.name}. Its rows would count twice. Name "
                        "other files in each; of a workbook, the sheet that each reads."
                    )
                raise DataError(
                    f"{table}: {twin.name} and {file.name} are the same file twice, byte for byte. Its rows would "
                    "count twice. Remove one of them."
                )
            read[file.sha256].append((file, block))


def _other_sheets(one: Block, other: Block) -> bool:
    """Whether two blocks name sheets of a workbook of which none is in both."""
    sheets = [set(_sheets(block)) for block in (one, other)]
    return all(sheets) and sheets[0].isdisjoint(sheets[1]) and "*" not in sheets[0] | sheets[1]


def _sheets(block: Block) -> tuple[str, ...]:
    said = block.settings.sheet
    return tuple(name.strip().casefold() for name in ((said,) if isinstance(said, str) else said or ()))
