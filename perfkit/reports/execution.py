"""Execution: a notebook runs from end to end in a kernel of its own, or the reason why it did not is said.

Success is not an exit code: papermill reports a notebook that called sys.exit(0) as completed. It is
a last cell that printed a token made for this run, and every code cell executed without an error.
"""

import contextlib
import secrets
from collections.abc import Callable
from typing import Any

import papermill  # noqa: F401  # its engines are registered when the package is imported
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NotebookExecutionManager
from papermill.parameterize import parameterize_notebook

from perfkit import errors
from perfkit.errors import DataError, EngineError, PerfkitError
from perfkit.reports import kernels

_OURS = {each.__name__: each for each in (PerfkitError, DataError, errors.ParameterError, EngineError)}


def execute(
    node: Any, parameters: dict[str, Any], *, run_id: str, cell_timeout: int, step: Callable[[str], None]
) -> Any:
    """Run a notebook with its parameters set, and return it with its outputs.

    Parameters
    ----------
    node : notebook node
    parameters : dict
        Checked values: they are written into the notebook as literals.
    run_id : str
        Names the folder of sockets and temporary files.
    cell_timeout : int
        Seconds that one cell may take.
    step : callable
        Told the heading of the section that is being computed.

    Raises
    ------
    PerfkitError
        If a cell refuses or fails, or the kernel dies or takes too long; `executed` of the error is the
        notebook as far as it came.
    """
    node.metadata["papermill"] = {}
    for cell in node.cells:
        cell.metadata.setdefault("tags", [])  # papermill takes them for granted
    node = parameterize_notebook(node, parameters, kernel_name="python3", language="python")
    token = secrets.token_hex(16)
    node.cells.append(new_code_cell(f"print({token!r})", metadata={"tags": []}))
    try:
        _run(node, run_id=run_id, cell_timeout=cell_timeout, step=step)
        _check(node, token)
    except PerfkitError as error:
        del node.cells[-1]
        error.executed = node  # type: ignore[attr-defined]  # kept beside the reports, for whoever looks into it
        raise
    del node.cells[-1]
    return node


def _run(node: Any, *, run_id: str, cell_timeout: int, step: Callable[[str], None]) -> None:
    at: list[Any] = []  # the cells that were begun

    def begun(cell: Any, cell_index: int) -> None:
        if section(node, cell) != (section(node, at[-1]) if at else ""):
            step(section(node, cell))
        at.append(cell)

    manager = NotebookExecutionManager(node, progress_bar=False, autosave_cell_every=0)
    manager.notebook_start()
    with kernels.prepared(run_id) as (kernel, place):
        client = PapermillNotebookClient(
            manager,
            km=kernel,
            timeout=cell_timeout,
            shutdown_kernel="immediate",
            on_cell_start=begun,
            record_timing=False,
        )
        try:
            client.execute(cleanup_kc=True, **place)
        except CellTimeoutError:
            raise EngineError(_stopped(node, at, f"a cell took longer than {cell_timeout} seconds")) from None
        except DeadKernelError:
            reason = "the kernel died: it was killed, ran out of memory, or the cell ended it"
            raise EngineError(_stopped(node, at, reason)) from None
        except CellExecutionError as error:  # papermill notes most of them in the cell and goes on
            raise EngineError(_stopped(node, at, f"{error.ename}: {error.evalue}")) from None
        except (RuntimeError, NoSuchKernel, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None and not at:
                raise
            raise EngineError(_stopped(node, at, f"the kernel did not answer: {error}{_last_words(place)}")) from None
    manager.notebook_complete()


def _last_words(place: dict[str, Any]) -> str:
    with contextlib.suppress(OSError), open(place["stderr"].name, encoding="utf-8", errors="replace") as log:
        lines = [line.strip() for line in log if line.strip()]
        return f" ({lines[-1]})" if lines else ""
    return ""


def _check(node: Any, token: str) -> None:
    """Hold the notebook to its end: no error in any cell, every cell executed, the token printed."""
    code = [cell for cell in node.cells if cell.cell_type == "code" and cell.source.strip()]
    for cell in code:
        for output in cell.outputs:
            if output.output_type == "error":
                raise _refusal(node, cell, output)
            if output.get("name") == "stderr" and "Traceback (most recent call last)" in output.text:
                # A result that could not display itself, say: IPython then prints why and shows something else.
                first = output.text.split("\nDuring handling of", 1)[0].strip().splitlines()[-1]
                raise EngineError(_stopped(node, [cell], f"an error was caught and printed: {first}"))
    printed = "".join(output.get("text", "") for output in code[-1].outputs)
    if printed.strip() != token:
        left = next((cell for cell in code if cell.execution_count is None), code[-1])
        raise EngineError(_stopped(node, [left], "the notebook ended before its last cell"))


def _refusal(node: Any, cell: Any, output: Any) -> PerfkitError:
    if output.ename in _OURS:
        return _OURS[output.ename](f"{_where(node, cell)}{output.evalue} Nothing new was published.")
    if output.ename == "SystemExit":
        return EngineError(_stopped(node, [cell], "a cell ended the notebook (sys.exit)"))
    lines = str(output.evalue).strip().splitlines()
    return EngineError(_stopped(node, [cell], f"{output.ename}: {lines[0] if lines else 'no message'}"))


def _stopped(node: Any, at: list[Any], reason: str) -> str:
    where = _where(node, at[-1]) if at else ""
    return f"{where}{reason}. Nothing new was published."


def _where(node: Any, cell: Any) -> str:
    heading = section(node, cell)
    return f"In section {heading!r}: " if heading else ""


def section(node: Any, wanted: Any) -> str:
    """Return the last heading above a cell."""
    heading = ""
    for cell in node.cells:
        if cell is wanted:
            break
        if cell.cell_type == "markdown":
            found = [line.lstrip("# ").strip() for line in cell.source.splitlines() if line.startswith("#")]
            heading = found[-1] if found else heading
    return heading
