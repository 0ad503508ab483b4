"""Fitting: which parameters make the histories most likely, and do the data identify them?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, overload

import numpy as np
import pandas as pd
from scipy.special import pdtrc

from perfkit.customers.clv.covariates import covariates as read_covariates
from perfkit.customers.clv.covariates import likelihood as with_covariates
from perfkit.customers.clv.fitted import Fitted
from perfkit.customers.clv.histories import Histories, observed
from perfkit.customers.clv.models import MODELS
from perfkit.customers.clv.processes import Process
from perfkit.customers.clv.summaries import Summary
from perfkit.customers.clv.units import frame_of, unit_of_time
from perfkit.customers.maximum import ENOUGH, FLAT, Likelihood, Maximum, climb
from perfkit.errors import ParameterError, unknown
from perfkit.estimates import LEVEL

if TYPE_CHECKING:
    from perfkit.customers.clv.pooling import Pooled

_WIDEST = 16.0  # logarithm beyond which no parameter is followed, in units of the mean age
_STRONGEST = 8.0  # coefficient beyond which none is followed: times 3,000
_PART = 5_000  # histories that a search among many more begins with
_GAIN = 0.01  # log-likelihood that stopping has to explain, to be there at all


class OneRate(Process):
    """One rate for all, which nobody stops: what is left where nobody bought again."""

    name: ClassVar[str] = "one_rate"
    title: ClassVar[str] = "Poisson"
    parameters: ClassVar[tuple[str, ...]] = ("rate",)

    def p_alive(self, theta: np.ndarray, rows: Histories) -> np.ndarray:
        """Return 1 for everybody."""
        return np.ones(len(rows.T))

    def mean(self, theta: np.ndarray, x: np.ndarray, T: np.ndarray, horizon: float) -> np.ndarray:
        """Return the expected purchases, the same for everybody."""
        return np.full(len(T), theta[0] * horizon)

    def pairs(self, theta: np.ndarray, x: np.ndarray, T: np.ndarray, horizon: float) -> np.ndarray:
        """Return the mean of Y (Y - 1)."""
        return np.full(len(T), (theta[0] * horizon) ** 2)

    def tail(self, theta: np.ndarray, x: np.ndarray, T: np.ndarray, horizon: float, least: np.ndarray) -> np.ndarray:
        """Return the probability of at least `least` purchases."""
        return np.asarray(pdtrc(least - 1, theta[0] * horizon))


@overload
def fit(
    summary: Summary | pd.DataFrame,
    model: str = "bg_nbd",
    *,
    by: None = None,
    covariates: Sequence[str] | None = None,
) -> Fitted: ...
@overload
def fit(
    summary: Summary | pd.DataFrame, model: str = "bg_nbd", *, by: "str | pd.Series[Any] | list[str]"
) -> "Pooled": ...
def fit(
    summary: Summary | pd.DataFrame,
    model: str = "bg_nbd",
    *,
    by: "str | pd.Series[Any] | list[str] | None" = None,
    covariates: Sequence[str] | None = None,
) -> "Fitted | Pooled":
    """Fit a model of repeat buying by maximum likelihood.

    Parameters
    ----------
    summary : Summary or DataFrame
        What `summarise` returns, or one row a customer with frequency (repeat purchases), recency and T (age at the
        last purchase and at the end of the observation, in one unit of time) [, weights: customers of the row].
    model : str
        "bg_nbd", "mbg_nbd", "pareto_nbd", or "nbd", in which nobody stops.
    by : str, list of str or Series, optional
        Columns of the summary (cohort, channel), or the group of each customer: a model for every group, in which
        small ones borrow strength from the others.
    covariates : list of str, optional
        Columns of the summary (see `summarise`, keep) by which customers buy more often or stop sooner: numbers, in
        which none may be missing, or names, of which the one that most customers have is the reference and the missing
        are one of their own. One that says nothing beside the others is left out, and named in `notes`.

    Returns
    -------
    Fitted, or Pooled with `by`
        Where the data identify no dropout, or nobody bought again, that of a simpler model, which its `notes` say.

    Raises
    ------
    ParameterError
        If there is no such model or column, or both groups and covariates are asked for.
    DataError
        If a history cannot be, a covariate is a number and missing, or nobody has been observed after the first
        purchase (see `histories`).
    """
    if model not in MODELS:
        raise ParameterError(f"model: {unknown('model', str(model), MODELS)}")
    if by is not None and covariates is not None:
        raise ParameterError(
            "by and covariates: groups have parameters of their own, covariates move those of all. Give one of them; a "
            "group may be a covariate."
        )
    if by is not None:
        from perfkit.customers.clv.pooling import pool

        return pool(summary, model, by)
    frame = frame_of(summary)
    read = None if covariates is None else read_covariates(frame, covariates)
    rows = observed(frame, None if read is None else read.matrix(frame))
    repeat = float(rows.weight[rows.frequency > 0].sum())
    if not repeat:
        # At no event, the most that a rate may be: exp(-rate x time) = the part of outcomes beyond the interval's end.
        highest = -np.log((1 - LEVEL) / 2) / float(rows.weight @ rows.T)
        return Fitted(
            process=OneRate(),
            theta=np.zeros(1),
            covariance=np.zeros((1, 1)),
            loose=np.zeros(1, dtype=bool),
            span=(np.zeros(1), np.array([highest])),
            log_likelihood=0.0,
            n=rows.customers,
            repeat=0.0,
            asked=model,
            codes=("no repeat",) if read is None else ("no repeat", "no covariate"),
            time_unit=unit_of_time(summary),
        )
    process, found, scale = best(rows, MODELS[model])
    per_unit = float(rows.weight @ rows.frequency) * np.log(scale)  # of the density of the times of all purchases
    without = None if read is None else found.log_likelihood - per_unit
    likelihood: Likelihood | None = partial(process.log_likelihood, rows=rows.scaled(scale))
    if read is not None and read.terms:
        read, likelihood = read.with_silent(rows), None
        found = _moved(process, rows.scaled(scale), found)
    # Of two that run off together, one may reach the edge of the search and the other not: neither is identified.
    k = len(process.parameters)
    loose = np.append(np.repeat(found.loose[:k].reshape(-1, 2).any(axis=1), 2), found.loose[k:])
    theta = np.exp(found.place)
    theta[1:k:2] *= np.where(np.isin(process.parameters[1::2], ("alpha", "beta")), scale, 1.0)
    fitted = Fitted(
        process=process,
        theta=theta,
        covariance=found.covariance,
        loose=loose,
        span=None,
        log_likelihood=found.log_likelihood - per_unit,
        n=rows.customers,
        repeat=repeat,
        asked=model,
        codes=_codes(process, model, loose[:k], found.covariance[:k, :k]),
        time_unit=unit_of_time(summary),
        covariates=read,
        without=without,
        climbed=None if likelihood is None else (likelihood, found),
    )
    return replace(fitted, codes=(*fitted.codes, *_codes_of_covariates(fitted)))


def best(rows: Histories, process: Process) -> tuple[Process, Maximum, float]:
    """Return the model that the data carry, its maximum, and the unit of time that its likelihood is of."""
    scale = float(rows.weight @ rows.T / rows.customers)
    scaled = rows.scaled(scale)
    bought = float(rows.weight @ rows.frequency / rows.customers)
    nbd = MODELS["nbd"]
    plain = _highest(nbd, scaled, np.log([0.5, 0.5 / bought]), enough=_GAIN / 10)
    if process.name != "nbd":
        found = _highest(process, scaled, np.minimum(plain.place, 3.0))
        if found.log_likelihood >= plain.log_likelihood + _GAIN:
            return process, found, scale
    return nbd, _highest(nbd, scaled, plain.place), scale


def _moved(process: Process, rows: Histories, plain: Maximum) -> Maximum:
    """The maximum with covariates, from that without."""
    assert rows.design is not None
    more = len(process.moved) * rows.design.shape[1]
    edge = np.append(np.full(len(plain.place), _WIDEST), np.full(more, _STRONGEST))
    start = np.append(plain.place, np.zeros(more))
    found = climb(lambda place: with_covariates(process, place, rows), start, -edge, edge)
    # Of a member of whom nobody bought again, say, the coefficient runs off: how far is not known.
    off = np.flatnonzero(np.abs(found.place) >= edge)
    off = off[off >= len(plain.place)]
    covariance = found.covariance.copy()
    covariance[off, off] = FLAT**2
    return replace(found, covariance=covariance)


def _highest(process: Process, rows: Histories, start: np.ndarray, enough: float = ENOUGH) -> Maximum:
    """The maximum; among many histories from that of a part of them, which costs little and lies beside it."""
    edge = np.full(len(process.parameters), _WIDEST)
    starts = [np.append(start, np.log(each)) for each in process.starts]
    if len(rows.T) > 2 * _PART:
        near = _highest(process, _part(rows), start)
        if not near.loose.any():
            starts = [near.place]
    found = [climb(lambda place: process.log_likelihood(place, rows), each, -edge, edge, enough) for each in starts]
    return max(found, key=lambda each: each.log_likelihood)


def _part(rows: Histories) -> Histories:
    """Histories that stand for many more: those that many customers share, and of the others one in so many."""
    shared = rows.weight * _PART > rows.customers
    others = np.flatnonzero(~shared)
    taken = others[:: -(-len(others) // _PART)]  # they stand in order, so each part of them has its share
    heavier = float(rows.weight[others].sum() / rows.weight[taken].sum())
    at = np.concatenate((np.flatnonzero(shared), taken))
    weight = rows.weight[at] * np.where(shared[at], 1.0, heavier)
    return Histories(rows.frequency[at], rows.recency[at], rows.T[at], weight, rows.of[:0])


def _codes(process: Process, asked: str, loose: np.ndarray, covariance: np.ndarray) -> tuple[str, ...]:
    codes = []
    if process.name != asked:
        codes.append("no dropout")
    if loose[:2].any():
        codes.append("alike rates")
    if loose[2:].any():
        codes.append("alike stopping")
    if (np.sqrt(np.diag(covariance))[~loose] > 1).any():
        codes.append("near the edge")
    if process.name == "bg_nbd":
        codes.append("sure without repeat")
    return tuple(codes)


def _codes_of_covariates(fitted: Fitted) -> Iterator[str]:
    covariates, test = fitted.covariates, fitted.test
    if covariates is None or test is None:
        return
    if len(covariates.left_out):
        yield "covariates left out"
    if fitted.loose[len(fitted.process.parameters) :].any():
        yield "covariates not identified"
    if len(fitted.process.moved) == 1 and fitted.asked != fitted.model:
        yield "covariates of buying alone"
