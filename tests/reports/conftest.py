"""A company with a small notebook of its own: what the tests of reports run."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from perfkit import reports
from perfkit.reports import Published

PARAMETERS = """\
company: str = "."
period: str = "2026-10"
language: str = "en"
snapshot: str = ""
top: int = 3
segment: str = ""
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
CHART = """\
from matplotlib import pyplot as plt

from perfkit.charts import show_chart

figure, axes = plt.subplots()
axes.plot([1, 2])
figure.set_label("Revenue doubled from £1 to £2 <&\\">")
show_chart(axes)
"""
Company = Callable[..., Path]


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Return a function that makes a company whose report `audit` has the given cells."""
    return partial(made, tmp_path / "acme")


@pytest.fixture(scope="session")
def make_company() -> Company:
    """Return the function behind `company`, for a folder of one's own."""
    return made


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A report with a table, a chart, prose, and outputs that a report does not take over."""
    acme = made(
        tmp_path_factory.mktemp("published") / "acme",
        "## Markets\n\nWhere is it **sold**?",
        'sales({"North": "1234567.8901", "South": "-20.10", "East": "0.2099"})',
        CHART,
        "## Other outputs",
        'print("printed <b>words</b>")',
        "from IPython.display import HTML, Markdown, display",
        "display(HTML('<script>window.__xss = 1</script><b>raw</b>'))",
        "display(Markdown('[x](javascript:alert(1))'))",
        "import sys; print('a warning', file=sys.stderr)",
        "pd.DataFrame({'a': [1]})",
    )
    return reports.publish("audit", acme, period="2026-10", parameters={"top": "5"})


def made(folder: Path, *cells: str, name: str = "Acme & Söhne", setup: str = SALES_BY) -> Path:
    """Make a company with a notebook of its own; a cell that begins with # is text."""
    (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    (folder / "company.toml").write_text(f'name = {json.dumps(name)}\ncurrency = "GBP"\n', encoding="utf-8")
    nodes = [
        new_markdown_cell("# Sales audit\n\nWhere do we stand?"),
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        *([new_code_cell(setup)] if setup else []),
        *(new_markdown_cell(cell) if cell.startswith("#") else new_code_cell(cell) for cell in cells),
    ]
    nbformat.write(new_notebook(cells=nodes), folder / "notebooks" / "audit.ipynb")
    return folder
