"""Snapshots: what was loaded, written once under the fingerprint of what it was made from, and never edited.

<company>/snapshots/<fingerprint>/    <table>.parquet, <table>.places.parquet, quarantine.parquet, load.json
<company>/snapshots/current           a link to the one in use, moved last
<company>/snapshots/<fingerprint>.pin there if that snapshot is never to be pruned
"""

import json
import os
import shutil
import tempfile
import uuid
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import filelock
import ibis
import numpy as np
import pandas as pd

from perfkit import schema
from perfkit.errors import DataError, EngineError, ParameterError
from perfkit.sources import engines, places
from perfkit.sources.files import examine, flush, literally

WAIT = 600
"""Seconds that a load waits for another load of the same company."""


class Snapshot:
    """One checked snapshot.

    Attributes
    ----------
    path : Path
    fingerprint : str
        What the snapshot was made from, in 16 characters.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.fingerprint = self.path.name
        self._proven: set[str] = set()

    def __repr__(self) -> str:
        return f"<Snapshot {self.fingerprint}: {', '.join(self.names)}>"

    @cached_property
    def report(self) -> dict[str, Any]:
        """What load.json says; its keys are described in `tally` and `loading`.

        Raises
        ------
        DataError
            If it is not there, not whole, or of another version of the canonical tables.
        """
        try:
            report: dict[str, Any] = json.loads((self.path / "load.json").read_text(encoding="utf-8"))
            version = report["schema_version"]
        except (OSError, ValueError, KeyError, TypeError):
            raise DataError(f"snapshot {self.fingerprint} is damaged: load.json cannot be read. {_AGAIN}") from None
        if version != schema.VERSION:
            raise DataError(
                f"snapshot {self.fingerprint} follows version {version} of the canonical tables, this perfkit "
                f"version {schema.VERSION}, so its columns may mean something else. {_AGAIN}"
            )
        return report

    @property
    def names(self) -> tuple[str, ...]:
        """The canonical tables it holds."""
        return tuple(self.report["tables"])

    def table(self, name: str) -> ibis.Table:
        """Return one of its tables, its bytes proven first.

        Raises
        ------
        DataError
            If the file is not the one that was written.
        """
        if name not in self.names:
            raise ParameterError(f"snapshot {self.fingerprint} has no table {name!r}; it has: {', '.join(self.names)}.")
        return self._read(f"{name}.parquet")

    def named(self, rows: ibis.Table) -> ibis.Table:
        """Give rows made of its tables a name in the engine, so that Ibis need not translate them for each question."""
        engine, made = rows._find_backend(), rows.op()
        if made not in engine.views:
            engine.views[made] = engine.create_view(f"rows_{len(engine.views)}", rows)
        return engine.views[made]

    def numbered(self, name: str) -> ibis.Table:
        """Return one of its tables with `file_row_number`, by which `places` knows the rows, as its last column."""
        self.table(name)
        path = literally(self.path.resolve() / f"{name}.parquet")
        return self._engine.read_parquet(path, table_name=f"{name}_numbered", file_row_number=True)

    def places(self, name: str, rows: "np.ndarray[Any, np.dtype[np.int64]]") -> pd.DataFrame:
        """Return the file, sheet and line of rows of a table, by their numbers.

        Raises
        ------
        DataError
            If the snapshot was loaded before perfkit kept them.
        """
        stored = f"{name}.places.parquet"
        if stored not in self.report["stored"]:
            raise DataError(
                f"snapshot {self.fingerprint} does not say on which line each row stood: it was loaded by an earlier "
                f"perfkit. {_AGAIN}"
            )
        self._prove(stored)
        return places.located(self.path / stored, rows)

    def quarantine(self) -> ibis.Table:
        """Return the rows that were not accepted: where each stands, why, and the whole of it."""
        return self._read("quarantine.parquet")

    def prove(self) -> None:
        """Compare every file with the hash taken when it was written.

        Raises
        ------
        DataError
            If one is missing or differs.
        """
        for name in self.report["stored"]:
            self._prove(name)

    def _read(self, name: str) -> ibis.Table:
        self._prove(name)
        return self._engine.read_parquet(
            literally(self.path.resolve() / name), table_name=name.removesuffix(".parquet")
        )

    @cached_property
    def _engine(self) -> Any:
        spill = Path(tempfile.mkdtemp(prefix="perfkit-spill-"))
        weakref.finalize(self, shutil.rmtree, spill, ignore_errors=True)
        return engines.backend(folders=[self.path], spill=spill)

    def _prove(self, name: str) -> None:
        if name in self._proven:
            return
        stored = self.report["stored"][name]
        try:
            found = examine(self.path / name, self.path).sha256
        except (DataError, EngineError):
            found = ""
        if found != stored["sha256"]:
            raise DataError(
                f"snapshot {self.fingerprint} is damaged: {name} is not the file that was written. {_AGAIN}"
            )
        self._proven.add(name)


_AGAIN = "Load the exports again: perfkit load"


def home(folder: str | Path) -> Path:
    """Return where a company's snapshots are."""
    return Path(folder) / "snapshots"


def current(folder: str | Path) -> Snapshot | None:
    """Return the snapshot in use, or None where nothing was loaded yet."""
    link = home(folder) / "current"
    return Snapshot(link.resolve()) if link.exists() else None


