"""Views of a base: which customers are valued, by what, and which are not."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit.contribution import ENOUGH as ENOUGH_COST
from perfkit.customers.clv import Choice, Spend
from perfkit.customers.clv.models import MODELS
from perfkit.customers.clv.summaries import DAYS
from perfkit.dimensions import in_words
from perfkit.estimates import ratio
from perfkit.languages import date, mark, number, percent, plural, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.worth.bases import Base, Model

MONTH = DAYS["month"] / DAYS["week"]
_BASIS = {
    "customers": mark("Customers whose history is known from the first purchase on, until {day}"),
    "kept": mark("Revenue after returns / revenue of purchases, customers of the group until {day}"),
    "kept margin": mark(
        "Gross margin after returns / revenue of purchases, customers of the group until {day}; lines whose cost is "
        "known"
    ),
    "parameter": mark("Maximum likelihood of {model} on the purchases of {n} customers, of whom {repeat} bought again"),
}


def name(base: "Base", model: "Model") -> str:
    """Return what a group is called."""
    if model.group is not None:
        return model.group
    return text("All customers") if len(base.models) == 1 else text("All others")


def stem(model: "Model") -> str:
    """Return what a group is called in ids, in every language."""
    return "rest" if model.group is None else f"={model.group}"


def value_name(base: "Base") -> str:
    """Return what a customer's value is of."""
    if base.value == "revenue":
        return text("Net revenue")
    return text("Contribution margin 1") if base.other_costs else text("Gross margin")


def base_figures(base: "Base") -> pd.DataFrame:
    """Return the customers, what is left of a euro of purchases, and the parameters of each group."""
    day = base.until
    common: dict[str, Any] = {"period": day.isoformat()}
    rows: list[dict[str, Any]] = []
    for model in base.models:
        whole = f"customer_base:{day}:{stem(model)}"
        of = common | {"dimensions": {base.grouped or "group": name(base, model)}}
        customers = base.customers.iloc[model.at]
        rows.append(
            of
            | {"figure_id": f"{whole}:customers", "kpi": "customers_valued", "estimate": len(model.at), "unit": "count"}
            | {"basis": text(_BASIS["customers"], day=date(day)), "status": "observed"}
        )
        kept = model.kept.iloc[0].to_dict()
        kind = "kept margin" if base.value == "margin" else "kept"
        rows.append(
            of
            | {each: kept.get(each) for each in ("estimate", "low", "high", "level", "n")}
            | {"figure_id": f"{whole}:kept", "kpi": "value_kept", "unit": "share", "status": "estimated"}
            | {"basis": text(_BASIS[kind], day=date(day))}
        )
        again = int((customers["frequency"] > 0).sum())
        basis = text(
            _BASIS["parameter"], model=model.fitted.process.title, n=number(len(customers)), repeat=number(again)
        )
        for row in model.fitted.parameters.to_dict("records"):
            there = not pd.isna(row["estimate"])
            rows.append(
                of
                | {each: row[each] for each in ("estimate", "low", "high", "level", "n")}
                | {"figure_id": f"{whole}:{model.fitted.model}:{row['parameter']}", "kpi": "purchase_model"}
                | {"unit": "quantity", "basis": basis, "status": "estimated" if there else "not available"}
                | {"reason": "" if there else " ".join(model.fitted.notes)}
                | {"dimensions": of["dimensions"] | {"parameter": row["parameter"]}}
            )
    return figure_frame(rows)


def base_views(base: "Base") -> list[View]:
    """Return the groups with what stands for them, then what was left out."""
    return [_groups(base), *base.summary.views()]


def _groups(base: "Base") -> View:
    rows = []
    for model in base.models:
        customers = base.customers.iloc[model.at]
        n, purchases = len(customers), float((customers["frequency"] + 1).sum())
        kept = model.kept.iloc[0]
        rows.append(
            {
                "group": name(base, model),
                "customers": n,
                "again": float((customers["frequency"] > 0).mean()),
                "purchases": purchases / n,
                "amount": float(customers["bought"].fillna(0).sum()) / purchases,
                "kept": kept["estimate"],
                "kept_low": kept["low"],
                "kept_high": kept["high"],
                "model": model.fitted.process.title,
            }
        )
    unit = base.currency or "quantity"
    kept = text("Margin after returns, %") if base.value == "margin" else text("Kept after returns, %")
    fields = [
        Field("group", text("Group")),
        Field("customers", text("Customers"), unit="count"),
        Field("again", text("Bought again, %"), unit="share"),
        Field("purchases", text("Purchases a customer"), unit="quantity", decimals=1),
        Field("amount", text("A purchase"), unit=unit, decimals=2),
        Field("kept", kept, unit="share"),
        Field("kept_low", text("from"), unit="share"),
        Field("kept_high", text("to"), unit="share"),
        Field("model", text("Model")),
    ]
    title = plural(
        "{n} customer is valued, by the model of customers like this one",
        "{n} customers are valued, each by the model of customers like them",
        len(base.customers),
    )
    if len(base.models) == 1:
        title = plural("{n} customer is valued", "{n} customers are valued", len(base.customers))
    subtitle = text("Customers known from their first purchase on, until {day}", day=date(base.until))
    return View(title, subtitle, fields, pd.DataFrame(rows, dtype="object"), notes=notes(base))


