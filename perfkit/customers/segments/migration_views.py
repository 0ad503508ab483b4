"""Views of a migration: who moved where, and what the segments brought before and bring now."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import languages
from perfkit.customers.segments import words
from perfkit.customers.segments.lifecycles import Lifecycle
from perfkit.languages import date, mark, percent, plural, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.segments.migrations import Migration

ABSENT = "absent"
"""The segment of whoever is no customer on one of the two days."""
_BASIS = mark(
    "Customers by their segment on {before} and on {now}; whoever is in one of them only is no customer in the other"
)


def migration_figures(result: "Migration") -> pd.DataFrame:
    """Return customers and money of each pair of segments."""
    kind = type(result.now).__name__.lower()
    first, last = result.days
    money = _unit(result)
    basis = text(_BASIS, before=date(first), now=date(last))
    rows: list[dict[str, Any]] = []
    for row in result.cells.to_dict("records"):
        stem = f"migration:{kind}:{first}:{last}:{row['before']}:{row['now']}".replace(" ", "_")
        of = {"period": str(last), "dimensions": {"before": row["before"], "now": row["now"]}, "basis": basis}
        of |= {"n": row["customers"], "status": "observed"}
        rows.append(of | {"figure_id": f"{stem}:customers", "kpi": "migration_customers", "estimate": row["customers"],
                          "unit": "count"})  # fmt: skip
        for side in ("before", "now"):
            rows.append(of | {"figure_id": f"{stem}:value_{side}", "kpi": f"migration_value_{side}",
                              "estimate": row[f"value_{side}"], "unit": money,
                              "status": "estimated" if _expected(result) else "observed"})  # fmt: skip
    return figure_frame(rows)


def _expected(result: "Migration") -> bool:
    """Whether values are of the future."""
    return isinstance(result.now, Lifecycle)


def _unit(result: "Migration") -> str:
    unvalued = isinstance(result.now, Lifecycle) and not result.now.valued
    return "quantity" if unvalued else result.now.currency or "quantity"


def _name(result: "Migration", segment: str) -> str:
    return text(words.STAGES[ABSENT]) if segment == ABSENT else result.now.name(segment)


def migration_views(result: "Migration") -> list[View]:
    """Return the matrix of customers, and the money of each segment before and now."""
    return [_customers(result), _money(result)]


def _present(result: "Migration") -> list[str]:
    there = set(result.cells["before"]) | set(result.cells["now"])
    return [each for each in result.order if each in there]


def message(result: "Migration") -> str:
    """Return how many of the first segment stayed in it, in a sentence."""
    segment = next((each for each in ("1", "active") if result.stayed(each)["of"]), None)
    if segment is None:
        moved = result.cells.loc[result.cells["before"] != result.cells["now"], "customers"].sum()
        return plural("{n} customer changed segment", "{n} customers changed segment", int(moved))
    stayed = result.stayed(segment)
    return text(
        "Of {who} in “{segment}”, {share} are in it still",
        who=plural("{n} customer", "{n} customers", stayed["of"]), segment=_name(result, segment),
        share=percent(stayed["share"]),
    )  # fmt: skip


def _customers(result: "Migration") -> View:
    there = _present(result)
    wide = result.cells.pivot(index="before", columns="now", values="customers").reindex(index=there, columns=there)
    wide = wide.fillna(0).astype("int64")
    rows: list[dict[str, Any]] = []
    for segment in there:
        stayed = result.stayed(segment) if segment != ABSENT else {"share": None}
        if not wide.loc[segment].sum():
            continue
        rows.append(
            {"label": _name(result, segment), **{f"to {each}": wide.loc[segment, each] for each in there},
             "sum": wide.loc[segment].sum(), "stayed": stayed["share"], "of": None if segment == ABSENT else "share"}
        )  # fmt: skip
    total = {"label": text("All"), **{f"to {each}": wide[each].sum() for each in there}, "sum": wide.to_numpy().sum()}
    columns = [each for each in there if wide[each].sum()]
    fields = [
        Field("label", text("From")),
        *(Field(f"to {each}", _name(result, each), unit="count") for each in columns),
        Field("sum", text("All"), unit="count"),
        Field("stayed", text("In it still, %"), unit_from="of"),
    ]
    shown = pd.DataFrame([*rows, total | {"stayed": None, "of": None}], dtype="object")
    first, last = result.days
    what = text("Customers by segment on {before} (down) and on {now} (across)", before=date(first), now=date(last))
    return View(message(result), what, fields, shown, total=True, notes=_notes(result))


def _notes(result: "Migration") -> list[str]:
    top = next((each for each in ("1", "active") if result.stayed(each)["of"] and result.came(each)["of"]), None)
    found = [
        text(
            "Not a customer: without a purchase in the time that the day sees; so new ones and those gone are counted."
        )
    ]
    if top is not None:
        found.append(
            text(
                "Regression to the mean: of those in the best segment before, {stayed} are in it now, and of those in "
                "it now, {came} were before. Both lie below 100% even where no customer has changed, because who "
                "stands out on a day does so by luck too: leaving it is no proof of a loss, nor entering of a success.",
                stayed=percent(result.stayed(top)["share"]), came=percent(result.came(top)["share"]),
            )
        )  # fmt: skip
    if isinstance(result.now, Lifecycle):
        return found
    since = result.now.scored.since
    if since is None:
        found.append(
            text("Both days count all purchases since the first: what was bought before the first day is in both.")
        )
    elif since <= result.days[0]:
        found.append(
            text("The two times overlap: purchases of the days in both count twice, and fewer customers move.")
        )
    return found


def _money(result: "Migration") -> View:
    there = _present(result)
    unit = _unit(result)
    rows: list[dict[str, Any]] = []
    for segment in there:
        of, into = (result.cells[result.cells[side] == segment] for side in ("before", "now"))
        rows.append(
            {
                "label": _name(result, segment),
                "n_before": of["customers"].sum(), "value_before": sum(of["value_before"]),
                "same": sum(of["value_now"]),
                "n_now": into["customers"].sum(), "value_now": sum(into["value_now"]),
            }
        )  # fmt: skip
    total = {"label": text("All")} | {
        name: sum(row[name] for row in rows) for name in ("n_before", "value_before", "same", "n_now", "value_now")
    }
    first, last = result.days
    money = f", {unit}" if unit != "quantity" else ""
    fields = [
        Field("label", text("Segment")),
        Field("n_before", text("Customers before"), unit="count"),
        Field("value_before", text("Their value before") + money, unit="quantity"),
        Field("same", text("The same customers' value now") + money, unit="quantity"),
        Field("n_now", text("Customers now"), unit="count"),
        Field("value_now", text("Their value now") + money, unit="quantity"),
    ]
    kind = _kind(result)
    title = text(
        "{value} of all customers: {before} before, {now} now", value=kind,
        before=languages.show(total["value_before"], unit), now=languages.show(total["value_now"], unit),
    )  # fmt: skip
    what = text("{value} by segment on {before} and on {now}", value=kind, before=date(first), now=date(last))
    return View(title, what, fields, pd.DataFrame([*rows, total], dtype="object"), total=True)


def _kind(result: "Migration") -> str:
    if not isinstance(result.now, Lifecycle):
        return words.value(result.now.scored.value)
    if not result.now.valued:
        return text("Expected purchases")
    return text("{value} expected", value=words.value(result.now.value))
