"""How often does the finding on returns speak where there is nothing to find, and where there is?

Companies of two years in which every category has the same share of its lines returned, drawn line by line, with
amounts that differ widely (lognormal); and the same with one category of three times that share. The finding allows for
all categories at once, so of the first kind it should speak in at most one in ten.

    .venv/bin/python benchmarks/returns.py [companies]
"""

import resource
import sys
import time
from decimal import Decimal

import numpy as np
import pandas as pd

from perfkit import improve, kpis, languages, periods

RATE, YEAR = 0.05, periods.parse("2023")
CASES = ((8, 1500), (20, 2000))
"""Categories, and lines a year."""


def company(seed: int, categories: int, lines: int, worse: float) -> pd.DataFrame:
    """Lines of two years and their credit notes; category k0 has `worse` times the share of the others returned."""
    draw = np.random.default_rng(seed)
    n = 2 * lines
    category = draw.integers(0, categories, n)
    sold = pd.DataFrame(
        {
            "date": pd.Timestamp("2022-01-01") + pd.to_timedelta(draw.integers(0, 730, n), unit="D"),
            "net_revenue": np.exp(draw.normal(5, 1, n)).round(2),
            "customer_id": [f"c{each}" for each in draw.integers(0, 300, n)],
            "order_id": [f"o{each}" for each in range(n)],
            "category": [f"k{each}" for each in category],
        }
    )
    back = sold[draw.random(n) < RATE * np.where(category == 0, worse, 1)]
    back = back.assign(net_revenue=-back["net_revenue"], order_id="r" + back["order_id"])
    ends = sold.head(2).assign(
        date=[pd.Timestamp("2021-12-01"), pd.Timestamp("2023-12-31")], order_id=["first", "last"]
    )
    every = pd.concat([ends, sold, back], ignore_index=True)
    return every.assign(net_revenue=[Decimal(str(each)) for each in every["net_revenue"]])


def speaks(lines: pd.DataFrame) -> str:
    """What the finding says first, empty where it is silent."""
    card = kpis.scorecard(lines, period=YEAR, currency="EUR")
    found = improve.findings(card, kpis.breakdown(lines, by="category", period=YEAR, currency="EUR"))
    return next((each.claim for each in found.items if each.id.startswith("return_rate_above")), "")


def main(companies: int) -> None:
    """Print how often it speaks in each case."""
    languages.use("en")
    start = time.process_time()
    print("categories  lines a year  true ratio  speaks  of")
    for categories, lines in CASES:
        for worse in (1.0, 3.0):
            said = [speaks(company(seed, categories, lines, worse)) for seed in range(companies)]
            print(f"{categories:10}  {lines:12}  {worse:10}  {sum(map(bool, said)):6}  {companies}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{time.process_time() - start:.0f} CPU s, {peak:.0f} MB at most")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
