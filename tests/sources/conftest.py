"""A company of one test: its exports written as bytes, loaded with the settings under test."""

from decimal import Decimal
from pathlib import Path

import pytest

from perfkit.sources import load
from perfkit.sources.settings import Control, TableSettings, checked


class Desk:
    """A company's folder and its exports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "acme"
        self.exports = folder / "exports"
        self.exports.mkdir(parents=True, exist_ok=True)

    def write(self, name, content):
        """Write an export; text is UTF-8 and keeps its line ends."""
        path = self.exports / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(
        self, content=None, *, table="sales", name="sales.csv", control=None, currency="EUR", step=None, **settings
    ):
        """Load one table; `content`, where given, is written first."""
        if content is not None:
            self.write(name, content)
        declared = checked(TableSettings, {"files": name, **settings}, where="company.toml")
        totals = {table: Control.model_validate(control)} if control else {}
        more = {"step": step} if step else {}
        return load(self.folder, {table: declared}, totals, exports=self.exports, currency=currency, **more)

    @staticmethod
    def counts(snapshot, table="sales"):
        """(accepted, excluded, quarantined) rows."""
        report = snapshot.report["tables"][table]
        return tuple(report[part]["rows"] for part in ("accepted", "excluded", "quarantined"))

    @staticmethod
    def revenue(snapshot, part="accepted", table="sales"):
        """Sum of net revenue of a part, or of all that was read."""
        report = snapshot.report["tables"][table]
        return Decimal((report if part == "read" else report[part])["sums"]["net_revenue"])

    @staticmethod
    def aside(snapshot):
        """Quarantined rows as (line, column, value, reason)."""
        found = snapshot.quarantine().to_pyarrow().to_pylist()
        return [(row["line"], row["column"], row["value"], row["reason"]) for row in found]

    @staticmethod
    def column(snapshot, name, table="sales"):
        """Values of a column of the accepted rows, in order."""
        return snapshot.table(table).to_pyarrow().column(name).to_pylist()


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)
