"""Are the parameters of simulated customers recovered, and do intervals at 90 % hold the truth 90 times in 100?

Each model draws its own customers, purchase by purchase; what was fitted is set against what was drawn. Coverage is
checked against the bounds within which a perfect interval's would lie 99 times in 100. Of so many intervals a perfect
one falls outside now and then: an interval that does is asked again in three times as many new simulations, and fails
if it lies outside their bounds too. `total` is the expected purchases of all customers in the time to come (parameters'
interval) against that of the true parameters, `actual` the purchases that they then made, against the interval that
allows for luck as well; `alive` the share of customers who still buy, and "alive x=1, ..." P(alive) of one history (of
one that BG/NBD takes for alive whatever the data say, there is nothing to check). "+ covariates": customers differ by a
channel and a number. ", 100 customers": so few (a cohort under contract), at parameters near those of CDNOW where they
buy again, and predictions alone.

    .venv/bin/python benchmarks/clv_recovery.py [simulations]
"""

import resource
import sys
import time
from collections.abc import Callable
from functools import partial

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
FEW, OF_FEW = 100, ", 100 customers"
CASES_OF_FEW = {
    "bg_nbd": (0.25, 4.4, 0.8, 2.5),
    "mbg_nbd": (0.52, 6.2, 0.9, 1.6),
    "pareto_nbd": (0.55, 10.6, 0.6, 11.7),
}
HISTORIES = pd.DataFrame({"frequency": [0, 1, 2], "recency": [0.0, 10.0, 30.0], "T": [39.0, 35.0, 39.0]})
SPEND = (5.0, 3.5, 15.0)
CURVES = {"sbg": (Sbg(), (0.8, 2.5)), "bdw": (Bdw(), (0.9, 3.0, 1.4))}
CUSTOMERS = 1_000

WITH = " + covariates"
COVARIED = ("pareto_nbd", "bg_nbd")
EFFECTS = {"buying:channel=web": 0.4, "buying:size": 0.2, "stopping:channel=web": 0.5, "stopping:size": -0.2}

Checked = dict[str, tuple[float, float, float, float]]
"""Of what is checked: the truth, the estimate, and both ends of its interval."""


def purchases(
    model: str, draw: np.random.Generator, theta: tuple[float, ...], n: int = CUSTOMERS, *, covaried: bool = False
) -> pd.DataFrame:
    """Customers drawn from a model: histories, and `later`: purchases within the horizon."""
    web, size = draw.random(n) < 0.4, draw.normal(size=n)
    buying, stopping = (
        np.exp(covaried * (EFFECTS[f"{kind}:channel=web"] * web + EFFECTS[f"{kind}:size"] * size))
        for kind in ("buying", "stopping")
    )
    rate, age = draw.gamma(theta[0], 1 / theta[1], n) * buying, draw.uniform(*AGES, n)
    end = np.full(n, np.inf)
    if model == "pareto_nbd":
        end = draw.exponential(1 / (draw.gamma(theta[2], 1 / theta[3], n) * stopping))
    stops = draw.beta(theta[2] * stopping, theta[3], n) if model in ("bg_nbd", "mbg_nbd") else np.zeros(n)
    alive = draw.random(n) >= stops if model == "mbg_nbd" else np.ones(n, dtype=bool)
    now, last = np.zeros(n), np.zeros(n)
    x, later = np.zeros(n, dtype=int), np.zeros(n, dtype=int)
    while alive.any():
        now = now + draw.exponential(1 / np.maximum(rate, 1e-12))
        alive &= (now <= end) & (now <= age + HORIZON)
        seen = alive & (now <= age)
        x, last, later = x + seen, np.where(seen, now, last), later + (alive & ~seen)
        alive &= draw.random(n) >= stops
    channel = np.where(web, "web", "shop")
    return pd.DataFrame({"frequency": x, "recency": last, "T": age, "later": later, "channel": channel, "size": size})


def of_purchases(model: str, draw: np.random.Generator) -> Checked:
    """One simulation of a model of repeat buying."""
    drawn = purchases(model, draw, CASES[model])
    fitted = clv.fit(drawn, model)
    if fitted.model != model:
        return {}
    return parameters(fitted.parameters, CASES[model]) | predictions(fitted, drawn, CASES[model])


