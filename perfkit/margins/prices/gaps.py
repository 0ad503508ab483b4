"""Gaps: whose discount is another than that of its peers, beyond chance, and what is it once luck is taken out?

A gap is a ratio of sums, and its error that of a ratio estimator (Cochran 1977, Sampling Techniques, chapter 6) from
units that are independent of each other: a customer's orders, else customers. All gaps are tested at once, so that of
those called unlike at most a tenth is expected to be like its peers, and nobody is called with more than that
probability where all are alike (Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B).

Gaps are drawn to zero as far as their spread is chance. What the true ones look like is estimated as a mixture of
normals around zero (Stephens 2017, Biostatistics): a policy that all share, contracts of all kinds and a few favours
look quite different, and one normal would draw the favours in too far.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from scipy.special import ndtr, stdtr

from perfkit.margins.profitability.differences import FEWEST

LEAST = 0.2
"""Share of its list revenue that a member needs compared: beside all of it, the rate of a sliver is read as its own."""

_ROUNDS, _STEPS = 500, 40
_FLOOR = 1e-6  # of a rate: no discount is known more surely, even where all lines have the same


@dataclass(frozen=True, eq=False)
class Gaps:
    """What members get beyond their peers, in the order given; NaN where a member has too few units.

    Attributes
    ----------
    estimate, low, high : array of float
        Drawn to zero as far as it is chance; per unit of list revenue.
    p, adjusted_p : array of float
    above, below : array of bool
        Whether it is called unlike its peers.
    excess, excess_low, excess_high : float
        Sum of estimate x list revenue over those called above, with its interval; 0 where nobody is.
    """

    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    adjusted_p: np.ndarray
    above: np.ndarray
    below: np.ndarray
    excess: float
    excess_low: float
    excess_high: float


def gaps(rows: pd.DataFrame, level: float) -> Gaps:
    """Estimate each member's gap from what `peers.against_peers` returned, as floats."""
    empty = np.full(len(rows), np.nan)
    nobody = np.zeros(len(rows), dtype=bool)
    several = ((rows["n"] >= 2) & (rows["rr"] > 0)).to_numpy()
    usable = several & (rows["n"] >= FEWEST).to_numpy() & (rows["compared_list"] > 0).to_numpy()
    if not usable.any():
        return Gaps(empty, empty, empty, empty, empty, nobody, nobody, 0.0, 0.0, 0.0)
    errors = _errors(rows[several], usable[several])
    listed = rows.loc[usable, "compared_list"].to_numpy()
    gap = (rows.loc[usable, "compared_given"] - rows.loc[usable, "expected"]).to_numpy() / listed
    cautious = np.sqrt(errors.cautious + errors.peers)
    # Only here: to import it takes as long as the rest of perfkit.
    from statsmodels.stats.multitest import multipletests

    p = 2 * stdtr(errors.freedom, -np.abs(gap) / cautious)
    adjusted = multipletests(p, method="fdr_bh")[1]
    prior = _prior(gap, np.sqrt(errors.own + errors.peers))
    found = _posterior(gap, np.sqrt(errors.own + errors.peers), prior)
    low, high = (_quantile(found, tail) for tail in ((1 - level) / 2, (1 + level) / 2))
    called = adjusted <= 1 - level
    above, below = called & (gap > 0) & (low > 0), called & (gap < 0) & (high < 0)
    total, spread = _excess(gap, found, errors, listed, above, int((above | below).sum()))
    half = NormalDist().inv_cdf((1 + level) / 2) * spread

    def placed(values: np.ndarray, where: np.ndarray) -> np.ndarray:
        full = where.copy()
        full[usable] = values
        return full

    return Gaps(
        estimate=placed(found.mean, empty),
        low=placed(low, empty),
        high=placed(high, empty),
        p=placed(p, empty),
        adjusted_p=placed(adjusted, empty),
        above=placed(above, nobody),
        below=placed(below, nobody),
        excess=total,
        excess_low=total - half,
        excess_high=total + half,
    )


@dataclass(frozen=True, eq=False)
class _Errors:
    """Squared errors of gaps: of a member's own rate, the same as cautiously as a claim needs it, of its peers'."""

    own: np.ndarray
    cautious: np.ndarray
    peers: np.ndarray
    freedom: np.ndarray


