"""Style: one look for every chart: the colours of IBCS, matplotlib's own fonts, shapes that mean the same everywhere.

International Business Communication Standards, version 1.2: actual solid dark, previous year solid light, target
outlined, forecast hatched, variances green where good for the company and red where bad, always with a sign.
"""

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from perfkit.charts.lettering import FONT, SIZE
from perfkit.languages import text

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

_RC = {
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.linewidth": 0.8,
    "axes.unicode_minus": True,
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "font.family": FONT,
    "font.size": SIZE,
    "hatch.linewidth": 0.9,
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
    scenario: str  # a name of LOOKS, or "good pin", "bad pin"


def judged(tones: Collection[Any], mark: str = "") -> list[Key]:
    """Return what the colours of good and bad mean, as far as a chart has them; `mark` is " pin" for pins alone."""
    said = {"good": text("Better"), "bad": text("Worse")}
    return [Key(label, f"{tone}{mark}") for tone, label in said.items() if tone in tones]


LOOKS: dict[str, dict[str, Any]] = {
    "actual": {"facecolor": ACTUAL, "edgecolor": "none", "zorder": 3},
    "previous": {"facecolor": PREVIOUS, "edgecolor": PREVIOUS_EDGE, "linewidth": 0.5, "zorder": 2},
    "target": {"facecolor": "none", "edgecolor": INK, "linewidth": 0.9, "zorder": 4},
    "forecast": {"facecolor": "white", "edgecolor": ACTUAL, "linewidth": 0.9, "hatch": "/////", "zorder": 3},
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
    "good forecast": {"facecolor": "white", "edgecolor": GOOD, "linewidth": 0.9, "hatch": "/////", "zorder": 3},
    "bad forecast": {"facecolor": "white", "edgecolor": BAD, "linewidth": 0.9, "hatch": "/////", "zorder": 3},
}


def scenario(tone: Any) -> str:
    """Return how a variance of this tone is drawn."""
    return tone if tone in TONES else "neutral"


def bar(part: Axes, x: float, y: float, width: float, height: float, scenario: str) -> None:
    """Draw a rectangle from (x, y) as its scenario is drawn everywhere."""
    part.add_patch(Rectangle((x, y), width, height, **LOOKS[scenario]))


def pin(part: Axes, value: float, y: float, tone: Any, *, beyond: bool = False) -> None:
    """Draw a relative variance: a needle from zero with a head whose shape repeats the colour.

    `beyond` ends it in an arrow: the value lies farther out than the panel goes.
    """
    part.plot([0, value], [y, y], color=TONES.get(tone, NEUTRAL), linewidth=1.5, zorder=3)
    head(part, value, y, tone, (">" if value > 0 else "<") if beyond else "")


def head(part: Axes, value: float, y: float, tone: Any, shape: str = "") -> None:
    """Draw the mark of a tone: its shape says what its colour does."""
    shape = shape or HEADS.get(tone, "s")
    size = 5.6 if shape == "o" else 4.8
    part.plot([value], [y], marker=shape, markersize=size, color=TONES.get(tone, NEUTRAL), zorder=6, clip_on=False)


def mark(part: Axes, value: float, y: float, tone: str) -> None:
    """Write the mark of a tone beyond the end of a bar that has no label."""
    glyph = {"good": "\N{BLACK CIRCLE}", "bad": "\N{BLACK DIAMOND}"}[tone]
    side = "right" if value < 0 else "left"
    words(part, value, y, glyph, dx=-3 if value < 0 else 3, ha=side, fontsize=8.0, color=TONES[tone])


def whisker(part: Axes, x: float, low: float, high: float, half: float) -> None:
    """Draw the interval of an estimate: a line with caps, so many units to each side, readable on any bar."""
    for colour, width in (("white", 3.4), (INK, 1.4)):
        part.plot([x, x], [low, high], color=colour, linewidth=width, zorder=7)
        for y in (low, high):
            part.plot([x - half, x + half], [y, y], color=colour, linewidth=width, zorder=7)


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
