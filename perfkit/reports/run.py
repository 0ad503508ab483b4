"""Run: a report for a company and a period, from its notebook to the published folder."""

import datetime as dt
import errno
import json
import os
import re
import signal
import threading
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from perfkit import brand, languages, periods
from perfkit.errors import EngineError, ParameterError, PerfkitError
from perfkit.periods import Period
from perfkit.reports import notebooks, publishing
from perfkit.reports.notebooks import Notebook
from perfkit.reports.parameters import checked, declared
from perfkit.reports.publishing import Published, Run
from perfkit.reports.record import Record

_SET_BY_THE_RUN = ("company", "period", "language", "snapshot")


def _silent(message: str) -> None:
    """Say nothing: the default of a step's progress."""


def publish(
    report: str,
    company: str | Path,
    *,
    period: str,
    language: str = "",
    parameters: Mapping[str, object] | None = None,
    snapshot: str = "",
    cell_timeout: int = 1800,
    step: Callable[[str], None] = _silent,
) -> Published:
    """Run a report's notebook and publish what it says: HTML, PDF, workbook, figures and manifest.

    Parameters
    ----------
    report : str
        Name of the report, such as "commercial_audit".
    company : str or Path
        The company's folder.
    period : str
        "2026-10", "2026-Q3" or "FY2026".
    language : str, default ""
        "en" or "fr"; empty is the company's.
    parameters : mapping of str, optional
        Parameters of the notebook; a text is read as the type that the notebook declares.
    snapshot : str, default ""
        Fingerprint of the snapshot to read, or its first characters; empty is the current one.
    cell_timeout : int, default 1800
        Seconds that one cell may take.
    step : callable, optional
        Told in words what is being done, for a progress bar.

    Returns
    -------
    Published

    Raises
    ------
    ParameterError
        If the report, the period, the language or a parameter is not known: nothing was started.
    DataError
        If the data cannot carry the report.
    EngineError
        If the notebook, the kernel or the disk failed, or the report is being made by another run.
        Whatever is raised, nothing new was published and the last report is still the current one.
    """
    folder = Path(company).resolve()
    name, own_language, year_starts, worn = _named(folder)
    asked = periods.parse(period, year_starts)
    language, fingerprint = language or own_language, _whole(snapshot, folder)
    caller = languages.current()
    languages.use(language)
    try:
        with _terminable(), _disk_failures_in_words(folder):
            return _publish(
                notebooks.find(report, folder),
                folder,
                {"company": name, "period": asked.label, "language": language, "brand": worn}
                | {"snapshot": fingerprint, "period_shown": shown(asked, folder, fingerprint, year_starts)},
                parameters or {},
                cell_timeout,
                step,
            )
    finally:
        languages.use(caller)


def shown(period: Period, company: Path, snapshot: str, fiscal_year_starts: str) -> str:
    """Return the period's full name, which says from which day where the data start within it."""
    from perfkit.reports import manifest

    first = manifest.first_day(company, snapshot)
    if first is not None and period.start < first < period.end:  # whether it is the whole period, its lines tell
        from perfkit.company import open_company

        late = False
        with suppress(PerfkitError):  # the notebook says why it cannot be opened, if it opens it
            late = open_company(company, snapshot=snapshot).starts_late
        period = period.cut_at(first, late=late)
    return period.full_name(fiscal_year_starts)


def _publish(
    notebook: Notebook,
    company: Path,
    facts: dict[str, Any],
    given: Mapping[str, object],
    cell_timeout: int,
    step: Callable[[str], None],
) -> Published:
    takes = declared(notebook.node, notebook.name)
    for name in _SET_BY_THE_RUN:
        if name in given:
            raise ParameterError(f"parameter {name} is set by the run itself: name the company, or use --{name}.")
    chosen = checked(takes, given)
    set_here = {key: facts[key] for key in ("period", "language", "snapshot")} | {"company": str(company)}
    values = chosen | {name: set_here[name] for name in _SET_BY_THE_RUN if name in takes}
    shown = {name: each.default for name, each in takes.items() if name not in _SET_BY_THE_RUN} | chosen
    place = {"period": facts["period"], "report": notebook.name, "language": facts["language"]}
    with publishing.locked(company, **place, part=_part(shown, company)) as run:
        from perfkit.reports import manifest, preloading

        preloading.begin()  # beside what we import ourselves

        about = facts | {
            "report": notebook.name,
            "parameters": shown,
            **manifest.source(company, facts["snapshot"]),
            "company_toml": publishing.sha256(company / "company.toml"),
            "notebook": {"sha256": notebook.fingerprint, "adopted": notebook.adopted},
            "perfkit": version("perfkit"),
            "run_id": run.id,
        }
        return _made(notebook, company, run, values, about, cell_timeout, step)


