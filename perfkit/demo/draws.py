"""Draws: how does one seed give every part of the story its own stream of chance?

Each part asks for its stream by name, so that a change of one part redraws nothing of the others. Only
NumPy's generators and sums that do not depend on threads are used: the same seed gives the same bytes anywhere.
"""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]
Flags = NDArray[np.bool_]


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the stream of a seed that belongs to a name, such as "web.baskets"."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))


def chosen(rng: np.random.Generator, weights: ArrayLike, size: int) -> Ints:
    """Return so many places drawn with these weights: of a row for all, or of a row each."""
    edges = np.cumsum(np.asarray(weights, dtype=float), axis=-1)
    points = rng.random(size) * edges[..., -1]
    if edges.ndim == 1:
        return np.searchsorted(edges, points, side="right").clip(0, edges.size - 1)
    return (edges <= points[:, None]).sum(axis=1).clip(0, edges.shape[1] - 1)


def each_of(values: Sequence[str], places: Ints) -> NDArray[np.object_]:
    """Return the texts at these places."""
    return np.array(list(values), dtype=object)[places]


def numbered(prefix: str, numbers: ArrayLike, width: int) -> NDArray[np.object_]:
    """Return identifiers such as C00012, one a number."""
    return np.array([f"{prefix}{number:0{width}d}" for number in np.asarray(numbers).tolist()], dtype=object)


def kept(values: NDArray[np.object_], where: Flags) -> NDArray[np.object_]:
    """Return the texts where it says so, and None elsewhere."""
    found = np.full(where.shape, None, dtype=object)
    found[where] = values[where]
    return found
