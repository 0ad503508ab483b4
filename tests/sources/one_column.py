"""One column of an export, proven and read as a load does it."""

from contextlib import contextmanager

import duckdb
import pyarrow as pa

from perfkit.sources.columns import Source
from perfkit.sources.settings import Format
from perfkit.sources.values.casting import reading
from perfkit.sources.values.proofs import prove


@contextmanager
def rows_of(cells):
    """An engine with the cells as column c0 of the relation `cells`."""
    with duckdb.connect(config={"threads": 1}) as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.register("cells", pa.table({"c0": pa.array(cells, pa.string())}))
        yield engine


def proven(
    cells, type_, *, heading="Column", kind="text", currency="EUR", timezone="Europe/Paris", thorough=False, **form
):
    """How a column is written, by its cells; row 0 stands in line 2 of sales.csv."""
    types = {type_} if isinstance(type_, str) else set(type_)
    source = Source("sales.csv", (heading,), (kind,))
    with rows_of(cells) as engine:
        return prove(
            {heading: types},
            source,
            "cells",
            engine,
            form=Format(**form),
            currency=currency,
            timezone=timezone,
            table="sales",
            line_of=lambda row: ("sales.csv", row + 2),
            thorough=thorough,
        )[heading]


def read_as(cells, type_, writing, *, kind="text"):
    """What becomes of each cell under a writing: its value, None where it is missing, or the reason."""
    read = reading("c0", kind, type_, writing)
    added = "".join(f", {sql} AS {alias}" for alias, sql in read.prepared.items())
    with rows_of(cells) as engine:
        found = engine.execute(
            f"SELECT {read.missing}, {read.value} AS v, CASE WHEN v IS NULL THEN {read.reason} END "
            f"FROM (SELECT *{added} FROM cells)"
        ).fetchall()
    return [None if missing else reason if value is None else value for missing, value, reason in found]


def read(cells, type_="money", *, kind="text", **said):
    """What becomes of each cell of a column that is proven first."""
    return read_as(cells, type_, proven(cells, type_, kind=kind, **said), kind=kind)
