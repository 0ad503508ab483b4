"""Strangers: ids of sales that no row of their own table has, and ids that a spreadsheet has turned into numbers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from perfkit import schema
from perfkit.sources.files import literally, named, quoted
from perfkit.sources.tally import plain

KEYS = {"customer_id": "customers", "product_id": "products", "rep_id": "reps"}
"""Ids of sales, and the table in which each stands once."""

LOOKED_AT = 1_000_000
"""First rows of a table in which ids are looked at for what a spreadsheet does: it does so to a whole column."""

SHOWN = 3
"""First ids that are named."""

_MANGLED = r"^[+-]?[0-9]([.,][0-9]+)?[eE][+][0-9]{2,3}$"
"""What a spreadsheet writes for a long number: 1.23E+12."""


def notices(
    shortened: Mapping[str, Iterable[Mapping[str, Any]]], unknown: Iterable[Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Return by table what should be said about its ids.

    Parameters
    ----------
    shortened, unknown
        What the functions `shortened` and `found` returned.
    """
    said = {
        name: [
            f"{_count(each['rows'], 'row')} of {name}: {each['column']} looks like a number that a spreadsheet has "
            f'shortened (first: "{each["first"]}"), so that different ids may have become one. Export again with that '
            "column as text."
            for each in some
        ]
        for name, some in shortened.items()
    }
    if "sales" in said:
        said["sales"] += map(_said, unknown)
    return said


def found(
    folder: Path, columns: Mapping[str, Sequence[str]], engine: duckdb.DuckDBPyConnection
) -> list[dict[str, Any]]:
    """Return how many sales have an id that its table has not, as load.json says it; parameters as of `shortened`.

    Returns
    -------
    list of dict, one an id of sales
        key; table, in which it is not; ids and rows, int; money, decimal text; first, list of the first ids; listed,
        the first ids of their table; alike, None or {ids, here, there}: how many would be known but for their
        writing, and the first, as sales and as their table write it; cases, where they differ in case: that of all
        ids of each of the two tables, "" where it varies.
    """
    some = (
        _not_in(folder, key, table, engine)
        for key, table in KEYS.items()
        if key in columns.get("sales", ()) and key in columns.get(table, ())
    )
    return [each for each in some if each["ids"]]


