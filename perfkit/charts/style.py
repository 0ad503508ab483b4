"""Style: one look for every chart: the colours of IBCS, matplotlib's own fonts, a message above the figures.

International Business Communication Standards, version 1.2: actual solid dark, previous year solid
light, target outlined, variances green where good for the company and red where bad, always with a sign.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from perfkit import languages
from perfkit.languages import text
from perfkit.results import View

INK = "#1d2127"  # words
QUIET = "#5a616b"  # second words: 6:1 on white
RULE = "#c3c8ce"  # thin lines
ACTUAL = "#2b3038"
PREVIOUS = "#a9afb7"
PREVIOUS_EDGE = "#878e97"  # 3:1 on white, so that a light bar still has an end
GOOD = "#0b7a5c"
BAD = "#c2372e"
NEUTRAL = "#6b727c"
TONES = {"good": GOOD, "bad": BAD}
HEADS = {"good": "o", "bad": "D"}  # the same shapes as in the tables: a round is good, a diamond is bad

WIDTH = 6.5  # inches: the reading column; at 680 px, 9 points show as 9.4
SIZE, SMALL, TITLE = 9.0, 8.3, 12.5  # points
MARGIN, SIDE = 4.0, 1.0  # points above and below the chart, and beside it: it stands flush with the page's text

_RC = {
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.linewidth": 0.8,
    "axes.unicode_minus": True,
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "font.family": ["DejaVu Sans"],  # matplotlib brings it: the same picture on every machine
    "font.size": SIZE,
    "hatch.linewidth": 0.6,
    "lines.solid_capstyle": "butt",
    "path.simplify": True,
    "savefig.bbox": None,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",  # the letters as outlines: no reader's font can move or clip them
    "svg.hashsalt": "perfkit",
    "svg.image_inline": True,
    "text.color": INK,
    "text.hinting": "none",
    "text.parse_math": False,  # a product may be called "$x^2$"
    "text.usetex": False,
}


@contextmanager
def drawing() -> Iterator[None]:
    """Draw in the house style, whatever the caller's settings."""
    with warnings.catch_warnings(), mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        # A name in a script that the font lacks shows boxes; the table beside it has the name.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support .* natively")
        yield


@dataclass(frozen=True)
class Key:
    """One entry of the line that says what the shapes mean."""

    label: str
    scenario: str  # "actual", "previous", "target", "not observed", "good", "bad"


def sheet(ax: Axes | None, title: str, subtitle: str, height: float, keys: Sequence[Key] = ()) -> tuple[Axes, float]:
    """Return axes whose body is `height` points high below the message, and their width in points.

    The axes carry neither frame nor ticks: each chart puts panels on them.
    """
    width = WIDTH * 72 - 2 * SIDE if ax is None else _points(ax)
    title_lines = wrap(title, width, TITLE, "bold", most=3)
    subtitle_lines = wrap(subtitle, width, SIZE, most=3)
    below = (SIZE * 1.35 * len(subtitle_lines) + 4 if subtitle_lines else 0) + (SIZE * 1.9 if keys else 0) + 11
    head = TITLE * 1.3 * len(title_lines) + below
    if ax is None:
        figure = plt.figure(figsize=(WIDTH, (height + head + 2 * MARGIN) / 72))
        full = height + head + 2 * MARGIN
        ax = figure.add_axes((SIDE / (WIDTH * 72), MARGIN / full, width / (WIDTH * 72), height / full))
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    made = ax.set_title("\n".join(title_lines), loc="left", pad=below, fontsize=TITLE, fontweight="bold", color=INK)
    made.set(parse_math=False, linespacing=1.2, family=_RC["font.family"])
    above = below - 6
    _offset(ax, "\n".join(subtitle_lines), above, SIZE, QUIET)
    if keys:
        _draw_keys(ax, keys, width, 8 + SIZE * 0.5)
    ax.figure.set_label(clean(title))
    return ax, width


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


def room(part: Axes, low: float, high: float, width: float, before: float = 0, after: float = 0) -> None:
    """Scale a panel `width` points wide so that bars from `low` to `high` leave room for labels at both ends."""
    high = high if high > low else low + 1
    each = (high - low) / max(width - before - after, width * 0.15)
    part.set_xlim(low - before * each, high + after * each)


def bar(part: Axes, x: float, y: float, width: float, height: float, scenario: str) -> None:
    """Draw a rectangle from (x, y) as its scenario is drawn everywhere."""
    part.add_patch(Rectangle((x, y), width, height, **_LOOKS[scenario]))


