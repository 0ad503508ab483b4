"""Signs: does a credit note take off what its sale brought, in every amount of the line?

An export may write credit notes without a minus, in all of its amounts or in some. Revenue below zero beside a cost
above zero makes gross profit too low twice over, and no total of revenue shows it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from perfkit.sources.files import literally, named, quoted
from perfkit.sources.settings import Blocks, blocks
from perfkit.sources.tally import plain


def found(
    folder: Path, columns: Sequence[str], settings: Blocks, engine: duckdb.DuckDBPyConnection
) -> list[dict[str, Any]]:
    """Return what is odd about the signs of sales that were accepted, as load.json says it.

    Parameters
    ----------
    folder : Path
        Where the accepted rows are, as sales.parquet.
    columns : sequence of str
        The columns of sales.
    settings : Blocks
        Of sales.
    engine : DuckDBPyConnection

    Returns
    -------
    list of dict
        column; rows, int, and total, decimal text, of those rows: of net_revenue, credit notes that stand above zero;
        of another column, above zero beside revenue below it. Or teller and words: what tells credit notes, where no
        row is below zero at all.
    """
    credit = "document = 'credit' AND net_revenue > 0" if "document" in columns else "false"
    odd = {"net_revenue": credit, "cost": "net_revenue < 0 AND cost > 0"}
    if "document" in columns:  # a rebate may be a line of quantity 1 on an invoice
        odd["quantity"] = "net_revenue < 0 AND quantity > 0 AND document = 'credit'"
    odd = {name: where for name, where in odd.items() if name in columns}
    wanted = [part for name, where in odd.items() for part in _count_and_sum(name, where)]
    path = quoted(literally((folder / "sales.parquet").resolve()))
    [(below, *counted)] = engine.execute(
        f"SELECT count(*) FILTER (net_revenue < 0){''.join(f', {each}' for each in wanted)} FROM read_parquet({path})"
    ).fetchall()
    told: list[dict[str, Any]] = [
        {"column": name, "rows": rows, "total": plain(total)}
        for name, rows, total in zip(odd, counted[::2], counted[1::2], strict=True)
        if rows
    ]
    for block in blocks(settings):
        mapping = block.columns.get("net_revenue")
        if mapping is not None and mapping.credits is not None and not below:
            told.append({"teller": mapping.credits.column, "words": list(mapping.credits.among)})
    return told


def notices(found: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Say what `found` returned, with what to type."""
    for each in found:
        if "teller" in each:
            yield (
                f"No row of sales is below zero, though net_revenue says that {each['teller']} tells credit notes by "
                f"{' or '.join(each['words'])}. Is that how the export writes them?"
            )
        elif each["column"] == "net_revenue":
            yield (
                f"Rows of sales that are credit notes and stand above zero: {each['rows']:,} (net_revenue "
                f"{each['total']}). They count as sales. {_write('net_revenue')}"
            )
        else:
            yield (
                f"Rows of sales with a net_revenue below zero and a {each['column']} above zero: {each['rows']:,} "
                f"({each['column']} {each['total']}). If they are credit notes, what rests on it is wrong by twice "
                f"that. {_write(each['column'])}"
            )


def _count_and_sum(name: str, where: str) -> tuple[str, str]:
    return f"count(*) FILTER ({where})", f"sum({named(name)}) FILTER ({where})"


def _write(name: str) -> str:
    return (
        f'Write {name} = {{ column = "...", credits = {{ column = "...", in = ["..."] }} }} to count them below zero.'
    )
