"""Claim: a workbook of a million rows and eight columns is read, every type and hidden row looked at, and written to
Parquet in at most a third of the CPU and of the time in which pandas.read_excel(engine="openpyxl") reads its rows.

    python benchmarks/xlsx.py [--rows 1000000] [--runs 3] [--folder DIR]

Every run is a process of its own and they alternate. CPU is user and system time of the process, its start included.
Where python-calamine is installed, pandas with it is measured beside them; nothing is claimed against it.
"""

import argparse
import datetime
import importlib.util
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import xlsxwriter

LEAST = 3.0

PANDAS = """
import pandas
frame = pandas.read_excel(path, engine=ENGINE)
assert len(frame) == ROWS, len(frame)
"""

OURS = """
from pathlib import Path
from perfkit.sources.files import examine
from perfkit.sources.xlsx.read_xlsx import XlsxExport
from perfkit.sources.settings import Format
file = examine(Path(path), Path(path).parent)
export = XlsxExport(file, "sales", Format(), (("order_id",), ("date",), ("net_revenue",)))
export.relation(Path(out))
assert export.records == ROWS, export.records
"""


def main() -> int:
    """Measure, print, and say by the exit code whether the claim holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the workbook is made; else a temporary folder")
    asked = parser.parse_args()
    cases = {"perfkit": OURS, "openpyxl": f"ENGINE = 'openpyxl'\n{PANDAS}"}
    if importlib.util.find_spec("python_calamine"):
        cases["calamine"] = f"ENGINE = 'calamine'\n{PANDAS}"
    found: dict[str, list[tuple[float, float, float]]] = {case: [] for case in cases}
    with tempfile.TemporaryDirectory(dir=asked.folder) as made:
        path = Path(made) / "sales.xlsx"
        write(path, asked.rows)
        size = path.stat().st_size
        print(f"{asked.rows:,} rows, {size / 1e6:,.0f} MB, {asked.runs} runs of each, {os.cpu_count()} cores")
        print(f"{'':28}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}")
        for _ in range(asked.runs):
            for case, program in cases.items():
                found[case].append(measured(program, path, asked.rows))
                cpu, wall, peak = found[case][-1]
                print(f"  {case:26}{cpu:9.1f}{wall:9.1f}{peak / 1e6:9.0f}", flush=True)
    return verdict(found)


def write(path: Path, rows: int) -> None:
    """Write a workbook of sales lines: four texts that differ from row to row, two words, a day and two numbers."""
    chance = random.Random(20260101)
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet("Sales")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    money = book.add_format({"num_format": "#,##0.00"})
    names = ("order_id", "date", "customer_id", "product_id", "quantity", "net_revenue", "channel", "rep_id")
    sheet.write_row(0, 0, names)
    first = datetime.datetime(2020, 1, 1)
    for row in range(1, rows + 1):
        sheet.write_string(row, 0, f"SO{row // 4:09d}")
        sheet.write_datetime(row, 1, first + datetime.timedelta(days=chance.randrange(2000)), day)
        sheet.write_string(row, 2, f"C{chance.randrange(500_000):07d}")
        sheet.write_string(row, 3, f"P{chance.randrange(20_000):05d}")
        sheet.write_number(row, 4, 1 + chance.randrange(12))
        sheet.write_number(row, 5, chance.randrange(100_000) / 100, money)
        sheet.write_string(row, 6, chance.choice(("web", "shop", "partner", "phone")))
        sheet.write_string(row, 7, f"R{chance.randrange(5):02d}")
    book.close()


def measured(program: str, path: Path, rows: int) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak bytes of a program in a process of its own."""
    with tempfile.TemporaryDirectory(dir=path.parent) as out:
        values = f"path, out, ROWS = {str(path)!r}, {out!r}, {rows}\n"
        started = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-c", values + program])
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("The program failed, so nothing was measured.")
    return used.ru_utime + used.ru_stime, wall, used.ru_maxrss * 1024


def verdict(found: dict[str, list[tuple[float, float, float]]]) -> int:
    """Print the ratios of the medians against what is claimed, and the peaks beside them."""
    cpu, wall = (
        {case: statistics.median(run[number] for run in runs) for case, runs in found.items()} for number in (0, 1)
    )
    checks = [
        ("CPU of pandas with openpyxl / perfkit", cpu["openpyxl"] / cpu["perfkit"]),
        ("wall of pandas with openpyxl / perfkit", wall["openpyxl"] / wall["perfkit"]),
    ]
    for what, value in checks:
        print(f"{what:40}{value:6.2f} x, at least {LEAST:g}: {'holds' if value >= LEAST else 'FAILS'}")
    for case, runs in found.items():
        print(f"peak memory of {case:25}{max(run[2] for run in runs) / 1e9:6.2f} GB")
    return int(any(value < LEAST for _, value in checks))


if __name__ == "__main__":
    raise SystemExit(main())
