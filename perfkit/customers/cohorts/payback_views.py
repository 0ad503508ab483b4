"""Views of payback: what a customer costs, what one has brought, when that was reached, and where the spend went."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import languages
from perfkit.customers.cohorts import words
from perfkit.customers.cohorts.triangle_views import split_name
from perfkit.estimates import LEVEL
from perfkit.languages import listing, mark, opening, percent, plural, show, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.cohorts.paybacks import Payback

MOST_SHOWN = 12
_BASIS = {
    "cac": mark("All spend of the periods in which the customers were acquired / customers acquired in them"),
    "ratio": mark("{value} of the customers until their last observed age / what acquiring them cost"),
    "payback": mark(
        "First age at which {value} a customer, cumulated, reaches what one cost; 0: in the period of acquisition"
    ),
    "spend": mark("Amounts of the table of spend"),
}
_REASONS = {
    "no spend": mark(
        "No spend is recorded for these customers: ask for it (date, channel, amount), or they came for free."
    ),
    "nobody acquired": mark("Nobody was acquired."),
    "too few customers": mark("Too few customers for an interval."),
    "reached, then lost": mark("Reached, then lost: at the last observed age the cost is not covered any more."),
    "not reached yet": mark("Not reached yet at the last observed age."),
    "no margin": mark("Payback sets margin, not revenue, against cost: ask for the cost of the goods of each line."),
}
_PARTS = {
    "in a cohort": mark("In the periods of the cohorts"),
    "of a member": mark("In the periods of the cohorts, {channel}"),
    "no such member": mark("Matches no customers: {channel}"),
    "outside the cohorts": mark("Outside the periods of the cohorts"),
}


def label(result: "Payback", row: Any) -> str:
    """Return what a row of members is called."""
    return (
        (text("All with spend") if result.costed_only else text("All customers"))
        if row["member"] is None or pd.isna(row["member"])
        else words.member(row["member"], row["name"])
    )


def when(row: Any, by: str, stem: str = "payback") -> str:
    """Return when payback was reached, with its interval, in words; empty where there is nothing to say it of."""
    first, low, high = (row[f"{stem}{end}"] for end in ("", "_low", "_high"))
    if languages.missing(row["ratio"]):
        return ""
    if languages.missing(first):
        last = words.ages(int(row["last_age"]), by)
        if not row["last_age"] or languages.missing(low):
            return text("not reached after {age}", age=last) if row["last_age"] else text("not reached yet")
        return text("not reached after {age} (from {low} on)", age=last, low=int(low))
    reached = words.ages(int(first), by) if first else words.at_once(by)
    if row["ratio" if stem == "payback" else "discounted_ratio"] < 1:
        return text("{age}, then lost", age=reached)
    if languages.missing(low) or low == high:
        return reached
    if languages.missing(high):
        return text("{age} (from {low} on)", age=reached, low=int(low))
    return text("{age} ({low} to {high})", age=reached, low=int(low), high=int(high))


def message(result: "Payback") -> str:
    """Return payback of all cohorts that were followed, in a sentence."""
    said = _message(result)
    return text("Where spend is recorded: {said}", said=said[:1].lower() + said[1:]) if result.costed_only else said


def _message(result: "Payback") -> str:
    row = result.together.iloc[0].to_dict()
    if not result.matched:
        return text("{what}: not available", what=text("Payback"))
    unit = result.currency or "quantity"
    cost = show(row["cac"], unit, decimals=2)
    if languages.missing(row["ratio"]):
        return text("A customer costs {cost}; payback is not available", cost=cost)
    brought = {"cost": cost, "brought": show(row["estimate"], unit, decimals=2)}
    age = words.ages(result.horizon, result.by)
    if languages.missing(row["payback"]):
        return text(
            "A customer costs {cost} and has brought {brought} after {age}: not paid back yet", age=age, **brought
        )
    if row["ratio"] < 1:
        return text(
            "A customer costs {cost} and had brought that {when}, but no longer has after {age}: {brought}",
            when=after(int(row["payback"]), result.by), age=age, **brought,
        )  # fmt: skip
    if row["payback"] == 0:
        return text(
            "A customer costs {cost}, pays back {at_once}, and has brought {brought} after {age}",
            age=age, at_once=words.at_once(result.by), **brought,
        )  # fmt: skip
    return text(
        "A customer costs {cost}, pays back after {payback}, and has brought {brought} after {age}",
        payback=words.ages(int(row["payback"]), result.by), age=age, **brought,
    )  # fmt: skip


def after(age: int, by: str) -> str:
    """Return when an age was reached, as it stands within a sentence."""
    return text("after {age}", age=words.ages(age, by)) if age else words.at_once(by)


def subtitle(result: "Payback") -> str:
    """Return what is set against what, of whom."""
    kind = words.value(result.value, result.other_costs)
    return text(
        "{value} a customer against the cost of acquiring one, cohorts that were followed for {age}",
        value=kind, age=words.ages(result.horizon, result.by),
    )  # fmt: skip


def reason(result: "Payback") -> str:
    """Return why there is nothing to show; empty where there is."""
    row = result.together.iloc[0]
    if not result.matched:
        return text(_REASONS["no spend"])
    return text(_REASONS["no margin"]) if row["status"] == "no margin" else ""


def payback_figures(result: "Payback") -> pd.DataFrame:
    """Return acquisition cost, value over it, and payback, of members together and of each cohort."""
    kind = words.value(result.value, result.other_costs)
    rows: list[dict[str, Any]] = []
    for table in (result.together, result.cohorts[result.cohorts["member"].isna()]):
        for row in table.to_dict("records"):
            member = None if pd.isna(row["member"]) else row["member"]
            at = str(row["cohort"]) if "cohort" in row else f"until {result.horizon}"
            stem = f"{result.by}:{'all' if member is None else f'={member}'}:{at}"
            whose = {} if member is None else {str(result.split): words.member(member, row["name"])}
            common: dict[str, Any] = {
                "dimensions": whose | ({"cohort": at} if "cohort" in row else {"age": result.horizon})
            }
            common |= {"period": at if "cohort" in row else str(result.cohorts["cohort"].max()), "n": row["n"]}
            known = not languages.missing(row["cac"])
            why = text(_REASONS[row["status"]]) if row["status"] in _REASONS else ""
            rows.append(
                common
                | {"figure_id": f"cac:{stem}", "kpi": "cac", "estimate": row["cac"] if known else None}
                | {"unit": result.currency or "quantity", "basis": text(_BASIS["cac"])}
                | {"status": "observed" if known else "not available", "reason": "" if known else why}
            )
            for ratio, payback_ in (("ratio", "payback"), ("discounted_ratio", "discounted_payback")):
                there = not languages.missing(row[ratio])
                few = row["status"] == "too few customers"
                status = "partial" if few else "estimated"
                rows.append(
                    common
                    | {"figure_id": f"clv_cac:{ratio}:{stem}", "kpi": "clv_cac", "unit": "ratio"}
                    | _ends(row, ratio)
                    | {"basis": text(_BASIS["ratio"], value=kind)}
                    | {"reason": why if few or not there or row["status"] == "reached, then lost" else ""}
                    | {"status": status if there else "not available"}
                )
                reached = not languages.missing(row[payback_])
                awaited = "not observed yet" if there else "not available"
                yet = text(_REASONS["not reached yet"]) if there else why
                lost = text(_REASONS["reached, then lost"])
                rows.append(
                    common
                    | {"figure_id": f"payback:{payback_}:{stem}", "kpi": "payback", "unit": "quantity"}
                    | _ends(row, payback_)
                    | {"basis": text(_BASIS["payback"], value=languages.in_sentence(kind))}
                    | {"status": status if reached else awaited}
                    | {"reason": (lost if row[ratio] < 1 else why if few else "") if reached else yet}
                )
    for row in result.spend.to_dict("records"):
        part = {"part": row["part"]} | ({} if row["channel"] is None else {"channel": row["channel"]})
        channel = "" if row["channel"] is None else f":={row['channel']}"
        rows.append(
            {"figure_id": f"spend:{result.by}:{row['part'].replace(' ', '_')}{channel}", "kpi": "acquisition_spend"}
            | {"dimensions": part, "estimate": row["amount"], "n": row["lines"], "unit": result.currency or "quantity"}
            | {"basis": text(_BASIS["spend"]), "status": "observed", "reason": ""}
        )
    return figure_frame(rows)


def _ends(row: dict[Any, Any], name: str) -> dict[str, Any]:
    found = {each: row[f"{name}{end}"] for each, end in (("estimate", ""), ("low", "_low"), ("high", "_high"))}
    return {each: None if languages.missing(value) else value for each, value in found.items()} | {"level": LEVEL}


def payback_views(result: "Payback") -> list[View]:
    """Return payback by member, then by cohort, then where the spend went."""
    if not result.matched:
        return [View(message(result), reason(result), [], pd.DataFrame()), *_spent(result)]
    members = result.together.iloc[: MOST_SHOWN + 1]
    rows = members.assign(label=[label(result, row) for row in members.to_dict("records")])
    first = split_name(result) if result.by_member else text("Customers")
    hidden = len(result.together) - len(members)
    said = notes(result)
    if hidden:
        said.append(plural("Not shown: {n} smaller member.", "Not shown: {n} smaller members.", hidden))
    views = [View(message(result), subtitle(result), _fields(result, first), _rows(result, rows), notes=said)]
    each = result.cohorts[result.cohorts["member"].isna()]
    each = each.assign(label=[opening(words.cohort(cohort)) for cohort in each["cohort"]])
    title = text("Payback of each cohort, until its last observed age")
    views.append(
        View(title, subtitle_of_cohorts(result), _fields(result, text(words.COHORTS[result.by])), _rows(result, each))
    )
    return [*views, *_spent(result)]


def subtitle_of_cohorts(result: "Payback") -> str:
    """Return what the table of the cohorts sets against what."""
    kind = words.value(result.value, result.other_costs)
    return text("{value} a customer against the cost of acquiring one", value=kind)


def _fields(result: "Payback", first: str) -> list[Field]:
    kind = words.value(result.value, result.other_costs)
    money = f", {result.currency}" if result.currency else ""
    return [
        Field("label", first),
        Field("n", text("Customers"), unit="count"),
        Field("spend", text("Spend") + money, unit="quantity"),
        Field("cac", text("Cost of acquiring one") + money, unit="quantity", decimals=2),
        Field("estimate", text("{value} a customer", value=kind) + money, unit="quantity", decimals=2),
        Field("ratio", text("Brought / cost"), unit="ratio"),
        Field("ratio_low", text("from"), unit="ratio"),
        Field("ratio_high", text("to"), unit="ratio"),
        Field("when", text("Payback"), unit="text"),
        Field("discounted", text("Payback, discounted"), unit="text"),
    ]


def _rows(result: "Payback", rows: pd.DataFrame) -> pd.DataFrame:
    records = rows.to_dict("records")
    shown = [
        when(row, result.by) or opening(text(_SHORT[row["status"]]))
        if row["status"] in _SHORT
        else when(row, result.by)
        for row in records
    ]
    later = [when(row, result.by, "discounted_payback") for row in records]
    return rows.astype("object").assign(when=shown, discounted=later)


_SHORT = {"no spend": mark("no spend"), "nobody acquired": mark("nobody acquired"), "no margin": mark("no margin")}


def notes(result: "Payback") -> list[str]:
    """Return what a reader has to know before believing it."""
    found = [
        text(
            "The cost of acquiring is all recorded spend of the periods of the cohorts over the customers acquired "
            "in them; what is not in it (salaries, tools) makes it too low. "
            "The interval is of what customers bring, at {level}.",
            level=percent(LEVEL, 0),
        ),
        text(
            "Payback counts whole periods after that of the first purchase, whose end is 0; in brackets its interval. "
            "Discounted at {rate} a year from there on.",
            rate=percent(result.annual_discount_rate),
        ),
        *words.of_value(result.value, result.other_costs, result.coverage, result.rest),
    ]
    if result.by_member:
        free = [label(result, row) for row in result.together.to_dict("records") if row["status"] == "no spend"]
        if free:
            found.append(
                text("No spend is recorded for {members}: ask for it, or they came for free.", members=listing(free))
            )
        stray = result.spend[result.spend["part"] == "no such member"]
        if len(stray):
            found.append(
                text(
                    "{amount} of spend match no customers ({channels}): if some came through these, have the channel "
                    "written alike in both tables; if none did, it is a channel that sells, or won nobody.",
                    amount=show(sum(stray["amount"], Decimal(0)), result.currency or "quantity"),
                    channels=listing(text("(unknown)") if each is None else each for each in stray["channel"]),
                )
            )
        found.append(
            text("Spend that names a channel has not caused the customers that name it: an experiment would say.")
        )
    elif result.split is not None:
        found.append(
            text("Spend does not say for which {dimension} it was: only all customers together have a cost.",
                 dimension=languages.in_sentence(split_name(result)))
        )  # fmt: skip
    if result.left_truncated:
        found.append(
            text("Old customers may stand in the first cohorts as if they were new, which makes acquiring look "
                 "cheaper: say from which day on a customer is new (acquired_from).")
        )  # fmt: skip
    return found


def _spent(result: "Payback") -> list[View]:
    """Where the spend went; all of it."""
    if not len(result.spend):
        return []
    labels = [
        text(_PARTS[row["part"]], channel=row["channel"] or text("(unknown)"))
        if row["part"] in ("of a member", "no such member")
        else text(_PARTS[row["part"]]) + (f", {row['channel']}" if row["channel"] else "")
        for row in result.spend.to_dict("records")
    ]
    total = {"label": text("Total"), "lines": int(result.spend["lines"].sum()), "amount": sum(result.spend["amount"])}
    rows = pd.concat([result.spend.assign(label=labels), pd.DataFrame([total], dtype="object")], ignore_index=True)
    fields = [
        Field("label", text("Spend")),
        Field("lines", text("Number"), unit="count"),
        Field("amount", text("Amount"), unit=result.currency or "quantity"),
    ]
    return [View(text("Where the spend went"), text("All lines of spend"), fields, rows, total=True)]
