"""Concentrations: how much of the revenue hangs on few customers?"""

from typing import Any

from matplotlib.axes import Axes

from perfkit import languages
from perfkit.charts import style
from perfkit.kpis import Concentration
from perfkit.languages import plural, text

_HEIGHT = 190.0  # points
_LEFT, _RIGHT, _FOOT, _HEAD = 36.0, 14.0, 18.0, 14.0  # points around the curve, for the words of the axes


def concentration(result: Concentration, ax: Axes | None = None) -> Axes:
    """Draw the share of revenue that the largest customers bring together, from the largest on.

    The thin line is what it would be if all customers were equal.

    See Also
    --------
    kpis.concentration : the figures.
    """
    with style.drawing():
        return _draw(result, ax)


def _draw(result: Concentration, ax: Axes | None) -> Axes:
    view = result.views()[0]
    if result.reason or result.curve.empty:
        return style.empty(ax, view, result.reason or text("There is no revenue of identified customers."))
    ax, width = style.sheet(ax, view.title, view.subtitle, _HEIGHT)
    curve, high = result.curve, max(1.0, float(result.curve["share_of_revenue"].max()))
    across, up = width - _LEFT - _RIGHT, _HEIGHT - _FOOT - _HEAD
    part = style.panel(ax, 0, 1, (-_FOOT / up * high, (1 + _HEAD / up) * high))
    part.set_xlim(-_LEFT / across, 1 + _RIGHT / across)

    part.plot([0, 1], [0, 0], color=style.INK, linewidth=0.8)
    for tick in (0.0, 0.5, 1.0):
        label = languages.percent(tick, 0)
        part.plot([0, 1], [tick, tick], color=style.RULE, linewidth=0.6 if tick else 0, zorder=1)
        style.words(part, 0, tick, label, dx=-5, ha="right", fontsize=style.SMALL, color=style.QUIET)
        style.words(part, tick, 0, label, dy=-9, ha="center", fontsize=style.SMALL, color=style.QUIET)
    look: dict[str, Any] = {"fontsize": style.SMALL, "color": style.QUIET}
    style.words(part, 0.25, 0, text("share of customers, largest first"), dy=-9, ha="center", **look)
    style.words(part, 0, high, text("share of revenue"), dx=-_LEFT, dy=_HEAD - 3, ha="left", **look)

    part.plot([0, 1], [0, 1], color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 3)), zorder=2)
    style.words(part, 0.7, 0.7, text("if all were equal"), dx=6, dy=-5, va="top", ha="left", **look)
    part.plot(curve["share_of_customers"], curve["share_of_revenue"], color=style.ACTUAL, linewidth=2, zorder=3)
    figures = _name_tops(part, result, up / high)
    ax.figure.set_label(style.sentences(view.title, *figures))
    return ax


def _name_tops(part: Axes, result: Concentration, each: float) -> list[str]:
    """Mark the largest customers on the curve, in the order of what matters, where there is room for the words."""
    tops, placed, said = result.tops.to_dict("records"), list[float](), list[str]()
    for top in sorted(tops, key=lambda top: (top["customers"] != 10, -top["customers"])):
        x, y = float(top["share_of_customers"]), float(top["share"])
        label = plural(
            "the largest customer: {share}",
            "the {n} largest customers: {share}",
            int(top["customers"]),
            share=languages.percent(y),
        )
        said.append(label + ".")
        if any(abs(y - other) * each < 13 for other in placed) or x > 0.6 or y * each < 6:
            continue
        placed.append(y)
        part.plot([x], [y], marker="o", markersize=5, color=style.ACTUAL, zorder=5)
        style.words(
            part,
            x,
            y,
            label,
            dx=9,
            dy=-3,
            ha="left",
            halo=True,
            fontweight="bold" if top["customers"] == 10 else "normal",
        )
    return said
