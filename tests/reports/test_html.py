"""The page: captions are text, a phone gets its own picture, what is lacking is one line, definitions open."""

import itertools
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from perfkit import kpis, languages
from perfkit.reports import chapters, html, record
from tests.reports.documents import Breakdown, chart, long_report, notebook, shown


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.seen = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def page(*cells, **run):
    node = notebook("# Audit", *cells, **run)
    return html.page(node, record.read(node))


def long_page(language="en"):
    node = long_report(language)
    return html.page(node, record.read(node))


def body(source):
    return source[source.index("<body>") :]


FEW = Breakdown((("North", Decimal("10.50")), ("South", Decimal(-2))))


def test_a_chart_says_its_message_as_text_and_its_table_does_not_repeat_it():
    shown_page = body(page("## Markets", chart("Revenue by market", "EUR"), shown(FEW)))
    assert (
        '<figcaption><p class="pk-title">Revenue by market</p><p class="pk-subtitle">EUR</p></figcaption>' in shown_page
    )
    assert 'class="shown again"' in shown_page


def test_a_chart_with_another_message_leaves_the_table_its_title():
    assert 'class="shown again"' not in body(page("## Markets", chart("Something else"), shown(FEW)))


def test_a_phone_gets_the_narrow_picture_of_a_chart():
    tags = Tags(page("## Markets", chart("A message"))).seen
    source = next(attrs for tag, attrs in tags if tag == "source")
    image = next(attrs for tag, attrs in tags if tag == "img")
    assert source["media"] == "(max-width: 40rem)"
    assert source["srcset"].startswith("data:image/svg+xml;base64,") and source["srcset"] != image["src"]
    assert " " not in source["srcset"]


def test_an_analysts_own_picture_has_no_caption_and_scrolls_on_a_phone():
    shown_page = body(page("## Markets", chart(alt="Revenue by market. It grows.")))
    assert "<figcaption>" not in shown_page and "<source" not in shown_page
    assert '<figure class="pk chart drawn-in">' in shown_page


def test_hostile_captions_are_words():
    shown_page = body(page("## Markets", chart("<script>x</script>", "</p><img src=x>", '"><b>')))
    assert "<script" not in shown_page and "<img src=x" not in shown_page
    assert "&lt;script&gt;x&lt;/script&gt;" in shown_page


NONE = Breakdown((), "Channel: not available", "Ask for the channel.")


def test_what_the_data_lack_is_one_line_at_the_chapters_end():
    shown_page = body(
        page("## Understand", "### Channels", chart("Channel: not available"), shown(NONE), "### Markets", shown(FEW))
    )
    assert "<dt>Channels</dt><dd>Ask for the channel.</dd>" in shown_page
    assert "<h3>Channels</h3>" not in shown_page and "<figure" not in shown_page
    assert shown_page.index("<h3>Markets</h3>") < shown_page.index("<dt>Channels</dt>")


def test_what_lacks_for_one_reason_stands_in_one_line():
    cells = ["## Understand", "### Channels", shown(NONE), "### Regions", shown(NONE), "### Markets", shown(FEW)]
    shown_page = body(page(*cells))
    assert "<dt>Channels · Regions</dt><dd>Ask for the channel.</dd>" in shown_page
    assert shown_page.count("Ask for the channel.") == 1


def test_a_chart_of_nothing_is_one_line_even_without_its_table():
    cell = chart("Channel: not available")
    cell.outputs[0].data[record.CHART]["empty"] = "Ask for the channel."
    alone = body(page("## Trend", "### By channel", cell))
    assert "<dt>By channel</dt><dd>Ask for the channel.</dd>" in alone and "<figure" not in alone
    beside = body(page("## Trend", "### By channel", cell, shown(FEW)))
    assert '<p class="absent"><b>Channel: not available</b> Ask for the channel.</p>' in beside


def test_a_chart_of_nothing_does_not_say_twice_what_a_table_with_more_to_show_says():
    """A comparison that lacks its members, and still shows the lines that it leaves out."""
    cell, more = chart("Channel: not available"), shown(NONE)
    cell.outputs[0].data[record.CHART]["empty"] = "Ask for the channel."
    views = more.outputs[0].data[record.PAYLOAD]["views"]
    views += shown(FEW).outputs[0].data[record.PAYLOAD]["views"]
    found = chapters.of(record.read(notebook("## Prices", cell, more)))[1]
    assert [type(item).__name__ for item in found[0].parts[0].items] == ["Shown"]


def test_an_old_picture_of_nothing_is_left_out_by_its_alternative_text():
    found = chapters.of(
        record.read(notebook("## One", chart(alt="Channel: not available. Ask."), shown(NONE), shown(FEW)))
    )[1]
    assert [type(item).__name__ for item in found[0].parts[0].items] == ["Shown", "Shown"]


def test_a_chapter_of_which_everything_is_lacking_says_so_under_its_heading():
    found = chapters.of(record.read(notebook("## Books", shown(NONE))))[1]
    assert (found[0].parts, found[0].absent) == ([], [("Channel: not available", "Ask for the channel.")])


def test_findings_that_find_nothing_are_no_gap_in_the_data():
    cell = shown(NONE)
    cell.outputs[0].data[record.PAYLOAD]["kind"] = "Findings"
    found = chapters.of(record.read(notebook("## Improve", cell)))[1]
    assert found[0].absent == [] and len(found[0].parts[0].items) == 1


def test_contents_lead_to_every_chapter_and_part():
    tags = Tags(long_page()).seen
    links = [attrs["href"] for tag, attrs in tags if tag == "a"]
    places = {attrs["id"] for _, attrs in tags if "id" in attrs}
    assert links[:7] == ["#content", "#s1", "#s1-1", "#s1-2", "#s2", "#s3", "#about"]
    assert {link[1:] for link in links} <= places


def test_a_figures_name_opens_its_definition_and_the_list_holds_all():
    scorecard = Breakdown((("Net revenue", Decimal(1)), ("Something else", Decimal(2))))
    shown_page = body(page("## Scorecard", shown(scorecard), "## Definitions", shown(kpis.definitions())))
    opened = re.findall(r"<details><summary>([^<]*)</summary><p>([^<]*)</p></details>", shown_page)
    assert [name for name, _ in opened] == ["Net revenue"]
    assert opened[0][1] in shown_page[shown_page.index('id="def-1"') :]
    assert shown_page.count('id="def-') == len(kpis.definitions().kpis)


def test_headings_go_down_one_level_at_a_time():
    levels = [int(tag[1]) for tag, _ in Tags(long_page()).seen if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_brand_dresses_the_page_and_nothing_else_gets_into_its_style():
    worn = {"primary": "#1f3a5f", "accent": "#7a1f5f", "logo": "data:image/png;base64,AAAA"}
    source = page("## One", shown(FEW), brand=worn)
    assert ":root { --primary: #1f3a5f; }" in source and ":root { --accent: #7a1f5f; }" in source
    assert '<img src="data:image/png;base64,AAAA" alt="Acme">' in source
    hostile = {
        "primary": "red;} body{display:none",
        "accent": "url(//x)",
        "logo": 'https://example.org/x.png" onload="x',
    }
    source = page("## One", shown(FEW), brand=hostile)
    assert "display:none" not in source and "//x" not in source and "example.org" not in source


@pytest.mark.parametrize("language, heading", [("en", "Contents"), ("fr", "Sommaire")])
def test_the_page_speaks_the_language_in_use(language, heading):
    languages.use(language)
    try:
        source = long_page(language)
    finally:
        languages.use("en")
    assert f'<html lang="{language}">' in source
    assert f'<h2 id="contents">{heading}</h2>' in source
