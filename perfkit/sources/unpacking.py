"""Unpacking: gzip and zip to plain files in the work folder, within limits that no header can talk away.

What comes out is counted while it comes out. A member's name is shown and matched, and never used as a path.
"""

import hashlib
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from io import FileIO
from itertools import chain
from pathlib import Path

from perfkit.errors import DataError, PerfkitError
from perfkit.sources import kinds
from perfkit.sources.files import ExportFile, naturally, passed_over
from perfkit.sources.kinds import UNREADABLE, Bounded, damaged, regular

MOST = 20_000_000_000
"""Bytes that may come out of all the archives of a load."""

RATIO, FREE = 200, 100_000_000
"""How many times its own size an archive may come to, once more than so many bytes came out of it."""

MEMBERS = 1_000
"""Entries of a zip."""

STREAMS = 1_000_000
"""Streams one behind the other in a gzip."""

GAP = 1 << 16
"""Bytes between two entries of a zip that may belong to neither."""

BLOCK = 1 << 20
"""Bytes that are unpacked at a time."""

_METHODS = {
    9: "Deflate64",
    12: "bzip2",
    14: "LZMA",
    93: "zstd",
    95: "xz",
    98: "PPMd",
    99: "AES encryption",
}


@dataclass
class Unpacker:
    """What is unpacked in one load.

    Attributes
    ----------
    folder : Path
        Where the files are written.
    step : callable
        Told in words what is being done.
    total : int
        Bytes that came out so far.
    """

    folder: Path
    step: Callable[[str], None]
    total: int = 0
    _made: dict[tuple[Path, str], ExportFile] = field(default_factory=dict)

    def unpacked(self, file: ExportFile, members: Sequence[str] = ()) -> list[ExportFile]:
        """Return the plain files that a file stands for: itself, unless it is a zip or a gzip.

        Parameters
        ----------
        file : ExportFile
        members : sequence of str
            Which members of a zip, as patterns; none is all of them.

        Raises
        ------
        DataError
            If the archive is damaged, encrypted, hostile or too large, or holds what is no export.
        """
        kind = file.kind
        if members and kind != "zip":
            raise DataError(f"{file.name} is no zip, so nothing in it can be called {members[0]!r}.")
        if kind in ("zip", "gzip"):
            self.step(f"unpacking {file.name}")
        if kind == "zip":
            return self._zip(file, members)
        return [self._gzip(file)] if kind == "gzip" else [file]

    def _gzip(self, file: ExportFile) -> ExportFile:
        key = (file.path, "")
        if key not in self._made:
            with regular(file.path, file.name) as raw:
                read = self._counted(_inflated(iter(lambda: raw.read(BLOCK), b""), file.name), file, [0])
                self._made[key] = self._written(read, file.name, file)
        return self._made[key]

    def _zip(self, file: ExportFile, members: Sequence[str]) -> list[ExportFile]:
        try:
            with Bounded(FileIO(file.path)) as raw, zipfile.ZipFile(raw) as archive:
                entries = archive.infolist()
                _refuse_hostile(file.name, entries)
                _refuse_unlisted(file.name, raw, entries, archive.start_dir)
                wanted, passed = _chosen(file.name, entries, members)
                out = [0]  # bytes, in all
                made = [self._member(archive, entry, file, out) for entry in wanted]
        except UNREADABLE as error:
            raise error if isinstance(error, PerfkitError) else damaged(file.name, error) from None
        notices = (_passing(file.name, passed),) if passed else ()
        return [_noted(made[0], notices), *made[1:]]

    def _member(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: ExportFile, out: list[int]) -> ExportFile:
        key, name = (file.path, entry.filename), f"{file.name}/{entry.filename}"
        if key not in self._made:
            declared, entry.file_size = entry.file_size, 1 << 62  # read to the end of the stream, not to what it says
            try:
                read = self._counted(_held(archive, entry, declared, name), file, out)
                first = next(read, b"")
                read = chain([first], read)
                if first.startswith(b"\x1f\x8b"):
                    read = self._counted(_inflated(read, name), file, out)
                self._made[key] = self._written(read, name, file)
            except UNREADABLE as error:
                raise error if isinstance(error, PerfkitError) else damaged(name, error) from None
        return self._made[key]

    def _counted(self, blocks: Iterable[bytes], file: ExportFile, out: list[int]) -> Iterator[bytes]:
        """Hand blocks on, and refuse what is more than any export."""
        for block in blocks:
            out[0] += len(block)
            self.total += len(block)
            if self.total > MOST:
                raise DataError(
                    f"{file.name}: the archives come to more than {MOST / 1e9:g} GB, so unpacking was stopped. "
                    "Split the export, or unpack it yourself and give the files."
                )
            if out[0] > max(FREE, RATIO * file.bytes):
                raise DataError(
                    f"{file.name} comes to more than {RATIO} times its size, as no export does, so unpacking was "
                    "stopped: it may be made to fill the disk. If it is honest, unpack it yourself and give the file."
                )
            yield block

    def _written(self, blocks: Iterable[bytes], name: str, archive: ExportFile) -> ExportFile:
        """Write a file under a name of ours, and see what it is."""
        path = self.folder / f"unpacked-{len(self._made) + 1:04}"
        digest, size = hashlib.sha256(), 0
        with path.open("xb") as file:
            for block in blocks:
                file.write(block)
                digest.update(block)
                size += len(block)
        if not size:
            raise DataError(f"{name} is empty (0 bytes): the export failed or was cut. Export it again.")
        kind = _kind(path, name, archive)
        if kind in ("zip", "gzip"):
            raise DataError(f"{name} is an archive within an archive, which is not opened. Unpack the outer one.")
        path = path.rename(path.with_suffix(f".{kind}"))
        return ExportFile(name, path, size, digest.hexdigest(), path.stat().st_mtime_ns, archive)


