"""Views of a track: what was expected of the holdout, and what was bought."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit.customers.clv import words
from perfkit.languages import date, mark, number, percent, plural, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.clv.tracks import Tracking

MOST = 13
"""Steps of the holdout that the table shows."""
BASIS = mark(
    "Purchases from {origin} to {until} of the {n} customers known at {origin}; {model} knows what came before"
)


def basis(result: Any, n: int) -> str:
    """Return what a holdout counts."""
    return text(
        BASIS, origin=date(result.origin), until=date(result.until), n=number(n), model=result.fitted.process.title
    )


def track_figures(result: "Tracking") -> pd.DataFrame:
    """Return expected, actual and bias of the holdout."""
    stem = f"tracking:{result.fitted.model}:{result.origin}:{result.until}"
    common = {"period": str(result.until), "n": result.customers, "basis": basis(result, result.customers)}
    known = result.bias is not None
    return figure_frame(
        [
            common | {"figure_id": f"{stem}:actual", "kpi": "repeat_purchases", "estimate": result.actual,
                      "unit": "count", "status": "observed"},
            common | {"figure_id": f"{stem}:expected", "kpi": "expected_repeat_purchases", "estimate": result.expected,
                      "low": result.low, "high": result.high, "level": result.level, "unit": "count",
                      "status": "estimated"},
            common | {"figure_id": f"{stem}:bias", "kpi": "forecast_bias", "estimate": result.bias, "unit": "share",
                      "status": "observed" if known else "not available",
                      "reason": "" if known else text("Nothing was bought within the horizon.")},
        ]
    )  # fmt: skip


def message(result: "Tracking") -> str:
    """Return what was bought and what was expected, in a sentence."""
    return text(
        "{actual} in {span}, where {expected} were expected ({low} to {high})",
        actual=plural("{n} purchase", "{n} purchases", round(result.actual)),
        span=words.span(result.horizon, result.time_unit),
        expected=number(result.expected), low=number(result.low), high=number(result.high),
    )  # fmt: skip


def track_views(result: "Tracking") -> list[View]:
    """Return the holdout in steps, cumulated."""
    held = result.steps[result.steps["held_out"]]
    each = -(-len(held) // MOST)  # so many steps a row
    shown = held.iloc[[*range(each - 1, len(held) - 1, each), len(held) - 1]]
    origin = int(result.steps.loc[~result.steps["held_out"], "cumulative_actual"].iloc[-1])
    rows = pd.DataFrame(
        {
            "end": shown["end"],
            **{name: shown[f"cumulative_{name}"] - origin for name in ("actual", "expected")},
            **{name: shown[name] - origin for name in ("low", "high")},
        }
    )
    fields = [
        Field("end", text("Until"), unit="date"),
        Field("actual", text("Actual"), unit="count"),
        Field("expected", text("Expected"), unit="count"),
        Field("low", text("from"), unit="count"),
        Field("high", text("to"), unit="count"),
    ]
    what = basis(result, result.customers)
    return [View(message(result), what, fields, rows.astype("object"), notes=_notes(result))]


def _notes(result: "Tracking") -> list[str]:
    said = [
        text("From and to: where the actual number was to fall in {level} of cases, were the model true: what is not "
             "known of its parameters, and luck.", level=percent(result.level, 0)),
        text("The actual number fell within.") if result.covered else text(
            "The actual number fell outside: do not take the model's totals as they are."),
    ]  # fmt: skip
    said.append(
        text("The model knows no season and no change of prices or offers: what repeats every year, or came new, shows "
             "as a gap.")
    )  # fmt: skip
    return [*said, *words.before_the_data(result.acquired_from), *result.fitted.notes]
