"""Manifest: what a published report was made from, by which notebook and version, and its files' hashes."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
        "brand": _brand(record.run.get("brand") or {}),
        "title": record.title,
        "headlines": [{name: each[name] for name in ("figure_id", "estimate", "unit")} for each in record.headlines],
        "started": started,
        "ended": ended,
        "notices": record.notices,
        "files": files,
    }
    (work / NAME).write_text(json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def _brand(worn: Mapping[str, str]) -> dict[str, str]:
    """Return a brand with its logo's sha256 for the logo, which the page carries."""
    logo = {"logo": hashlib.sha256(worn["logo"].encode()).hexdigest()} if "logo" in worn else {}
    return dict(worn) | logo


def first_day(company: Path, snapshot: str) -> dt.date | None:
    """Return the first day of a snapshot's sales; None where it has none."""
    sales = _loaded(company, snapshot).get("tables", {}).get("sales", {})
    return dt.date.fromisoformat(sales["observed"]["first"]) if sales.get("observed") else None


def source(company: Path, snapshot: str) -> dict[str, Any]:
    """Return what a snapshot was read from: its schema's version, and files with hashes."""
    load = _loaded(company, snapshot)
    if not load:
        return {"tables": None, "inputs": []}
    inputs = [
        {"table": name, "name": file["name"], "sha256": file["sha256"]}
        for name, table in load["tables"].items()
        for file in table["files"]
    ]
    return {"tables": f"perfkit.tables/{load['schema_version']}", "inputs": inputs}


def _loaded(company: Path, snapshot: str) -> dict[str, Any]:
    """Return what load.json says of a snapshot; nothing where a notebook of a company's own reads none."""
    try:
        return dict(json.loads((company / "snapshots" / snapshot / "load.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
