"""Templates: what a notebook and a report display of tables, findings and the summary is text, never markup."""

from html.parser import HTMLParser

import pandas as pd
import pytest

from perfkit import assets, languages
from perfkit.results import Field, View, environment

PAYLOADS = (
    "<script>window.__xss=1</script>",
    "</style><script>window.__xss=2</script>",
    "<img src=x onerror='window.__xss=3'>",
    '"><svg/onload=window.__xss=4>',
    "' onmouseover='window.__xss=5' autofocus onfocus='window.__xss=6",
    "</td></tr></table><iframe srcdoc='<script>parent.__xss=7</script>'></iframe>",
    "<a href='javascript:window.__xss=8'>click</a>",
    "{{ 7 * 7 }} {% raw %} {# #} ${7*7} <%= 7 %>",
    "<style>@import url(//example.org/x.css)</style>",
    "&lt;b&gt; &amp; &#x3c;script&#x3e;",
)
TAGS = {
    "div",
    "style",
    "p",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "span",
    "wbr",
    "i",
    "b",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "colgroup",
    "col",
    "figure",
    "img",
}
ATTRIBUTES = {"class", "style", "scope", "role", "tabindex", "aria-label", "aria-hidden", "src", "alt"}


@pytest.fixture(autouse=True)
def _english():
    languages.use("en")
    yield
    languages.use("en")


