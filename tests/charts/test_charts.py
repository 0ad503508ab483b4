"""Charts: what each shows, and that no data can clip, overlap, fake or break it."""

import dataclasses
import inspect
import itertools
import re
from decimal import Decimal
from xml.etree import ElementTree

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from perfkit import charts, contribution, customers, kpis, languages, margins, periods
from perfkit.charts import labels, lettering, sheets, show, style
from perfkit.results import Result

HOSTILE = "$x^2$ <script>alert(1)</script> & \"quoted\" 'names'\n\x07\t%s {member} \\frac"
THICK = 10.5 / 19  # of a row
TARGETS = pd.DataFrame(
    [
        {"kpi": "revenue", "period": month.start_time.date(), "value": Decimal(1600), "dimension": by, "member": member}
        for month in pd.period_range("2023-01", "2024-12", freq="M")
        for by, member in ((None, None), ("country", "France"))
    ]
)
MAY = periods.parse("2024-05")


@pytest.fixture(autouse=True)
def _clean_slate():
    languages.use("en")
    yield
    languages.use("en")
    plt.close("all")


def sales(countries=("France", "Italy"), *, first="2023-01", last="2024-05", scale=1, growth=0.2, cost=None):
    """Two orders a month and country, by customers of its own."""
    rows = []
    for month, (place, country) in itertools.product(pd.period_range(first, last, freq="M"), enumerate(countries)):
        grown = 1 + growth * (month.year - 2023) * (-1 if place % 3 == 1 else 1)
        for order in (1, 2):
            rows.append(
                {
                    "date": month.start_time + pd.Timedelta(days=order * 9),
                    "net_revenue": Decimal(str(round(scale * grown * (1000 / (place + 1) + month.month * 10), 4))),
                    "order_id": f"{month}-{place}-{order}",
                    "customer_id": f"customer {place} {order if month.year == 2024 else 1}",
                    "country": country,
                }
            )
    return pd.DataFrame(rows)


def result(name, lines, period=MAY, currency="GBP", months=12, targets=None):
    """The result that a chart draws."""
    given = {"period": period, "currency": currency}
    if name in ("scorecard", "trend", "year_to_date", "breakdown"):
        given["targets"] = targets
    if name in ("trend", "trend_by"):
        given["months"] = months
    if name in ("breakdown", "movers", "trend_by"):
        given["by"] = "country"
    if name == "ledger_tie":
        return margins.ledger.tie(lines, books(lines), **given)
    if name == "comparison":
        return compared(lines, period, currency)
    if name in ("statement", "price_volume_mix", "profitability", "whale_curve"):
        return of_margins(name, earning(lines), given)
    if name in ("price_waterfall", "discount_dispersion", "price_changes"):
        return of_prices(name, earning(lines), given)
    if name in ("cohort_triangle", "payback"):
        return of_cohorts(name, earning(lines), given)
    if name in ("value_tiers", "tracking", "calibration"):
        return of_segments(name, lines, given)
    if name == "acquired_value":
        return of_channels(earning(lines), given)
    return getattr(kpis, name)(lines, **given)


def of_channels(lines, given):
    """Customers by the country that they came from, each valued by a model and set against what it cost."""
    worth, until = customers.worth, given["period"].last_day
    lines = lines.assign(acquisition_channel=lines["country"])
    base = worth.base(lines, until=until, currency=given["currency"], models=("mbg_nbd",))
    return worth.acquired(base, of_cohorts("payback", lines, given))


def of_cohorts(name, lines, given):
    """Customers by the country that they came from, each of which cost something each month."""
    built = customers.cohorts.build(
        lines.assign(acquisition_channel=lines["country"]), split="acquisition_channel",
        observed_until=given["period"].last_day, currency=given["currency"],
    )  # fmt: skip
    paid = (
        lines[["date", "country", "net_revenue"]]
        .dropna()
        .rename(columns={"country": "channel", "net_revenue": "amount"})
    )
    return built if name == "cohort_triangle" else customers.cohorts.payback(built, paid)