def _made(
    notebook: Notebook,
    company: Path,
    run: Run,
    values: dict[str, Any],
    about: dict[str, Any],
    cell_timeout: int,
    step: Callable[[str], None],
) -> Published:
    started = _now()
    from perfkit.reports import execution, figures, manifest, record, xlsx

    notebooks.translate(notebook.node)
    try:
        node = execution.execute(notebook.node, values, run_id=run.id, cell_timeout=cell_timeout, step=step)
    except PerfkitError as error:
        kept = publishing.keep_failed(run, _json(error.executed)) if hasattr(error, "executed") else None
        if kept:
            error.args = (f"{error} The notebook as far as it came: {kept}",)
        raise
    node.metadata["perfkit"] = {"run": about}
    (run.work / "notebook.ipynb").write_text(_json(node), encoding="utf-8")

    step(languages.text("Publishing"))
    read = record.read(node)
    figures.validate(read)
    _write_page(run.work, node, read)
    (run.work / "report.xlsx").write_bytes(xlsx.workbook(read))
    (run.work / "figures.parquet").write_bytes(figures.parquet(read))
    manifest.write(run.work, read, started=started, ended=_now())
    return Published(publishing.publish(run, company), tuple(read.notices), notebook.adopted)


def _write_page(work: Path, node: Any, read: Record) -> None:
    """Write the report as HTML and, from the very same text, as PDF; a notice says why where there is no PDF."""
    from perfkit.reports import html, pdf

    reason = pdf.absent()
    if reason:
        read.notices.append(reason)
    page = html.page(node, read)
    if not reason:
        try:
            content = pdf.document(page)
        except Exception as error:  # whatever WeasyPrint meets in a picture, the page itself stands
            read.notices.append(_no_pdf(error))
            page = html.page(node, read)
        else:
            (work / "report.pdf").write_bytes(content)
    (work / "report.html").write_text(page, encoding="utf-8")


def _no_pdf(error: Exception) -> str:
    """Say that the PDF could not be made, and why."""
    return languages.text("No PDF: it could not be set ({reason}).", reason=f"{type(error).__name__}: {error}"[:200])


def _part(parameters: Mapping[str, Any], company: Path) -> str:
    """Return the segment that a report is of, if it is one of a part."""
    part = str(parameters.get("segment") or "")
    if part and not re.fullmatch("[a-z][a-z0-9_]*", part):
        raise ParameterError(
            f"segment {part!r}: a segment's name is lower-case letters, digits and _. {_say(part, company)}"
        )
    return part


def _say(part: str, company: Path) -> str:
    """Say which segment may be meant by what is no segment's name, or how to declare one."""
    letters = unicodedata.normalize("NFKD", part.casefold())
    name = re.sub("[^a-z0-9]+", "_", "".join(each for each in letters if not unicodedata.combining(each))).strip("_")
    name = name if re.match("[a-z]", name) else f"segment_{name}".rstrip("_")
    declared = tomllib.loads((company / "company.toml").read_text(encoding="utf-8")).get("segments", {})
    if isinstance(declared, dict) and name in declared:
        return f"company.toml declares [segments.{name}]: write -p segment={name}."
    return (
        "A report takes one that company.toml declares. For the customers whose segment in your list is "
        f'{part!r}, write there:\n[segments.{name}]\nwhere = [{{ column = "segment", equals = '
        f"{json.dumps(part, ensure_ascii=False)} }}]\nThen write -p segment={name}."
    )


def _json(node: Any) -> str:
    import nbformat

    return str(nbformat.writes(node)) + "\n"


def _named(folder: Path) -> tuple[str, str, str, dict[str, str]]:
    """Return the company's name, language, first day of the fiscal year and brand.

    The rest is checked where it is loaded.
    """
    path = folder / "company.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise ParameterError(
            f"{folder} is not a company's folder: it holds no company.toml that can be read."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParameterError(f"company.toml cannot be read: {error}. Nothing new was published.") from None
    return (
        str(raw.get("name", folder.name)),
        str(raw.get("language", "en")),
        str(raw.get("fiscal_year_starts", "01-01")),
        brand.of(raw, folder),
    )


def _whole(snapshot: str, company: Path) -> str:
    """Return a snapshot's whole fingerprint, the current one's for none: a report names exactly what it read."""
    kept = company / "snapshots"
    if not snapshot:
        return (kept / "current").resolve().name if (kept / "current").exists() else ""
    found = [path.name for path in kept.glob("*") if path.is_dir() and path.name.startswith(snapshot)]
    return found[0] if len(found) == 1 else snapshot  # the notebook refuses it in words


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


@contextmanager
def _disk_failures_in_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        reason = "no space left on" if error.errno in (errno.ENOSPC, errno.EDQUOT) else f"{os.strerror(error.errno)}:"
        where = error.filename or folder / "reports"
        raise EngineError(
            f"{reason} {where}. Nothing new was published; the last report is still the current one."
        ) from error


@contextmanager
def _terminable() -> Iterator[None]:
    """Leave through every clean-up when asked to terminate, with exit code 143."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminated(*_: object) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)
