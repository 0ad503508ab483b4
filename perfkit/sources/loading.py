"""Loading: exports in, a checked snapshot out, or a refusal and nothing changed.

load.json, beside what `tally` says about each table, holds

    schema_version, fingerprint, currency
    tables    by name: the counts of `tally`, and
              files      [{name, bytes, sha256, rows}], and archive {name, bytes, sha256} of one that was unpacked
              format     how text was read
              columns    canonical name: what it is made from
              not_read   source columns that nothing reads
              observed   {column, first, last}: the days of the accepted rows
              control    the totals that were declared and hit
              totals     what totals rows say against what was read: see `totals`
              overlaps   [{first, second, rows, money}]: rows of the second file that stand in the first too
              repeats    documents that stand several times in one file: see `repeats.settled`
              states     of sales: rows whose status says that they are none, see `states.found`
              numbers    of sales: order numbers that name several orders, see `numbers.found`
              strangers  of sales: ids that no row of their own table has, see `strangers.found`
              signs      of sales: credit notes and costs whose sign is odd, see `signs.found`
              shortened  ids that a spreadsheet has made numbers of, see `strangers.shortened`
              notices    sentences about what a person should know
    stored    by file name: {bytes, sha256} of what was written
"""

import errno
import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from contextvars import copy_context
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import duckdb
import pyarrow as pa

from perfkit import schema
from perfkit.errors import DataError, EngineError, ParameterError, PerfkitError
from perfkit.sources import engines, files, numbers, quarantine, signs, snapshots, strangers
from perfkit.sources.blocks import Block
from perfkit.sources.faults import Faults, collected, refuse
from perfkit.sources.files import ExportFile
from perfkit.sources.opening import Workplace
from perfkit.sources.presets.presetting import merged
from perfkit.sources.quarantine import Quarantine
from perfkit.sources.settings import Blocks, Control, blocks
from perfkit.sources.snapshots import Snapshot
from perfkit.sources.taking import Contradicted, take_table
from perfkit.sources.unpacking import Unpacker

READER = 8
"""Version of how files are read; another one makes another snapshot of the same files."""

MEMORY = "1GB"
"""Memory that an engine may use; beyond it, it works on disk in the work folder."""

AT_A_TIME = 2
"""Tables that are taken side by side."""

PATIENCE = 10.0
"""Seconds that are waited, once a table was refused, for what is wrong with the others: it is told together."""

Found = dict[str, list[list[tuple[ExportFile, tuple[str, ...]]]]]
"""By table and block, the files as they lie in the exports folder, and the patterns of the members read of each."""


def _silent(message: str) -> None:
    """Say nothing: the default of a step's progress."""


def _anything(snapshot: Snapshot) -> None:
    """Accept any snapshot: the default of a load."""


def load(
    folder: str | Path,
    tables: Mapping[str, Blocks],
    control: dict[str, Control] | None = None,
    *,
    exports: str | Path,
    currency: str,
    timezone: str = "UTC",
    step: Callable[[str], None] = _silent,
    accept: Callable[[Snapshot], None] = _anything,
) -> Snapshot:
    """Load a company's exports into a checked snapshot and make it the current one.

    The same files under the same settings are the same snapshot: it is proven and used again.

    Parameters
    ----------
    folder : path
        The company's folder.
    tables : mapping
        Settings by canonical table: one block, or a sequence of them where files of several shapes make the table.
    control : dict, optional
        Totals to hit, by table.
    exports : path
        Where the files are.
    currency : str
        The company's currency; rows in another one are quarantined.
    timezone : str
        Where the company's days begin and end: a Parquet time in a zone counts on the day that it was there.
    step : callable, optional
        Told in words what is being done.
    accept : callable, optional
        Looks at the finished snapshot and raises where it does not fit the rest of the company: then it is not kept.

    Raises
    ------
    DataError
        If the files cannot carry what the settings say, or a total is missed.
    ParameterError
        If the settings ask for what there is not.
    EngineError
        If the disk or the engine fails. In each case the snapshot in use before stays in use.
    """
    exports, control = Path(exports), control or {}
    _refuse_strangers(tables, control)
    try:
        with snapshots.locked(folder) as place:
            return _load(place, tables, control, exports, currency, timezone, step, accept)
    except duckdb.Error as error:
        said = str(error).splitlines()[0]
        if any(sign in str(error) for sign in ("No space left", "File too large")) or isinstance(
            error, duckdb.OutOfMemoryException
        ):
            raise EngineError(f"no space left for {folder}: {said}. Nothing was kept.") from None
        raise EngineError(f"the engine failed: {said}. Nothing was kept.") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise EngineError(
                f"no space left on the disk of {folder}. Nothing was kept; free some and load again."
            ) from None
        where = f" {error.filename}" if error.filename else ""
        raise EngineError(f"the disk failed{where}: {error.strerror or error}. Nothing was kept.") from None


