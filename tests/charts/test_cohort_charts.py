"""Cohort triangle and payback: what they mark, and that no data can clip, overlap or break them."""

from decimal import Decimal

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import Polygon, Rectangle

from perfkit import languages
from perfkit.charts import cohorts as triangles
from perfkit.charts import paybacks, sheets, show, style
from perfkit.customers import cohorts
from tests.charts.test_charts import HOSTILE, faults, parts, words


@pytest.fixture(autouse=True)
def _clean_slate():
    yield
    languages.use("en")
    plt.close("all")


def sales(months, *, size=25, channels=("search", "mail"), scale=1, back=3):
    """Cohorts of so many a channel, of whom one in `back` comes back each month, one less each time."""
    rows = []
    for start in months:
        for channel in channels:
            for each in range(size):
                stays = months[-1].ordinal - start.ordinal if back and each % back == 0 else 0
                rows += [
                    {
                        "customer_id": f"{channel}{start}{each}", "date": (start + age).start_time,
                        "net_revenue": Decimal(str(round(scale * (20 + each), 4))), "acquisition_channel": channel,
                    }
                    for age in range(0, stays + 1, 1 + each % 4)
                ]  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.assign(cost=[net / 2 for net in frame["net_revenue"]])


def spend(months, channels=("search", "mail"), amount=400):
    rows = [
        (month.start_time, channel, amount * (1 + place)) for month in months for place, channel in enumerate(channels)
    ]
    return pd.DataFrame(rows, columns=["date", "channel", "amount"])


def built(months, **options):
    of = {name: options.pop(name) for name in ("split", "by", "currency") if name in options}
    rows = sales(months, **options)
    last = months[-1].end_time.date()
    return cohorts.build(rows, observed_until=last, acquired_from="2020-01-01", **{"currency": "GBP", **of})


def span(first, last):
    return pd.period_range(first, last, freq="M")


CASES = {
    "a year": {"months": span("2023-01", "2023-12")},
    "three years": {"months": span("2021-01", "2023-12"), "size": 6},
    "two months": {"months": span("2023-11", "2023-12")},
    "nobody comes back": {"months": span("2023-05", "2023-12"), "back": 0},
    "everybody": {"months": span("2023-05", "2023-12"), "back": 1},
    "huge": {"months": span("2023-07", "2023-12"), "scale": 10**8},
    "tiny": {"months": span("2023-07", "2023-12"), "scale": 0.001},
    "hostile": {
        "months": span("2023-07", "2023-12"),
        "channels": (HOSTILE, "A very long name of a channel " * 4, "=1+1"),
    },
    "many channels": {"months": span("2023-07", "2023-12"), "channels": tuple(f"channel {n}" for n in range(14))},
}


@pytest.mark.parametrize("case", CASES)
def test_no_word_is_clipped_or_lies_on_another_on_a_page_or_on_a_phone(case):
    options = CASES[case]
    channels = options.get("channels", ("search", "mail"))
    found = built(**options, split="acquisition_channel")
    paid = spend(options["months"], channels, amount=400 * options.get("scale", 1))
    drawn = [(triangles.cohort_triangle, found), (paybacks.payback, cohorts.payback(found, paid, horizon=1))]
    if case == "a year":
        drawn.append((paybacks.payback, cohorts.payback(built(**options), paid)))
    for draw, result in drawn:
        for language in languages.LANGUAGES if case in ("a year", "huge") else ("en",):
            languages.use(language)
            axes = draw(result)
            for each in (axes, sheets.kept(axes).narrow()[0]):
                assert faults(each) == [], (draw.__name__, language)
                plt.close(each.figure)


