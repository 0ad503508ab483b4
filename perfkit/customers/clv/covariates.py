"""Covariates: which customers buy more often, and which stop sooner?

A covariate multiplies how often a customer buys by exp(coefficient x value): the scale alpha of purchase rates is
divided by it. How soon one stops is multiplied likewise, by a coefficient of its own: Pareto/NBD divides the scale beta
of the rates of stopping (Fader and Hardie 2007, "Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD
models"), BG/NBD and MBG/NBD multiply a, and with it the odds a / b of stopping after a purchase. (To multiply a and b
by the same, as one finds it elsewhere, leaves the mean chance of stopping where it is.)

A column of numbers is one covariate. Of any other column each member is one, against the member that most customers
have.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from perfkit.customers.clv.processes import Process
from perfkit.errors import DataError, ParameterError, unknown
from perfkit.estimates import LEVEL

MISSING = "(missing)"
"""The member of customers of whom a column of names says nothing."""
MOST = 30
"""Members of a column beyond which coefficients would be a list of names."""
KINDS = ("buying", "stopping")
"""What covariates act on, in the order of `Process.moved`."""
_SAME = 1e-7  # part of a covariate's spread that the others leave unexplained, below which they say the same
_FAR = 60.0  # logarithm beyond which no customer is moved


@dataclass(frozen=True)
class Term:
    """One covariate: a number, or whether a column has a member.

    Attributes
    ----------
    column, member : str, str or None
        None of a number.
    middle, spread : float
        The value that counts as 0 while the model is fitted, and the one that counts as 1 more.
    """

    column: str
    member: str | None
    middle: float = 0.0
    spread: float = 1.0

    @property
    def name(self) -> str:
        """What the parameter is called: the column, and the member if there is one."""
        return self.column if self.member is None else f"{self.column}={self.member}"


@dataclass(frozen=True, eq=False)
class Covariates:
    """What a model takes from the columns of a summary.

    Attributes
    ----------
    terms : tuple of Term
    references : dict
        Of each column of names the member that the others are set against.
    members : dict
        Of each column of names the members that the model knows.
    counts : array of float
        Customers with each term's member; all of them for a number.
    left_out : DataFrame, one row a covariate
        covariate; reason: "no variation", or "explained by the others", which say the same of every customer.
    silent : tuple
        Members of whom nobody bought again: the places of their column's terms, the member's own (None: the
        reference), and the most that their rate of buying may be. How seldom they buy has no other end.
    """

    terms: tuple[Term, ...]
    references: dict[str, str]
    members: dict[str, tuple[str, ...]]
    counts: np.ndarray
    left_out: pd.DataFrame
    silent: tuple[tuple[tuple[int, ...], int | None, float], ...] = ()

    def at_most(self, design: np.ndarray) -> np.ndarray:
        """Return the most that the rate of each history may be, of those whose members nobody bought again with.

        Inf of the others.
        """
        found = np.full(len(design), np.inf)
        for column, place, rate in self.silent:
            found = np.where(_with(design, column, place), np.minimum(found, rate), found)
        return found

    def with_silent(self, rows: Any) -> "Covariates":
        """Return the covariates with those members of whom nobody bought again among the histories of the fit."""
        silent = []
        for name in self.references:
            column = tuple(at for at, term in enumerate(self.terms) if term.column == name)
            for place in (None, *column) if column else ():
                there = _with(rows.design, column, place)
                time = float(rows.weight[there] @ rows.T[there])
                if time > 0 and not rows.frequency[there].any():
                    silent.append((column, place, -np.log((1 - LEVEL) / 2) / time))
        return replace(self, silent=tuple(silent))

    def matrix(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the covariates of customers: an array (rows, terms).

        Raises
        ------
        DataError
            If a column is absent, a number is missing, or a member is one that the model has not seen.
        """
        found = np.zeros((len(frame), len(self.terms)))
        for column in dict.fromkeys(term.column for term in self.terms):
            if column not in frame.columns:
                raise DataError(
                    f"summary: {unknown('column', column, [str(each) for each in frame.columns])} It is a covariate of "
                    "the model: summarise with keep=[...], or set it beside."
                )
            if column in self.members:
                values = _names(frame[column])
                new = ~values.isin(self.members[column]).to_numpy()
                if new.any():
                    raise DataError(
                        f"summary: {column} is {values[new].iloc[0]!r} for {int(new.sum()):,} of {len(frame):,} "
                        f"customers, which the model has not seen: it knows {', '.join(self.members[column])}. Fit it "
                        "to customers who have it, or leave these out."
                    )
            else:
                values = _numbers(frame, column)
            for place, term in enumerate(self.terms):
                if term.column == column and term.member is not None:
                    found[:, place] = (values == term.member).to_numpy()
                elif term.column == column:
                    found[:, place] = (values - term.middle) / term.spread
        return found

    def names(self, process: Process) -> list[str]:
        """Return what the coefficients are called, in their order."""
        return [f"{kind}:{term.name}" for kind, _ in zip(KINDS, process.moved, strict=False) for term in self.terms]

    def own(self, process: Process, theta: np.ndarray, design: np.ndarray) -> np.ndarray:
        """Return the model's parameters of each history: an array (parameters, histories).

        Parameters
        ----------
        theta : array of float
            The model's parameters, then exp(coefficient) of each term, for buying and for stopping.
        design : array (histories, terms)
        """
        k, m = len(process.parameters), len(self.terms)
        found = np.repeat(theta[:k, None], len(design), axis=1)
        for at, (index, sign) in enumerate(process.moved):
            times = design @ np.log(theta[k + at * m : k + (at + 1) * m])
            found[index] = found[index] * np.exp(np.clip(sign * times, -_FAR, _FAR))
        return found

    def unscaled(self, process: Process) -> np.ndarray:
        """Return the matrix that takes logarithms as they are fitted to those of the columns as they stand."""
        k, m = len(process.parameters), len(self.terms)
        middle = np.array([term.middle / term.spread for term in self.terms])
        found = np.eye(k + m * len(process.moved))
        for at, (index, sign) in enumerate(process.moved):
            part = slice(k + at * m, k + (at + 1) * m)
            found[index, part] = -sign * middle
            found[part, part] = np.diag([1 / term.spread for term in self.terms])
        return found


