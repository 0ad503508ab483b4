"""Views of value tiers: who brings how much."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import languages
from perfkit.customers.segments import score_views, words
from perfkit.languages import mark, percent, plural, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.segments.tiers import ValueTiers

_BASIS = {
    "tier": mark("{value} of the tier's customers; customers of the same value are in one tier"),
    "top": mark("{value} of the best customers / {value} of all"),
}


def tier_figures(result: "ValueTiers") -> pd.DataFrame:
    """Return customers and value of each tier, and the share of the best."""
    begin, money = score_views.stem(result.scored, "value_tiers"), result.currency or "quantity"
    common = {"period": str(result.as_of), "status": "observed"}
    kind = words.value(result.scored.value)
    rows: list[dict[str, Any]] = []
    for row in result.tiers.to_dict("records"):
        of = common | {"dimensions": {"tier": row["tier"]}, "n": row["n"], "basis": text(_BASIS["tier"], value=kind)}
        each = f"{begin}:{row['tier']}"
        rows.append(of | {"figure_id": f"{each}:customers", "kpi": "tier_customers", "estimate": row["n"],
                          "unit": "count"})  # fmt: skip
        rows.append(of | {"figure_id": f"{each}:value", "kpi": "tier_value", "estimate": row["value"], "unit": money})
    for row in result.tops.to_dict("records"):
        known = not languages.missing(row["share_of_value"])
        rows.append(
            common
            | {
                "figure_id": f"{begin}:top:{row['share']:g}", "kpi": "value_concentration", "n": row["n"],
                "dimensions": {"share_of_customers": row["share"]}, "estimate": row["share_of_value"], "unit": "share",
                "basis": text(_BASIS["top"], value=kind), "status": "observed" if known else "not available",
                "reason": "" if known else not_positive(result),
            }
        )  # fmt: skip
    return figure_frame(rows + words.exclusions(result.scored.left_out, begin, common, result.currency))


def not_positive(result: "ValueTiers") -> str:
    """Return why there are no shares of the value."""
    total = languages.show(result.total, result.currency or "quantity")
    return text("All customers together bring {amount}: shares of it mean nothing, amounts are shown.", amount=total)


def message(result: "ValueTiers") -> str:
    """Return what the best fifth of the customers bring, in a sentence."""
    row = result.tops.iloc[-1]
    kind = languages.in_sentence(words.value(result.scored.value))
    n = int(row["n"])
    if languages.missing(row["share_of_value"]):
        unit = result.currency or "quantity"
        return plural(
            "The best customer brings {amount} of {value}, all together {total}",
            "The best {n} customers bring {amount} of {value}, all together {total}",
            n, amount=languages.show(row["value"], unit), value=kind, total=languages.show(result.total, unit),
        )  # fmt: skip
    share = n / len(result.customers)
    return text(
        "The best {share} of customers bring {part} of {value}",
        share=percent(share, 0 if round(100 * share, 1) % 1 == 0 else 1), part=percent(row["share_of_value"]),
        value=kind,
    )  # fmt: skip


def tier_views(result: "ValueTiers") -> list[View]:
    """Return the tiers, and the table that ties."""
    kind, currency = words.value(result.scored.value), result.currency
    rows = [
        {**row, "label": result.name(str(row["tier"])), "of": "quantity" if row["n"] else None}
        for row in result.tiers.to_dict("records")
    ]
    total = dict.fromkeys(rows[0]) | {"n": len(result.customers), "share": 1.0, "value": result.total}
    total |= {"label": text("All customers"), "share_of_value": 1.0 if result.total > 0 else None}
    shown = pd.DataFrame([*rows, total], dtype="object")
    amount = f"{kind}, {currency}" if currency else kind
    fields = [
        Field("label", text("Tier of customers")),
        Field("n", text("Customers"), unit="count"),
        Field("share", text("Share of customers, %"), unit="share"),
        Field("least", text("Value: at least"), unit_from="of"),
        Field("most", text("at most"), unit_from="of"),
        Field("value", amount, unit="quantity", bar=True),
        Field("share_of_value", text("Share of value, %"), unit="share"),
    ]
    notes = [
        text("Tiers are shares of the customers, the best first; customers of the same value are in one tier, so that "
             "it may hold more than its share.")
    ]  # fmt: skip
    if result.total <= 0:
        notes.append(not_positive(result))
    notes += words.of_value(result.scored.value, result.scored.coverage, result.scored.rest)
    notes.append(
        text("These customers were chosen by what they brought in this time: in the next one the best bring less on "
             "average, and the others more (regression to the mean).")
    )  # fmt: skip
    what = score_views.subtitle(result.scored, text("{value} by tier of customers", value=kind))
    ties = words.tie(result.scored.left_out, result.scored.lines, result.scored.net_revenue, currency)
    return [View(message(result), what, fields, shown, total=True, notes=notes), ties]
