"""Every figure of the demo's reports goes back to its lines, or says in words why no line is its own."""

import ast
import json
import re
from pathlib import Path

import pytest

from perfkit.errors import DataError, ParameterError
from perfkit.kpis.behind.figures import KINDS, NOT_LINES
from perfkit.languages import missing
from perfkit.results import Result

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PERIOD = "2026-Q3"
OF_SALES = (
    "scorecard", "trend", "trend_by", "breakdown", "movers", "concentration", "revenue_tree", "revenue_walk",
    "reconciliation", "coverage", "ledger", "finding",
)  # fmt: skip
"""Kinds of which one figure is drilled here: tests/test_drills.py has all of those that sales make."""
WHY_NOT = {
    "tree": "no line is of one factor alone",
    "bridge": "no line is of it alone",
    "rates": "looks at the lines of all members",
    "shared": "parts of costs that several share",
    "members": "It is made of the profits of members",
    "allocated": "do reach members",
    "peers": "set against those of others on the same products",
}
"""What is said where lines alone do not make a figure."""


@pytest.fixture(scope="module")
def results(loaded):
    """Every result that the notebooks make: their assignments, run as they stand."""
    found = {}
    for name in ("commercial_audit", "segment_profitability"):
        notebook = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
        cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
        names = {}
        for place, cell in enumerate(cells):
            kept = ast.Assign | ast.Import | ast.ImportFrom | ast.AnnAssign
            body = [statement for statement in ast.parse(cell).body if isinstance(statement, kept)]
            exec(compile(ast.Module(body, []), f"{name}, cell {place}", "exec"), names)
            if place == 0:
                names |= {"company": str(loaded.path), "period": PERIOD, "language": "en"}
        found |= {id(each): each for each in names.values() if isinstance(each, Result)}
    assert len(found) > 30
    return list(found.values())


def shape(figure):
    """What a figure is, but for its period, its member and its kind of cost."""
    kind, *rest = figure["figure_id"].split(":")
    if kind in OF_SALES:
        return kind
    if missing(figure["estimate"]) and kind != "price_waterfall":
        return f"{kind} not available"
    what = ":".join(rest[1:] if kind in ("profitability", "whale_curve", "margin_difference") else rest)
    dimensions = "," in rest[0]
    what = re.sub("=.*", "=", re.sub(r"\d{4}(-Q\d|-\d\d)?", "", what))
    return kind, dimensions, re.sub("^:?((costs|spend):).*", r"\1", what)


def chosen(results):
    """The first figure of each shape."""
    figures = [figure for result in results for figure in result.figures().to_dict("records")]
    return list({shape(figure): figure for figure in reversed(figures)}.values())


def test_every_figure_has_lines_that_make_it_or_a_sentence_that_says_why_not(loaded, results):
    kinds = set()
    for figure in chosen(results):
        id = figure["figure_id"]
        kind = id.split(":")[0]
        kinds.add(kind)
        if kind in NOT_LINES or ":books:" in id or id.endswith((":target", ":landing")):
            with pytest.raises(ParameterError, match=re.escape(id)):
                loaded.drill(figure)
        elif missing(figure["estimate"]):
            with pytest.raises(DataError, match="not available"):
                loaded.drill(figure)
        else:
            drill = loaded.drill(figure)  # refuses a figure that its lines do not come to
            assert drill.lines["file"].notna().all() and (drill.lines["line"] > 0).all()
            assert len(drill.lines) or not figure["estimate"]
            if drill.value is None:
                assert any(why in drill.how for why in WHY_NOT.values()), (id, drill.how)
    assert kinds <= set(KINDS) | set(NOT_LINES)


def test_every_finding_is_drilled_by_the_first_figure_that_it_quotes(loaded, results):
    found = [each for each in results if type(each).__name__ == "Findings"]
    for finding in {each.id: each for result in found for each in result.items}.values():
        if finding.figure_ids and finding.figure_ids[0].split(":")[0] not in NOT_LINES:
            assert loaded.drill(finding).figure_id == finding.figure_ids[0]
