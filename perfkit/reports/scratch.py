"""Scratch copies: a report's notebook for an analyst to change, set to run on the company as it stands."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import nbformat

from perfkit import periods
from perfkit.company import Company
from perfkit.reports import notebooks


def scratch_copy(report: str, acme: Company) -> Path:
    """Copy a report's notebook into the company's scratch/, set to its last complete month.

    Raises
    ------
    ParameterError
        If there is no report of that name.
    """
    notebook = notebooks.find(report, acme.path)
    notebooks.note_origin(notebook.node, notebook.name)
    chosen = {"company": "..", "period": _last_month(acme), "language": acme.settings.language, "snapshot": ""}
    _set_defaults(notebook.node, chosen)
    scratch = acme.path / "scratch"
    scratch.mkdir(exist_ok=True)
    free = (scratch / f"{notebook.name}-{number}.ipynb" for number in itertools.count(1))
    copy = next(path for path in free if not path.exists())
    nbformat.write(notebook.node, copy)
    return copy


def _set_defaults(node: Any, defaults: dict[str, str]) -> None:
    """Set parameters where the notebook declares them, so that its cells run as they stand."""
    for cell in node["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            for name, value in defaults.items():
                line = re.compile(rf"(?m)^({name}\b[^=\n]*=\s*).*$")
                written = json.dumps(value).replace("\\", r"\\")
                cell["source"] = line.sub(rf"\g<1>{written}", cell["source"])


def _last_month(acme: Company) -> str:
    month = periods.parse(f"{acme.observed_until:%Y-%m}")
    return (month if month.last_day <= acme.observed_until else month.previous()).label
