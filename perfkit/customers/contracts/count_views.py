"""Views of counted contracts: the cohorts as far as each was observed, and what is in none."""

from typing import TYPE_CHECKING

import pandas as pd

from perfkit.customers.cohorts import words
from perfkit.languages import date, mark, number, opening, plural, text
from perfkit.results import Field, View, figure_frame

if TYPE_CHECKING:
    from perfkit.customers.contracts.counts import ContractCohorts

_STARTS = {"month": mark("Month of start"), "quarter": mark("Quarter of start"), "year": mark("Year of start")}
_BASIS = {
    "month": mark("Contracts that ran beyond their renewals, month by month from their own start, until {day}"),
    "quarter": mark("Contracts that ran beyond their renewals, quarter by quarter from their own start, until {day}"),
    "year": mark("Contracts that ran beyond their renewals, year by year from their own start, until {day}"),
}
_REASONS = {
    "after observed_until": mark("Contracts that started after the observation"),
    "period not over": mark("Contracts that started in a period that is not over"),
    "no start": mark("Contracts without a day of start"),
    "ended before the start": mark("Contracts that ended before they started"),
}


def count_figures(counted: "ContractCohorts") -> pd.DataFrame:
    """Return the survivors of every cohort and age that was observed, and who was left out, as figures."""
    stem = f"contract_survivors:{counted.by}:{counted.renews}:{counted.observed_until}"
    common = {"kpi": "contract_survivors", "unit": "count", "status": "observed", "basis": _basis(counted)}
    rows = [
        common
        | {
            "figure_id": f"{stem}:{cohort}:{age}",
            "period": str(cohort),
            "dimensions": {"cohort": str(cohort), "age": str(age)},
            "estimate": int(left),
            "n": int(row[0]),
        }
        for cohort, row in counted.survivors.iterrows()
        for age, left in row.dropna().items()
    ]
    for row in counted.left_out.to_dict("records"):
        of = {"figure_id": f"{stem}:left_out:{row['reason'].replace(' ', '_')}", "kpi": "contract_exclusions"}
        of |= {"period": str(counted.observed_until), "basis": text(_REASONS[row["reason"]])}
        rows.append(common | of | {"estimate": row["contracts"]})
    return figure_frame(rows)


def count_views(counted: "ContractCohorts") -> list[View]:
    """Return the cohorts as far as each was observed, and what is in none."""
    rows = []
    for cohort, row in counted.survivors.iterrows():
        seen = row.dropna()
        last = {"age": int(seen.index[-1]), "left": int(seen.iloc[-1]), "share": seen.iloc[-1] / seen.iloc[0]}
        rows.append({"label": opening(words.cohort(cohort)), "n": int(seen.iloc[0]), **last})
    inside = int(counted.survivors[0].sum())
    cohorts = View(
        plural(
            "{n} contract, of which {running} ran on after {day}",
            "{n} contracts, of which {running} ran on after {day}",
            inside,
            running=number(counted.running),
            day=date(counted.observed_until),
        ),
        _basis(counted),
        [
            Field("label", text(_STARTS[counted.by])),
            Field("n", text("Contracts started"), unit="count"),
            Field("age", text("Renewals observed of all"), unit="count"),
            Field("left", text("Contracts left then"), unit="count"),
            Field("share", text("Share left then"), unit="share"),
        ],
        pd.DataFrame(rows).astype("object"),
    )
    out = [
        {"label": text(_REASONS[row["reason"]]), "contracts": row["contracts"]}
        for row in counted.left_out.to_dict("records")
    ]
    used = {"label": text("Contracts in the cohorts"), "contracts": inside}
    total = {"label": text("All contracts"), "contracts": counted.contracts}
    excluded = View(
        plural("{n} contract is in no cohort", "{n} contracts are in no cohort", counted.contracts - inside)
        if out
        else text("Every contract is in a cohort"),
        text("All contracts of the table, by what became of them in this count"),
        [Field("label", text("Contracts")), Field("contracts", text("Number"), unit="count")],
        pd.DataFrame([used, *out, total]).astype("object"),
        total=True,
    )
    return [cohorts, excluded]


def _basis(counted: "ContractCohorts") -> str:
    return text(_BASIS[counted.renews], day=date(counted.observed_until))
