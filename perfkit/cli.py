"""The perfkit command: from a company's folder to a published report.

What was typed and names nothing (a command, option, folder, report, parameter, period, language or snapshot)
is wrong usage, exit code 2; what the settings, the data or the notebook refuse is exit code 1. Heavy
imports stand inside the commands, so that `perfkit --help` answers at once.
"""

import gc
import json
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from perfkit.errors import ParameterError, PerfkitError, printable, unknown

if TYPE_CHECKING:
    from perfkit.company import Company
    from perfkit.settings import Settings

PUBLISHED, REFUSED, WRONG_USAGE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143


_TYPERS_OWN: tuple[Any, ...] = (typer.Exit, typer.Abort, typer.BadParameter.__mro__[2])
"""What typer shows and ends by itself; the third is ClickException, wherever a version of typer keeps it."""


class WrongUsage(PerfkitError):
    """What was typed cannot be meant: told before anything is read."""

    see_help = True


class NoPeriod(WrongUsage):
    """No period was typed: the message ends with the command that has one."""

    see_help = False


class _Commands(TyperGroup):
    """The commands; whatever they raise ends as one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except WrongUsage as error:
            see = f" See: {ctx.command_path} {ctx.invoked_subcommand} --help" if error.see_help else ""
            _stop(f"{error}{see}", WRONG_USAGE)
        except PerfkitError as error:
            _stop(str(error), REFUSED)
        except KeyboardInterrupt:
            _stop("Stopped. Nothing new was published.", INTERRUPTED)
        except SystemExit as asked:
            if asked.code == TERMINATED:
                _stop("Stopped. Nothing new was published.", TERMINATED)
            raise
        except BrokenPipeError:
            raise  # whoever read the output has gone: typer ends in silence
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            _stop(f"{where}{error.strerror or error}. Nothing new was published.", REFUSED)
        except _TYPERS_OWN:
            raise
        except Exception as error:
            _stop(_our_fault(error), REFUSED)


app = typer.Typer(
    cls=_Commands,
    help="From a company's exports to a published report.",
    epilog=(
        "Exit codes: 0 done or published; 1 refused (the settings, the data or the notebook), nothing new was "
        "published; 2 wrong usage (a misspelt command, option, folder, report, parameter, period, language or "
        "snapshot)."
    ),
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,  # rich would triple the time of --help
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

CompanyFolder = Annotated[Path, typer.Argument(metavar="COMPANY", help="The company's folder.")]
Exports = Annotated[
    Path | None,
    typer.Option(
        "--exports",
        metavar="DIR",
        exists=True,
        file_okay=False,
        help="Where the exports lie, if not where company.toml says.",
    ),
]


@app.command()
def new(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The folder to make.")],
    language: Annotated[str, typer.Option(metavar="en|fr", help="Language of its reports.")] = "en",
) -> None:
    """Make the folder of a new company."""
    import shutil

    from perfkit import assets, languages

    if path.exists() and not path.is_dir():
        raise WrongUsage(f"{path} is a file: name a folder that does not exist yet.")
    if path.is_dir() and any(path.iterdir()):
        raise WrongUsage(f"{path} is not empty: name a folder that does not exist yet.")
    if language not in languages.LANGUAGES:
        raise WrongUsage(unknown("language", language, languages.LANGUAGES))
    shutil.copytree(assets.path("templates/company"), path, dirs_exist_ok=True)
    settings = path / "company.toml"
    named = settings.read_text(encoding="utf-8").replace('"My company"', json.dumps(path.resolve().name), 1)
    settings.write_text(named.replace('language = "en"', f'language = "{language}"', 1), encoding="utf-8")
    print(f"Made {path}. Next:")
    print(f"  1. copy an export of sales lines into {path / 'exports'}")
    print(f"  2. say in {settings} what its columns are called")
    print(f"  3. perfkit load {_quoted(path)}")


@app.command("map")
def propose(
    company: CompanyFolder,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Exports of one table, in exports/.")],
    table: Annotated[str, typer.Option(metavar="TABLE", help="The table they are, where that is known.")] = "",
    exports: Exports = None,
) -> None:
    """Propose how an export is to be read.

    Looks at a new export and writes the block of company.toml that it needs, each line with how sure it is and
    samples. Nothing is read from it until a person has checked it and deleted its line `confirmed = false`.
    """
    from perfkit import assets, schema, terminal
    from perfkit.sources import files as found
    from perfkit.sources import proposing

    declared = _settings(company)
    if table and table not in schema.TABLES:
        raise WrongUsage(unknown("table", table, schema.TABLES))
    folder = exports or company / declared.exports
    with _typed():
        inside = [found.inside(path, folder) for path in files]
    proposal = proposing.propose(
        [found.examine(path, folder) for path in inside],
        exports=folder,
        currency=declared.currency,
        timezone=declared.timezone,
        table=table,
        revenue_date=declared.revenue_date,
    )
    written = None
    if proposal.table:
        written = proposing.confirmable(proposal, company, assets.path("templates/company"))
    terminal.show_proposal(proposal, written, company)


@app.command()
def load(company: CompanyFolder, exports: Exports = None) -> None:
    """Read the exports into a checked snapshot.

    Says what was read, what was left out and why, and what changed since the last snapshot. Whatever
    does not fit is refused, and the last snapshot stays the current one.
    """
    _notices(_loaded(company, exports))


@app.command()
def check(
    company: CompanyFolder,
    exports: Exports = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Show the rows set aside, and why.")] = False,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="PATH",
            help=(
                "With --quarantine: write all of them to PATH: a .csv file (a text that begins with = + - @, a tab or "
                "a line end gets an apostrophe before it, so that no spreadsheet runs it; separated by commas, or by "
                'semicolons where company.toml says language = "fr"), .xlsx or .parquet (exact); or a folder, which '
                "gets each file's own records byte for byte. Mend them in the original export, in place, then load."
            ),
        ),
    ] = None,
) -> None:
    """Say what the data can answer.

    And for what they cannot, the one table or column to ask for.
    """
    from perfkit import results, terminal

    if export and not quarantine:
        raise WrongUsage("--export writes the rows set aside: give --quarantine with it.")
    if export:
        from perfkit.sources import quarantine_export

        with _typed():
            quarantine_export.refuse_existing(export)
    acme = _loaded(company, exports)
    if quarantine:
        some = terminal.show_quarantine(acme, rows=export is None)
        if export and some:
            terminal.show_export(quarantine_export.export(acme.snapshot, export, language=acme.settings.language), acme)
        return
    _notices(acme)
    for view in [*acme.reconciliation().views(), *acme.coverage().views()]:
        print(f"\n{printable(results.plain(view), most=100_000, lines=True)}")


@app.command()
def snapshots(
    company: CompanyFolder,
    pin: Annotated[str, typer.Option(metavar="ID", help="Keep this snapshot whatever is pruned.")] = "",
    unpin: Annotated[str, typer.Option(metavar="ID", help="No longer keep it.")] = "",
    prune: Annotated[bool, typer.Option("--prune", help="Remove old snapshots that are not pinned.")] = False,
    keep: Annotated[int, typer.Option(metavar="N", min=1, help="How many of the latest --prune leaves.")] = 5,
) -> None:
    """List, pin and prune snapshots."""
    from perfkit.sources import snapshots as kept

    _settings(company)
    if sum(map(bool, (pin, unpin, prune))) > 1:
        raise WrongUsage("--pin, --unpin and --prune are three commands: give one of them.")
    if pin or unpin:
        with _typed():
            found = kept.pin(company, pin or unpin, keep=bool(pin))
        print(f"Pinned {found.fingerprint}: it stays." if pin else f"Unpinned {found.fingerprint}.")
    elif prune:
        gone = kept.prune(company, keep=keep)
        print(f"Removed {len(gone)} snapshot{'s' if len(gone) != 1 else ''}{': ' if gone else ''}{', '.join(gone)}.")
    else:
        for row in kept.listing(company).to_dict("records"):
            print(_listed(row))


def _listed(row: Mapping[str, Any]) -> str:
    marks = [mark for mark in ("current", "pinned") if row[mark]]
    what = row["problem"] or f"{row['rows']:,} rows ({row['tables']}), {row['quarantined']:,} quarantined"
    size = f"{max(row['bytes'] / 1e6, 0.1):,.1f} MB"
    return "  ".join([row["fingerprint"], f"{row['loaded_at']:%Y-%m-%d %H:%M} UTC", what, size, *marks])


@app.command()
def run(
    report: Annotated[str, typer.Argument(metavar="REPORT", help="The report, such as commercial_audit.")],
    company: CompanyFolder,
    period: Annotated[str, typer.Option(metavar="PERIOD", help="Needed: 2026-10, 2026-Q3, 2026 or FY2026.")] = "",
    language: Annotated[str, typer.Option(metavar="en|fr", help="Language; else the one in company.toml.")] = "",
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", "--parameter", metavar="NAME=VALUE", help="Of the notebook; may be repeated."),
    ] = None,
    snapshot: Annotated[str, typer.Option(metavar="ID", help="Run on this snapshot, without loading.")] = "",
    exports: Exports = None,
) -> None:
    """Load what is new and publish a report."""
    from perfkit import company as companies
    from perfkit.sources import snapshots as kept

    if snapshot and exports:
        raise WrongUsage("--snapshot runs on what was loaded, --exports loads anew: give one of them.")
    declared = _settings(company)
    given = _parameters(parameter or [])
    if not period:
        _ask_for_period(report, company, declared, snapshot)
    _usage(report, company, declared, period, language, given)
    _refuse_unwearable(company, declared)
    _decided(company)
    if snapshot:
        with _typed():
            kept.find(company, snapshot)
        acme = companies.open_company(company, snapshot=snapshot)
    else:
        acme = _loaded(company, exports)
    _publish(report, acme, period, language or declared.language, given)


@app.command()
def lab(
    company: Annotated[
        Path | None, typer.Argument(metavar="COMPANY", help="Its folder; else this one, or a demo.")
    ] = None,
    report: Annotated[str, typer.Option(metavar="REPORT", help="The report to copy.")] = "commercial_audit",
) -> None:
    """Open JupyterLab on a copy of a report.

    The copy lies in the company's scratch/ and is set to its last complete month: try what you like.
    """
    from importlib.util import find_spec
    from subprocess import call

    if find_spec("jupyterlab") is None:
        raise PerfkitError("JupyterLab is not installed. Install it with: pip install 'perfkit[lab]'")
    from perfkit import assets, reports
    from perfkit import company as companies

    folder = company or _here_or_demo()
    _settings(folder)
    acme = companies.open_company(folder)
    with _typed():
        copy = reports.scratch_copy(report, acme)
    print(f"Opening {copy}. When you like it: perfkit adopt {_quoted(copy)}")
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # a container's only user
    # As no report asks anybody for anything: no news, no look for updates.
    paths = [str(assets.path("templates/lab")), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    raise typer.Exit(call([sys.executable, "-m", "jupyterlab", *as_root, str(copy)]))


@app.command()
def adopt(
    notebook: Annotated[
        Path, typer.Argument(metavar="NOTEBOOK", exists=True, dir_okay=False, help="A scratch copy that you changed.")
    ],
    company: Annotated[
        Path | None, typer.Argument(metavar="COMPANY", help="Its folder; else the one the notebook lies in.")
    ] = None,
) -> None:
    """Make a notebook the company's own report.

    It is copied into the company's notebooks/, without its outputs, and `perfkit run` uses it from now on.
    """
    from perfkit import reports

    folder = company or next((each for each in notebook.resolve().parents if (each / "company.toml").is_file()), None)
    if folder is None:
        raise WrongUsage(f"{notebook} lies in no company's folder: name the company too.")
    _settings(folder)
    adopted = reports.adopt(notebook, folder)
    print(f"{adopted} is {folder.resolve().name}'s own {adopted.stem} now. To go back to the shipped one, remove it.")


@app.command()
def demo(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The folder to make.")] = Path("perfkit-demo"),
    scale: Annotated[float, typer.Option(metavar="F", help="How large the company is; 1 is nine million a year.")] = 1,
    seed: Annotated[int, typer.Option(metavar="N", help="Another number draws another company.")] = 0,
) -> None:
    """Simulate a company, load its exports and publish its audit.

    Writes the exports that its tools would send, with faults planted in them; loads them; checks that loading found
    exactly those faults; and publishes the company's audit in English and in French.
    """
    from perfkit.demo import checks, exports
    from perfkit.reports import preloading

    preloading.begin()
    with _second_process() as publish_there:  # it gets ready while the company is made and loaded
        truth = _made_demo(path, scale, seed)
        acme = _loaded(path, None)
        published = publish_there("commercial_audit", acme, DEMO_PERIOD, "fr")
        wrong = checks.differences(acme, truth)
        if wrong:
            raise PerfkitError(
                "\n".join([f"{path} is not what was planted in it:", *wrong])
                + f"\nIf you changed its exports, that may be meant; delete {path} to begin anew."
            )
        print(f"Checked: {len(truth['faults'])} planted faults, all found, nothing else set aside.")
        _publish("commercial_audit", acme, DEMO_PERIOD, "en", {})
        print(published(), end="")
    print(f"\nIt is yours to change: {path / 'company.toml'} says what was read, and how.")
    print(f"{path / 'README.md'} says what was planted, and {path / exports.TRUTH} what is true of the company.")


_READY = """
import json, sys
from perfkit.reports import preloading
preloading.begin()
import perfkit.cli, perfkit.reports.execution, perfkit.reports.html, perfkit.reports.pdf
perfkit.reports.pdf.absent()
sys.argv[1:] = json.loads(sys.stdin.readline() or "[]")
perfkit.cli.main()
"""


@contextmanager
def _second_process() -> Iterator[Callable[..., Callable[[], str]]]:
    """Give a function that publishes a report in a process which was started before, and returns at once.

    What that function returns waits for the report and returns what was printed.
    """
    from subprocess import PIPE, Popen

    from perfkit.errors import EngineError

    with Popen(
        [sys.executable, "-c", _READY], stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, encoding="utf-8"
    ) as process:

        def publish_there(report: str, acme: "Company", period: str, language: str) -> Callable[[], str]:
            typed = ["run", report, str(acme.path), "--period", period, "--language", language]
            assert process.stdin
            with suppress(BrokenPipeError):  # it died: why stands in what it printed
                process.stdin.write(json.dumps([*typed, "--snapshot", acme.snapshot.fingerprint]) + "\n")
                process.stdin.flush()

            def finished() -> str:
                said, failed = process.communicate()
                if process.returncode:
                    reason = failed.strip().removeprefix("perfkit: ")
                    raise EngineError(reason or f"{report} in {language} was not made.")
                return said

            return finished

        try:
            yield publish_there
        finally:
            if process.poll() is None:
                process.terminate()


@app.command()
def version() -> None:
    """Print the version of perfkit."""
    from importlib.metadata import version as installed

    print(f"perfkit {installed('perfkit')}")


DEMO_PERIOD = "2026-Q3"
"""The last quarter of the demo's 36 months."""


