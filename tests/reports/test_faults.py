"""Faults that really happen: whatever stops a run, yesterday's report stays, and the next run just works."""

import copy
import hashlib
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pytest

from perfkit import reports
from perfkit.errors import EngineError, PerfkitError
from perfkit.reports import execution

# Children of a server that has the libraries already: a run then takes a second, and can be killed at any point of it.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["perfkit.reports.run", "perfkit.reports.execution", "perfkit.reports.html", "perfkit.reports.xlsx", "jsonschema"]
)
TRIVIAL = ("## Answer", "print(6 * 7)")
KILLED = random.Random(2)


def run(acme, **more):
    return reports.publish("audit", acme, period="2026-10", **more)


def start(acme, **more):
    """Start a run in a process of its own."""
    process = FORKS.Process(target=reports.publish, args=("audit", acme), kwargs={"period": "2026-10", **more})
    process.start()
    return process


def place(acme):
    return acme / "reports" / "2026-10" / "audit.en"


def current(acme):
    """Every byte of the current report, by the name that readers use."""
    folder = place(acme) / "current"
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def left_of_runs(acme):
    return {path.name for path in place(acme).glob(".run-*")}


def kernels_of(run_ids):
    """Process ids of living kernels of these runs."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            signs = (process / "cmdline").read_bytes().decode(errors="replace") + os.readlink(process / "cwd")
        except OSError:
            continue
        if any(f"perfkit-{run_id}" in signs for run_id in run_ids):
            found.append(int(process.name))
    return found


def gone(run_ids, seconds):
    until = time.monotonic() + seconds
    while kernels_of(run_ids):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "what the test waits for did not come"
        time.sleep(0.01)
    return found


def run_ids(acme):
    return {name.removeprefix(".run-") for name in left_of_runs(acme)}


@pytest.fixture(scope="module")
def first_report(tmp_path_factory, make_company):
    acme = make_company(tmp_path_factory.mktemp("first") / "acme", *TRIVIAL, setup="")
    run(acme)
    return acme


@pytest.fixture
def yesterday(first_report, company):
    """A company with a published report; `company` changes its notebook."""
    acme = company(setup="")
    shutil.copytree(first_report, acme, symlinks=True, dirs_exist_ok=True)
    return acme


@pytest.mark.parametrize("points", [2, pytest.param(100, marks=pytest.mark.slow)])
def test_a_runner_killed_at_any_point_leaves_a_whole_report_and_no_kernel(yesterday, points):
    acme = yesterday
    started = time.monotonic()
    whole = start(acme)
    whole.join()
    length = time.monotonic() - started
    orphans = set()
    for point in range(points):
        before, folder = current(acme), os.readlink(place(acme) / "current")
        process = start(acme)
        process.join(length * (point + KILLED.random()) / points)
        process.kill()
        process.join()
        orphans |= run_ids(acme)
        if os.readlink(place(acme) / "current") == folder:
            assert current(acme) == before
        else:  # it was published before the blow: then it is whole
            assert set(current(acme)) == set(before)
    assert gone(orphans, seconds=10), "a kernel outlived its runner by ten seconds"
    published = run(acme)
    assert left_of_runs(acme) == set()
    assert os.readlink(place(acme) / "current") == published.folder.name
    assert not [each for each in orphans if (Path(tempfile.gettempdir()) / f"perfkit-{each}").exists()]


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("1 / 0", "In section 'Answer': ZeroDivisionError: division by zero"),
        (
            "from perfkit.errors import DataError; raise DataError('sales: no column x.')",
            "In section 'Answer': sales: no",
        ),
        ("import sys; sys.exit(0)", "In section 'Answer': a cell ended the notebook (sys.exit)"),
        ("import os; os._exit(0)", "In section 'Answer': the kernel died"),
        ("import os; os.kill(os.getpid(), 9)", "In section 'Answer': the kernel died"),
        ("while True: pass", "In section 'Answer': a cell took longer than 3 seconds"),
        ("class E(Exception): __str__ = lambda self: 1 / 0\nraise E", "In section 'Answer': "),
        *(
            pytest.param(cell, sentence, marks=pytest.mark.slow)  # in other words what stands above
            for cell, sentence in (
                ("import time; time.sleep(600)", "In section 'Answer': a cell took longer than 3 seconds"),
                ("a b c", "In section 'Answer': SyntaxError"),
                (
                    "import threading, os; threading.Timer(0.5, os._exit, [0]).start(); import time; time.sleep(9)",
                    "the kernel died",
                ),
                ("import ctypes; ctypes.string_at(0)", "In section 'Answer': the kernel died"),
            )
        ),
    ],
)
def test_a_notebook_that_fails_publishes_nothing_and_says_where_and_why(yesterday, company, cell, sentence):
    acme = yesterday
    before, folders = current(acme), {path.name for path in place(acme).iterdir()}
    company("## Answer", cell, "print(1)", setup="")
    with pytest.raises(PerfkitError) as refusal:
        run(acme, cell_timeout=3)
    assert sentence in str(refusal.value)
    assert "Nothing new was published." in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert current(acme) == before
    assert {path.name for path in place(acme).iterdir()} == folders | {".failed.ipynb"}
    assert str(place(acme) / ".failed.ipynb") in str(refusal.value)
    assert nbformat.read(place(acme) / ".failed.ipynb", as_version=4).cells[-1].source == "print(1)"


def test_the_next_run_that_succeeds_removes_the_notebook_that_failed(yesterday, company):
    company("## Answer", "1 / 0", setup="")
    with pytest.raises(EngineError):
        run(yesterday)
    company(*TRIVIAL, setup="")
    run(yesterday)
    assert not (place(yesterday) / ".failed.ipynb").exists()


def test_a_process_that_a_cell_started_dies_with_the_run(company):
    acme = company("import subprocess", "subprocess.Popen(['sleep', '4711'])", "1 / 0", setup="")
    with pytest.raises(EngineError):
        run(acme)
    asleep = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "sleep 4711" not in asleep


@pytest.mark.parametrize("blow", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_asked_to_stop_leaves_nothing_behind(yesterday, company, blow):
    acme = yesterday
    before, folders = current(acme), {path.name for path in place(acme).iterdir()}
    company("## Answer", "import time; time.sleep(600)", setup="")
    process = start(acme)
    running = wait_for(lambda: run_ids(acme))
    wait_for(lambda: kernels_of(running))
    time.sleep(random.Random(blow).random())
    os.kill(process.pid, blow)
    process.join(10)
    assert process.exitcode == (143 if blow == signal.SIGTERM else 1)  # the command makes 130 of a KeyboardInterrupt
    assert not kernels_of(running)
    assert current(acme) == before
    assert {path.name for path in place(acme).iterdir()} == folders


@pytest.mark.parametrize(("blow", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_command_that_is_stopped_says_so_with_its_exit_code(company, blow, code):
    acme = company("## Answer", "import time; time.sleep(600)", setup="")
    script = (
        "import typer, perfkit.cli as cli\n"
        "@cli.app.command('publish')\n"
        "def publish(folder: str):\n"
        "    from perfkit import reports\n"
        "    reports.publish('audit', folder, period='2026-10')\n"
        "cli.main()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, "publish", str(acme)], stderr=subprocess.PIPE, text=True)
    running = wait_for(lambda: run_ids(acme))
    wait_for(lambda: kernels_of(running))
    process.send_signal(blow)
    _, said = process.communicate(timeout=20)
    assert process.returncode == code
    assert "Traceback" not in said
    assert gone(running, seconds=10)  # one that was just being started sees by itself that its runner is gone
    assert not left_of_runs(acme)


def test_a_second_run_of_a_report_is_refused_and_names_the_first(company):
    acme = company("## Answer", "import time; time.sleep(600)", setup="")
    first = start(acme)
    running = wait_for(lambda: run_ids(acme))
    wait_for(lambda: kernels_of(running))
    with pytest.raises(EngineError) as refusal:
        run(acme)
    assert f"process {first.pid}, run {running.copy().pop()}" in str(refusal.value)
    assert "Nothing new was published." in str(refusal.value)
    assert run_ids(acme) == running, "the refusal must not sweep what the living run works on"
    first.kill()
    first.join()
    company(*TRIVIAL, setup="")
    assert run(acme).html.is_file()  # the lock of a dead process is no lock
    assert gone(running, seconds=10)


def test_reports_of_other_periods_run_at_the_same_time(company):
    acme = company(*TRIVIAL, setup="")
    periods = ["2026-07", "2026-08", "2026-09"]
    together = [
        FORKS.Process(target=reports.publish, args=("audit", acme), kwargs={"period": each}) for each in periods
    ]
    for process in together:
        process.start()
    for process in together:
        process.join()
    assert [process.exitcode for process in together] == [0, 0, 0]
    index = (acme / "reports" / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'href="([0-9-]+)/audit\.en/current/report\.html"', index) == periods[::-1]


needs_mount = pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("mount") is None, reason="only root can mount a small file system"
)


@pytest.fixture
def small_disk(company):
    """A company whose reports lie on a file system of their own, with one report published."""
    acme = company(*TRIVIAL, setup="")
    disk = acme / "reports"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"this machine lets nobody mount: {mounted.stderr.strip()}")
    try:
        run(acme)
        yield acme
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def fill(disk, but):
    """Leave so many bytes free."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with (disk / "filler").open("wb") as filler:
        filler.write(bytes(max(free - but, 0)))


