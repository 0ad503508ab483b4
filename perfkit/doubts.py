"""What is doubtful in a company's data, told before any figure is read."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from perfkit import months, questions
from perfkit.errors import DataError, ParameterError
from perfkit.languages import listing, plural
from perfkit.periods import Period
from perfkit.sources import placeholders
from perfkit.sources.names import visible
from perfkit.sources.settings import blocks
from perfkit.sources.strangers import cure

if TYPE_CHECKING:
    from perfkit.company import Company

AROUND = 3
"""Months on each side of a silent one that must have sold for it to be missed."""


def notices(company: "Company") -> list[str]:
    """Return what a person should know before any figure is read, a sentence each."""
    return [*_of_months(company), *_of_ids(company), *_of_targets(company), *_of_parts(company)]


def silent_months(company: "Company") -> tuple[Period, ...]:
    """Return the months without a line of sales, where the months around them sell."""
    held, sold = company.months(), company.sold_months
    sells = [month.start in sold for month in held]
    missed = {month.start for month in months.silent_months(held, {(day.year, day.month) for day in sold})}
    return tuple(month for place, month in enumerate(held) if month.start in missed and _sells_around(sells, place))


def _sells_around(sells: Sequence[bool], place: int) -> bool:
    """Say whether the months before and after a run of silent ones all sold."""
    first, last = place, place
    while first > 0 and not sells[first - 1]:
        first -= 1
    while last + 1 < len(sells) and not sells[last + 1]:
        last += 1
    return all(sells[max(first - AROUND, 0) : first]) and all(sells[last + 1 : last + 1 + AROUND])


def _of_months(company: "Company") -> list[str]:
    silent = silent_months(company)
    if not silent:
        return []
    return [
        plural(
            "No line of sales is dated in {months}, and the months around it sell. Is an export missing? Ask for "
            "that month, and load again. If nothing was sold in it, nothing is to be done.",
            "No line of sales is dated in {months}, and the months around them sell. Is an export missing? Ask for "
            "these {n} months, and load again. If nothing was sold in them, nothing is to be done.",
            len(silent),
            months=listing(month.name() for month in silent),
        )
    ]


def _of_ids(company: "Company") -> list[str]:
    """The ids that are a word for nobody."""
    return [
        f"{each['rows']:,} lines of sales ({each['share']:.1%}) have {json.dumps(each['id'], ensure_ascii=False)} as "
        f"{each['key']}, which is taken for one {each['key'].removesuffix('_id')} like any other. If it means that "
        f"there is none, write under [tables.sales.columns]: {each['key']} = {{ column = "
        f'{_heading(company, "sales", each["key"])}, null = ["", {json.dumps(each["id"], ensure_ascii=False)}] }}'
        for each in placeholders.found(company.snapshot)
    ]


def refuse_senseless_targets(company: "Company") -> None:
    """Hold the targets against the catalogue, and say where those stand that do not fit.

    Raises
    ------
    ParameterError
        If a KPI is not in the catalogue; the nearest is named.
    DataError
        If a target is none that could be reached: see `kpis.targets.checked_targets`.
    """
    from perfkit.kpis.targets import checked_targets  # here, because the analyses need time to load

    checked_targets(company.targets(), lambda rows: _places_of_targets(company, rows))


def _of_targets(company: "Company") -> list[str]:
    """The targets that are given twice."""
    from perfkit.kpis.targets import given_twice  # here, because the analyses need time to load

    return given_twice(company.targets(), lambda rows: _places_of_targets(company, rows))


def _places_of_targets(company: "Company", rows: Sequence[int]) -> list[str]:
    """Where rows of the targets stand: file, sheet and line, as far as they are kept."""
    if "targets" not in company.snapshot.names:
        return ["[targets] of company.toml"] * len(rows)
    try:
        places = company.snapshot.places("targets", np.asarray(rows, dtype="int64"))
    except DataError:  # loaded before perfkit kept them
        return [""] * len(rows)
    return [
        f"{row['file']}{', sheet ' + row['sheet'] if row['sheet'] else ''}, line {row['line']}"
        for row in places.to_dict("records")
    ]


def _of_parts(company: "Company") -> list[str]:
    """The segments and filters of company.toml that hold no line of sales, or cannot be told."""
    said = []
    for kind, names in (("segment", company.settings.segments), ("filter", company.settings.filters)):
        for name in names:
            try:
                company.lines(**{kind: name})
            except (DataError, ParameterError) as error:
                said.append(str(error))
    return said


def unmatched(company: "Company", shares: Mapping[str, float]) -> list[questions.Unmatched]:
    """Return the lists of which sales have many ids that are not in them.

    Parameters
    ----------
    company : Company
    shares : mapping of str to float
        What part of the lines of sales carries each column, 0 to 1, as `questions.carried` gives it.
    """
    sales = company.snapshot.report["tables"]["sales"]
    every, few = sales["accepted"]["rows"], 1 - questions.WHOLE
    found = []
    for each in sales.get("strangers", ()):
        alike, table, key = each["alike"], each["table"], each["key"]
        if table not in ("customers", "products") or each["rows"] < few * every:
            continue
        held = [name for name in company.table(table).columns if name != "unit_cost" or "quantity" in sales["columns"]]
        found.append(
            questions.Unmatched(
                table=table,
                columns=tuple(f"{table}.{name}" for name in held),
                lines=each["rows"],
                money=Decimal(each["money"]),
                currency=company.currency,
                here=visible(alike["here"]) if alike else listing(map(visible, each["first"])),
                there=visible(alike["there"]) if alike else listing(map(visible, each.get("listed", ()))),
                cures=tuple(
                    (where, f"{key} = {{ column = {_heading(company, where, key)}, {words} }}")
                    for where, words in cure(each)
                ),
                same=bool(alike),
                partly=shares.get(f"sales.{key}", 0.0) - each["rows"] / every > few,
            )
        )
    return found


def _heading(company: "Company", table: str, column: str) -> str:
    """The heading that a column is made from, as company.toml writes it; three points where it is not one."""
    made = blocks(company.settings.tables[table]) if table in company.settings.tables else ()
    mapping = made[0].columns.get(column) if len(made) == 1 else None
    return json.dumps(mapping.column if mapping and mapping.column else "...", ensure_ascii=False)
