"""Numbers: does an order's number name one order, or do several run into one another under it?

Numbers that begin anew each year or month, and those of two tools that count alike, make one order of several: too few
orders, of too high a value. A number is doubtful where it names several customers, or purchases far apart.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from perfkit.sources.files import literally, quoted
from perfkit.sources.tally import plain

APART = 90
"""Days between the purchases of one number from which it hardly names one order: what is delivered and invoiced in
parts is so within a quarter. Lines below zero do not count: a credit note may come a year later."""

FEW = 0.001
"""Share of the numbers up to which doubtful ones are slips of a customer's code; numbers that begin anew are many."""

SHOWN = 3
"""First numbers that are named."""


def found(folder: Path, columns: Sequence[str], engine: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return which order numbers of sales are doubtful, as load.json says it; empty where they are few, or none.

    Parameters
    ----------
    folder : Path
        Where the accepted rows are, as sales.parquet.
    columns : sequence of str
        The columns of sales.
    engine : DuckDBPyConnection

    Returns
    -------
    dict
        of, int: numbers there are; numbers, int: the doubtful ones, of which `customers` name several customers and
        `apart` bear purchases more than `days` days apart; rows, int, and money, decimal text: all of their lines;
        first, the first of them in the order of the files.
    """
    if "order_id" not in columns:
        return {}
    customer = "lower(trim(customer_id))" if "customer_id" in columns else "NULL::VARCHAR"
    path = quoted(literally((folder / "sales.parquet").resolve()))
    [(of, numbers, customers, apart, rows, money, first)] = engine.execute(f"""
        WITH numbered AS (
            SELECT order_id, count(*) AS rows, sum(net_revenue) AS money, min(file_row_number) AS place,
                   coalesce(min({customer}) FILTER (net_revenue > 0) < max({customer}) FILTER (net_revenue > 0), false)
                       AS customers,
                   coalesce(date_diff('day', min(date) FILTER (net_revenue > 0), max(date) FILTER (net_revenue > 0))
                       > {APART}, false) AS apart
            FROM read_parquet({path}, file_row_number = true) WHERE order_id IS NOT NULL GROUP BY order_id
        )
        SELECT count(*), count(*) FILTER (customers OR apart), count(*) FILTER (customers), count(*) FILTER (apart),
               sum(rows) FILTER (customers OR apart)::BIGINT, sum(money) FILTER (customers OR apart),
               arg_min(order_id, place, {SHOWN}) FILTER (customers OR apart)
        FROM numbered
    """).fetchall()
    if numbers <= FEW * of:
        return {}
    return {
        "of": of,
        "numbers": numbers,
        "customers": customers,
        "apart": apart,
        "days": APART,
        "rows": rows,
        "money": plain(money),
        "first": list(first),
    }
