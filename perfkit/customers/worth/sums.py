"""Sums: how values of several groups add up, and how sure one is of what customers leave of a euro.

Groups have models of their own, fitted to other customers, so that their errors are independent: squares add up.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit.customers.maximum import Z
from perfkit.estimates import LEVEL

ENDS = (("low", "high"), ("outcome_low", "outcome_high"), ("actual_low", "actual_high"))
_SUMS = ("estimate", "purchases", "n")


def together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the sums of estimates of the same name from several groups.

    Parameters
    ----------
    parts : sequence of DataFrame
        As `Fitted.lifetime_value` returns them of groups: by name in the index, estimate with its intervals, purchases
        and n.

    Returns
    -------
    DataFrame, one row a name
        The same columns: distances to the ends of the intervals add up as squares.
    """
    whole = pd.concat(parts)
    there = [name for name in _SUMS if name in whole.columns]
    found = whole[there].groupby(level=0, sort=False, dropna=False).sum()
    for pair in ENDS:
        for end, sign in zip(pair, (-1, 1), strict=True):
            if end in whole.columns:
                away = ((whole[end] - whole["estimate"]) ** 2).groupby(level=0, sort=False, dropna=False)
                found[end] = found["estimate"] + sign * np.sqrt(
                    away.sum(min_count=1).where(away.count() == away.size())
                )
    return found.assign(level=LEVEL)


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> pd.DataFrame | None:
    """Return a ratio of two sums over customers (estimate, se, low, high, level, n); None if its base is not above 0.

    Its standard error takes a customer's purchases as alike (Cochran 1977, Sampling Techniques, section 6).
    """
    base, n = float(denominator.sum()), len(denominator)
    if base <= 0:
        return None
    rate = float(numerator.sum()) / base
    error = float(np.sqrt(((numerator - rate * denominator) ** 2).sum() * n / max(n - 1, 1))) / base
    return pd.DataFrame(
        [{"estimate": rate, "se": error, "low": rate - Z * error, "high": rate + Z * error, "level": LEVEL, "n": n}]
    )
