"""Publishing: a report appears whole or not at all, and yesterday's stays until then.

Work happens in `.run-<id>/` under a lock; then one rename to `<id>/`, and the `current` link is swapped
last. A run that was killed leaves only its `.run-<id>/`, which the next run of that report sweeps away.
"""

import contextlib
import datetime as dt
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from perfkit.errors import EngineError, ParameterError
from perfkit.reports import index

CURRENT = "current"
FAILED = ".failed.ipynb"


@dataclass(frozen=True)
class Published:
    """A published report.

    Attributes
    ----------
    folder : Path
        Its run-id folder: report.html, report.pdf, report.xlsx, figures.parquet, notebook.ipynb, manifest.json.
    notices : tuple of str
        What a reader must know of how it was made.
    adopted : str
        "" for a shipped notebook, else how the company's own stands to the shipped one.
    """

    folder: Path
    notices: tuple[str, ...] = ()
    adopted: str = ""

    @property
    def html(self) -> Path:
        """The report, by the path that stays the same from run to run."""
        return self.folder.parent / CURRENT / "report.html"

    @property
    def pdf(self) -> Path | None:
        """The report as PDF, by the path that stays the same; None where this machine could not make one."""
        return self.folder.parent / CURRENT / "report.pdf" if (self.folder / "report.pdf").exists() else None


@dataclass(frozen=True)
class Run:
    """A run that has the lock of its report: `work` is where it writes until it is published."""

    id: str
    place: Path
    work: Path


def new_id() -> str:
    """Return an id that sorts by time and is not met twice."""
    return f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


@contextmanager
def locked(company: Path, *, period: str, report: str, language: str, part: str = "") -> Iterator[Run]:
    """Hold the lock of a report, sweep what dead runs left, and give a folder to work in; remove it afterwards.

    A report of a part of the company, a segment, has a place of its own: it never becomes the whole's current one.

    Raises
    ------
    EngineError
        If another run of this report is under way, or its folder lies outside the company's.
    ParameterError
        If the period cannot name a folder.
    """
    from filelock import FileLock, Timeout

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", period):
        raise ParameterError(f"{period!r} is not a period: write 2026-10, 2026-Q3 or FY2026.")
    place = company / "reports" / period / ".".join(filter(None, (report, language, part)))
    if not place.resolve().is_relative_to(company.resolve()):
        raise EngineError(f"{place} leads outside the company's folder: remove the link that stands in its path.")
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    run = Run(run_id := new_id(), place, place / f".run-{run_id}")
    holder = place / ".running.json"
    lock = FileLock(place / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise EngineError(_busy(holder, place)) from None
    try:
        _sweep(place)
        _write(holder, json.dumps({"pid": os.getpid(), "run": run.id}))
        run.work.mkdir(mode=0o700)
        yield run
    finally:
        shutil.rmtree(run.work, ignore_errors=True)
        with contextlib.suppress(OSError):
            holder.unlink()
        lock.release()


def _busy(holder: Path, place: Path) -> str:
    try:
        told = json.loads(holder.read_text(encoding="utf-8"))
        who = f"process {told['pid']}, run {told['run']}"
    except (OSError, ValueError, KeyError):
        who = "another process"
    return f"{place.name} is being made now by {who}: wait until it is done, or stop it. Nothing new was published."


def _sweep(place: Path) -> None:
    """Remove what runs that are dead left: whoever holds the lock is the only one alive here."""
    from perfkit.reports import kernels

    for left in place.glob(".run-*"):
        if kernels.sweep(left.name.removeprefix(".run-")):  # else the next run tries again
            shutil.rmtree(left, ignore_errors=True)
    for left in place.glob(".next-*"):
        left.unlink(missing_ok=True)


def publish(run: Run, company: Path) -> Path:
    """Make the run's finished work the current report, in steps that each either happen or do not.

    Everything that needs space on the disk is written before the first rename.
    """
    from filelock import FileLock

    for path in run.work.iterdir():
        path.chmod(0o600)
        _sync(path)
    _sync(run.work)
    reports, target = company / "reports", run.place / run.id
    with FileLock(reports / ".index.lock"):
        page = index.page(company, joining=run.work, place=target)
        written, link = reports / ".index.next", run.place / f".next-{run.id}"
        try:
            _write(written, page)
            link.symlink_to(run.id)
            run.work.rename(target)
            link.replace(run.place / CURRENT)
            written.replace(reports / "index.html")
        finally:
            written.unlink(missing_ok=True)
            link.unlink(missing_ok=True)
    (run.place / FAILED).unlink(missing_ok=True)
    _sync(run.place)
    _sync(reports)
    return target


def keep_failed(run: Run, notebook: str) -> Path | None:
    """Keep the notebook of a failed run, as far as it came, in place of the last one that failed."""
    path = run.place / FAILED
    try:
        _write(path, notebook)
    except OSError:  # the disk may be what failed
        path.unlink(missing_ok=True)
        return None
    return path


def sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _write(path: Path, words: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(words)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    """Force a file or a folder's entries to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