def of_segments(name, lines, given):
    """Customers by what they brought, and what a model forecast of them in the last thirteen weeks."""
    segments, until = customers.segments, given["period"].last_day
    if name == "value_tiers":
        return segments.value_tiers(segments.rfm(lines, as_of=until, currency=given["currency"]))
    return getattr(customers.clv, name)(lines, observed_until=until, horizon=13)


def earning(lines):
    """The lines with products, quantities and costs: each country's order is a product of its own."""
    cost = [value * (3 + place % 5) / 10 for place, value in enumerate(lines["net_revenue"])]
    product = [f"Product {country}" for country in lines["country"]]
    return lines.assign(product_id=product, quantity=range(1, len(lines) + 1), cost=cost)


def of_margins(name, lines, given):
    period, currency = given["period"], given["currency"]
    if name == "price_volume_mix":
        return margins.bridge.price_volume_mix(
            lines, base=period.year_before(), current=period, currency=currency, margin=True
        )
    if name == "profitability":
        return margins.profitability.by(lines, dimensions=["country"], **given)
    if name == "whale_curve":
        return margins.profitability.whale_curve(lines, by="country", **given)
    revenue = sum(lines["net_revenue"])
    levels = [(period.start, revenue / 50, each.id, each.id) for each in contribution.LEVELS]
    costs = pd.DataFrame(levels, columns=["period", "amount", "kind", "level"])
    return margins.statement.statement(lines, contribution.costs(costs), **given)


def of_prices(name, lines, given):
    period = given["period"]
    listed = lines.assign(list_revenue=[net * Decimal("1.25") for net in lines["net_revenue"]])
    if name == "discount_dispersion":  # whoever buys gets a point more off than the one before
        orders = [
            listed.assign(
                customer_id=f"Customer {customer}",
                order_id=listed["order_id"] + f"-{customer}-{order}",
                product_id="p",
                net_revenue=[net * (100 - customer) / 100 for net in listed["net_revenue"]],
            )
            for customer in range(6)
            for order in range(3)
        ]
        return margins.prices.discount_dispersion(pd.concat(orders, ignore_index=True), **given)
    if name == "price_changes":
        base, currency = period.year_before(), given["currency"]
        return margins.prices.price_changes(
            margins.bridge.price_volume_mix(listed, base=base, current=period, currency=currency)
        )
    costs = pd.DataFrame({"period": [period.start], "amount": [9], "kind": ["freight"], "level": ["cm1"]})
    return margins.prices.waterfall(listed, contribution.costs(costs), previous=period.year_before(), **given)


def compared(lines, period=MAY, currency="GBP", names=("First orders", "Second orders")):
    """The first order of each month and country against the second."""
    first = lines["order_id"].str.endswith("1")
    periods_ = (period, period)
    return kpis.compare(
        lines[first], lines[~first], periods=periods_, currency=currency, names=names, ids=("a", "b"), by="country"
    )


def books(lines):
    """A ledger of the lines, a tenth of each order booked as freight and every third order lost."""
    entries = [
        {
            "journal": "VE", "entry_id": row["order_id"], "piece": row["order_id"], "label": row["country"],
            "date": row["date"], "account": account, "debit": 0, "credit": share * row["net_revenue"],
        }
        for place, row in enumerate(lines.to_dict("records"))
        if place % 3
        for account, share in (("411", Decimal("-1.1")), ("707", Decimal(1)), ("708", Decimal("0.1")))
    ]  # fmt: skip
    return pd.DataFrame(entries)


def parts(figure):
    """The axes of a figure and those within them."""
    found = list(figure.axes)
    for axes in found:
        found += [each for each in axes.child_axes if each not in found]
    return found


def texts(figure):
    every = [text for axes in parts(figure) for text in (axes._left_title, *axes.texts)]
    return [text for text in every if text.get_text().strip()]


def words(axes):
    return [text.get_text() for text in texts(axes.figure)]


