"""What the README says to type is there: names are defined, and reports take the parameters that it gives them."""

import ast
import builtins
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [block.replace("\n   ", "\n") for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL)]


@pytest.mark.parametrize("block", BLOCKS)
def test_every_name_of_a_snippet_is_defined_before_it_is_used(block):
    known = set(dir(builtins))
    for statement in ast.parse(block.lstrip()).body:
        names = [each for each in ast.walk(statement) if isinstance(each, ast.Name)]
        assert {each.id for each in names if isinstance(each.ctx, ast.Load)} <= known
        known |= {each.id for each in names}
        if isinstance(statement, ast.Import | ast.ImportFrom):
            known |= {alias.asname or alias.name for alias in statement.names}


def test_a_parameter_that_the_readme_gives_to_a_report_is_one_of_its_own():
    given = re.findall(r"perfkit run (\w+|\.\.\.)[^`\n#]* -p (\w+)=", README)
    assert ("commercial_audit", "segment") in given
    for report, name in given:
        cells = json.loads((ROOT / "notebooks" / f"{report}.ipynb").read_text(encoding="utf-8"))["cells"]
        assert any(line.startswith(f"{name}: ") for cell in cells for line in cell["source"])
