"""Faults: a killed load, a full disk, a file that changes meanwhile: the snapshot in use stays, and it says why."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from decimal import Decimal

import pytest

from perfkit.errors import DataError, EngineError
from perfkit.sources import snapshots

HEAD = "order_id,date,net_revenue\n"
FIRST = HEAD + "A1,2024-01-01,1\n"
CHILD = """
import sys
from perfkit.errors import PerfkitError
from perfkit.sources import load
from perfkit.sources.settings import TableSettings
try:
    load(sys.argv[1], {"sales": TableSettings(files="big.csv")}, exports=sys.argv[2], currency="EUR",
         step=lambda said: print(said, flush=True))
except PerfkitError as error:
    print(type(error).__name__, error, flush=True)
    sys.exit(1)
"""


def child(desk, **options):
    command = [sys.executable, "-c", CHILD, str(desk.folder), str(desk.exports)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)


def big(desk):
    rows = "".join(f"A{n},2024-01-{1 + n % 28:02},{n % 1000}.25\n" for n in range(400_000))
    desk.write("big.csv", HEAD + rows + "x,no,1\n" * 2000)
    return sum(Decimal(n % 1000) + Decimal("0.25") for n in range(400_000))


STEPS = ["examining", "reading", "reconciling", "comparing"]


def test_a_killed_load_leaves_the_snapshot_in_use_and_the_next_one_works(desk):
    before = desk.load(FIRST)
    content = (before.path / "sales.parquet").read_bytes()
    total = big(desk)
    chance = random.Random(1)
    for sought in STEPS:
        process = child(desk)
        for said in process.stdout:
            if sought in said:
                time.sleep(chance.uniform(0, 0.3))
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        current = snapshots.current(desk.folder)
        if current.fingerprint == before.fingerprint:
            assert (current.path / "sales.parquet").read_bytes() == content
        else:  # it was quicker than the signal: then it is there whole
            assert desk.revenue(current) == total
        current.prove()
    after = desk.load(name="big.csv")
    assert desk.revenue(after) == total and desk.counts(after) == (400_000, 0, 2000)
    assert not list((desk.folder / "snapshots").glob(".load-*"))


def test_a_full_disk_is_said_in_words_and_nothing_is_kept(desk):
    before = desk.load(FIRST)
    big(desk)

    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    process = child(desk, preexec_fn=small_files)
    said = process.communicate()[0]
    assert process.returncode == 1
    assert "EngineError no space left" in said and "Nothing was kept" in said
    assert snapshots.current(desk.folder).fingerprint == before.fingerprint
    assert desk.counts(desk.load(name="big.csv"))[0] == 400_000


def test_loads_at_the_same_time_wait_for_each_other(desk):
    total = big(desk)
    together = [child(desk) for _ in range(3)]
    for process in together:
        process.communicate()
        assert process.returncode == 0
    assert desk.revenue(snapshots.current(desk.folder)) == total
    assert len(snapshots.listing(desk.folder)) == 1


def test_a_load_that_waits_too_long_says_so(desk, monkeypatch):
    monkeypatch.setattr(snapshots, "WAIT", 0.1)
    desk.load(FIRST)
    with snapshots.locked(desk.folder), pytest.raises(EngineError, match="another load of acme"):
        desk.load(FIRST + "A2,2024-01-01,1\n")


def appended(path):
    with path.open("a") as file:
        file.write("A2,2024-01-01,2\n")


def cut(path):
    path.write_text(HEAD)


def exchanged(path):
    """Other bytes, as many of them, and the old time."""
    times = path.stat()
    path.write_text(FIRST.replace("1\n", "9\n"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def deleted(path):
    path.unlink()


@pytest.mark.parametrize("change", [appended, cut, exchanged, deleted])
@pytest.mark.parametrize("moment", ["examining", "reading", "reconciling"])
def test_a_file_that_changes_while_it_is_read_is_refused(desk, change, moment):
    before = desk.load(HEAD + "A0,2024-01-01,7\n")
    path = desk.write("sales.csv", FIRST)

    def at_that_moment(said):
        if moment in said:
            change(path)

    with pytest.raises((DataError, EngineError), match=r"sales\.csv"):
        desk.load(step=at_that_moment)
    assert snapshots.current(desk.folder).fingerprint == before.fingerprint


def test_a_file_that_may_not_be_read_is_refused(desk, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("perfkit.sources.files._digest", denied)  # root may read everything
    with pytest.raises(DataError, match=r"sales\.csv may not be read by this user.*chmod"):
        desk.load(FIRST)


def test_a_folder_that_cannot_be_written_is_said_in_words(desk):
    desk.folder.write_text("a file where the company's folder should be")
    with pytest.raises(EngineError, match="cannot write in"):
        desk.load(FIRST)


def test_something_that_is_no_regular_file_is_refused(desk):
    os.mkfifo(desk.exports / "sales.csv")
    with pytest.raises(DataError, match="not a regular file"):
        desk.load()
