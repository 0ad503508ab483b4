"""Kernels: this very Python, in an environment of its own for each run, and gone when the run is over."""

import contextlib
import os
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets.config import Config

from perfkit.errors import EngineError

# A report makes millions of small objects that all live as long as it: looking through them for garbage as often as
# Python does by default takes a tenth of its time.
LAUNCH = """
import gc
gc.set_threshold(200_000, 50, 100)
from ipykernel import kernelapp
kernelapp.launch_new_instance()
"""
_SOCKET_PATH = 107  # characters: a limit of Unix sockets


class Kernel(AsyncKernelManager):
    """A kernel of the Python that runs perfkit, whatever kernels the user has installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The command: no history, nothing of the user's profile."""
        argv = [sys.executable, "-c", LAUNCH, "-f", "{connection_file}"]
        return KernelSpec(argv=[*argv, "--HistoryManager.enabled=False"], display_name="Python 3", language="python")

    def kill(self) -> None:
        """Kill the kernel and whatever it started, without asking."""
        process = getattr(self.provisioner, "process", None)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # a kernel leads its own group
        process.wait(timeout=10)


def scratch(run_id: str) -> Path:
    """Return where the sockets and temporary files of a run lie: a short path outside the company's folder."""
    return Path(tempfile.gettempdir()) / f"perfkit-{run_id}"


def sweep(run_id: str) -> bool:
    """Remove what a run left in the temporary folder, if it is ours, and say whether nothing of it is left.

    A kernel whose runner was just killed would write there again: it is killed first.
    """
    folder = scratch(run_id)
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if f"{folder}/".encode() in command.read_bytes():
                os.kill(int(command.parent.name), signal.SIGKILL)
    with contextlib.suppress(FileNotFoundError):
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
            shutil.rmtree(folder, ignore_errors=True)
            return not folder.exists()
    return True


@contextmanager
def prepared(run_id: str) -> Iterator[tuple[Kernel, dict[str, Any]]]:
    """Give a kernel that is not started yet, and the folder and environment to start it in; kill it afterwards.

    Raises
    ------
    EngineError
        If the temporary folder's path is too long for a socket.
    """
    folder = scratch(run_id)
    connection = folder / "k.json"
    if len(f"{connection}-ipc-5") > _SOCKET_PATH:
        raise EngineError(
            f"The temporary folder's path is too long for the kernel's sockets: {folder.parent}. "
            "Set TMPDIR to a shorter one, such as /tmp."
        )
    folder.mkdir(mode=0o700)
    try:
        config = Config({"KernelManager": {"transport": "ipc", "connection_file": str(connection)}})
        kernel = Kernel(kernel_name="python3", config=config)
        try:
            with (folder / "kernel.log").open("wb") as log:
                yield kernel, {"cwd": str(folder), "env": _environment(folder), "stdout": log, "stderr": log}
        finally:
            kernel.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path) -> dict[str, str]:
    """Nothing that one run writes, or that the user configured, reaches another run."""
    own = {name: folder / name for name in ("ipython", "jupyter", "matplotlib", "tmp")}
    for path in own.values():
        path.mkdir(mode=0o700)
    _give_fonts(own["matplotlib"])
    return os.environ | {
        "IPYTHONDIR": str(own["ipython"]),
        "JUPYTER_CONFIG_DIR": str(own["jupyter"]),
        "JUPYTER_RUNTIME_DIR": str(own["jupyter"]),
        "MPLCONFIGDIR": str(own["matplotlib"]),
        "TMPDIR": str(own["tmp"]),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONSAFEPATH": "1",
    }


def _give_fonts(folder: Path) -> None:
    """Copy matplotlib's list of the machine's fonts: finding them again in every run takes seconds."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
    for found in home.glob("fontlist-v*.json"):
        with contextlib.suppress(OSError):
            shutil.copyfile(found, folder / found.name)
