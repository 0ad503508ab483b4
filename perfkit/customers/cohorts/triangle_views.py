"""Views of a triangle: who buys again, what customers bring, and what is in no cohort."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import languages
from perfkit.customers.clv.words import acquired_before
from perfkit.customers.cohorts import words
from perfkit.dimensions import dimension_name
from perfkit.estimates import LEVEL
from perfkit.languages import date, mark, opening, percent, plural, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.cohorts.triangles import CohortTriangle

MOST_SHOWN = 12
"""Members of a split that have a row of their own."""
_BASIS = {
    "retention": mark(
        "Customers with a purchase in the period / customers of the cohort; a period counts once it is over"
    ),
    "pooled": mark("Customers with a purchase at that age / customers of all cohorts that have reached it"),
    "value": mark("{value} of the customers of all cohorts that have reached the age, until then / their number"),
}
_REASONS = {
    "after observed_until": mark("Lines dated after the observation"),
    "period not over": mark("Lines of a period that is not over"),
    "no customer": mark("Lines that name no customer"),
    "returns only": mark("Customers with returns and no purchase"),
    "before the first purchase": mark("Returns dated before the customer's first purchase"),
}
_CUT = 0.1  # of a period: so much of it is before the data that its cohort is told to be cut short


def _reason(reason: str, result: "CohortTriangle") -> str:
    return acquired_before(result.acquired_from) if reason == "acquired before" else text(_REASONS[reason])


def triangle_figures(result: "CohortTriangle") -> pd.DataFrame:
    """Return retention by cohort and age, pooled and by member, what a customer brings, and the exclusions."""
    stem = f"cohorts:{result.by}:{result.observed_until}" + ("" if result.member is None else f":={result.member}")
    whose = {} if result.member is None else {str(result.split): result.member}
    retention = {"kpi": "cohort_retention", "unit": "share", "basis": text(_BASIS["retention"])}
    rows: list[dict[str, Any]] = []
    for cell in result.cells[result.cells["status"] == "observed"].to_dict("records"):
        known = cell["n"] > 0
        rows.append(
            retention
            | {name: cell[name] for name in ("estimate", "low", "high", "level", "n")}
            | {
                "figure_id": f"{stem}:retention:{cell['cohort']}:{cell['age']}",
                "period": str(cell["cohort"] + cell["age"]),
                "dimensions": whose | {"cohort": str(cell["cohort"]), "age": cell["age"]},
                "status": "estimated" if known else "not available",
                "reason": "" if known else text("Nobody was acquired."),
            }
        )
    rows += _pooled_figures(result, stem, whose)
    for member, name in result.members[:MOST_SHOWN] if result.by_member is not None else []:
        ending = "unknown" if member is None else f"={member}"
        one = {str(result.split): words.member(member, name)}
        rows += _pooled_figures(result.of(member), f"{stem}:{result.split}:{ending}", one)
    observed = {"period": str(result.observed_until), "status": "observed"}
    if result.member is None:
        for row in result.left_out.to_dict("records"):
            of = {"kpi": "cohort_exclusions", "basis": _reason(row["reason"], result), "n": row["lines"]}
            of |= {"figure_id": f"{stem}:left_out:{row['reason'].replace(' ', '_')}", "estimate": row["net_revenue"]}
            rows.append(observed | of | {"unit": result.currency or "quantity"})
    size = {"figure_id": f"{stem}:customers", "kpi": "cohort_customers", "estimate": result.customers, "unit": "count"}
    return figure_frame(
        [*rows, observed | size | {"basis": text("Customers with a first purchase in a cohort's period")}]
    )


def _pooled_figures(result: "CohortTriangle", stem: str, whose: dict[str, Any]) -> list[dict[str, Any]]:
    """Retention and value over all cohorts, at the ages that tables show."""
    rows = []
    valued = text(_BASIS["value"], value=words.value(result.value, result.other_costs))
    for age in (0, *key_ages(result)):
        pooled, brought = result.pooled.iloc[age].to_dict(), result.value_at(age)
        dimensions = {"period": str(result.observed_until), "dimensions": whose | {"age": age}}
        share = {"figure_id": f"{stem}:pooled:{age}", "kpi": "cohort_retention", "unit": "share", "status": "estimated"}
        if age:
            rows.append(
                dimensions | share | {"basis": text(_BASIS["pooled"])}
                | {name: pooled[name] for name in ("estimate", "low", "high", "level", "n")}
            )  # fmt: skip
        few = languages.missing(brought["low"])
        amount = {"figure_id": f"{stem}:value:{age}", "kpi": "value_per_acquired_customer", "basis": valued}
        rows.append(
            dimensions | amount | {name: brought[name] for name in ("estimate", "low", "high", "level", "n")}
            | {"unit": result.currency or "quantity", "status": "partial" if few else "estimated",
               "reason": text("Too few customers for an interval.") if few else ""}
        )  # fmt: skip
    return rows


def key_ages(result: "CohortTriangle") -> list[int]:
    """Return the ages that tables show, as far as a cohort with customers has reached them."""
    pooled = result.pooled
    reached = set(pooled.loc[pooled["cohorts"] > 0, "age"])
    return [age for age in words.KEY_AGES[result.by] if age in reached]


def triangle_views(result: "CohortTriangle") -> list[View]:
    """Return retention by cohort, over all of them, by member, and what is in none."""
    views = [_retention(result), _together(result), _brought(result)]
    if result.by_member is not None:
        views.append(_members(result))
    return views if result.member is not None else [*views, _left_out(result)]


def message(result: "CohortTriangle") -> str:
    """Return retention in a sentence."""
    known = key_ages(result)
    if not known:
        return text("No cohort has been observed beyond the period of its first purchase")
    age = max((each for each in known if each <= words.TOLD[result.by]), default=known[0])
    row = result.pooled.iloc[age]
    said = text(
        "{age} after their first purchase, {share} of customers buy ({low} to {high})",
        age=words.ages(age, result.by),
        share=percent(row["estimate"]),
        low=percent(row["low"]),
        high=percent(row["high"]),
    )
    return opening(said)


def subtitle(result: "CohortTriangle", what: str) -> str:
    """Return what is shown, of which cohorts."""
    first, last = result.sizes["cohort"].min(), result.sizes["cohort"].max()
    scope = "" if result.member is None else f", {dimension_name(str(result.split))}\N{NO-BREAK SPACE}: {result.member}"
    if languages.current() == "en":
        scope = scope.replace("\N{NO-BREAK SPACE}:", ":")
    return (
        text("{what}, cohorts from {first} to {last}", what=what, first=words.cohort(first), last=words.cohort(last))
        + scope
    )


def _retention(result: "CohortTriangle") -> View:
    rows = []
    shown = key_ages(result)
    places = {age: result.cells.loc[result.cells["age"] == age].to_dict("records") for age in (0, *shown)}
    for place, first in enumerate(places[0]):
        row: dict[str, Any] = {"label": opening(words.cohort(first["cohort"])), "n": first["n"]}
        for age in shown:
            cell = places[age][place]
            seen = cell["status"] == "observed"
            row |= {f"a{age}": cell["estimate"] if seen else None, f"u{age}": "share" if seen else None}
        rows.append(row)
    whole: dict[str, Any] = {"label": text("All cohorts"), "n": result.customers}
    for age in shown:
        whole |= {f"a{age}": result.pooled.iloc[age]["estimate"], f"u{age}": "share"}
    fields = [
        Field("label", text(words.COHORTS[result.by])),
        Field("n", text("Customers"), unit="count"),
        *(Field(f"a{age}", f"{words.ages(age, result.by)}, %", unit_from=f"u{age}") for age in shown),
    ]
    frame = pd.DataFrame([*rows, whole], dtype="object")
    what = text("Customers with a purchase at that age, % of the cohort")
    return View(message(result), subtitle(result, what), fields, frame, total=True, notes=notes(result))


def notes(result: "CohortTriangle") -> list[str]:
    """Return what a reader has to know of the triangle."""
    found = [
        text("Empty: not observed yet. 0: the period is over, and nobody of the cohort bought in it."),
        text("Older ages are of fewer cohorts: compare downwards, cohort with cohort at the same age."),
    ]
    if result.partial is not None:
        found.append(
            text(
                "{period} is not over: the data end on {day}. It is in no cell.",
                period=opening(words.cohort(result.partial)),
                day=date(result.observed_until),
            )
        )
    first, since = min(result.cells["cohort"]), result.acquired_from or result.first_day
    start, end = first.start_time.date(), first.end_time.date()
    if (since - start).days > _CUT * (end - start).days:
        found.append(
            text("{period} is of customers acquired from {day} on alone: it began before, and its first period after "
                 "the first purchase comes sooner than that of the others.",
                 period=opening(words.cohort(first)), day=date(since))
        )  # fmt: skip
    if result.acquired_from is None:
        found.append(
            text(
                "The data start on {day}, and customers of before stand in the first cohorts as if they were new. "
                "Say from which day on a customer is new (acquired_from).",
                day=date(result.first_day),
            )
        )
        if result.known_before is not None:
            found.append(
                text("The customer list knows of customers acquired since {day}.", day=date(result.known_before))
            )
    return found


def _together(result: "CohortTriangle") -> View:
    """Over all cohorts by age: retention and what a customer has brought, with intervals."""
    rows = []
    for age in (0, *key_ages(result)):
        pooled, brought = result.pooled.iloc[age], result.value_at(age)
        rows.append(
            {"label": opening(words.ages(age, result.by)), "cohorts": int(pooled["cohorts"]), "n": int(pooled["n"])}
            | {name: pooled[name] for name in ("estimate", "low", "high")}
            | {f"value_{name}": brought[name] for name in ("estimate", "low", "high")}
        )
    kind = words.value(result.value, result.other_costs)
    fields = [
        Field("label", text("Age")),
        Field("cohorts", text("Cohorts"), unit="count"),
        Field("n", text("Customers"), unit="count"),
        Field("estimate", text("Buy, %"), unit="share"),
        Field("low", text("from"), unit="share"),
        Field("high", text("to"), unit="share"),
        Field("value_estimate", _each(kind, result.currency), unit="quantity", decimals=2),
        Field("value_low", text("from"), unit="quantity", decimals=2),
        Field("value_high", text("to"), unit="quantity", decimals=2),
    ]
    last = rows[-1]
    said = {"age": words.ages((0, *key_ages(result))[-1], result.by), "n": languages.number(last["n"])}
    said |= {
        name: languages.show(last[f"value_{end}"], result.currency or "quantity", decimals=2)
        for name, end in (("amount", "estimate"), ("low", "low"), ("high", "high"))
    }
    title = (
        text("{age} after the first purchase, a customer has brought {amount} ({n} customers followed so long)", **said)
        if languages.missing(last["value_low"])
        else text("{age} after the first purchase, a customer has brought {amount} ({low} to {high}; {n} customers "
                  "followed so long)", **said)
    )  # fmt: skip
    sources = [
        text(
            "Intervals at {level}: of shares Wilson's, wider where cohorts scatter by more than chance; of amounts "
            "Hall's, for skewed amounts.",
            level=percent(LEVEL, 0),
        ),
        *words.of_value(result.value, result.other_costs, result.coverage, result.rest),
    ]
    what = text("Share that buys at each age, and {value} until then", value=languages.in_sentence(kind))
    return View(opening(title), subtitle(result, what), fields, pd.DataFrame(rows, dtype="object"), notes=sources)


def _each(kind: str, currency: str) -> str:
    """Heading of an amount a customer."""
    each = text("{value} a customer", value=kind)
    return f"{each}, {currency}" if currency else each


def _brought(result: "CohortTriangle") -> View:
    """What each cohort has brought until now: revenue and margin, and by customer."""
    kind = words.value(result.value, result.other_costs)
    observed = result.cells[result.cells["status"] == "observed"]
    rows = []
    for cohort, cells in observed.groupby("cohort"):
        last = cells.iloc[-1]
        rows.append(
            {
                "label": opening(words.cohort(cohort)),
                "n": int(last["n"]),
                "age": int(last["age"]),
                "revenue": sum(cells["revenue"]),
                "margin": None if languages.missing(last["margin"]) else sum(cells["margin"]),
                "reactivated": int(cells["reactivated"].sum()),
                "each": last["per_customer"],
                "low": last["per_customer_low"],
                "high": last["per_customer_high"],
            }
        )
    frame = pd.DataFrame(rows, dtype="object")
    total = {"label": text("Total"), "n": result.customers, "revenue": sum(frame["revenue"])}
    has_margin = bool(frame["margin"].notna().any())
    total |= {"margin": sum(frame["margin"]) if has_margin else None, "reactivated": sum(frame["reactivated"])}
    money = f", {result.currency}" if result.currency else ""
    margin = words.value("margin", result.other_costs)
    fields = [
        Field("label", text(words.COHORTS[result.by])),
        Field("n", text("Customers"), unit="count"),
        Field("age", text("Last age, {unit}", unit=words.unit(result.by)), unit_from="counted"),
        Field("revenue", text("Net revenue") + money, unit="quantity", bar=True),
        *([Field("margin", margin + money, unit="quantity")] if has_margin else []),
        Field("reactivated", text("Came back after a gap"), unit="count"),
        Field("each", _each(kind, result.currency), unit_from="amount", decimals=2),
        Field("low", text("from"), unit_from="amount", decimals=2),
        Field("high", text("to"), unit_from="amount", decimals=2),
    ]
    shown = [{**row, "counted": "count", "amount": "quantity"} for row in rows]
    whole = pd.DataFrame([*shown, total | {"counted": None, "amount": None}], dtype="object")
    whole = whole.where(whole.notna(), None)
    title = plural(
        "{n} customer has brought {amount} of revenue since the first purchase",
        "{n} customers have brought {amount} of revenue since their first purchase",
        result.customers,
        amount=languages.show(total["revenue"], result.currency or "quantity"),
    )
    what = text("Revenue of each cohort until {last}", last=words.cohort(result.last))
    gaps = text(
        "Came back after a gap: purchases in a period by customers without one in the period before, counted each time."
    )
    return View(title, subtitle(result, what), fields, whole, total=True, notes=[gaps])


def _members(result: "CohortTriangle") -> View:
    """Each member of the split over all of its cohorts: retention and value at one age."""
    known = key_ages(result)
    age = max((each for each in known if each <= words.TOLD[result.by]), default=0)
    later = max((each for each in known if each <= 4 * words.TOLD[result.by]), default=0)
    rows = []
    members = result.members
    for id_, name in members[:MOST_SHOWN]:
        mine = result.of(id_)
        retained, brought = mine.pooled.iloc[age], mine.value_at(later)
        rows.append(
            {"label": words.member(id_, name), "n": mine.customers}
            | {each: retained[each] for each in ("estimate", "low", "high")}
            | {f"value_{each}": brought[each] for each in ("estimate", "low", "high")}
        )
    kind = words.value(result.value, result.other_costs)
    buying = text("Buy after {age}, %", age=words.ages(age, result.by))
    until = text("{value} a customer after {age}", value=kind, age=words.ages(later, result.by))
    fields = [
        Field("label", split_name(result)),
        Field("n", text("Customers"), unit="count"),
        Field("estimate", buying, unit="share"),
        Field("low", text("from"), unit="share"),
        Field("high", text("to"), unit="share"),
        Field(
            "value_estimate", f"{until}, {result.currency}" if result.currency else until, unit="quantity", decimals=2
        ),
        Field("value_low", text("from"), unit="quantity", decimals=2),
        Field("value_high", text("to"), unit="quantity", decimals=2),
    ]
    said = [text("Whose intervals overlap may be alike: a row is no rank.")]
    if len(members) > MOST_SHOWN:
        said.append(
            plural("Not shown: {n} smaller member.", "Not shown: {n} smaller members.", len(members) - MOST_SHOWN)
        )
    title = text("Cohorts by {dimension}", dimension=languages.in_sentence(split_name(result)))
    what = text("All cohorts of each, the most customers first")
    return View(title, subtitle(result, what), fields, pd.DataFrame(rows, dtype="object"), notes=said)


def split_name(result: Any) -> str:
    """Return what a reader calls the split: first_product is the product first bought."""
    split = str(result.split)
    if split in ("first_product", "first_category", "first_channel"):
        return {
            "first_product": text("Product first bought"),
            "first_category": text("Category first bought"),
            "first_channel": text("Channel of the first purchase"),
        }[split]
    return dimension_name(split)


def _left_out(result: "CohortTriangle") -> View:
    """What the cohorts hold and what is in none: together, all of sales."""
    counted = result.left_out.assign(label=[_reason(each, result) for each in result.left_out["reason"]])
    used = {
        "label": text("Lines in cohorts"),
        "lines": result.lines - int(counted["lines"].sum()),
        "net_revenue": result.net_revenue - sum(counted["net_revenue"]),
    }
    total = {"label": text("All lines"), "lines": result.lines, "net_revenue": result.net_revenue}
    rows = pd.DataFrame([used, *counted.to_dict("records"), total], columns=["label", "lines", "net_revenue"])
    fields = [
        Field("label", text("Lines")),
        Field("lines", text("Number"), unit="count"),
        Field("net_revenue", text("Net revenue"), unit=result.currency or "quantity"),
    ]
    title = text("What the cohorts hold, and what is in none")
    return View(title, text("All lines of sales"), fields, rows.astype("object"), total=True)
