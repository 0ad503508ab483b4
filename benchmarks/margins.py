"""Claims: over 10 million lines, the question that profitability by segment x product puts to the engine, and the one
of the whale curve, take at most 1.3 times the CPU of hand-written SQL for the same exact sums, and at most half of
pandas'; 100 million lines finish under a memory limit of 1 GB; a bridge over 100,000 products takes less than a second
beyond its aggregation.

    python benchmarks/margins.py [--lines 10000000] [--runs 3] [--large 100000000] [--folder DIR]

Every run is a process of its own and they alternate. "query" is CPU from the question to its rows in pandas, the first
reading of the file included; "call" that of the whole function; "process" that of the process with its imports. pandas
adds up floats, which are not exact. `--large 0` leaves out the hundred million lines.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

OF_SQL, OF_PANDAS, BRIDGE = 1.3, 0.5, 1.0

LINES = """
COPY (
    SELECT 'O' || CAST(i // 4 AS VARCHAR) AS order_id,
           DATE '2023-01-01' + CAST(hash(i // 4) % 731 AS INT) AS date,
           'C' || lpad(CAST(hash(i // 4) % {customers} AS VARCHAR), 7, '0') AS customer_id,
           'P' || lpad(CAST(hash(i) % {products} AS VARCHAR), 6, '0') AS product_id,
           ['retail', 'wholesale', 'web', 'export', 'public'][CAST(1 + hash(i // 4) % 5 AS INT)] AS segment,
           CAST(1 + hash(i * 3) % 12 AS DECIMAL(18, 4)) AS quantity,
           CAST((hash(i * 7) % 100000 + 1) / 100 AS DECIMAL(18, 4)) AS net_revenue,
           CAST((hash(i * 7) % 100000 + 1 + hash(i * 5) % 3000) / 100 AS DECIMAL(18, 4)) AS list_revenue,
           CAST((hash(i * 7) % 100000) * (40 + hash(i * 11) % 70) / 10000 AS DECIMAL(18, 4)) AS cost
    FROM range({lines}) AS numbers(i)
) TO '{path}' (FORMAT parquet)
"""

OURS = """
import ibis
from perfkit import aggregations, margins, periods
asked = 0.0
plain = aggregations.fetch
def fetch(name, expression):
    global asked
    began = cpu()
    found = plain(name, expression)
    asked += cpu() - began
    return found
aggregations.fetch = fetch
engine = ibis.duckdb.connect(**limits)
lines = engine.read_parquet(path)
year = periods.parse("2024")
began = cpu()
{call}
whole = cpu() - began
"""
PROFITABILITY = """
found = margins.profitability.by(lines, dimensions=["segment", "product_id"], period=year, currency="EUR")
total = str(found.rows["net_revenue"].sum())
"""
WHALE = """
found = margins.profitability.whale_curve(lines, by="customer_id", period=year, currency="EUR")
total = str(found.total)
"""
BRIDGES = """
found = margins.bridge.price_volume_mix(lines, base=year.year_before(), current=year, currency="EUR", margin=True)
total = str(len(found.items))
"""

SQL = """
import duckdb
engine = duckdb.connect(config=limits)
engine.execute("SET enable_progress_bar = false")
began = cpu()
frame = engine.sql({query!r}.replace("LINES", "read_parquet('" + path + "')")).to_arrow_table().to_pandas()
asked = whole = cpu() - began
total = str(frame["{column}"].sum())
"""
SUMS = """
SELECT {keys}, count(*) AS lines, sum(net_revenue) AS net_revenue, sum(abs(net_revenue)) AS sold,
       sum(net_revenue) FILTER (list_revenue > 0 AND net_revenue >= 0) AS listed,
       sum(list_revenue) FILTER (list_revenue > 0 AND net_revenue >= 0) AS list_revenue,
       count(cost) AS costed_lines, sum(net_revenue) FILTER (cost IS NOT NULL) AS costed, sum(cost) AS cost,
       sum(abs(net_revenue)) FILTER (cost IS NOT NULL) AS covered{more}
FROM LINES WHERE date >= DATE '2024-01-01' AND date < DATE '2025-01-01' GROUP BY {keys}
"""
SQUARES = """,
       sum(CAST(net_revenue AS DOUBLE) * CAST(net_revenue AS DOUBLE)) FILTER (cost IS NOT NULL) AS rr,
       sum((CAST(net_revenue AS DOUBLE) - CAST(cost AS DOUBLE)) * CAST(net_revenue AS DOUBLE)) AS pr,
       sum((CAST(net_revenue AS DOUBLE) - CAST(cost AS DOUBLE)) * (CAST(net_revenue AS DOUBLE) - CAST(cost AS DOUBLE)))
           AS pp"""

PANDAS = """
import datetime as dt
import pandas as pd
began = cpu()
columns = [*{keys!r}, "date", "net_revenue", "list_revenue", "cost"]
frame = pd.read_parquet(path, columns=columns)
day = pd.to_datetime(frame["date"])
frame = frame[(day >= "2024-01-01") & (day < "2025-01-01")]
r, c, l = (frame[name].astype("float64") for name in ("net_revenue", "cost", "list_revenue"))
p, known, listed = r - c, c.notna(), (l > 0) & (r >= 0)
frame = frame[{keys!r}].assign(
    lines=1, net_revenue=r, sold=r.abs(), listed=r.where(listed), list_revenue=l.where(listed),
    costed_lines=known.astype(int), costed=r.where(known), cost=c, covered=r.abs().where(known),
    rr=(r * r).where(known), pr=p * r, pp=p * p)
frame = frame.groupby({keys!r}, sort=False, dropna=False).sum()
asked = whole = cpu() - began
total = str(frame["net_revenue"].sum())
"""

START = """
import gc, json, resource, sys, time
path, limits = {path!r}, {limits!r}
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
"""
END = """
print(json.dumps({"query": asked, "call": whole, "total": total}))
"""


def cases() -> dict[str, dict[str, str]]:
    """Each question, asked of perfkit, of DuckDB and of pandas."""
    keys, customer = ["segment", "product_id"], ["customer_id"]
    return {
        "segment x product": {
            "perfkit": OURS.replace("{call}", PROFITABILITY),
            "sql": SQL.format(query=SUMS.format(keys=", ".join(keys), more=SQUARES), column="net_revenue"),
            "pandas": PANDAS.format(keys=keys),
        },
        "whale curve": {
            "perfkit": OURS.replace("{call}", WHALE),
            "sql": SQL.format(query=SUMS.format(keys="customer_id", more=""), column="net_revenue"),
            "pandas": PANDAS.format(keys=customer),
        },
    }


def measured(program: str, path: Path, limits: dict[str, str] | None = None) -> dict[str, float]:
    """CPU seconds of the query, the call and the process, wall seconds and peak MB of a process of its own."""
    text = START.format(path=str(path), limits=limits or {}) + program + END
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([sys.executable, "-c", text], stdout=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit("a program failed, so nothing was measured.")
        said.seek(0)
        found = json.loads(said.read().splitlines()[-1])
    return {
        "query": found["query"],
        "call": found["call"],
        "process": used.ru_utime + used.ru_stime,
        "wall": time.perf_counter() - began,
        "peak": used.ru_maxrss / 1024,
    }


def row(name: str, found: dict[str, float]) -> None:
    """Print one run."""
    shown = "".join(f"{found[each]:10.2f}" for each in ("query", "call", "process", "wall"))
    print(f"  {name:30}{shown}{found['peak']:10.0f}", flush=True)


def main() -> int:
    """Measure, print, and say by the exit code whether the claims hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--large", type=int, default=100_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files are made, some 3 GB; else a temporary folder")
    asked = parser.parse_args()
    duckdb.execute("SET enable_progress_bar = false")
    checks: list[tuple[str, float, float]] = []
    with tempfile.TemporaryDirectory(dir=asked.folder) as made:
        folder = Path(made)
        sold, many = folder / "sold.parquet", folder / "many.parquet"
        duckdb.execute(LINES.format(lines=asked.lines, path=sold, customers=500_000, products=20_000))
        duckdb.execute(LINES.format(lines=2_000_000, path=many, customers=50_000, products=100_000))
        print(f"{asked.lines:,} lines, {asked.runs} runs of each, {os.cpu_count()} cores")
        print(f"{'CPU s':32}{'query':>10}{'call':>10}{'process':>10}{'wall s':>10}{'peak MB':>10}")
        for question, programs in cases().items():
            found: dict[str, list[dict[str, float]]] = {who: [] for who in programs}
            for _ in range(asked.runs):
                for who, program in programs.items():
                    found[who].append(measured(program, sold))
                    row(f"{question}, {who}", found[who][-1])
            query = {who: statistics.median(each["query"] for each in runs) for who, runs in found.items()}
            checks.append((f"{question}: query / SQL", query["perfkit"] / query["sql"], OF_SQL))
            checks.append((f"{question}: query / pandas", query["perfkit"] / query["pandas"], OF_PANDAS))
            call = statistics.median(each["call"] for each in found["perfkit"])
            print(f"  the whole call / SQL: {call / query['sql']:.2f}; / pandas: {call / query['pandas']:.2f}")
        bridges = []
        for _ in range(asked.runs):
            bridges.append(measured(OURS.replace("{call}", BRIDGES), many))
            row("bridge of 100,000 products", bridges[-1])
        beyond = statistics.median(each["call"] - each["query"] for each in bridges)
        checks.append(("bridge beyond its aggregation, s", beyond, BRIDGE))
        if asked.large:
            sold.unlink()
            large = folder / "large.parquet"
            duckdb.execute(LINES.format(lines=asked.large, path=large, customers=500_000, products=20_000))
            print(f"{asked.large:,} lines, memory_limit = 1 GB")
            limits = {"memory_limit": "1GB", "temp_directory": str(folder / "spill")}
            for question, programs in cases().items():
                for who in ("perfkit", "sql"):
                    row(f"{question}, {who}", measured(programs[who], large, limits))
    for what, value, most in checks:
        print(f"{what:44}{value:6.2f}, at most {most:g}: {'holds' if value <= most else 'FAILS'}")
    return int(any(value > most for _, value, most in checks))


if __name__ == "__main__":
    raise SystemExit(main())
