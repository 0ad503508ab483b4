"""Claim: perfkit finds the published parameters, standard errors and log-likelihoods of CDNOW, and those of two sets of
contracts, to the tolerances stated here; prints them side by side, as docs/customer_value.md shows them.

    python benchmarks/clv_published.py CDNOW_sample.txt

CDNOW_sample.txt is the authors' sample of one customer in ten, 2,357 of them, as they publish it (examples/cdnow names
the article); the models know the 39 weeks to 30 September 1997. With exact dates the maximum moves a little from that
of the articles.
"""

import sys
from collections.abc import Iterator

import pandas as pd

from perfkit.customers import clv, contracts

UNTIL, WEEKS = "1997-09-30", 39
RELATIVE, OF_ERRORS, OF_LIKELIHOOD = 1e-3, 5e-3, 0.01
PUBLISHED = {
    "bg_nbd": ("BG/NBD", ("r", "alpha", "a", "b"), (0.2426, 4.4135, 0.7929, 2.4258), (0.0126, 0.378, 0.186, 0.705),
               -9582.43),
    "mbg_nbd": ("MBG/NBD", ("r", "alpha", "a", "b"), (0.5248, 6.1830, 0.8914, 1.6140), (0.083, 0.696, 0.155, 0.537),
                -9582.13),
    "pareto_nbd": ("Pareto/NBD", ("r", "alpha", "s", "beta"), (0.5533, 10.578, 0.6062, 11.668),
                   (0.0476, 0.843, 0.187, 6.21), -9594.97),
}  # fmt: skip
SPEND = (("p", "q", "gamma"), (6.249, 3.745, 15.448), (1.19, 0.290, 4.16), -4055.92)
CUSTOMERS = {
    "bg_nbd": (((2, 30.43, 38.86), 1.2259, 0.7266), ((26, 30.86, 31.0), 20.7506, 0.9689)),
    "pareto_nbd": (((2, 30.43, 38.86), 1.4551, 0.8691), ((26, 30.86, 31.0), 20.1159, 0.9979)),
}
SURVIVORS = {
    "sBG, high end": ([1000, 869, 743, 653, 593, 551, 517, 491], (0.668, 3.806)),
    "sBG, regular": ([1000, 631, 468, 382, 326, 289, 262, 241], (0.704, 1.182)),
}
Row = tuple[str, str, float, float, float, int]
"""Model, figure, published, ours, tolerance (absolute), decimals shown."""


def rows(path: str) -> Iterator[Row]:
    """Every published figure, beside ours."""
    names = ["customer_id", "sample_id", "date", "cds", "net_revenue"]
    sample = pd.read_csv(path, sep=r"\s+", names=names, dtype={"customer_id": str, "date": str}, parse_dates=["date"])
    summary = clv.summarise(sample, observed_until=UNTIL)
    for model, (title, names, values, errors, likelihood) in PUBLISHED.items():
        fitted = clv.fit(summary, model)
        yield from _parameters(title, names, values, errors, fitted.parameters, (RELATIVE, OF_ERRORS))
        yield title, "log-likelihood", likelihood, fitted.log_likelihood, OF_LIKELIHOOD, 2
        for history, purchases, alive in CUSTOMERS.get(model, ()):
            one = pd.DataFrame([history], columns=["frequency", "recency", "T"])
            which = "x={:g}, t_x={:g}, T={:g}".format(*history)
            ours = float(fitted.expected_purchases(one, WEEKS)["estimate"].iloc[0])
            yield title, f"purchases in {WEEKS} weeks, {which}", purchases, ours, RELATIVE * purchases, 4
            yield (
                title,
                f"P(alive), {which}",
                alive,
                float(fitted.p_alive(one)["estimate"].iloc[0]),
                RELATIVE * alive,
                4,
            )
    spend = clv.fit_spend(summary)
    names, values, errors, likelihood = SPEND
    yield from _parameters("Gamma-gamma", names, values, errors, spend.parameters, (RELATIVE, OF_ERRORS))
    yield "Gamma-gamma", "log-likelihood", likelihood, spend.log_likelihood, OF_LIKELIHOOD, 2
    for title, (survivors, values) in SURVIVORS.items():
        found = contracts.fit(survivors, "sbg").parameters.set_index("parameter")["estimate"]
        for name, value in zip(("alpha", "beta"), values, strict=True):
            yield title, name, value, float(found[name]), RELATIVE * value, 3


def _parameters(
    title: str,
    names: tuple[str, ...],
    values: tuple[float, ...],
    errors: tuple[float, ...],
    found: pd.DataFrame,
    tolerances: tuple[float, float],
) -> Iterator[Row]:
    of = found.set_index("parameter")
    for name, value, error in zip(names, values, errors, strict=True):
        yield title, name, value, float(of.loc[name, "estimate"]), tolerances[0] * value, 4
        yield title, f"{name}, standard error", error, float(of.loc[name, "se"]), tolerances[1] * error, 4


def main(path: str) -> int:
    """Print the table; return how many figures are further off than their tolerance."""
    print("| model | figure | published | perfkit | difference | tolerance |")
    print("|---|---|---:|---:|---:|---:|")
    off = 0
    for model, what, published, ours, tolerance, decimals in rows(path):
        away = ours - published
        off += abs(away) > tolerance
        mark = "" if abs(away) <= tolerance else " **off**"
        print(
            f"| {model} | {what} | {published:,.{decimals}f} | {ours:,.{decimals}f} | {away:+.1e} | "
            f"{tolerance:.1e}{mark} |"
        )
    print(f"\n{off} figures off.")
    return off


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1]) else 0)