def main() -> None:
    """Run the command; a request to terminate leaves through every clean-up on its way."""
    signal.signal(signal.SIGTERM, _terminated)
    gc.set_threshold(
        200_000, 50, 100
    )  # a page is half a million objects that live as long as it: see reports/preloading.py
    # JupyterLab brings a checker of internationalised addresses, which jsonschema loads where it finds it. Its grammar
    # takes two seconds, and no notebook needs it.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    app(prog_name="perfkit")


def _terminated(*_: object) -> NoReturn:
    raise SystemExit(TERMINATED)


def _stop(message: str, code: int) -> NoReturn:
    most = 2_000 + 500 * min(message.count("\n"), 20)  # several faults stand on a line each
    said = printable(message, most=most, lines=True).replace("\n", "\n  ")  # a name of several lines begins none
    print(f"perfkit: {said}", file=sys.stderr)
    raise typer.Exit(code)


def _our_fault(error: Exception) -> str:
    """Keep the details of an unexpected error in a file, and say where."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="perfkit-error-", suffix=".txt", encoding="utf-8", delete=False
    ) as details:
        details.write("".join(traceback.format_exception(error)))
    return (
        f"This is a bug of perfkit, not a fault of your data: {type(error).__name__}. Nothing new was published. "
        f"The details are in {details.name}: send them to whoever looks after perfkit for you."
    )


def _settings(folder: Path) -> "Settings":
    """Read company.toml: a folder without one was not meant, one that is not understood is refused."""
    from perfkit import languages
    from perfkit.settings import settings

    languages.use("en")  # what the command says is English; a report has a language of its own
    if not os.path.lexists(folder / "company.toml"):
        raise WrongUsage(
            f"{folder} is not a company's folder: it holds no company.toml. Make one with: perfkit new PATH."
        )
    return settings(folder)


def _loaded(folder: Path, exports: Path | None) -> "Company":
    """Load a company, print what was read, and what changed against the snapshot before."""
    from perfkit import company as companies
    from perfkit import terminal
    from perfkit.sources import snapshots as kept

    _settings(folder)
    _decided(folder)
    before = kept.current(folder)
    with terminal.progress() as step:
        acme = companies.load(folder, exports=exports, step=step)
    terminal.tell(acme, before)
    return acme


def _decided(folder: Path) -> list[str]:
    """Return the findings that the company decided about; refuse decisions that no report could show."""
    from perfkit import actions
    from perfkit.improve.rules import RULES

    return list(actions.read(folder, [rule.__name__ for rule in RULES]))


def _notices(acme: "Company") -> None:
    """Print what a person should know about what was read, and about decisions that the last report did not show."""
    from perfkit import actions, terminal

    terminal.show_notices(acme)
    for notice in [*acme.notices(), *actions.astray(acme.path, _decided(acme.path))]:
        print(printable(f"Note: {notice}"))


def _refuse_unwearable(folder: Path, declared: "Settings") -> None:
    """Refuse a brand that no report can wear before the exports are read; nothing else stands on it."""
    from perfkit import brand

    if declared.brand is not None:
        brand.of({"brand": declared.brand}, folder)


def _parameters(given: list[str]) -> dict[str, str]:
    """Read -p name=value options."""
    pairs = dict[str, str]()
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.strip():
            raise WrongUsage(f"-p {each}: write it as NAME=VALUE, for example -p top=20.")
        if name.strip() in pairs:
            raise WrongUsage(f"-p {name.strip()} is given twice: give it once.")
        pairs[name.strip()] = value
    return pairs


def _usage(
    report: str, company: Path, settings: "Settings", period: str, language: str, parameters: Mapping[str, str]
) -> None:
    """Refuse what was typed wrongly before the data are read."""
    from perfkit import languages, periods
    from perfkit.reports import notebooks
    from perfkit.reports.parameters import checked, declared

    with _typed():
        periods.parse(period, settings.fiscal_year_starts)
        if language and language not in languages.LANGUAGES:
            raise ParameterError(unknown("language", language, languages.LANGUAGES))
        notebook = notebooks.find(report, company)
    takes = declared(notebook.node, notebook.name)
    for name in {"company", "period", "language", "snapshot"} & parameters.keys():
        raise WrongUsage(f"-p {name} is not yours to set: name the company, or use --{name}.")
    with _typed():
        checked(takes, parameters)


def _ask_for_period(report: str, folder: Path, declared: "Settings", snapshot: str) -> NoReturn:
    """Refuse a run of no period, with the last complete month of this very company as an example."""
    from perfkit import company as companies
    from perfkit import periods
    from perfkit.sources import snapshots as kept

    month = None
    with suppress(PerfkitError):  # what is wrong with its data is told when they are loaded
        if declared.observed_until:
            month = companies.last_month(periods.day(declared.observed_until))
        elif snapshot or kept.current(folder):
            month = companies.open_company(folder, snapshot=snapshot).last_month()
    if month is None:
        raise NoPeriod(
            "which period is the report of? Load the exports first, and it can be said which months are whole: "
            f"perfkit load {_quoted(folder)}. "
            f"Then: perfkit run {shlex.quote(report)} {_quoted(folder)} --period YYYY-MM"
        )
    raise NoPeriod(
        f"which period is the report of? The last complete month is {month.label}: "
        f"perfkit run {shlex.quote(report)} {_quoted(folder)} --period {month.label}"
    )


@contextmanager
def _typed() -> Iterator[None]:
    """What is refused in here was typed on the command line."""
    try:
        yield
    except ParameterError as error:
        raise WrongUsage(str(error)) from None


def _publish(report: str, acme: "Company", period: str, language: str, parameters: Mapping[str, str]) -> None:
    """Publish a report on the company's snapshot, and print where it lies and what its reader must know."""
    from perfkit import reports, terminal

    acme.period(period)  # refused here, in a second, if the data do not hold the whole of it
    with terminal.progress(_sections(report, acme.path)) as step:
        published = reports.publish(
            report,
            acme.path,
            period=period,
            language=language,
            parameters=parameters,
            snapshot=acme.snapshot.fingerprint,
            step=step,
        )
    if published.adopted:
        print(f"The notebook is the company's own ({published.adopted}).")
    for notice in published.notices:
        print(f"Note: {printable(notice)}")
    print(f"Published {report} of {period}, {language}: {published.html}")


