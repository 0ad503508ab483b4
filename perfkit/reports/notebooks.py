"""Notebooks: which one makes a report, whether a company made it its own, and its words in the run's language."""

import hashlib
import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perfkit import assets, languages
from perfkit.errors import DataError, ParameterError, unknown
from perfkit.reports.parameters import declared


@dataclass(frozen=True)
class Notebook:
    """The notebook that makes a report.

    Attributes
    ----------
    name : str
        Name of the report: the file's name without its ending.
    path : Path
    node : dict
        Its content, as nbformat gives it.
    fingerprint : str
        sha256 of its cells' kinds and sources.
    adopted : str
        "" for a shipped one, else "adopted", "adopted, 2 versions behind" or "own" (perfkit ships none of that name).
    """

    name: str
    path: Path
    node: Any
    fingerprint: str
    adopted: str


def known(company: Path | None = None) -> list[str]:
    """Return the names of the reports there are: the shipped ones, and the company's own."""
    folders = [assets.path("notebooks")] + ([company / "notebooks"] if company else [])
    return sorted({path.stem for folder in folders for path in folder.glob("*.ipynb")})


def find(report: str, company: Path) -> Notebook:
    """Return the notebook of a report; the one that the company adopted wins over the shipped one.

    Raises
    ------
    ParameterError
        If there is no such report.
    DataError
        If the notebook cannot be read.
    """
    names = known(company)
    name = report.removesuffix(".ipynb").replace("-", "_")
    if name not in names:
        raise ParameterError(unknown("report", report, names))
    own, shipped = company / "notebooks" / f"{name}.ipynb", assets.path("notebooks") / f"{name}.ipynb"
    if not own.is_file():
        node = read(shipped)
        return Notebook(name, shipped, node, fingerprint(node), "")
    node = read(own)
    return Notebook(name, own, node, fingerprint(node), _state(node, read(shipped) if shipped.is_file() else None))


def read(path: Path) -> Any:
    """Read a notebook file.

    Raises
    ------
    DataError
        If it is not a notebook of the current format.
    """
    nbformat = _nbformat()
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # whatever nbformat meets, the file is no notebook
        raise DataError(f"{path.name} cannot be read as a notebook ({path}): {error}") from None


def _nbformat() -> Any:
    """Import nbformat, which is slow: only a run pays for it, and not for a grammar that no notebook needs.

    Where JupyterLab has brought rfc3987_syntax, jsonschema compiles the grammar of IRIs when it is imported: seconds.
    """
    grammar = "rfc3987_syntax"
    if "jsonschema" not in sys.modules and grammar not in sys.modules:
        sys.modules[grammar] = None  # type: ignore[assignment]  # for jsonschema it is not there
        try:
            import jsonschema  # noqa: F401
        finally:
            del sys.modules[grammar]
    import nbformat

    return nbformat


def fingerprint(node: Any) -> str:
    """Return the sha256 of what a notebook does and says: its cells, without outputs and metadata."""
    cells = [[cell["cell_type"], cell["source"]] for cell in node["cells"]]
    return hashlib.sha256(json.dumps(cells, ensure_ascii=False).encode()).hexdigest()


def _state(own: Any, shipped: Any | None) -> str:
    if shipped is None:
        return "own"
    taken = own["metadata"].get("perfkit", {})
    if taken.get("adopted_from") == fingerprint(shipped):
        return "adopted"
    behind = _version(shipped) - int(taken.get("adopted_version", _version(shipped) - 1))
    return f"adopted, {max(behind, 1)} version{'s' if behind > 1 else ''} behind"


def _version(node: Any) -> int:
    return int(node["metadata"].get("perfkit", {}).get("version", 1))


def note_origin(node: Any, name: str) -> None:
    """Note in a notebook which shipped version of a report it was copied from; a note that is there stays."""
    about = node["metadata"].setdefault("perfkit", {})
    shipped = assets.path("notebooks") / f"{name}.ipynb"
    if shipped.is_file() and "adopted_from" not in about:
        original = read(shipped)
        about |= {"adopted_from": fingerprint(original), "adopted_version": _version(original)}


def adopt(notebook: Path, company: Path) -> Path:
    """Make a notebook the company's own report of its name; an own one that stood there is kept as `.before`.

    A scratch copy is numbered (commercial_audit-2.ipynb): the number is no part of the report's name.

    Raises
    ------
    ParameterError
        If its name cannot name a report, or its parameters cell is not as a report needs it.
    DataError
        If it cannot be read.
    """
    import nbformat

    node = read(notebook)
    name = re.sub(r"-\d+$", "", notebook.stem)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise ParameterError(f"{notebook.name} cannot name a report: use letters, digits and _ only.")
    declared(node, notebook.name)
    note_origin(node, name)
    for cell in node["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    target = company / "notebooks" / f"{name}.ipynb"
    target.parent.mkdir(exist_ok=True)
    if target.exists() and target.resolve() != notebook.resolve():
        shutil.copy2(target, target.with_suffix(".ipynb.before"))
    nbformat.write(node, target)
    return target


def translate(node: Any) -> None:
    """Put the Markdown of a notebook into the language in use, in place."""
    for cell in node["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = languages.translated(cell["source"])
