"""Bridge views: how price, volume and mix are shown, and what must be known before they are trusted."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import estimates, languages
from perfkit.dimensions import dimension_name, distinct_names
from perfkit.languages import in_sentence, mark, money, number, percent, plural, show, text
from perfkit.margins.bridge.items import REASONS, ZERO
from perfkit.results import Field, View

if TYPE_CHECKING:
    from perfkit.margins.bridge.price_volume import PriceVolumeMix

NAMES = {
    "price": mark("Price"),
    "volume": mark("Volume"),
    "mix": mark("Mix"),
    "new": mark("New items"),
    "lost": mark("Items no longer sold"),
    "cost": mark("Unit costs"),
    "currency": mark("Exchange rates"),
    "credit_notes": mark("Returns and credit notes"),
    "other": mark("Without a price to compare"),
}
"""What effects are called: message ids."""

_MEANING = {
    "price": mark("Items sold in both periods: their change of price, at the quantities of {current}"),
    "volume": mark("Items sold in both periods: the change of their quantity in all, at their average price of {base}"),
    "mix": mark("Items sold in both periods: dearer or cheaper ones took a larger share of the quantity"),
    "new": mark("Items sold in {current} only"),
    "lost": mark("Items sold in {base} only"),
    "cost": mark("Items sold in both periods: their change of unit cost, at the quantities of {current}"),
    "currency": mark("Sales in other currencies: the change of the exchange rates"),
    "credit_notes": mark("Lines with a negative quantity or amount"),
    "other": mark("Lines without an item, a quantity or an amount, and items sold in another unit than before"),
}
_SYMMETRIC = {
    "price": mark("Items sold in both periods: their change of price, at the mean of both quantities"),
    "volume": mark(
        "Items sold in both periods: the change of their quantity in all, at the mean of both average prices"
    ),
    "cost": mark("Items sold in both periods: their change of unit cost, at the mean of both quantities"),
}
_OF_MARGIN = {
    "volume": mark(
        "Items sold in both periods: the change of their quantity in all, at their average unit margin of {base}"
    ),
    "mix": mark("Items sold in both periods: those that earn more or less took a larger share of the quantity"),
}
_SYMMETRIC_OF_MARGIN = mark(
    "Items sold in both periods: the change of their quantity in all, at the mean of both average unit margins"
)
_ROUNDED = mark(
    "Rounded: totals and changes are those of the unrounded figures, so the figures shown may miss them by their last "
    "digit."
)
_MOST = 10
_ALWAYS = ("price", "volume", "mix")


def base_name(result: "PriceVolumeMix") -> str:
    """Return what the base is called: the name of its period, or its budget."""
    name = result.base.name()
    return text("Budget {period}", period=name) if result.budget else name


def meaning(result: "PriceVolumeMix", effect: str) -> str:
    """Return what an effect measures, in a sentence."""
    message = _MEANING[effect]
    if result.margin:
        message = _OF_MARGIN.get(effect, message)
    if result.symmetric:
        message = _SYMMETRIC.get(effect, message)
        if result.margin and effect == "volume":
            message = _SYMMETRIC_OF_MARGIN
    return text(message, current=result.current.name(), base=base_name(result))


def effects_shown(result: "PriceVolumeMix") -> pd.DataFrame:
    """Return the effects that a reader is shown: what is exactly zero says nothing, price, volume and mix apart.

    Columns effect, label, amount, share (of the base; None from 0 or less), tone, meaning.
    """
    rows = [
        row | {
            "label": text(NAMES[row["effect"]]),
            "share": estimates.ratio(row["amount"], result.start) if result.start > 0 else None,
            "tone": estimates.tone(row["amount"], result.currency),
            "meaning": meaning(result, row["effect"]),
        }
        for row in result.effects.to_dict("records")
        if row["effect"] in _ALWAYS or row["amount"]
    ]  # fmt: skip
    return pd.DataFrame(rows, dtype="object")


def shown(result: "PriceVolumeMix") -> list[View]:
    """Return the effects, the items whose prices (or unit costs) did most, and the lines whose cost is unknown."""
    if result.reason:
        title = text("{what}: not available", what=text("Price, volume and mix"))
        return [View(title, result.reason, [], pd.DataFrame())]
    views = [_bridge(result)]
    if any(result.items["cost" if result.margin else "price"]):
        views.append(_moved(result))
    if any(result.uncosted):
        views.append(_uncosted(result))
    return views


def thin_in_words(result: "PriceVolumeMix") -> str:
    """Return of how much of the sales the cost is known, where that is too little to compare two periods by."""
    before, now = (percent(1.0 if share is None else share) for share in result.covered)  # of nothing, all is known
    return text(
        "The cost is known of {before} of the amounts of {base} and of {now} of those of {current}: too little to say "
        "how gross profit moved",
        before=before,
        base=base_name(result),
        now=now,
        current=result.current.name(),
    )


def message(result: "PriceVolumeMix") -> str:
    """Return in a sentence how much the amount has changed, and through which effects most."""
    if result.thin:
        return thin_in_words(result)
    table = effects_shown(result)
    table = table.iloc[sorted(range(len(table)), key=lambda place: -abs(table["amount"].iloc[place]))[:3]]
    parts = [
        f"{in_sentence(row['label'])} {money(row['amount'], result.currency, signed=True)}"
        for row in table.to_dict("records")
    ]
    values = {
        "change": money(abs(result.change), result.currency),
        "effects": ", ".join(parts),
        "base": result.base.name(),
    }
    if not result.change:
        if result.margin:
            return text("Gross profit did not change: {effects}", **values)
        return text("Revenue did not change: {effects}", **values)
    if result.margin:
        if result.budget:
            if result.change < 0:
                return text("Gross profit is {change} below the budget of {base}: {effects}", **values)
            return text("Gross profit is {change} above the budget of {base}: {effects}", **values)
        if result.change < 0:
            return text("Gross profit fell by {change}: {effects}", **values)
        return text("Gross profit rose by {change}: {effects}", **values)
    if result.budget:
        if result.change < 0:
            return text("Revenue is {change} below the budget of {base}: {effects}", **values)
        return text("Revenue is {change} above the budget of {base}: {effects}", **values)
    if result.change < 0:
        return text("Revenue fell by {change}: {effects}", **values)
    return text("Revenue rose by {change}: {effects}", **values)


def warnings(result: "PriceVolumeMix") -> list[str]:
    """Return what a reader must know before trusting the effects."""
    if result.reason:
        return []
    found = []
    before, now = base_name(result), result.current.name()
    for share, name in zip(result.common, (before, now), strict=True):
        if share is None:
            found.append(text("Nothing was sold at a price in {period}, so no price can be compared.", period=name))
    if result.dominated:
        found.append(
            text(
                "Items sold in both periods hold {before} of the sales of {base} and {now} of those of {current}: new "
                "and lost items dominate. Check that the keys ({key}) stay the same from year to year.",
                before=percent(result.common[0]),
                base=before,
                now=percent(result.common[1]),
                current=now,
                key=languages.listing(_key_names(result)),
            )
        )
    for row in result.others.to_dict("records"):
        found.append(
            text(
                "{what}: {before} in {base}, {now} in {current}. There is no price to compare.",
                what=text(REASONS[row["reason"]]),
                before=money(row["before"], result.currency),
                base=before,
                now=money(row["now"], result.currency),
                current=now,
            )
        )
    if any(result.uncosted):
        found.append(
            text(
                "The cost of some lines is not known: {before} of revenue in {base}, {now} in {current}. They are in "
                "no effect, and their cost is not estimated.",
                before=money(result.uncosted[0], result.currency),
                base=before,
                now=money(result.uncosted[1], result.currency),
                current=now,
            )
        )
    standard = of_standard_cost(result)
    return [*found, standard] if standard else found


def of_standard_cost(result: "PriceVolumeMix") -> str:
    """Return what the cost effect does not measure; empty where every cost is that of its line."""
    if not any(result.standard):
        return ""
    return text(
        "{before} of the cost of goods in {base} and {now} in {current} is a standard cost: quantity × the one unit "
        "cost of the product table, whatever the day. Between two of these the cost effect is nil by construction: it "
        "is no measure of what buying prices did.",
        before=percent(result.standard[0] or 0),
        base=base_name(result),
        now=percent(result.standard[1] or 0),
        current=result.current.name(),
    )


def _key_names(result: "PriceVolumeMix") -> list[str]:
    return [in_sentence(dimension_name(key)) for key in result.keys]


def _amount(key: str, heading: str, currency: str, **look: Any) -> Field:
    return Field(key, f"{heading}, {currency}", unit="quantity", **look)


def _bridge(result: "PriceVolumeMix") -> View:
    table = effects_shown(result)
    total = {
        "label": text("Change"),
        "amount": result.change,
        "share": estimates.growth(result.end, result.start),
        "tone": estimates.tone(result.change, result.currency),
        "meaning": text(
            "From {start} to {end}",
            start=money(result.start, result.currency),
            end=money(result.end, result.currency),
        ),
    }
    table = pd.DataFrame([*table.to_dict("records"), total], dtype="object")
    values = {
        "current": result.current.name(),
        "base": base_name(result),
        "key": languages.listing(_key_names(result)),
        "currency": result.currency,
    }
    subtitle = (
        text("Gross profit, {current} against {base}, by {key}, {currency} net of tax", **values)
        if result.margin
        else text("Net revenue, {current} against {base}, by {key}, {currency} net of tax", **values)
    )
    return View(
        title=message(result),
        subtitle=subtitle,
        fields=[
            Field("label", text("Effect")),
            _amount("amount", text("Amount"), result.currency, signed=True, tone_from="tone", bar=True),
            Field("share", text("Of the base"), unit="share", signed=True, tone_from="tone"),
            Field("meaning", text("What it measures"), unit="text"),
        ],
        rows=table,
        total=True,
        notes=[*warnings(result), *_notes(result, table)],
    )


def _notes(result: "PriceVolumeMix", table: pd.DataFrame) -> list[str]:
    units = result.items.loc[result.items["kind"] == "common", "unit"]
    several = int(units.nunique(dropna=False))
    notes = [
        text(
            "Weights: the mean of both periods (symmetric). Each effect is the sum of those of {n} items.",
            n=number(len(result.items)),
        )
        if result.symmetric
        else text(
            "Weights: prices at the quantities of {current}, quantities at the prices of {base} (Paasche). Each effect "
            "is the sum of those of {n} items.",
            n=number(len(result.items)),
            current=result.current.name(),
            base=base_name(result),
        )
    ]
    if several > 1:
        notes.append(
            plural(
                "Volume and mix are computed in {n} unit of measure.",
                "Volume and mix are computed apart in {n} units of measure, which are never added.",
                several,
            )
        )
    if estimates.rounding_shows(table["amount"].iloc[:-1], result.change):
        notes.append(text(_ROUNDED))
    return notes


def _moved(result: "PriceVolumeMix") -> View:
    """The items whose prices did most, whatever the sign; of gross profit, whose unit costs did."""
    effect, rate = ("cost", "unit_cost") if result.margin else ("price", "price")
    common = result.items[result.items["kind"] == "common"]
    effects = list(common[effect])
    places = sorted((place for place, each in enumerate(effects) if each), key=lambda at: -abs(effects[at]))
    rows = common.iloc[places[:_MOST]]
    rows = rows.assign(
        label=item_names(result, rows),
        unit=[each or "" for each in rows["unit"]],
        tone=[estimates.tone(each, result.currency) for each in rows[effect]],
    )
    gained, taken = (
        show(sum((each for each in effects if each * sign > 0), ZERO), result.currency, signed=True) for sign in (1, -1)
    )
    before, now = base_name(result), result.current.name()
    values = {"n": number(len(rows)), "current": now, "base": before, "currency": result.currency}
    if result.margin:
        title = text("Items at higher unit costs: {up}; at lower ones: {down}", up=taken, down=gained)
        subtitle = text("The {n} items with the largest cost effect, {current} against {base}, {currency}", **values)
        headings = text("Unit cost, {period}", period=before), text("Unit cost, {period}", period=now)
    else:
        title = text("Items at higher prices: {up}; at lower ones: {down}", up=gained, down=taken)
        subtitle = text(
            "The {n} items with the largest price effect, {current} against {base}: net revenue by unit sold, "
            "{currency} net of tax",
            **values,
        )
        headings = text("Price, {period}", period=before), text("Price, {period}", period=now)
    heading = text("Cost effect") if result.margin else text("Price effect")
    fields = [
        Field("label", languages.opening(languages.listing(_key_names(result)))),
        *([Field("unit", text("Unit"), unit="text")] if any(rows["unit"]) else []),
        Field("quantity_before", text("Quantity, {period}", period=before), unit="quantity"),
        Field("quantity_now", text("Quantity, {period}", period=now), unit="quantity"),
        _amount(f"{rate}_before", headings[0], result.currency, decimals=2),
        _amount(f"{rate}_now", headings[1], result.currency, decimals=2),
        _amount(effect, heading, result.currency, signed=True, tone_from="tone", bar=True),
    ]
    return View(title=title, subtitle=subtitle, fields=fields, rows=rows.reset_index(drop=True))


def item_names(result: "PriceVolumeMix", rows: pd.DataFrame) -> list[str]:
    """Return what items are called: by the parts of their key, the last of which may have a name."""
    last = rows[result.keys[-1]]
    known = last.drop_duplicates()
    called = dict(zip(known, distinct_names(known, rows.loc[known.index, "name"]), strict=True))
    parts = [rows[key] for key in result.keys[:-1]]
    return [" · ".join([*others, called[member]]) for *others, member in zip(*parts, last, strict=True)]


def _uncosted(result: "PriceVolumeMix") -> View:
    """Revenue of the lines whose cost is known, and of those that are in no effect."""
    known = [sum(result.items[f"revenue_{side}"]) for side in ("before", "now")]
    rows = [
        {"label": text("Cost known"), "before": known[0], "now": known[1]},
        {"label": text("Cost not known"), "before": result.uncosted[0], "now": result.uncosted[1]},
    ]
    total = {name: rows[0][name] + rows[1][name] for name in ("before", "now")}
    rows.append({"label": text("Total")} | total)
    shares = [
        estimates.ratio(known[place], total[name]) if total[name] > 0 else None for place, name in enumerate(total)
    ]
    return View(
        title=text(
            "The cost is known of {before} of the revenue of {base}, and of {now} of that of {current}",
            before=percent(shares[0]),
            base=base_name(result),
            now=percent(shares[1]),
            current=result.current.name(),
        ),
        subtitle=text(
            "Net revenue by whether the cost of the line is known, {currency} net of tax", currency=result.currency
        ),
        fields=[
            Field("label", text("Net revenue")),
            _amount("before", base_name(result), result.currency),
            _amount("now", result.current.name(), result.currency),
        ],
        rows=pd.DataFrame(rows, dtype="object"),
        total=True,
    )