_LOOKS: dict[str, dict[str, Any]] = {
    "actual": {"facecolor": ACTUAL, "edgecolor": "none", "zorder": 3},
    "previous": {"facecolor": PREVIOUS, "edgecolor": PREVIOUS_EDGE, "linewidth": 0.5, "zorder": 2},
    "target": {"facecolor": "none", "edgecolor": INK, "linewidth": 0.9, "zorder": 4},
    "not observed": {
        "facecolor": "white",
        "edgecolor": QUIET,
        "linewidth": 0.9,
        "linestyle": (0, (1, 2)),
        "zorder": 3,
    },
    "good": {"facecolor": GOOD, "edgecolor": "none", "zorder": 3},
    "bad": {"facecolor": BAD, "edgecolor": "none", "zorder": 3},
    "neutral": {"facecolor": NEUTRAL, "edgecolor": "none", "zorder": 3},
}


def scenario(tone: Any) -> str:
    """Return how a variance of this tone is drawn."""
    return tone if tone in TONES else "neutral"


def pin(part: Axes, value: float, y: float, tone: Any, *, beyond: bool = False) -> None:
    """Draw a relative variance: a needle from zero with a head whose shape repeats the colour.

    `beyond` ends it in an arrow: the value lies farther out than the panel goes.
    """
    colour = TONES.get(tone, NEUTRAL)
    head = (">" if value > 0 else "<") if beyond else HEADS.get(tone, "s")
    part.plot([0, value], [y, y], color=colour, linewidth=1.4, zorder=3)
    part.plot([value], [y], marker=head, markersize=5 if head == "o" else 4.4, color=colour, zorder=6, clip_on=False)


def words(
    part: Axes, x: float, y: float, shown: str, *, dx: float = 0, dy: float = 0, halo: bool = False, **look: Any
) -> None:
    """Write a label; `dx` and `dy` move it by points, so that it keeps clear of its bar at every scale.

    `halo` keeps it readable where it crosses a line. Labels stand on one line whatever their letters.
    """
    if "va" not in look and "\n" not in shown:
        look["va"], dy = "baseline", dy - 0.36 * look.get("fontsize", SIZE)
    part.annotate(
        shown,
        (x, y),
        (dx, dy),
        textcoords="offset points",
        annotation_clip=False,
        parse_math=False,
        path_effects=[withStroke(linewidth=2.2, foreground="white")] if halo else None,
        **{"va": "center", "fontsize": SIZE, "color": INK, "zorder": 6, **look},
    )


def empty(ax: Axes | None, view: View, reason: str) -> Axes:
    """Draw, in the place of a chart, the sentence that says why there is none."""
    subtitle = "" if view.subtitle == reason else view.subtitle
    lines = wrap(reason, (WIDTH * 72 if ax is None else _points(ax)) - 24, SIZE)
    ax, _ = sheet(ax, view.title, subtitle, SIZE * 1.4 * len(lines) + 16)
    bar(ax, 0.0, 0.0, 1.0, 1.0, "not observed")
    words(ax, 0, 0.5, "\n".join(lines), dx=10, ha="left", linespacing=1.3, color=QUIET)
    ax.figure.set_label(sentences(view.title, reason))
    return ax


def clean(shown: object) -> str:
    """Return one line of printable text; the spaces that may not break stay what they are."""
    printable = "".join(c if c.isprintable() or c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in str(shown))
    return re.sub(r"[^\S\u00a0\u202f]+", " ", printable).strip()


def length(shown: str, size: float = SIZE, weight: str = "normal") -> float:
    """Return the width of a text in points."""
    return _length(shown, size, weight)


@cache
def _length(shown: str, size: float, weight: str) -> float:
    if not shown:
        return 0.0
    font = FontProperties(family=_RC["font.family"], size=size, weight=weight)
    across, _, _ = _ruler().get_text_width_height_descent(shown, font, ismath=False)
    return float(across) / 10


@cache
def _ruler() -> RendererAgg:
    return RendererAgg(1, 1, 720)


def longest(shown: Iterable[str], size: float = SIZE, weight: str = "normal") -> float:
    """Return the width of the widest of some texts, in points."""
    return max((length(each, size, weight) for each in shown), default=0.0)


