"""`perfkit demo`: made, checked, made again, and refused where a folder is something else.

That it publishes in both languages is in tests/test_setup.py, which runs it from the wheel.
"""

import json
import shutil
from contextlib import nullcontext

import pytest
from typer.testing import CliRunner

from perfkit import cli, company
from perfkit.errors import EngineError


def perfkit(*arguments):
    return CliRunner().invoke(cli.app, [str(each) for each in arguments], prog_name="perfkit")


@pytest.fixture
def unpublished(monkeypatch):
    """Load and check alone."""
    monkeypatch.setattr(cli, "_publish", lambda *_: None)
    monkeypatch.setattr(cli, "_second_process", lambda: nullcontext(lambda *_: lambda: ""))


@pytest.fixture
def mine(loaded, tmp_path):
    """A demo of one's own, loaded already."""
    shutil.copytree(loaded.path, tmp_path / "mine", symlinks=True)
    return tmp_path / "mine"


def test_a_demo_of_another_seed_and_scale_is_made_and_found_as_exactly(tmp_path, unpublished):
    done = perfkit("demo", tmp_path / "new", "--scale", "0.25", "--seed", "3")
    assert done.exit_code == 0, done.output
    assert "planted faults, all found" in done.stdout
    made = json.loads((tmp_path / "new" / "truth.json").read_text())["company"]
    assert (made["seed"], made["scale"]) == (3, 0.25)


def test_a_second_demo_leaves_what_was_changed(mine, unpublished):
    settings = mine / "company.toml"
    settings.write_text(settings.read_text() + "# mine\n")
    assert perfkit("demo", mine, "--scale", "0.2").exit_code == 0
    assert settings.read_text().endswith("# mine\n")


def test_a_demo_of_another_seed_or_scale_is_not_written_over(mine, unpublished):
    before = (mine / "truth.json").read_bytes()
    refused = perfkit("demo", mine, "--scale", "0.2", "--seed", "1")
    assert refused.exit_code == 2
    assert "is the demo of scale 0.2 and seed 0: name another folder" in " ".join(refused.stderr.split())
    assert (mine / "truth.json").read_bytes() == before


def test_a_load_that_differs_from_what_was_planted_is_an_error_that_names_it(mine, unpublished):
    truth = json.loads((mine / "truth.json").read_text())
    truth["faults"] = [fault for fault in truth["faults"] if fault["id"] != "survey-no-score"]
    (mine / "truth.json").write_text(json.dumps(truth))
    wrong = perfkit("demo", mine, "--scale", "0.2")
    assert wrong.exit_code == 1 and "is not what was planted in it:" in wrong.stderr
    assert wrong.stderr.count("a row set aside (surveys, enquetes/satisfaction.tsv, ") == 2
    assert "Published" not in wrong.stdout


@pytest.mark.parametrize("there", ["a file", "a company", "someone's files"])
def test_a_folder_that_is_something_else_is_refused_and_left_as_it_is(tmp_path, there):
    path = tmp_path / "here"
    if there == "a file":
        path.write_text("mine")
    else:
        path.mkdir()
        (path / ("company.toml" if there == "a company" else "notes.txt")).write_text("mine")
    before = sorted(path.rglob("*"))
    refused = perfkit("demo", path)
    assert refused.exit_code == 2 and "name another folder, perfkit demo PATH" in " ".join(refused.stderr.split())
    assert sorted(path.rglob("*")) == before


def test_a_report_that_fails_in_its_own_process_says_why(mine):
    acme = company.open_company(mine)
    with cli._second_process() as publish_there, pytest.raises(EngineError, match="2031") as told:
        publish_there("commercial_audit", acme, "2031-Q1", "fr")()
    assert not str(told.value).startswith("perfkit: ")
