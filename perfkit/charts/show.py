"""Show: how a chart stands in a notebook: as a vector picture, as pixels, and as a sentence."""

import io
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from perfkit.charts.style import drawing


def show_chart(axes: Axes) -> None:
    """Display the chart that the axes belong to, with its alternative text, and close it.

    Parameters
    ----------
    axes : Axes
        What a function of `perfkit.charts` returned.
    """
    from IPython.display import display  # a kernel has it; drawing alone does not need it

    data, metadata = bundle(axes)
    display(data, metadata=metadata, raw=True)
    plt.close(axes.figure)  # type: ignore[arg-type]


def bundle(axes: Axes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the chart as what a notebook stores: SVG, PNG and text, the same bytes for the same figures."""
    figure = axes.figure
    alt = str(figure.get_label()) or axes.get_title(loc="left")
    vector, pixels = io.StringIO(), io.BytesIO()
    with drawing():
        figure.savefig(vector, format="svg", metadata={"Date": None, "Creator": None, "Title": alt})
        figure.savefig(pixels, format="png", dpi=150, metadata={"Software": None})
    data = {"text/plain": alt, "image/svg+xml": vector.getvalue(), "image/png": pixels.getvalue()}
    return data, {"image/svg+xml": {"alt": alt}, "image/png": {"alt": alt}}