def fit(shown: object, width: float, size: float = SIZE, weight: str = "normal") -> str:
    """Return a text on one line, cut with an ellipsis where it is wider than `width` points."""
    line = clean(shown)
    if len(line) <= 400 and length(line, size, weight) <= width:
        return line
    keep = line[:400]
    while keep and length(keep.rstrip() + "…", size, weight) > width:
        keep = keep[:-1]
    return keep.rstrip() + "…"


def wrap(shown: object, width: float, size: float, weight: str = "normal", most: int = 4) -> list[str]:
    """Return a text as at most `most` lines, none wider than `width` points, no word left alone on the last."""
    lines = _wrapped(shown, width, size, weight, most)
    for tenth in (9, 8, 7, 6):
        if len(lines) < 2 or length(lines[-1], size, weight) > 0.3 * width:
            break
        narrower = _wrapped(shown, width * tenth / 10, size, weight, most)
        if len(narrower) > len(lines) or narrower[-1].endswith("…"):
            break
        lines = narrower
    return lines


def _wrapped(shown: object, width: float, size: float, weight: str, most: int) -> list[str]:
    lines: list[str] = []
    unbroken = re.sub(r" (?=[:;?!»](\s|$))", "\N{NO-BREAK SPACE}", clean(shown))  # French sets a space before these
    rest = [word for word in unbroken.split(" ") if word]
    while rest:
        if len(lines) == most - 1:
            return [*lines, fit(" ".join(rest), width, size, weight)]
        taken = 1
        while taken < len(rest) and length(" ".join(rest[: taken + 1]), size, weight) <= width:
            taken += 1
        lines.append(fit(" ".join(rest[:taken]), width, size, weight))
        rest = rest[taken:]
    return lines


def labels_of(values: Iterable[Any], unit: str) -> tuple[Callable[..., str], str]:
    """Return how the labels of a chart show its values, and the words that state the scale ("" where it is 1)."""
    known = [abs(value) for value in values if not languages.missing(value)]
    if unit in ("share", "points", "ratio", "days"):
        return lambda value, signed=False: languages.show(value, unit, signed=signed), ""
    largest = float(max(known, default=0))
    scale = next((each for each in (10**9, 10**6, 10**3) if largest >= 100 * each), 1)
    decimals = 2 if 0 < largest < 10 and unit != "count" else 0

    def shown(value: Any, signed: bool = False) -> str:
        if languages.missing(value):
            return languages.not_available()
        return languages.number(value / scale, decimals, signed=signed)

    of = "" if unit in ("count", "quantity") else unit
    stated = {
        1: "",
        10**3: text("labels in thousand {unit}", unit=of),
        10**6: text("labels in million {unit}", unit=of),
        10**9: text("labels in billion {unit}", unit=of),
    }
    return shown, stated[scale].strip()


def sentences(title: str, *figures: str) -> str:
    """Return an alternative text: the message and its key figures."""
    return clean(" ".join([title.rstrip(".") + ".", *figures]))


def joined(*parts: str) -> str:
    """Join what a second line says."""
    return " · ".join(part for part in parts if part)


def _points(ax: Axes) -> float:
    box = ax.get_position()
    return float(box.width * ax.figure.get_figwidth() * 72)


def _offset(ax: Axes, shown: str, above: float, size: float, colour: str) -> None:
    ax.annotate(
        shown,
        (0, 1),
        (0, above),
        xycoords="axes fraction",
        textcoords="offset points",
        va="top",
        ha="left",
        fontsize=size,
        color=colour,
        linespacing=1.3,
        annotation_clip=False,
        parse_math=False,
    )


def _draw_keys(ax: Axes, keys: Sequence[Key], width: float, above: float) -> None:
    """Draw the line of keys above the body: swatch, word, swatch, word."""
    body = ax.get_position().height * ax.figure.get_figheight() * 72
    x, y = 0.0, above / body
    for each in keys:
        patch = Rectangle(
            (x / width, 1 + y - 3.2 / body),
            9 / width,
            6.4 / body,
            clip_on=False,
            transform=ax.transAxes,
            **_LOOKS[each.scenario],
        )
        ax.add_patch(patch)
        ax.annotate(
            each.label,
            ((x + 13) / width, 1 + y),
            xycoords="axes fraction",
            va="center",
            fontsize=SMALL,
            color=QUIET,
            annotation_clip=False,
            parse_math=False,
        )
        x += 13 + length(each.label, SMALL) + 14