def _load(
    place: Path,
    tables: Mapping[str, Blocks],
    control: dict[str, Control],
    exports: Path,
    currency: str,
    timezone: str,
    step: Callable[[str], None],
    accept: Callable[[Snapshot], None],
) -> Snapshot:
    step("looking at the files")
    found = _found(tables, exports)
    fingerprint = _fingerprint(found, tables, control, currency, timezone)
    if kept := _kept(place / fingerprint):
        step("nothing new: the snapshot of these files is used again")
        accept(kept)
        snapshots.point(kept)
        return kept
    thorough: set[str] = set()
    while True:
        work = place / f".load-{uuid.uuid4().hex}"
        work.mkdir(mode=0o700)
        try:
            snapshot = _build(work, fingerprint, found, tables, control, currency, timezone, step, thorough)
            break
        except Contradicted as found_out:
            thorough.add(found_out.table)
            step(f"{found_out.table}: looking at every row, because a later one is written otherwise")
        finally:
            shutil.rmtree(work, ignore_errors=True)
    try:
        accept(snapshot)
    except PerfkitError:
        if (now := snapshots.current(place.parent)) is None or now.fingerprint != fingerprint:
            snapshots.discard(snapshot.path)
        raise
    step("done")
    snapshots.point(snapshot)
    return snapshot


def _build(
    work: Path,
    fingerprint: str,
    found: Found,
    tables: Mapping[str, Blocks],
    control: dict[str, Control],
    currency: str,
    timezone: str,
    step: Callable[[str], None],
    thorough: set[str],
) -> Snapshot:
    """Write every table, the quarantine and load.json in the work folder, then put it in its place."""
    spill = work / "spill"
    spill.mkdir()
    try:
        plain = _unpacked(found, spill, step)
        read = [file.path for some in plain.values() for group in some for file in group]

        def taken(name: str, engine: duckdb.DuckDBPyConnection) -> dict[str, Any]:
            place = Workplace(engine, work, spill, aside[name], currency, timezone, step)
            totals = control.get(name, Control())
            groups = [Block.of(name, own, group) for own, group in zip(blocks(tables[name]), plain[name], strict=True)]
            return take_table(schema.TABLES[name], groups, totals, place, thorough=name in thorough)

        aside = {name: Quarantine(spill / f"quarantine-{name}.parquet") for name in tables}
        with ExitStack() as opened:
            made = [
                opened.enter_context(
                    engines.locked(folders=[work], files=read, spill=spill / f"engine-{number}", memory=MEMORY)
                )
                for number in range(min(AT_A_TIME, len(tables)))
            ]
            try:
                reports = _side_by_side(list(tables), taken, made)
            finally:
                for each in aside.values():
                    each.close()
            quarantine.join([each.path for each in aside.values()], work / "quarantine.parquet")
            engine = made[0]  # to make one more takes as long as to load a small company
            columns = {name: list(each["columns"]) for name, each in reports.items()}
            unknown = strangers.found(work, columns, engine)
            shortened = strangers.shortened(work, columns, engine)
            if "sales" in reports:
                odd = signs.found(work, columns["sales"], tables["sales"], engine)
                several = numbers.found(work, columns["sales"], engine)
                reports["sales"] |= {"strangers": unknown, "signs": odd, "numbers": several}
                reports["sales"]["notices"] += signs.notices(odd)
            for name, sentences in strangers.notices(shortened, unknown).items():
                reports[name]["notices"] += sentences
                reports[name]["shortened"] = shortened[name]
    except (PerfkitError, duckdb.Error, pa.ArrowException):
        _refuse_if_any_changed(found)  # that explains whatever else seemed wrong
        raise
    step("comparing the files with what they were")
    _refuse_if_any_changed(found)
    shutil.rmtree(spill)
    stored = [files.examine(path, work) for path in sorted(work.iterdir())]
    report = {
        "schema_version": schema.VERSION,
        "fingerprint": fingerprint,
        "currency": currency,
        "tables": reports,
        "stored": {file.name: {"bytes": file.bytes, "sha256": file.sha256} for file in stored},
    }
    (work / "load.json").write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")
    return snapshots.publish(work, fingerprint)


