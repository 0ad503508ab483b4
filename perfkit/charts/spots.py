"""Spots: where a label finds room near its point, clear of lines, marks and other labels."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in points."""

_STEP = 6.0
_MARK = 4.5  # half a mark, with air


class Spots:
    """The free room of a panel so many points wide and high; what is placed takes it away."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.taken = np.empty((0, 4))

    def take(self, boxes: Iterable[Box]) -> None:
        """Keep labels off these boxes."""
        found = np.array(list(boxes), dtype=float).reshape(-1, 4)
        self.taken = np.vstack([self.taken, found])

    def take_marks(self, points: Iterable[tuple[float, float]]) -> None:
        """Keep labels off marks."""
        self.take((x - _MARK, y - _MARK, x + _MARK, y + _MARK) for x, y in points)

    def take_line(self, points: Sequence[tuple[float, float]], clear: float = 3.0) -> None:
        """Keep labels off a line, however steep its parts are."""
        boxes: list[Box] = []
        for (x0, y0), (x1, y1) in pairwise(points):
            parts = max(1, int(max(abs(x1 - x0), abs(y1 - y0)) / _STEP))
            for part in range(parts):
                xs = [x0 + (x1 - x0) * (part + end) / parts for end in (0, 1)]
                ys = [y0 + (y1 - y0) * (part + end) / parts for end in (0, 1)]
                boxes.append((min(xs) - clear, min(ys) - clear, max(xs) + clear, max(ys) + clear))
        self.take(boxes)

    def place(self, x: float, y: float, wide: float, high: float, reach: float = 1e9) -> tuple[float, float] | None:
        """Return the left and the middle of the free spot nearest to a point, and take it; None within no reach."""
        lefts = np.arange(0.0, max(self.width - wide, 0.0) + 0.1, _STEP)
        lefts = np.append(lefts, [x + 7, x - wide - 7, x - wide / 2, self.width - wide])
        lefts = lefts[(lefts >= 0) & (lefts <= self.width - wide + 0.01)]
        middles = np.append(np.arange(high / 2, self.height - high / 2 + 0.1, _STEP), [y, y + high, y - high])
        middles = middles[(middles >= high / 2) & (middles <= self.height - high / 2)]
        left, middle = (each.ravel() for each in np.meshgrid(lefts, middles))
        across = np.maximum(np.maximum(left - x, x - (left + wide)), 0)
        down = np.maximum(np.abs(middle - y) - high / 2, 0)
        # Beside a point is nearer than above it, for words are read along.
        far = across + 1.5 * down + 0.02 * np.abs(left - x - 7) + 0.05 * np.abs(middle - y)
        for spot in np.argsort(far, kind="stable"):
            if far[spot] > reach:
                return None
            box = (left[spot], middle[spot] - high / 2, left[spot] + wide, middle[spot] + high / 2)
            if self.free(box):
                self.take([box])
                return float(left[spot]), float(middle[spot])
        return None

    def free(self, box: Box) -> bool:
        """Say whether nothing is in a box."""
        t = self.taken
        return not bool(((t[:, 0] < box[2]) & (t[:, 2] > box[0]) & (t[:, 1] < box[3]) & (t[:, 3] > box[1])).any())
