"""A chart's words are outlines for browsers and letters in a PDF, at the same places."""

import base64
import io
import re
from xml.etree import ElementTree as Tree

import pypdf
import pytest
from matplotlib import pyplot as plt

from perfkit.charts.style import drawing
from perfkit.reports import pdf
from perfkit.reports.outlines import as_letters

SVG = "{http://www.w3.org/2000/svg}"
WORDS = ["Chiffre d’affaires", "bénéfice", "2\u202f258\u202f929\u00a0€", "−5,3\u00a0%", "Acme & <Söhne>", "a--b"]


def drawn(*words, **look):
    """The SVG of a figure that bears these words, one below the other."""
    with drawing():
        figure = plt.figure(figsize=(4, 3))
        for number, each in enumerate(words):
            figure.text(0.1, 0.9 - number / 10, each, parse_math=False, **look)
        file = io.StringIO()
        figure.savefig(file, format="svg")
        plt.close(figure)
    return file.getvalue()


def texts(svg):
    return list(Tree.fromstring(svg).iter(f"{SVG}text"))


@pytest.mark.parametrize("words", WORDS[:-1])
@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_words_are_the_same_words_as_text(words, weight):
    [text] = texts(as_letters(drawn(words, fontweight=weight)))
    assert text.text == words
    assert f"font-weight: {700 if weight == 'bold' else 400}" in text.get("style")


@pytest.mark.parametrize("words", WORDS[:4])
def test_each_letter_stands_where_its_outline_stood(words):
    svg = drawn(words, fontsize=20)
    [text] = texts(as_letters(svg))
    places = [float(place) for place in text.get("x").split()]
    outlines = re.findall(r'<use xlink:href="#DejaVuSans-[0-9a-f]+"(?: transform="translate\(([\d.]+) 0\)")?', svg)
    assert len(places) == len(words) and places == sorted(places)
    for outline in outlines:
        assert min(abs(float(outline or 0) * 0.2 - place) for place in places) < 0.01


def test_turned_words_are_turned_about_the_same_point():
    svg = drawn("Objectif", rotation=90)
    [text] = texts(as_letters(svg))
    assert re.search(r"<g style=\"[^\"]*\" transform=\"(.*?) scale", svg)[1] == text.get("transform")
    assert "rotate(-90)" in text.get("transform")


@pytest.mark.parametrize("look", [{"family": "DejaVu Serif"}, {"style": "italic"}])
def test_words_in_another_font_stay_outlines(look):
    svg = drawn("Objectif", **look)
    assert as_letters(svg) == svg


def test_words_that_a_comment_cannot_hold_are_told_as_they_are_drawn():
    assert [text.text for text in texts(as_letters(drawn("a--b")))] == ["a--b"]
    assert [text.text for text in texts(as_letters(drawn("a- -b")))] == ["a- -b"]
    assert [text.text for text in texts(as_letters(drawn("a---b")))] == ["a---b"]


def test_outlines_that_other_words_use_are_kept():
    svg = drawn("Marge", "a--b", "Marge")
    letters = as_letters(svg)
    used = set(re.findall(r'xlink:href="#([^"]+)"', letters))
    assert used <= set(re.findall(r'id="([^"]+)"', letters))


def test_what_is_no_chart_of_ours_is_left_as_it_is():
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><!-- a --><g style="" transform="translate(1 2)"><use/></g></svg>'
    assert as_letters(svg) == svg


def test_the_words_of_a_picture_can_be_searched_in_the_pdf():
    page = f"<html><body>{picture(drawn(*WORDS[:4]))}</body></html>"
    read = pypdf.PdfReader(io.BytesIO(pdf.document(page))).pages[0].extract_text()
    found = re.sub(r"\s", "", read)
    assert [words for words in WORDS[:4] if re.sub(r"\s", "", words) not in found] == []


def test_a_picture_in_another_encoding_is_drawn_as_it_is():
    logo = (
        '<?xml version="1.0" encoding="iso-8859-1"?><svg xmlns="http://www.w3.org/2000/svg"><title>Café</title></svg>'
    )
    encoded = base64.b64encode(logo.encode("iso-8859-1")).decode()
    page = f'<html><body><img src="data:image/svg+xml;base64,{encoded}" alt="">{picture(drawn("Marge"))}</body></html>'
    assert "Marge" in pypdf.PdfReader(io.BytesIO(pdf.document(page))).pages[0].extract_text()


def test_a_comment_that_is_no_word_of_a_chart_hides_none_that_is():
    svg = drawn("Marge").replace('<g id="figure_1">', '<!-- drawn by hand --><g id="figure_1">')
    assert [text.text for text in texts(as_letters(svg))] == ["Marge"]


def picture(svg):
    return f'<img src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}" alt="">'
