"""Parquet: a file's typed columns, its page checksums verified where it carries them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from perfkit.errors import DataError
from perfkit.sources.columns import Source
from perfkit.sources.files import ExportFile
from perfkit.sources.places import Lines
from perfkit.sources.rows import Broken, Rows

DAMAGE = (pa.ArrowException, OSError, KeyError, UnicodeDecodeError)
"""What PyArrow raises about bytes that cannot be right."""

BATCH = 131_072
"""Rows read at a time."""


@dataclass
class ParquetExport:
    """One Parquet file.

    Attributes
    ----------
    null : tuple of str
        Texts that stand for a missing value.
    timezone : str
        Where the company's days begin: a time in a zone becomes what the clock showed there.
    source : Source
        Its columns and what they hold.
    records : int
        Rows, as its footer counts them.
    broken : list
        None: a Parquet file is whole or refused.
    notices : list of str
    failure : DataError or None
        What ended the reading: the engine, which pulls the rows, tells of it only in its own words.
    """

    file: ExportFile
    table: str
    null: tuple[str, ...] = ("",)
    timezone: str = "UTC"
    source: Source = field(init=False)
    records: int = 0
    broken: list[Broken] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    failure: DataError | None = None

    def __post_init__(self) -> None:
        try:
            parquet = self._open()
            schema = parquet.schema_arrow
            self.records = parquet.metadata.num_rows
            names = tuple(schema.names)
        except DAMAGE as error:
            raise self._damaged(error) from None
        self.source = Source(self.file.name, names, tuple(_kind(each) for each in schema.types))

    @property
    def lines(self) -> Lines:
        """Its row numbers from 1."""
        return Lines.one_after_the_other(1)

    def reader(self, needed: list[str]) -> pa.RecordBatchReader:
        """Return the needed columns, numbered as in `source`, in the order of the file."""
        numbers = [self.source.names.index(name) for name in needed]
        schema = self._open().schema_arrow
        fields = [pa.field(f"c{number}", _read_as(schema.field(number).type)) for number in numbers]
        if not fields:
            fields = [pa.field("c_none", pa.bool_())]
        return pa.RecordBatchReader.from_batches(pa.schema(fields), self._batches(numbers, fields))

    def _batches(self, numbers: list[int], fields: list[pa.Field]) -> Iterator[pa.RecordBatch]:
        seen = 0
        try:
            for batch in self._open().iter_batches(batch_size=BATCH, columns=self._readable(numbers)):
                seen += len(batch)
                arrays = [
                    self._plain(self._column(batch, number), f.type) for number, f in zip(numbers, fields, strict=False)
                ]
                if not numbers:
                    arrays = [pa.nulls(len(batch), pa.bool_())]
                yield pa.record_batch(arrays, schema=pa.schema(fields))
        except DAMAGE as error:
            self.failure = self._damaged(error)
            raise self.failure from None
        if seen != self.records:
            self.failure = self._damaged(f"its footer counts {self.records} rows, its pages hold {seen}")
            raise self.failure

    def _readable(self, numbers: list[int]) -> list[str] | None:
        """The columns to read by name; None (all) where names are not plain enough to choose by."""
        names = self.source.names
        if len(set(names)) < len(names) or any("." in name for name in names):
            return None
        return [names[number] for number in numbers] or list(names[:1])

    def _column(self, batch: pa.RecordBatch, number: int) -> pa.Array:
        if len(batch.schema) == len(self.source.names):
            return batch.column(number)
        return batch.column(self.source.names[number])

    def rows(self, wanted: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Iterator[Rows]:
        """Yield the rows of these numbers (from 0, ascending)."""
        base = 0
        for batch in self._open().iter_batches(batch_size=BATCH):
            first, last = np.searchsorted(wanted, (base, base + len(batch)))
            if last > first:
                numbers = wanted[first:last]
                taken = batch.take(pa.array(numbers - base))
                values = pa.table(
                    {
                        f"c{number}": self._plain(column, _read_as(column.type))
                        for number, column in enumerate(taken.columns)
                        if self.source.kinds[number] != "other"
                    }
                )
                records = [json.dumps(row, default=str, ensure_ascii=False) for row in taken.to_pylist()]
                yield Rows(values, numbers, numbers + 1, records)
            base += len(batch)

    def _plain(self, column: pa.Array, type_: pa.DataType) -> pa.Array:
        """A column as that type, its declared nulls missing, its times on the company's clock."""
        if pa.types.is_timestamp(column.type) and column.type.tz:
            column = pc.local_timestamp(column.cast(pa.timestamp(column.type.unit, tz=self.timezone)))
        if column.type != type_:
            column = column.cast(type_)
        if pa.types.is_string(type_) or pa.types.is_large_string(type_):
            absent = pc.is_in(column, pa.array(self.null, type_))
            if pc.any(absent).as_py():
                column = pc.if_else(absent, pa.scalar(None, type_), column)
        return column

    def _open(self) -> pq.ParquetFile:
        return pq.ParquetFile(self.file.path, page_checksum_verification=True)

    def _damaged(self, error: object) -> DataError:
        said = str(error).splitlines()[0].rstrip(".")
        return DataError(f"{self.file.name} is damaged or cut: {said}. Copy or export it again.")


def _kind(type_: pa.DataType) -> str:
    """What a column holds, in the words of `casting.reading`."""
    if pa.types.is_dictionary(type_):
        return _kind(type_.value_type)
    for kind, holds in (
        ("text", (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)),
        ("integer", (pa.types.is_integer,)),
        ("decimal", (pa.types.is_decimal32, pa.types.is_decimal64, pa.types.is_decimal128)),
        ("float64", (pa.types.is_float64,)),
        ("float32", (pa.types.is_float32, pa.types.is_float16)),
        ("date", (pa.types.is_date,)),
        ("timestamp", (pa.types.is_timestamp,)),
        ("boolean", (pa.types.is_boolean,)),
    ):
        if any(check(type_) for check in holds):
            return kind
    return "other"


def _read_as(type_: pa.DataType) -> pa.DataType:
    """The type in which DuckDB is given a column: no dictionaries, no time zones."""
    if pa.types.is_dictionary(type_):
        return _read_as(type_.value_type)
    if pa.types.is_timestamp(type_):
        return pa.timestamp(type_.unit)
    if pa.types.is_float16(type_):
        return pa.float32()
    return type_
