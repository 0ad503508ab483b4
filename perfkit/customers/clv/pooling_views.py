"""Views of pooled models: how often each group buys, and how much of that it borrows from the others."""

from typing import TYPE_CHECKING

import pandas as pd

from perfkit.languages import mark, number, percent, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.clv.pooling import Pooled

_BASIS = mark(
    "{model} of each of {n} groups, drawn to what is common to them by how little its own customers tell (empirical "
    "Bayes)"
)


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
    return [View(title, _basis(pooled), fields, rows.astype("object"))]


def _basis(pooled: "Pooled") -> str:
    return text(_BASIS, model=pooled.common.process.title, n=number(len(pooled.groups)))
