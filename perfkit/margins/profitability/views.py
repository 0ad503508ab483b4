"""Views of profitability: each member level by level, the costs that reach none, and the rates that can be compared."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import estimates, languages
from perfkit.contribution import AFTER_PURCHASES, ENOUGH, LEVELS
from perfkit.dimensions import dimension_name
from perfkit.languages import listing, mark, percent, plural, show, text
from perfkit.margins.profitability.drivers import driver_name
from perfkit.results import Field, View

if TYPE_CHECKING:
    from perfkit.margins.profitability.earnings import Profitability

LOSES = mark("loses money before any fixed cost")
OWN_FIXED = mark("does not cover its own fixed costs")
_MARGINS = {level.margin_id: level.margin for level in LEVELS}
_HEADINGS = {"cm1": mark("CM1"), "cm2": mark("CM2"), "cm3": mark("CM3")}
_MOST_LEFT = 15


def largest_first(rows: pd.DataFrame) -> list[int]:
    """Return the places of rows by revenue, the largest first; ties keep the order of the members."""
    least = [-abs(amount) for amount in rows["net_revenue"]]
    return sorted(range(len(rows)), key=least.__getitem__)


def by_words(dimensions: tuple[str, ...]) -> str:
    """Return what a reader calls the dimensions, in a sentence."""
    return " × ".join(languages.in_sentence(dimension_name(each)) for each in dimensions)


def margin_name(margin: str) -> str:
    """Return what a reader calls a margin, or net revenue."""
    return text(_MARGINS[margin]) if margin in _MARGINS else text("Net revenue")


def label(row: dict[Any, Any]) -> str:
    """Return what a reader calls a member."""
    return text("(unknown)") if languages.missing(row["name"]) else str(row["name"])


def shown(result: "Profitability", most: int) -> list[View]:
    """Return every view of a result."""
    if result.reason:
        title = text("{what}: not available", what=text("Profitability"))
        return [View(title, result.reason, [], pd.DataFrame())]
    views = [_levels(result, most)]
    if len(result.unallocated):
        views.append(_unallocated(result))
    if result.rows["estimate"].notna().sum() > 1:
        views.append(_rates(result, most))
    return views


def _levels(result: "Profitability", most: int) -> View:
    rows = result.rows.iloc[largest_first(result.rows)]
    known = rows[rows["name"].notna()]
    top, others = known.iloc[:most], known.iloc[most:]
    if len(others) == 1:
        top, others = known, known.iloc[:0]
    table = [row | {"label": label(row)} for row in top.to_dict("records")]
    if len(others):
        together = result.together(others)
        table.append(together | {"label": plural("{n} other", "{n} others", len(others))})
    table += [row | {"label": label(row)} for row in rows[rows["name"].isna()].to_dict("records")]
    for row in table:
        row["beyond"] = sum((row[f"{level.id}_costs"] for level in LEVELS[:-1]), Decimal(0))
    if len(result.unallocated):  # a row of its own, so that the rows sum to the ledger
        left = sum(result.unallocated["amount"], Decimal(0))
        table.append(result.not_allocated() | {"label": text("Not allocated"), "beyond": left})
    table.append(result.whole() | {"label": text("Total"), "beyond": result.costs_total})
    shown_rows = pd.DataFrame(table, dtype="object")
    advised = [None if languages.missing(row.get("advice")) else row["advice"] for row in table]
    shown_rows["said"] = pd.Series([text(each) if each else None for each in advised], dtype="object")
    fields = [
        Field("label", " × ".join(dimension_name(each) for each in result.dimensions)),
        _amount("net_revenue", text("Net revenue"), result.currency),
    ]
    if shown_rows["discount"].notna().any():
        fields.append(_amount("discount", text("Discount"), result.currency))
    if result.deepest != "net_revenue":
        fields.append(_amount("gross_profit", _gross_margin(result), result.currency))
        rate = text("Gross margin after other purchase costs, %") if _purchases(result) else text("Gross margin, %")
        fields.append(Field("gross_profit_rate", rate, unit="share"))
        if table[-1]["coverage"] is not None and table[-1]["coverage"] < 1:
            fields.append(Field("coverage", text("Cost known, %"), unit="share"))
    for level in LEVELS[1:-1]:
        if any(result.rows[f"{level.id}_costs"]) and result.deepest != "net_revenue":
            fields.append(_amount(level.margin_id, text(_HEADINGS[level.id]), result.currency))
            last = level.margin_id
    if result.deepest in _HEADINGS:
        shown_rows["deepest_rate"] = shown_rows[f"{last}_rate"]
        heading = {"cm1": text("CM1, %"), "cm2": text("CM2, %"), "cm3": text("CM3, %")}[last]
        fields.append(Field("deepest_rate", heading, unit="share"))
    if result.costs_total:
        fields.append(_amount("beyond", text("Costs beyond the goods"), result.currency))
    if shown_rows["said"].notna().any():
        fields.append(Field("said", text("To look at"), unit="text"))
    subtitle = text(
        "Margins by {dimension}, {period}, {currency} net of tax",
        dimension=by_words(result.dimensions),
        period=result.period.name(),
        currency=result.currency,
    )
    return View(message(result), subtitle, fields, shown_rows, total=True, notes=_notes(result, table))


def message(result: "Profitability") -> str:
    """Return what the figures say first: who loses money, else who earns most of it."""
    margin, dimension = result.deepest, by_words(result.dimensions)
    if result.rows.empty:
        return text("No line is dated in {period}", period=result.period.name())
    if margin == "net_revenue":
        return text("No cost is known, so there is no margin by {dimension}", dimension=dimension)
    if (coverage := result.whole()["coverage"]) is not None and coverage < ENOUGH:
        return too_little(result)
    known = result.rows[result.rows["name"].notna()]
    losing = known[known["advice"] == LOSES]
    if len(losing):
        amount = show(sum(losing["cm2"], Decimal(0)), result.currency)
        if len(losing) == 1:
            member = label(losing.iloc[0].to_dict())
            return text("{member} loses money before any fixed cost: {amount}", member=member, amount=amount)
        return plural(
            "{n} of {all} loses money before any fixed cost: {amount} in all",
            "{n} of {all} lose money before any fixed cost: {amount} in all",
            len(losing),
            all=languages.number(len(known)),
            amount=amount,
        )
    earning = known[known[margin].notna()]
    whole, total = result.whole()[margin], result.together(result.rows)[margin]
    if earning.empty or whole <= 0:
        return text("{margin} is {amount} in all", margin=margin_name(margin), amount=show(whole, result.currency))
    first = max(earning.to_dict("records"), key=lambda row: row[margin])
    values = {
        "member": label(first),
        "share": percent(estimates.ratio(first[margin], total)),
        "margin": languages.in_sentence(margin_name(margin)),
    }
    if total != whole:
        values["margin"] = text("{margin}, before costs that are not allocated", margin=values["margin"])
    return text("{member} brings {share} of {margin}", **values)


def too_little(result: "Profitability") -> str:
    """Return of how much of the sales the cost is known, where that is too little to say who earns."""
    return text(
        "By {dimension}: the cost of {share} of the amounts is known, too little to say who earns most",
        dimension=by_words(result.dimensions),
        share=percent(result.whole()["coverage"]),
    )


def _notes(result: "Profitability", table: list[dict[Any, Any]]) -> list[str]:
    notes, whole = [], table[-1]
    if result.deepest == "net_revenue":
        notes.append(text("No margin: the cost of goods is not in the data."))
    else:
        if whole["coverage"] is None or whole["coverage"] >= 1:
            notes.append(text("Each rate is of net revenue."))
        else:
            notes.append(text("Each rate of a cost or a margin is of the net revenue whose cost is known."))
            notes.append(
                text(
                    "The cost of {share} of the amounts sold is known; {money} of net revenue without a known cost is "
                    "in no margin. Where it is known for less than {least}, there is no rate after further costs: they "
                    "are of all lines.",
                    share=percent(whole["coverage"]),
                    money=show(whole["uncosted"], result.currency),
                    least=percent(ENOUGH, 0),
                )
            )
        notes += _abbreviations(result)
    if result.costs_total is not None:
        left = sum(result.unallocated["amount"], Decimal(0))
        notes.append(
            text(
                "Of {total} of costs beyond the goods, {reached} reach a member and {left} none; they sum to the "
                "ledger.",
                total=show(result.costs_total, result.currency),
                reached=show(result.costs_total - left, result.currency),
                left=show(left, result.currency),
            )
        )
        fixed = sum(result.unallocated.loc[result.unallocated["level"] == LEVELS[-1].id, "amount"], Decimal(0))
        if fixed:
            notes.append(
                text(
                    "Of what is not allocated, {money} are common fixed costs: no margin of this table bears them.",
                    money=show(fixed, result.currency),
                )
            )
        if result.unknown_bear:
            notes.append(
                text(
                    "{money} of costs reach members whose margin is not known: they are in the total, as in the "
                    "statement, and in no other row.",
                    money=show(result.unknown_bear, result.currency),
                )
            )
        avoidable = result.unallocated[result.unallocated["level"].isin(["cogs", "cm1", "cm2"])]
        if len(avoidable):
            notes.append(
                text(
                    "{money} of variable costs and costs to serve reach none: margins from their level down are too "
                    "high for those that cause them.",
                    money=show(sum(avoidable["amount"], Decimal(0)), result.currency),
                )
            )
    notes += result.cautions
    if any(row.get("advice") for row in table):
        notes.append(
            text("What loses money is judged on the costs that would end with it; no member bears common fixed costs.")
        )
    amounts = ["net_revenue", *(level.margin_id for level in LEVELS[:-1])]
    if any(
        whole[name] is not None and estimates.rounding_shows([row[name] for row in table[:-1]], whole[name])
        for name in amounts
    ):
        notes.append(
            text(
                "Rounded: totals and changes are those of the unrounded figures, so the figures shown may miss them by "
                "their last digit."
            )
        )
    return notes


def _abbreviations(result: "Profitability") -> list[str]:
    """Say what each short heading is: the margin shown before it less the costs of its level."""
    said, above = [], _gross_margin(result)
    for level in LEVELS[1:-1]:
        if any(result.rows[f"{level.id}_costs"]):
            short = text(_HEADINGS[level.id])
            costs = languages.in_sentence(text(level.costs))
            said.append(text("{margin} = {above} less {costs}.", margin=short, above=above, costs=costs))
            above = short
    return [" ".join(said)] if said else []


def _gross_margin(result: "Profitability") -> str:
    return text(AFTER_PURCHASES if _purchases(result) else LEVELS[0].margin)


def _purchases(result: "Profitability") -> bool:
    """Whether costs of goods are known beside those of the lines."""
    return any(result.rows["cogs_costs"]) or "cogs" in set(result.unallocated["level"])


def _unallocated(result: "Profitability") -> View:
    left = result.unallocated
    rows = sorted(left.to_dict("records"), key=lambda row: -abs(row["amount"]))
    names = {level.id: text(level.costs) for level in LEVELS}
    table = [
        row
        | {
            "label": row["kind"] or text("(no name)"),
            "of": names.get(row["level"], row["level"]),
            "driver": driver_name(row["driver"]) if row["driver"] else None,
        }
        for row in rows
    ]
    total = sum(left["amount"], Decimal(0))
    if len(table) > _MOST_LEFT + 1:
        rest = table[_MOST_LEFT:]
        together = {"label": plural("{n} other", "{n} others", len(rest)), "amount": sum(r["amount"] for r in rest)}
        table = [*table[:_MOST_LEFT], dict.fromkeys(table[0]) | together]
    shown_rows = pd.DataFrame(
        [*table, dict.fromkeys(table[0]) | {"label": text("Total"), "amount": total}], dtype="object"
    )
    asks = list(dict.fromkeys(row["ask"] for row in rows if row["ask"]))
    title = text(
        "{money} of costs reach no member",
        money=show(total, result.currency),
    )
    subtitle = text(
        "Costs that are not allocated by {dimension}, {period}, {currency}",
        dimension=by_words(result.dimensions),
        period=result.period.name(),
        currency=result.currency,
    )
    fields = [
        Field("label", text("Kind of cost")),
        Field("of", text("Level"), unit="text"),
        _amount("amount", text("Amount"), result.currency),
        Field("driver", text("Driver"), unit="text"),
        Field("why", text("Why"), unit="text"),
    ]
    return View(title, subtitle, fields, shown_rows, total=True, notes=asks)


def _rates(result: "Profitability", most: int) -> View:
    """The largest members by their shrunken rate, the highest first."""
    estimated = result.rows[result.rows["estimate"].notna()]
    largest = estimated.iloc[largest_first(estimated)[:most]]
    rows = sorted(largest.to_dict("records"), key=lambda row: -row["estimate"])
    table = pd.DataFrame([row | {"label": label(row)} for row in rows], dtype="object")
    letters = [set(_letters(row["tie"])) for row in rows]
    alike = set.intersection(*letters) if letters else set()
    first = [label(row) for row, each in zip(rows, letters, strict=True) if each & letters[0]]
    if alike:
        title = text("No margin rate can be told from another beyond chance")
    elif len(first) == 1:
        title = text("The margin rate of {member} is the highest beyond chance", member=first[0])
    else:
        names = listing([*first[:3], *([plural("{n} other", "{n} others", len(first) - 3)] if len(first) > 3 else [])])
        title = text("The highest margin rates are not told apart: {members}", members=names)
    subtitle = text(
        "Gross margin rate of the lines beyond {period}, by {dimension}, the {n} largest",
        period=result.period.name(),
        dimension=by_words(result.dimensions),
        n=languages.number(len(rows)),
    )
    fields = [
        Field("label", " × ".join(dimension_name(each) for each in result.dimensions)),
        Field("estimate", text("Rate, %"), unit="share"),
        Field("low", text("from"), unit="share"),
        Field("high", text("to"), unit="share"),
        *([Field("coverage", text("Cost known, %"), unit="share")] if any(r["coverage"] < 1 for r in rows) else []),
        Field("n", text("Lines"), unit="count"),
        Field("tie", text("Group"), unit="text"),
    ]
    notes = [
        text(
            "Drawn towards the mean of all members as far as their spread is chance (DerSimonian-Laird); "
            "interval at {level}, lines taken as independent.",
            level=percent(estimates.LEVEL, 0),
        ),
        text("Members that share a letter are not told apart."),
    ]
    return View(title, subtitle, fields, table, notes=notes)


def _letters(tie: Any) -> list[str]:
    """The letters of a group, each with its number where the alphabet was not enough."""
    found: list[str] = []
    for character in tie or "":
        if character.isdigit():
            found[-1] += character
        else:
            found.append(character)
    return found


def _amount(key: str, heading: str, currency: str) -> Field:
    """A column of amounts of one currency, which stands in the heading."""
    return Field(key, f"{heading}, {currency}", unit="quantity")
