from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.reports.markup import cleaned


def test_a_table_passes_as_it_is():
    table = '<table class="pk-table"><thead><tr><th scope="col">A</th></tr></thead><tr><td>1 &lt; 2</td></tr></table>'
    assert cleaned(table) == table


def test_a_bar_keeps_its_lengths_and_no_other_style_passes():
    assert cleaned('<i style="left:1.50%;width:20.00%"></i>') == '<i style="left:1.50%;width:20.00%"></i>'
    assert cleaned('<i style="background:url(//x)"></i>') == "<i></i>"
    assert cleaned('<i style="width:1%;position:fixed"></i>') == "<i></i>"


def test_what_is_opened_is_closed_and_nothing_else():
    assert cleaned("<div><p>a</div></section>b<td>") == "<div><p>a</p></div>&lt;/section&gt;b<td></td>"


def test_a_style_of_a_result_is_dropped_because_the_page_has_it():
    assert cleaned("<div><style>.pk > p { }</style>a</div>") == "<div>a</div>"


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "<iframe src=//x></iframe>",
        "<a href=javascript:alert(1)>x</a>",
        "<meta http-equiv=refresh content=0>",
        "<base href=//x>",
        "<form action=//x>",
        "<link rel=stylesheet href=//x>",
        "<!--<script>-->",
        "<math><mtext></math>",
        "<object data=x>",
        "<![CDATA[<script>]]>",
    ],
)
def test_hostile_markup_becomes_text(hostile):
    assert "<" not in cleaned(hostile).replace("&lt;", "")


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, attrs))


@given(
    st.lists(
        st.sampled_from(["<", ">", "/", "script", "div", " ", "on", "=", '"', "'", "style", "!--", "a", "<p", "&lt;"])
    )
)
def test_no_sequence_of_characters_yields_an_unknown_tag_or_attribute(parts):
    tags = _Tags()
    tags.feed(cleaned("".join(parts)))
    assert {tag for tag, _ in tags.seen} <= {"div", "p"}
    assert all(not attrs for _, attrs in tags.seen)
