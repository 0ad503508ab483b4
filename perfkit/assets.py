"""Assets: where the shipped notebooks, templates and examples lie, in a checkout and in a wheel."""

from pathlib import Path

from perfkit.errors import EngineError

_PACKAGE = Path(__file__).parent
_WHEEL = _PACKAGE / "_assets"
_ROOT = _WHEEL if _WHEEL.is_dir() else _PACKAGE.parent


def path(name: str) -> Path:
    """Return the path of a shipped file or folder, such as ``"notebooks/commercial_audit.ipynb"``.

    Raises
    ------
    EngineError
        If the installation lacks it.
    """
    found = _ROOT / name
    if not found.exists():
        raise EngineError(f"This installation of perfkit lacks {name}: install the package again.")
    return found