def of_few(model: str, draw: np.random.Generator) -> Checked:
    """One simulation of a model of repeat buying whose data are few; of another model, where they identify that."""
    drawn = purchases(model, draw, CASES_OF_FEW[model], FEW)
    return predictions(clv.fit(drawn, model), drawn, CASES_OF_FEW[model]) if drawn["frequency"].any() else {}


def predictions(fitted: clv.fitted.Fitted, drawn: pd.DataFrame, true: tuple[float, ...]) -> Checked:
    """What is said of all customers and of some histories, set against the same at the true parameters."""
    total = fitted.expected_purchases(drawn, HORIZON, by="total").iloc[0]
    alive = fitted.p_alive(drawn, by="total").iloc[0]
    rows, theta, process = histories(drawn), np.array(true), MODELS[fitted.asked]
    still = process.p_alive(theta, rows)
    mean = float((still * process.mean(theta, rows.frequency.astype(float), rows.T, HORIZON)) @ rows.weight)
    found = {
        "total": (mean, total["estimate"], total["low"], total["high"]),
        "actual": (float(drawn["later"].sum()), total["estimate"], total["actual_low"], total["actual_high"]),
    }
    if process.ends_each == 1:
        return found
    found["alive"] = (float(still @ rows.weight / rows.customers), alive["estimate"], alive["low"], alive["high"])
    some = HISTORIES[HISTORIES["frequency"] > 0] if process.sure_without_repeat else HISTORIES
    each, of = fitted.p_alive(some), histories(some)
    true_each = process.p_alive(theta, of)[of.of]
    for (_, row), known in zip(each.iterrows(), true_each, strict=True):
        frame = some.loc[row.name]
        label = f"alive x={frame['frequency']:.0f}, {frame['recency']:.0f}, {frame['T']:.0f}"
        found[label] = (float(known), row["estimate"], row["low"], row["high"])
    return found


def of_covariates(model: str, draw: np.random.Generator) -> Checked:
    """One simulation of a model of repeat buying whose customers differ by what is known of them."""
    drawn = purchases(model, draw, CASES[model], covaried=True)
    fitted = clv.fit(drawn, model, covariates=["channel", "size"])
    if fitted.model != model or fitted.covariates.references["channel"] != "shop":
        return {}
    total = fitted.expected_purchases(drawn, HORIZON, by="total").iloc[0]
    rows = histories(drawn, np.column_stack((drawn["channel"] == "web", drawn["size"])).astype(float))
    process, theta = MODELS[model], np.repeat(np.array(CASES[model])[:, None], len(rows.T), axis=1)
    for (index, sign), kind in zip(process.moved, ("buying", "stopping"), strict=True):
        theta[index] *= np.exp(sign * rows.design @ [EFFECTS[f"{kind}:channel=web"], EFFECTS[f"{kind}:size"]])
    mean = process.mean(theta, rows.frequency.astype(float), rows.T, HORIZON)
    true = float((process.p_alive(theta, rows) * mean) @ rows.weight)
    found = parameters(fitted.parameters, (*CASES[model], *EFFECTS.values()))
    found["total"] = (true, total["estimate"], total["low"], total["high"])
    found["actual"] = (float(drawn["later"].sum()), total["estimate"], total["actual_low"], total["actual_high"])
    return found


def of_spend(draw: np.random.Generator, n: int = CUSTOMERS) -> Checked:
    """One simulation of the model of spend."""
    p, q, gamma = SPEND
    x, scale = draw.geometric(0.4, n), draw.gamma(q, 1 / gamma, n)
    fitted = clv.fit_spend(pd.DataFrame({"frequency": x, "monetary": draw.gamma(p * x, 1 / scale) / x}))
    found = parameters(fitted.parameters, SPEND) if n == CUSTOMERS else {}
    each = fitted.expected_spend(pd.DataFrame({"frequency": [0, 1, 4], "monetary": [np.nan, 12.0, 3.0]}))
    true = (p * gamma / (q - 1), p * (gamma + 12) / (p + q - 1), p * (gamma + 12) / (4 * p + q - 1))
    for name, known, row in zip(("mean", "mean of x=1", "mean of x=4"), true, each.itertuples(), strict=True):
        found[name] = (known, row.estimate, row.low, row.high)
    return found


