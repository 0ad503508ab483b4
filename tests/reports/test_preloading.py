"""A kernel that is a fork of a process with everything in it says what one that starts from nothing says."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from perfkit import reports
from perfkit.errors import EngineError
from perfkit.reports import kernels, preloading

pytestmark = pytest.mark.skipif(not preloading.POSSIBLE, reason="kernels are forked on Linux only")

CHART = "from matplotlib import pyplot as plt\nplt.plot([1, 2]);"


def run(acme, **more):
    return reports.publish("audit", acme, period="2026-10", **more)


def outputs(published):
    """What each cell displayed and printed, without the run's own name in it."""
    node = nbformat.read(published.folder / "notebook.ipynb", as_version=4)
    cells = [cell for cell in node.cells if cell.cell_type == "code"]
    return [[dict(each) | {"execution_count": 0} for each in cell.outputs] for cell in cells]


def printed(published):
    return "".join(each.get("text", "") for cell in outputs(published) for each in cell)


def the_server():
    return preloading.server()._process.pid


def test_its_outputs_are_those_of_a_kernel_from_nothing(company, monkeypatch):
    acme = company("## One", "sales({'North': '1.50'})", CHART, "print(6 * 7)", "import sys; print(sys.argv[0])")
    forked = outputs(run(acme))
    monkeypatch.setattr(preloading, "POSSIBLE", False)
    assert outputs(run(acme)) == forked
    assert "image/png" in forked[-3][0]["data"]  # pyplot was there before the kernel: its figures must not vanish


def test_the_next_kernel_is_a_fork_of_the_same_process_and_knows_nothing_of_the_last(company):
    acme = company(
        "import os, random, numpy, pandas, perfkit",
        "print(hasattr(pandas, 'marked'), os.environ.get('MARKED'), os.getppid())",
        "pandas.marked = perfkit.marked = True; os.environ['MARKED'] = 'yes'; os.chdir('/')",
        "print(random.random(), numpy.random.rand())",
        setup="",
    )
    first, second = (printed(run(acme)).splitlines() for _ in range(2))
    assert first[0] == second[0] == f"False None {the_server()}"
    assert set(first[1].split()).isdisjoint(second[1].split()), "both drew the same random numbers"


def test_what_is_set_for_the_run_reaches_its_kernel(company, monkeypatch):
    acme = company("import os; print(os.environ.get('SAID'))", setup="")
    assert printed(run(acme)).strip() == "None"
    before = the_server()
    monkeypatch.setenv("SAID", "hello")
    assert printed(run(acme)).strip() == "hello"
    assert the_server() != before, "libraries read their settings when they are imported"


def test_a_run_whose_server_dies_says_so_and_the_next_one_has_another(company):
    # The kernel dies with its server, but not in the same moment: it waits for it.
    blow = "import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)"
    acme = company("## Answer", blow, setup="")
    with pytest.raises(EngineError, match="In section 'Answer': the kernel died"):
        run(acme)
    company("## Answer", "print(6 * 7)", setup="")
    assert printed(run(acme)).strip() == "42"


def test_without_a_server_a_kernel_starts_from_nothing(company, monkeypatch):
    acme = company("import os; print(os.getppid())", setup="")
    before = the_server()
    monkeypatch.setattr(preloading, "_SERVE", "raise SystemExit")
    monkeypatch.setenv("SAID", "start another")
    assert printed(run(acme)).strip() == str(os.getpid()) != str(before)


def test_the_server_ends_with_its_owner_however_that_ends(tmp_path):
    script = (
        "import time\n"
        "from perfkit.reports import preloading\n"
        "print(preloading.server()._process.pid, preloading.server()._folder, flush=True)\n"
        "time.sleep(600)\n"
    )
    for blow in (signal.SIGINT, signal.SIGKILL):
        owner = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        pid, folder = owner.stdout.readline().split()
        owner.send_signal(blow)
        owner.wait()
        owner.stdout.close()
        until = time.monotonic() + 60
        while (Path("/proc") / pid).exists() or Path(folder).exists():
            assert time.monotonic() < until, f"the server outlived its owner, which {blow!r} ended"
            time.sleep(0.05)


def test_a_fork_of_the_owner_asks_a_server_of_its_own(monkeypatch):
    ours = preloading.server()
    monkeypatch.setattr(preloading.os, "getpid", lambda: -1)
    assert not ours.fits()
    ours.stop()
    monkeypatch.undo()
    assert ours.fits(), "it was not the fork's to stop"


def test_the_provisioner_is_known_to_jupyter_by_its_name():
    spec = kernels.Kernel().kernel_spec
    assert spec.metadata["kernel_provisioner"]["provisioner_name"] == "perfkit-preloaded"
