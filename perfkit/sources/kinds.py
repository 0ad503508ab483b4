"""Kinds: what a file is, by its first bytes; what is no export is refused with what it is and what to do."""

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from perfkit.errors import DataError

HEAD = 1 << 16
"""First bytes that are looked at."""

LARGEST_DIRECTORY = 8_000_000
"""Bytes of a zip's list of members; a longer one is not read."""

UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    EOFError,
    ValueError,
    OverflowError,
    LookupError,
)
"""What Python raises about a zip whose bytes cannot be right."""

_EXCEL = "Open it in Excel and save it as .xlsx or CSV."
_DATABASE = "Export the table from it as CSV or Parquet."
_COMPRESSED = "Unpack it first, or compress it as .gz or .zip."
_PROGRAM = "It is no export and was not run. Export the data as CSV."
_COLUMNS = "Write it as Parquet or CSV."

_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls), or a workbook protected by a password", _EXCEL),
    (b"%PDF-", "a PDF", "Ask for the same list as Excel or CSV."),
    (b"SQLite format 3\0", "an SQLite database", _DATABASE),
    (b"\0\1\0\0Standard ", "an Access database", _DATABASE),
    (b"{\\rtf", "a rich text document (RTF)", "Ask for the same list as Excel or CSV."),
    (b"\x89PNG", "an image", "Ask for the numbers as Excel or CSV."),
    (b"\xff\xd8\xff", "an image", "Ask for the numbers as Excel or CSV."),
    (b"GIF8", "an image", "Ask for the numbers as Excel or CSV."),
    (b"II*\0", "an image", "Ask for the numbers as Excel or CSV."),
    (b"MM\0*", "an image", "Ask for the numbers as Excel or CSV."),
    (b"BZh", "compressed with bzip2", _COMPRESSED),
    (b"\xfd7zXZ\0", "compressed with xz", _COMPRESSED),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", _COMPRESSED),
    (b"\x04\x22\x4d\x18", "compressed with lz4", _COMPRESSED),
    (b"\x1f\x9d", "compressed with compress (.Z)", _COMPRESSED),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _COMPRESSED),
    (b"Rar!\x1a\x07", "a RAR archive", _COMPRESSED),
    (b"MSCF\0", "a Windows cabinet", _COMPRESSED),
    (b"\x7fELF", "a program", _PROGRAM),
    (b"\xca\xfe\xba\xbe", "a program", _PROGRAM),
    (b"\xcf\xfa\xed\xfe", "a program", _PROGRAM),
    (b"#!/", "a script", _PROGRAM),
    (b"FEA1", "a Feather file", _COLUMNS),
    (b"ARROW1\0\0", "an Arrow or Feather file", _COLUMNS),
    (b"Obj\x01", "an Avro file", _COLUMNS),
    (b"\x89HDF", "an HDF5 file", _COLUMNS),
    (b"\x93NUMPY", "a NumPy array", _COLUMNS),
    (b"\xac\xed\x00\x05", "a serialised Java object", "It is never opened: it can run code. Export the data as CSV."),
    (b"%!PS", "a PostScript document", "Ask for the same list as Excel or CSV."),
    (b"-----BEGIN PGP", "encrypted", "Decrypt it first."),
)
"""First bytes, what such a file is, and what to do."""

_ENDINGS = {
    ".pkl": "a pickle",
    ".pickle": "a pickle",
    ".joblib": "a pickle",
    ".json": "JSON",
    ".jsonl": "JSON",
    ".ndjson": "JSON",
    ".yaml": "YAML",
    ".yml": "YAML",
    ".xml": "XML",
    ".html": "a web page",
    ".htm": "a web page",
    ".orc": "an ORC file",
    ".feather": "a Feather file",
    ".avro": "an Avro file",
    ".dbf": "a dBase table",
    ".sql": "a script",
    ".py": "a script",
}
"""Ends of names of what is no export, whatever its bytes are."""

