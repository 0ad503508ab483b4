"""Running: one case through the load, and what came of it, read from what was published."""

import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from perfkit import company
from perfkit.errors import PerfkitError
from tests.corpus.cases import Case

PATIENCE = 120
"""Seconds after which a load hangs."""


@dataclass
class Found:
    """What a load came to; `crashed` holds a traceback, where anything but a refusal was raised."""

    state: str = ""
    accepted: int = 0
    excluded: int = 0
    quarantined: int = 0
    total: Decimal = Decimal(0)
    places: list[tuple[str, str | None, int, str | None]] = field(default_factory=list)
    message: str = ""
    notices: list[str] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    tables: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    neutral: bool = True
    leaked: list[str] = field(default_factory=list)
    crashed: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0


class _Hang(BaseException):
    """A load that takes too long."""


@contextmanager
def _patience(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise _Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(case: Case, folder: Path) -> Found:
    """Write a case, load it in this process, and clean up."""
    case.write(folder)
    try:
        return loaded(case, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def loaded(case: Case, folder: Path) -> Found:
    """Load a company's folder, and say what came of it."""
    found = Found()
    try:
        with _patience(PATIENCE), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            acme = company.load(folder)
            _published(case, folder, found)
            if case.neutral:
                _joined(case, acme, found)
    except PerfkitError as error:
        found.state, found.message = "refuse", str(error)
    except _Hang:
        found.crashed = f"hangs: still at it after {PATIENCE} seconds"
    except BaseException as error:  # even a panic of a library's own is told
        found.crashed = "".join(traceback.format_exception(error)[-4:])
    found.leaked = [
        secret for secret in case.secrets if _holds(folder / "snapshots", secret) or secret in found.message
    ]
    return found


def _published(case: Case, folder: Path, found: Found) -> None:
    """Read the snapshot's own files."""
    snapshot = folder / "snapshots" / "current"
    report = json.loads((snapshot / "load.json").read_text(encoding="utf-8"))
    parts = ("accepted", "excluded", "quarantined")
    for name, table in report["tables"].items():
        counts = tuple(table[part]["rows"] for part in parts)
        if name == "sales":
            found.accepted, found.excluded, found.quarantined = counts
        found.tables[name] = counts
        found.notices += table["notices"]
    sales = pq.read_table(snapshot / "sales.parquet")
    amounts = sales.column("net_revenue").to_pylist()
    found.total = sum((each for each in amounts if each is not None), Decimal(0))
    if (
        len(amounts) != found.accepted
        or Decimal(report["tables"]["sales"]["accepted"]["sums"]["net_revenue"]) != found.total
    ):
        raise AssertionError("load.json and sales.parquet disagree")
    for name in case.columns:
        if name in sales.column_names:
            found.columns[name] = sales.column(name).to_pylist()
    aside = pq.read_table(snapshot / "quarantine.parquet").to_pylist()
    found.places = [(row["file"], row["sheet"], row["line"], row["column"]) for row in aside]
    if found.places:
        found.state = "quarantine"
    else:
        found.state = "notes" if found.notices or any(each[1] for each in found.tables.values()) else "ok"


def _joined(case: Case, acme: company.Company, found: Found) -> None:
    """Whether sales beside their dimensions are as many and as much as without."""
    lines = acme.lines()
    count, total = lines.count().to_pyarrow().as_py(), lines.net_revenue.sum().to_pyarrow().as_py()
    found.neutral = count == found.accepted and (total or Decimal(0)) == found.total
    if "matched name" in case.columns:
        found.columns["matched name"] = lines.customer_name.to_pyarrow().to_pylist()


def _holds(folder: Path, secret: str) -> bool:
    return any(secret.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def run_apart(case: Case, folder: Path) -> Found:
    """Run a case in a process of its own, and measure its time and memory."""
    case.write(folder)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["perfkit.company", "duckdb", "pyarrow.parquet", "tests.corpus.running"])
    near, far = context.Pipe(duplex=False)
    bare = Case(case.kind, case.name, {}, None, case.outcomes, case.truth, case.columns)
    child = context.Process(target=_apart, args=(bare, folder, far))
    child.start()
    far.close()
    found = Found(crashed=f"hangs: still at it after {PATIENCE} seconds")
    try:
        if near.poll(PATIENCE + 5):
            with suppress(EOFError):
                found.crashed = "the process died"
                found = near.recv()
    finally:
        child.kill()
        child.join()
        near.close()
        shutil.rmtree(folder, ignore_errors=True)
    return found


def _apart(case: Case, folder: Path, pipe: Any) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))  # the machine is not to die of a bomb
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.monotonic()
    found = loaded(case, folder)
    after = resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found.seconds = min(used, time.monotonic() - start)
    found.megabytes = after.ru_maxrss / 1024
    pipe.send(found)
    pipe.close()


def run_command(case: Case, folder: Path) -> tuple[int, str, str]:
    """Load a case by the command line: its exit code, output and errors."""
    case.write(folder)
    command = [str(Path(sys.executable).with_name("perfkit")), "load", str(folder)]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=PATIENCE, check=False, env={**os.environ, "COLUMNS": "200"}
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