def _errors(rows: pd.DataFrame, usable: np.ndarray) -> _Errors:
    n, size = rows["n"].to_numpy(), rows["unit_list"].to_numpy()
    rr, pr, pp = (rows[name].to_numpy() for name in ("rr", "pr", "pp"))
    rate = rows["unit_gap"].to_numpy() / size
    squares = np.maximum(pp - 2 * rate * pr + rate**2 * rr, 0.0) * n / (n - 1)
    # A unit's deviation grows with its amount: the spread is counted per amount squared.
    spread = squares / rr
    common = float((spread * (n - 1)).sum() / (n - 1).sum())
    # Few units that happen to agree say little: their spread counts with the common one as `FEWEST` units do.
    drawn = ((n - 1) * spread + (FEWEST - 1) * common) / (n - 1 + FEWEST - 1)
    relative = rr / size**2
    # How much less chance there is in the peers' rate than their lines' deviations from it show, or how much more:
    # lines of a unit are alike, and members differ lastingly.
    lines = float(rows["line_squares"].sum())
    alike = float(squares.sum()) / lines if lines > 0 else 1.0
    peers = rows["of_peers"].to_numpy() / rows["compared_list"].to_numpy().clip(min=1e-300) ** 2 * alike
    return _Errors(
        own=np.maximum(drawn * relative, _FLOOR**2)[usable],
        cautious=np.maximum(np.maximum(spread, common) * relative, _FLOOR**2)[usable],
        peers=peers[usable],
        freedom=np.maximum(1 / relative - 1, 1.0)[usable],
    )


@dataclass(frozen=True, eq=False)
class _Posterior:
    """The true gaps given the seen ones: mixtures of normals, a row a member."""

    weights: np.ndarray
    means: np.ndarray
    variances: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        found: np.ndarray = (self.weights * self.means).sum(axis=1)
        return found

    @property
    def variance(self) -> np.ndarray:
        found: np.ndarray = (self.weights * (self.variances + self.means**2)).sum(axis=1) - self.mean**2
        return found


def _prior(gap: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the mixture that true gaps are of: standard deviations and their shares, by EM."""
    # So far apart could the true gaps of so many members lie, and their spread still look like chance.
    smallest = float(np.sqrt(np.sqrt(2 * len(gap)) / (1 / error**2).sum()))
    largest = max(2 * float(np.abs(gap).max()), 2 * smallest)
    grid = smallest * 2 ** (np.arange(np.ceil(2 * np.log2(largest / smallest)) + 1) / 2)
    fits = _log_density(gap[:, None], error[:, None] ** 2 + grid**2)
    fits = np.exp(fits - fits.max(axis=1, keepdims=True))
    shares = np.full(len(grid), 1 / len(grid))
    for _ in range(_ROUNDS):
        each = fits * shares
        new = (each / each.sum(axis=1, keepdims=True)).mean(axis=0)
        done = np.abs(new - shares).max() < 1e-6
        shares = new
        if done:
            break
    return grid, shares


def _log_density(value: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Of a normal around zero, but for a constant."""
    return np.asarray(-(value**2 / variance + np.log(variance)) / 2)


def _posterior(gap: np.ndarray, error: np.ndarray, prior: tuple[np.ndarray, np.ndarray]) -> _Posterior:
    grid, shares = prior
    kept = shares > 1e-9
    variance, noise = grid[kept] ** 2, error[:, None] ** 2
    fits = _log_density(gap[:, None], noise + variance) + np.log(shares[kept])
    weights = np.exp(fits - fits.max(axis=1, keepdims=True))
    keep = variance / (variance + noise)
    return _Posterior(weights / weights.sum(axis=1, keepdims=True), keep * gap[:, None], keep * noise)


def _quantile(found: _Posterior, tail: float) -> np.ndarray:
    """Solve for a quantile of each mixture by halving; one whose values are all zero is zero."""
    sd = np.sqrt(found.variances)
    reach = 12 * sd.max(axis=1) + np.abs(found.means).max(axis=1) + 1e-12
    low, high = -reach, reach
    scale = np.where(sd > 0, sd, 1e-15)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        under = (found.weights * ndtr((middle[:, None] - found.means) / scale)).sum(axis=1)
        low, high = np.where(under < tail, middle, low), np.where(under < tail, high, middle)
    return (low + high) / 2


def _excess(
    gap: np.ndarray, found: _Posterior, errors: _Errors, listed: np.ndarray, above: np.ndarray, unlike: int
) -> tuple[float, float]:
    """What those called above get beyond their peers, and its standard error.

    Their own errors are independent; that of the peers' rate is common to those who share them, and taken as if all
    did. How far gaps are drawn in is an estimate too, from as many as are unlike (after Morris 1983, Journal of the
    American Statistical Association).
    """
    if not above.any():
        return 0.0, 0.0
    noise = errors.own + errors.peers
    of_peers = np.clip(errors.peers / noise, 0.0, 1.0)  # a share, but for the last digits
    own = (listed**2 * found.variance * (1 - of_peers))[above].sum()
    shared = (listed * np.sqrt(found.variance * of_peers))[above].sum()
    drawn = (listed * (gap - found.mean))[above].sum() * np.sqrt(2 / max(unlike - 2, 2))
    return float((listed * found.mean)[above].sum()), float(np.sqrt(own + shared**2 + drawn**2))
