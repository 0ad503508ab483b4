"""Views of values: what is expected, how sure one is of that, and what luck may make of it."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import languages
from perfkit.customers.clv.models import MODELS
from perfkit.customers.worth import base_views
from perfkit.languages import date, mark, percent, show, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.worth.bases import Base
    from perfkit.customers.worth.values import CustomerValue

_BASIS = mark(
    "{value} expected from purchases of today's customers within {span} after {day}, discounted at {rate} a year, by "
    "{model}, fitted to each group of customers"
)


def basis(result: "CustomerValue") -> str:
    """Return what the values are."""
    return _basis(result.base, result.base.title)


def _basis(base: "Base", model: str) -> str:
    return text(
        _BASIS, value=base_views.value_name(base), span=base_views.months(base), day=date(base.until),
        rate=percent(base.annual_discount_rate), model=model,
    )  # fmt: skip


def value_figures(result: "CustomerValue") -> pd.DataFrame:
    """Return the value of all customers, of each group and cohort, with the interval of the expectation."""
    base = result.base
    unit, what = base.currency or "quantity", basis(result)
    names = {place: base_views.name(base, model) for place, model in enumerate(base.models)}
    cut: list[tuple[str, Any, Any, dict[str, Any]]] = [("all", "all", {}, result.total)]
    for dimension, table in (("group", result.by_group), ("cohort", result.by_cohort)):
        for member, row in zip(table.index, table.to_dict("records"), strict=True):
            shown = names[member] if dimension == "group" else text("(unknown)") if pd.isna(member) else str(member)
            cut.append((dimension, "?" if pd.isna(member) else f"={member}", {dimension: shown}, row))
    rows = []
    for dimension, member, dimensions, row in cut:
        stem = f"customer_value:{base.until}:{dimension}:{member}"
        common = {"kpi": "customer_value", "period": base.until.isoformat(), "dimensions": dimensions, "unit": unit}
        common |= {"basis": what, "status": "estimated", "n": int(row["n"]), "level": row["level"]}
        common |= {"reason": base_views.off(base)}
        for kind, low, high in (("", "low", "high"), (":actual", "actual_low", "actual_high")):
            if languages.missing(row[low]):
                continue
            rows.append(
                common | {"figure_id": stem + kind, "estimate": row["estimate"], "low": row[low], "high": row[high]}
            )
    for row in result.by_model.iloc[1:].to_dict("records"):
        model = MODELS[row["family"]].title
        rows.append(
            {"figure_id": f"customer_value:{base.until}:model:{row['family']}", "kpi": "customer_value",
             "period": base.until.isoformat(), "dimensions": {"model": model}, "unit": unit,
             "basis": _basis(base, model), "status": "estimated",
             "reason": text("Not the model that was chosen; off by {bias} in the past.", bias=percent(row["bias"])),
             **{name: row[name] for name in ("estimate", "low", "high", "n", "level")}}
        )  # fmt: skip
    return figure_frame(rows)


def message(result: "CustomerValue") -> str:
    """Return what all customers are worth, with the interval, in a sentence."""
    base, total = result.base, result.total
    unit = base.currency or "quantity"
    return text(
        "Today's {n} customers are worth {amount} over {span} ({low} to {high})",
        n=languages.number(total["n"]), amount=show(total["estimate"], unit), span=base_views.months(base),
        low=show(total["low"], unit), high=show(total["high"], unit),
    )  # fmt: skip


def value_views(result: "CustomerValue") -> list[View]:
    """Return the value of each group with both uncertainties, then of each cohort."""
    base = result.base
    unit = base.currency or "quantity"
    groups = result.by_group.assign(label=[base_views.name(base, model) for model in base.models])
    total = {**result.total, "label": text("All customers")}
    shown = [*groups.to_dict("records"), total] if len(groups) > 1 else [total]
    rows = pd.DataFrame(shown, dtype="object")
    rows["each"] = rows["estimate"] / rows["n"]
    kind = base_views.value_name(base)
    fields = [
        Field("label", text("Group")),
        Field("n", text("Customers"), unit="count"),
        Field("purchases", text("Purchases expected"), unit="count"),
        Field("estimate", kind, unit=unit, bar=len(groups) > 1),
        Field("low", text("known to: from"), unit=unit),
        Field("high", text("to"), unit=unit),
        Field("actual_low", text("with luck: from"), unit=unit),
        Field("actual_high", text("to"), unit=unit),
        Field("each", text("A customer"), unit=unit, decimals=2),
    ]
    notes = [
        text(
            "Known to: how well the expectation is known, at {level}. With luck: where the amount will fall in the "
            "end, luck in purchases and amounts included. Both take the model to be right.",
            level=percent(total["level"], 0),
        ),
        base_views.off(base),
        *filter(None, [told_by_others(result)]),
    ]
    if any(languages.missing(row["actual_low"]) for row in shown):
        notes.append(text("Not available: amounts differ so much that their variance has no end."))
    views = [View(message(result), basis(result), fields, rows, total=len(shown) > 1, notes=notes)]
    if len(result.by_cohort) > 1:
        views.append(_cut(result, result.by_cohort, text("Year of first purchase"), text("Value by cohort")))
    if len(result.by_model) > 1:
        views.append(_models(result))
    return views


def told_by_others(result: "CustomerValue") -> str:
    """Return what the other models say, and whether the interval holds it; empty where no other was tested."""
    unit = result.base.currency or "quantity"
    others = [
        text("{amount} by {model}", amount=show(row["estimate"], unit), model=MODELS[row["family"]].title)
        for row in result.by_model.iloc[1:].to_dict("records")
    ]
    if not others:
        return ""
    if result.beyond:
        return text("The interval takes the model to be right; by another it would be {others}.",
                    others=languages.listing(others))  # fmt: skip
    return text("Other models say about the same: {others}.", others=languages.listing(others))


def _models(result: "CustomerValue") -> View:
    base = result.base
    unit = base.currency or "quantity"
    rows = result.by_model.assign(label=[MODELS[each].title for each in result.by_model["family"]])
    fields = [
        Field("label", text("Model")),
        Field("bias", text("Mean bias, %"), unit="share"),
        Field("estimate", base_views.value_name(base), unit=unit, bar=True),
        Field("low", text("from"), unit=unit),
        Field("high", text("to"), unit=unit),
    ]
    notes = [told_by_others(result), text("The first is the one that was chosen.")]
    return View(text("Value by model"), basis(result), fields, rows.astype("object"), notes=notes)


def _cut(result: "CustomerValue", table: pd.DataFrame, heading: str, title: str) -> View:
    base = result.base
    unit = base.currency or "quantity"
    rows = table.assign(label=[text("(unknown)") if pd.isna(each) else str(each) for each in table.index])
    rows["each"] = rows["estimate"] / rows["n"]
    rows["share"] = rows["estimate"] / result.total["estimate"] if result.total["estimate"] > 0 else None
    fields = [
        Field("label", heading),
        Field("n", text("Customers"), unit="count"),
        Field("estimate", base_views.value_name(base), unit=unit, bar=True),
        Field("low", text("from"), unit=unit),
        Field("high", text("to"), unit=unit),
        Field("share", text("Share, %"), unit="share"),
        Field("each", text("A customer"), unit=unit, decimals=2),
    ]
    return View(title, basis(result), fields, rows.reset_index(drop=True).astype("object"))
