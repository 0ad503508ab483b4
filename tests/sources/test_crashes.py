"""Crashes: every input that once broke a load is loaded again, and ends in a snapshot or in words."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEPT = sorted((Path(__file__).parent / "crashes").glob("*-*"))


@pytest.fixture(scope="module")
def fuzz():
    """The fuzzer, which knows how to load one input."""
    sys.path.insert(0, str(ROOT))
    from benchmarks import fuzz

    yield fuzz
    sys.path.remove(str(ROOT))


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.name)
def test_an_input_that_once_broke_a_load_is_answered(fuzz, kept):
    target, _, name = kept.name.split("-", 2)
    assert fuzz.tried(target, name, kept.read_bytes()) != "broken"


def test_a_sound_file_of_each_kind_loads(fuzz):
    assert {target: fuzz.tried(target, *each) for target, each in fuzz.sound().items()} == dict.fromkeys(
        fuzz.sound(), "loaded"
    )


def test_a_hundred_damaged_files_are_answered(fuzz):
    import random

    chance = random.Random(7)
    for _ in range(100):
        target = chance.choice(list(fuzz.sound()))
        name, content = fuzz.sound()[target]
        assert fuzz.tried(target, name, fuzz.damaged(content, chance)) != "broken"
