"""Repeats: documents that stand several times in one file, as where an export was written twice, or pasted to itself.

Two equal lines of one document are often meant: the same thing, taken twice. A document whose every line stands k
times, or a multiple of it, alike in all columns of the file, stands there k times, and no total of its file tells.
What stands in two files is an overlap, see `overlaps`.
"""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from perfkit.errors import ParameterError
from perfkit.languages import mark
from perfkit.schema import Table
from perfkit.sources.columns import Target
from perfkit.sources.duplicates import taken_out
from perfkit.sources.files import literally, named, quoted
from perfkit.sources.opening import Opened
from perfkit.sources.overlaps import file_of
from perfkit.sources.places import Accepted
from perfkit.sources.tally import Tally, plain

Numbers = npt.NDArray[np.int64]

DOCUMENT = ("order_id", "customer_id", "date", "document")
"""What tells one document from others: a number alone may begin anew each year."""

SHOWN = 3
"""First numbers that are named."""

BECAUSE = mark("the document stands several times in its file")


def settled(
    declared: Table,
    files: Sequence[Opened],
    path: Path,
    accepted: Accepted,
    targets: Sequence[Target],
    engine: duckdb.DuckDBPyConnection,
    tally: Tally,
) -> tuple[list[dict[str, Any]], Numbers]:
    """Find the documents whose every line stands several times in one file; leave out what the settings say.

    Parameters
    ----------
    path : Path
        The table's accepted rows, file after file; rewritten where rows are left out.
    accepted : Accepted
        Which records of the files they are.

    Returns
    -------
    list of dict, array
        As load.json says it, first those of several different lines, then those of a single one: lines, "several" or
        "one"; documents and rows, int, and money, decimal text, of the rows beyond their first copy; first, the first
        numbers; left_out, whether they were. Then the numbers of the rows that were taken out.

    Raises
    ------
    ParameterError
        If a block says what is to be done with repeated documents, and no column tells documents.
    """
    nothing = np.empty(0, np.int64)
    columns = [target.name for target in targets]
    if "order_id" not in columns or "order_id" not in declared.names:
        _refuse_rule(declared, files)
        return [], nothing
    if not tally.rows["accepted"]:
        return [], nothing
    found = _found(files, path, accepted, columns, engine)
    if found.empty:
        return [], nothing
    rows = pq.read_table(path, columns=list(dict.fromkeys(("order_id", *filter(None, (declared.money,))))))
    entries, gone = [], [nothing]
    for lines, some in (("several", found[found["different"] > 1]), ("one", found[found["different"] == 1])):
        for left_out in (False, True):
            part = some[some["file"].map(lambda file, lines=lines: _is_left_out(files[file], lines)) == left_out]
            again = part[part["again"]]
            if again.empty:
                continue
            entries.append(_entry(declared, rows, part, again, lines, left_out))
            if left_out:
                gone.append(again["place"].to_numpy(np.int64))
    away = np.sort(np.concatenate(gone))
    if len(away):
        taken_out(path, away, tally.rule("order_id", "stands several times", BECAUSE), tally)
    return entries, away


def _refuse_rule(declared: Table, files: Sequence[Opened]) -> None:
    if any(file.block.settings.repeated for file in files):
        raise ParameterError(
            f"[tables.{declared.name}] repeated: no column tells which rows are one document. Map order_id, or leave "
            "it out."
        )


def _is_left_out(file: Opened, lines: str) -> bool:
    said = file.block.settings.repeated
    return said is not None and (lines == "several" or said != "once")


def _found(
    files: Sequence[Opened], path: Path, accepted: Accepted, columns: Sequence[str], engine: duckdb.DuckDBPyConnection
) -> pd.DataFrame:
    """The rows of repeated documents: place, file, different (lines of its document), again (beyond the first copy)."""
    nothing = pd.DataFrame(columns=["place", "file", "different", "again"])
    starts = accepted.starts()
    document = ", ".join(named(name) for name in DOCUMENT if name in columns)
    rows = f"""(
        SELECT file_row_number AS place, {file_of([start for _, start in starts])} AS nth, hash({document}) AS document,
               hash({", ".join(map(named, columns))}) AS line
        FROM read_parquet({quoted(literally(path.resolve()))}, file_row_number = true) WHERE order_id IS NOT NULL
    )"""
    engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE twice AS
        SELECT nth, document FROM (SELECT nth, document, line, count(*) AS times FROM {rows} GROUP BY ALL)
        GROUP BY ALL HAVING min(times) > 1
    """)
    [(documents,)] = engine.execute("SELECT count(*) FROM twice").fetchall()
    if not documents:
        return nothing
    alike = engine.sql(
        f"SELECT place, nth, document FROM {rows} SEMI JOIN twice USING (nth, document) ORDER BY place"
    ).to_arrow_table()
    engine.execute("DROP TABLE twice")
    read = np.array([file for file, _ in starts])
    found = pd.DataFrame(
        {
            "place": alike.column("place").to_numpy(),
            "file": read[alike.column("nth").to_numpy()],
            "document": alike.column("document").to_numpy(),
        }
    )
    return _to_the_letter(files, accepted.by_row(), found)


def _to_the_letter(files: Sequence[Opened], places: Numbers, found: pd.DataFrame) -> pd.DataFrame:
    """Keep the documents whose records are alike as they stand in the file: a line's number may tell two apart."""
    records = np.zeros(len(found), np.int64)
    for file in found["file"].unique():
        here = np.flatnonzero(found["file"] == file)
        numbers = places[found["place"].to_numpy()[here], 1]
        texts = (hash(text) for rows in files[file].export.rows(numbers) for text in rows.records)
        records[here] = np.fromiter(texts, np.int64, len(here))
    line = ["file", "document", "record"]
    found = found.assign(record=records)
    times = found.groupby(line)["place"].transform("size")
    of_document = times.groupby([found[name] for name in line[:2]])
    copies = of_document.transform("min")
    odd = copies != of_document.transform("max")  # few: else a call a document would take minutes
    copies[odd] = times[odd].groupby([found.loc[odd, name] for name in line[:2]]).transform(np.gcd.reduce)
    nth = found.groupby(line).cumcount()
    found = found.assign(
        different=found.groupby(line[:2])["record"].transform("nunique"),
        again=nth >= times // copies,  # of a line that each copy holds twice, two are its own
    )
    return found[copies > 1]


def _entry(
    declared: Table, rows: pa.Table, part: pd.DataFrame, again: pd.DataFrame, lines: str, left_out: bool
) -> dict[str, Any]:
    twice = rows.take(again["place"].to_numpy())
    money = None
    if declared.money in rows.column_names:
        money = plain(sum((each for each in twice.column(declared.money).to_pylist() if each is not None), Decimal(0)))
    heads = part.drop_duplicates(["file", "document"])["place"].to_numpy()
    return {
        "lines": lines,
        "documents": len(heads),
        "rows": len(again),
        "money": money,
        "first": list(dict.fromkeys(rows.column("order_id").take(heads[: SHOWN * 3]).to_pylist()))[:SHOWN],
        "left_out": left_out,
    }
