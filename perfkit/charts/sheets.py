"""Sheets: the paper of a chart: as wide as a page or as a phone, the message above, the keys, then the body.

A chart is a function of a result and a sheet; `chart` makes it the public function of a result and an
axes, and remembers how to draw it again for a phone.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar
from weakref import WeakKeyDictionary

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from perfkit import languages
from perfkit.charts.labels import sentences
from perfkit.charts.lettering import FONT, SIZE, SMALL, TITLE, capitalised, clean, fit, length, wrap
from perfkit.charts.style import HEADS, INK, LOOKS, QUIET, TONES, Key, bar, drawing, words
from perfkit.customers.worth.absences import Absent
from perfkit.results import Result, View

WIDE, NARROW = 9.0, 3.6  # inches: the page's width, and a phone's
_NARROW_BELOW = 400.0  # points: a sheet that is less wide is laid out as on a phone
_MARGIN, _SIDE = 4.0, 1.0  # points above and below the chart, and beside it: it stands flush with the page's text
_KEYS = SIZE * 1.75  # points that a line of keys takes

Drawn = TypeVar("Drawn", bound=Result, contravariant=True)


class Chart(Protocol[Drawn]):
    """What draws a result: on a figure of its own, or on the axes it is given."""

    def __call__(self, result: Drawn, /, ax: Axes | None = None) -> Axes: ...  # noqa: D102


@dataclass(frozen=True)
class Kept:
    """What is remembered of a figure: its message, how high it stands above the body, how to draw a phone's.

    `empty` is the reason why there is nothing to draw, where there is nothing.
    """

    title: str
    subtitle: str
    empty: str
    wrapped: str
    head: float
    narrow: Callable[[], tuple[Axes, float]]


_KEPT: WeakKeyDictionary[Figure, Kept] = WeakKeyDictionary()


class Sheet:
    """The paper of one chart, which the chart opens once it knows how high it will be.

    Attributes
    ----------
    width : float
        Points across.
    narrow : bool
        Lay it out for a phone: names above their bars, fewer columns.
    """

    def __init__(self, ax: Axes | None = None, inches: float = WIDE) -> None:
        self.width = inches * 72 - 2 * _SIDE if ax is None else _points(ax)
        self.narrow = self.width < _NARROW_BELOW
        self.ax, self.title, self.subtitle, self.empty, self.head = ax, "", "", "", 0.0

    def open(self, title: str, subtitle: str, height: float, keys: Sequence[Key] = ()) -> Axes:
        """Return axes whose body is `height` points high below the message; they carry neither frame nor ticks."""
        lines = wrap(title, self.width, TITLE, "bold", most=6 if self.narrow else 3)
        second = wrap(subtitle, self.width, SIZE, most=6 if self.narrow else 3)
        placed = _placed(keys, self.width)
        keyed = (placed[-1][0] + 1) * _KEYS + 4 if placed else 0.0
        below = (SIZE * 1.35 * len(second) + 4 if second else 0.0) + 8
        self.head = TITLE * 1.3 * len(lines) + below
        full = height + keyed + self.head + 2 * _MARGIN
        ax = self.ax
        if ax is None:
            across = self.width + 2 * _SIDE
            figure = plt.figure(figsize=(across / 72, full / 72))
            ax = figure.add_axes((_SIDE / across, _MARGIN / full, self.width / across, height / full))
        ax.set_axis_off()
        ax.set(xlim=(0, 1), ylim=(0, 1))
        look = {"fontsize": TITLE, "fontweight": "bold", "color": INK}
        # With a place of its own: else each drawing measures the ticks of every panel, which have none, to find one.
        made = ax.set_title("\n".join(lines), loc="left", pad=below + keyed, y=1.0, **look)
        made.set(parse_math=False, linespacing=1.2, family=FONT, gid="title")
        _write_above(ax, "\n".join(second), below + keyed - 5)
        for key, (row, x) in zip(keys, placed, strict=True):
            _draw_key(ax, key, x, keyed - _KEYS * (row + 0.5), self.width)
        self.ax, self.title, self.subtitle = ax, clean(title), clean(subtitle)
        self.describe()
        return ax

    def describe(self, *figures: str) -> None:
        """Set the alternative text: the message and the key figures."""
        if self.ax is not None:
            self.ax.figure.set_label(sentences(self.title, *figures))

    def say(self, view: View, reason: str) -> None:
        """Write, in the place of a chart, the sentence that says why there is none."""
        lines = wrap(reason, self.width - 24, SIZE, most=8)
        subtitle = "" if view.subtitle == reason else view.subtitle
        ax = self.open(view.title, subtitle, SIZE * 1.4 * len(lines) + 16)
        bar(ax, 0.0, 0.0, 1.0, 1.0, "not observed")
        words(ax, 0, 0.5, "\n".join(lines), dx=10, ha="left", linespacing=1.3, color=QUIET)
        self.empty = clean(reason)
        self.describe(reason)


def chart(draw: Callable[[Drawn, Sheet], None]) -> Chart[Drawn]:
    """Make a chart's function: in the house style, on a figure of its own or on the axes given."""

    def on(result: Drawn, sheet: Sheet) -> tuple[Axes, float]:
        with drawing():
            if isinstance(result, Absent):
                sheet.say(result.views()[0], result.reason)
            else:
                draw(result, sheet)
        if sheet.ax is None:
            raise RuntimeError(f"{draw.__name__} did not open its sheet")
        return sheet.ax, sheet.head

    def drawn(result: Drawn, /, ax: Axes | None = None) -> Axes:
        sheet, spoken = Sheet(ax), languages.current()
        made, head = on(result, sheet)

        def narrow() -> tuple[Axes, float]:
            """Draw it again in the language that it was drawn in, whatever is spoken by then."""
            now = languages.current()
            languages.use(spoken)
            try:
                return on(result, Sheet(inches=NARROW))
            finally:
                languages.use(now)

        if ax is None:
            wrapped = made.get_title(loc="left")
            _KEPT[_figure(made)] = Kept(sheet.title, sheet.subtitle, sheet.empty, wrapped, head, narrow)
        return made

    first = next(iter(inspect.signature(draw).parameters.values()))
    second = inspect.Parameter("ax", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=Axes | None)
    drawn.__signature__ = inspect.Signature([first, second], return_annotation=Axes)  # type: ignore[attr-defined]
    drawn.__name__ = drawn.__qualname__ = draw.__name__
    drawn.__doc__, drawn.__module__ = draw.__doc__, draw.__module__
    return drawn


