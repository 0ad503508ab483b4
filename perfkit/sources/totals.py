"""Totals: the rows that an export adds for its readers - totals, repeated headings, blank rows - told from data.

None of them is a line of the table. They are left out, counted, and the totals that they state are compared
with what was read.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from perfkit.languages import mark
from perfkit.schema import Table
from perfkit.sources.columns import Check, Source, Target, steps
from perfkit.sources.files import named, quoted
from perfkit.sources.rows import Broken, Rows
from perfkit.sources.tally import Tally, plain

BLANK, HEADING, TOTAL = -2, -3, -4
"""What becomes of such a row, as its status."""

BECAUSE = {
    BLANK: mark("blank row"),
    HEADING: mark("the headings again"),
    TOTAL: mark("totals row"),
}
"""Why it is left out, to be translated where it is shown."""

_TEST = {BLANK: "is blank", HEADING: "repeats the headings", TOTAL: "is a total"}

BEGINS = r"^\s*(sous[- ]?tota(l|ux)|sub[- ]?totals?|grand total|totau?x?|totals?|somme|sum)\s*([:(]|\b)"
"""Begins as a total's label does."""

_LABEL = (
    r"^\s*(sous[- ]?total|sub[- ]?total|grand total|total|totaux|totals|somme|sum)"
    r"(\s+(g[ée]n[ée]ral|g[ée]n[ée]raux|general|ht|ttc|net|du mois|du jour|of the month|page|[0-9/. -]+"
    r"|\p{L}+\.?\s+[0-9]{4}|(de |d['’])?(janv|f[ée]vr|mars|avr|mai|juin|juil|ao[ûu]t|sept|oct|nov|d[ée]c|jan|feb"
    r"|mar|apr|may|june?|july?|aug|sep)\p{L}*\.?))?"
    r"\s*:?\s*$"
)
"""Is nothing but a total's label: a customer called Total SA is not."""

SEVERAL = 3
"""Ids of a line from which one alone that begins as a total's label does is no customer called so."""

LOOKED_AT = 6
"""Columns from the left in which a label is looked for, beside those that are needed."""


def status(declared: Table, source: Source, targets: Sequence[Target]) -> str:
    """Return SQL of the status of a row that fails: which kind of row it is, or -1 where it should have been data."""
    needed = list(dict.fromkeys(name for target in targets for name in target.sources))
    columns = [f"c{number}" for number, _ in enumerate(source.names)]
    blank = " AND ".join(f"{column} IS NULL" for column in columns)
    same = [f"coalesce(lower(trim({source.raw(name)})) = {quoted(name.strip().lower())}, false)" for name in needed]
    heading = " AND ".join(same) if same else "false"
    total = _or([_matches(raw, BEGINS) for raw in _labels(source, targets)])
    day = _day(declared, targets)
    said = source.raw(day.sources[0]) if day else ""
    undated = f"({said} IS NULL OR coalesce({_matches(said, BEGINS)}, false))" if day else "false"
    return (
        f"CASE WHEN {blank} THEN {BLANK} WHEN {heading} THEN {HEADING} "
        f"WHEN {undated} AND ({_filled(_ids(targets))}) <= 1 AND ({total}) THEN {TOTAL} ELSE -1 END"
    )


def no_data(declared: Table, source: Source, targets: Sequence[Target]) -> str:
    """Return SQL: whether a row is one of those that are left out."""
    fails = " OR ".join(f"({target.fails})" for target in targets) or "false"
    return f"CASE WHEN {fails} THEN {status(declared, source, targets)} < -1 ELSE false END"


def guarded(declared: Table, source: Source, targets: list[Target], *, beside: int = LOOKED_AT) -> list[Target]:
    """Return the targets, a row failing that has nothing but a total's label beside its day and its amounts.

    In a list (of customers, products ...) that is a row of which only the key is filled, with such a label. It is
    looked for in the columns that are read and in the first ones `beside` them.
    """
    anchor = _day(declared, targets) or next((each for each in targets if each.name in declared.key), None)
    labels = _labels(source, targets, beside)
    if anchor is None or not labels:
        return targets
    telling = _ids(targets)
    if anchor.name in declared.key:
        telling = [target for target in targets if target.type in ("id", "text") and target.sources]
    several = anchor.name not in declared.key and len(telling) >= SEVERAL
    pattern = BEGINS if several else _LABEL
    looks = f"CASE WHEN {_filled(telling)} > 1 THEN false ELSE {_or([_matches(raw, pattern) for raw in labels])} END"
    first = next((name for target in telling for name in target.sources), source.names[0])
    check = Check(first, source.raw(first), f"CASE WHEN {looks} THEN 'looks like a total' END")
    held = replace(anchor, fails=f"{anchor.fails} OR ({looks})", checks=(*anchor.checks, check))
    return [held if target is anchor else target for target in targets]


def _ids(targets: Sequence[Target]) -> list[Target]:
    return [target for target in targets if target.type == "id" and target.sources]


def _filled(targets: Sequence[Target]) -> str:
    """SQL: how many of these are filled."""
    return " + ".join(f"({target.alias} IS NOT NULL)::INT" for target in targets) or "0"


