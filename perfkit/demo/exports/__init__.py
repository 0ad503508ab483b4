"""Exports: the story as the tools of its company export it, with faults planted and listed."""

import json
import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from perfkit import assets
from perfkit.demo.bridges import bridges_as_loaded
from perfkit.demo.exports import books, crm, erp, flat, shop, workbooks
from perfkit.demo.fingerprints import faulty_documents, fingerprints
from perfkit.demo.story import Story

TRUTH = "truth.json"
"""What is true of the company, beside its company.toml; written last."""
UNFINISHED = ".exports.unfinished"
"""Where the exports lie until all are written: what a killed run leaves is swept by the next one."""


def write(story: Story, folder: Path) -> dict[str, Any]:
    """Write a company's folder: exports/, company.toml, its logo, audit/actions.toml, README.md and truth.json.

    The same story gives the same files, to the byte, so that a second load finds nothing new.

    Returns
    -------
    dict
        The truth, with "faults": what is wrong in the exports and where, see `faults.Fault`.
    """
    tables = story.tables
    exports = folder / UNFINISHED
    shutil.rmtree(exports, ignore_errors=True)
    exports.mkdir(parents=True)
    # The workbooks take as long as all the rest: they are written beside it, in a process of their own.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
        in_workbooks = beside.submit(workbooks.write, {name: tables[name] for name in workbooks.TABLES}, exports)
        faults = [
            *erp.write(tables["sales"], tables["products"], exports),
            *shop.write(tables["sales"], tables["products"], exports),
            *crm.write(tables, exports),
            *flat.write(tables, exports),
        ]
        books.write(tables["ledger"], tables["customers"], exports)
        faults += in_workbooks.result()
    shutil.rmtree(folder / "exports", ignore_errors=True)
    exports.rename(folder / "exports")
    (folder / "audit").mkdir(exist_ok=True)
    for name in ("company.toml", "README.md", "logo.svg", "audit/actions.toml"):
        shutil.copyfile(assets.path("examples/demo") / name, folder / name)
    entries = [fault.entry() for fault in faults]
    truth = story.truth | {
        "bridges_as_loaded": bridges_as_loaded(tables["sales"], entries),
        "fingerprints": {
            "for": "sales, column by column (perfkit/demo/fingerprints.py), but for documents that a fault names",
            "by_column_and_month": fingerprints(tables["sales"], faulty_documents(entries)),
        },
        "clean": clean(story),
        "faults": entries,
    }
    (folder / TRUTH).write_text(json.dumps(truth, indent=1, ensure_ascii=False), encoding="utf-8")
    return truth


def clean(story: Story) -> dict[str, dict[str, Any]]:
    """Return rows and money of each table of the story: what its exports hold beside the faults."""
    from perfkit.schema import TABLES

    found: dict[str, dict[str, Any]] = {}
    for name, rows in story.tables.items():
        money = TABLES[name].money
        found[name] = {"rows": len(rows), "money": None if money is None else f"{rows[money].sum():f}"}
    return found
