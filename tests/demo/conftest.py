"""A small demo for all tests of it: simulated, written and loaded once."""

import json
import shutil

import pytest

import perfkit as pk
from perfkit.demo import exports, simulate

SMALL = 0.2


@pytest.fixture(scope="session")
def small_story():
    return simulate(seed=0, scale=SMALL)


@pytest.fixture(scope="session")
def written(tmp_path_factory, small_story):
    """The demo's folder as it is written, never loaded: copy it before changing anything."""
    folder = tmp_path_factory.mktemp("demo") / "written"
    exports.write(small_story, folder)
    return folder


@pytest.fixture(scope="session")
def loaded(written, tmp_path_factory):
    """The demo, loaded."""
    folder = tmp_path_factory.mktemp("demo") / "loaded"
    shutil.copytree(written, folder)
    return pk.load(folder)


@pytest.fixture(scope="session")
def truth(written):
    return json.loads((written / "truth.json").read_text(encoding="utf-8"))
