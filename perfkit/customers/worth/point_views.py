"""Views of a point of retention: what it is worth, of whom, and what it is."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit.customers.worth import base_views
from perfkit.languages import listing, mark, number, percent, show, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.worth.points import RetentionPoint

_BASIS = mark(
    "{value} within {span} of the first purchase, discounted at {rate} a year, of the customers acquired in a year, if "
    "one more in a hundred of them still buys a year later, at unchanged purchase rates, by {model}; less that without"
)
_STAYS = mark("Chance, by {model}, that a customer still buys a year after the first purchase")


def basis(result: "RetentionPoint") -> str:
    """Return what a point's worth is."""
    base = result.base
    return text(
        _BASIS, value=base_views.value_name(base), span=base_views.months(base),
        rate=percent(base.annual_discount_rate), model=_title(result),
    )  # fmt: skip


def _title(result: "RetentionPoint") -> str:
    return listing(dict.fromkeys(result.base.models[place].sure.process.title for place in result.groups.index))


def point_figures(result: "RetentionPoint") -> pd.DataFrame:
    """Return what a point is worth, of each group and in all, and how many stay."""
    base = result.base
    unit = base.currency or "quantity"
    common: dict[str, Any] = {"period": base.until.isoformat(), "status": "estimated"}
    stem = f"retention_point:{base.until}"
    total = result.total
    rows = [
        common
        | {name: total[name] for name in ("estimate", "low", "high", "level", "n")}
        | {"figure_id": f"{stem}:all", "kpi": "retention_point", "unit": unit, "basis": basis(result)}
    ]
    for place, row in zip(result.groups.index, result.groups.to_dict("records"), strict=True):
        model = base.models[place]
        group = base_views.stem(model)
        of = common | {"dimensions": {"group": base_views.name(base, model)}, "level": total["level"], "n": row["n"]}
        rows.append(
            of
            | {each: row[each] for each in ("estimate", "low", "high")}
            | {"figure_id": f"{stem}:{group}", "kpi": "retention_point", "unit": unit, "basis": basis(result)}
        )
        rows.append(
            of
            | {"estimate": row["stays"], "low": row["stays_low"], "high": row["stays_high"], "unit": "share"}
            | {"figure_id": f"one_year_retention:{base.until}:{group}", "kpi": "one_year_retention"}
            | {"basis": text(_STAYS, model=model.sure.process.title)}
        )
    return figure_frame(rows)


def message(result: "RetentionPoint") -> str:
    """Return what a point is worth, with its interval, in a sentence."""
    base, total = result.base, result.total
    unit = base.currency or "quantity"
    values = {name: show(total[name], unit) for name in ("estimate", "low", "high")} | {"n": number(total["n"])}
    if result.acquired:
        return text(
            "A point of one-year retention is worth {estimate} ({low} to {high}), of the {n} customers acquired in a "
            "year",
            **values,
        )
    return text(
        "A point of one-year retention is worth {estimate} ({low} to {high}), of {n} new customers like these", **values
    )


def point_views(result: "RetentionPoint") -> list[View]:
    """Return the groups with how many stay and what a point more is worth."""
    base = result.base
    unit = base.currency or "quantity"
    rows = [
        {**row, "label": base_views.name(base, base.models[place])}
        for place, row in zip(result.groups.index, result.groups.to_dict("records"), strict=True)
    ]
    if len(rows) > 1:
        rows.append({**result.total, "label": text("All customers")})
    fields = [
        Field("label", text("Group")),
        Field("n", text("Acquired in the year") if result.acquired else text("New customers"), unit="count"),
        Field("stays", text("Still buy a year later, %"), unit="share"),
        Field("stays_low", text("from"), unit="share"),
        Field("stays_high", text("to"), unit="share"),
        Field("each", text("A point, a new customer"), unit=unit, decimals=2),
        Field("estimate", text("A point, all of them"), unit=unit, bar=len(rows) > 2),
        Field("low", text("from"), unit=unit),
        Field("high", text("to"), unit=unit),
    ]
    notes = [
        text("A point: customers stop so much later that one more new customer in a hundred still buys a year after "
             "the first purchase; how often they buy until then stays as it is."),
        text("It says what a point would bring, not what brings it: that a programme moves retention, only an "
             "experiment with customers left alone shows. Its cost is to be taken off."),
    ]  # fmt: skip
    if result.endless:
        names = listing(base_views.name(base, base.models[place]) for place in result.endless)
        notes.append(text("Not told of {groups}: nobody is seen to stop there.", groups=names))
    shown = pd.DataFrame(rows).reindex(columns=[field.key for field in fields]).astype("object")
    return [View(message(result), basis(result), fields, shown, total=len(rows) > 1, notes=notes)]
