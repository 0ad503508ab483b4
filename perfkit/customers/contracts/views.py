"""Views of a model of contracts: its parameters, the curve, and what a reader has to know before believing them."""

from typing import TYPE_CHECKING

import pandas as pd

from perfkit.customers.contracts.curves import CURVES
from perfkit.customers.parameters import parameter_figures, parameter_view
from perfkit.languages import mark, number, percent, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.contracts.contracts import Contracts

_BASIS = mark("Maximum likelihood of {model} on the survivors of {n} customers under contract, by renewals")
_PARAMETERS = {
    "chance": mark("Chance of leaving at a renewal, the same for all"),
    "first": mark("Chance of leaving at the first renewal"),
    "later": mark("Chance of leaving at a later one"),
    "alpha": mark("Chance of leaving: alpha of the beta distribution"),
    "beta": mark("Chance of leaving: beta of the beta distribution"),
    "c": mark("How a customer's own chance of leaving changes with age (1: not at all)"),
}
_NOTES = {
    "nobody left": mark("Nobody has left: nothing says how customers differ, and retention is at least the lower end."),
    "nobody stayed": mark("Nobody renewed: nothing says how customers differ, and retention is at most the upper end."),
    "one renewal": mark(
        "Only one renewal was seen, which tells how many leave and nothing of how customers differ: one chance of "
        "leaving for all stands in place of {asked}. Where some leave more easily than others, later renewals are more "
        "frequent than it says, and lifetimes longer."
    ),
    "first renewal": mark(
        "All who left did so at the first renewal: nothing says how those who stayed differ. A chance at the first "
        "renewal, and one at the later ones, stand in place of {asked}; of the latter the interval alone says "
        "something."
    ),
    "one chance": mark(
        "One chance of leaving for all explains these survivors as well as {asked}, whose parameters they do not "
        "identify, and stands in its place."
    ),
    "alike": mark(
        "The data do not identify the parameters one by one: customers do not differ measurably, or too few ages were "
        "seen."
    ),
    "bdw better": mark("BdW explains these survivors better (p = {p}): a customer's own chance of leaving changes."),
    "sbg enough": mark("sBG explains these survivors as well (p = {p}), with one parameter less."),
}


def contract_notes(contracts: "Contracts") -> list[str]:
    """Return what a reader has to know, as sentences."""
    p = number(contracts.test.loc[0, "p"], 3)
    return [text(_NOTES[code], p=p, asked=CURVES[contracts.asked].title) for code in contracts.codes]


def contract_figures(contracts: "Contracts") -> pd.DataFrame:
    """Return the parameters and the retention of each age as figures."""
    name = contracts.curve.name
    common = {"basis": _basis(contracts), "reason": " ".join(contracts.notes)}
    parameters = parameter_figures(contracts.parameters, "contract_model", f"contract_model:{name}", common)
    curve = [
        common
        | {each: row[each] for each in ("estimate", "low", "high", "level", "n")}
        | {
            "figure_id": f"contract_retention:{name}:{row['age']}",
            "kpi": "contract_retention",
            "dimensions": {"age": str(row["age"])},
            "unit": "share",
            "status": "estimated",
        }
        for row in contracts.retention.to_dict("records")
    ]
    return figure_frame([*parameters, *curve])


def contract_views(contracts: "Contracts") -> list[View]:
    """Return the tables of the parameters and of the curve."""
    curve = [
        Field("age", text("Renewal"), unit="count"),
        Field("observed", text("Renewed, observed"), unit="share"),
        Field("estimate", text("Renewed, model"), unit="share"),
        Field("low", text("from"), unit="share"),
        Field("high", text("to"), unit="share"),
        Field("survival", text("Left of all, model"), unit="share"),
        Field("n", text("Customers at risk"), unit="count"),
    ]
    retention = contracts.retention
    last = retention.iloc[-1]
    return [
        parameter_view(
            contracts.parameters,
            _PARAMETERS,
            model=_title(contracts),
            log_likelihood=contracts.log_likelihood,
            basis=_basis(contracts),
            notes=contracts.notes,
            decimals=3,
        ),
        View(
            text(
                "Retention goes from {first} at the first renewal to {last} at renewal {age}",
                first=percent(retention["estimate"].iloc[0]),
                last=percent(last["estimate"]),
                age=number(last["age"]),
            ),
            _basis(contracts),
            curve,
            retention.astype("object"),
        ),
    ]


def _title(contracts: "Contracts") -> str:
    title = contracts.curve.title
    return title if contracts.curve.name in CURVES else text(title)


def _basis(contracts: "Contracts") -> str:
    return text(_BASIS, model=_title(contracts), n=number(contracts.data.n))