def of_contracts(model: str, draw: np.random.Generator, n: int = CUSTOMERS) -> Checked:
    """One simulation of four cohorts under contract, the younger ones cut short."""
    curve, theta = CURVES[model]
    left = np.exp(curve.log_survival(np.array(theta), np.arange(13.0)))
    table = np.full((4, 13), np.nan)
    for cohort in range(4):
        now = n
        table[cohort, 0] = now
        for age in range(1, 13 - 2 * cohort):
            now = int(draw.binomial(now, left[age] / left[age - 1]))
            table[cohort, age] = now
    fitted = contracts.fit(pd.DataFrame(table), model)
    if fitted.curve.name != model:
        return {}
    found = parameters(fitted.parameters, theta) if n == CUSTOMERS else {}
    row = fitted.projected(24).iloc[-1]
    true = float(np.exp(curve.log_survival(np.array(theta), np.array([24.0])))[0])
    found["left at 24"] = (true, row["survival"], row["survival_low"], row["survival_high"])
    for row in fitted.residual_lifetime([0, 6], horizon=24).itertuples():
        known = float(curve.further(np.array(theta), np.array([float(row.age)]), 24.0, 0.0)[0])
        found[f"renewals of 24 at {row.age}"] = (known, row.estimate, row.low, row.high)
    return found


def parameters(table: pd.DataFrame, theta: tuple[float, ...]) -> Checked:
    """The parameters, set against the true ones."""
    return {
        row.parameter: (true, row.estimate, row.low, row.high)
        for row, true in zip(table.itertuples(), theta, strict=True)
    }


SIMULATIONS: dict[str, Callable[[int], Checked]] = {
    **{model: partial(lambda model, at: of_purchases(model, np.random.default_rng([1, at])), model) for model in CASES},
    **{
        model + WITH: partial(lambda model, at: of_covariates(model, np.random.default_rng([4, at])), model)
        for model in COVARIED
    },
    **{
        model + OF_FEW: partial(lambda model, at: of_few(model, np.random.default_rng([5, at])), model)
        for model in CASES_OF_FEW
    },
    "gamma_gamma": lambda at: of_spend(np.random.default_rng([2, at])),
    "gamma_gamma" + OF_FEW: lambda at: of_spend(np.random.default_rng([6, at]), FEW),
    **{
        model: partial(lambda model, at: of_contracts(model, np.random.default_rng([3, at])), model) for model in CURVES
    },
    **{
        model + OF_FEW: partial(lambda model, at: of_contracts(model, np.random.default_rng([7, at]), FEW), model)
        for model in CURVES
    },
}
"""Every model, and its simulation of a number."""


def covered(found: list[Checked], what: str) -> float:
    """How many of the intervals hold the truth."""
    true, _, below, above = np.array([each[what] for each in found]).T
    return float(((true >= below) & (true <= above)).mean())


def bounds(n: int) -> tuple[float, float]:
    """Between which the coverage of a perfect interval lies 99 times in 100."""
    low, high = (float(each) / n for each in binom.interval(0.99, n, 0.9))
    return low, high


def main(n: int) -> int:
    """Print what was recovered and how often intervals held it; return how many lie outside the bounds twice."""
    began = time.process_time()
    low, high = bounds(n)
    print(f"{n} simulations of {CUSTOMERS:,} customers a model; a perfect interval covers {low:.1%} to {high:.1%}")
    print(f"{'model':24} {'what':22} {'truth':>10} {'median':>10} {'bias':>7} {'coverage':>9}  ")
    failed = asked = 0
    for model, simulation in SIMULATIONS.items():
        found = [each for each in map(simulation, range(n)) if each]
        again: list[Checked] = []
        for what in found[0]:
            asked += 1
            true, estimate, _, _ = np.array([each[what] for each in found]).T
            share, verdict = covered(found, what), ""
            if not low <= share <= high:
                again = again or [each for each in map(simulation, range(n, 4 * n)) if each]
                second, (least, most) = covered(again, what), bounds(len(again))
                failed += not least <= second <= most
                verdict = f"outside; of {len(again)} others {second:.1%} ({least:.1%} to {most:.1%})"
            bias = float(np.median(estimate / true - 1))
            print(
                f"{model:24} {what:22} {np.median(true):10.3f} {np.median(estimate):10.3f} {bias:7.1%} "
                f"{share:9.1%}  {verdict}",
                flush=True,
            )
        if len(found) < n:
            print(f"{model:24} {n - len(found)} fits fell back to a simpler model")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{failed} of {asked} intervals outside twice; {time.process_time() - began:.0f} s of CPU, {peak} MB at most")
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 400) else 0)