def _not_in(folder: Path, key: str, table: str, engine: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    id_ = named(key)
    engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE strangers AS
        SELECT {id_} AS id, count(*) AS rows, sum(net_revenue) AS money, min(file_row_number) AS place
        FROM {_rows(folder, "sales")} AS sales ANTI JOIN {_rows(folder, table)} AS known USING ({id_})
        WHERE {id_} IS NOT NULL GROUP BY id
    """)
    [(ids, rows, money)] = engine.execute("SELECT count(*), sum(rows)::BIGINT, sum(money) FROM strangers").fetchall()
    first = engine.execute(f"SELECT id FROM strangers ORDER BY place LIMIT {SHOWN}").fetchall()
    listed = engine.execute(
        f"SELECT {id_} FROM {_rows(folder, table)} WHERE {id_} IS NOT NULL ORDER BY file_row_number LIMIT {SHOWN}"
    ).fetchall()
    entry = {
        "key": key,
        "table": table,
        "ids": ids,
        "rows": rows or 0,
        "money": plain(money or 0),
        "first": [each for (each,) in first],
        "listed": [each for (each,) in listed],
        "alike": _alike(key, table, folder, engine) if ids else None,
    }
    engine.execute("DROP TABLE strangers")
    return entry


def _said(each: Mapping[str, Any]) -> str:
    """Say how many sales have an id that its table has not, and whether it has a like one."""
    table, ids, one = each["table"], each["ids"], each["rows"] == 1
    shown = ", ".join(f'"{id_}"' for id_ in each["first"])
    said = (
        f"{_count(each['rows'], 'row')} ({Decimal(each['money']):,f}) {'has' if one else 'have'} a {each['key']} that "
        f"is not in {table}: {_count(ids, 'id')}, {'' if ids == 1 else 'first: '}{shown}. They count, and stand under "
        f"(unknown) where {table} are looked at."
    )
    if alike := each["alike"]:
        how_many = "All" if alike["ids"] == ids else f"{alike['ids']:,}"
        said += (
            f" {how_many} of these ids would be known but for leading zeros, case, spaces or a final .0: "
            f'"{alike["here"]}" here, "{alike["there"]}" there. '
        )
        typed = [
            f'in [tables.{where}.columns]: {each["key"]} = {{ column = "...", {words} }}' for where, words in cure(each)
        ]
        said += f"Write {', and '.join(typed)}." if typed else "Export both alike."
    return said


def cure(each: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what makes ids alike that differ in their writing: of each table that needs it, what to write.

    There is none where no setting does. Where one of the two lists is all in one case the other one takes it; where
    both vary, both take one.

    Parameters
    ----------
    each : mapping
        One of those that `found` returned.
    """
    alike = each["alike"]
    if not alike:
        return ()
    here, there = alike["here"], alike["there"]
    shorter = "sales" if len(here) < len(there) else each["table"]
    if re.fullmatch("[0-9]+", here + there):
        return ((shorter, f"digits = {max(len(here), len(there))}"),)
    if here.lower() != there.lower():
        return ()
    cases = alike.get("cases", {})  # snapshots of before do not say: one case in both is right whatever they hold
    for where, other in (("sales", each["table"]), (each["table"], "sales")):
        if cases.get(other):
            return ((where, f'case = "{cases[other]}"'),)
    return tuple((where, 'case = "upper"') for where in ("sales", each["table"]))


def _alike(key: str, table: str, folder: Path, engine: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """How many of the ids have a like one in their table, and the first such pair."""
    known = f"known.{named(key)}"
    pairs = engine.execute(f"""
        SELECT strangers.id, min({known}) FROM strangers JOIN {_rows(folder, table)} AS known
        ON {_folded("strangers.id")} = {_folded(known)} GROUP BY strangers.id ORDER BY min(place)
    """).fetchall()
    if not pairs:
        return None
    found = {"ids": len(pairs), "here": pairs[0][0], "there": pairs[0][1]}
    if found["here"].lower() == found["there"].lower():
        found["cases"] = {name: _case_of_all(named(key), _rows(folder, name), engine) for name in ("sales", table)}
    return found


def _case_of_all(id_: str, rows: str, engine: duckdb.DuckDBPyConnection) -> str:
    """The case in which every id of a table is written; "" where they vary."""
    tests = ", ".join(f"coalesce(bool_and({id_} = {case}({id_})), true)" for case in ("upper", "lower"))
    [(upper, lower)] = engine.execute(f"SELECT {tests} FROM {rows}").fetchall()
    return "upper" if upper else "lower" if lower else ""


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def shortened(
    folder: Path, columns: Mapping[str, Sequence[str]], engine: duckdb.DuckDBPyConnection
) -> dict[str, list[dict[str, Any]]]:
    """Return by table which ids are numbers that a spreadsheet has rounded: several ids may have become one.

    Parameters
    ----------
    folder : Path
        Where the accepted rows of each table are, as <table>.parquet.
    columns : mapping
        The columns of each table that was loaded.
    engine : DuckDBPyConnection

    Returns
    -------
    dict of list of dict
        column; rows, int; first, the first such id.
    """
    return {name: list(_shortened(folder, name, some, engine)) for name, some in columns.items()}


def _shortened(
    folder: Path, table: str, columns: Sequence[str], engine: duckdb.DuckDBPyConnection
) -> Iterable[dict[str, Any]]:
    ids = [each.name for each in schema.TABLES[table].columns if each.type == "id" and each.name in columns]
    if not ids:
        return
    wanted = []
    for id_ in map(named, ids):
        odd = f"contains({id_}, '+') AND regexp_matches({id_}, {quoted(_MANGLED)})"
        wanted += [f"count(*) FILTER ({odd})", f"arg_min({id_}, file_row_number) FILTER ({odd})"]
    first_rows = f"(SELECT {', '.join(map(named, ids))}, file_row_number FROM {_rows(folder, table)} LIMIT {LOOKED_AT})"
    [counted] = engine.execute(f"SELECT {', '.join(wanted)} FROM {first_rows}").fetchall()
    for id_, rows, first in zip(ids, counted[::2], counted[1::2], strict=True):
        if rows:
            yield {"column": id_, "rows": rows, "first": first}


def _folded(id_: str) -> str:
    """SQL of an id without what spreadsheets and typists change: case, spaces, leading zeros, a final .0."""
    bare = f"regexp_replace(lower({id_}), '\\s|\\p{{Z}}', '', 'g')"
    return f"regexp_replace({bare}, '^0+(.)|[.]0+$', '\\1', 'g')"


def _rows(folder: Path, table: str) -> str:
    return f"read_parquet({quoted(literally((folder / f'{table}.parquet').resolve()))}, file_row_number = true)"