def boxes(figure):
    with style.drawing():
        figure.draw_without_rendering()
        renderer = figure.canvas.get_renderer()
        return [(text.get_text(), text.get_window_extent(renderer)) for text in texts(figure)]


def faults(axes):
    """Texts that leave the picture, and pairs of texts that lie on each other."""
    found, shown = [], boxes(axes.figure)
    for text, box in shown:
        if box.x0 < -0.5 or box.y0 < -0.5 or box.x1 > axes.figure.bbox.x1 + 0.5 or box.y1 > axes.figure.bbox.y1 + 0.5:
            found.append(f"clipped: {text}")
    for (one, a), (other, b) in itertools.combinations(shown, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        if across > 1 and down > 1.5:
            found.append(f"overlap: {one} | {other}")
    for patch in filled(axes.figure):
        bar = patch.get_window_extent()
        for text, box in shown:
            across = min(box.x1, bar.x1) - max(box.x0, bar.x0)
            down = min(box.y1, bar.y1) - max(box.y0, bar.y0)
            if across > 1 and down > 2.5:
                found.append(f"on a bar: {text}")
    return found


def filled(figure):
    """The bars that are filled: no word may lie on one."""
    full = {mpl.colors.to_rgba(style.LOOKS[look]["facecolor"]) for look in ("actual", "previous", "good", "bad")}
    return [
        patch
        for axes in parts(figure)
        for patch in axes.patches
        if isinstance(patch, Rectangle) and patch.get_facecolor() in full
    ]


CASES = {
    "two countries": {},
    "one country": {"countries": ["France"]},
    "forty countries": {"countries": [f"Country number {n}" for n in range(40)]},
    "long names": {
        "countries": ["A very long name of a department " * 5, "Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson"]
    },
    "hostile names and none": {"countries": [HOSTILE, "<img src=x onerror=alert(1)>", "=1+1", None]},
    "no year before": {"first": "2024-01", "countries": ["France"]},
    "huge": {"scale": 10**8},
    "tiny": {"scale": 0.001},
    "negative": {"scale": -1},
    "nothing sold": {"scale": 0},
    "one month": {"first": "2024-04"},
    "a hundredfold": {"growth": 100, "countries": ["France", "Italy", "Spain"]},
}
CHARTS = (
    "scorecard", "comparison", "trend", "trend_by", "year_to_date", "breakdown", "movers", "concentration",
    "revenue_tree", "revenue_walk", "ledger_tie", "statement", "price_volume_mix", "profitability", "whale_curve",
    "price_waterfall", "discount_dispersion", "price_changes", "cohort_triangle", "payback",
    "value_tiers", "tracking", "calibration", "acquired_value",
)  # fmt: skip


ONLY = {  # the comparison is put together of the scorecard's and the breakdown's parts
    "ledger_tie": ("huge",),
    "statement": ("two countries", "huge"),
    "price_volume_mix": ("two countries", "hostile names and none", "huge"),
    "profitability": ("two countries", "forty countries", "hostile names and none", "huge"),
    "whale_curve": ("two countries", "hostile names and none", "huge"),
    "comparison": ("two countries", "forty countries", "hostile names and none", "huge"),
    "price_waterfall": ("two countries", "huge"),
    "discount_dispersion": ("two countries",),
    "price_changes": ("two countries", "hostile names and none", "huge"),
    "cohort_triangle": ("two countries", "huge"),
    "payback": ("two countries", "hostile names and none", "huge"),
    "value_tiers": ("two countries", "huge"),
    "tracking": ("two countries",),
    "calibration": ("two countries",),
    "acquired_value": ("two countries", "hostile names and none", "huge"),
}

MILDER = ("one country", "no year before", "tiny", "one month", "a hundredfold")
"""Those that `make slow` draws: where a word lies on another in one of them, it mostly does in another case too."""


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.slow if case in MILDER else ()) for case in CASES], ids=CASES
)
def test_no_word_is_clipped_or_lies_on_another_on_a_page_or_on_a_phone(case):
    lines = sales(**CASES[case])
    for name in (each for each in CHARTS if case in ONLY.get(each, CASES)):
        found = result(name, lines, targets=TARGETS if case != "one country" else None)
        for language in languages.LANGUAGES if case in ("two countries", "huge") else ("en",):
            languages.use(language)
            axes = getattr(charts, name)(found)
            for each in (axes, sheets.kept(axes).narrow()[0]):
                assert faults(each) == [], (name, language, each.figure.get_size_inches()[0])
                plt.close(each.figure)


