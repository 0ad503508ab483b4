"""Index: the page over all of a company's reports, made from their manifests alone."""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perfkit import languages, periods
from perfkit.results import environment


def page(company: Path, *, joining: Path, place: Path) -> str:
    """Return the index as it will be when the run that works in `joining` stands at `place`.

    Parameters
    ----------
    company : Path
    joining : Path
        Folder with the manifest of the run that is being published.
    place : Path
        Where it will lie.
    """
    current = {place.parent: _manifest(joining)}
    for link in (company / "reports").glob("*/*/current"):
        found = _manifest(link)
        if found and link.parent not in current:
            current[link.parent] = found
    rows: list[dict[str, Any]] = [
        {
            "manifest": manifest,
            "link": f"{folder.parent.name}/{folder.name}/current/",
            "earlier": _earlier(folder, place),
            "part": manifest.get("parameters", {}).get("segment", ""),
        }
        for folder, manifest in current.items()
    ]
    rows.sort(key=lambda row: (row["manifest"]["report"], row["manifest"]["language"]))
    periods = sorted({row["manifest"]["period"] for row in rows}, key=_latest, reverse=True)
    groups = [(_shown(period), [row for row in rows if row["manifest"]["period"] == period]) for period in periods]
    name = current[place.parent]["company"]
    return (
        environment()
        .get_template("runs.html.j2")
        .render(company=name, groups=groups, language=languages.current(), text=languages.text, plural=languages.plural)
    )


def _shown(label: str) -> str:
    return periods.parse(label).name()


def _latest(label: str) -> tuple[dt.date, int]:
    """Order periods by their last day, then the longer one first."""
    period = periods.parse(label)
    return period.end, period.days


def _manifest(folder: Path) -> Mapping[str, Any]:
    try:
        return dict(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):  # a run that is being removed by hand is no reason to refuse a new one
        return {}


def _earlier(folder: Path, place: Path) -> int:
    runs = {path.parent.name for path in folder.glob("[0-9]*/manifest.json")}
    if folder == place.parent:
        runs.add(place.name)
    return len(runs) - 1
