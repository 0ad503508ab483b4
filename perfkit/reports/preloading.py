"""Preloading: one process imports what every report imports, and each kernel is a fork of it.

A kernel that starts from nothing takes seconds of processor time before its first cell. A fork of a process that
has imported everything has nothing left to do, and what a notebook then computes reaches no other notebook.
"""

import atexit
import ctypes
import gc
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

POSSIBLE = sys.platform == "linux"
"""Elsewhere libraries do not survive a fork, or there is none: kernels then start from nothing."""

_MODULES = (
    "ipykernel.kernelapp",
    "perfkit.charts",
    "perfkit.company",
    "perfkit.customers",
    "perfkit.improve",
    "perfkit.kpis",
    "perfkit.margins",
)
_SERVE = "from perfkit.reports.preloading import serve; serve()"
_PR_SET_PDEATHSIG = 1


class Server:
    """The process that has everything, as seen by the one that asks it for kernels."""

    def __init__(self) -> None:
        self.environment = dict(os.environ)
        self.owner = os.getpid()
        self._lock = threading.Lock()
        self._folder = folder = tempfile.mkdtemp(prefix="perfkit-preload-")
        give_fonts(Path(folder))
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=self.environment | {"MPLCONFIGDIR": folder} | FOR_EVERY_KERNEL,
            start_new_session=True,
            text=True,
            encoding="utf-8",
        )

    def fits(self) -> bool:
        """Return whether it is ours, lives, and started from the environment that a kernel would start from now."""
        return self.owner == os.getpid() and self._process.poll() is None and self.environment == dict(os.environ)

    def fork(self, arguments: list[str], *, cwd: str, env: dict[str, str], log: str) -> "Forked":
        """Start a kernel with these arguments; raises OSError where the server cannot."""
        return Forked(self, int(self.asked({"arguments": arguments, "cwd": cwd, "env": env, "log": log})))

    def asked(self, order: dict[str, Any]) -> str:
        """Return the answer to an order; raises OSError where the server died."""
        with self._lock:
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer:
            raise BrokenPipeError("the process that kernels are forked from died")
        return answer

    def stop(self) -> None:
        """End it, and whatever kernel is left of it, unless we are a fork of its owner."""
        if self.owner == os.getpid():
            self._process.kill()
            self._process.wait()
            shutil.rmtree(self._folder, ignore_errors=True)


class Forked:
    """A kernel's process, with what jupyter_client asks of a subprocess.Popen."""

    stdin = stdout = stderr = None

    def __init__(self, server: Server, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._server = server

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs. It is not ours to wait for: the server does it."""
        if self.returncode is None and _state(self.pid) in ("", "Z", "X"):
            try:
                self.returncode = int(self._server.asked({"ended": self.pid}))
            except (OSError, ValueError):
                self.returncode = -signal.SIGKILL  # it died with its server
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended; raises subprocess.TimeoutExpired."""
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired("kernel", timeout or 0)
            time.sleep(0.005)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


FOR_EVERY_KERNEL = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYTHONSAFEPATH": "1"}
"""What a kernel's environment holds whoever runs it."""

_servers: list[Server] = []
_starting = threading.Lock()


def server() -> Server:
    """Return the process that this one's kernels are forked from: begun where there is none, and ended with us."""
    with _starting:
        if _servers and not _servers[-1].fits():
            _servers.pop().stop()
        if not _servers:
            _servers.append(begun := Server())
            atexit.register(begun.stop)
        return _servers[-1]


def begin() -> None:
    """Let the libraries be imported beside whatever is done next, where that is possible."""
    if POSSIBLE:
        with suppress(OSError):
            server()


def give_fonts(folder: Path) -> None:
    """Copy matplotlib's list of the machine's fonts: finding them again in every run takes seconds."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
    for found in home.glob("fontlist-v*.json"):
        with suppress(OSError):
            shutil.copyfile(found, folder / found.name)


def serve() -> None:
    """Be the server: import everything, then fork a kernel for every line that comes in, until nobody asks any more.

    In a kernel this returns only when the kernel ends.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # a library that prints while it is imported answers nobody
    for name in _MODULES:
        importlib.import_module(name)
    shutil.rmtree(os.getcwd(), ignore_errors=True)
    gc.freeze()
    kernels: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "ended" in order:
            kernels.discard(order["ended"])
            print(os.waitstatus_to_exitcode(os.waitpid(order["ended"], 0)[1]), file=answers, flush=True)
        elif pid := _fork():
            os.setpgid(pid, pid)  # before it is named: whoever kills it kills what it started, too
            kernels.add(pid)
            print(pid, file=answers, flush=True)
        else:
            answers.close()
            _become_kernel(**order)
            return
    for pid in kernels:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _fork() -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads: those of the linear algebra, which knows what a fork is
        return os.fork()


def _become_kernel(arguments: list[str], cwd: str, env: dict[str, str], log: str) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # whatever ends the server ends its kernels
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    _point(0, os.devnull, os.O_RDONLY)
    _point(1, log, os.O_WRONLY | os.O_APPEND)
    os.dup2(1, 2)
    tempfile.tempdir = None  # which was decided on in another environment
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    sys.argv = ["-c", *arguments]
    start_kernel()


def start_kernel() -> None:
    """Be a kernel until it is asked to end."""
    # A report makes millions of small objects that all live as long as it: looking through them for garbage as often
    # as Python does by default takes a tenth of its time.
    gc.set_threshold(200_000, 50, 100)
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


def _point(descriptor: int, path: str, flags: int) -> None:
    opened = os.open(path, flags)
    os.dup2(opened, descriptor)
    os.close(opened)


def _state(pid: int) -> str:
    """Return the state of a process in a letter, "" where there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""