@pytest.mark.parametrize("months", [1, 5, 18, 36, 60])
def test_a_trend_of_any_length_names_its_months_side_by_side(months):
    lines = sales(["France", "Italy"], first="2018-01")
    languages.use("fr")
    for name in ("trend", "trend_by"):
        axes = getattr(charts, name)(result(name, lines, months=months, targets=TARGETS))
        for each in (axes, sheets.kept(axes).narrow()[0]):
            assert faults(each) == []
            assert any("2024" in word for word in words(each))


def test_every_chart_is_named_after_its_result_and_every_result_has_at_most_one():
    drawers = [getattr(charts, name) for name in charts.__all__ if name != "show_chart"]
    kinds = [next(iter(inspect.signature(draw).parameters.values())).annotation for draw in drawers]
    assert all(issubclass(kind, Result) for kind in kinds)
    assert [re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower() for kind in kinds] == [f.__name__ for f in drawers]
    assert len(set(kinds)) == len(kinds)
    assert set(CHARTS) == {draw.__name__ for draw in drawers}


@pytest.fixture(scope="module")
def plain():
    lines = sales()
    return {name: result(name, lines, targets=TARGETS) for name in CHARTS}


@pytest.mark.parametrize("name", CHARTS)
def test_chart_and_table_say_the_same(name, plain):
    result = plain[name]
    axes, view = getattr(charts, name)(result), result.views()[0]
    assert axes.get_title(loc="left").replace("\n", " ") == view.title
    assert any(text.replace("\n", " ").startswith(view.subtitle) for text in words(axes))
    assert axes.figure.get_label().startswith(view.title)


@pytest.mark.parametrize("name", CHARTS)
def test_the_same_figures_give_the_same_bytes_whatever_the_settings_of_the_caller(name, plain):
    result = plain[name]
    first, metadata = show.bundle(getattr(charts, name)(result))
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.hashsalt": None, "savefig.bbox": "tight"}):
        second, _ = show.bundle(getattr(charts, name)(result))
        assert mpl.rcParams["font.size"] == 30
    assert first == second
    assert set(first) == {"text/plain", "text/html", "image/svg+xml", "image/png", show.MIME}
    assert metadata["image/svg+xml"]["alt"] == metadata["image/png"]["alt"] == first["text/plain"]


@pytest.mark.parametrize("name", CHARTS)
def test_hostile_names_are_drawn_as_they_are_written(name):
    languages.use("fr")
    axes = getattr(charts, name)(result(name, sales([HOSTILE, "Italy"])))
    assert not any(text.get_parse_math() for text in texts(axes.figure))
    data, _ = show.bundle(axes)
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(data["image/svg+xml"]).iter()}
    assert "script" not in tags
    assert "\x07" not in data["text/plain"]


def test_a_hostile_name_stands_in_the_chart_and_in_its_alternative_text():
    axes = charts.breakdown(result("breakdown", sales([HOSTILE])))
    assert any(text.startswith("$x^2$ <script>alert(1)") for text in words(axes))
    assert "$x^2$ <script>alert(1)</script>" in axes.figure.get_label()


