"""Views of a fitted model: its parameters, and what a reader has to know before believing them."""

from typing import TYPE_CHECKING

import pandas as pd

from perfkit.customers.clv.models import MODELS
from perfkit.customers.parameters import parameter_figures, parameter_view
from perfkit.languages import listing, mark, number, text
from perfkit.results import View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.clv.fitted import Fitted

_BASIS = mark("Maximum likelihood of {model} on the purchases of {n} customers, of whom {repeat} bought again")
_PARAMETERS = {
    "r": mark("Purchase rates: how alike customers are"),
    "alpha": mark("Purchase rates: scale"),
    "a": mark("Chance of stopping: a of the beta distribution"),
    "b": mark("Chance of stopping: b of the beta distribution"),
    "s": mark("Rates of stopping: how alike customers are"),
    "beta": mark("Rates of stopping: scale"),
    "rate": mark("Purchase rate"),
}
NOTES = {
    "no dropout": mark(
        "The data show no customer who stopped: {asked} explains them no better than a model in which nobody stops, "
        "which stands in its place. Everybody counts as still buying, by assumption."
    ),
    "no repeat": mark(
        "No customer bought again: nothing says how rates differ or who stopped. What stands here is one rate for all, "
        "at most the upper end of its interval."
    ),
    "alike rates": mark(
        "Customers do not differ measurably in how often they buy: {parameters} are not identified each, only their "
        "ratio, the mean rate."
    ),
    "alike stopping": mark(
        "Customers do not differ measurably in how soon they stop: {parameters} are not identified each, only how many "
        "stop."
    ),
    "near the edge": mark(
        "The data say little of {parameters}: intervals from the curvature at the maximum are rough there."
    ),
    "sure without repeat": mark(
        "BG/NBD counts all who never bought again as still buying, whatever the data say: take MBG/NBD or Pareto/NBD "
        "where their P(alive) matters."
    ),
}


def notes(fitted: "Fitted") -> list[str]:
    """Return what a reader has to know, as sentences."""
    table = fitted.parameters
    loose = table.loc[table["status"] == "not identified", "parameter"]
    rough = table.loc[table["se"] > table["estimate"], "parameter"]
    pairs = {
        "alike rates": ["r", "alpha"],
        "alike stopping": [each for each in fitted.process.parameters[2:] if each in set(loose)],
        "near the edge": list(rough),
    }
    asked = MODELS[fitted.asked].title
    return [text(NOTES[code], asked=asked, parameters=listing(pairs.get(code, []))) for code in fitted.codes]


def fitted_figures(fitted: "Fitted") -> pd.DataFrame:
    """Return the parameters as figures."""
    common = {"basis": _basis(fitted), "reason": " ".join(fitted.notes)}
    stem = f"purchase_model:{fitted.model}"
    return figure_frame(parameter_figures(fitted.parameters, "purchase_model", stem, common))


def fitted_views(fitted: "Fitted") -> list[View]:
    """Return the table of the parameters."""
    return [
        parameter_view(
            fitted.parameters,
            _PARAMETERS,
            model=fitted.process.title,
            log_likelihood=fitted.log_likelihood,
            basis=_basis(fitted),
            notes=fitted.notes,
        )
    ]


def _basis(fitted: "Fitted") -> str:
    return text(_BASIS, model=fitted.process.title, n=number(fitted.n), repeat=number(fitted.repeat))
