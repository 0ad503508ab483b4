"""Preparing: what a preset does to an export's own columns before they are read.

A ledger may give an amount and its side instead of a debit and a credit; a shop's discount may have been on
postage, and taken off the goods it would make them too cheap.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from perfkit.sources.columns import Source
from perfkit.sources.files import literally, quoted
from perfkit.sources.names import found
from perfkit.sources.presets.filling import Export, Filled, Rewritten, rows_of, written
from perfkit.sources.presets.presetting import Settles, Sides, preset_of
from perfkit.sources.settings import TableSettings

NUMBERS = ("integer", "decimal", "float32", "float64")
"""Kinds of columns whose values are numbers already."""

_EXACT = "DECIMAL(18, 6)"


def prepared(
    export: Export, table: str, settings: TableSettings, engine: duckdb.DuckDBPyConnection, work: Path
) -> Export:
    """Return an export whose lines stand for themselves, as a table's settings say; often the same.

    Parameters
    ----------
    settings : TableSettings
        With the preset laid under them. Of the columns that a preset fills, those are that the file has; what a
        company names itself must be there.
    work : Path
        Folder for what is rewritten.
    """
    preset = preset_of(table, settings)
    if preset and preset.sides:
        export = sided(export, preset.sides, engine, work)
    if settings.fill_down is not None:
        columns = settings.fill_down.columns
        if preset and settings.fill_down == preset.block.fill_down:
            columns = tuple(name for name in columns if found(name, export.source.names))
        export = Filled(export, columns, settings.fill_down.within, engine, work)
    if preset and preset.settles and _as_preset(preset.settles.of, settings, preset.block):
        export = settled(export, preset.settles, engine, work)
    return export


def _as_preset(column: str, settings: TableSettings, block: TableSettings) -> bool:
    return settings.columns.get(column) == block.columns.get(column)


def sided(export: Export, sides: Sides, engine: duckdb.DuckDBPyConnection, work: Path) -> Export:
    """Return an export with a debit and a credit in every row of which one side is given.

    An amount with its side becomes two columns; where there are both already, a side that was left blank is zero.
    A row of which neither side is known stays as it is, and fails.
    """
    source = export.source
    debit, credit = found(sides.debit, source.names), found(sides.credit, source.names)
    amount, side = found(sides.amount, source.names), found(sides.side, source.names)
    if debit and credit:
        left, right = source.raw(debit), source.raw(credit)
        zeros = ", ".join(
            f"CASE WHEN {raw} IS NULL AND {other} IS NOT NULL THEN {_zero(source.kind(name))} ELSE {raw} END AS {raw}"
            for name, raw, other in ((debit, left, right), (credit, right, left))
        )
        query = f"SELECT * REPLACE ({zeros}) FROM {rows_of(export, engine, work)}"
        return Rewritten(export, source, written(query, export, engine, work))
    if not (amount and side) or debit or credit:
        return export
    kind, raw = source.kind(amount), source.raw(amount)
    said = f"upper(trim(replace(CAST({source.raw(side)} AS VARCHAR), chr(1) || 'n', '')))"
    made = ", ".join(
        f"CASE WHEN {said} IN ({_list(here)}) THEN {raw} WHEN {said} IN ({_list(there)}) AND {raw} IS NOT NULL "
        f"THEN {_zero(kind)} END AS c{len(source.names) + number}"
        for number, (here, there) in enumerate(((sides.debit_is, sides.credit_is), (sides.credit_is, sides.debit_is)))
    )
    wider = replace(source, names=(*source.names, sides.debit, sides.credit), kinds=(*source.kinds, kind, kind))
    query = f"SELECT *, {made} FROM {rows_of(export, engine, work)}"
    return Rewritten(export, wider, written(query, export, engine, work))


def settled(export: Export, settles: Settles, engine: duckdb.DuckDBPyConnection, work: Path) -> Export:
    """Return an export whose discounts are those on goods; the same one where none was on anything else.

    Where an order's lines and what its goods came to prove how much of its discount came off the goods, that much
    stands in its place. An order of which an amount cannot be read, or whose goods come to more than its lines or
    to less than its lines and the whole discount, is left as it is: the preset's promises tell of it.
    """
    source = export.source
    asked = (*settles.lines, *settles.less, settles.column, settles.to)
    known = {name: heading for name in (*asked, settles.within) if (heading := found(name, source.names))}
    if set(known) < {*asked, settles.within} or source.kind(known[settles.column]) not in ("text", "cell"):
        return export
    raw = {name: source.raw(heading) for name, heading in known.items()}
    amount = {name: _amount(source, known[name]) for name in asked}
    unread = [f"({raw[name]} IS NOT NULL AND {amount[name]} IS NULL)" for name in asked]
    unread += [f"{raw[name]} IS NULL" for name in settles.lines]
    terms = [f"sum({' * '.join(amount[name] for name in settles.lines)})"]
    terms += [f"sum(coalesce({amount[name]}, 0))" for name in (*settles.less, settles.to)]
    odd = written(
        f"SELECT of_, on_goods, given FROM (SELECT {raw[settles.within]} AS of_, {' - '.join(terms)} AS on_goods, "
        f"sum({amount[settles.column]}) AS given FROM {rows_of(export, engine, work)} GROUP BY of_ "
        f"HAVING of_ IS NOT NULL AND NOT bool_or({' OR '.join(unread)}) AND count({raw[settles.column]}) = 1 "
        f"AND count({raw[settles.to]}) = 1) WHERE on_goods >= 0 AND on_goods < given",
        export,
        engine,
        work,
    )
    orders = f"read_parquet({quoted(literally(odd.resolve()))})"
    [(count, off)] = engine.execute(f"SELECT count(*), sum(given - on_goods) FROM {orders}").fetchall()
    if not count:
        return export
    export.notices.append(
        f"{source.file}: {off:,.2f} of {settles.column} in {count:,} orders was not on goods, as their {settles.to} "
        "proves (postage most often); it is not taken off."
    )
    column = raw[settles.column]
    path = written(
        f"SELECT e.* EXCLUDE (c_row) REPLACE (CASE WHEN o.of_ IS NOT NULL AND e.{column} IS NOT NULL THEN "
        f"{_as_written(f'e.{column}')} ELSE e.{column} END AS {column}) FROM (SELECT *, row_number() OVER () AS c_row "
        f"FROM {rows_of(export, engine, work)}) e LEFT JOIN {orders} o ON e.{raw[settles.within]} = o.of_ "
        "ORDER BY e.c_row",
        export,
        engine,
        work,
    )
    return Rewritten(export, source, path)


def _amount(source: Source, name: str) -> str:
    """SQL of a plain amount; NULL where it is none: what is not plain is left to the promises."""
    raw = source.raw(name)
    if source.kind(name) in NUMBERS:
        return f"try_cast({raw} AS {_EXACT})"
    return f"try_cast(replace(trim(replace({raw}, chr(1) || 'n', '')), ',', '.') AS {_EXACT})"


def _as_written(raw: str) -> str:
    """SQL of the part on goods, written as the discount that it replaces."""
    plain = "CAST(CAST(o.on_goods AS DECIMAL(18, 4)) AS VARCHAR)"
    signed = f"CASE WHEN contains({raw}, ',') THEN replace({plain}, '.', ',') ELSE {plain} END"
    return f"CASE WHEN starts_with({raw}, chr(1) || 'n') THEN chr(1) || 'n' ELSE '' END || {signed}"


def _zero(kind: str) -> str:
    return "0" if kind in NUMBERS else "'0'"


def _list(words: Sequence[str]) -> str:
    return ", ".join(quoted(word) for word in words)