def _labels(source: Source, targets: Sequence[Target], beside: int = LOOKED_AT) -> list[str]:
    """SQL of the columns of text in which a total's label may stand: the first ones, and those that are read."""
    needed = (name for target in targets for name in target.sources)
    names = dict.fromkeys((*source.names[:beside], *needed))
    return [
        source.raw(name)
        for name in names
        if name and source.names.count(name) == 1 and source.kind(name) in ("text", "cell")
    ]


def _or(conditions: Sequence[str]) -> str:
    return " OR ".join(f"coalesce({condition}, false)" for condition in conditions) or "false"


def _matches(raw: str, pattern: str) -> str:
    return f"regexp_matches({raw}, {quoted(pattern)}, 'i')"


def _day(declared: Table, targets: Sequence[Target]) -> Target | None:
    """The target of the day that a line cannot do without."""
    name = next((each.name for each in declared.columns if each.required and each.type in ("date", "timestamp")), None)
    return next((target for target in targets if target.name == name and target.sources), None)


def split(broken: list[Broken]) -> tuple[list[Broken], list[Broken]]:
    """Return the broken records that are totals, and the others."""
    told = [_is_total(each.record) for each in broken]
    totals = [each for each, is_total in zip(broken, told, strict=True) if is_total]
    return totals, [each for each, is_total in zip(broken, told, strict=True) if not is_total]


def _is_total(record: str) -> bool:
    """Whether the first filled field of a broken record is a total's label."""
    first = next((field for field in re.split(r"[;,\t|]", record) if field.strip(" \"'")), "")
    return re.fullmatch(_LABEL.replace(r"\p{L}", r"[^\W\d_]"), first.strip(" \"'"), re.IGNORECASE) is not None


class Stated:
    """What the totals rows of a table's files say, beside what was read.

    Attributes
    ----------
    rows : list of dict
        file, sheet, line, amounts (by column, Decimal or None).
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def leave_out(
        self,
        file: str,
        found: Sequence[Rows],
        statuses: "np.ndarray[Any, np.dtype[np.int64]]",
        targets: list[Target],
        engine: duckdb.DuckDBPyConnection,
        tally: Tally,
    ) -> None:
        """Count rows that are no data, and keep what totals rows state; `statuses` in the order of the rows."""
        base = 0
        for rows in found:
            amounts = _amounts(rows, targets, engine, tally.amounts)
            kinds = statuses[base : base + len(rows.records)]
            for kind in np.unique(kinds):
                here = np.flatnonzero(kinds == kind)
                tally.leave_out(_TEST[int(kind)], BECAUSE[int(kind)], len(here))
                if kind == TOTAL:
                    self.rows += [
                        {
                            "file": file,
                            "sheet": rows.sheets[row] if rows.sheets else None,
                            "line": int(rows.lines[row]),
                            "amounts": {column: values[row] for column, values in amounts.items()},
                        }
                        for row in here
                    ]
            base += len(rows.records)

    def leave_out_broken(self, file: str, broken: list[Broken], tally: Tally) -> None:
        """Count totals rows that have not the fields of a row: their amounts are not read."""
        if broken:
            tally.leave_out(_TEST[TOTAL], BECAUSE[TOTAL], len(broken))
            self.rows += [{"file": file, "sheet": None, "line": each.line, "amounts": {}} for each in broken]

    def compared(self, file: str, column: str | None, read: Decimal, unreadable: int = 0) -> dict[str, Any] | None:
        """Return what a file's totals rows say of a column against what was read; None where they say nothing.

        A file ends in one total, in totals of its parts, or in both: each is tried.

        Parameters
        ----------
        file : str
        column : str or None
        read : Decimal
            What the file's rows add up to.
        unreadable : int
            How many of them have an amount that cannot be read, so that it is not in the sum.
        """
        stated = [
            row["amounts"][column]
            for row in self.rows
            if row["file"] == file and column in row["amounts"] and row["amounts"][column] is not None
        ]
        if not stated or column is None:
            return None
        added = sum(stated, start=Decimal(0))
        ties = read in (stated[-1], added) or added == 2 * read
        return {
            "file": file,
            "column": column,
            "rows": len(stated),
            "stated": plain(stated[-1]),
            "read": plain(read),
            "unreadable": unreadable,
            "ties": ties,
        }


def _amounts(
    rows: Rows, targets: list[Target], engine: duckdb.DuckDBPyConnection, columns: tuple[str, ...]
) -> dict[str, list[Decimal | None]]:
    """The exact amounts that stand in some rows, by canonical column; None where there is none."""
    engine.register("left_out", rows.values.append_column("c_row", pa.array(np.arange(len(rows.records)))))
    wanted = ", ".join(
        f"CAST({target.exact} AS DECIMAL(38, 12)) AS {named(target.name)}"
        for target in targets
        if target.name in columns
    )
    found = engine.sql(f"SELECT {wanted or 'NULL'} FROM {steps('left_out', targets)} ORDER BY c_row").to_arrow_table()
    engine.unregister("left_out")
    return {column: found.column(column).to_pylist() for column in columns}
