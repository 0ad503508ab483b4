"""Estimates: how sure can one be of a share, and when is a ratio no number at all?"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from perfkit import languages

LEVEL = 0.9
"""The level of every interval."""


def share(successes: ArrayLike, n: ArrayLike, level: float = LEVEL) -> pd.DataFrame:
    """Estimate shares with Wilson's interval (Wilson 1927, Journal of the American Statistical Association).

    Parameters
    ----------
    successes, n : int or array of int
        How many of how many; where n is 0 or either is missing, so is the estimate.
    level : float
        Level of the interval, 0 to 1.

    Returns
    -------
    DataFrame
        estimate, low, high, level, n: one row a share.
    """
    hits, trials = (
        pd.Series(np.atleast_1d(np.asarray(values, dtype="object")))
        .astype("Float64")
        .to_numpy(np.float64, na_value=np.nan)
        for values in (successes, n)
    )
    trials_or_nan = np.where(trials > 0, trials, np.nan)
    p = hits / trials_or_nan
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = (p + z**2 / (2 * trials_or_nan)) / (1 + z**2 / trials_or_nan)
    half = z / (1 + z**2 / trials_or_nan) * np.sqrt(p * (1 - p) / trials_or_nan + z**2 / (4 * trials_or_nan**2))
    return pd.DataFrame(
        {
            "estimate": p,
            "low": np.clip(middle - half, 0, p),
            "high": np.clip(middle + half, p, 1),
            "level": level,
            "n": pd.array(np.where(np.isnan(trials), 0, trials).astype("int64"), dtype="Int64"),
        }
    )


def event_rate(
    total: float, squares: float, largest: float, exposure: float, level: float = LEVEL
) -> tuple[float, float]:
    """Return the interval of a sum of amounts that events bring (returns, breakages), over what they could befall.

    The events are taken as Poisson, their amounts as they are: one large event says less than many small ones. The
    interval is that of a weighted sum of Poisson counts (Fay & Feuer 1997, Statistics in Medicine).

    Parameters
    ----------
    total, squares, largest : float
        Sum of the amounts of the events, sum of their squares, and the largest of them; all at least 0.
    exposure : float
        What the total is divided by, above 0.
    level : float
        Level of the interval, 0 to 1.
    """
    from scipy.special import gammaincinv  # here: whoever estimates no such rate need not wait for it

    tail = (1 - level) / 2
    low = 0.0 if total <= 0 else squares / total * float(gammaincinv(total**2 / squares, tail))
    above, more = total + largest, squares + largest**2
    high = 0.0 if above <= 0 else more / above * float(gammaincinv(above**2 / more, 1 - tail))
    return low / exposure, high / exposure


def ratio(numerator: Any, denominator: Any) -> float | None:
    """Divide, or return None where there is nothing to divide by: a ratio is never 0 or infinite by default."""
    if languages.missing(numerator) or languages.missing(denominator) or denominator == 0:
        return None
    return float(numerator) / float(denominator)


def growth(now: Any, before: Any) -> float | None:
    """Return relative growth, or None from a base that is missing, zero or negative: there it has no meaning."""
    if languages.missing(now) or languages.missing(before) or before <= 0:
        return None
    return float(now - before) / float(before)


MOST_GROWTH = 10
"""Relative growth beyond which a percentage says less than the amounts, or how many times as much it is."""


def tells(growth: float | None) -> bool:
    """Say whether a relative growth tells more than the amounts: not from next to nothing, and not to nothing."""
    return growth is not None and not languages.missing(growth) and -1 < growth <= MOST_GROWTH


def as_multiple(growth: Any) -> str:
    """Return how many times as much it is, in words, for growth beyond `MOST_GROWTH`; empty for any other."""
    if languages.missing(growth) or growth <= MOST_GROWTH:
        return ""
    return f"×\N{NARROW NO-BREAK SPACE}{languages.number(1 + growth)}"


def tone(change: Any, unit: str | None, *, direction: int = 1, decimals: int | None = None) -> str | None:
    """Say whether a change is "good" or "bad" for the company; None where it is missing or shown as zero.

    Parameters
    ----------
    change : number or None
    unit : str
        The unit in which it is shown (see `languages.show`), because that says what rounds to zero.
    direction : int
        +1 where more is better, -1 where less is, 0 where neither.
    decimals : int, optional
        Decimals shown; None leaves it to the unit.
    """
    if languages.missing(change) or not direction:
        return None
    if languages.show(change, unit, decimals=decimals) == languages.show(0, unit, decimals=decimals):
        return None
    return "good" if change * direction > 0 else "bad"


def rounding_shows(parts: Iterable[Any], total: Any, decimals: int = 0) -> bool:
    """Say whether parts, rounded as they are shown, miss the rounded total that they sum to exactly."""
    step = Decimal(1).scaleb(-decimals)

    def shown(value: Any) -> Decimal:
        return Decimal(str(value)).quantize(step, rounding=ROUND_HALF_UP)

    return sum((shown(part) for part in parts if not languages.missing(part)), Decimal(0)) != shown(total)


_PLACES = {"share": 3, "ratio": 2}
"""Decimals of a value that is shown by its unit; of a share, 0 to 1, those that per cent leave."""


def difference_shows(now: Any, before: Any, difference: Any, unit: str | None = None, decimals: Any = None) -> bool:
    """Say whether a difference, rounded as it is shown, is not that of the two values as they are shown.

    1.04 % and 0.86 % are 1.0 % and 0.9 %, and differ by 0.2 points: rounding the values first would say half of it.

    Parameters
    ----------
    now, before, difference : number or None
    unit : str, optional
        Of the values (see `languages.show`).
    decimals : int, optional
        Decimals shown; None leaves it to the unit.
    """
    if any(languages.missing(each) for each in (now, before, difference)):
        return False
    places = _PLACES.get(unit or "", 0) if languages.missing(decimals) else int(decimals)
    step = Decimal(1).scaleb(-places)
    a, b, c = (Decimal(str(each)).quantize(step, rounding=ROUND_HALF_UP) for each in (now, before, difference))
    return a - b != c
