"""Does the money that aligning discounts would bring hold what it promises, and is nobody blamed where all are alike?

Small companies of known truth: the discount of a line is what all get on the product and on orders of that size, what
the customer has obtained, and chance by order and by line. Without any favour nobody should be called above the others
in more than one company in ten; with favours the interval of the money, and those of the customers' gaps, should hold
the truth nine times in ten. The truth is what the same lines give without chance.

    .venv/bin/python benchmarks/discounts.py [companies]
"""

import resource
import sys
import time
from decimal import Decimal

import numpy as np
import pandas as pd
from scipy.stats import binom

from perfkit import periods
from perfkit.lines import checked
from perfkit.margins.prices import dispersions, peers
from perfkit.margins.prices.gaps import gaps
from perfkit.margins.profitability.members import floats

YEAR, LEVEL = periods.parse("2025"), 0.9
CUSTOMERS, PRODUCTS, AT_ONCE = 60, 8, 100
LIMITS = (Decimal(150), Decimal(300))
CASES = {
    "all alike, chance by order": ("alike", "order"),
    "all alike, promotions now and then": ("alike", "promotion"),
    "all alike, half of the customers erratic": ("alike", "uneven"),
    "everyone has a discount of his own": ("normal", "order"),
    "one in ten is favoured": ("favours", "order"),
    "favours, promotions now and then": ("favours", "promotion"),
    "two contracts, chance differs": ("contracts", "uneven"),
}


def company(seed: int, policy: str, chance: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lines of a year, and the same without chance."""
    draw = np.random.default_rng(seed)
    orders = draw.integers(3, 24, CUSTOMERS)
    customer = np.repeat(np.arange(CUSTOMERS), orders)
    lines = draw.integers(1, 4, customer.size)
    order = np.repeat(np.arange(customer.size), lines)
    who, product = customer[order], draw.integers(0, PRODUCTS, order.size)
    scale = np.exp(draw.normal(0, 0.5, CUSTOMERS))[who]
    listed = np.round(100 * scale * np.exp(draw.normal(0, 0.6, order.size)), 2)
    size = np.bincount(order, listed)[order]
    own = {
        "alike": np.zeros(CUSTOMERS),
        "normal": draw.normal(0, 0.02, CUSTOMERS),
        "favours": np.where(np.arange(CUSTOMERS) % 10 == 0, 0.05, 0.0),
        "contracts": np.where(draw.random(CUSTOMERS) < 0.3, 0.03, 0.0),
    }[policy]
    promised = 0.1 + 0.01 * (np.arange(PRODUCTS) % 4)[product] + 0.02 * (size > 250) + own[who]
    by_order = {
        "order": draw.normal(0, 0.015, customer.size),
        "promotion": np.where(draw.random(customer.size) < 0.2, 0.08, 0.0) - 0.016,
        "uneven": draw.normal(0, np.where(customer % 2, 0.03, 0.006)),
    }[chance][order]
    seen = promised + by_order + draw.normal(0, 0.005, order.size)
    frame = pd.DataFrame(
        {
            "date": pd.Timestamp("2025-01-01") + pd.to_timedelta(draw.integers(0, 365, customer.size)[order], unit="D"),
            "order_id": [f"o{each}" for each in order],
            "customer_id": [f"c{each:03}" for each in who],
            "product_id": [f"p{each}" for each in product],
            "list_revenue": [Decimal(str(each)) for each in listed],
        }
    )
    frame.loc[0, "date"] = pd.Timestamp("2025-01-01")
    return tuple(  # type: ignore[return-value]
        frame.assign(net_revenue=[Decimal(str(each)) for each in np.round(listed * (1 - rate), 4)])
        for rate in (seen, promised)
    )


def compared(seeds: range, policy: str, chance: str) -> tuple[pd.DataFrame, pd.Series]:
    """What the engine makes of many companies at once, each within itself, and what each member gets by policy."""
    asked, found = peers.Asked("customer_id", "company", YEAR), []
    pairs = [company(seed, policy, chance) for seed in seeds]
    for nth in (0, 1):
        together = []
        for seed, pair in zip(seeds, pairs, strict=True):
            own = {name: f"{seed:05}" + pair[nth][name] for name in ("order_id", "customer_id")}
            together.append(pair[nth].assign(company=f"{seed:05}", **own))
        rows = peers.against_peers(checked(pd.concat(together, ignore_index=True)), asked, LIMITS)
        found.append(peers.in_member_order(rows))
    seen, promised = found
    numbers = pd.DataFrame({name: floats(seen[name]) for name in dispersions.NUMBERS}).assign(member=seen["member"])
    return numbers, promised["compared_given"].astype("float64") - promised["expected"]


def tried(rows: pd.DataFrame, beyond: np.ndarray) -> dict[str, float]:
    """One company: who is called, what it is worth, and whether the intervals hold the truth."""
    found = gaps(rows.drop(columns="member").reset_index(drop=True), LEVEL)
    listed = rows["compared_list"].to_numpy()
    gap, known = beyond / listed, ~np.isnan(found.low)
    worth = float(beyond[found.above].sum())
    return {
        "claims": bool(found.above.any()),
        "wrong": int((gap[found.above] <= 0).sum()),
        "above": int(found.above.sum()),
        "worth": worth,
        "estimate": found.excess,
        "held": found.excess_low <= worth <= found.excess_high,
        "members_held": float(((found.low <= gap) & (gap <= found.high))[known].mean()),
        "naive": float((rows["compared_given"] - rows["expected"]).clip(lower=0).sum()),
        "possible": float(np.maximum(beyond, 0).sum()),
    }


def every(companies: int, policy: str, chance: str) -> list[dict[str, float]]:
    """Try so many companies, a hundred at a time."""
    found = []
    for first in range(0, companies, AT_ONCE):
        rows, beyond = compared(range(first, min(first + AT_ONCE, companies)), policy, chance)
        for places in rows.groupby(rows["member"].str[:5]).indices.values():
            found.append(tried(rows.iloc[places], beyond.to_numpy()[places]))
    return found


def main(companies: int) -> None:
    """Print how often it claims, and how often its intervals hold the truth."""
    start = time.process_time()
    low, high = (int(each) for each in binom.interval(0.99, companies, LEVEL))
    print(f"{companies} companies a case; 9 in 10 is anything from {low} to {high} of {companies} (99 %)")
    print(f"{'':42} claims   held of   above  wrong  estimate/true  customers held  plain sum/true sum")
    for name, (policy, chance) in CASES.items():
        found = pd.DataFrame(every(companies, policy, chance))
        claimed = found[found["claims"].astype(bool)]
        worth, possible = claimed["worth"].sum(), found["possible"].sum()
        ratio = f"{claimed['estimate'].sum() / worth:.3f}" if policy != "alike" else "-"
        plain = f"{found['naive'].sum() / possible:.2f}" if policy != "alike" else "-"
        print(
            f"{name:42} {len(claimed):6}  {int(claimed['held'].sum()):5} {len(claimed):4}  {found['above'].mean():5.2f}"
            f"  {found['wrong'].mean():5.2f}  {ratio:>13}  {found['members_held'].mean():14.3f}  {plain:>18}",
            flush=True,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{time.process_time() - start:.0f} CPU s, {peak:.0f} MB at most")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