def test_a_month_that_is_not_over_is_an_empty_dotted_outline_unlike_a_month_without_sales():
    lines = sales(["France"])
    lines = lines[lines["date"].dt.strftime("%Y-%m") != "2024-02"]
    cells = kpis.trend(lines, period=MAY, currency="GBP").cells.copy()
    cells.loc[cells.index[-1], "revenue"] = None
    trend = kpis.Trend(cells, MAY.last_day, "GBP", MAY, lines["date"].min().date())
    axes = charts.trend(trend)
    bars = [patch for patch in axes.figure.findobj(Rectangle) if patch.get_width() == 0.57]
    dotted = [bar for bar in bars if bar.get_linestyle() != "-" and bar.get_linestyle() != "solid"]
    assert len(dotted) == 1
    assert dotted[0].get_facecolor() == (1.0, 1.0, 1.0, 1.0)
    assert any(bar.get_height() == 0 for bar in bars)
    assert "Not observed yet" in words(axes)


def test_the_bridge_leads_from_last_year_to_this_year(plain):
    result = plain["revenue_tree"]
    bars = [p for p in charts.revenue_tree(result).figure.findobj(Rectangle) if p.get_height() == pytest.approx(THICK)]
    start, *steps, end = bars
    assert start.get_width() == pytest.approx(float(result.previous_revenue))
    assert end.get_width() == pytest.approx(float(result.revenue))
    assert start.get_width() + sum(step.get_width() for step in steps) == pytest.approx(end.get_width())


def test_gains_are_green_and_losses_red_with_a_sign(plain):
    axes = charts.movers(plain["movers"])
    bars = {
        mpl.colors.to_hex(p.get_facecolor()): p.get_width()
        for p in axes.figure.findobj(Rectangle)
        if p.get_height() == pytest.approx(THICK)
    }
    assert bars[style.GOOD] > 0 > bars[style.BAD]
    assert any(text.startswith("+") for text in words(axes))
    assert any(text.startswith("−") for text in words(axes))


def test_a_change_beyond_the_scale_ends_in_an_arrow_and_says_its_value():
    lines = pd.concat([sales(["France"]), sales(["Italy"], growth=100)])
    axes = charts.breakdown(result("breakdown", lines))
    markers = {line.get_marker() for line in axes.figure.findobj(plt.Line2D)}
    assert ">" in markers
    assert "×\N{NARROW NO-BREAK SPACE}101" in words(axes)


def test_what_cannot_be_drawn_says_why():
    lines = sales(first="2024-01")
    for name in ("scorecard", "movers", "revenue_tree", "revenue_walk"):
        axes = getattr(charts, name)(result(name, lines))
        assert "The data start on 10 January 2024." in " ".join(words(axes)).replace("\n", " ")
        assert "The data start on 10 January 2024." in show.bundle(axes)[0][show.MIME]["empty"]


def test_without_customers_the_concentration_says_what_to_ask_for():
    result = kpis.concentration(sales().drop(columns="customer_id"), period=MAY, currency="GBP")
    axes = charts.concentration(result)
    assert result.reason
    assert any(text.replace("\n", " ") == result.reason for text in words(axes))


def test_french_figures_look_french():
    languages.use("fr")
    shown = " ".join(words(charts.breakdown(result("breakdown", sales(scale=100)))))
    assert re.search(r"\d,\d\N{NARROW NO-BREAK SPACE}%", shown)
    assert not re.search(r"\d\.\d", shown)


@pytest.mark.parametrize(
    ("largest", "label", "stated"),
    [
        ("0.5", "0.50", ""),
        ("999", "999", ""),
        ("9999", "9,999", ""),
        ("10000", "10,000", ""),
        ("541909", "542", "thousand"),
        ("9747747.93", "9,748", "thousand"),
        ("97477479", "97,477", "thousand"),
        ("541909000", "542", "million"),
        ("9e12", "9,000", "billion"),
    ],
)
def test_labels_keep_three_to_five_digits_and_the_scale_is_stated(largest, label, stated):
    shown, words_ = labels.labels_of([Decimal(largest), None], "GBP")
    assert shown(Decimal(largest)) == label
    assert shown(None) == "n/a"
    assert stated in words_
    assert bool(words_) is bool(stated)


