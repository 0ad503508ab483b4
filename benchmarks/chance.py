"""Claim: of companies in which nothing changed, at most one in ten is told that an average or a rate changed.

    python benchmarks/chance.py [companies]

Each company draws customers of very unequal size (lognormal, sigma `SIZES`), who buy in both of two years, at prices,
discounts and costs of one distribution. Counted is how often the interval of `kpis.chance` leaves out zero, against
the 99 % binomial bounds of one in ten; and, with a tenth more discount in the second year, how often it does so.
"""

import datetime as dt
import sys
import time

import numpy as np
import pandas as pd
from scipy import stats

from perfkit.kpis import chance
from perfkit.lines import checked
from perfkit.periods import parse

SIZES = (0.5, 1.0, 2.0)
CUSTOMERS = 60


def company(random: np.random.Generator, sigma: float, more: float) -> pd.DataFrame:
    """One company's lines of 2023 and 2024."""
    rows = []
    for customer in range(CUSTOMERS):
        size, usual = random.lognormal(3, sigma), random.uniform(0, 0.2)
        for year in (2023, 2024):
            for order in range(1 + random.poisson(3)):
                listed = round(size * random.lognormal(0, 0.6), 2)
                off = usual + random.uniform(-0.02, 0.02) + (more if year == 2024 else 0)
                rows.append(
                    (dt.date(year, 3, 5), f"c{customer}", f"{year}-{customer}-{order}", listed * (1 - off), listed)
                )
    frame = pd.DataFrame(rows, columns=["date", "customer_id", "order_id", "net_revenue", "list_revenue"])
    frame["net_revenue"] = frame["net_revenue"].round(2)
    return frame.assign(cost=(frame["list_revenue"] * random.uniform(0.4, 0.6, len(frame))).round(2))


def main(companies: int) -> int:
    """Print how often each KPI speaks."""
    started, now = time.process_time(), parse("2024")
    least, most = stats.binom.ppf([0.005, 0.995], companies, 0.1)
    print(f"{companies} companies of {CUSTOMERS} customers; 99 % bounds of one in ten: {least:.0f} to {most:.0f}")
    failed = 0
    for sigma in SIZES:
        for more in (0.0, 0.03):
            random, spoken = np.random.default_rng(0), dict.fromkeys(chance.OF_CUSTOMERS, 0)
            for _ in range(companies):
                found = chance.of_ratios(checked(company(random, sigma, more)), now, now.year_before())
                for kpi in spoken:
                    low, high = found[None, kpi].interval() if (None, kpi) in found else (0, 0)
                    spoken[kpi] += low > 0 or high < 0
            told = ", ".join(f"{kpi} {times}" for kpi, times in spoken.items())
            failed += not more and any(times > most for times in spoken.values())
            print(f"sigma {sigma}, {'3 points more discount' if more else 'nothing changed'}: {told}")
    print(f"{time.process_time() - started:.0f} CPU s")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 400))