def _side_by_side(
    names: list[str],
    taken: Callable[[str, duckdb.DuckDBPyConnection], dict[str, Any]],
    made: Sequence[duckdb.DuckDBPyConnection],
) -> dict[str, dict[str, Any]]:
    """Take tables, as many at a time as there are engines; what is wrong with several of them is told together."""
    free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
    for each in made:
        free.put(each)

    def take(name: str) -> dict[str, Any]:
        mine = free.get()
        try:
            return taken(name, mine)
        finally:
            free.put(mine)

    with ThreadPoolExecutor(len(made)) as pool:
        started = {name: pool.submit(copy_context().run, take, name) for name in names}
        try:
            first, left = wait(started.values(), return_when=FIRST_EXCEPTION)
            if all(_is_fault(each.exception()) for each in first):  # else nothing is told of the others
                wait(left, timeout=PATIENCE)
            done = [each for each in started.values() if each.done()]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            while still := [each for each in started.values() if each.running()]:
                for each in made:
                    each.interrupt()  # nobody waits for what will not be kept
                wait(still, timeout=0.1)
    wrong = [error for each in done if (error := each.exception()) is not None]
    refuse([error for error in wrong if isinstance(error, DataError | ParameterError)])
    if wrong:
        raise wrong[0]
    return {name: each.result() for name, each in started.items()}


def _is_fault(error: BaseException | None) -> bool:
    return error is None or isinstance(error, DataError | ParameterError)


def _found(tables: Mapping[str, Blocks], exports: Path) -> Found:
    """The files of each table as they lie, each hashed once, and which members of them are read."""
    seen: dict[Path, ExportFile] = {}
    found: Found = {}
    faults: Faults = []
    for name, said in tables.items():
        found[name] = []
        for block in blocks(said):
            with collected(faults):
                named = files.find(exports, block.files, table=name)
                for path in named:
                    if path not in seen:
                        seen[path] = files.examine(path, exports)
                found[name].append([(seen[path], members) for path, members in named.items()])
    refuse(faults)
    return found


def _unpacked(found: Found, spill: Path, step: Callable[[str], None]) -> dict[str, list[list[ExportFile]]]:
    """The plain files of each table and block."""
    unpacker = Unpacker(spill, step)
    return {
        name: [[plain for file, members in group for plain in unpacker.unpacked(file, members)] for group in some]
        for name, some in found.items()
    }


def _refuse_if_any_changed(found: Found) -> None:
    for each in {file.path: file for some in found.values() for group in some for file, _ in group}.values():
        files.refuse_if_changed(each)


def _refuse_strangers(tables: Mapping[str, Blocks], control: dict[str, Control]) -> None:
    if not tables:
        raise ParameterError(
            "company.toml names no table, such as [tables.sales]. "
            "Let one be proposed from an export: perfkit map COMPANY FILE"
        )
    faults: Faults = []
    for name, said in tables.items():
        if not all(block.confirmed for block in blocks(said)):
            faults.append(
                ParameterError(
                    f"[tables.{name}] was proposed by perfkit map, and nobody has confirmed it. Check every line of "
                    "it, then delete the line confirmed = false."
                )
            )
    for name in control:
        if name not in tables:
            faults.append(ParameterError(f"[control] {name}: there is no [tables.{name}] whose totals it could be."))
    refuse(faults)


def _fingerprint(
    found: Found,
    tables: Mapping[str, Blocks],
    control: dict[str, Control],
    currency: str,
    timezone: str,
) -> str:
    """Hash of everything that a snapshot depends on; where the files lie is not part of it."""
    parts = {
        "schema": schema.VERSION,
        "reader": READER,
        "currency": currency,
        "timezone": timezone,
        "files": {
            name: _one_or_all([[(file.name, file.sha256) for file, _ in group] for group in some])
            for name, some in found.items()
        },
        "tables": {
            name: _one_or_all([block.model_dump(mode="json") for block in blocks(said)])
            for name, said in tables.items()
        },
        "presets": {
            name: _one_or_all([merged(name, block).model_dump(mode="json") for block in blocks(said)])
            for name, said in tables.items()
            if any(block.preset is not None for block in blocks(said))
        },
        "control": {name: totals.model_dump(mode="json") for name, totals in control.items()},
    }
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _one_or_all(some: list[Any]) -> Any:
    """What one block says, or the list of what several do."""
    return some[0] if len(some) == 1 else some


def _kept(path: Path) -> Snapshot | None:
    """The snapshot of these very files, if it is there and undamaged."""
    if not path.is_dir():
        return None
    snapshot = Snapshot(path)
    try:
        snapshot.prove()
    except DataError:
        return None
    return snapshot