def test_a_chart_goes_on_the_axes_it_is_given(plain):
    figure, axes = plt.subplots(figsize=(6, 4))
    figure.subplots_adjust(top=0.6)
    assert charts.breakdown(plain["breakdown"], axes) is axes
    assert not axes._left_title.get_parse_math()


@pytest.mark.parametrize("name", CHARTS)
def test_the_message_stands_beside_the_picture_as_text_and_not_in_it(name, plain):
    axes = getattr(charts, name)(plain[name])
    data, _ = show.bundle(axes)
    said, view = data[show.MIME], plain[name].views()[0]
    assert set(said) == {"title", "subtitle", "alt", "narrow", "empty"}
    assert said["empty"] == ""
    assert said["title"] == lettering.clean(view.title)
    assert said["subtitle"].startswith(lettering.clean(view.subtitle))
    assert said["alt"] == data["text/plain"]
    assert len(said["alt"]) > len(view.title) + 20, "the key figures stand in it"
    for picture, across in ((data["image/svg+xml"], 648), (said["narrow"], 259.2)):
        assert float(ElementTree.fromstring(picture).get("width").removesuffix("pt")) == pytest.approx(across)
        assert f"<!-- {said['title'][:20]}" not in picture
        assert f"<!-- {said['subtitle'][:20]}" not in picture
    assert axes.get_title(loc="left").replace("\n", " ") == view.title, "the figure itself keeps it"


def test_a_title_that_the_caller_sets_stands_beside_the_picture(plain):
    axes = charts.trend(plain["trend"])
    axes.set_title("<b>My own</b>", loc="left")
    data, _ = show.bundle(axes)
    assert data[show.MIME]["title"] == "<b>My own</b>"
    assert "&lt;b&gt;My own&lt;/b&gt;" in data["text/html"]


def test_a_chart_of_ones_own_is_shown_as_it_was_drawn():
    figure, axes = plt.subplots()
    axes.set_title("Mine")
    figure.set_label("What it says")
    data, _ = show.bundle(axes)
    assert set(data) == {"text/plain", "image/svg+xml", "image/png"}
    assert "<!-- Mine -->" in data["image/svg+xml"]


@pytest.mark.parametrize("name", CHARTS)
def test_a_phone_gets_a_drawing_of_its_own_with_words_as_large_as_on_the_page(name, plain):
    axes = sheets.kept(getattr(charts, name)(plain[name])).narrow()[0]
    assert axes.figure.get_figwidth() == pytest.approx(3.6)
    assert min(text.get_fontsize() for text in texts(axes.figure)) >= 8


def heights_of(axes, look):
    """Bars of a look: how many points high or wide, and how many euros, so that scales can be compared."""
    colour = mpl.colors.to_rgba(style.LOOKS[look]["facecolor"])
    axes.figure.draw_without_rendering()
    return [
        patch.get_window_extent().width / abs(patch.get_width())
        for part in parts(axes.figure)
        for patch in part.patches
        if patch.get_facecolor() == colour and isinstance(patch, Rectangle) and part is not axes and patch.get_width()
    ]


def test_amounts_and_their_changes_are_drawn_on_one_scale(plain):
    axes = charts.breakdown(plain["breakdown"])
    scales = [scale for look in ("actual", "previous", "good", "bad") for scale in heights_of(axes, look)]
    assert len(scales) > 5
    assert max(scales) == pytest.approx(min(scales), rel=0.01)


def test_small_multiples_stand_on_one_scale_and_say_so(plain):
    found = plain["trend_by"]
    axes = charts.trend_by(found)
    assert any("one scale in all panels" in text.replace("\n", " ") for text in words(axes))
    axes.figure.draw_without_rendering()
    dark = mpl.colors.to_rgba(style.ACTUAL)
    tall = [
        patch.get_window_extent().height
        for part in axes.child_axes
        for patch in part.patches
        if patch.get_facecolor() == dark
    ]
    euros = [float(each) for each in found.cells["revenue"]]
    assert len(tall) == len(euros) == 24
    assert [each / tall[0] for each in tall] == pytest.approx([each / euros[0] for each in euros], rel=0.01)


