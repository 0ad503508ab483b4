"""Escapes: texts cut out of a block of XML, and what their entities and Excel's own escapes mean."""

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perfkit.sources.delimited.quotes import between

Places = npt.NDArray[np.int64]


def slices(array: npt.NDArray[np.uint8], starts: Places, stops: Places) -> pa.Array:
    """Return the pieces between these places, ascending, as texts."""
    offsets = np.concatenate(([0], np.cumsum(stops - starts))).astype(np.int32)
    pieces = array[between(np.column_stack((starts, stops)).ravel(), len(array))]
    return pa.StringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(pieces))


_ENTITY = re.compile(r"&(?:#([0-9]+)|#x([0-9A-Fa-f]+)|(amp|lt|gt|quot|apos));")
_SIGNS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_HEXED = re.compile("_x([0-9A-Fa-f]{4})_")


def unescaped(texts: pa.Array) -> pa.Array:
    """Return texts as they are meant: entities, line ends and Excel's _x000D_ resolved."""
    special = pc.match_substring_regex(texts, r"[&\r]|_x[0-9A-Fa-f]{4}_")
    if not pc.any(special).as_py():
        return texts
    meant = [decoded(_ENTITY.sub(_entity, _lines(text))) for text in texts.filter(special).to_pylist()]
    return pc.replace_with_mask(texts, special, pa.array(meant, pa.string()))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _entity(match: re.Match[str]) -> str:
    decimal, hexed, name = match.groups()
    return _SIGNS[name] if name else chr(int(decimal) if decimal else int(hexed, 16))


def decoded(text: str) -> str:
    r"""Return a text with Excel's _xHHHH_ as the sign meant; half a pair and \x01, which marks, stay as they are."""

    def sign(match: re.Match[str]) -> str:
        code = int(match[1], 16)
        return match[0] if code < 2 or 0xD800 <= code < 0xE000 else chr(code)

    return _HEXED.sub(sign, text) if "_x" in text else text