def test_a_cell_holds_its_number_and_what_is_not_observed_is_outlined_unlike_zero():
    found = built(span("2023-10", "2023-12"), back=0)
    axes = triangles.cohort_triangle(found)
    figure = axes.figure
    cells = [p for part in parts(figure) for p in part.patches if isinstance(p, Rectangle) and p.get_height() == 13]
    assert len(cells) == 2 + 3, "ages 1 and 2 of all cohorts, and three cells that are over"
    assert {p.get_facecolor() for p in cells} == {(1.0, 1.0, 1.0, 1.0)} and all(
        p.get_linestyle() == "solid" for p in cells
    )
    outlines = [p for part in parts(figure) for p in part.patches if isinstance(p, Polygon)]
    assert len(outlines) == 1 and outlines[0].get_linestyle() not in ("-", "solid")
    assert words(axes).count("0") == 5 and "Not observed yet" in words(axes)


def test_the_darkest_cell_is_the_largest_share_and_every_number_can_be_read():
    axes = triangles.cohort_triangle(built(span("2023-01", "2023-12")))
    shades = {}
    for part in parts(axes.figure):
        for cell in part.patches:
            if isinstance(cell, Rectangle) and cell.get_height() == 13:
                shades[tuple(cell.get_center())] = cell.get_facecolor()
        numbers = [(text.xy, text) for text in part.texts if text.get_text().isdigit()]
        for (x, y), text in numbers:
            behind = next((shade for (cx, cy), shade in shades.items() if abs(cx - x) < 1 and abs(cy - y) < 1), None)
            if behind is not None:
                assert triangles._contrast(behind[:3], mpl.colors.to_rgb(text.get_color())) >= 4.5
    assert len(shades) > 60


def test_of_more_than_36_cohorts_the_quarters_are_drawn():
    found = built(span("2020-06", "2023-12"), size=3, channels=("mail",))
    axes = triangles.cohort_triangle(found)
    assert "age in quarters" in words(axes) and "Q1 2023" in words(axes)


def test_a_phone_shows_fewer_ages_and_every_cohort():
    found = built(span("2021-01", "2023-12"), size=4, channels=("mail",))
    axes = triangles.cohort_triangle(found)
    narrow = sheets.kept(axes).narrow()[0]
    assert {"11", "33"} <= set(words(axes)) and not {"11", "33"} <= set(words(narrow))
    assert {"Jan 2021", "Dec 2023"} <= set(words(narrow))


def test_payback_is_marked_where_the_value_reaches_the_cost():
    months = span("2023-01", "2023-12")
    found = cohorts.payback(built(months), spend(months, amount=500), horizon=6)
    row = found.together.iloc[0]
    axes = paybacks.payback(found)
    marks = [line for part in parts(axes.figure) for line in part.lines if line.get_marker() == "o"]
    assert row["payback"] > 0 and len(marks) == 1
    said = " ".join(words(axes))
    assert "cost 30" in said and f"{int(row['payback'])} month" in said
    assert "All customers" in axes.figure.get_label()


def test_what_is_not_paid_back_has_no_mark_and_says_so():
    months = span("2023-01", "2023-12")
    axes = paybacks.payback(cohorts.payback(built(months), spend(months, amount=5000)))
    assert not [line for part in parts(axes.figure) for line in part.lines if line.get_marker() == "o"]
    assert "Not reached after" in " ".join(words(axes))


def test_what_cannot_be_drawn_says_why():
    months = span("2023-11", "2023-12")
    without = paybacks.payback(cohorts.payback(built(months), None))
    assert "No spend is recorded" in sheets.kept(without).empty
    alone = triangles.cohort_triangle(built(span("2023-12", "2023-12")))
    assert "No cohort has been observed beyond" in sheets.kept(alone).empty


def test_chart_and_table_say_the_same_and_the_same_figures_give_the_same_bytes():
    months = span("2023-07", "2023-12")
    found = built(months, split="acquisition_channel")
    for draw, result in ((triangles.cohort_triangle, found), (paybacks.payback, cohorts.payback(found, spend(months)))):
        axes, view = draw(result), result.views()[0]
        assert axes.get_title(loc="left").replace("\n", " ") == view.title
        assert any(text.replace("\n", " ").startswith(view.subtitle) for text in words(axes))
        with mpl.rc_context({"font.size": 30}):
            assert show.bundle(axes)[0] == show.bundle(draw(result))[0]
    assert style.LOOKS["not observed"]["facecolor"] == "white"