def test_members_that_one_member_would_flatten_are_drawn_larger_and_the_chart_says_how_much():
    lines = pd.concat([sales(["France"], scale=100), sales(["Spain", "Italy"])])
    axes = charts.trend_by(result("trend_by", lines))
    assert any("two scales, see the rule" in text.replace("\n", " ") for text in words(axes))
    assert "Below: drawn 100 times larger" in words(axes)
    assert faults(axes) == []


def test_the_landing_is_hatched_with_its_interval_as_a_whisker():
    lines = sales(first="2021-12")
    lines.loc[lines["date"].dt.month % 2 == lines["date"].dt.year % 2, "net_revenue"] *= Decimal("1.3")
    found = result("year_to_date", lines)
    axes = charts.year_to_date(found)
    within = parts(axes.figure)[1:]
    (column,) = (p for part in within for p in part.patches if p.get_hatch() and p.get_height() > 100)
    whisker = next(line for part in within for line in part.lines if line.get_linewidth() == 3.4)
    low, high = sorted(whisker.get_ydata())
    landing = found.landing
    assert (high - low) / column.get_height() == pytest.approx(float((landing.high - landing.low) / landing.estimate))
    assert "Landing" in words(axes)
    assert "Landing: £" in axes.figure.get_label()


def test_a_year_that_is_over_has_no_landing():
    lines = sales(first="2022-01", last="2023-12")
    axes = charts.year_to_date(result("year_to_date", lines, period=periods.parse("2023-12")))
    assert "Landing" not in words(axes)


def test_the_walk_leads_from_last_year_to_this_year(plain):
    found = plain["revenue_walk"]
    bars = [p for p in charts.revenue_walk(found).figure.findobj(Rectangle) if p.get_height() == pytest.approx(THICK)]
    start, *steps, end = bars
    assert start.get_width() == pytest.approx(float(found.previous_revenue))
    assert end.get_width() == pytest.approx(float(found.revenue))
    assert start.get_width() + sum(step.get_width() for step in steps) == pytest.approx(end.get_width())


def test_a_change_that_shows_as_zero_has_no_colour():
    lines = pd.concat([sales(["France"], growth=0), sales(["Italy"])])
    lines.loc[lines["country"].eq("France") & lines["date"].ge("2024"), "net_revenue"] += Decimal("0.001")
    axes = charts.breakdown(result("breakdown", lines))
    labels_ = words(axes)
    colours = {mpl.colors.to_hex(p.get_facecolor()) for part in parts(axes.figure) for p in part.patches}
    assert "0.0%" in labels_
    assert style.NEUTRAL in colours


def test_a_shown_chart_is_displayed_once_and_closed(monkeypatch, plain):
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda data, **rest: seen.append((data, rest)))
    axes = charts.trend(plain["trend"])
    charts.show_chart(axes)
    ((data, rest),) = seen
    assert rest["raw"]
    assert data["image/svg+xml"].startswith("<?xml")
    assert data["image/png"].startswith(b"\x89PNG")
    assert plt.get_fignums() == []


@pytest.mark.parametrize("name", ["breakdown", "trend"])
def test_a_chart_is_in_one_language_wherever_it_is_shown(name, plain):
    languages.use("fr")
    axes = getattr(charts, name)(plain[name])
    at_once, _ = show.bundle(axes)
    languages.use("en")
    later, _ = show.bundle(axes)
    assert later == at_once
    assert languages.current() == "en"