def _kind(path: Path, name: str, archive: ExportFile) -> str:
    """What came out of an archive; where it is no export, the others of a zip can be named alone."""
    try:
        return kinds.kind(path, name)
    except DataError as error:
        if name == archive.name:
            raise
        folder = name[: name.rfind("/")]
        raise DataError(f'{error} Or name what is to be read of the zip: files = "{folder}/*.csv"') from None


def _inflated(blocks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """What a gzip holds: its streams, each checked against its own length and sum, and nothing behind them."""
    stream, begun, streams = zlib.decompressobj(31), False, 0
    for data in blocks:
        while data:
            if stream.eof:
                streams += 1
                if streams > STREAMS:
                    raise DataError(f"{name}: more than {STREAMS:,} streams are no export. Unpack it: gunzip it.")
                stream, begun = zlib.decompressobj(31), False
            try:
                out = stream.decompress(data, BLOCK)
            except zlib.error as error:
                if streams and not begun:
                    raise DataError(
                        f"{name}: something stands behind the end of the gzip, and it is not known what. gunzip it, "
                        "look at what comes out, and give that file."
                    ) from None
                raise damaged(name, error) from None
            begun = True
            data = stream.unused_data if stream.eof else stream.unconsumed_tail
            if out:
                yield out
    if not stream.eof:
        raise damaged(name, "the gzip has no end")


def _held(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, declared: int, name: str) -> Iterator[bytes]:
    """What a member holds, as much of it as there is; its sum is checked at its end."""
    seen = 0
    with archive.open(entry) as stream:
        while block := stream.read(BLOCK):
            seen += len(block)
            yield block
    if seen != declared:
        raise damaged(name, f"it holds {seen:,} bytes, and its archive says {declared:,}")


def _refuse_hostile(archive: str, entries: list[zipfile.ZipInfo]) -> None:
    """An archive of which one entry is what no export needs is not trusted in the others."""
    if len(entries) > MEMBERS:
        raise DataError(f"{archive} holds {len(entries):,} entries; {MEMBERS:,} are opened at most. Split it.")
    if any(entry.header_offset < 0 for entry in entries):
        raise damaged(archive, "its list of members points outside of it")
    seen: set[str] = set()
    for entry in entries:
        if wrong := _wrong(entry, seen):
            raise DataError(f"{archive}: an entry is called {entry.orig_filename!r}, and {wrong} Nothing was unpacked.")
        seen.add(entry.filename)


def _refuse_unlisted(archive: str, raw: Bounded, entries: list[zipfile.ZipInfo], end: int) -> None:
    """The entries lie one behind the other, called as the list says, and none lies there that it does not name."""
    at = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        _refuse_gap(archive, raw, at, entry.header_offset)
        raw.seek(entry.header_offset)
        head = raw.read(30)
        if len(head) < 30 or head[:4] != b"PK\3\4":
            raise damaged(archive, f"{entry.filename} is not where its list says")
        named, extra = struct.unpack("<HH", head[26:])
        utf8 = int.from_bytes(head[6:8], "little") & 0x800
        if raw.read(named).decode("utf-8" if utf8 else "cp437") != entry.orig_filename:
            raise damaged(archive, f"{entry.filename} is called otherwise in its list")
        at = entry.header_offset + 30 + named + extra + entry.compress_size
    _refuse_gap(archive, raw, at, end)


def _refuse_gap(archive: str, raw: Bounded, start: int, end: int) -> None:
    """Between two entries stands at most the sum of the first."""
    if start > end:
        raise DataError(f"{archive}: its entries overlap, as in archives made to fill a disk. Nothing was unpacked.")
    raw.seek(start)
    if end - start > GAP or b"PK\3\4" in raw.read(end - start):
        raise damaged(archive, "it holds bytes that its list does not name")


def _wrong(entry: zipfile.ZipInfo, seen: set[str]) -> str:
    """What is wrong with an entry; empty where nothing is."""
    name = entry.orig_filename
    mode = entry.external_attr >> 16
    if not name or re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", name):
        return "such a name can hide what it is: it holds control characters, or nothing."
    if "\\" in name:
        return 'it holds "\\", which leads to another folder on some machines. Zip the files again.'
    if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in name.split("/"):
        return "that path leads out of the archive, over other files."
    if name in seen:
        return "another has the same name: it is not known which is right. Zip the files again, each once."
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it is a link or a device, not a file. Zip the file itself."
    if entry.flag_bits & 0x2041 or entry.compress_type == 99:
        return "it is encrypted. Unpack the archive with its password and give the files."
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 0x20:
        method = _METHODS.get(entry.compress_type, f"method {entry.compress_type}")
        return f"it is compressed with {method}, which is not read. Zip it again with Deflate, the usual method."
    return ""


def _chosen(
    archive: str, entries: list[zipfile.ZipInfo], patterns: Sequence[str]
) -> tuple[list[zipfile.ZipInfo], list[str]]:
    """The members to read, pattern by pattern, those of one by name, and the names of what was passed over."""
    files = [each for each in entries if not each.is_dir() and not any(map(passed_over, each.filename.split("/")))]
    passed = sorted({each.filename for each in entries} - {each.filename for each in files})
    names = {each.filename for each in files}
    files.sort(key=lambda each: naturally(each.filename))
    wanted = {
        each.filename: each
        for pattern in patterns or ("**",)
        for each in files
        if not patterns
        or (each.filename == pattern if pattern in names else _matches(each.filename.split("/"), pattern.split("/")))
    }
    if not files:
        raise DataError(f"{archive} holds no file. Zip the export again.")
    for pattern in patterns:
        if pattern not in names and not any(_matches(name.split("/"), pattern.split("/")) for name in names):
            more = f" and {len(names) - 20} more" if len(names) > 20 else ""
            raise DataError(f"{archive} holds no {pattern!r}. It holds: {', '.join(sorted(names)[:20])}{more}.")
    return list(wanted.values()), passed


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a member's path is one of a pattern, folder by folder; "**" is any number of folders."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return _matches(parts, pattern[1:]) or bool(parts and _matches(parts[1:], pattern))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _passing(archive: str, passed: list[str]) -> str:
    more = f" and {len(passed) - 3:,} more" if len(passed) > 3 else ""
    return (
        f"{archive}: folders and hidden files in it are no exports and were passed over: {', '.join(passed[:3])}{more}."
    )


def _noted(file: ExportFile, notices: tuple[str, ...]) -> ExportFile:
    return ExportFile(file.name, file.path, file.bytes, file.sha256, file.changed, file.archive, notices)