_ZIPS = (
    ("xl/workbook.bin", "a binary workbook (.xlsb)", _EXCEL),
    ("content.xml", "an OpenDocument file (.ods)", "Save it as .xlsx or CSV."),
    ("word/document.xml", "a Word document", "Ask for the same list as Excel or CSV."),
    ("ppt/presentation.xml", "a PowerPoint presentation", "Ask for the same list as Excel or CSV."),
    ("Index/Document.iwa", "a Numbers document", "Export it from Numbers as Excel or CSV."),
    ("META-INF/MANIFEST.MF", "a program", _PROGRAM),
)
"""Members that tell what a zip is, and what to do."""

_IN_OTHER_WORDS = {
    "File is not a zip file": "the list of what a zip holds is missing at its end",
    "EOFError": "it ends too early",
    "Error -5 while decompressing data: incomplete or truncated stream": "it ends too early",
}
"""What Python says, as others say it."""

_PAGE = re.compile(
    rb"\s*(?:(?><!--.*?-->)\s*+)*+<(!doctype\s+html|html|head|body|table|meta|script|div|style)\b", re.I | re.S
)
_XML = re.compile(rb"\s*<\?xml\b", re.I)
_JSON = re.compile(rb'\s*(\{\s*["}]|\[\s*[\[{"\]])')
_YAML = re.compile(rb"(%YAML\b|---[ \t]*\r?\n\s*[\w'\"-]+\s*:|.*!!python/)")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_CONTROLS = frozenset(range(1, 32)) - frozenset(b"\t\n\v\f\r\x1a\x1b")


def kind(path: Path, name: str) -> str:
    """Return what a file is: "csv" (any delimited text), "parquet", "xlsx", "gzip" or "zip".

    Parameters
    ----------
    path : Path
        Where its bytes are.
    name : str
        What it is called: the end of it is a promise that its bytes must keep.

    Raises
    ------
    DataError
        If it is something that is not read: what it is, and what to do.
    """
    with regular(path, name) as file:
        head = file.read(HEAD)
    suffix = PurePosixPath(name.casefold()).suffix
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip(path, name)
    if suffix == ".gz":  # what came out of it is called as it was
        suffix = PurePosixPath(name.casefold().removesuffix(".gz")).suffix
    if head.startswith(b"PAR1"):
        return "parquet"
    _refuse(name, *_strange(head, suffix))
    _refuse_broken_promise(name, suffix)
    return "csv"


def regular(path: Path, name: str) -> io.BufferedReader:
    """Open a regular file to be read; a pipe, a device or a socket is refused and never waited for.

    Raises
    ------
    DataError
        If it is no regular file.
    """
    if stat.S_ISREG(path.stat().st_mode):
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        file = os.fdopen(handle, "rb")
        if stat.S_ISREG(os.fstat(handle).st_mode):
            return file
        file.close()
    raise DataError(f"{name} is not a regular file, so it cannot be read twice and compared.")


class Bounded(io.BufferedReader):
    """A zip's bytes; its list of members is not read where it would fill the memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read so many bytes, unless they are too many."""
        if size is not None and size > LARGEST_DIRECTORY:
            raise zipfile.BadZipFile("its list of members is too long")
        return super().read(size)


def _zip(path: Path, name: str) -> str:
    """Tell a zip that is to be unpacked from a document that is stored as one."""
    try:
        with Bounded(io.FileIO(path)) as raw, zipfile.ZipFile(raw) as archive:
            members = set(archive.namelist())
    except UNREADABLE as error:
        raise damaged(name, error) from None
    for member, what, do in _ZIPS:
        if member in members:
            _refuse(name, what, do)
    if "[Content_Types].xml" in members and any(member.startswith("xl/") for member in members):
        return "xlsx"
    if PurePosixPath(name.casefold()).suffix in (".xlsx", ".xlsm"):
        raise DataError(f"{name} is called a workbook and is none: it holds no xl/ folder. Save it again from Excel.")
    return "zip"


