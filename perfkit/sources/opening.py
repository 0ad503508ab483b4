"""Opening: a table's files, each with its own headings found, its writing proven and its columns planned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import duckdb
import numpy as np

from perfkit.errors import DataError
from perfkit.schema import Table
from perfkit.sources import exclusions, totals
from perfkit.sources.blocks import Block
from perfkit.sources.columns import Target, plan, resolved, types, wanted
from perfkit.sources.delimited.read_csv import CsvExport
from perfkit.sources.faults import Faults, collected, refuse
from perfkit.sources.files import ExportFile
from perfkit.sources.presets import promises
from perfkit.sources.presets.filling import Rewritten
from perfkit.sources.presets.preparing import prepared
from perfkit.sources.presets.presetting import preset_of
from perfkit.sources.quarantine import Quarantine
from perfkit.sources.read_parquet import ParquetExport
from perfkit.sources.settings import Mapping, TableSettings
from perfkit.sources.values.proofs import prove
from perfkit.sources.xlsx.read_xlsx import XlsxExport
from perfkit.sources.xlsx.shown_amounts import refuse_doubtful_formats

Export = CsvExport | ParquetExport | XlsxExport | Rewritten


@dataclass(frozen=True)
class Workplace:
    """What every table of a load shares.

    Attributes
    ----------
    engine : DuckDBPyConnection
    folder : Path
        Where the tables are written.
    spill : Path
        For what is deleted in the end.
    quarantine : Quarantine
    currency, timezone : str
        The company's.
    step : callable
        Told in words what is being done.
    """

    engine: duckdb.DuckDBPyConnection
    folder: Path
    spill: Path
    quarantine: Quarantine
    currency: str
    timezone: str
    step: Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Opened:
    """One file of a table, ready to be read.

    Attributes
    ----------
    block : Block
        The files among which it is read alike.
    first_rule : int
        Number, from 1, of the first rule of its block among those of the table.
    export : Export
        Its rows; its `source` says how each column is written.
    mapped : dict
        Canonical column: what it is made of, by this file's headings; None where the file lacks an optional one.
    targets : list of Target
    excluded : list of str
        One SQL condition a declared rule: whether it leaves a row out.
    read_as : dict
        Source column of text: the types it is read as.
    notices : list of str
    """

    block: Block
    first_rule: int
    export: Export
    mapped: dict[str, Mapping | None]
    targets: list[Target]
    excluded: list[str]
    read_as: dict[str, set[str]]
    notices: list[str]

    @property
    def is_table(self) -> bool:
        """Whether the file is a table by its format, so that no row of it is a title or a total."""
        return isinstance(self.export, ParquetExport)


def opened(declared: Table, blocks: Sequence[Block], place: Workplace, *, thorough: bool) -> list[Opened]:
    """Open the files of a table, block by block; a column that a block does not map has no value in its rows.

    Raises
    ------
    DataError
        If a file has not the columns that the settings name, they cannot be read for certain, or two files differ.
    """
    faults: Faults = []
    read = []
    for block in blocks:
        with collected(faults):
            read.append(_read(declared, block, place))
    refuse(faults)
    made = {name: None for some in read for _, mapped in some for name, mapping in mapped.items() if mapping}
    names = [name for name in declared.names if name in made]
    names += [name for name in made if name not in names]
    files, first_rule = [], 1
    for block, some in zip(blocks, read, strict=True):
        with collected(faults):
            for export, mapped in some:
                here = {name: mapped.get(name) for name in names}
                files.append(_planned(declared, block, first_rule, export, here, place, thorough))
        first_rule += len(block.settings.exclude)
    refuse(faults)
    for file in files:
        _hold_to_its_promises(declared, file, place)
    return files


def _read(declared: Table, block: Block, place: Workplace) -> list[tuple[Export, dict[str, Mapping | None]]]:
    """The files of a block, each with what its columns are made of."""
    exports: list[Export] = []
    for file in block.files:
        place.step(f"{declared.name}: examining {file.name}")
        found = _open(file, declared, block.settings, place)
        exports.append(cast(Export, prepared(found, declared.name, block.settings, place.engine, place.spill)))
    mapped = [_resolved(declared, block.settings, export) for export in exports]
    for export, each in zip(exports, mapped, strict=True):
        if isinstance(inner := as_found(export), XlsxExport):
            refuse_doubtful_formats(declared, each, inner, currency=place.currency)
    _refuse_different(declared, exports, mapped)
    return list(zip(exports, mapped, strict=True))


def _resolved(declared: Table, settings: TableSettings, export: Export) -> dict[str, Mapping | None]:
    """What each canonical column is made of in a file; a member of a zip may be none of the table."""
    try:
        return resolved(declared, settings, export.source)
    except DataError as error:
        file = export.file
        if file.archive is None or file.archive.name == file.name:
            raise
        folder = file.name.rpartition("/")[0]
        raise DataError(f'{error} Or name what is to be read of the zip: files = "{folder}/*.csv"') from None


def as_found(export: Export) -> CsvExport | ParquetExport | XlsxExport:
    """Return an export as its file has it, before anything of it was written anew."""
    while isinstance(export, Rewritten):
        export = cast(Export, export.export)
    return export


def _open(
    file: ExportFile, declared: Table, settings: TableSettings, place: Workplace
) -> CsvExport | ParquetExport | XlsxExport:
    if file.kind == "parquet":
        return ParquetExport(file, declared.name, settings.format.null, place.timezone)
    names = wanted(declared, settings)
    if file.kind == "xlsx":
        return XlsxExport(file, declared.name, settings.format, names, settings.sheet)
    return CsvExport(file, declared.name, settings.format, names)


def _planned(
    declared: Table,
    block: Block,
    first_rule: int,
    export: Export,
    mapped: dict[str, Mapping | None],
    place: Workplace,
    thorough: bool,
) -> Opened:
    settings = block.settings
    read_as = {
        name: kinds
        for name, kinds in types(declared, mapped).items()
        if export.source.kind(name) in ("text", "cell") and not kinds <= {"id", "text"}
    }
    source = export.source
    if read_as:
        proven = prove(
            read_as,
            source,
            relation(export, list(read_as), place),
            place.engine,
            form=settings.format,
            currency=place.currency,
            timezone=place.timezone,
            table=declared.name,
            line_of=lambda row: place_of(export, row),
            thorough=thorough,
        )
        export.source = source = replace(source, writings=proven)
    targets = plan(declared, mapped, source, currency=place.currency)
    excluded = exclusions.conditions(declared, settings, source, targets)
    if settings.totals is None:
        beside = 0 if isinstance(export, ParquetExport) else totals.LOOKED_AT
        targets = totals.guarded(declared, source, targets, beside=beside)
    return Opened(block, first_rule, export, mapped, targets, excluded, read_as, list(export.notices))


def relation(export: Export, columns: list[str], place: Workplace) -> str:
    """Return SQL of an export's rows, which can be read again and again; of a Parquet file only these columns."""
    if isinstance(export, ParquetExport):
        place.engine.register("looked_at", export.reader(columns).read_all())
        return "looked_at"
    return export.relation(place.spill)