def _sections(report: str, company: Path) -> int:
    """How many steps a report takes: the sections of its notebook that compute something, and publishing."""
    from perfkit.reports import notebooks
    from perfkit.reports.execution import section

    node = notebooks.find(report, company).node
    return len({section(node, cell) for cell in node["cells"] if cell["cell_type"] == "code"}) + 1


def _here_or_demo() -> Path:
    if Path("company.toml").is_file():
        return Path()
    demo_folder = Path("perfkit-demo")
    if not demo_folder.is_dir():
        _made_demo(demo_folder, 1, 0)
    return demo_folder


def _made_demo(path: Path, scale: float, seed: int) -> dict[str, Any]:
    """Return the truth of a demo's folder; one of this scale and seed that is there already is left as it is."""
    from perfkit.demo import checks, exports

    if path.exists() and not path.is_dir():
        raise WrongUsage(f"{path} is a file: name another folder, perfkit demo PATH")
    held = {each.name for each in path.iterdir()} - {exports.UNFINISHED} if path.is_dir() else set()
    if held and exports.TRUTH not in held:
        raise WrongUsage(f"{path} exists and is no demo: name another folder, perfkit demo PATH")
    if held:
        truth = checks.truth_of(path)
        made = truth["company"]
        if (made["scale"], made["seed"]) == (scale, seed):
            return truth
        raise WrongUsage(
            f"{path} is the demo of scale {made['scale']:g} and seed {made['seed']}: name another folder, "
            "perfkit demo PATH"
        )
    from perfkit.demo import simulate

    with _typed():
        story = simulate(seed=seed, scale=scale)
    return exports.write(story, path)


def _quoted(path: Path) -> str:
    """As it is typed in a shell."""
    return shlex.quote(str(path))