def damaged(name: str, error: object) -> DataError:
    """A zip, a gzip or a workbook whose bytes cannot be right."""
    said = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
    said = _IN_OTHER_WORDS.get(said, said)
    return DataError(f"{name} is damaged or cut: {said}. Copy or export it again.")


def _strange(head: bytes, suffix: str) -> tuple[str, str]:
    """What a file is that is no export, and what to do; both empty where nothing speaks against text."""
    for beginning, what, do in _BEGINNINGS:
        if head.startswith(beginning):
            return what, do
    if head.startswith((b"\x80\2", b"\x80\3", b"\x80\4", b"\x80\5")) or _ENDINGS.get(suffix) == "a pickle":
        return "a pickle", "It is never opened: it can run code. Write the data as CSV or Parquet."
    if head[8:12] == b"DUCK":
        return "a DuckDB database", _DATABASE
    if head[257:262] == b"ustar":
        return "a tar archive", _COMPRESSED
    if head[:2] == b"MZ" and b"\0" in head:
        return "a program", _PROGRAM
    if (head[:4] == b"RIFF" and head[8:12] == b"WEBP") or head[4:8] == b"ftyp" or (head[:2] == b"BM" and b"\0" in head):
        return "an image", "Ask for the numbers as Excel or CSV."
    if head[:3] == b"ORC" and _binary(head):
        return "an ORC file", _COLUMNS
    if head and not head.strip(b"\0"):
        return "made of zero bytes", "Its copy failed, or its disk did. Copy or export it again."
    return _marked_up(head, suffix)


def _marked_up(head: bytes, suffix: str) -> tuple[str, str]:
    """What a text is that is no table of lines."""
    text = head
    for mark in _MARKS:
        if head.startswith(mark):
            text = head.removeprefix(mark)
    if head.startswith(_MARKS[1:]):
        text = text.replace(b"\0", b"")
    page = "a web page (HTML), such as a login page or a list saved from a browser"
    if _PAGE.match(text):
        return page, "Open it in a browser to see which; if it is the list, open it in Excel and save it as .xlsx."
    if _XML.match(text):
        if b"schemas-microsoft-com:office:spreadsheet" in text or b"Excel.Sheet" in text:
            return "an Excel workbook of 2003 (XML)", _EXCEL
        if b"<html" in text.lower():
            return page, "Export the list as Excel or CSV."
        return "XML", "Export the same list as Excel or CSV."
    if _JSON.match(text):
        return "JSON", "Export the same list as Excel, CSV or Parquet."
    if _YAML.match(text):
        return "YAML", "Export the same list as Excel or CSV."
    if suffix in _ENDINGS:
        return _ENDINGS[suffix], "Export the same list as Excel, CSV or Parquet."
    if _binary(head):
        return "no text and no kind of file that is known", "Export the list as Excel, CSV or Parquet."
    return "", ""


def _binary(head: bytes) -> bool:
    """Whether bytes hold what no text does: many different control characters, not as halves of UTF-16."""
    if head.startswith(_MARKS[1:]) or len(_CONTROLS & set(head)) < 8:
        return False
    even, odd = head[::2].count(0), head[1::2].count(0)
    return max(even, odd) <= 10 * min(even, odd) + 2


def _refuse(name: str, what: str, do: str) -> None:
    if what:
        raise DataError(f"{name} is {what}, which is not read. {do}")


def _refuse_broken_promise(name: str, suffix: str) -> None:
    """A name that promises another kind than its bytes are."""
    if suffix in (".parquet", ".pq"):
        raise DataError(f"{name} is not a Parquet file: it does not begin with PAR1. Export it again.")
    if suffix in (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"):
        raise DataError(
            f"{name} is called a workbook and is plain text, or damaged. If it is text, give it a name that ends in "
            ".csv; else export it again."
        )
    if name.casefold().endswith((".zip", ".7z", ".rar", ".bz2", ".xz", ".zst")):
        raise DataError(f"{name} is called an archive and is none: it is damaged, or text. Copy or export it again.")