class Read(HTMLParser):
    """The tags, the attributes and the words of a page."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.words, self.classes = [], [], [], []
        self._style = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.classes += [(tag, value) for name, value in attrs if name == "class"]
        self._style = tag == "style"

    def handle_endtag(self, tag):
        self._style = False

    def handle_data(self, data):
        if not self._style:
            self.words.append(data)

    @property
    def text(self):
        return "".join(self.words)


def table(view):
    return environment().get_template("table.html.j2").render(view=view, cells=view.cells())


def hostile_table(payload):
    rows = pd.DataFrame(
        {"name": [payload, "b"], "amount": [1.5, -2.0], "tone": ["good", payload], "unit": ["count", "count"]}
    )
    fields = [
        Field("name", payload),
        Field("amount", payload, unit_from="unit", tone_from="tone", signed=True, bar=True),
    ]
    return table(View(payload, payload, fields, rows, notes=(payload,)))


FINDING = (
    "claim",
    "number",
    "interval",
    "stake",
    "stake_basis",
    "basis",
    "reference",
    "caveat",
    "action",
    "tone",
    "rank",
)
HEADLINE = ("name", "value", "previous", "variance", "tone", "target")


def hostile_findings(payload):
    finding = dict.fromkeys(FINDING, payload)
    return environment().get_template("findings.html.j2").render(findings=[finding])


def hostile_summary(payload):
    return (
        environment()
        .get_template("summary.html.j2")
        .render(
            headlines=[dict.fromkeys(HEADLINE, payload)],
            warning=payload,
            conclusion=payload,
            findings=[dict.fromkeys(FINDING, payload)],
        )
    )


def hostile_chart(payload):
    return environment().get_template("chart.html.j2").render(title=payload, subtitle=payload, alt=payload, picture="A")


SHOWN = {hostile_table: 4, hostile_findings: 9, hostile_summary: 9, hostile_chart: 2}
"""How often each shows what it is given as words (a tone is only ever a class, and only if it is known)."""


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("page", SHOWN)
def test_hostile_words_come_out_as_words(page, payload):
    read = Read(page(payload))
    assert set(read.tags) <= TAGS
    assert {name for name, _ in read.attributes} <= ATTRIBUTES
    assert all(payload not in value for name, value in read.attributes if name not in ("aria-label", "alt"))
    assert read.tags.count("style") == 1
    assert read.text.count(payload) >= SHOWN[page]


@pytest.mark.browser
def test_no_hostile_word_runs_in_a_browser_without_any_policy(chromium):
    made = "".join(page(payload) for page in SHOWN for payload in PAYLOADS)
    page = chromium.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(f"<!DOCTYPE html><html><body>{made}</body></html>")
    page.mouse.move(200, 200)
    assert page.evaluate("window.__xss") is None
    assert asked == []
    assert page.locator("text=window.__xss=1").count() > 10
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_a_wide_table_scrolls_inside_itself(chromium, width):
    rows = pd.DataFrame([{str(column): 123456.7 for column in range(15)} | {"name": "Saint-Rémy" * 12}])
    fields = [
        Field("name", "Name"),
        *(Field(str(column), f"Column {column}", unit="GBP", bar=True) for column in range(15)),
    ]
    page = chromium.new_page(viewport={"width": width, "height": 700})
    page.set_content(
        f"<!DOCTYPE html><meta name=viewport content='width=device-width'>{table(View('T', 's', fields, rows))}"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelector('.pk-scroll').scrollWidth") > width
    page.close()


def revenue(values, *, total=False, tones=None):
    rows = pd.DataFrame({"name": [str(n) for n in range(len(values))], "amount": values}, dtype="object")
    rows["tone"] = tones or [None] * len(values)
    fields = [Field("name", "Name"), Field("amount", "Revenue", unit="EUR", signed=True, bar=True, tone_from="tone")]
    return View("Message", "What, unit, period", fields, rows, total=total)


def test_a_tone_is_a_shape_and_a_word_besides_a_colour():
    read = Read(table(revenue([1, -1, 0], tones=["good", "bad", None])))
    assert ("td", "pk-number pk-good") in read.classes
    assert ("td", "pk-number pk-bad") in read.classes
    assert {"●", "◆"} <= set(read.words)
    assert {"better ", "worse "} <= set(read.words)
    assert "better for the company" in read.text  # the key below the table


def test_a_table_without_tones_has_no_key():
    assert "better" not in Read(table(revenue([1, 2]))).text


def test_a_missing_value_has_neither_tone_nor_bar():
    read = Read(table(revenue([None, 2], tones=["good", None])))
    assert "n/a" in read.text
    assert ("td", "pk-number pk-quiet") in read.classes
    assert "●" not in read.text
    assert sum(tag == "i" for tag in read.tags) == 1


def test_bars_start_at_one_zero_and_losses_go_left():
    read = Read(table(revenue([3, -1])))
    styles = [value for name, value in read.attributes if name == "style"]
    assert [style for style in styles if style.startswith("left")] == [
        "left:25.00%;width:75.00%",
        "left:25.00%",
        "left:0.00%;width:25.00%",
        "left:25.00%",
    ]


def test_the_total_is_ruled_and_has_no_bar():
    read = Read(table(revenue([3, 1, 4], total=True)))
    assert [kind for kind in read.classes if kind[0] == "tr"] == [("tr", "pk-total")]
    assert sum(tag == "i" for tag in read.tags) == 2


def test_an_empty_table_says_so_or_gives_its_reason():
    empty = pd.DataFrame(columns=["name", "amount", "tone"])
    fields = [Field("name", "Name"), Field("amount", "Revenue", unit="EUR", bar=True)]
    assert "There is nothing to show here." in Read(table(View("Message", "", fields, empty))).text
    assert "table" not in Read(table(View("Message", "The data start later.", fields, empty))).tags


def test_absent_parts_of_a_finding_leave_no_trace():
    bare = dict.fromkeys(FINDING, "") | {"claim": "Revenue fell."}
    read = Read(environment().get_template("findings.html.j2").render(findings=[bare]))
    assert read.text.split() == ["Revenue", "fell."]
    assert "Nothing in the figures" in Read(environment().get_template("findings.html.j2").render(findings=[])).text


def test_french_tables_are_french():
    languages.use("fr")
    read = Read(table(revenue([1234, -1], tones=["good", "bad"])))
    assert "+1\N{NARROW NO-BREAK SPACE}234\N{NO-BREAK SPACE}€" in read.text
    assert "better" not in read.text


def test_the_stylesheet_asks_for_nothing_and_every_rule_stays_within_displays():
    css = assets.path("templates/report/display.css").read_text(encoding="utf-8")
    assert "url(" not in css
    assert "@import" not in css
    assert "{{" not in css  # it is included by a template
    for rule in css.split("*/", 1)[1].replace("@media", "\n@media").split("}"):
        selector = rule.split("{")[-2 if rule.count("{") > 1 else 0].split("*/")[-1].strip()
        assert not selector or all(".pk" in part for part in selector.split(",")), selector
