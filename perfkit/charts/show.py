"""Show: how a chart stands in a notebook: its message as text, its picture for a page and for a phone, a sentence."""

import base64
import io
from contextlib import nullcontext
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from perfkit.charts.sheets import Kept, kept, untitled
from perfkit.charts.style import drawing
from perfkit.results import environment

MIME = "application/vnd.perfkit.chart.v1+json"
"""Media type under which a notebook stores what a chart says in words, and its picture for a phone."""


def show_chart(axes: Axes) -> None:
    """Display the chart that the axes belong to, with its alternative text, and close it.

    Parameters
    ----------
    axes : Axes
        What a function of `perfkit.charts` returned. Its title and subtitle stand beside the picture as
        text; those of a chart of your own stay where you drew them.
    """
    from IPython.display import display  # a kernel has it; drawing alone does not need it

    data, metadata = bundle(axes)
    display(data, metadata=metadata, raw=True)
    plt.close(axes.figure)  # type: ignore[arg-type]


def bundle(axes: Axes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the chart as what a notebook stores, the same bytes for the same figures.

    SVG and PNG 9 inches wide, text; and where perfkit drew it, HTML, and as JSON title, subtitle, alternative
    text, the SVG for a phone, and why it is empty ("" where it is not).
    """
    made = kept(axes)
    alt = str(axes.figure.get_label()) or axes.get_title(loc="left")
    with untitled(axes, made.head) if made else nullcontext():
        vector, pixels = _vector(axes, alt), _pixels(axes)
    data: dict[str, Any] = {"text/plain": alt, "image/svg+xml": vector, "image/png": pixels}
    if made:
        words = {"title": _title(axes, made), "subtitle": made.subtitle, "alt": alt}
        picture = base64.b64encode(vector.encode()).decode()
        template = environment().get_template("chart.html.j2")
        data |= {
            "text/html": template.render(picture=picture, **words),
            MIME: words | {"narrow": _narrow(made, alt), "empty": made.empty},
        }
    return data, {"image/svg+xml": {"alt": alt}, "image/png": {"alt": alt}}


def _title(axes: Axes, made: Kept) -> str:
    """Return the title, which a caller may have set anew."""
    shown = axes.get_title(loc="left")
    return made.title if shown == made.wrapped else " ".join(shown.split("\n"))


def _narrow(made: Kept, alt: str) -> str:
    axes, head = made.narrow()
    try:
        with untitled(axes, head):
            return _vector(axes, alt)
    finally:
        plt.close(axes.figure)  # type: ignore[arg-type]


def _vector(axes: Axes, alt: str) -> str:
    file = io.StringIO()
    with drawing():
        axes.figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Title": alt})
    return file.getvalue()


def _pixels(axes: Axes) -> bytes:
    file = io.BytesIO()
    with drawing():
        axes.figure.savefig(file, format="png", dpi=100, metadata={"Software": None}, pil_kwargs={"compress_level": 1})
    return file.getvalue()
