"""Effects: how much does each covariate move how often customers buy and how soon they stop, and are they needed?"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from perfkit.customers.clv.covariates import KINDS, Term
from perfkit.customers.maximum import Z
from perfkit.customers.parameters import parameter_table
from perfkit.estimates import LEVEL

if TYPE_CHECKING:
    from perfkit.customers.clv.fitted import Fitted

COLUMNS = ("kind", "covariate", "member", "reference", "estimate", "low", "high", "level", "n", "status")


def parameters_of(fitted: "Fitted") -> pd.DataFrame:
    """Return the parameters with those of the covariates, as the columns stand; see `Fitted.parameters`."""
    process, covariates = fitted.process, fitted.covariates
    assert covariates is not None
    k = len(process.parameters)
    place, covariance = _as_they_stand(fitted)
    table = parameter_table(process.parameters, np.exp(place[:k]), covariance[:k, :k], fitted.loose[:k], fitted.n)
    loose, error = fitted.loose[k:], np.sqrt(np.diag(covariance)[k:])
    error = np.where(loose, np.nan, error)
    coefficients = pd.DataFrame(
        {
            "parameter": covariates.names(process),
            "estimate": place[k:],
            "se": error,
            "low": place[k:] - Z * error,
            "high": place[k:] + Z * error,
            "level": LEVEL,
            "n": np.tile(covariates.counts, len(process.moved)),
            "status": np.where(loose, "not identified", "estimated"),
        }
    )
    return pd.concat([table, coefficients], ignore_index=True) if len(coefficients) else table


def effects_of(fitted: "Fitted") -> pd.DataFrame:
    """Return what covariates do, times; see `Fitted.effects`."""
    covariates = fitted.covariates
    if covariates is None or not covariates.terms:
        return pd.DataFrame(columns=list(COLUMNS))
    table = parameters_of(fitted).iloc[len(fitted.process.parameters) :].reset_index(drop=True)
    kinds = KINDS[: len(fitted.process.moved)]
    terms: list[tuple[str, Term]] = [(kind, term) for kind in kinds for term in covariates.terms]
    named = pd.DataFrame(
        {
            "kind": [kind for kind, _ in terms],
            "covariate": [term.column for _, term in terms],
            "member": [term.member for _, term in terms],
            "reference": [None if term.member is None else covariates.references[term.column] for _, term in terms],
        }
    )
    times = {name: np.exp(table[name].clip(-700, 700)) for name in ("estimate", "low", "high")}
    return pd.concat([named, table.assign(**times)[["estimate", "low", "high", "level", "n", "status"]]], axis=1)


def test_of(fitted: "Fitted") -> pd.DataFrame | None:
    """Return the likelihood ratio test; see `Fitted.test`."""
    if fitted.covariates is None or fitted.without is None:
        return None
    df = len(fitted.theta) - len(fitted.process.parameters)
    statistic = max(0.0, 2 * (fitted.log_likelihood - fitted.without))
    p = float(chdtrc(df, statistic)) if df else 1.0
    return pd.DataFrame(
        [{"statistic": statistic, "df": df, "p": p, "covariates": fitted.log_likelihood, "without": fitted.without}]
    )


def _as_they_stand(fitted: "Fitted") -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of the parameters and coefficients of the columns as they are, and their covariance."""
    assert fitted.covariates is not None
    turn = fitted.covariates.unscaled(fitted.process)
    return turn @ np.log(fitted.theta), turn @ fitted.covariance @ turn.T
