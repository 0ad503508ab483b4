"""Shared texts: what a workbook stores once and its cells name by number."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from perfkit.sources.xlsx.markup import Around, Odd, Tags, blocks
from perfkit.sources.xlsx.workbooks import Workbook


def shared(book: Workbook) -> pa.Array:
    """Read the texts that cells share.

    Raises
    ------
    DataError
        If the part is damaged.
    """
    if not book.strings or book.strings not in book.package:
        return pa.array([], pa.large_string())
    try:
        return _shared(book, plain=True)
    except Odd:
        pass
    try:
        return _shared(book, plain=False)
    except Odd:
        raise book.package.damaged(book.strings, "its texts are not built as a workbook's") from None


def _shared(book: Workbook, *, plain: bool) -> pa.Array:
    parts = [pa.array([], pa.large_string())]
    for data in blocks(book.package, book.strings, b"sst", b"<si", Around(), plain=plain):
        tags = Tags(data, b"si")
        tags.refuse_odd((b"si", b"t", b"r", b"rPh"))
        owner, texts = tags.texts
        if len(owner) < len(tags.items):
            places = np.full(len(tags.items), -1)
            places[owner] = np.arange(len(owner))
            texts = pc.fill_null(texts.take(pa.array(places, mask=places < 0)), "")
        parts.append(texts.cast(pa.large_string()))
    return pa.concat_arrays(parts)
