"""Parameters: those of a fitted model as a table, as figures and as a view, whichever model it is."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from perfkit.customers.maximum import Z
from perfkit.estimates import LEVEL
from perfkit.languages import number, percent, text
from perfkit.results import Field, View


def parameter_table(
    names: Sequence[str],
    theta: np.ndarray,
    covariance: np.ndarray,
    loose: np.ndarray,
    n: float,
    span: tuple[np.ndarray, np.ndarray] | None = None,
) -> pd.DataFrame:
    """Return parameters with their standard errors and intervals: those of the logarithms, from the curvature.

    Parameters
    ----------
    names : sequence of str
    theta, covariance, loose : array
        The parameters, the covariance of their logarithms, and which are not identified each by itself (see
        `maximum.Maximum`): of these, standard error and interval are missing.
    n : float
        Customers.
    span : tuple of array, optional
        Both ends of the intervals, where they are no matter of standard errors; these stand in for a missing one.
    """
    error = log_errors(covariance, loose)
    low, high = theta * np.exp(-Z * error), theta * np.exp(Z * error)
    if span is not None:
        low, high = (np.where(np.isnan(end), each, end) for end, each in zip(span, (low, high), strict=True))
    return pd.DataFrame(
        {
            "parameter": list(names),
            "estimate": theta,
            "se": theta * error,
            "low": low,
            "high": high,
            "level": LEVEL,
            "n": n,
            "status": np.where(loose, "not identified", "estimated"),
        }
    )


def log_errors(covariance: np.ndarray, loose: np.ndarray) -> np.ndarray:
    """Return the standard errors of the logarithms, missing where a parameter is not identified."""
    return np.where(loose, np.nan, np.sqrt(np.diag(covariance)))


def parameter_figures(table: pd.DataFrame, kpi: str, stem: str, common: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a table of parameters as figures; one that is not identified is partial."""
    return [
        {
            **common,
            "figure_id": f"{stem}:{row['parameter']}",
            "kpi": kpi,
            "dimensions": {"parameter": row["parameter"]},
            **{name: row[name] for name in ("estimate", "low", "high", "level", "n")},
            "unit": "quantity",
            "status": "estimated" if row["status"] == "estimated" else "partial",
        }
        for row in table.to_dict("records")
    ]


def parameter_view(
    table: pd.DataFrame,
    meanings: Mapping[str, str],
    *,
    model: str,
    log_likelihood: float,
    basis: str,
    notes: Sequence[str],
    decimals: int = 4,
    profiled: bool = False,
) -> View:
    """Return a table of parameters as it is shown.

    Parameters
    ----------
    meanings : mapping
        Message ids by parameter.
    profiled : bool
        Whether intervals are those of the profile likelihood, rather than of the standard errors.
    """
    rows = table.assign(label=[text(meanings[each]) for each in table["parameter"]])
    amounts = {
        "estimate": text("Estimate"),
        "se": text("Standard error"),
        "low": text("from"),
        "high": text("to"),
    }
    fields = [
        Field("parameter", text("Parameter")),
        Field("label", text("Meaning"), unit="text"),
        *(Field(name, label, unit="quantity", decimals=decimals) for name, label in amounts.items()),
    ]
    title = text("{model}: log-likelihood {value}", model=model, value=number(log_likelihood, 2))
    level = percent(LEVEL, 0)
    how = (
        text("Intervals at {level}, from how far the likelihood falls (profile likelihood).", level=level)
        if profiled
        else text("Intervals at {level}, from the curvature of the log-likelihood.", level=level)
    )
    return View(title, basis, fields, rows.astype("object"), notes=[*notes, how])
