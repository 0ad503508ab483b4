"""Executed notebooks without a kernel: what the tests of a page, a PDF and a workbook render."""

import dataclasses
import json
from decimal import Decimal

import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from perfkit import assets, kpis, languages
from perfkit.reports import record
from perfkit.results import Field, Result, View, figure_frame

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="200"><path d="M0 0H9V9"/></svg>'


@dataclasses.dataclass(frozen=True, eq=False)
class Breakdown(Result):
    """Revenue by member; none where the data lack the dimension."""

    members: tuple
    name: str = "Revenue by market"
    why: str = "Net revenue, EUR, 2026-10"
    decimals: int = 0

    def figures(self):
        return figure_frame(
            {
                "figure_id": f"{self.name}:{member}",
                "kpi": "revenue",
                "period": "2026-10",
                "dimensions": {"member": member},
                "estimate": amount,
                "unit": "EUR",
                "basis": "sum",
                "status": "observed",
                "reason": "",
            }
            for member, amount in self.members
        )

    def views(self):
        rows = pd.DataFrame(
            [(*each, 0.5, "good") for each in self.members], columns=["name", "revenue", "growth", "tone"]
        )
        fields = [
            Field("name", "Market"),
            Field("revenue", "Revenue", unit="EUR", bar=True),
            Field("growth", "Change, %", unit="share", signed=True, tone_from="tone"),
        ]
        return [View(self.name, self.why, fields, rows)]


def shown(result):
    """A cell that displays a result."""
    data, metadata = result._repr_mimebundle_()
    return new_code_cell(
        "x", outputs=[new_output("display_data", data=json.loads(json.dumps(data)), metadata=metadata)]
    )


def chart(title="", subtitle="", alt="Message. Figures.", narrow=True):
    """A cell that displays a chart, with its words beside it where there is a title."""
    data = {"image/svg+xml": PICTURE.format(864), "text/plain": alt}
    if title:
        data[record.CHART] = {"title": title, "subtitle": subtitle, "alt": alt, "narrow": ""}
        data[record.CHART]["narrow"] = PICTURE.format(360) if narrow else ""
    return new_code_cell("x", outputs=[new_output("display_data", data=data, metadata={"image/svg+xml": {"alt": alt}})])


def notebook(*cells, language="en", **run):
    """An executed notebook; a text is a text cell."""
    facts = {
        "report": "audit",
        "company": "Acme",
        "period": "2026-10",
        "period_shown": "October 2026",
        "language": language,
        "snapshot": "f00d" * 4,
        "run_id": "20261101T080000Z-abcd",
        "perfkit": "0.1.0",
        "parameters": {"months": 12},
        "inputs": [{"table": "sales", "name": "sales.csv", "sha256": "0" * 64}],
        "notebook": {"sha256": "0", "adopted": ""},
    } | run
    nodes = [new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    return new_notebook(cells=nodes, metadata={"perfkit": {"run": facts}})


def long_report(language="en", **run):
    """A report of several pages: chapters, parts, charts, a long table, a wide one, gaps and definitions."""
    before = languages.current()
    languages.use(language)
    try:
        many = Breakdown(tuple((f"Market {number}", Decimal(number * 1000)) for number in range(90)))
        few = Breakdown((("North", Decimal("10.50")), ("South", Decimal(-2))), "Few markets")
        none = Breakdown((), "Channel: not available", "Not in the data. Ask for the channel of each line.")
        return notebook(
            "# Sales audit\n\nWhere do we stand?",
            "## Evaluate",
            "### Markets",
            chart("Revenue by market", "Net revenue, EUR, 2026-10", "Revenue by market. 10."),
            shown(many),
            "### Few",
            shown(few),
            "### Channels",
            chart("Channel: not available", "", "Channel: not available. Not in the data."),
            shown(none),
            "## Understand\n\nWhy did it move?",
            chart("A second message", "What it shows", "A second message. 2."),
            "## Definitions",
            shown(kpis.definitions()),
            language=language,
            **run,
        )
    finally:
        languages.use(before)


def kept_together():
    """The rule of the page's stylesheet that holds a sign and its amount on one line."""
    styles = (assets.path("templates/report") / "page.css").read_text(encoding="utf-8")
    return next(line for line in styles.splitlines() if line.startswith(".amount"))
