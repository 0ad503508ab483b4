"""Files: which exports a table's settings name, and proof that they did not change while they were read."""

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from perfkit.errors import DataError, EngineError, nearest


@dataclass(frozen=True)
class ExportFile:
    """One file as it was found.

    Attributes
    ----------
    name : str
        Its path under the exports folder, with "/".
    path : Path
    bytes : int
    sha256 : str
    changed : int
        Its modification time in nanoseconds, when it was hashed.
    """

    name: str
    path: Path
    bytes: int
    sha256: str
    changed: int

    @property
    def kind(self) -> str:
        """How it is read, by its first bytes: "csv" or "parquet".

        Raises
        ------
        DataError
            If it is something that is not read.
        """
        with self.path.open("rb") as file:
            head = file.read(4)
        suffix = self.path.suffix.lower()
        if head == b"PAR1":
            return "parquet"
        if suffix in (".parquet", ".pq"):
            raise DataError(f"{self.name} is not a Parquet file: it does not begin with PAR1. Export it again.")
        if suffix in (".xlsx", ".xls", ".ods") or head in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
            raise DataError(f"{self.name} is a workbook or a zip file, which is not read. Save it as CSV or Parquet.")
        if head.startswith(b"\x1f\x8b"):
            raise DataError(f"{self.name} is compressed with gzip, which is not read. Unpack it first: gunzip it.")
        return "csv"


def find(exports: Path, patterns: Sequence[str], *, table: str) -> list[Path]:
    """Return the files that a table's `files` setting names, in the order of their names.

    Raises
    ------
    DataError
        If a pattern names none (what the folder holds is listed), or what it names is not a readable file.
    """
    if not exports.is_dir():
        raise DataError(
            f"there is no exports folder {exports}. Put the files of [tables.{table}] there, "
            "or say where they are: --exports DIR."
        )
    found: dict[Path, None] = {}
    for pattern in patterns:
        inside = re.sub(r"^(\./)?exports/", "", pattern)
        exact = exports / inside
        matched = (
            [exact]
            if exact.exists()
            else sorted(p for p in exports.glob(inside) if not p.is_dir() and p.name[0] != ".")
        )
        if not matched:
            raise DataError(_none_found(exports, pattern, inside, table))
        if matched == [exact] and exact.is_dir():
            raise DataError(f'{inside} is a folder. Name the files in it: [tables.{table}] files = "{inside}/*.csv"')
        found |= dict.fromkeys(matched)
    return sorted(found)


def _none_found(exports: Path, pattern: str, inside: str, table: str) -> str:
    held = sorted(p.relative_to(exports).as_posix() for p in exports.rglob("*") if p.is_file())
    guess = nearest(inside, held)
    meant = f" Did you mean {guess!r}?" if guess else ""
    more = f" and {len(held) - 20} more" if len(held) > 20 else ""
    holds = f"It holds: {', '.join(held[:20])}{more}." if held else "It is empty."
    return f"[tables.{table}] files = {pattern!r}: no such file in {exports}.{meant} {holds}"


def examine(path: Path, exports: Path) -> ExportFile:
    """Hash a file.

    Raises
    ------
    DataError
        If it is empty, is not a regular file or may not be read.
    """
    name = path.relative_to(exports).as_posix()
    if not path.is_file():
        raise DataError(f"{name} is not a regular file, so it cannot be read twice and compared.")
    try:
        before = path.stat()
        digest = _digest(path)
    except PermissionError:
        raise DataError(f"{name} may not be read by this user. Give it read permission: chmod u+r {path}") from None
    except OSError as error:
        raise EngineError(f"{name} could not be read: {error.strerror}.") from None
    if not before.st_size:
        raise DataError(f"{name} is empty (0 bytes): the export failed or was cut. Export it again.")
    return ExportFile(name, path, before.st_size, digest, before.st_mtime_ns)


def refuse_if_changed(file: ExportFile) -> None:
    """Compare a file with what it was before it was read.

    Raises
    ------
    DataError
        If its size, time or bytes differ: what was read is neither the old file nor the new one.
    """
    try:
        now = file.path.stat()
        same = (now.st_size, now.st_mtime_ns) == (file.bytes, file.changed) and _digest(file.path) == file.sha256
    except FileNotFoundError:
        same = False
    if not same:
        raise DataError(
            f"{file.name} changed while it was being read, so nothing of it was kept. "
            "Wait until the export is complete, then load again."
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Make sure a file's or folder's bytes are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def literally(path: Path) -> str:
    """Return a path as DuckDB's readers take it for itself, whatever wildcard signs it holds."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def quoted(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def named(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
