"""Files: which exports a table's settings name, and proof that they did not change while they were read."""

import filecmp
import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perfkit.errors import DataError, EngineError, ParameterError, nearest
from perfkit.sources import kinds

_PASSED_OVER = ("thumbs.db", "desktop.ini", "__macosx")
"""What file managers leave beside files, in lower case."""


@dataclass(frozen=True)
class ExportFile:
    """One file as it was found, or one that was unpacked.

    Attributes
    ----------
    name : str
        Its path under the exports folder, with "/"; of a zip's member: the zip's, "/" and the member's.
    path : Path
        Where its bytes are: that of an unpacked file is in the work folder and has a name of ours.
    bytes : int
    sha256 : str
    changed : int
        Its modification time in nanoseconds, when it was hashed.
    archive : ExportFile or None
        The zip or gzip that it came out of.
    notices : tuple of str
        What a person should know about how it was unpacked.
    """

    name: str
    path: Path
    bytes: int
    sha256: str
    changed: int
    archive: "ExportFile | None" = None
    notices: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """How it is read, by its first bytes: "csv", "parquet" or "xlsx"; or unpacked: "gzip" or "zip".

        Raises
        ------
        DataError
            If it is something that is not read.
        """
        return kinds.kind(self.path, self.name)

    def entry(self, rows: int) -> dict[str, Any]:
        """What load.json says about it."""
        said = {"name": self.name, "bytes": self.bytes, "sha256": self.sha256, "rows": rows}
        if self.archive:
            held = self.archive
            said["archive"] = {"name": held.name, "bytes": held.bytes, "sha256": held.sha256}
        return said


def find(exports: Path, patterns: Sequence[str], *, table: str) -> dict[Path, tuple[str, ...]]:
    """Return the files that a table's `files` setting names: pattern by pattern, those of one by their names.

    Returns
    -------
    dict
        Each file, and the patterns of the members that are read of it where it is a zip; none is all of them.

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
    found: dict[Path, tuple[str, ...]] = {}
    for pattern in patterns:
        inside = re.sub(r"^(\./)?exports/", "", pattern)
        try:
            matched = _matched(exports, inside)
        except (ValueError, NotImplementedError, OSError) as error:
            said = error.strerror if isinstance(error, OSError) else error
            raise DataError(f"[tables.{table}] files = {pattern!r} names no file: {said}.") from None
        if not matched:
            raise DataError(_none_found(exports, pattern, inside, table))
        if any(path.is_dir() for path in matched):
            folder = inside.rstrip("/") or "."
            raise DataError(f'{inside} is a folder. Name the files in it: [tables.{table}] files = "{folder}/*.csv"')
        for path in sorted(matched, key=lambda each: naturally(each.relative_to(exports).as_posix())):
            members = matched[path]
            whole = not members or (path in found and not found[path])
            found[path] = () if whole else (*found.get(path, ()), *members)
    return found


def naturally(name: str) -> tuple[list[list[tuple[str, tuple[int, str]]]], str]:
    """Return by what names sort as people count: c_9 before c_10, folder by folder, whatever their case."""
    parts = []
    for part in name.casefold().split("/"):
        pieces = re.split("([0-9]+)", part)
        numbers = [piece.lstrip("0") for piece in pieces[1::2]]
        parts.append([*zip(pieces[::2], [(len(number), number) for number in numbers] + [(0, "")], strict=True)])
    return parts, name


def _matched(exports: Path, inside: str) -> dict[Path, tuple[str, ...]]:
    """The files of one pattern: one that is called so, else those that it matches, in zips too."""
    exact = exports / inside
    if exact.exists():
        return {exact: ()}
    matched: dict[Path, tuple[str, ...]] = dict.fromkeys(_matching(exports, inside), ())
    parts = inside.split("/")
    for depth in range(1, len(parts)):
        held = "/".join(parts[:depth])
        archives = [exports / held] if (exports / held).is_file() else []
        if not archives and parts[depth - 1].casefold().endswith(".zip"):
            archives = _matching(exports, held)
        matched |= dict.fromkeys(archives, ("/".join(parts[depth:]),))
    return matched


def _matching(exports: Path, pattern: str) -> list[Path]:
    """What a pattern matches, without folders and what was never meant to be an export."""
    return [
        path
        for path in exports.glob(pattern)
        if not path.is_dir() and not any(map(passed_over, path.relative_to(exports).parts))
    ]


def passed_over(name: str) -> bool:
    """Whether a file or folder of that name is hidden, or the lock or leftover of a program."""
    return name.startswith((".", "~$")) or name.casefold() in _PASSED_OVER


def _none_found(exports: Path, pattern: str, inside: str, table: str) -> str:
    held = sorted(
        path.relative_to(exports).as_posix()
        for path in exports.rglob("*")
        if path.is_file() and not any(map(passed_over, path.relative_to(exports).parts))
    )
    guess = nearest(inside, held)
    meant = f" Did you mean {guess!r}?" if guess else ""
    more = f" and {len(held) - 20} more" if len(held) > 20 else ""
    holds = f"It holds: {', '.join(held[:20])}{more}." if held else "It is empty."
    return f"[tables.{table}] files = {pattern!r}: no such file in {exports}.{meant} {holds}"


def inside(path: Path, exports: Path) -> Path:
    """Return an export by the path that somebody typed: from where they stand, or from the exports folder.

    A file where they stand from which the export of that name was copied is that export.

    Raises
    ------
    ParameterError
        If it is not there, or not in the exports folder, or if two different files are called so.
    """
    home, own = exports.resolve(), exports / path
    if path.is_file() and home in path.resolve().parents:
        return exports / path.resolve().relative_to(home)
    there = own.is_file() and home in own.resolve().parents
    if there and (not path.is_file() or filecmp.cmp(path, own, shallow=False)):
        return exports / own.resolve().relative_to(home)
    if there:
        raise ParameterError(
            f"two different files are called {path}: {path.absolute()}, and {own}, which is the one that a load reads. "
            f"Write {own} if you mean that one; else copy the other over it, or beside it under another name."
        )
    if path.is_file() or own.is_file():
        raise ParameterError(f"{path} is not in {exports}, where a load looks. Copy it there first.")
    raise ParameterError(f"there is no file {path}, neither here nor in {exports}.")


def examine(path: Path, exports: Path) -> ExportFile:
    """Hash a file.

    Raises
    ------
    DataError
        If it is empty, is not a regular file, lies outside the exports folder by a link, may not be read, or has a
        name that cannot be written down.
    """
    name = path.relative_to(exports).as_posix()
    _refuse_name(name)
    _refuse_outside(path, exports, name)
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


def _refuse_name(name: str) -> None:
    if not name.isprintable() and re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", name):
        raise DataError(
            f"a file is called {name!a}, which holds control characters or is not UTF-8: no report could name it. "
            "Rename it."
        )


def _refuse_outside(path: Path, exports: Path, name: str) -> None:
    """A link may lead elsewhere in the exports folder, not out of it."""
    try:
        inside = path.resolve().is_relative_to(exports.resolve())
    except (OSError, RuntimeError):  # links in a ring
        inside = False
    if not inside:
        raise DataError(
            f"{name} is a link that leads out of the exports folder, so it was not read. Copy the file itself into "
            "it, or say where the exports lie: --exports DIR"
        )


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
    with kinds.regular(path, path.name) as file:
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
