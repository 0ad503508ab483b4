"""Views of the model of spend: its parameters, and what a reader has to know before believing them."""

from typing import TYPE_CHECKING

import pandas as pd

from perfkit.customers.parameters import parameter_figures, parameter_view
from perfkit.languages import mark, number, plural, text
from perfkit.results import View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.clv.spend import Spend

_BASIS = mark("Maximum likelihood of gamma-gamma on the mean amounts of {n} customers who bought again")
_PARAMETERS = {
    "p": mark("How alike the amounts of one customer are"),
    "q": mark("How alike customers' means are"),
    "gamma": mark("Scale of the amounts"),
}
_NOTES = {
    "alike amounts": mark(
        "How amounts vary within a customer and between customers is not told apart: p, q and gamma are not identified "
        "each. What customers are expected to spend is known all the same."
    ),
    "no mean": mark(
        "q may be 1 or less, where the model has no mean: the observed mean stands for customers of whom it knows too "
        "little."
    ),
    "losses left out": mark(
        "Purchases that lose money are left out, so that the rest overstates: fit spend on revenue and multiply by the "
        "margin rate."
    ),
    "correlated": mark(
        "Amount and frequency go together (correlation {value}), which the model takes not to be: values of frequent "
        "customers are off by it."
    ),
}


def _left_out(reason: str, n: int) -> str:
    if reason == "no repeat purchase":
        return plural(
            "{n} customer left out, who never bought again.", "{n} customers left out, who never bought again.", n
        )
    if reason == "no amount":
        return plural(
            "{n} customer left out, who bought again: no amount is known.",
            "{n} customers left out, who bought again: no amount is known.",
            n,
        )
    return plural(
        "{n} customer left out: the mean of the repeat purchases is 0 or less.",
        "{n} customers left out: the mean of their repeat purchases is 0 or less.",
        n,
    )


def spend_notes(spend: "Spend") -> list[str]:
    """Return what a reader has to know, as sentences."""
    value = number(spend.correlation.loc[0, "estimate"], 2, signed=True)
    left_out = [_left_out(row.reason, round(row.customers)) for row in spend.left_out.itertuples()]
    return [text(_NOTES[code], value=value) for code in spend.codes] + left_out


def spend_figures(spend: "Spend") -> pd.DataFrame:
    """Return the parameters and the correlation as figures."""
    common = {"basis": text(_BASIS, n=number(spend.n)), "reason": " ".join(spend.notes)}
    stem, kpi = "spend_model:gamma_gamma", "spend_model"
    correlation = {"figure_id": f"{stem}:correlation", "kpi": kpi, "unit": "quantity", "status": "estimated"}
    correlation |= common | spend.correlation.iloc[0].to_dict()
    return figure_frame([*parameter_figures(spend.parameters, kpi, stem, common), correlation])


def spend_views(spend: "Spend") -> list[View]:
    """Return the table of the parameters."""
    return [
        parameter_view(
            spend.parameters,
            _PARAMETERS,
            model="Gamma-gamma",
            log_likelihood=spend.log_likelihood,
            basis=text(_BASIS, n=number(spend.n)),
            notes=spend.notes,
            profiled=spend.climbed is not None,
        )
    ]
