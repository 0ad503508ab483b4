"""Views of a fitted model: its parameters, and what a reader has to know before believing them."""

from typing import TYPE_CHECKING

import pandas as pd

from perfkit.customers.clv.models import MODELS
from perfkit.customers.parameters import parameter_figures, parameter_view
from perfkit.estimates import LEVEL
from perfkit.languages import listing, mark, number, text
from perfkit.results import Field, View, figure_frame

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
    "near the edge": mark("The data say little of {parameters}: where their intervals end is known but roughly."),
    "sure without repeat": mark(
        "BG/NBD counts all who never bought again as still buying, whatever the data say: take MBG/NBD or Pareto/NBD "
        "where their P(alive) matters."
    ),
    "no covariate": mark("No customer bought again, so that no covariate can be told from another: none is used."),
    "covariates left out": mark("Left out, because they say nothing that the others do not: {left_out}."),
    "covariates not identified": mark(
        "The data do not tell what these covariates do, as where nobody with one of them bought again: {effects}."
    ),
    "covariates of buying alone": mark("Covariates act on how often customers buy alone: nobody is seen to stop."),
}
_WHY_NOT = {
    "no variation": mark("{covariate} (the same for all customers)"),
    "explained by the others": mark("{covariate} (the others say the same)"),
}
_LEAST = 0.001  # p below which it is not told any closer
_KINDS = {"buying": mark("How often they buy"), "stopping": mark("How soon they stop")}
_TITLES = {
    True: mark("Covariates explain the purchases better than none (p {p})"),
    False: mark("Covariates explain the purchases no better than none (p {p})"),
}


def notes(fitted: "Fitted") -> list[str]:
    """Return what a reader has to know, as sentences."""
    table = fitted.parameters
    effects = table.iloc[len(fitted.process.parameters) :]
    table = table.iloc[: len(fitted.process.parameters)]
    loose = table.loc[table["status"] == "not identified", "parameter"]
    rough = table.loc[table["se"] > table["estimate"], "parameter"]
    pairs = {
        "alike rates": ["r", "alpha"],
        "alike stopping": [each for each in fitted.process.parameters[2:] if each in set(loose)],
        "near the edge": list(rough),
    }
    left_out = [] if fitted.covariates is None else fitted.covariates.left_out.to_dict("records")
    said = {
        "asked": MODELS[fitted.asked].title,
        "left_out": listing([text(_WHY_NOT[row["reason"]], covariate=row["covariate"]) for row in left_out]),
        "effects": listing(list(effects.loc[effects["status"] == "not identified", "parameter"])),
    }
    return [text(NOTES[code], parameters=listing(pairs.get(code, [])), **said) for code in fitted.codes]


def fitted_figures(fitted: "Fitted") -> pd.DataFrame:
    """Return the parameters as figures."""
    common = {"basis": _basis(fitted), "reason": " ".join(fitted.notes)}
    stem = f"purchase_model:{fitted.model}"
    return figure_frame(parameter_figures(fitted.parameters, "purchase_model", stem, common))


def fitted_views(fitted: "Fitted") -> list[View]:
    """Return the table of the parameters, and that of what covariates do."""
    views = [
        parameter_view(
            fitted.parameters.iloc[: len(fitted.process.parameters)],
            _PARAMETERS,
            model=fitted.process.title,
            log_likelihood=fitted.log_likelihood,
            basis=_basis(fitted),
            notes=fitted.notes,
            profiled=fitted.climbed is not None,
        )
    ]
    return views if fitted.effects.empty else [*views, _effects_view(fitted)]


def _effects_view(fitted: "Fitted") -> View:
    effects, test = fitted.effects, fitted.test
    assert test is not None
    against = [text("one more") if each is None else each for each in effects["reference"]]
    rows = effects.assign(
        kind=[text(_KINDS[each]) for each in effects["kind"]],
        member=[each or "" for each in effects["member"]],
        reference=against,
    )
    p = float(test.loc[0, "p"])
    shown = f"= {number(p, 3)}" if p >= _LEAST else f"< {number(_LEAST, 3)}"
    fields = [
        Field("kind", text("What it moves"), unit="text"),
        Field("covariate", text("Covariate"), unit="text"),
        Field("member", text("Member"), unit="text"),
        Field("reference", text("Against"), unit="text"),
        Field("estimate", text("Times"), unit="quantity", decimals=2),
        Field("low", text("from"), unit="quantity", decimals=2),
        Field("high", text("to"), unit="quantity", decimals=2),
        Field("n", text("Customers"), unit="count"),
    ]
    return View(text(_TITLES[p < 1 - LEVEL], p=shown), _basis(fitted), fields, rows.astype("object"))


def _basis(fitted: "Fitted") -> str:
    return text(_BASIS, model=fitted.process.title, n=number(fitted.n), repeat=number(fitted.repeat))