def test_a_comparison_draws_one_dark_the_other_light_and_the_difference_by_its_direction(plain):
    found = plain["comparison"]
    axes = charts.comparison(found)
    faces = {
        look: [
            p
            for part in parts(axes.figure)
            for p in part.patches
            if p.get_facecolor() == mpl.colors.to_rgba(style.LOOKS[look]["facecolor"])
            and p.get_height() == pytest.approx(THICK)
        ]
        for look in ("actual", "previous")
    }
    for look, side in (("actual", "a"), ("previous", "b")):
        assert [p.get_width() for p in faces[look]] == pytest.approx([float(v) for v in members_of(found)[side]])
    shown = words(axes)
    assert {"First orders", "Second orders", "Difference to Second orders"} <= set(shown)
    growth = found.row("revenue")["growth"]
    assert languages.percent(growth, signed=True) in shown


def members_of(found):
    rows = found.views()[1].rows
    return rows.iloc[:-1]


def test_a_comparison_of_two_periods_without_members_is_drawn_too():
    found = kpis.compare(sales(), sales(), periods=(MAY, periods.parse("2024-04")), currency="GBP", names=("", ""))
    axes = charts.comparison(found)
    assert faults(axes) == [] and faults(sheets.kept(axes).narrow()[0]) == []
    assert {"May 2024", "Difference to April 2024"} <= set(words(axes))


def test_parts_with_long_and_hostile_names_are_compared_without_a_word_on_another():
    names = (HOSTILE, "Everything else that is sold to customers of the north and the south " * 2)
    for language in languages.LANGUAGES:
        languages.use(language)
        axes = charts.comparison(compared(sales(scale=1000), names=names))
        assert faults(axes) == [] and faults(sheets.kept(axes).narrow()[0]) == []


def test_two_that_may_not_be_compared_say_so():
    found = compared(sales())
    rows = found.rows.assign(variance=None, growth=None)
    axes = charts.comparison(dataclasses.replace(found, rows=rows))
    assert "There is nothing to set the figures against." in " ".join(words(axes)).replace("\n", " ")


def test_letters_that_the_font_lacks_do_not_stop_a_chart():
    data, _ = show.bundle(charts.breakdown(result("breakdown", sales(["日本", "العربية", "🙂"]))))
    assert "日本" in data["text/plain"]


def luminance(colour):
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in mpl.colors.to_rgb(colour)]
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), channels, strict=True))


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_words_and_shapes_pass_wcag_aa_on_paper():
    for colour in (style.INK, style.QUIET, style.GOOD, style.BAD):
        assert contrast(colour, "white") >= 4.5
    for colour in (style.ACTUAL, style.PREVIOUS_EDGE, style.NEUTRAL):
        assert contrast(colour, "white") >= 3
    for look in style.LOOKS.values():  # an empty shape shows by its edge
        assert max(contrast(look[part], "white") for part in ("facecolor", "edgecolor") if look[part] != "none") >= 3
    assert contrast(style.ACTUAL, style.PREVIOUS) >= 3


def test_gains_and_losses_differ_for_those_who_confuse_red_and_green():
    assert abs(luminance(style.GOOD) - luminance(style.BAD)) < 0.05, "neither shouts louder"
    assert style.HEADS["good"] != style.HEADS["bad"], "the shape tells them apart"


def test_a_cut_text_is_no_wider_than_its_room_and_shows_that_it_is_cut():
    for width in (20, 50, 120):
        cut = lettering.fit("Saint-Rémy-en-Bouzemont " * 30, width)
        assert cut.endswith("…")
        assert lettering.length(cut) <= width
    assert lettering.fit("short", 100) == "short"
    assert [lettering.length(line, 12) <= 100 for line in lettering.wrap("word " * 50, 100, 12, most=3)] == [True] * 3


def test_a_french_colon_never_starts_a_line_and_an_amount_is_never_broken():
    amount = "32\N{NARROW NO-BREAK SPACE}287\N{NO-BREAK SPACE}€"
    for width in range(40, 400, 7):
        lines = lettering.wrap(
            f"Le CA a varié fortement : {amount} au total ; principal effet : clients", width, 12, most=9
        )
        assert not any(line.startswith((":", ";")) for line in lines)
        assert width < 80 or any(amount in line for line in lines)
