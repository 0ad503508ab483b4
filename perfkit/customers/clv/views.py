"""Views of a fitted model: its parameters, and what a reader has to know before believing them."""

from typing import TYPE_CHECKING

import pandas as pd

from perfkit.estimates import LEVEL
from perfkit.languages import listing, mark, number, percent, text
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
    return [
        text(NOTES[code], asked=_title(fitted.asked), parameters=listing(pairs.get(code, []))) for code in fitted.codes
    ]


def _title(model: str) -> str:
    return {"bg_nbd": "BG/NBD", "mbg_nbd": "MBG/NBD", "pareto_nbd": "Pareto/NBD"}.get(model, model)


def fitted_figures(fitted: "Fitted") -> pd.DataFrame:
    """Return the parameters as figures."""
    basis = _basis(fitted)
    return figure_frame(
        {
            "figure_id": f"purchase_model:{fitted.model}:{row['parameter']}",
            "kpi": "purchase_model",
            "dimensions": {"parameter": row["parameter"]},
            **{name: row[name] for name in ("estimate", "low", "high", "level", "n")},
            "unit": "quantity",
            "basis": basis,
            "status": "estimated" if row["status"] == "estimated" else "partial",
            "reason": " ".join(fitted.notes),
        }
        for row in fitted.parameters.to_dict("records")
    )


def fitted_views(fitted: "Fitted") -> list[View]:
    """Return the table of the parameters."""
    table = fitted.parameters
    rows = table.assign(label=[text(_PARAMETERS[each]) for each in table["parameter"]])
    fields = [
        Field("parameter", text("Parameter")),
        Field("label", text("Meaning"), unit="text"),
        Field("estimate", text("Estimate"), unit="quantity", decimals=4),
        Field("se", text("Standard error"), unit="quantity", decimals=4),
        Field("low", text("from"), unit="quantity", decimals=4),
        Field("high", text("to"), unit="quantity", decimals=4),
    ]
    title = text("{model}: log-likelihood {value}", model=fitted.process.title, value=number(fitted.log_likelihood, 2))
    return [View(title, _basis(fitted), fields, rows.astype("object"), notes=[*fitted.notes, interval_note()])]


def interval_note() -> str:
    """Return what the intervals of parameters are."""
    return text("Intervals at {level}, from the curvature of the log-likelihood.", level=percent(LEVEL, 0))


def _basis(fitted: "Fitted") -> str:
    return text(_BASIS, model=fitted.process.title, n=number(fitted.n), repeat=number(fitted.repeat))