def notes(base: "Base") -> list[str]:
    """Return what a reader has to know of who is valued, and by what, as sentences."""
    said = []
    if older := without_old(base):
        said.append(older)
    said += doubts(base)
    if base.grouped is None:
        said.append(text("All customers share a model: ask for the segment of each customer."))
    elif len(base.models) > 1 and any(model.group is None for model in base.models):
        said.append(
            text("Groups by {dimension} in which fewer than {n} customers bought again share a model.",
                 dimension=in_words(base.grouped), n=number(_enough()))
        )  # fmt: skip
    for model in base.models:
        told = [*model.fitted.notes, *(model.spend.notes if isinstance(model.spend, Spend) else [])]
        codes = {*model.fitted.codes, *(model.spend.codes if isinstance(model.spend, Spend) else ())}
        kept = told[: len(codes)]
        shown = [sentence for sentence in kept if sentence not in said]
        if shown:
            said.append(
                " ".join(shown) if len(base.models) == 1 else text("{group}: {notes}", group=name(base, model),
                                                                  notes=" ".join(shown))
            )  # fmt: skip
    return said


def _enough() -> int:
    from perfkit.customers.worth.bases import ENOUGH

    return ENOUGH


def without_old(base: "Base") -> str:
    """Return who is not valued because the first purchases are not known, and what they bring; empty for nobody."""
    older = base.known.older
    if not older["customers"]:
        return ""
    return plural(
        "{n} customer acquired before the data start, on {day}, is not valued: the first purchases are unknown. "
        "{share} of revenue since then is of this one.",
        "{n} customers acquired before the data start, on {day}, are not valued: their first purchases are unknown. "
        "{share} of revenue since then is theirs.",
        int(older["customers"]),
        day=date(base.known.since),
        share=percent(ratio(older["net_revenue"], base.summary.net_revenue), 0),
    )


def doubts(base: "Base") -> list[str]:
    """Return what makes a reader doubt who is new, and what a value is made of."""
    said = []
    if base.known.crowded:
        said.append(
            plural(
                "In the first month far more customers seem new than usual: most had bought before the data start. "
                "They are not valued. Ask for acquisition dates, or for earlier sales.",
                "In the first {n} months far more customers seem new than usual: most had bought before the data "
                "start. They are not valued. Ask for acquisition dates, or for earlier sales.",
                base.known.crowded,
            )
        )
    elif not base.known.dated:
        said.append(
            text(
                "Whoever bought before the data start, on {day}, counts as new at the first purchase after it: ask for "
                "acquisition dates.",
                day=date(base.known.since),
            )
        )
    endless = sum(len(model.at) for model in base.models if model.fitted.process.ends_each == 1)
    if endless > len(base.customers) / 2:
        said.append(
            text("The data show no customer who stopped: everybody counts as still buying, and the value is too high "
                 "by whoever has left, or will.")
            if base.bias is None or base.bias["bias_signed"] >= 0
            else text("The data show no customer who stopped: everybody counts as still buying. In the past, customers "
                      "bought more than was expected of them all the same.")
        )  # fmt: skip
    if base.horizon > base.history:
        said.append(
            text("Values reach {ahead} ahead, and no customer has been followed for more than {history} months: what "
                 "lies beyond is the model's word alone.", ahead=months(base), history=number(base.history / MONTH))
        )  # fmt: skip
    if base.value == "revenue":
        said.append(text("Value is net revenue, not margin: ask for the cost of the goods of each line."))
    elif base.coverage is not None and base.coverage < ENOUGH_COST:
        said.append(
            text("Only {share} of these customers' revenue has a known cost; the rest is taken to earn the same "
                 "margin.",
                 share=percent(base.coverage))
        )  # fmt: skip
    return said


def off(base: "Base") -> str:
    """Return how far off the chosen model was, as a sentence that stands beside every value."""
    if base.bias is None or not isinstance(base.choice, Choice):
        return text("No backtest could be made: how far off the model would have been is not known.")
    tested = base.choice.tested
    return plural(
        "Asked once in the past, {model} was off by {bias} in all ({signed}), within {weeks} weeks.",
        "Asked {n} times in the past, {model} was off by {bias} in all on average ({signed}), within {weeks} weeks.",
        tested.rows["origin"].nunique(),
        model=_tested(base.choice),
        bias=percent(base.bias["bias"]),
        signed=percent(base.bias["bias_signed"], signed=True),
        weeks=number(tested.horizon),
    )


def _tested(choice: Choice) -> str:
    """What the chosen family is called: where the data never identified it, the simpler model that stood for it."""
    fitted = set(choice.tested.rows.loc[choice.tested.rows["model"] == choice.model, "fitted"])
    name = fitted.pop() if len(fitted) == 1 else choice.model
    return MODELS[name].title if name in MODELS else MODELS[choice.model].title


def off_briefly(base: "Base") -> str:
    """Return how far off the model was, in the few words that stand beside a headline."""
    if base.bias is None:
        return text("never tested in the past")
    return text("off by {bias} in the past", bias=percent(base.bias["bias"]))


def months(base: "Base") -> str:
    """Return how far values reach: 24 months."""
    return plural("{n} month", "{n} months", round(base.horizon_months))
