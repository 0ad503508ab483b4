"""Views of pooled models: how often each group buys, and how much of that it borrows from the others."""

from typing import TYPE_CHECKING

import pandas as pd

from perfkit.customers.clv.models import MODELS
from perfkit.customers.clv.views import NOTES
from perfkit.languages import listing, mark, number, percent, plural, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.clv.pooling import Pooled

_BASIS = mark(
    "{model} of each of {n} groups, drawn to what is common to them by how little its own customers tell (empirical "
    "Bayes)"
)

_TAKEN = {
    "buying": mark(
        "How often customers buy is the pooled value in {groups}: their own purchases are too few, or too much alike, "
        "to tell it apart."
    ),
    "stopping": mark(
        "How soon customers stop is the pooled value in {groups}: their own purchases are too few, or too much alike, "
        "to tell it apart."
    ),
}
_NAMED = 6
"""Groups that a note names, before it counts the others."""


def pooled_figures(pooled: "Pooled") -> pd.DataFrame:
    """Return the parameters of every group as figures."""
    basis = _basis(pooled)
    return figure_frame(
        {
            "figure_id": f"purchase_model:{pooled.common.model}:={row['group']}:{row['parameter']}",
            "kpi": "purchase_model",
            "dimensions": {"group": row["group"], "parameter": row["parameter"]},
            **{name: row[name] for name in ("estimate", "low", "high", "level", "n")},
            "unit": "quantity",
            "basis": basis,
            "status": "estimated",
        }
        for row in pooled.parameters.to_dict("records")
    )


def pooled_views(pooled: "Pooled") -> list[View]:
    """Return the groups with their mean rates, and what they borrow."""
    rates = [fitted.theta[0] / fitted.theta[1] for fitted in pooled.groups.values()]
    rows = pooled.borrowed.assign(rate=rates)
    fields = [
        Field("group", text("Group"), unit="text"),
        Field("customers", text("Customers"), unit="count"),
        Field("rate", text("Purchases per unit of time, while buying"), unit="quantity", decimals=4),
        Field("buying", text("Borrowed: buying, %"), unit="share"),
        Field("stopping", text("Borrowed: stopping, %"), unit="share"),
    ]
    title = text(
        "Groups borrow from {low} to {high} of how often they buy",
        low=percent(rows["buying"].min(), 0),
        high=percent(rows["buying"].max(), 0),
    )
    return [
        View(title, _basis(pooled), fields, rows.drop(columns="pooled").astype("object"), notes=pooled_notes(pooled))
    ]


def pooled_notes(pooled: "Pooled") -> list[str]:
    """Return which groups take the pooled value, and why, as sentences."""
    found = []
    if pooled.common.codes:
        found.append(text(NOTES["no dropout"], asked=MODELS[pooled.common.asked].title))
    for what, message in _TAKEN.items():
        taken = pooled.borrowed.loc[pooled.borrowed["pooled"].isin([what, "both"]), "group"].tolist()
        if taken:
            more = len(taken) - _NAMED
            names = taken if more <= 0 else [*taken[:_NAMED], plural("{n} other group", "{n} other groups", more)]
            found.append(text(message, groups=listing(names)))
    return found


def _basis(pooled: "Pooled") -> str:
    return text(_BASIS, model=pooled.common.process.title, n=number(len(pooled.groups)))
