"""Are the parameters of simulated customers recovered, and do intervals at 90 % hold the truth 90 times in 100?

Each model draws its own customers, purchase by purchase; what was fitted is set against what was drawn. Coverage is
checked against the bounds within which a perfect interval's would lie 99 times in 100. `total` is the expected
purchases of all customers in the time to come (parameters' interval) against that of the true parameters, `actual` the
purchases that they then made, against the interval that allows for luck as well.

    .venv/bin/python benchmarks/clv_recovery.py [simulations]
"""

import resource
import sys
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import binom

from perfkit.customers import clv, contracts
from perfkit.customers.clv.histories import histories
from perfkit.customers.clv.models import MODELS
from perfkit.customers.contracts.curves import Bdw, Sbg

AGES, HORIZON = (20.0, 60.0), 40.0
CASES = {
    "bg_nbd": (0.6, 5.0, 0.9, 2.5),
    "mbg_nbd": (0.8, 6.0, 0.9, 2.5),
    "pareto_nbd": (0.8, 6.0, 0.8, 10.0),
    "nbd": (0.6, 8.0),
}
SPEND = (5.0, 3.5, 15.0)
CURVES = {"sbg": (Sbg(), (0.8, 2.5)), "bdw": (Bdw(), (0.9, 3.0, 1.4))}
CUSTOMERS = 1_000

Checked = dict[str, tuple[float, float, float, float]]
"""Of what is checked: the truth, the estimate, and both ends of its interval."""


def purchases(model: str, draw: np.random.Generator) -> pd.DataFrame:
    """Customers drawn from a model: histories, and `later`: purchases within the horizon."""
    theta, n = CASES[model], CUSTOMERS
    rate, age = draw.gamma(theta[0], 1 / theta[1], n), draw.uniform(*AGES, n)
    end = draw.exponential(1 / draw.gamma(theta[2], 1 / theta[3], n)) if model == "pareto_nbd" else np.full(n, np.inf)
    stops = draw.beta(*theta[2:], n) if model in ("bg_nbd", "mbg_nbd") else np.zeros(n)
    alive = draw.random(n) >= stops if model == "mbg_nbd" else np.ones(n, dtype=bool)
    now, last = np.zeros(n), np.zeros(n)
    x, later = np.zeros(n, dtype=int), np.zeros(n, dtype=int)
    while alive.any():
        now = now + draw.exponential(1 / np.maximum(rate, 1e-12))
        alive &= (now <= end) & (now <= age + HORIZON)
        seen = alive & (now <= age)
        x, last, later = x + seen, np.where(seen, now, last), later + (alive & ~seen)
        alive &= draw.random(n) >= stops
    return pd.DataFrame({"frequency": x, "recency": last, "T": age, "later": later})


def of_purchases(model: str, draw: np.random.Generator) -> Checked:
    """One simulation of a model of repeat buying."""
    drawn = purchases(model, draw)
    fitted = clv.fit(drawn, model)
    if fitted.model != model:
        return {}
    total = fitted.expected_purchases(drawn, HORIZON, by="total").iloc[0]
    rows, theta = histories(drawn), np.array(CASES[model])
    process = MODELS[model]
    mean = process.mean(theta, rows.frequency.astype(float), rows.T, HORIZON)
    true = float((process.p_alive(theta, rows) * mean) @ rows.weight)
    found = parameters(fitted.parameters, CASES[model])
    found["total"] = (true, total["estimate"], total["low"], total["high"])
    found["actual"] = (float(drawn["later"].sum()), total["estimate"], total["actual_low"], total["actual_high"])
    return found


def of_spend(draw: np.random.Generator) -> Checked:
    """One simulation of the model of spend."""
    p, q, gamma = SPEND
    x, scale = draw.geometric(0.4, CUSTOMERS), draw.gamma(q, 1 / gamma, CUSTOMERS)
    fitted = clv.fit_spend(pd.DataFrame({"frequency": x, "monetary": draw.gamma(p * x, 1 / scale) / x}))
    found = parameters(fitted.parameters, SPEND)
    new = fitted.expected_spend(pd.DataFrame({"frequency": [0], "monetary": [np.nan]})).iloc[0]
    found["mean"] = (p * gamma / (q - 1), new["estimate"], new["low"], new["high"])
    return found


def of_contracts(model: str, draw: np.random.Generator) -> Checked:
    """One simulation of four cohorts under contract, the younger ones cut short."""
    curve, theta = CURVES[model]
    left = np.exp(curve.log_survival(np.array(theta), np.arange(13.0)))
    table = np.full((4, 13), np.nan)
    for cohort in range(4):
        now = CUSTOMERS
        table[cohort, 0] = now
        for age in range(1, 13 - 2 * cohort):
            now = int(draw.binomial(now, left[age] / left[age - 1]))
            table[cohort, age] = now
    fitted = contracts.fit(pd.DataFrame(table), model)
    found = parameters(fitted.parameters, theta)
    row = fitted.projected(24).iloc[-1]
    true = float(np.exp(curve.log_survival(np.array(theta), np.array([24.0])))[0])
    found["left at 24"] = (true, row["survival"], row["survival_low"], row["survival_high"])
    return found


def parameters(table: pd.DataFrame, theta: tuple[float, ...]) -> Checked:
    """The parameters, set against the true ones."""
    return {
        row.parameter: (true, row.estimate, row.low, row.high)
        for row, true in zip(table.itertuples(), theta, strict=True)
    }


def simulations(n: int) -> Iterator[tuple[str, list[Checked]]]:
    """Every model with its simulations."""
    for model in CASES:
        yield model, [of_purchases(model, np.random.default_rng([1, each])) for each in range(n)]
    yield "gamma_gamma", [of_spend(np.random.default_rng([2, each])) for each in range(n)]
    for model in CURVES:
        yield model, [of_contracts(model, np.random.default_rng([3, each])) for each in range(n)]


def main(n: int) -> int:
    """Print what was recovered and how often intervals held it; return how many lie outside the bounds."""
    began = time.process_time()
    low, high = (float(each) / n for each in binom.interval(0.99, n, 0.9))
    print(f"{n} simulations of {CUSTOMERS:,} customers a model; a perfect interval covers {low:.1%} to {high:.1%}")
    print(f"{'model':12} {'what':12} {'truth':>10} {'median':>10} {'bias':>7} {'coverage':>9}  ")
    outside = 0
    for model, found in simulations(n):
        fitted = [each for each in found if each]
        for what in fitted[0]:
            true, estimate, below, above = np.array([each[what] for each in fitted]).T
            covered = float(((true >= below) & (true <= above)).mean())
            verdict = "" if low <= covered <= high else "outside"
            outside += bool(verdict)
            bias = float(np.median(estimate / true - 1))
            print(
                f"{model:12} {what:12} {np.median(true):10.3f} {np.median(estimate):10.3f} {bias:7.1%} "
                f"{covered:9.1%}  {verdict}"
            )
        if len(fitted) < n:
            print(f"{model:12} {n - len(fitted)} fits fell back to a simpler model")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{outside} outside; {time.process_time() - began:.0f} s of CPU, {peak} MB at most")
    return outside


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 400) else 0)
