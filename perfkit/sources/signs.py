"""Signs: does a credit note take off what its sale brought, in every amount of the line?

An export may write credit notes without a minus, in all of its amounts or in some. Revenue below zero beside a cost
above zero makes gross profit too low twice over, and no total of revenue shows it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from perfkit.sources.files import literally, named, quoted
from perfkit.sources.settings import Blocks, blocks
from perfkit.sources.tally import plain


def notices(folder: Path, columns: Sequence[str], settings: Blocks, engine: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yield what is odd about the signs of sales that were accepted.

    Parameters
    ----------
    folder : Path
        Where the accepted rows are, as sales.parquet.
    columns : sequence of str
        The columns of sales.
    settings : Blocks
        Of sales.
    engine : DuckDBPyConnection
    """
    credit = "document = 'credit' AND net_revenue > 0" if "document" in columns else "false"
    odd = {"cost": "net_revenue < 0 AND cost > 0"}
    if "document" in columns:  # a rebate may be a line of quantity 1 on an invoice
        odd["quantity"] = "net_revenue < 0 AND quantity > 0 AND document = 'credit'"
    odd = {name: where for name, where in odd.items() if name in columns}
    wanted = [part for name, where in odd.items() for part in _count_and_sum(name, where)]
    path = quoted(literally((folder / "sales.parquet").resolve()))
    [(below, above, money, *found)] = engine.execute(
        f"SELECT count(*) FILTER (net_revenue < 0), count(*) FILTER ({credit}), sum(net_revenue) FILTER ({credit})"
        f"{''.join(f', {each}' for each in wanted)} FROM read_parquet({path})"
    ).fetchall()
    if above:
        yield (
            f"Rows of sales that are credit notes and stand above zero: {above:,} (net_revenue {plain(money)}). "
            f"They count as sales. {_write('net_revenue')}"
        )
    for name, rows, total in zip(odd, found[::2], found[1::2], strict=True):
        if rows:
            yield (
                f"Rows of sales with a net_revenue below zero and a {name} above zero: {rows:,} "
                f"({name} {plain(total)}). If they are credit notes, what rests on it is wrong by twice that. "
                f"{_write(name)}"
            )
    for block in blocks(settings):
        mapping = block.columns.get("net_revenue")
        if mapping is not None and mapping.credits is not None and not below:
            words = " or ".join(mapping.credits.among)
            yield (
                f"No row of sales is below zero, though net_revenue says that {mapping.credits.column} tells credit "
                f"notes by {words}. Is that how the export writes them?"
            )


def _count_and_sum(name: str, where: str) -> tuple[str, str]:
    return f"count(*) FILTER ({where})", f"sum({named(name)}) FILTER ({where})"


def _write(name: str) -> str:
    return (
        f'Write {name} = {{ column = "...", credits = {{ column = "...", in = ["..."] }} }} to count them below zero.'
    )
