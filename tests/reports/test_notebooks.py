import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from perfkit import assets, languages
from perfkit.errors import DataError, ParameterError
from perfkit.reports import notebooks


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A folder of shipped notebooks, to change between runs."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    monkeypatch.setattr(assets, "path", lambda name: folder)
    return folder


def ship(folder, words, version):
    cells = [new_markdown_cell(words), new_code_cell('period: str = "2026-10"', metadata={"tags": ["parameters"]})]
    nbformat.write(new_notebook(cells=cells, metadata={"perfkit": {"version": version}}), folder / "audit.ipynb")


def test_an_unknown_report_is_refused_with_the_nearest(company):
    with pytest.raises(ParameterError, match="Did you mean 'audit'"):
        notebooks.find("audits", company())


def test_a_file_that_is_no_notebook_is_refused_in_words(company):
    folder = company()
    (folder / "notebooks" / "audit.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"audit\.ipynb cannot be read as a notebook"):
        notebooks.find("audit", folder)


def test_a_report_that_perfkit_does_not_ship_is_the_companys_own(company):
    assert notebooks.find("audit", company()).adopted == "own"


def test_an_adopted_notebook_wins_and_says_how_far_it_is_behind(shipped, tmp_path):
    acme = tmp_path / "acme"
    (acme / "scratch").mkdir(parents=True)
    ship(shipped, "# One", 3)
    copy = acme / "scratch" / "audit-1.ipynb"
    copy.write_bytes((shipped / "audit.ipynb").read_bytes())
    assert notebooks.find("audit", acme).adopted == ""

    adopted = notebooks.adopt(copy, acme)
    assert adopted == acme / "notebooks" / "audit.ipynb"
    assert notebooks.find("audit", acme).adopted == "adopted"
    ship(shipped, "# Two", 4)
    assert notebooks.find("audit", acme).adopted == "adopted, 1 version behind"
    ship(shipped, "# Three", 5)
    found = notebooks.find("audit", acme)
    assert (found.path, found.adopted) == (adopted, "adopted, 2 versions behind")


def test_adopting_keeps_no_outputs_and_the_notebook_that_stood_there(shipped, tmp_path):
    acme = tmp_path / "acme"
    acme.mkdir()
    ship(shipped, "# One", 1)
    notebooks.adopt(shipped / "audit.ipynb", acme)
    ship(shipped, "# Two", 2)
    node = nbformat.read(shipped / "audit.ipynb", as_version=4)
    node.cells[1]["outputs"] = [nbformat.v4.new_output("stream", text="x")]
    nbformat.write(node, tmp_path / "audit.ipynb")
    target = notebooks.adopt(tmp_path / "audit.ipynb", acme)
    assert all(not cell.get("outputs") for cell in nbformat.read(target, as_version=4).cells)
    assert "# One" in target.with_suffix(".ipynb.before").read_text(encoding="utf-8")


def test_known_blocks_are_translated_and_the_rest_is_left():
    node = new_notebook(cells=[new_markdown_cell("# Commercial audit\n\nSome words of {x} an analyst.")])
    languages.use("fr")
    try:
        notebooks.translate(node)
    finally:
        languages.use("en")
    assert node.cells[0].source == "# Audit commercial\n\nSome words of {x} an analyst."
