"""What every test may ask for: the shared data, a browser, and repeatable random examples."""

import gc
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from perfkit import languages

os.environ.setdefault("MPLBACKEND", "Agg")
# A job that a shell starts in the background ignores Ctrl-C, and so would every process that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Expressions are trees of many small objects: to look for garbage in them as often as Python does took a quarter of
# the suite. Kernels and the command do the same (reports/preloading.py).
gc.set_threshold(200_000, 50, 100)

# The same examples on every run and machine, half as many as by default, for each loads a file or asks an engine; the
# engines' first query is slow, so no deadline.
settings.register_profile("perfkit", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("perfkit")

ROOT = Path(__file__).parents[1]
IN_CI = bool(os.environ.get("CI"))


@pytest.fixture(autouse=True)
def _english() -> None:
    """Every test begins in English, whatever company the one before has opened."""
    languages.use("en")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real exports, which lie beside the repository and not in it."""
    data = ROOT / ".." / "shared" / "data"
    if not data.is_dir():
        pytest.skip("needs ../shared/data beside the repository")
    return data.resolve()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright.

    One a module, not one a session: while Playwright is open its event loop counts as running in this thread, and
    tests of other modules start kernels.
    """
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("needs Chromium (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[
                "--no-sandbox",  # Chromium refuses its sandbox to root, and CI is root
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


FIRST = ("test_setup.py", "test_absence.py", "test_examples.py", "test_corpus.py", "test_charts.py", "test_ledger.py")
"""The files that take longest: begun first, so that no worker is left alone with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(FIRST)}
    items.sort(key=lambda item: place.get(item.path.name, len(FIRST)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _a_skip_fails_in_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _a_skip_fails_in_ci((yield))


def _a_skip_fails_in_ci(report):
    """CI installs every tool, so that a skipped test there is a test that was lost."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        *_, reason = report.longrepr if isinstance(report.longrepr, tuple) else (report.longrepr,)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: {reason}. In CI a skipped test is a failure."
    return report
