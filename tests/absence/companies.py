"""Companies for the tests of absence: made from frames, loaded for good, and with something taken away."""

import copy
from functools import cached_property
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

import perfkit as pk
from perfkit.sources.snapshots import Snapshot


def made(folder: Path, tables: dict[str, pd.DataFrame], settings: str = "") -> pk.Company:
    """Load a company whose exports are these tables, each under its canonical headings."""
    exports = folder / "exports"
    exports.mkdir(parents=True)
    blocks = ['name = "Acme"', 'currency = "EUR"', settings]
    for name, frame in tables.items():
        frame.to_parquet(exports / f"{name}.parquet", index=False)
        blocks += [f"[tables.{name}]", f'files = "{name}.parquet"', 'totals = "keep"', f"[tables.{name}.columns]"]
        blocks += [f'{column} = "{column}"' for column in frame.columns]
    (folder / "company.toml").write_text("\n".join(blocks) + "\n", encoding="utf-8")
    return pk.load(folder)


class Without(Snapshot):
    """A snapshot from which a table, or a column of it, is taken away: as if it had never been given."""

    def __init__(self, whole: Snapshot, table: str, column: str = "") -> None:
        super().__init__(whole.path)
        self._whole, self._table, self._column = whole, table, column

    @cached_property
    def report(self) -> dict[str, Any]:
        """The whole report less what is said of the table, or of the column."""
        report = copy.deepcopy(self._whole.report)
        if not self._column:
            del report["tables"][self._table]
        report["strangers"] = [each for each in report.get("strangers", []) if not self._concerns(each)]
        return report

    def table(self, name: str) -> ibis.Table:
        """A table, less the column."""
        if name not in self.names:
            return super().table(name)  # refuses it
        whole = self._whole.table(name)
        return whole.drop(self._column) if self._column and name == self._table else whole

    def _concerns(self, stranger: dict[str, Any]) -> bool:
        """Say whether ids that no list knows are of the list, or in the column, that is away."""
        if self._column:
            return self._table == "sales" and stranger.get("column") == self._column
        return stranger.get("table") == self._table


def without(acme: pk.Company, table: str, column: str = "") -> pk.Company:
    """Return the company without a table, or without a column of it."""
    return pk.Company(acme.path, acme.settings, Without(acme.snapshot, table, column))
