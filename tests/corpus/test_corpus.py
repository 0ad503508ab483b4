"""The gates of bad and odd exports: a generated corpus through the real load, every outcome known beforehand.

Here, every twelfth case of each class, and all of the bombs but those that are refused only after gigabytes;
`make slow` loads them all.
"""

import json
from collections import Counter

import pytest

from tests.corpus import bombs, keys
from tests.corpus.cases import KINDS, LEAST
from tests.corpus.gates import ALWAYS, failures, judge, share, table
from tests.corpus.generate import MODULES, cases, write
from tests.corpus.running import run_command

SEED = 1

pytestmark = pytest.mark.timeout(900)  # the first test waits for all of these loads

# Some of each class are loaded by the command too, in a process of its own: every so many-th case.
BY_COMMAND = 60

# Each of these is unpacked or read up to its limit, which takes its time; tests/sources/test_unpacking.py holds the
# limits themselves.
LATE = (
    "gzip of ten gigabytes of zeros",
    "gzip of ten gigabytes of sales",
    "zip of eight gigabytes of zeros",
    "zip that says it is small",
    "line ends alone",
    "line ends and a good file",
)


def some(found):
    """The first, the ninth and so on of each class, and every bomb that is over soon."""
    seen = Counter()
    for case in found:
        if seen[case.kind] % 12 == 0 or (case.kind == "bombs" and case.name not in LATE):
            yield case
        seen[case.kind] += 1


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    found = judge(some(cases(SEED)), tmp_path_factory.mktemp("corpus"))
    print(f"\n{table(found)}\n{failures(found)}")
    return found


def _of(verdicts, gate):
    return share([getattr(each, gate) for each in verdicts])[0]


def test_each_class_holds_the_least_number_of_distinct_cases():
    every = list(cases(SEED))
    counts = Counter(case.kind for case in every)
    assert {kind: counts[kind] for kind in KINDS if counts[kind] < LEAST[kind]} == {}
    assert len({(case.kind, case.name) for case in every}) == len(every)


def test_another_seed_makes_another_corpus_of_the_same_cases():
    light = [module for module in MODULES if module is not bombs]  # a bomb is made in a tenth of a second
    one, two = list(cases(1, light)), list(cases(2, light))
    assert [(case.kind, case.name) for case in one] == [(case.kind, case.name) for case in two]
    differ = sum(a.files != b.files for a, b in zip(one, two, strict=True))
    assert differ > len(one) / 2
    assert [case.outcomes for case in one] == [case.outcomes for case in cases(1, light)]


def test_the_manifest_states_each_case(tmp_path):
    count = write(tmp_path, 3, [keys])
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["seed"] == 3 and len(manifest["cases"]) == count
    for each in manifest["cases"]:
        assert (tmp_path / each["folder"] / "company.toml").is_file()
        assert {outcome["state"] for outcome in each["outcomes"]} <= {"ok", "notes", "quarantine", "refuse"}


def test_no_total_is_wrong_in_silence(verdicts):
    assert [each.case.name for each in verdicts if each.wrong_total] == [], failures(verdicts)


def test_nothing_but_a_refusal_escapes(verdicts):
    assert [(each.case.name, each.said) for each in verdicts if each.found.crashed] == []


def test_outcomes_are_as_stated(verdicts):
    assert _of(verdicts, "as_stated") >= 0.98, failures(verdicts)


@pytest.mark.parametrize("kind", ALWAYS)
def test_outcomes_of_these_classes_are_always_as_stated(verdicts, kind):
    of_kind = [each for each in verdicts if each.case.kind == kind]
    assert of_kind and _of(of_kind, "as_stated") == 1, failures(of_kind)


def test_what_is_set_aside_is_named_by_its_line_and_column(verdicts):
    assert _of(verdicts, "placed") >= 0.95, failures(verdicts)


def test_a_refusal_names_its_file(verdicts):
    assert _of(verdicts, "file_named") == 1, failures(verdicts)


def test_a_refusal_names_its_line_column_or_key(verdicts):
    assert _of(verdicts, "where_named") >= 0.95, failures(verdicts)


def test_the_command_ends_as_the_load_does_and_shows_no_traceback(verdicts, tmp_path):
    for number, each in enumerate(verdicts[::BY_COMMAND]):
        code, out, errors = run_command(each.case, tmp_path / str(number))
        assert "Traceback" not in errors + out
        if each.found.state == "refuse":
            assert code in (1, 2) and errors.startswith("perfkit: "), each.case.name
        else:
            assert code == 0, (each.case.name, errors)
            assert f"{each.found.accepted:,} accepted" in out


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_gates_hold_for_every_case(tmp_path, seed):
    found = judge(cases(seed), tmp_path)
    print(f"\n{table(found)}")
    assert [each.case.name for each in found if each.wrong_total or each.found.crashed] == [], failures(found)
    assert _of(found, "as_stated") >= 0.98, failures(found)
    assert all(each.as_stated for each in found if each.case.kind in ALWAYS), failures(found)
    assert _of(found, "placed") >= 0.95 and _of(found, "file_named") == 1 and _of(found, "where_named") >= 0.95
