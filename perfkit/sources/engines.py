"""Engines: the one place that makes a DuckDB connection, shut in before it sees a byte that others wrote.

It reads and writes in the folders that it is given and nowhere else, fetches nothing, loads no extension, and no
SQL can change that.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import ibis

from perfkit.sources.files import literally, quoted

SPILL = "50GB"
"""What an engine may write in its spill folder."""


def locked(
    *, folders: Sequence[Path] = (), files: Iterable[Path] = (), spill: Path | None = None, memory: str = ""
) -> duckdb.DuckDBPyConnection:
    """Return a connection in memory that is shut in.

    Parameters
    ----------
    folders, files : paths
        What it may read and write.
    spill : Path, optional
        Where it works on disk when the memory is used up; else it fails then.
    memory : str
        What it may use, such as "1GB"; empty is four fifths of the machine's.
    """
    engine = _configured(folders, files, spill, memory)
    _lock(engine)
    return engine


def backend(*, folders: Sequence[Path], spill: Path | None = None) -> Any:
    """Return Ibis on such a connection, for files that do not change.

    What was fetched once is kept in `fetched`, by its expression, and rows that were given a name in `views`.
    Ibis has settings of its own, which it makes before all is locked.
    """
    engine = _configured(folders, (), spill, "")
    found = ibis.duckdb.from_connection(engine)
    found.fetched, found.views = {}, {}
    _lock(engine)
    return found


def _configured(
    folders: Iterable[Path], files: Iterable[Path], spill: Path | None, memory: str
) -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = {
        "temp_directory": str(spill) if spill else "",
        "preserve_insertion_order": True,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_unsigned_extensions": False,
    }
    if spill:
        config["max_temp_directory_size"] = SPILL
    if memory:
        config["memory_limit"] = memory
    engine = duckdb.connect(config=config)
    with suppress(duckdb.InvalidInputException):  # in Jupyter without ipywidgets there is no bar to hide
        engine.execute("SET enable_progress_bar = false")
    engine.execute("SET python_enable_replacements = false")  # a variable of ours is no table
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute(f"SET allowed_directories = {_both_spellings(folders)}")
    engine.execute(f"SET allowed_paths = {_both_spellings(files)}")
    return engine


def _lock(engine: duckdb.DuckDBPyConnection) -> None:
    engine.execute("SET enable_external_access = false")
    engine.execute("SET lock_configuration = true")


def _both_spellings(paths: Iterable[Path]) -> str:
    """A list of paths as they are, and as they stand in a query that takes no sign in them for a wildcard."""
    spelled = dict.fromkeys(text for path in paths for text in (str(path.resolve()), literally(path.resolve())))
    return f"[{', '.join(map(quoted, spelled))}]"