def place_of(export: Export, row: int) -> tuple[str, int]:
    """Return where a row of an export stands: its file, and sheet if there are any, and its line."""
    rows = next(iter(export.rows(np.array([row]))))
    name = export.file.name + (f", sheet {rows.sheets[0]!r}" if rows.sheets else "")
    return name, int(rows.lines[0])


def _hold_to_its_promises(declared: Table, file: Opened, place: Workplace) -> None:
    """Refuse a file for which a preset's figures would be wrong, or say what does not hold.

    Raises
    ------
    DataError
        What should hold and does not, by how much, and what to do.
    """
    own, settings = file.block.own, file.block.settings
    preset = preset_of(declared.name, own)
    if preset is None:
        return
    export, excluded = file.export, list(file.excluded)
    if not file.is_table and settings.totals is None:
        excluded.append(totals.no_data(declared, export.source, file.targets))
    columns = list(export.source.names)
    for broken in promises.broken(
        preset,
        own,
        lambda: relation(export, columns, place),
        export.source,
        file.targets,
        excluded,
        place.engine,
    ):
        if not broken.noted:
            raise DataError(broken.message)
        file.notices.append(broken.message)


def _refuse_different(declared: Table, exports: list[Export], mapped: list[dict[str, Mapping | None]]) -> None:
    """Refuse two files that would give the table different columns, where no setting says which there are."""
    for export, each in zip(exports, mapped, strict=True):
        odd = mapped[0].keys() ^ each.keys()
        if odd:
            name = sorted(odd)[0]
            has, lacks = (export, exports[0]) if name in each else (exports[0], export)
            raise DataError(
                f"{declared.name}: {has.file.name} has a column {name!r} and {lacks.file.name} has none. Half a column "
                f"would look like missing values. Give both the same columns, or say that it may be absent: "
                f'[tables.{declared.name}.columns] {name} = {{ column = "{name}", optional = true }}'
            )
