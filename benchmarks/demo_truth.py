"""Do intervals at 90 % hold the parameters behind the demo's customers nine times in ten, whichever seed it has?

Each seed is a company of its own, written as messy exports and loaded as a user's would be; its web customers are
fitted in the three groups that the story knows, and what they spend. Parameters that the data do not identify by
themselves have no interval and are counted apart.

    .venv/bin/python benchmarks/demo_truth.py [seeds]
"""

import json
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
from scipy.stats import binom

import perfkit as pk
from perfkit.company import Company
from perfkit.customers import clv
from perfkit.demo import exports, simulate

SCALE = 0.2
NAMES = {"alpha": "alpha_weeks", "gamma": "v_euros"}


Fits = list[tuple[str, pd.DataFrame, dict[str, float]]]
"""Groups of customers: their name, the parameters that were fitted, and the true ones."""


def shoppers(company: Company, truth: dict[str, Any]) -> ibis.Table:
    """Lines of the web customers who were acquired in the story."""
    lines, of = company.lines(), truth["web_purchases"]
    here = (lines.segment == of["segment"]) & (lines.acquired_on >= ibis.date(company.first_day.isoformat()))
    return lines.filter(here)


def fits(company: Company, truth: dict[str, Any]) -> Fits:
    """What is fitted to the groups that the story knows, and to what their customers spend."""
    lines, of = shoppers(company, truth), truth["web_purchases"]
    summary = clv.summarise(lines, observed_until=company.observed_until, value="revenue")
    people = lines.group_by("customer_id").agg(
        member=lines.acquisition_channel.max(), on=lines.acquired_on.max()
    ).to_pandas()  # fmt: skip
    customers = summary.customers.merge(people, on="customer_id")
    late = pd.to_datetime(customers["on"]) >= pd.Timestamp(of["changed_on"])
    bargain = customers["member"].isin(of["bargain_acquisition_channels"])
    parts = {"core_before_2025_07": ~bargain & ~late, "core_from_2025_07": ~bargain & late, "bargain": bargain}
    found: Fits = [
        (name, clv.fit(customers[part].reset_index(drop=True), "bg_nbd").parameters, of["groups"][name])
        for name, part in parts.items()
    ]
    return [*found, ("spend", clv.fit_spend(customers).parameters, of["gamma_gamma"])]


def true_value(true: dict[str, float], parameter: str) -> float:
    """The true value of a parameter, which the story calls by its unit too."""
    return true[NAMES.get(parameter, parameter)]


def verdicts(seed: int) -> dict[str, str]:
    """Of each parameter of one company, whether its interval holds the truth, lies above or below it, or is missing."""
    with tempfile.TemporaryDirectory() as folder:
        exports.write(simulate(seed=seed, scale=SCALE), Path(folder) / "demo")
        truth = json.loads((Path(folder) / "demo" / "truth.json").read_text(encoding="utf-8"))
        found = fits(pk.load(Path(folder) / "demo"), truth)
    verdict = {}
    for name, table, true in found:
        for row in table.itertuples():
            value = true_value(true, row.parameter)
            missing = pd.isna(row.low)
            held = "missing" if missing else "above" if row.low > value else "below" if row.high < value else "held"
            verdict[f"{name} {row.parameter}"] = held
    return verdict


def main(seeds: int) -> int:
    """Print what became of each parameter over the seeds; return 1 if intervals hold too rarely or too often."""
    began, found = time.process_time(), [verdicts(seed) for seed in range(seeds)]
    for name in found[0]:
        counts = Counter(each.get(name, "missing") for each in found)
        print(f"{name:28} " + ", ".join(f"{verdict} {n}" for verdict, n in counts.most_common()))
    all_ = Counter(verdict for each in found for verdict in each.values())
    known = sum(all_.values()) - all_["missing"]
    low, high = binom.interval(0.99, known, 0.9)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{all_['held']} of {known} intervals hold the truth ({all_['held'] / known:.0%}; were they independent, "
        f"{low:.0f} to {high:.0f}); {all_['missing']} parameters not identified; "
        f"{time.process_time() - began:.0f} s of CPU, {peak} MB at most"
    )
    return int(not low <= all_["held"] <= high)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