def kept(axes: Axes) -> Kept | None:
    """Return what is remembered of a figure that a chart made; None for any other."""
    return _KEPT.get(_figure(axes))


@contextmanager
def untitled(axes: Axes, head: float) -> Iterator[None]:
    """Take the message, `head` points high, out of the picture for a while: on a page it is text."""
    figure = _figure(axes)
    message = [each for each in axes.get_children() if each.get_gid() in ("title", "subtitle")]
    size, box = figure.get_size_inches(), axes.get_position()
    grown = size[1] / (size[1] - head / 72)
    try:
        for each in message:
            each.set_visible(False)
        figure.set_size_inches(size[0], size[1] / grown)
        axes.set_position((box.x0, box.y0 * grown, box.width, box.height * grown))
        yield
    finally:
        figure.set_size_inches(size)
        axes.set_position(box)
        for each in message:
            each.set_visible(True)


def panel(ax: Axes, left: float, width: float, ylim: tuple[float, float]) -> Axes:
    """Return a frameless part of the sheet, from `left` and `width` wide as shares of the sheet."""
    made = ax.inset_axes((left, 0, width, 1))
    made.set_axis_off()
    made.set_ylim(*ylim)
    return made


def storeys(ax: Axes, heights: Sequence[float]) -> list[Axes]:
    """Split a sheet into parts, one above the other, so many points high."""
    whole, above, made = sum(heights), 0.0, []
    for height in heights:
        above += height
        made.append(ax.inset_axes((0, 1 - above / whole, 1, height / whole)))
        made[-1].set_axis_off()
        made[-1].set(xlim=(0, 1), ylim=(0, 1))
    return made


def apart(ax: Axes, heights: Sequence[float], room: float = 4.0) -> list[Axes]:
    """Split a sheet into parts so many points high, with a little room between them."""
    spaced = [height for each in heights for height in (each, room)][:-1]
    return storeys(ax, spaced)[::2]


def _figure(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    if figure is None:
        raise RuntimeError("these axes belong to no figure")
    return figure


def _points(ax: Axes) -> float:
    return float(ax.get_position().width * _figure(ax).get_figwidth() * 72)


def _write_above(ax: Axes, shown: str, above: float) -> None:
    ax.annotate(
        shown,
        (0, 1),
        (0, above),
        xycoords="axes fraction",
        textcoords="offset points",
        va="top",
        ha="left",
        fontsize=SIZE,
        color=QUIET,
        linespacing=1.3,
        annotation_clip=False,
        parse_math=False,
        gid="subtitle",
    )


def _placed(keys: Sequence[Key], width: float) -> list[tuple[int, float]]:
    """Return the line and the left edge of each key: as many beside each other as fit."""
    placed, row, x = [], 0, 0.0
    for key in keys:
        across = 13 + length(capitalised(key.label), SMALL)
        if x and x + across > width:
            row, x = row + 1, 0.0
        placed.append((row, x))
        x += across + 14
    return placed


def _draw_key(ax: Axes, key: Key, x: float, above: float, width: float) -> None:
    """Draw one swatch and its word, so many points above the body."""
    body = ax.get_position().height * _figure(ax).get_figheight() * 72
    y = 1 + above / body
    if key.scenario in LOOKS:
        corner, sides = (x / width, y - 3.4 / body), (9 / width, 6.8 / body)
        ax.add_patch(Rectangle(corner, *sides, clip_on=False, transform=ax.transAxes, **LOOKS[key.scenario]))
    else:
        tone = key.scenario.removesuffix(" pin")
        look = {"marker": HEADS[tone], "color": TONES[tone], "markersize": 5.2}
        ax.plot([(x + 4.5) / width], [y], transform=ax.transAxes, clip_on=False, **look)
    ax.annotate(
        fit(capitalised(key.label), width - x - 13, SMALL),
        ((x + 13) / width, y),
        xycoords="axes fraction",
        va="center",
        fontsize=SMALL,
        color=QUIET,
        annotation_clip=False,
        parse_math=False,
    )
