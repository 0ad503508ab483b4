"""Claim: where all members earn the same rate, a difference is claimed in at most one company in ten, however uneven
its customers are; where one differs clearly, it is claimed in most.

Small companies of known truth: four members with 20 to 80 customers each, whose sizes are lognormal (sigma 0 to 2), and
whose rates differ by themselves, by chance of their lines, or with their size. A company counts as a false alarm if any
of its members is claimed to differ (Holm's p of at most 0.1). The bound is that of the binomial law: a test that
keeps its level passes it in 99 of 100 cases.

    .venv/bin/python benchmarks/differences.py [companies]
"""

import resource
import sys
import time
from decimal import Decimal
from importlib import import_module

import numpy as np
import pandas as pd
from scipy.stats import binom

from perfkit import estimates

differences = import_module("perfkit.margins.profitability.differences")

NOMINAL, MEMBERS = 1 - estimates.LEVEL, 4
ALIKE = {
    f"{customers} customers, sigma {sigma}, {chance}": (customers, sigma, chance)
    for customers in (20, 80)
    for sigma in (0, 1, 2)
    for chance in ("customers differ", "lines differ", "both", "large earn less")
}
CLEAR = {
    "40 customers, sigma 0.5, 10 points more": (40, 0.5, 0.10),
    "80 customers, sigma 0.5, 7 points more": (80, 0.5, 0.07),
    "80 customers, sigma 1, 10 points more": (80, 1.0, 0.10),
    "400 customers, sigma 1.5, 10 points more": (400, 1.5, 0.10),
}
SPEAKS = 0.8
"""Share of the companies in which a clear difference must be claimed."""


def company(seed: int, customers: int, sigma: float, chance: str, more: float = 0.0) -> pd.DataFrame:
    """The sums of each member's customers, as the engine gives them; the first member earns `more` than the others."""
    draw = np.random.default_rng(seed)
    size = 1000 * np.exp(draw.normal(0, sigma, (MEMBERS, customers)))
    rate = np.full(size.shape, 0.4)
    if chance in ("customers differ", "both"):
        rate += draw.normal(0, 0.08, size.shape)
    if chance in ("lines differ", "both"):
        rate += draw.normal(0, 0.08, size.shape) * np.sqrt(1000 / size)
    if chance == "large earn less":  # the rate of all is then that of large ones, and a member's that of its largest
        rate += draw.normal(0, 0.08, size.shape) - 0.02 * np.log(size / 1000)
    rate[0] += more
    member = np.repeat([f"m{n}" for n in range(MEMBERS)], customers)
    return pd.DataFrame(
        {
            "member": member,
            "cluster": [f"{of}-{n}" for n, of in enumerate(member)],
            "lines": 5,
            "costed_lines": 5,
            "costed": [Decimal(f"{each:.4f}") for each in size.ravel()],
            "cost": [Decimal(f"{each:.4f}") for each in (size * (1 - rate)).ravel()],
            "named": member,
        }
    )


def claimed(sums: pd.DataFrame) -> tuple[bool, bool, float]:
    """Whether any member is claimed to differ, whether the first is, and how many have a p."""
    rows = differences._tested(sums)
    sure = np.array([each is not None and each <= NOMINAL for each in rows["adjusted_p"]])
    return bool(sure.any()), bool(sure[0]), float(rows["p"].notna().mean())


def main() -> int:
    """Try all cases, print them, and say by the exit code whether the claims hold."""
    count, began, failed = int(sys.argv[1]) if len(sys.argv) > 1 else 100, time.perf_counter(), []
    most = int(binom.ppf(0.99, count, NOMINAL))
    print(f"{count} companies a case; alike: at most {most} may be told apart\n{'':48}{'claimed':>9}{'tested':>9}")
    for name, (customers, sigma, chance) in ALIKE.items():
        found = [claimed(company(seed, customers, sigma, chance)) for seed in range(count)]
        told = sum(each[0] for each in found)
        print(f"{name:48}{told / count:9.1%}{np.mean([each[2] for each in found]):9.1%}", flush=True)
        failed += [name] * (told > most)
    for name, (customers, sigma, more) in CLEAR.items():
        found = [claimed(company(seed, customers, sigma, "both", more)) for seed in range(count)]
        told = sum(each[1] for each in found)
        print(f"{name:48}{told / count:9.1%}{np.mean([each[2] for each in found]):9.1%}", flush=True)
        failed += [name] * (told < SPEAKS * count)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    print(f"{time.perf_counter() - began:.0f} s, CPU {used:.0f} s")
    for name in failed:
        print(f"FAILS: {name}")
    return int(bool(failed))


if __name__ == "__main__":
    raise SystemExit(main())
