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
from typing import Any, cast

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets.config import Config

from perfkit.errors import EngineError
from perfkit.reports import preloading

_LAUNCH = "from perfkit.reports.preloading import start_kernel; start_kernel()"
_PROVISIONER = "perfkit-preloaded"  # its entry point in pyproject.toml
_SOCKET_PATH = 107  # characters: a limit of Unix sockets


class Kernel(AsyncKernelManager):
    """A kernel of the Python that runs perfkit, whatever kernels the user has installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The command: no history, nothing of the user's profile."""
        argv = [sys.executable, "-c", _LAUNCH, "-f", "{connection_file}", "--HistoryManager.enabled=False"]
        forked = {"kernel_provisioner": {"provisioner_name": _PROVISIONER}}
        return KernelSpec(argv=argv, display_name="Python 3", language="python", metadata=forked)

    def kill(self) -> None:
        """Kill the kernel and whatever it started, without asking."""
        process = getattr(self.provisioner, "process", None)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # a kernel leads its own group
        process.wait(timeout=10)


class Preloaded(LocalProvisioner):
    """Starts a kernel as a fork of a process that has imported everything; from nothing where that cannot be."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel; `cmd` is what starts it from nothing."""
        if not preloading.POSSIBLE:
            return await super().launch_kernel(cmd, **kwargs)
        try:
            kernel = preloading.server().fork(
                cmd[cmd.index(_LAUNCH) + 1 :], cwd=str(kwargs["cwd"]), env=kwargs["env"], log=kwargs["stdout"].name
            )
        except (OSError, ValueError):
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.pgid = cast(Any, kernel), kernel.pid, kernel.pid
        self.cwd = kwargs["cwd"]
        return self.connection_info


def scratch(run_id: str) -> Path:
    """Return where the sockets and temporary files of a run lie: a short path outside the company's folder."""
    return Path(tempfile.gettempdir()) / f"perfkit-{run_id}"


def sweep(run_id: str) -> bool:
    """Remove what a run left in the temporary folder, if it is ours, and say whether nothing of it is left.

    A kernel whose runner was just killed would write there again: it is killed first.
    """
    folder = scratch(run_id)
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{folder}/".encode() in (process / "cmdline").read_bytes() or (process / "cwd").readlink() == folder:
                os.kill(int(process.name), signal.SIGKILL)
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
    preloading.give_fonts(own["matplotlib"])
    return (
        os.environ
        | {
            "IPYTHONDIR": str(own["ipython"]),
            "JUPYTER_CONFIG_DIR": str(own["jupyter"]),
            "JUPYTER_RUNTIME_DIR": str(own["jupyter"]),
            "MPLCONFIGDIR": str(own["matplotlib"]),
            "TMPDIR": str(own["tmp"]),
        }
        | preloading.FOR_EVERY_KERNEL
    )
