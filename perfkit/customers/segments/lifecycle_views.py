"""Views of the lifecycle: how many customers are in each stage, what hangs on them, and whom to keep."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import languages
from perfkit.customers.clv.words import before_the_data, span
from perfkit.customers.segments import words
from perfkit.languages import date, mark, number, percent, plural, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.segments.lifecycles import Lifecycle

MOST = 20
"""Customers to keep that the table shows."""
_BASIS = {
    "n": mark("Customers by P(alive) of {model}, histories until {day}"),
    "alive": mark("Sum of P(alive) of the customers, by {model}, histories until {day}"),
    "purchases": mark("Expected purchases of the customers within {span} after {day}, by {model}"),
    "value": mark("{value} expected of the customers within {span} after {day}, discounted, by {model}"),
    "lost_purchases": mark(
        "Customers at risk: expected purchases within {span} after {day} if they still buy, times 1 - P(alive), by "
        "{model}"
    ),
    "at_stake": mark(
        "Customers at risk: {value} of their purchases within {span} after {day} if they still buy, discounted, times "
        "1 - P(alive), by {model}"
    ),
}
_REASONS = {
    "no spend": mark("Nothing is valued: give a model of what a purchase brings (spend)."),
    "no gain": mark("Customers are expected to bring no gain, so that nothing is at stake."),
}


def lifecycle_figures(result: "Lifecycle") -> pd.DataFrame:
    """Return customers, expected purchases and value of each stage, and what is at stake."""
    rows: list[dict[str, Any]] = []
    money = result.currency or "quantity"
    kinds = {"n": "count", "alive": "count", "purchases": "count", "value": money}
    of_risk = {"lost_purchases": "count", "at_stake": money}
    for row in result.stages.to_dict("records"):
        stem = f"lifecycle:{result.as_of}:{result.fitted.model}:{row['stage'].replace(' ', '_')}"
        for kind, unit in (kinds | (of_risk if row["stage"] == "at risk" else {})).items():
            known = not languages.missing(row[kind])
            counted = kind == "n"
            empty = row["n"] == 0
            why = text("No customer is in the stage.") if empty else text(_REASONS[result.reason or "no spend"])
            rows.append(
                {
                    "figure_id": f"{stem}:{'customers' if counted else kind}",
                    "kpi": f"lifecycle_{'customers' if counted else kind}", "period": str(result.as_of),
                    "dimensions": {"stage": row["stage"]}, "estimate": row[kind],
                    "low": None if counted else row[f"{kind}_low"], "high": None if counted else row[f"{kind}_high"],
                    "level": None if counted else result.level, "n": row["n"], "unit": unit,
                    "basis": _basis(result, kind),
                    "status": "not available" if not known else "observed" if counted else "estimated",
                    "reason": "" if known else why,
                }
            )  # fmt: skip
    return figure_frame(rows)


def _basis(result: "Lifecycle", kind: str) -> str:
    return text(
        _BASIS[kind], model=result.fitted.process.title, day=date(result.as_of), span=_ahead(result),
        value=words.value(result.value),
    )  # fmt: skip


def _ahead(result: "Lifecycle") -> str:
    return span(result.horizon, result.time_unit)


def lifecycle_views(result: "Lifecycle") -> list[View]:
    """Return the stages, and whom to keep where anybody is at risk."""
    return [_stages(result), *([_keep(result)] if len(result.to_keep) else [])]


def message(result: "Lifecycle") -> str:
    """Return what hangs on the customers at risk, in a sentence."""
    row = result.stage("at risk")
    n = int(row["n"])
    if not n:
        return text("No customer is at risk for certain")
    who = plural("{n} customer is at risk", "{n} customers are at risk", n)
    if not result.valued:
        ends = {name: number(row[f"lost_purchases{end}"]) for name, end in
                (("purchases", ""), ("low", "_low"), ("high", "_high"))}  # fmt: skip
        return text("{who}: {purchases} purchases within {span} are at stake ({low} to {high})", who=who,
                    span=_ahead(result), **ends)  # fmt: skip
    unit = result.currency or "quantity"
    amounts = {name: languages.show(row[f"at_stake{end}"], unit) for name, end in
               (("amount", ""), ("low", "_low"), ("high", "_high"))}  # fmt: skip
    return text("{who}: {amount} within {span} is at stake ({low} to {high})", who=who, span=_ahead(result), **amounts)


def _stages(result: "Lifecycle") -> View:
    rows = [
        {**row, "label": result.name(row["stage"])}
        for row in result.stages.to_dict("records")
        if row["stage"] != "total" and row["n"]
    ]
    total = {**result.stage("total"), "label": text("All customers")}
    shown = pd.DataFrame([*rows, total], dtype="object")
    shown = shown.where(shown.notna(), None)
    kind = words.value(result.value)
    fields = [
        Field("label", text("Stage")),
        Field("n", text("Customers"), unit="count"),
        Field("share", text("Share of customers, %"), unit="share"),
        Field("alive", text("Still buy"), unit="count"),
        *_between("alive", "count"),
        Field("purchases", text("Purchases in {span}", span=_ahead(result)), unit="count"),
        *_between("purchases", "count"),
    ]
    if result.valued:
        amount = text("{value} expected", value=kind)
        heading = f"{amount}, {result.currency}" if result.currency else amount
        fields += [Field("value", heading, unit="quantity", bar=True), *_between("value", "quantity")]
    what = text(
        "Customers by stage on {day}, and what they are expected to buy within {span}; {model}",
        day=date(result.as_of), span=_ahead(result), model=result.fitted.process.title,
    )  # fmt: skip
    return View(message(result), what, fields, shown, total=True, notes=_notes(result))


def _between(name: str, unit: str) -> list[Field]:
    return [Field(f"{name}_low", text("from"), unit=unit), Field(f"{name}_high", text("to"), unit=unit)]


def _notes(result: "Lifecycle") -> list[str]:
    said = [
        text(
            "New: acquired {span} ago or less. Of the others, active: P(alive) from {active} on; at risk: from {lost} "
            "to {active}; lost: below {lost}. P(alive) is the model's probability that a customer still buys.",
            span=span(result.new_within, result.time_unit), active=percent(result.active_from, 0),
            lost=percent(result.lost_below, 0),
        )
    ]  # fmt: skip
    if result.instead_of:
        said.append(
            text("Stages, and values in this table, are by {model}: {other}, by which customers are valued elsewhere, "
                 "takes whoever never bought again as still buying. Which of the two is right no data of theirs can "
                 "say.", model=result.fitted.process.title, other=result.instead_of)
        )  # fmt: skip
    if result.stage("not sure")["n"]:
        said.append(text("Not sure: the interval of P(alive) holds a threshold, so that no stage is certain."))
    if result.stage("assumed")["n"]:
        said.append(
            text("Not known: assumed. {model} takes these customers as still buying whatever the data say; MBG/NBD or "
                 "Pareto/NBD would tell their stage.", model=result.fitted.process.title)
        )  # fmt: skip
    said.append(
        text("Intervals at {level}: how well the expectation is known. What customers do in the end varies by luck "
             "besides.", level=percent(result.level, 0))
    )  # fmt: skip
    if result.valued:
        said.append(
            text("At stake: what customers at risk would bring if they still buy for certain, times 1 - P(alive). It "
                 "is the most that keeping all of them could bring, not what an action brings: only an experiment with "
                 "customers left alone shows that.")
        )  # fmt: skip
        if result.one_rate:
            said.append(text("What a purchase brings is its revenue times one margin rate for all customers."))
    else:
        said.append(text(_REASONS[result.reason]))
    said += before_the_data(result.acquired_from)
    return said + [each for each in result.fitted.notes if each not in said]


def _keep(result: "Lifecycle") -> View:
    there = result.to_keep
    rows = there.head(MOST).copy()
    rows["called"] = [result.called(row) for row in rows.to_dict("records")]
    days = text("Silent for, {unit}", unit=_units(result.time_unit))
    fields = [
        Field("called", text("Customer")),
        Field("p_alive", text("P(alive), %"), unit="share"),
        Field("p_alive_low", text("from"), unit="share"),
        Field("p_alive_high", text("to"), unit="share"),
        Field("frequency", text("Repeat purchases"), unit="count"),
        Field("silent", days, unit="quantity", decimals=1),
    ]
    by = "at_stake" if result.valued else "lost_purchases"
    if result.valued:
        amount = text("{value} expected", value=words.value(result.value))
        stake = text("At stake")
        money = f", {result.currency}" if result.currency else ""
        fields += [
            Field("value", amount + money, unit="quantity"),
            Field("at_stake", stake + money, unit="quantity", bar=True),
            *_between("at_stake", "quantity"),
        ]
    else:
        fields += [
            Field("lost_purchases", text("Purchases to miss"), unit="quantity", decimals=1, bar=True),
            Field("lost_purchases_low", text("from"), unit="quantity", decimals=1),
            Field("lost_purchases_high", text("to"), unit="quantity", decimals=1),
        ]
    share = float(rows[by].sum() / there[by].sum()) if there[by].sum() > 0 else None
    title = text(
        "Whom to keep first: {who} {share} of what is at stake",
        who=plural("{n} customer holds", "{n} customers hold", len(rows)), share=percent(share),
    )  # fmt: skip
    what = text("Customers at risk on {day}, the most at stake first; within {span}",
                day=date(result.as_of), span=_ahead(result))  # fmt: skip
    notes = [text("Customers whose intervals overlap cannot be put in order: take the list as a group.")]
    if len(there) > len(rows):
        notes.append(
            plural("Not shown: {n} customer with less at stake.", "Not shown: {n} customers with less at stake.",
                   len(there) - len(rows))
        )  # fmt: skip
    return View(title, what, fields, rows.astype("object"), notes=notes)


def _units(unit: str) -> str:
    return {"day": text("days"), "week": text("weeks"), "month": text("months"), "year": text("years")}[unit]
