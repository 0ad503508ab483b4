"""Claim: loading a 10-million-line CSV, checked, quarantined, reconciled and written, takes at most twice the CPU of
DuckDB's bare read_csv with declared types to Parquet, and less than 2 GB of memory; and that a dirty file (1 % of its
rows set aside) takes less than 1.5 times the CPU of a clean one.

    python benchmarks/load.py [--lines 10000000] [--runs 3] [--folder DIR]

Every run is a process of its own and they alternate. CPU is user and system time of the process, its start included.
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

import duckdb

MOST_CPU, MOST_MEMORY, MOST_FOR_DIRT = 2.0, 2.0e9, 1.5

LINES = """
COPY (
    SELECT 'SO' || lpad(CAST(i // 4 AS VARCHAR), 9, '0') AS order_id,
           CASE WHEN {dirty} AND i % 200 = 7 THEN 'n.d.'
                ELSE strftime(DATE '2020-01-01' + CAST(hash(i // 4) % 2000 AS INT), '%Y-%m-%d') END AS date,
           'C' || lpad(CAST(hash(i // 4) % 500000 AS VARCHAR), 7, '0') AS customer_id,
           'P' || lpad(CAST(hash(i) % 20000 AS VARCHAR), 5, '0') AS product_id,
           1 + hash(i * 3) % 12 AS quantity,
           CASE WHEN {dirty} AND i % 200 = 123 THEN '12,50'
                ELSE CAST(CAST((hash(i * 7) % 100000) / 100 AS DECIMAL(18, 2)) AS VARCHAR) END AS net_revenue,
           ['web', 'shop', 'partner', 'phone'][CAST(1 + hash(i // 4) % 4 AS INT)] AS channel,
           ['R01', 'R02', 'R03', 'R04', 'R05'][CAST(1 + hash(i // 5) % 5 AS INT)] AS rep_id
    FROM range({lines}) AS numbers(i)
) TO '{path}' (HEADER)
"""

BARE = """
import duckdb
duckdb.execute("SET enable_progress_bar = false")
types = dict(order_id="VARCHAR", date="DATE", customer_id="VARCHAR", product_id="VARCHAR", quantity="DECIMAL(18,4)",
             net_revenue="DECIMAL(18,4)", channel="VARCHAR", rep_id="VARCHAR")
duckdb.execute(f"COPY (FROM read_csv('{path}', header = true, delim = ',', columns = {types})) TO '{out}/bare.parquet'")
"""

OURS = """
from perfkit.sources import load
from perfkit.sources.settings import Control, TableSettings
control = {"sales": Control(rows=LINES)}
load(out + "/company", {"sales": TableSettings(files=name)}, control, exports=folder, currency="EUR")
"""


def main() -> int:
    """Measure, print, and say by the exit code whether the claim holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files are made, some 3 GB; else a temporary folder")
    asked = parser.parse_args()
    duckdb.execute("SET enable_progress_bar = false")
    with tempfile.TemporaryDirectory(dir=asked.folder) as made:
        folder = Path(made)
        for name, dirty in (("clean.csv", "false"), ("dirty.csv", "true")):
            duckdb.execute(LINES.format(lines=asked.lines, path=folder / name, dirty=dirty))
        size = (folder / "clean.csv").stat().st_size
        print(f"{asked.lines:,} lines, {size / 1e6:,.0f} MB, {asked.runs} runs of each, {os.cpu_count()} cores")
        print(f"{'':28}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}")
        found: dict[str, list[tuple[float, float, float]]] = {"bare": [], "clean": [], "dirty": []}
        for _ in range(asked.runs):
            for case, program, name in (
                ("bare", BARE, "clean.csv"),
                ("clean", OURS, "clean.csv"),
                ("dirty", OURS, "dirty.csv"),
            ):
                found[case].append(measured(program, folder, name, asked.lines))
                print(f"  {case:26}{found[case][-1][0]:9.1f}{found[case][-1][1]:9.1f}{found[case][-1][2] / 1e6:9.0f}")
    return verdict(found)


def measured(program: str, folder: Path, name: str, lines: int) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak bytes of a program in a process of its own."""
    out = folder / "out"
    out.mkdir()
    values = (
        f"folder, name, path, out, LINES = {str(folder)!r}, {name!r}, {str(folder / name)!r}, {str(out)!r}, {lines}\n"
    )
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", values + program])
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    shutil.rmtree(out)
    if process.returncode:
        raise SystemExit(f"{name}: the program failed, so nothing was measured.")
    return used.ru_utime + used.ru_stime, wall, used.ru_maxrss * 1024


def verdict(found: dict[str, list[tuple[float, float, float]]]) -> int:
    """Print the ratios of the medians against what is claimed."""
    cpu = {case: statistics.median(each[0] for each in runs) for case, runs in found.items()}
    peak = max(each[2] for case in ("clean", "dirty") for each in found[case])
    checks = [
        ("CPU of a load / bare read_csv", cpu["clean"] / cpu["bare"], MOST_CPU, "x"),
        ("CPU of a dirty load / a clean one", cpu["dirty"] / cpu["clean"], MOST_FOR_DIRT, "x"),
        ("peak memory", peak / 1e9, MOST_MEMORY / 1e9, "GB"),
    ]
    for what, value, most, unit in checks:
        print(f"{what:34}{value:6.2f} {unit}, at most {most:g}: {'holds' if value <= most else 'FAILS'}")
    return int(any(value > most for _, value, most, _ in checks))


if __name__ == "__main__":
    raise SystemExit(main())
