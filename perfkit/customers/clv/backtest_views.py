"""Views of a backtest: how far off each model was, and which one to believe."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit.customers.clv.models import MODELS
from perfkit.languages import date, mark, number, percent, plural, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.clv.backtests import Backtest, Choice

_BASIS = mark(
    "Purchases within {horizon} {unit} of each origin by the customers known then: expected less actual, of the actual"
)
_UNITS = {"day": mark("days"), "week": mark("weeks"), "month": mark("months"), "year": mark("years")}


def _title(model: str) -> str:
    return MODELS[model].title if model in MODELS else text("Past rate of each")


def _basis(tested: "Backtest") -> str:
    return text(_BASIS, horizon=number(tested.horizon), unit=text(_UNITS[tested.time_unit]))


def _origins(tested: "Backtest") -> str:
    return plural("{n} origin", "{n} origins", tested.rows["origin"].nunique())


def backtest_figures(tested: "Backtest") -> pd.DataFrame:
    """Return the bias of each model at each origin as figures."""
    return figure_frame(
        {
            "figure_id": f"forecast_bias:{row['model']}:{row['origin']}",
            "kpi": "forecast_bias",
            "period": str(row["origin"]),
            "dimensions": {"model": row["model"]},
            "estimate": row["bias"],
            "n": row["customers"],
            "unit": "share",
            "basis": _basis(tested),
            "status": "not available" if pd.isna(row["bias"]) else "observed",
            "reason": text("Nothing was bought within the horizon.") if pd.isna(row["bias"]) else "",
        }
        for row in tested.rows.to_dict("records")
    )


def backtest_views(tested: "Backtest") -> list[View]:
    """Return the models at each origin."""
    rows = tested.rows.assign(label=[_title(each) for each in tested.rows["model"]])
    fields = [
        Field("origin", text("Origin"), unit="date"),
        Field("label", text("Model"), unit="text"),
        Field("actual", text("Actual"), unit="count"),
        Field("expected", text("Expected"), unit="count"),
        Field("low", text("from"), unit="count"),
        Field("high", text("to"), unit="count"),
        Field("bias", text("Bias, %"), unit="share", signed=True),
        Field("mae", text("Mean error a customer"), unit="quantity", decimals=3),
        Field("coverage", text("Customers within their interval, %"), unit="share"),
    ]
    title = text(
        "Forecasts from {origins}, the last {day}",
        origins=_origins(tested),
        day=date(max(tested.rows["origin"])),
    )
    return [View(title, _basis(tested), fields, rows.astype("object"))]


def choice_figures(choice: "Choice") -> pd.DataFrame:
    """Return the mean bias of each model as figures."""
    origins = choice.tested.rows["origin"].nunique()
    return figure_frame(
        {
            "figure_id": f"forecast_bias_mean:{model}",
            "kpi": "forecast_bias_mean",
            "dimensions": {"model": model},
            "estimate": row["bias"],
            "n": origins,
            "unit": "share",
            "basis": _basis(choice.tested),
            "status": "observed",
        }
        for model, row in choice.tested.scores().iterrows()
    )


def choice_views(choice: "Choice") -> list[View]:
    """Return the models, the least biased first, and why one of them is chosen."""
    scores = choice.tested.scores()
    rows: Any = scores.sort_values("bias").reset_index()
    rows["label"] = [_title(each) for each in rows["model"]]
    chosen, origins = scores.loc[choice.model], choice.tested.rows["origin"].nunique()
    title = text(
        "{model}: totals off by {bias} on average over {origins}",
        model=_title(choice.model),
        bias=percent(chosen["bias"]),
        origins=_origins(choice.tested),
    )
    notes = [text("The smallest mean bias of the total decides.")]
    fitted = set(choice.tested.rows.loc[choice.tested.rows["model"] != "past_rate", "fitted"])
    if len(fitted) == 1 and len(scores) > 2:
        notes = [text("From no origin do the data tell who stopped, or how: all are {model} there, one and the same.",
                      model=_title(fitted.pop()))]  # fmt: skip
    elif choice.tied:
        notes = [
            text("Several totals were as good, within their intervals from every origin or less than a point apart: "
                 "what each customer then bought decides, by how probable the model held it (log score).")
        ]  # fmt: skip
    likeliest = str(scores["log_likelihood"].idxmax())
    if likeliest != choice.model:
        notes.append(
            text(
                "{model} fits the past best, and was off by {bias}: likelihood in sample does not choose.",
                model=_title(likeliest),
                bias=percent(scores.loc[likeliest, "bias"]),
            )
        )
    if scores.loc["past_rate", "bias"] < chosen["bias"]:
        notes.append(text("The past rate of each was off less: no model beats it here."))
    if origins < 3:
        notes.append(text("Few origins: another history might choose another model."))
    fields = [
        Field("label", text("Model"), unit="text"),
        Field("bias", text("Mean bias, %"), unit="share"),
        Field("bias_signed", text("with its sign, %"), unit="share", signed=True),
        Field("mae", text("Mean error a customer"), unit="quantity", decimals=3),
        Field("log_score", text("Log score a customer"), unit="quantity", decimals=3),
        Field("coverage", text("Customers within their interval, %"), unit="share"),
        Field("covered", text("Totals within their interval, %"), unit="share"),
    ]
    return [View(title, _basis(choice.tested), fields, rows.astype("object"), notes=notes)]
