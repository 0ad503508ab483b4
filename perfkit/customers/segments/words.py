"""Words of segments: how criteria, tiers and stages are called, what a customer brings, and what is in no segment."""

from decimal import Decimal
from typing import Any

import pandas as pd

from perfkit.languages import mark, percent, text
from perfkit.results import Field, View

CRITERIA = {"r": mark("Recency"), "f": mark("Frequency"), "m": mark("Value")}
STAGES = {
    "new": mark("New"),
    "active": mark("Active"),
    "at risk": mark("At risk"),
    "lost": mark("Lost"),
    "not sure": mark("Not sure"),
    "assumed": mark("Not known: assumed"),
    "absent": mark("Not a customer"),
}
REASONS = {
    "after as_of": mark("Lines dated after the day asked for"),
    "before since": mark("Lines dated before the first day asked for"),
    "no customer": mark("Lines that name no customer"),
    "returns only": mark("Customers with returns and no purchase"),
}


def value(kind: str) -> str:
    """Return what a customer brings: gross margin, or revenue."""
    return text("Gross margin") if kind == "margin" else text("Net revenue")


def of_value(kind: str, coverage: float | None, rest: Decimal | None) -> list[str]:
    """Return, as sentences, how a margin is made and how much of it is known."""
    if kind != "margin":
        return []
    found = [text("Gross margin is net revenue less cost of goods.")]
    if coverage is not None and coverage < 1 and rest is not None:
        found.append(
            text("{share} of the customers' revenue has a known cost; the rest is taken to earn the same margin, "
                 "{rate} of revenue. Ask for the cost of the other lines.", share=percent(coverage), rate=percent(rest))
        )  # fmt: skip
    return found


def tier(number: int, shares: tuple[Decimal, ...]) -> str:
    """Return the name of a tier: the first one, those between, the rest."""
    if number > len(shares):
        return text("The rest")
    share = percent(shares[number - 1], 0)
    return text("Top {share}", share=share) if number == 1 else text("Next {share}", share=share)


def tie(left_out: pd.DataFrame, lines: int, net_revenue: Decimal, currency: str) -> View:
    """Return the table that ties: what customers hold and what is in no segment, together all of sales."""
    counted = left_out.assign(label=[text(REASONS[each]) for each in left_out["reason"]])
    used = {
        "label": text("Lines of the customers"),
        "lines": lines - int(counted["lines"].sum()),
        "net_revenue": net_revenue - sum(counted["net_revenue"]),
    }
    total = {"label": text("All lines"), "lines": lines, "net_revenue": net_revenue}
    rows = pd.DataFrame([used, *counted.to_dict("records"), total], columns=["label", "lines", "net_revenue"])
    fields = [
        Field("label", text("Lines")),
        Field("lines", text("Number"), unit="count"),
        Field("net_revenue", text("Net revenue"), unit=currency or "quantity"),
    ]
    title = text("What the segments hold, and what is in none")
    return View(title, text("All lines of sales"), fields, rows.astype("object"), total=True)


def exclusions(left_out: pd.DataFrame, stem: str, common: dict[str, Any], currency: str) -> list[dict[str, Any]]:
    """Return what is in no segment as figures."""
    return [
        common
        | {
            "figure_id": f"{stem}:left_out:{row['reason'].replace(' ', '_')}", "kpi": "segment_exclusions",
            "estimate": row["net_revenue"], "n": row["lines"], "unit": currency or "quantity",
            "basis": text(REASONS[row["reason"]]),
        }
        for row in left_out.to_dict("records")
    ]  # fmt: skip
