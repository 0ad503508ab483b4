"""Views of the scores: a table a criterion, and what ties them to sales."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from perfkit import languages
from perfkit.customers.segments import words
from perfkit.languages import date, mark, number, percent, plural, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.segments.scores import Rfm

COLUMNS = {"r": "days_since_last_order", "f": "purchases", "m": "value"}
_BASIS = mark(
    "Customers with a purchase until {day}, by how many of them do worse; purchases of a day are one, returns taken off"
)


def subtitle(result: "Rfm", what: str) -> str:
    """Return what is shown, of which time."""
    start = result.since or result.first_day
    return text("{what}, from {first} to {last}", what=what, first=date(start), last=date(result.as_of))


def stem(result: "Rfm", kind: str) -> str:
    """Return what the ids of figures begin with."""
    return f"{kind}:{result.as_of}" + (f":from:{result.since}" if result.since else "")


def score_figures(result: "Rfm") -> pd.DataFrame:
    """Return customers and value of each score, and what was left out."""
    begin, money = stem(result, "rfm"), result.currency or "quantity"
    common = {"period": str(result.as_of), "status": "observed"}
    rows: list[dict[str, Any]] = []
    for criterion in COLUMNS:
        for row in result.classes(criterion).to_dict("records"):
            of = common | {"dimensions": {"criterion": criterion, "score": row["score"]}, "n": row["n"]}
            of |= {"basis": text(_BASIS, day=date(result.as_of))}
            each = f"{begin}:{criterion}:{row['score']}"
            rows.append(of | {"figure_id": f"{each}:customers", "kpi": "rfm_customers", "estimate": row["n"],
                              "unit": "count"})  # fmt: skip
            rows.append(of | {"figure_id": f"{each}:value", "kpi": "rfm_value", "estimate": row["value"],
                              "unit": money})  # fmt: skip
    return figure_frame(rows + words.exclusions(result.left_out, begin, common, result.currency))


def score_views(result: "Rfm") -> list[View]:
    """Return value, frequency and recency, and the table that ties."""
    made = [_view(result, criterion, title(result)) for criterion, title in
            (("m", _of_value), ("f", _of_frequency), ("r", _of_recency))]  # fmt: skip
    return [*made, words.tie(result.left_out, result.lines, result.net_revenue, result.currency)]


def _of_value(result: "Rfm") -> str:
    best = result.classes("m").iloc[0]
    n, kind = int(best["n"]), languages.in_sentence(words.value(result.value))
    if languages.missing(best["share_of_value"]):
        return plural(
            "The customer with the best score of value brings {amount} of {value}",
            "The {n} customers with the best score of value bring {amount} of {value}",
            n, amount=languages.show(best["value"], result.currency or "quantity"), value=kind,
        )  # fmt: skip
    return plural(
        "The customer with the best score of value brings {part} of {value}",
        "The {n} customers with the best score of value bring {part} of {value}",
        n, part=percent(best["share_of_value"]), value=kind,
    )  # fmt: skip


def _of_frequency(result: "Rfm") -> str:
    once = float((result.customers["purchases"] == 1).mean())
    return text("{share} of customers have bought once only", share=percent(once))


def _of_recency(result: "Rfm") -> str:
    days = int(np.median(result.customers["days_since_last_order"]))
    return text("Half of the customers last bought {ago} ago or less", ago=plural("{n} day", "{n} days", days))


def _view(result: "Rfm", criterion: str, title: str) -> View:
    classes = result.classes(criterion)
    unit = {"r": "count", "f": "count", "m": result.currency or "quantity"}[criterion]
    kind = words.value(result.value)
    rows = classes.assign(of=unit).to_dict("records")
    total = {
        "score": None, "worst": None, "best": None, "n": len(result.customers), "share": 1.0, "value": result.total,
        "share_of_value": 1.0 if result.total > 0 else None, "of": None,
    }  # fmt: skip
    shown = pd.DataFrame([*rows, total], dtype="object")
    shown["label"] = [*(number(row["score"]) for row in rows), text("All customers")]
    worst, best = {
        "r": (text("Days since: at most"), text("at least")),
        "f": (text("Purchases: at least"), text("at most")),
        "m": (text("Value: at least"), text("at most")),
    }[criterion]
    amount = f"{kind}, {result.currency}" if result.currency else kind
    fields = [
        Field("label", text("Score")),
        Field("worst", worst, unit_from="of"),
        Field("best", best, unit_from="of"),
        Field("n", text("Customers"), unit="count"),
        Field("share", text("Share of customers, %"), unit="share"),
        Field("value", amount, unit="quantity", bar=True),
        Field("share_of_value", text("Share of value, %"), unit="share"),
    ]
    what = text(
        "Customers by {criterion}, 5 the best", criterion=languages.in_sentence(text(words.CRITERIA[criterion]))
    )
    return View(title, subtitle(result, what), fields, shown, total=True, notes=_notes(result, criterion, len(classes)))


def _notes(result: "Rfm", criterion: str, classes: int) -> list[str]:
    found = [
        text("Score 5: at least {share} of the customers do worse; each score below, a fifth less. Equal values have "
             "equal scores.", share=percent(0.8, 0))
    ]  # fmt: skip
    if classes < 5:
        found.append(
            plural("Many customers are equal here: there is {n} class instead of 5.",
                   "Many customers are equal here: there are {n} classes instead of 5.", classes)
        )  # fmt: skip
    if criterion == "m":
        found += words.of_value(result.value, result.coverage, result.rest)
        found.append(
            text("Scores compare these customers with each other, on this day: they forecast nothing. The best of a "
                 "period do less well in the next one on average, whatever is done (regression to the mean).")
        )  # fmt: skip
    return found
