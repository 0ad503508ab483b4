r"""Cells: what stands in the cells of one sheet, typed, by row and column.

A cell becomes one text: as typed, or marked with \x01 and a letter where it is a number, a day, a boolean, an
error or a formula without a stored value. Cells that hold nothing are none, whatever their format.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from perfkit.sources.xlsx.cell_values import Fields, boolean, canonical, iso, moments, one_by_one
from perfkit.sources.xlsx.escapes import slices, unescaped
from perfkit.sources.xlsx.markup import Around, Mask, Odd, Places, Tags, blocks, column_number, letters
from perfkit.sources.xlsx.workbooks import DATE, TIME, ZEROS, Sheet, Shown, Workbook

HEAD = 55
"""First filled rows that are kept apart, for a header to be looked for."""

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
LAST_DAY = 2_958_466
"""Serial of the day after the last one that a workbook knows, 31 December 9999."""

Area = tuple[int, int, int, int]
"""First row, first column, last row, last column."""


@dataclass(eq=False)
class Cells:
    """The filled cells of a sheet.

    Attributes
    ----------
    packed : list of pyarrow.Buffer
        Compressed batches of row, column and text, in the order of the sheet.
    skip : int
        Rows in which no header is looked for.
    head : dict
        Texts by row and column: the first filled rows below those.
    rows : int
        Filled rows.
    last : int
        The last of them.
    columns : dict
        Filled columns, and the last filled row of each.
    formulas, uncalculated : Counter
        By column: cells with a formula; those of them without a stored value.
    first_uncalculated : dict
        By column: the first row of the latter.
    currencies : dict
        By column: the currencies in which its numbers are shown.
    scales : dict
        By column: how many times what is stored its numbers are shown to be, where the workbook has such formats.
    hidden_rows : set of int
    hidden_columns : set of int
    merged : list of Area
    filtered : bool
        Whether the sheet has a filter.
    """

    packed: list[pa.Buffer] = field(default_factory=list)
    skip: int = 0
    head: dict[int, dict[int, str]] = field(default_factory=dict)
    rows: int = 0
    last: int = 0
    columns: dict[int, int] = field(default_factory=dict)
    formulas: Counter[int] = field(default_factory=Counter)
    uncalculated: Counter[int] = field(default_factory=Counter)
    first_uncalculated: dict[int, int] = field(default_factory=dict)
    currencies: dict[int, set[str]] = field(default_factory=dict)
    scales: dict[int, set[int]] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[Area] = field(default_factory=list)
    filtered: bool = False

    def batches(self) -> Iterator[tuple[Places, Places, pa.Array]]:
        """Yield row, column and text of the cells."""
        for buffer in self.packed:
            for batch in pa.ipc.open_stream(buffer):
                yield batch.column(0).to_numpy(), batch.column(1).to_numpy(), batch.column(2)

    def add(self, rows: Places, columns: Places, texts: pa.Array) -> None:
        """Add the cells of some rows, in their order."""
        schema = pa.schema([("row", pa.int32()), ("column", pa.int32()), ("text", pa.string())])
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as stream:
            stream.write_batch(
                pa.record_batch([pa.array(rows, pa.int32()), pa.array(columns, pa.int32()), texts], schema=schema)
            )
        self.packed.append(sink.getvalue())
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        if len(self.head) < HEAD and rows[-1] > self.skip:
            begun = int(np.searchsorted(rows, self.skip, side="right"))
            ahead = starts[starts >= begun]
            lacking = HEAD - len(self.head)
            stop = int(ahead[lacking]) if lacking < len(ahead) else len(rows)
            some = slice(begun, stop)
            for row, column, text in zip(rows[some], columns[some], texts[some].to_pylist(), strict=True):
                self.head.setdefault(int(row), {})[int(column)] = text
        self.rows += len(starts)
        self.last = int(rows[-1])
        lowest = np.zeros(LAST_COLUMN + 1, np.int64)
        lowest[columns] = rows  # the last row of each stays
        for column in np.flatnonzero(lowest).tolist():
            self.columns[column] = int(lowest[column])


def read(book: Workbook, sheet: Sheet, strings: pa.Array, *, skip: int = 0) -> Cells:
    """Read the cells of a sheet.

    Parameters
    ----------
    book : Workbook
    sheet : Sheet
    strings : pyarrow.Array
        What cells share, see `shared_texts.shared`.
    skip : int
        Rows in which no header is looked for.

    Raises
    ------
    DataError
        If the part is damaged.
    """
    try:
        return _Reader(book, sheet, strings, Cells(skip=skip)).read(plain=True)
    except Odd:
        pass
    try:
        return _Reader(book, sheet, strings, Cells(skip=skip)).read(plain=False)
    except Odd:
        raise book.package.damaged(sheet.part, "its cells are not built as a workbook's") from None


class _Reader:
    def __init__(self, book: Workbook, sheet: Sheet, strings: pa.Array, cells: Cells) -> None:
        self.book, self.sheet, self.strings, self.cells = book, sheet, strings, cells
        made = book.formats or (Shown(),)
        self.made_of = np.array([each.kind for each in made])
        self.digits = np.array([each.digits for each in made])
        self.currencies = [each.currency for each in made]
        self.scales = [each.scale for each in made]

    def read(self, *, plain: bool) -> Cells:
        around = Around()
        for data in blocks(self.book.package, self.sheet.part, b"sheetData", b"<row", around, plain=plain):
            self._take(Tags(data, b"c"))
        self._look_around(around)
        return self.cells

    def damaged(self, why: str) -> Exception:
        return self.book.package.damaged(f"sheet {self.sheet.name!r}", why)

    def _take(self, tags: Tags) -> None:
        tags.refuse_odd((b"row", b"c", b"v", b"f", b"is", b"t", b"r", b"rPh"))
        if b"hidden=" in tags.data:
            self._note_hidden(tags.data)
        values, formulas = np.flatnonzero(tags.named(b"v")), np.flatnonzero(tags.named(b"f"))
        if not (np.isin(tags.ends[values] - tags.at[values], (2, 3))).all():
            raise Odd
        for which in (values, formulas):
            if (np.diff(tags.owner[which]) == 0).any():  # two of them in one cell
                raise Odd
        owner, inline = tags.texts
        filled = np.zeros(len(tags.items), bool)
        for which in (tags.owner[values], tags.owner[formulas], owner):
            if len(which) and which[0] < 0:
                raise Odd
            filled[which] = True
        chosen = np.flatnonzero(filled)
        if not len(chosen):
            return
        fields = Fields.of(tags, chosen)
        where = np.full(len(tags.items), -1)
        where[chosen] = np.arange(len(chosen))
        count = len(chosen)
        starts, stops = np.full(count, -1), np.full(count, -1)
        starts[where[tags.owner[values]]], stops[where[tags.owner[values]]] = tags.content(values)
        calculates = np.zeros(count, bool)
        calculates[where[tags.owner[formulas]]] = True
        texts = self._typed(tags, fields, starts, stops, where[owner], inline)
        lacks = self._uncalculated(tags, fields, starts, stops, calculates)
        if lacks.any():
            texts = self._as_formulas(tags, texts, lacks, where[tags.owner[formulas]], formulas)
        self._note_formats(fields)
        self._keep(fields, texts, calculates, lacks)

    def _uncalculated(self, tags: Tags, fields: Fields, starts: Places, stops: Places, calculates: Mask) -> Mask:
        """Mask of the formulas without a stored value, or with a zero that nobody reckoned."""
        empty = (starts < 0) | ((starts == stops) & (fields.types != ord("t")))
        if self.book.stale:
            empty |= (stops - starts == 1) & (tags.array[np.maximum(starts, 0)] == 48) & (fields.types == ord("n"))
        lacks: Mask = calculates & empty
        return lacks

    def _as_formulas(self, tags: Tags, texts: pa.Array, lacks: Mask, cells: Places, which: Places) -> pa.Array:
        said = dict.fromkeys(np.flatnonzero(lacks).tolist(), "")
        for cell, start, stop in zip(cells.tolist(), *(places.tolist() for places in tags.content(which)), strict=True):
            if cell in said:
                said[cell] = tags.data[start:stop].decode()
        formulas = unescaped(pa.array(list(said.values()), pa.string())).to_pylist()
        marked = pa.array([f"\x01f={formula}" for formula in formulas], pa.string())
        return pc.replace_with_mask(texts, pa.array(lacks), marked)

    def _typed(
        self,
        tags: Tags,
        fields: Fields,
        starts: Places,
        stops: Places,
        inline_of: Places,
        inline: pa.Array,
    ) -> pa.Array:
        """Return the text of each cell, empty where it holds none."""
        there = starts >= 0
        groups: list[tuple[Places, pa.Array]] = []

        def raw(kind: str) -> tuple[Places, pa.Array]:
            which = np.flatnonzero(there & (fields.types == ord(kind)) & (stops > starts))
            return which, slices(tags.array, starts[which], stops[which])

        which, texts = raw("n")
        groups += self._numbers(which, texts, fields)
        which, texts = raw("s")
        groups.append((which, self._looked_up(texts)))
        which, texts = raw("t")
        groups.append((which, unescaped(texts)))
        which, texts = raw("b")
        groups.append((which, one_by_one(texts, boolean)))
        which, texts = raw("e")
        groups.append((which, one_by_one(unescaped(texts), "\x01e{}".format)))
        which, texts = raw("d")
        groups.append((which, one_by_one(texts, iso)))
        which, texts = raw("i")
        groups.append((which, unescaped(texts)))
        groups.append((inline_of, inline))
        if (stops[inline_of] > starts[inline_of]).any():
            raise self.damaged("a cell holds both a value and a text")
        groups = [group for group in groups if len(group[0])]
        place = np.full(len(starts), -1)
        order = np.concatenate([which for which, _ in groups]) if groups else place[:0]
        place[order] = np.arange(len(order))
        texts = pa.concat_arrays([texts for _, texts in groups] or [pa.array([], pa.string())])
        return pc.fill_null(texts.take(pa.array(place, mask=place < 0)), "")

    def _looked_up(self, texts: pa.Array) -> pa.Array:
        try:
            numbers = texts.cast(pa.int32())
        except pa.ArrowInvalid:
            raise self.damaged("a shared text is named by something else than its number") from None
        bounds = pc.min_max(numbers).as_py()
        if len(numbers) and (bounds["min"] < 0 or bounds["max"] >= len(self.strings)):
            raise self.damaged(f"it asks for shared text {bounds['max']} of {len(self.strings)}")
        return self.strings.take(numbers).cast(pa.string())

    def _numbers(self, which: Places, texts: pa.Array, fields: Fields) -> Iterator[tuple[Places, pa.Array]]:
        """Yield cells with a number and what they say: numbers, days, times, or digits with zeros in front."""
        plain = canonical(texts)
        styles = self._styles(fields.styles[which])
        kinds = self.made_of[styles]
        known = pc.invert(pc.starts_with(plain, "\x01")).to_numpy(zero_copy_only=False)
        dated = np.flatnonzero(known & ((kinds == DATE) | (kinds == TIME)))
        left = np.ones(len(which), bool)
        if len(dated):
            serials = plain.take(pa.array(dated)).cast(pa.float64()).to_numpy()
            fits = (serials >= 0) & (serials < LAST_DAY - 1462 * self.book.from_1904)
            dated, serials = dated[fits], serials[fits]
            left[dated] = False
            yield which[dated], moments(serials, kinds[dated] == TIME, self.book.from_1904)
        padded = np.flatnonzero(known & (kinds == ZEROS))
        if len(padded):
            digits = plain.take(pa.array(padded))
            whole = pc.match_substring_regex(digits, "^[0-9]+$").to_numpy(zero_copy_only=False)
            padded, digits = padded[whole], digits.filter(pa.array(whole))
            left[padded] = False
            widths = self.digits[styles[padded]].tolist()
            filled = [text.zfill(width) for text, width in zip(digits.to_pylist(), widths, strict=True)]
            yield which[padded], pa.array(filled, pa.string())
        marks = pa.array(np.where(known[left], "\x01n", ""), pa.string())
        yield which[left], pc.binary_join_element_wise(marks, plain.filter(pa.array(left)), "")

    def _styles(self, styles: Places) -> Places:
        return np.where(styles < len(self.made_of), styles, 0)

    def _note_formats(self, fields: Fields) -> None:
        """Note in which currencies, and in which units, the numbers of each column are shown."""
        scaled = max(self.scales) > 1
        if not scaled and not any(self.currencies):
            return
        numbers = fields.types == ord("n")
        styles = self._styles(fields.styles[numbers])
        pairs = np.unique(fields.columns[numbers].astype(np.int64) * len(self.scales) + styles)
        for column, style in zip(*(each.tolist() for each in divmod(pairs, len(self.scales))), strict=True):
            if currency := self.currencies[style]:
                self.cells.currencies.setdefault(column, set()).add(currency)
            if scaled:
                self.cells.scales.setdefault(column, set()).add(self.scales[style])

    def _keep(self, fields: Fields, texts: pa.Array, calculates: Mask, lacks: Mask) -> None:
        rows, columns = fields.rows, fields.columns
        if rows.min() < 1 or rows.max() > LAST_ROW or columns.min() < 1 or columns.max() > LAST_COLUMN:
            raise self.damaged("a cell lies outside the sheet")
        places = rows * (LAST_COLUMN + 1) + columns
        if (np.diff(places) <= 0).any():
            order = np.argsort(places, kind="stable")
            same = np.flatnonzero(np.diff(places[order]) == 0)
            if len(same):
                twice = order[same[0]]
                raise self.damaged(f"the cell {letters(int(columns[twice]))}{rows[twice]} stands twice")
            rows, columns, texts = rows[order], columns[order], texts.take(pa.array(order))
            calculates, lacks = calculates[order], lacks[order]
        if rows[0] <= self.cells.last:
            raise self.damaged(f"its rows are out of order (row {rows[0]} after row {self.cells.last})")
        self.cells.formulas.update(Counter(columns[calculates].tolist()))
        self.cells.uncalculated.update(Counter(columns[lacks].tolist()))
        for row, column in zip(rows[lacks].tolist(), columns[lacks].tolist(), strict=True):
            self.cells.first_uncalculated.setdefault(column, row)
        filled = pc.not_equal(texts, "")
        if pc.any(filled).as_py():
            mask = filled.to_numpy(zero_copy_only=False)
            self.cells.add(rows[mask], columns[mask], texts.filter(filled))

    def _note_hidden(self, data: bytes) -> None:
        for said in re.findall(rb"<row\b([^>]*)>", data):
            if b"'" in said:
                raise Odd
            if re.search(rb'\shidden="(1|true)"', said):
                number = re.search(rb'\sr="([0-9]{1,7})"', said)
                if number is None:
                    raise Odd
                self.cells.hidden_rows.add(int(number[1]))

    def _look_around(self, around: Around) -> None:
        if re.search(rb"<(col|mergeCell)\b[^>]*'", around.head + around.tail):
            raise Odd
        for said in re.findall(rb"<col\b([^>]*)>", around.head):
            bounds = [re.search(rb'\s%s="([0-9]{1,5})"' % name, said) for name in (b"min", b"max")]
            if re.search(rb'\shidden="(1|true)"', said) and bounds[0] and bounds[1]:
                first, last = (min(int(bound[1]), LAST_COLUMN) for bound in bounds if bound)
                self.cells.hidden_columns.update(range(first, last + 1))
        area = rb'<mergeCell\b[^>]*\sref="\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?"'
        for left, top, right, bottom in re.findall(area, around.tail):
            corner = (int(top), column_number(left.decode()))
            opposite = (int(bottom), column_number(right.decode())) if right else corner
            self.cells.merged.append((*corner, *opposite))
        self.cells.filtered = b"<autoFilter" in around.tail