def listing(folder: str | Path) -> pd.DataFrame:
    """Return a company's snapshots, the latest first.

    Columns: fingerprint, loaded_at (UTC), tables, rows, quarantined, bytes, current, pinned, problem (why
    it cannot be used, or missing).
    """
    now = current(folder)
    rows = []
    for path in _complete(folder):
        row: dict[str, Any] = {
            "fingerprint": path.name,
            "loaded_at": pd.Timestamp(path.stat().st_mtime_ns, tz="UTC"),
            "tables": "",
            "rows": pd.NA,
            "quarantined": pd.NA,
            "bytes": sum(each.stat().st_size for each in path.iterdir()),
            "current": now is not None and now.fingerprint == path.name,
            "pinned": _pin_of(path).exists(),
            "problem": None,
        }
        try:
            tables = Snapshot(path).report["tables"]
            row["tables"] = ", ".join(tables)
            row["rows"] = sum(each["rows"] for each in tables.values())
            row["quarantined"] = sum(each["quarantined"]["rows"] for each in tables.values())
        except DataError as error:
            row["problem"] = str(error)
        rows.append(row)
    columns = ["fingerprint", "loaded_at", "tables", "rows", "quarantined", "bytes", "current", "pinned", "problem"]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.sort_values(["loaded_at", "fingerprint"], ascending=False, ignore_index=True)
    return frame.assign(loaded_at=[at.floor("s") for at in frame["loaded_at"]])


def find(folder: str | Path, fingerprint: str) -> Snapshot:
    """Return a snapshot by its fingerprint, or the first characters of it.

    Raises
    ------
    ParameterError
        If there is none, or more than one begins so.
    """
    names = [path.name for path in _complete(folder)]
    matches = [name for name in names if fingerprint and name.startswith(fingerprint)]
    if len(matches) == 1:
        return Snapshot(home(folder) / matches[0])
    if matches:
        raise ParameterError(
            f"snapshot {fingerprint!r}: {len(matches)} begin so: {', '.join(matches)}. Write more of it."
        )
    held = f"There are: {', '.join(names)}." if names else "Nothing was loaded yet."
    raise ParameterError(f"no snapshot {fingerprint!r}. {held}")


def pin(folder: str | Path, fingerprint: str, *, keep: bool = True) -> Snapshot:
    """Keep a snapshot for good, so that `prune` leaves it; `keep=False` takes the pin out."""
    snapshot = find(folder, fingerprint)
    if keep:
        _pin_of(snapshot.path).touch()
    else:
        _pin_of(snapshot.path).unlink(missing_ok=True)
    return snapshot


def prune(folder: str | Path, *, keep: int) -> list[str]:
    """Delete all but the `keep` latest snapshots, the current one and the pinned ones; return what was deleted."""
    if keep < 0:
        raise ParameterError(f"keep = {keep}: how many of the latest snapshots to keep, 0 or more.")
    with locked(folder):
        found = listing(folder)
        old = found.iloc[keep:].query("not current and not pinned")
        for fingerprint in old["fingerprint"]:
            discard(home(folder) / fingerprint)
        return list(old["fingerprint"])


@contextmanager
def locked(folder: str | Path) -> Iterator[Path]:
    """Hold a company's snapshots alone; what a killed load left behind is swept first."""
    place = home(folder)
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = filelock.FileLock(place / ".lock", timeout=WAIT)
        lock.acquire()
    except filelock.Timeout:
        raise EngineError(
            f"another load of {Path(folder).name} has been running for {WAIT} seconds; try again."
        ) from None
    except OSError as error:
        raise EngineError(f"cannot write in {place}: {error.strerror}. Nothing was loaded.") from None
    try:
        for stale in place.glob(".load-*"):
            if stale.is_symlink():
                stale.unlink()
            else:
                shutil.rmtree(stale, ignore_errors=True)
        yield place
    finally:
        lock.release()


def publish(work: Path, fingerprint: str) -> Snapshot:
    """Put a finished work folder in its place, whole or not at all; the caller holds the lock."""
    target = work.parent / fingerprint
    for each in work.iterdir():
        flush(each)
    flush(work)
    if target.exists():  # damaged, or it would have been used
        discard(target)
    os.rename(work, target)
    flush(target.parent)
    return Snapshot(target)


def point(snapshot: Snapshot) -> None:
    """Make a snapshot the current one, in one step."""
    place = snapshot.path.parent
    link = place / f".load-link-{uuid.uuid4().hex}"
    link.symlink_to(snapshot.fingerprint, target_is_directory=True)
    os.replace(link, place / "current")
    flush(place)


def discard(path: Path) -> None:
    """Delete a snapshot so that it is never seen in part."""
    away = path.parent / f".load-gone-{uuid.uuid4().hex}"
    os.rename(path, away)
    shutil.rmtree(away, ignore_errors=True)
    _pin_of(path).unlink(missing_ok=True)


def _complete(folder: str | Path) -> list[Path]:
    place = home(folder)
    if not place.is_dir():
        return []
    return sorted(each for each in place.iterdir() if each.is_dir() and not each.is_symlink() and each.name[0] != ".")


def _pin_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.pin")
