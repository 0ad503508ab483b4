"""Writing: accepted rows to Parquet as they stream past, excluded ones counted."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from perfkit.sources.columns import Target
from perfkit.sources.places import Accepted
from perfkit.sources.tally import Tally

ROWS_AT_A_TIME = 122_880
ROW_GROUP = 4 * ROWS_AT_A_TIME
STATUS = "row status"
"""What becomes of a row: 0 accepted, 1 and up the rule that leaves it out, -1 quarantined."""

UNKNOWN = "unknown "
"""Before an amount's name: whether an excluded row has one that cannot be read; no column's own name holds a space."""


LEFT_OUT = "left out "
"""Before an amount's name: the exact amount of an excluded row, which may have more digits than can be stored."""


class Writer:
    """The accepted rows being written, and the excluded ones counted.

    Attributes
    ----------
    path : Path
    accepted : Accepted
        Which records of the files they are.
    """

    def __init__(self, path: Path, targets: list[Target], tally: Tally) -> None:
        self.path = path
        self.accepted = Accepted()
        self._tally = tally
        self._dictionary = [target.name for target in targets if target.type == "text"]
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.RecordBatch] = []

    def add(self, batch: pa.RecordBatch, status: np.ndarray, file: int, base: int) -> None:  # type: ignore[type-arg]
        """Take a batch of rows of a file, the first of them its row number `base`."""
        beside = (STATUS, UNKNOWN, LEFT_OUT)
        values = batch.select([name for name in batch.schema.names if not name.startswith(beside)])
        passed = status == 0
        for rule in np.unique(status[status > 0]):
            left_out = batch.filter(pa.array(status == rule))
            sums = {column: _sum(left_out, LEFT_OUT + column) for column in self._tally.amounts}
            unknown = {column: left_out.column(UNKNOWN + column).true_count for column in self._tally.amounts}
            self._tally.exclude(int(rule) - 1, len(left_out), sums, unknown)
        if not passed.all():
            values = values.filter(pa.array(passed))
        self._tally.rows["accepted"] += len(values)
        for column in self._tally.amounts:
            self._tally.add("accepted", column, _sum(values, column))
        self.accepted.add(passed, file, base)
        self._waiting.append(values)
        if sum(len(each) for each in self._waiting) >= ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        rows = pa.Table.from_batches(self._waiting)
        self._waiting = []
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self.path,
                rows.schema,
                compression="snappy",
                use_dictionary=self._dictionary,
                store_decimal_as_integer=True,
                write_page_checksum=True,
            )
        self._writer.write_table(rows, row_group_size=ROW_GROUP)

    def close(self) -> None:
        """Finish the file."""
        self._flush()
        if self._writer:
            self._writer.close()


def _sum(rows: pa.RecordBatch, column: str) -> Decimal:
    total = pc.sum(rows.column(column)).as_py()
    return Decimal(0) if total is None else total
