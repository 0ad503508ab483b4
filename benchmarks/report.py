"""What does publishing cost beside plain papermill, nbconvert and WeasyPrint on the same notebook?

    python benchmarks/report.py [--exports ../shared/data/online_retail] [--rounds 3]

Alternates, in one run, `perfkit run` (checked parameters, isolated kernel, HTML, PDF, workbook, figures, manifest,
atomic publishing) with the same notebook, on the same snapshot of examples/online-retail, under plain papermill, its
page by nbconvert and that page as a PDF by WeasyPrint: as the three commands that a person types, and as a script that
calls them in one process, which starts faster. Prints CPU, wall time and peak memory. The claim: at most 15 % more
CPU than the faster of the two.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PERIOD = "2011-Q3"
CLAIM = 1.15


SCRIPT = """
import sys
import papermill
from nbconvert.exporters import HTMLExporter
notebook, executed, *values = sys.argv[1:]
papermill.execute_notebook(notebook, executed, dict(zip(values[::2], values[1::2])), progress_bar=False)
page, _ = HTMLExporter().from_filename(executed)
open(executed + ".html", "w", encoding="utf-8").write(page)
import weasyprint
weasyprint.HTML(string=page).write_pdf(executed + ".pdf")
"""


def measured(*commands: list[str]) -> tuple[float, float, float]:
    """CPU seconds and wall seconds of commands and all that they start, and the peak MB of the largest process."""
    cpu = peak = 0.0
    began = time.perf_counter()
    for command in commands:
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(command, stdout=said, stderr=said)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                said.seek(0)
                sys.exit(said.read().decode(errors="replace"))
        cpu += used.ru_utime + used.ru_stime
        peak = max(peak, used.ru_maxrss / 1024)
    return cpu, time.perf_counter() - began, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exports", type=Path, default=ROOT / ".." / "shared" / "data" / "online_retail")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    tools = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as folder:
        company = Path(folder) / "online-retail"
        company.mkdir()
        shutil.copy(ROOT / "examples" / "online-retail" / "company.toml", company)
        measured([str(tools / "perfkit"), "load", str(company), "--exports", str(asked.exports.resolve())])
        snapshot = os.readlink(company / "snapshots" / "current").rstrip("/")
        ours = [[str(tools / "perfkit"), "run", "commercial_audit", str(company), "--period", PERIOD]]
        ours[0] += ["--snapshot", snapshot]
        executed = str(Path(folder) / "plain.ipynb")
        values = {"company": str(company), "period": PERIOD, "language": "en", "snapshot": snapshot}
        told = [word for name, value in values.items() for word in ("-r", name, value)]
        notebook = str(ROOT / "notebooks" / "commercial_audit.ipynb")
        plain = [
            [str(tools / "papermill"), notebook, executed, *told, "--no-progress-bar", "-k", "python3"],
            [str(tools / "jupyter"), "nbconvert", "--to", "html", executed],
            [str(tools / "weasyprint"), "--quiet", executed.replace(".ipynb", ".html"), f"{executed}.pdf"],
        ]
        flat = [word for pair in values.items() for word in pair]
        script = [[sys.executable, "-c", SCRIPT, notebook, executed, *flat]]
        contenders = (ours, plain, script)
        rounds = [[measured(*each) for each in contenders] for _ in range(asked.rounds + 1)][1:]  # the first warms up
    medians = [[statistics.median(each) for each in zip(*side, strict=True)] for side in zip(*rounds, strict=True)]
    print(f"online-retail, {PERIOD}, medians of {asked.rounds} rounds   perfkit  commands    script")
    for name, *found in zip(("CPU, s", "wall, s", "peak of a process, MB"), *medians, strict=True):
        print(f"{name:44}" + "".join(f"{each:10.1f}" for each in found))
    cpu = [side[0] for side in medians]
    ratio = cpu[0] / min(cpu[1:])
    print(f"CPU: {cpu[0] / cpu[1]:.2f} times the commands, {cpu[0] / cpu[2]:.2f} times the script; claim: {CLAIM}")
    sys.exit(ratio > CLAIM)


if __name__ == "__main__":
    main()
