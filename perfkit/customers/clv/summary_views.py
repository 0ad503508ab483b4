"""Views of a summary: how many customers, and what was left out."""

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from perfkit.customers.clv.words import acquired_before
from perfkit.languages import date, mark, money, number, plural, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.clv.summaries import Summary

_BASIS = mark("Customers with at least one purchase until {day}; purchases of the same {merge} are one")
_REASONS = {
    "after observed_until": mark("Lines dated after the observation"),
    "no customer": mark("Lines that name no customer"),
    "days of returns": mark("Days of a customer without a purchase: returns, credits"),
}
_MERGES = {"day": mark("day"), "week": mark("week"), "month": mark("month")}


def reason_of(reason: str, acquired_from: dt.date | None) -> str:
    """Return why lines are in no history."""
    return acquired_before(acquired_from) if reason == "acquired before" else text(_REASONS[reason])


def summary_figures(summary: "Summary") -> pd.DataFrame:
    """Return the counts, and the lines and money that were left out, as figures."""
    day = summary.observed_until
    basis = text(_BASIS, day=date(day), merge=text(_MERGES[summary.merge]))
    common = {"kpi": "customer_histories", "period": day.isoformat(), "unit": "count", "status": "observed"}
    stem = f"customer_histories:{day}"
    repeat = int((summary.customers["frequency"] > 0).sum())
    rows = [
        common | {"figure_id": f"{stem}:customers", "estimate": len(summary.customers), "basis": basis},
        common | {"figure_id": f"{stem}:repeat", "estimate": repeat, "basis": basis},
    ]
    unit = {"unit": summary.currency or "quantity"}
    for row in summary.left_out.to_dict("records"):
        of = f"{stem}:left_out:{row['reason'].replace(' ', '_')}"
        reason = {"basis": reason_of(row["reason"], summary.acquired_from)}
        rows.append(common | reason | {"figure_id": f"{of}:lines", "estimate": row["lines"]})
        rows.append(common | reason | unit | {"figure_id": f"{of}:net_revenue", "estimate": row["net_revenue"]})
    if summary.value == "margin":
        reason = {"basis": text("Purchases of which the cost of a part is not known, so that they have no margin")}
        of = f"{stem}:unvalued"
        rows.append(common | reason | {"figure_id": f"{of}:purchases", "estimate": summary.unvalued})
        rows.append(common | reason | unit | {"figure_id": f"{of}:net_revenue", "estimate": summary.unvalued_revenue})
    return figure_frame(rows)


def summary_views(summary: "Summary") -> list[View]:
    """Return one table: what became histories, and what was left out."""
    counted = summary.left_out.assign(
        label=[reason_of(each, summary.acquired_from) for each in summary.left_out["reason"]]
    )
    used = {
        "label": text("Lines in the customers' histories"),
        "lines": summary.lines - int(counted["lines"].sum()),
        "net_revenue": summary.net_revenue - sum(counted["net_revenue"]),
    }
    total = {"label": text("All lines"), "lines": summary.lines, "net_revenue": summary.net_revenue}
    rows = pd.DataFrame([used, *counted.to_dict("records"), total], columns=["label", "lines", "net_revenue"])
    repeat = int((summary.customers["frequency"] > 0).sum())
    return [
        View(
            plural(
                "{n} customer, of whom {repeat} bought again",
                "{n} customers, of whom {repeat} bought again",
                len(summary.customers),
                repeat=number(repeat),
            ),
            text(_BASIS, day=date(summary.observed_until), merge=text(_MERGES[summary.merge])),
            [
                Field("label", text("Lines")),
                Field("lines", text("Number"), unit="count"),
                Field("net_revenue", text("Net revenue"), unit=summary.currency or "quantity"),
            ],
            rows.astype("object"),
            notes=_notes(summary),
            total=True,
        )
    ]


def _notes(summary: "Summary") -> list[str]:
    if not summary.unvalued:
        return []
    return [
        plural(
            "{n} purchase, of {revenue} of revenue, has no margin: the cost of a part of it is not known. It counts as "
            "a purchase, but not for what one is worth.",
            "{n} purchases, of {revenue} of revenue, have no margin: the cost of a part of them is not known. They "
            "count as purchases, but not for what one is worth.",
            summary.unvalued,
            revenue=money(summary.unvalued_revenue, summary.currency),
        )
    ]
