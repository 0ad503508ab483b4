"""Manifest: what a published report was made from, by which notebook and version, and its files' hashes."""

import json
from pathlib import Path

from perfkit.reports.figures import SCHEMA
from perfkit.reports.publishing import sha256
from perfkit.reports.record import Record

NAME = "manifest.json"


def write(work: Path, record: Record, *, started: str, ended: str) -> None:
    """Write the manifest of the files that lie in the work folder."""
    files = {
        path.name: {"sha256": sha256(path), "bytes": path.stat().st_size}
        for path in sorted(work.iterdir())
        if path.is_file()
    }
    content = {
        "schema": "perfkit.manifest/1",
        "figures": SCHEMA,
        **record.run,
        "title": record.title,
        "headlines": [{name: each[name] for name in ("figure_id", "estimate", "unit")} for each in record.headlines],
        "started": started,
        "ended": ended,
        "notices": record.notices,
        "files": files,
    }
    (work / NAME).write_text(json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def inputs(company: Path, snapshot: str) -> list[dict[str, str]]:
    """Return the names and hashes of the files that a snapshot was read from, as its load.json says."""
    try:
        load = json.loads((company / "snapshots" / snapshot / "load.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [{"name": str(each["name"]), "sha256": str(each["sha256"])} for each in load.get("inputs", [])]
