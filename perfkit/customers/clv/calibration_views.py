"""Views of a calibration: forecast and actual by how often customers had bought."""

from typing import TYPE_CHECKING

import pandas as pd

from perfkit.customers.clv import track_views, words
from perfkit.languages import date, number, percent, plural, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.clv.calibrations import Calibration

_MANY = 0.2  # share of the purchases that is told where the forecast of it did not hold


def calibration_figures(result: "Calibration") -> pd.DataFrame:
    """Return expected and actual purchases a customer of each class."""
    stem = f"calibration:{result.fitted.model}:{result.origin}:{result.until}"
    rows = []
    for row in result.classes.to_dict("records"):
        common = {
            "period": str(result.until), "dimensions": {"repeat_purchases": row["frequency"]}, "n": row["n"],
            "unit": "quantity", "basis": track_views.basis(result, row["n"]),
        }  # fmt: skip
        each = f"{stem}:{row['frequency']}"
        ends = {"low": row["actual_low"], "high": row["actual_high"], "level": result.level}
        rows.append(common | {"figure_id": f"{each}:actual", "kpi": "purchases_a_customer", "status": "observed",
                              "estimate": row["actual"]})  # fmt: skip
        rows.append(common | ends | {"figure_id": f"{each}:expected", "kpi": "expected_purchases_a_customer",
                                     "status": "estimated", "estimate": row["expected"]})  # fmt: skip
    return figure_frame(rows)


def message(result: "Calibration") -> str:
    """Return in how many classes the forecast held, in a sentence; where many purchases are of others, by how much."""
    classes = result.classes
    held, n = int(classes["covered"].sum()), len(classes)
    counted = {"held": number(held), "classes": plural("{n} class", "{n} classes", n)}
    bought, gap = classes["n"] * classes["actual"], classes["n"] * (classes["actual"] - classes["expected"])
    off = ~classes["covered"].astype(bool)
    if bought[off].sum() >= _MANY * max(float(bought.sum()), 1e-9):
        worst = classes.loc[gap[off].abs().idxmax()]
        return text(
            "Customers with {frequency} repeat purchases bought {actual} times each against {expected} expected; "
            "within what was expected, {held} of {classes} of frequency",
            frequency=worst["frequency"], actual=number(worst["actual"], 2), expected=number(worst["expected"], 2),
            **counted,
        )  # fmt: skip
    return text("Within what was expected, by frequency: {held} of {classes}", **counted)


def calibration_views(result: "Calibration") -> list[View]:
    """Return the classes."""
    held = {True: text("yes"), False: text("no")}
    rows = result.classes.assign(held=[held[bool(each)] for each in result.classes["covered"]])
    fields = [
        Field("frequency", text("Repeat purchases before")),
        Field("n", text("Customers"), unit="count"),
        Field("actual", text("Actual, a customer"), unit="quantity", decimals=2),
        Field("expected", text("Expected, a customer"), unit="quantity", decimals=2),
        Field("actual_low", text("from"), unit="quantity", decimals=2),
        Field("actual_high", text("to"), unit="quantity", decimals=2),
        Field("held", text("Within"), unit="text"),
    ]
    notes = [
        text("From and to: where the actual number was to fall in {level} of cases, were the model true: what is not "
             "known of its parameters, and luck.", level=percent(result.level, 0)),
        text("Were the model true, one class in ten would fall outside all the same."),
        *words.before_the_data(result.acquired_from),
        *result.fitted.notes,
    ]  # fmt: skip
    what = text(
        "Purchases a customer from {origin} to {until}, by repeat purchases before; {n} customers, {model}",
        origin=date(result.origin), until=date(result.until), n=number(result.classes["n"].sum()),
        model=result.fitted.process.title,
    )  # fmt: skip
    return [View(message(result), what, fields, rows.astype("object"), notes=notes)]
