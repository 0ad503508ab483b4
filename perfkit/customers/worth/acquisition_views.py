"""Views of acquisitions: which channels bring customers of value, and what do they cost?"""

from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import languages
from perfkit.customers.worth import base_views
from perfkit.languages import date, listing, mark, percent, show, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.worth.acquisitions import AcquiredValue

_BASIS = mark(
    "{value} of the first purchase and of those expected within {span}, discounted at {rate} a year, by {model} of "
    "each group and channel, small channels drawn to the others; customers acquired until {day}"
)
_COST = mark("Spend of the periods of the cohorts that names the channel / customers acquired in them")
UNKNOWN = "(unknown)"
PAID = {
    "paid back": mark("Worth more than it costs"),
    "not paid back": mark("Costs more than it is worth"),
    "not distinguishable": mark("Not told from its cost"),
    "too few": mark("Too few customers"),
    "no spend": mark("No spend known"),
    "part of the spend": mark("Spend of some channels only"),
    "no margin": mark("Margin not known"),
}


def label(member: Any) -> str:
    """Return what a channel is called."""
    if member is None or pd.isna(member):
        return text("All customers")
    return text("(unknown)") if member == UNKNOWN else str(member)


def basis(result: "AcquiredValue") -> str:
    """Return what the value of a new customer is."""
    base = result.base
    return text(
        _BASIS, value=base_views.value_name(base), span=base_views.months(base), model=base.title,
        rate=percent(base.annual_discount_rate), day=date(base.until),
    )  # fmt: skip


def acquisition_figures(result: "AcquiredValue") -> pd.DataFrame:
    """Return value, cost and their ratio by channel."""
    base = result.base
    unit = base.currency or "quantity"
    rows: list[dict[str, Any]] = []
    for row in result.channels.to_dict("records"):
        everyone = row["member"] is None or pd.isna(row["member"])
        stem = "all" if everyone else f"={row['member']}"
        common = {"period": base.until.isoformat(), "n": row["n"]}
        common |= {"dimensions": {} if everyone else {"acquisition_channel": label(row["member"])}}
        rows.append(
            common
            | {name: row[name] for name in ("estimate", "low", "high", "level")}
            | {"figure_id": f"acquired_value:{base.until}:{stem}", "kpi": "acquired_value", "unit": unit}
            | {"basis": basis(result), "status": "estimated", "reason": base_views.off(base)}
        )
        there = not languages.missing(row["ratio"])
        rows.append(
            common
            | {"estimate": row["ratio"], "low": row["ratio_low"], "high": row["ratio_high"]}
            | {"figure_id": f"clv_cac:{base.until}:{stem}", "kpi": "clv_cac", "unit": "ratio", "level": row["level"]}
            | {"basis": f"{basis(result)} / {text(_COST)}", "status": "estimated" if there else "not available"}
            | {"reason": "" if there else text(PAID[row["paid"]])}
        )
    return figure_frame(rows)


def message(result: "AcquiredValue") -> str:
    """Return what a new customer is worth, and between which channels it lies."""
    base, whole, each = result.base, result.together, result.each
    unit = base.currency or "quantity"
    said = text(
        "A new customer is worth {amount} over {span} ({low} to {high})",
        amount=show(whole["estimate"], unit), span=base_views.months(base),
        low=show(whole["low"], unit), high=show(whole["high"], unit),
    )  # fmt: skip
    sure = each[each["n"] >= _enough()]
    if len(sure) < 2 or sure.iloc[0]["low"] <= sure.iloc[-1]["high"]:
        return said
    best, last = sure.iloc[0], sure.iloc[-1]
    return text(
        "{said}: from {least} by {last} to {most} by {best}", said=said, last=label(last["member"]),
        least=show(last["estimate"], unit), most=show(best["estimate"], unit), best=label(best["member"]),
    )  # fmt: skip


def _enough() -> int:
    from perfkit.customers.worth.bases import ENOUGH

    return ENOUGH


def acquisition_views(result: "AcquiredValue") -> list[View]:
    """Return the channels with value, cost and what may be said of the two."""
    base = result.base
    unit = base.currency or "quantity"
    rows = result.channels.assign(
        label=[label(each) for each in result.channels["member"]],
        said=[text(PAID[each]) for each in result.channels["paid"]],
    )
    costed = rows["cac"].notna().any()
    fields = [
        Field("label", text("Acquisition channel")),
        Field("n", text("Customers valued"), unit="count"),
        Field("repeats", text("Purchases after the first"), unit="quantity", decimals=1),
        Field("estimate", text("Value of a new customer"), unit=unit),
        Field("low", text("from"), unit=unit),
        Field("high", text("to"), unit=unit),
    ]
    if costed:
        fields += [
            Field("spend", text("Spend, whole periods"), unit=unit),
            Field("acquired", text("Acquired in them"), unit="count"),
            Field("cac", text("Cost of acquiring one"), unit=unit),
        ]
    if rows["ratio"].notna().any():
        fields += [
            Field("ratio", text("Value / cost"), unit="ratio", decimals=1),
            Field("ratio_low", text("from"), unit="ratio", decimals=1),
            Field("ratio_high", text("to"), unit="ratio", decimals=1),
            Field("said", text("What may be said")),
        ]
    notes = [base_views.off(base)]
    named = result.each[result.each["member"] != UNKNOWN]
    lent = named["borrowed"].astype("float64").max()
    if pd.notna(lent) and lent >= 0.005:
        most = named.loc[named["borrowed"].astype("float64").idxmax()]
        notes.append(
            text("Small channels borrow from the others what their own customers do not tell: {channel} most, {share}.",
                 channel=label(most["member"]), share=percent(lent, 0))
        )  # fmt: skip
    free = [label(row["member"]) for row in named.to_dict("records") if row["paid"] == "no spend"]
    if costed and free:
        notes.append(
            text("No spend is recorded for {channels}: ask for it, or they came for free.", channels=listing(free))
        )
    elif not costed:
        notes.append(
            text("What a customer costs is not known: ask for the spend of each channel (date, channel, amount).")
        )
    if costed:
        notes.append(
            text("Spend that names a channel has not caused the customers that name it: an experiment would say. What "
                 "is not in the spend (salaries, tools) makes acquisition look cheaper.")
        )  # fmt: skip
    if len(base.models) > 1:
        notes.append(
            text("A channel's value is that of the customers it brings: channels that bring {groups} are worth more or "
                 "less for that alone.", groups=listing(base_views.name(base, each) for each in base.models[:3]))
        )  # fmt: skip
    return [View(message(result), basis(result), fields, rows.astype("object"), total=len(rows) > 1, notes=notes)]