@needs_mount
def test_a_disk_that_fills_at_any_stage_publishes_nothing_and_says_so(small_disk, monkeypatch):
    disk = small_disk / "reports"
    executed = nbformat.read(place(small_disk) / "current" / "notebook.ipynb", as_version=4)
    monkeypatch.setattr(execution, "execute", lambda *_, **__: copy.deepcopy(executed))
    before, folders = current(small_disk), {path.name for path in place(small_disk).iterdir()}
    sizes = [(place(small_disk) / "current" / name).stat().st_size for name in FILES_IN_ORDER]
    page = os.statvfs(disk).f_frsize
    stages = [0]  # who holds the lock
    for size in [0, *sizes, (disk / "index.html").stat().st_size]:
        stages.append(stages[-1] + -(-size // page) * page + (page if size == 0 else 0))
    for room in stages[:-1]:
        fill(disk, but=room)
        with pytest.raises(EngineError) as refusal:
            run(small_disk)
        assert "no space left on" in str(refusal.value), room
        assert str(disk) in str(refusal.value)
        assert current(small_disk) == before
        assert {path.name for path in place(small_disk).iterdir()} == folders
        assert not list(disk.glob(".index.next"))
        (disk / "filler").unlink()
    run(small_disk)
    assert current(small_disk) != before


FILES_IN_ORDER = ["notebook.ipynb", "report.pdf", "report.html", "report.xlsx", "figures.parquet", "manifest.json"]


@needs_mount
def test_a_disk_that_fills_while_a_notebook_fails_still_says_why(small_disk, company):
    company("## Answer", "1 / 0", setup="")
    disk = small_disk / "reports"
    fill(disk, but=os.statvfs(disk).f_frsize)
    before = current(small_disk)
    with pytest.raises(EngineError, match="ZeroDivisionError"):
        run(small_disk)
    assert current(small_disk) == before
    assert not (place(small_disk) / ".failed.ipynb").exists()


@needs_mount
def test_a_folder_that_cannot_be_written_is_refused_in_words(small_disk):
    before = current(small_disk)
    disk = small_disk / "reports"
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(EngineError, match=r"Read-only file system: .*Nothing new was published"):
        run(small_disk)
    assert current(small_disk) == before
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    run(small_disk)


def test_a_temporary_folder_that_is_too_deep_for_a_socket_is_refused_in_words(company, monkeypatch, tmp_path):
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with pytest.raises(EngineError, match="Set TMPDIR to a shorter one"):
        run(company(*TRIVIAL, setup=""))