def _with(design: np.ndarray, column: tuple[int, ...], place: int | None) -> np.ndarray:
    """Which histories have a member: that of a term, or the reference, which has none."""
    return np.asarray((design[:, list(column)] == 0).all(axis=1) if place is None else design[:, place] == 1)


def likelihood(process: Process, place: np.ndarray, rows: Any) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the log-likelihood of histories with covariates, and its derivatives.

    Parameters
    ----------
    place : array of float
        Logarithms of the model's parameters, then the coefficients.
    rows : Histories
        With their design.
    """
    k, m = len(process.parameters), rows.design.shape[1]
    moves = [np.ones((len(rows.T), 1)) for _ in range(k)]  # by which each history's own logarithms move, of each
    order = [np.array([index]) for index in range(k)]  # ... and the places of those that move it
    logs = np.repeat(place[:k, None], len(rows.T), axis=1)
    for at, (index, sign) in enumerate(process.moved):
        part = np.arange(k + at * m, k + (at + 1) * m)
        logs[index] += np.clip(sign * rows.design @ place[part], -_FAR, _FAR)
        moves[index] = np.column_stack((moves[index], sign * rows.design))
        order[index] = np.append(order[index], part)
    value, slopes, bends = process.by_history(np.exp(logs), rows)
    gradient, hessian = np.zeros(len(place)), np.zeros((len(place), len(place)))
    for i in range(k):
        gradient[order[i]] = moves[i].T @ (rows.weight * slopes[i])
        for j in range(k):
            hessian[np.ix_(order[i], order[j])] = moves[i].T @ ((rows.weight * bends[i, j])[:, None] * moves[j])
    return float(value @ rows.weight), gradient, hessian


def covariates(frame: pd.DataFrame, columns: Sequence[str]) -> Covariates:
    """Read covariates off the customers that a model is to be fitted to.

    Parameters
    ----------
    frame : DataFrame, one row a customer
    columns : sequence of str
        Of numbers, in which none may be missing, or of names (text, categories, true or false), in which the missing
        are a member of their own.

    Raises
    ------
    ParameterError
        If there is no such column, or a column of names has more than `MOST` members.
    DataError
        If a number is missing.
    """
    if isinstance(columns, str):
        raise ParameterError(f"covariates is {columns!r}: give a list of columns, such as [{columns!r}].")
    weight = frame["weights"].to_numpy(np.float64) if "weights" in frame.columns else np.ones(len(frame))
    terms: list[Term] = []
    values: list[np.ndarray] = []
    left_out: list[tuple[str, str]] = []
    references, members = {}, {}
    for column in dict.fromkeys(columns):
        if column not in frame.columns:
            raise ParameterError(f"covariates: {unknown('column', str(column), [str(each) for each in frame.columns])}")
        if _is_number(frame[column]):
            numbers = _numbers(frame, column).to_numpy()
            middle = float(weight @ numbers / weight.sum())
            spread = float(np.sqrt(weight @ (numbers - middle) ** 2 / weight.sum()))
            if not spread > 1e-12 * abs(middle):
                left_out.append((column, "no variation"))
                continue
            terms.append(Term(column, None, middle, spread))
            values.append((numbers - middle) / spread)
            continue
        names = _names(frame[column])
        sizes = pd.Series(weight, index=names.to_numpy()).groupby(level=0).sum()
        if len(sizes) > MOST:
            raise ParameterError(
                f"covariates: {column} has {len(sizes)} members, each with coefficients of its own. Put them together "
                f"in {MOST} at most, or leave it out."
            )
        reference = str(sizes.idxmax())
        references[column], members[column] = reference, tuple(str(each) for each in sizes.index)
        if len(sizes) == 1:
            left_out.append((column, "no variation"))
        for member in sizes.index:
            if member != reference:
                terms.append(Term(column, str(member)))
                values.append((names == member).to_numpy(np.float64))
    kept = _independent(values, weight)
    left_out += [(terms[at].name, "explained by the others") for at in range(len(terms)) if at not in kept]
    counts = [weight.sum() if terms[at].member is None else weight @ values[at] for at in kept]
    return Covariates(
        tuple(terms[at] for at in kept),
        references,
        members,
        np.array(counts),
        pd.DataFrame(left_out, columns=["covariate", "reason"]),
    )


def _independent(values: list[np.ndarray], weight: np.ndarray) -> list[int]:
    """The places of those that the ones before them and a constant do not explain."""
    root = np.sqrt(weight)
    basis = [root / np.sqrt(weight.sum())]
    kept = []
    for at, each in enumerate(values):
        left = root * each
        size = np.linalg.norm(left - (basis[0] @ left) * basis[0])
        for _ in range(2):  # once more, against what rounding leaves
            for known in basis:
                left = left - (known @ left) * known
        if np.linalg.norm(left) > _SAME * size:
            basis.append(left / np.linalg.norm(left))
            kept.append(at)
    return kept


def _is_number(values: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(values) or isinstance(values.dtype, pd.CategoricalDtype):
        return False
    if pd.api.types.is_numeric_dtype(values):
        return True
    given = values.dropna()
    return len(given) > 0 and all(isinstance(each, Decimal | int | float) and each is not True for each in given)


def _names(values: pd.Series) -> pd.Series:
    return values.astype("object").where(values.notna(), MISSING).astype(str)


def _numbers(frame: pd.DataFrame, column: str) -> pd.Series:
    numbers = pd.to_numeric(frame[column].astype("object"), errors="coerce").astype(np.float64)
    bad = ~np.isfinite(numbers.to_numpy())
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"summary: {column} is missing or no number for {int(bad.sum()):,} of {len(frame):,} customers "
            f"(first: {frame.index[place]!r}). A model cannot take a number that nobody knows: leave these customers "
            "out, fill it, or cut it into named classes, in which the missing are one."
        )
    return numbers
