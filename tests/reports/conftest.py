"""A company with a small notebook of its own: what the tests of reports run."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = """\
company: str = "."
period: str = "2026-10"
language: str = "en"
snapshot: str = ""
top: int = 3
"""

SALES_BY = '''\
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from perfkit import languages
from perfkit.languages import text
from perfkit.results import Field, Result, View, figure_frame

languages.use(language)


@dataclass(frozen=True, eq=False)
class SalesBy(Result):
    """Revenue by market, with its total."""

    rows: pd.DataFrame
    heading: str = "Market"
    title: str = "Revenue by market"
    kpi: str = "revenue"

    def figures(self):
        return figure_frame(
            {
                "figure_id": f"{self.kpi}:{row['market']}",
                "kpi": self.kpi,
                "period": period,
                "dimensions": {"market": row["market"]},
                "estimate": row["revenue"],
                "unit": "GBP",
                "basis": "sum of net revenue",
                "status": "observed",
                "reason": "",
            }
            for row in self.rows.to_dict("records")
        )

    def views(self):
        fields = [
            Field("market", self.heading),
            Field("revenue", "Revenue", unit="GBP", bar=True),
            Field("share", "Share", unit="share"),
            Field("change", "Change", unit="points", signed=True, tone_from="tone"),
        ]
        return [View(self.title, f"Net revenue, GBP, {period}", fields, self.rows, total=True, notes=["A note."])]


def sales(markets, **named):
    money = [Decimal(amount) for amount in markets.values()]
    total = sum(money)
    return SalesBy(
        pd.DataFrame(
            {
                "market": [*markets, "Total"],
                "revenue": [*money, total],
                "share": [float(each / total) for each in [*money, total]],
                "change": [0.0125, -0.031, None, 0.0][: len(money) + 1],
                "tone": ["good", "bad", None, None][: len(money) + 1],
            }
        ),
        **named,
    )
'''
SHOWN = 'sales({"North": "1234567.8901", "South": "-20.10", "East": "0.2099"})'

Company = Callable[..., Path]


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Return a function that makes a company whose report `audit` has the given cells."""

    def made(*cells: str, name: str = "Acme & Söhne", setup: str = SALES_BY) -> Path:
        folder = tmp_path / "acme"
        (folder / "notebooks").mkdir(parents=True, exist_ok=True)
        (folder / "company.toml").write_text(f'name = {_toml(name)}\ncurrency = "GBP"\n', encoding="utf-8")
        write_notebook(folder / "notebooks" / "audit.ipynb", *cells, setup=setup)
        return folder

    return made


def write_notebook(path: Path, *cells: str, setup: str = SALES_BY) -> None:
    """Write a report's notebook; a cell that begins with # and a space is text."""
    nodes = [
        new_markdown_cell("# Sales audit\n\nWhere do we stand?"),
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        *([new_code_cell(setup)] if setup else []),
    ]
    for cell in cells:
        nodes.append(new_markdown_cell(cell) if cell.startswith("#") else new_code_cell(cell))
    nbformat.write(new_notebook(cells=nodes), path)


def _toml(words: str) -> str:
    return '"' + "".join(rf"\U{ord(character):08X}" if character in '"\\\n' else character for character in words) + '"'
