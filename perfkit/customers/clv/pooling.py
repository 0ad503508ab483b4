"""Pooling: what do small cohorts tell, once they borrow strength from the others, and how much of it is borrowed?

The parameters of each group are taken to lie around common ones, by a normal distribution of their logarithms whose
spread the groups themselves show (empirical Bayes: Morris 1983, Journal of the American Statistical Association). The
common ones and the spread are found by expectation-maximisation (Dempster, Laird and Rubin 1977, Journal of the Royal
Statistical Society B), each group's own by the maximum of its likelihood times that distribution.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from perfkit.customers.clv.fitted import Fitted
from perfkit.customers.clv.fitting import best
from perfkit.customers.clv.histories import Histories, histories, observed
from perfkit.customers.clv.models import MODELS
from perfkit.customers.clv.pooling_views import pooled_figures, pooled_notes, pooled_views
from perfkit.customers.clv.processes import Process
from perfkit.customers.clv.spend import Spend
from perfkit.customers.clv.summaries import Summary
from perfkit.customers.clv.units import frame_of, group_of, unit_of_time
from perfkit.customers.maximum import FLAT, Maximum, climb
from perfkit.errors import DataError, ParameterError
from perfkit.results import Result, View

_ROUNDS = 12
_STEPS = 200
_STILL = 0.02  # change of the logarithm of a variance that matters to nobody
_LEAST = 1e-4  # variance of a logarithm between groups below which they count as alike
_WIDEST = 16.0
_TAKEN = 0.95  # share borrowed from which on a group's own customers add nothing that one would see
_ALIKE = 6.0  # logarithm of a shape from which on customers of a group hardly differ


@dataclass(frozen=True, eq=False)
class Pooled(Result):
    """A model of repeat buying of every group.

    Attributes
    ----------
    groups : dict of Fitted
        By the name of the group.
    common : Fitted
        The model at the parameters that groups lie around, with their spread: what is known of a group not seen.
    borrowed : DataFrame, one row a group
        Of the mean rate of purchase (`buying`) and how soon customers stop (`stopping`), the share of the estimate that
        is the other groups', 0 to 1; customers; pooled: "buying", "stopping", "both" or "": where the group takes the
        pooled value, because its own customers tell less than a twentieth of it.
    spread : array of float
        Standard deviation between groups of the logarithms of the mean rate, r, and those of stopping.
    by : str, list of str or None
        Columns of the summary that say the group; None where it was a Series.
    """

    groups: dict[str, Fitted]
    common: Fitted
    borrowed: pd.DataFrame
    spread: np.ndarray
    by: str | list[str] | None

    @property
    def parameters(self) -> pd.DataFrame:
        """The parameters of every group: group, then the columns of `Fitted.parameters`."""
        return pd.concat(
            {name: fitted.parameters for name, fitted in self.groups.items()}, names=["group"]
        ).reset_index("group")

    @property
    def log_likelihood(self) -> float:
        """The log-likelihood of all groups at their own parameters."""
        return sum(fitted.log_likelihood for fitted in self.groups.values())

    def expected_purchases(
        self,
        summary: Summary | pd.DataFrame,
        horizon: float = 39,
        *,
        by: str | None = None,
        of: "pd.Series[Any] | None" = None,
    ) -> pd.DataFrame:
        """Return `Fitted.expected_purchases` of every customer by the model of their group, or (by="group") of groups.

        Parameters
        ----------
        of : Series, optional
            The group of each customer, where the model was fitted with a Series.
        """
        return self._by_group(
            summary, by, of, lambda fitted, part, sums: fitted.expected_purchases(part, horizon, by=sums)
        )

    def p_alive(
        self, summary: Summary | pd.DataFrame, *, by: str | None = None, of: "pd.Series[Any] | None" = None
    ) -> pd.DataFrame:
        """Return `Fitted.p_alive` of every customer by the model of their group, or (by="group") of groups."""
        return self._by_group(summary, by, of, lambda fitted, part, sums: fitted.p_alive(part, by=sums))

    def lifetime_value(
        self,
        summary: Summary | pd.DataFrame,
        spend: Spend | float,
        *,
        horizon: float,
        annual_discount_rate: float,
        margin_rate: float | pd.DataFrame = 1.0,
        time_unit: str | None = None,
        by: str | None = None,
        of: "pd.Series[Any] | None" = None,
    ) -> pd.DataFrame:
        """Return `Fitted.lifetime_value` of every customer by the model of their group, or (by="group") of groups."""
        return self._by_group(
            summary, by, of,
            lambda fitted, part, sums: fitted.lifetime_value(
                part, spend, horizon=horizon, annual_discount_rate=annual_discount_rate, margin_rate=margin_rate,
                time_unit=time_unit or unit_of_time(summary), by=sums,
            ),
        )  # fmt: skip

    def _by_group(
        self,
        summary: Summary | pd.DataFrame,
        by: str | None,
        of: "pd.Series[Any] | None",
        ask: Callable[[Fitted, pd.DataFrame, str | None], pd.DataFrame],
    ) -> pd.DataFrame:
        if by not in (None, "group"):
            raise ParameterError(f"by is {by!r}: leave it out for every customer, or say 'group' for the groups.")
        frame = frame_of(summary)
        known = self.by if of is None else of
        if known is None:
            raise ParameterError("of: the model was fitted with a Series of groups. Give that of these customers.")
        names = labels(frame, known)
        parts = []
        for name, part in frame.groupby(names, sort=True):
            fitted = self.groups.get(str(name), self.common)
            found = ask(fitted, part, None if by is None else "total")
            parts.append(found if by is None else found.set_axis([str(name)]))
        found = pd.concat(parts)
        return found.reindex(frame.index) if by is None else found.rename_axis("group")

    @property
    def notes(self) -> list[str]:
        """Which groups take the pooled value, and why, in the language in use."""
        return pooled_notes(self)

    def figures(self) -> pd.DataFrame:
        """Return the parameters of every group as published figures."""
        return pooled_figures(self)

    def views(self) -> list[View]:
        """Return what every group borrows."""
        return pooled_views(self)


def labels(frame: pd.DataFrame, by: "str | pd.Series[Any] | list[str]") -> pd.Series:
    """Return the group of each customer as text; of several columns, their values joined."""
    columns = [by] if isinstance(by, str | pd.Series) else list(by)
    parts = [group_of(frame, column)[0] for column in columns]
    absent = sum(part.isna().to_numpy().astype(int) for part in parts) > 0
    if absent.any():
        raise DataError(
            f"by: {int(absent.sum()):,} of {len(frame):,} customers have no group. Leave them out, or name it."
        )
    joined = parts[0].astype(str)
    for part in parts[1:]:
        joined = joined + " × " + part.astype(str)
    return joined


def pool(summary: Summary | pd.DataFrame, model: str, by: "str | pd.Series[Any] | list[str]") -> Pooled:
    """Fit a model to every group, each borrowing strength from the others; see `fitting.fit`."""
    frame = frame_of(summary)
    names = labels(frame, by)
    every = observed(frame)
    if not every.frequency.any():
        raise DataError("summary: no customer of any group bought again, so there is nothing to lend or to borrow.")
    process, whole, scale = best(every, MODELS[model])
    rows = {str(name): histories(part).scaled(scale) for name, part in frame.groupby(names, sort=True)}
    turn = _coordinates(len(process.parameters))
    middle, variance = turn @ whole.place, np.full(len(whole.place), 0.25)
    middle[1::2] = np.clip(middle[1::2], -_ALIKE, _ALIKE)  # customers who are all alike: alike enough
    found = {name: Maximum(whole.place, 0.0, whole.covariance, whole.loose) for name in rows}
    for _ in range(_ROUNDS):
        found = {name: _drawn(process, rows[name], each.place, turn, middle, variance) for name, each in found.items()}
        before = variance
        middle, variance = _around(list(found.values()), turn, middle, variance)
        if np.abs(np.log(variance / before)).max() < _STILL:
            break
    found = {name: _drawn(process, rows[name], each.place, turn, middle, variance) for name, each in found.items()}
    return _pooled(summary, model, process, rows, found, (turn, middle, variance), scale, by)


def _coordinates(parameters: int) -> np.ndarray:
    """From the logarithms of a pair of parameters to those of their ratio and of the first: mean rate and shape."""
    pair = np.array([[1.0, -1.0], [1.0, 0.0]])
    turn = np.zeros((parameters, parameters))
    for at in range(0, parameters, 2):
        turn[at : at + 2, at : at + 2] = pair
    return turn


def _drawn(
    process: Process, rows: Histories, start: np.ndarray, turn: np.ndarray, middle: np.ndarray, variance: np.ndarray
) -> Maximum:
    """The maximum of a group's likelihood times the distribution of groups."""
    precision = turn.T @ (turn / variance[:, None])
    centre = np.linalg.solve(turn, middle)

    def likelihood(place: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        value, gradient, hessian = process.log_likelihood(place, rows)
        away = place - centre
        return value - away @ precision @ away / 2, gradient - precision @ away, hessian - precision

    edge = np.full(len(start), _WIDEST)
    found = climb(likelihood, start, -edge, edge)
    # In standard deviations between groups: no group knows less than that, whichever way its likelihood bends.
    unit = np.linalg.inv(turn) * np.sqrt(variance)
    values, vectors = np.linalg.eigh(-unit.T @ likelihood(found.place)[2] @ unit)
    along = unit @ vectors
    return replace(found, covariance=(along / np.maximum(values, 1.0)) @ along.T)


def _around(
    found: list[Maximum], turn: np.ndarray, middle: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What groups lie around, and their variance, each group's likelihood taken as normal around its maximum."""
    places = np.stack([turn @ each.place for each in found])
    posterior = np.stack([np.linalg.inv(turn @ each.covariance @ turn.T) for each in found])
    own = posterior - np.diag(1 / variance)
    pull = np.einsum("gij,gj->gi", posterior, places) - middle / variance
    for _ in range(_STEPS):
        spread = np.linalg.inv(own + np.diag(1 / variance))
        means = np.einsum("gij,gj->gi", spread, pull + middle / variance)
        middle, before = means.mean(axis=0), variance
        within = np.diagonal(spread, axis1=1, axis2=2)
        variance = np.clip(((means - middle) ** 2 + within).mean(axis=0), _LEAST, FLAT**2)
        if np.abs(np.log(variance / before)).max() < _STILL / 100:
            break
    return middle, variance


def _pooled(
    summary: Summary | pd.DataFrame,
    model: str,
    process: Process,
    rows: dict[str, Histories],
    found: dict[str, Maximum],
    around: tuple[np.ndarray, np.ndarray, np.ndarray],
    scale: float,
    by: "str | pd.Series[Any] | list[str]",
) -> Pooled:
    turn, middle, variance = around
    back = np.linalg.inv(turn)
    within = {name: turn @ each.covariance @ turn.T for name, each in found.items()}
    lent = {name: each / variance for name, each in within.items()}  # what of a change of the common ones a group takes
    shares = np.clip(np.stack([np.diag(each) for each in lent.values()]), 0.0, 1.0)
    # What the common ones are known by: the precision that all groups have, less what they have from these.
    values, vectors = np.linalg.eigh(sum(np.diag(1 / variance) - each / variance[:, None] for each in lent.values()))
    of_middle = (vectors / np.maximum(values, FLAT**-2)) @ vectors.T
    times = np.where(np.isin(process.parameters, ("alpha", "beta")), scale, 1.0)

    def fitted(place: np.ndarray, covariance: np.ndarray, of: Histories | None) -> Fitted:
        value = 0.0
        if of is not None:
            value = process.log_likelihood(place, of)[0] - float(of.weight @ of.frequency) * np.log(scale)
        return Fitted(
            process=process,
            theta=np.exp(place) * times,
            covariance=covariance,
            loose=np.zeros(len(place), dtype=bool),
            span=None,
            log_likelihood=value,
            n=0.0 if of is None else of.customers,
            repeat=0.0 if of is None else float(of.weight[of.frequency > 0].sum()),
            asked=model,
            codes=("no dropout",) if process.name != model else (),
            time_unit=unit_of_time(summary),
        )

    groups = {
        name: fitted(each.place, each.covariance + back @ lent[name] @ of_middle @ lent[name].T @ back.T, rows[name])
        for name, each in found.items()
    }
    borrowed = pd.DataFrame(
        {
            "group": list(rows),
            "customers": [each.customers for each in rows.values()],
            "buying": shares[:, 0],
            "stopping": shares[:, 2] if shares.shape[1] > 2 else np.nan,
        }
    )
    taken = borrowed[["buying", "stopping"]].to_numpy() >= _TAKEN  # a missing share is not
    borrowed["pooled"] = np.select([taken.all(axis=1), taken[:, 0], taken[:, 1]], ["both", "buying", "stopping"], "")
    common = fitted(back @ middle, back @ (np.diag(variance) + of_middle) @ back.T, None)
    named = None if isinstance(by, pd.Series) else by
    return Pooled(groups, common, borrowed, np.sqrt(variance), named)
